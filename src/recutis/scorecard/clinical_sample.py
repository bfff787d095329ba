"""What a study of n people would report: the spread between studies and the luck of the sample, not the spread of persons.

Twins of a block share the draws of what is not known (study draws). Each block is one possible world; in it a study
samples n persons. A block holds few twins, so the part of the spread of its means that comes from that alone is taken out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from recutis import posterior
from recutis.bands import Draws
from recutis.scorecard.types import Spread
from recutis.units import PERCENT

Family = Literal[
    "none", "share", "days.clock", "days.clock.told", "days.redness", "days.redness.told", "days.sign", "risk", "pain", "course"
]
"""What is spread alike between studies: days of healing clocks, of redness and of other signs apart, and what a page tells of usual
practice (`told`) apart from what a study measured in its persons; `none` where the spread lies in the gains themselves."""
Grading = Literal["mean.blinded", "mean.open", "mean.meter", "share", "score"]
"""How gains were graded: means by blinded raters, by open ones, by instruments; shares of responders; grades."""
_REPEATS: Final = 40  # studies drawn in each world; with 60 worlds the percentiles settle to about a tenth of their width
_LEAST: Final = 1e-6  # probabilities stay this far inside 0 and 1
_WHOLE_DAY: Final = 1.0  # studies tell days by the day: logarithms are of days and one
_LEAST_SHARE: Final = 0.02  # of the highest value: means this near to an end are told alike
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

    def quantiles(self, share: float) -> Draws:
        """A quantile of each block, none below zero where its mean is not above it."""
        blocks = range(int(self.block.max()) + 1)
        mine = [self.values[:, self.block == index] for index in blocks]
        return np.array([np.quantile(one, share) if one.mean() > 0 else 0.0 for one in mine])


@dataclass(frozen=True, kw_only=True)
class Told(Spread):
    """What a study would report, with what is needed to compare it with what it did report.

    `log` compares days as logarithms, all else as log-odds of the share of `top`; `sampling` is the standard error of n persons
    on that scale. The statistic reported is `shift` + `factor` times the one compared. Without luck, `each` holds the middle of
    each world.
    """

    log: bool
    top: float
    sampling: float
    slack: float
    factor: float = 1.0
    shift: float = 0.0
    each: Draws = field(default_factory=lambda: np.empty(0), compare=False, repr=False)

    def each_compared(self) -> Draws:
        """The middles of the worlds on the scale of comparison."""
        return np.array([self.compared(float(one)) for one in self.each])

    def compared(self, reported: float) -> float:
        """A reported value on the scale of comparison; values at the ends stay finite by `slack`."""
        plain = (reported - self.shift) / self.factor
        if self.log:
            return math.log(max(plain, 0.0) + self.slack)
        inside = min(max(plain, 0.0), self.top)
        return math.log((inside + self.slack) / (self.top - inside + self.slack))

    def scaled(self, factor: float, shift: float = 0.0) -> Told:
        """The same told in other units, or from the other end of a score."""
        ends = sorted((shift + factor * self.p10, shift + factor * self.p90))
        return replace(
            self, p10=ends[0], p50=shift + factor * self.p50, p90=ends[1], factor=factor * self.factor,
            shift=shift + factor * self.shift, each=shift + factor * self.each,
        )  # fmt: skip


def _told(
    ends: tuple[float, float, float], error: float, *, log: bool, top: float, slack: float, each: Draws | None = None
) -> Told:  # fmt: skip
    """With the standard error of a statistic carried over to the scale of comparison."""
    middle = ends[1]
    if log:
        slope = 1.0 / (max(middle, 0.0) + slack)
    else:
        inside = min(max(middle, 0.0), top)
        slope = 1.0 / (inside + slack) + 1.0 / (top - inside + slack)
    worlds = np.empty(0) if each is None else each
    return Told(p10=ends[0], p50=middle, p90=ends[2], log=log, top=top, sampling=error * slope, slack=slack, each=worlds)


def _worlds(population: Population) -> tuple[Draws, float]:
    """Means of the possible worlds without the noise of few twins, and the spread of persons."""
    means, within, size = population.moments()
    seen, noise = float(means.var()), within**2 / size
    kept = math.sqrt(max(1 - noise / seen, 0.0)) if seen > 0 else 0.0
    return means.mean() + kept * (means - means.mean()), within


def _normals(shape: tuple[int, int], seed: int, stream: int) -> Draws:
    return np.random.default_rng([seed, _STREAM, stream]).standard_normal(shape)


def _study_sd(family: Family) -> float:
    return 0.0 if family == "none" else posterior.spread(family)


def log_odds(share: Draws) -> Draws:
    """Natural log of the odds; none and all are told as nearly so."""
    inside = np.clip(share, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def _shifted(values: Draws, family: Family, seed: int, top: float) -> Draws:
    """Values moved by what a study does not tell: in logs of days and one, in log-odds of the share of `top` otherwise."""
    step = _study_sd(family) * _normals((values.shape[0], _REPEATS), seed, 1)
    spread = np.broadcast_to(values, step.shape) if values.ndim == 2 else values[:, None] + np.zeros_like(step)
    if family.startswith("days"):
        return np.asarray(np.maximum((np.maximum(spread, 0.0) + _WHOLE_DAY) * np.exp(step) - _WHOLE_DAY, 0.0))
    moved = top / (1 + np.exp(-(log_odds(spread / top) + step)))
    return np.asarray(np.where((spread <= 0) | (spread >= top), spread, moved))


def _spread(draws: Draws) -> tuple[float, float, float]:
    low, middle, high = (float(value) for value in np.quantile(draws, (0.1, 0.5, 0.9)))
    return low, middle, high


def told_gain(
    gain_pct: Draws, block: NDArray[np.int64], *, optimism: Draws | float, seed: int | None, by: Grading = "mean.open",
) -> Draws:  # fmt: skip
    """The gain as a study of each world would grade it: settings and raters differ, and an open study is kind to itself.

    One shift in log-odds a world, none without a seed, wider behind shares of responders, whose thresholds differ by study, than
    behind means; no gain stays none. `optimism` is the shift that unblinded grading adds.
    """
    blocks = int(block.max()) + 1
    worlds = np.zeros(blocks) if seed is None else np.random.default_rng([seed, _STREAM, 4]).standard_normal(blocks)
    shift = optimism + posterior.spread(f"gain.{by}") * worlds[block]
    graded = PERCENT / (1 + np.exp(-(log_odds(gain_pct / PERCENT) + shift)))
    return np.asarray(np.where(gain_pct > 0, graded, gain_pct))


def scatter_of_raters(persons: int, copies: int) -> Draws:
    """Standard-normal draws of each person, by which raters' grades scatter; the same in every copy of the persons."""
    return np.tile(np.random.default_rng([_STREAM, 5]).standard_normal(persons), copies)


def mean(population: Population, n: int, family: Family, *, seed: int | None, top: float = PERCENT) -> Told:
    """Mean of n persons; `top` is the highest possible value (none for days). Without a seed: the middle alone."""
    worlds, within = _worlds(population)
    error, days = within / math.sqrt(n), family.startswith("days")
    slack = _WHOLE_DAY if days else _LEAST_SHARE * top
    if seed is None:
        raw = population.moments()[0]
        each = np.clip(raw, np.where(raw >= 0, 0.0, -top), None if days else top)
        middle = float(np.clip(worlds.mean(), 0.0 if worlds.min() >= 0 else -top, None if days else top))
        return _told((middle, middle, middle), error, log=days, top=top, slack=slack, each=each)
    moved = _shifted(worlds, family, seed, top)
    drawn = moved + error * _normals(moved.shape, seed, 2)
    ends = _spread(np.clip(drawn, 0.0 if worlds.min() >= 0 else -top, None if days else top))
    return _told(ends, error, log=days, top=top, slack=slack)


def at_quantile(population: Population, n: int, family: Family, *, seed: int | None, share: float, top: float = PERCENT) -> Told:
    """A quantile of n persons: the median at 0.5, the upper bound that covers most at 0.9.

    Worlds differ by a factor; within each, persons are spread as in all of them together. The sample's own error is that
    of a quantile of a normal law. Without a seed: the middle alone.
    """
    worlds, _ = _worlds(population)
    raw, within, _ = population.moments()
    centre = float(worlds.mean())
    slack = _WHOLE_DAY if family.startswith("days") else _LEAST_SHARE * top
    each = population.quantiles(share) if seed is None else None
    if centre <= 0:
        return _told((0.0, 0.0, 0.0), 0.0, log=family.startswith("days"), top=top, slack=slack, each=each)
    alike = population.values * (centre / np.maximum(raw, _LEAST))[population.block]
    level = float(np.quantile(alike, share))
    normal = NormalDist()
    error = math.sqrt(share * (1 - share)) / normal.pdf(normal.inv_cdf(share)) * within / math.sqrt(n)
    if seed is None:
        return _told((level, level, level), error, log=family.startswith("days"), top=top, slack=slack, each=each)
    moved = _shifted(np.maximum(worlds, 0.0) * level / centre, family, seed, top)
    ends = _spread(np.maximum(moved + error * _normals(moved.shape, seed, 2), 0.0))
    return _told(ends, error, log=family.startswith("days"), top=top, slack=slack)


def share_pct(population: Population, n: int, family: Family, *, seed: int | None) -> Told:
    """Share of n persons in percent; the values are chances or 0 and 1.

    A study of n counts whole persons: the interval reaches to the outer edges of its counts, half a person beyond. Without a
    seed: the middle alone.
    """
    worlds, _ = _worlds(population)
    slack, each = PERCENT / n / 2, None
    if seed is None:
        each = PERCENT * np.clip(population.moments()[0], 0.0, 1.0)
        middle = float(PERCENT * np.clip(worlds, 0.0, 1.0).mean())
        ends = (middle, middle, middle)
    else:
        chance = np.clip(_shifted(np.clip(worlds, _LEAST, 1 - _LEAST), family, seed, 1.0), _LEAST, 1 - _LEAST)
        hits = np.random.default_rng([seed, _STREAM, 3]).binomial(n, chance)
        low, _, high = _spread(PERCENT * hits / n)
        middle = float(PERCENT * np.median(chance))  # the chance itself: the commonest count of a small study is coarser
        ends = (max(min(low, middle) - slack, 0.0), middle, min(max(high, middle) + slack, PERCENT))
    inside = (middle + slack) / (PERCENT + 2 * slack)
    error = PERCENT * math.sqrt(inside * (1 - inside) / n)
    return _told(ends, error, log=False, top=PERCENT, slack=slack, each=each)
