"""Published protocols as named starting points, and how far an optimum lies from them.

A protocol's numbers are panel values: compare the exposure that the panel shows, not one scaled by commissioning. The density of
a rolling tip (`pattern` random) is published for the whole treatment and is shared among the passes; that of a stamped grid is per
pass, as on the panel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from recutis import evidence
from recutis.classes import matches
from recutis.errors import InputError, UnknownNameError
from recutis.laser import expose
from recutis.laser.pattern import columns_for_density, density_for_columns
from recutis.laser.settings import typical
from recutis.laser.types import Device, Exposure, Settings
from recutis.plan.protocol_rows import HARM, Protocol, Published, RowUse, protocols, row_uses
from recutis.plan.setting_limits import total_density_pct
from recutis.sites import CONCERN_KINDS, PHOTOTYPES
from recutis.units import UM_PER_MM, energy_for_fluence_mJ, mean_fluence_J_cm2

_AGREE: Final = 0.01  # a panel rounds: within this ratio a value is the published one
_CONFIDENCES: Final = ("read", "recalled", "fitted", "computed", "weak")
_DOSES: Final = ("energy_mJ", "fluence_J_cm2", "power_W", "depth_um")
_WHOLE: Final = 1000.0  # from here on `g` would write powers of ten
_SMALL: Final = 0.1  # ratios below it keep their digits
_SHAPES: Final = ("spot_mm", "duration_ms", "overlap_pct")
_WORDS: Final[dict[str, str]] = {
    "energy_mJ": "energy",
    "fluence_J_cm2": "fluence",
    "power_W": "power",
    "depth_um": "depth",
    "density_pct": "density",
    "columns_cm2": "density",
    "passes": "passes",
    "spot_mm": "spot",
    "duration_ms": "pulse duration",
    "overlap_pct": "overlap",
    "sessions": "sessions",
    "interval_weeks": "interval",
}


def _word(name: str) -> str:
    return _WORDS[name]


def _known(name: str, known: tuple[str, ...], what: str) -> None:
    if name not in known:
        msg = f"There is no {what} '{name}'; known are {', '.join(known)}."
        raise UnknownNameError(msg)


def protocols_for(device_class: str, kind: str, phototype: str, *, site: str = "cheek") -> tuple[Protocol, ...]:
    """Published protocols for a class of device, a kind of concern, a phototype and a site, the most telling first.

    First those that set a device, then those of the class itself before patterns, of the concern before `any`, of told phototypes,
    and the better source. Settings that did harm are never among them. A protocol whose source does not say whom it treated stands
    for the usual phototypes of studies only.

    Raises UnknownNameError for a concern or phototype that does not exist.
    """
    _known(kind, CONCERN_KINDS, "kind of concern")
    _known(phototype, PHOTOTYPES, "phototype")
    found = [
        one
        for one in protocols()
        if matches(one.device_class, device_class) and kind in one.kinds and phototype in one.phototypes and one.suits(site)
    ]

    def order(one: Protocol) -> tuple[bool, bool, bool, bool, int, str]:
        return (
            not one.has_settings,
            one.device_class != device_class,
            one.indication == "any",
            not one.phototypes_told,
            _CONFIDENCES.index(one.confidence),
            one.name,
        )

    return tuple(sorted(found, key=order))


@dataclass(frozen=True, kw_only=True)
class StartingPoint:
    """A protocol on a device's panel; `settings` None where the device cannot be set so, and `reason` says why.

    `remarks` are sentences on what had to be moved into the device's limits, converted or left out.
    """

    settings: Settings | None
    reason: str = ""
    remarks: tuple[str, ...] = ()


class _CannotError(Exception):
    """The device cannot be set to the protocol; the text is the reason."""


def _figure(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= _WHOLE else f"{value:.3g}"


def _between(low: float, high: float, unit: str) -> str:
    return f"{_figure(low)} {unit}" if low == high else f"{_figure(low)} to {_figure(high)} {unit}"


def _span(one: Published) -> str:
    return _between(one.low, one.high, one.unit)


def _fit(device: Device, name: str, low: float, value: float, high: float) -> float | None:
    """The value nearest to a published one that lies in its published range and in the device's limits; None where there is none."""
    limit = device.limits[name]
    least, most = max(limit.low, low), min(limit.high, high)
    if least > most * (1 + _AGREE):
        return None
    return min(max(value, least), most)


def _set(device: Device, name: str, one: Published, remarks: list[str], *, factor: float = 1.0) -> float:
    """A published value times a factor as this knob takes it. Raises _CannotError where the limits do not meet the range."""
    low, value, high = (part * factor for part in (one.low, one.value, one.high))
    fitted = _fit(device, name, low, value, high)
    limit = device.limits[name]
    if fitted is None:
        msg = (
            f"{device.name}: {_word(name)} can be {_between(limit.low, limit.high, limit.unit)}, but the protocol has "
            f"{_between(low, high, limit.unit)}"
        )
        raise _CannotError(msg)
    if abs(fitted - value) > _AGREE * abs(value):
        remarks.append(
            f"{_word(name)}: {_figure(fitted)} {limit.unit} in place of the published {_figure(value)}, by the device's limits"
        )
    return float(f"{fitted:.6g}")


def _shape(protocol: Protocol, device: Device, remarks: list[str]) -> dict[str, float]:
    """Spot, duration and overlap where the panel has them; a device that differs is told of, not refused."""
    chosen: dict[str, float] = {}
    for name in _SHAPES:
        one = protocol.get(name)
        if one is None:
            continue
        limit = device.limits.get(name)
        fitted = None if limit is None else _fit(device, name, one.low, one.value, one.high)
        if fitted is not None and name in device.panel:
            chosen[name] = fitted
        elif fitted is None:
            own = "none" if limit is None else _between(limit.low, limit.high, limit.unit)
            remarks.append(f"{_word(name)}: published {_span(one)}, the device has {own}")
    return chosen


def _spot_um(device: Device, chosen: dict[str, float]) -> float:
    return device.microbeam_um or UM_PER_MM * (chosen.get("spot_mm") or typical(device, "spot_mm") or 0.0)


def _dose(one: Published, device: Device, chosen: dict[str, float], remarks: list[str]) -> dict[str, float]:
    """The knob that carries the published energy or fluence, converted where the panel speaks otherwise."""
    if one.name in device.panel:
        return {one.name: _set(device, one.name, one, remarks)}
    knob = next((name for name in _DOSES if name in device.panel), None)
    spot_um = _spot_um(device, chosen)
    per_fluence = energy_for_fluence_mJ(fluence_J_cm2=1.0, spot_um=spot_um)
    energy = 1.0 if one.name == "energy_mJ" else per_fluence  # mJ for one unit of what is published
    if knob is None:
        if one.name in device.limits:
            _set(device, one.name, one, [])
            return {}
        msg = f"{device.name} has no knob for energy or fluence, and its fixed value is not told"
        raise _CannotError(msg)
    if knob == "power_W":
        return _by_power(one, device, energy, remarks)
    factor = {
        "energy_mJ": energy,
        "fluence_J_cm2": energy / per_fluence,
        "depth_um": energy / per_fluence * evidence.value("LAS-ERYAG-RULE"),
    }[knob]
    rule = " by the vendor's rule of depth (LAS-ERYAG-RULE)" if knob == "depth_um" else ""
    remarks.append(f"{_word(one.name)}: published {_span(one)}, set as {_word(knob)}{rule}")
    return {knob: _set(device, knob, one, remarks, factor=factor)}


def _by_power(one: Published, device: Device, energy_mJ: float, remarks: list[str]) -> dict[str, float]:
    """Power stays typical and the dwell gives the energy, or the other way round where the dwell is fixed."""
    remarks.append(f"{_word(one.name)}: published {_span(one)}, set as power times dwell")
    power_W, dwell_ms = device.limits["power_W"].typical, device.limits["duration_ms"].typical
    if "duration_ms" in device.panel:
        return {"power_W": power_W, "duration_ms": _set(device, "duration_ms", one, remarks, factor=energy_mJ / power_W)}
    return {"power_W": _set(device, "power_W", one, remarks, factor=energy_mJ / dwell_ms)}


def _density_of(protocol: Protocol) -> Published | None:
    return next((one for name in ("columns_cm2", "total_columns_cm2", "density_pct") if (one := protocol.get(name))), None)


def _is_total(one: Published, device: Device) -> bool:
    return one.name == "total_columns_cm2" or (one.name == "density_pct" and device.pattern == "random")


def _passes(protocol: Protocol, device: Device, remarks: list[str]) -> list[int]:
    """Numbers of passes to try, the best first: the published one alone, else the device's typical and then its neighbours."""
    limit = device.limits["passes"]
    one = protocol.get("passes")
    if one is not None:
        return [round(_set(device, "passes", one, remarks))]
    return sorted(range(int(limit.low), int(limit.high) + 1), key=lambda count: (abs(count - limit.typical), count))


def _density(protocol: Protocol, device: Device, remarks: list[str]) -> dict[str, float]:
    """Density of one pass and the number of passes."""
    tried = _passes(protocol, device, remarks)
    one = _density_of(protocol)
    if one is None or device.mode != "fractional" or device.microbeam_um is None:
        return {"passes": tried[0]}
    wanted = ("density_pct", "columns_cm2") if one.name == "density_pct" else ("columns_cm2", "density_pct")
    knob = next((name for name in wanted if name in device.panel), None)
    name = knob or "density_pct"
    per_unit = 1.0
    if name == "density_pct" and one.name != "density_pct":
        per_unit = density_for_columns(columns_cm2=1.0, spot_um=device.microbeam_um)
    elif name == "columns_cm2" and one.name == "density_pct":
        per_unit = columns_for_density(density_pct=1.0, spot_um=device.microbeam_um)
    refused: _CannotError | None = None
    for passes in tried:
        said: list[str] = []
        try:
            value = _set(device, name, one, said, factor=per_unit / (passes if _is_total(one, device) else 1))
        except _CannotError as error:
            refused = refused or error
            continue
        remarks += said
        if _is_total(one, device):
            remarks.append(f"density: published {_span(one)} for the whole treatment, shared among {passes} passes")
        return {"passes": passes} | ({name: value} if knob else {})
    raise refused or _CannotError(f"{device.name} allows no number of passes")


def starting_settings(protocol: Protocol, device: Device) -> StartingPoint:
    """The protocol on this device's panel, each value the nearest to the published one within range and limits.

    What the source does not give stays at the device's typical value. Settings None with a reason where the class does not fit, the
    source gives no settings, or a published energy, density or number of passes lies outside what the device can do.
    """
    if not matches(protocol.device_class, device.device_class):
        return StartingPoint(
            settings=None,
            reason=f"{device.name} is of class {device.device_class}; {protocol.name} is for {protocol.device_class}",
        )
    if not protocol.has_settings:
        return StartingPoint(settings=None, reason=f"{protocol.name} says how often to treat, not how to set a device")
    remarks: list[str] = []
    try:
        chosen = _shape(protocol, device, remarks)
        if protocol.dose is not None:
            chosen |= _dose(protocol.dose, device, chosen, remarks)
        else:
            remarks.append("energy: not published, the device's typical value")
        counts = _density(protocol, device, remarks)
        passes = int(counts.pop("passes"))
        settings = Settings(**{**chosen, **counts}, passes=passes)  # type: ignore[arg-type]
        expose(device, settings)
    except (_CannotError, InputError) as error:
        return StartingPoint(settings=None, reason=str(error), remarks=tuple(remarks))
    return StartingPoint(settings=settings, remarks=tuple(remarks))


@dataclass(frozen=True, kw_only=True)
class KnobDistance:
    """One knob of a treatment beside the protocol's: `ratio` is here over published, `inside` its published range."""

    name: str
    here: float
    published: float
    low: float
    high: float
    ratio: float
    inside: bool


@dataclass(frozen=True, kw_only=True)
class Distance:
    """How far a treatment lies from a protocol, knob by knob; `words` is the sentence."""

    protocol: str
    knobs: tuple[KnobDistance, ...]
    words: str

    @property
    def inside(self) -> bool:
        """Whether every knob lies in its published range."""
        return all(one.inside for one in self.knobs)

    @property
    def furthest(self) -> KnobDistance | None:
        """The knob that lies furthest by ratio; None where nothing can be compared."""
        return max(self.knobs, key=lambda one: abs(math.log(one.ratio)), default=None)


def _knob(name: str, here: float | None, one: Published | None, factor: float = 1.0) -> list[KnobDistance]:
    if here is None or one is None or here <= 0 or one.value * factor <= 0:
        return []
    low, value, high = (part * factor for part in (one.low, one.value, one.high))
    inside = low * (1 - _AGREE) <= here <= high * (1 + _AGREE)
    return [KnobDistance(name=name, here=here, published=value, low=low, high=high, ratio=here / value, inside=inside)]


def _densities(protocol: Protocol, exposure: Exposure) -> list[KnobDistance]:
    """Density of all passes together, here and published."""
    one = _density_of(protocol)
    total = total_density_pct(exposure)
    if one is None or total is None or exposure.column_density_cm2 is None:
        return []
    passes = protocol.get("passes")
    factor = 1.0 if _is_total(one, exposure.device) or passes is None else passes.value
    here = total if one.name == "density_pct" else exposure.column_density_cm2 * exposure.passes
    return _knob("density_pct" if one.name == "density_pct" else "columns_cm2", here, one, factor)


def _dose_here(exposure: Exposure, name: str) -> float:
    """Energy or mean fluence of one place, stacked pulses together."""
    energy_mJ = exposure.pulse.energy_mJ * exposure.stack
    return energy_mJ if name == "energy_mJ" else mean_fluence_J_cm2(energy_mJ=energy_mJ, spot_um=exposure.pulse.spot_um)


def _factor(one: KnobDistance) -> str:
    ratio = round(one.ratio, 2) if one.ratio >= _SMALL else one.ratio
    return f"{_word(one.name)} {_figure(ratio)} times"


def _sentence(knobs: list[KnobDistance]) -> str:
    if not knobs:
        return "nothing in the protocol can be compared"
    moved = [one for one in knobs if abs(one.ratio - 1) > _AGREE]
    same = ", ".join(_word(one.name) for one in knobs if one not in moved)
    out = ", ".join(_word(one.name) for one in knobs if not one.inside)
    parts = [f"{', '.join(_factor(one) for one in moved)} the protocol's"] if moved else []
    parts += [f"{same} as in the protocol"] if same else []
    return "; ".join([*parts, f"inside its published range: {f'no ({out})' if out else 'yes'}"])


def distance(protocol: Protocol, exposure: Exposure, sessions: float, interval_weeks: float | None = None) -> Distance:
    """How far a course of equal sessions lies from a protocol: each knob that both tell of, as a ratio and in words.

    `exposure` is the panel's. Energy and fluence count stacked pulses together, density all passes together.
    """
    dose = protocol.dose
    knobs = [] if dose is None else _knob(dose.name, _dose_here(exposure, dose.name), dose)
    knobs += _densities(protocol, exposure)
    knobs += _knob("passes", float(exposure.passes), protocol.get("passes"))
    knobs += _knob("spot_mm", exposure.pulse.spot_um / UM_PER_MM, protocol.get("spot_mm"))
    knobs += _knob("duration_ms", exposure.pulse.duration_ms, protocol.get("duration_ms"))
    knobs += _knob("overlap_pct", exposure.settings.overlap_pct, protocol.get("overlap_pct"))
    knobs += _knob("sessions", sessions, protocol.get("sessions"))
    knobs += _knob("interval_weeks", interval_weeks, protocol.get("interval_weeks"))
    return Distance(protocol=protocol.name, knobs=tuple(knobs), words=_sentence(knobs))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a course does to one person, as plain numbers: medians, and the limits it breaks in words."""

    improvement_pct: float
    downtime_days: float
    pih_pct: float
    breaks: tuple[str, ...] = ()


def _compared(ours: Outcome, theirs: Outcome) -> list[tuple[float, str]]:
    """What differs by more than the rows `plan.protocol.same.*`: (+1 where ours is better, -1 where worse; words)."""
    entries = (
        ("improvement", ours.improvement_pct - theirs.improvement_pct, "points of improvement", 1),
        ("downtime", ours.downtime_days - theirs.downtime_days, "days of downtime", -1),
        ("pih", ours.pih_pct - theirs.pih_pct, "points in the chance of dark marks", -1),
    )
    found = []
    for name, difference, words, good in entries:
        if abs(difference) > evidence.value(f"plan.protocol.same.{name}"):
            side = "more" if difference > 0 else "fewer"
            found.append((math.copysign(1.0, difference * good), f"{abs(difference):.2g} {side} {words}"))
    return found


def why_differs(far: Distance, ours: Outcome, theirs: Outcome) -> tuple[str, ...]:
    """Why the optimum (`ours`) lies where it does and not at the protocol (`theirs`), both evaluated on the same person.

    The first sentence tells how far, the next what the protocol breaks here, the last what is won and paid. Where the protocol does
    as well or better in all three numbers, that is said.
    """
    told = [f"{far.protocol}: {far.words}."]
    if theirs.breaks:
        told.append(f"For this person the published settings break: {'; '.join(theirs.breaks)}.")
    if ours.breaks:
        told.append(f"The plan's own settings break: {'; '.join(ours.breaks)}.")
    parts = _compared(ours, theirs)
    won = ", ".join(words for side, words in parts if side > 0)
    paid = ", ".join(words for side, words in parts if side < 0)
    if won and paid:
        told.append(f"Against the protocol the plan has {won}, at the price of {paid}.")
    elif won:
        told.append(f"Against the protocol the plan has {won}, and pays nothing for it in improvement, downtime or dark marks.")
    elif paid and not theirs.breaks:
        told.append(
            f"The protocol does better here: the plan has {paid}. Pain, sessions or other harm must be what speaks for it."
        )
    elif paid:
        told.append(f"Keeping the limits costs {paid}.")
    else:
        told.append("Improvement, downtime and dark marks are about the same: the choice is one of habit.")
    return tuple(told)


__all__ = [
    "HARM",
    "Distance",
    "KnobDistance",
    "Outcome",
    "Protocol",
    "Published",
    "RowUse",
    "StartingPoint",
    "distance",
    "protocols",
    "protocols_for",
    "row_uses",
    "starting_settings",
    "why_differs",
]
