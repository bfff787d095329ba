"""Layered Monte Carlo with sixteen photons side by side.

A pass of the loop moves every photon of the packet by one step. Its first half (`advance`) has no branches and works on
float32 lanes in one flat buffer, so that the compiler turns it into vector instructions; its second half (`settle`) is
ordinary code for the tally and for the few photons that meet a face, end, or start. The physics is that of
`_layered_scalar`, which reads more easily.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recutis.jit import bare_kernel, inlined
from recutis.light import _photon as p
from recutis.light._lanes import BITS_25, ONE, SMALLEST, ZERO, draw, ln, turned, unit
from recutis.light._photon import Array, Scale, Source, fresnel, launch, ring, roulette
from recutis.light._random import Words, fill, uniform

LANES = 16
# Rows of the float buffer, each of one number a lane: position, direction, weight, what rounding has not yet taken from it,
# optical path left, mua + mus and its inverse, absorbed share, share of scatterings that turn, g, faces of the layer, tally.
X, Y, Z, UX, UY, UZ, WEIGHT, OWED, FREE, TOTAL, STEP, ABSORBS, TURNING, G, TOP, BOTTOM, TALLY = (LANES * row for row in range(17))
FLOATS = 17 * LANES
# Rows of the integer buffer: place in the flat tally, what happened, layer (offset of its tally rows), state of the lane.
PLACE, EVENT, LAYER, LANE = (LANES * row for row in range(4))
INTEGERS = 4 * LANES
HIT, LIGHT = 1, 2  # events: at a face; light enough for roulette
EMPTY, FLYING, WANTED = 0, 1, 2  # states of a lane


class Work(NamedTuple):
    """Memory of one thread: lanes, their generators' states, seeds, one photon, the state for what is drawn singly."""

    floats: NDArray[np.float32]
    integers: NDArray[np.int32]
    lanes: NDArray[np.uint32]
    words: Words
    photon: Array
    state: Words


def memory() -> Work:
    """Fresh working memory; kernels themselves allocate nothing."""
    return Work(
        floats=np.zeros(FLOATS, np.float32),
        integers=np.zeros(INTEGERS, np.int32),
        lanes=np.zeros(4 * LANES, np.uint32),
        words=np.zeros(4 * LANES + 2, np.uint64),
        photon=np.zeros(p.PLACES),
        state=np.zeros(2, np.uint64),
    )


@bare_kernel
def advance(per_dz: np.float32, per_dr: np.float32, deepest: np.float32, widest: np.float32, stride: np.int32,
            f: NDArray[np.float32], k: NDArray[np.int32], words: NDArray[np.uint32]) -> None:  # fmt: skip
    """One step of every lane: to the next collision and its scattering, or to the next face. No branches."""
    for i in range(LANES):
        # Everything is loaded before it is chosen from: a load inside a choice would be a branch.
        ux, uy, uz = f[UX + i], f[UY + i], f[UZ + i]
        z, weight, free, top, bottom = f[Z + i], f[WEIGHT + i], f[FREE + i], f[TOP + i], f[BOTTOM + i]
        total, inverse, absorbs, turning, owed = f[TOTAL + i], f[STEP + i], f[ABSORBS + i], f[TURNING + i], f[OWED + i]
        face = bottom if uz > ZERO else top
        step = free * inverse
        there = z + uz * step
        hit = (there > face) if uz > ZERO else (there < face)
        reach = (face - z) / uz
        step = reach if hit else step
        x, y = f[X + i] + ux * step, f[Y + i] + uy * step
        z = face if hit else there
        f[X + i], f[Y + i], f[Z + i] = x, y, z
        f[TALLY + i] = ZERO if hit else weight * inverse
        loss = weight * absorbs + owed
        after = weight - loss
        f[OWED + i] = owed if hit else loss - (weight - after)
        weight = weight if hit else after
        f[WEIGHT + i] = weight
        column, row = math.sqrt(x * x + y * y) * per_dr, z * per_dz
        column = min(column, widest)
        row = min(row, deepest)
        k[PLACE + i] = np.int32((np.int32(row) + k[LAYER + i]) * stride + np.int32(column))
        k[EVENT + i] = np.int32((np.int32(HIT) if hit else np.int32(0)) | (np.int32(LIGHT) if weight < SMALLEST else np.int32(0)))
        a, b, c, d = words[i], words[LANES + i], words[2 * LANES + i], words[3 * LANES + i]
        first, a, b, c, d = draw(a, b, c, d)
        second, a, b, c, d = draw(a, b, c, d)
        third, a, b, c, d = draw(a, b, c, d)
        words[i], words[LANES + i], words[2 * LANES + i], words[3 * LANES + i] = a, b, c, d
        f[FREE + i] = free - reach * total if hit else -ln(unit(first) + BITS_25)
        chosen = unit(second) + BITS_25
        still = hit | (chosen > turning)
        vx, vy, vz = turned(ux, uy, uz, f[G + i], min(chosen / turning, ONE), unit(third))
        f[UX + i] = ux if still else vx
        f[UY + i] = uy if still else vy
        f[UZ + i] = uz if still else vz


@inlined
def enter(i: int, layer: int, stack: Array, f: NDArray[np.float32], k: NDArray[np.int32]) -> None:
    """Give a lane the properties of its layer."""
    total = stack[p.MUA, layer] + stack[p.MUS, layer]
    k[LAYER + i] = layer
    f[TOTAL + i] = total
    f[STEP + i] = 1.0 / total
    f[ABSORBS + i] = stack[p.MUA, layer] / total
    f[TURNING + i] = stack[p.TURNING, layer]
    f[G + i] = stack[p.G, layer]
    f[TOP + i] = stack[p.TOP, layer]
    f[BOTTOM + i] = stack[p.BOTTOM, layer]


@inlined
def rest(i: int, f: NDArray[np.float32], k: NDArray[np.int32]) -> None:
    """Leave a lane without a photon: level flight without weight, so that it never meets a face."""
    for row in (X, Y, Z, UY, UZ, WEIGHT, OWED, FREE, STEP, ABSORBS, TURNING, G):
        f[row + i] = 0.0
    f[UX + i], f[TOTAL + i], f[TOP + i], f[BOTTOM + i] = 1.0, 1.0, -1.0, np.inf
    k[LANE + i], k[LAYER + i] = EMPTY, 0


@inlined
def start(
    i: int,
    stack: Array,
    source: Source,
    photon: Array,
    state: Words,
    f: NDArray[np.float32],
    k: NDArray[np.int32],
    account: Array,
) -> None:
    """Put a new photon on a lane."""
    launch(source, stack, photon, state)
    account[p.SPECULAR] += 1.0 - photon[p.WEIGHT]
    f[X + i], f[Y + i], f[Z + i] = photon[p.X], photon[p.Y], 0.0
    f[UX + i], f[UY + i], f[UZ + i] = photon[p.UX], photon[p.UY], photon[p.UZ]
    f[WEIGHT + i], f[OWED + i] = photon[p.WEIGHT], ZERO
    f[FREE + i] = -math.log(uniform(state))
    k[LANE + i] = FLYING
    enter(i, 0, stack, f, k)


@inlined
def face(i: int, stack: Array, scale: Scale, leaving: Array, state: Words, f: NDArray[np.float32], k: NDArray[np.int32]) -> None:
    """Reflect, refract or let go the photon of a lane that stands at a face."""
    uz, layer = np.float64(f[UZ + i]), k[LAYER + i]
    down = uz > 0.0
    f[FREE + i] = max(f[FREE + i], ZERO)  # rounding must not leave a negative path
    n1 = stack[p.INDEX, layer]
    n2 = stack[p.INDEX_BELOW, layer] if down else stack[p.INDEX_ABOVE, layer]
    reflected, cosine = fresnel(abs(uz), n1, n2)
    if reflected > 0.0 and uniform(state) <= reflected:
        f[UZ + i] = -uz
        return
    layer += 1 if down else -1
    if layer < 0 or layer == stack.shape[1]:
        way = p.REFLECTED if layer < 0 else p.TRANSMITTED
        leaving[way, ring(f[X + i], f[Y + i], scale)] += f[WEIGHT + i]
        k[LANE + i] = WANTED
        return
    if n1 != n2:
        f[UX + i] *= n1 / n2
        f[UY + i] *= n1 / n2
        f[UZ + i] = cosine if down else -cosine
    enter(i, layer, stack, f, k)


@bare_kernel
def settle(stack: Array, scale: Scale, fluence: Array, leaving: Array, account: Array, state: Words,
           f: NDArray[np.float32], k: NDArray[np.int32]) -> int:  # fmt: skip
    """Book the step of every lane and treat those at a face or at the end of their weight; returns how many are wanted."""
    wanted, collisions = 0, 0
    for i in range(LANES):
        fluence[k[PLACE + i]] += f[TALLY + i]
        event = k[EVENT + i]
        if event == 0:
            collisions += 1
        elif k[LANE + i] == FLYING:
            if event & HIT:
                face(i, stack, scale, leaving, state, f, k)
            else:
                collisions += 1
                weight = np.float64(f[WEIGHT + i])
                f[WEIGHT + i] = roulette(weight, account, state) if weight > 0.0 else 0.0
                if f[WEIGHT + i] <= ZERO:
                    k[LANE + i] = WANTED
            if k[LANE + i] == WANTED:
                wanted += 1
    account[p.COLLISIONS] += collisions
    return wanted


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
    f, k, lanes, words, photon, state = work.floats, work.integers, work.lanes, work.words, work.photon, work.state
    fill(words, seed, block)
    for i in range(lanes.size):
        lanes[i] = np.uint32(words[i] >> np.uint64(32))
    state[0], state[1] = words[4 * LANES], words[4 * LANES + 1]
    stride = np.int32(scale.nr + 1)
    per_dz, per_dr = np.float32(scale.per_dz), np.float32(scale.per_dr)
    deepest, widest = np.float32(scale.nz), np.float32(scale.nr)
    left, flying, wanted = photons, LANES, LANES
    for i in range(LANES):
        k[LANE + i] = WANTED
    while stop[0] == 0:
        if wanted > 0:
            for i in range(LANES):
                if k[LANE + i] == WANTED:
                    if left > 0:
                        left -= 1
                        start(i, stack, source, photon, state, f, k, account)
                    else:
                        flying -= 1
                        rest(i, f, k)
        if flying == 0:
            return
        advance(per_dz, per_dr, deepest, widest, stride, f, k, lanes)
        wanted = settle(stack, scale, fluence, leaving, account, state, f, k)
