"""Columns of coagulation as columns of the library, and back: outlines of dead tissue, and what vessels get from the mean light."""

from __future__ import annotations

import itertools
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.injury import absorbers, thermal_zone
from recutis.injury.spot import SpotInjury
from recutis.injury.types import EnergyBalance
from recutis.laser.cooling import device_cooling
from recutis.laser.types import Device, Pulse
from recutis.plan.library.grid import Part, shot
from recutis.skin.types import Skin
from recutis.units import J_PER_MJ

Array = NDArray[np.float64]
_VESSELS: Final = len(absorbers.DIAMETERS_UM) * len(absorbers.DEPTHS_UM)
_AREAS: Final = 25  # depths of `area_by_depth`
_LEAST: Final = 1e-9
_NAMES: Final = (
    "top", "bottom", "width", "killed_um", "basal_um", "dermis_um3", "heat", "chill", "peak_surface_C", "peak_basal_C", "reflected",
    "transmitted", "removed", "stored", "surface", "first_um", "last_um",
)  # fmt: skip
STILL: Final = _VESSELS + 1
DOSED: Final = len(_NAMES) + _AREAS


def _row(spot: SpotInjury) -> Array:
    share, areas = spot.energy, spot.area_by_depth or ((0.0, 0.0),) * _AREAS
    head = (
        spot.lesion_top_um, spot.lesion_depth_um, spot.lesion_width_um, math.sqrt(spot.killed_area / math.pi),
        math.sqrt(spot.basal_area / math.pi), spot.dermis_volume ** (1 / 3), spot.heat, spot.chill, spot.peak_surface_C,
        spot.peak_basal_C, share.reflected, share.transmitted, share.removed, share.stored, share.surface, areas[0][0], areas[-1][0],
    )  # fmt: skip
    return np.array([*head, *(math.sqrt(area / math.pi) for _, area in areas)])


def computed(device: Device, part: Part, skin: Skin) -> tuple[Array, Array, tuple[str, ...]]:
    """Columns (*outer, still), (*outer, dose, dosed) in a skin, and the evidence behind them."""
    still, dosed = np.zeros((*part.shape[:-1], STILL)), np.zeros((*part.shape, DOSED))
    sources: tuple[str, ...] = ()
    for place in itertools.product(*(range(size) for size in part.shape)):
        made = shot(device, part, place)
        spot = thermal_zone.zone_injury(
            made.pulse, skin, stack=made.stack, repetition_Hz=device.repetition_Hz or 1.0, cooling=device_cooling(device)
        )
        dosed[place] = _row(spot)
        per_J = [ratio for _, _, ratio in spot.vessel_ratio] + [spot.purpura_ratio]
        still[place[:-1]] = np.log(np.maximum(per_J, _LEAST))
        sources = spot.sources
    return still, dosed, sources


def opened(
    still: Array, dosed: Array, shots: tuple[tuple[Pulse, int], ...], told: tuple[str, float, tuple[str, ...]]
) -> list[SpotInjury]:
    """Columns of pulses and their stacks from what is kept of them, as `thermal_zone.zone_injury` has them."""
    ratios = np.exp(still)
    ratios[ratios < 2 * _LEAST] = 0.0
    pairs = [(d, z) for d in absorbers.DIAMETERS_UM for z in absorbers.DEPTHS_UM]
    maps = [tuple((d, z, x) for (d, z), x in zip(pairs, row, strict=False)) for row in ratios.tolist()]
    share = np.linspace(0.0, 1.0, _AREAS)
    first, last = (dosed[:, _NAMES.index(name), None] for name in ("first_um", "last_um"))
    depths = (first + (last - first) * share).tolist()
    areas = (math.pi * np.maximum(dosed[:, len(_NAMES) :], 0.0) ** 2).tolist()
    heads = dosed[:, : len(_NAMES)].tolist()
    return [
        _one(
            dict(zip(_NAMES, heads[i], strict=True)), shot_, maps[i], float(ratios[i, -1]),
            tuple(zip(depths[i], areas[i], strict=True)), told,
        )
        for i, shot_ in enumerate(shots)
    ]  # fmt: skip


def _one(
    at: dict[str, float], made: tuple[Pulse, int], vessels: tuple[tuple[float, float, float], ...], purpura: float,
    areas: tuple[tuple[float, float], ...], told: tuple[str, float, tuple[str, ...]],
) -> SpotInjury:  # fmt: skip
    pulse, stack = made
    top, bottom, width = (max(at[name], 0.0) for name in ("top", "bottom", "width"))
    parts = tuple(at[name] for name in ("reflected", "transmitted", "removed", "stored", "surface"))
    return SpotInjury(
        wavelength_nm=pulse.wavelength_nm, duration_ms=pulse.duration_ms, ablation_depth_um=0.0, ablation_width_um=0.0,
        coagulation_depth_um=max(bottom - top, 0.0), coagulation_rim_um=0.0, lesion_top_um=top, lesion_depth_um=bottom,
        lesion_width_um=width, surface_area=math.pi * (width / 2) ** 2, removed_area=0.0,
        killed_area=math.pi * max(at["killed_um"], 0.0) ** 2, basal_area=math.pi * max(at["basal_um"], 0.0) ** 2,
        dermis_volume=max(at["dermis_um3"], 0.0) ** 3, ablated_volume=0.0, heat=max(at["heat"], 0.0), chill=at["chill"],
        vessel_ratio=vessels, purpura_ratio=purpura, pigment_ratio=0.0, epidermis_pigment_ratio=0.0, pigment_depth_um=0.0,
        gland_ratio=0.0, peak_surface_C=at["peak_surface_C"], peak_basal_C=at["peak_basal_C"], selective=False, fractional=True,
        passes_in_place=1,
        energy=EnergyBalance(
            incident_J=pulse.energy_mJ * J_PER_MJ * stack, reflected=parts[0], transmitted=parts[1], removed=parts[2],
            stored=parts[3], surface=parts[4], residual=1.0 - sum(parts),
        ),
        fidelity=told[0], error_pct=told[1], warnings=(), sources=told[2], area_by_depth=areas if bottom > 0.0 else (),
    )  # fmt: skip


__all__ = ["DOSED", "STILL", "computed", "opened"]
