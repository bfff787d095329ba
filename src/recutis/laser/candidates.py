"""Panel settings worth trying: a coarse grid inside the device's limits and the site's ceilings."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Final

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.laser.settings import expose, typical
from recutis.laser.types import Device, Exposure, Limit, Settings
from recutis.units import UM_PER_MM, mean_fluence_J_cm2


@dataclass(frozen=True, kw_only=True)
class GridSize:
    """How many values of each knob are tried (see docs/lasers.md), and how many settings of a device at most."""

    doses: int = 5
    densities: int = 4
    durations: int = 3
    spots: int = 3
    stacks: int = 2
    coagulations: int = 3
    most: int = 120


GRID = GridSize()
_FEW: Final = 3  # passes tried one by one
_ROUNDING: Final = 1e-9  # relative slack at a ceiling for binary fractions
_DOSE_NAMES: Final = ("depth_um", "energy_mJ", "fluence_J_cm2", "power_W")
_DEPTH_FROM: Final = 10.0  # µm: a geometric scale needs a start above zero


def _steps(limit: Limit, count: int, *, ceiling: float | None = None, start: float = 0.0) -> tuple[float, ...]:
    """Geometric steps from the lower limit to the upper or the ceiling, ends included; empty if the ceiling is lower."""
    low = max(limit.low, start)
    high = limit.high if ceiling is None else min(limit.high, _told(ceiling))
    if high < low or high < limit.low:
        return ()
    if count == 1 or high == low:
        return (high,)
    ratio = (high / low) ** (1 / (count - 1))
    inner = [float(f"{low * ratio**step:.3g}") for step in range(1, count - 1)]
    return tuple(dict.fromkeys([low, *(value for value in inner if low < value < high), high]))


def _told(ceiling: float) -> float:
    """A ceiling rounded down to the four digits that a plan tells, so that what is told never lies above it."""
    if ceiling <= 0:
        return ceiling
    digit = 10.0 ** (math.floor(math.log10(ceiling)) - 3)
    return float(f"{math.floor(ceiling / digit * (1 + _ROUNDING)) * digit:.4g}")


def _deepest_um(device: Device, *, max_energy_mJ: float | None, max_fluence_J_cm2: float | None) -> float | None:
    """The depth at which the vendor's rule meets the energy or fluence ceiling."""
    spot_um = device.microbeam_um or UM_PER_MM * (typical(device, "spot_mm") or 0.0)
    fluences = [] if max_fluence_J_cm2 is None else [max_fluence_J_cm2]
    if max_energy_mJ is not None and spot_um:
        fluences.append(mean_fluence_J_cm2(energy_mJ=max_energy_mJ, spot_um=spot_um))
    return min(fluences) * evidence.value("LAS-ERYAG-RULE") if fluences else None


def _beyond(exposure: Exposure, *, max_energy_mJ: float | None, max_fluence_J_cm2: float | None) -> bool:
    """Whether what lands on one place is above a ceiling; stacked pulses count together."""
    energy, fluence = exposure.pulse.energy_mJ * exposure.stack, exposure.pulse.fluence_J_cm2 * exposure.stack
    return (max_energy_mJ is not None and energy > max_energy_mJ * (1 + _ROUNDING)) or (
        max_fluence_J_cm2 is not None and fluence > max_fluence_J_cm2 * (1 + _ROUNDING)
    )


def _doses(device: Device, *, max_energy_mJ: float | None, max_fluence_J_cm2: float | None) -> list[Settings]:
    name = next((one for one in _DOSE_NAMES if one in device.panel), None)
    if name is None:
        return [Settings()]
    if name == "power_W" and "duration_ms" in device.panel:
        dwell = _steps(device.limits["duration_ms"], GRID.doses)
        return [Settings(power_W=device.limits[name].typical, duration_ms=value) for value in dwell]
    ceiling = {"energy_mJ": max_energy_mJ, "fluence_J_cm2": max_fluence_J_cm2}.get(name)
    if name == "depth_um":
        ceiling = _deepest_um(device, max_energy_mJ=max_energy_mJ, max_fluence_J_cm2=max_fluence_J_cm2)
    limit = device.limits[name]
    values = _steps(limit, GRID.doses, ceiling=ceiling, start=_DEPTH_FROM if limit.low == 0 else 0.0)
    return [replace(Settings(), **{name: value}) for value in values]  # type: ignore[arg-type]


def _per_pass(device: Device, *, max_density_pct: float | None, passes: int) -> list[Settings]:
    """Densities of one pass such that all passes together stay below the ceiling."""
    if device.mode != "fractional":
        return [Settings()]
    limit = device.limits["density_pct"]
    total = device.limits.get("total_density_pct")
    tops = [value for value in (max_density_pct, None if total is None else total.high) if value is not None]
    ceiling = min(tops) / passes if tops else None
    if "density_pct" not in device.panel and "columns_cm2" not in device.panel:
        return [Settings()] if ceiling is None or limit.high <= ceiling else []
    if "density_pct" in device.panel:
        return [Settings(density_pct=value) for value in _steps(limit, GRID.densities, ceiling=ceiling)]
    columns = device.limits["columns_cm2"]
    most = None if ceiling is None else ceiling * columns.high / limit.high
    return [Settings(columns_cm2=value) for value in _steps(columns, GRID.densities, ceiling=most)]


def _shape(device: Device) -> list[Settings]:
    """Durations for vessels, spots for hand-placed beams, stacks, and coagulation depths of a hybrid."""
    durations: tuple[float | None, ...] = (None,)
    if "duration_ms" in device.panel and device.device_class.startswith(("vascular_", "ipl")):
        limit = device.limits["duration_ms"]
        middle = _steps(
            Limit(low=limit.typical / 2, high=limit.typical * 2, typical=limit.typical, unit=limit.unit), GRID.durations
        )
        durations = tuple(dict.fromkeys(min(max(value, limit.low), limit.high) for value in middle))
    spots: tuple[float | None, ...] = (None,)
    if "spot_mm" in device.panel and device.mode == "spot":
        limit = device.limits["spot_mm"]
        spots = tuple(sorted({limit.low, limit.typical, limit.high}))[: GRID.spots]
    stacks: tuple[int | None, ...] = (None,)
    if "stack" in device.panel:
        limit = device.limits["stack"]
        stacks = tuple(sorted({int(limit.typical), min(int(limit.high), int(limit.typical) * 2)}))[: GRID.stacks]
    coagulations: tuple[float | None, ...] = (None,)
    if "coagulation_um" in device.panel and device.second_wavelength_nm is not None:
        coagulations = _steps(device.limits["coagulation_um"], GRID.coagulations, start=_DEPTH_FROM)
    return [
        Settings(duration_ms=duration, spot_mm=spot, stack=stack, coagulation_um=coagulation)
        for duration, spot, stack, coagulation in itertools.product(durations, spots, stacks, coagulations)
    ]


def _passes(device: Device, max_passes: int | None) -> tuple[int, ...]:
    limit = device.limits["passes"]
    low, high = int(limit.low), int(limit.high)
    if max_passes is not None:
        high = min(high, max_passes)
    if high < low:
        return ()
    if device.mode == "full_field" or high <= _FEW:
        return tuple(range(low, min(high, _FEW) + 1))
    usual = min(int(typical(device, "passes") or 1), high)
    return tuple(sorted({max(low, usual // 2), usual}))


def _thin(found: list[Settings]) -> tuple[Settings, ...]:
    """At most `GRID.most`, spread evenly over the list, its ends kept."""
    if len(found) <= GRID.most:
        return tuple(found)
    return tuple(found[round(step * (len(found) - 1) / (GRID.most - 1))] for step in range(GRID.most))


def candidate_settings(
    device: Device,
    *,
    max_energy_mJ: float | None = None,
    max_density_pct: float | None = None,
    max_fluence_J_cm2: float | None = None,
    max_passes: int | None = None,
) -> tuple[Settings, ...]:
    """Settings for a planner to try, always inside the device's limits and these ceilings.

    About five energies, fluences or depths in geometric steps, four densities, three durations for
    vessels, three coagulation depths for a hybrid, up to three spots, and passes; at most 120, in a fixed order. The density ceiling holds
    for the nominal density of all passes together. Empty when a ceiling lies below the device's least.
    """
    found: list[Settings] = []
    for passes in _passes(device, max_passes):
        doses = _doses(device, max_energy_mJ=max_energy_mJ, max_fluence_J_cm2=max_fluence_J_cm2)
        densities = _per_pass(device, max_density_pct=max_density_pct, passes=passes)
        for dose, density, shape in itertools.product(doses, densities, _shape(device)):
            settings = replace(
                dose,
                density_pct=density.density_pct,
                columns_cm2=density.columns_cm2,
                duration_ms=dose.duration_ms if shape.duration_ms is None else shape.duration_ms,
                spot_mm=shape.spot_mm,
                stack=shape.stack,
                coagulation_um=shape.coagulation_um,
                passes=passes,
            )
            try:
                made = expose(device, settings)
            except OutOfRangeError:  # a combination whose energy or fluence the device cannot reach
                continue
            if not _beyond(made, max_energy_mJ=max_energy_mJ, max_fluence_J_cm2=max_fluence_J_cm2):
                found.append(settings)
    return _thin(found)
