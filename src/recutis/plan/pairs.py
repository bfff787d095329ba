"""Courses with two devices, one after the other: selective light first, then the laser that resurfaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.bands import Draws
from recutis.plan.courses import GAIN_QUANTILES, LIMIT_QUANTILES, Courses, Phase, no_courses
from recutis.plan.device_courses import TOLD_HARMS, DeviceTable, harms
from recutis.plan.fold import continued, repeated_chance
from recutis.plan.quantiles import quantiles
from recutis.response import RISKS
from recutis.units import PERCENT

Flags = NDArray[np.bool_]
_PRICES: Final = (0.0, 0.5, 2.0, 8.0)  # points a day of downtime: from a person who does not mind to one who cannot hide
_CLASSES: Final = 6  # device classes a concern that are worth pairing
_MOST: Final = 1200  # pairs looked at
_FIRST: Final = ("vascular_", "ipl", "pigment_")  # light that leaves the surface whole goes before a laser that opens it


def promising(courses: Courses, devices: Sequence[DeviceTable]) -> list[int]:
    """Courses with one device worth joining to others: for each concern the best of the best classes, at several prices of downtime.

    It knows no goal of the person, so that what may be joined does not depend on limits.
    """
    if not len(courses):
        return []
    harm = PERCENT * courses.risk_mean[:, 0] * evidence.value("plan.price.pih")
    allowed = np.flatnonzero((courses.too_deep_um <= 0) & (PERCENT * courses.burned <= evidence.value("plan.cap.selective_burn")))
    names = np.array([devices[phases[0].device].device.device_class for phases in courses.phases])
    found: dict[int, None] = {}
    for concern in range(courses.gain.shape[1]):
        seen = courses.gain[:, concern, GAIN_QUANTILES.index(0.5)]
        for price in _PRICES:
            worth = courses.gain[:, concern].mean(axis=1) - harm - price * courses.downtime_total
            for sessions in np.unique(courses.sessions):
                rows = allowed[(courses.sessions[allowed] == sessions) & (seen[allowed] >= evidence.value("plan.visible_change"))]
                best: dict[str, int] = {}
                for row in rows[np.argsort(-worth[rows], kind="stable")].tolist():
                    best.setdefault(str(names[row]), row)
                    if len(best) == _CLASSES:
                        break
                found |= dict.fromkeys(best.values())
    return list(found)


def _order(device: DeviceTable) -> tuple[bool, str]:
    return (not device.device.device_class.startswith(_FIRST), device.device.device_class)


def pairs_of(
    courses: Courses, devices: Sequence[DeviceTable], weights: Draws, *, most_sessions: int
) -> list[tuple[Phase, Phase]]:
    """Pairs of promising courses with devices of two classes that fit into so many sessions.

    Of those there are, the ones that look best at several prices of downtime, as if the two did not know of each other.
    """
    rows = np.array(promising(courses, devices), dtype=np.intp)
    if rows.size == 0:
        return []
    order = [_order(devices[courses.phases[row][0].device]) for row in rows.tolist()]
    rank = {name: number for number, name in enumerate(sorted(set(order)))}
    place, count = np.array([rank[name] for name in order]), courses.sessions[rows]
    first, second = np.nonzero((place[:, None] < place[None, :]) & (count[:, None] + count[None, :] <= most_sessions))
    a, b = rows[first], rows[second]
    both = 1 - (1 - courses.gain[a] / PERCENT) * (1 - courses.gain[b] / PERCENT)
    gain = PERCENT * both.mean(axis=2) @ weights / (float(weights.sum()) or 1.0)
    harm = evidence.value("plan.price.pih") * PERCENT * (courses.risk_mean[a, 0] + courses.risk_mean[b, 0])
    days = courses.downtime_total[a] + courses.downtime_total[b]
    chosen: dict[int, None] = {}
    for price in _PRICES:
        worth = gain - harm - price * days - evidence.value("plan.price.session") * (courses.sessions[a] + courses.sessions[b])
        chosen |= dict.fromkeys(np.argsort(-worth, kind="stable")[: _MOST // len(_PRICES)].tolist())
    return [(courses.phases[int(a[k])][0], courses.phases[int(b[k])][0]) for k in sorted(chosen)]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Singles:
    """Phases that occur in pairs, each once: one session of each, all twins, and the gain by session of each concern."""

    place: Mapping[Phase, int]
    downtime: Draws
    pain: Draws
    least_pain: Draws
    risks: Mapping[str, Draws]
    curves: Mapping[str, Draws]  # (phases, sessions, n), after what earlier sessions have gained
    own: Mapping[str, Draws]  # the same from untreated skin
    treated: Mapping[str, Flags]
    minutes: Draws
    price: Draws
    burned: Draws
    too_deep_um: Draws


def _singles(
    phases: Sequence[Phase], devices: Sequence[DeviceTable], concerns: Mapping[str, str], gained: Mapping[str, Draws]
) -> _Singles:
    ones = [devices[phase.device].session([phase.setting], phase.sites) for phase in phases]

    def curve(phase: Phase, name: str, site: str, *, own: bool = False) -> Draws:
        device = devices[phase.device]
        table = next(iter(device.tables.values()))
        some = table.own if own else table.gain
        shape = next(iter(some.values())).shape[1:]
        if site not in phase.sites:
            return np.broadcast_to(gained.get(name, np.zeros(shape[-1])), shape)
        return np.asarray((device.own if own else device.gain)(name, site, [phase.setting])[0])

    def worst(name: str) -> Draws:
        return np.array([max(_site_numbers(devices[phase.device], phase, name)) for phase in phases])

    prices = [devices[phase.device].price for phase in phases]
    return _Singles(
        place={phase: number for number, phase in enumerate(phases)},
        downtime=np.concatenate([one.downtime for one in ones]),
        pain=np.concatenate([one.pain for one in ones]),
        least_pain=np.concatenate([one.least_pain for one in ones]),
        risks={kind: np.concatenate([one.risks[kind] for one in ones]) for kind in RISKS},
        curves={name: np.stack([curve(phase, name, site) for phase in phases]) for name, site in concerns.items()},
        own={name: np.stack([curve(phase, name, site, own=True) for phase in phases]) for name, site in concerns.items()},
        treated={name: np.array([site in phase.sites for phase in phases]) for name, site in concerns.items()},
        minutes=np.concatenate([devices[phase.device].minutes([phase.setting], phase.sites) for phase in phases]),
        price=np.array([np.nan if price is None else price for price in prices]),
        burned=worst("burned"),
        too_deep_um=worst("too_deep_um"),
    )


def _site_numbers(device: DeviceTable, phase: Phase, name: str) -> list[float]:
    return [float(getattr(device.tables[site], name)[device.at[site][phase.setting]]) for site in phase.sites]


def followed(reached: Draws, curve: Draws, sessions: NDArray[np.intp], treated: Flags) -> Draws:
    """Gain after so many more sessions of a second kind: `fold.continued` again and again, for many courses at once.

    reached : (courses, n). curve : (courses, sessions, n). sessions, treated : (courses,), the latter whether the second kind
    treats this concern at all.
    """
    out = reached.copy()
    for done in range(int(sessions.max(initial=0))):
        rows = np.flatnonzero(treated & (sessions > done))
        if rows.size:
            flat = np.swapaxes(curve[rows], 0, 1).reshape(curve.shape[1], -1)
            out[rows] = continued(out[rows].ravel(), flat).reshape(rows.size, -1)
    return out


def pair_courses(
    pairs: Sequence[tuple[Phase, Phase]], devices: Sequence[DeviceTable], concerns: Mapping[str, str],
    gained: Mapping[str, Draws] | None = None,
) -> Courses:  # fmt: skip
    """The columns of courses with two devices; `gained` by concern is what earlier sessions have gained."""
    if not pairs:
        return no_courses(len(concerns))
    one = _singles(list(dict.fromkeys(phase for pair in pairs for phase in pair)), devices, concerns, gained or {})
    a, b = (np.array([one.place[pair[side]] for pair in pairs]) for side in (0, 1))
    first, second = (np.array([pair[side].sessions for pair in pairs]) for side in (0, 1))
    weights = devices[pairs[0][0].device].weights
    gain = np.zeros((len(pairs), len(concerns), len(GAIN_QUANTILES)))
    for number, name in enumerate(concerns):
        curve = one.curves[name]
        reached = curve[a, first - 1]
        alone = ~one.treated[name][a] & one.treated[name][b]
        reached[alone] = curve[b[alone], second[alone] - 1]
        both = one.treated[name][a] & one.treated[name][b]
        gain[:, number] = quantiles(followed(reached, one.own[name][b], second, both), GAIN_QUANTILES, weights)
    middle = quantiles(one.downtime, (0.5,), weights)[:, 0]
    risks = {
        kind: repeated_chance(((chance[a], first), (chance[b], second)), kind=kind)
        for kind, chance in one.risks.items()
        if kind in TOLD_HARMS
    }
    return Courses(
        phases=tuple(pairs),
        gain=gain,
        downtime=quantiles(np.maximum(one.downtime[a], one.downtime[b]), LIMIT_QUANTILES, weights),
        pain=quantiles(np.maximum(one.least_pain[a], one.least_pain[b]), LIMIT_QUANTILES, weights),
        usual_pain=quantiles(np.maximum(one.pain[a], one.pain[b]), (0.5,), weights)[:, 0],
        downtime_total=first * middle[a] + second * middle[b],
        **harms(risks, weights),
        sessions=(first + second).astype(np.float64),
        minutes=first * one.minutes[a] + second * one.minutes[b],
        price=first * one.price[a] + second * one.price[b],
        burned=np.maximum(one.burned[a], one.burned[b]),
        too_deep_um=np.maximum(one.too_deep_um[a], one.too_deep_um[b]),
    )
