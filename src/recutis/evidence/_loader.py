"""Reads the packaged CSV tables into rows."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from recutis.errors import UnknownNameError

_NUMBER = re.compile(r"^[<>~]?\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$")
_RANGE = re.compile(r"^(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(?:-|to)\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$")
_SPREAD = re.compile(r"^(?:sd\s*)?(\d+(?:\.\d+)?)\s*(?:sd)?$")
_NOT_EVIDENCE = {"second_reading"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fact: a value with its range, unit, conditions, source and confidence.

    `value`, `low` and `high` are None where the source gives words; `text` then holds them.
    `confidence` is read, recalled, weak or fitted. `checked` means a second, blind reading agreed.
    `fields` holds every column of the table.
    """

    id: str
    table: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    text: str
    conditions: str
    source: str
    confidence: str
    checked: bool
    fields: Mapping[str, str]

    @property
    def provisional(self) -> bool:
        """True until a second reading has agreed."""
        return not self.checked


def _number(text: str) -> float | None:
    match = _NUMBER.match(text.strip())
    return float(match.group(1)) if match else None


def _range(text: str) -> tuple[float | None, float | None]:
    match = _RANGE.match(text.strip())
    return (float(match.group(1)), float(match.group(2))) if match else (None, None)


def _bounds(record: Mapping[str, str], middle: float | None) -> tuple[float | None, float | None]:
    for low, high in (("value_low", "value_high"), ("incidence_low", "incidence_high"), ("low", "high")):
        if low in record:
            return _number(record[low]), _number(record[high])
    spread = record.get("range_or_sd", "").strip()
    low_high = _range(spread)
    if low_high[0] is not None:
        return low_high
    match = _SPREAD.match(spread)
    if match and middle is not None and ("sd" in spread):
        return middle - float(match.group(1)), middle + float(match.group(1))
    return _range(record.get("value", ""))


def _conditions(record: Mapping[str, str]) -> str:
    if "conditions" in record:
        return record["conditions"]
    names = (
        "device_class", "indication", "device_settings", "settings", "intensity", "detail", "sign", "parameter", "modality",
        "anaesthesia", "adverse_event", "metric", "threshold", "condition", "site", "site_area", "phototypes", "topic", "section",
        "tissue", "geometry", "beam",
    )  # fmt: skip
    return "; ".join(record[name] for name in names if record.get(name))


def _text(record: Mapping[str, str]) -> str:
    for name in ("value", "incidence_pct", "statement", "rule", "instruction_or_symptom", "device", "quantity", "notes"):
        if record.get(name):
            return record[name]
    return ""


@cache
def _checked_ids() -> frozenset[tuple[str, str]]:
    return frozenset(
        (record["file"].removesuffix(".csv"), record["id"])
        for record in _records("second_reading")
        if record["outcome"] == "agrees"
    )


def _records(name: str) -> list[dict[str, str]]:
    resource = files("recutis.evidence") / "tables" / f"{name}.csv"
    lines = resource.read_text(encoding="utf-8").splitlines(keepends=True)
    return [{k: (v or "").strip() for k, v in record.items()} for record in csv.DictReader(lines)]


def _row(name: str, number: int, record: dict[str, str]) -> Row:
    key = record.get("id") or record.get("quantity") or f"{name}:{number:02d}"
    written = record.get("incidence_pct", record.get("value", ""))
    middle = _number(written)
    low, high = _bounds(record, middle)
    if middle is None and low is not None and high is not None:
        middle = (low + high) / 2
    return Row(
        id=key,
        table=name,
        value=middle,
        low=low,
        high=high,
        unit=record.get("unit") or ("pct" if "incidence_pct" in record else record.get("scale", "")),
        text=_text(record),
        conditions=_conditions(record),
        source=record.get("source", ""),
        confidence=record.get("confidence", ""),
        checked=(name, key) in _checked_ids(),
        fields=MappingProxyType(record),
    )


@cache
def table_names() -> tuple[str, ...]:
    """Names of all evidence tables, sorted."""
    folder = files("recutis.evidence") / "tables"
    names = (entry.name.removesuffix(".csv") for entry in folder.iterdir() if entry.name.endswith(".csv"))
    return tuple(sorted(name for name in names if name not in _NOT_EVIDENCE))


@cache
def rows(table: str) -> tuple[Row, ...]:
    """All rows of a table, in file order.

    Raises UnknownNameError when there is no such table.
    """
    if table not in table_names():
        msg = f"There is no evidence table '{table}'; the tables are {', '.join(table_names())}."
        raise UnknownNameError(msg)
    return tuple(_row(table, number, record) for number, record in enumerate(_records(table), start=1))


@cache
def _index() -> Mapping[str, Row]:
    index: dict[str, Row] = {}
    for name in table_names():
        for row in rows(name):
            if row.id in index:
                msg = f"Evidence id '{row.id}' stands in both {index[row.id].table} and {name}."
                raise RuntimeError(msg)
            index[row.id] = row
    return MappingProxyType(index)


def get(key: str) -> Row:
    """The row with this id.

    Raises UnknownNameError naming the nearest ids.
    """
    found = _index().get(key)
    if found is None:
        near = difflib.get_close_matches(key, list(_index()), n=4, cutoff=0.5)
        hint = f"; nearest: {', '.join(near)}" if near else ""
        msg = f"There is no evidence row '{key}'{hint}. 'recutis evidence' lists them."
        raise UnknownNameError(msg)
    return found


def value(key: str) -> float:
    """The number of a row, in the row's own unit.

    Raises UnknownNameError when the row is missing or holds words instead of a number.
    """
    row = get(key)
    if row.value is None:
        msg = f"Evidence row '{key}' holds no single number but '{row.text}'."
        raise UnknownNameError(msg)
    return row.value


def numbers(key: str) -> tuple[float, float, float]:
    """(low, value, high) of a row; low and high fall back to the value where the source gives none."""
    row = get(key)
    middle = value(key)
    return (row.low if row.low is not None else middle, middle, row.high if row.high is not None else middle)


def find(words: str) -> tuple[Row, ...]:
    """Rows in which every word occurs (id, text, conditions or source), in table order."""
    wanted = words.lower().split()
    return tuple(
        row
        for row in _index().values()
        if all(word in f"{row.id} {row.table} {row.text} {row.conditions} {row.source}".lower() for word in wanted)
    )
