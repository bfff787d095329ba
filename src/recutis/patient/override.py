"""A clinician's decision to lift a rule, with name, role, reason and day."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from recutis.errors import InputError
from recutis.files import Document, read_yaml, validate
from recutis.patient.words import Day, Listed, Part, Word

Role = Literal["physician", "nurse", "front_desk", "researcher", "administrator"]


class Override(Part):
    """Who lifts which rule, why and when. Only a physician may, and never a rule marked `never`."""

    rule_id: Word = Field(description="The rule, such as SCR-010, or a ceiling that asks for a physician, such as CEI-002.")
    by: Word = Field(description="Name of the person who decides.")
    role: Role = Field(description="physician, nurse, front_desk, researcher or administrator.")
    reason: Word = Field(description="Why the rule does not hold for this patient.")
    date: Day = Field(description="Day of the decision.")


class _Overrides(Part):
    overrides: Annotated[tuple[Override, ...], Listed] = Field(description="The decisions, one entry a rule.")


def make_override(*, rule_id: object, by: object, role: object, reason: object, date: object) -> Override:
    """An override from loose values, as a form sends them.

    Raises InputError naming the value that is wrong or empty.
    """
    data = {"rule_id": rule_id, "by": by, "role": role, "reason": reason, "date": date}
    return validate(Override, Document(name="the override", data=dict(data), lines={}))


def read_overrides(path: Path | str) -> tuple[Override, ...]:
    """Read a YAML file with the key `overrides:` and a list under it.

    Raises InputError with the place in the file.
    """
    made = validate(_Overrides, read_yaml(Path(path)))
    if not made.overrides:
        msg = f"{Path(path).name} lists no overrides; name at least one rule under 'overrides:' or leave the file out."
        raise InputError(msg)
    return made.overrides
