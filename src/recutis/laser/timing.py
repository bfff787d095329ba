"""How long the laser is on: minutes from area, pattern, passes and speed."""

from __future__ import annotations

import math

from recutis import evidence
from recutis.errors import InputError
from recutis.laser.pattern import footprint_cm2, scan_nominal
from recutis.laser.settings import typical
from recutis.laser.types import Exposure
from recutis.units import S_PER_MIN, UM_PER_MM

_PACE = "LAS-PACE"


def _shot_area_cm2(exposure: Exposure) -> float:
    """Surface treated by one trigger: a stamp, or a spot less its overlap."""
    device = exposure.device
    stamp_mm = typical(device, "spot_mm")
    if device.mode == "fractional":
        if stamp_mm is not None:
            return (stamp_mm * UM_PER_MM) ** 2 * footprint_cm2(1.0) / (math.pi / 4)
        return 1 / (exposure.column_density_cm2 or 1.0)
    overlap = exposure.settings.overlap_pct
    overlap = overlap if overlap is not None else typical(device, "overlap_pct") or 0.0
    return footprint_cm2(exposure.pulse.spot_um) / scan_nominal(overlap)


def treatment_minutes(exposure: Exposure, area_cm2: float) -> tuple[float, float, float, tuple[str, ...]]:
    """Minutes of laser on this area: (low, typical, high, evidence row ids).

    From the device's speed row where there is one, else from spot, overlap, stack and repetition
    rate. All passes are counted; numbing, wiping between passes and turn-around are not. The speed of
    a rolling tip is that of its usual number of passes together: a full face takes 15 to 20 minutes
    (PRO-004), which a speed per pass would contradict.

    Raises InputError unless the area is positive.
    """
    if not (math.isfinite(area_cm2) and area_cm2 > 0):
        msg = f"The treated area must be positive; got {area_cm2:g} cm². Give it in cm²."
        raise InputError(msg)
    device = exposure.device
    speeds = [key for key in device.sources if evidence.get(key).fields.get("parameter") == "speed_cm2_per_min"]
    usual_stack = typical(device, "stack") or 1.0
    stacking = exposure.stack / usual_stack if "stack" in device.panel else 1.0
    passing = exposure.passes / max(1.0, typical(device, "passes") or 1.0) if device.pattern == "random" else exposure.passes
    work_cm2 = area_cm2 * passing * stacking
    if speeds:
        slow, middle, fast = evidence.numbers(speeds[0])
        return work_cm2 / fast, work_cm2 / middle, work_cm2 / slow, (speeds[0],)
    quick, usual, tardy = evidence.numbers(_PACE)
    if device.speed_cm2_min is not None:
        minutes = work_cm2 / device.speed_cm2_min
    else:
        shots = max(1.0, area_cm2 / _shot_area_cm2(exposure)) * exposure.passes * exposure.stack
        minutes = shots / exposure.repetition_Hz / S_PER_MIN
    return minutes * quick, minutes * usual, minutes * tardy, (*device.sources[:2], _PACE)
