"""Photons of a round beam in tissue whose absorption and scattering differ from ring to ring and from depth to depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.errors import InputError, OutOfRangeError
from recutis.light import _rings_kernel as kernels
from recutis.light import checks
from recutis.light.beams import Beam, check_beam
from recutis.units import M_PER_UM

Array = NDArray[np.float64]
_REACH: Final = 1.9  # of its 1/e² radius: 0.07 % of a gaussian lies beyond


@dataclass(frozen=True, eq=False, kw_only=True)
class RingLight:
    """Light of a round beam of energy one on rings.

    path_m : (z, r) · integral of the fluence over the volume of each cell [m]; times absorption [1/m] the share taken up there
    beyond_m : (z,) · the same for all that lies beyond the last ring
    reflected, transmitted : shares that left through the surface and through the bottom of the grid
    """

    path_m: Array
    beyond_m: Array
    reflected: float
    transmitted: float


def _checked(mua_m: Array, mus_m: Array, g: Array, z_edges_m: Array, r_edges_m: Array) -> None:
    shape = (z_edges_m.size - 1, r_edges_m.size - 1)
    for name, map_m in (("mua_m", mua_m), ("mus_m", mus_m)):
        if map_m.shape != shape:
            msg = f"{name} has the shape {map_m.shape}; the edges make {shape[0]} depths and {shape[1]} rings."
            raise InputError(msg)
        if not (np.isfinite(map_m).all() and (map_m >= 0.0).all()):
            msg = f"{name} holds {np.min(map_m):g}; give finite numbers of at least 0 per metre."
            raise OutOfRangeError(msg)
    if g.shape != shape[:1] or not (np.abs(g) < 1.0).all():
        msg = f"g must hold {shape[0]} numbers between -1 and 1, one for each depth."
        raise InputError(msg)


def launch(beam: Beam, photons: int) -> tuple[Array, Array]:
    """Where photons of a round beam enter [m] and what each weighs; evenly in radius, so that the axis sees many.

    Raises InputError for a beam that is neither flat top nor gaussian.
    """
    radius = check_beam(beam).size_um / 2 * M_PER_UM
    even = (np.arange(photons) + 0.5) / photons
    if beam.shape == "gaussian":
        radii = even * radius * _REACH
        weights = radii * np.exp(-2.0 * (radii / radius) ** 2)
    elif beam.shape == "flat_top":
        radii = even * radius
        weights = radii.copy()
    else:
        msg = f"A beam '{beam.shape}' is not round and full; give a flat top or a gaussian."
        raise InputError(msg)
    return radii, weights / weights.sum()


def photons_in_rings(
    beam: Beam, *, mua_m: Array, mus_m: Array, g: Array, z_edges_m: Array, r_edges_m: Array, index: float, mirrored: float,
    photons: int, seed: int = 0,
) -> RingLight:  # fmt: skip
    """Trace photons of a beam on a map of absorption and scattering.

    mua_m, mus_m : (z, r) · coefficients [1/m]; the last ring goes on outwards
    g : (z,) · anisotropy (Henyey and Greenstein) · index : refractive index against air for light from below
    mirrored : share that the surface throws back before anything enters

    The same seed and number give the same result on every machine; photons keep their streams of chance when the map changes.
    Raises InputError for arrays that do not fit, OutOfRangeError for numbers without meaning.
    """
    z_edges_m, r_edges_m = checks.rising("z_edges_m", z_edges_m), checks.rising("r_edges_m", r_edges_m)
    _checked(mua_m, mus_m, g, z_edges_m, r_edges_m)
    if photons < 1:
        msg = f"There are {photons} photons; send at least 1."
        raise OutOfRangeError(msg)
    radii, weights = launch(beam, photons)
    wide_mua, wide_mus = (np.ascontiguousarray(np.concatenate((x, x[:, -1:]), axis=1)) for x in (mua_m, mus_m))
    path = np.zeros((g.size, r_edges_m.size))
    left = np.zeros(2)
    kernels.trace(
        radii, weights * (1.0 - mirrored), seed, wide_mua, wide_mus, np.ascontiguousarray(g), index, z_edges_m, r_edges_m,
        path, left, np.zeros(kernels.PLACES), np.zeros(2, dtype=np.uint64),
    )  # fmt: skip
    return RingLight(
        path_m=path[:, :-1], beyond_m=path[:, -1], reflected=float(left[kernels.REFLECTED]) + mirrored,
        transmitted=float(left[kernels.TRANSMITTED]),
    )  # fmt: skip


def normal_mirror(indices: tuple[float, ...]) -> float:
    """Share of light at right angles that the surface and the changes of index below it throw back, each face once."""
    passed = 1.0
    for above, below in zip((1.0, *indices[:-1]), indices, strict=True):
        passed *= 1.0 - ((above - below) / (above + below)) ** 2
    return 1.0 - passed


__all__ = ["RingLight", "launch", "normal_mirror", "photons_in_rings"]
