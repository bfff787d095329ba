"""Layered Monte Carlo on a graphics card, one photon a thread in float32. The physics is that of `_layered_scalar`.

The inner loop goes from collision to collision; threads whose photon has met a face, is light or has ended wait for a few of
its steps, so that what happens rarely is done for many of them at once. A tally holds counts of weight by row and radius,
then what leaves, above and below; lengths come in when blocks are added.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recutis.jit import card_function, card_kernel, inlined
from recutis.light import _cuda as c
from recutis.light import _photon as p
from recutis.light._cuda import AHEAD, PACE, Counts, Launch, Ticket, Units, counted, cuda
from recutis.light._lanes import BITS_25, ONE, SMALLEST, ZERO, Lane, draw, single, unit
from recutis.light._photon import Array, Scale, Source, fresnel
from recutis.light._sums import Sums
from recutis.light.stack import Rows

# Rows of the stack in float32: mua + mus and its inverse, absorbed share, g, faces, own index and those above and below, turns.
TOTAL, STEP, ABSORBS, G, TOP, BOTTOM, INDEX, ABOVE, BELOW, TURNING = range(10)
_ENDLESS = 1e30  # m; depth of the bottom of an endless layer
_FIRST, _DOWN, _UP = np.int32(0), np.int32(1), np.int32(-1)
_ONE_MORE = np.uint32(1)
SHAPE = Launch(patience=2)
__all__ = ["AHEAD", "PACE", "Card"]


def single_stack(stack: Array) -> NDArray[np.float32]:
    """The stack of `_photon` as this kernel takes it."""
    total = stack[p.MUA] + stack[p.MUS]
    rows = [total, 1.0 / total, stack[p.MUA] / total, stack[p.G], stack[p.TOP], np.minimum(stack[p.BOTTOM], _ENDLESS)]
    return np.ascontiguousarray([*rows, *stack[[p.INDEX, p.INDEX_ABOVE, p.INDEX_BELOW, p.TURNING]]], dtype=np.float32)


def single_scale(scale: Scale) -> Scale:
    """A scale in numbers of 32 bits."""
    numbers: tuple[Any, ...] = (single(scale.per_dz), single(scale.per_dr), np.int32(scale.nz), np.int32(scale.nr))
    return Scale(*numbers)


@inlined
def column(x: Lane, y: Lane, scale: Scale) -> Lane:
    """Number of the radial cell."""
    return np.uint32(min(single(math.sqrt(x * x + y * y)) * scale.per_dr, single(scale.nr)))


@inlined
def cell(x: Lane, y: Lane, z: Lane, layer: Lane, scale: Scale) -> Lane:
    """Place in the tally of a collision."""
    row = np.uint32(np.uint32(min(z * scale.per_dz, single(scale.nz))) + np.uint32(layer))
    return np.uint32(row * np.uint32(scale.nr + 1) + column(x, y, scale))


@card_function
def entered(layer: Lane, stack: NDArray[np.float32]) -> tuple[Lane, Lane, Lane, Lane, Lane, Lane, Lane]:
    """A layer and its properties."""
    return (
        layer, stack[TOTAL, layer], stack[STEP, layer], stack[ABSORBS, layer], stack[G, layer], stack[TOP, layer],
        stack[BOTTOM, layer],
    )  # fmt: skip


@inlined
def crossed(layer: Lane, ux: Lane, uy: Lane, uz: Lane, n1: Lane, n2: Lane, drawn: Lane) -> tuple[Lane, Lane, Lane, Lane]:
    """Layer and direction after a face: reflected or refracted; -1 above and n below the stack."""
    reflected, cosine = fresnel(abs(uz), n1, n2)
    if unit(drawn) + BITS_25 <= reflected:
        return layer, ux, uy, -uz
    ratio = n1 / n2
    if uz > ZERO:
        return np.int32(layer + _DOWN), ux * ratio, uy * ratio, single(cosine)
    return np.int32(layer + _UP), ux * ratio, uy * ratio, single(-cosine)


@card_kernel
def follow(  # noqa: PLR0915  (the life of a photon in registers: parts of it would hand over all of them)
    photons: int, chunk: int, key: int, patience: int, stack: NDArray[np.float32], source: Source, scale: Scale, units: Units,
    tally: Counts, account: Counts,
) -> None:  # fmt: skip
    """Follow a block of photons and add to its tallies. Threads take the next photon of their block of threads when ready."""
    queue = cuda.shared.array(1, np.int32)
    c.open_queue(queue)
    first, last = np.uint32(cuda.blockIdx.x * chunk), np.int32(min(chunk, photons - cuda.blockIdx.x * chunk))
    own = c.own_copy()
    layers = np.int32(stack.shape[1])
    base = np.uint32((scale.nz + layers) * (scale.nr + 1))
    collisions = np.uint32(0)
    x, y, z, ux, uy, uz, weight, free, full, owed = ZERO, ZERO, ZERO, ZERO, ZERO, ONE, ZERO, ZERO, ZERO, ZERO
    s0, s1, s2, s3 = c.stream(key, np.uint32(0))
    layer, total, step, absorbs, g, top, bottom = entered(_FIRST, stack)
    while True:
        if weight <= ZERO:
            number = cuda.atomic.add(queue, 0, 1)
            if number >= last:
                break
            s0, s1, s2, s3 = c.stream(key, np.uint32(first + np.uint32(number)))
            x, y, s0, s1, s2, s3 = c.placed(source, s0, s1, s2, s3)
            ux, uy, uz, lost, free, s0, s1, s2, s3 = c.aimed(source, stack[ABOVE, 0], stack[INDEX, 0], s0, s1, s2, s3)
            z, weight, full, owed = ZERO, ONE - lost, ONE - lost, ZERO
            if lost > ZERO:
                c.book(account, p.SPECULAR, own, lost, units)
            layer, total, step, absorbs, g, top, bottom = entered(_FIRST, stack)
        hit = False
        turns = np.int32(0)
        while turns < patience and weight > ZERO:
            turns = np.int32(turns + 1)
            there = z + uz * (free * step)
            hit = there > bottom if uz > ZERO else there < top
            if hit:
                break
            x, y, z = x + ux * (free * step), y + uy * (free * step), there
            cuda.atomic.add(tally, cell(x, y, z, layer, scale), counted(weight, units.fluence))
            collisions = np.uint32(collisions + _ONE_MORE)
            full, owed, weight = c.faded(full, owed, weight * absorbs)
            ux, uy, uz, free, s0, s1, s2, s3 = c.scattered(ux, uy, uz, g, stack[TURNING, layer], s0, s1, s2, s3)
            if weight < SMALLEST:
                break
        if hit:
            face = bottom if uz > ZERO else top
            reach = (face - z) / uz
            x, y, z, free = x + ux * reach, y + uy * reach, face, max(free - reach * total, ZERO)
            drawn, s0, s1, s2, s3 = draw(s0, s1, s2, s3)
            beyond = stack[BELOW, layer] if uz > ZERO else stack[ABOVE, layer]
            new, ux, uy, uz = crossed(layer, ux, uy, uz, stack[INDEX, layer], beyond, drawn)
            if new < _FIRST or new == layers:
                way = np.uint32(0) if new < _FIRST else np.uint32(scale.nr + 1)
                cuda.atomic.add(tally, np.uint32(base + way + column(x, y, scale)), counted(weight, units.fluence))
                weight = ZERO
            elif new != layer:
                layer, total, step, absorbs, g, top, bottom = entered(new, stack)
        elif weight < SMALLEST and weight > ZERO:
            drawn, s0, s1, s2, s3 = draw(s0, s1, s2, s3)
            weight = c.gamble(account, own, weight, drawn, units)
            full, owed = weight, ZERO
    cuda.atomic.add(account, np.uint32(p.COLLISIONS * c.COPIES + own), np.uint64(collisions))


@card_kernel
def add_cells(
    tally: Counts, first: NDArray[np.int32], step: Array, size: float, mua: Array, width: int, photons: float,
    fluence: Array, fluence_squares: Array, absorbed: Array, absorbed_squares: Array,
) -> None:  # fmt: skip
    """Add the rows of each cell of depth, times the length of a collision and the size of a count, to the sums over blocks; clear them."""
    place = np.uint32(cuda.grid(1))
    while place < fluence.size:
        depth = np.uint32(place // np.uint32(width))
        column = np.uint32(place - depth * np.uint32(width))
        found, heat = 0.0, 0.0
        row = np.uint32(first[depth])
        while row < np.uint32(first[np.uint32(depth + _ONE_MORE)]):
            at = np.uint32(row * np.uint32(width) + column)
            value = np.float64(tally[at]) * step[row] * size
            tally[at] = np.uint64(0)
            found += value
            heat += value * mua[row]
            row = np.uint32(row + _ONE_MORE)
        fluence[place] += found
        fluence_squares[place] += found * found / photons
        absorbed[place] += heat
        absorbed_squares[place] += heat * heat / photons
        place = np.uint32(place + np.uint32(cuda.gridsize(1)))


class Card:
    """A run on a card: launches blocks, tells their few numbers, and keeps the sums over blocks until they are fetched."""

    def __init__(self, stack: Array, source: Source, scale: Scale, rows: Rows, seed: int, launch: Launch = SHAPE) -> None:
        self._launch, self._seed, self._rows = launch, seed, rows
        self._width, self._heights = scale.nr + 1, (rows.cell.size, scale.nz + 1)
        self._stack = cuda.to_device(single_stack(stack))
        self._source, self._scale = c.single_source(source), single_scale(scale)
        self._step = 1.0 / (stack[p.MUA] + stack[p.MUS])[rows.layer]
        self._steps = cuda.to_device(self._step)
        self._first = cuda.to_device(np.append(rows.first_of_cell, rows.cell.size).astype(np.int32))
        self._absorbs = stack[p.MUA]
        self._mua = cuda.to_device(stack[p.MUA][rows.layer])
        cells = self._heights[1] * self._width
        self._sums = [cuda.to_device(np.zeros(size)) for size in (cells, cells, cells, cells, 2 * self._width, 2 * self._width)]
        self._slots = c.Slots((self._heights[0] + 2) * self._width, self._few_rows)
        self._copies = cuda.stream()
        self._photons, self._blocks = 0, 0

    @property
    def _few_rows(self) -> int:
        return self._heights[0] + 2 + c.PLACES

    def block(self, number: int, photons: int) -> Ticket:
        """Begin a block of photons."""
        units, launch = c.units_of(photons), self._launch
        with self._slots.lock:
            slot = self._slots.take()
            blocks, chunk = launch.grid(photons)
            follow[blocks, launch.threads, slot.stream](
                np.int32(photons), np.int32(chunk), c.key_of(self._seed, number), np.int32(launch.patience),
                self._stack, self._source, self._scale, units, slot.tally, slot.account,
            )  # fmt: skip
            few = self._slots.began(slot)
            rows = self._heights[0] + 2
            c.add_rows[max(rows, c.FEWEST_BLOCKS), c.THREADS, slot.stream](slot.tally, np.int32(rows), np.int32(self._width), few)
            return self._slots.ended(slot, photons, units)

    def add(self, ticket: Ticket, photons: int) -> tuple[Array, Array, Array, Array, Array]:
        """Wait for a block and let the card add it to its sums.

        Returns its fluence [m] and absorbed energy by row, that beyond the last radius, what left each way, the account.
        """
        few = ticket.few(self._copies).reshape(-1, c.FEW)
        height, size = self._heights[0], 1.0 / float(ticket.units.fluence)
        self._keep(ticket, photons)
        by_row, edge = (c.joined(few[:height, side : side + 2]) * self._step * size for side in (0, 2))
        leaving = c.joined(few[height : height + 2, :2]) * size
        account = c.account_of(few[height + 2 :, :2], ticket.units)
        c.check_room(account[p.COLLISIONS], photons)
        absorbs = self._absorbs[self._rows.layer]
        return by_row, by_row * absorbs, edge * absorbs, leaving, account

    def _keep(self, ticket: Ticket, photons: int) -> None:
        slot, size = ticket.slot, 1.0 / float(ticket.units.fluence)
        grid, small = c.grid_for(self._heights[1] * self._width), c.grid_for(2 * self._width)
        with self._slots.lock:
            self._slots.follow_last(slot)
            add_cells[grid, c.THREADS, slot.stream](
                slot.tally, self._first, self._steps, size, self._mua, np.int32(self._width), float(photons), *self._sums[:4]
            )
            c.add_block[small, c.THREADS, slot.stream](
                slot.tally, np.int32(self._heights[0] * self._width), size, float(photons), *self._sums[4:]
            )
            self._slots.give_back(slot)
        self._photons += photons
        self._blocks += 1

    def sums(self) -> tuple[Sums, Sums, Sums]:
        """Fluence and absorbed energy by depth and radius, what left by way and radius."""
        depths, width = self._heights[1], self._width
        found = [array.copy_to_host() for array in self._sums]
        shapes = ((depths, width), (depths, width), (2, width))
        return tuple(
            Sums.of(total.reshape(shape), squares.reshape(shape), photons=self._photons, blocks=self._blocks)
            for total, squares, shape in zip(found[::2], found[1::2], shapes, strict=True)
        )  # type: ignore[return-value]
