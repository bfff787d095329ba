"""Layered tissue on depth and radius with fixed steps: conduction of `_rz_kernel`, boiling cap, damage. SI, rises in K."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recutis.heat._rz_kernel import LANES, conduct_rz
from recutis.jit import kernel

Array = NDArray[np.float64]


@kernel
def boil_and_injure(
    e: Array,
    water: Array,
    solid: Array,
    z_edges: Array,
    r_edges: Array,
    dt: float,
    boil: float,
    latent_heat: float,
    water_heat: float,
    damage: Array,
    start_K: float,
    ln_a: float,
    e_r: float,
    peak: Array,
) -> float:
    """Heat above boiling turns to steam, damage grows, peaks are kept; returns the energy of the steam [J]."""
    nz, nr = e.shape
    steam = 0.0
    for i in range(nz):
        dz = z_edges[i + 1] - z_edges[i]
        for j in range(nr):
            heat = solid[i] + water_heat * water[i, j]
            now = e[i, j]
            if now > heat * boil and water[i, j] > 0.0:
                mass = min((now - heat * boil) / latent_heat, water[i, j])
                gone = mass * (latent_heat + water_heat * boil)
                water[i, j] -= mass
                now -= gone
                steam += gone * np.pi * (r_edges[j + 1] ** 2 - r_edges[j] ** 2) * dz
                heat = solid[i] + water_heat * water[i, j]
                e[i, j] = now
            hot = now / heat
            peak[i, j] = max(peak[i, j], hot)
            kelvin = start_K + hot
            if kelvin > 313.0:  # 40 C
                damage[i, j] += dt * np.exp(min(ln_a - e_r / kelvin, 60.0))  # 60: far beyond any threshold
    return steam


@kernel
def advance(
    e: Array,
    water: Array,
    solid: Array,
    k: Array,
    z_edges: Array,
    r_edges: Array,
    density: Array,
    seconds: float,
    first_dt: float,
    growth: float,
    largest_dt: float,
    transfer: float,
    medium: float,
    boil: float,
    latent_heat: float,
    water_heat: float,
    damage: Array,
    start_K: float,
    ln_a: float,
    e_r: float,
    peak: Array,
) -> tuple[float, float]:
    """Advance by `seconds` with heat `density` [W/m3] added before each step; returns surface loss and steam energy [J].

    A step conducts along the depth, then along the radius, then boils and injures. Steam stays in the tissue: its
    energy is latent heat that later condenses, so the caller counts it as stored.
    """
    nz, nr = e.shape
    blocks = max(nz * -(-nr // LANES), nr * -(-nz // LANES))
    work, losses, front, blood = np.zeros(blocks * 4 * LANES), np.zeros((2, nr)), np.zeros(nr, np.int64), np.zeros(nz)
    capacity, conductivity = np.empty((nz, nr)), np.empty((nz, nr))
    for i in range(nz):
        conductivity[i] = k[i]
    lost = 0.0
    steam = 0.0
    left = seconds
    dt = first_dt
    while left > 0.0:
        if dt > 0.999 * left:
            dt = left
        for i in range(nz):
            for j in range(nr):
                e[i, j] += density[i, j] * dt
                capacity[i, j] = solid[i] + water_heat * water[i, j]
        lost += conduct_rz(e, capacity, conductivity, z_edges, r_edges, front, dt, transfer, medium, blood, 0.0, work, losses)[0]
        steam += boil_and_injure(
            e, water, solid, z_edges, r_edges, dt, boil, latent_heat, water_heat, damage, start_K, ln_a, e_r, peak
        )
        left -= dt
        dt = min(dt * growth, largest_dt)
    return lost, steam
