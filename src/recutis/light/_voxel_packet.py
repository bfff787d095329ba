"""Voxel Monte Carlo with many photons side by side.

`march` moves every lane to the next face of its voxel or to its collision; `settle` books that step and treats the lanes
that meet another medium, leave or end. Lanes at a collision wait until enough of them do, then `scatter` turns them all.
March and scatter have no branches and work on float32 lanes in one flat buffer, so that the compiler turns them into
vector instructions. The physics is that of `_voxel_scalar`, which reads more easily.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recutis.jit import bare_kernel, inlined
from recutis.light import _photon as p
from recutis.light import _voxel as v
from recutis.light._lanes import BITS_24, BITS_25, ONE, SMALLEST, ZERO, draw, faded, ln, turned, unit
from recutis.light._photon import Array, Source, fresnel, roulette
from recutis.light._random import Words, fill, uniform
from recutis.light._voxel import Box, Cell, Labels

LANES = 32
# Rows of the float buffer, each of one number a lane: share of the voxel left to the face ahead, flight through a whole voxel [m],
# direction, for each axis; weight, what rounding has not yet taken from it, path left, mus, its inverse, mua, g, tally.
LEFT_X, LEFT_Y, LEFT_Z, WHOLE_X, WHOLE_Y, WHOLE_Z, UX, UY, UZ = (LANES * row for row in range(9))
WEIGHT, OWED, FREE, MUS, STEP, MUA, G, TALLY = (LANES * row for row in range(9, 17))
FLOATS = 17 * LANES
# Rows of the integer buffer: voxel before and after the step, its three places, what happened, label, whether the photon is
# fresh, state of the lane, collisions.
FROM, PLACE, CELL_X, CELL_Y, CELL_Z, EVENT, LABEL, FRESH, LANE, COUNT = (LANES * row for row in range(10))
INTEGERS = 10 * LANES
OVER_X, OVER_Y, OVER_Z, OUT, LIGHT = 1, 2, 4, 8, 16  # events: over which face, out of the grid, light enough for roulette
DUE_BIT = 5  # the last event: at a collision
DUE = 1 << DUE_BIT
EMPTY, FLYING, WANTED = 0, 1, 2  # states of a lane
# Lanes scatter once this share of them is due: waiting costs steps, scattering for few costs arithmetic.
DUE_SHARE = 0.4
ENDLESS = np.float32(1e20)  # m; through a voxel in level flight, or to a collision in a clear medium
ALMOST_NONE = np.float32(1e-18)  # path left at a face, at least: rounding must not bring a collision into a clear medium
NONE, UP_ONE, DOWN_ONE = np.int32(0), np.int32(1), np.int32(-1)


class Work(NamedTuple):
    """Memory of one thread: lanes, their generators' states, seeds, one photon, its voxel, the state for what is drawn singly."""

    floats: NDArray[np.float32]
    integers: NDArray[np.int32]
    lanes: NDArray[np.uint32]
    words: Words
    photon: Array
    cell: Cell
    state: Words


def memory() -> Work:
    """Fresh working memory; kernels themselves allocate nothing."""
    return Work(
        floats=np.zeros(FLOATS, np.float32),
        integers=np.zeros(INTEGERS, np.int32),
        lanes=np.zeros(4 * LANES, np.uint32),
        words=np.zeros(4 * LANES + 2, np.uint64),
        photon=np.zeros(p.PLACES),
        cell=np.zeros(v.CELLS, np.int64),
        state=np.zeros(2, np.uint64),
    )


@bare_kernel
def march(nx: np.int32, ny: np.int32, nz: np.int32, per_dx: np.float32, per_dy: np.float32, per_dz: np.float32,
          f: NDArray[np.float32], k: NDArray[np.int32]) -> None:  # fmt: skip
    """One step of every lane: to the next face, or to its collision. No branches."""
    for i in range(LANES):
        # Everything is loaded before it is chosen from: a load inside a choice would be a branch.
        ux, uy, uz = f[UX + i], f[UY + i], f[UZ + i]
        left_x, left_y, left_z = f[LEFT_X + i], f[LEFT_Y + i], f[LEFT_Z + i]
        to_x, to_y, to_z = left_x * f[WHOLE_X + i], left_y * f[WHOLE_Y + i], left_z * f[WHOLE_Z + i]
        weight, free, owed = f[WEIGHT + i], f[FREE + i], f[OWED + i]
        place, cell_x, cell_y, cell_z = k[PLACE + i], k[CELL_X + i], k[CELL_Y + i], k[CELL_Z + i]
        reach = min(to_x, to_y, to_z)
        step = free * f[STEP + i]
        hit = reach < step
        step = reach if hit else step
        f[FREE + i] = max(free - step * f[MUS + i], ALMOST_NONE) if hit else ZERO
        lost = f[MUA + i] * step
        shared = faded(lost)
        f[TALLY + i] = weight * step * shared
        loss = weight * lost * shared + owed
        after = max(weight - loss, ZERO)
        f[OWED + i] = loss - (weight - after)
        weight = after
        f[WEIGHT + i] = weight
        over_x = hit & (to_x <= reach)
        over_y = hit & (to_y <= reach) & (to_x > reach)
        over_z = hit & (to_x > reach) & (to_y > reach)
        left_x = max(left_x - step * abs(ux) * per_dx, ZERO)
        left_y = max(left_y - step * abs(uy) * per_dy, ZERO)
        left_z = max(left_z - step * abs(uz) * per_dz, ZERO)
        f[LEFT_X + i] = ONE if over_x else left_x
        f[LEFT_Y + i] = ONE if over_y else left_y
        f[LEFT_Z + i] = ONE if over_z else left_z
        by_x, by_y, by_z = (
            np.int32(UP_ONE if ux > ZERO else DOWN_ONE),
            np.int32(UP_ONE if uy > ZERO else DOWN_ONE),
            np.int32(UP_ONE if uz > ZERO else DOWN_ONE),
        )
        by_x, by_y, by_z = (
            np.int32(by_x if over_x else NONE),
            np.int32(by_y if over_y else NONE),
            np.int32(by_z if over_z else NONE),
        )
        cell_x, cell_y, cell_z = np.int32(cell_x + by_x), np.int32(cell_y + by_y), np.int32(cell_z + by_z)
        k[CELL_X + i], k[CELL_Y + i], k[CELL_Z + i] = cell_x, cell_y, cell_z
        k[FROM + i] = place
        out = (cell_x < NONE) | (cell_y < NONE) | (cell_z < NONE) | (cell_x >= nx) | (cell_y >= ny) | (cell_z >= nz)
        beyond = np.int32(place + by_x + nx * np.int32(by_y + ny * by_z))
        k[PLACE + i] = place if out else beyond
        event = np.int32(OVER_X) if over_x else NONE
        event = np.int32(OVER_Y) if over_y else event
        event = np.int32(OVER_Z) if over_z else event
        event = np.int32(event | (np.int32(OUT) if out else NONE) | (np.int32(LIGHT) if weight < SMALLEST else NONE))
        k[EVENT + i] = np.int32(event | (NONE if hit else np.int32(DUE)))


@bare_kernel
def scatter(dx: np.float32, dy: np.float32, dz: np.float32, f: NDArray[np.float32], k: NDArray[np.int32],
            words: NDArray[np.uint32]) -> None:  # fmt: skip
    """Turn every lane that is at its collision and draw its next free path. No branches."""
    for i in range(LANES):
        ux, uy, uz, free = f[UX + i], f[UY + i], f[UZ + i], f[FREE + i]
        left_x, left_y, left_z = f[LEFT_X + i], f[LEFT_Y + i], f[LEFT_Z + i]
        whole_x, whole_y, whole_z = f[WHOLE_X + i], f[WHOLE_Y + i], f[WHOLE_Z + i]
        count, fresh = k[COUNT + i], k[FRESH + i]
        due = (free <= ZERO) & (f[WEIGHT + i] > ZERO)
        a, b, c, d = words[i], words[LANES + i], words[2 * LANES + i], words[3 * LANES + i]
        first, a, b, c, d = draw(a, b, c, d)
        second, a, b, c, d = draw(a, b, c, d)
        third, a, b, c, d = draw(a, b, c, d)
        words[i], words[LANES + i], words[2 * LANES + i], words[3 * LANES + i] = a, b, c, d
        drawn = -ln(unit(first) + BITS_25)
        vx, vy, vz = turned(ux, uy, uz, f[G + i], unit(second) + BITS_25, unit(third))
        back_x, back_y, back_z = (
            due & ((ux > ZERO) != (vx > ZERO)),
            due & ((uy > ZERO) != (vy > ZERO)),
            due & ((uz > ZERO) != (vz > ZERO)),
        )
        new_x, new_y, new_z = min(dx / abs(vx), ENDLESS), min(dy / abs(vy), ENDLESS), min(dz / abs(vz), ENDLESS)
        f[LEFT_X + i] = ONE - left_x if back_x else left_x
        f[LEFT_Y + i] = ONE - left_y if back_y else left_y
        f[LEFT_Z + i] = ONE - left_z if back_z else left_z
        f[WHOLE_X + i] = new_x if due else whole_x
        f[WHOLE_Y + i] = new_y if due else whole_y
        f[WHOLE_Z + i] = new_z if due else whole_z
        f[UX + i], f[UY + i], f[UZ + i] = vx if due else ux, vy if due else uy, vz if due else uz
        f[FREE + i] = drawn if due else free
        k[COUNT + i] = np.int32(count + (UP_ONE if due else NONE))
        k[FRESH + i] = NONE if due else fresh


@inlined
def enter(i: int, label: int, media: Array, f: NDArray[np.float32], k: NDArray[np.int32]) -> None:
    """Give a lane the properties of its medium."""
    mus = media[v.MUS, label]
    k[LABEL + i] = label
    f[MUS + i] = mus
    f[STEP + i] = 1.0 / mus if mus > 0.0 else ENDLESS
    f[MUA + i] = media[v.MUA, label]
    f[G + i] = media[v.G, label]


@inlined
def head(i: int, box: Box, f: NDArray[np.float32]) -> None:
    """Lengths of flight through a whole voxel along the lane's direction."""
    f[WHOLE_X + i] = min(np.float32(box.dx) / abs(f[UX + i]), ENDLESS)
    f[WHOLE_Y + i] = min(np.float32(box.dy) / abs(f[UY + i]), ENDLESS)
    f[WHOLE_Z + i] = min(np.float32(box.dz) / abs(f[UZ + i]), ENDLESS)


@inlined
def halt(i: int, state: int, f: NDArray[np.float32], k: NDArray[np.int32]) -> None:
    """Take the photon from a lane: without weight and path it stays where it is and books nothing."""
    f[WEIGHT + i] = f[OWED + i] = f[FREE + i] = ZERO
    k[PLACE + i] = k[FROM + i]
    k[LANE + i] = state


@inlined
def start(
    i: int, labels: Labels, media: Array, source: Source, box: Box, account: Array, photon: Array, cell: Cell, state: Words,
    f: NDArray[np.float32], k: NDArray[np.int32],
) -> None:  # fmt: skip
    """Put a new photon on a lane; it stays wanted when the photon falls beside the grid or is reflected whole."""
    if not v.launch(source, labels, media, box, photon, cell, state):
        account[v.SIDES] += 1.0
        return
    account[p.SPECULAR] += 1.0 - photon[p.WEIGHT]
    if photon[p.WEIGHT] <= 0.0:
        return
    f[UX + i], f[UY + i], f[UZ + i] = photon[p.UX], photon[p.UY], photon[p.UZ]
    # Level flight along a face stays on its side, hence not quite zero.
    f[LEFT_X + i] = max(1.0 - photon[p.X] if photon[p.UX] > 0.0 else photon[p.X], BITS_24)
    f[LEFT_Y + i] = max(1.0 - photon[p.Y] if photon[p.UY] > 0.0 else photon[p.Y], BITS_24)
    f[LEFT_Z + i] = ONE
    head(i, box, f)
    f[WEIGHT + i], f[OWED + i] = photon[p.WEIGHT], ZERO
    f[FREE + i] = -math.log(uniform(state))
    k[CELL_X + i], k[CELL_Y + i], k[CELL_Z + i] = cell[p.X], cell[p.Y], 0
    place = cell[p.Y] * box.nx + cell[p.X]
    k[PLACE + i] = place
    k[FRESH + i] = cell[v.FRESH]
    k[LANE + i] = FLYING
    enter(i, labels[place], media, f, k)


@inlined
def leave(i: int, axis: int, box: Box, leaving: Array, account: Array, f: NDArray[np.float32], k: NDArray[np.int32]) -> None:
    """Book what goes out through the outside of the grid, and free the lane."""
    column = k[CELL_Y + i] * box.nx + k[CELL_X + i]
    if axis != p.Z:
        account[v.SIDES] += f[WEIGHT + i]
    elif f[UZ + i] > ZERO:
        leaving[v.DOWN, column] += f[WEIGHT + i]
    elif k[FRESH + i]:
        account[p.SPECULAR] += f[WEIGHT + i]
    else:
        leaving[v.UP, column] += f[WEIGHT + i]
    halt(i, WANTED, f, k)


@inlined
def refract(
    i: int, axis: int, n1: float, n2: float, box: Box, state: Words, f: NDArray[np.float32], k: NDArray[np.int32]
) -> bool:
    """Turn at the face of another index; false when the photon is reflected."""
    normal = UX + LANES * axis + i
    u = np.float64(f[normal])
    reflected, cosine = fresnel(min(abs(u), 1.0), n1, n2)
    if reflected > 0.0 and uniform(state) <= reflected:
        return False
    for row in (UX, UY, UZ):
        f[row + i] *= n1 / n2
    f[normal] = cosine if u > 0.0 else -cosine
    head(i, box, f)
    k[FRESH + i] = 0
    return True


@inlined
def meet(
    i: int, labels: Labels, media: Array, box: Box, leaving: Array, account: Array, state: Words, f: NDArray[np.float32],
    k: NDArray[np.int32],
) -> None:  # fmt: skip
    """Reflect, refract or let go the photon of a lane that has come to another medium or out of the grid."""
    event = k[EVENT + i]
    axis = p.X if event & OVER_X else p.Y if event & OVER_Y else p.Z
    outside = (event & OUT) != 0
    count = box.nx if axis == p.X else box.ny if axis == p.Y else box.nz
    here = CELL_X + LANES * axis + i
    normal = UX + LANES * axis + i
    label = k[LABEL + i]
    passes = not (outside and axis != p.Z and box.sides == v.MIRROR)
    if outside and axis != p.Z and box.sides == v.PERIODIC:
        outside = False
        k[here] = (k[here] + count) % count
        k[PLACE + i] = (k[CELL_Z + i] * box.ny + k[CELL_Y + i]) * box.nx + k[CELL_X + i]
    if not outside:
        label = labels[k[PLACE + i]]
    n1, n2 = media[v.INDEX, k[LABEL + i]], media[v.INDEX, label]
    if outside and axis == p.Z:
        n2 = box.n_below if f[UZ + i] > ZERO else box.n_above
    if n1 != n2:
        passes = refract(i, axis, n1, n2, box, state, f, k)
    if not passes:
        k[here] += -1 if f[normal] > ZERO else 1
        k[here] = (k[here] + count) % count
        k[PLACE + i] = k[FROM + i]
        f[normal] = -f[normal]
    elif outside:
        leave(i, axis, box, leaving, account, f, k)
    elif label != k[LABEL + i]:
        enter(i, label, media, f, k)


@inlined
def settle(labels: Labels, media: Array, box: Box, fluence: Array, leaving: Array, account: Array, state: Words,
           f: NDArray[np.float32], k: NDArray[np.int32]) -> tuple[int, int]:  # fmt: skip
    """Book the step of every lane and treat those at another medium or at an end; returns how many are wanted and due."""
    wanted, due = 0, 0
    for i in range(LANES):
        fluence[np.uint32(k[FROM + i])] += f[TALLY + i]
        due += k[EVENT + i] >> DUE_BIT
        event = np.int32(k[EVENT + i] & np.int32(OUT | LIGHT))
        changed = np.int32(labels[np.uint32(k[PLACE + i])]) ^ k[LABEL + i]
        if np.int32(event | changed) != 0 and k[LANE + i] == FLYING:
            if event & LIGHT:
                weight = np.float64(f[WEIGHT + i])
                f[WEIGHT + i] = roulette(weight, account, state) if weight > 0.0 else 0.0
            if f[WEIGHT + i] <= ZERO:
                halt(i, WANTED, f, k)
            elif event & OUT or changed:
                meet(i, labels, media, box, leaving, account, state, f, k)
            if k[LANE + i] == WANTED:
                wanted += 1
    return wanted, due


@bare_kernel
def run_block(
    photons: int, seed: int, block: int, labels: Labels, media: Array, source: Source, box: Box, fluence: Array,
    leaving: Array, account: Array, stop: NDArray[np.int64], work: Work,
) -> None:  # fmt: skip
    """Follow a block of photons and add to its tallies; ends early when `stop` becomes non-zero."""
    f, k, lanes, words, photon, cell, state = (
        work.floats, work.integers, work.lanes, work.words, work.photon, work.cell, work.state,
    )  # fmt: skip
    fill(words, seed, block)
    for i in range(lanes.size):
        lanes[i] = np.uint32(words[i] >> np.uint64(32))
    state[0], state[1] = words[4 * LANES], words[4 * LANES + 1]
    nx, ny, nz = np.int32(box.nx), np.int32(box.ny), np.int32(box.nz)
    dx, dy, dz = np.float32(box.dx), np.float32(box.dy), np.float32(box.dz)
    per_dx, per_dy, per_dz = np.float32(1.0 / box.dx), np.float32(1.0 / box.dy), np.float32(1.0 / box.dz)
    f[:] = 0.0
    k[:] = 0
    left, flying, wanted = photons, LANES, LANES
    for i in range(LANES):
        f[UX + i] = 1.0
        enter(i, labels[0], media, f, k)
        k[LANE + i] = WANTED
    while stop[0] == 0:
        if wanted > 0:
            for i in range(LANES):
                while k[LANE + i] == WANTED:
                    account[p.COLLISIONS] += k[COUNT + i]
                    k[COUNT + i] = 0
                    if left > 0:
                        left -= 1
                        start(i, labels, media, source, box, account, photon, cell, state, f, k)
                    else:
                        flying -= 1
                        k[LANE + i] = EMPTY
        if flying == 0:
            break
        march(nx, ny, nz, per_dx, per_dy, per_dz, f, k)
        wanted, due = settle(labels, media, box, fluence, leaving, account, state, f, k)
        if due >= DUE_SHARE * LANES:
            scatter(dx, dy, dz, f, k, lanes)
