"""One-dimensional heat, boiling and removal in layered tissue: grids, schedules and the audited run."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError, RecutisError
from recutis.heat import _column_kernel as kernels
from recutis.heat import damage, tissue
from recutis.light.lines import PRESCRIBED, Line
from recutis.units import J_M3_PER_J_CM3, KELVIN_OFFSET, M_PER_UM, MS_PER_S, PER_M_PER_CM, UM_PER_M

Array = NDArray[np.float64]
_HISTORY_ROWS = 4000  # longest run stored for probes; steps number some hundreds
_GROWTH = 1.10  # each cooling step is this much longer; halving the growth moves depths by under one per cent
_GONE = 60.0  # logarithm of damage that stands for removed tissue
_AUDIT = 1e-6  # the contract: energy closes to a millionth of the input
_KJ = MS_PER_S
_US_PER_S = 1e6  # SI prefix
_STATE = {
    "dz": "dz_m", "e": "heat_J_m3", "water": "water_kg_m3", "water_start": "water_start_kg_m3", "latent": "latent_J_m3",
    "char": "char_J_m3", "solid": "solid_J_m3_K", "damage1": "death", "damage2": "collagen", "peak": "peak_K",
}  # fmt: skip


class EnergyError(RecutisError):
    """The energy account of a run does not close; the result must not be used."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of time with constant irradiance [W/m2] and constant cooling [W/m2 K, °C]."""

    seconds: float
    irradiance_W_m2: float = 0.0
    transfer_W_m2_K: float = 0.0
    medium_C: float = 22.0


@dataclass(frozen=True, kw_only=True)
class Slab:
    """Tissue layers top to bottom: thickness [µm] and water mass fraction of each, and the initial temperature [°C]."""

    thickness_um: tuple[float, ...]
    water_fraction: tuple[float, ...]
    start_C: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Column:
    """State of a column of tissue. Arrays have one entry a cell; `first` is the first cell still there.

    Cell i ends at `edges_m[i + 1]`; the first one begins at `depth_m`. Energy of steam (`latent_J_m3`) and of smoke
    (`char_J_m3`) has left the cells in this pass.
    """

    edges_m: Array
    dz_m: Array
    heat_J_m3: Array
    water_kg_m3: Array
    water_start_kg_m3: Array
    latent_J_m3: Array
    char_J_m3: Array
    solid_J_m3_K: Array
    death: Array
    collagen: Array
    peak_K: Array
    first: int
    depth_m: float
    start_C: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """A finished run: final column, energies [J/m2], highest surface temperature, history of the probed cells [s, °C].

    `lit_J_m3` is the heat of each cell when the last light went out; `nearest` how near the surface came to removal (it
    begins at 1); `plume` the energy that ejecta and plume took.
    """

    column: Column
    arrived: float
    removed: float
    surface: float
    stored: float
    through: float
    plume: float
    residual: float
    peak_surface_C: float
    nearest: float
    time_s: Array
    probes_C: Array
    lit_J_m3: Array


def stretched_edges(*, fine_m: float, fine_to_m: float, stretch: float, end_m: float) -> Array:
    """Cell edges from 0 to about `end_m`: equal cells down to `fine_to_m`, then growing by `stretch`."""
    count = max(4, math.ceil(fine_to_m / fine_m))
    edges = [i * fine_m for i in range(count + 1)]
    step = fine_m
    while edges[-1] < end_m:
        step *= stretch
        edges.append(edges[-1] + step)
    return np.array(edges)


def new_column(slab: Slab, edges_m: Array) -> Column:
    """Fresh tissue on a grid; cells take the properties of the layer at their middle, the last layer goes on below."""
    middle = (edges_m[:-1] + edges_m[1:]) / 2 * UM_PER_M
    bottoms = np.cumsum(slab.thickness_um)
    layer = np.minimum(np.searchsorted(bottoms, middle, side="right"), len(slab.thickness_um) - 1)
    properties = [tissue.thermal(fraction) for fraction in slab.water_fraction]
    water = np.array([x.water_kg_m3 for x in properties])[layer]
    n = middle.size
    return Column(
        edges_m=edges_m,
        dz_m=np.diff(edges_m),
        heat_J_m3=np.zeros(n),
        water_kg_m3=water,
        water_start_kg_m3=water.copy(),
        latent_J_m3=np.zeros(n),
        char_J_m3=np.zeros(n),
        solid_J_m3_K=np.array([x.solid_J_m3_K for x in properties])[layer],
        death=np.zeros(n),
        collagen=np.zeros(n),
        peak_K=np.zeros(n),
        first=0,
        depth_m=0.0,
        start_C=slab.start_C,
    )


def heating_only(boil_C: float) -> Line:
    """No Beer-Lambert light and no removal: a given heat source with a boiling cap."""
    return Line(mode=PRESCRIBED, water_mua_cm=0.0, dry_mua_cm=0.0, boil_C=boil_C, ablation_kJ_cm3=1.0)


def superheat_C(line: Line, start_C: float, irradiance_W_m2: float) -> float:
    """Temperature at which water leaves under this irradiance [°C].

    Slowly heated water boils at the boiling point of the line. Water that reaches it sooner than vapour can form and find a
    way out (`superheat_us`) goes on towards the limit of superheat; the time is that of an absorbing layer without
    conduction plus that of a surface with it.
    """
    if irradiance_W_m2 <= 0.0 or line.superheat_us <= 0.0:
        return line.boil_C
    wet = tissue.thermal(evidence.value("phys_reference_water"))
    heat = wet.capacity_J_m3_K * (line.boil_C - start_C)
    mua = line.wet_mua_cm(evidence.value("phys_reference_water")) * PER_M_PER_CM
    conducted = math.pi * wet.diffusivity_m2_s * (heat / irradiance_W_m2) ** 2 / 4.0
    seconds = heat / (mua * irradiance_W_m2) + conducted
    share = line.superheat_us / (line.superheat_us + seconds * _US_PER_S)
    return line.boil_C + share * (line.limit_C - line.boil_C)


def law_of(
    line: Line,
    start_C: float,
    *,
    first: damage.Process,
    second: damage.Process,
    irradiance_W_m2: float = 0.0,
    pulse_s: float = math.inf,
) -> kernels.Law:
    """The kernel's law: SI units, temperatures as rises over the start.

    `irradiance_W_m2` (entering the tissue, mean of a pulse) and `pulse_s` decide how far water superheats and whether
    tissue bursts before steam finds a way out; without them heating is slow.
    """
    k_dry, k_slope = tissue.linear("k_vs_water_fraction")
    wet = tissue.thermal(evidence.value("phys_reference_water"))
    ablation = line.ablation_kJ_cm3 * _KJ * J_M3_PER_J_CM3
    boil_K = superheat_C(line, start_C, irradiance_W_m2) - start_C
    steam = ablation - wet.capacity_J_m3_K * boil_K
    burst = line.venting_us / (line.venting_us + pulse_s * _US_PER_S) if line.venting_us > 0.0 else 0.0
    burst_J_m3 = wet.capacity_J_m3_K * (line.limit_C - start_C)
    return kernels.Law(
        mode=line.mode,
        start_K=start_C + KELVIN_OFFSET,
        boil_K=boil_K,
        latent_J_kg=tissue.latent_J_kg(),
        water_heat_J_kg_K=tissue.water_heat_J_kg_K(),
        mua_water_m=line.water_mua_cm * PER_M_PER_CM,
        mua_dry_m=line.dry_mua_cm * PER_M_PER_CM,
        bleach_hot=line.bleach_hot,
        bleach_hot_K=evidence.value("phys_boiling") - start_C,
        bleach_floor=line.bleach_floor,
        bleach_floor_K=line.limit_C - start_C,
        ablation_J_m3=burst * min(burst_J_m3, ablation) + (1.0 - burst) * ablation,
        steam_share=min(max(steam / (wet.water_kg_m3 * tissue.latent_J_kg()), 0.0), 1.0),
        dry_K=line.dry_C - start_C,
        pyrolysis_J_m3=line.pyrolysis_kJ_cm3 * _KJ * J_M3_PER_J_CM3,
        burst=burst,
        burst_K=line.limit_C - start_C,
        steam_return=line.steam_return,
        steam_resistance=line.steam_resistance,
        ejecta_s=line.ejecta_us / _US_PER_S,
        water_diffusion_m2_s=line.water_diffusion_m2_s,
        water_full_kg_m3=evidence.value("phys_liquid_water_density"),
        conductivity_dry=k_dry,
        conductivity_slope=k_slope,
        density_full=wet.density_kg_m3,
        ln_a1=math.log(first.frequency_s),
        e1=first.energy_J_mol / damage.GAS_CONSTANT_J_MOL_K,
        ln_a2=math.log(second.frequency_s),
        e2=second.energy_J_mol / damage.GAS_CONSTANT_J_MOL_K,
    )


def run(
    column: Column,
    law: kernels.Law,
    segments: tuple[Segment, ...],
    *,
    source_m: Array | None = None,
    probes_m: tuple[float, ...] = (),
    refine: float = 1.0,
) -> Run:
    """Heat a column through all segments and check its energy.

    `source_m` (1/m, one entry a cell) is the absorbed fraction of the incident light per depth; it is
    needed where the law has no light of its own. `probes_m` are depths from the original surface. `refine` makes the
    steps so many times shorter.
    Raises EnergyError when the account does not close to 1e-6 of the energy moved, OutOfRangeError for a
    segment with negative time or irradiance.
    """
    for segment in segments:
        if segment.seconds < 0 or segment.irradiance_W_m2 < 0:
            msg = (
                f"A segment needs time and irradiance of at least 0; got {segment.seconds:g} s, {segment.irradiance_W_m2:g} W/m²."
            )
            raise OutOfRangeError(msg)
    used = tuple(x for x in segments if x.seconds > 0)
    cells = kernels.Cells(**{name: np.array(getattr(column, field)) for name, field in _STATE.items()})
    before = float(np.sum(column.heat_J_m3[column.first :] * column.dz_m[column.first :]))
    places = np.searchsorted(column.edges_m, np.array(probes_m, dtype=np.float64), side="right") - 1
    probes = np.clip(places, 0, column.dz_m.size - 1).astype(np.int64)
    history = np.zeros((_HISTORY_ROWS if probes_m else 0, probes.size + 1))
    lit = np.zeros(column.dz_m.size)
    account = np.zeros(kernels.ACCOUNTS)
    account[kernels.DEPTH] = column.depth_m
    account[kernels.PEAK] = -1e9
    source = np.zeros(column.dz_m.size) if source_m is None else np.asarray(source_m, dtype=np.float64)
    first, rows = kernels.run_column(
        cells, column.first, source, np.array([x.seconds for x in used]), np.array([x.irradiance_W_m2 for x in used]),
        np.array([x.transfer_W_m2_K for x in used]), np.array([x.medium_C - column.start_C for x in used]), law,
        1.0 + (_GROWTH - 1.0) / refine, probes, history, lit, account,
    )  # fmt: skip
    done = replace(
        column, first=first, depth_m=float(account[kernels.DEPTH]),
        **{field: getattr(cells, name) for name, field in _STATE.items()},
    )  # fmt: skip
    after = float(np.sum(done.heat_J_m3[first:] * done.dz_m[first:]))
    return _audited(done, account, source, before, after, history[:rows].copy(), lit)


def _audited(column: Column, account: Array, source: Array, before: float, after: float, history: Array, lit: Array) -> Run:
    arrived, plume, through = (float(account[i]) for i in (kernels.ARRIVED, kernels.PLUME, kernels.THROUGH))
    prescribed = float(np.sum(source * np.diff(column.edges_m)))
    if prescribed > 0.0:
        through = arrived * (1.0 - prescribed)
    removed = float(account[kernels.REMOVED] + account[kernels.LATENT])
    surface = float(account[kernels.SURFACE])
    residual = arrived - plume - through - removed - surface - (after - before)
    moved = max(arrived, abs(surface), abs(removed), 1.0)
    if not abs(residual) <= _AUDIT * moved:
        msg = (
            f"The energy account of a heat run misses {residual:.3g} of {moved:.3g} J/m²; more than {_AUDIT:g} of it. "
            "Do not use this result; please report the settings."
        )
        raise EnergyError(msg)
    return Run(
        column=column, arrived=arrived, removed=removed, surface=surface, stored=after - before, through=through, plume=plume,
        residual=residual, peak_surface_C=float(account[kernels.PEAK]) + column.start_C, nearest=float(account[kernels.NEAREST]),
        time_s=history[:, 0], probes_C=history[:, 1:] + column.start_C, lit_J_m3=lit,
    )  # fmt: skip


def rested(column: Column, seconds: float = 0.0, diffusion_m2_s: float = 0.0) -> Column:
    """The column `seconds` later: the heat of the last pass has gone, removed tissue stays so, water diffuses back.

    Tissue that has lost its water begins the next pass without it, as far as none came back from below.
    """
    rest = replace(
        column, heat_J_m3=np.zeros_like(column.heat_J_m3), latent_J_m3=np.zeros_like(column.latent_J_m3),
        char_J_m3=np.zeros_like(column.char_J_m3), water_kg_m3=column.water_kg_m3.copy(),
    )  # fmt: skip
    if seconds > 0.0 and diffusion_m2_s > 0.0:
        n = rest.dz_m.size
        cells = kernels.Cells(**{name: getattr(rest, field) for name, field in _STATE.items()})
        law = law_of(
            replace(heating_only(column.start_C), water_diffusion_m2_s=diffusion_m2_s), column.start_C,
            first=damage.cell_death(), second=damage.collagen(),
        )  # fmt: skip
        kernels.moisten(cells, rest.first, seconds, law, np.empty((2, n)))
    return rest


def wiped(column: Column, share: float) -> Column:
    """The column after its dried top has been wiped off, down to where `share` of the water is left."""
    left = column.water_kg_m3 / column.water_start_kg_m3
    moist = np.nonzero(left[column.first : -2] >= share)[0]
    cell = column.first + int(moist[0]) if moist.size else column.dz_m.size - 2
    if cell == column.first:
        return column
    above, under = _middle(column, cell - 1), _middle(column, cell)
    place = (share - left[cell - 1]) / max(left[cell] - left[cell - 1], share - left[cell - 1])
    depth = above + place * (under - above)
    first = cell if depth >= column.edges_m[cell] else cell - 1
    dz = column.dz_m.copy()
    dz[first] = column.edges_m[first + 1] - depth
    return replace(column, first=first, depth_m=float(depth), dz_m=dz)


def _middle(column: Column, cell: int) -> float:
    top = column.depth_m if cell == column.first else float(column.edges_m[cell])
    return (top + float(column.edges_m[cell + 1])) / 2


def dead_to_um(column: Column, integral: Array) -> float:
    """Depth from the original surface down to which damage reaches 1 in one piece from the present surface [µm]."""
    first = column.first
    below = np.nonzero(integral[first:] < 1.0)[0]
    if below.size == 0:
        return float(column.edges_m[-1]) * UM_PER_M
    cell = first + int(below[0])
    if cell == first:
        return column.depth_m * UM_PER_M
    # interpolate ln(damage) between the last dead and the first living middle
    upper = math.log(max(float(integral[cell - 1]), 1.0))
    lower = math.log(max(float(integral[cell]), 1e-30))
    share = upper / (upper - lower)
    above, under = _middle(column, cell - 1), _middle(column, cell)
    return (above + share * (under - above)) * UM_PER_M


def ln_damage_at(column: Column, integral: Array, depth_um: float) -> float:
    """Logarithm of a damage integral at a depth from the original surface; a large number where tissue has gone."""
    if depth_um * M_PER_UM <= column.depth_m:
        return _GONE
    middles = np.array([_middle(column, i) for i in range(column.first, column.dz_m.size)]) * UM_PER_M
    found = np.interp(depth_um, middles, np.log(np.maximum(integral[column.first :], 1e-300)))
    return min(float(found), _GONE)


def um(metres: float) -> float:
    """Metres as micrometres."""
    return metres / M_PER_UM


__all__ = [
    "Column", "EnergyError", "Run", "Segment", "Slab", "dead_to_um", "heating_only", "law_of", "ln_damage_at", "new_column",
    "rested", "run", "stretched_edges", "superheat_C", "um", "wiped",
]  # fmt: skip
