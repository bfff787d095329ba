"""Laws of the search: limits, ceilings, the front."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recutis.errors import CancelledError, OutOfRangeError
from recutis.laser import Device, Settings, candidate_settings, catalogue, expose
from recutis.patient import Patient, ceiling
from recutis.plan.objectives import CourseDraws, Limits, broken, gain, pareto
from recutis.plan.planner import Request, plan_course
from recutis.plan.processes import in_order
from recutis.plan.setting_limits import above_ceiling, place_energy_mJ, under_ceiling
from recutis.scorecard.plan_trials import broken_laws, random_request
from recutis.sites import SITES

LIMITS = Limits(risk="cautious", max_social_downtime_days=7, max_sessions=3, max_pain_0_10=None)


def course(**changes: object) -> CourseDraws:
    """A harmless course of one session."""
    kinds = ("pih", "hypopigmentation", "bacterial_infection", "herpes", "scarring", "ectropion", "prolonged_erythema")
    parts: dict[str, object] = {
        "improvement_pct": {"fine_lines@cheek": np.linspace(0, 60, 61)},
        "social_downtime_days": np.full(61, 3.0),
        "pain_0_10": np.full(61, 2.0),
        "risks": {kind: np.full(61, 0.001) for kind in kinds},
        "sessions": 1,
    }
    return CourseDraws(**{**parts, **changes})  # type: ignore[arg-type]


def test_a_harmless_course_breaks_nothing() -> None:
    """Inside every limit nothing is reported."""
    assert broken(course(), LIMITS) == ()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"social_downtime_days": np.full(61, 9.0)}, "social downtime of at most 7 days"),
        ({"sessions": 4}, "at most 3 sessions"),
        ({"too_deep_um": 30.0}, "must leave the deep dermis whole"),
        ({"burned_fraction": 0.3}, "a selective laser may kill at most 5 % of the epidermis"),
        ({"improvement_pct": {"fine_lines@cheek": np.full(61, 3.0)}}, "a visible change"),
    ],
)
def test_a_broken_limit_is_named(change: dict[str, object], text: str) -> None:
    """The sentence names the limit and its number."""
    assert text in broken(course(**change), LIMITS)[0]


@pytest.mark.parametrize("risk", ["cautious", "balanced", "bold"])
@pytest.mark.parametrize("kind", ["scarring", "hypopigmentation", "ectropion"])
def test_lasting_harm_is_capped_at_every_risk_level(risk: str, kind: str) -> None:
    """Gain is never bought with permanent harm, however bold the person."""
    harmful = course(improvement_pct={"a@b": np.full(61, 99.0)})
    harmful.risks[kind] = np.full(61, 0.2)

    assert f"hard cap: {kind}" in broken(harmful, replace(LIMITS, risk=risk))[0]


def test_a_bolder_person_keeps_a_limit_at_a_lower_quantile() -> None:
    """Downtime that one in four exceeds breaks a cautious limit and keeps a bold one."""
    days = np.where(np.arange(100) < 25, 12.0, 4.0)
    uneven = course(social_downtime_days=days)

    assert broken(uneven, LIMITS)
    assert not broken(uneven, replace(LIMITS, risk="bold"))


def test_gain_counts_priorities() -> None:
    """A concern with all the weight decides alone."""
    two = course(improvement_pct={"a@x": np.full(9, 10.0), "b@x": np.full(9, 50.0)})

    assert gain(two, {"a@x": 1.0, "b@x": 0.0}, 0.5) == pytest.approx(10.0)
    assert gain(two, {"a@x": 1.0, "b@x": 1.0}, 0.5) == pytest.approx(30.0)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=40))
def test_front_agrees_with_the_definition(points: list[tuple[int, int, int]]) -> None:
    """A point is on the front exactly when no other is at least as good everywhere and better somewhere."""
    array = np.array(points, dtype=float)

    def dominated(index: int) -> bool:
        return any((array[other] <= array[index]).all() and (array[other] < array[index]).any() for other in range(len(array)))

    assert [index for index in range(len(array)) if not dominated(index)] == pareto(array)


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("phototype", ["II", "IV", "VI"])
def test_lowered_settings_keep_every_ceiling(site: str, phototype: str) -> None:
    """Whatever the device, its typical settings brought under the ceiling keep it, or the device is refused."""
    for device in catalogue():
        most = ceiling(site, device.device_class, phototype)
        if not most.allowed:
            continue

        whole = expose(device, Settings(passes=int(device.limits["passes"].typical))).settings
        knobs = {name: getattr(whole, name) for name in device.panel if name != "passes"}
        lowered = under_ceiling(device, Settings(**knobs, passes=whole.passes), most)
        if lowered is not None:
            assert not above_ceiling(expose(device, lowered), most), device.name


def person(**changes: object) -> Patient:
    """A healthy man of 50 with fine lines on the cheek."""
    data: dict[str, object] = {
        "date": date(2026, 11, 22),
        "patient": {"age": 50, "sex": "male", "phototype": "II", "tanned": False, "smoker": False},
        "history": {
            "herpes_labialis": False, "keloid": False, "vitiligo": False, "psoriasis": False, "immunosuppressed": False,
            "melasma": False, "isotretinoin": "never", "medications": [],
        },
        "active": {"infection": "none", "acne": "none", "dermatitis": False},
        "concerns": [{"kind": "fine_lines", "site": "cheek"}],
        "goals": {"max_social_downtime_days": 7, "max_sessions": 2, "risk": "balanced"},
    }  # fmt: skip
    return Patient.model_validate({**data, **changes})


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 100_000))
def test_random_people_clinics_and_goals_get_lawful_plans(number: int) -> None:
    """No crash, no broken ceiling, goal or cap, and an empty result says why; thousands by `recutis.scorecard.plan_trials`."""
    request = random_request(np.random.default_rng([11, number]))

    assert broken_laws(request, plan_course(request)) == []


def test_the_laws_notice_what_is_broken() -> None:
    """A plan whose option is said to break a limit, or gives more sessions than allowed, is told off."""
    request = Request(patient=person())
    made = plan_course(request)
    first = made.options[0]
    worse = made.model_copy(update={"options": (first.model_copy(update={"limits_met": False, "sessions": 9}),)})

    assert broken_laws(request, made) == []
    assert any("a limit is not kept" in text for text in broken_laws(request, worse))
    assert any("9 sessions of 2" in text for text in broken_laws(request, worse))


def test_a_looser_limit_never_makes_the_best_plan_worse() -> None:
    """More days of downtime allowed: the best improvement at the counted quantile does not fall."""
    best = []
    for days in (2, 6, 14):
        made = plan_course(Request(patient=person(goals={"max_social_downtime_days": days, "max_sessions": 2, "risk": "bold"})))
        best.append(max((point.improvement_pct for point in made.front if point.meets_limits), default=0.0))

    assert best == sorted(best)


def test_planning_can_be_cancelled() -> None:
    """A cancelled search stops with a sentence."""
    with pytest.raises(CancelledError, match="Planning was cancelled"):
        plan_course(Request(patient=person()), cancelled=lambda: True)


def test_progress_rises_to_one() -> None:
    """Progress is reported in order and ends at one."""
    seen: list[float] = []
    plan_course(Request(patient=person()), progress=seen.append)

    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_processes_change_nothing_but_the_time() -> None:
    """Two processes find the same plan as one."""
    alone = plan_course(Request(patient=person()))
    together = plan_course(Request(patient=person(), processes=2))
    drop = {"provenance": {"seconds"}}

    assert alone.model_dump(exclude=drop) == together.model_dump(exclude=drop)


@pytest.mark.parametrize("processes", [1, 3])
def test_results_come_in_the_order_of_the_items(processes: int) -> None:
    """Also where later items are done sooner."""
    assert list(in_order(lambda number: number * number, list(range(7)), processes=processes)) == [n * n for n in range(7)]


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_in_a_process_reaches_the_caller(processes: int) -> None:
    """With its own text."""

    def fails(number: int) -> int:
        msg = f"item {number} is bad"
        raise OutOfRangeError(msg)

    with pytest.raises(OutOfRangeError, match="item 0 is bad"):
        list(in_order(fails, [0, 1], processes=processes))


@pytest.mark.parametrize("device", catalogue(), ids=lambda device: device.name)
def test_devices_travel_between_processes(device: Device) -> None:
    """A pickled device is the same device."""
    again = pickle.loads(pickle.dumps(device))

    assert dict(again.limits) == dict(device.limits)
    assert replace(again, limits={}) == replace(device, limits={})


def test_a_coagulating_pulse_counts_towards_the_ceiling() -> None:
    """Energy of the second pulse lands on the same place; a setting that hides it there is above the ceiling."""
    device = next(item for item in catalogue() if item.name == "Sciton ProFractional-XC")
    most = ceiling("cheek", device.device_class, "II")
    plain = expose(device, Settings(depth_um=150, density_pct=5, coagulation_um=0))
    heated = expose(device, Settings(depth_um=150, density_pct=5, coagulation_um=100))

    assert place_energy_mJ(heated) == pytest.approx(place_energy_mJ(plain) + (heated.second.energy_mJ if heated.second else 0))
    assert place_energy_mJ(heated) > place_energy_mJ(plain)
    assert most.max_energy_mJ is not None
    assert bool(above_ceiling(heated, most)) is (place_energy_mJ(heated) > most.max_energy_mJ)


@pytest.mark.parametrize("most", [15.0, 37.7, 50.0])
def test_what_a_plan_tells_of_a_setting_at_a_ceiling_keeps_it(most: float) -> None:
    """Knobs are told with four digits; set as told, the device delivers no more than the ceiling."""
    for one in catalogue():
        for setting in candidate_settings(one, max_energy_mJ=most):
            told = {
                name: float(f"{getattr(setting, name):.4g}") for name in one.panel if isinstance(getattr(setting, name), float)
            }
            exposure = expose(one, replace(setting, **told))
            assert exposure.pulse.energy_mJ * exposure.stack <= most * (1 + 1e-9), (one.name, setting)
