"""Goals as numbers: what counts as gain, which limits must hold, and at which quantile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from recutis import evidence
from recutis.bands import Draws, weighted_quantile
from recutis.units import PERCENT

Risk = Literal["cautious", "balanced", "bold"]
MOST_PAIN = 10.0  # the end of the scale
LASTING_HARM = ("scarring", "hypopigmentation", "ectropion")
HARD_CAP = "hard cap"  # how the sentence of a limit begins that nobody may loosen
TOO_DEEP = "hard cap: the injury must leave the deep dermis whole"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the person allows; None: no limit was given.

    `max_pih_pct` holds once dark marks came: the mean and the median chance of more that no course may pass.
    """

    risk: Risk
    max_social_downtime_days: float
    max_sessions: int
    max_pain_0_10: float | None
    max_pih_pct: tuple[float, float] | None = None

    @property
    def limit_quantile(self) -> float:
        """Quantile of a prediction that must stay within a limit."""
        return evidence.value(f"plan.limit_quantile.{self.risk}")

    @property
    def gain_quantile(self) -> float:
        """Quantile of improvement that counts as gain."""
        return evidence.value(f"plan.gain_quantile.{self.risk}")


@dataclass(frozen=True, kw_only=True, eq=False)
class CourseDraws:
    """Draws that decide about one course: arrays (n,) over twins.

    `improvement_pct` by concern after the last session, `risks` per course by kind (0..1),
    `burned_fraction` the share of normal epidermis that a selective laser kills, `too_deep_um` how
    far the injury reaches below the depth that it may use (0: not so deep), `weights` those of the
    twins (None: all equal), `downtime_total_days` the median over all sessions (None: all alike).
    """

    improvement_pct: dict[str, Draws]
    social_downtime_days: Draws
    pain_0_10: Draws
    risks: dict[str, Draws]
    sessions: int
    burned_fraction: float = 0.0
    too_deep_um: float = 0.0
    weights: Draws | None = None
    downtime_total_days: float | None = None

    @property
    def all_downtime_days(self) -> float:
        """Median days out of sight over all sessions."""
        if self.downtime_total_days is not None:
            return self.downtime_total_days
        return self.sessions * self.quantile(self.social_downtime_days, 0.5)

    def quantile(self, draws: Draws, probability: float) -> float:
        """Quantile of draws over the twins of the course."""
        return weighted_quantile(draws, probability, self.weights)

    def mean(self, draws: Draws) -> float:
        """Mean of draws over the twins of the course."""
        return float(np.average(draws, weights=self.weights))

    def visible(self) -> tuple[str, ...]:
        """Concerns on which the median twin shows a visible change."""
        least = evidence.value("plan.visible_change")
        return tuple(name for name, draws in self.improvement_pct.items() if self.quantile(draws, 0.5) >= least)


def _price_of_pih(course: CourseDraws, limits: Limits) -> float:
    """Points of improvement that the chance of PIH in the course is worth to this person (row `plan.price.pih`)."""
    price = evidence.value("plan.price.pih") * evidence.value(f"plan.pih_weight.{limits.risk}")
    return price * PERCENT * course.mean(course.risks["pih"])


def broken(course: CourseDraws, limits: Limits, weights: dict[str, float] | None = None) -> tuple[str, ...]:
    """The limits that a course breaks, each as a sentence with numbers; empty when it keeps all.

    With the person's `weights` by concern key, a course whose dark marks weigh more than its gain is out too.
    """
    found = []
    at = limits.limit_quantile
    percent = f"{at:.0%}"
    downtime = course.quantile(course.social_downtime_days, at)
    if downtime > limits.max_social_downtime_days:
        most = f"{limits.max_social_downtime_days:g}"
        found.append(f"social downtime of at most {most} days (held at the {percent} quantile)")
    if limits.max_pih_pct is not None and any(now > most for now, most in zip(pih_pct(course), limits.max_pih_pct, strict=True)):
        found.append(pih_words(limits.max_pih_pct))
    if course.sessions > limits.max_sessions:
        found.append(f"at most {limits.max_sessions} sessions")
    if limits.max_pain_0_10 is not None and course.quantile(course.pain_0_10, at) > limits.max_pain_0_10:
        found.append(f"pain of at most {limits.max_pain_0_10:g} of 10 (held at the {percent} quantile)")
    for kind in LASTING_HARM:
        cap = evidence.value(f"plan.cap.{kind}")
        if 100 * course.quantile(course.risks[kind], 0.9) > cap:
            found.append(f"hard cap: {kind} of at most {cap:g} % in a course (held at the 90% quantile)")
    burn_cap = evidence.value("plan.cap.selective_burn")
    if PERCENT * course.burned_fraction > burn_cap:
        found.append(f"hard cap: a selective laser may kill at most {burn_cap:g} % of the epidermis")
    if course.too_deep_um > 0:
        found.append(TOO_DEEP)
    if weights and outweighed(course, limits, weights):
        found.append("hard cap: the gain must outweigh the dark marks (PIH) it may cost")
    if not course.visible():
        found.append(f"a visible change (at least {evidence.value('plan.visible_change'):g} % in the median)")
    return tuple(found)


def pih_pct(course: CourseDraws) -> tuple[float, float]:
    """Mean and median chance of dark marks in a course, in percent."""
    return PERCENT * course.mean(course.risks["pih"]), PERCENT * course.quantile(course.risks["pih"], 0.5)


def pih_words(most_pct: tuple[float, float]) -> str:
    """The limit on dark marks, once some came, in words."""
    mean, middle = most_pct
    return f"no more dark marks (PIH) than the course so far would still cost (at most {mean:g} % on average, {middle:g} % in the middle)"


def outweighed(course: CourseDraws, limits: Limits, weights: dict[str, float]) -> bool:
    """Whether the dark marks of a course weigh more than its gain, at the price that they have for this person."""
    return gain(course, weights, limits.gain_quantile) < _price_of_pih(course, limits)


def gain(course: CourseDraws, weights: dict[str, float], at: float) -> float:
    """Weighted improvement over all the person's concerns at a quantile, in points of per cent; an untreated one counts as none."""
    total = sum(weights.values())
    return sum(weights[name] * course.quantile(draws, at) for name, draws in course.improvement_pct.items()) / (total or 1.0)


def score(course: CourseDraws, weights: dict[str, float], limits: Limits) -> float:
    """Gain less what is given up for it, in points: only orders options that keep every limit.

    The exchange rates are rows `plan.price.*`, judgement that a clinic may question.
    """
    price = {name: evidence.value(f"plan.price.{name}") for name in ("infection", "prolonged_erythema", "lasting_harm")}
    middle = {kind: 100 * course.mean(draws) for kind, draws in course.risks.items()}
    given_up = (
        _price_of_pih(course, limits)
        + price["infection"] * (middle["bacterial_infection"] + middle["herpes"])
        + price["prolonged_erythema"] * middle["prolonged_erythema"]
        + price["lasting_harm"] * sum(middle[kind] for kind in LASTING_HARM)
        + evidence.value("plan.price.downtime_day") * course.all_downtime_days
        + evidence.value("plan.price.session") * (course.sessions - 1)
        + evidence.value("plan.price.pain")
        * max(0.0, course.quantile(course.pain_0_10, 0.5) - evidence.value("plan.pain_without_price"))
    )
    return gain(course, weights, limits.gain_quantile) - given_up


def pareto(points: Draws) -> list[int]:
    """Indices of the rows of `points` (n, objectives; smaller is better) that nothing dominates."""
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    if len(points) == 0:
        return []
    return sorted(int(index) for index in NonDominatedSorting().do(points, only_non_dominated_front=True))
