"""The calendar file: valid, the same each time, no sessions before a plan is ready."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from icalendar import Calendar
from sample_plan import sample_plan

from recutis.errors import InputError
from recutis.plan.document import CalendarEntry, Status
from recutis.report.calendar_file import calendar_bytes

STATUSES: tuple[Status, ...] = ("ready", "needs_answers", "deferred", "refer", "blocked")


def _events(content: bytes) -> list:
    return list(Calendar.from_ical(content).walk("VEVENT"))


@pytest.mark.parametrize("status", STATUSES)
def test_the_file_is_valid_and_the_same_each_time(status: Status) -> None:
    """Same plan, same bytes; version and product id are there; all events last whole days."""
    content = calendar_bytes(sample_plan(status))
    made = Calendar.from_ical(content)

    assert content == calendar_bytes(sample_plan(status))
    assert (made["version"], bool(made["prodid"])) == ("2.0", True)
    for event in _events(content):
        first, end = event.decoded("dtstart"), event.decoded("dtend")
        assert type(first) is date
        assert end - first == timedelta(days=1)


def test_every_entry_of_a_ready_plan_is_there_once() -> None:
    """As many events as entries, with UIDs of their own and the entry's kind as category."""
    plan = sample_plan()
    events = _events(calendar_bytes(plan))

    assert len(events) == len(plan.calendar)
    assert len({event["uid"] for event in events}) == len(events)
    assert {str(event["categories"].cats[0]) for event in events} == {
        entry.kind.replace("_", " ").upper() for entry in plan.calendar
    }


def test_sessions_remind_a_week_and_a_day_before() -> None:
    """A session has two alarms; aftercare has none."""
    events = _events(calendar_bytes(sample_plan()))
    alarms = {str(event["summary"]): [alarm.decoded("trigger") for alarm in event.walk("VALARM")] for event in events}

    assert alarms["Session 1 of 2"] == [timedelta(days=-7), timedelta(days=-1)]
    assert alarms["Aftercare from day 0"] == []


@pytest.mark.parametrize("status", STATUSES[1:])
def test_a_plan_that_is_not_ready_dates_no_session(status: Status) -> None:
    """Even when session entries stand in the plan, only check-ups are written."""
    plan = sample_plan(status).model_copy(
        update={
            "calendar": (
                *sample_plan().calendar,
                CalendarEntry(day="2027-01-20", kind="check_up", title="Look again", text="", session=None),
            )
        }
    )
    titles = {str(event["summary"]) for event in _events(calendar_bytes(plan))}

    assert titles == {"Result is judged", "Look again"}


def test_a_moved_session_keeps_its_uid() -> None:
    """Importing a plan again replaces the older entry instead of adding one."""
    plan = sample_plan()
    moved = plan.model_copy(update={"calendar": tuple(entry.model_copy(update={"day": "2027-03-01"}) for entry in plan.calendar)})

    assert {event["uid"] for event in _events(calendar_bytes(plan))} == {event["uid"] for event in _events(calendar_bytes(moved))}


def test_a_day_that_is_none_is_refused() -> None:
    """The error names the entry and the form of a day."""
    plan = sample_plan()
    wrong = plan.model_copy(update={"calendar": (plan.calendar[0].model_copy(update={"day": "soon"}),)})

    with pytest.raises(InputError, match="'Test spot' is not a day: 'soon'; give it as year-month-day"):
        calendar_bytes(wrong)
