"""Eyewear: the optical density that brings a direct hit down to the maximum permissible exposure."""

from __future__ import annotations

import math
from typing import Final

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.laser.pattern import footprint_cm2
from recutis.laser.types import Exposure, Pulse
from recutis.units import J_PER_MJ, S_PER_MS, UM_PER_MM

# Borders of the standard's table; the exposures themselves are the rows LAS-MPE-*.
_RETINA_NM: Final = (400.0, 1400.0)
_C4_FROM_NM, _SECOND_BAND_NM = 700.0, 1050.0
_CORNEA_MIDDLE_NM: Final = ((1500.0, 1800.0), 2600.0)
_SHORTEST_S, _VISIBLE_SHORT_S, _INFRARED_SHORT_S = 1e-11, 5e-6, 1.3e-5
_CORNEA_SHORT_S, _FAR_SHORT_S = 1e-3, 1e-7


def _scaled(key: str, seconds: float, power: float) -> tuple[float, str]:
    return evidence.value(key) * seconds**power, key


def permissible_exposure_J_cm2(wavelength_nm: float, seconds: float) -> tuple[float, tuple[str, ...]]:
    """Maximum permissible exposure of the eye for one exposure of this length, with its row ids.

    From 400 to 1400 nm the retina decides, beyond it the cornea.
    Source: IEC 60825-1 and ANSI Z136.1 as recalled in the rows LAS-MPE-*.

    Raises OutOfRangeError below 400 nm.
    """
    if wavelength_nm < _RETINA_NM[0]:
        msg = f"No eye limit below {_RETINA_NM[0]:g} nm is held here; the wavelength is {wavelength_nm:g} nm."
        raise OutOfRangeError(msg)
    if wavelength_nm < _RETINA_NM[1]:
        return _retina(wavelength_nm, seconds)
    (low, high), far = _CORNEA_MIDDLE_NM
    if low <= wavelength_nm < high:
        found, key = _scaled("LAS-MPE-1500", seconds, 0.0)
    elif wavelength_nm >= far and seconds < _FAR_SHORT_S:
        found, key = _scaled("LAS-MPE-FAR-SHORT", seconds, 0.0)
    elif wavelength_nm < far and seconds < _CORNEA_SHORT_S:
        found, key = _scaled("LAS-MPE-1400-SHORT", seconds, 0.0)
    else:
        found, key = _scaled("LAS-MPE-CORNEA", seconds, 0.25)
    return found, (key,)


def _retina(wavelength_nm: float, seconds: float) -> tuple[float, tuple[str, ...]]:
    if wavelength_nm >= _SECOND_BAND_NM and seconds >= _SHORTEST_S:
        short = seconds < _INFRARED_SHORT_S
        found, key = _scaled("LAS-MPE-NIR-NS", seconds, 0.0) if short else _scaled("LAS-MPE-NIR-MS", seconds, 0.75)
        return found, (key,)
    if seconds < _SHORTEST_S:
        found, key = _scaled("LAS-MPE-PICO", seconds, 0.0)
    elif seconds < _VISIBLE_SHORT_S:
        found, key = _scaled("LAS-MPE-VIS-NS", seconds, 0.0)
    else:
        found, key = _scaled("LAS-MPE-VIS-MS", seconds, 0.75)
    if wavelength_nm <= _C4_FROM_NM:
        return found, (key,)
    correction = 10 ** (evidence.value("LAS-MPE-C4") * (min(wavelength_nm, _SECOND_BAND_NM) - _C4_FROM_NM))
    return found * correction, (key, "LAS-MPE-C4")


def _one_beam(pulse: Pulse, repetition_Hz: float) -> tuple[float, str, tuple[str, ...]]:
    retina = pulse.wavelength_nm < _RETINA_NM[1]
    aperture_id = "LAS-APERTURE-RETINA" if retina else "LAS-APERTURE-CORNEA"
    stay_id = "LAS-EYE-VISIBLE-S" if pulse.wavelength_nm <= _C4_FROM_NM else "LAS-EYE-INVISIBLE-S"
    aperture_mm, stay_s = evidence.value(aperture_id), evidence.value(stay_id)
    area_cm2 = max(footprint_cm2(pulse.spot_um), footprint_cm2(aperture_mm * UM_PER_MM))
    single = pulse.energy_mJ * J_PER_MJ / area_cm2
    pulse_s = pulse.duration_ms * S_PER_MS
    shots = max(1, math.floor(repetition_Hz * stay_s))
    allowed, keys = permissible_exposure_J_cm2(pulse.wavelength_nm, pulse_s)
    allowed_train, train_keys = permissible_exposure_J_cm2(pulse.wavelength_nm, max(stay_s, pulse_s))
    once = math.log10(single / allowed) if single > 0 else 0.0
    train = math.log10(single * shots / allowed_train) if single > 0 else 0.0
    text = (
        f"{pulse.wavelength_nm:.0f} nm: a direct pulse of {single:.3g} J/cm² against {allowed:.2g} J/cm² permitted needs "
        f"{max(once, 0):.1f}; {shots} pulse{'s' if shots > 1 else ''} in {stay_s:g} s against {allowed_train:.2g} J/cm² need "
        f"{max(train, 0):.1f}"
    )
    return max(once, train, 0.0), text, (*keys, *train_keys, aperture_id, stay_id)


def eyewear(exposure: Exposure) -> tuple[float, str, tuple[str, ...]]:
    """Optical density for everyone in the room: (whole number, arithmetic in words, evidence row ids).

    OD = log10(H / MPE), H the radiant exposure of a direct hit averaged over the limiting aperture,
    for one pulse and for the train that an unprotected look lasts; the larger, rounded up. A hybrid
    needs the larger of its two lines. Broadband light is stopped by a welding shade instead: the
    number is then the shade's luminous density, 3 (shade − 1) / 7.
    """
    device = exposure.device
    if device.band_nm[0] < device.band_nm[1]:
        shade = evidence.value("LAS-IPL-SHADE")
        text = (
            f"{device.band_nm[0]:.0f}-{device.band_nm[1]:.0f} nm broadband light: welding shade {shade:.0f} for the room and "
            f"opaque shields for the patient, no laser optical density"
        )
        return round(3 * (shade - 1) / 7, 1), text, ("LAS-IPL-SHADE",)
    beams = [exposure.pulse] if exposure.second is None else [exposure.pulse, exposure.second]
    found = [_one_beam(pulse, exposure.repetition_Hz) for pulse in beams]
    density = float(max(1, math.ceil(max(need for need, _, _ in found))))
    text = "; ".join(words for _, words, _ in found)
    keys = tuple(dict.fromkeys(key for _, _, ids in found for key in ids))
    return density, f"{text}; rounded up to OD {density:.0f}", keys
