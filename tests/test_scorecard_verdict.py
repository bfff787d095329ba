"""From computed numbers to a verdict: the rule, and the table of propositions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recutis import evidence
from recutis.classes import DEVICE_CLASSES, matches_any
from recutis.scorecard.registry import compute, known_names, probability_of, split_names
from recutis.scorecard.types import Computed, Spread, answer_text, number_text
from recutis.scorecard.verdict import Condition, Proposition, judge, propositions

ORDER = {"contradicted": 0, "depends": 1, "supported": 2}


def proposition(mode: str, *, compare: str = "<=", target: float | str = 7.0, at: str = "p50", cases: str = "all") -> Proposition:
    """A proposition with one condition on the quantity `days`."""
    condition = Condition(quantity="days", at=at, compare=compare, target=target, unit="days", cases=cases)
    return Proposition(claim="X", words="words", mode=mode, concern="", conditions=(condition,), rows=())


def days(*values: float) -> dict[str, Computed]:
    """The quantity `days` with one value for each of the first device classes."""
    spreads = {name: Spread(p10=value / 2, p50=value, p90=2 * value) for name, value in zip(DEVICE_CLASSES, values, strict=False)}
    return {"days": Computed(name="days", unit="days", by=spreads)}


@pytest.mark.parametrize(
    ("mode", "values", "verdict"),
    [
        ("all", (1, 2, 3), "supported"),
        ("all", (1, 2, 30), "depends"),
        ("all", (10, 20, 30), "contradicted"),
        ("never", (1, 2, 3), "supported"),
        ("never", (1, 2, 30), "contradicted"),
        ("some", (10, 20, 3), "supported"),
        ("some", (10, 20, 30), "contradicted"),
        ("matters", (1, 2, 3), "supported"),
        ("matters", (1, 2, 30), "depends"),
        ("matters", (10, 20, 30), "depends"),
    ],
)
def test_what_a_share_of_cases_means_depends_on_how_the_statement_is_meant(
    mode: str, values: tuple[float, ...], verdict: str
) -> None:
    """All, never, some and matters read the same cases differently."""
    assert judge(proposition(mode), days(*values)).verdict == verdict


def test_a_quantity_varies_when_the_largest_median_is_far_above_the_smallest() -> None:
    """The threshold is a ratio; the order of the cases does not matter."""
    rule = proposition("varies", compare=">=", target=2.0)

    assert judge(rule, days(1, 5, 2)).verdict == "supported"
    assert judge(rule, days(5, 2, 1)).verdict == "supported"
    assert judge(rule, days(4, 5, 6)).verdict == "contradicted"
    assert judge(rule, days(4)).verdict is None


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=30), st.floats(1.0, 50.0))
def test_a_looser_limit_never_makes_the_verdict_worse(values: list[float], limit: float) -> None:
    """Raising the days that are allowed keeps or improves the verdict, and cases are conserved."""
    strict = judge(proposition("all", target=limit), days(*values))
    loose = judge(proposition("all", target=limit * 1.5), days(*values))

    assert ORDER[str(strict.verdict)] <= ORDER[str(loose.verdict)]
    assert len(strict.holds) + len(strict.fails) == len(values)


def test_the_quantile_of_a_condition_is_used() -> None:
    """A median within the limit is not enough where nine in ten must keep it."""
    assert judge(proposition("all", at="p50"), days(5)).verdict == "supported"
    assert judge(proposition("all", at="p90"), days(5)).verdict == "contradicted"


def test_cases_outside_the_scope_do_not_count() -> None:
    """A condition on vascular lasers does not look at the ablative ones."""
    by = {"ablative_full_co2": 30.0, "vascular_pdl_595, cheek": 1.0}
    quantities = {"days": Computed(name="days", unit="days", by=by)}

    assert judge(proposition("all", cases="vascular_any"), quantities).verdict == "supported"
    assert judge(proposition("all", cases="ablative_any"), quantities).verdict == "contradicted"
    assert judge(proposition("all", cases="pigment_any"), quantities).verdict is None


def test_every_condition_must_hold_in_a_case() -> None:
    """A case fails when one of two conditions fails."""
    one, two = days(1, 1)["days"], Computed(name="pain", unit="0-10", by={DEVICE_CLASSES[0]: 9.0, DEVICE_CLASSES[1]: 2.0})
    base = proposition("all")
    pain = Condition(quantity="pain", at="p50", compare="<=", target=4.0, unit="0-10", cases="all")
    both = Proposition(claim="X", words="", mode="all", concern="", conditions=(*base.conditions, pain), rows=())

    found = judge(both, {"days": one, "pain": two})

    assert found.fails == (DEVICE_CLASSES[0],)
    assert found.holds == (DEVICE_CLASSES[1],)


def test_words_and_flags_can_be_conditions() -> None:
    """A word must be the same word; a flag is 1 or 0."""
    words = {"days": Computed(name="days", unit="", by={"ipl": "outpatient", "hybrid_fractional": "hospital"})}
    flags = {"days": Computed(name="days", unit="flag", by={"ipl": True, "hybrid_fractional": True})}

    assert judge(proposition("all", compare="=", target="outpatient"), words).fails == ("hybrid_fractional",)
    assert judge(proposition("all", compare="=", target=1.0), flags).verdict == "supported"


def test_the_answer_tells_the_numbers_and_who_differs() -> None:
    """One sentence names the share, the rule, the smaller group and the ends of the range."""
    answer = judge(proposition("all"), days(1, 2, 30)).answer

    assert "2 of 3 cases (days at most 7)" in answer
    assert "it fails in ablative full erysgg" in answer
    assert "1 (0.5 to 2)" in answer
    assert "30 (15 to 60)" in answer


def test_each_claim_has_a_proposition_in_words_with_known_quantities() -> None:
    """The table of propositions covers every claim, and names only quantities that exist and cases that occur."""
    found = propositions()

    assert set(found) == {row.id for row in evidence.rows("claims")}
    for item in found.values():
        assert item.words.endswith("."), item.claim
        for condition in item.conditions:
            known = condition.quantity in known_names() or probability_of(condition.quantity) is not None
            assert known, (item.claim, condition.quantity)
            assert condition.cases == "any" or any(matches_any(condition.cases, name) for name in DEVICE_CLASSES), item.claim


def test_the_table_of_propositions_holds_no_verdict() -> None:
    """Verdicts are computed: no cell of the table says one."""
    for row in evidence.rows("model_claims"):
        assert not {"supported", "depends", "contradicted"} & set(row.fields.values()), row.id


def test_every_quantity_that_the_claims_name_can_be_computed() -> None:
    """Each name in the column quantity_to_compute has a function, or is a probability."""
    for row in evidence.rows("claims"):
        for name in split_names(row.fields["quantity_to_compute"]):
            known = name in known_names() or name.partition("_by_")[0] in known_names() or probability_of(name) is not None
            assert known, (row.id, name)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("pain_vas (by device and anaesthesia), pain_vs_comparator_difference", ("pain_vas", "pain_vs_comparator_difference")),
        ("PIH_pct and PIH_weeks, risk_by_phototype", ("PIH_pct", "PIH_weeks", "risk_by_phototype")),
        ("p(>=75 pct improvement), p(<25 pct)", ("p(>=75 pct improvement)", "p(<25 pct)")),
        ("downtime_days vs erythema_resolution_days", ("downtime_days", "erythema_resolution_days")),
        ("reepithelialisation_days(device, density, depth, site)", ("reepithelialisation_days",)),
        ("PIH_pct by phototype", ("PIH_pct_by_phototype",)),
        ("", ()),
        ("improvement_pct; improvement_pct", ("improvement_pct",)),
    ],
)
def test_names_are_read_without_their_remarks(text: str, names: tuple[str, ...]) -> None:
    """Brackets and remarks are dropped, probabilities stay whole, each name stands once."""
    assert split_names(text) == names


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("p(>=75 pct improvement)", ("improvement", ">=", 75.0)),
        ("p(<25 pct)", ("improvement", "<", 25.0)),
        ("p(sessions<=3)", ("sessions", "<=", 3.0)),
        ("probability(downtime<=7 d)", ("downtime", "<=", 7.0)),
        ("improvement_pct", None),
    ],
)
def test_probabilities_are_understood(word: str, meant: tuple[str, str, float] | None) -> None:
    """What, comparison and number of a chance."""
    assert probability_of(word) == meant


def test_a_name_that_nothing_computes_says_so() -> None:
    """No case, and the reason."""
    found = compute("happiness_pct", None, "")  # type: ignore[arg-type]

    assert not found.by
    assert found.missing == {"any": "nothing here computes 'happiness_pct'"}


def test_numbers_print_without_exponents() -> None:
    """Large, small, zero and spread."""
    assert [number_text(value) for value in (1234.4, 12.34, 0.0123, 0.0001, 0.0)] == ["1234", "12", "0.012", "below 0.01", "0"]
    assert answer_text(Spread(p10=1, p50=2, p90=4)) == "2 (1 to 4)"
    assert answer_text(Spread(p10=2, p50=2, p90=2)) == "2"
