"""What commands share that write results: folders and seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recutis.errors import InputError

_LONGEST_SHOWN = 80  # characters of a word from the command line that a message repeats


def folder(text: str | Path) -> Path:
    """The folder that --out names; an empty word, as from an unset variable, is not the current folder."""
    if not str(text).strip() or "\0" in str(text):
        raise typer.BadParameter("it names no folder; give a path, or '.' for the current folder")
    return Path(text)


Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**31 - 1, help="Seed of all draws; the same seed gives the same numbers.")
]


def must_be_a_folder(out: Path) -> None:
    """Refuse a place for results that is a file, or cannot be a folder.

    Raises InputError.
    """
    try:
        taken = out.exists() and not out.is_dir()
    except OSError as error:
        msg = f"--out {str(out)[:_LONGEST_SHOWN]} cannot be a folder: {error.strerror}; give a shorter or another path."
        raise InputError(msg) from error
    if taken:
        msg = f"--out {out} is a file; give a folder."
        raise InputError(msg)
