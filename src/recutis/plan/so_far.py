"""What has been given of a course, as far as a plan for the rest needs it: dates, test spots, doses that were too much."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from recutis import evidence
from recutis.course import CourseDates, course_dates
from recutis.patient import Ceiling
from recutis.plan.objectives import Limits
from recutis.units import DAYS_PER_WEEK

if TYPE_CHECKING:
    from collections.abc import Sequence

SPOT_SHARE = "plan.update.spot_share"
"""Row of the dose that is allowed after a failed test spot, over that of the spot."""


@dataclass(frozen=True, kw_only=True)
class Lowered:
    """The dose that may not be passed with a class of device after a test spot of it failed; None: not limited by it."""

    max_energy_mJ: float | None = None
    max_density_pct: float | None = None
    max_fluence_J_cm2: float | None = None
    max_passes: int | None = None

    def under(self, most: Ceiling) -> Ceiling:
        """The stricter of both."""

        def least(one: float | None, other: float | None) -> float | None:
            known = [value for value in (one, other) if value is not None]
            return min(known) if known else None

        passes = least(self.max_passes, most.max_passes)
        return replace(
            most,
            max_energy_mJ=least(self.max_energy_mJ, most.max_energy_mJ),
            max_density_pct=least(self.max_density_pct, most.max_density_pct),
            max_fluence_J_cm2=least(self.max_fluence_J_cm2, most.max_fluence_J_cm2),
            max_passes=None if passes is None else int(passes),
            rule_ids=(*most.rule_ids, SPOT_SHARE),
            test_spot=True,
        )


@dataclass(frozen=True, kw_only=True)
class SoFar:
    """What of a course lies behind.

    `sessions` were given, the last on `last_day` with a device that is used every `interval_weeks`; `clean` are classes with a
    test spot that passed, `lowered` those with one that failed; `max_pih_pct` are mean and median chance of dark marks that the rest may
    not pass, where some came; `record` is the course so far as a document, with what was seen.
    """

    sessions: int = 0
    last_day: datetime.date | None = None
    interval_weeks: float = 0.0
    clean: frozenset[str] = frozenset()
    lowered: Mapping[str, Lowered] = field(default_factory=dict)
    max_pih_pct: tuple[float, float] | None = None
    record: Mapping[str, JsonValue] = field(default_factory=dict)

    def held(self, limits: Limits) -> Limits:
        """The person's limits, with that on dark marks where some came."""
        return replace(limits, max_pih_pct=self.max_pih_pct)

    def ceiling(self, most: Ceiling) -> Ceiling:
        """The ceiling of a class at a site, lowered where a test spot of the class failed."""
        found = self.lowered.get(most.device_class)
        return most if found is None else found.under(most)

    def document(self) -> dict[str, JsonValue]:
        """As JSON."""
        return {
            "sessions": self.sessions,
            "last_day": None if self.last_day is None else self.last_day.isoformat(),
            "interval_weeks": self.interval_weeks,
            "clean": [*sorted(self.clean)],
            "lowered": {name: asdict(one) for name, one in sorted(self.lowered.items())},
            "max_pih_pct": None if self.max_pih_pct is None else [*self.max_pih_pct],
            "record": dict(self.record),
        }


def read_so_far(document: Mapping[str, Any]) -> SoFar:
    """What `SoFar.document` has written.

    Raises KeyError, TypeError or ValueError for anything else.
    """
    last, most = document["last_day"], document["max_pih_pct"]
    return SoFar(
        sessions=int(document["sessions"]),
        last_day=None if last is None else datetime.date.fromisoformat(last),
        interval_weeks=float(document["interval_weeks"]),
        clean=frozenset(document["clean"]),
        lowered={name: Lowered(**one) for name, one in document["lowered"].items()},
        max_pih_pct=None if most is None else (float(most[0]), float(most[1])),
        record=document["record"],
    )


def dates_of(
    planned: datetime.date, so_far: SoFar | None, *, gaps_weeks: Sequence[float], interval_weeks: float, test_spot: bool
) -> CourseDates:
    """Dates of a course that starts no sooner after the last session than the longer interval of both devices."""
    if so_far is not None and so_far.last_day is not None:
        wait = max(so_far.interval_weeks, interval_weeks)
        lead = evidence.value("plan.lead_days")
        if test_spot:
            lead += evidence.value("plan.test_spot_wait_days") + DAYS_PER_WEEK
        soonest = so_far.last_day + datetime.timedelta(days=round(wait * DAYS_PER_WEEK - lead))
        planned = max(planned, soonest)
    return course_dates(planned, gaps_weeks=gaps_weeks, test_spot=test_spot)
