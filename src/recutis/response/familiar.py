"""How far an injury lies beyond those of the studies that the response was calibrated on: ranges widen, and words say so.

The largest lesion depth and coverage of each kind of injury are read from the injuries that ship beside the draws. Beyond them the
response is an extrapolation; the error of the injury's depth, which moves all that follows, grows with the logarithm of how far.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.injury import Injury
from recutis.posterior import INJURIES
from recutis.response.stack import Stack, stack_one
from recutis.units import PERCENT

Draws = NDArray[np.float64]
Flags = NDArray[np.bool_]
_KINDS: Final = ("light on targets", "open columns", "closed columns", "open field", "closed field")
_LEAST: Final = 1e-6
_ROUNDING: Final = 1.005  # the kept injuries have four digits


def _kind(selective: Flags, fractional: Flags, ablation_um: Draws) -> NDArray[np.int64]:
    """Place in `_KINDS`."""
    closed = ablation_um <= 0.0
    return np.asarray(
        np.where(selective, 0, np.where(fractional, np.where(closed, 2, 1), np.where(closed, 4, 3))), dtype=np.int64
    )


@cache
def _reach() -> Mapping[str, Draws]:
    """Largest depth [µm] and coverage of each kind in the studies; infinite where no injuries ship."""
    file = files("recutis.posterior") / INJURIES
    depth, coverage = np.zeros(len(_KINDS)), np.zeros(len(_KINDS))
    if not file.is_file():
        return {"depth": depth + np.inf, "coverage": coverage + np.inf}
    for line in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
        number = {name: float(line[name]) for name in ("ablation_depth_um", "lesion_depth_um", "coverage_fraction")}
        kind = int(
            _kind(
                np.asarray(line["selective"] == "1"), np.asarray(line["fractional"] == "1"), np.asarray(number["ablation_depth_um"])
            )
        )  # fmt: skip
        depth[kind] = max(depth[kind], number["lesion_depth_um"])
        coverage[kind] = max(coverage[kind], number["coverage_fraction"])
    return {"depth": depth, "coverage": coverage}


def _beyond(injury: Stack) -> tuple[Draws, Draws]:
    """Depth and coverage over the largest studied, at least 1."""
    kind, reach = _kind(injury.selective, injury.fractional, injury.ablation_depth_um), _reach()
    found = []
    for name, value in (("depth", injury.lesion_depth_um), ("coverage", injury.coverage_fraction)):
        limit = np.maximum(reach[name][kind], _LEAST) * _ROUNDING
        inside = (value <= limit) | (value <= 0.0) | (kind == 0)  # light on targets is told by ratios, not by depth
        found.append(np.asarray(np.where(inside, 1.0, value / limit)))
    return found[0], found[1]


def widening(injury: Stack) -> Draws:
    """Factor on the error of the injury's depth, 1 inside what has been studied."""
    depth, coverage = _beyond(injury)
    return np.asarray(1.0 + evidence.value("familiar.per_doubling") * (np.log2(depth) + np.log2(coverage)))


def beyond_the_studies(injury: Injury) -> tuple[str, ...]:
    """What of an injury no study of its kind in the calibration has reached, one sentence each; empty inside."""
    one = stack_one(injury)
    kind, reach = int(_kind(one.selective, one.fractional, one.ablation_depth_um)), _reach()
    depth, coverage = _beyond(one)
    found = []
    if depth > 1.0:
        found.append(
            f"No study behind the response went as deep with {_KINDS[kind]}: {injury.lesion_depth_um:.0f} µm against at most "
            f"{reach['depth'][kind]:.0f} µm; ranges are wider and still uncertain."
        )
    if coverage > 1.0:
        found.append(
            f"No study behind the response was as dense with {_KINDS[kind]}: {PERCENT * injury.coverage_fraction:.0f} % of the surface "
            f"against at most {PERCENT * reach['coverage'][kind]:.0f} %; ranges are wider and still uncertain."
        )
    return tuple(found)
