"""A film as plain lists for a page that draws it: depth over time, depth over radius moment by moment, zones, layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypedDict

import numpy as np
from numpy.typing import NDArray

from recutis.injury.film import Film
from recutis.injury.types import Injury
from recutis.skin.types import Skin
from recutis.units import PERCENT

if TYPE_CHECKING:
    from recutis.injury.fields import Outline

Array = NDArray[np.float64]
Row = list[float | None]
Map = list[Row]
_DEPTHS: Final = 60
_RADII: Final = 28
_FINER_ABOVE: Final = 1.5  # power of the depths shown: close together near the surface, where layers are thin
_WARM: Final = 0.1  # of the highest rise of the film: what is warmer belongs in the picture
_LEAST_UM: Final = 120.0  # deep a picture is at least: an epidermis
_MARGIN: Final = 1.3  # of the picture over what is to be seen
_ALIKE: Final = 2  # rings of a spot that is the same from axis to edge
_DEAD: Final = 1.0  # Arrhenius integral of 63 % dead, where pathologists draw the edge


class Window(TypedDict):
    """What a picture shows: depth and half width [µm], and temperatures [°C] from the coldest to the hottest."""

    depth_um: float
    half_width_um: float
    low_C: float
    high_C: float


class LayerPlace(TypedDict):
    """Where a layer of the skin lies."""

    name: str
    top_um: float
    bottom_um: float


class Curves(TypedDict):
    """Curves over the moments, °C: the uppermost tissue that is left on the axis, the bottom of the epidermis there, the hottest place.

    `dead_to_um` is the deepest dead tissue at any radius; null before there is any.
    """

    surface_C: Row
    basal_C: Row
    hottest_C: Row
    dead_to_um: Row


class Zones(TypedDict):
    """What is left in the end, over the radius [µm]: crater floor, top and bottom of dead tissue; and the injury's depths."""

    radius_um: Row
    crater_um: Row
    dead_top_um: Row
    dead_bottom_um: Row
    ablation_depth_um: float
    coagulation_depth_um: float
    lesion_top_um: float
    lesion_depth_um: float
    lesion_width_um: float


class Vessel(TypedDict):
    """A vessel and the exposure it gets over the one that closes it; the film shows the tissue around it, not the vessel."""

    diameter_um: float
    depth_um: float
    ratio: float


class Frames(TypedDict):
    """Maps by moment, then depth, then radius: temperature [°C] and share of cells dead [%]; null where tissue has gone."""

    temperature_C: list[Map]
    dead_pct: list[Map]


class FilmDocument(TypedDict):
    """What a page needs to draw a film.

    `axis_C` and `axis_dead_pct` are maps by depth, then moment, on the axis; `hottest_C` the same of the hottest radius at each depth.
    `frames` is null for a wide spot, which is alike from axis to edge. Values are those of the cells nearest to the depths and radii
    told, not smoothed; edges (`crater_um`, `dead_from_um`, `dead_to_um`, by moment, then radius) are those of the full grid.
    """

    kind: str
    time_ms: Row
    light_ms: float
    depth_um: Row
    radius_um: Row
    axis_C: Map
    axis_dead_pct: Map
    hottest_C: Map
    frames: Frames | None
    crater_um: Map
    dead_from_um: Map
    dead_to_um: Map
    peak_C: Row
    curves: Curves
    zones: Zones
    layers: list[LayerPlace]
    vessels: list[Vessel]
    window: Window


def window_of(film: Film) -> Window:
    """Depth and width that show all that gets warm, dies or goes, and the range of its temperatures."""
    start = float(np.nanmin(film.temperature_C[-1]))
    hottest = np.nanmax(np.where(np.isnan(film.temperature_C), -np.inf, film.temperature_C), axis=0)
    top = float(hottest.max())
    seen = (hottest >= start + _WARM * (top - start)) | np.isnan(film.temperature_C[-1])
    seen |= np.nan_to_num(film.damage[-1], nan=0.0) >= _DEAD
    deep = max(_MARGIN * film.depth_um[seen.any(axis=1)].max(initial=0.0), _LEAST_UM)
    wide = max(_MARGIN * film.radius_um[seen.any(axis=0)].max(initial=0.0), deep / 4)
    return Window(
        depth_um=round(min(float(deep), float(film.depth_um[-1])), 1),
        half_width_um=round(min(float(wide), float(film.radius_um[-1])), 1),
        low_C=round(float(np.nanmin(film.temperature_C)), 1),
        high_C=round(top, 1),
    )


def joint_window(one: Window, other: Window) -> Window:
    """A window for two films drawn to one scale."""
    return Window(
        depth_um=max(one["depth_um"], other["depth_um"]),
        half_width_um=max(one["half_width_um"], other["half_width_um"]),
        low_C=min(one["low_C"], other["low_C"]),
        high_C=max(one["high_C"], other["high_C"]),
    )


class Step(TypedDict):
    """One place of a slider over several films: its time, and which moment each film shows there."""

    time_ms: float
    frames: list[int]


def steps_of(films: Sequence[FilmDocument]) -> list[Step]:
    """Steps of a slider that serves several films: every moment of any of them, and the last moment each has shown by then.

    A film shows its first moment until that has come, and its last one when it is over.
    """
    times = [np.array(film["time_ms"], dtype=np.float64) for film in films]
    every = np.unique(np.concatenate(times)) if times else np.empty(0)
    shown = [np.clip(np.searchsorted(one, every, side="right") - 1, 0, one.size - 1) for one in times]
    return [Step(time_ms=float(time), frames=[int(one[k]) for one in shown]) for k, time in enumerate(every)]


def film_document(
    film: Film, injury: Injury, skin: Skin, outline: Outline, *, light_ms: float, window: Window | None = None
) -> FilmDocument:
    """A film cut to a window (its own where none is given) and thinned out, about half a megabyte of JSON at most."""
    film = _without_repeats(film)
    shown = window or window_of(film)
    alike = film.radius_um.size <= _ALIKE
    z = _nearest(film.depth_um, shown["depth_um"] * np.linspace(0.0, 1.0, _DEPTHS) ** _FINER_ABOVE)
    wide = np.array([0.0]) if alike else np.linspace(0.0, shown["half_width_um"], _RADII)
    r = _nearest(film.radius_um, wide)
    dead = PERCENT * -np.expm1(-film.damage)
    hottest = _highest(film.temperature_C, axis=2)
    top, bottom = _dead_edges(film)
    frames = None
    if not alike:
        maps = [
            [_map(values[t][np.ix_(z, r)], digits) for t in range(film.time_ms.size)]
            for values, digits in ((film.temperature_C, 1), (dead, 0))
        ]
        frames = Frames(temperature_C=maps[0], dead_pct=maps[1])
    return FilmDocument(
        kind="wide" if alike else "column",
        time_ms=_row(film.time_ms, 6),
        light_ms=light_ms,
        depth_um=_row(film.depth_um[z], 1),
        radius_um=_row(film.radius_um[r], 1),
        axis_C=_map(film.temperature_C[:, z, 0].T, 1),
        axis_dead_pct=_map(dead[:, z, 0].T, 0),
        hottest_C=_map(hottest[:, z].T, 1),
        frames=frames,
        crater_um=_map(film.crater_um[:, r], 1),
        dead_from_um=_map(top[:, r], 1),
        dead_to_um=_map(bottom[:, r], 1),
        peak_C=_row(_highest(hottest, axis=0)[z], 1),
        curves=_curves(film, skin, bottom),
        zones=_zones(injury, outline),
        layers=_layers(skin),
        vessels=[Vessel(diameter_um=d, depth_um=depth, ratio=round(ratio, 3)) for d, depth, ratio in injury.vessel_ratio],
        window=shown,
    )


def _without_repeats(film: Film) -> Film:
    """The film without moments that show the same instant: steps of the solver may be longer than those between moments."""
    kept = np.flatnonzero(np.diff(film.time_ms, prepend=-np.inf) > 0)
    return Film(
        time_ms=film.time_ms[kept], depth_um=film.depth_um, radius_um=film.radius_um, temperature_C=film.temperature_C[kept],
        damage=film.damage[kept], crater_um=film.crater_um[kept],
    )  # fmt: skip


def _nearest(middles: Array, wanted: Array) -> NDArray[np.intp]:
    """Cells nearest to places, each once."""
    edges = (middles[1:] + middles[:-1]) / 2
    return np.unique(np.searchsorted(edges, wanted))


def _highest(values: Array, *, axis: int) -> Array:
    """The highest along an axis; not a number where there is none."""
    found = np.where(np.isnan(values), -np.inf, values).max(axis=axis)
    return np.where(np.isfinite(found), found, np.nan)


def _dead_edges(film: Film) -> tuple[Array, Array]:
    """Top and bottom of the dead tissue in place by moment and radius [µm]; not a number where none is dead."""
    edges = (film.depth_um[1:] + film.depth_um[:-1]) / 2
    upper = np.concatenate(([max(2 * film.depth_um[0] - edges[0], 0.0)], edges))
    lower = np.concatenate((edges, [2 * film.depth_um[-1] - edges[-1]]))
    dead = np.nan_to_num(film.damage, nan=0.0) >= _DEAD
    some = dead.any(axis=1)
    first, last = dead.argmax(axis=1), film.depth_um.size - 1 - dead[:, ::-1].argmax(axis=1)
    return np.where(some, upper[first], np.nan), np.where(some, lower[last], np.nan)


def _curves(film: Film, skin: Skin, dead_to: Array) -> Curves:
    there = ~np.isnan(film.temperature_C[:, :, 0])
    first = there.argmax(axis=1)
    moments = np.arange(film.time_ms.size)
    basal = int(_nearest(film.depth_um, np.array([skin.epidermis_um]))[0])
    return Curves(
        surface_C=_row(film.temperature_C[moments, first, 0], 1),
        basal_C=_row(film.temperature_C[:, basal, 0], 1),
        hottest_C=_row(_highest(_highest(film.temperature_C, axis=2), axis=1), 1),
        dead_to_um=_row(_highest(dead_to, axis=1), 1),
    )


def _zones(injury: Injury, outline: Outline) -> Zones:
    return Zones(
        radius_um=_row(outline.radius_um, 1),
        crater_um=_row(outline.crater_um, 1),
        dead_top_um=_row(outline.dead_top_um, 1),
        dead_bottom_um=_row(outline.dead_bottom_um, 1),
        ablation_depth_um=round(injury.ablation_depth_um, 1),
        coagulation_depth_um=round(injury.coagulation_depth_um, 1),
        lesion_top_um=round(injury.lesion_top_um, 1),
        lesion_depth_um=round(injury.lesion_depth_um, 1),
        lesion_width_um=round(injury.lesion_width_um, 1),
    )


def _layers(skin: Skin) -> list[LayerPlace]:
    bottoms = np.cumsum([layer.thickness_um for layer in skin.layers]).tolist()
    return [
        LayerPlace(name=layer.name, top_um=round(bottom - layer.thickness_um, 1), bottom_um=round(bottom, 1))
        for layer, bottom in zip(skin.layers, bottoms, strict=True)
    ]


def _row(values: Array, digits: int) -> Row:
    """Numbers rounded; null where there is none."""
    rounded = np.round(np.asarray(values, dtype=np.float64), digits)
    if digits == 0:
        return [int(one) if one == one else None for one in rounded.tolist()]  # noqa: PLR0124  (only not-a-number differs from itself)
    return [one if one == one else None for one in rounded.tolist()]  # noqa: PLR0124


def _map(values: Array, digits: int) -> Map:
    return [_row(row, digits) for row in values]


__all__ = ["FilmDocument", "Step", "Window", "film_document", "joint_window", "steps_of", "window_of"]
