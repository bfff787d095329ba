"""One device with many settings at the person's sites: responses of all twins to all settings at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from recutis import evidence
from recutis.bands import Draws
from recutis.injury import Injury
from recutis.laser.types import Device, Exposure, Settings
from recutis.plan.evaluate import Evaluator, Place, burned_fraction, hardest_hit, too_deep_um, treated_area_cm2
from recutis.plan.fold import continued
from recutis.plan.quantiles import quantiles
from recutis.response import PERSON_DRIVEN, RISKS

if TYPE_CHECKING:
    from recutis.response import Care


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


def site_table(
    device: Device, exposures: Sequence[Exposure], injuries: Mapping[str, Sequence[Injury]], place: Place, evaluator: Evaluator,
    *, sessions: int,
) -> SiteTable:  # fmt: skip
    """Evaluate a device's exposures and the injuries that they make, by concern, at one site: all twins, courses up to so many sessions."""
    each = [dict(zip(injuries, row, strict=True)) for row in zip(*injuries.values(), strict=True)]
    worst = [hardest_hit(one) for one in each]
    cares = [evaluator.care_for(device, injury) for injury in worst]
    area_cm2 = treated_area_cm2(device, place)
    downtime, risks = _responses(worst, cares, place, area_cm2)
    pain, least, numbing = _pains(device, worst, cares, place, evaluator)
    own = _gains(device, injuries, place, evaluator, sessions)
    return SiteTable(
        place=place,
        settings=tuple(exposure.settings for exposure in exposures),
        injuries=injuries,
        gain={name: _further(curves, place.gained.get(name), sessions) for name, curves in own.items()},
        own=own,
        downtime=downtime,
        pain=pain,
        least_pain=least,
        risks=risks,
        minutes=numbing + _laser_minutes(exposures, area_cm2),
        burned=np.array([max(burned_fraction(injury, place.skin) for injury in one.values()) for one in each]),
        too_deep_um=np.array([too_deep_um(injury, place) for injury in worst]),
    )


def _gains(
    device: Device, injuries: Mapping[str, Sequence[Injury]], place: Place, evaluator: Evaluator, sessions: int
) -> dict[str, Draws]:
    from recutis import response
    from recutis.patient import severity_fraction

    return {
        name: response.improve_many(
            several, place.lesions[name], place.twins, sessions=sessions + place.further,
            interval_weeks=evaluator.interval_weeks(device), severity=severity_fraction(place.concerns[name]),
        ).by_session
        for name, several in injuries.items()
    }  # fmt: skip


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


def _by_care(cares: Sequence[Care]) -> dict[Care, list[int]]:
    groups: dict[Care, list[int]] = {}
    for number, care in enumerate(cares):
        groups.setdefault(care, []).append(number)
    return groups


def _responses(worst: Sequence[Injury], cares: Sequence[Care], place: Place, area_cm2: float) -> tuple[Draws, dict[str, Draws]]:
    from recutis import response

    shape = (len(worst), place.twins.n)
    downtime, risks = np.empty(shape), {kind: np.empty(shape) for kind in RISKS}
    for care, rows in _by_care(cares).items():
        told = response.respond_many([worst[row] for row in rows], place.twins, care, area_cm2=area_cm2)
        downtime[rows] = told.social_downtime_days
        for kind in RISKS:
            risks[kind][rows] = told.risks[kind]
    return downtime, risks


def _pains(
    device: Device, worst: Sequence[Injury], cares: Sequence[Care], place: Place, evaluator: Evaluator
) -> tuple[Draws, Draws, Draws]:
    """Pain with the usual anaesthesia (the mildest that brings the median to the usual target), the least pain, minutes of numbing."""
    from recutis import response

    names = evaluator.anaesthesia(device)
    levels = [replace(cares[0], anaesthesia=name) for name in names]
    pain = response.pain_many(worst, place.twins, levels)
    middle = quantiles(pain, (0.5,), place.twins.unequal)[..., 0]
    enough = middle <= evidence.value("plan.pain_target")
    chosen = np.where(enough.any(axis=0), np.argmax(enough, axis=0), len(names) - 1)
    minutes = np.array([float(np.median(response.numbing_minutes(level, place.twins))) for level in levels])
    rows = np.arange(len(worst))
    least = np.argmin(quantiles(pain, (0.9,), place.twins.unequal)[..., 0], axis=0)
    return pain[chosen, rows], pain[least, rows], minutes[chosen]


def _laser_minutes(exposures: Sequence[Exposure], area_cm2: float) -> Draws:
    from recutis.laser import treatment_minutes

    return np.array([treatment_minutes(exposure, area_cm2)[1] for exposure in exposures])


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
