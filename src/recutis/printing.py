"""What commands about plans share: folders for results, seeds, bands and panels in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recutis.errors import InputError

if TYPE_CHECKING:
    from recutis.plan.document import PassSettings, Quantity

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


def band(quantity: Quantity, unit: str) -> str:
    """'20 (7.1 to 52) % better' for a quantity and its unit."""
    low, middle, high = (f"{float(f'{value:.2g}'):g}" for value in (quantity.p10, quantity.p50, quantity.p90))
    return f"{middle} ({low} to {high}) {unit}"


def panel(settings: PassSettings, passes: int) -> str:
    """A panel in words."""
    from recutis.plan.panel_words import panel_words

    return panel_words(settings, passes)
