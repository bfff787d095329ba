"""Backup: one archive with every record, the photographs and the key, each with its hash.

Records travel as text, table by table, so that an archive of one kind of database can be restored into another.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from recutis import __version__
from recutis.errors import InputError

FORMAT: Final = "recutis-backup-1"
MANIFEST: Final = "manifest.json"
_SKIPPED_APPS: Final = frozenset({"contenttypes", "auth", "sessions", "axes"})
"""Made anew by every installation, or of no use in another one: whoever is signed in signs in again."""
_CHUNK: Final = 1 << 20
ROWS: Final = 500
Progress = Callable[[float], None]


def sha256(stream: Iterable[bytes]) -> tuple[str, int]:
    """The hash and the length of what comes in parts."""
    digest, size = hashlib.sha256(), 0
    for part in stream:
        digest.update(part)
        size += len(part)
    return digest.hexdigest(), size


def parts(file: Any) -> Iterator[bytes]:
    """A file in parts that fit into memory."""
    while part := file.read(_CHUNK):
        yield part


# What is in the database


def migrations_here() -> dict[str, str]:
    """The newest migration of each app that has been applied here."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    found: dict[str, str] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        found[app] = max(name, found.get(app, ""))
    return found


def models_at(migrations: Mapping[str, str]) -> list[Any]:
    """The tables as they were at these migrations, those that are kept, in the order of their names.

    Raises RecutisError when a migration is not known here.
    """
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    unknown = [f"{app} {name}" for app, name in migrations.items() if (app, name) not in loader.graph.nodes]
    if unknown:
        msg = f"The archive was made by a version that knows more ({unknown[0]}). Install that version of Recutis and try again."
        raise InputError(msg)
    apps = loader.project_state(list(migrations.items())).apps
    found = [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label not in _SKIPPED_APPS]
    return sorted(found, key=lambda model: str(model._meta.label_lower))


@contextmanager
def _one_moment() -> Iterator[None]:
    """All that is read inside is of one moment, while the server goes on writing."""
    from django.db import connection

    start = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if connection.vendor == "postgresql" else "BEGIN DEFERRED"
    with connection.cursor() as cursor:
        cursor.execute(start)
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _plain(value: object) -> object:
    """A value as JSON can hold it, without loss."""
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool, dict, list, type(None))) else str(value)


def _lines(model: Any) -> Iterator[bytes]:
    """A table as JSON lines: the names of its columns, then one list a row."""
    fields = model._meta.local_concrete_fields
    yield json.dumps([field.attname for field in fields]).encode() + b"\n"
    for row in model._default_manager.order_by("pk").values_list(*(field.attname for field in fields)).iterator(chunk_size=ROWS):
        yield json.dumps([_plain(value) for value in row], ensure_ascii=True).encode() + b"\n"


# Backup


def backup(target: Path, folder: Path, *, progress: Progress | None = None) -> dict[str, Any]:
    """Write one archive of the data folder and its database; it appears complete or not at all. Returns its manifest.

    Raises InputError when there is nothing to back up, or the archive cannot be written or is there already.
    """
    if target.exists():
        msg = f"{target} is there already; give a new name, so that no earlier backup is lost."
        raise InputError(msg)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:60]}-", dir=target.parent)
    except OSError as error:
        msg = f"Cannot write to {target.parent}: {error.strerror}. Give a file in a writable folder."
        raise InputError(msg) from error
    try:
        with os.fdopen(handle, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                manifest = _fill(archive, folder, progress or (lambda _share: None))
            file.flush()
            os.fsync(file.fileno())
        _put(Path(name), target)
    finally:
        Path(name).unlink(missing_ok=True)
    return manifest


def _put(made: Path, target: Path) -> None:
    """Give the finished file its name, unless somebody has used that name meanwhile."""
    try:
        os.link(made, target)
    except FileExistsError as error:
        msg = f"{target} is there already; give a new name, so that no earlier backup is lost."
        raise InputError(msg) from error
    except OSError:  # a file system without links
        made.rename(target)


def _fill(archive: zipfile.ZipFile, folder: Path, progress: Progress) -> dict[str, Any]:
    from recutis.web.audit.record import verify

    files: dict[str, dict[str, Any]] = {}
    with _one_moment():
        migrations, counts = migrations_here(), dict[str, int]()
        if "accounts" not in migrations:
            msg = "The database holds no records of the workstation: there is nothing to back up. Check DATABASE_URL."
            raise InputError(msg)
        models = models_at(migrations)
        for done, model in enumerate(models, start=1):
            label = str(model._meta.label_lower)
            files[f"tables/{label}.jsonl"] = _add(archive, f"tables/{label}.jsonl", _lines(model))
            counts[label] = model._default_manager.count()
            progress(0.5 * done / len(models))
        heads = {chain: list(head) for chain, head in verify().heads.items()}
    # Photographs are written before their records and never changed, so those of the moment above are all there.
    photos = [
        path
        for path in sorted((folder / "photos").rglob("*"))
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
    ]
    for done, path in enumerate(photos, start=1):
        inside = f"photos/{path.relative_to(folder / 'photos').as_posix()}"
        try:
            photo = path.open("rb")
        except FileNotFoundError:  # removed by a clinician since the list was made
            continue
        with photo:
            files[inside] = _add(archive, inside, parts(photo), stored=True)
        progress(0.5 + 0.5 * done / len(photos))
    key = folder / "secret-key"
    if key.is_file():
        files["secret-key"] = _add(archive, "secret-key", [key.read_bytes()])
    manifest = {
        "format": FORMAT,
        "recutis": __version__,
        "made_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "migrations": migrations,
        "rows": counts,
        "audit_heads": heads,
        "files": files,
    }
    _add(archive, MANIFEST, [json.dumps(manifest, indent=1).encode()])
    return manifest


def _add(archive: zipfile.ZipFile, name: str, content: Iterable[bytes], *, stored: bool = False) -> dict[str, Any]:
    entry = zipfile.ZipInfo(name, date_time=datetime.datetime.now(datetime.UTC).timetuple()[:6])
    entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    digest, size = hashlib.sha256(), 0
    with archive.open(entry, "w", force_zip64=True) as inside:
        for part in content:
            inside.write(part)
            digest.update(part)
            size += len(part)
    return {"sha256": digest.hexdigest(), "bytes": size}
