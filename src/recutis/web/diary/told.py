"""What a plan tells about one day after a session: expected signs, care, what comes next."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone
from pydantic import ValidationError

from recutis.course.aftercare import Flag, red_flags
from recutis.course.diary_triage import SIGNS
from recutis.errors import OutOfRangeError
from recutis.plan.document import Aftercare, Option, PhaseDocument, Quantity
from recutis.report.words import sentence
from recutis.web.delivery.models import Session
from recutis.web.diary.plain import CALL_WORDS, SIGN_WORDS, flag_words
from recutis.web.pictures import Picture, day_expected, expected_levels
from recutis.web.planning.models import CoursePlan

_FAINT: Final = 0.5  # half a point is the grain of a slider
_NEXT: Final = 4


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One sign on one day: the span in which 8 in 10 persons lie."""

    sign: str
    name: str
    p10: float
    p90: float

    @property
    def words(self) -> str:
        """'2 to 6 of 10', or 'none'."""
        return "none" if self.p90 < _FAINT else f"{self.span} of 10"

    @property
    def span(self) -> str:
        """'2 to 6', 'about 1' or 'none'."""
        if self.p90 < _FAINT:
            return "none"
        low, high = round(self.p10), max(round(self.p90), 1)
        return f"about {high}" if low == high else f"{low} to {high}"


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something of the care on certain days."""

    days: str
    topic: str
    text: str


@dataclass(frozen=True, kw_only=True)
class FlagWords:
    """A red flag as the patient reads it."""

    row_id: str
    urgency: str
    sign: str
    action: str


@dataclass(frozen=True, kw_only=True)
class FlagGroup:
    """Red flags of one answer to 'what do I do'."""

    urgency: str
    title: str
    flags: tuple[FlagWords, ...]


def session_day(session: Session) -> datetime.date:
    """The day of a session: when it was given, else when it is planned."""
    return timezone.localdate(session.started_at) if session.started_at else session.planned_on


def day_of(session: Session, on: datetime.date | None = None) -> int:
    """Days since the session, 0 on its day, negative before it; today where no date is given."""
    return ((on or timezone.localdate()) - session_day(session)).days


def date_of(session: Session, day: int) -> datetime.date:
    """The date of a day after a session."""
    return session_day(session) + datetime.timedelta(days=day)


def option_of(plan: CoursePlan) -> Option | None:
    """The option that was chosen; None where the plan has none or is of a form that is not read any more."""
    options: Sequence[Mapping[str, Any]] = plan.document.get("options", ())
    for one in options:
        if one.get("rank") == plan.chosen_rank:
            try:
                return Option.model_validate(one)
            except ValidationError:
                return None
    return None


def option_for(session: Session) -> Option | None:
    """The option whose patient part may be shown: that of a plan which is released and not withdrawn."""
    return option_of(session.plan) if session.plan.released else None


def phase_of(option: Option, session: Session) -> PhaseDocument | None:
    """The part of a course to which a session belongs; a test spot to the part whose device it is made with."""
    if not option.phases:
        return None
    if session.kind == "test_spot":
        device = option.test_spot.device if option.test_spot else ""
        return next((one for one in option.phases if one.device == device), option.phases[0])
    return [one for one in option.phases if one.first_session <= max(session.number, option.phases[0].first_session)][-1]


def class_of(session: Session) -> str:
    """The device class of a session, also of a plan that was withdrawn since; empty where the plan does not say."""
    option = option_of(session.plan)
    if option is None:
        return ""
    phase = phase_of(option, session)
    return phase.device_class if phase else option.device_class


def expected(option: Option | None, day: int) -> tuple[Expected, ...]:
    """Signs of a day; empty where the plan does not reach."""
    try:
        levels = expected_levels(option.predictions.symptoms if option else (), day)
    except OutOfRangeError:
        return ()
    return tuple(Expected(sign=sign, name=SIGN_WORDS[sign][0], p10=levels[sign].p10, p90=levels[sign].p90) for sign in SIGNS)


def picture(option: Option | None, day: int, observed: Mapping[str, float | None]) -> Picture | None:
    """What is expected on a day, with what was entered; None where the plan does not reach."""
    try:
        return day_expected(option, day, observed) if option else None
    except OutOfRangeError:
        return None


def flag_groups(device_class: str, day: int) -> tuple[FlagGroup, ...]:
    """Red flags of a day in plain words, grouped by what to do, the most urgent first.

    Where the class is not known only the flags of all classes are told.
    """
    groups: dict[str, list[FlagWords]] = {}
    urgency_of: dict[str, str] = {}
    for flag in red_flags(device_class, day=max(day, 0)):
        title = CALL_WORDS[flag.urgency]
        urgency_of.setdefault(title, flag.urgency)
        groups.setdefault(title, []).append(_plain(flag))
    return tuple(FlagGroup(urgency=urgency_of[title], title=title, flags=tuple(flags)) for title, flags in groups.items())


def _plain(flag: Flag) -> FlagWords:
    sign, action = flag_words(flag.row_id, flag.symptom, flag.action)
    return FlagWords(row_id=flag.row_id, urgency=flag.urgency, sign=sign, action=action)


def care_of_day(phase: PhaseDocument | None, day: int) -> tuple[Step, ...]:
    """What to do on a day."""
    items = [item for item in (phase.aftercare if phase else ()) if item.day_from <= day <= item.day_to]
    return tuple(_step(item) for item in sorted(items, key=lambda item: (item.day_to - item.day_from, item.topic)))


def next_steps(phase: PhaseDocument | None, day: int) -> tuple[Step, ...]:
    """What starts after a day, soonest first."""
    items = [item for item in (phase.aftercare if phase else ()) if item.day_from > day]
    return tuple(_step(item) for item in sorted(items, key=lambda item: (item.day_from, item.topic))[:_NEXT])


def _step(item: Aftercare) -> Step:
    days = f"Day {item.day_from}" if item.day_from == item.day_to else f"Day {item.day_from} to {item.day_to}"
    if item.day_from < 0:
        days = "Before the session"
    return Step(days=days, topic=item.topic.replace("_", " ").capitalize(), text=sentence(item.instruction))


def milestones(phase: PhaseDocument | None) -> tuple[tuple[str, str], ...]:
    """When life goes back to normal after a session: what, and from when to when."""
    if phase is None:
        return ()
    told = (
        ("Skin closed", phase.closure_days), ("Going out without hiding", phase.social_downtime_days),
        ("Make-up again", phase.makeup_day), ("Redness gone", phase.erythema_resolution_days),
    )  # fmt: skip
    return tuple((name, _days_words(quantity)) for name, quantity in told)


def _days_words(quantity: Quantity) -> str:
    low, high = math.floor(quantity.p10), math.ceil(quantity.p90)
    if high <= 0:
        return "the same day"
    return f"day {high}" if low == high else f"day {low} to {high}"
