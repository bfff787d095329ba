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
_BAR_MM: Final = 2.2
_ROW_GAP_MM: Final = 1.3
_CURVE_MM: Final = 34.0
_NAME_MM: Final = 3.6
_TITLE_MM: Final = 4.5
_GAP_MM: Final = 3.0
_FOOT_MM: Final = 10.5
_LABEL_OFF: Final = 0.015  # between a bar and its number, of the widest bar
_SURE: Final = 26  # letters of a name that always fit
_NAME_AT: Final = 0.075  # where names start, as a share of the width
_NEAR_UM: Final = 6.0  # a curve that starts so near the surface starts at it
Line = tuple[str, InjuryDocument]


def depth_lines(named: Sequence[Line]) -> dict[str, list[Line]]:
    """Injuries by site, each named with its target; those of one site whose curves are the same share a line."""
    sites: dict[str, list[tuple[str, list[str], InjuryDocument]]] = {}
    for name, injury in named:
        if not injury.injured_by_depth:
            continue
        lines = sites.setdefault(injury.site, [])
        same = next((one for one in lines if one[0] == name and one[2].injured_by_depth == injury.injured_by_depth), None)
        if same is None:
            lines.append((name, [injury.target], injury))
        elif injury.target not in same[1]:
            same[1].append(injury.target)
    return {
        site: [(f"{name}, for {' and '.join(targets)}", one) for name, targets, one in lines] for site, lines in sites.items()
    }


def depth_figure(lines: Sequence[Line]) -> Figure:
    """One site: on top the share of each layer's volume, below the share at each depth with the layers as bands."""
    from matplotlib.lines import Line2D

    lines = lines[: len(_COLOURS)]
    layers = _layers_told(lines)
    bars = (_BAR_MM * max(len(lines), 1) + _ROW_GAP_MM) * len(layers)
    names = _NAME_MM * len(lines)
    height = names + _TITLE_MM + bars + _GAP_MM + _CURVE_MM + _FOOT_MM
    figure = framed(_PAGE_MM, height, left_mm=25, right_mm=3, top_mm=names + _TITLE_MM, bottom_mm=_FOOT_MM)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(bars, _CURVE_MM))
    figure.subplots_adjust(hspace=2 * _GAP_MM / (bars + _CURVE_MM))
    _bars(top, lines, layers)
    _curves(bottom, lines)
    for at, (name, _) in enumerate(lines):
        y = 1 - _NAME_MM * (at + 0.5) / height
        figure.add_artist(Line2D([0.005, 0.06], [y, y], color=_COLOURS[at], ls=_STYLES[at], lw=1.8))
        _fitted(figure, name, y)
    return figure


def _fitted(figure: Figure, name: str, y: float) -> None:
    """A name beside its line; one that would run off the picture ends in an ellipsis."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    text = figure.text(_NAME_AT, y, name, color=INK, fontsize=6.8, va="center")
    if len(name) <= _SURE:
        return
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    room = (0.99 - _NAME_AT) * figure.bbox.width
    kept = len(name)
    while (wide := text.get_window_extent(renderer).width) > room and kept > 1:
        kept = min(int(kept * room / wide), kept - 1)
        text.set_text(f"{name[:kept]} …")


def _layers_told(lines: Sequence[Line]) -> list[SkinLayer]:
    """Layers down to the last that any line injures."""
    layers = list(lines[0][1].layers) if lines else []
    hurt = [at for at, layer in enumerate(layers) if any(one.layer_injured_pct.get(layer.name, 0.0) > 0 for _, one in lines)]
    return layers[: max(max(hurt, default=0) + 1, min(len(layers), 4))]


def _bars(axes: Axes, lines: Sequence[Line], layers: Sequence[SkinLayer]) -> None:
    widest = max(injury.layer_injured_pct.get(layer.name, 0.0) for _, injury in lines for layer in layers)
    thick = _BAR_MM / (_BAR_MM * max(len(lines), 1) + _ROW_GAP_MM)
    for at, (_, injury) in enumerate(lines):
        for row, layer in enumerate(layers):
            share = injury.layer_injured_pct.get(layer.name, 0.0)
            y = row + (at - (len(lines) - 1) / 2) * thick
            axes.barh(y, share, height=0.86 * thick, color=_COLOURS[at], lw=0)
            note(axes, share + _LABEL_OFF * widest, y, _percent(share), va="center_baseline", color=INK, fontsize=6)
    axes.set_yticks(range(len(layers)), [layer.name.replace("_", " ") for layer in layers])
    axes.set_ylim(len(layers) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0, labelsize=6.8, labelcolor=INK)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.set_title("share of the layer dead or missing", fontsize=6.8, color=MUTED, fontweight="regular", pad=2)


def _percent(share: float) -> str:
    return "0" if share == 0 else "<0.1 %" if share < 0.1 else f"{number(share)} %"


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
    axes.set_xlim(0, min(1.2 * widest, 114))
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
