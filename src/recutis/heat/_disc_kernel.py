"""Kernels of the axisymmetric (z, r) enthalpy model: implicit conduction by sweeps, boiling cap, damage. SI, rises in K."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recutis.jit import kernel

Array = NDArray[np.float64]


@kernel
def sweep(
    e: Array, capacity: Array, volume: Array, link: Array, dt: float, top: float, medium: float, up: Array, rise: Array
) -> float:
    """Backward Euler along one line of cells; `link[i]` couples i and i+1 [W/K]. Returns heat lost at cell 0 [J]."""
    n = e.size
    left = 0.0
    for i in range(n):
        right = link[i] if i + 1 < n else 0.0
        diagonal = capacity[i] * volume[i] / dt + left + right
        load = e[i] * volume[i] / dt
        if i == 0:
            diagonal += top
            load += top * medium
        else:
            diagonal -= left * up[i - 1]
            load += left * rise[i - 1]
        up[i] = right / diagonal
        rise[i] = load / diagonal
        left = right
    for i in range(n - 2, -1, -1):
        rise[i] += up[i] * rise[i + 1]
    for i in range(n):
        e[i] = capacity[i] * rise[i]
    lost: float = top * (rise[0] - medium) * dt
    return lost


@kernel
def conduct_down(
    e: Array,
    water: Array,
    solid: Array,
    k: Array,
    z_edges: Array,
    r_edges: Array,
    dt: float,
    transfer: float,
    medium: float,
    water_heat: float,
) -> float:
    """Conduction along the depth in every ring; returns heat lost at the surface [J]."""
    nz, nr = e.shape
    lost = 0.0
    cap, vol, link, line, up, rise = np.empty(nz), np.empty(nz), np.empty(nz), np.empty(nz), np.empty(nz), np.empty(nz)
    for j in range(nr):
        area = np.pi * (r_edges[j + 1] ** 2 - r_edges[j] ** 2)
        for i in range(nz):
            dz = z_edges[i + 1] - z_edges[i]
            cap[i] = solid[i] + water_heat * water[i, j]
            vol[i] = area * dz
            line[i] = e[i, j]
            if i + 1 < nz:
                below = z_edges[i + 2] - z_edges[i + 1]
                link[i] = area / (0.5 * dz / k[i] + 0.5 * below / k[i + 1])
        half = 0.5 * (z_edges[1] - z_edges[0]) / k[0]
        top = area / (1.0 / transfer + half) if transfer > 0.0 else 0.0
        lost += sweep(line, cap, vol, link, dt, top, medium, up, rise)
        for i in range(nz):
            e[i, j] = line[i]
    return lost


@kernel
def conduct_across(
    e: Array, water: Array, solid: Array, k: Array, z_edges: Array, r_edges: Array, dt: float, water_heat: float
) -> None:
    """Conduction along the radius at every depth; the rim is insulated."""
    nz, nr = e.shape
    cap, vol, link, line, up, rise = np.empty(nr), np.empty(nr), np.empty(nr), np.empty(nr), np.empty(nr), np.empty(nr)
    for i in range(nz):
        dz = z_edges[i + 1] - z_edges[i]
        for j in range(nr):
            cap[j] = solid[i] + water_heat * water[i, j]
            vol[j] = np.pi * (r_edges[j + 1] ** 2 - r_edges[j] ** 2) * dz
            line[j] = e[i, j]
            if j + 1 < nr:
                apart = 0.5 * (r_edges[j + 2] - r_edges[j])
                link[j] = 2.0 * np.pi * r_edges[j + 1] * dz * k[i] / apart
        sweep(line, cap, vol, link, dt, 0.0, 0.0, up, rise)
        for j in range(nr):
            e[i, j] = line[j]


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
    lost = 0.0
    steam = 0.0
    left = seconds
    dt = first_dt
    while left > 0.0:
        if dt > 0.999 * left:
            dt = left
        for i in range(e.shape[0]):
            for j in range(e.shape[1]):
                e[i, j] += density[i, j] * dt
        lost += conduct_down(e, water, solid, k, z_edges, r_edges, dt, transfer, medium, water_heat)
        conduct_across(e, water, solid, k, z_edges, r_edges, dt, water_heat)
        steam += boil_and_injure(
            e, water, solid, z_edges, r_edges, dt, boil, latent_heat, water_heat, damage, start_K, ln_a, e_r, peak
        )
        left -= dt
        dt = min(dt * growth, largest_dt)
    return lost, steam
