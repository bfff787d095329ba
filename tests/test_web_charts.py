"""Charts of the web pages: every course can be chosen, risk is told three ways, films keep their range, nothing breaks a strict policy."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sample_plan import sample_plan

from recutis.report.rows import number
from recutis.web.pictures import (
    ChartLimits,
    field_figure,
    field_table,
    front_choices,
    front_figure,
    front_key,
    front_table,
    moment_figure,
)
from recutis.web.pictures.field import time_words
from recutis.web.pictures.front import RISK_BANDS, hover_text, risk_band

STATIC = Path(__file__).parent.parent / "src" / "recutis" / "web" / "static" / "recutis"
HOSTILE = "<script>alert('1')</script> \"&"
FRONT = sample_plan().front


def test_every_course_that_is_shown_can_be_chosen_by_its_row() -> None:
    """Rows of the chart are those of the points, and each lies where its course does."""
    figure = front_figure(FRONT)
    found = {
        row: (x, y)
        for trace in figure["data"]
        if "customdata" in trace
        for row, x, y in zip(trace["customdata"], trace["x"], trace["y"], strict=True)
    }

    assert set(found) == set(range(len(FRONT)))
    for row, point in enumerate(FRONT):
        assert found[row] == (point.social_downtime_days, point.improvement_pct)
    json.dumps(figure, allow_nan=False)


def test_risk_is_told_by_colour_shape_and_words() -> None:
    """Three bands that cover everything, each with its own marker; courses that break a limit are hollow."""
    assert [risk_band(value).name for value in (0.0, 0.99, 1.0, 9.99, 10.0, 100.0)] == [
        RISK_BANDS[at].name for at in (0, 0, 1, 1, 2, 2)
    ]
    assert len({band.symbol for band in RISK_BANDS}) == len({band.tone for band in RISK_BANDS}) == 3
    for trace in front_figure(FRONT)["data"]:
        for row in trace.get("customdata", ()):
            if FRONT[row].option_rank is None:
                band = risk_band(FRONT[row].worst_risk_pct)
                open_ = "" if FRONT[row].meets_limits else "-open"
                assert trace["marker"]["symbol"] == f"{band.symbol}{open_}"
                assert trace["marker"]["color"] == f"var(--{band.tone})"
    key = front_key(FRONT)
    assert all(band.name in key for band in {risk_band(point.worst_risk_pct) for point in FRONT})
    assert ("hollow" in key) is any(not point.meets_limits for point in FRONT)


def test_the_chosen_course_is_ringed_and_the_limit_drawn() -> None:
    """The ring lies on the course; the line at the limit, the ground beyond it."""
    row = next(at for at, point in enumerate(FRONT) if point.meets_limits)
    days = FRONT[row].social_downtime_days
    figure = front_figure(FRONT, chosen=row, limits=ChartLimits(max_social_downtime_days=days, words="for 9 in 10"))
    (ring,) = [trace for trace in figure["data"] if trace.get("meta", {}).get("ring")]

    assert (ring["x"], ring["y"]) == ([days], [FRONT[row].improvement_pct])
    assert {shape["x0"] for shape in figure["layout"]["shapes"]} == {days}
    assert figure["layout"]["annotations"][0]["text"].endswith("for 9 in 10")
    assert front_figure(FRONT)["layout"]["shapes"] == []


def test_a_point_says_device_settings_sessions_pain_and_risk_and_hides_nothing_in_its_name() -> None:
    """Names with markup are text; settings are told where they are known."""
    point = FRONT[0].model_copy(update={"device": HOSTILE, "then_device": "B <i>", "then_class": "ipl", "meets_limits": False})
    text = hover_text(point, "20 mJ · 10 % density")

    assert "<script" not in text
    assert set(re.findall(r"<[^>]*>", text)) == {"<br>"}
    for part in (
        "20 mJ · 10 % density",
        f"pain {number(point.pain_0_10)} of 10",
        "breaks a limit",
        "then B &lt;i&gt; (intense pulsed light)",
    ):
        assert part in text


def test_the_list_beside_the_chart_holds_options_best_trades_and_each_kind() -> None:
    """By keyboard one can reach every option and the best course of every kind that keeps the limits."""
    choices = front_choices(FRONT)
    rows = [choice.row for choice in choices]
    kinds = {point.device_class for point in FRONT if point.meets_limits}

    assert {at for at, point in enumerate(FRONT) if point.option_rank is not None} <= set(rows)
    assert {FRONT[row].device_class for row in rows} >= kinds
    assert len(rows) == len(set(rows))
    days = [FRONT[row].social_downtime_days for row in rows]
    assert days == sorted(days)
    assert len(front_table(FRONT).rows) == len(rows)


def test_a_plan_without_courses_gives_an_empty_chart() -> None:
    """A blocked or deferred plan draws axes and nothing else."""
    figure = front_figure((), limits=ChartLimits(max_social_downtime_days=5))

    assert all(list(trace["x"]) == [] for trace in figure["data"])
    assert front_choices(()) == ()
    assert front_table(()).rows == ()
    json.dumps(figure, allow_nan=False)


def film(*, alike: bool = False) -> dict[str, object]:
    """A made-up film of three moments, three depths and two radii."""
    column = [[35.0, 90.0, 40.0], [34.0, 60.0, 38.0], [33.0, 40.0, 36.0]]
    frames = [[[column[z][t], column[z][t] - 5] for z in range(3)] for t in range(3)]
    return {
        "time_ms": [0.0, 0.8, 100.0],
        "light_ms": 0.8,
        "depth_um": [0.0, 100.0, 400.0],
        "radius_um": [2.0] if alike else [2.0, 50.0],
        "axis_C": column,
        "frames": None if alike else {"temperature_C": frames, "dead_pct": frames},
        "crater_um": [[0.0] * (1 if alike else 2)] * 3,
        "dead_to_um": [[None] * (1 if alike else 2), [80.0] * (1 if alike else 2), [90.0] * (1 if alike else 2)],
        "curves": {
            "surface_C": [35.0, 90.0, None],
            "basal_C": [34.0] * 3,
            "hottest_C": [35.0, 90.0, 40.0],
            "dead_to_um": [None, 80.0, 90.0],
        },
        "layers": [
            {"name": "epidermis", "top_um": 0.0, "bottom_um": 60.0},
            {"name": "papillary_dermis", "top_um": 60.0, "bottom_um": 300.0},
            {"name": "reticular_dermis", "top_um": 300.0, "bottom_um": 1500.0},
        ],
        "window": {"depth_um": 400.0, "half_width_um": 50.0, "low_C": 33.0, "high_C": 90.0},
    }


def test_the_map_of_a_film_has_the_surface_on_top_and_the_films_own_range() -> None:
    """Depth grows downwards, colours span the window, layers are named, the line of the moment is there."""
    figure = field_figure(film())
    heat = figure["data"][0]

    assert figure["layout"]["yaxis"]["range"] == [400.0, 0]
    assert (heat["zmin"], heat["zmax"]) == (33.0, 90.0)
    assert heat["z"] == film()["axis_C"]
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["epidermis", "papillary dermis", "reticular dermis"]
    assert [shape.get("name") for shape in figure["layout"]["shapes"]].count("moment") == 1
    json.dumps(figure, allow_nan=False)


@pytest.mark.parametrize("alike", [False, True])
def test_moments_are_mirrored_at_the_axis(*, alike: bool) -> None:
    """The map is as wide as its places, the same left and right, and one moment follows another."""
    figure = moment_figure(film(alike=alike))
    heat = figure["data"][0]
    half = 400.0 if alike else 50.0

    assert heat["x"] == [-half, 0.0 if alike else 2.0, half]
    assert all(row == row[::-1] and len(row) == len(heat["x"]) for row in heat["z"])
    assert [moment["time"] for moment in figure["moments"]] == ["0", "800 µs", "100 ms"]
    assert all(len(row) == 2 for moment in figure["moments"] for row in (*moment["maps"]["0"], moment["lines"]["2"]))


def test_two_films_can_share_one_window() -> None:
    """Both have the same depth and the same colours then."""
    shared = {"depth_um": 800.0, "half_width_um": 100.0, "low_C": 20.0, "high_C": 300.0}
    figure = field_figure(film(), window=shared)

    assert figure["layout"]["yaxis"]["range"] == [800.0, 0]
    assert figure["data"][0]["zmax"] == 300.0


def test_a_films_table_has_a_row_a_moment() -> None:
    """What is not there is a dash."""
    table = field_table(film())

    assert [row[0] for row in table.rows] == ["0", "800 µs", "100 ms"]
    assert table.rows[2][1] == "–"
    assert table.rows[1][4] == "80"


@pytest.mark.parametrize(
    ("time", "words"), [(0.0, "0"), (3e-7, "0.3 ns"), (0.000012, "12 ns"), (0.45, "450 µs"), (1.0, "1 ms"), (1500.0, "1.5 s")]
)
def test_times_are_told_in_the_unit_that_fits(time: float, words: str) -> None:
    """From nanoseconds to seconds."""
    assert time_words(time) == words


def test_the_script_runs_nothing_that_a_strict_policy_forbids() -> None:
    """No code from text, no markup from text, no style attribute, no address of another place."""
    script = (STATIC / "charts.js").read_text(encoding="utf-8")

    for forbidden in (
        "eval(",
        "new Function",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "http:",
        "https:",
        '"style"',
    ):
        assert forbidden not in script
