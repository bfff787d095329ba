"""The command line: clean output, clean errors, nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PATIENTS = ROOT / "examples" / "patients"
Run = Callable[..., tuple[int, str, str]]


def changed(tmp_path: Path, name: str = "lines-and-age-spots", **places: object) -> Path:
    """An example patient with some places changed (`patient__age=…`); None removes a key."""
    data = yaml.safe_load((PATIENTS / f"{name}.yaml").read_text())
    for place, value in places.items():
        *path, last = place.split("__")
        here = data
        for part in path:
            here = here[int(part)] if part.isdigit() else here[part]
        if value is None:
            here.pop(last)
        else:
            here[last] = value
    path_out = tmp_path / "patient.yaml"
    path_out.write_text(yaml.safe_dump(data))
    return path_out


def test_plan_writes_everything_and_prints_the_options(run: Run, tmp_path: Path) -> None:
    """The main job leaves plan, report, calendar and figures, and says where."""
    status, out, err = run("plan", PATIENTS / "lines-and-age-spots.yaml", "--out", tmp_path / "plan")

    assert (status, err) == (0, "")
    assert "READY" in out
    assert "report.pdf" in out
    for name in ("plan.json", "report.pdf", "calendar.ics"):
        assert (tmp_path / "plan" / name).stat().st_size > 500
    assert list((tmp_path / "plan" / "figures").iterdir())


def test_a_referral_is_a_result_not_an_error(run: Run, tmp_path: Path) -> None:
    """A blocked plan exits 0 and still writes all files."""
    status, out, _ = run("plan", PATIENTS / "changing-spot.yaml", "--out", tmp_path / "plan")

    assert status == 0
    assert "REFER" in out
    assert {"plan.json", "report.pdf", "calendar.ics", "figures"} <= {path.name for path in (tmp_path / "plan").iterdir()}


def test_json_is_one_document_and_nothing_else(run: Run, tmp_path: Path) -> None:
    """`--json` prints what plan.json holds."""
    status, out, err = run("plan", PATIENTS / "changing-spot.yaml", "--out", tmp_path / "plan", "--json")

    assert (status, err) == (0, "")
    assert json.loads(out) == json.loads((tmp_path / "plan" / "plan.json").read_text())


@pytest.mark.parametrize(
    "words",
    [
        ("screen", PATIENTS / "acne-scars.yaml"),
        ("evidence",),
        ("evidence", "RSK-043"),
        ("evidence", "PIH fractional"),
        ("evidence", "ceilings"),
        ("devices",),
        ("devices", "UltraPulse DeepFX"),
        ("devices", "vascular_any"),
    ],
    ids=str,
)
def test_every_look_up_has_a_table_and_a_json_twin(run: Run, words: tuple[object, ...]) -> None:
    """Each command prints for people, and with --json one document."""
    status, out, err = run(*words)
    assert (status, err) == (0, "")
    assert out.strip()

    status, out, err = run(*words, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)


BAD_FILES = {
    "not yaml": ("patient: [", "is not valid YAML"),
    "empty": ("", "must hold keys and values"),
    "a list": ("- 1\n- 2\n", "must hold keys and values"),
    "a scalar": ("hello", "must hold keys and values"),
    "twice": ("patient: {age: 3}\npatient: {age: 4}\n", "stands twice"),
    "alias": ("a: &x 1\nb: *x\n", "alias"),
    "two documents": ("a: 1\n---\nb: 2\n", "not valid YAML"),
    "tabs": ("patient:\n\tage: 3\n", "is not valid YAML"),
    "python tag": ("a: !!python/object:os.system {}\n", "is not valid YAML"),
}


@pytest.mark.parametrize("name", sorted(BAD_FILES))
def test_a_file_that_is_no_patient_file_is_refused_in_one_sentence(run: Run, tmp_path: Path, name: str) -> None:
    """Exit 2, one line on stderr, nothing written."""
    text, expected = BAD_FILES[name]
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    status, out, err = run("plan", path, "--out", tmp_path / "plan")

    assert (status, out) == (2, "")
    assert expected in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "plan").exists()


BAD_VALUES: dict[str, tuple[dict[str, object], str]] = {
    "impossible age": ({"patient__age": 246}, "patient.age"),
    "negative age": ({"patient__age": -1}, "patient.age"),
    "age in words": ({"patient__age": "forty"}, "patient.age"),
    "unknown phototype": ({"patient__phototype": "VII"}, "patient.phototype"),
    "unknown key": ({"patient__phototyp": "II"}, "phototype"),
    "unknown top key": ({"pacient": {}}, "patient"),
    "unknown site": ({"concerns__0__site": "elbow"}, "concerns.0.site"),
    "unknown kind": ({"concerns__0__kind": "wrinkles"}, "concerns.0.kind"),
    "no concerns": ({"concerns": []}, "concerns"),
    "negative downtime": ({"goals__max_social_downtime_days": -2}, "max_social_downtime_days"),
    "no sessions": ({"goals__max_sessions": 0}, "max_sessions"),
    "too much pain": ({"goals__max_pain_0_10": 11}, "max_pain_0_10"),
    "unknown risk": ({"goals__risk": "reckless"}, "goals.risk"),
    "yes in words": ({"patient__smoker": "often"}, "patient.smoker"),
    "date in words": ({"date": "next week"}, "date"),
    "bad scale": ({"concerns__0__severity": {"scale": "stars", "value": 4}}, "severity"),
    "severity too high": ({"concerns__0__severity": {"scale": "fitzpatrick_wrinkle", "value": 40}}, "severity"),
    "infinite": ({"patient__age": float("inf")}, "patient.age"),
    "not a number": ({"patient__age": float("nan")}, "patient.age"),
    "a pregnant man": ({"patient__sex": "male", "patient__pregnant": True}, "pregnant"),
    "isotretinoin in the future": ({"history__isotretinoin": "2031-01-01"}, "isotretinoin"),
    "medicines as text": ({"history__medications": "aspirin"}, "medications"),
    "unknown infection": ({"active__infection": "flu"}, "active.infection"),
    "half a spot": ({"concerns__1__count": 0.5}, "count"),
    "priority for what is not there": ({"goals__priorities": {"acne_scars": 2}}, "priorities"),
}


@pytest.mark.parametrize("name", sorted(BAD_VALUES))
def test_a_wrong_value_is_named_with_its_place(run: Run, tmp_path: Path, name: str) -> None:
    """One sentence with the place; exit 2; nothing written."""
    places, expected = BAD_VALUES[name]
    status, out, err = run("plan", changed(tmp_path, **places), "--out", tmp_path / "plan")

    assert (status, out) == (2, "")
    assert expected in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("plan", "nowhere.yaml"), "Cannot read nowhere.yaml"),
        (("plan", "."), "Cannot read ."),
        (("simulate", "nowhere.yaml"), "Cannot read nowhere.yaml"),
        (("evidence", "RSK-9999"), "There is no evidence row 'RSK-9999'; nearest: RSK-"),
        (("devices", "UltraPuls"), "UltraPulse"),
        (("validate", "horoscopes"), "horoscopes"),
        (("plan",), "Missing argument"),
        (("plam",), "No such command"),
    ],
    ids=str,
)
def test_bad_words_exit_with_two(run: Run, words: tuple[object, ...], expected: str) -> None:
    """A wrong path, id, name or command is a clean error."""
    status, out, err = run(*words)

    assert (status, out) == (2, "")
    assert expected in err
    assert "Traceback" not in err


def test_a_file_in_place_of_the_folder_is_refused_before_any_work(run: Run, tmp_path: Path) -> None:
    """`--out` must be a folder."""
    (tmp_path / "taken").write_text("keep me")
    status, _, err = run("plan", PATIENTS / "facial-veins.yaml", "--out", tmp_path / "taken")

    assert status == 2
    assert "give a folder" in err
    assert (tmp_path / "taken").read_text() == "keep me"


def test_missing_answers_become_questions(run: Run, tmp_path: Path) -> None:
    """A required answer that is missing: needs_answers, the questions, no settings."""
    path = changed(tmp_path, history__keloid=None, patient__phototype=None)
    status, out, _ = run("plan", path, "--out", tmp_path / "plan", "--json")
    document = json.loads(out)

    assert status == 0
    assert document["status"] == "needs_answers"
    assert document["options"] == []
    assert {"history.keloid", "patient.phototype"} <= {item["place"] for item in document["questions"]}


def test_help_is_quick_to_import() -> None:
    """`--help` works in a fresh process and loads none of the heavy libraries."""
    code = (
        "import sys; sys.argv=['recutis','--help']\n"
        "from recutis.cli import main\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "heavy={'numba','scipy','matplotlib','xarray','pymoo','typst','pint','numpy'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "HEAVY []" in done.stdout
    assert "plan" in done.stdout


def test_a_page_of_the_calibration_needs_its_folder(run: Run, tmp_path: Path) -> None:
    """Said before the minutes of work, not after them."""
    status, _, err = run("calibrate", "--page", tmp_path / "nowhere" / "calibration.md")

    assert status == 2
    assert "nowhere for --page does not exist; make it, or give another place" in err
