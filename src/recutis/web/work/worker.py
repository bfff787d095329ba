"""A worker process: it listens in one thread, works in another, and answers questions in two more; it ends with its parent."""

from __future__ import annotations

import gc
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any, Final

from recutis.errors import CancelledError, RecutisError
from recutis.web.work.states import UnknownKeyError
from recutis.web.work.wire import Message, Sender, receive

_LEAST_S: Final = 0.1  # between two messages of progress
_SWITCH_S: Final = 0.001  # after so long a thread lets others go on: questions do not wait for a plan
_NICE: Final = 5  # pages and answers come before plans
_NEVER: Final = 1_000_000  # rounds of the collector between two over everything, which are made between jobs
_QUESTIONS: Final = 2  # answered at a time


class Worker:
    """The loop of one worker process."""

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._source, self._sender = source, Sender(sink)
        self._jobs: queue.Queue[Message] = queue.Queue()
        self._stop: dict[str, threading.Event] = {}
        self._answering = ThreadPoolExecutor(_QUESTIONS, thread_name_prefix="question")
        self._working = ThreadPoolExecutor(1, thread_name_prefix="job", initializer=_step_back)
        self._warming = ThreadPoolExecutor(1, thread_name_prefix="warm", initializer=_step_back)
        self._asked, self._started = threading.Event(), threading.Event()

    def listen(self) -> None:
        """Take messages until the parent has gone."""
        threading.Thread(target=self._work, daemon=True).start()
        while (message := receive(self._source)) is not None:
            if message.what == "job":
                self._asked.set()
                self._stop[message.of] = threading.Event()
                self._jobs.put(message)
            elif message.what == "cancel" and message.of in self._stop:
                self._stop[message.of].set()
            elif message.what == "question":
                self._ask(message)
            elif message.what == "warm":
                self._warm()

    def _send(self, message: Message) -> None:
        try:
            self._sender.send(message)
        except OSError:
            os._exit(0)  # nobody waits for this process any more

    def _warm(self) -> None:
        def over(done: Future[None]) -> None:
            error = done.exception()
            told = "" if error is None or isinstance(error, CancelledError) else _trace(error)
            self._send(Message(what="warmed", header={"trace": told}))

        self._warming.submit(_load, lambda: not self._asked.is_set()).add_done_callback(over)

    def _forgotten(self, key: str) -> None:
        self._send(Message(what="forgotten", of=key))

    def _work(self) -> None:
        from recutis.web.work.jobs import RUN, Context
        from recutis.web.work.memory import Memory

        _step_back()

        self._memory = Memory(self._forgotten)
        self._started.set()
        self._send(Message(what="ready"))
        while True:
            job = self._jobs.get()
            stop = self._stop[job.of]
            context = Context(memory=self._memory, tell=self._teller(job.of), cancelled=stop.is_set)
            document = {**job.header["document"], **job.documents}
            done = self._working.submit(RUN[job.header["kind"]], document, context)
            error = done.exception()
            self._stop.pop(job.of, None)
            if self._memory.grown:  # before anybody asks about it: an answer would wait for the collector
                self._memory.grown = False
                _tidy()
            if error is None:
                result = done.result()
                self._send(Message(what="done", of=job.of, header={"facts": result.facts}, documents=result.documents))
            else:
                self._send(Message(what="failed", of=job.of, header=_told(error)))
            del done, error

    def _teller(self, job: str) -> Callable[[float, str], None]:
        """Tells the desk of a job's progress: never back, and not too often."""
        when, said, highest = -_LEAST_S, "", 0.0

        def tell(share: float, word: str) -> None:
            nonlocal when, said, highest
            highest = max(highest, min(share, 1.0))
            now = time.monotonic()
            if now - when >= _LEAST_S or word != said:
                when, said = now, word
                self._send(Message(what="progress", of=job, header={"share": highest, "word": word}))

        return tell

    def _ask(self, asked: Message) -> None:
        def over(done: Future[str]) -> None:
            error = done.exception()
            if error is None:
                self._send(Message(what="answer", of=asked.of, documents={"answer": done.result()}))
            else:
                self._send(Message(what="no_answer", of=asked.of, header=_told(error)))

        header = asked.header
        self._answering.submit(self._answer, header["kind"], header["key"], header["document"]).add_done_callback(over)

    def _answer(self, kind: str, key: str, document: Mapping[str, Any]) -> str:
        self._started.wait()
        return self._memory.answer(kind, key, document)


def _tidy() -> None:
    """Clear up after a job, and leave what stays out of later rounds: walking over all courses would hold up an answer.

    What is remembered goes by itself when it is forgotten (`Held.let_go`).
    """
    gc.collect()
    gc.freeze()


def _step_back() -> None:
    """Let pages and answers come before this thread, and before those that it starts, where the system ranks threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _load(go_on: Callable[[], bool]) -> None:
    from recutis.web.work.warm import warm

    warm(go_on)


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _told(error: BaseException) -> dict[str, str]:
    """An error for the desk: its sentence, what kind it is, and a trace where it was not foreseen."""
    if isinstance(error, CancelledError):
        return {"error": str(error), "kind": "cancelled"}
    if isinstance(error, UnknownKeyError):
        return {"error": str(error), "kind": "unknown"}
    if isinstance(error, RecutisError):
        return {"error": str(error), "kind": "input"}
    return {"error": "", "kind": "fault", "trace": _trace(error)}


def main() -> None:
    """Talk to the parent over standard input and output; whatever else prints goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers
    sys.setswitchinterval(_SWITCH_S)
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123  (a device, not a file of ours)
        os.dup2(nothing.fileno(), 0)
    os.environ["MPLBACKEND"] = "Agg"
    Worker(source, sink).listen()
    os._exit(0)  # at once: threads in the middle of a computation do not hold the process


if __name__ == "__main__":
    main()
