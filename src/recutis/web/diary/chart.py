"""A diary day by day: what was expected as bands, what was entered as diamonds on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recutis.course.diary_triage import SIGNS, Levels
from recutis.plan.document import Option, Quantity
from recutis.web.diary.plain import SIGN_WORDS
from recutis.web.pictures import Markup, Picture, Table, expected_levels
from recutis.web.pictures.expected import verdict
from recutis.web.pictures.markup import element, joined
from recutis.web.pictures.picture import box, drawing, line, points_text, words
from recutis.web.pictures.scales import Scale, round_step

_WIDE: Final = 760.0
_LEFT: Final = 128.0
_TOP: Final = 22.0
_LANE: Final = 46.0
_GAP: Final = 12.0
_FEWEST_DAYS: Final = 14
_HALF: Final = 5.5
_STEPS: Final = (2.0, 5.0, 8.0)
Bands = Mapping[int, Mapping[str, Quantity]]


def diary_chart(option: Option | None, entries: Mapping[int, Levels], *, today: int) -> Picture:
    """A lane a sign over the days so far, fourteen at least; `entries` maps days to the levels that were entered."""
    symptoms = option.predictions.symptoms if option else ()
    last = max([_FEWEST_DAYS, today, *entries]) if entries else _FEWEST_DAYS
    across = Scale(low=0, high=last, start=_LEFT, end=_WIDE - 10)
    reach = range(symptoms[0].day, symptoms[-1].day + 1) if symptoms else range(0)
    bands = {day: expected_levels(symptoms, day) for day in range(last + 1) if day in reach}
    lanes = [_lane(sign, row, bands, entries, across) for row, sign in enumerate(SIGNS)]
    told = [_sentence(sign, bands, entries) for sign in SIGNS]
    title, text = "Entered and expected, day by day", " ".join(told)
    low = _TOP + len(SIGNS) * (_LANE + _GAP)
    foot = words(
        _LEFT, low + 8, "Band: 8 in 10 persons; line: middle; diamonds: entered (amber: more than expected).", "small soft"
    )
    svg = drawing(_heads(last, across), *lanes, foot, title=title, text=text, width=_WIDE, height=low + 16, kind="diary wide")
    return Picture(title=title, text=text, svg=svg, table=_table(bands, entries))


def _heads(last: int, across: Scale) -> Markup:
    step = max(round(round_step(last, 15)), 1)
    days = [words(across(day), _TOP - 8, str(day), "small soft num", anchor="middle") for day in range(0, last + 1, step)]
    return joined(words(0, _TOP - 8, "day", "small soft"), *days)


def _lane(sign: str, row: int, bands: Bands, entries: Mapping[int, Levels], across: Scale) -> Markup:
    top = _TOP + row * (_LANE + _GAP)
    up = Scale(low=0, high=10, start=top + _LANE - 4, end=top + 4)
    parts = [
        words(0, top + _LANE / 2 + 4, SIGN_WORDS[sign][0], "strong"),
        box(across.start, top, across.end - across.start, _LANE, "lane"),
        *(line(across.start, up(step), across.end, up(step), "grid") for step in _STEPS),
        _band(sign, bands, across, up),
    ]
    for day, levels in sorted(entries.items()):
        level = levels.get(sign)
        if level is not None:
            x, y = across(day), up(level)
            kind = "over" if _told(bands, day, sign, level) == "more than expected" else ""
            corners = [(x, y - _HALF), (x + _HALF, y), (x, y + _HALF), (x - _HALF, y)]
            parts.append(element("polygon", points=points_text(corners), class_=f"entry {kind}".strip()))
    return joined(*parts)


def _band(sign: str, bands: Bands, across: Scale, up: Scale) -> Markup:
    days = [(day, levels[sign]) for day, levels in sorted(bands.items())]
    if len(days) < 2:
        return Markup()
    high = [(across(day), up(level.p90)) for day, level in days]
    low = [(across(day), up(level.p10)) for day, level in days]
    middle = [(across(day), up(level.p50)) for day, level in days]
    return joined(
        element("polygon", points=points_text([*high, *reversed(low)]), class_="band-area", data_sign=sign),
        element("polyline", points=points_text(middle), class_="median", data_sign=sign),
    )


def _level(bands: Bands, day: int, sign: str) -> Quantity | None:
    return bands[day][sign] if day in bands else None


def _told(bands: Bands, day: int, sign: str, level: float) -> str:
    expected = _level(bands, day, sign)
    return "" if expected is None else verdict(expected, level)


def _sentence(sign: str, bands: Bands, entries: Mapping[int, Levels]) -> str:
    name = SIGN_WORDS[sign][0]
    told = {day: level for day, levels in entries.items() if (level := levels.get(sign)) is not None}
    if not told:
        return f"{name}: not entered."
    over = [str(day) for day in sorted(told) if _told(bands, day, sign, told[day]) == "more than expected"]
    more = f"more than expected on day {', '.join(over)}" if over else "never more than expected"
    return f"{name}: entered on {len(told)} day{'' if len(told) == 1 else 's'}, {more}."


def _table(bands: Bands, entries: Mapping[int, Levels]) -> Table:
    rows = [(f"Day {day}", *(_cell(bands, day, sign, entries[day].get(sign)) for sign in SIGNS)) for day in sorted(entries)]
    columns = ("When", *(SIGN_WORDS[sign][0] for sign in SIGNS))
    return Table(caption="Entered of 10, and where 8 in 10 persons lie", columns=columns, rows=tuple(rows))


def _cell(bands: Bands, day: int, sign: str, level: float | None) -> str:
    expected = _level(bands, day, sign)
    band = "" if expected is None else f" (expected {expected.p10:.1f} to {expected.p90:.1f})"
    return f"{'not entered' if level is None else f'{level:g}'}{band}"
