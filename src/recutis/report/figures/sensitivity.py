"""How the plan's middle figures move when the person or the device differs from what is assumed."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from recutis.plan.document import Sensitivity
from recutis.report.figures.canvas import INK, LINE, MUTED, RUST, TEAL, framed, note
from recutis.report.rows import signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LETTERS: Final = 44  # of a row's words on one line
_ROW_MM: Final = 6.4
_COLUMNS: Final = (
    ("improvement_points", "improvement [points]", 1, 4.0),
    ("downtime_days", "downtime [days]", -1, 1.0),
    ("pih_points", "dark marks [in 100]", -1, 2.0),
)
"""Field, title, whether more is better, and the least span of half the axis."""


def sensitivity_figure(items: tuple[Sensitivity, ...]) -> Figure:
    """Three charts that share rows: teal is better for the person, rust worse; a rust mark says that a limit would break."""
    figure = framed(178, 13 + _ROW_MM * max(len(items), 1), left_mm=66, right_mm=5, top_mm=6, bottom_mm=4, apart=0.14)
    every = figure.subplots(1, len(_COLUMNS), sharey=True)
    for axes, (field, title, better, least) in zip(every, _COLUMNS, strict=True):
        _column(axes, [getattr(item, field) for item in items], title, better, least)
    first = every[0]
    first.set_ylim(len(items) - 0.4, -0.6)
    first.set_yticks([])
    place = first.get_yaxis_transform()
    for row, item in enumerate(items):
        words = "\n".join(textwrap.wrap(item.what[:1].upper() + item.what[1:], _LETTERS, max_lines=2, placeholder=" …"))
        note(first, -0.13, row, words, transform=place, ha="right", va="center", color=INK, fontsize=7, linespacing=1.0)
        if item.breaks:
            note(first, -0.03, row, "!", transform=place, ha="right", va="center", color=RUST, fontsize=8.5, fontweight="bold")
    return figure


def _column(axes: Axes, values: list[float], title: str, better: int, least: float) -> None:
    reach = max([least, *(abs(value) for value in values)])
    axes.set_xlim(-1.42 * reach, 1.42 * reach)
    rows = range(len(values))
    axes.barh(rows, values, height=0.56, color=[TEAL if value * better >= 0 else RUST for value in values], lw=0)
    for row, value in zip(rows, values, strict=True):
        right = value >= 0
        place = value + (0.04 if right else -0.04) * reach
        note(axes, place, row, signed(value), ha="left" if right else "right", va="center", color=INK, fontsize=6.8)
    axes.axvline(0, color=MUTED, lw=0.7)
    for row in range(1, len(values)):
        axes.axhline(row - 0.5, color=LINE, lw=0.4, zorder=0)
    axes.set_title(title, fontsize=7, color=MUTED, fontweight="regular", loc="center")
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
