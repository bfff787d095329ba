"""From one session to a course: risks over sessions, odds of each quartile, minutes of numbing."""

from __future__ import annotations

import numpy as np

from recutis import evidence
from recutis.errors import OutOfRangeError, UnknownNameError
from recutis.response.parameters import number
from recutis.response.types import RISKS, Care, Draws
from recutis.twins import Twins
from recutis.units import PERCENT

_QUARTERS = (25.0, 50.0, 75.0)
_NEARLY_CERTAIN = 1.0 - 1e-12  # what is certain in one session keeps a finite logarithm


def course_risk(per_session: Draws, sessions: int, *, kind: str) -> Draws:
    """Probability that a harm happens at least once in a course, shape as given.

    1 - (1 - p)^s with s = 1 + (sessions - 1)(1 - rho): with rho 0 sessions are independent, with
    rho 1 a person who escapes once always escapes (rows `response.course.*`).

    Raises OutOfRangeError for fewer than one session, UnknownNameError for an unknown risk.
    """
    if sessions < 1:
        msg = f"A course needs at least 1 session; got {sessions}."
        raise OutOfRangeError(msg)
    if kind not in RISKS:
        msg = f"Risk '{kind}' is not known; choose one of {', '.join(RISKS)}."
        raise UnknownNameError(msg)
    rho = number(f"course.{kind}" if evidence.has(f"response.course.{kind}") else "course.other")
    effective = 1 + (sessions - 1) * (1 - rho)
    return np.asarray(-np.expm1(effective * np.log1p(-np.minimum(per_session, _NEARLY_CERTAIN))))


def quartile_odds(improvement_pct: Draws, twins: Twins) -> tuple[Draws, Draws, Draws, Draws, Draws]:
    """Odds in percent, one per block of twins: below 25, 25 to 50, 50 to 75, above 75, no visible change.

    The first four sum to 100; the last (less improvement than the row `plan.visible_change`) is part of the first. Each
    array has shape (blocks,): the spread over blocks says how well the odds are known.

    Raises OutOfRangeError when the draws are not those of the twins.
    """
    if improvement_pct.shape != (twins.n,):
        msg = f"Quartile odds need one improvement a twin, {twins.n}; got the shape {improvement_pct.shape}."
        raise OutOfRangeError(msg)
    blocks = int(twins.block.max()) + 1
    mass = np.bincount(twins.block, weights=twins.weights, minlength=blocks)

    def share(low: float, high: float) -> Draws:
        inside = (improvement_pct >= low) & (improvement_pct < high)
        found = np.bincount(twins.block, weights=twins.weights * inside, minlength=blocks)
        return np.asarray(PERCENT * found / np.where(mass > 0, mass, 1.0))

    first, second, third = _QUARTERS
    return (
        share(-np.inf, first),
        share(first, second),
        share(second, third),
        share(third, np.inf),
        share(-np.inf, evidence.value("plan.visible_change")),
    )


_NUMBING: dict[str, tuple[str, ...]] = {
    "none": (),
    "gel": ("gel",),
    "cold_air": ("cold_air",),
    "topical": ("topical",),
    "topical_cold_air": ("topical", "cold_air"),
    "nerve_block": ("topical", "nerve_block"),
    "sedation": ("topical", "nerve_block", "sedation"),
}


def numbing_minutes(care: Care, twins: Twins) -> Draws:
    """Minutes of numbing before the laser starts, shape (n,), spread over each row's range.

    A triangular law between low and high with its mode at the value, at the rank of the twin's
    study draw: clinics differ, persons hardly.
    """
    rank = 0.5 * (1 + np.tanh(0.8 * twins.pain_study))  # close to the normal distribution function
    total = np.zeros(twins.n)
    for name in _NUMBING[care.anaesthesia]:
        low, mode, high = evidence.numbers(f"response.numbing.{name}")
        turn = (mode - low) / (high - low)
        rising = low + np.sqrt(rank * (high - low) * (mode - low))
        falling = high - np.sqrt((1 - rank) * (high - low) * (high - mode))
        total = total + np.where(rank < turn, rising, falling)
    return total
