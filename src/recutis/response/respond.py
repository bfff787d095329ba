"""From an injury to what a person sees, feels and risks after one session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np

from recutis.errors import InputError, OutOfRangeError
from recutis.injury import Injury
from recutis.posterior import Parameters
from recutis.response import clocks, risks, signs, symptoms
from recutis.response.chunks import in_chunks
from recutis.response.sources import SITE_SOURCES
from recutis.response.types import RISKS, SYMPTOM_DAYS, SYMPTOMS, Care, Draws, ManyResponses, SiteResponse
from recutis.response.wound import Wound, healing_factor, read_wound, read_wounds
from recutis.twins import Twins

_CLOCKS: Final = (
    "closure_days", "social_downtime_days", "return_to_work_day", "makeup_day", "sunscreen_start_day", "erythema_resolution_days",
    "pih_duration_weeks", "pain_0_10",
)  # fmt: skip
PERSON_DRIVEN: Final = frozenset({"pih", "herpes", "acneiform", "prolonged_erythema", "purpura"})
"""Risks that one person's constitution drives, at all sites and in all sessions alike."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Healing:
    """How one wound, shape (n,), or many, shape (settings, n), heal: what clocks, risks and symptoms by day read alike."""

    wound: Wound
    factor: Draws
    closure: Draws
    raw: Draws
    shed: Draws
    redness: clocks.Redness
    pain: Draws
    purpura: Draws
    swelling: signs.Swelling
    spots: signs.Crusts
    crusts: signs.Crusts
    bronzing: signs.Bronzing
    bruise: signs.Bruise


def _heal(wound: Wound, twins: Twins, care: Care, area_cm2: float) -> _Healing:
    factor = healing_factor(twins)
    closure = clocks.closure_days(wound, factor)
    shed = clocks.shed_day(wound, factor, closure)
    purpura = risks.purpura(wound.injury.purpura_ratio, twins)
    spots = signs.spot_crusts_of(wound, shed)
    return _Healing(
        wound=wound,
        factor=factor,
        closure=closure,
        raw=clocks.raw_days(wound, closure),
        shed=shed,
        redness=clocks.redness_of(wound, twins),
        pain=symptoms.pain_0_10(wound, twins, care),
        purpura=purpura,
        swelling=signs.swelling_of(wound, twins, area_cm2),
        spots=spots,
        crusts=signs.crusts_of(wound, spots),
        bronzing=signs.bronzing_of(wound, shed),
        bruise=signs.bruise_of(wound, purpura, twins),
    )


def _downtime(healing: _Healing, makeup: Draws, p: Parameters) -> tuple[Draws, Draws]:
    """Social downtime and the day of return to work.

    Signs show in company until the skin is closed, crusts and bronzing have gone, swelling is
    down, and redness is either faint or, after an open wound, can be covered. Work is possible
    with crusts and bronzing, once the surface is closed (`raw`), swelling and bruises are down,
    and striking redness has paled or may be covered: each a part of what social downtime waits for.
    """
    raw = healing.raw
    striking = healing.redness.falls_below(p("redness.covered"))
    visible = healing.redness.falls_below(p("redness.visible"))
    uncovered = np.minimum(visible, np.where(raw > 0, np.maximum(makeup, striking), np.inf))
    worn = [healing.crusts.ends(p("crust.visible")), healing.bronzing.ends(p("crust.visible"))]
    marks = [healing.swelling.ends(p("swelling.visible")), healing.bruise.ends(p("redness.visible"))]
    return _latest(healing.closure, *worn, *marks, uncovered), _latest(raw, *marks, np.minimum(makeup, striking))


def _latest(*days: Draws) -> Draws:
    return reduce(np.maximum, days)


def _clocks(healing: _Healing, twins: Twins) -> dict[str, Draws]:
    """Each clock and pain by name, of shape (n,), or (settings, n)."""
    p = twins.p
    makeup = clocks.makeup_day(healing.wound, healing.closure, healing.spots.ends(p("crust.visible")))
    social, work = _downtime(healing, makeup, p)
    return {
        "closure_days": healing.closure,
        "social_downtime_days": social,
        "return_to_work_day": work,
        "makeup_day": makeup,
        "sunscreen_start_day": healing.raw,
        "erythema_resolution_days": healing.redness.falls_below(p("redness.resolved")),
        "pih_duration_weeks": risks.pih_duration_weeks(healing.wound, twins),
        "pain_0_10": healing.pain,
    }


def _risks(healing: _Healing, twins: Twins, care: Care) -> dict[str, Draws]:
    """Each of `RISKS`, a probability per session."""
    wound = healing.wound
    return {
        "pih": risks.pih(wound, twins, care),
        "hypopigmentation": risks.hypopigmentation(wound, twins),
        "bacterial_infection": risks.bacterial_infection(wound, twins, healing.raw),
        "herpes": risks.herpes(wound, twins, care),
        "scarring": risks.scarring(wound, twins, wound.injury.bulk_rise_C),
        "ectropion": risks.ectropion(wound, twins),
        "acneiform": risks.acneiform(wound, twins),
        "prolonged_erythema": risks.prolonged_erythema(wound, healing.redness),
        "blister": risks.blister(wound, twins, wound.injury.bulk_rise_C),
        "purpura": healing.purpura,
    }


def _by_day(healing: _Healing) -> dict[str, Draws]:
    """Each of `SYMPTOMS` by day for one wound, shape (days, n)."""
    wound = healing.wound
    return {
        "redness": np.maximum(symptoms.by_day(healing.redness), symptoms.by_day(healing.bruise)),
        "swelling": symptoms.by_day(healing.swelling),
        "crusting": symptoms.by_day(healing.crusts),
        "peeling": symptoms.peeling(wound, healing.shed),
        "bronzing": symptoms.by_day(healing.bronzing),
        "pain": symptoms.pain_by_day(wound, healing.pain, healing.factor),
        "sting_itch": symptoms.sting_itch(wound, healing.shed),
    }


def _check(area_cm2: float) -> None:
    if not area_cm2 > 0:
        msg = f"The treated area must be above 0 cm²; got {area_cm2:g} cm²."
        raise OutOfRangeError(msg)


def respond(injury: Injury, twins: Twins, care: Care, *, area_cm2: float, by_day: bool = True) -> SiteResponse:
    """Response of one site to one session, one draw a twin.

    `area_cm2` is the treated area; a larger area swells longer (REC-105, REC-106). `by_day`: whether to follow the symptoms
    from day to day, which takes most of the time; without it they are empty.

    Raises OutOfRangeError when the area is not positive.
    """
    _check(area_cm2)
    healing = _heal(read_wound(injury, twins), twins, care, area_cm2)
    return SiteResponse(
        days=SYMPTOM_DAYS,
        **_clocks(healing, twins),
        symptoms=_by_day(healing) if by_day else {},
        risks=_risks(healing, twins, care),
        sources=SITE_SOURCES,
    )


def respond_many(
    injuries: Sequence[Injury], twins: Twins, care: Care, *, area_cm2: float, threads: int | None = None
) -> ManyResponses:
    """What `respond` gives for each of many injuries, by the same formulas, but for the symptoms by day.

    `threads`: at most that many work at once, one a core available by default; it changes the time and no number.

    Raises InputError when there is no injury, OutOfRangeError when the area is not positive.
    """
    _check(area_cm2)
    shape = (len(injuries), twins.n)
    found = {name: np.empty(shape) for name in _CLOCKS}
    chances = {name: np.empty(shape) for name in RISKS}

    def work(part: slice) -> None:
        healing = _heal(read_wounds(injuries[part], twins), twins, care, area_cm2)
        for name, days in _clocks(healing, twins).items():
            found[name][part] = days
        for name, chance in _risks(healing, twins, care).items():
            chances[name][part] = chance

    in_chunks(work, settings=len(injuries), values=twins.n, threads=threads)
    return ManyResponses(**found, risks=chances, sources={key: SITE_SOURCES[key] for key in (*_CLOCKS, *RISKS)})


def pain_many(injuries: Sequence[Injury], twins: Twins, cares: Sequence[Care], *, threads: int | None = None) -> Draws:
    """Pain during the session alone, 0 to 10, for each care and each of many injuries: shape (cares, settings, n).

    Raises InputError when there is no injury.
    """
    found = np.empty((len(cares), len(injuries), twins.n))

    def work(part: slice) -> None:
        wounds = read_wounds(injuries[part], twins)
        for number, care in enumerate(cares):
            found[number, part] = symptoms.pain_0_10(wounds, twins, care)

    in_chunks(work, settings=len(injuries), values=twins.n, threads=threads)
    return found


def combine(responses: Sequence[SiteResponse]) -> SiteResponse:
    """Response of several sites treated on the same day.

    Clocks are those of the slowest site, symptoms the strongest of the day. Risks that one
    person's constitution drives (pih, herpes, acneiform, prolonged_erythema, purpura) strike all
    sites of a susceptible person together, so the worst site stands for all; the others (infection,
    scarring, hypopigmentation, ectropion, blister) add as independent events, 1 - Π(1 - p).

    Raises InputError when there is nothing to combine or the draws differ in number.
    """
    if not responses:
        msg = "There is no site response to combine; give at least one."
        raise InputError(msg)
    if len({item.pain_0_10.size for item in responses}) > 1:
        msg = "The site responses have different numbers of draws; make them from twins of one person."
        raise InputError(msg)

    def worst(name: str) -> Draws:
        return np.asarray(np.maximum.reduce([getattr(item, name) for item in responses]))

    def together(key: str) -> Draws:
        chances = [item.risks[key] for item in responses]
        if key in PERSON_DRIVEN:
            return np.asarray(np.maximum.reduce(chances))
        return np.asarray(1 - np.multiply.reduce([1 - chance for chance in chances]))

    return SiteResponse(
        days=responses[0].days,
        closure_days=worst("closure_days"),
        social_downtime_days=worst("social_downtime_days"),
        return_to_work_day=worst("return_to_work_day"),
        makeup_day=worst("makeup_day"),
        sunscreen_start_day=worst("sunscreen_start_day"),
        erythema_resolution_days=worst("erythema_resolution_days"),
        pih_duration_weeks=worst("pih_duration_weeks"),
        pain_0_10=worst("pain_0_10"),
        symptoms={key: np.maximum.reduce([item.symptoms[key] for item in responses]) for key in SYMPTOMS},
        risks={key: together(key) for key in RISKS},
        sources={
            key: tuple(dict.fromkeys(row for item in responses for row in item.sources[key])) for key in responses[0].sources
        },
    )


def pain_during(injury: Injury, twins: Twins, care: Care) -> Draws:
    """Pain during the session alone, 0 to 10, shape (n,): what `respond` gives, without the rest."""
    return symptoms.pain_0_10(read_wound(injury, twins), twins, care)
