"""Operations on oneself, the clinic, its people and the audit."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from recutis.web.access import EVERYONE, note, user_of
from recutis.web.accounts.models import Clinic, User
from recutis.web.api.guard import open_to
from recutis.web.api.words import Name, PerPage, Phone, Told, Version, answers
from recutis.web.audit.models import AuditEntry

router = Router(tags=["clinic"])


class Person(Schema):
    """A member of staff."""

    id: uuid.UUID
    full_name: str
    email: str
    role: str = Field(description="clinician, nurse, front_desk, researcher or administrator")
    administers: bool = Field(description="whether this person opens accounts")
    is_active: bool


class ClinicOut(Schema):
    """The clinic."""

    id: uuid.UUID
    name: str
    phone: str
    out_of_hours_phone: str


class Me(Schema):
    """Who asks, and for which clinic."""

    person: Person
    clinic: ClinicOut


class ClinicChange(Told):
    """What may be changed of a clinic; what is left out or null stays."""

    name: Name | None = Field(default=None, description="how the clinic is called")
    phone: Phone | None = None
    out_of_hours_phone: Phone | None = Field(default=None, description="shown to patients when the clinic is closed")


class AuditRow(Schema):
    """One entry of the audit."""

    number: int
    at: str = Field(description="ISO 8601, UTC")
    who: str
    role: str
    action: str
    object_type: str
    object_id: str
    patient_id: str = Field(alias="patient_id_text")
    detail: dict[str, Any]
    address: str
    hash: str


@router.get("/me", response=answers(Me), by_alias=False)
@open_to(*EVERYONE)
def me(request: HttpRequest) -> dict[str, object]:
    """Who asks: account, role, clinic."""
    user = user_of(request)
    return {"person": user, "clinic": user.clinic}


@router.get("/clinic", response=answers(ClinicOut))
@open_to(*EVERYONE)
def clinic(request: HttpRequest) -> Clinic:
    """The clinic's name and telephone numbers."""
    return user_of(request).clinic


@router.patch("/clinic", response=answers(ClinicOut))
@open_to(administrators=True)
def change_clinic(request: HttpRequest, told: ClinicChange) -> Clinic:
    """Change name or telephone numbers; administrators."""
    found = user_of(request).clinic
    changed = told.model_dump(exclude_none=True)
    for name, value in changed.items():
        setattr(found, name, value)
    if changed:
        found.save(update_fields=list(changed))
    note(request, action="clinic changed", of=found, fields=sorted(changed))
    return found


@router.get("/people", response=answers(list[Person]))
@open_to(administrators=True)
def people(request: HttpRequest) -> list[User]:
    """Everyone of the clinic; administrators."""
    return list(user_of(request).clinic.people.all())


@router.get("/audit", response=answers(list[AuditRow]), by_alias=False)
@open_to(administrators=True)
def audit(request: HttpRequest, before: Version | None = None, per_page: PerPage = 50) -> list[AuditEntry]:
    """Entries of the clinic's audit, newest first; `before` a number gives older ones; administrators."""
    entries = AuditEntry.objects.filter(chain=str(user_of(request).clinic_id)).order_by("-number")
    if before is not None:
        entries = entries.filter(number__lt=before)
    return list(entries[:per_page])
