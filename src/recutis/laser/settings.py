"""From the panel to pulses and back, with the arithmetic in words."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Final

from recutis import evidence
from recutis.errors import InputError, OutOfRangeError
from recutis.laser.cooling import device_cooling
from recutis.laser.devices import UNITS
from recutis.laser.pattern import (
    columns_for_density,
    covered,
    footprint_cm2,
    neighbour_pitch_um,
    nominal_for,
    scan_coverage,
    scan_nominal,
)
from recutis.laser.types import Cooling, Device, Exposure, Limit, Pulse, Settings
from recutis.units import PERCENT, UM_PER_MM, energy_for_fluence_mJ, mean_fluence_J_cm2

_NAMES: Final[tuple[str, ...]] = tuple(one.name for one in fields(Settings))
_AGREE: Final = 0.01  # two ways of saying the same thing may differ by rounding on a panel
_ROUNDING: Final = 1e-9  # relative slack at a limit for binary fractions
_FOUR_DIGITS: Final = 1e4  # from here on `g` would write powers of ten
_NS_MS, _PS_MS, _US_MS = 1e-6, 1e-9, 1e-3  # ns, ps and µs in ms, for reading only
_DEFAULT_REPETITION_HZ: Final = 1.0  # a single shot has no rate; one a second keeps shots apart


def given(settings: Settings) -> dict[str, float]:
    """The settings that were set, by name, passes included."""
    return {name: value for name in _NAMES if (value := getattr(settings, name)) is not None}


def _figure(value: float) -> str:
    return f"{value:.0f}" if _FOUR_DIGITS <= abs(value) < math.inf else f"{value:.4g}"


def _allowed(limit: Limit) -> str:
    if limit.low == limit.high:
        return f"only {_figure(limit.low)} {limit.unit}"
    return f"{_figure(limit.low)} to {_figure(limit.high)} {limit.unit}"


def _check(device: Device, name: str, value: float, *, how: str = "") -> None:
    limit = device.limits.get(name)
    if limit is None:
        return
    slack = _ROUNDING * max(abs(limit.low), abs(limit.high))
    if math.isfinite(value) and limit.low - slack <= value <= limit.high + slack:
        return
    side, bound = ("below its lower", limit.low) if value < limit.low else ("above its upper", limit.high)
    msg = (
        f"{device.name}: {name}{how} is {_figure(value)} {limit.unit}, {side} limit of {_figure(bound)} {limit.unit}; "
        f"the device allows {_allowed(limit)}."
    )
    raise OutOfRangeError(msg)


def _check_panel(device: Device, settings: Settings) -> None:
    for name, value in given(settings).items():
        if name not in device.panel and name != "passes":
            panel = ", ".join(device.panel)
            msg = f"{device.name} has no setting {name} (it was set to {_figure(value)}); its panel has {panel}."
            raise InputError(msg)
        if not math.isfinite(value):
            msg = f"{device.name}: {name} is {value}, not a finite number; {_allowed(device.limits[name])} is allowed."
            raise OutOfRangeError(msg)
        if name in {"stack", "passes"} and value != int(value):
            msg = f"{device.name}: {name} is {value:g}; it must be a whole number."
            raise InputError(msg)
        _check(device, name, value)


def typical(device: Device, name: str) -> float | None:
    """The device's typical value of a setting, None where it has no such limit."""
    limit = device.limits.get(name)
    return None if limit is None else limit.typical


@dataclass(frozen=True, kw_only=True)
class _Said:
    """One way in which the panel fixes the energy on a place (all stacked pulses together)."""

    name: str
    energy_mJ: float
    line: str


def _spot_um(device: Device, settings: Settings) -> float:
    if device.microbeam_um is not None:
        return device.microbeam_um
    spot_mm = settings.spot_mm if settings.spot_mm is not None else typical(device, "spot_mm")
    if spot_mm is None:
        msg = f"{device.name} has neither a microbeam nor a spot size; give its spot in the device's description."
        raise InputError(msg)
    return spot_mm * UM_PER_MM


def _beam(device: Device, spot_um: float) -> str:
    size = f"{_figure(spot_um)} µm" if spot_um < UM_PER_MM else f"{_figure(spot_um / UM_PER_MM)} mm"
    return f"a {size} 1/e² beam" if device.profile == "gaussian" else f"a {size} flat spot"


def _spoken_energy(device: Device, name: str, value: float, *, spot_um: float, duration_ms: float) -> _Said:
    if name == "energy_mJ":
        return _Said(name=name, energy_mJ=value, line=f"{_figure(value)} mJ as set")
    if name == "power_W":
        energy = value * duration_ms  # W × ms = mJ
        return _Said(
            name=name,
            energy_mJ=energy,
            line=f"{_figure(value)} W for {_time(duration_ms)} = {_figure(energy)} mJ",
        )
    if name == "depth_um":
        rule = evidence.value("LAS-ERYAG-RULE")
        fluence = value / rule
        energy = energy_for_fluence_mJ(fluence_J_cm2=fluence, spot_um=spot_um)
        line = (
            f"{_figure(value)} µm of depth at the vendor's rule of {_figure(rule)} µm per J/cm² = {_figure(fluence)} J/cm² "
            f"(a rule of thumb, not a measurement)"
        )
        return _Said(name=name, energy_mJ=energy, line=line)
    energy = energy_for_fluence_mJ(fluence_J_cm2=value, spot_um=spot_um)
    line = f"{_figure(value)} J/cm² over {_beam(device, spot_um)} = {_figure(energy)} mJ"
    return _Said(name=name, energy_mJ=energy, line=line)


def _time(duration_ms: float) -> str:
    for size, word in ((1.0, "ms"), (_US_MS, "µs"), (_NS_MS, "ns"), (_PS_MS, "ps")):
        if duration_ms >= size:
            return f"{_figure(duration_ms / size)} {word}"
    return f"{_figure(duration_ms / _PS_MS)} ps"


_ENERGY_NAMES: Final = ("energy_mJ", "fluence_J_cm2", "power_W", "depth_um")


def _energy(device: Device, settings: Settings, *, spot_um: float, duration_ms: float) -> tuple[float, list[str]]:
    said = [
        _spoken_energy(device, name, float(value), spot_um=spot_um, duration_ms=duration_ms)
        for name in _ENERGY_NAMES
        if (value := getattr(settings, name)) is not None
    ]
    lines: list[str] = []
    if not said:
        order = [name for name in device.panel if name in _ENERGY_NAMES]
        order += [name for name in _ENERGY_NAMES if name in device.limits and name not in order]
        if not order:
            msg = f"{device.name} has no energy, fluence, power or depth; give one of them in the device's description."
            raise InputError(msg)
        value = device.limits[order[0]].typical
        lines.append(f"{order[0]} was not set: the device's typical {_figure(value)} {UNITS[order[0]]} is taken")
        said = [_spoken_energy(device, order[0], value, spot_um=spot_um, duration_ms=duration_ms)]
    first = said[0]
    for other in said[1:]:
        if abs(other.energy_mJ - first.energy_mJ) > _AGREE * max(other.energy_mJ, first.energy_mJ):
            msg = (
                f"{device.name}: {first.name} and {other.name} contradict each other over {_beam(device, spot_um)}: "
                f"{first.line}, but {other.line}; set one of them."
            )
            raise InputError(msg)
    lines += [one.line for one in said]
    return first.energy_mJ, lines


def _stack(device: Device, settings: Settings, *, energy_mJ: float, spot_um: float) -> tuple[int, list[str]]:
    if settings.stack is not None:
        return int(settings.stack), []
    if device.mode == "fractional" and "depth_um" in device.panel:
        most = evidence.value("LAS-ERYAG-PULSE")
        fluence = mean_fluence_J_cm2(energy_mJ=energy_mJ, spot_um=spot_um)
        pulses = max(1, math.ceil(fluence / most - _ROUNDING))
        if pulses > 1:
            each = energy_mJ / pulses
            return pulses, [f"above {_figure(most)} J/cm² the depth is stacked: {pulses} pulses of {_figure(each)} mJ"]
        return 1, []
    return int(typical(device, "stack") or 1), []


def _density(device: Device, settings: Settings, *, spot_um: float) -> tuple[float | None, float, list[str]]:
    """Columns per cm² and pass, fraction covered by one pass, arithmetic."""
    if device.mode == "spot":
        return None, 1.0, []
    if device.mode == "full_field":
        overlap = settings.overlap_pct if settings.overlap_pct is not None else typical(device, "overlap_pct") or 0.0
        fraction, pulses = scan_coverage(overlap), scan_nominal(overlap)
        line = (
            f"{_figure(overlap)} % overlap of the spot diameter: {_figure(fraction * PERCENT)} % of the surface covered, "
            f"{_figure(pulses)} pulses on a place on average"
        )
        return None, fraction, [line]
    area = footprint_cm2(spot_um)
    columns = settings.columns_cm2
    if settings.density_pct is not None:
        from_density = columns_for_density(density_pct=settings.density_pct, spot_um=spot_um)
        if columns is not None and abs(columns - from_density) > _AGREE * max(columns, from_density):
            msg = (
                f"{device.name}: density_pct {_figure(settings.density_pct)} means {_figure(from_density)} columns/cm² of "
                f"{_figure(spot_um)} µm, but columns_cm2 says {_figure(columns)}; set one of them."
            )
            raise InputError(msg)
        columns = columns if columns is not None else from_density
    if columns is None:
        columns = typical(device, "columns_cm2")
    if columns is None:
        msg = f"{device.name} is fractional but has no density; give density_pct or columns_cm2 in its description."
        raise InputError(msg)
    nominal = columns * area
    fraction = covered(nominal, pattern=device.pattern)
    grid = "on a grid" if device.pattern == "stamped" else "at random, where columns may overlap"
    lines = [
        f"{_figure(nominal * PERCENT)} % density = {_figure(columns)} columns/cm² of {_figure(spot_um)} µm "
        f"({_figure(area)} cm² each), {_figure(neighbour_pitch_um(columns_cm2=columns, pattern=device.pattern))} µm apart",
        f"laid {grid}, one pass covers {_figure(fraction * PERCENT)} % of the surface",
    ]
    return columns, fraction, lines


def _rule_of_second(device: Device) -> tuple[str, str, float]:
    """Rule row, duration row and wavelength of the coagulating pulse."""
    if device.second_wavelength_nm is not None:
        return "LAS-HYBRID-COAG", "LAS-HYBRID-COAG-MS", device.second_wavelength_nm
    return "LAS-ERYAG-COAG", "LAS-ERYAG-COAG-MS", device.wavelength_nm


def _second(device: Device, settings: Settings, *, spot_um: float) -> tuple[Pulse | None, list[str]]:
    wanted = settings.coagulation_um if settings.coagulation_um is not None else typical(device, "coagulation_um")
    if not wanted:
        return None, []
    rule_id, time_id, wavelength = _rule_of_second(device)
    fluence = wanted / evidence.value(rule_id)
    energy = energy_for_fluence_mJ(fluence_J_cm2=fluence, spot_um=spot_um)
    line = (
        f"{_figure(wanted)} µm of coagulation at {_figure(evidence.value(rule_id))} µm per J/cm² = {_figure(fluence)} J/cm² "
        f"at {_figure(wavelength)} nm = {_figure(energy)} mJ (a rule of thumb, not a measurement)"
    )
    pulse = Pulse(
        wavelength_nm=wavelength,
        energy_mJ=energy,
        spot_um=spot_um,
        profile=device.profile,
        duration_ms=evidence.value(time_id),
    )
    return pulse, [line]


def _completed(device: Device, *, values: dict[str, float | None], passes: int) -> Settings:
    shown = {name: value for name, value in values.items() if name in device.panel}
    stack = shown.pop("stack", None)
    return Settings(**shown, stack=None if stack is None else int(stack), passes=passes)


def _check_total(device: Device, *, density_pct: float | None, passes: int) -> None:
    limit = device.limits.get("total_density_pct")
    if limit is None or density_pct is None or density_pct * passes <= limit.high * (1 + _ROUNDING):
        return
    msg = (
        f"{device.name}: {passes} passes of {_figure(density_pct)} % make {_figure(density_pct * passes)} % density in all, "
        f"above its upper limit of {_figure(limit.high)} % for all passes together; lower density_pct or passes."
    )
    raise OutOfRangeError(msg)


def _arithmetic_of_pulse(device: Device, pulse: Pulse, stack: int) -> list[str]:
    mean = pulse.fluence_J_cm2
    axis = f", {_figure(2 * mean)} J/cm² on the axis" if pulse.profile == "gaussian" else ""
    lines = [f"{_figure(pulse.energy_mJ)} mJ over {_beam(device, pulse.spot_um)} = {_figure(mean)} J/cm² mean{axis}"]
    if stack > 1:
        lines.append(f"{stack} stacked pulses put {_figure(stack * pulse.energy_mJ)} mJ on one place")
    return lines


def expose(device: Device, settings: Settings, *, cooling: Cooling | None = None) -> Exposure:
    """What a panel delivers per pass at one place.

    Knobs that were not set take the device's typical value; `Exposure.settings` is the whole panel
    filled in. `density_pct` is nominal and per pass: columns times footprint. `cooling` None means
    what the device has built in.

    Raises OutOfRangeError for a value beyond the device's limits (also one that follows from the
    others), InputError for a setting the device does not have or settings that contradict.
    """
    _check_panel(device, settings)
    spot_um = _spot_um(device, settings)
    duration_ms = settings.duration_ms if settings.duration_ms is not None else typical(device, "duration_ms")
    if duration_ms is None:
        msg = f"{device.name} has no pulse duration; give duration_ms in the device's description."
        raise InputError(msg)
    total_mJ, lines = _energy(device, settings, spot_um=spot_um, duration_ms=duration_ms)
    stack, more = _stack(device, settings, energy_mJ=total_mJ, spot_um=spot_um)
    by_depth = "depth_um" in device.panel and device.mode == "fractional"
    energy_mJ = total_mJ / stack if by_depth else total_mJ
    pulse = Pulse(
        wavelength_nm=device.wavelength_nm, energy_mJ=energy_mJ, spot_um=spot_um, profile=device.profile, duration_ms=duration_ms
    )
    follows = {"energy_mJ": energy_mJ, "fluence_J_cm2": pulse.fluence_J_cm2}
    if "depth_um" in device.panel:
        follows["depth_um"] = _depth_um(pulse, stack)
    for name, value in follows.items():
        if getattr(settings, name) is None:
            _check(device, name, value, how=" (it follows from the other settings)")
    columns, fraction, of_density = _density(device, settings, spot_um=spot_um)
    density_pct = None if columns is None else columns * footprint_cm2(spot_um) * PERCENT
    _check_total(device, density_pct=density_pct, passes=settings.passes)
    second, of_second = _second(device, settings, spot_um=spot_um)
    overlap = settings.overlap_pct if settings.overlap_pct is not None else typical(device, "overlap_pct")
    whole = _completed(
        device,
        values={
            "energy_mJ": energy_mJ,
            "fluence_J_cm2": pulse.fluence_J_cm2,
            "density_pct": density_pct,
            "columns_cm2": columns,
            "duration_ms": duration_ms,
            "spot_mm": spot_um / UM_PER_MM,
            "power_W": energy_mJ / duration_ms,
            "depth_um": _depth_um(pulse, stack) if "depth_um" in device.panel else None,
            "coagulation_um": _coagulation_um(device, second),
            "overlap_pct": overlap,
            "stack": stack,
        },
        passes=settings.passes,
    )
    return Exposure(
        device=device,
        settings=_exactly(whole, settings),
        pulse=pulse,
        second=second,
        coverage_per_pass=fraction,
        column_density_cm2=columns,
        passes=settings.passes,
        stack=stack,
        repetition_Hz=device.repetition_Hz or _DEFAULT_REPETITION_HZ,
        cooling=device_cooling(device) if cooling is None else cooling,
        arithmetic=(*lines, *more, *_arithmetic_of_pulse(device, pulse, stack), *of_density, *of_second),
    )


def _exactly(whole: Settings, settings: Settings) -> Settings:
    """The completed panel with the values as they were typed, free of rounding."""
    return replace(whole, **{name: value for name, value in given(settings).items() if name != "stack"})  # type: ignore[arg-type]


def _depth_um(pulse: Pulse, stack: int) -> float:
    return pulse.fluence_J_cm2 * stack * evidence.value("LAS-ERYAG-RULE")


def _coagulation_um(device: Device, second: Pulse | None) -> float:
    return 0.0 if second is None else second.fluence_J_cm2 * evidence.value(_rule_of_second(device)[0])


def to_panel(
    device: Device,
    *,
    pulse: Pulse,
    coverage_per_pass: float,
    passes: int,
    stack: int = 1,
    second: Pulse | None = None,
) -> Settings:
    """The panel that delivers these pulses: the inverse of `expose`.

    Only the device's own knobs are filled in. For a full field, coverage does not tell the overlap
    once nothing stays free, so the overlap is left at the device's typical value.

    Raises OutOfRangeError when the pulse or the pattern lies outside the device's limits, InputError
    when the wavelength or the spot is not the device's.
    """
    _check_own_beam(device, pulse)
    columns = density = None
    if device.mode == "fractional":
        nominal = nominal_for(coverage_per_pass, pattern=device.pattern)
        columns, density = nominal / footprint_cm2(pulse.spot_um), nominal * PERCENT
    settings = _completed(
        device,
        values={
            "energy_mJ": pulse.energy_mJ,
            "fluence_J_cm2": pulse.fluence_J_cm2,
            "density_pct": density,
            "columns_cm2": columns,
            "duration_ms": pulse.duration_ms,
            "spot_mm": pulse.spot_um / UM_PER_MM,
            "power_W": pulse.energy_mJ / pulse.duration_ms,
            "depth_um": _depth_um(pulse, stack),
            "coagulation_um": _coagulation_um(device, second),
            "stack": stack,
        },
        passes=passes,
    )
    expose(device, settings)
    return settings


def _check_own_beam(device: Device, pulse: Pulse) -> None:
    if abs(pulse.wavelength_nm - device.wavelength_nm) > _AGREE * device.wavelength_nm:
        msg = f"{device.name} emits at {_figure(device.wavelength_nm)} nm, not at {_figure(pulse.wavelength_nm)} nm."
        raise InputError(msg)
    own = device.microbeam_um
    if own is not None and abs(pulse.spot_um - own) > _AGREE * own:
        msg = f"{device.name} has a microbeam of {_figure(own)} µm, not of {_figure(pulse.spot_um)} µm."
        raise InputError(msg)
    if "duration_ms" not in device.panel:
        _check(device, "duration_ms", pulse.duration_ms)
