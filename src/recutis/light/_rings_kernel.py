"""Photons on a map of rings and layers: absorption and scattering differ from cell to cell. SI units.

A photon's weight falls along its path, so every cell that it crosses gets its share: the tally is the volume's integral
of the fluence. Each photon has a stream of random numbers of its own; when a map changes a little, its path does as well.
The index of refraction is one throughout; beyond the last ring and as deep as the grid the row's rim goes on.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from recutis.jit import bare_kernel, inlined
from recutis.light._photon import fresnel
from recutis.light._random import Words, mix, uniform

Array = NDArray[np.float64]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SMALLEST, _CHANCE = 0.02, 0.2  # of the launched weight: below it a photon plays roulette
_THIN = 1e-5  # optical thickness below which the exponential is its own tangent
REFLECTED, TRANSMITTED = 0, 1
# Places of a photon: position, direction, weight.
_X, _Y, _Z, _UX, _UY, _UZ, _W = 0, 1, 2, 3, 4, 5, 6
PLACES = 7


@inlined
def _turn(photon: Array, g: float, state: Words) -> None:
    """New direction by Henyey and Greenstein."""
    if abs(g) > 1e-6:
        share = (1.0 - g * g) / (1.0 - g + 2.0 * g * uniform(state))
        cosine = (1.0 + g * g - share * share) / (2.0 * g)
    else:
        cosine = 2.0 * uniform(state) - 1.0
    sine = math.sqrt(max(1.0 - cosine * cosine, 0.0))
    angle = 2.0 * math.pi * uniform(state)
    c, s = math.cos(angle) * sine, math.sin(angle) * sine
    ux, uy, uz = photon[_UX], photon[_UY], photon[_UZ]
    across = math.sqrt(max(1.0 - uz * uz, 0.0))
    if across < 1e-6:
        photon[_UX], photon[_UY] = c, s
        photon[_UZ] = cosine if uz > 0.0 else -cosine
    else:
        photon[_UX] = (ux * uz * c - uy * s) / across + ux * cosine
        photon[_UY] = (uy * uz * c + ux * s) / across + uy * cosine
        photon[_UZ] = -across * c + uz * cosine


@inlined
def _to_ring(photon: Array, r_edges: Array, ring: int) -> tuple[float, int]:
    """Distance to the next cylinder along the path, and the step of the ring's number there (0: none)."""
    level = photon[_UX] * photon[_UX] + photon[_UY] * photon[_UY]
    if level < 1e-18:
        return np.inf, 0
    along = photon[_X] * photon[_UX] + photon[_Y] * photon[_UY]
    square = photon[_X] * photon[_X] + photon[_Y] * photon[_Y]
    if along < 0.0 and ring > 0:
        under = along * along - level * (square - r_edges[ring] * r_edges[ring])
        if under > 0.0:
            return max((-along - math.sqrt(under)) / level, 0.0), -1
    if ring + 1 >= r_edges.size:
        return np.inf, 0
    under = along * along - level * (square - r_edges[ring + 1] * r_edges[ring + 1])
    return max((-along + math.sqrt(max(under, 0.0))) / level, 0.0), 1


@inlined
def _to_face(photon: Array, z_edges: Array, row: int) -> float:
    """Distance to the next change of depth along the path."""
    distance: float = np.inf
    if photon[_UZ] > 0.0:
        distance = (z_edges[row + 1] - photon[_Z]) / photon[_UZ]
    elif photon[_UZ] < 0.0:
        distance = (z_edges[row] - photon[_Z]) / photon[_UZ]
    return distance


@inlined
def _fly(photon: Array, mua: float, length: float) -> float:
    """Move on; the weight falls by absorption. Returns the path times the mean weight on it [m]."""
    thick, before = mua * length, photon[_W]
    path: float = before * length
    if thick > _THIN:
        photon[_W] = before * math.exp(-thick)
        path = (before - photon[_W]) / mua
    else:
        photon[_W] = before * (1.0 - thick)
    photon[_X] += photon[_UX] * length
    photon[_Y] += photon[_UY] * length
    photon[_Z] += photon[_UZ] * length
    return path


@inlined
def _leave_row(photon: Array, z_edges: Array, row: int, index: float, state: Words) -> int:
    """The row behind a change of depth: -1 through the surface, the number of rows through the bottom."""
    if photon[_UZ] > 0.0:
        photon[_Z] = z_edges[row + 1]
        return row + 1
    photon[_Z] = z_edges[row]
    if row > 0:
        return row - 1
    if uniform(state) > fresnel(-photon[_UZ], index, 1.0)[0]:
        return -1
    photon[_UZ] = -photon[_UZ]
    return 0


@bare_kernel
def _follow(
    photon: Array, ring: int, mua: Array, mus: Array, g: Array, index: float, z_edges: Array, r_edges: Array, fluence: Array,
    state: Words,
) -> int:  # fmt: skip
    """One photon from the surface of a ring to where it ends: -1 the surface, -2 taken up, else the bottom."""
    start, row, free = photon[_W], 0, -math.log(uniform(state))
    while 0 <= row < z_edges.size - 1:
        side, step = _to_ring(photon, r_edges, ring)
        face = _to_face(photon, z_edges, row)
        length = max(min(side, face), 0.0)
        scattering = mus[row, ring]
        if scattering * length >= free:
            fluence[row, ring] += _fly(photon, mua[row, ring], free / scattering)
            _turn(photon, g[row], state)
            free = -math.log(uniform(state))
        else:
            fluence[row, ring] += _fly(photon, mua[row, ring], length)
            free -= scattering * length
            if side < face:
                ring += step
            else:
                row = _leave_row(photon, z_edges, row, index, state)
        if photon[_W] < _SMALLEST * start:
            if uniform(state) > _CHANCE:
                return -2
            photon[_W] /= _CHANCE
    return row


@bare_kernel
def trace(
    radii: Array, weights: Array, seed: int, mua: Array, mus: Array, g: Array, index: float, z_edges: Array,
    r_edges: Array, fluence: Array, left: Array, photon: Array, state: Words,
) -> None:  # fmt: skip
    """Send photons straight down from `radii` below the surface with `weights`; add to `fluence` and to what is `left`.

    mua, mus, fluence : (z, r + 1), the last column for all beyond the last ring · g : (z,)
    """
    ring = 0
    for p in range(radii.size):
        key = mix(np.uint64(seed) * _GOLDEN + np.uint64(p))
        state[0], state[1] = mix(key + _GOLDEN), mix(key + _GOLDEN + _GOLDEN)
        photon[_X], photon[_Y], photon[_Z] = radii[p], 0.0, 0.0
        photon[_UX], photon[_UY], photon[_UZ], photon[_W] = 0.0, 0.0, 1.0, weights[p]
        ring = 0
        while ring + 1 < r_edges.size and radii[p] >= r_edges[ring + 1]:
            ring += 1
        end = _follow(photon, ring, mua, mus, g, index, z_edges, r_edges, fluence, state)
        if end == -1:
            left[REFLECTED] += photon[_W]
        elif end >= 0:
            left[TRANSMITTED] += photon[_W]
