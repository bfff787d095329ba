"""How far studies of the same treatment lie from each other: what no prediction from laser, concern and quantity can take away.

Rows are alike when table, family, laser class, concern, what was measured, how it was graded and the phototypes (some of IV or darker,
lighter, not told) agree. The mean of the other studies alike is a prediction for which no model need be believed; what it leaves
is set beside what the response leaves, both without the study's own rows.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.calibration.fit import SPREAD, Fit
from recutis.calibration.rows import Datum
from recutis.scorecard.clinical import DEVICE, QUANTITY
from recutis.scorecard.clinical_outcomes import kindness
from recutis.scorecard.clinical_words import anaesthesia_of, concern_of, number_in, threshold_of
from recutis.scorecard.tables import Record
from recutis.sites import PHOTOTYPES, phototypes_told
from recutis.units import PERCENT

Array = NDArray[np.float64]
_DARK = PHOTOTYPES.index("IV")
_ARM = (
    "source", "device_class", "indication", "scale", "sessions", "followup_months", "device_settings", "site", "phototypes", "n",
)  # fmt: skip
_ENDS = {"upper_bound", "maximum", "max", "lower_bound", "minimum", "min"}  # not the middle of what people take


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Studies of one family that another study is like; deviations on its scale of comparison.

    `ours`, `others` : root mean square deviation of a study from the response without it, and from the mean of the studies alike.
    `between` : standard deviation of studies about what they share, the luck of their samples taken out.
    """

    family: str
    studies: int
    treatments: int
    ours: float
    others: float
    between: float


def treatment(row: Datum) -> Hashable:
    """What rows must agree in to be alike."""
    fields = row.record.fields
    told = phototypes_told(fields.get("phototypes", ""))
    dark = max(PHOTOTYPES.index(one) for one in told) >= _DARK if told else None
    graded = row.table == "clinical_outcomes"
    return (
        row.table, row.family, fields[DEVICE[row.table]], concern_of(fields["indication"]) if fields.get("indication") else None,
        fields[QUANTITY[row.table]] if row.table != "pain" else None,
        kindness(fields) if graded else None, threshold_of(fields["threshold"] or fields["scale"]) if graded else None,
        fields.get("statistic", "") in _ENDS, fields.get("time_day", ""),
        anaesthesia_of(fields["anaesthesia"]) if fields.get("anaesthesia") else None, dark,
    )  # fmt: skip


def alike(
    family: str, treatments: Sequence[Hashable], studies: Sequence[str], reported: Array, off: Array, sampling: Array
) -> Alike | None:  # fmt: skip
    """Compare rows of one family with their like; None where no two studies are alike.

    treatments, studies : of each row
    reported, off, sampling : (rows,) value, deviation from the response without the study, standard error of the sample

    Several rows of one study and treatment count as their mean.
    """
    groups: dict[Hashable, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, (kind, study) in enumerate(zip(treatments, studies, strict=True)):
        groups[kind][study].append(number)
    ours, others, squares, freedom, luck, count = [], [], 0.0, 0, [], 0
    for members in groups.values():
        if len(members) < 2:
            continue
        means = np.array([reported[rows].mean() for rows in members.values()])
        ours += [off[rows].mean() for rows in members.values()]
        others += list((means - means.mean()) * len(means) / (len(means) - 1))
        luck += [(sampling[rows] ** 2).mean() * (1 - 1 / len(means)) for rows in members.values()]
        squares, freedom, count = squares + float(((means - means.mean()) ** 2).sum()), freedom + len(means) - 1, count + 1
    if not freedom:
        return None
    between = (max(squares - float(np.sum(luck)), 0.0) / freedom) ** 0.5
    return Alike(
        family=family, studies=len(ours), treatments=count, ours=_size(ours), others=_size(others), between=between
    )  # fmt: skip


def _size(deviations: Sequence[float]) -> float:
    return float(np.sqrt(np.mean(np.square(deviations))))


def replicates(found: Fit) -> tuple[Alike, ...]:
    """All families in which studies are alike, in the order of `SPREAD`."""
    off, _ = found.left_out()
    out = []
    for family in SPREAD:
        mine = [at for at in np.flatnonzero(found.problem.family(family)) if not found.problem.data[at].is_prior]
        rows = [found.problem.data[at] for at in mine]
        told = alike(
            family, [treatment(row) for row in rows], [row.study for row in rows], found.reported[mine], off[mine], found.sampling[mine]
        )  # fmt: skip
        if told is not None:
            out.append(told)
    return tuple(out)


def spreads_of_persons(records: Sequence[tuple[str, Record]]) -> tuple[float, ...]:
    """Standard deviations [log-odds] of persons' gains as graded, one for each two thresholds of one arm of a study.

    A normal law of log-odds has that standard deviation when the shares beyond both thresholds are what was reported; counts of none
    and all are read as half a person.
    """
    arms: dict[tuple[str, ...], dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for table, record in records:
        fields = record.fields
        if table != "clinical_outcomes" or fields["metric"] != "responder_pct" or not fields.get("source"):
            continue
        band, value = threshold_of(fields["threshold"] or fields["scale"]), number_in(fields["value"])
        if band is not None and value is not None and 0.0 < band.low < PERCENT:
            least = 0.5 / (number_in(fields["n"]) or evidence.value("clinical.default.n"))
            arms[tuple(fields.get(name, "") for name in _ARM)][band.low].append(min(max(value / PERCENT, least), 1.0 - least))
    normal, found = NormalDist(), []
    for told in arms.values():
        for low, high in pairwise(sorted(told)):
            beyond = [normal.inv_cdf(sum(told[at]) / len(told[at])) for at in (low, high)]
            steps = math.log(high / (PERCENT - high)) - math.log(low / (PERCENT - low))
            if beyond[0] > beyond[1]:
                found.append(steps / (beyond[0] - beyond[1]))
    return tuple(sorted(found))
