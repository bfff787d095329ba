"""Studies of the same treatment beside each other: what their mean leaves, what the response leaves, and how far they differ."""

from __future__ import annotations

from math import log
from statistics import NormalDist

import numpy as np
import pytest

from recutis import evidence
from recutis.calibration.replicates import alike, spreads_of_persons, treatment
from recutis.calibration.rows import Datum, family_of, study_of
from recutis.scorecard.clinical_table import packaged
from recutis.scorecard.tables import Record, packaged_columns


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


def test_luck_is_taken_out_where_treatments_have_unequal_studies() -> None:
    """Many studies that err little and a pair that errs much: what is apart is found all the same."""
    rng = np.random.default_rng(5)
    kinds = np.concatenate([np.repeat(np.arange(400), 8), np.repeat(np.arange(400, 1200), 2)])
    error = np.where(kinds < 400, 0.1, 1.0)
    reported = rng.normal(0.0, 0.5, kinds.size) + error * rng.normal(0.0, 1.0, kinds.size)
    found = alike("x", kinds.tolist(), [str(n) for n in range(kinds.size)], reported, reported, error)

    assert found is not None
    assert found.between == pytest.approx(0.5, rel=0.1)


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
    half = rows("OUT-024", "OUT-036", "OUT-448", "OUT-449")  # '>50% improvement' and '>50 %'
    assert len({treatment(row) for row in half.values()}) == 1


def arm(**shares: str) -> tuple[tuple[str, Record], ...]:
    """Rows of one arm: shares beyond thresholds."""
    common = dict.fromkeys(packaged_columns("clinical_outcomes"), "") | {"source": "A", "metric": "responder_pct", "n": "40"}
    told = {"half": ">50 %", "most": ">75 %", "some": ">25 %"}
    return tuple(
        ("clinical_outcomes", Record(place=name, fields=common | {"id": name, "threshold": told[name], "value": value}))
        for name, value in shares.items()
    )  # fmt: skip


def test_the_spread_of_persons_is_found_again() -> None:
    """Shares of a normal law of log-odds give back its spread, for each two thresholds; none and all count as half a person."""
    law = NormalDist(mu=0.4, sigma=1.3)
    shares = {name: f"{100 * (1 - law.cdf(edge)):.4f}" for name, edge in (("some", -log(3)), ("half", 0.0), ("most", log(3)))}

    assert spreads_of_persons(arm(**shares)) == pytest.approx((1.3, 1.3), rel=1e-3)
    assert spreads_of_persons(arm(half="50", most="0")) == pytest.approx((log(3) / -NormalDist().inv_cdf(0.0125),))
    assert spreads_of_persons(arm(half="50")) == ()
    assert spreads_of_persons(arm(half="20", most="30")) == ()


def test_persons_and_raters_together_differ_as_within_studies() -> None:
    """The rows that no fit between studies moves lie in the middle half of the pairs of thresholds of the tables."""
    low, high = np.quantile(spreads_of_persons(packaged()), (0.25, 0.75))

    assert low < np.hypot(evidence.value("response.gain.sd_person"), evidence.value("clinical.grading.scatter")) < high
