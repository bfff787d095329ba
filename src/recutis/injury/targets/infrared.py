"""Thresholds of injury and vaporisation, and temperatures, in the infrared: any round spot, any exposure."""

from __future__ import annotations

from recutis import evidence
from recutis.injury import finite_spot
from recutis.injury.targets.rows import (
    Fields,
    UnknownQuantityError,
    cooling_of,
    duration_ms,
    injury_depth_um,
    is_living,
    number,
    repeat,
    skin_of,
)
from recutis.units import M_PER_UM, UM_PER_MM


def patch_of(row: Fields) -> finite_spot.Patch:
    """The exposed place of a row; melanin stays in the layers where it lies."""
    return finite_spot.Patch(
        skin=skin_of(row["tissue"]), living=is_living(row["tissue"]), wavelength_nm=number(row, "wavelength_nm"),
        spot_um=number(row, "spot_diameter_mm") * UM_PER_MM, gaussian=row["spot_profile"] == "gaussian",
    )  # fmt: skip


def compute(row: Fields) -> float:
    """Least exposure on the axis that injures or vaporises; or temperatures at a stated exposure on the axis.

    Raises UnknownQuantityError for a quantity that the family has not.
    """
    patch, quantity = patch_of(row), row["quantity"]
    count, _, rate = repeat(row)
    plan = finite_spot.plan_of(duration_ms(row), pulses=count, repetition_Hz=rate, cooling=cooling_of(row.get("cooling", "")))
    if quantity == "injury_threshold_J_cm2":
        return finite_spot.injury_threshold_J_cm2(patch, plan, depth_um=injury_depth_um())
    if quantity in {"vaporization_threshold_J_cm2", "vaporisation_threshold_J_cm2"}:
        return finite_spot.vaporisation_threshold_J_cm2(patch, plan, boiling_C=evidence.value("phys_boiling"))
    depth = {"surface": 0.0, "basal": finite_spot.basal_um(patch.skin), "injury": injury_depth_um()}
    where, _, what = quantity.partition("_")
    if where not in depth or what not in {"temperature_max_C", "temperature_rise_C", "temperature_rise_K"}:
        raise UnknownQuantityError(quantity)
    run = finite_spot.heat_at(patch, plan, ((depth[where] * M_PER_UM, 0.0),))
    warm = run.temperature_C(number(row, "fluence_J_cm2"))[:, 0]
    return float(warm.max() - (0.0 if what.endswith("max_C") else warm[0]))
