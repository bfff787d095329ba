"""What both photon engines share: the stack, the source, the tallies, launching, Fresnel's law, roulette. SI units.

Photons carry a weight that falls by absorption at every collision (Wang, Jacques & Zheng 1995,
doi:10.1016/0169-2607(95)01640-F). The tally at a collision is weight / (mua + mus): summed over a volume this is the
volume's integral of the fluence, and times mua its absorbed energy.
"""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from recutis.jit import inlined
from recutis.light._random import Words, uniform
from recutis.light.beams import Beam
from recutis.units import M_PER_UM

Array = NDArray[np.float64]
DISC, GAUSSIAN, RECTANGLE = 0, 1, 2
# A photon below this weight plays roulette: it survives with this chance and a weight larger by its inverse.
SMALLEST_WEIGHT, CHANCE = 1e-4, 0.1
# Places of the account: reflected at the surface, net gain by roulette, its variance, collisions.
SPECULAR, GAIN, GAIN_VARIANCE, COLLISIONS = 0, 1, 2, 3
ACCOUNTS = 4
# Rows of the stack, one column a layer from top to bottom: coefficients [1/m], upper and lower face [m], own refractive index
# and those above and below, share of scatterings that turn. One array and not several: kernels call each other faster so.
MUA, MUS, G, TOP, BOTTOM, INDEX, INDEX_ABOVE, INDEX_BELOW, TURNING = 0, 1, 2, 3, 4, 5, 6, 7, 8
PROPERTIES = 9
# Rows of what leaves, by radial cell.
REFLECTED, TRANSMITTED = 0, 1
# Places of a photon.
X, Y, Z, UX, UY, UZ, WEIGHT = 0, 1, 2, 3, 4, 5, 6
PLACES = 7
# Exact in float32, so that arithmetic keeps to the precision of what it is given.
_ZERO, _HALF, _ONE = (cast(float, np.float32(number)) for number in (0.0, 0.5, 1.0))


class Source(NamedTuple):
    """Shape on the surface with two lengths [m], sine of the angle in the medium above, diffuse or not, lattice.

    A disc has its inner and outer radius, a gaussian its 1/e² radius, a rectangle half its sides. The shape stands at
    `columns` x `rows` points `pitch` apart around the origin.
    """

    shape: int
    first: float
    second: float
    sine: float
    diffuse: bool
    columns: int
    rows: int
    pitch: float


def source_of(beam: Beam) -> Source:
    """A beam in the words of the kernels."""
    first, second = beam.size_um * M_PER_UM / 2, beam.second_um * M_PER_UM / 2
    kind = {"gaussian": GAUSSIAN, "rectangle": RECTANGLE}.get(beam.shape, DISC)
    if kind == DISC:
        first, second = second, first
    return Source(
        shape=kind, first=first, second=second, sine=math.sin(math.radians(beam.angle_deg)), diffuse=beam.diffuse,
        columns=beam.columns, rows=beam.rows, pitch=beam.pitch_um * M_PER_UM,
    )  # fmt: skip


class Scale(NamedTuple):
    """Cells per metre of depth and radius, and their numbers; one cell more holds all that lies beyond."""

    per_dz: float
    per_dr: float
    nz: int
    nr: int


@inlined
def fresnel(cosine: float, n1: float, n2: float) -> tuple[float, float]:
    """Unpolarised reflectance from medium 1 to 2, and the cosine in medium 2 (0 at total reflection)."""
    if n1 == n2:
        return _ZERO, cosine
    ratio = n1 / n2
    sine2 = ratio * ratio * (_ONE - cosine * cosine)
    if sine2 >= _ONE:
        return _ONE, _ZERO
    beyond = math.sqrt(_ONE - sine2)
    s = (n1 * cosine - n2 * beyond) / (n1 * cosine + n2 * beyond)
    p = (n1 * beyond - n2 * cosine) / (n1 * beyond + n2 * cosine)
    return _HALF * (s * s + p * p), beyond


@inlined
def place(source: Source, photon: Array, state: Words) -> None:
    """Draw where a photon meets the surface."""
    photon[X] = photon[Y] = photon[Z] = 0.0
    if source.shape == RECTANGLE:
        photon[X] = source.first * (2.0 * uniform(state) - 1.0)
        photon[Y] = source.second * (2.0 * uniform(state) - 1.0)
    elif source.shape == GAUSSIAN or source.second > 0.0:  # else a pencil
        if source.shape == GAUSSIAN:
            radius = source.first * math.sqrt(-0.5 * math.log(uniform(state)))
        else:
            inner2 = source.first * source.first
            radius = math.sqrt(inner2 + uniform(state) * (source.second * source.second - inner2))
        around = 2.0 * math.pi * uniform(state)
        photon[X] = radius * math.cos(around)
        photon[Y] = radius * math.sin(around)
    if source.columns * source.rows > 1:
        photon[X] += source.pitch * (lattice(source.columns, state) - 0.5 * (source.columns - 1))
        photon[Y] += source.pitch * (lattice(source.rows, state) - 0.5 * (source.rows - 1))


@inlined
def lattice(count: int, state: Words) -> float:
    """One of `count` points on a line, 0 to count - 1."""
    return math.ceil(uniform(state) * count) - 1.0


@inlined
def aim(source: Source, n_above: float, n_first: float, photon: Array, state: Words) -> None:
    """Draw the direction inside the first medium; the weight is what the surface has not reflected."""
    sine, x, y = source.sine, 1.0, 0.0
    if source.diffuse:  # equal radiance: the squared sine is evenly spread
        sine = math.sqrt(1.0 - uniform(state))
        around = 2.0 * math.pi * uniform(state)
        x, y = math.cos(around), math.sin(around)
    reflected, cosine = fresnel(math.sqrt(1.0 - sine * sine), n_above, n_first)
    photon[WEIGHT] = 1.0 - reflected
    if reflected >= 1.0:
        cosine = 1.0  # nothing enters; the direction of no photon is straight down
    inside = math.sqrt(1.0 - cosine * cosine)
    photon[UX] = inside * x
    photon[UY] = inside * y
    photon[UZ] = cosine


@inlined
def launch(source: Source, stack: Array, photon: Array, state: Words) -> None:
    """Draw a photon just inside the first layer."""
    place(source, photon, state)
    aim(source, stack[INDEX_ABOVE, 0], stack[INDEX, 0], photon, state)


@inlined
def turn(photon: Array, g: float, state: Words) -> None:
    """Scatter by Henyey and Greenstein (1941).

    With d = 1 + g - 2 g x for x in (0, 1], the cosine is 1 - t with t = x (1 - g)² ((1 + g) / d + 1) / d, which
    needs no division by g and keeps small angles exact.
    """
    x = uniform(state)
    d = 1.0 + g - 2.0 * g * x
    d = max(d, 1e-300)  # g = 1: no turn at all
    t = min(x * (1.0 - g) ** 2 * ((1.0 + g) / d + 1.0) / d, 2.0)
    cosine, sine = 1.0 - t, math.sqrt(t * (2.0 - t))
    around = 2.0 * math.pi * uniform(state)
    along, across = sine * math.cos(around), sine * math.sin(around)
    ux, uy, uz = photon[UX], photon[UY], photon[UZ]
    side2 = ux * ux + uy * uy
    if side2 < 1e-20:  # vertical to rounding: any pair of axes will do
        photon[UX], photon[UY], photon[UZ] = along, across, (cosine if uz > 0.0 else -cosine)
        return
    side = math.sqrt(side2)
    photon[UX] = (along * ux * uz - across * uy) / side + ux * cosine
    photon[UY] = (along * uy * uz + across * ux) / side + uy * cosine
    photon[UZ] = uz * cosine - along * side
    scale = 0.5 * (3.0 - photon[UX] ** 2 - photon[UY] ** 2 - photon[UZ] ** 2)  # keeps length one over many turns
    photon[UX] *= scale
    photon[UY] *= scale
    photon[UZ] *= scale


@inlined
def ring(x: float, y: float, scale: Scale) -> int:
    """Number of the radial cell; the last one holds all that lies beyond the grid."""
    return int(min(math.sqrt(x * x + y * y) * scale.per_dr, float(scale.nr)))


@inlined
def roulette(weight: float, account: Array, state: Words) -> float:
    """The weight after roulette, zero when the photon ends; books what energy came or went by chance."""
    lost = (1.0 / CHANCE - 1.0) * weight * weight
    account[GAIN_VARIANCE] += lost
    after = weight / CHANCE if uniform(state) <= CHANCE else 0.0
    account[GAIN] += after - weight
    return after
