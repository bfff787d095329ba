"""Numbers of one injury or of many, laid out so that the same formulas serve both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.errors import InputError
from recutis.injury import Injury

Draws = NDArray[np.float64]
Flags = NDArray[np.bool_]
VesselMap = tuple[tuple[float, float, float], ...]

_NUMBERS: Final = (
    "duration_ms", "ablation_depth_um", "ablation_width_um", "coagulation_depth_um", "coagulation_rim_um", "lesion_depth_um",
    "lesion_width_um", "coverage_fraction", "epidermis_removed_fraction", "epidermis_killed_fraction", "injured_dermis_um",
    "ablated_volume_um", "bulk_rise_C", "purpura_ratio", "pigment_ratio", "epidermis_pigment_ratio", "pigment_depth_um",
    "gland_ratio", "error_pct",
)  # fmt: skip
_read = attrgetter(*_NUMBERS)
_read_flags = attrgetter("selective", "fractional")


@dataclass(frozen=True, kw_only=True, eq=False)
class Stack:
    """What the response reads of one injury, shape (), or of many, shape (settings, 1), which broadcasts against twins (n,).

    Names are those of `Injury`; `heated_ratio` is the highest exposure ratio of a vessel, 0 without one; `vessels` holds the
    vessel map of each injury.
    """

    duration_ms: Draws
    ablation_depth_um: Draws
    ablation_width_um: Draws
    coagulation_depth_um: Draws
    coagulation_rim_um: Draws
    lesion_depth_um: Draws
    lesion_width_um: Draws
    coverage_fraction: Draws
    epidermis_removed_fraction: Draws
    epidermis_killed_fraction: Draws
    injured_dermis_um: Draws
    ablated_volume_um: Draws
    bulk_rise_C: Draws
    purpura_ratio: Draws
    pigment_ratio: Draws
    epidermis_pigment_ratio: Draws
    pigment_depth_um: Draws
    gland_ratio: Draws
    error_pct: Draws
    heated_ratio: Draws
    selective: Flags
    fractional: Flags
    vessels: tuple[VesselMap, ...]


def _stack(injuries: Sequence[Injury], shape: tuple[int, ...]) -> Stack:
    table = np.array([_read(injury) for injury in injuries], dtype=np.float64)
    flags = np.array([_read_flags(injury) for injury in injuries], dtype=np.bool_)
    heated = np.array([max((ratio for _, _, ratio in injury.vessel_ratio), default=0.0) for injury in injuries], dtype=np.float64)
    return Stack(
        **{name: table[:, column].reshape(shape) for column, name in enumerate(_NUMBERS)},
        heated_ratio=np.maximum(heated, 0.0).reshape(shape),
        selective=flags[:, 0].reshape(shape),
        fractional=flags[:, 1].reshape(shape),
        vessels=tuple(injury.vessel_ratio for injury in injuries),
    )


def stack_one(injury: Injury) -> Stack:
    """The numbers of one injury, of shape ()."""
    return _stack((injury,), ())


def stack_many(injuries: Sequence[Injury]) -> Stack:
    """The numbers of many injuries, of shape (settings, 1).

    Raises InputError when there is none.
    """
    if not injuries:
        msg = "There is no injury to respond to; give at least one."
        raise InputError(msg)
    return _stack(injuries, (len(injuries), 1))
