"""Kernels of the axisymmetric (z, r) model of a microbeam with a moving crater. SI units, temperatures as rises in kelvin.

Tissue is a stack of rings. Each ring has one front: cells above it have gone. Light follows the spreading beam to the present
front, is partly thrown deeper by steep walls, and what enters tissue runs along the refracted ray. Boiling, drying and removal
follow the laws of the one-dimensional model; heat goes both ways between cells that exist; steam and hot plume on their way
up the channel heat the walls they pass.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recutis.heat._column_kernel import Law
from recutis.jit import kernel
from recutis.light.lines import DRYING, EXPLOSIVE

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


class Grid(NamedTuple):
    """Edges of depth and radius [m], middle radius [m] and area [m2] of rings, dry heat capacity of each depth [J/m3 K]."""

    z: Array
    r: Array
    middle: Array
    area: Array
    solid: Array


class State(NamedTuple):
    """Per cell (z, r): heat [J/m3], water [kg/m3], latent energy taken [J/m3], two damage integrals, peak rise [K].

    Per ring: first cell still there, the share of it still there, and how far it was on its way out when it was laid bare.
    """

    e: Array
    water: Array
    latent: Array
    char: Array
    death: Array
    collagen: Array
    peak: Array
    front: Counts
    part: Array
    begun: Array


class Optics(NamedTuple):
    """Beam and channel: profile, wavelength [m], waist [m], Rayleigh length [m], index and extinction of tissue, polish of walls.

    Then the length over which plume absorbs [m], the Stanton number of the flow up the channel and the temperature at which
    its steam condenses, as a rise [K].
    """

    gaussian: bool
    wave_m: float
    waist_m: float
    rayleigh_m: float
    refraction: float
    extinction: float
    polish: float
    plume_m: float
    stanton: float
    steam_K: float


class Work(NamedTuple):
    """Room for a step: depth and slope of the front by ring, light on floors and walls, steam by depth, lines for sweeps."""

    depth: Array
    slope: Array
    floor: Array
    wall: Array
    steam: Array
    lines: Array
    deepest: Counts


# Indices of the energy account [J]; PEAK is a rise [K], SMOKE waits to be given to the walls, HARDEST [J/m2] steers the step.
ARRIVED, REMOVED, SURFACE, LATENT, THROUGH, PLUME, REFLECTED, PEAK, SMOKE, HARDEST, STEPS = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
ACCOUNTS = 11


# Numerical settings; finer ones move depths and rims by under a per cent.
WALL_RAYS = 3  # rays by which the light on the wall between two rings enters
FAINT = 1e-3  # share of a ray that is no longer followed
PART = 0.5  # of a cell that the front may cross in a step


@kernel
def fresnel(cosine: float, index: float, extinction: float) -> float:
    """Reflectance of unpolarised light that meets tissue from air at this cosine of incidence."""
    squared = (index + 1j * extinction) ** 2
    root = np.sqrt(squared - (1.0 - cosine * cosine))
    s = abs((cosine - root) / (cosine + root)) ** 2
    p = abs((squared * cosine - root) / (squared * cosine + root)) ** 2
    mean: float = 0.5 * (s + p)
    return mean


@kernel
def enclosed(radius: float, depth: float, optics: Optics) -> float:
    """Share of the beam's power inside a radius at a depth."""
    spread = 1.0 + (depth / optics.rayleigh_m) ** 2
    ratio = radius * radius / (optics.waist_m * optics.waist_m * spread)
    if optics.gaussian:
        share: float = -np.expm1(-2.0 * ratio)
        return share
    return min(ratio, 1.0)


@kernel
def capacity_of(state: State, grid: Grid, i: int, j: int, law: Law) -> float:
    """Heat capacity of a cell with its present water [J/m3 K]."""
    here: float = grid.solid[i] + law.water_heat_J_kg_K * state.water[i, j]
    return here


@kernel
def mua_of(state: State, grid: Grid, i: int, j: int, law: Law) -> float:
    """Absorption of a cell now [1/m]: its water, as its temperature lets it absorb, and its dry matter."""
    bleach = 1.0
    if law.bleach_hot != 1.0 or law.bleach_floor != 1.0:
        rise = max(state.e[i, j] / capacity_of(state, grid, i, j, law), 0.0)
        warm = min(rise / law.bleach_hot_K, 1.0)
        hot = min(max((rise - law.bleach_hot_K) / (law.bleach_floor_K - law.bleach_hot_K), 0.0), 1.0)
        bleach += (law.bleach_hot - 1.0) * warm + (law.bleach_floor - law.bleach_hot) * hot
    mua: float = law.mua_water_m * bleach * state.water[i, j] / law.water_full_kg_m3 + law.mua_dry_m
    return mua


@kernel
def progress(state: State, grid: Grid, i: int, j: int, law: Law) -> float:
    """How far a cell is on its way out: the energy spent in it over what removal needs, as in the one-dimensional model."""
    vapour = law.latent_J_kg + law.water_heat_J_kg_K * law.boil_K
    gone = state.latent[i, j] / law.latent_J_kg
    start = state.water[i, j] + gone
    wet = grid.solid[i] + law.water_heat_J_kg_K * start
    if law.mode == EXPLOSIVE:
        needed = wet * law.boil_K + law.steam_share * start * law.latent_J_kg
    else:
        needed = grid.solid[i] * law.dry_K + law.pyrolysis_J_m3 + start * vapour
    needed += law.burst * (min(wet * law.burst_K, needed) - needed)
    share: float = (state.e[i, j] + gone * vapour + state.char[i, j]) / needed
    return share


@kernel
def volume(state: State, grid: Grid, i: int, j: int) -> float:
    """What is there of a cell [m3]."""
    whole: float = grid.area[j] * (grid.z[i + 1] - grid.z[i])
    if i == state.front[j]:
        whole *= state.part[j]
    return whole


@kernel
def gone_share(state: State, grid: Grid, j: int, law: Law) -> float:
    """Share of the ring's first cell that has gone, from how far it is on its way out since it was laid bare.

    In a cell that this pulse met first, spent energy is taken to fall exponentially, as fast as to the next cell; what has
    spent enough is gone.
    """
    i = state.front[j]
    here = progress(state, grid, i, j, law)
    if state.begun[j] >= 0.0:
        moved: float = min(max((here - state.begun[j]) / max(1.0 - state.begun[j], 1e-9), 0.0), 0.95)
        return moved
    below = progress(state, grid, i + 1, j, law)
    if here <= below or below <= 0.0:
        return 0.0
    x = np.log(here / below) * 2.0 * (grid.z[i + 1] - grid.z[i]) / (grid.z[i + 2] - grid.z[i])
    surface = here * x / (1.0 - np.exp(-x))
    share: float = min(max(np.log(surface) / x, 0.0), 0.95)
    return share


@kernel
def survey(state: State, grid: Grid, law: Law, work: Work) -> None:
    """Depth of each ring's front and its slope; the axis is a mirror."""
    n = grid.area.size
    for j in range(n):
        i = state.front[j]
        thick = (grid.z[i + 1] - grid.z[i]) * state.part[j]
        work.depth[j] = grid.z[i + 1] - thick * (1.0 - gone_share(state, grid, j, law))
    for j in range(n):
        inner = work.depth[j - 1] if j > 0 else work.depth[0]
        outer = work.depth[j + 1] if j + 1 < n else work.depth[j]
        start = grid.middle[j - 1] if j > 0 else -grid.middle[0]
        end = grid.middle[j + 1] if j + 1 < n else grid.middle[j]
        work.slope[j] = (inner - outer) / (end - start)


@kernel
def share_out(grid: Grid, optics: Optics, work: Work) -> float:
    """Shares of the beam on floors and on the walls between them; returns the share that misses the grid."""
    n = grid.area.size
    owed = 0.0
    for j in range(n):
        deep = work.depth[j]
        inner = enclosed(grid.r[j], deep, optics)
        work.floor[j] = enclosed(grid.r[j + 1], deep, optics) - inner
        work.wall[j] = 0.0
        if j == 0:
            continue
        step = inner - enclosed(grid.r[j], work.depth[j - 1], optics)
        if step > 0.0 and work.depth[j - 1] > deep:
            work.wall[j] = step
        else:
            owed += step
        work.floor[j] += owed
        owed = min(work.floor[j], 0.0)
        work.floor[j] = max(work.floor[j], 0.0)
    return 1.0 - enclosed(grid.r[n], work.depth[n - 1], optics) - owed


@kernel
def march(
    state: State, grid: Grid, law: Law, work: Work, j: int, i: int, r: float, z: float, sine: float, energy: float, account: Array
) -> None:
    """Absorb `energy` [J] along a ray that enters ring j, cell i at (r, z) and runs outwards by this sine to the vertical."""
    cosine = np.sqrt(1.0 - sine * sine)
    left = energy
    nz, nr = state.e.shape
    while i < nz and j < nr:
        down = (grid.z[i + 1] - z) / cosine
        across = (grid.r[j + 1] - r) / sine if sine > 1e-6 else 1e9  # steeper rays stay in their ring
        path = min(down, across)
        if i >= state.front[j]:
            mua = mua_of(state, grid, i, j, law)
            part = -left * np.expm1(-mua * path)
            if left - part < FAINT * energy:
                part = left
            state.e[i, j] += part / volume(state, grid, i, j)
            left -= part
            work.deepest[0] = max(work.deepest[0], i)
        if left <= 0.0:
            return
        r += path * sine
        z += path * cosine
        if down <= across:
            i += 1
            z = grid.z[min(i, nz)]
        else:
            j += 1
            r = grid.r[min(j, nr)]
    account[THROUGH] += left


@kernel
def strike(
    state: State,
    grid: Grid,
    law: Law,
    optics: Optics,
    work: Work,
    j: int,
    i: int,
    r: float,
    z: float,
    energy: float,
    account: Array,
) -> float:
    """Light [J, before plume] meets ring j in cell i at (r, z): plume, absorption; returns what a steep wall throws deeper."""
    steep = max(work.slope[j], 0.0)
    wall = np.arctan(steep)
    turn = r * z / (optics.rayleigh_m**2 + z * z)
    incidence = max(wall - np.arctan(turn), 0.0)
    bounced = fresnel(np.cos(incidence), optics.refraction, optics.extinction)
    if wall > 0.0 and grid.r[j + 1] <= optics.wave_m:
        bounced = 0.0  # a hole narrower than the wavelength guides nothing
    elif wall > 0.0:
        smooth = np.cos(wall) ** 2  # flat ground reflects all alike; polish matters on walls
        bounced *= smooth + (1.0 - smooth) * optics.polish
    arriving = energy * (1.0 - bounced)
    if optics.plume_m > 0.0:
        taken = -arriving * np.expm1(-z / optics.plume_m)
        account[SMOKE] += taken
        arriving -= taken
    sine = min(np.sin(wall - np.arcsin(np.sin(incidence) / max(optics.refraction, 1.0))), 0.999)
    march(state, grid, law, work, j, i, r, z, max(sine, 0.0), arriving, account)
    if incidence > 0.25 * np.pi:  # beyond 45 degrees a mirror sends light on downwards
        return energy * bounced
    account[REFLECTED] += energy * bounced
    return 0.0


@kernel
def shine(state: State, grid: Grid, law: Law, optics: Optics, work: Work, energy: float, account: Array) -> None:
    """Deposit the light of a step [J]: rings from outside in; what walls throw deeper spreads evenly over the channel below."""
    survey(state, grid, law, work)
    account[ARRIVED] += energy
    account[STEPS] += 1
    account[THROUGH] += share_out(grid, optics, work) * energy
    pool = 0.0
    account[HARDEST] = 0.0
    for j in range(grid.area.size - 1, -1, -1):
        mixed = pool * grid.area[j] / (np.pi * grid.r[j + 1] ** 2)
        pool -= mixed
        here = energy * work.floor[j] + mixed
        if work.wall[j] > 0.0:
            lit = energy * work.wall[j]
            high = work.depth[j - 1] - work.depth[j]
            i = state.front[j]
            for place in range(WALL_RAYS):
                z = work.depth[j] + (place + 0.5) / WALL_RAYS * high
                while grid.z[i + 1] <= z:
                    i += 1
                pool += strike(state, grid, law, optics, work, j, i, grid.r[j], z, lit / WALL_RAYS, account)
        if here > 0.0:
            if grid.r[j] >= optics.wave_m:
                account[HARDEST] = max(account[HARDEST], here / grid.area[j])
            pool += strike(state, grid, law, optics, work, j, state.front[j], grid.middle[j], work.depth[j], here, account)
    account[REFLECTED] += pool


@kernel
def warm(state: State, grid: Grid, i: int, j: int, energy: float) -> None:
    """Give a cell heat [J]."""
    state.e[i, j] += energy / volume(state, grid, i, j)


@kernel
def room_in(state: State, grid: Grid, law: Law, i: int, j: int) -> float:
    """Heat that a cell takes before it boils [J]; nothing where there is no cell."""
    if i < state.front[j]:
        return 0.0
    room = capacity_of(state, grid, i, j, law) * law.boil_K - state.e[i, j]
    free: float = max(room, 0.0) * volume(state, grid, i, j)
    return free


@kernel
def condense_back(state: State, grid: Grid, law: Law, i: int, j: int, steam: float, above: float) -> float:
    """Share the steam [J] of a cell between the way out and the nearest cooler cells, below or outwards; returns what leaves.

    Flow shares itself by resistance: that of the dried tissue `above` [m] towards the crater, and that of moist tissue to
    where it condenses, as in the one-dimensional model.
    """
    nz, nr = state.e.shape
    m, n = i + 1, j + 1
    back, leaves = -1.0, steam
    while (back < 0.0 or back > 0.0) and (m < nz or n < nr):
        down = grid.z[m] - grid.z[i + 1] if m < nz else 1e9
        out = grid.r[n] - grid.r[j + 1] if n < nr else 1e9
        row, ring = (m, j) if down <= out else (i, n)
        room = room_in(state, grid, law, row, ring)
        if room > 0.0:
            if back < 0.0:
                way = (
                    0.5 * (grid.z[m + 1] + grid.z[m] - grid.z[i + 1] - grid.z[i])
                    if down <= out
                    else grid.middle[n] - grid.middle[j]
                )
                back = law.steam_return * above / (above + law.steam_resistance * way) * steam
            put = min(room, back)
            warm(state, grid, row, ring, put)
            back -= put
            leaves -= put
        if down <= out:
            m += 1
        else:
            n += 1
    return leaves


@kernel
def boil(state: State, grid: Grid, law: Law, work: Work, last: int, account: Array) -> None:
    """Turn heat above the boiling point into steam, and heat of dry tissue above its pyrolysis temperature into smoke.

    Steam finds its way out to the crater, or to the nearest cooler tissue, where it condenses.
    """
    nr = state.e.shape[1]
    vapour = law.latent_J_kg + law.water_heat_J_kg_K * law.boil_K
    for i in range(last):
        deep = 0.5 * (grid.z[i] + grid.z[i + 1])
        wall = -1.0
        for j in range(nr):
            if i < state.front[j]:
                continue
            if wall < 0.0:
                wall = grid.r[j] if j > 0 else -1e3
            if state.water[i, j] <= 0.0:
                spare = state.e[i, j] - grid.solid[i] * law.dry_K
                if law.mode == DRYING and spare > 0.0:
                    state.e[i, j] -= spare
                    state.char[i, j] += spare
                    account[LATENT] += spare * volume(state, grid, i, j)
                continue
            excess = state.e[i, j] - capacity_of(state, grid, i, j, law) * law.boil_K
            if excess <= 0.0:
                continue
            mass = min(excess / law.latent_J_kg, state.water[i, j])
            state.water[i, j] -= mass
            state.e[i, j] -= mass * vapour
            state.latent[i, j] += mass * law.latent_J_kg
            left = mass * vapour * volume(state, grid, i, j)
            if law.steam_return > 0.0:
                away = max(min(deep - work.depth[j], grid.middle[j] - wall), 0.0)
                left = condense_back(state, grid, law, i, j, left, away)
            account[LATENT] += left
            work.steam[i] += left


@kernel
def drop_first(state: State, grid: Grid, law: Law, j: int, account: Array) -> None:
    """Take away the first cell of a ring."""
    i = state.front[j]
    account[REMOVED] += state.e[i, j] * volume(state, grid, i, j)
    state.front[j] = i + 1
    state.part[j] = 1.0
    state.begun[j] = min(progress(state, grid, i + 1, j, law), 1.0)


@kernel
def retreat(state: State, grid: Grid, law: Law, account: Array) -> bool:
    """Remove cells that have spent what removal needs; returns False when a ring has come to the end of the grid.

    A ring left standing inside a deeper one is thinner than the light's reach and goes with the stream.
    """
    nz, nr = state.e.shape
    for j in range(nr - 1, -1, -1):
        while progress(state, grid, state.front[j], j, law) >= 1.0:
            if state.front[j] >= nz - 2:
                return False
            drop_first(state, grid, law, j, account)
        if j + 1 < nr:
            while state.front[j] < state.front[j + 1]:
                drop_first(state, grid, law, j, account)
    return True


@kernel
def expect(state: State, grid: Grid, law: Law) -> None:
    """Before a pulse: whether each ring's first cell is whole, else how far it is on its way out already."""
    for j in range(state.e.shape[1]):
        whole = state.part[j] >= 1.0
        state.begun[j] = -1.0 if whole else min(progress(state, grid, state.front[j], j, law), 1.0)


@kernel
def settle(state: State, grid: Grid, law: Law, account: Array) -> None:
    """After a pulse: each front stands inside its cell as far as that has come on its way out."""
    for j in range(state.e.shape[1]):
        i = state.front[j]
        share = gone_share(state, grid, j, law)
        account[REMOVED] += share * state.e[i, j] * volume(state, grid, i, j)
        state.part[j] *= 1.0 - share
    expect(state, grid, law)


@kernel
def conductivity(state: State, law: Law, i: int, j: int) -> float:
    """Conductivity of a cell by its present water [W/m K]."""
    k: float = law.conductivity_dry + law.conductivity_slope * state.water[i, j] / law.density_full
    return k


@kernel
def soak(state: State, grid: Grid, law: Law, rise: float, i: int, j: int, energy: float) -> float:
    """Let steam [J] condense in row i from ring j outwards, in cells cooler than it; returns what found no place."""
    nr = state.e.shape[1]
    while energy > 0.0 and j < nr:
        room = capacity_of(state, grid, i, j, law) * rise - state.e[i, j]
        if room > 0.0:
            put = min(room * volume(state, grid, i, j), energy)
            warm(state, grid, i, j, put)
            energy -= put
        j += 1
    return max(energy, 0.0)


@kernel
def heat_walls(state: State, grid: Grid, law: Law, optics: Optics, work: Work, account: Array) -> None:
    """Steam and hot plume on their way up the channel leave a part of their heat in the walls that they pass.

    In each row the flow loses the Stanton number times the wall over the cross section. It enters the wall as steam, which
    goes through tissue that boils and condenses in the first that is cooler.
    """
    nr = state.e.shape[1]
    low = 0
    for j in range(nr):
        low = max(low, state.front[j])
    hot = account[SMOKE] / grid.z[low] if low > 0 else 0.0
    account[PLUME] += account[SMOKE]
    account[SMOKE] = 0.0
    flow, wall = 0.0, 0
    for i in range(work.steam.size - 1, -1, -1):
        flow += work.steam[i]
        work.steam[i] = 0.0
        if i >= low or flow + hot <= 0.0:
            continue
        thick = grid.z[i + 1] - grid.z[i]
        flow += hot * thick
        while wall < nr and state.front[wall] > i:
            wall += 1
        if not 0 < wall < nr:
            continue
        taken = -flow * np.expm1(-optics.stanton * 2.0 * thick / grid.r[wall])
        taken -= soak(state, grid, law, optics.steam_K, i, wall, taken)
        flow -= taken
        account[LATENT] -= taken


@kernel
def sweep(lines: Array, n: int, dt: float, top: float, medium: float) -> float:
    """Backward Euler along a line of n cells; `lines` holds capacity and volume [J/K], links [W/K], heat; returns heat lost [J]."""
    mass, link, load, up, rise = lines[0], lines[1], lines[2], lines[3], lines[4]
    left = 0.0
    for m in range(n):
        right = link[m] if m + 1 < n else 0.0
        diagonal = mass[m] / dt + left + right
        gain = load[m] / dt
        if m == 0:
            diagonal += top
            gain += top * medium
        else:
            diagonal -= left * up[m - 1]
            gain += left * rise[m - 1]
        up[m] = right / diagonal
        rise[m] = gain / diagonal
        left = right
    for m in range(n - 2, -1, -1):
        rise[m] += up[m] * rise[m + 1]
    lost: float = top * (rise[0] - medium) * dt
    return lost


@kernel
def conduct_down(state: State, grid: Grid, law: Law, work: Work, last: int, dt: float, air: float, medium: float) -> float:
    """Conduction along the depth in every ring, from its front down to row `last`; returns heat lost to the air [J]."""
    lost = 0.0
    mass, link, load, rise = work.lines[0], work.lines[1], work.lines[2], work.lines[4]
    for j in range(state.e.shape[1]):
        first = state.front[j]
        n = last - first
        if n < 2:
            continue
        before = 0.0
        for m in range(n):
            i = first + m
            size = volume(state, grid, i, j)
            half = 0.5 * size / grid.area[j] / conductivity(state, law, i, j)
            mass[m] = capacity_of(state, grid, i, j, law) * size
            load[m] = state.e[i, j] * size
            if m > 0:
                link[m - 1] = grid.area[j] / (before + half)
            before = half
        top = 0.0
        if air > 0.0 and first == 0:
            top = grid.area[j] / (1.0 / air + 0.5 * (grid.z[1] - grid.z[0]) * state.part[j] / conductivity(state, law, 0, j))
        lost += sweep(work.lines, n, dt, top, medium)
        for m in range(n):
            i = first + m
            state.e[i, j] = capacity_of(state, grid, i, j, law) * rise[m]
    return lost


@kernel
def conduct_across(state: State, grid: Grid, law: Law, work: Work, last: int, dt: float) -> None:
    """Conduction along the radius at every depth, between cells that exist; walls and the outer edge are insulated."""
    nr = state.e.shape[1]
    mass, link, load, rise = work.lines[0], work.lines[1], work.lines[2], work.lines[4]
    for i in range(last):
        thick = grid.z[i + 1] - grid.z[i]
        before, high = 0.0, 0.0
        for j in range(nr):
            if i < state.front[j]:
                mass[j], load[j], high = 1.0, 0.0, 0.0
                if j > 0:
                    link[j - 1] = 0.0
                continue
            tall = thick * state.part[j] if i == state.front[j] else thick
            heat = capacity_of(state, grid, i, j, law)
            mass[j] = heat * tall * grid.area[j]
            load[j] = state.e[i, j] * tall * grid.area[j]
            half = 0.5 * (grid.r[j + 1] - grid.r[j]) / conductivity(state, law, i, j)
            if j > 0:
                link[j - 1] = 2.0 * np.pi * grid.r[j] * min(high, tall) / (before + half)
            before, high = half, tall
        sweep(work.lines, nr, dt, 0.0, 0.0)
        for j in range(nr):
            if i >= state.front[j]:
                state.e[i, j] = capacity_of(state, grid, i, j, law) * rise[j]


@kernel
def injure(state: State, grid: Grid, law: Law, last: int, dt: float, account: Array) -> None:
    """Add damage for a step and keep peak rises."""
    nr = state.e.shape[1]
    for i in range(last):
        for j in range(nr):
            if i < state.front[j]:
                continue
            rise = state.e[i, j] / capacity_of(state, grid, i, j, law)
            state.peak[i, j] = max(state.peak[i, j], rise)
            account[PEAK] = max(account[PEAK], rise)
            kelvin = law.start_K + rise
            if kelvin > 313.0:  # 40 C: no process of the evidence acts within minutes below it
                inverse = 1.0 / kelvin
                state.death[i, j] += dt * np.exp(min(law.ln_a1 - law.e1 * inverse, 60.0))  # 60: far beyond any threshold
                state.collagen[i, j] += dt * np.exp(min(law.ln_a2 - law.e2 * inverse, 60.0))


@kernel
def warm_rows(state: State, work: Work) -> int:
    """Rows that conduction must see: grow the window while its last rows have warmed or cooled."""
    nz, nr = state.e.shape
    last: int = min(max(work.deepest[0] + 12, 16), nz)
    while last < nz:
        most = 0.0
        for j in range(nr):
            most = max(most, abs(state.e[last - 2, j]))
        if most < 1e3:  # 1 J/l is below a millikelvin
            break
        last = min(nz, last + 8)
    work.deepest[0] = max(work.deepest[0], last - 12)
    return last


@kernel
def heat_step(
    state: State, grid: Grid, law: Law, optics: Optics, work: Work, dt: float, air: float, medium: float, account: Array
) -> None:
    """Everything but light for a time dt: steam and plume on the walls, conduction, boiling, damage."""
    heat_walls(state, grid, law, optics, work, account)
    last = warm_rows(state, work)
    conduct_across(state, grid, law, work, last, dt)
    account[SURFACE] += conduct_down(state, grid, law, work, last, dt, air, medium)
    boil(state, grid, law, work, last, account)
    injure(state, grid, law, last, dt, account)


@kernel
def lit(
    state: State,
    grid: Grid,
    law: Law,
    optics: Optics,
    work: Work,
    seconds: float,
    power_W: float,
    cadence_s: float,
    air: float,
    medium: float,
    account: Array,
) -> bool:
    """A stretch of constant power. Light steps move the front at most a part of a cell; conduction follows at its cadence."""
    left, waited = seconds, 0.0
    fine = grid.z[1] - grid.z[0]
    hardest = 2.0 * power_W / (np.pi * optics.waist_m**2)
    while left > 0.0:
        dt = min(left, cadence_s, PART * fine * law.ablation_J_m3 / max(hardest, 1e-9))
        shine(state, grid, law, optics, work, power_W * dt, account)
        hardest = account[HARDEST] / dt
        boil(state, grid, law, work, min(work.deepest[0] + 1, state.e.shape[0]), account)
        if not retreat(state, grid, law, account):
            return False
        left = left - dt if left - dt > 1e-9 * seconds else 0.0
        waited += dt
        if waited >= 0.999 * cadence_s or left <= 0.0:
            heat_step(state, grid, law, optics, work, waited, air, medium, account)
            waited = 0.0
            if not retreat(state, grid, law, account):
                return False
    return True


@kernel
def dark(
    state: State,
    grid: Grid,
    law: Law,
    optics: Optics,
    work: Work,
    seconds: float,
    first_dt: float,
    growth: float,
    air: float,
    medium: float,
    account: Array,
) -> float:
    """A stretch without light in steps that grow; returns the next step's length."""
    left, dt = seconds, first_dt
    while left > 0.0:
        now = left if dt > 0.999 * left else dt
        heat_step(state, grid, law, optics, work, now, air, medium, account)
        left -= now
        dt *= growth
    return dt
