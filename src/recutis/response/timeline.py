"""How a gain appears, matures and fades: one concern along a course and for two years after it, draw by draw.

What a session adds is seen little by little: cleared pigment when its crust and its pink have gone, closed vessels within a month,
collagen and glands over three months. From half a year on a part is lost again (`Improvement.recurrence_pct`), in melasma sooner;
without daily sunscreen pigment returns sooner and more of it. Rows `clinical.early.*`, `clinical.late.*` and `timeline.*`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recutis import evidence
from recutis.bands import weighted_quantile
from recutis.errors import OutOfRangeError
from recutis.response.types import Draws, Improvement
from recutis.skin.types import Lesion
from recutis.twins import Twins
from recutis.units import DAYS_PER_MONTH, DAYS_PER_WEEK, PERCENT

MONTHS_TOLD: Final = (1.0, 3.0, 6.0, 12.0, 24.0)
"""Months after the last session at which a gain is told."""
MATURED_MONTHS: Final = 3.0
"""Months after the last session that `improve` speaks of: all is seen, nothing has faded."""
_OF_THE_SUN: Final = frozenset({"melasma", "poikiloderma"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Timeline:
    """Gain of one concern over time.

    `months` after the last session, shape (times,); `improvement_pct` what is seen then, shape (times, n); `sources` evidence row ids.
    """

    months: tuple[float, ...]
    improvement_pct: Draws
    sources: tuple[str, ...]


def mechanism(lesion: Lesion) -> str:
    """How the gain of this concern appears and fades: melasma, pigment, vessel, gland or dermis."""
    if lesion.kind == "melasma":
        return "melasma"
    return lesion.target if lesion.target != "none" else "dermis"


def fades_with_sun(lesion: Lesion) -> bool:
    """Whether sun brings the concern back, so that sunscreen slows its return."""
    return lesion.target == "pigment" or lesion.kind in _OF_THE_SUN


def _rows(lesion: Lesion, *, sunscreen: bool) -> tuple[str, ...]:
    way = mechanism(lesion)
    shows = {
        "dermis": ("clinical.early.dermis", "clinical.early.mature"),
        "gland": ("clinical.early.gland", "clinical.early.mature"),
        "vessel": ("timeline.clears.vessel",),
    }
    fades = (
        ("timeline.melasma.start", "timeline.melasma.end") if way == "melasma" else ("clinical.late.start", "clinical.late.end")
    )
    sun = () if sunscreen or not fades_with_sun(lesion) else ("timeline.no_sunscreen.odds", "timeline.no_sunscreen.pace")
    return (*shows.get(way, ("timeline.clears.pigment",)), *fades, *sun)


def seen_share(lesion: Lesion, months: Draws | float) -> Draws:
    """Share of the matured gain of one session that is seen so many months after it, 0 to 1; 0 before it."""
    way = mechanism(lesion)
    if way in {"dermis", "gland"}:
        times = [0.0, 1.0, evidence.value("clinical.early.mature")]
        shares = [0.0, evidence.value(f"clinical.early.{way}"), 1.0]
    else:
        weeks = evidence.value(f"timeline.clears.{'vessel' if way == 'vessel' else 'pigment'}")
        times, shares = [0.0, weeks * DAYS_PER_WEEK / DAYS_PER_MONTH], [0.0, 1.0]
    return np.asarray(np.interp(months, times, shares))


def kept_share(lesion: Lesion, recurrence_pct: Draws, months: float, *, sunscreen: bool = True) -> Draws:
    """Share of the gain that is left so many months after the last session, 0 to 1, shape (n,).

    `recurrence_pct` is the share lost in the end with sunscreen; without it the odds of that loss and its pace rise where the sun
    matters.
    """
    source = "timeline.melasma" if mechanism(lesion) == "melasma" else "clinical.late"
    start, end = evidence.value(f"{source}.start"), evidence.value(f"{source}.end")
    lost = recurrence_pct / PERCENT
    if not sunscreen and fades_with_sun(lesion):
        odds, pace = evidence.value("timeline.no_sunscreen.odds"), evidence.value("timeline.no_sunscreen.pace")
        lost = odds * lost / (1 - lost + odds * lost)
        start, end = start / pace, end / pace
    return np.asarray(1 - float(np.clip((months - start) / (end - start), 0.0, 1.0)) * lost)


def over_time(
    by_session_pct: Draws,
    session_days: Sequence[float],
    days: Sequence[float],
    lesion: Lesion,
    recurrence_pct: Draws,
    *,
    sunscreen: bool = True,
) -> Draws:
    """What is seen of a course on these days, in percent, shape (days, n).

    `by_session_pct` (sessions, n) is the matured gain after each session, `session_days` the day of each (sessions,), ascending;
    `days` count from the same origin. Each session's own part appears from its day on; fading counts from the last session, for each
    session renews the gain. A loss (melasma darkened by the treatment) passes at one pace, sunscreen or not.

    Raises OutOfRangeError when sessions and their days do not match or days descend.
    """
    at = np.asarray(session_days, dtype=np.float64)
    if at.size == 0 or at.size != by_session_pct.shape[0] or np.any(np.diff(at) < 0):
        msg = f"Each of the {by_session_pct.shape[0]} sessions needs its day, in order of time; got {at.size} days."
        raise OutOfRangeError(msg)
    parts = np.diff(by_session_pct, axis=0, prepend=0.0)
    told = []
    for day in days:
        months = (day - at) / DAYS_PER_MONTH
        seen = np.where(months > 0, seen_share(lesion, months), 0.0) @ parts
        late = float(max(months[-1], 0.0))
        kept = kept_share(lesion, recurrence_pct, late, sunscreen=sunscreen)
        usual = kept if sunscreen else kept_share(lesion, recurrence_pct, late)
        told.append(seen * np.where(seen > 0, kept, usual))
    return np.array(told)


def timeline(
    course: Improvement,
    lesion: Lesion,
    *,
    interval_weeks: float,
    months: Sequence[float] = MONTHS_TOLD,
    sunscreen: bool = True,
) -> Timeline:
    """Gain of a course of equal sessions at these months after the last one; at 3 months it is what `improve` gives.

    Raises OutOfRangeError for a negative interval or month.
    """
    if interval_weeks < 0 or any(not month >= 0 for month in months):
        msg = f"Intervals and months after the last session must not be negative; got {interval_weeks:g} weeks, {list(months)}."
        raise OutOfRangeError(msg)
    sessions = course.by_session.shape[0]
    at = [number * interval_weeks * DAYS_PER_WEEK for number in range(sessions)]
    days = [at[-1] + month * DAYS_PER_MONTH for month in months]
    return Timeline(
        months=tuple(months),
        improvement_pct=over_time(course.by_session, at, days, lesion, course.recurrence_pct, sunscreen=sunscreen),
        sources=timeline_sources(course.sources, lesion, sunscreen=sunscreen),
    )


def timeline_sources(gain_sources: Sequence[str], lesion: Lesion, *, sunscreen: bool = True) -> tuple[str, ...]:
    """Rows behind a gain over time: those of the gain and those of its coming and going."""
    return tuple(dict.fromkeys((*gain_sources, *_rows(lesion, sunscreen=sunscreen))))


def block_medians(draws: Draws, twins: Twins) -> Draws:
    """Median of each block of twins, shape (blocks,): their spread says how little is known of the typical person.

    A block that is left without twins has no weight (`Twins.block_weights`), and 0 here.
    """
    found = np.zeros(twins.block_weights.size)
    for number in np.unique(twins.block):
        here = twins.block == number
        found[number] = weighted_quantile(draws[here], 0.5, twins.weights[here])
    return found


def block_shares_pct(chance: Draws, twins: Twins) -> Draws:
    """Mean of a chance (0 to 1) or of a yes and no over each block, in percent, shape (blocks,)."""
    mass = np.bincount(twins.block, weights=twins.weights)
    return np.asarray(PERCENT * np.bincount(twins.block, weights=twins.weights * chance) / np.where(mass > 0, mass, 1.0))
