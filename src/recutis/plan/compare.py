"""Two plans point by point, and where both are for the same person, the chance that one does better."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from recutis import evidence
from recutis.bands import Draws, band
from recutis.patient import screen
from recutis.plan.commissioning import Commissioned, commission
from recutis.plan.compare_document import ComparedNumber, ComparedQuantity, ComparedWords, PlanComparison
from recutis.plan.document import Option, Plan, Quantity
from recutis.plan.evaluate import InjuryProvider, Place, places
from recutis.plan.explore import evaluator_of, limits_of, weights_of
from recutis.plan.given import numbing_of, option_of, phases_of
from recutis.plan.panel_words import panel_words
from recutis.plan.quantities import quantity
from recutis.plan.request import Request, read_request
from recutis.plan.rest import rest
from recutis.response import RISKS
from recutis.sites import concern_key_words
from recutis.twins import Twins
from recutis.units import PERCENT

_TWINS: Final = 400
_WEIGHTED: Final = "improvement, by the priorities of A"
_TIE: Final = 0.5  # a twin for whom both do about the same counts half for each
_SAME: Final = {
    "improvement": "improvement",
    "social downtime": "downtime",
    "skin closed": "downtime",
    "redness gone": "downtime",
    "pih": "pih",
}
"""Rows `plan.protocol.same.*` of what is about the same, by how the words of a comparison begin; the rest is not told as a chance."""
_INJURY: Final = {
    "ablation_depth_um": "µm", "coagulation_depth_um": "µm", "lesion_depth_um": "µm", "lesion_width_um": "µm", "coverage_pct": "%",
    "epidermis_removed_pct": "%", "epidermis_killed_pct": "%", "pigment_ratio": "x", "peak_surface_C": "°C",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class _Draws:
    """What is compared twin by twin, by row; more of it is better."""

    values: dict[str, Draws]
    twins: Twins


def _words(a: Option, b: Option) -> Iterator[ComparedWords]:
    def both(what: str, one: str, other: str) -> ComparedWords:
        return ComparedWords(what=what, a=one, b=other, same=one == other)

    yield both("course", a.label, b.label)
    for number in range(max(len(a.phases), len(b.phases))):
        phases = [option.phases[number] if number < len(option.phases) else None for option in (a, b)]
        sites = dict.fromkeys(site for phase in phases if phase is not None for site in phase.site_settings)
        lead = f"device {number + 1}, " if max(len(a.phases), len(b.phases)) > 1 else ""
        for site in sites:
            one, other = (
                f"{phase.device}: {panel_words(phase.site_settings[site][0], len(phase.site_settings[site]))}"
                if phase is not None and site in phase.site_settings
                else "not treated"
                for phase in phases
            )
            yield both(f"{lead}{site.replace('_', ' ')}", one, other)
    yield both("anaesthesia", a.anaesthesia, b.anaesthesia)
    spots = [option.test_spot.made_on if option.test_spot else "none" for option in (a, b)]
    yield both("test spot", *spots)


def _difference(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else round(b - a, 4)


def _number(what: str, unit: str, a: float | None, b: float | None) -> ComparedNumber:
    return ComparedNumber(what=what, unit=unit, a=a, b=b, difference=_difference(a, b))


def _numbers(a: Option, b: Option) -> Iterator[ComparedNumber]:
    yield _number("sessions", "", a.sessions, b.sessions)
    yield _number("interval", "weeks", a.interval_weeks, b.interval_weeks)
    yield _number("price of the course", "", a.price, b.price)
    yield _number("score", "points", a.score_points, b.score_points)


def _injuries(a: Option, b: Option) -> Iterator[ComparedNumber]:
    """The injuries of one session at each site and target, where both have one."""
    ones, others = ({(item.site, item.target): item for item in reversed(option.injuries)} for option in (a, b))
    for site, target in dict.fromkeys((*reversed(ones), *reversed(others))):
        one, other = ones.get((site, target)), others.get((site, target))
        for name, unit in _INJURY.items():
            values = [None if item is None else float(f"{getattr(item, name):.4g}") for item in (one, other)]
            if any(values):
                words = name.rpartition("_")[0].replace("_", " ") if name != "pigment_ratio" else "pigment over its threshold"
                yield _number(f"{site.replace('_', ' ')}, {target}: {words}", unit, *values)


def _rows(option: Option) -> dict[str, Quantity]:
    """Predictions by the words they are compared under."""
    told = option.predictions
    return {
        **{f"improvement, {concern_key_words(key)}": item for key, item in told.improvement_pct.items()},
        "social downtime a session": told.social_downtime_days,
        "skin closed": told.closure_days,
        "redness gone": told.erythema_resolution_days,
        "pain": told.pain_0_10,
        **{f"{kind.replace('_', ' ')} in the course": getattr(told.risks, kind).per_course for kind in RISKS},
        "minutes in the chair a session": told.chair_minutes.total,
    }


def _why_not(one: Request, other: Request) -> str:
    """Why two plans cannot be held against each other twin by twin; empty where they can."""
    if one.so_far is not None or other.so_far is not None:
        return "at least one goes on from sessions that were given; 'recutis update' compares the rest of a course with what was planned"
    people = [item.patient.model_dump(mode="json", exclude={"date", "goals"}) for item in (one, other)]
    if people[0] != people[1]:
        return "they were made for different people"
    if one.seed != other.seed:
        return f"they were made with different seeds ({one.seed} and {other.seed})"
    return ""


def _drawn(request: Request, option: Option, at: dict[str, Place], weights: dict[str, float], injure: InjuryProvider) -> _Draws:
    """A course evaluated on given twins; less of everything but improvement is better, so that the rest is told as minus."""
    screening, limits = screen(request.patient, overrides=request.overrides), limits_of(request.patient)
    measured = {} if request.clinic is None else commission(request.clinic, injure=injure, on=request.patient.date)
    delivered = Commissioned(injure=injure, scales={name: scale for name, scale in measured.items() if scale.measured})
    one = rest(phases_of(request, option), evaluator_of(request, screening, limits, delivered), at, numbing_of(option))
    gains, total = one.draws.improvement_pct, sum(weights.values()) or 1.0
    clocks = {"skin closed": "closure_days", "redness gone": "erythema_resolution_days"}
    values = {
        **{f"improvement, {concern_key_words(key)}": draws for key, draws in gains.items()},
        _WEIGHTED: np.sum([weights[key] * draws for key, draws in gains.items()], axis=0) / total,
        "social downtime a session": -one.draws.social_downtime_days,
        **{words: -np.max([getattr(phase.one, name) for phase in one.evaluated], axis=0) for words, name in clocks.items()},
        "pih in the course": -PERCENT * one.draws.risks["pih"],
    }
    return _Draws(values=values, twins=next(iter(at.values())).twins)


def _chance(one: Draws, other: Draws, twins: Twins, same: float) -> Quantity:
    """Share of twins in whom the first is greater by more than what is about the same, over blocks; others count half."""
    better = np.where(np.abs(one - other) <= same, _TIE, one > other)
    mass = twins.block_weights
    by_block = np.bincount(twins.block, weights=PERCENT * twins.weights * better) / np.where(mass > 0, mass, 1.0)
    told = quantity(band(by_block, "pct", [], weights=mass))
    middle = min(max(round(PERCENT * float(np.average(better, weights=twins.weights)), 2), told.p10), told.p90)
    return told.model_copy(update={"p50": middle})


def compare_plans(
    a: Plan,
    b: Plan,
    *,
    option_a: int = 1,
    option_b: int = 1,
    injure: InjuryProvider | None = None,
    progress: Callable[[float], None] | None = None,
) -> PlanComparison:
    """Two options of two plans (which may be the same plan) point by point; days, points and chances as the plans tell them.

    Where both are for the same person and seed, both are evaluated on the same twins, and the chance that A does better is told:
    the share of twins in whom it does, those that do about the same (rows `plan.protocol.same.*`) counting half. What both share,
    the person and what studies leave open, cancels; what the physics gets wrong for one device and not for the other is not in it.
    `injure` makes injuries (default: the simulation of `recutis.injury`).

    Raises InputError for a plan that was not ready or an option that it does not have.
    """
    from recutis.injury.simulate import injure as simulated

    one, other = option_of(a, option_a), option_of(b, option_b)
    requests = read_request(a.request), read_request(b.request)
    why_not = _why_not(*requests)
    drawn: list[_Draws] = []
    if not why_not:
        at = places(requests[0].patient, n=_TWINS, seed=requests[0].seed)
        weights = weights_of(requests[0].patient)
        for number, (request, option) in enumerate(zip(requests, (one, other), strict=True), start=1):
            drawn.append(_drawn(request, option, at, weights, injure or simulated))
            if progress is not None:
                progress(number / 2)
    return PlanComparison(
        a=one.label,
        b=other.label,
        same_twins=not why_not,
        why_not=why_not,
        words=tuple(_words(one, other)),
        predictions=tuple(_predictions(_rows(one), _rows(other), drawn)),
        numbers=tuple(_numbers(one, other)),
        injury=tuple(_injuries(one, other)),
    )


def _predictions(ones: dict[str, Quantity], others: dict[str, Quantity], drawn: list[_Draws]) -> Iterator[ComparedQuantity]:
    def chance(what: str) -> Quantity | None:
        if not drawn or any(what not in item.values for item in drawn):
            return None
        row = next(name for words, name in _SAME.items() if what.startswith(words))
        return _chance(drawn[0].values[what], drawn[1].values[what], drawn[0].twins, evidence.value(f"plan.protocol.same.{row}"))

    if drawn:
        first, second = (quantity(band(item.values[_WEIGHTED], "pct", [], weights=item.twins.unequal)) for item in drawn)
        yield ComparedQuantity(
            what=_WEIGHTED,
            unit="pct",
            a=first,
            b=second,
            difference=_difference(first.p50, second.p50),
            a_better_pct=chance(_WEIGHTED),
        )
    for what in dict.fromkeys((*ones, *others)):
        a, b = ones.get(what), others.get(what)
        middle = _difference(None if a is None else a.p50, None if b is None else b.p50)
        unit = next(item.unit for item in (a, b) if item is not None)
        yield ComparedQuantity(what=what, unit=unit, a=a, b=b, difference=middle, a_better_pct=chance(what))
