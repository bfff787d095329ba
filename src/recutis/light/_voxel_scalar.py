"""Voxel Monte Carlo, one photon after the other in float64: the readable twin of the packets."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recutis.jit import bare_kernel, inlined
from recutis.light._photon import (
    COLLISIONS,
    PLACES,
    SMALLEST_WEIGHT,
    SPECULAR,
    UX,
    WEIGHT,
    Array,
    Source,
    X,
    Y,
    Z,
    fresnel,
    roulette,
    turn,
)
from recutis.light._random import Words, fill, uniform
from recutis.light._voxel import (
    CELLS,
    DOWN,
    FRESH,
    INDEX,
    MIRROR,
    MUA,
    MUS,
    OPEN,
    SIDES,
    UP,
    Box,
    Cell,
    G,
    Labels,
    launch,
)


class Work(NamedTuple):
    """Memory of one thread: a photon, its voxel, its generator's state, edges [m] and numbers of voxels along x, y, z."""

    photon: Array
    cell: Cell
    state: Words
    edges: Array
    counts: Cell


def memory() -> Work:
    """Fresh working memory; kernels themselves allocate nothing."""
    return Work(
        photon=np.zeros(PLACES), cell=np.zeros(CELLS, np.int64), state=np.zeros(2, np.uint64), edges=np.zeros(3),
        counts=np.zeros(3, np.int64),
    )  # fmt: skip


@inlined
def voxel(cell: Cell, box: Box) -> int:
    """Place of the photon's voxel in the flat grid; unsigned, so that no index is tested for counting from the end."""
    return np.uint64((cell[Z] * box.ny + cell[Y]) * box.nx + cell[X])  # type: ignore[return-value]


@inlined
def ahead(photon: Array, axis: int, edges: Array) -> float:
    """Distance along the flight to the face of the voxel that lies ahead on an axis."""
    u = photon[UX + axis]
    if u == 0.0:
        return math.inf
    face = edges[axis] if u > 0.0 else 0.0
    return float((face - photon[axis]) / u)


@inlined
def score(photon: Array, step: float, mua: float, place: int, fluence: Array) -> None:
    """Book the weight along a step in one voxel, and take what is absorbed."""
    along = -math.expm1(-mua * step) / mua if mua > 0.0 else step
    fluence[place] += photon[WEIGHT] * along
    photon[WEIGHT] *= 1.0 - mua * along


@inlined
def leave(photon: Array, cell: Cell, axis: int, box: Box, leaving: Array, account: Array) -> None:
    """Book what goes out through the outside of the grid."""
    if axis != Z:
        account[SIDES] += photon[WEIGHT]
    elif photon[UX + Z] > 0.0:
        leaving[DOWN, cell[Y] * box.nx + cell[X]] += photon[WEIGHT]
    elif cell[FRESH]:
        account[SPECULAR] += photon[WEIGHT]
    else:
        leaving[UP, cell[Y] * box.nx + cell[X]] += photon[WEIGHT]
    photon[WEIGHT] = 0.0


@inlined
def refract(photon: Array, cell: Cell, axis: int, n1: float, n2: float, state: Words) -> bool:
    """Turn at the face of another index; false when the photon is reflected."""
    u = photon[UX + axis]
    reflected, cosine = fresnel(abs(u), n1, n2)
    if reflected > 0.0 and uniform(state) <= reflected:
        return False
    for other in range(3):
        photon[UX + other] *= n1 / n2
    photon[UX + axis] = cosine if u > 0.0 else -cosine
    cell[FRESH] = 0
    return True


@inlined
def cross(
    photon: Array, cell: Cell, axis: int, labels: Labels, media: Array, box: Box, leaving: Array, account: Array, state: Words,
    edges: Array, counts: Cell,
) -> None:  # fmt: skip
    """Reflect, refract or let go the photon that stands at a face of its voxel."""
    here, n1 = cell[axis], media[INDEX, labels[voxel(cell, box)]]
    forward = photon[UX + axis] > 0.0
    beyond = here + (1 if forward else -1)
    outside = beyond < 0 or beyond == counts[axis]
    passes = True
    if axis == Z and outside:
        n2 = box.n_above if beyond < 0 else box.n_below
        if n1 != n2:
            passes = refract(photon, cell, axis, n1, n2, state)
    elif outside and box.sides == OPEN:
        pass
    elif outside and box.sides == MIRROR:
        passes = False
    else:
        cell[axis] = beyond if not outside else counts[axis] - 1 if beyond < 0 else 0
        outside = False
        n2 = media[INDEX, labels[voxel(cell, box)]]
        if n1 != n2:
            passes = refract(photon, cell, axis, n1, n2, state)
    if not passes:
        cell[axis] = here
        photon[UX + axis] = -photon[UX + axis]
        photon[axis] = edges[axis] if forward else 0.0
    elif outside:
        leave(photon, cell, axis, box, leaving, account)
    else:
        photon[axis] = 0.0 if forward else edges[axis]


@bare_kernel
def follow(
    photon: Array, cell: Cell, labels: Labels, media: Array, box: Box, fluence: Array, leaving: Array, account: Array,
    state: Words, edges: Array, counts: Cell, stop: NDArray[np.int64],
) -> None:  # fmt: skip
    """Follow a photon from voxel to voxel until it is absorbed or leaves."""
    free = -math.log(uniform(state))
    while photon[WEIGHT] > 0.0 and stop[0] == 0:
        place = voxel(cell, box)
        label = labels[place]
        mus = media[MUS, label]
        to_x, to_y, to_z = ahead(photon, X, edges), ahead(photon, Y, edges), ahead(photon, Z, edges)
        reach = min(to_x, to_y, to_z)
        inside = free < reach * mus
        step = free / mus if inside else reach
        score(photon, step, media[MUA, label], place, fluence)
        for each in range(3):
            photon[each] = min(max(photon[each] + photon[UX + each] * step, 0.0), edges[each])
        if inside:
            account[COLLISIONS] += 1.0
            turn(photon, media[G, label], state)
            cell[FRESH] = 0
            free = -math.log(uniform(state))
        else:
            free -= reach * mus
            axis = X if reach == to_x else Y if reach == to_y else Z
            cross(photon, cell, axis, labels, media, box, leaving, account, state, edges, counts)
        if 0.0 < photon[WEIGHT] < SMALLEST_WEIGHT:
            photon[WEIGHT] = roulette(photon[WEIGHT], account, state)


@bare_kernel
def run_block(
    photons: int, seed: int, block: int, labels: Labels, media: Array, source: Source, box: Box, fluence: Array,
    leaving: Array, account: Array, stop: NDArray[np.int64], work: Work,
) -> None:  # fmt: skip
    """Follow a block of photons and add to its tallies; ends early when `stop` becomes non-zero."""
    photon, cell, state, edges, counts = work.photon, work.cell, work.state, work.edges, work.counts
    fill(state, seed, block)
    edges[X], edges[Y], edges[Z] = box.dx, box.dy, box.dz
    counts[X], counts[Y], counts[Z] = box.nx, box.ny, box.nz
    for _ in range(photons):
        if stop[0] != 0:
            return
        if not launch(source, labels, media, box, photon, cell, state):
            account[SIDES] += 1.0
            continue
        account[SPECULAR] += 1.0 - photon[WEIGHT]
        for axis in range(3):
            photon[axis] *= edges[axis]
        follow(photon, cell, labels, media, box, fluence, leaving, account, state, edges, counts, stop)
