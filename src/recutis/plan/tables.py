"""Many settings of many devices at the person's sites: responses of all twins to all settings at once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from recutis import evidence
from recutis.bands import Draws
from recutis.injury import Injury
from recutis.laser.types import Device, Exposure, Settings
from recutis.plan.evaluate import HARDLY_HURT, Evaluator, Place, burned_fraction, hardest_hit, too_deep_um, treated_area_cm2
from recutis.plan.fold import continued
from recutis.plan.quantiles import quantiles
from recutis.response import PERSON_DRIVEN, RISKS
from recutis.response.chunks import processors

if TYPE_CHECKING:
    from recutis.response import Care

_TOGETHER = 1 << 15  # settings times twins of one task: what a processor's own memory holds
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteTable:
    """Settings of one device at one site, in their order.

    `gain` by concern (settings, sessions, n) in percent, after what earlier sessions have gained; `own` from untreated skin, followed
    for more sessions where something was gained; `downtime` (settings, n), `risks` by kind the same; `pain` with the
    usual anaesthesia and `least_pain` with what numbs most, (settings, n); `numbing_minutes` and `laser_minutes` of a session,
    (settings,).
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
    numbing_minutes: Draws
    laser_minutes: Draws
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
    told = _told(worst, owner, injuries, place, evaluator, sessions + place.further)
    gain = {name: _further(curves, place.gained.get(name), sessions) for name, curves in told.own.items()}
    minutes = _laser_minutes(exposures, owner, place)
    burned = np.array([max(burned_fraction(injury, place.skin) for injury in one.values()) for one in each])
    too_deep = np.array([too_deep_um(injury, place) for injury in worst])
    ends = np.cumsum([0, *(len(part.exposures) for part in parts)])
    return [
        SiteTable(
            place=place,
            settings=tuple(exposure.settings for exposure in part.exposures),
            injuries=part.injuries,
            gain={name: values[start:end] for name, values in gain.items()},
            own={name: values[start:end] for name, values in told.own.items()},
            downtime=told.downtime[start:end],
            pain=told.pain[start:end],
            least_pain=told.least_pain[start:end],
            risks={kind: values[start:end] for kind, values in told.risks.items()},
            numbing_minutes=told.numbing_minutes[start:end],
            laser_minutes=minutes[start:end],
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


@dataclass(frozen=True, kw_only=True, eq=False)
class _Told:
    """What twins say of settings in one order: arrays as in `SiteTable`, filled group by group."""

    own: dict[str, Draws]
    downtime: Draws
    pain: Draws
    least_pain: Draws
    risks: dict[str, Draws]
    numbing_minutes: Draws


def _told(
    worst: Sequence[Injury], owner: Sequence[Device], injuries: Mapping[str, Sequence[Injury]], place: Place, evaluator: Evaluator,
    sessions: int,
) -> _Told:  # fmt: skip
    """Healing, pain and improvement of all settings; those with the same care, area, interval and anaesthesia at once."""
    from recutis import response
    from recutis.patient import severity_fraction

    shape = (len(worst), place.twins.n)
    found = _Told(
        own={name: np.empty((shape[0], sessions, shape[1])) for name in injuries},
        downtime=np.empty(shape),
        pain=np.empty(shape),
        least_pain=np.empty(shape),
        risks={kind: np.empty(shape) for kind in RISKS},
        numbing_minutes=np.empty(shape[0]),
    )
    usual = {
        id(device): (treated_area_cm2(device, place), evaluator.interval_weeks(device), evaluator.anaesthesia(device))
        for device in {id(device): device for device in owner}.values()
    }
    keys = [(evaluator.care_for(device, injury), *usual[id(device)]) for device, injury in zip(owner, worst, strict=True)]
    many = max(_TOGETHER // place.twins.n, 1)
    tasks = [(key, rows[first : first + many]) for key, rows in _grouped(keys).items() for first in range(0, len(rows), many)]

    def work(task: tuple[tuple[Care, float, float, tuple[str, ...]], list[int]]) -> None:
        (care, area_cm2, weeks, names), rows = task
        here = [worst[row] for row in rows]
        healing = response.respond_many(here, place.twins, care, area_cm2=area_cm2, threads=1)
        found.downtime[rows] = healing.social_downtime_days
        for kind in RISKS:
            found.risks[kind][rows] = healing.risks[kind]
        levels = [replace(care, anaesthesia=name) for name in names]
        found.pain[rows], found.least_pain[rows], found.numbing_minutes[rows] = _pains(here, levels, place)
        for name, several in injuries.items():
            found.own[name][rows] = response.improve_many(
                [several[row] for row in rows], place.lesions[name], place.twins, sessions=sessions, interval_weeks=weeks,
                severity=severity_fraction(place.concerns[name]), threads=1,
            ).by_session  # fmt: skip

    with ThreadPoolExecutor(processors()) as pool:
        for done in [pool.submit(work, task) for task in tasks]:
            done.result()
    return found


def _pains(worst: Sequence[Injury], levels: Sequence[Care], place: Place) -> tuple[Draws, Draws, Draws]:
    """Pain with the usual anaesthesia (the mildest that brings the median to the usual target), the least pain, minutes of numbing."""
    from recutis import response

    pain = response.pain_many(worst, place.twins, levels, threads=1)
    told = quantiles(pain, (0.5, HARDLY_HURT), place.twins.unequal)
    enough = told[..., 0] <= evidence.value("plan.pain_target")
    chosen = np.where(enough.any(axis=0), np.argmax(enough, axis=0), len(levels) - 1)
    minutes = np.array([float(np.median(response.numbing_minutes(level, place.twins))) for level in levels])
    here, mildest = np.arange(len(worst)), np.argmin(told[..., 1], axis=0)
    return pain[chosen, here], pain[mildest, here], minutes[chosen]


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


def _laser_minutes(exposures: Sequence[Exposure], owner: Sequence[Device], place: Place) -> Draws:
    from recutis.laser import treatment_minutes

    areas = {key: treated_area_cm2(device, place) for key, device in {id(device): device for device in owner}.items()}
    return np.array([treatment_minutes(one, areas[id(device)])[1] for one, device in zip(exposures, owner, strict=True)])


def chair_minutes(tables: Sequence[SiteTable], rows: Sequence[Sequence[int]]) -> Draws:
    """Minutes of a session at several sites: numbing once, laser time site by site, and the room; `rows` as in `together`."""
    here = [(table, list(at)) for table, at in zip(tables, rows, strict=True)]
    numbing = np.maximum.reduce([table.numbing_minutes[at] for table, at in here])
    laser = np.add.reduce([table.laser_minutes[at] for table, at in here])
    return np.asarray(numbing + laser + evidence.value("PRO-032"))


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
