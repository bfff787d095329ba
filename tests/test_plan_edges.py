"""Edges of a plan: strict and loose sites together, prices that are missing, several sites of one visit, scales that end."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from recutis import evidence
from recutis.laser import Clinic, device
from recutis.patient import Ceiling, parse_patient, read_patient, screen
from recutis.plan import explain, finalists, update
from recutis.plan.courses import objectives
from recutis.plan.explore import Explored, explore
from recutis.plan.finalists import evaluated
from recutis.plan.predictions import chair_minutes
from recutis.plan.request import Request
from recutis.plan.so_far import Lowered

EXAMPLES = Path(__file__).parent.parent / "examples" / "patients"


@cache
def explored() -> Explored:
    """Fine lines around the eyes and age spots on the cheek, in a clinic with two devices."""
    patient = read_patient(EXAMPLES / "lines-and-age-spots.yaml")
    clinic = Clinic(devices=(device("Fraxel re:store"), device("PicoWay 532")))
    return explore(Request(patient=patient, clinic=clinic), screen(patient))


def test_a_strict_site_is_looked_at_though_the_strongest_settings_of_a_loose_one_cannot_go_there() -> None:
    """Veins on the forehead are out of reach; the neck, whose ceiling is much lower, is offered what it may have."""
    person: dict[str, Any] = {
        "date": "2026-11-22",
        "patient": {"age": 54, "sex": "male", "phototype": "II", "tanned": False, "smoker": False},
        "history": {
            **dict.fromkeys(("herpes_labialis", "keloid", "vitiligo", "psoriasis", "immunosuppressed", "melasma"), False),
            "isotretinoin": "never", "medications": [],
        },
        "active": {"infection": "none", "acne": "none", "dermatitis": False},
        "concerns": [{"kind": "texture", "site": "neck"}],
        "goals": {"max_social_downtime_days": 14, "max_sessions": 3, "risk": "bold"},
    }  # fmt: skip
    both = {**person, "concerns": [*person["concerns"], {"kind": "facial_veins", "site": "forehead"}]}
    clinic = Clinic(devices=(device("SmartXide DOT"),))
    found = []
    for one in (person, both):
        patient = parse_patient(one)
        found.append(explore(Request(patient=patient, clinic=clinic), screen(patient)).landscape)

    assert len(found[0].courses)
    assert len(found[1].courses), found[1].refused.reasons["ablative_fractional_co2"]


def test_minutes_of_a_visit_count_the_numbing_once() -> None:
    """A course at two sites takes in the search what it takes when told in full."""
    one = explored()
    found = one.landscape
    here = [row for row, phases in enumerate(found.courses.phases) if len(phases[0].sites) == 2]
    evaluator = replace(one.evaluator, pain_limit=None, _cache={})
    for row in here[:: max(len(here) // 4, 1)]:
        phases = evaluated(found.candidate(row, one.limits), evaluator, one.search.places)
        told = sum(phase.sessions * chair_minutes(phase.evaluations).total.p50 for phase in phases)
        assert found.courses.minutes[row] == pytest.approx(told, rel=0.15)


def test_a_course_without_a_price_is_not_taken_for_the_cheapest() -> None:
    """Alike in all else, the one whose price is known comes first."""
    one = explored()
    two = replace(one.landscape.courses.taken([0, 0]), price=np.array([np.nan, 900.0]))
    points = objectives(two, one.limits, one.landscape.weights)

    assert (points[1] <= points[0]).all()
    assert np.isfinite(points).all()


def test_pain_is_not_loosened_beyond_its_scale() -> None:
    """From 9.5 of 10 there is one step, to 10."""
    steps = list(explain._pain(replace(explored().limits, max_pain_0_10=9.5)))

    assert [limits.max_pain_0_10 for *_, limits in steps] == [10.0]


@pytest.mark.parametrize("risk", ["cautious", "balanced", "bold"])
def test_at_the_price_told_two_courses_are_level(risk: Any) -> None:
    """The price of dark marks counts as much as it does in the score of this person."""
    one = explored()
    limits = replace(one.limits, risk=risk)
    score, pih = one.landscape.judged(limits).score, one.landscape.courses.risk_mean[:, 0]
    rows = (int(np.argmax(score)), int(np.argmin(pih)))
    behind = float(score[rows[0]] - score[rows[1]])
    words = explain._at_price(one.landscape, rows, behind, "pih", "{level:.12g}", risk)
    now = evidence.value("plan.price.pih")
    weight = evidence.value(f"plan.pih_weight.{risk}")
    level = now + behind / (100 * weight * float(pih[rows[0]] - pih[rows[1]]))

    assert behind > 0
    assert [float(text.split()[1]) for text in words] == ([pytest.approx(level)] if level <= 10 * now else [])


def test_a_chance_of_nothing_stays_nothing() -> None:
    """A rest that costs no dark marks holds the new one to none."""
    assert update._up(0.0) == 0.0
    assert update._up(0.12345) == pytest.approx(0.124)


def test_after_a_failed_spot_its_fluence_cannot_come_back_in_more_passes() -> None:
    """Wide spots have no density: the passes are held to those of the spot."""
    most = Ceiling(
        site="cheek", device_class="vascular_pdl_595", phototype="II", allowed=True, max_fluence_J_cm2=15.0, max_passes=2
    )

    assert Lowered(max_fluence_J_cm2=6.9, max_passes=1).under(most).max_passes == 1
    assert Lowered(max_density_pct=5.0).under(most).max_passes == 2


def test_a_place_kept_for_the_best_score_is_given_away_once_it_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulation may choose another course of that kind, or none; four kinds are told all the same."""
    kinds = [0, 1, 2, 3, 4]
    found: Any = SimpleNamespace(
        best_of_each_kind=lambda _limits: kinds,
        judged=lambda _limits: SimpleNamespace(score=np.array([1.0, 9.0, 1.0, 1.0, 1.0])),
        courses=SimpleNamespace(phases=[("one",)] * 5),
        class_names=("a", "b", "c", "d", "e"),
    )

    def simulated(row: int, *_: object) -> Any:
        return SimpleNamespace(candidate=SimpleNamespace(row=row + 10, treats=(), score=float(row)))

    monkeypatch.setattr(finalists, "_first_that_holds", simulated)
    chosen = finalists.finalists(found, *([None] * 4), most=4)  # type: ignore[arg-type]

    assert sorted(one.candidate.row for one in chosen) == [10, 11, 12, 13]
