"""Sessions that differ, folded into a course: gain after gain, harm after harm, twin by twin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recutis.bands import Draws

_EVEN_ODDS = 0.5  # any chance shows how far a second session counts
_NEARLY_CERTAIN = 1.0 - 1e-12  # what is certain in one session keeps a finite hazard
_LEAST = 1e-12  # keeps a division finite on a flat curve


def continued(gain_pct: Draws, curve_pct: Draws) -> Draws:
    """Gain after one more session of a kind whose own course of equal sessions is known.

    `curve_pct` has shape (sessions, n): the gain after 1, 2, ... sessions of that kind from untreated skin, `gain_pct` shape
    (n,) what has been gained so far by whatever means. The person is put on the curve where it has the same gain, and goes
    one session further. Equal sessions give the curve itself; what lies above the curve's end stays.
    """
    curve = np.maximum.accumulate(curve_pct, axis=0)
    last, people = curve.shape[0], np.arange(curve.shape[1])
    done = np.sum(curve <= gain_pct, axis=0)
    below, above = curve[np.clip(done - 1, 0, last - 1), people], curve[np.clip(done, 0, last - 1), people]
    part = np.clip((gain_pct - below) / np.maximum(above - below, _LEAST), 0.0, 1.0)
    first = np.clip(gain_pct / np.where(curve[0] > 0, curve[0], np.inf), 0.0, 1.0)
    place = np.where(done > 0, done + part, first)  # sessions of this kind that the gain is worth
    start = np.clip(place.astype(np.int64), 0, last - 1)  # one session further lies `place` steps after the curve's first entry
    further = np.clip(start + 1, 0, last - 1)
    step = np.clip(place - start, 0.0, 1.0)
    reached = (1 - step) * curve[start, people] + step * curve[further, people]
    return np.asarray(np.where(done >= last, gain_pct, reached))


def course_chance(per_session: Sequence[Draws], *, kind: str) -> Draws:
    """Chance that a harm happens at least once over sessions that differ, shape (n,).

    The session with the greatest hazard counts whole; each other one counts as much as a second equal session does in
    `response.course_risk`, for who escapes once is likelier to escape again. Equal sessions give `course_risk`.

    Raises UnknownNameError for an unknown risk.
    """
    return repeated_chance([(chance, np.ones(1, dtype=np.intp)) for chance in per_session], kind=kind)


def repeated_chance(phases: Sequence[tuple[Draws, NDArray[np.intp]]], *, kind: str) -> Draws:
    """The same over phases of equal sessions: chances per session, shape (n,) or (courses, n), and how many, (1,) or (courses,).

    Raises UnknownNameError for an unknown risk.
    """
    from recutis.response import course_risk

    twice = course_risk(np.array([_EVEN_ODDS]), 2, kind=kind)
    share = float(np.log1p(-twice[0]) / np.log1p(-_EVEN_ODDS)) - 1
    hazards = [-np.log1p(-np.minimum(chance, _NEARLY_CERTAIN)) for chance, _ in phases]
    worst = np.maximum.reduce(hazards)
    total = np.add.reduce([hazard * _along(count, hazard) for hazard, (_, count) in zip(hazards, phases, strict=True)])
    return np.asarray(-np.expm1(-(worst + share * (total - worst))))


def _along(count: NDArray[np.intp], hazard: Draws) -> NDArray[np.intp]:
    return count[:, None] if hazard.ndim > 1 else count
