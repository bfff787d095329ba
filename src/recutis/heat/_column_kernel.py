"""Kernels of the one-dimensional enthalpy model. SI units, kelvin as rises over the initial temperature.

State of cell i: thickness dz [m], sensible energy e [J/m3] over the initial temperature, water now and at first [kg/m3],
latent energy of steam and energy of pyrolysis taken in this pass [J/m3], heat capacity of the dry matter, two damage
integrals and the peak rise [K]. The uppermost cell is cut continuously where the surface has come to.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recutis.jit import kernel
from recutis.light.lines import DRYING, EXPLOSIVE, PRESCRIBED

Array = NDArray[np.float64]

# Numerical settings. Halving the cells (and with them the steps) moves depths by under two per cent.
_STEPS = 60.0  # shortest number of steps in a lit stretch
_PART = 0.5  # of the uppermost cell that the front may cross in a step
_WARM = 0.3  # of the heat that boils the surface that it may take in a step
_LAYER = 5.0  # steps over the time that heat takes across the absorbing layer, but for very long pulses
_MOST_STEPS = 4000.0
_THIN = 0.3  # of its neighbour: a cell thinner than this is joined to it
_STEEP = 20.0  # e-folds across a cell, beyond which a profile is not told from a step


class Law(NamedTuple):
    """Material and removal law. Temperatures are rises over `start_K`."""

    mode: int
    start_K: float
    boil_K: float
    latent_J_kg: float
    water_heat_J_kg_K: float
    mua_water_m: float
    mua_dry_m: float
    bleach_hot: float
    bleach_hot_K: float
    bleach_floor: float
    bleach_floor_K: float
    ablation_J_m3: float
    steam_share: float
    dry_K: float
    pyrolysis_J_m3: float
    burst: float
    burst_K: float
    steam_return: float
    steam_resistance: float
    ejecta_s: float
    water_diffusion_m2_s: float
    water_full_kg_m3: float
    conductivity_dry: float
    conductivity_slope: float
    density_full: float
    ln_a1: float
    e1: float
    ln_a2: float
    e2: float


class Cells(NamedTuple):
    """The state of all cells, each an array (see the module)."""

    dz: Array
    e: Array
    water: Array
    water_start: Array
    latent: Array
    char: Array
    solid: Array
    damage1: Array
    damage2: Array
    peak: Array


# Indices of the energy account [J/m2]; the last three are depth [m], highest surface rise [K], nearest to removal [-].
ARRIVED, REMOVED, SURFACE, LATENT, THROUGH, PLUME, DEPTH, PEAK, NEAREST = 0, 1, 2, 3, 4, 5, 6, 7, 8
ACCOUNTS = 9


@kernel
def conduct(
    e: Array, capacity: Array, k: Array, dz: Array, first: int, last: int, dt: float, h: float, medium: float, work: Array
) -> float:
    """One backward Euler step of conduction on cells first..last-1; returns heat lost through the surface [J/m2].

    The lower end is insulated. `medium` is the rise of the cooling medium over the initial temperature.
    """
    up = work[0]
    rise = work[1]
    top = 0.0
    if h > 0.0:
        top = 1.0 / (1.0 / h + 0.5 * dz[first] / k[first])
    left = 0.0
    for i in range(first, last):
        right = 0.0
        if i + 1 < last:
            right = 1.0 / (0.5 * dz[i] / k[i] + 0.5 * dz[i + 1] / k[i + 1])
        mass = capacity[i] * dz[i] / dt
        diagonal = mass + left + right
        load = e[i] * dz[i] / dt
        if i == first:
            diagonal += top
            load += top * medium
        else:
            diagonal -= left * up[i - 1]
            load += left * rise[i - 1]
        up[i] = right / diagonal
        rise[i] = load / diagonal
        left = right
    for i in range(last - 2, first - 1, -1):
        rise[i] += up[i] * rise[i + 1]
    for i in range(first, last):
        e[i] = capacity[i] * rise[i]
    lost: float = top * (rise[first] - medium) * dt
    return lost


@kernel
def capacity_of(cells: Cells, i: int, law: Law) -> float:
    """Heat capacity of a cell with its present water [J/m3 K]."""
    here: float = cells.solid[i] + law.water_heat_J_kg_K * cells.water[i]
    return here


@kernel
def boil(cells: Cells, first: int, last: int, law: Law) -> float:
    """Turn heat above the boiling point into steam; returns the energy that left as steam and smoke [J/m2].

    Steam finds its way out upwards, or down to the nearest cooler cells, where it condenses. Flow shares itself by resistance:
    that of what lies above, dried, and that of moist tissue down to there (`steam_resistance` times as much for a length).
    So a boiling zone that has grown thick feeds itself no more. Dry tissue at its pyrolysis temperature turns further heat
    into smoke (drying law only).
    """
    left, depth, j, reach = 0.0, 0.0, first, 0.0  # `depth` and `reach`: bottom of cell i, top of cell j
    for i in range(first, last):
        depth += cells.dz[i]
        if cells.water[i] <= 0.0:
            spare = cells.e[i] - cells.solid[i] * law.dry_K
            if law.mode == DRYING and spare > 0.0:
                cells.e[i] -= spare
                cells.char[i] += spare
                left += spare * cells.dz[i]
            continue
        excess = cells.e[i] - capacity_of(cells, i, law) * law.boil_K
        if excess <= 0.0:
            continue
        mass = min(excess / law.latent_J_kg, cells.water[i])
        steam = mass * (law.latent_J_kg + law.water_heat_J_kg_K * law.boil_K)
        cells.water[i] -= mass
        cells.e[i] -= steam
        cells.latent[i] += mass * law.latent_J_kg
        if j <= i:
            j, reach = i + 1, depth
        room = 0.0
        while law.steam_return > 0.0 and j < last:  # those above have no room left
            room = (capacity_of(cells, j, law) * law.boil_K - cells.e[j]) * cells.dz[j]
            if room > 0.0:
                break
            reach += cells.dz[j]
            j += 1
        back = 0.0
        if room > 0.0:
            above = depth - 0.5 * cells.dz[i]
            below = law.steam_resistance * (reach + 0.5 * cells.dz[j] - above)
            back = min(law.steam_return * above / (above + below) * steam * cells.dz[i], room)
            cells.e[j] += back / cells.dz[j]
        left += steam * cells.dz[i] - back
    return left


@kernel
def absorption(cells: Cells, i: int, law: Law) -> float:
    """Absorption of a cell now [1/m]: its water, as its temperature lets it absorb, and its dry matter."""
    bleach = 1.0
    if law.bleach_hot != 1.0 or law.bleach_floor != 1.0:
        rise = max(cells.e[i] / capacity_of(cells, i, law), 0.0)
        warm = min(rise / law.bleach_hot_K, 1.0)
        hot = min(max((rise - law.bleach_hot_K) / (law.bleach_floor_K - law.bleach_hot_K), 0.0), 1.0)
        bleach += (law.bleach_hot - 1.0) * warm + (law.bleach_floor - law.bleach_hot) * hot
    mua: float = law.mua_water_m * bleach * cells.water[i] / law.water_full_kg_m3 + law.mua_dry_m
    return mua


@kernel
def absorb(cells: Cells, first: int, last: int, energy: float, law: Law) -> float:
    """Deposit `energy` [J/m2] by Beer-Lambert from cell `first`; returns what passes cell last-1 [J/m2]."""
    left = energy
    for i in range(first, last):
        part = left * (1.0 - np.exp(-absorption(cells, i, law) * cells.dz[i]))
        cells.e[i] += part / cells.dz[i]
        left -= part
        if left < 1e-12 * energy:  # below rounding of the account
            cells.e[i] += left / cells.dz[i]
            return 0.0
    return left


@kernel
def spent(cells: Cells, i: int, law: Law) -> float:
    """Energy that a cell has taken in this pass, with what left as steam and smoke [J/m3]."""
    gone = cells.latent[i] / law.latent_J_kg
    all_of_it: float = cells.e[i] + gone * (law.latent_J_kg + law.water_heat_J_kg_K * law.boil_K) + cells.char[i]
    return all_of_it


@kernel
def progress(cells: Cells, i: int, law: Law) -> float:
    """How far a cell is on its way out: the energy spent in it over what removal needs; it leaves at 1.

    Explosive: the steam of a share of its own water, the share that spends the ablation enthalpy in tissue of the reference
    water content. Drying: all water gone and the rest pyrolysed. The share `burst` of either gives way to bursting at the
    limit of superheat, with no steam made before: pulses too short for vapour to find a way out.
    """
    if law.mode == PRESCRIBED:
        return 0.0
    start = cells.water[i] + cells.latent[i] / law.latent_J_kg
    wet = cells.solid[i] + law.water_heat_J_kg_K * start
    if law.mode == EXPLOSIVE:
        needed = wet * law.boil_K + law.steam_share * start * law.latent_J_kg
    else:
        vapour = law.latent_J_kg + law.water_heat_J_kg_K * law.boil_K
        needed = cells.solid[i] * law.dry_K + law.pyrolysis_J_m3 + start * vapour
    needed += law.burst * (min(wet * law.burst_K, needed) - needed)
    share: float = spent(cells, i, law) / needed
    return share


@kernel
def injure_cells(cells: Cells, first: int, last: int, dt: float, law: Law) -> float:
    """Add damage for a step and keep peak rises; returns the highest rise."""
    highest = -1e9
    for i in range(first, last):
        rise = cells.e[i] / capacity_of(cells, i, law)
        highest = max(highest, rise)
        cells.peak[i] = max(cells.peak[i], rise)
        kelvin = law.start_K + rise
        if kelvin > 313.0:  # 40 C: no process of the evidence acts within minutes below it
            inverse = 1.0 / kelvin
            cells.damage1[i] += dt * np.exp(min(law.ln_a1 - law.e1 * inverse, 60.0))  # 60: far beyond any threshold
            cells.damage2[i] += dt * np.exp(min(law.ln_a2 - law.e2 * inverse, 60.0))
    return highest


@kernel
def active_end(e: Array, first: int, last: int, n: int) -> int:
    """Cells that conduction must see: grow the window while its last cells have warmed or cooled."""
    last = min(max(last, first + 16), n)
    while last < n and abs(e[last - 2]) > 1.0:  # 1 J/m3 is below a microkelvin
        last = min(n, last + 8)
    return last


@kernel
def note(cells: Cells, first: int, probes: NDArray[np.int64], history: Array, row: int, clock: float, law: Law) -> int:
    """Write time and probe rises into a history row; returns the next row. A removed probe shows the present surface."""
    history[row, 0] = clock
    for p in range(probes.size):
        i = max(probes[p], first)
        history[row, p + 1] = cells.e[i] / capacity_of(cells, i, law)
    return row + 1


@kernel
def shine(cells: Cells, first: int, source: Array, bare: float, shade: float, law: Law, account: Array) -> None:
    """Deposit the light of a step: of `bare` [J/m2] what is above the tissue takes its part (`shade` is its optical depth)."""
    arriving = bare * np.exp(-shade)
    account[PLUME] += bare - arriving
    account[ARRIVED] += bare
    if law.mode == PRESCRIBED:
        for i in range(first, cells.e.size):
            cells.e[i] += arriving * source[i]
    else:
        account[THROUGH] += absorb(cells, first, cells.e.size, arriving, law)


@kernel
def next_step(
    cells: Cells, first: int, power: float, segment_s: float, dt: float, left_s: float, growth: float, law: Law
) -> float:
    """Length of the next step: the front crosses a part of a cell at most, the surface takes a part of what boils it at most.

    Cooling steps grow. `power` is what arrives.
    """
    if power > 0.0:
        fine = (growth - 1.0) * 10.0  # as fine in light as in the dark
        dt = segment_s / _STEPS * fine
        if law.mode != PRESCRIBED:
            dt = min(dt, _PART * cells.dz[first] * law.ablation_J_m3 / power)
            boiling = capacity_of(cells, first, law) * law.boil_K
            mua = absorption(cells, first, law)
            dt = min(dt, _WARM * fine * boiling / (mua * power))
            layer_s = (
                capacity_of(cells, first, law)
                / (law.conductivity_dry + law.conductivity_slope * cells.water[first] / law.density_full)
                / mua**2
            )
            dt = min(dt, fine * max(_LAYER * layer_s, segment_s / _MOST_STEPS))
    else:
        dt = min(dt * growth, segment_s / 12.0)
    return left_s if dt > 0.999 * left_s else dt


@kernel
def give_back(cells: Cells, i: int, less: float, law: Law) -> None:
    """Lower the energy spent in a cell by `less` [J/m3]: first smoke, then heat of dry matter, then steam, then heat.

    The hottest part of the cell has left: it had more of these.
    """
    part = min(cells.char[i], less)
    cells.char[i] -= part
    less -= part
    if less > 0.0 and cells.water[i] <= 0.0:
        part = min(max(cells.e[i] - cells.solid[i] * law.boil_K, 0.0), less)
        cells.e[i] -= part
        less -= part
    if less > 0.0 and cells.latent[i] > 0.0:
        rise = cells.e[i] / capacity_of(cells, i, law)
        each = law.latent_J_kg + law.water_heat_J_kg_K * (law.boil_K - rise)
        mass = min(less / each, cells.latent[i] / law.latent_J_kg)
        cells.water[i] += mass
        cells.latent[i] -= mass * law.latent_J_kg
        cells.e[i] += mass * law.water_heat_J_kg_K * rise
        less -= mass * each
    cells.e[i] -= less


@kernel
def join(cells: Cells, i: int) -> None:
    """Put cell i into the one below it: everything by volume, damage by its logarithm."""
    a, b = cells.dz[i], cells.dz[i + 1]
    both = a + b
    for field in (cells.e, cells.water, cells.water_start, cells.latent, cells.char, cells.solid):
        field[i + 1] = (a * field[i] + b * field[i + 1]) / both
    for field in (cells.damage1, cells.damage2):
        upper, lower = np.log(max(field[i], 1e-300)), np.log(max(field[i + 1], 1e-300))
        field[i + 1] = np.exp((a * upper + b * lower) / both)
    cells.peak[i + 1] = max(cells.peak[i], cells.peak[i + 1])
    cells.dz[i + 1] = both


@kernel
def retreat(cells: Cells, first: int, law: Law, account: Array) -> tuple[int, float, float]:
    """Remove what has spent what removal needs; returns the new first cell, the depth removed [m] and its optical depth.

    What it has spent beyond that in this step goes on to what lies below.

    Within the uppermost cell the spent energy is taken to fall exponentially, as fast as to the next cell; the front is
    where it is just enough.
    """
    moved, shade, spare = 0.0, 0.0, 0.0
    while first < cells.e.size - 2:
        here, below = progress(cells, first, law), progress(cells, first + 1, law)
        top = cells.dz[first]
        slope = 0.0
        if here > max(below, 0.0):
            slope = _STEEP / top
            if below > 0.0:
                slope = min(slope, np.log(here / below) / (0.5 * (top + cells.dz[first + 1])))
        x = slope * top
        surface = here * (x / (1.0 - np.exp(-x)) if x > 1e-9 else 1.0)
        account[NEAREST] = max(account[NEAREST], surface)
        if surface < 1.0:
            break
        mua = absorption(cells, first, law)
        gone = np.log(surface) / slope if x > 1e-9 else top
        if gone > 0.999 * top:
            excess = min(spent(cells, first, law) * (1.0 - 1.0 / here), 0.5 * cells.e[first]) * top
            account[REMOVED] += cells.e[first] * top - excess
            spare += excess
            moved += top
            shade += mua * top
            first += 1
            continue
        kept = top - gone
        y = slope * kept
        before, energy = cells.e[first], spent(cells, first, law)
        rest = (1.0 - np.exp(-y)) / y
        give_back(cells, first, energy * max(1.0 - rest / here, 0.0), law)
        left = before * top - cells.e[first] * kept
        excess = min(max(energy * top - spent(cells, first, law) * kept - energy / here * gone, 0.0), 0.5 * max(left, 0.0))
        account[REMOVED] += left - excess
        spare += excess
        cells.dz[first] = kept
        moved += gone
        shade += mua * gone
        if kept < _THIN * cells.dz[first + 1]:
            join(cells, first)
            first += 1
        break
    if spare > 0.0:
        account[THROUGH] += absorb(cells, first, cells.e.size, spare, law)
    return first, moved, shade


@kernel
def moisten(cells: Cells, first: int, dt: float, law: Law, work: Array) -> None:
    """Water diffuses back into dried cells in the dark: one backward Euler step of the deficit, no flow through the surface.

    Water is taken to come with no heat. Cells that get their water back forget the steam that they made.
    """
    n = cells.e.size
    up, deficit = work[0], work[1]
    left = 0.0
    for i in range(first, n):
        right = 0.0
        if i + 1 < n:
            right = law.water_diffusion_m2_s / (0.5 * (cells.dz[i] + cells.dz[i + 1]))
        mass = cells.dz[i] / dt
        diagonal = mass + left + right
        load = (cells.water_start[i] - cells.water[i]) * mass
        if i > first:
            diagonal -= left * up[i - 1]
            load += left * deficit[i - 1]
        up[i] = right / diagonal
        deficit[i] = load / diagonal
        left = right
    for i in range(n - 2, first - 1, -1):
        deficit[i] += up[i] * deficit[i + 1]
    for i in range(first, n):
        after = max(cells.water_start[i] - deficit[i], 0.0)
        cells.latent[i] = max(cells.latent[i] - max(after - cells.water[i], 0.0) * law.latent_J_kg, 0.0)
        cells.water[i] = after


@kernel
def properties(cells: Cells, capacity: Array, k: Array, first: int, last: int, law: Law) -> None:
    """Write heat capacity [J/m3 K] and conductivity [W/m K] of cells first..last-1, by their present water."""
    for i in range(first, last):
        capacity[i] = capacity_of(cells, i, law)
        k[i] = law.conductivity_dry + law.conductivity_slope * cells.water[i] / law.density_full


@kernel
def shade_after(shade: float, dt: float, added: float, law: Law) -> float:
    """Optical depth of the ejecta after a step in which `added` left at an even rate and they cleared at theirs."""
    if law.ejecta_s <= 0.0:
        return 0.0
    x = dt / law.ejecta_s
    after: float = shade * np.exp(-x) + added * ((1.0 - np.exp(-x)) / x if x > 1e-9 else 1.0)
    return after


@kernel
def run_column(
    cells: Cells,
    first: int,
    source: Array,
    segment_s: Array,
    segment_W_m2: Array,
    segment_h: Array,
    segment_medium: Array,
    law: Law,
    growth: float,
    probes: NDArray[np.int64],
    history: Array,
    ended: Array,
    account: Array,
) -> tuple[int, int]:
    """Run all segments; returns (first cell still there, number of stored history rows).

    `source` (1/m) is the absorbed fraction per depth for the prescribed mode. `history` rows hold time and
    the rises of the probe cells, `ended` the heat of the cells when
    the last light went out [J/m3]. `account` receives the energies [J/m2] and the peak surface rise.
    """
    n = cells.e.size
    capacity, k, work = np.empty(n), np.empty(n), np.empty((2, n))
    last = active_end(cells.e, first, first + 16, n)
    depth, clock, dt, rows, shade = account[DEPTH], 0.0, 1e-9, 0, 0.0
    for segment in range(segment_s.size):
        left_s, power, h = segment_s[segment], segment_W_m2[segment], segment_h[segment]
        if power <= 0.0 and (segment == 0 or h != segment_h[segment - 1]):
            dt = segment_s[segment] / 400.0 if segment == 0 else min(dt, segment_s[segment] / 400.0)
        while left_s > 0.0 and first < n - 2:
            dt = next_step(cells, first, power * np.exp(-shade), segment_s[segment], dt, left_s, growth, law)
            if power > 0.0:
                shine(cells, first, source, power * dt, shade, law, account)
                if law.mode != PRESCRIBED:  # what is above the boiling point must not be conducted first
                    account[LATENT] += boil(cells, first, last, law)
            last = active_end(cells.e, first, n if power > 0.0 and law.mode == PRESCRIBED else last, n)
            properties(cells, capacity, k, first, last, law)
            account[SURFACE] += conduct(cells.e, capacity, k, cells.dz, first, last, dt, h, segment_medium[segment], work)
            account[LATENT] += boil(cells, first, last, law)
            injure_cells(cells, first, last, dt, law)
            account[PEAK] = max(account[PEAK], cells.e[first] / capacity_of(cells, first, law))
            if law.mode != PRESCRIBED:
                front = first
                first, moved, added = retreat(cells, first, law, account)
                depth += moved
                shade = shade_after(shade, dt, added, law)
                if first > front:
                    last = active_end(cells.e, first, max(last, first + 16), n)
            left_s -= dt
            clock += dt
            if rows < history.shape[0]:
                rows = note(cells, first, probes, history, rows, clock, law)
        if power > 0.0:
            ended[:] = cells.e
        elif law.mode != PRESCRIBED and law.water_diffusion_m2_s > 0.0:
            moisten(cells, first, segment_s[segment], law, work)
    account[DEPTH] = depth
    return first, rows
