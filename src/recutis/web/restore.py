"""Restore: an archive of `recutis backup` into an empty data folder and an empty database, of the same kind or another.

Everything is checked and made ready beside the data; the last step moves it into place.
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from recutis.errors import InputError, RecutisError
from recutis.web.backup import FORMAT, MANIFEST, ROWS, Progress, migrations_here, models_at, parts, sha256

if TYPE_CHECKING:
    from recutis.web.audit.record import Verified

_FOLDERS: Final = ("tables", "photos")
_UNFINISHED: Final = ".restore-"


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was restored, and what a check of the audit found there."""

    manifest: Mapping[str, Any]
    audit: Verified


def restore(source: Path, folder: Path, *, replace: bool = False, progress: Progress | None = None) -> Restored:
    """Put the records, photographs and key of an archive into a data folder, all or nothing, and verify the audit.

    Django must not have been set up in this process yet. With `replace`, what the folder holds is moved into a folder
    `replaced-TIME` within it.

    Raises InputError when the archive is damaged or not ours, or when data are there already.
    """
    told = progress or (lambda _share: None)
    name = source.name
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = read_manifest(archive, name)
            check_hashes(archive, manifest, name, lambda share: told(0.3 * share))
            _must_be_empty(folder, replace=replace)
            _must_not_be_served(folder)
            made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
            try:
                unpack(archive, manifest, made)
                _set_up_on(made)
                fill_database(archive, manifest, lambda share: told(0.3 + 0.6 * share))
                audit = _verified(manifest)
                _close()
                _move_in(made, folder)
            finally:
                shutil.rmtree(made, ignore_errors=True)
    except (OSError, zipfile.BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not an archive"
        msg = f"Cannot restore from {source}: {reason}. Give a file that 'recutis backup' wrote."
        raise InputError(msg) from error
    told(1.0)
    return Restored(manifest=manifest, audit=audit)


def _must_be_empty(folder: Path, *, replace: bool) -> None:
    for left in folder.glob(f"{_UNFINISHED}*"):  # of a restore that was interrupted
        shutil.rmtree(left, ignore_errors=True)
    if not replace and any(folder.iterdir()):
        msg = (
            f"{folder} holds data already. Give an empty folder in RECUTIS_DATA, or add --replace: what is there is then moved into "
            "a folder of its own, not deleted."
        )
        raise InputError(msg)


def _must_not_be_served(folder: Path) -> None:
    """Raises InputError while a server works on what would be moved away."""
    from recutis.web.serve import LOCK, only_one

    if (folder / LOCK).exists():
        only_one(folder).close()


def _set_up_on(folder: Path) -> None:
    """Have Django use the new data from the start."""
    from django.apps import apps

    if apps.ready:
        msg = "A restore needs a process of its own."
        raise RecutisError(msg)
    os.environ["RECUTIS_DATA"] = str(folder)
    from recutis.web.serve import set_up

    set_up()


def _verified(manifest: Mapping[str, Any]) -> Verified:
    from recutis.web.audit.record import verify

    return verify({chain: (int(number), str(head)) for chain, (number, head) in manifest["audit_heads"].items()})


def _close() -> None:
    """Leave no second file of the database behind."""
    from django.db import connections

    connections.close_all()


def _move_in(made: Path, folder: Path) -> None:
    """Move what was there aside and the new data into place, the database last: without it the folder still counts as unused."""
    old = [item for item in folder.iterdir() if item != made and not item.name.startswith(("replaced-", _UNFINISHED))]
    if old:
        aside = folder / f"replaced-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%S%f}"
        aside.mkdir(mode=0o700)
        for item in old:
            item.rename(aside / item.name)
    for item in sorted(made.iterdir(), key=lambda one: one.name.startswith("recutis.sqlite3")):
        item.rename(folder / item.name)


# The archive


def read_manifest(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    """The manifest of an archive, after checking that it lists exactly what is inside and nothing leads out of the folder.

    Raises InputError when it is not a backup of ours.
    """
    try:
        manifest = json.loads(archive.read(MANIFEST))
        listed = set(manifest["files"]) | {MANIFEST}
        good = manifest["format"] == FORMAT and all(
            isinstance(manifest[key], dict) for key in ("migrations", "rows", "audit_heads")
        )
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        msg = f"{name} is not a backup of Recutis: it has no readable {MANIFEST}. Give a file that 'recutis backup' wrote."
        raise InputError(msg) from error
    if not good:
        msg = f"{name} is not a backup that this version reads. Install the version of Recutis that wrote it."
        raise InputError(msg)
    names = archive.namelist()
    odd = next((one for one in names if not _safe(one)), None)
    if odd is not None:
        msg = f"{name} holds the file {odd!r}, which no backup holds; do not use it."
        raise InputError(msg)
    if set(names) != listed or len(names) != len(listed):
        wrong = sorted(set(names) ^ listed)
        msg = f"{name} is not whole: {wrong[0] if wrong else 'a file'} is missing, twice or not listed. Take another backup."
        raise InputError(msg)
    return dict(manifest)


def _safe(name: str) -> bool:
    path = PurePosixPath(name)
    if name in {MANIFEST, "secret-key"}:
        return True
    good = path.parts[:1] and path.parts[0] in _FOLDERS and len(path.parts) > 1
    return bool(good) and str(path) == name and ".." not in path.parts and "\\" not in name and "\x00" not in name


def check_hashes(archive: zipfile.ZipFile, manifest: Mapping[str, Any], name: str, progress: Progress) -> None:
    """Read every file of an archive against its hash.

    Raises InputError naming the first that was changed or cannot be read.
    """
    for done, (inside, expected) in enumerate(manifest["files"].items(), start=1):
        try:
            with archive.open(inside) as file:
                found, size = sha256(parts(file))
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError) as error:  # the last: a method zipfile lacks
            msg = f"{name} is damaged: {inside} cannot be read. Take another backup."
            raise InputError(msg) from error
        if (found, size) != (expected.get("sha256"), expected.get("bytes")):
            msg = f"{name} is damaged: {inside} is not what was written. Take another backup."
            raise InputError(msg)
        progress(done / len(manifest["files"]))


def unpack(archive: zipfile.ZipFile, manifest: Mapping[str, Any], folder: Path) -> None:
    """Write the photographs and the key of an archive into a folder."""
    for inside in manifest["files"]:
        if inside.startswith("tables/"):
            continue
        place = folder / PurePosixPath(inside)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with archive.open(inside) as file, os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for part in parts(file):
                out.write(part)
            out.flush()
            os.fsync(out.fileno())


def fill_database(archive: zipfile.ZipFile, manifest: Mapping[str, Any], progress: Progress) -> None:
    """Bring an empty database to the archive's state, put its rows in, and bring it up to date.

    Raises InputError when the database is not empty or the archive does not fit, RecutisError when rows are missing afterwards.
    """
    from django.core.management import call_command
    from django.db import DatabaseError, connection, transaction
    from django.db.migrations.executor import MigrationExecutor

    models = models_at(manifest["migrations"])
    here = migrations_here()
    if here:
        refuse_full_database()
    if here and here != manifest["migrations"]:
        msg = "The database holds empty tables of another version. Make an empty database and name it in DATABASE_URL."
        raise InputError(msg)
    with_row = {f"tables/{model._meta.label_lower}.jsonl" for model in models}
    missing = sorted(with_row ^ {name for name in manifest["files"] if name.startswith("tables/")})
    if missing:
        msg = f"The archive and its migrations do not fit: {missing[0]}. Take another backup."
        raise InputError(msg)
    executor = MigrationExecutor(connection)
    executor.migrate([(app, name) for app, name in manifest["migrations"].items()])
    try:
        with transaction.atomic():
            for done, model in enumerate(models, start=1):
                with archive.open(f"tables/{model._meta.label_lower}.jsonl") as file:
                    _insert(model, file)
                progress(done / len(models))
            connection.check_constraints()
            _reset_sequences(models)
            _must_agree(models, manifest)
    except DatabaseError as error:
        msg = f"The database refused a row of the archive: {str(error).strip().splitlines()[0]}. Nothing was kept."
        raise RecutisError(msg) from error
    call_command("migrate", interactive=False, verbosity=0)


def refuse_full_database() -> None:
    """Raises InputError when there are records in the database already."""
    from django.db import DatabaseError

    from recutis.web.accounts.models import User
    from recutis.web.audit.models import AuditEntry

    try:
        full = User.objects.exists() or AuditEntry.objects.exists()
    except DatabaseError:  # its tables are not those of today, but they are there
        full = True
    if full:
        msg = "The database holds records already. Make an empty database and name it in DATABASE_URL, then restore into that."
        raise InputError(msg)


def _insert(model: Any, file: Any) -> None:
    """Put the rows of a table in, each value as it was."""
    from django.db import connection

    lines = iter(file)
    names = json.loads(next(lines, b"[]"))
    by_name = {field.attname: field for field in model._meta.local_concrete_fields}
    if set(names) != set(by_name):
        msg = f"The table {model._meta.label_lower} of the archive has other columns than expected. Take another backup."
        raise InputError(msg)
    fields = [by_name[name] for name in names]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({', '.join(['%s'] * len(fields))})"
    rows: list[list[Any]] = []
    with connection.cursor() as cursor:
        for line in lines:
            rows.append([_value(field, value) for field, value in zip(fields, json.loads(line), strict=True)])
            if len(rows) >= ROWS:
                cursor.executemany(sql, rows)
                rows.clear()
        if rows:
            cursor.executemany(sql, rows)


def _value(field: Any, value: object) -> Any:
    from django.db import connection

    target = field.target_field if field.is_relation else field
    python = value if target.get_internal_type() == "JSONField" else target.to_python(value)
    return target.get_db_prep_save(python, connection)


def _reset_sequences(models: list[Any]) -> None:
    from django.core.management.color import no_style
    from django.db import connection

    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(sql)


def _must_agree(models: list[Any], manifest: Mapping[str, Any]) -> None:
    for model in models:
        label, found = str(model._meta.label_lower), model._default_manager.count()
        if found != manifest["rows"].get(label):
            msg = f"The table {label} has {found} rows after restoring, not {manifest['rows'].get(label)}. Nothing was kept."
            raise RecutisError(msg)
