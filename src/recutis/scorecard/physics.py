"""The physics card: experiments of the table of physics targets, computed and compared."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from recutis import evidence
from recutis.errors import RecutisError
from recutis.scorecard.tables import Record, read_targets
from recutis.scorecard.types import Card, number_text, rounded

TABLE: Final = "targets_physics"
BEYOND: Final = "targets_physics_more"
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


def target_text(row: Mapping[str, object]) -> str:
    """What a row asks for, in print: a range, a bound or a number."""
    value, low, high = (row[name] for name in ("value", "low", "high"))
    if isinstance(low, float) and isinstance(high, float):
        return f"{number_text(low)} to {number_text(high)}"
    sign = f"{row['comparator']} " if row["comparator"] in ONE_SIDED else ""
    number = value if isinstance(value, float) else low if isinstance(low, float) else high
    return f"{sign}{number_text(number)}" if isinstance(number, float) else "-"


_UNITS: Final = ("_um_per_J_cm2", "_ug_per_J", "_kJ_cm3", "_J_cm2", "_um", "_C")


def words_of(quantity: str) -> str:
    """A quantity without its unit and underscores."""
    tail = next((unit for unit in _UNITS if quantity.endswith(unit)), "")
    return quantity.removesuffix(tail).replace("_", " ")


def _number_or_dash(value: object) -> str:
    return number_text(value) if isinstance(value, float) else "-"


def _line(row: Mapping[str, object]) -> tuple[str, ...]:
    found = row["found"]
    inside = {True: "yes", False: "no", None: "-"}[row["inside"]]  # type: ignore[index]
    return (
        str(row["id"]),
        words_of(str(row["quantity"])),
        f"{target_text(row)} {str(row['unit']).replace('um', 'µm')}",
        number_text(found) if isinstance(found, float) else "not computed",
        inside,
        _number_or_dash(row.get("found_left_out")),
        _number_or_dash(row.get("found_halved")),
        str(row["reason"]),
    )


def _with_fits(rows: list[dict[str, object]], records: tuple[Record, ...]) -> None:
    """Add to packaged rows what is found when their study is left out of the fitting, and with half the cells and steps."""
    from recutis.injury import targets
    from recutis.scorecard.physics_fit import fits

    left_out = {key: value for fit in fits() for key, value in fit.left_out.items()}
    halved = {key: value for fit in fits() for key, value in fit.halved.items()}
    for record, row in zip(records, rows, strict=True):
        other = left_out.get(str(row["id"]))
        row["found_left_out"] = other
        row["inside_left_out"] = None if other is None else bool(targets.inside(plain(record.fields), other))
        row["found_halved"] = halved.get(str(row["id"]))


def fit_summary(rows: list[dict[str, object]]) -> dict[str, dict[str, Any]]:
    """Per family: free constants with value and values tried, combinations tried, rows inside, also with studies left out."""
    from recutis.scorecard.physics_fit import fits

    by_id = {row["id"]: row for row in rows}
    out: dict[str, dict[str, Any]] = {}
    for fit in fits():
        own = [by_id[key] for key in fit.left_out if key in by_id]
        moved = [
            abs(row["found_halved"] / row["found"] - 1.0)
            for row in own
            if isinstance(row["found_halved"], float) and isinstance(row["found"], float) and row["found"] != 0.0
        ]
        out[fit.family] = {
            "constants": {x.id: {"value": x.value, "tried": list(x.tried)} for x in fit.constants},
            "set_by": list(fit.left_out),
            "combinations_tried": fit.tried,
            "inside": sum(row["inside"] is True for row in own),
            "inside_left_out": sum(row["inside_left_out"] is True for row in own),
            "halving_moves_pct": {
                "median": rounded(100 * statistics.median(moved)) if moved else None,
                "most": rounded(100 * max(moved)) if moved else None,
            },
        }
    return out


def _fit_words(fitted: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = []
    for family, fit in fitted.items():
        named = ", ".join(f"{key} {x['value']:g}" for key, x in fit["constants"].items()) or "none"
        move, still = fit["halving_moves_pct"], ""
        if move["most"] is not None:
            still = f"; half the cells and steps move results by {move['median']:.2g} % (at most {move['most']:.2g} %)"
        lines.append(
            f"{family}: free constants {named}; {fit['combinations_tried']} combinations tried on {len(fit['set_by'])} rows; "
            f"{fit['inside']} inside, {fit['inside_left_out']} with each study left out in turn{still}."
        )
    return lines


def _count_words(counts: Mapping[str, object]) -> str:
    median = counts["median_abs_ln"]
    typical = f" The typical miss is a factor of {math.exp(median):.2f}." if isinstance(median, float) else ""
    return (
        f"{counts['computed']} of {counts['rows']} experiments computed, {counts['inside']} of them inside; of {counts['two_sided']} "
        f"two-sided ones {counts['within_factor_1.5']} lie within a factor of 1.5 and {counts['within_factor_2']} within 2.{typical}"
    )


def _packaged(table: str) -> tuple[Record, ...]:
    return tuple(Record(place=row.id, fields=dict(row.fields)) for row in evidence.rows(table))


def physics_card(targets: Path | None, *, progress: Callable[[float], None] | None = None) -> Card:
    """The card of all experiments in the packaged table or in one from outside.

    For the packaged table the summary also holds `fit` (free constants, combinations tried, the count with each study left
    out, what halving does) and `beyond`: rows and summary of experiments that no constant was ever chosen on.

    Raises InputError when the table cannot be read.
    """
    own = targets is None
    records = _packaged(TABLE) if targets is None else read_targets(targets, table=TABLE, required=REQUIRED)
    further = _packaged(BEYOND) if own else ()
    rows = []
    for number, record in enumerate((*records, *further), start=1):
        rows.append(physics_row(record))
        if progress is not None:
            progress(number / (len(records) + len(further)))
    rows, others = rows[: len(records)], rows[len(records) :]
    counts = summary(records, rows)
    words = [_count_words(counts)]
    if own:
        _with_fits(rows, records)
        fitted = fit_summary(rows)
        counts["fit"] = fitted
        beyond = summary(further, others)
        counts["beyond"] = {"rows": others, "summary": beyond}
        words += [*_fit_words(fitted), f"Experiments that no constant was chosen on: {_count_words(beyond)}"]
    shown = [row for row in (*rows, *others) if row["tier"] != "trend" or row["found"] is not None]
    left = len(rows) + len(others) - len(shown)
    if left:
        words.append(f"{left} trends are words, not numbers; they are in the JSON.")
    return Card(
        what="physics",
        rows=tuple(rows),
        summary=counts,
        heads=("Id", "Quantity", "Measured", "Found", "Inside", "Left out", "Halved", "Reason"),
        table=tuple(_line(row) for row in shown),
        closing_text="\n".join(words),
    )
