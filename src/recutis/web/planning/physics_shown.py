"""What came out of a simulation, as the page tells it: tables of numbers, differences, steps of the slider, figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from recutis.laser.devices import UNITS
from recutis.report.rows import number
from recutis.units import PERCENT
from recutis.web.pictures import (
    Table,
    curves_figure,
    curves_key,
    field_figure,
    field_key,
    field_table,
    moment_figure,
    peaks_figure,
    peaks_key,
    peaks_table,
)
from recutis.web.pictures.field import time_words
from recutis.web.planning.physics_fields import COOLING_WORDS
from recutis.web.planning.physics_form import LABELS, in_words

_INJURY: Final = "Injury of one column or spot"
_NOTHING: Final = ("Ablation depth", "Lesion depth")
"""What says that nothing was injured."""
_GROUPS: Final = (
    ("Delivered", ("Energy per pulse", "Exposure per pulse")),
    (_INJURY, (
        "Ablation depth", "Ablation width", "Coagulated below", "Coagulated rim", "Lesion depth", "Lesion width",
        "Lesion depth on a fixed slide", "Lesion width on a fixed slide",
    )),
    ("Injury of the treated field", (
        "Surface injured", "Epidermis removed", "Epidermis killed in place", "Basal layer alive", "Mean depth of injured dermis",
    )),
    ("Temperatures", ("Peak surface temperature", "Peak basal temperature", "Bulk temperature rise")),
    ("Targets", ("Best vessel ratio", "Pigment ratio", "Gland ratio")),
)  # fmt: skip
_MEANING: Final[Mapping[str, str]] = {
    "Exposure per pulse": "mean radiant exposure over the spot",
    "Coagulated below": "dead tissue under the crater floor, or from the top of the lesion down where nothing is ablated",
    "Coagulated rim": "dead tissue at the side wall, half way down",
    "Lesion depth": "deepest dead tissue, from the surface",
    "Lesion depth on a fixed slide": "what histology would measure, after fixation has shrunk the tissue",
    "Surface injured": "dead or missing after all passes",
    "Basal layer alive": "of the surface; from here the epidermis grows back",
    "Mean depth of injured dermis": "volume of dead or missing dermis over the treated area",
    "Bulk temperature rise": "mean over the upper half millimetre of the field when the light goes out",
    "Best vessel ratio": "delivered over needed exposure; from 1 a vessel closes",
    "Pigment ratio": "delivered over needed exposure of lesion pigment; from 1 it breaks",
    "Gland ratio": "temperature rise over the rise that kills a gland's cells; from 1 it dies",
}
_ENERGY: Final = (
    ("reflected", "Reflected by the skin"), ("transmitted", "Passed through the layers shown"),
    ("removed", "Left with ablated tissue and steam"), ("stored", "Stays as heat"), ("surface", "Taken away through the surface"),
    ("residual", "Unaccounted for by the model"),
)  # fmt: skip
_LEFT_OUT: Final = frozenset({"Stated error of depths", "Model", "Planner's light off on the axis of the upper mm"})
_NONE_NEEDED: Final = 1e-9  # of the energy: what is left over is rounding
_SMALL: Final = 0.01  # of a ratio of two runs: nothing worth telling
FIGURES: Final = ("moment", "overview", "curves")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table: what, what it means, a number for each run, and how the second differs."""

    name: str
    meaning: str
    unit: str
    values: tuple[str, ...]
    difference: str = ""
    changed: bool = False


@dataclass(frozen=True, kw_only=True)
class LineGroup:
    """Lines under one heading."""

    words: str
    lines: tuple[Line, ...]


def number_groups(simulations: Sequence[Mapping[str, Any]]) -> list[LineGroup]:
    """The injury's numbers in groups; lines that are zero in every run are left out where something else is told."""
    rows = [{row["name"]: row for row in one["rows"]} for one in simulations]
    known = {name for _, names in _GROUPS for name in names} | _LEFT_OUT
    further = tuple(name for name in rows[0] if name not in known)
    groups = []
    for words, names in (*_GROUPS, ("Further", further)):
        lines = tuple(_line(name, rows) for name in names if any(name in one for one in rows))
        told = tuple(line for line in lines if any(value not in {"0", "–"} for value in line.values))
        if told or words == _INJURY:
            groups.append(LineGroup(words=words, lines=told or tuple(line for line in lines if line.name in _NOTHING)))
    return groups


def _line(name: str, rows: Sequence[Mapping[str, Any]]) -> Line:
    values = [one.get(name, {}).get("value") for one in rows]
    unit = next(one[name]["unit"] for one in rows if name in one)
    told = tuple(_figure(value, unit) for value in values)
    difference, changed = _difference(values, unit) if len(values) > 1 else ("", False)
    return Line(
        name=name, meaning=_MEANING.get(name, ""), unit="times" if "/" in unit and "needed" in unit else unit, values=told,
        difference=difference, changed=changed,
    )  # fmt: skip


def _figure(value: float | None, unit: str) -> str:
    """Three figures at most; whole from a hundred up."""
    if value is None:
        return "–"
    if abs(value) >= PERCENT:
        return f"{value:.0f}".replace("-", "−")
    if unit == "%" and abs(value) < 0.05:
        return "0"
    return number(float(f"{value:.3g}")) if abs(value) < 1 else f"{float(f'{value:.3g}'):g}".replace("-", "−")


def _difference(values: Sequence[float | None], unit: str) -> tuple[str, bool]:
    """'+120 (×1.4)': the second less the first, and over it."""
    one, two = values[0], values[1]
    if one is None or two is None:
        return "–", False
    gap = two - one
    if abs(gap) <= _SMALL * max(abs(one), abs(two)):
        return "same", False
    sign = "+" if gap > 0 else "−"
    times = f" (×{two / one:.2g})" if one > 0 and two > 0 and unit != "°C" else ""
    return f"{sign}{_figure(abs(gap), unit)}{times}", True


def energy_table(simulations: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Table:
    """Where the energy of a pulse went, in percent."""
    shares = [one["injury"]["energy"] for one in simulations]
    rows = [
        (words, *(_figure(PERCENT * one[key], "%") for one in shares))
        for key, words in _ENERGY
        if key != "residual" or any(abs(one[key]) > _NONE_NEEDED for one in shares)
    ]
    columns = ("Where the energy of a pulse went", *(f"{name}, %" if name else "%" for name in names))
    return Table(caption="Energy balance", columns=columns, rows=tuple(rows))


def more_out_than_in(simulations: Sequence[Mapping[str, Any]]) -> bool:
    """Whether cooling has taken more heat than the light brought, so that a share exceeds 100 %."""
    return any(one["injury"]["energy"]["stored"] < 0 for one in simulations)


@dataclass(frozen=True, kw_only=True)
class VesselRow:
    """Vessels of one diameter, by depth: ratio as text, and whether it closes."""

    diameter: str
    ratios: tuple[tuple[str, bool], ...]


def vessel_rows(simulation: Mapping[str, Any]) -> tuple[list[str], list[VesselRow]]:
    """Depths, and rows by diameter; empty where the light does next to nothing to vessels."""
    told = [tuple(one) for one in simulation["injury"]["vessel_ratio"]]
    if not told or max(ratio or 0.0 for *_, ratio in told) < 0.1:
        return [], []
    depths = sorted({depth for _, depth, _ in told})
    found = {(size, depth): ratio or 0.0 for size, depth, ratio in told}
    rows = [
        VesselRow(
            diameter=number(size),
            ratios=tuple((f"{found.get((size, depth), 0.0):.2f}", found.get((size, depth), 0.0) >= 1) for depth in depths),
        )
        for size in sorted({size for size, *_ in told})
    ]
    return [number(depth) for depth in depths], rows


def steps(films: Sequence[Mapping[str, Any]], told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Steps of the slider with their times in words, and a moment for each chart: those of the first film, then the second's."""
    light = [film["light_ms"] for film in films]
    found = []
    for step in told:
        on = any(step["time_ms"] <= one for one in light)
        words = f"{time_words(step['time_ms'])}, light {'on' if on else 'off'}"
        found.append({"time": words, "on": on, "frames": [frame for frame in step["frames"] for _ in FIGURES]})
    return found


def figure(films: Sequence[Mapping[str, Any]], at: int, name: str, show: str) -> dict[str, Any]:
    """The data of one chart."""
    film = films[at]
    shown = "damage" if show == "damage" else "temperature"
    if name == "moment":
        return moment_figure(film, show="damage" if shown == "damage" else "temperature")
    if name == "overview":
        return field_figure(film, show="damage" if shown == "damage" else "temperature")
    return curves_figure(film)


def short_names(simulations: Sequence[Mapping[str, Any]], changes: str) -> list[str]:
    """What each run is called beside the other: by what was changed, such as 'Energy 15 mJ'."""
    if len(simulations) == 1:
        return [""]
    return [f"{place}: {_changed(one['request'], changes)}" for place, one in zip(("First", "Second"), simulations, strict=True)]


def _changed(request: Mapping[str, Any], changes: str) -> str:
    skin, settings = request.get("skin", {}), request.get("settings", {})
    if changes == "tanned":
        return "tanned" if skin.get("tanned") else "not tanned"
    if changes not in LABELS or changes == "device":
        device = request.get("device", {})
        return str(device.get("name", "") if isinstance(device, dict) else device)
    if changes == "cooling":
        return COOLING_WORDS.get(str(request.get("cooling", "")), "cooling as built in")
    value = skin.get(changes, settings.get(changes, request.get(changes)))
    told = "as usual" if value is None else number_as_set(value)
    return f"{LABELS.get(changes, changes).lower()} {told}{_unit(changes)}"


def _unit(name: str) -> str:
    unit = UNITS.get(name, "")
    return f" {unit}" if unit not in {"", "pulses", "passes"} else ""


def number_as_set(value: object) -> str:
    """A setting as it was typed, or a word."""
    return f"{value:g}" if isinstance(value, (int, float)) else str(value).replace("_", " ")


def asked_rows(simulations: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """Skin and settings, a line each with one entry a run."""
    return [
        ("Skin", [_skin_words(one["request"].get("skin", {})) for one in simulations]),
        ("Laser", [_laser_words(one["request"]) for one in simulations]),
    ]


def _skin_words(skin: Mapping[str, Any]) -> str:
    words = f"{str(skin.get('site', '')).replace('_', ' ')}, phototype {skin.get('phototype')}, {skin.get('age', 0):g} years"
    words += f", {skin.get('sex')}" + (", tanned" if skin.get("tanned") else "")
    return words + (", layers as given" if skin.get("layers") else "")


def _laser_words(request: Mapping[str, Any]) -> str:
    device = request.get("device", {})
    name = str(device.get("name", "") if isinstance(device, dict) else device)
    settings = {**request.get("settings", {}), **({"passes": request["passes"]} if request.get("passes") else {})}
    passes = settings.pop("passes", None)
    told = [f"{LABELS[key].lower()} {number_as_set(value)}{_unit(key)}" for key, value in settings.items() if key in LABELS]
    told += [f"{passes} pass{'' if passes == 1 else 'es'}"] if passes else []
    cooling = request.get("cooling")
    told += [f"cooling: {COOLING_WORDS.get(cooling, cooling)}"] if cooling else []
    return ", ".join([name, *told])


def shown(result: Mapping[str, Any], document: Mapping[str, Any], show: str) -> dict[str, Any]:
    """Everything the template of a finished run needs."""
    simulations = [result["simulation"], *([result["against"]] if result.get("against") else [])]
    films = result["films"]["films"]
    names = short_names(simulations, str(document.get("changes") or ""))
    vessels = [(name, *vessel_rows(one)) for name, one in zip(names, simulations, strict=True)]
    told = steps(films, result["films"]["steps"])
    start = max((place for place, step in enumerate(told) if step["on"]), default=0)
    return {
        "names": names, "two": len(simulations) > 1, "asked_rows": asked_rows(simulations), "groups": number_groups(simulations),
        "energy": energy_table(simulations, names), "more_out": more_out_than_in(simulations),
        "vessels": [one for one in vessels if one[2]],
        "steps": told, "start": start, "start_words": told[start]["time"], "last": len(told) - 1,
        "show": show, "key": field_key(), "curves_key": curves_key(), "peaks_key": peaks_key(_peak_names(names)),
        "peaks": peaks_figure(films, _peak_names(names)), "peaks_table": peaks_table(films, _peak_names(names)),
        "films": [
            {
                "at": at, "name": names[at], "table": field_table(film), "alike": film["kind"] == "wide",
                "title": result.get("titles", ["", ""])[at], "says": _says(film),
                "gone": all(value is None for value in film["curves"]["basal_C"]),
            }
            for at, film in enumerate(films)
        ],
        "models": [_model(one, name) for one, name in zip(simulations, names, strict=True)],
    }  # fmt: skip


def _peak_names(names: Sequence[str]) -> list[str]:
    return ["highest temperature"] if len(names) == 1 else list(names)


def _says(film: Mapping[str, Any]) -> str:
    """The film in one sentence, for those who cannot see it."""
    hottest = max((value for value in film["curves"]["hottest_C"] if value is not None), default=0.0)
    zones = film["zones"]
    words = f"The hottest place reaches {_figure(hottest, '°C')} °C"
    crater, dead = zones["ablation_depth_um"], zones["lesion_depth_um"]
    words += f"; the crater ends {_figure(crater, 'µm')} µm deep" if crater > 0 else "; nothing is ablated"
    return words + (f"; tissue is dead down to {_figure(dead, 'µm')} µm." if dead > 0 else "; no tissue dies in bulk.")


def _model(simulation: Mapping[str, Any], name: str) -> dict[str, Any]:
    injury, made = simulation["injury"], simulation["provenance"]
    gap = next(
        (row["value"] for row in simulation["rows"] if row["name"] == "Planner's light off on the axis of the upper mm"), None
    )
    return {
        "name": name, "fidelity": injury["fidelity"], "error": _figure(injury["error_pct"], "%"), "warnings": injury["warnings"],
        "gap": None if gap is None else _figure(gap, "%"), "made": made,
        "arithmetic": [in_words(line) for line in simulation["arithmetic"]],
    }  # fmt: skip
