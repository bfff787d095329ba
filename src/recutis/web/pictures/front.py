"""The choice as a chart for the browser: improvement against downtime, each course a point that can be chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from recutis.plan.document import FrontPoint
from recutis.report.figures.front import best_trades, edge_days
from recutis.report.rows import number, plural
from recutis.report.words import class_words
from recutis.web.pictures.markup import Markup, element, escaped
from recutis.web.pictures.picture import Table

Figure = dict[str, Any]
"""What plotly.js reads, as it goes into JSON."""
FONT: Final = "Inter, system-ui, sans-serif"
_ROOM: Final = 1.05
_HIGH: Final = 1.12
_PAST: Final = 1.08  # ground shown beyond a limit, times the limit
_FAR: Final = 1.6  # a limit further out than this many times the longest course shown is not drawn


@dataclass(frozen=True, kw_only=True)
class RiskBand:
    """A band of the larger chance of dark marks or infection, with the marker that stands for it."""

    name: str
    below_pct: float
    symbol: str
    tone: str

    @property
    def colour(self) -> str:
        """The custom property of its colour."""
        return f"var(--{self.tone})"


RISK_BANDS: Final = (
    RiskBand(name="under 1 in 100", below_pct=1.0, symbol="circle", tone="good"),
    RiskBand(name="1 to 10 in 100", below_pct=10.0, symbol="square", tone="caution"),
    RiskBand(name="over 10 in 100", below_pct=float("inf"), symbol="triangle-up", tone="danger"),
)
"""Uncommon, common and very common, as frequencies of unwanted effects are told in medicines' leaflets."""


@dataclass(frozen=True, kw_only=True)
class ChartLimits:
    """What the chart shows of the limits; None draws nothing. `words` says for whom the limit holds."""

    max_social_downtime_days: float | None = None
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One course for a list beside the chart: its row and a line of text."""

    row: int
    text: str
    keeps_limits: bool


def row_of(point: FrontPoint, place: int) -> int:
    """The row by which a course is asked for: that of a `CoursePoint`, else its place among the points."""
    return int(getattr(point, "row", place))


def risk_band(risk_pct: float) -> RiskBand:
    """The band of a chance in percent."""
    return next(band for band in RISK_BANDS if risk_pct < band.below_pct)


def front_figure(
    points: Sequence[FrontPoint],
    *,
    chosen: int | None = None,
    limits: ChartLimits | None = None,
    panels: Mapping[int, str] | None = None,
) -> Figure:
    """Data, layout and configuration for plotly.js; colours are custom properties that the page's script fills in.

    Shape and colour tell the band of risk, hollow points break a limit, numbers are the plan's options, and the ring is the chosen
    row. `panels` are settings in words by row, where they are known. `customdata` of each point is its row.
    """
    edge = edge_days(points)
    shown = [(row_of(point, place), point) for place, point in enumerate(points) if point.social_downtime_days <= edge]
    told = panels or {}
    traces: list[Figure] = [_trades([point for _, point in shown])]
    traces += [_broken(shown, band, told) for band in RISK_BANDS]
    traces += [_kept(shown, band, told) for band in RISK_BANDS]
    traces.append(_ranked(shown, told))
    traces.append(_ring(shown, chosen))
    top = max((point.improvement_pct for _, point in shown), default=1.0)
    low = min([0.0, *(point.improvement_pct for _, point in shown)])
    return {
        "data": traces,
        "layout": _layout(edge, low, top, limits or ChartLimits()),
        "config": {"displayModeBar": False, "displaylogo": False, "responsive": False, "scrollZoom": False, "doubleClick": False},
    }


def front_key(points: Sequence[FrontPoint]) -> Markup:
    """What the markers mean, as a list above the chart; it names only what the chart shows."""
    bands = [band for band in RISK_BANDS if any(risk_band(point.worst_risk_pct) is band for point in points)]
    items = [element("li", "Dark marks or infection:")] if bands else []
    items += [chart_key_item(band.symbol, band.name, tone=band.tone) for band in bands]
    if any(not point.meets_limits for point in points):
        items.append(chart_key_item("circle-open", "hollow: breaks a limit"))
    items.append(chart_key_item("dotted", "best trade-offs"))
    items.append(chart_key_item("ring", "chosen"))
    return element("ul", *items, class_="chart-key")


def chart_key_item(symbol: str, text: str, *, tone: str = "") -> Markup:
    """One marker with its words; `tone` names the colour class."""
    kind = f"key {f'key-{tone}' if tone else ''}".strip()
    shape = {
        "circle": element("circle", cx=8, cy=8, r=5, class_=kind),
        "circle-open": element("circle", cx=8, cy=8, r=4.5, class_="key-open"),
        "ring": element("circle", cx=8, cy=8, r=6, class_="key-ring"),
        "square": element("rect", x=3.5, y=3.5, width=9, height=9, class_=kind),
        "triangle-up": element("polygon", points="8,2.5 13.5,12.5 2.5,12.5", class_=kind),
        "dotted": element("line", x1=0, y1=8, x2=16, y2=8, class_="key-dotted"),
        "solid": element("line", x1=0, y1=8, x2=16, y2=8, class_="key-solid"),
        "dash": element("line", x1=0, y1=8, x2=16, y2=8, class_="key-dash"),
    }[symbol]
    mark = element("svg", shape, viewBox="0 0 16 16", class_="pic-key", aria_hidden="true", focusable="false")
    return element("li", mark, element("span", text))


def _marks(shown: Sequence[tuple[int, FrontPoint]], told: Mapping[int, str]) -> Figure:
    return {
        "x": [point.social_downtime_days for _, point in shown],
        "y": [point.improvement_pct for _, point in shown],
        "customdata": [row for row, _ in shown],
        "text": [hover_text(point, told.get(row, "")) for row, point in shown],
        "hovertemplate": "%{text}<extra></extra>",
        "type": "scatter",
        "mode": "markers",
    }


def _kept(shown: Sequence[tuple[int, FrontPoint]], band: RiskBand, told: Mapping[int, str]) -> Figure:
    chosen = [(row, point) for row, point in shown if point.meets_limits and risk_band(point.worst_risk_pct) is band]
    marker = {"symbol": band.symbol, "size": 9, "color": band.colour, "line": {"width": 1, "color": "var(--surface-raised)"}}
    return _marks(chosen, told) | {"name": band.name, "marker": marker}


def _broken(shown: Sequence[tuple[int, FrontPoint]], band: RiskBand, told: Mapping[int, str]) -> Figure:
    chosen = [(row, point) for row, point in shown if not point.meets_limits and risk_band(point.worst_risk_pct) is band]
    marker = {"symbol": f"{band.symbol}-open", "size": 7, "color": band.colour, "opacity": 0.7, "line": {"width": 1.2}}
    return _marks(chosen, told) | {"name": f"{band.name}, breaks a limit", "marker": marker}


def _trades(points: Sequence[FrontPoint]) -> Figure:
    edge = best_trades(points)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "best trade-offs",
        "x": [days for days, _ in edge],
        "y": [gain for _, gain in edge],
        "line": {"color": "var(--ink-soft)", "width": 1.2, "dash": "dot", "shape": "hv"},
        "hoverinfo": "skip",
    }


def _ranked(shown: Sequence[tuple[int, FrontPoint]], told: Mapping[int, str]) -> Figure:
    ranked = [(row, point) for row, point in shown if point.option_rank is not None]
    return _marks(ranked, told) | {
        "name": "options of the plan",
        "marker": {
            "symbol": "circle",
            "size": 19,
            "color": "var(--ink)",
            "line": {"width": 1.5, "color": "var(--surface-raised)"},
        },
        "meta": {"labels": [str(point.option_rank) for _, point in ranked]},
    }


def _ring(shown: Sequence[tuple[int, FrontPoint]], chosen: int | None) -> Figure:
    point = next((point for row, point in shown if row == chosen), None)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "chosen",
        "x": [] if point is None else [point.social_downtime_days],
        "y": [] if point is None else [point.improvement_pct],
        "marker": {"symbol": "circle-open", "size": 27, "color": "var(--accent)", "line": {"width": 3}},
        "hoverinfo": "skip",
        "meta": {"ring": True},
    }


def _layout(edge: float, low: float, top: float, limits: ChartLimits) -> Figure:
    axis: Figure = {
        "gridcolor": "var(--line)", "zeroline": False, "fixedrange": True, "ticks": "", "color": "var(--ink-soft)",
    }  # fmt: skip
    wide = _ROOM * edge
    days = limits.max_social_downtime_days
    if days is not None and wide / _PAST < days < _FAR * edge:
        wide = _PAST * days
    shapes, notes = _limit_shapes(wide, limits)
    return {
        "xaxis": axis | {"title": _title("Social downtime a session, days"), "range": [-0.02 * wide, wide]},
        "yaxis": axis | {"title": _title("Improvement after the course, %"), "range": [low - 2, max(_HIGH * top, 10.0)]},
        "shapes": shapes,
        "annotations": notes,
        "font": {"family": FONT, "size": 13, "color": "var(--ink)"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 52, "r": 8, "t": 8, "b": 46},
        "showlegend": False,
        "hovermode": "closest",
        "hoverdistance": 24,
        "hoverlabel": {
            "bgcolor": "var(--surface-raised)", "bordercolor": "var(--line)", "align": "left",
            "font": {"family": FONT, "size": 13, "color": "var(--ink)"},
        },
        "dragmode": False,
        "autosize": True,
    }  # fmt: skip


def _title(text: str) -> Figure:
    return {"text": text, "font": {"size": 13}, "standoff": 8}


def _limit_shapes(wide: float, limits: ChartLimits) -> tuple[list[Figure], list[Figure]]:
    """A line at the longest downtime that is wished for, and the ground beyond it."""
    days = limits.max_social_downtime_days
    if days is None or days >= wide:
        return [], []
    shared: Figure = {"xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    ground = shared | {"type": "rect", "x0": days, "x1": wide, "fillcolor": "var(--line)", "opacity": 0.35, "line": {"width": 0}}
    at = shared | {"type": "line", "x0": days, "x1": days, "line": {"color": "var(--ink-soft)", "width": 1.5, "dash": "dash"}}
    words = f"limit {plural(days, 'day')}{f', {limits.words}' if limits.words else ''}"
    left = days > wide / 2
    note = {
        "x": days, "xref": "x", "y": 0, "yref": "paper", "yanchor": "bottom", "xanchor": "right" if left else "left",
        "text": escaped(words), "showarrow": False, "font": {"size": 12, "color": "var(--ink-soft)"},
    }  # fmt: skip
    return [ground, at], [note]


def hover_text(point: FrontPoint, panel: str = "") -> Markup:
    """What a point says: devices, settings, sessions, gain, downtime, pain and risk; names are escaped."""
    lines = [*_device_lines(point), *([panel] if panel else [])]
    lines.append(f"{plural(point.sessions, 'session')}, pain {number(point.pain_0_10)} of 10")
    lines.append(f"{number(point.improvement_pct)} % better, {number(point.social_downtime_days)} days of downtime a session")
    lines.append(f"dark marks or infection: {number(point.worst_risk_pct)} in 100")
    if not point.meets_limits:
        lines.append("breaks a limit")
    return Markup("<br>".join(escape(line, quote=False) for line in lines))


def _device_lines(point: FrontPoint) -> list[str]:
    lines = [f"{point.device} ({class_words(point.device_class)})"]
    if point.then_device is not None:
        lines.append(f"then {point.then_device}" + (f" ({class_words(point.then_class)})" if point.then_class else ""))
    return lines


def front_choices(points: Sequence[FrontPoint]) -> tuple[Choice, ...]:
    """The courses worth a place in a list, by downtime: the keyboard's way to choose.

    They are the plan's options, the best trade-offs, and the course of each kind of device that does most and keeps the limits.
    """
    every = [(row_of(point, place), point) for place, point in enumerate(points)]
    edge = set(best_trades(points))
    best: dict[tuple[str, str | None], tuple[int, FrontPoint]] = {}
    for row, point in every:
        kind = (point.device_class, point.then_class)
        if point.meets_limits and (kind not in best or point.improvement_pct > best[kind][1].improvement_pct):
            best[kind] = (row, point)
    wanted = {row for row, _ in best.values()}
    kept = [
        (row, point)
        for row, point in every
        if point.option_rank is not None
        or row in wanted
        or (point.meets_limits and (point.social_downtime_days, point.improvement_pct) in edge)
    ]
    kept.sort(key=lambda item: (item[1].social_downtime_days, -item[1].improvement_pct))
    return tuple(Choice(row=row, text=choice_text(point), keeps_limits=point.meets_limits) for row, point in kept)


def choice_text(point: FrontPoint) -> str:
    """'1.4 days · 38 % · Fraxel re:store, 3 sessions · risk 4 in 100'."""
    devices = point.device + (f", then {point.then_device}" if point.then_device is not None else "")
    risk = f"risk {number(point.worst_risk_pct)} in 100"
    days = "day" if number(point.social_downtime_days) == "1" else "days"
    return (
        f"{number(point.social_downtime_days)} {days} · {number(point.improvement_pct)} % · {devices}, "
        f"{plural(point.sessions, 'session')} · {risk}"
    )


def front_table(points: Sequence[FrontPoint]) -> Table:
    """The same courses as `front_choices`, as a table."""
    rows = []
    wanted = {choice.row for choice in front_choices(points)}
    for place, point in enumerate(points):
        if row_of(point, place) in wanted:
            devices = " ".join(_device_lines(point))
            figures = (point.social_downtime_days, point.improvement_pct, point.pain_0_10, point.worst_risk_pct)
            kept = "yes" if point.meets_limits else "no"
            rows.append((devices, str(point.sessions), *map(number, figures), risk_band(point.worst_risk_pct).name, kept))
    columns = (
        "Devices", "Sessions", "Downtime, days", "Improvement, %", "Pain, of 10", "Dark marks or infection, in 100", "Band", "Keeps limits",
    )  # fmt: skip
    return Table(caption="Courses of the chart", columns=columns, rows=tuple(rows))
