"""How finely heat is solved: one factor on all cells and steps, to see whether results stand when both are halved.

Results are cached under their settings, not under this factor: set it once, at the start of a process of its own.
"""

from __future__ import annotations

import math

from recutis.errors import OutOfRangeError

_NOW = [1.0]


def fineness() -> float:
    """Cells and steps are this many times smaller than the models' own."""
    return _NOW[0]


def set_fineness(factor: float) -> None:
    """Make all cells and steps of this process `factor` times smaller.

    Raises OutOfRangeError unless the factor is finite and at least 0.5.
    """
    if not (math.isfinite(factor) and factor >= 0.5):
        msg = f"Cells and steps can be 0.5 or more times finer; got {factor:g}."
        raise OutOfRangeError(msg)
    _NOW[0] = float(factor)
