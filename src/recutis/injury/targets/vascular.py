"""Vessels and blood."""

from __future__ import annotations

import math

import numpy as np

from recutis import evidence
from recutis.heat import damage
from recutis.injury import absorbers, scattering, selective
from recutis.injury.targets.rows import Fields, UnknownQuantityError, duration_ms, light_of, number, skin_of
from recutis.skin import Skin, vessel_blood_mua_cm
from recutis.units import J_M2_PER_J_CM2, M_PER_UM, PER_M_PER_CM, S_PER_MS


def compute(row: Fields) -> float:
    """Least exposure that marks, closes or bursts vessels, or the temperature or depth at which blood coagulates.

    Raises UnknownQuantityError for a quantity that the family has not.
    """
    quantity, ms, nm = row["quantity"], duration_ms(row), number(row, "wavelength_nm")
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
    diameter = number(row, "vessel_diameter_um")
    needed = absorbers.closure_rise_K(diameter, ms, skin.surface_temperature_C)
    if row["tissue"] in {"membrane", "skin flap"}:
        own = absorbers.mean_absorption_cm(vessel_blood_mua_cm(nm), diameter) * PER_M_PER_CM
        return needed * capacity / (own * evidence.value("phys_membrane_gain")) / J_M2_PER_J_CM2
    depth_um = evidence.value("phys_purpura_depth")
    if quantity.startswith("purpura_threshold"):
        needed = absorbers.purpura_rise_K(diameter, ms, skin.surface_temperature_C)
    if quantity.startswith(("purpura_threshold", "vessel_coagulation_threshold")):
        return needed / float(selective.rise_map_K(light_of(row, skin), skin, (diameter,), (depth_um,))[0, 0])
    raise UnknownQuantityError(quantity)


def _red_cell_depth(row: Fields, skin: Skin) -> float:
    diameter = evidence.value("phys_red_cell_vessel")
    needed = absorbers.closure_rise_K(diameter, duration_ms(row), skin.surface_temperature_C)
    field, fluence = light_of(row, skin), number(row, "fluence_J_cm2")
    depths = np.arange(100.0, 4000.0, 20.0)
    rises = selective.rise_map_K(field, skin, (diameter,), tuple(float(d) for d in depths))[0]
    reached = [d for d, rise in zip(depths, rises, strict=True) if rise * fluence >= needed]
    return float(max(reached, default=0.0))
