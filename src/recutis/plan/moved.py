"""Goals moved after everything was looked at: the same courses under other limits, priorities or appetite for risk, at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from recutis.files import Document, validate
from recutis.injury import Injury
from recutis.laser.types import Exposure, Settings
from recutis.patient.profile import Goals
from recutis.plan.evaluate import InjuryProvider
from recutis.plan.explore import Explored, evaluator_of, limits_of, looked_at, weights_of
from recutis.plan.finalists import Finalist, simulated
from recutis.plan.landscape import Landscape
from recutis.skin.types import Lesion, Skin

if TYPE_CHECKING:
    from recutis.plan.device_courses import DeviceTable


def read_goals(document: Mapping[str, object]) -> Goals:
    """Goals from a mapping, as a form sends them: the part `goals` of a patient file.

    Raises InputError: one sentence naming the place, the value and what is allowed.
    """
    return validate(Goals, Document(name="the goals", data=dict(document), lines={}))


def reweighted(found: Landscape, weights: Mapping[str, float]) -> Landscape:
    """The same courses under other priorities, by concern key; nothing is looked for again."""
    order = np.array([weights[name] for name in found.concerns])
    known = found._worth if np.array_equal(order, found.weights) else {}  # what nothing but priorities and risk decides
    new = replace(found, weights=order, _judged={}, _worth=known)
    new.__dict__["class_names"] = found.class_names  # the courses are the same ones
    return new


def moved(explored: Explored, goals: Goals) -> Explored:
    """What was explored, under other goals of the same person; the request and all that is told say the new ones."""
    patient = explored.request.patient.model_copy(update={"goals": goals})
    request = replace(explored.request, patient=patient)
    limits = limits_of(patient)
    if request.so_far is not None:
        limits = request.so_far.held(limits)
    evaluator = evaluator_of(request, explored.screening, limits, explored.evaluator.injure)
    evaluator.most_sessions = max(evaluator.most_sessions, explored.search.most_sessions)
    return replace(
        explored, request=request, limits=limits, evaluator=evaluator,
        landscape=reweighted(explored.landscape, weights_of(patient)),
    )  # fmt: skip


def why_explore_again(explored: Explored, goals: Goals) -> str:
    """What exploring anew under these goals would look at that was not looked at before, in a sentence; empty where nothing."""
    patient = explored.request.patient
    limits = limits_of(patient.model_copy(update={"goals": goals}))
    weights = weights_of(patient.model_copy(update={"goals": goals}))
    words = []
    if looked_at(limits) != explored.search.most_sessions:
        words.append(f"courses of up to {explored.search.most_sessions} sessions were looked at")
    if goals.risk != explored.limits.risk:
        words.append(f"settings between those of the grid were chosen for somebody {explored.limits.risk} about risk")
    if [weights[name] for name in explored.landscape.concerns] != explored.landscape.weights.tolist():
        words.append("settings between those of the grid, and pairs of devices, were chosen by other priorities")
    if not words:
        return ""
    told = "; ".join(words)
    return f"{told[0].upper()}{told[1:]}: plan again to look at the rest."


@dataclass(eq=False)
class SearchedInjuries:
    """Injuries as the search has made them, by exposure, skin and lesion; what it has not made, `otherwise` makes.

    It answers in microseconds, so that one course is told with all twins as soon as somebody asks for it.
    """

    found: Landscape
    otherwise: InjuryProvider

    @cached_property
    def _rows(self) -> dict[tuple[str, str, Settings], tuple[DeviceTable, int]]:
        return {
            (device.device.name, site, one): (device, row)
            for device in self.found.devices
            for site, table in device.tables.items()
            for row, one in enumerate(table.settings)
        }

    @cached_property
    def _lesions(self) -> dict[int, tuple[str, str, Skin]]:
        """Site, concern and skin by lesion; the landscape keeps the lesions alive, so that their identities hold."""
        return {
            id(lesion): (site, name, place.skin)
            for site, place in self.found.places.items()
            for name, lesion in place.lesions.items()
        }

    def __call__(self, exposure: Exposure, skin: Skin, *, lesion: Lesion | None = None) -> Injury:
        """Injury by all passes of one session."""
        site, name, own = self._lesions.get(id(lesion), ("", "", None))
        known = self._rows.get((exposure.device.name, site, exposure.settings)) if own is skin else None
        if known is None:
            return self.otherwise(exposure, skin, lesion=lesion)
        device, row = known
        return device.tables[site].injuries[name][row]


def lighter(explored: Explored) -> Explored:
    """The same without the draws that columns were made from, so that many can be kept; all but new pairs can be told from it."""
    nothing = np.empty(0)
    bare = {"gain": {}, "own": {}, "risks": {}, "downtime": nothing, "pain": nothing, "least_pain": nothing}
    devices = tuple(
        replace(device, tables={site: replace(table, **bare) for site, table in device.tables.items()})  # type: ignore[arg-type]
        for device in explored.landscape.devices
    )
    return replace(explored, landscape=replace(explored.landscape, devices=devices, _judged={}, _worth={}))


def as_searched(explored: Explored) -> Explored:
    """What was explored, with an evaluator that tells any of its courses from what the search knows: no physics is run."""
    injure = SearchedInjuries(found=explored.landscape, otherwise=explored.evaluator.injure)
    return replace(explored, evaluator=replace(explored.evaluator, injure=injure, _cache={}))


def told_by_search(explored: Explored, row: int) -> Finalist:
    """A course in full with the twins of the search; `explored` is what `as_searched` made."""
    found, weights = explored.landscape, weights_of(explored.request.patient)
    return simulated(found.candidate(row, explored.limits), found, explored.evaluator, found.places, explored.limits, weights)


__all__ = [
    "SearchedInjuries", "as_searched", "lighter", "moved", "read_goals", "reweighted", "told_by_search", "why_explore_again",
]  # fmt: skip
