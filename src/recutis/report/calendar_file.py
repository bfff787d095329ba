"""The calendar of a plan as an iCalendar file."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from recutis.errors import InputError

if TYPE_CHECKING:
    from recutis.plan.document import CalendarEntry, Plan

_ONLY_READY: Final = frozenset({"test_spot", "test_spot_reading", "session", "aftercare", "sunscreen", "medicine", "milestone"})
_ALARM_DAYS: Final = {"session": (7, 1), "test_spot": (1,), "test_spot_reading": (1,), "check_up": (1,)}


def entries_shown(plan: Plan) -> tuple[CalendarEntry, ...]:
    """The entries that may be dated: all of a ready plan, only check-ups of any other."""
    return tuple(entry for entry in plan.calendar if plan.status == "ready" or entry.kind not in _ONLY_READY)


def _day(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        msg = f"{place} is not a day: {text!r}; give it as year-month-day, like 2026-11-22."
        raise InputError(msg) from error


def calendar_bytes(plan: Plan) -> bytes:
    """The `calendar.ics` of a plan: all-day events in date order, the same bytes for the same plan.

    A plan that is not ready holds no session, test spot or aftercare, only check-ups (look again,
    referral); an empty calendar is still a valid file. UIDs depend on the inputs of the plan and on
    the entry, not on the day, so that a moved entry replaces the older one. Times stamped are
    midnight UTC of the plan's date.

    Raises InputError when a date is not a day.
    """
    from icalendar import Alarm, Calendar, Event

    stamp = datetime.combine(_day(plan.date, "The plan's date"), time(), tzinfo=UTC)
    made = Calendar()
    made.add("prodid", "-//Recutis//treatment plan//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", "Skin treatment" if plan.status == "ready" else "Skin: next step")
    seen: dict[str, int] = {}
    for entry in entries_shown(plan):
        name = f"{plan.provenance.inputs_sha256}|{entry.kind}|{entry.session}|{entry.title}"
        seen[name] = seen.get(name, 0) + 1
        uid = hashlib.sha256(f"{name}|{seen[name]}".encode()).hexdigest()[:32]
        day = _day(entry.day, f"The day of the calendar entry {entry.title!r}")
        event = Event()
        event.add("uid", f"{uid}@recutis")
        event.add("dtstamp", stamp)
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("summary", entry.title)
        event.add("description", entry.text if plan.released else f"{entry.text} (Draft: not yet released by a clinician.)")
        event.add("categories", [entry.kind.replace("_", " ").upper()])
        event.add("status", "CONFIRMED" if plan.released else "TENTATIVE")
        event.add("transp", "OPAQUE" if entry.kind == "session" else "TRANSPARENT")
        for before in _ALARM_DAYS.get(entry.kind, ()):
            alarm = Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", entry.title)
            alarm.add("trigger", -timedelta(days=before))
            event.add_component(alarm)
        made.add_component(event)
    return bytes(made.to_ical())
