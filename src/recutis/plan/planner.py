"""The main job: a patient file to a plan."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from recutis import evidence
from recutis.classes import DEVICE_CLASSES
from recutis.course import course_dates
from recutis.laser import catalogue
from recutis.patient import Screening, questions, screen, unasked
from recutis.patient.screening import REFERRALS
from recutis.plan.assemble import Draft, assemble
from recutis.plan.calendar import aftercare_entries, calendar, recheck_calendar
from recutis.plan.care import HERPES_RULES, care_policy, numbing_for, prescribed_rows
from recutis.plan.comparators import comparators, no_treatment
from recutis.plan.describe import option, strongest
from recutis.plan.document import Option, Plan, Question, Status
from recutis.plan.evaluate import STRENGTH, Evaluator, InjuryProvider, Place, course_draws, interval_weeks, named_concerns, places
from recutis.plan.objectives import CourseDraws, Limits
from recutis.plan.search import Candidate, Found, Search
from recutis.plan.usual import UsualCourse, compare_usual

if TYPE_CHECKING:
    from recutis.laser import Clinic
    from recutis.patient import Override, Patient

_SEARCH_TWINS = 100
"""Twins while searching; the finalists are evaluated again with `_FINAL_TWINS`."""
_FINAL_TWINS = 400
_MOST_OPTIONS = 4
_NO_CEILING = "no ceiling is known"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to plan, and for whom; `processes` devices are looked at side by side, which changes nothing but the time."""

    patient: Patient
    clinic: Clinic | None = None
    overrides: tuple[Override, ...] = ()
    usual: UsualCourse | None = None
    seed: int = 0
    processes: int = 1


def _limits(patient: Patient) -> Limits:
    goals = patient.goals
    return Limits(
        risk=goals.risk,
        max_social_downtime_days=goals.max_social_downtime_days,
        max_sessions=goals.max_sessions,
        max_pain_0_10=goals.max_pain_0_10,
    )


def _weights(patient: Patient) -> dict[str, float]:
    """The person's priorities by concern key; 1 where none was given."""
    return {name: float(patient.goals.priorities.get(concern.kind, 1.0)) for name, concern in named_concerns(patient).items()}


def _anaesthesia(clinic: Clinic | None) -> tuple[str, ...]:
    owned = set(clinic.anaesthesia) if clinic is not None and clinic.anaesthesia else set(STRENGTH)
    return tuple(name for name in STRENGTH if name in owned | {"none"})


def _default_injury() -> InjuryProvider:
    from recutis.injury.simulate import injure

    return injure


def _evaluator(request: Request, screening: Screening, limits: Limits, injure: InjuryProvider) -> Evaluator:
    target = limits.max_pain_0_10
    own = evidence.value("plan.pain_target")
    phototype = request.patient.patient.phototype or "VI"
    return Evaluator(
        care_for=care_policy(request.patient, screening),
        injure=injure,
        anaesthesia=partial(numbing_for, anaesthesia=_anaesthesia(request.clinic)),
        most_sessions=max(limits.max_sessions, request.usual.sessions if request.usual else 1),
        interval_weeks=partial(interval_weeks, phototype=phototype),
        pain_target=own if target is None else min(own, target),
        pain_quantile=0.5 if target is None or own <= target else limits.limit_quantile,
    )


def _finalists(found: Found, weights: dict[str, float]) -> list[Candidate]:
    """The best candidate of each device class that keeps every limit, best first.

    Whoever asked for two things is shown first what does both: courses are ordered by the weight of
    the concerns on which they make a visible change, then by score. The course with the best score of
    all is always among them.
    """
    best: dict[str, tuple[float, float]] = {}
    chosen: dict[str, Candidate] = {}
    for item in found.candidates:
        name = item.device.device_class
        rank = (sum(weights[key] for key in item.treats), item.score)
        if not item.breaks and (name not in best or rank > best[name]):
            best[name], chosen[name] = rank, item
    ordered = [chosen[name] for name in sorted(chosen, key=lambda name: best[name], reverse=True)]
    shown = ordered[:_MOST_OPTIONS]
    top = max(ordered, key=lambda item: item.score, default=None)
    if top is not None and top not in shown:
        shown[-1] = top
    return shown


def _course(candidate: Candidate, evaluator: Evaluator, at: dict[str, Place]) -> CourseDraws:
    evaluations = evaluator.sites(candidate.device, candidate.site_settings, at)
    course, _ = course_draws(evaluations, sessions=candidate.sessions)
    return course


def _needs_test_spot(candidate: Candidate, screening: Screening, phototype: str) -> bool:
    """Whether ceilings, brown skin or a rule that was overridden ask for a test spot."""
    if phototype in {"IV", "V", "VI"} or any(item.test_spot for item in candidate.ceilings.values()):
        return True
    device_class = candidate.device.device_class
    return any(
        "test spot" in entry.required_action.lower() and device_class in entry.applies_to
        for entry in screening.entries
        if entry.state in {"fires", "overridden"}
    )


def _cautions(screening: Screening, candidate: Candidate, patient: Patient) -> tuple[str, ...]:
    """What screening says about this device on its sites without forbidding it, one sentence a rule.

    Antivirals for fields near the mouth stand under prophylaxis, where the wound is open; here they
    are named only for a person who has had cold sores.
    """
    told_elsewhere = frozenset() if patient.history.herpes_labialis else HERPES_RULES
    others = tuple(
        f"{entry.condition[:1].upper()}{entry.condition[1:]}: keeps other classes of device back ({entry.rule_id}); weigh it here too."
        for entry in screening.entries
        if entry.removes and not any(entry.covers(candidate.device.device_class, site) for site in candidate.site_settings)
    )
    return others + tuple(
        f"{entry.condition[:1].upper()}{entry.condition[1:]}: {entry.required_action} ({entry.rule_id}"
        f"{', lifted by a physician' if entry.state == 'overridden' else ''})."
        for entry in screening.entries
        if entry.rule_id not in told_elsewhere
        and (entry.state == "overridden" or (entry.state == "fires" and not entry.removes))
        and any(entry.covers(candidate.device.device_class, site) for site in candidate.site_settings)
    )


def plan_course(
    request: Request,
    *,
    injure: InjuryProvider | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Plan:
    """Screen, search, predict and explain: the plan for one patient.

    `injure` makes injuries (default: the simulation of `recutis.injury`). The same request gives the
    same plan, but for `provenance.seconds`.

    Raises InputError for overrides that are not allowed; CancelledError when `cancelled` says so.
    """
    started = time.perf_counter()
    patient = request.patient
    screening = screen(patient, overrides=request.overrides)
    open_questions = questions(patient)
    at: dict[str, Place] = {}
    chosen: dict[int, int] = {}
    if screening.status != "ready" or open_questions:
        status: Status = "needs_answers" if screening.status == "ready" else screening.status
        draft = _not_ready(screening, status, patient)
    else:
        limits = _limits(patient)
        evaluator = _evaluator(request, screening, limits, injure or _default_injury())
        found = _search(request, screening, limits, evaluator, progress, cancelled)
        at = places(patient, n=_FINAL_TWINS, seed=request.seed)
        finalists = _finalists(found, _weights(patient))
        chosen = {found.candidates.index(item): rank for rank, item in enumerate(finalists, start=1)}
        if finalists:
            draft = _ready(request, screening, limits, evaluator, found, finalists, at)
        else:
            draft = _nothing_fits(found, limits, at, screening)
        if request.usual is not None:
            best = _course(finalists[0], evaluator, at) if finalists else None
            draft.usual = compare_usual(request.usual, evaluator, at, screening, limits, best)
    return assemble(
        patient,
        screening,
        draft,
        questions=tuple(Question(place=item.place, question=item.question) for item in open_questions),
        unasked=tuple(unasked(patient)),
        seed=request.seed,
        chosen=chosen,
        started=started,
    )


def _search(
    request: Request,
    screening: Screening,
    limits: Limits,
    evaluator: Evaluator,
    progress: Callable[[float], None] | None,
    cancelled: Callable[[], bool] | None,
) -> Found:
    patient = request.patient
    search = Search(
        evaluator=evaluator,
        places=places(patient, n=_SEARCH_TWINS, seed=request.seed),
        screening=screening,
        phototype=patient.patient.phototype or "VI",
        limits=limits,
        weights=_weights(patient),
        processes=request.processes,
    )
    devices = request.clinic.devices if request.clinic is not None and request.clinic.devices else catalogue()
    found = search.run(devices, progress=progress, cancelled=cancelled)
    here = {device.device_class for device in devices}
    for name in DEVICE_CLASSES:
        if name not in here:
            found.refuse(
                name, "the clinic has no such device" if request.clinic is not None else "no such device in the catalogue"
            )
    offered = found.offered()
    for item in found.candidates:
        name = item.device.device_class
        if name not in offered:
            found.refuse(name, f"every setting of {item.device.name} breaks a limit ({item.breaks[0]})")
    return found


def _ready(
    request: Request,
    screening: Screening,
    limits: Limits,
    evaluator: Evaluator,
    found: Found,
    chosen: list[Candidate],
    at: dict[str, Place],
) -> Draft:
    """Evaluate the finalists with all twins, and tell everything about them."""
    patient = request.patient
    phototype = patient.patient.phototype or "VI"
    options: list[Option] = []
    draft = Draft(status="ready", headline="", found=found, limits=limits, no_treatment=no_treatment(at), twins=_FINAL_TWINS)
    for candidate in chosen:
        evaluations = evaluator.sites(candidate.device, candidate.site_settings, at)
        course, _ = course_draws(evaluations, sessions=candidate.sessions)
        dates = course_dates(
            patient.date,
            sessions=candidate.sessions,
            interval_weeks=candidate.interval_weeks,
            test_spot=_needs_test_spot(candidate, screening, phototype),
        )
        told = option(
            replace(candidate, course=course),
            evaluations,
            rank=len(options) + 1,
            dates=dates,
            limits=limits,
            found=found,
            patient=patient,
        )
        told = told.model_copy(update={"warnings": (*_cautions(screening, candidate, patient), *told.warnings)})
        options.append(told)
        if len(options) == 1:
            rows = prescribed_rows(strongest(evaluations).care)
            draft.aftercare = aftercare_entries(told.device_class, rows, told)
            draft.calendar = calendar(told, dates, draft.aftercare)
            draft.flag_class = told.device_class
            kinds = {name: concern.kind for name, concern in named_concerns(patient).items()}
            draft.comparators = comparators(course.improvement_pct, kinds, evaluations[0].place.twins, seed=request.seed)
    draft.options = tuple(options)
    draft.headline = _headline(options[0])
    return draft


def _headline(first: Option) -> str:
    gains = "; ".join(
        f"{key.replace('_', ' ').replace('@', ', ')} {band.p50:.0f} % better ({band.p10:.0f} to {band.p90:.0f})"
        for key, band in first.predictions.improvement_pct.items()
        if key in first.treats
    )
    down = first.predictions.social_downtime_days
    days = "day" if round(down.p50) == 1 else "days"
    return f"{first.label}: {gains}; {down.p50:.0f} {days} of social downtime a session ({down.p10:.0f} to {down.p90:.0f})."


def _kept_from(screening: Screening, patient: Patient) -> Found:
    """The classes that screening takes away at every site of the person's concerns, with the rules."""
    found = Found()
    sites = {concern.site for concern in patient.concerns}
    for name in DEVICE_CLASSES:
        rules = {site: screening.removed(name, site) for site in sites}
        if sites and all(rules.values()):
            words = dict.fromkeys(f"{rule.rule_id} ({rule.condition})" for several in rules.values() for rule in several)
            found.refuse(name, f"removed by screening: {'; '.join(words)}")
    return found


def _not_ready(screening: Screening, status: Status, patient: Patient) -> Draft:
    """A plan without settings: what stands in the way, what lifts it, when to look again."""
    found = _kept_from(screening, patient)
    # The rule that takes most classes away leads: a caution, or a rule about one class, does not explain a stop.
    # A referral leads everything.
    blocking = sorted(
        (entry for entry in screening.entries if entry.removes),
        key=lambda entry: (status != "refer" or entry.rule_id not in REFERRALS, -len(entry.applies_to)),
    )
    if status == "needs_answers":
        return Draft(
            status=status, found=found, headline="Required answers are missing; nothing is planned until they are given."
        )
    lead = blocking[0] if blocking else next((entry for entry in screening.entries if entry.state == "fires"), None)
    if lead is None:
        return Draft(status=status, found=found, headline="Screening stopped this plan.")
    words = {
        "refer": "Refer urgently, before any laser" if screening.urgent else "Refer before any laser",
        "deferred": "Defer treatment",
        "blocked": "No laser treatment",
    }
    lifts = f" It lifts when: {lead.lifts_when}." if lead.lifts_when else ""
    headline = f"{words[status]}: {lead.condition} ({lead.rule_id}). {lead.required_action.capitalize()}.{lifts}"
    until = lead.until.isoformat() if lead.until else None
    dated = recheck_calendar(until, f"Look again: {lead.condition}", f"{lead.required_action}. {lifts.strip()}")
    return Draft(status=status, found=found, headline=headline, calendar=dated)


def _kept_back(screening: Screening) -> str:
    """One sentence on the rule that takes most classes away; empty when screening takes none."""
    rules = [entry for entry in screening.entries if entry.removes]
    if not rules:
        return ""
    most = max(rules, key=lambda entry: len(entry.applies_to))
    lifts = f"; it lifts when: {most.lifts_when}" if most.lifts_when else ""
    return f" Screening keeps {len(most.applies_to)} classes of device back: {most.condition} ({most.rule_id}{lifts})."


def _nothing_fits(found: Found, limits: Limits, at: dict[str, Place], screening: Screening) -> Draft:
    """No setting keeps every limit: say which limits clash."""
    removed = found.removed().most_common(3)
    if removed:
        words = "; ".join(f"{limit} removed {count}" for limit, count in removed)
        headline = f"Nothing allowed keeps every limit: of {len(found.candidates)} courses, {words}. {_smallest_change(found)}"
    else:
        headline = "No allowed laser reaches the target in this skin; the reasons stand under the refused devices."
        unknown = [name for name, reasons in found.refused.items() if any(_NO_CEILING in reason for reason in reasons)]
        if unknown:
            headline += (
                f" Without a row in the table of ceilings nothing is offered; such a row is missing for {', '.join(unknown)}."
            )
    return Draft(
        status="blocked",
        headline=headline + _kept_back(screening),
        found=found,
        limits=limits,
        no_treatment=no_treatment(at),
        twins=_SEARCH_TWINS,
    )


def _smallest_change(found: Found) -> str:
    """The single limit whose loosening would allow the best course."""
    single = [item for item in found.candidates if len(item.breaks) == 1 and "hard cap" not in item.breaks[0]]
    if not single:
        return "No single looser limit would allow a course."
    best = max(single, key=lambda item: item.score)
    return f"Without the limit '{best.breaks[0]}' the best would be {best.device.name}, {best.sessions} sessions."
