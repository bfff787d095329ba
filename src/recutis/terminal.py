"""What every command shares: folders, JSON, progress, bands and panels in words."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recutis.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from recutis.plan.document import PassSettings, Quantity

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
_LONGEST_SHOWN = 80  # characters of a word from the command line that a message repeats


def folder(text: str | Path) -> Path:
    """The folder that --out names; an empty word, as from an unset variable, is not the current folder."""
    if not str(text).strip() or "\0" in str(text):
        raise typer.BadParameter("it names no folder; give a path, or '.' for the current folder")
    return Path(text)


Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**31 - 1, help="Seed of all draws; the same seed gives the same numbers.")
]


def console(*, stderr: bool = False) -> Console:
    """Where a command prints to."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def print_json(document: object) -> None:
    """One JSON document; numbers that are not finite become null."""
    typer.echo(json.dumps(_finite(document), ensure_ascii=False, indent=1, allow_nan=False))


def _finite(part: object) -> object:
    if isinstance(part, float):
        return part if part - part == 0 else None
    if isinstance(part, dict):
        return {str(key): _finite(item) for key, item in part.items()}
    if isinstance(part, (list, tuple)):
        return [_finite(item) for item in part]
    return part


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[Callable[[float], None] | None]:
    """A progress bar on stderr while a terminal looks on; None otherwise."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda fraction: bar.update(task, completed=fraction)


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
