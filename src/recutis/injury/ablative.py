"""Water-dominated lasers: full-field spots, by columns of the one-dimensional model."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import toms748

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import column as heat
from recutis.heat import damage
from recutis.heat._column_kernel import Law
from recutis.heat.resolution import fineness
from recutis.injury.schedule import segments
from recutis.injury.spot import SpotInjury
from recutis.injury.types import EnergyBalance
from recutis.laser.types import Cooling, Pulse
from recutis.light.lines import DRYING, Line, water_line
from recutis.skin.types import Skin
from recutis.units import J_M2_PER_J_CM2, J_PER_MJ, M_PER_UM, PER_M_PER_CM, S_PER_MS, UM_PER_M

Array = NDArray[np.float64]
_CELL_E_FOLDS = 0.35  # of light in a cell, between the sizes below; halving (`refine`) moves depths by under two per cent
_LEAST_CELL_M = 0.2e-6
_MOST_CELL_M = 1e-6
_MARGIN = 0.85  # for the front beyond what the enthalpy of removal says
_MOST_CELLS = 800  # a deep channel takes coarser cells; half as many again move depths by one to two per cent
_STRETCH = 1.05
_DEEP_M = 3e-3
_FIRST_J_CM2, _LEAST_J_CM2, _GREATEST_J_CM2, _SPREAD = 0.5, 1e-4, 3000.0, 2.0  # where thresholds are looked for
_ALLOWED = {  # least, most, whether the least itself is excluded
    "fluence_J_cm2": (0.0, 1e5, False), "duration_ms": (0.0, 1e5, True), "repetition_Hz": (0.0, 1e6, True),
    "stack": (1.0, 1000.0, False), "passes": (1.0, 100.0, False),
}  # fmt: skip
_TOLERANCE = 1e-3  # of the logarithm of a threshold
NO_COOLING = Cooling()


@dataclass(frozen=True, eq=False, kw_only=True)
class Stack:
    """All passes of a column: last run, energies summed over passes [J/m2], peak surface temperature."""

    last: heat.Run
    arrived: float
    removed: float
    surface: float
    stored: float
    through: float
    plume: float
    peak_surface_C: float


def slab_of(skin: Skin) -> heat.Slab:
    """Thermal layers of a skin."""
    return heat.Slab(
        thickness_um=tuple(x.thickness_um for x in skin.layers),
        water_fraction=tuple(x.water_fraction for x in skin.layers),
        start_C=skin.surface_temperature_C,
    )


def _edges(fluence_J_cm2: float, shots: int, line: Line, cheapest_J_m3: float, refine: float) -> Array:
    """Grid fine enough for the line down to where the front may come."""
    wet = line.wet_mua_cm(evidence.value("phys_reference_water")) * PER_M_PER_CM
    below = (80 if line.mode == DRYING else 40) * M_PER_UM
    exposure = fluence_J_cm2 * J_M2_PER_J_CM2 * shots / (cheapest_J_m3 * _MARGIN)
    reach = min(exposure + below, _DEEP_M)
    cell = max(min(max(_CELL_E_FOLDS / wet, _LEAST_CELL_M), _MOST_CELL_M), reach / _MOST_CELLS) / refine
    return heat.stretched_edges(fine_m=cell, fine_to_m=reach, stretch=1.0 + (_STRETCH - 1.0) / refine, end_m=reach + _DEEP_M)


def expose_column(
    slab: heat.Slab,
    *,
    wavelength_nm: float,
    fluence_J_cm2: float,
    duration_ms: float,
    stack: int = 1,
    repetition_Hz: float = 1.0,
    passes: int = 1,
    cooling: Cooling = NO_COOLING,
    wipe: bool = True,
    after: bool = True,
    probes_m: tuple[float, ...] = (),
    refine: int = 1,
    spikes: int = 1,
) -> Stack:
    """One column of tissue under all passes; `fluence_J_cm2` is incident (before reflection) at its axis.

    `after` says whether the cooling down after the last pulse is followed. `probes_m` are depths whose temperature
    history the last run keeps. `refine` makes cells and steps so many times smaller: compare with 1 for their error.
    `spikes` splits each pulse into so many of equal energy, as free-running lasers emit.

    Raises OutOfRangeError for settings that no exposure has, or a wavelength that water does not dominate.
    """
    _check(fluence_J_cm2=fluence_J_cm2, duration_ms=duration_ms, repetition_Hz=repetition_Hz, stack=stack, passes=passes)
    finer = refine * fineness()
    line = water_line(wavelength_nm)
    entering = fluence_J_cm2 * entering_share()
    seconds = duration_ms * S_PER_MS
    law = heat.law_of(
        line, slab.start_C, first=damage.cell_death(), second=damage.collagen(),
        irradiance_W_m2=entering * J_M2_PER_J_CM2 / seconds, pulse_s=seconds,
    )  # fmt: skip
    edges = _edges(fluence_J_cm2, stack * passes, line, law.ablation_J_m3, finer)
    column = heat.new_column(slab, edges)
    plan = segments(fluence_J_cm2=entering, duration_ms=duration_ms, stack=stack, repetition_Hz=repetition_Hz, cooling=cooling)
    plan = spiking(plan if after else plan[:-1], spikes)
    sums = np.zeros(6)
    peak = -math.inf
    for number in range(passes):
        run = heat.run(column, law, plan, probes_m=probes_m, refine=finer)
        sums += (run.arrived, run.removed, run.surface, run.stored, run.through, run.plume)
        peak = max(peak, run.peak_surface_C)
        if line.mode == DRYING and wipe:
            run = replace(run, column=heat.wiped(run.column, evidence.value("phys_wiped_water")))
        if number < passes - 1:
            column = heat.rested(run.column, evidence.value("phys_pass_gap_s"), law.water_diffusion_m2_s)
    arrived, removed, surface, stored, through, plume = (float(x) for x in sums)
    return Stack(
        last=run,
        arrived=arrived,
        removed=removed,
        surface=surface,
        stored=stored,
        through=through,
        plume=plume,
        peak_surface_C=peak,
    )


def _check(**settings: float) -> None:
    """Every setting is a number within `_ALLOWED`."""
    for name, value in settings.items():
        least, most, open_below = _ALLOWED[name]
        if not (least < value <= most if open_below else least <= value <= most):
            allowed = f"above {least:g} and up to {most:.0f}" if open_below else f"from {least:g} to {most:.0f}"
            msg = f"An ablative exposure needs {name} {allowed}; got {value:g}. Give a value in that range."
            raise OutOfRangeError(msg)


def spiking(plan: tuple[heat.Segment, ...], spikes: int) -> tuple[heat.Segment, ...]:
    """The plan with every pulse split into `spikes` of equal energy and the same whole length, lit for `phys_spike_duty` of it.

    Raises OutOfRangeError for less than one spike.
    """
    if spikes < 1:
        msg = f"A pulse has at least 1 spike; got {spikes}."
        raise OutOfRangeError(msg)
    if spikes == 1:
        return plan
    duty = evidence.value("phys_spike_duty")
    out: list[heat.Segment] = []
    for segment in plan:
        if segment.irradiance_W_m2 <= 0.0:
            out.append(segment)
            continue
        period = segment.seconds / (spikes - 1 + duty)
        lit = replace(
            segment, seconds=period * duty, irradiance_W_m2=segment.irradiance_W_m2 * segment.seconds / (spikes * period * duty)
        )
        dark = replace(segment, seconds=period * (1.0 - duty), irradiance_W_m2=0.0)
        out += [lit, dark] * (spikes - 1) + [lit]
    return tuple(out)


def balance(*, incident_J: float, reflected: float, parts: tuple[float, float, float, float], scale: float) -> EnergyBalance:
    """Fractions of the incident energy from (through, removed, stored, surface) energies divided by `scale`."""
    if incident_J <= 0.0 or scale <= 0.0:
        return EnergyBalance(incident_J=0.0, reflected=0.0, transmitted=0.0, removed=0.0, stored=0.0, surface=0.0, residual=0.0)
    through, removed, stored, surface = (part / scale for part in parts)
    return EnergyBalance(
        incident_J=incident_J, reflected=reflected, transmitted=through, removed=removed, stored=stored, surface=surface,
        residual=1.0 - reflected - through - removed - stored - surface,
    )  # fmt: skip


def least_exposure_J_cm2(excess: Callable[[float], float], what: str) -> float:
    """The exposure [J/cm²] at which `excess` passes from below to above zero, to a thousandth of it.

    `excess` takes an exposure and must rise with it. Raises OutOfRangeError when it stays below zero up to the greatest
    exposure that is tried; `what` names what did not come about.
    """
    high = _FIRST_J_CM2
    below = excess(high)
    while below > 0.0 and high > _LEAST_J_CM2:
        high /= _SPREAD
        below = excess(high)
    if below > 0.0:
        return high
    low, above = high, below
    while above <= 0.0:
        low, below = high, above
        high *= _SPREAD
        if high > _GREATEST_J_CM2:
            msg = f"No exposure up to {_GREATEST_J_CM2:g} J/cm² {what}; choose a shorter pulse or a stronger absorbed wavelength."
            raise OutOfRangeError(msg)
        above = excess(high)
    found = toms748(lambda x: excess(math.exp(x)), math.log(low), math.log(high), xtol=_TOLERANCE)
    return math.exp(float(found))


@lru_cache(maxsize=256)
def ablation_threshold_J_cm2(
    slab: heat.Slab, wavelength_nm: float, duration_ms: float, cooling: Cooling = NO_COOLING, refine: int = 1
) -> float:
    """Least incident wide-spot exposure of one pulse that removes tissue.

    Raises OutOfRangeError when no exposure does, or for a wavelength that water does not dominate.
    """

    def excess(fluence: float) -> float:
        shot = expose_column(
            slab, wavelength_nm=wavelength_nm, fluence_J_cm2=fluence, duration_ms=duration_ms, cooling=cooling, wipe=False,
            after=False, refine=refine,
        )  # fmt: skip
        return shot.last.nearest - 1.0

    return least_exposure_J_cm2(excess, f"removes tissue in {duration_ms:g} ms at {wavelength_nm:g} nm")


def _basal_peak_C(column: heat.Column, basal_um: float) -> float:
    cell = int(np.searchsorted(column.edges_m * UM_PER_M, basal_um, side="right")) - 1
    return float(column.peak_K[max(cell, column.first)]) + column.start_C


def wide(pulse: Pulse, skin: Skin, *, stack: int, repetition_Hz: float, passes: int, cooling: Cooling) -> SpotInjury:
    """Full-field ablation: every place is alike; areas are shares of the surface."""
    slab = slab_of(skin)
    shot = expose_column(
        slab, wavelength_nm=pulse.wavelength_nm, fluence_J_cm2=pulse.fluence_J_cm2, duration_ms=pulse.duration_ms, stack=stack,
        repetition_Hz=repetition_Hz, passes=passes, cooling=cooling,
    )  # fmt: skip
    column = shot.last.column
    removed = column.depth_m * UM_PER_M
    dead = max(heat.dead_to_um(column, column.death), removed)
    epidermis = skin.epidermis_um
    share = removed / epidermis
    gone = 1.0 if share >= 1.0 else 0.0
    killed = 1.0 if dead >= epidermis and share < 1.0 else 0.0
    touched = 1.0 if dead > 0.0 else 0.0
    reflected = evidence.value("phys_reflectance_infrared")
    scale = shot.arrived / (1.0 - reflected) if shot.arrived > 0 else 0.0
    energy = balance(
        incident_J=pulse.energy_mJ * J_PER_MJ * stack * passes, reflected=reflected,
        parts=(shot.through, shot.removed + shot.plume, shot.stored, shot.surface), scale=scale,
    )  # fmt: skip
    return SpotInjury(
        wavelength_nm=pulse.wavelength_nm, duration_ms=pulse.duration_ms, ablation_depth_um=removed,
        ablation_width_um=pulse.spot_um if removed > 0 else 0.0, coagulation_depth_um=dead - removed, coagulation_rim_um=0.0,
        lesion_top_um=0.0, lesion_depth_um=dead, lesion_width_um=pulse.spot_um if dead > 0 else 0.0, surface_area=touched,
        removed_area=gone, killed_area=killed, basal_area=max(gone, killed), dermis_volume=max(dead - epidermis, 0.0),
        ablated_volume=removed, heat=shot.stored / passes, vessel_ratio=(), purpura_ratio=0.0, pigment_ratio=0.0,
        epidermis_pigment_ratio=0.0, pigment_depth_um=0.0, gland_ratio=0.0, peak_surface_C=shot.peak_surface_C,
        peak_basal_C=_basal_peak_C(column, epidermis), selective=False, fractional=False, passes_in_place=passes, energy=energy,
        fidelity="one-dimensional enthalpy model with moving surface",
        error_pct=evidence.value("phys_error_ablation"), warnings=(), sources=_sources(pulse, skin),
        area_by_depth=((0.0, 1.0), (dead, 1.0)) if dead > 0.0 else (),
    )  # fmt: skip


def _sources(pulse: Pulse, skin: Skin) -> tuple[str, ...]:
    from recutis.heat import tissue

    own = water_line(pulse.wavelength_nm).sources
    return tuple(dict.fromkeys((*own, *damage.cell_death().sources, *tissue.SOURCES, "phys_error_ablation", *skin.sources)))


def entering_share() -> float:
    """Share of incident light that is not reflected at the surface."""
    return 1.0 - evidence.value("phys_reflectance_infrared")


def fresh_column(slab: heat.Slab, pulse: Pulse, *, stack: int) -> tuple[heat.Column, Law]:
    """Fresh tissue on the grid that this stack of pulses needs, and the law of its heat and removal."""
    line = water_line(pulse.wavelength_nm)
    seconds = pulse.duration_ms * S_PER_MS
    law = heat.law_of(
        line, slab.start_C, first=damage.cell_death(), second=damage.collagen(),
        irradiance_W_m2=pulse.fluence_J_cm2 * entering_share() * J_M2_PER_J_CM2 / seconds, pulse_s=seconds,
    )  # fmt: skip
    return heat.new_column(slab, _edges(pulse.fluence_J_cm2, stack, line, law.ablation_J_m3, fineness())), law
