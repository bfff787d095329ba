"""What the consultation asks, made from the models of the patient file: which kind of answer, which choices, what is needed first."""

from __future__ import annotations

import datetime
import re
import types
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from recutis import evidence
from recutis.classes import DEVICE_CLASSES
from recutis.patient.profile import ASKED, ASKED_OF_WOMEN, Goals, Patient
from recutis.patient.rule import RULES
from recutis.patient.words import Kind as ConcernKind

Kind = Literal[
    "yes_no", "number", "whole", "text", "day", "choice", "select", "choice_or_day", "lines", "many", "rows", "group", "weights",
]  # fmt: skip
KINDS: Final[tuple[str, ...]] = get_args(ConcernKind)
_FEW: Final = 6  # choices that stand side by side
_WORDS: Final = {"pih": "PIH", "kg": "(kg)", "mm": "(mm)", "cm2": "(cm²)", "months": "(months)"}
_DIABETES: Final = ((False, "no"), ("controlled", "controlled"), ("uncontrolled", "uncontrolled"), (True, "control not known"))


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One question: its place in the file, its words, the kind of answer and what may be chosen.

    `fields` are the questions of each row of a list, or of a group; `rules` the screening rules that read the answer.
    """

    place: str
    name: str
    label: str
    help: str
    kind: Kind
    choices: tuple[tuple[Any, str], ...] = ()
    fields: tuple[Ask, ...] = ()
    must: bool = False
    given_with: bool = False
    rules: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    def at(self, place: str) -> Ask:
        """The same question of one row, whose place holds its number; what is inside it moves along."""
        return replace(self, place=place, fields=tuple(item.at(f"{place}.{item.name}") for item in self.fields))


def words_of(key: str) -> str:
    """A key of the file as words: `vessel_diameter_mm` reads `vessel diameter (mm)`."""
    return " ".join(_WORDS.get(word, word) for word in key.split("_"))


def _label(place: str, name: str) -> str:
    question = ASKED.get(place) or ASKED_OF_WOMEN.get(place)
    text = question.replace(" ([] for none)", "") if question else words_of(name)
    return text[:1].upper() + text[1:]


def _help(text: str) -> str:
    """A description as it reads beside a question, where "none" is ticked instead of written as []."""
    text = re.sub(r"[;,]? \[\] says none", "", text)
    return text[:1].upper() + text[1:]


def _rules(place: str) -> tuple[str, ...]:
    return tuple(sorted(rule.id for rule in RULES.values() if place in rule.reads))


def _parts(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of an annotation, without None and without what is annotated."""
    if get_origin(annotation) in {Union, types.UnionType}:
        return tuple(part for inner in get_args(annotation) for part in _parts(inner) if part is not type(None))
    if hasattr(annotation, "__metadata__"):
        return _parts(annotation.__origin__)
    return (annotation,)


def _limits(field: FieldInfo) -> tuple[float | None, float | None]:
    """Lowest and highest value; what is written inside an alternative counts too."""
    metadata = list(field.metadata)
    for part in get_args(field.annotation):
        metadata += [inner for item in getattr(part, "__metadata__", ()) for inner in getattr(item, "metadata", (item,))]
    lows = [float(item.ge) for item in metadata if hasattr(item, "ge")] + [
        float(item.gt) for item in metadata if hasattr(item, "gt")
    ]
    highs = [float(item.le) for item in metadata if hasattr(item, "le")]
    return (lows[0] if lows else None, highs[0] if highs else None)


def _literals(part: Any) -> tuple[tuple[Any, str], ...]:
    return tuple((value, words_of(str(value))) for value in get_args(part))


def _of_type(place: str, annotation: Any) -> tuple[Kind, tuple[tuple[Any, str], ...], tuple[Ask, ...]]:
    parts = _parts(annotation)
    literal = next((part for part in parts if get_origin(part) is Literal), None)
    first = parts[0]
    if literal is not None:
        choices = _DIABETES if bool in parts else _literals(literal)
        by_number: Kind = "choice" if len(choices) <= _FEW else "select"
        return ("choice_or_day" if datetime.date in parts else by_number), choices, ()
    if get_origin(first) is tuple:
        return _list(place, get_args(first)[0])
    if isinstance(first, type) and issubclass(first, BaseModel):
        return "group", (), tuple(_asks_of(first, place))
    simple: dict[Any, Kind] = {bool: "yes_no", int: "whole", float: "number", datetime.date: "day", str: "text"}
    return ("weights" if get_origin(first) is dict else simple[first]), (), ()


def _list(place: str, inner: Any) -> tuple[Kind, tuple[tuple[Any, str], ...], tuple[Ask, ...]]:
    (part,) = _parts(inner)
    if isinstance(part, type) and issubclass(part, BaseModel):
        return "rows", (), tuple(_asks_of(part, place))
    if get_origin(part) is Literal:
        return "many", _literals(part), ()
    return "lines", (), ()


def _asks_of(model: type[BaseModel], block: str) -> Iterator[Ask]:
    for name, field in model.model_fields.items():
        place = f"{block}.{name}" if block else name
        kind, choices, fields = _of_type(place, field.annotation)
        if place == "history.test_spots.device_class":
            kind, choices = "select", tuple((one, words_of(one)) for one in DEVICE_CLASSES)
        low, high = _limits(field)
        yield Ask(
            place=place, name=name, label=_label(place, name), help=_help(field.description or ""), kind=kind, choices=choices,
            fields=fields, must=place in ASKED or field.is_required(), given_with=place in ASKED_OF_WOMEN, rules=_rules(place),
            low=low, high=high,
        )  # fmt: skip


@cache
def asks() -> dict[str, Ask]:
    """Every question outside rows by its place, in the order of the file, groups and rows with their own questions inside."""
    found = {}
    for ask in _asks_of(Patient, ""):
        found[ask.place] = ask
        if ask.kind == "group":
            found |= {inner.place: inner for inner in ask.fields}
    return found


def find(place: str) -> Ask | None:
    """The question at a place of the file, such as `concerns.0.severity.value`; None where the file has none.

    A place that ends in a row's number is the row itself.
    """
    parts = place.split(".")
    known = asks()
    ask = known.get(".".join(parts[:2])) if len(parts) > 1 else None
    rest = parts[2:]
    if ask is None:
        ask, rest = known.get(parts[0]), parts[1:]
    for part in rest:
        if ask is None:
            return None
        if ask.kind == "rows" and part.isascii() and part.isdigit() and part == str(int(part)) and len(part) < 5:
            ask = replace(ask.at(f"{ask.place}.{part}"), kind="group", name=part)
        elif ask.kind == "weights":
            ask = _weight(f"{ask.place}.{part}", part) if part in KINDS else None
        elif ask.kind == "group":
            ask = next((item for item in ask.fields if item.name == part), None)
        else:
            return None
    return ask


def _weight(place: str, kind: str) -> Ask:
    low, high = _limits(Goals.model_fields["priorities"])
    return Ask(place=place, name=kind, label=words_of(kind), help="", kind="number", low=low, high=high)


def scales_for(kind: object) -> tuple[tuple[str, str], ...]:
    """The scales that suit a kind of concern, each with its range; all of them while the kind is open."""
    found = []
    for row in evidence.rows("model_patient"):
        name = row.id.removeprefix("scale.")
        if name in {row.id, "default"}:
            continue
        kinds = [word.strip() for word in row.conditions.split(",")]
        if not kind or kind in kinds or kinds == ["any"]:
            found.append((name, f"{row.fields['quantity']} ({row.low:g} to {row.high:g})"))
    return tuple(found)
