"""Nouns of a score card: a computed quantity, a row, the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["supported", "depends", "contradicted"]
VERDICTS: tuple[Verdict, ...] = ("supported", "depends", "contradicted")


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Tenth, fiftieth and ninetieth percentile over the twins of one reference person."""

    p10: float
    p50: float
    p90: float

    def document(self) -> dict[str, float]:
        """The three numbers, rounded to what print can carry."""
        return {name: rounded(getattr(self, name)) for name in ("p10", "p50", "p90")}


Answer = Spread | float | bool | str
"""What one case gives: a spread, one exact number, a flag, or words."""


@dataclass(frozen=True, kw_only=True)
class Computed:
    """One computed quantity, by case.

    A case is a device class, perhaps followed by a comma and more (`ipl, phototype IV`), or a word
    that needs no class. `missing` gives the reason for each case that could not be computed;
    `sources` the evidence rows behind the numbers; `note` how the quantity is defined.
    """

    name: str
    unit: str
    by: Mapping[str, Answer]
    missing: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    note: str = ""

    def document(self) -> dict[str, object]:
        """The quantity as JSON."""
        return {
            "name": self.name,
            "unit": self.unit,
            "by": {case: answer_document(answer) for case, answer in self.by.items()},
            "not_computed": dict(self.missing),
            "sources": list(self.sources),
            "note": self.note,
        }


def rounded(value: float) -> float:
    """Four significant digits, and no minus before zero."""
    return float(f"{value:.4g}") + 0.0


def answer_document(answer: Answer) -> object:
    """An answer as JSON: three numbers, one number, a flag or words."""
    if isinstance(answer, Spread):
        return answer.document()
    return rounded(answer) if isinstance(answer, float) else answer


def answer_text(answer: Answer) -> str:
    """An answer in print: '4.1 (2.2 to 7.9)', '3', 'yes', or its words."""
    if isinstance(answer, Spread):
        low, high = number_text(answer.p10), number_text(answer.p90)
        if low == high:
            return number_text(answer.p50)
        return f"{number_text(answer.p50)} ({low} to {high})"
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return answer if isinstance(answer, str) else number_text(answer)


def number_text(value: float) -> str:
    """A number with two or three digits and no exponent; very small ones as 'below 0.01'."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    if abs(value) >= 0.01:
        return f"{float(f'{value:.2g}'):g}"
    return "0" if value <= 0 else "below 0.01"


@dataclass(frozen=True, kw_only=True)
class ClaimRow:
    """One statement with what the models say about it.

    `verdict_computed` is None when no proposition is written for the statement or nothing could be
    computed; `agrees` compares it with the literature's verdict; `reason` says why something is
    missing, and is empty otherwise.
    """

    id: str
    statement: str
    section: str
    kind: str
    quantities: tuple[Computed, ...]
    proposition: str
    answer: str
    verdict_computed: Verdict | None
    verdict_literature: str
    agrees: bool | None
    literature: str
    correction: str
    sources: tuple[str, ...]
    reason: str

    @property
    def computed(self) -> bool:
        """Whether at least one quantity was computed."""
        return any(quantity.by for quantity in self.quantities)

    def document(self) -> dict[str, object]:
        """The row as JSON."""
        return {
            "id": self.id,
            "statement": self.statement,
            "section": self.section,
            "kind": self.kind,
            "computed": self.computed,
            "quantities": [quantity.document() for quantity in self.quantities],
            "proposition": self.proposition,
            "answer": self.answer,
            "verdict_computed": self.verdict_computed,
            "verdict_literature": self.verdict_literature,
            "agrees": self.agrees,
            "literature": self.literature,
            "correction": self.correction,
            "sources": list(self.sources),
            "reason": self.reason,
        }


@dataclass(frozen=True, kw_only=True)
class Card:
    """A finished score card, ready to be printed: rows, summary, and what to show of them."""

    what: str
    rows: tuple[Mapping[str, object], ...]
    summary: Mapping[str, object]
    table: tuple[tuple[str, ...], ...]
    heads: tuple[str, ...]
    closing_text: str

    def document(self) -> dict[str, object]:
        """One JSON document: rows and summary."""
        return {"rows": [dict(row) for row in self.rows], "summary": dict(self.summary)}

    def columns(self) -> tuple[str, ...]:
        """Heads of the printed table."""
        return self.heads

    def lines(self) -> tuple[tuple[str, ...], ...]:
        """Cells of the printed table, one tuple a row."""
        return self.table

    def closing(self) -> str:
        """One sentence under the table."""
        return self.closing_text
