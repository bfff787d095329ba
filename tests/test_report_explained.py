"""What the report tells of phases, limits, sensitivities, confirmation, measured devices, depths and prices."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_plan import commissioned, confirmed, explanation, full_plan, injury, option, sample_plan, two_device_option

from recutis.plan.document import Plan
from recutis.report import write_report
from recutis.report.clinician import clinician_view
from recutis.report.explained import confirmed_view, delivered_view, explained_view
from recutis.report.figures.bought import bought_figure
from recutis.report.figures.canvas import look
from recutis.report.figures.depths import depth_figure, depth_lines
from recutis.report.figures.front import outside, shown_days
from recutis.report.figures.sensitivity import sensitivity_figure
from recutis.report.injuries import depth_groups, injuries_view
from recutis.report.patient import patient_view
from recutis.report.phases import chair_words, currency, money, phase_views, sessions_words, setting_lines, whole_course_words
from recutis.report.rows import signed
from recutis.report.summary import option_lines, plan_lines

needs_pdftotext = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
DRAWN = {"sections": [], "depths": []}


def _pages(pdf: Path) -> list[str]:
    done = subprocess.run(["pdftotext", str(pdf), "-"], check=True, capture_output=True, text=True)
    return [re.sub(r"\s+", " ", page) for page in done.stdout.split("\f") if page.strip()]


def test_a_course_with_two_devices_tells_each_with_its_own_settings() -> None:
    """Sessions, interval, settings, end point, when to stop, anaesthesia and eyewear belong to the phase."""
    one, two = phase_views(two_device_option(), (commissioned(),))

    assert (one["step"], two["step"]) == ("First, session 1", "Then, sessions 2 to 4")
    assert (one["course"], two["course"]) == ("1 session", "3 sessions, 4 weeks apart; the first 12 weeks after ProFractional")
    assert [line["panel"] for line in two["settings"]] == ["12.6 mJ · 2.88 % density · 1 pass"]
    assert (two["endpoint"], two["anaesthesia"]) == (
        "Even redness and light swelling that feels warm.",
        "Forced cold air during treatment.",
    )
    assert "Grey or charred" in one["stop_if"]
    assert "grid marks" in two["stop_if"]
    assert "4 or more at 1550 nm" in two["eyewear"]
    assert (one["delivers"], two["delivers"]) == ("Delivers 0.92 times what is set, by this clinic's measurements.", "")


def test_a_course_with_one_device_reads_as_before() -> None:
    """No steps, no 'then'."""
    (only,) = phase_views(option(1))

    assert (only["step"], only["course"]) == ("", "2 sessions, 6 weeks apart")
    assert whole_course_words(option(1)) == "2 sessions, 6 weeks apart"
    assert setting_lines(option(1)) == ["4 % density · 180 µm depth · 2 passes"]


def test_words_of_sessions_and_prices() -> None:
    """Numbers of sessions, the whole course, chair time and money."""
    two = two_device_option(sessions=(2, 2))

    assert [sessions_words(phase) for phase in two.phases] == ["sessions 1 and 2", "sessions 3 and 4"]
    assert whole_course_words(two_device_option()) == "session 1, then after 12 weeks sessions 2 to 4, 4 weeks apart"
    assert setting_lines(two_device_option())[1] == "Then, sessions 2 to 4: 12.6 mJ · 2.88 % density · 1 pass"
    assert (chair_words(two), money(1850.0, "EUR"), money(99.6, "")) == ("about 5.5 h", "EUR 1,850", "100")
    assert (currency(full_plan()), currency(sample_plan())) == ("EUR", "")


def test_the_table_of_options_tells_both_phases_and_the_price() -> None:
    """A row for the price only where one is given."""
    rows = {row["name"]: row["cells"] for row in clinician_view(full_plan(), DRAWN)["options_table"]}
    plain = {row["name"] for row in clinician_view(sample_plan(), DRAWN)["options_table"]}

    assert rows["Price of the course"] == [["EUR 1,850"], ["EUR 1,200"], ["not given"]]
    assert "Price of the course" not in plain
    assert [line.split(":")[0] for line in rows["Start setting"][0]] == ["First, session 1", "Then, sessions 2 to 4"]
    assert rows["Class"][0] == ["fractional ablative Er:YAG, then non-ablative fractional 1550 nm"]


def test_the_patient_reads_both_parts_apart() -> None:
    """What is done, tiles, numbing and aftercare by part; instructions of both only once; sessions name the laser."""
    told = patient_view(full_plan())["told"]

    assert "two parts" in told["what"][0]
    assert told["what"][2].startswith(
        "Then, sessions 2 to 4 (Fraxel re:store), about 12 weeks after the first part, about 4 weeks apart:"
    )
    assert told["what"][-1] == "The price of all sessions together is EUR 1,850."
    assert [part["title"] for part in told["facts"]] == ["Session 1, ProFractional", "Sessions 2 to 4, Fraxel re:store"]
    assert len(told["numbing"]) == 2
    groups = {group["title"]: [row["text"] for row in group["rows"]] for group in told["aftercare"]}
    assert list(groups) == ["After every session", "After session 1 (ProFractional)", "After sessions 2 to 4 (Fraxel re:store)"]
    assert groups["After sessions 2 to 4 (Fraxel re:store)"] == ["Cold compress ten minutes an hour."]
    assert "Do not pick, rub or scrub." in groups["After every session"]
    assert [row["title"] for row in told["dates"] if row["session"]] == [
        "Session 1 of 2: ProFractional",
        "Session 2 of 2: Fraxel re:store",
    ]
    assert patient_view(sample_plan())["told"]["facts"][0]["title"] == ""


def test_limits_are_numbered_as_in_the_figure() -> None:
    """Now, then, course and what it buys; the runner-up; what breaks; protocols without their name twice."""
    view = explained_view(full_plan())

    assert [row["number"] for row in view["looser"]] == ["1", "2", "3", "4"]
    assert view["looser"][0] | {"course": ""} == {
        "number": "1", "limit": "Social downtime", "now": "7 days", "then": "8 days", "course": "", "gain": "+12", "days": "+1.0",
        "pih": "+2.9",
    }  # fmt: skip
    assert view["looser"][3]["days"] == "−0.4"
    assert view["runner_up"]["behind"] == "2.4 points behind option 1"
    assert [row["limits"] for row in view["breaks"]] == [
        "hard cap: scarring of at most 3 % in a course",
        "social downtime of at most 7 days",
    ]
    assert view["steady"] == ""
    assert view["protocols"][0]["text"].startswith("Energy 0.32 times")
    assert view["protocols"][0]["within"] == "outside its range"
    assert explained_view(sample_plan()) is None


def test_an_option_that_the_simulation_contradicts_warns() -> None:
    """One line always; the warning only beyond the stated error, with what differs most."""
    good = confirmed_view(option(1).model_copy(update={"confirmed": confirmed()}))
    bad = confirmed_view(option(1).model_copy(update={"confirmed": confirmed(within=False)}))

    assert "differ by at most 4.2 % in the injury (stated error 8 %), −1.3 points" in good["line"]
    assert good["warning"] == ""
    assert "differ by 31 %, more than the stated 8 %" in bad["warning"]
    assert (
        "lesion depth (ProFractional, fine lines, periorbital), 210 by the library, 160 µm by the simulation." in bad["warning"]
    )
    assert confirmed_view(option(1)) is None


def test_measured_devices_are_told() -> None:
    """The sentence that matters first, then measurement and note."""
    (told,) = delivered_view(full_plan())

    assert told["head"].startswith("ProFractional delivers 0.92 times what it is set to (0.87 to 0.98), from 1 measurement")
    assert told["rest"] == [
        "Energy: measured 13.5 mJ ± 0.3; predicted 15 mJ before, 13.8 mJ after (stated error ±5 %).",
        "The measurement is three weeks old.",
    ]


@given(st.floats(min_value=-99, max_value=99))
def test_a_change_keeps_its_sign(value: float) -> None:
    """What is printed is within rounding, signed; nothing is plus or minus zero."""
    text = signed(value)

    assert float(text.replace("−", "-")) == pytest.approx(value, abs=0.5 if abs(value) >= 9.95 else 0.0501)
    assert text == "0" or text[0] == ("+" if value > 0 else "−")


def test_depth_lines_share_what_is_the_same() -> None:
    """Two targets with one injury are one line; another device is another; without a curve there is none."""
    same = injury("cheek").model_copy(update={"target": "pigment"})
    groups = depth_lines(
        [("A", injury("cheek")), ("A", same), ("B", injury("cheek", depth=300)), ("A", injury("nose", target="vessel"))]
    )

    assert {site: [name for name, _ in lines] for site, lines in groups.items()} == {
        "cheek": ["A, for dermis and pigment", "B, for dermis"]
    }
    assert list(depth_groups(two_device_option())) == ["periorbital", "cheek"]


def test_heat_above_a_living_basal_layer_is_told() -> None:
    """A selective laser whose heat kills epidermis that no limit counts says so; a fractional one does not."""
    hot = injury("nose", target="vessel").model_copy(
        update={"layer_injured_pct": {"epidermis": 67.0}, "epidermis_killed_pct": 0.0}
    )
    made = option(1)
    first = made.model_copy(update={"phases": (made.phases[0],), "injuries": (hot, injury("cheek"))})
    warned, quiet = (item["warnings"] for item in injuries_view(first, ["a", "b"]))

    assert warned == [
        "Heat kills 67 % of the epidermis above its basal layer; as the basal layer lives, only 0 % counts as killed. Watch for whitening."
    ]
    assert quiet == []


def _inside(figure: object) -> list[str]:
    """Texts that run off the picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    canvas = FigureCanvasAgg(figure)  # type: ignore[arg-type]
    canvas.draw()
    width, height = canvas.get_width_height()
    off = []
    for text in figure.findobj(Text):  # type: ignore[attr-defined]
        if not text.get_text().strip() or not text.get_visible() or text in _not_drawn(figure):
            continue
        box = text.get_window_extent()
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1:
            off.append(text.get_text())
    return off


def _not_drawn(figure: object) -> list[object]:
    """Labels of ticks beyond the ends of an axis, which matplotlib keeps but does not draw."""
    found: list[object] = []
    for axes in figure.axes:  # type: ignore[attr-defined]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            found += [tick.label1 for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]
    return found


WIDE = "W" * 90
LONG = "device of a very long name delivering a good deal less than what was set on its panel by the clinic, as measured"


def test_no_text_runs_off_a_figure() -> None:
    """Not even very long names."""
    items = explanation().sensitivities
    named = [(f"{WIDE} {number}", injury("cheek", depth=100 + 40 * number)) for number in range(6)]
    with look():
        assert _inside(sensitivity_figure((items[1].model_copy(update={"what": LONG + LONG}), *items))) == []
        assert _inside(bought_figure(explanation().looser)) == []
        assert _inside(bought_figure(explanation().looser[3:])) == []
        assert _inside(depth_figure(depth_lines(named)["cheek"])) == []


def test_numbers_in_the_figure_of_limits_lie_apart() -> None:
    """Two limits that buy and cost the same do not cover each other."""
    one = explanation().looser[0]
    with look():
        axes = bought_figure((one, one, one)).axes[0]
    places = [text.get_position()[0] for text in axes.texts]

    assert len(set(places)) == 3


def test_the_chart_leaves_out_what_is_far_and_says_so() -> None:
    """The far course is counted, every option and every course that keeps the limits is shown."""
    plan = full_plan()

    assert outside(plan) == 1
    assert outside(sample_plan()) == 0
    assert shown_days(plan) >= max(p.social_downtime_days for p in plan.front if p.meets_limits or p.option_rank)


def test_lines_for_the_terminal() -> None:
    """Each phase with all that goes with it; what holds back and what a looser limit buys."""
    plan = full_plan()
    lines = option_lines(plan.options[0], "EUR")
    text = "\n".join(lines)

    assert "first, session 1          ProFractional: 180 µm deep, 4 %, 2 passes" in text
    assert (
        "then, sessions 2 to 4     Fraxel re:store: 12.6 mJ, 2.875 %, 1 pass, every 4 weeks; 12 weeks after ProFractional" in text
    )
    for words in ("end point", "stop if", "anaesthesia", "eyewear"):
        assert sum(line.strip().startswith(words) for line in lines) == 2
    assert "price of the course       EUR 1,850" in text
    assert "caution                   Library and simulation differ by 31 %" in text
    assert option_lines(sample_plan().options[0], "")[0] == "start                     180 µm deep, 4 %, 2 passes, every 6 weeks"
    assert [line.split(":")[0] for line in plan_lines(plan)] == ["Held back"] * 2 + ["Looser limit"] * 4
    assert plan_lines(sample_plan()) == []


@needs_pdftotext
def test_the_whole_report_of_a_full_plan(tmp_path: Path) -> None:
    """Card with both devices on page one, the page on limits, figures as files, all in few pages."""
    write_report(full_plan(), tmp_path)
    pages = _pages(tmp_path / "report.pdf")
    limits = next(page for page in pages if "What a looser limit buys" in page)

    assert 8 <= len(pages) <= 12
    for words in ("FIRST, SESSION 1", "THEN, SESSIONS 2 TO 4", "12.6 mJ", "Grid marks".lower(), "Whole course", "EUR 1,850"):
        assert words in pages[0], words
    for words in (
        "WHAT HOLDS THE PLAN BACK",
        "Runner-up".upper(),
        "8 days",
        "Alexis 2012",
        "+12 points",
        "Device delivering 20 % more than set breaks",
    ):
        assert words in limits, words
    assert "What the devices deliver" in " ".join(pages)
    pictures = {path.name for path in (tmp_path / "figures").glob("*.png")}
    assert {"looser.png", "sensitivity.png", "depth-1-periorbital.png", "depth-2-cheek.png", "choice.png"} <= pictures


@needs_pdftotext
def test_long_names_stay_on_the_page(tmp_path: Path) -> None:
    """Names of two hundred letters in every new place still set, and come out whole."""
    name = "Wort" * 50
    plan: Plan = full_plan()
    two = plan.options[0]
    phases = tuple(phase.model_copy(update={"device": name, "endpoint": name}) for phase in two.phases)
    plan = plan.model_copy(
        update={
            "options": (two.model_copy(update={"phases": phases}), *plan.options[1:]),
            "explanation": explanation(label=name),
            "commissioned": (commissioned(name),),
        }
    )
    write_report(plan, tmp_path)
    text = "".join(_pages(tmp_path / "report.pdf")).replace("\u200b", "").replace(" ", "")

    assert name in text
