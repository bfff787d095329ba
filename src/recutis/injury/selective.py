"""Selective targets under a wide spot, per unit exposure: vessels, purpura, melanin and glands.

Below boiling heat is linear in the light, so what a target needs is found once for a skin, a wavelength, a
spot, a pulse length and a cooling, and serves every exposure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.heat import column as heat
from recutis.heat import damage, tissue
from recutis.injury import absorbers, cylinder, melanosome
from recutis.injury.ablative import slab_of
from recutis.injury.scaling import scale_to_damage
from recutis.injury.scattering import Field, mean_melanin, thermal_ratio
from recutis.skin import HotBlood, hot_blood, layer_optics, melanosome_mua_cm, vessel_blood_mua_cm
from recutis.skin.types import Lesion, Skin
from recutis.units import KELVIN_OFFSET, M_PER_UM, PER_M_PER_CM

Array = NDArray[np.float64]
Probes = Mapping[int, float]
GLAND_DEPTHS_UM = (200.0, 350.0, 500.0, 700.0, 1000.0, 1400.0)  # nodes; ratios change smoothly between them
_SEBUM_NM, _SEBUM_BAND_NM = 1726.0, 30.0  # where the row on sebum holds
SOURCES = (
    "phys_red_cell_relaxation", "phys_haematocrit", "phys_blood_vaporisation", "phys_rupture_steam", "phys_vessel_wall",
    "phys_vessel_wall_share", "phys_vessel_screening", "phys_plexus_diameter", "phys_plexus_diameter_sd_ln",
    "phys_purpura_share_24h", "phys_purpura_depth", "vessel_denaturation_threshold_temperature", *damage.wall().sources,
    "phys_gland_depth", "lesion.acne_prone.diameter",
    "sebum_mua_1726nm", *damage.cell_death().sources,
)  # fmt: skip
_PLEXUS_UM = 300.0  # depth at which the bands of a lamp are weighted
_NOTHING = 1e-30  # stands for zero in a division
_GIVES_WAY: tuple[cylinder.End, ...] = ("wall", "rupture")
_SPHERE = 27.0  # TRT_formula_sphere: d² / 27 alpha
_LIVING = 5  # depths in the living epidermis; ten move whitening by under 1 %
_PIGMENT_DEPTHS = 24  # depths asked for the reach of a short pulse


@dataclass(frozen=True, kw_only=True)
class Vessel:
    """A vessel in the light: size and depth [µm], closure ratio per J/cm², and the ratio at which it bursts."""

    diameter_um: float
    depth_um: float
    per_J_cm2: float
    bursts_at: float

    def ratio(self, exposure_J_cm2: float) -> float:
        """Delivered over needed exposure for closure; once the vessel has burst, more light brings it no nearer to closure."""
        return min(self.per_J_cm2 * exposure_J_cm2, self.bursts_at)


@dataclass(frozen=True, kw_only=True)
class Blood:
    """Blood of vessels of one diameter in a field: absorption cold [1/cm], its change when hot, weights of the bands in the light."""

    cold_cm: float
    hot: HotBlood
    weights: Array


def blood_in(field: Field, skin: Skin, diameter_um: float) -> Blood:
    """What vessels of this size absorb beyond their surroundings, for the bands as they arrive in the upper dermis."""
    light = field.at(_PLEXUS_UM)
    if not light.sum() > _NOTHING:  # so dark that the share of each band has no meaning
        light = np.array(field.weights)
    cold = np.array([vessel_blood_mua_cm(nm) for nm in field.bands_nm])
    hot = [hot_blood(nm) for nm in field.bands_nm]
    taken = light * cold / float((light * cold).sum())
    mean = float((light * cold).sum() / light.sum())
    around = np.array([_dermis_mua_cm(skin, nm) for nm in field.bands_nm])
    beyond = [max(absorbers.mean_absorption_cm(float(b), diameter_um) - a, 0.0) for b, a in zip(cold, around, strict=True)]
    whole = absorbers.mean_absorption_cm(mean, diameter_um)
    return Blood(
        cold_cm=mean,
        hot=HotBlood(
            factor=float(sum(w * x.factor for w, x in zip(taken, hot, strict=True))),
            onset_C=float(sum(w * x.onset_C for w, x in zip(taken, hot, strict=True))),
        ),
        weights=np.array(beyond) / whole,
    )  # fmt: skip


def _dermis_mua_cm(skin: Skin, wavelength_nm: float) -> float:
    optics = layer_optics(skin, wavelength_nm)
    return next((x for x in optics if x.name == "reticular_dermis"), optics[-1]).mua_cm


def vessel_light(field: Field, blood: Blood, depths_um: float | Array, *, screened: bool) -> Array:
    """Fluence that heats vessels at depths per J/cm² incident: that of the bulk, less in a plexus what its vessels take away."""
    light = blood.weights @ field.at(depths_um)
    return np.asarray(light * (evidence.value("phys_vessel_screening") if screened else 1.0))


def vessels(
    field: Field, skin: Skin, *, duration_ms: float, start_C: tuple[float, ...] | None = None, pulses: int = 1,
    repetition_Hz: float = 1.0,
) -> tuple[Vessel, ...]:  # fmt: skip
    """Every vessel of the map, alone in this light (selective heating only); `start_C` is its temperature at each depth of the map."""
    starts = start_C if start_C is not None else (skin.surface_temperature_C,) * len(absorbers.DEPTHS_UM)
    found: list[Vessel] = []
    for diameter in absorbers.DIAMETERS_UM:
        blood = blood_in(field, skin, diameter)
        light = vessel_light(field, blood, np.array(absorbers.DEPTHS_UM), screened=False)
        for depth, bright, start in zip(absorbers.DEPTHS_UM, light, starts, strict=True):
            one = absorbers.vessel(diameter, blood.cold_cm, blood.hot, start)
            needed = absorbers.needed_J_cm2(one, duration_ms, "wall", pulses=pulses, repetition_Hz=repetition_Hz)
            found.append(
                Vessel(
                    diameter_um=diameter, depth_um=depth, per_J_cm2=float(bright) / needed,
                    bursts_at=absorbers.burst_J_cm2(one, duration_ms) / needed if needed < math.inf else 0.0,
                )
            )  # fmt: skip
    return tuple(found)


def vessel_map(found: tuple[Vessel, ...], exposure_J_cm2: float) -> tuple[tuple[float, float, float], ...]:
    """Diameter, depth and delivered over needed exposure for closure of each vessel."""
    return tuple((x.diameter_um, x.depth_um, x.ratio(exposure_J_cm2)) for x in found)


def purpura_J_cm2(
    field: Field, skin: Skin, *, duration_ms: float, share: float, start_C: float | None = None, pulses: int = 1,
    repetition_Hz: float = 1.0, median_um: float | None = None,
) -> float:  # fmt: skip
    """Least exposure of each pulse at which vessels with a share of the blood of the upper plexus give way.

    A vessel gives way when its whole wall coagulates, when steam tears it or when its red cells burst. `median_um` is the median
    diameter of the vessels by number, that of normal skin unless told.
    """
    start = skin.surface_temperature_C if start_C is None else start_C
    diameters, _ = absorbers.plexus(median_um)
    needed = []
    for diameter in diameters:
        blood = blood_in(field, skin, diameter)
        one = absorbers.vessel(diameter, blood.cold_cm, blood.hot, start)
        ways = [absorbers.needed_J_cm2(one, duration_ms, end, pulses=pulses, repetition_Hz=repetition_Hz) for end in _GIVES_WAY]
        light = float(vessel_light(field, blood, evidence.value("phys_purpura_depth"), screened=True))
        needed.append(min(*ways, absorbers.burst_J_cm2(one, duration_ms)) / max(light, _NOTHING))
    return absorbers.share_threshold(np.array(needed), share)


def purpura(
    field: Field, skin: Skin, *, duration_ms: float, start_C: float | None = None, pulses: int = 1, repetition_Hz: float = 1.0
) -> float:
    """Delivered over needed exposure for bleeding of small vessels that shows after a day (purpura), per J/cm²."""
    return 1.0 / purpura_J_cm2(
        field, skin, duration_ms=duration_ms, share=evidence.value("phys_purpura_share_24h"), start_C=start_C, pulses=pulses,
        repetition_Hz=repetition_Hz,
    )  # fmt: skip


def living_um(skin: Skin) -> Array:
    """Depths [µm] that stand for the living epidermis, in which a ridged skin has its melanin."""
    corneum = sum(x.thickness_um for x in skin.layers if x.name == "stratum_corneum")
    share = (np.arange(_LIVING) + 0.5) / _LIVING
    return np.asarray(corneum + (skin.epidermis_um - corneum) * share)


def melanosome_ratio(
    field: Field, skin: Skin, depths_um: Array, *, duration_ms: float, warms_K: float = 0.0, whitens: bool = True
) -> Array:
    """Local exposure over what whitens, at each depth, per J/cm²: the melanosome threshold, more where melanosomes are few.

    `skin` is a ridged skin; `warms_K` the rise of its melanin layer per J/cm² at the end of the pulse. Without `whitens` it is
    the threshold of melanosomes alone, as seen in a section.
    """
    melanin = mean_melanin(skin)
    sparse = max(evidence.value("phys_whitening_melanin") / max(melanin, 1e-6), 1.0) if whitens else 1.0
    capacity = tissue.thermal(evidence.value("phys_reference_water")).capacity_J_m3_K
    light = field.at(depths_um)
    bright = max(float(light.sum(axis=0).max()), _NOTHING)
    needed = [
        melanosome.threshold_J_cm2(
            float(melanosome_mua_cm(nm)) * evidence.value("phys_melanosome_factor"), start_C=slab_of(skin).start_C,
            explodes_C=evidence.value("melanosome_vaporization_threshold_temperature"), capacity_J_m3_K=capacity,
            duration_ms=duration_ms, around_K=warms_K / bright,
        )
        for nm in field.bands_nm
    ]  # fmt: skip
    return np.asarray(np.sum(light / np.array(needed)[:, None], axis=0) / sparse)


def melanosome_ratio_of_fluence(skin: Skin, wavelength_nm: float, fluence: float, *, duration_ms: float) -> float:
    """The same at one place from its fluence over the exposure."""
    field = Field(
        edges_m=np.array([0.0, 1.0, 2.0]), bands_nm=(wavelength_nm,), weights=(1.0,), fluence=np.full((1, 2), fluence),
        source_m=np.zeros(2), reflected=0.0,
    )  # fmt: skip
    return float(melanosome_ratio(field, skin, np.array([1.0]), duration_ms=duration_ms)[0])


@dataclass(frozen=True, kw_only=True)
class Pigment:
    """Pigment ratios of lesion and normal epidermis per J/cm², and those at depths [µm] from which the reach follows."""

    lesion: float
    epidermis: float
    depths_um: tuple[float, ...]
    ratios: tuple[float, ...]

    def reach_um(self, exposure_J_cm2: float) -> float:
        """Depth to which lesion pigment is reached."""
        reached = [d for d, ratio in zip(self.depths_um, self.ratios, strict=True) if ratio * exposure_J_cm2 >= 1.0]
        return max(reached, default=0.0)


def burst_pigment(
    field: Field, skin: Skin, dark: Field, shaded: Skin, bottom_um: float, *, duration_ms: float, warms_K: float
) -> Pigment:
    """Explosion of melanosomes, which slow pulses hardly reach.

    Whitening needs enough exploding melanosomes in a volume: its threshold rises as melanin gets sparse. `warms_K` is the rise
    of the normal epidermis per J/cm² at the end of the pulse.
    """
    living = living_um(skin)
    depths = np.linspace(5.0, bottom_um, _PIGMENT_DEPTHS)

    def at(light: Field, where: Skin, depth: Array) -> Array:
        return melanosome_ratio(light, where, depth, duration_ms=duration_ms, warms_K=warms_K)

    return Pigment(
        lesion=float(at(dark, shaded, living).mean()), epidermis=float(at(field, skin, living).mean()),
        depths_um=tuple(float(x) for x in depths), ratios=tuple(float(x) for x in at(dark, shaded, depths)),
    )  # fmt: skip


def either(burst: Pigment, heated: Pigment) -> Pigment:
    """Whichever of two ways to reach pigment comes first, at the depths of the first."""
    depths = np.array(burst.depths_um)
    warm = np.interp(depths, heated.depths_um, heated.ratios) if heated.depths_um else np.zeros(depths.size)
    return Pigment(
        lesion=max(burst.lesion, heated.lesion), epidermis=max(burst.epidermis, heated.epidermis), depths_um=burst.depths_um,
        ratios=tuple(float(x) for x in np.maximum(burst.ratios, warm)),
    )  # fmt: skip


def heated_pigment(
    cold: heat.Run, gentle: heat.Run, hot: heat.Run, share: float, probes_um: tuple[float, ...], bottom_um: float
) -> Pigment:
    """Thermal death of the pigmented epidermis; `gentle` and `hot` had `share` J/cm² in normal and in lesional skin."""
    ratios = tuple(thermal_ratio(cold, hot, i, share) for i in range(len(probes_um)))
    kept = [(d, r) for d, r in zip(probes_um, ratios, strict=True) if d <= bottom_um]
    return Pigment(
        lesion=ratios[0], epidermis=thermal_ratio(cold, gentle, 0, share), depths_um=tuple(d for d, _ in kept),
        ratios=tuple(r for _, r in kept),
    )  # fmt: skip


def glands(
    field: Field, skin: Skin, cold: heat.Run, gentle: heat.Run, plan: tuple[heat.Segment, ...], share: float, probes_um: Probes
) -> tuple[float, ...]:
    """The laser's rise in a sebaceous gland over the rise that kills its cells, per J/cm², at each of the probed depths.

    `probes_um` maps the number of a probe to its depth; `gentle` had `share` J/cm² by `plan`. A gland follows the dermis
    around it; where sebum absorbs more, it is hotter by that heat, which it loses as a sphere does.
    """
    extra = _sebum_rise_K(field, skin, plan, gentle.time_s, tuple(probes_um.values())) / share
    found = []
    for row, probe in zip(extra, probes_um, strict=True):
        base = cold.probes_C[:, probe] + KELVIN_OFFSET
        rise = (gentle.probes_C[:, probe] - cold.probes_C[:, probe]) / share + row
        found.append(1.0 / scale_to_damage(damage.cell_death(), gentle.time_s, base, rise))
    return tuple(found)


def _sebum_rise_K(
    field: Field, skin: Skin, plan: tuple[heat.Segment, ...], times_s: Array, depths_um: tuple[float, ...]
) -> Array:
    """Rise of a gland above its surroundings by the stronger absorption of sebum, shape (depths, times)."""
    out = np.zeros((len(depths_um), times_s.size))
    nm = field.bands_nm[0]
    if len(field.bands_nm) > 1 or abs(nm - _SEBUM_NM) > _SEBUM_BAND_NM:
        return out
    optics = layer_optics(skin, nm)
    dermis = next((x for x in optics if x.name == "reticular_dermis"), optics[-1])
    beyond = max(evidence.value("sebum_mua_1726nm") - dermis.mua_cm, 0.0) * PER_M_PER_CM
    wet = tissue.thermal(evidence.value("phys_reference_water"))
    keeps = (evidence.value("lesion.acne_prone.diameter") * M_PER_UM) ** 2 / (
        _SPHERE * evidence.value("thermal_diffusivity_dermis")
    )
    begin, course = 0.0, np.zeros(times_s.size)
    for part in plan:
        end = begin + part.seconds
        on = np.exp(-np.maximum(times_s - end, 0.0) / keeps) - np.exp(-np.maximum(times_s - begin, 0.0) / keeps)
        course += part.irradiance_W_m2 * keeps * on
        begin = end
    light = field.at(np.array(depths_um))[0]
    return np.asarray(light[:, None] * beyond / wet.capacity_J_m3_K * course[None, :])


def gland_ratio(at_depths: tuple[float, ...], lesion: Lesion | None) -> float:
    """Mean over the upper half of the glands: acne begins in the duct and the upper gland.

    `at_depths` are the ratios at `GLAND_DEPTHS_UM`. The range is the lesion's where glands are its target.
    """
    if lesion is not None and lesion.target == "gland":
        top, middle = lesion.top_um, (lesion.top_um + lesion.bottom_um) / 2
    else:
        middle = evidence.value("phys_gland_depth")
        top = middle - evidence.value("lesion.acne_prone.diameter") / 2
    where = np.linspace(top, middle, 5)
    return float(np.mean(np.interp(where, GLAND_DEPTHS_UM, at_depths)))


__all__ = [
    "GLAND_DEPTHS_UM", "SOURCES", "Blood", "Pigment", "Vessel", "blood_in", "burst_pigment", "either", "gland_ratio", "glands",
    "heated_pigment", "living_um", "melanosome_ratio", "melanosome_ratio_of_fluence", "purpura", "purpura_J_cm2", "vessel_light",
    "vessel_map", "vessels",
]  # fmt: skip
