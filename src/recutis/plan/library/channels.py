"""Ablative columns as columns of the library, and back: outlines, which any epidermis can be laid into.

A lesion that reaches fat is another one where fat lies elsewhere; a few depths of fat are kept beside the usual one.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.errors import OutOfRangeError
from recutis.injury import channel_table
from recutis.injury.outline import injury_of, nothing
from recutis.injury.spot import SpotInjury
from recutis.injury.types import EnergyBalance
from recutis.laser.types import Device, Pulse
from recutis.plan.library.grid import Part, shot
from recutis.plan.library.skins import OLD_YEARS, YOUNG_YEARS
from recutis.skin import build
from recutis.skin.types import Skin
from recutis.units import J_PER_MJ

Array = NDArray[np.float64]
_HEAD: Final = (
    "depth_um", "dead_to_um", "rim_um", "width_um", "lesion_width_um", "heat_share", "peak_surface_C", "reflected", "through",
    "removed", "stored", "surface", "tip_um", "bottom_um", "volume_per_J",
)  # fmt: skip
_LEVELS: Final = channel_table.FRACTIONS.size
_PEAKS: Final = channel_table.PEAK_DEPTHS_UM.size
DOSED: Final = len(_HEAD) + 2 * _LEVELS + _PEAKS
_SHARES: Final = np.append(np.minimum(channel_table.FRACTIONS, 0.995), 1.0)  # of the depth of a profile, its tip included
_AREAS: Final = 25


FAT_NODES: Final = (
    ("cheek", 45.0, "female"), ("eyelid", OLD_YEARS, "female"), ("periorbital", 60.0, "female"), ("hands", 60.0, "female"),
    ("cheek", 60.0, "male"), ("nose", YOUNG_YEARS, "male"),
)  # fmt: skip
"""Site, age and sex of the usual skin, then of skins from the highest to the lowest fat."""


@cache
def fat_skins() -> tuple[Skin, ...]:
    """The skins of `FAT_NODES`."""
    return tuple(build(site=site, age_years=age, phototype="II", sex=sex) for site, age, sex in FAT_NODES)


def fat_um(skin: Skin) -> float:
    """Depth of fat."""
    return channel_table.fat_um(tuple(x.thickness_um for x in skin.layers))


def fat_weights(skin: Skin) -> Array | None:
    """Weights of the stored depths of fat other than the usual one; None where the usual one serves."""
    usual, own = channel_table.fat_um(channel_table.usual_slab().thickness_um), fat_um(skin)
    if abs(own / usual - 1.0) <= channel_table.FAT_SHIFT:
        return None
    places = np.array([fat_um(x) for x in fat_skins()[1:]])
    side = places < usual if own < usual else places > usual
    found, (inside,) = np.zeros(places.size + 1), np.nonzero(side)
    row = np.array([np.interp(own, places[inside], unit) for unit in np.eye(inside.size)])
    found[1 + inside] = row
    return found


def computed(device: Device, part: Part, place: tuple[int, ...]) -> tuple[Array, tuple[str, ...]]:
    """Rows (fat, columns) of one node, and the evidence behind them; not a number where the physics finds no end to a crater."""
    made = shot(device, part, place)
    rate, energy = device.repetition_Hz or 1.0, made.pulse.energy_mJ * made.stack
    rows, usual = [], None
    for skin in fat_skins():
        if usual is None or usual.dead_to_um > fat_um(skin):
            try:
                seen, _ = channel_table.planner_outline(made.pulse, skin, stack=made.stack, repetition_Hz=rate)
            except OutOfRangeError:  # deeper than the tissue of the model
                rows.append(np.full(DOSED, np.nan))
                continue
            rows.append(channel_table.condensed(seen, energy))
            usual = seen if usual is None else usual
        else:
            rows.append(rows[0])
    skin = fat_skins()[0]
    sources = injury_of(nothing(skin.surface_temperature_C), made.pulse, skin, stack=made.stack, fidelity="").sources
    return np.array(rows), sources


def reaches_fat(dosed: Array, skin: Skin) -> NDArray[np.bool_]:
    """Which columns of usual skin reach down to fat here or there."""
    usual = channel_table.fat_um(channel_table.usual_slab().thickness_um)
    return np.asarray(dosed[:, _HEAD.index("dead_to_um")] > min(usual, fat_um(skin)))


def _radius(radii: Array, ends_um: Array, depth_um: Array) -> Array:
    """Radii at depths (rows, depths) of profiles (rows, levels) that end at `ends_um`."""
    share = depth_um / np.maximum(ends_um, 1e-9)[:, None]
    k = np.clip(np.searchsorted(_SHARES, share, side="right") - 1, 0, _SHARES.size - 2)
    t = np.clip((share - _SHARES[k]) / (_SHARES[k + 1] - _SHARES[k]), 0.0, 1.0)
    rows = np.arange(radii.shape[0])[:, None]
    found = (1 - t) * radii[rows, k] + t * radii[rows, k + 1]
    return np.asarray(np.where((share > 1.0) | (ends_um[:, None] <= 0.0), 0.0, found))


def _volume_below(radii: Array, ends_um: Array, depth_um: float) -> Array:
    """Volume of profiles below a depth: frusta between levels."""
    depths = np.maximum(_SHARES * ends_um[:, None], depth_um)
    r = np.where(_SHARES * ends_um[:, None] > depth_um, radii, _radius(radii, ends_um, np.full((radii.shape[0], 1), depth_um)))
    return np.asarray((np.pi / 3 * np.diff(depths, axis=1) * (r[:, :-1] ** 2 + r[:, :-1] * r[:, 1:] + r[:, 1:] ** 2)).sum(axis=1))


def opened(
    dosed: Array, shots: tuple[tuple[Pulse, int], ...], skin: Skin, told: tuple[str, float, tuple[str, ...]]
) -> list[SpotInjury]:
    """Columns of pulses and their stacks from what is kept of them, as `injury.outline.injury_of` has them."""
    head = {name: dosed[:, number].copy() for number, name in enumerate(_HEAD)}
    begin, none = len(_HEAD), np.zeros((dosed.shape[0], 1))
    wall, dead = (np.hstack((np.maximum(dosed[:, a : a + _LEVELS], 0.0), none)) for a in (begin, begin + _LEVELS))
    for name in ("depth_um", "dead_to_um", "rim_um", "width_um", "lesion_width_um", "tip_um", "bottom_um", "volume_per_J"):
        head[name] = np.maximum(head[name], 0.0)
    head["rim_um"] = np.where(head["depth_um"] > 0.0, head["rim_um"], 0.0)
    head["width_um"] = np.where(head["depth_um"] > 0.0, head["width_um"], 0.0)
    epidermis = skin.epidermis_um
    layer = np.full((dosed.shape[0], 1), epidermis)
    through = _radius(wall, head["tip_um"], layer)[:, 0]
    basal = np.maximum(_radius(dead, head["bottom_um"], layer)[:, 0], through)
    above = np.where(_SHARES * head["bottom_um"][:, None] < epidermis, dead, 0.0).max(axis=1)
    depths = np.linspace(0.0, 1.0, _AREAS) * head["bottom_um"][:, None]
    known = channel_table.PEAK_DEPTHS_UM
    peaks = dosed[:, begin + 2 * _LEVELS :]
    head |= {
        "through_um": through, "killed": basal**2 - through**2, "basal": basal, "surface_um": np.maximum(basal, above),
        "dermis": _volume_below(dead, head["bottom_um"], epidermis),
        "peak_basal_C": np.array([np.interp(epidermis, known, row) for row in peaks]),
    }  # fmt: skip
    table = {name: column.tolist() for name, column in head.items()}
    areas = (math.pi * _radius(dead, head["bottom_um"], depths) ** 2).tolist()
    profiles = [tuple(zip(z, area, strict=True)) for z, area in zip(depths.tolist(), areas, strict=True)]
    return [
        _one({name: column[i] for name, column in table.items()}, made, profiles[i], told) for i, made in enumerate(shots)
    ]  # fmt: skip


def _one(
    at: dict[str, float],
    made: tuple[Pulse, int],
    areas: tuple[tuple[float, float], ...],
    told: tuple[str, float, tuple[str, ...]],
) -> SpotInjury:
    pulse, stack = made
    total = pulse.energy_mJ * J_PER_MJ * stack
    shares = [at[name] for name in ("reflected", "through", "removed", "stored", "surface")]
    whole = sum(shares) or 1.0
    reflected, transmitted, removed, stored, surface = (x / whole for x in shares)
    return SpotInjury(
        wavelength_nm=pulse.wavelength_nm, duration_ms=pulse.duration_ms, ablation_depth_um=at["depth_um"],
        ablation_width_um=at["width_um"], coagulation_depth_um=at["dead_to_um"] - at["depth_um"], coagulation_rim_um=at["rim_um"],
        lesion_top_um=0.0, lesion_depth_um=at["dead_to_um"], lesion_width_um=at["lesion_width_um"],
        surface_area=math.pi * at["surface_um"] ** 2, removed_area=math.pi * at["through_um"] ** 2,
        killed_area=math.pi * max(at["killed"], 0.0), basal_area=math.pi * at["basal"] ** 2, dermis_volume=at["dermis"],
        ablated_volume=at["volume_per_J"] * total, heat=at["heat_share"] * total, vessel_ratio=(), purpura_ratio=0.0,
        pigment_ratio=0.0, epidermis_pigment_ratio=0.0, pigment_depth_um=0.0, gland_ratio=0.0, peak_surface_C=at["peak_surface_C"],
        peak_basal_C=at["peak_basal_C"], selective=False, fractional=True, passes_in_place=1,
        energy=EnergyBalance(
            incident_J=total, reflected=reflected, transmitted=transmitted, removed=removed, stored=stored, surface=surface,
            residual=1.0 - reflected - transmitted - removed - stored - surface,
        ),
        fidelity=told[0], error_pct=told[1], warnings=(), sources=told[2], area_by_depth=areas if at["bottom_um"] > 0.0 else (),
    )  # fmt: skip


def untouched(made: tuple[Pulse, int], skin: Skin, told: tuple[str, float, tuple[str, ...]]) -> SpotInjury:
    """The column that a pulse without energy leaves: none."""
    from dataclasses import replace

    none = injury_of(nothing(skin.surface_temperature_C), made[0], skin, stack=made[1], fidelity=told[0])
    return replace(none, error_pct=told[1], sources=told[2])


__all__ = ["DOSED", "FAT_NODES", "computed", "fat_skins", "fat_um", "fat_weights", "opened", "reaches_fat", "untouched"]
