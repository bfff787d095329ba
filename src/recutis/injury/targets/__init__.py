"""The shared experiments of `targets_physics.csv`, computed by the same functions as every injury.

`compute` takes a row (a mapping of its columns) and returns a number or the reason why there is none.
Tissue that a row does not describe is plain wet skin without a horny layer; nothing is set row by row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from recutis.errors import RecutisError
from recutis.injury.targets import ablation, cooling, fractional, infrared, pigment, vascular
from recutis.injury.targets.rows import Fields, plain_slab, skin_of


@dataclass(frozen=True, kw_only=True)
class Found:
    """A computed number, or None and the reason."""

    value: float | None
    reason: str = ""


def _has(row: Fields, *names: str) -> bool:
    return all(row.get(name, "").strip() for name in names)


_FAMILIES: dict[str, Callable[[Fields], float]] = {
    "ablation": ablation.compute,
    "fractional": fractional.compute,
    "nir_injury": infrared.compute,
    "vascular": vascular.compute,
    "pigment": pigment.compute,
    "cooling": cooling.compute,
}


TOLERANCE = 0.25  # of a value without a range, by the contract of the score card
_POSITIVE = ("wavelength_nm", "pulse_duration_s", "spot_diameter_mm", "repetition_rate_Hz", "vessel_diameter_um")
_NOT_NEGATIVE = ("fluence_J_cm2",)


def _number(row: Fields, name: str) -> float | None:
    """A setting as a number, or None where the row gives none; words that are no number raise."""
    text = (row.get(name) or "").strip()
    if not text:
        return None
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _number_refused(row: Fields, name: str) -> str:
    """What is wrong with one setting."""
    try:
        value = _number(row, name)
    except ValueError:
        return f"{name} is '{row[name]}'; give one finite number"
    if value is None:
        return ""
    if name in _POSITIVE and value <= 0:
        return f"{name} is {value:g}; it must be above 0"
    if name in _NOT_NEGATIVE and value < 0:
        return f"{name} is {value:g}; it must be 0 or more"
    if name == "n_pulses" and (value < 1 or value != int(value)):
        return f"n_pulses is {value:g}; it must be a whole number, at least 1"
    return ""


def _energy_refused(row: Fields) -> str:
    """What is wrong with the energy, which may be two for a ratio."""
    for part in (row.get("pulse_energy_mJ") or "").split("/"):
        try:
            energy = float(part) if part.strip() else 0.0
        except ValueError:
            return f"pulse_energy_mJ is '{row['pulse_energy_mJ']}'; give one number, or two as '30/5'"
        if not (math.isfinite(energy) and energy >= 0):
            return f"pulse_energy_mJ is {row['pulse_energy_mJ']}; it must be 0 or more"
    return ""


def refused(row: Fields) -> str:
    """Why a row's settings mean nothing: one sentence with the column, the value and what is allowed; empty where they do."""
    for name in (*_POSITIVE, *_NOT_NEGATIVE, "n_pulses"):
        reason = _number_refused(row, name)
        if reason:
            return reason
    duration, rate = _number(row, "pulse_duration_s"), _number(row, "repetition_rate_Hz")
    if duration is not None and rate is not None and (_number(row, "n_pulses") or 1) > 1 and duration * rate >= 1:
        return f"pulse_duration_s is {duration:g}, longer than the period of {1 / rate:g} s at {rate:g} Hz; shorten it or lower the rate"
    return _energy_refused(row)


def compute(row: Fields) -> Found:
    """The model's number for a row of the shared experiments, or the reason why it has none.

    `row` maps the columns of `targets_physics.csv` to their text (an evidence row's `fields`).
    """
    trend = row.get("tier") == "trend"
    found = _computed(row)
    return Found(value=None, reason="a trend, not a number") if trend and found.value is None else found


def _computed(row: Fields) -> Found:
    family = row.get("family", "")
    if family not in _FAMILIES:
        return Found(value=None, reason=f"the family '{family}' has no model; families are {', '.join(sorted(_FAMILIES))}")
    reason = refused(row)
    if reason:
        return Found(value=None, reason=reason)
    if family != "cooling" and not _has(row, "wavelength_nm", "pulse_duration_s"):
        return Found(value=None, reason="the row gives no wavelength or pulse length")
    try:
        value = float(_FAMILIES[family](row))
        return (
            Found(value=value)
            if math.isfinite(value)
            else Found(value=None, reason="the model gives no finite number for this row")
        )
    except RecutisError as error:
        return Found(value=None, reason=str(error))
    except (ValueError, KeyError) as error:
        return Found(value=None, reason=f"the row lacks or misspells a setting: {error}")


def inside(row: Fields, found: float) -> bool:
    """Whether a number meets a row: within its range where given, one-sided where it says so, else within 25 per cent."""
    low, high = (float(row[x]) if row.get(x) else None for x in ("low", "high"))
    comparator = row.get("comparator", "")
    value = float(row["value"]) if row.get("value") else None
    if comparator in {">", ">="}:
        return found >= (low if low is not None else value if value is not None else -math.inf)
    if comparator in {"<", "<="}:
        return found <= (high if high is not None else value if value is not None else math.inf)
    if low is not None or high is not None:
        return (low is None or found >= low) and (high is None or found <= high)
    return value is not None and abs(found - value) <= TOLERANCE * abs(value)


__all__ = ["TOLERANCE", "Found", "compute", "inside", "plain_slab", "refused", "skin_of"]
