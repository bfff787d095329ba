"""Bringing panel settings under the hard ceilings of a site."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from recutis.errors import OutOfRangeError
from recutis.laser import expose
from recutis.laser.pattern import footprint_cm2
from recutis.laser.types import Device, Exposure, Settings
from recutis.patient import Ceiling
from recutis.units import PERCENT

_DOSES: Final = ("energy_mJ", "fluence_J_cm2", "depth_um", "power_W")
_DENSITIES: Final = ("density_pct", "columns_cm2")
_SLACK: Final = 1 + 1e-9  # binary fractions at a ceiling


def place_energy_mJ(exposure: Exposure) -> float:
    """Energy that one place gets in one pass, stacked and coagulating pulses together [mJ]."""
    return exposure.pulse.energy_mJ * exposure.stack + (exposure.second.energy_mJ if exposure.second else 0.0)


def place_fluence_J_cm2(exposure: Exposure) -> float:
    """Mean radiant exposure of one place in one pass, stacked and coagulating pulses together."""
    return exposure.pulse.fluence_J_cm2 * exposure.stack + (exposure.second.fluence_J_cm2 if exposure.second else 0.0)


def total_density_pct(exposure: Exposure) -> float | None:
    """Nominal density of all passes together [%]; None where there are no columns."""
    columns = exposure.column_density_cm2
    return None if columns is None else PERCENT * columns * footprint_cm2(exposure.pulse.spot_um) * exposure.passes


def above_ceiling(exposure: Exposure, ceiling: Ceiling) -> tuple[str, ...]:
    """What lies above the ceiling, in words; empty when nothing does."""
    found = []
    checks = (
        ("energy per place", place_energy_mJ(exposure), ceiling.max_energy_mJ, "mJ"),
        ("density of all passes", total_density_pct(exposure), ceiling.max_density_pct, "%"),
        ("fluence", place_fluence_J_cm2(exposure), ceiling.max_fluence_J_cm2, "J/cm²"),
        ("passes", float(exposure.passes), ceiling.max_passes, ""),
    )
    for name, now, most, unit in checks:
        if most is not None and now is not None and now > most * _SLACK:
            found.append(f"{name} {now:.3g} {unit} above {most:g} {unit}".replace("  ", " ").strip())
    return tuple(found)


def _scaled(settings: Settings, exposure: Exposure, names: tuple[str, ...], ratio: float) -> Settings | None:
    """The knobs among `names` turned down by a ratio and rounded down to three digits; None without such a knob."""
    panel = exposure.device.panel
    turned = [name for name in names if getattr(settings, name) is not None]
    turned = turned or [name for name in names if name in panel][:1]
    if not turned:
        return None
    whole = exposure.settings
    values = {name: _down((getattr(settings, name) or getattr(whole, name)) * ratio) for name in turned}
    return replace(settings, **values)  # type: ignore[arg-type]


def _down(value: float) -> float:
    size = 10 ** (math.floor(math.log10(value)) - 2) if value > 0 else 1.0
    return round(math.floor(value / size * _SLACK) * size, 12)


def under_ceiling(device: Device, settings: Settings, ceiling: Ceiling) -> Settings | None:
    """The same settings, turned down where they lie above the ceiling.

    None when the device cannot go that low: it must not be used at this site. A planner shows the
    lowered settings as `site_settings`, so nothing is clipped unseen.
    """
    found = lowered(device, settings, ceiling)
    return None if found is None else found[0]


def lowered(
    device: Device, settings: Settings, ceiling: Ceiling, *, exposure: Exposure | None = None
) -> tuple[Settings, Exposure] | None:
    """As `under_ceiling`, with what the panel then delivers; `exposure` is that of the settings as they are, where it is known."""
    most = ceiling.max_passes
    if most is not None and settings.passes > most:
        if most < 1:
            return None
        settings, exposure = replace(settings, passes=int(most)), None
    try:
        exposure = expose(device, settings) if exposure is None else exposure
        for limit, names, measure in (
            (ceiling.max_energy_mJ, _DOSES, place_energy_mJ),
            (ceiling.max_fluence_J_cm2, _DOSES, place_fluence_J_cm2),
            (ceiling.max_density_pct, _DENSITIES, total_density_pct),
        ):
            now = measure(exposure)
            if limit is None or now is None or now <= limit * _SLACK:
                continue
            turned = _scaled(settings, exposure, names, limit / now)
            if turned is None:
                return None
            settings = turned
            exposure = expose(device, settings)
        return None if above_ceiling(exposure, ceiling) else (settings, exposure)
    except OutOfRangeError:
        return None
