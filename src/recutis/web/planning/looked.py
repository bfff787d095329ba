"""The courses of a plan under some goals: what the desk answers, and the chart and lists that show it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from recutis.report.words import sentence
from recutis.web.pictures import ChartLimits, front_choices, front_figure, front_key, front_table
from recutis.web.planning import jobs
from recutis.web.planning.goals import LIMIT_SLIDER, Asked, looser_value
from recutis.web.planning.known import ChartPoint, Source, points_of, with_rows
from recutis.web.planning.models import CoursePlan
from recutis.web.planning.shown import course_view
from recutis.web.work import GoalsDocument, UnknownKeyError

_AT_RISK: Final = {"cautious": "for 9 in 10", "balanced": "for 3 in 4", "bold": "for 1 in 2"}
_GONE: Final = "The courses of this plan are not in memory any more; they must be looked at again."


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What goals make of the courses of a plan."""

    asked: Asked
    source: Source
    judged: Mapping[str, Any]

    def context(self, *, chosen: int | None) -> dict[str, Any]:
        """What the fragments show; `chosen` is the row that is ringed."""
        points = points_of(self.judged, self.source)
        best = self.judged["best"]
        return {
            **chart_context(points, self.asked, chosen=chosen), "judged": self.judged, "asked": self.asked, "live": True,
            "best": None if best is None else course_view(best, self.source),
            "kinds": [_kind(kind, self.source, points) for kind in self.judged["kinds"]],
            "removed": [{"limit": sentence(item["limit"]), "candidates": item["candidates"]} for item in self.judged["removed"]],
            "binding": [sentence(text) for text in self.judged["binding"]],
            "looser": [_looser(item) for item in self.judged["looser"]],
        }  # fmt: skip


def chart_context(points: Sequence[ChartPoint], asked: Asked, *, chosen: int | None) -> dict[str, Any]:
    """The chart, its key, the list beside it and the table behind it."""
    goals = asked.goals
    limits = ChartLimits(max_social_downtime_days=goals.max_social_downtime_days, words=_AT_RISK[goals.risk])
    return {
        "figure": front_figure(points, chosen=chosen, limits=limits), "key": front_key(points), "choices": front_choices(points),
        "table": front_table(points).html(), "chosen_row": chosen,
    }  # fmt: skip


def _kind(kind: Mapping[str, Any], source: Source, points: Sequence[ChartPoint]) -> dict[str, Any]:
    point = next((one for one in points if one.row == kind["row"]), None)
    return {**kind, "rank": source.rank(kind["row"]), "point": point}


def _looser(item: Mapping[str, Any]) -> dict[str, Any]:
    return {**item, "slider": LIMIT_SLIDER[item["limit"]], "value": looser_value(item["limit"], item["then"])}


def look(plan: CoursePlan, source: Source, asked: Asked, *, row: int | None = None, timeout_s: float = 5.0) -> Looked:
    """Hold goals against the courses of a plan; `row` is one that must be on the chart.

    Raises UnknownKeyError where the courses must be looked at again, InputError for goals that the planner refuses, and
    WorkerLostError where no answer comes in time.
    """
    key = _key(source)
    source = with_rows(source, plan, key)
    rows = [one for one in (*source.rows, *(() if row is None else (row,))) if one >= 0]
    text = jobs.the_desk().ask("judge", key, {"goals": asked.document(), "rows": rows}, timeout_s=timeout_s)
    return Looked(asked=asked, source=source, judged=json.loads(text))


def course(source: Source, asked: Asked, row: int) -> dict[str, Any]:
    """One course of the chart in short.

    Raises as `look` does, and InputError for a row that does not exist.
    """
    told = jobs.the_desk().course(_key(source), row, cast("GoalsDocument", asked.document()))
    return course_view(told, source)


def _key(source: Source) -> str:
    key = source.key
    if key is None:
        raise UnknownKeyError(_GONE)
    return key
