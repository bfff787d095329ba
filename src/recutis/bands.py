"""A prediction is a cloud of draws; a band is what is told of it: p10, p50, p90, unit, sources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError

Draws = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Band:
    """Tenth, fiftieth and ninetieth percentile of a prediction, with unit and evidence row ids.

    `provisional` is True when any row it rests on has not been confirmed by a second reading.
    """

    p10: float
    p50: float
    p90: float
    unit: str
    sources: tuple[str, ...]
    provisional: bool


def quantile(draws: Draws, probability: float) -> float:
    """Quantile of equally weighted draws, linear between ranks (the definition of `numpy.quantile`).

    Written out because a search asks for tens of thousands of them and the general routine spends
    most of its time on checks.
    """
    ordered = np.sort(draws)
    place = probability * (ordered.size - 1)
    low = int(place)
    high = min(low + 1, ordered.size - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))


def weighted_quantile(draws: Draws, probability: float, weights: Draws | None = None) -> float:
    """Quantile of draws, each with its weight (equal when None). Linear between mid-point ranks.

    Draws without weight say nothing; equal weights give `quantile`.

    Raises OutOfRangeError when there are no draws or the probability is not within [0, 1].
    """
    if draws.size == 0 or not 0 <= probability <= 1:
        msg = f"A quantile needs draws and a probability from 0 to 1; got {draws.size} draws and {probability:g}."
        raise OutOfRangeError(msg)
    if weights is not None:
        draws, weights = draws[weights > 0], weights[weights > 0]
    if weights is None or np.ptp(weights) == 0:
        return quantile(draws, probability)
    order = np.argsort(draws, kind="stable")
    mass = weights[order] / weights.sum()
    return float(np.interp(probability, np.cumsum(mass) - mass / 2, draws[order]))


def band(draws: Draws, unit: str, sources: Iterable[str], *, weights: Draws | None = None) -> Band:
    """The band of a cloud of draws.

    Raises UnknownNameError when a source is not an evidence row.
    """
    ids = tuple(dict.fromkeys(sources))
    return Band(
        p10=weighted_quantile(draws, 0.1, weights),
        p50=weighted_quantile(draws, 0.5, weights),
        p90=weighted_quantile(draws, 0.9, weights),
        unit=unit,
        sources=ids,
        provisional=not ids or any(evidence.get(key).provisional for key in ids),
    )
