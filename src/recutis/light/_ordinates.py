"""Directions that a stack of media shares, Legendre functions on them, and Fresnel's law between media.

A direction is told by p = n sin(theta), which refraction does not change, so a flat face joins each direction with itself.
Between neighbouring refractive indices p runs over a segment; its nodes are those of Gauss and Legendre in the cosine of
the medium whose light ends there, because light near grazing and near total reflection is smooth in that cosine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FEWEST_IN_SEGMENT: Final = 3  # directions; fewer cannot follow light near grazing
_GRAZING: Final = 4.0  # a step turns back light within its own angle of grazing; so the segment before it has directions there
_MOST_GRAZING: Final = 16.0
_EQUAL: Final = 3e-5  # indices so close are one to 40 directions; twice as many resolve a 16th of it
_EQUAL_FOR: Final = 40
_FROM_GRAZING: Final = 1000.0  # times this apart from the p of a beam; then they refract it alike
_CACHED: Final = 64  # rules of quadrature, a kilobyte each
_RESOLVED: Final = 0.85  # Legendre functions for each pi over the widest gap; at 1 they stop being independent on the nodes
_FINER: Final = 2  # times as many functions can be integrated on the nodes, though no longer told apart


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


def merged(indices: Sequence[float], count: int, p: float) -> dict[float, float]:
    """Each refractive index with the one that stands for it: the first in the stack of those that are next to equal.

    What tells them apart is light nearer to grazing than `count` directions resolve. A beam with this p that is near
    grazing does tell them apart.
    """
    equal = _EQUAL * min(1.0, (_EQUAL_FOR / count) ** 4)
    places = {index: place for place, index in reversed(list(enumerate(indices)))}
    groups: list[list[float]] = []
    for index in sorted(places):
        if groups and index - groups[-1][0] <= equal <= (groups[-1][0] - p) / _FROM_GRAZING:
            groups[-1].append(index)
        else:
            groups.append([index])
    return {index: min(group, key=places.__getitem__) for group in groups for index in group}


def _shares(extents: Array, count: int) -> list[int]:
    """Directions of each segment: `count` shared out by the angles that wide ones fill, and the fewest for each narrow one.

    The angle of a segment is that in the medium where its light ends. What narrow ones need comes on top of `count`, and
    so does what a segment needs to resolve a narrower one after it.
    """
    shares = np.full(extents.size, FEWEST_IN_SEGMENT)
    order = np.argsort(extents)
    narrow = 0
    while narrow < extents.size and count * extents[order[narrow]] < FEWEST_IN_SEGMENT * extents[order[narrow:]].sum():
        narrow += 1
    wide = order[narrow:]
    for _ in range(count - int(shares[wide].sum()) if wide.size else 0):
        shares[wide[np.argmax(extents[wide] / shares[wide])]] += 1
    near = np.minimum(np.sqrt(_GRAZING * extents[:-1] / extents[1:]), _MOST_GRAZING)
    return [max(int(x), least) for x, least in zip(shares, [*np.ceil(near).astype(int).tolist(), 0], strict=True)]


def directions(indices: set[float], count: int) -> Directions:
    """`count` directions in the densest of the media with these refractive indices, and a few more for steps that are small."""
    ends = np.array(sorted(indices))
    starts = np.concatenate(([0.0], ends[:-1]))
    widest = np.sqrt((ends - starts) * (ends + starts))  # of n cosine in each segment
    index, above, weight = [], [], []
    for end, width, number in zip(ends, widest, _shares(np.arccos(starts / ends), count), strict=True):
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
    finer : (N, L) · the next functions sqrt(2 l + 1) P_l as they are, times root_weight
    beam_cosine : of the beam; None where there is none
    beam : (2 L,) · sqrt(2 l + 1) P_l in the beam's direction
    """

    cosine: Array
    root_weight: Array
    even: Array
    odd: Array
    even_to: Array
    odd_to: Array
    finer: Array
    beam_cosine: float | None
    beam: Array

    @property
    def moments(self) -> int:
        """How many functions there are that the directions tell apart."""
        return 2 * int(self.even.shape[1])

    @property
    def beam_moments(self) -> int:
        """How many functions there are for a beam's first scattering."""
        return _FINER * self.moments

    def beam_scatters(self, moments: Array) -> tuple[Array, Array]:
        """Even and odd part of a phase function with `beam_moments` moments around the beam, times root_weight.

        Its moments are exact as far as directions tell them apart; the rest is what directions show of it.
        """
        plain, parts = self.beam, []
        for part, functions, to in ((0, self.even, self.even_to), (1, self.odd, self.odd_to)):
            near = (plain[part : self.moments : 2] @ to) * moments[part : self.moments : 2]
            rest = self.finer[:, part::2] @ (plain[self.moments + part :: 2] * moments[self.moments + part :: 2])
            parts.append(functions @ (near - functions.T @ rest) + rest)
        return parts[0], parts[1]


def _legendre(cosine: Array, moments: int) -> Array:
    """sqrt(2 l + 1) P_l, (directions, moments)."""
    return np.asarray(np.polynomial.legendre.legvander(cosine, moments - 1) * np.sqrt(2.0 * np.arange(moments) + 1.0))


def _widest_gap(cosine: Array) -> float:
    """Widest gap between neighbouring angles, the mirrored ones beyond the pole and the equator included."""
    angle = np.arccos(cosine)
    return float(max(np.diff(angle).max(initial=0.0), 2.0 * angle[0], math.pi - 2.0 * angle[-1]))


def basis(found: Directions, n: float, p: float | None) -> Basis:
    """Directions and functions of a medium, for a beam with this p if there is one.

    Orthogonal on the directions, the functions are eigenvectors of scattering in numbers as they are in truth: the flux is
    kept exactly, and each moment of the phase function decays at its own rate.
    """
    count = found.count(n)
    cosine = np.sqrt(found.height2(n)[:count]) / n
    root = np.sqrt(found.weight[:count] / (n * n * cosine))
    moments = max(2, 2 * int(_RESOLVED * math.pi / _widest_gap(cosine) / 2.0))
    beam_cosine = math.sqrt((n - p) * (n + p)) / n if p is not None and p < n else None
    table = _legendre(np.append(cosine, beam_cosine if beam_cosine is not None else 0.0), _FINER * moments)
    beam, table = table[-1], root[:, None] * table[:-1]
    (even, even_r), (odd, odd_r) = (np.linalg.qr(table[:, part:moments:2]) for part in (0, 1))
    return Basis(
        cosine=cosine, root_weight=root, even=even, odd=odd, even_to=np.linalg.inv(even_r), odd_to=np.linalg.inv(odd_r),
        finer=table[:, moments:], beam_cosine=beam_cosine, beam=beam,
    )  # fmt: skip
