"""Sessions by day, moving and cancelling them, and the course of one patient."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from recutis.web.access import TREATING, allow, note, own, user_of
from recutis.web.accounts.models import CLINICIAN, FRONT_DESK, NURSE
from recutis.web.delivery.course import option_of, plan_of
from recutis.web.delivery.forms import MoveSession, Why
from recutis.web.delivery.models import Consent, DeliveredPass, Session
from recutis.web.delivery.release import look_at_move, move
from recutis.web.delivery.views_session import SiteLog, logs_of, session_of
from recutis.web.patients.models import Patient
from recutis.web.templatetags.recutis_words import day as written

_SEEING = (CLINICIAN, NURSE, FRONT_DESK)
_DAYS_AHEAD = 14
_MOST = 200


def _day_asked(request: HttpRequest) -> datetime.date:
    try:
        return datetime.date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return timezone.localdate()


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day and its sessions."""

    on: datetime.date
    sessions: tuple[Session, ...]


@allow(*_SEEING)
def today(request: HttpRequest) -> HttpResponse:
    """Sessions of a day, those to come, and those of days gone by that nobody has given or moved."""
    day, now = _day_asked(request), timezone.localdate()
    signed = Consent.objects.filter(plan_id=OuterRef("plan_id"), withdrawn_at=None)
    listed = (
        Session.objects.filter(clinic_id=user_of(request).clinic_id)
        .exclude(state="cancelled")
        .select_related("patient", "unit")
        .defer("patient__file", "checklist")
        .annotate(signed=Exists(signed))
        .order_by("planned_on", "starts_at", "patient__family_name", "number")
    )
    until = day + datetime.timedelta(days=_DAYS_AHEAD)
    ahead = list(listed.filter(planned_on__gte=day, planned_on__lte=until)[:_MOST])
    late = list(listed.filter(Q(planned_on__lt=now, state="planned") | Q(planned_on__lt=now, state="under_way"))[:_MOST])
    days = [Day(on=on, sessions=tuple(group)) for on, group in groupby(ahead, key=lambda one: one.planned_on)]
    first = next((one.sessions for one in days if one.on == day), ())
    return render(
        request, "delivery/today.html",
        {
            "day": day, "now": now, "before": day - datetime.timedelta(days=1), "after": day + datetime.timedelta(days=1),
            "first": first, "later": [one for one in days if one.on != day], "late": late,
            "treats": user_of(request).role in TREATING, "ahead": _DAYS_AHEAD,
        },
    )  # fmt: skip


@allow(*_SEEING, methods=("GET", "HEAD", "POST"))
def move_session(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """Put a session on another day; warn when it comes too close to its neighbours."""
    session = session_of(request, session_id)
    if session.state != "planned":
        messages.error(request, f"This session is {session.get_state_display()}; it cannot be moved.", "danger")
        return redirect("delivery:today")
    form = MoveSession(request.POST if request.method == "POST" else None, session=session)
    warnings: tuple[str, ...] = ()
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        looked = look_at_move(session, told["day"], today=timezone.localdate())
        warnings = looked.warnings
        for words in looked.refused:
            form.add_error("day", words)
        if form.is_valid() and (not warnings or told["sure"]):
            before = session.planned_on
            move(session, day=told["day"], at=told["at"], unit=told["unit"])
            note(request, action="session moved", before=before.isoformat(), after=told["day"].isoformat(), warned=len(warnings))
            messages.success(request, f"Booked for {told['day']:%A} {written(told['day'])}.", "good")
            return redirect("delivery:today")
    return render(
        request, "delivery/move.html",
        {"session": session, "patient": session.patient, "form": form, "warnings": warnings, "why": Why(auto_id="why_%s")},
        status=422 if form.errors or warnings else 200,
    )  # fmt: skip


@allow(*_SEEING, methods=("POST",))
def cancel_session(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """Cancel a session, with the reason."""
    session = session_of(request, session_id)
    form = Why(request.POST)
    if session.state != "planned":
        messages.error(request, f"This session is {session.get_state_display()}; it cannot be cancelled.", "danger")
    elif not form.is_valid():
        messages.error(request, "Say why the session is cancelled. Nothing was changed.", "danger")
        return redirect("delivery:move", session_id=session.pk)
    else:
        session.state, session.words = "cancelled", form.cleaned_data["why"]
        session.save(update_fields=["state", "words"])
        note(request, action="session cancelled")
        messages.success(request, "The session is cancelled.", "good")
    return redirect("delivery:today")


# One patient


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One session of the course: planned beside delivered."""

    session: Session
    logs: tuple[SiteLog, ...]

    @property
    def deviations(self) -> list[tuple[str, dict[str, object]]]:
        """Every deviation of the passes that count, with its site."""
        counting = ((log.site, one) for log in self.logs for one in log.passes if getattr(one, "replaced_by", None) is None)
        told = {(site, item["words"]): item for site, one in counting for item in one.deviations}
        return [(site, item) for (site, _), item in told.items()]


@allow(*TREATING)
def patient_course(request: HttpRequest, patient_id: uuid.UUID) -> HttpResponse:
    """All sessions of one patient, planned beside delivered, with consents, follow-ups and adverse events."""
    patient = own(request, Patient, pk=patient_id)
    note(request, of=patient)
    plans = list(patient.plans.defer("document").select_related("released_by").order_by("-made_at"))
    sessions = list(patient.sessions.select_related("unit", "operator", "plan", "plan__clinic").defer("plan__document"))
    passes = list(
        DeliveredPass.objects.filter(session__patient=patient)
        .select_related("unit", "given_by", "replaced_by")
        .order_by("given_at")
    )
    courses = [
        (plan, _title(plan), _visits([one for one in sessions if one.plan_id == plan.pk], passes))
        for plan in plans
        if plan.released_at is not None or any(one.plan_id == plan.pk for one in sessions)
    ]
    return render(
        request, "delivery/patient.html",
        {
            "patient": patient, "plans": plans, "courses": courses, "waiting": next((one for one in plans if one.status == "ready"), None),
            "follow_ups": patient.follow_ups.select_related("session", "entered_by").defer("plan__document"),
            "events": patient.adverse_events.select_related("session", "entered_by"),
            "consents": {one.plan_id: one for one in patient.consents.filter(withdrawn_at=None)},
            "can_update": can_update(), "tab": "sessions",
        },
    )  # fmt: skip


def _title(plan: object) -> str:
    option = option_of(plan)  # type: ignore[arg-type]
    return option.label if option is not None else plan_of(plan).headline  # type: ignore[arg-type]


def _visits(sessions: Sequence[Session], passes: Sequence[DeliveredPass]) -> list[Visit]:
    ordered = sorted(sessions, key=lambda one: (one.kind != "test_spot", one.number))
    return [Visit(session=one, logs=_logs(one, [item for item in passes if item.session_id == one.pk])) for one in ordered]


def _logs(session: Session, passes: list[DeliveredPass]) -> tuple[SiteLog, ...]:
    return logs_of(session, passes) if session.state != "cancelled" else ()


def can_update() -> bool:
    """Whether the page that updates a plan from a follow-up is there."""
    from django.urls import NoReverseMatch, reverse

    try:
        reverse("planning:update", args=[uuid.UUID(int=0)])
    except NoReverseMatch:
        return False
    return True
