"""Microbeams: ablative channels and coagulated columns."""

from __future__ import annotations

from recutis.errors import OutOfRangeError
from recutis.injury import channel
from recutis.injury.spot import SpotInjury
from recutis.injury.targets import columns
from recutis.injury.targets.rows import Fields, UnknownQuantityError, duration_ms, number, repeat, skin_of
from recutis.laser.types import Pulse
from recutis.light.lines import is_water_line
from recutis.units import UM_PER_MM


def _channel(row: Fields, energy_mJ: float) -> SpotInjury:
    """One channel of the row's setting at this pulse energy, all its pulses at one place."""
    pulse = Pulse(
        wavelength_nm=number(row, "wavelength_nm"), energy_mJ=energy_mJ, spot_um=number(row, "spot_diameter_mm") * UM_PER_MM,
        profile="gaussian" if row["spot_profile"] == "gaussian" else "flat_top", duration_ms=duration_ms(row),
    )  # fmt: skip
    stack, passes, rate = repeat(row)
    return channel.channel_injury(pulse, skin_of(row["tissue"]), stack=stack * passes, repetition_Hz=rate)


def compute(row: Fields) -> float:
    """Depth, width or rim of one column, of fresh tissue.

    Raises UnknownQuantityError for a quantity that the family has not.
    """
    if not is_water_line(number(row, "wavelength_nm")):
        return columns.compute(row)
    quantity = row["quantity"]
    if not quantity.endswith("_ratio"):
        return _measure(_channel(row, number(row, "pulse_energy_mJ")), quantity)
    name = quantity.removesuffix("_ratio") + "_um"
    upper, lower = (float(x) for x in row["pulse_energy_mJ"].split("/"))
    least = _measure(_channel(row, lower), name)
    if least <= 0.0:
        msg = f"At {lower:g} mJ there is nothing to compare with, so there is no ratio; give a higher energy."
        raise OutOfRangeError(msg)
    return _measure(_channel(row, upper), name) / least


def _measure(spot: SpotInjury, quantity: str) -> float:
    found = {
        "lesion_depth_um": spot.lesion_depth_um,
        "lesion_width_um": spot.lesion_width_um,
        "ablation_depth_um": spot.ablation_depth_um,
        "ablation_width_um": spot.ablation_width_um,
        "coagulation_rim_um": spot.coagulation_rim_um,
        "coagulation_depth_um": spot.coagulation_depth_um,
    }
    if quantity not in found:
        raise UnknownQuantityError(quantity)
    return found[quantity]
