"""The fit: the most likely parameters, their joint uncertainty, and both without any one study.

A row's reported value is the model's middle for its study, plus what the study has of its own (Student's t, one spread a family),
plus the luck of its sample; parameters carry their rows' ranges as normal priors. Gauss-Newton on the scales of
comparison finds the mode; its curvature gives the joint normal law of the parameters. Leaving a study out takes its rows from
that curvature, which is exact where the model is linear between the two modes.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.calibration.rows import Datum
from recutis.calibration.scale import Scale, scales
from recutis.posterior import Parameters
from recutis.scorecard.clinical_study import Lab

Array = NDArray[np.float64]
Progress = Callable[[float, str], None]
_STEP: Final = 0.25  # of a prior's standard deviation, to either side for derivatives
_LONGEST: Final = 1.2  # prior standard deviations that a parameter may move in one round
_ROUNDS: Final = 4
_SETTLED: Final = 0.02  # change of the objective below which the fit has settled, as a share
_LEAST_SPREAD: Final = 0.05
_STARTS: Final = {
    "days": 0.4, "incidence of a sign": 0.8, "mean improvement": 0.6, "responders": 0.9, "other scores": 0.6, "pain": 0.4,
    "redness course": 0.5, "risk incidence": 0.7,
}  # fmt: skip


@dataclass(eq=False)
class Problem:
    """Rows, a laboratory that tells middles, and the parameters that may move."""

    data: tuple[Datum, ...]
    lab: Lab
    scales: tuple[Scale, ...] = field(default_factory=scales)

    def told(self, theta: Array, which: Sequence[int] | None = None) -> tuple[Array, Array, Array]:
        """Of each row (all, or `which`): model, reported value and standard error of the sample, on its scale of comparison."""
        values = {one.key: np.asarray(one.value(at)) for one, at in zip(self.scales, theta, strict=True)}
        lab = self.lab.with_parameters(lambda _: Parameters(values))
        rows = self.data if which is None else [self.data[i] for i in which]
        found = []
        for row in rows:
            one = row.told(lab)
            if one is None:
                found.append((np.nan, np.nan, np.nan))
            else:
                found.append((one.compared(one.p50), one.compared(row.reported), one.sampling))
        middle, reported, sampling = np.array(found).T
        return middle, reported, sampling


_shared: Problem | None = None  # what the workers of a fork see


def _column(job: tuple[Array, int, tuple[int, ...]]) -> tuple[int, Array]:
    """Derivatives of the touched rows by one parameter, a prior's standard deviation of it."""
    theta, number, rows = job
    problem = _shared
    assert problem is not None
    sd = problem.scales[number].sd
    ends = []
    for sign in (-1.0, 1.0):
        moved = theta.copy()
        moved[number] += sign * _STEP * sd
        ends.append(problem.told(moved, rows)[0])
    return number, (ends[1] - ends[0]) / (2.0 * _STEP)


def _groups(problem: Problem) -> dict[str, list[int]]:
    """Parameters by the first part of their names, which mostly touch the same rows."""
    out: dict[str, list[int]] = {}
    for number, one in enumerate(problem.scales):
        out.setdefault(one.key.removeprefix("response.").split(".")[0], []).append(number)
    return out


def touched(problem: Problem, theta: Array) -> list[tuple[int, ...]]:
    """For each parameter the rows that any parameter of its group moves."""
    base = problem.told(theta)[0]
    rng = np.random.default_rng(1)
    found: list[tuple[int, ...]] = [()] * len(problem.scales)
    for members in _groups(problem).values():
        moved = theta.copy()
        moved[members] += np.array([problem.scales[i].sd for i in members]) * rng.choice([-0.3, 0.3], len(members))
        rows = tuple(np.flatnonzero(problem.told(moved)[0] != base).tolist())
        for member in members:
            found[member] = rows
    return found


def jacobian(
    problem: Problem, theta: Array, rows: list[tuple[int, ...]], workers: int, progress: Progress | None, round_: int
) -> Array:
    """Derivatives (rows, parameters) a prior's standard deviation of each parameter."""
    global _shared
    out = np.zeros((len(problem.data), len(problem.scales)))
    jobs = [(theta, number, which) for number, which in enumerate(rows) if which]
    _shared = problem
    try:
        if workers > 1:
            with multiprocessing.get_context("fork").Pool(workers) as pool:
                _fill(out, rows, pool.imap_unordered(_column, jobs), len(jobs), progress, round_)
        else:
            _fill(out, rows, map(_column, jobs), len(jobs), progress, round_)
    finally:
        _shared = None
    return out


def _fill(
    out: Array, rows: list[tuple[int, ...]], columns: Iterator[tuple[int, Array]], count: int, progress: Progress | None, round_: int
) -> None:  # fmt: skip
    for done, (number, column) in enumerate(columns, start=1):
        out[list(rows[number]), number] = column
        if progress is not None:
            progress((round_ + done / count) / _ROUNDS, f"round {round_ + 1}: {done} of {count} parameters")


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """The mode and what lies around it, in standard deviations of the priors from their middles.

    `mode` (parameters,), `jacobian` (rows, parameters), `weight` (rows,) one over the variances at the mode, `spread` the
    standard deviation between studies of each family, `middle`, `reported`, `sampling` as in `Problem.told`.
    """

    problem: Problem
    mode: Array
    jacobian: Array
    weight: Array
    spread: dict[str, float]
    middle: Array
    reported: Array
    sampling: Array

    def precision(self, kept: NDArray[np.bool_] | None = None) -> Array:
        """Curvature at the mode, of all rows or of those kept."""
        weight = self.weight if kept is None else self.weight * kept
        out: Array = self.jacobian.T @ (weight[:, None] * self.jacobian) + np.eye(self.mode.size)
        return out

    def without(self, study: str) -> tuple[Array, Array]:
        """Mode and covariance had this study not been there."""
        kept = np.array([row.study != study for row in self.problem.data])
        curvature = self.precision(kept)
        pull = self.jacobian.T @ (self.weight * kept * (self.reported - self.middle)) - self.mode
        step = np.linalg.solve(curvature, pull)
        return self.mode + step, np.linalg.inv(curvature)

    def parameters(self, mode: Array) -> Array:
        """Back to the scales of the parameters."""
        middle, sd = _prior(self.problem)
        out: Array = middle + sd * mode
        return out


def _prior(problem: Problem) -> tuple[Array, Array]:
    return np.array([one.middle for one in problem.scales]), np.array([one.sd for one in problem.scales])


def _weights(problem: Problem, residual: Array, sampling: Array, spread: dict[str, float]) -> Array:
    """One over the variances, smaller for rows far off, as Student's t has it."""
    nu = evidence.value("calibration.robust")
    doubt = np.array([row.doubt for row in problem.data])
    between = np.array([spread[row.family] for row in problem.data])
    variance = sampling**2 + doubt * between**2
    out: Array = (nu + 1.0) / (nu + residual**2 / variance) / variance
    return out


def _spreads(problem: Problem, residual: Array, sampling: Array) -> dict[str, float]:
    """Spread between studies of each family: that at which half of its deviations lie within the quartiles of Student's t."""
    out = {}
    for family in _STARTS:
        mine = np.array([row.family == family for row in problem.data])
        if not mine.any():
            continue
        doubt = np.array([row.doubt for row in problem.data])[mine]
        low, high = _LEAST_SPREAD, 3.0
        for _ in range(40):
            middle = 0.5 * (low + high)
            scaled = np.abs(residual[mine]) / np.sqrt(sampling[mine] ** 2 + doubt * middle**2)
            low, high = (middle, high) if np.median(scaled) > 0.741 else (low, middle)  # quartile of t with 4 degrees
        out[family] = 0.5 * (low + high)
    return out


def _objective(problem: Problem, delta: Array, residual: Array, sampling: Array, spread: dict[str, float]) -> float:
    nu = evidence.value("calibration.robust")
    doubt = np.array([row.doubt for row in problem.data])
    between = np.array([spread[row.family] for row in problem.data])
    variance = sampling**2 + doubt * between**2
    return float(0.5 * (nu + 1.0) * np.log1p(residual**2 / variance / nu).sum() + 0.5 * (delta**2).sum())


def fit(problem: Problem, *, workers: int = 1, progress: Progress | None = None) -> Fit:
    """Find the mode. Raises nothing of its own: rows that stop being computed on the way are left out."""
    middle, sd = _prior(problem)
    delta = np.zeros(middle.size)
    rows = touched(problem, middle)
    spread = dict(_STARTS)
    told, reported, sampling = problem.told(middle)
    found: Fit | None = None
    for round_ in range(_ROUNDS):
        slope = jacobian(problem, middle + sd * delta, rows, workers, progress, round_)
        residual = reported - told
        spread = _spreads(problem, residual, sampling)
        weight = _weights(problem, residual, sampling, spread)
        found = Fit(
            problem=problem, mode=delta, jacobian=slope, weight=weight, spread=spread, middle=told, reported=reported,
            sampling=sampling,
        )  # fmt: skip
        if round_ == _ROUNDS - 1:
            break
        pull = slope.T @ (weight * residual) - delta
        step = np.linalg.solve(found.precision(), pull)
        step *= min(1.0, _LONGEST / np.abs(step).max())
        before = _objective(problem, delta, residual, sampling, spread)
        for share in (1.0, 0.5, 0.25, 0.1):
            trial = delta + share * step
            values = problem.told(middle + sd * trial)
            after = _objective(problem, trial, values[1] - values[0], values[2], spread)
            if after < before:
                delta, (told, reported, sampling) = trial, values
                break
        else:
            break
        if before - after < _SETTLED * before:
            round_ = _ROUNDS - 2
    assert found is not None
    return replace(found, mode=delta, middle=told, reported=reported, sampling=sampling)
