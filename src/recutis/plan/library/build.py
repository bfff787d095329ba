"""Making the library: every node by the physics, part by part, so that what is finished is never made twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recutis.laser.types import Device
from recutis.plan.library import channels, fields, spots, zones
from recutis.plan.library.grid import Part, parts_of
from recutis.plan.library.skins import nodes
from recutis.plan.library.store import Book, Shelf, cache_folder, key_of, opened, read, write
from recutis.plan.processes import in_order

Array = NDArray[np.float64]
Progress = Callable[[float], None]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A piece of work: one skin of a grid, or one node of ablative columns in all depths of fat."""

    device: Device
    grid: int
    number: int


def _jobs(device: Device) -> list[Job]:
    found = []
    for grid, part in enumerate(parts_of(device)):
        count = int(np.prod(part.shape)) if part.kind == "channel" else len(nodes(melanin=part.kind == "spot"))
        found += [Job(device=device, grid=grid, number=number) for number in range(count)]
    return found


def _done(job: Job) -> tuple[Array, Array, tuple[str, ...]]:
    """Columns of a piece of work."""
    part = parts_of(job.device)[job.grid]
    if part.kind == "channel":
        rows, sources = channels.computed(job.device, part, tuple(int(x) for x in np.unravel_index(job.number, part.shape)))
        return np.zeros(0), rows, _without(sources, channels.fat_skins()[0].sources)
    skin = nodes(melanin=part.kind == "spot")[job.number].skin()
    make = {"spot": spots.computed, "zone": zones.computed, "field": fields.computed}[part.kind]
    still, dosed, sources = make(job.device, part, skin)
    return still, dosed, _without(sources, skin.sources)


def _without(sources: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """Evidence that is not that of the skin, which each skin brings along."""
    own = set(others)
    return tuple(x for x in sources if x not in own)


def _shelf(part: Part, made: Sequence[tuple[Array, Array, tuple[str, ...]]]) -> Shelf:
    sources = tuple(dict.fromkeys(itertools.chain.from_iterable(x[2] for x in made)))
    dosed = np.stack([x[1] for x in made])
    if part.kind == "channel":  # (node, fat, columns) to (fat, *nodes, columns)
        dosed = np.moveaxis(dosed, 1, 0).reshape(dosed.shape[1], *part.shape, dosed.shape[2])
        still = np.zeros((*dosed.shape[:-2], 0))
    else:
        still = np.stack([x[0] for x in made])
    return Shelf(still=still.astype(np.float32), dosed=dosed.astype(np.float32), sources=sources)


def _file(folder: Path, device: Device) -> Path:
    return folder / f"{key_of(device)}.nc"


def kept(device: Device, folder: Path) -> Book | None:
    """The part of a device that is kept in a folder, if there is one of this device, these grids and this physics."""
    path, key = _file(folder, device), key_of(device)
    found = opened(path)
    return read(path, key) if found is not None and key in found.devices else None


def make(
    devices: Sequence[Device], *, workers: int = 1, folder: Path | None = None, progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:  # fmt: skip
    """Compute the parts of devices and keep each in a folder (the user's cache folder) as soon as it is whole.

    Parts that are kept already are not made again.
    """
    place = cache_folder() if folder is None else folder
    missing = [one for one in devices if kept(one, place) is None]
    jobs = [job for one in missing for job in _jobs(one)]
    left = {one.name: len(_jobs(one)) for one in missing}
    waiting: dict[str, dict[int, list[tuple[Array, Array, tuple[str, ...]]]]] = {}
    for number, (job, done) in enumerate(zip(jobs, in_order(_done, jobs, processes=workers), strict=True), start=1):
        here = waiting.setdefault(job.device.name, {})
        here.setdefault(job.grid, []).append(done)
        left[job.device.name] -= 1
        if left[job.device.name] == 0:
            shelves = [_shelf(part, here[grid]) for grid, part in enumerate(parts_of(job.device))]
            _keep(job.device, tuple(shelves), place)
            del waiting[job.device.name]
        if progress is not None:
            progress(number / len(jobs))
        if cancelled is not None and cancelled():
            return


def _keep(device: Device, shelves: tuple[Shelf, ...], folder: Path) -> None:
    book = Book(device=device.name, device_class=device.device_class, key=key_of(device), shelves=shelves)
    write(_file(folder, device), [(device, book)])


__all__ = ["Job", "kept", "make"]
