"""The march through time that all grids share: periods of light and cooling, the choice of steps, boiling, the account."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recutis.errors import OutOfRangeError
from recutis.heat.cells import Accuracy, Cells, Team
from recutis.heat.column import EnergyError

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
_AUDIT: Final = 1e-6  # the contract: energy closes to a millionth of what moved
_MOST_STEPS: Final = 1_000_000
_SHORTEST_S: Final = 1e-18
Power = Array | Callable[[Any], Array] | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Period:
    """A stretch of time with constant cooling.

    power_W_m3 : heat put in, one number a cell, or a function of the present state that returns it and is asked `renewals` times at
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


@dataclass
class Ledger:
    """What is summed up in a run [J, K, s]."""

    deposited: float = 0.0
    latent: float = 0.0
    surface: float = 0.0
    blood: float = 0.0
    hottest: float = -np.inf
    steps: int = 0
    clock: float = 0.0
    history: list[tuple[float, Array]] = field(default_factory=list)


class March(ABC):
    """One run on one grid; the grids add how they conduct."""

    def __init__(self, cells: Cells, accuracy: Accuracy, team: Team, probes: Indices, ranges: list[tuple[int, int]]) -> None:
        """`probes` are (row, cell) pairs, `ranges` the rows that each thread works on."""
        self.cells, self.ledger, self._accuracy, self._team, self._probes, self._ranges = (
            cells, Ledger(), accuracy, team, probes, ranges,
        )  # fmt: skip
        self._bounds = np.zeros((len(ranges), 2, cells.heat.shape[1]))
        self._dark = np.zeros(cells.heat.shape)
        self._largest = float(np.abs(cells.rise).max())
        self._dt = 0.0
        self._half: tuple[Array, float] | None = None

    @abstractmethod
    def state(self) -> Any:
        """The tissue as it is now."""

    @abstractmethod
    def conduct(self, period: Period, dt: float) -> tuple[float, float]:
        """Conduct for a time, then `finish_conduction`; returns heat to the surface and to blood [J]."""

    @abstractmethod
    def surface(self) -> tuple[Indices, Indices, Array]:
        """Row, cell and thickness [m] of the cells under the surface."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of the grid as users see it."""

    def _first_step(self, period: Period, power: Array, seconds: float) -> float:
        """A step by which the source alone, or the surface alone, changes no cell by more than wanted."""
        wanted = self._accuracy.limit_K(self._largest)
        rate = float((np.abs(power) / self.cells.capacity).max())
        rows, across, thick = self.surface()
        gap = np.abs(self.cells.rise[rows, across] - (period.medium_C - self.cells.start_C))
        rate = max(rate, float((period.transfer_W_m2_K * gap / (self.cells.capacity[rows, across] * thick)).max(initial=0.0)))
        guess = min(wanted / rate, seconds) if rate > 0.0 else seconds
        return max(min(guess, self._dt) if self._dt > 0.0 else guess, _SHORTEST_S)

    def run(self, period: Period) -> None:
        """Go through a period, asking for its light as often as it says."""
        part = period.seconds / period.renewals
        fixed = self._dark if callable(period.power_W_m3) else self._checked(period.power_W_m3)
        for _ in range(period.renewals if part > 0.0 else 0):
            source = period.power_W_m3
            power = self._checked(source(self.state())) if callable(source) else fixed
            self._stretch(period, power, part)

    def _checked(self, power: Array | None) -> Array:
        if power is None:
            return self._dark
        if power.shape != self.shape or not np.isfinite(power).all():
            msg = f"Power must be finite numbers of shape {self.shape}, one a cell; got shape {power.shape}."
            raise OutOfRangeError(msg)
        power = np.ascontiguousarray(power, dtype=np.float64).reshape(self._dark.shape)
        first = self.cells.first
        if not first.any():
            return power
        gone = np.arange(len(power))[:, np.newaxis] < first
        return np.where(gone, 0.0, power)

    def _stretch(self, period: Period, power: Array, seconds: float) -> None:
        watts = float(self.cells.volume_row @ power @ self.cells.volume_cell)
        lit = bool(power.any())
        left = seconds
        self._dt = self._first_step(period, power, seconds)
        while left > 0.0:
            dt = left if self._dt > 0.999 * left else min(self._dt, 0.5 * left) if self._dt > 0.6 * left else self._dt
            surface, blood, changed, largest = self._heat_and_conduct(period, power if lit else None, dt)
            if self._accuracy.too_far(changed, largest) and dt > _SHORTEST_S:
                self.cells.undo()
                self._dt = self._accuracy.next_s(dt, changed, largest)
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
            self._dt = self._accuracy.next_s(dt, changed, largest)

    def _heat_and_conduct(self, period: Period, power: Array | None, dt: float) -> tuple[float, float, float, float]:
        """Half of the source, conduction, the other half; returns heat to surface and blood [J], largest change and rise [K]."""
        self._half = None if power is None else (power, 0.5 * dt)
        if power is not None or self.cells.boiling:
            self._team.each(lambda _, a, b: self.cells.begin(self._half, a, b), self._ranges)
        surface, blood = self.conduct(period, dt)
        changed, largest = self._bounds.max(axis=(0, 2))
        return surface, blood, float(changed), float(largest)

    def finish_conduction(self, number: int, row0: int, row1: int) -> None:
        """What a thread does after conduction in its rows."""
        self.cells.end(self._half, self._bounds[number], row0, row1)

    def _settle(self, dt: float, largest: float) -> None:
        """Boil, condense, injure, and take the properties of the next step."""
        c, book = self.cells, self.ledger
        c.boiling = largest >= c.boil - 1.0
        if largest > c.boil:
            self._team.each(lambda _, a, b: c.boil_off(a, b), self._ranges)
            steam = float(c.steam.sum())
            if steam > 0.0:
                book.latent += steam - c.condense()
                self._team.each(lambda number, a, b: c.look(self._bounds[number], a, b), self._ranges)
                largest = float(self._bounds[:, 1].max())

        def finish(_: int, a: int, b: int) -> None:
            c.injure(dt, a, b)
            c.refresh(a, b)

        self._team.each(finish, self._ranges)
        self._largest = largest
        rows, across, _ = self.surface()
        book.hottest = max(book.hottest, float(c.rise[rows, across].max(initial=-np.inf)))

    def done(self, periods: tuple[Period, ...]) -> Account:
        """Go through all periods; the audited account.

        Raises EnergyError when it does not close.
        """
        held, size = self.cells.stored(), self.cells.size()
        for period in periods:
            self.run(period)
        book = self.ledger
        return Account(
            deposited=book.deposited, stored=self.cells.stored() - held, latent=book.latent, surface=book.surface,
            blood=book.blood,
        ).audited(held=size)  # fmt: skip

    def history(self) -> tuple[Array, Array]:
        """Times [s] and rises of the probes (time, probe) [K]."""
        kept = self.ledger.history
        rises = np.array([values for _, values in kept]).reshape(len(kept), self._probes.shape[0])
        return np.array([clock for clock, _ in kept]), rises


@dataclass(frozen=True, kw_only=True)
class StepError:
    """Differences between a run and one with finer steps: final and peak temperatures [K], ln of damage."""

    final_K: float
    peak_K: float
    ln_damage: float
