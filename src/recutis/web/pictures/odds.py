"""How likely each quarter of improvement is, one stacked bar a concern, with the range of each share."""

from __future__ import annotations

from typing import Final

from recutis.plan.document import Option, Quantity, QuartileOdds
from recutis.report.rows import number
from recutis.report.words import concern_words
from recutis.web.pictures.markup import Markup, element, joined
from recutis.web.pictures.picture import NARROW, Picture, Table, box, drawing, line, shortened, span_words, words
from recutis.web.pictures.scales import Scale

PARTS: Final = (
    ("below_25", "below 25 %"),
    ("from_25_to_50", "25 to 50 %"),
    ("from_50_to_75", "50 to 75 %"),
    ("above_75", "above 75 %"),
)
_NONE: Final = ("no_visible_change", "of these, no visible change")
_BAR: Final = 30.0
_ROW: Final = 19.0
_LEFT: Final = 132.0
_TELLS: Final = 7.0  # percent; narrower parts hold no number
_LETTERS: Final = 44


def quartile_odds(option: Option) -> Picture:
    """Of 100 persons like this one, how many improve by each quarter; the share with no visible change is hatched."""
    parts, rows, sentences, y = [], [], [], 0.0
    for key, odds in option.predictions.quartile_odds.items():
        name = concern_words(key)
        drawn, y = _concern(name, odds, y)
        parts.append(drawn)
        told = {word: getattr(odds, field) for field, word in (*PARTS, _NONE)}
        rows += [(f"{name}: {word}", _share(share)) for word, share in told.items()]
        sentences.append(f"{name}: {', '.join(f'{number(share.p50)} in 100 {word}' for word, share in told.items())}.")
    title = "How much better, of 100 persons like this one"
    if not parts:
        parts, y = [words(0, 18, "No improvement was computed.", "soft")], 26.0
    text = " ".join(sentences) or "No improvement was computed."
    svg = drawing(*parts, title=title, text=text, width=NARROW, height=y, kind="odds")
    return Picture(
        title=title,
        text=text,
        svg=svg,
        table=Table(caption=title, columns=("Improvement", "In 100 (8 in 10 persons)"), rows=tuple(rows)),
    )


def _share(share: Quantity) -> str:
    return span_words(share)


def _concern(name: str, odds: QuartileOdds, top: float) -> tuple[Markup, float]:
    y = top + 16
    parts = [words(0, y, shortened(name, _LETTERS), "strong")]
    y += 8
    parts.append(_stack(odds, y))
    y += _BAR + 12
    across = Scale(low=0, high=100, start=_LEFT, end=NARROW - 76)
    rows = (*PARTS, _NONE)
    parts += [line(across(share), y - 6, across(share), y + len(rows) * _ROW - 6, "grid") for share in (0, 25, 50, 75, 100)]
    for place, (field, word) in enumerate(rows):
        parts.append(_range(getattr(odds, field), word, field, across, y + place * _ROW))
    y += len(rows) * _ROW
    ends = ((0, "middle"), (50, "middle"), (100, "middle"))
    parts += [words(across(share), y + 6, f"{share}", "small soft num", anchor=place) for share, place in ends]
    return joined(*parts), y + 18


def _stack(odds: QuartileOdds, y: float) -> Markup:
    whole = sum(getattr(odds, field).p50 for field, _ in PARTS) or 1.0
    left, parts = 0.0, []
    for place, (field, _) in enumerate(PARTS):
        wide = NARROW * getattr(odds, field).p50 / whole
        parts.append(box(left, y, wide, _BAR, f"quarter quarter-{place + 1}"))
        if 100 * wide / NARROW >= _TELLS:
            parts.append(
                words(
                    left + wide / 2,
                    y + _BAR / 2 + 5,
                    f"{100 * wide / NARROW:.0f}",
                    f"quarter-text-{place + 1} big num",
                    anchor="middle",
                )
            )
        left += wide
    none = min(NARROW * odds.no_visible_change.p50 / whole, NARROW * odds.below_25.p50 / whole)
    parts.append(_hatched(none, y))
    return joined(*parts)


def _hatched(wide: float, y: float) -> Markup:
    """Slanting strokes from the left edge, cut at the end of the share."""
    parts, step = [], 7.0
    for number_ in range(int((wide + _BAR) / step) + 1):
        foot = number_ * step
        low, high = max(0.0, foot - wide), min(foot, _BAR)
        if high > low:
            parts.append(line(foot - low, y + low, foot - high, y + high, "hatch"))
    return joined(*parts)


def _range(share: Quantity, word: str, field: str, across: Scale, y: float) -> Markup:
    place = next((at for at, (name, _) in enumerate(PARTS) if name == field), None)
    mark = "swatch" if place is None else f"swatch quarter-{place + 1}"
    told = "no visible change" if place is None else word
    return joined(
        box(0, y - 5.5, 11, 11, mark, round_=2) if place is not None else _small_hatch(y),
        words(17, y + 4, told, "small num"),
        line(across(share.p10), y, across(share.p90), y, "whisker"),
        element("circle", cx=across(share.p50), cy=y, r=4, class_="mark"),
        words(NARROW, y + 4, span_words(share), "small num", anchor="end"),
    )


def _small_hatch(y: float) -> Markup:
    frame = box(0, y - 5.5, 11, 11, "swatch", round_=2)
    return joined(frame, *(line(x, y - 5.5 if x else y, max(x - 11, 0), y + 5.5, "hatch") for x in (5.5, 11)))
