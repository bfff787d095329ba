"""The choice: improvement against social downtime for every candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recutis.plan.document import FrontPoint, Plan
from recutis.report.figures.canvas import INK, LINE, MUTED, blank, note

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def front_figure(plan: Plan) -> Figure:
    """Pareto chart; colour is the worst risk, hollow points fail a limit, numbers are the options."""
    from matplotlib import colormaps
    from matplotlib.colors import Normalize

    figure = blank(178, 82)
    axes = figure.add_subplot()
    points = plan.front
    top = max((point.worst_risk_pct for point in points), default=1.0) or 1.0
    norm, colours = Normalize(0, top), colormaps["cividis_r"]
    plain = [point for point in points if point.option_rank is None]

    def draw(chosen: list[FrontPoint], size: float, *, hollow: bool) -> None:
        if not chosen:
            return
        shades = colours(norm([point.worst_risk_pct for point in chosen]))
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
    edge = sorted((point for point in points if point.on_front), key=lambda point: point.social_downtime_days)
    if len(edge) > 1:
        axes.plot(
            [p.social_downtime_days for p in edge],
            [p.improvement_pct for p in edge],
            color=MUTED,
            lw=0.7,
            ls=(0, (3, 2)),
            zorder=1,
        )
    _numbered(axes, points)
    axes.set_xlim(left=0)
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


def _mappable(norm: object, colours: object) -> object:
    from matplotlib.cm import ScalarMappable

    return ScalarMappable(norm=norm, cmap=colours)  # type: ignore[arg-type]


def _numbered(axes: object, points: tuple[FrontPoint, ...]) -> None:
    for point in points:
        if point.option_rank is None:
            continue
        x, y = point.social_downtime_days, point.improvement_pct
        fill = INK if point.meets_limits else "white"
        axes.scatter([x], [y], s=110, facecolor=fill, edgecolor=INK, linewidth=1.0, zorder=4)  # type: ignore[attr-defined]
        axes.text(  # type: ignore[attr-defined]
            x, y, str(point.option_rank), color="white" if point.meets_limits else INK, ha="center", va="center_baseline",
            fontsize=7.5, fontweight="bold", zorder=5,
        )  # fmt: skip
