"""Small parts of FHIR R5 resources: texts, codes, quantities, references."""

from __future__ import annotations

import datetime
import math
import unicodedata
import uuid
from collections.abc import Mapping
from typing import Any, Final

from recutis.web.exports.record import PatientRecord

OWN: Final = "urn:recutis:codes:"
"""Base of our own code systems; what follows is the kind of code (docs/workstation.md lists them)."""
LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem/"
PAIN: Final = {"system": LOINC, "code": "72514-3", "display": "Pain severity - 0-10 verbal numeric rating [Score] - Reported"}
SPACE: Final = uuid.UUID("0d2f6a3c-5a0e-4f7e-9d53-1a3a7d0c9b11")
"""Namespace of the ids of resources that are no row of their own."""
_UNITS: Final = (
    ("_J_cm2", "J/cm2"), ("_mJ", "mJ"), ("_pct", "%"), ("_ms", "ms"), ("_mm", "mm"), ("_um", "um"), ("_nm", "nm"), ("_W", "W"),
    ("_cm2", "/cm2"), ("_Hz", "Hz"), ("_days", "d"), ("_weeks", "wk"), ("_0_10", "{score}"),
)  # fmt: skip
Resource = dict[str, Any]


def text(value: object) -> str:
    """A text as FHIR takes it: no control characters, no space around it; may be empty."""
    kept = "".join(
        " " if unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\t" else letter for letter in str(value)
    )
    return kept.strip()


def own(kind: str, code: object, words: str = "") -> Resource:
    """A concept of our own code system of this kind."""
    clean = "-".join(text(code).split()) or "unknown"
    return {"coding": [{"system": f"{OWN}{kind}", "code": clean}], "text": text(words or str(code).replace("_", " ")) or clean}


def known(system: str, code: str) -> Resource:
    """A concept of a code system that FHIR itself prescribes."""
    return {"coding": [{"system": f"{TERMINOLOGY}{system}", "code": code}]}


def quantity(value: float, code: str) -> Resource:
    """A number with its unit in UCUM."""
    return {"value": value, "unit": code, "system": UCUM, "code": code}


def unit_of(name: str) -> str:
    """The UCUM unit that a key's ending names; '1' for a plain number."""
    return next((unit for ending, unit in _UNITS if name.endswith(ending)), "1")


def is_number(value: object) -> bool:
    """Whether a value can be a quantity."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def component(kind: str, name: str, value: object) -> Resource | None:
    """One measured or set value beside others; None for what is empty."""
    made: Resource = {"code": own(kind, name)}
    if isinstance(value, bool):
        return {**made, "valueBoolean": value}
    if is_number(value):
        return {**made, "valueQuantity": quantity(float(value), unit_of(name))}  # type: ignore[arg-type]
    if isinstance(value, str) and text(value):
        return {**made, "valueString": text(value)}
    return None


def components(kind: str, values: Mapping[str, Any]) -> list[Resource]:
    """Every value that can be told, in the order of its name."""
    made = (component(kind, name, value) for name, value in sorted(values.items()))
    return [one for one in made if one is not None]


def derived(of: object, *names: object) -> str:
    """The id of a resource that is part of a row."""
    return str(uuid.uuid5(SPACE, ":".join(str(one) for one in (of, *names))))


def to(resource_id: object) -> Resource:
    """A reference inside the bundle."""
    return {"reference": f"urn:uuid:{resource_id}"}


def moment(at: datetime.datetime) -> str:
    """A time with its zone, to the second."""
    return at.astimezone(datetime.UTC).isoformat(timespec="seconds")


def without_nothing(resource: Mapping[str, Any]) -> Resource:
    """A resource without empty elements, which FHIR forbids."""
    return {key: value for key, value in resource.items() if value is not None and value not in ("", [], {})}


def concerns_of(record: PatientRecord) -> list[tuple[str, Mapping[str, Any]]]:
    """The concerns of the patient file with the id of each one's Condition; what is not filled in yet is left out."""
    listed = record.patient.file.get("concerns", [])
    found: dict[str, Mapping[str, Any]] = {}
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, Mapping) and one.get("kind") and one.get("site"):
            found.setdefault(derived(record.patient.pk, "concern", one["kind"], one["site"], one.get("side", "")), one)
    return list(found.items())
