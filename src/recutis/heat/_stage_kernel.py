"""Explicit conduction in voxels by stages whose stability grows with their square (Runge-Kutta-Legendre, second order). SI.

Arrays are (depth x y, x) as in `_block_kernel`. Rises are carried through the stages; capacities and conductances stay those of
the start of the step. Method: Meyer, Balsara & Aslam, J. Comput. Phys. 257 (2014) 594, doi:10.1016/j.jcp.2013.08.021 (recalled,
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
def _flow_in(
    t: Array, gz: Array, gy: Array, gx: Array, z_edges: Array, y_edges: Array, x_edges: Array, i: int, total: Array
) -> None:  # fmt: skip
    """What conduction brings into each cell of a row [W/m3]."""
    lines, width, rows = y_edges.size - 1, t.shape[1], t.shape[0]
    plane, y = i // lines, i % lines
    per_z, per_y = 1.0 / (z_edges[plane + 1] - z_edges[plane]), 1.0 / (y_edges[y + 1] - y_edges[y])
    c, g = t[i], gx[i]
    total[0] = 0.0
    for m in range(width - 1):
        total[m + 1] = g[m] * (c[m] - c[m + 1])
    for m in range(width - 1):
        total[m] -= g[m] * (c[m] - c[m + 1])
    for m in range(width):
        total[m] /= x_edges[m + 1] - x_edges[m]
    if y + 1 < lines:
        d, q = t[i + 1], gy[i]
        for m in range(width):
            total[m] += per_y * q[m] * (d[m] - c[m])
    if y > 0:
        d, q = t[i - 1], gy[i - 1]
        for m in range(width):
            total[m] += per_y * q[m] * (d[m] - c[m])
    if i + lines < rows:
        d, q = t[i + lines], gz[i]
        for m in range(width):
            total[m] += per_z * q[m] * (d[m] - c[m])
    if plane > 0:
        d, q = t[i - lines], gz[i - lines]
        for m in range(width):
            total[m] += per_z * q[m] * (d[m] - c[m])


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
    mu: float, nu: float, step: float, back: float, first: bool, lost: Array, total: Array, row0: int, row1: int,
) -> None:  # fmt: skip
    """One stage: out = mu t + nu before + (1 - mu - nu) origin + step rate(t) + back rate(origin).

    The first stage also writes rate(origin) into `rate`. `lost` (2, rows) receives what the surface and blood take at `t` [W].
    """
    width = t.shape[1]
    rest = 1.0 - mu - nu
    for i in range(row0, row1):
        _flow_in(t, gz, gy, gx, z_edges, y_edges, x_edges, i, total)
        _exchange(t, k, z_edges, y_edges, x_edges, transfer, medium, blood, blood_rise, i, total, lost)
        one, o, c, r = inverse[i], out[i], t[i], rate[i]
        for m in range(width):
            total[m] *= one[m]
        if first:
            for m in range(width):
                r[m] = total[m]
            for m in range(width):
                o[m] = c[m] + step * total[m]
        else:
            b, a = before[i], origin[i]
            for m in range(width):
                total[m] = step * total[m] + back * r[m]
            for m in range(width):
                total[m] += mu * c[m] + nu * b[m]
            for m in range(width):
                o[m] = total[m] + rest * a[m]
