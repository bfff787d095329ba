"""Studies of the same treatment beside each other: what their mean leaves, what the response leaves, and how far they differ."""

from __future__ import annotations

import numpy as np
import pytest

from recutis.calibration.replicates import alike, treatment
from recutis.calibration.rows import Datum, family_of, study_of
from recutis.scorecard.clinical_table import packaged


def rows(*ids: str) -> dict[str, Datum]:
    """Packaged rows as data, by id."""
    return {
        record.fields["id"]: Datum(
            table=table, record=record, study=study_of(record), family=family_of(table, record), reported=1.0, doubt=1.0
        )
        for table, record in packaged()
        if record.fields["id"] in ids
    }  # fmt: skip


def test_the_spread_of_studies_is_found_again_and_luck_is_taken_out() -> None:
    """A thousand treatments of three studies, 0.8 apart, with samples that err by 0.5."""
    rng = np.random.default_rng(3)
    kinds = np.repeat(np.arange(1000), 3)
    shared = rng.normal(0.0, 2.0, 1000)[kinds]
    own, luck = rng.normal(0.0, 0.8, 3000), rng.normal(0.0, 0.5, 3000)
    found = alike(
        "x", kinds.tolist(), [str(n) for n in range(3000)], shared + own + luck, own + luck, np.full(3000, 0.5)
    )  # fmt: skip

    assert found is not None
    assert (found.studies, found.treatments) == (3000, 1000)
    assert found.between == pytest.approx(0.8, rel=0.05)
    assert found.ours == pytest.approx(np.hypot(0.8, 0.5), rel=0.05)
    assert found.others == pytest.approx(found.ours * np.sqrt(1.5), rel=0.05)


def test_studies_that_agree_leave_nothing_and_rows_of_a_study_are_one() -> None:
    """Two rows of one study count as their mean; a study without its like is left aside."""
    reported, off = np.array([1.0, 3.0, 2.0, 9.0]), np.array([1.0, -1.0, 0.5, 9.0])
    found = alike("x", ["a", "a", "a", "b"], ["one", "one", "two", "three"], reported, off, np.zeros(4))

    assert found is not None
    assert (found.studies, found.treatments, found.others, found.between) == (2, 1, 0.0, 0.0)
    assert found.ours == pytest.approx(np.sqrt(0.125))
    assert alike("x", ["a", "a"], ["one", "one"], reported[:2], off[:2], np.zeros(2)) is None


def test_samples_that_err_more_than_studies_differ_leave_no_spread() -> None:
    """The spread is never negative."""
    found = alike("x", ["a", "a"], ["one", "two"], np.array([0.0, 0.1]), np.zeros(2), np.ones(2))

    assert found is not None
    assert found.between == 0.0


def test_rows_are_alike_in_laser_concern_and_quantity() -> None:
    """Two studies of one laser and sign are alike whatever their settings; another sign or laser is another treatment."""
    chosen = rows("REC-005", "REC-269", "REC-007", "REC-213", "OUT-037", "PAIN-006")
    found = {name: treatment(row) for name, row in chosen.items()}

    assert found["REC-005"] == found["REC-269"]
    assert len(set(found.values())) == 5
