"""Exposure at which a water-dominated laser injures skin: the column model, with what a small spot loses sideways.

The column knows boiling, removal and the fall of absorption; a spot of finite size also loses heat to its sides, which counts
once the pulse is about as long as heat takes across the spot. On the axis of a disc or a gaussian that loss is an exact factor
of every bit of heat by its age, as long as properties are constant. Where it counts nothing boils, so the threshold of the
column is multiplied by the ratio of the two thresholds in constant tissue.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc, erfcx

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import column as heat
from recutis.heat import damage, tissue
from recutis.injury.ablative import NO_COOLING, ablation_threshold_J_cm2, expose_column, least_exposure_J_cm2
from recutis.laser.types import Cooling
from recutis.light.lines import water_line
from recutis.units import J_M2_PER_J_CM2, M_PER_UM, PER_M_PER_CM, S_PER_MS

Array = NDArray[np.float64]
_AFTER_S = 2.0  # as the schedule of the column; heat of a spot has gone sideways by then
_YOUNGEST_S, _NODES = 1e-9, 400  # ages of heat, evenly in the logarithm; doubling moves ratios by under a thousandth
_TIMES = 300  # at which damage is summed within and after the pulses; doubling moves ratios by under half a per cent


@dataclass(frozen=True, kw_only=True)
class Train:
    """Pulses at one place: length and number, and the rate at which they follow."""

    duration_ms: float
    count: int = 1
    repetition_Hz: float = 1.0

    def starts_s(self) -> Array:
        """When each pulse starts."""
        gap = max(1.0 / self.repetition_Hz, 2.0 * self.duration_ms * S_PER_MS)
        return np.arange(self.count, dtype=np.float64) * gap


def age_response_m2K_J(depth_m: float, age_s: Array, mua_m: float, thermal: tissue.Thermal) -> Array:
    """Rise per exposure [K m²/J] at a depth, this long after light that decays exponentially with depth; insulated surface."""
    root = np.sqrt(thermal.diffusivity_m2_s * age_s)
    a, b = mua_m * root - depth_m / (2 * root), mua_m * root + depth_m / (2 * root)
    gauss = np.exp(-((depth_m / (2 * root)) ** 2))
    near = np.where(a > 0.0, gauss * erfcx(np.maximum(a, 0.0)), 0.0)
    plain = np.exp(np.minimum((mua_m * root) ** 2 - mua_m * depth_m, 0.0)) * erfc(np.minimum(a, 0.0))
    return np.asarray(0.5 * mua_m / thermal.capacity_J_m3_K * (np.where(a > 0.0, near, plain) + gauss * erfcx(b)))


def kept_on_axis(age_s: Array, spot_um: float, gaussian: bool, diffusivity_m2_s: float) -> Array:
    """Share of heat of this age that is still on the axis of a spot: flat disc, or gaussian of this 1/e² diameter."""
    radius2 = (spot_um * M_PER_UM / 2) ** 2
    spread = 4.0 * diffusivity_m2_s * age_s
    return np.asarray(1.0 / (1.0 + 2.0 * spread / radius2) if gaussian else -np.expm1(-radius2 / spread))


def _rise_m2K_J(train: Train, depth_um: float, mua_m: float, spot: tuple[float, bool] | None, times: Array) -> Array:
    """Rise per exposure of one pulse at the times, in tissue of constant properties."""
    thermal = tissue.thermal(evidence.value("phys_reference_water"))
    ages = np.geomspace(_YOUNGEST_S, max(float(times[-1]), 1.0), _NODES)
    bits = age_response_m2K_J(depth_um * M_PER_UM, ages, mua_m, thermal)
    if spot is not None:
        bits = bits * kept_on_axis(ages, *spot, thermal.diffusivity_m2_s)
    steps = np.diff(np.log(ages)) * 0.5 * ((bits * ages)[1:] + (bits * ages)[:-1])
    summed = np.concatenate(([bits[0] * ages[0]], bits[0] * ages[0] + np.cumsum(steps)))
    whole_ages, whole = np.concatenate(([0.0], ages)), np.concatenate(([0.0], summed))
    seconds = train.duration_ms * S_PER_MS
    since = times[:, None] - train.starts_s()[None, :]
    began, ended = np.maximum(since, 0.0), np.maximum(since - seconds, 0.0)
    return np.asarray((np.interp(began, whole_ages, whole) - np.interp(ended, whole_ages, whole)).sum(axis=1) / seconds)


def _times(train: Train) -> Array:
    """Moments that resolve every pulse and what follows it."""
    starts, seconds = train.starts_s(), train.duration_ms * S_PER_MS
    gap = float(starts[1]) - seconds if train.count > 1 else _AFTER_S
    each = max(_TIMES // train.count, 40)
    lit = seconds * np.linspace(0.0, 1.0, each)
    dark = seconds + np.geomspace(min(seconds, gap) * 1e-3, gap, each)
    after = float(starts[-1]) + seconds + np.geomspace(1e-4, _AFTER_S + seconds, _TIMES)
    return np.unique(np.concatenate([start + x for start in starts for x in (lit, dark)] + [after]))


@lru_cache(maxsize=256)
def sideways_factor(train: Train, wavelength_nm: float, depth_um: float, start_C: float, spot_um: float, gaussian: bool) -> float:
    """Threshold on the axis of a spot over that of an endless one, both in tissue of constant properties; at least 1."""
    process = damage.cell_death()
    mua = water_line(wavelength_nm).wet_mua_cm(evidence.value("phys_reference_water")) * PER_M_PER_CM
    times = _times(train)

    def threshold(spot: tuple[float, bool] | None) -> float:
        rise = _rise_m2K_J(train, depth_um, mua, spot, times) * J_M2_PER_J_CM2

        def excess(fluence: float) -> float:
            rates = np.array([process.rate_s(min(start_C + fluence * x, 500.0)) for x in rise])  # 500 °C: far beyond
            return float(math.log(max(np.trapezoid(rates, times), 1e-300)))

        return least_exposure_J_cm2(excess, "injures")

    return max(threshold((spot_um, gaussian)) / threshold(None), 1.0)


def spot_ablation_threshold_J_cm2(
    slab: heat.Slab, wavelength_nm: float, duration_ms: float, *, spot_um: float, gaussian: bool, cooling: Cooling = NO_COOLING
) -> float:
    """Least exposure of one pulse that removes tissue on the axis of a spot [J/cm²].

    That of an endless spot times what its surface is hotter at the end of the pulse, in tissue of constant properties.

    Raises OutOfRangeError when no exposure does, for a wavelength that water does not dominate, or a spot below 1 µm.
    """
    _check_spot(spot_um)
    mua = water_line(wavelength_nm).wet_mua_cm(evidence.value("phys_reference_water")) * PER_M_PER_CM
    train, end = Train(duration_ms=duration_ms), np.array([duration_ms * S_PER_MS])
    endless, finite = (float(_rise_m2K_J(train, 0.0, mua, spot, end)[0]) for spot in (None, (spot_um, gaussian)))
    return ablation_threshold_J_cm2(slab, wavelength_nm, duration_ms, cooling) * max(endless / finite, 1.0)


def _check_spot(spot_um: float) -> None:
    if not spot_um >= 1.0:
        msg = f"A spot needs a diameter of at least 1 µm; got {spot_um:g} µm."
        raise OutOfRangeError(msg)


@lru_cache(maxsize=256)
def injury_threshold_J_cm2(
    slab: heat.Slab,
    wavelength_nm: float,
    train: Train,
    depth_um: float,
    *,
    spot_um: float | None = None,
    gaussian: bool = False,
    passes: int = 1,
    cooling: Cooling = NO_COOLING,
) -> float:
    """Least exposure of each pulse (incident, on the axis) that leaves a lesion [J/cm²].

    That is cells dead down to a depth from the surface, or tissue removed: pulses of nanoseconds take off the uppermost
    micrometres and leave what lies below alive.
    `spot_um` is the diameter (1/e² where `gaussian`); None means a spot so wide that nothing is lost sideways.

    Raises OutOfRangeError when no exposure does, for a wavelength that water does not dominate, or a spot below 1 µm.
    """
    if spot_um is not None:
        _check_spot(spot_um)

    def excess(fluence: float) -> float:
        shot = expose_column(
            slab, wavelength_nm=wavelength_nm, fluence_J_cm2=fluence, duration_ms=train.duration_ms, stack=train.count,
            repetition_Hz=train.repetition_Hz, passes=passes, cooling=cooling, wipe=False,
        )  # fmt: skip
        dead = heat.ln_damage_at(shot.last.column, shot.last.column.death, depth_um)
        return max(dead, math.log(max(shot.last.nearest, 1e-300)))

    plane = least_exposure_J_cm2(excess, f"injures skin {depth_um:g} µm deep at {wavelength_nm:g} nm")
    if spot_um is None:
        return plane
    return plane * sideways_factor(train, wavelength_nm, depth_um, slab.start_C, spot_um, gaussian)


__all__ = [
    "Train", "age_response_m2K_J", "injury_threshold_J_cm2", "kept_on_axis", "sideways_factor", "spot_ablation_threshold_J_cm2",
]  # fmt: skip
