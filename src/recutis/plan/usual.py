"""What the clinician usually does, read from a file and compared with the plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from recutis.files import read_yaml, validate
from recutis.laser import device, expose
from recutis.laser.panel import PanelSettings, WholeNumber
from recutis.laser.types import Device, Settings
from recutis.patient import Screening, ceiling
from recutis.plan.describe import pass_settings
from recutis.plan.document import Quantity, UsualComparison
from recutis.plan.evaluate import Evaluator, Place, course_draws
from recutis.plan.objectives import CourseDraws, Limits, broken
from recutis.plan.quantities import of_draws
from recutis.plan.setting_limits import above_ceiling


class UsualSettings(BaseModel):
    """A device with the settings, sessions and interval that a clinician usually takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: str = Field(description="catalogue name")
    settings: PanelSettings = Field(description="as on the panel; text such as '20 mJ' is understood")
    sessions: WholeNumber = Field(default=1, ge=1, le=12, description="number of sessions")
    interval_weeks: float | None = Field(default=None, gt=0, le=104, description="weeks between sessions")

    def laser(self) -> Device:
        """The device. Raises UnknownNameError with the nearest names."""
        return device(self.device)

    def panel(self) -> Settings:
        """The settings as the laser layer takes them."""
        return self.settings.settings()


def read_usual(path: Path) -> UsualSettings:
    """Read a file of usual settings.

    Raises InputError naming the place, the value and what is allowed, also for settings outside the device's limits.
    """
    usual = validate(UsualSettings, read_yaml(path))
    expose(usual.laser(), usual.panel())
    return usual


def _not_allowed(usual: UsualSettings, at: dict[str, Place], screening: Screening) -> tuple[str, ...]:
    laser, settings = usual.laser(), usual.panel()
    words = []
    for place in at.values():
        removed = screening.removed(laser.device_class, place.site)
        words += [f"{place.site}: removed by {rule.rule_id} ({rule.condition})" for rule in removed]
        phototype = place.twins.traits.phototype
        most = ceiling(place.site, laser.device_class, phototype, overridden=screening.overridden)
        if not most.allowed:
            words.append(f"{place.site}: {most.reason}")
        else:
            above = above_ceiling(expose(laser, settings), most)
            words += [f"{place.site}: {text} ({', '.join(most.rule_ids)})" for text in above]
    return tuple(words)


def compare_usual(
    usual: UsualSettings,
    evaluator: Evaluator,
    at: dict[str, Place],
    screening: Screening,
    limits: Limits,
    best: CourseDraws | None,
) -> UsualComparison:
    """The usual course for this person, what forbids it, which limits it breaks, and how the plan's first option fares.

    Raises OutOfRangeError when the settings lie outside the device's limits.
    """
    laser, settings = usual.laser(), usual.panel()
    sessions = usual.sessions
    evaluations = evaluator.sites(laser, dict.fromkeys(at, settings), at)
    course, together = course_draws(evaluations, sessions=sessions)
    sources = {key: item.sources for evaluation in evaluations for key, item in evaluation.improvement.items()}
    return UsualComparison(
        device=laser.name,
        device_class=laser.device_class,
        settings=pass_settings(evaluations[0].exposure),
        sessions=sessions,
        interval_weeks=usual.interval_weeks or evaluator.interval_weeks(laser),
        not_allowed=_not_allowed(usual, at, screening),
        breaks=broken(course, limits),
        improvement_pct={key: of_draws(draws, "pct", sources[key]) for key, draws in course.improvement_pct.items()},
        social_downtime_days=of_draws(together.social_downtime_days, "days", together.sources.get("social_downtime_days", ())),
        pain_0_10=of_draws(together.pain_0_10, "0-10", together.sources.get("pain_0_10", ())),
        pih_per_course=of_draws(100 * course.risks["pih"], "pct", together.sources.get("pih", ())),
        first_option_gain_points=_difference(best, course, sorted({key for ids in sources.values() for key in ids})),
    )


def _difference(best: CourseDraws | None, course: CourseDraws, sources: list[str]) -> Quantity | None:
    """Improvement of the first option less the usual course, twin by twin; None where they share no concern."""
    shared = sorted(set(best.improvement_pct) & set(course.improvement_pct)) if best is not None else []
    if best is None or not shared:
        return None
    draws = np.mean([best.improvement_pct[key] - course.improvement_pct[key] for key in shared], axis=0)
    return of_draws(draws, "points", sources)
