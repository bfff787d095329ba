"""Skin on voxels: the layers of a site, with vessels, a lentigo, follicles and an uneven surface, as tissue of light transport."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import InputError, OutOfRangeError
from recutis.light import checks
from recutis.light.stack import optical_layer
from recutis.light.voxel_tissue import MOST_MEDIA, Medium, VoxelTissue, check_count, voxel_edges, voxels_in
from recutis.skin import layer_optics, vessel_blood_mua_cm, vessel_blood_scattering
from recutis.skin.types import LayerOptics, Skin
from recutis.units import UM_PER_MM

Array = NDArray[np.float64]
Labels = NDArray[np.uint8]

_EPIDERMIS: Final = ("stratum_corneum", "epidermis", "basal_layer")
_BELOW_EPIDERMIS: Final = ("papillary_dermis", "reticular_dermis", "subcutis")
_AIR_N: Final = 1.0
_FEWEST_ACROSS: Final = 2  # voxels: what is narrower has no shape
_AXES: Final = 3
_LENGTH: Final = "a finite length above 0 µm"
_PLACE: Final = {"x_um": "a finite distance from the middle of the grid in µm", "y_um": "a finite distance from its middle in µm"}
_HEIGHTS: Final = "lengths in µm in the order y, x, one for each column of voxels"
_FRACTION: Final = "a fraction from 0 to 1"


@dataclass(frozen=True, kw_only=True)
class Vessel:
    """A straight vessel full of whole blood, from one side of the grid to the other.

    depth_um : of its axis below the top of the grid, at `y_um`, `x_um` from the middle [µm]
    direction : of its axis along z, y and x, of any length; along y unless given
    saturation : oxygen saturation, 0 to 1; the mixed one of the dermis when None

    Raises InputError for what is no number, OutOfRangeError for values without meaning.
    """

    diameter_um: float
    depth_um: float
    x_um: float = 0.0
    y_um: float = 0.0
    direction: tuple[float, float, float] = (0.0, 1.0, 0.0)
    saturation: float | None = None

    def __post_init__(self) -> None:
        called = "A vessel"
        checks.floats(self, called, {"diameter_um": _LENGTH, "depth_um": _LENGTH} | _PLACE | _given(self, saturation=_FRACTION))
        _require_positive(called, diameter_um=self.diameter_um, depth_um=self.depth_um)
        _require_place(called, self.x_um, self.y_um)
        object.__setattr__(self, "direction", _direction(self.direction))
        if self.saturation is not None and not 0.0 <= self.saturation <= 1.0:
            msg = f"A vessel has an oxygen saturation of {self.saturation:g}; give a fraction from 0 to 1."
            raise OutOfRangeError(msg)


@dataclass(frozen=True, kw_only=True)
class Lentigo:
    """A round brown spot: more melanin in the epidermis, which its rete ridges carry down into the dermis.

    rete_period_um : distance of the ridges, which stand as pegs on a square lattice, one of them at the centre [µm]
    melanin_factor : melanin over that of the skin around; the row lentigo_melanin_factor when None
    rete_depth_um : how far the pegs reach below the flat epidermis [µm]; the row rete_ridge_amplitude when None

    Raises InputError for what is no number, OutOfRangeError for values without meaning.
    """

    diameter_um: float
    rete_period_um: float
    melanin_factor: float | None = None
    rete_depth_um: float | None = None
    x_um: float = 0.0
    y_um: float = 0.0

    def __post_init__(self) -> None:
        called = "A lentigo"
        more = _given(self, melanin_factor="a finite number above 0", rete_depth_um="a finite length of at least 0 µm")
        checks.floats(self, called, {"diameter_um": _LENGTH, "rete_period_um": _LENGTH} | _PLACE | more)
        _require_positive(called, diameter_um=self.diameter_um, rete_period_um=self.rete_period_um)
        _require_place(called, self.x_um, self.y_um)
        if not 0.0 < self.factor < math.inf:
            msg = f"A lentigo has a melanin_factor of {self.factor:g}; give a finite number above 0."
            raise OutOfRangeError(msg)
        if not 0.0 <= self.pegs_um < math.inf:
            msg = f"A lentigo has a rete_depth_um of {self.pegs_um:g}; give a finite length of at least 0 µm."
            raise OutOfRangeError(msg)

    @property
    def factor(self) -> float:
        """The melanin factor in use."""
        return evidence.value("lentigo_melanin_factor") if self.melanin_factor is None else self.melanin_factor

    @property
    def pegs_um(self) -> float:
        """The depth of the rete pegs in use [µm]."""
        return evidence.value("rete_ridge_amplitude") if self.rete_depth_um is None else self.rete_depth_um


@dataclass(frozen=True, kw_only=True)
class Follicle:
    """An upright tube of epidermis that reaches into the dermis, with a hair in it or without.

    depth_um : of its lower end [µm]; the row pilosebaceous_unit_depth_face when None
    hair_diameter_um : of a hair from the surface to the lower end; none when 0
    hair_melanin_fraction : share of melanosomes in the hair, which is horny layer otherwise

    Raises InputError for what is no number, OutOfRangeError for values without meaning.
    """

    diameter_um: float
    depth_um: float | None = None
    x_um: float = 0.0
    y_um: float = 0.0
    hair_diameter_um: float = 0.0
    hair_melanin_fraction: float = 0.0

    def __post_init__(self) -> None:
        called = "A follicle"
        hair = {"hair_diameter_um": "a length thinner than the follicle in µm", "hair_melanin_fraction": _FRACTION}
        checks.floats(self, called, {"diameter_um": _LENGTH} | _PLACE | hair | _given(self, depth_um=_LENGTH))
        _require_positive(called, diameter_um=self.diameter_um, depth_um=self.end_um)
        _require_place(called, self.x_um, self.y_um)
        if not 0.0 <= self.hair_diameter_um < self.diameter_um:
            msg = (
                f"A follicle of {self.diameter_um:g} µm has a hair of {self.hair_diameter_um:g} µm; "
                "give a hair that is thinner, or 0 for none."
            )
            raise OutOfRangeError(msg)
        if not 0.0 <= self.hair_melanin_fraction <= 1.0:
            msg = f"A hair has a melanin fraction of {self.hair_melanin_fraction:g}; give a fraction from 0 to 1."
            raise OutOfRangeError(msg)

    @property
    def end_um(self) -> float:
        """The depth of the lower end in use [µm]."""
        if self.depth_um is not None:
            return self.depth_um
        return evidence.value("pilosebaceous_unit_depth_face") * UM_PER_MM


@dataclass(frozen=True, kw_only=True, eq=False)
class Relief:
    """An uneven surface: air above furrows, along which all layers sink.

    depth_um, period_um : even furrows along y, with a crest in the middle
    heights_um : how far the surface lies below the top of the grid instead [µm]: an array (y, x), one number for each
        column of voxels, or a function of arrays y_um and x_um, counted from the middle

    Raises InputError when neither or both are given or something is no number, OutOfRangeError for lengths without meaning.
    """

    depth_um: float = 0.0
    period_um: float = 0.0
    heights_um: Array | Callable[[Array, Array], Array] | None = None

    def __post_init__(self) -> None:
        checks.floats(self, "A relief", {"depth_um": _LENGTH, "period_um": _LENGTH})
        even = self.depth_um > 0.0 and self.period_um > 0.0
        if not even if self.heights_um is None else (self.depth_um, self.period_um) != (0.0, 0.0):
            msg = (
                "A relief needs either depth_um and period_um above 0, or heights_um, and not both; depth_um is "
                f"{self.depth_um:g}, period_um {self.period_um:g}, so {'leave them out' if even else 'give the one or the other'}."
            )
            raise InputError(msg)
        if not (math.isfinite(self.depth_um) and math.isfinite(self.period_um)):
            msg = f"A relief has furrows of {self.depth_um:g} µm every {self.period_um:g} µm; give finite lengths."
            raise OutOfRangeError(msg)
        if callable(self.heights_um):
            checks.callback("heights_um", self.heights_um, takes=2)
        elif self.heights_um is not None:
            checks.numbers("heights_um", self.heights_um, _HEIGHTS, dimensions=2, finite=False)

    def below_um(self, y_um: Array, x_um: Array) -> Array:
        """How far the surface lies below the top of the grid [µm], (y, x).

        Raises InputError for an array of another shape or of no numbers, OutOfRangeError for heights that are negative or not finite.
        """
        y_um, x_um = (
            checks.numbers(name, value, "distances in µm in the order y, x", dimensions=2)
            for name, value in (("y_um", y_um), ("x_um", x_um))
        )
        if self.heights_um is None:
            below = np.broadcast_to(0.5 * self.depth_um * (1.0 - np.cos(2.0 * np.pi * x_um / self.period_um)), y_um.shape)
        else:
            given = self.heights_um(y_um, x_um) if callable(self.heights_um) else self.heights_um
            below = checks.numbers("heights_um", given, _HEIGHTS, finite=False)
        if below.shape != y_um.shape:
            msg = f"The relief has heights for {below.shape} columns, the grid has {y_um.shape} along y and x; give one for each."
            raise InputError(msg)
        if below.size and not (np.isfinite(below).all() and below.min() >= 0.0):
            msg = f"The relief has heights from {below.min():g} to {below.max():g} µm; give finite lengths of at least 0, downwards."
            raise OutOfRangeError(msg)
        return below


def _given(thing: object, **wanted: str) -> dict[str, str]:
    """What is wanted of those fields that are not None."""
    return {name: allowed for name, allowed in wanted.items() if getattr(thing, name) is not None}


def _direction(given: object) -> tuple[float, float, float]:
    """Three finite numbers of any length."""
    wanted = "three finite numbers for z, y and x, not all 0"
    found = checks.numbers("direction", given, wanted, finite=False)
    if found.shape != (_AXES,) or not 0.0 < math.hypot(*found.tolist()) < math.inf:
        msg = f"A vessel has the direction {checks.shown(given)}; give {wanted}."
        raise OutOfRangeError(msg)
    z, y, x = found.tolist()
    return z, y, x


def _require_place(called: str, x_um: float, y_um: float) -> None:
    if not (math.isfinite(x_um) and math.isfinite(y_um)):
        msg = f"{called} lies at x_um = {x_um:g}, y_um = {y_um:g}; give finite distances from the middle of the grid in µm."
        raise OutOfRangeError(msg)


def _require_positive(called: str, **lengths: float) -> None:
    for name, value in lengths.items():
        if not 0.0 < value < math.inf:
            msg = f"{called} has a {name} of {value:g}; give a finite length above 0 µm."
            raise OutOfRangeError(msg)


@dataclass(frozen=True, kw_only=True)
class _Canvas:
    """Labels under way, with their coordinates [µm] and the media by label."""

    labels: Labels
    z_um: Array
    y_um: Array
    x_um: Array
    edges_um: tuple[float, float, float]
    media: list[Medium]

    def add(self, medium: Medium) -> int:
        """The label of a new medium. Raises OutOfRangeError when labels run out."""
        if len(self.media) >= MOST_MEDIA:
            msg = (
                f"The medium '{medium.name}' is one more than the {MOST_MEDIA} media that labels tell apart; each vessel and each "
                "hair is one, leave some out."
            )
            raise OutOfRangeError(msg)
        self.media.append(medium)
        return len(self.media) - 1

    def label(self, name: str) -> int:
        """The label of a medium that is there."""
        return next(number for number, medium in enumerate(self.media) if medium.name == name)


def _medium(optics: LayerOptics, name: str) -> Medium:
    layer = optical_layer(optics)
    return Medium(mua_cm=layer.mua_cm, mus_cm=layer.mus_cm, g=layer.g, n=layer.n, name=name)


def _with_melanin(skin: Skin, factor: float) -> Skin:
    """The skin with more melanin in its epidermis. Raises OutOfRangeError when a layer would be more than melanin."""
    most = max(layer.melanin_fraction for layer in skin.layers) * factor
    if most > 1.0:
        msg = f"A melanin_factor of {factor:g} would fill {most:.0%} of the basal layer with melanosomes; give a smaller one."
        raise OutOfRangeError(msg)
    return replace(skin, layers=tuple(replace(x, melanin_fraction=x.melanin_fraction * factor) for x in skin.layers))


def _check_layers(optics: Sequence[LayerOptics], depth_um: float, dz_um: float) -> None:
    """Refuse grids that reach below the skin or whose voxels could miss a layer."""
    whole = sum(layer.thickness_um for layer in optics)
    if depth_um > whole:
        msg = f"The grid is {depth_um:g} µm deep, the skin only {whole:g} µm; make the grid less deep."
        raise OutOfRangeError(msg)
    for layer in optics:
        if layer.thickness_um < dz_um:
            msg = (
                f"The {layer.name} is {layer.thickness_um:.3g} µm thick, less than a voxel of {dz_um:g} µm; "
                "give voxels that are lower along z (they may be oblong)."
            )
            raise OutOfRangeError(msg)


def _require_wide(called: str, length_um: float, edge_um: float) -> None:
    """Refuse what is narrower than voxels can show."""
    if length_um < _FEWEST_ACROSS * edge_um:
        msg = (
            f"{called} is {length_um:g} µm wide, less than {_FEWEST_ACROSS} voxels of {edge_um:g} µm; "
            "make it wider or the voxels smaller."
        )
        raise OutOfRangeError(msg)


def _check_lentigo(canvas: _Canvas, lentigo: Lentigo, own: NDArray[np.bool_]) -> None:
    """Refuse a lentigo beside the grid, or one that voxels cannot show."""
    across = max(canvas.edges_um[1:])
    _require_wide("The lentigo", lentigo.diameter_um, across)
    if lentigo.pegs_um > 0.0:
        _require_wide("A rete_period_um of the lentigo", lentigo.rete_period_um, across)
    if not own.any():
        msg = f"The lentigo at y = {lentigo.y_um:g} µm, x = {lentigo.x_um:g} µm lies beside the grid; move it inside."
        raise OutOfRangeError(msg)


def _check_furrows(relief: Relief, edges_um: tuple[float, float, float]) -> None:
    """Refuse even furrows that voxels cannot show."""
    if relief.heights_um is not None:
        return
    _require_wide("A furrow of the relief", relief.period_um, edges_um[2])
    if relief.depth_um < edges_um[0]:
        msg = (
            f"The furrows of the relief are {relief.depth_um:g} µm deep, less than a voxel of {edges_um[0]:g} µm; make them deeper "
            "or the voxels lower along z."
        )
        raise OutOfRangeError(msg)


def _paint_layers(canvas: _Canvas, skin: Skin, wavelength_nm: float, below_um: Array, lentigo: Lentigo | None) -> None:
    """Layers by the centres of voxels, under the relief, with the lentigo's own epidermis and pegs inside its disc."""
    optics = layer_optics(skin, wavelength_nm)
    bottoms = np.cumsum([layer.thickness_um for layer in optics])
    number_of = {layer.name: canvas.label(layer.name) for layer in optics}
    own = np.zeros(below_um.shape, bool)
    pegs = np.zeros(below_um.shape)
    spotted = dict(number_of)
    if lentigo is not None:
        y, x = canvas.y_um - lentigo.y_um, canvas.x_um - lentigo.x_um
        own = y**2 + x**2 <= (lentigo.diameter_um / 2) ** 2
        _check_lentigo(canvas, lentigo, own)
        wave = (1.0 + np.cos(2.0 * np.pi * y / lentigo.rete_period_um)) * (1.0 + np.cos(2.0 * np.pi * x / lentigo.rete_period_um))
        pegs = np.where(own, 0.25 * lentigo.pegs_um * wave, 0.0)
        for layer in layer_optics(_with_melanin(skin, lentigo.factor), wavelength_nm):
            if layer.name in _EPIDERMIS:
                spotted[layer.name] = canvas.add(_medium(layer, f"lentigo_{layer.name}"))
    names = [layer.name for layer in optics]
    shifted = [name in {"epidermis", "basal_layer"} for name in names]  # their lower faces follow the pegs
    for k, z_um in enumerate(canvas.z_um):
        depth = z_um - below_um
        plane = canvas.labels[k]
        for name, bottom, moves in reversed(list(zip(names, bottoms, shifted, strict=True))):
            inside = depth < (bottom + pegs if moves else bottom)
            plane[inside] = number_of[name]
            plane[inside & own] = spotted[name]
        if below_um.any():
            plane[depth < 0.0] = canvas.label("air")


def _paint_follicle(canvas: _Canvas, follicle: Follicle, number: int, skin: Skin, wavelength_nm: float, below_um: Array) -> None:
    """A tube of epidermis below the epidermis, and the hair in it from the surface down."""
    across = max(canvas.edges_um[1:])
    _require_wide(f"Follicle {number}", follicle.diameter_um, across)
    if follicle.hair_diameter_um:
        _require_wide(f"The hair of follicle {number}", follicle.hair_diameter_um, across)
    distance2 = (canvas.y_um - follicle.y_um) ** 2 + (canvas.x_um - follicle.x_um) ** 2
    tube = distance2 <= (follicle.diameter_um / 2) ** 2
    if not tube.any():
        msg = f"Follicle {number} at y = {follicle.y_um:g} µm, x = {follicle.x_um:g} µm lies beside the grid; move it inside."
        raise OutOfRangeError(msg)
    epidermis = canvas.label("epidermis")
    hair = distance2 <= (follicle.hair_diameter_um / 2) ** 2 if follicle.hair_diameter_um else np.zeros_like(tube)
    shaft = -1
    if follicle.hair_diameter_um:
        horny = replace(
            skin, layers=(replace(skin.layers[0], melanin_fraction=follicle.hair_melanin_fraction), *skin.layers[1:])
        )  # fmt: skip
        shaft = canvas.add(_medium(layer_optics(horny, wavelength_nm)[0], f"hair_{number}"))
    found = False
    for k, z_um in enumerate(canvas.z_um):
        depth = z_um - below_um
        within = (depth >= 0.0) & (depth < follicle.end_um)
        inside = tube & within & (depth >= skin.epidermis_um)
        found = found or bool(inside.any())
        canvas.labels[k][inside] = epidermis
        if shaft >= 0:
            canvas.labels[k][hair & within] = shaft
    if not found:
        msg = (
            f"Follicle {number}, {follicle.end_um:g} µm deep, has no voxel of the dermis, which begins {skin.epidermis_um:.3g} µm "
            "below the surface; make it deeper, or the grid where it ends above the dermis."
        )
        raise OutOfRangeError(msg)


def _paint_vessel(canvas: _Canvas, vessel: Vessel, number: int, wavelength_nm: float, free: NDArray[np.bool_]) -> None:
    """A cylinder of blood through media that may be replaced: `free` by label."""
    length = math.hypot(*vessel.direction)
    along = [part / length for part in vessel.direction]
    across = [edge for edge, part in zip(canvas.edges_um, along, strict=True) if abs(part) < 1.0]
    _require_wide(f"Vessel {number}", vessel.diameter_um, max(across))
    musp, g, n = vessel_blood_scattering(wavelength_nm)
    mua = vessel_blood_mua_cm(wavelength_nm, saturation=vessel.saturation)
    blood = canvas.add(Medium(mua_cm=mua, mus_cm=musp / (1.0 - g), g=g, n=n, name=f"vessel_{number}"))
    y, x = canvas.y_um - vessel.y_um, canvas.x_um - vessel.x_um
    found = False
    for k, z_um in enumerate(canvas.z_um):
        z = z_um - vessel.depth_um
        axial = along[0] * z + along[1] * y + along[2] * x
        inside = z**2 + y**2 + x**2 - axial**2 <= (vessel.diameter_um / 2) ** 2
        found = found or bool(inside.any())
        wrong = inside & ~free[canvas.labels[k]]
        if wrong.any():
            met = canvas.media[int(canvas.labels[k][wrong][0])].name
            msg = (
                f"Vessel {number} reaches into the {met} at a depth of {z_um:g} µm; vessels lie in the dermis or below, move it."
            )
            raise OutOfRangeError(msg)
        canvas.labels[k][inside] = blood
    if not found:
        msg = f"Vessel {number}, {vessel.depth_um:g} µm deep, lies outside the grid of {canvas.z_um.size} voxels; move it inside."
        raise OutOfRangeError(msg)


def _sources(
    skin: Skin, wavelength_nm: float, vessels: bool, lentigo: Lentigo | None, follicles: Sequence[Follicle]
) -> tuple[str, ...]:
    """Evidence rows behind the tissue, each once."""
    found = [source for layer in layer_optics(skin, wavelength_nm) for source in layer.sources]
    if vessels:
        found += [
            "musp_blood_a_fRay_bMie",
            "anisotropy_g_NIR",
            "refractive_index_skin_generic",
            evidence.choice("oxygen_saturation").id,
        ]
    if lentigo is not None:
        found += ["lentigo_melanin_factor"] if lentigo.melanin_factor is None else []
        found += ["rete_ridge_amplitude"] if lentigo.rete_depth_um is None else []
    if any(follicle.depth_um is None for follicle in follicles):
        found.append("pilosebaceous_unit_depth_face")
    return tuple(dict.fromkeys(found))


def _check_single(lentigo: object, relief: object) -> None:
    """Refuse what is neither None nor what it should be."""
    if lentigo is not None:
        checks.kind("lentigo", lentigo, Lentigo, "give one Lentigo, or leave it out")
    if relief is not None:
        checks.kind("relief", relief, Relief, "give one Relief, or leave it out")


def voxel_skin(
    skin: Skin,
    wavelength_nm: float,
    *,
    width_um: float,
    depth_um: float,
    voxel_um: float | tuple[float, float, float],
    height_um: float | None = None,
    vessels: Sequence[Vessel] = (),
    lentigo: Lentigo | None = None,
    follicles: Sequence[Follicle] = (),
    relief: Relief | None = None,
) -> VoxelTissue:
    """Skin on a grid of voxels at one wavelength, for `transport_voxels`.

    width_um, height_um, depth_um : extent along x, y (as along x when left out) and z, whole numbers of voxels
    voxel_um : edges along z, y and x, or one number for cubes
    vessels, lentigo, follicles, relief : what is in the layers; a relief puts air above the skin, and its furrows sink
        layers, lentigo and follicles, while vessels keep their depth below the top of the grid

    A voxel is of what its centre lies in, so layers and cylinders keep their size to within half a voxel. Media carry the
    names of the layers, lentigo_<layer>, vessel_1, ..., hair_1, ..., and air.

    Raises InputError and OutOfRangeError for what has no meaning or no place in the grid.
    """
    checks.kind("skin", skin, Skin, "make it with recutis.skin.build")
    wavelength_nm = checks.positive("wavelength_nm", wavelength_nm, "nm")
    vessels = checks.several("vessels", vessels, Vessel, "give a list of vessels")
    follicles = checks.several("follicles", follicles, Follicle, "give a list of follicles")
    _check_single(lentigo, relief)
    edges = voxel_edges(voxel_um)
    width_um, depth_um = checks.positive("width_um", width_um), checks.positive("depth_um", depth_um)
    height = width_um if height_um is None else checks.positive("height_um", height_um)
    extents = zip(("z", "y", "x"), (depth_um, height, width_um), edges, strict=True)
    nz, ny, nx = (voxels_in(length, edge, f"The grid along {axis}") for axis, length, edge in extents)
    check_count((nz, ny, nx))
    optics = layer_optics(skin, wavelength_nm)
    z, y, x = ((np.arange(n, dtype=np.float64) + 0.5) * edge for n, edge in zip((nz, ny, nx), edges, strict=True))
    grid_y, grid_x = np.meshgrid(y - height / 2, x - width_um / 2, indexing="ij")
    if relief is not None:
        _check_furrows(relief, edges)
    below = np.zeros((ny, nx)) if relief is None else relief.below_um(grid_y, grid_x)
    if below.max() >= depth_um:
        msg = f"The relief reaches {below.max():g} µm down, the grid only {depth_um:g} µm; make the grid deeper."
        raise OutOfRangeError(msg)
    _check_layers(optics, depth_um, edges[0])
    canvas = _Canvas(
        labels=np.zeros((nz, ny, nx), np.uint8), z_um=z, y_um=grid_y, x_um=grid_x, edges_um=edges,
        media=[_medium(layer, layer.name) for layer in optics],
    )  # fmt: skip
    if below.any():
        canvas.add(Medium(mua_cm=0.0, mus_cm=0.0, g=0.0, n=_AIR_N, name="air"))
    _paint_layers(canvas, skin, wavelength_nm, below, lentigo)
    for number, follicle in enumerate(follicles, start=1):
        _paint_follicle(canvas, follicle, number, skin, wavelength_nm, below)
    for number, vessel in enumerate(vessels, start=1):
        free = np.array([medium.name in _BELOW_EPIDERMIS or medium.name.startswith("vessel_") for medium in canvas.media])
        _paint_vessel(canvas, vessel, number, wavelength_nm, free)
    return VoxelTissue(
        labels=canvas.labels, voxel_um=canvas.edges_um, media=tuple(canvas.media),
        sources=_sources(skin, wavelength_nm, bool(vessels), lentigo, follicles),
    )  # fmt: skip
