"""Films as documents for a page: the numbers of the film, edges of the full grid, small enough to send, two to one scale."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recutis.injury.film_document import FilmDocument, steps_of
from recutis.simulation import Watched, films, watch

EXAMPLES = Path(__file__).parents[1] / "examples" / "exposures"
NAMES = ("fractional-co2", "non-ablative-1550", "pulsed-dye-vessels")


@cache
def watched(name: str) -> Watched:
    """A simulation of an example."""
    return watch(EXAMPLES / f"{name}.yaml")


@cache
def told(name: str) -> FilmDocument:
    """Its film alone."""
    return watched(name).document()


def numbers(values: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Nested lists with null as not a number."""
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize("name", NAMES)
def test_a_film_is_small_and_has_no_numbers_that_are_not(name: str) -> None:
    """Under a megabyte, strict JSON, moments and places rising, every map as large as its axes."""
    film = told(name)
    text = json.dumps(film, allow_nan=False)
    moments, depths, radii = len(film["time_ms"]), len(film["depth_um"]), len(film["radius_um"])

    assert len(text) < 1_000_000
    for axis in ("time_ms", "depth_um", "radius_um"):
        assert np.all(np.diff(numbers(film[axis])) > 0)
    assert numbers(film["axis_C"]).shape == numbers(film["hottest_C"]).shape == (depths, moments)
    assert numbers(film["crater_um"]).shape == numbers(film["dead_to_um"]).shape == (moments, radii)
    assert film["frames"] is None or numbers(film["frames"]["temperature_C"]).shape == (moments, depths, radii)
    assert (film["frames"] is None) == (film["kind"] == "wide") == (name == "pulsed-dye-vessels")


@pytest.mark.parametrize("name", NAMES)
def test_every_temperature_told_is_one_of_the_film(name: str) -> None:
    """Cells are chosen, not smoothed; the hottest is never below the axis; dead tissue stays dead."""
    film, document = watched(name).film, told(name)
    known = np.round(film.temperature_C[:, :, 0], 1)
    axis = numbers(document["axis_C"])
    for moment, time_ms in enumerate(document["time_ms"]):
        here = axis[:, moment][~np.isnan(axis[:, moment])]
        assert np.isin(here, known[np.round(film.time_ms, 6) == time_ms]).all()
    hottest = numbers(document["hottest_C"])
    assert np.all(np.isnan(axis) | (hottest >= axis))
    dead = numbers(document["axis_dead_pct"])
    assert np.all(np.isnan(dead[:, :-1]) | np.isnan(dead[:, 1:]) | (np.diff(dead, axis=1) >= 0))


def test_edges_end_where_the_injury_says() -> None:
    """The floor of the crater and the deepest dead tissue of the last moment are the depths that are printed."""
    for name in ("fractional-co2", "non-ablative-1550"):
        document, injury = told(name), watched(name).simulation.injury
        deepest = document["curves"]["dead_to_um"][-1]

        assert deepest == pytest.approx(injury.lesion_depth_um, rel=0.03)
        assert document["zones"]["lesion_depth_um"] == pytest.approx(injury.lesion_depth_um, abs=0.1)
        assert np.max(numbers(document["crater_um"])) == pytest.approx(injury.ablation_depth_um, rel=0.05)
        assert document["window"]["depth_um"] > injury.lesion_depth_um
    assert all(value is None for row in told("pulsed-dye-vessels")["dead_to_um"] for value in row)


def test_tissue_that_has_gone_is_null() -> None:
    """Above the floor of the crater there is no temperature, below it there is."""
    document = told("fractional-co2")
    assert document["frames"] is not None
    last = numbers(document["frames"]["temperature_C"])[-1]
    gone = numbers(document["depth_um"])[:, None] < numbers(document["crater_um"])[-1][None, :]

    assert gone.any()
    assert np.array_equal(np.isnan(last), gone)


def test_the_hottest_place_is_in_the_picture() -> None:
    """The window of each film holds its highest temperature and its peaks by depth reach it."""
    for name in NAMES:
        document = told(name)
        top = float(np.nanmax(watched(name).film.temperature_C))

        assert document["window"]["high_C"] == pytest.approx(top, abs=0.06)
        assert np.nanmax(numbers(document["curves"]["hottest_C"])) == pytest.approx(top, abs=0.06)
        assert np.nanmax(numbers(document["peak_C"])) >= 0.9 * top


def test_two_films_have_one_scale() -> None:
    """Windows are the same and hold both of those alone."""
    one, two = films(watched("fractional-co2"), watched("non-ablative-1550"))
    alone = [told("fractional-co2")["window"], told("non-ablative-1550")["window"]]

    assert one["window"] == two["window"]
    assert one["window"]["depth_um"] == max(window["depth_um"] for window in alone)
    assert one["window"]["high_C"] == max(window["high_C"] for window in alone)
    assert one["zones"] == told("fractional-co2")["zones"]


@given(st.lists(st.lists(st.floats(1e-3, 1e4), min_size=1, max_size=6, unique=True), min_size=1, max_size=3))
def test_a_slider_shows_the_last_moment_that_has_come(several: list[list[float]]) -> None:
    """Every moment of every film is a step, in order; a film never shows what lies ahead but for its first moment."""
    times = [sorted(one) for one in several]
    steps = steps_of([{"time_ms": one} for one in times])  # type: ignore[typeddict-item]

    assert [step["time_ms"] for step in steps] == sorted({time for one in times for time in one})
    for step in steps:
        for shown, own in zip(step["frames"], times, strict=True):
            assert shown == max(sum(time <= step["time_ms"] for time in own) - 1, 0)
