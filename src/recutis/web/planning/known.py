"""What the desk remembers of a plan: under which key its courses are, which rows its options have, how to look at them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from recutis.errors import RecutisError
from recutis.plan.document import FrontPoint
from recutis.web.planning import jobs
from recutis.web.planning.models import CoursePlan, Job
from recutis.web.work import GoalsDocument, RequestDocument, key_of

_SAME: Final = ("device", "then_device", "sessions", "improvement_pct", "social_downtime_days", "worst_risk_pct", "pain_0_10")
"""What two points must share to be the same course."""
_NO_ROW: Final = -1000
"""From here down: courses of a plan's own chart that cannot be asked for."""
LOOKED_AT: Final = "looked_at_goals"
"""In a job's document: the goals under which the courses were looked at, where the plan was made with other ones."""


class ChartPoint(FrontPoint):
    """A course of the chart with the row by which it is asked for; from -1 down it is the plan's own option of that number."""

    row: int


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the courses of a plan are: `keys` to ask for them by, `rows` of its options where they are known.

    `request` is what was looked at, `goals` are those of the plan itself.
    """

    keys: tuple[str, ...]
    rows: tuple[int, ...]
    request: RequestDocument
    goals: GoalsDocument
    ready: bool

    @property
    def patient(self) -> dict[str, Any]:
        """The patient file of the plan, with the plan's own goals."""
        return {**self.request["patient"], "goals": self.goals}

    @property
    def key(self) -> str | None:
        """The key that the desk knows now; None where it must look again."""
        if not self.ready:
            return None
        at = jobs.the_desk()
        return next((key for key in self.keys if at.knows(key)), None)

    def rank(self, row: int) -> int | None:
        """The option that has a row; None for any other course."""
        if _NO_ROW < row < 0:
            return -row
        return self.rows.index(row) + 1 if row in self.rows else None

    def row(self, rank: int) -> int:
        """The row of an option; a number below 0 that stands for the option where the row is not known."""
        return self.rows[rank - 1] if 1 <= rank <= len(self.rows) else -rank


def source_of(plan: CoursePlan) -> Source:
    """Where the courses of a plan are, from the job that made it, or from the plan itself where there is none."""
    job = Job.objects.filter(patient_id=plan.patient_id, result__plan=str(plan.pk)).only("document", "result").first()
    told: Mapping[str, Any] = (job.result if job else None) or {}
    request = dict(_request(plan))
    goals = request["patient"].get("goals") or {}
    looked = (job.document if job else {}).get(LOOKED_AT)
    if looked is not None:
        request["patient"] = {**request["patient"], "goals": looked}
    asked = cast("RequestDocument", request)
    ready = plan.status == "ready"
    keys = tuple(dict.fromkeys(key for key in (told.get("key"), key_of(asked) if ready else "") if key))
    return Source(keys=keys, rows=tuple(told.get("rows") or ()), request=asked, goals=cast("GoalsDocument", goals), ready=ready)


def _request(plan: CoursePlan) -> Mapping[str, Any]:
    """The part `request` of a plan's document, without the rest where that is not loaded."""
    if "document" in plan.get_deferred_fields():
        found: Mapping[str, Any] = CoursePlan.objects.values_list("document__request", flat=True).get(pk=plan.pk)
        return found
    told: Mapping[str, Any] = plan.document["request"]
    return told


def with_rows(source: Source, plan: CoursePlan, key: str) -> Source:
    """The source with the rows of the plan's options, found among the courses where no job has told them."""
    if source.rows:
        return source
    front = CoursePlan.objects.values_list("document__front", flat=True).get(pk=plan.pk)
    ranked = {point["option_rank"]: point for point in front if point.get("option_rank")}
    try:
        judged = jobs.the_desk().judge(key, source.goals)
    except RecutisError:
        return source
    places = {tuple(point[name] for name in _SAME): int(point["row"]) for point in judged["points"]}
    rows = [places.get(tuple(ranked[rank].get(name) for name in _SAME), -rank) for rank in sorted(ranked)]
    return replace(source, rows=tuple(rows))


def points_of(judged: Mapping[str, Any], source: Source) -> list[ChartPoint]:
    """The points of a judgement, with the numbers of the plan's options."""
    ranks = {row: rank for rank, row in enumerate(source.rows, start=1)}
    return [ChartPoint.model_validate({**point, "option_rank": ranks.get(point["row"])}) for point in judged["points"]]


def points_in(front: Sequence[FrontPoint], source: Source) -> list[ChartPoint]:
    """The points of a plan's own chart: only its options can be asked for."""

    def row(place: int, point: FrontPoint) -> int:
        return _NO_ROW - place if point.option_rank is None else source.row(point.option_rank)

    return [ChartPoint(**point.model_dump(), row=row(place, point)) for place, point in enumerate(front)]
