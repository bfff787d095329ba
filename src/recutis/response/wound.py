"""What an injury means for healing: the few numbers every clock, symptom and risk reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.injury import Injury
from recutis.posterior import Parameters
from recutis.response import familiar
from recutis.response.parameters import logistic, number, saturating
from recutis.response.stack import Flags, Stack, stack_many, stack_one
from recutis.twins import Twins
from recutis.units import PERCENT

Draws = NDArray[np.float64]

REFERENCE_UM: Final = 100.0  # depths enter the fits in units of 100 µm
_LEAST: Final = 1e-9  # keeps logarithms finite where there is no injury


@dataclass(frozen=True, kw_only=True, eq=False)
class Wound:
    """One injury, or many, seen by healing tissue.

    What the injury alone decides has shape (), or (settings, 1) for many; what varies with the twin has shape (n,), or
    (settings, n): depths with their error, and all that reads parameters of the twins. The two broadcast.

    `open` is the surface fraction without living epidermis over ablated tissue (rims and erosions with
    reduced weight), `killed` what is dead but in place without an open wound, `coverage` the open fraction
    of a wound, else the fraction with any dead tissue; `dead_dermis_um` the dead dermis left in place per
    area, reduced where columns stand in living skin. `presence` 0 to 1, whether there is an open wound at
    all; `erosion` the share of it that leaves the basal layer alive; `full` 0 to 1, how far the wound
    behaves as a full-field one; `ablative` 0 to 1, how far a column behaves as ablated; `injured` 0 to 1,
    whether there is any injury or heated target. `vessel`, `pigment`, `gland` are 0 to 1, whether such
    targets were heated; `pigment_killed` the share of the pigment cells of a spot darker than its skin that
    die; `epidermis_ratio` the exposure of the normal epidermis over its threshold, `short_pulse` whether
    that breaks melanosomes rather than heats the tissue; `burnt` 0 to 1, how far dead epidermis in place
    covers the field without living edges near by, as a burn does. Depths in micrometres; `load` is coverage
    times depth over 100 µm; `inflammation` the load that drives redness and swelling, `by_light` the share of it
    that comes from heated vessels and pigment; `p` the parameters
    of the twins and `injury` the numbers of the injury itself.
    """

    coverage: Draws
    open: Draws
    killed: Draws
    presence: Draws
    erosion: Draws
    full: Draws
    burnt: Draws
    ablative: Draws
    injured: Draws
    vessel: Draws
    pigment: Draws
    pigment_killed: Draws
    gland: Draws
    epidermis_ratio: Draws
    short_pulse: Flags
    width_um: Draws
    wall_um: Draws
    depth_um: Draws
    heat_um: Draws
    dead_dermis_um: Draws
    load: Draws
    inflammation: Draws
    by_light: Draws
    p: Parameters
    injury: Stack


def _fullness(fraction: Draws) -> Draws:
    """Logistic in the wounded fraction, shifted and scaled to be 0 at 0 and 1 at 1."""
    middle, width = number("wound.full_middle"), number("wound.full_width")
    low, raw, high = (1 / (1 + np.exp(-(x - middle) / width)) for x in (0.0, fraction, 1.0))
    return np.asarray((raw - low) / (high - low))


def burn_chance(epidermis_ratio: Draws | float) -> Draws:
    """Share of people in whom selective light of this exposure over the threshold visibly kills the epidermis."""
    hot = np.log(np.maximum(epidermis_ratio, _LEAST))
    return logistic(number("blister.selective") + number("blister.slope") * hot)


def _fraction(amount: Draws) -> Draws:
    return np.asarray(np.minimum(np.maximum(amount, 0.0), 1.0))


def _ablated_fraction(injury: Stack) -> Draws:
    """Surface fraction from which any tissue is missing."""
    depth = injury.ablation_depth_um
    by_volume = np.where(depth > 0, injury.ablated_volume_um / np.maximum(depth, _LEAST), 0.0)
    return _fraction(np.maximum(injury.epidermis_removed_fraction, by_volume))


def _surface(injury: Stack, epidermis_um: float) -> tuple[Draws, Draws, Draws, Draws]:
    """Open fraction, fraction dead but in place, presence of an open wound, share of it that is erosion.

    Where tissue was ablated, an epidermis that is gone or dead is an open wound. A dead rim beside
    a crater counts with a reduced weight, for it closes from its own edge; so does an erosion that
    leaves the basal layer alive, by the share of the epidermis it reaches.
    """
    removed = _fraction(injury.epidermis_removed_fraction)
    dead = np.minimum(np.maximum(injury.epidermis_killed_fraction, 0.0), 1 - removed)
    ablated = _ablated_fraction(injury)
    under = np.minimum(dead, ablated - removed)
    eroded = (ablated - removed - under) * np.minimum(injury.lesion_depth_um / epidermis_um, 1.0)
    eroded = eroded * number("wound.erosion_weight")
    wound = removed + under + eroded
    presence = saturating(wound, number("wound.presence"))
    open_fraction = np.minimum(wound + number("wound.rim_weight") * (dead - under) * presence, 1.0)
    return open_fraction, (dead - under) * (1 - presence), presence, eroded / np.maximum(wound, _LEAST)


def pigment_killed(ratio: Draws | float) -> Draws:
    """Share of the pigment cells in the field that an exposure over their threshold kills, 0 to 1."""
    inside = np.maximum(np.asarray(ratio, dtype=np.float64), _LEAST)
    return logistic(number("pigment.slope") * np.log(inside / number("pigment.half_ratio")))


def _contrast(injury: Stack) -> Draws:
    """How far a spot stands out from the skin about it, 0 to 1: without a spot there is none to crust."""
    there = injury.pigment_ratio > 0
    excess = np.maximum(1 - injury.epidermis_pigment_ratio / np.maximum(injury.pigment_ratio, _LEAST), 0.0)
    return np.where(there, saturating(excess, number("crust.contrast")), 0.0)


def _heated(ratio: Draws) -> Draws:
    """How far a target that gets this exposure over its threshold was heated, 0 to 1."""
    square = np.maximum(ratio, 0.0) ** 2
    return np.asarray(square / (1 + square))


@lru_cache(maxsize=8)
def _middle_epidermis_um(twins: Twins) -> float:
    return float(np.median(twins.epidermis_um))


def wound_of(injury: Stack, twins: Twins) -> Wound:
    """The wound of one injury or of many in each twin; depths carry the injury's stated error.

    Beyond what the studies have reached that error is widened.
    """
    p = twins.p
    open_fraction, killed, presence, erosion = _surface(injury, _middle_epidermis_um(twins))
    shown = np.where(injury.selective, burn_chance(injury.epidermis_pigment_ratio), 1.0)
    killed = killed * shown
    coverage = presence * open_fraction + (1 - presence) * shown * _fraction(injury.coverage_fraction)
    stretch = np.exp(injury.error_pct / PERCENT * familiar.widening(injury) * twins.depth_error)
    depth = np.maximum(injury.lesion_depth_um * stretch, 0.0)
    walls = injury.fractional & (injury.ablation_depth_um > 0)
    heat = np.where(walls, injury.coagulation_rim_um, injury.coagulation_depth_um)
    missing_dermis = np.maximum(injury.ablated_volume_um - _ablated_fraction(injury) * twins.epidermis_um, 0.0)
    dermis = np.maximum(injury.injured_dermis_um - missing_dermis, 0.0) * stretch
    full = _fullness(open_fraction)
    field = full ** p("redness.field_power")
    dermis = dermis * (shown * (1 - (1 - p("redness.column_weight")) * presence * (1 - field)))
    vessel = np.where(injury.selective, _heated(injury.heated_ratio), 0.0)
    pigment = np.where(injury.selective, _heated(injury.pigment_ratio), 0.0)
    gland = _heated(injury.gland_ratio)
    by_light = p("redness.per_vessel") * vessel + p("redness.per_pigment") * pigment
    inflammation = p("redness.per_dermis") / REFERENCE_UM * dermis + (
        p("redness.per_open") * np.sqrt(open_fraction)
        + p("redness.per_killed") * np.sqrt(killed)
        + by_light
        + p("redness.per_gland") * gland * (1 - presence)
    )
    touched = coverage + vessel + pigment + gland
    return Wound(
        coverage=coverage,
        open=open_fraction,
        killed=killed,
        presence=presence,
        erosion=erosion,
        full=full,
        burnt=np.where(injury.fractional, 0.0, _fullness(killed)),
        ablative=presence * saturating(np.maximum(injury.ablation_depth_um, 0.0), number("wound.ablative_depth")),
        injured=saturating(touched, number("risk.presence")),
        vessel=vessel,
        pigment=pigment,
        pigment_killed=_contrast(injury) * pigment_killed(np.where(injury.selective, injury.pigment_ratio, 0.0) * stretch),
        gland=gland,
        epidermis_ratio=np.where(injury.selective, np.maximum(injury.epidermis_pigment_ratio, 0.0), 0.0),
        width_um=np.maximum(np.maximum(injury.lesion_width_um, injury.ablation_width_um), 0.0),
        wall_um=np.maximum(np.maximum(injury.coagulation_rim_um, injury.coagulation_depth_um), 0.0),
        depth_um=depth,
        heat_um=np.maximum(heat * stretch, 0.0),
        dead_dermis_um=dermis,
        short_pulse=injury.duration_ms < number("short_pulse_ms"),
        load=np.maximum(coverage / REFERENCE_UM * depth, _LEAST),
        inflammation=inflammation * np.exp(p("redness.sd_peak") * twins.redness_effect),
        by_light=by_light / np.maximum(inflammation, _LEAST),
        p=p,
        injury=injury,
    )


@lru_cache(maxsize=8)
def read_wound(injury: Injury, twins: Twins) -> Wound:
    """The wound of an injury in each twin; depths carry the injury's stated error.

    The last few are kept: pain, response and improvement ask for the same one in turn.
    """
    return wound_of(stack_one(injury), twins)


def read_wounds(injuries: Sequence[Injury], twins: Twins) -> Wound:
    """The wounds of many injuries in each twin: arrays of shape (settings, 1) and (settings, n).

    The last few are kept: healing, pain and improvement ask for the same ones in turn.

    Raises InputError when there is no injury.
    """
    key = (id(twins), *map(id, injuries))
    with _lock:
        known = _recent.get(key)
        if known is not None:
            return known[0]
    made = wound_of(stack_many(injuries), twins)
    with _lock:
        _recent[key] = (made, twins, tuple(injuries))  # what is held cannot lend its identity to another
        while len(_recent) > _KEPT:
            _recent.pop(next(iter(_recent)))
    return made


_KEPT: Final = 16
_lock: Final = Lock()
_recent: Final[dict[tuple[int, ...], tuple[Wound, Twins, tuple[Injury, ...]]]] = {}


def healing_factor(twins: Twins) -> Draws:
    """How much longer than reference facial skin a twin's site takes: sparse follicles, slow healing.

    The distance keratinocytes travel between adnexa grows as density to the power of -1/2; about a
    third of the healing time is that travel, hence the fitted power. 1 for a face of the reference.
    """
    p = twins.p
    reference = p("closure.follicle_reference")
    power = p("closure.follicle_power")
    return np.asarray((reference / twins.follicle_density_cm2) ** power / twins.healing_rate, dtype=np.float64)
