"""Coagulated columns in scattering skin as a slide of fixed tissue shows them.

The model computes fresh tissue; fixing and cutting shrink it (`phys_slide_depth`, `phys_slide_width`). Rows that were measured in
living skin by light (optical coherence tomography, confocal microscopy, ultrasound) keep fresh lengths. Common stains show
coagulated collagen; rows that name a test of viability (NBTC, tetrazolium) mean dead cells.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.injury import thermal_zone
from recutis.injury.targets.rows import Fields, UnknownQuantityError, cooling_of, duration_ms, number, repeat, skin_of
from recutis.injury.thermal_zone import Extent
from recutis.laser.types import Pulse
from recutis.units import UM_PER_MM

_UNSHRUNK: Final = ("tomography", "oct", "confocal", "ultrasound", "fresh")
_VIABILITY: Final = ("nbtc", "tetrazolium", "viability", "viable", "necrosis", "necrotic")
_AT_C: Final = re.compile(r"\bat\s+(-?\d+(?:\.\d+)?)\s*°?\s*C\b")
_COLDEST_C, _WARMEST_C = -5.0, 60.0


def _words(row: Fields) -> set[str]:
    return set(re.findall(r"[a-z]+", f"{row.get('tissue', '')} {row.get('notes', '')}".lower()))


def shrinkage(row: Fields) -> tuple[float, float]:
    """Fresh depth and width over those that the row's method shows."""
    if _words(row).intersection(_UNSHRUNK):
        return 1.0, 1.0
    return evidence.value("phys_slide_depth"), evidence.value("phys_slide_width")


def column(row: Fields, energy_mJ: float) -> Extent:
    """The fresh column of a row at an energy, as its stain shows it.

    Raises OutOfRangeError for a skin temperature without meaning and for pulses that are no microbeam.
    """
    skin = skin_of(row["tissue"])
    told = _AT_C.search(row["tissue"])
    if told is not None:
        start = float(told.group(1))
        if not _COLDEST_C <= start <= _WARMEST_C:
            msg = f"The skin starts at {start:g} C; give a temperature from {_COLDEST_C:g} to {_WARMEST_C:g} C."
            raise OutOfRangeError(msg)
        skin = replace(skin, surface_temperature_C=start)
    pulse = Pulse(
        wavelength_nm=number(row, "wavelength_nm"), energy_mJ=energy_mJ, spot_um=number(row, "spot_diameter_mm") * UM_PER_MM,
        profile="gaussian" if row.get("spot_profile") == "gaussian" else "flat_top", duration_ms=duration_ms(row),
    )  # fmt: skip
    stack, _, rate = repeat(row)
    zone = thermal_zone.expose(
        pulse, skin, stack=stack, repetition_Hz=rate, cooling=cooling_of(row.get("cooling") or ""), light_spread="photons"
    )
    return thermal_zone.extent(zone, "dead" if _words(row).intersection(_VIABILITY) else "coagulated")


def compute(row: Fields) -> float:
    """Depth, width or top of one column on a slide, or the ratio of depths at two energies ("30/5").

    Raises UnknownQuantityError for a quantity that the family has not.
    """
    quantity = row["quantity"]
    if quantity == "lesion_depth_ratio":
        upper, lower = (float(x) for x in row["pulse_energy_mJ"].split("/"))
        deep, flat = (column(row, energy).bottom_um for energy in (upper, lower))
        if flat <= 0.0:
            msg = f"At {lower:g} mJ the column coagulates nothing, so there is no ratio; give a higher energy."
            raise OutOfRangeError(msg)
        return deep / flat
    zone, (deeper, wider) = column(row, number(row, "pulse_energy_mJ")), shrinkage(row)
    found = {
        "lesion_depth_um": zone.bottom_um / deeper,
        "coagulation_depth_um": (zone.bottom_um - zone.top_um) / deeper,
        "lesion_top_um": zone.top_um / deeper,
        "lesion_width_um": zone.width_um / wider,
        "ablation_depth_um": 0.0,
        "coagulation_rim_um": zone.width_um / 2 / wider,
    }
    if quantity not in found:
        raise UnknownQuantityError(quantity)
    return found[quantity]
