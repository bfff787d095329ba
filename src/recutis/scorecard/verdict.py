"""Propositions: what a statement says in numbers, and the rule from numbers to a verdict.

A proposition is one or more conditions, each on one quantity; it is looked at case by case (a case
is mostly a device class). What the share of cases that hold means depends on how the statement is
meant (`mode`):

- `all`: said of everything. Supported when at least the share `claims.share.supported` holds,
  contradicted when at most `claims.share.contradicted` does, else it depends on the case.
- `never`: says that something does not exist. One counterexample contradicts it.
- `some`: says that something exists or is possible. One case supports it.
- `matters`: leaves something out. Supported (nothing is lost) when every case holds without it, else
  it depends on what was left out; it cannot be contradicted.
- `varies`: says that a quantity depends on the case. Supported when its largest median is at least
  the threshold times its smallest.

Each proposition is a row or several of the table `model_claims`; nothing here knows a claim.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from recutis import evidence
from recutis.classes import DEVICE_CLASSES, matches_any
from recutis.errors import RecutisError
from recutis.scorecard.types import Answer, Computed, Spread, Verdict, answer_text, number_text

MODES: Final = ("all", "never", "some", "matters", "varies")
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "=": operator.eq,
}
_COMPARE_WORDS: Final = {"<=": "at most", "<": "below", ">=": "at least", ">": "above", "=": "equal to"}
_AT_WORDS: Final = {"p10": "tenth percentile", "p90": "ninetieth percentile"}
_UNITS_IN_NAMES: Final = frozenset({"days", "weeks", "minutes", "um"})
_PRINTED_UNITS: Final = {
    "flag": "",
    "pct": "%",
    "pct of gain": "% of the gain",
    "um": "µm",
    "min per pct": "min per %",
    "0-10": "of 10",
    "points of pct": "points",
    "pct, and ratio": "%, and ratio",
}
_LEAST: Final = 1e-9  # a ratio needs a smallest value above zero
_FEW: Final = 4  # cases named in a sentence


@dataclass(frozen=True, kw_only=True)
class Condition:
    """`quantity` at a quantile (`p10`, `p50`, `p90`) compared with a number or a word, over some cases."""

    quantity: str
    at: str
    compare: str
    target: float | str
    unit: str
    cases: str

    def covers(self, case: str) -> bool:
        """Whether the condition speaks of this case."""
        return self.cases in {"", "any"} or matches_any(self.cases, device_class_of(case))

    def holds(self, answer: Answer) -> bool:
        """Whether an answer fulfils the condition."""
        if isinstance(answer, str) or isinstance(self.target, str):
            return str(answer) == str(self.target)
        return _COMPARE[self.compare](number_at(answer, self.at), self.target)

    def text(self) -> str:
        """The condition in words: 'social downtime at most 3 days, ninetieth percentile'."""
        name = printed_name(self.quantity)
        if isinstance(self.target, str):
            return f"{name} is '{self.target}'"
        if self.unit == "flag":
            return f"{name} is {'yes' if self.target else 'no'}"
        return f"{name} {_COMPARE_WORDS[self.compare]} {self.limit()}"

    def limit(self) -> str:
        """The target with its unit, and the quantile unless it is the median."""
        target = number_text(self.target) if isinstance(self.target, float) else self.target
        words = f"{target}{_unit(self.quantity, self.unit)}"
        return words if self.at == "p50" else f"{words} ({_AT_WORDS[self.at]})"


@dataclass(frozen=True, kw_only=True)
class Proposition:
    """A statement of claims.csv as conditions. `concern` is the kind of concern it speaks of, if one."""

    claim: str
    words: str
    mode: str
    concern: str
    conditions: tuple[Condition, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The verdict of a proposition with the cases it rests on; the verdict is None without cases."""

    verdict: Verdict | None
    holds: tuple[str, ...]
    fails: tuple[str, ...]
    answer: str


def device_class_of(case: str) -> str:
    """The device class a case starts with, or an empty word."""
    first = case.split(",", 1)[0].strip()
    return first if first in DEVICE_CLASSES else ""


def number_at(answer: Answer, at: str) -> float:
    """The number of an answer at a quantile; flags are 0 and 1, exact numbers the same at every quantile."""
    return float(getattr(answer, at)) if isinstance(answer, Spread) else float(answer)


@cache
def propositions() -> Mapping[str, Proposition]:
    """All propositions of the table `model_claims`, by claim id.

    Raises RecutisError for a mode, comparison or quantile that does not exist.
    """
    grouped: dict[str, list[evidence.Row]] = {}
    for row in evidence.rows("model_claims"):
        if row.fields["claim"]:
            grouped.setdefault(row.fields["claim"], []).append(row)
    return {claim: _proposition(claim, rows) for claim, rows in grouped.items()}


def _proposition(claim: str, rows: list[evidence.Row]) -> Proposition:
    first = rows[0].fields
    if first["mode"] not in MODES:
        msg = f"Table model_claims, {rows[0].id}: there is no mode '{first['mode']}'; choose one of {', '.join(MODES)}."
        raise RecutisError(msg)
    return Proposition(
        claim=claim,
        words=first["proposition"],
        mode=first["mode"],
        concern=first["concern"],
        conditions=tuple(_condition(row) for row in rows),
        rows=tuple(row.id for row in rows),
    )


def _condition(row: evidence.Row) -> Condition:
    compare, at = row.fields["compare"], row.fields["at"]
    if compare not in _COMPARE or at not in {"p10", "p50", "p90"}:
        msg = f"Table model_claims, {row.id}: '{at} {compare}' is not a comparison; write p10, p50 or p90 and <=, <, >=, > or =."
        raise RecutisError(msg)
    return Condition(
        quantity=row.fields["quantity"],
        at=at,
        compare=compare,
        target=row.value if row.value is not None else row.fields["value"],
        unit=row.unit,
        cases=row.fields["cases"],
    )


def judge(proposition: Proposition, quantities: Mapping[str, Computed]) -> Judgement:
    """The verdict on a proposition from computed quantities (by name), and one sentence that says it."""
    if proposition.mode == "varies":
        return _varies(proposition, quantities)
    held: dict[str, bool] = {}
    for condition in proposition.conditions:
        computed = quantities.get(condition.quantity)
        for case, answer in (computed.by if computed else {}).items():
            if condition.covers(case):
                held[case] = held.get(case, True) and condition.holds(answer)
    holds = tuple(case for case, kept in held.items() if kept)
    fails = tuple(case for case, kept in held.items() if not kept)
    if not held:
        return Judgement(verdict=None, holds=(), fails=(), answer="Nothing could be computed.")
    return Judgement(
        verdict=_verdict(proposition.mode, len(holds), len(held)),
        holds=holds,
        fails=fails,
        answer=_sentence(proposition, quantities, holds, fails),
    )


def _verdict(mode: str, holds: int, cases: int) -> Verdict:
    if mode == "never":
        return "supported" if holds == cases else "contradicted"
    if mode == "some":
        return "supported" if holds else "contradicted"
    if mode == "matters":
        return "supported" if holds == cases else "depends"
    share = holds / cases
    if share >= evidence.value("claims.share.supported"):
        return "supported"
    return "contradicted" if share <= evidence.value("claims.share.contradicted") else "depends"


def _varies(proposition: Proposition, quantities: Mapping[str, Computed]) -> Judgement:
    condition = proposition.conditions[0]
    computed = quantities.get(condition.quantity)
    found = {case: number_at(answer, condition.at) for case, answer in _numeric(computed, condition).items()}
    if len(found) < 2:
        return Judgement(verdict=None, holds=(), fails=(), answer="Fewer than two cases could be computed.")
    least, most = min(found, key=lambda case: found[case]), max(found, key=lambda case: found[case])
    ratio = found[most] / max(found[least], _LEAST)
    holds = condition.holds(ratio)
    unit = computed.unit if computed else ""
    words = (
        f"{printed_name(condition.quantity).capitalize()} runs from {number_text(found[least])} ({plain(least)}) to "
        f"{number_text(found[most])}{_unit(condition.quantity, unit)} ({plain(most)}), medians of {len(found)} cases."
    )
    return Judgement(
        verdict="supported" if holds else "contradicted",
        holds=tuple(found) if holds else (),
        fails=() if holds else tuple(found),
        answer=words,
    )


def _numeric(computed: Computed | None, condition: Condition) -> dict[str, Answer]:
    if computed is None:
        return {}
    return {case: answer for case, answer in computed.by.items() if condition.covers(case) and not isinstance(answer, str)}


def printed_name(quantity: str) -> str:
    """A quantity's name as people read it: without underscores, `pct`, and its unit at the end."""
    words = [word for word in quantity.split("_") if word != "pct"]
    return " ".join(words[:-1] if len(words) > 1 and words[-1] in _UNITS_IN_NAMES else words)


def printed_unit(unit: str) -> str:
    """A unit as people read it."""
    return _PRINTED_UNITS.get(unit, unit)


def _unit(name: str, unit: str) -> str:
    """The unit with a space before it, left out where the printed name holds it."""
    shown = printed_unit(unit)
    return f" {shown}" if shown and shown not in printed_name(name).split() else ""


def plain(case: str) -> str:
    """A case as people read it: underscores become spaces."""
    return case.replace("_", " ")


def _named(cases: tuple[str, ...]) -> str:
    shown = ", ".join(plain(case).replace(", ", " / ") for case in cases[:_FEW])
    return f"{shown} and {len(cases) - _FEW} more" if len(cases) > _FEW else shown


def _rule(conditions: tuple[Condition, ...]) -> str:
    """All conditions in words; a lower and an upper limit of one quantity are told together."""
    if len(conditions) == 2:
        low, high = conditions
        same = (low.quantity, low.at, low.compare, high.compare) == (high.quantity, high.at, ">=", "<=")
        if same and isinstance(low.target, float):
            return f"{printed_name(low.quantity)} from {number_text(low.target)} to {high.limit()}"
    return " and ".join(condition.text() for condition in conditions)


def _sentence(
    proposition: Proposition, quantities: Mapping[str, Computed], holds: tuple[str, ...], fails: tuple[str, ...]
) -> str:
    total = len(holds) + len(fails)
    rule = _rule(proposition.conditions)
    parts = [f"Holds in {len(holds)} of {total} cases ({rule})"]
    if holds and fails:
        smaller = holds if len(holds) <= len(fails) else fails
        parts.append(f"{'it holds' if smaller is holds else 'it fails'} in {_named(smaller)}")
    ranges = [text for condition in proposition.conditions if (text := _range(quantities.get(condition.quantity), condition))]
    return "; ".join([*parts, *dict.fromkeys(ranges)]) + "."


def _range(computed: Computed | None, condition: Condition) -> str:
    """Smallest and largest answer of a quantity over the cases, with where they occur."""
    found = {case: answer for case, answer in _numeric(computed, condition).items() if not isinstance(answer, bool)}
    if computed is None or not found:
        return ""
    name = printed_name(condition.quantity)
    order = sorted(found, key=lambda case: number_at(found[case], "p50"))
    low, high = order[0], order[-1]
    if answer_text(found[low]) == answer_text(found[high]):
        return f"{name} is {answer_text(found[low])}{_unit(condition.quantity, computed.unit)}"
    return (
        f"{name} runs from {answer_text(found[low])} in {plain(low).replace(', ', ' / ')} to "
        f"{answer_text(found[high])}{_unit(condition.quantity, computed.unit)} in {plain(high).replace(', ', ' / ')}"
    )
