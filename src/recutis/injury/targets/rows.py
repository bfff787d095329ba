"""What the families of experiments share: how a row is read, the tissue its words stand for, its light."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Final

from recutis import evidence
from recutis.errors import InputError, RecutisError
from recutis.heat import column as heat
from recutis.injury import scattering
from recutis.injury.skin_light import index_above
from recutis.laser import surface_cooling
from recutis.laser.types import Cooling
from recutis.sites import PHOTOTYPES, SITES
from recutis.skin import Skin, build
from recutis.units import MS_PER_S, UM_PER_MM

Fields = Mapping[str, str]
_AGE = 40.0
_DEAD: Final = ("ex vivo", "ex-vivo", "excised", "in vitro", "cadaver", "harvested", "biops", "sample", "frozen", "dead")
_TYPE: Final = re.compile(r"\b(vi|iv|v|i{1,3})\b(?:\s*(?:-|–|/|to|or|and)\s*\b(vi|iv|v|i{1,3})\b)?")
_PIG: Final = "pig\\b|pigs\\b|porcine|swine|yucatan|hanford|sinclair|guizhou|bama"
_MINIPIG: Final = "IV"
# General words for pigment, the first that fits; the animals of laser experiments by their breeds.
_PIGMENT: Final[tuple[tuple[str, str], ...]] = (
    ("albino|hairless|unpigmented|non-?pigmented|vitiligo", "I"),
    ("guinea|african|black|heavily pigmented|highly pigmented|very dark", "VI"),
    ("hamster|rabbit|rat\\b|rats\\b|mouse|mice|murine", "I"),
    ("(light|white|pale|lightly pigmented|yorkshire|landrace|domestic|large white)[^,;]*(pig|porcine|swine)", "I"),
    ("(yorkshire|landrace)", "I"),
    ("(dark|black)[^,;]*(pig|porcine|swine)", "VI"),
    (_PIG, _MINIPIG),
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


def injury_depth_um() -> float:
    """Depth at which experiments on injury look for dead cells."""
    return evidence.value("phys_injury_depth")


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
    found = _TYPE.search(words)
    if found:
        first, second = found.group(1).upper(), (found.group(2) or found.group(1)).upper()
        darker = (PHOTOTYPES.index(first) + PHOTOTYPES.index(second) + 1) // 2
        return PHOTOTYPES[darker]
    for expression, phototype in _PIGMENT:
        if re.search(expression, words):
            return phototype
    return "II"


def _as_pig(skin: Skin) -> Skin:
    """Skin with the melanin of pigmented mini-pigs, all of it in the basal layer."""
    amount = evidence.value("phys_minipig_melanin") * skin.epidermis_um
    basal = sum(x.thickness_um for x in skin.layers if x.name == "basal_layer")
    held = {"basal_layer": amount / basal}
    return replace(skin, layers=tuple(replace(x, melanin_fraction=held.get(x.name, 0.0)) for x in skin.layers))


@cache
def skin_of(tissue_words: str) -> Skin:
    """The skin that the words of a row stand for: pigment and place by words, else the anatomy of a cheek.

    Pigs that the words do not call light or dark are pigmented mini-pigs. Skin off the body is at room temperature.
    """
    words = tissue_words.lower()
    site = next((x for x in SITES if x != "full_face" and re.search(rf"\b{x.rstrip('s')}s?\b", words)), "cheek")
    phototype = phototype_of(words)
    skin = build(site=site, age_years=_AGE, phototype=phototype, sex="female")
    if phototype == _MINIPIG and re.search(_PIG, words):
        skin = _as_pig(skin)
    if is_living(words):
        return skin
    return replace(skin, surface_temperature_C=evidence.value("phys_room_temperature"))


def repeat(row: Fields) -> tuple[int, int, float]:
    """Stack, passes and rate: fast trains are stacks, slow ones passes on rested tissue."""
    count = int(float(row.get("n_pulses") or 1))
    rate = float(row.get("repetition_rate_Hz") or 1.0)
    slow = rate * evidence.value("phys_pass_gap_s") <= 1.0 + 1e-9
    return (1, count, 1.0) if slow else (count, 1, rate)


# General words for cooling, the first that fits, and the kind that they mean.
_COOLING: Final[tuple[tuple[str, str], ...]] = (
    ("cryogen|csc|dcd|dynamic|spurt|r-?134a|tetrafluoroethane", "cryogen"),
    ("sapphire|contact|plate|tip|window|ice|copper|peltier|chill", "contact"),
    ("gel", "gel"),
    ("air|zimmer|cryo", "cold_air"),
)
_NO_COOLING: Final = re.compile(r"^(-|none|nil|off|no(_.*)?|without.*|.*room.*)?$")
_FIGURE: Final = re.compile(r"(-?\d+(?:\.\d+)?)_*(ms|s|degc|°c|c)(?![a-z])")


def cooling_of(words: str) -> Cooling:
    """The cooling that the words of a row mean, such as `cryogen_spray_30ms_delay_20ms`, `contact_4C`, `sapphire_-5C`, `cold_air`.

    A figure in C is the temperature of the cooler; one in ms or s how long it is on before the light, or after the word
    delay how long it waits; what is not said is what such coolers usually have.

    Raises InputError for words that mean no cooling.
    """
    text = words.strip().lower().replace(" ", "_")
    if _NO_COOLING.match(text):
        return Cooling()
    kind = next((kind for expression, kind in _COOLING if re.search(expression, text)), None)
    if kind is None:
        msg = f"'{words}' is no cooling that the model knows; write for example cryogen_spray_60ms, contact_4C, cold_air, gel or ice."
        raise InputError(msg)
    found = surface_cooling(kind)
    if re.search(r"(?<![a-z])ice", text):
        found = replace(found, medium_C=0.0)
    medium, before, delay = found.medium_C, found.before_ms, found.delay_ms
    for figure in _FIGURE.finditer(text):
        value, unit, ahead = float(figure.group(1)), figure.group(2), text[: figure.start()]
        milliseconds = abs(value) * (1.0 if unit == "ms" else MS_PER_S)
        if unit in {"c", "degc", "°c"}:
            medium = value
        elif ahead.rstrip("_").endswith("delay"):
            delay = milliseconds
        else:
            before, delay = milliseconds, 0.0 if kind == "cryogen" else delay
    return replace(found, medium_C=medium, before_ms=before, delay_ms=delay)


class UnknownQuantityError(RecutisError):
    """The model has no such quantity."""

    def __init__(self, quantity: str) -> None:
        super().__init__(f"the model does not compute '{quantity}' for this family")


def light_of(row: Fields, skin: Skin) -> scattering.Field:
    """Light on the axis of the row's spot, from photons in these layers."""
    nm = number(row, "wavelength_nm")
    spot = number(row, "spot_diameter_mm") * UM_PER_MM
    above = index_above(cooling_of(row.get("cooling", "")))
    return scattering.light_field(
        skin, nm, (nm, nm), spot, row["spot_profile"] == "gaussian", light_spread="photons", n_above=above
    )
