"""Numbers as text: two significant figures, ranges, units, natural frequencies."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recutis.errors import OutOfRangeError
from recutis.plan.document import PassSettings, Quantity
from recutis.report.rows import (
    exact,
    frequency_range,
    interval_text,
    natural_frequency,
    number,
    quantity_text,
    shares_of_ten,
)
from recutis.report.words import (
    ceiling_text,
    class_words,
    classes_text,
    concern_plain,
    concern_words,
    modality_words,
    panel_text,
    sentence,
)


def _quantity(low: float, middle: float, high: float, unit: str, *, provisional: bool = False) -> Quantity:
    return Quantity(p10=low, p50=middle, p90=high, unit=unit, sources=("REC-001",), provisional=provisional)


def test_days_with_range_and_mark() -> None:
    """A provisional quantity of days reads as median, range, unit, lozenge."""
    assert quantity_text(_quantity(3.1, 4.9, 8.2, "days", provisional=True)) == "5 (3–8) days◊"
    assert quantity_text(_quantity(3.1, 4.9, 8.2, "days")) == "5 (3–8) days"


def test_ends_that_print_alike_are_one_number() -> None:
    """No '5 (5–5)': equal print collapses."""
    assert quantity_text(_quantity(4.9, 5.0, 5.1, "days")) == "5 days"
    assert interval_text(_quantity(4.9, 5.0, 5.1, "days")) == "5 days"
    assert interval_text(_quantity(3.8, 5.0, 6.1, "days")) == "4–6 days"
    assert quantity_text(_quantity(1, 1, 1, "days")) == "1 day"


def test_units_are_written_as_people_write_them() -> None:
    """Percent, scores and days of the calendar have their own forms; a negative end is told with 'to'."""
    assert quantity_text(_quantity(41, 55, 70, "pct")) == "55 (41–70) %"
    assert quantity_text(_quantity(0, 0.02, 0.05, "pct")) == "<0.1 %"
    assert quantity_text(_quantity(2, 3, 5, "0-10")) == "3 (2–5) of 10"
    assert quantity_text(_quantity(3, 4, 6, "day")) == "day 4 (3–6)"
    assert quantity_text(_quantity(-5.1, 2, 9, "pct")) == "2 (−5.1 to 9) %"


@given(st.floats(min_value=1e-3, max_value=1e5))
def test_a_printed_number_is_within_five_percent(value: float) -> None:
    """Two significant figures never move a number by more than half of the second figure, and need no exponent."""
    text = number(value)

    assert re.fullmatch(r"\d+(\.\d+)?", text), text
    assert float(text) == pytest.approx(value, rel=0.0501)


@given(st.floats(min_value=0, max_value=100), st.floats(min_value=0, max_value=100))
def test_a_printed_number_keeps_the_order(one: float, other: float) -> None:
    """A larger value never prints as a smaller number."""
    low, high = sorted((one, other))

    assert float(number(low, "days")) <= float(number(high, "days"))


def test_what_is_not_finite_prints_as_a_dash() -> None:
    """Missing numbers never print as nan or inf."""
    assert [number(float("nan")), number(float("inf"))] == ["–", "–"]


def test_panel_values_keep_what_was_set() -> None:
    """Panel values are not rounded to two figures."""
    assert [exact(1064), exact(0.45), exact(12.5), exact(10.1859)] == ["1064", "0.45", "12.5", "10.2"]


def test_natural_frequencies() -> None:
    """Chances are told in whole people."""
    assert natural_frequency(3.2) == "about 3 in 100"
    assert natural_frequency(0.4) == "fewer than 1 in 100"
    assert natural_frequency(0.04) == "fewer than 1 in 1000"
    assert natural_frequency(99.6) == "more than 99 in 100"
    assert frequency_range(_quantity(1.2, 3, 6.1, "pct", provisional=True)) == "about 3 in 100 (1 to 6)◊"
    assert frequency_range(_quantity(0.2, 2, 4, "pct")) == "about 2 in 100 (up to 4)"
    assert frequency_range(_quantity(0.01, 0.2, 0.6, "pct")) == "fewer than 1 in 100"


@given(st.floats(min_value=1, max_value=99))
def test_a_frequency_is_the_nearest_whole_number(percent: float) -> None:
    """Between 1 and 99 in 100 the text is within half a person of the chance."""
    told = int(re.findall(r"\d+", natural_frequency(percent))[0])

    assert abs(told - percent) <= 0.5


@pytest.mark.parametrize("percent", [-0.1, 100.5])
def test_a_chance_outside_zero_to_hundred_is_refused(percent: float) -> None:
    """No text is made of an impossible chance."""
    with pytest.raises(OutOfRangeError, match="A chance must be a percentage from 0 to 100"):
        natural_frequency(percent)


@given(st.lists(st.floats(min_value=0, max_value=100), min_size=2, max_size=5).filter(lambda shares: sum(shares) > 0.1))
def test_shares_of_ten_people_add_up_to_ten(percents: list[float]) -> None:
    """Rounding never loses or invents a person, and nobody is off by a whole one."""
    shares = shares_of_ten(tuple(percents))

    assert sum(shares) == 10
    assert all(abs(share - 10 * value / sum(percents)) < 1 for share, value in zip(shares, percents, strict=True))


def test_shares_need_a_chance() -> None:
    """Ten people cannot be shared among nothing."""
    with pytest.raises(OutOfRangeError, match="at least one chance above zero"):
        shares_of_ten((0.0, 0.0))


def test_words() -> None:
    """Classes, concerns and settings read as people say them."""
    assert class_words("ablative_fractional_co2") == "fractional ablative CO₂"
    assert class_words("vascular_pdl_595") == "vascular pulsed dye 595 nm"
    assert class_words("fractional_any") == "fractional (any)"
    assert classes_text(("pigment_qs_532", "pigment_qs_694", "pigment_qs_755", "pigment_qs_1064", "ipl")) == (
        "Q-switched pigment (4), intense pulsed light"
    )
    assert concern_words("fine_lines@periorbital") == "Fine lines, periorbital"
    assert concern_plain("facial_veins@nose") == "small visible veins on the nose"
    assert modality_words("tca_peel") == "TCA peel"
    assert [sentence(" stop now"), sentence(""), sentence("Really?")] == ["Stop now.", "", "Really?"]
    setting = PassSettings(panel=("energy_mJ", "density_pct"), energy_mJ=20, density_pct=10, spot_mm=0.12)
    assert panel_text(setting, 2) == "20 mJ · 10 % density · 2 passes"
    assert ceiling_text(max_energy_mJ=40, max_density_pct=15, max_fluence_J_cm2=None, max_passes=2) == (
        "at most 40 mJ, 15 % density, 2 passes"
    )
    assert "device's limits" in ceiling_text(max_energy_mJ=None, max_density_pct=None, max_fluence_J_cm2=None, max_passes=None)
