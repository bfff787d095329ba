"""The prediction of a chosen course as a document: what `prediction.json` holds."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from recutis.plan.document import (
    ChairMinutes,
    InjuryDocument,
    PassSettings,
    PlanProvenance,
    Quantity,
    QuartileOdds,
    Question,
    ScreeningEntry,
    Source,
    SymptomDay,
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CourseWarning(_Part):
    """Something that speaks against the course: `not_allowed` breaks a rule or a ceiling, `caution` asks for care."""

    severity: Literal["not_allowed", "caution"]
    session: int | None
    site: str | None
    text: str
    sources: tuple[str, ...]


class SessionPrediction(_Part):
    """One session: what is done, and what follows from it.

    Risks are of this session alone, in percent; `improvement_pct` is what has been gained by then, matured.
    """

    number: int
    date: str
    week: float
    device: str
    device_class: str
    sites: tuple[str, ...]
    settings: tuple[PassSettings, ...]
    passes: int
    arithmetic: tuple[str, ...]
    anaesthesia: str
    prophylaxis: tuple[str, ...]
    injuries: tuple[InjuryDocument, ...]
    improvement_pct: dict[str, Quantity]
    chair_minutes: ChairMinutes
    pain_0_10: Quantity
    closure_days: Quantity
    social_downtime_days: Quantity
    return_to_work_day: Quantity
    makeup_day: Quantity
    sunscreen_start_day: Quantity
    erythema_resolution_days: Quantity
    pih_duration_weeks: Quantity
    symptoms: tuple[SymptomDay, ...]
    risks: dict[str, Quantity]


class WholeCourse(_Part):
    """The course as a whole: improvement after the last session, harm at least once, days lost in all."""

    sessions: int
    weeks: float
    improvement_pct: dict[str, Quantity]
    quartile_odds: dict[str, QuartileOdds]
    recurrence_pct: dict[str, Quantity]
    time_to_effect_weeks: dict[str, Quantity]
    risks: dict[str, Quantity]
    social_downtime_days_in_all: Quantity
    worst_pain_0_10: Quantity


class CoursePrediction(_Part):
    """What a chosen course would do for this person; `allowed` is False when screening or a ceiling speaks against it."""

    allowed: bool
    screening_status: str
    warnings: tuple[CourseWarning, ...]
    questions: tuple[Question, ...]
    unasked: tuple[str, ...]
    screening: tuple[ScreeningEntry, ...]
    sessions: tuple[SessionPrediction, ...]
    course: WholeCourse
    how: tuple[str, ...]
    sources: tuple[Source, ...]
    provenance: PlanProvenance
