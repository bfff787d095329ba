"""The clinical card without each row's own study: what the calibrated response is worth on a study it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from recutis.calibration.fit import Fit
from recutis.calibration.ship import draws, in_units
from recutis.posterior import parameters, spreading
from recutis.scorecard.clinical import HEADS, clinical_row, line, summary
from recutis.scorecard.clinical_study import Lab
from recutis.scorecard.types import Card


def held_out_card(found: Fit, *, lab: Lab, progress: Callable[[float], None] | None = None) -> Card:
    """Each row of the fit predicted by parameters to which its study has added nothing.

    `lab` has the twins, worlds and seed of the clinical card; its injuries are used again.
    """
    rows = []
    studies = list(dict.fromkeys(row.study for row in found.problem.data))
    for number, study in enumerate(studies, start=1):
        mode, covariance = found.without(study)
        here = lab.with_parameters(partial(parameters, table=in_units(found.problem.scales, draws(mode, covariance))))
        with spreading(found.spread):
            rows += [clinical_row(here, row.table, row.record) for row in found.problem.data if row.study == study]
        if progress is not None:
            progress(number / len(studies))
    order = {row.id: number for number, row in enumerate(found.problem.data)}
    rows.sort(key=lambda row: order[str(row["id"])])
    told = summary(rows)
    return Card(
        what="calibration",
        rows=tuple(rows),
        summary=told,
        heads=HEADS,
        table=tuple(line(row) for row in rows),
        closing_text=f"Of {told['compared']} rows, each without its own study, {told['inside']} lie inside the 80 % interval.",
    )
