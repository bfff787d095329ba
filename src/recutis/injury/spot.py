"""What one spot or column does to the tissue under it: the expensive half of an injury, free of density and passes."""

from __future__ import annotations

from dataclasses import dataclass

from recutis.injury.types import EnergyBalance


@dataclass(frozen=True, kw_only=True)
class SpotInjury:
    """Injury under one spot or column.

    Depths and widths as in `Injury` [µm]. Areas and volumes belong to one column (fractional, µm² and
    µm³) or to a unit of surface (wide spots: areas are shares, volumes are mean depths in µm).
    `surface_area` dead or missing at the surface, `removed_area` ablated through the epidermis,
    `killed_area` epidermis dead but in place, `basal_area` basal layer dead or missing. `heat`
    is that of the upper half millimetre of skin when the light of a pass goes out [J/m² of wide spots, J per column];
    `chill` is what cooling has taken there by then and `heat` does not yet lack [J/m²].
    `area_by_depth` maps depths [µm], rising, to the area dead or missing there; nothing is above the first or below the last.
    `vessel_ratio`, `purpura_ratio`, `pigment_ratio` and `epidermis_pigment_ratio` hold at the spot's
    own exposure for wide spots and at a mean exposure of 1 J/cm² for columns.
    """

    wavelength_nm: float
    duration_ms: float
    ablation_depth_um: float
    ablation_width_um: float
    coagulation_depth_um: float
    coagulation_rim_um: float
    lesion_top_um: float
    lesion_depth_um: float
    lesion_width_um: float
    surface_area: float
    removed_area: float
    killed_area: float
    basal_area: float
    dermis_volume: float
    ablated_volume: float
    heat: float
    chill: float = 0.0
    vessel_ratio: tuple[tuple[float, float, float], ...]
    purpura_ratio: float
    pigment_ratio: float
    epidermis_pigment_ratio: float
    pigment_depth_um: float
    gland_ratio: float
    peak_surface_C: float
    peak_basal_C: float
    selective: bool
    fractional: bool
    passes_in_place: int
    energy: EnergyBalance
    fidelity: str
    error_pct: float
    warnings: tuple[str, ...]
    sources: tuple[str, ...]
    area_by_depth: tuple[tuple[float, float], ...] = ()
