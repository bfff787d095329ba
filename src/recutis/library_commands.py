"""`recutis library`: make the response library and say how well it does. Heavy imports happen inside commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recutis.terminal import Json, console, print_json, progress

if TYPE_CHECKING:
    from recutis.laser.types import Device
    from recutis.plan.library.check import Measured

app = typer.Typer(
    name="library", no_args_is_help=True, rich_markup_mode="markdown",
    help="Make the response library, or say how well it does.",
)  # fmt: skip
Name = Annotated[str | None, typer.Option("--device", help="One catalogue device; all without it.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, max=256, help="Processes that share the work; all processors without it.")
]
Samples = Annotated[int, typer.Option("--samples", min=1, max=10_000, help="Random settings and skins a device.")]


def _devices(name: str | None) -> tuple[Device, ...]:
    from recutis.laser import catalogue, device

    return catalogue() if name is None else (device(name),)


def _processes(workers: int | None) -> int:
    from recutis.plan.processes import processes_at_hand

    return processes_at_hand() if workers is None else workers


@app.command()
def build(device: Name = None, workers: Workers = None, samples: Samples = 40, as_json: Json = False) -> None:
    """Compute what is missing, put it in the place of the library that ships, and measure its error.

    An interrupted run goes on where it stood. Examples: `recutis library build` · `recutis library build --device "IPL 560"`
    """
    from recutis.plan.library.ship import compute, measure, pack

    chosen, processes = _devices(device), _processes(workers)
    with progress("Computing spots", quiet=as_json) as bar:
        compute(chosen, workers=processes, progress=bar)
    packed = pack()
    with progress("Measuring the error", quiet=as_json) as bar:
        measured = measure(chosen, samples=samples, workers=processes, progress=bar)
    if as_json:
        print_json({"file": str(packed.path), "bytes": packed.bytes, "missing": packed.missing, "errors": measured.document()})
        return
    console().print(f"{packed.path}: {packed.bytes / 1e6:.1f} MB")
    if packed.missing:
        console().print(f"Without {', '.join(packed.missing)}: build them too.")
    _show(measured)


@app.command()
def add(
    clinic: Annotated[Path, typer.Argument(help="Clinic file (YAML).")], workers: Workers = None, as_json: Json = False
) -> None:
    """Compute the parts of a clinic's own devices, once; they are kept in your cache folder and make its plans quicker.

    Until then plans simulate these devices setting by setting. Example: `recutis library add examples/clinic.yaml`
    """
    from recutis.laser import read_clinic
    from recutis.plan.library import library

    held, processes = library(), _processes(workers)
    added = [device for device in read_clinic(clinic).devices if not held.holds(device)]
    for device in added:
        with progress(f"Computing {device.name}", quiet=as_json) as bar:
            held.add(device, workers=processes, progress=bar)
    names = [device.name for device in added]
    if as_json:
        print_json({"added": names})
    else:
        console().print(f"Added: {', '.join(names)}." if names else "The library holds all devices of this clinic already.")


@app.command()
def check(device: Name = None, samples: Samples = 40, workers: Workers = None, as_json: Json = False) -> None:
    """Compare the library with fresh runs of the physics at random settings and skins.

    Examples: `recutis library check` · `recutis library check --samples 200 --device "QS ruby" --json`
    """
    from recutis.plan.library.ship import compared

    with progress("Comparing", quiet=as_json) as bar:
        measured = compared(_devices(device), samples=samples, workers=_processes(workers), progress=bar)
    if as_json:
        print_json(measured.document())
        return
    _show(measured)


def _show(measured: Measured) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("Class", "Quantity", "Samples", "Mean %", "Median %", "90 %", "Worst %"):
        table.add_column(column, overflow="fold")
    for row in measured.rows():
        table.add_row(*row)
    console().print(table)


__all__ = ["app"]
