"""Temperature and damage of an exposure as labelled arrays, and the outline of its lesion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recutis.heat.column import Run
from recutis.injury import ablative, channel, scattering, thermal_zone
from recutis.injury.film import Film, film_of_column, moments_ms
from recutis.injury.schedule import segments
from recutis.injury.skin_light import LightSpread, index_above
from recutis.laser.types import Exposure, Pulse
from recutis.light.lines import is_water_line
from recutis.skin.types import Skin
from recutis.units import M_PER_UM, MS_PER_S, PER_CM2_PER_M2, UM_PER_M

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
_PROBES = 60  # depths in stored histories
_SHALLOW_FILM_UM, _DEEP_FILM_UM = 600.0, 3000.0  # films reach so deep where water takes the light, and where light scatters


@dataclass(frozen=True, eq=False, kw_only=True)
class Outline:
    """Half cross-section of a lesion over the radius [µm]: crater floor, top and bottom of dead tissue."""

    radius_um: Array
    crater_um: Array
    dead_top_um: Array
    dead_bottom_um: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Shown:
    """What can be shown of an exposure: labelled arrays, the outline of the lesion, the film of one pass."""

    data: xr.Dataset
    outline: Outline
    film: Film


def _history(run: Run, probes_um: Array) -> xr.Dataset:
    import xarray as xr

    column = run.column
    middle = (column.edges_m[:-1] + column.edges_m[1:]) / 2 * UM_PER_M
    there = np.arange(middle.size) >= column.first
    data = {
        "temperature": (
            ("time", "depth"),
            run.probes_C,
            {"units": "degC", "long_name": "temperature at depths from the original surface"},
        ),
        "peak_temperature": (("cell",), np.where(there, column.peak_K + column.start_C, np.nan), {"units": "degC"}),
        "damage": (
            ("cell",),
            np.where(there, column.death, np.nan),
            {"units": "1", "long_name": "Arrhenius damage, 1 = 63 % dead"},
        ),
        "collagen_damage": (("cell",), np.where(there, column.collagen, np.nan), {"units": "1"}),
        "water": (("cell",), np.where(there, column.water_kg_m3, np.nan), {"units": "kg m-3"}),
    }
    coordinates = {
        "time": ("time", run.time_s * MS_PER_S, {"units": "ms", "long_name": "time in the last pass"}),
        "depth": ("depth", probes_um, {"units": "um", "positive": "down"}),
        "cell": ("cell", middle, {"units": "um", "positive": "down", "long_name": "depth of cell middle"}),
    }
    return xr.Dataset(data, coords=coordinates)


def _flat(spot_um: float, crater: float, top: float, bottom: float) -> Outline:
    radius = np.array([0.0, spot_um / 2])
    return Outline(radius_um=radius, crater_um=np.full(2, crater), dead_top_um=np.full(2, top), dead_bottom_um=np.full(2, bottom))


def _wide_ablative(exposure: Exposure, skin: Skin) -> tuple[xr.Dataset, Outline]:
    pulse = exposure.pulse
    spot = ablative.wide(
        pulse, skin, stack=exposure.stack, repetition_Hz=exposure.repetition_Hz, passes=exposure.passes, cooling=exposure.cooling
    )
    probes = np.linspace(0.0, max(2.5 * spot.lesion_depth_um, 150.0), _PROBES)
    shot = ablative.expose_column(
        ablative.slab_of(skin), wavelength_nm=pulse.wavelength_nm, fluence_J_cm2=pulse.fluence_J_cm2, duration_ms=pulse.duration_ms,
        stack=exposure.stack, repetition_Hz=exposure.repetition_Hz, passes=exposure.passes, cooling=exposure.cooling,
        probes_m=tuple(float(x) * M_PER_UM for x in probes),
    )  # fmt: skip
    return _history(shot.last, probes), _flat(pulse.spot_um, spot.ablation_depth_um, spot.ablation_depth_um, spot.lesion_depth_um)


def _field(exposure: Exposure, skin: Skin, light_spread: LightSpread) -> tuple[scattering.Field, Skin]:
    """Light of a wide spot, and the skin that it is laid in."""
    pulse, ridged = exposure.pulse, scattering.ridged(skin)
    found = scattering.light_field(
        ridged, pulse.wavelength_nm, exposure.device.band_nm, pulse.spot_um, pulse.profile == "gaussian", light_spread=light_spread,
        n_above=index_above(exposure.cooling),
    )  # fmt: skip
    return found, ridged


def _wide_scattering(exposure: Exposure, skin: Skin, light_spread: LightSpread) -> tuple[xr.Dataset, Outline]:
    pulse = exposure.pulse
    gaussian = pulse.profile == "gaussian"
    field, ridged = _field(exposure, skin, light_spread)
    plan = segments(
        fluence_J_cm2=pulse.fluence_J_cm2 * (2.0 if gaussian else 1.0), duration_ms=pulse.duration_ms, stack=exposure.stack,
        repetition_Hz=exposure.repetition_Hz, cooling=exposure.cooling,
    )  # fmt: skip
    probes = np.geomspace(4.0, 3000.0, _PROBES)
    run = scattering.heat_field(ridged, field, plan, tuple(float(x) for x in probes))
    data = _history(run, probes)
    data["fluence"] = (
        ("cell",), field.fluence.sum(axis=0), {"units": "1", "long_name": "fluence on the axis over incident exposure"}
    )  # fmt: skip
    top, bottom = scattering.dead_zone_um(run.column)
    return data, _flat(pulse.spot_um, 0.0, top, bottom)


def _channel(pulse: Pulse, exposure: Exposure, skin: Skin) -> Shown:
    import xarray as xr

    wanted = moments_ms(_light_ms(pulse, exposure))
    made = channel.expose(
        pulse, skin, stack=exposure.stack, repetition_Hz=exposure.repetition_Hz, keep_ms=tuple(float(x) for x in wanted)
    )
    run, there = made.run, np.arange(made.depths_um.size)[:, None] >= made.run.front
    grid = ("channel_depth", "channel_radius")
    data = xr.Dataset(
        {
            "crater_depth": (grid[1:], made.crater_um, {"units": "um"}),
            "lesion_depth": (grid[1:], made.dead_depth_um, {"units": "um", "long_name": "depth of dead or missing tissue"}),
            "crater_radius": (grid[:1], made.wall_um, {"units": "um"}),
            "lesion_radius": (grid[:1], made.dead_um, {"units": "um", "long_name": "radius of dead or missing tissue"}),
            "collagen_radius": (grid[:1], made.collagen_um, {"units": "um", "long_name": "radius of lost collagen structure"}),
            "channel_damage": (grid, np.where(there, run.death, np.nan), {"units": "1", "long_name": "Arrhenius damage"}),
        },
        coords={
            "channel_radius": ("channel_radius", made.radii_um, {"units": "um"}),
            "channel_depth": ("channel_depth", made.depths_um, {"units": "um", "positive": "down"}),
        },
    )
    film = Film(
        time_ms=np.array([x.time_s for x in run.moments]) * MS_PER_S, depth_um=made.depths_um, radius_um=made.radii_um,
        temperature_C=np.array([_kept(x.temperature_C, x.crater_m, made.depths_um) for x in run.moments]),
        damage=np.array([_kept(x.death, x.crater_m, made.depths_um) for x in run.moments]),
        crater_um=np.array([x.crater_m for x in run.moments]) * UM_PER_M,
    )  # fmt: skip
    outline = Outline(
        radius_um=np.concatenate(([0.0], made.radii_um)), crater_um=_to_axis(made.crater_um), dead_top_um=_to_axis(made.crater_um),
        dead_bottom_um=_to_axis(made.dead_depth_um),
    )  # fmt: skip
    return Shown(data=data, outline=outline, film=film)


def _to_axis(by_ring: Array) -> Array:
    """Values by ring with the innermost one at the axis too."""
    return np.concatenate((by_ring[:1], by_ring))


def _kept(values: Array, crater_m: Array, depths_um: Array) -> Array:
    """Values (z, r) where tissue still is, not a number where it has gone."""
    return np.where(depths_um[:, None] >= crater_m * UM_PER_M, values, np.nan)


def _light_ms(pulse: Pulse, exposure: Exposure) -> float:
    """From the first light of a pass to the last."""
    return pulse.duration_ms + (exposure.stack - 1) / exposure.repetition_Hz * MS_PER_S


def _zone(pulse: Pulse, exposure: Exposure, skin: Skin, light_spread: LightSpread) -> Shown:
    import xarray as xr

    zone = thermal_zone.expose(
        pulse,
        skin,
        stack=exposure.stack,
        repetition_Hz=exposure.repetition_Hz,
        cooling=exposure.cooling,
        light_spread=light_spread,
        snapshots_ms=tuple(float(x) for x in moments_ms(_light_ms(pulse, exposure))),
    )
    z = (zone.z_edges_m[:-1] + zone.z_edges_m[1:]) / 2 * UM_PER_M
    r = (zone.r_edges_m[:-1] + zone.r_edges_m[1:]) / 2 * UM_PER_M
    data = xr.Dataset(
        {
            "peak_temperature": (("z", "r"), zone.peak_C, {"units": "degC"}),
            "damage": (("z", "r"), zone.damage, {"units": "1", "long_name": "Arrhenius damage, 1 = 63 % dead"}),
            "fluence": (
                ("z", "r"),
                zone.fluence_m2 * PER_CM2_PER_M2,
                {"units": "cm-2", "long_name": "fluence per energy, fresh skin"},
            ),
        },
        coords={"z": ("z", z, {"units": "um", "positive": "down"}), "r": ("r", r, {"units": "um"})},
    )
    radius = thermal_zone.dead_radius_um(zone)
    fine = np.linspace(0.0, max(float(radius.max()), 1.0) * 1.05, 160)
    top, bottom = np.zeros(fine.size), np.zeros(fine.size)
    for i, at in enumerate(fine):
        hit = np.nonzero(radius >= max(float(at), 1e-9))[0]
        if hit.size:
            top[i] = 0.0 if hit[0] == 0 else z[hit[0]]
            j = int(hit[-1])
            share = (radius[j] - at) / max(radius[j] - radius[min(j + 1, radius.size - 1)], 1e-9)
            bottom[i] = z[j] + min(share, 1.0) * (z[min(j + 1, z.size - 1)] - z[j])
    outline = Outline(radius_um=fine, crater_um=np.zeros(fine.size), dead_top_um=top, dead_bottom_um=bottom)
    film = Film(
        time_ms=np.array([x.time_s for x in zone.snapshots]) * MS_PER_S, depth_um=z, radius_um=r,
        temperature_C=np.array([x.temperature_C for x in zone.snapshots]), damage=np.array([x.damage for x in zone.snapshots]),
        crater_um=np.zeros((len(zone.snapshots), r.size)),
    )  # fmt: skip
    return Shown(data=data, outline=outline, film=film)


def _film_of_wide(exposure: Exposure, skin: Skin, light_spread: LightSpread) -> Film:
    """The film of a wide spot under the first pass."""
    pulse = exposure.pulse
    gaussian = pulse.profile == "gaussian"
    if is_water_line(pulse.wavelength_nm):
        tissue, law = ablative.fresh_column(ablative.slab_of(skin), pulse, stack=exposure.stack)
        entering, source, deepest = pulse.fluence_J_cm2 * ablative.entering_share(), None, _SHALLOW_FILM_UM
    else:
        field, ridged = _field(exposure, skin, light_spread)
        tissue, law = scattering.matter(ridged)
        entering, source, deepest = pulse.fluence_J_cm2 * (2.0 if gaussian else 1.0), field.source_m, _DEEP_FILM_UM
    plan = segments(
        fluence_J_cm2=entering, duration_ms=pulse.duration_ms, stack=exposure.stack, repetition_Hz=exposure.repetition_Hz,
        cooling=exposure.cooling,
    )  # fmt: skip
    return film_of_column(
        tissue, law, plan, light_ms=_light_ms(pulse, exposure), spot_um=pulse.spot_um, deepest_um=deepest, source_m=source
    )


def fields(exposure: Exposure, skin: Skin, *, light_spread: LightSpread = "table") -> Shown:
    """Temperature and damage of one spot or column with units, its outline for drawing, and its film.

    Wide spots: temperature(time, depth) of the last pass and damage by cell; non-ablative columns: peak
    temperature and damage (z, r); ablative channels: crater and lesion by radius and by depth. Of a hybrid
    the coagulating line gives the arrays and the film, and the ablative one the crater.
    """
    pulse = exposure.pulse
    water, fractional = is_water_line(pulse.wavelength_nm), exposure.device.mode == "fractional"
    if not fractional:
        data, outline = _wide_ablative(exposure, skin) if water else _wide_scattering(exposure, skin, light_spread)
        return Shown(data=data, outline=outline, film=_film_of_wide(exposure, skin, light_spread))
    if not water:
        return _zone(pulse, exposure, skin, light_spread)
    shallow = _channel(pulse, exposure, skin)
    if exposure.second is None:
        return shallow
    deep = _zone(exposure.second, exposure, skin, light_spread)
    crater = np.interp(deep.outline.radius_um, shallow.outline.radius_um, shallow.outline.crater_um, right=0.0)
    both = Outline(
        radius_um=deep.outline.radius_um, crater_um=crater, dead_top_um=np.maximum(deep.outline.dead_top_um, crater),
        dead_bottom_um=np.maximum(deep.outline.dead_bottom_um, crater),
    )  # fmt: skip
    return Shown(data=shallow.data.merge(deep.data), outline=both, film=deep.film)
