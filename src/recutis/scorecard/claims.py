"""The claims card: every statement of the table, the quantities it asks for, and a verdict from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from recutis import evidence
from recutis.errors import RecutisError
from recutis.scorecard.panel import Panel
from recutis.scorecard.registry import compute, split_names
from recutis.scorecard.tables import Record
from recutis.scorecard.types import VERDICTS, Card, ClaimRow, Computed, Verdict
from recutis.scorecard.verdict import Judgement, Proposition, judge, propositions

TABLE: Final = "claims"
REQUIRED: Final = ("id", "statement", "quantity_to_compute")
_WORDS: Final = (
    (r"freckle|ephelid", "freckles"),
    (r"age spot|lentig|brown", "age_spots"),
    (r"line|wrinkle", "fine_lines"),
    (r"scar", "acne_scars"),
    (r"vein|vessel|telangiect", "facial_veins"),
    (r"redness|rosacea", "diffuse_redness"),
    (r"pore", "enlarged_pores"),
    (r"acne", "acne_prone"),
    (r"texture|appearance|look", "texture"),
)
"""Words of a statement that say which concern it speaks of, the first that occurs."""


def packaged() -> tuple[Record, ...]:
    """The rows of the packaged table of claims."""
    return tuple(Record(place=f"{TABLE}.csv, {row.id}", fields=dict(row.fields)) for row in evidence.rows(TABLE))


def concern_of(statement: str) -> str:
    """The kind of concern a statement speaks of, by its words; empty when it names none."""
    return next((kind for pattern, kind in _WORDS if re.search(pattern, statement.lower())), "")


def _same(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()


def proposition_for(fields: Mapping[str, str]) -> Proposition | None:
    """The proposition written for a statement: the packaged statement of the same words, else none.

    The words decide and not the id alone, so that a table from outside that reuses an id for
    another statement is not judged by the wrong proposition.
    """
    for row in evidence.rows(TABLE):
        if _same(row.fields["statement"], fields["statement"]) and (row.id == fields["id"] or not _repeated(fields["statement"])):
            return propositions().get(row.id)
    for row in evidence.rows(TABLE):
        if _same(row.fields["statement"], fields["statement"]):
            return propositions().get(row.id)
    return None


def _repeated(statement: str) -> bool:
    return sum(_same(row.fields["statement"], statement) for row in evidence.rows(TABLE)) > 1


def _quantities(panel: Panel, fields: Mapping[str, str], proposition: Proposition | None) -> tuple[Computed, ...]:
    concern = proposition.concern if proposition else concern_of(fields["statement"])
    names = list(split_names(fields["quantity_to_compute"]))
    wanted = [condition.quantity for condition in proposition.conditions] if proposition else []
    found: dict[str, Computed] = {}
    for name in (*names, *wanted):
        computed = compute(name, panel, concern)
        found.setdefault(computed.name, computed)
    return tuple(found.values())


def _reason(quantities: tuple[Computed, ...], proposition: Proposition | None, judgement: Judgement | None) -> str:
    """Why something of a row is missing: one sentence, empty when nothing is."""
    if not quantities:
        return "The row names no quantity to compute."
    empty = [quantity for quantity in quantities if not quantity.by]
    parts = [f"{item.name}: {next(iter(item.missing.values()), 'no case could be computed')}" for item in empty]
    if proposition is None:
        parts.append("no proposition is written for this statement in the table model_claims, so there is no verdict")
    elif judgement is not None and judgement.verdict is None:
        parts.append("no case of the proposition could be computed, so there is no verdict")
    return f"{'; '.join(parts)}." if parts else ""


def claim_row(panel: Panel, record: Record) -> ClaimRow:
    """One statement computed and judged. What cannot be computed is said in `reason`, never dropped."""
    fields = record.fields
    proposition = proposition_for(fields)
    try:
        quantities = _quantities(panel, fields, proposition)
        broken = ""
    except RecutisError as error:
        quantities, broken = (), f"Not computed: {error}"
    judgement = judge(proposition, {item.name: item for item in quantities}) if proposition and quantities else None
    verdict: Verdict | None = judgement.verdict if judgement else None
    literature = fields["verdict"]
    rows = [row for item in quantities for row in item.sources] + list(proposition.rows if proposition else ())
    return ClaimRow(
        id=fields["id"],
        statement=fields["statement"],
        section=fields["section"],
        kind=fields["kind"],
        quantities=quantities,
        proposition=proposition.words if proposition else "",
        answer=judgement.answer if judgement else "",
        verdict_computed=verdict,
        verdict_literature=literature,
        agrees=None if verdict is None or literature not in VERDICTS else verdict == literature,
        literature=fields["literature"],
        correction=fields["correction"],
        sources=tuple(dict.fromkeys(rows)),
        reason=broken or _reason(quantities, proposition, judgement),
    )


def claim_rows(panel: Panel, records: tuple[Record, ...]) -> tuple[ClaimRow, ...]:
    """All statements in order. Progress runs from 0 to 1 over the rows."""
    report, found = panel.progress, []
    quiet = replace_progress(panel)
    for number, record in enumerate(records, start=1):
        found.append(claim_row(quiet, record))
        if report is not None:
            report(number / len(records))
    return tuple(found)


def replace_progress(panel: Panel) -> Panel:
    """The panel with its own progress off: the rows report instead."""
    return replace(panel, progress=None)


def summary(rows: tuple[ClaimRow, ...]) -> dict[str, object]:
    """Counts: rows, computed, judged, agreeing with the literature, and by verdict."""
    return {
        "rows": len(rows),
        "computed": sum(row.computed for row in rows),
        "not_computed": sum(not row.computed for row in rows),
        "judged": sum(row.verdict_computed is not None for row in rows),
        "agree": sum(row.agrees is True for row in rows),
        "disagree": sum(row.agrees is False for row in rows),
        "by_verdict": {name: sum(row.verdict_computed == name for row in rows) for name in VERDICTS},
        "disagreeing": [row.id for row in rows if row.agrees is False],
    }


def card(rows: tuple[ClaimRow, ...]) -> Card:
    """The finished card of claims."""
    counts = summary(rows)
    words = (
        f"{counts['computed']} of {counts['rows']} statements computed; the verdict agrees with the literature's in "
        f"{counts['agree']} of {counts['judged']} judged. Verdicts follow from the numbers by the rules of the table model_claims."
    )
    return Card(
        what=TABLE,
        rows=tuple(row.document() for row in rows),
        summary=counts,
        heads=("Id", "Statement", "Computed", "Verdict", "Literature", "Agrees"),
        table=tuple(_line(row) for row in rows),
        closing_text=words,
    )


def _line(row: ClaimRow) -> tuple[str, ...]:
    agrees = {True: "yes", False: "no", None: "-"}[row.agrees]
    verdict = row.verdict_computed or ("no verdict" if row.computed else "not computed")
    said = " ".join(part for part in (row.answer, row.reason) if part)
    return (row.id, row.statement, said, verdict, row.verdict_literature or "-", agrees)
