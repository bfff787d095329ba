"""Non-ablative microbeams in scattering skin: the microscopic thermal zone on an axisymmetric grid."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.heat import _disc_kernel as kernels
from recutis.heat import damage, tissue
from recutis.heat.column import EnergyError, stretched_edges
from recutis.injury import scattering, selective
from recutis.injury.ablative import balance
from recutis.injury.skin_light import LightSpread, microbeam_light, told
from recutis.injury.spot import SpotInjury
from recutis.laser.types import Cooling, Pulse
from recutis.light import Beam, two_stream
from recutis.skin import layer_optics, water_mua_cm
from recutis.skin.types import Skin
from recutis.units import J_PER_MJ, KELVIN_OFFSET, M_PER_UM, PER_M_PER_CM, S_PER_MS, UM_PER_M

Array = NDArray[np.float64]
_RING_M, _RING_STRETCH = 8e-6, 1.12
_CELL_M, _CELL_STRETCH, _END_M = 1e-5, 1.05, 3e-3
_FINE_TO_M = 4e-4
_WIDEST_M = 1.2e-3
_UPDATES = 6  # light is laid anew this often a pulse, as water leaves; 12 moves depths by some micrometres
_STEPS_PER_UPDATE = 5
_GROWTH, _COOL_S = 1.35, 0.5
_AUDIT = 1e-6
_NOTHING = 1e-30  # stands for zero in a division
_HALF_MM_M = 5e-4  # by the definition of bulk_rise_C


@dataclass(frozen=True, eq=False, kw_only=True)
class Zone:
    """A finished microbeam: grids [m], damage, peak temperature and light of fresh skin (z, r), energies [J].

    `fluence_m2` is for an energy of one.

    `upper_J` is the laser's heat in the upper half millimetre when the last light goes out, with that of all steam and of the
    light that spreads beyond the rings; `chill_J_m2` what cooling has taken there by then. `transmitted_J` is what is
    passed on, deeper or further aside than the grid.
    """

    z_edges_m: Array
    r_edges_m: Array
    damage: Array
    peak_C: Array
    fluence_m2: Array
    absorbed_J: float
    reflected_J: float
    transmitted_J: float
    stored_J: float
    upper_J: float
    chill_J_m2: float
    surface_J: float
    incident_J: float
    residual_J: float


def _grid(pulse: Pulse) -> tuple[Array, Array]:
    r = stretched_edges(fine_m=_RING_M, fine_to_m=pulse.spot_um * M_PER_UM * 0.75, stretch=_RING_STRETCH, end_m=_WIDEST_M)
    z = stretched_edges(fine_m=_CELL_M, fine_to_m=_FINE_TO_M, stretch=_CELL_STRETCH, end_m=_END_M)
    return z, r


@dataclass(frozen=True, eq=False, kw_only=True)
class _Matter:
    """Skin on the depth grid, SI."""

    mua_dry: Array
    mua_water: Array
    musp: Array
    g: Array
    solid: Array
    water: Array
    conductivity: Array

    def absorbing(self, mua_m: Array) -> _Matter:
        """The same with this absorption of fresh cells [1/m]: where a face cuts a cell, transport knows its mean better."""
        factor = mua_m / np.maximum(self.mua_dry + self.mua_water, _NOTHING)
        return replace(self, mua_dry=self.mua_dry * factor, mua_water=self.mua_water * factor)


def _matter(skin: Skin, wavelength_nm: float, z_edges: Array) -> _Matter:
    middle = (z_edges[:-1] + z_edges[1:]) / 2 * UM_PER_M
    bottoms = np.cumsum([x.thickness_um for x in skin.layers])
    layer = np.minimum(np.searchsorted(bottoms, middle, side="right"), len(skin.layers) - 1)
    optics = layer_optics(skin, wavelength_nm)
    liquid = water_mua_cm(wavelength_nm)
    wet = [min(liquid * x.water_fraction, o.mua_cm) for x, o in zip(skin.layers, optics, strict=True)]
    warm = [tissue.thermal(x.water_fraction) for x in skin.layers]
    return _Matter(
        mua_dry=np.array([o.mua_cm - w for o, w in zip(optics, wet, strict=True)])[layer] * PER_M_PER_CM,
        mua_water=np.array(wet)[layer] * PER_M_PER_CM,
        musp=np.array([o.musp_cm for o in optics])[layer] * PER_M_PER_CM,
        g=np.array([o.g for o in optics])[layer],
        solid=np.array([t.solid_J_m3_K for t in warm])[layer],
        water=np.array([t.water_kg_m3 for t in warm])[layer],
        conductivity=np.array([t.conductivity_W_m_K for t in warm])[layer],
    )


class _Drying:
    """How much brighter the light gets at each depth, and how much more comes back, as water leaves: by two streams.

    Only the change against fresh skin is taken from this closed form; the light in fresh skin comes from transport.
    """

    def __init__(self, matter: _Matter, thick: Array) -> None:
        self._matter, self._thick = matter, thick
        self._index = evidence.value("refractive_index_skin_generic")
        self._fresh = self._light(matter.mua_dry + matter.mua_water)

    def _light(self, mua: Array) -> two_stream.Light:
        return two_stream.propagate(self._thick, mua, self._matter.musp, self._matter.g, n_surface=self._index)

    def change(self, mua: Array) -> tuple[Array, float]:
        """Fluence over that of fresh skin by depth, and the rise of reflectance, for the light's mean absorption [1/m]."""
        now = self._light(mua)
        return now.fluence / np.maximum(self._fresh.fluence, _NOTHING), now.reflected - self._fresh.reflected


class _Tissue:
    """State of the tissue on a grid of depth and radius, and its heat."""

    def __init__(self, matter: _Matter, z: Array, r: Array, skin: Skin, cooling: Cooling) -> None:
        self._matter, self._z, self._r, self._skin = matter, z, r, skin
        self._surface, self._process = _surface(cooling, skin), damage.bulk_skin()
        shape = (z.size - 1, r.size - 1)
        self.e, self.peak, self.dead = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.water = np.repeat(matter.water[:, None], shape[1], axis=1)
        self.surface_J, self.steam_J = 0.0, 0.0

    def advance(self, density: Array, seconds: float, first: float, growth: float) -> None:
        """Heat by a density of power [W/m³], conduct, boil and damage for a time, in steps that grow from the first."""
        start_C, (transfer, medium) = self._skin.surface_temperature_C, self._surface
        lost, steam = kernels.advance(
            self.e, self.water, self._matter.solid, self._matter.conductivity, self._z, self._r, density, seconds, first, growth,
            seconds, transfer, medium, evidence.value("phys_boiling") - start_C, tissue.latent_J_kg(), tissue.water_heat_J_kg_K(),
            self.dead, start_C + KELVIN_OFFSET, math.log(self._process.frequency_s),
            self._process.energy_J_mol / damage.GAS_CONSTANT_J_MOL_K, self.peak,
        )  # fmt: skip
        self.surface_J += lost
        self.steam_J += steam


def expose(
    pulse: Pulse, skin: Skin, *, stack: int, repetition_Hz: float, cooling: Cooling, light_spread: LightSpread = "table"
) -> Zone:
    """Light and heat of one column: deposit, conduct, boil, damage; energy checked to 1e-6.

    Raises EnergyError when the account does not close.
    """
    z, r = _grid(pulse)
    thick = np.diff(z)
    volumes = np.pi * np.diff(r**2)[None, :] * thick[:, None]
    light = microbeam_light(skin, pulse.wavelength_nm, Beam(shape=pulse.profile, size_um=pulse.spot_um), z, r, light_spread)
    matter = _matter(skin, pulse.wavelength_nm, z).absorbing(light.mua_m)
    lit, cold = _Tissue(matter, z, r, skin, cooling), _Tissue(matter, z, r[[0, -1]], skin, cooling)
    above = z[1:] <= _HALF_MM_M
    held = np.maximum((volumes * light.fluence_m2).sum(axis=1), _NOTHING)
    # What spreads beyond the rings heats the skin between columns: it counts in the bulk, not in the lesion.
    beyond = max(float((light.mua_m * (light.wide * thick - (volumes * light.fluence_m2).sum(axis=1)))[above].sum()), 0.0)
    drying = _Drying(matter, thick)
    part_s = pulse.duration_ms * S_PER_MS / _UPDATES
    power = pulse.energy_mJ * J_PER_MJ / (pulse.duration_ms * S_PER_MS)
    account = np.zeros(3)  # absorbed, reflected, passed on
    upper_J, chill, lit_s = 0.0, 0.0, 0.0

    def both(density: Array, seconds: float, first: float, growth: float) -> None:
        lit.advance(density, seconds, first, growth)
        cold.advance(np.zeros((thick.size, 1)), seconds, first, growth)

    dark = np.zeros_like(volumes)
    if cooling.kind != "none" and cooling.before_ms > 0:
        before = cooling.before_ms * S_PER_MS
        both(dark, before, before / 20, 1.1)
    for number in range(stack):
        for _ in range(_UPDATES):
            mua = matter.mua_dry[:, None] + matter.mua_water[:, None] * lit.water / np.maximum(matter.water[:, None], 1e-9)
            brighter, sent_back = drying.change((mua * volumes * light.fluence_m2).sum(axis=1) / held)
            heating = light.fluence_m2 * brighter[:, None] * mua
            taken = float((heating * volumes).sum())
            out = min(max(light.reflected + sent_back, 0.0), 1.0 - taken)
            account += np.array([taken, out, 1.0 - taken - out]) * power * part_s
            lit_s += part_s
            both(power * heating, part_s, part_s / _STEPS_PER_UPDATE, 1.0)
        upper_J = float(((lit.e - cold.e) * volumes)[above].sum()) + lit.steam_J + beyond * power * lit_s
        chill = -float((cold.e[:, 0] * thick)[above].sum())
        gap = _COOL_S if number == stack - 1 else max(1.0 / repetition_Hz - pulse.duration_ms * S_PER_MS, part_s)
        both(dark, gap, part_s / 2, _GROWTH)
    energies = (*(float(x) for x in account), lit.surface_J, lit.steam_J, upper_J)
    return _zone(z, r, lit, light.fluence_m2, volumes, energies, pulse.energy_mJ * J_PER_MJ * stack, chill, skin)


def _surface(cooling: Cooling, skin: Skin) -> tuple[float, float]:
    if cooling.kind == "none":
        return evidence.value("h_air_natural"), evidence.value("phys_room_temperature") - skin.surface_temperature_C
    return cooling.heat_transfer_W_m2_K, cooling.medium_C - skin.surface_temperature_C


def _zone(
    z: Array, r: Array, lit: _Tissue, fresh: Array, volumes: Array, energies: tuple[float, ...], incident: float, chill: float,
    skin: Skin,
) -> Zone:  # fmt: skip
    absorbed, reflected, transmitted, surface, steam, upper = energies
    stored = float((lit.e * volumes).sum()) + steam
    residual = absorbed - stored - surface
    if not abs(residual) <= _AUDIT * max(incident, abs(surface), 1e-9):
        msg = (
            f"The energy account of a microbeam misses {residual:.3g} J of {incident:.3g} J; more than {_AUDIT:g} of it. "
            "Do not use this result; please report the settings."
        )
        raise EnergyError(msg)
    return Zone(
        z_edges_m=z, r_edges_m=r, damage=lit.dead, peak_C=lit.peak + skin.surface_temperature_C, fluence_m2=fresh,
        absorbed_J=absorbed, reflected_J=reflected,
        transmitted_J=transmitted, stored_J=stored, upper_J=upper, chill_J_m2=chill, surface_J=surface, incident_J=incident,
        residual_J=incident - reflected - transmitted - stored - surface,
    )  # fmt: skip


def dead_radius_um(zone: Zone) -> Array:
    """Radius at each depth within which damage reaches 1 [µm], interpolated in the logarithm."""
    middle = (zone.r_edges_m[:-1] + zone.r_edges_m[1:]) / 2 * UM_PER_M
    out = np.zeros(zone.damage.shape[0])
    for i, row in enumerate(zone.damage):
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


def zone_injury(
    pulse: Pulse, skin: Skin, *, stack: int, repetition_Hz: float, cooling: Cooling, light_spread: LightSpread = "table"
) -> SpotInjury:
    """One non-ablative column as seen on a slide."""
    zone = expose(pulse, skin, stack=stack, repetition_Hz=repetition_Hz, cooling=cooling, light_spread=light_spread)
    radius = dead_radius_um(zone)
    edges, thick = zone.z_edges_m * UM_PER_M, np.diff(zone.z_edges_m) * UM_PER_M
    middle = (edges[:-1] + edges[1:]) / 2
    hit = np.nonzero(radius > 0)[0]
    top = float(edges[hit[0]]) if hit.size else 0.0
    bottom = _bottom_um(zone, middle)
    epidermis, basal = skin.epidermis_um, scattering.basal_um(skin)
    rings = np.pi * np.diff(zone.r_edges_m**2) * UM_PER_M**2
    cell = int(np.searchsorted(edges, basal, side="right")) - 1
    basal_area = float(np.sum((1.0 - np.exp(-np.minimum(zone.damage[cell], 700.0))) * rings))
    epidermal = radius[middle < epidermis]
    below = middle >= epidermis
    widest = float(radius.max(initial=0.0))
    field = scattering.light_field(skin, pulse.wavelength_nm, (pulse.wavelength_nm, pulse.wavelength_nm), 1e4, False)
    energy = balance(
        incident_J=zone.incident_J, reflected=zone.reflected_J / zone.incident_J if zone.incident_J else 0.0,
        parts=(zone.transmitted_J, 0.0, zone.stored_J, zone.surface_J), scale=zone.incident_J,
    )  # fmt: skip
    return SpotInjury(
        wavelength_nm=pulse.wavelength_nm, duration_ms=pulse.duration_ms, ablation_depth_um=0.0, ablation_width_um=0.0,
        coagulation_depth_um=max(bottom - top, 0.0), coagulation_rim_um=0.0, lesion_top_um=top, lesion_depth_um=bottom,
        lesion_width_um=2 * widest, surface_area=math.pi * widest**2, removed_area=0.0,
        killed_area=math.pi * float(epidermal.max(initial=0.0)) ** 2, basal_area=basal_area,
        dermis_volume=float(np.sum((np.pi * radius**2 * thick)[below])), ablated_volume=0.0,
        heat=max(zone.upper_J, 0.0), chill=zone.chill_J_m2,
        vessel_ratio=selective.vessel_map(selective.vessels(field, skin, duration_ms=pulse.duration_ms), 1.0),
        purpura_ratio=selective.purpura(field, skin, duration_ms=pulse.duration_ms), pigment_ratio=0.0,
        epidermis_pigment_ratio=0.0, pigment_depth_um=0.0, gland_ratio=0.0, peak_surface_C=float(zone.peak_C[0].max()),
        peak_basal_C=float(zone.peak_C[cell].max()), selective=False, fractional=True, passes_in_place=1, energy=energy,
        fidelity=f"{told(light_spread)}, its change on drying by two streams, axisymmetric enthalpy model",
        error_pct=evidence.value("phys_error_scatter"), warnings=(), sources=scattering.sources_of(skin, field),
    )  # fmt: skip


def _bottom_um(zone: Zone, middle: Array) -> float:
    axis = zone.damage[:, 0]
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


__all__ = ["Zone", "dead_radius_um", "expose", "mean_exposure_J_cm2", "zone_injury"]
