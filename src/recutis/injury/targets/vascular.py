"""Vessels and blood."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import damage
from recutis.injury import absorbers, blood_layer, cylinder, scattering, selective
from recutis.injury.schedule import segments
from recutis.injury.targets.rows import Fields, UnknownQuantityError, cooling_of, duration_ms, light_of, number, skin_of
from recutis.skin import Skin, hot_blood, vessel_blood_mua_cm
from recutis.units import S_PER_MS

_ENDS: dict[str, cylinder.End] = {
    "vessel_coagulation_threshold_J_cm2": "wall", "vessel_rupture_threshold_J_cm2": "rupture",
}  # fmt: skip
_SHARES = {
    "purpura_threshold_immediate_J_cm2": "phys_purpura_share_immediate",
    "purpura_threshold_24h_J_cm2": "phys_purpura_share_24h",
}
_MOST_J_CM2 = 1e5  # more is no exposure of skin
_DEEPEST_UM, _STEP_UM = 4000.0, 20.0  # of the search for coagulated red cells


def compute(row: Fields) -> float:
    """Least exposure that marks, closes or bursts vessels, or the temperature or depth at which blood coagulates.

    Raises UnknownQuantityError for a quantity that the family has not, OutOfRangeError for a vessel without a size.
    """
    quantity, ms = row["quantity"], duration_ms(row)
    if quantity == "blood_coagulation_temperature_C":
        return damage.blood().threshold_C(ms * S_PER_MS)
    if quantity == "blood_coagulation_threshold_J_cm2":
        nm = number(row, "wavelength_nm")
        return blood_layer.coagulation_J_cm2(
            cold_cm=vessel_blood_mua_cm(nm, saturation=1.0), hot=hot_blood(nm), duration_ms=ms,
            start_C=evidence.value("phys_room_temperature"), depth_um=evidence.value("phys_slice_depth_blood"),
        )  # fmt: skip
    if quantity in _SHARES:
        return _purpura(row, evidence.value(_SHARES[quantity]))
    if quantity in _ENDS:
        return _vessel(row, _ENDS[quantity])
    if quantity == "red_cell_coagulation_depth_um":
        return _red_cell_depth(row)
    raise UnknownQuantityError(quantity)


def _train(row: Fields) -> tuple[int, float]:
    """Pulses and their rate [Hz]."""
    return max(int(float(row.get("n_pulses") or 1)), 1), float(row.get("repetition_rate_Hz") or 1.0)


def _vessel(row: Fields, end: cylinder.End) -> float:
    """One vessel of the row's size: in a clear membrane, in a flap of skin over glass, or in skin."""
    if not row.get("vessel_diameter_um", "").strip():
        msg = "the row gives no vessel_diameter_um; give the diameter of the vessel in micrometres"
        raise OutOfRangeError(msg)
    diameter, nm, words = number(row, "vessel_diameter_um"), number(row, "wavelength_nm"), row["tissue"].lower()
    pulses, rate = _train(row)
    skin = scattering.ridged(skin_of(row["tissue"]))
    clear = "membrane" in words
    if clear or "flap" in words:
        thin = evidence.numbers("phys_vessel_wall")[0] if clear else None
        one = absorbers.vessel(diameter, vessel_blood_mua_cm(nm), hot_blood(nm), skin.surface_temperature_C, wall_um=thin)
        needed = absorbers.needed_J_cm2(one, duration_ms(row), end, pulses=pulses, repetition_Hz=rate)
        return needed / evidence.value("phys_membrane_gain" if clear else "phys_flap_gain")
    field = light_of(row, skin)
    blood = selective.blood_in(field, skin, diameter)
    depth = evidence.value("phys_purpura_depth")
    one = absorbers.vessel(diameter, blood.cold_cm, blood.hot, _start_C(row, skin, field, (depth,))[0])
    needed = absorbers.needed_J_cm2(one, duration_ms(row), end, pulses=pulses, repetition_Hz=rate)
    return needed / float(selective.vessel_light(field, blood, depth, screened=False))


def _purpura(row: Fields, share: float) -> float:
    """Sizes come from the plexus, of a port-wine stain where the row says so: those in rows on purpura are guesses."""
    skin = scattering.ridged(skin_of(row["tissue"]))
    field = light_of(row, skin)
    pulses, rate = _train(row)
    start = _start_C(row, skin, field, (evidence.value("phys_purpura_depth"),))[0]
    stain = "port-wine" in row["tissue"].lower().replace("port wine", "port-wine")
    found = selective.purpura_J_cm2(
        field, skin, duration_ms=duration_ms(row), share=share, start_C=start, pulses=pulses, repetition_Hz=rate,
        median_um=evidence.value("PWS_vessel_diameter_red") if stain else None,
    )  # fmt: skip
    if not found < _MOST_J_CM2:
        msg = (
            f"light of {number(row, 'wavelength_nm'):g} nm heats no vessel of the upper dermis beyond the tissue around it; "
            "give a wavelength that blood absorbs"
        )
        raise OutOfRangeError(msg)
    return found


def _start_C(row: Fields, skin: Skin, field: scattering.Field, depths_um: tuple[float, ...]) -> tuple[float, ...]:
    """Temperature at depths when the light comes, after the row's cooling."""
    cooling = cooling_of(row.get("cooling", ""))
    plan = segments(fluence_J_cm2=1.0, duration_ms=duration_ms(row), stack=1, repetition_Hz=1.0, cooling=cooling)
    cold = scattering.faint_twin(skin, field, plan, depths_um)
    begin = (cooling.before_ms + cooling.delay_ms) * S_PER_MS if cooling.kind != "none" else 0.0
    return tuple(float(np.interp(begin, cold.time_s, cold.probes_C[:, i])) for i in range(len(depths_um)))


def _red_cell_depth(row: Fields) -> float:
    """Depth down to which half of the blood in small vessels coagulates.

    Upper vessels are hot long before the pulse ends and then absorb more: the deeper light is that through warm blood, for the
    share of the pulse that is left when they have got what they need.
    """
    skin = scattering.ridged(skin_of(row["tissue"]))
    diameter = evidence.value("phys_red_cell_vessel")
    fluence, upper = number(row, "fluence_J_cm2"), evidence.value("phys_purpura_depth")
    pulses, rate = _train(row)
    field = light_of(row, skin)
    blood = selective.blood_in(field, skin, diameter)
    one = absorbers.vessel(diameter, blood.cold_cm, blood.hot, skin.surface_temperature_C)
    needed = absorbers.needed_J_cm2(one, duration_ms(row), "blood", pulses=pulses, repetition_Hz=rate)
    given = float(selective.vessel_light(field, blood, upper, screened=True)) * fluence
    late = max(1.0 - needed / given, 0.0) if given > 0.0 else 0.0
    warm = light_of(row, _with_blood(skin, 1.0 + (blood.hot.factor - 1.0) * late))
    depths = np.arange(100.0, _DEEPEST_UM, _STEP_UM)
    reached = depths[selective.vessel_light(warm, blood, depths, screened=True) * fluence >= needed]
    return float(reached.max(initial=0.0))


def _with_blood(skin: Skin, factor: float) -> Skin:
    """The skin with the absorption of its blood multiplied, as if it held so many times as much."""
    return replace(skin, layers=tuple(replace(x, blood_fraction=min(x.blood_fraction * factor, 0.5)) for x in skin.layers))
