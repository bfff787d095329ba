"""How the physics' free constants were chosen: every trial kept, studies left out, nothing hidden."""

from __future__ import annotations

import math
import multiprocessing
from pathlib import Path

import pytest

from recutis import evidence
from recutis.errors import OutOfRangeError, UnknownNameError
from recutis.heat import resolution
from recutis.scorecard import physics_fit as fit


def trial(constants: dict[str, float], found: dict[str, float | None], family: str = "erbium") -> fit.Trial:
    """A trial of a family."""
    return fit.Trial(family=family, fineness=1.0, constants=tuple(constants.items()), found=found)


def test_every_experiment_belongs_to_one_family() -> None:
    """The families part the 61 quantitative rows that are no input of the model."""
    ids = [row.id for family in fit.families() for row in fit.rows_of(family)]

    assert sorted(ids) == sorted(row.id for row in fit.experiments())
    assert len(ids) == 61


@pytest.mark.parametrize("one", fit.constants(), ids=lambda x: x.id)
def test_a_free_constant_says_so(one: fit.Constant) -> None:
    """It is marked as fitted, its value is among those tried, and it lies in the range of its row."""
    row = evidence.get(one.id)

    assert row.confidence == "fitted"
    assert one.value in one.tried
    assert one.family in fit.families()
    assert row.low is not None
    assert row.high is not None
    assert row.low <= one.value <= row.high


def test_all_fitted_numbers_are_in_the_grid() -> None:
    """No number of the physics is fitted beside the grid; stated errors change no result."""
    rows = (*evidence.rows("model_physics"), *evidence.rows("model_skin"))
    fitted = {row.id for row in rows if row.confidence == "fitted" and "_error_" not in row.id}

    assert fitted == {x.id for x in fit.constants()}


def test_loss_is_least_inside_and_grows_with_the_distance() -> None:
    """A range, an exact value with its quarter, a bound, a number that is missing."""
    span = {"value": "", "low": "10", "high": "40", "comparator": "range"}
    exact = {"value": "8", "low": "", "high": "", "comparator": "="}
    bound = {"value": "3", "low": "3", "high": "", "comparator": ">"}

    assert fit.loss(span, 25.0) == 0.0
    assert fit.loss(span, 25.0) < fit.loss(span, 39.0) < fit.loss(span, 41.0) < fit.loss(span, 80.0)
    assert fit.loss(exact, 8.0) == 0.0
    assert fit.loss(exact, 9.9) < 0.1 * math.log(1.25) < fit.loss(exact, 10.1)
    assert fit.loss(bound, 300.0) == 0.0
    assert fit.loss(bound, 2.0) == pytest.approx(math.log(1.5))
    assert fit.loss(span, None) == fit.loss(span, -1.0) - 0.0 == pytest.approx(math.log(2.0))


def test_a_study_that_is_left_out_does_not_choose() -> None:
    """One study alone asks for the second combination; left out, its rows are found by the first."""
    rows = fit.rows_of("erbium")
    pulling = next(row for row in rows if row.fields["comparator"] != ">" and row.fields["high"])
    others = [row for row in rows if fit.study(row.fields) != fit.study(pulling.fields)]
    good = {row.id: fit_middle(row) for row in rows}
    first = trial({"x": 1.0}, {**good, pulling.id: 1e4})
    second = trial({"x": 2.0}, {**good, **{row.id: fit_middle(row) * 1.05 for row in others}})

    assert fit.best([first, second], rows) is second
    assert fit.best([first, second], others) is first


def fit_middle(row: evidence.Row) -> float:
    """The number a row asks for, or one just inside its bound."""
    from recutis.scorecard.physics import ONE_SIDED, bounds, target_of

    value, low, high = bounds(row.fields)
    if row.fields["comparator"] not in ONE_SIDED:
        middle = target_of(row.fields)
        assert middle is not None
        return middle
    edge = next(x for x in (low, high, value) if x is not None)
    return edge * (1.01 if row.fields["comparator"].startswith(">") else 0.9)


def test_a_grid_is_written_once_and_resumed(tmp_path: Path) -> None:
    """A second build computes nothing; a line of a combination nobody asks for goes."""
    path, said = tmp_path / "grid.csv", []

    fit.build(["cooling"], path, workers=1, progress=said.append)
    first = path.read_text(encoding="utf-8")
    with path.open("a", encoding="utf-8") as file:
        file.write('cooling,1,"{""phys_boiling"": 7.0}","{}"\n')
    fit.build(["cooling"], path, workers=1, progress=said.append)

    assert len(said) == len(fit.tasks(["cooling"]))
    assert path.read_text(encoding="utf-8") == first
    assert {x.fineness for x in fit.read_grid(path)} == {1.0, 2.0}


CHEAP = ("ER01", "ER11", "YS04", "CO01", "CO03", "FE03", "NF01", "VA09", "VA15", "VA24", "CL01", "PI07", "IR13")


@pytest.mark.parametrize("key", CHEAP)
def test_the_grid_is_of_todays_model(key: str) -> None:
    """What the shipped constants found when the grid was made is what they find now; else it must be made anew."""
    from recutis.injury import targets

    row = next(row for row in fit.experiments() if row.id == key)
    kept = next(x for x in fit.fits() if x.family == fit.family_of(row.fields)).shipped

    assert kept is not None
    assert targets.compute(row.fields).value == pytest.approx(kept.found[key], rel=0.02)


@pytest.mark.parametrize("family", fit.families())
def test_every_family_has_its_grid(family: str) -> None:
    """Every combination that the constants ask for was computed, and the shipped one also with half the cells and steps."""
    kept = {(x.fineness, x.constants) for x in fit.read_grid() if x.family == family}

    assert kept == {(fineness, values) for name, fineness, values in fit.tasks([family]) if name == family}


def test_the_score_holds_in_and_out_of_the_fit() -> None:
    """At least 50 of the 61 rows are inside, at least 42 when each study in turn is left out; the card computes them anew."""
    from recutis.injury import targets
    from recutis.scorecard.physics import plain

    rows = {row.id: plain(row.fields) for row in fit.experiments()}
    shipped = {key: value for one in fit.fits() if one.shipped for key, value in one.shipped.found.items()}
    left_out = {key: value for one in fit.fits() for key, value in one.left_out.items()}

    inside, without = (
        sum(value is not None and targets.inside(rows[key], value) for key, value in found.items())
        for found in (shipped, left_out)
    )
    assert inside >= 50
    assert without >= 42


def _assumed(queue: multiprocessing.Queue[tuple[float, str]]) -> None:
    evidence.assume({"phys_boiling": 104.0})
    queue.put((evidence.value("phys_boiling"), evidence.get("phys_boiling").text))


def test_an_assumption_holds_in_its_process_alone() -> None:
    """A fit's process sees the value it tries; this one goes on with the row's own."""
    before = evidence.value("phys_boiling")
    queue: multiprocessing.Queue[tuple[float, str]] = multiprocessing.get_context("fork").Queue()
    child = multiprocessing.get_context("fork").Process(target=_assumed, args=(queue,))
    child.start()
    seen = queue.get(timeout=60)
    child.join()

    assert seen == (104.0, "104.0")
    assert evidence.value("phys_boiling") == before
    with pytest.raises(UnknownNameError, match="phys_boilin"):
        evidence.assume({"phys_boilin": 3.0})


def test_fineness_is_refused_in_a_sentence() -> None:
    """Coarser than half, or not a number: no."""
    for wrong in (0.1, math.nan, math.inf):
        with pytest.raises(OutOfRangeError, match=r"0\.5 or more times finer; got"):
            resolution.set_fineness(wrong)
    assert resolution.fineness() == 1.0
