"""Putting a plan document together: who, what was screened, what was refused, which sources."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from pydantic import BaseModel

from recutis import evidence
from recutis.course import red_flags
from recutis.plan.document import (
    Aftercare,
    CalendarEntry,
    Comparator,
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
from recutis.plan.objectives import Limits, worst_risk_pct
from recutis.plan.search import Found
from recutis.provenance import provenance

if TYPE_CHECKING:
    from recutis.patient import Patient, Screening

_MOST_FRONT = 300
"""Points of the chart; the front itself is always complete."""


@dataclass(kw_only=True)
class Draft:
    """What a plan says, before it is put together; parts that do not apply stay empty."""

    status: Status
    headline: str
    options: tuple[Option, ...] = ()
    found: Found = field(default_factory=Found)
    limits: Limits | None = None
    no_treatment: NoTreatment | None = None
    comparators: tuple[Comparator, ...] = ()
    usual: UsualComparison | None = None
    calendar: tuple[CalendarEntry, ...] = ()
    aftercare: tuple[Aftercare, ...] = ()
    flag_class: str | None = None
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


def front_points(found: Found, limits: Limits, chosen: Mapping[int, int]) -> tuple[FrontPoint, ...]:
    """Candidates for the chart: the whole front, the options, the best of each class, and an even sample of the others."""
    front = set(found.front(limits))
    keep = front | set(chosen) | found.best_of_each_class()
    others = [index for index in range(len(found.candidates)) if index not in keep]
    step = max(1, len(others) // max(1, _MOST_FRONT - len(keep)))
    keep |= set(others[::step])
    points = []
    for index in sorted(keep):
        item = found.candidates[index]
        points.append(
            FrontPoint(
                device=item.device.name,
                device_class=item.device.device_class,
                improvement_pct=round(item.median_gain, 2),
                social_downtime_days=round(item.course.quantile(item.course.social_downtime_days, 0.5), 2),
                worst_risk_pct=round(worst_risk_pct(item.course), 3),
                on_front=index in front,
                meets_limits=not item.breaks,
                option_rank=chosen.get(index),
            )
        )
    return tuple(points)


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


def flag_documents(device_class: str | None) -> tuple[RedFlag, ...]:
    """Red flags of a class, as document entries; none without a class."""
    return tuple(
        RedFlag(
            day_from=flag.day_from,
            day_to=flag.day_to,
            symptom=flag.symptom,
            action=flag.action,
            urgency=flag.urgency,
            source=flag.row_id,
        )
        for flag in (red_flags(device_class) if device_class else ())
    )


def assemble(
    patient: Patient,
    screening: Screening,
    draft: Draft,
    *,
    questions: tuple[Question, ...],
    unasked: tuple[str, ...],
    seed: int,
    chosen: Mapping[int, int],
    started: float,
) -> Plan:
    """The complete document. `chosen` maps indices of candidates to the rank of their option."""
    entries = screening_entries(screening)
    flags = flag_documents(draft.flag_class)
    removed = tuple(Removed(limit=limit, candidates=count) for limit, count in draft.found.removed().most_common())
    offered = draft.found.offered()
    refused = tuple(
        Refusal(device_class=name, reason="; ".join(reasons))
        for name, reasons in sorted(draft.found.refused.items())
        if name not in offered
    )
    front = front_points(draft.found, draft.limits, chosen) if draft.limits is not None else ()
    made = provenance(patient.model_dump(mode="json"), seed=seed)
    fired = tuple(entry for entry in entries if entry.state != "unanswered")
    cited = (draft.options, fired, draft.no_treatment, draft.comparators, draft.usual, draft.aftercare, flags)
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
        calendar=draft.calendar,
        aftercare=draft.aftercare,
        red_flags=flags,
        sources=sources_of(cited),
        provenance=PlanProvenance(
            **asdict(made),
            twins=draft.twins,
            candidates=len(draft.found.candidates),
            seconds=round(time.perf_counter() - started, 3),
        ),
    )
