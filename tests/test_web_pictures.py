"""Pictures of the web pages: true to scale, the same numbers in the drawing and its table, nothing that a strict policy refuses."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_plan import injury, option, quantity, two_device_option
from test_plan_examples import ONE_AND_SLOWLY_ALL, planned

from recutis.errors import InputError, OutOfRangeError
from recutis.plan.document import InjuryDocument, Option, SkinLayer
from recutis.report.figures.section import vessels_told
from recutis.report.figures.symptoms import LANES
from recutis.report.rows import number
from recutis.report.words import RISK_WORDS
from recutis.web.pictures import (
    Markup,
    Picture,
    Table,
    compare_options,
    comparison_table,
    day_expected,
    expected_levels,
    improvement_by_session,
    injury_section,
    quartile_odds,
    risk_bars,
    skin_section,
    skin_sections,
    symptom_calendar,
)
from recutis.web.pictures.markup import element
from recutis.web.pictures.scales import Scale, round_step, ticks

STATIC = Path(__file__).parent.parent / "src" / "recutis" / "web" / "static" / "recutis"
HOSTILE = "<script>alert('1')</script> \"&\x00"
SVG = "{http://www.w3.org/2000/svg}"
SECTIONS = [
    injury("cheek"),
    injury("cheek", depth=900),
    injury("cheek", fractional=False),
    injury("nose", target="vessel"),
    injury("cheek", target="pigment"),
]
OPTIONS = [option(1), option(3), two_device_option()]
MAKERS: dict[str, Callable[[Option], Picture]] = {
    "section": skin_section,
    "calendar": symptom_calendar,
    "calendar-wide": lambda one: symptom_calendar(one, wide=True),
    "odds": quartile_odds,
    "risks": risk_bars,
    "gains": improvement_by_session,
    "expected": lambda one: day_expected(one, 3, {"redness": 9.5, "pain": None, "peeling": 0}),
}
each_picture = pytest.mark.parametrize("name", MAKERS)
each_section = pytest.mark.parametrize("drawn", SECTIONS, ids=lambda item: f"{item.target}-{item.lesion_depth_um:g}")


def parsed(picture: Picture) -> ET.Element:
    """The drawing as a tree; raises where it is no XML."""
    return ET.fromstring(picture.svg)


def of_class(root: ET.Element, kind: str) -> list[ET.Element]:
    """Elements that have a class."""
    return [node for node in root.iter() if kind in node.get("class", "").split()]


def texts(root: ET.Element) -> list[str]:
    """What the drawing writes, a string an element."""
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def corners(node: ET.Element) -> list[tuple[float, float]]:
    """Points of a polygon or polyline."""
    return [(float(x), float(y)) for x, _, y in (pair.partition(",") for pair in node.get("points", "").split())]


def cells(table: Table) -> Iterator[str]:
    """Every cell of a table."""
    for row in table.rows:
        yield from row


@each_picture
@pytest.mark.parametrize("one", OPTIONS, ids=lambda item: item.device)
def test_a_drawing_is_xml_with_a_name_and_words_and_no_style_or_script(name: str, one: Option) -> None:
    """It is one picture to a reader of screens, and a policy without inline style or script lets it through."""
    picture = MAKERS[name](one)
    root = parsed(picture)

    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == picture.title
    assert root.findtext(f"{SVG}desc") == picture.text
    assert picture.text.endswith(".")
    for node in root.iter():
        assert node.tag not in {f"{SVG}style", f"{SVG}script", f"{SVG}foreignObject", f"{SVG}image", f"{SVG}use"}
        for attribute in node.attrib:
            assert attribute != "style"
            assert not attribute.startswith("on")
            assert "href" not in attribute
            assert attribute not in {"fill", "stroke", "id"}


@each_picture
def test_nothing_is_drawn_outside_the_drawing(name: str) -> None:
    """Every place lies inside the view box, give or take a stroke."""
    root = parsed(MAKERS[name](option(1)))
    _, _, width, height = map(float, root.get("viewBox", "").split())

    for node in root.iter():
        for x, y in corners(node):
            assert -1 <= x <= width + 1
            assert -1 <= y <= height + 1
        for field, most in (("x", width), ("y", height), ("x1", width), ("x2", width), ("y1", height), ("y2", height)):
            assert -1 <= float(node.get(field, 0)) <= most + 1, (node.tag, node.attrib)


@each_picture
def test_every_class_of_a_drawing_stands_in_the_style_sheet(name: str) -> None:
    """Nothing is left to the browser's black."""
    sheet = (STATIC / "pictures.css").read_text(encoding="utf-8")
    known = set(re.findall(r"\.([a-z][\w-]*)", sheet))
    plain = {
        "pic",
        "heading",
        "layer",
        "tick",
        "course",
        "passing",
        "under",
        "quarter-text-1",
        "quarter-text-2",
        "quarter-text-3",
    }
    used = {kind for node in parsed(MAKERS[name](option(1))).iter() for kind in node.get("class", "").split()}

    assert (
        used - known - plain - {f"pic-{kind}" for kind in ("section", "calendar", "odds", "risks", "gains", "expected")} == set()
    )


def test_the_style_sheet_takes_every_colour_from_the_page() -> None:
    """Themes change it all: no colour is written out."""
    sheet = (STATIC / "pictures.css").read_text(encoding="utf-8")

    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl", sheet) == []


@pytest.mark.parametrize("one", OPTIONS, ids=lambda item: item.device)
def test_hostile_names_are_only_text(one: Option) -> None:
    """A name with markup in it is shown as it is written, without the sign that XML forbids."""
    layers = (SkinLayer(name=HOSTILE, thickness_um=60), *one.injury.layers[3:])
    hurt = one.injuries[0].model_copy(update={"site": HOSTILE, "layers": layers})
    phases = tuple(phase.model_copy(update={"device": HOSTILE, "injuries": (hurt,)}) for phase in one.phases)
    told = one.predictions
    hostile = one.model_copy(
        update={
            "device": HOSTILE,
            "injuries": (hurt,),
            "phases": phases,
            "predictions": told.model_copy(
                update={
                    "quartile_odds": {HOSTILE: next(iter(told.quartile_odds.values()))},
                    "improvement_pct": {HOSTILE: next(iter(told.improvement_pct.values()))},
                    "improvement_by_session_pct": {HOSTILE: next(iter(told.improvement_by_session_pct.values()))},
                }
            ),
        }
    )
    pictures = [make(hostile) for make in MAKERS.values()]
    table = comparison_table(compare_options(hostile, hostile), HOSTILE, HOSTILE).html()

    for picture in pictures:
        parsed(picture)
    for page in (*(picture.html() for picture in pictures), table):
        assert "<script" not in page
        assert "\x00" not in page
    assert "&lt;script&gt;" in table


@each_section
def test_a_micrometre_is_as_long_across_as_deep(drawn: InjuryDocument) -> None:
    """Ticks of the ruler lie in proportion to depth, and the scale bar has the same scale."""
    root = parsed(injury_section(drawn))
    marks = [(float(node.get("data-depth-um", "nan")), float(node.get("y1", "nan"))) for node in of_class(root, "tick")]
    (bar,) = of_class(root, "scale-bar")
    surface = marks[0][1]
    units = [(y - surface) / depth for depth, y in marks if depth > 0]
    across = (float(bar.get("x2", "nan")) - float(bar.get("x1", "nan"))) / float(bar.get("data-length-um", "nan"))

    assert marks[0][0] == 0
    assert len(units) >= 2
    assert units == pytest.approx([across] * len(units), rel=2e-3)


@each_section
def test_layers_are_true_to_their_thickness_and_named_once(drawn: InjuryDocument) -> None:
    """Rectangles stack from the surface down without a gap; each layer in view has one name, the table names all."""
    picture = injury_section(drawn)
    root = parsed(picture)
    boxes = of_class(root, "layer")
    marks = {float(node.get("data-depth-um", "nan")): float(node.get("y1", "nan")) for node in of_class(root, "tick")}
    depth = max(marks)
    unit = (marks[depth] - marks[0]) / depth
    place = marks[0]
    for layer, node in zip(drawn.layers, boxes, strict=False):
        high = float(node.get("height", "nan"))
        assert float(node.get("y", "nan")) == pytest.approx(place, abs=0.02)
        assert high == pytest.approx(unit * layer.thickness_um, abs=0.1) or node is boxes[-1]
        place += high
    names = [layer.name.replace("_", " ") for layer in drawn.layers[: len(boxes)]]

    for name in names:
        assert sum(text.startswith(f"{name} ") for text in texts(root)) == 1
    for layer in drawn.layers:
        assert [row[0] for row in picture.table.rows].count(layer.name.replace("_", " ")) == 1


@each_section
def test_the_target_the_crater_and_dead_tissue_reach_as_deep_as_the_plan_says(drawn: InjuryDocument) -> None:
    """Each outline ends at its depth on the ruler."""
    root = parsed(injury_section(drawn))
    marks = {float(node.get("data-depth-um", "nan")): float(node.get("y1", "nan")) for node in of_class(root, "tick")}
    unit = (marks[max(marks)] - marks[0]) / max(marks)
    (band,) = of_class(root, "target-band")
    top = (float(band.get("y", "nan")) - marks[0]) / unit
    bottom = top + float(band.get("height", "nan")) / unit

    assert (top, bottom) == pytest.approx((drawn.target_top_um, drawn.target_bottom_um), rel=0.01)
    for kind, deep in (("ablated", drawn.ablation_depth_um), ("heated", drawn.lesion_depth_um)):
        shapes = [corners(node) for node in of_class(root, kind) if node.tag == f"{SVG}polygon"]
        assert bool(shapes) is (deep > 0)
        for shape in shapes:
            assert (max(y for _, y in shape) - marks[0]) / unit == pytest.approx(deep, rel=0.01)


def test_columns_stand_one_pitch_apart() -> None:
    """The middles of two craters are as far apart as the plan's pitch."""
    drawn = SECTIONS[0]
    root = parsed(injury_section(drawn))
    (bar,) = of_class(root, "scale-bar")
    unit = (float(bar.get("x2", "nan")) - float(bar.get("x1", "nan"))) / float(bar.get("data-length-um", "nan"))
    shapes = [[x for x, _ in corners(node)] for node in of_class(root, "ablated") if node.tag == f"{SVG}polygon"]
    middles = sorted((max(x) + min(x)) / 2 for x in shapes)

    assert len(middles) == 2
    assert drawn.column_pitch_um is not None
    assert (middles[1] - middles[0]) / unit == pytest.approx(drawn.column_pitch_um, rel=1e-3)


def test_vessels_are_told_as_closed_or_open_by_shape_word_and_table() -> None:
    """As many full circles as the plan closes, as many rings as stay open, none over another of its column."""
    drawn = SECTIONS[3]
    picture = injury_section(drawn)
    root = parsed(picture)
    circles = [node for node in of_class(root, "vessel") if float(node.get("cx", 0)) > 20]  # those of the key lie left of it
    closed = sum(ratio >= 1 for *_, ratio in vessels_told(drawn))

    assert len(circles) == len(vessels_told(drawn))
    assert sum("closed" in node.get("class", "") for node in circles) == closed
    assert sum(cell.startswith("closed, ") for cell in cells(picture.table)) == closed
    assert any(f"closed: {closed} of {len(circles)}" in text for text in texts(root))


def test_a_pigment_laser_shows_grains_and_whether_they_break() -> None:
    """Broken grains are hollow; the words say how far above the threshold."""
    broken = parsed(injury_section(SECTIONS[4]))
    whole = parsed(injury_section(SECTIONS[4].model_copy(update={"pigment_ratio": 0.7})))

    assert of_class(broken, "broken")
    assert not of_class(broken, "whole")
    assert of_class(whole, "whole")
    assert any("not reached" in text for text in texts(whole))


def test_a_course_with_two_devices_has_a_drawing_for_each_injury_with_its_device() -> None:
    """The second device is told by name."""
    one = two_device_option()
    pictures = skin_sections(one)

    assert len(pictures) == sum(len(phase.injuries) for phase in one.phases)
    assert pictures[-1].title.startswith("Fraxel re:store, ")


def _outline(node: ET.Element) -> tuple[tuple[int, int], ...]:
    """Corners about their middle, to whole units; none of a circle."""
    points = corners(node)
    middle = [sum(point[axis] for point in points) / max(len(points), 1) for axis in (0, 1)]
    return tuple((round(x - middle[0]), round(y - middle[1])) for x, y in points)


@pytest.mark.parametrize("wide", [False, True])
def test_bands_hold_their_median_and_rise_with_the_level(*, wide: bool) -> None:
    """On each day the top of the band is above the median and the median above its bottom, in the drawing."""
    root = parsed(symptom_calendar(option(1), wide=wide))
    bands = [node for node in root.iter() if "band-area" in node.get("class", "")]
    lines = [node for node in root.iter() if node.get("class") == "median"]

    assert {node.get("data-sign") for node in bands} == {name for _, name in LANES}
    for band, line in zip(bands, lines, strict=True):
        points, middle = corners(band), corners(line)
        high, low = points[: len(middle)], points[len(middle) :][::-1]
        assert band.get("data-sign") == line.get("data-sign")
        for (x, top), (at, y), (x2, bottom) in zip(high, middle, low, strict=True):
            assert x == at == x2
            assert top <= y <= bottom


def test_the_calendar_marks_closure_make_up_and_work_each_by_its_own_shape() -> None:
    """Marks lie in the order of their days, have names beside them, and differ in shape."""
    one = option(1)
    picture = symptom_calendar(one)
    root = parsed(picture)
    marks = {node.get("data-clock"): node for node in root.iter() if node.get("data-clock")}
    shapes = {name: _outline(node) for name, node in marks.items()}
    middle = {
        name: float(node.get("cx", "nan")) if node.get("cx") else sum(x for x, _ in corners(node)) / len(corners(node))
        for name, node in marks.items()
    }
    days = {name: getattr(one.predictions, name).p50 for name in marks}

    assert set(marks) == {"closure_days", "makeup_day", "return_to_work_day", "social_downtime_days"}
    assert len(set(shapes.values())) == len(marks)
    assert sorted(middle, key=lambda name: middle[name]) == sorted(days, key=lambda name: days[name])
    for word in ("skin closed", "make-up from", "back at work"):
        assert word in texts(root)
        assert any(word in cell.lower() for cell in cells(picture.table))


def test_a_sign_that_nobody_gets_says_so() -> None:
    """A flat lane is not left empty."""
    one = option(1)
    none = quantity(0.0, "0-10")
    days = tuple(day.model_copy(update={"bronzing": none}) for day in one.predictions.symptoms)
    told = symptom_calendar(one.model_copy(update={"predictions": one.predictions.model_copy(update={"symptoms": days})}))

    assert texts(parsed(told)).count("none expected") == 1
    assert "Bronzing: none expected." in told.text


def test_a_plan_without_days_still_draws() -> None:
    """No days, no concerns: empty lanes and a sentence, no error."""
    one = option(1, concerns=())
    bare = one.model_copy(update={"predictions": one.predictions.model_copy(update={"symptoms": ()})})

    assert texts(parsed(symptom_calendar(bare))).count("none expected") == len(LANES)
    for make in (quartile_odds, improvement_by_session):
        assert make(bare).text == "No improvement was computed."
        parsed(make(bare))


def test_quarters_fill_the_bar_in_their_shares_and_ranges_hold_the_middle() -> None:
    """Widths are the shares of all four; each dot lies in its whisker; the table tells them."""
    one = option(1)
    picture = quartile_odds(one)
    root = parsed(picture)
    odds = one.predictions.quartile_odds["fine_lines@periorbital"]
    shares = [getattr(odds, name).p50 for name in ("below_25", "from_25_to_50", "from_50_to_75", "above_75")]
    widths = [float(node.get("width", "nan")) for node in of_class(root, "quarter")[:4]]

    assert [wide / sum(widths) for wide in widths] == pytest.approx([share / sum(shares) for share in shares], abs=1e-3)
    for mark, bar in zip(of_class(root, "mark"), of_class(root, "whisker"), strict=True):
        assert float(bar.get("x1", "nan")) <= float(mark.get("cx", "nan")) <= float(bar.get("x2", "nan"))
    assert any(number(shares[0]) in cell for cell in cells(picture.table))


def test_harms_that_may_stay_are_apart_and_every_harm_is_shown_once() -> None:
    """Lasting harms stand first under their own heading; course and session have different marks on one scale."""
    one = option(1)
    root = parsed(risk_bars(one))
    names = [text for text in texts(root) if text in RISK_WORDS.values()]
    marks = of_class(root, "course")
    places = {node.get("data-risk"): float(node.get("cx", "nan")) for node in marks if node.get("data-risk")}
    chances = {name: getattr(one.predictions.risks, name).per_course.p50 for name in places}

    assert sorted(names) == sorted(RISK_WORDS.values())
    assert set(names[:3]) == {"Hypopigmentation", "Scarring", "Ectropion"}
    assert sorted(places, key=lambda name: places[name]) == sorted(chances, key=lambda name: chances[name])
    assert {row[3] for row in risk_bars(one).table.rows[:3]} == {"may stay"}


def test_improvement_bars_hold_their_median() -> None:
    """One bar a session and concern; the line of the middle lies inside it."""
    one = option(2)
    picture = improvement_by_session(one)
    root = parsed(picture)
    bars, lines = of_class(root, "band-bar"), of_class(root, "median")

    assert len(bars) == one.sessions * len(one.predictions.improvement_by_session_pct)
    for bar, line in zip(bars, lines, strict=True):
        top = float(bar.get("y", "nan"))
        assert top <= float(line.get("y1", "nan")) <= top + float(bar.get("height", "nan"))
    assert len(picture.table.rows) == len(bars)


def test_the_days_between_are_on_the_straight_line() -> None:
    """A day that the plan does not list lies between its neighbours, a listed one is as it stands."""
    days = option(1).predictions.symptoms
    listed, after = next(day for day in days if day.day == 14), next(day for day in days if day.day == 21)
    between = expected_levels(days, 16)["redness"]

    assert expected_levels(days, 14)["redness"] == listed.redness
    assert between.p50 == pytest.approx(listed.redness.p50 + (after.redness.p50 - listed.redness.p50) * 2 / 7)


def test_an_entry_above_its_band_is_said_in_words_shape_and_table() -> None:
    """More than expected has a mark of its own and is never softened; a sign not entered says so."""
    picture = day_expected(option(1), 3, {"redness": 9.5, "peeling": 2.0})
    root = parsed(picture)
    rows = {row[0]: row for row in picture.table.rows}
    over = of_class(root, "entry")

    assert [node.get("data-entry") for node in over] == ["redness", "peeling"]
    assert "over" in over[0].get("class", "")
    assert rows["Redness"][3] == "more than expected"
    assert rows["Peeling"][3] == "as expected"
    assert rows["Pain"][3] == "not entered"
    assert "▲ more than expected" in texts(root)


@given(level=st.floats(0, 10), day=st.integers(0, 84))
def test_an_entry_lies_right_of_the_band_exactly_when_it_is_above_it(level: float, day: int) -> None:
    """Place and words agree on every day and level."""
    root = parsed(day_expected(option(1), day, {"redness": level}))
    (entry,) = [node for node in root.iter() if node.get("data-entry")]
    band = next(node for node in of_class(root, "band-bar") if node.get("data-sign") == "redness")
    x = corners(entry)[0][0]
    right = float(band.get("x", "nan")) + float(band.get("width", "nan"))
    if "over" in entry.get("class", ""):
        assert x > float(band.get("x", "nan"))
        assert level > expected_levels(option(1).predictions.symptoms, day)["redness"].p90
    elif level > 0.5:
        assert x <= right + 0.02


@pytest.mark.parametrize(
    ("day", "observed", "kind", "text"),
    [
        (85, {}, OutOfRangeError, "Day 85 has no expected signs: the plan covers days 0 to 84 after a session"),
        (-1, {}, OutOfRangeError, "Day -1 has no expected signs"),
        (3, {"redness": 11}, OutOfRangeError, "redness is 11; a level is a number from 0"),
        (3, {"redness": float("nan")}, OutOfRangeError, "redness is nan"),
        (3, {"rednes": 1}, InputError, "'rednes' is no sign of the diary; the signs are redness, swelling"),
    ],
)
def test_a_day_or_entry_that_cannot_be_is_refused(
    day: int, observed: dict[str, float], kind: type[InputError], text: str
) -> None:
    """One sentence with the value and what is allowed."""
    with pytest.raises(kind, match=re.escape(text)):
        day_expected(option(1), day, observed)


def test_two_options_share_one_scale_in_each_row() -> None:
    """The bar of the larger middle ends further right; improvement leads where it is more, downtime where it is less."""
    a, b = option(1), option(2)
    rows = {row.name: row for row in compare_options(a, b)}

    def middle(svg: str) -> float:
        (line,) = [node for node in ET.fromstring(svg).iter() if node.get("class") == "median"]
        return float(line.get("x1", "nan"))

    gain, downtime = rows["Improvement: Fine lines, periorbital"], rows["Social downtime, a session"]
    assert middle(gain.bar_a) > middle(gain.bar_b)
    assert gain.leads == "a"
    assert middle(downtime.bar_a) > middle(downtime.bar_b)
    assert downtime.leads == "b"
    assert rows["Sessions"].difference == "+1.0"
    assert gain.text_a.startswith("52 (")


def test_a_concern_that_only_one_option_treats_has_a_dash() -> None:
    """Nothing is made up for the other."""
    rows = compare_options(option(1), option(2, concerns=("fine_lines@periorbital",)))
    row = next(row for row in rows if row.name == "Improvement: Age spots, cheek")

    assert (row.text_b, row.bar_b, row.difference, row.leads) == ("–", "", "–", "neither")


def test_tables_have_a_caption_headings_and_every_number() -> None:
    """The twin of a drawing can be read row by row."""
    table = Table(caption="a < b", columns=("What", "How much"), rows=(("depth", "3 µm"), ("empty", "")))
    html = table.html()
    root = ET.fromstring(html)

    assert root.findtext("caption") == "a < b"
    assert [node.text for node in root.iter("th")] == ["What", "How much", "depth", "empty"]
    assert [node.get("scope") for node in root.iter("th")] == ["col", "col", "row", "row"]
    assert [node.text for node in root.iter("td")] == ["3 µm", "–"]


@given(text=st.text())
def test_any_text_becomes_xml_and_comes_back(text: str) -> None:
    """Escaping loses nothing but what XML cannot hold, and markup is not escaped twice."""
    made = element("text", text, data_name=text)
    root = ET.fromstring(made)
    held = re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)

    assert "".join(root.itertext()) == held.replace("\r\n", "\n").replace("\r", "\n")
    assert element("g", made).count("&amp;amp;") == made.count("&amp;amp;")
    assert made.__html__() == made
    assert isinstance(made, Markup)


@given(span=st.floats(1e-6, 1e9), most=st.integers(1, 12))
def test_ticks_are_round_and_no_more_than_asked_for(span: float, most: int) -> None:
    """The step cuts the span into at most so many pieces, and fewer than two and a half times too few."""
    step = round_step(span, most)

    assert span / step <= most * (1 + 1e-6)
    assert span / step >= most / 2.6
    assert len(ticks(span, most)) <= most + 1


def test_a_logarithmic_scale_gives_each_decade_the_same_room() -> None:
    """What lies beyond an end sits on it."""
    scale = Scale(low=0.01, high=100, start=0, end=400, log=True)

    assert [scale(value) for value in (0.0, 0.01, 0.1, 1, 10, 100, 500)] == pytest.approx([0, 0, 100, 200, 300, 400, 400])


@pytest.mark.parametrize("name", ONE_AND_SLOWLY_ALL)
def test_every_option_of_the_examples_can_be_drawn(name: str) -> None:
    """The drawings of real plans are XML with tables; a plan without options draws nothing."""
    for one in planned(name).options:
        for picture in (*skin_sections(one), *(make(one) for make in MAKERS.values())):
            parsed(picture)
            assert all(len(row) == len(picture.table.columns) for row in picture.table.rows)
        assert compare_options(one, planned(name).options[0])
