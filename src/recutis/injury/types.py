"""Injury: what the physics did, in the words of a histology slide. Carries no device name.

The response layer reads only this and the twins.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class EnergyBalance:
    """Where the energy of one pulse stack went, as fractions of the incident energy; they sum to 1.

    `removed` left with ablated tissue and vapour, `stored` stays as heat (sensible and latent),
    `surface` left through the cooled surface, `residual` is 1 minus the sum of all others.
    """

    incident_J: float
    reflected: float
    transmitted: float
    removed: float
    stored: float
    surface: float
    residual: float


@dataclass(frozen=True, kw_only=True)
class Injury:
    """Injury by one exposure (all its passes), per column or spot and over the treated field.

    Geometry of one column or of the whole spot [µm]: `ablation_depth_um`, `ablation_width_um`,
    `coagulation_depth_um` (thickness of dead tissue below the crater floor or, without a crater,
    from the surface or from `lesion_top_um` down), `coagulation_rim_um` (at the side wall, half
    way down), `lesion_top_um` (0 unless the surface is spared), `lesion_depth_um` (deepest dead
    tissue from the surface), `lesion_width_um`.
    Field: `coverage_fraction` surface fraction with dead or missing tissue after all passes,
    `epidermis_removed_fraction` (surface fraction ablated through the epidermis),
    `epidermis_killed_fraction` (dead but in place), `injured_dermis_um` (volume of dead or missing
    dermis per area = mean depth), `ablated_volume_um` (missing tissue per area),
    `basal_survival` surface fraction of living basal layer, `bulk_rise_C` mean temperature rise of
    the upper half millimetre over the field when the light of the last pass goes out: cooling has taken its part,
    earlier passes have left a share.
    Targets: `vessel_ratio` maps (diameter_um, depth_um) to delivered over needed exposure for
    closure of that vessel, at most what it bears before red cells burst it (pulses of microseconds and less);
    `purpura_ratio` the same for bleeding of the upper plexus that shows after a day; `pigment_ratio`
    delivered over needed exposure for lesion pigment, by exploding melanosomes (short pulses) or by heat
    (long pulses), whichever comes first; `epidermis_pigment_ratio` the same for the normal epidermis;
    `pigment_depth_um` depth to which lesion pigment is reached; `gland_ratio` the laser's
    temperature rise in the upper half of a sebaceous gland over the rise that kills its cells.
    `peak_surface_C`, `peak_basal_C` temperatures. `selective` is True where neither crater nor
    bulk coagulation is meant (vascular and pigment wavelengths with their pulse lengths).
    `injured_by_depth` maps depths [µm] to the share of the field dead or missing there, after all passes.
    `fidelity` names the model; `error_pct` its stated error on depths.
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
    coverage_fraction: float
    epidermis_removed_fraction: float
    epidermis_killed_fraction: float
    injured_dermis_um: float
    ablated_volume_um: float
    basal_survival: float
    bulk_rise_C: float
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
    passes: int
    energy: EnergyBalance
    fidelity: str
    error_pct: float
    warnings: tuple[str, ...]
    sources: tuple[str, ...]
    injured_by_depth: tuple[tuple[float, float], ...] = ()
