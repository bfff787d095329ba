"""A wide spot at a scattering wavelength: what one J/cm² does, found once, and the spot at its own exposure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from recutis import evidence
from recutis.heat import column as heat
from recutis.injury import absorbers, selective
from recutis.injury.ablative import balance
from recutis.injury.scattering import (
    Field,
    basal_um,
    darkened,
    dead_zone_um,
    faint_twin,
    heat_field,
    light_field,
    ridged,
    sources_of,
)
from recutis.injury.schedule import segments
from recutis.injury.skin_light import LightSpread, index_above, told
from recutis.injury.spot import SpotInjury
from recutis.laser.types import Cooling, Pulse
from recutis.skin.types import Lesion, Skin
from recutis.units import J_PER_MJ, M_PER_UM

SELECTIVE_BELOW_NM = 1200.0  # below it blood and melanin outdo water
_GENTLE_J_CM2 = 0.01  # exposure at which nothing boils: heat is linear there
_HALF_MM_M = 5e-4  # by the definition of bulk_rise_C


@dataclass(frozen=True, kw_only=True)
class Shot:
    """Everything about a wide exposure but its energy: light, timing and cooling. `skin` is ridged."""

    skin: Skin
    wavelength_nm: float
    band_nm: tuple[float, float]
    spot_um: float
    gaussian: bool
    duration_ms: float
    stack: int
    repetition_Hz: float
    cooling: Cooling
    light_spread: LightSpread

    def plan(self, exposure_J_cm2: float) -> tuple[heat.Segment, ...]:
        """Times, irradiance on the axis and cooling at an exposure per pulse."""
        return segments(
            fluence_J_cm2=exposure_J_cm2, duration_ms=self.duration_ms, stack=self.stack, repetition_Hz=self.repetition_Hz,
            cooling=self.cooling,
        )  # fmt: skip

    def light(self, skin: Skin) -> Field:
        """The light of the shot in a skin that differs from that of the shot only under the lesion."""
        return light_field(
            skin, self.wavelength_nm, self.band_nm, self.spot_um, self.gaussian, around=self.skin, light_spread=self.light_spread,
            n_above=index_above(self.cooling),
        )  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class Unit:
    """What a shot does by its light and cooling alone; compared and cached by identity."""

    shot: Shot
    field: Field
    probes_um: tuple[float, ...]  # of the pigment; the runs know more
    cold: heat.Run
    gentle: heat.Run
    vessels: tuple[selective.Vessel, ...]
    purpura: float
    glands: tuple[float, ...]
    sources: tuple[str, ...]


@lru_cache(maxsize=256)
def unit(shot: Shot) -> Unit:
    """The part of a wide spot that no exposure changes."""
    skin = shot.skin
    field, epidermis = shot.light(skin), skin.epidermis_um
    melanin = (basal_um(skin), epidermis / 2, epidermis + 40, epidermis + 120)
    depths = (*absorbers.DEPTHS_UM, evidence.value("phys_purpura_depth"))
    probes = (*melanin, *selective.GLAND_DEPTHS_UM, *depths)
    plan = shot.plan(_GENTLE_J_CM2)
    cold, gentle = faint_twin(skin, field, plan, probes), heat_field(skin, field, plan, probes)
    glands = dict(enumerate(selective.GLAND_DEPTHS_UM, start=len(melanin)))
    starts = _before_light_C(cold, plan, len(depths))
    return Unit(
        shot=shot, field=field, probes_um=melanin, cold=cold, gentle=gentle,
        vessels=selective.vessels(
            field, skin, duration_ms=shot.duration_ms, start_C=starts[:-1], pulses=shot.stack, repetition_Hz=shot.repetition_Hz
        ),
        purpura=selective.purpura(
            field, skin, duration_ms=shot.duration_ms, start_C=starts[-1], pulses=shot.stack, repetition_Hz=shot.repetition_Hz
        ),
        glands=selective.glands(field, skin, cold, gentle, plan, _GENTLE_J_CM2, glands),
        sources=tuple(dict.fromkeys((*sources_of(skin, field), *selective.SOURCES))),
    )  # fmt: skip


def _before_light_C(cold: heat.Run, plan: tuple[heat.Segment, ...], last: int) -> tuple[float, ...]:
    """Temperatures at the last probes when the first light comes."""
    begin = 0.0
    for part in plan:
        if part.irradiance_W_m2 > 0.0:
            break
        begin += part.seconds
    return tuple(float(np.interp(begin, cold.time_s, cold.probes_C[:, i])) for i in range(cold.probes_C.shape[1])[-last:])


@lru_cache(maxsize=1024)
def warm(one: Unit, exposure_J_cm2: float) -> heat.Run:
    """Heat of a shot at its own exposure on the axis, per pulse."""
    return heat_field(one.shot.skin, one.field, one.shot.plan(exposure_J_cm2), ())


@lru_cache(maxsize=512)
def pigment(one: Unit, lesion: Lesion | None) -> selective.Pigment:
    """What a shot does to the pigment of a lesion, or of normal skin without a pigmented one, per J/cm²."""
    skin, pigmented = one.shot.skin, lesion is not None and lesion.target == "pigment"
    factor = lesion.melanin_factor if lesion is not None and pigmented else 1.0
    bottom = lesion.bottom_um if lesion is not None and pigmented else skin.epidermis_um
    shaded = darkened(skin, factor)
    dark = one.shot.light(shaded) if factor != 1.0 else one.field
    hot = heat_field(shaded, dark, one.shot.plan(_GENTLE_J_CM2), one.probes_um) if factor != 1.0 else one.gentle
    warms = float((one.gentle.probes_C[:, 0] - one.cold.probes_C[:, 0]).max(initial=0.0)) / _GENTLE_J_CM2
    return selective.either(
        selective.burst_pigment(one.field, skin, dark, shaded, bottom, duration_ms=one.shot.duration_ms, warms_K=warms),
        selective.heated_pigment(one.cold, one.gentle, hot, _GENTLE_J_CM2, one.probes_um, bottom),
    )


def upper_heat_J_m2(run: heat.Run) -> float:
    """Heat of the upper half millimetre when the last light goes out, steam included [J/m2]; nothing where cooling won."""
    column = run.column
    inside = column.edges_m[1:] <= _HALF_MM_M
    return max(float(np.sum(((run.lit_J_m3 + column.latent_J_m3) * column.dz_m)[inside])), 0.0)


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
    light_spread: LightSpread,
) -> SpotInjury:
    """A wide spot on its axis: bulk heat, epidermis, vessels, pigment and glands. Passes repeat on rested tissue."""
    gaussian = pulse.profile == "gaussian"
    peak = pulse.fluence_J_cm2 * (2.0 if gaussian else 1.0)
    one = unit(
        Shot(
            skin=_ridged(skin), wavelength_nm=pulse.wavelength_nm, band_nm=band_nm, spot_um=pulse.spot_um, gaussian=gaussian,
            duration_ms=pulse.duration_ms, stack=stack, repetition_Hz=repetition_Hz, cooling=cooling, light_spread=light_spread,
        )
    )  # fmt: skip
    run, spots = warm(one, peak), pigment(one, lesion)
    column = run.column
    top, bottom = dead_zone_um(column)
    epidermis, basal = skin.epidermis_um, one.probes_um[0]
    cell = int(np.searchsorted(column.edges_m, basal * M_PER_UM)) - 1
    survive = math.exp(-min(float(column.death[cell]) * passes, 700.0))
    reflected = one.field.reflected
    energy = balance(
        incident_J=pulse.energy_mJ * J_PER_MJ * stack * passes, reflected=reflected,
        parts=(run.through - reflected * run.arrived, 0.0, run.stored + run.removed, run.surface), scale=run.arrived,
    )  # fmt: skip
    return SpotInjury(
        wavelength_nm=pulse.wavelength_nm, duration_ms=pulse.duration_ms, ablation_depth_um=0.0, ablation_width_um=0.0,
        coagulation_depth_um=bottom - top, coagulation_rim_um=0.0, lesion_top_um=top, lesion_depth_um=bottom,
        lesion_width_um=pulse.spot_um if bottom > 0 else 0.0, surface_area=1.0 if bottom > 0 else 0.0, removed_area=0.0,
        killed_area=1.0 if top < epidermis and bottom > basal else 0.0, basal_area=1.0 - survive,
        dermis_volume=max(bottom - max(top, epidermis), 0.0), ablated_volume=0.0, heat=upper_heat_J_m2(run),
        vessel_ratio=selective.vessel_map(one.vessels, peak), purpura_ratio=one.purpura * peak, pigment_ratio=spots.lesion * peak,
        epidermis_pigment_ratio=spots.epidermis * peak, pigment_depth_um=spots.reach_um(peak),
        gland_ratio=selective.gland_ratio(one.glands, lesion) * peak, peak_surface_C=run.peak_surface_C,
        peak_basal_C=float(column.peak_K[cell]) + column.start_C, selective=pulse.wavelength_nm < SELECTIVE_BELOW_NM,
        fractional=False, passes_in_place=passes, energy=energy,
        fidelity=f"{told(light_spread)}, one-dimensional heat, analytic vessels and pigment",
        error_pct=evidence.value("phys_error_scatter"), warnings=(), sources=one.sources,
        area_by_depth=((top, 1.0), (bottom, 1.0)) if bottom > top else (),
    )  # fmt: skip


@lru_cache(maxsize=64)
def _ridged(skin: Skin) -> Skin:
    """The same object for the same skin, so that it need not be compared layer by layer."""
    return ridged(skin)


__all__ = ["SELECTIVE_BELOW_NM", "Shot", "Unit", "pigment", "unit", "upper_heat_J_m2", "warm", "wide"]
