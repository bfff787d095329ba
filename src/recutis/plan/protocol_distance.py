"""Published protocols beside the first option: how far its settings lie from them, and why, on the same person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from recutis.errors import RecutisError
from recutis.plan.document import ProtocolDistance
from recutis.plan.evaluate import PhaseEvaluation, Place, course_draws
from recutis.plan.objectives import CourseDraws, broken
from recutis.plan.protocols import Outcome, Protocol, distance, protocols_for, starting_settings, why_differs
from recutis.plan.setting_limits import under_ceiling
from recutis.units import PERCENT

if TYPE_CHECKING:
    from recutis.plan.candidate import PhasePlan
    from recutis.plan.explore import Explored
    from recutis.plan.finalists import Finalist

_MOST: Final = 3


def protocol_distances(explored: Explored, first: Finalist, at: Mapping[str, Place]) -> tuple[ProtocolDistance, ...]:
    """The most telling protocols for each device of the first option and the concerns it treats."""
    phototype = explored.request.patient.patient.phototype or "VI"
    found: dict[str, ProtocolDistance] = {}
    for phase, evaluated in zip(first.candidate.phases, first.phases, strict=True):
        for item in evaluated.evaluations:
            for concern in item.place.concerns.values():
                for protocol in protocols_for(phase.device.device_class, concern.kind, phototype, site=item.place.site):
                    if protocol.has_settings and protocol.name not in found and len(found) < _MOST:
                        found[protocol.name] = _told(explored, phase, evaluated, protocol, item.place.site, at)
    return tuple(found.values())


def _told(
    explored: Explored, phase: PhasePlan, evaluated: PhaseEvaluation, protocol: Protocol, site: str, at: Mapping[str, Place]
) -> ProtocolDistance:
    item = next(one for one in evaluated.evaluations if one.place.site == site)
    far = distance(protocol, item.exposure, phase.sessions, phase.interval_weeks)
    start = starting_settings(protocol, phase.device)
    lowered = None if start.settings is None else under_ceiling(phase.device, start.settings, phase.ceilings[site])
    words = [f"{protocol.name}: {far.words}."]
    if start.settings is None:
        words.append(f"It cannot be set on this device: {start.reason}")
    elif lowered is None:
        words.append("For this skin it lies above the hard ceiling.")
    else:
        if lowered != start.settings:
            words.append("It was turned down to the ceiling of this skin.")
        try:
            theirs = PhaseEvaluation(
                evaluations=(explored.evaluator.site(phase.device, lowered, at[site]),), sessions=phase.sessions
            )
        except RecutisError as error:
            words.append(str(error))
        else:
            ours = course_draws([PhaseEvaluation(evaluations=(item,), sessions=phase.sessions)])
            words += why_differs(far, _outcome(ours), _outcome(course_draws([theirs]), explored))[1:]
    return ProtocolDistance(
        name=protocol.name, device_class=protocol.device_class, text=" ".join(words), within=far.inside if far.knobs else None,
        sources=protocol.row_ids,
    )  # fmt: skip


def _outcome(course: CourseDraws, explored: Explored | None = None) -> Outcome:
    gains = [course.quantile(draws, 0.5) for draws in course.improvement_pct.values()]
    return Outcome(
        improvement_pct=float(np.mean(gains)),
        downtime_days=course.quantile(course.social_downtime_days, 0.5),
        pih_pct=PERCENT * course.quantile(course.risks["pih"], 0.5),
        breaks=() if explored is None else broken(course, explored.limits),
    )
