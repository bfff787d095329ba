"""Chances of harm on a logarithmic scale: those that pass and those that may stay, kept apart."""

from __future__ import annotations

from typing import Final

from recutis.plan.document import Option, Quantity, Risk
from recutis.report.figures.risks import LASTING, risk_order
from recutis.report.rows import quantity_text
from recutis.report.words import RISK_WORDS
from recutis.web.pictures.markup import Markup, element, joined
from recutis.web.pictures.picture import NARROW, Picture, Table, drawing, line, span_words, words
from recutis.web.pictures.scales import Scale

_LEAST: Final = 0.01  # percent; left end of the axis, smaller chances sit on it
_ROW: Final = 42.0
_TICKS: Final = ((0.01, "≤0.01 %"), (0.1, "0.1"), (1.0, "1"), (10.0, "10"), (100.0, "100 %"))
GROUPS: Final = (
    ("May stay", LASTING),
    ("Pass with time or treatment", tuple(name for name in risk_order() if name not in LASTING)),
)


def risk_bars(option: Option) -> Picture:
    """A row a harm: full mark for the course, open mark for one session, each with its range."""
    risks = option.predictions.risks
    across = Scale(low=_LEAST, high=100, start=6, end=NARROW - 6, log=True)
    parts, y = [_key()], 34.0
    for heading, names in GROUPS:
        lasting = names is LASTING
        parts.append(_group(heading, y, lasting=lasting))
        y += 22
        for name in names:
            parts.append(_row(RISK_WORDS[name], name, getattr(risks, name), across, y, lasting=lasting))
            y += _ROW
        parts.append(_axis(across, y))
        y += 32
    title = "Chance of harm in the course, and in one session"
    ordered = [(heading, name, getattr(risks, name)) for heading, names in GROUPS for name in names]
    text = " ".join(f"{RISK_WORDS[name]}: {_percent(risk.per_course)} in the course." for _, name, risk in ordered)
    rows = tuple(
        (RISK_WORDS[name], _percent(risk.per_course), _percent(risk.per_session), heading.lower(), risk.note)
        for heading, name, risk in ordered
    )
    table = Table(caption=title, columns=("Harm", "Whole course", "One session", "Kind", "Note"), rows=rows)
    return Picture(
        title=title,
        text=text,
        svg=drawing(*parts, title=title, text=text, width=NARROW, height=y - 10, kind="risks"),
        table=table,
    )


def _percent(chance: Quantity) -> str:
    return quantity_text(chance)


def _key() -> Markup:
    return joined(
        _whisker_mark(16, 12, "course"), words(30, 16, "whole course", "small soft"),
        _whisker_mark(136, 12, "session"), words(150, 16, "one session; bars: 8 in 10 persons", "small soft"),
    )  # fmt: skip


def _whisker_mark(x: float, y: float, kind: str) -> Markup:
    return joined(line(x - 10, y, x + 10, y, f"whisker {kind}"), element("circle", cx=x, cy=y, r=4, class_=f"mark {kind}"))


def _group(heading: str, y: float, *, lasting: bool) -> Markup:
    flag = element("path", d=f"M2 {y + 8:.1f} l7 -12 l7 12 z", class_="flag") if lasting else Markup()
    return joined(flag, words(24 if lasting else 0, y + 8, heading, "strong heading"))


def _row(name: str, field: str, risk: Risk, across: Scale, y: float, *, lasting: bool) -> Markup:
    group = "lasting" if lasting else "passing"
    told = risk.per_course
    text = span_words(told)
    marks = []
    for chance, kind, at in ((risk.per_session, "session", y + 30), (told, "course", y + 21)):
        marks.append(line(across(chance.p10), at, across(chance.p90), at, f"whisker {kind} {group}"))
        marks.append(
            element(
                "circle",
                cx=across(chance.p50),
                cy=at,
                r=4 if kind == "course" else 3,
                class_=f"mark {kind} {group}",
                data_risk=field,
            )
        )
    return joined(
        line(0, y + 38, NARROW, y + 38, "rule"),
        words(0, y + 12, name),
        words(NARROW, y + 12, text, "num", anchor="end"),
        *(line(across(value), y + 16, across(value), y + 35, "grid") for value, _ in _TICKS),
        *marks,
    )


def _axis(across: Scale, y: float) -> Markup:
    ends = {0.01: "start", 100.0: "end"}
    return joined(
        *(
            words(
                0 if value == _LEAST else NARROW if value == 100 else across(value),
                y + 10,
                word,
                "small soft num",
                anchor=ends.get(value, "middle"),
            )
            for value, word in _TICKS
        )
    )
