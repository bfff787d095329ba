"""Weights of the Runge-Kutta-Legendre stages, and a step of conduction in voxels by them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.heat import _stage_kernel as kernels
from recutis.heat.cells import Cells, Team, apart

Array = NDArray[np.float64]
_SAFE: Final = 0.97  # of the longest stable step
_FEWEST: Final = 3
_FIRST: Final = 9  # place of the first array after those of the cells
MOST_STAGES: Final = 65  # beyond, implicit sweeps cost less


def stages_for(ratio: float) -> int:
    """Stages, an odd number, that a step needs that is so many times the longest explicit one: dt <= dt0 (s^2 + s - 2) / 4."""
    needed = max(_FEWEST, math.ceil(0.5 * (math.sqrt(9.0 + 16.0 * ratio) - 1.0)))
    return needed + 1 - needed % 2


@cache
def weights(count: int) -> tuple[tuple[float, float, float, float], ...]:
    """mu, nu, weight of the new rate and of the first one, for each of `count` stages."""

    def b(j: int) -> float:
        return 1.0 / 3.0 if j < 3 else (j * j + j - 2.0) / (2.0 * j * (j + 1.0))

    first = 4.0 / (count * count + count - 2.0)
    out = [(1.0, 0.0, b(1) * first, 0.0)]
    for j in range(2, count + 1):
        mu = (2.0 * j - 1.0) / j * b(j) / b(j - 1)
        nu = -(j - 1.0) / j * b(j) / b(j - 2)
        out.append((mu, nu, mu * first, -(1.0 - b(j - 1)) * mu * first))
    return tuple(out)


@dataclass
class Surroundings:
    """What a step exchanges heat with: transfer [W/m2 K] to a medium, blood flow [W/m3 K] at a temperature; rises [K]."""

    transfer: float
    medium: float
    blood: Array
    blood_rise: float


class Stages:
    """Working arrays of explicit steps on one block."""

    def __init__(self, cells: Cells, edges: tuple[Array, Array, Array], team: Team, ranges: list[tuple[int, int]]) -> None:
        """`ranges` are the rows of each thread."""
        self._cells, self._edges, self._team, self._ranges = cells, edges, team, ranges
        shape, width = cells.heat.shape, cells.heat.shape[1]
        self._rise = apart(shape, _FIRST)
        self._gz, self._gy, self._gx, self._inverse, self._rate, *self._changes = (
            apart(shape, _FIRST + 1 + i, dtype=np.float32) for i in range(8)
        )
        self._lost = np.zeros((2, shape[0]))
        self._row, self._single_row = np.zeros((len(ranges), width)), np.zeros((len(ranges), width), dtype=np.float32)
        self._fastest = np.zeros((len(ranges), width))

    def count(self, dt: float, around: Surroundings) -> int:
        """Take rises and conductances from the cells' present state; stages that a step of this length needs.

        The rates of all cells together are at most twice the highest one (Gershgorin).
        """
        c = self._cells

        def faces(_: int, a: int, b: int) -> None:
            kernels.faces(c.heat, c.capacity, c.k, *self._edges, self._rise, self._gz, self._gy, self._gx, self._inverse, a, b)

        def fastest(number: int, a: int, b: int) -> None:
            kernels.fastest_rate(
                self._inverse, c.k, self._gz, self._gy, self._gx, *self._edges, around.transfer, around.blood, self._fastest[number],
                self._row[number], a, b,
            )  # fmt: skip

        self._team.each(faces, self._ranges)
        self._team.each(fastest, self._ranges)
        return stages_for(dt * float(self._fastest.max()) / _SAFE)

    def step(self, dt: float, count: int, around: Surroundings) -> tuple[float, float]:
        """Conduct for a time from where `count` stood, in so many stages; returns heat to the surface and to blood [J].

        What has gone follows the same recursion as the cells, with the same rounded weights.
        """
        c = self._cells
        now, free, last = self._changes
        share = np.float32(weights(count)[0][2] * dt)

        def first(number: int, a: int, b: int) -> None:
            kernels.first_stage(
                self._rise, self._inverse, c.k, self._gz, self._gy, self._gx, *self._edges, around.transfer, around.medium,
                around.blood, around.blood_rise, share, self._rate, now, last, self._lost, self._row[number], a, b,
            )  # fmt: skip

        self._team.each(first, self._ranges)
        at_start = self._lost.sum(axis=1)
        gone = gone_last = float(share) * at_start
        self._lost[:] = 0.0
        for mu, nu, new, old in weights(count)[1:]:
            again, less, step, back = map(np.float32, (-nu, 1.0 - mu - nu, new * dt, (new + old) * dt))

            def work(number: int, a: int, b: int) -> None:
                kernels.stage(
                    now, last, self._rate, free, self._inverse, c.k, self._gz, self._gy, self._gx, *self._edges,  # noqa: B023
                    around.transfer, around.blood, again, less, step, back, self._lost, self._single_row[number], a, b,  # noqa: B023
                )  # fmt: skip

            self._team.each(work, self._ranges)
            added = float(step) * self._lost.sum(axis=1) + float(back) * at_start
            gone_last = float(again) * gone_last - float(less) * gone + added
            gone = gone + gone_last
            now, free = free, now
        self._team.each(
            lambda _, a, b: kernels.finish(now, self._inverse, c.volume_row, c.volume_cell, c.heat, a, b), self._ranges
        )
        return float(gone[0]), float(gone[1])
