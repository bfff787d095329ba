"""Two options side by side: rows of the same quantities with small bars on one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from recutis.plan.document import Option, Quantity
from recutis.report.rows import exact, quantity_text, signed
from recutis.report.words import RISK_WORDS, concern_words
from recutis.web.pictures.markup import Markup, element
from recutis.web.pictures.picture import Table, box, drawing, line
from recutis.web.pictures.scales import Scale

Better = Literal["more", "less", "neither"]
_WIDE: Final = 150.0
_HIGH: Final = 18.0
_LEAST_SPAN: Final = {"pct": 5.0, "days": 2.0, "day": 2.0, "0-10": 10.0, "min": 10.0}
_RISKS: Final = ("pih", "hypopigmentation", "scarring", "herpes", "bacterial_infection")


@dataclass(frozen=True, kw_only=True)
class ComparedRow:
    """One quantity of two options: texts, small drawings on one scale, and what the second has more or less than the first.

    A side that does not hold the quantity has the text '–' and no drawing. `leads` says whose middle is better: a, b or neither.
    """

    name: str
    better: Better
    text_a: str
    text_b: str
    bar_a: Markup
    bar_b: Markup
    difference: str
    leads: Literal["a", "b", "neither"]


def compare_options(a: Option, b: Option) -> tuple[ComparedRow, ...]:
    """Improvement, time, pain, sessions, harms and price of two options; both bars of a row share one scale."""
    one, other = a.predictions, b.predictions
    keys = dict.fromkeys((*one.improvement_pct, *other.improvement_pct))
    rows = [
        _row(f"Improvement: {concern_words(key)}", "more", one.improvement_pct.get(key), other.improvement_pct.get(key), high=100)
        for key in keys
    ]
    rows.append(_counted("Sessions", a.sessions, b.sessions))
    told: tuple[tuple[str, str], ...] = (
        ("Social downtime, a session", "social_downtime_days"), ("Skin closed", "closure_days"),
        ("Back at work", "return_to_work_day"), ("Make-up from", "makeup_day"),
        ("Redness gone", "erythema_resolution_days"), ("Pain", "pain_0_10"),
    )  # fmt: skip
    rows += [
        _row(name, "less", getattr(one, field), getattr(other, field), high=10 if field == "pain_0_10" else None)
        for name, field in told
    ]
    rows.append(_row("Time in the clinic, a session", "less", one.chair_minutes.total, other.chair_minutes.total))
    rows += [
        _row(
            f"{RISK_WORDS[name]}, in the course",
            "less",
            getattr(one.risks, name).per_course,
            getattr(other.risks, name).per_course,
        )
        for name in _RISKS
    ]
    if a.price is not None or b.price is not None:
        rows.append(_counted("Price of the course", a.price, b.price))
    return tuple(rows)


def comparison_table(rows: tuple[ComparedRow, ...], name_a: str, name_b: str) -> Table:
    """The rows as text."""
    cells = tuple((row.name, row.text_a, row.text_b, row.difference) for row in rows)
    return Table(caption=f"{name_a} and {name_b}", columns=("", name_a, name_b, "Difference of the middles"), rows=cells)


def _row(name: str, better: Better, a: Quantity | None, b: Quantity | None, *, high: float | None = None) -> ComparedRow:
    told = [one for one in (a, b) if one is not None]
    unit = told[0].unit if told else ""
    top = high or max([_LEAST_SPAN.get(unit, 1.0), *(one.p90 for one in told)])
    low = min([0.0, *(one.p10 for one in told)])
    scale = Scale(low=low, high=top, start=4, end=_WIDE - 4)
    return ComparedRow(
        name=name,
        better=better,
        text_a="–" if a is None else quantity_text(a),
        text_b="–" if b is None else quantity_text(b),
        bar_a=_bar(name, a, scale),
        bar_b=_bar(name, b, scale),
        difference=_difference(None if a is None else a.p50, None if b is None else b.p50),
        leads=_leads(better, None if a is None else a.p50, None if b is None else b.p50),
    )


def _counted(name: str, a: float | None, b: float | None) -> ComparedRow:
    return ComparedRow(
        name=name, better="less", text_a="–" if a is None else exact(a), text_b="–" if b is None else exact(b),
        bar_a=Markup(), bar_b=Markup(), difference=_difference(a, b), leads=_leads("less", a, b),
    )  # fmt: skip


def _difference(a: float | None, b: float | None) -> str:
    if a is None or b is None:
        return "–"
    return "same" if signed(b - a) == "0" else signed(b - a)


def _leads(better: Better, a: float | None, b: float | None) -> Literal["a", "b", "neither"]:
    if a is None or b is None or better == "neither" or signed(b - a) == "0":
        return "neither"
    return "b" if (b > a) == (better == "more") else "a"


def _bar(name: str, told: Quantity | None, scale: Scale) -> Markup:
    if told is None:
        return Markup()
    left, right = scale(told.p10), scale(told.p90)
    return drawing(
        line(0, _HIGH - 1, _WIDE, _HIGH - 1, "rule"),
        box(left, 4, max(right - left, 3.0), _HIGH - 8, "band-bar", round_=3),
        element("line", x1=scale(told.p50), y1=1, x2=scale(told.p50), y2=_HIGH - 1, class_="median"),
        title=f"{name}: {quantity_text(told)}", text="Bar: 8 in 10 persons; line: the middle.", width=_WIDE, height=_HIGH, kind="small",
    )  # fmt: skip
