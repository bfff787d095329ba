"""The choice: improvement against social downtime for every candidate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from recutis.plan.document import FrontPoint, Plan
from recutis.report.figures.canvas import INK, LINE, MUTED, framed, note

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.figure import Figure

_APART: Final = 0.042  # least distance of two numbers, as a share of the axis
_BEYOND: Final = 1.5  # times the downtime of the longest course that matters, up to where the chart goes
_ROOM: Final = 1.04
_ONE: Final = "o"  # marker of courses with one device
_TWO: Final = "D"  # and with two


def shown_days(plan: Plan) -> float:
    """How far the chart goes: past every option and every course that keeps the limits, not as far as the longest downtime."""
    return edge_days(plan.front)


def edge_days(points: Sequence[FrontPoint]) -> float:
    """The same of points that are no part of a plan."""
    every = [point.social_downtime_days for point in points]
    told = [point.social_downtime_days for point in points if point.meets_limits or point.option_rank is not None]
    return min(max(every, default=1.0), _BEYOND * max(told, default=max(every, default=1.0))) or 1.0


def outside(plan: Plan) -> int:
    """How many courses lie beyond the chart's right edge."""
    edge = shown_days(plan)
    return sum(point.social_downtime_days > edge for point in plan.front)


def front_figure(plan: Plan) -> Figure:
    """Pareto chart; colour is the worst risk, diamonds have two devices, hollow points fail a limit, numbers are the options."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap, PowerNorm

    figure = framed(178, 84, left_mm=12, right_mm=22, top_mm=8, bottom_mm=11)
    axes = figure.add_subplot()
    edge = shown_days(plan)
    points = tuple(point for point in plan.front if point.social_downtime_days <= edge)
    top = max((point.worst_risk_pct for point in points), default=1.0) or 1.0
    norm = PowerNorm(0.5, 0, top)
    colours = LinearSegmentedColormap.from_list("risk", colormaps["cividis_r"](np.linspace(0.18, 1, 64)))
    plain = [point for point in points if point.option_rank is None]
    for keeps in (False, True):
        for marker in (_ONE, _TWO):
            chosen = [one for one in plain if one.meets_limits == keeps and (one.then_device is not None) == (marker == _TWO)]
            _scattered(axes, chosen, [colours(float(norm(one.worst_risk_pct))) for one in chosen], marker, hollow=not keeps)
    trades = best_trades(points)
    if len(trades) > 1:
        x, y = zip(*trades, strict=True)
        axes.plot(x, y, color=MUTED, lw=0.8, ls=(0, (3, 2)), drawstyle="steps-post", zorder=1)
    _numbered(axes, points)
    axes.set_xlim(-0.015 * edge, _ROOM * edge)
    axes.set_ylim(0, 1.08 * max((point.improvement_pct for point in points), default=1.0))
    axes.set_xlabel("Social downtime per session [days]")
    axes.set_ylabel("Improvement after the course [%]")
    axes.grid(color=LINE, lw=0.4)
    axes.set_axisbelow(True)
    _legend(axes, two=any(point.then_device is not None for point in points))
    scale = figure.colorbar(_mappable(norm, colours), cax=figure.add_axes((0.905, 11 / 84, 0.016, 65 / 84)))
    scale.set_label("Worst risk in the course [%]")
    scale.outline.set_visible(False)
    if not points:
        note(axes, 0.5, 0.5, "No candidate was computed", transform=axes.transAxes, ha="center")
    return figure


def _scattered(
    axes: Axes, chosen: list[FrontPoint], shades: list[tuple[float, float, float, float]], marker: str, *, hollow: bool
) -> None:
    if not chosen:
        return
    size = (15 if marker == _TWO else 20) - 3 * hollow
    axes.scatter(
        [point.social_downtime_days for point in chosen],
        [point.improvement_pct for point in chosen],
        s=size,
        marker=marker,
        facecolors="none" if hollow else shades,
        edgecolors=shades if hollow else "white",
        linewidths=0.8 if hollow else 0.4,
        alpha=0.65 if hollow else 1.0,
        zorder=2 if hollow else 2.5,
    )


def _legend(axes: Axes, *, two: bool) -> None:
    """What the markers mean; diamonds only where there are courses with two devices."""
    look: dict[str, Any] = {"ls": "", "ms": 5, "color": MUTED}
    handles = [
        axes.plot([], [], marker=_ONE, label="one device", mec="white", mew=0.4, **look)[0],
        *(
            [axes.plot([], [], marker=_TWO, label="two devices, one after the other", mec="white", mew=0.4, **look)[0]]
            if two
            else []
        ),
        axes.plot([], [], marker=_ONE, mfc="none", label="fails a limit", **look)[0],
        axes.plot([], [], color=MUTED, lw=0.8, ls=(0, (3, 2)), label="best trade-offs")[0],
    ]
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1.005), frameon=False, fontsize=7, ncols=4, borderaxespad=0,
        handletextpad=0.3, columnspacing=1.4,
    )  # fmt: skip


def _mappable(norm: Normalize, colours: Colormap) -> ScalarMappable:
    from matplotlib.cm import ScalarMappable

    return ScalarMappable(norm=norm, cmap=colours)


def best_trades(points: Sequence[FrontPoint]) -> list[tuple[float, float]]:
    """Downtime and improvement of the points that keep every limit and that no other such point beats in both, by downtime."""
    edge: list[tuple[float, float]] = []
    kept = [(point.social_downtime_days, point.improvement_pct) for point in points if point.meets_limits]
    for downtime, gain in sorted(kept, key=lambda item: (item[0], -item[1])):
        if not edge or gain > edge[-1][1]:
            edge.append((downtime, gain))
    return edge


def _numbered(axes: Axes, points: tuple[FrontPoint, ...]) -> None:
    """Numbers of the options; one that would cover another moves to its right."""
    across = max((point.social_downtime_days for point in points), default=1.0) or 1.0
    up = max((point.improvement_pct for point in points), default=1.0) or 1.0
    placed: list[tuple[float, float]] = []
    chosen = sorted((point for point in points if point.option_rank is not None), key=lambda point: point.social_downtime_days)
    for point in chosen:
        x, y = point.social_downtime_days, point.improvement_pct
        label = x
        while any(abs(label - a) < _APART * across and abs(y - b) < 2 * _APART * up for a, b in placed):
            label += _APART * across / 4
        placed.append((label, y))
        if label != x:
            axes.plot([x, label], [y, y], color=INK, lw=0.7, zorder=3)
            axes.scatter([x], [y], s=14, color=INK, zorder=4)
        fill, ink = (INK, "white") if point.meets_limits else ("white", INK)
        marker, size = (_ONE, 110) if point.then_device is None else (_TWO, 96)
        axes.scatter([label], [y], s=size, marker=marker, facecolor=fill, edgecolor=INK, linewidth=1.0, zorder=4)
        note(
            axes,
            label,
            y,
            str(point.option_rank),
            color=ink,
            ha="center",
            va="center_baseline",
            fontsize=7.5,
            fontweight="bold",
            zorder=5,
        )
