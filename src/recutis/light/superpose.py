"""Beams made of others: the light of a pencil or of one microbeam, laid side by side, without sending photons again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from recutis.errors import InputError, OutOfRangeError
from recutis.light import checks
from recutis.light.beams import Beam, check_beam
from recutis.light.layered import LayeredLight
from recutis.units import CM_PER_UM

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
_MOST_SOURCES: Final = 200_000  # points of a beam whose rings are moved
_MOST_POINTS: Final = 4_000_000  # that stand for a rectangle
_FITS: Final = 1e-9  # steps; a size nearer than this to a whole number of them is one
# Points of a beam for each of the narrowest rings, angles around each, radii in each ring of the pencil.
_POINTS_PER_RING, _FEWEST_POINTS, _ANGLES, _RING_POINTS = 4, 64, 48, 2
_AXIAL: Final = frozenset({"pencil", "flat_top", "gaussian", "ring"})


def on_axis(light: LayeredLight, beam: Beam) -> tuple[Array, Array]:
    """Fluence on the axis of a round beam, over its own largest fluence on the surface, from the light of a pencil.

    By reciprocity of places, the axis of a wide spot receives from every point of it what a pencil sends as far away. All
    photons count, not only those near the axis, so the errors are those of a wide beam.

    Returns the fluence by depth and its standard error, the rings taken as independent. A beam that reaches beyond the
    grid of the pencil takes what lies there as if it were lit fully.

    Raises InputError when the light is not that of a pencil straight down, or the beam is neither flat top nor gaussian.
    """
    _must_be(light, ("pencil",), "the light of a pencil")
    edges = light.grid.radius_edges_um
    lit = _lit_share(edges, _one_round(beam))
    area = math.pi * np.diff(edges**2) * CM_PER_UM**2
    within = light.fluence_cm2 * area
    beyond = light.fluence_wide - within.sum(axis=1)
    outer = float(_lit_share(np.array([edges[-1], edges[-1] * 1.5]), beam)[0])
    value = within @ lit + np.maximum(beyond, 0.0) * outer
    error = np.sqrt((light.fluence_error_cm2 * area) ** 2 @ lit**2)
    return value, error


def _one_round(beam: Beam) -> Beam:
    """The beam, when it is one that rings can be summed for."""
    if check_beam(beam).shape not in {"flat_top", "gaussian"} or beam.columns * beam.rows > 1 or beam.angle_deg or beam.diffuse:
        msg = f"A beam '{beam.shape}' has no sum over rings; give one upright flat top or gaussian."
        raise InputError(msg)
    return beam


def _lit_share(edges_um: Array, beam: Beam) -> Array:
    """Mean over each ring of the beam's profile, 1 at its largest."""
    squared, radius2 = edges_um**2, (beam.size_um / 2) ** 2
    if beam.shape == "gaussian":
        whole = -np.expm1(-2.0 * squared / radius2) * radius2 / 2.0
        return np.asarray(np.diff(whole) / np.diff(squared))
    inside = np.minimum(squared, radius2)
    return np.asarray(np.diff(inside) / np.diff(squared))


def under(light: LayeredLight, beam: Beam, radius_edges_um: Array) -> Array:
    """Mean fluence over rings of any width under a round beam, from the light of a pencil, (depth, rings) [1/cm²].

    The energy of each of the pencil's rings is laid around every point of the beam and counted where it falls, so no energy
    is lost within the rings; what the pencil's grid does not hold is left out. Rings need not begin at the axis.

    Raises InputError when the light is not that of a pencil straight down, the beam is neither flat top nor gaussian, or
    the edges are no row of numbers; OutOfRangeError for edges that do not rise.
    """
    _must_be(light, ("pencil",), "the light of a pencil")
    edges = checks.rising("radius_edges_um", radius_edges_um)
    moved = _moved(tuple(light.grid.radius_edges_um.tolist()), _one_round(beam), tuple(edges.tolist()))
    area = math.pi * np.diff(light.grid.radius_edges_um**2)
    return np.asarray((light.fluence_cm2 * area) @ moved / (math.pi * np.diff(edges**2)))


def moved_rings(from_um: Sequence[float] | Array, beam: Beam, to_um: Sequence[float] | Array) -> Array:
    """Share of the energy of each ring about a point of the beam that falls into each ring about its axis, (from, to).

    The array is read-only, since it is kept for the next call.

    Raises InputError when the beam is neither flat top nor gaussian or edges are no row of numbers, OutOfRangeError for
    edges that do not rise.
    """
    rings, targets = checks.rising("from_um", from_um), checks.rising("to_um", to_um)
    return _moved(tuple(rings.tolist()), _one_round(beam), tuple(targets.tolist()))


@lru_cache(maxsize=32)
def _moved(from_um: tuple[float, ...], beam: Beam, to_um: tuple[float, ...]) -> Array:
    to = np.array(to_um)
    reach = beam.size_um if beam.shape == "gaussian" else beam.size_um / 2
    wanted = _POINTS_PER_RING * reach / float(np.diff(to).min())
    if wanted > _MOST_SOURCES:
        msg = (
            f"The narrowest ring is {np.diff(to).min():g} µm wide, too narrow under a beam of {beam.size_um:g} µm; give rings of at "
            f"least {_POINTS_PER_RING * reach / _MOST_SOURCES:.2g} µm."
        )
        raise OutOfRangeError(msg)
    count = max(_FEWEST_POINTS, math.ceil(wanted))
    source = (np.arange(count) + 0.5) * reach / count
    weight = source * (np.exp(-2.0 * (source / (beam.size_um / 2)) ** 2) if beam.shape == "gaussian" else 1.0)
    around = np.cos(math.pi * (np.arange(_ANGLES) + 0.5) / _ANGLES)
    inner, outer = np.array(from_um[:-1]) ** 2, np.array(from_um[1:]) ** 2
    within = (np.arange(_RING_POINTS) + 0.5) / _RING_POINTS
    ring = np.sqrt(inner[:, None] + (outer - inner)[:, None] * within)
    part = np.broadcast_to((weight / weight.sum())[:, None] / (_RING_POINTS * _ANGLES), (_RING_POINTS, count, _ANGLES)).ravel()
    share = np.zeros((inner.size, to.size + 1))
    for number, radii in enumerate(ring):
        place2 = radii[:, None, None] ** 2 + source[:, None] ** 2 + 2.0 * radii[:, None, None] * source[:, None] * around
        share[number] = np.bincount(np.searchsorted(to**2, place2.ravel(), side="right"), weights=part, minlength=to.size + 1)
    share = share[:, 1:]
    share.flags.writeable = False
    return share[:, :-1]


def side_by_side(light: LayeredLight, *, places_um: Array, x_um: Array, y_um: Array) -> xr.DataArray:
    """Fluence of equal upright beams at several places, for an energy of one in each, over (depth_um, y_um, x_um).

    light : of one beam that is round
    places_um : (beams, 2) · x and y of their centres
    x_um, y_um : where the fluence is wanted; between rings it is interpolated, beyond the grid it counts as zero

    Raises InputError when the beam is not round or something is no row of numbers, OutOfRangeError for places that are not
    pairs and for numbers that are not finite.
    """
    import xarray as xr

    _must_be(light, tuple(sorted(_AXIAL)), "the light of one round beam")
    places = checks.numbers("places_um", places_um, "pairs (beams, 2) of x and y in µm")
    if places.ndim != 2 or places.shape[1] != 2 or not places.size:
        msg = f"Places of beams have the shape {places.shape}; give finite pairs (beams, 2) of x and y in µm."
        raise OutOfRangeError(msg)
    x_um, y_um = _row("x_um", x_um), _row("y_um", y_um)
    edges = light.grid.radius_edges_um
    middle = np.concatenate(((edges[:-1] + edges[1:]) / 2, [edges[-1]]))
    padded = np.concatenate((light.fluence_cm2, np.zeros((light.fluence_cm2.shape[0], 1))), axis=1)
    grid_y, grid_x = np.meshgrid(y_um, x_um, indexing="ij")
    total = np.zeros((padded.shape[0], *grid_y.shape))
    for x, y in places:
        distance = np.hypot(grid_x - x, grid_y - y)
        place = np.interp(distance, middle, np.arange(middle.size))
        lower = np.minimum(place.astype(np.int64), middle.size - 2)
        part = place - lower
        total += padded[:, lower] * (1.0 - part) + padded[:, lower + 1] * part
    depth = light.grid.depth_edges_um
    return xr.DataArray(
        total,
        dims=("depth_um", "y_um", "x_um"),
        coords={
            "depth_um": ("depth_um", (depth[:-1] + depth[1:]) / 2, {"units": "um"}),
            "y_um": ("y_um", y_um, {"units": "um"}),
            "x_um": ("x_um", x_um, {"units": "um"}),
        },
        name="fluence",
        attrs={"units": "1/cm**2", "energy": "of one unit in each beam", "beams": places.shape[0]},
    )


def _row(name: str, given: object) -> Array:
    """Places along an axis, at least one."""
    wanted = "a row of at least one finite distance in µm"
    found = checks.numbers(name, given, wanted, dimensions=1)
    if not found.size:
        msg = f"{name} is empty; give {wanted}."
        raise InputError(msg)
    return found


def lattice_um(beam: Beam) -> Array:
    """Centres of the beams of an array, (columns * rows, 2) [µm]. Raises InputError for what is no beam."""
    check_beam(beam)
    x = (np.arange(beam.columns) - (beam.columns - 1) / 2) * beam.pitch_um
    y = (np.arange(beam.rows) - (beam.rows - 1) / 2) * beam.pitch_um
    return np.array([(one, other) for other in y for one in x])


def rectangle_um(beam: Beam, *, step_um: float) -> Array:
    """Even points that stand for an even rectangle when pencils are laid side by side, (points, 2) [µm].

    step_um : the most that neighbouring points lie apart; at most one radial cell of the light that is laid there, since
        wider steps make a lattice of spots of it

    Raises InputError for another shape, a tilted or diffuse rectangle and an array, OutOfRangeError for a step that is not
    above 0 or makes more points than memory is given for.
    """
    if check_beam(beam).shape != "rectangle":
        msg = f"The beam is a {beam.shape}, not a rectangle; give a rectangle."
        raise InputError(msg)
    if beam.angle_deg or beam.diffuse or beam.columns * beam.rows > 1:
        msg = "Points stand for one upright rectangle, not for a tilted, a diffuse one or an array; give one that is upright."
        raise InputError(msg)
    step = checks.positive("step_um", step_um)
    counts = [max(size / step - _FITS, 1.0) for size in (beam.size_um, beam.second_um)]
    if counts[0] * counts[1] > _MOST_POINTS:
        msg = (
            f"Steps of {step:g} µm make more than {_MOST_POINTS} points of a rectangle of {beam.size_um:g} x {beam.second_um:g} µm; "
            "give wider ones."
        )
        raise OutOfRangeError(msg)
    x, y = (
        ((np.arange(n) + 0.5) / n - 0.5) * size
        for n, size in zip(map(math.ceil, counts), (beam.size_um, beam.second_um), strict=True)
    )
    return np.stack((np.tile(x, y.size), np.repeat(y, x.size)), axis=1)


def _must_be(light: LayeredLight, shapes: tuple[str, ...], what: str) -> None:
    beam = checks.kind("light", light, LayeredLight, "give what transport_layers returns").beam
    if beam.shape not in shapes or beam.angle_deg or beam.diffuse or beam.columns * beam.rows > 1:
        msg = (
            f"This sum needs {what}, straight down, not a {beam.shape} beam at {beam.angle_deg:g} degrees; run such light first."
        )
        raise InputError(msg)


__all__ = ["lattice_um", "moved_rings", "on_axis", "rectangle_um", "side_by_side", "under"]
