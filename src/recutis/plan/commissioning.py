"""Commissioning: measured test spots tell how much of the set energy a device delivers.

The energy scale is delivered over set energy. Its logarithm is normal before anything was measured, with a spread from the
tolerance of the standard; each measurement is held against what the physics gives at several scales (Bayes, on a grid).

The model's stated error is one unknown factor shared by all spots of a device that measure the same quantity, and the error of a
meter one shared by all its readings: ten spots average their own noise away, never the error they have in common.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from recutis import evidence, skin
from recutis.bands import weighted_quantile
from recutis.errors import OutOfRangeError
from recutis.laser import Clinic, TestSpot, expose
from recutis.laser.types import Exposure, Pulse
from recutis.plan.commissioned_words import quantity_words, told
from recutis.units import DAYS_PER_MONTH, PERCENT

if TYPE_CHECKING:
    from recutis.injury import Injury
    from recutis.patient import Ceiling
    from recutis.plan.evaluate import InjuryProvider
    from recutis.skin.types import Lesion, Skin

Array = NDArray[np.float64]
_ROW: Final = "plan.commissioning."
_NODES: Final = 7  # scales at which the physics runs; between them monotone cubics in ln(scale)
_GRID: Final = 2001  # scales on which the posterior stands
_FLAT: Final = 0.1  # relative change over the whole range below which a quantity says nothing about energy
_PRIOR_ROWS: Final = (f"{_ROW}tolerance", f"{_ROW}tolerance_sds", f"{_ROW}scale")


@dataclass(frozen=True, kw_only=True)
class SpotCheck:
    """One measurement beside what the model says of it, before (scale 1) and after (the median scale) commissioning.

    `error_pct` is the stated error of the model, or of the meter. With `used` False the measurement was left out and `note` says why.
    """

    spot: TestSpot
    before: float
    after: float
    error_pct: float
    used: bool
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class EnergyScale:
    """Delivered over set energy of one device: median, spread of its logarithm, 10th to 90th percentile.

    `spots` holds every measurement of the device, used or not; `notes` are sentences for the clinic; `sources` evidence rows.
    Without a measurement that could be used it is the prior.
    """

    device: str
    median: float
    sd_ln: float
    low: float
    high: float
    spots: tuple[SpotCheck, ...]
    sources: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def measured(self) -> bool:
        """Whether at least one measurement was used."""
        return any(one.used for one in self.spots)


def _scales() -> Array:
    low, _, high = evidence.numbers(f"{_ROW}scale")
    return np.exp(np.linspace(math.log(low), math.log(high), _GRID))


def prior_sd_ln() -> float:
    """Spread of ln(scale) of a device that nobody has measured (rows `plan.commissioning.tolerance*`)."""
    tolerance = evidence.value(f"{_ROW}tolerance") / PERCENT
    return math.log1p(tolerance) / evidence.value(f"{_ROW}tolerance_sds")


def _scaled_pulse(pulse: Pulse, factor: float) -> Pulse:
    return replace(pulse, energy_mJ=pulse.energy_mJ * factor)


def scaled(exposure: Exposure, scale: float | EnergyScale) -> Exposure:
    """The exposure that the skin gets from a panel setting: every pulse at `scale` times its energy, all else as set.

    `settings` stay what the panel shows, and the arithmetic says what became of them: give the result to `injure`, and show the
    panel's own exposure in a plan.

    Raises OutOfRangeError unless the scale is finite and above 0.
    """
    factor = scale.median if isinstance(scale, EnergyScale) else float(scale)
    if not (math.isfinite(factor) and factor > 0):
        msg = f"{exposure.device.name}: the energy scale must be a number above 0, 1 where nothing was measured; got {factor:g}."
        raise OutOfRangeError(msg)
    if factor == 1.0:
        return exposure
    pulse = _scaled_pulse(exposure.pulse, factor)
    line = (
        f"the device delivers {factor:.3g} times what it is set to, as measured: {exposure.pulse.energy_mJ:.4g} mJ set are "
        f"{pulse.energy_mJ:.4g} mJ on the skin"
    )
    second = None if exposure.second is None else _scaled_pulse(exposure.second, factor)
    return replace(exposure, pulse=pulse, second=second, arithmetic=(*exposure.arithmetic, line))


@dataclass(frozen=True, kw_only=True)
class Commissioned:
    """An injury provider that puts every exposure through its device's energy scale (the median) first.

    `scales` by device name; a device that is not among them delivers what it is set to. What the scale leaves open adds to the
    stated error, as if depths followed energy in proportion.
    """

    injure: InjuryProvider
    scales: Mapping[str, EnergyScale]

    def __call__(self, exposure: Exposure, skin: Skin, *, lesion: Lesion | None = None) -> Injury:
        """Injury by all passes of one session at the delivered energy."""
        scale = self.scales.get(exposure.device.name)
        if scale is None:
            return self.injure(exposure, skin, lesion=lesion)
        return unsure(self.injure(scaled(exposure, scale), skin, lesion=lesion), scale)


def unsure(injury: Injury, scale: EnergyScale) -> Injury:
    """An injury whose stated error holds the spread of the energy scale too."""
    return replace(injury, error_pct=math.hypot(injury.error_pct, PERCENT * scale.sd_ln))


def panel_ceiling(ceiling: Ceiling, scale: EnergyScale | None) -> Ceiling:
    """The ceiling for the panel of a device with this energy scale.

    Energy and fluence are lowered by the upper end (90th percentile) of the scale where that is above 1, and never raised: then
    neither what is set nor what is delivered passes the hard limit. Density and passes do not depend on energy. Without a scale
    the ceiling stays as it is: published limits are panel values of devices with the usual tolerance.
    """
    factor = 1.0 if scale is None else max(1.0, scale.high)
    if factor == 1.0:
        return ceiling

    def lowered(value: float | None) -> float | None:
        return None if value is None else value / factor

    return replace(
        ceiling, max_energy_mJ=lowered(ceiling.max_energy_mJ), max_fluence_J_cm2=lowered(ceiling.max_fluence_J_cm2)
    )  # fmt: skip


def _default_injury() -> InjuryProvider:
    from recutis.injury.simulate import injure

    return injure


def _predicted(spot: TestSpot, exposure: Exposure, injure: InjuryProvider, scales: Array) -> tuple[Array, float, tuple[str, ...]]:
    """What the model says of a spot at each scale, its stated error in percent, and its rows."""
    if spot.by_meter:
        row = f"{_ROW}meter_error"
        return float(getattr(exposure.pulse, spot.quantity)) * scales, evidence.value(row), (row,)
    person = skin.build(site=spot.site, age_years=spot.age, phototype=spot.phototype, sex=spot.sex)
    nodes = np.exp(np.linspace(math.log(scales[0]), math.log(scales[-1]), _NODES))
    injuries = [injure(scaled(exposure, float(node)), person) for node in nodes]
    values = [float(getattr(one, spot.quantity)) for one in injuries]
    curve = PchipInterpolator(np.log(nodes), values)(np.log(scales))
    middle = injuries[_NODES // 2]
    return np.asarray(curve, dtype=np.float64), middle.error_pct, middle.sources


def _cannot(spot: TestSpot, curve: Array) -> str:
    """Why no scale explains a measurement, in a sentence; empty when one does."""
    low, high = float(curve.min()), float(curve.max())
    away = max(low - spot.value, spot.value - high, 0.0)
    if away <= evidence.value(f"{_ROW}outside_sds") * spot.sd:
        return ""
    first, _, last = evidence.numbers(f"{_ROW}scale")
    return (
        f"{spot.device}: the measured {quantity_words(spot.quantity)} of {told(spot.quantity, spot.value)} lies outside the {low:.3g} to "
        f"{told(spot.quantity, high)} that any energy from {first:g} to {last:g} times the set value explains, so it is not used; "
        "check unit, settings and skin of the spot, and the device before anyone is treated."
    )


def _remarks(spot: TestSpot, curve: Array, on: datetime.date | None) -> list[str]:
    found = []
    name = quantity_words(spot.quantity)
    if np.ptp(curve) <= _FLAT * max(float(curve.max()), 1e-12):
        found.append(
            f"{spot.device}: {name} hardly depends on the energy at these settings, so it says nothing of the energy scale; "
            "measure a depth, or the energy with a meter."
        )
    months = evidence.value(f"{_ROW}valid_months")
    if on is not None and spot.date is not None and (on - spot.date).days > months * DAYS_PER_MONTH:
        found.append(
            f"{spot.device}: the {name} of {spot.date.isoformat()} is older than {months:g} months on "
            f"{on.isoformat()}; output drifts, so measure again."
        )
    return found


@dataclass(frozen=True, kw_only=True)
class _Held:
    """A spot with the model's curve over the scales."""

    spot: TestSpot
    curve: Array
    error_pct: float
    rows: tuple[str, ...]
    cannot: str

    @property
    def shares_error_with(self) -> str:
        """Spots of one word share their model error: one quantity, or everything one meter read."""
        return "meter" if self.spot.by_meter else self.spot.quantity


def _log_likelihood(group: list[_Held]) -> Array:
    """Logarithm of the chance of all measurements of one group at each scale, but for a constant.

    Measured = predicted × exp(error × one normal draw shared by the group) + normal noise of each. To first order that is a normal
    law about the predictions with covariance diag(sd²) + u uᵀ, u = error × measured, inverted by the formula of Sherman and Morrison.
    """
    sd = np.array([[one.spot.sd] for one in group])
    value = np.array([[one.spot.value] for one in group])
    miss = (value - np.stack([one.curve for one in group])) / sd
    shared = np.array([[one.error_pct / PERCENT] for one in group]) * value / sd
    square = np.sum(miss**2, axis=0) - np.sum(shared * miss, axis=0) ** 2 / (1.0 + np.sum(shared**2))
    return np.asarray(-0.5 * square)


def _weights(used: list[_Held], scales: Array) -> Array:
    logs = -0.5 * (np.log(scales) / prior_sd_ln()) ** 2
    groups: dict[str, list[_Held]] = {}
    for one in used:
        groups.setdefault(one.shares_error_with, []).append(one)
    for name in sorted(groups):
        logs = logs + _log_likelihood(sorted(groups[name], key=lambda one: (one.spot.value, one.spot.sd, float(one.curve[0]))))
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def _beyond_tolerance(device: str, median: float) -> list[str]:
    tolerance = evidence.value(f"{_ROW}tolerance")
    if abs(median - 1) * PERCENT <= tolerance:
        return []
    return [
        f"{device} delivers about {median:.2g} times what it is set to, outside the tolerance of ±{tolerance:g} %; have it serviced."
    ]


def energy_scale(
    clinic: Clinic, device: str, *, injure: InjuryProvider | None = None, on: datetime.date | None = None
) -> EnergyScale:
    """The energy scale of one of the clinic's devices, from all its test spots.

    `injure` makes injuries (default: the simulation, from its tables where they reach); `on` is the day on which spots are told
    to be old. The order of the spots does not matter. A measurement that no scale explains is not used, and a note says so.

    Raises UnknownNameError for a device that the clinic does not have.
    """
    laser = clinic.device(device)
    provider = injure if injure is not None else _default_injury()
    scales = _scales()
    held, notes = [], []
    for spot in clinic.test_spots:
        if clinic.device(spot.device) != laser:
            continue
        curve, error_pct, rows = _predicted(spot, expose(laser, spot.settings.settings()), provider, scales)
        cannot = _cannot(spot, curve)
        held.append(_Held(spot=spot, curve=curve, error_pct=error_pct, rows=rows, cannot=cannot))
        notes += [cannot] if cannot else _remarks(spot, curve, on)
    used = [one for one in held if not one.cannot]
    weights = _weights(used, scales)
    logs = np.log(scales)
    low, median, high = (math.exp(weighted_quantile(logs, at, weights)) for at in (0.1, 0.5, 0.9))
    mean = float(weights @ logs)
    checks = tuple(
        SpotCheck(
            spot=one.spot,
            before=float(np.interp(0.0, logs, one.curve)),
            after=float(np.interp(math.log(median), logs, one.curve)),
            error_pct=one.error_pct,
            used=not one.cannot,
            note=one.cannot,
        )
        for one in held
    )
    rows = (*_PRIOR_ROWS, *(row for one in used for row in one.rows))
    return EnergyScale(
        device=laser.name,
        median=median,
        sd_ln=math.sqrt(float(weights @ (logs - mean) ** 2)),
        low=low,
        high=high,
        spots=checks,
        sources=tuple(dict.fromkeys(row for row in rows if evidence.has(row))),
        notes=tuple(dict.fromkeys([*notes, *_beyond_tolerance(laser.name, median)])),
    )


def commission(
    clinic: Clinic, *, injure: InjuryProvider | None = None, on: datetime.date | None = None
) -> dict[str, EnergyScale]:
    """Energy scales by device name, of the devices that have test spots; the rest deliver what they are set to.

    A device all of whose measurements were left out is among them, with the prior and the notes that say why.
    """
    named = {clinic.device(spot.device).name for spot in clinic.test_spots}
    return {one.name: energy_scale(clinic, one.name, injure=injure, on=on) for one in clinic.devices if one.name in named}
