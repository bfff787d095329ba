"""Work on several processors: forked processes inherit what is known, and send back results in order."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_JOBS: dict[int, tuple[Callable[[Any], Any], Sequence[Any]]] = {}
"""Jobs under way, so that a forked process finds its work without anything being sent to it."""


def processes_at_hand() -> int:
    """Processes worth starting: the processors this process may use, or 1 where forking is not safe."""
    safe = sys.platform == "linux" and threading.current_thread() is threading.main_thread()
    return len(os.sched_getaffinity(0)) if safe else 1


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _do(job: int, index: int) -> Any:
    work, items = _JOBS[job]
    return work(items[index])


def in_order(work: Callable[[Item], Result], items: Sequence[Item], *, processes: int) -> Iterator[Result]:
    """`work` of each item, in the order of the items, on so many processes.

    With one process, or one item, everything happens here. Results must be picklable; the caller may
    stop early, which drops what has not begun.
    """
    if processes <= 1 or len(items) <= 1:
        yield from map(work, items)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    job = id(items)
    _JOBS[job] = (work, items)
    pool = ProcessPoolExecutor(
        min(processes, len(items)), mp_context=get_context("fork"), initializer=_leave_interrupts_to_the_parent
    )
    try:
        futures = [pool.submit(_do, job, index) for index in range(len(items))]
        for future in futures:
            yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        del _JOBS[job]
