"""The library as a provider of injuries: spots between the stored ones, spread over the field by geometry."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat.resolution import fineness
from recutis.injury.simulate import joined, spread
from recutis.injury.spot import SpotInjury
from recutis.injury.types import Injury
from recutis.laser import catalogue
from recutis.laser.cooling import device_cooling
from recutis.laser.types import Cooling, Device, Exposure, Pulse
from recutis.plan.library import build, channels, fields, spots, zones
from recutis.plan.library.grid import KINDS, Kind, Part, implied_stack, parts_of, reaches, settings_of
from recutis.plan.library.skins import weights
from recutis.plan.library.store import Book, Catalogue, Shelf, cache_folder, key_of, opened, read, shipped_file
from recutis.plan.library.table import Table
from recutis.skin.types import Lesion, Skin

Array = NDArray[np.float64]
_ERROR_ROWS: Final[dict[Kind, str]] = {
    "channel": "phys_error_channel", "zone": "phys_error_scatter", "field": "phys_error_ablation", "spot": "phys_error_scatter",
}  # fmt: skip
_TOLD: Final = "interpolated in the response library"
STATED: Final = (
    "ablation_depth_um", "lesion_depth_um", "lesion_width_um", "vessel_ratio", "purpura_ratio", "pigment_ratio",
    "epidermis_pigment_ratio", "gland_ratio",
)  # fmt: skip
"""Quantities whose error the library states; that of others is measured and printed."""
_NINETY: Final = 3  # its place among the numbers that are stored of a quantity
_UNKNOWN_PCT: Final = 15.0  # stated where nothing was measured


@dataclass(kw_only=True, eq=False)
class _Held:
    """A device of the library: its grids, their nodes, and the tables of skins that were asked for."""

    device: Device
    book: Book
    cooling: Cooling
    parts: tuple[Part, ...]
    tables: dict[tuple[int, Skin], tuple[Table, Table | None]] = field(default_factory=dict)

    def table(self, number: int, skin: Skin) -> tuple[Table, Table | None]:
        """The grid in a skin; for ablative columns also with this skin's fat, where that lies elsewhere."""
        known = self.tables.get((number, skin))
        if known is None:
            part, shelf = self.parts[number], self.book.shelves[number]
            if part.kind == "channel":
                fat = channels.fat_weights(skin)
                usual = np.eye(1, shelf.dosed.shape[0])[0]
                known = _mixed(part, shelf, usual), None if fat is None else _mixed(part, shelf, fat)
            else:
                found = weights(skin, melanin=part.kind == "spot")
                if found is None:  # asked only for skins that are covered
                    msg = f"The library does not hold this skin of the {skin.site}; run the exact physics."
                    raise OutOfRangeError(msg)
                known = _mixed(part, shelf, found), None
            self.tables[number, skin] = known
        return known


def _mixed(part: Part, shelf: Shelf, mix: Array) -> Table:
    used = np.nonzero(mix)[0]
    still, dosed = (values[used].astype(np.float64) for values in (shelf.still, shelf.dosed))
    if part.kind == "spot":
        dosed = spots.softened(dosed)
    still, dosed = (np.tensordot(mix[used], values, 1) for values in (still, dosed))
    return Table.of(part.outer, part.dose, still, dosed)


class Library:
    """Injuries interpolated between precomputed ones.

    It holds the catalogue's devices and those of one's own that were added; of those, their whole limits, and every skin that
    `skin.build` makes. `covers` says what it holds; for anything else run the exact physics (`recutis.injury.simulate.injure`).
    """

    def __init__(self, *, shipped: Path | None = None, folder: Path | None = None) -> None:
        """`shipped` is the file of the catalogue's devices, `folder` where parts of other devices are kept."""
        self._file: Catalogue | None = opened(shipped_file() if shipped is None else shipped)
        self._folder = cache_folder() if folder is None else folder
        self._held: dict[str, tuple[Device, _Held | None]] = {}

    def _device(self, device: Device) -> _Held | None:
        known = self._held.get(device.name)
        if known is not None and (known[0] is device or known[0] == device):
            return known[1]
        if fineness() != 1.0:  # another fineness of the process is another physics
            return None
        key = key_of(device)
        book = read(self._file.path, key) if self._file is not None and key in self._file.devices else None
        book = build.kept(device, self._folder) if book is None else book
        held = None
        if book is not None:
            held = _Held(device=device, book=book, cooling=device_cooling(device), parts=parts_of(device))
        self._held[device.name] = device, held
        return held

    def add(self, device: Device, *, workers: int = 1, progress: Callable[[float], None] | None = None) -> None:
        """Compute the part of a device that the library lacks, and keep it in the user's cache folder: seconds to minutes."""
        if self._device(device) is None:
            build.make([device], workers=workers, folder=self._folder, progress=progress)
            del self._held[device.name]

    def holds(self, device: Device) -> bool:
        """Whether there is a part of this device."""
        return self._device(device) is not None

    def covers(self, exposure: Exposure, skin: Skin, *, lesion: Lesion | None = None) -> bool:
        """Whether the library reaches an exposure in a skin with a lesion."""
        held = self._device(exposure.device)
        return held is not None and not _beyond(held, (exposure,), skin, (lesion,)).any()

    def error_pct(self, device: Device) -> float:
        """The library's own stated error on depths and ratios [%]: the largest that nine in ten of a class stay below.

        Of a class that was not measured it is that of the worst class of the same kind of grid.
        """
        stated = {} if self._file is None else self._file.errors
        classes = {device.device_class} & set(stated)
        if not classes:
            kind = parts_of(device)[0].kind
            classes = {one.device_class for one in catalogue() if parts_of(one)[0].kind == kind} & set(stated)
        return max(
            (float(row[_NINETY]) for name in classes for quantity, row in stated[name].items() if quantity in STATED),
            default=_UNKNOWN_PCT,
        )  # fmt: skip

    def injure(self, exposure: Exposure, skin: Skin, *, lesion: Lesion | None = None) -> Injury:
        """Injury by all passes of an exposure, as `recutis.injury.simulate.injure` has it.

        Raises OutOfRangeError for what the library does not reach.
        """
        return self.injure_all((exposure,), skin, (lesion,))[0]

    def injure_all(
        self, exposures: Sequence[Exposure], skin: Skin, lesions: Sequence[Lesion | None] | None = None
    ) -> list[Injury]:
        """Injuries of many exposures in one skin, each with its lesion; quickest with all settings of a device at once.

        Raises OutOfRangeError for what the library does not reach.
        """
        targets = (None,) * len(exposures) if lesions is None else tuple(lesions)
        groups: dict[str, list[int]] = {}
        for number, one in enumerate(exposures):
            groups.setdefault(one.device.name, []).append(number)
        found: dict[int, Injury] = {}
        for numbers in groups.values():
            shown, wanted = tuple(exposures[i] for i in numbers), tuple(targets[i] for i in numbers)
            found.update(zip(numbers, self._group(shown, skin, wanted), strict=True))
        return [found[number] for number in range(len(exposures))]

    def _group(self, exposures: tuple[Exposure, ...], skin: Skin, lesions: tuple[Lesion | None, ...]) -> Iterable[Injury]:
        device = exposures[0].device
        held = self._device(device)
        if held is None:
            msg = f"The response library has no part for {device.name}; add the device to it, or run the exact physics."
            raise OutOfRangeError(msg)
        if _beyond(held, exposures, skin, lesions).any():
            msg = (
                f"The response library does not reach these settings of {device.name} in this skin (ask covers first); "
                "run the exact physics."
            )
            raise OutOfRangeError(msg)
        made = self._spots(held, exposures, skin, lesions)
        return [
            spread(
                spot, coverage_per_pass=one.coverage_per_pass, column_density_cm2=one.column_density_cm2, passes=one.passes,
                energy_mJ=one.pulse.energy_mJ * one.stack, skin=skin, pattern=device.pattern,
            )
            for spot, one in zip(made, exposures, strict=True)
        ]  # fmt: skip

    def _told(self, held: _Held, number: int, skin: Skin) -> tuple[str, float, tuple[str, ...]]:
        kind = held.parts[number].kind
        error = math.hypot(evidence.value(_ERROR_ROWS[kind]), self.error_pct(held.device))
        return f"{_TOLD}: {KINDS[kind]}", error, tuple(dict.fromkeys((*held.book.shelves[number].sources, *skin.sources)))

    def _spots(
        self, held: _Held, exposures: tuple[Exposure, ...], skin: Skin, lesions: tuple[Lesion | None, ...]
    ) -> list[SpotInjury]:
        first = self._one(held, 0, exposures, skin, lesions)
        second = [number for number, one in enumerate(exposures) if one.second is not None]
        if second and len(held.parts) > 1:  # of a full field the physics has none
            deep = self._one(held, 1, tuple(exposures[i] for i in second), skin, lesions)
            for number, spot in zip(second, deep, strict=True):
                first[number] = joined(first[number], spot)
        return first

    def _one(
        self, held: _Held, number: int, exposures: tuple[Exposure, ...], skin: Skin, lesions: tuple[Lesion | None, ...]
    ) -> list[SpotInjury]:
        part, told = held.parts[number], self._told(held, number, skin)
        table, other = held.table(number, skin)
        lit, settings = _lit(part, exposures)
        still, dosed, _ = table.at(settings)
        shots = tuple((_pulse(part, one), 1 if part.second else one.stack) for one in exposures)
        if part.kind == "spot":
            return spots.opened(still, dosed, exposures, skin, lesions, told)
        if part.kind == "field":
            return fields.opened(dosed, exposures, skin, told)
        if part.kind == "zone":
            return zones.opened(still, dosed, shots, told)
        if other is not None:
            deep = channels.reaches_fat(dosed, skin)
            dosed[deep] = other.at(settings[deep])[1]
        found = channels.opened(dosed, shots, skin, told)
        return [spot if on else channels.untouched(made, skin, told) for spot, on, made in zip(found, lit, shots, strict=True)]


def _pulse(part: Part, exposure: Exposure) -> Pulse:
    return exposure.second if part.second and exposure.second is not None else exposure.pulse


def _beyond(held: _Held, exposures: tuple[Exposure, ...], skin: Skin, lesions: tuple[Lesion | None, ...]) -> NDArray[np.bool_]:
    """Which exposures the library does not reach in a skin."""
    beyond = np.array([one.cooling != held.cooling for one in exposures])
    first = held.parts[0]
    for number, part in enumerate(held.parts):
        used = np.array([not part.second or one.second is not None for one in exposures])
        dark = np.array([part.kind == "channel" and _pulse(part, one).energy_mJ == 0.0 for one in exposures])
        beyond |= used & ~dark & ~reaches(part, settings_of(part, exposures))
        if part.kind == "channel" and "stack" not in [axis.name for axis in part.outer]:
            beyond |= np.array([one.stack != _stack(one) for one in exposures])
        if part.kind == "channel" and not beyond.all():
            beyond[~beyond] |= ~_known(
                held, number, tuple(one for one, far in zip(exposures, beyond, strict=True) if not far), skin
            )
        if part.kind != "channel" and weights(skin, melanin=part.kind == "spot") is None:
            beyond |= used
    if first.kind == "channel" and weights(skin, melanin=False) is None:
        beyond[:] = True
    if len(held.parts) == 1:
        beyond |= np.array([one.second is not None and first.kind == "channel" for one in exposures])
    if first.kind == "spot":
        beyond |= np.array([spots.variant(skin, lesion) is None for lesion in lesions])
    return beyond


def _known(held: _Held, number: int, exposures: tuple[Exposure, ...], skin: Skin) -> NDArray[np.bool_]:
    """Which ablative columns the physics has an end for."""
    table, other = held.table(number, skin)
    lit, settings = _lit(held.parts[number], exposures)
    _, dosed, known = table.at(settings)
    if other is not None:
        deep = channels.reaches_fat(dosed, skin)
        known[deep] &= other.at(settings[deep])[2]
    return known | ~lit


def _lit(part: Part, exposures: tuple[Exposure, ...]) -> tuple[NDArray[np.bool_], Array]:
    """Which pulses have energy, and the settings of all; those of the others lie anywhere on the grid."""
    lit = np.array([_pulse(part, one).energy_mJ > 0.0 for one in exposures])
    settings = settings_of(part, exposures)
    settings[~lit, -1] = part.dose.nodes[0]
    return lit, settings


def _stack(exposure: Exposure) -> int:
    """The stack that the grid of a device without a knob for it takes for granted."""
    if "depth_um" in exposure.device.panel:
        return implied_stack(exposure.pulse.fluence_J_cm2 * exposure.stack)
    limit = exposure.device.limits.get("stack")
    return 1 if limit is None else int(limit.typical)


@cache
def library() -> Library:
    """The library that ships, opened once a process."""
    return Library()


__all__ = ["STATED", "Library", "library"]
