"""Builds layered skin from site, age, phototype and sex."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final

from recutis import evidence
from recutis.errors import InputError, OutOfRangeError, UnknownNameError
from recutis.sites import PHOTOTYPES, SITES
from recutis.skin.types import Layer, LayerName, Skin
from recutis.units import PERCENT

_YEARS_PER_DECADE: Final = 10.0
_OLDEST_YEARS: Final = 120.0
_SEXES: Final = ("female", "male")

# Rows of the shared tables that hold a site's working value; every other site has its own row skin.<site>.<quantity>.
_SHARED_ROWS: Final[dict[tuple[str, str], str]] = {
    ("cheek", "stratum_corneum"): "stratum_corneum_thickness_cheek",
    ("eyelid", "stratum_corneum"): "stratum_corneum_thickness_eyelid",
    ("hands", "stratum_corneum"): "stratum_corneum_thickness_hand_back",
    ("decolletage", "stratum_corneum"): "stratum_corneum_thickness_decolletage",
    ("cheek", "viable_epidermis"): "viable_epidermis_working_cheek",
    ("eyelid", "viable_epidermis"): "viable_epidermis_working_eyelid",
    ("perioral", "viable_epidermis"): "viable_epidermis_working_perioral",
    ("nose", "viable_epidermis"): "viable_epidermis_working_nose",
    ("neck", "viable_epidermis"): "viable_epidermis_working_neck",
    ("decolletage", "viable_epidermis"): "viable_epidermis_working_decolletage",
    ("decolletage", "dermis"): "dermis_working_decolletage",
    ("nose", "follicle_density"): "follicle_density_nose_Pagnoni",
    ("forehead", "follicle_density"): "hair_follicle_density_forehead_Otberg",
    ("neck", "follicle_density"): "follicle_density_neck_decolletage",
    ("decolletage", "follicle_density"): "follicle_density_neck_decolletage",
}
_GENERAL_ROWS: Final[dict[str, str]] = {
    "papillary_dermis": "papillary_dermis_thickness_face",
    "blood_reticular": "blood_volume_fraction_dermis_mean",
    "surface_temperature": "skin_surface_temperature_baseline",
}
_WATER_ROWS: Final[dict[LayerName, str]] = {
    "stratum_corneum": "water_content_stratum_corneum",
    "epidermis": "water_content_viable_epidermis",
    "basal_layer": "water_content_viable_epidermis",
    "papillary_dermis": "water_content_dermis",
    "reticular_dermis": "water_content_dermis",
    "subcutis": "skin.water_subcutis",
}


@dataclass(frozen=True, kw_only=True)
class _Length:
    """A thickness with its range [µm] and the rows it came from."""

    value: float
    low: float
    high: float
    sources: tuple[str, ...]

    def times(self, factor: float, *sources: str) -> _Length:
        return _Length(
            value=self.value * factor, low=self.low * factor, high=self.high * factor, sources=(*self.sources, *sources)
        )


def row_id(site: str, quantity: str) -> str:
    """Id of the evidence row that holds a quantity of a site; `full_face` takes the site its own row names.

    `quantity` is stratum_corneum, viable_epidermis, dermis, papillary_dermis, subcutis,
    blood_papillary, blood_reticular, follicle_density or surface_temperature.

    Raises UnknownNameError when the site has no such row.
    """
    at = evidence.get("skin.full_face").text if site == "full_face" else site
    shared = _SHARED_ROWS.get((at, quantity))
    if shared is not None:
        return shared
    own = f"skin.{at}.{quantity}"
    if quantity in _GENERAL_ROWS and not evidence.has(own):
        return _GENERAL_ROWS[quantity]
    return evidence.get(own).id


def _length(site: str, quantity: str) -> _Length:
    key = row_id(site, quantity)
    low, value, high = evidence.numbers(key)
    return _Length(value=value, low=low, high=high, sources=(key,))


def _check(site: str, age_years: float, phototype: str, sex: str) -> None:
    for name, given, known in (("site", site, SITES), ("phototype", phototype, PHOTOTYPES), ("sex", sex, _SEXES)):
        if given not in known:
            near = difflib.get_close_matches(str(given), known, n=2, cutoff=0.4)
            hint = f"; nearest: {', '.join(near)}" if near else ""
            msg = f"There is no {name} '{given}'{hint}. Give one of {', '.join(known)}."
            raise UnknownNameError(msg)
    if not 0 < age_years <= _OLDEST_YEARS:
        msg = f"An age of {age_years:g} years is outside 0 to {_OLDEST_YEARS:g}; give the age in years."
        raise OutOfRangeError(msg)


def ageing_factor(age_years: float, *, percent_per_decade: float) -> float:
    """Thickness at this age over that at the age of the working values (1 there; constant before thinning starts)."""
    start, reference = evidence.value("skin.ageing_from_age"), evidence.value("skin.reference_age")
    decades = (max(age_years, start) - reference) / _YEARS_PER_DECADE
    return float((1 - percent_per_decade / PERCENT) ** decades)


def sex_factor(sex: str, *, men_over_women: float) -> float:
    """Thickness of this sex over the mean of both."""
    mean = (1 + men_over_women) / 2
    return men_over_women / mean if sex == "male" else 1 / mean


def _thicknesses(site: str, age_years: float, sex: str) -> dict[LayerName, _Length]:
    ageing = {"epidermis": "skin.epidermis_loss", "dermis": "ageing_dermis_thickness_loss"}
    ratio = {"epidermis": "skin.epidermis_sex_ratio", "dermis": "skin.dermis_sex_ratio"}
    factor = {
        part: ageing_factor(age_years, percent_per_decade=evidence.value(ageing[part]))
        * sex_factor(sex, men_over_women=evidence.value(ratio[part]))
        for part in ageing
    }
    why = {part: (ageing[part], ratio[part], "skin.reference_age", "skin.ageing_from_age") for part in ageing}
    viable = _length(site, "viable_epidermis").times(factor["epidermis"], *why["epidermis"])
    dermis = _length(site, "dermis").times(factor["dermis"], *why["dermis"])
    papillary = _length(site, "papillary_dermis").times(factor["dermis"], *why["dermis"])
    basal_low, basal, basal_high = evidence.numbers("skin.basal_layer")
    return {
        "stratum_corneum": _length(site, "stratum_corneum"),
        "epidermis": _less(viable, basal),
        "basal_layer": _Length(value=basal, low=basal_low, high=basal_high, sources=("skin.basal_layer",)),
        "papillary_dermis": papillary,
        "reticular_dermis": _less(dermis, papillary.value),
        "subcutis": _length(site, "subcutis"),
    }


def _less(whole: _Length, part_um: float) -> _Length:
    return _Length(value=whole.value - part_um, low=whole.low - part_um, high=whole.high - part_um, sources=whole.sources)


def melanin_mean(phototype: str, *, tanned: bool) -> tuple[float, float, float]:
    """(low, value, high) of the melanosome fraction averaged over the whole epidermis.

    The fractions belong to melanosome formula b of the optics table (Jacques 1998).
    """
    low, value, high = evidence.numbers(f"epidermal_melanosome_fraction_Fitzpatrick_{phototype}")
    factor = evidence.value("skin.tan_factor") if tanned else 1.0
    return low * factor, value * factor, high * factor


def _melanin(phototype: str, tanned: bool, thick: dict[LayerName, _Length]) -> dict[LayerName, float]:
    """Melanosome fraction by layer; the thickness-weighted mean over the epidermis is that of the phototype."""
    corneum, upper, basal = (thick[x].value for x in ("stratum_corneum", "epidermis", "basal_layer"))
    amount = melanin_mean(phototype, tanned=tanned)[1] * (corneum + upper + basal)
    in_basal = min(
        amount * evidence.value(f"skin.melanin_basal_share_{phototype}"), basal * evidence.value("skin.melanin_basal_most")
    )
    relative = evidence.value("skin.melanin_corneum_relative")
    above = (amount - in_basal) / (upper + relative * corneum)
    return {"stratum_corneum": relative * above, "epidermis": above, "basal_layer": in_basal / basal}


def _blood(site: str) -> dict[LayerName, tuple[float, str]]:
    papillary, reticular = row_id(site, "blood_papillary"), row_id(site, "blood_reticular")
    return {
        "papillary_dermis": (evidence.value(papillary), papillary),
        "reticular_dermis": (evidence.value(reticular), reticular),
        "subcutis": (evidence.value("skin.blood_subcutis"), "skin.blood_subcutis"),
    }


def build(*, site: str, age_years: float, phototype: str, sex: str, tanned: bool = False) -> Skin:
    """Skin of one site as six layers from the surface down.

    Thicknesses are histology-like working values, not ultrasound ones: ultrasound includes the
    entry echo and makes the epidermis two to four times too thick (Meng et al. 2022 against Chopra
    et al. 2015). The dermis thins with age, and is thicker in men by the ratio that ultrasound
    shows. Melanin lies mostly in the basal layer in light skin and in all layers in dark skin;
    its mean over the whole epidermis is that of the phototype in either case.

    Raises UnknownNameError for an unknown site, phototype or sex; OutOfRangeError for an impossible age.
    """
    _check(site, age_years, phototype, sex)
    thick = _thicknesses(site, age_years, sex)
    melanin, blood = _melanin(phototype, tanned, thick), _blood(site)
    melanin_sources = (
        f"epidermal_melanosome_fraction_Fitzpatrick_{phototype}",
        f"skin.melanin_basal_share_{phototype}",
        "skin.melanin_basal_most",
        "skin.melanin_corneum_relative",
        *(("skin.tan_factor",) if tanned else ()),
    )
    layers = tuple(
        Layer(
            name=name,
            thickness_um=length.value,
            low_um=length.low,
            high_um=length.high,
            water_fraction=evidence.value(_WATER_ROWS[name]),
            melanin_fraction=melanin.get(name, 0.0),
            blood_fraction=blood[name][0] if name in blood else 0.0,
            sources=(
                *length.sources,
                _WATER_ROWS[name],
                *(melanin_sources if name in melanin else ()),
                *((blood[name][1],) if name in blood else ()),
            ),
        )
        for name, length in thick.items()
    )
    if any(layer.thickness_um <= 0 for layer in layers):
        msg = f"The layers of {site} at {age_years:g} years come out without thickness; check its rows in the evidence tables."
        raise InputError(msg)
    follicles, temperature = row_id(site, "follicle_density"), row_id(site, "surface_temperature")
    general = (follicles, temperature, *(("skin.full_face",) if site == "full_face" else ()))
    return Skin(
        site=site,
        age_years=age_years,
        sex=sex,
        phototype=phototype,
        layers=layers,
        follicle_density_cm2=evidence.value(follicles),
        surface_temperature_C=evidence.value(temperature),
        sources=tuple(dict.fromkeys((*general, *(source for layer in layers for source in layer.sources)))),
    )
