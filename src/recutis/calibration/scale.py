"""Parameters on the scale on which their ranges are normal laws: logarithms, log-odds, or as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from recutis import evidence
from recutis.units import PERCENT

Kind = Literal["plain", "log", "share", "percent"]
EIGHTY: Final = 1.2815515655446004  # normal quantile of 0.9: a row's range is read as its 80 % interval
_RARE: Final = 0.05  # shares below are carried as logarithms
_LEAST: Final = 0.01  # shares stay this far inside 0 and 1
_TABLES: Final = ("model_response", "model_clinical")
_LEFT_OUT: Final = (
    "response.typical.", "response.numbing.", "response.course.", "response.wound.", "response.risk.", "response.short_pulse_ms",
    "response.blister.selective", "response.blister.slope", "response.pigment.slope", "response.pigment.half_ratio",
    "response.crust.contrast", "response.vessel.depth_weight", "response.closure.widest_column", "response.gain.short_interval",
)  # fmt: skip
"""Rows that stay as they are: shapes of the wound that all responses share, typical injuries, minutes of numbing."""
_ALSO: Final = frozenset({"clinical.optimism.open"})


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A parameter's row and how it is carried: middle and standard deviation of its prior on that scale."""

    key: str
    kind: Kind
    middle: float
    sd: float

    def value(self, carried: float) -> float:
        """The parameter itself."""
        if self.kind == "log":
            return math.exp(carried)
        if self.kind == "plain":
            return carried
        share = 1.0 / (1.0 + math.exp(-carried))
        return PERCENT * share if self.kind == "percent" else share


def _carried(value: float, kind: Kind) -> float:
    if kind == "log":
        return math.log(value)
    if kind == "plain":
        return value
    share = min(max(value / (PERCENT if kind == "percent" else 1.0), _LEAST), 1.0 - _LEAST)
    return math.log(share / (1.0 - share))


def _kind(unit: str, low: float, value: float, high: float) -> Kind:
    if value <= 0.0 or low < 0.0:
        return "plain"
    if unit == "pct":
        return "percent"
    return "share" if unit == "1" and high <= 1.0 and value > _RARE else "log"


def _is_spread(key: str) -> bool:
    return ".sd_study" in key


@cache
def scales() -> tuple[Scale, ...]:
    """All parameters that are calibrated, in the order of their rows."""
    found = []
    for table in _TABLES:
        for row in evidence.rows(table):
            free = row.id.startswith("response.") and not row.id.startswith(_LEFT_OUT) and not _is_spread(row.id)
            if not (free or row.id in _ALSO) or row.value is None or row.low is None or row.high is None or row.low == row.high:
                continue
            kind = _kind(row.fields.get("unit", ""), row.low, row.value, row.high)
            low = row.low if row.low > 0.0 or kind == "plain" else row.value**2 / row.high
            ends = (_carried(low, kind), _carried(row.high, kind))
            found.append(
                Scale(key=row.id, kind=kind, middle=_carried(row.value, kind), sd=max(ends[1] - ends[0], 1e-3) / (2.0 * EIGHTY))
            )
    return tuple(found)
