"""The patient file as YAML: taking it out without a name in it, and bringing one in after a look at what would change."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import yaml
from django.contrib import messages
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from pydantic import JsonValue

from recutis.errors import InputError
from recutis.files import read_yaml
from recutis.patient import Override, make_override, read_draft, read_overrides, screen
from recutis.web.access import TREATING, allow, note, own, user_of
from recutis.web.accounts.models import CLINICIAN
from recutis.web.patients import answers
from recutis.web.patients.consultation import locked
from recutis.web.patients.models import LiftedRule, Patient
from recutis.web.patients.panel import place_words
from recutis.web.patients.records import lapse, lifted_rules, overrides_document
from recutis.web.uploads import uploaded

LARGEST_BYTES: Final = 200_000
_SALT: Final = "recutis.patients.import"
_GOOD_FOR_SECONDS: Final = 3600
_LONGEST_LINE: Final = 200


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One place whose answer an import would change, and its answers in words; empty where nothing is answered."""

    place: str
    before: str
    after: str

    @property
    def words(self) -> str:
        """The place in words."""
        return place_words(self.place)


def differences(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]) -> list[Difference]:
    """Answer for answer, what is not the same in two patient files."""
    one, two = dict(_leaves(before, "")), dict(_leaves(after, ""))
    return [
        Difference(place=place, before=_shown(one.get(place)), after=_shown(two.get(place)))
        for place in {**one, **two}
        if json.dumps(one.get(place)) != json.dumps(two.get(place))
    ]


def _shown(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value).replace("_", " ")
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…"


def _leaves(value: Any, place: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        return [leaf for key, item in value.items() for leaf in _leaves(item, f"{place}.{key}" if place else str(key))]
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [leaf for number, item in enumerate(value) for leaf in _leaves(item, f"{place}.{number}")]
    return [(place, value)] if place else []


def as_json(value: object, place: str = "") -> JsonValue:
    """What YAML holds as JSON; days as 2026-11-22.

    Raises InputError for a value that JSON does not have.
    """
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): as_json(item, f"{place}.{key}" if place else str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item, f"{place}.{number}") for number, item in enumerate(value)]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    msg = f"{place} holds something that a patient file does not have ({type(value).__name__}); write a word, a number or a day."
    raise InputError(msg)


def read_upload(request: HttpRequest) -> dict[str, JsonValue]:
    """The patient file that was uploaded.

    Raises InputError: one sentence about what is wrong in it. Open questions are not wrong.
    """
    with uploaded(request, "file", what="a patient file", largest_bytes=LARGEST_BYTES) as path:
        document = read_yaml(path)
    data = as_json(document.data)
    if not isinstance(data, dict):
        msg = "The uploaded file must hold keys and values at the top, such as 'patient:'."
        raise InputError(msg)
    answers.require_storable(data, longest=LARGEST_BYTES)
    wrong = [item for item in read_draft(data).problems if not item.missing]
    if wrong:
        also = f" ({len(wrong) - 1} more to correct after this.)" if len(wrong) > 1 else ""
        raise InputError(f"{wrong[0].sentence.replace('the patient file', 'the uploaded file')}{also}")
    return data


def _refused(request: HttpRequest, patient: Patient, error: InputError) -> HttpResponse:
    return render(request, "patients/file.html", _context(request, patient, error=str(error)), status=422)


def _context(request: HttpRequest, patient: Patient, **more: object) -> dict[str, object]:
    may_lift = user_of(request).role == CLINICIAN
    return {"patient": patient, "tab": "consultation", "lifted": lifted_rules(patient), "may_lift": may_lift, **more}


@allow(*TREATING, methods=("GET", "HEAD", "POST"))
def transfer(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Take the file out, or look at what an uploaded one would change; nothing is changed here."""
    patient = own(request, Patient, pk=patient_id)
    if request.method != "POST":
        return render(request, "patients/file.html", _context(request, patient))
    overrides: tuple[Override, ...] = ()
    try:
        if request.FILES.get("overrides") is not None:
            if user_of(request).role != CLINICIAN:
                msg = "Only a clinician lifts rules, so the override file was not read. Leave it out."
                raise InputError(msg)
            overrides = _read_overrides(request)
        data = read_upload(request) if request.FILES.get("file") is not None or not overrides else dict(patient.file)
        if overrides:
            screen(read_draft(data).patient, overrides=[_of_today(item, request) for item in overrides])
    except InputError as error:
        return _refused(request, patient, error)
    carried = {
        "patient": str(patient.pk), "version": patient.file_version, "file": data,
        "overrides": [item.model_dump(mode="json") for item in overrides],
    }  # fmt: skip
    context = _context(
        request, patient, differences=differences(patient.file, data), overrides=overrides, previewed=True,
        carried=signing.dumps(carried, salt=_SALT, compress=True),
    )  # fmt: skip
    note(request, action="import looked at", of=patient)
    return render(request, "patients/file.html", context)


def _read_overrides(request: HttpRequest) -> tuple[Override, ...]:
    with uploaded(request, "overrides", what="a file of overrides", largest_bytes=LARGEST_BYTES) as path:
        return read_overrides(path)


def _of_today(item: Override, request: HttpRequest) -> Override:
    """An override of a file as the decision of the physician who brings it in; the reason says who decided before."""
    before = f"{item.reason} (as decided by {item.by} on {item.date})"
    user = user_of(request)
    return make_override(
        rule_id=item.rule_id, by=user.full_name, role=user.override_role, reason=before[:_LONGEST_LINE], date=timezone.localdate()
    )


@allow(*TREATING, methods=("POST",))
def confirm(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Take over the file that was looked at, unless the record has changed since."""
    patient = own(request, Patient, pk=patient_id)
    try:
        patient = locked(request, patient_id)
        with transaction.atomic():  # file and overrides, or neither
            _take_over(request, patient, _carried(request, patient))
    except InputError as error:
        return _refused(request, patient, error)
    messages.success(request, "The file is taken over.", "good")
    return redirect("patients:consultation", patient.pk)


def _take_over(request: HttpRequest, patient: Patient, carried: Mapping[str, Any]) -> None:
    file = dict(carried["file"])
    places = [item.place for item in differences(patient.file, file)]
    if file != patient.file:
        answers.keep(patient, file, sorted({place.partition(".")[0] for place in places}), user_of(request))
        lapsed = lapse(patient, user_of(request))
        note(request, action="patient file imported", of=patient, places=places[:50], **({"lapsed": lapsed} if lapsed else {}))
    _lift(request, patient, [Override.model_validate_json(json.dumps(item)) for item in carried["overrides"]])


def _carried(request: HttpRequest, patient: Patient) -> dict[str, Any]:
    """What was looked at before.

    Raises InputError when it is old, somebody else's, or no longer fits the record.
    """
    try:
        carried: dict[str, Any] = signing.loads(request.POST.get("carried", ""), salt=_SALT, max_age=_GOOD_FOR_SECONDS)
    except signing.BadSignature as error:
        msg = "What was looked at is too old or incomplete, so nothing was changed. Choose the file again."
        raise InputError(msg) from error
    if carried["patient"] != str(patient.pk) or carried["version"] != patient.file_version:
        msg = "The record has changed since the file was looked at, so nothing was taken over. Choose the file again."
        raise InputError(msg)
    return carried


def _lift(request: HttpRequest, patient: Patient, overrides: list[Override]) -> None:
    if not overrides or user_of(request).role != CLINICIAN:
        return
    standing = {item.rule_id for item in lifted_rules(patient)}
    new = [_of_today(item, request) for item in overrides if item.rule_id not in standing]
    screen(read_draft(patient.file).patient, overrides=new)
    for item in new:
        LiftedRule.objects.create(
            clinic=patient.clinic, patient=patient, rule_id=item.rule_id, by=user_of(request), reason=item.reason, date=item.date
        )
    note(request, lifted=[item.rule_id for item in new])


def _as_yaml(document: Mapping[str, object], name: str) -> HttpResponse:
    text = yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False, allow_unicode=True, width=120)
    answer = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@allow(*TREATING)
def download(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The patient file, as the command line takes it; no name is in it or on it."""
    patient = own(request, Patient, pk=patient_id)
    note(request, action="patient file downloaded", of=patient)
    return _as_yaml(patient.file, f"patient-file-{timezone.localdate()}.yaml")


@allow(*TREATING)
def download_overrides(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """What physicians have lifted, as the command line takes it."""
    patient = own(request, Patient, pk=patient_id)
    note(request, action="overrides downloaded", of=patient)
    return _as_yaml(overrides_document(lifted_rules(patient)), f"overrides-{timezone.localdate()}.yaml")
