"""Layers as light sees them, the grid of the tallies, and both as the arrays that photon kernels take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.errors import InputError, OutOfRangeError
from recutis.light import checks
from recutis.skin.types import LayerOptics
from recutis.units import M_PER_UM, PER_M_PER_CM, UM_PER_MM

Array = NDArray[np.float64]

MOST_CELLS: Final = 4_000_000  # each thread and each sum holds the grid once, 8 bytes a cell
_DEFAULT_CELLS: Final = 200
_DEFAULT_DEPTH_UM: Final = 5.0 * UM_PER_MM  # when the stack has no bottom
_G_RANGE: Final = (-0.99, 0.999)
_N_RANGE: Final = (1.0, 4.0)
_LEAST_COLLISIONS: Final = 2.0  # of a photon that crosses a layer; fewer make its fluence a matter of luck
_SAME: Final = 1e-6  # cells; a face nearer than this to an edge of the grid lies on it
OPTICS: Final = {
    "mua_cm": "a finite number of at least 0 per centimetre",
    "mus_cm": "a finite number of at least 0 per centimetre",
    "g": f"a number from {_G_RANGE[0]:g} to {_G_RANGE[1]:g}",
    "n": f"a number from {_N_RANGE[0]:g} to {_N_RANGE[1]:g}",
}
_NO_LAYERS: Final = "There are no layers; give at least one."
_LAYER: Final = {"thickness_um": "a length above 0 µm"} | OPTICS
_LENGTHS: Final = {"depth_um": "a finite length above 0 µm", "radius_um": "a finite length above 0 µm"}
_CELLS: Final = {"depth_cells": "a whole number of at least 1", "radius_cells": "a whole number of at least 1"}


def check_optics(called: str, mua_cm: float, mus_cm: float, g: float, n: float) -> None:
    """Refuse optical properties without meaning; `called` begins the message.

    Raises OutOfRangeError.
    """
    for name, value in (("mua_cm", mua_cm), ("mus_cm", mus_cm)):
        if not (math.isfinite(value) and value >= 0.0):
            msg = f"{called} has {name} = {value:g} per centimetre; give a finite number of at least 0."
            raise OutOfRangeError(msg)
    for name, value, (low, high) in (("g", g, _G_RANGE), ("n", n, _N_RANGE)):
        if not low <= value <= high:
            msg = f"{called} has {name} = {value:g}; give a number from {low:g} to {high:g}."
            raise OutOfRangeError(msg)


def check_outside(n_above: float, n_below: float) -> tuple[float, float]:
    """Refractive indices of the media outside. Raises InputError for what is no number, OutOfRangeError for what is none."""
    wanted = f"a refractive index from {_N_RANGE[0]:g} to {_N_RANGE[1]:g}"
    above, below = checks.real("n_above is", n_above, wanted), checks.real("n_below is", n_below, wanted)
    for name, value in (("n_above", above), ("n_below", below)):
        if not _N_RANGE[0] <= value <= _N_RANGE[1]:
            msg = f"{name} is {value:g}; give {wanted}."
            raise OutOfRangeError(msg)
    return above, below


@dataclass(frozen=True, kw_only=True)
class OpticalLayer:
    """A homogeneous layer: absorption and scattering coefficients (Napierian), anisotropy, refractive index.

    The lowest layer of a stack may be infinitely thick (`math.inf`). `g` is that of Henyey and Greenstein.

    Raises InputError for what is no number, OutOfRangeError for values without meaning.
    """

    thickness_um: float
    mua_cm: float
    mus_cm: float
    g: float
    n: float
    name: str = ""

    def __post_init__(self) -> None:
        called = f"The layer '{checks.text('The name of a layer', self.name)}'" if self.name != "" else "A layer"
        checks.floats(self, called, _LAYER)
        if not self.thickness_um > 0.0:
            msg = f"{called} has a thickness of {self.thickness_um:g} µm; give more than 0, or leave the layer out."
            raise OutOfRangeError(msg)
        check_optics(called, self.mua_cm, self.mus_cm, self.g, self.n)


def optical_layer(optics: LayerOptics) -> OpticalLayer:
    """A layer of skin at one wavelength as a layer of light transport.

    Raises InputError for what is no number, OutOfRangeError for values without meaning.
    """
    called = f"The layer {checks.shown(optics.name)} of skin has"
    musp, g = (checks.real(f"{called} {name} =", getattr(optics, name), "a finite number") for name in ("musp_cm", "g"))
    if not _G_RANGE[0] <= g <= _G_RANGE[1]:
        msg = f"{called} g = {g:g}; give {OPTICS['g']}."
        raise OutOfRangeError(msg)
    return OpticalLayer(
        thickness_um=optics.thickness_um,
        mua_cm=optics.mua_cm,
        mus_cm=musp / (1.0 - g),
        g=g,
        n=optics.n,
        name=optics.name,
    )


def checked_layers(layers: object) -> tuple[OpticalLayer, ...]:
    """Layers of light transport from those or from layers of skin, top to bottom.

    Raises InputError when there are none or something else is among them, OutOfRangeError for values without meaning.
    """
    advice = "give layers from top to bottom, as OpticalLayer or as the skin's layer_optics"
    kinds: tuple[type[OpticalLayer | LayerOptics], ...] = (OpticalLayer, LayerOptics)
    found = checks.several("layers", layers, kinds, advice)
    if not found:
        raise InputError(_NO_LAYERS)
    return tuple(optical_layer(layer) if isinstance(layer, LayerOptics) else layer for layer in found)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Even cells of depth and radius. Light beyond the grid is counted as a whole.

    Raises InputError for what is no number, OutOfRangeError when the grid has no extent or more cells than memory is given for.
    """

    depth_um: float
    radius_um: float
    depth_cells: int = _DEFAULT_CELLS
    radius_cells: int = _DEFAULT_CELLS

    def __post_init__(self) -> None:
        checks.floats(self, "A grid", _LENGTHS)
        checks.wholes(self, "A grid", _CELLS)
        if not (0.0 < self.depth_um < math.inf and 0.0 < self.radius_um < math.inf):
            msg = f"The grid is {self.depth_um:g} µm deep and {self.radius_um:g} µm wide; give finite lengths above 0."
            raise OutOfRangeError(msg)
        if self.depth_cells < 1 or self.radius_cells < 1 or self.depth_cells * self.radius_cells > MOST_CELLS:
            msg = (
                f"The grid has {checks.shown(self.depth_cells)} x {checks.shown(self.radius_cells)} cells; give at least 1 each way "
                f"and at most {MOST_CELLS} in total."
            )
            raise OutOfRangeError(msg)

    @property
    def depth_edges_um(self) -> Array:
        """Edges of the cells in depth, (depth_cells + 1,)."""
        return np.linspace(0.0, self.depth_um, self.depth_cells + 1)

    @property
    def radius_edges_um(self) -> Array:
        """Edges of the cells in radius, (radius_cells + 1,)."""
        return np.linspace(0.0, self.radius_um, self.radius_cells + 1)


def check_grid(grid: object) -> Grid | None:
    """A grid, or None for the default. Raises InputError for anything else."""
    return None if grid is None else checks.kind("grid", grid, Grid, "make it with Grid(depth_um=..., radius_um=...)")


def default_grid(layers: Sequence[OpticalLayer], reach_um: float) -> Grid:
    """Two hundred cells each way: to the bottom of the stack (or 5 mm when there is none) and as far beyond the beam."""
    depth = sum(layer.thickness_um for layer in layers)
    depth = depth if math.isfinite(depth) else _DEFAULT_DEPTH_UM
    return Grid(depth_um=depth, radius_um=reach_um + depth)


def check_stack(layers: Sequence[OpticalLayer], n_above: float, n_below: float) -> None:
    """Refuse stacks in which photons would never end or layers that cannot be reached.

    Raises InputError or OutOfRangeError.
    """
    if not layers:
        raise InputError(_NO_LAYERS)
    check_outside(n_above, n_below)
    for number, layer in enumerate(layers[:-1], start=1):
        if math.isinf(layer.thickness_um):
            msg = f"Layer {number} of {len(layers)} is infinitely thick; only the lowest one may be."
            raise InputError(msg)
    last = layers[-1]
    if math.isinf(last.thickness_um) and last.mua_cm <= 0.0 and (last.mus_cm > 0.0 or len(layers) == 1):
        msg = "The infinitely thick lowest layer does not absorb, so photons never end in it; give it a thickness or mua_cm above 0."
        raise InputError(msg)


def clear_depth(layers: Sequence[OpticalLayer]) -> bool:
    """Whether the lowest layer is infinite and clear: light that enters it is gone, as in a medium below."""
    last = layers[-1]
    return math.isinf(last.thickness_um) and last.mua_cm <= 0.0 and last.mus_cm <= 0.0


def stack_arrays(layers: Sequence[OpticalLayer], n_above: float, n_below: float) -> Array:
    """The stack of `_photon`, (PROPERTIES, layers), in SI units.

    Where a photon would cross a layer without a collision, scatterings are added that turn nothing but score its fluence.
    """
    if clear_depth(layers):
        layers, n_below = layers[:-1], layers[-1].n
    bottoms = np.cumsum([layer.thickness_um for layer in layers]) * M_PER_UM
    indices = [n_above, *(layer.n for layer in layers), n_below]
    columns = []
    for number, layer in enumerate(layers):
        mua, mus, g = layer.mua_cm * PER_M_PER_CM, layer.mus_cm * PER_M_PER_CM, layer.g
        idle = max(_LEAST_COLLISIONS / (layer.thickness_um * M_PER_UM) - mua - mus, 0.0)
        top = bottoms[number - 1] if number else 0.0
        turning = mus / (mus + idle) if idle else 1.0
        columns.append((mua, mus + idle, g, top, bottoms[number], layer.n, indices[number], indices[number + 2], turning))
    return np.ascontiguousarray(np.array(columns, dtype=np.float64).T)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Where the rows of a tally lie: row (cell + layer) never spans two layers. Arrays over rows.

    `first_of_cell` is the first row of each cell of depth, the one beyond the grid included; `further` are the other rows.
    """

    layer: NDArray[np.int64]
    cell: NDArray[np.int64]
    first_of_cell: NDArray[np.int64]
    further: NDArray[np.int64]

    def by_cell(self, values: Array, out: Array) -> Array:
        """Sums of rows over each cell, written to `out`. Few cells hold a face, so few have more than one row."""
        np.take(values, self.first_of_cell, axis=0, out=out, mode="clip")
        for row in self.further:
            out[self.cell[row]] += values[row]
        return out


def tally_rows(stack_top_m: Array, grid: Grid) -> Rows:
    """Layer and cell of each row, for layers whose upper faces [m] are given."""
    count = grid.depth_cells + stack_top_m.size
    layer, cell = np.zeros(count, np.int64), np.zeros(count, np.int64)
    per_dz = grid.depth_cells / (grid.depth_um * M_PER_UM)
    tops = stack_top_m * per_dz
    firsts = np.minimum(np.floor(tops + _SAME), grid.depth_cells).astype(np.int64)
    lasts = np.append(np.minimum(np.ceil(tops[1:] - _SAME) - 1, grid.depth_cells), grid.depth_cells).astype(np.int64)
    start = 0
    for number, (first, last) in enumerate(zip(firsts, np.maximum(lasts, firsts), strict=True)):
        following = firsts[number + 1] + number + 1 if number + 1 < firsts.size else count
        rows = np.arange(start, following)
        layer[rows] = number
        cell[rows] = np.clip(rows - number, first, last)
        start = following
    first_of_cell = np.searchsorted(cell, np.arange(grid.depth_cells + 1))
    further = np.setdiff1d(np.arange(count), first_of_cell)
    return Rows(layer=layer, cell=cell, first_of_cell=first_of_cell, further=further)
