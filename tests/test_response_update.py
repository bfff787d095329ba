"""What was seen reweights the twins: laws of the likelihood, of the cloud drawn anew, and of a course told with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from recutis import evidence
from recutis.bands import weighted_quantile
from recutis.errors import InputError, OutOfRangeError
from recutis.plan.course_file import read_course
from recutis.plan.predict import predict_course
from recutis.plan.prediction_document import CoursePrediction
from recutis.posterior import Parameters
from recutis.response import Care, quartile_odds, respond, update
from recutis.response.cloud import effective, refresh, weighed, with_traits
from recutis.response.improve import improve
from recutis.response.typical import typical
from recutis.response.update import EVENTS, OBSERVED, Seen, compare, expected, learn
from recutis.skin import build, lesion
from recutis.twins import Traits, Twins, draw

CARE = Care(anaesthesia="topical", antiviral=False, postop_steroid=False, bleaching=False)
SPOT = typical("co2_columns")
LATER = typical("nafl_1550")
EXAMPLES = Path(__file__).parents[1] / "examples"
PATIENT = yaml.safe_load((EXAMPLES / "patients" / "acne-scars.yaml").read_text(encoding="utf-8"))
DEEP = {"device": "UltraPulse DeepFX", "settings": {"energy_mJ": 15, "density_pct": 5}, "site": "cheek", "anaesthesia": "topical"}


def people(site: str = "cheek", n: int = 400, seed: int = 0) -> Twins:
    """Twins of one person."""
    return draw(Traits(age_years=46.0, sex="female", phototype="IV", site=site), n=n, seed=seed)


def after(twins: Twins, *, elsewhere: tuple[Twins, ...] = (), **seen: float | bool) -> update.Learnt:
    """The twins after something was seen at a spot of fractional CO2."""
    return update.update(twins, SPOT, CARE, Seen(**seen), area_cm2=1.0, elsewhere=elsewhere)  # type: ignore[arg-type]


def foreseen(twins: Twins, name: str, at: float = 0.5) -> float:
    """Quantile of what a later, other session is foreseen to show."""
    draws = expected(LATER, twins, respond(LATER, twins, CARE, area_cm2=100.0))[name]
    return weighted_quantile(draws, at, twins.unequal)


def moments(twins: Twins, name: str) -> tuple[float, float]:
    """Weighted mean and standard deviation of what the spot is foreseen to show, days as logarithms and chances as log-odds."""
    draws = expected(SPOT, twins, respond(SPOT, twins, CARE, area_cm2=1.0))[name]
    draws = np.log(draws / (1 - draws)) if name in EVENTS else np.log(draws + 0.5) if name.endswith("_days") else draws
    mean = float(np.average(draws, weights=twins.weights))
    return mean, float(np.sqrt(np.average((draws - mean) ** 2, weights=twins.weights)))


@given(low=st.floats(1.0, 60.0), more=st.floats(1.3, 3.0))
@settings(max_examples=15)
def test_more_redness_seen_is_longer_redness_later(low: float, more: float) -> None:
    """Whoever was red for longer is foreseen to be red for longer, after another treatment too."""
    twins = people()

    assert foreseen(after(twins, redness_days=low * more).twins, "redness_days") >= foreseen(
        after(twins, redness_days=low).twins, "redness_days"
    )


@given(low=st.floats(0.0, 8.0), more=st.floats(1.0, 2.0))
@settings(max_examples=15)
def test_more_pain_told_is_more_pain_later(low: float, more: float) -> None:
    """Whoever told of more pain is foreseen to feel more."""
    twins = people()

    assert foreseen(after(twins, pain_0_10=low + more).twins, "pain_0_10") > foreseen(
        after(twins, pain_0_10=low).twins, "pain_0_10"
    )


@given(seed=st.integers(0, 1000), event=st.sampled_from(["pih", "blister", "purpura"]))
@settings(max_examples=15)
def test_an_event_seen_is_likelier_later_and_one_not_seen_is_rarer(seed: int, event: str) -> None:
    """PIH, blisters and bruises: what came at the spot comes more readily, what did not, less."""
    twins, injury = people(seed=seed), typical("pdl")

    def chance(cloud: Twins) -> float:
        return float(np.average(respond(injury, cloud, CARE, area_cm2=100.0).risks[event], weights=cloud.weights))

    came, stayed = (
        update.update(twins, injury, CARE, Seen(**{event: word}), area_cm2=1.0).twins  # type: ignore[arg-type]
        for word in (True, False)
    )

    assert chance(stayed) < chance(twins) < chance(came)


@pytest.mark.parametrize("name", [name for name in OBSERVED if name not in EVENTS and name != "improvement_pct"])
def test_a_vague_look_at_the_median_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a huge error, what was foreseen anyway leaves the weights as they were."""
    twins = people()
    middle = float(np.median(expected(SPOT, twins, respond(SPOT, twins, CARE, area_cm2=1.0))[name]))
    stated = evidence.value
    monkeypatch.setattr(evidence, "value", lambda key: 1e4 if key == f"update.error.{name}" else stated(key))

    found = after(twins, **{name: middle})

    np.testing.assert_allclose(found.twins.weights, 1.0, rtol=1e-6)
    assert found.effective_twins == pytest.approx(twins.n, rel=1e-9)
    assert found.refreshed == 0


@given(
    redness=st.floats(2.0, 80.0), pain=st.floats(3.0, 10.0), dark=st.booleans(), seed=st.integers(0, 50)
)  # fmt: skip
@settings(max_examples=25)
def test_weights_stay_positive_and_keep_their_sum(redness: float, pain: float, dark: bool, seed: int) -> None:
    """Whatever was seen: n twins, all weights above zero, their sum n, everything finite."""
    twins = people(seed=seed)
    found = after(twins, redness_days=redness, pain_0_10=pain, pih=dark)
    weights = found.twins.weights

    assert weights.size == twins.n
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(twins.n, rel=1e-9)
    assert 1 <= found.effective_twins <= twins.n + 1e-6
    assert np.isfinite(found.twins.healing_rate).all()


@given(closure=st.floats(3.0, 4.5), dark=st.booleans())
@settings(max_examples=15)
def test_the_order_of_observations_does_not_matter(closure: float, dark: bool) -> None:
    """While nothing is drawn anew, one after the other in any order is all at once."""
    twins = people()
    one = after(after(twins, pih=dark).twins, closure_days=closure)
    other = after(after(twins, closure_days=closure).twins, pih=dark)
    at_once = after(twins, closure_days=closure, pih=dark)

    assert one.refreshed == other.refreshed == at_once.refreshed == 0
    np.testing.assert_allclose(one.twins.weights, other.twins.weights, rtol=1e-9)
    np.testing.assert_allclose(one.twins.weights, at_once.twins.weights, rtol=1e-9)


TOLERANCE = 0.15  # of a standard deviation: 400 twins, of whom half count, settle a mean to a twentieth


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["redness_days", "closure_days", "pain_0_10", "pih"])
def test_a_cloud_drawn_anew_keeps_mean_and_spread(seed: int, name: str) -> None:
    """Refreshing a weighted cloud moves no mean by more than 0.15 of its standard deviation and no spread by more than 15 %."""
    twins = people(seed=seed)
    told = compare(Seen(redness_days=20.0, pih=True), _expected(twins), site="cheek")
    weighted = replace(twins, weights=weighed(twins.weights, np.sum([item.log_likelihood for item in told], axis=0)))

    (anew,) = refresh((weighted,))

    (mean, sd), (mean_anew, sd_anew) = moments(weighted, name), moments(anew, name)
    assert abs(mean_anew - mean) < TOLERANCE * sd
    assert sd_anew == pytest.approx(sd, rel=TOLERANCE)
    assert np.ptp(anew.weights) == 0
    assert anew.refreshed == 1


def _expected(twins: Twins) -> dict[str, np.ndarray]:
    return expected(SPOT, twins, respond(SPOT, twins, CARE, area_cm2=1.0))


def test_study_draws_and_parameters_follow_their_block() -> None:
    """After a refresh, each twin has the study-level draws and parameters of the block it names."""
    twins = people()
    fast = np.linspace(2.0, 4.0, 20)
    twins = replace(twins, p=Parameters({"response.redness.fast_days": fast[twins.block]}))

    anew = after(twins, redness_days=70.0).twins

    assert anew.refreshed > 0
    for name in (item.name for item in fields(twins) if item.name.endswith("_study")):
        by_block = dict(zip(twins.block.tolist(), getattr(twins, name).tolist(), strict=True))
        assert [by_block[block] for block in anew.block.tolist()] == getattr(anew, name).tolist(), name
    np.testing.assert_array_equal(anew.p("redness.fast_days"), fast[anew.block])
    mass = anew.block_weights
    odds = np.array(quartile_odds(np.linspace(0, 99, anew.n), anew))
    np.testing.assert_allclose(odds[:4].sum(axis=0)[mass > 0], 100.0)


def test_few_effective_twins_trigger_a_refresh_and_many_do_not() -> None:
    """The cloud is drawn anew exactly when fewer effective twins are left than the row says."""
    twins = people()
    least = evidence.value("update.effective_share") * twins.n
    for days in (2.0, 6.0, 12.0, 16.0, 25.0, 40.0, 90.0):
        found = after(twins, redness_days=days)
        assert (found.refreshed > 0) == (found.effective_twins < least), days
        assert effective(found.twins.weights) >= 0.5 * least, days


def test_a_surprise_agrees_with_many_twins_weighed_plainly() -> None:
    """Two thousand twins drawn anew tell what forty thousand tell by weight alone: medians to a tenth, PIH to a third."""
    seen = {"redness_days": 45.0, "pain_0_10": 9.0, "pih": True}
    few, many = (draw(people().traits, n=n, blocks=blocks) for n, blocks in ((2_000, 100), (40_000, 8_000)))
    told = compare(Seen(**seen), _expected(many), site="cheek")  # type: ignore[arg-type]
    plain = replace(many, weights=weighed(many.weights, np.sum([item.log_likelihood for item in told], axis=0)))
    found = after(few, **seen)

    assert found.refreshed > 0
    assert effective(plain.weights) > 500
    for name, within in {"redness_days": 0.1, "downtime_days": 0.1, "pain_0_10": 0.1, "pih": 0.33}.items():
        assert foreseen(found.twins, name) == pytest.approx(foreseen(plain, name), rel=within), name
        spread = [foreseen(cloud, name, 0.9) - foreseen(cloud, name, 0.1) for cloud in (found.twins, plain)]
        assert spread[0] == pytest.approx(spread[1], rel=0.35), name


def test_other_sites_learn_alike_and_stay_one_person() -> None:
    """What was seen on the cheek is known on the hands: same weights, same persons draw by draw, sites as far apart as before."""
    cheek, hands = people(), people("hands")
    for seen in ({"redness_days": 15.0}, {"redness_days": 80.0}):
        found = after(cheek, elsewhere=(hands,), **seen)
        here, there = found.clouds
        np.testing.assert_allclose(here.weights, there.weights)
        for name in ("redness_effect", "pigment_effect", "healing_rate", "pain_study", "depth_error"):
            np.testing.assert_allclose(getattr(here, name), getattr(there, name), rtol=1e-6, atol=1e-9)
        ratio = here.follicle_density_cm2 / there.follicle_density_cm2
        np.testing.assert_allclose(ratio, cheek.follicle_density_cm2[0] / hands.follicle_density_cm2[0], rtol=1e-6)
    assert there.traits.site == "hands"
    assert foreseen(there, "redness_days") > foreseen(hands, "redness_days")


def test_updates_chain_over_sites_and_sessions() -> None:
    """Three long reds at two sites teach more than one; each update starts from the twins of the last."""
    cheek, hands = people(), people("hands")
    first = after(cheek, elsewhere=(hands,), redness_days=30.0)
    second = after(first.clouds[1], elsewhere=(first.clouds[0],), redness_days=30.0)
    third = after(second.clouds[1], redness_days=35.0)

    medians = [foreseen(cloud, "redness_days") for cloud in (cheek, first.twins, third.twins)]
    assert medians[0] < medians[1]
    assert medians[0] < medians[2]
    assert third.twins.refreshed >= first.twins.refreshed
    widths = [foreseen(cloud, "redness_days", 0.9) / foreseen(cloud, "redness_days", 0.1) for cloud in (cheek, third.twins)]
    assert widths[1] < widths[0]


def test_other_traits_keep_what_is_known_of_the_person() -> None:
    """The same person in another phototype: as drawn while nothing was seen, and as red and as often dark as known afterwards."""
    twins = people()
    darker = replace(twins.traits, phototype="V")
    plain, drawn = with_traits(twins, darker), draw(darker)
    for item in fields(drawn):
        if isinstance(getattr(drawn, item.name), np.ndarray):
            np.testing.assert_allclose(getattr(plain, item.name), getattr(drawn, item.name), rtol=1e-12, atol=1e-12)
    known = after(twins, redness_days=30.0, pih=True).twins

    assert foreseen(with_traits(known, darker), "redness_days") > 1.5 * foreseen(plain, "redness_days")
    assert foreseen(with_traits(known, darker), "pih") > foreseen(plain, "pih")
    assert foreseen(with_traits(known, darker), "pih") > foreseen(known, "pih")


def test_graded_improvement_is_learnt_from() -> None:
    """A good result after two sessions foretells a good result of four."""
    twins = people()
    scars = lesion("acne_scars", build(site="cheek", age_years=46.0, phototype="IV", sex="female"))

    def told(cloud: Twins) -> float:
        gain = improve(SPOT, scars, cloud, sessions=4, interval_weeks=8).by_session[-1]
        return weighted_quantile(gain, 0.5, cloud.unequal)

    good, bad = (
        update.update(
            twins, SPOT, CARE, Seen(improvement_pct=pct), area_cm2=100.0, lesion=scars, sessions=2, interval_weeks=8
        ).twins
        for pct in (80.0, 10.0)
    )

    assert told(bad) < told(twins) < told(good)


def test_the_same_sight_gives_the_same_twins() -> None:
    """Deterministic for a seed, drawn anew or not; another seed gives others."""
    first, again, other = (after(people(seed=seed), redness_days=60.0).twins for seed in (3, 3, 4))

    assert first.refreshed > 0
    for item in fields(first):
        if isinstance(getattr(first, item.name), np.ndarray):
            np.testing.assert_array_equal(getattr(first, item.name), getattr(again, item.name))
    assert not np.array_equal(first.redness_effect, other.redness_effect)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({}, "Nothing is told of what was seen; give at least one of redness_days, downtime_days"),
        ({"redness_days": -3.0}, "redness_days is -3; days that were seen are 0 or more, counted from the session: correct it"),
        ({"closure_days": float("nan")}, "closure_days is nan; days that were seen are 0 or more"),
        ({"pain_0_10": 12.0}, r"pain_0_10 is 12; pain is told from 0 \(none\) to 10 \(worst\): correct it, or leave it out"),
        ({"improvement_pct": 130.0}, r"improvement_pct is 130; improvement is told from -20 \(worse\) to 100 \(gone\)"),
        ({"pih": 1}, r"pih is 1; it came \(true\) or did not come \(false\): correct it"),
        ({"pain_0_10": True}, "pain_0_10 is True; pain is told from 0"),
    ],
)
def test_what_cannot_be_seen_is_refused(seen: dict[str, float], words: str) -> None:
    """One sentence: what, which value, what is allowed, what to do."""
    with pytest.raises(InputError, match=words):
        Seen(**seen)  # type: ignore[arg-type]


def test_what_no_twin_comes_near_is_said() -> None:
    """A thing that nobody shows teaches nothing and is refused, alone or together with others; so is what is not predicted."""
    twins = people()
    with pytest.raises(
        OutOfRangeError, match=r"No twin comes near redness_days 5000 at cheek: the nearest shows .*check the number"
    ):
        after(twins, redness_days=5000.0)
    few = people(n=20)
    with pytest.raises(OutOfRangeError, match="No twin comes near all of redness_days 4 at cheek, downtime_days 60 at cheek"):
        learn((few,), lambda clouds: _contradiction(clouds[0]))
    with pytest.raises(InputError, match="improvement_pct was seen at cheek, where no lesion is graded; name the lesion"):
        after(twins, improvement_pct=40.0)
    with pytest.raises(InputError, match="The clouds of twins are not of one person; draw them with one seed"):
        after(twins, elsewhere=(people(seed=5),), pih=True)


def _contradiction(twins: Twins) -> tuple[update.Compared, ...]:
    """Two sights each of which half of the twins show, and none both."""
    halves = np.arange(twins.n) % 2 == 0
    predicted = {"redness_days": np.where(halves, 4.0, 400.0), "downtime_days": np.where(halves, 2.0, 60.0)}
    return compare(Seen(redness_days=4.0, downtime_days=60.0), predicted, site="cheek")


# A course told with what was seen


def written(folder: Path, *sessions: Mapping[str, object]) -> Path:
    """A course file with these sessions."""
    path = folder / "course.yaml"
    path.write_text(json.dumps({"patient": PATIENT, "sessions": list(sessions)}, default=str), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def told() -> CoursePrediction:
    """The example with a test spot that was seen."""
    return predict_course(read_course(EXAMPLES / "courses" / "test-spot-seen.yaml"))


def test_a_spot_that_was_seen_changes_what_follows(told: CoursePrediction) -> None:
    """The example: longer redness and more PIH are foreseen after the spot, and the document says what was learnt."""
    spot, first, second = told.sessions
    learnt = spot.learnt

    assert learnt is not None
    assert second.learnt is None
    assert learnt.effective_twins < learnt.twins == 2000
    assert {item.what for item in learnt.seen} == {"redness_days", "downtime_days", "pain_0_10", "pih"}
    assert learnt.redness_days.after.p50 > 1.5 * learnt.redness_days.before.p50
    assert learnt.pih.after.p50 > learnt.pih.before.p50
    assert learnt.pain_0_10.before == spot.pain_0_10
    assert first.pain_0_10.p50 == learnt.pain_0_10.after.p50
    assert first.erythema_resolution_days.p50 > spot.erythema_resolution_days.p50
    assert {"update.error.redness_days", "update.kernel"} <= {item.id for item in told.sources}
    assert any("reweights the twins" in line for line in told.how)
    (gain,) = told.course.improvement_pct.values()
    (points,) = told.course.by_session.values()
    assert points[-1].improvement_pct == gain
    assert points[-1].typical_pct.p10 < points[-1].typical_pct.p50 < points[-1].typical_pct.p90
    mine = [point.risk_pct[told.pigment.phototype].p50 for point in told.pigment.points]
    assert min(mine) < told.sessions[told.pigment.session - 1].risks["pih"].p50 < max(mine)
    assert CoursePrediction.model_validate_json(told.model_dump_json()) == told


def test_a_test_spot_is_no_part_of_the_course(told: CoursePrediction, tmp_path: Path) -> None:
    """The spot adds no session, gain, days or risk: without sight of it the course is that without the spot."""
    spot = {"week": 1, **DEEP, "test_spot": True}
    without = predict_course(read_course(written(tmp_path, {"week": 9, **DEEP})))
    with_spot = predict_course(read_course(written(tmp_path, spot, {"week": 9, **DEEP})))

    assert told.course.sessions == 2
    for name, part in without.course:
        mine = getattr(with_spot.course, name)
        if name in {"by_session", "over_time", "over_time_without_sunscreen"}:  # sessions keep their number in the file
            assert {key: [one.improvement_pct for one in points] for key, points in mine.items()} == {
                key: [one.improvement_pct for one in points] for key, points in part.items()
            }
        else:
            assert mine == part, name
    assert with_spot.sessions[1].improvement_pct == without.sessions[0].improvement_pct
    assert with_spot.sessions[0].improvement_pct == without.sessions[0].improvement_pct


def test_what_was_seen_stands_in_the_course(tmp_path: Path) -> None:
    """An event that came is certain in the course; one that did not leaves the sessions to come; days seen are counted as seen."""
    later = {"week": 9, **DEEP}
    blank, came, stayed = (
        predict_course(read_course(written(tmp_path, {"week": 1, **DEEP, **seen}, later)))
        for seen in ({}, {"seen": [{"pih": True, "downtime_days": 5}]}, {"seen": [{"pih": False}]})
    )

    assert came.course.risks["pih"].p10 == pytest.approx(100)
    assert stayed.course.risks["pih"].p50 == pytest.approx(stayed.sessions[1].risks["pih"].p50, rel=1e-3)
    assert stayed.course.risks["pih"].p50 < blank.course.risks["pih"].p50
    assert came.course.social_downtime_days_in_all.p50 == pytest.approx(5 + came.sessions[1].social_downtime_days.p50, rel=1e-3)
    assert came.sessions[0].pain_0_10.p50 == pytest.approx(
        blank.sessions[0].pain_0_10.p50, rel=0.03
    )  # more twins, the same people
    chances = [one.sessions[0].risks["pih"].p50 for one in (came, blank)]
    assert chances[0] == pytest.approx(chances[1], rel=0.3)  # 20 blocks of parameters, against 100


def test_both_sites_learn_from_one(tmp_path: Path) -> None:
    """Two sites of one person: what was seen at one is known at the other, and their draws still go together."""
    patient = yaml.safe_load((EXAMPLES / "patients" / "facial-veins.yaml").read_text(encoding="utf-8"))
    laser = {"device": "Candela Vbeam Perfecta", "settings": {"fluence_J_cm2": 8, "duration_ms": 6, "spot_mm": 7}}
    path = tmp_path / "veins.yaml"
    sites = list(dict.fromkeys(concern["site"] for concern in patient["concerns"]))
    seen = [{"site": sites[0], "redness_days": 9}]
    sessions = [{"week": 1, **laser, "site": sites[0], "seen": seen}, {"week": 9, **laser, "site": sites[1]}]
    path.write_text(json.dumps({"patient": patient, "sessions": sessions}, default=str), encoding="utf-8")
    found = predict_course(read_course(path))
    path.write_text(json.dumps({"patient": patient, "sessions": [{**sessions[1]}]}, default=str), encoding="utf-8")
    blank = predict_course(read_course(path))

    assert found.sessions[1].erythema_resolution_days.p50 > blank.sessions[0].erythema_resolution_days.p50


@pytest.mark.parametrize(
    ("session", "words"),
    [
        ({"seen": [{"pain_0_10": 12}]}, "seen.*pain_0_10 is 12; pain is told from 0"),
        ({"seen": [{"redness_days": -1}]}, "redness_days is -1; days that were seen are 0 or more"),
        ({"seen": [{}]}, "Nothing is told of what was seen"),
        ({"seen": [{"rednes_days": 3}]}, "did you mean 'redness_days'"),
        ({"seen": [{"site": "nose", "pih": True}]}, "session 1 was seen at 'nose', which it did not treat; it treated cheek"),
        ({"seen": [{"improvement_pct": 30, "concern": "melasma"}]}, "concern must name what improvement_pct is of at cheek"),
        ({"seen": [{"pih": True, "concern": "acne_scars"}]}, "concern says what improvement_pct is of"),
        ({"anaesthesia": None, "seen": [{"pain_0_10": 5}]}, "not under which anaesthesia; give the anaesthesia that was used"),
        ({"test_spot": True}, r"sessions \(line 1 of course.yaml\) are all test spots; add the session"),
        ({"seen": [{"pih": "perhaps"}]}, "pih"),
    ],
)
def test_a_wrong_sight_in_a_course_is_one_clear_sentence(session: Mapping[str, object], words: str, tmp_path: Path) -> None:
    """What is wrong, where, and what is allowed."""
    with pytest.raises(InputError, match=words):
        read_course(written(tmp_path, {"week": 1, **DEEP, **session}))


def test_a_sight_that_nobody_shows_names_its_session(tmp_path: Path) -> None:
    """What no twin comes near is refused with the session it stands in."""
    path = written(tmp_path, {"week": 1, **DEEP}, {"week": 9, **DEEP, "seen": [{"closure_days": 90}]})
    with pytest.raises(OutOfRangeError, match="Session 2: No twin comes near closure_days 90 at cheek"):
        predict_course(read_course(path))


def test_the_command_says_what_was_learnt(tmp_path: Path, run: object) -> None:
    """Printed: what was seen beside what was foreseen, how many twins are left, and what changes."""
    path = written(tmp_path, {"week": 1, **DEEP, "seen": [{"redness_days": 12, "pih": False}]}, {"week": 9, **DEEP})
    status, out, _ = run("predict", path, "--out", tmp_path / "out")  # type: ignore[operator]

    assert status == 0
    assert "seen: redness             12 days (cheek); foreseen" in out
    assert "did not come" in out
    assert "of 2000 twins" in out
    assert "->" in out
