"""One vessel resolved: a cylinder of blood with its wall in tissue, heated by the light around it.

The blood absorbs evenly what reaches its inside, more of it as it gets hot; above its boiling temperature heat goes into
steam; heat spreads into wall and tissue through any train of pulses; damage is told at the outside and the inside of the
wall and in the blood. Heat from the surface of the skin and from other vessels does not reach it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import damage, tissue
from recutis.heat.column import EnergyError
from recutis.heat.resolution import fineness
from recutis.injury import _cylinder_kernel as kernels
from recutis.units import J_M2_PER_J_CM2, KELVIN_OFFSET, M_PER_UM, PER_M_PER_CM, S_PER_MS

Array = NDArray[np.float64]
End = Literal["wall", "inside", "blood", "rupture"]
_INSIDE, _WALL_CELLS = 14, 4  # cells of lumen and wall; twice as many move thresholds by under 4 %, of the smallest by 7
_STRETCH = 1.2
_STEPS = 50  # of a pulse; twice as many move thresholds by under 1 %
_GROWTH = 1.12  # of the steps afterwards
_AFTER = 4.0  # pulse lengths or relaxation times followed after the pulse, whichever is longer
_REACH = 5.0  # diffusion lengths of tissue around the vessel
_AUDIT = 1e-6
_LEAST_J_CM2, _MOST_J_CM2 = 1e-4, 1e6  # local exposures beyond these mean: always, never
_CLOSE = 4e-3  # of a threshold
_STRIDE = 0.6  # of the logarithm of the exposure, until the threshold lies between two


@dataclass(frozen=True, kw_only=True)
class Vessel:
    """A vessel: lumen and wall [µm], absorption of its blood when cold and at 100 °C [1/cm], its temperature before the pulse.

    `onset_C` is the temperature from which the absorption changes.
    """

    diameter_um: float
    wall_um: float
    cold_cm: float
    hot_cm: float
    start_C: float
    onset_C: float = 20.0  # as measured at 586 nm

    def __post_init__(self) -> None:
        """Raises OutOfRangeError for what no vessel can be."""
        for name in ("diameter_um", "wall_um", "cold_cm", "hot_cm"):
            value = getattr(self, name)
            if not (value > 0.0 and math.isfinite(value)):
                msg = f"A vessel needs {name} above 0; got {value:g}. Give the size of a vessel or the absorption of blood."
                raise OutOfRangeError(msg)


@dataclass(frozen=True, kw_only=True)
class Course:
    """What an exposure did to a vessel.

    Damage integrals at the outside and inside of the wall and in the blood; highest temperatures of the axis and of the inside
    of the wall [°C], most steam [J/cm³ of blood], and energies [J per m of vessel].
    """

    wall: float
    inside: float
    blood: float
    peak_C: float
    peak_wall_C: float
    steam_J_cm3: float
    given_J_m: float
    stored_J_m: float
    lost_J_m: float


def wall_um(diameter_um: float) -> float:
    """Thickness of the wall of a dermal vessel: a share of its diameter within what histology shows [µm]."""
    _, thin, thick = evidence.numbers("phys_vessel_wall")
    return min(max(evidence.value("phys_vessel_wall_share") * diameter_um, thin), thick)


def relaxation_s(diameter_um: float) -> float:
    """Thermal relaxation time of a cylinder, d² / 16 alpha (Anderson & Parrish 1983)."""
    return (diameter_um * M_PER_UM) ** 2 / (16.0 * evidence.value("thermal_diffusivity_dermis"))


def _wall_cells() -> int:
    return round(_WALL_CELLS * fineness())


@lru_cache(maxsize=512)
def _rings(diameter_um: float, wall: float, reach_um: float) -> tuple[Array, Array, Array]:
    """Areas [m²], heat capacities [J/m K] and couplings [W/m K] of the rings."""
    a = diameter_um / 2.0
    fine = wall / _wall_cells()
    inner = [0.0]
    step = min(fine, a / (_INSIDE * fineness()))
    while sum(inner) < a:
        inner.append(step)
        step = min(step * _STRETCH, a / (6.0 * fineness()))
    inside = np.cumsum(np.array(inner))
    lumen = (a - inside[inside < a * (1.0 - 1e-9)])[::-1]
    lumen = np.concatenate(([0.0], lumen)) if lumen[0] > step * 0.2 else np.concatenate(([0.0], lumen[1:]))
    edges = [*lumen.tolist(), *(a + fine * np.arange(1, _wall_cells() + 1)).tolist()]
    step = fine
    while edges[-1] < a + wall + reach_um:
        step *= _STRETCH
        edges.append(edges[-1] + step)
    r = np.array(edges) * M_PER_UM
    wet = tissue.thermal(evidence.value("phys_reference_water"))
    blood = r[1:] <= a * M_PER_UM * (1.0 + 1e-9)
    heat = np.where(blood, evidence.value("rho_blood") * evidence.value("cp_blood"), wet.capacity_J_m3_K)
    k = np.where(blood, evidence.value("k_blood"), wet.conductivity_W_m_K)
    area = math.pi * np.diff(r**2)
    middle = np.maximum((r[:-1] + r[1:]) / 2, r[1] / 4)
    between = np.log(r[1:-1] / middle[:-1]) / k[:-1] + np.log(middle[1:] / r[1:-1]) / k[1:]
    last = math.log(r[-1] / middle[-1]) / k[-1]
    link = 2.0 * math.pi / np.concatenate((between, [last]))
    return area, area * heat, link


def _law(process: damage.Process) -> Array:
    return np.array([math.log(process.frequency_s), process.energy_J_mol / damage.GAS_CONSTANT_J_MOL_K])


def heat_vessel(
    vessel: Vessel, exposure_J_cm2: float, duration_ms: float, *, pulses: int = 1, repetition_Hz: float = 1.0
) -> Course:
    """Heat a vessel by pulses of this fluence in the tissue around it (not the incident one) and check the energy account.

    Raises OutOfRangeError for an exposure, pulse length or train that makes no sense, EnergyError when the account does not close.
    """
    if not (exposure_J_cm2 >= 0.0 and duration_ms > 0.0 and pulses >= 1 and repetition_Hz > 0.0):
        msg = (
            f"A vessel needs exposures of at least 0, pulses longer than 0, at least one, at a rate above 0; got "
            f"{exposure_J_cm2:g} J/cm², {duration_ms:g} ms, {pulses} pulses, {repetition_Hz:g} Hz."
        )
        raise OutOfRangeError(msg)
    on = duration_ms * S_PER_MS
    keeps = relaxation_s(vessel.diameter_um)
    gap = max(1.0 / repetition_Hz - on, 0.0)
    step, after = min(on / _STEPS, keeps / 8.0) / fineness(), _AFTER * max(on, keeps)
    step = max(step, on / (40.0 * _STEPS * fineness()))
    parts: list[tuple[float, float, float, float]] = []
    for number in range(pulses):
        parts.append((on, exposure_J_cm2 * J_M2_PER_J_CM2 / on, step, 1.0))
        dark = after if number == pulses - 1 else gap
        if dark > 0.0:
            parts.append((dark, 0.0, min(step, keeps / 50.0), _GROWTH))
    seconds, power, first, growth = (np.array(x) for x in zip(*parts, strict=True))
    alpha = evidence.value("thermal_diffusivity_dermis")
    longest = float(seconds.sum())
    area, capacity, link = _rings(vessel.diameter_um, vessel.wall_um, _reach_um(alpha, longest))
    rings = int(np.searchsorted(np.cumsum(area), math.pi * (vessel.diameter_um * M_PER_UM / 2) ** 2 * (1.0 - 1e-9))) + 1
    rise, steam, account = np.zeros(area.size), np.zeros(area.size), np.zeros(kernels.ACCOUNTS)
    kernels.expose(
        rise, steam, capacity, link, area, rings, rings + _wall_cells(), seconds, power, first, growth,
        vessel.start_C + KELVIN_OFFSET, vessel.cold_cm * PER_M_PER_CM, vessel.hot_cm * PER_M_PER_CM,
        vessel.onset_C + KELVIN_OFFSET, evidence.value("phys_blood_hot") + KELVIN_OFFSET,
        evidence.value("vessel_denaturation_threshold_temperature") + KELVIN_OFFSET,
        vessel.diameter_um * M_PER_UM, evidence.value("phys_blood_vaporisation") - vessel.start_C, _law(damage.wall()),
        _law(damage.blood()), account,
    )  # fmt: skip
    stored = float(np.sum(rise * capacity) + np.sum(steam))
    residual = account[kernels.GIVEN] - stored - account[kernels.OUTSIDE]
    if not abs(residual) <= _AUDIT * max(account[kernels.GIVEN], 1e-12):
        msg = (
            f"The energy account of a vessel misses {residual:.3g} J/m of {account[kernels.GIVEN]:.3g} J/m. "
            "Do not use this result; please report the settings."
        )
        raise EnergyError(msg)
    return Course(
        wall=float(account[kernels.WALL]), inside=float(account[kernels.INSIDE]), blood=float(account[kernels.BLOOD]),
        peak_C=float(account[kernels.PEAK]) + vessel.start_C, peak_wall_C=float(account[kernels.SKIN]) + vessel.start_C,
        steam_J_cm3=float(account[kernels.STEAM]) * M_PER_UM,
        given_J_m=float(account[kernels.GIVEN]), stored_J_m=stored, lost_J_m=float(account[kernels.OUTSIDE]),
    )  # fmt: skip


def _reach_um(alpha: float, seconds: float) -> float:
    """How much tissue around the vessel is followed, rounded up so that grids can be kept."""
    reach = _REACH * math.sqrt(4.0 * alpha * seconds) / M_PER_UM
    return float(2.0 ** math.ceil(math.log2(max(reach, 8.0))))


def _log_dose(vessel: Vessel, exposure: float, duration_ms: float, end: End, pulses: int, repetition_Hz: float) -> float:
    """Logarithm of what is reached over what is needed; rises with the exposure."""
    done = heat_vessel(vessel, exposure, duration_ms, pulses=pulses, repetition_Hz=repetition_Hz)
    if end == "rupture":
        sensible = evidence.value("rho_blood") * evidence.value("cp_blood") * M_PER_UM
        needed = evidence.value("phys_rupture_steam") + sensible * (evidence.value("phys_blood_vaporisation") - vessel.start_C)
        return math.log(max(done.steam_J_cm3 + sensible * (done.peak_C - vessel.start_C), 1e-9) / needed)
    return math.log(max(getattr(done, end), 1e-280))


@lru_cache(maxsize=32768)
def threshold_J_cm2(
    vessel: Vessel, duration_ms: float, end: End = "wall", *, pulses: int = 1, repetition_Hz: float = 1.0
) -> float:
    """Least fluence of each pulse around the vessel for an end point.

    `wall`: the whole wall coagulates, `inside`: its inner surface, `blood`: half of the blood, `rupture`: enough of the blood
    turns to steam to tear the wall. Infinite where no light does. Raises OutOfRangeError as `heat_vessel` does.
    """

    def dose(log_exposure: float) -> float:
        return _log_dose(vessel, math.exp(log_exposure), duration_ms, end, pulses, repetition_Hz)

    low = math.log(400.0 / vessel.cold_cm)  # heats by about a hundred kelvin
    at_low = dose(low)
    step = -_STRIDE if at_low > 0.0 else _STRIDE
    high, at_high = low, at_low
    while at_low > 0.0 or at_high < 0.0:
        if not math.log(_LEAST_J_CM2) < low < high + 1e-12 < math.log(_MOST_J_CM2):
            return math.inf if at_high < 0.0 else _LEAST_J_CM2
        if step > 0.0:
            low, at_low, high = high, at_high, high + step
            at_high = dose(high)
        else:
            high, at_high, low = low, at_low, low + step
            at_low = dose(low)
    return _root(dose, low, at_low, high, at_high)


def _root(dose: Callable[[float], float], low: float, at_low: float, high: float, at_high: float) -> float:
    """Where a rising function of the logarithm of the exposure crosses zero: regula falsi, halving where that is slow."""
    turn = 0
    while high - low > _CLOSE:
        share = -at_low / (at_high - at_low)
        turn += 1
        middle = low + (high - low) * (0.5 if turn % 3 == 0 else min(max(share, 0.03), 0.97))
        found = dose(middle)
        if abs(found) < _CLOSE:
            return math.exp(middle)
        if found > 0.0:
            high, at_high = middle, found
        else:
            low, at_low = middle, found
    return math.exp((low + high) / 2.0)


__all__ = ["Course", "End", "Vessel", "heat_vessel", "relaxation_s", "threshold_J_cm2", "wall_um"]
