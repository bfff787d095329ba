"""Operations that take records out of the clinic: FHIR, outcomes without names."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from ninja import Router

from recutis.web.access import TREATING, note, own, user_of
from recutis.web.accounts.models import CLINICIAN, RESEARCHER
from recutis.web.api.guard import open_to
from recutis.web.api.words import answers
from recutis.web.exports import files
from recutis.web.exports.outcomes import as_csv, outcomes
from recutis.web.exports.record import gather
from recutis.web.patients.models import Patient

router = Router(tags=["out of the clinic"])
_CSV: Final = "text/csv"
_FHIR: Final = "application/fhir+json"


def _of_type(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"responses": {200: {"content": {kind: {"schema": schema}}}}}


@router.get("/patients/{patient_id}/fhir", response=answers(None), openapi_extra=_of_type(_FHIR, {"type": "object"}))
@open_to(*TREATING)
def fhir(request: HttpRequest, patient_id: uuid.UUID) -> HttpResponse:
    """A patient's record as a FHIR R5 bundle of type collection."""
    found = own(request, Patient, pk=patient_id)
    note(request, action="record taken out", of=found, form="FHIR R5")
    return HttpResponse(files.fhir_json(gather(found)), content_type=_FHIR)


@router.get("/outcomes.csv", response=answers(None), openapi_extra=_of_type(_CSV, {"type": "string"}))
@open_to(CLINICIAN, RESEARCHER)
def outcomes_csv(request: HttpRequest) -> HttpResponse:
    """Outcomes of the clinic without names, one line a concern: what was predicted and what was seen."""
    rows = outcomes(user_of(request).clinic)
    note(request, action="outcomes taken out", rows=len(rows))
    return HttpResponse(as_csv(rows), content_type=f"{_CSV}; charset=utf-8")
