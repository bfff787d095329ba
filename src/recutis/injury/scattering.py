"""Layered skin at scattering wavelengths: the light under a wide spot, and the heat it makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.heat import column as heat
from recutis.heat import damage, tissue
from recutis.heat._column_kernel import Law
from recutis.heat.resolution import fineness
from recutis.injury.ablative import slab_of
from recutis.injury.scaling import scale_to_damage
from recutis.injury.skin_light import LightSpread, spot_share, wide_light
from recutis.light import flat_top
from recutis.light import gaussian as gaussian_beam
from recutis.light.lamps import flashlamp
from recutis.skin import layer_optics
from recutis.skin.types import Skin
from recutis.units import (
    KELVIN_OFFSET,
    M_PER_UM,
    PER_M_PER_CM,
    UM_PER_M,
)

Array = NDArray[np.float64]
_CELL_M, _FINE_TO_M, _STRETCH, _END_M = 4e-6, 4e-4, 1.07, 1.2e-2
_BANDS = 7  # of a flashlamp; twice as many move ratios by some per cent
_DARK = 1e-12  # share of the light that heats nothing yet keeps the time steps of the lit run


@dataclass(frozen=True, eq=False, kw_only=True)
class Field:
    """Light in the skin per unit on-axis exposure, on a grid of depths, for each of the emitted bands."""

    edges_m: Array
    bands_nm: tuple[float, ...]
    weights: tuple[float, ...]
    fluence: Array
    source_m: Array
    reflected: float

    def at(self, depth_um: float | Array) -> Array:
        """Weighted fluence of each band over the incident exposure at a depth, or at depths: shape (bands, depths)."""
        middle = (self.edges_m[:-1] + self.edges_m[1:]) / 2
        return np.array([np.interp(np.asarray(depth_um) * M_PER_UM, middle, band) for band in self.fluence])


def darkened(skin: Skin, factor: float) -> Skin:
    """The skin with the melanin of its epidermis multiplied (at most half of the volume)."""
    if factor == 1.0:
        return skin
    return replace(skin, layers=tuple(replace(x, melanin_fraction=min(x.melanin_fraction * factor, 0.5)) for x in skin.layers))


def ridged(skin: Skin) -> Skin:
    """The skin with its melanin spread evenly over the living epidermis.

    Rete ridges carry the basal layer up and down by 30-60 µm, about the thickness of the epidermis; a flat
    sheet of melanin a cell thick would overheat in a one-dimensional model.
    """
    living = [x for x in skin.layers if x.name in {"epidermis", "basal_layer"}]
    thick = sum(x.thickness_um for x in living)
    if thick <= 0:
        return skin
    mean = sum(x.melanin_fraction * x.thickness_um for x in living) / thick
    return replace(skin, layers=tuple(replace(x, melanin_fraction=mean) if x in living else x for x in skin.layers))


def mean_melanin(skin: Skin) -> float:
    """Melanosome fraction averaged over the whole epidermis."""
    layers = [x for x in skin.layers if x.name in {"stratum_corneum", "epidermis", "basal_layer"}]
    thick = sum(x.thickness_um for x in layers)
    amount = sum(x.melanin_fraction * x.thickness_um for x in layers)
    return amount / thick if thick > 0 else 0.0


def bands_of(wavelength_nm: float, band_nm: tuple[float, float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Wavelengths [nm] and energy shares that stand for a laser or for a flash lamp with this band."""
    return flashlamp(*band_nm).bands(_BANDS) if band_nm[1] > band_nm[0] else ((wavelength_nm,), (1.0,))


def depth_edges() -> Array:
    """Cell edges of the depth grid [m]."""
    return heat.stretched_edges(
        fine_m=_CELL_M / fineness(), fine_to_m=_FINE_TO_M, stretch=1.0 + (_STRETCH - 1.0) / fineness(), end_m=_END_M
    )


@lru_cache(maxsize=512)
def light_field(
    skin: Skin,
    wavelength_nm: float,
    band_nm: tuple[float, float],
    spot_um: float,
    gaussian: bool,
    *,
    around: Skin | None = None,
    light_spread: LightSpread = "table",
    n_above: float = 1.0,
) -> Field:
    """Light on the axis of one spot: discrete ordinates for the depth, table or photons for what a finite spot keeps of it.

    `around` is the skin beside a lesion, through which most of the scattered light comes; the same skin unless given.
    `n_above` is the refractive index of what lies on the skin; the share that a finite spot keeps is taken to be that under air.
    """
    edges = depth_edges()
    middle = (edges[:-1] + edges[1:]) / 2
    bands, weights = bands_of(wavelength_nm, band_nm)
    spot = gaussian_beam(diameter_um=spot_um) if gaussian else flat_top(diameter_um=spot_um)
    fluence = np.zeros((len(bands), middle.size))
    source = np.zeros(middle.size)
    reflected = 0.0
    for number, (nm, weight) in enumerate(zip(bands, weights, strict=True)):
        light = wide_light(skin, nm, edges, n_above=n_above)
        kept = weight * spot_share(skin if around is None else around, nm, spot, middle, light_spread)
        fluence[number] = light.fluence_wide * kept
        source += light.absorbed_wide_cm * PER_M_PER_CM * kept
        reflected += weight * (light.tallies["specular_reflectance"] + light.tallies["diffuse_reflectance"])
    return Field(edges_m=edges, bands_nm=bands, weights=weights, fluence=fluence, source_m=source, reflected=reflected)


@lru_cache(maxsize=64)
def matter(skin: Skin) -> tuple[heat.Column, Law]:
    """Fresh tissue on the depth grid of the light and the law of its heat."""
    slab = slab_of(skin)
    law = heat.law_of(
        heat.heating_only(evidence.value("phys_boiling")), slab.start_C, first=damage.bulk_skin(), second=damage.collagen()
    )
    return heat.new_column(slab, depth_edges()), law


def heat_field(skin: Skin, field: Field, plan: tuple[heat.Segment, ...], probes_um: tuple[float, ...]) -> heat.Run:
    """Heat of the light field through all segments (irradiance on the axis), with histories at the probes [µm]."""
    column, law = matter(skin)
    return heat.run(column, law, plan, source_m=field.source_m, probes_m=tuple(x * M_PER_UM for x in probes_um))


def basal_um(skin: Skin) -> float:
    """Depth of the middle of the basal layer."""
    basal = sum(x.thickness_um for x in skin.layers if x.name == "basal_layer")
    return skin.epidermis_um - basal / 2


def thermal_ratio(cold: heat.Run, warm: heat.Run, probe: int, share: float = 1.0) -> float:
    """Delivered exposure over that which kills cells at a probe: the laser's rise scaled until damage reaches 1.

    `warm` had `share` of the delivered exposure, little enough that nothing boiled.
    """
    if warm.time_s.size == 0 or cold.time_s.size != warm.time_s.size:
        return 0.0
    base = cold.probes_C[:, probe] + KELVIN_OFFSET
    rise = (warm.probes_C[:, probe] - cold.probes_C[:, probe]) / share
    return 1.0 / scale_to_damage(damage.bulk_skin(), warm.time_s, base, rise)


def dead_zone_um(column: heat.Column) -> tuple[float, float]:
    """Top and bottom of the dead tissue; (0, 0) where all lives."""
    cells = np.nonzero(column.death >= 1.0)[0]
    if cells.size == 0:
        return 0.0, 0.0
    top = float(column.edges_m[cells[0]]) * UM_PER_M
    return top, float(column.edges_m[cells[-1] + 1]) * UM_PER_M


def faint_twin(
    skin: Skin, field: Field, plan: tuple[heat.Segment, ...], probes_um: tuple[float, ...], share: float = _DARK
) -> heat.Run:
    """The same run with a small share of the light, in the same time steps; by default cooling only."""
    return heat_field(skin, field, tuple(replace(x, irradiance_W_m2=x.irradiance_W_m2 * share) for x in plan), probes_um)


def sources_of(skin: Skin, field: Field) -> tuple[str, ...]:
    """Evidence rows behind an injury at scattering wavelengths."""
    rows: list[str] = []
    for nm in field.bands_nm:
        for layer in layer_optics(skin, nm):
            rows.extend(layer.sources)
    own = (
        "phys_error_scatter",
        "phys_melanosome_factor",
    )
    return tuple(
        dict.fromkeys((*rows, *tissue.SOURCES, *damage.bulk_skin().sources, *damage.blood().sources, *own, *skin.sources))
    )
