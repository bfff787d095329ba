"""Risks of the first options on a logarithmic scale, per session and per course."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recutis.plan.document import Option, Quantity
from recutis.report.figures.canvas import LINE, RUST, TEAL, framed
from recutis.report.words import RISK_WORDS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LASTING: Final = ("hypopigmentation", "scarring", "ectropion")
_LEFT: Final = 0.01  # percent; left end of the axis, smaller chances sit on it


def risk_order() -> tuple[str, ...]:
    """Dark marks and pale skin first and apart, then lasting harms, then those that pass."""
    return ("pih", *LASTING, *(name for name in RISK_WORDS if name not in {"pih", *LASTING}))


def risks_figure(option: Option) -> Figure:
    """Dot (median) and whisker (p10 to p90): open per session, full per course; lasting harm in rust."""
    names = risk_order()
    figure = framed(178, 76, left_mm=34, right_mm=6, top_mm=6, bottom_mm=7)
    axes = figure.add_subplot()
    for row, name in enumerate(names):
        risk = getattr(option.predictions.risks, name)
        colour = RUST if name in LASTING else TEAL
        _whisker(axes, risk.per_session, row - 0.17, colour, filled=False)
        _whisker(axes, risk.per_course, row + 0.17, colour, filled=True)
    axes.set_xscale("log")
    axes.set_xlim(_LEFT, 100)
    axes.set_xticks([0.01, 0.1, 1, 10, 100], ["≤0.01 %", "0.1 %", "1 %", "10 %", "100 %"])
    axes.minorticks_off()
    axes.set_yticks(range(len(names)), [RISK_WORDS[name] for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.axhline(0.5 + len(LASTING), color=LINE, lw=0.6)
    axes.axhline(0.5, color=LINE, lw=0.6)
    axes.grid(axis="x", color=LINE, lw=0.4)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0, labelcolor="#1b2a34")
    axes.spines["left"].set_visible(False)
    handles = [
        axes.plot([], [], marker="o", ls="-", lw=1, ms=4, color=TEAL, mfc="white", label="per session")[0],
        axes.plot([], [], marker="o", ls="-", lw=1, ms=4, color=TEAL, label="per course")[0],
        axes.plot([], [], marker="o", ls="-", lw=1, ms=4, color=RUST, label="may be lasting")[0],
    ]
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), frameon=False, fontsize=7, ncols=3, borderaxespad=0)
    return figure


def _whisker(axes: object, chance: Quantity, y: float, colour: str, *, filled: bool) -> None:
    low, middle, high = (max(value, _LEFT) for value in (chance.p10, chance.p50, chance.p90))
    axes.plot([low, high], [y, y], color=colour, lw=1.2, solid_capstyle="round", zorder=2)  # type: ignore[attr-defined]
    axes.plot([middle], [y], marker="o", ms=4, color=colour, mfc=colour if filled else "white", zorder=3)  # type: ignore[attr-defined]
