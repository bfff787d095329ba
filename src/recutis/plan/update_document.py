"""What was seen and the rest of the course planned again, as a document: what `update.json` holds."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from recutis.plan.document import PassSettings, PlanProvenance, Quantity, Source, Status
from recutis.plan.prediction_document import Learnt, Shift

Verdict = Literal["keep", "change", "stop", "finished"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GivenSession(_Part):
    """A session that was given, or a test spot that was made (`number` 0), with what it taught; null where nothing was seen."""

    number: int
    test_spot: bool
    date: str
    device: str
    device_class: str
    sites: tuple[str, ...]
    settings: tuple[PassSettings, ...]
    passes: int
    anaesthesia: str
    learnt: Learnt | None


class RestPhase(_Part):
    """Equal sessions still to come, with the settings at each site."""

    device: str
    device_class: str
    sessions: int
    site_settings: dict[str, tuple[PassSettings, ...]]


class RestCourse(_Part):
    """One way to go on, told with everything that was seen.

    `total_pct` counts improvement from before the first session, `to_come_pct` is what the sessions to come add to it, in points of
    the same scale; `pih_pct` is the chance in the sessions to come, downtime and pain those of the session with most of it.
    `score_points` order ways to go on; `breaks` are limits and ceilings that it would break.
    """

    label: str
    sessions: int
    phases: tuple[RestPhase, ...]
    to_come_pct: dict[str, Quantity]
    total_pct: dict[str, Quantity]
    social_downtime_days: Quantity
    pain_0_10: Quantity
    pih_pct: Quantity
    breaks: tuple[str, ...]
    score_points: float


class RestShifts(_Part):
    """The old rest of the course as foreseen before anything was seen, and now; `pih_pct` of its sessions together."""

    redness_days: Shift
    social_downtime_days: Shift
    pain_0_10: Shift
    pih_pct: Shift
    total_pct: dict[str, Shift]


class PlanUpdate(_Part):
    """What was seen, what it taught, and how to go on.

    `verdict`: *keep* the old course, *change* to the first of `options`, *stop* because nothing allowed is worth its price or nothing
    is allowed, *finished* because no session is left. `keep` says whether the old rest is still within half a point of the best.
    `reached_pct` is the improvement by now; `old` the rest of the course as it was planned, null where nothing of it is left.
    """

    date: str
    planned_on: str
    option: int
    verdict: Verdict
    keep: bool
    headline: str
    difference: tuple[str, ...]
    given: tuple[GivenSession, ...]
    sessions_given: int
    sessions_left: int
    twins: int
    planning_twins: int
    refreshed: int
    reached_pct: dict[str, Quantity]
    old: RestCourse | None
    shifts: RestShifts | None
    options: tuple[RestCourse, ...]
    plan_status: Status | None = Field(description="status of the new plan; null where nothing was planned")
    how: tuple[str, ...]
    sources: tuple[Source, ...]
    provenance: PlanProvenance
