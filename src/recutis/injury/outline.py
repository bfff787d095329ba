"""Outline of an ablative microbeam, crater and dead zone by depth, and what it injures in a skin whose epidermis ends somewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.heat import damage, tissue
from recutis.injury.ablative import balance
from recutis.injury.spot import SpotInjury
from recutis.laser.types import Pulse
from recutis.light.lines import water_line
from recutis.skin.types import Skin
from recutis.units import J_PER_MJ

Array = NDArray[np.float64]
SOURCES = (
    "phys_beam_quality", "phys_beam_quality_erbium", "phys_channel_plume_co2", "phys_channel_plume_erbium", "phys_channel_stanton",
    "phys_wall_polish", "phys_index_protein_infrared", "phys_error_channel",
)  # fmt: skip
_AREAS = 25  # depths of `area_by_depth`, from the surface to the bottom


@dataclass(frozen=True, eq=False, kw_only=True)
class Outline:
    """A microbeam's crater and dead zone. Lengths in µm, depth down from the surface; shares are of the incident energy.

    `wall_um` is the radius of the crater at `wall_depths_um`, `dead_um` that of dead or missing tissue at `dead_depths_um`; both end
    with 0. `peak_C` is the highest temperature of tissue that stays, at `peak_depths_um`. `heat_share` is the heat of the upper
    half millimetre when the last light goes out. `removed` holds what left with tissue, steam and plume.
    """

    depth_um: float
    dead_to_um: float
    rim_um: float
    width_um: float
    lesion_width_um: float
    ablated_um3: float
    heat_share: float
    peak_surface_C: float
    reflected: float
    through: float
    removed: float
    stored: float
    surface: float
    wall_depths_um: Array
    wall_um: Array
    dead_depths_um: Array
    dead_um: Array
    peak_depths_um: Array
    peak_C: Array

    def dead_at(self, depth_um: Array | float) -> Array:
        """Radius within which tissue is dead or missing at depths."""
        return np.asarray(np.interp(depth_um, self.dead_depths_um, self.dead_um, right=0.0))

    def wall_at(self, depth_um: float) -> float:
        """Radius of the crater at a depth."""
        return float(np.interp(depth_um, self.wall_depths_um, self.wall_um, right=0.0))

    def dead_volume_um3(self, below_um: float) -> float:
        """Volume of dead or missing tissue below a depth: frusta between the outline's points."""
        deeper = self.dead_depths_um[self.dead_depths_um > below_um]
        if not deeper.size:
            return 0.0
        depth = np.concatenate(([below_um], deeper))
        r = self.dead_at(depth)
        return float(np.sum(np.pi / 3 * np.diff(depth) * (r[:-1] ** 2 + r[:-1] * r[1:] + r[1:] ** 2)))

    def area_by_depth(self) -> tuple[tuple[float, float], ...]:
        """Area dead or missing at depths from the surface to the bottom [µm, µm²]; empty where nothing died."""
        bottom = float(self.dead_depths_um[-1])
        if bottom <= 0.0 or self.dead_um.max(initial=0.0) <= 0.0:
            return ()
        depths = np.linspace(0.0, bottom, _AREAS)
        return tuple((float(z), math.pi * float(r) ** 2) for z, r in zip(depths, self.dead_at(depths), strict=True))


def nothing(start_C: float) -> Outline:
    """The outline that no light leaves."""
    none = np.zeros(1)
    return Outline(
        depth_um=0.0, dead_to_um=0.0, rim_um=0.0, width_um=0.0, lesion_width_um=0.0, ablated_um3=0.0, heat_share=0.0,
        peak_surface_C=start_C, reflected=0.0, through=0.0, removed=0.0, stored=0.0, surface=0.0, wall_depths_um=none, wall_um=none,
        dead_depths_um=none, dead_um=none, peak_depths_um=none, peak_C=np.full(1, start_C),
    )  # fmt: skip


def injury_of(seen: Outline, pulse: Pulse, skin: Skin, *, stack: int, fidelity: str) -> SpotInjury:
    """What a column of this outline injures in a skin, in the words of `SpotInjury`."""
    epidermis = skin.epidermis_um
    through = seen.wall_at(epidermis)
    basal = max(float(seen.dead_at(epidermis)), through)
    above = seen.dead_um[seen.dead_depths_um < epidermis]
    surface = max(basal, float(above.max(initial=0.0)))
    total = pulse.energy_mJ * J_PER_MJ * stack
    sources = (*water_line(pulse.wavelength_nm).sources, *damage.cell_death().sources, *tissue.SOURCES, *SOURCES, *skin.sources)
    return SpotInjury(
        wavelength_nm=pulse.wavelength_nm, duration_ms=pulse.duration_ms, ablation_depth_um=seen.depth_um,
        ablation_width_um=seen.width_um, coagulation_depth_um=seen.dead_to_um - seen.depth_um, coagulation_rim_um=seen.rim_um,
        lesion_top_um=0.0, lesion_depth_um=seen.dead_to_um, lesion_width_um=seen.lesion_width_um,
        surface_area=math.pi * surface**2, removed_area=math.pi * through**2,
        killed_area=math.pi * max(basal**2 - through**2, 0.0), basal_area=math.pi * basal**2,
        dermis_volume=seen.dead_volume_um3(epidermis), ablated_volume=seen.ablated_um3, heat=seen.heat_share * total,
        vessel_ratio=(), purpura_ratio=0.0, pigment_ratio=0.0, epidermis_pigment_ratio=0.0, pigment_depth_um=0.0, gland_ratio=0.0,
        peak_surface_C=seen.peak_surface_C, peak_basal_C=float(np.interp(epidermis, seen.peak_depths_um, seen.peak_C)),
        selective=False, fractional=True, passes_in_place=1,
        energy=balance(
            incident_J=total, reflected=seen.reflected, parts=(seen.through, seen.removed, seen.stored, seen.surface), scale=1.0
        ),
        fidelity=fidelity, error_pct=evidence.value("phys_error_channel"), warnings=(), sources=tuple(dict.fromkeys(sources)),
        area_by_depth=seen.area_by_depth(),
    )  # fmt: skip


__all__ = ["Outline", "injury_of", "nothing"]
