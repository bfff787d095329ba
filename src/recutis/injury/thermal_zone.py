"""Non-ablative microbeams in scattering skin: the microscopic thermal zone on an axisymmetric grid.

Light and heat take turns: what has warmed, coagulated or dried changes the light of the next part of the pulse. Water of the
core boils off; dry and coagulated tissue scatters little, so light reaches deeper through it. Part of the steam condenses beside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import _zone_kernel as kernels
from recutis.heat import damage, tissue
from recutis.heat.column import EnergyError, stretched_edges
from recutis.heat.resolution import fineness
from recutis.injury import scattering, selective
from recutis.injury.ablative import balance
from recutis.injury.column_light import SOURCES, Changed, Matter, Optics, column_light
from recutis.injury.skin_light import LightSpread, told
from recutis.injury.spot import SpotInjury
from recutis.laser.types import Cooling, Pulse
from recutis.light import Beam
from recutis.skin.types import Skin
from recutis.units import J_PER_MJ, KELVIN_OFFSET, M_PER_UM, S_PER_MS, UM_PER_M

Array = NDArray[np.float64]
# What halving these does to depth and width of columns stands in `tests/test_injury_zone.py`.
_RING_M, _RING_STRETCH, _FINE_RADII = 8e-6, 1.2, 1.5
_CELL_M, _CELL_STRETCH, _END_M = 1e-5, 1.045, 3e-3
_FINE_TO_M = 3e-4
_WIDEST_M, _WIDEST_RADII = 1.2e-3, 4.0
_UPDATES = 12  # light is laid anew this often a pulse; twice as often moves depths and widths by 0.5 %
_STEPS_PER_UPDATE = 4
_GROWTH, _COOL_S, _PIECE = 1.35, 0.5, 4  # cooling down: growing steps, four a call
_AUDIT = 1e-6
_HALF_MM_M = 5e-4  # by the definition of bulk_rise_C
_SPOTS_UM: Final = (10.0, 3000.0)
_LONGEST_S: Final = 60.0
_AREAS: Final = 25  # depths of `area_by_depth`
_OWN_SOURCES: Final = ("phys_boiling_closed", "phys_steam_return_closed")


@dataclass(frozen=True, eq=False, kw_only=True)
class Snapshot:
    """The tissue at a moment: time since the first light [s], temperature [°C] and damage (z, r)."""

    time_s: float
    temperature_C: Array
    damage: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Zone:
    """A finished microbeam: grids [m], damage, peak temperature and light of fresh skin (z, r), energies [J].

    `fluence_m2` is for an energy of one. `collagen` is the damage of collagen, `water_left` the share of its water that
    each cell has in the end. `upper_J` is the laser's heat in the upper half millimetre when the last light goes out, with that of the
    light that spreads beyond the rings; `chill_J_m2` what cooling has taken there by then. `transmitted_J` is what is
    passed on, deeper or further aside than the grid; `vented_J` left with steam; `steam_J` went through steam, vented or condensed.
    """

    z_edges_m: Array
    r_edges_m: Array
    damage: Array
    collagen: Array
    water_left: Array
    peak_C: Array
    fluence_m2: Array
    absorbed_J: float
    reflected_J: float
    transmitted_J: float
    stored_J: float
    vented_J: float
    steam_J: float
    upper_J: float
    chill_J_m2: float
    surface_J: float
    incident_J: float
    residual_J: float
    snapshots: tuple[Snapshot, ...] = ()


def _grid(pulse: Pulse) -> tuple[Array, Array]:
    radius, finer = pulse.spot_um * M_PER_UM / 2, fineness()
    r = stretched_edges(
        fine_m=min(_RING_M, radius / 4) / finer, fine_to_m=radius * _FINE_RADII, stretch=1.0 + (_RING_STRETCH - 1.0) / finer,
        end_m=max(_WIDEST_M, _WIDEST_RADII * radius),
    )  # fmt: skip
    z = stretched_edges(fine_m=_CELL_M / finer, fine_to_m=_FINE_TO_M, stretch=1.0 + (_CELL_STRETCH - 1.0) / finer, end_m=_END_M)
    return z, r


def _check(pulse: Pulse) -> None:
    low, high = _SPOTS_UM
    if not low <= pulse.spot_um <= high:
        msg = (
            f"A microbeam of {pulse.spot_um:g} µm is outside of {low:g} to {high:g} µm. Give the diameter of one microbeam, "
            "or lay a wide spot as such."
        )
        raise OutOfRangeError(msg)
    if not 0.0 < pulse.duration_ms * S_PER_MS <= _LONGEST_S:
        msg = f"A microbeam shines for {pulse.duration_ms:g} ms; give a pulse above 0 and of at most {_LONGEST_S:g} seconds."
        raise OutOfRangeError(msg)
    if not (math.isfinite(pulse.energy_mJ) and pulse.energy_mJ >= 0.0):
        msg = f"A microbeam has an energy of {pulse.energy_mJ:g} mJ; give a finite energy of at least 0 mJ."
        raise OutOfRangeError(msg)


def _laws(start_C: float) -> Array:
    death, collagen = damage.bulk_skin(), damage.collagen()
    laws = np.empty(kernels.LAWS)
    laws[kernels.BOIL] = evidence.value("phys_boiling_closed") - start_C
    laws[kernels.LATENT], laws[kernels.WATER_HEAT] = tissue.latent_J_kg(), tissue.water_heat_J_kg_K()
    laws[kernels.RETURN], laws[kernels.START] = evidence.value("phys_steam_return_closed"), start_C + KELVIN_OFFSET
    for a, e, process in (
        (kernels.DEATH_A, kernels.DEATH_E, death), (kernels.COLLAGEN_A, kernels.COLLAGEN_E, collagen),
    ):  # fmt: skip
        laws[a], laws[e] = math.log(process.frequency_s), process.energy_J_mol / damage.GAS_CONSTANT_J_MOL_K
    return laws


class _Tissue:
    """State of the tissue on a grid of depth and radius, and its heat."""

    def __init__(self, matter: Matter, z: Array, r: Array, skin: Skin, cooling: Cooling) -> None:
        self._matter, self._z, self._r = matter, z, r
        self._surface, self._laws = _surface(cooling, skin), _laws(skin.surface_temperature_C)
        shape = (z.size - 1, r.size - 1)
        self.e, self.peak, self.dead, self.collagen = (np.zeros(shape) for _ in range(4))
        self.water = np.repeat(matter.water[:, None], shape[1], axis=1)
        self.account = np.zeros(kernels.ACCOUNTS)

    @property
    def rise_K(self) -> Array:
        """Temperature above that at the beginning."""
        return np.asarray(self.e / (self._matter.solid[:, None] + self._laws[kernels.WATER_HEAT] * self.water))

    def advance(self, density: Array, seconds: float, first: float, growth: float) -> None:
        """Heat by a density of power [W/m³], conduct, boil and damage for a time, in steps that grow from the first."""
        kernels.advance(
            self.e, self.water, self.dead, self.collagen, self.peak, self._matter.solid, self._matter.conductivity, self._z, self._r,
            density, seconds, first, growth, *self._surface, self._laws, self.account,
        )  # fmt: skip


class _Exposure:
    """One column while it is lit and cools: both the lit tissue and a twin that is only cooled."""

    def __init__(
        self, pulse: Pulse, skin: Skin, cooling: Cooling, light_spread: LightSpread, snapshots_ms: tuple[float, ...]
    ) -> None:
        self.z, self.r = _grid(pulse)
        self.thick = np.diff(self.z)
        self.volumes = np.pi * np.diff(self.r**2)[None, :] * self.thick[:, None]
        self.pulse, self.skin = pulse, skin
        beam = Beam(shape=pulse.profile, size_um=pulse.spot_um)
        self.matter, self.light = column_light(skin, pulse.wavelength_nm, beam, self.z, self.r, light_spread)
        self.optics = Optics(self.matter, pulse.wavelength_nm, skin.surface_temperature_C)
        self.lit = _Tissue(self.matter, self.z, self.r, skin, cooling)
        self.cold = _Tissue(self.matter, self.z, self.r[[0, -1]], skin, cooling)
        self.above = self.z[1:] <= _HALF_MM_M
        self.fresh = np.zeros_like(self.volumes)
        self.account = np.zeros(3)  # absorbed, reflected, passed on
        self.beyond_J, self.upper_J, self.chill, self.clock_s = 0.0, 0.0, 0.0, 0.0
        self._wanted = sorted(x * S_PER_MS for x in snapshots_ms)
        self.snapshots: list[Snapshot] = []

    def both(self, density: Array, seconds: float, first: float, growth: float) -> None:
        """Lit and cold tissue through the same steps."""
        self.lit.advance(density, seconds, first, growth)
        self.cold.advance(np.zeros((self.thick.size, 1)), seconds, first, growth)
        self.clock_s += seconds
        while self._wanted and self.clock_s >= self._wanted[0] * (1.0 - 1e-9):
            self._wanted.pop(0)
            warm = self.lit.rise_K + self.skin.surface_temperature_C
            self.snapshots.append(Snapshot(time_s=self.clock_s, temperature_C=warm, damage=self.lit.dead.copy()))

    def shine(self) -> None:
        """One pulse, its light laid anew as the tissue changes."""
        part_s = self.pulse.duration_ms * S_PER_MS / _UPDATES
        power = self.pulse.energy_mJ * J_PER_MJ / (self.pulse.duration_ms * S_PER_MS)
        before: Changed | None = None
        for _ in range(_UPDATES):
            present = self.optics.now(self.lit.rise_K, self.lit.water, self.lit.collagen)
            now, before = present.ahead(before), present
            path, beyond, reflected = self.light.through(now)
            if not self.fresh.any():
                self.fresh = path / self.volumes
            heating = path * now.mua_m
            taken = float(heating.sum())
            self.account += np.array([taken, reflected, 1.0 - taken - reflected]) * power * part_s
            self.beyond_J += float((self.matter.fresh_mua * beyond)[self.above].sum()) * power * part_s
            self.both(power * heating / self.volumes, part_s, part_s / (_STEPS_PER_UPDATE * fineness()), 1.0)
        left = (self.lit.e - self.cold.e) * self.volumes
        self.upper_J = float(left[self.above].sum()) + self.beyond_J
        self.chill = -float((self.cold.e[:, 0] * self.thick)[self.above].sum())

    def rest(self, seconds: float) -> None:
        """Darkness, in steps that grow."""
        dark, step = np.zeros_like(self.volumes), self.pulse.duration_ms * S_PER_MS / _UPDATES / 2
        left = seconds
        while left > 0.0:
            steps = 1 if self._wanted else _PIECE
            piece = step * (_GROWTH**steps - 1.0) / (_GROWTH - 1.0)
            piece = left if piece > left * (1.0 - 1e-9) else piece
            self.both(dark, piece, step, _GROWTH)
            left -= piece
            step *= _GROWTH**steps


def expose(
    pulse: Pulse, skin: Skin, *, stack: int, repetition_Hz: float, cooling: Cooling, light_spread: LightSpread = "table",
    snapshots_ms: tuple[float, ...] = (),
) -> Zone:  # fmt: skip
    """Light and heat of one column: deposit, conduct, boil, condense, damage; energy checked to 1e-6.

    `light_spread` "table" looks changed light up in fresh light (tens of milliseconds); "photons" sends them through the changed
    tissue (seconds). `snapshots_ms` are times since the first light at which the tissue is kept; each snapshot is that of the
    first step that ends then or later, and tells its own time.

    Raises OutOfRangeError for pulses without meaning, EnergyError when the account does not close.
    """
    _check(pulse)
    run = _Exposure(pulse, skin, cooling, light_spread, snapshots_ms)
    if cooling.kind != "none" and cooling.before_ms > 0:
        before = cooling.before_ms * S_PER_MS
        run.clock_s = -before
        run.both(np.zeros_like(run.volumes), before, before / 20, 1.1)
    for number in range(stack):
        run.shine()
        pulse_s = pulse.duration_ms * S_PER_MS
        run.rest(_COOL_S if number == stack - 1 else max(1.0 / repetition_Hz - pulse_s, pulse_s / _UPDATES))
    return _zone(run, pulse.energy_mJ * J_PER_MJ * stack)


def _surface(cooling: Cooling, skin: Skin) -> tuple[float, float]:
    if cooling.kind == "none":
        return evidence.value("h_air_natural"), evidence.value("phys_room_temperature") - skin.surface_temperature_C
    return cooling.heat_transfer_W_m2_K, cooling.medium_C - skin.surface_temperature_C


def _zone(run: _Exposure, incident: float) -> Zone:
    absorbed, reflected, transmitted = (float(x) for x in run.account)
    surface, steam, vented = (float(x) for x in run.lit.account)
    stored = float((run.lit.e * run.volumes).sum())
    residual = absorbed - stored - surface - vented
    if not abs(residual) <= _AUDIT * max(incident, abs(surface), 1e-9):
        msg = (
            f"The energy account of a microbeam misses {residual:.3g} J of {incident:.3g} J; more than {_AUDIT:g} of it. "
            "Do not use this result; please report the settings."
        )
        raise EnergyError(msg)
    return Zone(
        z_edges_m=run.z, r_edges_m=run.r, damage=run.lit.dead, collagen=run.lit.collagen,
        water_left=run.lit.water / run.matter.water[:, None],
        peak_C=run.lit.peak + run.skin.surface_temperature_C, fluence_m2=run.fresh,
        absorbed_J=absorbed, reflected_J=reflected, transmitted_J=transmitted, stored_J=stored, vented_J=vented, steam_J=steam,
        upper_J=run.upper_J, chill_J_m2=run.chill, surface_J=surface, incident_J=incident,
        residual_J=incident - reflected - transmitted - stored - surface - vented, snapshots=tuple(run.snapshots),
    )  # fmt: skip


def dead_radius_um(zone: Zone) -> Array:
    """Radius at each depth within which damage reaches 1 [µm], interpolated in the logarithm."""
    return _radius_um(zone.damage, zone.r_edges_m)


@dataclass(frozen=True, kw_only=True)
class Extent:
    """Top, bottom and greatest width of a column [µm, fresh]; all 0 where nothing is injured."""

    top_um: float
    bottom_um: float
    width_um: float


def extent(zone: Zone, sign: Literal["dead", "coagulated"]) -> Extent:
    """The column as a stain shows it: `dead` cells (loss of viability) or `coagulated` collagen (hyaline, not birefringent)."""
    reached = zone.damage if sign == "dead" else zone.collagen
    radius = _radius_um(reached, zone.r_edges_m)
    hit = np.nonzero(radius > 0)[0]
    if hit.size == 0:
        return Extent(top_um=0.0, bottom_um=0.0, width_um=0.0)
    middle = (zone.z_edges_m[:-1] + zone.z_edges_m[1:]) / 2 * UM_PER_M
    top = float(zone.z_edges_m[hit[0]]) * UM_PER_M
    return Extent(top_um=top, bottom_um=_bottom_um(reached, middle), width_um=2.0 * float(radius.max()))


def _radius_um(reached: Array, r_edges_m: Array) -> Array:
    middle = (r_edges_m[:-1] + r_edges_m[1:]) / 2 * UM_PER_M
    out = np.zeros(reached.shape[0])
    for i, row in enumerate(reached):
        cells = np.nonzero(row >= 1.0)[0]
        if cells.size == 0:
            continue
        j = int(cells[-1])
        if j + 1 >= row.size:
            out[i] = middle[j]
            continue
        upper, lower = math.log(row[j]), math.log(max(float(row[j + 1]), 1e-30))
        out[i] = middle[j] + upper / max(upper - lower, 1e-12) * (middle[j + 1] - middle[j])
    return out


def _fidelity(light_spread: LightSpread) -> str:
    if light_spread == "table":
        return f"{told(light_spread)}, its change by optical depth, axisymmetric enthalpy model with steam"
    return "photons in the changing tissue, axisymmetric enthalpy model with steam"


def zone_injury(
    pulse: Pulse, skin: Skin, *, stack: int, repetition_Hz: float, cooling: Cooling, light_spread: LightSpread = "table"
) -> SpotInjury:
    """One non-ablative column as seen on a slide."""
    zone = expose(pulse, skin, stack=stack, repetition_Hz=repetition_Hz, cooling=cooling, light_spread=light_spread)
    radius, dead = dead_radius_um(zone), extent(zone, "dead")
    edges, thick = zone.z_edges_m * UM_PER_M, np.diff(zone.z_edges_m) * UM_PER_M
    middle = (edges[:-1] + edges[1:]) / 2
    epidermis, basal = skin.epidermis_um, scattering.basal_um(skin)
    rings = np.pi * np.diff(zone.r_edges_m**2) * UM_PER_M**2
    cell = int(np.searchsorted(edges, basal, side="right")) - 1
    basal_area = float(np.sum((1.0 - np.exp(-np.minimum(zone.damage[cell], 700.0))) * rings))
    epidermal = radius[middle < epidermis]
    below = middle >= epidermis
    field = scattering.light_field(skin, pulse.wavelength_nm, (pulse.wavelength_nm, pulse.wavelength_nm), 1e4, False)
    energy = balance(
        incident_J=zone.incident_J, reflected=zone.reflected_J / zone.incident_J if zone.incident_J else 0.0,
        parts=(zone.transmitted_J, zone.vented_J, zone.stored_J, zone.surface_J), scale=zone.incident_J,
    )  # fmt: skip
    return SpotInjury(
        wavelength_nm=pulse.wavelength_nm, duration_ms=pulse.duration_ms, ablation_depth_um=0.0, ablation_width_um=0.0,
        coagulation_depth_um=max(dead.bottom_um - dead.top_um, 0.0), coagulation_rim_um=0.0, lesion_top_um=dead.top_um,
        lesion_depth_um=dead.bottom_um,
        lesion_width_um=dead.width_um, surface_area=math.pi * (dead.width_um / 2) ** 2, removed_area=0.0,
        killed_area=math.pi * float(epidermal.max(initial=0.0)) ** 2, basal_area=basal_area,
        dermis_volume=float(np.sum((np.pi * radius**2 * thick)[below])), ablated_volume=0.0,
        heat=max(zone.upper_J, 0.0), chill=zone.chill_J_m2,
        vessel_ratio=selective.vessel_map(selective.vessels(field, skin, duration_ms=pulse.duration_ms), 1.0),
        purpura_ratio=selective.purpura(field, skin, duration_ms=pulse.duration_ms), pigment_ratio=0.0,
        epidermis_pigment_ratio=0.0, pigment_depth_um=0.0, gland_ratio=0.0, peak_surface_C=float(zone.peak_C[0].max()),
        peak_basal_C=float(zone.peak_C[cell].max()), selective=False, fractional=True, passes_in_place=1, energy=energy,
        fidelity=_fidelity(light_spread),
        error_pct=evidence.value("phys_error_scatter"), warnings=(),
        sources=tuple(dict.fromkeys((*scattering.sources_of(skin, field), *SOURCES, *_OWN_SOURCES))),
        area_by_depth=_areas(middle, radius),
    )  # fmt: skip


def _areas(middle: Array, radius: Array) -> tuple[tuple[float, float], ...]:
    """Dead area [µm²] at depths [µm] between the ends of the zone."""
    cells = np.nonzero(radius > 0.0)[0]
    if not cells.size:
        return ()
    first, last = max(int(cells[0]) - 1, 0), min(int(cells[-1]) + 1, middle.size - 1)
    depths = np.linspace(middle[first], middle[last], _AREAS)
    areas = np.pi * np.interp(depths, middle, radius) ** 2
    return tuple((float(z), float(area)) for z, area in zip(depths, areas, strict=True))


def _bottom_um(reached: Array, middle: Array) -> float:
    axis = reached[:, 0]
    cells = np.nonzero(axis >= 1.0)[0]
    if cells.size == 0:
        return 0.0
    i = int(cells[-1])
    if i + 1 >= axis.size:
        return float(middle[i])
    upper, lower = math.log(axis[i]), math.log(max(float(axis[i + 1]), 1e-30))
    return float(middle[i] + upper / max(upper - lower, 1e-12) * (middle[i + 1] - middle[i]))


def mean_exposure_J_cm2(energy_mJ: float, column_density_cm2: float) -> float:
    """Energy of all columns of one pass over the treated area."""
    return energy_mJ * J_PER_MJ * column_density_cm2


__all__ = ["Extent", "Snapshot", "Zone", "dead_radius_um", "expose", "extent", "mean_exposure_J_cm2", "zone_injury"]
