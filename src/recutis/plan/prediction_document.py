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


class SeenThing(_Part):
    """One thing that was seen, beside what had been predicted: days, points, or for an event its chance in percent."""

    site: str
    concern: str | None
    what: str
    value: float | bool
    predicted: Quantity


class Shift(_Part):
    """A prediction before and after what was seen."""

    before: Quantity
    after: Quantity


class Learnt(_Part):
    """What a session taught about this person.

    `effective_twins` of `twins` are left when everything seen counts at once: few, when it was surprising. `refreshed` says how
    often the cloud was drawn anew. The shifts are of the same session done again, all its sites together; `pih` in percent.
    """

    twins: int
    effective_twins: float
    refreshed: int
    seen: tuple[SeenThing, ...]
    redness_days: Shift
    social_downtime_days: Shift
    pain_0_10: Shift
    pih: Shift
    improvement_pct: dict[str, Shift]
    sources: tuple[str, ...]


class SessionPrediction(_Part):
    """One session: what is done, and what follows from it, as foreseen with all that was seen before it.

    Risks are of this session alone, in percent; `improvement_pct` is what has been gained by then, matured, and of a test spot
    what is gained on the spot. `learnt` says what was seen since and what that changes; later sessions are predicted with it.
    """

    number: int
    date: str
    week: float
    test_spot: bool
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
    learnt: Learnt | None


class WholeCourse(_Part):
    """The course as a whole, without test spots: improvement after the last session, harm at least once, days lost in all.

    It is told with everything that was seen: days, pain and events that were seen stand in the place of what was predicted.
    """

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
