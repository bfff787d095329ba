"""Parameters of the response as draws: what the studies leave open is carried by the twins, block by block.

Every parameter is a row `response.<name>` with a value and a range. Calibration against the studies (`recutis calibrate`) turns
the rows into joint draws, which ship beside the tables; a parameter without draws keeps its row's value.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recutis import evidence

Draws = NDArray[np.float64]
PREFIX = "response."


class Parameters:
    """Response parameters of a cloud of twins: called with a name they give a number, or one a twin, shape () or (n,)."""

    def __init__(self, values: Mapping[str, Draws]) -> None:
        """`values` hold those that differ from their rows, shape () or (n,)."""
        self._values: dict[str, Draws] = dict(values)

    def __call__(self, name: str) -> Draws:
        """The parameter `response.<name>`.

        Raises UnknownNameError naming the nearest ids.
        """
        found = self._values.get(name)
        if found is None:
            found = self._values[name] = np.asarray(evidence.value(f"{PREFIX}{name}"))
        return found
