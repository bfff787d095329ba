"""The cloud of twins after something was seen: weighing it, and drawing it anew where few twins carry most of the weight.

A cloud that is drawn anew keeps what it knew: whole twins are taken in proportion to their weight, with the study-level draws of
their block, and each is moved a little towards the mean of its block and away from it at random, so that mean and spread of the
persons within a block, and their relation to the study-level draws, stay what they were (the kernel of Liu and West).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Final

import numpy as np

from recutis import evidence
from recutis.response.types import Draws
from recutis.twins import Traits, Twins, draw, normal_draws

_PLAIN: Final = frozenset({"water_fraction", "depth_error"})
_FARTHEST_LN: Final = 600.0  # a twin's weight never falls below exp(-600) of the best, which a float can still hold


def effective(weights: Draws) -> float:
    """Effective number of twins: n where all weigh the same, 1 where one carries everything."""
    return float(weights.sum() ** 2 / np.square(weights).sum())


def weighed(weights: Draws, log_likelihood: Draws) -> Draws:
    """Weights times the likelihood, with the sum they had; all stay above zero."""
    relative = np.maximum(log_likelihood - log_likelihood.max(), -_FARTHEST_LN)
    found = weights * np.exp(relative)
    return np.asarray(np.maximum(found * (weights.sum() / found.sum()), np.finfo(np.float64).tiny))


def _person(twins: Twins) -> Iterator[tuple[str, bool]]:
    """Names of the draws that belong to the person, and whether they are carried as logarithms."""
    for item in fields(twins):
        of_the_block = item.name in {"weights", "block"} or item.name.endswith("_study")
        if not of_the_block and isinstance(getattr(twins, item.name), np.ndarray):
            yield item.name, not (item.name.endswith("_effect") or item.name in _PLAIN)


def _ancestors(weights: Draws, start: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Systematic resampling: places of n twins, each as often as its weight says, to within one."""
    n = weights.size
    reached = np.cumsum(weights) / weights.sum()
    reached[-1] = 1.0
    return np.asarray(np.searchsorted(reached, (np.arange(n) + start) / n), dtype=np.int64)


def _block_means(values: Draws, twins: Twins) -> Draws:
    """Weighted mean over the block of each twin, shape (n, draws)."""
    mass = np.bincount(twins.block, weights=twins.weights)
    sums = np.stack([np.bincount(twins.block, weights=twins.weights * column) for column in values.T], axis=1)
    return np.asarray((sums / np.maximum(mass, np.finfo(np.float64).tiny)[:, None])[twins.block])


def _root(values: Draws, weights: Draws) -> Draws:
    """Symmetric square root of the weighted covariance of values that have mean zero."""
    covariance = (values * (weights / weights.sum())[:, None]).T @ values
    sizes, axes = np.linalg.eigh(covariance)
    return np.asarray((axes * np.sqrt(np.maximum(sizes, 0.0))) @ axes.T)


def _refreshed(twins: Twins, ancestors: np.ndarray[tuple[int], np.dtype[np.int64]], noise: Draws) -> Twins:
    kernel = evidence.value("update.kernel")
    names = list(_person(twins))
    values = np.stack([np.log(getattr(twins, name)) if log else getattr(twins, name) for name, log in names], axis=1)
    middle = _block_means(values, twins)
    apart = values - middle
    moved = middle[ancestors] + np.sqrt(1 - kernel**2) * apart[ancestors] + kernel * noise @ _root(apart, twins.weights)
    person = {name: np.exp(column) if log else column for (name, log), column in zip(names, moved.T, strict=True)}
    study = {item.name: getattr(twins, item.name)[ancestors] for item in fields(twins) if item.name.endswith("_study")}
    return replace(
        twins,
        weights=np.full(twins.n, twins.weights.sum() / twins.n),
        block=twins.block[ancestors],
        p=twins.p.of(ancestors),
        refreshed=twins.refreshed + 1,
        **person,
        **study,
    )


def refresh(clouds: tuple[Twins, ...]) -> tuple[Twins, ...]:
    """The clouds of one person at several sites drawn anew alike: equal weights, with mean and spread of what they knew.

    The same twins are taken and moved at every site, so sites still agree draw by draw. Blocks keep their number; one that had
    lost its weight has no twins left. The jitter (row `update.kernel`) depends on the seed and on how often the cloud was
    refreshed.
    """
    first = clouds[0]
    seed, turn = first.seed, first.refreshed
    start = np.random.default_rng([seed, turn, zlib.crc32(b"refresh")]).random()
    ancestors = _ancestors(first.weights, float(start))
    noise = np.stack([normal_draws(f"refresh.{turn}.{name}", first.n, seed) for name, _ in _person(first)], axis=1)
    return tuple(_refreshed(twins, ancestors, noise) for twins in clouds)


def with_traits(twins: Twins, traits: Traits) -> Twins:
    """The same cloud of one person, as known by now, had that person these traits: medians move, draws and weights stay.

    Raises what `twins.draw` raises for impossible traits.
    """
    old, new = (draw(item, n=1, seed=twins.seed, blocks=1) for item in (twins.traits, traits))
    moved = {}
    for name, log in _person(twins):
        mine, before, after = (getattr(item, name) for item in (twins, old, new))
        moved[name] = mine * (after / before) if log else mine + (after - before)
    return replace(twins, traits=traits, **moved)
