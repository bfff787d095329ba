"""Modelled redness beside the time courses that were published or are taught."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recutis.report.figures.canvas import INK, LINE, RUST, blank

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class RednessCourse:
    """Redness as percent of its peak: the model's band by day, and points of the tables as (day, percent)."""

    name: str
    days: tuple[float, ...]
    p10: tuple[float, ...]
    p50: tuple[float, ...]
    p90: tuple[float, ...]
    points: tuple[tuple[float, float], ...]


def redness_figure(courses: tuple[RednessCourse, ...], *, title: str, points: str) -> Figure:
    """One panel a wound, two in a row, days stretched near the session; `points` says what the dots are."""
    rows = (len(courses) + 1) // 2
    figure = blank(178, 18 + 60 * rows)
    figure.suptitle(title, x=0.012, ha="left", fontsize=9.5, fontweight="medium", color=INK)
    grid = figure.subplots(rows, 2, sharey=True, squeeze=False)
    panels = [axes for row in grid for axes in row]
    for axes in panels[len(courses) :]:
        axes.set_visible(False)
    for axes, course in zip(panels, courses, strict=False):
        x = [(day + 1) for day in course.days]  # logarithm of the day from the session on
        axes.fill_between(x, course.p10, course.p90, color=RUST, alpha=0.2, lw=0, label="model, 8 in 10 persons")
        axes.plot(x, course.p50, color=RUST, lw=1.7, label="model, middle")
        at, level = zip(*course.points, strict=True)
        dots = {"marker": "o", "ms": 5, "color": INK, "mfc": "white", "mew": 1.2, "clip_on": False, "zorder": 4}
        axes.plot([day + 1 for day in at], level, ls="", label=points, **dots)
        axes.set_title(course.name, fontsize=8.5)
        axes.set_xscale("log")
        shown = [day for day in (0, 1, 3, 7, 14, 30, 90, 180) if day <= max(course.days)]
        axes.set_xticks([day + 1 for day in shown], [str(day) for day in shown])
        axes.minorticks_off()
        axes.set_xlim(1, max(x))
        axes.grid(color=LINE, lw=0.4)
        axes.set_axisbelow(True)
    for row in grid:
        row[0].set_ylabel("Redness [% of its peak]", fontsize=8)
    for axes in grid[-1]:
        axes.set_xlabel("day after the session", fontsize=8)
    panels[0].set_ylim(0, 105)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=7.5)
    return figure
