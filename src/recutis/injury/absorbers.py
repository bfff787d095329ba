"""Vessels in the light of the bulk: what each needs, and the plexus that vessels of many sizes form."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.injury import cylinder
from recutis.skin import HotBlood
from recutis.units import M_PER_UM, PER_M_PER_CM

Array = NDArray[np.float64]
DIAMETERS_UM = (20.0, 40.0, 60.0, 100.0, 150.0, 200.0, 300.0, 500.0, 1000.0)
DEPTHS_UM = (150.0, 300.0, 500.0, 1000.0)
_US_PER_MS = 1e3  # SI prefixes
_CLASSES = 5  # of vessel size in the plexus; eleven move purpura thresholds by under 5 %
_COOLED_C, _SAME_K = 20.0, 0.5  # where a cooled vessel is computed; what counts as not cooled
_DIGITS = 3  # of absorption, so that neighbouring settings share thresholds
_ROOM_FOR_SIZE = 2.0  # blood of a vessel grows as the square of its diameter


def blood_capacity_J_m3_K() -> float:
    """Heat capacity of blood."""
    return evidence.value("rho_blood") * evidence.value("cp_blood")


def mean_absorption_cm(mua_cm: float, diameter_um: float) -> float:
    """Absorption of blood averaged over a vessel that shades itself: mua (1 - exp(-x)) / x with x = mua d."""
    x = mua_cm * PER_M_PER_CM * diameter_um * M_PER_UM
    return mua_cm * (-math.expm1(-x) / x) if x > 0 else mua_cm


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def vessel(diameter_um: float, cold_cm: float, hot: HotBlood, start_C: float, *, wall_um: float | None = None) -> cylinder.Vessel:
    """A vessel of the skin, its blood absorbing `cold_cm` [1/cm] and changing on heating as `hot` says."""
    cold = _rounded(cold_cm)
    return cylinder.Vessel(
        diameter_um=diameter_um, wall_um=cylinder.wall_um(diameter_um) if wall_um is None else wall_um, cold_cm=cold,
        hot_cm=_rounded(cold * hot.factor), start_C=start_C, onset_C=_rounded(hot.onset_C),
    )  # fmt: skip


def needed_J_cm2(
    one: cylinder.Vessel, duration_ms: float, end: cylinder.End, *, pulses: int = 1, repetition_Hz: float = 1.0
) -> float:
    """Least fluence around a vessel for an end point; in the logarithm between a vessel of normal skin and a cooled one.

    So that every depth of a cooled skin needs but two thresholds.
    """
    normal = evidence.numbers("skin_surface_temperature_baseline")[1]

    def at(start_C: float) -> float:
        usual = replace(one, start_C=start_C)
        return cylinder.threshold_J_cm2(usual, duration_ms, end, pulses=pulses, repetition_Hz=repetition_Hz)

    warm = at(normal)
    if abs(one.start_C - normal) < _SAME_K or not math.isfinite(warm):
        return warm
    share = (normal - one.start_C) / (normal - _COOLED_C)
    return float(warm * (at(_COOLED_C) / warm) ** share)


@lru_cache(maxsize=8)
def plexus(median_um: float | None = None) -> tuple[tuple[float, ...], float]:
    """Diameters [µm] of classes of the upper plexus that hold equal shares of its blood, and that share.

    Vessels are log-normally many about `median_um`, that of normal skin unless told; their blood grows as the square of their
    diameter, which moves the median up.
    """
    from scipy.special import ndtri

    spread = evidence.value("phys_plexus_diameter_sd_ln")
    usual = evidence.value("phys_plexus_diameter") if median_um is None else median_um
    median = usual * math.exp(_ROOM_FOR_SIZE * spread**2)
    at = (np.arange(_CLASSES) + 0.5) / _CLASSES
    return tuple(float(round(x, 2)) for x in median * np.exp(spread * ndtri(at))), 1.0 / _CLASSES


def share_threshold(needed: Array, share: float) -> float:
    """Exposure at which classes of equal weight have given way that hold this share; interpolated in the logarithm.

    `needed` holds the exposure of each class, in any order. Infinite where too few ever do.
    """
    finite = np.sort(needed[np.isfinite(needed)])
    at = (np.arange(finite.size) + 0.5) / needed.size
    if finite.size == 0 or share > at[-1] + 0.5 / needed.size:
        return math.inf
    return float(math.exp(np.interp(share, at, np.log(finite))))


def red_cell_confinement(duration_ms: float) -> float:
    """Share of the heat laid into red cells at the start of a pulse that is still inside them at its end."""
    return math.exp(-duration_ms * _US_PER_MS / evidence.value("phys_red_cell_relaxation"))


def burst_J_cm2(one: cylinder.Vessel, duration_ms: float) -> float:
    """Fluence around a vessel at which its red cells vaporise and burst it; infinite for slow pulses.

    On the way they absorb as the mean of cold and hot blood.
    """
    mean = mean_absorption_cm((one.cold_cm + one.hot_cm) / 2.0, one.diameter_um)
    return burst_rise_K(duration_ms, one.start_C) * blood_capacity_J_m3_K() * M_PER_UM / mean


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
