"""Many settings in chunks that stay in a core's cache, side by side on threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from recutis.errors import InputError, OutOfRangeError

_CHUNK_VALUES: Final = 1 << 15  # of one array, 256 KiB: a formula has several of them in hand at a time


def in_chunks(work: Callable[[slice], None], *, settings: int, values: int, threads: int | None) -> None:
    """Call `work` for one run of settings after the other; `values` is how many numbers one setting takes in an array.

    Chunks depend on the counts alone, so no number depends on the threads (None: one a core available).

    Raises InputError when there is no setting, OutOfRangeError for fewer than one thread.
    """
    if settings < 1:
        msg = "There is no injury to respond to; give at least one."
        raise InputError(msg)
    if threads is not None and threads < 1:
        msg = f"At least 1 thread must work; got {threads}."
        raise OutOfRangeError(msg)
    rows = max(_CHUNK_VALUES // values, 1)
    parts = [slice(first, min(first + rows, settings)) for first in range(0, settings, rows)]
    workers = min(threads or processors(), len(parts))
    if workers == 1:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work, part) for part in parts]:
            done.result()


def processors() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
