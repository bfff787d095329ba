"""Light and heat of a round spot of any size for any time, below boiling: the reference for thresholds.

Light comes from discrete ordinates in depth and, for its spread, from photons in the layers (or the table of a half space)
laid side by side under the beam. Heat spreads down and sideways by its exact modes (`heat.modes`), with blood that takes heat
away, the resting gradient, and the surface that the exposure has. Far wider spots than light and heat spread are columns.
Exposures are those on the axis: for a gaussian twice the mean over its 1/e² diameter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import column as heat
from recutis.heat import damage, modes, tissue
from recutis.heat.column import Segment, stretched_edges
from recutis.heat.resolution import fineness
from recutis.injury import selective
from recutis.injury.ablative import slab_of
from recutis.injury.scaling import scale_to_damage
from recutis.injury.scattering import basal_um
from recutis.injury.schedule import segments
from recutis.injury.skin_light import LightSpread, layers_of, radial_share, wide_light
from recutis.laser.types import Cooling
from recutis.light import Beam, flat_top
from recutis.light import gaussian as gaussian_beam
from recutis.skin import layer_thermal
from recutis.skin.types import Skin
from recutis.units import KELVIN_OFFSET, M_PER_UM, MS_PER_S, PER_M_PER_CM, UM_PER_M

Array = NDArray[np.float64]
_FINEST_M, _COARSEST_M = 0.4e-6, 2e-6  # top cells; half of them move thresholds by under 1 %
_CELLS_PER_DEPTH: Final = 12.0  # of the light's own depth, in the top layer
_FINE_TO_M, _STRETCH, _DEEP_M = 1.2e-4, 1.1, 1.2e-2  # a stretch of 1.05 moves thresholds by under 1 %
_RINGS, _RING_STRETCH = 16, 1.25  # to the beam's radius; twice as many move thresholds by under 1 %
_SPREADS: Final = 6.0  # grids reach this many lengths over which light and heat spread
_WIDE: Final = 8.0  # beam radii over those lengths from which a spot is a column
_FIRST_S: Final = 1e-6  # earliest time that damage is told at after a change
_NODES, _NODES_AFTER = 50, 130  # times in the light and after it; twice as many move thresholds by under 0.5 %
_HEAT_FALLS: Final = 4.0  # damage is followed for this many exposures, and at least the next line
_AFTER_S: Final = 5.0
_MOST_S: Final = 3600.0
_COLUMN: Final = 2  # edges of a single ring
_NEVER_K: Final = 1e6  # stands for a boiling point that is never reached
_BRACKET: Final = 30.0  # boiling thresholds are sought within this factor of those without
_HALVINGS: Final = 11  # of that range on a logarithmic scale: to a third of a per cent
_SEEN_SHARE: Final = 0.5  # of the diameter of a small spot that must be dead to be seen: what is as wide as the beam cannot be


@dataclass(frozen=True, eq=False, kw_only=True)
class SpotLight:
    """Heat that a spot of exposure one on its axis lays into cells [1/m, (z, r)], and its fluence on the axis over the exposure."""

    z_edges_m: Array
    r_edges_m: Array
    source_m: Array
    axis: Array
    wavelength_nm: float


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A place that is exposed: skin, whether blood flows in it, and the spot."""

    skin: Skin
    living: bool
    wavelength_nm: float
    spot_um: float
    gaussian: bool

    def __post_init__(self) -> None:
        if not (math.isfinite(self.spot_um) and self.spot_um > 0.0):
            msg = f"A spot of {self.spot_um / UM_PER_M * MS_PER_S:g} mm makes no light; give a diameter above 0."
            raise OutOfRangeError(msg)

    @property
    def beam(self) -> Beam:
        """The beam as light knows it."""
        return gaussian_beam(diameter_um=self.spot_um) if self.gaussian else flat_top(diameter_um=self.spot_um)

    def profile(self, radius_m: float) -> float:
        """Exposure at a radius over that on the axis."""
        beam_m = self.spot_um / 2 * M_PER_UM
        return math.exp(-2.0 * (radius_m / beam_m) ** 2) if self.gaussian else float(radius_m <= beam_m)


def check_duration(seconds: float) -> float:
    """A length of exposure that heat can be followed for.

    Raises OutOfRangeError unless it is above 0 and at most an hour.
    """
    if not 0.0 < seconds <= _MOST_S:
        msg = f"An exposure of {seconds:g} s cannot be followed; give a duration above 0 and at most {_MOST_S:g} s."
        raise OutOfRangeError(msg)
    return seconds


def _spread_m(patch: Patch, seconds: float) -> tuple[float, float]:
    """Lengths over which light and heat spread sideways [m]."""
    layer = layers_of(patch.skin, patch.wavelength_nm)[-2 if len(patch.skin.layers) > 1 else -1]
    musp, mua = layer.mus_cm * (1.0 - layer.g) * PER_M_PER_CM, layer.mua_cm * PER_M_PER_CM
    light = 1.0 / math.sqrt(3.0 * mua * (mua + musp))
    return light, math.sqrt(4.0 * evidence.value("thermal_diffusivity_dermis") * seconds)


def _grid(patch: Patch, seconds: float) -> tuple[Array, Array]:
    """Cell edges of depth and rings for an exposure and what follows."""
    light, heat = _spread_m(patch, seconds)
    strongest = max(x.mua_cm for x in layers_of(patch.skin, patch.wavelength_nm)) * PER_M_PER_CM
    cell = min(max(1.0 / (_CELLS_PER_DEPTH * strongest), _FINEST_M), _COARSEST_M) / fineness()
    z = stretched_edges(
        fine_m=cell,
        fine_to_m=_FINE_TO_M * cell * fineness() / _COARSEST_M,
        stretch=1.0 + (_STRETCH - 1.0) / fineness(),
        end_m=max(_DEEP_M, 2.5 * heat),
    )
    radius = patch.spot_um / 2 * M_PER_UM
    spread = light + heat
    if radius >= _WIDE * spread:
        return z, np.array([0.0, radius])
    rings = np.linspace(0.0, radius, int(_RINGS * fineness()) + 1).tolist()
    step, end = rings[1], radius * (2.0 if patch.gaussian else 1.0) + _SPREADS * spread
    while rings[-1] < end:
        step *= 1.0 + (_RING_STRETCH - 1.0) / fineness()
        rings.append(rings[-1] + step)
    return z, np.array(rings)


def light_of_spot(patch: Patch, seconds: float, *, light_spread: LightSpread = "photons", warmer_K: float = 0.0) -> SpotLight:
    """Light of a spot on the grid that an exposure of this length needs; `warmer_K` shifts the bands of its water."""
    z, r = _grid(patch, seconds)
    return _lit(patch, tuple(z.tolist()), tuple(r.tolist()), light_spread, round(warmer_K))


@lru_cache(maxsize=64)
def _lit(patch: Patch, z: tuple[float, ...], r: tuple[float, ...], light_spread: LightSpread, warmer_K: int) -> SpotLight:
    edges, rings = np.array(z), np.array(r)
    wide = wide_light(patch.skin, patch.wavelength_nm, edges, warmer_K=float(warmer_K))
    share = np.ones((edges.size - 1, 1))
    if rings.size > _COLUMN:
        share = radial_share(patch.skin, patch.wavelength_nm, patch.beam, edges, rings, light_spread)
    absorbed = wide.absorbed_wide_cm * PER_M_PER_CM
    return SpotLight(
        z_edges_m=edges, r_edges_m=rings, source_m=absorbed[:, None] * share, axis=wide.fluence_wide * share[:, 0],
        wavelength_nm=patch.wavelength_nm,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _medium(skin: Skin, living: bool, z: tuple[float, ...], r: tuple[float, ...]) -> modes.Medium:
    edges = np.array(z)
    middle = (edges[:-1] + edges[1:]) / 2 * UM_PER_M
    layer = np.minimum(
        np.searchsorted(np.cumsum([x.thickness_um for x in skin.layers]), middle, side="right"), len(skin.layers) - 1
    )
    wet = [tissue.thermal(x.water_fraction) for x in skin.layers]
    blood = evidence.value("rho_blood") * evidence.value("cp_blood")
    flow = [x.perfusion_per_s * blood * living for x in layer_thermal(skin)]
    return modes.Medium(
        z_edges_m=edges, r_edges_m=np.array(r), capacity_J_m3_K=np.array([x.capacity_J_m3_K for x in wet])[layer],
        conductivity_W_m_K=np.array([x.conductivity_W_m_K for x in wet])[layer], perfusion_W_m3_K=np.array(flow)[layer],
    )  # fmt: skip


def rest_C(skin: Skin, medium: modes.Medium, *, living: bool) -> tuple[Array, float]:
    """Temperature of skin at rest by depth, and the heat that comes up to its surface [W/m²].

    Living skin rises from its surface temperature to that of the body, by conduction and blood; dead skin is even.
    """
    top = skin.surface_temperature_C
    if not living:
        return np.full(medium.dz_m.size, top), 0.0
    dz, k = medium.dz_m, medium.conductivity_W_m_K
    link = 1.0 / (0.5 * dz[:-1] / k[:-1] + 0.5 * dz[1:] / k[1:])
    above, below = 2.0 * k[0] / dz[0], 2.0 * k[-1] / dz[-1]
    diagonal = np.concatenate((link, [below])) + np.concatenate(([above], link)) + medium.perfusion_W_m3_K * dz
    core = evidence.value("phys_core_temperature")
    load = medium.perfusion_W_m3_K * dz * core
    load[0] += above * top
    load[-1] += below * core
    matrix = np.diag(diagonal) - np.diag(link, 1) - np.diag(link, -1)
    found = np.asarray(np.linalg.solve(matrix, load), dtype=np.float64)
    return found, float(above * (found[0] - top))


@dataclass(frozen=True, eq=False, kw_only=True)
class Heated:
    """Temperatures at places over time: what the surface alone does [K over absolute zero], and rises by light per J/cm² on the axis.

    `axis_K` are the rises by depth on the axis when the light last goes out, per J/cm², `cold_C` the temperatures there without.
    """

    time_s: Array
    base_K: Array
    rise_K: Array
    z_m: Array
    axis_K: Array
    cold_C: Array

    def temperature_C(self, fluence_J_cm2: float) -> Array:
        """Temperatures at the places over time for an exposure on the axis, (times, places)."""
        return np.asarray(self.base_K - KELVIN_OFFSET + self.rise_K * fluence_J_cm2)


def plan_of(
    duration_ms: float, *, pulses: int = 1, repetition_Hz: float = 1.0, cooling: Cooling | None = None
) -> tuple[Segment, ...]:
    """Pulses with one J/cm² each, their cooling, and the time after in which their heat may still injure."""
    pulse_s = check_duration(duration_ms / MS_PER_S)
    gap = max(1.0 / repetition_Hz - pulse_s, pulse_s) if pulses > 1 else 0.0
    plan = segments(
        fluence_J_cm2=1.0, duration_ms=duration_ms, stack=pulses, repetition_Hz=repetition_Hz, cooling=cooling or Cooling()
    )  # fmt: skip
    whole = pulses * pulse_s + (pulses - 1) * gap
    return (*plan[:-1], replace(plan[-1], seconds=max(_AFTER_S, _HEAT_FALLS * whole)))


def heat_at(
    patch: Patch, plan: tuple[Segment, ...], places: tuple[tuple[float, float], ...], *, light_spread: LightSpread = "photons"
) -> Heated:
    """Temperatures at places (depth, radius) [m] through a plan, in light of cold water."""
    light = light_of_spot(patch, sum(x.seconds for x in plan[:-1]), light_spread=light_spread)
    return heat_spot(patch, light, plan, places)


def _surface(plan: tuple[Segment, ...], medium: modes.Medium, rest: Array, upward: float) -> tuple[modes.Stretch, ...]:
    """The plan without light: what the surface does. At rest the tissue sends `upward` out into still air [W/m²]."""
    air = evidence.value("h_air_natural")
    found = []
    for one in plan:
        link = modes.surface_link(medium, one.transfer_W_m2_K)
        cooled = one.transfer_W_m2_K != air
        found.append(
            modes.Stretch(
                seconds=one.seconds,
                transfer_W_m2_K=one.transfer_W_m2_K,
                pull_W_m2=link * (one.medium_C - float(rest[0])) + upward if cooled else 0.0,
                nodes=int((_NODES if one.irradiance_W_m2 > 0.0 else _NODES_AFTER) * fineness()),
            )
        )
    return tuple(found)


def heat_spot(patch: Patch, light: SpotLight, plan: tuple[Segment, ...], places: tuple[tuple[float, float], ...]) -> Heated:
    """Temperatures at places (depth, radius) [m] through a plan of lit and dark stretches.

    A stretch whose surface has the transfer of still air is taken to be at rest with it.
    """
    medium = _medium(patch.skin, patch.living, tuple(light.z_edges_m.tolist()), tuple(light.r_edges_m.tolist()))
    rest, upward = rest_C(patch.skin, medium, living=patch.living)
    plain = _surface(plan, medium, rest, upward)
    bright = tuple(
        replace(dark, pull_W_m2=0.0, heat_W_m3=light.source_m * one.irradiance_W_m2 if one.irradiance_W_m2 > 0.0 else None)
        for dark, one in zip(plain, plan, strict=True)
    )
    first = min(_FIRST_S, min(x.seconds for x in plan) * 1e-2)
    time_s, rise, ends = modes.follow(medium, bright, places, first_s=first)
    last = max((i for i, x in enumerate(plan) if x.irradiance_W_m2 > 0.0), default=len(plan) - 1)
    base, cold = np.zeros_like(rise), rest
    if any(x.pull_W_m2 for x in plain):
        column = replace(medium, r_edges_m=medium.r_edges_m[[0, -1]])
        _, base, cools = modes.follow(column, plain, tuple((z, 0.0) for z, _ in places), first_s=first)
        cold = rest + cools[last][:, 0]
    at_rest = np.interp([z for z, _ in places], medium.z_m, rest)
    return Heated(
        time_s=time_s, base_K=base + at_rest + KELVIN_OFFSET, rise_K=rise, z_m=medium.z_m, axis_K=ends[last][:, 0], cold_C=cold,
    )  # fmt: skip


def lasting(cooling: Cooling, before_ms: float) -> Cooling:
    """The cooling, on for this time before the light."""
    return replace(cooling, before_ms=before_ms)


def cooled_C(skin: Skin, cooling: Cooling, depths_um: Array, *, living: bool = True) -> tuple[Array, Array]:
    """Temperatures under a cooler and after it, (times, depths), and those at rest (depths).

    A spurt of cryogen leaves a film that stays for the delay; every cooler is then taken away.
    """
    z = stretched_edges(
        fine_m=_FINEST_M / fineness(), fine_to_m=_FINE_TO_M / 4, stretch=1.0 + (_STRETCH - 1.0) / fineness(), end_m=_DEEP_M
    )
    medium = _medium(skin, living, tuple(z.tolist()), (0.0, 1.0))
    rest, upward = rest_C(skin, medium, living=living)
    air, room = evidence.value("h_air_natural"), evidence.value("phys_room_temperature")
    on = check_duration((cooling.before_ms + cooling.delay_ms) / MS_PER_S)
    plan = (
        Segment(seconds=on, transfer_W_m2_K=cooling.heat_transfer_W_m2_K, medium_C=cooling.medium_C),
        Segment(seconds=_AFTER_S, transfer_W_m2_K=air, medium_C=room),
    )
    stretches = _surface(plan, medium, rest, upward)
    places = tuple((float(x) * M_PER_UM, 0.0) for x in depths_um)
    _, fall, _ = modes.follow(medium, stretches, places, first_s=min(_FIRST_S, on * 1e-2))
    at_rest = np.interp(np.array(depths_um) * M_PER_UM, medium.z_m, rest)
    return fall + at_rest, at_rest


def injury_threshold_J_cm2(
    patch: Patch,
    plan: tuple[Segment, ...],
    *,
    depth_um: float,
    seen_um: float | None = None,
    light_spread: LightSpread = "photons",
    process: damage.Process | None = None,
) -> float:
    """Least exposure on the axis, of each pulse, that leaves a lesion which an eye sees.

    It is seen where cells are dead down to `depth_um` over a disc of diameter `seen_um` (the row phys_lesion_seen unless
    given), or over half the diameter of a small spot. Heat does it, or in pulses that confine heat in melanosomes their
    explosion, whichever comes first. Where the surface boils before that, more is needed, since steam takes heat away; how much
    more is told by a column. Water that warms absorbs otherwise; its bands are taken at the mean rise of the threshold.
    """
    disc = min(evidence.value("phys_lesion_seen") if seen_um is None else seen_um, _SEEN_SHARE * patch.spot_um)
    place = (depth_um * M_PER_UM, disc / 2 * M_PER_UM)
    seconds = sum(x.seconds for x in plan[:-1])
    process = damage.visible_burn() if process is None else process
    warmer, needed = 0.0, math.inf
    for _ in range(2):
        light = light_of_spot(patch, seconds, light_spread=light_spread, warmer_K=warmer)
        run = heat_spot(patch, light, plan, (place,))
        rise = run.rise_K[:, 0] * (patch.profile(place[1]) if light.r_edges_m.size == _COLUMN else 1.0)
        needed = scale_to_damage(process, run.time_s, run.base_K[:, 0], rise)
        warmer = 0.5 * needed * float(run.rise_K.max())
    boiling = evidence.value("phys_boiling")
    if needed < math.inf and float((run.cold_C + run.axis_K * needed).max()) > boiling:
        needed *= _boiling_factor(patch, light, plan, needed, place[0], process)
    lit = [x.seconds for x in plan if x.irradiance_W_m2 > 0.0]
    if lit:
        needed = min(needed, _bursting_J_cm2(patch, light, place[1], lit[0] * MS_PER_S))
    return needed


def _boiling_factor(
    patch: Patch, light: SpotLight, plan: tuple[Segment, ...], linear_J_cm2: float, depth_m: float, process: damage.Process
) -> float:
    """How much more exposure than without boiling kills cells at a depth, in a column in the same light."""
    slab = slab_of(patch.skin)
    law = heat.law_of(heat.heating_only(evidence.value("phys_boiling")), slab.start_C, first=process, second=damage.collagen())
    source = wide_light(patch.skin, patch.wavelength_nm, light.z_edges_m).absorbed_wide_cm * PER_M_PER_CM
    fresh = heat.new_column(slab, light.z_edges_m)
    cell = int(np.searchsorted(light.z_edges_m, depth_m, side="right")) - 1

    def kills(exposure_J_cm2: float, boils: bool) -> bool:
        lit = tuple(replace(x, irradiance_W_m2=x.irradiance_W_m2 * exposure_J_cm2) for x in plan)
        used = law if boils else law._replace(boil_K=_NEVER_K)
        return bool(heat.run(fresh, used, lit, source_m=source).column.death[cell] >= 1.0)

    found = []
    for boils in (False, True):
        low, high = linear_J_cm2 / _BRACKET, linear_J_cm2 * _BRACKET
        for _ in range(_HALVINGS):
            middle = math.sqrt(low * high)
            low, high = (low, middle) if kills(middle, boils) else (middle, high)
        found.append(high)
    return max(found[1] / found[0], 1.0)


def _bursting_J_cm2(patch: Patch, light: SpotLight, radius_m: float, duration_ms: float) -> float:
    """Exposure on the axis at which melanosomes of the basal layer explode out to a radius."""
    depth = basal_um(patch.skin)
    middle = (light.z_edges_m[:-1] + light.z_edges_m[1:]) / 2 * UM_PER_M
    rings = (light.r_edges_m[:-1] + light.r_edges_m[1:]) / 2
    share = light.source_m / np.maximum(light.source_m[:, :1], 1e-300)
    there = patch.profile(radius_m)
    if rings.size > 1:
        there = float(np.interp(radius_m, rings, share[int(np.argmin(np.abs(middle - depth)))]))
    local = float(np.interp(depth, middle, light.axis)) * there
    ratio = selective.melanosome_ratio_of_fluence(patch.skin, light.wavelength_nm, local, duration_ms=duration_ms)
    return 1.0 / ratio if ratio > 0.0 else math.inf


def vaporisation_threshold_J_cm2(
    patch: Patch, plan: tuple[Segment, ...], *, boiling_C: float, light_spread: LightSpread = "photons"
) -> float:
    """Least exposure on the axis, of each pulse, that brings water anywhere in the skin to this temperature."""
    seconds = sum(x.seconds for x in plan[:-1])
    warmer, needed = 0.0, math.inf
    for _ in range(2):
        light = light_of_spot(patch, seconds, light_spread=light_spread, warmer_K=warmer)
        run = heat_spot(patch, light, plan, ((0.0, 0.0),))
        needed = float(np.min(np.where(run.axis_K > 0.0, (boiling_C - run.cold_C) / np.maximum(run.axis_K, 1e-300), np.inf)))
        warmer = 0.5 * needed * float(run.axis_K.max())
    return needed


__all__ = [
    "Heated", "Patch", "SpotLight", "basal_um", "check_duration", "cooled_C", "heat_at", "heat_spot", "injury_threshold_J_cm2", "lasting",
    "light_of_spot", "plan_of", "rest_C", "vaporisation_threshold_J_cm2",
]  # fmt: skip
