"""Improvement of each concern after each session, when matured."""

from __future__ import annotations

from typing import Final

from recutis import evidence
from recutis.plan.document import Option, Quantity
from recutis.report.rows import number
from recutis.report.words import concern_words
from recutis.web.pictures.markup import Markup, element
from recutis.web.pictures.picture import NARROW, Picture, Table, box, drawing, line, shortened, span_words, words
from recutis.web.pictures.scales import Scale

_LEFT: Final = 44.0
_HIGH: Final = 132.0
_GAP: Final = 26.0
_LETTERS: Final = 46
_BAR: Final = 26.0


def improvement_by_session(option: Option) -> Picture:
    """A panel a concern: the band of 8 in 10 persons and the median after each session."""
    parts, rows, sentences, top = [], [], [], 0.0
    for key, told in option.predictions.improvement_by_session_pct.items():
        name = concern_words(key)
        parts.append(_panel(name, told, top + 28))
        top += 28 + _HIGH + _GAP
        rows += [(f"{name}, after session {at}", _cell(one)) for at, one in enumerate(told, start=1)]
        if told:
            sentences.append(
                f"{name}: {number(told[-1].p50)} % better after session {len(told)} ({number(told[-1].p10)} to {number(told[-1].p90)})."
            )
    title = "Improvement after each session, when matured"
    if not parts:
        parts, top = [words(0, 18, "No improvement was computed.", "soft")], 26.0
    text = " ".join(sentences) or "No improvement was computed."
    table = Table(caption=title, columns=("When", "Improvement"), rows=tuple(rows))
    svg = drawing(*parts, title=title, text=text, width=NARROW, height=top, kind="gains")
    return Picture(title=title, text=text, svg=svg, table=table)


def _cell(one: Quantity) -> str:
    return span_words(one)


def _panel(name: str, told: tuple[Quantity, ...], top: float) -> Markup:
    low = min([0.0, *(one.p10 for one in told)])
    up = Scale(low=low, high=100, start=top + _HIGH, end=top)
    parts = [words(0, top - 12, shortened(name, _LETTERS), "strong")]
    seen = evidence.value("plan.visible_change")
    parts.append(box(_LEFT, up(seen), NARROW - _LEFT, up(low) - up(seen), "unseen"))
    for share in (0, 25, 50, 75, 100):
        parts.append(line(_LEFT, up(share), NARROW, up(share), "grid"))
        parts.append(
            words(_LEFT - 8, up(share) + 4, f"{share} %" if share == 100 else str(share), "small soft num", anchor="end")
        )
    step = (NARROW - _LEFT) / max(len(told), 1)
    for at, one in enumerate(told):
        x = _LEFT + step * (at + 0.5)
        bar = min(_BAR, 0.6 * step)
        parts.append(box(x - bar / 2, up(one.p90), bar, up(one.p10) - up(one.p90), "band-bar", round_=3))
        parts.append(line(x - bar / 2 - 3, up(one.p50), x + bar / 2 + 3, up(one.p50), "median"))
        if step >= 46:
            parts.append(words(x + bar / 2 + 6, up(one.p50) + 4, number(one.p50), "num"))
        parts.append(words(x, top + _HIGH + 16, str(at + 1), "small num", anchor="middle"))
    parts.append(words(0, top + _HIGH + 16, "session", "small soft"))
    parts.append(words(NARROW - 2, up(0) - 3, "no visible change", "small soft", anchor="end"))
    return element("g", *parts)
