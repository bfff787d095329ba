"""A course that somebody chose: predicted session by session, with what speaks against it on top."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import yaml

from recutis.errors import CancelledError, InputError
from recutis.plan.course_file import CourseFile, read_course
from recutis.plan.fold import continued, course_chance
from recutis.plan.predict import predict_course, write_prediction
from recutis.plan.prediction_document import CoursePrediction
from recutis.response import course_risk

EXAMPLES = Path(__file__).parents[1] / "examples"
PATIENT = yaml.safe_load((EXAMPLES / "patients" / "acne-scars.yaml").read_text(encoding="utf-8"))
DEEP = {"device": "UltraPulse DeepFX", "settings": {"energy_mJ": "15 mJ", "density_pct": 5}, "site": "cheek"}
MILD = {"device": "Fraxel re:store", "settings": {"energy_mJ": "40 mJ", "density_pct": 1.5}, "passes": 8, "site": "cheek"}
CURVE = np.cumsum(np.full((12, 3), [[10.0, 20.0, 5.0]]) * 0.8 ** np.arange(12)[:, None], axis=0)


def written(folder: Path, *sessions: Mapping[str, object], patient: object = PATIENT) -> Path:
    """A course file with these sessions."""
    path = folder / "course.yaml"
    path.write_text(
        json.dumps({"patient": patient, "sessions": list(sessions)}, default=str), encoding="utf-8"
    )  # JSON is YAML without aliases
    return path


def course(folder: Path, *sessions: Mapping[str, object], **changed: object) -> CourseFile:
    """A course read from a file, with some answers of the patient file changed."""
    patient = copy.deepcopy(PATIENT)
    for place, answer in changed.items():
        block, key = place.split("__")
        patient[block][key] = answer
    return read_course(written(folder, *sessions, patient=patient))


def test_equal_sessions_give_the_devices_own_curve() -> None:
    """Folding session after session on one curve walks along it."""
    gain = CURVE[0]
    for number in range(1, 8):
        gain = continued(gain, CURVE)
        np.testing.assert_allclose(gain, CURVE[number], rtol=1e-12)


def test_no_session_takes_a_gain_away_and_none_passes_the_curves_end() -> None:
    """One more session never lowers the gain; a gain beyond what a device can reach stays as it is."""
    for start in (0.0, 3.0, 17.0, 40.0, 95.0):
        gain = np.full(3, start)
        after = continued(gain, CURVE)
        assert np.all(after >= gain)
        assert np.all(after <= np.maximum(gain, CURVE[-1]))
    np.testing.assert_array_equal(continued(np.full(3, 99.0), CURVE), np.full(3, 99.0))


def test_a_session_that_does_nothing_changes_nothing() -> None:
    """A flat curve at zero leaves every gain."""
    gain = np.array([0.0, 12.0, 60.0])

    np.testing.assert_array_equal(continued(gain, np.zeros((12, 3))), gain)


@pytest.mark.parametrize("kind", ["pih", "scarring", "bacterial_infection"])
def test_equal_sessions_have_the_plans_course_risk(kind: str) -> None:
    """Equal chances give `course_risk`; order does not matter; a further session never lowers the chance."""
    chance, other = np.array([0.001, 0.1, 0.6]), np.array([0.02, 0.3, 0.01])

    np.testing.assert_allclose(course_chance([chance] * 3, kind=kind), course_risk(chance, 3, kind=kind), rtol=1e-9)
    np.testing.assert_allclose(course_chance([chance, other], kind=kind), course_chance([other, chance], kind=kind), rtol=1e-12)
    assert np.all(course_chance([chance, other], kind=kind) >= np.maximum(chance, other) - 1e-12)


@pytest.mark.parametrize("name", ["acne-scars.yaml", "facial-veins.yaml"])
def test_examples_are_predicted(name: str) -> None:
    """Every example course gives one prediction a session, gains that never fall, ordered bands, no NaN in JSON."""
    found = predict_course(read_course(EXAMPLES / "courses" / name))

    assert [one.number for one in found.sessions] == [1, 2, 3]
    for before, after in zip(found.sessions, found.sessions[1:], strict=False):
        for key, band in before.improvement_pct.items():
            assert after.improvement_pct[key].p50 >= band.p50
    assert set(found.course.improvement_pct) == set(found.sessions[-1].improvement_pct)
    for key, whole in found.course.risks.items():
        assert whole.p50 >= max(one.risks[key].p50 for one in found.sessions) * (1 - 1e-3)  # four printed digits
    text = found.model_dump_json()
    assert "NaN" not in text
    assert CoursePrediction.model_validate_json(text) == found


def test_equal_sessions_agree_with_the_response(tmp_path: Path) -> None:
    """Three equal sessions at equal intervals: gain of `improve`, risk of `course_risk`, to four printed digits."""
    from recutis import response
    from recutis.injury.simulate import injure
    from recutis.patient import severity_fraction
    from recutis.plan.evaluate import places

    chosen = course(tmp_path, *({"week": week, **DEEP} for week in (1, 9, 17)))
    found = predict_course(chosen)

    (place,) = places(chosen.patient, n=400, seed=0).values()
    (key, lesion), (concern,) = next(iter(place.lesions.items())), place.concerns.values()
    injury = injure(chosen.sessions[0].exposure(), place.skin, lesion=lesion)
    course_of_three = response.improve(
        injury, lesion, place.twins, sessions=3, interval_weeks=8, severity=severity_fraction(concern)
    )
    for number, one in enumerate(found.sessions):
        assert one.improvement_pct[key].p50 == pytest.approx(np.quantile(course_of_three.by_session[number], 0.5), rel=1e-3)
    one_session = found.sessions[0].risks["pih"].p50 / 100
    assert found.course.risks["pih"].p50 == pytest.approx(
        100 * float(course_risk(np.array([one_session]), 3, kind="pih")[0]), rel=0.02
    )


def test_a_second_milder_kind_adds_less_than_the_first_repeated(tmp_path: Path) -> None:
    """Deep then mild improves more than deep alone and less than deep twice."""
    alone, mixed, twice = (
        predict_course(course(tmp_path, *({"week": 1 + 8 * index, **one} for index, one in enumerate(sessions))))
        for sessions in ((DEEP,), (DEEP, MILD), (DEEP, DEEP))
    )
    (key,) = alone.course.improvement_pct
    gains = [one.course.improvement_pct[key].p50 for one in (alone, mixed, twice)]

    assert gains[0] < gains[1] < gains[2]


def test_what_is_not_allowed_is_told_and_still_computed(tmp_path: Path) -> None:
    """Above the ceiling: first in the warnings with its row, `allowed` is False, numbers are there."""
    strong = {**DEEP, "settings": {"energy_mJ": 50, "density_pct": 25}}

    found = predict_course(course(tmp_path, {"week": 1, **strong}))

    assert not found.allowed
    first = found.warnings[0]
    assert first.severity == "not_allowed"
    assert any("Above the hard ceiling" in item.text and item.sources for item in found.warnings)
    assert found.sessions[0].social_downtime_days.p50 > 0


def test_screening_is_told(tmp_path: Path) -> None:
    """A rule that removes the class speaks against the session; a deferred patient against the whole course."""
    found = predict_course(course(tmp_path, {"week": 1, **DEEP}, active__infection="herpes"))

    assert not found.allowed
    assert any(item.session is None and "Screening says" in item.text for item in found.warnings)
    assert any(item.session == 1 and item.sources for item in found.warnings if item.severity == "not_allowed")


def test_no_benefit_is_told_for_a_lesion_that_must_be_referred(tmp_path: Path) -> None:
    """A changing spot: the course is not allowed, and nothing says how much a laser would lighten it."""
    changing = yaml.safe_load((EXAMPLES / "patients" / "changing-spot.yaml").read_text(encoding="utf-8"))

    found = predict_course(read_course(written(tmp_path, {"week": 1, "device": "QS ruby"}, patient=changing)))

    assert not found.allowed
    assert found.screening_status == "refer"
    assert found.course.improvement_pct == {}
    assert found.course.quartile_odds == {}
    assert found.sessions[0].improvement_pct == {}
    assert found.course.scales == found.course.over_time == found.course.non_responders_pct == {}
    assert any("No benefit is told for age_spots" in item.text for item in found.warnings)


def test_sessions_too_soon_are_told(tmp_path: Path) -> None:
    """On skin that may be open: not allowed; before the class's least interval: a caution; and both gain less."""
    at_once = predict_course(course(tmp_path, {"week": 1, **DEEP}, {"week": 1.15, **DEEP}))
    soon = predict_course(course(tmp_path, {"week": 1, **DEEP}, {"week": 3, **DEEP}))
    late = predict_course(course(tmp_path, {"week": 1, **DEEP}, {"week": 9, **DEEP}))

    assert any(item.severity == "not_allowed" and "may still be open" in item.text for item in at_once.warnings)
    assert any(item.severity == "caution" and "usual least" in item.text for item in soon.warnings)
    assert not any("usual least" in item.text or "still be open" in item.text for item in late.warnings)
    (key,) = late.course.improvement_pct
    assert at_once.course.improvement_pct[key].p50 < late.course.improvement_pct[key].p50


def test_anaesthesia_and_cooling_are_those_of_the_session(tmp_path: Path) -> None:
    """A chosen stronger anaesthesia hurts less; a chosen cooling stands in the settings."""
    none, block = (predict_course(course(tmp_path, {"week": 1, **DEEP, "anaesthesia": word})) for word in ("none", "nerve_block"))
    cooled = predict_course(course(tmp_path, {"week": 1, **MILD, "cooling": "contact"}))

    assert none.sessions[0].pain_0_10.p50 > block.sessions[0].pain_0_10.p50
    assert "contact" in cooled.sessions[0].settings[0].cooling or "sapphire" in cooled.sessions[0].settings[0].cooling


def test_the_same_course_gives_the_same_numbers(tmp_path: Path) -> None:
    """Two runs agree but for their seconds; another seed draws other twins."""
    chosen = course(tmp_path, {"week": 1, **DEEP})
    first, again, other = predict_course(chosen), predict_course(chosen), predict_course(chosen, seed=3)

    assert first.sessions == again.sessions
    assert first.course == again.course
    assert first.course.improvement_pct != other.course.improvement_pct


def test_a_cancelled_prediction_stops(tmp_path: Path) -> None:
    """Cancelling raises before the next session."""
    with pytest.raises(CancelledError, match="prediction was cancelled"):
        predict_course(course(tmp_path, {"week": 1, **DEEP}), cancelled=lambda: True)


def test_writing_leaves_one_file(tmp_path: Path) -> None:
    """`prediction.json` appears in the folder and is the document."""
    found = predict_course(course(tmp_path, {"week": 1, **DEEP}))
    write_prediction(found, tmp_path / "out")

    (only,) = (tmp_path / "out").iterdir()
    assert json.loads(only.read_text(encoding="utf-8"))["allowed"] is found.allowed


@pytest.mark.parametrize(
    ("sessions", "message"),
    [
        ([DEEP], "give either date or week"),
        ([{"week": 1, "date": "2027-01-01", **DEEP}], "give either date or week, and not both"),
        ([{"week": 3, **DEEP}, {"week": 1, **DEEP}], "session 2 on 2026-11-29 comes before session 1"),
        ([{"week": 1, **DEEP, "site": "nose"}], "treats 'nose', where the patient has no concern; sites with one: cheek"),
        ([{"week": 1, **DEEP, "device": "UltraPulse DepFX"}], "no device 'UltraPulse DepFX'; nearest: 'UltraPulse DeepFX'"),
        ([{"week": 1, **DEEP, "settings": {"energy_mJ": 500}}], "energy_mJ"),
        ([{"week": 1, **DEEP, "setings": {}}], "setings"),
        ([], "sessions"),
    ],
)
def test_a_wrong_course_is_one_clear_sentence(sessions: list[Mapping[str, object]], message: str, tmp_path: Path) -> None:
    """What is wrong, where, and what is allowed."""
    with pytest.raises(InputError, match=message):
        read_course(written(tmp_path, *sessions))


def test_a_patient_may_be_a_path(tmp_path: Path) -> None:
    """A path is looked up from the course file's folder; a missing one is named."""
    (tmp_path / "who.yaml").write_text(yaml.safe_dump(PATIENT), encoding="utf-8")

    inline = read_course(written(tmp_path, {"week": 1, **DEEP}))
    named = read_course(written(tmp_path, {"week": 1, **DEEP}, patient="who.yaml"))

    assert named == inline
    with pytest.raises(InputError, match=r"Cannot read .*nobody\.yaml"):
        read_course(written(tmp_path, {"week": 1, **DEEP}, patient="nobody.yaml"))


def test_the_command_prints_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`recutis predict --json` prints the document it writes; without --json a table with every risk."""
    import sys
    from unittest.mock import patch

    from recutis.cli import main

    path = written(tmp_path, {"week": 1, **DEEP})
    with patch.object(sys, "argv", ["recutis", "predict", str(path), "--out", str(tmp_path / "out"), "--json"]):
        main()
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "out" / "prediction.json").read_text(encoding="utf-8"))

    with patch.object(sys, "argv", ["recutis", "predict", str(path), "--out", str(tmp_path / "out")]):
        main()
    shown = capsys.readouterr().out
    assert "ALLOWED" in shown
    assert "hypopigmentation" in shown
    for words in ("ECCA 0-540", "Goodman-Baron grade", "one grade better or more", "month after the last", "no visible change"):
        assert words in shown
    assert list((tmp_path / "out" / "figures").glob("*.png"))
