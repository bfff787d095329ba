"""Thresholds of injury and vaporisation in the infrared."""

from __future__ import annotations

from recutis import evidence
from recutis.injury import scattering
from recutis.injury.schedule import segments
from recutis.injury.targets.rows import INJURY_DEPTH_UM, Fields, UnknownQuantityError, duration_ms, light_of, skin_of
from recutis.laser.types import Cooling


def compute(row: Fields) -> float:
    """Least on-axis exposure that injures or vaporises.

    Raises UnknownQuantityError for a quantity that the family has not.
    """
    skin = scattering.ridged(skin_of(row["tissue"]))
    field = light_of(row, skin)
    plan = segments(fluence_J_cm2=1.0, duration_ms=duration_ms(row), stack=1, repetition_Hz=1.0, cooling=Cooling())
    run = scattering.heat_field(skin, field, plan, (INJURY_DEPTH_UM,))
    if row["quantity"] == "vaporization_threshold_J_cm2":
        return (evidence.value("phys_boiling") - skin.surface_temperature_C) / float(run.column.peak_K.max())
    if row["quantity"] != "injury_threshold_J_cm2":
        raise UnknownQuantityError(row["quantity"])
    return 1.0 / scattering.thermal_ratio(scattering.faint_twin(skin, field, plan, (INJURY_DEPTH_UM,)), run, 0)
