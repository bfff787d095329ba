"""Release of a plan: what must hold, what may leave the clinic, and the sessions that it makes."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from recutis.units import DAYS_PER_WEEK
from recutis.web.delivery.course import SPOT, appointments, course_days, interval_weeks, option_of, plan_of, spot_wait
from recutis.web.delivery.models import DeviceUnit, Session
from recutis.web.delivery.standing import ruled_out
from recutis.web.patients.models import Patient
from recutis.web.templatetags.recutis_words import day as written

if TYPE_CHECKING:
    from recutis.course import CourseDates
    from recutis.plan.document import Option
    from recutis.web.accounts.models import User
    from recutis.web.planning.models import CoursePlan

SUPERSEDED = "a newer plan was released"
WITHDRAWN = "the release of the plan was withdrawn"


def may_leave(plan: CoursePlan) -> bool:
    """Whether the patient's part of a plan may leave the clinic: released by a clinician, and not withdrawn since."""
    return plan.released


def why_not(plan: CoursePlan) -> list[str]:
    """What keeps a plan from being released, in sentences; empty when nothing does."""
    if plan.released:
        return ["This plan is released already."]
    if plan.status != "ready":
        return [f"Only a plan that is ready can be released; this one is {plan.status.replace('_', ' ')}."]
    option = option_of(plan)
    if option is None:
        return ["No option is chosen. Choose one on the plan's page."]
    stop = ruled_out(plan.patient, option.phases)
    if stop:
        return [f"{stop[:1].upper()}{stop[1:]}"]
    lifted = {entry.rule_id for entry in plan_of(plan).screening if entry.state == "overridden"}
    gone = plan.patient.lifted_rules.filter(rule_id__in=lifted).exclude(withdrawn_at=None).values_list("rule_id", flat=True)
    still = set(plan.patient.lifted_rules.filter(rule_id__in=lifted, withdrawn_at=None).values_list("rule_id", flat=True))
    return [
        f"{rule} was lifted when the plan was made, and that has been withdrawn since. Make the plan again."
        for rule in sorted(set(gone) - still)
    ]


def cautions(plan: CoursePlan) -> list[str]:
    """What a clinician should know before releasing: newer plans, changed records, limits that are not met, other open sessions."""
    option = option_of(plan)
    words = []
    if option is not None and not option.limits_met:
        words.append("This option does not keep every limit that the patient set.")
    if type(plan).objects.filter(patient_id=plan.patient_id, made_at__gt=plan.made_at).exists():
        words.append("There is a newer plan for this patient.")
    if plan.patient.changed_at > plan.made_at:
        words.append("The patient's record was changed after this plan was made.")
    others = Session.objects.filter(patient_id=plan.patient_id, state="planned").exclude(plan_id=plan.pk)
    count = others.count()
    if count:
        visits = "1 planned session" if count == 1 else f"{count} planned sessions"
        words.append(f"{visits} of an earlier plan will be cancelled.")
    return words


def booked_days(plan: CoursePlan) -> CourseDates | None:
    """The days of the course as its sessions are booked; as planned where none is."""
    dates = course_days(plan)
    if dates is None:
        return None
    booked = {(one.kind, one.number): one for one in plan.sessions.exclude(state="cancelled")}
    spot = booked.get((SPOT, 1))
    days = [given_on(booked["session", n]) if ("session", n) in booked else day for n, day in enumerate(dates.sessions, start=1)]
    shifts = [day - old for day, old in zip(days, dates.sessions, strict=True)]
    return replace(
        dates,
        test_spot=given_on(spot) if spot else dates.test_spot,
        test_spot_reading=spot.read_on if spot else dates.test_spot_reading,
        sessions=tuple(days),
        check_ups=tuple(day + shift for day, shift in zip(dates.check_ups, shifts, strict=True)),
        final=dates.final + shifts[-1],
        late=dates.late + shifts[-1],
    )


def lead_document(plan: CoursePlan) -> dict[str, Any]:
    """The plan's document with the chosen option first and the days as booked, as report and calendar are made of it.

    Comparisons that were made with another option than the chosen one are left out. `released` says whether it may leave.
    """
    document = {**plan.document, "released": may_leave(plan)}
    option, dates = option_of(plan), booked_days(plan)
    if option is None or dates is None:
        return document
    from recutis.plan.calendar import calendar

    document["calendar"] = [entry.model_dump(mode="json") for entry in calendar(option, dates)]
    if plan.chosen_rank == 1:
        return document
    from recutis.plan.assemble import flag_documents

    first = plan.document["options"][plan.chosen_rank - 1]
    ordered = [first, *(one for one in plan.document["options"] if one is not first)]
    classes = tuple(phase.device_class for phase in option.phases)
    return document | {
        "options": [{**one, "rank": number} for number, one in enumerate(ordered, start=1)],
        "aftercare": [item.model_dump(mode="json") for item in option.phases[0].aftercare],
        "red_flags": [flag.model_dump(mode="json") for flag in flag_documents(classes)],
        "comparators": [{**one, "probability_better_pct": None} for one in plan.document["comparators"]],
        "front": [{**one, "option_rank": _moved(one["option_rank"], plan.chosen_rank)} for one in plan.document["front"]],
        "explanation": None,
        "usual": None,
    }


def _moved(rank: int | None, chosen: int) -> int | None:
    if rank is None or rank > chosen:
        return rank
    return 1 if rank == chosen else rank + 1


def released_document(plan: CoursePlan) -> dict[str, Any] | None:
    """The document whose patient part may leave the clinic; None when the plan is not released."""
    return lead_document(plan) if may_leave(plan) else None


@transaction.atomic
def release(plan: CoursePlan, user: User) -> list[Session]:
    """Release a plan and make its sessions; planned sessions of the patient's other plans are cancelled.

    Call it only when `why_not` says nothing.
    """
    # Of two plans of a patient that are released at the same moment, the later one cancels the sessions of the other.
    list(Patient.objects.select_for_update(no_key=True).filter(pk=plan.patient_id).values_list("pk"))
    plan.released_by, plan.released_at = user, timezone.now()
    plan.withdrawn_at, plan.withdrawn_why = None, ""
    plan.save(update_fields=["released_by", "released_at", "withdrawn_at", "withdrawn_why"])
    others = Session.objects.filter(patient_id=plan.patient_id, state="planned").exclude(plan_id=plan.pk)
    others.update(state="cancelled", words=SUPERSEDED)
    return _make_sessions(plan)


def _make_sessions(plan: CoursePlan) -> list[Session]:
    made = []
    units = {
        name: list(DeviceUnit.objects.filter(clinic_id=plan.clinic_id, device=name, retired_on=None)[:2]) for name in _names(plan)
    }
    for visit in appointments(plan, not_before=timezone.localdate()):
        there = units.get(visit.device, [])
        booked = there[0] if len(there) == 1 else None
        session, new = Session.objects.get_or_create(
            plan=plan, kind=visit.kind, number=visit.number,
            defaults={
                "clinic_id": plan.clinic_id, "patient_id": plan.patient_id, "planned_on": visit.on, "read_on": visit.read_on,
                "device": visit.device, "unit": booked,
            },
        )  # fmt: skip
        if not new and session.state == "cancelled" and session.started_at is None:
            session.state, session.words = "planned", ""
            session.planned_on, session.read_on = visit.on, visit.read_on
            session.save(update_fields=["state", "words", "planned_on", "read_on"])
        made.append(session)
    return made


def _names(plan: CoursePlan) -> set[str]:
    option = option_of(plan)
    return {phase.device for phase in option.phases} if option else set()


def withdraw(plan: CoursePlan, why: str) -> int:
    """Take a release back; its planned sessions are cancelled. Returns how many were."""
    plan.withdrawn_at, plan.withdrawn_why = timezone.now(), why
    plan.save(update_fields=["withdrawn_at", "withdrawn_why"])
    return plan.sessions.filter(state="planned").update(state="cancelled", words=WITHDRAWN)


# Moving a session


@dataclass(frozen=True, kw_only=True)
class Move:
    """What a new day would mean: `refused` says why not, `warnings` what to know."""

    refused: tuple[str, ...]
    warnings: tuple[str, ...]


def look_at_move(session: Session, day: datetime.date, *, today: datetime.date) -> Move:
    """Hold a new day against the sessions before and after and the reading of the test spot."""
    option = option_of(session.plan)
    refused: list[str] = []
    if day < today:
        refused.append(f"{written(day)} has gone by. Choose today or a later day.")
    if option is None:
        return Move(refused=tuple(refused), warnings=())
    siblings = list(session.plan.sessions.exclude(state="cancelled").exclude(pk=session.pk))
    if session.kind == "session":
        refused += _before_reading(option, siblings, day)
        return Move(refused=tuple(refused), warnings=tuple(_too_close(option, session.number, siblings, day)))
    read = day + spot_wait(option)
    late = [one for one in siblings if one.kind == "session" and one.state == "planned" and one.planned_on < read]
    warnings = [
        f"The spot can then be read from {written(read)}; session {one.number} on {written(one.planned_on)} must move too."
        for one in late
    ]
    return Move(refused=tuple(refused), warnings=tuple(warnings))


def _before_reading(option: Option, siblings: Sequence[Session], day: datetime.date) -> list[str]:
    spot = next((one for one in siblings if one.kind == SPOT), None)
    if spot is None or option.test_spot is None:
        return []
    read = max(spot.read_on or spot.planned_on, given_on(spot) + spot_wait(option))
    return [f"The test spot is read on {written(read)}; a session comes on that day or later."] if day < read else []


def _too_close(option: Option, number: int, siblings: Sequence[Session], day: datetime.date) -> list[str]:
    words = []
    for other in siblings:
        if other.kind != "session" or abs(other.number - number) != 1:
            continue
        weeks = interval_weeks(option, max(number, other.number))
        apart = (day - given_on(other)).days * (1 if number > other.number else -1)
        if apart < weeks * DAYS_PER_WEEK:
            words.append(
                f"Session {other.number} is on {given_on(other)}: that leaves {apart} days, and the plan asks for {weeks:g} weeks."
            )
    return words


def given_on(session: Session) -> datetime.date:
    """The day on which a session was given, or is to be."""
    return timezone.localdate(session.started_at) if session.started_at else session.planned_on


def move(session: Session, *, day: datetime.date, at: datetime.time | None, unit: DeviceUnit | None) -> None:
    """Put a session on another day; the reading of a test spot moves with it."""
    option = option_of(session.plan)
    session.planned_on, session.starts_at, session.unit = day, at, unit
    if session.kind == SPOT and option is not None:
        session.read_on = day + spot_wait(option)
    session.save(update_fields=["planned_on", "starts_at", "unit", "read_on"])


def open_sessions(plan: CoursePlan) -> list[Session]:
    """Sessions of a plan in the order of the course, cancelled ones too."""
    return list(plan.sessions.select_related("unit").order_by("-kind", "number"))
