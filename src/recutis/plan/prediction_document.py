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


class GainPoint(_Part):
    """Gain of one concern at one time.

    `months` after the last session that treats it, below zero before; `session` its number in the course where the time is a session's
    day. `improvement_pct` is for one person; `typical_pct` the median person, so that its range is what is not known.
    """

    months: float
    session: int | None
    improvement_pct: Quantity
    typical_pct: Quantity


class ScaleAfter(_Part):
    """A scale so many months after the last session.

    For grades `score` is the expected grade and `one_grade_better_pct` the chance of at least one grade better; else that is null.
    """

    months: float
    score: Quantity
    one_grade_better_pct: Quantity | None


class ScaleOutcome(_Part):
    """One of the field's scales before and after; `baseline_stated` says whether the patient file gave `before` or it is the usual one."""

    scale: str
    words: str
    unit: str
    low: float
    high: float
    better: Literal["lower", "higher"]
    baseline_stated: bool
    before: Quantity
    after: tuple[ScaleAfter, ...]


class PigmentPoint(_Part):
    """PIH of one session at one density of the pattern, for each phototype; `coverage_pct` is the treated surface of all passes."""

    density_pct: float
    coverage_pct: float
    risk_pct: dict[str, Quantity]


class PigmentCurve(_Part):
    """PIH by phototype against density: one session's device and care, the density of each pass turned from its lowest to its highest.

    One point where the device has no density; then `density_pct` is 0. `chosen_density_pct` is the session's own, `ceiling_density_pct`
    the hard limit for the person on the site, both of one pass.
    """

    session: int
    site: str
    device: str
    phototype: str
    passes: int
    chosen_density_pct: float | None
    ceiling_density_pct: float | None
    points: tuple[PigmentPoint, ...]


class WholeCourse(_Part):
    """The course as a whole, without test spots: improvement after the last session, harm at least once, days lost in all.

    By concern: `by_session` the matured gain after each session, `over_time` what is seen at each session and after the last one with
    daily sunscreen, `over_time_without_sunscreen` the same without it where the sun matters, `scales` the field's scales and
    `non_responders_pct` the share of persons below 10 % improvement.

    It is told with everything that was seen: days, pain and events that were seen stand in the place of what was predicted.
    """

    sessions: int
    weeks: float
    improvement_pct: dict[str, Quantity]
    quartile_odds: dict[str, QuartileOdds]
    recurrence_pct: dict[str, Quantity]
    time_to_effect_weeks: dict[str, Quantity]
    non_responders_pct: dict[str, Quantity]
    by_session: dict[str, tuple[GainPoint, ...]]
    over_time: dict[str, tuple[GainPoint, ...]]
    over_time_without_sunscreen: dict[str, tuple[GainPoint, ...]]
    scales: dict[str, tuple[ScaleOutcome, ...]]
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
    pigment: PigmentCurve
    how: tuple[str, ...]
    sources: tuple[Source, ...]
    provenance: PlanProvenance
