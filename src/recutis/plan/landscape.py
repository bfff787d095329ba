"""All courses that could be given to one person, known whatever the goals; a goal or a limit moved is answered at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from recutis.bands import Draws
from recutis.laser.types import Settings
from recutis.plan.candidate import Candidate, PhasePlan
from recutis.plan.courses import Courses, Phase, Verdict, joined, judge, no_courses, objectives, worst_passing_risk_pct, worth_of
from recutis.plan.device_courses import DeviceTable, device_courses
from recutis.plan.evaluate import Place
from recutis.plan.objectives import Limits, pareto
from recutis.plan.pairs import pair_courses, pairs_of
from recutis.plan.refine import ROUNDS, proposals
from recutis.plan.search import Looked, Refused, Search


@dataclass(kw_only=True, eq=False)
class Landscape:
    """Courses with one device and with two, their refusals, and the person's concerns with their sites and priorities.

    `courses` holds every one as columns; nothing in it depends on the limits.
    """

    concerns: Mapping[str, str]
    weights: Draws
    devices: tuple[DeviceTable, ...]
    courses: Courses
    refused: Refused
    twins: int
    places: Mapping[str, Place]
    _judged: dict[Limits, Verdict] = field(default_factory=dict)
    _worth: dict[str, Verdict] = field(default_factory=dict)

    def judged(self, limits: Limits) -> Verdict:
        """What these limits make of every course; kept, since each is asked for several times."""
        if limits not in self._judged:
            if limits.risk not in self._worth:
                self._worth[limits.risk] = worth_of(self.courses, limits, self.weights)
            self._judged[limits] = judge(self.courses, limits, self.weights, worth=self._worth[limits.risk])
        return self._judged[limits]

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Name of the class, or of the two classes, of each course."""
        return tuple("+".join(self.devices[phase.device].device.device_class for phase in one) for one in self.courses.phases)

    def best(self, limits: Limits, *, among: Sequence[int] | None = None) -> int | None:
        """Row of the best course that keeps every limit; None where none does.

        Whoever asked for two things is offered first what does both: courses are ordered by the weight of the concerns on which
        they make a visible change, then by score.
        """
        verdict = self.judged(limits)
        rows = np.flatnonzero(verdict.kept) if among is None else np.array([row for row in among if verdict.kept[row]], dtype=int)
        if rows.size == 0:
            return None
        order = np.lexsort((rows, -verdict.score[rows], -np.round(verdict.treated[rows], 9)))
        return int(rows[order[0]])

    def best_of_each_kind(self, limits: Limits) -> list[int]:
        """Rows of the best course of each class, and of each pair of classes, that keeps every limit; best first."""
        verdict = self.judged(limits)
        rows = np.flatnonzero(verdict.kept)
        order = rows[np.lexsort((rows, -verdict.score[rows], -np.round(verdict.treated[rows], 9)))]
        found: dict[str, int] = {}
        for row in order.tolist():
            found.setdefault(self.class_names[row], row)
        return list(found.values())

    def front(self, limits: Limits) -> list[int]:
        """Rows that keep every limit and that no other dominates in any objective."""
        kept = np.flatnonzero(self.judged(limits).kept)
        points = objectives(self.courses, limits, self.weights)[kept]
        return [int(kept[index]) for index in pareto(points)]

    def removed(self, limits: Limits) -> Counter[str]:
        """How many courses each limit removes."""
        return Counter({text: int(flags.sum()) for text, flags in self.judged(limits).breaks.items() if flags.any()})

    def offered(self, limits: Limits) -> set[str]:
        """Classes with a course that keeps every limit, alone or in a pair."""
        kept = np.flatnonzero(self.judged(limits).kept)
        return {name for row in kept.tolist() for name in self.class_names[row].split("+")}

    def phase(self, phase: Phase) -> PhasePlan:
        """A phase as it is given."""
        device = self.devices[phase.device]
        return PhasePlan(
            device=device.device,
            settings=device.settings[phase.setting],
            site_settings=device.site_settings(phase.setting, phase.sites),
            ceilings={site: device.ceilings[site] for site in phase.sites},
            sessions=phase.sessions,
            interval_weeks=device.interval_weeks,
        )

    def candidate(self, row: int, limits: Limits) -> Candidate:
        """One course with what these limits make of it."""
        verdict = self.judged(limits)
        visible = self.visible(row)
        return Candidate(
            row=row,
            phases=tuple(self.phase(phase) for phase in self.courses.phases[row]),
            treats=tuple(name for name, seen in zip(self.concerns, visible, strict=True) if seen),
            breaks=verdict.broken(row),
            gain=float(verdict.gain[row]),
            median_gain=float(verdict.median_gain[row]),
            score=float(verdict.score[row]),
        )

    def visible(self, row: int) -> list[bool]:
        """Which concerns a course changes visibly in the median twin."""
        from recutis import evidence

        least = evidence.value("plan.visible_change")
        return [bool(gain >= least) for gain in self.courses.gain[row, :, -1]]

    def worst_passing_risk_pct(self) -> Draws:
        """Median chance of PIH or infection in the course by row, whichever is larger."""
        return worst_passing_risk_pct(self.courses)


def landscape(
    search: Search,
    looked: Sequence[Looked],
    refused: Refused,
    weights: Mapping[str, float],
    prices: Mapping[str, float | None],
    limits: Limits,
) -> Landscape:
    """Respond to everything that was looked at, and join devices in pairs; `prices` of a session by device name.

    Of `limits` only the appetite for risk is read: it says where settings between those of the grid are worth trying.
    """
    order = np.array([weights[name] for name in search.concerns])
    devices, singles = _refined(search, looked, order, limits, prices)
    alone = joined(singles) if singles else no_courses(len(search.concerns))
    two = pairs_of(alone, devices, order, most_sessions=search.most_sessions)
    pairs = pair_courses(two, devices, search.concerns, search.gained)
    return Landscape(
        concerns=search.concerns,
        weights=order,
        devices=tuple(devices),
        courses=joined([alone, pairs]),
        refused=refused,
        twins=next((place.twins.n for place in search.places.values()), 0),
        places=search.places,
    )


@dataclass(eq=False)
class _Growing:
    """A device's grid and courses as settings between are added; `first` says where each table's settings begin in the grid."""

    looked: Looked
    grid: list[Settings]
    courses: Courses
    first: dict[int, int]

    def add(self, table: DeviceTable, search: Search) -> None:
        """Take over the settings of a further table."""
        self.first[table.number] = len(self.grid)
        self.grid += table.settings
        self.courses = joined([self.courses, device_courses(table, search.concerns, search.gained)])

    def proposed(self, weights: Draws, limits: Limits) -> tuple[Settings, ...]:
        """Settings between those of the grid that read well."""
        places = [self.first[phases[0].device] + phases[0].setting for phases in self.courses.phases]
        return proposals(self.grid, self.courses, places, weights, limits)


def _refined(
    search: Search, looked: Sequence[Looked], weights: Draws, limits: Limits, prices: Mapping[str, float | None]
) -> tuple[list[DeviceTable], list[Courses]]:
    """Tables of all devices, and further ones for settings between those of their grids; the courses of each device."""
    devices = search.tables([(number, one, prices.get(one.device.name)) for number, one in enumerate(looked)])
    nothing = no_courses(len(search.concerns))
    growing = [_Growing(looked=one, grid=[], courses=nothing, first={}) for one in looked]
    for one, table in zip(growing, devices, strict=True):
        one.add(table, search)
    for _ in range(ROUNDS if search.refine else 0):
        more: list[tuple[_Growing, Looked]] = []
        for one in growing:
            settings = one.proposed(weights, limits)
            found = search.injured(one.looked.device, settings, one.looked.ceilings) if settings else None
            if found is not None and found.settings:
                more.append((one, found))
        first = len(devices)
        tables = search.tables([(first + k, found, prices.get(found.device.name)) for k, (_, found) in enumerate(more)])
        for (one, _), table in zip(more, tables, strict=True):
            one.add(table, search)
        devices += tables
    return devices, [one.courses for one in growing]
