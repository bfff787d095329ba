"""The physics card: experiments compared by the rule of the table."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from recutis import evidence
from recutis.injury import targets
from recutis.scorecard import score_card
from recutis.scorecard.physics import BEYOND, bounds, number_of, target_of
from recutis.scorecard.physics_fit import experiments, fits
from recutis.scorecard.physics_page import page
from recutis.scorecard.tables import packaged_columns


def written(path: Path, *rows: dict[str, str]) -> Path:
    """A table of physics targets with these rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, packaged_columns("targets_physics"))
        table.writeheader()
        table.writerows(rows)
    return path


def known() -> dict[str, str]:
    """A packaged row that is computed in a moment (a pigmented cell takes no field of heat), as text by column."""
    rows = evidence.rows("targets_physics")
    return dict(next(row.fields for row in rows if row.fields["family"] == "pigment" and row.fields["comparator"] == "="))


def from_the_grid(row: Mapping[str, str]) -> targets.Found:
    """What the shipped constants found for a row, as kept; a stand-in for minutes of physics."""
    kept = {key: value for fit in fits() if fit.shipped for key, value in fit.shipped.found.items()}
    value = kept.get(row["id"], 1.0 if row["tier"] != "trend" else None)
    return targets.Found(value=value, reason="" if value is not None else "a trend, not a number")


def test_every_experiment_is_there_computed_or_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """No row is dropped; what is not computed says why; the counts add up, also those of fits and of experiments never fitted."""
    monkeypatch.setattr(targets, "compute", from_the_grid)
    card = score_card("physics")

    assert [row["id"] for row in card.rows] == [row.id for row in evidence.rows("targets_physics")]
    for row in card.rows:
        assert (row["found"] is None) is (row["inside"] is None), row["id"]
        assert row["found"] is not None or row["reason"], row["id"]
    summary = card.summary
    assert summary["computed"] == sum(row["found"] is not None for row in card.rows)
    assert 0 < summary["inside"] <= summary["computed"]  # type: ignore[operator]
    assert summary["within_factor_1.5"] <= summary["within_factor_2"] <= summary["two_sided"]  # type: ignore[operator]
    assert all(len(line) == len(card.columns()) for line in card.lines())
    fitted = summary["fit"]
    assert isinstance(fitted, dict)
    assert sum(len(fit["set_by"]) for fit in fitted.values()) == len(experiments())
    assert all(fit["inside_left_out"] <= len(fit["set_by"]) for fit in fitted.values())
    assert "with each study left out in turn" in card.closing()
    assert summary["beyond"]["summary"]["rows"] == len(evidence.rows(BEYOND))  # type: ignore[index]
    text = page(card)
    assert all(f"| {row.id} |" in text for row in (*evidence.rows(BEYOND), *evidence.rows("model_physics"), *experiments()))


@pytest.mark.parametrize(
    ("comparator", "value", "low", "high", "factor", "inside"),
    [
        ("=", 1.0, "", "", 1.2, True),
        ("=", 1.0, "", "", 1.5, False),
        ("<=", 1.0, "", "", 5.0, True),
        (">=", 1.0, "", "", 5.0, False),
        (">", 1.0, "", "", 0.2, True),
    ],
)
def test_inside_follows_the_comparator(
    tmp_path: Path, comparator: str, value: float, low: str, high: str, factor: float, inside: bool
) -> None:
    """Two-sided rows without a range allow 25 per cent; one-sided rows look one way."""
    row = known()
    found = targets.compute(row).value
    assert found is not None
    path = written(
        tmp_path / "t.csv", {**row, "comparator": comparator, "value": repr(found * value * factor), "low": low, "high": high}
    )

    (made,) = score_card("physics", targets=path).rows

    assert made["inside"] is inside
    assert made["found"] == pytest.approx(found, rel=1e-3)


def test_a_row_of_one_computed_number_gives_its_miss(tmp_path: Path) -> None:
    """The median |ln| of one row is the log of its ratio; a one-sided row is not counted."""
    row = known()
    found = targets.compute(row).value
    assert found is not None
    two = {**row, "value": repr(found * 1.7), "low": "", "high": ""}

    card = score_card("physics", targets=written(tmp_path / "t.csv", two, {**two, "id": "B", "comparator": "<="}))

    assert card.summary["two_sided"] == 1
    assert card.summary["median_abs_ln"] == pytest.approx(math.log(1.7), rel=1e-3)
    assert (card.summary["within_factor_1.5"], card.summary["within_factor_2"]) == (0, 1)


def test_rows_that_cannot_be_computed_stay_with_their_reason(tmp_path: Path) -> None:
    """A strange family, a word for a number, nothing to compare with."""
    row = known()
    path = written(
        tmp_path / "t.csv",
        {**row, "id": "A", "family": "astrology"},
        {**row, "id": "B", "wavelength_nm": "green"},
        {**row, "id": "C", "value": "large", "low": "", "high": ""},
        {**row, "id": "D", "pulse_duration_s": "nan"},
    )

    first, second, third, fourth = score_card("physics", targets=path).rows

    assert first["found"] is None
    assert "'astrology' has no model" in str(first["reason"])
    assert second["found"] is None
    assert second["reason"]
    assert third["inside"] is None
    assert "no number to compare with ('large')" in str(third["reason"])
    assert fourth["found"] is None


def test_ranges_written_in_the_value_are_read() -> None:
    """'35-60' is a range, its middle the target; words and infinities are no numbers."""
    assert bounds({"value": "35-60", "low": "", "high": ""}) == (None, 35.0, 60.0)
    assert target_of({"value": "35-60", "low": "", "high": ""}) == 47.5
    assert target_of({"value": "3", "low": "1", "high": "9"}) == 3.0
    assert number_of("inf") is None
    assert number_of("increase") is None
