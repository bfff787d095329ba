"""What a study of n people would report: the spread between studies and the luck of the sample, not the spread of persons.

Twins of a block share the draws of what is not known (study draws). Each block is one possible world; in it a study
samples n persons. A block holds few twins, so the part of the spread of its means that comes from that alone is taken out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.bands import Draws
from recutis.scorecard.types import Spread
from recutis.units import PERCENT

Family = Literal["none", "share", "days", "risk", "pain", "course"]
_REPEATS: Final = 40  # studies drawn in each world; with 60 worlds the percentiles settle to about a tenth of their width
_LEAST: Final = 1e-6  # probabilities stay this far inside 0 and 1
_STREAM: Final = 7001  # keeps these draws apart from those of the twins


@dataclass(frozen=True, kw_only=True, eq=False)
class Population:
    """One number a twin in each arm (phototypes, devices of a pattern), shape (arms, twins), and the block of each twin."""

    values: Draws
    block: NDArray[np.int64]

    def moments(self) -> tuple[Draws, float, int]:
        """Mean of each block, standard deviation of persons within blocks, persons a block."""
        blocks = int(self.block.max()) + 1
        each = np.stack([self.values[:, self.block == index].ravel() for index in range(blocks)])
        return each.mean(axis=1), float(np.sqrt(each.var(axis=1).mean())), each.shape[1]


def _worlds(population: Population) -> tuple[Draws, float]:
    """Means of the possible worlds without the noise of few twins, and the spread of persons."""
    means, within, size = population.moments()
    seen, noise = float(means.var()), within**2 / size
    kept = math.sqrt(max(1 - noise / seen, 0.0)) if seen > 0 else 0.0
    return means.mean() + kept * (means - means.mean()), within


def _normals(shape: tuple[int, int], seed: int, stream: int) -> Draws:
    return np.random.default_rng([seed, _STREAM, stream]).standard_normal(shape)


def _study_sd(family: Family) -> float:
    return 0.0 if family == "none" else evidence.value(f"clinical.study_sd.{family}")


def _log_odds(share: Draws) -> Draws:
    inside = np.clip(share, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def _shifted(values: Draws, family: Family, seed: int, top: float) -> Draws:
    """Values moved by what a study does not tell: in logs for days, in log-odds of the share of `top` otherwise."""
    step = _study_sd(family) * _normals((values.shape[0], _REPEATS), seed, 1)
    spread = np.broadcast_to(values, step.shape) if values.ndim == 2 else values[:, None] + np.zeros_like(step)
    if family == "days":
        return np.asarray(np.maximum(spread, 0.0) * np.exp(step))
    moved = top / (1 + np.exp(-(_log_odds(spread / top) + step)))
    return np.asarray(np.where((spread <= 0) | (spread >= top), spread, moved))


def _spread(draws: Draws) -> Spread:
    low, middle, high = (float(value) for value in np.quantile(draws, (0.1, 0.5, 0.9)))
    return Spread(p10=low, p50=middle, p90=high)


def told_gain(gain_pct: Draws, block: NDArray[np.int64], *, optimism: float, seed: int) -> Draws:
    """The gain as a study of each world would grade it: settings and raters differ, and an open study is kind to itself.

    One shift in log-odds a world; no gain stays none. `optimism` is the shift that unblinded grading adds.
    """
    worlds = np.random.default_rng([seed, _STREAM, 4]).standard_normal(int(block.max()) + 1)
    shift = optimism + evidence.value("clinical.study_sd.gain") * worlds[block]
    graded = PERCENT / (1 + np.exp(-(_log_odds(gain_pct / PERCENT) + shift)))
    return np.asarray(np.where(gain_pct > 0, graded, gain_pct))


def mean(population: Population, n: int, family: Family, *, seed: int, top: float = PERCENT) -> Spread:
    """Mean of n persons; `top` is the highest possible value (none for days)."""
    worlds, within = _worlds(population)
    moved = _shifted(worlds, family, seed, top)
    drawn = moved + within / math.sqrt(n) * _normals(moved.shape, seed, 2)
    return _spread(np.clip(drawn, 0.0 if worlds.min() >= 0 else -top, None if family == "days" else top))


def at_quantile(population: Population, n: int, family: Family, *, seed: int, share: float, top: float = PERCENT) -> Spread:
    """A quantile of n persons: the median at 0.5, the upper bound that covers most at 0.9.

    Worlds differ by a factor; within each, persons are spread as in all of them together. The sample's own error is that
    of a quantile of a normal law.
    """
    worlds, _ = _worlds(population)
    raw, within, _ = population.moments()
    centre = float(worlds.mean())
    if centre <= 0:
        return Spread(p10=0.0, p50=0.0, p90=0.0)
    alike = population.values * (centre / np.maximum(raw, _LEAST))[population.block]
    level = float(np.quantile(alike, share))
    normal = NormalDist()
    error = math.sqrt(share * (1 - share)) / normal.pdf(normal.inv_cdf(share)) * within / math.sqrt(n)
    moved = _shifted(np.maximum(worlds, 0.0) * level / centre, family, seed, top)
    return _spread(np.maximum(moved + error * _normals(moved.shape, seed, 2), 0.0))


def share_pct(population: Population, n: int, family: Family, *, seed: int) -> Spread:
    """Share of n persons in percent; the values are chances or 0 and 1.

    A study of n counts whole persons: the interval reaches to the outer edges of its counts, half a person beyond.
    """
    worlds, _ = _worlds(population)
    chance = np.clip(_shifted(np.clip(worlds, _LEAST, 1 - _LEAST), family, seed, 1.0), _LEAST, 1 - _LEAST)
    hits = np.random.default_rng([seed, _STREAM, 3]).binomial(n, chance)
    drawn = PERCENT * hits / n
    found = _spread(drawn)
    middle = float(PERCENT * np.median(chance))  # the chance itself: the commonest count of a small study is coarser
    edge = PERCENT / n / 2
    return Spread(p10=max(min(found.p10, middle) - edge, 0.0), p50=middle, p90=min(max(found.p90, middle) + edge, PERCENT))
