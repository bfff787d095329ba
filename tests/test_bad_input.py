"""Odd files, odd words on the command line and odd places to write: one clear sentence, nothing half-written."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from recutis.errors import InputError
from recutis.files import read_yaml, writing_folder

ROOT = Path(__file__).parent.parent
GOOD = ROOT / "examples" / "patients" / "lines-and-age-spots.yaml"
REFERRED = ROOT / "examples" / "patients" / "changing-spot.yaml"
CLINIC = ROOT / "examples" / "clinic.yaml"
Run = Callable[..., tuple[int, str, str]]


def edited(tmp_path: Path, source: Path, old: str, new: str) -> Path:
    """A copy of an example with one piece of text replaced."""
    text = source.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / source.name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def refused(result: tuple[int, str, str], *expected: str) -> None:
    """Exit 2, nothing on stdout, one line on stderr that holds every expected piece."""
    status, out, err = result
    assert (status, out) == (2, ""), err
    assert len(err.strip().splitlines()) == 1, err
    assert err.startswith("recutis: ")
    for piece in expected:
        assert piece in err


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("age: 46", "age: 010", "patient.age (line 3 of lines-and-age-spots.yaml) is 010, which YAML reads as another number"),
        ("age: 46", "age: 0x2e", "is 0x2e, which YAML reads as another number; write a plain decimal number"),
        ("age: 46", "age: 1:30", "is 1:30, which YAML reads as another number"),
        ("age: 46", "age: 46 years", "patient.age (line 3 of lines-and-age-spots.yaml) is '46 years': write a plain number"),
        ("age: 46", "age: !!binary aGk=", "write a plain number"),
        ("patient: {", "patient: {<<: {age: 3}, ", "uses a YAML merge key (<<) in line 3"),
        ("tanned: false", 'tanned: "no"', "patient.tanned (line 3 of lines-and-age-spots.yaml) is 'no': answer true or false"),
        ("phototype: III", "phototype: 3", "write the phototype as a Roman numeral, here III"),
        ("date: 2026-11-22", "date: 2026-W47-1", "write a day as year-month-day"),
        ("date: 2026-11-22", "date: 2026-02-30", "day is out of range for month"),
        (
            "medications: []",
            'medications: ["a\\0b"]',
            "medications.0 (line 4 of lines-and-age-spots.yaml) is 'a\\x00b': it holds",
        ),
        ("medications: []", 'medications: ["\\u202eabc"]', "it holds a character that cannot be printed"),
        ("isotretinoin: never", "isotretinoin: 1950-01-01", "history.isotretinoin (line 4 of lines-and-age-spots.yaml) is 1950"),
        ("age: 46", "age: 46, event_date: 2020-01-01", "is 2020-01-01, before the day of planning 2026-11-22"),
        (
            "count: 9",
            "count: 9, age_months: 1000",
            "age_months (line 8 of lines-and-age-spots.yaml) is 1000, longer than the person",
        ),
        ("concerns:", "concerns: []\nother:", "Unknown key other"),
    ],
)
def test_a_patient_file_with_an_odd_value(run: Run, tmp_path: Path, old: str, new: str, expected: str) -> None:
    """Numbers that YAML reads otherwise, hidden keys and impossible dates are named with their line."""
    refused(run("screen", edited(tmp_path, GOOD, old, new)), expected)


@pytest.mark.parametrize(
    "new",
    [GOOD.read_text().replace("\n", "\r\n"), "\ufeff" + GOOD.read_text(), "%YAML 1.1\n---\n" + GOOD.read_text() + "...\n"],
    ids=["crlf", "byte order mark", "directive"],
)
def test_a_patient_file_from_another_editor_is_read(run: Run, tmp_path: Path, new: str) -> None:
    """Line ends, byte order mark and document marks change nothing."""
    path = tmp_path / "Akte 皮.yaml"
    path.write_bytes(new.encode())

    assert run("screen", path) == run("screen", GOOD)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("energy_mJ: [5 mJ, 20 mJ, 60 mJ]", "energy_mJ: [5 ns, 20 mJ, 60 mJ]", "must be a number or a quantity in mJ"),
        ("density_pct: [3, 10, 20]", "density_pct: [3, 10, 200]", "ends at 100 %, not at 200 %"),
        ("- UltraPulse DeepFX\n", "- UltraPuls\n", "devices.0 (line 4 of clinic.yaml) is 'UltraPuls': there is no device"),
        (
            "energy_mJ: 15 mJ, density",
            "energy_mJ: 1500 mJ, density",
            "test_spots.0 (line 23 of clinic.yaml) does not fit: UltraPulse",
        ),
        (
            "UltraPulse DeepFX: 650",
            "Foo: 650",
            "prices.per_session (line 32 of clinic.yaml) does not fit: There is no device 'Foo'",
        ),
    ],
)
def test_a_clinic_file_with_an_odd_value(run: Run, tmp_path: Path, old: str, new: str, expected: str) -> None:
    """Wrong units, shares above the whole, unknown devices and settings beyond limits have a place and a limit."""
    refused(run("plan", GOOD, "--clinic", edited(tmp_path, CLINIC, old, new), "--out", tmp_path / "out"), expected)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("device: UltraPulse DeepFX\nsettings: {energy_mJ: 20 J}\n", "energy_mJ is 20000 mJ, above its upper limit of 50 mJ"),
        (
            "device: UltraPulse DeepFX\nsettings: {passes: true}\n",
            "settings.passes (line 2 of usual.yaml) is true: write a whole",
        ),
        (
            "device: UltraPulse DeepFX\nsettings: {}\nsessions: true\n",
            "sessions (line 3 of usual.yaml) is true: write a whole number",
        ),
        ("device: UltraPulse DeepFX\nsettings: {depth_um: 50}\n", "has no setting depth_um"),
    ],
)
def test_usual_settings_are_checked_before_the_search(run: Run, tmp_path: Path, text: str, expected: str) -> None:
    """What the device cannot do is told at once, also where nothing would be planned."""
    path = tmp_path / "usual.yaml"
    path.write_text(text)
    refused(run("plan", REFERRED, "--usual", path, "--out", tmp_path / "out"), expected)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("plan", GOOD, "--seed", "-1"), "Invalid value for '--seed': it should be greater than or equal to 0"),
        (("plan", GOOD, "--seed", "soon"), "Invalid value for '--seed'"),
        (("plan", GOOD, "--out", ""), "it names no folder"),
        (("plan", GOOD, "--out", "a\0b"), "it names no folder"),
        (("plan", GOOD, "--out", "x" * 300), "File name too long"),
        (("plan", GOOD, "--out"), "requires an argument"),
        (("plan", GOOD, "--clinik", "x"), "No such option: --clinik"),
        (("plan", GOOD, GOOD), "unexpected extra argument"),
        (("plan",), "see 'recutis plan --help'"),
        (("plam",), "No such command 'plam'"),
        (("evidence", "  "), "evidence key is empty"),
        (("screen", "a\nb.yaml"), "Cannot read a\\nb.yaml"),
    ],
    ids=str,
)
def test_wrong_words_on_the_command_line_are_one_sentence(run: Run, words: tuple[object, ...], expected: str) -> None:
    """Also where the parser of the command line finds the mistake."""
    refused(run(*words), expected)


def test_no_command_shows_the_help_once(run: Run) -> None:
    """Who types only the name reads what there is."""
    status, out, err = run()

    assert status == 2
    assert (out + err).count("Usage:") == 1


def test_a_number_in_quotes_stays_a_word(tmp_path: Path) -> None:
    """Only bare numbers are looked at: a note may hold 010."""
    path = tmp_path / "f.yaml"
    path.write_text("a: '010'\nb: 0.5\nc: 0\nd: -0.25\n")

    assert read_yaml(path).data == {"a": "010", "b": 0.5, "c": 0, "d": -0.25}


@pytest.mark.parametrize("taken", ["folder", "file"])
def test_a_clash_of_names_is_found_before_anything_is_replaced(tmp_path: Path, taken: str) -> None:
    """A folder where a file belongs, or a file where a folder belongs: the old files stay as they were."""
    target = tmp_path / "plan"
    target.mkdir()
    (target / "a.json").write_text("old")
    if taken == "folder":
        (target / "z.pdf").mkdir()
    else:
        (target / "figures").write_text("mine")

    def write() -> None:
        with writing_folder(target) as folder:
            (folder / "a.json").write_text("new")
            (folder / "z.pdf").write_text("new")
            (folder / "figures").mkdir()

    with pytest.raises(InputError, match=f"is a {taken} but a .* of that name must be written"):
        write()

    assert (target / "a.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_a_dangling_link_is_no_folder(tmp_path: Path) -> None:
    """The link stays, and nothing is left beside it."""
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is a link to a folder that does not exist"), writing_folder(tmp_path / "link"):
        pass

    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_a_link_to_a_folder_is_followed_and_a_long_name_fits(tmp_path: Path) -> None:
    """The folder behind the link gets the files; the longest name a folder may have is possible."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("link", "b" * 250):
        with writing_folder(tmp_path / name) as folder:
            (folder / "a").write_text("1")
        assert (tmp_path / name / "a").read_text() == "1"

    assert (tmp_path / "link").is_symlink()


def test_a_full_disk_is_the_systems_refusal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 1 and one sentence when the words cannot be written."""

    def full(_document: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("recutis.cli._print_json", full)
    status, out, err = run("devices", "--json")

    assert (status, out) == (1, "")
    assert err == "recutis: the system refused: No space left on device. Free it and run again.\n"


@pytest.mark.parametrize("where", ["recutis.plan.planner.plan_course", "recutis.report.write_report"])
def test_ctrl_c_leaves_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Interrupted while planning or while writing: exit 130, one sentence, no folder and no temporary folder."""

    def interrupted(*_words: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(where, interrupted)
    status, out, err = run("plan", GOOD, "--out", tmp_path / "plan")

    assert (status, out) == (130, "")
    assert err == "recutis: interrupted; nothing was written.\n"
    assert list(tmp_path.iterdir()) == []
