"""The rest of a course, told in full on the twins that are known: gain to come and in all, days, harm, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from recutis.bands import Draws
from recutis.laser import expose
from recutis.laser.types import Device
from recutis.patient import ceiling
from recutis.plan.candidate import PhasePlan
from recutis.plan.describe import class_words, pass_settings
from recutis.plan.evaluate import Evaluator, PhaseEvaluation, Place, course_draws
from recutis.plan.objectives import CourseDraws, Limits, broken, score
from recutis.plan.prediction_document import Shift
from recutis.plan.quantities import of_draws
from recutis.plan.setting_limits import above_ceiling
from recutis.plan.update_document import RestCourse, RestPhase, RestShifts
from recutis.units import PERCENT

if TYPE_CHECKING:
    from recutis.patient import Screening
    from recutis.plan.document import Quantity
    from recutis.plan.so_far import SoFar


@dataclass(frozen=True, kw_only=True, eq=False)
class Rest:
    """Sessions to come, evaluated; `draws` hold the gain of every concern in all, treated or not, `by_now` what it is today."""

    phases: tuple[PhasePlan, ...]
    evaluated: tuple[PhaseEvaluation, ...]
    draws: CourseDraws
    by_now: Mapping[str, Draws]

    @property
    def sessions(self) -> int:
        """Sessions to come."""
        return sum(phase.sessions for phase in self.phases)

    @property
    def label(self) -> str:
        """Devices and sessions in words."""
        return ", then ".join(
            f"{phase.device.name} ({class_words(phase.device.device_class)}), {phase.sessions} session{'s' if phase.sessions > 1 else ''}"
            for phase in self.phases
        )

    def redness_days(self) -> Draws:
        """Days of redness of the session and site where it lasts longest."""
        from recutis.response.update import expected

        return np.asarray(
            np.max(
                [
                    expected(item.injury, item.place.twins, item.response)["redness_days"]
                    for phase in self.evaluated
                    for item in phase.evaluations
                ],
                axis=0,
            )
        )

    def sources(self, name: str) -> tuple[str, ...]:
        """Rows behind a clock or a risk."""
        return tuple(dict.fromkeys(row for phase in self.evaluated for row in phase.one.sources.get(name, ())))

    def gain_sources(self, name: str) -> tuple[str, ...]:
        """Rows behind the gain of a concern."""
        found = (phase.gain(name) for phase in self.evaluated)
        return tuple(dict.fromkeys(row for item in found if item is not None for row in item.sources))


def gained_at(at: Mapping[str, Place]) -> dict[str, Draws]:
    """What has been gained on every concern of the person by now, zeros where nothing has."""
    return {name: np.asarray(place.gained.get(name, np.zeros(place.twins.n))) for place in at.values() for name in place.concerns}


def rest(phases: tuple[PhasePlan, ...], evaluator: Evaluator, at: Mapping[str, Place], numbing: Mapping[str, str]) -> Rest:
    """Evaluate the sessions to come, with the anaesthesia that `numbing` says for each device.

    Raises OutOfRangeError for settings outside a device's limits.
    """

    def as_planned(device: Device) -> tuple[str, ...]:
        return (numbing[device.name],)

    evaluator = replace(evaluator, anaesthesia=as_planned, _cache={})
    evaluated = tuple(
        PhaseEvaluation(evaluations=tuple(evaluator.sites(phase.device, phase.site_settings, dict(at))), sessions=phase.sessions)
        for phase in phases
    )
    draws, by_now = course_draws(evaluated), gained_at(at)
    whole = replace(draws, improvement_pct={**by_now, **draws.improvement_pct})
    return Rest(phases=phases, evaluated=evaluated, draws=whole, by_now=by_now)


def breaks(
    one: Rest, limits: Limits, weights: dict[str, float], screening: Screening, so_far: SoFar, phototype: str
) -> tuple[str, ...]:
    """Limits, rules and ceilings that going on so would break."""
    words = dict.fromkeys(broken(one.draws, limits, weights))
    for phase in one.phases:
        for site, settings in phase.site_settings.items():
            kind = phase.device.device_class
            for entry in screening.removed(kind, site):
                words[f"{entry.condition} ({entry.rule_id}) forbids {phase.device.name} on the {site.replace('_', ' ')}"] = None
            most = ceiling(site, kind, phototype, overridden=screening.overridden)
            if not most.allowed:
                words[most.reason] = None
                continue
            for text in above_ceiling(expose(phase.device, settings), so_far.ceiling(most)):
                words[f"{phase.device.name} on the {site.replace('_', ' ')}: {text}"] = None
    return tuple(words)


def told(one: Rest, limits: Limits, weights: dict[str, float], broken_limits: tuple[str, ...]) -> RestCourse:
    """A rest of a course as the document's part."""
    draws = one.draws

    def band(values: Draws, unit: str, rows: Sequence[str]) -> Quantity:
        return of_draws(values, unit, rows, weights=draws.weights)

    treated = [name for phase in one.evaluated for name in phase.concerns]
    return RestCourse(
        label=one.label,
        sessions=one.sessions,
        phases=tuple(
            RestPhase(
                device=phase.device.name,
                device_class=phase.device.device_class,
                sessions=phase.sessions,
                site_settings={
                    site: pass_settings(expose(phase.device, settings)) for site, settings in phase.site_settings.items()
                },
            )
            for phase in one.phases
        ),
        to_come_pct={
            name: band(draws.improvement_pct[name] - one.by_now[name], "pct", one.gain_sources(name))
            for name in dict.fromkeys(treated)
        },
        total_pct={name: band(values, "pct", one.gain_sources(name)) for name, values in draws.improvement_pct.items()},
        social_downtime_days=band(draws.social_downtime_days, "days", one.sources("social_downtime_days")),
        pain_0_10=band(draws.pain_0_10, "0-10", one.sources("pain_0_10")),
        pih_pct=band(PERCENT * draws.risks["pih"], "pct", one.sources("pih")),
        breaks=broken_limits,
        score_points=round(score(draws, weights, limits), 2),
    )


def shifts(before: Rest, after: Rest) -> RestShifts:
    """The same sessions to come on the twins as they were drawn, and on those that what was seen has left."""

    def shift(one: Draws, other: Draws, unit: str, rows: Sequence[str]) -> Shift:
        return Shift(
            before=of_draws(one, unit, rows, weights=before.draws.weights),
            after=of_draws(other, unit, rows, weights=after.draws.weights),
        )

    one, other = before.draws, after.draws
    return RestShifts(
        redness_days=shift(before.redness_days(), after.redness_days(), "days", before.sources("redness")),
        social_downtime_days=shift(
            one.social_downtime_days, other.social_downtime_days, "days", before.sources("social_downtime_days")
        ),
        pain_0_10=shift(one.pain_0_10, other.pain_0_10, "0-10", before.sources("pain_0_10")),
        pih_pct=shift(PERCENT * one.risks["pih"], PERCENT * other.risks["pih"], "pct", before.sources("pih")),
        total_pct={
            name: shift(values, other.improvement_pct[name], "pct", before.gain_sources(name))
            for name, values in one.improvement_pct.items()
        },
    )
