"""What the five plans of the demo say about their visits, read once each: days, panels, checklists, bands."""

from __future__ import annotations

import datetime
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from recutis.report.patient import day_words
from recutis.web.delivery.course import SPOT, planned_passes, sites_of
from recutis.web.delivery.gates import checklist_of
from recutis.web.delivery.models import ConsentWording, Session
from recutis.web.delivery.wording import filled
from recutis.web.diary.told import expected, option_of
from recutis.web.planning.models import CoursePlan

_TENTH: Final = 1.2816  # standard deviations from the median to p90 of a normal distribution
_DIARY_DAYS: Final = 14
_GRAIN: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A test spot or session: how many days after the plan, the device, the panel of each pass by site, what is ticked before."""

    kind: str
    number: int
    offset: int
    read_offset: int | None
    device: str
    panels: Mapping[str, tuple[dict[str, float], ...]]
    ticked: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Course:
    """One of the plans, as all who have it share it."""

    device_class: str
    visits: tuple[Visit, ...]
    bands: tuple[Mapping[str, tuple[float, float]], ...]
    option: Mapping[str, Any]
    consent: str
    told_of: tuple[str, ...]

    @property
    def sessions(self) -> list[Visit]:
        """The visits without the test spot."""
        return [one for one in self.visits if one.kind != SPOT]


def read(plan: CoursePlan, wording: ConsentWording) -> Course:
    """What a plan that is saved says."""
    option = option_of(plan)
    if option is None:
        msg = "a plan of the demo has no option"
        raise ValueError(msg)
    made = datetime.date.fromisoformat(plan.document["date"])
    days: dict[tuple[str, int], int] = {}
    for entry in plan.document["calendar"]:
        if entry["kind"] in {"session", "test_spot", "test_spot_reading"}:
            day = (datetime.date.fromisoformat(entry["day"]) - made).days
            days.setdefault((entry["kind"], entry["session"] or 1), day)
    listed = sorted(
        ((kind, number, at) for (kind, number), at in days.items() if kind != "test_spot_reading"), key=lambda one: one[2]
    )
    return Course(
        device_class=option.device_class,
        visits=tuple(_visit(plan, kind, number, at, days.get(("test_spot_reading", 1))) for kind, number, at in listed),
        bands=tuple({one.sign: (one.p10, one.p90) for one in expected(option, day)} for day in range(_DIARY_DAYS)),
        option=plan.document["options"][0],
        consent=filled(wording.text, plan),
        told_of=told_of(plan),
    )


def _visit(plan: CoursePlan, kind: str, number: int, at: int, read: int | None) -> Visit:
    session = Session(
        clinic=plan.clinic, patient=plan.patient, plan=plan, kind=kind, number=number, planned_on=plan.made_at.date()
    )
    phases = plan.document["options"][0]["phases"]
    first = [one for one in phases if one["first_session"] <= number][-1] if kind != SPOT else phases[0]
    device = plan.document["options"][0]["test_spot"]["device"] if kind == SPOT else first["device"]
    items = checklist_of(session).items
    return Visit(
        kind=kind, number=number, offset=at, read_offset=read if kind == SPOT else None, device=device,
        panels={site: planned_passes(session, site) for site in sites_of(session)},
        ticked=tuple((one.name, "no" if one.kind == "question" else "yes") for one in items),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Person:
    """How one patient heals: standard deviations from the median for gain, days and signs; the same on every visit."""

    gain: float
    days: float
    signs: float

    @classmethod
    def drawn(cls, draw: random.Random) -> Person:
        """Somebody."""
        return cls(gain=draw.gauss(0, 1), days=draw.gauss(0, 1), signs=draw.gauss(0, 1))


def at(band: Mapping[str, Any], deviations: float, low: float, high: float) -> float:
    """The value so many standard deviations from the median of p10, p50, p90, kept inside a scale."""
    middle = float(band["p50"])
    side = float(band["p90"]) - middle if deviations > 0 else middle - float(band["p10"])
    return min(max(middle + deviations * side / _TENTH, low), high)


def levels(course: Course, who: Person, day: int, draw: random.Random) -> dict[str, float]:
    """The signs of one day as this person tells them, near the predicted band."""
    told = {}
    for sign, (low, high) in course.bands[day].items():
        middle, spread = (low + high) / 2, (high - low) / 2 / _TENTH
        value = min(max(middle + (0.8 * who.signs + 0.6 * draw.gauss(0, 1)) * spread, 0.0), 10.0)
        told[sign] = round(value / _GRAIN) * _GRAIN
    return told


def observation(course: Course, who: Person, *, number: int, seen_on: datetime.date, draw: random.Random) -> dict[str, Any]:
    """What is seen four weeks after a session, as `recutis update` takes it."""
    told = course.option["predictions"]
    last = number == len(course.sessions)
    better: Mapping[str, Any] = told["improvement_pct"] if last else {
        key: bands[min(number, len(bands)) - 1] for key, bands in told["improvement_by_session_pct"].items() if bands
    }  # fmt: skip
    return {
        "session": number,
        "date": seen_on.isoformat(),
        "pain_0_10": round(at(told["pain_0_10"], who.signs, 0, 10), 1),
        "downtime_days": round(at(told["social_downtime_days"], who.days, 0, 60)),
        "pih": draw.random() * 100 < float(told["risks"]["pih"]["per_session"]["p50"]),
        "improvement": {key: round(at(band, 0.9 * who.gain + 0.4 * draw.gauss(0, 1), -20, 100)) for key, band in better.items()},
    }


def told_of(plan: CoursePlan) -> tuple[str, ...]:
    """What in a consent is of one patient's plan and not of the course: name, day, who released it."""
    by = plan.released_by.full_name if plan.released_by else "a clinician"
    return plan.patient.name, day_words(plan.document["date"]), f"; {by} has released it"


def consent_text(course: Course, plan: CoursePlan) -> str:
    """The consent of one patient: the text of the course with what is this plan's own in it."""
    text = course.consent
    for one, other in zip(course.told_of, told_of(plan), strict=True):
        text = text.replace(one, other)
    return text
