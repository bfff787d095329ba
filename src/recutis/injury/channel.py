"""One ablative microbeam in two dimensions: a channel with its walls, floor and dead zone, as on a slide.

The model of fractional carbon dioxide, Er:YAG and Er:YSGG lasers: it takes about a second. The planner looks most settings up
in `channel_table`, a table of its runs, in a fraction of a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.heat import column as heat
from recutis.heat import crater, resolution
from recutis.injury.ablative import slab_of
from recutis.injury.outline import Outline, injury_of, nothing
from recutis.injury.spot import SpotInjury
from recutis.laser.types import Pulse
from recutis.light.lines import DRYING, Line, water_line
from recutis.skin.types import Skin
from recutis.units import M_PER_UM, S_PER_MS, UM_PER_M

Array = NDArray[np.float64]
_HALF_MM_UM = 500.0  # by the definition of bulk_rise_C
_AROUND = (0.4, 0.6)  # of the depth of a channel: where rim and width half way down are averaged
_SUREST, _LEAST = 10.0, -70.0  # logarithms of damage between which a boundary is drawn
_ALMOST = 0.995  # of the depth: where the floor of a flat crater still has its width
FIDELITY = "axisymmetric enthalpy model with a moving crater"


@dataclass(frozen=True, eq=False, kw_only=True)
class Channel:
    """A microbeam's channel in fresh tissue. Lengths in µm, depth down from the surface, arrays (z, r) or by row or ring.

    `crater_um` and `dead_depth_um` are the depths of the crater and of dead tissue at `radii_um`, the middles of the rings.
    `wall_um`, `dead_um` and `collagen_um` are, at `depths_um` (the middles of the rows), the radius of the crater and the radii
    within which cells have died and collagen has lost its structure; 0 where there is none. `run` holds temperatures, damage,
    energies and any moments.
    """

    depths_um: Array
    radii_um: Array
    crater_um: Array
    dead_depth_um: Array
    wall_um: Array
    dead_um: Array
    collagen_um: Array
    run: crater.Run

    @property
    def depth_um(self) -> float:
        """Depth of the crater in its middle, the mean over the thickness of a section: the tip is finer than any slide shows."""
        return self._in_section(self.crater_um)

    @property
    def dead_to_um(self) -> float:
        """Depth down to which tissue in the middle is dead or missing, the mean over the thickness of a section."""
        return self._in_section(self.dead_depth_um)

    def _in_section(self, depth: Array) -> float:
        inside = self.radii_um <= max(evidence.value("phys_section_thickness") / 2, float(self.radii_um[0]))
        return float(np.average(depth[inside], weights=self.radii_um[inside]))

    @property
    def rim_um(self) -> float:
        """Dead tissue beside the wall half way down, measured at a right angle to the wall; 0 without a crater."""
        rows = self._half_way()
        if not rows.size:
            return 0.0
        across = np.maximum(self.dead_um[rows] - self.wall_um[rows], 0.0)
        down = np.maximum(np.interp(self.wall_um[rows], self.radii_um, self.dead_depth_um) - self.depths_um[rows], 1e-9)
        return float(np.mean(across * down / np.hypot(across, down)))

    @property
    def width_um(self) -> float:
        """Diameter of the crater half way down."""
        rows = self._half_way()
        return float(2 * np.mean(self.wall_um[rows])) if rows.size else 0.0

    @property
    def lesion_width_um(self) -> float:
        """Largest diameter of dead or missing tissue."""
        return float(2 * self.dead_um.max(initial=0.0))

    def _half_way(self) -> NDArray[np.intp]:
        if self.depth_um <= 0.0:
            return np.zeros(0, dtype=np.intp)
        low, high = (share * self.depth_um for share in _AROUND)
        rows = np.nonzero((self.depths_um > low) & (self.depths_um < high))[0]
        nearest = np.array([int(np.argmin(abs(self.depths_um - self.depth_um / 2)))])
        return rows if rows.size else nearest


def beam_of(pulse: Pulse, line: Line) -> crater.Beam:
    """The microbeam of a pulse: focused on the surface, with the beam quality of its kind of laser."""
    quality = "phys_beam_quality" if line.mode == DRYING else "phys_beam_quality_erbium"
    return crater.Beam(
        gaussian=pulse.profile == "gaussian", spot_um=pulse.spot_um, wavelength_nm=pulse.wavelength_nm,
        quality=evidence.value(quality),
    )  # fmt: skip


def inside_of(line: Line) -> crater.Inside:
    """What the channel does to light and steam."""
    return crater.Inside(
        polish=evidence.value("phys_wall_polish"),
        plume_mm=evidence.value("phys_channel_plume_co2" if line.mode == DRYING else "phys_channel_plume_erbium"),
        stanton=evidence.value("phys_channel_stanton"),
    )


def expose(
    pulse: Pulse,
    skin: Skin | heat.Slab,
    *,
    stack: int = 1,
    repetition_Hz: float = 1.0,
    shape: crater.PulseShape = "square",
    keep_ms: tuple[float, ...] = (),
    fineness: float = 1.0,
) -> Channel:
    """Light, heat, vapour and damage of one microbeam at one place, all its stacked pulses, until the tissue has cooled.

    `keep_ms` are times after the first light at which temperature, damage and crater are kept (`run.moments`); `fineness` 2
    halves cells and steps, to see what the grid does. Raises OutOfRangeError for a wavelength that water does not dominate,
    for a pulse without energy, length or spot, and for a crater deeper than the tissue of the model.
    """
    slab = skin if isinstance(skin, heat.Slab) else slab_of(skin)
    return _expose(pulse, slab, stack, repetition_Hz, shape, keep_ms, fineness * resolution.fineness())


@lru_cache(maxsize=16)
def _expose(
    pulse: Pulse, slab: heat.Slab, stack: int, rate: float, shape: crater.PulseShape, keep_ms: tuple[float, ...], fineness: float
) -> Channel:
    line = water_line(pulse.wavelength_nm)
    train = crater.Train(
        energy_mJ=pulse.energy_mJ, duration_ms=pulse.duration_ms, stack=stack, repetition_Hz=rate, shape=shape
    )  # fmt: skip
    run = crater.run(
        slab, line, beam_of(pulse, line), train, inside_of(line), keep_s=tuple(t * S_PER_MS for t in keep_ms), fineness=fineness
    )  # fmt: skip
    return draw(run)


def forget() -> None:
    """Empty the cache of channels, so that the next one is computed anew."""
    _expose.cache_clear()


def draw(run: crater.Run) -> Channel:
    """Boundaries of crater and damage of a finished run."""
    z, r = run.z_edges_m * UM_PER_M, run.r_edges_m * UM_PER_M
    depths, radii, depth = (z[:-1] + z[1:]) / 2, (r[:-1] + r[1:]) / 2, run.crater_m * UM_PER_M
    wall = np.array([_crossing(radii, depth, level) for level in depths])
    there = np.arange(depths.size)[:, None] >= run.front
    dead, collagen = (_outline(radii, wall, there, damage) for damage in (run.death, run.collagen))
    logs = np.where(there, np.clip(np.log(np.maximum(run.death, 1e-30)), _LEAST, _SUREST), _SUREST)
    bottom = np.array([_last(depths, column) for column in logs.T])
    return Channel(
        depths_um=depths, radii_um=radii, crater_um=depth, dead_depth_um=np.maximum(bottom, depth), wall_um=wall, dead_um=dead,
        collagen_um=collagen, run=run,
    )  # fmt: skip


def _outline(radii: Array, wall: Array, there: NDArray[np.bool_], damage: Array) -> Array:
    """Radius at each depth within which damage reaches 1, no less than the crater's."""
    logs = np.where(there, np.clip(np.log(np.maximum(damage, 1e-30)), _LEAST, _SUREST), _SUREST)
    out = np.array([_last(radii, row) for row in logs])
    return np.asarray(np.maximum(out, wall))


def _last(places: Array, logs: Array) -> float:
    """The place where a falling logarithm of damage goes through zero for the last time; 0 when it never is above."""
    above = np.nonzero(logs >= 0.0)[0]
    if above.size == 0:
        return 0.0
    i = int(above[-1])
    if i + 1 >= places.size:
        return float(places[i])
    share = logs[i] / (logs[i] - logs[i + 1])
    return float(places[i] + share * (places[i + 1] - places[i]))


def _crossing(radii: Array, depth: Array, level: float) -> float:
    """Outermost radius at which the crater is as deep as a level; 0 when it nowhere is."""
    deep = np.nonzero(depth >= level)[0]
    if deep.size == 0 or depth[0] <= 0.0:
        return 0.0
    j = int(deep[-1])
    if j + 1 >= radii.size:
        return float(radii[j])
    share = (depth[j] - level) / (depth[j] - depth[j + 1])
    return float(radii[j] + share * (radii[j + 1] - radii[j]))


def outline(seen: Channel) -> Outline:
    """The outline of a channel, with the shares of its energy."""
    run = seen.run
    total = run.arrived
    there = np.arange(seen.depths_um.size)[:, None] >= run.front
    tip, bottom = float(seen.crater_um.max(initial=0.0)), float(seen.dead_depth_um.max(initial=0.0))
    wall_depths, wall = _ended(seen.depths_um, seen.wall_um, tip)
    levels = np.maximum(np.minimum(wall_depths[:-1], _ALMOST * tip), min(1.0, tip / 2))
    wall[:-1] = [_crossing(seen.radii_um, seen.crater_um, float(level)) for level in levels]
    dead_depths, dead = _ended(seen.depths_um, seen.dead_um, bottom)
    rings = np.pi * np.diff((run.r_edges_m * UM_PER_M) ** 2)
    return Outline(
        depth_um=seen.depth_um, dead_to_um=seen.dead_to_um, rim_um=seen.rim_um, width_um=seen.width_um,
        lesion_width_um=seen.lesion_width_um, ablated_um3=float(np.sum(rings * seen.crater_um)), heat_share=_upper_J(run) / total,
        peak_surface_C=run.peak_surface_C, reflected=run.reflected / total, through=run.through / total,
        removed=(run.removed + run.plume) / total, stored=run.stored / total, surface=run.surface / total, wall_depths_um=wall_depths,
        wall_um=wall, dead_depths_um=dead_depths, dead_um=dead, peak_depths_um=seen.depths_um,
        peak_C=np.where(there, run.peak_C, -np.inf).max(axis=1),
    )  # fmt: skip


def _ended(depths: Array, radii: Array, bottom: float) -> tuple[Array, Array]:
    """Radii from the surface down to just above the bottom, and 0 at the bottom."""
    if bottom <= 0.0:
        return np.zeros(1), np.zeros(1)
    inside = depths < _ALMOST * bottom
    z = np.concatenate(([0.0], depths[inside], [_ALMOST * bottom, bottom]))
    r = np.interp(z, depths, radii)
    r[-2] = max(r[-2], radii[inside][-1] if r[-2] == 0.0 and inside.any() else r[-2])
    r[-1] = 0.0
    return z, r


def channel_injury(
    pulse: Pulse, skin: Skin, *, stack: int = 1, repetition_Hz: float = 1.0, shape: crater.PulseShape = "square"
) -> SpotInjury:
    """One ablative microbeam as seen on a slide of fresh tissue, in the words of `SpotInjury`.

    The rim is measured from the wall half way down, the coagulation below the floor on the axis. A pulse without energy does
    nothing. Raises as `expose` does.
    """
    if pulse.energy_mJ == 0.0:
        seen = nothing(skin.surface_temperature_C)
    else:
        seen = outline(expose(pulse, skin, stack=stack, repetition_Hz=repetition_Hz, shape=shape))
    return injury_of(seen, pulse, skin, stack=stack, fidelity=FIDELITY)


def _upper_J(run: crater.Run) -> float:
    """Heat of the upper half millimetre when the last light went out [J]."""
    thick = np.clip(_HALF_MM_UM * M_PER_UM - run.z_edges_m[:-1], 0.0, np.diff(run.z_edges_m))
    volume = thick[:, None] * np.pi * np.diff(run.r_edges_m**2)
    there = (np.arange(thick.size)[:, None] >= run.front).astype(np.float64)
    there[run.front, np.arange(run.front.size)] = run.part
    return float((run.lit_J_m3 * volume * there).sum())


__all__ = ["Channel", "beam_of", "channel_injury", "draw", "expose", "inside_of", "outline"]
