"""Scales from numbers to places in a drawing, and round numbers for their ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A straight or logarithmic scale; values beyond its ends sit on them, and the table tells them as they are."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value."""
        inside = min(max(value, self.low), self.high)
        share = math.log(inside / self.low) / math.log(self.high / self.low) if self.log else (inside - self.low) / self._span()
        return self.start + share * (self.end - self.start)

    def _span(self) -> float:
        return (self.high - self.low) or 1.0


def round_step(span: float, most: int) -> float:
    """The smallest of 1, 2 or 5 times a power of ten that cuts a span into at most so many pieces."""
    raw = max(span, 1e-12) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= raw * (1 - 1e-9))


def ticks(high: float, most: int) -> tuple[float, ...]:
    """Round numbers from 0 up to at most `high`."""
    step = round_step(high, most)
    return tuple(step * number for number in range(math.floor(high / step + 1e-9) + 1))
