"""Courses with one device: every setting, one session to the most, at the sites where it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.bands import Draws
from recutis.laser.types import Device, Settings
from recutis.patient import Ceiling
from recutis.plan.courses import GAIN_QUANTILES, LIMIT_QUANTILES, PASSING_HARM, PRICED, Courses, Phase, joined, no_courses
from recutis.plan.objectives import LASTING_HARM
from recutis.plan.quantiles import quantiles
from recutis.plan.tables import SiteTable, chair_minutes, together
from recutis.response import course_risk

_ABSENT = -1
TOLD_HARMS = tuple(dict.fromkeys((*PRICED, *PASSING_HARM, *LASTING_HARM)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Session:
    """One session of every setting at the same sites, all twins: shape (settings, n); risks by kind."""

    downtime: Draws
    pain: Draws
    least_pain: Draws
    risks: Mapping[str, Draws]


@dataclass(frozen=True, kw_only=True, eq=False)
class DeviceTable:
    """A device's settings at all its sites.

    `settings` as the panel shows them before a site's ceiling turns them down; `at[site]` says which row of the site's table
    each of them is, -1 where the device cannot go so low; `foreign` are concerns that this kind of device is not made for.
    """

    number: int
    device: Device
    settings: tuple[Settings, ...]
    ceilings: Mapping[str, Ceiling]
    tables: Mapping[str, SiteTable]
    at: Mapping[str, NDArray[np.intp]]
    foreign: frozenset[str]
    interval_weeks: float
    price: float | None
    most_sessions: int

    @property
    def weights(self) -> Draws | None:
        """Weights of the twins, None where all are equal."""
        return next(iter(self.tables.values())).place.twins.unequal

    def median_gain(self, name: str, site: str) -> Draws:
        """Median gain of a concern by setting of the device and session, 0 where the device cannot go: (settings, sessions)."""
        return self._median(self.tables[site].gain[name], site)

    def median_own(self, name: str, site: str) -> Draws:
        """Median of what as many sessions as are looked at do to untreated skin, by setting of the device: (settings, 1)."""
        return self._median(self.tables[site].own[name][:, -1:], site)

    def _median(self, gain: Draws, site: str) -> Draws:
        middle = quantiles(gain, (0.5,), self.weights)[..., 0]
        return np.where((self.at[site] == _ABSENT)[:, None], 0.0, middle[self.at[site]])

    def useful(self) -> dict[str, NDArray[np.bool_]]:
        """Where so many sessions make a visible change on a concern that the device is made for: by site, (settings, sessions).

        What earlier sessions have gained counts, but not for a setting that would never change anything by itself.
        """
        visible = evidence.value("plan.visible_change")
        return {
            site: np.logical_or.reduce(
                [
                    np.zeros((len(self.settings), self.most_sessions), dtype=np.bool_),
                    *(
                        (self.median_gain(name, site) >= visible) & (self.median_own(name, site) >= visible)
                        for name in table.gain
                        if name not in self.foreign
                    ),
                ]
            )
            for site, table in self.tables.items()
        }

    def site_settings(self, setting: int, sites: Sequence[str]) -> dict[str, Settings]:
        """What the panel shows at each site."""
        return {site: self.tables[site].settings[self.at[site][setting]] for site in sites}

    def session(self, rows: Sequence[int], sites: Sequence[str]) -> Session:
        """One session of some settings at these sites together."""
        here = [self.tables[site] for site in sites]
        downtime, pain, least, risks = together(here, [self.at[site][list(rows)].tolist() for site in sites])
        return Session(downtime=downtime, pain=pain, least_pain=least, risks=risks)

    def minutes(self, rows: Sequence[int], sites: Sequence[str]) -> Draws:
        """Minutes in the chair of such a session, (rows,)."""
        return chair_minutes([self.tables[site] for site in sites], [self.at[site][list(rows)].tolist() for site in sites])

    def gain(self, name: str, site: str, rows: Sequence[int]) -> Draws:
        """Gain of a concern after each session of some settings, (rows, sessions, n)."""
        return np.asarray(self.tables[site].gain[name][self.at[site][list(rows)]])

    def own(self, name: str, site: str, rows: Sequence[int]) -> Draws:
        """The same from untreated skin, whatever earlier sessions have gained."""
        return np.asarray(self.tables[site].own[name][self.at[site][list(rows)]])


def device_courses(device: DeviceTable, concerns: Mapping[str, str], gained: Mapping[str, Draws] | None = None) -> Courses:
    """All courses of equal sessions with a device; `concerns` gives the site of each concern key, in the person's order.

    `gained` by concern is what earlier sessions have gained, which stays where a course does not treat.
    So many sessions are given at the sites where they make a visible change, and nowhere else.
    """
    useful = device.useful()
    sites = tuple(useful)
    if not sites:
        return no_courses(len(concerns))
    pattern = np.stack([useful[site] for site in sites], axis=-1)  # (settings, sessions, sites)
    parts = []
    for chosen in {tuple(row) for row in pattern.reshape(-1, len(sites)).tolist() if any(row)}:
        matches = (pattern == np.array(chosen)).all(axis=-1)
        here = tuple(site for site, taken in zip(sites, chosen, strict=True) if taken)
        every = np.flatnonzero(matches.any(axis=1))
        told = _one_session(device, every.tolist(), here)
        for sessions in range(1, device.most_sessions + 1):
            rows = np.flatnonzero(matches[every, sessions - 1])
            if rows.size:
                parts.append(_equal_sessions(device, concerns, told, rows, sessions, gained or {}))
    if not parts:
        return no_courses(len(concerns))
    whole = joined(parts)
    order = sorted(range(len(whole)), key=lambda row: (whole.phases[row][0].setting, whole.phases[row][0].sessions))
    return whole.taken(order)


@dataclass(frozen=True, kw_only=True, eq=False)
class _OneSession:
    """One session of some settings at the same sites, and what its quantiles are; nothing here depends on how many there are."""

    settings: NDArray[np.intp]
    sites: tuple[str, ...]
    one: Session
    downtime: Draws
    pain: Draws
    usual_pain: Draws
    minutes: Draws
    burned: Draws
    too_deep_um: Draws


def _one_session(device: DeviceTable, settings: list[int], sites: tuple[str, ...]) -> _OneSession:
    one, weights = device.session(settings, sites), device.weights

    def numbers(name: str) -> Draws:
        return np.array([getattr(device.tables[site], name)[device.at[site][settings]] for site in sites])

    return _OneSession(
        settings=np.array(settings, dtype=np.intp),
        sites=sites,
        one=one,
        downtime=quantiles(one.downtime, LIMIT_QUANTILES, weights),
        pain=quantiles(one.least_pain, LIMIT_QUANTILES, weights),
        usual_pain=quantiles(one.pain, (0.5,), weights)[:, 0],
        minutes=device.minutes(settings, sites),
        burned=numbers("burned").max(axis=0),
        too_deep_um=numbers("too_deep_um").max(axis=0),
    )


def _equal_sessions(
    device: DeviceTable, concerns: Mapping[str, str], told: _OneSession, rows: NDArray[np.intp], sessions: int,
    gained: Mapping[str, Draws],
) -> Courses:  # fmt: skip
    """So many sessions of some rows of what was told of one session; `gained` stands for concerns that are not treated further."""
    settings, weights = told.settings[rows].tolist(), device.weights
    gain = np.zeros((len(rows), len(concerns), len(GAIN_QUANTILES)))
    for number, (name, site) in enumerate(concerns.items()):
        if site in told.sites:
            last = device.tables[site].gain[name][device.at[site][settings], sessions - 1]
            gain[:, number] = quantiles(last, GAIN_QUANTILES, weights)
        elif name in gained:
            gain[:, number] = quantiles(gained[name], GAIN_QUANTILES, weights)
    return Courses(
        phases=tuple((Phase(device=device.number, setting=row, sessions=sessions, sites=told.sites),) for row in settings),
        gain=gain,
        downtime=told.downtime[rows],
        pain=told.pain[rows],
        usual_pain=told.usual_pain[rows],
        downtime_total=sessions * told.downtime[rows, 0],
        **harms({kind: course_risk(told.one.risks[kind][rows], sessions, kind=kind) for kind in TOLD_HARMS}, weights),
        sessions=np.full(len(rows), float(sessions)),
        minutes=sessions * told.minutes[rows],
        price=np.full(len(rows), np.nan if device.price is None else sessions * device.price),
        burned=told.burned[rows],
        too_deep_um=told.too_deep_um[rows],
    )


def harms(risks: Mapping[str, Draws], weights: Draws | None) -> dict[str, Draws]:
    """The columns of `Courses` on harm, from chances of the whole course by kind, (courses, n)."""
    high = [quantiles(risks[kind], (0.9,), weights)[:, 0] for kind in LASTING_HARM]
    middle = [quantiles(risks[kind], (0.5,), weights)[:, 0] for kind in PASSING_HARM]
    mean = [np.average(risks[kind], axis=-1, weights=weights) for kind in PRICED]
    return {"risk_mean": np.stack(mean, axis=1), "risk_middle": np.stack(middle, axis=1), "risk_high": np.stack(high, axis=1)}
