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


@bare_kernel
def trace(
    radii: Array, weights: Array, seed: int, mua: Array, mus: Array, g: Array, index: float, z_edges: Array,
    r_edges: Array, fluence: Array, left: Array, photon: Array, state: Words,
) -> None:  # fmt: skip
    """Send photons straight down from `radii` below the surface with `weights`; add to `fluence` and to what is `left`.

    mua, mus, fluence : (z, r + 1), the last column for all beyond the last ring · g : (z,)
    """
    nz = z_edges.size - 1
    for p in range(radii.size):
        key = mix(np.uint64(seed) * _GOLDEN + np.uint64(p))
        state[0], state[1] = mix(key + _GOLDEN), mix(key + _GOLDEN + _GOLDEN)
        photon[_X], photon[_Y], photon[_Z] = radii[p], 0.0, 0.0
        photon[_UX], photon[_UY], photon[_UZ], photon[_W] = 0.0, 0.0, 1.0, weights[p]
        i, j = 0, 0
        while j + 1 < r_edges.size and radii[p] >= r_edges[j + 1]:
            j += 1
        free = -math.log(uniform(state))
        while True:
            side, step = _to_ring(photon, r_edges, j)
            uz = photon[_UZ]
            if uz > 0.0:
                face = (z_edges[i + 1] - photon[_Z]) / uz
            elif uz < 0.0:
                face = (z_edges[i] - photon[_Z]) / uz
            else:
                face = np.inf
            length = max(min(side, face), 0.0)
            hits = mus[i, j] * length >= free
            if hits:
                length = free / mus[i, j]
            thick = mua[i, j] * length
            if thick > _THIN:
                after = photon[_W] * math.exp(-thick)
                fluence[i, j] += (photon[_W] - after) / mua[i, j]
            else:
                after = photon[_W] * (1.0 - thick)
                fluence[i, j] += photon[_W] * length
            photon[_W] = after
            for axis in range(3):
                photon[axis] += photon[axis + 3] * length
            if hits:
                _turn(photon, g[i], state)
                free = -math.log(uniform(state))
            else:
                free -= mus[i, j] * length
                if side < face:
                    j += step
                elif uz > 0.0:
                    photon[_Z] = z_edges[i + 1]
                    i += 1
                    if i == nz:
                        left[TRANSMITTED] += photon[_W]
                        break
                else:
                    photon[_Z] = z_edges[i]
                    i -= 1
                    if i < 0:
                        i = 0
                        if uniform(state) > fresnel(-uz, index, 1.0)[0]:
                            left[REFLECTED] += photon[_W]
                            break
                        photon[_UZ] = -uz
            if photon[_W] < _SMALLEST * weights[p]:
                if uniform(state) > _CHANCE:
                    break
                photon[_W] /= _CHANCE
