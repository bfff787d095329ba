"""What the diary of a session amounts to, as far as an update of the plan can use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from recutis import evidence
from recutis.web.delivery.models import Session
from recutis.web.diary import told
from recutis.web.diary.models import DiaryEntry


@dataclass(frozen=True, kw_only=True)
class Prefilled:
    """Figures for the form, and how each was found or why it is missing."""

    values: Mapping[str, Any]
    notes: tuple[str, ...]


def prefilled(session: Session) -> Prefilled:
    """Days of redness from the diary and pain from the delivery log; the rest is for the clinician."""
    newest = {entry.day: entry for entry in DiaryEntry.objects.filter(session=session)}
    days, note = redness_days({day: entry.redness for day, entry in newest.items() if entry.redness is not None})
    pains = [one.pain_0_10 for one in session.passes.filter(replaced_by=None) if one.pain_0_10 is not None]
    last = max(newest, default=None)
    seen = min(told.date_of(session, last), timezone.localdate()) if last is not None else timezone.localdate()
    values: dict[str, Any] = {"seen_on": seen, "redness_days": days, "pain_0_10": max(pains, default=None)}
    notes = [note]
    notes.append(
        f"Pain during the session: {max(pains):g} of 10, the most of the delivery log." if pains
        else "Pain during the session: the delivery log has none. The diary's pain is that of the days after and is not used."
    )  # fmt: skip
    peeled = [day for day, entry in newest.items() if (entry.peeling or 0) > 0]
    if peeled:
        notes.append(f"Peeling was entered up to day {max(peeled)}; an update learns nothing from peeling, so it is left out.")
    return Prefilled(values=values, notes=tuple(notes))


def redness_days(levels: Mapping[int, float]) -> tuple[float | None, str]:
    """Days until redness was no longer noted, and how that was found; None while it is still noted.

    levels : redness by day, of days on which it was entered
    """
    clear = evidence.value("diary.clear_redness")
    if not levels:
        return None, "Days of redness: none was entered."
    noted = [day for day, level in levels.items() if level > clear]
    after = [day for day in levels if not noted or day > max(noted)]
    if not after:
        return None, f"Days of redness: still {levels[max(levels)]:g} of 10 on day {max(levels)}, the last that was entered."
    first = min(after)
    gap = f"; the entry before it is of day {max(noted)}" if noted and first - max(noted) > 1 else ""
    return float(first), f"Days of redness: from day {first} on it was {clear:g} of 10 or less{gap}."
