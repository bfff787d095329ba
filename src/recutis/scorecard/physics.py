"""The physics card: experiments of the table of physics targets, computed and compared."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from recutis import evidence
from recutis.errors import RecutisError
from recutis.scorecard.tables import Record, read_targets
from recutis.scorecard.types import Card, number_text, rounded

TABLE: Final = "targets_physics"
REQUIRED: Final = ("id", "family", "quantity", "comparator", "value", "unit")
_NUMBER: Final = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_RANGE: Final = re.compile(rf"^\s*({_NUMBER})\s*(?:-|–|to)\s*({_NUMBER})\s*$")
ONE_SIDED: Final = frozenset({"<", "<=", ">", ">="})
_FACTORS: Final = (1.5, 2.0)


def number_of(text: str) -> float | None:
    """A finite number written in a cell, else None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def bounds(fields: Mapping[str, str]) -> tuple[float | None, float | None, float | None]:
    """Value, low and high of a row; a value such as '35-60' is a range."""
    value, low, high = (number_of(fields.get(name, "")) for name in ("value", "low", "high"))
    match = _RANGE.match(fields.get("value", ""))
    if value is None and match and low is None and high is None:
        low, high = float(match.group(1)), float(match.group(2))
    return value, low, high


def target_of(fields: Mapping[str, str]) -> float | None:
    """The number a two-sided row is compared with: its value, else the middle of its range."""
    value, low, high = bounds(fields)
    if value is not None:
        return value
    return (low + high) / 2 if low is not None and high is not None else None


def plain(fields: Mapping[str, str]) -> dict[str, str]:
    """The row with value, low and high as numbers or empty."""
    value, low, high = (("" if number is None else repr(number)) for number in bounds(fields))
    return {**fields, "value": value, "low": low, "high": high}


def physics_row(record: Record) -> dict[str, object]:
    """One experiment: what was found, whether it lies inside, or why it was not computed."""
    from recutis.injury import targets

    fields = record.fields
    value, low, high = bounds(fields)
    found, reason, inside = None, "", None
    try:
        answer = targets.compute(fields)
        found, reason = answer.value, answer.reason
    except RecutisError as error:
        reason = str(error)
    except (ValueError, KeyError, ArithmeticError) as error:
        reason = f"a setting of the row cannot be read ({error})"
    if found is not None and not math.isfinite(found):
        found, reason = None, "the model gives no finite number for this row"
    if found is not None and value is None and low is None and high is None:
        reason = f"the row gives no number to compare with ('{fields['value']}')"
    elif found is not None:
        inside = bool(targets.inside(plain(fields), found))
    return {
        "id": fields["id"],
        "tier": fields["tier"],
        "family": fields["family"],
        "quantity": fields["quantity"],
        "comparator": fields["comparator"],
        "value": value,
        "low": low,
        "high": high,
        "unit": fields["unit"],
        "found": None if found is None else rounded(found),
        "inside": inside,
        "reason": reason,
    }


def _ratios(records: tuple[Record, ...], rows: list[dict[str, object]]) -> list[float]:
    """|ln(found / target)| of the two-sided rows with positive numbers."""
    found = []
    for record, row in zip(records, rows, strict=True):
        target, value = target_of(record.fields), row["found"]
        if record.fields["comparator"] in ONE_SIDED or not isinstance(value, float) or target is None:
            continue
        if value > 0 and target > 0:
            found.append(abs(math.log(value / target)))
    return found


def summary(records: tuple[Record, ...], rows: list[dict[str, object]]) -> dict[str, object]:
    """Rows, computed, inside, within factors of 1.5 and 2, and the median |ln(found/value)| of two-sided rows."""
    ratios = _ratios(records, rows)
    tiers = dict.fromkeys(str(row["tier"]) for row in rows)
    return {
        "rows": len(rows),
        "computed": sum(row["found"] is not None for row in rows),
        "inside": sum(row["inside"] is True for row in rows),
        "two_sided": len(ratios),
        "within_factor_1.5": sum(ratio <= math.log(_FACTORS[0]) for ratio in ratios),
        "within_factor_2": sum(ratio <= math.log(_FACTORS[1]) for ratio in ratios),
        "median_abs_ln": rounded(statistics.median(ratios)) if ratios else None,
        "by_tier": {
            tier: {
                "rows": sum(row["tier"] == tier for row in rows),
                "computed": sum(row["tier"] == tier and row["found"] is not None for row in rows),
                "inside": sum(row["tier"] == tier and row["inside"] is True for row in rows),
            }
            for tier in tiers
        },
    }


def _target_text(row: Mapping[str, object]) -> str:
    value, low, high = (row[name] for name in ("value", "low", "high"))
    if isinstance(low, float) and isinstance(high, float):
        return f"{number_text(low)} to {number_text(high)}"
    sign = f"{row['comparator']} " if row["comparator"] in ONE_SIDED else ""
    number = value if isinstance(value, float) else low if isinstance(low, float) else high
    return f"{sign}{number_text(number)}" if isinstance(number, float) else "-"


def _line(row: Mapping[str, object]) -> tuple[str, ...]:
    found = row["found"]
    inside = {True: "yes", False: "no", None: "-"}[row["inside"]]  # type: ignore[index]
    return (
        str(row["id"]),
        str(row["tier"]),
        str(row["quantity"]),
        _target_text(row),
        number_text(found) if isinstance(found, float) else "not computed",
        str(row["unit"]),
        inside,
        str(row["reason"]),
    )


def physics_card(targets: Path | None, *, progress: Callable[[float], None] | None = None) -> Card:
    """The card of all experiments in the packaged table or in one from outside.

    Raises InputError when the table cannot be read.
    """
    if targets is None:
        records = tuple(Record(place=row.id, fields=dict(row.fields)) for row in evidence.rows(TABLE))
    else:
        records = read_targets(targets, table=TABLE, required=REQUIRED)
    rows = []
    for number, record in enumerate(records, start=1):
        rows.append(physics_row(record))
        if progress is not None:
            progress(number / len(records))
    counts = summary(records, rows)
    median = counts["median_abs_ln"]
    typical = f" The typical miss is a factor of {math.exp(median):.2f}." if isinstance(median, float) else ""
    words = (
        f"{counts['computed']} of {counts['rows']} experiments computed, {counts['inside']} of them inside; of {counts['two_sided']} "
        f"two-sided ones {counts['within_factor_1.5']} lie within a factor of 1.5 and {counts['within_factor_2']} within 2.{typical}"
    )
    return Card(
        what="physics",
        rows=tuple(rows),
        summary=counts,
        heads=("Id", "Tier", "Quantity", "Measured", "Found", "Unit", "Inside", "Reason"),
        table=tuple(_line(row) for row in rows),
        closing_text=words,
    )
