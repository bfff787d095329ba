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


def compute(row: Fields) -> Found:
    """The model's number for a row of the shared experiments, or the reason why it has none.

    `row` maps the columns of `targets_physics.csv` to their text (an evidence row's `fields`).
    """
    if row.get("tier") == "trend":
        return Found(value=None, reason="a trend, not a number")
    family = row.get("family", "")
    if family not in _FAMILIES:
        return Found(value=None, reason=f"the family '{family}' has no model; families are {', '.join(sorted(_FAMILIES))}")
    if family != "cooling" and not _has(row, "wavelength_nm", "pulse_duration_s"):
        return Found(value=None, reason="the row gives no wavelength or pulse length")
    try:
        return Found(value=float(_FAMILIES[family](row)))
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
    return value is not None and abs(found - value) <= 0.25 * abs(value)


__all__ = ["Found", "compute", "inside", "plain_slab", "skin_of"]
