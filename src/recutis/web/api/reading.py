"""Reading what a program sends: JSON that the database can keep, and errors that say what to mend."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.errors import HttpError
from ninja.parser import Parser

_DEEPEST: Final = 60
_LARGEST: Final = 2**63 - 1
_LONGEST_SHOWN: Final = 60


class UnreadableError(ValueError):
    """A request that is no JSON, or JSON that cannot be kept; `status` is its answer."""

    def __init__(self, words: str, *, status: int) -> None:
        super().__init__(words)
        self.status = status


def _no_constant(word: str) -> NoReturn:
    msg = f"The request holds {word}, which is no number; send null or leave it out."
    raise UnreadableError(msg, status=422)


def _text(text: str) -> None:
    if "\x00" in text:
        msg = "The request holds a NUL character, which no record can keep; remove it."
        raise UnreadableError(msg, status=422)
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        msg = "The request holds half of a character (a lone surrogate); send whole Unicode characters."
        raise UnreadableError(msg, status=422)


def keepable(value: object, depth: int = 0) -> None:
    """Check that a database can keep a JSON value.

    Raises UnreadableError for NUL, lone surrogates, numbers beyond 64 bits and blocks nested too deeply.
    """
    if isinstance(value, str):
        _text(value)
    elif isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        msg = "The request holds a whole number beyond 64 bits; send a smaller one."
        raise UnreadableError(msg, status=422)
    elif isinstance(value, float) and value in {float("inf"), float("-inf")}:
        msg = "The request holds a number that is too large; send a smaller one."
        raise UnreadableError(msg, status=422)
    elif isinstance(value, (dict, list)):
        if depth > _DEEPEST:
            msg = f"The request is nested more than {_DEEPEST} blocks deep; send it flatter."
            raise UnreadableError(msg, status=422)
        for key, item in value.items() if isinstance(value, dict) else ((0, item) for item in value):
            keepable(key, depth)
            keepable(item, depth + 1)


class CarefulParser(Parser):
    """Strict JSON in UTF-8, and texts that every database can keep."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body as JSON.

        Raises UnreadableError.
        """
        try:
            found = json.loads(request.body, parse_constant=_no_constant)
        except RecursionError as error:
            msg = f"The request is nested more than {_DEEPEST} blocks deep; send it flatter."
            raise UnreadableError(msg, status=422) from error
        except UnreadableError:
            raise
        except ValueError as error:
            msg = "The request is not JSON in UTF-8; send a JSON object."
            raise UnreadableError(msg, status=400) from error
        keepable(found)
        return found

    def parse_querydict(self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest) -> dict[str, Any]:
        """The words behind the question mark.

        Raises UnreadableError.
        """
        found = super().parse_querydict(data, list_fields, request)
        keepable(found)
        return found


def words_of(error: HttpError) -> tuple[str, int]:
    """The sentence and the status of a refusal; a body that could not be read says why."""
    cause = error.__cause__
    if isinstance(cause, UnreadableError):
        return str(cause), cause.status
    if isinstance(cause, SuspiciousOperation):
        return "The request is too large; send less at once.", 400
    if error.status_code == 401:
        return "Sign in, or send a token as 'Authorization: Bearer TOKEN'.", 401
    return str(error), error.status_code


def sentence(errors: Sequence[Mapping[str, Any]]) -> str:
    """One sentence from the errors of pydantic: the first of them, with its place and value."""
    first = errors[0]
    location = [str(part) for part in first["loc"]]
    named = _printable(".".join(location[2:] if location[0] == "body" else location[1:])) or "the body"
    if first["type"] == "missing":
        return f"'{named}' is missing; it must be given in the {location[0]}."
    if first["type"] == "extra_forbidden":
        return f"'{named}' is not known here; remove it."
    words = _printable(str(first["msg"]).removeprefix("Value error, ").replace("Input should", "it should").rstrip("."))
    return f"'{named}'{_shown(first.get('input'))}: {words[:1].lower()}{words[1:]}."


def _shown(value: object) -> str:
    if value is None or isinstance(value, (dict, list, tuple)):
        return ""
    text = repr(value)
    return f" is {_printable(text)}" if len(text) <= _LONGEST_SHOWN else ""


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:300]
