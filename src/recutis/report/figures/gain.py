"""Improvement of one concern: session by session, and for two years after the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recutis import evidence
from recutis.plan.prediction_document import GainPoint
from recutis.report.figures.canvas import AMBER, INK, LINE, MUTED, TEAL, TINT, blank, note

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MONTHS: Final = (0, 1, 3, 6, 12, 18, 24)


def gain_figure(
    by_session: tuple[GainPoint, ...],
    over_time: tuple[GainPoint, ...],
    without_sunscreen: tuple[GainPoint, ...] = (),
    *,
    title: str,
) -> Figure:
    """Left: matured gain after each session; right: what is seen over time. Wide band one person, narrow band what is not known."""
    figure = blank(178, 86)
    figure.suptitle(title, x=0.012, ha="left", fontsize=9.5, fontweight="medium", color=INK)
    share = min(0.32 + 0.05 * len(by_session), 0.8)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(share, 1))
    _sessions(left, by_session)
    _years(right, over_time, without_sunscreen)
    points = (*by_session, *over_time)
    top = max((point.improvement_pct.p90 for point in points), default=50.0)
    low = min((point.improvement_pct.p10 for point in points), default=0.0)
    for axes in (left, right):
        axes.set_ylim(min(low * 1.1, 0.0), min(max(top * 1.12, 30.0), 100.0))
        axes.axhspan(min(low * 1.1, 0.0), evidence.value("plan.visible_change"), color=LINE, alpha=0.35, lw=0, zorder=0)
        axes.grid(axis="y", color=LINE, lw=0.4)
        axes.set_axisbelow(True)
    note(right, 0.995, 0.6, "no visible change", transform=right.get_yaxis_transform(), ha="right", va="bottom")
    figure.legend(
        handles=_handles(right, sun=bool(without_sunscreen)), loc="outside lower center", ncols=4, frameon=False, fontsize=7
    )
    return figure


def _sessions(axes: Axes, points: tuple[GainPoint, ...]) -> None:
    numbers = [point.session or 0 for point in points]
    for at, point in enumerate(points):
        one, typical = point.improvement_pct, point.typical_pct
        axes.bar(at - 0.14, one.p90 - one.p10, bottom=one.p10, width=0.26, color=TINT, lw=0)
        axes.bar(at + 0.2, typical.p90 - typical.p10, bottom=typical.p10, width=0.2, color=TEAL, alpha=0.75, lw=0)
        axes.plot([at - 0.27, at + 0.3], [one.p50, one.p50], color=INK, lw=1.4, solid_capstyle="butt")
        note(axes, at - 0.14, one.p50 + 0.8, f"{one.p50:.0f}", ha="center", va="bottom", color=INK, fontsize=7)
    axes.set_xticks(range(len(points)), [str(number) for number in numbers])
    room = 1.0 if len(points) == 1 else 0.6
    axes.set_xlim(-room, len(points) - 1 + room)
    axes.set_xlabel("after session, when matured", fontsize=8)
    axes.set_ylabel("Improvement [%]", fontsize=8)
    axes.tick_params(axis="x", length=0)


def _years(axes: Axes, points: tuple[GainPoint, ...], unprotected: tuple[GainPoint, ...]) -> None:
    x = [point.months for point in points]
    axes.fill_between(x, [p.improvement_pct.p10 for p in points], [p.improvement_pct.p90 for p in points], color=TINT, lw=0)
    axes.fill_between(x, [p.typical_pct.p10 for p in points], [p.typical_pct.p90 for p in points], color=TEAL, alpha=0.75, lw=0)
    axes.plot(x, [p.improvement_pct.p50 for p in points], color=INK, lw=1.5)
    if unprotected:
        later = [p for p in unprotected if p.months >= 0]
        axes.plot([p.months for p in later], [p.improvement_pct.p50 for p in later], color=AMBER, lw=1.5, ls=(0, (4, 2)))
    for point in points:
        if point.session is not None:
            axes.axvline(point.months, color=MUTED, lw=0.7, ls=(0, (1, 2)))
            lead = point.months == x[0]
            words, place = (f"session {point.session}", "right") if lead else (str(point.session), "center")
            note(axes, point.months, 1.01, words, transform=axes.get_xaxis_transform(), ha=place, va="bottom", fontsize=6.5)
    if points:
        end = points[-1].improvement_pct.p50
        note(axes, x[-1], end, f"  {end:.0f}", va="center", color=INK, fontsize=7)
    first = min(x, default=0.0)
    axes.set_xlim(first, max(x, default=24.0))
    axes.set_xticks(list(_MONTHS))
    axes.set_xlabel("months after the last session", fontsize=8)


def _handles(axes: Axes, *, sun: bool) -> list[object]:
    from matplotlib.patches import Patch

    found: list[object] = [
        Patch(color=TINT, label="one person: 8 in 10 lie here"),
        Patch(color=TEAL, alpha=0.75, label="typical person: what studies leave open"),
        axes.plot([], [], color=INK, lw=1.5, label="middle")[0],
    ]
    if sun:
        found.append(axes.plot([], [], color=AMBER, lw=1.5, ls=(0, (4, 2)), label="middle, without daily sunscreen")[0])
    return found
