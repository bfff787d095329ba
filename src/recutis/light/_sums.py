"""Sums over blocks of photons, with the standard error that the scatter between blocks gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Sums:
    """Running sums of a tally of any shape. Blocks may differ in size; the order of adding is the caller's."""

    def __init__(self, *shape: int) -> None:
        self._total = np.zeros(shape)
        self._squares = np.zeros(shape)
        self._work = np.empty(shape)  # reused: fresh memory for every block costs more than the sums
        self._photons = 0
        self._blocks = 0

    @classmethod
    def of(cls, total: Array, squares: Array, *, photons: int, blocks: int) -> Sums:
        """Sums that were made elsewhere: of the tallies of blocks, and of their squares over the blocks' photons."""
        sums = cls()
        sums._total, sums._squares, sums._photons, sums._blocks = total, squares, photons, blocks
        return sums

    def add(self, tally: Array, photons: int) -> None:
        """Add a block's tally."""
        self._total += tally
        np.multiply(tally, tally, out=self._work)
        self._work /= photons
        self._squares += self._work
        self._photons += photons
        self._blocks += 1

    def mean(self) -> Array:
        """Mean for each photon."""
        return self._total / self._photons

    def error(self) -> Array:
        """Standard error of the mean.

        A block of n photons scatters about n times the mean with n times the variance of one photon, which the
        sum of squares over n estimates, one degree of freedom being spent on the mean. One block alone tells nothing.
        """
        if self._blocks < 2:
            return np.full_like(self._total, np.inf)
        spread = np.maximum(self._squares - self._total * self._total / self._photons, 0.0)
        return np.asarray(np.sqrt(spread / ((self._blocks - 1) * self._photons)))
