"""Reading a table of targets from outside: same columns as the packaged one, any rows."""

from __future__ import annotations

import csv
import difflib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from recutis.errors import InputError

_LARGEST_BYTES = 20_000_000  # a table of targets has some thousand rows at most


@dataclass(frozen=True, kw_only=True)
class Record:
    """One row of a table as text by column, with its place for messages."""

    place: str
    fields: dict[str, str]


def packaged_columns(table: str) -> tuple[str, ...]:
    """Columns of a packaged evidence table, in its order."""
    resource = files("recutis.evidence") / "tables" / f"{table}.csv"
    return tuple(next(csv.reader(resource.read_text(encoding="utf-8").splitlines())))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            msg = f"{path} is larger than {_LARGEST_BYTES} bytes; a table of targets has a few thousand rows at most."
            raise InputError(msg)
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        msg = f"Cannot read {path}: {error.strerror}. Give the path of a CSV table with --targets."
        raise InputError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"Cannot read {path}: it is not UTF-8 text. Save the table as CSV in UTF-8."
        raise InputError(msg) from error


def _check_columns(found: list[str], known: tuple[str, ...], required: tuple[str, ...], path: Path) -> None:
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        msg = f"{path.name}: the column '{twice[0]}' stands twice; keep one."
        raise InputError(msg)
    for name in found:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else f"the columns are {', '.join(known)}."
            msg = f"{path.name}: unknown column '{name}'; {hint}"
            raise InputError(msg)
    for name in required:
        if name not in found:
            msg = f"{path.name}: the column '{name}' is missing; the columns are {', '.join(known)}."
            raise InputError(msg)


def read_targets(
    path: Path, *, table: str, required: tuple[str, ...], columns: tuple[str, ...] | None = None
) -> tuple[Record, ...]:
    """Rows of a CSV table with the columns of the packaged `table`; columns that are left out are empty.

    `columns` replaces the packaged columns, for a file that mixes several tables.

    Raises InputError when the file cannot be read, has no rows, unknown, repeated or missing
    columns, or a row with more cells than columns.
    """
    known = columns if columns is not None else packaged_columns(table)
    try:
        lines = list(csv.reader(_text(path).splitlines(keepends=True), strict=True))
    except csv.Error as error:
        msg = f"{path.name} is not a CSV table: {error}. Correct it and run again."
        raise InputError(msg) from error
    filled = [(number, cells) for number, cells in enumerate(lines, start=1) if any(cell.strip() for cell in cells)]
    if not filled:
        msg = f"{path.name} is empty; its first line must name the columns {', '.join(known)}."
        raise InputError(msg)
    names = [cell.strip() for cell in filled[0][1]]
    _check_columns(names, known, required, path)
    if len(filled) == 1:
        msg = f"{path.name} has columns but no rows; add at least one."
        raise InputError(msg)
    found = []
    for number, cells in filled[1:]:
        if len(cells) > len(names):
            msg = f"{path.name}, row {number}: {len(cells)} cells but {len(names)} columns; put text with commas in quotes."
            raise InputError(msg)
        fields = dict.fromkeys(known, "") | {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
        found.append(Record(place=f"{path.name}, row {number}", fields=fields))
    return tuple(found)
