"""Screening as a document: what `recutis screen --json` prints, for a file from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ninja import Schema
from pydantic import Field

from recutis.patient import Override, parse_patient, questions, screen, unasked
from recutis.plan.assemble import screening_entries
from recutis.plan.document import Question, ScreeningEntry, Status


class ScreeningDocument(Schema):
    """What screening found."""

    status: Status = Field(description="ready, needs_answers, deferred, refer or blocked")
    questions: list[Question] = Field(description="required answers that are missing")
    unasked: list[str] = Field(description="optional answers that a rule would use and that are absent")
    screening: list[ScreeningEntry] = Field(description="the rules that fire, are unanswered or belong on the checklist")


def screening_document(file: Mapping[str, Any], overrides: Sequence[Override] = ()) -> ScreeningDocument:
    """Screen a patient file.

    Raises InputError for a file that is not right, and for an override of a rule that does not fire.
    """
    person = parse_patient(dict(file))
    found, asked = screen(person, overrides), questions(person)
    return ScreeningDocument(
        status="needs_answers" if asked and found.status == "ready" else found.status,
        questions=[Question(place=one.place, question=one.question) for one in asked],
        unasked=list(unasked(person)),
        screening=list(screening_entries(found)),
    )
