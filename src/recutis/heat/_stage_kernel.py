"""Explicit conduction in voxels by stages whose stability grows with their square (Runge-Kutta-Legendre, second order). SI.

Arrays are (depth x y, x) as in `_block_kernel`. What is carried through the stages is the change of temperature since the start
of the step, in single precision: heat itself, and temperatures at the start, are of double precision, so that rounding is of the
order of 1e-7 of a step's change and not of the whole; each stage adds to the one before, since rounding would grow with the
number of stages where each is a combination of two. Energy stays whole: a face gives one cell what it takes from the other by
the same number, and `finish` turns a change into heat by the very number that turned power into a change. Capacities and
conductances stay those of the start of the step. Method: Meyer, Balsara & Aslam, J. Comput. Phys. 257 (2014) 594 (recalled, not
re-read: the tests prove order and stability).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recutis.jit import bare_kernel

Array = NDArray[np.float64]
Single = NDArray[np.float32]
Real = Array | Single


@bare_kernel
def faces(
    heat: Array, capacity: Array, k: Array, z_edges: Array, y_edges: Array, x_edges: Array, rise: Array, gz: Single, gy: Single,
    gx: Single, inverse: Single, row0: int, row1: int,
) -> None:  # fmt: skip
    """Rises, conductance of the faces behind each cell [W/K], and 1 / heat capacity of each cell [K/J]."""
    lines, width, rows = y_edges.size - 1, k.shape[1], k.shape[0]
    for i in range(row0, row1):
        plane, y = i // lines, i % lines
        dz, dy = z_edges[plane + 1] - z_edges[plane], y_edges[y + 1] - y_edges[y]
        here, one, out_z, out_y, out_x = k[i], inverse[i], gz[i], gy[i], gx[i]
        c, h, t = capacity[i], heat[i], rise[i]
        for m in range(width):
            t[m] = h[m] / c[m]
        for m in range(width):
            one[m] = 1.0 / (c[m] * (dz * dy * (x_edges[m + 1] - x_edges[m])))
        if i + lines < rows:
            below, half = k[i + lines], 0.5 * (z_edges[plane + 2] - z_edges[plane + 1])
            for m in range(width):
                out_z[m] = dy * (x_edges[m + 1] - x_edges[m]) * here[m] * below[m] / (0.5 * dz * below[m] + half * here[m])
        else:
            out_z[:] = 0.0
        if y + 1 < lines:
            beside, half = k[i + 1], 0.5 * (y_edges[y + 2] - y_edges[y + 1])
            for m in range(width):
                out_y[m] = dz * (x_edges[m + 1] - x_edges[m]) * here[m] * beside[m] / (0.5 * dy * beside[m] + half * here[m])
        else:
            out_y[:] = 0.0
        for m in range(width - 1):
            half, other = 0.5 * (x_edges[m + 1] - x_edges[m]), 0.5 * (x_edges[m + 2] - x_edges[m + 1])
            out_x[m] = dz * dy * here[m] * here[m + 1] / (half * here[m + 1] + other * here[m])
        out_x[width - 1] = 0.0


@bare_kernel
def fastest_rate(
    inverse: Single, k: Array, gz: Single, gy: Single, gx: Single, z_edges: Array, y_edges: Array, x_edges: Array,
    transfer: float, blood: Array, fastest: Array, total: Array, row0: int, row1: int,
) -> None:  # fmt: skip
    """`fastest` (x,) collects the highest rate at which a cell exchanges heat [1/s]."""
    lines, width = y_edges.size - 1, k.shape[1]
    fastest[:] = 0.0
    for i in range(row0, row1):
        plane, y = i // lines, i % lines
        dz, dy = z_edges[plane + 1] - z_edges[plane], y_edges[y + 1] - y_edges[y]
        one, a, b, c, d, e = inverse[i], gz[i], gz[max(i - lines, y)], gy[i], gy[i - 1 if y > 0 else i], gx[i]
        above, left = 1.0 if plane > 0 else 0.0, 1.0 if y > 0 else 0.0
        for m in range(width):
            total[m] = (a[m] + above * b[m]) + (c[m] + left * d[m]) + e[m]
        for m in range(1, width):
            total[m] += e[m - 1]
        if plane == 0 and transfer > 0.0:
            for m in range(width):
                total[m] += transfer * k[i, m] / (k[i, m] + 0.5 * dz * transfer) * dy * (x_edges[m + 1] - x_edges[m])
        if blood.shape[0] > 1:
            for m in range(width):
                total[m] += blood[i, m] * dz * dy * (x_edges[m + 1] - x_edges[m])
        for m in range(width):
            fastest[m] = max(fastest[m], total[m] * one[m])


@bare_kernel
def finish(change: Single, inverse: Single, volume_row: Array, volume_cell: Array, heat: Array, row0: int, row1: int) -> None:
    """Heat after the change of the last stage."""
    for i in range(row0, row1):
        h, one, d, high = heat[i], inverse[i], change[i], volume_row[i]
        for m in range(h.size):
            h[m] += np.float64(d[m]) / (np.float64(one[m]) * (high * volume_cell[m]))


@bare_kernel
def _inflow(
    c: Real, up: Real, down: Real, left: Real, right: Real, gu: Single, gd: Single, gl: Single, gr: Single, gx: Single, power: Real
) -> None:  # fmt: skip
    """What conduction brings into each cell of a row from its six neighbours [W]; one loop, which vector units run."""
    n = c.size
    for m in range(1, n - 1):
        power[m] = (
            (gu[m] * (up[m] - c[m]) + gd[m] * (down[m] - c[m]))
            + (gl[m] * (left[m] - c[m]) + gr[m] * (right[m] - c[m]))
            + (gx[m - 1] * (c[m - 1] - c[m]) + gx[m] * (c[m + 1] - c[m]))
        )
    for m in (0, n - 1):
        power[m] = (gu[m] * (up[m] - c[m]) + gd[m] * (down[m] - c[m])) + (gl[m] * (left[m] - c[m]) + gr[m] * (right[m] - c[m]))
    if n > 1:
        power[0] += gx[0] * (c[1] - c[0])
        power[n - 1] += gx[n - 2] * (c[n - 2] - c[n - 1])


@bare_kernel
def _exchange(
    t: Real, k: Array, z_edges: Array, y_edges: Array, x_edges: Array, transfer: float, medium: float, blood: Array,
    blood_rise: float, i: int, power: Real, lost: Array,
) -> None:  # fmt: skip
    """What surface and blood take from each cell of a row is subtracted from `power` and summed in `lost` [W]."""
    lines, width = y_edges.size - 1, t.shape[1]
    plane, y = i // lines, i % lines
    dz, dy = z_edges[plane + 1] - z_edges[plane], y_edges[y + 1] - y_edges[y]
    lost[0, i], lost[1, i] = 0.0, 0.0
    if plane == 0 and transfer > 0.0:
        for m in range(width):
            taken = transfer * k[i, m] / (k[i, m] + 0.5 * dz * transfer) * (t[i, m] - medium) * dy * (x_edges[m + 1] - x_edges[m])
            power[m] -= taken
            lost[0, i] += taken
    if blood.shape[0] > 1:
        for m in range(width):
            taken = blood[i, m] * (t[i, m] - blood_rise) * dz * dy * (x_edges[m + 1] - x_edges[m])
            power[m] -= taken
            lost[1, i] += taken


@bare_kernel
def first_stage(
    t: Array, inverse: Single, k: Array, gz: Single, gy: Single, gx: Single, z_edges: Array, y_edges: Array, x_edges: Array,
    transfer: float, medium: float, blood: Array, blood_rise: float, step: np.float32, rate: Single, out: Single, last: Single,
    lost: Array, power: Array, row0: int, row1: int,
) -> None:  # fmt: skip
    """Rates at the start of the step [K/s] in `rate`, and the first stage, `step` times them, in `out` and `last`.

    `lost` (2, rows) receives what the surface and blood take [W].
    """
    rows, lines = t.shape[0], y_edges.size - 1
    for i in range(row0, row1):
        y = i % lines
        above, below = max(i - lines, y), i + lines if i + lines < rows else i
        left, right = i - 1 if y > 0 else i, i + 1 if y + 1 < lines else i
        _inflow(t[i], t[above], t[below], t[left], t[right], gz[above], gz[i], gy[left], gy[i], gx[i], power)
        _exchange(t, k, z_edges, y_edges, x_edges, transfer, medium, blood, blood_rise, i, power, lost)
        r, o, b, one = rate[i], out[i], last[i], inverse[i]
        for m in range(r.size):
            r[m] = power[m] * one[m]
        for m in range(r.size):
            o[m] = step * r[m]
        for m in range(r.size):
            b[m] = o[m]


@bare_kernel
def stage(
    d: Single, last: Single, rate: Single, out: Single, inverse: Single, k: Array, gz: Single, gy: Single, gx: Single,
    z_edges: Array, y_edges: Array, x_edges: Array, transfer: float, blood: Array, again: np.float32, less: np.float32,
    step: np.float32, back: np.float32, lost: Array, power: Single, row0: int, row1: int,
) -> None:  # fmt: skip
    """One stage: last = again last - less d + step (rate at d less rate at the start) + back rate; out = d + last.

    `d` is the change since the start of the step, `last` what the stage before added to it, `rate` the rates at the start.
    `lost` (2, rows) receives what the surface and blood take more at `d` than at the start [W].
    """
    rows, lines = d.shape[0], y_edges.size - 1
    for i in range(row0, row1):
        y = i % lines
        above, below = max(i - lines, y), i + lines if i + lines < rows else i
        left, right = i - 1 if y > 0 else i, i + 1 if y + 1 < lines else i
        _inflow(d[i], d[above], d[below], d[left], d[right], gz[above], gz[i], gy[left], gy[i], gx[i], power)
        if i < lines or blood.shape[0] > 1:
            _exchange(d, k, z_edges, y_edges, x_edges, transfer, 0.0, blood, 0.0, i, power, lost)
        one, o, c, b, r = inverse[i], out[i], d[i], last[i], rate[i]
        for m in range(o.size):
            more = again * b[m] - less * c[m] + step * power[m] * one[m] + back * r[m]
            b[m] = more
            o[m] = c[m] + more
