"""Kernels of the one-dimensional enthalpy model. SI units, kelvin as rises over the initial temperature.

State of cell i: thickness dz [m], sensible energy e [J/m3] over the initial temperature, water [kg/m3],
latent energy taken in this pass [J/m3], two damage integrals and the peak rise [K].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recutis.jit import kernel
from recutis.light.lines import DRYING, EXPLOSIVE, PRESCRIBED

Array = NDArray[np.float64]


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
    bleach_J_m3: float
    ablation_J_m3: float
    steam_share: float
    dry_K: float
    pyrolysis_J_m3: float
    steam_return: float
    water_full_kg_m3: float
    conductivity_dry: float
    conductivity_slope: float
    density_full: float
    ln_a1: float
    e1: float
    ln_a2: float
    e2: float


class Beam(NamedTuple):
    """Where the beam meets the moving front: squared radius [m2], waist [m], Rayleigh length [m], plume length [m]."""

    radius2_m2: float
    waist_m: float
    rayleigh_m: float
    plume_m: float


# Indices of the energy account [J/m2].
ARRIVED, REMOVED, SURFACE, LATENT, THROUGH, PLUME, DEPTH, PEAK = 0, 1, 2, 3, 4, 5, 6, 7
ACCOUNTS = 8


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
def boil(e: Array, water: Array, latent: Array, solid: Array, dz: Array, first: int, last: int, law: Law) -> float:
    """Turn heat above the boiling point into steam; returns the energy that left as steam [J/m2].

    A fraction of the steam energy condenses in the nearest cooler cells below.
    """
    left = 0.0
    for i in range(first, last):
        if water[i] <= 0.0:
            continue
        heat = solid[i] + law.water_heat_J_kg_K * water[i]
        excess = e[i] - heat * law.boil_K
        if excess <= 0.0:
            continue
        mass = min(excess / law.latent_J_kg, water[i])
        steam = mass * (law.latent_J_kg + law.water_heat_J_kg_K * law.boil_K)
        water[i] -= mass
        e[i] -= steam
        latent[i] += mass * law.latent_J_kg
        back = law.steam_return * steam * dz[i]
        left += steam * dz[i] - back
        j = i + 1
        while back > 0.0 and j < last:
            room = ((solid[j] + law.water_heat_J_kg_K * water[j]) * law.boil_K - e[j]) * dz[j]
            if room > 0.0:
                put = min(room, back)
                e[j] += put / dz[j]
                back -= put
            j += 1
        left += back
    return left


@kernel
def absorb(
    e: Array, water: Array, latent: Array, solid: Array, dz: Array, first: int, last: int, energy: float, law: Law
) -> float:
    """Deposit `energy` [J/m2] by Beer-Lambert from cell `first`; returns what passes cell last-1 [J/m2]."""
    left = energy
    for i in range(first, last):
        bleach = 1.0
        if law.bleach_floor < 1.0:
            rise = e[i] / (solid[i] + law.water_heat_J_kg_K * water[i])
            warm = min(max(rise / law.bleach_hot_K, 0.0), 1.0)
            taken = min(latent[i] / law.bleach_J_m3, 1.0)
            bleach = 1.0 - (1.0 - law.bleach_hot) * warm
            bleach -= (bleach - law.bleach_floor) * taken
        mua = law.mua_water_m * bleach * water[i] / law.water_full_kg_m3 + law.mua_dry_m
        part = left * (1.0 - np.exp(-mua * dz[i]))
        e[i] += part / dz[i]
        left -= part
        if left < 1e-12 * energy:  # below rounding of the account
            e[i] += left / dz[i]
            return 0.0
    return left


@kernel
def progress(e: float, water: float, latent: float, solid: float, law: Law) -> float:
    """How far a cell is on its way out: 1 when it leaves.

    Explosive: a share of its own water has turned to steam, the share that spends the ablation enthalpy in
    tissue of the reference water content.
    """
    if law.mode == EXPLOSIVE:
        gone = latent / law.latent_J_kg
        start = water + gone
        needed = (solid + law.water_heat_J_kg_K * start) * law.boil_K + law.steam_share * start * law.latent_J_kg
        spent = e + gone * (law.latent_J_kg + law.water_heat_J_kg_K * law.boil_K)
        return spent / needed
    if law.mode == DRYING and water <= 0.0:
        return e / (solid * law.dry_K + law.pyrolysis_J_m3)
    return 0.0


@kernel
def injure_cells(
    e: Array, water: Array, solid: Array, damage1: Array, damage2: Array, peak: Array, first: int, last: int, dt: float, law: Law
) -> float:
    """Add damage for a step and keep peak rises; returns the highest rise."""
    highest = -1e9
    for i in range(first, last):
        rise = e[i] / (solid[i] + law.water_heat_J_kg_K * water[i])
        highest = max(highest, rise)
        peak[i] = max(peak[i], rise)
        kelvin = law.start_K + rise
        if kelvin > 313.0:  # 40 C: no process of the evidence acts within minutes below it
            inverse = 1.0 / kelvin
            damage1[i] += dt * np.exp(min(law.ln_a1 - law.e1 * inverse, 60.0))  # 60: far beyond any threshold
            damage2[i] += dt * np.exp(min(law.ln_a2 - law.e2 * inverse, 60.0))
    return highest


@kernel
def local_factor(depth: float, beam: Beam) -> float:
    """Irradiance at a radius at this depth of the front over the irradiance on the axis at the surface."""
    if beam.waist_m <= 0.0:
        return 1.0
    spread = 1.0 + (depth / beam.rayleigh_m) ** 2
    factor: float = np.exp(-2.0 * beam.radius2_m2 / (beam.waist_m**2 * spread)) / spread
    return factor


@kernel
def active_end(e: Array, first: int, last: int, n: int) -> int:
    """Cells that conduction must see: grow the window while its last cells have warmed or cooled."""
    last = min(max(last, first + 16), n)
    while last < n and abs(e[last - 2]) > 1.0:  # 1 J/m3 is below a microkelvin
        last = min(n, last + 8)
    return last


@kernel
def note(
    e: Array, water: Array, solid: Array, first: int, probes: NDArray[np.int64], history: Array, row: int, clock: float, law: Law
) -> int:
    """Write time and probe rises into a history row; returns the next row. A removed probe shows the present surface."""
    history[row, 0] = clock
    for p in range(probes.size):
        i = max(probes[p], first)
        history[row, p + 1] = e[i] / (solid[i] + law.water_heat_J_kg_K * water[i])
    return row + 1


@kernel
def shine(
    e: Array,
    water: Array,
    latent: Array,
    solid: Array,
    dz: Array,
    first: int,
    source: Array,
    bare: float,
    depth: float,
    law: Law,
    beam: Beam,
    account: Array,
) -> None:
    """Deposit the light of a step: `bare` [J/m2] comes down the channel, plume takes its part, the rest is absorbed."""
    arriving = bare * np.exp(-depth / beam.plume_m) if beam.plume_m > 0.0 else bare
    account[PLUME] += bare - arriving
    account[ARRIVED] += bare
    if law.mode == PRESCRIBED:
        for i in range(first, e.size):
            e[i] += arriving * source[i]
    else:
        account[THROUGH] += absorb(e, water, latent, solid, dz, first, e.size, arriving, law)


@kernel
def next_step(
    power: float, segment_s: float, dt: float, left_s: float, depth: float, top_m: float, growth: float, law: Law, beam: Beam
) -> float:
    """Length of the next step: the front moves at most half a cell, cooling steps grow."""
    if power > 0.0:
        dt = segment_s / 60.0
        shade = local_factor(depth, beam)
        if beam.plume_m > 0.0:
            shade *= np.exp(-depth / beam.plume_m)
        if law.mode != PRESCRIBED and shade > 0.0:
            dt = min(dt, 0.5 * top_m * law.ablation_J_m3 / (power * shade))
    else:
        dt = min(dt * growth, segment_s / 12.0)
    return left_s if dt > 0.999 * left_s else dt


@kernel
def retreat(
    e: Array, water: Array, latent: Array, solid: Array, dz: Array, first: int, depth: float, law: Law, account: Array
) -> tuple[int, float]:
    """Remove cells at the front that have spent what removal needs; returns the new front and its depth [m]."""
    while first < e.size - 1 and progress(e[first], water[first], latent[first], solid[first], law) >= 1.0:
        account[REMOVED] += e[first] * dz[first]
        depth += dz[first]
        first += 1
    return first, depth


@kernel
def retreat_within(
    e: Array, water: Array, latent: Array, solid: Array, dz: Array, first: int, start: float, law: Law, account: Array
) -> float:
    """At the end of a pulse the front stands inside a cell: it has gone as far as the cell has come on its way out."""
    here = progress(e[first], water[first], latent[first], solid[first], law)
    share = min(max((here - start) / (1.0 - start), 0.0), 0.95)
    account[REMOVED] += share * e[first] * dz[first]
    moved: float = share * dz[first]
    dz[first] -= moved
    return moved


@kernel
def properties(water: Array, solid: Array, capacity: Array, k: Array, first: int, last: int, law: Law) -> None:
    """Write heat capacity [J/m3 K] and conductivity [W/m K] of cells first..last-1, by their present water."""
    for i in range(first, last):
        capacity[i] = solid[i] + law.water_heat_J_kg_K * water[i]
        k[i] = law.conductivity_dry + law.conductivity_slope * water[i] / law.density_full


@kernel
def run_column(
    dz: Array,
    e: Array,
    water: Array,
    latent: Array,
    solid: Array,
    damage1: Array,
    damage2: Array,
    peak: Array,
    first: int,
    source: Array,
    segment_s: Array,
    segment_W_m2: Array,
    segment_h: Array,
    segment_medium: Array,
    law: Law,
    beam: Beam,
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
    n = dz.size
    capacity, k, work = np.empty(n), np.empty(n), np.empty((2, n))
    last = active_end(e, first, first + 16, n)
    depth, clock, dt, rows = account[DEPTH], 0.0, 1e-9, 0
    for segment in range(segment_s.size):
        left_s, power, h = segment_s[segment], segment_W_m2[segment], segment_h[segment]
        if power <= 0.0 and (segment == 0 or h != segment_h[segment - 1]):
            dt = segment_s[segment] / 400.0 if segment == 0 else min(dt, segment_s[segment] / 400.0)
        before, start = first, 0.0
        while left_s > 0.0 and first < n - 1:
            dt = next_step(power, segment_s[segment], dt, left_s, depth, dz[first], growth, law, beam)
            if power > 0.0:
                shine(
                    e, water, latent, solid, dz, first, source, power * local_factor(depth, beam) * dt, depth, law, beam, account
                )
            last = active_end(e, first, n if power > 0.0 and law.mode == PRESCRIBED else last, n)
            properties(water, solid, capacity, k, first, last, law)
            account[SURFACE] += conduct(e, capacity, k, dz, first, last, dt, h, segment_medium[segment], work)
            account[LATENT] += boil(e, water, latent, solid, dz, first, last, law)
            injure_cells(e, water, solid, damage1, damage2, peak, first, last, dt, law)
            account[PEAK] = max(account[PEAK], e[first] / (solid[first] + law.water_heat_J_kg_K * water[first]))
            if law.mode != PRESCRIBED:
                front = first
                first, depth = retreat(e, water, latent, solid, dz, first, depth, law, account)
                if first > front:
                    start = progress(e[first], water[first], latent[first], solid[first], law)
                    last = active_end(e, first, max(last, first + 16), n)
            left_s -= dt
            clock += dt
            if rows < history.shape[0]:
                rows = note(e, water, solid, first, probes, history, rows, clock, law)
        if power > 0.0 and first > before and first < n - 1:
            depth += retreat_within(e, water, latent, solid, dz, first, start, law, account)
        if power > 0.0:
            ended[:] = e
    account[DEPTH] = depth
    return first, rows
