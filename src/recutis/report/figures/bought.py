"""What a looser limit buys: points of improvement against the days of downtime and the dark marks they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recutis.plan.document import LooserLimit
from recutis.report.figures.canvas import AMBER, INK, LINE, MUTED, RUST, framed, note

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEAST: Final = {"days": 1.0, "marks": 1.0}  # the least span of an axis, so that a change of nothing looks like nothing
_APART: Final = 0.09  # least distance of two numbers, as a share of an axis


def bought_figure(looser: tuple[LooserLimit, ...]) -> Figure:
    """Two charts with one height: each numbered point is a row of the table, the cross the plan as it is."""
    figure = framed(86, 58, left_mm=11, right_mm=3, top_mm=6, bottom_mm=10, apart=0.12)
    left, right = figure.subplots(1, 2, sharey=True)
    gains = [item.improvement_points for item in looser]
    _chart(left, [item.downtime_days for item in looser], gains, "days of downtime a session", AMBER, _LEAST["days"])
    _chart(right, [item.pih_points for item in looser], gains, "more with dark marks, in 100", RUST, _LEAST["marks"])
    top = max(gains, default=1.0)
    left.set_ylim(-0.06 * top, 1.16 * top)
    left.set_title("points of improvement bought", fontsize=7, color=MUTED, fontweight="regular", x=-0.3)
    right.tick_params(axis="y", length=0)
    right.spines["left"].set_visible(False)
    return figure


def _chart(axes: Axes, costs: list[float], gains: list[float], words: str, colour: str, least: float) -> None:
    low, high = min([0.0, *costs]), max([0.0, *costs])
    span = max(high - low, least)
    middle = (low + high) / 2
    edge = 0.14 * span
    left, right = (low, low + span) if low >= 0 else (middle - span / 2, middle + span / 2)
    for cost, gain in zip(costs, gains, strict=True):
        axes.plot([0, cost], [0, gain], color=LINE, lw=0.9, zorder=1)
    axes.scatter([0], [0], marker="+", s=34, color=INK, linewidths=1.1, zorder=3)
    placed: list[tuple[float, float]] = []
    top = max(gains, default=1.0) or 1.0
    for index in sorted(range(len(costs)), key=lambda one: costs[one]):
        x, y = costs[index], gains[index]
        while any(abs(x - a) < _APART * span and abs(y - b) < _APART * top for a, b in placed):
            x += _APART * span / 4
        placed.append((x, y))
        axes.scatter([x], [y], s=74, color=colour, zorder=4, linewidths=0)
        note(
            axes,
            x,
            y,
            str(index + 1),
            color="white",
            ha="center",
            va="center_baseline",
            fontsize=6.8,
            fontweight="bold",
            zorder=5,
        )
    furthest = max([right, *(x for x, _ in placed)])
    axes.set_xlim(left - edge, furthest + edge)
    axes.axvline(0, color=MUTED, lw=0.5, zorder=0)
    axes.axhline(0, color=MUTED, lw=0.5, zorder=0)
    axes.grid(color=LINE, lw=0.4)
    axes.set_axisbelow(True)
    axes.locator_params(nbins=4)
    axes.tick_params(labelsize=6.5)
    axes.set_xlabel(words, fontsize=7)
