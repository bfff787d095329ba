"""A patient file that is still being filled in: what of it can be read already, and what stands in the way of the rest."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, JsonValue

from recutis.files import Document, Problem, problems
from recutis.patient.profile import Patient, parse_patient

_NAME = "the patient file"
_WORD = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*")
_CONCERNS = "concerns"
# A file without a concern cannot be read; this one stands in and is taken out again, so that the other answers are read.
_STAND_IN = {"kind": "texture", "site": "cheek"}
Location = tuple[int | str, ...]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a patient file says so far.

    `patient` holds every answer that can be read (its `concerns` may be empty); `problems` say what was left out of it and why, or
    what a row still lacks. Only a draft without problems is a patient file.
    """

    patient: Patient
    problems: tuple[Problem, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing was left out: the file itself can be read."""
        return not self.problems


def read_draft(data: Mapping[str, JsonValue]) -> Draft:
    """Read as much of a patient file as can be read; what cannot is left out and named, never guessed.

    Answers that contradict each other are all left out, because nobody knows which of them is wrong.
    """
    left = _Left(data)
    found: dict[Location, Problem] = {}
    while standing := problems(Patient, Document(name=_NAME, data=left.with_a_concern(), lines={})):
        first = standing[0]
        for at in left.take_out(first):
            found.setdefault(at, Problem(location=at, sentence=first.sentence, missing=first.missing))
    patient = parse_patient(left.with_a_concern())
    if not left.data.get(_CONCERNS):
        patient = patient.model_copy(update={_CONCERNS: ()})
    if data.get(_CONCERNS) in (None, []):
        words = "Name at least one thing that the person wants changed, and where it is."
        found[_CONCERNS,] = Problem(location=(_CONCERNS,), sentence=words, missing=True)
    return Draft(patient=patient, problems=tuple(found.values()))


class _Left:
    """What is left of a file while problems are taken out of it, and which rows of its lists these were at first."""

    def __init__(self, data: Mapping[str, JsonValue]) -> None:
        self.data: dict[str, Any] = copy.deepcopy(dict(data))
        self._rows: dict[Location, list[int]] = {}

    def with_a_concern(self) -> dict[str, Any]:
        """The data, with a concern to stand in where there is none."""
        if self.data.get(_CONCERNS) not in (None, []):
            return self.data
        goals = self.data.get("goals")
        if isinstance(goals, dict):  # weights of concerns that are not there yet
            goals = {name: item for name, item in goals.items() if name != "priorities"}
        return {**self.data, **({"goals": goals} if "goals" in self.data else {}), _CONCERNS: [_STAND_IN]}

    def take_out(self, problem: Problem) -> tuple[Location, ...]:
        """Remove what a problem is about; gives the locations of it in the file as it was."""
        where = problem.location
        value = _value(self.data, where)
        if problem.missing:
            told: tuple[Location, ...] = (self._at_first(where),)
            self._remove(where[:-1])
            return told
        model = _model_at(where)
        named = _named(problem, model, value) if model is not None and isinstance(value, dict) else ()
        if not named and not where:
            # Two concerns that are the same: the later one is left out.
            rows = self.data.get(_CONCERNS)
            named = ((_CONCERNS, len(rows) - 1),) if isinstance(rows, list) and rows else ()
        told = tuple(self._at_first(at) for at in named or (where,))
        for at in named or (where,):
            self._remove(at)
        return told

    def _rows_at(self, where: Location) -> list[int]:
        rows = _value(self.data, where)
        return self._rows.setdefault(where, list(range(len(rows)))) if isinstance(rows, list) else []

    def _at_first(self, where: Location) -> Location:
        found: list[int | str] = []
        for depth, part in enumerate(where):
            rows = self._rows_at(where[:depth]) if isinstance(part, int) else []
            found.append(rows[part] if isinstance(part, int) and part < len(rows) else part)
        return tuple(found)

    def _remove(self, where: Location) -> None:
        if not where:
            self.data.clear()
            return
        block, part = _value(self.data, where[:-1]), where[-1]
        if isinstance(block, dict) and part in block:
            del block[part]
        elif isinstance(block, list) and isinstance(part, int) and part < len(block):
            del self._rows_at(where[:-1])[part]
            del block[part]
        else:
            self._remove(where[:-1])


def _named(problem: Problem, model: type[BaseModel], block: dict[str, Any]) -> tuple[Location, ...]:
    """The answers that a contradiction names: places of the file, else optional answers of the block, else of a block inside it."""
    where = problem.location
    words = tuple(dict.fromkeys(_WORD.findall(problem.sentence.removeprefix(problem.place))))
    if not where:
        places = [tuple(int(part) if part.isdigit() else part for part in word.split(".")) for word in words if "." in word]
        return tuple(place for place in places if _value(block, place) is not None)
    fields = model.model_fields
    own = tuple((*where, word) for word in words if word in block and word in fields and not fields[word].is_required())
    if own:
        return own
    inner = {name: _inner(fields[name].annotation) for name in block if name in fields}
    return tuple(
        (*where, name) for name, part in inner.items() if part is not None and any(word in part.model_fields for word in words)
    )


def _value(data: object, where: Location) -> object:
    for part in where:
        row = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if not row and not (isinstance(data, dict) and part in data):
            return None
        data = data[part]  # type: ignore[index]
    return data


def _inner(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for found in map(_inner, get_args(annotation)) if found is not None), None)


def _model_at(where: Location) -> type[BaseModel] | None:
    """The model of the block at a location; None for a single answer."""
    here: type[BaseModel] | None = Patient
    for part in where:
        if isinstance(part, int):
            continue
        if here is None or part not in here.model_fields:
            return None
        here = _inner(here.model_fields[part].annotation)
    return here
