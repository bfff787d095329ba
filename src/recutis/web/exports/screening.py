"""Screening as a document: what `recutis screen --json` prints, for a file from anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ninja import Schema
from pydantic import Field

from recutis.patient import Override, make_override, parse_patient, questions, screen, unasked
from recutis.plan.assemble import screening_entries
from recutis.plan.document import Question, ScreeningEntry, Status
from recutis.web.patients.models import LiftedRule


class ScreeningDocument(Schema):
    """What screening found."""

    status: Status = Field(description="ready, needs_answers, deferred, refer or blocked")
    questions: list[Question] = Field(description="required answers that are missing")
    unasked: list[str] = Field(description="optional answers that a rule would use and that are absent")
    screening: list[ScreeningEntry] = Field(description="the rules that fire, are unanswered or belong on the checklist")


def overrides_of(lifted: Iterable[LiftedRule]) -> tuple[Override, ...]:
    """Lifted rules as the screening takes them."""
    return tuple(
        make_override(rule_id=one.rule_id, by=one.by.full_name, role=one.by.override_role, reason=one.reason, date=one.date)
        for one in lifted
    )


def screening_document(file: Mapping[str, Any], lifted: Iterable[LiftedRule] = ()) -> ScreeningDocument:
    """Screen a patient file.

    Raises InputError for a file that is not right, and for a lifted rule that does not fire.
    """
    person = parse_patient(dict(file))
    found, asked = screen(person, overrides_of(lifted)), questions(person)
    return ScreeningDocument(
        status="needs_answers" if asked and found.status == "ready" else found.status,
        questions=[Question(place=one.place, question=one.question) for one in asked],
        unasked=list(unasked(person)),
        screening=list(screening_entries(found)),
    )
