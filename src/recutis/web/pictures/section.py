"""The injury drawn to scale in the layers of the skin: the report's drawing, for the page."""

from __future__ import annotations

from typing import Final

from recutis.plan.document import InjuryDocument, Option
from recutis.report.figures.section import bowl, depth_shown_um, vessels_told
from recutis.report.injuries import named_injuries
from recutis.report.rows import number
from recutis.web.pictures.markup import Markup, element, joined
from recutis.web.pictures.picture import NARROW, Picture, Table, box, drawing, line, points_text, shortened, words
from recutis.web.pictures.scales import round_step, ticks

_LEFT: Final = 44.0
_TOP: Final = 26.0
_WIDE: Final = 206.0
_NAMES: Final = 266.0
_ROW: Final = 15.5  # between lines of text
_ASPECT: Final = 1.3  # least width over depth
_VESSEL_ASPECT: Final = 1.55  # room for the numbers above vessels
_WIDEST: Final = 2.3  # and most, for two columns of a wide pattern
_NUMBER: Final = 19.0  # room for a number above a vessel
_MOST_COLUMNS: Final = 30
_PIGMENT_ROWS: Final = 3
_PIGMENT_COLUMNS: Final = 14
_NAME_LETTERS: Final = 60


def skin_section(option: Option, number: int = 0) -> Picture:
    """The drawing of one of the option's injuries, counted from 0; the first is that of the first phase and site."""
    return skin_sections(option)[number]


def skin_sections(option: Option) -> tuple[Picture, ...]:
    """One drawing for each site and target, named by device where the course has two."""
    return tuple(injury_section(injury, device=device.strip(" ·")) for device, injury in named_injuries(option))


def injury_section(injury: InjuryDocument, *, device: str = "") -> Picture:
    """Layers, ruler, target, and what the laser takes away, coagulates and kills; a micrometre is as long across as deep."""
    plot = _Plot(injury)
    title = _title(injury, device)
    facts = injury_facts(injury)
    legend, bottom = _legend(injury, plot.low + 38)
    inside = joined(
        _layers(injury, plot), _target(injury, plot), _columns(injury, plot), _pigment(injury, plot), _vessels(injury, plot),
        _ruler(plot), _names(injury, plot), _scale_bar(plot), legend,
    )  # fmt: skip
    text = "; ".join(f"{name.lower()} {told}" for name, told in facts) + "."
    svg = drawing(inside, title=title, text=text[:1].upper() + text[1:], width=NARROW, height=bottom, kind="section")
    return Picture(title=title, text=text[:1].upper() + text[1:], svg=svg, table=_table(injury, facts, title))


class _Plot:
    """Where micrometres lie in the drawing: one scale in both directions."""

    def __init__(self, injury: InjuryDocument) -> None:
        self.depth_um = depth_shown_um(injury)
        wide = (_VESSEL_ASPECT if vessels_told(injury) else _ASPECT) * self.depth_um
        pitch = injury.column_pitch_um
        if pitch is not None:
            two = 1.06 * (pitch + injury.lesion_width_um)
            wide = max(wide, two) if two <= _WIDEST * self.depth_um else max(wide, 1.1 * injury.lesion_width_um)
        self.wide_um = wide
        self.unit = _WIDE / wide
        self.low = self.y(self.depth_um)

    def x(self, across_um: float) -> float:
        return _LEFT + self.unit * min(max(across_um, 0.0), self.wide_um)

    def y(self, depth_um: float) -> float:
        return _TOP + self.unit * depth_um

    def shape(self, outline: list[tuple[float, float]], kind: str) -> Markup:
        points = [(self.x(across), self.y(depth)) for across, depth in outline]
        return element("polygon", points=points_text(points), class_=kind)


def _title(injury: InjuryDocument, device: str) -> str:
    name = f"{shortened(device, _NAME_LETTERS)}, " if device else ""
    return f"{name}{injury.site.replace('_', ' ').capitalize()}, {injury.wavelength_nm:g} nm, for {injury.target}: to scale"


def injury_facts(injury: InjuryDocument) -> tuple[tuple[str, str], ...]:
    """What the drawing shows, as name and text: crater, coagulation, dead tissue, pattern, vessels, pigment, target."""
    facts = []
    if injury.ablation_depth_um > 0:
        size = f"{number(injury.ablation_depth_um)} µm deep"
        wide = "" if injury.column_pitch_um is None else f", {number(injury.ablation_width_um)} µm wide"
        facts.append(("Crater", size + wide))
    if injury.coagulation_depth_um > 0:
        rim = f", {number(injury.coagulation_rim_um)} µm at its wall" if injury.coagulation_rim_um > 0 else ""
        where = "under the crater" if injury.ablation_depth_um > 0 else "deep"
        facts.append(("Coagulated", f"{number(injury.coagulation_depth_um)} µm {where}{rim}"))
    if injury.lesion_depth_um > 0:
        wide = "" if injury.column_pitch_um is None else f", {number(injury.lesion_width_um)} µm wide"
        facts.append(("Dead tissue", f"down to {number(injury.lesion_depth_um)} µm{wide}"))
    if injury.column_pitch_um is not None:
        facts.append(("Pattern", f"every {number(injury.column_pitch_um)} µm, {number(injury.coverage_pct)} % of the surface"))
    told = vessels_told(injury)
    if told:
        facts.append(("Vessels", f"{sum(ratio >= 1 for *_, ratio in told)} of {len(told)} drawn are closed"))
    if injury.target == "pigment" and injury.pigment_ratio > 0:
        facts.append(("Pigment", f"{number(injury.pigment_ratio)} times the dose that breaks it"))
    facts.append(("Target", f"{number(injury.target_top_um)} to {number(injury.target_bottom_um)} µm, {injury.target}"))
    return tuple(facts)


def _layers(injury: InjuryDocument, plot: _Plot) -> Markup:
    parts, top = [], 0.0
    for place, layer in enumerate(injury.layers):
        if top >= plot.depth_um:
            break
        bottom = min(top + layer.thickness_um, plot.depth_um)
        kind = f"layer skin-{min(place + 1, 6)}"
        parts.append(box(_LEFT, plot.y(top), _WIDE, plot.unit * (bottom - top), kind))
        top += layer.thickness_um
    return joined(*parts, line(_LEFT, _TOP, _LEFT + _WIDE, _TOP, "surface-line"))


def _names(injury: InjuryDocument, plot: _Plot) -> Markup:
    """Names of the layers in view beside them, moved apart where they are thin, each with a leader."""
    seen, top = [], 0.0
    for layer in injury.layers:
        if top < plot.depth_um:
            middle = (top + min(top + layer.thickness_um, plot.depth_um)) / 2
            seen.append((plot.y(middle), layer))
        top += layer.thickness_um
    places = _spread([y for y, _ in seen], plot.low)
    edge = _LEFT + _WIDE
    parts = []
    for (y, layer), place in zip(seen, places, strict=True):
        points = points_text([(edge + 2, y), (edge + 7, y), (_NAMES - 7, place), (_NAMES - 3, place)])
        parts.append(element("polyline", points=points, class_="leader"))
        told = joined(
            f"{shortened(layer.name.replace('_', ' '), 22)} ",
            element("tspan", f"{number(layer.thickness_um)} µm", class_="soft num"),
        )
        parts.append(element("text", told, x=_NAMES, y=place + 4, class_="small"))
    return joined(*parts)


def _spread(wanted: list[float], low: float) -> list[float]:
    """Places in the same order, at least a line apart, and not far below the drawing."""
    places: list[float] = []
    for y in wanted:
        places.append(max(y, places[-1] + _ROW) if places else max(y, _TOP + 1))
    bottom = low + 6
    for back in range(len(places) - 1, -1, -1):
        places[back] = min(places[back], bottom)
        bottom = places[back] - _ROW
    return places


def _columns(injury: InjuryDocument, plot: _Plot) -> Markup:
    if injury.lesion_depth_um <= 0 and injury.ablation_depth_um <= 0:
        return Markup()
    pitch = injury.column_pitch_um
    if pitch is None:
        return _column(injury, plot, plot.wide_um / 2, full=True)
    count = min(max(1, int((plot.wide_um - injury.lesion_width_um) / pitch) + 1), _MOST_COLUMNS)
    first = (plot.wide_um - (count - 1) * pitch) / 2
    parts = [_column(injury, plot, first + place * pitch, full=False) for place in range(count)]
    if count > 1:
        parts.append(_pitch(plot, first, pitch))
    return joined(*parts)


def _pitch(plot: _Plot, first: float, pitch: float) -> Markup:
    left, right, y = plot.x(first), plot.x(first + pitch), _TOP - 7
    ends = joined(line(left, y - 3, left, y + 3, "measure"), line(right, y - 3, right, y + 3, "measure"))
    told = words((left + right) / 2, y - 5, f"pitch {number(pitch)} µm", "small soft num", anchor="middle")
    return joined(line(left, y, right, y, "measure"), ends, told)


def _column(injury: InjuryDocument, plot: _Plot, middle: float, *, full: bool) -> Markup:
    """Dead by heat outside, coagulated within it, the crater innermost."""
    wide = plot.wide_um if full else injury.lesion_width_um
    parts = [plot.shape(bowl(middle, wide, injury.lesion_top_um, injury.lesion_depth_um, flat=full), "heated")]
    crater = injury.ablation_depth_um
    if injury.coagulation_depth_um > 0:
        rim = wide if full or crater <= 0 else min(injury.ablation_width_um + 2 * injury.coagulation_rim_um, wide)
        deep = min(max(crater, injury.lesion_top_um) + injury.coagulation_depth_um, injury.lesion_depth_um)
        parts.append(plot.shape(bowl(middle, rim, injury.lesion_top_um, deep, flat=full), "coagulated"))
    if crater > 0:
        parts.append(plot.shape(bowl(middle, wide if full else injury.ablation_width_um, 0.0, crater, flat=full), "ablated"))
    return joined(*parts)


def _vessels(injury: InjuryDocument, plot: _Plot) -> Markup:
    """One column a diameter, at the depths computed: filled where closed, an open ring where the dose falls short."""
    told = vessels_told(injury)
    diameters = sorted({diameter for diameter, *_ in told})
    rooms = [max(diameter, _NUMBER / plot.unit) for diameter in diameters]
    gap = max((plot.wide_um - sum(rooms)) / (len(rooms) + 1), 0.0)
    parts, across = [], gap
    for diameter, room in zip(diameters, rooms, strict=True):
        middle = across + room / 2
        parts += [
            element("circle", cx=plot.x(middle), cy=plot.y(depth), r=plot.unit * size / 2, class_=_vessel(ratio))
            for size, depth, ratio in told
            if size == diameter
        ]
        parts.append(words(plot.x(middle), _TOP - 6, number(diameter), "small soft num", anchor="middle"))
        across += room + gap
    if told:
        parts.append(words(_LEFT + _WIDE + 7, _TOP - 6, "µm across", "small soft"))
    return joined(*parts)


def _vessel(ratio: float) -> str:
    return "vessel closed" if ratio >= 1 else "vessel open"


def _pigment(injury: InjuryDocument, plot: _Plot) -> Markup:
    """Grains through the target: broken ones hollow, as in the report."""
    if injury.target != "pigment" or injury.pigment_ratio <= 0:
        return Markup()
    kind = "grain broken" if injury.pigment_ratio >= 1 else "grain whole"
    top, deep = injury.target_top_um, injury.target_bottom_um - injury.target_top_um
    return joined(
        *(
            element(
                "circle",
                cx=plot.x(plot.wide_um * (0.06 + 0.92 * (column + 0.5 * (row % 2)) / _PIGMENT_COLUMNS)),
                cy=plot.y(top + deep * (row + 0.5) / _PIGMENT_ROWS),
                r=2.6,
                class_=kind,
            )
            for row in range(_PIGMENT_ROWS)
            for column in range(_PIGMENT_COLUMNS)
        )
    )


def _target(injury: InjuryDocument, plot: _Plot) -> Markup:
    top, bottom = plot.y(injury.target_top_um), plot.y(min(injury.target_bottom_um, plot.depth_um))
    edges = [line(_LEFT, y, _LEFT + _WIDE, y, "target-edge") for y in (top, bottom)]
    return joined(box(_LEFT, top, _WIDE, bottom - top, "target-band"), *edges, box(_LEFT, top, 4, bottom - top, "target-bar"))


def _ruler(plot: _Plot) -> Markup:
    most = max(2, int((plot.low - _TOP) / 24))
    parts = [line(_LEFT - 4, _TOP, _LEFT - 4, plot.low, "axis")]
    for depth in ticks(plot.depth_um, most):
        y = plot.y(depth)
        tick = element("line", x1=_LEFT - 9, y1=y, x2=_LEFT - 4, y2=y, class_="axis tick", data_depth_um=f"{depth:g}")
        parts.append(joined(tick, words(_LEFT - 12, y + 4, number(depth), "small num", anchor="end")))
    parts.append(words(_LEFT - 12, _TOP - 9, "µm", "small soft", anchor="end"))
    return joined(*parts)


def _scale_bar(plot: _Plot) -> Markup:
    length = round_step(plot.wide_um / 2, 2)
    length = length if plot.unit * length <= _WIDE / 2 else length / 2
    y = plot.low + 12
    bar = element("line", x1=_LEFT, y1=y, x2=_LEFT + plot.unit * length, y2=y, class_="scale-bar", data_length_um=f"{length:g}")
    return joined(bar, words(_LEFT + plot.unit * length + 6, y + 4, f"{number(length)} µm", "small num"))


def _legend(injury: InjuryDocument, y: float) -> tuple[Markup, float]:
    """What each tone means, with its numbers, and how deep the drawing ends."""
    facts = dict(injury_facts(injury))
    swatches = {"Crater": "ablated", "Coagulated": "coagulated", "Dead tissue": "heated", "Target": "target-bar"}
    parts = []
    for name, told in facts.items():
        for mark, text in _marks(name, told, injury, swatches):
            parts.append(_swatch(mark, y))
            parts.append(element("text", element("tspan", f"{name} ", class_="strong"), text, x=26, y=y + 4, class_="num"))
            y += _ROW + 3
    return joined(*parts), y


def _marks(name: str, told: str, injury: InjuryDocument, swatches: dict[str, str]) -> list[tuple[str, str]]:
    if name == "Vessels":
        ratios = [ratio >= 1 for *_, ratio in vessels_told(injury)]
        return [
            ("vessel closed", f"closed: {sum(ratios)} of {len(ratios)}"),
            ("vessel open", f"stay open: {ratios.count(False)}"),
        ]
    if name == "Pigment":
        reached = injury.pigment_ratio >= 1
        return [("grain broken" if reached else "grain whole", f"{'broken' if reached else 'not reached'}: {told}")]
    return [(swatches.get(name, ""), told)]


def _swatch(kind: str, y: float) -> Markup:
    if kind.startswith(("vessel", "grain")):
        return element("circle", cx=12, cy=y, r=5 if kind.startswith("vessel") else 3, class_=kind)
    if not kind:
        return joined(line(5, y, 19, y, "measure"), line(5, y - 3, 5, y + 3, "measure"), line(19, y - 3, 19, y + 3, "measure"))
    return box(5, y - 5.5, 14, 11, f"swatch {kind}", round_=2)


def _table(injury: InjuryDocument, facts: tuple[tuple[str, str], ...], title: str) -> Table:
    rows = [
        (layer.name.replace("_", " "), f"{number(layer.thickness_um)} µm thick{_share(injury, layer.name)}")
        for layer in injury.layers
    ]
    rows += list(facts)
    rows += [
        (
            f"Vessel of {number(diameter)} µm, {number(depth)} µm deep",
            f"{'closed' if ratio >= 1 else 'open'}, {number(ratio)} of the dose that closes it",
        )
        for diameter, depth, ratio in vessels_told(injury)
    ]
    rows.append(("Stated error on depths", f"±{number(injury.error_pct)} %"))
    return Table(caption=title, columns=("What", "How much"), rows=tuple(rows))


def _share(injury: InjuryDocument, name: str) -> str:
    share = injury.layer_injured_pct.get(name)
    return "" if share is None else f", {number(share)} % dead or missing"
