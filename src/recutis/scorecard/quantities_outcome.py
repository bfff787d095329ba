"""Quantities of the result: improvement, its odds, sessions, satisfaction, comparison with alternatives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recutis import evidence
from recutis.bands import Draws
from recutis.classes import matches
from recutis.plan.evaluate import interval_weeks
from recutis.scorecard.panel import Panel, Treated, persons, share_pct, spread
from recutis.scorecard.quantities_time import CHEST, EYES, FACE, chair_minutes_draws, downtime_chance
from recutis.scorecard.registry import by_class, merged, quantity
from recutis.scorecard.types import Answer, Computed, Spread

_USUAL = "after a usual course (sessions_expected, at most three), matured for three to six months"


def _person_for(concern: str) -> str:
    """The reference person who has a concern: lines around the eyes belong to the eyes."""
    return EYES if concern == "fine_lines" else FACE


def _sources(treated: Treated, concern: str) -> tuple[str, ...]:
    effect = treated.effect(concern or treated.main)
    return effect.sources if effect else ()


def _improvement(panel: Panel, name: str, concern: str, *, person: str = "", note: str = _USUAL, label: str = "") -> Computed:
    """Improvement of one kind of concern by class, or of each class's best kind where none is named."""

    def value(treated: Treated) -> Answer | dict[str, Answer]:
        if concern:
            return spread(treated.improvement(concern))
        return {treated.main.replace("_", " "): spread(treated.improvement(treated.main))}

    who = person or _person_for(concern)
    return by_class(panel, who, name, "pct", value, sources=lambda treated: _sources(treated, concern), note=note, label=label)


@quantity("improvement_pct", "clearance_pct")
def improvement_pct(panel: Panel, concern: str) -> Computed:
    """Improvement of the named concern, or of the one each class serves best."""
    return _improvement(panel, "improvement_pct", concern)


@quantity("lentigo_clearance_pct")
def lentigo_clearance_pct(panel: Panel, _concern: str) -> Computed:
    """Clearance of age spots."""
    return _improvement(panel, "lentigo_clearance_pct", "age_spots")


@quantity("wrinkle_reduction_pct")
def wrinkle_reduction_pct(panel: Panel, _concern: str) -> Computed:
    """Reduction of fine lines around the eyes."""
    return _improvement(panel, "wrinkle_reduction_pct", "fine_lines")


@quantity("fitzpatrick_grade_change")
def fitzpatrick_grade_change(panel: Panel, _concern: str) -> Computed:
    """Grades lost on the Fitzpatrick wrinkle scale from the middle of the scale."""
    row = evidence.get("scale.fitzpatrick_wrinkle")
    low, high = float(row.low or 0.0), float(row.high or 0.0)
    start = evidence.value("scale.default") * (high - max(low - 1, 0.0))

    def change(treated: Treated) -> Answer:
        return spread(-treated.improvement("fine_lines") / 100 * start)

    note = f"from grade {start:.1f} of {high:g}, the middle of the scale"
    return by_class(panel, EYES, "fitzpatrick_grade_change", "grades", change, sources=(row.id, "scale.default"), note=note)


@quantity("scar_improvement_pct", "scar_improvement_pct_by_scar_type")
def scar_improvement_pct(panel: Panel, _concern: str) -> Computed:
    """Improvement of acne scars by type, and of surgical scars."""
    parts = [
        _improvement(panel, "scar_improvement_pct", "acne_scars", person=person, label=person.removeprefix("treated_scar_"))
        for person in persons("treated_scar_")
    ]
    parts.append(_improvement(panel, "scar_improvement_pct", "surgical_scar", label="surgical"))
    return merged("scar_improvement_pct", parts)


@quantity("chest_scar_improvement_pct")
def chest_scar_improvement_pct(panel: Panel, _concern: str) -> Computed:
    """Improvement of surgical scars on the décolletage, under its ceilings."""
    return _improvement(panel, "chest_scar_improvement_pct", "surgical_scar", person=CHEST)


@quantity("vessel_clearance_pct")
def vessel_clearance_pct(panel: Panel, _concern: str) -> Computed:
    """Clearance of visible facial veins."""
    return _improvement(panel, "vessel_clearance_pct", "facial_veins")


@quantity("resurfacing_vessel_effect")
def resurfacing_vessel_effect(panel: Panel, _concern: str) -> Computed:
    """The same for the resurfacing lasers alone, and their exposure of vessels against the need."""

    def ratio(treated: Treated) -> dict[str, Answer]:
        key = next(name for name in treated.evaluation.injuries if name.startswith("facial_veins@"))
        reached = max((value for _, _, value in treated.evaluation.injuries[key].vessel_ratio), default=0.0)
        return {"clearance": spread(treated.improvement("facial_veins")), "exposure over need": float(reached)}

    return by_class(
        panel,
        FACE,
        "resurfacing_vessel_effect",
        "pct, and ratio",
        ratio,
        sources=lambda treated: _sources(treated, "facial_veins"),
        pattern=lambda name: matches("resurfacing_any", name),
    )


@quantity("acne_lesion_reduction_pct")
def acne_lesion_reduction_pct(panel: Panel, _concern: str) -> Computed:
    """Fewer acne lesions through harm to sebaceous glands."""
    return _improvement(panel, "acne_lesion_reduction_pct", "acne_prone")


@quantity("number_of_indications_served")
def number_of_indications_served(panel: Panel, _concern: str) -> Computed:
    """Kinds of concern with a visible change in the median twin."""
    return by_class(
        panel,
        FACE,
        "number_of_indications_served",
        "concerns",
        lambda treated: float(len(treated.served)),
        sources=("plan.visible_change",),
        note=f"of the {_kinds(panel)} kinds of concern of the reference person",
    )


def _kinds(panel: Panel) -> int:
    return len(panel.patient(FACE).concerns)


def _share(panel: Panel, name: str, concern: str, compare: str, percent: float, *, note: str, row: str = "") -> Computed:
    """Share of twins whose improvement of the named concern, or of each class's best one, compares with a number."""

    def chance(treated: Treated) -> Answer:
        return _chance(treated, concern or treated.main, compare, percent)

    def sources(treated: Treated) -> tuple[str, ...]:
        return (*_sources(treated, concern), row) if row else _sources(treated, concern)

    return by_class(panel, _person_for(concern), name, "pct", chance, sources=sources, note=note)


def _chance(treated: Treated, kind: str, compare: str, percent: float) -> Spread:
    return share_pct(treated.improvement(kind), compare, percent, treated.place.twins.block)


def _shares(panel: Panel, name: str, compare: str, percent: float) -> Computed:
    """The same for each concern that a class serves."""

    def chances(treated: Treated) -> dict[str, Answer]:
        return {kind.replace("_", " "): _chance(treated, kind, compare, percent) for kind in treated.served}

    note = "share of twins, each served concern apart"
    return by_class(panel, FACE, name, "pct", chances, sources=lambda treated: _sources(treated, ""), note=note)


@quantity("best_chance_of_75_pct")
def best_chance_of_75_pct(panel: Panel, _concern: str) -> Computed:
    """Chance of an improvement by three quarters on the concern where a class has the best odds of it."""

    def best(treated: Treated) -> Answer:
        return max((_chance(treated, kind, ">=", 75.0) for kind in treated.kinds), key=lambda item: item.p50)

    note = "on the concern with the best odds"
    return by_class(panel, FACE, "best_chance_of_75_pct", "pct", best, sources=lambda treated: _sources(treated, ""), note=note)


def probability(panel: Panel, concern: str, what: str, compare: str, number: float) -> Computed | None:
    """The share of twins that a probability of the table asks for, of improvement, sessions or downtime; None when unknown."""
    if what == "improvement":
        name = f"p({compare}{number:g} pct improvement)"
        if not concern:
            return _shares(panel, name, compare, number)
        return _share(panel, name, concern, compare, number, note="share of twins")
    if what == "sessions":
        return sessions_chance(panel, concern, compare, number)
    return downtime_chance(panel, compare, number) if what == "downtime" else None


@quantity("responder_pct")
def responder_pct(panel: Panel, concern: str) -> Computed:
    """Share of twins that improve by at least the row `claims.responder`."""
    least = evidence.value("claims.responder")
    return _share(
        panel, "responder_pct", concern, ">=", least, note=f"share of twins that improve by {least:g} %", row="claims.responder"
    )


@quantity("nonresponse_pct")
def nonresponse_pct(panel: Panel, concern: str) -> Computed:
    """Share of twins without a visible change."""
    least = evidence.value("plan.visible_change")
    return _share(
        panel, "nonresponse_pct", concern, "<", least, note=f"share of twins below {least:g} %", row="plan.visible_change"
    )


@quantity("satisfaction_pct")
def satisfaction_pct(panel: Panel, concern: str) -> Computed:
    """Share of twins with a change of at least one quarter: a stand-in, satisfaction itself is not modelled."""
    least = evidence.value("claims.satisfying")
    note = f"share of twins that improve by {least:g} %; stands in for satisfaction, which is not modelled"
    return _share(panel, "satisfaction_pct", concern, ">=", least, note=note, row="claims.satisfying")


def _best(panel: Panel, name: str, unit: str, concern: str, draws: str, *, note: str = "") -> Computed:
    """A property of the improvement of the named concern, or of each class's best one where that is served."""

    def value(treated: Treated) -> Answer:
        effect = treated.effect(concern or treated.main)
        found = np.zeros(treated.place.twins.n) if effect is None else np.asarray(getattr(effect, draws))
        return spread(100 - found if name == "durability_pct" else found)

    who = _person_for(concern)
    return by_class(panel, who, name, unit, value, sources=lambda treated: _sources(treated, concern), note=note)


@quantity("recurrence_pct")
def recurrence_pct(panel: Panel, concern: str) -> Computed:
    """Share of the gain lost after one to two years."""
    return _best(panel, "recurrence_pct", "pct of gain", concern, "recurrence_pct", note="after one to two years")


@quantity("durability_pct")
def durability_pct(panel: Panel, concern: str) -> Computed:
    """Share of the gain kept after one to two years."""
    return _best(panel, "durability_pct", "pct of gain", concern, "recurrence_pct", note="kept after one to two years")


@quantity("time_to_effect_weeks")
def time_to_effect_weeks(panel: Panel, concern: str) -> Computed:
    """Weeks from the last session until the change can be seen."""
    return _best(panel, "time_to_effect_weeks", "weeks", concern, "time_to_effect_weeks")


def _served(treated: Treated, concern: str) -> str:
    """The concern a session count speaks of."""
    return concern or treated.main


@quantity("sessions_expected", "sessions")
def sessions_expected(panel: Panel, concern: str) -> Computed:
    """Sessions until most of the gain that a year of sessions could bring is reached; only classes that serve the concern."""
    share = 100 * evidence.value("claims.enough_share")

    def count(treated: Treated) -> Answer | dict[str, Answer]:
        if _served(treated, concern) not in treated.served:
            return {}
        return spread(treated.sessions_needed(_served(treated, concern)))

    return by_class(
        panel,
        _person_for(concern),
        "sessions_expected",
        "sessions",
        count,
        sources=("claims.enough_share", "claims.course_weeks", "response.gain.short_interval"),
        note=f"until {share:g} % of the gain of a year's sessions, six at most; classes without a visible change are left out",
    )


def sessions_chance(panel: Panel, concern: str, compare: str, number: float) -> Computed:
    """Share of twins for whom a number of sessions is enough."""

    def chance(treated: Treated) -> Answer | dict[str, Answer]:
        kind = _served(treated, concern)
        if kind not in treated.served:
            return {}
        return share_pct(treated.sessions_needed(kind), compare, number, treated.place.twins.block)

    name = f"p(sessions{compare}{number:g})"
    return by_class(panel, _person_for(concern), name, "pct", chance, sources=("claims.enough_share",))


@quantity("interval_weeks")
def interval_between_sessions(panel: Panel, _concern: str) -> Computed:
    """Usual weeks between sessions."""
    return by_class(
        panel, FACE, "interval_weeks", "weeks", lambda treated: interval_weeks(treated.device), sources=_interval_rows()
    )


def _interval_rows() -> tuple[str, ...]:
    return tuple(row.id for row in evidence.rows("model_plan") if row.id.startswith("plan.interval."))


@quantity("cost_per_improvement_unit")
def cost_per_improvement_unit(panel: Panel, concern: str) -> Computed:
    """Minutes in the chair for each point of improvement: no prices are known, so time stands in for money."""

    def minutes(treated: Treated) -> Answer | dict[str, Answer]:
        kind = _served(treated, concern)
        if kind not in treated.served:
            return {}
        total = treated.usual_sessions(kind) * chair_minutes_draws(treated, panel.seed)
        return spread(total / np.maximum(treated.improvement(kind), 1.0))  # below one point the ratio says nothing

    note = "chair minutes of the course per point of improvement; no prices are known"
    return by_class(panel, FACE, "cost_per_improvement_unit", "min per pct", minutes, sources=("PRO-032",), note=note)


@quantity("net_benefit")
def net_benefit(panel: Panel, concern: str) -> Computed:
    """The planner's score of a usual course for a balanced person: gain less what is given up for it, in points."""
    from recutis.plan.evaluate import PhaseEvaluation, course_draws
    from recutis.plan.objectives import Limits, score

    def points(treated: Treated) -> Answer:
        kind = _served(treated, concern)
        sessions = treated.usual_sessions(kind)
        course = course_draws([PhaseEvaluation(evaluations=(treated.evaluation,), sessions=sessions)])
        key = next(name for name in course.improvement_pct if name.startswith(f"{kind}@"))
        limits = Limits(risk="bold", max_social_downtime_days=365, max_sessions=sessions, max_pain_0_10=None)
        return float(score(replace(course, improvement_pct={key: course.improvement_pct[key]}), {key: 1.0}, limits))

    rows = tuple(row.id for row in evidence.rows("model_plan") if row.id.startswith("plan.price."))
    note = "median gain less the planner's prices of downtime, sessions, pain and risks: judgement, not measurement"
    return by_class(panel, FACE, "net_benefit", "points", points, sources=rows, note=note)


def _alternatives(kind: str) -> list[evidence.Row]:
    return [
        row
        for row in evidence.rows("model_comparators")
        if kind in [word.strip() for word in row.fields["kinds"].split(",")] and row.value is not None
    ]


def _compared(panel: Panel, name: str, unit: str, note: str, *, least: bool, difference: bool) -> Computed:
    """Each class against each alternative on each concern it serves, or its worst comparison."""
    from recutis.plan.comparators import alternative_draws

    def value(treated: Treated) -> Answer | dict[str, Answer]:
        found: dict[str, Answer] = {}
        for kind in treated.served:
            mine: Draws = treated.improvement(kind)
            block = treated.place.twins.block
            for row in _alternatives(kind):
                other = alternative_draws(row, mine.size, seed=panel.seed)
                answer: Spread = spread(mine - other) if difference else share_pct(mine, ">", other, block)
                found[f"{kind.replace('_', ' ')} against {row.fields['modality']}"] = answer
        if least and found:
            return min(found.values(), key=lambda item: item.p50 if isinstance(item, Spread) else 0.0)
        return found

    rows = tuple(row.id for row in evidence.rows("model_comparators"))
    return by_class(panel, FACE, name, unit, value, sources=rows, note=note)


@quantity("effect_difference_vs_comparator")
def effect_difference_vs_comparator(panel: Panel, _concern: str) -> Computed:
    """Improvement less that of each alternative, points of per cent, with interval."""
    note = "positive: the laser improves more; interval for one person"
    return _compared(panel, "effect_difference_vs_comparator", "pct", note, least=False, difference=True)


@quantity("probability_of_superiority")
def probability_of_superiority(panel: Panel, _concern: str) -> Computed:
    """Chance of improving more than with each alternative."""
    return _compared(panel, "probability_of_superiority", "pct", "draws of both independent", least=False, difference=False)


@quantity("chance_against_strongest_alternative_pct")
def chance_against_strongest_alternative_pct(panel: Panel, _concern: str) -> Computed:
    """The same against the strongest alternative of any concern the class serves."""
    note = "to be rated above the alternatives is to be likely better than each of them"
    return _compared(panel, "chance_against_strongest_alternative_pct", "pct", note, least=True, difference=False)
