"""Bringing panel settings under the hard ceilings of a site."""

from __future__ import annotations

from dataclasses import replace

from recutis.laser.types import Device, Settings
from recutis.patient.ceilings import Ceiling

_MIN_OF = (("energy_mJ", "max_energy_mJ"), ("density_pct", "max_density_pct"), ("fluence_J_cm2", "max_fluence_J_cm2"))


def under_ceiling(device: Device, settings: Settings, ceiling: Ceiling) -> Settings | None:
    """The same settings with every value above the ceiling lowered to it.

    None when the device cannot go that low: it must not be used at this site. A planner shows the
    lowered settings as `site_settings`, so nothing is clipped unseen.
    """
    lowered = settings
    for name, most_name in _MIN_OF:
        most = getattr(ceiling, most_name)
        now = getattr(settings, name)
        if most is None or now is None or now <= most:
            continue
        limit = device.limits.get(name)
        if limit is not None and limit.low > most:
            return None
        lowered = replace(lowered, **{name: most})
    if ceiling.max_passes is not None and lowered.passes > ceiling.max_passes:
        if ceiling.max_passes < 1:
            return None
        lowered = replace(lowered, passes=int(ceiling.max_passes))
    return lowered
