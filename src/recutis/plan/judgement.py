"""What a person's goals make of all courses that were explored: the chart, the best, what limits take away and what looser ones buy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from recutis.errors import InputError
from recutis.plan.assemble import chart, evenly
from recutis.plan.candidate import Candidate
from recutis.plan.care import ANAESTHESIA_WORDS
from recutis.plan.describe import course_label, pass_settings, strongest
from recutis.plan.document import FrontPoint, LooserLimit, PassSettings, Quantity, Removed
from recutis.plan.evaluate import PhaseEvaluation, named_concerns
from recutis.plan.explain import binding, looser_limits
from recutis.plan.explore import Explored
from recutis.plan.finalists import Finalist
from recutis.plan.landscape import Landscape
from recutis.plan.moved import told_by_search
from recutis.plan.objectives import HARD_CAP
from recutis.plan.panel_words import panel_words
from recutis.plan.planner import price_of
from recutis.plan.predictions import longest_chair
from recutis.plan.quantities import of_draws
from recutis.plan.unplanned import smallest_change
from recutis.units import PERCENT

_MOST_FRONT: Final = 200
_MOST_OTHERS: Final = 150
"""Points of the chart: of the front, and of all courses, the latter the same ones whatever the goals."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CoursePoint(FrontPoint):
    """One course on the chart, with the row by which more of it can be asked for."""

    row: int


class CoursePhase(_Part):
    """Equal sessions with one device: what the panel shows at each site, as numbers and in words."""

    device: str
    device_class: str
    sessions: int
    interval_weeks: float
    passes: dict[str, int]
    settings: dict[str, PassSettings]
    panel: dict[str, str]


class CourseSummary(_Part):
    """One course in short, told with the twins of the search and the injuries of the response library.

    Improvement and risks are per course, downtime, pain and minutes per session (of the session with most). `never` names a hard cap
    that the course breaks: nobody may choose it.
    """

    row: int
    label: str
    phases: tuple[CoursePhase, ...]
    sessions: int
    treats: tuple[str, ...]
    does_not_treat: tuple[str, ...]
    meets_limits: bool
    breaks: tuple[str, ...]
    never: bool
    improvement_pct: dict[str, Quantity]
    social_downtime_days: Quantity
    pain_0_10: Quantity
    anaesthesia: str
    chair_minutes: Quantity
    risks_pct: dict[str, Quantity]
    worst_risk: str = Field(description="the harm with the highest middle chance")
    price: float | None
    gain_points: float
    score_points: float


class KindBest(_Part):
    """The best course of one class of device, or of a pair of classes, that keeps every limit."""

    row: int
    label: str
    classes: tuple[str, ...]
    improvement_pct: float
    score_points: float


class Judgement(_Part):
    """The answer to moved goals; `nearest` says in a sentence what would allow a course where none keeps every limit.

    `note` says what exploring anew under these goals would add; empty where nothing.
    """

    status: Literal["found", "nothing"]
    goals: dict[str, JsonValue]
    courses: int
    keep: int = Field(description="courses that keep every limit")
    best: CourseSummary | None
    kinds: tuple[KindBest, ...]
    points: tuple[CoursePoint, ...]
    removed: tuple[Removed, ...]
    binding: tuple[str, ...]
    looser: tuple[LooserLimit, ...]
    nearest: str
    note: str


def judgement(explored: Explored, *, note: str = "", rows: Sequence[int] = ()) -> Judgement:
    """Hold the goals of what was explored against its courses; `explored` is what `moved.as_searched` and `moved.moved` made.

    `rows` are courses that must be on the chart. No physics is run: it takes some hundredths of a second.
    """
    found, limits = explored.landscape, explored.limits
    kinds, best = found.best_of_each_kind(limits), found.best(limits)
    told = None if best is None else told_by_search(explored, best)
    return Judgement(
        status="nothing" if told is None else "found",
        goals=explored.request.patient.goals.model_dump(mode="json"),
        courses=len(found.courses),
        keep=int(found.judged(limits).kept.sum()),
        best=None if told is None else _summary(explored, told),
        kinds=tuple(_kind(explored, row) for row in kinds),
        points=_points(explored, [*kinds, *(row for row in rows if 0 <= row < len(found.courses))]),
        removed=tuple(Removed(limit=text, candidates=count) for text, count in found.removed(limits).most_common()),
        binding=() if told is None else binding(explored, told),
        looser=looser_limits(explored),
        nearest=smallest_change(explored, found.places) if told is None and len(found.courses) else "",
        note=note,
    )


def course_summary(explored: Explored, row: int) -> CourseSummary:
    """One course in short; `explored` is what `moved.as_searched` and `moved.moved` made.

    Raises InputError for a row that does not exist.
    """
    if not 0 <= row < len(explored.landscape.courses):
        msg = (
            f"There is no course {row} among the {len(explored.landscape.courses)} that were looked at; choose one of the chart."
        )
        raise InputError(msg)
    return _summary(explored, told_by_search(explored, row))


def _kind(explored: Explored, row: int) -> KindBest:
    candidate = explored.landscape.candidate(row, explored.limits)
    return KindBest(
        row=row, label=course_label(candidate), classes=candidate.classes, improvement_pct=round(candidate.median_gain, 2),
        score_points=round(candidate.score, 2),
    )  # fmt: skip


def _points(explored: Explored, named: Sequence[int]) -> tuple[CoursePoint, ...]:
    found, limits = explored.landscape, explored.limits
    front = found.front(limits)
    shown = dict.fromkeys((*named, *evenly(front, _MOST_FRONT), *evenly(range(len(found.courses)), _MOST_OTHERS)))
    tell = chart(found, limits, set(front))
    return tuple(CoursePoint(**tell(row), option_rank=None, row=row) for row in sorted(shown))


def _summary(explored: Explored, told: Finalist) -> CourseSummary:
    candidate, course = told.candidate, told.course
    breaks = _broken(explored.landscape, explored, candidate)
    sources = told.phases[0].one.sources
    risks = {
        kind: of_draws(PERCENT * draws, "pct", sources.get(kind, ()), weights=course.weights)
        for kind, draws in course.risks.items()
    }
    lead = max(
        (strongest(phase.evaluations) for phase in told.phases),
        key=lambda item: list(ANAESTHESIA_WORDS).index(item.care.anaesthesia),
    )
    return CourseSummary(
        row=candidate.row,
        label=course_label(candidate),
        phases=tuple(_phase(candidate, number, phase) for number, phase in enumerate(told.phases)),
        sessions=candidate.sessions,
        treats=candidate.treats,
        does_not_treat=tuple(name for name in named_concerns(explored.request.patient) if name not in candidate.treats),
        meets_limits=not breaks,
        breaks=breaks,
        never=any(text.startswith(HARD_CAP) for text in breaks),
        improvement_pct=_improvement(told),
        social_downtime_days=of_draws(
            course.social_downtime_days, "days", sources.get("social_downtime_days", ()), weights=course.weights
        ),
        pain_0_10=of_draws(course.pain_0_10, "0-10", sources.get("pain_0_10", ()), weights=course.weights),
        anaesthesia=ANAESTHESIA_WORDS[lead.care.anaesthesia],
        chair_minutes=longest_chair(told.phases).total,
        risks_pct=risks,
        worst_risk=max(risks, key=lambda kind: risks[kind].p50),
        price=price_of(explored, candidate),
        gain_points=round(candidate.gain, 2),
        score_points=round(candidate.score, 2),
    )


def _broken(found: Landscape, explored: Explored, candidate: Candidate) -> tuple[str, ...]:
    """The limits that the search sees broken, which is what the chart shows."""
    return found.judged(explored.limits).broken(candidate.row)


def _improvement(told: Finalist) -> dict[str, Quantity]:
    effects = {name: item.sources for phase in told.phases for one in phase.evaluations for name, item in one.improvement.items()}
    return {
        name: of_draws(draws, "pct", effects.get(name, ()), weights=told.course.weights)
        for name, draws in told.course.improvement_pct.items()
    }


def _phase(candidate: Candidate, number: int, phase: PhaseEvaluation) -> CoursePhase:
    plan = candidate.phases[number]
    shown = {item.place.site: pass_settings(item.exposure) for item in phase.evaluations}
    return CoursePhase(
        device=plan.device.name,
        device_class=plan.device.device_class,
        sessions=plan.sessions,
        interval_weeks=plan.interval_weeks,
        passes={site: len(each) for site, each in shown.items()},
        settings={site: each[0] for site, each in shown.items()},
        panel={site: panel_words(each[0], len(each)) for site, each in shown.items()},
    )


__all__ = ["CoursePhase", "CoursePoint", "CourseSummary", "Judgement", "KindBest", "course_summary", "judgement"]
