"""From pulses and cooling to stretches of time with constant irradiance and constant surface conditions."""

from __future__ import annotations

from recutis import evidence
from recutis.heat.column import Segment
from recutis.laser.types import Cooling
from recutis.units import J_M2_PER_J_CM2, S_PER_MS

_AFTER_S = 2.0  # heat from layers of a millimetre has fallen below any damage by then
_LASTING = frozenset({"contact", "gel", "cold_air"})


def segments(
    *, fluence_J_cm2: float, duration_ms: float, stack: int, repetition_Hz: float, cooling: Cooling
) -> tuple[Segment, ...]:
    """Pre-cooling, delay, `stack` pulses at the repetition rate, then cooling down."""
    air = evidence.value("h_air_natural")
    cold = cooling.heat_transfer_W_m2_K if cooling.kind != "none" else air
    medium = cooling.medium_C
    room = evidence.value("phys_room_temperature")
    pulse_s = duration_ms * S_PER_MS
    gap_s = max(1.0 / repetition_Hz - pulse_s, pulse_s) if stack > 1 else 0.0
    shine = fluence_J_cm2 * J_M2_PER_J_CM2 / pulse_s
    during = cold if cooling.kind != "none" else air
    lasting = cooling.kind in _LASTING
    after = (cold, medium) if lasting else (air, room)
    at_pulse = (during, medium) if cooling.kind != "none" else (air, room)
    out = []
    if cooling.before_ms > 0 and cooling.kind != "none":
        out.append(Segment(seconds=cooling.before_ms * S_PER_MS, transfer_W_m2_K=cold, medium_C=medium))
    if cooling.delay_ms > 0 and cooling.kind != "none":
        out.append(Segment(seconds=cooling.delay_ms * S_PER_MS, transfer_W_m2_K=cold, medium_C=medium))
    for number in range(stack):
        out.append(Segment(seconds=pulse_s, irradiance_W_m2=shine, transfer_W_m2_K=at_pulse[0], medium_C=at_pulse[1]))
        if number < stack - 1:
            out.append(Segment(seconds=gap_s, transfer_W_m2_K=after[0], medium_C=after[1]))
    out.append(Segment(seconds=_AFTER_S, transfer_W_m2_K=after[0], medium_C=after[1]))
    return tuple(out)
