"""Operations on plans and on the long jobs that make them."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field, JsonValue

from recutis.files import Document, validate
from recutis.plan.observation_file import parse_observations
from recutis.simulation import ExposureFile
from recutis.web.access import TREATING, note, own, user_of
from recutis.web.accounts.models import CLINICIAN, RESEARCHER
from recutis.web.api.guard import ConflictError, open_to
from recutis.web.api.words import Told, answers
from recutis.web.delivery.release import release, why_not
from recutis.web.patients.models import Patient
from recutis.web.planning import jobs
from recutis.web.planning.making import request_of, under_way
from recutis.web.planning.models import CoursePlan, Job

if TYPE_CHECKING:
    from recutis.web.accounts.models import User

router = Router(tags=["plans"])
MOST_WAITING: Final = 10
"""Jobs that one person may have waiting by the interface."""


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


class SeenIn(Told):
    """What was seen of a course."""

    observations: list[dict[str, JsonValue]] = Field(
        min_length=1, max_length=50, description="as docs/schema/observation.json says"
    )


class ExposureIn(Told):
    """One exposure, or two to compare."""

    exposure: dict[str, JsonValue] = Field(description="as docs/schema/exposure.json says")
    against: dict[str, JsonValue] | None = Field(default=None, description="a second one")


@router.get("/patients/{patient_id}/plans", response=answers(list[PlanRow]))
@open_to(*TREATING)
def plans(request: HttpRequest, patient_id: uuid.UUID) -> list[CoursePlan]:
    """Plans of a patient, newest first."""
    return list(CoursePlan.objects.filter(patient=own(request, Patient, pk=patient_id)).defer("document"))


@router.post("/patients/{patient_id}/plans", response=answers(JobOut, code=202))
@open_to(CLINICIAN)
def make_plan(request: HttpRequest, patient_id: uuid.UUID) -> Status[JobOut]:
    """Make a plan from the patient file as it stands, the clinic's devices and the lifted rules; physicians only.

    202 with the job that makes it; 409 while another plan is being made for the patient.
    """
    user, patient = user_of(request), own(request, Patient, pk=patient_id)
    _few_enough(user)
    _none_under_way(patient)
    made = jobs.start("plan", {"request": request_of(patient)}, user=user, patient=patient, keep={"from": "record"})
    note(request, action="plan asked for", of=made, patient=patient)
    return Status(202, job_out(made))


def _few_enough(user: User) -> None:
    """Raises ConflictError when so many jobs of a person wait that others of the clinic would wait for them."""
    waiting = Job.objects.filter(asked_by=user).exclude(state__in=jobs.OVER).count()
    if waiting >= MOST_WAITING:
        msg = f"{waiting} of your jobs are not over yet, and {MOST_WAITING} may wait at once; wait for some, or cancel them."
        raise ConflictError(msg)


def _none_under_way(patient: Patient) -> None:
    job = under_way(patient)
    if job is not None:
        msg = f"A plan is being made for this patient already; ask for /api/jobs/{job.pk}."
        raise ConflictError(msg)


@router.get("/plans/{plan_id}", response=answers(PlanOut))
@open_to(*TREATING)
def plan(request: HttpRequest, plan_id: uuid.UUID) -> CoursePlan:
    """One plan with its document."""
    found = own(request, CoursePlan, pk=plan_id)
    note(request, of=found, patient=found.patient_id)
    return found


@router.post("/plans/{plan_id}/release", response=answers(PlanRow))
@open_to(CLINICIAN)
def release_plan(request: HttpRequest, plan_id: uuid.UUID) -> CoursePlan:
    """Release a plan: its sessions are booked and its patient part may leave the clinic; physicians only.

    409 says what stands against it.
    """
    list(CoursePlan.objects.select_for_update(no_key=True).filter(pk=plan_id).values_list("pk"))
    user, plan = user_of(request), own(request, CoursePlan, pk=plan_id)
    stops = why_not(plan)
    if stops:
        raise ConflictError(stops[0])
    made = release(plan, user)
    note(request, action="plan released", of=plan, patient=plan.patient_id, option=plan.chosen_rank, sessions=len(made))
    return plan


@router.post("/plans/{plan_id}/update", response=answers(JobOut, code=202))
@open_to(CLINICIAN)
def update(request: HttpRequest, plan_id: uuid.UUID, told: SeenIn) -> Status[JobOut]:
    """Make the rest of the course anew from what was seen of it; physicians only. 202 with the job that makes the new plan."""
    user, plan = user_of(request), own(request, CoursePlan, pk=plan_id)
    _none_under_way(plan.patient)
    if plan.status != "ready":
        msg = "This plan is not ready, so that there is no course to go on with."
        raise ConflictError(msg)
    seen: list[Mapping[str, Any]] = [
        item.model_dump(mode="json", exclude_none=True) for item in parse_observations({"observations": told.observations})
    ]
    made = jobs.start(
        "update", {"plan": plan.document, "observations": seen, "option": plan.chosen_rank}, user=user, patient=plan.patient,
        keep={"previous": str(plan.pk), "observation": seen},
    )  # fmt: skip
    note(request, action="update asked for", of=made, patient=plan.patient_id)
    return Status(202, job_out(made))


@router.post("/simulations", response=answers(JobOut, code=202))
@open_to(*TREATING, RESEARCHER)
def simulate(request: HttpRequest, told: ExposureIn) -> Status[JobOut]:
    """Simulate an exposure, or two to compare; 202 with the job. Its result holds what `recutis simulate` writes to injury.json."""
    exposures = [one for one in (told.exposure, told.against) if one is not None]
    for one in exposures:
        validate(ExposureFile, Document(name="the exposure", data=dict(one), lines={}))
    _few_enough(user_of(request))
    made = jobs.start(
        "simulate", {"exposure": told.exposure, "against": told.against}, user=user_of(request),
        keep={"exposure": told.exposure, "against": told.against},
    )  # fmt: skip
    note(request, action="simulation asked for", of=made)
    return Status(202, job_out(made))


@router.get("/jobs/{job_id}", response=answers(JobOut))
@open_to(*TREATING, RESEARCHER)
def job(request: HttpRequest, job_id: uuid.UUID) -> JobOut:
    """Where a long computation stands; a researcher sees their own."""
    return job_out(own_job(request, job_id))


@router.delete("/jobs/{job_id}", response=answers(JobOut))
@open_to(*TREATING, RESEARCHER)
def cancel_job(request: HttpRequest, job_id: uuid.UUID) -> JobOut:
    """Stop a long computation; one that is over stays as it is."""
    found = own_job(request, job_id)
    jobs.cancel(found)
    found.refresh_from_db()
    note(request, action="job cancelled")
    return job_out(found)


def own_job(request: HttpRequest, job_id: uuid.UUID) -> Job:
    """A job of this clinic; of a researcher, one that they asked for."""
    user = user_of(request)
    mine: dict[str, Any] = {"asked_by": user} if user.role == RESEARCHER else {}
    found = own(request, Job, pk=job_id, **mine)
    note(request, of=found, patient=found.patient_id or "")
    return found


def job_out(found: Job) -> JobOut:
    """A job as it stands at this moment."""
    state, progress, words = jobs.now(found)
    return JobOut(
        id=found.pk, kind=found.kind, patient_id=found.patient_id, state=state, progress=progress, words=words, result=found.result,
        asked_at=found.asked_at, ended_at=found.ended_at,
    )  # fmt: skip
