"""Dark marks (PIH) by phototype, against the density of the pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recutis.plan.prediction_document import PigmentCurve, PigmentPoint
from recutis.report.figures.canvas import INK, LINE, MUTED, RUST, blank, note

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHADES: Final = {"I": "#e3b793", "II": "#d19c72", "III": "#b57d52", "IV": "#8f5c37", "V": "#5f3a22", "VI": "#2f1c12"}
_NEAR: Final = 0.15  # two upright lines closer than this share of the axis have their words at two heights
_ROOM: Final = 0.045  # least distance of two numbers on the upper axis, as a share of it
_APART: Final = 0.055  # least distance of two names, as a share of the axis


def pigment_figure(curve: PigmentCurve, *, title: str, own: str = "this person") -> Figure:
    """Median chance of each phototype, the person's with its 80 % band; one dot a phototype where there is no density.

    `own` is written beside the person's phototype.
    """
    figure = blank(178, 88)
    figure.suptitle(title, x=0.012, ha="left", fontsize=9.5, fontweight="medium", color=INK)
    axes = figure.add_subplot()
    if len(curve.points) > 1:
        _lines(axes, curve, own)
    else:
        _dots(axes, curve.points[0], curve.phototype, own)
    axes.grid(axis="y", color=LINE, lw=0.4)
    axes.set_axisbelow(True)
    axes.set_ylabel("Chance of dark marks per session [%]", fontsize=8)
    axes.set_ylim(bottom=0)
    axes.set_title(_told(curve), fontsize=7.5, color=MUTED, fontweight="normal", pad=8)
    return figure


def _told(curve: PigmentCurve) -> str:
    """The middle of each phototype at the chosen density, in words."""
    point = min(curve.points, key=lambda item: abs(item.density_pct - (curve.chosen_density_pct or 0.0)))
    parts = [f"{phototype} {_percent(point.risk_pct[phototype].p50)}" for phototype in _SHADES]
    lines = len(curve.points) > 1
    drawn = (
        f"Lines: middle; band: 8 in 10 persons of phototype {curve.phototype}" if lines else "Dots: middle; bars: 8 in 10 persons"
    )
    return f"At the chosen setting: {' · '.join(parts)} %.  {drawn}."


def _percent(value: float) -> str:
    return "<0.1" if value < 0.1 else f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _lines(axes: Axes, curve: PigmentCurve, told: str) -> None:
    x = [point.density_pct for point in curve.points]
    mine = [point.risk_pct[curve.phototype] for point in curve.points]
    axes.fill_between(x, [q.p10 for q in mine], [q.p90 for q in mine], color=_SHADES[curve.phototype], alpha=0.22, lw=0)
    ends = {}
    for phototype, shade in _SHADES.items():
        middle = [point.risk_pct[phototype].p50 for point in curve.points]
        own = phototype == curve.phototype
        axes.plot(x, middle, color=shade, lw=2.6 if own else 1.3, solid_capstyle="round")
        ends[phototype] = middle[-1]
    top = max(*(q.p90 for q in mine), *ends.values()) * 1.06
    axes.set_ylim(0, min(max(top, 1.0), 100.0))
    _names(axes, x[-1], ends, curve.phototype, told)
    axes.set_xlim(x[0], x[-1])
    passes = "" if curve.passes == 1 else f", {curve.passes} passes"
    axes.set_xlabel(f"Density of a pass on the panel [%]{passes}", fontsize=8)
    _surface(axes, curve.points, curve.chosen_density_pct)
    if curve.chosen_density_pct is not None:
        axes.axvline(curve.chosen_density_pct, color=INK, lw=0.9, ls=(0, (3, 2)))
        _beside(axes, curve.chosen_density_pct, "chosen", INK, y=0.97)
    if curve.ceiling_density_pct is not None and curve.ceiling_density_pct < x[-1]:
        axes.axvspan(curve.ceiling_density_pct, x[-1], facecolor="none", edgecolor=RUST, hatch="////", alpha=0.16, lw=0)
        axes.axvline(curve.ceiling_density_pct, color=RUST, lw=0.9)
        near = abs(curve.ceiling_density_pct - (curve.chosen_density_pct or 0.0)) < _NEAR * (x[-1] - x[0])
        _beside(axes, curve.ceiling_density_pct, "hard ceiling", RUST, y=0.9 if near else 0.97)


def _beside(axes: Axes, x: float, words: str, colour: str, *, y: float) -> None:
    low, high = axes.get_xlim()
    right = x > low + 0.8 * (high - low)
    text = f" {words} " if right else f" {words}"
    note(
        axes,
        x,
        y,
        text,
        transform=axes.get_xaxis_transform(),
        color=colour,
        ha="right" if right else "left",
        va="top",
        fontsize=7,
        bbox={"facecolor": "white", "alpha": 0.8, "lw": 0, "pad": 0.6},
    )


def _surface(axes: Axes, points: tuple[PigmentPoint, ...], chosen: float | None) -> None:
    """The treated surface of all passes on a second axis above; close values give way to the chosen one."""
    low, high = points[0].density_pct, points[-1].density_pct
    told: list[PigmentPoint] = []
    for point in sorted(points, key=lambda item: item.density_pct not in {chosen, low, high}):
        if all(abs(point.density_pct - other.density_pct) >= _ROOM * (high - low) for other in told):
            told.append(point)
    above = axes.secondary_xaxis("top")
    above.set_xticks([point.density_pct for point in told], [f"{point.coverage_pct:.0f}" for point in told], fontsize=6.5)
    above.set_xlabel("Dead surface, all passes [%]", fontsize=7, color=MUTED)
    above.tick_params(length=2)
    above.spines["top"].set_visible(False)


def _names(axes: Axes, x: float, ends: dict[str, float], own: str, told: str) -> None:
    """Phototypes beside their lines; close ones move apart."""
    step = _APART * axes.get_ylim()[1]
    last = -step
    for phototype, y in sorted(ends.items(), key=lambda item: item[1]):
        last = max(y, last + step)
        words = f"{phototype}, {told}" if phototype == own and told else phototype
        weight = "bold" if phototype == own else "normal"
        note(axes, x, last, f"  {words}", color=_SHADES[phototype], va="center", fontsize=7.5, fontweight=weight)


def _dots(axes: Axes, point: PigmentPoint, own: str, told: str) -> None:
    for at, (phototype, shade) in enumerate(_SHADES.items()):
        risk = point.risk_pct[phototype]
        axes.plot([at, at], [risk.p10, risk.p90], color=shade, lw=7 if phototype == own else 4, alpha=0.45, solid_capstyle="butt")
        axes.plot([at], [risk.p50], marker="o", ms=6, color=shade)
        note(axes, at + 0.12, risk.p50, f"{_percent(risk.p50)} %", color=INK, va="bottom", fontsize=7.5)
    names = [f"{phototype}\n{told}" if phototype == own else phototype for phototype in _SHADES]
    axes.set_xticks(range(len(_SHADES)), names, color=INK)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.5, len(_SHADES) - 0.4)
    axes.set_xlabel("Phototype", fontsize=8)
