"""Reading tables of clinical results: one of the four kinds by its columns, or mixed with a column `file`."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from recutis import evidence
from recutis.errors import InputError
from recutis.scorecard.clinical_words import Threshold, number_in, threshold_of
from recutis.scorecard.tables import Record, packaged_columns, read_targets

FILES: Final = ("clinical_outcomes", "recovery", "risks", "pain")
VALUE: Final = {"clinical_outcomes": "value", "recovery": "value", "risks": "incidence_pct", "pain": "value"}
_REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "clinical_outcomes": ("id", "indication", "device_class", "metric", "value"),
    "recovery": ("id", "device_class", "sign", "value"),
    "risks": ("id", "device_class", "adverse_event", "incidence_pct"),
    "pain": ("id", "modality", "value"),
}
COURSE: Final = "course_sessions"
"""Field of an outcome's row: sessions of its study's whole course, of which the row may tell an earlier one."""
GRADES: Final = "grades_told"
"""Field of an outcome's row: of how many grades such as '51-75 %' or '76-100 %' its study tells shares, for this laser and concern."""
_RANGE: Final = re.compile(r"^[^<>≥≤]*\d\s*(-|–|to)\s*\d")
_OWN: Final = {"clinical_outcomes": "metric", "recovery": "sign", "risks": "adverse_event", "pain": "modality"}


def packaged() -> tuple[tuple[str, Record], ...]:
    """All rows of the four packaged tables, each with its table."""
    return _with_study(
        (table, Record(place=row.id, fields={name: row.fields.get(name, "") for name in packaged_columns(table)}))
        for table in FILES
        for row in evidence.rows(table)
    )


def _with_study(rows: Iterable[tuple[str, Record]]) -> tuple[tuple[str, Record], ...]:
    """The rows, those of outcomes with what other rows of their study tell of this laser and concern: the longest course, the grades."""
    found = tuple(rows)
    longest: dict[tuple[str, ...], float] = {}
    grades: dict[tuple[str, ...], set[Threshold]] = {}
    for table, record in found:
        if table == FILES[0]:
            arm, words = _arm(record), record.fields.get("threshold") or record.fields.get("scale", "")
            if record.fields.get("source"):
                longest[arm] = max(longest.get(arm, 0.0), number_in(record.fields.get("sessions", "")) or 0.0)
            band = threshold_of(words) if record.fields["metric"] == "responder_pct" and _RANGE.search(words) else None
            if band is not None:
                grades.setdefault(arm, set()).add(band)
    for table, record in found:
        if table == FILES[0]:
            most = longest.get(_arm(record), 0.0)
            record.fields[COURSE] = f"{most:g}" if most else ""
            record.fields[GRADES] = f"{len(grades.get(_arm(record), ()))}"
    return found


def _arm(record: Record) -> tuple[str, ...]:
    return tuple(record.fields.get(name, "") for name in ("source", "device_class", "indication"))


def _header(path: Path) -> list[str]:
    """The first filled line's cells; empty when the file cannot be read (the full reading says why)."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return next(([cell.strip() for cell in line] for line in csv.reader(stream) if any(line)), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def _recognise(names: list[str], path: Path) -> str:
    """The table whose columns these are: by its own column, else the one that shares most."""
    own = [table for table in FILES if _OWN[table] in names]
    if len(own) == 1:
        return own[0]
    shared = {table: len(set(names) & set(packaged_columns(table))) for table in FILES}
    if not names or max(shared.values()) == 0 or len(own) > 1:
        msg = (
            f"{path.name}: its columns are those of none of the tables {', '.join(FILES)}; a table has the columns of one of "
            f"them (own columns: {', '.join(_OWN.values())}), or a column 'file' that names the table of each row."
        )
        raise InputError(msg)
    return max(FILES, key=lambda table: shared[table])


def _table_word(record: Record) -> str:
    word = record.fields["file"].removesuffix(".csv")
    known = {**{table: table for table in FILES}, "outcomes": "clinical_outcomes"}
    if word not in known:
        near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"give one of {', '.join(FILES)}."
        msg = f"{record.place}: the column 'file' says '{word}', which is no table; {hint}"
        raise InputError(msg)
    return known[word]


def read_clinical(path: Path) -> tuple[tuple[str, Record], ...]:
    """Rows of a CSV from outside, each with the table it belongs to.

    Raises InputError for a file that cannot be read, unknown or missing columns, or an unknown word in `file`.
    """
    names = _header(path)
    if "file" not in names:
        table = _recognise(names, path) if path.is_file() and names else FILES[0]
        return _with_study((table, record) for record in read_targets(path, table=table, required=_REQUIRED[table]))
    union = tuple(dict.fromkeys(("file", *(name for table in FILES for name in packaged_columns(table)))))
    found = []
    for record in read_targets(path, table=FILES[0], required=("id", "file"), columns=union):
        table = _table_word(record)
        missing = next((name for name in _REQUIRED[table] if name not in names), None)
        if missing is not None:
            msg = f"{record.place}: a row of {table} needs the column '{missing}', which is missing; add it."
            raise InputError(msg)
        found.append((table, record))
    return _with_study(found)
