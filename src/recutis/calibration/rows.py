"""Published rows as data of a fit: what was reported, how sure it is, which study it belongs to."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from recutis import evidence
from recutis.scorecard.clinical import QUANTITY, computed, kind_of, value_of
from recutis.scorecard.clinical_outcomes import graded_by
from recutis.scorecard.clinical_recovery import days_family
from recutis.scorecard.clinical_sample import Told
from recutis.scorecard.clinical_study import Lab
from recutis.scorecard.tables import Record

FAMILIES: Final = {
    "incidence of a sign": "share", "relapse": "share", "responders": "gain.share",
    "other scores": "gain.score",
    "pain": "pain", "redness course": "course", "risk incidence": "risk",
}  # fmt: skip
_TAUGHT: Final = re.compile(r"reviewer prior|teaching")
_CITATION: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, kw_only=True)
class Datum:
    """A row that the model computes and that gives a number.

    `family` groups what is spread alike between studies; `study` is the source all its rows share; `doubt` multiplies variances:
    a reviewer's prior counts least, rows of one study and family share what that study has of its own.
    """

    table: str
    record: Record
    study: str
    family: str
    reported: float
    doubt: float

    @property
    def id(self) -> str:
        """Id of the row."""
        return self.record.fields["id"]

    @property
    def is_prior(self) -> bool:
        """Whether a reviewer's prior or teaching stands in for a study."""
        return _TAUGHT.search(self.record.fields.get("source", "").lower()) is not None

    def told(self, lab: Lab) -> Told | None:
        """What the model says in this laboratory; None where it cannot."""
        return computed(self.table, lab, self.record.fields)[0]


def study_of(record: Record) -> str:
    """The study of a row: its source without punctuation; a row without a source stands alone.

    What a reviewer or a textbook says of one device class counts as one study.
    """
    source = _CITATION.sub(" ", record.fields.get("source", "").lower()).strip()
    if _TAUGHT.search(source):
        return f"{source} {record.fields.get('device_class') or record.fields.get('modality', '')}"
    return source or record.fields["id"]


def _trust(record: Record) -> float:
    confidence = record.fields.get("confidence", "")
    prior = "prior" in record.fields.get("source", "").lower()
    word = "prior" if prior else confidence
    return evidence.value(f"calibration.doubt.{word if word in {'read', 'recalled', 'weak', 'prior'} else 'recalled'}")


def family_of(table: str, record: Record) -> str:
    """What is spread alike between studies, in the words of the card's samples."""
    unit = record.fields.get("unit", "")
    kind = kind_of({"file": table, "unit": unit, "quantity": record.fields.get(QUANTITY[table], "")})
    if kind == "mean improvement":
        return f"gain.{graded_by(record.fields)}"
    return days_family(record.fields) if kind == "days" else FAMILIES[kind]


def data(records: tuple[tuple[str, Record], ...], lab: Lab) -> tuple[Datum, ...]:
    """The rows among these that give a number and are computed."""
    kept = []
    for table, record in records:
        value, _, _ = value_of(table, record.fields)
        if value is not None and computed(table, lab, record.fields)[0] is not None:
            kept.append((table, record, value, study_of(record), family_of(table, record)))
    shared = Counter((study, family) for _, _, _, study, family in kept)
    common = evidence.value("calibration.shared")
    return tuple(
        Datum(
            table=table, record=record, study=study, family=family, reported=value,
            doubt=_trust(record) * (1.0 + common * (shared[study, family] - 1)),
        )
        for table, record, value, study, family in kept
    )  # fmt: skip
