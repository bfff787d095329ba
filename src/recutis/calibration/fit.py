"""The fit: the most likely parameters, their joint uncertainty, and both without any one study.

A row's reported value is the model's middle for its study, plus what the study has of its own (Student's t, one spread a family),
plus the luck of its sample; parameters carry their rows' ranges as normal priors. Gauss-Newton on the scales of
comparison finds the mode, each set of derivatives serving for some moves; its curvature gives the joint normal law of the
parameters. Leaving a study out takes its rows from that curvature, which is exact where the model is linear between the two
modes. The spread of a family is the one at which the stated share of its rows, each predicted without its own study in this linear
model, lies inside the 80 % interval; families of few rows keep the one they start with. What ships is set on the card (`card_spread`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.calibration.rows import Datum
from recutis.calibration.scale import EIGHTY, WITHIN, Scale, lawful, scales
from recutis.errors import InputError
from recutis.plan.processes import in_order, processes_at_hand
from recutis.posterior import Parameters
from recutis.scorecard.clinical_study import Lab

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Progress = Callable[[float, str], None]
_STEP: Final = 0.25  # of a prior's standard deviation, to either side for derivatives
_LONGEST: Final = 1.2  # prior standard deviations that a parameter may move in one round
_AT_ONCE: Final = 18  # parameters whose derivatives are taken together
_ROUNDS: Final = 6
_MOVES: Final = 6  # with the same derivatives
_SETTLED: Final = 0.003  # change of the objective below which the fit has settled, as a share
_SHARES: Final = (1.0, 0.5, 0.25, 0.1)  # of a step, until the objective falls
_LEAST_LEVERAGE: Final = 0.3  # rows that no shift of gains moves are still not exact
_LEAST_SPREAD: Final = 0.3  # for the weights: no rows pull as if studies hardly differed
_WIDEST: Final = 3.0
_HALVINGS: Final = 40
SPREAD: Final = (
    "days.clock",
    "days.clock.told",
    "days.redness",
    "days.redness.told",
    "days.sign",
    "share",
    "gain.mean.blinded",
    "gain.mean.open",
    "gain.mean.meter",
    "gain.share",
    "gain.score",
    "pain",
    "course",
    "risk",
)
"""What is spread alike between studies."""


@dataclass(eq=False)
class Problem:
    """Rows, a laboratory that tells middles, and the parameters that may move."""

    data: tuple[Datum, ...]
    lab: Lab
    scales: tuple[Scale, ...] = field(default_factory=scales)

    @property
    def prior(self) -> tuple[Array, Array]:
        """Middles and standard deviations of the priors."""
        return np.array([one.middle for one in self.scales]), np.array([one.sd for one in self.scales])

    @property
    def doubt(self) -> Array:
        """Factor on the variance between studies, of each row."""
        return np.array([row.doubt for row in self.data])

    def family(self, name: str) -> Flags:
        """Rows of a family."""
        return np.array([row.family == name for row in self.data])

    def told(self, mode: Array, which: Sequence[int] | None = None, shift: float = 0.0) -> tuple[Array, Array, Array]:
        """Of each row (all, or `which`): model, reported value and standard error of the sample, on its scale of comparison.

        `mode` counts standard deviations of the priors from their middles; `shift` moves all graded gains [log-odds].
        """
        middle, sd = self.prior
        values = lawful({one.key: np.asarray(one.value(at)) for one, at in zip(self.scales, middle + sd * mode, strict=True)})
        values["clinical.shift.gain"] = np.asarray(shift)
        lab = self.lab.with_parameters(lambda _: Parameters(values))
        rows = self.data if which is None else [self.data[i] for i in which]
        found = []
        for row in rows:
            one = row.told(lab)
            found.append((np.nan,) * 3 if one is None else (one.compared(one.p50), one.compared(row.reported), one.sampling))
        model, reported, sampling = np.array(found, dtype=np.float64).reshape(-1, 3).T
        return model, reported, sampling

    def told_each(self, modes: Array, which: Sequence[int]) -> Array:
        """The model's middles of some rows, shape (rows, modes), at several places at once: each is a world of the same persons."""
        middle, sd = self.prior
        carried = middle + sd * modes
        values = lawful({one.key: one.values(carried[:, at]) for at, one in enumerate(self.scales)})
        lab = self.lab.with_parameters(lambda block: Parameters({key: told[block] for key, told in values.items()}), len(modes))
        found = [self.data[i].told(lab) for i in which]
        nothing = np.full(len(modes), np.nan)
        return np.array([nothing if one is None else one.each_compared() for one in found])


def starts() -> dict[str, float]:
    """Spreads between studies with which the first round begins, by family: rows `clinical.study_sd.*`."""
    return {family: evidence.value(f"clinical.study_sd.{family}") for family in SPREAD}


def leverage(problem: Problem, mode: Array) -> Array:
    """How far a step of what studies differ by moves each row on its scale of comparison: one but for gains."""
    rows = np.flatnonzero(np.logical_or.reduce([problem.family(name) for name in SPREAD if name.startswith("gain.")]))
    out = np.ones(len(problem.data))
    ends = [problem.told(mode, rows.tolist(), shift=sign * _STEP)[0] for sign in (-1.0, 1.0)]
    out[rows] = np.maximum(np.abs(ends[1] - ends[0]) / (2.0 * _STEP), _LEAST_LEVERAGE)
    return out


def touched(problem: Problem) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Groups of parameters (by the first part of their names) and the rows that any of a group moves; those of `WITHIN` move none."""
    groups: dict[str, list[int]] = {}
    for number, one in enumerate(problem.scales):
        if one.key in WITHIN:
            continue
        groups.setdefault(one.key.removeprefix("response.").split(".")[0], []).append(number)
    moved = np.zeros((1 + len(groups), len(problem.scales)))
    rng = np.random.default_rng(1)
    for world, members in enumerate(groups.values(), start=1):
        moved[world, members] = rng.choice([-0.3, 0.3], len(members))
    told = problem.told_each(moved, range(len(problem.data)))
    changed = told[:, 1:] != told[:, :1]
    return {tuple(members): tuple(np.flatnonzero(changed[:, at]).tolist()) for at, members in enumerate(groups.values())}


def _columns(problem: Problem, mode: Array, numbers: tuple[int, ...], rows: tuple[int, ...]) -> Array:
    """Derivatives of the touched rows by some parameters, a prior's standard deviation of each."""
    moved = np.repeat(mode[None, :], 2 * len(numbers), axis=0)
    for place, number in enumerate(numbers):
        moved[2 * place, number] -= _STEP
        moved[2 * place + 1, number] += _STEP
    told = problem.told_each(moved, rows)
    return np.asarray((told[:, 1::2] - told[:, ::2]) / (2.0 * _STEP))


def jacobian(
    problem: Problem, mode: Array, rows: Mapping[tuple[int, ...], tuple[int, ...]], *, workers: int = 1, progress: Progress | None = None
) -> Array:  # fmt: skip
    """Derivatives (rows, parameters) a prior's standard deviation of each parameter; `rows` as `touched` tells them."""
    out = np.zeros((len(problem.data), len(problem.scales)))
    jobs = [
        (group[at : at + _AT_ONCE], which) for group, which in rows.items() if which for at in range(0, len(group), _AT_ONCE)
    ]  # fmt: skip
    jobs.sort(key=lambda job: -len(job[0]) * len(job[1]))
    done, count = 0, sum(len(numbers) for numbers, _ in jobs)
    found = in_order(lambda job: _columns(problem, mode, *job), jobs, processes=min(workers, processes_at_hand()))
    for (numbers, which), columns in zip(jobs, found, strict=True):
        out[np.ix_(which, numbers)] = columns
        done += len(numbers)
        if progress is not None:
            progress(done / count, f"{done} of {count} parameters")
    return out


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """The mode and what lies around it.

    `mode` (parameters,) in standard deviations of the priors from their middles, `jacobian` (rows, parameters) by these,
    `weight` (rows,) one over the variances, `lever` as `leverage`, `spread` the standard deviation between studies of each family; `model`,
    `reported`, `sampling` as in `Problem.told`; `fairly_inside` the rows inside on the card at spreads that their own study has not set, of
    how many, once these are set there.
    """

    problem: Problem
    mode: Array
    jacobian: Array
    weight: Array
    lever: Array
    spread: dict[str, float]
    model: Array
    reported: Array
    sampling: Array
    fairly_inside: tuple[int, int] | None = None

    @property
    def residual(self) -> Array:
        """Reported less model."""
        return self.reported - self.model

    def solve(self, kept: Flags | None = None) -> tuple[Array, Array]:
        """Mode of the rows kept (all unless given), to first order from this one, and the covariance of the parameters."""
        weight = self.weight if kept is None else self.weight * kept
        curvature = self.jacobian.T @ (weight[:, None] * self.jacobian) + np.eye(self.mode.size)
        covariance = np.asarray(np.linalg.inv(curvature), dtype=np.float64)
        pull = self.jacobian.T @ (weight * self.residual) - self.mode
        return self.mode + covariance @ pull, covariance

    def without(self, study: str) -> tuple[Array, Array]:
        """Mode and covariance had this study not been there."""
        return self.solve(np.array([row.study != study for row in self.problem.data]))

    def left_out(self) -> tuple[Array, Array]:
        """Each row's deviation from what is predicted without its study, and the variance that parameters leave in it."""
        off, unsure = np.zeros(len(self.problem.data)), np.zeros(len(self.problem.data))
        for study in dict.fromkeys(row.study for row in self.problem.data):
            mine = np.array([row.study == study for row in self.problem.data])
            mode, covariance = self.without(study)
            slope = self.jacobian[mine]
            off[mine] = self.residual[mine] - slope @ (mode - self.mode)
            unsure[mine] = np.einsum("ij,jk,ik->i", slope, covariance, slope)
        return off, unsure


def _variance(problem: Problem, lever: Array, sampling: Array, spread: dict[str, float]) -> Array:
    between = lever * np.array([max(spread[row.family], _LEAST_SPREAD) for row in problem.data])
    out: Array = sampling**2 + problem.doubt * between**2
    return out


def _weights(residual: Array, variance: Array) -> Array:
    """One over the variances, smaller for rows far off, as Student's t has it."""
    nu = evidence.value("calibration.robust")
    out: Array = (nu + 1.0) / (nu + residual**2 / variance) / variance
    return out


def _objective(mode: Array, residual: Array, variance: Array) -> float:
    nu = evidence.value("calibration.robust")
    return float(0.5 * (nu + 1.0) * np.log1p(residual**2 / variance / nu).sum() + 0.5 * (mode**2).sum())


def spreads(found: Fit) -> dict[str, float]:
    """The spread of each family at which the wanted share of its rows, their studies left out, lies inside 80 %."""
    off, unsure = found.left_out()
    wanted = evidence.value("calibration.inside")
    out = {}
    for family in found.spread:
        mine = found.problem.family(family)
        if mine.sum() < evidence.value("calibration.fewest"):
            out[family] = starts()[family]
            continue
        low, high = 0.0, _WIDEST
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            ends = EIGHTY * np.sqrt(found.sampling[mine] ** 2 + unsure[mine] + (found.lever[mine] * middle) ** 2)
            low, high = (middle, high) if (np.abs(off[mine]) <= ends).mean() < wanted else (low, middle)
        out[family] = high
    return out


@dataclass
class _Search:
    """Where the search stands."""

    problem: Problem
    mode: Array
    spread: dict[str, float]
    model: Array
    reported: Array
    sampling: Array

    def found(self, slope: Array, lever: Array) -> Fit:
        """The fit as it stands, with these derivatives."""
        variance = _variance(self.problem, lever, self.sampling, self.spread)
        return Fit(
            problem=self.problem, mode=self.mode, jacobian=slope, weight=_weights(self.reported - self.model, variance), lever=lever,
            spread=self.spread, model=self.model, reported=self.reported, sampling=self.sampling,
        )  # fmt: skip

    def move(self, found: Fit) -> float:
        """Go towards the mode as far as the objective falls; by what share it fell."""
        step = found.solve()[0] - self.mode
        step = step * min(1.0, _LONGEST / float(np.abs(step).max()))
        before = _objective(self.mode, found.residual, _variance(self.problem, found.lever, self.sampling, self.spread))
        for share in _SHARES:
            trial = self.mode + share * step
            model, reported, sampling = self.problem.told(trial)
            after = _objective(trial, reported - model, _variance(self.problem, found.lever, sampling, self.spread))
            if after < before:
                self.mode, self.model, self.reported, self.sampling = trial, model, reported, sampling
                return (before - after) / before
        return 0.0


def fit(
    problem: Problem, *, workers: int = 1, progress: Progress | None = None, start: Array | None = None,
    keep: Callable[[Array], None] | None = None,
) -> Fit:  # fmt: skip
    """Find the mode, from the middles of the priors or from `start`; `keep` gets the mode so far after each round.

    Raises InputError where a row cannot be computed any more once parameters move.
    """
    first = np.zeros(len(problem.scales)) if start is None else start
    rows = touched(problem)
    search = _Search(problem, first, starts(), *problem.told(first))
    settled, number = False, 0
    while True:

        def told(share: float, words: str, number: int = number) -> None:
            if progress is not None:
                progress((number + share) / (_ROUNDS + 1), f"round {number + 1}: {words}")

        slope = jacobian(problem, search.mode, rows, workers=workers, progress=told)
        if not np.isfinite(slope).all():
            lost = problem.data[int(np.argwhere(~np.isfinite(slope))[0, 0])].id
            msg = f"Row '{lost}' cannot be computed any more once parameters move; leave it out or mend its words."
            raise InputError(msg)
        lever = leverage(problem, search.mode)
        search.spread = spreads(search.found(slope, lever))
        found = search.found(slope, lever)
        if settled or number == _ROUNDS:
            return found
        settled = search.move(found) < _SETTLED
        for _ in range(0 if settled else _MOVES - 1):
            search.spread = spreads(search.found(slope, lever))
            if search.move(search.found(slope, lever)) < _SETTLED:
                break
        if keep is not None:
            keep(search.mode)
        number += 1
