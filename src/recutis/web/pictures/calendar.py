"""The days after one session: seven signs in lanes with their bands, and the days on which life goes back to normal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from recutis.plan.document import Option, Quantity, SymptomDay
from recutis.report.figures.symptoms import LANES
from recutis.report.prediction import CLOCKS
from recutis.report.rows import interval_text, number
from recutis.web.pictures.markup import Markup, element, joined
from recutis.web.pictures.picture import NARROW, Picture, Table, box, drawing, line, points_text, words
from recutis.web.pictures.scales import Scale

_LEFT: Final = 106.0
_TOP: Final = 22.0
_LANE: Final = 34.0
_GAP: Final = 9.0
_CLOCK: Final = 21.0
_APART: Final = 12.0  # between days and weeks
_NEAR_DAYS: Final = 14
_WEEK: Final = 7
_STEPS: Final = (2.0, 5.0, 8.0)  # mild, moderate, strong
_FAINT: Final = 0.15  # levels that nobody would see
_WIDE_UNITS: Final = 760.0
_TOLD_DAYS: Final = (0, 1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 28, 42, 56, 84)
_MARKS: Final = {
    "closure_days": "circle",
    "makeup_day": "square",
    "return_to_work_day": "triangle",
    "social_downtime_days": "diamond",
}


@dataclass(frozen=True, kw_only=True)
class _Axes:
    near: Scale
    far: Scale | None
    right: float


def symptom_calendar(option: Option, *, wide: bool = False) -> Picture:
    """Lanes of day 0 to 14 and the weeks after: median line in the band of 8 in 10 persons; below them the clocks.

    `wide` draws the same for a broad page.
    """
    told = option.predictions
    axes = _axes(told.symptoms, wide=wide)
    lanes = [_lane(words_, name, row, told.symptoms, axes) for row, (words_, name) in enumerate(LANES)]
    low = _TOP + len(LANES) * (_LANE + _GAP)
    clocks = {name: (CLOCKS[name], getattr(told, name)) for name in _MARKS}
    inside = joined(_heads(axes), *lanes, _clocks(clocks, axes, low), _foot(low + len(clocks) * _CLOCK + 22))
    title = "Day by day after a session"
    text = " ".join(_sentence(words_, name, told.symptoms) for words_, name in LANES)
    height = low + len(clocks) * _CLOCK + 44
    svg = drawing(
        inside,
        title=title,
        text=text,
        width=_WIDE_UNITS if wide else NARROW,
        height=height,
        kind="calendar wide" if wide else "calendar",
    )
    return Picture(title=title, text=text, svg=svg, table=_table(option, clocks))


def _axes(symptoms: Sequence[SymptomDay], *, wide: bool) -> _Axes:
    right = (_WIDE_UNITS if wide else NARROW) - 8
    last = max((day.day for day in symptoms), default=0)
    if last <= _NEAR_DAYS:
        return _Axes(near=Scale(low=0, high=_NEAR_DAYS, start=_LEFT, end=right), far=None, right=right)
    split = _LEFT + (right - _LEFT) * 0.72
    return _Axes(
        near=Scale(low=0, high=_NEAR_DAYS, start=_LEFT, end=split),
        far=Scale(low=_NEAR_DAYS, high=last, start=split + _APART, end=right),
        right=right,
    )


def _heads(axes: _Axes) -> Markup:
    """The days and weeks above the lanes."""
    days = [words(axes.near(day), _TOP - 8, str(day), "small soft num", anchor="middle") for day in range(0, _NEAR_DAYS + 1, 2)]
    parts = [words(0, _TOP - 8, "day", "small soft"), *days]
    if axes.far is not None:
        weeks = range(4, round(axes.far.high / _WEEK) + 1, 4)
        places = [(axes.far(_WEEK * week), f"wk {week}" if week == weeks[0] else str(week)) for week in weeks]
        parts += [words(x, _TOP - 8, told, "small soft num", anchor="middle") for x, told in places]
    return joined(*parts)


def _lane(title: str, name: str, row: int, symptoms: Sequence[SymptomDay], axes: _Axes) -> Markup:
    top = _TOP + row * (_LANE + _GAP)
    up = Scale(low=0, high=10, start=top + _LANE, end=top)
    parts = [words(0, top + 14, title, "strong"), words(0, top + 28, _peak_words(name, symptoms), "small soft num")]
    for scale in filter(None, (axes.near, axes.far)):
        parts.append(box(scale.start, top, scale.end - scale.start, _LANE, "lane"))
        parts += [line(scale.start, up(step), scale.end, up(step), "grid") for step in _STEPS]
        days = [day for day in symptoms if scale.low <= day.day <= scale.high]
        levels = [getattr(day, name) for day in days]
        if len(days) > 1 and any(level.p90 >= _FAINT for level in levels):
            parts.append(_band([scale(day.day) for day in days], levels, up, name))
        elif scale is axes.near:
            parts.append(
                words((scale.start + scale.end) / 2, top + _LANE / 2 + 4, "none expected", "small soft", anchor="middle")
            )
    return joined(*parts)


def _band(x: list[float], levels: list[Quantity], up: Scale, name: str) -> Markup:
    high = [(at, up(level.p90)) for at, level in zip(x, levels, strict=True)]
    low = [(at, up(level.p10)) for at, level in zip(x, levels, strict=True)]
    middle = [(at, up(level.p50)) for at, level in zip(x, levels, strict=True)]
    return joined(
        element("polygon", points=points_text([*high, *reversed(low)]), class_="band-area", data_sign=name),
        element("polyline", points=points_text(middle), class_="median", data_sign=name),
    )


def _peak(name: str, symptoms: Sequence[SymptomDay]) -> tuple[int, Quantity] | None:
    """The day with the highest median, or None where nobody would see anything."""
    if all(getattr(day, name).p90 < _FAINT for day in symptoms):
        return None
    day = max(symptoms, key=lambda one: (getattr(one, name).p50, getattr(one, name).p90))
    return day.day, getattr(day, name)


def _peak_words(name: str, symptoms: Sequence[SymptomDay]) -> str:
    peak = _peak(name, symptoms)
    if peak is None:
        return ""
    _, level = peak
    return f"{_level(level.p50)} ({_level(level.p10)}–{_level(level.p90)})"


def _level(value: float) -> str:
    return "0" if value < _FAINT else f"{value:.0f}" if value >= 0.95 else f"{value:.1f}"


def _sentence(title: str, name: str, symptoms: Sequence[SymptomDay]) -> str:
    peak = _peak(name, symptoms)
    if peak is None:
        return f"{title}: none expected."
    day, level = peak
    return f"{title}: strongest on day {day}, {_level(level.p50)} of 10 ({_level(level.p10)} to {_level(level.p90)})."


def _clocks(clocks: dict[str, tuple[str, Quantity]], axes: _Axes, low: float) -> Markup:
    """A row a clock: its range as a bar, its middle as a mark of its own shape, and both as text."""
    parts = []
    for row, (name, (told, day)) in enumerate(clocks.items()):
        y = low + row * _CLOCK + 8
        ends = [_place(value, axes) for value in (day.p10, day.p50, day.p90)]
        if day.p50 > 0:
            parts.append(line(ends[1], _TOP, ends[1], y, "clock-line"))
        parts.append(words(0, y + 4, told, "small"))
        parts.append(line(ends[0], y, ends[2], y, "whisker"))
        parts.append(_mark(_MARKS[name], ends[1], y, name))
        parts.append(_clock_text(day, ends, y, axes))
    return joined(*parts)


def _clock_text(day: Quantity, ends: list[float], y: float, axes: _Axes) -> Markup:
    told = "same day" if day.p90 < 0.5 else interval_text(day.model_copy(update={"provisional": False, "unit": "day"}))
    right = ends[2] + 12
    if right + 7 * len(told) > axes.right:
        return words(ends[0] - 12, y + 4, told, "small soft num", anchor="end")
    return words(right, y + 4, told, "small soft num")


def _place(day: float, axes: _Axes) -> float:
    return axes.near(day) if axes.far is None or day <= _NEAR_DAYS else axes.far(day)


def _mark(shape: str, x: float, y: float, name: str) -> Markup:
    if shape == "circle":
        return element("circle", cx=x, cy=y, r=4.5, class_="mark", data_clock=name)
    corners = {
        "square": [(-4.2, -4.2), (4.2, -4.2), (4.2, 4.2), (-4.2, 4.2)],
        "triangle": [(0, -5.4), (5.2, 4), (-5.2, 4)],
        "diamond": [(0, -5.8), (5.4, 0), (0, 5.8), (-5.4, 0)],
    }[shape]
    return element("polygon", points=points_text([(x + a, y + b) for a, b in corners]), class_="mark", data_clock=name)


def _foot(y: float) -> Markup:
    return joined(
        words(0, y, "Line: middle; band: 8 in 10 persons; numbers: the peak.", "small soft"),
        words(0, y + 15, "Dotted lines: mild (2), moderate (5), strong (8 of 10).", "small soft"),
    )


def _table(option: Option, clocks: dict[str, tuple[str, Quantity]]) -> Table:
    rows = [
        (f"Day {day.day}", *(_cell(getattr(day, name)) for _, name in LANES))
        for day in option.predictions.symptoms
        if day.day in _TOLD_DAYS
    ]
    rows += [
        (
            told[:1].upper() + told[1:],
            f"day {number(day.p50, 'day')} ({number(day.p10, 'day')} to {number(day.p90, 'day')})",
            *("" for _ in LANES[1:]),
        )
        for told, day in clocks.values()
    ]
    columns = ("When", *(title for title, _ in LANES))
    return Table(caption="Level of 10 each day: middle, and where 8 in 10 persons lie", columns=columns, rows=tuple(rows))


def _cell(level: Quantity) -> str:
    if level.p90 < _FAINT:
        return "none"
    return f"{level.p50:.1f} ({level.p10:.1f} to {level.p90:.1f})"
