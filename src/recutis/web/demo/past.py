"""What has happened to one course until today: consent, sessions with passes, diary, follow-ups, alarms."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from recutis.course.aftercare import red_flags
from recutis.course.diary_triage import highest, judge
from recutis.web.delivery.course import SPOT
from recutis.web.delivery.models import AdverseEvent, Consent, DeliveredPass, FollowUp, LotUse, Session
from recutis.web.delivery.wording import digest_of
from recutis.web.demo.course import Course, Person, Visit, consent_text, levels, observation
from recutis.web.demo.state import Demo
from recutis.web.diary.advice import advice_for
from recutis.web.diary.alarms import minutes_for
from recutis.web.diary.models import Alarm, DiaryEntry
from recutis.web.planning.models import CoursePlan

_SEEN_AFTER: Final = datetime.timedelta(weeks=4)
_DIARY_OF_DAYS: Final = 120
_SIGNATURE: Final = "M60 110L95 60L120 120L150 70L190 115L230 80L270 118L330 90L420 105"
_TELLS: Final = 0.85
_WAITING: Final = 5
_ANSWERED: Final = 12


def follow(demo: Demo, plan: CoursePlan, course: Course, *, stage: str) -> None:
    """Add the rows of a course that was released."""
    if stage == "draft":
        return
    who = Person.drawn(demo.draw)
    day = datetime.date.fromisoformat(plan.document["date"])
    if stage != "ahead" or demo.draw.random() < 0.5:
        _consent(demo, plan, course)
    for visit in course.visits:
        on = day + datetime.timedelta(days=visit.offset)
        session = _session(demo, plan, visit, on)
        demo.rows.sessions.append(session)
        if session.state == "done":
            _given(demo, session, course, visit, who)


def _consent(demo: Demo, plan: CoursePlan, course: Course) -> None:
    text = consent_text(course, plan)
    demo.rows.consents.append(
        Consent(
            clinic=demo.clinic, patient=plan.patient, plan=plan, wording=demo.wording, text=text, text_sha256=digest_of(text),
            photos_for_care=True, photos_for_teaching=demo.draw.random() < 0.3, signed_name=plan.patient.name,
            signature_svg_path=_SIGNATURE, signed_at=plan.released_at or plan.made_at, witness=demo.person("nurse"),
        )
    )  # fmt: skip


def _session(demo: Demo, plan: CoursePlan, visit: Visit, on: datetime.date) -> Session:
    done = on < demo.today
    at, nurse = demo.moment(on, demo.draw.randint(8, 15)), demo.person("nurse")
    told = {"typed": "", "by": nurse.full_name, "by_id": str(nurse.pk), "at": at.isoformat(), "history": []}
    read = None if visit.read_offset is None else on + datetime.timedelta(days=visit.read_offset - visit.offset)
    return Session(
        clinic=demo.clinic, patient=plan.patient, plan=plan, kind=visit.kind, number=visit.number, planned_on=on, read_on=read,
        starts_at=datetime.time(demo.draw.randint(8, 15), demo.draw.choice((0, 30))), device=visit.device,
        unit=demo.units.get(visit.device), state="done" if done else "planned",
        checklist={name: {"answer": answer, **told} for name, answer in visit.ticked} if done else {},
        started_at=at if done else None, ended_at=at + datetime.timedelta(minutes=40) if done else None,
        operator=nurse if done else None,
    )  # fmt: skip


def _given(demo: Demo, session: Session, course: Course, visit: Visit, who: Person) -> None:
    """The passes of a session, then what followed: diary, follow-up, seldom a harm."""
    _passes(demo, session, course, visit, who)
    if session.kind == SPOT:
        _read_spot(demo, session)
        return
    demo.rows.lots.append(
        LotUse(
            clinic=demo.clinic, session=session, what="Lidocaine 2.5 % and prilocaine 2.5 % cream",
            lot_number=f"L{demo.draw.randint(10_000, 99_999)}", expires_on=session.planned_on + datetime.timedelta(days=300),
            amount="5 g", entered_by=session.operator, entered_at=session.started_at,
        )
    )  # fmt: skip
    if (demo.today - session.planned_on).days <= _DIARY_OF_DAYS:
        _diary(demo, session, course, who)
    seen_on = session.planned_on + _SEEN_AFTER
    if seen_on <= demo.today:
        told = observation(course, who, number=visit.number, seen_on=seen_on, draw=demo.draw)
        _follow_up(demo, session, seen_on, told)
        if told["pih"] or demo.draw.random() < 0.02:
            _harm(demo, session, "pih" if told["pih"] else "prolonged_erythema", seen_on)


def _passes(demo: Demo, session: Session, course: Course, visit: Visit, who: Person) -> None:
    unit = demo.units[visit.device]
    pain = min(max(float(course.option["predictions"]["pain_0_10"]["p50"]) + 0.8 * who.signs, 0.0), 10.0)
    for site, panels in visit.panels.items():
        for number, panel in enumerate(panels, start=1):
            demo.rows.passes.append(
                DeliveredPass(
                    clinic=demo.clinic, session=session, unit=unit, site=site, number=number, planned=panel, delivered=panel,
                    endpoint_seen=str(course.option["endpoint"])[:300], pain_0_10=round(pain, 1), given_by=session.operator,
                    given_at=session.started_at,
                )
            )  # fmt: skip


def _read_spot(demo: Demo, session: Session) -> None:
    if session.read_on is not None and session.read_on <= demo.today:
        told = {"session": SPOT, "date": session.read_on.isoformat(), "test_spot": "passed"}
        _follow_up(demo, session, session.read_on, told)


def _follow_up(demo: Demo, session: Session, seen_on: datetime.date, told: dict[str, Any]) -> None:
    demo.rows.follow_ups.append(
        FollowUp(
            clinic=demo.clinic, patient=session.patient, plan=session.plan, session=session, seen_on=seen_on, observation=told,
            entered_by=demo.person("clinician"), entered_at=demo.moment(seen_on, 11),
        )
    )  # fmt: skip


def _harm(demo: Demo, session: Session, kind: str, seen_on: datetime.date) -> None:
    demo.rows.harms.append(
        AdverseEvent(
            clinic=demo.clinic, patient=session.patient, session=session, kind=kind, severity="mild", seen_on=seen_on,
            entered_by=demo.person("clinician"), entered_at=demo.moment(seen_on, 11), words="Sunscreen; looked at again in six weeks.",
        )
    )  # fmt: skip


def _diary(demo: Demo, session: Session, course: Course, who: Person) -> None:
    """Entries of the first days; now and then one with a warning sign, which makes an alarm."""
    last = min((demo.today - session.planned_on).days, len(course.bands) - 1)
    for day in range(last + 1):
        on = session.planned_on + datetime.timedelta(days=day)
        if demo.draw.random() > _TELLS:
            continue
        entered = demo.now - datetime.timedelta(minutes=demo.draw.randint(5, 90)) if on == demo.today else demo.moment(on, 19)
        entry = DiaryEntry(
            clinic=demo.clinic, patient=session.patient, session=session, day=day, on=on, **levels(course, who, day, demo.draw),
            entered_at=entered,
        )  # fmt: skip
        demo.rows.entries.append(entry)
        waiting = sum(one.acknowledged_at is None for one in demo.rows.alarms)
        if on == demo.today and waiting < _WAITING:
            _alarm(demo, entry, course, answered=False)
        elif on < demo.today and day and len(demo.rows.alarms) - waiting < _ANSWERED and demo.draw.random() < 0.05:
            _alarm(demo, entry, course, answered=True)


def some_alarms(demo: Demo, courses: Mapping[object, Course]) -> None:
    """In a small clinic chance may have made none: then the newest entries make one that waits and one that was answered.

    `courses` by the primary key of the plan.
    """
    quiet = sorted((one for one in demo.rows.entries if not one.flags), key=lambda one: one.entered_at, reverse=True)
    there = {one.acknowledged_at is not None for one in demo.rows.alarms}
    for answered, entry in zip((False, True), quiet, strict=False):
        if answered not in there:
            _alarm(demo, entry, courses[entry.session.plan_id], answered=answered)


def _alarm(demo: Demo, entry: DiaryEntry, course: Course, *, answered: bool) -> None:
    listed = red_flags(course.device_class, day=max(entry.day, 0))
    if not answered:  # told just now, so that it is not overdue from the start
        entry.entered_at = demo.now - datetime.timedelta(minutes=demo.draw.randint(1, 6))
    entry.flags = [demo.draw.choice(listed).row_id]
    findings = judge(ticked=entry.flags, levels={"pain": entry.pain}, day=entry.day)
    entry.urgency = highest(findings)
    advice = advice_for(demo.clinic, findings)
    due = entry.entered_at + datetime.timedelta(minutes=minutes_for(demo.clinic, entry.urgency))
    demo.rows.alarms.append(
        Alarm(
            clinic=demo.clinic, patient=entry.patient, entry=entry, urgency=entry.urgency, flags=[one.row_id for one in findings],
            text="\n".join(one.what for one in findings), advice_given=advice.text if advice else "", raised_at=entry.entered_at,
            due_at=due, acknowledged_by=demo.person("clinician") if answered else None,
            acknowledged_at=entry.entered_at + datetime.timedelta(minutes=25) if answered else None,
            outcome="Called back; seen the same day, nothing further needed." if answered else "",
        )
    )  # fmt: skip
