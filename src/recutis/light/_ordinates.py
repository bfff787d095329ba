"""Directions that a stack of media shares, Legendre functions on them, and Fresnel's law between media.

A direction is told by p = n sin(theta), which refraction does not change, so a flat face joins each direction with itself.
Between neighbouring refractive indices p runs over a segment; its nodes are those of Gauss and Legendre in the cosine of
the medium whose light ends there, because light near grazing and near total reflection is smooth in that cosine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FEWEST_IN_SEGMENT: Final = 3  # directions; fewer cannot follow light near grazing
_CACHED: Final = 64  # rules of quadrature, a kilobyte each
_RESOLVED: Final = 0.85  # Legendre functions for each pi over the widest gap; at 1 they stop being independent on the nodes


@lru_cache(maxsize=_CACHED)
def _rule(count: int) -> tuple[Array, Array]:
    """Nodes and weights of Gauss and Legendre on 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1.0) / 2.0, weights / 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Directions:
    """Directions of one hemisphere in order of rising p.

    index : of the medium whose light ends the segment of the direction
    above_p2 : index² - p², kept apart so that near grazing no digit is lost
    weight : p dp; over (index² cosine) of a medium it is the weight in that medium's cosine
    """

    index: Array
    above_p2: Array
    weight: Array

    def count(self, n: float) -> int:
        """How many directions propagate in a medium."""
        return int(np.searchsorted(self.index, n, side="right"))

    def height2(self, n: float) -> Array:
        """(n cosine)² in a medium; negative where light does not propagate."""
        return np.asarray((n - self.index) * (n + self.index) + self.above_p2)


POWER = 1.0
FINER = 2.0


def _shares(extents: Array, count: int) -> list[int]:
    """Directions of each segment, `count` in all unless every segment needs its fewest."""
    wanted = np.asarray(extents) ** POWER
    wanted = wanted / wanted.sum() * count
    return [max(FEWEST_IN_SEGMENT, round(float(x))) for x in wanted]


MODE = 1


def _extents(starts: Array, ends: Array) -> Array:
    """Angle that each segment fills in the thinnest medium it reaches but the very thinnest."""
    mediums = ends.copy()
    if MODE and ends.size > 1:
        mediums[0] = ends[1]
    return np.arcsin(np.minimum(ends / mediums, 1.0)) - np.arcsin(starts / mediums)


def directions(indices: set[float], count: int) -> Directions:
    """About `count` directions in the densest of the media with these refractive indices."""
    ends = np.array(sorted(indices))
    starts = np.concatenate(([0.0], ends[:-1]))
    widest = np.sqrt((ends - starts) * (ends + starts))  # of n cosine in each segment
    index, above, weight = [], [], []
    for end, width, number in zip(ends, widest, _shares(_extents(starts, ends), count), strict=True):
        nodes, weights = _rule(number)
        height = width * nodes[::-1]
        index.append(np.full(number, end))
        above.append(height**2)
        weight.append(height * width * weights[::-1])
    return Directions(index=np.concatenate(index), above_p2=np.concatenate(above), weight=np.concatenate(weight))


def resistance(here2: Array, there2: Array, n_here: float, n_there: float) -> Array:
    """2 R / (1 - R) of a face for unpolarised light, from (n cosine)² on both sides; infinite at total reflection.

    The radiances over n² of both ways add up to S on either side, and S falls through the face by this times the net
    flux. So faces with nothing absorbing between them act as resistances in a row, whatever goes to and fro there.
    """
    if n_here == n_there:
        return np.zeros_like(here2)
    passes = (here2 > 0.0) & (there2 > 0.0)
    one, other = np.sqrt(np.where(passes, here2, 1.0)), np.sqrt(np.where(passes, there2, 1.0))
    across, along = one + other, n_there**2 * one + n_here**2 * other
    through = 2.0 * one * other * (1.0 / across**2 + (n_here * n_there / along) ** 2)
    reflected = ((one - other) / across) ** 2 + ((n_there**2 * one - n_here**2 * other) / along) ** 2
    return np.where(passes, reflected / np.where(passes, through, 1.0), np.inf)


@dataclass(frozen=True, kw_only=True, eq=False)
class Basis:
    """Directions of one medium with Legendre functions that are orthonormal on them, even and odd ones.

    cosine, root_weight : (N,) · of the directions
    even, odd : (N, L/2) · the functions, times root_weight
    even_to, odd_to : (L/2, L/2) · what makes them of sqrt(2 l + 1) P_l
    """

    cosine: Array
    root_weight: Array
    even: Array
    odd: Array
    even_to: Array
    odd_to: Array
    fine: Array

    @property
    def moments(self) -> int:
        """How many Legendre functions there are."""
        return 2 * self.even.shape[1]

    def seen_from(self, cosine: float, moments: Array) -> tuple[Array, Array]:
        """Even and odd part of a phase function with these moments around a direction of its own, times root_weight.

        Up to the functions' number its moments are exact; above, it is what the directions show of the functions that
        they can no longer tell apart.
        """
        count = self.moments
        plain = _legendre(np.array([cosine]), moments.size)[0] * moments
        parts = []
        for part, functions, to in ((0, self.even, self.even_to), (1, self.odd, self.odd_to)):
            near = _legendre(np.array([cosine]), count)[0][part::2] @ to * moments[part:count:2]
            rest = self.fine[:, part::2] @ plain[count + part :: 2]
            parts.append(functions @ (near - functions.T @ rest) + rest)
        return parts[0], parts[1]


def _legendre(cosine: Array, moments: int) -> Array:
    """sqrt(2 l + 1) P_l, (directions, moments)."""
    return np.asarray(np.polynomial.legendre.legvander(cosine, moments - 1) * np.sqrt(2.0 * np.arange(moments) + 1.0))


def _widest_gap(cosine: Array) -> float:
    """Widest gap between neighbouring angles, the mirrored ones beyond the pole and the equator included."""
    angle = np.arccos(cosine)
    return float(max(np.diff(angle).max(initial=0.0), 2.0 * angle[0], math.pi - 2.0 * angle[-1]))


def basis(found: Directions, n: float) -> Basis:
    """Directions and functions of a medium.

    Orthogonal on the directions, the functions are eigenvectors of scattering in numbers as they are in truth: the flux is
    kept exactly, and each moment of the phase function decays at its own rate.
    """
    count = found.count(n)
    cosine = np.sqrt(found.height2(n)[:count]) / n
    root = np.sqrt(found.weight[:count] / (n * n * cosine))
    moments = max(2, 2 * int(_RESOLVED * math.pi / _widest_gap(cosine) / 2.0))
    plain = root[:, None] * _legendre(cosine, int(moments * FINER) // 2 * 2)
    fine, plain = plain[:, moments:], plain[:, :moments]
    (even, even_r), (odd, odd_r) = (np.linalg.qr(plain[:, part::2]) for part in (0, 1))
    return Basis(
        cosine=cosine, root_weight=root, even=even, odd=odd, even_to=np.linalg.inv(even_r), odd_to=np.linalg.inv(odd_r), fine=fine,
    )  # fmt: skip
