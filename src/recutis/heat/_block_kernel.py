"""Implicit conduction in voxels: sweeps along depth, y and x, sixteen lines side by side. SI, rises over the start in kelvin.

Arrays are (depth x y, x): planes of the block laid below each other, so that what happens inside cells is shared with other
grids. Each sweep is backward Euler along its lines. The upper face exchanges heat with a medium, the other five are insulated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recutis.heat._rz_kernel import LANES, solve_lines
from recutis.jit import bare_kernel

Array = NDArray[np.float64]

_CELL = 4 * LANES
_TILE = 64  # cells of a row copied at a time


def work_for(planes: int, lines: int, cells: int, threads: int) -> tuple[Array, Array]:
    """Work arrays: a buffer for each thread, and what each line of y loses to the surface and to blood [J]."""
    return np.zeros((threads, max(max(planes, lines) * -(-cells // LANES), cells) * _CELL)), np.zeros((2, lines))


@bare_kernel
def _load(w: Array, heat: Array, capacity: Array, k: Array, row: int, stride: int, n: int) -> None:
    """Copy lines of cells that lie `stride` rows apart into the buffer, sixteen by sixteen; lanes left over stand for nothing."""
    width = heat.shape[1]
    for i in range(n):
        at = row + i * stride
        for x0 in range(0, width, LANES):
            x1 = min(x0 + LANES, width)
            start = (x0 // LANES * n + i) * _CELL
            x = w[start : start + _CELL]
            h, c, q = heat[at, x0:x1], capacity[at, x0:x1], k[at, x0:x1]
            for m in range(x1 - x0):
                x[m] = h[m]
            for m in range(x1 - x0):
                x[LANES + m] = c[m]
            for m in range(x1 - x0):
                x[2 * LANES + m] = q[m]
            for m in range(x1 - x0, LANES):
                x[m] = 0.0
                x[LANES + m] = 1.0
                x[2 * LANES + m] = 0.0


@bare_kernel
def _unload(w: Array, heat: Array, capacity: Array, row: int, stride: int, n: int) -> None:
    """Write heat back from the rises of the buffer."""
    width = heat.shape[1]
    for i in range(n):
        at = row + i * stride
        for x0 in range(0, width, LANES):
            x1 = min(x0 + LANES, width)
            start = (x0 // LANES * n + i) * _CELL
            x = w[start : start + LANES]
            h, c = heat[at, x0:x1], capacity[at, x0:x1]
            for m in range(x1 - x0):
                h[m] = c[m] * x[m]


@bare_kernel
def _solve(w: Array, edges: Array, dt: float, width: int) -> None:
    """Solve all lines of the buffer."""
    n = edges.size - 1
    for block in range(-(-width // LANES)):
        solve_lines(w[block * n * _CELL : (block + 1) * n * _CELL], edges, dt, False)


@bare_kernel
def _exchange(
    w: Array, k: Array, z_edges: Array, x_edges: Array, dt: float, transfer: float, medium: float, y: int, solved: bool
) -> float:
    """Before the solve the medium adds to heat and capacity of the surface; after it, heat lost a metre of y is returned."""
    planes, top, total = z_edges.size - 1, z_edges[1] - z_edges[0], 0.0
    for x in range(k.shape[1]):
        at = x // LANES * planes * _CELL + x % LANES
        given = dt * transfer * k[y, x] / (k[y, x] + 0.5 * top * transfer)
        if solved:
            total += given * (x_edges[x + 1] - x_edges[x]) * (w[at] - medium)
        else:
            w[at] += given * medium / top
            w[at + LANES] += given / top
    return total


@bare_kernel
def _perfuse(
    w: Array, blood: Array, blood_rise: float, z_edges: Array, x_edges: Array, dt: float, y: int, lines: int, solved: bool
) -> float:
    """Before the solve blood adds to heat and capacity; after it, heat given to blood a metre of y is returned."""
    planes, total = z_edges.size - 1, 0.0
    for i in range(planes):
        high = z_edges[i + 1] - z_edges[i]
        for x in range(blood.shape[1]):
            at = (x // LANES * planes + i) * _CELL + x % LANES
            flow = blood[i * lines + y, x] * dt
            if solved:
                total += flow * high * (x_edges[x + 1] - x_edges[x]) * (w[at] - blood_rise)
            else:
                w[at] += flow * blood_rise
                w[at + LANES] += flow
    return total


@bare_kernel
def depth_sweep(
    heat: Array, capacity: Array, k: Array, z_edges: Array, y_edges: Array, x_edges: Array, dt: float, transfer: float,
    medium: float, blood: Array, blood_rise: float, w: Array, lost: Array, line0: int, line1: int,
) -> None:  # fmt: skip
    """Conduct along the depth on lines y = line0..line1-1; `lost` receives each line's heat to the surface and to blood [J].

    blood : exchange [W/m3 K] of each cell, or of shape (1, 1) for none.
    """
    planes, lines, width = z_edges.size - 1, y_edges.size - 1, heat.shape[1]
    perfused = blood.shape[0] > 1
    for y in range(line0, line1):
        thick = y_edges[y + 1] - y_edges[y]
        lost[0, y], lost[1, y] = 0.0, 0.0
        _load(w, heat, capacity, k, y, lines, planes)
        if perfused:
            _perfuse(w, blood, blood_rise, z_edges, x_edges, dt, y, lines, False)
        if transfer > 0.0:
            _exchange(w, k, z_edges, x_edges, dt, transfer, medium, y, False)
        _solve(w, z_edges, dt, width)
        if transfer > 0.0:
            lost[0, y] = thick * _exchange(w, k, z_edges, x_edges, dt, transfer, medium, y, True)
        if perfused:
            lost[1, y] = thick * _perfuse(w, blood, blood_rise, z_edges, x_edges, dt, y, lines, True)
        _unload(w, heat, capacity, y, lines, planes)


@bare_kernel
def _row_sweep(heat: Array, capacity: Array, k: Array, x_edges: Array, dt: float, w: Array, row0: int, row1: int) -> None:
    """Conduct along x in rows row0..row1-1."""
    width = heat.shape[1]
    for i0 in range(row0, row1, LANES):
        i1 = min(i0 + LANES, row1)
        for j0 in range(0, width, _TILE):
            j1 = min(j0 + _TILE, width)
            x = w[j0 * _CELL : j1 * _CELL]
            for m in range(i1 - i0):
                h, c, q = heat[i0 + m, j0:j1], capacity[i0 + m, j0:j1], k[i0 + m, j0:j1]
                for j in range(j1 - j0):
                    x[j * _CELL + m] = h[j]
                    x[j * _CELL + LANES + m] = c[j]
                    x[j * _CELL + 2 * LANES + m] = q[j]
            for m in range(i1 - i0, LANES):
                for j in range(j1 - j0):
                    x[j * _CELL + m] = 0.0
                    x[j * _CELL + LANES + m] = 1.0
                    x[j * _CELL + 2 * LANES + m] = 0.0
        solve_lines(w, x_edges, dt, False)
        for j0 in range(0, width, _TILE):
            j1 = min(j0 + _TILE, width)
            x = w[j0 * _CELL : j1 * _CELL]
            for m in range(i1 - i0):
                h, c = heat[i0 + m, j0:j1], capacity[i0 + m, j0:j1]
                for j in range(j1 - j0):
                    h[j] = c[j] * x[j * _CELL + m]


@bare_kernel
def plane_sweep(
    heat: Array, capacity: Array, k: Array, y_edges: Array, x_edges: Array, dt: float, w: Array, plane0: int, plane1: int
) -> None:
    """Conduct along y, then along x, in planes plane0..plane1-1."""
    lines, width = y_edges.size - 1, heat.shape[1]
    for plane in range(plane0, plane1):
        row = plane * lines
        _load(w, heat, capacity, k, row, 1, lines)
        _solve(w, y_edges, dt, width)
        _unload(w, heat, capacity, row, 1, lines)
        _row_sweep(heat, capacity, k, x_edges, dt, w, row, row + lines)
