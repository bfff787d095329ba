"""The library as files: NetCDF, one group a device, with what it was made from."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recutis import __version__, evidence
from recutis.errors import InputError
from recutis.injury import channel_table
from recutis.laser.types import Device
from recutis.plan.library.channels import FAT_NODES
from recutis.plan.library.grid import Part, parts_of
from recutis.plan.library.skins import nodes
from recutis.plan.library.spots import LAYOUT
from recutis.plan.library.table import shortened

FORMAT: Final = 1  # of the columns; another layout has another number
PHYSICS: Final = 1  # raised with every change of a model's numbers that no evidence row tells
SHIPPED: Final = "library.nc"
TABLES: Final = (
    "anatomy", "choices", "damage", "model_laser", "model_physics", "model_skin", "optics", "thermal",
)  # fmt: skip
"""Tables of evidence that injuries are made from."""
_PACKING: Final[Mapping[str, Any]] = {"compression": "gzip", "compression_opts": 7, "shuffle": True}


@dataclass(frozen=True, eq=False, kw_only=True)
class Shelf:
    """One grid of a device, computed: `still` (skin, *outer, columns), `dosed` (skin, *outer, dose, columns), evidence behind it."""

    still: NDArray[np.float32]
    dosed: NDArray[np.float32]
    sources: tuple[str, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Book:
    """All grids of a device, computed, and the key of what they were made from."""

    device: str
    device_class: str
    key: str
    shelves: tuple[Shelf, ...]


@cache
def physics_digest() -> str:
    """SHA-256 over the numbers that injuries are made from: evidence, the table of channels, the stored skins."""
    digest = hashlib.sha256(f"{FORMAT} {PHYSICS} {channel_table.stored()[0]}".encode())
    for table in TABLES:
        for row in (evidence.get(one.id) for one in evidence.rows(table)):  # as assumed, where a fit tries values
            digest.update(f"{row.id} {row.value!r} {row.low!r} {row.high!r} {row.text}\n".encode())
    digest.update(repr((nodes(melanin=True), nodes(melanin=False))).encode())
    return digest.hexdigest()


def key_of(device: Device) -> str:
    """What the part of a device is kept by: a digest of all of the device that injuries depend on, of its grids and the physics."""
    kinds = {part.kind for part in parts_of(device)}
    own = (
        device.wavelength_nm, device.band_nm, device.second_wavelength_nm, device.mode, device.profile, device.microbeam_um,
        device.cooling, device.cooling_before_ms, device.cooling_delay_ms, device.repetition_Hz,
        sorted((name, limit.typical) for name, limit in device.limits.items() if name in {"stack", "duration_ms", "spot_mm"}),
        parts_of(device), *((FAT_NODES,) if "channel" in kinds else ()), *((LAYOUT,) if "spot" in kinds else ()), physics_digest(),
    )  # fmt: skip
    return hashlib.sha256(repr(own).encode()).hexdigest()[:32]


def cache_folder() -> Path:
    """Where finished parts are kept: the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "recutis" / "library"


def shipped_file() -> Path:
    """Where the library ships.

    Raises InputError when the package is not in a folder.
    """
    place = files("recutis.plan.library")
    if not isinstance(place, Path):
        msg = "The package is not in a folder, so that its library cannot be read; install it unpacked."
        raise InputError(msg)
    return place / SHIPPED


def _write_shelf(group: Any, shelf: Shelf, part: Part) -> None:
    group.attrs["kind"] = part.kind
    group.attrs["sources"] = json.dumps(shelf.sources)
    names = [axis.name for axis in (*part.outer, part.dose)]
    sizes = {"skin": shelf.dosed.shape[0], **dict(zip(names, part.shape, strict=True))}
    sizes |= {"still_columns": shelf.still.shape[-1] or 1, "dosed_columns": shelf.dosed.shape[-1]}
    group.dimensions = sizes
    for axis in (*part.outer, part.dose):
        group.create_variable(axis.name, (axis.name,), data=np.array(axis.nodes))
    if shelf.still.shape[-1]:
        outer = ("skin", *names[:-1], "still_columns")
        group.create_variable("still", outer, data=shortened(shelf.still), chunks=shelf.still.shape, **_PACKING)
    group.create_variable(
        "dosed", ("skin", *names, "dosed_columns"), data=shortened(shelf.dosed), chunks=shelf.dosed.shape, **_PACKING
    )


def write(path: Path, books: Sequence[tuple[Device, Book]], *, errors: Mapping[str, object] | None = None) -> None:
    """Write books to a file, all or nothing. `errors` are the stated errors."""
    import h5netcdf

    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.{os.getpid()}")
    with h5netcdf.File(made, "w") as file:
        file.attrs["title"] = "Injuries under single spots and columns, precomputed"
        file.attrs["version"] = __version__
        file.attrs["physics_sha256"] = physics_digest()
        file.attrs["errors"] = json.dumps(errors or {})
        file.attrs["devices"] = json.dumps({book.key: [book.device, book.device_class] for _, book in books})
        for device, book in books:
            group = file.create_group(book.key)
            group.attrs["device"], group.attrs["device_class"] = book.device, book.device_class
            for number, (shelf, part) in enumerate(zip(book.shelves, parts_of(device), strict=True)):
                _write_shelf(group.create_group(f"grid_{number}"), shelf, part)
    made.replace(path)


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What a file holds: names and classes of devices by key, and the stated errors."""

    path: Path
    version: str
    physics_sha256: str
    devices: dict[str, tuple[str, str]]
    errors: dict[str, Any]


def opened(path: Path) -> Catalogue | None:
    """What a file holds; None where there is none or it cannot be read."""
    import h5netcdf

    if not path.is_file():
        return None
    try:
        with h5netcdf.File(path, "r") as file:
            attrs = {name: str(file.attrs[name]) for name in ("version", "physics_sha256", "devices", "errors")}
    except (OSError, KeyError):
        return None
    devices = {key: (str(name), str(kind)) for key, (name, kind) in json.loads(attrs["devices"]).items()}
    return Catalogue(
        path=path, version=attrs["version"], physics_sha256=attrs["physics_sha256"], devices=devices,
        errors=json.loads(attrs["errors"]),
    )  # fmt: skip


def read(path: Path, key: str) -> Book:
    """One device's part of a file."""
    import h5netcdf

    with h5netcdf.File(path, "r") as file:
        group = file[key]
        shelves = []
        for name in sorted(group.groups):
            one = group[name]
            dosed = np.asarray(one["dosed"][...], np.float32)
            still = (
                np.asarray(one["still"][...], np.float32)
                if "still" in one.variables
                else np.zeros((*dosed.shape[:-2], 0), np.float32)
            )
            shelves.append(Shelf(still=still, dosed=dosed, sources=tuple(json.loads(str(one.attrs["sources"])))))
        return Book(
            device=str(group.attrs["device"]), device_class=str(group.attrs["device_class"]), key=key, shelves=tuple(shelves)
        )  # fmt: skip


__all__ = [
    "FORMAT", "PHYSICS", "SHIPPED", "TABLES", "Book", "Catalogue", "Shelf", "cache_folder", "key_of", "opened", "physics_digest",
    "read", "shipped_file", "write",
]  # fmt: skip
