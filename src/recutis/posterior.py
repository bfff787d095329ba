"""Parameters of the response as draws: what the studies leave open is carried by the twins, block by block.

Every parameter is a row of evidence with a value and a range. Calibration against the studies (`recutis calibrate`) turns the rows
into joint draws, which ship beside the tables; a parameter without draws keeps its row's value.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recutis import evidence

Draws = NDArray[np.float64]
PREFIX = "response."


class Parameters:
    """Parameters of a cloud of twins: a number, or one a twin, of shape () or (n,)."""

    def __init__(self, values: Mapping[str, Draws]) -> None:
        """`values` hold those that differ from their rows, by row id, of shape () or (n,)."""
        self._values: dict[str, Draws] = dict(values)

    def row(self, key: str) -> Draws:
        """The parameter of this row.

        Raises UnknownNameError naming the nearest ids.
        """
        found = self._values.get(key)
        if found is None:
            found = self._values[key] = np.asarray(evidence.value(key))
        return found

    def __call__(self, name: str) -> Draws:
        """The parameter `response.<name>`; raises as `row` does."""
        return self.row(f"{PREFIX}{name}")

    def of(self, twins: NDArray[np.int64]) -> Parameters:
        """The parameters of these twins, by their places in the cloud, in this order."""
        return Parameters({key: draws[twins] if draws.ndim else draws for key, draws in self._values.items()})
