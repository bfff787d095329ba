"""Which engine follows the photons: packets in the vector units of a processor, single photons, or a graphics card."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Final, Literal, get_args

import numpy as np

from recutis.errors import InputError
from recutis.light import card, checks
from recutis.light.blocks import Length

Engine = Literal["auto", "packet", "scalar", "cuda"]
_VECTOR_UNITS: Final = frozenset({"AVX2", "X86_V3", "ASIMD", "NEON"})


def check_run(
    engine: object, threads: object, progress: Callable[[float], None] | None, cancelled: Callable[[], bool] | None
) -> None:
    """Refuse words, numbers and callbacks with which no run can begin. Raises InputError and OutOfRangeError."""
    checks.text("engine", engine)
    if threads is not None:
        checks.whole("threads", threads, 1)
    checks.callback("progress", progress, 1)
    checks.callback("cancelled", cancelled, 0)


def vector_units() -> bool:
    """Whether this processor has the vector units that photon packets need."""
    found = np.show_config(mode="dicts").get("SIMD Extensions", {})
    return bool(_VECTOR_UNITS & {*found.get("baseline", ()), *found.get("found", ())})


def chosen(asked: str, length: Length, *, on_card: bool, in_single: bool) -> str:
    """The engine for a run: what was asked for, or what suits the machine and the run.

    on_card : whether a card can follow this light; in_single : whether float32 is fine enough for it

    A card is taken for runs of a given length that pay for its start.

    Raises InputError for an engine that is not there.
    """
    if asked not in get_args(Engine):
        msg = f"There is no engine '{asked}'; choose auto, packet, scalar or cuda."
        raise InputError(msg)
    if asked == "cuda":
        card.require()
    if asked != "auto":
        return asked
    if on_card and in_single and not length.goals and card.worth_it(length.photons):
        return "cuda"
    return "packet" if in_single and vector_units() else "scalar"


def kernels_of(geometry: Literal["layered", "voxel"], engine: str) -> ModuleType:
    """The kernels of an engine. Loads numba."""
    return import_module(f"recutis.light._{geometry}_{engine}")
