"""The main job on the five example patients."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from recutis.classes import DEVICE_CLASSES, matches
from recutis.patient import ceiling, read_patient
from recutis.plan.document import Plan
from recutis.plan.planner import Request, plan_course

EXAMPLES = Path(__file__).parent.parent / "examples" / "patients"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))
ONE_AND_SLOWLY_ALL = [NAMES[0], *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES[1:])]


@cache
def planned(name: str) -> Plan:
    """The plan of one example, made once for all tests."""
    return plan_course(Request(patient=read_patient(EXAMPLES / f"{name}.yaml")))


def test_there_are_five_examples() -> None:
    """The folder holds the five patients that the documents speak of."""
    assert NAMES == ["acne-scars", "changing-spot", "decolletage", "facial-veins", "lines-and-age-spots"]


@pytest.mark.parametrize("name", NAMES)
def test_every_key_is_present_and_blocked_follows_status(name: str) -> None:
    """The document has all keys, no NaN, and is blocked unless ready."""
    made = planned(name)
    text = made.model_dump_json()
    document = json.loads(text)

    assert set(Plan.model_fields) == set(document)
    assert "NaN" not in text
    assert "Infinity" not in text
    assert made.blocked is (made.status != "ready")


@pytest.mark.parametrize("name", ONE_AND_SLOWLY_ALL)
def test_the_same_request_gives_the_same_plan(name: str) -> None:
    """Planning twice gives the same numbers, but for the seconds it took."""
    again = plan_course(Request(patient=read_patient(EXAMPLES / f"{name}.yaml")))
    drop = {"provenance": {"seconds"}}

    assert planned(name).model_dump(exclude=drop) == again.model_dump(exclude=drop)


def test_the_changing_spot_is_referred_urgently() -> None:
    """Rule, urgency and what lifts it are named; no settings, no sessions."""
    made = planned("changing-spot")
    rule = next(entry for entry in made.screening if entry.rule_id == "SCR-032")

    assert made.status == "refer"
    assert not made.options
    assert rule.state == "fires"
    assert "urgent" in rule.lifts_when
    assert rule.override == "never"
    assert "SCR-032" in made.headline
    assert not [entry for entry in made.calendar if entry.kind == "session"]


def test_veins_get_vascular_lasers_or_ipl_only() -> None:
    """Resurfacing lasers are refused by name because they do not reach vessels."""
    made = planned("facial-veins")
    refused = {item.device_class: item.reason for item in made.refused}

    assert made.status == "ready"
    assert made.options
    assert all(matches("vascular_any", item.device_class) or item.device_class == "ipl" for item in made.options)
    for name in DEVICE_CLASSES:
        if matches("resurfacing_any", name) and name != "nonablative_fractional_1320":
            assert name in refused
    assert "UltraPulse" in refused["ablative_fractional_co2"]
    assert "vessels get at most" in refused["ablative_fractional_co2"]


def test_the_decolletage_keeps_to_its_ceilings() -> None:
    """No option goes above the chest's energy, density and passes; full-field ablation is refused."""
    made = planned("decolletage")
    refused = {item.device_class: item.reason for item in made.refused}

    assert made.status == "ready"
    assert made.options
    for item in made.options:
        most = ceiling("decolletage", item.device_class, "II")
        assert most.allowed
        for settings in item.settings:
            assert most.max_energy_mJ is None or (settings.energy_mJ is not None and settings.energy_mJ <= most.max_energy_mJ)
            density = (settings.density_pct or 0.0) * item.passes
            assert most.max_density_pct is None or density <= most.max_density_pct * 1.001
        assert most.max_passes is None or item.passes <= most.max_passes
    assert "CEI-030" in refused["ablative_full_co2"]


def test_brown_skin_with_scars_gets_test_spots_lower_density_and_pih_odds() -> None:
    """Every option has a test spot and a density below that for fair skin; PIH odds are told."""
    made = planned("acne-scars")

    assert made.status == "ready"
    assert made.options
    for item in made.options:
        fair = ceiling("cheek", item.device_class, "II")
        assert item.test_spot is not None
        density = (item.settings[0].density_pct or 0.0) * item.passes
        if fair.max_density_pct is not None:
            assert density < fair.max_density_pct
        assert 0 < item.predictions.risks.pih.per_course.p10 <= item.predictions.risks.pih.per_course.p90 < 100
    kinds = [entry.kind for entry in made.calendar]
    assert kinds.index("test_spot") < kinds.index("test_spot_reading") < kinds.index("session")


def test_lines_and_age_spots_get_a_plan_within_a_week_of_downtime() -> None:
    """The cautious limit of seven days holds at the ninetieth percentile in every option."""
    made = planned("lines-and-age-spots")

    assert made.status == "ready"
    assert made.options
    for item in made.options:
        assert item.predictions.social_downtime_days.p90 <= 7.5
        assert item.sessions <= 3
        assert item.limits_met
    assert {key for item in made.options for key in item.treats} == {"fine_lines@periorbital", "age_spots@cheek"}


@pytest.mark.parametrize("name", NAMES)
def test_every_class_is_offered_or_refused_with_a_reason(name: str) -> None:
    """In a ready plan nobody has to guess why a laser is missing."""
    made = planned(name)
    if made.status != "ready":
        assert not made.options
        return
    kept = [point for point in made.front if point.meets_limits]
    offered = {point.device_class for point in kept} | {point.then_class for point in kept if point.then_class}
    offered |= {phase.device_class for item in made.options for phase in item.phases}
    reasons = {item.device_class: item.reason for item in made.refused}

    assert set(DEVICE_CLASSES) == offered | set(reasons)
    assert all(len(reason) > 10 for reason in reasons.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_source_that_is_cited_is_listed(name: str) -> None:
    """Each evidence id in a prediction stands in the list of sources."""
    made = planned(name)
    listed = {source.id for source in made.sources}

    for item in made.options:
        for quantity in (
            item.predictions.social_downtime_days,
            item.predictions.pain_0_10,
            *item.predictions.improvement_pct.values(),
        ):
            assert quantity.sources
            assert set(quantity.sources) <= listed
            assert quantity.p10 <= quantity.p50 <= quantity.p90
