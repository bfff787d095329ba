"""Triage of one day of a diary: ticked red flags, levels of the signs, worry and words. The highest urgency wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from recutis import evidence
from recutis.course.aftercare import URGENCY, triage
from recutis.errors import OutOfRangeError, UnknownNameError

SIGNS: Final = ("redness", "swelling", "pain", "sting_itch", "peeling")
"""Signs of the diary, each a level from 0 (none) to 10 (worst); absent is not 0."""
WORRIED: Final = "diary.worried"
WORDS: Final = "diary.words"
_RULE: Final = "diary.rule."
_HIGHEST: Final = 10.0
_FAINT: Final = 0.15  # a level that nobody would notice
Levels = Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing in an entry that somebody must answer; `what` is told to the clinic, `action` is the table's."""

    row_id: str
    kind: Literal["flag", "number", "worry", "words"]
    urgency: str
    what: str
    action: str


def judge(
    *,
    ticked: Iterable[str] = (),
    levels: Levels | None = None,
    day: int,
    expected_p90: Mapping[str, float] | None = None,
    earlier: Iterable[tuple[int, Levels]] = (),
    words: str = "",
) -> tuple[Finding, ...]:
    """What an entry asks for, the most urgent first.

    ticked : ids of red flags of the aftercare table, and `diary.worried`
    expected_p90 : by sign, the level that 9 in 10 persons do not pass on that day; signs without one are judged by the other rules
    earlier : day and levels of entries made before this one

    A finding is only ever added: nothing that is expected takes one away or lowers it.
    Raises UnknownNameError for an id that is no red flag or a sign that is not kept, OutOfRangeError for a level outside 0 to 10.
    """
    told = {} if levels is None else levels
    _check(told)
    found = [_of_flag(key) for key in dict.fromkeys(ticked)]
    found += _of_numbers(told, day=day, expected_p90=expected_p90 or {}, earlier=tuple(earlier))
    if words.strip():
        found.append(_of_row(evidence.get(WORDS), kind="words", what="has written something", action="read it and answer"))
    return tuple(sorted(found, key=lambda one: (URGENCY.index(one.urgency), one.kind != "flag", one.row_id)))


def highest(findings: Iterable[Finding]) -> str:
    """The highest urgency of all; empty where there is none."""
    return min((one.urgency for one in findings), key=URGENCY.index, default="")


def _check(levels: Levels) -> None:
    for sign, level in levels.items():
        if sign not in SIGNS:
            msg = f"'{sign}' is no sign of the diary; the signs are {', '.join(SIGNS)}."
            raise UnknownNameError(msg)
        if level is not None and not 0 <= level <= _HIGHEST:
            msg = f"{sign} is {level:g}; a level is a number from 0 (none) to 10 (worst)."
            raise OutOfRangeError(msg)


def _of_row(row: evidence.Row, *, kind: Literal["number", "worry", "words"], what: str, action: str) -> Finding:
    return Finding(row_id=row.id, kind=kind, urgency=row.fields["urgency"], what=what, action=action)


def _of_flag(key: str) -> Finding:
    if key == WORRIED:
        return _of_row(evidence.get(WORRIED), kind="worry", what="worried about something else", action="call the patient")
    flag = triage([key])
    if flag is None:  # an empty list alone has none
        msg = f"'{key}' is not a red flag of the aftercare table."
        raise UnknownNameError(msg)
    return Finding(row_id=flag.row_id, kind="flag", urgency=flag.urgency, what=flag.symptom, action=flag.action)


def _of_numbers(
    levels: Levels, *, day: int, expected_p90: Mapping[str, float], earlier: tuple[tuple[int, Levels], ...]
) -> list[Finding]:
    found = []
    for row in evidence.rows("model_diary"):
        if not row.id.startswith(_RULE):
            continue
        sign, first = row.fields["sign"], int(row.fields["day_from"])
        level = levels.get(sign)
        if level is None or day < first or row.value is None:
            continue
        before = [seen[sign] for when, seen in earlier if first - 1 <= when <= day and seen.get(sign) is not None]
        what = _fires(row.id.split(".")[2], row.value, level, expected_p90.get(sign), [one for one in before if one is not None])
        if what:
            name = sign.replace("_", " or ")
            found.append(
                _of_row(row, kind="number", what=f"{name} {level:g} of 10, {what}", action="look at it or call the patient")
            )
    return found


def _fires(rule: str, limit: float, level: float, p90: float | None, before: list[float]) -> str:
    """Why a rule fires, in words; empty where it does not."""
    if rule == "severe" and level >= limit:
        return "severe"
    if rule == "above" and p90 is not None and level > p90 + limit:
        return f"where 9 in 10 persons have {'none' if p90 < _FAINT else f'at most {p90:.1f}'}"
    if rule == "rise" and before and level >= min(before) + limit:
        return f"after {min(before):g} on an earlier entry"
    return ""
