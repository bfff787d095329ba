"""The worker processes behind the workstation: plans, reports, updates and simulations run here, never in the web server.

`desk()` is the process-wide desk. Importing this loads nothing heavy; what is heavy lives in the workers.
"""

from __future__ import annotations

import atexit
import os
import threading

from recutis.web.work.desk import Desk, Listener, worker_count
from recutis.web.work.keys import key_of
from recutis.web.work.states import (
    GoalsDocument,
    JobDocument,
    JobKind,
    JobState,
    PlanDocument,
    ReportDocument,
    RequestDocument,
    SimulateDocument,
    Status,
    UnknownJobError,
    UnknownKeyError,
    UpdateDocument,
    WorkerLostError,
)

_LOCK = threading.Lock()
_DESKS: dict[int, Desk] = {}


def desk() -> Desk:
    """The desk of this process, made when first asked for and closed when the process ends; a forked process gets its own."""
    with _LOCK:
        me = os.getpid()
        if me not in _DESKS:
            _DESKS.clear()
            _DESKS[me] = Desk()
            atexit.register(_DESKS[me].close)
        return _DESKS[me]


__all__ = [
    "Desk",
    "GoalsDocument",
    "JobDocument",
    "JobKind",
    "JobState",
    "Listener",
    "PlanDocument",
    "ReportDocument",
    "RequestDocument",
    "SimulateDocument",
    "Status",
    "UnknownJobError",
    "UnknownKeyError",
    "UpdateDocument",
    "WorkerLostError",
    "desk",
    "key_of",
    "worker_count",
]
