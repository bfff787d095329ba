"""An injury as labelled arrays."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final

import numpy as np

from recutis.injury.types import Injury

if TYPE_CHECKING:
    import xarray as xr

_UNITS: Final = {"_um": "um", "_C": "degC", "_nm": "nm", "_ms": "ms", "_pct": "percent"}


def _unit(name: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "1")


def dataset(injury: Injury) -> xr.Dataset:
    """All numbers of an injury with units: single ones, vessels by diameter and depth, injured share by depth, energy.

    Model, warnings and sources are attributes.
    """
    import xarray as xr

    data: dict[str, object] = {
        x.name: ((), float(getattr(injury, x.name)), {"units": _unit(x.name)})
        for x in fields(injury)
        if isinstance(getattr(injury, x.name), (int, float))
    }
    diameters = sorted({d for d, _, _ in injury.vessel_ratio})
    depths = sorted({z for _, z, _ in injury.vessel_ratio})
    vessels = np.full((len(diameters), len(depths)), np.nan)
    for d, z, ratio in injury.vessel_ratio:
        vessels[diameters.index(d), depths.index(z)] = ratio
    data["vessel_ratio"] = (
        ("vessel_diameter", "vessel_depth"), vessels, {"units": "1", "long_name": "delivered over needed exposure for closure"},
    )  # fmt: skip
    data["injured_share"] = (
        ("injured_depth",), np.array([share for _, share in injury.injured_by_depth]),
        {"units": "1", "long_name": "share of the field dead or missing"},
    )  # fmt: skip
    for x in fields(injury.energy):
        unit = "J" if x.name == "incident_J" else "1"
        data[f"energy_{x.name}"] = ((), float(getattr(injury.energy, x.name)), {"units": unit})
    return xr.Dataset(
        data,
        coords={
            "vessel_diameter": ("vessel_diameter", diameters, {"units": "um"}),
            "vessel_depth": ("vessel_depth", depths, {"units": "um", "positive": "down"}),
            "injured_depth": ("injured_depth", [z for z, _ in injury.injured_by_depth], {"units": "um", "positive": "down"}),
        },
        attrs={"fidelity": injury.fidelity, "warnings": "; ".join(injury.warnings), "sources": " ".join(injury.sources)},
    )
