"""Temperature over depth and time, and moment by moment over depth and radius, as charts for the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from recutis.report.rows import number
from recutis.units import MS_PER_S, PERCENT
from recutis.web.pictures.front import FONT, Figure, chart_key_item
from recutis.web.pictures.markup import Markup, element, escaped
from recutis.web.pictures.picture import Table
from recutis.web.pictures.scales import round_step

Film = Mapping[str, Any]
"""What `recutis.injury.film_document` tells of a simulation."""

_HEAT: Final = ((0.0, "var(--skin-5)"), (0.5, "var(--heated)"), (1.0, "var(--coagulated)"))
"""Cold to hot: lightness goes one way, so that it reads without colour vision and in print, in either theme."""
Shown = Literal["temperature", "damage"]
_DEATH: Final = ((0.0, "var(--skin-5)"), (1.0, "var(--coagulated)"))
"""From alive to dead, one way in lightness as well."""
_TIMES: Final = ((MS_PER_S, "s"), (1.0, "ms"), (1 / MS_PER_S, "µs"), (1 / MS_PER_S**2, "ns"))
_TICKS: Final = 4
_STEPS: Final = 64  # of the bar that explains the colours
_CONTOURS: Final = 4


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """What the colours of a map mean."""

    low: float
    high: float
    unit: str
    colours: tuple[tuple[float, str], ...]


def _scale(film: Film, show: Shown) -> _Scale:
    if show == "damage":
        return _Scale(low=0.0, high=PERCENT, unit=" %", colours=_DEATH)
    return _Scale(low=film["low_C"], high=film["high_C"], unit=" °C", colours=_HEAT)


def field_figure(film: Film, *, window: Film | None = None, show: Shown = "temperature") -> Figure:
    """Depth against the moments of a film, on the axis of the spot; lines are the crater's floor, the deepest death, and isotherms.

    Moments stand apart equally, as they were kept; the ticks tell their times. `window` gives two films one scale.
    `show` chooses temperature, or the share of tissue in place that heat has killed.
    """
    shown = window or film["window"]
    scale = _scale(shown, show)
    moments = list(range(len(film["time_ms"])))
    values = film["axis_C" if show == "temperature" else "axis_dead_pct"]
    heat = _heat(moments, film["depth_um"], values, scale)
    heat["hovertemplate"] = f"%{{text}}, %{{y:.0f}} µm: %{{z:.0f}}{_told_unit(scale)}<extra></extra>"
    told_times = [time_words(time) for time in film["time_ms"]]
    heat["text"] = [told_times for _ in film["depth_um"]]
    lines: list[Figure] = [
        _contours(moments, film["depth_um"], values, scale),
        _line(moments, [row[0] for row in film["crater_um"]], "crater floor", "solid"),
        _line(moments, [row[0] for row in film["dead_to_um"]], "dead down to here", "dash"),
    ]
    layout = _layout(shown, scale)
    places = _tick_places(len(moments))
    told = [time_words(film["time_ms"][place]) for place in places]
    span = [-0.5, len(moments) - 0.5]
    layout["xaxis"] = _axis("Time") | {"tickvals": places, "ticktext": told, "range": span, "domain": [0, 0.88]}
    layout["shapes"] = [_moment(0), *_layer_lines(film, shown)]
    layout["annotations"] = _layer_names(film, shown)
    return {"data": [heat, *lines, _bar(scale)], "layout": layout, "config": _config()}


def moment_figure(film: Film, *, window: Film | None = None, show: Shown = "temperature") -> Figure:
    """Depth against radius at one moment, mirrored at the axis; `moments` holds what changes, for the slider of the page.

    A spot that is alike from axis to edge has one column of the same temperature.
    """
    shown = window or film["window"]
    scale = _scale(shown, show)
    alike = film["frames"] is None
    half = shown["depth_um"] if alike else shown["half_width_um"]
    radii = [0.0, half] if alike else list(film["radius_um"])
    mirrored = [*(-radius for radius in reversed(radii[1:])), *radii]
    axis, maps = ("axis_C", "temperature_C") if show == "temperature" else ("axis_dead_pct", "dead_pct")
    columns = list(zip(*film[axis], strict=True))
    frames = [[[value, value] for value in column] for column in columns] if alike else film["frames"][maps]
    moments = [
        {
            "time": time_words(time),
            "maps": {"0": frames[at], "1": frames[at]} if show == "temperature" else {"0": frames[at]},
            "lines": {"2": _wide(film["crater_um"][at], len(radii)), "3": _wide(film["dead_to_um"][at], len(radii))},
        }
        for at, time in enumerate(film["time_ms"])
    ]
    heat = _heat(mirrored, film["depth_um"], _mirror(frames[0]), scale)
    heat["hovertemplate"] = f"%{{x:.0f}} µm from the axis, %{{y:.0f}} µm deep: %{{z:.0f}}{_told_unit(scale)}<extra></extra>"
    lines: list[Figure] = [
        _contours(mirrored, film["depth_um"], _mirror(frames[0]), scale),
        _line(mirrored, [None] * len(mirrored), "crater floor", "solid"),
        _line(mirrored, [None] * len(mirrored), "dead down to here", "dash"),
    ]
    layout = _layout(shown, scale)
    layout["xaxis"] = _axis("Distance from the axis, µm") | {"range": [-half, half], "domain": [0, 0.88], "constrain": "domain"}
    layout["yaxis"] = _axis("Depth, µm") | {"range": [shown["depth_um"], 0]}
    if alike:
        layout["xaxis"] |= {
            "title": {"text": "Alike across the spot", "font": {"size": 13}},
            "showticklabels": False,
            "ticks": "",
        }
    else:
        layout["yaxis"] |= {"scaleanchor": "x", "constrain": "domain", "constraintoward": "top"}
    layout["shapes"] = _layer_lines(film, shown)
    return {"data": [heat, *lines, _bar(scale)], "layout": layout, "config": _config(), "moments": moments}


def field_key() -> Markup:
    """What the lines of both charts mean."""
    items = (("solid", "crater floor"), ("dash", "dead down to here"), ("dotted", "edge of a layer"))
    return element("ul", *(chart_key_item(symbol, text) for symbol, text in items), class_="chart-key")


def field_table(film: Film) -> Table:
    """The curves of a film: surface, bottom of the epidermis, hottest place, and how deep tissue is dead, by time."""
    curves = film["curves"]
    names = ("surface_C", "basal_C", "hottest_C", "dead_to_um")
    rows = tuple(
        (time_words(time), *("–" if curves[name][at] is None else number(curves[name][at]) for name in names))
        for at, time in enumerate(film["time_ms"])
    )
    columns = ("Time", "Surface, °C", "Bottom of the epidermis, °C", "Hottest place, °C", "Dead down to, µm")
    return Table(caption="Temperature and damage over time", columns=columns, rows=rows)


def time_words(time_ms: float) -> str:
    """'0.4 ns', '12 µs', '3 ms', '1.5 s'."""
    if time_ms == 0:
        return "0"
    least, unit = next(item for item in _TIMES if time_ms >= item[0] or item is _TIMES[-1])
    return f"{number(time_ms / least)} {unit}"


def _told_unit(scale: _Scale) -> str:
    return " % dead" if scale.unit == " %" else scale.unit


def _heat(x: Sequence[float], depth_um: Sequence[float], values: Sequence[Sequence[float | None]], scale: _Scale) -> Figure:
    return {
        "type": "heatmap", "x": list(x), "y": list(depth_um), "z": [list(row) for row in values], "zmin": scale.low,
        "zmax": scale.high, "colorscale": [[share, colour] for share, colour in scale.colours], "showscale": False,
        "zsmooth": "best", "connectgaps": False,
    }  # fmt: skip


def _contours(x: Sequence[float], depth_um: Sequence[float], values: Sequence[Sequence[float | None]], scale: _Scale) -> Figure:
    step = round_step(scale.high - scale.low, _CONTOURS)
    first = step * (int(scale.low // step) + 1)
    return {
        "type": "contour", "x": list(x), "y": list(depth_um), "z": [list(row) for row in values], "autocontour": False,
        "contours": {
            "start": first, "end": scale.high, "size": step, "coloring": "none", "showlabels": scale.unit == " °C",
            "labelfont": {"family": FONT, "size": 11, "color": "var(--ink)"},
        },
        "line": {"color": "var(--ink-soft)", "width": 0.8}, "showscale": False, "hoverinfo": "skip",
        "name": "isotherms, °C" if scale.unit == " °C" else "share dead, %", "showlegend": False,
        "visible": scale.unit == " °C",
    }  # fmt: skip


def _line(x: Sequence[float], y: Sequence[float | None], name: str, dash: str) -> Figure:
    line = {"color": "var(--ink)", "width": 2.5, "dash": dash}
    return {"type": "scatter", "mode": "lines", "x": list(x), "y": list(y), "name": name, "line": line, "hoverinfo": "skip"}


def _bar(scale: _Scale) -> Figure:
    """The bar that explains the colours, as a map of its own: the library's own bar sets inline styles."""
    low, high = scale.low, scale.high
    levels = [low + (high - low) * step / _STEPS for step in range(_STEPS + 1)]
    return {
        "type": "heatmap", "xaxis": "x2", "yaxis": "y2", "x": [0, 1], "y": levels, "z": [[level, level] for level in levels],
        "zmin": low, "zmax": high, "colorscale": [[share, colour] for share, colour in scale.colours], "showscale": False,
        "zsmooth": "best", "hoverinfo": "skip",
    }  # fmt: skip


def _axis(title: str) -> Figure:
    return {
        "title": {"text": title, "font": {"size": 13}, "standoff": 8}, "tickangle": 0, "fixedrange": True,
        "showgrid": False, "zeroline": False, "ticks": "outside", "tickcolor": "var(--line)", "color": "var(--ink-soft)",
    }  # fmt: skip


def _layout(shown: Film, scale: _Scale) -> Figure:
    return {
        "yaxis": _axis("Depth, µm") | {"range": [shown["depth_um"], 0]},
        "xaxis2": {"domain": [0.92, 0.945], "visible": False, "fixedrange": True, "anchor": "y2"},
        "yaxis2": _axis("") | {
            "anchor": "x2", "side": "right", "range": [scale.low, scale.high], "ticksuffix": scale.unit, "nticks": _TICKS,
        },
        "font": {"family": FONT, "size": 13, "color": "var(--ink)"},
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "var(--ablated)",
        "margin": {"l": 66, "r": 58, "t": 8, "b": 46},
        "showlegend": False,
        "hovermode": "closest", "dragmode": False, "autosize": True,
    }  # fmt: skip


def _config() -> Figure:
    return {"displayModeBar": False, "displaylogo": False, "responsive": False, "scrollZoom": False, "doubleClick": False}


def _moment(at: int) -> Figure:
    """The upright line at the moment that the slider shows; the page's script finds it by name."""
    return {
        "type": "line", "name": "moment", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1,
        "line": {"color": "var(--accent)", "width": 2.5},
    }  # fmt: skip


def _layers_in(film: Film, shown: Film) -> list[tuple[str, float, float]]:
    return [
        (layer["name"].replace("_", " "), layer["top_um"], min(layer["bottom_um"], shown["depth_um"]))
        for layer in film["layers"]
        if layer["top_um"] < shown["depth_um"]
    ]


def _layer_lines(film: Film, shown: Film) -> list[Figure]:
    return [
        {
            "type": "line", "xref": "x domain", "yref": "y", "x0": 0, "x1": 1, "y0": bottom, "y1": bottom,
            "line": {"color": "var(--ink-soft)", "width": 1, "dash": "dot"},
        }
        for _, _, bottom in _layers_in(film, shown)
        if bottom < shown["depth_um"]
    ]  # fmt: skip


def _layer_names(film: Film, shown: Film) -> list[Figure]:
    """Names of layers that are thick enough to hold one."""
    return [
        {
            "xref": "x domain", "x": 0.995, "xanchor": "right", "yref": "y", "y": bottom, "yanchor": "bottom", "showarrow": False,
            "text": escaped(name), "font": {"size": 11, "color": "var(--ink)"}, "bgcolor": "var(--surface-raised)", "opacity": 0.85,
            "borderpad": 1,
        }
        for name, top, bottom in _layers_in(film, shown)
        if bottom - top >= shown["depth_um"] / 14
    ]  # fmt: skip


def _tick_places(count: int) -> list[int]:
    most = min(_TICKS, count)
    return [0] if most < 2 else sorted({round(step * (count - 1) / (most - 1)) for step in range(most)})


def _mirror(rows: Sequence[Sequence[float | None]]) -> list[list[float | None]]:
    """Rows over radius as rows over the whole width; the axis itself stands once."""
    return [[*reversed(list(row)[1:]), *row] for row in rows]


def _wide(row: Sequence[float | None], count: int) -> list[float | None]:
    return list(row) if len(row) == count else [row[0]] * count
