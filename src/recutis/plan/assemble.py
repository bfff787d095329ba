"""Putting a plan document together: who, what was screened, what was refused, which sources."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from recutis import evidence
from recutis.course import red_flags
from recutis.plan.courses import LIMIT_QUANTILES
from recutis.plan.document import (
    Aftercare,
    CalendarEntry,
    CommissionedDevice,
    Comparator,
    Explanation,
    FrontPoint,
    NoTreatment,
    Option,
    PersonSummary,
    Plan,
    PlanProvenance,
    Question,
    RedFlag,
    Refusal,
    Removed,
    ScreeningEntry,
    Source,
    Status,
    UsualComparison,
)
from recutis.plan.explore import Explored
from recutis.plan.landscape import Landscape
from recutis.plan.objectives import Limits
from recutis.plan.request import Request, request_document
from recutis.provenance import provenance

if TYPE_CHECKING:
    from recutis.patient import Patient, Screening

_MOST_FRONT = 200
_MOST_OTHERS = 150
"""Points of the chart: of the front, and of what it dominates."""


@dataclass(kw_only=True)
class Draft:
    """What a plan says, before it is put together; parts that do not apply stay empty.

    `chosen` maps rows of the courses that were explored to the rank of their option.
    """

    status: Status
    headline: str
    options: tuple[Option, ...] = ()
    refused: dict[str, list[str]] = field(default_factory=dict)
    explored: Explored | None = None
    chosen: dict[int, int] = field(default_factory=dict)
    no_treatment: NoTreatment | None = None
    comparators: tuple[Comparator, ...] = ()
    usual: UsualComparison | None = None
    explanation: Explanation | None = None
    commissioned: tuple[CommissionedDevice, ...] = ()
    calendar: tuple[CalendarEntry, ...] = ()
    aftercare: tuple[Aftercare, ...] = ()
    flag_classes: tuple[str, ...] = ()
    twins: int = 0


def person_summary(patient: Patient) -> PersonSummary:
    """Who the plan is for, in words, without a name."""
    who, history, goals = patient.patient, patient.history, patient.goals
    said = [
        name.replace("_", " ")
        for name, answer in history.model_dump(exclude={"medications", "isotretinoin"}).items()
        if answer is True or (isinstance(answer, (list, tuple)) and answer)
    ]
    if history.isotretinoin not in {None, "never"}:
        said.append(f"isotretinoin: {history.isotretinoin}")
    said += [str(name) for name in history.medications or ()]
    if who.smoker:
        said.append("smoker")
    if who.tanned:
        said.append("tanned")
    wishes = [
        f"at most {goals.max_social_downtime_days:g} days of social downtime",
        f"at most {goals.max_sessions} sessions",
        f"{goals.risk} about risk",
    ]
    if goals.max_pain_0_10 is not None:
        wishes.append(f"pain at most {goals.max_pain_0_10:g} of 10")
    concerns = []
    for concern in patient.concerns:
        kind = concern.kind.replace("_", " ")
        counted = f"{concern.count} {kind.removesuffix('s') if concern.count == 1 else kind}" if concern.count else kind
        concerns.append(f"{counted}, {concern.site.replace('_', ' ')}")
    return PersonSummary(
        age=float(who.age) if who.age is not None else 0.0,
        sex=who.sex or "not answered",
        phototype=who.phototype or "not answered",
        concerns=tuple(concerns),
        history=tuple(said),
        goals=tuple(wishes),
    )


def screening_entries(screening: Screening) -> tuple[ScreeningEntry, ...]:
    """The rules that fired, are unanswered or belong on the checklist, as document entries."""
    return tuple(
        ScreeningEntry(
            rule_id=entry.rule_id,
            condition=entry.condition,
            severity=entry.severity,
            state=entry.state,
            applies_to=tuple(entry.applies_to),
            message=entry.message,
            required_action=entry.required_action,
            source=entry.source,
            lifts_when=entry.lifts_when,
            override=entry.override,
            until=entry.until.isoformat() if entry.until else None,
        )
        for entry in screening.entries
    )


def front_points(explored: Explored, chosen: Mapping[int, int]) -> tuple[FrontPoint, ...]:
    """Courses for the chart: the options, the best of each class, the front, and an even sample of the others."""
    found, limits = explored.landscape, explored.limits
    front = found.front(limits)
    nondominated = set(front)
    keep = dict.fromkeys((*chosen, *found.best_of_each_kind(limits)))
    keep |= dict.fromkeys(evenly(front, _MOST_FRONT - len(keep)))
    others = [row for row in range(len(found.courses)) if row not in nondominated and row not in keep]
    keep |= dict.fromkeys(evenly(others, _MOST_OTHERS))
    tell = chart(found, limits, nondominated)
    return tuple(FrontPoint(**tell(row), option_rank=chosen.get(row)) for row in sorted(keep))


def chart(found: Landscape, limits: Limits, front: Container[int]) -> Callable[[int], dict[str, Any]]:
    """What a point of the chart of choices says of a course, by its row; `front` holds the rows on the front."""
    verdict, courses = found.judged(limits), found.courses
    kept, middle = verdict.kept, LIMIT_QUANTILES.index(0.5)
    risk = found.worst_passing_risk_pct()

    def point(row: int) -> dict[str, Any]:
        return {
            **_devices(found, row),
            "improvement_pct": round(float(verdict.median_gain[row]), 2),
            "social_downtime_days": round(float(courses.downtime[row, middle]), 2),
            "worst_risk_pct": round(float(risk[row]), 3),
            "pain_0_10": round(float(courses.usual_pain[row]), 2),
            "chair_minutes": round(float(courses.minutes[row]), 1),
            "sessions": int(courses.sessions[row]),
            "price": None if np.isnan(courses.price[row]) else round(float(courses.price[row]), 2),
            "on_front": row in front,
            "meets_limits": bool(kept[row]),
        }

    return point


def _devices(found: Landscape, row: int) -> dict[str, str]:
    """Name and class of the devices of a course, in order."""
    first, *others = [found.devices[phase.device].device for phase in found.courses.phases[row]]
    told = {"device": first.name, "device_class": first.device_class}
    return told | {
        key: value for item in others for key, value in (("then_device", item.name), ("then_class", item.device_class))
    }


def evenly(rows: Sequence[int], most: int) -> list[int]:
    """At most so many of them, spread evenly, the ends kept."""
    if len(rows) <= max(most, 1):
        return list(rows)
    return [rows[round(step * (len(rows) - 1) / (most - 1))] for step in range(most)] if most > 1 else []


@cache
def _row_ids() -> frozenset[str]:
    return frozenset(row.id for table in evidence.table_names() for row in evidence.rows(table))


def _cited(part: object, into: set[str]) -> None:
    """Collect evidence ids wherever the document names them (`sources`, `source`, `rule_id`)."""
    if isinstance(part, BaseModel):
        for name in type(part).model_fields:
            item = getattr(part, name)
            if name in {"sources", "source", "rule_id"}:
                words = item if isinstance(item, tuple) else str(item).split(", ")
                into.update(word for word in words if isinstance(word, str) and word in _row_ids())
            else:
                _cited(item, into)
    elif isinstance(part, Mapping):
        for item in part.values():
            _cited(item, into)
    elif isinstance(part, tuple):
        for item in part:
            _cited(item, into)


def sources_of(parts: Iterable[object]) -> tuple[Source, ...]:
    """Every evidence row that the parts of a document name, by table and id."""
    ids: set[str] = set()
    for part in parts:
        _cited(part, ids)
    rows = sorted((evidence.get(key) for key in ids), key=lambda row: (row.table, row.id))
    return tuple(
        Source(
            id=row.id,
            table=row.table,
            value=row.value,
            low=row.low,
            high=row.high,
            unit=row.unit,
            text=row.text,
            conditions=row.conditions,
            source=row.source,
            confidence=row.confidence,
            checked=row.checked,
        )
        for row in rows
    )


def flag_documents(device_classes: Sequence[str]) -> tuple[RedFlag, ...]:
    """Red flags of the classes of a course, each once, as document entries."""
    found = {flag.row_id: flag for device_class in device_classes for flag in red_flags(device_class)}
    return tuple(
        RedFlag(
            day_from=flag.day_from,
            day_to=flag.day_to,
            symptom=flag.symptom,
            action=flag.action,
            urgency=flag.urgency,
            source=flag.row_id,
        )
        for flag in found.values()
    )


def _told_with_sources(draft: Draft, entries: tuple[ScreeningEntry, ...], flags: tuple[RedFlag, ...]) -> tuple[object, ...]:
    """The parts of a plan whose rows are listed."""
    fired = tuple(entry for entry in entries if entry.state != "unanswered")
    return (
        draft.options, fired, draft.no_treatment, draft.comparators, draft.usual, draft.explanation, draft.commissioned,
        draft.aftercare, flags,
    )  # fmt: skip


def assemble(
    patient: Patient,
    screening: Screening,
    draft: Draft,
    *,
    questions: tuple[Question, ...],
    unasked: tuple[str, ...],
    request: Request,
    started: float,
) -> Plan:
    """The complete document."""
    entries = screening_entries(screening)
    flags = flag_documents(draft.flag_classes)
    explored = draft.explored
    count = explored.landscape.removed(explored.limits).most_common() if explored is not None else []
    removed = tuple(Removed(limit=limit, candidates=number) for limit, number in count)
    refused = tuple(Refusal(device_class=name, reason="; ".join(reasons)) for name, reasons in sorted(draft.refused.items()))
    front = front_points(explored, draft.chosen) if explored is not None else ()
    made = provenance(patient.model_dump(mode="json"), seed=request.seed)
    return Plan(
        date=patient.date.isoformat(),
        status=draft.status,
        headline=draft.headline,
        blocked=draft.status != "ready",
        released=False,
        person=person_summary(patient),
        questions=questions,
        unasked=unasked,
        screening=entries,
        checklist=tuple(entry.required_action for entry in entries if entry.state == "checklist"),
        options=draft.options,
        refused=refused,
        removed=removed,
        front=front,
        no_treatment=draft.no_treatment,
        comparators=draft.comparators,
        usual=draft.usual,
        explanation=draft.explanation,
        commissioned=draft.commissioned,
        calendar=draft.calendar,
        aftercare=draft.aftercare,
        red_flags=flags,
        sources=sources_of(_told_with_sources(draft, entries, flags)),
        provenance=PlanProvenance(
            **asdict(made),
            twins=draft.twins,
            candidates=len(explored.landscape.courses) if explored is not None else 0,
            seconds=round(time.perf_counter() - started, 3),
        ),
        request=request_document(request),
    )
