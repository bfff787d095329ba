"""Aftercare instructions and red flags by day, from `aftercare.csv`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from recutis import evidence
from recutis.classes import matches_any
from recutis.errors import UnknownNameError

URGENCY: Final[tuple[str, ...]] = (
    "immediate",
    "same day",
    "24 h",
    "48 h",
    "routine 3-7 days",
    "routine within 1 week",
    "within 2 weeks",
)
"""Urgencies of the table, the highest first."""

_FROM_PREDICTIONS: Final = frozenset({"sunscreen", "makeup"})
_PRESCRIBED: Final = frozenset({"antiviral", "antibiotic", "pigment"})


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction, from day to day after the session (negative: before it)."""

    row_id: str
    day_from: int
    day_to: int
    topic: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Flag:
    """One sign that is not expected, with what to do and how soon."""

    row_id: str
    day_from: int
    day_to: int
    topic: str
    symptom: str
    action: str
    urgency: str


def _days(row: evidence.Row) -> tuple[int, int]:
    return int(row.fields["day_from"]), int(row.fields["day_to"])


def instructions(device_class: str, *, prescribed: Iterable[str] = ()) -> tuple[Instruction, ...]:
    """Instructions for a class, in day order.

    One instruction a topic and first day: where clinics differ (a note says so) the other protocol
    is left to the clinic. Sunscreen and make-up days come from the person's own predictions, not
    from here. Prescribed topics (antiviral, pigment) appear only when in `prescribed`; a table row
    about antibiotics is never turned into an instruction.
    """
    wanted = set(prescribed)
    found: dict[tuple[str, int], Instruction] = {}
    for row in evidence.rows("aftercare"):
        topic = row.fields["topic"]
        if row.fields["type"] != "instruction" or not matches_any(row.fields["device_class"], device_class):
            continue
        if topic in _FROM_PREDICTIONS or "divergent" in row.fields["notes"]:
            continue
        if topic in _PRESCRIBED and row.id not in wanted and topic not in wanted:
            continue
        first, last = _days(row)
        key = (topic, first)
        if key not in found:
            text = row.fields["instruction_or_symptom"]
            found[key] = Instruction(row_id=row.id, day_from=first, day_to=last, topic=topic, text=text)
    return tuple(sorted(found.values(), key=lambda item: (item.day_from, item.day_to, item.topic)))


def _flag(row: evidence.Row) -> Flag:
    first, last = _days(row)
    return Flag(
        row_id=row.id,
        day_from=first,
        day_to=last,
        topic=row.fields["topic"],
        symptom=row.fields["instruction_or_symptom"],
        action=row.fields["triage_action"],
        urgency=row.fields["urgency"],
    )


def red_flags(device_class: str, *, day: int | None = None) -> tuple[Flag, ...]:
    """Red flags that apply to a class (on a given day), the most urgent first."""
    found = []
    for row in evidence.rows("aftercare"):
        first, last = _days(row)
        if row.fields["type"] != "red_flag" or not matches_any(row.fields["device_class"], device_class):
            continue
        if day is not None and not first <= day <= last:
            continue
        found.append(_flag(row))
    return tuple(sorted(found, key=lambda flag: (URGENCY.index(flag.urgency), flag.day_from, flag.row_id)))


def triage(row_ids: Iterable[str]) -> Flag | None:
    """The flag with the highest urgency among those present; None when there is none.

    Being expected on that day never lowers a flag.
    Raises UnknownNameError for an id that is not a red flag.
    """
    present = []
    for key in row_ids:
        row = evidence.get(key)
        if row.table != "aftercare" or row.fields["type"] != "red_flag":
            msg = f"'{key}' is not a red flag of the aftercare table; 'recutis evidence {key}' shows what it is."
            raise UnknownNameError(msg)
        present.append(_flag(row))
    return min(present, key=lambda flag: URGENCY.index(flag.urgency), default=None)
