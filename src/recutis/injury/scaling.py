"""How much more of a temperature rise it takes until damage reaches 1."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from recutis.heat.damage import GAS_CONSTANT_J_MOL_K, Process
from recutis.jit import kernel

Array = NDArray[np.float64]
_LEAST, _MOST = 1e-5, 1e6  # factors beyond these mean: always, never
_HALVINGS = 24  # of the logarithm of the factor: to two parts in a million


@kernel
def dose(ln_a: float, e_r: float, times: Array, base_K: Array, rise_K: Array, factor: float) -> float:
    """Damage integral of base + factor * rise (trapezoid); `e_r` is the activation energy over the gas constant [K]."""
    total = 0.0
    before = 0.0
    for i in range(times.size):
        kelvin = max(base_K[i] + factor * rise_K[i], 1.0)
        rate = np.exp(min(ln_a - e_r / kelvin, 80.0))  # 80: far beyond any threshold
        if i > 0:
            total += 0.5 * (rate + before) * (times[i] - times[i - 1])
        before = rate
    return total


@kernel
def _bisect(ln_a: float, e_r: float, times: Array, base_K: Array, rise_K: Array, low: float, high: float, halvings: int) -> float:
    for _ in range(halvings):
        middle = np.sqrt(low * high)
        if dose(ln_a, e_r, times, base_K, rise_K, middle) >= 1.0:
            high = middle
        else:
            low = middle
    return high


def scale_to_damage(process: Process, times_s: Array, base_K: Array, rise_K: Array) -> float:
    """Factor on `rise_K` at which the damage of base + factor * rise reaches 1; the largest factor where there is no rise.

    Arrays have one entry a time. Temperatures in kelvin, rises in kelvin.
    """
    if float(rise_K.max()) <= 0.0:
        return math.inf
    e_r = process.energy_J_mol / GAS_CONSTANT_J_MOL_K
    return _bisect(
        math.log(process.frequency_s), e_r, times_s, np.ascontiguousarray(base_K), np.ascontiguousarray(rise_K), _LEAST, _MOST,
        _HALVINGS,
    )  # fmt: skip
