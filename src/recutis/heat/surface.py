"""Cooling with its timing, as periods of a heat run."""

from __future__ import annotations

from typing import Final

from recutis import evidence
from recutis.heat.march import Period, Power
from recutis.laser.types import Cooling
from recutis.units import S_PER_MS

_STAYING: Final = ("contact", "cold_air", "gel")  # what is still on the skin when the light comes, and after it


def exposure_periods(
    cooling: Cooling, *, pulse_s: float, power_W_m3: Power, renewals: int = 1, after_s: float, stays_s: float | None = None
) -> tuple[Period, ...]:
    """Cooling before the pulse, the delay, the pulse and the time after it.

    A spray ends before its delay, and the skin then meets room air; contact, cold air and gel stay on through delay and
    pulse, and for `stays_s` after it, all the time after unless given.

    pulse_s, after_s : seconds · power_W_m3, renewals : as in Period.

    Raises OutOfRangeError for negative times.
    """
    air = evidence.value("h_air_natural"), evidence.value("phys_room_temperature")
    on = air if cooling.kind == "none" else (cooling.heat_transfer_W_m2_K, cooling.medium_C)
    stays = cooling.kind in _STAYING
    lit = on if stays else air
    held = min(after_s, after_s if stays_s is None else stays_s) if stays else 0.0

    def dark(seconds: float, meets: tuple[float, float]) -> Period:
        return Period(seconds=seconds, transfer_W_m2_K=meets[0], medium_C=meets[1])

    pulse = Period(seconds=pulse_s, power_W_m3=power_W_m3, renewals=renewals, transfer_W_m2_K=lit[0], medium_C=lit[1])
    before, delay = dark(cooling.before_ms * S_PER_MS, on), dark(cooling.delay_ms * S_PER_MS, lit)
    periods = before, delay, pulse, dark(held, on), dark(after_s - held, air)
    return tuple(period for period in periods if period.seconds > 0.0)
