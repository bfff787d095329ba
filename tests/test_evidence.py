"""The evidence tables and their loader."""

import re
from pathlib import Path

import pytest

from recutis import evidence
from recutis.errors import UnknownNameError
from recutis.evidence.page import CONFIDENCES, page

PAGE = Path(__file__).parent.parent / "docs" / "evidence.md"
ROUNDING = 0.01  # 28 against 28.2: one of them is rounded to whole percents
AGREEING_READINGS = 151  # counted in the table by hand when it was made


def every_row() -> list[evidence.Row]:
    """All rows of all tables."""
    return [row for table in evidence.table_names() for row in evidence.rows(table)]


def magnitudes(figures: tuple[float | None, ...], reading: evidence.Reading) -> list[float]:
    """What the two readers can be compared on: the central figure if both typed one, else both ends.

    Signs are dropped: one reader codes a reduction as negative, the other does not.
    """
    central = reading.first[0] is not None and reading.second[0] is not None
    compared = figures[:1] if central else figures[1:]
    assert all(figure is not None for figure in compared), reading.id
    return [abs(figure) for figure in compared if figure is not None]


def compare_readings(readings: tuple[evidence.Reading, ...]) -> int:
    """How many readings agree in figures; an empty comparison is a failure, not a success."""
    agreeing = [reading for reading in readings if reading.outcome == "agrees"]
    assert agreeing, "no second readings found: the comparison was skipped"
    for reading in agreeing:
        assert magnitudes(reading.first, reading) == pytest.approx(magnitudes(reading.second, reading), rel=ROUNDING), reading.id
    return len(agreeing)


@pytest.mark.parametrize("table", evidence.table_names())
def test_every_row_is_complete(table):
    """Each row has an id, a source and one of the known words of confidence."""
    rows = evidence.rows(table)

    assert rows
    for row in rows:
        assert row.id, row
        assert row.source.strip(), row.id
        assert row.confidence in CONFIDENCES, row.id


@pytest.mark.parametrize("table", evidence.table_names())
def test_ranges_bracket_the_value(table):
    """Where a row has both ends of a range, the low end is not above the high end, and the value lies between."""
    for row in evidence.rows(table):
        if row.low is not None and row.high is not None:
            assert row.low <= row.high, row.id
            if row.value is not None:
                assert row.low <= row.value <= row.high, row.id


def test_ids_are_unique():
    """No id stands twice, in one table or in two."""
    ids = [row.id for row in every_row()]

    assert len(ids) == len(set(ids))


def test_tables_name_no_tool_or_package_registry():
    """Sources name papers, pages and programs, not how somebody searched for them."""
    for row in every_row():
        words = " ".join(row.fields.values())
        assert not re.search(r"find_string|\bPyPI\b|my query|\bgrep\b", words), row.id
    for reading in evidence.readings():
        assert not re.search(r"\b(my|mine)\b|\bI (read|found|remember)|search", reading.note), reading.id


def test_second_readings_agree_in_figures():
    """Every reading called agreeing has the same figures as the first."""
    assert compare_readings(evidence.readings()) == AGREEING_READINGS


def test_comparison_of_no_readings_fails():
    """Comparing nothing is not agreement."""
    with pytest.raises(AssertionError, match="the comparison was skipped"):
        compare_readings(())


def test_first_reading_is_what_the_table_says():
    """The first reading in the comparison is the value of the row itself."""
    for reading in evidence.readings():
        row = evidence.get(reading.id)
        if reading.first[0] is not None:
            assert row.value == pytest.approx(reading.first[0]), reading.id


def test_a_row_is_checked_exactly_when_a_second_reading_agrees():
    """Checked rows are those with an agreeing reading; all others are provisional."""
    agreeing = {reading.id for reading in evidence.readings() if reading.outcome == "agrees"}

    assert {row.id for row in every_row() if row.checked} == agreeing
    assert all(row.provisional != row.checked for row in every_row())


@pytest.mark.parametrize(
    ("key", "low", "value", "high"),
    [
        ("k_epidermis", 0.21, 0.235, 0.26),  # a range
        ("face_total_area_LundBrowder", 500, 600, 650),  # about a number, with a range
        ("epidermis_thickness_ultrasound_forehead_male", 0.19, 0.22, 0.25),  # a standard deviation
        ("telangiectasia_diameter_face", 50, 200, 1000),  # a range within a wider one
        ("thermal_diffusivity_dermis", 0.9e-7, 1.1e-7, 1.3e-7),  # 'to' between powers of ten
        ("epidermal_thickness_all_sites_metaanalysis", 83.25, 99.75, 116.25),  # a confidence interval
        ("blood_volume_fraction_dermis_mean", 0.002, 0.002, 0.006),  # a range followed by words
        ("blood_mua_temperature_factor_586nm", 2.5, 2.5, 2.5),  # a range of something else is not taken
    ],
)
def test_words_become_numbers(key, low, value, high):
    """Ranges, approximations and standard deviations are parsed as the source means them."""
    assert evidence.numbers(key) == pytest.approx((low, value, high))


def test_formulas_stay_text_and_give_their_coefficients():
    """A formula has no value; its coefficients carry their signs, and a subtraction is not a sign."""
    assert evidence.get("melanosome_mua_formula_b").value is None
    assert evidence.coefficients("melanosome_mua_formula_b") == (6.6e11, -3.33)
    assert evidence.coefficients("baseline_skin_mua_formula") == (0.244, 85.3, 154.0, 66.2)


def test_missing_row_names_the_nearest():
    """A misspelt id is an error with the nearest ids."""
    with pytest.raises(UnknownNameError, match=r"no evidence row 'water_mua_1927'.*water_mua_1927nm"):
        evidence.get("water_mua_1927")


def test_row_of_words_has_no_value():
    """Asking for the number of a formula says what the row holds instead."""
    with pytest.raises(UnknownNameError, match=r"holds no single number but '6\.6e11"):
        evidence.value("melanosome_mua_formula_b")


def test_words_without_numbers_have_no_coefficients():
    """A row in words only is refused as a formula."""
    with pytest.raises(UnknownNameError, match="holds no coefficients but"):
        evidence.coefficients("skin.full_face")


def test_missing_table_lists_the_tables():
    """A misspelt table is an error that lists them all."""
    with pytest.raises(UnknownNameError, match=r"no evidence table 'optic'; the tables are .*optics"):
        evidence.rows("optic")


def test_find_needs_every_word():
    """All words must occur; more words never find more rows."""
    one, two = evidence.find("melanosome"), evidence.find("melanosome whitening")

    assert set(two) < set(one)
    assert all("whitening" in f"{row.id} {row.text} {row.conditions} {row.source}".lower() for row in two)


@pytest.mark.parametrize("row", evidence.rows("choices"), ids=lambda row: row.fields["name"])
def test_choice_points_to_rows_and_gives_a_reason(row):
    """The chosen row and its rivals exist, differ, and the reason is written."""
    rivals = [key.strip() for key in row.fields["rivals"].split(";") if key.strip()]
    chosen = evidence.choice(row.fields["name"])

    assert chosen.id == row.fields["chosen"]
    assert chosen.id not in rivals
    assert all(evidence.get(key).id == key for key in rivals)
    assert len(row.fields["reason"]) > 10
    assert (row.value, row.source, row.confidence) == (chosen.value, chosen.source, chosen.confidence)


def test_unknown_choice_names_the_nearest():
    """A misspelt purpose is an error with the nearest ones."""
    with pytest.raises(UnknownNameError, match=r"no choice 'melanosome'.*melanosome_absorption"):
        evidence.choice("melanosome")


def test_cite_gives_each_row_once_by_table():
    """Citations come once each, sorted by table."""
    cited = evidence.cite(["k_skin", "water_mua_1927nm", "k_skin", "AFT-001"])

    assert [row.id for row in cited] == ["AFT-001", "water_mua_1927nm", "k_skin"]
    assert [row.table for row in cited] == sorted(row.table for row in cited)


def test_citing_an_unknown_row_fails():
    """A made-up source cannot be cited."""
    with pytest.raises(UnknownNameError, match="no evidence row 'Smith 2031'"):
        evidence.cite(["k_skin", "Smith 2031"])


def test_page_is_up_to_date():
    """The documentation page is what the tables say (write it again with `python -m recutis.evidence.page`)."""
    assert page() == PAGE.read_text(encoding="utf-8")
