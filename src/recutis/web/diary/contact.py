"""Whom a patient calls: the clinic while somebody answers there, the out-of-hours number otherwise, the emergency number at once."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from recutis import evidence
from recutis.course.aftercare import URGENCY
from recutis.web.accounts.models import Clinic

IMMEDIATE: Final = URGENCY[0]
_CANNOT_WAIT: Final = URGENCY[1:4]


@dataclass(frozen=True, kw_only=True)
class Number:
    """A telephone number and whose it is; `dial` is what a telephone takes."""

    whose: str
    shown: str

    @property
    def dial(self) -> str:
        """Digits and a leading plus alone."""
        return re.sub(r"(?!^\+)[^\d]", "", self.shown.strip())


@dataclass(frozen=True, kw_only=True)
class Contact:
    """The number to call first, and the one to call when nobody answers; either may be missing."""

    first: Number | None
    then: Number | None
    words: str = ""


def emergency() -> Number:
    """The emergency number of the evidence row."""
    return Number(whose="Emergency, or your local emergency number", shown=f"{evidence.value('diary.emergency_number'):.0f}")


def is_open(clinic: Clinic, at: datetime.datetime | None = None) -> bool | None:
    """Whether somebody answers the clinic's telephone; None where its hours are not entered."""
    hours = {one.weekday: one for one in clinic.open_hours.all()}
    if not hours:
        return None
    local = timezone.localtime(at)
    today = hours.get(local.weekday())
    return today is not None and today.opens <= local.time() < today.closes


def contact(clinic: Clinic, urgency: str = "", at: datetime.datetime | None = None) -> Contact:
    """Whom to call about something of an urgency (empty: a question) at a time (now, where it is not given)."""
    own = Number(whose=clinic.name, shown=clinic.phone) if clinic.phone else None
    late = Number(whose="Out of hours", shown=clinic.out_of_hours_phone) if clinic.out_of_hours_phone else None
    opened = is_open(clinic, at)
    if urgency == IMMEDIATE:
        return Contact(first=emergency(), then=own if opened is not False else late or own, words="Then tell the clinic.")
    if opened is False and urgency in _CANNOT_WAIT:
        return Contact(first=late or emergency(), then=emergency() if late else own, words="The clinic is closed now.")
    if opened is False:
        return Contact(first=own, then=late, words="The clinic is closed now; this can wait until it opens.")
    return Contact(first=own or late or emergency(), then=late if own else None, words="")
