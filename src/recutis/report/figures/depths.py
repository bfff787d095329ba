"""How much of each layer is dead or missing, and how much at each depth: what dose-volume histograms are to radiotherapy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from recutis.plan.document import InjuryDocument, SkinLayer
from recutis.report.figures.canvas import AMBER, INK, LINE, MUTED, RUST, TEAL, framed, note
from recutis.report.figures.section import SKIN
from recutis.report.rows import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS: Final = (TEAL, RUST, AMBER, INK)
_STYLES: Final = ("-", (0, (4, 1.6)), (0, (1.2, 1.2)), "-")
_MARGIN: Final = 1.15  # depth shown below the deepest injury
_LEAST_UM: Final = 120.0
_LEAST_PCT: Final = 10.0
_PAGE_MM: Final = 86
_BAR_MM: Final = 3.4
_LONGEST: Final = 62  # letters of a name
_NEAR_UM: Final = 6.0  # a curve that starts so near the surface starts at it
Line = tuple[str, InjuryDocument]


def depth_lines(named: Sequence[Line]) -> dict[str, list[Line]]:
    """Injuries by site; those of one site whose curves are the same share a line, their names joined."""
    sites: dict[str, list[Line]] = {}
    for name, injury in named:
        if not injury.injured_by_depth:
            continue
        lines = sites.setdefault(injury.site, [])
        same = next((at for at, (_, one) in enumerate(lines) if one.injured_by_depth == injury.injured_by_depth), None)
        if same is None:
            lines.append((name, injury))
        elif name not in lines[same][0]:
            lines[same] = (f"{lines[same][0]}; {name}", lines[same][1])
    return sites


def depth_figure(lines: Sequence[Line]) -> Figure:
    """One site: on top the share of each layer's volume, below the share at each depth with the layers as bands."""
    from matplotlib.lines import Line2D

    lines = lines[: len(_COLOURS)]
    layers = _layers_told(lines)
    bars = _BAR_MM * len(layers) * max(len(lines), 1) ** 0.7 + 1
    names = 3.2 * len(lines)
    curve = 34.0
    height = names + bars + curve + 16
    figure = framed(_PAGE_MM, height, left_mm=24, right_mm=7, top_mm=names + 2, bottom_mm=9)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(bars, curve))
    figure.subplots_adjust(hspace=2 * 4.5 / (bars + curve))
    _bars(top, lines, layers)
    _curves(bottom, lines)
    for at, (name, _) in enumerate(lines):
        y = 1 - (2 + 3.2 * at) / height
        figure.add_artist(Line2D([0.005, 0.045], [y, y], color=_COLOURS[at], ls=_STYLES[at], lw=1.8))
        figure.text(
            0.055, y, name if len(name) <= _LONGEST else f"{name[: _LONGEST - 2]} …", color=INK, fontsize=6.8, va="center"
        )
    return figure


def _layers_told(lines: Sequence[Line]) -> list[SkinLayer]:
    """Layers down to the last that any line injures."""
    layers = list(lines[0][1].layers) if lines else []
    hurt = [at for at, layer in enumerate(layers) if any(one.layer_injured_pct.get(layer.name, 0.0) > 0 for _, one in lines)]
    return layers[: max(max(hurt, default=0) + 1, min(len(layers), 4))]


def _bars(axes: Axes, lines: Sequence[Line], layers: Sequence[SkinLayer]) -> None:
    thick = 0.78 / max(len(lines), 1)
    for at, (_, injury) in enumerate(lines):
        for row, layer in enumerate(layers):
            share = injury.layer_injured_pct.get(layer.name, 0.0)
            y = row + (at - (len(lines) - 1) / 2) * thick
            axes.barh(y, share, height=0.86 * thick, color=_COLOURS[at], lw=0)
            note(axes, share, y, f" {number(share)} %", va="center", color=INK, fontsize=6)
    axes.set_yticks(range(len(layers)), [layer.name.replace("_", " ") for layer in layers])
    axes.set_ylim(len(layers) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0, labelsize=6.8, labelcolor=INK)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.set_title("share of the layer dead or missing", fontsize=6.8, color=MUTED, fontweight="regular", pad=2)


def _curves(axes: Axes, lines: Sequence[Line]) -> None:
    deepest = max([_LEAST_UM, *(_MARGIN * injury.injured_by_depth[-1][0] for _, injury in lines)])
    top = 0.0
    for layer in lines[0][1].layers:
        if top < deepest:
            axes.axhspan(top, min(top + layer.thickness_um, deepest), color=SKIN.get(layer.name, "#f4ece8"), lw=0, zorder=0)
        top += layer.thickness_um
    widest = _LEAST_PCT
    for at, (_, injury) in enumerate(lines):
        depths, shares = _closed(injury.injured_by_depth)
        axes.plot(shares, depths, color=_COLOURS[at], ls=_STYLES[at], lw=1.5, zorder=3)
        if at == 0:
            axes.fill_betweenx(depths, 0, shares, color=_COLOURS[at], alpha=0.14, lw=0, zorder=2)
        widest = max([widest, *shares, *injury.layer_injured_pct.values()])
    axes.set_xlim(0, min(1.2 * widest, 112))
    axes.set_ylim(deepest, 0)
    axes.grid(axis="x", color=LINE, lw=0.4)
    axes.locator_params(nbins=5)
    axes.tick_params(labelsize=6.5)
    axes.set_ylabel("depth [µm]", fontsize=7)
    axes.set_xlabel("share dead or missing at this depth [%]", fontsize=7)


def _closed(told: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Depths and shares with the ends drawn to nothing, and up to the surface where the first depth lies near it."""
    depths, shares = [depth for depth, _ in told], [share for _, share in told]
    if 0 < depths[0] <= _NEAR_UM:
        depths, shares = [0.0, *depths], [shares[0], *shares]
    elif depths[0] > _NEAR_UM:
        depths, shares = [depths[0], *depths], [0.0, *shares]
    if shares[-1] > 0:
        depths, shares = [*depths, depths[-1]], [*shares, 0.0]
    return depths, shares
