"""Kernels of a column of heat in closed tissue: conduction, boiling, steam that condenses beside, death and collagen. SI."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recutis.heat._rz_kernel import LANES, conduct_rz
from recutis.jit import kernel

Array = NDArray[np.float64]
_HOT_K = 313.0  # 40 C: below it no process of damage counts within seconds
_MOST = 60.0  # of an exponent: far beyond any threshold
# Places of the laws: boiling [K above start], latent heat [J/kg], heat of water [J/kg K], share of steam that condenses,
# start [K], then frequency (logarithm) and energy over R of death and of collagen.
BOIL, LATENT, WATER_HEAT, RETURN, START, DEATH_A, DEATH_E, COLLAGEN_A, COLLAGEN_E = 0, 1, 2, 3, 4, 5, 6, 7, 8
LAWS = 9
# Places of the account [J]: heat lost at the surface, energy of the steam made, energy of the steam that left.
SURFACE, STEAM, VENTED = 0, 1, 2
ACCOUNTS = 3


@kernel
def boil(e: Array, water: Array, solid: Array, row: int, laws: Array, volume: Array, steam: Array) -> float:
    """Heat above boiling turns water of a row of rings to steam [kg]; returns the steam's energy [J]."""
    heat_of_all = 0.0
    for j in range(e.shape[1]):
        steam[j] = 0.0
        heat = solid[row] + laws[WATER_HEAT] * water[row, j]
        excess = e[row, j] - heat * laws[BOIL]
        if excess > 0.0 and water[row, j] > 0.0:
            mass = min(excess / laws[LATENT], water[row, j])
            gone = mass * (laws[LATENT] + laws[WATER_HEAT] * laws[BOIL])
            water[row, j] -= mass
            e[row, j] -= gone
            steam[j] = mass * volume[j]
            heat_of_all += gone * volume[j]
    return heat_of_all


@kernel
def condense(e: Array, water: Array, solid: Array, row: int, laws: Array, volume: Array, steam: Array) -> float:
    """Steam of a row goes outwards and condenses in the first rings that are cooler than boiling, until they boil.

    It brings its water and its heat. Returns the energy of the share that leaves the tissue [J].
    """
    per_kg = laws[LATENT] + laws[WATER_HEAT] * laws[BOIL]
    vented: float = 0.0
    carried = 0.0
    for j in range(e.shape[1]):
        carried += steam[j] * laws[RETURN]
        vented += steam[j] * (1.0 - laws[RETURN]) * per_kg
        if carried <= 0.0:
            continue
        heat = solid[row] + laws[WATER_HEAT] * water[row, j]
        room = (heat * laws[BOIL] - e[row, j]) / laws[LATENT] * volume[j]
        if room > 0.0:
            mass = min(room, carried)
            water[row, j] += mass / volume[j]
            e[row, j] += mass / volume[j] * per_kg
            carried -= mass
    vented += carried * per_kg
    return vented


@kernel
def injure(
    e: Array, water: Array, solid: Array, row: int, laws: Array, dt: float, death: Array, collagen: Array, peak: Array
) -> None:
    """Damage and the highest temperatures of a row."""
    for j in range(e.shape[1]):
        hot = e[row, j] / (solid[row] + laws[WATER_HEAT] * water[row, j])
        peak[row, j] = max(peak[row, j], hot)
        kelvin = laws[START] + hot
        if kelvin > _HOT_K:
            death[row, j] += dt * np.exp(min(laws[DEATH_A] - laws[DEATH_E] / kelvin, _MOST))
            collagen[row, j] += dt * np.exp(min(laws[COLLAGEN_A] - laws[COLLAGEN_E] / kelvin, _MOST))


@kernel
def advance(
    e: Array, water: Array, death: Array, collagen: Array, peak: Array, solid: Array, k: Array, z_edges: Array, r_edges: Array,
    density: Array, seconds: float, first_dt: float, growth: float, transfer: float, medium: float, laws: Array, account: Array,
) -> None:  # fmt: skip
    """Advance by `seconds` with heat `density` [W/m3]: a step heats, conducts down and across, boils, condenses, injures."""
    nz, nr = e.shape
    volume, steam = np.empty(nr), np.empty(nr)
    blocks = max(nz * -(-nr // LANES), nr * -(-nz // LANES))
    work, losses, front, blood = np.zeros(blocks * 4 * LANES), np.zeros((2, nr)), np.zeros(nr, np.int64), np.zeros(nz)
    capacity, conductivity = np.empty((nz, nr)), np.empty((nz, nr))
    for i in range(nz):
        conductivity[i] = k[i]
    left, dt = seconds, first_dt
    while left > 0.0:
        if dt > 0.999 * left:
            dt = left
        for i in range(nz):
            for j in range(nr):
                e[i, j] += density[i, j] * dt
                capacity[i, j] = solid[i] + laws[WATER_HEAT] * water[i, j]
        account[SURFACE] += conduct_rz(
            e, capacity, conductivity, z_edges, r_edges, front, dt, transfer, medium, blood, 0.0, work, losses
        )[0]
        for i in range(nz):
            for j in range(nr):
                volume[j] = np.pi * (r_edges[j + 1] ** 2 - r_edges[j] ** 2) * (z_edges[i + 1] - z_edges[i])
            made = boil(e, water, solid, i, laws, volume, steam)
            if made > 0.0:
                account[STEAM] += made
                account[VENTED] += condense(e, water, solid, i, laws, volume, steam)
            injure(e, water, solid, i, laws, dt, death, collagen, peak)
        left -= dt
        dt *= growth
