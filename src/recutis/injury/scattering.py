"""Wide spots at scattering wavelengths: layered light in closed form, heat with cooling, vessels, pigment and glands."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.heat import column as heat
from recutis.heat import damage, tissue
from recutis.injury import absorbers
from recutis.injury.ablative import balance, slab_of
from recutis.injury.schedule import segments
from recutis.injury.spot import SpotInjury
from recutis.laser.types import Cooling, Pulse
from recutis.light import two_stream
from recutis.skin import layer_optics, melanosome_mua_cm, vessel_blood_mua_cm
from recutis.skin.types import Lesion, Skin
from recutis.units import (
    J_M2_PER_J_CM2,
    J_PER_MJ,
    KELVIN_OFFSET,
    M_PER_NM,
    M_PER_UM,
    MS_PER_S,
    PER_M_PER_CM,
    UM_PER_M,
)

Array = NDArray[np.float64]
_CELL_M, _FINE_TO_M, _STRETCH, _END_M = 4e-6, 4e-4, 1.07, 1.2e-2
_BANDS = 7  # of a flashlamp; twice as many move ratios by some per cent
_SELECTIVE_BELOW_NM = 1200.0  # below it blood and melanin outdo water
_GLAND_BAND_NM = 30.0
_HALF_MM_M = 5e-4  # by the definition of bulk_rise_C
_DARK = 1e-12  # share of the light that heats nothing yet keeps the time steps of the lit run
_GENTLE = 1e-3  # share of the light at which no exposure boils: heat is linear there
_SECOND_RADIATION_M_K = 1.438776877e-2  # exact in the SI


@dataclass(frozen=True, eq=False, kw_only=True)
class Field:
    """Light in the skin per unit on-axis exposure, on a grid of depths, for each of the emitted bands."""

    edges_m: Array
    bands_nm: tuple[float, ...]
    weights: tuple[float, ...]
    fluence: Array
    source_m: Array
    reflected: float

    def at(self, depth_um: float) -> Array:
        """Weighted fluence of each band over the incident exposure at a depth."""
        middle = (self.edges_m[:-1] + self.edges_m[1:]) / 2
        return np.array([np.interp(depth_um * M_PER_UM, middle, band) for band in self.fluence])


def darkened(skin: Skin, factor: float) -> Skin:
    """The skin with the melanin of its epidermis multiplied (at most half of the volume)."""
    if factor == 1.0:
        return skin
    return replace(skin, layers=tuple(replace(x, melanin_fraction=min(x.melanin_fraction * factor, 0.5)) for x in skin.layers))


def ridged(skin: Skin) -> Skin:
    """The skin with its melanin spread evenly over the living epidermis.

    Rete ridges carry the basal layer up and down by 30-60 µm, about the thickness of the epidermis; a flat
    sheet of melanin a cell thick would overheat in a one-dimensional model. Clumped melanosomes shade each
    other: only a share of them counts for the light and heat of the bulk.
    """
    living = [x for x in skin.layers if x.name in {"epidermis", "basal_layer"}]
    thick = sum(x.thickness_um for x in living)
    if thick <= 0:
        return skin
    mean = evidence.value("phys_melanin_packing") * sum(x.melanin_fraction * x.thickness_um for x in living) / thick
    return replace(skin, layers=tuple(replace(x, melanin_fraction=mean) if x in living else x for x in skin.layers))


def mean_melanin(skin: Skin) -> float:
    """Melanosome fraction averaged over the whole epidermis."""
    layers = [x for x in skin.layers if x.name in {"stratum_corneum", "epidermis", "basal_layer"}]
    thick = sum(x.thickness_um for x in layers)
    amount = sum(x.melanin_fraction * x.thickness_um for x in layers)
    return amount / thick if thick > 0 else 0.0


def flashlamp(low_nm: float, high_nm: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Bands and their energy shares of a filtered flashlamp: Planck's law between cut-on and end."""
    edges = np.linspace(low_nm, high_nm, _BANDS + 1)
    middle = (edges[:-1] + edges[1:]) / 2
    metres = middle * M_PER_NM
    planck = metres**-5 / np.expm1(_SECOND_RADIATION_M_K / (metres * evidence.value("phys_ipl_colour_temperature")))
    share = planck / planck.sum()
    return tuple(float(x) for x in middle), tuple(float(x) for x in share)


@lru_cache(maxsize=512)
def light_field(skin: Skin, wavelength_nm: float, band_nm: tuple[float, float], spot_um: float, gaussian: bool) -> Field:
    """Layered light for one spot: two-stream profile times the on-axis gain of the finite spot."""
    edges = heat.stretched_edges(fine_m=_CELL_M, fine_to_m=_FINE_TO_M, stretch=_STRETCH, end_m=_END_M)
    middle, thick = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    bottoms = np.cumsum([x.thickness_um for x in skin.layers])
    layer = np.minimum(np.searchsorted(bottoms, middle * UM_PER_M, side="right"), len(skin.layers) - 1)
    bands, weights = flashlamp(*band_nm) if band_nm[1] > band_nm[0] else ((wavelength_nm,), (1.0,))
    fluence = np.zeros((len(bands), middle.size))
    source = np.zeros(middle.size)
    reflected = 0.0
    for number, (nm, weight) in enumerate(zip(bands, weights, strict=True)):
        optics = layer_optics(skin, nm)
        mua = np.array([x.mua_cm for x in optics])[layer] * PER_M_PER_CM
        musp = np.array([x.musp_cm for x in optics])[layer] * PER_M_PER_CM
        g = np.array([x.g for x in optics])[layer]
        index = evidence.value("refractive_index_skin_generic")
        light = two_stream.propagate(thick, mua, musp, g, n_surface=index)
        dermis = next((x for x in optics if x.name == "reticular_dermis"), optics[-1])
        gain = two_stream.spot_gain(
            middle, spot_m=spot_um * M_PER_UM, gaussian=gaussian, mua_cm=dermis.mua_cm, musp_cm=dermis.musp_cm, n_surface=index,
            fluence=light.fluence,
        )  # fmt: skip
        fluence[number] = weight * light.fluence * gain
        source += weight * light.absorbed * gain / thick
        reflected += weight * light.reflected
    return Field(edges_m=edges, bands_nm=bands, weights=weights, fluence=fluence, source_m=source, reflected=reflected)


def heat_field(skin: Skin, field: Field, plan: tuple[heat.Segment, ...], probes_um: tuple[float, ...]) -> heat.Run:
    """Heat of the light field through all segments (irradiance on the axis), with histories at the probes [µm]."""
    slab = slab_of(skin)
    law = heat.law_of(
        heat.heating_only(evidence.value("phys_boiling")), slab.start_C, first=damage.bulk_skin(), second=damage.collagen()
    )
    column = heat.new_column(slab, field.edges_m)
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
    if float(rise.max()) <= 0.0:
        return 0.0
    process = damage.bulk_skin()
    low, high = 1e-4, 1e4
    for _ in range(30):
        middle = math.sqrt(low * high)
        if absorbers.dose(process, warm.time_s, np.maximum(base + middle * rise, 1.0)) >= 1.0:
            high = middle
        else:
            low = middle
    return 1.0 / high


def vessel_map(field: Field, skin: Skin, *, exposure_J_cm2: float, duration_ms: float) -> tuple[tuple[float, float, float], ...]:
    """Delivered over needed exposure for closure of vessels of each diameter and depth (selective heating only)."""
    found = []
    for diameter in absorbers.DIAMETERS_UM:
        needed = absorbers.closure_rise_K(diameter, duration_ms, skin.surface_temperature_C)
        for depth in absorbers.DEPTHS_UM:
            rise = vessel_rise_K(field, skin, diameter, depth) * exposure_J_cm2
            found.append((diameter, depth, rise / needed))
    return tuple(found)


def vessel_rise_K(field: Field, skin: Skin, diameter_um: float, depth_um: float) -> float:
    """Adiabatic rise of the blood above its surroundings per J/cm² incident."""
    surroundings = [layer_optics(skin, nm) for nm in field.bands_nm]
    total = 0.0
    for nm, optics, light in zip(field.bands_nm, surroundings, field.at(depth_um), strict=True):
        own = absorbers.mean_absorption_cm(vessel_blood_mua_cm(nm), diameter_um)
        dermis = next((x for x in optics if x.name == "reticular_dermis"), optics[-1])
        total += max(own - dermis.mua_cm, 0.0) * float(light)
    return total * PER_M_PER_CM * J_M2_PER_J_CM2 / absorbers.blood_capacity_J_m3_K()


def purpura(field: Field, skin: Skin, *, exposure_J_cm2: float, duration_ms: float) -> float:
    """Delivered over needed exposure for visible bleeding of small vessels (purpura)."""
    diameter, depth = evidence.value("phys_capillary_purpura"), evidence.value("phys_purpura_depth")
    needed = absorbers.purpura_rise_K(diameter, duration_ms, skin.surface_temperature_C)
    return vessel_rise_K(field, skin, diameter, depth) * exposure_J_cm2 / needed


def _confined(duration_ms: float) -> bool:
    return duration_ms * MS_PER_S <= evidence.value("phys_confined_limit")


def melanosome_ratio(field: Field, skin: Skin, depth_um: float, exposure_J_cm2: float) -> float:
    """Local exposure over what whitens at a depth: the melanosome threshold, more where melanosomes are few.

    `skin` is a ridged skin, whose melanin is the share that counts for the bulk.
    """
    melanin = mean_melanin(skin) / evidence.value("phys_melanin_packing")
    sparse = max(evidence.value("phys_whitening_melanin") / max(melanin, 1e-6), 1.0)
    slab = slab_of(skin)
    capacity = tissue.thermal(evidence.value("phys_reference_water")).capacity_J_m3_K
    light = field.at(depth_um)
    return float(
        sum(
            exposure_J_cm2
            * here
            / sparse
            / absorbers.melanosome_threshold_J_cm2(float(melanosome_mua_cm(nm)), slab.start_C, capacity)
            for nm, here in zip(field.bands_nm, light, strict=True)
        )
    )


@dataclass(frozen=True, kw_only=True)
class Pigment:
    """Pigment ratios of lesion and normal epidermis, and the depth to which lesion pigment is reached [µm]."""

    lesion: float
    epidermis: float
    depth_um: float


def pigment(
    field: Field,
    dark: Field,
    skin: Skin,
    shaded: Skin,
    lesion: Lesion | None,
    *,
    exposure_J_cm2: float,
    duration_ms: float,
    plan: tuple[heat.Segment, ...],
    probes_um: tuple[float, ...],
) -> Pigment:
    """Explosion of melanosomes by pulses under a microsecond, else thermal death of the pigmented epidermis.

    Whitening needs enough exploding melanosomes in a volume: its threshold rises as melanin gets sparse.
    """
    factor = lesion.melanin_factor if lesion is not None and lesion.target == "pigment" else 1.0
    bottom = lesion.bottom_um if lesion is not None and lesion.target == "pigment" else skin.epidermis_um
    if _confined(duration_ms):
        here = melanosome_ratio(dark, shaded, basal_um(skin), exposure_J_cm2)
        normal = melanosome_ratio(field, skin, basal_um(skin), exposure_J_cm2)
        depths = np.linspace(5.0, bottom, 24)
        reached = [d for d in depths if melanosome_ratio(dark, shaded, float(d), exposure_J_cm2) >= 1.0]
        return Pigment(lesion=here, epidermis=normal, depth_um=float(max(reached, default=0.0)))
    gentle = faint_twin(skin, field, plan, probes_um, _GENTLE)
    cold = faint_twin(skin, field, plan, probes_um)
    normal = thermal_ratio(cold, gentle, 0, _GENTLE)
    hot = faint_twin(shaded, dark, plan, probes_um, _GENTLE) if factor != 1.0 else gentle
    ratios = [thermal_ratio(cold, hot, i, _GENTLE) for i in range(len(probes_um))]
    reached = [d for d, ratio in zip(probes_um, ratios, strict=True) if ratio >= 1.0 and d <= bottom]
    return Pigment(lesion=ratios[0], epidermis=normal, depth_um=float(max(reached, default=0.0)))


def _upper_heat(field: Field, run: heat.Run) -> float:
    """Light absorbed in the upper half millimetre [J/m2]."""
    inside = field.edges_m[1:] <= _HALF_MM_M
    return run.arrived * float(np.sum((field.source_m * np.diff(field.edges_m))[inside]))


def _gland(run: heat.Run, wavelength_nm: float, lesion: Lesion | None) -> float:
    """Peak rise of a sebaceous gland over the rise that damages it."""
    depth = evidence.value("phys_gland_depth")
    if lesion is not None and lesion.target == "gland":
        depth = (lesion.top_um + lesion.bottom_um) / 2
    column = run.column
    cell = min(int(np.searchsorted(column.edges_m, depth * M_PER_UM)) - 1, column.peak_K.size - 1)
    factor = evidence.value("phys_gland_selectivity") if abs(wavelength_nm - 1726.0) <= _GLAND_BAND_NM else 1.0
    return factor * float(column.peak_K[cell]) / (evidence.value("phys_gland_damage_temperature") - column.start_C)


def dead_zone_um(column: heat.Column) -> tuple[float, float]:
    """Top and bottom of the dead tissue; (0, 0) where all lives."""
    cells = np.nonzero(column.death >= 1.0)[0]
    if cells.size == 0:
        return 0.0, 0.0
    top = float(column.edges_m[cells[0]]) * UM_PER_M
    return top, float(column.edges_m[cells[-1] + 1]) * UM_PER_M


def wide(
    pulse: Pulse,
    skin: Skin,
    *,
    band_nm: tuple[float, float],
    stack: int,
    repetition_Hz: float,
    passes: int,
    cooling: Cooling,
    lesion: Lesion | None,
) -> SpotInjury:
    """A wide spot on its axis: bulk heat, epidermis, vessels, pigment and glands. Passes repeat on rested tissue."""
    gaussian = pulse.profile == "gaussian"
    peak = pulse.fluence_J_cm2 * (2.0 if gaussian else 1.0)
    skin = ridged(skin)
    factor = lesion.melanin_factor if lesion is not None and lesion.target == "pigment" else 1.0
    shaded = darkened(skin, factor)
    field = light_field(skin, pulse.wavelength_nm, band_nm, pulse.spot_um, gaussian)
    dark = light_field(shaded, pulse.wavelength_nm, band_nm, pulse.spot_um, gaussian) if factor != 1.0 else field
    plan = segments(fluence_J_cm2=peak, duration_ms=pulse.duration_ms, stack=stack, repetition_Hz=repetition_Hz, cooling=cooling)
    basal = basal_um(skin)
    probes = (basal, skin.epidermis_um / 2, skin.epidermis_um + 40, skin.epidermis_um + 120)
    warm = heat_field(skin, field, plan, probes)
    column = warm.column
    top, bottom = dead_zone_um(column)
    cell = int(np.searchsorted(column.edges_m, basal * M_PER_UM)) - 1
    survive = math.exp(-min(float(column.death[cell]) * passes, 700.0))
    spots = pigment(
        field, dark, skin, shaded, lesion, exposure_J_cm2=peak, duration_ms=pulse.duration_ms, plan=plan,
        probes_um=probes,
    )  # fmt: skip
    scale = warm.arrived
    energy = balance(
        incident_J=pulse.energy_mJ * J_PER_MJ * stack * passes, reflected=field.reflected,
        parts=(warm.through - field.reflected * warm.arrived, 0.0, warm.stored + warm.removed, warm.surface), scale=scale,
    )  # fmt: skip
    epidermis = skin.epidermis_um
    killed = 1.0 if top < epidermis and bottom > basal else 0.0
    return SpotInjury(
        wavelength_nm=pulse.wavelength_nm, duration_ms=pulse.duration_ms, ablation_depth_um=0.0, ablation_width_um=0.0,
        coagulation_depth_um=bottom - top, coagulation_rim_um=0.0, lesion_top_um=top, lesion_depth_um=bottom,
        lesion_width_um=pulse.spot_um if bottom > 0 else 0.0, surface_area=1.0 if bottom > 0 else 0.0, removed_area=0.0,
        killed_area=killed, basal_area=1.0 - survive, dermis_volume=max(bottom - max(top, epidermis), 0.0), ablated_volume=0.0,
        heat=_upper_heat(field, warm),
        vessel_ratio=vessel_map(field, skin, exposure_J_cm2=peak, duration_ms=pulse.duration_ms),
        purpura_ratio=purpura(field, skin, exposure_J_cm2=peak, duration_ms=pulse.duration_ms), pigment_ratio=spots.lesion,
        epidermis_pigment_ratio=spots.epidermis, pigment_depth_um=spots.depth_um,
        gland_ratio=_gland(warm, pulse.wavelength_nm, lesion), peak_surface_C=warm.peak_surface_C,
        peak_basal_C=float(column.peak_K[cell]) + column.start_C, selective=pulse.wavelength_nm < _SELECTIVE_BELOW_NM,
        fractional=False, passes_in_place=passes, energy=energy,
        fidelity="closed form: two-stream light (some ten per cent), one-dimensional heat, analytic vessels and pigment",
        error_pct=evidence.value("phys_error_scatter"), warnings=(), sources=sources_of(skin, field),
    )  # fmt: skip


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
        "phys_purpura_visible",
        "phys_melanin_packing",
        "phys_capillary_purpura",
    )
    return tuple(
        dict.fromkeys((*rows, *tissue.SOURCES, *damage.bulk_skin().sources, *damage.blood().sources, *own, *skin.sources))
    )
