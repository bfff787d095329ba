"""What every command prints with: a console, one JSON document, a bar of progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]


def console(*, stderr: bool = False) -> Console:
    """A console on stdout, or on stderr."""
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


__all__ = ["Json", "console", "print_json", "progress"]
