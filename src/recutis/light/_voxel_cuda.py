"""Voxel Monte Carlo on a graphics card, one photon a thread in float32. The physics is that of `_voxel_scalar`.

A photon knows its voxel, its direction, and along its flight the distance to the next face of each axis; where it is in its
voxel follows from these. Its path in a voxel is booked once, when it leaves it. The inner loop goes from face to face; threads
that are due to scatter, or have met another medium, wait for a few of its steps, so that this is done for many of them at once.
On the card a wall of one voxel surrounds the grid, so that a look at the label alone tells what lies ahead.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recutis.jit import card_function, card_kernel, inlined
from recutis.light import _cuda as c
from recutis.light import _photon as p
from recutis.light import _voxel as v
from recutis.light._cuda import AHEAD, PACE, Counts, Launch, Ticket, Units, counted, cuda
from recutis.light._lanes import BITS_25, ONE, SMALLEST, TWO, ZERO, Lane, draw, single, unit
from recutis.light._photon import Array, Source, fresnel
from recutis.light._sums import Sums
from recutis.light._voxel import Box, Labels

_SLOWEST = single(1e-9)  # least share of a voxel crossed along an axis by metre: level flight never reaches the next one
_EDGE = single(1e-6)  # of a voxel; a photon that starts on an edge starts inside by this much, in the voxel it was given
_LONG = single(4.0)  # a path of so many absorption lengths in one voxel is booked before it ends
_NOTHING, _DUE, _MET = np.int32(0), np.int32(1), np.int32(2)
_STILL, _MORE, _LESS = np.int32(0), np.int32(1), np.int32(-1)
_ONE_MORE = np.uint32(1)
_HALF = single(0.5)
# (1 - exp(-a)) / a below _THIN, to rounding.
_F1, _F2, _F3, _F4, _F5 = (single((-1.0) ** k / math.factorial(k + 1)) for k in range(1, 6))
_THIN = single(0.25)
SHAPE = Launch(threads=1 if c.SIMULATED else 256, resident=4, patience=1)
__all__ = ["AHEAD", "PACE", "Card"]


class Field(NamedTuple):
    """The grid in numbers of 32 bits: voxels, steps of the place in the walled grid, voxels by metre, indices, sides, wall."""

    nz: int
    ny: int
    nx: int
    over_y: int
    over_z: int
    per_dz: float
    per_dy: float
    per_dx: float
    n_above: float
    n_below: float
    sides: int
    wall: int


def field_of(box: Box, wall: int) -> Field:
    """A box as this kernel takes it; `wall` is the label of the wall."""
    counts = (box.nz, box.ny, box.nx, box.nx + 2, (box.nx + 2) * (box.ny + 2))
    lengths = (1.0 / box.dz, 1.0 / box.dy, 1.0 / box.dx, box.n_above, box.n_below)
    numbers: list[Any] = [np.int32(x) for x in counts] + [single(x) for x in lengths] + [np.int32(box.sides), np.int32(wall)]
    return Field(*numbers)


def walled(labels: Labels, box: Box) -> tuple[NDArray[Any], int]:
    """The labels with a wall of one voxel all around, and the label of the wall."""
    kind = np.uint8 if labels.max(initial=0) < np.iinfo(np.uint8).max else np.uint16
    wall = int(np.iinfo(kind).max)
    grid = labels.reshape(box.nz, box.ny, box.nx).astype(kind)
    return np.pad(grid, 1, constant_values=wall).ravel(), wall


@inlined
def folded(position: Lane, length: Lane, sides: Lane) -> Lane:
    """`_voxel.folded` in float32."""
    if sides == v.PERIODIC:
        return position - single(math.floor(position / length)) * length
    if sides == v.MIRROR:
        twice = TWO * length
        position -= single(math.floor(position / twice)) * twice
        return min(position, twice - position)
    return position


@inlined
def pace(u: Lane, per: Lane) -> Lane:
    """Voxels crossed along an axis by metre of flight."""
    return max(abs(u) * per, _SLOWEST)


@inlined
def share(u: Lane, place: Lane) -> Lane:
    """Share of the voxel that lies ahead at a place in it."""
    return ONE - place if u > ZERO else place


@inlined
def rest(left: Lane, old: Lane, new: Lane, per: Lane) -> Lane:
    """Share of the voxel that lies ahead after a turn, from the distance that was left on this axis before it."""
    ahead = min(left * pace(old, per), ONE)
    return ahead if (old > ZERO) == (new > ZERO) else ONE - ahead


@inlined
def taken(weight: Lane, path: Lane, mua: Lane) -> Lane:
    """Integral of the weight along a path that begins with `weight`."""
    a = mua * path
    if a < _THIN:
        return weight * path * (ONE + a * (_F1 + a * (_F2 + a * (_F3 + a * (_F4 + a * _F5)))))
    return weight * (ONE - single(math.exp(-a))) / mua


@card_function
def entered(label: Lane, media: NDArray[np.float32]) -> tuple[Lane, Lane, Lane, Lane]:
    """A medium and its properties."""
    return label, media[v.MUA, label], media[v.MUS, label], media[v.G, label]


@inlined
def begun(
    source: Source, field: Field, a: Lane, b: Lane, d: Lane, e: Lane
) -> tuple[Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane]:
    """Draw where a photon enters: its column along x and y, -1 beside an open grid; its place there; the new state."""
    x, y, a, b, d, e = c.placed(source, a, b, d, e)
    width, height = single(field.nx), single(field.ny)
    x = folded(x * field.per_dx + _HALF * width, width, field.sides)
    y = folded(y * field.per_dy + _HALF * height, height, field.sides)
    if x < ZERO or y < ZERO or x > width or y > height:
        return _LESS, _LESS, ZERO, ZERO, a, b, d, e
    column, row = min(np.int32(x), np.int32(field.nx - 1)), min(np.int32(y), np.int32(field.ny - 1))
    return np.int32(column), np.int32(row), max(x - single(column), _EDGE), max(y - single(row), _EDGE), a, b, d, e


@inlined
def step_over(u: Lane, stride: Lane) -> Lane:
    """Step of the place across a face."""
    return np.int32(stride) if u > ZERO else np.int32(-stride)


@inlined
def column_of(place: Lane, field: Field) -> Lane:
    """Cell of the top or bottom face in which a voxel of the walled grid lies."""
    within = np.int32(place % field.over_z)
    row = np.int32(within // field.over_y)
    return np.uint32((row - 1) * field.nx + within - row * field.over_y - 1)


@card_function
def leave(
    tally: Counts, account: Counts, own: Lane, place: Lane, axis: Lane, down: bool, fresh: Lane, weight: Lane, field: Field,
    units: Units,
) -> None:  # fmt: skip
    """Book what goes out through the outside of the grid."""
    if axis != p.Z:
        c.book(account, v.SIDES, own, weight, units)
    elif fresh != _STILL and not down:
        c.book(account, p.SPECULAR, own, weight, units)
    else:
        base = np.uint32((field.nz + 2) * field.over_z + (field.nx * field.ny if down else 0))
        cuda.atomic.add(tally, np.uint32(base + column_of(place, field)), counted(weight, units.weight))


@inlined
def redirected(
    ux: Lane, uy: Lane, uz: Lane, vx: Lane, vy: Lane, vz: Lane, tx: Lane, ty: Lane, tz: Lane, field: Field
) -> tuple[Lane, Lane, Lane, Lane, Lane, Lane]:
    """Distances to the next faces and through whole voxels after a turn from u to v."""
    sx, sy, sz = ONE / pace(vx, field.per_dx), ONE / pace(vy, field.per_dy), ONE / pace(vz, field.per_dz)
    rx, ry, rz = rest(tx, ux, vx, field.per_dx), rest(ty, uy, vy, field.per_dy), rest(tz, uz, vz, field.per_dz)
    return rx * sx, ry * sy, rz * sz, sx, sy, sz


@inlined
def axis_of(move: Lane, field: Field) -> Lane:
    """The axis along which the place has moved."""
    return np.int32(p.X) if abs(move) == 1 else np.int32(p.Y) if abs(move) == field.over_y else np.int32(p.Z)


@inlined
def at_face(
    ux: Lane, uy: Lane, uz: Lane, axis: Lane, n1: Lane, n2: Lane, mirror: bool, drawn: Lane
) -> tuple[bool, Lane, Lane, Lane]:
    """Whether a photon passes a face across an axis, and its direction after it."""
    u = ux if axis == p.X else uy if axis == p.Y else uz
    reflected, cosine = fresnel(min(abs(u), ONE), n1, n2)
    passes = not (mirror or unit(drawn) + BITS_25 <= reflected)
    ratio = n1 / n2 if passes else ONE
    normal = single(cosine if u > ZERO else -cosine) if passes else -u
    vx = normal if axis == p.X else ux * ratio
    vy = normal if axis == p.Y else uy * ratio
    vz = normal if axis == p.Z else uz * ratio
    return passes, vx, vy, vz


@card_function
def beyond(
    place: Lane, move: Lane, axis: Lane, new: Lane, n1: Lane, labels: NDArray[Any], media: NDArray[np.float32], field: Field
) -> tuple[Lane, Lane, bool, Lane]:
    """Voxel and label on the other side of a face, whether that is outside, and the index there."""
    if new == field.wall and axis != p.Z and field.sides == v.PERIODIC:
        place = np.int32(place - move * (field.nx if axis == p.X else field.ny))
        new = np.int32(labels[np.uint32(place)])
    if new != field.wall:
        return place, new, False, media[v.INDEX, new]
    if axis == p.Z:
        return place, new, True, field.n_below if move > _STILL else field.n_above
    return place, new, True, n1


@card_function
def born(
    number: Lane, key: Lane, labels: NDArray[Any], media: NDArray[np.float32], source: Source, field: Field, units: Units,
    account: Counts, own: Lane,
) -> tuple[Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane, Lane]:  # fmt: skip
    """A photon at the surface: place, fresh or not, weight, path to its collision, flight, state; no weight beside the grid."""
    s0, s1, s2, s3 = c.stream(key, number)
    column, row, x, y, s0, s1, s2, s3 = begun(source, field, s0, s1, s2, s3)
    beside = column < _STILL
    place = np.int32(field.over_z + (max(row, _STILL) + 1) * field.over_y + max(column, _STILL) + 1)
    n1 = media[v.INDEX, np.int32(labels[np.uint32(place)])]
    ux, uy, uz, lost, free, s0, s1, s2, s3 = c.aimed(source, field.n_above, n1, s0, s1, s2, s3)
    weight = ZERO if beside else ONE - lost
    if beside:
        c.book(account, v.SIDES, own, ONE, units)
    elif lost > ZERO:
        c.book(account, p.SPECULAR, own, lost, units)
    fresh = _MORE if n1 == field.n_above else _STILL
    sx, sy, sz = ONE / pace(ux, field.per_dx), ONE / pace(uy, field.per_dy), ONE / pace(uz, field.per_dz)
    return place, fresh, weight, free, ux, uy, uz, share(ux, x) * sx, share(uy, y) * sy, sz, sx, sy, sz, s0, s1, s2, s3


@card_function
def book_path(
    tally: Counts, place: Lane, first: Lane, held: Lane, weight: Lane, path: Lane, mua: Lane, units: Units
) -> tuple[Lane, Lane, Lane]:  # fmt: skip
    """The weight after a path in one voxel, what the thread holds, a new path; books the path, in a photon's first voxel there.

    Photons of a narrow beam all begin in one voxel, where atomic additions would wait for each other.
    """
    amount = taken(weight, path, mua)
    if place == first:
        held += counted(amount, units.fluence)
    else:
        cuda.atomic.add(tally, np.uint32(place), counted(amount, units.fluence))
    return max(weight - mua * amount, ZERO), np.uint64(held), ZERO


@card_function
def settled(tally: Counts, place: Lane, start: Lane, held: Lane) -> tuple[Lane, Lane, Lane]:
    """Book what a thread holds when its next photon begins elsewhere; the voxel it holds for, what it holds, a new path."""
    if place == start:
        return start, held, ZERO
    cuda.atomic.add(tally, np.uint32(start), held)
    return place, np.uint64(0), ZERO


@card_function
def met(
    place: Lane, move: Lane, new: Lane, label: Lane, weight: Lane, ux: Lane, uy: Lane, uz: Lane, drawn: Lane, fresh: Lane,
    own: Lane, labels: NDArray[Any], media: NDArray[np.float32], field: Field, units: Units, tally: Counts, account: Counts,
) -> tuple[Lane, Lane, Lane, bool, Lane, Lane, Lane]:  # fmt: skip
    """Voxel, label, weight after a face to another label, whether the direction was refracted, the direction."""
    axis, n1 = axis_of(move, field), media[v.INDEX, label]
    there, new, outside, n2 = beyond(place, move, axis, new, n1, labels, media, field)
    mirror = outside and axis != p.Z and field.sides == v.MIRROR
    passes, vx, vy, vz = at_face(ux, uy, uz, axis, n1, n2, mirror, drawn)
    if passes and not outside:
        return there, new, weight, n1 != n2, vx, vy, vz
    if passes:
        leave(tally, account, own, place - move, axis, move > _STILL, fresh, weight, field, units)
    return np.int32(place - move), label, ZERO if passes else weight, False, vx, vy, vz


@card_kernel
def follow(  # noqa: PLR0915  (the life of a photon in registers: parts of it would hand over all of them)
    photons: int, chunk: int, key: int, patience: int, labels: NDArray[Any], media: NDArray[np.float32], source: Source,
    field: Field, units: Units, tally: Counts, account: Counts,
) -> None:  # fmt: skip
    """Follow a block of photons and add to its tallies. Threads take the next photon of their block of threads when ready."""
    queue = cuda.shared.array(1, np.int32)
    c.open_queue(queue)
    first, last = np.uint32(cuda.blockIdx.x * chunk), np.int32(min(chunk, photons - cuda.blockIdx.x * chunk))
    own, collisions, held, start = c.own_copy(), np.uint32(0), np.uint64(0), _STILL
    ux, uy, uz, tx, ty, tz, sx, sy, sz = ZERO, ZERO, ONE, ONE, ONE, ONE, ONE, ONE, ONE
    weight, free, path, place, fresh, move, new = ZERO, ZERO, ZERO, _STILL, _STILL, _STILL, _STILL
    s0, s1, s2, s3 = c.stream(key, np.uint32(0))
    label, mua, mus, g = entered(_STILL, media)
    while True:
        if weight <= ZERO:
            number = cuda.atomic.add(queue, 0, 1)
            if number >= last:
                break
            place, fresh, weight, free, ux, uy, uz, tx, ty, tz, sx, sy, sz, s0, s1, s2, s3 = born(
                np.uint32(first + np.uint32(number)), key, labels, media, source, field, units, account, own
            )
            label, mua, mus, g = entered(np.int32(labels[np.uint32(place)]), media)
            start, held, path = settled(tally, place, start, held)
        event, turns = _NOTHING, _STILL
        while turns < patience and weight > ZERO:
            turns = np.int32(turns + 1)
            reach = min(tx, min(ty, tz))  # noqa: PLW3301  (the simulator and the compiler know two at a time)
            if free < reach * mus:
                event = _DUE
                break
            free, path = max(free - reach * mus, ZERO), path + reach
            over_x, over_y = tx <= reach, ty <= reach < tx
            move = step_over(ux, 1) if over_x else step_over(uy, field.over_y) if over_y else step_over(uz, field.over_z)
            tx, ty, tz = sx if over_x else tx - reach, sy if over_y else ty - reach, tz - reach if over_x or over_y else sz
            weight, held, path = book_path(tally, place, start, held, weight, path, mua, units)
            place = np.int32(place + move)
            new = np.int32(labels[np.uint32(place)])
            if new != label or weight < SMALLEST:
                event = _MET
                break
        if event == _DUE:
            flight, path = free / mus, path + free / mus
            vx, vy, vz, free, s0, s1, s2, s3 = c.scattered(ux, uy, uz, g, ONE, s0, s1, s2, s3)
            tx, ty, tz, sx, sy, sz = redirected(ux, uy, uz, vx, vy, vz, tx - flight, ty - flight, tz - flight, field)
            ux, uy, uz, fresh, collisions = vx, vy, vz, _STILL, np.uint32(collisions + _ONE_MORE)
            if mua * path > _LONG:
                weight, held, path = book_path(tally, place, start, held, weight, path, mua, units)
        elif event == _MET and new != label and weight > ZERO:
            drawn, s0, s1, s2, s3 = draw(s0, s1, s2, s3)
            place, label, weight, bent, vx, vy, vz = met(
                place, move, new, label, weight, ux, uy, uz, drawn, fresh, own, labels, media, field, units, tally, account
            )
            label, mua, mus, g = entered(label, media)
            if bent:
                tx, ty, tz, sx, sy, sz = redirected(ux, uy, uz, vx, vy, vz, tx, ty, tz, field)
            ux, uy, uz, fresh = vx, vy, vz, _STILL if bent else fresh
        if weight < SMALLEST and weight > ZERO:
            drawn, s0, s1, s2, s3 = draw(s0, s1, s2, s3)
            weight = c.gamble(account, own, weight, drawn, units)
    start, held, path = settled(tally, _LESS, start, held)
    cuda.atomic.add(account, np.uint32(p.COLLISIONS * c.COPIES + own), np.uint64(collisions))


@card_kernel
def add_labels(tally: Counts, labels: NDArray[Any], into: Counts) -> None:
    """Add up the voxels of each label, halves of a count apart lest they overflow; a thread books when the label changes."""
    place = np.uint32(cuda.grid(1))
    label, low, high = np.uint32(0), np.uint64(0), np.uint64(0)
    while place < labels.size:
        count = tally[place]
        if count > np.uint64(0):
            own = np.uint32(labels[place])
            if own != label:
                c.add_halves(into, label, low, high)
                label, low, high = own, np.uint64(0), np.uint64(0)
            low += c.lower(count)
            high += c.upper(count)
        place = np.uint32(place + np.uint32(cuda.gridsize(1)))
    c.add_halves(into, label, low, high)


class Card:
    """A run on a card: launches blocks, tells their few numbers, and keeps the sums over blocks until they are fetched."""

    def __init__(self, labels: Labels, media: Array, source: Source, box: Box, seed: int, launch: Launch = SHAPE) -> None:
        self._launch, self._seed, self._box = launch, seed, box
        own, wall = walled(labels, box)
        self._labels, self._media = cuda.to_device(own), cuda.to_device(np.ascontiguousarray(media, dtype=np.float32))
        self._field, self._source = field_of(box, wall), c.single_source(source)
        self._cells, self._count, self._longest = own.size, media.shape[1], max(box.dz, box.dy, box.dx)
        top = 2 * box.ny * box.nx
        self._sums = [cuda.to_device(np.zeros(size)) for size in (own.size, own.size, top, top)]
        self._slots = c.Slots(own.size + top, self._count + 2 * box.ny + box.nz + 2 + c.PLACES)
        self._copies = cuda.stream()
        self._photons, self._blocks = 0, 0

    def block(self, number: int, photons: int) -> Ticket:
        """Begin a block of photons."""
        units, launch = c.units_of(photons, self._longest), self._launch
        with self._slots.lock:
            slot = self._slots.take()
            blocks, chunk = launch.grid(photons)
            follow[blocks, launch.threads, slot.stream](
                np.int32(photons), np.int32(chunk), c.key_of(self._seed, number), np.int32(launch.patience),
                self._labels, self._media, self._source, self._field, units, slot.tally, slot.account,
            )  # fmt: skip
            few = self._slots.began(slot)
            add_labels[c.grid_for(self._cells), c.THREADS, slot.stream](slot.tally, self._labels, few)
            box, rows, planes = self._box, 2 * self._box.ny, self._box.nz + 2
            c.add_rows[max(rows, c.FEWEST_BLOCKS), c.THREADS, slot.stream](
                slot.tally[self._cells :], np.int32(rows), np.int32(box.nx), few[self._count * c.FEW :]
            )
            c.add_rows[max(planes, c.FEWEST_BLOCKS), c.THREADS, slot.stream](
                slot.tally, np.int32(planes), np.int32((box.ny + 2) * (box.nx + 2)), few[(self._count + rows) * c.FEW :]
            )
            return self._slots.ended(slot, photons, units)

    def add(self, ticket: Ticket, photons: int) -> tuple[Array, Array, Array, Array]:
        """Wait for a block and let the card add it to its sums.

        Returns its fluence [m] by label and by plane, what left each way, the account.
        """
        few = ticket.few(self._copies).reshape(-1, c.FEW)[:, :2]
        self._keep(ticket, photons)
        ways = self._count + 2 * self._box.ny
        by_label = c.joined(few[: self._count]) / float(ticket.units.fluence)
        leaving = c.joined(few[self._count : ways]).reshape(2, -1).sum(axis=1) / float(ticket.units.weight)
        by_plane = c.joined(few[ways : -c.PLACES])[1:-1] / float(ticket.units.fluence)
        account = c.account_of(few[-c.PLACES :], ticket.units)[: v.ACCOUNTS]
        c.check_room(account[p.COLLISIONS], photons)
        return by_label, by_plane, leaving, account

    def _keep(self, ticket: Ticket, photons: int) -> None:
        slot, units = ticket.slot, ticket.units
        with self._slots.lock:
            self._slots.follow_last(slot)
            for first, size, (total, squares) in (
                (0, units.fluence, self._sums[:2]), (self._cells, units.weight, self._sums[2:]),
            ):  # fmt: skip
                c.add_block[c.grid_for(total.size), c.THREADS, slot.stream](
                    slot.tally, np.int32(first), 1.0 / float(size), float(photons), total, squares
                )
            self._slots.give_back(slot)
        self._photons += photons
        self._blocks += 1

    def sums(self) -> tuple[Array, Array, Sums]:
        """Fluence and its squares over the photons of blocks, by voxel; what left by way and cell."""
        box, found = self._box, [array.copy_to_host() for array in self._sums]
        total, squares = (array.reshape(box.nz + 2, box.ny + 2, box.nx + 2)[1:-1, 1:-1, 1:-1].ravel() for array in found[:2])
        way, way_squares = (array.reshape(2, -1) for array in found[2:])
        return total, squares, Sums.of(way, way_squares, photons=self._photons, blocks=self._blocks)
