"""What becomes of each concern: its gain over time and in the field's scales, from the draws of a course."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from recutis.bands import Draws
from recutis.plan.prediction_document import GainPoint, ScaleAfter, ScaleOutcome
from recutis.plan.quantities import of_draws
from recutis.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    from recutis.patient import Concern
    from recutis.plan.document import Quantity
    from recutis.skin.types import Lesion
    from recutis.twins import Twins

_BETWEEN_MONTHS: Final = (1.0, 3.0)
"""Months after a session at which its own part has partly and wholly appeared, told where the next one comes later."""
_AFTER_MONTHS: Final = (1.0, 3.0, 6.0, 12.0, 18.0, 24.0)
"""Months told after the last session: those of `recutis.response.timeline`, and the one at which fading ends."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ConcernCourse:
    """One concern along a course: `sessions` that treat it by number, their `days`, the matured gain after each, (sessions, n)."""

    concern: Concern
    lesion: Lesion
    twins: Twins
    sessions: tuple[int, ...]
    days: tuple[datetime.date, ...]
    by_session_pct: Draws
    recurrence_pct: Draws
    sources: tuple[str, ...]

    @property
    def at(self) -> tuple[float, ...]:
        """Days of its sessions from the first."""
        return tuple(float((day - self.days[0]).days) for day in self.days)


def _point(course: ConcernCourse, months: float, session: int | None, gain: Draws, sources: Sequence[str]) -> GainPoint:
    from recutis.response.timeline import block_medians

    return GainPoint(
        months=round(months, 2),
        session=session,
        improvement_pct=of_draws(gain, "pct", sources, weights=course.twins.unequal),
        typical_pct=of_draws(block_medians(gain, course.twins), "pct", sources, weights=course.twins.block_weights),
    )


def by_session(course: ConcernCourse) -> tuple[GainPoint, ...]:
    """Matured gain after each session."""
    return tuple(
        _point(course, (at - course.at[-1]) / DAYS_PER_MONTH, number, gain, course.sources)
        for number, at, gain in zip(course.sessions, course.at, course.by_session_pct, strict=True)
    )


def _times(course: ConcernCourse) -> dict[float, int | None]:
    """Days told, with the session of each: session days, months between far sessions, months after the last."""
    told: dict[float, int | None] = {}
    for before, after in pairwise(course.at):
        told |= {before + month * DAYS_PER_MONTH: None for month in _BETWEEN_MONTHS if before + month * DAYS_PER_MONTH < after}
    told |= {course.at[-1] + month * DAYS_PER_MONTH: None for month in _AFTER_MONTHS}
    return told | dict(zip(course.at, course.sessions, strict=True))


def over_time(course: ConcernCourse, *, sunscreen: bool = True) -> tuple[GainPoint, ...]:
    """What is seen on each session's day and for two years after the last; empty without sunscreen where the sun does not matter."""
    from recutis.response import timeline

    if not sunscreen and not timeline.fades_with_sun(course.lesion):
        return ()
    times = dict(sorted(_times(course).items()))
    seen = timeline.over_time(
        course.by_session_pct, course.at, list(times), course.lesion, course.recurrence_pct, sunscreen=sunscreen
    )
    sources = timeline.timeline_sources(course.sources, course.lesion, sunscreen=sunscreen)
    return tuple(
        _point(course, (day - course.at[-1]) / DAYS_PER_MONTH, session, gain, sources)
        for (day, session), gain in zip(times.items(), seen, strict=True)
    )


def scales(course: ConcernCourse) -> tuple[ScaleOutcome, ...]:
    """The concern's scales at the told months after the last session; the stated baseline where the patient file gives one."""
    from recutis.response import timeline
    from recutis.response.scales import read_scale, scales_for

    end = course.at[-1]
    days = [end + month * DAYS_PER_MONTH for month in timeline.MONTHS_TOLD]
    seen = timeline.over_time(course.by_session_pct, course.at, days, course.lesion, course.recurrence_pct)
    cited = timeline.timeline_sources(course.sources, course.lesion)
    severity = course.concern.severity
    found = []
    for chosen in scales_for(course.concern.kind):
        baseline = severity.value if severity is not None and severity.scale == chosen.name else None
        readings = [read_scale(chosen, gain, course.twins, kind=course.concern.kind, baseline=baseline) for gain in seen]
        sources = (*readings[0].sources, *cited)
        after = tuple(
            ScaleAfter(
                months=month,
                score=of_draws(reading.after, chosen.unit, sources, weights=course.twins.unequal),
                one_grade_better_pct=_chance(reading.better_by_one, course.twins, sources),
            )
            for month, reading in zip(timeline.MONTHS_TOLD, readings, strict=True)
        )
        found.append(
            ScaleOutcome(
                scale=chosen.name,
                words=chosen.words,
                unit=chosen.unit,
                low=chosen.low,
                high=chosen.high,
                better=chosen.better,
                baseline_stated=readings[0].stated or chosen.compares,
                before=of_draws(readings[0].before, chosen.unit, readings[0].sources, weights=course.twins.unequal),
                after=after,
            )
        )
    return tuple(found)


def _chance(chance: Draws | None, twins: Twins, sources: Sequence[str]) -> Quantity | None:
    from recutis.response.timeline import block_shares_pct

    if chance is None:
        return None
    blocks = block_shares_pct(chance, twins)
    spread = of_draws(blocks, "pct", sources, weights=twins.block_weights)
    middle = min(
        max(round(float(np.average(blocks, weights=twins.block_weights)), 2), spread.p10), spread.p90
    )  # the mean of all, as the odds of quarters
    return spread.model_copy(update={"p50": middle})


def outlook(courses: Mapping[str, ConcernCourse]) -> dict[str, object]:
    """The parts of `WholeCourse` that are told concern by concern over time."""
    told = {name: over_time(course, sunscreen=False) for name, course in courses.items()}
    return {
        "by_session": {name: by_session(course) for name, course in courses.items()},
        "over_time": {name: over_time(course) for name, course in courses.items()},
        "over_time_without_sunscreen": {name: points for name, points in told.items() if points},
        "scales": {name: scales(course) for name, course in courses.items()},
    }
