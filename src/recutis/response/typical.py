"""Typical injuries of the published studies, hand-built from rows, to fit and test the response without physics."""

from __future__ import annotations

from typing import Final

from recutis import evidence
from recutis.errors import UnknownNameError
from recutis.injury import EnergyBalance, Injury
from recutis.response.parameters import number

NAMES: Final[tuple[str, ...]] = (
    "none", "co2_columns", "co2_columns_light", "co2_columns_dense", "co2_columns_deep", "eryag_columns", "co2_full",
    "co2_full_single", "eryag_full", "eryag_dual", "nafl_1550", "nafl_1550_dense", "nafl_1550_light", "nafl_1550_deep",
    "nafl_1927", "hybrid", "pdl", "pdl_purpura", "ipl", "qs", "pico", "gland_1450", "gland_1726",
)  # fmt: skip
_DIAMETERS_UM: Final = (20.0, 40.0, 100.0, 200.0, 400.0)  # grid of the vessel map
_DEPTHS_UM: Final = (150.0, 300.0, 450.0)


def _field(name: str, field: str) -> float:
    """Value of a field of a typical injury, 0 where its rows do not give it."""
    key = f"typical.{name}.{field}"
    return number(key) if evidence.has(f"response.{key}") else 0.0


def _vessels(ratio: float) -> tuple[tuple[float, float, float], ...]:
    if ratio <= 0:
        return ()
    power, reference = number("typical.vessel_power"), number("typical.vessel_reference")
    return tuple((d, z, ratio * (d / reference) ** power) for d in _DIAMETERS_UM for z in _DEPTHS_UM)


def typical(name: str) -> Injury:
    """A typical injury by name (`NAMES`), from the rows `response.typical.*`.

    Raises UnknownNameError for another name.
    """
    if name not in NAMES:
        msg = f"There is no typical injury '{name}'; choose one of {', '.join(NAMES)}."
        raise UnknownNameError(msg)
    ablation, width = _field(name, "ablation_um"), _field(name, "width_um")
    coagulation, rim = _field(name, "coagulation_um"), _field(name, "rim_um")
    columns = _field(name, "columns")
    full = columns >= 1
    across = width if full else width + 2 * rim
    rimmed = columns * ((across / width) ** 2 - 1) if width > 0 else 0.0
    killed = min(_field(name, "killed") + rimmed, 1 - columns)
    depth, dead = ablation + coagulation, columns + killed
    filling = 1.0 if full else number("typical.tapering")
    thickness = number("typical.epidermis")
    return Injury(
        wavelength_nm=0.0,
        duration_ms=_field(name, "duration_ms"),
        ablation_depth_um=ablation,
        ablation_width_um=width if ablation > 0 else 0.0,
        coagulation_depth_um=coagulation,
        coagulation_rim_um=rim,
        lesion_top_um=0.0,
        lesion_depth_um=depth,
        lesion_width_um=across,
        coverage_fraction=dead,
        epidermis_removed_fraction=columns,
        epidermis_killed_fraction=killed,
        injured_dermis_um=dead * max(depth - thickness, 0.0) * filling,
        ablated_volume_um=columns * ablation * filling,
        basal_survival=1 - dead,
        bulk_rise_C=0.0,
        vessel_ratio=_vessels(_field(name, "vessel_ratio")),
        purpura_ratio=_field(name, "purpura_ratio"),
        pigment_ratio=_field(name, "pigment_ratio"),
        epidermis_pigment_ratio=_field(name, "epidermis_ratio"),
        pigment_depth_um=_field(name, "pigment_um"),
        gland_ratio=_field(name, "gland_ratio"),
        peak_surface_C=0.0,
        peak_basal_C=0.0,
        selective=_field(name, "vessel_ratio") > 0 or _field(name, "pigment_ratio") > 0,
        fractional=not full and depth > 0,
        passes=1,
        energy=EnergyBalance(incident_J=0.0, reflected=0.0, transmitted=0.0, removed=0.0, stored=1.0, surface=0.0, residual=0.0),
        fidelity="typical injury from rows, no physics",
        error_pct=number("typical.error") if name != "none" else 0.0,
        warnings=(),
        sources=(),
    )
