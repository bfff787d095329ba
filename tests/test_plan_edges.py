"""Edges of a plan: strict and loose sites together, prices that are missing, several sites of one visit, scales that end."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sample_plan import option, sample_plan, two_device_option

from recutis import evidence
from recutis.laser import Clinic, device
from recutis.laser.types import Settings
from recutis.patient import Ceiling, ceiling, parse_patient, read_patient, screen
from recutis.plan import explain, finalists, planner, update, update_words
from recutis.plan.courses import objectives
from recutis.plan.evaluate import places
from recutis.plan.explore import Explored, explore
from recutis.plan.finalists import evaluated
from recutis.plan.predictions import chair_minutes
from recutis.plan.request import Request, read_request, request_document
from recutis.plan.so_far import Lowered, SoFar

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
    """A course at two sites takes in the search what it takes when told in full, but where pain at its limit asks for another numbing."""
    one = explored()
    found = one.landscape
    here = [row for row, phases in enumerate(found.courses.phases) if len(phases[0].sites) == 2]
    evaluator = replace(one.evaluator, pain_limit=None, _cache={})
    alike = []
    for row in here[:: max(len(here) // 12, 1)]:
        phases = evaluated(found.candidate(row, one.limits), evaluator, one.search.places)
        told = sum(phase.sessions * chair_minutes(phase.evaluations).total.p50 for phase in phases)
        alike.append(found.courses.minutes[row] == pytest.approx(told, rel=0.15))
    assert np.mean(alike) > 0.8


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


def test_a_spot_is_made_with_the_device_that_asks_for_it_and_not_again_once_it_passed() -> None:
    """Of two devices one or both may need a spot; one that passed leaves the other."""
    light, laser = device("Candela Vbeam Perfecta"), device("UltraPulse DeepFX")

    def phase(one: Any, *, spot: bool) -> Any:
        most = Ceiling(site="cheek", device_class=one.device_class, phototype="II", allowed=True, test_spot=spot)
        return SimpleNamespace(device=one, ceilings={"cheek": most})

    def asked(candidate: Any, phototype: str, so_far: SoFar | None = None) -> list[str]:
        screening: Any = SimpleNamespace(entries=())
        return [one.device.name for one in planner._spot_phases(candidate, screening, phototype, so_far)]

    both: Any = SimpleNamespace(phases=(phase(light, spot=False), phase(laser, spot=True)))
    assert asked(both, "II") == ["UltraPulse DeepFX"]
    assert asked(both, "V") == ["Candela Vbeam Perfecta", "UltraPulse DeepFX"]
    assert asked(both, "V", SoFar(clean=frozenset({light.device_class}))) == ["UltraPulse DeepFX"]
    assert asked(both, "II", SoFar(clean=frozenset({laser.device_class}))) == []


def test_usual_settings_of_a_measured_device_are_held_to_what_it_delivers() -> None:
    """At the ceiling on the panel, a device that delivers a third more lies above it."""
    from recutis.plan.usual import UsualCourse, _not_allowed

    laser = device("UltraPulse DeepFX")
    patient = read_patient(EXAMPLES / "acne-scars.yaml")
    screening = screen(patient)
    most = ceiling("cheek", laser.device_class, "IV", overridden=screening.overridden)
    usual = UsualCourse(
        device=laser, settings=Settings(energy_mJ=most.max_energy_mJ, density_pct=5.0), sessions=1, interval_weeks=None
    )
    at = places(patient, n=20, seed=0, blocks=2)
    scale: Any = SimpleNamespace(high=1.33)

    assert not _not_allowed(usual, at, screening, None)
    assert "energy per place" in " ".join(_not_allowed(usual, at, screening, scale))


def test_a_request_with_usual_settings_comes_back_from_its_document() -> None:
    """Device, settings, sessions and interval of what is usually done."""
    from recutis.plan.usual import UsualCourse

    usual = UsualCourse(device=device("UltraPulse DeepFX"), settings=Settings(energy_mJ=15.0), sessions=3, interval_weeks=None)
    asked = Request(patient=read_patient(EXAMPLES / "acne-scars.yaml"), usual=usual)

    assert read_request(json.loads(json.dumps(request_document(asked)))).usual == usual


def test_a_spot_that_failed_and_was_passed_since_is_not_asked_for_again() -> None:
    """The dose stays lowered, and the words say so."""
    lowered = {"vascular_pdl_595": Lowered(max_fluence_J_cm2=6.9, max_passes=1)}
    first, then = (
        next(update_words._lowered(SoFar(lowered=lowered, clean=clean))) for clean in (frozenset(), frozenset(lowered))
    )

    assert "6.9 J/cm² in 1 pass" in first
    assert "a new spot comes first" in first
    assert "new spot" not in then


def test_usual_sessions_are_told_at_the_interval_that_is_usual() -> None:
    """Sessions that follow too soon add less."""
    from recutis.plan.usual import UsualCourse, compare_usual

    one = explored()
    told = []
    for weeks in (1.0, 8.0):
        usual = UsualCourse(device=device("Fraxel re:store"), settings=Settings(energy_mJ=20.0), sessions=3, interval_weeks=weeks)
        told.append(compare_usual(usual, one.evaluator, one.search.places, one.screening, one.limits, None))

    assert told[0].improvement_pct["fine_lines@periorbital"].p50 < told[1].improvement_pct["fine_lines@periorbital"].p50


def test_the_report_names_the_device_of_the_spot_where_there_are_two() -> None:
    """A card of a course with two devices says with which of them the spot is made."""
    from recutis.report.clinician import _card

    two, spot = two_device_option(), option(1).test_spot
    assert spot is not None
    two = two.model_copy(update={"test_spot": spot.model_copy(update={"device": "Second laser"})})
    card: Any = _card(sample_plan(), two)

    assert card["test_spot"]["site"].startswith("Second laser, ")
