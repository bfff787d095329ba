"""Ten harms as probabilities per session, each a hazard over the same wound or wounds: shape (n,), or (settings, n) for many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recutis.posterior import Parameters
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
    p = twins.p
    traits = twins.traits
    total = p("pih.tan") * traits.tanned
    total = total + p("pih.previous") * bool(traits.previous_pih)
    total = total + p("pih.melasma") * traits.melasma
    total = total + p("pih.outdoor") * bool(traits.outdoor_work)
    total = total + p("pih.no_sunscreen") * (not care.sunscreen)
    return np.asarray(total + p("pih.sd_person") * twins.pigment_effect + p("pih.sd_study") * twins.pigment_study)


def pih(wound: Wound, twins: Twins, care: Care) -> Draws:
    """Post-inflammatory hyperpigmentation: transient darkening, a logit in phototype, coverage and ln(depth).

    Selective light counts a part of the phototype, for the exposure of the epidermis carries the rest.
    Steroid and bleaching, tried after ablation, are credited less where the epidermis stays in place.
    """
    p = wound.p
    person = _person_log_odds(twins, care)
    phototype = p(f"pih.phototype.{twins.traits.phototype}")
    guard = p("pih.steroid") * care.postop_steroid + p("pih.bleaching") * care.bleaching
    closed = p("pih.care_closed") * guard
    guarded = wound.presence * guard + (1 - wound.presence) * closed
    scale = p("pih.coverage_scale")
    reference = p("pih.reference_coverage")
    crowd = p("pih.coverage_gain") * (saturating(wound.coverage, scale) - saturating(reference, scale))
    depth = p("pih.per_ln_depth") * np.log(np.maximum(wound.depth_um, 1.0) / p("pih.reference_depth"))
    surface = p("pih.open") + p("pih.closed") * (1 - wound.presence)
    by_wound = saturating(wound.coverage, number("risk.presence")) * logistic(
        surface + crowd + depth + phototype + guarded + person
    )
    hot = np.log(np.maximum(wound.epidermis_ratio, 1e-3))
    heated = np.maximum(wound.vessel, wound.pigment)
    light = p("pih.selective") + p("pih.selective_slope") * hot + p("pih.short_pulse") * wound.short_pulse
    by_light = heated * logistic(light + p("pih.selective_phototype") * phototype + closed, person)
    return _kept(_joined(by_wound, by_light))


def pih_duration_weeks(wound: Wound, twins: Twins) -> Draws:
    """Weeks until PIH fades in those who get it."""
    p = wound.p
    closed, column, full = (p(f"pih.weeks_{name}") for name in ("closed", "column", "full"))
    middle = (1 - wound.presence) * closed + wound.presence * ((1 - wound.full) * column + wound.full * full)
    return np.asarray(middle * np.exp(p("pih.weeks_sd_ln") * twins.pigment_effect))


def hypopigmentation(wound: Wound, twins: Twins) -> Draws:
    """Delayed, permanent lightening: follows the depth of heat under a full-field wound."""
    p = wound.p
    heat = np.log(np.maximum(wound.heat_um, 1.0) / p("hypo.reference_heat"))
    odds = p("hypo.full") + p("hypo.per_ln_heat") * heat + p("hypo.columns") * (1 - wound.full)
    odds = odds + p("hypo.closed") * (1 - wound.presence)
    odds = odds + p("hypo.per_ln_coverage") * np.log(np.maximum(wound.coverage, 1e-6))
    odds = odds + p("hypo.off_face") * (twins.traits.site in OFF_FACE)
    odds = odds + p("scar.sd_person") * twins.scar_effect + p("scar.sd_study") * twins.scar_study
    by_wound = saturating(wound.coverage, number("risk.presence")) * logistic(odds)
    hot = np.log(np.maximum(wound.epidermis_ratio, 1e-3))
    light = p("hypo.selective") + p("pih.selective_slope") * hot
    light = light + p("hypo.phototype") * _darker_steps(twins)
    by_light = np.maximum(wound.vessel, wound.pigment) * logistic(light, p("scar.sd_study") * twins.scar_study)
    return _kept(_joined(by_wound, by_light))


def bacterial_infection(wound: Wound, twins: Twins, raw_days: Draws) -> Draws:
    """Infection per day of open or burnt surface; antibiotics by mouth were shown not to help.

    An erosion that leaves the basal layer alive counts less.
    """
    p = wound.p
    by_state = p("infection.immunosuppressed") if twins.traits.immunosuppressed else 1.0
    by_sugar = p("infection.diabetes") if twins.traits.diabetes else 1.0
    closed = p("infection.closed") * saturating(wound.killed, number("wound.presence"))
    through = 1 - (1 - p("infection.erosion")) * wound.erosion
    hazard = p("infection.per_day") * raw_days * through + closed
    spread = np.exp(p("infection.sd_study") * twins.infection_study)
    return _kept(saturating(hazard * (by_state * by_sugar * spread), 1.0))


def herpes(wound: Wound, twins: Twins, care: Care) -> Draws:
    """Cold sores woken by the wound; history raises, prophylaxis lowers."""
    p = wound.p
    traits = twins.traits
    odds = p("herpes.closed") + p("herpes.open") * wound.presence + p("herpes.full") * wound.full
    odds = odds + p("herpes.history") * traits.herpes_history + p("herpes.antiviral") * care.antiviral
    odds = odds + p("herpes.immunosuppressed") * traits.immunosuppressed
    odds = odds + p("herpes.away") * (traits.site in _AWAY_FROM_MOUTH) + p("herpes.off_face") * (traits.site in OFF_FACE)
    spread = p("infection.sd_study") * twins.infection_study
    return _kept(wound.injured * logistic(odds, spread))


def _site_log_odds(site: str, p: Parameters) -> Draws:
    if site == "neck":
        return np.zeros(())
    return p(f"scar.{site}") if site in OFF_FACE or site == "eyelid" else p("scar.face")


def scarring(wound: Wound, twins: Twins, bulk_rise_C: Draws | float) -> Draws:
    """Hypertrophic or textural scars: steep in coverage times depth, far worse off the face."""
    p = wound.p
    traits = twins.traits
    odds = p("scar.base") + p("scar.per_ln_load") * np.log(wound.load) + p("scar.full") * np.maximum(wound.full, wound.burnt)
    odds = odds + _site_log_odds(traits.site, p) + p("scar.keloid") * traits.keloid
    odds = odds + p("scar.closed") * (1 - np.maximum(wound.presence, wound.burnt))
    odds = odds + p("scar.radiotherapy") * traits.radiotherapy + p("scar.phototype") * _darker_steps(twins)
    odds = odds + p("scar.overheat") * np.maximum(bulk_rise_C - p("scar.overheat_limit"), 0.0)
    odds = odds + p("scar.sd_person") * twins.scar_effect + p("scar.sd_study") * twins.scar_study
    return _kept(saturating(wound.coverage, number("risk.presence")) * logistic(odds))


def ectropion(wound: Wound, twins: Twins) -> Draws:
    """Lower lid pulled outwards by contraction: only at or beside the lid."""
    p = wound.p
    if twins.traits.site not in _BY_THE_LID:
        return _kept(np.zeros(twins.n))
    odds = p("ectropion.full") + p("ectropion.columns") * (1 - wound.full)
    spread = p("scar.sd_person") * twins.scar_effect + p("scar.sd_study") * twins.scar_study
    return _kept(wound.presence * logistic(odds + p("ectropion.per_ln_load") * np.log(wound.load) + spread))


def acneiform(wound: Wound, twins: Twins) -> Draws:
    """Milia and acne-like flares under occlusion and over injured glands."""
    p = wound.p
    odds = p("acneiform.closed") + p("acneiform.open") * wound.presence
    odds = odds + p("acneiform.full") * wound.full + p("acneiform.acne") * _ACNE_STEPS.get(twins.traits.acne, 0)
    spread = p("risk.sd_study") * twins.infection_study
    return _kept(wound.injured * logistic(odds, spread))


def prolonged_erythema(wound: Wound, redness: Redness) -> Draws:
    """Redness a clinician would still record on the day it counts as prolonged."""
    p = wound.p
    level = redness.at(p("redness.prolonged_day"))
    odds = (level - p("redness.noted")) / p("redness.prolonged_width")
    return _kept(wound.injured * logistic(odds))


def blister(wound: Wound, twins: Twins, bulk_rise_C: Draws | float) -> Draws:
    """Blisters where the epidermis stays but was overheated."""
    p = wound.p
    spread = p("risk.sd_study") * twins.scar_study
    hot = np.log(np.maximum(wound.epidermis_ratio, 1e-3))
    heated = np.maximum(wound.vessel, wound.pigment)
    spared = p("blister.short_pulse") * wound.short_pulse
    by_light = heated * logistic(number("blister.selective") + spared + number("blister.slope") * hot, spread)
    odds = p("blister.killed") + p("blister.per_C") * np.maximum(bulk_rise_C - p("scar.overheat_limit"), 0.0)
    by_heat = saturating(wound.killed, number("wound.presence")) * logistic(odds, spread)
    return _kept(_joined(by_light, by_heat))


def purpura(rupture_ratio: Draws | float, twins: Twins) -> Draws:
    """Bruise by ruptured small vessels."""
    p = twins.p
    spread = p("risk.sd_study") * twins.redness_study
    ratio = np.maximum(rupture_ratio, _LEAST_RATIO)
    chance = logistic(p("purpura.slope") * np.log(ratio / p("purpura.half_ratio")), spread)
    return _kept(chance * (np.asarray(rupture_ratio) >= _LEAST_RATIO))
