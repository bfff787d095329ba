"""How much a concern improves over a course, by the way the light reached its target."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.injury import Injury
from recutis.posterior import Parameters
from recutis.response import risks
from recutis.response.chunks import in_chunks
from recutis.response.parameters import log_odds, logistic, number, saturating, shifted
from recutis.response.stack import Stack, VesselMap
from recutis.response.types import Care, Draws, Improvement, ManyImprovements
from recutis.response.wound import Wound, pigment_killed, read_wound, read_wounds
from recutis.skin.types import Lesion
from recutis.twins import Twins
from recutis.units import MONTHS_PER_YEAR, PERCENT

_BY_LIGHT: Final = frozenset({"fine_lines", "texture", "enlarged_pores"})
_DIFFUSE: Final = frozenset({"diffuse_redness", "poikiloderma", "hypertrophic_scar", "surgical_scar"})
_PIGMENTED: Final = frozenset({"age_spots", "freckles", "melasma"})
_CLEARED: Final = frozenset({"pigment", "vessel", "gland"})
_MECHANISM: Final = {
    "melasma": "melasma",
    "enlarged_pores": "dermis",
    "texture": "dermis",
    "poikiloderma": "vessel",
}  # else the target
_BURN_AS: Final = {"burn_scar": "hypertrophic_scar", "traumatic_scar": "surgical_scar"}
_LEAST: Final = 1e-9  # gains below this share are none
_WORST_PCT: Final = -20.0  # improvement is told from -20 to 100 percent
_DIAMETER_WEIGHTS: Final = (0.15, 0.25, 0.3, 0.2, 0.1)  # triangular law over five diameters from low to high
_DEPTHS: Final = 3  # depths of a lesion at which its vessels are looked up
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


def _by_session(amount: Draws, weights: Draws) -> Draws:
    """An amount of one session, of shape (), (n,) or (settings, n), times the weights of sessions, (sessions, n or 1)."""
    return np.asarray(weights * np.atleast_1d(amount)[..., None, :])


def _over_sessions(cleared: Draws, weights: Draws) -> Draws:
    """Share cleared after each session, (sessions, n), or (settings, sessions, n), where each clears a fixed part of what is left."""
    return np.asarray(-np.expm1(_by_session(np.log1p(-np.minimum(cleared, 1 - _LEAST)), weights)))


def _session_weights(sessions: int, interval_weeks: float, p: Parameters) -> Draws:
    """What so many sessions weigh against one, shape (sessions, n or 1): the first counts whole.

    Sessions closer than tissue needs count less; and each adds less than the one before, for what answers best has gone:
    their count saturates over `gain.session_scale` sessions.
    """
    worth = min(1.0, interval_weeks / number("gain.short_interval")) if interval_weeks > 0 else 0.0
    counted = 1 + worth * np.arange(sessions, dtype=np.float64)
    scale = np.atleast_1d(p("gain.session_scale"))
    return np.asarray(saturating(counted[:, None], scale) / saturating(1.0, scale))


def dermis_share(wound: Wound, lesion: Lesion, weights: Draws, epidermis_um: Draws) -> Draws:
    """Improvement as a share, shape (sessions, n), or (settings, sessions, n): remodelling dose saturating over sessions.

    The dose of a session is coverage (saturating) times what its depth is worth, more with open
    columns and most with a full-field wound. Dead dermis remodels a little beyond itself. Columns are worth nearly their depth at first
    and saturate below the lesion (OUT-029, OUT-030); a full-field wound contracts as a whole, so its
    own part follows the square root of the reached share. Lines, pores and texture gain a little
    where light heats vessels and no dermis dies; scars of acne do not.
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
    dose = (columns + p("dermis.full") * wound.full * by_field) * coverage
    if lesion.kind in _BY_LIGHT:
        dose = dose + p("dermis.by_light") * wound.vessel
    dose = dose * _multiplier(lesion.kind, p)
    ceiling = p("dermis.ceiling") / PERCENT * (1 - p("dermis.difficulty") * lesion.difficulty)
    return np.asarray(ceiling * saturating(_by_session(dose, weights), 1.0))


def _pigment_reach(depth_um: Draws | float, lesion: Lesion) -> Draws:
    """Share of lesion pigment above a depth; it lies in the whole epidermis, so the surface counts as its top."""
    return np.asarray(np.clip(np.asarray(depth_um) / max(lesion.bottom_um, 1.0), 0.0, 1.0), dtype=np.float64)


def _shed_fraction(wound: Wound, lesion: Lesion) -> Draws:
    """Share of lesion pigment that leaves with ablated or shed columns in one session."""
    p = wound.p
    surface = np.minimum(wound.open + wound.killed, 1.0)
    return np.asarray(p("pigment.shed") * surface * _pigment_reach(wound.depth_um, lesion))


def _photothermolysis(injury: Stack, lesion: Lesion, p: Parameters) -> Draws:
    """Share of lesion pigment broken by selective heating in one session.

    Pulses of milliseconds heat pigment with the cells around it and clear less at once than those that burst melanosomes.
    """
    hit = np.where(injury.selective & (injury.pigment_ratio > 0), pigment_killed(injury.pigment_ratio), 0.0)
    reached = _pigment_reach(injury.pigment_depth_um, lesion)
    pulse = np.where(injury.duration_ms < number("short_pulse_ms"), 1.0, p("pigment.long_pulse"))
    return p("pigment.per_session") * pulse * hit * reached * (1 - lesion.difficulty / 2)


def pigment_share(wound: Wound, lesion: Lesion, weights: Draws) -> Draws:
    """Improvement as a share: each session clears a fixed part of what is left."""
    p = wound.p
    cleared = _either(_photothermolysis(wound.injury, lesion, p), _shed_fraction(wound, lesion))
    return np.asarray(p("pigment.ceiling") / PERCENT * _over_sessions(cleared, weights))


def tone_share(wound: Wound, weights: Draws) -> Draws:
    """What graders of sun-worn skin see of its colour: brown and red fade where light heats pigment and vessels."""
    p = wound.p
    cleared = p("texture.tone") * _either(wound.vessel, wound.pigment)
    return np.asarray(p("pigment.ceiling") / PERCENT * _over_sessions(cleared, weights))


def melasma_share(wound: Wound, lesion: Lesion, weights: Draws) -> Draws:
    """Transient gain: the pigment is made anew by the cells below; pulses too weak to kill cells still break pigment in them."""
    p = wound.p
    broken = _either(_photothermolysis(wound.injury, lesion, p), p("melasma.toning") * wound.pigment)
    cleared = _either(broken, _shed_fraction(wound, lesion))
    return np.asarray(p("melasma.gain") / PERCENT * saturating(_by_session(p("melasma.dose") * cleared, weights), 1.0))


@lru_cache(maxsize=64)
def _closeness(
    points: tuple[tuple[float, float], ...], diameter_um: tuple[float, float, float], top_um: float, bottom_um: float
) -> Draws:
    """Weights of computed vessels (diameter, depth) at five diameters and three depths of a lesion, shape (15, points), summing to 1."""
    low, middle, high = diameter_um
    diameters = np.array([low, (low + middle) / 2, middle, (middle + high) / 2, high])
    depths = np.linspace(top_um, bottom_um, _DEPTHS)
    at_d, at_z = np.array(points, dtype=np.float64).T
    span = max(float(np.ptp(at_z)), 1.0)
    far_d = (np.log(diameters)[:, None, None] - np.log(at_d)) ** 2
    far_z = number("vessel.depth_weight") * ((depths[None, :, None] - at_z) / span) ** 2
    closeness = 1 / (far_d + far_z + 1e-3) ** 2  # inverse-distance weights, finite on a point
    return np.asarray((closeness / closeness.sum(axis=-1, keepdims=True)).reshape(-1, at_d.size))


def _log_ratios(vessels: VesselMap, lesion: Lesion) -> Draws:
    """Logarithm of the exposure ratio at the diameters and depths of a lesion, shape (15,); minus infinity without vessel data."""
    points = [(d, z, ratio) for d, z, ratio in vessels if d > 0]
    if not points or lesion.diameter_um is None:
        return np.full(len(_DIAMETER_WEIGHTS) * _DEPTHS, -np.inf)
    where = tuple((d, z) for d, z, _ in points)
    log_ratio = np.log(np.maximum([ratio for _, _, ratio in points], _LEAST))
    return np.asarray(_closeness(where, lesion.diameter_um, lesion.top_um, lesion.bottom_um) @ log_ratio)


def closure_chance(injury: Stack, lesion: Lesion, p: Parameters) -> Draws:
    """Mean chance that a vessel of the lesion closes, over its diameters and depths: shape () or (n,), or (settings, 1 or n).

    The exposure ratio of a vessel is looked up among those computed, weighted by closeness in
    ln(diameter) and depth. 0 without vessel data or where nothing is delivered.
    """
    if lesion.diameter_um is None or not any(injury.vessels):
        return np.zeros(injury.selective.shape)
    looked_up = np.array([_log_ratios(vessels, lesion) for vessels in injury.vessels])
    known = np.isfinite(looked_up[:, :1])
    slopes, twin = np.unique(p("vessel.slope"), return_inverse=True)  # few: one a block of twins
    chances = logistic(slopes[:, None] * np.where(known, looked_up, 0.0)[:, None, :])
    mean = chances @ np.repeat(_DIAMETER_WEIGHTS, _DEPTHS) / _DEPTHS * known
    found = mean[:, twin.ravel()]
    return np.asarray(found if injury.selective.ndim else found[0])


def vessel_share(wound: Wound, lesion: Lesion, weights: Draws) -> Draws:
    """Improvement as a share: each session closes a fixed part of the vessels that are left."""
    p = wound.p
    name = "vessel.per_session_diffuse" if lesion.kind in _DIFFUSE else "vessel.per_session"
    cleared = p(name) * closure_chance(wound.injury, lesion, p) * (1 - lesion.difficulty / 2)
    return np.asarray(p("vessel.ceiling") / PERCENT * _over_sessions(cleared, weights))


def gland_share(wound: Wound, lesion: Lesion, weights: Draws) -> Draws:
    """Improvement as a share: each session quiets a fixed part of the inflamed glands that are left.

    Heat reaches the gland itself; light taken up by the vessels around it calms its inflammation.
    """
    p = wound.p
    ratio = wound.injury.gland_ratio
    hit = logistic(p("gland.slope") * np.log(np.where(ratio > 0, ratio, 1.0))) * (ratio > 0)
    calmed = _either(p("gland.per_session") * hit, p("gland.by_light") * wound.vessel)
    cleared = calmed * (1 - lesion.difficulty / 2)
    return np.asarray(p("gland.ceiling") / PERCENT * _over_sessions(cleared, weights))


def _either(first: Draws, second: Draws) -> Draws:
    """Two independent ways to the same gain."""
    return np.asarray(1 - (1 - first) * (1 - second))


def mechanism_of(lesion: Lesion) -> str:
    """By what a lesion improves in the main: the key of its sources."""
    return _MECHANISM.get(lesion.kind, lesion.target)


def _share(wound: Wound, twins: Twins, lesion: Lesion, weights: Draws) -> Draws:
    """Expected share of improvement, shape (sessions, n or 1), or (settings, sessions, n or 1).

    Pores shrink with their glands and with the dermis around them; poikiloderma is half vessels,
    half pigment; a raised scar gives way to its vessels and to remodelling; sun-worn skin is graded by its relief and by
    its colour.
    """

    def dermis() -> Draws:
        return dermis_share(wound, lesion, weights, twins.epidermis_um)

    def vessel() -> Draws:
        return vessel_share(wound, lesion, weights)

    def gland() -> Draws:
        return gland_share(wound, lesion, weights)

    def pigment() -> Draws:
        return pigment_share(wound, lesion, weights)

    special: dict[str, Callable[[], Draws]] = {
        "melasma": lambda: melasma_share(wound, lesion, weights),
        "poikiloderma": lambda: (vessel() + pigment()) / 2,
        "enlarged_pores": lambda: _either(dermis(), gland()),
        "texture": lambda: _either(dermis(), tone_share(wound, weights)),
    }
    usual: dict[str, Callable[[], Draws]] = {
        "pigment": pigment,
        "vessel": vessel,
        "gland": gland,
        "dermis": lambda: _either(dermis(), vessel()),
        "none": lambda: np.zeros((*wound.coverage.shape[:-1], weights.shape[0], 1)),
    }
    return (special.get(lesion.kind) or usual[lesion.target])()


def part_kept(lesion: Lesion, p: Parameters) -> Draws:
    """Part of a difference between lasers that is left in what is seen: of lesions that clear, and of relief and colour graded by eye."""
    return p("gain.kept.cleared" if mechanism_of(lesion) in _CLEARED else "gain.kept.graded")


def _drawn(first: Draws, kept: Draws, p: Parameters) -> Draws:
    """Shift in log-odds towards the usual gain, of a laser whose first session clears these shares.

    Lasers differ less in what is seen than in what they do to the target, between studies and side by side on one face: near the
    usual gain (row `gain.usual`) the part kept of a difference is left. The shift never exceeds `gain.most_drawn`: what
    hardly hurts the target does hardly anything.
    """
    away = log_odds(np.asarray(p("gain.usual") / PERCENT)) - log_odds(np.clip(first, _LEAST, 1 - _LEAST))
    most = p("gain.most_drawn")
    return np.asarray(most * np.tanh((1 - kept) * away / most))


def _individual(share: Draws, twins: Twins, lesion: Lesion, severity: float | None) -> Draws:
    """Gain of each person around the expected share after each session, drawn to the usual; no gain stays none.

    All sessions are drawn as the first is: what more of them add stays whole, and more of anything never gives less.
    """
    p = twins.p
    shift = p("gain.sd_person") * twins.improvement_effect + p("gain.sd_study") * twins.improvement_study
    if severity is not None:
        shift = shift + p("gain.severity") * (severity - 0.5)
    drawn = _drawn(share[..., :1, :], part_kept(lesion, p), p)
    some = share > _LEAST
    return shifted(np.minimum(share, 1 - _LEAST), drawn + shift) * some


def _check(sessions: int, interval_weeks: float, severity: float | None) -> None:
    if sessions < 1 or interval_weeks < 0:
        msg = f"A course needs at least 1 session and no negative interval; got {sessions} sessions, {interval_weeks:g} weeks."
        raise OutOfRangeError(msg)
    if severity is not None and not 0 <= severity <= 1:
        msg = f"Severity must lie from 0 (mildest) to 1 (worst); got {severity:g}."
        raise OutOfRangeError(msg)


def _gain_pct(wound: Wound, twins: Twins, lesion: Lesion, weights: Draws, severity: float | None) -> Draws:
    """Improvement in percent after each session, shape (sessions, n), or (settings, sessions, n)."""
    p = twins.p
    gain = PERCENT * _individual(_share(wound, twins, lesion, weights), twins, lesion, severity)
    if mechanism_of(lesion) == "melasma":
        harm = p("melasma.harm") * (risks.pih(wound, twins, _BOUND_CARE) - number("risk.baseline"))
        gain = gain - harm[..., None, :]
    return np.clip(gain, _WORST_PCT, PERCENT)


def _weeks_and_recurrence(lesion: Lesion, twins: Twins) -> tuple[Draws, Draws, tuple[str, ...]]:
    """Weeks to effect, share lost in percent, both of shape (n,), and rows that the improvement rests on; no injury changes them."""
    p, mechanism = twins.p, mechanism_of(lesion)
    known = "dermis" if mechanism == "none" else mechanism
    lost_row = f"{known}.recurrence"
    if mechanism == "pigment":
        lost_row += ".freckles" if lesion.kind == "freckles" else ".default"
    lost = log_odds(np.asarray(p(lost_row) / PERCENT)) - p("gain.recurrence_sd") * twins.improvement_effect / 2
    lost = lost + p("gain.recurrence_sd") * twins.improvement_study
    weeks = p(f"{known}.weeks") / twins.healing_rate * np.exp(p("gain.weeks_sd_ln") * twins.improvement_study)
    return np.asarray(weeks), PERCENT * logistic(lost), (*SOURCES[mechanism], f"response.{lost_row}")


def improve(
    injury: Injury, lesion: Lesion, twins: Twins, *, sessions: int, interval_weeks: float, severity: float | None = None
) -> Improvement:
    """Improvement of one concern after each session of a course with the same injury every time.

    `interval_weeks` between sessions: those below the row `gain.short_interval` add less.
    `severity` runs from 0 (mildest) to 1 (worst); None means unknown.

    Raises OutOfRangeError for fewer than one session, a negative interval or a severity outside 0 to 1.
    """
    _check(sessions, interval_weeks, severity)
    weights = _session_weights(sessions, interval_weeks, twins.p)
    gain = _gain_pct(read_wound(injury, twins), twins, lesion, weights, severity)
    weeks, lost, sources = _weeks_and_recurrence(lesion, twins)
    return Improvement(by_session=gain, time_to_effect_weeks=weeks, recurrence_pct=lost, sources=sources)


def improve_many(
    injuries: Sequence[Injury],
    lesion: Lesion,
    twins: Twins,
    *,
    sessions: int,
    interval_weeks: float,
    severity: float | None = None,
    threads: int | None = None,
) -> ManyImprovements:
    """What `improve` gives for each of many injuries, by the same formulas.

    `threads`: at most that many work at once, one a core available by default; it changes the time and no number.

    Raises InputError when there is no injury, and what `improve` raises.
    """
    _check(sessions, interval_weeks, severity)
    weights = _session_weights(sessions, interval_weeks, twins.p)
    found = np.empty((len(injuries), sessions, twins.n))

    def work(part: slice) -> None:
        found[part] = _gain_pct(read_wounds(injuries[part], twins), twins, lesion, weights, severity)

    in_chunks(work, settings=len(injuries), values=twins.n, threads=threads)
    weeks, lost, sources = _weeks_and_recurrence(lesion, twins)
    return ManyImprovements(by_session=found, time_to_effect_weeks=weeks, recurrence_pct=lost, sources=sources)


def natural_course(kind: str, p: Parameters, months: float) -> Draws:
    """Mean change in percent without any treatment after so many months: most of it within `untreated.months` for acne and young scars."""
    own = f"untreated.{kind}"
    if evidence.has(f"response.{own}"):
        return np.asarray(p(own) * min(months / number("untreated.months"), 1.0))
    name = "untreated.pigment" if kind in _PIGMENTED else "untreated.mean"
    return np.asarray(p(name) * min(months / MONTHS_PER_YEAR, 1.0))


def no_treatment(lesion: Lesion, twins: Twins, months: float = 12) -> Draws:
    """Improvement in percent, shape (n,), with sunscreen alone after these months: near nothing but for what comes and goes.

    Active acne and young scars change by themselves within months (rows `untreated.acne_prone`, `untreated.surgical_scar`).

    Raises OutOfRangeError for a negative time.
    """
    p = twins.p
    if months < 0:
        msg = f"The time without treatment must not be negative; got {months:g} months."
        raise OutOfRangeError(msg)
    years = months / MONTHS_PER_YEAR
    drift = natural_course(lesion.kind, p, months) + p("untreated.sd") * math.sqrt(years) * (
        twins.improvement_effect + twins.improvement_study
    ) / math.sqrt(2)
    return np.asarray(np.clip(drift, _WORST_PCT, PERCENT))
