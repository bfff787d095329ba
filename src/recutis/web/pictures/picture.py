"""A picture for the page: the drawing, what it says in words, and the same numbers as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from recutis.plan.document import Quantity
from recutis.report.rows import quantity_text
from recutis.web.pictures.markup import Markup, element, joined

NARROW: Final = 400.0
"""Units across a drawing that is read on a phone; a unit is about a pixel there."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of text; the first cell of a row is its heading."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def html(self) -> Markup:
        """The table with its caption and headings."""
        head = element("tr", *(element("th", name, scope="col") for name in self.columns))
        body = [
            element("tr", element("th", row[0], scope="row"), *(element("td", cell or "–") for cell in row[1:]))
            for row in self.rows
        ]
        return element(
            "table", element("caption", self.caption), element("thead", head), element("tbody", *body),
            class_="picture-table",
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A drawing and its twins: `text` is one or two sentences, `table` holds every number that is drawn."""

    title: str
    text: str
    svg: Markup
    table: Table

    def html(self) -> Markup:
        """The drawing with its table folded away below it."""
        told = element("details", element("summary", "Numbers as a table"), self.table.html(), class_="picture-numbers")
        return element("figure", self.svg, told, class_="picture")


def drawing(*inside: str, title: str, text: str, width: float, height: float, kind: str) -> Markup:
    """The root of a drawing, which a reader of screens tells as one picture."""
    return element(
        "svg", element("title", title), element("desc", text), joined(*inside),
        xmlns="http://www.w3.org/2000/svg", role="img", class_=f"pic pic-{kind}", viewBox=f"0 0 {width:g} {height:.0f}",
        focusable="false",
    )  # fmt: skip


def words(x: float, y: float, text: str, kind: str = "", *, anchor: str = "start") -> Markup:
    """A line of text whose baseline starts, centres or ends at a place; `kind` are classes of the style sheet."""
    side = {"start": "", "middle": "mid", "end": "end"}[anchor]
    return element("text", text, x=x, y=y, class_=" ".join(filter(None, (side, kind))) or None)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def box(x: float, y: float, width: float, height: float, kind: str, *, round_: float | None = None) -> Markup:
    """A rectangle; one without width or height draws nothing."""
    return element("rect", x=x, y=y, width=max(width, 0.0), height=max(height, 0.0), rx=round_, class_=kind)


def points_text(points: list[tuple[float, float]]) -> str:
    """Points for a polygon or a polyline, at a hundredth of a unit."""
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in points)


def span_words(quantity: Quantity) -> str:
    """'7.1 (1.4–26) %': as the report tells it, without the mark of what is provisional, which the tables keep."""
    return quantity_text(quantity.model_copy(update={"provisional": False}))


def shortened(text: str, letters: int) -> str:
    """The text, or its start with an ellipsis where it is longer."""
    return text if len(text) <= letters else f"{text[: letters - 1].rstrip()}…"
