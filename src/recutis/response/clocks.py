"""The four clocks of healing and the course of redness: closure, downtime, make-up, resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recutis.response.parameters import number, saturating
from recutis.response.wound import Wound
from recutis.twins import Twins

Draws = NDArray[np.float64]


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
        """Day on which the level is reached from above; 0 where the peak lies below it. Newton steps."""
        slow_start = np.log(np.maximum(self.peak * self.share / level, 1e-12)) * self.slow_days
        fast_start = np.log(np.maximum(self.peak * (1 - self.share) / level, 1e-12)) * self.fast_days
        day = np.maximum(np.maximum(slow_start, fast_start), 0.0)
        for _ in range(8):  # the sum of two exponentials is convex: Newton from the left converges monotonically
            fast = self.peak * (1 - self.share) * np.exp(-day / self.fast_days)
            slow = self.peak * self.share * np.exp(-day / self.slow_days)
            slope = fast / self.fast_days + slow / self.slow_days
            day = day + np.maximum(fast + slow - level, 0.0) / np.maximum(slope, 1e-12)
        return np.asarray(np.where(self.peak > level, self.hold_days + day, 0.0))


def closure_days(wound: Wound, factor: Draws) -> Draws:
    """Days until the epithelium is whole again, shape (n,).

    A column closes from its edge at the keratinocyte speed; an ablated one first expels its plug,
    and crowded columns share the living skin between them. A full-field wound closes from the
    adnexa, later the deeper and the hotter it is. Near half coverage the first turns into the
    second. Dead epidermis over the whole field, a burn, closes from the adnexa too.
    """
    p = wound.p
    width = min(wound.width_um, number("closure.widest_column"))
    edge = p("closure.column_lag") + width / 2 / p("closure.edge_speed")
    crowding = 1 + p("closure.crowding") * wound.open
    column = (edge + p("closure.ablative_lag") * wound.ablative) * crowding
    field = (
        p("closure.full_lag")
        + p("closure.depth_days") * saturating(wound.depth_um, p("closure.depth_scale"))
        + p("closure.full_per_heat") * wound.heat_um
    )
    wounded = float(saturating(wound.open + wound.killed, number("wound.presence")))
    by_field = max(wound.full, wound.burnt)
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
    return np.asarray(max(wound.presence, wound.burnt) * closure)


def makeup_day(wound: Wound, closure: Draws, spot_crust: Draws) -> Draws:
    """First day make-up is allowed on the treated skin, shape (n,).

    Day 0 with the stratum corneum whole and no crust; later than closure after ablation; over crusts
    on treated spots (`spot_crust`, the day they have gone) not before they fall.
    """
    p = wound.p
    stretch = p("makeup.per_closure") + p("makeup.full") * wound.full
    return np.asarray(np.maximum(raw_days(wound, closure) * stretch, spot_crust))


def shed_day(wound: Wound, factor: Draws, closure: Draws) -> Draws:
    """Day by which dead columns or crusts have gone, shape (n,).

    The plug of a column leaves the later the wider and the deeper it is, and where the surface was
    open a crust dries over it; nothing falls before the skin below is closed. Crusts of pigmented
    spots have their own day.
    """
    p = wound.p
    half_width = min(wound.width_um, number("closure.widest_column")) / 2
    columns = (
        p("shed.base_days")
        + half_width / p("closure.edge_speed")
        + p("shed.depth_days") * saturating(wound.depth_um, p("shed.depth_scale"))
        + p("shed.open_days") * wound.ablative
    ) * factor
    lesion = p("shed.lesion_days") * factor
    dead = wound.open + wound.killed
    spot = wound.pigment * float(np.exp(-dead / number("wound.presence")))
    return np.asarray(spot * lesion + (1 - spot) * np.maximum(closure, columns))
