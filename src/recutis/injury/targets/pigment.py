"""Melanosomes and pigmented epidermis."""

from __future__ import annotations

from recutis import evidence
from recutis.errors import RecutisError
from recutis.heat import tissue
from recutis.injury import melanosome, scattering, selective
from recutis.injury.schedule import segments
from recutis.injury.targets.rows import Fields, UnknownQuantityError, cooling_of, duration_ms, light_of, number, repeat, skin_of
from recutis.skin import Skin, melanosome_mua_cm

_EYE_NM = 1000.0  # where the row on eye granules holds
_WHITENING, _MELANOSOME = "whitening_threshold_J_cm2", "melanosome_threshold_J_cm2"
_ALONE = ("isolated", "suspension", "granule", "retina", "rpe")  # words for melanosomes in water
_GENTLE = 0.01  # exposure at which nothing boils [J/cm²]


def compute(row: Fields) -> float:
    """Least exposure that whitens skin, breaks melanosomes, alone or in skin, or kills the pigmented epidermis.

    Raises UnknownQuantityError for a quantity that the family has not.
    """
    quantity, nm = row["quantity"], number(row, "wavelength_nm")
    capacity = tissue.thermal(evidence.value("phys_reference_water")).capacity_J_m3_K
    if quantity == "melanosome_threshold_temperature_C":
        msg = "it is an input of the model, not a result"
        raise RecutisError(msg)
    if quantity == _MELANOSOME and any(word in row["tissue"].lower() for word in _ALONE):
        # eye granules lie alone in water: no factor of skin, their own absorption with the slope of the skin formula
        slope = float(melanosome_mua_cm(nm)) / float(melanosome_mua_cm(_EYE_NM))
        return melanosome.threshold_J_cm2(
            evidence.value("melanosome_mua_1000nm_bovine_RPE") * slope, start_C=evidence.value("phys_room_temperature"),
            explodes_C=evidence.value("phys_melanosome_nucleation"), capacity_J_m3_K=capacity, duration_ms=duration_ms(row),
            diameter_um=evidence.value("phys_eye_granule_diameter"),
        )  # fmt: skip
    skin = scattering.ridged(_skin(row["tissue"]))
    field = light_of(row, skin)
    if quantity not in {_WHITENING, _MELANOSOME, "epidermal_injury_threshold_J_cm2"}:
        raise UnknownQuantityError(quantity)
    basal = (scattering.basal_um(skin),)
    stack, _, rate = repeat(row)
    cooling = cooling_of(row.get("cooling", ""))
    plan = segments(fluence_J_cm2=_GENTLE, duration_ms=duration_ms(row), stack=stack, repetition_Hz=rate, cooling=cooling)
    gentle, cold = scattering.heat_field(skin, field, plan, basal), scattering.faint_twin(skin, field, plan, basal)
    if quantity in {_WHITENING, _MELANOSOME}:
        warms = float((gentle.probes_C[:, 0] - cold.probes_C[:, 0]).max()) / _GENTLE
        living = selective.living_um(skin)
        ratio = selective.melanosome_ratio(
            field, skin, living, duration_ms=duration_ms(row), warms_K=warms, whitens=quantity == _WHITENING
        )
        return 1.0 / float(ratio.mean())
    return 1.0 / scattering.thermal_ratio(cold, gentle, 0, _GENTLE)


def _skin(words: str) -> Skin:
    """The skin of a row: a guinea pig's as dark as theirs is, a lentigo's as dark as lentigines are, sun or none as it says."""
    skin, said = skin_of(words), words.lower()
    factor = 1.0
    if "guinea" in said:
        factor = evidence.value("phys_guinea_pig_melanin") / scattering.mean_melanin(skin)
    elif "lentig" in said:
        factor = evidence.value("lentigo_melanin_factor")
    elif "sun-protected" in said:
        factor = 1.0 / evidence.value("skin.tan_factor")
    elif "sun-exposed" in said or "tanned" in said:
        factor = evidence.value("skin.tan_factor")
    return scattering.darkened(skin, factor)
