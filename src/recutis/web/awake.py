"""What runs beside the pages while the server is up: unanswered alarms go up a step, interrupted jobs are marked as such."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from django.db import DatabaseError, close_old_connections

from recutis.errors import RecutisError

_EVERY_SECONDS: Final = 20.0
_LOG: Final = logging.getLogger("recutis.awake")
CHORES: list[Callable[[], object]] = []
"""What is done every twenty seconds; each app adds its own when it is ready."""
_FAULTS: Final = (
    DatabaseError, OSError, RecutisError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError, StopIteration,
)  # fmt: skip
"""Whatever goes wrong in one chore, alarms must still go up a step in the next round."""
AT_START: list[Callable[[], object]] = []
"""What is done once when the server starts."""


def do_all(chores: list[Callable[[], object]]) -> None:
    """Do each; one that fails is logged and does not keep the others from being done."""
    for chore in chores:
        try:
            chore()
        except _FAULTS:
            _LOG.exception("a chore failed: %s", getattr(chore, "__name__", chore))
        finally:
            close_old_connections()


@contextmanager
def awake() -> Iterator[None]:
    """Do the chores in a thread of their own until the block ends."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(_EVERY_SECONDS):
            do_all(CHORES)

    do_all(AT_START)
    thread = threading.Thread(target=work, name="chores", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)
