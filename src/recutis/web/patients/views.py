"""The list of patients, a patient's details, and the patient's first page."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from recutis.web.access import TREATING, allow, note, own, user_of
from recutis.web.accounts.models import CLINICIAN, FRONT_DESK, NURSE, Clinic
from recutis.web.delivery.models import Session
from recutis.web.diary.models import Alarm
from recutis.web.patients.forms import Details, proposed_number
from recutis.web.patients.models import Patient
from recutis.web.patients.panel import panel_of
from recutis.web.patients.records import standing
from recutis.web.photos.models import Photo
from recutis.web.planning.models import CoursePlan

_KNOWS_NAMES: Final = (CLINICIAN, NURSE, FRONT_DESK)
_PAGE: Final = 25
_MOST_WORDS: Final = 8
_DAY: Final = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
_OPEN: Final = ("planned", "under_way")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One patient in the list; the medical part is empty for those whom it does not concern."""

    patient: Patient
    next_session: datetime.date | None
    plan: CoursePlan | None = None
    alarms: int = 0


def found(clinic: Clinic, text: str, *, archived: bool = False) -> QuerySet[Patient]:
    """Patients whose names, number or day of birth hold every word; the newest changed first where nothing is asked."""
    here = Patient.objects.filter(clinic=clinic, archived_at__isnull=not archived)
    words = [_as_stored(word) for word in text.split()[:_MOST_WORDS]]
    if not words:
        return here.order_by("-changed_at")
    return here.filter(*(Q(search_text__contains=word) for word in words))


def _as_stored(word: str) -> str:
    """A day such as 3.11.1980 as the search text writes it; other words in lower case."""
    day = _DAY.fullmatch(word)
    return f"{day[3]}-{int(day[2]):02d}-{int(day[1]):02d}" if day else word.casefold().replace("\x00", "")


def lines(patients: Iterable[Patient], *, medical: bool) -> list[Line]:
    """What the list says of each patient, with a fixed number of queries."""
    listed = list(patients)
    ids = [patient.pk for patient in listed]
    coming = Session.objects.filter(patient__in=ids, state__in=_OPEN, planned_on__gte=timezone.localdate())
    sessions = dict(coming.order_by().values_list("patient").annotate(Min("planned_on")))
    plans: dict[UUID, CoursePlan] = {}
    alarms: dict[UUID, int] = {}
    if medical:
        made = CoursePlan.objects.filter(patient__in=ids).defer("document", "observation", "headline")
        for plan in made.order_by("made_at"):
            plans[plan.patient_id] = plan
        waiting = Alarm.objects.filter(patient__in=ids, acknowledged_at=None)
        alarms = dict(waiting.order_by().values_list("patient").annotate(Count("id")))
    return [
        Line(patient=one, next_session=sessions.get(one.pk), plan=plans.get(one.pk), alarms=alarms.get(one.pk, 0))
        for one in listed
    ]


@allow(*_KNOWS_NAMES)
def listing(request: HttpRequest) -> HttpResponse:
    """The clinic's patients, with search while one types."""
    user = user_of(request)
    text = request.GET.get("q", "")[:200]
    archived = request.GET.get("archived") == "1"
    pages = Paginator(found(user.clinic, text, archived=archived).defer("file", "file_changes"), _PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "q": text, "archived": archived, "page": page, "lines": lines(page.object_list, medical=user.role in TREATING),
        "medical": user.role in TREATING, "anybody": bool(page.object_list) or Patient.objects.filter(clinic=user.clinic).exists(),
    }  # fmt: skip
    note(request, shown=len(page.object_list))
    only_lines = request.headers.get("HX-Target") == "found"
    return render(request, "patients/found.html" if only_lines else "patients/list.html", context)


@allow(*_KNOWS_NAMES, methods=("GET", "HEAD", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """Enter a patient."""
    user = user_of(request)
    form = Details(user.clinic, request.POST or None, initial={"number": proposed_number(user.clinic)})
    if request.method == "POST" and form.is_valid():
        patient: Patient = form.save(commit=False)
        patient.clinic, patient.created_by = user.clinic, user
        # The date of birth answers the first question of the consultation; it can be corrected there.
        patient.file = {"patient": {"age": age_on(patient.birth_date, timezone.localdate())}}
        patient.save()
        note(request, action="patient entered", of=patient, patient=patient)
        messages.success(request, f"{patient.name} is entered with record number {patient.number}.", "good")
        return redirect("patients:consultation", patient.pk) if user.role in TREATING else redirect("patients:list")
    context = {"form": form, "twin": form.twin}
    return render(request, "patients/new.html", context, status=422 if form.is_bound else 200)


@allow(*_KNOWS_NAMES, methods=("GET", "HEAD", "POST"))
def details(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Correct a patient's details."""
    user = user_of(request)
    patient = own(request, Patient, pk=patient_id)
    form = Details(user.clinic, request.POST or None, instance=patient)
    if request.method == "POST" and form.is_valid():
        changed = list(form.changed_data)
        form.instance.save(update_fields=list(Details.Meta.fields))
        note(request, action="details changed", of=patient, fields=changed)
        messages.success(request, "Saved.", "good")
        return redirect(
            "patients:page" if user.role in TREATING else "patients:list", *([patient.pk] if user.role in TREATING else [])
        )
    shown = own(request, Patient, pk=patient_id)  # as saved, not as half typed
    context = {"form": form, "patient": shown, "medical": user.role in TREATING, "may_archive": user.role == CLINICIAN}
    return render(request, "patients/details.html", context, status=422 if form.is_bound else 200)


@allow(CLINICIAN, methods=("POST",))
def archive(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Put a patient away, or bring the patient back; nothing is deleted."""
    patient = own(request, Patient, pk=patient_id)
    away = patient.archived_at is None
    patient.archived_at = timezone.now() if away else None
    patient.save(update_fields=["archived_at"])
    note(request, action="patient archived" if away else "patient restored", of=patient)
    words = (
        f"{patient.name} is archived; search with 'archived' ticked finds the record." if away else f"{patient.name} is restored."
    )
    messages.success(request, words, "good")
    return redirect("patients:list" if away else "patients:page", *([] if away else [patient.pk]))


@allow(*TREATING)
def page(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The patient's first page: who, what for, and where things stand."""
    patient = own(request, Patient, pk=patient_id)
    note(request, of=patient)
    now = standing(patient)
    coming = patient.sessions.filter(state__in=_OPEN, planned_on__gte=timezone.localdate()).order_by("planned_on")
    context = {
        "patient": patient, "tab": "overview", "now": now, "panel": panel_of(now),
        "plan": CoursePlan.objects.filter(patient=patient).defer("document", "observation").first(),
        "session": coming.first(),
        "alarms": Alarm.objects.filter(patient=patient, acknowledged_at=None),
        "photos": Photo.objects.filter(patient=patient).count(),
    }  # fmt: skip
    return render(request, "patients/overview.html", context)


def age_on(born: datetime.date, day: datetime.date) -> int:
    """Completed years of life on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
