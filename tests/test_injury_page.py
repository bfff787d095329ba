"""The physics page lists every row and every number of the model."""

from __future__ import annotations

from pathlib import Path

from recutis import evidence
from recutis.injury import page

PAGE = Path(__file__).parents[1] / "docs" / "physics.md"


def test_page_lists_every_experiment_and_number() -> None:
    """No scored row and no model number is missing from the committed page."""
    text = PAGE.read_text(encoding="utf-8")
    rows = [row for row in evidence.rows("targets_physics") if row.fields["tier"] != "trend"]

    assert all(f"| {row.id} |" in text for row in (*rows, *evidence.rows("model_physics")))


def test_page_is_the_one_its_command_makes() -> None:
    """Counts and prose of the committed page are those of today's model; one row may fall otherwise with another libm's photons."""
    text, fresh = PAGE.read_text(encoding="utf-8"), page.page()

    told, now = (int(next(x for x in one.splitlines() if "rows inside" in x).split()[0]) for one in (text, fresh))
    assert abs(told - now) <= 1
    assert text.split("## Score")[0] == fresh.split("## Score")[0]
