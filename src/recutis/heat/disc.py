"""Heat on depth and radius: microbeams and finite spots, from picoseconds to minutes, with boiling, damage and an audit.

The state is an immutable `Disc`; `run_disc` folds it through periods of constant cooling and light. Equations, order of
convergence, exact twins and limits stand in `docs/heat.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import _rz_kernel as conduction
from recutis.heat import tissue
from recutis.heat.cells import Accuracy, Cells, Physics, Team
from recutis.heat.column import Slab
from recutis.heat.march import Account, March, Period, StepError
from recutis.units import UM_PER_M

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Disc:
    """Tissue around an axis. Grids are (z, r); z points down, cells lie between edges [m].

    heat_J_m3 : sensible heat over the start · water_kg_m3 : water left · solid_J_m3_K : heat capacity without water ·
    k_per_water : conductivity a kg/m³ of water [W m²/K kg] · perfusion_W_m3_K : (z,) exchange with blood at
    `blood_C` · first : (r,) first cell of each ring that is there, 0 where nothing was removed · damage : (process, z, r)
    integrals, in the order of the run's processes · cem43_min : equivalent minutes · peak_K : highest rise so far.
    """

    z_edges_m: Array
    r_edges_m: Array
    heat_J_m3: Array
    water_kg_m3: Array
    solid_J_m3_K: Array
    k_per_water: Array
    perfusion_W_m3_K: Array
    first: Indices
    damage: Array
    cem43_min: Array
    peak_K: Array
    start_C: float
    blood_C: float

    @property
    def volume_m3(self) -> Array:
        """Volumes of the cells."""
        return np.diff(self.z_edges_m)[:, None] * (np.pi * np.diff(self.r_edges_m**2))[None, :]

    @property
    def there(self) -> NDArray[np.bool_]:
        """Which cells have not been removed."""
        return np.arange(self.z_edges_m.size - 1)[:, None] >= self.first[None, :]

    @property
    def temperature_C(self) -> Array:
        """Temperatures of the cells; of removed ones what they left with."""
        return self.start_C + self.heat_J_m3 / (self.solid_J_m3_K + tissue.water_heat_J_kg_K() * self.water_kg_m3)

    @property
    def peak_C(self) -> Array:
        """Highest temperature of each cell so far."""
        return self.start_C + self.peak_K


@dataclass(frozen=True, eq=False, kw_only=True)
class DiscRun:
    """A finished run: final tissue, energies, highest temperature of the surface, number of steps.

    `time_s` and `probes_C` (time, probe) hold the history of the probed cells; `probes_C` has no columns without probes.
    """

    disc: Disc
    account: Account
    peak_surface_C: float
    steps: int
    time_s: Array
    probes_C: Array


def new_disc(
    slab: Slab, z_edges_m: Array, r_edges_m: Array, *, perfusion_per_s: tuple[float, ...] = (), blood_C: float | None = None,
    processes: int = 2,
) -> Disc:  # fmt: skip
    """Fresh layered tissue on a grid; cells take the layer at their middle, the last layer goes on below.

    perfusion_per_s : blood flow of each layer [volume of blood a volume of tissue a second], none unless given ·
    blood_C : its temperature, that of the start unless given · processes : number of damage states.

    Raises OutOfRangeError for grids whose edges do not rise from 0, or a perfusion that does not name each layer.
    """
    for name, edges in (("depth", z_edges_m), ("radius", r_edges_m)):
        if edges.ndim != 1 or edges.size < 2 or edges[0] != 0.0 or not (np.diff(edges) > 0.0).all():
            msg = f"The edges of the grid along the {name} must rise from 0; got {np.array2string(edges, threshold=6)}."
            raise OutOfRangeError(msg)
    flows = perfusion_per_s or (0.0,) * len(slab.water_fraction)
    if len(flows) != len(slab.water_fraction) or min(flows) < 0.0:
        msg = f"Perfusion needs one flow of at least 0 for each of the {len(slab.water_fraction)} layers; got {perfusion_per_s}."
        raise OutOfRangeError(msg)
    middle = (z_edges_m[:-1] + z_edges_m[1:]) / 2 * UM_PER_M
    bottoms = np.cumsum(slab.thickness_um)
    layer = np.minimum(np.searchsorted(bottoms, middle, side="right"), len(slab.thickness_um) - 1)
    matter = [tissue.thermal(fraction) for fraction in slab.water_fraction]
    shape = (middle.size, r_edges_m.size - 1)

    def spread(values: list[float]) -> Array:
        return np.repeat(np.array(values)[layer][:, None], shape[1], axis=1)

    blood_heat = evidence.value("rho_blood") * evidence.value("cp_blood")
    return Disc(
        z_edges_m=np.asarray(z_edges_m, dtype=np.float64), r_edges_m=np.asarray(r_edges_m, dtype=np.float64),
        heat_J_m3=np.zeros(shape), water_kg_m3=spread([m.water_kg_m3 for m in matter]),
        solid_J_m3_K=spread([m.solid_J_m3_K for m in matter]),
        k_per_water=spread([tissue.linear("k_vs_water_fraction")[1] / m.density_kg_m3 for m in matter]),
        perfusion_W_m3_K=np.array([w * blood_heat for w in flows])[layer], first=np.zeros(shape[1], dtype=np.int64),
        damage=np.zeros((processes, *shape)), cem43_min=np.zeros(shape), peak_K=np.zeros(shape), start_C=slab.start_C,
        blood_C=slab.start_C if blood_C is None else blood_C,
    )  # fmt: skip


class _DiscMarch(March):
    """A run on depth and radius."""

    def __init__(self, disc: Disc, physics: Physics, accuracy: Accuracy, team: Team, seconds: float, probes: Indices) -> None:
        cells = Cells(
            heat=disc.heat_J_m3, water=disc.water_kg_m3, solid=disc.solid_J_m3_K, k_per_water=disc.k_per_water,
            damage_state=disc.damage, minutes=disc.cem43_min, peak=disc.peak_K, first=disc.first,
            volume_row=np.diff(disc.z_edges_m), volume_cell=np.pi * np.diff(disc.r_edges_m**2), start_C=disc.start_C,
            physics=physics, seconds=seconds,
        )  # fmt: skip
        rows, rings = disc.heat_J_m3.shape
        super().__init__(cells, accuracy, team, probes, team.ranges(rows, conduction.LANES))
        self._disc = disc
        self._work, self._lost = conduction.work_for(rows, rings)
        self._across = team.ranges(rings, conduction.LANES)
        there = np.flatnonzero(disc.first < rows)
        self._surface = disc.first[there], there, np.diff(disc.z_edges_m)[disc.first[there]]

    @property
    def shape(self) -> tuple[int, ...]:
        """Depth, radius."""
        return self.cells.heat.shape

    def surface(self) -> tuple[Indices, Indices, Array]:
        """The highest cell of each ring."""
        return self._surface

    def state(self) -> Disc:
        """The tissue as it is now."""
        c = self.cells
        return replace(
            self._disc, heat_J_m3=c.heat.copy(), water_kg_m3=c.water.copy(), damage=c.damage.copy(), cem43_min=c.minutes.copy(),
            peak_K=c.peak.copy(),
        )  # fmt: skip

    def conduct(self, period: Period, dt: float) -> tuple[float, float]:
        """Along the depth, then along the radius."""
        c, d = self.cells, self._disc
        medium, blood = period.medium_C - d.start_C, d.blood_C - d.start_C

        def down(_: int, a: int, b: int) -> None:
            conduction.depth_sweep(
                c.heat, c.capacity, c.k, d.z_edges_m, d.r_edges_m, d.first, dt, period.transfer_W_m2_K, medium, d.perfusion_W_m3_K,
                blood, self._work, self._lost, a, b,
            )  # fmt: skip

        def across(number: int, a: int, b: int) -> None:
            conduction.radius_sweep(c.heat, c.capacity, c.k, d.r_edges_m, d.first, dt, self._work, a, b)
            self.finish_conduction(number, a, b)

        self._team.each(down, self._across)
        self._team.each(across, self._ranges)
        surface, perfused = self._lost.sum(axis=1)
        return float(surface), float(perfused)


def run_disc(
    disc: Disc, periods: tuple[Period, ...], *, physics: Physics | None = None, accuracy: Accuracy | None = None,
    threads: int | None = None, probes_m: tuple[tuple[float, float], ...] = (),
) -> DiscRun:  # fmt: skip
    """Heat tissue through all periods and check its energy.

    physics, accuracy : see there; the defaults boil at 100 °C and change by at most 5 % a step · threads : all processors for
    large grids unless given; numbers do not depend on it · probes_m : (depth, radius) of cells whose history is kept.

    Raises EnergyError when the account does not close, OutOfRangeError for power of a wrong shape, tissue whose damage
    states are not as many as the processes, or no end of steps.
    """
    physics, accuracy = physics or Physics(), accuracy or Accuracy()
    if disc.damage.shape[0] != len(physics.processes):
        msg = (
            f"The tissue keeps {disc.damage.shape[0]} damage states, the run has {len(physics.processes)} processes; "
            "give new_disc as many processes."
        )
        raise OutOfRangeError(msg)
    rows, rings = disc.heat_J_m3.shape
    cells = [
        (np.searchsorted(disc.z_edges_m, z, side="right") - 1, np.searchsorted(disc.r_edges_m, r, side="right") - 1)
        for z, r in probes_m
    ]
    probes = np.clip(np.array(cells, dtype=np.int64).reshape(-1, 2), 0, (rows - 1, rings - 1))
    with Team(disc.heat_J_m3.size, threads) as team:
        march = _DiscMarch(disc, physics, accuracy, team, sum(p.seconds for p in periods), probes)
        account = march.done(periods)
    times, rises = march.history()
    return DiscRun(
        disc=march.state(), account=account, peak_surface_C=march.ledger.hottest + disc.start_C, steps=march.ledger.steps,
        time_s=times, probes_C=rises + disc.start_C,
    )  # fmt: skip


def step_error(run: DiscRun, finer: DiscRun) -> StepError:
    """Largest differences of two runs; of damage where either run gives between a hundredth and a hundred."""
    a, b = run.disc, finer.disc
    edge = (
        (np.maximum(a.damage, b.damage) > 0.01)
        & (np.minimum(a.damage, b.damage) < 100.0)
        & (np.minimum(a.damage, b.damage) > 0.0)
    )
    apart = np.abs(np.log(a.damage[edge] / b.damage[edge]))
    return StepError(
        final_K=float(np.abs(a.temperature_C - b.temperature_C)[a.there].max(initial=0.0)),
        peak_K=float(np.abs(a.peak_K - b.peak_K)[a.there].max(initial=0.0)), ln_damage=float(apart.max(initial=0.0)),
    )  # fmt: skip


__all__ = ["Account", "Disc", "DiscRun", "Period", "StepError", "new_disc", "run_disc", "step_error"]
