"""The catalogue as a Markdown table, for the documentation."""

from __future__ import annotations

from typing import Final

from recutis import evidence
from recutis.laser.devices import catalogue
from recutis.laser.types import Device, Limit

_HEAD: Final = ("device", "class", "nm", "beam", "panel and limits (typical)", "cooling", "rows")


def _span(name: str, limit: Limit) -> str:
    if limit.low == limit.high:
        return f"{name} {limit.low:g} {limit.unit}"
    return f"{name} {limit.low:.3g}–{limit.high:.4g} {limit.unit} ({limit.typical:.3g})"


def _beam(one: Device) -> str:
    size = "" if one.microbeam_um is None else f"{one.microbeam_um:g} µm "
    shape = "1/e²" if one.profile == "gaussian" else "flat"
    laid = f", {one.pattern}" if one.mode == "fractional" else ""
    return f"{one.mode.replace('_', ' ')}, {size}{shape}{laid}"


def _wavelengths(one: Device) -> str:
    if one.band_nm[0] < one.band_nm[1]:
        return f"{one.band_nm[0]:g}–{one.band_nm[1]:g}"
    second = "" if one.second_wavelength_nm is None else f" + {one.second_wavelength_nm:g}"
    return f"{one.wavelength_nm:g}{second}"


def catalogue_markdown() -> str:
    """One table row per catalogue entry: beam, panel with limits, cooling, and the evidence rows behind it."""
    lines = [f"| {' | '.join(_HEAD)} |", f"|{' --- |' * len(_HEAD)}"]
    for one in catalogue():
        panel = "; ".join(_span(name, one.limits[name]) for name in one.panel)
        beyond = "; ".join(_span(name, limit) for name, limit in one.limits.items() if _is_beyond_panel(one, name))
        rows = ", ".join(f"{key} {evidence.get(key).confidence}".strip() for key in one.sources[:2])
        cells = (
            one.name,
            one.device_class,
            _wavelengths(one),
            _beam(one),
            panel + (f"; beyond the panel: {beyond}" if beyond else ""),
            one.cooling.replace("_", " "),
            rows,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _is_beyond_panel(one: Device, name: str) -> bool:
    derived = {"density_pct", "columns_cm2"} & set(one.panel) and name in {"density_pct", "columns_cm2"}
    return name not in one.panel and not derived and name != "total_density_pct"
