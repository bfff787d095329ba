"""The main job: a patient file to a plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from recutis.errors import InputError
from recutis.patient import questions, screen, unasked
from recutis.plan.assemble import Draft, assemble
from recutis.plan.calendar import calendar
from recutis.plan.candidate import Candidate, PhasePlan
from recutis.plan.care import HERPES_RULES
from recutis.plan.commissioned_document import commissioned_device
from recutis.plan.comparators import comparators, no_treatment
from recutis.plan.describe import course_label, option
from recutis.plan.document import Option, Plan, Question, Status
from recutis.plan.evaluate import InjuryProvider, Place, named_concerns, places
from recutis.plan.explain import explanation
from recutis.plan.explore import Explored, explore, weights_of
from recutis.plan.finalists import Finalist, finalists, simulated
from recutis.plan.objectives import HARD_CAP
from recutis.plan.request import Request
from recutis.plan.so_far import SoFar, dates_of
from recutis.plan.unplanned import not_ready, nothing_fits
from recutis.plan.usual import compare_usual

if TYPE_CHECKING:
    from recutis.course import CourseDates
    from recutis.patient import Patient, Screening
    from recutis.patient.screening import Entry
    from recutis.plan.search import InjuryTable

_FINAL_TWINS: Final = 400
_MOST_OPTIONS: Final = 4


def _spot_phases(
    candidate: Candidate, screening: Screening, phototype: str, so_far: SoFar | None = None
) -> tuple[PhasePlan, ...]:
    """Phases for which ceilings, brown skin or a rule ask for a test spot that has not been passed yet."""
    clean = frozenset[str]() if so_far is None else so_far.clean
    asked = {
        name
        for entry in screening.entries
        if entry.state in {"fires", "overridden"} and "test spot" in entry.required_action.lower()
        for name in entry.applies_to
    }

    def needed(phase: PhasePlan) -> bool:
        name = phase.device.device_class
        return phototype in {"IV", "V", "VI"} or name in asked or any(one.test_spot for one in phase.ceilings.values())

    return tuple(phase for phase in candidate.phases if needed(phase) and phase.device.device_class not in clean)


def _more_spots(spots: tuple[PhasePlan, ...]) -> tuple[str, ...]:
    """A caution for each further device that needs a test spot of its own."""
    return tuple(
        f"A test spot of {phase.device.name} comes before its first session as well; its reading is not in the calendar."
        for phase in spots[1:]
    )


def _covers(entry: Entry, candidate: Candidate) -> bool:
    """Whether a rule speaks of a device of the course at a site that it treats."""
    return any(entry.covers(phase.device.device_class, site) for phase in candidate.phases for site in phase.site_settings)


def _cautions(screening: Screening, candidate: Candidate, patient: Patient) -> tuple[str, ...]:
    """What screening says about this device on its sites without forbidding it, one sentence a rule.

    Antivirals for fields near the mouth stand under prophylaxis, where the wound is open; here they
    are named only for a person who has had cold sores.
    """
    told_elsewhere = frozenset() if patient.history.herpes_labialis else HERPES_RULES
    others = tuple(
        f"{entry.condition[:1].upper()}{entry.condition[1:]}: keeps other classes of device back ({entry.rule_id}); weigh it here too."
        for entry in screening.entries
        if entry.removes and not _covers(entry, candidate)
    )
    return others + tuple(
        f"{entry.condition[:1].upper()}{entry.condition[1:]}: {entry.required_action} ({entry.rule_id}"
        f"{', lifted by a physician' if entry.state == 'overridden' else ''})."
        for entry in screening.entries
        if entry.rule_id not in told_elsewhere
        and (entry.state == "overridden" or (entry.state == "fires" and not entry.removes))
        and _covers(entry, candidate)
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Planned:
    """A plan with what it was chosen from, None where nothing was explored; `rows` are the courses of its options, in their order."""

    plan: Plan
    explored: Explored | None
    rows: tuple[int, ...] = ()


def plan_course(
    request: Request,
    *,
    injure: InjuryProvider | None = None,
    table: InjuryTable | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Plan:
    """Screen, search, simulate the finalists, predict and explain: the plan for one patient.

    `injure` makes injuries (default: the simulation of `recutis.injury`), `table` many at once for the search. The same request
    gives the same plan, but for `provenance.seconds`.

    Raises InputError for overrides that are not allowed; CancelledError when `cancelled` says so.
    """
    return planned(request, injure=injure, table=table, progress=progress, cancelled=cancelled).plan


def planned(
    request: Request,
    *,
    explored: Explored | None = None,
    first: int | None = None,
    injure: InjuryProvider | None = None,
    table: InjuryTable | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Planned:
    """The plan as `plan_course` makes it, with what it was chosen from.

    `explored` are the courses of the same request, its goals apart, so that they need not be looked for again. `first` is the row of
    one of them that somebody chose: it becomes the first option, and the best ones follow.

    Raises as `plan_course` does, and InputError for a chosen course that breaks what no goal can lift.
    """
    started = time.perf_counter()
    patient = request.patient
    screening = screen(patient, overrides=request.overrides)
    open_questions = questions(patient)
    chosen: list[Finalist] = []
    if screening.status != "ready" or open_questions:
        status: Status = "needs_answers" if screening.status == "ready" else screening.status
        explored, draft = None, not_ready(screening, status, patient)
    else:
        if explored is None:
            explored = explore(request, screening, injure=injure, table=table, progress=progress, cancelled=cancelled)
        chosen, draft = _planned(explored, first)
    plan = assemble(
        patient,
        screening,
        draft,
        questions=tuple(Question(place=item.place, question=item.question) for item in open_questions),
        unasked=tuple(unasked(patient)),
        request=request,
        started=started,
    )
    return Planned(plan=plan, explored=explored, rows=tuple(one.candidate.row for one in chosen))


def _planned(explored: Explored, first: int | None) -> tuple[list[Finalist], Draft]:
    """The plan of what was explored, or what stands in its way."""
    request, limits = explored.request, explored.limits
    at = final_places(explored)
    weights = weights_of(request.patient)
    chosen = finalists(explored.landscape, explored.evaluator, at, limits, weights, most=_MOST_OPTIONS)
    if first is not None:
        chosen = [chosen_course(explored, first), *(one for one in chosen if one.candidate.row != first)][:_MOST_OPTIONS]
    refused = _refused(explored)
    if chosen:
        draft = _ready(explored, chosen, at)
        draft.refused = refused
    else:
        draft = nothing_fits(explored, refused, at)
    if request.usual is not None:
        best = chosen[0].course if chosen else None
        draft.usual = compare_usual(
            request.usual, explored.evaluator, at, explored.screening, limits, best,
            scale=explored.search.scales.get(request.usual.device.name),
        )  # fmt: skip
    return chosen, draft


def final_places(explored: Explored) -> dict[str, Place]:
    """The places with the twins that options are told with."""
    request = explored.request
    return dict(request.known) if request.known is not None else places(request.patient, n=_FINAL_TWINS, seed=request.seed)


def chosen_course(explored: Explored, row: int) -> Finalist:
    """A course that somebody chose, simulated in full.

    Raises InputError where it is not among those explored, or breaks what no goal can lift.
    """
    found, limits = explored.landscape, explored.limits
    if not 0 <= row < len(found.courses):
        msg = f"There is no course {row} among the {len(found.courses)} that were looked at; choose one of the chart."
        raise InputError(msg)
    one = simulated(
        found.candidate(row, limits), found, explored.evaluator, final_places(explored), limits,
        weights_of(explored.request.patient),
    )  # fmt: skip
    never = [text for text in one.candidate.breaks if text.startswith(HARD_CAP)]
    if never:
        msg = f"{course_label(one.candidate)} breaks a {never[0]}; it is never lifted: choose another course."
        raise InputError(msg)
    return one


def _refused(explored: Explored) -> dict[str, list[str]]:
    """Why each class that is not offered is not: screening, ceilings, reach, or the limit that its best course breaks."""
    found, limits = explored.landscape, explored.limits
    reasons = {name: list(words) for name, words in found.refused.reasons.items()}
    offered, verdict = found.offered(limits), found.judged(limits)
    best: dict[str, int] = {}
    for row, phases in enumerate(found.courses.phases):
        name = found.devices[phases[0].device].device.name
        if len(phases) == 1 and (name not in best or verdict.score[row] > verdict.score[best[name]]):
            best[name] = row
    for row in best.values():
        device = found.devices[found.courses.phases[row][0].device].device
        if device.device_class not in offered:
            text = f"every setting of {device.name} breaks a limit ({verdict.broken(row)[0]})"
            reasons.setdefault(device.device_class, []).append(text)
    for device in (one.device for one in found.devices):
        if device.device_class not in offered and device.name not in best:
            text = f"{device.name} makes no visible change in so many sessions"
            reasons.setdefault(device.device_class, []).append(text)
    return {name: words for name, words in reasons.items() if name not in offered}


def _gaps_weeks(candidate: Candidate) -> tuple[float, ...]:
    """Weeks between the sessions of a course; between two devices the longer of their intervals."""
    each = [phase for phase in candidate.phases for _ in range(phase.sessions)]
    return tuple(max(one.interval_weeks, two.interval_weeks) for one, two in pairwise(each))


def _ready(explored: Explored, chosen: list[Finalist], at: Mapping[str, Place]) -> Draft:
    """Tell everything about the finalists."""
    patient = explored.request.patient
    draft = Draft(status="ready", headline="", explored=explored, no_treatment=no_treatment(dict(at)), twins=_twins(at))
    options: list[Option] = []
    for one in chosen:
        told, dates = option_of_course(explored, one, rank=len(options) + 1)
        options.append(told)
        if len(options) == 1:
            draft.aftercare = told.phases[0].aftercare
            draft.calendar = calendar(told, dates)
            draft.flag_classes = one.candidate.classes
            kinds = {name: concern.kind for name, concern in named_concerns(patient).items()}
            twins = one.phases[0].evaluations[0].place.twins
            draft.comparators = comparators(one.course.improvement_pct, kinds, twins, seed=explored.request.seed)
    draft.options = tuple(options)
    draft.chosen = {one.candidate.row: rank for rank, one in enumerate(chosen, start=1)}
    draft.headline = _headline(options[0])
    draft.explanation = explanation(explored, chosen, at, explored.evaluator.injure, weights_of(patient))
    draft.commissioned = tuple(commissioned_device(scale) for scale in explored.scales.values())
    return draft


def option_of_course(explored: Explored, one: Finalist, *, rank: int) -> tuple[Option, CourseDates]:
    """Everything about one course as an option of the plan, with its dates."""
    patient, screening = explored.request.patient, explored.screening
    spots = _spot_phases(one.candidate, screening, patient.patient.phototype or "VI", explored.request.so_far)
    dates = dates_of(
        patient.date,
        explored.request.so_far,
        gaps_weeks=_gaps_weeks(one.candidate),
        interval_weeks=one.candidate.phases[0].interval_weeks,
        test_spot=bool(spots),
    )
    told = option(
        one.candidate,
        one.phases,
        rank=rank,
        dates=dates,
        spot=spots[0] if spots else None,
        limits=explored.limits,
        patient=patient,
        confirmed=one.confirmed,
        price=price_of(explored, one.candidate),
    )
    cautions = (*_cautions(screening, one.candidate, patient), *_more_spots(spots), *told.warnings)
    return told.model_copy(update={"warnings": cautions}), dates


def _twins(at: Mapping[str, Place]) -> int:
    return next((place.twins.n for place in at.values()), 0)


def price_of(explored: Explored, candidate: Candidate) -> float | None:
    """What the course costs by the clinic's prices; None where one is missing."""
    clinic = explored.request.clinic
    each = [None if clinic is None else clinic.price(phase.device) for phase in candidate.phases]
    known = [price * phase.sessions for price, phase in zip(each, candidate.phases, strict=True) if price is not None]
    return sum(known) if len(known) == len(each) else None


def _headline(first: Option) -> str:
    gains = "; ".join(
        f"{key.replace('_', ' ').replace('@', ', ')} {band.p50:.0f} % better ({band.p10:.0f} to {band.p90:.0f})"
        for key, band in first.predictions.improvement_pct.items()
        if key in first.treats
    )
    down = first.predictions.social_downtime_days
    days = "day" if round(down.p50) == 1 else "days"
    return f"{first.label}: {gains}; {down.p50:.0f} {days} of social downtime a session ({down.p10:.0f} to {down.p90:.0f})."


__all__ = ["Planned", "Request", "chosen_course", "final_places", "option_of_course", "plan_course", "planned", "price_of"]
