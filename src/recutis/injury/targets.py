"""The shared experiments of `targets_physics.csv`, computed by the same functions as every injury.

`compute` takes a row (a mapping of its columns) and returns a number or the reason why there is none.
Tissue that a row does not describe is plain wet skin without a horny layer; nothing is set row by row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from recutis import evidence
from recutis.errors import RecutisError
from recutis.heat import column as heat
from recutis.heat import damage, tissue
from recutis.injury import ablative, absorbers, scattering, selective, thermal_zone
from recutis.injury.schedule import segments
from recutis.laser.types import Cooling, Pulse
from recutis.light.lines import is_water_line
from recutis.skin import Skin, build, melanosome_mua_cm, vessel_blood_mua_cm
from recutis.units import (
    J_M2_PER_J_CM2,
    M_PER_UM,
    MS_PER_S,
    PER_M_PER_CM,
    S_PER_MS,
    UM_PER_M,
    UM_PER_MM,
)

Fields = Mapping[str, str]
_MICROGRAM_PER_KG = 1e9  # SI prefixes
_INJURY_DEPTH_UM = 60.0  # where the shared rows on infrared injury look for dead cells
_AGE = 40.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """A computed number, or None and the reason."""

    value: float | None
    reason: str = ""


def _number(row: Fields, name: str) -> float:
    return float(row[name])


def _has(row: Fields, *names: str) -> bool:
    return all(row.get(name, "").strip() for name in names)


def _ms(row: Fields) -> float:
    return _number(row, "pulse_duration_s") * MS_PER_S


def plain_slab() -> heat.Slab:
    """Wet skin without layers at the reference water content."""
    start = evidence.numbers("skin_surface_temperature_baseline")[1]
    return heat.Slab(thickness_um=(1e4,), water_fraction=(evidence.value("phys_reference_water"),), start_C=start)


def skin_of(tissue_words: str) -> Skin:
    """The skin that the words of a row stand for: pigmentation by words, anatomy of a cheek."""
    words = tissue_words.lower()
    phototype = "II"
    if "v-vi" in words or "black" in words or "guinea" in words:
        phototype = "VI"
    elif "pig skin" in words and "light" not in words:
        phototype = "III"
    elif "white" in words:
        phototype = "I"
    return build(site="cheek", age_years=_AGE, phototype=phototype, sex="female")


def _repeat(row: Fields) -> tuple[int, int, float]:
    """Stack, passes and rate: fast trains are stacks, slow ones passes on rested tissue."""
    count = int(float(row.get("n_pulses") or 1))
    rate = float(row.get("repetition_rate_Hz") or 1.0)
    slow = rate * evidence.value("phys_pass_gap_s") <= 1.0 + 1e-9
    return (1, count, 1.0) if slow else (count, 1, rate)


def _shot(row: Fields, fluence: float) -> ablative.Stack:
    stack, passes, rate = _repeat(row)
    return ablative.expose_column(
        plain_slab(), wavelength_nm=_number(row, "wavelength_nm"), fluence_J_cm2=fluence, duration_ms=_ms(row), stack=stack,
        repetition_Hz=rate, passes=passes,
    )  # fmt: skip


def _depth_um(shot: ablative.Stack) -> float:
    return shot.last.column.depth_m * UM_PER_M


def _ablation(row: Fields) -> float:  # noqa: PLR0911  (one return a quantity)
    quantity = row["quantity"]
    if quantity == "ablation_threshold_J_cm2":
        return ablative.ablation_threshold_J_cm2(plain_slab(), _number(row, "wavelength_nm"), _ms(row))
    if quantity == "injury_threshold_J_cm2":
        return _injury_of_surface(row)
    fluence = _number(row, "fluence_J_cm2")
    if quantity == "ablation_slope_um_per_J_cm2":
        step = 0.1 * fluence  # a chord about the stated exposure
        return (_depth_um(_shot(row, fluence + step)) - _depth_um(_shot(row, fluence - step))) / (2 * step)
    shot = _shot(row, fluence)
    depth = _depth_um(shot)
    stack, passes, _ = _repeat(row)
    if quantity == "ablation_efficiency_ug_per_J":
        density = tissue.thermal(evidence.value("phys_reference_water")).density_kg_m3
        return density * depth * M_PER_UM / (fluence * J_M2_PER_J_CM2) * _MICROGRAM_PER_KG
    if quantity == "ablation_depth_per_pulse_um":
        return depth / (stack * passes)
    if quantity in {"residual_thermal_damage_um", "coagulation_depth_um"}:
        column = shot.last.column
        return max(heat.dead_to_um(column, column.death) - depth, 0.0)
    if quantity == "surface_temperature_max_C":
        return shot.peak_surface_C
    raise _UnknownQuantityError(quantity)


def _injury_of_surface(row: Fields) -> float:
    """Least exposure that kills cells down to the usual depth of the basal layer."""
    low, high = 0.05, 50.0
    for _ in range(14):
        middle = math.sqrt(low * high)
        column = _shot(row, middle).last.column
        if heat.dead_to_um(column, column.death) >= _INJURY_DEPTH_UM:
            high = middle
        else:
            low = middle
    return high


class _UnknownQuantityError(RecutisError):
    """The model has no such quantity."""

    def __init__(self, quantity: str) -> None:
        super().__init__(f"the model does not compute '{quantity}' for this family")


def _microbeam(row: Fields, energy: float) -> Pulse:
    profile = "gaussian" if row["spot_profile"] == "gaussian" else "flat_top"
    return Pulse(
        wavelength_nm=_number(row, "wavelength_nm"), energy_mJ=energy, spot_um=_number(row, "spot_diameter_mm") * UM_PER_MM,
        profile="gaussian" if profile == "gaussian" else "flat_top", duration_ms=_ms(row),
    )  # fmt: skip


def _fractional(row: Fields) -> float:
    skin, quantity = skin_of(row["tissue"]), row["quantity"]
    if quantity == "lesion_depth_ratio":
        upper, lower = (float(x) for x in row["pulse_energy_mJ"].split("/"))
        depths = [
            ablative.microbeam(_microbeam(row, e), skin, stack=1, repetition_Hz=1.0).lesion_depth_um for e in (upper, lower)
        ]
        return depths[0] / depths[1]
    pulse = _microbeam(row, _number(row, "pulse_energy_mJ"))
    if is_water_line(pulse.wavelength_nm):
        spot = ablative.microbeam(pulse, skin, stack=1, repetition_Hz=1.0)
    else:
        spot = thermal_zone.zone_injury(pulse, skin, stack=1, repetition_Hz=1.0, cooling=Cooling(), light_spread="photons")
    found = {
        "lesion_depth_um": spot.lesion_depth_um,
        "lesion_width_um": spot.lesion_width_um,
        "ablation_depth_um": spot.ablation_depth_um,
        "coagulation_rim_um": spot.coagulation_rim_um,
    }
    if quantity not in found:
        raise _UnknownQuantityError(quantity)
    return found[quantity]


def _field(row: Fields, skin: Skin) -> scattering.Field:
    nm = _number(row, "wavelength_nm")
    spot = _number(row, "spot_diameter_mm") * UM_PER_MM
    return scattering.light_field(skin, nm, (nm, nm), spot, row["spot_profile"] == "gaussian", light_spread="photons")


def _infrared(row: Fields) -> float:
    skin = scattering.ridged(skin_of(row["tissue"]))
    field = _field(row, skin)
    plan = segments(fluence_J_cm2=1.0, duration_ms=_ms(row), stack=1, repetition_Hz=1.0, cooling=Cooling())
    run = scattering.heat_field(skin, field, plan, (_INJURY_DEPTH_UM,))
    if row["quantity"] == "vaporization_threshold_J_cm2":
        return (evidence.value("phys_boiling") - skin.surface_temperature_C) / float(run.column.peak_K.max())
    if row["quantity"] != "injury_threshold_J_cm2":
        raise _UnknownQuantityError(row["quantity"])
    return 1.0 / scattering.thermal_ratio(scattering.faint_twin(skin, field, plan, (_INJURY_DEPTH_UM,)), run, 0)


def _vascular(row: Fields) -> float:
    quantity, ms, nm = row["quantity"], _ms(row), _number(row, "wavelength_nm")
    room = evidence.value("phys_room_temperature")
    if quantity == "blood_coagulation_temperature_C":
        return damage.blood().threshold_C(ms * S_PER_MS)
    mua = vessel_blood_mua_cm(nm, saturation=1.0) * PER_M_PER_CM
    capacity = absorbers.blood_capacity_J_m3_K()
    if quantity == "blood_coagulation_threshold_J_cm2":
        rise = damage.blood().threshold_C(ms * S_PER_MS) - room
        depth = evidence.value("phys_slice_depth_blood") * M_PER_UM
        return rise * capacity / (mua * math.exp(-mua * depth)) / J_M2_PER_J_CM2
    skin = scattering.ridged(skin_of(row["tissue"]))
    if quantity == "red_cell_coagulation_depth_um":
        return _red_cell_depth(row, skin)
    diameter = _number(row, "vessel_diameter_um")
    needed = absorbers.closure_rise_K(diameter, ms, skin.surface_temperature_C)
    if row["tissue"] in {"membrane", "skin flap"}:
        own = absorbers.mean_absorption_cm(vessel_blood_mua_cm(nm), diameter) * PER_M_PER_CM
        return needed * capacity / (own * evidence.value("phys_membrane_gain")) / J_M2_PER_J_CM2
    depth_um = evidence.value("phys_purpura_depth")
    if quantity.startswith("purpura_threshold"):
        needed = absorbers.purpura_rise_K(diameter, ms, skin.surface_temperature_C)
    if quantity.startswith(("purpura_threshold", "vessel_coagulation_threshold")):
        return needed / float(selective.rise_map_K(_field(row, skin), skin, (diameter,), (depth_um,))[0, 0])
    raise _UnknownQuantityError(quantity)


def _red_cell_depth(row: Fields, skin: Skin) -> float:
    diameter = evidence.value("phys_red_cell_vessel")
    needed = absorbers.closure_rise_K(diameter, _ms(row), skin.surface_temperature_C)
    field, fluence = _field(row, skin), _number(row, "fluence_J_cm2")
    depths = np.arange(100.0, 4000.0, 20.0)
    rises = selective.rise_map_K(field, skin, (diameter,), tuple(float(d) for d in depths))[0]
    reached = [d for d, rise in zip(depths, rises, strict=True) if rise * fluence >= needed]
    return float(max(reached, default=0.0))


def _pigment(row: Fields) -> float:
    quantity, nm = row["quantity"], _number(row, "wavelength_nm")
    capacity = tissue.thermal(evidence.value("phys_reference_water")).capacity_J_m3_K
    if quantity == "melanosome_threshold_temperature_C":
        msg = "it is an input of the model, not a result"
        raise RecutisError(msg)
    if quantity == "melanosome_threshold_J_cm2":
        # eye granules lie alone in water: no factor of skin, their own absorption with the slope of the skin formula
        slope = float(melanosome_mua_cm(nm)) / float(melanosome_mua_cm(1000.0))
        mua = evidence.value("melanosome_mua_1000nm_bovine_RPE") * slope
        rise = evidence.value("melanosome_vaporization_threshold_temperature") - evidence.value("phys_room_temperature")
        return capacity * rise / (mua * PER_M_PER_CM) / J_M2_PER_J_CM2
    skin = scattering.ridged(skin_of(row["tissue"]))
    field = _field(row, skin)
    if quantity == "whitening_threshold_J_cm2":
        return 1.0 / float(selective.melanosome_ratio(field, skin, np.array([scattering.basal_um(skin)]))[0])
    if quantity == "epidermal_injury_threshold_J_cm2":
        plan = segments(fluence_J_cm2=1.0, duration_ms=_ms(row), stack=1, repetition_Hz=1.0, cooling=Cooling())
        probes = (scattering.basal_um(skin),)
        run = scattering.heat_field(skin, field, plan, probes)
        return 1.0 / scattering.thermal_ratio(scattering.faint_twin(skin, field, plan, probes), run, 0)
    raise _UnknownQuantityError(quantity)


def _cooling(row: Fields) -> float:
    from recutis.laser import surface_cooling

    if not row["cooling"].startswith("cryogen_spray_"):
        raise _UnknownQuantityError(row["cooling"])
    spurt_ms = float(row["cooling"].removeprefix("cryogen_spray_").removesuffix("ms"))
    spray = surface_cooling("cryogen")
    slab = plain_slab()
    plan = (heat.Segment(seconds=spurt_ms * S_PER_MS, transfer_W_m2_K=spray.heat_transfer_W_m2_K, medium_C=spray.medium_C),)
    law = heat.law_of(
        heat.heating_only(evidence.value("phys_boiling")), slab.start_C, first=damage.bulk_skin(), second=damage.collagen()
    )
    column = heat.new_column(slab, heat.stretched_edges(fine_m=2e-6, fine_to_m=1e-4, stretch=1.05, end_m=5e-3))
    run = heat.run(column, law, plan, probes_m=(0.0,))
    return float(run.probes_C.min())


_FAMILIES: dict[str, Callable[[Fields], float]] = {
    "ablation": _ablation,
    "fractional": _fractional,
    "nir_injury": _infrared,
    "vascular": _vascular,
    "pigment": _pigment,
    "cooling": _cooling,
}


def compute(row: Fields) -> Found:
    """The model's number for a row of the shared experiments, or the reason why it has none.

    `row` maps the columns of `targets_physics.csv` to their text (an evidence row's `fields`).
    """
    if row.get("tier") == "trend":
        return Found(value=None, reason="a trend, not a number")
    family = row.get("family", "")
    if family not in _FAMILIES:
        return Found(value=None, reason=f"the family '{family}' has no model; families are {', '.join(sorted(_FAMILIES))}")
    if family != "cooling" and not _has(row, "wavelength_nm", "pulse_duration_s"):
        return Found(value=None, reason="the row gives no wavelength or pulse length")
    try:
        return Found(value=float(_FAMILIES[family](row)))
    except RecutisError as error:
        return Found(value=None, reason=str(error))
    except (ValueError, KeyError) as error:
        return Found(value=None, reason=f"the row lacks or misspells a setting: {error}")


def inside(row: Fields, found: float) -> bool:
    """Whether a number meets a row: within its range where given, one-sided where it says so, else within 25 per cent."""
    low, high = (float(row[x]) if row.get(x) else None for x in ("low", "high"))
    comparator = row.get("comparator", "")
    value = float(row["value"]) if row.get("value") else None
    if comparator in {">", ">="}:
        return found >= (low if low is not None else value if value is not None else -math.inf)
    if comparator in {"<", "<="}:
        return found <= (high if high is not None else value if value is not None else math.inf)
    if low is not None or high is not None:
        return (low is None or found >= low) and (high is None or found <= high)
    return value is not None and abs(found - value) <= 0.25 * abs(value)


__all__ = ["Found", "compute", "inside", "plain_slab", "skin_of"]
