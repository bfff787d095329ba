"""What ships: parts put together in one file, their measured error, and whether they still belong to the code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recutis.laser import catalogue
from recutis.laser.types import Device
from recutis.plan.library import build, provider
from recutis.plan.library.check import Measured, check
from recutis.plan.library.store import Book, cache_folder, key_of, opened, physics_digest, read, shipped_file, write

Progress = Callable[[float], None]


@dataclass(frozen=True, kw_only=True)
class Packed:
    """The file that ships, its size, and the devices it lacks."""

    path: Path
    bytes: int
    missing: tuple[str, ...]


def compute(devices: Sequence[Device], *, workers: int = 1, progress: Progress | None = None) -> None:
    """Compute the parts of devices that neither the user's cache folder nor the shipped file holds."""
    file = opened(shipped_file())
    known = set() if file is None else set(file.devices)
    build.make([one for one in devices if key_of(one) not in known], workers=workers, progress=progress)


def _found(device: Device, file: Path, known: set[str], folder: Path) -> Book | None:
    fresh = build.kept(device, folder)
    if fresh is None and key_of(device) in known:
        return read(file, key_of(device))
    return fresh


def pack() -> Packed:
    """Put the parts of all catalogue devices into the file that ships: fresh ones from the cache folder, others as they were."""
    path, folder = shipped_file(), cache_folder()
    file = opened(path)
    known = set() if file is None else set(file.devices)
    found = {one.name: _found(one, path, known, folder) for one in catalogue()}
    books = [(one, book) for one in catalogue() if (book := found[one.name]) is not None]
    write(path, books, errors={} if file is None else file.errors)
    provider.library.cache_clear()
    missing = tuple(name for name, book in found.items() if book is None)
    return Packed(path=path, bytes=path.stat().st_size, missing=missing)


def compared(
    devices: Sequence[Device], *, samples: int, workers: int = 1, seed: int = 0, progress: Progress | None = None
) -> Measured:
    """The library that ships against fresh runs."""
    own = provider.library()
    held = [one for one in devices if own.holds(one)]
    return check(own, held, samples=samples, workers=workers, seed=seed, progress=progress)


def measure(devices: Sequence[Device], *, samples: int, workers: int = 1, progress: Progress | None = None) -> Measured:
    """Measure the error of the classes of devices and write it into the file that ships as the error it states."""
    classes = {one.device_class for one in devices}
    found = compared(
        [one for one in catalogue() if one.device_class in classes], samples=samples, workers=workers, progress=progress
    )
    path = shipped_file()
    file = opened(path)
    if file is not None:
        books = [(one, read(path, key_of(one))) for one in catalogue() if key_of(one) in file.devices]
        write(path, books, errors={**file.errors, **found.document()})
        provider.library.cache_clear()
    return found


def stale() -> tuple[str, ...]:
    """Why the library that ships no longer belongs to the code and tables beside it; empty when it does."""
    file = opened(shipped_file())
    if file is None:
        return ("no library ships; make it with 'recutis library build'",)
    reasons = []
    if file.physics_sha256 != physics_digest():
        reasons.append("the tables or the physics have changed since the library was made")
    reasons += [f"it lacks {one.name}, or this device has changed" for one in catalogue() if key_of(one) not in file.devices]
    reasons += [f"no error is stated for {kind}" for kind in sorted({x.device_class for x in catalogue()} - set(file.errors))]
    return tuple(reasons)


_COLUMNS: Final = {
    "depth of injury": "lesion_depth_um", "crater": "ablation_depth_um", "width": "lesion_width_um", "vessels": "vessel_ratio",
    "purpura": "purpura_ratio", "pigment": "pigment_ratio", "glands": "gland_ratio",
}  # fmt: skip


def errors_markdown() -> str:
    """The errors that the shipped library states, as a table for its page: median and 90 % by class and quantity."""
    file = opened(shipped_file())
    lines = [
        f"| class | {' | '.join(_COLUMNS)} | dead zone in one only | stated |",
        f"|---|{'---|' * (len(_COLUMNS) + 2)}",
    ]
    for kind, here in sorted({} if file is None else file.errors.items()):
        cells = [
            f"{here[name][2]:.1f} / {here[name][3]:.1f}" if name in here else "–" for name in _COLUMNS.values()
        ]  # fmt: skip
        alone = f"{here['dead_zone'][1]:.0f}" if "dead_zone" in here else "–"
        stated = max((row[3] for name, row in here.items() if name in provider.STATED), default=0.0)
        lines.append(f"| {kind} | {' | '.join(cells)} | {alone} | {stated:.1f} |")
    return "\n".join(lines) + "\n"


__all__ = ["Packed", "compared", "compute", "errors_markdown", "measure", "pack", "stale"]
