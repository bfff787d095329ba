"""The injury drawn to scale in the layers of the skin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from recutis.plan.document import InjuryDocument
from recutis.report.figures.canvas import INK, MUTED, RUST, TEAL, blank, note
from recutis.report.rows import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SKIN: Final = {
    "stratum_corneum": "#d8c3ab",
    "epidermis": "#efd3bd",
    "basal_layer": "#c79b7d",
    "papillary_dermis": "#f7e4dc",
    "reticular_dermis": "#fbefea",
    "subcutis": "#fdf6dc",
}
_HEAT: Final = "#9b3a22"
_MARGIN: Final = 1.25  # skin shown below the deepest thing of interest
_ASPECT: Final = 1.35  # width of the drawing over its height, so that both axes have one scale
_MOST_COLUMNS: Final = 30
_PITCHES: Final = 2.2  # columns that should be seen
_WIDEST: Final = 2.8  # width over depth, so that the drawing stays high enough to read
_VESSELS_WIDE: Final = 0.6  # share of the width that vessels may fill
_CLEAR: Final = 1.1  # least distance of two vessels in diameters
_PAGE_MM: Final = 86
_LINE_MM: Final = 2.9  # between names beside the drawing
_ABOVE: Final = 0.12  # room over the skin for the pitch, as a share of the depth
_BESIDE: Final = 0.36  # room for names, as a share of the width


def depth_shown_um(injury: InjuryDocument) -> float:
    """How deep the drawing goes: past the lesion, the target and the deepest vessel that matters."""
    vessels = [depth + diameter / 2 for diameter, depth, _ in vessels_told(injury)]
    skin = sum(layer.thickness_um for layer in injury.layers)
    wanted = _MARGIN * max([injury.lesion_depth_um, injury.target_bottom_um, 200.0, *vessels])
    return min(wanted, skin) if skin > 0 else wanted


def section_figure(injury: InjuryDocument) -> Figure:
    """Crater, coagulation, pitch, target depth, layers, scale bar; one scale in both directions."""
    depth = depth_shown_um(injury)
    width = _ASPECT * depth
    if injury.column_pitch_um is not None:
        width = min(max(width, _PITCHES * injury.column_pitch_um), _WIDEST * depth)
    figure = blank(_PAGE_MM, _PAGE_MM * (1.01 + _ABOVE) * depth / ((1.02 + _BESIDE) * width))
    axes = figure.add_subplot()
    _layers(axes, injury, depth, width)
    if injury.ablation_depth_um > 0 or injury.lesion_depth_um > 0:
        _columns(axes, injury, width)
    if vessels_told(injury):
        _vessels(axes, injury, width)
    if injury.target == "pigment" and injury.pigment_ratio > 0:
        _pigment(axes, injury, width)
    _target(axes, injury, depth, width)
    _scale_bar(axes, depth, width)
    axes.set_xlim(-0.02 * width, (1 + _BESIDE) * width)
    axes.set_ylim(1.01 * depth, -_ABOVE * depth)
    axes.set_aspect("equal")
    axes.set_axis_off()
    return figure


def _layers(axes: Axes, injury: InjuryDocument, depth: float, width: float) -> None:
    from matplotlib.patches import Rectangle

    top, epidermis = 0.0, 0.0
    names: list[tuple[float, str]] = []
    for layer in injury.layers:
        if top >= depth:
            break
        bottom = min(top + layer.thickness_um, depth)
        axes.add_patch(Rectangle((0, top), width, bottom - top, facecolor=SKIN.get(layer.name, "#f4ece8"), edgecolor="none"))
        if layer.name in {"stratum_corneum", "epidermis", "basal_layer"}:
            epidermis = bottom
        else:
            names.append(((top + bottom) / 2, layer.name.replace("_", " ")))
        top = bottom
    told = [(epidermis / 2, "epidermis", INK), *((y, name, INK) for y, name in names)]
    low, high = injury.target_top_um, min(injury.target_bottom_um, depth)
    told.append(((low + high) / 2, f"target {number(injury.target_top_um)}–{number(injury.target_bottom_um)} µm", TEAL))
    gap = _LINE_MM * (1.02 + _BESIDE) * width / _PAGE_MM
    last = -math.inf
    for y, name, colour in sorted(told):
        place = max(y, last + gap)
        note(axes, 1.035 * width, place, name, va="center", color=colour, fontsize=6.8)
        last = place
    axes.plot([0, width], [0, 0], color=INK, lw=0.6)


def _columns(axes: Axes, injury: InjuryDocument, width: float) -> None:
    pitch = injury.column_pitch_um
    if pitch is None:
        _column(axes, injury, 0.5 * width, width, width)
        return
    fitting = math.floor((width - injury.lesion_width_um) / pitch) + 1
    count = min(max(1, fitting), _MOST_COLUMNS)
    first = (width - (count - 1) * pitch) / 2
    for index in range(count):
        _column(axes, injury, first + index * pitch, injury.lesion_width_um, width)
    if count > 1:
        y = -0.035 * width
        axes.annotate(
            "",
            (first + pitch, y),
            (first, y),
            arrowprops={"arrowstyle": "<->", "lw": 0.6, "color": MUTED, "shrinkA": 0, "shrinkB": 0},
        )
        note(axes, first + pitch / 2, y - 0.008 * width, f"pitch {number(pitch)} µm", ha="center", va="bottom", fontsize=6.2)


def _column(axes: Axes, injury: InjuryDocument, middle: float, lesion_width: float, width: float) -> None:
    from matplotlib.patches import Polygon

    full = injury.column_pitch_um is None
    heated = bowl(middle, lesion_width, injury.lesion_top_um, injury.lesion_depth_um, flat=full)
    for outline, colour, alpha in ((heated, _HEAT, 0.75),):
        shape = Polygon(_inside(outline, width), closed=True, facecolor=colour, alpha=alpha, edgecolor="none", zorder=3)
        axes.add_patch(shape)
    if injury.ablation_depth_um > 0:
        crater_width = lesion_width if full else injury.ablation_width_um
        crater = bowl(middle, crater_width, -0.004 * width, injury.ablation_depth_um, flat=full)
        axes.add_patch(Polygon(_inside(crater, width), closed=True, facecolor="white", edgecolor=INK, lw=0.5, zorder=4))


def _inside(outline: list[tuple[float, float]], width: float) -> list[tuple[float, float]]:
    return [(min(max(x, 0.0), width), y) for x, y in outline]


def bowl(middle: float, wide: float, top: float, bottom: float, *, flat: bool) -> list[tuple[float, float]]:
    """Outline of a column: straight down with a rounded floor; a slab when flat."""
    if flat or wide <= 0:
        return [(middle - wide / 2, top), (middle + wide / 2, top), (middle + wide / 2, bottom), (middle - wide / 2, bottom)]
    steps = 24  # points on the curve, smooth at print size
    rounding = 4  # exponent of the superellipse: steep walls, round floor
    curve = []
    for index in range(steps + 1):
        share = -1 + 2 * index / steps
        curve.append((middle + share * wide / 2, top + (bottom - top) * (1 - abs(share) ** rounding) ** (1 / 2)))
    return curve


def vessels_told(injury: InjuryDocument) -> list[tuple[float, float, float]]:
    """Vessels of the drawing: where they are the target, from small to large as long as they fit, none over another."""
    if injury.target != "vessel":
        return []
    reach = 2 * injury.target_bottom_um
    told: list[tuple[float, float, float]] = []
    used, room = 0.0, _VESSELS_WIDE * _ASPECT * _MARGIN * reach
    for size in sorted({diameter for diameter, *_ in injury.vessel_closure}):
        used += size
        if used > room and told:
            break
        floor = size / 2
        for diameter, depth, ratio in sorted(injury.vessel_closure):
            if diameter == size and floor <= depth <= reach - size / 2:
                told.append((diameter, depth, ratio))
                floor = depth + _CLEAR * size
    return told


def _vessels(axes: Axes, injury: InjuryDocument, width: float) -> None:
    """One column of vessels a diameter, at its depths: filled where closed, open where the dose falls short."""
    from matplotlib.patches import Circle

    told = vessels_told(injury)
    diameters = sorted({diameter for diameter, *_ in told})
    gap = max((width - sum(diameters)) / (len(diameters) + 1), 0.0)
    x = gap
    for diameter in diameters:
        middle = x + diameter / 2
        for size, depth, ratio in told:
            if size == diameter:
                fill = _HEAT if ratio >= 1 else "#ffffff"
                axes.add_patch(Circle((middle, depth), diameter / 2, facecolor=fill, edgecolor=RUST, lw=0.8, zorder=4))
        note(axes, middle, -0.015 * width, number(diameter), ha="center", va="bottom", fontsize=6, color=INK)
        x += diameter + gap
    closed = sum(ratio >= 1 for *_, ratio in told)
    note(axes, 1.035 * width, -0.015 * width, f"µm; {closed} of {len(told)} closed", va="bottom", color=_HEAT)


def _pigment(axes: Axes, injury: InjuryDocument, width: float) -> None:
    reached = injury.pigment_ratio >= 1
    top, bottom = injury.target_top_um, injury.target_bottom_um
    for row in range(3):
        y = top + (bottom - top) * (row + 0.5) / 3
        x = [width * (0.1 + 0.8 * (index + 0.5 * (row % 2)) / 16) for index in range(16)]
        axes.plot(
            x, [y] * len(x), ls="", marker="o", ms=2, color="#3b2416", mfc="none" if reached else "#3b2416", mew=0.5, zorder=4
        )
    words = f"pigment {'broken' if reached else 'not reached'}: {number(injury.pigment_ratio)} × threshold"
    note(axes, 0.5 * width, bottom + 0.03 * width, words, ha="center", va="top", color=INK)


def _target(axes: Axes, injury: InjuryDocument, depth: float, width: float) -> None:
    top, bottom = injury.target_top_um, min(injury.target_bottom_um, depth)
    x = 1.008 * width
    axes.plot([x, x], [top, bottom], color=TEAL, lw=2.2, solid_capstyle="butt", zorder=6)


def _scale_bar(axes: Axes, depth: float, width: float) -> None:
    raw = depth / 4
    step = 10 ** math.floor(math.log10(raw))
    length = next(factor * step for factor in (5, 2, 1) if factor * step <= raw)
    y = 0.965 * depth
    axes.plot([0.03 * width, 0.03 * width + length], [y, y], color=INK, lw=1.6, solid_capstyle="butt", zorder=6)
    note(axes, 0.03 * width, y - 0.015 * depth, f"{number(length)} µm", va="bottom", color=INK)
