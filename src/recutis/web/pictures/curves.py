"""What a simulation reaches: temperatures over time, and the highest of them by depth, as charts for the browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from recutis.report.rows import number
from recutis.web.pictures.field import Film, time_words
from recutis.web.pictures.front import FONT, Figure, chart_key_item
from recutis.web.pictures.markup import Markup, element
from recutis.web.pictures.picture import Table

_CURVES: Final = (
    ("surface_C", "surface", "solid"), ("basal_C", "bottom of the epidermis", "dash"), ("hottest_C", "hottest place", "dot"),
)  # fmt: skip
_DASHES: Final = ("solid", "dash")
_TICKS: Final = 4


def curves_figure(film: Film, *, window: Film | None = None) -> Figure:
    """Temperature of the surface, of the bottom of the epidermis and of the hottest place over the moments of a film."""
    shown = window or film["window"]
    moments = list(range(len(film["time_ms"])))
    told = [time_words(time) for time in film["time_ms"]]
    data = [
        {
            **_line(moments, film["curves"][key], name, dash), "text": told,
            "hovertemplate": f"%{{text}}, {name}: %{{y:.0f}} °C<extra></extra>",
        }
        for key, name, dash in _CURVES
    ]  # fmt: skip
    places = _places(len(moments))
    layout = _layout()
    layout["xaxis"] = _axis("Time") | {
        "tickvals": places, "ticktext": [told[place] for place in places], "range": [-0.5, len(moments) - 0.5],
    }  # fmt: skip
    layout["yaxis"] = _axis("Temperature, °C") | {"range": _padded(shown["low_C"], shown["high_C"])}
    layout["shapes"] = [_moment()]
    return {"data": data, "layout": layout, "config": _config()}


def curves_key() -> Markup:
    """What the lines of the chart over time mean."""
    items = (("solid", "surface"), ("dash", "bottom of the epidermis"), ("dotted", "hottest place"))
    return element("ul", *(chart_key_item(symbol, text) for symbol, text in items), class_="chart-key")


def peaks_figure(films: Sequence[Film], names: Sequence[str]) -> Figure:
    """The highest temperature that each depth reaches, of one film or of two, down the depth."""
    shown = films[0]["window"]
    data = [
        {
            **_line(film["peak_C"], film["depth_um"], name, dash),
            "hovertemplate": f"{name}, %{{y:.0f}} µm: %{{x:.0f}} °C<extra></extra>",
        }
        for film, name, dash in zip(films, names, _DASHES, strict=False)
    ]  # fmt: skip
    layout = _layout()
    layout["xaxis"] = _axis("Highest temperature, °C") | {"range": _padded(shown["low_C"], shown["high_C"]), "showgrid": True}
    layout["yaxis"] = _axis("Depth, µm") | {"range": [shown["depth_um"], 0]}
    return {"data": data, "layout": layout, "config": _config()}


def peaks_key(names: Sequence[str]) -> Markup:
    """What the lines of the chart by depth mean."""
    items = zip(("solid", "dash"), names, strict=False)
    return element("ul", *(chart_key_item(symbol, text) for symbol, text in items), class_="chart-key")


def peaks_table(films: Sequence[Film], names: Sequence[str]) -> Table:
    """The highest temperature by depth, of one film or of two; a depth of one is told beside the nearest of the other."""
    depths = films[0]["depth_um"]
    rows = tuple((f"{number(depth)} µm", *(_nearest(film, depth) for film in films)) for depth in depths[::2])
    return Table(caption="Highest temperature by depth, °C", columns=("Depth", *names), rows=rows)


def _nearest(film: Film, depth_um: float) -> str:
    """The highest temperature at the depth shown that is nearest."""
    near = min(zip(film["depth_um"], film["peak_C"], strict=True), key=lambda place: abs(float(place[0]) - depth_um))
    return "–" if near[1] is None else number(near[1])


def _line(x: Sequence[float | None], y: Sequence[float | None], name: str, dash: str) -> Figure:
    colour = "var(--accent)" if dash == "dash" else "var(--ink)"
    line = {"color": colour, "width": 2.2, "dash": dash}
    return {"type": "scatter", "mode": "lines", "x": list(x), "y": list(y), "name": name, "line": line}


def _padded(low: float, high: float) -> list[float]:
    room = 0.04 * ((high - low) or 1.0)
    return [low - room, high + room]


def _places(count: int) -> list[int]:
    most = min(_TICKS, count)
    return [0] if most < 2 else sorted({round(step * (count - 1) / (most - 1)) for step in range(most)})


def _axis(title: str) -> Figure:
    return {
        "title": {"text": title, "font": {"size": 13}, "standoff": 8}, "tickangle": 0, "fixedrange": True, "gridcolor": "var(--line)",
        "showgrid": True, "zeroline": False, "ticks": "outside", "tickcolor": "var(--line)", "color": "var(--ink-soft)", "nticks": 6,
    }  # fmt: skip


def _layout() -> Figure:
    return {
        "font": {"family": FONT, "size": 13, "color": "var(--ink)"}, "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)", "margin": {"l": 66, "r": 28, "t": 8, "b": 46}, "showlegend": False,
        "hovermode": "closest", "dragmode": False, "autosize": True,
    }  # fmt: skip


def _moment() -> Figure:
    return {
        "type": "line", "name": "moment", "xref": "x", "yref": "paper", "x0": 0, "x1": 0, "y0": 0, "y1": 1,
        "line": {"color": "var(--accent)", "width": 2.5},
    }  # fmt: skip


def _config() -> Figure:
    return {"displayModeBar": False, "displaylogo": False, "responsive": False, "scrollZoom": False, "doubleClick": False}
