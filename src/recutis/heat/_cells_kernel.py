"""What happens inside the cells of a grid: heat put in, properties, boiling, damage, peaks. SI, rises over the start in kelvin.

All arrays are (rows, cells of a row): a grid of depth and radius as it is, voxels with their planes laid below each other.
Loops over a row touch few arrays each, so that the compiler can turn them into vector arithmetic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recutis.jit import bare_kernel
from recutis.units import S_PER_MIN

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

WORST, HOTTEST = 0, 1
PIN = 1e4  # boiling tissue keeps its temperature: it takes up heat in a step as if its capacity were so many times higher
_AT_BOILING_K = 1e-9
_FAR = 60.0  # exponent of a rate per second that is far beyond any threshold


@bare_kernel
def put_in(heat: Array, power: Array, dt: float, row0: int, row1: int) -> None:
    """Add a density of power [W/m3] for a time."""
    for i in range(row0, row1):
        e, q = heat[i], power[i]
        for m in range(e.size):
            e[m] += q[m] * dt


@bare_kernel
def properties(
    water: Array, solid: Array, rise: Array, k_dry: float, k_per_water: Array, k_per_K: float, k_reference: float, k_hottest: float,
    boil: float, water_heat: float, capacity: Array, k: Array, boils: Flags, row0: int, row1: int,
) -> None:  # fmt: skip
    """Heat capacity [J/m3 K] and conductivity [W/m K] from present water and temperature.

    `k_per_K` is the relative change of the water's part a kelvin, from `k_reference` up to `k_hottest` (rises). Cells that
    boil get PIN times their capacity for conduction: without that they would run above boiling in a step, and pass heat on
    that should have made steam.
    """
    for i in range(row0, row1):
        w, s, t, c, p, q = water[i], solid[i], rise[i], capacity[i], k_per_water[i], k[i]
        for m in range(w.size):
            c[m] = s[m] + water_heat * w[m]
        for m in range(w.size):
            q[m] = p[m] * w[m]
        if k_per_K != 0.0:
            for m in range(w.size):
                warm = min(k_hottest, t[m])
                q[m] *= 1.0 + k_per_K * (warm - k_reference)
        for m in range(w.size):
            q[m] += k_dry
        at = boil - _AT_BOILING_K
        boiling = 0
        for m in range(w.size):
            boiling += 1 if t[m] >= at else 0
        boils[i] = boiling > 0
        if boiling > 0:
            for m in range(w.size):
                if t[m] >= at and w[m] > 0.0:
                    c[m] *= PIN


@bare_kernel
def pin(
    heat: Array, capacity: Array, rise: Array, solid: Array, water: Array, water_heat: float, boils: Flags, sign: float,
    row0: int, row1: int,
) -> None:  # fmt: skip
    """Give cells that boil the heat that goes with their capacity for conduction (sign 1), or take it away (sign -1)."""
    for i in range(row0, row1):
        if not boils[i]:
            continue
        e, c, t, s, w = heat[i], capacity[i], rise[i], solid[i], water[i]
        for m in range(e.size):
            true = s[m] + water_heat * w[m]
            if c[m] > 2.0 * true:
                e[m] += sign * (c[m] - true) * t[m]


@bare_kernel
def boil_cell(heat: float, water: float, solid: float, boil: float, latent: float, water_heat: float) -> float:
    """Water that turns to steam [kg/m3]: as much as the heat above the boiling point pays for."""
    excess = heat - (solid + water_heat * water) * boil
    if excess <= 0.0 or water <= 0.0:
        return 0.0
    return min(excess / latent, water)


@bare_kernel
def boil_rows(
    heat: Array, water: Array, solid: Array, volume_row: Array, volume_cell: Array, boil: float, latent: float,
    water_heat: float, made: Array, steam: Array, row0: int, row1: int,
) -> None:  # fmt: skip
    """Boil rows row0..row1-1; `steam` receives the energy that each row turned into steam [J].

    A cell's volume is `volume_row` times `volume_cell`. Where `made` has the shape of the grid, it keeps the energy of the
    steam of each cell [J/m3].
    """
    keep = made.shape[0] > 1
    for i in range(row0, row1):
        total = 0.0
        e, w, s = heat[i], water[i], solid[i]
        for m in range(e.size):
            if keep:
                made[i, m] = 0.0
            if e[m] > (s[m] + water_heat * w[m]) * boil:
                mass = boil_cell(e[m], w[m], s[m], boil, latent, water_heat)
                if mass > 0.0:
                    gone = mass * (latent + water_heat * boil)
                    w[m] -= mass
                    e[m] -= gone
                    total += gone * volume_cell[m]
                    if keep:
                        made[i, m] = gone
        steam[i] = total * volume_row[i]


@bare_kernel
def rises(
    heat: Array, water: Array, solid: Array, water_heat: float, rise: Array, now: Array, bounds: Array, row0: int, row1: int
) -> None:  # fmt: skip
    """Temperatures of rows row0..row1-1 in `now`; `bounds` (2, cells of a row) collects largest change and size of rise."""
    worst, hot = bounds[WORST], bounds[HOTTEST]
    for i in range(row0, row1):
        e, w, s, old, new = heat[i], water[i], solid[i], rise[i], now[i]
        for m in range(e.size):
            new[m] = e[m] / (s[m] + water_heat * w[m])
        for m in range(e.size):
            change = abs(new[m] - old[m])
            worst[m] = max(worst[m], change)
        for m in range(e.size):
            size = abs(new[m])
            hot[m] = max(hot[m], size)


@bare_kernel
def mean_rate(x0: float, x1: float) -> float:
    """Mean of a rate over a step in which its logarithm goes evenly from x0 to x1."""
    x0, x1 = min(x0, _FAR), min(x1, _FAR)
    apart = x1 - x0
    if abs(apart) < 2.0:  # exp(middle) sinh(h) / h by its series, to 2e-4 at the end of the range
        square = apart * apart
        middle: float = np.exp(0.5 * (x0 + x1)) * (1.0 + square * (1.0 / 24.0 + square * (1.0 / 1920.0)))
        return middle
    mean: float = (np.exp(x1) - np.exp(x0)) / apart
    return mean


@bare_kernel
def injure(
    rise: Array, now: Array, peak: Array, dt: float, start_K: float, ln_a: Array, e_r: Array, cutoff: Array, damage: Array,
    minutes: Array, cem_on: bool, cem_break_K: float, cem_cutoff: float, ln_r_above: float, ln_r_below: float, row0: int, row1: int,
) -> None:  # fmt: skip
    """Damage integrals of each process and equivalent minutes for a step from `rise` to `now`, peaks; then `rise` is `now`.

    Cells that stay below a process's `cutoff` all through the step are left out: what they would gain is bounded by the caller.
    """
    lowest = cem_cutoff if cem_on else 1e300
    for p in range(ln_a.size):
        lowest = min(lowest, cutoff[p])
    for i in range(row0, row1):
        old, new, top = rise[i], now[i], peak[i]
        for m in range(old.size):
            top[m] = max(top[m], new[m])
        warm = 0
        for m in range(old.size):
            warm += 1 if old[m] > lowest or new[m] > lowest else 0
        for m in range(old.size if warm > 0 else 0):
            warmest = max(old[m], new[m])
            if warmest > lowest:
                before, after = 1.0 / (start_K + old[m]), 1.0 / (start_K + new[m])
                for p in range(ln_a.size):
                    if warmest > cutoff[p]:
                        damage[p, i, m] += dt * mean_rate(ln_a[p] - e_r[p] * before, ln_a[p] - e_r[p] * after)
                if cem_on and warmest > cem_cutoff:
                    a, b = start_K + old[m] - cem_break_K, start_K + new[m] - cem_break_K
                    a *= ln_r_above if a > 0.0 else ln_r_below
                    b *= ln_r_above if b > 0.0 else ln_r_below
                    minutes[i, m] += dt / S_PER_MIN * mean_rate(a, b)
        for m in range(old.size):
            old[m] = new[m]


@bare_kernel
def condense(
    heat: Array, water: Array, solid: Array, volume_row: Array, volume_cell: Array, made: Array, share: float, boil: float,
    water_heat: float, first: NDArray[np.int64], lines: int,
) -> float:  # fmt: skip
    """A share of the steam of this step gives its energy to the nearest cooler cells along the axes of the grid.

    Each of the directions gets an even part; what finds no room in one of them, and what reaches the surface or the sides, is
    steam after all. `lines` is 0 on depth and radius, where the axis is crossed, else the rows of a plane of voxels.
    Returns the energy given back [J].
    """
    rows, width = heat.shape
    directions = 6 if lines > 0 else 4
    returned = 0.0
    for i in range(rows):
        for j in range(width):
            if made[i, j] <= 0.0:
                continue
            part = share * made[i, j] * volume_row[i] * volume_cell[j] / directions
            for direction in range(directions):
                left, a, b = part, i, j
                sign = 1 if direction % 2 == 0 else -1
                down = sign * max(lines, 1) if direction < 2 else (sign if direction >= 4 else 0)
                out = sign if 2 <= direction < 4 else 0
                while left > 0.0:
                    if direction >= 4 and (a + down < 0 or a // lines != (a + down) // lines):
                        break
                    a, b = a + down, b + out
                    if b < 0 and lines == 0:  # over the axis and on
                        b, out = 0, 1
                    if a < 0 or a >= rows or b < 0 or b >= width or a < first[b]:
                        break
                    volume = volume_row[a] * volume_cell[b]
                    room = ((solid[a, b] + water_heat * water[a, b]) * boil - heat[a, b]) * volume
                    if room > 0.0:
                        put = min(room, left)
                        heat[a, b] += put / volume
                        left -= put
                        returned += put
    return returned
