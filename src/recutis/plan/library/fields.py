"""Ablated fields as columns of the library, and back. Depths are kept; what they mean for the epidermis follows from them."""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.injury import ablative
from recutis.injury.spot import SpotInjury
from recutis.injury.types import EnergyBalance
from recutis.laser.cooling import device_cooling
from recutis.laser.types import Device, Exposure
from recutis.plan.library.grid import Part, shot
from recutis.skin.types import Skin
from recutis.units import J_PER_MJ

Array = NDArray[np.float64]
_NAMES: Final = (
    "removed_um", "below_um", "heat", "peak_surface_C", "peak_basal_C", "reflected", "transmitted", "removed", "stored", "surface",
)  # fmt: skip
DOSED: Final = len(_NAMES)


def computed(device: Device, part: Part, skin: Skin) -> tuple[Array, Array, tuple[str, ...]]:
    """Columns (*outer, 0), (*outer, dose, dosed) in a skin, and the evidence behind them."""
    dosed = np.zeros((*part.shape, DOSED))
    sources: tuple[str, ...] = ()
    for place in itertools.product(*(range(size) for size in part.shape)):
        made = shot(device, part, place)
        spot = ablative.wide(
            made.pulse, skin, stack=made.stack, repetition_Hz=device.repetition_Hz or 1.0, passes=made.passes,
            cooling=device_cooling(device),
        )  # fmt: skip
        share = spot.energy
        dosed[place] = (
            spot.ablation_depth_um, spot.coagulation_depth_um, spot.heat, spot.peak_surface_C, spot.peak_basal_C, share.reflected,
            share.transmitted, share.removed, share.stored, share.surface,
        )  # fmt: skip
        sources = spot.sources
    return np.zeros((*part.shape[:-1], 0)), dosed, sources


def opened(
    dosed: Array, exposures: tuple[Exposure, ...], skin: Skin, told: tuple[str, float, tuple[str, ...]]
) -> list[SpotInjury]:
    """Fields of exposures from their columns, as `ablative.wide` has them."""
    rows = [dict(zip(_NAMES, row, strict=True)) for row in np.asarray(dosed).tolist()]
    return [_one(at, exposure, skin, told) for at, exposure in zip(rows, exposures, strict=True)]


def _one(at: dict[str, float], exposure: Exposure, skin: Skin, told: tuple[str, float, tuple[str, ...]]) -> SpotInjury:
    pulse, epidermis = exposure.pulse, skin.epidermis_um
    removed = max(at["removed_um"], 0.0)
    below = max(at["below_um"], 0.0)
    dead = removed + below
    gone = 1.0 if removed >= epidermis else 0.0
    killed = 1.0 if dead >= epidermis > removed else 0.0
    parts = tuple(at[name] for name in ("reflected", "transmitted", "removed", "stored", "surface"))
    return SpotInjury(
        wavelength_nm=pulse.wavelength_nm, duration_ms=pulse.duration_ms, ablation_depth_um=removed,
        ablation_width_um=pulse.spot_um if removed > 0 else 0.0, coagulation_depth_um=below, coagulation_rim_um=0.0,
        lesion_top_um=0.0, lesion_depth_um=dead, lesion_width_um=pulse.spot_um if dead > 0 else 0.0,
        surface_area=1.0 if dead > 0 else 0.0, removed_area=gone, killed_area=killed, basal_area=max(gone, killed),
        dermis_volume=max(dead - epidermis, 0.0), ablated_volume=removed, heat=max(at["heat"], 0.0), vessel_ratio=(),
        purpura_ratio=0.0, pigment_ratio=0.0, epidermis_pigment_ratio=0.0, pigment_depth_um=0.0, gland_ratio=0.0,
        peak_surface_C=at["peak_surface_C"], peak_basal_C=at["peak_basal_C"], selective=False, fractional=False,
        passes_in_place=exposure.passes,
        energy=EnergyBalance(
            incident_J=pulse.energy_mJ * J_PER_MJ * exposure.stack * exposure.passes, reflected=parts[0], transmitted=parts[1],
            removed=parts[2], stored=parts[3], surface=parts[4], residual=1.0 - sum(parts),
        ),
        fidelity=told[0], error_pct=told[1], warnings=(), sources=told[2],
        area_by_depth=((0.0, 1.0), (dead, 1.0)) if dead > 0.0 else (),
    )  # fmt: skip


__all__ = ["DOSED", "computed", "opened"]
