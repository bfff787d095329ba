"""Everything that is kept about one patient, read in one go for whatever leaves the clinic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recutis.web.accounts.models import Clinic, User
from recutis.web.delivery.models import AdverseEvent, Consent, DeliveredPass, DeviceUnit, FollowUp, Session
from recutis.web.diary.models import DiaryEntry
from recutis.web.patients.models import Patient
from recutis.web.planning.models import CoursePlan


@dataclass(frozen=True, kw_only=True)
class PatientRecord:
    """The rows of one patient, each list in its usual order; passes and entries that were corrected are left out."""

    clinic: Clinic
    patient: Patient
    plans: tuple[CoursePlan, ...]
    sessions: tuple[Session, ...]
    passes: tuple[DeliveredPass, ...]
    entries: tuple[DiaryEntry, ...]
    consents: tuple[Consent, ...]
    harms: tuple[AdverseEvent, ...]
    follow_ups: tuple[FollowUp, ...]

    @property
    def units(self) -> tuple[DeviceUnit, ...]:
        """The devices that were used, each once."""
        return tuple({one.unit_id: one.unit for one in self.passes}.values())

    @property
    def people(self) -> tuple[User, ...]:
        """The members of staff that these rows name, each once."""
        named = [
            *(plan.made_by for plan in self.plans),
            *(plan.released_by for plan in self.plans),
            *(one.operator for one in self.sessions),
            *(one.given_by for one in self.passes),
            *(one.witness for one in self.consents),
            *(one.entered_by for one in self.harms),
            *(one.entered_by for one in self.follow_ups),
        ]
        return tuple({one.pk: one for one in named if one is not None}.values())


def counting(entries: Iterable[DiaryEntry]) -> tuple[DiaryEntry, ...]:
    """Of several entries for one day of a session the newest, in the order of sessions and days."""
    newest = {(one.session_id, one.day): one for one in sorted(entries, key=lambda one: one.entered_at)}
    return tuple(sorted(newest.values(), key=lambda one: (one.on, one.day)))


def gather(patient: Patient) -> PatientRecord:
    """Read the rows of a patient; the number of queries does not grow with them."""
    passes = DeliveredPass.objects.filter(session__patient=patient, replaced_by=None)
    return PatientRecord(
        clinic=patient.clinic,
        patient=patient,
        plans=tuple(patient.plans.select_related("made_by", "released_by")),
        sessions=tuple(patient.sessions.select_related("operator")),
        passes=tuple(passes.select_related("unit", "given_by")),
        entries=counting(patient.diary_entries.all()),
        consents=tuple(patient.consents.select_related("witness")),
        harms=tuple(patient.adverse_events.select_related("entered_by")),
        follow_ups=tuple(patient.follow_ups.select_related("entered_by")),
    )
