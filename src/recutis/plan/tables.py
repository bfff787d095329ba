"""Many settings of many devices at the person's sites: responses of all twins to all settings at once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from recutis import evidence
from recutis.bands import Draws
from recutis.injury import Injury
from recutis.laser.types import Device, Exposure, Settings
from recutis.plan.evaluate import HARDLY_HURT, Evaluator, Place, burned_fraction, hardest_hit, too_deep_um, treated_area_cm2
from recutis.plan.fold import continued
from recutis.plan.quantiles import quantiles
from recutis.response import PERSON_DRIVEN, RISKS

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteTable:
    """Settings of one device at one site, in their order.

    `gain` by concern (settings, sessions, n) in percent, after what earlier sessions have gained; `own` from untreated skin, followed
    for more sessions where something was gained; `downtime` (settings, n), `risks` by kind the same; `pain` with the
    usual anaesthesia and `least_pain` with what numbs most, (settings, n); `minutes` in the chair a session, (settings,).
    """

    place: Place
    settings: tuple[Settings, ...]
    injuries: Mapping[str, Sequence[Injury]]
    gain: Mapping[str, Draws]
    own: Mapping[str, Draws]
    downtime: Draws
    pain: Draws
    least_pain: Draws
    risks: Mapping[str, Draws]
    minutes: Draws
    burned: Draws
    too_deep_um: Draws


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Exposures of one device at a site, and the injuries that they make, by concern."""

    device: Device
    exposures: Sequence[Exposure]
    injuries: Mapping[str, Sequence[Injury]]


def site_tables(parts: Sequence[Part], place: Place, evaluator: Evaluator, *, sessions: int) -> list[SiteTable]:
    """Evaluate many devices at one site, all twins, courses up to so many sessions: one table a part, in order.

    All parts are worked on together, which gives the numbers of each alone in a fraction of the time.
    """
    names = tuple(place.lesions)
    injuries = {name: [injury for part in parts for injury in part.injuries[name]] for name in names}
    each = [dict(zip(names, row, strict=True)) for row in zip(*injuries.values(), strict=True)]
    worst = [hardest_hit(one) for one in each]
    owner = [part.device for part in parts for _ in part.exposures]
    exposures = [exposure for part in parts for exposure in part.exposures]
    downtime, risks = _responses(worst, owner, place, evaluator)
    pain, least, numbing = _pains(worst, owner, place, evaluator)
    own = {name: _gains(injuries[name], owner, name, place, evaluator, sessions + place.further) for name in names}
    gain = {name: _further(curves, place.gained.get(name), sessions) for name, curves in own.items()}
    minutes = numbing + _laser_minutes(exposures, owner, place)
    burned = np.array([max(burned_fraction(injury, place.skin) for injury in one.values()) for one in each])
    too_deep = np.array([too_deep_um(injury, place) for injury in worst])
    ends = np.cumsum([0, *(len(part.exposures) for part in parts)])
    return [
        SiteTable(
            place=place,
            settings=tuple(exposure.settings for exposure in part.exposures),
            injuries=part.injuries,
            gain={name: values[start:end] for name, values in gain.items()},
            own={name: values[start:end] for name, values in own.items()},
            downtime=downtime[start:end],
            pain=pain[start:end],
            least_pain=least[start:end],
            risks={kind: values[start:end] for kind, values in risks.items()},
            minutes=minutes[start:end],
            burned=burned[start:end],
            too_deep_um=too_deep[start:end],
        )
        for part, start, end in zip(parts, ends, ends[1:], strict=False)
    ]


def _grouped(keys: Iterable[Key]) -> dict[Key, list[int]]:
    groups: dict[Key, list[int]] = {}
    for number, key in enumerate(keys):
        groups.setdefault(key, []).append(number)
    return groups


def _gains(
    several: Sequence[Injury], owner: Sequence[Device], name: str, place: Place, evaluator: Evaluator, sessions: int
) -> Draws:
    """Gain of a concern after each session, (settings, sessions, n)."""
    from recutis import response
    from recutis.patient import severity_fraction

    found = np.empty((len(several), sessions, place.twins.n))
    classes = {device.device_class: device for device in owner}
    intervals = {name: evaluator.interval_weeks(device) for name, device in classes.items()}
    for weeks, rows in _grouped(intervals[device.device_class] for device in owner).items():
        found[rows] = response.improve_many(
            [several[row] for row in rows], place.lesions[name], place.twins, sessions=sessions, interval_weeks=weeks,
            severity=severity_fraction(place.concerns[name]),
        ).by_session  # fmt: skip
    return found


def _further(curves: Draws, gained: Draws | None, sessions: int) -> Draws:
    """Gain after 1, 2, ... sessions by curves of equal sessions (settings, more, n), from what has been gained already, (n,)."""
    if gained is None:
        return curves[:, :sessions]
    settings, more, n = curves.shape
    flat = np.swapaxes(curves, 0, 1).reshape(more, -1)
    reached = [np.tile(gained, settings)]
    for _ in range(sessions):
        reached.append(continued(reached[-1], flat))
    return np.asarray(np.swapaxes(np.stack(reached[1:]).reshape(sessions, settings, n), 0, 1))


def _areas_cm2(owner: Sequence[Device], place: Place) -> dict[int, float]:
    """Area that each device treats, by its identity."""
    return {key: treated_area_cm2(device, place) for key, device in {id(device): device for device in owner}.items()}


def _responses(
    worst: Sequence[Injury], owner: Sequence[Device], place: Place, evaluator: Evaluator
) -> tuple[Draws, dict[str, Draws]]:
    """Downtime and risks of one session, (settings, n)."""
    from recutis import response

    shape = (len(worst), place.twins.n)
    downtime, risks = np.empty(shape), {kind: np.empty(shape) for kind in RISKS}
    areas = _areas_cm2(owner, place)
    keys = [(evaluator.care_for(device, injury), areas[id(device)]) for device, injury in zip(owner, worst, strict=True)]
    for (care, area_cm2), rows in _grouped(keys).items():
        told = response.respond_many([worst[row] for row in rows], place.twins, care, area_cm2=area_cm2)
        downtime[rows] = told.social_downtime_days
        for kind in RISKS:
            risks[kind][rows] = told.risks[kind]
    return downtime, risks


def _pains(worst: Sequence[Injury], owner: Sequence[Device], place: Place, evaluator: Evaluator) -> tuple[Draws, Draws, Draws]:
    """Pain with the usual anaesthesia (the mildest that brings the median to the usual target), the least pain, minutes of numbing."""
    from recutis import response

    usual, least = (np.empty((len(worst), place.twins.n)) for _ in range(2))
    numbing = np.empty(len(worst))
    for names, rows in _grouped(evaluator.anaesthesia(device) for device in owner).items():
        levels = [replace(evaluator.care_for(owner[rows[0]], worst[rows[0]]), anaesthesia=name) for name in names]
        pain = response.pain_many([worst[row] for row in rows], place.twins, levels)
        told = quantiles(pain, (0.5, HARDLY_HURT), place.twins.unequal)
        enough = told[..., 0] <= evidence.value("plan.pain_target")
        chosen = np.where(enough.any(axis=0), np.argmax(enough, axis=0), len(names) - 1)
        minutes = np.array([float(np.median(response.numbing_minutes(level, place.twins))) for level in levels])
        here, mildest = np.arange(len(rows)), np.argmin(told[..., 1], axis=0)
        usual[rows], least[rows], numbing[rows] = pain[chosen, here], pain[mildest, here], minutes[chosen]
    return usual, least, numbing


def _laser_minutes(exposures: Sequence[Exposure], owner: Sequence[Device], place: Place) -> Draws:
    from recutis.laser import treatment_minutes

    areas = _areas_cm2(owner, place)
    return np.array([treatment_minutes(one, areas[id(device)])[1] for one, device in zip(exposures, owner, strict=True)])


def together(tables: Sequence[SiteTable], rows: Sequence[Sequence[int]]) -> tuple[Draws, Draws, Draws, dict[str, Draws]]:
    """Downtime, usual pain, least pain and risks of a session at several sites: as `response.combine`, many settings at once.

    rows : for each site, the setting of its table by setting of the device.
    """

    def worst(name: str) -> Draws:
        return np.asarray(np.maximum.reduce([getattr(table, name)[list(at)] for table, at in zip(tables, rows, strict=True)]))

    def chance(kind: str) -> Draws:
        parts = [table.risks[kind][list(at)] for table, at in zip(tables, rows, strict=True)]
        if kind in PERSON_DRIVEN:
            return np.asarray(np.maximum.reduce(parts))
        return np.asarray(1 - np.multiply.reduce([1 - part for part in parts]))

    return worst("downtime"), worst("pain"), worst("least_pain"), {kind: chance(kind) for kind in RISKS}
