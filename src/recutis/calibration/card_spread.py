"""The spreads between studies, set on the card itself: each row without its study, by the code that predicts any other study.

The search for the mode carries spreads in a linear model, which is near enough for weights. Shares of a few persons are counts and
end at none and all, which that model does not know; so what ships is found anew. Intervals grow with the spread: for each row
the least multiple of the linear spread is sought at which its value lies inside, and the wanted share of a family's rows asks for no
more than the multiple that is taken.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from recutis import evidence, posterior
from recutis.calibration.fit import Fit
from recutis.calibration.rows import Datum
from recutis.calibration.ship import draws, in_units
from recutis.plan.processes import in_order, processes_at_hand
from recutis.scorecard.clinical import clinical_row
from recutis.scorecard.clinical_study import Lab

_LEAST: Final = 0.5  # of the linear spread
_MOST: Final = 2.0
_HALVINGS: Final = 5  # of that range, in logarithms: to some 4 %


def least_multiple(inside: Callable[[float], bool]) -> float:
    """The least multiple of a spread at which a row lies inside, infinite where the widest does not reach it."""
    if inside(_LEAST):
        return _LEAST
    if not inside(_MOST):
        return math.inf
    low, high = math.log(_LEAST), math.log(_MOST)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if inside(math.exp(middle)) else (middle, high)
    return math.exp(high)


def wanted_multiple(multiples: list[float], wanted: float) -> float:
    """The least multiple that is enough for the wanted share of rows, within what was looked at."""
    return min(sorted(multiples)[max(math.ceil(wanted * len(multiples)) - 1, 0)], _MOST)


def fairly_inside(rows: list[tuple[str, float]], wanted: float) -> int:
    """How many rows (study, least multiple) lie inside at the multiple that the rows of all other studies want."""
    inside = 0
    for study in {study for study, _ in rows}:
        others = [least for whose, least in rows if whose != study]
        if others:
            inside += sum(least <= wanted_multiple(others, wanted) for whose, least in rows if whose == study)
    return inside


def _inside(row: Datum, lab: Lab, spread: float) -> bool:
    with posterior.spreading({row.family: spread}):
        return clinical_row(lab, row.table, row.record)["inside"] is True


def _of_study(found: Fit, lab: Lab, study: str, families: frozenset[str]) -> list[tuple[str, float]]:
    """The family and least multiple of each row of a study that is of these families, predicted without the study."""
    mode, covariance = found.without(study)
    here = lab.with_parameters(partial(posterior.parameters, table=in_units(found.problem.scales, draws(mode, covariance))))
    rows = [row for row in found.problem.data if row.study == study and row.family in families]
    return [(row.family, least_multiple(lambda by, row=row: _inside(row, here, by * found.spread[row.family]))) for row in rows]  # type: ignore[misc]


def with_card_spreads(
    found: Fit, *, lab: Lab, workers: int = 1, progress: Callable[[float], None] | None = None, fewest: float | None = None
) -> Fit:  # fmt: skip
    """The fit with spreads as the card needs them, and how many rows lie inside at spreads that their own study has not set.

    Families of fewer rows than `fewest` (row `calibration.fewest`) keep theirs. `lab` has the twins, worlds and seed of the clinical card.
    """
    few = evidence.value("calibration.fewest") if fewest is None else fewest
    rows = Counter(row.family for row in found.problem.data)
    enough = frozenset(family for family, count in rows.items() if count >= few)
    studies = list(dict.fromkeys(row.study for row in found.problem.data if row.family in enough))
    multiples: dict[str, list[tuple[str, float]]] = {family: [] for family in enough}
    told = in_order(lambda study: _of_study(found, lab, study, enough), studies, processes=min(workers, processes_at_hand()))
    for number, (study, each) in enumerate(zip(studies, told, strict=True), start=1):
        for family, least in each:
            multiples[family].append((study, least))
        if progress is not None:
            progress(number / len(studies))
    wanted = evidence.value("calibration.inside")
    spread = {
        family: linear * wanted_multiple([least for _, least in multiples[family]], wanted) if family in enough else linear
        for family, linear in found.spread.items()
    }
    fairly = (sum(fairly_inside(each, wanted) for each in multiples.values()), sum(map(len, multiples.values())))
    return replace(found, spread=spread, fairly_inside=fairly)
