"""Light in layered skin for the heat: the depth profile of a wide beam without chance, and how a spot spreads.

The depth profile comes from discrete ordinates, which carry no noise into the heat. The sideways spread comes from the table
of a half space, in microseconds, or from photons in these layers, in tenths of a second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.laser.types import Cooling
from recutis.light import Beam, Grid, LayeredLight, OpticalLayer, pencil, transport_layers
from recutis.light.deterministic import WideLight, transport_wide
from recutis.light.spread import axis_share, ring_share
from recutis.light.stack import optical_layer
from recutis.light.superpose import on_axis, under
from recutis.skin import layer_optics
from recutis.skin.types import Skin
from recutis.units import J_M2_PER_J_CM2, M_PER_UM, PER_M_PER_CM, PERCENT, UM_PER_M

Array = NDArray[np.float64]
LightSpread = Literal["table", "photons"]
SPREADS: Final[tuple[LightSpread, ...]] = get_args(LightSpread)
# Photons of the pencil: for spots of millimetres on cells of 50 µm, for smaller ones of 10 µm, for microbeams of 10 x 6 µm.
_SPOT_PHOTONS: Final = 200_000
_SPOT_GRID: Final = Grid(depth_um=6000.0, radius_um=12000.0, depth_cells=120, radius_cells=240)
_SMALL_SPOT_UM: Final = 1000.0
_SMALL_GRID: Final = Grid(depth_um=4000.0, radius_um=2000.0, depth_cells=200, radius_cells=200)
_BEAM_PHOTONS: Final = 400_000
_BEAM_GRID: Final = Grid(depth_um=3000.0, radius_um=1200.0, depth_cells=300, radius_cells=200)
_FAINTEST: Final = 1e-4  # of the exposure; deeper down a spot keeps the share that it keeps where photons still tell
_SEED: Final = 0
_STREAMS: Final = 64  # tallies within 2e-5; with more, linear algebra starts threads, which get in each other's way in plans
_NOTHING: Final = 1e-30  # stands for zero in a division
_PROFILE_EDGES_UM: Final = tuple(np.arange(0.0, 6001.0, 20.0).tolist())
_EPIDERMAL: Final = frozenset({"stratum_corneum", "epidermis", "basal_layer"})
_DEEPER: Final = 1.5
_UPPER_M: Final = 1e-3
_DIM: Final = 0.03  # of the brightest; where it is darker on the axis, photons are too few to compare with


def told(light_spread: LightSpread) -> str:
    """The model in words."""
    source = "the table of a half space" if light_spread == "table" else "photons in the layers"
    return f"light by discrete ordinates, its spread by {source}"


@lru_cache(maxsize=1024)
def layers_of(skin: Skin, wavelength_nm: float, warmer_K: float = 0.0) -> tuple[OpticalLayer, ...]:
    """The layers of a skin for light; the lowest one goes on for ever, as the body does. `warmer_K` is of its water."""
    own = [optical_layer(layer) for layer in layer_optics(skin, wavelength_nm, warmer_K)]
    return (*own[:-1], replace(own[-1], thickness_um=math.inf))


@lru_cache(maxsize=256)
def _wide(layers: tuple[OpticalLayer, ...], edges_um: tuple[float, ...], n_above: float = 1.0) -> WideLight:
    return transport_wide(layers, depth_edges_um=edges_um, streams=_STREAMS, n_above=n_above)


def wide_light(skin: Skin, wavelength_nm: float, edges_m: Array, *, warmer_K: float = 0.0, n_above: float = 1.0) -> WideLight:
    """Light of a beam much wider than it spreads, on cells of depth [m], in skin whose water is this much warmer."""
    return _wide(layers_of(skin, wavelength_nm, warmer_K), tuple((edges_m * UM_PER_M).tolist()), n_above)


def index_above(cooling: Cooling) -> float:
    """Refractive index of what lies on the skin: a window on it lets scattered light out that air would send back."""
    return evidence.value("LAS-CONTACT-N") if cooling.kind == "contact" else 1.0


@lru_cache(maxsize=64)
def thin_beam(layers: tuple[OpticalLayer, ...], grid: Grid, photons: int) -> LayeredLight:
    """Photons of an infinitely thin beam on layers, by which spots are laid."""
    return transport_layers(layers, pencil(), photons=photons, grid=grid, seed=_SEED)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Profile:
    """Fluence of a wide beam and the layers' coefficients [1/m] on even cells of depth, by which the table is scaled."""

    depth_m: Array
    fluence: Array
    mua_m: Array
    musp_m: Array

    def mean_depth_m(self) -> float:
        """Mean depth of the light."""
        return float((self.fluence * self.depth_m).sum() / self.fluence.sum())


@lru_cache(maxsize=512)
def _profile(layers: tuple[OpticalLayer, ...]) -> _Profile:
    light = _wide(layers, _PROFILE_EDGES_UM)
    edges = np.array(_PROFILE_EDGES_UM)
    middle = (edges[:-1] + edges[1:]) / 2
    layer = np.searchsorted(np.cumsum([x.thickness_um for x in layers]), middle)
    mua = np.array([x.mua_cm for x in layers])[layer] * PER_M_PER_CM
    musp = np.array([x.mus_cm * (1.0 - x.g) for x in layers])[layer] * PER_M_PER_CM
    return _Profile(depth_m=middle * M_PER_UM, fluence=light.fluence_wide, mua_m=mua, musp_m=musp)


def _spot_scaling(layers: tuple[OpticalLayer, ...], depth_m: Array) -> tuple[Array, Array]:
    """Reduced scattering [1/m] and absorption over it that stand for all layers where diffuse light at a depth has been.

    Means over the fluence below the epidermis, deeper light counting more the deeper one asks. The power is chosen so that
    spots of 3 to 12 mm agree with photons in layers as `tests/test_injury_light.py` says. Skin that is epidermis all through has
    nothing below; then all of it counts.
    """
    one = _profile(layers)
    deep = one.depth_m > sum(x.thickness_um for x in layers if x.name in _EPIDERMAL) * M_PER_UM
    middle = one.mean_depth_m()
    power = _DEEPER * depth_m / (depth_m + middle)
    weight = np.where(deep | ~deep.any(), one.fluence, 0.0) * (one.depth_m / middle) ** power[:, None]
    scattered = weight @ one.musp_m
    return scattered / weight.sum(axis=1), (weight @ one.mua_m) / scattered


def _beam_scaling(layers: tuple[OpticalLayer, ...], depth_m: Array) -> tuple[Array, Array]:
    """The same for the narrow light of a microbeam: what turns it early moves it further by the time it is deep."""
    one = _profile(layers)
    lever = np.maximum(depth_m[:, None] - one.depth_m, 0.0) + 1e-12
    ratio = (one.fluence @ one.mua_m) / (one.fluence @ one.musp_m)
    return (lever @ one.musp_m) / lever.sum(axis=1), np.full(depth_m.size, ratio)


def spot_share(skin: Skin, wavelength_nm: float, beam: Beam, depth_m: Array, light_spread: LightSpread) -> Array:
    """Share of a wide beam's fluence that is left on the axis of a finite spot of the same peak exposure, at depths [m]."""
    layers = layers_of(skin, wavelength_nm)
    if light_spread == "table":
        musp_m, ratio = _spot_scaling(layers, depth_m)
        return axis_share(beam, depth_m=depth_m, musp_m=musp_m, ratio=ratio)
    thin = thin_beam(layers, _SPOT_GRID if beam.size_um >= _SMALL_SPOT_UM else _SMALL_GRID, _SPOT_PHOTONS)
    found, _ = on_axis(thin, beam)
    faint = thin.fluence_wide < _FAINTEST
    told = int(np.argmax(faint)) if faint.any() else faint.size
    middle = (thin.grid.depth_edges_um[:told] + thin.grid.depth_edges_um[1 : told + 1]) / 2 * M_PER_UM
    return np.asarray(np.interp(depth_m, middle, np.minimum(found[:told] / thin.fluence_wide[:told], 1.0)))


def radial_share(
    skin: Skin, wavelength_nm: float, beam: Beam, z_edges_m: Array, r_edges_m: Array, light_spread: LightSpread
) -> Array:
    """Fluence in rings over that of a wide beam with the exposure of this beam's axis, (depths, rings).

    Deeper than photons still tell, the share of the deepest told depth goes on.
    """
    layers = layers_of(skin, wavelength_nm)
    radius = beam.size_um / 2 * M_PER_UM
    energy = math.pi * radius**2 * (0.5 if beam.shape == "gaussian" else 1.0)  # of exposure one on the axis [m²]
    middle = (z_edges_m[:-1] + z_edges_m[1:]) / 2
    if light_spread == "table":
        musp_m, ratio = _spot_scaling(layers, middle)
        shares = ring_share(beam, r_edges_m, depth_m=middle, musp_m=musp_m, ratio=ratio)
        return np.asarray(shares * energy / (math.pi * np.diff(r_edges_m**2)))
    thin = thin_beam(layers, _SPOT_GRID if beam.size_um >= _SMALL_SPOT_UM else _SMALL_GRID, _SPOT_PHOTONS)
    rings = under(thin, beam, r_edges_m * UM_PER_M) * J_M2_PER_J_CM2 * energy
    faint = thin.fluence_wide < _FAINTEST
    known = max(int(np.argmax(faint)) if faint.any() else faint.size, 1)
    at = (thin.grid.depth_edges_um[:known] + thin.grid.depth_edges_um[1 : known + 1]) / 2 * M_PER_UM
    share = rings[:known] / thin.fluence_wide[:known, None]
    return np.array([np.interp(middle, at, column) for column in share.T]).T


@dataclass(frozen=True, eq=False, kw_only=True)
class Microlight:
    """Light of a round microbeam of energy one on cells of depth and radius.

    fluence_m2 : (z, r) · mean fluence [1/m²]; what spreads beyond the rings is in none
    wide : (z,) · the fluence of all radii together, over the energy [1]
    mua_m : (z,) · mean absorption of the cells of a depth [1/m]
    reflected : share of the energy
    """

    fluence_m2: Array
    wide: Array
    mua_m: Array
    reflected: float


def microbeam_light(
    skin: Skin, wavelength_nm: float, beam: Beam, z_edges_m: Array, r_edges_m: Array, light_spread: LightSpread
) -> Microlight:
    """Light of a round microbeam on cells of depth and radius [m]."""
    layers = layers_of(skin, wavelength_nm)
    wide = _wide(layers, tuple((z_edges_m * UM_PER_M).tolist()))
    if light_spread == "table":
        middle = (z_edges_m[:-1] + z_edges_m[1:]) / 2
        musp_m, ratio = _beam_scaling(layers, middle)
        shares = ring_share(beam, r_edges_m, depth_m=middle, musp_m=musp_m, ratio=ratio)
        fluence = wide.fluence_wide[:, None] * shares / (math.pi * np.diff(r_edges_m**2))
    else:
        thin = thin_beam(layers, _BEAM_GRID, _BEAM_PHOTONS)
        rings = under(thin, beam, r_edges_m * UM_PER_M) * J_M2_PER_J_CM2
        edges = thin.grid.depth_edges_um * M_PER_UM
        summed = np.concatenate((np.zeros((1, rings.shape[1])), np.cumsum(rings * np.diff(edges)[:, None], axis=0)))
        at = np.array([np.interp(z_edges_m, edges, column) for column in summed.T]).T
        fluence = np.diff(at, axis=0) / np.diff(z_edges_m)[:, None]
    absorbs = wide.absorbed_wide_cm * PER_M_PER_CM / np.maximum(wide.fluence_wide, _NOTHING)
    return Microlight(
        fluence_m2=fluence, wide=wide.fluence_wide, mua_m=absorbs,
        reflected=wide.tallies["specular_reflectance"] + wide.tallies["diffuse_reflectance"],
    )  # fmt: skip


def table_gap_pct(skin: Skin, wavelength_nm: float, beam: Beam, *, microbeam: bool) -> float:
    """Largest difference of the table from photons in the layers, on the axis of the upper millimetre [%].

    The axis of a microbeam is the inner quarter of its diameter.
    """
    if not microbeam:
        depth = np.linspace(_UPPER_M / 20, _UPPER_M, 20)
        table, photons = (spot_share(skin, wavelength_nm, beam, depth, source) for source in SPREADS)
        return float(np.abs(table / photons - 1.0).max()) * PERCENT
    z, r = np.linspace(0.0, _UPPER_M, 11), np.array([0.0, beam.size_um / 8 * M_PER_UM, 2 * _UPPER_M])
    table, photons = (microbeam_light(skin, wavelength_nm, beam, z, r, source).fluence_m2[:, 0] for source in SPREADS)
    bright = photons > _DIM * photons.max()
    return float(np.abs(table / np.where(bright, photons, np.inf) - 1.0)[bright].max()) * PERCENT
