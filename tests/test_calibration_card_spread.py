"""Spreads between studies as the card needs them: enough for the wanted share of rows, and no wider."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from recutis import posterior
from recutis.calibration import run
from recutis.calibration.card_spread import fairly_inside, least_multiple, wanted_multiple, with_card_spreads
from recutis.calibration.fit import fit
from recutis.calibration.held_out import held_out_card
from recutis.scorecard.clinical_study import Lab
from recutis.scorecard.clinical_table import packaged

FEW = ("REC-079", "REC-080", "REC-051", "PAIN-006", "PAIN-041", "RSK-054", "RSK-055", "OUT-038", "OUT-037")


@given(st.floats(0.1, 3.0))
def test_the_least_multiple_is_found_to_some_per_cent(edge: float) -> None:
    """Rows that the narrowest reaches ask for the least, those that the widest does not reach for more than any."""
    found = least_multiple(lambda by: by >= edge)

    if edge <= 0.5:
        assert found == 0.5
    elif edge > 2.0:
        assert found == math.inf
    else:
        assert edge <= found <= edge * 1.05


def test_the_wanted_share_of_rows_asks_for_no_more() -> None:
    """Four of five rows at 80 %; rows out of reach never widen beyond what was looked at."""
    assert wanted_multiple([0.5, 1.0, 1.5, 1.2, math.inf], 0.8) == 1.5
    assert wanted_multiple([0.5, math.inf, math.inf], 0.8) == 2.0
    assert wanted_multiple([0.7], 0.8) == 0.7


def test_a_row_is_judged_by_the_rows_of_other_studies() -> None:
    """A study whose rows alone ask for a wide spread does not lie inside by its own asking."""
    rows = [("a", 1.0), ("b", 1.0), ("c", 0.7), ("d", 1.9), ("d", 1.9)]

    assert wanted_multiple([least for _, least in rows], 0.8) == 1.9
    assert fairly_inside(rows, 0.8) == 3
    assert fairly_inside(rows[:1], 0.8) == 0


def test_a_spread_that_is_tried_holds_inside_only() -> None:
    """What ships is used before and after, and for families that are not tried."""
    shipped = posterior.spread("risk")
    with posterior.spreading({"risk": 9.0}):
        assert (posterior.spread("risk"), posterior.spread("pain")) == (9.0, posterior.manifest()["spread"]["pain"])
    assert posterior.spread("risk") == shipped


def test_rows_lie_inside_at_the_spreads_that_are_found() -> None:
    """Two processes find what one does; on the card, without their studies, the wanted share of rows lies inside."""
    found = fit(run.problem_of(tuple((table, record) for table, record in packaged() if record.fields["id"] in FEW)))
    lab = Lab(n=160, blocks=40, seed=0)
    both = [with_card_spreads(found, lab=lab, workers=workers, fewest=2) for workers in (1, 2)]
    alone, shared = both[0].spread, both[1].spread
    inside: dict[str, list[bool]] = {}
    for row, told in zip(found.problem.data, held_out_card(both[0], lab=lab).rows, strict=True):
        inside.setdefault(row.family, []).append(told["inside"] is True)

    assert alone == shared
    assert both[0].fairly_inside == both[1].fairly_inside
    assert with_card_spreads(found, lab=lab).spread == found.spread
    moved = [name for name, linear in found.spread.items() if alone[name] != linear]
    assert moved
    assert all(len(inside[name]) >= 2 for name in moved)
    for name in moved:
        if alone[name] < 1.99 * found.spread[name]:
            assert sum(inside[name]) >= 0.8 * len(inside[name]), name
