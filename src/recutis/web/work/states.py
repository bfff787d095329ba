"""What the desk tells of its jobs, and the shapes of what it is given and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NotRequired, TypedDict

from recutis.errors import RecutisError

JobKind = Literal["plan", "explore", "report", "update", "simulate"]
Status = Literal["waiting", "running", "done", "failed", "cancelled"]
QuestionKind = Literal["judge", "course", "option"]
KINDS: Final[tuple[JobKind, ...]] = ("plan", "explore", "report", "update", "simulate")
OVER: Final = frozenset({"done", "failed", "cancelled"})
"""Statuses that do not change any more."""


class UnknownKeyError(RecutisError):
    """No worker has these courses in its memory (any more): explore again, then ask again."""


class UnknownJobError(RecutisError):
    """There is no job of this number, or it ended too long ago."""


class WorkerLostError(RecutisError):
    """The process that was to answer has ended."""


class RequestDocument(TypedDict):
    """What to plan, and for whom.

    `patient` as in a patient file, `clinic` as in a clinic file or as the part `clinic` of a plan's request, `overrides` by rule, name
    and reason; the others as in the part `request` of a plan.
    """

    patient: Mapping[str, Any]
    clinic: NotRequired[Mapping[str, Any] | None]
    overrides: NotRequired[list[Mapping[str, Any]]]
    usual: NotRequired[Mapping[str, Any] | None]
    seed: NotRequired[int]
    so_far: NotRequired[Mapping[str, Any]]


class PlanDocument(TypedDict):
    """A job `plan` or `explore`.

    `row` is a course that somebody chose among those of `key`: it becomes the plan's first option.
    """

    request: RequestDocument
    key: NotRequired[str]
    row: NotRequired[int]


class ReportDocument(TypedDict):
    """A job `report`: a plan (JSON text or its content), and the folder that plan.json, report.pdf, calendar.ics and figures go to.

    `parts` are those of the PDF: `clinician`, `patient` or, when it is left out, both.
    """

    plan: str | Mapping[str, Any]
    folder: str
    parts: NotRequired[list[Literal["clinician", "patient"]]]


class UpdateDocument(TypedDict):
    """A job `update`: a plan, what was seen (as in an observation file), the option that is given, a folder for files if wanted."""

    plan: str | Mapping[str, Any]
    observations: list[Mapping[str, Any]]
    option: NotRequired[int]
    folder: NotRequired[str | None]


class SimulateDocument(TypedDict):
    """A job `simulate`: an exposure as in an exposure file, a second one to compare with, a folder for files if wanted."""

    exposure: Mapping[str, Any]
    against: NotRequired[Mapping[str, Any] | None]
    folder: NotRequired[str | None]


JobDocument = PlanDocument | ReportDocument | UpdateDocument | SimulateDocument


class GoalsDocument(TypedDict, total=False):
    """Moved goals, as the part `goals` of a patient file; what is left out takes its default there."""

    max_social_downtime_days: float
    max_sessions: int
    max_pain_0_10: float | None
    risk: Literal["cautious", "balanced", "bold"]
    priorities: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class JobState:
    """A job at one moment.

    `progress` runs from 0 to 1 and never back, `word` says what is being done. `error` is one sentence for the person who waits.
    `facts` are small: of a plan or an exploration its `key`, `courses` and `seconds`, of a plan also `status`, `headline`, `rows` (the
    course of each option); of an update `verdict`, `headline` and what a plan has; of what writes files their `folder` and names.
    `documents` are JSON texts: `plan` (plan.json), `update` (update.json), `simulation`, `against` and `comparison` (injury.json and
    comparison.json), `films` (one or two films to one scale, and the steps of a slider).
    """

    id: str
    kind: JobKind
    status: Status
    progress: float = 0.0
    word: str = ""
    error: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    submitted: float = 0.0
    started: float | None = None
    ended: float | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status in OVER
