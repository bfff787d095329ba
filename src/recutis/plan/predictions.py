"""Draws of one course as the predictions block of the plan document."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from recutis import evidence
from recutis.bands import Draws
from recutis.laser import treatment_minutes
from recutis.plan.document import ChairMinutes, Predictions, Quantity, QuartileOdds, Risk, Risks, SymptomDay
from recutis.plan.evaluate import PhaseEvaluation, SiteEvaluation, course_draws, gain_after_each
from recutis.plan.quantities import of_draws

if TYPE_CHECKING:
    from recutis.response import SiteResponse

_SYMPTOMS = ("redness", "swelling", "crusting", "peeling", "bronzing", "pain", "sting_itch")
_CLOCKS = (
    "closure_days",
    "social_downtime_days",
    "return_to_work_day",
    "makeup_day",
    "sunscreen_start_day",
    "erythema_resolution_days",
    "pih_duration_weeks",
    "pain_0_10",
)
_ODDS = ("below_25", "from_25_to_50", "from_50_to_75", "above_75", "no_visible_change")


def _symptoms(together: SiteResponse, weights: Draws | None) -> tuple[SymptomDay, ...]:
    days = []
    for number, day in enumerate(together.days):
        parts = {
            name: of_draws(together.symptoms[name][number], "0-10", together.sources.get(name, ()), weights=weights)
            for name in _SYMPTOMS
        }
        days.append(SymptomDay(day=int(day), **parts))
    return tuple(days)


def chair_minutes(evaluations: Sequence[SiteEvaluation]) -> ChairMinutes:
    """Minutes a session: numbing once, laser time summed over the sites of the visit."""
    from recutis import response

    twins = evaluations[0].place.twins
    numbing: Draws = np.max([response.numbing_minutes(item.care, twins) for item in evaluations], axis=0)
    generator = np.random.Generator(np.random.PCG64([twins.seed, 77]))
    laser = np.zeros(twins.n)
    sources: list[str] = []
    for item in evaluations:
        low, typical, high, ids = treatment_minutes(item.exposure, item.area_cm2)
        laser += generator.triangular(low, min(max(typical, low), high), max(high, low * 1.0001), twins.n)
        sources += ids
    low, typical, high = evidence.numbers("PRO-032")
    room = generator.triangular(low, typical, high, twins.n)
    return ChairMinutes(
        numbing=of_draws(numbing, "min", ["PRO-012", "PRO-015"], weights=twins.unequal),
        laser=of_draws(laser, "min", sources, weights=twins.unequal),
        total=of_draws(numbing + laser + room, "min", [*sources, "PRO-012", "PRO-015", "PRO-032"], weights=twins.unequal),
    )


def _odds(evaluations: Sequence[SiteEvaluation], key: str, draws: Draws, sources: tuple[str, ...]) -> QuartileOdds:
    from recutis import response

    twins = next(item.place.twins for item in evaluations if key in item.improvement)
    parts = dict(zip(_ODDS, response.quartile_odds(draws, twins), strict=True))
    mass = twins.block_weights
    told = {
        name: _pooled(of_draws(odds, "pct", sources, weights=mass), float(np.average(odds, weights=mass)))
        for name, odds in parts.items()
    }
    return QuartileOdds(**told)


def _pooled(spread: Quantity, mean: float) -> Quantity:
    """Odds with the mean over all blocks in the middle, so that the four quarters add up to the whole."""
    middle = min(max(round(mean, 2), spread.p10), spread.p90)
    return spread.model_copy(update={"p50": middle})


def _risks(together: SiteResponse, course_risks: dict[str, Draws], weights: Draws | None) -> Risks:
    found = {
        kind: Risk(
            per_session=of_draws(100 * draws, "pct", together.sources.get(kind, ()), weights=weights),
            per_course=of_draws(100 * course_risks[kind], "pct", together.sources.get(kind, ()), weights=weights),
        )
        for kind, draws in together.risks.items()
    }
    return Risks(**found)


def _worse(ones: Sequence[SiteResponse]) -> SiteResponse:
    """The session with more of each thing, twin by twin, of sessions that differ."""
    from recutis.response import SiteResponse

    if len(ones) == 1:
        return ones[0]

    def most(name: str) -> Draws:
        return np.asarray(np.maximum.reduce([getattr(one, name) for one in ones]))

    return SiteResponse(
        days=ones[0].days,
        **{name: most(name) for name in _CLOCKS},
        symptoms={name: np.maximum.reduce([one.symptoms[name] for one in ones]) for name in _SYMPTOMS},
        risks={kind: np.maximum.reduce([one.risks[kind] for one in ones]) for kind in ones[0].risks},
        sources={
            name: tuple(dict.fromkeys(row for one in ones for row in one.sources.get(name, ()))) for name in ones[0].sources
        },
    )


def longest_chair(phases: Sequence[PhaseEvaluation]) -> ChairMinutes:
    """Minutes of the session that takes longest."""
    return max((chair_minutes(phase.evaluations) for phase in phases), key=lambda told: told.total.p50)


def predictions(phases: Sequence[PhaseEvaluation]) -> Predictions:
    """All predictions of a course: downtime and pain of the session with most of it, improvement and risks per course."""
    course = course_draws(phases)
    together = _worse([phase.one for phase in phases])
    effects = {name: item for phase in phases for one in phase.evaluations for name, item in one.improvement.items()}
    every = [item for phase in phases for item in phase.evaluations]
    told = partial(of_draws, weights=course.weights)

    def clock(name: str, unit: str) -> Quantity:
        return told(getattr(together, name), unit, together.sources.get(name, ()))

    return Predictions(
        improvement_pct={key: told(draws, "pct", effects[key].sources) for key, draws in course.improvement_pct.items()},
        quartile_odds={key: _odds(every, key, draws, effects[key].sources) for key, draws in course.improvement_pct.items()},
        recurrence_pct={key: told(item.recurrence_pct, "pct of gain", item.sources) for key, item in effects.items()},
        time_to_effect_weeks={key: told(item.time_to_effect_weeks, "weeks", item.sources) for key, item in effects.items()},
        improvement_by_session_pct={
            key: tuple(told(gain, "pct", item.sources) for gain in gain_after_each(phases, key)) for key, item in effects.items()
        },
        chair_minutes=longest_chair(phases),
        pain_0_10=clock("pain_0_10", "0-10"),
        closure_days=clock("closure_days", "days"),
        social_downtime_days=clock("social_downtime_days", "days"),
        return_to_work_day=clock("return_to_work_day", "day"),
        makeup_day=clock("makeup_day", "day"),
        sunscreen_start_day=clock("sunscreen_start_day", "day"),
        erythema_resolution_days=clock("erythema_resolution_days", "days"),
        pih_duration_weeks=clock("pih_duration_weeks", "weeks"),
        symptoms=_symptoms(together, course.weights),
        risks=_risks(together, course.risks, course.weights),
    )
