"""Figures of a prediction: all of them appear, say what their axes are, and show what the document holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sample_plan import quantity

from recutis.plan.course_file import read_course
from recutis.plan.document import QuartileOdds
from recutis.plan.predict import predict_course, write_prediction
from recutis.plan.prediction_document import CoursePrediction, PigmentPoint
from recutis.report import draw_prediction
from recutis.report.figures.canvas import look
from recutis.report.figures.gain import gain_figure
from recutis.report.figures.pigment import pigment_figure
from recutis.report.figures.quarters import PARTS, quarters_figure
from recutis.report.figures.redness import RednessCourse, redness_figure
from recutis.report.figures.symptoms import LANES, symptoms_figure
from recutis.report.prediction import CLOCKS

EXAMPLES = Path(__file__).parents[1] / "examples"
DEEP = {"device": "UltraPulse DeepFX", "settings": {"energy_mJ": 15, "density_pct": 5}, "site": "cheek"}


@pytest.fixture(scope="module")
def prediction(tmp_path_factory: pytest.TempPathFactory) -> CoursePrediction:
    """Two equal sessions for acne scars with a stated ECCA."""
    patient = yaml.safe_load((EXAMPLES / "patients" / "acne-scars.yaml").read_text(encoding="utf-8"))
    patient["concerns"][0]["severity"] = {"scale": "ecca", "value": 120}
    path = tmp_path_factory.mktemp("course") / "course.yaml"
    sessions = [{"week": week, **DEEP} for week in (1, 9)]
    path.write_text(json.dumps({"patient": patient, "sessions": sessions}, default=str), encoding="utf-8")
    return predict_course(read_course(path))


def words(figure: Figure) -> str:
    """Every text of a figure."""
    found = [figure.get_suptitle(), *(text.get_text() for text in figure.texts)]
    for axes in figure.axes:
        found += [axes.get_xlabel(), axes.get_ylabel(), axes.get_title(loc="left"), *(text.get_text() for text in axes.texts)]
        found += [label.get_text() for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    for legend in figure.legends:
        found += [text.get_text() for text in legend.get_texts()]
    return " | ".join(found)


def labelled(figure: Figure, label: str) -> Axes:
    """The axes whose x label this is."""
    return next(axes for axes in figure.axes if axes.get_xlabel() == label)


def test_all_figures_are_written(prediction: CoursePrediction, tmp_path: Path) -> None:
    """One calendar for two equal sessions, one improvement a concern, quarters, pigment; the document beside them."""
    write_prediction(prediction, tmp_path / "out", pictures=draw_prediction)

    drawn = sorted(path.name for path in (tmp_path / "out" / "figures").iterdir())
    assert drawn == ["days-session-1.png", "improvement-acne-scars-cheek.png", "pigment.png", "quarters.png"]
    assert (tmp_path / "out" / "prediction.json").is_file()
    for name in drawn:
        assert (tmp_path / "out" / "figures" / name).read_bytes().startswith(b"\x89PNG")


def test_the_calendar_shows_every_sign_and_clock(prediction: CoursePrediction) -> None:
    """Seven lanes with their bands, days and weeks, four clocks at their medians."""
    one = prediction.sessions[0]
    with look():
        figure = symptoms_figure(one.symptoms, {text: getattr(one, name) for name, text in CLOCKS.items()}, title="Days")
    told = words(figure)

    for name, _ in LANES:
        assert name in told
    for text in (*CLOCKS.values(), "day after the session", "week after the session", "strong", "8 in 10"):
        assert text in told
    clocks = labelled(figure, "day after the session")
    middles = [line.get_xdata()[0] for line in clocks.lines if line.get_marker() == "o"]
    assert middles == [getattr(one, name).p50 for name in CLOCKS]


def test_improvement_is_told_by_session_and_over_two_years(prediction: CoursePrediction) -> None:
    """Bars of persons are wider than those of the typical person; the line ends 24 months after the last session."""
    ((key, points),) = prediction.course.over_time.items()
    with look():
        figure = gain_figure(prediction.course.by_session[key], points, title="Scars")
    told = words(figure)

    for text in ("Improvement [%]", "after session, when matured", "months after the last session", "no visible change"):
        assert text in told
    assert "sunscreen" not in told
    bars = labelled(figure, "after session, when matured").patches
    heights = [bar.get_height() for bar in bars[:4]]
    assert heights[0] > heights[1]
    assert heights[2] > heights[3]
    assert labelled(figure, "months after the last session").get_xlim()[1] == 24


def test_the_return_of_pigment_without_sunscreen_has_its_own_line(prediction: CoursePrediction) -> None:
    """The line is drawn and named only where it is given."""
    ((key, points),) = prediction.course.over_time.items()
    with look():
        figure = gain_figure(prediction.course.by_session[key], points, points, title="Spots")

    assert "without daily sunscreen" in words(figure)


def test_quarters_fill_the_bar(prediction: CoursePrediction) -> None:
    """The four parts of the bar add up to the whole, in order; each has its range."""
    with look():
        figure = quarters_figure(prediction.course.quartile_odds, title="Quarters")
    bar, ranges = figure.axes[:2]
    stacked = bar.patches[: len(PARTS)]

    assert sum(patch.get_width() for patch in stacked) == pytest.approx(100)
    assert [patch.get_x() for patch in stacked] == sorted(patch.get_x() for patch in stacked)
    assert [label.get_text() for label in ranges.get_yticklabels()] == [text for _, text, _ in PARTS]
    assert "of 100 persons" in bar.get_xlabel()


def test_quarters_without_any_chance_are_drawn() -> None:
    """Nothing divides by zero where every share is nought."""
    none = quantity(0.0, "pct")
    with look():
        quarters_figure({"Nothing": QuartileOdds(**dict.fromkeys(QuartileOdds.model_fields, none))}, title="None")


def test_pigment_is_told_by_phototype_and_density(prediction: CoursePrediction) -> None:
    """Six lines, the chosen density, both axes of coverage; the darker the likelier, the denser the likelier."""
    curve = prediction.pigment
    with look():
        figure = pigment_figure(curve, title="Dark marks")
    told = words(figure)

    for text in ("Density of a pass on the panel [%]", "Chance of dark marks per session [%]", "chosen", "this person"):
        assert text in told
    assert len(curve.points) > 4
    for phototype in ("II", "IV", "VI"):
        risks = [point.risk_pct[phototype].p50 for point in curve.points]
        assert risks == sorted(risks)
    for point in curve.points:
        middle = [point.risk_pct[phototype].p50 for phototype in ("I", "II", "III", "IV", "V", "VI")]
        assert middle == sorted(middle)
    densities = [point.density_pct for point in curve.points]
    assert curve.chosen_density_pct in densities


def test_the_curve_passes_through_the_prediction(prediction: CoursePrediction) -> None:
    """At the chosen density, for the person's own phototype, the curve is the session's own risk."""
    curve = prediction.pigment
    point = next(item for item in curve.points if item.density_pct == curve.chosen_density_pct)

    told = prediction.sessions[curve.session - 1].risks["pih"]
    assert point.risk_pct[curve.phototype].p50 == pytest.approx(told.p50, rel=1e-3)


def test_a_device_without_density_has_a_dot_a_phototype(prediction: CoursePrediction) -> None:
    """No density, no line: six dots with their numbers."""
    risk = {name: quantity(number + 1.0, "pct") for number, name in enumerate(("I", "II", "III", "IV", "V", "VI"))}
    one = PigmentPoint(density_pct=0.0, coverage_pct=5.0, risk_pct=risk)
    curve = prediction.pigment.model_copy(update={"points": (one,), "chosen_density_pct": None, "ceiling_density_pct": None})
    with look():
        figure = pigment_figure(curve, title="Dark marks")

    assert "Phototype" in words(figure)
    assert "3.0 %" in words(figure)


def test_redness_is_drawn_beside_its_points() -> None:
    """One panel a wound, the points of the tables in each."""
    days, level = (0.0, 7.0, 30.0), (100.0, 60.0, 20.0)
    one = RednessCourse(name="CO2", days=days, p10=level, p50=level, p90=level, points=((7.0, 65.0), (30.0, 22.0)))
    with look():
        figure = redness_figure((one, one, one), title="Redness", points="as taught")
    told = words(figure)

    for text in ("Redness [% of its peak]", "day after the session", "as taught", "model, middle"):
        assert text in told
    assert [axes.get_visible() for axes in figure.axes] == [True, True, True, False]


def test_the_document_tells_scales_and_who_does_not_respond(prediction: CoursePrediction) -> None:
    """The stated ECCA is the baseline, others are usual; months, grades and non-responders are all there."""
    ((key, scales),) = prediction.course.scales.items()
    by_name = {item.scale: item for item in scales}
    ecca, grade = by_name["ecca"], by_name["goodman_baron"]

    assert ecca.baseline_stated
    assert (ecca.before.p10, ecca.before.p90) == (120, 120)
    assert not grade.baseline_stated
    assert "scales.goodman_baron.usual" in grade.before.sources
    assert [after.months for after in ecca.after] == [1, 3, 6, 12, 24]
    assert ecca.after[1].score.p50 < 120
    assert ecca.after[1].one_grade_better_pct is None
    assert grade.after[1].one_grade_better_pct is not None
    assert prediction.course.non_responders_pct[key] == prediction.course.quartile_odds[key].no_visible_change
    assert {"scales.ecca.shown", "clinical.early.dermis"} <= {source.id for source in prediction.sources}


def test_the_timeline_of_a_prediction_meets_its_matured_gain(prediction: CoursePrediction) -> None:
    """Three months after the last session the curve is the improvement of the course; each session has its point."""
    ((key, points),) = prediction.course.over_time.items()
    matured = next(point for point in points if point.months == 3)

    assert matured.improvement_pct.p50 == pytest.approx(prediction.course.improvement_pct[key].p50, rel=1e-3)
    assert [point.session for point in points if point.session] == [1, 2]
    assert [point.months for point in points] == sorted(point.months for point in points)
    assert prediction.course.over_time_without_sunscreen == {}
    for point in points[1:]:
        assert point.typical_pct.p90 - point.typical_pct.p10 < point.improvement_pct.p90 - point.improvement_pct.p10
