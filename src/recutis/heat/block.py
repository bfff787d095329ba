"""Heat in voxels: lesions, vessels, pigment; the same physics as on depth and radius, in three dimensions.

The state is an immutable `Block`; `run_block` folds it through periods of constant cooling and light. Equations, order of
convergence, exact twins and limits stand in `docs/heat.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import _block_kernel as conduction
from recutis.heat import tissue
from recutis.heat.cells import Accuracy, Cells, Physics, Team
from recutis.heat.march import Account, March, Period, StepError
from recutis.heat.stages import MOST_STAGES, Stages, Surroundings
from recutis.units import J_PER_MJ, M_PER_UM, S_PER_MS

if TYPE_CHECKING:
    from recutis.light.voxels import VoxelLight

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
_PER_M3_PER_CM3 = 1e6
BLOCK_ACCURACY: Final = Accuracy(change_K=1.0, change_share=0.2, growth=2.0)
"""Steps of a block: stages are of second order, so they may be longer than on depth and radius."""


@dataclass(frozen=True, kw_only=True)
class HeatMedium:
    """What voxels of one label are made of: water mass fraction and blood flow [volume of blood a volume of tissue a second]."""

    water_fraction: float
    perfusion_per_s: float = 0.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Block:
    """Tissue in voxels. Grids are (z, y, x), z down from the surface; cells lie between edges [m].

    heat_J_m3 : sensible heat over the start · water_kg_m3 : water left · solid_J_m3_K : heat capacity without water ·
    k_per_water : conductivity a kg/m³ of water [W m²/K kg] · perfusion_W_m3_K : exchange with blood at `blood_C` ·
    damage : (process, z, y, x) integrals · cem43_min : equivalent minutes · peak_K : highest rise so far.
    """

    z_edges_m: Array
    y_edges_m: Array
    x_edges_m: Array
    heat_J_m3: Array
    water_kg_m3: Array
    solid_J_m3_K: Array
    k_per_water: Array
    perfusion_W_m3_K: Array
    damage: Array
    cem43_min: Array
    peak_K: Array
    start_C: float
    blood_C: float

    @property
    def volume_m3(self) -> Array:
        """Volumes of the voxels."""
        z, y, x = (np.diff(edges) for edges in (self.z_edges_m, self.y_edges_m, self.x_edges_m))
        out: Array = z[:, None, None] * y[None, :, None] * x[None, None, :]
        return out

    @property
    def temperature_C(self) -> Array:
        """Temperatures of the voxels."""
        return self.start_C + self.heat_J_m3 / (self.solid_J_m3_K + tissue.water_heat_J_kg_K() * self.water_kg_m3)

    @property
    def peak_C(self) -> Array:
        """Highest temperature of each voxel so far."""
        return self.start_C + self.peak_K


@dataclass(frozen=True, eq=False, kw_only=True)
class BlockRun:
    """A finished run: final tissue, energies, highest temperature of the surface, number of steps.

    `time_s` and `probes_C` (time, probe) hold the history of the probed voxels.
    """

    block: Block
    account: Account
    peak_surface_C: float
    steps: int
    time_s: Array
    probes_C: Array


def new_block(
    labels: NDArray[np.integer], media: tuple[HeatMedium, ...], *, z_edges_m: Array, y_edges_m: Array, x_edges_m: Array,
    start_C: float, blood_C: float | None = None, processes: int = 2,
) -> Block:  # fmt: skip
    """Fresh tissue: a voxel with label k is of `media[k]`.

    labels : (z, y, x) whole numbers · edges : of the voxels along each axis, rising [m] · blood_C : temperature of blood, that
    of the start unless given · processes : number of damage states.

    Raises OutOfRangeError for labels without a medium, and for edges that do not fit the labels or do not rise.
    """
    shape = tuple(edges.size - 1 for edges in (z_edges_m, y_edges_m, x_edges_m))
    if labels.shape != shape or any((np.diff(edges) <= 0.0).any() for edges in (z_edges_m, y_edges_m, x_edges_m)):
        msg = f"The edges of the voxels must rise and fit the labels: they make a grid of {shape}, the labels one of {labels.shape}."
        raise OutOfRangeError(msg)
    if labels.size == 0 or labels.min() < 0 or labels.max() >= len(media):
        msg = f"Each voxel needs a label from 0 to {len(media) - 1}, one for each medium."
        raise OutOfRangeError(msg)
    matter = [tissue.thermal(m.water_fraction) for m in media]
    slope, blood_heat = tissue.linear("k_vs_water_fraction")[1], evidence.value("rho_blood") * evidence.value("cp_blood")

    def spread(values: list[float]) -> Array:
        out: Array = np.array(values)[labels]
        return out

    return Block(
        z_edges_m=np.asarray(z_edges_m, dtype=np.float64), y_edges_m=np.asarray(y_edges_m, dtype=np.float64),
        x_edges_m=np.asarray(x_edges_m, dtype=np.float64), heat_J_m3=np.zeros(shape),
        water_kg_m3=spread([m.water_kg_m3 for m in matter]), solid_J_m3_K=spread([m.solid_J_m3_K for m in matter]),
        k_per_water=spread([slope / m.density_kg_m3 for m in matter]),
        perfusion_W_m3_K=spread([m.perfusion_per_s * blood_heat for m in media]), damage=np.zeros((processes, *shape)),
        cem43_min=np.zeros(shape), peak_K=np.zeros(shape), start_C=start_C, blood_C=start_C if blood_C is None else blood_C,
    )  # fmt: skip


def block_for(light: VoxelLight, media: tuple[HeatMedium, ...], *, start_C: float, processes: int = 2) -> Block:
    """Fresh tissue on the voxels of a light run, `media` in the order of the tissue's own."""
    shape = light.tissue.labels.shape
    z, y, x = (np.arange(n + 1) * edge * M_PER_UM for n, edge in zip(shape, light.tissue.edges_um, strict=True))
    return new_block(light.tissue.labels, media, z_edges_m=z, y_edges_m=y, x_edges_m=x, start_C=start_C, processes=processes)


def power_W_m3(light: VoxelLight, *, energy_mJ: float, duration_ms: float) -> Array:
    """Power that a pulse puts into each voxel, (z, y, x) [W/m³].

    Raises OutOfRangeError for a pulse without duration.
    """
    if not duration_ms > 0.0:
        msg = f"A pulse needs a duration above 0 ms; got {duration_ms:g} ms."
        raise OutOfRangeError(msg)
    watts: Array = light.absorbed_cm3 * (_PER_M3_PER_CM3 * energy_mJ * J_PER_MJ / (duration_ms * S_PER_MS))
    return watts


class _BlockMarch(March):
    """A run in voxels; planes are laid below each other in rows."""

    def __init__(
        self, block: Block, physics: Physics, accuracy: Accuracy, team: Team, seconds: float, probes: Indices, *, stages: bool
    ) -> None:  # fmt: skip
        planes, lines, width = block.heat_J_m3.shape

        def flat(array: Array) -> Array:
            return array.reshape(*array.shape[:-3], planes * lines, width)

        z, y = np.diff(block.z_edges_m), np.diff(block.y_edges_m)
        cells = Cells(
            heat=flat(block.heat_J_m3), water=flat(block.water_kg_m3), solid=flat(block.solid_J_m3_K),
            k_per_water=flat(block.k_per_water), damage_state=flat(block.damage), minutes=flat(block.cem43_min),
            peak=flat(block.peak_K), first=np.zeros(width, dtype=np.int64), volume_row=np.outer(z, y).ravel(),
            volume_cell=np.diff(block.x_edges_m), start_C=block.start_C, physics=physics, seconds=seconds, lines=lines,
        )  # fmt: skip
        self._planes = team.ranges(planes, 1)
        super().__init__(cells, accuracy, team, probes, [(a * lines, b * lines) for a, b in self._planes])
        self._block = block
        self._lines = team.ranges(lines, 1)
        self._work, self._lost = conduction.work_for(planes, lines, width, team.size)
        self._flow = flat(block.perfusion_W_m3_K) if block.perfusion_W_m3_K.any() else np.zeros((1, 1))
        self._edges = block.z_edges_m, block.y_edges_m, block.x_edges_m
        self._stages = Stages(cells, self._edges, team, self._ranges) if stages else None
        rows, across = np.divmod(np.arange(lines * width), width)
        self._surface = rows, across, np.full(rows.size, z[0])

    @property
    def shape(self) -> tuple[int, ...]:
        """Depth, y, x."""
        return self._block.heat_J_m3.shape

    def surface(self) -> tuple[Indices, Indices, Array]:
        """The uppermost voxels."""
        return self._surface

    def state(self) -> Block:
        """The tissue as it is now."""
        c, shape = self.cells, self.shape
        return replace(
            self._block, heat_J_m3=c.heat.reshape(shape).copy(), water_kg_m3=c.water.reshape(shape).copy(),
            damage=c.damage.reshape(-1, *shape).copy(), cem43_min=c.minutes.reshape(shape).copy(),
            peak_K=c.peak.reshape(shape).copy(),
        )  # fmt: skip

    def conduct(self, period: Period, dt: float) -> tuple[float, float]:
        """By explicit stages where they are few enough, else by implicit sweeps."""
        around = Surroundings(
            transfer=period.transfer_W_m2_K, medium=period.medium_C - self._block.start_C, blood=self._flow,
            blood_rise=self._block.blood_C - self._block.start_C,
        )  # fmt: skip
        count = self._stages.count(dt, around) if self._stages else MOST_STAGES + 1
        if self._stages is None or count > MOST_STAGES:
            return self._sweep(dt, around)
        lost = self._stages.step(dt, count, around)
        self._team.each(self.finish_conduction, self._ranges)
        return lost

    def _sweep(self, dt: float, around: Surroundings) -> tuple[float, float]:
        """Along the depth, then along y and x plane by plane."""
        c = self.cells

        def down(number: int, a: int, b: int) -> None:
            conduction.depth_sweep(
                c.heat, c.capacity, c.k, *self._edges, dt, around.transfer, around.medium, around.blood, around.blood_rise,
                self._work[number], self._lost, a, b,
            )  # fmt: skip

        def across(number: int, a: int, b: int) -> None:
            conduction.plane_sweep(c.heat, c.capacity, c.k, *self._edges[1:], dt, self._work[number], a, b)
            self.finish_conduction(number, *self._ranges[number])

        self._team.each(down, self._lines)
        self._team.each(across, self._planes)
        surface, perfused = self._lost.sum(axis=1)
        return float(surface), float(perfused)


def run_block(
    block: Block, periods: tuple[Period, ...], *, physics: Physics | None = None, accuracy: Accuracy | None = None,
    threads: int | None = None, probes_m: tuple[tuple[float, float, float], ...] = (), implicit: bool = False,
) -> BlockRun:  # fmt: skip
    """Heat tissue through all periods and check its energy.

    physics, accuracy : see there · threads : all processors for large grids unless given; numbers do not depend on it ·
    probes_m : (z, y, x) of voxels whose history is kept · implicit : conduct by implicit sweeps only, which are first order in
    time; else explicit stages of second order are used where a step needs few of them.

    Raises EnergyError when the account does not close, OutOfRangeError for power of a wrong shape, tissue whose damage
    states are not as many as the processes, or no end of steps.
    """
    physics, accuracy = physics or Physics(), accuracy or BLOCK_ACCURACY
    if block.damage.shape[0] != len(physics.processes):
        msg = (
            f"The tissue keeps {block.damage.shape[0]} damage states, the run has {len(physics.processes)} processes; "
            "give new_block as many processes."
        )
        raise OutOfRangeError(msg)
    edges = (block.z_edges_m, block.y_edges_m, block.x_edges_m)
    at = [
        [int(np.clip(np.searchsorted(e, p, side="right") - 1, 0, e.size - 2)) for e, p in zip(edges, probe, strict=True)]
        for probe in probes_m
    ]
    lines = block.y_edges_m.size - 1
    probes = np.array([(z * lines + y, x) for z, y, x in at], dtype=np.int64).reshape(-1, 2)
    with Team(block.heat_J_m3.size, threads) as team:
        march = _BlockMarch(block, physics, accuracy, team, sum(p.seconds for p in periods), probes, stages=not implicit)
        account = march.done(periods)
    times, rises = march.history()
    return BlockRun(
        block=march.state(), account=account, peak_surface_C=march.ledger.hottest + block.start_C, steps=march.ledger.steps,
        time_s=times, probes_C=rises + block.start_C,
    )  # fmt: skip


__all__ = [
    "Account",
    "Block",
    "BlockRun",
    "HeatMedium",
    "Period",
    "StepError",
    "block_for",
    "new_block",
    "power_W_m3",
    "run_block",
]
