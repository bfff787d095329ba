"""Microbeams: ablative channels and coagulated columns."""

from __future__ import annotations

from recutis.injury import channel, thermal_zone
from recutis.injury.spot import SpotInjury
from recutis.injury.targets.rows import Fields, UnknownQuantityError, duration_ms, number, repeat, skin_of
from recutis.laser.types import Cooling, Pulse
from recutis.light.lines import is_water_line
from recutis.units import UM_PER_MM


def _microbeam(row: Fields, energy: float) -> Pulse:
    profile = "gaussian" if row["spot_profile"] == "gaussian" else "flat_top"
    return Pulse(
        wavelength_nm=number(row, "wavelength_nm"), energy_mJ=energy, spot_um=number(row, "spot_diameter_mm") * UM_PER_MM,
        profile="gaussian" if profile == "gaussian" else "flat_top", duration_ms=duration_ms(row),
    )  # fmt: skip


def _column(row: Fields, energy: float) -> SpotInjury:
    """One column of the row's setting at this pulse energy [mJ], all its pulses at one place."""
    skin, pulse = skin_of(row["tissue"]), _microbeam(row, energy)
    if is_water_line(pulse.wavelength_nm):
        stack, passes, rate = repeat(row)
        return channel.channel_injury(pulse, skin, stack=stack * passes, repetition_Hz=rate)
    return thermal_zone.zone_injury(pulse, skin, stack=1, repetition_Hz=1.0, cooling=Cooling(), light_spread="photons")


def compute(row: Fields) -> float:
    """Depth, width or rim of one column, of fresh tissue.

    Raises UnknownQuantityError for a quantity that the family has not.
    """
    quantity = row["quantity"]
    if quantity.endswith("_ratio"):
        upper, lower = (float(x) for x in row["pulse_energy_mJ"].split("/"))
        name = quantity.removesuffix("_ratio") + "_um"
        return _measure(_column(row, upper), name) / _measure(_column(row, lower), name)
    return _measure(_column(row, number(row, "pulse_energy_mJ")), quantity)


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
