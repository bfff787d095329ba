"""Photographs of a patient: taken in, shown, set side by side, removed with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from recutis.web.access import TREATING, allow, note, own, silent, user_of
from recutis.web.accounts.models import CLINICIAN
from recutis.web.audit.record import address_of, record
from recutis.web.patients.models import Patient
from recutis.web.photos import shelf
from recutis.web.photos.consent import consent_of
from recutis.web.photos.forms import RemoveForm, UploadForm
from recutis.web.photos.intake import PhotoRefusedError, cleaned
from recutis.web.photos.models import Photo

_NO_CONSENT = "The patient has signed no consent to photographs for care. Have the consent signed first, with photographs ticked."


@transaction.non_atomic_requests
@allow(*TREATING, methods=("GET", "HEAD", "POST"))
def patient(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """All photographs of a patient, and a form for one more."""
    found = own(request, Patient, pk=patient_id)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        kept = _taken_in(request, found, form)
        if kept is not None:
            silent(request)  # it is recorded with the photograph
            messages.success(request, "The photograph is saved.", "good")
            return redirect("photos:patient", patient_id=found.pk)
    photos = list(_photos(found).select_related("uploaded_by", "diary_entry", "session"))
    context = {
        "patient": found, "tab": "photos", "form": form, "consent": consent_of(found),
        "photos": [one for one in photos if one.removed_at is None],
        "removed": [one for one in photos if one.removed_at is not None], "pair": _pair(photos),
    }  # fmt: skip
    return render(request, "photos/patient.html", context, status=422 if form.errors else 200)


def _taken_in(request: HttpRequest, found: Patient, form: UploadForm) -> Photo | None:
    if not consent_of(found).care:
        form.add_error(None, _NO_CONSENT)
    if not form.is_valid():
        return None
    told = form.cleaned_data
    try:
        photo = cleaned(told["photo"], told["photo"].size or 0)
    except PhotoRefusedError as error:
        form.add_error("photo", str(error))
        return None
    user = user_of(request)
    same = {"patient": found, "sha256": photo.sha256, "view": told["view"], "site": told["site"], "taken_on": told["taken_on"]}
    there = Photo.objects.filter(**same, removed_at=None).first()
    if there is not None:
        return there  # the form was sent twice
    with transaction.atomic():
        kept = shelf.keep(
            photo, clinic=found.clinic, patient=found, view=told["view"], site=told["site"], taken_on=told["taken_on"],
            uploaded_by=user,
        )  # fmt: skip
        record(
            "photograph added", chain=str(found.clinic_id), user=user, object_type="photos.photo", object_id=kept.pk,
            patient_id=found.pk, detail={"view": kept.view, "sha256": kept.sha256}, address=address_of(request),
        )  # fmt: skip
    return kept


@allow(*TREATING)
def file(request: HttpRequest, patient_id: UUID, photo_id: UUID) -> HttpResponse:
    """One photograph."""
    return _served(request, patient_id, photo_id, small=False)


@allow(*TREATING)
def small(request: HttpRequest, patient_id: UUID, photo_id: UUID) -> HttpResponse:
    """One photograph, small; the page that shows it is in the audit."""
    silent(request)
    return _served(request, patient_id, photo_id, small=True)


def _served(request: HttpRequest, patient_id: UUID, photo_id: UUID, *, small: bool) -> HttpResponse:
    photo = own(request, Photo, pk=photo_id, patient_id=patient_id)
    note(request, of=photo, patient=patient_id)
    if photo.removed_at is not None:
        msg = "This photograph was removed."
        raise Http404(msg)
    try:
        data = shelf.read(photo, small=small)
    except FileNotFoundError as error:
        msg = "The file of this photograph is not in the photo folder. Restore it from a backup."
        raise Http404(msg) from error
    answer = HttpResponse(data, content_type="image/jpeg")
    answer["Content-Disposition"] = 'inline; filename="photograph.jpg"'
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@allow(*TREATING)
def compare(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Two photographs of one view, one over the other with a slider between."""
    found = own(request, Patient, pk=patient_id)
    photos = list(_photos(found).filter(removed_at=None))
    pair = _pair(photos)
    before = _chosen(photos, request.GET.get("before", "")) or (pair[0] if pair else None)
    after = _chosen(photos, request.GET.get("after", "")) or (pair[1] if pair else None)
    if before and after:
        note(request, before=str(before.pk), after=str(after.pk))
    return render(
        request, "photos/compare.html",
        {
            "patient": found, "tab": "photos", "photos": photos, "before": before, "after": after,
            "same_view": bool(before and after and before.view == after.view),
            "days": (after.taken_on - before.taken_on).days if before and after else None,
        },
    )  # fmt: skip


@allow(*TREATING, methods=("POST",))
def teaching(request: HttpRequest, patient_id: UUID, photo_id: UUID) -> HttpResponse:
    """Allow or end the use of a photograph for teaching; allowed only while the patient's consent says so."""
    photo = own(request, Photo, pk=photo_id, patient_id=patient_id)
    wanted = request.POST.get("allowed") == "yes"
    if wanted and not consent_of(photo.patient).teaching:
        messages.error(request, "The patient has not consented to photographs for teaching; nothing was changed.", "danger")
        return redirect("photos:patient", patient_id=patient_id)
    photo.teaching_allowed = wanted
    photo.save(update_fields=["teaching_allowed"])
    note(request, action="photograph for teaching" if wanted else "photograph not for teaching", of=photo, patient=patient_id)
    return redirect("photos:patient", patient_id=patient_id)


@allow(CLINICIAN, methods=("GET", "HEAD", "POST"))
def remove(request: HttpRequest, patient_id: UUID, photo_id: UUID) -> HttpResponse:
    """Remove a photograph for good, with a reason: its file goes, its line in the record stays."""
    photo = own(request, Photo, pk=photo_id, patient_id=patient_id, removed_at=None)
    form = RemoveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        photo.removed_at, photo.removed_by, photo.removed_why = timezone.now(), user_of(request), form.cleaned_data["why"]
        photo.teaching_allowed = False
        photo.save(update_fields=["removed_at", "removed_by", "removed_why", "teaching_allowed"])
        shelf.remove(photo)
        note(request, action="photograph removed", of=photo, patient=patient_id, sha256=photo.sha256)
        messages.success(request, "The photograph is removed; the record says who removed it and why.", "good")
        return redirect("photos:patient", patient_id=patient_id)
    context: dict[str, Any] = {"patient": photo.patient, "tab": "photos", "photo": photo, "form": form}
    return render(request, "photos/remove.html", context, status=422 if form.errors else 200)


def _photos(found: Patient) -> Any:
    return Photo.objects.filter(patient=found)


def _chosen(photos: Sequence[Photo], wanted: str) -> Photo | None:
    return next((one for one in photos if str(one.pk) == wanted), None)


def _pair(photos: Sequence[Photo]) -> tuple[Photo, Photo] | None:
    """First and last photograph of the view that was followed longest; None where no view has two."""
    by_view: dict[tuple[str, str], list[Photo]] = {}
    for one in photos:
        if one.removed_at is None and one.view != "other":
            by_view.setdefault((one.view, one.site), []).append(one)
    pairs = [(group[0], group[-1]) for group in by_view.values() if len(group) > 1]
    return max(pairs, key=lambda pair: pair[1].taken_on - pair[0].taken_on, default=None)
