"""What is seen and felt day by day, on scales of 0 to 10."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from recutis.response.clocks import Redness
from recutis.response.parameters import log_odds, logistic, number, saturating
from recutis.response.types import SYMPTOM_DAYS, Care
from recutis.response.wound import Wound
from recutis.twins import Twins

Draws = NDArray[np.float64]

_LIDS = ("eyelid", "periorbital")
_DAYS = np.array(SYMPTOM_DAYS, dtype=np.float64)[:, None]


def pain_0_10(wound: Wound, twins: Twins, care: Care) -> Draws:
    """Pain during the session, 0 to 10, shape (n,), after the anaesthesia.

    Nerve endings feel the heated volume (square root of coverage times depth), more so when hot
    walls surround a crater; heated vessels, pigment and glands add theirs. Anaesthesia leaves a
    fixed share.
    """
    p = wound.p
    heat = p("pain.ablative") * wound.ablative * saturating(wound.wall_um, p("pain.wall"))
    index = p("pain.gain") * np.sqrt(wound.load) * (1 + heat)
    index = index + p("pain.selective") * max(wound.vessel, wound.pigment)
    index = index + p("pain.gland") * wound.gland * (1 - wound.presence)
    level = saturating(index * wound.injured, 1.0) * p(f"pain.with.{care.anaesthesia}")
    inside = np.clip(level, 1e-6, 1 - 1e-6)  # keeps the log-odds finite at no pain and worst pain
    spread = p("pain.sd_person") * twins.pain_effect + p("pain.sd_study") * twins.pain_study
    return 10 * logistic(log_odds(inside) + spread)


def swelling(wound: Wound, twins: Twins, area_cm2: float) -> Draws:
    """Swelling by day: peaks on day 1, strongest about the eyes, longer after a large treated area."""
    p = wound.p
    lids = p("swelling.lid_factor") if twins.traits.site in _LIDS else 1.0
    peak = np.minimum(p("swelling.greatest") * saturating(wound.inflammation, p("swelling.scale")) * lids, 10)
    days = (p("swelling.days") + p("swelling.full_days") * wound.full) * np.exp(p("redness.sd_person") / 2 * twins.redness_effect)
    days = days * (1 + p("swelling.area_gain") * saturating(area_cm2, p("swelling.area_scale")))
    rise = np.where(_DAYS < 1, 0.7, 1.0)  # evening of the session: not yet at its worst
    return np.asarray(rise * peak * np.exp(-np.maximum(_DAYS - 1, 0) / days))


def _crust(level: Draws, shed: Draws, width: Draws) -> Draws:
    fall = logistic((shed - _DAYS) / width)
    return np.asarray(level * fall * np.where(_DAYS < 1, 0.5, 1.0))  # on the first evening half dry


def spot_crusting(wound: Wound, shed: Draws) -> Draws:
    """Crusts on pigmented spots in skin that stays closed, until they fall."""
    p = wound.p
    return _crust(
        p("crust.lesion") * wound.pigment_killed * math.exp(-wound.open / number("wound.presence")), shed, p("shed.width")
    )


def crusting(wound: Wound, shed: Draws) -> Draws:
    """Crusts on open columns, open skin or pigmented spots, until they fall."""
    p = wound.p
    open_level = 10 * saturating(math.sqrt(wound.open), p("crust.scale"))
    return np.maximum(_crust(open_level, shed, p("shed.width")), spot_crusting(wound, shed))


def bronzing(wound: Wound, shed: Draws) -> Draws:
    """Brown specks of dead epidermis on their way out."""
    p = wound.p
    level = 10 * saturating(math.sqrt(wound.killed), p("bronze.scale"))
    rise = logistic((_DAYS - p("bronze.start")) / p("shed.width") * 2)
    return np.asarray(level * rise * logistic((shed - _DAYS) / p("shed.width")))


def peeling(wound: Wound, shed: Draws) -> Draws:
    """Flaking in the days before the last dead columns have shed."""
    p = wound.p
    dead = math.sqrt(wound.open + wound.killed)
    level = 10 * saturating(dead, p("bronze.scale")) + 2 * wound.pigment * (1 - min(dead, 1.0))
    return np.asarray(np.minimum(level, 10.0) * np.exp(-0.5 * ((_DAYS - shed) / p("peel.width") + 1) ** 2))


def pain_by_day(wound: Wound, during: Draws, factor: Draws) -> Draws:
    """Pain on day 0 is the session; afterwards the wound's own, fading in days."""
    p = wound.p
    after = p("pain.after") * (wound.full + (1 - wound.full) * saturating(wound.inflammation, 2.0) / 2)
    fade = np.exp(-(_DAYS - 0.5) / (p("pain.after_days") * factor))
    return np.asarray(np.where(_DAYS < 1, during, np.minimum(after * fade, 10)))


def sting_itch(wound: Wound, shed: Draws) -> Draws:
    """Sting in the first days, itch as new skin forms."""
    p = wound.p
    strength = saturating(wound.inflammation, 1.5)
    sting = 5 * strength * np.exp(-_DAYS / p("pain.after_days"))
    dead = float(saturating(wound.open + wound.killed, number("wound.presence")))
    itch = 4 * strength * dead * np.exp(-0.5 * ((_DAYS - 0.8 * shed) / (p("peel.width") * 1.5)) ** 2)
    return np.asarray(np.maximum(sting, itch))


def bruise(wound: Wound, purpura: Draws, twins: Twins) -> Draws:
    """Bruise by day in twins that bruise: a twin bruises when its chance exceeds its own fragility.

    Where only capillaries burst and no larger vessel was heated, little blood leaks and the bruise is faint and brief.
    """
    p = wound.p
    fragility = logistic(1.6 * twins.redness_effect)  # logistic of 1.6 z is close to uniform
    depth = np.clip((purpura - fragility) / p("purpura.onset"), 0.0, 1.0)
    spread = np.exp(p("redness.sd_study") * twins.redness_study)
    leaked = p("purpura.capillary") + (1 - p("purpura.capillary")) * wound.vessel
    fade = np.exp(-((_DAYS / (p("purpura.days") * leaked * spread)) ** 2))
    return np.asarray(p("purpura.level") * leaked * depth * fade)


def redness_by_day(redness: Redness) -> Draws:
    """Redness by day."""
    return redness.at(_DAYS)


def last_day_above(levels: Draws, threshold: Draws | float) -> Draws:
    """Day on which a symptom curve last falls below a threshold, interpolated; 0 where it never rises above."""
    above = levels > threshold
    rows = len(SYMPTOM_DAYS)
    last = rows - 1 - np.argmax(above[::-1], axis=0)
    following = np.minimum(last + 1, rows - 1)
    column = np.arange(levels.shape[1])
    before, after = levels[last, column], levels[following, column]
    share = np.clip((before - threshold) / np.maximum(before - after, 1e-12), 0, 1)
    days = _DAYS[:, 0]
    return np.asarray(np.where(above.any(axis=0), days[last] + share * (days[following] - days[last]), 0.0))
