"""A panel in words, as terminals and comparisons print it."""

from __future__ import annotations

from typing import Final

from recutis.plan.document import PassSettings

_UNITS: Final = {
    "energy_mJ": "mJ", "density_pct": "%", "columns_cm2": "/cm²", "fluence_J_cm2": "J/cm²", "duration_ms": "ms", "spot_mm": "mm",
    "power_W": "W", "depth_um": "µm deep", "coagulation_um": "µm coagulation", "overlap_pct": "% overlap", "stack": "× stacked",
}  # fmt: skip


def panel_words(settings: PassSettings, passes: int) -> str:
    """'7.07 mJ, 4.375 %, 8 passes' for one pass of a document and how many there are."""
    values = [(getattr(settings, name), _UNITS[name]) for name in settings.panel or _UNITS]
    words = [f"{value:g} {unit}" for value, unit in values if value is not None]
    return ", ".join([*words, f"{passes} pass{'es' if passes > 1 else ''}"])
