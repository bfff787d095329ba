"""What columns do to the skin between them: the heat that passes leave, how it meets half way, what it kills there.

Closed forms of conduction. Columns of one pass stand on a square grid; their heat lies evenly in the upper half millimetre,
which passes it down; the surface is taken as insulated, so that the heat between columns is rather over- than underrated.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import damage
from recutis.units import KELVIN_OFFSET, M_PER_UM

Array = NDArray[np.float64]
HEATED_M: Final = 5e-4  # by the definition of bulk_rise_C
_TERMS: Final = 12  # of the lattice's series; the next is below rounding where the series is used
_TIMES: Final = 60  # nodes of the damage integral; twice as many move it by under 1 %
_SPAN: Final = (1e-3, 100.0)  # of the time in which heat travels half the pitch, and of a second


def kept(seconds: Array | float) -> Array:
    """Share of heat laid evenly into the upper half millimetre that is still there a time later; exact for an insulated surface."""
    from scipy.special import erf

    alpha = evidence.value("thermal_diffusivity_dermis")
    time = np.maximum(np.asarray(seconds, dtype=np.float64), 0.0)
    x = HEATED_M / np.sqrt(alpha * np.maximum(time, 1e-12))
    share = erf(x) - (1.0 - np.exp(-(x**2))) / (x * math.sqrt(math.pi))
    return np.asarray(np.where(time > 0.0, share, 1.0))


@lru_cache(maxsize=64)
def remaining(passes: int) -> float:
    """Heat of all passes still there when the last has been given, over that of one pass.

    Raises OutOfRangeError for fewer than one pass.
    """
    if passes < 1:
        msg = f"Heat remains of at least one pass; got {passes}."
        raise OutOfRangeError(msg)
    return float(kept(np.arange(passes, dtype=np.float64) * evidence.value("phys_pass_gap_s")).sum())


def half_way(seconds: Array | float, pitch_um: float) -> Array:
    """Rise half way between four columns of a square grid over the mean rise, a time after all fired: exact for line sources.

    Starts at 0, ends at 1.
    """
    alpha = evidence.value("thermal_diffusivity_dermis")
    ratio = np.maximum(alpha * np.asarray(seconds, dtype=np.float64) / (pitch_um * M_PER_UM) ** 2, 1e-9)
    k = np.arange(1, _TERMS + 1)
    late = 1.0 + 2.0 * np.sum((-1.0) ** k * np.exp(-4.0 * math.pi**2 * k**2 * ratio[..., None]), axis=-1)
    n = np.arange(_TERMS) + 0.5
    early = 2.0 * np.sum(np.exp(-(n**2) / (4.0 * ratio[..., None])), axis=-1) / np.sqrt(4.0 * math.pi * ratio)
    return np.asarray(np.where(ratio > 0.02, late, early) ** 2)  # both series are exact; each is short on its side


@lru_cache(maxsize=4096)
def damage_between(rise_C: float, left_C: float, pitch_um: float, start_C: float) -> float:
    """Arrhenius integral of cell death half way between columns after the last pass.

    `rise_C` is the mean rise by that pass alone, `left_C` what earlier passes have left, `start_C` the skin's own temperature.
    """
    if start_C + rise_C + left_C < evidence.value("phys_cem43_break"):  # below it no heat of minutes kills
        return 0.0
    alpha = evidence.value("thermal_diffusivity_dermis")
    times = np.geomspace(_SPAN[0] * (pitch_um * M_PER_UM) ** 2 / (4.0 * alpha), _SPAN[1], _TIMES)
    course = start_C + left_C * kept(times) + rise_C * half_way(times, pitch_um) * kept(times)
    process = damage.cell_death()
    exponent = math.log(process.frequency_s) - process.energy_J_mol / damage.GAS_CONSTANT_J_MOL_K / (course + KELVIN_OFFSET)
    return float(np.trapezoid(np.exp(np.minimum(exponent, 80.0)), times))


__all__ = ["HEATED_M", "damage_between", "half_way", "kept", "remaining"]
