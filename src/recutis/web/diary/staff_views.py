"""The diary as the clinic sees it: what was entered against what was expected, links, and the observation made of it."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from pydantic import ValidationError

from recutis.course.diary_triage import SIGNS
from recutis.plan.observation_file import Observation
from recutis.web.access import TREATING, allow, note, own, user_of
from recutis.web.accounts.models import CLINICIAN
from recutis.web.delivery.models import FollowUp, Session
from recutis.web.diary import links, told
from recutis.web.diary.chart import diary_chart
from recutis.web.diary.forms import LinkForm, ObservationForm
from recutis.web.diary.models import DiaryEntry, DiaryLink
from recutis.web.diary.plain import SIGN_WORDS, STAFF_WORDS, flag_words
from recutis.web.diary.summary import prefilled
from recutis.web.patients.models import Patient
from recutis.web.serve import is_this_machine


@allow(*TREATING)
def patient(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """A patient's diary, session by session."""
    return _page(request, own(request, Patient, pk=patient_id), LinkForm())


@allow(*TREATING, methods=("POST",))
def make_link(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Make a personal link for a session of a released plan; it is shown once."""
    found = own(request, Patient, pk=patient_id)
    session = own(request, Session, pk=request.POST.get("session", ""), patient=found)
    form = LinkForm(request.POST)
    if session.state == "cancelled":
        messages.error(request, "This session is cancelled, so that it has no diary. Choose another.", "danger")
        return redirect("diary:patient", patient_id=found.pk)
    if not session.plan.released:
        messages.error(request, "The plan of this session is not released. A clinician releases it first.", "danger")
        return redirect("diary:patient", patient_id=found.pk)
    if not form.is_valid():
        return _page(request, found, form, session=session)
    link, token = links.make(session, user_of(request), days=form.cleaned_data["days"])
    note(request, action="diary link made", of=link, patient=found)
    address = request.build_absolute_uri(reverse("diary:open", args=[token]))
    picture = io.BytesIO()
    segno.make(address, error="m").save(picture, kind="svg", scale=5, border=2, svgclass="qr", lineclass=None)
    return render(
        request, "diary/link.html",
        {
            "patient": found, "tab": "diary", "session": session, "link": link, "address": address,
            "qr": picture.getvalue().decode().partition("?>")[2], "here_only": is_this_machine(split_domain_port(request.get_host())[0]),
        },
    )  # fmt: skip


@allow(*TREATING, methods=("POST",))
def revoke_link(request: HttpRequest, patient_id: UUID, link_id: UUID) -> HttpResponse:
    """End a link at once."""
    found = own(request, Patient, pk=patient_id)
    link = own(request, DiaryLink, pk=link_id, patient=found)
    DiaryLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now())
    note(request, action="diary link revoked", of=link, patient=found)
    messages.success(request, "The link is ended; a phone that had opened it shows nothing any more.", "good")
    return redirect("diary:patient", patient_id=found.pk)


@allow(*TREATING, methods=("GET", "HEAD", "POST"))
def observation(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """What the diary of a session says as an observation, for a clinician to confirm; a plan learns from what was confirmed."""
    found = own(request, Patient, pk=patient_id)
    session = own(request, Session, pk=request.POST.get("session") or request.GET.get("session", ""), patient=found)
    filled = prefilled(session)
    if request.method != "POST":
        form = ObservationForm(initial=filled.values)
        return render(
            request,
            "diary/observation.html",
            {"patient": found, "tab": "diary", "session": session, "form": form, "notes": filled.notes},
        )
    if user_of(request).role != CLINICIAN:
        messages.error(request, "A clinician confirms an observation. Ask one to open this page.", "danger")
        return redirect("diary:patient", patient_id=found.pk)
    form = ObservationForm(request.POST)
    document = _document(form, session) if form.is_valid() else None
    if document is None:
        context = {"patient": found, "tab": "diary", "session": session, "form": form, "notes": filled.notes}
        return render(request, "diary/observation.html", context, status=422)
    kept = FollowUp.objects.create(
        clinic=found.clinic, patient=found, plan=session.plan, session=session, seen_on=form.cleaned_data["seen_on"],
        observation=document, words=form.cleaned_data["words"], entered_by=user_of(request),
    )  # fmt: skip
    note(request, action="observation confirmed", of=kept, patient=found)
    messages.success(request, "The observation is saved. The plan can be updated with it.", "good")
    return redirect(_update_address(session) or reverse("diary:patient", args=[found.pk]))


def _document(form: ObservationForm, session: Session) -> dict[str, Any] | None:
    told_ = form.cleaned_data
    names = ("redness_days", "downtime_days", "closure_days", "pain_0_10")
    document = {
        "session": "test_spot" if session.kind == "test_spot" else session.number, "date": told_["seen_on"].isoformat(),
        "given": told.session_day(session).isoformat(), **{name: told_[name] for name in names if told_[name] is not None},
    }  # fmt: skip
    try:
        Observation.model_validate(document)
    except ValidationError as error:
        form.add_error(None, "; ".join(str(one["msg"]).removeprefix("Value error, ") for one in error.errors()))
        return None
    return document


def _update_address(session: Session) -> str:
    """Where the plan is updated; empty where this installation has no such page."""
    try:
        return reverse("planning:update", args=[session.plan_id])
    except NoReverseMatch:
        return ""


def _page(request: HttpRequest, found: Patient, form: LinkForm, *, session: Session | None = None) -> HttpResponse:
    sessions = list(
        Session.objects.filter(patient=found).exclude(state="cancelled").select_related("plan").order_by("-planned_on")
    )
    asked = request.GET.get("session", "")
    with_entries = set(DiaryEntry.objects.filter(patient=found).values_list("session_id", flat=True))
    shown = session or next((one for one in sessions if str(one.pk) == asked), None)
    begun = next((one for one in sessions if one.started_at is not None), None)
    shown = shown or next((one for one in sessions if one.pk in with_entries), begun or (sessions[-1] if sessions else None))
    context: dict[str, Any] = {
        "patient": found,
        "tab": "diary",
        "sessions": sessions,
        "shown": shown,
        "form": form,
        "now": timezone.now(),
    }
    if shown:
        context |= _session(shown)
    return render(request, "diary/patient.html", context, status=422 if form.errors else 200)


def _session(session: Session) -> dict[str, Any]:
    option = told.option_of(session.plan)
    entries = list(DiaryEntry.objects.filter(session=session).prefetch_related("photos", "alarms__acknowledged_by"))
    newest = {entry.day: entry for entry in entries}
    today = told.day_of(session)
    levels = {day: {sign: getattr(entry, sign) for sign in SIGNS} for day, entry in newest.items()}
    return {
        "chart": diary_chart(option, levels, today=today) if newest else None,
        "today": today, "on": told.session_day(session), "signs": [SIGN_WORDS[sign][0] for sign in SIGNS],
        "links": list(session.diary_links.select_related("made_by").order_by("-made_at")),
        "days": [_row(option, session, newest[day]) for day in sorted(newest, reverse=True)],
        "entries": len(entries), "replaced": len(entries) - len(newest), "released": session.plan.released,
        "missing": [day for day in range(min(today, 14)) if day not in newest],
    }  # fmt: skip


def _row(option: Any, session: Session, entry: DiaryEntry) -> dict[str, Any]:
    expected = {one.sign: one for one in told.expected(option, entry.day)}
    cells = []
    for sign in SIGNS:
        level, band = getattr(entry, sign), expected.get(sign)
        above = level is not None and band is not None and level > max(band.p90, 0.5)
        cells.append({"level": level, "band": band, "above": above})
    alarm = next(iter(entry.alarms.all()), None)
    return {
        "entry": entry, "day": entry.day, "on": told.date_of(session, entry.day), "cells": cells, "alarm": alarm,
        "urgency": STAFF_WORDS.get(entry.urgency, ""), "flags": [flag_words(key)[0] for key in entry.flags],
        "photos": [photo for photo in entry.photos.all() if photo.removed_at is None],
    }  # fmt: skip
