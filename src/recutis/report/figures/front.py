"""The choice: improvement against social downtime for every candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from recutis.plan.document import FrontPoint, Plan
from recutis.report.figures.canvas import INK, LINE, MUTED, blank, note

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.figure import Figure

_APART: Final = 0.028  # least distance of two numbers, as a share of the axis


def front_figure(plan: Plan) -> Figure:
    """Pareto chart; colour is the worst risk, hollow points fail a limit, numbers are the options."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap, PowerNorm

    figure = blank(178, 82)
    axes = figure.add_subplot()
    points = plan.front
    top = max((point.worst_risk_pct for point in points), default=1.0) or 1.0
    norm = PowerNorm(0.5, 0, top)
    colours = LinearSegmentedColormap.from_list("risk", colormaps["cividis_r"](np.linspace(0.18, 1, 64)))
    plain = [point for point in points if point.option_rank is None]

    def draw(chosen: list[FrontPoint], size: float, *, hollow: bool) -> None:
        if not chosen:
            return
        shades = [colours(float(norm(point.worst_risk_pct))) for point in chosen]
        axes.scatter(
            [point.social_downtime_days for point in chosen],
            [point.improvement_pct for point in chosen],
            s=size,
            facecolors="none" if hollow else shades,
            edgecolors=shades if hollow else "white",
            linewidths=0.9 if hollow else 0.4,
            zorder=2,
        )

    draw([point for point in plain if point.meets_limits], 20, hollow=False)
    draw([point for point in plain if not point.meets_limits], 18, hollow=True)
    edge = best_trades(points)
    if len(edge) > 1:
        x, y = zip(*edge, strict=True)
        axes.plot(x, y, color=MUTED, lw=0.8, ls=(0, (3, 2)), drawstyle="steps-post", zorder=1)
    _numbered(axes, points)
    axes.set_xlim(left=-0.015 * max((point.social_downtime_days for point in points), default=1.0))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Social downtime per session [days]")
    axes.set_ylabel("Improvement after the course [%]")
    axes.grid(color=LINE, lw=0.4)
    axes.set_axisbelow(True)
    scale = figure.colorbar(_mappable(norm, colours), ax=axes, aspect=28, pad=0.015)
    scale.set_label("Worst risk in the course [%]")
    scale.outline.set_visible(False)
    if not points:
        note(axes, 0.5, 0.5, "No candidate was computed", transform=axes.transAxes, ha="center")
    return figure


def _mappable(norm: Normalize, colours: Colormap) -> ScalarMappable:
    from matplotlib.cm import ScalarMappable

    return ScalarMappable(norm=norm, cmap=colours)


def best_trades(points: tuple[FrontPoint, ...]) -> list[tuple[float, float]]:
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
        axes.scatter([label], [y], s=110, facecolor=fill, edgecolor=INK, linewidth=1.0, zorder=4)
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
