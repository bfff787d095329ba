"""Tissue on a grid of voxels: a label for each, a medium for each label."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.errors import InputError, OutOfRangeError
from recutis.light import checks
from recutis.light.beams import Beam, rectangle
from recutis.light.stack import OPTICS, OpticalLayer, check_optics, checked_layers
from recutis.skin.types import LayerOptics
from recutis.units import PER_M_PER_CM

Array = NDArray[np.float64]

MOST_VOXELS: Final = 64_000_000  # a run holds 8 bytes a voxel about four times and once more for each thread
MOST_MEDIA: Final = 256  # a label is one byte
_DIMENSIONS: Final = 3
_WHOLE: Final = 1e-6  # voxels; a thickness nearer than this to a whole number of them is one


@dataclass(frozen=True, kw_only=True)
class Medium:
    """What fills voxels: absorption and scattering coefficients (Napierian), anisotropy, refractive index, a name.

    Both coefficients may be zero, as in air. `g` is that of Henyey and Greenstein.

    Raises InputError without a name or for what is no number, OutOfRangeError for values without meaning.
    """

    mua_cm: float
    mus_cm: float
    g: float
    n: float
    name: str

    def __post_init__(self) -> None:
        if not checks.text("The name of a medium", self.name):
            msg = "A medium has no name; give one, its share of the absorbed light is told under it."
            raise InputError(msg)
        called = f"The medium '{self.name}'"
        checks.floats(self, called, OPTICS)
        check_optics(called, self.mua_cm, self.mus_cm, self.g, self.n)


@dataclass(frozen=True, kw_only=True, eq=False)
class VoxelTissue:
    """Tissue on a grid: labels (z, y, x), z down from the top of the grid; a voxel with label k is of `media[k]`.

    labels : whole numbers from 0; kept as a read-only copy of one byte each
    voxel_um : edges of a voxel along z, y and x [µm], or one number for cubes
    sources : ids of the evidence rows behind the media, where there are any

    Raises InputError for labels that are no grid or have no medium, OutOfRangeError for sizes without meaning and for
    grids that need more memory than a run is given.
    """

    labels: NDArray[np.uint8]
    voxel_um: float | tuple[float, float, float]
    media: tuple[Medium, ...]
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        edges = voxel_edges(self.voxel_um)
        media = checks.several("media", self.media, Medium, "give a list of Medium, the first for the label 0")
        sources = checks.several("sources", self.sources, str, "give ids of evidence rows")
        names = [medium.name for medium in media]
        check_media(len(media))
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            msg = f"Two media are called '{twice}'; give each a name of its own."
            raise InputError(msg)
        object.__setattr__(self, "labels", _labels(self.labels, names))
        object.__setattr__(self, "voxel_um", edges)  # `edges_um` tells its type
        object.__setattr__(self, "media", media)
        object.__setattr__(self, "sources", sources)

    @classmethod
    def from_layers(
        cls,
        layers: Sequence[OpticalLayer] | Sequence[LayerOptics],
        *,
        width_um: float,
        voxel_um: float | tuple[float, float, float],
        height_um: float | None = None,
    ) -> VoxelTissue:
        """Layers, top to bottom, on a grid `width_um` wide along x and `height_um` along y (as wide when left out).

        Raises InputError when a thickness or an extent is not a whole number of voxels, OutOfRangeError for lengths without
        meaning, for too many layers and for grids that need more memory than a run is given.
        """
        own = checked_layers(layers)
        check_media(len(own))
        edges = voxel_edges(voxel_um)
        media, counts = [], []
        for number, layer in enumerate(own, start=1):
            name = layer.name or f"layer_{number}"
            media.append(Medium(mua_cm=layer.mua_cm, mus_cm=layer.mus_cm, g=layer.g, n=layer.n, name=name))
            counts.append(voxels_in(layer.thickness_um, edges[0], f"The layer '{name}'"))
        across = voxels_in(width_um if height_um is None else height_um, edges[1], "The grid along y")
        along = voxels_in(width_um, edges[2], "The grid along x")
        check_count((sum(counts), across, along))
        column = np.repeat(np.arange(len(media), dtype=np.uint8), counts)
        labels = np.broadcast_to(column[:, None, None], (column.size, across, along))
        return cls(labels=labels, voxel_um=edges, media=tuple(media))

    @property
    def edges_um(self) -> tuple[float, float, float]:
        """Edges of a voxel along z, y and x [µm]."""
        edge = self.voxel_um
        return (edge, edge, edge) if isinstance(edge, (int, float)) else edge

    @property
    def size_um(self) -> tuple[float, float, float]:
        """Extent of the grid along z, y and x [µm]."""
        z, y, x = (count * edge for count, edge in zip(self.labels.shape, self.edges_um, strict=True))
        return z, y, x

    @property
    def centres_um(self) -> tuple[Array, Array, Array]:
        """Centres of the voxels: depth from the top of the grid, y and x from its middle [µm]."""
        z, y, x = (
            (np.arange(count) + 0.5) * edge for count, edge in zip(self.labels.shape, self.edges_um, strict=True)
        )  # fmt: skip
        _, height, width = self.size_um
        return z, y - height / 2, x - width / 2

    @property
    def mua_cm(self) -> Array:
        """Absorption of each medium [1/cm], (media,)."""
        return np.array([medium.mua_cm for medium in self.media])

    @property
    def sha256(self) -> str:
        """A name for the labels."""
        return hashlib.sha256(self.labels.tobytes()).hexdigest()

    def media_array(self) -> Array:
        """The media of `_voxel`, (4, media), in SI units."""
        rows = [(m.mua_cm * PER_M_PER_CM, m.mus_cm * PER_M_PER_CM, m.g, m.n) for m in self.media]
        return np.ascontiguousarray(np.array(rows, dtype=np.float64).T)

    def wide_beam(self, *, angle_deg: float = 0.0, diffuse: bool = False) -> Beam:
        """An even beam on the whole top: with periodic or mirror sides, one much wider than its light spreads."""
        _, height, width = self.size_um
        return rectangle(width_um=width, height_um=height, angle_deg=angle_deg, diffuse=diffuse)


def voxel_edges(voxel_um: object) -> tuple[float, float, float]:
    """Edges of a voxel along z, y and x [µm] from one number or three. Raises OutOfRangeError for anything else."""
    msg = f"The edges of a voxel are {_plain(voxel_um)} µm; give one length above 0, or three for z, y and x."
    try:
        found = checks.numbers("voxel_um", voxel_um, "one length above 0 µm")
    except InputError as error:
        raise OutOfRangeError(msg) from error
    if found.shape not in {(), (_DIMENSIONS,)} or not (found > 0.0).all():
        raise OutOfRangeError(msg)
    z, y, x = np.broadcast_to(found, (_DIMENSIONS,)).tolist()
    return z, y, x


def _plain(value: object) -> str:
    """A value with the digits that it was given with."""
    return str(value) if isinstance(value, float) else checks.shown(value)


def check_media(count: int) -> None:
    """Refuse tissue of no media or of more than labels can tell apart. Raises OutOfRangeError."""
    if not 1 <= count <= MOST_MEDIA:
        msg = f"There are {count} media; give 1 to {MOST_MEDIA}."
        raise OutOfRangeError(msg)


def check_tissue(tissue: object) -> VoxelTissue:
    """Tissue on voxels. Raises InputError for anything else."""
    return checks.kind("tissue", tissue, VoxelTissue, "make it with VoxelTissue, VoxelTissue.from_layers or voxel_skin")


def voxels_in(length_um: float, edge_um: float, called: str) -> int:
    """How many voxels make a length. Raises InputError when no whole number of them does."""
    length_um = checks.real(f"{called} is", length_um, f"a whole number of voxels of {edge_um:g} µm")
    count = length_um / edge_um if edge_um > 0.0 else math.nan
    if not (math.isfinite(count) and round(count) >= 1 and abs(count - round(count)) <= _WHOLE):
        msg = f"{called} is {length_um:g} µm, not a whole number of voxels of {edge_um:g} µm; change the one or the other."
        raise InputError(msg)
    return round(count)


def check_count(shape: tuple[int, int, int]) -> None:
    """Refuse grids without voxels or beyond memory. Raises OutOfRangeError."""
    if not 1 <= math.prod(shape) <= MOST_VOXELS:
        msg = f"The grid has {shape[0]} x {shape[1]} x {shape[2]} voxels; give at least 1 each way and at most {MOST_VOXELS} in total."
        raise OutOfRangeError(msg)


def _labels(given: NDArray[np.generic], names: list[str]) -> NDArray[np.uint8]:
    """Labels checked against the media, as a read-only array of bytes."""
    try:
        labels = np.asarray(given)
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"The labels are {checks.shown(given)}, which is not an even array; give whole numbers in the order z, y, x."
        raise InputError(msg) from error
    if labels.ndim != _DIMENSIONS or labels.dtype.kind not in "iu":
        msg = f"The labels are an array of {labels.ndim} dimensions of {labels.dtype}; give whole numbers in the order z, y, x."
        raise InputError(msg)
    z, y, x = labels.shape
    check_count((z, y, x))
    if labels.min() < 0 or labels.max() >= len(names):
        wrong = int(labels.min() if labels.min() < 0 else labels.max())
        msg = f"A voxel has the label {wrong}, but there are {len(names)} media (labels 0 to {len(names) - 1}); give it a medium."
        raise InputError(msg)
    own = np.array(labels, dtype=np.uint8, order="C")
    own.flags.writeable = False
    return own
