"""The days after one session as a calendar: seven signs in lanes, and the days on which life goes back to normal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from recutis.plan.document import Quantity, SymptomDay
from recutis.report.figures.canvas import INK, LINE, MUTED, RUST, TEAL, blank, note

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LANES: Final = (
    ("Redness", "redness"),
    ("Swelling", "swelling"),
    ("Crusting", "crusting"),
    ("Peeling", "peeling"),
    ("Bronzing", "bronzing"),
    ("Pain", "pain"),
    ("Sting, itch", "sting_itch"),
)
_NEAR_DAYS: Final = 14
_DAYS_PER_WEEK: Final = 7
_STEPS: Final = ((2.0, "mild"), (5.0, "moderate"), (8.0, "strong"))
_FAINT: Final = 0.15  # levels that no panel shows


def symptoms_figure(symptoms: tuple[SymptomDay, ...], clocks: Mapping[str, Quantity], *, title: str) -> Figure:
    """Lanes of day 0 to 14 and of the weeks after: median and 80 % band; below them the clocks with their ranges.

    `clocks` maps words to days, in the order told.
    """
    high = 122 + 5 * len(clocks)
    figure = blank(178, high)
    figure.set_layout_engine("none")  # lanes of one height, whatever stands beside them
    figure.text(0.012, 1 - 6 / high, title, fontsize=9.5, fontweight="medium", color=INK, va="center")
    figure.text(0.988, 1 - 6 / high, "line: middle · band: 8 in 10 persons", fontsize=7, color=MUTED, va="center", ha="right")
    rows = len(LANES)
    grid = figure.add_gridspec(
        rows + 1, 2, width_ratios=(2.6, 1), height_ratios=[1.0] * rows + [0.42 * len(clocks)], left=0.145, right=0.925,
        top=1 - 12 / high, bottom=13 / high, wspace=0.09, hspace=0.16,
    )  # fmt: skip
    last = max((day.day for day in symptoms), default=0) / _DAYS_PER_WEEK
    for row, (words, name) in enumerate(LANES):
        near, far = figure.add_subplot(grid[row, 0]), figure.add_subplot(grid[row, 1])
        _lane(near, symptoms, name, step=1)
        _lane(far, symptoms, name, step=_DAYS_PER_WEEK)
        near.set_xlim(0, _NEAR_DAYS)
        far.set_xlim(2, last)
        near.set_ylabel(words, rotation=0, ha="right", va="center", fontsize=8.5, labelpad=6)
        near.set_yticks([value for value, _ in _STEPS], [])
        far.yaxis.tick_right()
        far.set_yticks([value for value, _ in _STEPS], [word for _, word in _STEPS], fontsize=5.8)
        _days(near, far, last, named=False)
    near, far = figure.add_subplot(grid[rows, 0]), figure.add_subplot(grid[rows, 1])
    _clocks(near, far, clocks)
    near.set_xlim(0, _NEAR_DAYS)
    far.set_xlim(2, last)
    _days(near, far, last, named=True)
    return figure


def _days(near: Axes, far: Axes, last: float, *, named: bool) -> None:
    near.set_xticks(range(_NEAR_DAYS + 1))
    far.set_xticks(range(2, round(last) + 1, 2))
    for axes in (near, far):
        axes.tick_params(axis="both", length=0, labelsize=7 if axes is near else 5.8)
        axes.tick_params(axis="x", labelsize=7)
        axes.grid(axis="both", color=LINE, lw=0.4)
        axes.set_axisbelow(True)
        for side in axes.spines.values():
            side.set_visible(False)
        if not named:
            axes.tick_params(labelbottom=False)
    if named:
        near.set_xlabel("day after the session", fontsize=8)
        far.set_xlabel("week after the session", fontsize=8)


def _lane(axes: Axes, symptoms: tuple[SymptomDay, ...], name: str, *, step: int) -> None:
    told = [(day.day / step, getattr(day, name)) for day in symptoms]
    x = [at for at, _ in told]
    colour = RUST if name == "redness" else TEAL
    if step > 1 and all(q.p90 < _FAINT for day, q in told if day >= _NEAR_DAYS / step):
        axes.set_ylim(0, 10)
        return
    axes.fill_between(x, [q.p10 for _, q in told], [q.p90 for _, q in told], color=colour, alpha=0.22, lw=0)
    axes.plot(x, [q.p50 for _, q in told], color=colour, lw=1.5)
    axes.set_ylim(0, 10)
    if step == 1 and all(q.p90 < _FAINT for _, q in told):
        note(axes, 0.5, 0.5, "none expected", transform=axes.transAxes, ha="center", va="center", fontsize=7)


def _clocks(near: Axes, far: Axes, clocks: Mapping[str, Quantity]) -> None:
    for row, day in enumerate(clocks.values()):
        for axes, step in ((near, 1), (far, _DAYS_PER_WEEK)):
            axes.plot([day.p10 / step, day.p90 / step], [row, row], color=INK, lw=1.4, alpha=0.45, solid_capstyle="round")
            if step > 1 and day.p50 < _NEAR_DAYS:
                continue
            axes.plot([day.p50 / step], [row], marker="o", ms=4.2, color=INK, clip_on=day.p50 > 0)
    for axes in (near, far):
        axes.set_ylim(len(clocks) - 0.4, -0.6)
    near.set_yticks(range(len(clocks)), list(clocks), fontsize=7.5, color=INK)
    far.set_yticks(range(len(clocks)), [])
    near.axhline(-0.6, color=MUTED, lw=0.8)
    far.axhline(-0.6, color=MUTED, lw=0.8)
