"""Ablative microbeams out of a table of runs of `channel`, for the planner: microseconds instead of a second.

`scripts/build_channels.py` makes the table. Its axes are the logarithms of mean fluence, spot and duration; between nodes
values follow monotone cubics along the fluence and straight lines along the other two, so that more energy never makes a
shallower crater. Profiles are stored at fixed fractions of their own depths. The usual skin's layers hold: below the epidermis,
skins differ only where fat begins. What lies outside the grid, or reaches fat that lies elsewhere, is not in the table but run.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from recutis import evidence
from recutis.heat import column as heat
from recutis.heat import crater, damage, tissue
from recutis.injury import channel
from recutis.injury.ablative import slab_of
from recutis.injury.outline import Outline, injury_of
from recutis.injury.spot import SpotInjury
from recutis.laser.types import Profile, Pulse
from recutis.light.lines import water_line
from recutis.skin import build
from recutis.skin.types import Skin
from recutis.units import J_PER_MJ, energy_for_fluence_mJ

Array = NDArray[np.float64]
FORMAT: Final = 1  # of the table; another layout has another number
FRACTIONS: Final = np.linspace(0.0, 1.0, 33)
_ALMOST: Final = 0.995  # of a depth: the last level of a profile; at the depth itself its radius is 0
PEAK_DEPTHS_UM: Final = np.array([10.0, 20.0, 30.0, 45.0, 60.0, 75.0, 90.0, 110.0, 140.0, 180.0, 250.0, 400.0])
_LENGTHS: Final = ("depth_um", "dead_to_um", "rim_um", "width_um", "lesion_width_um")
_ENERGIES: Final = ("reflected", "through", "removed", "stored", "surface")  # together all of the light
_SHARES: Final = ("heat_share", "peak_surface_C", *_ENERGIES)
_HEAD: Final = len(_LENGTHS) + len(_SHARES) + 3  # and the two depths of the profiles and the ablated volume a joule
_WALLED: Final = (
    _LENGTHS.index("depth_um"),
    [_LENGTHS.index("rim_um"), _LENGTHS.index("width_um"), *range(_HEAD, _HEAD + FRACTIONS.size)],
)
_WALL_FROM_UM: Final = 5.0  # a crater less deep than a cell has no wall to measure
_SAME_LINE: Final = 2e-3  # of the wavelength: lines this near absorb alike
_COARSE: Final = 0.6  # cells and steps of stacks and of fat: four times quicker; moves depths by 2 %, rims by 3 to 11 %
FAT_SHIFT: Final = 0.15  # of the usual depth of fat: within it craters that reach fat move by a tenth at most


@dataclass(frozen=True, kw_only=True)
class NodeGrid:
    """Nodes of one laser and profile: spots [µm], durations [ms], mean fluences [J/cm²], the largest energy [mJ] and power [W]."""

    wavelength_nm: float
    profile: Profile
    spots_um: tuple[float, ...]
    durations_ms: tuple[float, ...]
    fluences_J_cm2: tuple[float, ...]
    most_mJ: float
    most_W: float

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of spots, durations and fluences."""
        return len(self.spots_um), len(self.durations_ms), len(self.fluences_J_cm2)

    def pulse(self, place: tuple[int, ...]) -> Pulse:
        """The pulse of a node."""
        spot, fluence = self.spots_um[place[0]], self.fluences_J_cm2[place[2]]
        return Pulse(
            wavelength_nm=self.wavelength_nm, energy_mJ=energy_for_fluence_mJ(fluence_J_cm2=fluence, spot_um=spot), spot_um=spot,
            profile=self.profile, duration_ms=self.durations_ms[place[1]],
        )  # fmt: skip

    def wanted(self, place: tuple[int, ...]) -> bool:
        """Whether lasers give such a pulse; others are left out."""
        pulse = self.pulse(place)
        return pulse.energy_mJ <= min(self.most_mJ, self.most_W * pulse.duration_ms)


# Nodes lie a factor of two apart in fluence; `tests/test_injury_channel_table.py` says how far values between them are off.
GRIDS: Final[Mapping[str, NodeGrid]] = MappingProxyType(
    {
        "co2_gaussian": NodeGrid(
            wavelength_nm=10600.0, profile="gaussian", spots_um=(100.0, 140.0, 220.0, 350.0), durations_ms=(0.2, 0.5, 1.1, 2.5),
            fluences_J_cm2=(1.5, 3.0, 6.0, 12.0, 24.0, 50.0, 100.0, 200.0, 400.0, 750.0, 1400.0), most_mJ=220.0, most_W=240.0,
        ),
        "co2_flat_top": NodeGrid(
            wavelength_nm=10600.0, profile="flat_top", spots_um=(1000.0, 1600.0), durations_ms=(0.4, 0.8, 1.6),
            fluences_J_cm2=(1.5, 2.5, 4.0, 6.5, 10.0, 16.0), most_mJ=400.0, most_W=900.0,
        ),
        "erbium_gaussian": NodeGrid(
            wavelength_nm=2940.0, profile="gaussian", spots_um=(100.0, 160.0), durations_ms=(0.25, 0.7, 2.0, 5.0),
            fluences_J_cm2=(1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 125.0, 250.0), most_mJ=60.0, most_W=200.0,
        ),
        "erbium_flat_top": NodeGrid(
            wavelength_nm=2940.0, profile="flat_top", spots_um=(200.0, 290.0, 430.0), durations_ms=(0.25, 0.5, 1.0, 2.0),
            fluences_J_cm2=(0.75, 1.5, 3.0, 6.0, 12.0, 25.0, 50.0, 100.0, 200.0, 400.0), most_mJ=600.0, most_W=2500.0,
        ),
        "ysgg_flat_top": NodeGrid(
            wavelength_nm=2790.0, profile="flat_top", spots_um=(250.0, 350.0), durations_ms=(0.3, 0.6, 1.2),
            fluences_J_cm2=(1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 125.0, 250.0, 480.0), most_mJ=470.0, most_W=1600.0,
        ),
    }
)  # fmt: skip


@cache
def usual_slab() -> heat.Slab:
    """Layers of the skin of the table."""
    return slab_of(build(site="cheek", age_years=45, phototype="II", sex="female"))


@cache
def fingerprint() -> str:
    """Digest of every physical number that goes into the runs: another number makes another table."""
    slab = usual_slab()
    parts: list[object] = [FORMAT, slab, tuple(tissue.thermal(w) for w in slab.water_fraction)]
    parts += [evidence.value(key) for key in ("phys_section_thickness", "h_air_natural", "phys_room_temperature")]
    for name, grid in GRIDS.items():
        line = water_line(grid.wavelength_nm)
        pulse = grid.pulse((0, 0, 0))
        law = heat.law_of(
            line, slab.start_C, first=damage.cell_death(), second=damage.collagen(), irradiance_W_m2=1e9, pulse_s=1e-3
        )
        inside, index = channel.inside_of(line), crater.tissue_index(grid.wavelength_nm)
        parts += [name, grid, line, channel.beam_of(pulse, line), inside, index, tuple(law)]
    return hashlib.sha256(repr(_rounded(parts)).encode()).hexdigest()[:16]


def _rounded(thing: object) -> object:
    """Numbers to ten figures, so that processors that round differently agree."""
    if isinstance(thing, float):
        return f"{thing:.10g}"
    if isinstance(thing, list | tuple):
        return [_rounded(one) for one in thing]
    if hasattr(thing, "__dataclass_fields__"):
        return [(name, _rounded(getattr(thing, name))) for name in thing.__dataclass_fields__]
    return thing


def condensed(seen: Outline, energy_mJ: float) -> Array:
    """An outline as the table keeps it."""
    tip, bottom = float(seen.wall_depths_um[-1]), float(seen.dead_depths_um[-1])
    head = [getattr(seen, name) for name in (*_LENGTHS, *_SHARES)]
    volume = seen.ablated_um3 / (energy_mJ * J_PER_MJ)
    levels = np.minimum(FRACTIONS, _ALMOST)
    wall = np.interp(levels * tip, seen.wall_depths_um, seen.wall_um)
    dead = np.interp(levels * bottom, seen.dead_depths_um, seen.dead_um)
    peaks = np.interp(PEAK_DEPTHS_UM, seen.peak_depths_um, seen.peak_C)
    return np.concatenate((head, [tip, bottom, volume], wall, dead, peaks))


def opened(row: Array, energy_mJ: float) -> Outline:
    """The outline that a row of the table stands for."""
    names = (*_LENGTHS, *_SHARES)
    head = {name: float(x) for name, x in zip(names, row, strict=False)}
    if head["depth_um"] <= 0.0:
        head.update(rim_um=0.0, width_um=0.0)
    whole = sum(head[name] for name in _ENERGIES)  # one at nodes, almost so between them
    head.update({name: head[name] / whole for name in _ENERGIES})
    tip, bottom, volume = (float(x) for x in row[len(names) : _HEAD])
    n = FRACTIONS.size
    wall, dead, peaks = row[_HEAD : _HEAD + n], row[_HEAD + n : _HEAD + 2 * n], row[_HEAD + 2 * n :]
    levels = np.concatenate((np.minimum(FRACTIONS, _ALMOST), [1.0]))
    return Outline(
        **head, ablated_um3=volume * energy_mJ * J_PER_MJ, wall_depths_um=levels * tip, wall_um=np.append(wall, 0.0),
        dead_depths_um=levels * bottom, dead_um=np.append(dead, 0.0), peak_depths_um=PEAK_DEPTHS_UM, peak_C=peaks,
    )  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class _Part:
    """Values and slopes along the logarithm of fluence at the nodes of one grid; not a number where a node is missing."""

    axes: tuple[Array, Array, Array]
    values: Array
    slopes: Array

    def at(self, spot_um: float, duration_ms: float, fluence_J_cm2: float) -> Array | None:
        """A row between nodes; None outside them."""
        places = [_place(axis, math.log(x)) for axis, x in zip(self.axes, (spot_um, duration_ms, fluence_J_cm2), strict=True)]
        if any(place is None for place in places):
            return None
        (i, u), (j, v), (k, t) = (place for place in places if place is not None)
        weights = np.array([[(1 - u) * (1 - v), (1 - u) * v], [u * (1 - v), u * v]])
        pair = slice(k, k + 2)
        used = weights > 0.0  # a corner without weight may be missing
        values = np.tensordot(weights[used], self.values[i : i + 2, j : j + 2, pair][used], 1)
        slopes = np.tensordot(weights[used], self.slopes[i : i + 2, j : j + 2, pair][used], 1)
        slopes *= self.axes[2][k + 1] - self.axes[2][k]
        h = (1 + 2 * t) * (1 - t) ** 2
        row = h * values[0] + (1 - h) * values[1] + t * (1 - t) ** 2 * slopes[0] - t**2 * (1 - t) * slopes[1]
        return row if bool(np.isfinite(row).all()) else None


def _place(axis: Array, x: float) -> tuple[int, float] | None:
    """The interval of an axis that holds a value, and where in it; None outside."""
    slack = 1e-9
    if not axis[0] - slack <= x <= axis[-1] + slack:
        return None
    i = min(max(int(np.searchsorted(axis, x, side="right")) - 1, 0), axis.size - 2)
    return i, min(max(float((x - axis[i]) / (axis[i + 1] - axis[i])), 0.0), 1.0)


def _with_walls(values: Array) -> Array:
    """Nodes (spot, duration, fluence, quantity) with the walls of the weakest pulse that has some in place of none.

    Width and rim do not grow from zero with the crater: they are there at once.
    """
    out = values.copy()
    depth, walls = _WALLED
    for place in np.ndindex(values.shape[:2]):
        deep = np.nonzero(values[place][:, depth] >= _WALL_FROM_UM)[0]
        if deep.size:
            out[place][: deep[0], walls] = values[place][deep[0], walls]
    return out


def _slopes(axis: Array, values: Array) -> Array:
    """Slopes of monotone cubics along the last node axis of (spot, duration, fluence, quantity), by the nodes up to a missing one."""
    out = np.full_like(values, np.nan)
    for place in np.ndindex(values.shape[:2]):
        there = int(np.logical_and.accumulate(np.isfinite(values[place][:, 0])).sum())
        if there > 1:
            out[place][:there] = PchipInterpolator(axis[:there], values[place][:there])(axis[:there], 1)
    return out


@cache
def stored() -> tuple[str, Mapping[str, Array]]:
    """The fingerprint the table was made from, and its nodes by grid: arrays (spot, duration, fluence, quantity)."""
    with files("recutis.injury").joinpath("tables/channels.npz").open("rb") as stream, np.load(stream) as data:
        return str(data["fingerprint"]), {name: np.asarray(data[name], np.float64) for name in GRIDS}


@cache
def _parts() -> tuple[tuple[NodeGrid, _Part], ...]:
    out = []
    for name, values in stored()[1].items():
        grid = GRIDS[name]
        axes = tuple(np.log(np.array(x)) for x in (grid.spots_um, grid.durations_ms, grid.fluences_J_cm2))
        walled = _with_walls(values)
        out.append((grid, _Part(axes=axes, values=walled, slopes=_slopes(axes[2], walled))))
    return tuple(out)


@lru_cache(maxsize=4096)
def outline(pulse: Pulse) -> Outline | None:
    """The microbeam of one pulse in usual skin, from the table; None outside its grid."""
    if pulse.energy_mJ <= 0.0:
        return None
    for grid, part in _parts():
        if grid.profile == pulse.profile and abs(pulse.wavelength_nm / grid.wavelength_nm - 1) < _SAME_LINE:
            row = part.at(pulse.spot_um, pulse.duration_ms, pulse.fluence_J_cm2)
            return None if row is None else opened(row, pulse.energy_mJ)
    return None


def fat_um(thickness_um: tuple[float, ...]) -> float:
    """Depth at which the lowest layer begins."""
    return sum(thickness_um[:-1])


def _reaches_other_fat(seen: Outline, skin: Skin) -> bool:
    """Whether a lesion reaches fat, and this skin's fat lies much higher or lower than in the table's skin."""
    usual, own = fat_um(usual_slab().thickness_um), fat_um(tuple(x.thickness_um for x in skin.layers))
    return seen.dead_to_um > min(usual, own) and abs(own / usual - 1.0) > FAT_SHIFT


def table_injury(pulse: Pulse, skin: Skin) -> SpotInjury | None:
    """One pulse's microbeam in a skin, from the table, as `channel.channel_injury` has it.

    None outside the grid, and for a lesion that reaches fat where fat lies much higher or lower than in the table's skin.
    """
    seen = outline(pulse)
    if seen is None or _reaches_other_fat(seen, skin):
        return None
    return injury_of(seen, pulse, skin, stack=1, fidelity=f"{channel.FIDELITY}, from a table")


@lru_cache(maxsize=512)
def _run(pulse: Pulse, slab: heat.Slab, stack: int, repetition_Hz: float, fineness: float) -> Outline:
    return channel.outline(channel.expose(pulse, slab, stack=stack, repetition_Hz=repetition_Hz, fineness=fineness))


def planner_outline(pulse: Pulse, skin: Skin, *, stack: int = 1, repetition_Hz: float = 1.0) -> tuple[Outline, str]:
    """A microbeam for a planner and the model in words: from the table, else from a run that all skins of usual layers share.

    A run takes a second or more. Stacks, and lesions in fat that lies elsewhere, are run on coarser cells. Raises as
    `channel.expose` does.
    """
    rate = repetition_Hz if stack > 1 else 1.0  # of no matter to a single pulse
    seen, fidelity = (outline(pulse) if stack == 1 else None), f"{channel.FIDELITY}, from a table"
    if seen is None:
        fidelity = channel.FIDELITY
        seen = _run(pulse, usual_slab(), stack, rate, 1.0 if stack == 1 else _COARSE)
    if _reaches_other_fat(seen, skin):
        fidelity = channel.FIDELITY
        seen = _run(pulse, slab_of(skin), stack, rate, _COARSE)
    return seen, fidelity


def planner_injury(pulse: Pulse, skin: Skin, *, stack: int = 1, repetition_Hz: float = 1.0) -> SpotInjury:
    """A microbeam for a planner, as `planner_outline` has it; a pulse without energy does nothing.

    Raises as `channel.expose` does.
    """
    if pulse.energy_mJ == 0.0:
        return channel.channel_injury(pulse, skin, stack=stack, repetition_Hz=repetition_Hz)
    seen, fidelity = planner_outline(pulse, skin, stack=stack, repetition_Hz=repetition_Hz)
    return injury_of(seen, pulse, skin, stack=stack, fidelity=fidelity)


__all__ = [
    "FAT_SHIFT", "FRACTIONS", "GRIDS", "NodeGrid", "condensed", "fat_um", "fingerprint", "opened", "outline", "planner_injury",
    "planner_outline", "stored", "table_injury", "usual_slab",
]  # fmt: skip
