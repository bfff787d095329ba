"""Kernel of one vessel as a cylinder: implicit conduction in rings, boiling of the blood, damage of wall and blood. SI."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recutis.jit import kernel

Array = NDArray[np.float64]
WALL, INSIDE, BLOOD, PEAK, STEAM, GIVEN, OUTSIDE, SKIN = range(8)  # entries of the account; SKIN: highest rise inside of the wall
ACCOUNTS = 8


@kernel
def shaded(mua_m: float, diameter_m: float) -> float:
    """Absorption averaged over a cylinder that shades itself."""
    x = mua_m * diameter_m
    return mua_m * (-np.expm1(-x) / x) if x > 1e-9 else mua_m


@kernel
def conduct(rise: Array, capacity: Array, link: Array, dt: float, up: Array) -> float:
    """Backward Euler over all rings, in place; the last ring touches tissue that stays cold. Returns the heat lost there [J/m]."""
    n = rise.size
    left = 0.0
    for i in range(n):
        right = link[i]
        diagonal = capacity[i] / dt + left + right
        load = capacity[i] / dt * rise[i]
        if i > 0:
            diagonal -= left * up[i - 1]
            load += left * rise[i - 1]
        up[i] = right / diagonal
        rise[i] = load / diagonal
        left = right
    for i in range(n - 2, -1, -1):
        rise[i] += up[i] * rise[i + 1]
    lost: float = link[n - 1] * rise[n - 1] * dt
    return lost


@kernel
def boil(rise: Array, steam: Array, capacity: Array, rings: int, most: float) -> None:
    """Heat of the blood above the boiling rise becomes steam; steam gives it back where the blood has cooled below."""
    for i in range(rings):
        over = (rise[i] - most) * capacity[i]
        if over > 0.0 or steam[i] > 0.0:
            change = max(over, -steam[i])
            steam[i] += change
            rise[i] -= change / capacity[i]


@kernel
def rate(ln_a: float, e_r: float, kelvin: float) -> float:
    """Rate of an Arrhenius process [1/s], bounded far beyond any threshold."""
    return float(np.exp(min(ln_a - e_r / kelvin, 80.0)))


@kernel
def expose(
    rise: Array, steam: Array, capacity: Array, link: Array, area: Array, rings: int, wall: int, seconds: Array, power: Array,
    first: Array, growth: Array, start_K: float, cold_m: float, hot_m: float, cold_K: float, hot_K: float, lasting_K: float,
    diameter_m: float, most: float, wall_law: Array, blood_law: Array, account: Array,
) -> None:  # fmt: skip
    """Follow a vessel through stretches of light and dark.

    `rings` cells are blood, `wall` cells reach to the outside of the wall. `power` is the fluence rate around the vessel
    [W/m²]; its blood absorbs `cold_m` at `cold_K` and `hot_m` [1/m] from `hot_K` on. What has changed above `lasting_K` stays.
    """
    n = rise.size
    up = np.empty(n)
    total = 0.0
    half = 0
    for i in range(rings):
        total += area[i]
    partly = 0.0
    for i in range(rings):
        partly += area[i]
        if partly >= 0.5 * total:
            half = i
            break
    before_wall, before_inside, before_blood = 0.0, 0.0, 0.0
    fresh = True
    kept = 0.0
    for part in range(seconds.size):
        left, dt = seconds[part], first[part]
        while left > 1e-12 * seconds[part]:
            dt = min(dt, left)
            if power[part] > 0.0:
                warm = 0.0
                for i in range(rings):
                    warm += rise[i] * area[i]
                kelvin = start_K + warm / total
                share = min(max((kelvin - cold_K) / (hot_K - cold_K), 0.0), 1.0)
                if kelvin >= lasting_K:
                    kept = max(kept, share)
                share = max(share, kept)
                heat = power[part] * shaded(cold_m + (hot_m - cold_m) * share, diameter_m) * dt
                for i in range(rings):
                    rise[i] += heat * area[i] / capacity[i]
                account[GIVEN] += heat * total
            account[OUTSIDE] += conduct(rise, capacity, link, dt, up)
            boil(rise, steam, capacity, rings, most)
            inside = rate(wall_law[0], wall_law[1], start_K + 0.5 * (rise[rings - 1] + rise[rings]))
            outer = rate(wall_law[0], wall_law[1], start_K + 0.5 * (rise[wall - 1] + rise[wall]))
            blood = rate(blood_law[0], blood_law[1], start_K + rise[half])
            if not fresh:
                account[WALL] += 0.5 * (outer + before_wall) * dt
                account[INSIDE] += 0.5 * (inside + before_inside) * dt
                account[BLOOD] += 0.5 * (blood + before_blood) * dt
            before_wall, before_inside, before_blood, fresh = outer, inside, blood, False
            account[PEAK] = max(account[PEAK], rise[0])
            account[SKIN] = max(account[SKIN], 0.5 * (rise[rings - 1] + rise[rings]))
            vapour = 0.0
            for i in range(rings):
                vapour += steam[i]
            account[STEAM] = max(account[STEAM], vapour / total)
            left -= dt
            dt *= growth[part]


@kernel
def expose_layer(
    rise: Array, capacity: Array, link: Array, thick: Array, cell: int, seconds: float, power: float, dt: float, start_K: float,
    cold_m: float, hot_m: float, cold_K: float, hot_K: float, most: float, law: Array,
) -> float:  # fmt: skip
    """Light on a deep layer of blood that absorbs more as it gets hot; returns the damage of one cell [-]."""
    n = rise.size
    up, steam = np.empty(n), np.zeros(n)
    time, before, dose = 0.0, 0.0, 0.0
    while time < 3.0 * seconds:
        if time < seconds:
            left = power * dt
            for i in range(n):
                share = min(max((start_K + rise[i] - cold_K) / (hot_K - cold_K), 0.0), 1.0)
                taken = left * -np.expm1(-(cold_m + (hot_m - cold_m) * share) * thick[i])
                rise[i] += taken / capacity[i]
                left -= taken
        conduct(rise, capacity, link, dt, up)
        boil(rise, steam, capacity, n, most)
        now = rate(law[0], law[1], start_K + rise[cell])
        dose += 0.5 * (now + before) * dt
        before = now
        time += dt
    return dose
