"""A patient's record as the rest of Recutis reads it: the file so far, what physicians have lifted, the request for a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from recutis.errors import InputError
from recutis.files import Document, validate
from recutis.laser import Clinic as ClinicFile
from recutis.patient import Draft, Override, Screening, make_override, parse_patient, read_draft, screen
from recutis.patient import Patient as PatientFile
from recutis.plan.request import Request
from recutis.web.accounts.models import Clinic, User
from recutis.web.patients.models import LiftedRule, Patient


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A patient as screening sees them now.

    `screening` is None while no concern is named; `resting` are lifted rules that do not fire with the answers as they stand, each
    with the sentence that says so. A resting one has no effect.
    """

    draft: Draft
    screening: Screening | None
    lifted: tuple[LiftedRule, ...]
    resting: tuple[tuple[LiftedRule, str], ...]


def lifted_rules(patient: Patient) -> tuple[LiftedRule, ...]:
    """The rules that are lifted for this patient now, oldest first."""
    found = patient.lifted_rules.filter(withdrawn_at=None).select_related("by").order_by("date", "id")
    return tuple(found)


def override_of(lifted: LiftedRule) -> Override:
    """A lifted rule as screening takes it."""
    # Only a physician could lift it; whoever has another role today decided as a physician then.
    return make_override(rule_id=lifted.rule_id, by=lifted.by.full_name, role="physician", reason=lifted.reason, date=lifted.date)


def applying(patient: PatientFile, lifted: Iterable[LiftedRule]) -> tuple[list[Override], list[tuple[LiftedRule, str]]]:
    """(overrides that apply to the file as it stands, lifted rules that do not with the sentence why)."""
    used: list[Override] = []
    resting: list[tuple[LiftedRule, str]] = []
    for item in lifted:
        override = override_of(item)
        try:
            screen(patient, overrides=[override])
        except InputError as error:
            resting.append((item, str(error)))
        else:
            used.append(override)
    return used, resting


def standing(patient: Patient) -> Standing:
    """What can be said of this patient from the answers so far."""
    draft = read_draft(patient.file)
    lifted = lifted_rules(patient)
    used, resting = applying(draft.patient, lifted)
    screening = screen(draft.patient, overrides=used) if draft.patient.concerns else None
    return Standing(draft=draft, screening=screening, lifted=lifted, resting=tuple(resting))


def lapse(patient: Patient, user: User) -> list[str]:
    """Withdraw lifted rules whose reason to be is gone: the rule does not fire any more. Gives the rules' ids.

    Should the rule fire again later, a physician decides anew. Nothing lapses while answers of the file cannot be read.
    """
    lifted = lifted_rules(patient)
    if not lifted:
        return []
    draft = read_draft(patient.file)
    if not draft.complete:
        return []
    _, resting = applying(draft.patient, lifted)
    for item, _why in resting:
        withdraw(item, user)
    return [item.rule_id for item, _why in resting]


def withdraw(lifted: LiftedRule, user: User) -> None:
    """End a lifted rule; the record stays."""
    lifted.withdrawn_at, lifted.withdrawn_by = timezone.now(), user
    lifted.save(update_fields=["withdrawn_at", "withdrawn_by"])


def clinic_file(clinic: Clinic) -> ClinicFile | None:
    """The clinic's devices as planning takes them; None when no devices are listed, so that every catalogue device is open.

    Raises InputError when the list cannot be read.
    """
    if not clinic.devices_file:
        return None
    return validate(ClinicFile, Document(name="the clinic's list of devices", data=dict(clinic.devices_file), lines={}))


def request_for(patient: Patient, clinic: Clinic) -> Request:
    """What to plan for a patient of this clinic: the patient file, the clinic's devices, the rules that are lifted.

    Raises InputError: one sentence about what in the consultation, or in the clinic's devices, must be corrected first.
    """
    if not patient.file.get("concerns"):
        msg = "The consultation names no concern yet; add what is to be changed, and where, before a plan is made."
        raise InputError(msg)
    parsed = parse_patient(patient.file)
    used, _ = applying(parsed, lifted_rules(patient))
    return Request(patient=parsed, clinic=clinic_file(clinic), overrides=tuple(used))


def overrides_document(lifted: Sequence[LiftedRule]) -> dict[str, object]:
    """Lifted rules as an override file holds them."""
    return {"overrides": [override_of(item).model_dump(mode="json") for item in lifted]}
