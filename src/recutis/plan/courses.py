"""Many courses as columns: what decides about each, whatever the person's goals; goals are held against them in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.bands import Draws
from recutis.plan.objectives import LASTING_HARM, TOO_DEEP, Limits, pih_words
from recutis.units import PERCENT

Flags = NDArray[np.bool_]
GAIN_QUANTILES: Final = (0.1, 0.25, 0.5)
LIMIT_QUANTILES: Final = (0.5, 0.75, 0.9)
_DEARER: Final = 1e12  # than any price of a course
PASSING_HARM: Final = ("pih", "bacterial_infection", "herpes")
PRICED: Final = ("pih", "bacterial_infection", "herpes", "prolonged_erythema", *LASTING_HARM)
"""Harms whose mean chance enters the score."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Some equal sessions with one device: numbers of the device, of its setting, how many sessions, at which sites."""

    device: int
    setting: int
    sessions: int
    sites: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Courses:
    """Columns over courses; quantiles are over the twins.

    `phases` what each course is. `gain` (courses, concerns, GAIN_QUANTILES) in percent, 0 for an untreated concern; `downtime`
    and `pain` (courses, LIMIT_QUANTILES) of the session with most of it, `pain` with what numbs most; `usual_pain` median with the
    usual anaesthesia; `downtime_total` median days over all sessions; `risk_mean` (courses, PRICED), `risk_middle` (courses,
    PASSING_HARM) medians and `risk_high` (courses, LASTING_HARM) ninetieth percentiles, 0 to 1, of the course; `minutes` in the
    chair over the course, `price` in the clinic's currency (NaN where it gives none); `burned` the share of normal epidermis that a
    selective laser kills, `too_deep_um` below the depth that may be used.
    """

    phases: tuple[tuple[Phase, ...], ...]
    gain: Draws
    downtime: Draws
    pain: Draws
    usual_pain: Draws
    downtime_total: Draws
    risk_mean: Draws
    risk_middle: Draws
    risk_high: Draws
    sessions: Draws
    minutes: Draws
    price: Draws
    burned: Draws
    too_deep_um: Draws

    def __len__(self) -> int:
        return len(self.phases)

    def taken(self, rows: Sequence[int] | NDArray[np.intp]) -> Courses:
        """Some of them."""
        kept = [int(row) for row in rows]
        columns = {name: getattr(self, name)[kept] for name in _COLUMNS}
        return Courses(phases=tuple(self.phases[row] for row in kept), **columns)


_COLUMNS: Final = tuple(field.name for field in fields(Courses) if field.name != "phases")


def joined(parts: Sequence[Courses]) -> Courses:
    """Several as one, in order."""
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
    return Courses(phases=tuple(phase for part in parts for phase in part.phases), **columns)


def no_courses(concerns: int) -> Courses:
    """None, of a person with so many concerns."""
    wide = {
        "gain": (concerns, len(GAIN_QUANTILES)), "downtime": (len(LIMIT_QUANTILES),), "pain": (len(LIMIT_QUANTILES),),
        "risk_mean": (len(PRICED),), "risk_middle": (len(PASSING_HARM),), "risk_high": (len(LASTING_HARM),),
    }  # fmt: skip
    return Courses(phases=(), **{name: np.empty((0, *wide.get(name, ()))) for name in _COLUMNS})


@dataclass(frozen=True, kw_only=True, eq=False)
class Verdict:
    """What one person's goals make of the courses: which limits each breaks, by their sentence, and what it is worth.

    `gain` and `median_gain` weighted over all concerns in points of percent, `score` less what is given up for it.
    """

    breaks: Mapping[str, Flags]
    gain: Draws
    median_gain: Draws
    score: Draws
    treated: Draws

    @cached_property
    def kept(self) -> Flags:
        """Courses that keep every limit."""
        none: Flags = np.zeros(self.score.size, dtype=np.bool_)
        broken: Flags = np.logical_or.reduce([none, *self.breaks.values()])
        return ~broken

    def broken(self, row: int) -> tuple[str, ...]:
        """Sentences of the limits that a course breaks."""
        return tuple(text for text, flags in self.breaks.items() if flags[row])


def _weighted(gain: Draws, weights: Draws) -> Draws:
    return np.asarray(gain @ weights / (float(weights.sum()) or 1.0))


def judge(courses: Courses, limits: Limits, weights: Draws, *, worth: Verdict | None = None) -> Verdict:
    """Hold a person's goals against courses; sentences and numbers are those of `objectives.broken` and `objectives.score`.

    weights : (concerns,) the person's priorities. `worth` is what `worth_of` makes of the same courses, risk and priorities.
    """
    found = worth_of(courses, limits, weights) if worth is None else worth
    return replace(found, breaks={**_goal_breaks(courses, limits), **found.breaks})


def worth_of(courses: Courses, limits: Limits, weights: Draws) -> Verdict:
    """What courses are worth to a person, and the limits they break that no goal can lift.

    Of `limits` only the appetite for risk is read.
    """
    value = evidence.value
    gain_at = GAIN_QUANTILES.index(limits.gain_quantile)
    gain = _weighted(courses.gain[:, :, gain_at], weights)
    pih_price = value("plan.price.pih") * value(f"plan.pih_weight.{limits.risk}") * PERCENT * courses.risk_mean[:, 0]
    visible = courses.gain[:, :, GAIN_QUANTILES.index(0.5)] >= value("plan.visible_change")
    unseen: Flags = np.asarray(~visible.any(axis=1))
    breaks: dict[str, Flags] = {
        **_cap_breaks(courses),
        "hard cap: the gain must outweigh the dark marks (PIH) it may cost": np.asarray(gain < pih_price),
        f"a visible change (at least {value('plan.visible_change'):g} % in the median)": unseen,
    }
    mean = dict(zip(PRICED, PERCENT * courses.risk_mean.T, strict=True))
    given_up = (
        pih_price
        + value("plan.price.infection") * (mean["bacterial_infection"] + mean["herpes"])
        + value("plan.price.prolonged_erythema") * mean["prolonged_erythema"]
        + value("plan.price.lasting_harm") * sum(mean[kind] for kind in LASTING_HARM)
        + value("plan.price.downtime_day") * courses.downtime_total
        + value("plan.price.session") * (courses.sessions - 1)
        + value("plan.price.pain") * np.maximum(0.0, courses.usual_pain - value("plan.pain_without_price"))
    )
    return Verdict(
        breaks=breaks,
        gain=gain,
        median_gain=_weighted(courses.gain[:, :, GAIN_QUANTILES.index(0.5)], weights),
        score=np.asarray(gain - given_up),
        treated=np.asarray(visible @ weights),
    )


def _goal_breaks(courses: Courses, limits: Limits) -> dict[str, Flags]:
    at = LIMIT_QUANTILES.index(limits.limit_quantile)
    percent = f"{limits.limit_quantile:.0%}"
    most = f"{limits.max_social_downtime_days:g}"
    found = {
        f"social downtime of at most {most} days (held at the {percent} quantile)": courses.downtime[:, at]
        > limits.max_social_downtime_days,
        f"at most {limits.max_sessions} sessions": courses.sessions > limits.max_sessions,
    }
    if limits.max_pih_pct is not None:
        mean, middle = limits.max_pih_pct
        found[pih_words(limits.max_pih_pct)] = (PERCENT * courses.risk_mean[:, PRICED.index("pih")] > mean) | (
            PERCENT * courses.risk_middle[:, PASSING_HARM.index("pih")] > middle
        )
    if limits.max_pain_0_10 is not None:
        text = f"pain of at most {limits.max_pain_0_10:g} of 10 (held at the {percent} quantile)"
        found[text] = courses.pain[:, at] > limits.max_pain_0_10
    return found


def _cap_breaks(courses: Courses) -> dict[str, Flags]:
    found = {}
    for number, kind in enumerate(LASTING_HARM):
        cap = evidence.value(f"plan.cap.{kind}")
        text = f"hard cap: {kind} of at most {cap:g} % in a course (held at the 90% quantile)"
        found[text] = PERCENT * courses.risk_high[:, number] > cap
    burn = evidence.value("plan.cap.selective_burn")
    found[f"hard cap: a selective laser may kill at most {burn:g} % of the epidermis"] = PERCENT * courses.burned > burn
    found[TOO_DEEP] = courses.too_deep_um > 0
    return found


def worst_passing_risk_pct(courses: Courses) -> Draws:
    """Median chance of PIH or of infection in the course, whichever is larger, in percent."""
    return np.asarray(PERCENT * courses.risk_middle.max(axis=1))


def objectives(courses: Courses, limits: Limits, weights: Draws) -> Draws:
    """Objectives of the front, smaller is better: (courses, 6), minus gain, downtime, worst passing risk, pain, minutes, price.

    A course whose price is not known counts as dearer than any whose price is: it is never on the front for being cheap.
    """
    at = LIMIT_QUANTILES.index(limits.limit_quantile)
    gain = _weighted(courses.gain[:, :, GAIN_QUANTILES.index(limits.gain_quantile)], weights)
    columns = (
        -gain, courses.downtime[:, at], worst_passing_risk_pct(courses), courses.usual_pain, courses.minutes,
        np.nan_to_num(courses.price, nan=_DEARER),
    )  # fmt: skip
    return np.stack(columns, axis=1)
