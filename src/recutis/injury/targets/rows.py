"""What the families of experiments share: how a row is read, the tissue its words stand for, its light."""

from __future__ import annotations

from collections.abc import Mapping

from recutis import evidence
from recutis.errors import RecutisError
from recutis.heat import column as heat
from recutis.injury import scattering
from recutis.skin import Skin, build
from recutis.units import MS_PER_S, UM_PER_MM

Fields = Mapping[str, str]
INJURY_DEPTH_UM = 60.0  # where the shared rows on infrared injury look for dead cells
_AGE = 40.0


def number(row: Fields, name: str) -> float:
    """A column as a number."""
    return float(row[name])


def duration_ms(row: Fields) -> float:
    """Length of a pulse."""
    return number(row, "pulse_duration_s") * MS_PER_S


def plain_slab() -> heat.Slab:
    """Wet skin without layers at the reference water content."""
    start = evidence.numbers("skin_surface_temperature_baseline")[1]
    return heat.Slab(thickness_um=(1e4,), water_fraction=(evidence.value("phys_reference_water"),), start_C=start)


def skin_of(tissue_words: str) -> Skin:
    """The skin that the words of a row stand for: pigmentation by words, anatomy of a cheek."""
    words = tissue_words.lower()
    phototype = "II"
    if "v-vi" in words or "black" in words or "guinea" in words:
        phototype = "VI"
    elif "pig skin" in words and "light" not in words:
        phototype = "III"
    elif "white" in words:
        phototype = "I"
    return build(site="cheek", age_years=_AGE, phototype=phototype, sex="female")


def repeat(row: Fields) -> tuple[int, int, float]:
    """Stack, passes and rate: fast trains are stacks, slow ones passes on rested tissue."""
    count = int(float(row.get("n_pulses") or 1))
    rate = float(row.get("repetition_rate_Hz") or 1.0)
    slow = rate * evidence.value("phys_pass_gap_s") <= 1.0 + 1e-9
    return (1, count, 1.0) if slow else (count, 1, rate)


class UnknownQuantityError(RecutisError):
    """The model has no such quantity."""

    def __init__(self, quantity: str) -> None:
        super().__init__(f"the model does not compute '{quantity}' for this family")


def light_of(row: Fields, skin: Skin) -> scattering.Field:
    """Light on the axis of the row's spot, from photons in these layers."""
    nm = number(row, "wavelength_nm")
    spot = number(row, "spot_diameter_mm") * UM_PER_MM
    return scattering.light_field(skin, nm, (nm, nm), spot, row["spot_profile"] == "gaussian", light_spread="photons")
