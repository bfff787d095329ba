"""What a patient's record, as it stands today, says about a plan that was made earlier."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from recutis.web.patients.records import standing

if TYPE_CHECKING:
    from recutis.plan.document import PhaseDocument
    from recutis.web.patients.models import Patient


def ruled_out(patient: Patient, phases: Iterable[PhaseDocument]) -> str:
    """Why the record keeps these phases from being given now, as the end of a sentence; empty when nothing does."""
    if patient.archived_at is not None:
        return "the record is archived. A clinician restores it first."
    found = standing(patient).screening
    if found is None:
        return "the record names no concern any more, so that nothing can be screened."
    stops = {
        entry.rule_id: entry.condition
        for phase in phases
        for site in phase.site_settings
        for entry in found.removed(phase.device_class, site)
    }
    if stops:
        told = "; ".join(f"{condition} ({rule})" for rule, condition in stops.items())
        return f"the record rules this laser out now: {told}. A clinician decides, and the plan is made again."
    return "the record asks for a lesion to be examined first." if found.status == "refer" else ""
