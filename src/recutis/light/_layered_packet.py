"""Layered Monte Carlo with sixteen photons side by side.

A pass of the loop moves every photon of the packet by one step. Its first half (`advance`) has no branches and works on
float32 lanes in one flat buffer, so that the compiler turns it into vector instructions; its second half (`settle`) is
ordinary code for the tally and for the few photons that meet a face, end, or start. The physics is that of
`_layered_scalar`, which reads more easily.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recutis.jit import bare_kernel, inlined
from recutis.light import _photon as p
from recutis.light._photon import Array, Scale, Source, fresnel, launch, ring, roulette
from recutis.light._random import Words, fill, uniform

LANES = 16
Lane = Any  # a float32 or an integer of 32 bits; kernels keep to what they are given
# Rows of the float buffer, each of one number a lane: position, direction, weight, optical path left, mua + mus and its
# inverse, surviving share, g, faces of the layer, tally of this pass.
X, Y, Z, UX, UY, UZ, WEIGHT, FREE, TOTAL, STEP, SURVIVES, G, TOP, BOTTOM, TALLY = (LANES * row for row in range(15))
FLOATS = 15 * LANES
# Rows of the integer buffer: place in the flat tally, what happened, layer (offset of its tally rows), state of the lane.
PLACE, EVENT, LAYER, LANE = (LANES * row for row in range(4))
INTEGERS = 4 * LANES
HIT, LIGHT = 1, 2  # events: at a face; light enough for roulette
EMPTY, FLYING, WANTED = 0, 1, 2  # states of a lane


class Work(NamedTuple):
    """Memory of one thread: lanes, their generators' states, seeds, one photon, the state for what is drawn singly."""

    floats: NDArray[np.float32]
    integers: NDArray[np.int32]
    lanes: NDArray[np.uint32]
    words: Words
    photon: Array
    state: Words


def memory() -> Work:
    """Fresh working memory; kernels themselves allocate nothing."""
    return Work(
        floats=np.zeros(FLOATS, np.float32),
        integers=np.zeros(INTEGERS, np.int32),
        lanes=np.zeros(4 * LANES, np.uint32),
        words=np.zeros(4 * LANES + 2, np.uint64),
        photon=np.zeros(p.PLACES),
        state=np.zeros(2, np.uint64),
    )


_f = np.float32
_ZERO, _HALF, _ONE, _TWO, _THREE = _f(0.0), _f(0.5), _f(1.0), _f(2.0), _f(3.0)
_PI, _LN2 = _f(math.pi), _f(math.log(2.0))
_24, _25 = _f(2.0**-24), _f(2.0**-25)
_SIXTH, _SIDE2 = _f(1.0 / 6.0), _f(1e-12)
_SMALLEST = _f(p.SMALLEST_WEIGHT)
# ln(1 + m) = m - m²/2 + m³ P(m): P fitted at Chebyshev nodes of [√½ - 1, √2 - 1], relative error 2.4e-8.
_P0, _P1, _P2, _P3 = _f(0.333333286), _f(-0.250002965), _f(0.200014686), _f(-0.166422476)
_P4, _P5, _P6, _P7 = _f(0.142021738), _f(-0.129722389), _f(0.12712308), _f(-0.0810155889)
_ROOT_HALF_BITS, _MANTISSA = np.int32(_f(math.sqrt(0.5)).view(np.int32)), np.int32(0x7FFFFF)
# Taylor series of sine and cosine, below rounding within a quarter turn.
_S3, _S5, _S7, _S9, _S11 = (_f((-1.0) ** k / math.factorial(2 * k + 1)) for k in range(1, 6))
_C2, _C4, _C6, _C8, _C10, _C12 = (_f((-1.0) ** k / math.factorial(2 * k)) for k in range(1, 7))


@inlined
def _ln(u: Lane) -> Lane:
    """Natural logarithm of a positive normal float32."""
    bits = np.int32(_f(u).view(np.int32) - _ROOT_HALF_BITS)
    exponent = np.int32(bits >> np.int32(23))
    m = np.int32((bits & _MANTISSA) + _ROOT_HALF_BITS).view(np.float32) - _ONE
    m2 = m * m
    low = (_P0 + m * _P1) + m2 * (_P2 + m * _P3)
    high = (_P4 + m * _P5) + m2 * (_P6 + m * _P7)
    return m + (m * m2 * (low + m2 * m2 * high) - _HALF * m2) + _f(exponent) * _LN2


@inlined
def _next(a: Lane, b: Lane, c: Lane, d: Lane) -> tuple[Lane, Lane, Lane, Lane, Lane]:
    """xoshiro128+ (Blackman & Vigna 2021): a number of 32 bits and the new state."""
    drawn, shifted = np.uint32(a + d), np.uint32(b << np.uint32(9))
    c = np.uint32(c ^ a)
    d = np.uint32(d ^ b)
    b = np.uint32(b ^ c)
    a = np.uint32(a ^ d)
    c = np.uint32(c ^ shifted)
    d = np.uint32(np.uint32(d << np.uint32(11)) | np.uint32(d >> np.uint32(21)))
    return drawn, a, b, c, d


@inlined
def _unit(drawn: Lane) -> Lane:
    """24 bits as a float32 in [0, 1)."""
    return _f(np.int32(drawn >> np.uint32(8))) * _24


@inlined
def _around(u: Lane) -> tuple[Lane, Lane]:
    """Cosine and sine of a whole turn times u, by doubling the angle of half a turn."""
    t = (u - _HALF) * _PI
    q = t * t
    s = t * (_ONE + q * (_S3 + q * (_S5 + q * (_S7 + q * (_S9 + q * _S11)))))
    c = _ONE + q * (_C2 + q * (_C4 + q * (_C6 + q * (_C8 + q * (_C10 + q * _C12)))))
    return _ONE - _TWO * s * s, _TWO * s * c


@inlined
def _turned(ux: Lane, uy: Lane, uz: Lane, g: Lane, x: Lane, u: Lane) -> tuple[Lane, Lane, Lane]:
    """The direction after scattering; `x` in (0, 1] draws the angle, `u` the turn about the old direction."""
    d = _ONE / (_ONE + g - _TWO * g * x)
    back = _ONE - g
    t = x * back * back * d * ((_ONE + g) * d + _ONE)
    t = min(t, _TWO)
    cosine = _ONE - t
    sine = math.sqrt(t * (_TWO - t))
    cos_around, sin_around = _around(u)
    along, across = sine * cos_around, sine * sin_around
    side2 = ux * ux + uy * uy
    upright = side2 < _SIDE2
    inverse = _ONE / math.sqrt(_ONE if upright else side2)
    vx = along if upright else (along * ux * uz - across * uy) * inverse + ux * cosine
    vy = across if upright else (along * uy * uz + across * ux) * inverse + uy * cosine
    vz = (cosine if uz > _ZERO else -cosine) if upright else uz * cosine - along * side2 * inverse
    scale = _HALF * (_THREE - (vx * vx + vy * vy + vz * vz))
    return vx * scale, vy * scale, vz * scale


@bare_kernel
def advance(per_dz: np.float32, per_dr: np.float32, deepest: np.float32, widest: np.float32, stride: np.int32,
            f: NDArray[np.float32], k: NDArray[np.int32], words: NDArray[np.uint32]) -> None:  # fmt: skip
    """One step of every lane: to the next collision and its scattering, or to the next face. No branches."""
    for i in range(LANES):
        # Everything is loaded before it is chosen from: a load inside a choice would be a branch.
        ux, uy, uz = f[UX + i], f[UY + i], f[UZ + i]
        z, weight, free, top, bottom = f[Z + i], f[WEIGHT + i], f[FREE + i], f[TOP + i], f[BOTTOM + i]
        total, inverse, survives = f[TOTAL + i], f[STEP + i], f[SURVIVES + i]
        face = bottom if uz > _ZERO else top
        step = free * inverse
        there = z + uz * step
        hit = (there > face) if uz > _ZERO else (there < face)
        reach = (face - z) / uz
        step = reach if hit else step
        x, y = f[X + i] + ux * step, f[Y + i] + uy * step
        z = face if hit else there
        f[X + i], f[Y + i], f[Z + i] = x, y, z
        f[TALLY + i] = _ZERO if hit else weight * inverse
        weight = weight if hit else weight * survives
        f[WEIGHT + i] = weight
        column, row = math.sqrt(x * x + y * y) * per_dr, z * per_dz
        column = min(column, widest)
        row = min(row, deepest)
        k[PLACE + i] = np.int32((np.int32(row) + k[LAYER + i]) * stride + np.int32(column))
        k[EVENT + i] = np.int32(
            (np.int32(HIT) if hit else np.int32(0)) | (np.int32(LIGHT) if weight < _SMALLEST else np.int32(0))
        )
        a, b, c, d = words[i], words[LANES + i], words[2 * LANES + i], words[3 * LANES + i]
        first, a, b, c, d = _next(a, b, c, d)
        second, a, b, c, d = _next(a, b, c, d)
        third, a, b, c, d = _next(a, b, c, d)
        words[i], words[LANES + i], words[2 * LANES + i], words[3 * LANES + i] = a, b, c, d
        f[FREE + i] = free - reach * total if hit else -_ln(_unit(first) + _25)
        vx, vy, vz = _turned(ux, uy, uz, f[G + i], _unit(second) + _25, _unit(third))
        f[UX + i] = ux if hit else vx
        f[UY + i] = uy if hit else vy
        f[UZ + i] = uz if hit else vz


@inlined
def enter(i: int, layer: int, stack: Array, f: NDArray[np.float32], k: NDArray[np.int32]) -> None:
    """Give a lane the properties of its layer."""
    total = stack[p.MUA, layer] + stack[p.MUS, layer]
    k[LAYER + i] = layer
    f[TOTAL + i] = total
    f[STEP + i] = 1.0 / total
    f[SURVIVES + i] = stack[p.MUS, layer] / total
    f[G + i] = stack[p.G, layer]
    f[TOP + i] = stack[p.TOP, layer]
    f[BOTTOM + i] = stack[p.BOTTOM, layer]


@inlined
def rest(i: int, f: NDArray[np.float32], k: NDArray[np.int32]) -> None:
    """Leave a lane without a photon: level flight without weight, so that it never meets a face."""
    for row in (X, Y, Z, UY, UZ, WEIGHT, FREE, STEP, SURVIVES, G):
        f[row + i] = 0.0
    f[UX + i], f[TOTAL + i], f[TOP + i], f[BOTTOM + i] = 1.0, 1.0, -1.0, np.inf
    k[LANE + i], k[LAYER + i] = EMPTY, 0


@inlined
def start(
    i: int,
    stack: Array,
    source: Source,
    photon: Array,
    state: Words,
    f: NDArray[np.float32],
    k: NDArray[np.int32],
    account: Array,
) -> None:
    """Put a new photon on a lane."""
    launch(source, stack, photon, state)
    account[p.SPECULAR] += 1.0 - photon[p.WEIGHT]
    f[X + i], f[Y + i], f[Z + i] = photon[p.X], photon[p.Y], 0.0
    f[UX + i], f[UY + i], f[UZ + i] = photon[p.UX], photon[p.UY], photon[p.UZ]
    f[WEIGHT + i] = photon[p.WEIGHT]
    f[FREE + i] = -math.log(uniform(state))
    k[LANE + i] = FLYING
    enter(i, 0, stack, f, k)


@inlined
def face(i: int, stack: Array, scale: Scale, leaving: Array, state: Words, f: NDArray[np.float32], k: NDArray[np.int32]) -> None:
    """Reflect, refract or let go the photon of a lane that stands at a face."""
    uz, layer = np.float64(f[UZ + i]), k[LAYER + i]
    down = uz > 0.0
    f[FREE + i] = max(f[FREE + i], _ZERO)  # rounding must not leave a negative path
    n1 = stack[p.INDEX, layer]
    n2 = stack[p.INDEX_BELOW, layer] if down else stack[p.INDEX_ABOVE, layer]
    reflected, cosine = fresnel(abs(uz), n1, n2)
    if reflected > 0.0 and uniform(state) <= reflected:
        f[UZ + i] = -uz
        return
    layer += 1 if down else -1
    if layer < 0 or layer == stack.shape[1]:
        way = p.REFLECTED if layer < 0 else p.TRANSMITTED
        leaving[way, ring(f[X + i], f[Y + i], scale)] += f[WEIGHT + i]
        k[LANE + i] = WANTED
        return
    if n1 != n2:
        f[UX + i] *= n1 / n2
        f[UY + i] *= n1 / n2
        f[UZ + i] = cosine if down else -cosine
    enter(i, layer, stack, f, k)


@bare_kernel
def settle(stack: Array, scale: Scale, fluence: Array, leaving: Array, account: Array, state: Words,
           f: NDArray[np.float32], k: NDArray[np.int32]) -> int:  # fmt: skip
    """Book the step of every lane and treat those at a face or at the end of their weight; returns how many are wanted."""
    wanted, collisions = 0, 0
    for i in range(LANES):
        fluence[k[PLACE + i]] += f[TALLY + i]
        event = k[EVENT + i]
        if event == 0:
            collisions += 1
        elif k[LANE + i] == FLYING:
            if event & HIT:
                face(i, stack, scale, leaving, state, f, k)
            else:
                collisions += 1
                weight = np.float64(f[WEIGHT + i])
                f[WEIGHT + i] = roulette(weight, account, state) if weight > 0.0 else 0.0
                if f[WEIGHT + i] <= _ZERO:
                    k[LANE + i] = WANTED
            if k[LANE + i] == WANTED:
                wanted += 1
    account[p.COLLISIONS] += collisions
    return wanted


@bare_kernel
def run_block(
    photons: int,
    seed: int,
    block: int,
    stack: Array,
    source: Source,
    scale: Scale,
    fluence: Array,
    leaving: Array,
    account: Array,
    stop: NDArray[np.int64],
    work: Work,
) -> None:
    """Follow a block of photons and add to its tallies; ends early when `stop` becomes non-zero."""
    f, k, lanes, words, photon, state = work.floats, work.integers, work.lanes, work.words, work.photon, work.state
    fill(words, seed, block)
    for i in range(lanes.size):
        lanes[i] = np.uint32(words[i] >> np.uint64(32))
    state[0], state[1] = words[4 * LANES], words[4 * LANES + 1]
    stride = np.int32(scale.nr + 1)
    per_dz, per_dr = np.float32(scale.per_dz), np.float32(scale.per_dr)
    deepest, widest = np.float32(scale.nz), np.float32(scale.nr)
    left, flying, wanted = photons, LANES, LANES
    for i in range(LANES):
        k[LANE + i] = WANTED
    while stop[0] == 0:
        if wanted > 0:
            for i in range(LANES):
                if k[LANE + i] == WANTED:
                    if left > 0:
                        left -= 1
                        start(i, stack, source, photon, state, f, k, account)
                    else:
                        flying -= 1
                        rest(i, f, k)
        if flying == 0:
            return
        advance(per_dz, per_dr, deepest, widest, stride, f, k, lanes)
        wanted = settle(stack, scale, fluence, leaving, account, state, f, k)
