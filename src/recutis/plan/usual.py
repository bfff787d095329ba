"""What the clinician usually does, read from a file and compared with the plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from recutis.files import read_yaml, validate
from recutis.laser import device, expose, pick
from recutis.laser.panel import PanelSettings, WholeNumber
from recutis.laser.types import Device, Settings
from recutis.patient import Screening, ceiling
from recutis.plan.commissioning import EnergyScale, panel_ceiling
from recutis.plan.describe import pass_settings
from recutis.plan.document import Quantity, UsualComparison
from recutis.plan.evaluate import Evaluator, PhaseEvaluation, Place, course_draws
from recutis.plan.objectives import CourseDraws, Limits, broken
from recutis.plan.quantities import of_draws
from recutis.plan.setting_limits import above_ceiling

if TYPE_CHECKING:
    from recutis.laser import Clinic


@dataclass(frozen=True, kw_only=True)
class UsualCourse:
    """The usual course with its device found."""

    device: Device
    settings: Settings
    sessions: int
    interval_weeks: float | None


class UsualSettings(BaseModel):
    """A device with the settings, sessions and interval that a clinician usually takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: str = Field(description="name in the clinic's file or in the catalogue")
    settings: PanelSettings = Field(description="as on the panel; text such as '20 mJ' is understood")
    sessions: WholeNumber = Field(default=1, ge=1, le=12, description="number of sessions")
    interval_weeks: float | None = Field(default=None, gt=0, le=104, description="weeks between sessions")


def read_usual(path: Path, *, clinic: Clinic | None = None) -> UsualCourse:
    """Read a file of usual settings; the device is looked for in the clinic's file first, then in the catalogue.

    Raises InputError naming the place, the value and what is allowed, also for settings outside the device's limits.
    """
    said = validate(UsualSettings, read_yaml(path))
    own = {item.name.casefold() for item in clinic.devices} if clinic is not None else set()
    here = clinic is not None and said.device.strip().casefold() in own
    laser = pick(said.device, clinic.devices) if clinic is not None and here else device(said.device)
    settings = said.settings.settings()
    expose(laser, settings)
    return UsualCourse(device=laser, settings=settings, sessions=said.sessions, interval_weeks=said.interval_weeks)


def _not_allowed(usual: UsualCourse, at: dict[str, Place], screening: Screening, scale: EnergyScale | None) -> tuple[str, ...]:
    laser, settings = usual.device, usual.settings
    words = []
    for place in at.values():
        removed = screening.removed(laser.device_class, place.site)
        words += [f"{place.site}: removed by {rule.rule_id} ({rule.condition})" for rule in removed]
        phototype = place.twins.traits.phototype
        most = ceiling(place.site, laser.device_class, phototype, overridden=screening.overridden)
        if not most.allowed:
            words.append(f"{place.site}: {most.reason}")
        else:
            above = above_ceiling(expose(laser, settings), panel_ceiling(most, scale))
            words += [f"{place.site}: {text} ({', '.join(most.rule_ids)})" for text in above]
    return tuple(words)


def compare_usual(
    usual: UsualCourse,
    evaluator: Evaluator,
    at: dict[str, Place],
    screening: Screening,
    limits: Limits,
    best: CourseDraws | None,
    *,
    scale: EnergyScale | None = None,
) -> UsualComparison:
    """The usual course for this person, what forbids it, which limits it breaks, and how the plan's first option fares.

    `scale` of a device that was measured: its ceilings hold for what it delivers, too.

    Raises OutOfRangeError when the settings lie outside the device's limits.
    """
    laser, settings = usual.device, usual.settings
    sessions = usual.sessions
    if usual.interval_weeks is not None:
        weeks = usual.interval_weeks
        evaluator = replace(evaluator, interval_weeks=lambda _device: weeks, _cache={})
    evaluations = evaluator.sites(laser, dict.fromkeys(at, settings), at)
    phase = PhaseEvaluation(evaluations=tuple(evaluations), sessions=sessions)
    course, together = course_draws([phase]), phase.one
    sources = {key: item.sources for evaluation in evaluations for key, item in evaluation.improvement.items()}
    told = partial(of_draws, weights=course.weights)
    return UsualComparison(
        device=laser.name,
        device_class=laser.device_class,
        settings=pass_settings(evaluations[0].exposure),
        sessions=sessions,
        interval_weeks=usual.interval_weeks or evaluator.interval_weeks(laser),
        not_allowed=_not_allowed(usual, at, screening, scale),
        breaks=broken(course, limits),
        improvement_pct={key: told(draws, "pct", sources[key]) for key, draws in course.improvement_pct.items()},
        social_downtime_days=told(together.social_downtime_days, "days", together.sources.get("social_downtime_days", ())),
        pain_0_10=told(together.pain_0_10, "0-10", together.sources.get("pain_0_10", ())),
        pih_per_course=told(100 * course.risks["pih"], "pct", together.sources.get("pih", ())),
        first_option_gain_points=_difference(best, course, sorted({key for ids in sources.values() for key in ids})),
    )


def _difference(best: CourseDraws | None, course: CourseDraws, sources: list[str]) -> Quantity | None:
    """Improvement of the first option less the usual course, twin by twin; None where they share no concern."""
    shared = sorted(set(best.improvement_pct) & set(course.improvement_pct)) if best is not None else []
    if best is None or not shared:
        return None
    draws = np.mean([best.improvement_pct[key] - course.improvement_pct[key] for key in shared], axis=0)
    return of_draws(draws, "points", sources, weights=course.weights)
