"""The four clocks of healing and the course of redness: closure, downtime, make-up, resolution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.response.parameters import number, saturating
from recutis.response.wound import Wound
from recutis.twins import Twins

Draws = NDArray[np.float64]

_MOST_STEPS: Final = 12
_LEAST_STEP_DAYS: Final = 1e-3  # convergence is cubic: what is left after such a step is nothing
_LEAST_LEVEL: Final = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class Redness:
    """Redness over time: level(t) = peak ((1 - share) exp(-t/fast) + share exp(-t/slow)), t after `hold_days`; days, 0 to 10."""

    hold_days: Draws
    peak: Draws
    share: Draws
    fast_days: Draws
    slow_days: Draws

    def at(self, day: Draws | float) -> Draws:
        """Level at these days, broadcast against the draws."""
        after = np.maximum(np.asarray(day) - self.hold_days, 0.0)
        fast = (1 - self.share) * np.exp(-after / self.fast_days)
        return np.asarray(self.peak * (fast + self.share * np.exp(-after / self.slow_days)))

    def falls_below(self, level: Draws | float) -> Draws:
        """Day on which the level is reached from above; 0 where the peak lies below it. Halley steps.

        They start where the first of the two exponentials alone is at the level, or at 0. There the logarithm of their sum lies no
        more than ln 2 above that of the level and its curvature keeps the steps finite.
        """
        quick, slow, rate, turn = self._logs
        mark = np.log(level)
        day = np.maximum(np.maximum((slow - mark) * self.slow_days, (quick - mark) * self.fast_days), 0.0)
        left, fading = slow - mark, 1 / self.slow_days
        for _ in range(_MOST_STEPS):
            ratio = np.exp(turn - rate * day)  # of the fast to the slow part
            both = 1 + ratio
            over = left - day * fading + np.log(both)
            turning = rate * ratio / both
            slope = fading + turning
            step = over / (slope - 0.5 * over * turning * rate / (both * slope))
            day = np.maximum(day + step, 0.0)
            if np.max(np.abs(step), where=self.peak > level, initial=0.0) < _LEAST_STEP_DAYS:
                break
        return np.asarray((self.hold_days + day) * (self.peak > level))

    @cached_property
    def _logs(self) -> tuple[Draws, Draws, Draws, Draws]:
        """Logarithms of the fast and the slow part at the start, the rate at which their ratio falls [1/days], and its start."""
        quick = np.log(np.maximum(self.peak * (1 - self.share), _LEAST_LEVEL))
        slow = np.log(np.maximum(self.peak * self.share, _LEAST_LEVEL))
        return quick, slow, 1 / self.fast_days - 1 / self.slow_days, quick - slow


def closure_days(wound: Wound, factor: Draws) -> Draws:
    """Days until the epithelium is whole again, shape (n,), or (settings, n) for many wounds, as all clocks here.

    A column closes from its edge at the keratinocyte speed; an ablated one first expels its plug,
    and crowded columns share the living skin between them. A full-field wound closes from the
    adnexa, later the deeper and the hotter it is. Near half coverage the first turns into the
    second. Dead epidermis over the whole field, a burn, closes from the adnexa too.
    """
    p = wound.p
    width = np.minimum(wound.width_um, number("closure.widest_column"))
    edge = p("closure.column_lag") + width / 2 / p("closure.edge_speed")
    crowding = 1 + p("closure.crowding") * wound.open
    column = (edge + p("closure.ablative_lag") * wound.ablative) * crowding
    field = (
        p("closure.full_lag")
        + p("closure.depth_days") * saturating(wound.depth_um, p("closure.depth_scale"))
        + p("closure.full_per_heat") * wound.heat_um
    )
    wounded = saturating(wound.open + wound.killed, number("wound.presence"))
    by_field = np.maximum(wound.full, wound.burnt)
    return np.asarray(wounded * factor * ((1 - by_field) * column + by_field * field))


def redness_of(wound: Wound, twins: Twins) -> Redness:
    """Course of redness: how strong from the inflammatory load, how long from open surface and injured dermis.

    An open wound stays as red as it is for some days. Where light heated vessels or pigment and nothing else, vessels that have
    only been warmed pale within hours to days.
    """
    p = wound.p
    reach = p("redness.slow_scale")
    share = p("redness.slow_share") * saturating(wound.open + p("redness.slow_killed") * wound.killed, reach)
    spread = np.exp(p("redness.sd_person") * twins.redness_effect + p("redness.sd_study") * twins.redness_study)
    fading = wound.by_light * p("redness.selective_days") + (1 - wound.by_light) * p("redness.fast_days")
    fast = (fading + p("redness.fast_open_days") * wound.presence) * spread
    by_dermis = p("redness.slow_gain") * saturating(wound.dead_dermis_um, p("redness.slow_dermis"))
    slow = (p("redness.slow_days") + by_dermis) * spread
    hold = p("redness.hold_days") * wound.presence
    return Redness(hold_days=hold, peak=10 * saturating(wound.inflammation, 1.0), share=share, fast_days=fast, slow_days=slow)


def raw_days(wound: Wound, closure: Draws) -> Draws:
    """Days with an open or burnt surface: until closure there, 0 where the stratum corneum stays whole."""
    return np.asarray(np.maximum(wound.presence, wound.burnt) * closure)


def makeup_day(wound: Wound, closure: Draws, spot_crust: Draws) -> Draws:
    """First day make-up is allowed on the treated skin.

    Day 0 with the stratum corneum whole and no crust; later than closure after ablation; over crusts
    on treated spots (`spot_crust`, the day they have gone) not before they fall.
    """
    p = wound.p
    stretch = p("makeup.per_closure") + p("makeup.full") * wound.full
    return np.asarray(np.maximum(raw_days(wound, closure) * stretch, spot_crust))


def shed_day(wound: Wound, factor: Draws, closure: Draws) -> Draws:
    """Day by which dead columns or crusts have gone.

    The plug of a column leaves the later the wider and the deeper it is, and where the surface was
    open a crust dries over it; nothing falls before the skin below is closed. Crusts of pigmented
    spots have their own day, whatever share of the pigment was hit, also where the light killed the epidermis over them.
    """
    p = wound.p
    half_width = np.minimum(wound.width_um, number("closure.widest_column")) / 2
    columns = (
        p("shed.base_days")
        + half_width / p("closure.edge_speed")
        + p("shed.depth_days") * saturating(wound.depth_um, p("shed.depth_scale"))
        + p("shed.open_days") * wound.ablative
    ) * factor
    lesion = p("shed.lesion_days") * factor
    dead = wound.open + (1 - wound.pigment) * wound.killed
    spot = saturating(wound.pigment, number("wound.presence")) * np.exp(-dead / number("wound.presence"))
    return np.asarray(spot * np.maximum(closure, lesion) + (1 - spot) * np.maximum(closure, columns))
