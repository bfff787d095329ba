"""Monte Carlo transport of a beam in layers on a depth-radius grid: `transport_layers`."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import asdict, dataclass
from itertools import count
from types import ModuleType
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from recutis.errors import CancelledError, InputError, OutOfRangeError, RecutisError
from recutis.light._sums import Sums
from recutis.light.beams import Beam
from recutis.light.stack import (
    Grid,
    OpticalLayer,
    Rows,
    check_stack,
    clear_depth,
    default_grid,
    optical_layer,
    stack_arrays,
    tally_rows,
)
from recutis.provenance import Provenance, provenance
from recutis.skin.types import LayerOptics
from recutis.units import M_PER_UM, PER_M_PER_CM, PERCENT

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
Engine = Literal["auto", "packet", "scalar"]

DEFAULT_PHOTONS: Final = 1_000_000
MOST_PHOTONS: Final = 100_000_000
FEWEST_PHOTONS: Final = 1000
_FEWEST_BLOCKS: Final = 64  # the error of a standard error from 64 blocks is 9 %
_BLOCK_PHOTONS: Final = 1024
_LARGEST_BLOCK: Final = 65536
_BLOCKS_PER_DOUBLING: Final = 32
_POLL_S: Final = 0.05
_ERRORS_ALLOWED: Final = 4.0
_ROUNDING: Final = 1e-5  # of the energy: float32 weights over thousands of steps
_MASK_SEED: Final = 2**63
_SUMMARY: Final = ("specular_reflectance", "diffuse_reflectance", "transmittance", "absorbed")
_VECTOR_UNITS: Final = frozenset({"AVX2", "X86_V3", "ASIMD", "NEON"})


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True, kw_only=True)
class Goal:
    """Run until the standard error of a tally is at most this, or at most this many per cent of its value."""

    tally: str
    standard_error: float = 0.0
    relative_pct: float = 0.0

    def reached(self, found: Estimate) -> bool:
        """Whether an estimate is good enough."""
        return found.standard_error <= self._allowed(found)

    def progress(self, found: Estimate) -> float:
        """Share of the photons that the goal needs, from the errors so far."""
        if found.standard_error <= 0.0:
            return 1.0
        return min(1.0, (self._allowed(found) / found.standard_error) ** 2)

    def _allowed(self, found: Estimate) -> float:
        return max(self.standard_error, self.relative_pct / PERCENT * abs(found.value))


@dataclass(frozen=True, kw_only=True, eq=False)
class LayeredLight:
    """Where the light of a beam of energy one goes in layers; each array with its standard errors beside it.

    tallies : specular_reflectance (first surface only), diffuse_reflectance, transmittance (unscattered light
        included), absorbed, absorbed_layer_1, ...; shares of the energy that arrives
    fluence_cm2, absorbed_cm3 : (depth, radius) · fluence [1/cm²] and absorbed density [1/cm³] for each unit of energy;
        times J they are J/cm² and J/cm³
    fluence_wide, absorbed_wide_cm : (depth,) · the same under a beam much wider than the light spreads, over its
        fluence on the surface [1] and [1/cm]
    reflected_cm2, transmitted_cm2 : (radius,) · what leaves through an area of surface [1/cm²]
    outside : share of the energy that is absorbed beyond the grid
    balance : what roulette has won or lost by chance, zero on average
    """

    layers: tuple[OpticalLayer, ...]
    n_above: float
    n_below: float
    beam: Beam
    grid: Grid
    photons: int
    blocks: int
    engine: str
    seed: int
    collisions: float
    balance: Estimate
    tallies: dict[str, Estimate]
    outside: Estimate
    fluence_cm2: Array
    fluence_error_cm2: Array
    absorbed_cm3: Array
    absorbed_error_cm3: Array
    fluence_wide: Array
    fluence_wide_error: Array
    absorbed_wide_cm: Array
    absorbed_wide_error_cm: Array
    reflected_cm2: Array
    reflected_error_cm2: Array
    transmitted_cm2: Array
    transmitted_error_cm2: Array
    provenance: Provenance

    def to_xarray(self) -> xr.Dataset:
        """The result as a labelled Dataset over depth_um, radius_um (centres of cells) and tally."""
        from recutis.light._labels import dataset

        return dataset(self)


def tally_names(layers: int) -> tuple[str, ...]:
    """Names of the tallies of a stack of so many layers."""
    return (*_SUMMARY, *(f"absorbed_layer_{number}" for number in range(1, layers + 1)))


def vector_units() -> bool:
    """Whether this processor has the vector units that photon packets need."""
    found = np.show_config(mode="dicts").get("SIMD Extensions", {})
    return bool(_VECTOR_UNITS & {*found.get("baseline", ()), *found.get("found", ())})


def _engine(name: str) -> tuple[str, ModuleType]:
    """The engine's own name and its kernels. Loads numba."""
    if name not in {"auto", "packet", "scalar"}:
        msg = f"There is no engine '{name}'; choose auto, packet or scalar."
        raise InputError(msg)
    if name == "packet" or (name == "auto" and vector_units()):
        from recutis.light import _layered_packet

        return "packet", _layered_packet
    from recutis.light import _layered_scalar

    return "scalar", _layered_scalar


@dataclass(frozen=True, kw_only=True)
class _Job:
    """A run in the words of the kernels."""

    kernels: ModuleType
    stack: Array
    source: tuple[int, float, float, float, bool]
    grid: Grid
    rows: Rows
    seed: int
    stop: NDArray[np.int64]

    def block(self, number: int, photons: int) -> tuple[Array, Array, Array]:
        """Run one block: fluence by row and radius, what left by way and radius, the account."""
        from recutis.light._photon import ACCOUNTS, Scale, Source

        grid = self.grid
        widths = grid.radius_cells + 1
        scale = Scale(
            per_dz=grid.depth_cells / (grid.depth_um * M_PER_UM),
            per_dr=grid.radius_cells / (grid.radius_um * M_PER_UM),
            nz=grid.depth_cells,
            nr=grid.radius_cells,
        )
        fluence, leaving, account = np.zeros(self.rows.cell.size * widths), np.zeros((2, widths)), np.zeros(ACCOUNTS)
        self.kernels.run_block(
            photons, self.seed, number, self.stack, Source(*self.source), scale, fluence, leaving, account,
            self.stop, self.kernels.memory(),
        )  # fmt: skip
        return fluence.reshape(-1, widths), leaving, account


class _Record:
    """Sums over blocks of everything that a result tells."""

    def __init__(self, rows: Rows, grid: Grid, layers: int) -> None:
        shape = (grid.depth_cells + 1, grid.radius_cells + 1)
        self._rows, self._layers = rows, layers
        self.fluence, self.absorbed = Sums(*shape), Sums(*shape)
        self.fluence_wide, self.absorbed_wide = Sums(shape[0]), Sums(shape[0])
        self.leaving, self.outside = Sums(2, shape[1]), Sums()
        self.tallies = Sums(len(tally_names(layers)))
        self._taken = np.empty((rows.cell.size, shape[1]))
        self._cells, self._heat = np.empty(shape), np.empty(shape)
        self.photons, self.blocks = 0, 0
        self.gain, self.gain_variance, self.collisions = 0.0, 0.0, 0.0

    def add(self, fluence: Array, leaving: Array, account: Array, photons: int) -> None:
        """Add one block."""
        rows = self._rows
        taken = np.multiply(fluence, rows.mua_m[:, None], out=self._taken)
        cells, heat = rows.by_cell(fluence, self._cells), rows.by_cell(taken, self._heat)
        by_layer = np.bincount(rows.layer, weights=taken.sum(axis=1), minlength=self._layers)
        specular, gain, variance, collisions = (float(x) for x in account)
        self.fluence.add(cells, photons)
        self.absorbed.add(heat, photons)
        self.fluence_wide.add(cells.sum(axis=1), photons)
        self.absorbed_wide.add(heat.sum(axis=1), photons)
        self.leaving.add(leaving, photons)
        self.outside.add(np.asarray(heat.sum() - heat[:-1, :-1].sum()), photons)
        summary = [specular, leaving[0].sum(), leaving[1].sum(), by_layer.sum()]
        self.tallies.add(np.concatenate((summary, by_layer)), photons)
        self.photons += photons
        self.blocks += 1
        self.gain, self.gain_variance, self.collisions = (
            self.gain + gain, self.gain_variance + variance, self.collisions + collisions,
        )  # fmt: skip

    def estimates(self) -> dict[str, Estimate]:
        """Tallies by name."""
        pairs = zip(self.tallies.mean(), self.tallies.error(), strict=True)
        return {
            name: Estimate(value=float(value), standard_error=float(error))
            for name, (value, error) in zip(tally_names(self._layers), pairs, strict=True)
        }

    def balance(self) -> Estimate:
        """Net energy from roulette; its variance is known exactly, so it needs no blocks."""
        return Estimate(value=self.gain / self.photons, standard_error=math.sqrt(self.gain_variance) / self.photons)

    def check(self) -> None:
        """Every bit of energy is accounted for, and roulette has won or lost no more than chance allows."""
        from recutis.light._photon import CHANCE, SMALLEST_WEIGHT

        found, balance = self.estimates(), self.balance()
        total = sum(found[name].value for name in _SUMMARY)
        if not abs(total - balance.value - 1.0) <= _ROUNDING:
            msg = (
                f"The light does not add up: reflected, transmitted and absorbed parts make {total:.7f} of the energy, and "
                f"roulette accounts for {balance.value:.2g}; this is a fault of the program, please report it with the layers."
            )
            raise RecutisError(msg)
        # Few photons in the game make a skew distribution: Bernstein's bound allows for the largest single win besides.
        single = _ERRORS_ALLOWED**2 / 3.0 * SMALLEST_WEIGHT / CHANCE / self.photons
        if not abs(balance.value) <= _ERRORS_ALLOWED * balance.standard_error + single:
            msg = (
                f"The light does not add up: {total:.7f} of the energy was found, more than four standard errors "
                f"({balance.standard_error:.2g}) from 1; run again with another seed, and report it if it stays so."
            )
            raise RecutisError(msg)


def _even_blocks(photons: int) -> Iterator[int]:
    """Sizes of the blocks of a run of a given length; they depend on nothing else."""
    blocks = min(max(_FEWEST_BLOCKS, photons // _LARGEST_BLOCK), photons)
    size, rest = divmod(photons, blocks)
    return (size + (number < rest) for number in range(blocks))


def _growing_blocks(most: int) -> Iterator[int]:
    """Sizes of the blocks of a run of open length: small ones first, then ever larger ones, `most` photons in all."""
    for number in count():
        doublings = max(0, number - _FEWEST_BLOCKS + _BLOCKS_PER_DOUBLING) // _BLOCKS_PER_DOUBLING
        size = min(_BLOCK_PHOTONS * 2**doublings, _LARGEST_BLOCK, most)
        if size == 0:
            return
        most -= size
        yield size


def _in_order(
    job: _Job, sizes: Iterator[int], threads: int, cancelled: Callable[[], bool] | None
) -> Generator[tuple[int, tuple[Array, Array, Array]], None, None]:
    """Blocks with their sizes in the order of their numbers, computed by threads a little ahead."""
    job.block(0, 0)  # compiles, before threads would wait for each other
    waiting: deque[tuple[int, Future[tuple[Array, Array, Array]]]] = deque()
    numbers = count()
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="light") as pool:
        try:
            while True:
                while len(waiting) <= 2 * threads and (size := next(sizes, 0)):
                    waiting.append((size, pool.submit(job.block, next(numbers), size)))
                if not waiting:
                    return
                size, future = waiting.popleft()
                while True:
                    if cancelled is not None and cancelled():
                        msg = "The light transport was cancelled; nothing was kept."
                        raise CancelledError(msg)
                    try:
                        found = future.result(timeout=_POLL_S)
                    except NotYet:
                        continue
                    break
                yield size, found
        finally:  # also when the caller has enough, is interrupted or fails: blocks under way end at once
            job.stop[0] = 1
            for _, future in waiting:
                future.cancel()


def _goals(until_pct: float | None, tally: str, goals: Sequence[Goal], photons: int | None, layers: int) -> tuple[Goal, ...]:
    """The goals of a run, checked."""
    if until_pct is not None:
        goals = (*goals, Goal(tally=tally, relative_pct=until_pct))
    if goals and photons is not None:
        msg = "Give either a number of photons or a goal (until_pct, goals), not both."
        raise InputError(msg)
    for goal in goals:
        if goal.tally not in tally_names(layers):
            msg = f"There is no tally '{goal.tally}' in {layers} layers; choose one of {', '.join(tally_names(layers))}."
            raise InputError(msg)
        if not (goal.standard_error > 0.0 or goal.relative_pct > 0.0):
            msg = f"The goal for {goal.tally} allows no error at all; give a standard error or a percentage above 0."
            raise OutOfRangeError(msg)
    return tuple(goals)


def _source(beam: Beam) -> tuple[int, float, float, float, bool]:
    """The beam in the words of the kernels."""
    from recutis.light._photon import DISC, GAUSSIAN, RECTANGLE

    first, second = beam.size_um * M_PER_UM / 2, beam.second_um * M_PER_UM / 2
    kind = {"gaussian": GAUSSIAN, "rectangle": RECTANGLE}.get(beam.shape, DISC)
    if kind == DISC:
        first, second = second, first
    sine = math.sin(math.radians(beam.angle_deg))
    return kind, first, second, sine, beam.diffuse


def _threads(asked: int | None) -> int:
    if asked is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if asked < 1:
        msg = f"{asked} threads cannot compute anything; give at least 1, or leave it out to use all processors."
        raise OutOfRangeError(msg)
    return asked


def _finished(
    job: _Job, record: _Record, layers: tuple[OpticalLayer, ...], beam: Beam, media: tuple[float, float], engine: str
) -> LayeredLight:
    """The sums as a result per unit of energy and volume."""
    record.check()
    grid, inner = job.grid, slice(None, -1)
    depth_m = grid.depth_um * M_PER_UM / grid.depth_cells
    edges_m = grid.radius_edges_um * M_PER_UM
    area_m2 = math.pi * np.diff(edges_m * edges_m)
    tallies = record.estimates()
    nothing = Estimate(value=0.0, standard_error=0.0)
    tallies = {name: tallies.get(name, nothing) for name in tally_names(len(layers))}  # a clear depth takes nothing

    def both(sums: Sums, scale: Array | float) -> tuple[Array, Array]:
        place = (inner,) * sums.mean().ndim
        return sums.mean()[place] * scale, sums.error()[place] * scale

    fluence, absorbed = both(record.fluence, PER_M_PER_CM**-2 / (area_m2 * depth_m)), both(
        record.absorbed, PER_M_PER_CM**-3 / (area_m2 * depth_m)
    )  # fmt: skip
    wide, heat = both(record.fluence_wide, 1.0 / depth_m), both(record.absorbed_wide, 1.0 / (PER_M_PER_CM * depth_m))
    leaving, leaving_error = (x[:, inner] / area_m2 / PER_M_PER_CM**2 for x in (record.leaving.mean(), record.leaving.error()))
    inputs = {
        "layers": [asdict(layer) for layer in layers], "n_above": media[0], "n_below": media[1], "beam": asdict(beam),
        "grid": asdict(grid), "photons": record.photons, "blocks": record.blocks, "engine": engine,
    }  # fmt: skip
    return LayeredLight(
        layers=layers, n_above=media[0], n_below=media[1], beam=beam, grid=grid, photons=record.photons, blocks=record.blocks,
        engine=engine, seed=job.seed, collisions=record.collisions / record.photons, balance=record.balance(),
        tallies=tallies,
        outside=Estimate(value=float(record.outside.mean()), standard_error=float(record.outside.error())),
        fluence_cm2=fluence[0], fluence_error_cm2=fluence[1], absorbed_cm3=absorbed[0], absorbed_error_cm3=absorbed[1],
        fluence_wide=wide[0], fluence_wide_error=wide[1], absorbed_wide_cm=heat[0], absorbed_wide_error_cm=heat[1],
        reflected_cm2=leaving[0], reflected_error_cm2=leaving_error[0],
        transmitted_cm2=leaving[1], transmitted_error_cm2=leaving_error[1],
        provenance=provenance(inputs, seed=job.seed),
    )  # fmt: skip


def _checked_numbers(photons: int | None, most_photons: int, seed: int) -> None:
    for name, value in (("photons", photons), ("most_photons", most_photons)):
        if value is not None and value < FEWEST_PHOTONS:
            msg = f"{name} is {value}; standard errors need at least {FEWEST_PHOTONS} photons."
            raise OutOfRangeError(msg)
    if not 0 <= seed < _MASK_SEED:
        msg = f"The seed is {seed}; give a whole number from 0 to below 2^63."
        raise OutOfRangeError(msg)


def transport_layers(
    layers: Sequence[OpticalLayer] | Sequence[LayerOptics],
    beam: Beam,
    *,
    photons: int | None = None,
    until_pct: float | None = None,
    tally: str = "diffuse_reflectance",
    goals: Sequence[Goal] = (),
    most_photons: int = MOST_PHOTONS,
    n_above: float = 1.0,
    n_below: float | None = None,
    grid: Grid | None = None,
    seed: int = 0,
    engine: Engine = "auto",
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> LayeredLight:
    """Send photons into a stack of layers and tell where they go.

    layers : top to bottom, as `OpticalLayer` or as the skin's own `layer_optics`
    photons : how many; or `until_pct`: run until `tally` has this relative standard error; or several `goals`,
        with at most `most_photons`
    n_above, n_below : refractive indices outside; below, that of the lowest layer when left out
    engine : packets of sixteen photons, single photons, or what suits the processor; both give the same within errors
    threads : all processors when left out; the result does not depend on it
    progress, cancelled : called now and then from the calling thread

    The same input and seed give the same numbers, bit for bit, on one machine.

    Raises InputError and OutOfRangeError for input without meaning, CancelledError, and RecutisError when energy does
    not add up.
    References: Wang, Jacques & Zheng 1995, doi:10.1016/0169-2607(95)01640-F; Henyey & Greenstein 1941,
    doi:10.1086/144246.
    """
    own = tuple(optical_layer(layer) if isinstance(layer, LayerOptics) else layer for layer in layers)
    below = n_below if n_below is not None else own[-1].n if own else 1.0
    check_stack(own, n_above, below)
    _checked_numbers(photons, most_photons, seed)
    wanted = _goals(until_pct, tally, goals, photons, len(own) - clear_depth(own))
    name, kernels = _engine(engine)
    from recutis.light._photon import MUA, TOP

    stack = stack_arrays(own, n_above, below)
    used = grid if grid is not None else default_grid(own, beam.reach_um)
    rows = tally_rows(stack[TOP], stack[MUA], used)
    job = _Job(
        kernels=kernels, stack=stack, source=_source(beam), grid=used, rows=rows, seed=seed, stop=np.zeros(1, np.int64)
    )  # fmt: skip
    length = photons if photons is not None else DEFAULT_PHOTONS
    record = _Record(rows, used, stack.shape[1])
    blocks = _in_order(job, _growing_blocks(most_photons) if wanted else _even_blocks(length), _threads(threads), cancelled)
    for size, found in blocks:
        record.add(*found, size)
        done = record.photons / (most_photons if wanted else length)
        if wanted and record.blocks >= _FEWEST_BLOCKS:
            now = record.estimates()
            done = max(done, min(goal.progress(now[goal.tally]) for goal in wanted))
            if all(goal.reached(now[goal.tally]) for goal in wanted):
                break
        if progress is not None:
            progress(done)
    blocks.close()
    if progress is not None:
        progress(1.0)
    return _finished(job, record, own, beam, (n_above, below), name)
