"""From an injury to what a person sees, feels and risks after one session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from recutis.errors import InputError, OutOfRangeError
from recutis.injury import Injury
from recutis.posterior import Parameters
from recutis.response import clocks, risks, symptoms
from recutis.response.sources import SITE_SOURCES
from recutis.response.types import RISKS, SYMPTOM_DAYS, SYMPTOMS, Care, Draws, SiteResponse
from recutis.response.wound import healing_factor, read_wound
from recutis.twins import Twins

_PERSON_DRIVEN: Final = frozenset({"pih", "herpes", "acneiform", "prolonged_erythema", "purpura"})


def _downtime(
    curves: dict[str, Draws], redness: clocks.Redness, makeup: Draws, closure: Draws, raw: Draws, p: Parameters
) -> tuple[Draws, Draws]:
    """Social downtime and the day of return to work.

    Signs show in company until the skin is closed, crusts and bronzing have gone, swelling is
    down, and redness is either faint or, after an open wound, can be covered. Work is possible
    with crusts and bronzing, once the surface is closed (`raw`), swelling and bruises are down,
    and striking redness has paled or may be covered: each a part of what social downtime waits for.
    """
    striking = redness.falls_below(p("redness.covered"))
    visible = redness.falls_below(p("redness.visible"))
    uncovered = np.where(raw > 0, np.minimum(visible, np.maximum(makeup, striking)), visible)
    crust = symptoms.last_day_above(curves["crusting"], p("crust.visible"))
    bronze = symptoms.last_day_above(curves["bronzing"], p("crust.visible"))
    swollen = symptoms.last_day_above(curves["swelling"], p("swelling.visible"))
    bruised = symptoms.last_day_above(curves["bruise"], p("redness.visible"))
    social = np.maximum.reduce([closure, crust, bronze, swollen, bruised, uncovered])
    work = np.maximum.reduce([raw, swollen, bruised, np.minimum(makeup, striking)])
    return social, work


def respond(injury: Injury, twins: Twins, care: Care, *, area_cm2: float) -> SiteResponse:
    """Response of one site to one session, one draw a twin.

    `area_cm2` is the treated area; a larger area swells longer (REC-105, REC-106).

    Raises OutOfRangeError when the area is not positive.
    """
    p = twins.p
    if not area_cm2 > 0:
        msg = f"The treated area must be above 0 cm²; got {area_cm2:g} cm²."
        raise OutOfRangeError(msg)
    wound = read_wound(injury, twins)
    factor = healing_factor(twins)
    closure = clocks.closure_days(wound, factor)
    redness = clocks.redness_of(wound, twins)
    raw = clocks.raw_days(wound, closure)
    shed = clocks.shed_day(wound, factor, closure)
    spot_crust = symptoms.last_day_above(symptoms.spot_crusting(wound, shed), p("crust.visible"))
    makeup = clocks.makeup_day(wound, closure, spot_crust)
    pain = symptoms.pain_0_10(wound, twins, care)
    purpura = risks.purpura(injury.purpura_ratio, twins)
    curves = {
        "redness": symptoms.redness_by_day(redness),
        "swelling": symptoms.swelling(wound, twins, area_cm2),
        "crusting": symptoms.crusting(wound, shed),
        "peeling": symptoms.peeling(wound, shed),
        "bronzing": symptoms.bronzing(wound, shed),
        "pain": symptoms.pain_by_day(wound, pain, factor),
        "sting_itch": symptoms.sting_itch(wound, shed),
        "bruise": symptoms.bruise(wound, purpura, twins),
    }
    social, work = _downtime(curves, redness, makeup, closure, raw, p)
    curves["redness"] = np.maximum(curves["redness"], curves.pop("bruise"))
    return SiteResponse(
        days=SYMPTOM_DAYS,
        closure_days=closure,
        social_downtime_days=social,
        return_to_work_day=work,
        makeup_day=makeup,
        sunscreen_start_day=raw,
        erythema_resolution_days=redness.falls_below(p("redness.resolved")),
        pih_duration_weeks=risks.pih_duration_weeks(wound, twins),
        pain_0_10=pain,
        symptoms=curves,
        risks={
            "pih": risks.pih(wound, twins, care),
            "hypopigmentation": risks.hypopigmentation(wound, twins),
            "bacterial_infection": risks.bacterial_infection(wound, twins, raw),
            "herpes": risks.herpes(wound, twins, care),
            "scarring": risks.scarring(wound, twins, injury.bulk_rise_C),
            "ectropion": risks.ectropion(wound, twins),
            "acneiform": risks.acneiform(wound, twins),
            "prolonged_erythema": risks.prolonged_erythema(wound, redness),
            "blister": risks.blister(wound, twins, injury.bulk_rise_C),
            "purpura": purpura,
        },
        sources=SITE_SOURCES,
    )


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
        if key in _PERSON_DRIVEN:
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
