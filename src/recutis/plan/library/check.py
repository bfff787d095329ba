"""How far the library is from fresh runs of the physics, at settings and in skins that are not stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.errors import OutOfRangeError
from recutis.injury.simulate import injure
from recutis.injury.types import Injury
from recutis.laser.settings import expose
from recutis.laser.types import Device, Exposure, Settings
from recutis.plan.library.provider import Library
from recutis.plan.library.skins import OLD_YEARS
from recutis.plan.processes import in_order
from recutis.sites import PHOTOTYPES, SITES
from recutis.skin import build
from recutis.skin import lesion as lesion_of
from recutis.skin.types import Lesion, Skin
from recutis.units import PERCENT

Array = NDArray[np.float64]
_YOUNGEST: Final = 18.0
_TRIES: Final = 200
_LESIONS: Final = (None, "age_spots", "freckles", "melasma", "facial_veins", "acne_prone", "enlarged_pores")
_KNOBS: Final = ("energy_mJ", "fluence_J_cm2", "depth_um", "power_W", "duration_ms", "spot_mm", "stack", "coagulation_um")
# Quantities by how their error is told, with the size below which they count as nothing.
_DEPTHS: Final = {"ablation_depth_um": 10.0, "lesion_depth_um": 20.0, "lesion_width_um": 20.0, "injured_dermis_um": 5.0}
_THERE: Final = {"crater": "ablation_depth_um", "dead_zone": "lesion_depth_um"}
"""What one of two injuries may have alone, and the depth that says so."""
_LEAST_RATIO: Final = 0.05
_RATIOS: Final = dict.fromkeys(("purpura_ratio", "pigment_ratio", "epidermis_pigment_ratio", "gland_ratio"), _LEAST_RATIO)
_RISES: Final = {"peak_surface_C": 5.0, "peak_basal_C": 5.0, "bulk_rise_C": 0.5}
_SHARES: Final = ("coverage_fraction", "epidermis_removed_fraction", "epidermis_killed_fraction", "basal_survival")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A random exposure in a random skin with a random lesion."""

    exposure: Exposure
    skin: Skin
    lesion: Lesion | None


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Error of one quantity in one class: mean, middle, 90 % and worst [%, as `errors` tells it]."""

    samples: int
    mean_pct: float
    median_pct: float
    ninety_pct: float
    worst_pct: float


def _apart(truth: float, told: float) -> float:
    """Difference over the larger of both [%]."""
    return abs(told - truth) / max(abs(truth), abs(told)) * PERCENT


def _vessels(exact: Injury, near: Injury) -> dict[str, float]:
    """The largest error of all vessels of the map."""
    pairs = [(truth, told) for (_, _, truth), (_, _, told) in zip(exact.vessel_ratio, near.vessel_ratio, strict=True)]
    seen = [_apart(truth, told) for truth, told in pairs if max(truth, told) >= _LEAST_RATIO]
    return {"vessel_ratio": max(seen)} if seen else {}


def errors(exact: Injury, near: Injury, skin: Skin) -> dict[str, float]:
    """Error of each quantity [%]; those that are nothing in both are left out.

    Depths and ratios over the larger of both, temperatures over the rise, shares in percentage points. A crater or a dead zone that
    only one of them has counts 100 under its own name and is no error of depth. The width of a wide spot is the spot's.
    """
    found: dict[str, float] = {}
    for name, depth in _THERE.items():
        there = [getattr(one, depth) > 0.0 for one in (exact, near)]
        if any(there):
            found[name] = 0.0 if all(there) else PERCENT
    found |= _vessels(exact, near)
    for name, least in (_DEPTHS | _RATIOS | _RISES).items():
        zero = skin.surface_temperature_C if name.startswith("peak") else 0.0
        truth, told = (getattr(one, name) - zero for one in (exact, near))
        one_only = name in _THERE.values() and min(truth, told) <= 0.0
        if max(abs(truth), abs(told)) >= least and not one_only and (name != "lesion_width_um" or exact.fractional):
            found[name] = _apart(truth, told)
    for name in _SHARES:
        truth, told = (getattr(one, name) for one in (exact, near))
        if max(truth, told) > 0.0:
            found[name] = abs(told - truth) * PERCENT
    return found


def random_skin(rng: np.random.Generator) -> Skin:
    """Any skin that `skin.build` makes and the library reaches."""
    return build(
        site=str(rng.choice(SITES)), age_years=float(rng.uniform(_YOUNGEST, OLD_YEARS)), phototype=str(rng.choice(PHOTOTYPES)),
        sex=str(rng.choice(["female", "male"])), tanned=bool(rng.random() < 0.3),
    )  # fmt: skip


def random_exposure(device: Device, rng: np.random.Generator) -> Exposure:
    """Any panel of a device, even in the logarithm of its knobs.

    Raises OutOfRangeError when the device's limits leave none.
    """
    for _ in range(_TRIES):
        given: dict[str, float] = {}
        for name in _KNOBS:
            if name in device.panel and not (name in _KNOBS[:4] and any(x in given for x in _KNOBS[:4])):
                limit = device.limits[name]
                low, high = max(limit.low, 1e-3 * limit.high), limit.high
                given[name] = float(np.exp(rng.uniform(np.log(low), np.log(high)))) if high > 0 else 0.0
        passes = device.limits["passes"]
        count = int(rng.integers(int(passes.low), int(passes.high) + 1))
        stack = round(given.pop("stack")) if "stack" in given else None
        try:
            return expose(device, Settings(**given, stack=stack, passes=count))
        except OutOfRangeError:
            continue
    msg = f"No setting of {device.name} was found inside its limits; check its description."
    raise OutOfRangeError(msg)


def sample(device: Device, library: Library, rng: np.random.Generator) -> Sample | None:
    """A sample that the library covers; None where none turned up."""
    for _ in range(_TRIES):
        skin, word = random_skin(rng), _LESIONS[rng.integers(len(_LESIONS))]
        lesion = None if word is None else lesion_of(word, skin)
        exposure = random_exposure(device, rng)
        if library.covers(exposure, skin, lesion=lesion):
            return Sample(exposure=exposure, skin=skin, lesion=lesion)
    return None


def _measured(library: Library, one: Sample) -> dict[str, float]:
    exact = injure(one.exposure, one.skin, lesion=one.lesion)
    return errors(exact, library.injure(one.exposure, one.skin, lesion=one.lesion), one.skin)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Errors by device class and quantity."""

    classes: dict[str, dict[str, Spread]]

    def document(self) -> dict[str, dict[str, list[float]]]:
        """As written into the library: number of samples, mean, median, 90 % and worst error of each quantity."""
        return {
            kind: {
                name: [one.samples, *(round(x, 2) for x in (one.mean_pct, one.median_pct, one.ninety_pct, one.worst_pct))]
                for name, one in here.items()
            }
            for kind, here in self.classes.items()
        }

    def rows(self) -> list[tuple[str, ...]]:
        """Lines of a table."""
        return [
            (
                kind,
                name,
                f"{one.samples}",
                f"{one.mean_pct:.1f}",
                f"{one.median_pct:.1f}",
                f"{one.ninety_pct:.1f}",
                f"{one.worst_pct:.0f}",
            )
            for kind, here in sorted(self.classes.items())
            for name, one in here.items()
        ]


def check(
    library: Library, devices: Sequence[Device], *, samples: int = 40, seed: int = 0, workers: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Measured:  # fmt: skip
    """Errors at random settings, skins and lesions, by device class and quantity; `samples` a device."""
    rng = np.random.default_rng(seed)
    drawn = [(device, one) for device in devices for _ in range(samples) if (one := sample(device, library, rng)) is not None]
    by_class: dict[str, dict[str, list[float]]] = {}
    work = partial(_measured, library)
    for number, ((device, _), found) in enumerate(
        zip(drawn, in_order(work, [one for _, one in drawn], processes=workers), strict=True), start=1
    ):
        here = by_class.setdefault(device.device_class, {})
        for name, value in found.items():
            here.setdefault(name, []).append(value)
        if progress is not None:
            progress(number / len(drawn))
    return Measured(classes={kind: {name: _spread(values) for name, values in here.items()} for kind, here in by_class.items()})


def _spread(values: Sequence[float]) -> Spread:
    return Spread(
        samples=len(values), mean_pct=float(np.mean(values)), median_pct=float(np.median(values)),
        ninety_pct=float(np.quantile(values, 0.9)),
        worst_pct=float(np.max(values)),
    )  # fmt: skip


__all__ = ["Measured", "Sample", "Spread", "check", "errors", "random_exposure", "random_skin", "sample"]
