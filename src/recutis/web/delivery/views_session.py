"""The session: its checklist, its start, lots, adverse events and its end."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from recutis.web.access import TREATING, allow, note, own, user_of
from recutis.web.delivery.course import (
    SPOT,
    ceiling_of,
    ceiling_words,
    distinct,
    option_of,
    phase_at,
    planned_passes,
    sites_of,
)
from recutis.web.delivery.forms import AdverseForm, EndForm, LotForm
from recutis.web.delivery.gates import Checklist, answer, checklist_of
from recutis.web.delivery.models import AdverseEvent, DeliveredPass, LotUse, Session
from recutis.web.patients.models import Patient
from recutis.web.planning.models import CoursePlan


@dataclass(frozen=True, kw_only=True)
class SiteLog:
    """One site of a session: what is planned, what was given (replaced entries too), and how many count."""

    site: str
    planned: str
    ceiling: str
    wanted: int
    passes: tuple[DeliveredPass, ...]

    @property
    def given(self) -> int:
        """How many passes count."""
        return sum(getattr(one, "replaced_by", None) is None for one in self.passes)

    @property
    def groups(self) -> tuple[tuple[DeliveredPass, ...], ...]:
        """Passes one after the other; those that are alike in everything stand together."""
        return tuple(tuple(alike) for _, alike in groupby(self.passes, key=_likeness))

    @property
    def left(self) -> int:
        """How many are still to be given."""
        return max(self.wanted - self.given, 0)


def _likeness(one: DeliveredPass) -> object:
    """What passes that are shown as one line have in common; a replaced or replacing entry stands alone."""
    if one.replaces_id or getattr(one, "replaced_by", None) is not None:
        return one.pk
    told = (one.delivered, one.deviations, one.deviation_reason, one.endpoint_seen, one.pain_0_10, one.unit_id, one.given_by_id)
    return json.dumps([str(part) for part in told])


def logs_of(session: Session, passes: list[DeliveredPass]) -> tuple[SiteLog, ...]:
    """The sites of a session in the plan's order, then any other at which something was given."""
    planned_sites = sites_of(session)
    others = tuple(dict.fromkeys(one.site for one in passes if one.site not in planned_sites))
    made = []
    for site in (*planned_sites, *others):
        planned = planned_passes(session, site) if site in planned_sites else ()
        mine = sorted((one for one in passes if one.site == site), key=lambda one: (one.number, one.given_at))
        made.append(
            SiteLog(
                site=site, planned=distinct(planned), ceiling=ceiling_words(ceiling_of(session, site)), wanted=len(planned),
                passes=tuple(mine),
            )
        )  # fmt: skip
    return tuple(made)


def session_of(request: HttpRequest, session_id: uuid.UUID) -> Session:
    """A session of this person's clinic, whose patient the audit then knows."""
    if request.method == "POST":  # two tablets at one session: the second change waits for the first
        list(Session.objects.select_for_update(no_key=True).filter(pk=session_id).values_list("pk"))
    found = own(request, Session, pk=session_id)
    note(request, of=found, patient=found.patient_id)
    # The document is long and read once for all requests; here only who released the plan is needed.
    found.plan = CoursePlan.objects.defer("document").select_related("released_by").get(pk=found.plan_id)
    return found


@allow(*TREATING)
def session(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """The page of one session."""
    return _page(request, session_of(request, session_id))


def _page(request: HttpRequest, found: Session, *, status: int = 200, **forms: Form) -> HttpResponse:
    option = option_of(found.plan)
    phase = phase_at(option, kind=found.kind, number=found.number) if option else None
    passes = list(found.passes.select_related("unit", "given_by", "replaced_by").order_by("number", "given_at"))
    logs = logs_of(found, passes) if found.state != "cancelled" else ()
    if found.kind == SPOT:
        logs = logs[:1] if not any(log.passes for log in logs) else tuple(log for log in logs if log.passes)
    context: dict[str, Any] = {
        "session": found, "patient": found.patient, "plan": found.plan, "option": option, "phase": phase, "logs": logs,
        "checklist": checklist_of(found), "lots": found.lots.select_related("entered_by"),
        "events": found.adverse_events.select_related("entered_by"), "lot_form": LotForm(auto_id="lot_%s"),
        "adverse_form": AdverseForm(auto_id="adverse_%s"), "end_form": EndForm(auto_id="end_%s"),
    }  # fmt: skip
    return render(request, "delivery/session.html", {**context, **forms}, status=status)


@allow(*TREATING, methods=("POST",))
def check(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """Answer one item of the checklist."""
    found = session_of(request, session_id)
    name, value = request.POST.get("item", ""), request.POST.get("answer", "")
    wrong = answer(found, name, value=value, typed=request.POST.get("typed", ""), user=user_of(request))
    if not wrong:
        note(request, action="checklist answered", item=name)
    if request.headers.get("HX-Request"):
        return _checklist(request, found, wrong=wrong, name=name)
    if wrong:
        messages.error(request, wrong, "danger")
    return redirect("delivery:session", session_id=found.pk)


def _checklist(request: HttpRequest, found: Session, *, wrong: str, name: str) -> HttpResponse:
    told: Checklist = checklist_of(found)
    return render(
        request, "delivery/checklist.html",
        {"session": found, "checklist": told, "wrong": wrong, "wrong_item": name, "patient": found.patient},
        status=422 if wrong else 200,
    )  # fmt: skip


@allow(*TREATING, methods=("POST",))
def start(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """Start the session when every gate holds and every item is answered; else say what is missing."""
    found = session_of(request, session_id)
    if found.state != "planned":
        messages.error(request, f"This session is {found.get_state_display()}; it cannot start.", "danger")
        return redirect("delivery:session", session_id=found.pk)
    missing = checklist_of(found).missing
    if missing:
        note(request, missing=len(missing))
        words = f"The session cannot start. {len(missing)} {'thing is' if len(missing) == 1 else 'things are'} missing: "
        messages.error(request, words + " ".join(missing), "danger")
        return _page(request, found, status=409)
    moved = found.planned_on
    found.state, found.started_at, found.operator = "under_way", timezone.now(), user_of(request)
    found.planned_on = timezone.localdate()
    found.save(update_fields=["state", "started_at", "operator", "planned_on"])
    note(request, action="session started", planned_on=moved.isoformat())
    return redirect("delivery:session", session_id=found.pk)


@allow(*TREATING, methods=("POST",))
def lots(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """Take down a medicine or consumable with its lot."""
    found = session_of(request, session_id)
    form = LotForm(request.POST, auto_id="lot_%s")
    if not form.is_valid():
        return _page(request, found, status=422, lot_form=form)
    made = LotUse.objects.create(clinic_id=found.clinic_id, session=found, entered_by=user_of(request), **form.cleaned_data)
    note(request, action="lot entered", lot=made.lot_number)
    messages.success(request, f"{made.what}, lot {made.lot_number}, is entered.", "good")
    return redirect("delivery:session", session_id=found.pk)


@allow(*TREATING, methods=("POST",))
def adverse(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """Take down a harm that was seen in or after a session."""
    found = session_of(request, session_id)
    form = AdverseForm(request.POST, auto_id="adverse_%s")
    if not form.is_valid():
        return _page(request, found, status=422, adverse_form=form)
    made = AdverseEvent.objects.create(
        clinic_id=found.clinic_id, patient_id=found.patient_id, session=found, entered_by=user_of(request), **form.cleaned_data
    )
    note(request, action="adverse event entered", event=str(made.pk))
    messages.success(request, "The event is entered.", "good")
    return redirect("delivery:session", session_id=found.pk)


@allow(*TREATING, methods=("POST",))
def resolved(request: HttpRequest, patient_id: uuid.UUID, event_id: uuid.UUID) -> HttpResponse:
    """Say that a harm has passed."""
    patient = own(request, Patient, pk=patient_id)
    event = own(request, AdverseEvent, pk=event_id, patient=patient)
    if event.resolved_on is None:
        event.resolved_on = timezone.localdate()
        event.save(update_fields=["resolved_on"])
        note(request, action="adverse event resolved", of=event)
    return redirect("delivery:patient", patient_id=patient.pk)


@allow(*TREATING, methods=("POST",))
def end(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """End the session, with a note."""
    found = session_of(request, session_id)
    form = EndForm(request.POST, auto_id="end_%s")
    if found.state != "under_way":
        messages.error(request, f"This session is {found.get_state_display()}; it cannot be ended.", "danger")
        return redirect("delivery:session", session_id=found.pk)
    if form.is_valid() and not form.cleaned_data["words"] and not found.passes.exists():
        form.add_error("words", "No pass is logged. Log what was given, or say here why nothing was.")
    if not form.is_valid():
        return _page(request, found, status=422, end_form=form)
    found.state, found.ended_at, found.words = "done", timezone.now(), form.cleaned_data["words"]
    found.save(update_fields=["state", "ended_at", "words"])
    note(request, action="session ended", passes=found.passes.filter(replaced_by=None).count())
    messages.success(request, "The session has ended.", "good")
    return redirect("delivery:session", session_id=found.pk)
