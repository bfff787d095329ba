"""Ten harms as probabilities per session, each a hazard over the same wound."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from recutis.response.clocks import Redness
from recutis.response.parameters import logistic, number, saturating
from recutis.response.types import Care
from recutis.response.wound import Wound
from recutis.sites import OFF_FACE, PHOTOTYPES
from recutis.twins import Twins

Draws = NDArray[np.float64]

_LEAST = 1e-6  # probabilities stay this far inside 0 and 1
_LEAST_RATIO = 1e-6  # below this no exposure to speak of reaches a vessel; keeps logarithms finite
_ACNE_STEPS = {"none": 0, "mild": 1, "moderate": 2, "severe": 3}
_BY_THE_LID = ("eyelid", "periorbital", "full_face")
_AWAY_FROM_MOUTH = ("forehead", "temple", "nose", "periorbital", "eyelid")


def _joined(*chances: Draws) -> Draws:
    """Probability that at least one of several independent causes strikes."""
    miss = np.ones_like(chances[0])
    for chance in chances:
        miss = miss * (1 - chance)
    return np.asarray(1 - miss)


def _kept(chance: Draws) -> Draws:
    """The chance above the baseline, strictly inside (0, 1)."""
    base = number("risk.baseline")
    return np.asarray(np.clip(base + (1 - base) * chance, _LEAST, 1 - _LEAST))


def _darker_steps(twins: Twins) -> int:
    return max(PHOTOTYPES.index(twins.traits.phototype) - PHOTOTYPES.index("III"), 0)


def _person_log_odds(twins: Twins, care: Care) -> Draws:
    """Log-odds of PIH that the person brings besides the phototype, and going without sunscreen."""
    traits = twins.traits
    total = 0.0
    total += number("pih.tan") * traits.tanned
    total += number("pih.previous") * bool(traits.previous_pih)
    total += number("pih.melasma") * traits.melasma
    total += number("pih.outdoor") * bool(traits.outdoor_work)
    total += number("pih.no_sunscreen") * (not care.sunscreen)
    return np.asarray(total + number("pih.sd_person") * twins.pigment_effect + number("pih.sd_study") * twins.pigment_study)


def pih(wound: Wound, twins: Twins, care: Care) -> Draws:
    """Post-inflammatory hyperpigmentation: transient darkening, a logit in phototype, coverage and ln(depth).

    Selective light counts a part of the phototype, for the exposure of the epidermis carries the rest.
    Steroid and bleaching, tried after ablation, are credited less where the epidermis stays in place.
    """
    person = _person_log_odds(twins, care)
    phototype = number(f"pih.phototype.{twins.traits.phototype}")
    guard = number("pih.steroid") * care.postop_steroid + number("pih.bleaching") * care.bleaching
    closed = number("pih.care_closed") * guard
    guarded = wound.presence * guard + (1 - wound.presence) * closed
    scale = number("pih.coverage_scale")
    reference = number("pih.reference_coverage")
    crowd = number("pih.coverage_gain") * float(saturating(wound.coverage, scale) - saturating(reference, scale))
    depth = number("pih.per_ln_depth") * np.log(np.maximum(wound.depth_um, 1.0) / number("pih.reference_depth"))
    surface = number("pih.open") + number("pih.closed") * (1 - wound.presence)
    by_wound = float(saturating(wound.coverage, number("risk.presence"))) * logistic(
        surface + crowd + depth + phototype + guarded + person
    )
    hot = math.log(max(wound.epidermis_ratio, 1e-3))
    heated = max(wound.vessel, wound.pigment)
    light = number("pih.selective") + number("pih.selective_slope") * hot + number("pih.short_pulse") * wound.short_pulse
    by_light = heated * logistic(light + number("pih.selective_phototype") * phototype + closed + person)
    return _kept(_joined(by_wound, by_light))


def pih_duration_weeks(wound: Wound, twins: Twins) -> Draws:
    """Weeks until PIH fades in those who get it."""
    closed, column, full = (number(f"pih.weeks_{name}") for name in ("closed", "column", "full"))
    middle = (1 - wound.presence) * closed + wound.presence * ((1 - wound.full) * column + wound.full * full)
    return np.asarray(middle * np.exp(number("pih.weeks_sd_ln") * twins.pigment_effect))


def hypopigmentation(wound: Wound, twins: Twins) -> Draws:
    """Delayed, permanent lightening: follows the depth of heat under a full-field wound."""
    heat = np.log(np.maximum(wound.heat_um, 1.0) / number("hypo.reference_heat"))
    odds = number("hypo.full") + number("hypo.per_ln_heat") * heat + number("hypo.columns") * (1 - wound.full)
    odds = odds + number("hypo.closed") * (1 - wound.presence)
    odds = odds + number("hypo.per_ln_coverage") * math.log(max(wound.coverage, 1e-6))
    odds = odds + number("hypo.off_face") * (twins.traits.site in OFF_FACE)
    odds = odds + number("scar.sd_person") * twins.scar_effect + number("scar.sd_study") * twins.scar_study
    by_wound = float(saturating(wound.coverage, number("risk.presence"))) * logistic(odds)
    hot = math.log(max(wound.epidermis_ratio, 1e-3))
    light = number("hypo.selective") + number("pih.selective_slope") * hot
    light += number("hypo.phototype") * _darker_steps(twins)
    by_light = max(wound.vessel, wound.pigment) * logistic(light + number("scar.sd_study") * twins.scar_study)
    return _kept(_joined(by_wound, by_light))


def bacterial_infection(wound: Wound, twins: Twins, raw_days: Draws) -> Draws:
    """Infection per day of open or burnt surface; antibiotics by mouth were shown not to help.

    An erosion that leaves the basal layer alive counts less.
    """
    factor = number("infection.immunosuppressed") if twins.traits.immunosuppressed else 1.0
    factor *= number("infection.diabetes") if twins.traits.diabetes else 1.0
    closed = number("infection.closed") * float(saturating(wound.killed, number("wound.presence")))
    through = 1 - (1 - number("infection.erosion")) * wound.erosion
    hazard = number("infection.per_day") * raw_days * through + closed
    spread = np.exp(number("infection.sd_study") * twins.infection_study)
    return _kept(saturating(hazard * factor * spread, 1.0))


def herpes(wound: Wound, twins: Twins, care: Care) -> Draws:
    """Cold sores woken by the wound; history raises, prophylaxis lowers."""
    traits = twins.traits
    odds = number("herpes.closed") + number("herpes.open") * wound.presence + number("herpes.full") * wound.full
    odds += number("herpes.history") * traits.herpes_history + number("herpes.antiviral") * care.antiviral
    odds += number("herpes.immunosuppressed") * traits.immunosuppressed
    odds += number("herpes.away") * (traits.site in _AWAY_FROM_MOUTH) + number("herpes.off_face") * (traits.site in OFF_FACE)
    spread = number("infection.sd_study") * twins.infection_study
    return _kept(wound.injured * logistic(odds + spread))


def _site_log_odds(site: str) -> float:
    if site == "neck":
        return 0.0
    return number(f"scar.{site}") if site in OFF_FACE or site == "eyelid" else number("scar.face")


def scarring(wound: Wound, twins: Twins, bulk_rise_C: float) -> Draws:
    """Hypertrophic or textural scars: steep in coverage times depth, far worse off the face."""
    traits = twins.traits
    odds = (
        number("scar.base") + number("scar.per_ln_load") * np.log(wound.load) + number("scar.full") * max(wound.full, wound.burnt)
    )
    odds = odds + _site_log_odds(traits.site) + number("scar.keloid") * traits.keloid
    odds = odds + number("scar.closed") * (1 - max(wound.presence, wound.burnt))
    odds = odds + number("scar.radiotherapy") * traits.radiotherapy + number("scar.phototype") * _darker_steps(twins)
    odds = odds + number("scar.overheat") * max(bulk_rise_C - number("scar.overheat_limit"), 0.0)
    odds = odds + number("scar.sd_person") * twins.scar_effect + number("scar.sd_study") * twins.scar_study
    return _kept(float(saturating(wound.coverage, number("risk.presence"))) * logistic(odds))


def ectropion(wound: Wound, twins: Twins) -> Draws:
    """Lower lid pulled outwards by contraction: only at or beside the lid."""
    if twins.traits.site not in _BY_THE_LID:
        return _kept(np.zeros(twins.n))
    odds = number("ectropion.full") + number("ectropion.columns") * (1 - wound.full)
    spread = number("scar.sd_person") * twins.scar_effect + number("scar.sd_study") * twins.scar_study
    return _kept(wound.presence * logistic(odds + number("ectropion.per_ln_load") * np.log(wound.load) + spread))


def acneiform(wound: Wound, twins: Twins) -> Draws:
    """Milia and acne-like flares under occlusion and over injured glands."""
    odds = number("acneiform.closed") + number("acneiform.open") * wound.presence
    odds += number("acneiform.full") * wound.full + number("acneiform.acne") * _ACNE_STEPS.get(twins.traits.acne, 0)
    spread = number("risk.sd_study") * twins.infection_study
    return _kept(wound.injured * logistic(odds + spread))


def prolonged_erythema(wound: Wound, redness: Redness) -> Draws:
    """Redness a clinician would still record on the day it counts as prolonged."""
    level = redness.at(number("redness.prolonged_day"))
    odds = (level - number("redness.noted")) / number("redness.prolonged_width")
    return _kept(wound.injured * logistic(odds))


def blister(wound: Wound, twins: Twins, bulk_rise_C: float) -> Draws:
    """Blisters where the epidermis stays but was overheated."""
    spread = number("risk.sd_study") * twins.scar_study
    hot = math.log(max(wound.epidermis_ratio, 1e-3))
    heated = max(wound.vessel, wound.pigment)
    spared = number("blister.short_pulse") * wound.short_pulse
    by_light = heated * logistic(number("blister.selective") + spared + number("blister.slope") * hot + spread)
    odds = number("blister.killed") + number("blister.per_C") * max(bulk_rise_C - number("scar.overheat_limit"), 0.0)
    by_heat = float(saturating(wound.killed, number("wound.presence"))) * logistic(odds + spread)
    return _kept(_joined(by_light, by_heat))


def purpura(rupture_ratio: float, twins: Twins) -> Draws:
    """Bruise by ruptured small vessels."""
    if rupture_ratio < _LEAST_RATIO:
        return _kept(np.zeros(twins.n))
    spread = number("risk.sd_study") * twins.redness_study
    return _kept(logistic(number("purpura.slope") * math.log(rupture_ratio / number("purpura.half_ratio")) + spread))
