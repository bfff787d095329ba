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
        shape = cells.heat.shape
        self._gz, self._gy, self._gx, self._inverse, self._rate, *self._rises = (
            apart(shape, i) for i in range(_FIRST, _FIRST + 9)
        )
        self._lost, self._total = np.zeros((2, shape[0])), np.zeros((len(ranges), shape[1]))
        self._per_x = 1.0 / np.diff(edges[2])
        self._fastest = np.zeros((len(ranges), shape[1]))

    def count(self, dt: float, around: Surroundings) -> int:
        """Take rises and conductances from the cells' present state; stages that a step of this length needs.

        The rates of all cells together are at most twice the highest one (Gershgorin).
        """
        c = self._cells

        def faces(_: int, a: int, b: int) -> None:
            kernels.faces(c.capacity, c.k, *self._edges, self._gz, self._gy, self._gx, self._inverse, a, b)

        def start(number: int, a: int, b: int) -> None:
            kernels.start(
                c.heat, self._inverse, self._rises[0], self._gz, self._gy, self._gx, *self._edges, c.k, around.transfer, around.blood,
                self._fastest[number], self._total[number], a, b,
            )  # fmt: skip

        self._team.each(faces, self._ranges)
        self._team.each(start, self._ranges)
        return stages_for(dt * float(self._fastest.max()) / _SAFE)

    def step(self, dt: float, count: int, around: Surroundings) -> tuple[float, float]:
        """Conduct for a time from where `count` stood, in so many stages; returns heat to the surface and to blood [J]."""
        c = self._cells
        origin, *free = self._rises
        now = before = origin
        gone = gone_before = np.zeros(2)
        first_loss = np.zeros(2)
        for j, (mu, nu, new, old) in enumerate(weights(count)):
            out = free.pop()

            def work(number: int, a: int, b: int) -> None:
                kernels.stage(
                    now, before, origin, self._rate, out, self._inverse, c.k, self._gz, self._gy, self._gx, *self._edges,  # noqa: B023
                    around.transfer, around.medium, around.blood, around.blood_rise, mu, nu, new * dt, old * dt, j == 0,  # noqa: B023
                    self._lost, self._per_x, self._total[number], a, b,
                )  # fmt: skip

            self._team.each(work, self._ranges)
            loss = self._lost.sum(axis=1)
            first_loss = loss if j == 0 else first_loss
            gone, gone_before = mu * gone + nu * gone_before + dt * (new * loss + old * first_loss), gone
            if before is not origin:
                free.append(before)
            before, now = now, out
        self._team.each(lambda _, a, b: kernels.finish(now, c.capacity, c.heat, a, b), self._ranges)
        return float(gone[0]), float(gone[1])
