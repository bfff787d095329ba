"""Ablation by wide beams of water-dominated lasers."""

from __future__ import annotations

from dataclasses import replace

from recutis import evidence
from recutis.errors import InputError
from recutis.heat import column as heat
from recutis.heat import tissue
from recutis.injury import ablative
from recutis.injury.surface_injury import Train, injury_threshold_J_cm2, spot_ablation_threshold_J_cm2
from recutis.injury.targets.rows import (
    Fields,
    UnknownQuantityError,
    cooling_of,
    duration_ms,
    injury_depth_um,
    is_living,
    number,
    plain_slab,
    repeat,
)
from recutis.units import CM_PER_UM, J_M2_PER_J_CM2, M_PER_UM, UM_PER_M, UM_PER_MM, mean_fluence_J_cm2

_MICROGRAM_PER_KG, _J_PER_KJ = 1e9, 1e3  # SI prefixes


def _slab(row: Fields) -> heat.Slab:
    """Plain skin; at room temperature off the body."""
    slab = plain_slab()
    if is_living(row.get("tissue", "")):
        return slab
    return replace(slab, start_C=evidence.value("phys_room_temperature"))


def _shot(row: Fields, fluence: float) -> ablative.Stack:
    stack, passes, rate = repeat(row)
    return ablative.expose_column(
        _slab(row), wavelength_nm=number(row, "wavelength_nm"), fluence_J_cm2=fluence, duration_ms=duration_ms(row), stack=stack,
        repetition_Hz=rate, passes=passes, cooling=cooling_of(row.get("cooling", "")),
    )  # fmt: skip


def _fluence(row: Fields) -> float:
    """The exposure of a row, or what energy and spot make on its axis."""
    if row.get("fluence_J_cm2", "").strip():
        return number(row, "fluence_J_cm2")
    if not (row.get("pulse_energy_mJ", "").strip() and row.get("spot_diameter_mm", "").strip()):
        msg = "The row gives neither an exposure nor an energy and a spot; fill in fluence_J_cm2."
        raise InputError(msg)
    mean = mean_fluence_J_cm2(energy_mJ=number(row, "pulse_energy_mJ"), spot_um=number(row, "spot_diameter_mm") * UM_PER_MM)
    return mean * (2.0 if row.get("spot_profile") == "gaussian" else 1.0)


def _depth_um(shot: ablative.Stack) -> float:
    return shot.last.column.depth_m * UM_PER_M


def compute(row: Fields) -> float:  # noqa: PLR0911  (one return a quantity)
    """Depth, threshold, slope, residual damage or surface temperature of a wide ablative beam.

    Raises UnknownQuantityError for a quantity that the family has not, InputError where the row gives no exposure.
    """
    quantity = row["quantity"]
    if quantity == "ablation_threshold_J_cm2":
        return _ablation_of_spot(row)
    if quantity == "injury_threshold_J_cm2":
        return _injury_of_surface(row)
    fluence = _fluence(row)
    if quantity == "ablation_slope_um_per_J_cm2":
        step = 0.1 * fluence  # a chord about the stated exposure
        stack, passes, _ = repeat(row)
        return (_depth_um(_shot(row, fluence + step)) - _depth_um(_shot(row, fluence - step))) / (2 * step * stack * passes)
    shot = _shot(row, fluence)
    depth = _depth_um(shot)
    stack, passes, _ = repeat(row)
    if quantity == "ablation_efficiency_ug_per_J":
        density = tissue.thermal(evidence.value("phys_reference_water")).density_kg_m3
        return density * depth * M_PER_UM / (fluence * J_M2_PER_J_CM2 * stack * passes) * _MICROGRAM_PER_KG
    if quantity == "ablation_depth_per_pulse_um":
        return depth / (stack * passes)
    if quantity == "ablation_depth_um":
        return depth
    if quantity == "heat_of_ablation_kJ_cm3":
        if depth <= 0.0:
            msg = f"Nothing is removed at {fluence:g} J/cm², so that there is no heat of ablation; give a row a greater exposure."
            raise InputError(msg)
        return fluence * stack * passes / (depth * CM_PER_UM) / _J_PER_KJ
    if quantity == "lesion_depth_um":
        return heat.dead_to_um(shot.last.column, shot.last.column.death)
    if quantity in {"residual_thermal_damage_um", "coagulation_depth_um"}:
        column = shot.last.column
        return max(heat.dead_to_um(column, column.death) - depth, 0.0)
    if quantity == "surface_temperature_max_C":
        return shot.peak_surface_C
    raise UnknownQuantityError(quantity)


def _ablation_of_spot(row: Fields) -> float:
    """Least exposure that removes tissue; with what a small spot loses sideways in a long pulse."""
    place, nm, cooling = _slab(row), number(row, "wavelength_nm"), cooling_of(row.get("cooling", ""))
    spot = row.get("spot_diameter_mm", "").strip()
    if not spot:
        return ablative.ablation_threshold_J_cm2(place, nm, duration_ms(row), cooling)
    return spot_ablation_threshold_J_cm2(
        place,
        nm,
        duration_ms(row),
        spot_um=float(spot) * UM_PER_MM,
        gaussian=row.get("spot_profile") == "gaussian",
        cooling=cooling,
    )


def _injury_of_surface(row: Fields) -> float:
    """Least exposure that kills cells down to the usual depth of the basal layer."""
    stack, passes, rate = repeat(row)
    spot = row.get("spot_diameter_mm", "").strip()
    return injury_threshold_J_cm2(
        _slab(row), number(row, "wavelength_nm"), Train(duration_ms=duration_ms(row), count=stack, repetition_Hz=rate),
        injury_depth_um(), spot_um=float(spot) * UM_PER_MM if spot else None, gaussian=row.get("spot_profile") == "gaussian",
        passes=passes, cooling=cooling_of(row.get("cooling", "")),
    )  # fmt: skip
