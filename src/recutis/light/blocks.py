"""Runs of a Monte Carlo in blocks: how long, in which order, and how well what they found is known."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from itertools import count
from typing import Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from recutis.errors import CancelledError, InputError, OutOfRangeError, RecutisError
from recutis.light import checks
from recutis.light._sums import Sums
from recutis.units import PERCENT

DEFAULT_PHOTONS: Final = 1_000_000
MOST_PHOTONS: Final = 100_000_000
FEWEST_PHOTONS: Final = 1000
_BLOCKS_PER_DOUBLING: Final = 32
_POLL_S: Final = 0.05
_ERRORS_ALLOWED: Final = 4.0
_ROUNDING: Final = 1e-5  # of the energy: float32 weights over thousands of steps
_MASK_SEED: Final = 2**63
_MOST_THREADS: Final = 4096

Found = TypeVar("Found")
Found_contra = TypeVar("Found_contra", contravariant=True)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True, kw_only=True)
class Goal:
    """Run until the standard error of a tally is at most this, or at most this many per cent of its value.

    Raises InputError for what is no number, OutOfRangeError for errors below 0 or without end.
    """

    tally: str
    standard_error: float = 0.0
    relative_pct: float = 0.0

    def __post_init__(self) -> None:
        called = f"The goal for {checks.text('The tally of a goal', self.tally)}"
        for name in ("standard_error", "relative_pct"):
            value = checks.real(f"{called} has {name} =", getattr(self, name), "a finite number of at least 0")
            if not math.isfinite(value):
                msg = f"{called} has {name} = {value:g}; give a finite number of at least 0."
                raise OutOfRangeError(msg)
            object.__setattr__(self, name, value)
        if min(self.standard_error, self.relative_pct) < 0.0:
            raise OutOfRangeError(self.without_error)

    @property
    def without_error(self) -> str:
        """What to say of a goal that allows no error."""
        return (
            f"The goal for {self.tally} allows no error at all: standard_error is {self.standard_error:g}, relative_pct "
            f"{self.relative_pct:g}; give a standard error or a percentage above 0."
        )

    def reached(self, found: Estimate, photons: int) -> bool:
        """Whether an estimate from so many photons is good enough."""
        return _error(found, photons) <= self._allowed(found)

    def progress(self, found: Estimate, photons: int) -> float:
        """Share of the photons that the goal needs, from the errors so far."""
        error = _error(found, photons)
        return 1.0 if error <= 0.0 else min(1.0, (self._allowed(found) / error) ** 2)

    def _allowed(self, found: Estimate) -> float:
        return max(self.standard_error, self.relative_pct / PERCENT * abs(found.value))


def _error(found: Estimate, photons: int) -> float:
    """The standard error; where nothing was found yet, what one photon would make."""
    return 1.0 / photons if found.value == 0.0 and found.standard_error == 0.0 else found.standard_error


class Record(Protocol[Found_contra]):
    """What sums up blocks."""

    photons: int
    blocks: int

    def add(self, found: Found_contra, photons: int) -> None:
        """Add one block."""

    def estimates(self) -> Mapping[str, Estimate]:
        """Tallies by name."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How runs are cut: into at least so many blocks, of so many photons in a first and in a largest one.

    The error of a standard error from 64 blocks is 9 %. What is summed after each block should cost less than the block.
    """

    fewest_blocks: int = 64
    first_photons: int = 1024
    largest_photons: int = 65536


_PACE: Final = Pace()


@dataclass(frozen=True, kw_only=True)
class Length:
    """How long a run is: a number of photons, or goals and the most photons that may be spent on them."""

    photons: int
    goals: tuple[Goal, ...]
    pace: Pace = _PACE

    def sizes(self) -> Iterator[int]:
        """Sizes of the blocks; they depend on nothing but the length."""
        return _growing_blocks(self.photons, self.pace) if self.goals else _even_blocks(self.photons, self.pace)


def length_of(
    photons: int | None,
    *,
    until_pct: float | None,
    tally: str,
    goals: Sequence[Goal],
    most_photons: int,
    known: Sequence[str],
    nothing: frozenset[str],
    where: str,
    pace: Pace = _PACE,
) -> Length:
    """The length of a run as asked for.

    `known` are the tallies there are, `nothing` those that are zero by construction, `where` says of what, for messages.

    Raises InputError and OutOfRangeError for lengths that make no run.
    """
    for name, value in (("photons", photons), ("most_photons", most_photons)):
        if value is None and name == "photons":
            continue
        found = checks.integer(f"{name} is", value, f"a whole number of at least {FEWEST_PHOTONS}")
        if found < FEWEST_PHOTONS:
            msg = f"{name} is {checks.shown(found)}; standard errors need at least {FEWEST_PHOTONS} photons."
            raise OutOfRangeError(msg)
    goals = checks.several("goals", goals, Goal, "give a list of them, as in [Goal(tally='absorbed', relative_pct=1.0)]")
    checks.text("tally", tally)
    if until_pct is not None:
        goals = (*goals, Goal(tally=tally, relative_pct=checks.number("until_pct", until_pct)))
    if goals and photons is not None:
        msg = "Give either a number of photons or a goal (until_pct, goals), not both."
        raise InputError(msg)
    for name in (tally, *(goal.tally for goal in goals)):
        if name not in known:
            msg = f"There is no tally '{name}' in {where}; choose one of {', '.join(known)}."
            raise InputError(msg)
    for goal in goals:
        if max(goal.standard_error, goal.relative_pct) <= 0.0:
            raise OutOfRangeError(goal.without_error)
        if goal.tally in nothing and not goal.standard_error > 0.0:
            msg = (
                f"{goal.tally} is zero here whatever the photons do, so no percentage of it can be reached; choose another tally."
            )
            raise InputError(msg)
    length = most_photons if goals else DEFAULT_PHOTONS if photons is None else photons
    return Length(photons=int(length), goals=tuple(goals), pace=pace)


def check_seed(seed: int) -> int:
    """A seed that the generators can take. Raises InputError for what is no whole number, OutOfRangeError outside."""
    found = checks.integer("The seed is", seed, "a whole number from 0 to below 2^63")
    if not 0 <= found < _MASK_SEED:
        msg = f"The seed is {checks.shown(found)}; give a whole number from 0 to below 2^63."
        raise OutOfRangeError(msg)
    return found


def _even_blocks(photons: int, pace: Pace) -> Iterator[int]:
    """Sizes of the blocks of a run of a given length."""
    blocks = min(max(pace.fewest_blocks, photons // pace.largest_photons), photons)
    size, rest = divmod(photons, blocks)
    return (size + (number < rest) for number in range(blocks))


def _growing_blocks(most: int, pace: Pace) -> Iterator[int]:
    """Sizes of the blocks of a run of open length: small ones first, then ever larger ones, `most` photons in all."""
    first = max(min(pace.first_photons, most // pace.fewest_blocks), 1)
    for number in count():
        doublings = max(0, number - pace.fewest_blocks + _BLOCKS_PER_DOUBLING) // _BLOCKS_PER_DOUBLING
        size = min(first * 2**doublings, pace.largest_photons, most)
        if size == 0:
            return
        most -= size
        yield size


def _threads(asked: int | None) -> int:
    if asked is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found = checks.integer("threads is", asked, "a whole number of at least 1, or leave it out to use all processors")
    if not 1 <= found <= _MOST_THREADS:
        msg = (
            f"{checks.shown(found)} threads cannot compute anything; give at least 1 and at most {_MOST_THREADS}, "
            "or leave it out to use all processors."
        )
        raise OutOfRangeError(msg)
    return found


def _in_order(
    block: Callable[[int, int], Found],
    sizes: Iterator[int],
    stop: NDArray[np.int64],
    threads: int,
    ahead: int,
    cancelled: Callable[[], bool] | None,
) -> Generator[tuple[int, Found], None, None]:
    """Blocks with their sizes in the order of their numbers, computed by threads a little ahead."""
    block(0, 0)  # compiles, before threads would wait for each other
    waiting: deque[tuple[int, Future[Found]]] = deque()
    numbers = count()
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="light") as pool:
        try:
            while True:
                while len(waiting) <= ahead * threads and (size := next(sizes, 0)):
                    waiting.append((size, pool.submit(block, next(numbers), size)))
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
            stop[0] = 1
            for _, future in waiting:
                future.cancel()


def run_blocks(
    block: Callable[[int, int], Found],
    record: Record[Found],
    length: Length,
    *,
    stop: NDArray[np.int64],
    threads: int | None = None,
    ahead: int = 2,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Compute blocks until the length or all goals are reached, and add them to the record in their order.

    block : of a number and a size, to what it found; runs in threads, ends early when `stop` becomes non-zero
    ahead : blocks for each thread that are computed or wait; fewer need less memory
    progress, cancelled : called now and then from the calling thread

    What is recorded does not depend on the number of threads.

    Raises CancelledError, and OutOfRangeError for less than one thread.
    """
    blocks = _in_order(block, length.sizes(), stop, _threads(threads), ahead, cancelled)
    furthest = 0.0
    for size, found in blocks:
        record.add(found, size)
        done = record.photons / length.photons
        if length.goals and record.blocks >= length.pace.fewest_blocks:
            now = record.estimates()
            done = max(done, min(goal.progress(now[goal.tally], record.photons) for goal in length.goals))
            if all(goal.reached(now[goal.tally], record.photons) for goal in length.goals):
                break
        if progress is not None:
            furthest = max(furthest, done)  # errors may grow for a while, progress does not go back
            progress(furthest)
    blocks.close()
    if progress is not None:
        progress(1.0)


class TallyRecord:
    """Tallies of blocks and what roulette won or lost in them; records of runs add their maps.

    names : of the tallies, in their order
    whole : those of them that together are all the energy
    """

    def __init__(self, names: Sequence[str], whole: Sequence[str]) -> None:
        self._names, self._whole = names, whole
        self._tallies = Sums(len(names))
        self.photons, self.blocks = 0, 0
        self.collisions = 0.0
        self._gain, self._gain_variance = 0.0, 0.0

    def count(self, tallies: NDArray[np.float64], account: Sequence[float], photons: int) -> None:
        """Add one block: its tallies, and what roulette gained in it, the variance of that, and the collisions."""
        self._tallies.add(tallies, photons)
        self.photons += photons
        self.blocks += 1
        gain, variance, collisions = account
        self._gain += gain
        self._gain_variance += variance
        self.collisions += collisions

    def estimates(self) -> dict[str, Estimate]:
        """Tallies by name."""
        pairs = zip(self._names, self._tallies.mean(), self._tallies.error(), strict=True)
        return {name: Estimate(value=float(value), standard_error=float(error)) for name, value, error in pairs}

    def balance(self) -> Estimate:
        """Net energy from roulette per photon; its variance is known exactly, so it needs no blocks."""
        return Estimate(value=self._gain / self.photons, standard_error=math.sqrt(self._gain_variance) / self.photons)

    def check(self) -> None:
        """Every bit of energy is accounted for, and roulette has won or lost no more than chance allows.

        Raises RecutisError.
        """
        from recutis.light._photon import CHANCE, SMALLEST_WEIGHT

        found, balance = self.estimates(), self.balance()
        total = sum(found[name].value for name in self._whole)
        if not abs(total - balance.value - 1.0) <= _ROUNDING:
            msg = (
                f"The light does not add up: reflected, transmitted and absorbed parts make {total:.7f} of the energy, and "
                f"roulette accounts for {balance.value:.2g}; this is a fault of the program, please report it with the tissue."
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
