"""Light results as labelled Datasets."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from recutis.light.layered import LayeredLight
    from recutis.light.voxels import VoxelLight


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


def voxel_dataset(light: VoxelLight) -> xr.Dataset:
    """Arrays over z_um, y_um, x_um (centres of voxels, from the top and the beam's centre), tallies by name, with errors."""
    import xarray as xr

    space, face = ("z_um", "y_um", "x_um"), ("y_um", "x_um")
    fields = {
        "fluence": (light.fluence_cm2, light.fluence_error_cm2, space, "1/cm**2"),
        "absorbed": (light.absorbed_cm3, light.absorbed_error_cm3, space, "1/cm**3"),
        "reflected": (light.reflected_cm2, light.reflected_error_cm2, face, "1/cm**2"),
        "transmitted": (light.transmitted_cm2, light.transmitted_error_cm2, face, "1/cm**2"),
        "share": (
            np.array([x.value for x in light.tallies.values()]),
            np.array([x.standard_error for x in light.tallies.values()]),
            ("tally",),
            "1",
        ),
    }
    names = " ".join(f"{number}:{medium.name}" for number, medium in enumerate(light.tissue.media))
    variables: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, str]]] = {
        "medium": (space, light.tissue.labels, {"units": "1", "media": names})
    }
    for name, (values, errors, dimensions, units) in fields.items():
        variables[name] = (dimensions, values, {"units": units})
        variables[f"{name}_error"] = (dimensions, errors, {"units": units, "long_name": f"standard error of {name}"})
    centres = zip(space, light.tissue.centres_um, strict=True)
    return xr.Dataset(
        variables,
        coords={
            **{name: (name, centre, {"units": "um"}) for name, centre in centres},
            "tally": list(light.tallies),
        },
        attrs={
            "energy": "of one unit on the surface",
            "engine": light.engine,
            "photons": light.photons,
            "beam": light.beam.shape,
            "sides": light.sides,
            "balance": light.balance.value,
            "balance_error": light.balance.standard_error,
            **asdict(light.provenance),
        },
    )
