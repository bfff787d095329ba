"""The desk of the workstation: jobs go to worker processes, questions about explored courses to the one that knows them."""

from __future__ import annotations

import itertools
import json
import logging
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswerError
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from recutis.errors import InputError, RecutisError
from recutis.web.work.keys import key_of
from recutis.web.work.seat import Seat
from recutis.web.work.states import (
    KINDS,
    GoalsDocument,
    JobDocument,
    JobKind,
    JobState,
    QuestionKind,
    UnknownJobError,
    UnknownKeyError,
    WorkerLostError,
)
from recutis.web.work.wire import Message

Listener = Callable[[JobState], None]
_LOG: Final = logging.getLogger("recutis.web.work")
_REMEMBERED: Final = 1000  # jobs that have ended
_WITH_DOCUMENTS: Final = 60  # of them
_MOST_WORKERS: Final = 4
_FAULT: Final = "Something went wrong on our side; nothing was written. The server's log has the details; please try again."
_LOST: Final = (
    "The process that worked on this ended unexpectedly ({how}), perhaps for want of memory; nothing was written. Try again."
)
_GONE: Final = "The courses of this plan are not in memory any more; they must be looked at again."
_CLOSED: Final = "The server is closing; nothing was written. Try again when it is back."


def worker_count() -> int:
    """Workers to start: RECUTIS_WORKERS, or half of the processors, at least 1 and at most 4.

    Raises InputError when RECUTIS_WORKERS is not a whole number above 0.
    """
    said = os.environ.get("RECUTIS_WORKERS", "").strip()
    if not said:
        return min(max((os.cpu_count() or 1) // 2, 1), _MOST_WORKERS)
    if not said.isdecimal() or int(said) < 1:
        msg = f"RECUTIS_WORKERS is '{said}'; give a whole number of 1 or more, or leave it out."
        raise InputError(msg)
    return int(said)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Waiting:
    """A job in line; `key` of the courses it could use, `bound` where it cannot do without them."""

    job: str
    content: Mapping[str, Any]
    key: str | None
    bound: bool


class Desk:
    """Jobs and questions for worker processes; any thread may call any method.

    Workers start with the first job, or when `warm` is called. Each takes one job at a time and keeps in its memory what it has
    explored. A worker that ends loses its job and its memory, and is started again.
    """

    def __init__(self, workers: int | None = None, *, patience_s: float = 4.0) -> None:
        self._count = worker_count() if workers is None else workers
        self._patience_s = patience_s
        self._lock = threading.Condition()
        self._jobs: OrderedDict[str, JobState] = OrderedDict()
        self._waiting: list[_Waiting] = []
        self._seats: dict[int, Seat] = {}
        self._questions: dict[str, tuple[Seat, Future[str]]] = {}
        self._numbers = itertools.count(1)
        self._listeners: list[Listener] = []
        self._telling = ThreadPoolExecutor(1, thread_name_prefix="recutis-listener")
        self._closed = False

    # Jobs

    def submit(self, kind: JobKind, document: JobDocument) -> str:
        """Put a job in line; returns its number.

        Raises InputError for a kind that does not exist or a document that lacks what the kind needs.
        """
        if kind not in KINDS:
            msg = f"There is no kind of job '{kind}'; give one of {', '.join(KINDS)}."
            raise InputError(msg)
        content = cast("Mapping[str, Any]", document)
        key = _key(kind, content)
        number = secrets.token_hex(8)
        with self._lock:
            if self._closed:
                raise WorkerLostError(_CLOSED)
            self._set(JobState(id=number, kind=kind, status="waiting", word="waiting for a free process", submitted=time.time()))
            bound = content.get("key") is not None or content.get("row") is not None
            self._waiting.append(_Waiting(job=number, content=content, key=key, bound=bound))
            self._dispatch()
        return number

    def state(self, job: str) -> JobState:
        """The present state of a job.

        Raises UnknownJobError.
        """
        with self._lock:
            if job not in self._jobs:
                msg = f"There is no job {job}; it ended long ago, or the server was started again since."
                raise UnknownJobError(msg)
            return self._jobs[job]

    def wait(self, job: str, timeout_s: float | None = None) -> JobState:
        """The state of a job when it has ended, or after so many seconds.

        Raises UnknownJobError.
        """
        with self._lock:
            self._lock.wait_for(lambda: self.state(job).over, timeout_s)
            return self.state(job)

    def cancel(self, job: str) -> JobState:
        """Cancel a job; its process is ended where it does not stop by itself in time. A job that is over stays as it is.

        Raises UnknownJobError.
        """
        with self._lock:
            now = self.state(job)
            if now.status == "waiting":
                self._waiting = [one for one in self._waiting if one.job != job]
                self._end(job, "cancelled", "Cancelled before it began.")
            elif now.status == "running":
                seat = next((one for one in self._seats.values() if one.job == job), None)
                if seat is not None:
                    self._set(replace(now, word="stopping"))
                    seat.send(Message(what="cancel", of=job))
                    timer = threading.Timer(self._patience_s, self._force, (job, seat))
                    timer.daemon = True
                    timer.start()
            return self.state(job)

    def forget(self, job: str) -> None:
        """Drop the documents of a job that is over, once they are kept elsewhere; its state stays for a while."""
        with self._lock:
            if job in self._jobs and self._jobs[job].over:
                self._jobs[job] = replace(self._jobs[job], documents={})

    def listen(self, listener: Listener) -> None:
        """Have a function called with each new state of each job, in order, in a thread of its own.

        What it raises is logged.
        """
        with self._lock:
            self._listeners.append(listener)

    # Questions

    def judge(self, key: str, goals: GoalsDocument | None = None, *, rows: tuple[int, ...] = ()) -> dict[str, Any]:
        """What goals (None: the plan's own) make of the courses of a key: a `recutis.plan.judgement.Judgement` as a dictionary.

        `rows` are courses that must be on the chart.

        Raises UnknownKeyError where the courses must be explored again, InputError for bad goals.
        """
        return cast("dict[str, Any]", json.loads(self.ask("judge", key, {"goals": goals, "rows": list(rows)})))

    def course(self, key: str, row: int, goals: GoalsDocument | None = None) -> dict[str, Any]:
        """One course of a key in short: a `recutis.plan.judgement.CourseSummary` as a dictionary.

        Raises as `judge` does, and InputError for a row that does not exist.
        """
        return cast("dict[str, Any]", json.loads(self.ask("course", key, {"goals": goals, "row": row})))

    def option(self, key: str, row: int, goals: GoalsDocument | None = None) -> dict[str, Any]:
        """One course of a key simulated in full: a `recutis.plan.document.Option` of rank 1 as a dictionary.

        Raises as `course` does, and InputError for a course that breaks a hard cap.
        """
        return cast("dict[str, Any]", json.loads(self.ask("option", key, {"goals": goals, "row": row})))

    def ask(self, kind: QuestionKind, key: str, document: Mapping[str, Any], *, timeout_s: float = 30.0) -> str:
        """The answer to a question as JSON text, for those who pass it on; `judge`, `course` and `option` read it.

        Raises as they do, and WorkerLostError where the process ends or does not answer in time.
        """
        with self._lock:
            seat = next((one for one in self._seats.values() if key in one.keys), None)
            if seat is None:
                raise UnknownKeyError(_GONE)
            number, answer = f"q{next(self._numbers)}", Future[str]()
            self._questions[number] = (seat, answer)
        seat.send(Message(what="question", of=number, header={"kind": kind, "key": key, "document": dict(document)}))
        try:
            return answer.result(timeout_s)
        except NoAnswerError as error:
            with self._lock:
                self._questions.pop(number, None)
            msg = f"No answer came within {timeout_s:g} s; the process is busy. Ask again."
            raise WorkerLostError(msg) from error

    def knows(self, key: str) -> bool:
        """Whether questions about a key can be answered without exploring again."""
        with self._lock:
            return any(key in seat.keys for seat in self._seats.values())

    # Workers

    def warm(self) -> None:
        """Start the workers, and have each load what a first plan needs, one after the other."""
        with self._lock:
            if not self._closed:
                self._seat_of(0)

    def warmed(self) -> bool:
        """Whether all workers run and have loaded what a first plan needs."""
        with self._lock:
            return len(self._seats) == self._count and all(seat.warmth == "warm" for seat in self._seats.values())

    def pids(self) -> tuple[int, ...]:
        """Process numbers of the workers that run."""
        with self._lock:
            return tuple(seat.pid for seat in self._seats.values())

    def close(self) -> None:
        """End all workers; jobs that are not over fail."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            seats = list(self._seats.values())
            self._waiting.clear()
            for job in [one.id for one in self._jobs.values() if not one.over]:
                self._end(job, "failed", _CLOSED)
        for seat in seats:
            seat.close()
        self._telling.shutdown(wait=True)

    def _seat_of(self, number: int) -> Seat:
        """The worker of a place, started where there is none.

        Raises OSError where no process can be started.
        """
        if number not in self._seats:
            self._seats[number] = Seat(number, self._heard, self._ended)
            self._warm_next()
        return self._seats[number]

    def _warm_next(self) -> None:
        """Have one worker warm up at a time, so that the first can leave compiled kernels for the others; start those that lack."""
        if self._closed or any(seat.warmth == "warming" for seat in self._seats.values()):
            return
        cold = next((seat for seat in self._seats.values() if seat.warmth == "cold"), None)
        if cold is not None:
            cold.warmth = "warming"
            cold.send(Message(what="warm"))
            return
        vacant = self._vacant()
        if vacant is not None:
            self._seat_of(vacant)

    def _vacant(self) -> int | None:
        return next((number for number in range(self._count) if number not in self._seats), None)

    def _free(self, one: _Waiting) -> Seat | None:
        """The free worker that knows the key of a job, else the free one that knows least, else a new one; None where all work.

        A job that names a key waits for the worker that knows it, where one does.
        """
        knowing = next((seat for seat in self._seats.values() if one.key in seat.keys), None)
        if knowing is not None and (one.bound or knowing.job is None):
            return knowing if knowing.job is None else None
        idle = [seat for seat in self._seats.values() if seat.job is None]
        if idle:
            return min(idle, key=lambda seat: (len(seat.keys), seat.number))
        vacant = self._vacant()
        return None if vacant is None else self._seat_of(vacant)

    def _dispatch(self) -> None:
        """Give waiting jobs to free workers, in their order."""
        for one in list(self._waiting):
            try:
                seat = self._free(one)
            except OSError as error:
                self._waiting.remove(one)
                self._end(one.job, "failed", f"No process could be started ({error.strerror}). Try again later.")
                continue
            if seat is None:
                continue
            self._waiting.remove(one)
            seat.job = one.job
            now = replace(self._jobs[one.job], status="running", word="starting", started=time.time())
            self._set(now)
            texts = {name: value for name, value in one.content.items() if name == "plan" and isinstance(value, str)}
            rest = {name: value for name, value in one.content.items() if name not in texts}
            seat.send(Message(what="job", of=one.job, header={"kind": now.kind, "document": rest}, documents=texts))

    def _force(self, job: str, seat: Seat) -> None:
        with self._lock:
            if seat.job != job or self._jobs[job].over:
                return
            self._end(job, "cancelled", "Cancelled; the process was ended, since it did not stop by itself.")
        seat.kill()

    def _heard(self, seat: Seat, message: Message) -> None:
        """Take a message of a worker, in the thread that listens to it."""
        with self._lock:
            if message.what in {"answer", "no_answer"}:
                self._answered(message)
            elif message.what == "progress":
                now = self._jobs.get(message.of)
                if now is not None and now.status == "running" and now.word != "stopping":
                    self._set(replace(now, progress=message.header["share"], word=message.header["word"]))
            elif message.what in {"done", "failed"}:
                seat.job = None
                self._finished(seat, message)
                self._dispatch()
            elif message.what == "forgotten":
                seat.keys.discard(message.of)
            elif message.what == "warmed":
                self._warmed(seat, message)

    def _warmed(self, seat: Seat, message: Message) -> None:
        if message.header["trace"]:
            _LOG.error("A worker could not warm up:\n%s", message.header["trace"])
        seat.warmth = "warm"
        self._warm_next()

    def _finished(self, seat: Seat, message: Message) -> None:
        now = self._jobs.get(message.of)
        key = message.header.get("facts", {}).get("key")
        if key:
            for other in self._seats.values():
                other.keys.discard(key)
            seat.keys.add(key)
        if now is None or now.over:
            return
        if message.what == "done":
            self._set(
                replace(
                    now, status="done", progress=1.0, word="done", ended=time.time(), facts=message.header["facts"],
                    documents=message.documents,
                )
            )  # fmt: skip
        elif message.header["kind"] == "cancelled":
            self._end(message.of, "cancelled", message.header["error"])
        else:
            self._end(message.of, "failed", _sentence(message.header, f"job {now.kind}"))

    def _answered(self, message: Message) -> None:
        asked = self._questions.pop(message.of, None)
        if asked is None:
            return
        if message.what == "answer":
            asked[1].set_result(message.documents["answer"])
            return
        error = _sentence(message.header, "question")
        kinds = {"unknown": UnknownKeyError, "input": InputError}
        asked[1].set_exception(kinds.get(message.header["kind"], RecutisError)(error))

    def _ended(self, seat: Seat, how: str) -> None:
        """A worker has gone: its job fails, its questions too, and another takes its place."""
        with self._lock:
            if self._seats.get(seat.number) is seat:
                del self._seats[seat.number]
            for number in [name for name, (one, _) in self._questions.items() if one is seat]:
                self._questions.pop(number)[1].set_exception(WorkerLostError(_LOST.format(how=how)))
            if self._closed:
                return
            job = seat.job
            if job is not None and not self._jobs[job].over:
                _LOG.error("The worker of job %s ended (%s).", job, how)
                self._end(job, "failed", _LOST.format(how=how))
            self._dispatch()
            if seat.warmth == "warm":  # one that ended before would do so again
                self._warm_next()

    # States

    def _end(self, job: str, status: str, error: str) -> None:
        self._set(replace(self._jobs[job], status=status, error=error, word=status, ended=time.time()))  # type: ignore[arg-type]

    def _set(self, now: JobState) -> None:
        self._jobs[now.id] = now
        if now.over:
            self._jobs.move_to_end(now.id)
            over = [one.id for one in self._jobs.values() if one.over]
            for old in over[: max(len(over) - _WITH_DOCUMENTS, 0)]:
                self.forget(old)
            for old in over[: max(len(over) - _REMEMBERED, 0)]:
                del self._jobs[old]
        for listener in self._listeners:
            try:
                self._telling.submit(listener, now).add_done_callback(_log_fault)
            except RuntimeError:  # the interpreter is ending and starts no thread any more
                _LOG.warning("Job %s: %s; nobody could be told.", now.id, now.status)
        self._lock.notify_all()


def _log_fault(done: Future[None]) -> None:
    error = done.exception()
    if error is not None:
        _LOG.error("A listener of jobs failed.", exc_info=error)


def _sentence(header: Mapping[str, Any], what: str) -> str:
    """The sentence of an error; what was not foreseen is logged with its trace and told in general words."""
    if header["kind"] != "fault":
        return str(header["error"])
    _LOG.error("A %s failed:\n%s", what, header["trace"])
    return _FAULT


_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "plan": ("request",), "explore": ("request",), "report": ("plan", "folder"), "update": ("plan", "observations"),
    "simulate": ("exposure",),
}  # fmt: skip


def _key(kind: str, document: Mapping[str, Any]) -> str | None:
    """The key by which a job finds the worker that knows its courses."""
    missing = [name for name in _NEEDED[kind] if not document.get(name)]
    if missing:
        msg = f"A job '{kind}' needs '{missing[0]}'; give {', '.join(_NEEDED[kind])}."
        raise InputError(msg)
    if "request" not in document:
        return None
    if not document["request"].get("patient"):
        msg = "The request names no patient; give the content of a patient file under 'patient'."
        raise InputError(msg)
    return str(document.get("key") or key_of(document["request"]))
