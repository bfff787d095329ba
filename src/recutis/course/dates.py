"""Dates of a course: test spot, its reading, sessions, check-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from recutis import evidence
from recutis.units import DAYS_PER_MONTH, DAYS_PER_WEEK

_SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class CourseDates:
    """Dates of one course, in order."""

    test_spot: date | None
    test_spot_reading: date | None
    sessions: tuple[date, ...]
    check_ups: tuple[date, ...]
    final: date
    late: date


def _days(key: str) -> timedelta:
    return timedelta(days=round(evidence.value(key)))


def working_day(day: date) -> date:
    """The day itself, or the Monday after it when it falls on a weekend."""
    return day + timedelta(days=max(0, DAYS_PER_WEEK - day.weekday())) if day.weekday() >= _SATURDAY else day


def course_dates(planned: date, *, gaps_weeks: Sequence[float], test_spot: bool) -> CourseDates:
    """Lay out a course that starts after a time to think, and after the reading of a test spot; `gaps_weeks` lie between sessions."""
    first = working_day(planned + _days("plan.lead_days"))
    made = first if test_spot else None
    read = working_day(made + _days("plan.test_spot_wait_days")) if made else None
    start = read + timedelta(days=DAYS_PER_WEEK) if read else first
    weeks = accumulate(gaps_weeks, initial=0.0)
    days = [working_day(start + timedelta(days=round(week * DAYS_PER_WEEK))) for week in weeks]
    check = _days("plan.check_up_days")
    final = days[-1] + timedelta(days=round(evidence.value("plan.final_check_months") * DAYS_PER_MONTH))
    late = days[-1] + timedelta(days=round(evidence.value("plan.follow_up_months") * DAYS_PER_MONTH))
    return CourseDates(
        test_spot=made,
        test_spot_reading=read,
        sessions=tuple(days),
        check_ups=tuple(working_day(day + check) for day in days),
        final=working_day(final),
        late=working_day(late),
    )
