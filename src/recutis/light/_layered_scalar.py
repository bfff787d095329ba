"""Layered Monte Carlo, one photon after the other in float64: the readable twin of the packets, and the engine without vector units."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recutis.jit import bare_kernel, inlined
from recutis.light._photon import (
    BOTTOM,
    COLLISIONS,
    INDEX,
    INDEX_ABOVE,
    INDEX_BELOW,
    MUA,
    MUS,
    PLACES,
    REFLECTED,
    SMALLEST_WEIGHT,
    SPECULAR,
    TOP,
    TRANSMITTED,
    TURNING,
    UX,
    UY,
    UZ,
    WEIGHT,
    Array,
    G,
    Scale,
    Source,
    X,
    Y,
    Z,
    fresnel,
    launch,
    ring,
    roulette,
    turn,
)
from recutis.light._random import Words, fill, uniform


class Work(NamedTuple):
    """Memory of one thread: a photon and its generator's state."""

    photon: Array
    state: Words


def memory() -> Work:
    """Fresh working memory; kernels themselves allocate nothing."""
    return Work(photon=np.zeros(PLACES), state=np.zeros(2, np.uint64))


@inlined
def cross(photon: Array, layer: int, stack: Array, state: Words) -> int:
    """Reflect or refract at the face that the photon has reached; returns its layer, -1 above and n below the stack."""
    down = photon[UZ] > 0.0
    n1 = stack[INDEX, layer]
    n2 = stack[INDEX_BELOW, layer] if down else stack[INDEX_ABOVE, layer]
    reflected, cosine = fresnel(abs(photon[UZ]), n1, n2)
    if reflected > 0.0 and uniform(state) <= reflected:
        photon[UZ] = -photon[UZ]
        return layer
    photon[UX] *= n1 / n2
    photon[UY] *= n1 / n2
    photon[UZ] = cosine if down else -cosine
    return layer + 1 if down else layer - 1


@inlined
def collide(photon: Array, layer: int, stack: Array, scale: Scale, fluence: Array, account: Array, state: Words) -> None:
    """Score, absorb, scatter, and let a light photon play roulette."""
    total = stack[MUA, layer] + stack[MUS, layer]
    row = int(min(photon[Z] * scale.per_dz, float(scale.nz))) + layer
    fluence[row * (scale.nr + 1) + ring(photon[X], photon[Y], scale)] += photon[WEIGHT] / total
    account[COLLISIONS] += 1.0
    photon[WEIGHT] *= stack[MUS, layer] / total
    if uniform(state) <= stack[TURNING, layer]:
        turn(photon, stack[G, layer], state)
    if 0.0 < photon[WEIGHT] < SMALLEST_WEIGHT:
        photon[WEIGHT] = roulette(photon[WEIGHT], account, state)


@bare_kernel
def follow(
    photon: Array, stack: Array, scale: Scale, fluence: Array, account: Array, state: Words, stop: NDArray[np.int64]
) -> int:
    """Follow a photon until it is absorbed or leaves; returns its last layer, -1 above and n below the stack."""
    layer, free = 0, -math.log(uniform(state))
    while 0 <= layer < stack.shape[1] and photon[WEIGHT] > 0.0 and stop[0] == 0:
        total = stack[MUA, layer] + stack[MUS, layer]
        down = photon[UZ] > 0.0
        face = stack[BOTTOM, layer] if down else stack[TOP, layer]
        reach = (face - photon[Z]) / photon[UZ] if photon[UZ] != 0.0 else np.inf
        inside = free < reach * total
        step = free / total if inside else reach
        photon[X] += photon[UX] * step
        photon[Y] += photon[UY] * step
        if inside:
            photon[Z] += photon[UZ] * step
            collide(photon, layer, stack, scale, fluence, account, state)
            free = -math.log(uniform(state))
        else:
            photon[Z] = face
            free -= reach * total
            layer = cross(photon, layer, stack, state)
    return layer


@bare_kernel
def run_block(
    photons: int,
    seed: int,
    block: int,
    stack: Array,
    source: Source,
    scale: Scale,
    fluence: Array,
    leaving: Array,
    account: Array,
    stop: NDArray[np.int64],
    work: Work,
) -> None:
    """Follow a block of photons and add to its tallies; ends early when `stop` becomes non-zero."""
    fill(work.state, seed, block)
    photon, state = work.photon, work.state
    for _ in range(photons):
        if stop[0] != 0:
            return
        launch(source, stack, photon, state)
        account[SPECULAR] += 1.0 - photon[WEIGHT]
        layer = follow(photon, stack, scale, fluence, account, state, stop)
        if layer < 0:
            leaving[REFLECTED, ring(photon[X], photon[Y], scale)] += photon[WEIGHT]
        elif layer == stack.shape[1]:
            leaving[TRANSMITTED, ring(photon[X], photon[Y], scale)] += photon[WEIGHT]
