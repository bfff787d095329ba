"""Field types of the patient file: strict answers with errors that say how to write them."""

from __future__ import annotations

import datetime
import difflib
import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from recutis.classes import DEVICE_CLASSES

_FIRST_YEAR, _LAST_YEAR = 1900, 2200  # outside lies a slip of the pen
_NUMERALS = ("I", "II", "III", "IV", "V", "VI")


class Part(BaseModel):
    """A block of the patient file: unknown keys are errors, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=False)


def _as_date(value: object) -> object:
    if isinstance(value, datetime.datetime):
        msg = "write a day without a time, such as 2026-11-22"
        raise ValueError(msg)
    if isinstance(value, str):
        try:
            value = datetime.datetime.strptime(value, "%Y-%m-%d").date()  # fromisoformat takes weeks too
        except ValueError as error:
            msg = "write a day as year-month-day, such as 2026-11-22"
            raise ValueError(msg) from error
    if value is not None and not isinstance(value, datetime.date):
        msg = "write a day as year-month-day, such as 2026-11-22"
        raise ValueError(msg)
    if isinstance(value, datetime.date) and not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        msg = f"the year must lie between {_FIRST_YEAR} and {_LAST_YEAR}"
        raise ValueError(msg)
    return value


def _as_phototype(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= len(_NUMERALS):
        msg = f"write the phototype as a Roman numeral, here {_NUMERALS[value - 1]}"
        raise ValueError(msg)
    if value is not None and value not in _NUMERALS:
        msg = "the phototype is one of I, II, III, IV, V, VI"
        raise ValueError(msg)
    return value


def _as_isotretinoin(value: object) -> object:
    if value is None or (isinstance(value, str) and value in {"never", "current"}):
        return value
    if isinstance(value, (str, datetime.date)):
        try:
            return _as_date(value)
        except ValueError:
            pass
    msg = "answer never, current, or the day of the last dose such as 2026-03-20"
    raise ValueError(msg)


def _as_diabetes(value: object) -> object:
    if value is None or isinstance(value, bool) or (isinstance(value, str) and value in {"controlled", "uncontrolled"}):
        return value
    msg = "answer false, controlled, uncontrolled, or true when the control is not known"
    raise ValueError(msg)


def _as_number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        msg = "write a plain number without a unit"
        raise ValueError(msg)
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        msg = "write a finite number"
        raise ValueError(msg)
    return value


def _as_whole(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        msg = "write a whole number"
        raise ValueError(msg)
    return value


def _as_answer(value: object) -> object:
    if not isinstance(value, bool):
        msg = "answer true or false"
        raise ValueError(msg)
    return value


def _as_tuple(value: object) -> object:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, tuple):
        return value
    msg = "write a list in square brackets; [] says none"
    raise ValueError(msg)


def _as_word(value: str) -> str:
    if not value.strip():
        msg = "an empty word says nothing; remove it or write a name"
        raise ValueError(msg)
    if not value.isprintable():
        msg = "it holds a character that cannot be printed; write plain words"
        raise ValueError(msg)
    return value.strip()


Day = Annotated[datetime.date, BeforeValidator(_as_date)]
Number = Annotated[float, BeforeValidator(_as_number)]
Whole = Annotated[int, BeforeValidator(_as_whole)]
Answer = Annotated[StrictBool, BeforeValidator(_as_answer)]
Word = Annotated[str, Field(max_length=200), AfterValidator(_as_word)]
Listed = BeforeValidator(_as_tuple)
Phototype = Annotated[Literal["I", "II", "III", "IV", "V", "VI"], BeforeValidator(_as_phototype)]
Isotretinoin = Annotated[Literal["never", "current"] | datetime.date, BeforeValidator(_as_isotretinoin)]
Diabetes = Annotated[bool | Literal["controlled", "uncontrolled"], BeforeValidator(_as_diabetes)]


def _as_class(value: str) -> str:
    if value not in DEVICE_CLASSES:
        near = difflib.get_close_matches(value, DEVICE_CLASSES, n=1)
        msg = f"there is no such device class{f'; did you mean {near[0]!r}?' if near else '; recutis devices lists them'}"
        raise ValueError(msg)
    return value


TrialClass = Annotated[str, AfterValidator(_as_class)]
Site = Literal[
    "forehead", "temple", "cheek", "nose", "periorbital", "eyelid", "perioral", "chin", "full_face", "neck", "decolletage",
    "hands",
]  # fmt: skip
Kind = Literal[
    "acne_scars", "surgical_scar", "traumatic_scar", "burn_scar", "hypertrophic_scar", "fine_lines", "deep_lines", "age_spots",
    "freckles", "facial_veins", "diffuse_redness", "poikiloderma", "enlarged_pores", "acne_prone", "texture", "melasma",
    "undiagnosed",
]  # fmt: skip
Scale = Literal[
    "fitzpatrick_wrinkle", "glogau", "goodman_baron", "goodman_baron_quantitative", "ecca", "vss", "masi", "mmasi", "cea",
    "telangiectasia", "iga", "nrs",
]  # fmt: skip
Procedure = Literal[
    "facelift", "flap", "deep_peel", "chemical_peel", "dermabrasion", "ablative_laser", "laser", "filler", "neurotoxin",
    "microneedling", "waxing", "retinoid", "self_tanner", "other",
]  # fmt: skip
Implant = Literal["pacemaker", "defibrillator", "neurostimulator", "cochlear", "facial_implant", "other"]
LaserResult = Literal["good", "no_change", "pih", "hypopigmentation", "scarring", "burn", "infection", "prolonged_redness"]
