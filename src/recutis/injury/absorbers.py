"""Local absorbers in the light of the bulk: vessels as cylinders, melanosomes, both in closed form."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.heat import damage
from recutis.injury.scaling import scale_to_damage
from recutis.units import KELVIN_OFFSET, M_PER_UM, PER_M_PER_CM, S_PER_MS

Array = NDArray[np.float64]
DIAMETERS_UM = (20.0, 40.0, 60.0, 100.0, 150.0, 200.0, 300.0, 500.0, 1000.0)
DEPTHS_UM = (150.0, 300.0, 500.0, 1000.0)
_US_PER_MS = 1e3  # SI prefixes
_STEPS = 160  # time nodes of the wall history; doubling them moves thresholds by under 0.5 %
_GAUSS = np.polynomial.legendre.leggauss(10)  # over the age of heat; doubling them moves thresholds by under 0.3 %
_NODES, _WEIGHTS = (_GAUSS[0] + 1.0) / 2.0, _GAUSS[1] / 2.0  # on 0 to 1
_AFTER = 4.0  # pulse lengths or relaxation times followed after the pulse, whichever is longer


def blood_capacity_J_m3_K() -> float:
    """Heat capacity of blood."""
    return evidence.value("rho_blood") * evidence.value("cp_blood")


def mean_absorption_cm(mua_cm: float, diameter_um: float) -> float:
    """Absorption of blood averaged over a vessel that shades itself: mua (1 - exp(-x)) / x with x = mua d."""
    x = mua_cm * PER_M_PER_CM * diameter_um * M_PER_UM
    return mua_cm * (-math.expm1(-x) / x) if x > 0 else mua_cm


def relaxation_s(diameter_um: float) -> float:
    """Thermal relaxation time of a cylinder, d² / 16 alpha (Anderson & Parrish 1983)."""
    return (diameter_um * M_PER_UM) ** 2 / (16.0 * evidence.value("thermal_diffusivity_dermis"))


def wall_memory(seconds: Array, diameter_um: float) -> Array:
    """Rise at the wall of a cylinder a time after it was heated evenly by 1 K; exact: (1 - exp(-y) I0(y)) / 2, y = a² / 2 alpha t."""
    from scipy.special import i0e

    alpha = evidence.value("thermal_diffusivity_dermis")
    y = (diameter_um * M_PER_UM / 2) ** 2 / (2.0 * alpha * np.maximum(seconds, 1e-15))
    return np.asarray(0.5 * (1.0 - i0e(y)))


def _wall_history(duration_s: float, diameter_um: float) -> tuple[Array, Array]:
    """Times and rise of the wall for an even heating that would give 1 K without conduction."""
    end = duration_s + _AFTER * max(duration_s, relaxation_s(diameter_um))
    first = min(duration_s, relaxation_s(diameter_um)) / 100.0
    times = np.unique(
        np.concatenate((np.linspace(0, duration_s, _STEPS // 2), duration_s + np.geomspace(first, end, _STEPS // 2)))
    )
    youngest = np.maximum(0.0, times - duration_s)
    span = times - youngest
    ages = youngest[:, None] + span[:, None] * _NODES
    return times, wall_memory(ages, diameter_um) @ _WEIGHTS * span / duration_s


@lru_cache(maxsize=2048)
def closure_rise_K(diameter_um: float, duration_ms: float, start_C: float) -> float:
    """Adiabatic rise of the blood that coagulates the vessel at its wall (damage of haemoglobin reaches 1)."""
    times, rise = _wall_history(duration_ms * S_PER_MS, diameter_um)
    return scale_to_damage(damage.blood(), times, np.full(times.size, start_C + KELVIN_OFFSET), rise)


def purpura_rise_K(diameter_um: float, duration_ms: float, start_C: float) -> float:
    """Adiabatic rise of the blood that shows as purpura: wall coagulation of many small vessels, a fitted multiple of one."""
    return closure_rise_K(diameter_um, duration_ms, start_C) * evidence.value("phys_purpura_visible")


def red_cell_confinement(duration_ms: float) -> float:
    """Share of the heat laid into red cells at the start of a pulse that is still inside them at its end."""
    return math.exp(-duration_ms * _US_PER_MS / evidence.value("phys_red_cell_relaxation"))


def burst_rise_K(duration_ms: float, start_C: float) -> float:
    """Adiabatic rise of the whole blood at which its red cells vaporise and burst the vessel; infinite for slow pulses.

    Red cells absorb; they are hotter than the blood as a whole, by the inverse of their share of it, for as long as they
    keep their heat. Only heat that they keep bursts: what has spread through the blood boils it slowly.
    """
    confined = red_cell_confinement(duration_ms)
    if confined <= 0.0:
        return math.inf
    hotter = 1.0 + (1.0 / evidence.value("phys_haematocrit") - 1.0) * confined
    return (evidence.value("phys_blood_vaporisation") - start_C) / (hotter * confined)


def melanosome_threshold_J_cm2(mua_cm: float, start_C: float, capacity_J_m3_K: float) -> float:
    """Local exposure that explodes melanosomes in a pulse too short for them to cool (Jacques & McAuliffe 1991)."""
    rise = evidence.value("melanosome_vaporization_threshold_temperature") - start_C
    per_cm3 = capacity_J_m3_K * M_PER_UM  # J/m3 to J/cm3
    return per_cm3 * rise / (mua_cm * evidence.value("phys_melanosome_factor"))
