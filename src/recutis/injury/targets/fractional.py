"""Microbeams: ablative channels and coagulated columns."""

from __future__ import annotations

from recutis.injury import ablative
from recutis.injury.targets import columns
from recutis.injury.targets.rows import Fields, UnknownQuantityError, duration_ms, number, skin_of
from recutis.laser.types import Pulse
from recutis.light.lines import is_water_line
from recutis.units import UM_PER_MM


def _microbeam(row: Fields, energy: float) -> Pulse:
    profile = "gaussian" if row["spot_profile"] == "gaussian" else "flat_top"
    return Pulse(
        wavelength_nm=number(row, "wavelength_nm"), energy_mJ=energy, spot_um=number(row, "spot_diameter_mm") * UM_PER_MM,
        profile="gaussian" if profile == "gaussian" else "flat_top", duration_ms=duration_ms(row),
    )  # fmt: skip


def compute(row: Fields) -> float:
    """Depth, width or rim of one column.

    Raises UnknownQuantityError for a quantity that the family has not.
    """
    if not is_water_line(number(row, "wavelength_nm")):
        return columns.compute(row)
    skin, quantity = skin_of(row["tissue"]), row["quantity"]
    if quantity == "lesion_depth_ratio":
        upper, lower = (float(x) for x in row["pulse_energy_mJ"].split("/"))
        depths = [
            ablative.microbeam(_microbeam(row, e), skin, stack=1, repetition_Hz=1.0).lesion_depth_um for e in (upper, lower)
        ]
        return depths[0] / depths[1]
    pulse = _microbeam(row, number(row, "pulse_energy_mJ"))
    spot = ablative.microbeam(pulse, skin, stack=1, repetition_Hz=1.0)
    found = {
        "lesion_depth_um": spot.lesion_depth_um,
        "lesion_width_um": spot.lesion_width_um,
        "ablation_depth_um": spot.ablation_depth_um,
        "coagulation_rim_um": spot.coagulation_rim_um,
    }
    if quantity not in found:
        raise UnknownQuantityError(quantity)
    return found[quantity]
