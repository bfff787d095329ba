"""The clinical card: published outcomes, recovery, harms and pain beside what the model says a study of that size would report."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

from recutis.errors import RecutisError
from recutis.scorecard.clinical_sample import Told
from recutis.scorecard.clinical_study import Lab, NotComputedError
from recutis.scorecard.clinical_table import FILES, VALUE, packaged, read_clinical
from recutis.scorecard.clinical_words import number_in
from recutis.scorecard.tables import Record
from recutis.scorecard.types import Card, number_text, rounded

_MODULES: Final = {"clinical_outcomes": "outcomes", "recovery": "recovery", "risks": "risks", "pain": "pain"}
QUANTITY: Final = {"clinical_outcomes": "metric", "recovery": "sign", "risks": "adverse_event", "pain": "scale"}
DEVICE: Final = {"clinical_outcomes": "device_class", "recovery": "device_class", "risks": "device_class", "pain": "modality"}
_ENDS: Final = {"risks": ("incidence_low", "incidence_high")}
HEADS: Final = ("Id", "Class", "Quantity", "Published", "Model (80 %)", "Unit", "Inside", "Assumed, or why not computed")
_FACTORS: Final = (1.5, 2.0)


def value_of(table: str, fields: Mapping[str, str]) -> tuple[float | None, float | None, float | None]:
    """Value, low and high of a row; the middle of its range where only that is given."""
    low_name, high_name = _ENDS.get(table, ("value_low", "value_high"))
    value, low, high = (number_in(fields.get(name, "")) for name in (VALUE[table], low_name, high_name))
    if value is None and low is not None and high is not None:
        value = (low + high) / 2
    return value, low, high


def computed(table: str, lab: Lab, fields: Mapping[str, str]) -> tuple[Told | None, str]:
    """The model's answer and what was assumed, or None and the reason."""
    compute = import_module(f"recutis.scorecard.clinical_{_MODULES[table]}").compute
    try:
        answer, assumed = compute(lab, fields)
    except NotComputedError as error:
        return None, str(error)
    except RecutisError as error:
        return None, f"the model refuses this study: {error}"
    if not all(math.isfinite(end) for end in (answer.p10, answer.p50, answer.p90)):
        return None, "the model gives no finite number for this row"
    return answer, "; ".join(assumed)


def clinical_row(lab: Lab, table: str, record: Record) -> dict[str, object]:
    """One study: what the model says it would report, whether its value lies inside, or why nothing was computed."""
    fields = record.fields
    value, low, high = value_of(table, fields)
    answer, reason = computed(table, lab, fields)
    inside = None
    if answer is not None and value is not None:
        inside = answer.p10 <= value <= answer.p90
    elif answer is not None:
        reason = f"the row gives no number to compare with; {reason}"
    statistic = fields.get("statistic", "")
    return {
        "id": fields["id"],
        "file": table,
        "tier": fields.get("confidence", ""),
        "device_class": fields[DEVICE[table]],
        "quantity": fields[QUANTITY[table]],
        "statistic": statistic,
        "comparator": "",
        "value": value,
        "low": low,
        "high": high,
        "unit": "pct" if table == "risks" else fields.get("unit", "") or ("0-10" if table == "pain" else ""),
        "found": None if answer is None else rounded(answer.p50),
        "p10": None if answer is None else rounded(answer.p10),
        "p50": None if answer is None else rounded(answer.p50),
        "p90": None if answer is None else rounded(answer.p90),
        "inside": inside,
        "reason": reason,
    }


def _number(row: Mapping[str, object], name: str) -> float | None:
    value = row[name]
    return value if isinstance(value, float) else None


def _ratios(rows: list[dict[str, object]]) -> list[float]:
    """|ln(found/value)| of rows where both are positive (or both negative)."""
    found = []
    for row in rows:
        value, answer = _number(row, "value"), _number(row, "found")
        if value is not None and answer is not None and value * answer > 0:
            found.append(abs(math.log(answer / value)))
    return found


def half_width(row: Mapping[str, object]) -> float | None:
    """Half the width of the model's interval in the row's unit."""
    low, high = _number(row, "p10"), _number(row, "p90")
    return None if low is None or high is None else (high - low) / 2


_MEANS: Final = frozenset({
    "mean_improvement_pct", "mean_improvement_range", "mean_improvement", "median_improvement_pct", "clearance_pct", "mean_clearance_pct",
    "score_change_pct",
})  # fmt: skip


def kind_of(row: Mapping[str, object]) -> str:
    """What is counted together: improvement, responders, relapse, incidence, days, percent of peak, pain, other scores."""
    unit, table, quantity = str(row["unit"]), row["file"], str(row["quantity"])
    if table == "pain":
        return "pain"
    if table == "risks":
        return "risk incidence"
    if table == "recovery":
        return {"pct_of_peak": "redness course"}.get(unit, "incidence of a sign" if unit.startswith("pct") else "days")
    if quantity in _MEANS:
        return "mean improvement"
    if quantity == "recurrence_pct":
        return "relapse"
    return "responders" if quantity == "responder_pct" else "other scores"


def counts(rows: list[dict[str, object]]) -> dict[str, object]:
    """Rows, numeric ones, computed, inside, and the median half-width of those compared."""
    compared = [row for row in rows if row["inside"] is not None]
    widths = [width for row in compared if (width := half_width(row)) is not None]
    return {
        "rows": len(rows),
        "numeric": sum(row["value"] is not None for row in rows),
        "computed": sum(row["found"] is not None for row in rows),
        "compared": len(compared),
        "inside": sum(row["inside"] is True for row in rows),
        "median_half_width": rounded(statistics.median(widths)) if widths else None,
    }


def summary(rows: list[dict[str, object]]) -> dict[str, object]:
    """Counts of all rows, by table and by kind of quantity, and how far the middle lies from the value."""
    ratios = _ratios(rows)
    return {
        **{name: value for name, value in counts(rows).items() if name != "median_half_width"},
        "two_sided": len(ratios),
        "within_factor_1.5": sum(ratio <= math.log(_FACTORS[0]) for ratio in ratios),
        "within_factor_2": sum(ratio <= math.log(_FACTORS[1]) for ratio in ratios),
        "median_abs_ln": rounded(statistics.median(ratios)) if ratios else None,
        "by_file": {
            table: counts(here) for table in FILES if (here := [row for row in rows if row["file"] == table])
        },
        "by_quantity": {
            kind: counts([row for row in rows if kind_of(row) == kind]) for kind in sorted({kind_of(row) for row in rows})
        },
    }  # fmt: skip


def line(row: Mapping[str, object]) -> tuple[str, ...]:
    """A row as text for a table."""
    found, low, high, value = (_number(row, name) for name in ("found", "p10", "p90", "value"))
    told = "not computed"
    if found is not None and low is not None and high is not None:
        told = f"{_text(found)} ({_text(low)} to {_text(high)})"
    inside = {True: "yes", False: "no", None: "-"}[row["inside"]]  # type: ignore[index]
    quantity = f"{row['quantity']} {row['statistic']}".strip()
    return (
        str(row["id"]), str(row["device_class"]), quantity, "-" if value is None else _text(value), told, str(row["unit"]),
        inside, str(row["reason"]),
    )  # fmt: skip


def _text(value: float) -> str:
    return f"-{number_text(-value)}" if value < 0 else number_text(value)


def clinical_card(
    targets: Path | None, *, progress: Callable[[float], None] | None = None, seed: int = 0, lab: Lab | None = None
) -> Card:
    """The card of all studies in the packaged tables or in one from outside.

    Raises InputError when the table cannot be read.
    """
    records = packaged() if targets is None else read_clinical(targets)
    laboratory = lab or Lab(seed=seed)
    rows = []
    for number, (table, record) in enumerate(records, start=1):
        rows.append(clinical_row(laboratory, table, record))
        if progress is not None:
            progress(number / len(records))
    told = summary(rows)
    words = (
        f"{told['computed']} of {told['rows']} rows computed ({told['numeric']} give a number); of {told['compared']} compared, "
        f"{told['inside']} lie inside the 80 % interval of a study of that size. Rows are not averaged across metrics."
    )
    return Card(
        what="clinical",
        rows=tuple(rows),
        summary=told,
        heads=HEADS,
        table=tuple(line(row) for row in rows),
        closing_text=words,
    )
