"""Reads the packaged CSV tables into rows."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from recutis.errors import RecutisError, UnknownNameError

_FIGURE = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_ABOUT = r"(?:about|approx\.?|roughly|ca\.?|[<>~≈≤≥]=?)?\s*"
_NUMBER = re.compile(rf"^{_ABOUT}({_FIGURE})$")
_RANGE = re.compile(rf"^{_ABOUT}({_FIGURE})\s*(?:-|–|to)\s*({_FIGURE})$")
_LEADING_RANGE = re.compile(rf"^(?:95 ?% CI\s*)?{_ABOUT}({_FIGURE})\s*(?:-|–|to)\s*({_FIGURE})(?![\w.])")
_SPREAD = re.compile(r"^(?:sd\s*|\+-\s*)?(\d+(?:\.\d+)?)\s*(?:sd)?$")
# A minus is a sign only at the start or after an opening bracket, a power or a separator: '-3.48' in 'x^-3.48', not in 'x-154'.
_COEFFICIENT = re.compile(r"(?<![\w.])(?:(?<=[\^(=;])-|(?<=[=;] )-|^-)?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])")
_NOT_EVIDENCE = {"second_reading"}
_CHOICES = "choices"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fact: a value with its range, unit, conditions, source and confidence.

    `value`, `low` and `high` are None where the source gives words; `text` then holds them.
    `confidence` is read, recalled, weak, fitted, or computed (a reference value of our own engines).
    `checked` means a second, blind reading agreed. A source that gives only a range has its middle
    as `value`. `fields` holds every column of the table.
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
    fields: Mapping[str, str] = field(hash=False, repr=False)

    @property
    def provisional(self) -> bool:
        """True until a second reading has agreed."""
        return not self.checked


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A figure read a second time by someone who had not seen the table.

    `first` and `second` are (value, low, high) as typed by each reader; `outcome` is 'agrees',
    'differs', 'not found' or 'other form'.
    """

    id: str
    table: str
    first: tuple[float | None, float | None, float | None]
    second: tuple[float | None, float | None, float | None]
    outcome: str
    note: str


def _number(text: str) -> float | None:
    match = _NUMBER.match(text.strip())
    return float(match.group(1)) if match else None


def _range(text: str) -> tuple[float | None, float | None]:
    match = _RANGE.match(text.strip())
    return (float(match.group(1)), float(match.group(2))) if match else (None, None)


def _leading_range(text: str) -> tuple[float | None, float | None]:
    match = _LEADING_RANGE.match(text.strip())
    return (float(match.group(1)), float(match.group(2))) if match else (None, None)


def _bounds(record: Mapping[str, str], middle: float | None) -> tuple[float | None, float | None]:
    for first, last in (("value_low", "value_high"), ("incidence_low", "incidence_high"), ("low", "high")):
        if first in record:
            return _number(record[first]), _number(record[last])
    spread = record.get("range_or_sd", "").strip()
    own_low, own_high = _range(record.get("value", ""))
    low, high = _leading_range(spread)
    if low is not None and high is not None:
        if own_low is not None and own_high is not None:
            return min(low, own_low), max(high, own_high)
        if middle is None or low <= middle <= high:
            return low, high
        return None, None  # a range of something else, such as the temperatures of the experiment
    match = _SPREAD.match(spread)
    if match and middle is not None:
        return middle - float(match.group(1)), middle + float(match.group(1))
    return own_low, own_high


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


def _triple(text: str) -> tuple[float | None, float | None, float | None]:
    """Three numbers of '75.6 [60.0, 100.0]', each may be missing."""
    middle, _, rest = text.partition("[")
    low, _, high = rest.rstrip("] ").partition(",")
    return _number(middle), _number(low), _number(high)


@cache
def readings() -> tuple[Reading, ...]:
    """All second readings, in file order."""
    return tuple(
        Reading(
            id=record["id"],
            table=record["file"].removesuffix(".csv"),
            first=_triple(record["first_reading"]),
            second=_triple(record["second_reading"]),
            outcome=record["outcome"],
            note=record["note"],
        )
        for record in _records("second_reading")
    )


@cache
def _checked_ids() -> frozenset[tuple[str, str]]:
    return frozenset((reading.table, reading.id) for reading in readings() if reading.outcome == "agrees")


def _records(name: str) -> list[dict[str, str]]:
    resource = files("recutis.evidence") / "tables" / f"{name}.csv"
    lines = resource.read_text(encoding="utf-8").splitlines(keepends=True)
    return [{k: (v or "").strip() for k, v in record.items()} for record in csv.DictReader(lines)]


def _row(name: str, number: int, record: dict[str, str]) -> Row:
    key = record.get("id") or record.get("quantity") or f"{name}:{number:02d}"
    written = record.get("incidence_pct", record.get("value", ""))
    middle = _number(written)
    low, high = _bounds(record, middle)
    if middle is None:
        first, last = _range(written) if written else (low, high)
        middle = (first + last) / 2 if first is not None and last is not None else None
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
    found = tuple(_row(table, number, record) for number, record in enumerate(_records(table), start=1))
    return tuple(_with_chosen(row) for row in found) if table == _CHOICES else found


def _with_chosen(row: Row) -> Row:
    """A choice shows value, range, unit, source and confidence of the row it points to."""
    shared = (name for name in table_names() if name != _CHOICES)
    chosen = next((item for name in shared for item in rows(name) if item.id == row.fields["chosen"]), None)
    if chosen is None:
        msg = f"Choice '{row.id}' names the row '{row.fields['chosen']}', which does not exist."
        raise RecutisError(msg)
    return replace(chosen, id=row.id, table=row.table, conditions=row.fields["reason"], fields=row.fields)


@cache
def _index() -> Mapping[str, Row]:
    index: dict[str, Row] = {}
    for name in table_names():
        for row in rows(name):
            if row.id in index:
                msg = f"Evidence id '{row.id}' stands in both {index[row.id].table} and {name}."
                raise RecutisError(msg)
            index[row.id] = row
    return MappingProxyType(index)


_ASSUMED: dict[str, Row] = {}


def assume(values: Mapping[str, float]) -> None:
    """Let rows have these values from now on, in this process, and all others their own: what a fit tries.

    Models keep what they have computed under their settings, not under the evidence: assume before anything is computed, or
    empty their caches.

    Raises UnknownNameError for an id that is no row.
    """
    _ASSUMED.clear()
    _ASSUMED.update({key: replace(get(key), value=float(number), text=repr(float(number))) for key, number in values.items()})
    for cached in (value, numbers, coefficients):
        cached.cache_clear()


def has(key: str) -> bool:
    """Whether there is a row with this id."""
    return key in _index()


def get(key: str) -> Row:
    """The row with this id.

    Raises UnknownNameError naming the nearest ids.
    """
    found = _ASSUMED.get(key) or _index().get(key)
    if found is None:
        near = difflib.get_close_matches(key, list(_index()), n=4, cutoff=0.5)
        hint = f"; nearest: {', '.join(near)}" if near else ""
        msg = f"There is no evidence row '{key}'{hint}. 'recutis evidence' lists them."
        raise UnknownNameError(msg)
    return found


@cache
def value(key: str) -> float:
    """The number of a row, in the row's own unit.

    Raises UnknownNameError when the row is missing or holds words instead of a number.
    """
    row = get(key)
    if row.value is None:
        msg = f"Evidence row '{key}' holds no single number but '{row.text}'."
        raise UnknownNameError(msg)
    return row.value


@cache
def numbers(key: str) -> tuple[float, float, float]:
    """(low, value, high) of a row; low and high fall back to the value where the source gives none."""
    row = get(key)
    middle = value(key)
    return (row.low if row.low is not None else middle, middle, row.high if row.high is not None else middle)


@cache
def coefficients(key: str) -> tuple[float, ...]:
    """All numbers in the words of a row, in order: (6.6e11, -3.33) of '6.6e11 * lambda_nm^-3.33'.

    A minus counts as a sign at the start, after a power or a bracket, and after a separator; a
    subtraction keeps its number positive.

    Raises UnknownNameError when the row is missing or its words hold no number.
    """
    row = get(key)
    found = tuple(float(text) for text in _COEFFICIENT.findall(row.text))
    if not found:
        msg = f"Evidence row '{key}' holds no coefficients but '{row.text}'."
        raise UnknownNameError(msg)
    return found


@cache
def _chosen_ids() -> Mapping[str, str]:
    return MappingProxyType({row.fields["name"]: row.fields["chosen"] for row in rows(_CHOICES)})


def choice(name: str) -> Row:
    """The row chosen among rival sources for a named purpose, such as 'epidermal_melanosome_absorption'.

    The choices, with rivals and reasons, stand in the table `choices`.

    Raises UnknownNameError naming the nearest choices.
    """
    named = _chosen_ids()
    if name not in named:
        near = difflib.get_close_matches(name, list(named), n=3, cutoff=0.3)
        hint = f"; nearest: {', '.join(near)}" if near else ""
        msg = f"There is no choice '{name}'{hint}. The table 'choices' lists them."
        raise UnknownNameError(msg)
    return get(named[name])


def cite(ids: Iterable[str]) -> list[Row]:
    """The rows behind a result, each once, by table and then in the order of the table.

    Raises UnknownNameError when an id is not an evidence row.
    """
    wanted = {get(key).id for key in ids}
    return [row for name in table_names() for row in rows(name) if row.id in wanted]


def find(words: str) -> tuple[Row, ...]:
    """Rows in which every word occurs (id, text, conditions or source), in table order."""
    wanted = words.lower().split()
    return tuple(
        row
        for row in _index().values()
        if all(word in f"{row.id} {row.table} {row.text} {row.conditions} {row.source}".lower() for word in wanted)
    )
