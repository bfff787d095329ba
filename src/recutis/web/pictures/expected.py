"""One day of the diary: what was expected for each sign, and where the person's entry lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from recutis.errors import InputError, OutOfRangeError
from recutis.plan.document import Option, Quantity, SymptomDay
from recutis.report.figures.symptoms import LANES
from recutis.web.pictures.markup import Markup, element, joined
from recutis.web.pictures.picture import NARROW, Picture, Table, box, drawing, line, points_text, words
from recutis.web.pictures.scales import Scale

_ROW: Final = 40.0
_TOP: Final = 20.0
_HIGHEST: Final = 10.0
_WORDS: Final = ((0.0, "none"), (2.0, "mild"), (5.0, "moderate"), (8.0, "strong"))
SIGNS: Final = tuple(name for _, name in LANES)


def day_expected(option: Option, day: int, observed: Mapping[str, float | None]) -> Picture:
    """A row a sign: the band of 8 in 10 persons on that day, its median, and what was entered as a diamond.

    `observed` maps names of signs (`redness`, `swelling`, ...) to levels from 0 to 10; None or absent is not entered.
    Days between two days of the plan lie on the straight line between them. Raises OutOfRangeError for a day that the
    plan does not reach and for a level outside 0 to 10, InputError for an unknown sign.
    """
    _check(observed)
    levels = expected_levels(option.predictions.symptoms, day)
    across = Scale(low=0, high=_HIGHEST, start=8, end=NARROW - 8)
    parts, rows = [_heads(across)], []
    for row, (name, sign) in enumerate(LANES):
        level, entry = levels[sign], observed.get(sign)
        told = verdict(level, entry)
        parts.append(_row(name, sign, level, entry, told, across, _TOP + row * _ROW))
        rows.append((name, "" if entry is None else f"{entry:g}", _band_text(level), told))
    title = f"Day {day}: expected and entered"
    text = " ".join(
        f"{name}: {told}{f', entered {entry}' if entry else ''}, expected {band}." for name, entry, band, told in rows
    )
    table = Table(
        caption=title, columns=("Sign", "Entered, of 10", "Expected: middle (8 in 10 persons)", "Entry"), rows=tuple(rows)
    )
    svg = drawing(*parts, title=title, text=text, width=NARROW, height=_TOP + len(LANES) * _ROW + 2, kind="expected")
    return Picture(title=title, text=text, svg=svg, table=table)


def verdict(level: Quantity, entry: float | None) -> str:
    """'not entered', 'more than expected', 'less than expected' or 'as expected'; never a judgement of safety."""
    if entry is None:
        return "not entered"
    if entry > max(level.p90, 0.5):  # half a point is the grain of an entry
        return "more than expected"
    return "less than expected" if entry < level.p10 - 0.5 else "as expected"


def expected_levels(symptoms: Sequence[SymptomDay], day: int) -> dict[str, Quantity]:
    """Each sign's band on a day, on the straight line between the days of the plan around it.

    Raises OutOfRangeError for a day before the first or after the last.
    """
    days = [one.day for one in symptoms]
    if not days or not days[0] <= day <= days[-1]:
        span = f"days {days[0]} to {days[-1]}" if days else "no day"
        msg = f"Day {day} has no expected signs: the plan covers {span} after a session. Choose one of these days."
        raise OutOfRangeError(msg)
    after = next(one for one in symptoms if one.day >= day)
    before = [one for one in symptoms if one.day <= day][-1]
    share = 0.0 if after.day == before.day else (day - before.day) / (after.day - before.day)
    return {sign: _between(getattr(before, sign), getattr(after, sign), share) for sign in SIGNS}


def _between(first: Quantity, second: Quantity, share: float) -> Quantity:
    ends = {name: (1 - share) * getattr(first, name) + share * getattr(second, name) for name in ("p10", "p50", "p90")}
    return first.model_copy(update=ends)


def _check(observed: Mapping[str, float | None]) -> None:
    for sign, entry in observed.items():
        if sign not in SIGNS:
            msg = f"'{sign}' is no sign of the diary; the signs are {', '.join(SIGNS)}."
            raise InputError(msg)
        if entry is not None and not 0 <= entry <= _HIGHEST:
            msg = f"{sign} is {entry:g}; a level is a number from 0 (none) to 10 (worst)."
            raise OutOfRangeError(msg)


def _heads(across: Scale) -> Markup:
    ticks = [words(across(level), 11, word, "small soft", anchor="start" if level == 0 else "middle") for level, word in _WORDS]
    return joined(*ticks)


def _row(name: str, sign: str, level: Quantity, entry: float | None, told: str, across: Scale, top: float) -> Markup:
    y = top + 28
    kind = {"more than expected": "over", "less than expected": "under"}.get(told, "")
    parts = [
        words(0, top + 15, name, "strong"),
        words(
            NARROW,
            top + 15,
            f"{'▲ ' if kind == 'over' else ''}{told}" if entry is not None else f"expected {_band_text(level)}",
            f"small num {kind or 'soft'}",
            anchor="end",
        ),
        box(across(0), y - 5, across(_HIGHEST) - across(0), 10, "lane", round_=5),
        *(line(across(step), y - 5, across(step), y + 5, "grid") for step, _ in _WORDS[1:]),
        element(
            "rect",
            x=across(level.p10),
            y=y - 5,
            width=max(across(level.p90) - across(level.p10), 3.0),
            height=10,
            rx=3,
            class_="band-bar",
            data_sign=sign,
        ),
        line(across(level.p50), y - 7, across(level.p50), y + 7, "median"),
    ]
    if entry is not None:
        x = across(entry)
        corners = [(x, y - 7.5), (x + 7, y), (x, y + 7.5), (x - 7, y)]
        parts.append(element("polygon", points=points_text(corners), class_=f"entry {kind}".strip(), data_entry=sign))
    return joined(*parts)


def _band_text(level: Quantity) -> str:
    if level.p90 < 0.15:
        return "none"
    return f"{level.p50:.1f} ({level.p10:.1f}–{level.p90:.1f})"
