"""Ablation by wide beams of water-dominated lasers."""

from __future__ import annotations

import math

from recutis import evidence
from recutis.heat import column as heat
from recutis.heat import tissue
from recutis.injury import ablative
from recutis.injury.targets.rows import INJURY_DEPTH_UM, Fields, UnknownQuantityError, duration_ms, number, plain_slab, repeat
from recutis.units import J_M2_PER_J_CM2, M_PER_UM, UM_PER_M

_MICROGRAM_PER_KG = 1e9  # SI prefixes


def _shot(row: Fields, fluence: float) -> ablative.Stack:
    stack, passes, rate = repeat(row)
    return ablative.expose_column(
        plain_slab(), wavelength_nm=number(row, "wavelength_nm"), fluence_J_cm2=fluence, duration_ms=duration_ms(row), stack=stack,
        repetition_Hz=rate, passes=passes,
    )  # fmt: skip


def _depth_um(shot: ablative.Stack) -> float:
    return shot.last.column.depth_m * UM_PER_M


def compute(row: Fields) -> float:  # noqa: PLR0911  (one return a quantity)
    """Depth, threshold, slope, residual damage or surface temperature of a wide ablative beam.

    Raises UnknownQuantityError for a quantity that the family has not.
    """
    quantity = row["quantity"]
    if quantity == "ablation_threshold_J_cm2":
        return ablative.ablation_threshold_J_cm2(plain_slab(), number(row, "wavelength_nm"), duration_ms(row))
    if quantity == "injury_threshold_J_cm2":
        return _injury_of_surface(row)
    fluence = number(row, "fluence_J_cm2")
    if quantity == "ablation_slope_um_per_J_cm2":
        step = 0.1 * fluence  # a chord about the stated exposure
        return (_depth_um(_shot(row, fluence + step)) - _depth_um(_shot(row, fluence - step))) / (2 * step)
    shot = _shot(row, fluence)
    depth = _depth_um(shot)
    stack, passes, _ = repeat(row)
    if quantity == "ablation_efficiency_ug_per_J":
        density = tissue.thermal(evidence.value("phys_reference_water")).density_kg_m3
        return density * depth * M_PER_UM / (fluence * J_M2_PER_J_CM2) * _MICROGRAM_PER_KG
    if quantity == "ablation_depth_per_pulse_um":
        return depth / (stack * passes)
    if quantity in {"residual_thermal_damage_um", "coagulation_depth_um"}:
        column = shot.last.column
        return max(heat.dead_to_um(column, column.death) - depth, 0.0)
    if quantity == "surface_temperature_max_C":
        return shot.peak_surface_C
    raise UnknownQuantityError(quantity)


def _injury_of_surface(row: Fields) -> float:
    """Least exposure that kills cells down to the usual depth of the basal layer."""
    low, high = 0.05, 50.0
    for _ in range(14):
        middle = math.sqrt(low * high)
        column = _shot(row, middle).last.column
        if heat.dead_to_um(column, column.death) >= INJURY_DEPTH_UM:
            high = middle
        else:
            low = middle
    return high
