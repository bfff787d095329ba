"""Settings between those of the grid, where they may be better.

What decides about a course changes smoothly with dose and density. So the columns of a device's courses are read between its grid, by
radial functions of the logarithms of two knobs, and the settings whose reading no other beats in gain, downtime and dark marks are
evaluated in full. A reading is never told: only what was evaluated may be chosen.

What is refined depends on the device, the person's priorities and appetite for risk alone, never on limits or on other devices: so a
looser limit or one more device can only add to what may be chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.bands import Draws
from recutis.laser.types import Settings
from recutis.plan.courses import GAIN_QUANTILES, LIMIT_QUANTILES, PRICED, Courses
from recutis.plan.objectives import LASTING_HARM, Limits, pareto
from recutis.units import PERCENT

ROUNDS: Final = 3
_MOST: Final = 45  # settings of a device that are evaluated in a round
_STEPS: Final = 25  # readings along each knob
_DOSES: Final = ("depth_um", "energy_mJ", "fluence_J_cm2", "power_W", "duration_ms")
_SECOND: Final = ("density_pct", "columns_cm2", "duration_ms", "coagulation_um")
_SAME: Final = 1e-6  # of a logarithm, between settings on one line
_MANY: Final = 16  # settings of a plane from which on it is only read
_FEW: Final = 4  # settings of a plane below which nothing is read between them
_USELESS: Final = (-10.0, 0.0, 0.0, 0.0)  # worth, downtime, dark marks, use of the caps
_SMALLER_IS_BETTER: Final = np.array([-1.0, 1.0, 1.0])
_ABOVE: Final = 2.0  # any number above 1
_PAYS: Final = -5.0  # points of gain less harm below which a course is no use to anybody


@dataclass(frozen=True, kw_only=True, eq=False)
class _Plane:
    """Settings of a device that differ in one or two knobs alone, by their logarithms, and where they stand in its grid."""

    knobs: tuple[str, ...]
    at: Draws  # (settings, knobs)
    rows: NDArray[np.intp]


def _varying(grid: Sequence[Settings]) -> tuple[str, ...]:
    """The knobs to read along: a dose, and density or what else there is."""
    many = [
        name
        for name in (*_DOSES, *_SECOND)
        if len({getattr(one, name) for one in grid}) > 1 and all((getattr(one, name) or 0.0) > 0 for one in grid)
    ]
    dose = next((name for name in _DOSES if name in many), None)
    second = next((name for name in _SECOND if name in many and name != dose), None)
    return tuple(name for name in (dose, second) if name is not None)


def _planes(grid: Sequence[Settings]) -> list[_Plane]:
    knobs = _varying(grid)
    if not knobs:
        return []
    groups: dict[Settings, list[int]] = {}
    for index, one in enumerate(grid):
        groups.setdefault(replace(one, **dict.fromkeys(knobs)), []).append(index)  # type: ignore[arg-type]
    found = []
    for rows in groups.values():
        at = np.log([[getattr(grid[row], name) for name in knobs] for row in rows])
        found.append(_Plane(knobs=knobs, at=at, rows=np.array(rows)))
    return found


def _columns(courses: Courses, weights: Draws, limits: Limits) -> Draws:
    """What a course is judged by here: gain less harm at the quantile that counts, downtime at its own, dark marks; (courses, 3)."""
    total = float(weights.sum()) or 1.0
    gain_at, limit_at = GAIN_QUANTILES.index(limits.gain_quantile), LIMIT_QUANTILES.index(limits.limit_quantile)
    pih = PERCENT * courses.risk_mean[:, PRICED.index("pih")]
    price = evidence.value("plan.price.pih") * evidence.value(f"plan.pih_weight.{limits.risk}")
    worth = courses.gain[:, :, gain_at] @ weights / total - price * pih
    worth = worth - evidence.value("plan.price.session") * (courses.sessions - 1)
    return np.stack([worth, courses.downtime[:, limit_at], pih], axis=1)


def _harm(courses: Courses) -> Draws:
    """How far each hard cap is used up at most, 1 at the cap."""
    caps = [PERCENT * courses.risk_high[:, k] / evidence.value(f"plan.cap.{kind}") for k, kind in enumerate(LASTING_HARM)]
    caps.append(PERCENT * courses.burned / evidence.value("plan.cap.selective_burn"))
    caps.append(np.where(courses.too_deep_um > 0, _ABOVE, 0.0))
    return np.asarray(np.max(caps, axis=0))


def _read(plane: _Plane, values: Draws, steps: int) -> tuple[Draws, Draws]:
    """Values between the settings of a plane: (readings, knobs) logarithms and (readings, columns), within the knobs' ranges.

    Linear radial functions go through every setting, on a grid or not; settings on one line are read along it.
    """
    from scipy.interpolate import RBFInterpolator

    low, high = plane.at.min(axis=0), plane.at.max(axis=0)
    axes = [np.linspace(one, two, steps if two > one else 1) for one, two in zip(low, high, strict=True)]
    spots = np.stack([one.ravel() for one in np.meshgrid(*axes, indexing="ij")], axis=1)
    width = np.where(high > low, high - low, 1.0)
    read = RBFInterpolator((plane.at - low) / width, values, kernel="linear", degree=0)
    return spots, np.asarray(read((spots - low) / width))


def _nondominated(values: Draws) -> NDArray[np.intp]:
    """Rows that no other beats in worth, downtime and dark marks."""
    return np.array(pareto(values[:, :3] * _SMALLER_IS_BETTER), dtype=np.intp)


def _even(rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    if rows.size <= most:
        return rows
    kept: NDArray[np.intp] = rows[np.unique(np.round(np.linspace(0, rows.size - 1, most)).astype(int))]
    return kept


def proposals(
    grid: Sequence[Settings], courses: Courses, places: Sequence[int], weights: Draws, limits: Limits
) -> tuple[Settings, ...]:
    """Settings between those of a device's grid that read best; `places` says where in the grid the setting of each course stands.

    Of `limits` only the appetite for risk is read. Whether the device reaches a combination is for the caller to see.
    """
    if len(courses) == 0:
        return ()
    values = np.column_stack([_columns(courses, weights, limits), _harm(courses)])
    pays = (values[:, 3] <= 1.0) & (values[:, 0] > 0.0)
    if not pays.any():  # no course with this device is worth its harm
        return ()
    counts = np.unique(courses.sessions)
    table = np.tile(_USELESS, (len(grid), counts.size, 1))  # courses that change nothing visibly are not there
    table[np.array(places), np.searchsorted(counts, courses.sessions)] = values
    points: list[Draws] = [np.empty((0, 3))]
    places_read: list[tuple[_Plane, Draws]] = []
    for plane in _planes(grid):
        if plane.rows.size < _FEW:
            continue
        spots, told = _read(plane, table[plane.rows].reshape(plane.rows.size, -1), _STEPS)
        each = told.reshape(len(spots), counts.size, -1)
        for number in range(counts.size):
            good = np.flatnonzero((each[:, number, 3] <= 1.0) & (each[:, number, 0] > _PAYS))
            keep = good[_nondominated(each[good, number])]
            points.append(each[keep, number, :3] * _SMALLER_IS_BETTER)
            places_read += [(plane, spots[row]) for row in keep.tolist()]
    chosen = _chosen(grid, np.concatenate(points), places_read)
    return tuple(dict.fromkeys((*chosen, *_half_ways(grid))))


def _half_ways(grid: Sequence[Settings]) -> tuple[Settings, ...]:
    """Half way between neighbours on each knob, where a plane holds few settings: a reading shows no peak between so few."""
    known = set(grid)
    found: dict[Settings, None] = {}
    for plane in _planes(grid):
        if len(plane.knobs) > 1 and plane.rows.size >= _MANY:
            continue
        for column, name in enumerate(plane.knobs):
            for middle in _middles(plane.at, column):
                knobs = {one: float(f"{value:.3g}") for one, value in zip(plane.knobs, np.exp(middle).tolist(), strict=True)}
                new = replace(grid[int(plane.rows[0])], **knobs)  # type: ignore[arg-type]
                if new not in known and getattr(new, name):
                    found[new] = None
    return tuple(found)


def _middles(at: Draws, column: int) -> list[Draws]:
    """Points half way between neighbours that differ in one knob alone."""
    rest = np.delete(at, column, axis=1)
    found = []
    for line in np.unique(np.round(rest, 9), axis=0) if rest.shape[1] else [np.empty(0)]:
        here = at[(np.abs(rest - line) < _SAME).all(axis=1)]
        order = here[np.argsort(here[:, column], kind="stable")]
        found += [(one + two) / 2 for one, two in pairwise(order)]
    return found


def _chosen(grid: Sequence[Settings], points: Draws, places_read: Sequence[tuple[_Plane, Draws]]) -> tuple[Settings, ...]:
    """Settings of the readings that no other beats, spread evenly over their downtime; without those of the grid."""
    front = np.array(pareto(points), dtype=np.intp)
    order = front[np.argsort(points[front, 1], kind="stable")] if front.size else front
    known = set(grid)
    chosen: dict[Settings, None] = {}
    for index in _even(order, _MOST).tolist():
        plane, spot = places_read[index]
        knobs = {name: float(f"{value:.3g}") for name, value in zip(plane.knobs, np.exp(spot).tolist(), strict=True)}
        one = replace(grid[int(plane.rows[0])], **knobs)  # type: ignore[arg-type]
        if one not in known:
            chosen[one] = None
    return tuple(chosen)
