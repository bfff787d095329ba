"""Wide spots in scattering skin as columns of the library, and back.

Below boiling heat is linear in the light, so what vessels, pigment and glands need is kept per unit of exposure. Dead zones are not
linear: what is kept is a temperature, at depths that follow the layers. Held for a second it would do the damage that was done; it
rises nearly in proportion to the exposure, and where it passes that of damage 1 the dead zone begins and ends.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.heat import damage
from recutis.injury import absorbers, selective, wide_spot
from recutis.injury.scattering import basal_um, ridged
from recutis.injury.spot import SpotInjury
from recutis.injury.types import EnergyBalance
from recutis.laser.cooling import device_cooling
from recutis.laser.types import Device, Exposure
from recutis.plan.library.grid import Part, shot
from recutis.skin import lesion as lesion_of
from recutis.skin.types import Lesion, Skin
from recutis.units import J_PER_MJ, KELVIN_OFFSET, M_PER_UM

Array = NDArray[np.float64]
PIGMENTED: Final = ("age_spots", "freckles", "melasma")
"""Concerns whose pigment is treated; normal skin goes before them."""
_EPIDERMAL: Final = np.array([0.0, 0.1, 0.2, 0.3, 0.42, 0.56, 0.7, 0.85, 1.0])  # depths over the thickness of the epidermis
_UPPER_UM: Final = np.array([8.0, 16.0, 28.0, 45.0, 65.0, 90.0, 120.0])  # below the epidermis
_DEEPER: Final = 10  # depths from the last of these to fat, in equal ratios
_FAT_UM: Final = np.array([60.0, 150.0, 300.0, 600.0, 1200.0])  # below the dermis
_TOP_UM: Final = 2.0  # the middle of the first cell
_REACHED: Final = np.array([0, 1, 2, 3, 4, 5, 7, 9, 11, 14, 17, 20, 23])  # of the depths asked for the reach of a pulse
_ASKED: Final = 24
_COLDEST_C, _HOTTEST_C = -60.0, 110.0  # of the temperature that stands for damage; beyond it nothing hangs on it
_LEAST: Final = 1e-9  # of a ratio per J/cm²
_MOST: Final = 1e9
_VESSELS: Final = len(absorbers.DIAMETERS_UM) * len(absorbers.DEPTHS_UM)
_GLANDS: Final = len(selective.GLAND_DEPTHS_UM)
_PIGMENT: Final = 1 + _REACHED.size
STILL: Final = 2 * _VESSELS + 2 + _GLANDS + (1 + len(PIGMENTED)) * _PIGMENT + 1
"""Columns that no exposure changes: vessels and where they burst, purpura, epidermis, glands, pigments by lesion, light sent back."""
_ENDS: Final = ("basal_C", "heat", "peak_surface_C", "peak_basal_C", "transmitted", "stored", "surface")
_PEAKS: Final = tuple(_ENDS.index(name) - len(_ENDS) for name in ("peak_surface_C", "peak_basal_C"))
_BOILING_C, _SOFT_K = 100.0, 10.0
_COOL_C: Final = 45.0  # a damage of 0.003
_COOL_BASAL_C: Final = 38.0  # a damage of 0.0002, for the share of the basal layer that dies
_DEPTHS: Final = _EPIDERMAL.size + _UPPER_UM.size + _DEEPER + _FAT_UM.size
DOSED: Final = _DEPTHS + len(_ENDS)
"""Columns at each exposure: the temperatures by depth, and the rest."""
LAYOUT: Final = (STILL, DOSED, *_EPIDERMAL.tolist(), *_UPPER_UM.tolist(), _DEEPER, *_FAT_UM.tolist())
"""What the columns are, for the key of a part."""


def depths_um(skin: Skin) -> Array:
    """Depths at which temperatures are kept in a skin."""
    epidermis, dermis, last = skin.epidermis_um, skin.dermis_um, _UPPER_UM[-1]
    middle = last * (dermis / last) ** (np.arange(1, _DEEPER + 1) / _DEEPER)
    below = np.concatenate((_UPPER_UM, middle, dermis + _FAT_UM))
    return np.concatenate((np.maximum(_EPIDERMAL * epidermis, _TOP_UM), epidermis + below))


def equal_C(death: Array) -> Array:
    """Temperature that does this damage in a second [°C]."""
    law = damage.bulk_skin()
    lots = np.log(np.clip(death, 1e-300, 1e300))
    below = math.log(law.frequency_s) - lots
    kelvin = law.energy_J_mol / damage.GAS_CONSTANT_J_MOL_K / np.where(below > 0.0, below, 1e-9)
    return np.asarray(np.clip(kelvin - KELVIN_OFFSET, _COLDEST_C, _HOTTEST_C))


def death_of(temperature_C: Array) -> Array:
    """The inverse of `equal_C`."""
    law = damage.bulk_skin()
    kelvin = temperature_C + KELVIN_OFFSET
    return np.exp(math.log(law.frequency_s) - law.energy_J_mol / damage.GAS_CONSTANT_J_MOL_K / kelvin)


@lru_cache(maxsize=64)
def lesions_in(skin: Skin) -> tuple[Lesion | None, ...]:
    """Normal skin and the pigmented lesions whose pigment is kept."""
    return (None, *(lesion_of(kind, skin) for kind in PIGMENTED))


def _still(one: wide_spot.Unit, skin: Skin) -> Array:
    row = [x.per_J_cm2 for x in one.vessels] + [x.bursts_at for x in one.vessels] + [one.purpura]
    colours = [wide_spot.pigment(one, lesion) for lesion in lesions_in(skin)]
    row += [colours[0].epidermis, *one.glands]
    for colour in colours:
        row += [colour.lesion, *(colour.ratios[i] for i in _REACHED)]
    return np.append(np.log(np.clip(row, _LEAST, _MOST)), one.field.reflected)


def _dosed(one: wide_spot.Unit, skin: Skin, peak_J_cm2: float, depths: Array) -> Array:
    run = wide_spot.warm(one, peak_J_cm2)
    column, reflected = run.column, one.field.reflected
    middle = (column.edges_m[:-1] + column.edges_m[1:]) / 2
    warm = equal_C(column.death)
    cell = int(np.searchsorted(column.edges_m, basal_um(skin) * M_PER_UM)) - 1
    scale = run.arrived if run.arrived > 0 else 1.0
    ends = (
        warm[cell], wide_spot.upper_heat_J_m2(run), run.peak_surface_C, float(column.peak_K[cell]) + column.start_C,
        run.through / scale - reflected, (run.stored + run.removed) / scale, run.surface / scale,
    )  # fmt: skip
    return np.concatenate((np.interp(depths * M_PER_UM, middle, warm), ends))


def computed(device: Device, part: Part, skin: Skin) -> tuple[Array, Array, tuple[str, ...]]:
    """Columns (*outer, still), (*outer, dose, dosed) in a skin, and the evidence behind them."""
    still, dosed = np.zeros((*part.shape[:-1], STILL)), np.zeros((*part.shape, DOSED))
    ridge, depths = ridged(skin), depths_um(skin)
    sources: tuple[str, ...] = ()
    low, high = device.band_nm
    for outer in itertools.product(*(range(size) for size in part.shape[:-1])):
        one = None
        for number in range(part.shape[-1]):
            made = shot(device, part, (*outer, number))
            pulse = made.pulse
            gaussian = pulse.profile == "gaussian"
            if one is None:
                one = wide_spot.unit(
                    wide_spot.Shot(
                        skin=ridge, wavelength_nm=pulse.wavelength_nm, band_nm=(low, high), spot_um=pulse.spot_um, gaussian=gaussian,
                        duration_ms=pulse.duration_ms, stack=made.stack, repetition_Hz=device.repetition_Hz or 1.0,
                        cooling=device_cooling(device), light_spread="table",
                    )
                )  # fmt: skip
                still[outer] = _still(one, skin)
                sources = one.sources
            dosed[(*outer, number)] = _dosed(one, skin, pulse.fluence_J_cm2 * (2.0 if gaussian else 1.0), depths)
    return still, dosed, sources


def softened(dosed: Array) -> Array:
    """Columns without what would make sums of skins stray far.

    Temperatures that stand for damage end where nothing hangs on them: the physics leaves cool cells out, from a depth that differs
    between skins. Peak temperatures above boiling go on a logarithmic scale: wet tissue waits at boiling, dry tissue does not.
    """
    soft = dosed.copy()
    soft[..., :_DEPTHS] = np.maximum(soft[..., :_DEPTHS], _COOL_C)
    soft[..., _DEPTHS] = np.maximum(soft[..., _DEPTHS], _COOL_BASAL_C)
    for number in _PEAKS:
        above = np.maximum(soft[..., number] - _BOILING_C, 0.0)
        soft[..., number] += _SOFT_K * np.log1p(above / _SOFT_K) - above
    return soft


def _hardened(soft_C: Array) -> Array:
    """The inverse of `softened` for one column."""
    above = np.maximum(soft_C - _BOILING_C, 0.0)
    return np.asarray(soft_C + _SOFT_K * np.expm1(above / _SOFT_K) - above)


def variant(skin: Skin, lesion: Lesion | None) -> int | None:
    """Which of `lesions_in` a lesion is for its pigment; None where none is."""
    if lesion is None or lesion.target != "pigment":
        return 0
    for number, known in enumerate(lesions_in(skin)):
        if known is not None and known.melanin_factor == lesion.melanin_factor and known.bottom_um == lesion.bottom_um:
            return number
    return None


@cache
def _gland_weights(top_um: float | None, bottom_um: float) -> Array:
    """Weights of the depths of glands in the mean that a lesion asks for."""
    asked = None if top_um is None else _gland(top_um, bottom_um)
    return np.array([selective.gland_ratio(tuple(row), asked) for row in np.eye(_GLANDS)])


def _gland(top_um: float, bottom_um: float) -> Lesion:
    return Lesion(
        kind="acne_prone", site="cheek", target="gland", top_um=top_um, bottom_um=bottom_um, melanin_factor=1.0, diameter_um=None,
        difficulty=0.0, sources=(),
    )  # fmt: skip


def _glands(lesions: Iterable[Lesion | None]) -> Array:
    asked = [None if x is None or x.target != "gland" else (x.top_um, x.bottom_um) for x in lesions]
    return np.array([_gland_weights(None, 0.0) if x is None else _gland_weights(*x) for x in asked])


def _reach_um(ratios: Array, exposure: Array, bottom_um: Array) -> Array:
    """Depth to which pigment is reached, at the depths that the physics asks for."""
    share = np.arange(_ASKED)
    asked = np.array([np.interp(share, _REACHED, row) for row in ratios]) + np.log(exposure)[:, None]
    depths = np.linspace(5.0, bottom_um, _ASKED).T
    return np.asarray(np.where(asked >= 0.0, depths, 0.0).max(axis=1))


@dataclass(frozen=True, kw_only=True)
class Dead:
    """Top and bottom of dead tissue [µm]; both 0 where all lives."""

    top_um: Array
    bottom_um: Array


def dead_zone(warm_C: Array, depths: Array) -> Dead:
    """Where the temperature that stands for damage passes that of damage 1, first and last, on lines between depths."""
    above = warm_C - float(equal_C(np.array(1.0)))
    hit = above >= 0.0
    any_hit, rows, last = hit.any(axis=1), np.arange(hit.shape[0]), hit.shape[1] - 1

    def crossing(inside: NDArray[np.intp], outside: NDArray[np.intp]) -> Array:
        a, b = above[rows, inside], above[rows, outside]
        share = np.where(a > b, a / np.where(a > b, a - b, 1.0), 0.0)
        return depths[inside] + share * (depths[outside] - depths[inside])

    first, final = hit.argmax(axis=1), last - hit[:, ::-1].argmax(axis=1)
    top = np.where(first == 0, 0.0, crossing(first, np.maximum(first - 1, 0)))
    bottom = np.where(final == last, depths[last], crossing(final, np.minimum(final + 1, last)))
    return Dead(top_um=np.where(any_hit, top, 0.0), bottom_um=np.where(any_hit, bottom, 0.0))


def opened(
    still: Array, dosed: Array, exposures: tuple[Exposure, ...], skin: Skin, lesions: tuple[Lesion | None, ...],
    told: tuple[str, float, tuple[str, ...]],
) -> list[SpotInjury]:  # fmt: skip
    """Spots of exposures from their softened columns; `told` holds the model in words, its error [%] and the evidence behind it."""
    pulses = [one.pulse for one in exposures]
    peak = np.array([x.fluence_J_cm2 * (2.0 if x.profile == "gaussian" else 1.0) for x in pulses])
    passes = np.array([one.passes for one in exposures])
    ratio = np.exp(still[:, :-1])
    ratio[ratio < 2 * _LEAST] = 0.0
    vessels = np.minimum(ratio[:, :_VESSELS] * peak[:, None], ratio[:, _VESSELS : 2 * _VESSELS])
    rest = ratio[:, 2 * _VESSELS :] * peak[:, None]
    glands = (rest[:, 2 : 2 + _GLANDS] * _glands(lesions)).sum(axis=1)
    kinds = np.array([variant(skin, lesion) or 0 for lesion in lesions])
    begin = 2 + _GLANDS + kinds * _PIGMENT
    rows = np.arange(len(pulses))
    bottoms = np.array([x.bottom_um if x is not None and x.target == "pigment" else skin.epidermis_um for x in lesions])
    logs = still[:, 2 * _VESSELS :]
    reach = _reach_um(logs[rows[:, None], begin[:, None] + 1 + np.arange(_REACHED.size)], peak, bottoms)
    depths = depths_um(skin)
    dead = dead_zone(dosed[:, : depths.size], depths)
    basal = death_of(dosed[:, depths.size])
    lists = {
        "top": dead.top_um, "bottom": dead.bottom_um, "basal_area": -np.expm1(-np.minimum(basal * passes, 700.0)),
        "purpura": rest[:, 0], "epidermis": rest[:, 1], "lesion": rest[rows, begin], "reach": reach, "gland": glands,
        "reflected": still[:, -1],
    }  # fmt: skip
    ends = {name: dosed[:, depths.size + number] for number, name in enumerate(_ENDS)}
    ends |= {name: _hardened(ends[name]) for name in ("peak_surface_C", "peak_basal_C")}
    table = {name: column.tolist() for name, column in (lists | ends).items()}
    pairs = [(d, z) for d in absorbers.DIAMETERS_UM for z in absorbers.DEPTHS_UM]
    maps = [tuple((d, z, x) for (d, z), x in zip(pairs, row, strict=True)) for row in vessels.tolist()]
    return [
        _one({name: column[i] for name, column in table.items()}, exposures[i], skin, maps[i], told)
        for i in range(len(exposures))
    ]


def _one(
    at: dict[str, float], exposure: Exposure, skin: Skin, vessels: tuple[tuple[float, float, float], ...],
    told: tuple[str, float, tuple[str, ...]],
) -> SpotInjury:  # fmt: skip
    """A spot as `wide_spot.wide` has it."""
    top, bottom, epidermis = at["top"], at["bottom"], skin.epidermis_um
    pulse, killed = exposure.pulse, top < epidermis and bottom > basal_um(skin)
    parts = (at["transmitted"], at["stored"], at["surface"])
    return SpotInjury(
        wavelength_nm=pulse.wavelength_nm, duration_ms=pulse.duration_ms, ablation_depth_um=0.0, ablation_width_um=0.0,
        coagulation_depth_um=bottom - top, coagulation_rim_um=0.0, lesion_top_um=top, lesion_depth_um=bottom,
        lesion_width_um=pulse.spot_um if bottom > 0 else 0.0, surface_area=1.0 if bottom > 0 else 0.0, removed_area=0.0,
        killed_area=1.0 if killed else 0.0, basal_area=at["basal_area"], dermis_volume=max(bottom - max(top, epidermis), 0.0),
        ablated_volume=0.0, heat=max(at["heat"], 0.0), vessel_ratio=vessels, purpura_ratio=at["purpura"], pigment_ratio=at["lesion"],
        epidermis_pigment_ratio=at["epidermis"], pigment_depth_um=at["reach"], gland_ratio=at["gland"],
        peak_surface_C=at["peak_surface_C"], peak_basal_C=at["peak_basal_C"],
        selective=pulse.wavelength_nm < wide_spot.SELECTIVE_BELOW_NM, fractional=False, passes_in_place=exposure.passes,
        energy=EnergyBalance(
            incident_J=pulse.energy_mJ * J_PER_MJ * exposure.stack * exposure.passes, reflected=at["reflected"],
            transmitted=parts[0], removed=0.0, stored=parts[1], surface=parts[2], residual=1.0 - at["reflected"] - sum(parts),
        ),
        fidelity=told[0], error_pct=told[1], warnings=(), sources=told[2],
        area_by_depth=((top, 1.0), (bottom, 1.0)) if bottom > top else (),
    )  # fmt: skip


__all__ = [
    "DOSED", "LAYOUT", "PIGMENTED", "STILL", "computed", "dead_zone", "death_of", "depths_um", "equal_C", "lesions_in", "opened",
    "softened", "variant",
]  # fmt: skip
