"""A melanosome as a sphere in water: what a pulse of any length must bring to make it explode.

Heat that leaves the sphere during the pulse is lost to it; below a nanosecond sound has no time to leave either, and the
tension that follows helps to tear it. One law runs from picoseconds to milliseconds.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.units import M_PER_UM, S_PER_MS

Array = NDArray[np.float64]
_GAUSS = np.polynomial.legendre.leggauss(24)  # over the logarithm of the age of heat; half as many agree to 0.1 %
_YOUNGEST = 1e-4  # of the time in which the sphere cools; what is younger has not cooled
_SERIES = 1e-3  # below it the mean of the sphere is taken from its first two terms


def mean_memory(seconds: Array, diameter_um: float) -> Array:
    """Mean rise of a sphere a time after it was heated evenly by 1 K, in a medium of like diffusivity; exact."""
    from scipy.special import erf

    x = np.maximum(evidence.value("thermal_diffusivity_dermis") * np.asarray(seconds) / (diameter_um * M_PER_UM / 2) ** 2, 1e-30)
    root = np.sqrt(x / math.pi)
    exact = erf(1.0 / np.sqrt(x)) - root * (3.0 - 2.0 * x + (2.0 * x - 1.0) * np.exp(-1.0 / x))
    late = 4.0 * math.pi / 3.0 / (4.0 * math.pi * x) ** 1.5 * (1.0 - 0.3 / x)  # the sphere as a point, and its size
    return np.asarray(np.where(x < _SERIES, 1.0 - 3.0 * root, np.where(x > 1e3, late, exact)))


def kept(duration_ms: float, diameter_um: float) -> float:
    """Mean rise of the sphere at the end of a pulse over that of a sphere that keeps all its heat.

    Raises OutOfRangeError for a pulse without length.
    """
    if not (duration_ms > 0.0 and math.isfinite(duration_ms)):
        msg = f"A melanosome needs a pulse longer than 0; got {duration_ms:g} ms. Give the length of one pulse."
        raise OutOfRangeError(msg)
    end = duration_ms * S_PER_MS
    cools = (diameter_um * M_PER_UM / 2) ** 2 / evidence.value("thermal_diffusivity_dermis")
    begin = min(_YOUNGEST * cools, end)
    low, high = math.log(begin), math.log(end)
    at = np.exp(low + (high - low) * (_GAUSS[0] + 1.0) / 2.0)
    inner = float(np.sum(mean_memory(at, diameter_um) * at * _GAUSS[1])) * (high - low) / 2.0
    young = begin * (1.0 - 2.0 * math.sqrt(min(begin / cools, 1.0) / math.pi))  # integral of the first two terms
    return min((young + inner) / end, 1.0)


def tension(duration_ms: float, diameter_um: float) -> float:
    """Share of the stress of heating that is still in the sphere at the end of a pulse; 1 for the shortest pulses."""
    x = duration_ms * S_PER_MS * evidence.value("phys_sound_speed") / (diameter_um * M_PER_UM)
    return -math.expm1(-x) / x if x > 1e-9 else 1.0


def threshold_J_cm2(
    mua_cm: float, *, start_C: float, explodes_C: float, capacity_J_m3_K: float, duration_ms: float, around_K: float = 0.0,
    diameter_um: float | None = None,
) -> float:  # fmt: skip
    """Local exposure that explodes a melanosome that absorbs `mua_cm` [1/cm], of the skin's size unless told.

    `around_K` is the rise of the tissue around it per J/cm² of local exposure, which counts for what the melanosome has lost.
    """
    diameter = evidence.value("phys_melanosome_diameter") if diameter_um is None else diameter_um
    held = kept(duration_ms, diameter)
    own = mua_cm / (capacity_J_m3_K * M_PER_UM)  # K per J/cm²
    needed = (explodes_C - start_C) * (1.0 - evidence.value("phys_tension_share") * tension(duration_ms, diameter))
    return max(needed, 0.0) / (own * held + around_K * (1.0 - held))


__all__ = ["kept", "mean_memory", "tension", "threshold_J_cm2"]
