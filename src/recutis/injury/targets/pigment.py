"""Melanosomes and pigmented epidermis."""

from __future__ import annotations

import numpy as np

from recutis import evidence
from recutis.errors import RecutisError
from recutis.heat import tissue
from recutis.injury import scattering, selective
from recutis.injury.schedule import segments
from recutis.injury.targets.rows import Fields, UnknownQuantityError, duration_ms, light_of, number, skin_of
from recutis.laser.types import Cooling
from recutis.skin import melanosome_mua_cm
from recutis.units import J_M2_PER_J_CM2, PER_M_PER_CM


def compute(row: Fields) -> float:
    """Least exposure that whitens skin, breaks a melanosome or kills the pigmented epidermis.

    Raises UnknownQuantityError for a quantity that the family has not.
    """
    quantity, nm = row["quantity"], number(row, "wavelength_nm")
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
    field = light_of(row, skin)
    if quantity == "whitening_threshold_J_cm2":
        return 1.0 / float(selective.melanosome_ratio(field, skin, np.array([scattering.basal_um(skin)]))[0])
    if quantity == "epidermal_injury_threshold_J_cm2":
        plan = segments(fluence_J_cm2=1.0, duration_ms=duration_ms(row), stack=1, repetition_Hz=1.0, cooling=Cooling())
        probes = (scattering.basal_um(skin),)
        run = scattering.heat_field(skin, field, plan, probes)
        return 1.0 / scattering.thermal_ratio(scattering.faint_twin(skin, field, plan, probes), run, 0)
    raise UnknownQuantityError(quantity)
