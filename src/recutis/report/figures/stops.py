"""What screening found, on a time line: how long each rule stands in the way."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from recutis.plan.document import Plan
from recutis.report.figures.canvas import AMBER, INK, MUTED, RUST, framed, note

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN: Final = 12
_COLOURS: Final = {"absolute": RUST, "relative": AMBER, "caution": MUTED}


def screening_figure(plan: Plan) -> Figure:
    """One bar a rule that fired; it ends on the day it lifts by itself, or runs on with an arrow."""
    start = date.fromisoformat(plan.date)
    fired = [entry for entry in plan.screening if entry.state in {"fires", "overridden"}][:_SHOWN]
    ends = [(date.fromisoformat(entry.until) - start).days if entry.until else None for entry in fired]
    span = max([day for day in ends if day is not None] or [84]) * 1.25
    figure = framed(178, 14 + 8 * max(len(fired), 1), left_mm=3, right_mm=3)
    axes = figure.add_subplot()
    for row, (entry, end) in enumerate(zip(fired, ends, strict=True)):
        colour = _COLOURS.get(entry.severity, MUTED)
        axes.barh(row, span if end is None else end, height=0.42, color=colour, alpha=0.85)
        axes.text(0, row - 0.32, f"{entry.rule_id}  {entry.condition[:90]}", fontsize=7, color=INK, va="bottom")
        note(
            axes,
            (span if end is None else end) * 0.99,
            row,
            entry.until or "until lifted ›",
            color="white",
            ha="right",
            va="center",
        )
    if not fired:
        note(axes, 0.5, 0.5, "No rule fired", transform=axes.transAxes, ha="center", va="center", fontsize=8)
    axes.set_xlim(0, span)
    axes.set_ylim(max(len(fired), 1) - 0.4, -0.9)
    axes.set_yticks([])
    axes.set_xlabel(f"days from {plan.date}")
    axes.spines["left"].set_visible(False)
    return figure
