"""The clinic's inbox: alarms that wait, each closed by a named person with what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from recutis import evidence
from recutis.course.diary_triage import SIGNS
from recutis.web.access import TREATING, allow, note, own, user_of
from recutis.web.accounts.models import CLINICIAN
from recutis.web.diary import alarms, told
from recutis.web.diary.contact import IMMEDIATE, Number
from recutis.web.diary.forms import AnswerForm, TimesForm
from recutis.web.diary.models import Alarm
from recutis.web.diary.plain import SIGN_WORDS, STAFF_WORDS
from recutis.web.idle import polled

_ANSWERED_SHOWN: Final = 50
_MOST_SHOWN: Final = 100


@dataclass(frozen=True, kw_only=True)
class Line:
    """One alarm as the inbox shows it."""

    alarm: Alarm
    overdue: bool
    urgency: str
    level: str
    reasons: tuple[str, ...]
    phone: Number | None


def line_of(alarm: Alarm) -> Line:
    """An alarm with its words and its colour."""
    late = alarms.overdue(alarm)
    return Line(
        alarm=alarm, overdue=late, urgency=STAFF_WORDS[alarm.urgency], reasons=tuple(alarm.text.splitlines()),
        level="danger" if late or alarm.urgency == IMMEDIATE else "caution" if alarm.urgency in {"same day", "24 h"} else "info",
        phone=Number(whose=alarm.patient.name, shown=alarm.patient.phone) if alarm.patient.phone else None,
    )  # fmt: skip


@allow(*TREATING)
def inbox(request: HttpRequest) -> HttpResponse:
    """Alarms that wait, and the newest that were answered."""
    clinic = user_of(request).clinic
    answered = (
        Alarm.objects.filter(clinic=clinic).exclude(acknowledged_at=None).select_related("patient", "acknowledged_by", "entry")
    )
    newest = answered.order_by("-acknowledged_at")[:_ANSWERED_SHOWN]
    shown = "answered" if request.GET.get("shown") == "answered" else "waiting"
    context = {"shown": shown, "answered": [line_of(one) for one in newest] if shown == "answered" else ()}
    return render(request, "diary/inbox.html", context | _waiting(request))


@allow(*TREATING)
def inbox_list(request: HttpRequest) -> HttpResponse:
    """The list alone, asked for again and again while the inbox is open."""
    polled(request)
    return render(request, "diary/inbox_list.html", _waiting(request))


@allow(*TREATING)
def bell(request: HttpRequest) -> HttpResponse:
    """How many alarms were not answered in time, asked for by every page; no content where that is what the page shows."""
    polled(request)
    _, late = alarms.counted(user_of(request).clinic_id)
    return HttpResponse(status=204) if request.GET.get("late") == str(late) else render(request, "diary/bell.html")


def _waiting(request: HttpRequest) -> dict[str, Any]:
    found = alarms.waiting(user_of(request).clinic)
    return {
        "lines": [line_of(one) for one in found[:_MOST_SHOWN]], "more": max(len(found) - _MOST_SHOWN, 0),
        "late": sum(alarms.overdue(one) for one in found), "total": len(found),
    }  # fmt: skip


@allow(*TREATING, methods=("GET", "HEAD", "POST"))
def alarm(request: HttpRequest, alarm_id: UUID) -> HttpResponse:
    """One alarm with its entry, and the answer to it."""
    found = own(request, Alarm, pk=alarm_id)
    note(request, of=found, patient=found.patient_id)
    user = user_of(request)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if alarms.acknowledge(found.pk, clinic_id=user.clinic_id, user=user, outcome=form.outcome):
            note(request, action="alarm answered", urgency=found.urgency)
            messages.success(request, f"The alarm of {found.patient.name} is answered.", "good")
            return redirect("diary:inbox")
        found.refresh_from_db()
        return render(request, "diary/alarm.html", _alarm(found, form), status=409)
    return render(request, "diary/alarm.html", _alarm(found, form), status=422 if form.errors else 200)


def _alarm(found: Alarm, form: AnswerForm) -> dict[str, Any]:
    entry = found.entry
    option, levels = told.option_of(entry.session.plan), {sign: getattr(entry, sign) for sign in SIGNS}
    expected = {one.sign: one for one in told.expected(option, entry.day)}
    signs = [(SIGN_WORDS[sign][0], level, expected.get(sign)) for sign, level in levels.items()]
    rows = [evidence.get(key) for key in found.flags]
    return {
        "line": line_of(found), "alarm": found, "entry": entry, "form": form, "signs": signs,
        "picture": told.picture(option, entry.day, levels), "day": entry.day,
        "rows": [(row.id, row.fields.get("triage_action", ""), row.source) for row in rows],
        "photos": [photo for photo in entry.photos.all() if photo.removed_at is None],
    }  # fmt: skip


@allow(CLINICIAN, methods=("GET", "HEAD", "POST"))
def times(request: HttpRequest) -> HttpResponse:
    """How soon alarms must be answered in this clinic, and when its telephone is answered."""
    clinic = user_of(request).clinic
    form = TimesForm(clinic, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        note(request, action="times of the inbox changed", of=clinic, **clinic.acknowledge_minutes, hours=form.hours)
        messages.success(request, "The times are saved; they hold for alarms from now on.", "good")
        return redirect("diary:inbox")
    return render(request, "diary/times.html", {"form": form}, status=422 if form.errors else 200)
