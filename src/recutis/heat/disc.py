"""Heat on depth and radius: microbeams and finite spots, from picoseconds to minutes, with boiling, damage and an audit.

The state is an immutable `Disc`; `run_disc` folds it through periods of constant cooling and light. Equations, order of
convergence, exact twins and limits stand in `docs/heat.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import _rz_kernel as conduction
from recutis.heat import tissue
from recutis.heat.cells import Accuracy, Cells, Physics, Team
from recutis.heat.column import EnergyError, Slab
from recutis.units import UM_PER_M

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
_AUDIT = 1e-6  # the contract: energy closes to a millionth of what moved
_MOST_STEPS = 1_000_000
_SHORTEST_S = 1e-18


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


Power = Array | Callable[[Disc], Array] | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Period:
    """A stretch of time with constant cooling.

    power_W_m3 : heat put in, (z, r), or a function of the present state that returns it and is asked `renewals` times at
    even intervals, or None · transfer_W_m2_K, medium_C : what the surface meets: air, cold air, a spray, a contact.

    Raises OutOfRangeError for a negative time or transfer, or fewer than one renewal.
    """

    seconds: float
    power_W_m3: Power = None
    renewals: int = 1
    transfer_W_m2_K: float = 0.0
    medium_C: float = 22.0

    def __post_init__(self) -> None:
        if not (0.0 <= self.seconds < np.inf and 0.0 <= self.transfer_W_m2_K < np.inf and self.renewals >= 1):
            msg = (
                "A period needs a time and a heat transfer of at least 0 and at least one renewal of its light; got "
                f"{self.seconds:g} s, {self.transfer_W_m2_K:g} W/m²K, {self.renewals} renewals."
            )
            raise OutOfRangeError(msg)


@dataclass(frozen=True, kw_only=True)
class Account:
    """Energies of a run [J]: put in = stored (sensible) + latent + to the surface + to blood, within `residual`."""

    deposited: float
    stored: float
    latent: float
    surface: float
    blood: float

    @property
    def residual(self) -> float:
        """What the account misses."""
        return self.deposited - self.stored - self.latent - self.surface - self.blood

    def audited(self, *, held: float) -> Account:
        """The same account when it closes to a millionth of the energy that moved or was `held` at the start.

        Raises EnergyError otherwise.
        """
        moved = max(abs(self.deposited), abs(self.surface), abs(self.blood), abs(self.latent), abs(held), 1e-30)
        if not abs(self.residual) <= _AUDIT * moved:
            msg = (
                f"The energy account of a heat run misses {self.residual:.3g} J of {moved:.3g} J; more than {_AUDIT:g} of it. "
                "Do not use this result; please report the settings."
            )
            raise EnergyError(msg)
        return self


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


@dataclass
class _Ledger:
    """What is summed up in a run [J, K, s]."""

    deposited: float = 0.0
    latent: float = 0.0
    surface: float = 0.0
    blood: float = 0.0
    hottest: float = -np.inf
    steps: int = 0
    clock: float = 0.0
    history: list[tuple[float, Array]] = field(default_factory=list)


class _Solver:
    """One run on one grid."""

    def __init__(self, disc: Disc, physics: Physics, accuracy: Accuracy, team: Team, seconds: float, probes: Indices) -> None:
        self.disc, self._accuracy, self._team, self._probes = disc, accuracy, team, probes
        self._condenses = physics.steam_return > 0.0
        self.cells = Cells(
            heat=disc.heat_J_m3.copy(), water=disc.water_kg_m3.copy(), solid=disc.solid_J_m3_K, k_per_water=disc.k_per_water,
            damage_state=disc.damage.copy(), minutes=disc.cem43_min.copy(), peak=disc.peak_K.copy(), first=disc.first,
            volume_row=np.diff(disc.z_edges_m), volume_cell=np.pi * np.diff(disc.r_edges_m**2), start_C=disc.start_C,
            physics=physics, seconds=seconds,
        )  # fmt: skip
        rows, rings = disc.heat_J_m3.shape
        self._work, self._lost = conduction.work_for(rows, rings)
        self._across = team.ranges(rings, conduction.LANES)
        self._down = team.ranges(rows, conduction.LANES)
        self._bounds = np.zeros((len(self._down), 2, rings))
        self._dark = np.zeros((rows, rings))
        self._there = disc.there
        self.ledger = _Ledger()
        self.dt = 0.0
        self._largest = float(np.abs(self.cells.rise).max())

    def state(self) -> Disc:
        """The tissue as it is now."""
        c = self.cells
        return replace(
            self.disc, heat_J_m3=c.heat.copy(), water_kg_m3=c.water.copy(), damage=c.damage.copy(), cem43_min=c.minutes.copy(),
            peak_K=c.peak.copy(),
        )  # fmt: skip

    def _first_step(self, period: Period, power: Array, seconds: float) -> float:
        """A step by which the source alone, or the surface alone, changes no cell by more than wanted."""
        wanted = self._accuracy.limit_K(self._largest)
        rate = float((np.abs(power) / self.cells.capacity).max())
        top = np.minimum(self.disc.first, power.shape[0] - 1)
        rings = np.arange(top.size)
        gap = self.cells.rise[top, rings] - (period.medium_C - self.disc.start_C)
        thick = np.diff(self.disc.z_edges_m)[top]
        rate = max(rate, float((period.transfer_W_m2_K * np.abs(gap) / (self.cells.capacity[top, rings] * thick)).max()))
        guess = min(wanted / rate, seconds) if rate > 0.0 else seconds
        return max(min(guess, self.dt) if self.dt > 0.0 else guess, _SHORTEST_S)

    def run(self, period: Period) -> None:
        """Go through a period, asking for its light as often as it says."""
        part = period.seconds / period.renewals
        fixed = None if callable(period.power_W_m3) else self._checked(period.power_W_m3)
        for _ in range(period.renewals if part > 0.0 else 0):
            source = period.power_W_m3
            power = self._checked(source(self.state())) if callable(source) else fixed
            assert power is not None
            self._stretch(period, power, part)

    def _checked(self, power: Array | None) -> Array:
        if power is None:
            return self._dark
        if power.shape != self._dark.shape or not np.isfinite(power).all():
            msg = f"Power must be finite numbers of shape {self._dark.shape}, one a cell of depth and radius; got {power.shape}."
            raise OutOfRangeError(msg)
        return np.where(self._there, power, 0.0)

    def _stretch(self, period: Period, power: Array, seconds: float) -> None:
        watts = float(self.cells.volume_row @ power @ self.cells.volume_cell)
        lit = bool(power.any())
        left = seconds
        self.dt = self._first_step(period, power, seconds)
        while left > 0.0:
            dt = left if self.dt > 0.999 * left else min(self.dt, 0.5 * left) if self.dt > 0.6 * left else self.dt
            changed, largest, surface, blood = self._conduct(period, power if lit else None, dt)
            if self._accuracy.too_far(changed, largest) and dt > _SHORTEST_S:
                self.cells.undo()
                self.dt = self._accuracy.next_s(dt, changed, largest)
                continue
            self._settle(dt, largest)
            left -= dt
            book = self.ledger
            book.deposited += watts * dt
            book.surface += surface
            book.blood += blood
            book.clock += dt
            book.steps += 1
            if self._probes.size:
                book.history.append((book.clock, self.cells.rise[self._probes[:, 0], self._probes[:, 1]]))
            if book.steps > _MOST_STEPS:
                msg = f"A heat run took over {_MOST_STEPS} steps; allow a larger change a step or ask for a shorter time."
                raise OutOfRangeError(msg)
            self.dt = self._accuracy.next_s(dt, changed, largest)

    def _conduct(self, period: Period, power: Array | None, dt: float) -> tuple[float, float, float, float]:
        """Heat and conduct; returns largest change and rise [K], heat to the surface and to blood [J]."""
        c, d = self.cells, self.disc
        medium, blood = period.medium_C - d.start_C, d.blood_C - d.start_C
        if power is not None or c.boiling:
            self._team.each(lambda _, a, b: c.begin(power, dt, a, b), self._down)
        self._team.each(
            lambda _, a, b: conduction.depth_sweep(
                c.heat, c.capacity, c.k, d.z_edges_m, d.r_edges_m, d.first, dt, period.transfer_W_m2_K, medium, d.perfusion_W_m3_K,
                blood, self._work, self._lost, a, b,
            ),
            self._across,
        )  # fmt: skip

        def across(number: int, a: int, b: int) -> None:
            conduction.radius_sweep(c.heat, c.capacity, c.k, d.r_edges_m, d.first, dt, self._work, a, b)
            c.end(self._bounds[number], a, b)

        self._team.each(across, self._down)
        changed, largest = self._bounds.max(axis=(0, 2))
        lost = self._lost.sum(axis=1)
        return float(changed), float(largest), float(lost[0]), float(lost[1])

    def _settle(self, dt: float, largest: float) -> None:
        """Boil, condense, injure, and take the properties of the next step."""
        c, book = self.cells, self.ledger
        c.boiling = largest >= c.boil - 1.0
        if largest > c.boil:
            self._team.each(lambda _, a, b: c.boil_off(a, b), self._down)
            steam = float(c.steam.sum())
            if steam > 0.0:
                book.latent += steam - (c.condense() if self._condenses else 0.0)
                self._team.each(lambda number, a, b: c.look(self._bounds[number], a, b), self._down)
                largest = float(self._bounds[:, 1].max())

        def finish(_: int, a: int, b: int) -> None:
            c.injure(dt, a, b)
            c.refresh(a, b)

        self._team.each(finish, self._down)
        self._largest = largest
        rows = self.disc.heat_J_m3.shape[0]
        rings = np.flatnonzero(self.disc.first < rows)
        book.hottest = max(book.hottest, float(c.rise[self.disc.first[rings], rings].max(initial=-np.inf)))


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
        solver = _Solver(disc, physics, accuracy, team, sum(p.seconds for p in periods), probes)
        held = solver.cells.stored()
        for period in periods:
            solver.run(period)
    book = solver.ledger
    account = Account(
        deposited=book.deposited, stored=solver.cells.stored() - held, latent=book.latent, surface=book.surface, blood=book.blood
    ).audited(held=held)
    history = np.array([values for _, values in book.history]).reshape(len(book.history), probes.shape[0])
    return DiscRun(
        disc=solver.state(), account=account, peak_surface_C=book.hottest + disc.start_C, steps=book.steps,
        time_s=np.array([clock for clock, _ in book.history]), probes_C=history + disc.start_C,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class StepError:
    """Differences between a run and one with steps of half the change: final and peak temperatures [K], ln damage."""

    final_K: float
    peak_K: float
    ln_damage: float


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
