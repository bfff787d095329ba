"""What the families of experiments share: how a row is read, the tissue its words stand for, its light."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from recutis import evidence
from recutis.errors import RecutisError
from recutis.heat import column as heat
from recutis.injury import scattering
from recutis.sites import PHOTOTYPES, SITES
from recutis.skin import Skin, build
from recutis.units import MS_PER_S, UM_PER_MM

Fields = Mapping[str, str]
INJURY_DEPTH_UM = 60.0  # where the shared rows on infrared injury look for dead cells
_AGE = 40.0
_DEAD: Final = ("ex vivo", "ex-vivo", "excised", "in vitro", "cadaver", "biops", "sample", "frozen", "dead")
_TYPE: Final = re.compile(r"\b(vi|iv|v|i{1,3})\b(?:\s*(?:-|–|/|to|or|and)\s*\b(vi|iv|v|i{1,3})\b)?")
# General words for pigment, the first that fits; the animals of laser experiments by their breeds.
_PIGMENT: Final[tuple[tuple[str, str], ...]] = (
    ("albino|hairless|unpigmented|non-?pigmented|vitiligo", "I"),
    ("guinea|african|black|heavily pigmented|highly pigmented|very dark", "VI"),
    ("hamster|rabbit|rat\\b|rats\\b|mouse|mice|murine", "I"),
    ("(light|white|pale|lightly pigmented|yorkshire|landrace|domestic|large white)[^,;]*(pig|porcine|swine)", "I"),
    ("(yorkshire|landrace)", "I"),
    ("(dark|black)[^,;]*(pig|porcine|swine)", "VI"),
    ("pig\\b|pigs\\b|minipig|micropig|porcine|swine|yucatan|hanford|sinclair|guizhou|bama", "IV"),
    ("sun-?protected|white|caucasian|pale|very fair", "I"),
    ("brown|dark|moderate|indian|hispanic|latin|tanned|pigmented", "V"),
    ("asian|chinese|japanese|korean|olive|mediterranean", "III"),
)  # fmt: skip


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


def is_living(tissue_words: str) -> bool:
    """Whether the words of a row mean skin on a living body, with blood flow and warmth."""
    return not any(word in tissue_words.lower() for word in _DEAD)


def phototype_of(tissue_words: str) -> str:
    """The phototype whose melanin comes nearest to what the words say; II where they say nothing."""
    words = tissue_words.lower()
    found = [x for x in _TYPE.finditer(words)]
    if found:
        first, second = found[0].group(1).upper(), (found[0].group(2) or found[0].group(1)).upper()
        darker = (PHOTOTYPES.index(first) + PHOTOTYPES.index(second) + 1) // 2
        return PHOTOTYPES[darker]
    for expression, phototype in _PIGMENT:
        if re.search(expression, words):
            return phototype
    return "II"


def skin_of(tissue_words: str) -> Skin:
    """The skin that the words of a row stand for: pigment and place by words, else the anatomy of a cheek.

    Skin off the body is at room temperature.
    """
    words = tissue_words.lower()
    site = next((x for x in SITES if x.replace("_", " ").rstrip("s") in words and x != "full_face"), "cheek")
    skin = build(site=site, age_years=_AGE, phototype=phototype_of(words), sex="female")
    if is_living(words):
        return skin
    return replace(skin, surface_temperature_C=evidence.value("phys_room_temperature"))


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
