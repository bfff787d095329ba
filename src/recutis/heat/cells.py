"""What the solvers on depth and radius and in voxels share: tissue in cells, its physics, the length of steps, threads."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import _cells_kernel as kernels
from recutis.heat import damage, tissue
from recutis.heat.damage import Process
from recutis.units import KELVIN_OFFSET, S_PER_MIN

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
_NO_BOIL: Final = 1e9  # a rise that nothing reaches
_LEFT_OUT: Final = 1e-4  # damage that a cell left out for being cold may miss in a run
_MINUTES_LEFT_OUT: Final = 1e-3  # equivalent minutes it may miss
_WORTH_THREADS: Final = 20_000  # cells; below, handing out work costs more than it saves
_SAFETY: Final = 0.9
_TOO_FAR: Final = 2.5  # a step that changes this much more than wanted is made again
_SHORTER: Final = 0.25
_SHIFT: Final = 56  # doubles


@dataclass(frozen=True, kw_only=True)
class Physics:
    """What cells do: boiling, conductivity with temperature, damage.

    boil_C : temperature at which water leaves; None for tissue that does not boil
    steam_return : share of the steam's energy that condenses in the nearest cooler cells; the rest stays latent
    conductivity_per_K : relative change of the water's part of conductivity a kelvin, from the reference up to boiling
    processes : Arrhenius processes, each with its own state
    cem43 : whether equivalent minutes at 43 °C are kept too

    Raises OutOfRangeError for a share outside 0 to 1 or a slope outside 0 to 0.01 per kelvin.
    """

    boil_C: float | None = field(default_factory=lambda: evidence.value("phys_boiling"))
    steam_return: float = 0.0
    conductivity_per_K: float = field(default_factory=lambda: evidence.value("phys_conductivity_per_K"))
    processes: tuple[Process, ...] = field(default_factory=lambda: (damage.cell_death(), damage.collagen()))
    cem43: bool = True

    def __post_init__(self) -> None:
        if not 0.0 <= self.steam_return <= 1.0:
            msg = f"The share of steam that condenses must lie between 0 and 1; got {self.steam_return:g}."
            raise OutOfRangeError(msg)
        if not 0.0 <= self.conductivity_per_K <= 0.01:
            msg = f"Conductivity may rise by 0 to 0.01 of itself per kelvin; got {self.conductivity_per_K:g}."
            raise OutOfRangeError(msg)


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """How steps are chosen: no cell changes by more than `change_K` or `change_share` of the largest rise, whichever is more.

    Steps grow by at most `growth`. Halving both changes halves the error of a run; `docs/heat.md` states errors.
    Raises OutOfRangeError unless 0 < change_K <= 100, 0 < change_share <= 0.5 and 1 < growth <= 10.
    """

    change_K: float = 1.0
    change_share: float = 0.05
    growth: float = 1.6

    def __post_init__(self) -> None:
        if not (0.0 < self.change_K <= 100.0 and 0.0 < self.change_share <= 0.5 and 1.0 < self.growth <= 10.0):
            msg = (
                "Steps need a change above 0 and up to 100 K, a share above 0 and up to 0.5, and growth above 1 and up to 10; got "
                f"{self.change_K:g} K, {self.change_share:g} and {self.growth:g}."
            )
            raise OutOfRangeError(msg)

    def halved(self) -> Accuracy:
        """Steps of half the change."""
        return Accuracy(change_K=self.change_K / 2, change_share=self.change_share / 2, growth=math.sqrt(self.growth))

    def limit_K(self, largest_K: float) -> float:
        """Change of temperature wanted in a step when the largest rise is this."""
        return max(self.change_K, self.change_share * largest_K)

    def too_far(self, changed_K: float, largest_K: float) -> bool:
        """Whether a step has gone too far and should be made again, shorter."""
        return changed_K > _TOO_FAR * self.limit_K(largest_K)

    def next_s(self, dt: float, changed_K: float, largest_K: float) -> float:
        """Length of the step after one of `dt` that changed this much."""
        wanted = _SAFETY * self.limit_K(largest_K) / max(changed_K, 1e-30)
        return dt * min(max(wanted, _SHORTER), self.growth)


def apart(shape: tuple[int, ...], number: int, values: Array | None = None, dtype: type = np.float64) -> NDArray[Any]:
    """Zeros, or a copy, whose place in a page of memory differs from that of other numbers.

    A processor waits for itself where it reads and writes at equal places of different pages; that costs up to a factor of two.
    """
    shift = number * _SHIFT
    out: NDArray[Any] = np.zeros(math.prod(shape) + shift, dtype=dtype)[shift:].reshape(shape)
    if values is not None:
        out[...] = values
    return out


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Team:
    """Threads that share the ranges of a grid; the caller's own thread does one share. Use in a `with`."""

    def __init__(self, cells: int, threads: int | None) -> None:
        """As many threads as asked for, or as pay for so many cells."""
        if threads is not None and threads < 1:
            msg = f"A run needs at least one thread; got {threads}."
            raise OutOfRangeError(msg)
        self.size = (cores() if cells >= _WORTH_THREADS else 1) if threads is None else threads
        self._pool = ThreadPoolExecutor(self.size - 1, thread_name_prefix="heat") if self.size > 1 else None

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def ranges(self, count: int, multiple: int) -> list[tuple[int, int]]:
        """Cut 0..count into a range for each thread, each but the last a multiple of so many."""
        blocks = -(-count // multiple)
        share = -(-blocks // self.size) * multiple
        return [(start, min(start + share, count)) for start in range(0, count, share)]

    def each(self, work: Callable[[int, int, int], object], ranges: list[tuple[int, int]]) -> None:
        """Do `work(number, start, end)` for every range."""
        if self._pool is None or len(ranges) == 1:
            for number, (start, end) in enumerate(ranges):
                work(number, start, end)
            return
        futures = [self._pool.submit(work, number, *ranges[number]) for number in range(1, len(ranges))]
        work(0, *ranges[0])
        for future in futures:
            future.result()


class Cells:
    """Working state of a run, in rows of cells; copies of what is given, written to in place.

    heat, water, solid, k_per_water : (rows, cells of a row) · first : (cells of a row,) first row that is there ·
    volume_row, volume_cell : volumes are their products · damage : (processes, rows, cells) · minutes : equivalent minutes ·
    lines : rows of a plane of voxels, 0 on depth and radius.
    """

    def __init__(
        self, *, heat: Array, water: Array, solid: Array, k_per_water: Array, damage_state: Array, minutes: Array, peak: Array,
        first: Indices, volume_row: Array, volume_cell: Array, start_C: float, physics: Physics, seconds: float,
        lines: int = 0,
    ) -> None:  # fmt: skip
        shape = heat.shape
        self.heat, self.water = apart(shape, 0, heat), apart(shape, 1, water)
        self.solid, self.k_per_water = solid, k_per_water
        self.damage, self.minutes, self.peak, self.first = damage_state.copy(), minutes.copy(), apart(shape, 2, peak), first
        self.volume_row, self.volume_cell = volume_row, volume_cell
        self.start_C, self._physics, self._lines = start_C, physics, lines
        self.latent, self.water_heat = tissue.latent_J_kg(), tissue.water_heat_J_kg_K()
        self.boil = _NO_BOIL if physics.boil_C is None else physics.boil_C - start_C
        self.k_dry = tissue.linear("k_vs_water_fraction")[0]
        self._k_reference = evidence.value("phys_conductivity_reference") - start_C
        self._k_hottest = evidence.value("phys_boiling") - start_C
        self.capacity, self.k, self.rise, self.now = (apart(shape, i) for i in (3, 4, 5, 6))
        self.made = np.zeros(heat.shape if physics.steam_return > 0.0 else (1, 1))
        self.steam, self._boils = np.zeros(heat.shape[0]), np.zeros(heat.shape[0], dtype=np.bool_)
        self._damage_law(seconds)
        self.rise[:] = heat / (solid + self.water_heat * water)
        self.boiling = bool((self.rise >= self.boil).any())
        self.refresh(0, heat.shape[0])

    def _damage_law(self, seconds: float) -> None:
        processes = self._physics.processes
        self._ln_a = np.array([math.log(p.frequency_s) for p in processes])
        self._e_r = np.array([p.energy_J_mol / damage.GAS_CONSTANT_J_MOL_K for p in processes])
        quiet = math.log(_LEFT_OUT / max(seconds, 1e-12))
        kelvin = self.start_C + KELVIN_OFFSET
        self._cutoff = self._e_r / (self._ln_a - quiet) - kelvin
        above, below, broken_C = damage.cem43_law()
        self._cem = (broken_C + KELVIN_OFFSET, -math.log(above), -math.log(below))
        quiet = math.log(_MINUTES_LEFT_OUT * S_PER_MIN / max(seconds, 1e-12))
        self._cem_cutoff = broken_C - self.start_C - quiet / math.log(below if quiet < 0.0 else above)

    def refresh(self, row0: int, row1: int) -> None:
        """Properties from present water and temperature."""
        kernels.properties(
            self.water, self.solid, self.rise, self.k_dry, self.k_per_water, self._physics.conductivity_per_K, self._k_reference,
            self._k_hottest, self.boil, self.water_heat, self.capacity, self.k, self._boils, row0, row1,
        )  # fmt: skip

    def begin(self, source: tuple[Array, float] | None, row0: int, row1: int) -> None:
        """Heat from a density of power [W/m3] for a time; boiling cells are made ready for conduction."""
        if source is not None:
            kernels.put_in(self.heat, *source, row0, row1)
        if self.boiling:
            self._pin(1.0, row0, row1)

    def _pin(self, sign: float, row0: int, row1: int) -> None:
        kernels.pin(self.heat, self.capacity, self.rise, self.solid, self.water, self.water_heat, self._boils, sign, row0, row1)

    def end(self, source: tuple[Array, float] | None, bounds: Array, row0: int, row1: int) -> None:
        """After conduction: more heat, and the temperatures before boiling."""
        if self.boiling:
            self._pin(-1.0, row0, row1)
        if source is not None:
            kernels.put_in(self.heat, *source, row0, row1)
        self.look(bounds, row0, row1)

    def look(self, bounds: Array, row0: int, row1: int) -> None:
        """Temperatures into `now`, and the largest change and rise."""
        bounds[:] = 0.0
        kernels.rises(self.heat, self.water, self.solid, self.water_heat, self.rise, self.now, bounds, row0, row1)

    def undo(self) -> None:
        """Back to the state before the step that `end` has seen."""
        np.multiply(self.solid + self.water_heat * self.water, self.rise, out=self.heat)

    def boil_off(self, row0: int, row1: int) -> None:
        """Water above its boiling point leaves."""
        kernels.boil_rows(
            self.heat, self.water, self.solid, self.volume_row, self.volume_cell, self.boil, self.latent, self.water_heat, self.made,
            self.steam, row0, row1,
        )  # fmt: skip

    def condense(self) -> float:
        """Share of the step's steam that gives its energy back [J]."""
        if self._physics.steam_return == 0.0:
            return 0.0
        return kernels.condense(
            self.heat, self.water, self.solid, self.volume_row, self.volume_cell, self.made, self._physics.steam_return, self.boil,
            self.water_heat, self.first, self._lines,
        )  # fmt: skip

    def injure(self, dt: float, row0: int, row1: int) -> None:
        """Damage of the step just made, and peaks; the next step starts from here."""
        broken_K, above, below = self._cem
        kernels.injure(
            self.rise, self.now, self.peak, dt, self.start_C + KELVIN_OFFSET, self._ln_a, self._e_r, self._cutoff, self.damage,
            self.minutes, self._physics.cem43, broken_K, self._cem_cutoff, above, below, row0, row1,
        )  # fmt: skip

    def stored(self) -> float:
        """Sensible heat of what is there [J]."""
        there = np.arange(self.heat.shape[0])[:, None] >= self.first[None, :]
        return float(self.volume_row @ (self.heat * there) @ self.volume_cell)

    def size(self) -> float:
        """Sum of the sizes of the sensible heat of cells, hot and cold ones alike [J]."""
        return float(self.volume_row @ np.abs(self.heat) @ self.volume_cell)
