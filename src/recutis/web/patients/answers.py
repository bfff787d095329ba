"""One answer on its way into the patient file: from what a form sends to JSON, into its place, and against later changes of others."""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from django.utils import timezone
from pydantic import JsonValue

from recutis.errors import InputError
from recutis.web.accounts.models import User
from recutis.web.patients.asks import Ask, words_of
from recutis.web.patients.models import Patient

_WHOLE: Final = re.compile(r"[+-]?\d{1,15}")
_DECIMAL: Final = re.compile(r"([+-]?\d{1,15})[.,](\d{1,15})")
_LONGEST: Final = 20_000
_DEEPEST: Final = 20
NONE: Final = "none of these"
"""What a form sends for an explicit `[]`."""
STOPPED: Final = "stopped"
"""What a form sends when a day stands beside it."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """The last change of a place: the version of the file it made, who made it, and when."""

    place: str
    version: int
    who: str
    at: str


# From a form to JSON


def key_of(value: object) -> str:
    """How a form writes a value that may be chosen."""
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def typed(ask: Ask, values: Sequence[str], day: str = "") -> JsonValue:
    """What a form sent, as the file keeps it; None takes the answer out. Text that is no such answer is kept as it was typed."""
    if ask.kind in {"lines", "many"}:
        told = [line.strip() for value in values if value != NONE for line in value.splitlines() if line.strip()]
        return [_chosen(ask, one) for one in told] or ([] if NONE in values else None)
    text = values[0].strip() if values else ""
    if ask.kind == "choice_or_day" and text == STOPPED:
        return day.strip() or STOPPED
    if not text or ask.kind not in {"number", "whole", "yes_no"}:
        return _chosen(ask, text) if text else None
    return _number(text) if ask.kind != "yes_no" else {"true": True, "false": False}.get(text, text)


def _chosen(ask: Ask, text: str) -> JsonValue:
    return next((value for value, _ in ask.choices if key_of(value) == text), text)


def _number(text: str) -> JsonValue:
    if _WHOLE.fullmatch(text):
        return int(text)
    found = _DECIMAL.fullmatch(text)
    return float(f"{found[1]}.{found[2]}") if found else text


def from_json(text: str) -> JsonValue:
    """JSON text as a value.

    Raises InputError for text that is not JSON, or that a database cannot keep.
    """

    def refuse(word: str) -> None:
        msg = f"{word} is no number that can be kept; send a finite number."
        raise InputError(msg)

    try:
        value: JsonValue = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        msg = "This is not JSON that can be read. Nothing was saved; send one JSON value."
        raise InputError(msg) from error
    return value


def require_storable(value: JsonValue, *, longest: int = _LONGEST) -> None:
    """Pass what every database can keep and what is not longer than `longest` characters.

    Raises InputError otherwise, naming why.
    """
    _walk(value, 0)
    if len(json.dumps(value)) > longest:
        msg = f"This is longer than the {longest} characters that are kept in one go. Nothing was saved; shorten it."
        raise InputError(msg)


def _walk(value: JsonValue, depth: int) -> None:
    why = ""
    if depth > _DEEPEST:
        why = "it is nested too deeply"
    elif isinstance(value, str):
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            why = "it holds a character that no database keeps"
    elif isinstance(value, bool):
        pass
    elif isinstance(value, int):
        why = "the number is too long" if abs(value) >= 10**300 else ""
    elif isinstance(value, float) and not math.isfinite(value):
        why = "the number is not finite"
    if why:
        msg = f"This cannot be kept: {why}. Nothing was saved; correct it and try again."
        raise InputError(msg)
    inner: list[JsonValue] = []
    if isinstance(value, dict):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, list):
        inner = value
    for item in inner:
        _walk(item, depth + 1)


# The places of a file


def value_at(file: Mapping[str, JsonValue], place: str) -> JsonValue:
    """What stands at a place; None where nothing does."""
    here: Any = file
    for part in place.split("."):
        if isinstance(here, dict):
            here = here.get(part)
        elif isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        else:
            return None
    found: JsonValue = here
    return found


def with_value(file: Mapping[str, JsonValue], place: str, value: JsonValue) -> dict[str, JsonValue]:
    """The file with a value at a place; None takes it out, and blocks that are empty then.

    Raises InputError when the place cannot hold a value: its row does not exist (any more), or no block stands where one belongs.
    """
    made: dict[str, Any] = copy.deepcopy(dict(file))
    *blocks, last = place.split(".")
    here: Any = made
    passed: list[tuple[dict[str, Any], str]] = []
    for part, following in pairwise([*blocks, last]):
        if isinstance(here, list):
            here = here[int(part)] if int(part) < len(here) else None
        else:
            passed.append((here, part))
            if here.get(part) is None and not following.isdigit():
                here[part] = {}
            here = here.get(part)
        if here is None:
            msg = (
                f"This row of {words_of(place.rpartition('.')[0])} is not there any more. Nothing was saved; open the page again."
            )
            raise InputError(msg)
        if not isinstance(here, list if following.isdigit() else dict):
            msg = f"'{part}' in this patient file is not what it should be, so {place} cannot be kept in it. Import a right file."
            raise InputError(msg)
    if value is not None:
        here[last] = value
        return made
    here.pop(last, None)
    for block, part in reversed(passed):
        if block[part] == {}:
            del block[part]
    return made


# Changes of others


def change_since(patient: Patient, place: str, version: int) -> Change | None:
    """The newest change after `version` of a place, of what it is part of, or of what is inside it."""
    found = [
        Change(place=at, version=int(told[0]), who=str(told[1]), at=str(told[2]))
        for at, told in patient.file_changes.items()
        if int(told[0]) > version and (at == place or at.startswith(f"{place}.") or place.startswith(f"{at}."))
    ]
    return max(found, key=lambda item: item.version, default=None)


def keep(patient: Patient, file: dict[str, JsonValue], places: Sequence[str], user: User) -> None:
    """Save a file whose `places` this person changed; its version goes up by one."""
    patient.file = file
    patient.file_version += 1
    told = [patient.file_version, user.full_name, timezone.now().isoformat()]
    kept = {at: item for at, item in patient.file_changes.items() if not any(at.startswith(f"{place}.") for place in places)}
    patient.file_changes = {**kept, **dict.fromkeys(places, told)}
    patient.save(update_fields=["file", "file_version", "file_changes"])
