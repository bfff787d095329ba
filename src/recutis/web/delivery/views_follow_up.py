"""Follow-up visits: what was seen, kept as the command line's observation."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from recutis.web.access import TREATING, allow, note, own, user_of
from recutis.web.delivery.course import SPOT, option_of, spot_wait
from recutis.web.delivery.forms_follow_up import FollowUpForm
from recutis.web.delivery.models import FollowUp, Session
from recutis.web.delivery.release import given_on
from recutis.web.delivery.views_today import can_update
from recutis.web.patients.models import Patient


@allow(*TREATING, methods=("GET", "HEAD", "POST"))
def follow_up(request: HttpRequest, patient_id: uuid.UUID) -> HttpResponse:
    """What was seen after a session or at a test spot."""
    patient = own(request, Patient, pk=patient_id)
    note(request, of=patient)
    given = list(patient.sessions.filter(state="done").select_related("plan").defer("plan__document").order_by("-started_at"))
    asked = request.POST.get("session") or request.GET.get("session") or ""
    session = next((one for one in given if str(one.pk) == asked), given[0] if given else None)
    if session is None:
        return render(request, "delivery/follow_up.html", {"patient": patient, "session": None, "given": [], "tab": "sessions"})
    form = FollowUpForm(
        request.POST if request.method == "POST" else None, session=session, initial={"seen_on": timezone.localdate()}
    )
    if request.method == "POST" and form.is_valid():
        made = FollowUp.objects.create(
            clinic_id=patient.clinic_id, patient=patient, plan=session.plan, session=session, seen_on=form.cleaned_data["seen_on"],
            observation=form.observation, words=form.note(), entered_by=user_of(request),
        )  # fmt: skip
        note(request, action="follow-up entered", of=made)
        messages.success(request, "The visit is saved.", "good")
        return redirect("delivery:seen", patient_id=patient.pk, follow_up_id=made.pk)
    early = _read_from(session)
    return render(
        request, "delivery/follow_up.html",
        {
            "patient": patient, "session": session, "given": given, "form": form, "tab": "sessions", "spot": session.kind == SPOT,
            "read_from": early, "early": early is not None and timezone.localdate() < early,
        },
        status=422 if form.errors else 200,
    )  # fmt: skip


def _read_from(session: Session) -> object:
    option = option_of(session.plan)
    return given_on(session) + spot_wait(option) if session.kind == SPOT and option is not None else None


@allow(*TREATING)
def seen(request: HttpRequest, patient_id: uuid.UUID, follow_up_id: uuid.UUID) -> HttpResponse:
    """One follow-up as it was entered, with the way to an updated plan."""
    patient = own(request, Patient, pk=patient_id)
    found = own(request, FollowUp, pk=follow_up_id, patient=patient)
    note(request, of=found)
    shown = {name: value for name, value in found.observation.items() if name not in {"improvement", "session", "date", "given"}}
    return render(
        request, "delivery/seen.html",
        {
            "patient": patient, "visit": found, "shown": shown, "gains": found.observation.get("improvement", {}),
            "can_update": can_update(), "tab": "sessions",
        },
    )  # fmt: skip
