"""Pictures of a film: a row of moments for the page, and an animation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from recutis.injury.film import Film
from recutis.skin.types import Skin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
_PANELS: Final = 6
_INK, _GONE, _DEAD = "#3b3b3b", "#ffffff", "#1b4f9c"
_SCALE = ("#fbeee8", "#f7cfae", "#f0955a", "#d2432f", "#8f1233", "#2b0619")  # skin to char
_COLD_C, _HOT_C = 30.0, 180.0  # the scale; hotter is drawn as hot as this, colder as cold
_WARM_C: Final = 55.0  # what is hotter belongs in the picture
_ALIKE: Final = 2  # rings of a spot that is the same from axis to edge
_NARROW: Final = 2.5  # twice the half width over the depth; wider pictures are not to one scale
_FRAMES_A_SECOND: Final = 5


def _window(film: Film) -> tuple[float, float]:
    """Half width and depth that show all that is hot, dead or gone [µm]."""
    hottest = np.nan_to_num(film.temperature_C, nan=_HOT_C).max(axis=0)
    marked = (np.nan_to_num(film.damage[-1], nan=9.0) >= 1.0) | (hottest >= _WARM_C)
    deep = film.depth_um[marked.any(axis=1)].max(initial=0.0)
    wide = film.radius_um[marked.any(axis=0)].max(initial=0.0)
    deep = max(1.25 * float(deep), 120.0)
    return min(max(1.4 * float(wide), deep / 3), float(film.radius_um[-1])), min(deep, float(film.depth_um[-1]))


def _edges(middles: Array) -> Array:
    inner = (middles[1:] + middles[:-1]) / 2
    return np.concatenate(([max(2 * middles[0] - inner[0], 0.0)], inner, [2 * middles[-1] - inner[-1]]))


def _moment(axes: Axes, film: Film, number: int, skin: Skin, half: float, deep: float) -> QuadMesh:
    """One moment on axes: temperature, edge of the dead tissue, crater, layers."""
    from matplotlib.colors import LinearSegmentedColormap

    r, z = _edges(film.radius_um), _edges(film.depth_um)
    across = np.concatenate((-r[:0:-1], [0.0], r[1:])) if r[0] == 0.0 else np.concatenate((-r[::-1], r))
    heat = film.temperature_C[number]
    both = np.concatenate((heat[:, ::-1], heat), axis=1)
    colours = LinearSegmentedColormap.from_list("skin to char", _SCALE)
    mesh = axes.pcolormesh(across, z, both, cmap=colours, vmin=_COLD_C, vmax=_HOT_C, rasterized=True)
    middle = np.concatenate((-film.radius_um[::-1], film.radius_um))
    dead = np.nan_to_num(film.damage[number], nan=1e6)
    if (dead >= 1.0).any() and (dead < 1.0).any():
        logarithm = np.log10(np.clip(np.concatenate((dead[:, ::-1], dead), axis=1), 1e-6, 1e6))
        axes.contour(middle, film.depth_um, logarithm, levels=[0.0], colors=[_DEAD], linewidths=1.3)
    floor = np.concatenate((film.crater_um[number][::-1], film.crater_um[number]))
    if floor.max() > 0:
        axes.fill_between(middle, 0, floor, color=_GONE, lw=0, zorder=3)
        axes.plot(middle, floor, color=_INK, lw=0.7, zorder=3)
    bottom = 0.0
    for layer in skin.layers:
        bottom += layer.thickness_um
        if bottom < deep:
            axes.axhline(bottom, color=_INK, lw=0.4, ls=(0, (4, 3)), alpha=0.6)
    axes.set(xlim=(-half, half), ylim=(deep, 0))
    axes.tick_params(labelsize=7)
    if film.radius_um.size <= _ALIKE:  # a wide spot is alike everywhere
        axes.set_xticks([])
    axes.set_aspect("auto" if film.radius_um.size <= _ALIKE or 2 * half / deep > _NARROW else "equal")
    return mesh


def _time_text(ms: float) -> str:
    if ms < 1e-3:
        return f"{ms * 1e6:.3g} ns"
    if ms < 1.0:
        return f"{ms * 1e3:.3g} µs"
    return f"{ms:.3g} ms" if ms < 1000 else f"{ms / 1000:.3g} s"


def _chosen(film: Film) -> list[int]:
    """Frames for a row of pictures: early, the end of the light, and on to the end."""
    return sorted({round(x) for x in np.linspace(0, film.time_ms.size - 1, _PANELS)})


def steps(film: Film, skin: Skin, title: str, *, vessels: tuple[tuple[float, float], ...] = ()) -> Figure:
    """A row of moments to scale, one colour scale, the edge of the dead tissue as a line.

    `vessels` are (depth, diameter) of vessels across the picture, drawn as thin circles [µm].
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Circle

    half, deep = _window(film)
    tall = 3.1
    alike = film.radius_um.size <= _ALIKE
    each = 1.25 if alike else min(max(tall * 0.78 * 2 * half / deep, 0.9), 2.6)
    chosen = _chosen(film)
    figure = Figure(figsize=(each * len(chosen) + 1.9, tall + 0.5), layout="constrained", dpi=160)
    panels = figure.subplots(1, len(chosen), sharey=True)
    for axes, number in zip(panels, chosen, strict=True):
        mesh = _moment(axes, film, number, skin, half, deep)
        axes.set_title(_time_text(float(film.time_ms[number])), fontsize=8)
        for depth, diameter in vessels:
            axes.add_patch(Circle((0.0, depth), diameter / 2, fill=False, edgecolor=_INK, lw=0.5))
    panels[0].set_ylabel("depth [µm]", fontsize=8)
    panels[len(chosen) // 2].set_xlabel("alike across the spot" if alike else "across [µm]", fontsize=8)
    bar = figure.colorbar(mesh, ax=list(panels), extend="both", shrink=0.9, pad=0.01)
    bar.set_label("temperature [°C]", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    figure.suptitle(
        f"{title}   ·   blue line: edge of the dead tissue; dashed: layers of the skin", fontsize=9, x=0.01, ha="left"
    )
    return figure


def animate(film: Film, skin: Skin, title: str, path: Path) -> None:
    """Write the film as an animated picture (GIF)."""
    from matplotlib.animation import FuncAnimation, PillowWriter
    from matplotlib.figure import Figure

    half, deep = _window(film)
    figure = Figure(figsize=(4.6, 4.4), dpi=90)
    axes = figure.add_axes((0.16, 0.13, 0.62, 0.72))
    mesh = _moment(axes, film, 0, skin, half, deep)
    figure.colorbar(mesh, cax=figure.add_axes((0.83, 0.13, 0.03, 0.72)), extend="both", label="temperature [°C]")

    def draw(number: int) -> tuple[()]:
        axes.clear()
        _moment(axes, film, number, skin, half, deep)
        axes.set(xlabel="across [µm]", ylabel="depth [µm]")
        axes.set_title(f"{title}\n{_time_text(float(film.time_ms[number]))}", fontsize=9, loc="left")
        return ()

    show = FuncAnimation(figure, draw, frames=film.time_ms.size, blit=False)
    show.save(path, writer=PillowWriter(fps=_FRAMES_A_SECOND))


__all__ = ["animate", "steps"]
