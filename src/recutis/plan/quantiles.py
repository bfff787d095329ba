"""Quantiles of many clouds of draws at once, by the definition of `recutis.bands`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recutis.bands import Draws


def quantiles(draws: Draws, probabilities: Sequence[float], weights: Draws | None = None) -> Draws:
    """Quantiles along the last axis, shape (..., probabilities): those of `bands.weighted_quantile`, cloud by cloud.

    draws : (..., n), one a twin. weights : (n,), the same for every cloud; None where all are equal.
    """
    if weights is not None:
        draws, weights = draws[..., weights > 0], weights[weights > 0]
    if weights is None or np.ptp(weights) == 0:
        return _equal(draws, probabilities)
    order = np.argsort(draws, axis=-1, kind="stable")
    ordered = np.take_along_axis(draws, order, axis=-1)
    mass = weights[order] / weights.sum()
    middle = np.cumsum(mass, axis=-1) - mass / 2
    return np.stack([_at(ordered, middle, probability) for probability in probabilities], axis=-1)


def _equal(draws: Draws, probabilities: Sequence[float]) -> Draws:
    last = draws.shape[-1] - 1
    places = [probability * last for probability in probabilities]
    lows = [int(place) for place in places]
    ranks = sorted({rank for low in lows for rank in (low, min(low + 1, last))})
    ordered = np.partition(draws, ranks, axis=-1)
    found = [
        ordered[..., low] + (place - low) * (ordered[..., min(low + 1, last)] - ordered[..., low])
        for place, low in zip(places, lows, strict=True)
    ]
    return np.stack(found, axis=-1)


def _at(ordered: Draws, middle: Draws, probability: float) -> Draws:
    last = ordered.shape[-1] - 1
    after = np.sum(middle < probability, axis=-1)
    high = np.clip(after, 0, last)[..., None]
    low = np.clip(after - 1, 0, last)[..., None]
    first, second = (np.take_along_axis(middle, place, axis=-1)[..., 0] for place in (low, high))
    below, above = (np.take_along_axis(ordered, place, axis=-1)[..., 0] for place in (low, high))
    width = np.where(second > first, second - first, 1.0)
    share = np.clip((probability - first) / width, 0.0, 1.0) * (second > first)
    return np.asarray(below + share * (above - below))
