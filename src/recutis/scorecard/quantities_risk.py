"""Quantities of harm: pigment, scars, infection, herpes, flares, and what protects from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from recutis.classes import matches
from recutis.scorecard.panel import Panel, Treated, persons, spread
from recutis.scorecard.quantities_time import CHEST, FACE
from recutis.scorecard.registry import by_class, merged, quantity
from recutis.scorecard.types import Answer, Computed

_COURSE: Final = "per usual course, sunscreen as the only protection"
_LONG_TERM: Final = ("hypopigmentation", "scarring", "ectropion", "prolonged_erythema")


def _risk(panel: Panel, name: str, risk: str, *, person: str = FACE, label: str = "") -> Computed:
    return by_class(
        panel,
        person,
        name,
        "pct",
        lambda treated: spread(treated.course_risk_pct(risk)),
        sources=lambda treated: treated.response.sources[risk],
        note=_COURSE,
        label=label,
    )


@quantity("long_term_risk_pct")
def long_term_risk_pct(panel: Panel, _concern: str) -> Computed:
    """Chance of each lasting harm in a usual course."""

    def risks(treated: Treated) -> dict[str, Answer]:
        return {risk.replace("_", " "): spread(treated.course_risk_pct(risk)) for risk in _LONG_TERM}

    def sources(treated: Treated) -> tuple[str, ...]:
        return tuple(row for risk in _LONG_TERM for row in treated.response.sources[risk])

    return by_class(panel, FACE, "long_term_risk_pct", "pct", risks, sources=sources, note=_COURSE)


@quantity("PIH_pct")
def pih_pct(panel: Panel, _concern: str) -> Computed:
    """Chance of post-inflammatory darkening in fair skin."""
    return _risk(panel, "PIH_pct", "pih")


@quantity("risk_by_phototype", "PIH_pct_by_phototype")
def pih_pct_by_phototype(panel: Panel, _concern: str) -> Computed:
    """The same for the reference persons of each phototype."""
    parts = [
        _risk(panel, "PIH_pct_by_phototype", "pih", person=name, label=f"phototype {name.removeprefix('treated_phototype_')}")
        for name in persons("treated_phototype_")
    ]
    found = merged("PIH_pct_by_phototype", parts)
    return replace(found, note=f"{_COURSE}; within the ceilings, screening bars more")


@quantity("chest_scar_risk_pct")
def chest_scar_risk_pct(panel: Panel, _concern: str) -> Computed:
    """Chance of scarring on the décolletage, under its ceilings."""
    return _risk(panel, "chest_scar_risk_pct", "scarring", person=CHEST)


@quantity("acne_flare_risk_pct")
def acne_flare_risk_pct(panel: Panel, _concern: str) -> Computed:
    """Chance of milia and acne-like flares in a person with active acne."""
    name = "treated_acne"
    return _risk(panel, "acne_flare_risk_pct", "acneiform", person=name)


@quantity("pigment_risk_reduction")
def pigment_risk_reduction(panel: Panel, _concern: str) -> Computed:
    """How much daily sunscreen lowers the chance of darkening, against going without."""

    def fall(treated: Treated) -> Answer:
        without = treated.respond(sunscreen=False)
        return spread(treated.course_risk_pct("pih", without) - treated.course_risk_pct("pih"))

    rows = ("response.pih.no_sunscreen", "RSK-049")
    return by_class(
        panel,
        FACE,
        "pigment_risk_reduction",
        "points of pct",
        fall,
        sources=rows,
        note="chance without sunscreen less the chance with it",
    )


@quantity("infection_risk_pct")
def infection_risk_pct(panel: Panel, _concern: str) -> Computed:
    """Chance of bacterial infection after ablation, healthy and with a weakened defence."""
    healthy = _ablated_infection(panel, FACE, "healthy")
    weakened = _ablated_infection(panel, "treated_immunosuppressed", "weakened defence")
    return merged("infection_risk_pct", [healthy, weakened])


def _ablated_infection(panel: Panel, person: str, label: str) -> Computed:
    return by_class(
        panel,
        person,
        "infection_risk_pct",
        "pct",
        lambda treated: spread(100 * treated.response.risks["bacterial_infection"]),
        sources=lambda treated: treated.response.sources["bacterial_infection"],
        note="per session",
        label=label,
        pattern=lambda name: matches("ablative_any", name),
    )


@quantity("hsv_risk_pct")
def hsv_risk_pct(panel: Panel, _concern: str) -> Computed:
    """Chance of a cold sore with and without a history of them, with and without an antiviral."""
    return _herpes(panel, "hsv_risk_pct", guarded=True)


@quantity("hsv_risk_without_antiviral_pct")
def hsv_risk_without_antiviral_pct(panel: Panel, _concern: str) -> Computed:
    """The same without an antiviral only."""
    return _herpes(panel, "hsv_risk_without_antiviral_pct", guarded=False)


def _herpes(panel: Panel, name: str, *, guarded: bool) -> Computed:
    def chances(treated: Treated) -> dict[str, Answer]:
        found: dict[str, Answer] = {"without antiviral": spread(100 * treated.response.risks["herpes"])}
        if guarded:
            found["with antiviral"] = spread(100 * treated.respond(antiviral=True).risks["herpes"])
        return found

    parts = [
        by_class(
            panel,
            person,
            name,
            "pct",
            chances,
            sources=lambda treated: treated.response.sources["herpes"],
            note="per session",
            label=label,
        )
        for person, label in ((FACE, "no history"), ("treated_herpes", "history of cold sores"))
    ]
    return merged(name, parts)
