"""Implicit conduction on an axisymmetric (z, r) grid with a crater: a sweep along the depth, then one along the radius.

SI units; temperatures are rises over the initial one [K], heat is sensible heat over the initial state [J/m3]. Each sweep is
backward Euler along its lines of cells, so a step is stable however long it is, keeps the maximum principle, and keeps its
energy to rounding. Cells are finite volumes; two neighbours conduct as their halves in series.

`front[j]` is the first cell of ring j that is still there. Cells above it take no part, the walls of a crater pass no heat, and
the surface exchanges heat at the highest cell that is there.

Sixteen lines are solved side by side in one flat buffer, which the compiler turns into vector arithmetic: of each cell the
buffer holds heat (later rise), capacity, conductivity (later the link to the next cell) and the factor of elimination.
Ranges of rings or rows, each a multiple of sixteen, may be given to threads: every range has its own part of the buffer, and
results do not depend on how a grid is cut.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recutis.jit import bare_kernel

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

LANES = 16
_CELL = 4 * LANES
_TILE = 8  # doubles of a cache line: rows are copied in tiles of this width
_TINY = 1e-300  # keeps 0 / 0 of two absent neighbours at 0


def work_for(rows: int, rings: int) -> tuple[Array, Array]:
    """Work arrays of the kernels for a grid: the buffer, and what each ring loses to the surface and to blood [J]."""
    blocks = max(rows * -(-rings // LANES), rings * -(-rows // LANES))
    return np.zeros(blocks * _CELL), np.zeros((2, rings))


@bare_kernel
def solve_lines(w: Array, edges: Array, dt: float, radial: bool) -> None:
    """Backward Euler along sixteen lines of cells, in place: heat and capacity become rise. Both ends are insulated."""
    n = edges.size - 1
    for i in range(n):
        half = 0.5 * (edges[i + 1] - edges[i])
        mass = (half * (edges[i + 1] + edges[i]) if radial else 2.0 * half) / dt
        if i + 1 < n:
            area = edges[i + 1] if radial else 1.0
            other = 0.5 * (edges[i + 2] - edges[i + 1])
            if i > 0:
                x = w[(i - 1) * _CELL : (i + 2) * _CELL]
                for m in range(LANES):
                    here, there, left = x[6 * LANES + m], x[10 * LANES + m], x[2 * LANES + m]
                    link = area * here * there / (half * there + other * here + _TINY)
                    inverse = 1.0 / (x[5 * LANES + m] * mass + link + left * (1.0 - x[3 * LANES + m]))
                    x[4 * LANES + m] = (x[4 * LANES + m] * mass + left * x[m]) * inverse
                    x[6 * LANES + m] = link
                    x[7 * LANES + m] = link * inverse
            else:
                x = w[: 2 * _CELL]
                for m in range(LANES):
                    here, there = x[2 * LANES + m], x[6 * LANES + m]
                    link = area * here * there / (half * there + other * here + _TINY)
                    inverse = 1.0 / (x[LANES + m] * mass + link)
                    x[m] = x[m] * mass * inverse
                    x[2 * LANES + m] = link
                    x[3 * LANES + m] = link * inverse
        elif i > 0:
            x = w[(i - 1) * _CELL : (i + 1) * _CELL]
            for m in range(LANES):
                left = x[2 * LANES + m]
                x[4 * LANES + m] = (x[4 * LANES + m] * mass + left * x[m]) / (
                    x[5 * LANES + m] * mass + left * (1.0 - x[3 * LANES + m])
                )
        else:
            x = w[:_CELL]
            for m in range(LANES):
                x[m] /= x[LANES + m]
    for i in range(n - 2, -1, -1):
        x = w[i * _CELL : (i + 2) * _CELL]
        for m in range(LANES):
            x[m] += x[3 * LANES + m] * x[4 * LANES + m]


@bare_kernel
def _blank(w: Array, cells: int, first: int) -> None:
    """Lanes from `first` on stand for nothing: they conduct no heat."""
    for i in range(cells):
        x = w[i * _CELL : (i + 1) * _CELL]
        for m in range(first, LANES):
            x[m] = 0.0
            x[LANES + m] = 1.0
            x[2 * LANES + m] = 0.0


@bare_kernel
def _load_rings(
    w: Array, heat: Array, capacity: Array, k: Array, blood: Array, blood_rise: float, front: Indices, dt: float, j0: int, j1: int
) -> None:
    """Copy rings j0..j1-1 into the buffer; exchange with blood adds to capacity and heat, as backward Euler has it."""
    for i in range(heat.shape[0]):
        x = w[i * _CELL : (i + 1) * _CELL]
        flow = blood[i] * dt
        h, c, q = heat[i, j0:j1], capacity[i, j0:j1], k[i, j0:j1]
        for m in range(j1 - j0):
            x[m] = h[m] + flow * blood_rise
        for m in range(j1 - j0):
            x[LANES + m] = c[m] + flow
        for m in range(j1 - j0):
            x[2 * LANES + m] = q[m]
    for m in range(j1 - j0):
        for i in range(front[j0 + m]):
            x = w[i * _CELL : (i + 1) * _CELL]
            x[m], x[LANES + m], x[2 * LANES + m] = 0.0, 1.0, 0.0


@bare_kernel
def _exchange(
    w: Array, k: Array, z_edges: Array, r_edges: Array, front: Indices, dt: float, transfer: float, medium: float, lost: Array,
    solved: bool, j0: int, j1: int,
) -> None:  # fmt: skip
    """Before the solve the medium adds to heat and capacity of surface cells; after it, what each ring lost is known."""
    for j in range(j0, j1):
        lost[0, j] = 0.0
        i = front[j]
        if transfer > 0.0 and i < z_edges.size - 1:
            at, dz = i * _CELL + j - j0, z_edges[i + 1] - z_edges[i]
            top = dt * transfer * k[i, j] / (k[i, j] + 0.5 * dz * transfer)
            if solved:
                lost[0, j] = top * (w[at] - medium) * np.pi * (r_edges[j + 1] ** 2 - r_edges[j] ** 2)
            else:
                w[at] += top * medium / dz
                w[at + LANES] += top / dz


@bare_kernel
def _unload_rings(
    w: Array, heat: Array, capacity: Array, blood: Array, blood_rise: float, z_edges: Array, r_edges: Array, front: Indices,
    dt: float, lost: Array, j0: int, j1: int,
) -> None:  # fmt: skip
    """Write heat back from the rises of the buffer, and what each ring gave to blood."""
    level = 0
    for j in range(j0, j1):
        lost[1, j] = 0.0
        level = max(level, front[j])
    for i in range(heat.shape[0]):
        x = w[i * _CELL : i * _CELL + LANES]
        out, c = heat[i, j0:j1], capacity[i, j0:j1]
        if i >= level:
            for m in range(j1 - j0):
                out[m] = c[m] * x[m]
        else:
            for m in range(j1 - j0):
                if i >= front[j0 + m]:
                    out[m] = c[m] * x[m]
        flow = np.pi * blood[i] * dt * (z_edges[i + 1] - z_edges[i])
        if flow > 0.0:
            for j in range(j0, j1):
                if i >= front[j]:
                    lost[1, j] += flow * (r_edges[j + 1] ** 2 - r_edges[j] ** 2) * (x[j - j0] - blood_rise)


@bare_kernel
def depth_sweep(
    heat: Array,
    capacity: Array,
    k: Array,
    z_edges: Array,
    r_edges: Array,
    front: Indices,
    dt: float,
    transfer: float,
    medium: float,
    blood: Array,
    blood_rise: float,
    work: Array,
    lost: Array,
    ring0: int,
    ring1: int,
) -> None:
    """Conduct along the depth in rings ring0..ring1-1, ring0 a multiple of LANES; each ring's losses go to `lost` [J]."""
    nz = heat.shape[0]
    w = work[ring0 // LANES * nz * _CELL :]
    for j0 in range(ring0, ring1, LANES):
        j1 = min(j0 + LANES, ring1)
        _load_rings(w, heat, capacity, k, blood, blood_rise, front, dt, j0, j1)
        _blank(w, nz, j1 - j0)
        _exchange(w, k, z_edges, r_edges, front, dt, transfer, medium, lost, False, j0, j1)
        solve_lines(w, z_edges, dt, False)
        _exchange(w, k, z_edges, r_edges, front, dt, transfer, medium, lost, True, j0, j1)
        _unload_rings(w, heat, capacity, blood, blood_rise, z_edges, r_edges, front, dt, lost, j0, j1)


@bare_kernel
def radius_sweep(
    heat: Array, capacity: Array, k: Array, r_edges: Array, front: Indices, dt: float, work: Array, row0: int, row1: int
) -> None:
    """Conduct along the radius in rows row0..row1-1, row0 a multiple of LANES; the rim is insulated."""
    nr = heat.shape[1]
    w = work[row0 // LANES * nr * _CELL :]
    for i0 in range(row0, row1, LANES):
        i1 = min(i0 + LANES, row1)
        for j0 in range(0, nr, _TILE):
            j1 = min(j0 + _TILE, nr)
            x = w[j0 * _CELL : j1 * _CELL]
            for m in range(i1 - i0):
                h, c, q = heat[i0 + m, j0:j1], capacity[i0 + m, j0:j1], k[i0 + m, j0:j1]
                for j in range(j1 - j0):
                    x[j * _CELL + m] = h[j]
                    x[j * _CELL + LANES + m] = c[j]
                    x[j * _CELL + 2 * LANES + m] = q[j]
        _blank(w, nr, i1 - i0)
        for j in range(nr):
            for m in range(min(front[j], i1) - i0):
                x = w[j * _CELL : (j + 1) * _CELL]
                x[m], x[LANES + m], x[2 * LANES + m] = 0.0, 1.0, 0.0
        solve_lines(w, r_edges, dt, True)
        for j0 in range(0, nr, _TILE):
            j1 = min(j0 + _TILE, nr)
            x = w[j0 * _CELL : j1 * _CELL]
            for m in range(i1 - i0):
                h, c = heat[i0 + m, j0:j1], capacity[i0 + m, j0:j1]
                for j in range(j1 - j0):
                    if i0 + m >= front[j0 + j]:
                        h[j] = c[j] * x[j * _CELL + m]


@bare_kernel
def conduct_rz(
    heat: Array,
    capacity: Array,
    k: Array,
    z_edges: Array,
    r_edges: Array,
    front: Indices,
    dt: float,
    transfer: float,
    medium: float,
    blood: Array,
    blood_rise: float,
    work: Array,
    lost: Array,
) -> tuple[float, float]:
    """One step of conduction, in place on `heat`; returns heat lost through the surface and to blood [J].

    heat, capacity [J/m3 K], k [W/m K] : (z, r), C order · z_edges, r_edges [m] · front : (r,), first cell of each ring that is
    there, 0 for none removed · dt [s] · transfer [W/m2 K] to a medium at this rise [K] · blood : (z,), exchange with blood at
    `blood_rise` [W/m3 K], zeros for none · work, lost : from `work_for`.
    """
    nz, nr = heat.shape
    depth_sweep(heat, capacity, k, z_edges, r_edges, front, dt, transfer, medium, blood, blood_rise, work, lost, 0, nr)
    radius_sweep(heat, capacity, k, r_edges, front, dt, work, 0, nz)
    surface, perfused = 0.0, 0.0
    for j in range(nr):
        surface += lost[0, j]
        perfused += lost[1, j]
    return surface, perfused
