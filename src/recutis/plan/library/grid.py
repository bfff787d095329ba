"""Which settings of a device are stored: everything that one spot depends on, over the whole of the device's limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.laser.settings import typical
from recutis.laser.types import Device, Exposure, Pulse
from recutis.light.lines import is_water_line
from recutis.plan.library.table import Axis, geometric
from recutis.units import UM_PER_MM, energy_for_fluence_mJ, mean_fluence_J_cm2

Array = NDArray[np.float64]
Kind = Literal["channel", "zone", "field", "spot"]
KINDS: Final[dict[Kind, str]] = {
    "channel": "ablative columns",
    "zone": "columns of coagulation",
    "field": "ablated fields",
    "spot": "wide spots in scattering skin",
}
# Ratios of neighbouring nodes; `recutis library check` says what lies between them.
_DOSE: Final[dict[Kind, float]] = {"channel": 1.4, "zone": 1.35, "field": 1.3, "spot": 1.5}
_RUN_DOSE: Final = 1.6  # of columns that no table of channels holds: a second or more each
_DURATION: Final[dict[Kind, float]] = {"channel": 1.6, "zone": 1.5, "field": 1.5, "spot": 2.0}
_SPOT: Final = 1.5
_MOST_DOSES: Final[dict[Kind, int]] = {"channel": 16, "zone": 12, "field": 16, "spot": 10}
_LEAST_DEPTH_UM: Final = 4.0  # on a depth dial that starts at nothing
_POWERS: Final = 1.75
_STACKS: Final = (1, 2, 3, 4, 6, 8, 12, 16)  # further pulses between these


@dataclass(frozen=True, kw_only=True)
class Part:
    """Grid of one pulse of a device: `second` for the coagulating one of a hybrid. The dose is the last axis."""

    kind: Kind
    second: bool
    outer: tuple[Axis, ...]
    dose: Axis

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of nodes, the dose last."""
        return (*(len(axis.nodes) for axis in self.outer), len(self.dose.nodes))

    def values(self, place: tuple[int, ...]) -> dict[str, float]:
        """Settings of a node by name."""
        return {axis.name: axis.nodes[i] for axis, i in zip((*self.outer, self.dose), place, strict=True)}


@dataclass(frozen=True, kw_only=True)
class Shot:
    """What the physics takes of a node: a pulse, how often it is stacked and repeated in place."""

    pulse: Pulse
    stack: int
    passes: int


def _span(device: Device, name: str) -> tuple[float, float]:
    limit = device.limits[name]
    return limit.low, limit.high


def _by_depth(device: Device) -> bool:
    """Whether a depth dial sets how many pulses are stacked."""
    return device.mode == "fractional" and "depth_um" in device.panel


def _spot_um(device: Device) -> float:
    return device.microbeam_um or UM_PER_MM * (typical(device, "spot_mm") or 0.0)


def _fluences(device: Device) -> tuple[float, float]:
    """Least and most mean fluence of everything on one place."""
    rule, spot = evidence.value("LAS-ERYAG-RULE"), _spot_um(device)
    spans = []
    if "depth_um" in device.limits:
        low, high = _span(device, "depth_um")
        spans.append((max(low, _LEAST_DEPTH_UM) / rule, high / rule))
    if "fluence_J_cm2" in device.limits:
        spans.append(_span(device, "fluence_J_cm2"))
    if not spans:
        low, high = (mean_fluence_J_cm2(energy_mJ=x, spot_um=spot) for x in _span(device, "energy_mJ"))
        spans.append((low, high))
    return max(low for low, _ in spans), min(high for _, high in spans)


def _durations(device: Device, kind: Kind) -> tuple[Axis, ...]:
    low, high = _span(device, "duration_ms")
    if "duration_ms" not in device.panel or low == high:
        return ()
    return (Axis(name="duration_ms", nodes=geometric(low, high, step=_DURATION[kind])),)


def _stacks(device: Device) -> tuple[Axis, ...]:
    if "stack" not in device.panel:
        return ()
    low, high = (int(x) for x in _span(device, "stack"))
    nodes = sorted({low, high, *(x for x in _STACKS if low < x < high)})
    return (Axis(name="stack", nodes=tuple(float(x) for x in nodes), whole=True),)


def _first(device: Device) -> Part:
    if is_water_line(device.wavelength_nm):
        return _channel(device) if device.mode == "fractional" else _field(device)
    low, high = _fluences(device)
    kind: Kind = "zone" if device.mode == "fractional" else "spot"
    doses = Axis(name="fluence_J_cm2", nodes=geometric(low, high, step=_DOSE[kind], most=_MOST_DOSES[kind]))
    outer = _durations(device, kind)
    if kind == "spot" and "spot_mm" in device.panel and device.limits["spot_mm"].low < device.limits["spot_mm"].high:
        outer = (Axis(name="spot_mm", nodes=geometric(*_span(device, "spot_mm"), step=_SPOT)), *outer)
    return Part(kind=kind, second=False, outer=(*outer, *_stacks(device)), dose=doses)


def _channel(device: Device) -> Part:
    if "power_W" in device.panel and "duration_ms" in device.panel:
        low, high = _span(device, "power_W")
        middle = device.limits["power_W"].typical
        powers = sorted({*geometric(low, middle, step=_POWERS * 2), *geometric(middle, high, step=_POWERS * 2)})
        times = geometric(*_span(device, "duration_ms"), step=_RUN_DOSE)
        return Part(
            kind="channel", second=False, outer=(Axis(name="power_W", nodes=tuple(powers)), *_stacks(device)),
            dose=Axis(name="duration_ms", nodes=times),
        )  # fmt: skip
    low, high = _fluences(device)
    run, most = "stack" in device.panel, evidence.value("LAS-ERYAG-PULSE")
    if _by_depth(device):
        single = geometric(low, min(high, most), step=_DOSE["channel"])
        nodes = single if high <= most else (*single, *geometric(most, high, step=_RUN_DOSE)[1:])
        return Part(kind="channel", second=False, outer=(), dose=Axis(name="fluence_J_cm2", nodes=nodes))
    step = _RUN_DOSE if run else _DOSE["channel"]
    doses = Axis(name="fluence_J_cm2", nodes=geometric(low, high, step=step, most=_MOST_DOSES["channel"]))
    return Part(kind="channel", second=False, outer=(*_durations(device, "channel"), *_stacks(device)), dose=doses)


def _field(device: Device) -> Part:
    low, high = (int(x) for x in _span(device, "passes"))
    passes = Axis(name="passes", nodes=tuple(float(x) for x in range(low, high + 1)), whole=True)
    doses = geometric(*_fluences(device), step=_DOSE["field"], most=_MOST_DOSES["field"])
    return Part(
        kind="field", second=False, outer=(*_durations(device, "field"), *_stacks(device), passes),
        dose=Axis(name="fluence_J_cm2", nodes=doses),
    )  # fmt: skip


def _second(device: Device) -> Part | None:
    """Grid of the coagulating pulse of a fractional device; full fields have none in the physics."""
    if device.mode != "fractional" or "coagulation_um" not in device.limits or device.limits["coagulation_um"].high <= 0:
        return None
    rule = evidence.value("LAS-ERYAG-COAG" if device.second_wavelength_nm is None else "LAS-HYBRID-COAG")
    low, high = _span(device, "coagulation_um")
    nodes = geometric(max(low, _LEAST_DEPTH_UM) / rule, high / rule, step=_DOSE["zone"], most=_MOST_DOSES["zone"])
    return Part(kind="zone", second=True, outer=(), dose=Axis(name="fluence_J_cm2", nodes=nodes))


def parts_of(device: Device) -> tuple[Part, ...]:
    """The grids of a device: one, or two where a second pulse coagulates."""
    second = _second(device)
    return (_first(device),) if second is None else (_first(device), second)


def implied_stack(fluence_J_cm2: float) -> int:
    """Pulses that a depth dial stacks for this fluence on one place, as `laser.expose` does."""
    return max(1, int(np.ceil(fluence_J_cm2 / evidence.value("LAS-ERYAG-PULSE") - 1e-9)))


def shot(device: Device, part: Part, place: tuple[int, ...]) -> Shot:
    """The node of a grid as the physics takes it."""
    at = part.values(place)
    spot_um = UM_PER_MM * at["spot_mm"] if "spot_mm" in at else _spot_um(device)
    stack = int(at.get("stack", 1 if part.second else typical(device, "stack") or 1))
    duration = at.get("duration_ms", typical(device, "duration_ms") or 0.0)
    wavelength = device.wavelength_nm
    if "power_W" in at:
        energy = at["power_W"] * duration
    else:
        fluence = at["fluence_J_cm2"]
        if not part.second and _by_depth(device):
            stack = implied_stack(fluence)
            fluence /= stack
        energy = energy_for_fluence_mJ(fluence_J_cm2=fluence, spot_um=spot_um)
    if part.second:
        hybrid = device.second_wavelength_nm is not None
        duration = evidence.value("LAS-HYBRID-COAG-MS" if hybrid else "LAS-ERYAG-COAG-MS")
        wavelength = device.second_wavelength_nm or wavelength
    pulse = Pulse(
        wavelength_nm=wavelength, energy_mJ=energy, spot_um=spot_um, profile=device.profile, duration_ms=duration
    )  # fmt: skip
    return Shot(pulse=pulse, stack=stack, passes=int(at.get("passes", 1)))


def settings_of(part: Part, exposures: tuple[Exposure, ...]) -> Array:
    """Coordinates (exposures, axes) of exposures on a grid, the dose last."""
    rows = np.empty((len(exposures), len(part.shape)))
    by_depth = bool(exposures) and _by_depth(exposures[0].device)
    for row, one in zip(rows, exposures, strict=True):
        pulse = one.second if part.second and one.second is not None else one.pulse
        fluence = pulse.fluence_J_cm2 * (one.stack if by_depth and not part.second else 1)
        found = {
            "fluence_J_cm2": fluence, "duration_ms": pulse.duration_ms, "spot_mm": pulse.spot_um / UM_PER_MM,
            "power_W": pulse.energy_mJ / pulse.duration_ms, "stack": float(one.stack), "passes": float(one.passes),
        }  # fmt: skip
        row[:] = [found[axis.name] for axis in (*part.outer, part.dose)]
    return rows


def reaches(part: Part, settings: Array) -> NDArray[np.bool_]:
    """Which settings a grid holds."""
    inside = np.ones(settings.shape[0], np.bool_)
    for number, axis in enumerate((*part.outer, part.dose)):
        inside &= axis.places(settings[:, number])[2]
        if axis.whole:
            inside &= settings[:, number] == np.round(settings[:, number])
    return inside


__all__ = ["KINDS", "Kind", "Part", "Shot", "implied_stack", "parts_of", "reaches", "settings_of", "shot"]
