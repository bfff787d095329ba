"""Finalists: the best courses, simulated in full with all twins; what the simulation says is what is told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from recutis.injury import Injury
from recutis.plan.candidate import Candidate
from recutis.plan.courses import GAIN_QUANTILES, LIMIT_QUANTILES
from recutis.plan.document import Confirmed
from recutis.plan.evaluate import Evaluator, PhaseEvaluation, Place, course_draws
from recutis.plan.landscape import Landscape
from recutis.plan.objectives import CourseDraws, Limits, broken, gain, score
from recutis.units import PERCENT

_STEP: Final = 0.98  # the least by which a limit is lowered for the next try
_TRIES: Final = 5  # courses of one kind simulated until one keeps every limit
_PAIRS: Final = 2  # options with two devices, at most
_COMPARED: Final = (
    "ablation_depth_um", "lesion_depth_um", "coverage_fraction", "epidermis_killed_fraction", "pigment_ratio", "gland_ratio",
)  # fmt: skip
_LEAST_STATED_PCT: Final = 5.0  # the stated error is one that nine in ten keep: less than this is no reason to warn a clinician
_TOO_SMALL: Final = {"ablation_depth_um": 20.0, "lesion_depth_um": 20.0}  # µm below which a difference means nothing
_LEAST: Final = 0.05  # of a share or a ratio


@dataclass(frozen=True, kw_only=True, eq=False)
class Finalist:
    """A course told in full: what it breaks by the simulation, and how that compares with the search."""

    candidate: Candidate
    phases: tuple[PhaseEvaluation, ...]
    course: CourseDraws
    confirmed: Confirmed | None


def evaluated(candidate: Candidate, evaluator: Evaluator, at: Mapping[str, Place]) -> tuple[PhaseEvaluation, ...]:
    """Each phase of a course simulated at its sites."""
    return tuple(
        PhaseEvaluation(evaluations=tuple(evaluator.sites(phase.device, phase.site_settings, dict(at))), sessions=phase.sessions)
        for phase in candidate.phases
    )


def simulated(
    candidate: Candidate,
    found: Landscape,
    evaluator: Evaluator,
    at: Mapping[str, Place],
    limits: Limits,
    weights: Mapping[str, float],
) -> Finalist:
    """A course in full, its limits held by the simulation."""
    phases = evaluated(candidate, evaluator, at)
    course = course_draws(phases)
    if limits.max_pain_0_10 is not None and course.quantile(course.pain_0_10, limits.limit_quantile) > limits.max_pain_0_10:
        phases = evaluated(candidate, replace(evaluator, numb_most=True, _cache={}), at)  # sites together hurt more than each
        course = course_draws(phases)
    gained = {name: draws for place in at.values() for name, draws in place.gained.items()}
    whole = replace(
        course, improvement_pct={name: course.improvement_pct.get(name, gained.get(name, _none(course))) for name in weights}
    )
    told = replace(
        candidate,
        treats=course.visible(),
        breaks=broken(whole, limits, dict(weights)),
        gain=gain(whole, dict(weights), limits.gain_quantile),
        median_gain=gain(whole, dict(weights), 0.5),
        score=score(whole, dict(weights), limits),
    )
    return Finalist(candidate=told, phases=phases, course=course, confirmed=_confirmed(candidate, told, course, found, phases))


def _none(course: CourseDraws) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.zeros_like(course.social_downtime_days)


def finalists(
    found: Landscape, evaluator: Evaluator, at: Mapping[str, Place], limits: Limits, weights: Mapping[str, float], *, most: int
) -> list[Finalist]:
    """The best course of each kind that keeps every limit by the simulation too, best first.

    The kind with the best score of all is always among them where the simulation allows it. At most two others use two devices, and only
    where neither does as well alone.
    """
    chosen: list[Finalist] = []
    kinds = found.best_of_each_kind(limits)
    verdict = found.judged(limits)
    top = max(kinds, key=lambda row: float(verdict.score[row]), default=None)
    pairs, seen, waiting = 0, set[str](), True
    for row in kinds:
        waiting = waiting and row != top
        two = len(found.courses.phases[row]) > 1
        if two and row != top and seen & set(found.class_names[row].split("+")):
            continue
        last = len(chosen) == most - 1 and row != top and waiting  # a place is kept for the best score
        if len(chosen) == most or last or (two and pairs == _PAIRS and row != top):
            continue
        one = _first_that_holds(row, found, evaluator, at, limits, weights)
        if one is not None:
            chosen.append(one)
            pairs += two
            seen |= set() if two else {found.class_names[row]}
    return sorted(chosen, key=lambda one: (-sum(weights[name] for name in one.candidate.treats), -one.candidate.score))


def _first_that_holds(
    row: int, found: Landscape, evaluator: Evaluator, at: Mapping[str, Place], limits: Limits, weights: Mapping[str, float]
) -> Finalist | None:
    """The best course of this one's kind that keeps every limit in the simulation, among the first few.

    Where the simulation lies over a limit that the search saw kept, the next one is looked for under a limit lowered as much.
    """
    same = np.array([name == found.class_names[row] for name in found.class_names])
    tight, tried = limits, set[int]()
    for _ in range(_TRIES):
        verdict = found.judged(tight)
        rows = [k for k in np.flatnonzero(verdict.kept & same).tolist() if k not in tried]
        if not rows:
            return None
        best = max(rows, key=lambda k: (round(float(verdict.treated[k]), 9), float(verdict.score[k])))
        tried.add(best)
        one = simulated(found.candidate(best, limits), found, evaluator, at, limits, weights)
        if not one.candidate.breaks:
            return one
        tight = _tightened(tight, limits, one.course)
    return None


def _tightened(tight: Limits, limits: Limits, course: CourseDraws) -> Limits:
    """Limits lowered by the share by which a simulated course lies over them."""
    days = course.quantile(course.social_downtime_days, limits.limit_quantile)
    if days > limits.max_social_downtime_days:
        lower = tight.max_social_downtime_days * min(limits.max_social_downtime_days / days, _STEP)
        tight = replace(tight, max_social_downtime_days=lower)
    pain = course.quantile(course.pain_0_10, limits.limit_quantile)
    if limits.max_pain_0_10 is not None and tight.max_pain_0_10 is not None and pain > limits.max_pain_0_10:
        tight = replace(tight, max_pain_0_10=tight.max_pain_0_10 * min(limits.max_pain_0_10 / pain, _STEP))
    return tight


def _numbers(injury: Injury) -> dict[str, float]:
    told = {name: float(getattr(injury, name)) for name in _COMPARED}
    return told | {"vessel_ratio": max((ratio for *_, ratio in injury.vessel_ratio), default=0.0)}


def _confirmed(
    searched: Candidate, told: Candidate, course: CourseDraws, found: Landscape, phases: Sequence[PhaseEvaluation]
) -> Confirmed | None:
    """How library and simulation compare; None where the search has simulated too."""
    compared: dict[str, tuple[float, float]] = {}
    stated, largest, fidelity = 0.0, 0.0, ""
    for phase, part in zip(phases, found.courses.phases[searched.row], strict=True):
        device = found.devices[part.device]
        for item in phase.evaluations:
            table = device.tables[item.place.site]
            place = int(device.at[item.place.site][part.setting])
            for name, injury in item.injuries.items():
                guess = table.injuries[name][place]
                if guess.fidelity == injury.fidelity:
                    continue
                own = math.sqrt(max(guess.error_pct**2 - injury.error_pct**2, 0.0))  # beyond the physics' own error
                fidelity, stated = injury.fidelity, max(stated, own, _LEAST_STATED_PCT)
                for key, (one, other) in _pairs(guess, injury).items():
                    compared[f"{key}, {device.device.name}, {name}"] = (round(one, 4), round(other, 4))
                    largest = max(largest, PERCENT * abs(one - other) / max(one, other, _TOO_SMALL.get(key, _LEAST)))
    if not fidelity:
        return None
    gains, days = GAIN_QUANTILES.index(0.5), LIMIT_QUANTILES.index(0.5)
    guessed = float(found.courses.gain[searched.row, :, gains] @ found.weights / (float(found.weights.sum()) or 1.0))
    downtime = course.quantile(course.social_downtime_days, 0.5)
    return Confirmed(
        fidelity=fidelity,
        stated_error_pct=round(stated, 1),
        largest_difference_pct=round(largest, 1),
        injury=compared,
        improvement_points=round(told.median_gain - guessed, 2),
        downtime_days=round(downtime - float(found.courses.downtime[searched.row, days]), 2),
        within=largest <= stated,
    )


def _pairs(guess: Injury, injury: Injury) -> dict[str, tuple[float, float]]:
    """Numbers of both that are not negligible in both."""
    one, other = _numbers(guess), _numbers(injury)
    return {key: (one[key], other[key]) for key in one if max(one[key], other[key]) > _TOO_SMALL.get(key, _LEAST)}
