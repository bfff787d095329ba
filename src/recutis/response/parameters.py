"""Reads the response parameters; every number of the response is a row `response.*`."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from recutis import evidence

Draws = NDArray[np.float64]


@cache
def number(name: str) -> float:
    """Value of the row `response.<name>`.

    Raises UnknownNameError naming the nearest ids.
    """
    return evidence.value(f"response.{name}")


def sources(*names: str) -> tuple[str, ...]:
    """Row ids of response parameters, for the record of what a quantity rests on."""
    return tuple(f"response.{name}" for name in names)


def logistic(log_odds: Draws) -> Draws:
    """Probability of log-odds, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * log_odds)), dtype=np.float64)


def log_odds(probability: Draws) -> Draws:
    """Natural log of the odds."""
    return np.asarray(np.log(probability) - np.log1p(-probability), dtype=np.float64)


def saturating(amount: Draws | float, scale: Draws | float) -> Draws:
    """1 - exp(-amount/scale): 0 without any, 1 with plenty."""
    return np.asarray(-np.expm1(-np.asarray(amount, dtype=np.float64) / scale), dtype=np.float64)
