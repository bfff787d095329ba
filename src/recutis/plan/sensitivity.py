"""What if the person or the device differs from what is assumed: the first option again, its settings and care unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from recutis import evidence
from recutis.plan.commissioning import scaled
from recutis.plan.document import Sensitivity
from recutis.plan.evaluate import Evaluator, InjuryProvider, PhaseEvaluation, Place, course_draws, interval_weeks, places
from recutis.plan.objectives import CourseDraws, broken
from recutis.response.cloud import with_traits
from recutis.skin.types import Layer, Skin
from recutis.units import PERCENT

if TYPE_CHECKING:
    from recutis.injury import Injury
    from recutis.laser.types import Exposure
    from recutis.patient import Patient
    from recutis.plan.explore import Explored
    from recutis.plan.finalists import Finalist
    from recutis.plan.request import Request
    from recutis.skin.types import Lesion

_PHOTOTYPES: Final = ("I", "II", "III", "IV", "V", "VI")
_EPIDERMAL: Final = frozenset({"stratum_corneum", "epidermis"})
_TWINS: Final = 200


@dataclass(frozen=True, kw_only=True)
class _Scaled:
    """An injury provider whose devices deliver so many times what they are set to."""

    injure: InjuryProvider
    factor: float

    def __call__(self, exposure: Exposure, skin: Skin, *, lesion: Lesion | None = None) -> Injury:
        return self.injure(scaled(exposure, self.factor), skin, lesion=lesion)


def _course(first: Finalist, evaluator: Evaluator, at: Mapping[str, Place]) -> CourseDraws:
    return course_draws(
        [
            PhaseEvaluation(
                evaluations=tuple(evaluator.sites(phase.device, phase.site_settings, dict(at))), sessions=phase.sessions
            )
            for phase in first.candidate.phases
        ]
    )


def _layer(layer: Layer, end: str) -> Layer:
    thickness = layer.low_um if end == "low" else layer.high_um
    return replace(layer, thickness_um=thickness) if layer.name in _EPIDERMAL else layer


def _thickness(at: Mapping[str, Place], end: str) -> dict[str, Place]:
    """The same places with the epidermis as thin or as thick as its range says."""
    return {
        site: replace(place, skin=replace(place.skin, layers=tuple(_layer(layer, end) for layer in place.skin.layers)))
        for site, place in at.items()
    }


def _at(request: Request, patient: Patient) -> Mapping[str, Place]:
    """The places of the person, or of somebody who differs in a trait; twins that have learnt stay, moved to that trait."""
    found = places(patient, n=_TWINS, seed=request.seed)
    if request.known is None:
        return found
    return {
        site: replace(
            known, skin=found[site].skin, lesions=found[site].lesions, twins=with_traits(known.twins, found[site].twins.traits)
        )
        for site, known in request.known.items()
    }


def _others(
    explored: Explored, injure: InjuryProvider, at: Mapping[str, Place]
) -> Iterator[tuple[str, Evaluator, Mapping[str, Place]]]:
    """Each way in which person or device may differ: words, evaluator and places."""
    request, base = explored.request, explored.evaluator
    here = _PHOTOTYPES.index(request.patient.patient.phototype or "VI")
    for step, word in ((-1, "lighter"), (1, "darker")):
        if 0 <= here + step < len(_PHOTOTYPES):
            phototype = _PHOTOTYPES[here + step]
            told = request.patient.patient.model_copy(update={"phototype": phototype})
            other = request.patient.model_copy(update={"patient": told})
            judge = replace(base, injure=injure, interval_weeks=partial(interval_weeks, phototype=phototype), _cache={})
            yield f"skin one phototype {word} ({phototype})", judge, _at(request, other)
    for end, word in (("low", "thin"), ("high", "thick")):
        yield f"epidermis as {word} as published", replace(base, injure=injure, _cache={}), _thickness(at, end)
    tolerance = evidence.value("plan.commissioning.tolerance") / PERCENT
    for factor, word in ((1 / (1 + tolerance), "less"), (1 + tolerance, "more")):
        words = f"device delivering {PERCENT * abs(factor - 1):.0f} % {word} than set"
        yield words, replace(base, injure=_Scaled(injure=injure, factor=factor), _cache={}), at


def sensitivities(
    explored: Explored, first: Finalist, injure: InjuryProvider, weights: Mapping[str, float]
) -> tuple[Sensitivity, ...]:
    """The first option in other skins and from other devices, its settings unchanged: how its middle figures move."""
    base = replace(explored.evaluator, injure=injure, _cache={})
    at = _at(explored.request, explored.request.patient)
    before = _course(first, base, at)
    found = []
    for words, evaluator, where in _others(explored, injure, at):
        after = _course(first, evaluator, where)
        found.append(
            Sensitivity(
                what=words,
                improvement_points=round(_gain(after, weights) - _gain(before, weights), 2),
                downtime_days=round(_middle(after, "downtime") - _middle(before, "downtime"), 2),
                pih_points=round(_middle(after, "pih") - _middle(before, "pih"), 2),
                breaks=broken(after, explored.limits),
            )
        )
    return tuple(found)


def _gain(course: CourseDraws, weights: Mapping[str, float]) -> float:
    total = sum(weights.values()) or 1.0
    return sum(weights[name] * course.quantile(draws, 0.5) for name, draws in course.improvement_pct.items()) / total


def _middle(course: CourseDraws, what: str) -> float:
    if what == "pih":
        return PERCENT * course.quantile(course.risks["pih"], 0.5)
    return course.quantile(course.social_downtime_days, 0.5)
