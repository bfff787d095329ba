"""How much a concern improves over a course, by the way the light reached its target."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.injury import Injury
from recutis.posterior import Parameters
from recutis.response import risks
from recutis.response.parameters import log_odds, logistic, number, saturating
from recutis.response.types import Care, Draws, Improvement
from recutis.response.wound import Wound, pigment_killed, read_wound
from recutis.skin.types import Lesion
from recutis.twins import Twins
from recutis.units import PERCENT

_DIFFUSE: Final = frozenset({"diffuse_redness", "poikiloderma", "hypertrophic_scar", "surgical_scar"})
_BURN_AS: Final = {"burn_scar": "hypertrophic_scar", "traumatic_scar": "surgical_scar"}
_LEAST: Final = 1e-9  # gains below this share are none
_WORST_PCT: Final = -20.0  # improvement is told from -20 to 100 percent
_DIAMETER_WEIGHTS: Final = (0.15, 0.25, 0.3, 0.2, 0.1)  # triangular law over five diameters from low to high
_BOUND_CARE: Final = Care(anaesthesia="none", antiviral=True, postop_steroid=False, bleaching=False)

SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "dermis": ("OUT-005", "OUT-008", "OUT-037", "OUT-038", "OUT-055", "OUT-043", "response.dermis.open"),
    "pigment": ("OUT-083", "OUT-084", "OUT-089", "OUT-090", "OUT-091", "response.pigment.per_session"),
    "melasma": ("OUT-144", "OUT-146", "OUT-148", "response.melasma.gain"),
    "vessel": ("OUT-100", "OUT-106", "OUT-107", "OUT-115", "OUT-117", "response.vessel.per_session"),
    "gland": ("OUT-132", "OUT-133", "OUT-136", "response.gland.per_session"),
    "none": ("response.untreated.mean",),
}


def _multiplier(kind: str, p: Parameters) -> Draws:
    name = _BURN_AS.get(kind, kind)
    key = f"dermis.kind.{name}"
    return p(key if evidence.has(f"response.{key}") else "dermis.kind.default")


def _reach(depth_um: Draws | float, lesion: Lesion) -> Draws:
    """Reached depth over the lesion's depth range: 0 at its top, 1 at its bottom, more below it."""
    span = max(lesion.bottom_um - lesion.top_um, 1.0)
    return np.asarray(np.maximum((np.asarray(depth_um) - lesion.top_um) / span, 0.0), dtype=np.float64)


def _session_weights(sessions: int, interval_weeks: float) -> Draws:
    """Sessions closer than tissue needs count less; the first counts whole."""
    worth = min(1.0, interval_weeks / number("gain.short_interval")) if interval_weeks > 0 else 0.0
    return 1 + worth * np.arange(sessions, dtype=np.float64)


def dermis_share(wound: Wound, lesion: Lesion, weights: Draws, epidermis_um: Draws) -> Draws:
    """Improvement as a share, shape (sessions, n): remodelling dose saturating over sessions.

    The dose of a session is coverage (saturating) times what its depth is worth, more with open
    columns and most with a full-field wound; heat that kills no dermis and breaks no surface gives
    none. Dead dermis remodels a little beyond itself. Columns are worth nearly their depth at first
    and saturate below the lesion (OUT-029, OUT-030); a full-field wound contracts as a whole, so its
    own part follows the square root of the reached share.
    """
    p = wound.p
    coverage = saturating(wound.coverage, p("dermis.coverage_scale"))
    onset = p("dermis.onset")
    engaged = saturating(np.maximum(wound.depth_um - epidermis_um, 0.0), onset)
    into_dermis = onset * np.logaddexp(0.0, (wound.depth_um - epidermis_um) / onset)
    below = saturating(into_dermis, 2 * onset)
    reached = _reach(wound.depth_um + p("dermis.beyond") * below, lesion)
    by_columns = saturating((reached / p("dermis.reach_scale")) ** p("dermis.reach_power"), 1.0)
    by_field = np.minimum(reached, 1.0) ** p("dermis.field_power")
    columns = (p("dermis.closed") * engaged + p("dermis.open") * wound.presence) * by_columns
    dose = (columns + p("dermis.full") * wound.full * by_field) * coverage * _multiplier(lesion.kind, p)
    ceiling = p("dermis.ceiling") / PERCENT * (1 - p("dermis.difficulty") * lesion.difficulty)
    return np.asarray(ceiling * saturating(weights[:, None] * dose[None, :], 1.0))


def _pigment_reach(depth_um: Draws | float, lesion: Lesion) -> Draws:
    """Share of lesion pigment above a depth; it lies in the whole epidermis, so the surface counts as its top."""
    return np.asarray(np.clip(np.asarray(depth_um) / max(lesion.bottom_um, 1.0), 0.0, 1.0), dtype=np.float64)


def _shed_fraction(wound: Wound, lesion: Lesion) -> Draws:
    """Share of lesion pigment that leaves with ablated or shed columns in one session."""
    p = wound.p
    surface = min(wound.open + wound.killed, 1.0)
    return np.asarray(p("pigment.shed") * surface * _pigment_reach(wound.depth_um, lesion))


def _photothermolysis(injury: Injury, lesion: Lesion, p: Parameters) -> Draws:
    """Share of lesion pigment broken by selective heating in one session."""
    if not injury.selective or injury.pigment_ratio <= 0:
        return np.zeros(())
    hit = float(pigment_killed(injury.pigment_ratio))
    reached = float(_pigment_reach(injury.pigment_depth_um, lesion))
    return p("pigment.per_session") * hit * reached * (1 - lesion.difficulty / 2)


def pigment_share(injury: Injury, wound: Wound, lesion: Lesion, weights: Draws) -> Draws:
    """Improvement as a share: each session clears a fixed part of what is left."""
    p = wound.p
    cleared = 1 - (1 - _photothermolysis(injury, lesion, wound.p)) * (1 - _shed_fraction(wound, lesion))
    kept = np.power(1 - np.minimum(cleared, 1 - _LEAST)[None, :], weights[:, None])
    return np.asarray(p("pigment.ceiling") / PERCENT * (1 - kept))


def melasma_share(injury: Injury, wound: Wound, lesion: Lesion, weights: Draws) -> Draws:
    """Small transient gain: the pigment is made anew by the cells below."""
    p = wound.p
    cleared = 1 - (1 - _photothermolysis(injury, lesion, wound.p)) * (1 - _shed_fraction(wound, lesion))
    dose = p("melasma.dose") * weights[:, None] * cleared[None, :]
    return np.asarray(p("melasma.gain") / PERCENT * saturating(dose, 1.0))


def closure_chance(injury: Injury, lesion: Lesion, p: Parameters) -> Draws:
    """Mean chance that a vessel of the lesion closes, over its diameters and depths.

    The exposure ratio of a vessel is looked up among those computed, weighted by closeness in
    ln(diameter) and depth. 0 without vessel data or where nothing is delivered.
    """
    points = [(d, z, ratio) for d, z, ratio in injury.vessel_ratio if d > 0]
    if not points or lesion.diameter_um is None:
        return np.zeros(())
    low, middle, high = lesion.diameter_um
    diameters = np.array([low, (low + middle) / 2, middle, (middle + high) / 2, high])
    depths = np.linspace(lesion.top_um, lesion.bottom_um, 3)
    at_d, at_z, ratio = (np.array(column, dtype=np.float64) for column in zip(*points, strict=True))
    log_ratio = np.log(np.maximum(ratio, _LEAST))
    span = max(float(np.ptp(at_z)), 1.0)
    far_d = (np.log(diameters)[:, None, None] - np.log(at_d)) ** 2
    far_z = number("vessel.depth_weight") * ((depths[None, :, None] - at_z) / span) ** 2
    closeness = 1 / (far_d + far_z + 1e-3) ** 2  # inverse-distance weights, finite on a point
    looked_up = (closeness * log_ratio).sum(axis=-1) / closeness.sum(axis=-1)
    chance = logistic(p("vessel.slope")[..., None, None] * looked_up).mean(axis=-1)
    return np.asarray(chance @ np.array(_DIAMETER_WEIGHTS))


def _cleared_over(cleared: Draws, ceiling_pct: Draws, weights: Draws, n: int) -> Draws:
    """Share cleared after each session, (sessions, n), where each clears a fixed part of what is left."""
    kept = (1 - np.broadcast_to(cleared, n)) ** weights[:, None]
    return np.asarray(ceiling_pct / PERCENT * (1 - kept))


def vessel_share(injury: Injury, wound: Wound, lesion: Lesion, weights: Draws) -> Draws:
    """Improvement as a share: each session closes a fixed part of the vessels that are left."""
    p = wound.p
    name = "vessel.per_session_diffuse" if lesion.kind in _DIFFUSE else "vessel.per_session"
    cleared = p(name) * closure_chance(injury, lesion, p) * (1 - lesion.difficulty / 2)
    return _cleared_over(cleared, p("vessel.ceiling"), weights, wound.depth_um.size)


def gland_share(injury: Injury, wound: Wound, lesion: Lesion, weights: Draws) -> Draws:
    """Improvement as a share: each session quiets a fixed part of the glands that are left."""
    p = wound.p
    hit = np.zeros(())
    if injury.gland_ratio > 0:
        hit = logistic(p("gland.slope") * math.log(injury.gland_ratio))
    cleared = p("gland.per_session") * hit * (1 - lesion.difficulty / 2)
    return _cleared_over(cleared, p("gland.ceiling"), weights, wound.depth_um.size)


def _either(first: Draws, second: Draws) -> Draws:
    """Two independent ways to the same gain."""
    return np.asarray(1 - (1 - first) * (1 - second))


def _share(injury: Injury, wound: Wound, twins: Twins, lesion: Lesion, weights: Draws) -> tuple[str, Draws]:
    """Mechanism and expected share of improvement, shape (sessions, n).

    Pores shrink with their glands and with the dermis around them; poikiloderma is half vessels,
    half pigment; a raised scar gives way to its vessels and to remodelling.
    """
    n = wound.depth_um.size

    def dermis() -> Draws:
        return dermis_share(wound, lesion, weights, twins.epidermis_um)

    def vessel() -> Draws:
        return vessel_share(injury, wound, lesion, weights)

    def gland() -> Draws:
        return gland_share(injury, wound, lesion, weights)

    def pigment() -> Draws:
        return pigment_share(injury, wound, lesion, weights)

    special: dict[str, tuple[str, Callable[[], Draws]]] = {
        "melasma": ("melasma", lambda: melasma_share(injury, wound, lesion, weights)),
        "poikiloderma": ("vessel", lambda: (vessel() + pigment()) / 2),
        "enlarged_pores": ("dermis", lambda: _either(dermis(), gland())),
    }
    usual: dict[str, tuple[str, Callable[[], Draws]]] = {
        "pigment": ("pigment", pigment),
        "vessel": ("vessel", vessel),
        "gland": ("gland", gland),
        "dermis": ("dermis", lambda: _either(dermis(), vessel())),
        "none": ("none", lambda: np.zeros((weights.size, n))),
    }
    mechanism, share = special.get(lesion.kind) or usual[lesion.target]
    return mechanism, share()


def _individual(share: Draws, twins: Twins, severity: float | None) -> Draws:
    """Spread of persons and studies around the expected share; no gain stays none."""
    p = twins.p
    shift = p("gain.sd_person") * twins.improvement_effect + p("gain.sd_study") * twins.improvement_study
    if severity is not None:
        shift = shift + p("gain.severity") * (severity - 0.5)
    inside = np.clip(share, _LEAST, 1 - _LEAST)
    return np.asarray(np.where(share > _LEAST, logistic(log_odds(inside) + shift), 0.0))


def improve(
    injury: Injury, lesion: Lesion, twins: Twins, *, sessions: int, interval_weeks: float, severity: float | None = None
) -> Improvement:
    """Improvement of one concern after each session of a course with the same injury every time.

    `interval_weeks` between sessions: those below the row `gain.short_interval` add less.
    `severity` runs from 0 (mildest) to 1 (worst); None means unknown.

    Raises OutOfRangeError for fewer than one session, a negative interval or a severity outside 0 to 1.
    """
    p = twins.p
    if sessions < 1 or interval_weeks < 0:
        msg = f"A course needs at least 1 session and no negative interval; got {sessions} sessions, {interval_weeks:g} weeks."
        raise OutOfRangeError(msg)
    if severity is not None and not 0 <= severity <= 1:
        msg = f"Severity must lie from 0 (mildest) to 1 (worst); got {severity:g}."
        raise OutOfRangeError(msg)
    wound = read_wound(injury, twins)
    mechanism, share = _share(injury, wound, twins, lesion, _session_weights(sessions, interval_weeks))
    gain = PERCENT * _individual(share, twins, severity)
    if mechanism == "melasma":
        gain = gain - p("melasma.harm") * (risks.pih(wound, twins, _BOUND_CARE) - number("risk.baseline"))
    known = "dermis" if mechanism == "none" else mechanism
    lost_row = f"{known}.recurrence"
    if mechanism == "pigment":
        lost_row += ".freckles" if lesion.kind == "freckles" else ".default"
    lost = log_odds(np.asarray(p(lost_row) / PERCENT)) - p("gain.recurrence_sd") * twins.improvement_effect / 2
    lost = lost + p("gain.recurrence_sd") * twins.improvement_study
    weeks = p(f"{known}.weeks") / twins.healing_rate
    return Improvement(
        by_session=np.clip(gain, _WORST_PCT, PERCENT),
        time_to_effect_weeks=np.asarray(weeks * np.exp(p("gain.weeks_sd_ln") * twins.improvement_study)),
        recurrence_pct=PERCENT * logistic(lost),
        sources=(*SOURCES[mechanism], f"response.{lost_row}"),
    )


def no_treatment(lesion: Lesion, twins: Twins, months: float = 12) -> Draws:
    """Improvement in percent, shape (n,), with sunscreen alone after these months: near nothing.

    Raises OutOfRangeError for a negative time.
    """
    p = twins.p
    if months < 0:
        msg = f"The time without treatment must not be negative; got {months:g} months."
        raise OutOfRangeError(msg)
    years = months / 12
    name = "untreated.pigment" if lesion.target == "pigment" else "untreated.mean"
    drift = p(name) * min(years, 1.0) + p("untreated.sd") * math.sqrt(years) * (
        twins.improvement_effect + twins.improvement_study
    ) / math.sqrt(2)
    return np.asarray(np.clip(drift, _WORST_PCT, PERCENT))
