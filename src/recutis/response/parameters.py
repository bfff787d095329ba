"""Reads the response parameters; every number of the response is a row `response.*`."""

from __future__ import annotations

from functools import cache, reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence

Draws = NDArray[np.float64]
_LEAST_LOG_ODDS: Final = -700.0  # below it the exponential overflows


@cache
def number(name: str) -> float:
    """Value of the row `response.<name>`.

    Raises UnknownNameError naming the nearest ids.
    """
    return evidence.value(f"response.{name}")


def sources(*names: str) -> tuple[str, ...]:
    """Row ids of response parameters, for the record of what a quantity rests on."""
    return tuple(f"response.{name}" for name in names)


def logistic(*log_odds: Draws) -> Draws:
    """Probability of a sum of log-odds, without overflow.

    Each term alone is exponentiated: what only the injury or only the twin decides is small before the two broadcast.
    """
    least = _LEAST_LOG_ODDS / len(log_odds)
    against = reduce(np.multiply, [np.exp(-np.maximum(term, least)) for term in log_odds])
    return np.asarray(1 / (1 + against), dtype=np.float64)


def shifted(probability: Draws, log_odds: Draws) -> Draws:
    """Probability whose log-odds are those of a given one plus a shift; certain stays certain."""
    lost = (1 - probability) * np.exp(-log_odds)
    return np.asarray(probability / (probability + lost), dtype=np.float64)


def log_odds(probability: Draws) -> Draws:
    """Natural log of the odds."""
    return np.asarray(np.log(probability) - np.log1p(-probability), dtype=np.float64)


def saturating(amount: Draws | float, scale: Draws | float) -> Draws:
    """1 - exp(-amount/scale): 0 without any, 1 with plenty."""
    return np.asarray(-np.expm1(-np.asarray(amount, dtype=np.float64) / scale), dtype=np.float64)
