"""One worker process as the desk sees it: started when needed, listened to by a thread, gathered up when it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Final, Literal, cast

import recutis
from recutis.web.work.wire import Message, Sender, receive

_GOODBYE_S: Final = 2.0  # for a worker to end by itself when its pipe is closed
_MODULE: Final = "recutis.web.work.worker"


class Seat:
    """A worker process; `heard` gets its messages, and `ended` how it went, both in the thread that listens.

    `job` is what it works on, `keys` what it remembers, `warmth` whether it has loaded what a first plan needs.

    Raises OSError where no process can be started.
    """

    def __init__(self, number: int, heard: Callable[[Seat, Message], None], ended: Callable[[Seat, str], None]) -> None:
        self.number = number
        self.job: str | None = None
        self.keys: set[str] = set()
        self.warmth: Literal["cold", "warming", "warm"] = "cold"
        self._heard, self._ended = heard, ended
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", _MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
        )
        self._out: SimpleQueue[Message | None] = SimpleQueue()
        for work in (self._listen, self._write):
            threading.Thread(target=work, name=f"recutis-worker-{number}", daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    def send(self, message: Message) -> None:
        """Send a message, in a thread of its own; that the process has ended, the listening thread will tell."""
        self._out.put(message)

    def _write(self) -> None:
        pipe = cast("IO[bytes]", self._process.stdin)
        sender = Sender(pipe)
        try:
            while (message := self._out.get()) is not None:
                sender.send(message)
            pipe.close()
        except OSError:
            return  # it has ended

    def _listen(self) -> None:
        pipe = cast("IO[bytes]", self._process.stdout)
        while (message := receive(pipe)) is not None:
            self._heard(self, message)
        code = self._process.wait()
        self._out.put(None)
        pipe.close()
        self._ended(self, f"signal {-code}" if code < 0 else f"exit status {code}")

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """Ask it to end, and end it where it does not; returns when it has gone."""
        self._out.put(None)
        try:
            self._process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _environment() -> dict[str, str]:
    """The same environment, with this package where the worker looks first."""
    here = str(Path(recutis.__file__).resolve().parents[1])
    paths = [here, *(path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and path != here)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
