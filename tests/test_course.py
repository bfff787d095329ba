"""Aftercare, red flags and dates of a course."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recutis import evidence
from recutis.classes import DEVICE_CLASSES
from recutis.course import course_dates, instructions, red_flags, triage
from recutis.course.aftercare import URGENCY
from recutis.errors import UnknownNameError


@pytest.mark.parametrize("device_class", DEVICE_CLASSES)
def test_every_class_has_instructions_and_emergencies(device_class: str) -> None:
    """Whatever the laser, hands are washed and a fever is an emergency."""
    topics = {item.topic for item in instructions(device_class)}
    urgencies = {flag.urgency for flag in red_flags(device_class)}

    assert "hygiene" in topics
    assert "immediate" in urgencies


def test_prescribed_medicine_appears_only_when_prescribed() -> None:
    """An antiviral is never advised unless the plan prescribes it; antibiotics never."""
    plain = {item.topic for item in instructions("ablative_fractional_co2")}
    with_antiviral = {item.row_id for item in instructions("ablative_fractional_co2", prescribed=["AFT-013"])}

    assert not plain & {"antiviral", "antibiotic", "pigment"}
    assert "AFT-013" in with_antiviral


def test_urgencies_of_the_table_are_all_known() -> None:
    """Each red flag of the table has an urgency that triage can order."""
    flags = [row for row in evidence.rows("aftercare") if row.fields["type"] == "red_flag"]

    assert flags
    assert {row.fields["urgency"] for row in flags} <= set(URGENCY)


@given(st.lists(st.sampled_from([row.id for row in evidence.rows("aftercare") if row.fields["type"] == "red_flag"]), max_size=6))
def test_the_highest_urgency_wins(ids: list[str]) -> None:
    """Adding signs never lowers the urgency, whatever their order."""
    found = triage(ids)
    alone = [triage([key]) for key in ids]

    if not ids:
        assert found is None
    else:
        assert found is not None
        assert URGENCY.index(found.urgency) == min(URGENCY.index(flag.urgency) for flag in alone if flag)


def test_triage_refuses_what_is_not_a_red_flag() -> None:
    """An instruction is not a sign; the sentence says what it is."""
    with pytest.raises(UnknownNameError, match="'AFT-001' is not a red flag of the aftercare table"):
        triage(["AFT-001"])


@given(
    sessions=st.integers(1, 8),
    weeks=st.floats(2, 52),
    spot=st.booleans(),
)
def test_dates_are_in_order(sessions: int, weeks: float, spot: bool) -> None:
    """Test spot, its reading, sessions and checks follow one another, none before the planning day."""
    dates = course_dates(date(2026, 11, 22), gaps_weeks=[weeks] * (sessions - 1), test_spot=spot)
    first = [dates.test_spot, dates.test_spot_reading] if spot else []
    line = [*first, *dates.sessions, dates.final, dates.late]

    assert line == sorted(line)
    assert all(day is not None and day.weekday() < 5 for day in (*line, *dates.check_ups))
    assert len(dates.sessions) == sessions
    assert line[0] > date(2026, 11, 22)
    assert (dates.test_spot is None) is not spot
