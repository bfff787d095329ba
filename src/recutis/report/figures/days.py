"""Day by day: what the person sees and feels after one session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recutis.plan.document import SymptomDay
from recutis.report.figures.canvas import LINE, MUTED, RUST, TEAL, framed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANELS: Final = (
    ("Redness", ("redness",)),
    ("Swelling", ("swelling",)),
    ("Peeling and crusts", ("peeling", "crusting")),
    ("Dark, dry specks", ("bronzing",)),
    ("Sting and itch", ("sting_itch",)),
    ("Pain", ("pain",)),
)
_NEAR_DAYS: Final = 14
_DAYS_PER_WEEK: Final = 7
_WORDS: Final = ((2.0, "mild"), (5.0, "clear"), (8.0, "strong"))


def days_figure(symptoms: tuple[SymptomDay, ...]) -> Figure:
    """Small multiples of days 0 to 14 with 10 to 90 % bands, and redness up to the last day given."""
    figure = framed(174, 112, left_mm=12, right_mm=3, top_mm=5, bottom_mm=11, apart=0.07)
    grid = figure.add_gridspec(3, 3, height_ratios=(1, 1, 0.82), hspace=0.84)
    near = [day for day in symptoms if day.day <= _NEAR_DAYS]
    for number, (title, names) in enumerate(_PANELS):
        axes = figure.add_subplot(grid[number // 3, number % 3])
        _band(axes, near, names, step=1)
        axes.set_title(title, fontsize=9.5)
        axes.set_xlim(0, _NEAR_DAYS)
        axes.set_xticks([0, 2, 4, 7, 10, 14])
        _scale(axes, words=number % 3 == 0)
        if number >= 3:
            axes.set_xlabel("day after the session", fontsize=8)
    axes = figure.add_subplot(grid[2, :])
    _band(axes, list(symptoms), ("redness",), step=_DAYS_PER_WEEK)
    last = max((day.day for day in symptoms), default=84) / _DAYS_PER_WEEK
    axes.set_title("Redness over the weeks", fontsize=9.5)
    axes.set_xlim(0, last)
    axes.set_xticks(list(range(0, round(last) + 1, 1 if last <= 13 else 4)))
    axes.set_xlabel("week after the session", fontsize=8)
    _scale(axes, words=True)
    return figure


def _scale(axes: Axes, *, words: bool) -> None:
    axes.set_ylim(0, 10)
    axes.set_yticks([value for value, _ in _WORDS], [word for _, word in _WORDS] if words else [""] * len(_WORDS), fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="y", color=LINE, lw=0.5)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)


def _band(axes: Axes, days: list[SymptomDay], names: tuple[str, ...], *, step: int) -> None:
    """The strongest of the named symptoms on each day; its range beside it."""
    if not days:
        axes.text(0.5, 0.5, "not computed", transform=axes.transAxes, ha="center", color=MUTED)
        return
    lead = [max((getattr(day, name) for name in names), key=lambda level: level.p50) for day in days]
    x = [day.day / step for day in days]
    colour = RUST if names == ("redness",) else TEAL
    axes.fill_between(x, [q.p10 for q in lead], [q.p90 for q in lead], color=colour, alpha=0.2, lw=0)
    axes.plot(x, [q.p50 for q in lead], color=colour, lw=1.6)
