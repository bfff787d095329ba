"""A light result as a labelled Dataset."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from recutis.light.layered import LayeredLight


def dataset(light: LayeredLight) -> xr.Dataset:
    """Arrays over depth_um and radius_um (centres of cells), tallies by name, each with `_error` beside it."""
    import xarray as xr

    fields = {
        "fluence": (light.fluence_cm2, light.fluence_error_cm2, ("depth_um", "radius_um"), "1/cm**2"),
        "absorbed": (light.absorbed_cm3, light.absorbed_error_cm3, ("depth_um", "radius_um"), "1/cm**3"),
        "fluence_wide": (light.fluence_wide, light.fluence_wide_error, ("depth_um",), "1"),
        "absorbed_wide": (light.absorbed_wide_cm, light.absorbed_wide_error_cm, ("depth_um",), "1/cm"),
        "reflected": (light.reflected_cm2, light.reflected_error_cm2, ("radius_um",), "1/cm**2"),
        "transmitted": (light.transmitted_cm2, light.transmitted_error_cm2, ("radius_um",), "1/cm**2"),
        "share": (
            np.array([x.value for x in light.tallies.values()]),
            np.array([x.standard_error for x in light.tallies.values()]),
            ("tally",),
            "1",
        ),
    }
    variables = {}
    for name, (values, errors, dimensions, units) in fields.items():
        variables[name] = (dimensions, values, {"units": units})
        variables[f"{name}_error"] = (dimensions, errors, {"units": units, "long_name": f"standard error of {name}"})
    depth, radius = light.grid.depth_edges_um, light.grid.radius_edges_um
    return xr.Dataset(
        variables,
        coords={
            "depth_um": ("depth_um", (depth[:-1] + depth[1:]) / 2, {"units": "um"}),
            "radius_um": ("radius_um", (radius[:-1] + radius[1:]) / 2, {"units": "um"}),
            "tally": list(light.tallies),
        },
        attrs={
            "energy": "of one unit on the surface",
            "engine": light.engine,
            "photons": light.photons,
            "beam": light.beam.shape,
            "balance": light.balance.value,
            "balance_error": light.balance.standard_error,
            "outside_grid": light.outside.value,
            **asdict(light.provenance),
        },
    )
