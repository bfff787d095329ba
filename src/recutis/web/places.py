"""Where the workstation keeps its data: one folder, given by `RECUTIS_DATA` or the user's data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import platformdirs

from recutis.errors import InputError

_SECRET_BYTES = 64


def data_folder() -> Path:
    """The folder of all data, made when it is absent, readable by its owner only.

    Raises InputError when it cannot be made or is a file.
    """
    place = Path(os.environ.get("RECUTIS_DATA") or platformdirs.user_data_dir("recutis")).expanduser().absolute()
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        msg = f"Cannot make the data folder {place}: {error.strerror}. Give a writable folder in RECUTIS_DATA."
        raise InputError(msg) from error
    if not os.access(place, os.W_OK | os.X_OK):
        msg = f"The data folder {place} cannot be written. Give a writable folder in RECUTIS_DATA."
        raise InputError(msg)
    return place


def has_records(folder: Path) -> bool:
    """Whether a workstation was ever opened here, or keeps its records in the database of `DATABASE_URL`."""
    return bool(os.environ.get("DATABASE_URL")) or (folder / "recutis.sqlite3").is_file()


def secret_key(folder: Path) -> str:
    """The key that signs sessions and links: made once, kept in the data folder, readable by its owner only.

    Raises InputError when it cannot be read.
    """
    place = folder / "secret-key"
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = place.read_text(encoding="ascii", errors="replace").strip()
        if len(kept) < _SECRET_BYTES or not kept.isascii():
            msg = f"{place} is damaged (too short, or not text). Restore it from a backup, or delete it: everyone must then sign in again."
            raise InputError(msg) from None
        return kept
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        made = secrets.token_urlsafe(_SECRET_BYTES)
        file.write(made + "\n")
        file.flush()
        os.fsync(file.fileno())
    return made
