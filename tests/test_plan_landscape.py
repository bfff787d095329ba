"""Laws of all courses of a person: columns agree with one course told in full, limits, devices, quantiles, pairs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recutis.bands import weighted_quantile
from recutis.injury.simulate import injure
from recutis.laser import Clinic, device
from recutis.patient import read_patient, screen
from recutis.plan.courses import LIMIT_QUANTILES, objectives
from recutis.plan.explore import Explored, explore
from recutis.plan.finalists import simulated
from recutis.plan.fold import continued, course_chance, repeated_chance
from recutis.plan.objectives import Limits
from recutis.plan.pairs import followed
from recutis.plan.quantiles import quantiles
from recutis.plan.request import Request, read_request, request_document
from recutis.plan.unplanned import smallest_change
from recutis.response import course_risk

EXAMPLES = Path(__file__).parent.parent / "examples" / "patients"
DEVICES = ("Fraxel re:store", "UltraPulse DeepFX", "PicoWay 532", "Candela Vbeam Perfecta", "excel V 532")


@cache
def explored(name: str = "lines-and-age-spots", devices: tuple[str, ...] = DEVICES) -> Explored:
    """All courses of an example patient in a clinic with these devices."""
    patient = read_patient(EXAMPLES / f"{name}.yaml")
    clinic = Clinic(devices=tuple(device(one) for one in devices))
    return explore(Request(patient=patient, clinic=clinic), screen(patient), injure=injure)


@given(
    st.integers(1, 12), st.lists(st.floats(0, 1), min_size=1, max_size=4), st.booleans(), st.integers(0, 10_000)
)  # fmt: skip
def test_many_quantiles_are_those_of_one(n: int, at: list[float], weighted: bool, seed: int) -> None:
    """Cloud by cloud the same as `weighted_quantile`, with and without weights, twins without weight included."""
    rng = np.random.default_rng(seed)
    draws = rng.normal(size=(3, 2, n))
    weights = rng.integers(0, 3, n) + np.eye(1, n, 0)[0] if weighted else None
    found = quantiles(draws, at, weights)

    for place in np.ndindex(3, 2):
        for number, probability in enumerate(at):
            assert found[(*place, number)] == pytest.approx(weighted_quantile(draws[place], probability, weights), abs=1e-12)


@pytest.mark.parametrize("name", ["lines-and-age-spots", "facial-veins"])
def test_columns_are_what_one_course_told_in_full_says(name: str) -> None:
    """Gain, score and broken limits of single and paired courses, against the readable twin with the same twins and injuries."""
    one = explored(name)
    found, limits = one.landscape, one.limits
    weights = dict(zip(found.concerns, found.weights.tolist(), strict=True))
    verdict = found.judged(limits)
    rng = np.random.default_rng(3)
    single = [row for row, phases in enumerate(found.courses.phases) if len(phases) == 1]
    paired = [row for row, phases in enumerate(found.courses.phases) if len(phases) == 2]
    rows = [*rng.choice(single, 6, replace=False).tolist(), *rng.choice(paired, 4, replace=False).tolist()]
    assert paired
    for row in rows:
        candidate = found.candidate(row, limits)
        told = simulated(candidate, found, one.evaluator, one.search.places, limits, weights).candidate
        assert candidate.gain == pytest.approx(told.gain, abs=1e-6)
        assert candidate.treats == tuple(name for name in found.concerns if name in told.treats)
        assert set(candidate.breaks) == set(told.breaks)
        if limits.max_pain_0_10 is None:
            assert verdict.score[row] == pytest.approx(told.score, abs=0.05)


def _best(one: Explored, limits: Limits) -> tuple[float, float]:
    row = one.landscape.best(limits)
    if row is None:
        return (-1.0, -np.inf)
    verdict = one.landscape.judged(limits)
    return (round(float(verdict.treated[row]), 9), float(verdict.score[row]))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(["lines-and-age-spots", "acne-scars", "facial-veins"]),
    days=st.floats(0, 20), more_days=st.floats(0, 10), sessions=st.integers(1, 4), more_sessions=st.integers(0, 1),
    pain=st.one_of(st.none(), st.floats(0, 9)), more_pain=st.floats(0, 3), risk=st.sampled_from(["cautious", "balanced", "bold"]),
)  # fmt: skip
def test_a_looser_limit_never_makes_the_best_course_worse(
    name: str, days: float, more_days: float, sessions: int, more_sessions: int, pain: float | None, more_pain: float, risk: str
) -> None:
    """Whatever the limits were: what was possible stays possible, and is worth what it was worth."""
    one = explored(name)
    tight = Limits(risk=risk, max_social_downtime_days=days, max_sessions=sessions, max_pain_0_10=pain)  # type: ignore[arg-type]
    loose = replace(
        tight, max_social_downtime_days=days + more_days, max_sessions=sessions + more_sessions,
        max_pain_0_10=None if pain is None else pain + more_pain,
    )  # fmt: skip

    assert _best(one, loose) >= _best(one, tight)


@pytest.mark.parametrize("name", ["lines-and-age-spots", "facial-veins"])
def test_one_more_device_never_makes_the_best_course_worse(name: str) -> None:
    """With every device that is added, under several limits."""
    for number in range(1, len(DEVICES)):
        few, more = explored(name, DEVICES[:number]), explored(name, DEVICES[: number + 1])
        for days in (1.0, 4.0, 9.0):
            limits = replace(few.limits, max_social_downtime_days=days)
            assert _best(more, limits) >= _best(few, limits)


def test_the_front_is_that_of_its_definition() -> None:
    """Nothing that keeps the limits beats a course of the front; everything else is beaten."""
    one = explored()
    found, limits = one.landscape, one.limits
    front, kept = set(found.front(limits)), np.flatnonzero(found.judged(limits).kept)
    points = objectives(found.courses, limits, found.weights)
    for row in kept[:: max(1, kept.size // 60)].tolist():
        others = points[kept]
        beaten = ((others <= points[row]).all(axis=1) & (others < points[row]).any(axis=1)).any()
        assert (row in front) is (not beaten)


def test_the_smallest_change_would_allow_a_course() -> None:
    """Where nothing is possible, the sentence names days, sessions or pain; with that, something is."""
    one = explored("acne-scars")
    tight = replace(one.limits, max_social_downtime_days=0.0, max_sessions=1)
    here = replace(one, limits=tight)
    assert here.landscape.best(tight) is None
    words = smallest_change(here, one.search.places)
    days = float(words.split("change that would allow a course is ")[1].split(" days")[0]) if "days of social" in words else 0.0
    sessions = int(words.split(" sessions in place of")[0].split()[-1]) if "sessions in place of" in words else 1

    assert here.landscape.best(replace(tight, max_social_downtime_days=days, max_sessions=sessions)) is not None


@given(st.integers(0, 1000), st.integers(1, 4), st.integers(1, 4))
def test_sessions_that_follow_are_folded_one_by_one(seed: int, first: int, second: int) -> None:
    """Many courses at once give what `continued` gives for each."""
    rng = np.random.default_rng(seed)
    reached = rng.uniform(0, 60, (2, 5))
    curve = np.cumsum(rng.uniform(0, 20, (2, 4, 5)), axis=1)
    many = followed(reached, curve, np.array([first, second]), np.array([True, False]))
    alone = reached[0]
    for _ in range(first):
        alone = continued(alone, curve[0])

    np.testing.assert_allclose(many[0], alone)
    np.testing.assert_array_equal(many[1], reached[1])


@given(st.integers(0, 1000), st.integers(1, 4), st.integers(1, 4))
def test_chances_of_phases_are_those_of_their_sessions(seed: int, first: int, second: int) -> None:
    """Equal sessions counted together or one by one."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 0.5, (2, 7))
    together = repeated_chance([(a, np.array([first])), (b, np.array([second]))], kind="pih")

    np.testing.assert_allclose(together, course_chance([a] * first + [b] * second, kind="pih"))


def test_a_request_comes_back_from_its_document() -> None:
    """Patient, clinic with devices of its own, seed: what was asked for is what is read."""
    from recutis.laser import read_clinic

    patient = read_patient(EXAMPLES / "acne-scars.yaml")
    clinic = read_clinic(EXAMPLES.parent / "clinic.yaml")
    asked = Request(patient=patient, clinic=clinic, seed=4)
    again = read_request(request_document(asked))

    assert again.patient == patient
    assert again.clinic is not None
    assert [one.name for one in again.clinic.devices] == [one.name for one in clinic.devices]
    assert request_document(again) == request_document(asked)


def test_downtime_quantiles_rise() -> None:
    """Half, three quarters and nine in ten of the twins: each later quantile is at least the one before."""
    columns = explored().landscape.courses.downtime

    assert columns.shape[1] == len(LIMIT_QUANTILES)
    assert (np.diff(columns, axis=1) >= 0).all()


def test_what_is_certain_in_a_session_is_certain_in_a_course() -> None:
    """A chance of one stays one, in silence, over equal sessions and over phases."""
    certain = np.ones(3)

    np.testing.assert_allclose(course_risk(certain, 3, kind="purpura"), 1.0)
    np.testing.assert_allclose(repeated_chance([(certain, np.array([2])), (certain, np.array([1]))], kind="purpura"), 1.0)
