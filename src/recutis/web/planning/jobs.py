"""Long computations: asked for by a page, done by the desk's worker processes, kept in the database when they end.

Progress is read from the desk while a job runs; only its end is written. A job whose server stopped is marked interrupted.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from django.db import DatabaseError, close_old_connections, transaction
from django.utils import timezone

from recutis.errors import RecutisError
from recutis.web.audit.record import record
from recutis.web.awake import AT_START
from recutis.web.planning.models import CoursePlan, Job
from recutis.web.work import Desk, JobDocument, JobKind, UnknownJobError, desk
from recutis.web.work.states import JobState

if TYPE_CHECKING:
    from recutis.web.accounts.models import User
    from recutis.web.patients.models import Patient

_LOG: Final = logging.getLogger("recutis.jobs")
_LOCK: Final = threading.Lock()
_NUMBERS: Final[dict[str, str]] = {}
"""The desk's number of each job that is not over, by the job's id; and back."""
_JOBS: Final[dict[str, str]] = {}
_HEARD: Final[set[int]] = set()
"""Desks that already tell us of their jobs."""
_PAUSES_S: Final = (0.5, 2.0, 5.0, 15.0)
"""A database that is busy or starts anew is asked again after these times; a plan is not lost for that."""
OVER: Final = frozenset({"done", "failed", "cancelled", "interrupted"})


def the_desk() -> Desk:
    """The desk, which tells this module how its jobs end."""
    found = desk()
    with _LOCK:
        if id(found) not in _HEARD:
            _HEARD.add(id(found))
            found.listen(heard)
    return found


def start(
    kind: JobKind, document: JobDocument, *, user: User, patient: Patient | None = None, keep: Mapping[str, Any] | None = None
) -> Job:
    """Ask for a job; it begins when the request's transaction is committed. `keep` is what its end needs to know."""
    job = Job.objects.create(
        clinic=user.clinic, patient=patient, kind=kind if kind != "explore" else "plan", asked_by=user,
        document={"kind": kind, **dict(keep or {})},
    )  # fmt: skip
    transaction.on_commit(lambda: _submit(str(job.pk), kind, document))
    return job


def _submit(job_id: str, kind: JobKind, document: JobDocument) -> None:
    try:
        at = the_desk()
        with _LOCK:
            number = at.submit(kind, document)
            _NUMBERS[job_id], _JOBS[number] = number, job_id
    except RecutisError as error:
        Job.objects.filter(pk=job_id).update(state="failed", words=str(error)[:500], ended_at=timezone.now())


def heard(state: JobState) -> None:
    """Write down how a job has ended; called by the desk in a thread of its own."""
    if not state.over:
        return
    with _LOCK:
        job_id = _JOBS.pop(state.id, None)
    if job_id is None:
        return
    try:
        if not any(_written(job_id, state, last=wait is None) for wait in _pauses()):
            _given_up(job_id)
    finally:
        with _LOCK:
            _NUMBERS.pop(job_id, None)
        desk().forget(state.id)
        close_old_connections()


def _pauses() -> Iterator[float | None]:
    """Wait between tries; the last one is None."""
    for pause in _PAUSES_S:
        yield pause
        time.sleep(pause)
    yield None


def _written(job_id: str, state: JobState, *, last: bool) -> bool:
    """Whether the end of a job is in the database, or has no place there any more."""
    try:
        with transaction.atomic():
            ended(Job.objects.select_related("asked_by", "patient").get(pk=job_id), state)
    except Job.DoesNotExist:
        _LOG.warning("job %s has gone", job_id)
    except DatabaseError as error:
        close_old_connections()
        _LOG.log(logging.ERROR if last else logging.WARNING, "the end of job %s could not be written: %s", job_id, error)
        return False
    return True


def _given_up(job_id: str) -> None:
    """Say that a result is lost, so that the job can be asked for again at once."""
    words = "The result could not be written to the database. Start it again; the server's log says why."
    try:
        Job.objects.filter(pk=job_id).exclude(state__in=OVER).update(state="failed", words=words, ended_at=timezone.now())
    except DatabaseError:
        _LOG.exception("job %s stays open until the server starts again", job_id)


def ended(job: Job, state: JobState) -> None:
    """Keep the result of a job: a plan becomes a record, a simulation its arrays."""
    if job.state in OVER:
        return
    job.state, job.progress, job.ended_at = state.status, state.progress, timezone.now()
    job.words = (state.error or state.word or "")[:500]
    if state.status == "done":
        job.progress = 1.0
        job.result = {**dict(state.facts), **_KEEP.get(str(job.document.get("kind")), _nothing)(job, state)}
    job.save()
    record(
        f"{job.document.get('kind', job.kind)} {job.state}", chain=str(job.clinic_id), user=job.asked_by, object_type="planning.job",
        object_id=job.pk, patient_id=job.patient_id or "", detail={"words": job.words} if job.state == "failed" else {},
    )  # fmt: skip


def _nothing(_job: Job, _state: JobState) -> dict[str, Any]:
    return {}


def _kept_plan(job: Job, state: JobState) -> dict[str, Any]:
    text = state.documents.get("plan")
    if text is None or job.patient is None:
        return {}
    document = json.loads(text)
    made = CoursePlan.objects.create(
        clinic_id=job.clinic_id, patient=job.patient, document=document, status=document["status"], headline=document["headline"],
        made_by=job.asked_by, previous_id=job.document.get("previous"), observation=job.document.get("observation"),
    )  # fmt: skip
    return {"plan": str(made.pk)}


def _kept_update(job: Job, state: JobState) -> dict[str, Any]:
    update = json.loads(state.documents["update"])
    return {"update": update, **_kept_plan(job, state)}


def _kept_documents(_job: Job, state: JobState) -> dict[str, Any]:
    return {name: json.loads(text) for name, text in state.documents.items()}


_KEEP: Final[Mapping[str, Callable[[Job, JobState], dict[str, Any]]]] = {
    "plan": _kept_plan, "update": _kept_update, "simulate": _kept_documents,
}  # fmt: skip


def now(job: Job) -> tuple[str, float, str]:
    """State, share done and words of a job at this moment."""
    with _LOCK:
        number = _NUMBERS.get(str(job.pk))
    if job.state in OVER or number is None:
        return job.state, job.progress, job.words
    try:
        state = desk().state(number)
    except UnknownJobError:
        return job.state, job.progress, job.words
    if state.over:  # its end is being written
        return "running", 1.0, "keeping the result"
    return ("queued" if state.status == "waiting" else "running"), state.progress, state.word


def cancel(job: Job) -> None:
    """Stop a job; one that is over stays as it is."""
    with _LOCK:
        number = _NUMBERS.get(str(job.pk))
    if number is None:
        Job.objects.filter(pk=job.pk).exclude(state__in=OVER).update(
            state="cancelled", words="Cancelled before it began.", ended_at=timezone.now()
        )
        return
    try:
        desk().cancel(number)
    except UnknownJobError:
        return


def interrupted() -> int:
    """Mark jobs that no process works on any more; done when the server starts. Returns how many."""
    words = "The server stopped while this was running. Start it again."
    return cast(
        "int",
        Job.objects.exclude(state__in=OVER).update(state="interrupted", words=words, ended_at=timezone.now()),
    )


def warm() -> None:
    """Have the workers load what a first plan needs."""
    the_desk().warm()


AT_START.extend([interrupted, warm])
