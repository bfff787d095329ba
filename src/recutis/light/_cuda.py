"""What the engines of graphics cards share: random numbers, launching, fixed point, and the sums that stay on the card.

Each photon has random numbers of its own, keyed by the seed, the block and its number in it, and tallies are whole numbers
in fixed point. So neither the order of the threads nor the shape of a launch changes a bit of what a block finds.
Tallies are counted in units that are powers of two: a block of n photons may put a mean of `ROOM` into any one place before
64 bits are full, and the rounding of one entry is below 1e-8 for blocks of up to 2^22 photons.
"""

from __future__ import annotations

import math
import warnings
from collections import deque
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, NamedTuple, cast

import numpy as np
from numba import config
from numba import cuda as _cuda
from numpy.typing import NDArray

from recutis.errors import RecutisError
from recutis.jit import card_function, card_kernel, inlined
from recutis.light import _photon as p
from recutis.light._lanes import BITS_25, HALF, ONE, ZERO, Lane, around, draw, ln, single, turned, unit
from recutis.light._photon import Array, Source, fresnel
from recutis.light._random import fill, mix
from recutis.light.blocks import Pace

Counts = NDArray[np.uint64]
OnCard = Any  # an array in the card's memory
cuda: Any = _cuda  # its type stub knows little of it
warnings.filterwarnings("ignore", message=".*Grid size .* under-utilization")  # small grids have small work

# In the simulator of numba a thread is one of Python's, and two at a time take the card from each other.
SIMULATED = getattr(config, "ENABLE_CUDASIM", 0) == 1
ROOM = 2**12
_MOST = 2**40  # finer units than this are below the rounding of float32
COPIES = 8 if SIMULATED else 1024  # of the account: threads book in different places, which are added up later
PLACES = 8  # of the account
PACE = Pace(fewest_blocks=32, first_photons=2**17, largest_photons=2**22)  # a card follows some 2^17 photons at a time
AHEAD = 2  # blocks that wait while one is added up: as one ends, the next fills the card
FEW = 4  # numbers that a row of a tally is summed up in
THREADS = 1 if SIMULATED else 128
FEWEST_BLOCKS, _MOST_BLOCKS = (2, 4) if SIMULATED else (128, 1024)  # of threads
_COPIES = np.uint32(COPIES)
_LOW, _HALF_BITS = np.uint64(2**32 - 1), np.uint64(32)
_STEP = np.uint64(0x9E3779B97F4A7C15)  # of SplitMix64
_CHANCE, _PRIZE = single(p.CHANCE), single(1.0 / p.CHANCE)
_GATHERED = single(2.0**-10)  # share of a weight up to which its losses are gathered apart
_TWO, _LOSS = single(2.0), single(1.0 / p.CHANCE - 1.0)
VARIANCE_UNITS = 2.0**54  # of roulette's variance, at most 9e-8 a photon


class Units(NamedTuple):
    """Counts of fixed point for one of fluence and one of weight."""

    fluence: float
    weight: float
    variance: float


def units_of(photons: int, longest: float = 1.0) -> Units:
    """The finest units in which a block of so many photons fits; `longest` is the size of a large entry of fluence."""
    room = math.ceil(math.log2(max(photons, 1) * ROOM))
    per = 2.0 ** (63 - room)
    numbers = (per / 2.0 ** math.ceil(math.log2(longest)), min(per, _MOST), VARIANCE_UNITS)
    return Units(*(cast(float, single(number)) for number in numbers))


@inlined
def counted(amount: Lane, units: Lane) -> Lane:
    """A positive amount in fixed point, rounded to the nearest."""
    return np.uint64(amount * units + HALF)


@inlined
def stream(key: Lane, number: Lane) -> tuple[Lane, Lane, Lane, Lane]:
    """State of the generator of one photon."""
    word = np.uint64(np.uint64(key) + np.uint64(number) * np.uint64(_STEP + _STEP))
    first, second = mix(word), mix(np.uint64(word + _STEP))
    return (
        np.uint32(first), np.uint32(first >> np.uint64(32)), np.uint32(second), np.uint32(second >> np.uint64(32)),
    )  # fmt: skip


@inlined
def flight(u: Lane) -> Lane:
    """The optical path to a collision; a fast logarithm may err to the other side of zero."""
    return max(single(-math.log(u)), ZERO)


@inlined
def placed(source: Source, a: Lane, b: Lane, c: Lane, d: Lane) -> tuple[Lane, Lane, Lane, Lane, Lane, Lane]:
    """Draw where a photon meets the surface, as `_photon.place` does; also the new state."""
    first, a, b, c, d = draw(a, b, c, d)
    second, a, b, c, d = draw(a, b, c, d)
    u, turn = unit(first) + BITS_25, unit(second)
    x, y = ZERO, ZERO
    if source.shape == p.RECTANGLE:
        x = source.first * (_TWO * u - ONE)
        y = source.second * (_TWO * turn - ONE)
    elif source.shape == p.GAUSSIAN or source.second > ZERO:  # else a pencil
        if source.shape == p.GAUSSIAN:
            radius = source.first * math.sqrt(-HALF * ln(u))
        else:
            inner2 = source.first * source.first
            radius = math.sqrt(inner2 + u * (source.second * source.second - inner2))
        cosine, sine = around(turn)
        x, y = single(radius * cosine), single(radius * sine)
    if source.columns * source.rows > 1:
        first, a, b, c, d = draw(a, b, c, d)
        second, a, b, c, d = draw(a, b, c, d)
        x += source.pitch * (lattice(source.columns, unit(first)) - HALF * single(source.columns - 1))
        y += source.pitch * (lattice(source.rows, unit(second)) - HALF * single(source.rows - 1))
    return x, y, a, b, c, d


@inlined
def lattice(count: Lane, u: Lane) -> Lane:
    """One of `count` points on a line, 0 to count - 1."""
    return single(min(np.int32(u * single(count)), count - 1))


@inlined
def aimed(
    source: Source, n_above: Lane, n_first: Lane, a: Lane, b: Lane, c: Lane, d: Lane
) -> tuple[Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane]:
    """Draw the direction inside the first medium, as `_photon.aim` does; what is reflected; the first optical path; the new state."""
    sine: Lane = source.sine
    x, y = ONE, ZERO
    if source.diffuse:
        first, a, b, c, d = draw(a, b, c, d)
        second, a, b, c, d = draw(a, b, c, d)
        sine = single(math.sqrt(unit(first)))
        x, y = around(unit(second))
    outside: Lane = single(math.sqrt(ONE - sine * sine))
    reflected, refracted = fresnel(outside, n_above, n_first)
    cosine = ONE if reflected >= ONE else single(refracted)
    inside = single(math.sqrt(ONE - cosine * cosine))
    first, a, b, c, d = draw(a, b, c, d)
    free = flight(unit(first) + BITS_25)
    return inside * x, inside * y, cosine, single(reflected), free, a, b, c, d


@inlined
def faded(full: Lane, owed: Lane, loss: Lane) -> tuple[Lane, Lane, Lane]:
    """A weight after a loss: what it was when last set, what it has lost since, what it is.

    Small losses are gathered apart, where rounding does not swallow them.
    """
    owed += loss
    weight = max(full - owed, ZERO)
    if owed > full * _GATHERED:
        return weight, ZERO, weight
    return full, owed, weight


@inlined
def scattered(
    ux: Lane, uy: Lane, uz: Lane, g: Lane, turning: Lane, a: Lane, b: Lane, c: Lane, d: Lane
) -> tuple[Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane]:
    """The direction after a collision, of which a share turns, the optical path to the next one, the new state."""
    first, a, b, c, d = draw(a, b, c, d)
    second, a, b, c, d = draw(a, b, c, d)
    third, a, b, c, d = draw(a, b, c, d)
    chosen = unit(second) + BITS_25
    if chosen > turning:
        return ux, uy, uz, flight(unit(first) + BITS_25), a, b, c, d
    vx, vy, vz = turned(ux, uy, uz, g, min(chosen / turning, ONE), unit(third))
    return vx, vy, vz, flight(unit(first) + BITS_25), a, b, c, d


@inlined
def survived(weight: Lane, drawn: Lane) -> Lane:
    """The weight after roulette, zero when the photon ends."""
    return weight * _PRIZE if unit(drawn) + BITS_25 <= _CHANCE else ZERO


@inlined
def hazard(weight: Lane) -> Lane:
    """Variance of the energy that roulette gives or takes."""
    return _LOSS * weight * weight


@card_function
def open_queue(queue: Any) -> None:
    """Let a block of threads begin with its first photon."""
    if cuda.threadIdx.x == 0:
        queue[0] = 0
    cuda.syncthreads()


@card_function
def own_copy() -> Lane:
    """The copy of the account in which a thread books."""
    return np.uint32(np.uint32(cuda.grid(1)) % _COPIES)


@card_function
def book(account: Counts, place: int, own: Lane, weight: Lane, units: Units) -> None:
    """Add weight to the account."""
    cuda.atomic.add(account, np.uint32(np.uint32(place * COPIES) + own), counted(weight, units.weight))


@card_function
def gamble(account: Counts, own: Lane, weight: Lane, drawn: Lane, units: Units) -> Lane:
    """The weight after roulette; books what energy came or went by chance."""
    after = survived(weight, drawn)
    gain = np.int64((after - weight) * units.weight)
    cuda.atomic.add(account, np.uint32(np.uint32(p.GAIN * COPIES) + own), np.uint64(gain))
    cuda.atomic.add(account, np.uint32(np.uint32(p.GAIN_VARIANCE * COPIES) + own), counted(hazard(weight), units.variance))
    return after


@inlined
def lower(count: Lane) -> Lane:
    """The lower half of a count."""
    return count & _LOW


@inlined
def upper(count: Lane) -> Lane:
    """The upper half of a count."""
    return count >> _HALF_BITS


@card_function
def add_halves(into: Counts, row: Lane, low: Lane, high: Lane) -> None:
    """Add halves of counts to a row of few numbers."""
    place = np.uint32(row * np.uint32(FEW))
    cuda.atomic.add(into, place, low)
    cuda.atomic.add(into, np.uint32(place + np.uint32(1)), high)


@card_kernel
def add_rows(tally: Counts, rows: int, width: int, into: Counts) -> None:
    """Add the cells of each row; one block of threads at a time for each row.

    `into` gets four numbers a row: lower and upper half of its sum, apart lest they overflow, and of its last cell.
    """
    row = np.uint32(cuda.blockIdx.x)
    while row < np.uint32(rows):
        low, high = np.uint64(0), np.uint64(0)
        column = np.uint32(cuda.threadIdx.x)
        while column < np.uint32(width):
            count = tally[np.uint32(row * np.uint32(width) + column)]
            low += lower(count)
            high += upper(count)
            if column == np.uint32(width - 1):
                into[np.uint32(row * np.uint32(FEW) + np.uint32(2))] = lower(count)
                into[np.uint32(row * np.uint32(FEW) + np.uint32(3))] = upper(count)
            column = np.uint32(column + np.uint32(cuda.blockDim.x))
        add_halves(into, row, low, high)
        row = np.uint32(row + np.uint32(cuda.gridDim.x))


@card_kernel
def add_block(tally: Counts, first: int, unit_size: float, photons: float, total: Array, squares: Array) -> None:
    """Add a block's tally, from its place `first` on, to the sums over blocks; clear it."""
    place = np.uint32(cuda.grid(1))
    while place < total.size:
        at = np.uint32(place + np.uint32(first))
        value = np.float64(tally[at]) * unit_size
        total[place] += value
        squares[place] += value * value / photons
        tally[at] = np.uint64(0)
        place = np.uint32(place + np.uint32(cuda.gridsize(1)))


@card_kernel
def clear(tally: Counts) -> None:
    """Set all of a tally to zero."""
    place = np.uint32(cuda.grid(1))
    while place < tally.size:
        tally[place] = np.uint64(0)
        place = np.uint32(place + np.uint32(cuda.gridsize(1)))


def key_of(seed: int, block: int) -> np.uint64:
    """The key of the photons of a block."""
    words = np.zeros(1, np.uint64)
    fill(words, seed, block)
    return np.uint64(words[0])


def check_room(collisions: float, photons: int) -> None:
    """Refuse a block whose counts may have run over: more collisions of a photon than one place has room for.

    Raises RecutisError.
    """
    if collisions > ROOM * photons:
        msg = (
            f"Photons collide {collisions / photons:.0f} times each in this tissue, and the counts of a card have room for "
            f"{ROOM}; choose the engine packet, or give the tissue a little more absorption."
        )
        raise RecutisError(msg)


def joined(halves: Counts) -> Array:
    """Counts of which lower and upper half lie side by side."""
    low, high = (halves[..., side].astype(np.float64) for side in (0, 1))
    return np.asarray(high * 2.0**32 + low)


def account_of(halves: Counts, units: Units) -> Array:
    """The account of a block; its net gain has a sign."""
    signed = ((halves[:, 1] << _HALF_BITS) + halves[:, 0]).view(np.int64).astype(np.float64)
    size = np.full(PLACES, float(units.weight))
    size[p.GAIN_VARIANCE], size[p.COLLISIONS] = float(units.variance), 1.0
    return np.asarray(signed / size)


def single_source(source: Source) -> Source:
    """A source in numbers of 32 bits."""
    numbers: dict[str, Any] = {
        name: np.int32(value) if isinstance(value, int) else single(value) for name, value in source._asdict().items()
    }
    return Source(**numbers)


def grid_for(cells: int) -> int:
    """Blocks of threads for work on so many cells."""
    return max(FEWEST_BLOCKS, min(_MOST_BLOCKS, -(-cells // THREADS)))


@cache
def multiprocessors() -> int:
    """Multiprocessors of the card in use."""
    return FEWEST_BLOCKS if SIMULATED else int(cuda.get_current_device().MULTIPROCESSOR_COUNT)


@dataclass(frozen=True, kw_only=True)
class Launch:
    """Shape of the launch of a block of photons; it changes speed, never numbers.

    threads : in a block of threads
    resident : blocks of threads for each multiprocessor, about as many as it holds: all of a launch then run together, and
        none begins as others end; a thread that is ready takes the next photon of its block of threads
    patience : steps of the inner loop, after which lanes that wait for another kind of step get it
    """

    threads: int = THREADS
    resident: int = 9
    patience: int = 4

    def grid(self, photons: int) -> tuple[int, int]:
        """Blocks of threads for so many photons, and the photons of each."""
        chunk = max(-(-photons // (multiprocessors() * self.resident)), 1)
        return max(-(-photons // chunk), 1), chunk


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Memory on the card for one block under way, and the order of work on it."""

    stream: Any
    tally: OnCard
    account: OnCard
    few: OnCard


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A block that the card is working on."""

    slot: Slot
    units: Units
    done: Any

    def few(self, copies: Any) -> Counts:
        """Wait for the block and fetch its few numbers, through a stream of their own."""
        self.done.synchronize()
        found: Counts = self.slot.few.copy_to_host(stream=copies)
        copies.synchronize()
        return found


class Slots:
    """Memory for the blocks under way, used again and again; a block keeps its slot until it is added to the sums.

    Whoever launches kernels holds `lock`: blocks are begun in one thread and added up in another.
    """

    def __init__(self, cells: int, few_rows: int) -> None:
        self.lock = Lock()
        self._sizes = cells, PLACES * COPIES, few_rows * FEW
        self._free: deque[Slot] = deque()
        self._last: Any = None

    def take(self) -> Slot:
        """A slot whose tallies are zero."""
        try:
            return self._free.popleft()
        except IndexError:
            tally, account, few = (cuda.to_device(np.zeros(size, np.uint64)) for size in self._sizes)
            return Slot(stream=cuda.stream(), tally=tally, account=account, few=few)

    def began(self, slot: Slot) -> OnCard:
        """Where a block's few numbers go, cleared: those of its tally first, those of its account last."""
        clear[grid_for(slot.few.size), THREADS, slot.stream](slot.few)
        return slot.few

    def ended(self, slot: Slot, photons: int, units: Units) -> Ticket:
        """Let the card add up the account of a block, whose tally has been added up."""
        add_rows[FEWEST_BLOCKS, THREADS, slot.stream](slot.account, np.int32(PLACES), np.int32(COPIES), slot.few[-PLACES * FEW :])
        clear[grid_for(slot.account.size), THREADS, slot.stream](slot.account)
        done = cuda.event()
        done.record(slot.stream)
        if photons == 0:
            self._free.append(slot)
        return Ticket(slot=slot, units=units, done=done)

    def follow_last(self, slot: Slot) -> None:
        """Let further work on this slot wait for the sums of the block before."""
        if self._last is not None:
            self._last.wait(slot.stream)

    def give_back(self, slot: Slot) -> None:
        """Mark a slot's sums as under way, after which it is free for another block."""
        self._last = cuda.event()
        self._last.record(slot.stream)
        self._free.append(slot)
