"""The light card: every row computed or with a reason, one run a case, inside by four combined standard errors."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from recutis import evidence
from recutis.errors import InputError
from recutis.scorecard import light as card_module
from recutis.scorecard import score_card
from recutis.scorecard.light import read_target
from recutis.scorecard.tables import packaged_columns

BEER = {
    "id": "B",
    "tier": "score",
    "geometry": "layers",
    "layers": json.dumps([{"thickness_mm": 1.0, "mua_per_mm": 2.0, "mus_per_mm": 0.0, "g": 0.0, "n": 1.0}]),
    "n_above": "1",
    "n_below": "1",
    "beam": "pencil",
    "quantity": "transmittance",
    "value": repr(math.exp(-2.0)),
    "standard_error": "0.002",
}


def made(folder: Path, *changes: dict[str, str]) -> list[dict[str, object]]:
    """Rows of the card of a table with these changes of the row of Beer's law."""
    path = folder / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, packaged_columns("targets_light"))
        table.writeheader()
        table.writerows({**BEER, **change} for change in changes)
    return [dict(row) for row in score_card("light", targets=path).rows]


def test_a_row_lies_inside_within_four_combined_errors(tmp_path: Path) -> None:
    """The exact value is inside, a value six errors away is not; both rows share one run."""
    right, wrong = made(tmp_path, {}, {"id": "W", "value": repr(math.exp(-2.0) + 0.02)})

    assert (right["inside"], wrong["inside"]) == (True, False)
    assert right["found"] == wrong["found"]
    assert right["photons"] == wrong["photons"]
    assert isinstance(right["standard_error"], float)
    assert right["standard_error"] <= 0.002
    assert right["found"] == pytest.approx(math.exp(-2.0), abs=4 * 0.002)
    assert (right["low"], right["high"], right["comparator"]) == (None, None, "=")


def test_without_an_error_of_its_own_a_row_asks_for_a_thousandth(tmp_path: Path) -> None:
    """Where the table gives no standard error the run goes on to 0.1 per cent of the value."""
    (row,) = made(tmp_path, {"standard_error": ""})

    assert isinstance(row["standard_error"], float)
    assert row["standard_error"] <= 0.001 * math.exp(-2.0)
    assert row["inside"] is True


def test_exact_targets_may_be_rounded_to_their_last_digit(tmp_path: Path) -> None:
    """The specular share is exact: it agrees with a target rounded to three digits and not with its neighbour."""
    layers = json.dumps([{"thickness_mm": 1.0, "mua_per_mm": 2.0, "mus_per_mm": 0.0, "g": 0.0, "n": 1.4}])
    exact = {"layers": layers, "quantity": "specular_reflectance", "standard_error": "0"}
    right, wrong = made(tmp_path, {**exact, "value": "0.0278"}, {**exact, "value": "0.0279"})

    assert right["inside"] is True
    assert wrong["inside"] is False
    assert wrong["apart"] is None


def test_a_row_that_needs_too_many_photons_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found is shown with its error, and the row is not judged."""
    monkeypatch.setattr(card_module, "MOST_PHOTONS", 2000)
    (row,) = made(tmp_path, {})

    assert row["inside"] is None
    assert row["found"] is not None
    assert "after 2000 photons; the comparison asks for 0.002" in str(row["reason"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"geometry": "voxels"}, "The geometry 'voxels' has no model here; layers have one"),
        ({"quantity": "colour"}, "The quantity 'colour' is not tallied; 1 layers have specular_reflectance"),
        ({"quantity": "absorbed_layer_2"}, "'absorbed_layer_2' is not tallied"),
        ({"beam": "lantern"}, "'lantern' is not a beam"),
        ({"layers": "skin"}, "The column layers is not a JSON list of layers with thickness_mm"),
        ({"layers": "[]"}, "not a JSON list of layers"),
        ({"layers": '[{"thickness_mm": 1}]'}, "not a JSON list of layers"),
        ({"layers": BEER["layers"].replace("}", ', "colour": 1}')}, "A layer has the unknown key 'colour'"),
        ({"layers": BEER["layers"].replace("2.0", "-2.0")}, "mua_cm = -20 per centimetre"),
        ({"value": "much"}, "The column value holds 'much', which is not a number"),
        ({"n_below": "nan"}, "The column n_below holds 'nan'"),
        ({"n_above": "0"}, "n_above is 0; give a refractive index from 1 to 4"),
        ({"standard_error": "-1"}, "The standard error is -1; it must be at least 0"),
    ],
)
def test_rows_that_cannot_be_computed_stay_with_their_reason(tmp_path: Path, change: dict[str, str], reason: str) -> None:
    """No row is dropped; the others are computed all the same."""
    bad, good = made(tmp_path, change, {})

    assert bad["found"] is None
    assert bad["inside"] is None
    assert reason in str(bad["reason"])
    assert good["inside"] is True


def test_infinite_layers_and_other_beams_are_read(tmp_path: Path) -> None:
    """A thickness of null or 'inf' is a half space; beams are written in words."""
    half = BEER["layers"].replace('1.0, "mua', 'null, "mua')
    assert half != BEER["layers"]
    absorbed, tilted = made(
        tmp_path,
        {"layers": half, "quantity": "absorbed", "value": "1"},
        {"beam": "gaussian 2 mm at 60 deg", "value": repr(math.exp(-4.0))},
    )

    assert absorbed["inside"] is True
    assert tilted["inside"] is True


def test_the_card_prints_and_counts(tmp_path: Path) -> None:
    """Cells fit the heads, the summary counts, the document is plain JSON."""
    made(tmp_path, {}, {"id": "X", "geometry": "voxels"})
    told: list[float] = []
    card = score_card("light", targets=tmp_path / "t.csv", progress=told.append)

    assert all(len(line) == len(card.columns()) for line in card.lines())
    assert (card.summary["rows"], card.summary["computed"], card.summary["inside"]) == (2, 1, 1)
    assert card.closing() == "1 of 2 rows computed, 1 of them within 4 standard errors of their targets."
    assert json.loads(json.dumps(card.document(), allow_nan=False))["summary"]["rows"] == 2
    assert told[-1] == 1.0


def test_every_packaged_row_can_be_run() -> None:
    """The packaged table has no row that this version could not compute, and asks for each of four cases."""
    targets = [read_target(row.fields) for row in evidence.rows("targets_light")]

    assert len(targets) == 26
    assert len({target.case for target in targets}) == 4


def test_a_wrong_table_is_refused(tmp_path: Path) -> None:
    """A column that does not exist is named."""
    path = tmp_path / "t.csv"
    path.write_text("id,shape\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="unknown column 'shape'"):
        score_card("light", targets=path)
