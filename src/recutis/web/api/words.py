"""Texts, days and answers that all operations share."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Final

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from recutis.patient.words import Day

PROBLEM_CODES: Final = (400, 401, 403, 404, 409, 422)


class Problem(Schema):
    """Why a request was not answered, in one sentence."""

    detail: str = Field(description="One sentence: what was wrong, where, and what to do.")


class Told(Schema):
    """Base of what a program sends: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


def answers(model: object, *, code: int = 200) -> Mapping[Any, Any]:
    """The declared answers of an operation: the good one, and a `Problem` for every way in which it may be refused."""
    return {code: model, frozenset(PROBLEM_CODES): Problem}


def _one_line(text: str) -> str:
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        msg = "it holds a control character; write one line of plain text"
        raise ValueError(msg)
    return text


def _prose(text: str) -> str:
    if any(unicodedata.category(letter) == "Cc" and letter not in "\n\r\t" for letter in text):
        msg = "it holds a control character; write plain text"
        raise ValueError(msg)
    return text


def _email(text: str) -> str:
    if text:
        try:
            validate_email(text)
        except DjangoValidationError as error:
            msg = "it is not an e-mail address, such as anna@example.org"
            raise ValueError(msg) from error
    return text


def _born(day: datetime.date) -> datetime.date:
    if day > datetime.date.today():
        msg = "a day of birth lies in the past"
        raise ValueError(msg)
    return day


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_one_line)]
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), AfterValidator(_one_line)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40), AfterValidator(_one_line)]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_one_line), AfterValidator(_email)
]
Search = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), AfterValidator(_one_line)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), AfterValidator(_prose)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000), AfterValidator(_prose)]
BirthDay = Annotated[Day, AfterValidator(_born)]
Page = Annotated[int, Field(ge=1, le=100_000)]
PerPage = Annotated[int, Field(ge=1, le=200)]
Version = Annotated[int, Field(ge=0, le=2_000_000_000)]
