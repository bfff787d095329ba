"""Arithmetic of one lane in float32: generator, logarithm, turn by scattering. No branches, no libraries.

A packet runs these on many photons side by side in vector units, a graphics card on one photon a thread.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from recutis.jit import inlined
from recutis.light._photon import SMALLEST_WEIGHT

Lane = Any  # a float32 or an integer of 32 bits; kernels keep to what they are given
single = np.float32
ZERO, HALF, ONE, TWO, THREE = single(0.0), single(0.5), single(1.0), single(2.0), single(3.0)
PI, LN2 = single(math.pi), single(math.log(2.0))
BITS_24, BITS_25 = single(2.0**-24), single(2.0**-25)
SIDE2 = single(1e-12)
SMALLEST = single(SMALLEST_WEIGHT)
# ln(1 + m) = m - m²/2 + m³ P(m): P fitted at Chebyshev nodes of [√½ - 1, √2 - 1], relative error 2.4e-8.
_P0, _P1, _P2, _P3 = single(0.333333286), single(-0.250002965), single(0.200014686), single(-0.166422476)
_P4, _P5, _P6, _P7 = single(0.142021738), single(-0.129722389), single(0.12712308), single(-0.0810155889)
_ROOT_HALF_BITS, _MANTISSA = np.int32(single(math.sqrt(0.5)).view(np.int32)), np.int32(0x7FFFFF)
# Taylor series of sine and cosine, below rounding within a quarter turn.
_S3, _S5, _S7, _S9, _S11 = (single((-1.0) ** k / math.factorial(2 * k + 1)) for k in range(1, 6))
_C2, _C4, _C6, _C8, _C10, _C12 = (single((-1.0) ** k / math.factorial(2 * k)) for k in range(1, 7))
# exp(x) below half of ln 2, and (1 - exp(-a)) / a below _THIN, both to rounding.
_E2, _E3, _E4, _E5, _E6 = (single(1.0 / math.factorial(k)) for k in range(2, 7))
_F1, _F2, _F3, _F4, _F5 = (single((-1.0) ** k / math.factorial(k + 1)) for k in range(1, 6))
_THIN, _LARGEST, _PER_LN2, _BIAS = single(0.25), single(80.0), single(1.0 / math.log(2.0)), np.int32(127)


@inlined
def ln(u: Lane) -> Lane:
    """Natural logarithm of a positive normal float32."""
    bits = np.int32(single(u).view(np.int32) - _ROOT_HALF_BITS)
    exponent = np.int32(bits >> np.int32(23))
    m = np.int32((bits & _MANTISSA) + _ROOT_HALF_BITS).view(np.float32) - ONE
    m2 = m * m
    low = (_P0 + m * _P1) + m2 * (_P2 + m * _P3)
    high = (_P4 + m * _P5) + m2 * (_P6 + m * _P7)
    return m + (m * m2 * (low + m2 * m2 * high) - HALF * m2) + single(exponent) * LN2


@inlined
def faded(a: Lane) -> Lane:
    """(1 - exp(-a)) / a for a >= 0: the mean weight along a path of absorption a, over the weight at its start."""
    series = ONE + a * (_F1 + a * (_F2 + a * (_F3 + a * (_F4 + a * _F5))))
    t = min(a, _LARGEST) * -_PER_LN2
    whole = np.int32(t - HALF)
    x = (t - single(whole)) * LN2
    power = ONE + x * (ONE + x * (_E2 + x * (_E3 + x * (_E4 + x * (_E5 + x * _E6)))))
    gone = power * np.int32((whole + _BIAS) << np.int32(23)).view(np.float32)
    return series if a < _THIN else (ONE - gone) / a


@inlined
def draw(a: Lane, b: Lane, c: Lane, d: Lane) -> tuple[Lane, Lane, Lane, Lane, Lane]:
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
def unit(drawn: Lane) -> Lane:
    """24 bits as a float32 in [0, 1)."""
    return single(np.int32(drawn >> np.uint32(8))) * BITS_24


@inlined
def around(u: Lane) -> tuple[Lane, Lane]:
    """Cosine and sine of a whole turn times u, by doubling the angle of half a turn."""
    t = (u - HALF) * PI
    q = t * t
    s = t * (ONE + q * (_S3 + q * (_S5 + q * (_S7 + q * (_S9 + q * _S11)))))
    c = ONE + q * (_C2 + q * (_C4 + q * (_C6 + q * (_C8 + q * (_C10 + q * _C12)))))
    return ONE - TWO * s * s, TWO * s * c


@inlined
def turned(ux: Lane, uy: Lane, uz: Lane, g: Lane, x: Lane, u: Lane) -> tuple[Lane, Lane, Lane]:
    """The direction after scattering; `x` in (0, 1] draws the angle, `u` the turn about the old direction."""
    d = ONE / (ONE + g - TWO * g * x)
    back = ONE - g
    t = x * back * back * d * ((ONE + g) * d + ONE)
    t = min(t, TWO)
    cosine = ONE - t
    sine = math.sqrt(t * (TWO - t))
    cos_around, sin_around = around(u)
    along, across = sine * cos_around, sine * sin_around
    side2 = ux * ux + uy * uy
    upright = side2 < SIDE2
    inverse = ONE / math.sqrt(ONE if upright else side2)
    vx = along if upright else (along * ux * uz - across * uy) * inverse + ux * cosine
    vy = across if upright else (along * uy * uz + across * ux) * inverse + uy * cosine
    vz = (cosine if uz > ZERO else -cosine) if upright else uz * cosine - along * side2 * inverse
    scale = HALF * (THREE - (vx * vx + vy * vy + vz * vz))
    return vx * scale, vy * scale, vz * scale
