"""Odds of each quarter of improvement, stacked, with how well each is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from recutis.plan.document import QuartileOdds
from recutis.report.figures.canvas import INK, LINE, blank, note

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARTS: Final = (
    ("below_25", "below 25 %", "#d3dadd"),
    ("from_25_to_50", "25 to 50 %", "#a3cdd1"),
    ("from_50_to_75", "50 to 75 %", "#4d98a0"),
    ("above_75", "above 75 %", "#0b525a"),
)
_LEAST_TOLD: Final = 5.0  # percent; narrower parts hold no number


def quarters_figure(odds: Mapping[str, QuartileOdds], *, title: str) -> Figure:
    """One stacked bar a concern (left) and the 80 % range of each part over what is not known (right)."""
    figure = blank(178, 20 + 25 * max(len(odds), 1))
    figure.suptitle(title, x=0.012, ha="left", fontsize=9.5, fontweight="medium", color=INK)
    rows = figure.subplots(max(len(odds), 1), 2, width_ratios=(1.9, 1), squeeze=False)
    for (bar, ranges), (name, told) in zip(rows, odds.items(), strict=False):
        _stack(bar, told)
        _ranges(ranges, told)
        bar.set_title(name, fontsize=8.5)
        for axes in (bar, ranges):
            axes.set_xlim(0, 100)
            axes.set_xticks([0, 25, 50, 75, 100] if axes is ranges else [])
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
        bar.spines["bottom"].set_visible(False)
        ranges.grid(axis="x", color=LINE, lw=0.4)
        ranges.set_axisbelow(True)
    rows[-1][0].set_xlabel("of 100 persons like this one, improved by", fontsize=8)
    rows[-1][1].set_xlabel("range of each share [%]", fontsize=8)
    return figure


def _stack(axes: Axes, odds: QuartileOdds) -> None:
    whole = sum(getattr(odds, name).p50 for name, _, _ in PARTS) or 1.0
    left = 0.0
    for number, (name, words, colour) in enumerate(PARTS):
        wide = 100 * getattr(odds, name).p50 / whole
        axes.barh(0, wide, left=left, height=0.62, color=colour, lw=0)
        ink = "white" if number >= 2 else INK
        if wide >= _LEAST_TOLD:
            note(axes, left + wide / 2, 0, f"{wide:.0f}", ha="center", va="center", color=ink, fontsize=9, fontweight="bold")
        if wide >= 2.6 * _LEAST_TOLD:
            note(axes, left + wide / 2, 0.43, words, ha="center", va="top", color=INK, fontsize=7)
        left += wide
    none = min(100 * odds.no_visible_change.p50 / whole, 100.0)
    if none > 0.5:
        axes.barh(0, none, left=0, height=0.62, facecolor="none", edgecolor="#7f8d95", hatch="////", lw=0)
        note(axes, 0, -0.42, f"{none:.0f} with no visible change (hatched)", va="bottom", fontsize=7)
    axes.set_ylim(0.75, -0.75)
    axes.set_yticks([])


def _ranges(axes: Axes, odds: QuartileOdds) -> None:
    for row, (name, _, colour) in enumerate(PARTS):
        share = getattr(odds, name)
        edge = "#8a979e" if row == 0 else colour
        axes.plot([share.p10, share.p90], [row, row], color=edge, lw=3.2, solid_capstyle="butt")
        axes.plot([share.p50], [row], marker="|", ms=9, mew=1.6, color=INK)
    axes.set_yticks(range(len(PARTS)), [words for _, words, _ in PARTS], fontsize=7, color=INK)
    axes.set_ylim(len(PARTS) - 0.4, -0.6)
