"""Parameters on the scale on which their ranges are normal laws: logarithms, log-odds, or as they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.units import PERCENT

Array = NDArray[np.float64]
Kind = Literal["plain", "log", "share", "percent"]
EIGHTY: Final = 1.2815515655446004  # normal quantile of 0.9: ends of an 80 % interval
PLAUSIBLE: Final = 1.959963984540054  # normal quantile of 0.975: a row's range holds what is plausible, 95 %
_RARE: Final = 0.05  # shares below are carried as logarithms
_LEAST: Final = 0.01  # shares stay this far inside 0 and 1
_TABLES: Final = ("model_response", "model_clinical")
_LEFT_OUT: Final = (
    "response.typical.", "response.numbing.", "response.course.", "response.wound.", "response.risk.", "response.short_pulse_ms",
    "response.blister.selective", "response.blister.slope", "response.pigment.slope", "response.pigment.half_ratio",
    "response.crust.contrast", "response.untreated.months",
    "response.vessel.depth_weight", "response.closure.widest_column", "response.gain.short_interval",
)  # fmt: skip
"""Rows that stay as they are: shapes of the wound that all responses share, typical injuries, minutes of numbing."""
_ALSO: Final = (
    *(f"clinical.optimism.{by}" for by in ("open", "score", "meter", "patient", "grades", "thresholds", "words", "earlier")),
    "clinical.grading.scatter", "clinical.sign.scatter",
)  # fmt: skip


WITHIN: Final = frozenset({"response.gain.sd_person", "clinical.grading.scatter"})
"""What only persons of one study tell and no fit between studies may move: shares of responders would put down to persons and graders
what studies differ by."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A parameter's row and how it is carried: middle and standard deviation of its prior on that scale."""

    key: str
    kind: Kind
    middle: float
    sd: float

    def value(self, carried: float) -> float:
        """The parameter itself."""
        return float(self.values(np.asarray(carried)))

    def values(self, carried: Array) -> Array:
        """Parameters of several carried values."""
        if self.kind == "log":
            return np.exp(carried)
        if self.kind == "plain":
            return carried
        share = 1.0 / (1.0 + np.exp(-carried))
        return np.asarray(PERCENT * share if self.kind == "percent" else share)


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
                Scale(
                    key=row.id, kind=kind, middle=_carried(row.value, kind), sd=max(ends[1] - ends[0], 1e-3) / (2.0 * PLAUSIBLE)
                )
            )
    return tuple(found)


_RISING: Final = (
    ("response.pih.phototype.I", "response.pih.phototype.II", 0.0),
    (1.0, "response.makeup.per_closure"),
    (0.0, "response.pih.phototype.IV", "response.pih.phototype.V", "response.pih.phototype.VI"),
    ("response.pain.with.sedation", "response.pain.with.nerve_block", "response.pain.with.topical_cold_air",
     "response.pain.with.topical", "response.pain.with.gel"),
    ("response.pain.with.topical_cold_air", "response.pain.with.cold_air"),
    ("response.pih.steroid", 0.0), ("response.pih.bleaching", 0.0), ("response.herpes.antiviral", 0.0),
    ("response.scar.closed", 0.0), ("response.hypo.closed", 0.0), ("response.pih.closed", 0.0), ("response.ectropion.columns", 0.0),
    ("response.hypo.columns", 0.0), ("response.gain.severity", -0.05), ("response.blister.short_pulse", 0.0),
    ("response.scar.face", "response.scar.eyelid"),
    ("response.redness.visible", "response.redness.covered"),
)  # fmt: skip
"""Orders of which medicine is sure: more pigment darkens more, more numbing hurts less, protection never harms, a closed wound scars
less."""


def lawful(values: Mapping[str, Array]) -> dict[str, Array]:
    """Values or draws of parameters, moved where they break an order of which medicine is sure.

    Along each chain a later member is raised to the one before; a member before a bound is lowered to it.
    """
    found = dict(values)
    for chain in _RISING:
        floor: Array | float | None = None
        for number, name in enumerate(chain):
            if isinstance(name, float):
                for before in chain[:number]:
                    if isinstance(before, str) and before in found:
                        found[before] = np.minimum(found[before], name)
                floor = name
            elif name in found:
                if floor is not None:
                    found[name] = np.maximum(found[name], floor)
                floor = found[name]
    return found
