"""What is seen and felt day by day after one session, on scales of 0 to 10; pain of the session for many injuries too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recutis.response.clocks import Redness
from recutis.response.parameters import number, saturating, shifted
from recutis.response.signs import Bronzing, Bruise, Crusts, Swelling, bruise_of
from recutis.response.types import SYMPTOM_DAYS, Care
from recutis.response.wound import Wound
from recutis.twins import Twins

Draws = NDArray[np.float64]

_DAYS = np.array(SYMPTOM_DAYS, dtype=np.float64)[:, None]


def pain_0_10(wound: Wound, twins: Twins, care: Care) -> Draws:
    """Pain during the session, 0 to 10, shape (n,), after the anaesthesia.

    Nerve endings feel the heated volume (square root of coverage times depth), more so when hot
    walls surround a crater; heated vessels, pigment and glands add theirs. Anaesthesia leaves a
    fixed share.
    """
    p = wound.p
    heat = p("pain.ablative") * wound.ablative * saturating(wound.wall_um, p("pain.wall"))
    targets = p("pain.selective") * np.maximum(wound.vessel, wound.pigment) + p("pain.gland") * wound.gland * (1 - wound.presence)
    index = p("pain.gain") * (1 + heat) * np.sqrt(wound.load) + targets
    level = saturating(index * wound.injured, 1.0) * p(f"pain.with.{care.anaesthesia}")
    inside = np.clip(level, 1e-6, 1 - 1e-6)  # keeps the log-odds finite at no pain and worst pain
    spread = p("pain.sd_person") * twins.pain_effect + p("pain.sd_study") * twins.pain_study
    return 10 * shifted(inside, spread)


def peeling(wound: Wound, shed: Draws) -> Draws:
    """Flaking in the days before the last dead columns have shed."""
    p = wound.p
    dead = np.sqrt(wound.open + wound.killed)
    level = 10 * saturating(dead, p("bronze.scale")) + 2 * wound.pigment * (1 - np.minimum(dead, 1.0))
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
    dead = saturating(wound.open + wound.killed, number("wound.presence"))
    itch = 4 * strength * dead * np.exp(-0.5 * ((_DAYS - 0.8 * shed) / (p("peel.width") * 1.5)) ** 2)
    return np.asarray(np.maximum(sting, itch))


def bruise(wound: Wound, purpura: Draws, twins: Twins) -> Draws:
    """Bruise by day in twins that bruise."""
    return by_day(bruise_of(wound, purpura, twins))


def by_day(course: Redness | Swelling | Crusts | Bronzing | Bruise) -> Draws:
    """A course of one wound by day, shape (days, n)."""
    return course.at(_DAYS)


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
