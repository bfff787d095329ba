"""Parameters of the response as draws: what the studies leave open is carried by the twins, block by block.

Every parameter is a row of evidence with a value and a range. Calibration against the studies (`recutis calibrate`) turns the rows
into joint draws, which ship here; a parameter without draws keeps its row's value. `manifest.json` says from which tables,
injuries and rows the draws were made.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence

Draws = NDArray[np.float64]
PREFIX: Final = "response."
DRAWS: Final = "draws.csv"
MANIFEST: Final = "manifest.json"
INJURIES: Final = "injuries.csv"


class Parameters:
    """Parameters of a cloud of twins: a number, or one a twin, of shape () or (n,)."""

    def __init__(self, values: Mapping[str, Draws], wider: float = 1.0) -> None:
        """`values` hold those that differ from their rows, by row id, of shape () or (n,).

        `wider` multiplies the spread between studies (rows `*.sd_study`), for people and sites that few studies have treated.
        """
        self._values: dict[str, Draws] = dict(values)
        self._wider = wider
        self._told: dict[str, Draws] = {}

    def row(self, key: str) -> Draws:
        """The parameter of this row.

        Raises UnknownNameError naming the nearest ids.
        """
        found = self._told.get(key)
        if found is None:
            known = self._values.get(key)
            found = np.asarray(evidence.value(key)) if known is None else known
            if key.endswith(".sd_study"):
                found = found * self._wider
            self._told[key] = found
        return found

    def __call__(self, name: str) -> Draws:
        """The parameter `response.<name>`; raises as `row` does."""
        return self.row(f"{PREFIX}{name}")

    def of(self, twins: NDArray[np.int64]) -> Parameters:
        """The parameters of these twins, by their places in the cloud, in this order."""
        mine = {key: draws[twins] if draws.ndim else draws for key, draws in self._values.items()}
        return Parameters(mine, self._wider)


@cache
def draws() -> Mapping[str, Draws]:
    """The shipped draws of each calibrated parameter, shape (draws,), by row id; empty while none have been made."""
    file = files("recutis.posterior") / DRAWS
    if not file.is_file():
        return {}
    lines = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    return {line[0]: np.array(line[1:], dtype=np.float64) for line in lines[1:]}


@cache
def manifest() -> Mapping[str, Any]:
    """What the shipped draws were made from; empty while none have been made."""
    file = files("recutis.posterior") / MANIFEST
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


_spreads: ContextVar[Mapping[str, float]] = ContextVar("_spreads")


@contextmanager
def spreading(spreads: Mapping[str, float]) -> Iterator[None]:
    """Spreads of some families in place of those that ship, in what runs inside: a calibration tries its own."""
    token = _spreads.set(spreads)
    try:
        yield
    finally:
        _spreads.reset(token)


def spread(family: str) -> float:
    """Standard deviation between studies of a family of results, on its scale of comparison."""
    found = _spreads.get({}).get(family, manifest().get("spread", {}).get(family))
    return evidence.value(f"clinical.study_sd.{family}") if found is None else float(found)


def parameters(block: NDArray[np.int64], wider: float = 1.0, table: Mapping[str, Draws] | None = None) -> Parameters:
    """Parameters of twins in these blocks: each block holds one draw of `table` (the shipped ones unless given), in turn.

    `wider` as in `Parameters`.
    """
    known = draws() if table is None else table
    return Parameters({key: values[block % values.size] for key, values in known.items()}, wider)
