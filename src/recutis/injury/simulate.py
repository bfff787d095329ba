"""Injury of an exposure: one spot by the physics (cached), then density and passes by geometry."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache

from recutis import evidence
from recutis.errors import CancelledError, OutOfRangeError
from recutis.heat import tissue
from recutis.heat.resolution import fineness
from recutis.injury import ablative, channel, channel_table, neighbours, thermal_zone, wide_spot
from recutis.injury.skin_light import LightSpread
from recutis.injury.spot import SpotInjury
from recutis.injury.types import EnergyBalance, Injury
from recutis.laser.pattern import after_passes, covered, neighbour_pitch_um
from recutis.laser.types import Cooling, Exposure, Pattern, Pulse
from recutis.light.lines import is_water_line
from recutis.skin.types import Lesion, Skin
from recutis.units import MS_PER_S, S_PER_MS

_SQUARE_UM_PER_CM2 = 1e8  # geometry of units: (1e4 µm)²
_SQUARE_M_PER_CM2 = 1e-4
_COOKED_ABOVE = 0.1  # Arrhenius integral: one cell in ten
_COOKED = (
    "The heat of all columns together kills cells between them: this density, energy and number of passes is no longer "
    "fractional. Lower one of them, or wait longer between passes."
)


@lru_cache(maxsize=4096)
def spot_injury(
    pulse: Pulse,
    skin: Skin,
    *,
    second: Pulse | None = None,
    band_nm: tuple[float, float] | None = None,
    fractional: bool,
    stack: int = 1,
    repetition_Hz: float = 1.0,
    passes_in_place: int = 1,
    cooling: Cooling = ablative.NO_COOLING,
    lesion: Lesion | None = None,
    light_spread: LightSpread = "table",
) -> SpotInjury:
    """Injury under one spot (wide) or one column (fractional); the expensive part, cached.

    `band_nm` is the band of a flashlamp. `passes_in_place` counts passes that hit the same place (wide
    spots; columns of later passes fall elsewhere). `light_spread` as in `injure`: with "table" single ablative pulses come from
    a table of the channel model too; stacks, and what the table lacks, from the model itself (a second or more).
    Raises OutOfRangeError for pulses without energy sense.
    """
    _check(pulse, stack, passes_in_place, repetition_Hz)
    if is_water_line(pulse.wavelength_nm):
        if not fractional:
            return ablative.wide(pulse, skin, stack=stack, repetition_Hz=repetition_Hz, passes=passes_in_place, cooling=cooling)
        first = _channel(pulse, skin, stack, repetition_Hz, light_spread)
        if second is None:
            return first
        deep = thermal_zone.zone_injury(
            second, skin, stack=1, repetition_Hz=repetition_Hz, cooling=cooling, light_spread=light_spread
        )
        return joined(first, deep)
    if fractional:
        return thermal_zone.zone_injury(
            pulse, skin, stack=stack, repetition_Hz=repetition_Hz, cooling=cooling, light_spread=light_spread
        )
    band = band_nm if band_nm is not None else (pulse.wavelength_nm, pulse.wavelength_nm)
    return wide_spot.wide(
        pulse,
        skin,
        band_nm=band,
        stack=stack,
        repetition_Hz=repetition_Hz,
        passes=passes_in_place,
        cooling=cooling,
        lesion=lesion,
        light_spread=light_spread,
    )


def _channel(pulse: Pulse, skin: Skin, stack: int, repetition_Hz: float, light_spread: LightSpread) -> SpotInjury:
    """One ablative column: from the table where that is allowed and has it, else by the model itself.

    The table is of usual fineness; another fineness of the process runs the model.
    """
    if light_spread == "table" and fineness() == 1.0:
        return channel_table.planner_injury(pulse, skin, stack=stack, repetition_Hz=repetition_Hz)
    return channel.channel_injury(pulse, skin, stack=stack, repetition_Hz=repetition_Hz)


def _check(pulse: Pulse, stack: int, passes: int, repetition_Hz: float) -> None:
    for name, value in (("duration_ms", pulse.duration_ms), ("spot_um", pulse.spot_um), ("repetition_Hz", repetition_Hz)):
        if not (value > 0 and math.isfinite(value)):
            msg = f"A pulse needs {name} above 0; got {value:g}. Give the device's own value."
            raise OutOfRangeError(msg)
    if not (pulse.energy_mJ >= 0 and math.isfinite(pulse.energy_mJ)):
        msg = f"A pulse needs energy_mJ of at least 0; got {pulse.energy_mJ:g}."
        raise OutOfRangeError(msg)
    if stack > 1 and pulse.duration_ms * S_PER_MS * repetition_Hz >= 1.0:
        msg = (
            f"A pulse of {pulse.duration_ms:g} ms is longer than its period of {MS_PER_S / repetition_Hz:g} ms at {repetition_Hz:g} Hz; "
            "shorten the pulse or lower the rate."
        )
        raise OutOfRangeError(msg)
    if stack < 1 or passes < 1:
        msg = f"An exposure needs at least one pulse and one pass; got stack {stack} and passes {passes}."
        raise OutOfRangeError(msg)


def joined(first: SpotInjury, deep: SpotInjury) -> SpotInjury:
    """A hybrid column: ablated and coagulated in the same place; the larger injury counts at each point."""
    one, two = first.energy, deep.energy
    total = one.incident_J + two.incident_J
    names = ("reflected", "transmitted", "removed", "stored", "surface", "residual")
    mixed = {n: (getattr(one, n) * one.incident_J + getattr(two, n) * two.incident_J) / total if total else 0.0 for n in names}
    bottom = max(first.lesion_depth_um, deep.lesion_depth_um)
    return replace(
        first, coagulation_depth_um=max(bottom - first.ablation_depth_um, 0.0), lesion_depth_um=bottom,
        lesion_width_um=max(first.lesion_width_um, deep.lesion_width_um), surface_area=max(first.surface_area, deep.surface_area),
        killed_area=max(first.killed_area, deep.killed_area - first.removed_area, 0.0),
        basal_area=max(first.basal_area, deep.basal_area), dermis_volume=max(first.dermis_volume, deep.dermis_volume),
        heat=first.heat + deep.heat, chill=deep.chill, vessel_ratio=deep.vessel_ratio, purpura_ratio=deep.purpura_ratio,
        peak_surface_C=max(first.peak_surface_C, deep.peak_surface_C), peak_basal_C=max(first.peak_basal_C, deep.peak_basal_C),
        energy=EnergyBalance(incident_J=total, **mixed), fidelity=f"{first.fidelity}; coagulating line: {deep.fidelity}",
        error_pct=max(first.error_pct, deep.error_pct), sources=tuple(dict.fromkeys((*first.sources, *deep.sources))),
    )  # fmt: skip


def _touched(area: float, per_area: float, hits: int, pattern: Pattern) -> float:
    """Share of surface hit at least once by zones of this area: overlap within a pass by the pattern, passes independent."""
    return after_passes(covered(max(area * per_area, 0.0), pattern=pattern), hits)


@cache
def _empty_map() -> tuple[tuple[float, float, float], ...]:
    from recutis.injury.absorbers import DEPTHS_UM, DIAMETERS_UM

    return tuple((d, z, 0.0) for d in DIAMETERS_UM for z in DEPTHS_UM)


def spread(
    spot: SpotInjury,
    *,
    coverage_per_pass: float,
    column_density_cm2: float | None,
    passes: int,
    energy_mJ: float,
    skin: Skin,
    pattern: Pattern = "stamped",
) -> Injury:
    """Injury of the field from one spot or column by geometry: density, overlap, passes, heat of neighbours. Cheap.

    Fractional: zones of one pass overlap as the pattern has it (a grid, or at random), passes fall independently; where the
    heat of all columns together is enough to kill cells half way between them, it does. Wide: the spot injury already
    holds the passes on one place; `coverage_per_pass` is the share of surface under spots.
    """
    if not spot.fractional:
        return _field(spot, share=min(max(coverage_per_pass, 0.0), 1.0), passes=passes, skin=skin)
    if column_density_cm2 is None or column_density_cm2 < 0:
        msg = f"A fractional exposure needs column_density_cm2 of at least 0; got {column_density_cm2}. Set density or columns."
        raise OutOfRangeError(msg)
    per_area = column_density_cm2 / _SQUARE_UM_PER_CM2

    def share(area: float) -> float:
        return _touched(area, per_area, passes, pattern)

    exposure = thermal_zone.mean_exposure_J_cm2(energy_mJ, column_density_cm2)
    removed = share(spot.removed_area)
    one = spot.heat * column_density_cm2 / _SQUARE_M_PER_CM2 / _heated_J_m2_K()
    between = _between(one, column_density_cm2, passes, skin)
    alive = 1.0 - share(spot.basal_area)
    dermis = max(skin.dermis_um, 1.0)
    spoilt = dermis * after_passes(min(spot.dermis_volume * per_area / dermis, 1.0), passes)
    return _injury(
        spot, passes=passes, exposure=exposure, covered=share(spot.surface_area), removed=removed,
        killed=max(share(spot.removed_area + spot.killed_area) - removed, 0.0), dermis_um=spoilt,
        ablated_um=spot.ablated_volume * per_area * passes, basal_survival=alive * math.exp(-between),
        bulk_C=max(one * neighbours.remaining(passes) - spot.chill / _heated_J_m2_K(), 0.0),
        warnings=(*spot.warnings, *((_COOKED,) if between > _COOKED_ABOVE else ())), share=share,
    )  # fmt: skip


@cache
def _heated_J_m2_K() -> float:
    """Heat capacity of the upper half millimetre under a square metre."""
    return tissue.thermal(evidence.value("phys_reference_water")).capacity_J_m3_K * neighbours.HEATED_M


def _between(rise_C: float, column_density_cm2: float, passes: int, skin: Skin) -> float:
    """Arrhenius integral between the columns."""
    if column_density_cm2 <= 0 or rise_C <= 0:
        return 0.0
    pitch = neighbour_pitch_um(columns_cm2=column_density_cm2)
    left = rise_C * (neighbours.remaining(passes) - 1.0)
    return neighbours.damage_between(rise_C, left, pitch, skin.surface_temperature_C)


def _field(spot: SpotInjury, *, share: float, passes: int, skin: Skin) -> Injury:
    """Injury of a field under wide spots: the spot holds all passes on its place; areas are shares of the surface."""
    dermis = max(skin.dermis_um, 1.0)
    one = spot.heat * share / _heated_J_m2_K()
    removed = spot.removed_area * share
    return _injury(
        spot, passes=passes, exposure=1.0, covered=min(spot.surface_area * share, 1.0), removed=removed,
        killed=max(min((spot.removed_area + spot.killed_area) * share, 1.0) - removed, 0.0),
        dermis_um=dermis * min(spot.dermis_volume * share / dermis, 1.0), ablated_um=spot.ablated_volume * share,
        basal_survival=1.0 - min(spot.basal_area * share, 1.0),
        bulk_C=max(one * neighbours.remaining(passes) - spot.chill / _heated_J_m2_K(), 0.0), warnings=spot.warnings,
        share=lambda area: min(area * share, 1.0),
    )  # fmt: skip


def _injury(
    spot: SpotInjury, *, passes: int, exposure: float, covered: float, removed: float, killed: float, dermis_um: float,
    ablated_um: float, basal_survival: float, bulk_C: float, warnings: tuple[str, ...], share: Callable[[float], float],
) -> Injury:  # fmt: skip
    return Injury(
        wavelength_nm=spot.wavelength_nm, duration_ms=spot.duration_ms, ablation_depth_um=spot.ablation_depth_um,
        ablation_width_um=spot.ablation_width_um, coagulation_depth_um=spot.coagulation_depth_um,
        coagulation_rim_um=spot.coagulation_rim_um, lesion_top_um=spot.lesion_top_um, lesion_depth_um=spot.lesion_depth_um,
        lesion_width_um=spot.lesion_width_um, coverage_fraction=covered, epidermis_removed_fraction=removed,
        epidermis_killed_fraction=killed, injured_dermis_um=dermis_um, ablated_volume_um=ablated_um, basal_survival=basal_survival,
        bulk_rise_C=bulk_C, vessel_ratio=tuple((d, z, ratio * exposure) for d, z, ratio in spot.vessel_ratio) or _empty_map(),
        purpura_ratio=spot.purpura_ratio * exposure, pigment_ratio=spot.pigment_ratio,
        epidermis_pigment_ratio=spot.epidermis_pigment_ratio, pigment_depth_um=spot.pigment_depth_um, gland_ratio=spot.gland_ratio,
        peak_surface_C=spot.peak_surface_C, peak_basal_C=spot.peak_basal_C, selective=spot.selective, fractional=spot.fractional,
        passes=passes, energy=spot.energy, fidelity=spot.fidelity, error_pct=spot.error_pct, warnings=warnings,
        sources=(*spot.sources, "phys_pass_gap_s"),
        injured_by_depth=tuple((depth, share(area)) for depth, area in spot.area_by_depth),
    )  # fmt: skip


def injure(
    exposure: Exposure,
    skin: Skin,
    *,
    lesion: Lesion | None = None,
    light_spread: LightSpread = "table",
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Injury:
    """Injury by one exposure, all its passes.

    `light_spread` says where the sideways spread of scattered light comes from: a table, at once, or photons in these layers;
    and likewise whether an ablative column comes from a table of its model or from a run of it.

    Raises CancelledError when `cancelled` says so, OutOfRangeError for settings outside the models.
    """
    report = progress if progress is not None else _silent
    report(0.0)
    if cancelled is not None and cancelled():
        msg = "The injury simulation was cancelled before it began; nothing was computed."
        raise CancelledError(msg)
    fractional = exposure.device.mode == "fractional"
    low, high = exposure.device.band_nm
    spot = spot_injury(
        exposure.pulse, skin, second=exposure.second, band_nm=(low, high) if high > low else None, fractional=fractional,
        stack=exposure.stack, repetition_Hz=exposure.repetition_Hz, passes_in_place=1 if fractional else exposure.passes,
        cooling=exposure.cooling, lesion=lesion, light_spread=light_spread,
    )  # fmt: skip
    report(0.9)
    if cancelled is not None and cancelled():
        msg = "The injury simulation was cancelled; its spot was computed, the field was not."
        raise CancelledError(msg)
    injury = spread(
        spot, coverage_per_pass=exposure.coverage_per_pass, column_density_cm2=exposure.column_density_cm2, passes=exposure.passes,
        energy_mJ=exposure.pulse.energy_mJ * exposure.stack, skin=skin, pattern=exposure.device.pattern,
    )  # fmt: skip
    report(1.0)
    return injury


def _silent(_share: float) -> None:
    """Progress nobody listens to."""


__all__ = ["injure", "joined", "spot_injury", "spread"]
