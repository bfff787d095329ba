"""Backup and restore: everything comes back as it was, into an empty folder only, and a damaged archive is refused."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from recutis.errors import InputError
from recutis.web.backup import MANIFEST, backup
from recutis.web.restore import check_hashes, read_manifest

HERE = Path(__file__).parent
FILL = """
import sys; sys.path.insert(0, {tests!r})
from recutis.web.serve import prepare
prepare()
import datetime, os, pathlib
from django.utils import timezone
from web_people import house, FILE
from recutis.web.audit.record import record
from recutis.web.planning.models import CoursePlan, Job
from recutis.web.delivery.models import Session
from recutis.web.diary.models import DiaryEntry
for name in ("North", "South"):
    made = house(name, patients=3)
    who = made.people["clinician"]
    plan = CoursePlan.objects.create(
        clinic=made.clinic, patient=made.patients[0], document={{"a": [1.5, None, "ü\\u2028"]}}, status="ready", made_by=who,
        released_by=who, released_at=timezone.now(),
    )
    CoursePlan.objects.create(clinic=made.clinic, patient=made.patients[0], document={{}}, status="ready", made_by=who, previous=plan)
    session = Session.objects.create(
        clinic=made.clinic, patient=made.patients[0], plan=plan, number=1, planned_on=datetime.date(2026, 12, 1), checklist={{"x": True}}
    )
    DiaryEntry.objects.create(
        clinic=made.clinic, patient=made.patients[0], session=session, day=2, on=datetime.date(2026, 12, 3), redness=3.25, flags=["TRI-001"]
    )
    for number in range(20):
        record(f"step {{number}}", chain=str(made.clinic.pk), user=who, detail={{"number": number, "words": "né\\n"}})
photos = pathlib.Path(os.environ["RECUTIS_DATA"]) / "photos" / "2026"
photos.mkdir(parents=True)
(photos / "a.jpg").write_bytes(bytes(range(256)) * 500)
"""
CHANGING = ("django_content_type", "django_migrations", "sqlite_sequence")


def call(data: Path, *words: object, database: str = "") -> tuple[int, str, str]:
    """Run a command in a process of its own, on a data folder, and on a database instead of SQLite where one is named."""
    kept = {name: value for name, value in os.environ.items() if name not in {"RECUTIS_SECRET_KEY", "DATABASE_URL"}}
    done = subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, check=False,
        env={
            **kept, "RECUTIS_DATA": str(data), "DJANGO_SETTINGS_MODULE": "recutis.web.settings",
            **({"DATABASE_URL": database} if database else {}),
        },
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def recutis(data: Path, *words: object, database: str = "") -> tuple[int, str, str]:
    """Run `recutis`."""
    return call(data, "-m", "recutis", *words, database=database)


def tables(data: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, as SQLite holds it."""
    with closing(sqlite3.connect(data / "recutis.sqlite3")) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: sorted(database.execute(f"SELECT * FROM {name}"), key=repr) for name in names if name not in CHANGING}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with two clinics, plans, a session, a diary, the audit, a photograph."""
    data = tmp_path_factory.mktemp("source") / "data"
    data.mkdir()
    status, _, err = call(data, "-c", FILL.format(tests=str(HERE)))
    assert status == 0, err
    yield data
    shutil.rmtree(data)


@pytest.fixture(scope="module")
def archive(source: Path) -> Path:
    """Its backup."""
    file = source.parent / "backup.zip"
    status, out, err = recutis(source, "backup", file)
    assert status == 0, err
    assert "6 patients" in out
    assert "1 photographs" in out
    return file


def test_everything_comes_back_as_it_was(source: Path, archive: Path, tmp_path: Path) -> None:
    """Every row of every table to the microsecond, the photographs, the key; the audit verifies and goes on."""
    data = tmp_path / "data"
    status, out, err = recutis(data, "restore", archive)
    assert status == 0, err
    assert "6 patients" in out
    assert tables(data) == tables(source)
    assert (data / "photos" / "2026" / "a.jpg").read_bytes() == (source / "photos" / "2026" / "a.jpg").read_bytes()
    assert (data / "secret-key").read_text() == (source / "secret-key").read_text()
    assert sorted(path.name for path in data.iterdir()) == ["photos", "recutis.sqlite3", "secret-key"]
    assert (data / "secret-key").stat().st_mode & 0o077 == 0
    heads = re.findall(r"^\S+:\d+:[0-9a-f]{64}$", out, re.MULTILINE)
    assert len(heads) == 2
    assert recutis(data, "audit", "verify", *(word for head in heads for word in ("--expect", head)))[0] == 0

    again = tmp_path / "again.zip"
    assert recutis(data, "backup", again)[0] == 0
    with zipfile.ZipFile(archive) as one, zipfile.ZipFile(again) as two:
        for name in one.namelist():
            if name != MANIFEST:
                assert one.read(name) == two.read(name), name


def test_data_that_are_there_are_never_overwritten(source: Path, archive: Path, tmp_path: Path) -> None:
    """A folder with anything in it is refused; --replace moves it aside, whole."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "notes.txt").write_text("mine")
    status, _, err = recutis(data, "restore", archive)
    assert (status, "holds data already" in err) == (2, True)
    assert [path.name for path in data.iterdir()] == ["notes.txt"]
    assert recutis(data, "restore", archive, "--replace")[0] == 0
    aside = next(path for path in data.iterdir() if path.name.startswith("replaced-"))
    assert (aside / "notes.txt").read_text() == "mine"
    assert tables(data) == tables(source)


def test_an_archive_is_not_written_over_another_file(source: Path, archive: Path, tmp_path: Path) -> None:
    """An earlier backup stays; a folder that is not there or holds no workstation is said."""
    before = archive.read_bytes()
    status, _, err = recutis(source, "backup", archive)
    assert (status, "is there already" in err) == (2, True)
    assert archive.read_bytes() == before
    status, _, err = recutis(source, "backup", tmp_path / "none" / "b.zip")
    assert (status, "Cannot write to" in err) == (2, True)
    status, _, err = recutis(tmp_path / "empty", "backup", tmp_path / "b.zip")
    assert (status, "There is no workstation in" in err) == (2, True)
    assert not list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".*"))


def test_a_backup_is_of_one_moment_while_others_write(source: Path, tmp_path: Path) -> None:
    """Rows that are added meanwhile are in all tables or in none: the archive restores and its audit verifies."""
    data = tmp_path / "data"
    shutil.copytree(source, data)
    stop = threading.Event()
    writer = f"""
import sys; sys.path.insert(0, {str(HERE)!r})
from recutis.web.serve import prepare
prepare()
import datetime, pathlib
from django.db import transaction
from recutis.web.accounts.models import Clinic
from recutis.web.audit.record import record
from recutis.web.patients.models import Patient
clinic, number = Clinic.objects.first(), 0
while not pathlib.Path({str(tmp_path / "stop")!r}).exists():
    number += 1
    with transaction.atomic():
        made = Patient.objects.create(
            clinic=clinic, number=f"W{{number}}", given_name="x", family_name="y", birth_date=datetime.date(1980, 1, 1)
        )
        record("added", chain=str(clinic.pk), patient_id=made.pk)
    if number == 1:
        pathlib.Path({str(tmp_path / "writing")!r}).touch()
"""
    thread = threading.Thread(target=lambda: call(data, "-c", writer))
    thread.start()
    try:
        while not (tmp_path / "writing").exists() and thread.is_alive():
            stop.wait(0.05)
        status, _, err = recutis(data, "backup", tmp_path / "b.zip")
    finally:
        (tmp_path / "stop").touch()
        thread.join()
    assert status == 0, err
    with zipfile.ZipFile(tmp_path / "b.zip") as found:
        added = found.read("tables/audit.auditentry.jsonl").count(b'"added"')
        assert added == found.read("tables/patients.patient.jsonl").count(b'"W')
        assert added > 0
    assert recutis(tmp_path / "new", "restore", tmp_path / "b.zip")[0] == 0


@pytest.fixture
def other_database() -> str:
    """An empty database on the PostgreSQL server that the tests run with; none where they run on SQLite."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        return ""
    import psycopg

    name = f"restored_{os.getpid()}"
    with closing(psycopg.connect(url, autocommit=True)) as database:
        database.execute(f'DROP DATABASE IF EXISTS "{name}"')
        database.execute(f'CREATE DATABASE "{name}"')
    return f"{url.rpartition('/')[0]}/{name}"


def test_an_archive_of_one_kind_of_database_fits_another(archive: Path, tmp_path: Path, other_database: str) -> None:
    """From SQLite into another and back, every row stays the same; a database that is full is refused."""
    status, out, err = recutis(tmp_path / "other", "restore", archive, database=other_database)
    assert (status, "6 patients" in out) == (0, True), err
    if other_database:
        assert not (tmp_path / "other" / "recutis.sqlite3").exists()
        status, _, err = recutis(tmp_path / "third", "restore", archive, database=other_database)
        assert (status, "The database holds records already" in err) == (2, True)
    assert recutis(tmp_path / "other", "backup", tmp_path / "b.zip", database=other_database)[0] == 0
    with zipfile.ZipFile(archive) as one, zipfile.ZipFile(tmp_path / "b.zip") as two:
        for name in one.namelist():
            if name.startswith("tables/"):  # databases keep the keys of JSON in an order of their own
                assert [json.loads(line) for line in one.open(name)] == [json.loads(line) for line in two.open(name)], name


def _changed(archive: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The archive with other content, its manifest as given."""
    with zipfile.ZipFile(archive) as old:
        content = {name: old.read(name) for name in old.namelist()}
    change(content)
    made = tmp_path / "changed.zip"
    with zipfile.ZipFile(made, "w") as new:
        for name, data in content.items():
            new.writestr(name, data)
    return made


def _manifest(content: dict[str, bytes], **changes: object) -> None:
    content[MANIFEST] = json.dumps({**json.loads(content[MANIFEST]), **changes}).encode()


def _listed(content: dict[str, bytes], name: str) -> None:
    files = json.loads(content[MANIFEST])["files"]
    content[name] = b"evil"
    _manifest(content, files={**files, name: files["secret-key"]})


def _row_changed(content: dict[str, bytes]) -> None:
    content["tables/patients.patient.jsonl"] = content["tables/patients.patient.jsonl"].replace(b"Given0", b"Given9")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_row_changed, "tables/patients.patient.jsonl is not what was written"),
        (lambda content: content.pop("photos/2026/a.jpg"), "photos/2026/a.jpg is missing"),
        (lambda content: content.update({"photos/b.jpg": b""}), "photos/b.jpg is missing, twice or not listed"),
        (lambda content: content.pop(MANIFEST), "has no readable manifest.json"),
        (lambda content: _manifest(content, format="recutis-backup-9"), "not a backup that this version reads"),
        (lambda content: _manifest(content, migrations={"patients": "0999_later"}), "a version that knows more"),
        (lambda content: _listed(content, "photos/../../evil"), "which no backup holds"),
        (lambda content: _listed(content, "/etc/evil"), "which no backup holds"),
        (lambda content: _listed(content, "photos\\evil"), "which no backup holds"),
        (lambda content: _listed(content, "recutis.sqlite3"), "which no backup holds"),
    ],
)
def test_a_damaged_or_hostile_archive_is_refused(
    archive: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None], words: str
) -> None:
    """Before anything is written, with one sentence."""
    made = _changed(archive, tmp_path, change)
    with pytest.raises(InputError, match=re.escape(words)):
        _checked(made)


def _checked(file: Path) -> None:
    from recutis.web.backup import models_at

    with zipfile.ZipFile(file) as found:
        manifest = read_manifest(found, file.name)
        if manifest["migrations"].get("patients") == "0999_later":
            models_at(manifest["migrations"])
        check_hashes(found, manifest, file.name, lambda _share: None)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04" + b"\x00" * 40])
def test_what_is_no_archive_leaves_the_folder_empty(content: bytes, tmp_path: Path) -> None:
    """And so does one that is cut short."""
    (tmp_path / "b.zip").write_bytes(content)
    status, _, err = recutis(tmp_path / "data", "restore", tmp_path / "b.zip")
    assert (status, "Give a file that 'recutis backup' wrote" in err) == (2, True)
    assert list((tmp_path / "data").iterdir()) == []


def test_an_audit_that_was_tampered_with_is_restored_and_reported(source: Path, tmp_path: Path) -> None:
    """Nothing is lost for it, and the exit status says it."""
    data = tmp_path / "data"
    shutil.copytree(source, data)
    with closing(sqlite3.connect(data / "recutis.sqlite3")) as database, database:
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("UPDATE audit_auditentry SET who = 'somebody else' WHERE number = 7")
    assert recutis(data, "backup", tmp_path / "b.zip")[0] == 0
    status, out, err = recutis(tmp_path / "new", "restore", tmp_path / "b.zip")
    assert (status, "was changed after it was written" in err) == (1, True)
    assert "6 patients" in out
    assert len(tables(tmp_path / "new")["patients_patient"]) == 6


def test_no_table_holds_what_text_cannot_carry() -> None:
    """Bytes would be lost on the way."""
    assert [field for model in apps.get_models() for field in model._meta.fields if isinstance(field, models.BinaryField)] == []


def test_a_folder_that_cannot_be_linked_into_still_gets_its_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File systems without hard links are served too."""
    from recutis.web import backup as module

    def no_links(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", no_links)
    (tmp_path / "made").write_text("x")
    module._put(tmp_path / "made", tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_text() == "x"
    with pytest.raises(InputError, match="is there already"):
        backup(tmp_path / "b.zip", tmp_path)
