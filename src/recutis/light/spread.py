"""How far light spreads sideways on its way down, from a table of photons in a half space, scaled to the skin at hand.

In a homogeneous half space the lateral distribution of a pencil's fluence depends on depth, radius and absorption only in
units of the reduced scattering length. In layers, the caller scales lengths by the scattering that stands for them. The
table holds the fluence within a radius over all fluence at that depth, for g = 0.9 and n = 1.4 (`scripts/build_spread.py`);
how far it is from photons in the layers themselves is told in `docs/light.md`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.errors import InputError, OutOfRangeError
from recutis.light import checks
from recutis.light.beams import Beam, check_beam
from recutis.light.superpose import moved_rings
from recutis.units import M_PER_UM, UM_PER_M

Array = NDArray[np.float64]
# Nodes of the table: mua / musp; depth and radius times musp.
RATIOS: Final = np.geomspace(1e-3, 30.0, 19)
DEPTHS: Final = np.concatenate((np.linspace(0.0, 1.0, 21), np.geomspace(1.0, 18.0, 28)[1:]))
RADII: Final = np.concatenate(([0.0], np.geomspace(0.004, 60.0, 79)))
_FINEST_M: Final = 2e-6  # and ever wider: rings of the pencil, when it is laid around the points of a microbeam
_RINGS: Final = 80
_PROFILE: Final = 64  # flat tops of equal height that a gaussian is piled up from


@cache
def _table() -> Array:
    """Share within a radius, (ratios, depths, radii)."""
    with files("recutis.light").joinpath("tables/spread.npz").open("rb") as stream, np.load(stream) as data:
        return np.asarray(data["share"], dtype=np.float64)


def _between(values: Array, nodes: Array) -> tuple[NDArray[np.int64], Array]:
    """Lower node and part of the way to the next one; beyond the ends as at the ends."""
    place = np.interp(values, nodes, np.arange(nodes.size))
    lower = np.minimum(place.astype(np.int64), nodes.size - 2)
    return lower, place - lower


def within(radius_m: Array, *, depth_m: Array, musp_m: Array, ratio: Array) -> Array:
    """Share of a pencil's fluence at each depth that lies within radii, shape (depths, radii).

    musp_m : (depths,) · reduced scattering coefficient that stands for the layers above and around each depth [1/m]
    ratio : (depths,) · absorption over reduced scattering, likewise

    Raises InputError for what is no row of numbers, one for each depth, OutOfRangeError for lengths, scattering or absorption
    without meaning.
    """
    radius_m, depth_m = (
        checks.numbers(name, value, "a row of finite lengths in metres", dimensions=1)
        for name, value in (("radius_m", radius_m), ("depth_m", depth_m))
    )
    musp_m, ratio = (
        checks.numbers(name, value, f"a row of {depth_m.size} numbers, one for each depth", dimensions=1, finite=False)
        for name, value in (("musp_m", musp_m), ("ratio", ratio))
    )
    if not musp_m.size == ratio.size == depth_m.size > 0:
        msg = f"There are {depth_m.size} depths, {musp_m.size} of musp_m and {ratio.size} of ratio; give one of each for each depth."
        raise InputError(msg)
    for name, lengths in (("radius_m", radius_m), ("depth_m", depth_m)):
        if lengths.size and lengths.min() < 0.0:
            msg = f"{name} holds {lengths.min():g}; give lengths of at least 0 metres."
            raise OutOfRangeError(msg)
    if not (np.isfinite(musp_m).all() and (musp_m > 0.0).all() and np.isfinite(ratio).all() and (ratio >= 0.0).all()):
        msg = (
            f"Light spreads by scattering: reduced scattering must be above 0 at every depth, and the ratio of absorption to it at "
            f"least 0; they are down to {np.min(musp_m):g} per metre and {np.min(ratio):g}. Check the optics of the layers."
        )
        raise OutOfRangeError(msg)
    table = _table()
    at_ratio, ratio_part = _between(np.log(np.maximum(ratio, RATIOS[0])), np.log(RATIOS))
    at_depth, depth_part = _between(depth_m * musp_m, DEPTHS)
    rows = np.zeros((depth_m.size, RADII.size))
    for upper, weight in ((0, 1.0 - ratio_part), (1, ratio_part)):
        for below, other in ((0, 1.0 - depth_part), (1, depth_part)):
            rows += (weight * other)[:, None] * table[at_ratio + upper, at_depth + below]
    return np.array([np.interp(radius_m * scale, RADII, row) for scale, row in zip(musp_m, rows, strict=True)])


def axis_share(beam: Beam, *, depth_m: Array, musp_m: Array, ratio: Array) -> Array:
    """Share of a wide beam's fluence that is left on the axis of a round spot of the same peak exposure, by depth.

    Raises InputError for a beam that is neither flat top nor gaussian.
    """
    radius = np.array([check_beam(beam).size_um / 2 * M_PER_UM])
    if beam.shape == "gaussian":  # a pile of flat tops: at each height as wide as the gaussian is there
        height = (np.arange(_PROFILE) + 0.5) / _PROFILE
        radius = radius * np.sqrt(-0.5 * np.log(height))
    elif beam.shape != "flat_top":
        msg = f"A beam '{beam.shape}' has no axis that the table knows; give a flat top or a gaussian."
        raise InputError(msg)
    return np.asarray(within(radius, depth_m=depth_m, musp_m=musp_m, ratio=ratio).mean(axis=1))


def ring_share(beam: Beam, radius_edges_m: Array, *, depth_m: Array, musp_m: Array, ratio: Array) -> Array:
    """Share of the fluence at each depth that falls into rings about the axis of a round microbeam, (depths, rings).

    Raises InputError for a beam that is neither flat top nor gaussian.
    """
    radius_edges_m = checks.rising("radius_edges_m", radius_edges_m)
    check_beam(beam)
    reach = radius_edges_m[-1] + beam.size_um * M_PER_UM
    rings = np.concatenate(([0.0], np.geomspace(_FINEST_M, reach, _RINGS)))
    energy = np.diff(within(rings, depth_m=depth_m, musp_m=musp_m, ratio=ratio), axis=1)
    moved = moved_rings(rings * UM_PER_M, beam, radius_edges_m * UM_PER_M)
    return np.asarray(energy @ moved)
