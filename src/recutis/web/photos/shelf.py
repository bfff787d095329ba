"""Files of photographs: random names in the photo folder, on disk before their row is, readable by the server's user only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from recutis.web.photos.intake import Cleaned
from recutis.web.photos.models import Photo

_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
_NAME_BYTES: Final = 20
_SMALL: Final = ".small.jpg"


def _folder() -> Path:
    place = Path(settings.MEDIA_ROOT)
    place.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
    return place


def _write(place: Path, data: bytes) -> None:
    """Under another name first, so that a file with the right name is always whole."""
    draft = place.with_name(f".{place.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)


def _settle(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def shelved(photo: Cleaned) -> Iterator[str]:
    """Put the files of a photograph on disk and give their name; they are taken away again when the block fails."""
    folder, name = _folder(), f"{secrets.token_hex(_NAME_BYTES)}.jpg"
    try:
        _write(folder / name, photo.jpeg)
        _write(folder / small_name(name), photo.small)
        _settle(folder)
        yield name
    except BaseException:
        _unlink(name)
        raise


def keep(photo: Cleaned, **told: Any) -> Photo:
    """Keep a photograph: its files first, then its row."""
    with shelved(photo) as name, transaction.atomic():
        return Photo.objects.create(
            file_name=name, sha256=photo.sha256, width=photo.width, height=photo.height, bytes=len(photo.jpeg), **told
        )


def read(photo: Photo, *, small: bool) -> bytes:
    """The bytes of a photograph.

    Raises FileNotFoundError when its file is gone.
    """
    name = small_name(photo.file_name) if small else photo.file_name
    return (Path(settings.MEDIA_ROOT) / Path(name).name).read_bytes()


def remove(photo: Photo) -> None:
    """Take the files of a photograph away once the row that says so is kept."""
    name = photo.file_name
    transaction.on_commit(lambda: _unlink(name))


def small_name(name: str) -> str:
    """The file of the small picture beside a large one."""
    return name.removesuffix(".jpg") + _SMALL


def _unlink(name: str) -> None:
    folder = Path(settings.MEDIA_ROOT)
    for one in (name, small_name(name)):
        for place in (folder / one, folder / f".{one}.draft"):
            place.unlink(missing_ok=True)
