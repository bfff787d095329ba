"""Values on a grid of settings, and between its nodes: straight lines along most axes, monotone cubics along the dose."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Stored = NDArray[np.float32]
_SLACK: Final = 1e-6  # relative: binary fractions at the ends of an axis
_BITS: Final = 11  # of a number's fraction that are kept: 0.02 %


@dataclass(frozen=True, kw_only=True)
class Axis:
    """Nodes of one setting, rising; values between them lie on lines of its logarithm. `whole`: only whole numbers between."""

    name: str
    nodes: tuple[float, ...]
    whole: bool = False

    def places(self, values: Array) -> tuple[NDArray[np.intp], Array, NDArray[np.bool_]]:
        """For each value: the interval, where in it, and whether the axis reaches it."""
        nodes = np.array(self.nodes)
        inside = (values >= nodes[0] * (1 - _SLACK)) & (values <= nodes[-1] * (1 + _SLACK))
        if nodes.size == 1:
            return np.zeros(values.size, np.intp), np.zeros(values.size), inside
        x, at = np.log(nodes), np.log(np.maximum(values, 1e-300))
        i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, nodes.size - 2)
        return i, np.clip((at - x[i]) / (x[i + 1] - x[i]), 0.0, 1.0), inside


def pchip_slopes(x: Array, values: Array) -> Array:
    """Slopes of monotone cubics along the last axis but one of (..., x, columns) (Fritsch & Carlson 1980, as scipy has them)."""
    from scipy.interpolate import PchipInterpolator

    if x.size < 2:
        return np.zeros_like(values)
    return np.asarray(PchipInterpolator(x, values, axis=-2)(x, 1))


@dataclass(frozen=True, eq=False, kw_only=True)
class Table:
    """Values in one skin on a grid: `still` (*outer, columns) do not depend on the dose, `dosed` (*outer, dose, columns) do."""

    outer: tuple[Axis, ...]
    dose: Axis
    still: Array
    dosed: Array
    slopes: Array
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, outer: tuple[Axis, ...], dose: Axis, still: Array, dosed: Array) -> Table:
        """The table with its slopes worked out; nodes that are not numbers are not known."""
        known = np.asarray(np.isfinite(dosed).all(axis=-1))
        last = np.maximum.accumulate(np.where(known, np.arange(known.shape[-1]), 0), axis=-1)  # known at this dose or below
        filled = np.nan_to_num(np.take_along_axis(dosed, last[..., None], axis=-2))
        slopes = pchip_slopes(np.log(np.array(dose.nodes)), filled)
        return cls(outer=outer, dose=dose, still=still, dosed=filled, slopes=slopes, known=known)

    def at(self, settings: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Rows of `still` and of `dosed` for settings (count, outer axes and dose) inside the grid, and which of them are known."""
        count, sizes = settings.shape[0], tuple(len(axis.nodes) for axis in self.outer)
        found = [axis.places(settings[:, number])[:2] for number, axis in enumerate(self.outer)]
        k, t, _ = self.dose.places(settings[:, -1])
        still = self.still.reshape(int(np.prod(sizes)), self.still.shape[-1])
        dosed, slopes = (part.reshape(-1, *part.shape[-2:]) for part in (self.dosed, self.slopes))
        level = np.zeros((count, still.shape[1]))
        ends = np.zeros((4, count, dosed.shape[2]))
        known, told = self.known.reshape(-1, self.known.shape[-1]), np.ones(count, np.bool_)
        above = np.minimum(k + 1, dosed.shape[1] - 1)
        for corner in itertools.product((0, 1), repeat=len(sizes)):
            weight, place = np.ones(count), np.zeros(count, np.intp)
            for side, (i, share), size in zip(corner, found, sizes, strict=True):
                weight = weight * (share if side else 1.0 - share)
                place = place * size + np.minimum(i + side, size - 1)
            if not weight.any():
                continue
            level += weight[:, None] * still[place]
            told &= (weight == 0.0) | ((known[place, k] | (t == 1.0)) & (known[place, above] | (t == 0.0)))
            for number, (part, at) in enumerate(((dosed, k), (dosed, above), (slopes, k), (slopes, above))):
                ends[number] += weight[:, None] * part[place, at]
        step = np.diff(np.log(np.array(self.dose.nodes)), append=1.0)[k]
        return level, _cubic(ends, t[:, None], step[:, None]), told


def _cubic(ends: Array, t: Array, step: Array) -> Array:
    """Hermite's cubic from values and slopes at both ends."""
    h = (1 + 2 * t) * (1 - t) ** 2
    return np.asarray(h * ends[0] + (1 - h) * ends[1] + step * (t * (1 - t) ** 2 * ends[2] - t**2 * (1 - t) * ends[3]))


def shortened(values: Array | Stored) -> Stored:
    """Values in single precision with the last bits of the fraction cleared, so that they pack well."""
    single = np.ascontiguousarray(values, np.float32)
    drop = 23 - _BITS
    bits = single.view(np.uint32)
    rounded = (bits + np.uint32(1 << (drop - 1))) & np.uint32((0xFFFFFFFF << drop) & 0xFFFFFFFF)
    return rounded.view(np.float32).reshape(single.shape)


def geometric(low: float, high: float, *, step: float, most: int = 40) -> tuple[float, ...]:
    """Nodes from low to high in equal ratios of at most `step`, as far as `most` nodes go."""
    if high <= low * (1 + _SLACK):
        return (high,)
    count = min(int(np.ceil(np.log(high / low) / np.log(step) - 1e-9)) + 1, most)
    inner = np.geomspace(low, high, count)[1:-1]
    return (float(low), *(float(f"{x:.6g}") for x in inner), float(high))


__all__ = ["Axis", "Table", "geometric", "pchip_slopes", "shortened"]
