"""Small files that people bring in: taken up where they can be read, and gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from recutis.errors import InputError


@contextmanager
def uploaded(request: HttpRequest, name: str, *, what: str, largest_bytes: int) -> Iterator[Path]:
    """The uploaded file of a form's field, as a path that errors can name; removed when the block ends.

    Raises InputError when none was chosen, or when it is larger than `what` may be.
    """
    sent = request.FILES.get(name)
    if not isinstance(sent, UploadedFile):
        msg = f"No file was chosen. Choose {what}, such as one that was downloaded here."
        raise InputError(msg)
    if (sent.size or 0) > largest_bytes:
        msg = f"The file has {sent.size} bytes; {what} has {largest_bytes} at most. Choose the right file."
        raise InputError(msg)
    with tempfile.TemporaryDirectory(prefix="recutis-") as folder:
        path = Path(folder) / "the uploaded file"
        path.write_bytes(sent.read())
        yield path
