"""Figures of an injury: the lesion to scale in the layers of the skin, and its temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recutis.injury.fields import Outline
from recutis.injury.types import Injury
from recutis.skin.types import Skin

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {
    "stratum_corneum": "#d9b38c", "epidermis": "#f0c9a4", "basal_layer": "#b98a63", "papillary_dermis": "#f6d9cf",
    "reticular_dermis": "#f9e6df", "subcutis": "#fbf1cf",
}  # fmt: skip
_DEAD, _CRATER, _INK, _OPEN = "#a23b3b", "#ffffff", "#3b3b3b", "#7f9fd1"
_SHOWN_UM = (20.0, 40.0, 60.0, 100.0)  # vessel sizes drawn in cross-sections


def _layers(axes: Axes, skin: Skin, depth_um: float) -> None:
    top = 0.0
    for layer in skin.layers:
        bottom = min(top + layer.thickness_um, depth_um)
        axes.axhspan(top, bottom, color=_COLOURS[layer.name], lw=0, zorder=0)
        if bottom - top > 0.05 * depth_um:
            name = layer.name.replace("_", " ")
            axes.text(
                1.015,
                (top + bottom) / 2,
                name,
                transform=axes.get_yaxis_transform(),
                ha="left",
                va="center",
                fontsize=8,
                color=_INK,
            )
        top += layer.thickness_um
        if top >= depth_um:
            return


def _frame(injury: Injury, skin: Skin) -> tuple[float, float]:
    """Half width and depth that show the whole lesion [µm]."""
    depth = max(1.35 * injury.lesion_depth_um, skin.epidermis_um * 2.5, 600.0 if injury.selective else 200.0)
    return max(1.6 * injury.lesion_width_um / 2, 0.35 * depth) if injury.fractional else 0.6 * depth, depth


def cross_section(injury: Injury, skin: Skin, outline: Outline) -> Figure:
    """The lesion of one spot or column, depth and width to one scale for columns; wide spots are cut at their edges."""
    from matplotlib.figure import Figure

    half, depth = _frame(injury, skin)
    width_in = min(max(4.6 * 2 * half / depth, 3.4), 7.5) + 0.9  # for the names of the layers, beside the picture
    figure = Figure(figsize=(width_in, 4.9), layout="constrained", dpi=160)
    axes = figure.add_subplot()
    _section(axes, injury, skin, outline, half, depth)
    axes.set_title(f"{injury.wavelength_nm:g} nm, {injury.duration_ms:g} ms\n{_told(injury)}", fontsize=9, loc="left")
    return figure


def side_by_side(both: tuple[tuple[str, Injury, Skin, Outline], tuple[str, Injury, Skin, Outline]]) -> Figure:
    """Two lesions on one scale of depth, each with its title."""
    from matplotlib.figure import Figure

    frames = [_frame(injury, skin) for _, injury, skin, _ in both]
    depth, half = max(x[1] for x in frames), max(x[0] for x in frames)
    figure = Figure(figsize=(2 * min(max(4.2 * 2 * half / depth, 3.2), 5.0) + 1.2, 5.1), layout="constrained", dpi=160)
    for axes, (title, injury, skin, outline) in zip(figure.subplots(1, 2, sharey=True), both, strict=True):
        _section(axes, injury, skin, outline, half, depth)
        axes.set_title(f"{title}\n{_told(injury)}", fontsize=8.5, loc="left")
    return figure


def _section(axes: Axes, injury: Injury, skin: Skin, outline: Outline, half: float, depth: float) -> None:
    """Layers, dead and missing tissue, vessels."""
    _layers(axes, skin, depth)
    scale = 1.0 if injury.fractional else half / max(float(outline.radius_um[-1]), 1.0) * 1.01
    r = np.concatenate((-outline.radius_um[::-1], outline.radius_um)) * scale
    both = [np.concatenate((x[::-1], x)) for x in (outline.dead_top_um, outline.dead_bottom_um, outline.crater_um)]
    label = "dead tissue" if injury.lesion_depth_um > 0 else None
    axes.fill_between(r, both[0], both[1], where=both[1] > both[0], color=_DEAD, alpha=0.72, lw=0, label=label, zorder=2)
    if injury.ablation_depth_um > 0:
        axes.fill_between(r, 0, both[2], color=_CRATER, lw=0.8, edgecolor=_INK, label="removed", zorder=3)
    if injury.selective:
        _vessels(axes, injury, half, depth)
    axes.axhline(0, color=_INK, lw=1)
    axes.set(xlim=(-half, half), ylim=(depth, -0.06 * depth), xlabel="across [µm]", ylabel="depth [µm]")
    if injury.fractional or injury.selective:
        axes.set_aspect("equal")
    if injury.lesion_depth_um > 0 or injury.selective:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.11), ncols=3, fontsize=8, frameon=False)
    _clean(axes)


def _vessels(axes: Axes, injury: Injury, half_um: float, depth_um: float) -> None:
    """Vessels of some sizes at some depths, to scale: filled where the light closes them."""
    from matplotlib.patches import Circle

    places = np.linspace(-0.82, 0.42, len(_SHOWN_UM)) * half_um
    named = set()
    for diameter, depth, ratio in injury.vessel_ratio:
        if diameter not in _SHOWN_UM or depth + diameter / 2 > depth_um:
            continue
        closed = ratio >= 1.0
        label = f"vessel {'closes' if closed else 'stays open'}"
        centre = (float(places[_SHOWN_UM.index(diameter)]), depth)
        axes.add_patch(
            Circle(
                centre, diameter / 2, facecolor=_DEAD if closed else _OPEN, edgecolor=_INK, lw=0.6, zorder=3,
                label=None if label in named else label,
            )
        )  # fmt: skip
        named.add(label)


def _told(injury: Injury) -> str:
    if injury.lesion_depth_um <= 0:
        return "no dead tissue in bulk"
    if injury.ablation_depth_um > 0:
        return f"{injury.ablation_depth_um:.0f} µm removed, dead to {injury.lesion_depth_um:.0f} µm"
    return f"dead from {injury.lesion_top_um:.0f} to {injury.lesion_depth_um:.0f} µm"


def temperature(data: xr.Dataset, injury: Injury) -> Figure:
    """Temperature: history over depth for wide spots, peak map for columns; wall and dead zone for channels."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 4.2), layout="constrained", dpi=160)
    axes = figure.add_subplot()
    if "temperature" in data:
        time = np.maximum(np.asarray(data["time"]), 1e-6)
        mesh = axes.pcolormesh(
            time, data["depth"], np.asarray(data["temperature"]).T, cmap="inferno", shading="nearest", rasterized=True
        )
        axes.set(xscale="log", xlabel="time [ms]", ylabel="depth [µm]", title="Temperature")
        axes.set_xlim(max(injury.duration_ms / 100, float(time[time > 1e-6].min(initial=1.0))), float(time.max()))
        axes.set_ylim(float(data["depth"].max()) if injury.ablation_depth_um > 0 else 800.0, 0)
        figure.colorbar(mesh, ax=axes, label="°C")
    elif "peak_temperature" in data:
        mesh = axes.pcolormesh(data["r"], data["z"], data["peak_temperature"], cmap="inferno", shading="nearest", rasterized=True)
        deep = max(1.4 * injury.lesion_depth_um, 200.0)
        axes.set(
            xlim=(0, max(1.5 * injury.lesion_width_um, 0.5 * deep)), ylim=(deep, 0), xlabel="radius [µm]", ylabel="depth [µm]"
        )
        if float(data["damage"].max()) > 1.0:
            axes.contour(data["r"], data["z"], data["damage"], levels=[1.0], colors=["#ffffff"], linewidths=1.2)
        axes.set_title("Peak temperature; white line: damage 1")
        figure.colorbar(mesh, ax=axes, label="°C")
    else:
        depth, wall, dead = data["channel_depth"], data["crater_radius"], data["lesion_radius"]
        axes.fill_betweenx(depth, wall, dead, where=dead > wall, color=_DEAD, alpha=0.7, lw=0, label="dead tissue")
        axes.plot(wall, depth, color=_INK, lw=1.2, label="wall of the channel")
        axes.plot(data["collagen_radius"], depth, color=_INK, lw=0.8, ls=(0, (4, 3)), label="collagen lost")
        axes.set(
            xlim=(0, max(1.3 * float(dead.max()), 20.0)), ylim=(max(1.15 * injury.lesion_depth_um, 60.0), 0), xlabel="radius [µm]",
            ylabel="depth [µm]", title="Channel and dead tissue beside it (radius enlarged)",
        )  # fmt: skip
        axes.legend(fontsize=8)
    _clean(axes)
    return figure


def _clean(axes: Axes) -> None:
    axes.tick_params(labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
