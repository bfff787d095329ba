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
_AUDIT = 1e-6  # the contract: energy closes to a millionth of the input
_KJ = MS_PER_S


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
    """State of a column of tissue. Arrays have one entry a cell; `first` is the first cell still there."""

    edges_m: Array
    dz_m: Array
    heat_J_m3: Array
    water_kg_m3: Array
    water_start_kg_m3: Array
    latent_J_m3: Array
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

    `lit_J_m3` is the heat of each cell when the last light went out.
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


def law_of(line: Line, start_C: float, *, first: damage.Process, second: damage.Process) -> kernels.Law:
    """The kernel's law: SI units, temperatures as rises over the start."""
    k_dry, k_slope = tissue.linear("k_vs_water_fraction")
    wet = tissue.thermal(evidence.value("phys_reference_water"))
    ablation = line.ablation_kJ_cm3 * _KJ * J_M3_PER_J_CM3
    sensible = wet.capacity_J_m3_K * (line.boil_C - start_C)
    return kernels.Law(
        mode=line.mode,
        start_K=start_C + KELVIN_OFFSET,
        boil_K=line.boil_C - start_C,
        latent_J_kg=tissue.latent_J_kg(),
        water_heat_J_kg_K=tissue.water_heat_J_kg_K(),
        mua_water_m=line.water_mua_cm * PER_M_PER_CM,
        mua_dry_m=line.dry_mua_cm * PER_M_PER_CM,
        bleach_hot=line.bleach_hot,
        bleach_hot_K=evidence.value("phys_boiling") - start_C,
        bleach_floor=line.bleach_floor,
        bleach_J_m3=line.bleach_kJ_cm3 * _KJ * J_M3_PER_J_CM3,
        ablation_J_m3=ablation,
        steam_share=min(max((ablation - sensible) / (wet.water_kg_m3 * tissue.latent_J_kg()), 0.0), 1.0),
        dry_K=line.dry_C - start_C,
        pyrolysis_J_m3=line.pyrolysis_kJ_cm3 * _KJ * J_M3_PER_J_CM3,
        steam_return=line.steam_return,
        water_full_kg_m3=evidence.value("phys_liquid_water_density"),
        conductivity_dry=k_dry,
        conductivity_slope=k_slope,
        density_full=wet.density_kg_m3,
        ln_a1=math.log(first.frequency_s),
        e1=first.energy_J_mol / damage.GAS_CONSTANT_J_MOL_K,
        ln_a2=math.log(second.frequency_s),
        e2=second.energy_J_mol / damage.GAS_CONSTANT_J_MOL_K,
    )


NO_BEAM = kernels.Beam(radius2_m2=0.0, waist_m=0.0, rayleigh_m=1.0, plume_m=0.0)


def run(
    column: Column,
    law: kernels.Law,
    segments: tuple[Segment, ...],
    *,
    source_m: Array | None = None,
    beam: kernels.Beam = NO_BEAM,
    probes_m: tuple[float, ...] = (),
) -> Run:
    """Heat a column through all segments and check its energy.

    `source_m` (1/m, one entry a cell) is the absorbed fraction of the incident light per depth; it is
    needed where the law has no light of its own. `probes_m` are depths from the original surface.
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
    state = {
        name: np.array(getattr(column, name))
        for name in ("dz_m", "heat_J_m3", "water_kg_m3", "latent_J_m3", "death", "collagen", "peak_K")
    }
    before = float(np.sum(column.heat_J_m3[column.first :] * column.dz_m[column.first :]))
    cells = np.searchsorted(column.edges_m, np.array(probes_m, dtype=np.float64), side="right") - 1
    probes = np.clip(cells, 0, column.dz_m.size - 1).astype(np.int64)
    history = np.zeros((_HISTORY_ROWS if probes_m else 0, probes.size + 1))
    lit = np.zeros(column.dz_m.size)
    account = np.zeros(kernels.ACCOUNTS)
    account[kernels.DEPTH] = column.depth_m
    account[kernels.PEAK] = -1e9
    source = np.zeros(column.dz_m.size) if source_m is None else np.asarray(source_m, dtype=np.float64)
    first, rows = kernels.run_column(
        state["dz_m"], state["heat_J_m3"], state["water_kg_m3"], state["latent_J_m3"], column.solid_J_m3_K, state["death"],
        state["collagen"], state["peak_K"], column.first, source, np.array([x.seconds for x in used]),
        np.array([x.irradiance_W_m2 for x in used]), np.array([x.transfer_W_m2_K for x in used]),
        np.array([x.medium_C - column.start_C for x in used]), law, beam, _GROWTH, probes, history, lit, account,
    )  # fmt: skip
    done = replace(
        column, first=first, depth_m=float(account[kernels.DEPTH]), dz_m=state["dz_m"], heat_J_m3=state["heat_J_m3"],
        water_kg_m3=state["water_kg_m3"], latent_J_m3=state["latent_J_m3"], death=state["death"], collagen=state["collagen"],
        peak_K=state["peak_K"],
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
        residual=residual, peak_surface_C=float(account[kernels.PEAK]) + column.start_C, time_s=history[:, 0],
        probes_C=history[:, 1:] + column.start_C, lit_J_m3=lit,
    )  # fmt: skip


def rested(column: Column) -> Column:
    """The column a while later: the heat of the last pass has gone, dried and removed tissue stays as it is."""
    return replace(column, heat_J_m3=np.zeros_like(column.heat_J_m3), latent_J_m3=np.zeros_like(column.latent_J_m3))


def wiped(column: Column, share: float) -> Column:
    """The column after its dried top has been wiped off: cells with less than `share` of their water go."""
    first = column.first
    depth = column.depth_m
    while first < column.dz_m.size - 1 and column.water_kg_m3[first] < share * column.water_start_kg_m3[first]:
        depth += float(column.dz_m[first])
        first += 1
    return replace(column, first=first, depth_m=depth)


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
    middle_up = (column.edges_m[cell - 1] + column.edges_m[cell]) / 2
    middle_low = (column.edges_m[cell] + column.edges_m[cell + 1]) / 2
    return float(middle_up + share * (middle_low - middle_up)) * UM_PER_M


def um(metres: float) -> float:
    """Metres as micrometres."""
    return metres / M_PER_UM


__all__ = [
    "Column", "EnergyError", "Run", "Segment", "Slab", "dead_to_um", "heating_only", "law_of", "new_column", "rested", "run",
    "stretched_edges", "um", "wiped",
]  # fmt: skip
