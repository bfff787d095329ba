"""Explicit conduction in voxels by stages whose stability grows with their square (Runge-Kutta-Legendre, second order). SI.

Arrays are (depth x y, x) as in `_block_kernel`. Rises are carried through the stages; capacities and conductances stay those of
the start of the step. Method: Meyer, Balsara & Aslam, J. Comput. Phys. 257 (2014) 594 (recalled,
not re-read: the tests prove order and stability).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recutis.jit import bare_kernel

Array = NDArray[np.float64]


@bare_kernel
def faces(
    capacity: Array, k: Array, z_edges: Array, y_edges: Array, x_edges: Array, gz: Array, gy: Array, gx: Array, inverse: Array,
    row0: int, row1: int,
) -> None:  # fmt: skip
    """Conductance of the faces behind each cell [W/m2 K], and 1 / capacity."""
    lines, width, rows = y_edges.size - 1, k.shape[1], k.shape[0]
    for i in range(row0, row1):
        plane, y = i // lines, i % lines
        dz, dy = z_edges[plane + 1] - z_edges[plane], y_edges[y + 1] - y_edges[y]
        here, one, out_z, out_y, out_x = k[i], inverse[i], gz[i], gy[i], gx[i]
        c = capacity[i]
        for m in range(width):
            one[m] = 1.0 / c[m]
        if i + lines < rows:
            below, half = k[i + lines], 0.5 * (z_edges[plane + 2] - z_edges[plane + 1])
            for m in range(width):
                out_z[m] = here[m] * below[m] / (0.5 * dz * below[m] + half * here[m])
        else:
            out_z[:] = 0.0
        if y + 1 < lines:
            beside, half = k[i + 1], 0.5 * (y_edges[y + 2] - y_edges[y + 1])
            for m in range(width):
                out_y[m] = here[m] * beside[m] / (0.5 * dy * beside[m] + half * here[m])
        else:
            out_y[:] = 0.0
        for m in range(width - 1):
            half, other = 0.5 * (x_edges[m + 1] - x_edges[m]), 0.5 * (x_edges[m + 2] - x_edges[m + 1])
            out_x[m] = here[m] * here[m + 1] / (half * here[m + 1] + other * here[m])
        out_x[width - 1] = 0.0


@bare_kernel
def start(
    heat: Array, inverse: Array, rise: Array, gz: Array, gy: Array, gx: Array, z_edges: Array, y_edges: Array, x_edges: Array,
    k: Array, transfer: float, blood: Array, fastest: Array, total: Array, row0: int, row1: int,
) -> None:  # fmt: skip
    """Rises at the start of a step; `fastest` (x,) collects the highest rate at which a cell exchanges heat [1/s]."""
    lines, width = y_edges.size - 1, heat.shape[1]
    fastest[:] = 0.0
    for i in range(row0, row1):
        plane, y = i // lines, i % lines
        dz, dy = z_edges[plane + 1] - z_edges[plane], y_edges[y + 1] - y_edges[y]
        h, one, t = heat[i], inverse[i], rise[i]
        for m in range(width):
            t[m] = h[m] * one[m]
        q, up = gz[i], gz[i - lines if plane > 0 else i]
        share = 1.0 if plane > 0 else 0.0
        for m in range(width):
            total[m] = (q[m] + share * up[m]) / dz
        q, up = gy[i], gy[i - 1 if y > 0 else i]
        share = 1.0 if y > 0 else 0.0
        for m in range(width):
            total[m] += (q[m] + share * up[m]) / dy
        for m in range(width):
            total[m] += (gx[i, m] + (gx[i, m - 1] if m > 0 else 0.0)) / (x_edges[m + 1] - x_edges[m])
        if plane == 0 and transfer > 0.0:
            for m in range(width):
                total[m] += transfer * k[i, m] / (k[i, m] + 0.5 * dz * transfer) / dz
        if blood.shape[0] > 1:
            for m in range(width):
                total[m] += blood[i, m]
        for m in range(width):
            fastest[m] = max(fastest[m], total[m] * one[m])


@bare_kernel
def finish(rise: Array, capacity: Array, heat: Array, row0: int, row1: int) -> None:
    """Heat from the rises of the last stage."""
    for i in range(row0, row1):
        h, c, t = heat[i], capacity[i], rise[i]
        for m in range(h.size):
            h[m] = t[m] * c[m]


@bare_kernel
def _inflow(
    c: Array, up: Array, down: Array, left: Array, right: Array, gu: Array, gd: Array, gl: Array, gr: Array, gx: Array,
    per_z: float, per_y: float, per_x: Array, rate: Array,
) -> None:  # fmt: skip
    """What conduction brings into each cell of a row from its six neighbours [W/m3]; one loop, which vector units run."""
    n = c.size
    for m in range(1, n - 1):
        rate[m] = (
            per_z * (gu[m] * (up[m] - c[m]) + gd[m] * (down[m] - c[m]))
            + per_y * (gl[m] * (left[m] - c[m]) + gr[m] * (right[m] - c[m]))
            + per_x[m] * (gx[m - 1] * (c[m - 1] - c[m]) + gx[m] * (c[m + 1] - c[m]))
        )
    for m in (0, n - 1):
        rate[m] = per_z * (gu[m] * (up[m] - c[m]) + gd[m] * (down[m] - c[m])) + per_y * (
            gl[m] * (left[m] - c[m]) + gr[m] * (right[m] - c[m])
        )
    if n > 1:
        rate[0] += per_x[0] * gx[0] * (c[1] - c[0])
        rate[n - 1] += per_x[n - 1] * gx[n - 2] * (c[n - 2] - c[n - 1])


@bare_kernel
def _exchange(
    t: Array, k: Array, z_edges: Array, y_edges: Array, x_edges: Array, transfer: float, medium: float, blood: Array,
    blood_rise: float, i: int, total: Array, lost: Array,
) -> None:  # fmt: skip
    """What surface and blood take from each cell of a row is subtracted from `total` and summed in `lost` [W]."""
    lines, width = y_edges.size - 1, t.shape[1]
    plane, y = i // lines, i % lines
    dz, dy = z_edges[plane + 1] - z_edges[plane], y_edges[y + 1] - y_edges[y]
    lost[0, i], lost[1, i] = 0.0, 0.0
    if plane == 0 and transfer > 0.0:
        for m in range(width):
            taken = transfer * k[i, m] / (k[i, m] + 0.5 * dz * transfer) * (t[i, m] - medium)
            total[m] -= taken / dz
            lost[0, i] += taken * dy * (x_edges[m + 1] - x_edges[m])
    if blood.shape[0] > 1:
        for m in range(width):
            taken = blood[i, m] * (t[i, m] - blood_rise)
            total[m] -= taken
            lost[1, i] += taken * dz * dy * (x_edges[m + 1] - x_edges[m])


@bare_kernel
def stage(
    t: Array, before: Array, origin: Array, rate: Array, out: Array, inverse: Array, k: Array, gz: Array, gy: Array, gx: Array,
    z_edges: Array, y_edges: Array, x_edges: Array, transfer: float, medium: float, blood: Array, blood_rise: float,
    mu: float, nu: float, step: float, back: float, first: bool, lost: Array, per_x: Array, total: Array, row0: int, row1: int,
) -> None:  # fmt: skip
    """One stage: out = mu t + nu before + (1 - mu - nu) origin + step rate(t) + back rate(origin).

    The first stage also writes rate(origin) into `rate`. `lost` (2, rows) receives what the surface and blood take at `t` [W].
    """
    rows, lines = t.shape[0], y_edges.size - 1
    rest = 1.0 - mu - nu
    for i in range(row0, row1):
        plane, y = i // lines, i % lines
        above, below = max(i - lines, i % lines), i + lines if i + lines < rows else i
        before_y, after_y = i - 1 if y > 0 else i, i + 1 if y + 1 < lines else i
        _inflow(
            t[i], t[above], t[below], t[before_y], t[after_y], gz[above], gz[i], gy[before_y], gy[i], gx[i],
            1.0 / (z_edges[plane + 1] - z_edges[plane]), 1.0 / (y_edges[y + 1] - y_edges[y]), per_x, total,
        )  # fmt: skip
        if plane == 0 or blood.shape[0] > 1:
            _exchange(t, k, z_edges, y_edges, x_edges, transfer, medium, blood, blood_rise, i, total, lost)
        one, o, c, r = inverse[i], out[i], t[i], rate[i]
        if first:
            for m in range(o.size):
                r[m] = total[m] * one[m]
            for m in range(o.size):
                o[m] = c[m] + step * r[m]
        else:
            b, a = before[i], origin[i]
            for m in range(o.size):
                o[m] = mu * c[m] + nu * b[m] + rest * a[m] + step * total[m] * one[m] + back * r[m]
