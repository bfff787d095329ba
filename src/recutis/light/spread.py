"""How far light spreads sideways on its way down, from a table of photons in a half space, scaled to the skin at hand.

In a homogeneous half space the lateral distribution of a pencil's fluence depends on depth, radius and absorption only in
units of the reduced scattering length. In layers, lengths are scaled by the mean reduced scattering above each depth. The
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
from recutis.light.beams import Beam
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


@cache
def _at_ratio(ratio: float) -> Array:
    """The table at one ratio, (depths, radii), linear in its logarithm; beyond the ends as at the ends."""
    place = float(np.interp(np.log(max(ratio, RATIOS[0])), np.log(RATIOS), np.arange(RATIOS.size)))
    lower = min(int(place), RATIOS.size - 2)
    part = place - lower
    table = _table()
    return np.asarray((1.0 - part) * table[lower] + part * table[lower + 1])


def within(radius_m: Array, *, depth_m: Array, musp_m: Array, ratio: float) -> Array:
    """Share of a pencil's fluence at each depth that lies within radii, shape (depths, radii).

    musp_m : mean reduced scattering coefficient from the surface to each depth [1/m]
    ratio : absorption over reduced scattering where most of the light is

    Raises OutOfRangeError for scattering or absorption without meaning.
    """
    if not (np.isfinite(musp_m).all() and (musp_m > 0.0).all() and np.isfinite(ratio) and ratio >= 0.0):
        msg = (
            f"Light spreads by scattering: reduced scattering must be above 0 everywhere, and the ratio of absorption to it at "
            f"least 0, not {ratio:g}; check the optics of the layers."
        )
        raise OutOfRangeError(msg)
    table = _at_ratio(ratio)
    place = np.interp(depth_m * musp_m, DEPTHS, np.arange(DEPTHS.size))
    lower = np.minimum(place.astype(np.int64), DEPTHS.size - 2)
    part = (place - lower)[:, None]
    rows = (1.0 - part) * table[lower] + part * table[lower + 1]
    return np.array([np.interp(radius_m * scale, RADII, row) for scale, row in zip(musp_m, rows, strict=True)])


def axis_share(beam: Beam, *, depth_m: Array, musp_m: Array, ratio: float) -> Array:
    """Share of a wide beam's fluence that is left on the axis of a round spot of the same peak exposure, by depth.

    Raises InputError for a beam that is neither flat top nor gaussian.
    """
    radius = np.array([beam.size_um / 2 * M_PER_UM])
    if beam.shape == "gaussian":  # a pile of flat tops: at each height as wide as the gaussian is there
        height = (np.arange(_PROFILE) + 0.5) / _PROFILE
        radius = radius * np.sqrt(-0.5 * np.log(height))
    elif beam.shape != "flat_top":
        msg = f"A beam '{beam.shape}' has no axis that the table knows; give a flat top or a gaussian."
        raise InputError(msg)
    return np.asarray(within(radius, depth_m=depth_m, musp_m=musp_m, ratio=ratio).mean(axis=1))


def ring_share(beam: Beam, radius_edges_m: Array, *, depth_m: Array, musp_m: Array, ratio: float) -> Array:
    """Share of the fluence at each depth that falls into rings about the axis of a round microbeam, (depths, rings).

    Raises InputError for a beam that is neither flat top nor gaussian.
    """
    reach = radius_edges_m[-1] + beam.size_um * M_PER_UM
    rings = np.concatenate(([0.0], np.geomspace(_FINEST_M, reach, _RINGS)))
    energy = np.diff(within(rings, depth_m=depth_m, musp_m=musp_m, ratio=ratio), axis=1)
    moved = moved_rings(tuple((rings * UM_PER_M).tolist()), beam, tuple((radius_edges_m * UM_PER_M).tolist()))
    return np.asarray(energy @ moved)
