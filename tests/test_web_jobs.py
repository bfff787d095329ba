"""Jobs of the workstation: how their ends are kept, and what happens when the server stops."""

from __future__ import annotations

import json

import pytest
from django.db import OperationalError
from web_people import FILE, House, house

from recutis.web.audit.models import AuditEntry
from recutis.web.planning import jobs
from recutis.web.planning.making import under_way
from recutis.web.planning.models import CoursePlan, Job
from recutis.web.work.states import JobState

pytestmark = pytest.mark.django_db


@pytest.fixture
def north() -> House:
    """A clinic."""
    return house("North")


def _job(north: House, kind: str = "plan") -> Job:
    job = jobs.start(
        "plan" if kind == "plan" else "update",
        {"request": {"patient": FILE}},
        user=north.people["clinician"],
        patient=north.patients[0],
    )
    return Job.objects.get(pk=job.pk)


def _state(status: str, **more: object) -> JobState:
    return JobState(id="n", kind="plan", status=status, **more)  # type: ignore[arg-type]


def test_a_plan_that_is_done_becomes_a_record(north: House) -> None:
    """Document, status and headline are kept, and who asked for it; the audit names the patient."""
    job = _job(north)
    text = json.dumps({"status": "ready", "headline": "Laser X: lines 40 % better"})
    jobs.ended(job, _state("done", facts={"key": "k"}, documents={"plan": text}))
    plan = CoursePlan.objects.get()
    assert (plan.status, plan.headline, plan.made_by) == ("ready", "Laser X: lines 40 % better", north.people["clinician"])
    assert job.result == {"key": "k", "plan": str(plan.pk)}
    assert AuditEntry.objects.get().patient_id_text == str(north.patients[0].pk)


def test_a_failure_keeps_its_sentence(north: House) -> None:
    """Why a job failed is shown later too, and nothing is made of it."""
    job = _job(north)
    jobs.ended(job, _state("failed", error="The patient file says nothing about age."))
    job.refresh_from_db()
    assert (job.state, job.words) == ("failed", "The patient file says nothing about age.")
    assert not CoursePlan.objects.exists()


@pytest.mark.parametrize(("failures", "state"), [(2, "done"), (99, "failed")])
def test_a_busy_database_does_not_lose_a_result(north: House, monkeypatch: pytest.MonkeyPatch, failures: int, state: str) -> None:
    """The end is written again while the database is busy; where it never can be, the job says so and another may be asked for."""
    job, tries, ended = _job(north), [], jobs.ended

    def busy(*told: object) -> None:
        tries.append(told)
        if len(tries) <= failures:
            raise OperationalError("database is locked")
        ended(*told)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "ended", busy)
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)  # the test's own connection stays
    monkeypatch.setattr(jobs, "_PAUSES_S", (0.0, 0.0, 0.0))
    monkeypatch.setitem(jobs._JOBS, "n", str(job.pk))
    jobs.heard(_state("done", documents={"plan": json.dumps({"status": "ready", "headline": "Laser X"})}))
    job.refresh_from_db()
    assert job.state == state
    assert CoursePlan.objects.exists() == (state == "done")
    assert under_way(north.patients[0]) is None


def test_an_end_that_is_told_twice_is_kept_once(north: House) -> None:
    """A second message changes nothing."""
    job = _job(north)
    text = json.dumps({"status": "ready", "headline": ""})
    for _ in range(2):
        jobs.ended(job, _state("done", documents={"plan": text}))
    assert CoursePlan.objects.count() == 1


def test_jobs_of_a_stopped_server_are_marked(north: House) -> None:
    """What nobody works on says so, and what was over stays as it was."""
    waiting, over = _job(north), _job(north)
    jobs.ended(over, _state("cancelled"))
    assert jobs.interrupted() == 1
    waiting.refresh_from_db()
    over.refresh_from_db()
    assert (waiting.state, over.state) == ("interrupted", "cancelled")
    assert "Start it again" in waiting.words


def test_a_job_that_never_began_can_be_cancelled(north: House) -> None:
    """Cancelling before the desk has it still ends it."""
    job = _job(north)
    jobs.cancel(job)
    job.refresh_from_db()
    assert job.state == "cancelled"
