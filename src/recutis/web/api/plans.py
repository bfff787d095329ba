"""Operations on plans and on the long jobs that make them."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from recutis.web.access import TREATING, note, own, user_of
from recutis.web.accounts.models import RESEARCHER
from recutis.web.api.guard import open_to
from recutis.web.api.words import answers
from recutis.web.patients.models import Patient
from recutis.web.planning.models import CoursePlan, Job

router = Router(tags=["plans"])


class PlanRow(Schema):
    """A plan in short."""

    id: uuid.UUID
    patient_id: uuid.UUID
    previous_id: uuid.UUID | None = Field(description="the plan that this one follows, after something was seen")
    status: str = Field(description="ready, needs_answers, deferred, refer or blocked")
    headline: str
    chosen_rank: int = Field(description="rank of the option that was chosen")
    made_at: datetime.datetime
    released: bool = Field(description="whether its patient part may leave the clinic")
    released_at: datetime.datetime | None
    withdrawn_at: datetime.datetime | None


class PlanOut(PlanRow):
    """A plan with its whole document."""

    document: dict[str, Any] = Field(description="as docs/schema/plan.json says")


class JobOut(Schema):
    """A long computation."""

    id: uuid.UUID
    kind: str = Field(description="plan, update, report or simulate")
    patient_id: uuid.UUID | None
    state: str = Field(description="queued, running, done, failed, cancelled or interrupted")
    progress: float = Field(description="0 to 1")
    words: str = Field(description="where it stands, or why it failed")
    result: Any = Field(description="what came out, such as the id of a plan; null while it runs")
    asked_at: datetime.datetime
    ended_at: datetime.datetime | None


@router.get("/patients/{patient_id}/plans", response=answers(list[PlanRow]))
@open_to(*TREATING)
def plans(request: HttpRequest, patient_id: uuid.UUID) -> list[CoursePlan]:
    """Plans of a patient, newest first."""
    return list(CoursePlan.objects.filter(patient=own(request, Patient, pk=patient_id)).defer("document"))


@router.get("/plans/{plan_id}", response=answers(PlanOut))
@open_to(*TREATING)
def plan(request: HttpRequest, plan_id: uuid.UUID) -> CoursePlan:
    """One plan with its document."""
    found = own(request, CoursePlan, pk=plan_id)
    note(request, of=found, patient=found.patient_id)
    return found


@router.get("/jobs/{job_id}", response=answers(JobOut))
@open_to(*TREATING, RESEARCHER)
def job(request: HttpRequest, job_id: uuid.UUID) -> Job:
    """Where a long computation stands; a researcher sees their own."""
    return own_job(request, job_id)


def own_job(request: HttpRequest, job_id: uuid.UUID) -> Job:
    """A job of this clinic; of a researcher, one that they asked for."""
    user = user_of(request)
    mine: dict[str, Any] = {"asked_by": user} if user.role == RESEARCHER else {}
    found = own(request, Job, pk=job_id, **mine)
    note(request, of=found, patient=found.patient_id or "")
    return found
