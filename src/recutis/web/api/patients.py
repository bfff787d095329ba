"""Operations on patients: details, the patient file, screening, lifted rules."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field, JsonValue

from recutis.patient import make_override, parse_patient
from recutis.web.access import TREATING, note, own, refused, user_of
from recutis.web.accounts.models import CLINICIAN, FRONT_DESK, NURSE
from recutis.web.api.guard import ConflictError, open_to
from recutis.web.api.words import BirthDay, Email, Name, Number, Page, PerPage, Phone, Reason, Search, Told, Version, answers
from recutis.web.exports.screening import ScreeningDocument, screening_document
from recutis.web.patients.answers import keep
from recutis.web.patients.consultation import locked
from recutis.web.patients.lifting import checked
from recutis.web.patients.models import LiftedRule, Patient
from recutis.web.patients.records import applying, lapse, lifted_rules, standing
from recutis.web.patients.views import found as matching

router = Router(tags=["patients"])
NAMED = (CLINICIAN, NURSE, FRONT_DESK)


class PatientOut(Schema):
    """Who a patient is; nothing medical."""

    id: uuid.UUID
    number: str = Field(description="record number, once in a clinic")
    given_name: str
    family_name: str
    birth_date: datetime.date
    phone: str
    email: str
    changed_at: datetime.datetime
    archived_at: datetime.datetime | None


class PatientPage(Schema):
    """A part of the list of patients."""

    items: list[PatientOut]
    count: int = Field(description="patients that match, on all pages")
    page: int
    pages: int


class PatientNew(Told):
    """A new patient."""

    number: Number = Field(description="record number, not used before in this clinic")
    given_name: Name
    family_name: Name
    birth_date: BirthDay
    phone: Phone = ""
    email: Email = ""
    file: dict[str, JsonValue] | None = Field(default=None, description="a patient file as `recutis screen` reads it")


class PatientChange(Told):
    """New details of a patient; what is left out or null stays."""

    number: Number | None = None
    given_name: Name | None = None
    family_name: Name | None = None
    birth_date: BirthDay | None = None
    phone: Phone | None = None
    email: Email | None = None


class FileOut(Schema):
    """The patient file as it stands."""

    file: dict[str, Any] = Field(description="as docs/schema/patient.json says, as far as it is filled in")
    file_version: int = Field(description="counts the changes; send it back with a change")
    changed_at: datetime.datetime


class FileIn(Told):
    """A whole patient file in place of the one that is there."""

    file: dict[str, JsonValue] = Field(description="as docs/schema/patient.json says")
    file_version: Version = Field(description="the version that was read; another one has been saved since: 409")


class Lifted(Schema):
    """A screening rule or ceiling that a physician has lifted."""

    id: uuid.UUID
    rule_id: str
    by: str
    reason: str
    date: datetime.date
    withdrawn_at: datetime.datetime | None

    @staticmethod
    def resolve_by(rule: LiftedRule) -> str:
        """The name of who decided."""
        return rule.by.full_name


class LiftIn(Told):
    """A rule to lift."""

    rule_id: Number = Field(description="such as SCR-010, or CEI-002 for a ceiling that asks for a physician")
    reason: Reason = Field(description="why the rule does not hold for this patient")


@router.get("/patients", response=answers(PatientPage))
@open_to(*NAMED)
def patients(
    request: HttpRequest,
    search: Search = "",
    archived: bool = False,
    page: Page = 1,
    per_page: PerPage = 50,
) -> dict[str, object]:
    """Patients of the clinic, those changed last first; by name where `search` holds words.

    These are found in names, record number and day of birth (2026-11-22).
    """
    found = matching(user_of(request).clinic, search, archived=archived).defer("file", "file_changes")
    count = found.count()
    note(request, count=count)
    return {
        "items": list(found[(page - 1) * per_page : page * per_page]),
        "count": count,
        "page": page,
        "pages": max(1, -(-count // per_page)),
    }


@router.post("/patients", response=answers(PatientOut, code=201))
@open_to(*NAMED)
def add_patient(request: HttpRequest, told: PatientNew) -> Status[Patient]:
    """Add a patient; a patient file may come with it, except from the front desk."""
    user = user_of(request)
    values = told.model_dump(exclude={"file"})
    made = Patient(clinic_id=user.clinic_id, created_by=user, **values)
    if told.file is not None:
        if user.role not in TREATING:
            refused(request)
        parse_patient(dict(told.file))
        made.file, made.file_version = told.file, 1
    _save(made)
    note(request, action="patient added", of=made, patient=made)
    return Status(201, made)


@router.get("/patients/{patient_id}", response=answers(PatientOut))
@open_to(*NAMED)
def patient(request: HttpRequest, patient_id: uuid.UUID) -> Patient:
    """One patient's details."""
    return own(request, Patient, pk=patient_id)


@router.patch("/patients/{patient_id}", response=answers(PatientOut))
@open_to(*NAMED)
def change_patient(request: HttpRequest, patient_id: uuid.UUID, told: PatientChange) -> Patient:
    """Change a patient's details."""
    found = own(request, Patient, pk=patient_id)
    changed = told.model_dump(exclude_none=True)
    for name, value in changed.items():
        setattr(found, name, value)
    if changed:
        _save(found, list(changed))
    note(request, action="patient details changed", of=found, patient=found, fields=sorted(changed))
    return found


def _save(patient: Patient, fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            patient.save(update_fields=fields) if fields else patient.save()
    except IntegrityError as error:
        msg = f"The record number {patient.number} is already in use in your clinic; give another."
        raise ConflictError(msg) from error


@router.get("/patients/{patient_id}/file", response=answers(FileOut))
@open_to(*TREATING)
def patient_file(request: HttpRequest, patient_id: uuid.UUID) -> Patient:
    """The patient file as it stands, complete or not."""
    return own(request, Patient, pk=patient_id)


@router.put("/patients/{patient_id}/file", response=answers(FileOut))
@open_to(*TREATING)
def put_patient_file(request: HttpRequest, patient_id: uuid.UUID, told: FileIn) -> Patient:
    """Replace the patient file by one that `recutis screen` would read; 409 when it was changed since it was read."""
    found = locked(request, patient_id)
    parse_patient(dict(told.file))
    if found.file_version != told.file_version:
        msg = (
            f"The patient file is at version {found.file_version}, not {told.file_version}: somebody has changed it since. "
            "Read it again."
        )
        raise ConflictError(msg)
    keep(found, dict(told.file), sorted({*found.file, *told.file}), user_of(request))
    lapsed = lapse(found, user_of(request))
    note(request, action="patient file changed", of=found, patient=found, **({"lapsed": lapsed} if lapsed else {}))
    return found


@router.get("/patients/{patient_id}/screening", response=answers(ScreeningDocument))
@open_to(*TREATING)
def screening(request: HttpRequest, patient_id: uuid.UUID) -> ScreeningDocument:
    """What the screening rules say of the patient file as it stands, with the rules that were lifted; 422 while it is not right."""
    found = own(request, Patient, pk=patient_id)
    used, _ = applying(parse_patient(dict(found.file)), lifted_rules(found))
    return screening_document(found.file, used)


@router.get("/patients/{patient_id}/overrides", response=answers(list[Lifted]))
@open_to(*TREATING)
def overrides(request: HttpRequest, patient_id: uuid.UUID) -> list[LiftedRule]:
    """Rules that were lifted for this patient, withdrawn ones too."""
    found = own(request, Patient, pk=patient_id)
    return list(LiftedRule.objects.filter(patient=found).select_related("by").order_by("date"))


@router.post("/patients/{patient_id}/overrides", response=answers(Lifted, code=201))
@open_to(CLINICIAN)
def lift(request: HttpRequest, patient_id: uuid.UUID, told: LiftIn) -> Status[LiftedRule]:
    """Lift a rule that fires; physicians only, with a reason, and never where the rule says never."""
    user, found = user_of(request), locked(request, patient_id)
    if LiftedRule.objects.filter(patient=found, rule_id=told.rule_id, withdrawn_at=None).exists():
        msg = f"{told.rule_id} is already lifted for this patient."
        raise ConflictError(msg)
    today = timezone.localdate()
    words = " ".join(told.reason.split())
    new = make_override(rule_id=told.rule_id, by=user.full_name, role=user.override_role, reason=words, date=today)
    checked(standing(found), new, lifted_rules(found))
    made = LiftedRule.objects.create(
        clinic_id=user.clinic_id, patient=found, rule_id=new.rule_id, by=user, reason=new.reason, date=today
    )
    note(request, action="screening rule lifted", of=made, patient=found, rule=told.rule_id)
    return Status(201, made)
