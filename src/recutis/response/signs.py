"""Courses of swelling, crusts, bronzing and bruises: their level on any day, and the day they stop showing.

A sign is told by the days of `SYMPTOM_DAYS`, joined by straight lines. When it stops showing follows from its closed form: that
gives the last of these days above a level, and the two days about the end give the rest. So nothing scans a whole curve, and the
end is that of the curve that is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.response.parameters import logistic, number, saturating
from recutis.response.types import SYMPTOM_DAYS
from recutis.response.wound import Wound
from recutis.twins import Twins

Draws = NDArray[np.float64]
Flags = NDArray[np.bool_]

_LIDS = ("eyelid", "periorbital")
_DAYS: Final = np.array(SYMPTOM_DAYS, dtype=np.float64)
_PLACE: Final = np.searchsorted(_DAYS, np.arange(SYMPTOM_DAYS[-1] + 1), side="right") - 1
_FIRST: Final = _DAYS[_PLACE]  # by whole day: the last day told up to it
_SECOND: Final = _DAYS[np.minimum(_PLACE + 1, _DAYS.size - 1)]  # and the first one after it
_NUDGE: Final = 1e-9  # days; an end on a told day, but for rounding, belongs to the days before it
_LEAST: Final = 1e-300  # keeps logarithms finite where a sign never shows


def _whole(day: Draws) -> NDArray[np.intp]:
    """Whole day before this moment, within the days told."""
    return np.asarray(np.clip(np.floor(day - _NUDGE), 0.0, _DAYS[-1]), dtype=np.intp)


def _end(at: Callable[[Draws], Draws], whole: NDArray[np.intp], level: Draws) -> Draws:
    """Day on which the curve as told falls below a level, where `whole` is its last whole day above; 0 where it is below even then."""
    first, second = _FIRST[whole], _SECOND[whole]
    before, after = at(first), at(second)
    share = np.clip((before - level) / np.maximum(before - after, 1e-12), 0.0, 1.0)
    return (first + share * (second - first)) * (before > level)


@dataclass(frozen=True, kw_only=True, eq=False)
class Swelling:
    """Swelling, 0 to 10: worst on day 1, then fading exponentially with a time constant in days."""

    peak: Draws
    fade_days: Draws

    def at(self, day: Draws) -> Draws:
        """Level on these days; on the evening of the session it is not yet at its worst."""
        rise = 1 - 0.3 * (day < 1)
        return np.asarray(rise * self.peak * np.exp(-np.maximum(day - 1, 0) / self.fade_days))

    def ends(self, level: Draws) -> Draws:
        """Day on which it last falls below a level; 0 where it never rises above."""
        crossing = 1 + self.fade_days * np.log(np.maximum(self.peak / level, _LEAST))
        return _end(self.at, _whole(crossing), level)


@dataclass(frozen=True, kw_only=True, eq=False)
class Crusts:
    """Crusts, 0 to 10, until they fall about the shed day, within a width in days."""

    height: Draws
    shed_day: Draws
    width_days: Draws

    def at(self, day: Draws) -> Draws:
        """Level on these days; on the first evening they are half dry."""
        return np.asarray(self.height * logistic((self.shed_day - day) / self.width_days) * (1 - 0.5 * (day < 1)))

    def ends(self, level: Draws) -> Draws:
        """Day on which they last fall below a level; 0 where they never rise above."""
        excess = np.maximum(self.height / level - 1, _LEAST)
        return _end(self.at, _whole(self.shed_day + self.width_days * np.log(excess)), level)


@dataclass(frozen=True, kw_only=True, eq=False)
class Bronzing:
    """Brown specks, 0 to 10: they come about a start and fall about the shed day, days."""

    height: Draws
    start_day: Draws
    shed_day: Draws
    width_days: Draws

    def at(self, day: Draws) -> Draws:
        """Level on these days."""
        rise = logistic((day - self.start_day) / self.width_days * 2)
        return np.asarray(self.height * rise * logistic((self.shed_day - day) / self.width_days))

    def ends(self, level: Draws) -> Draws:
        """Day on which they last fall below a level; 0 where they never rise above.

        Were all specks there from the beginning, the end would have a closed form, and it comes no later; days above the level
        are looked for from there backwards, few because the specks rise within days.
        """
        excess = np.maximum(self.height / level - 1, _LEAST)
        whole = _whole(self.shed_day + self.width_days * np.log(excess))
        early = self._below(whole, level)
        if early.any():
            few = [
                np.broadcast_to(of, early.shape)[early]
                for of in (self.height, self.start_day, self.shed_day, self.width_days, level)
            ]
            height, start_day, shed_day, width_days, level_there = few
            part = Bronzing(height=height, start_day=start_day, shed_day=shed_day, width_days=width_days)
            whole[early] = part._back(whole[early], level_there)
        return _end(self.at, whole, level)

    def _below(self, whole: NDArray[np.intp], level: Draws) -> Flags:
        """Whether the level on the last day told up to a whole day lies below, and there are days before it."""
        return np.asarray((whole > 0) & (self.at(_FIRST[whole]) <= level))

    def _back(self, whole: NDArray[np.intp], level: Draws) -> NDArray[np.intp]:
        """The last whole day above the level up to these, 0 where there is none."""
        while (early := self._below(whole, level)).any():
            whole = whole - early
        return whole


@dataclass(frozen=True, kw_only=True, eq=False)
class Bruise:
    """A bruise, 0 to 10, fading as a Gaussian in time with a width in days."""

    height: Draws
    fade_days: Draws

    def at(self, day: Draws) -> Draws:
        """Level on these days."""
        return np.asarray(self.height * np.exp(-((day / self.fade_days) ** 2)))

    def ends(self, level: Draws) -> Draws:
        """Day on which it last falls below a level; 0 where it never rises above."""
        return _end(self.at, _whole(self.fade_days * np.sqrt(np.log(np.maximum(self.height / level, 1.0)))), level)


def swelling_of(wound: Wound, twins: Twins, area_cm2: float) -> Swelling:
    """Swelling: strongest about the eyes, longer after a large treated area."""
    p = wound.p
    lids = p("swelling.lid_factor") if twins.traits.site in _LIDS else 1.0
    peak = np.minimum(p("swelling.greatest") * lids * saturating(wound.inflammation, p("swelling.scale")), 10)
    by_area = 1 + p("swelling.area_gain") * saturating(area_cm2, p("swelling.area_scale"))
    by_person = by_area * np.exp(p("redness.sd_person") / 2 * twins.redness_effect)
    return Swelling(peak=peak, fade_days=(p("swelling.days") + p("swelling.full_days") * wound.full) * by_person)


def spot_crusts_of(wound: Wound, shed: Draws) -> Crusts:
    """Crusts on pigmented spots in skin that stays closed."""
    p = wound.p
    closed = np.exp(-wound.open / number("wound.presence"))
    return Crusts(height=p("crust.lesion") * closed * wound.pigment_killed, shed_day=shed, width_days=p("shed.width"))


def crusts_of(wound: Wound, spots: Crusts) -> Crusts:
    """Crusts on open columns and open skin, or on pigmented spots, whichever are stronger; both fall together."""
    open_height = 10 * saturating(np.sqrt(wound.open), wound.p("crust.scale"))
    return Crusts(height=np.maximum(open_height, spots.height), shed_day=spots.shed_day, width_days=spots.width_days)


def bronzing_of(wound: Wound, shed: Draws) -> Bronzing:
    """Brown specks of dead epidermis on their way out."""
    p = wound.p
    height = 10 * saturating(np.sqrt(wound.killed), p("bronze.scale"))
    return Bronzing(height=height, start_day=p("bronze.start"), shed_day=shed, width_days=p("shed.width"))


def bruise_of(wound: Wound, purpura: Draws, twins: Twins) -> Bruise:
    """The bruise of twins that bruise: a twin bruises when its chance exceeds its own fragility.

    Where only capillaries burst and no larger vessel was heated, little blood leaks and the bruise is faint and brief.
    """
    p = wound.p
    fragility = logistic(1.6 * twins.redness_effect)  # logistic of 1.6 z is close to uniform
    depth = np.clip((purpura - fragility) / p("purpura.onset"), 0.0, 1.0)
    spread = np.exp(p("redness.sd_study") * twins.redness_study)
    leaked = p("purpura.capillary") + (1 - p("purpura.capillary")) * wound.vessel
    return Bruise(height=np.minimum(p("purpura.level"), 10.0) * leaked * depth, fade_days=p("purpura.days") * leaked * spread)
