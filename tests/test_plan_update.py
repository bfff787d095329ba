"""What was seen of a course: twins learn, the rest is planned again, and nothing that was seen is taken for good news when it is not."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import yaml

from recutis import evidence
from recutis.errors import InputError, OutOfRangeError
from recutis.files import Document, validate
from recutis.laser import Clinic, Settings, candidate_settings, catalogue, expose
from recutis.patient import read_patient
from recutis.plan.describe import pass_settings
from recutis.plan.document import Plan
from recutis.plan.evaluate import gain_after_each
from recutis.plan.given import dates_in, given, option_of, settings_of
from recutis.plan.observation_file import Observation, read_observations
from recutis.plan.planner import Request, plan_course
from recutis.plan.request import read_request
from recutis.plan.rest import rest
from recutis.plan.setting_limits import place_energy_mJ, total_density_pct
from recutis.plan.so_far import SPOT_SHARE
from recutis.plan.update import Updated, thinned, update_plan
from recutis.plan.update_document import PlanUpdate
from recutis.plan.write import to_json
from recutis.schema import schema_text

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
OBSERVATIONS = sorted((EXAMPLES / "observations").glob("*.yaml"))
SCARS = "acne_scars@cheek"
LATER = datetime.date(2027, 1, 20)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A plan for the acne scars of the example patient in a clinic of two devices."""
    clinic = Clinic.model_validate({"devices": ["UltraPulse DeepFX", "Fraxel re:store"]})
    return plan_course(Request(patient=read_patient(EXAMPLES / "patients" / "acne-scars.yaml"), clinic=clinic))


def with_one_device(most_days: float) -> Plan:
    """The same with one device, at most two sessions and so many days of downtime, so that nothing else can come near."""
    person = read_patient(EXAMPLES / "patients" / "acne-scars.yaml")
    goals = person.goals.model_copy(update={"max_sessions": 2, "max_social_downtime_days": most_days})
    clinic = Clinic.model_validate({"devices": ["UltraPulse DeepFX"]})
    return plan_course(Request(patient=person.model_copy(update={"goals": goals}), clinic=clinic))


@pytest.fixture(scope="module")
def alone() -> Plan:
    """A plan that no limit on days holds back."""
    return with_one_device(30)


def seen(**told: object) -> Observation:
    """One observation, late enough to be of the test spot."""
    return Observation.model_validate({"date": LATER, **told})


def spot(**told: object) -> Observation:
    """What was seen at the test spot."""
    return seen(session="test_spot", **told)


def after(plan: Plan, number: int, **told: object) -> Observation:
    """What was seen ten weeks after a session."""
    day = dates_in(plan, read_request(plan.request), plan.options[0])[number]
    return Observation.model_validate({"session": number, "date": day + datetime.timedelta(weeks=10), **told})


@pytest.fixture(scope="module")
def darkened(plan: Plan) -> Updated:
    """The test spot darkened."""
    return update_plan(plan, (spot(test_spot="failed", pih=True),))


@pytest.fixture(scope="module")
def as_foreseen(alone: Plan) -> Updated:
    """The first session went exactly as the middle twin."""
    told = alone.options[0].predictions
    gain = told.improvement_by_session_pct[SCARS][0].p50
    return update_plan(alone, (after(alone, 1, pain_0_10=told.pain_0_10.p50, improvement={SCARS: gain}),))


@pytest.mark.parametrize("device", catalogue(), ids=lambda device: device.name)
def test_settings_come_back_from_a_document(device: object) -> None:
    """What a document tells of a panel delivers the same energy and density, to the four digits it tells."""
    for settings in candidate_settings(device)[::7]:  # type: ignore[arg-type]
        exposure = expose(device, settings)  # type: ignore[arg-type]
        back = expose(device, settings_of(device, pass_settings(exposure)))  # type: ignore[arg-type]

        assert back.passes == exposure.passes
        assert place_energy_mJ(back) == pytest.approx(place_energy_mJ(exposure), rel=2e-3)
        if total_density_pct(exposure) is not None:
            assert total_density_pct(back) == pytest.approx(total_density_pct(exposure), rel=2e-3)


def test_a_dark_spot_makes_the_plan_more_careful(plan: Plan, darkened: Updated) -> None:
    """Another device or a lower dose comes first, or nothing; the old dose is never offered again, and a new spot is asked for."""
    old = plan.options[0]
    share = evidence.value(SPOT_SHARE)

    assert darkened.update.verdict in {"change", "stop"}
    assert not darkened.update.keep
    assert darkened.plan is not None
    for option in darkened.plan.options:
        for phase in option.phases:
            if phase.device_class == old.device_class:
                density = (phase.settings[0].density_pct or 0) * phase.passes
                assert density <= share * (old.settings[0].density_pct or 0) * old.passes * 1.001
                assert (phase.settings[0].energy_mJ or 0) <= (old.settings[0].energy_mJ or 0) * 1.001
                assert option.test_spot is not None
    assert any("spot failed" in words for words in darkened.update.difference)


def test_after_dark_marks_nothing_costs_more_of_them(plan: Plan, darkened: Updated) -> None:
    """Whatever is offered instead has no greater chance of dark marks than the old rest, with the twins of now."""
    came = update_plan(plan, (after(plan, 1, pih=True),))
    for told in (darkened.update, came.update):
        assert told.old is not None
        for option in told.options:
            assert option.pih_pct.p50 <= 1.03 * told.old.pih_pct.p50  # planned with fewer twins than it is told with


def test_who_hid_for_three_weeks_is_not_offered_the_same_again() -> None:
    """The old rest breaks the limit of five days and is told so; what is left, if anything, keeps it or is not worth its price."""
    plan = with_one_device(5)
    found = update_plan(plan, (after(plan, 1, downtime_days=21, redness_days=40),))

    assert found.update.verdict in {"stop", "change"}
    assert not found.update.keep
    assert any("would break: social downtime" in text for text in found.update.difference)
    assert all(option.social_downtime_days.p50 <= 5 for option in found.update.options)
    assert (found.update.verdict == "change") or found.update.options == () or "worth its price" in found.update.headline


def test_pih_never_lowers_pih(plan: Plan, darkened: Updated) -> None:
    """Dark marks that came raise the chance of the same settings, at the spot and in the rest."""
    assert darkened.update.shifts is not None
    for shift in (darkened.update.shifts.pih_pct, *(one.learnt.pih for one in darkened.update.given if one.learnt)):
        assert shift.after.p50 > shift.before.p50
    came, stayed_away = (update_plan(plan, (after(plan, 1, pih=came),)).update.shifts for came in (True, False))
    assert came is not None
    assert stayed_away is not None
    assert came.pih_pct.after.p50 >= came.pih_pct.before.p50 >= stayed_away.pih_pct.after.p50


@pytest.mark.parametrize("days", [14, 25])
def test_longer_redness_never_shortens_downtime(plan: Plan, days: float) -> None:
    """Redder for longer than foreseen: the days out of sight of the rest do not become fewer, and redness grows."""
    shifts = update_plan(plan, (after(plan, 1, redness_days=days),)).update.shifts

    assert shifts is not None
    assert shifts.redness_days.before.p50 < days
    assert shifts.redness_days.after.p50 > shifts.redness_days.before.p50
    assert shifts.social_downtime_days.after.p50 >= shifts.social_downtime_days.before.p50


def test_what_was_foreseen_changes_little(as_foreseen: Updated) -> None:
    """Seeing the medians keeps the course; middle figures stay, and what is known of the person grows narrower."""
    told = as_foreseen.update
    shifts = told.shifts

    assert shifts is not None
    assert told.verdict == "keep"
    for shift in (shifts.social_downtime_days, shifts.redness_days, shifts.pih_pct, shifts.pain_0_10):
        assert shift.after.p50 == pytest.approx(shift.before.p50, rel=0.15, abs=0.3)
    gain = shifts.total_pct[SCARS]
    assert gain.after.p50 == pytest.approx(
        gain.before.p50, rel=0.2
    )  # the gain of a person is skewed: it is likelier a little less
    assert gain.after.p90 - gain.after.p10 < gain.before.p90 - gain.before.p10


def test_the_middle_of_downtime_changes_little(plan: Plan) -> None:
    """Days out of sight as foreseen leave their middle and narrow their range."""
    shifts = update_plan(
        plan, (after(plan, 1, downtime_days=plan.options[0].predictions.social_downtime_days.p50),)
    ).update.shifts

    assert shifts is not None
    days = shifts.social_downtime_days
    assert days.after.p50 == pytest.approx(days.before.p50, rel=0.1)
    assert days.after.p90 - days.after.p10 < days.before.p90 - days.before.p10
    assert shifts.pih_pct.after.p50 == pytest.approx(shifts.pih_pct.before.p50, rel=0.1)


def test_total_is_what_was_gained_and_what_is_to_come(alone: Plan, as_foreseen: Updated) -> None:
    """The rest of the old course ends where the whole course was foreseen to end; the gain to come is what is missing to that."""
    told = as_foreseen.update
    whole = alone.options[0].predictions.improvement_pct[SCARS].p50

    assert told.old is not None
    assert told.sessions_given == 1
    assert told.old.sessions == alone.options[0].sessions - 1
    assert told.shifts is not None
    assert told.shifts.total_pct[SCARS].before.p50 == pytest.approx(whole, abs=1.5)
    assert told.reached_pct[SCARS].p50 < told.old.total_pct[SCARS].p50
    missing = told.old.total_pct[SCARS].p50 - told.reached_pct[SCARS].p50
    assert told.old.to_come_pct[SCARS].p50 == pytest.approx(missing, abs=3)


def test_a_gain_goes_on_where_it_stands(plan: Plan) -> None:
    """After what one session gains, equal sessions go on along their own curve."""
    from recutis.patient import screen
    from recutis.plan.evaluate import places
    from recutis.plan.explore import evaluator_of, limits_of
    from recutis.plan.given import numbing_of, phases_of

    request = read_request(plan.request)
    screening = screen(request.patient)
    from recutis.injury.simulate import injure

    evaluator = evaluator_of(request, screening, limits_of(request.patient), injure)
    at = places(request.patient, n=40, seed=0)
    phases, numbing = phases_of(request, plan.options[0])[:1], numbing_of(plan.options[0])
    two = (replace(phases[0], sessions=2),)
    fresh = rest(two, evaluator, at, numbing)
    curve = fresh.evaluated[0].evaluations[0].improvement[SCARS].by_session
    gone_on = {site: replace(place, gained={SCARS: curve[0]}) for site, place in at.items()}
    then = gain_after_each(rest(two, evaluator, gone_on, numbing).evaluated, SCARS)

    np.testing.assert_allclose(then[0], curve[1], rtol=1e-9)
    np.testing.assert_allclose(then[1], curve[2], rtol=1e-9)
    np.testing.assert_allclose(gain_after_each(fresh.evaluated, SCARS)[1], curve[1], rtol=1e-9)


def test_fewer_twins_say_the_same(plan: Plan) -> None:
    """Twins taken by their weight keep the weighted mean; equal weights take them evenly."""
    from recutis.plan.evaluate import places

    at = places(read_request(plan.request).patient, n=1000, seed=1)
    place = at["cheek"]
    weights = np.exp(place.twins.redness_effect)
    weights *= weights.size / weights.sum()
    few = thinned({"cheek": replace(place, twins=replace(place.twins, weights=weights))}, 200)["cheek"].twins

    assert few.n == 200
    assert np.ptp(few.weights) == 0
    mean = float(np.average(place.twins.redness_effect, weights=weights))
    assert float(few.redness_effect.mean()) == pytest.approx(mean, abs=0.12)
    assert thinned(at, 200)["cheek"].twins.redness_effect.std() == pytest.approx(1, abs=0.1)


def test_dates_go_on_from_the_last_session(alone: Plan, as_foreseen: Updated) -> None:
    """The new plan is of the day that was seen; its first session keeps the interval after the last, without another spot before."""
    made = as_foreseen.plan
    assert made is not None
    days = dates_in(alone, read_request(alone.request), alone.options[0])
    first = next(entry.day for entry in made.calendar if entry.kind == "session")

    assert made.date == as_foreseen.update.date
    assert datetime.date.fromisoformat(first) >= days[1] + datetime.timedelta(weeks=alone.options[0].interval_weeks)


def test_a_spot_that_passed_is_not_made_again(plan: Plan) -> None:
    """After a clean test spot of its class a course starts without another."""
    assert plan.options[0].test_spot is not None
    found = update_plan(plan, (spot(test_spot="passed"),))

    assert found.update.verdict in {"keep", "change"}
    assert found.plan is not None
    same = [
        option
        for option in found.plan.options
        if {phase.device_class for phase in option.phases} == {plan.options[0].device_class}
    ]
    assert same
    assert all(option.test_spot is None for option in same)


def test_an_update_can_be_updated(as_foreseen: Updated) -> None:
    """The plan of the rest knows what was given and seen, and goes on from there."""
    first = as_foreseen.plan
    assert first is not None
    again = update_plan(first, (after(first, 1, pih=False),))

    assert again.update.sessions_given == 2
    assert [one.number for one in again.update.given] == [1, 2]
    assert again.update.given[0].learnt is not None
    assert again.update.reached_pct[SCARS].p50 > as_foreseen.update.reached_pct[SCARS].p50


def test_after_the_last_session_nothing_is_planned(alone: Plan) -> None:
    """The course is finished when the person allowed no more sessions."""
    assert alone.options[0].sessions == 2
    found = update_plan(alone, (after(alone, 2, improvement={SCARS: 40}),))

    assert found.update.verdict == "finished"
    assert found.plan is None
    assert found.update.options == ()


def test_the_same_gives_the_same(plan: Plan, darkened: Updated) -> None:
    """One plan, one observation, one result."""
    again = update_plan(plan, (spot(test_spot="failed", pih=True),)).update

    drop = {"provenance": {"seconds"}}
    assert again.model_dump(exclude=drop) == darkened.update.model_dump(exclude=drop)


BAD: dict[str, tuple[dict[str, object], str]] = {
    "no such session": ({"session": 9, "pih": True}, "There is no session 9 in option 1"),
    "before the session": ({"session": 2, "pih": True, "date": "2026-12-01"}, "lies before session 2 on"),
    "a concern of nobody": (
        {"session": 1, "improvement": {"fine_lines@cheek": 20}, "date": "2028-01-01"},
        "concerns treated there",
    ),
    "a site of nobody": ({"session": 1, "site": "neck", "pih": True, "date": "2028-01-01"}, "did not treat 'neck'"),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_what_does_not_fit_the_plan_is_one_sentence(plan: Plan, name: str) -> None:
    """What, where, which value, and what to do."""
    told, expected = BAD[name]
    with pytest.raises(InputError, match=expected) as caught:
        update_plan(plan, (seen(**told),))
    assert str(caught.value).count("\n") == 0


def test_an_option_or_a_plan_that_is_not_there(plan: Plan) -> None:
    """No option of that number, or no options at all: one sentence each."""
    with pytest.raises(InputError, match="There is no option 7"):
        update_plan(plan, (spot(pih=True),), option=7)
    with pytest.raises(InputError, match="is not ready"):
        update_plan(plan.model_copy(update={"status": "deferred", "options": ()}), (spot(pih=True),))


def test_what_no_twin_comes_near_is_refused(plan: Plan) -> None:
    """Nothing is learnt from an impossible number, and the sentence says of which session it is."""
    with pytest.raises(OutOfRangeError, match="Seen after the test spot: No twin comes near redness_days 900"):
        update_plan(plan, (spot(redness_days=900),))


BAD_FILES: dict[str, tuple[dict[str, object], str]] = {
    "mistyped": ({"session": 1, "rednes_days": 3}, "did you mean 'redness_days'"),
    "nothing": ({"session": 1}, "nothing is told"),
    "no session": ({"pih": True}, "give session"),
    "peeling": ({"session": 1, "peeling_days": 4}, "peeling_days is not predicted"),
    "passed and dark": ({"test_spot": "passed", "pih": True}, "a spot with pih has failed"),
    "two things": ({"session": 2, "test_spot": "failed"}, "an observation of its own"),
    "too much pain": ({"session": 1, "pain_0_10": 14}, "pain is told from 0"),
    "too much better": ({"session": 1, "improvement": {SCARS: 140}}, f"improvement of {SCARS} is 140"),
    "seen before given": ({"session": 1, "pih": True, "given": "2027-03-01"}, "before the day of the session"),
    "a spot that improves": ({"session": "test_spot", "improvement": {SCARS: 10}}, "not on a test spot"),
}


@pytest.mark.parametrize("name", sorted(BAD_FILES))
def test_a_wrong_observation_is_named(name: str) -> None:
    """One sentence with the value and what is allowed."""
    told, expected = BAD_FILES[name]
    document = Document(name="seen.yaml", data={"date": "2027-01-20", **told}, lines={"": 1})
    with pytest.raises(InputError, match=expected):
        validate(Observation, document)


@pytest.mark.parametrize("path", OBSERVATIONS, ids=lambda path: path.stem)
def test_examples_keep_to_the_schema(path: Path) -> None:
    """Each example observation is read, and is valid under the published schema."""
    document = json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))

    jsonschema.validate(document, json.loads(schema_text("observation")))
    assert read_observations(path)


def test_update_writes_everything(run: Run, tmp_path: Path, plan: Plan) -> None:
    """The command leaves the update and the files of the new plan, prints the verdict, and with --json one document."""
    path = tmp_path / "plan.json"
    path.write_text(to_json(plan), encoding="utf-8")
    observation = EXAMPLES / "observations" / "acne-scars-dark-mark.yaml"
    status, out, err = run("update", path, observation, "--out", tmp_path / "new")

    assert (status, err) == (0, "")
    assert "CHANGE" in out or "STOP" in out
    for name in ("update.json", "plan.json", "report.pdf", "calendar.ics"):
        assert (tmp_path / "new" / name).stat().st_size > 500
    told = PlanUpdate.model_validate_json((tmp_path / "new" / "update.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(told.model_dump_json()), json.loads(schema_text("update")))


def test_update_refuses_in_one_sentence(run: Run, tmp_path: Path, plan: Plan) -> None:
    """Exit 2, one line, nothing written."""
    path, observation = tmp_path / "plan.json", tmp_path / "seen.yaml"
    path.write_text(to_json(plan), encoding="utf-8")
    observation.write_text("{session: 9, date: 2027-05-01, pih: yes}", encoding="utf-8")
    status, out, err = run("update", path, observation, "--out", tmp_path / "new")

    assert (status, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "new").exists()


def test_settings_a_device_cannot_have_are_refused(plan: Plan) -> None:
    """A document with settings beyond the device's limits is refused in a sentence."""
    device = next(item for item in catalogue() if item.name == plan.options[0].device)
    whole = expose(device, Settings(passes=1))
    far = pass_settings(whole)[0].model_copy(update={device.panel[0]: 1e5})

    with pytest.raises(InputError, match="cannot be read"):
        settings_of(device, (far,))


def test_several_sites_ask_which(plan: Plan) -> None:
    """Where one site was treated nothing needs to be said; the course so far holds one entry a session."""
    request = read_request(plan.request)
    option = option_of(plan, 1)
    found = given(plan, request, option, (after(plan, 2, pih=False),))

    assert found.sessions == 2
    assert found.numbers == (1, 2)
    assert [entry.test_spot for entry in found.course.sessions] == [False, False]
