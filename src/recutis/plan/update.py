"""What was seen of a course: the twins that fit, the rest planned again with them, and why that differs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.bands import Draws
from recutis.errors import CancelledError, OutOfRangeError
from recutis.files import writing_folder
from recutis.laser import expose
from recutis.patient import Patient, Screening, screen
from recutis.patient.profile import TrialSpot
from recutis.plan.assemble import sources_of
from recutis.plan.care import ANAESTHESIA_WORDS
from recutis.plan.commissioning import Commissioned, commission
from recutis.plan.describe import pass_settings
from recutis.plan.document import Plan, PlanProvenance, Quantity
from recutis.plan.evaluate import Evaluator, InjuryProvider, Place, places
from recutis.plan.explore import evaluator_of, limits_of, weights_of
from recutis.plan.given import Given, given, numbing_of, option_of, phases_of, record_of, rest_of
from recutis.plan.learn import learn_from
from recutis.plan.objectives import CourseDraws, Limits, gain, outweighed, pih_pct
from recutis.plan.observation_file import Observation
from recutis.plan.planner import Planned, planned
from recutis.plan.prediction_document import Learnt
from recutis.plan.quantities import of_draws
from recutis.plan.request import Request, read_request
from recutis.plan.rest import Rest, breaks, gained_at, rest, shifts, told
from recutis.plan.sessions import Sessions, usual_interval
from recutis.plan.setting_limits import place_energy_mJ, place_fluence_J_cm2, total_density_pct
from recutis.plan.so_far import Lowered, SoFar
from recutis.plan.update_document import GivenSession, PlanUpdate, RestCourse, RestShifts, Verdict
from recutis.plan.update_words import Facts, difference, headline, reached_words
from recutis.plan.write import to_json
from recutis.provenance import provenance
from recutis.twins import Twins

if TYPE_CHECKING:
    from recutis.plan.candidate import PhasePlan
    from recutis.plan.document import Option
    from recutis.plan.search import InjuryTable

_TWINS: Final = 2000
_BLOCKS: Final = 40
"""Twins that learn, and their blocks: only those that fit tell of the person."""
_PLANNING_TWINS: Final = 400
"""Twins that the rest is planned with, drawn from those that have learnt."""
_FURTHER: Final = 12
"""Sessions by which courses of equal sessions are followed beyond those to come, so that a gain finds its place on them."""
HOW: Final = (
    "What was seen reweights the twins by how likely each would have shown it; all that follows is told with them.",
    "Improvement counts from before the first session. What has been gained by now is predicted with those twins from the sessions that "
    "were given; each session to come puts a twin on its own curve of equal sessions where it stands, and goes one further. What is "
    "still to come is the total less what has been gained, twin by twin.",
    "Downtime, pain and risks are those of the sessions to come; what is over is not counted again.",
    "The rest may have as many sessions as the person allowed, less those given; it starts no sooner than the usual interval after "
    "the last.",
    "After a test spot that failed, or showed dark marks or blisters, no device of its class may pass the dose that the row "
    "plan.update.spot_share allows, and a new spot is asked for; a spot that passed is not asked for again.",
    "Once a spot failed or dark marks came, no rest is offered that would cost more of them than the old rest, with the twins of now.",
    "Dark marks that were seen stand in the twins, not as an earlier illness in the patient file, so that they count once.",
    "Session by session: what was seen is compared with twins that have learnt from everything before it.",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Updated:
    """An update with the plan of the rest, and what that was chosen from; no plan where no session is left."""

    update: PlanUpdate
    plan: Plan | None
    rest: Planned | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Known:
    """The person after everything that was seen, and as drawn at first, both with what has been gained by then."""

    now: dict[str, Place]
    first: dict[str, Place]
    learnt: tuple[Learnt | None, ...]


def _with_gain(at: Mapping[str, Place], gained: Mapping[str, Draws]) -> dict[str, Place]:
    return {
        site: replace(place, gained={name: gained[name] for name in place.concerns if name in gained}, further=_FURTHER)
        for site, place in at.items()
    }


def _learn(sessions: Sessions, so_far: Given, at: dict[str, Place], cancelled: Callable[[], bool]) -> _Known:
    """Everything that was seen, in order of time."""
    first, taught = at, []
    last = len(so_far.course.sessions)
    for number, entry in enumerate(so_far.course.sessions, start=1):
        if cancelled():
            msg = "The update was cancelled; nothing was written."
            raise CancelledError(msg)
        learnt = None
        if entry.seen:
            try:
                at, treated = learn_from(sessions, number, at)
            except OutOfRangeError as error:
                own = so_far.numbers[number - 1]
                place = f"session {own}" if own else "the test spot"
                msg = str(error).replace(f"Session {number}:", f"Seen after {place}:", 1)
                raise OutOfRangeError(msg) from error
            learnt = treated.learnt
        taught.append(learnt)
    now, before = (_with_gain(one, sessions.until(last, one).gain) for one in (at, first))
    return _Known(now=now, first=before, learnt=tuple(taught))


def _thinned(twins: Twins, chosen: NDArray[np.int64]) -> Twins:
    """Some twins of a cloud, each with the same weight; a block keeps its number."""
    values = {
        item.name: getattr(twins, item.name)[chosen]
        for item in fields(twins)
        if isinstance(getattr(twins, item.name), np.ndarray)
    }
    return replace(twins, **{**values, "weights": np.ones(chosen.size)}, p=twins.p.of(chosen))


def thinned(at: Mapping[str, Place], n: int) -> dict[str, Place]:
    """Places with `n` of their twins, the same at every site, each as often as its weight says to within one.

    They are taken evenly through the blocks, and within a block from the twin that responds least to the one that responds most, so
    that what is told of few is what is told of all.
    """
    twins = next(iter(at.values())).twins
    order = np.lexsort((twins.improvement_effect, twins.block))
    reached = np.cumsum(twins.weights[order]) / twins.weights.sum()
    places_taken = np.minimum(np.searchsorted(reached, (np.arange(n) + 0.5) / n), twins.n - 1)
    chosen = order[places_taken].astype(np.int64)
    return {
        site: replace(
            place, twins=_thinned(place.twins, chosen), gained={name: draws[chosen] for name, draws in place.gained.items()}
        )
        for site, place in at.items()
    }


def _lowered(so_far: Given, seen: Sequence[Observation], before: Mapping[str, Lowered]) -> dict[str, Lowered]:
    """Classes of which a test spot failed, with the dose that is left to them."""
    found = dict(before)
    if not any(item.failed for item in seen):
        return found
    share = evidence.value("plan.update.spot_share")
    for number in so_far.groups[0]:
        exposure = so_far.course.sessions[number - 1].exposure()
        density, energy = total_density_pct(exposure), place_energy_mJ(exposure)
        kind = exposure.device.device_class
        fluence = None if density is not None else share * place_fluence_J_cm2(exposure)
        one = Lowered(
            max_energy_mJ=None if density is None else energy,
            max_density_pct=None if density is None else share * density,
            max_fluence_J_cm2=fluence,
            max_passes=None if density is not None else exposure.passes,  # passes of wide spots add up
        )
        found[kind] = one
    return found


def _clean(so_far: Given, seen: Sequence[Observation], before: frozenset[str]) -> frozenset[str]:
    """Classes with a test spot that passed; one that failed since does not count any more."""
    kinds = frozenset(so_far.course.sessions[number - 1].device.device().device_class for number in so_far.groups.get(0, ()))
    if any(item.failed for item in seen):
        return before - kinds
    return before | kinds if any(item.test_spot == "passed" for item in seen) else before


def _behind(so_far: Given, seen: Sequence[Observation], request: Request) -> SoFar:
    old = request.so_far or SoFar()
    treated = [entry for entry in so_far.course.sessions if not entry.test_spot]
    weeks = usual_interval(treated[-1].device.device()).value if treated else None
    return SoFar(
        sessions=so_far.sessions,
        last_day=treated[-1].date if treated else None,
        interval_weeks=weeks or 0.0,
        clean=_clean(so_far, seen, old.clean),
        lowered=_lowered(so_far, seen, old.lowered),
        record=record_of(so_far),
    )


def _patient_now(patient: Patient, so_far: Given, seen: Sequence[Observation], left: int) -> Patient:
    """The person on the day of the last observation: sessions that are left, test spots that were read."""
    goals = patient.goals.model_copy(update={"max_sessions": max(left, 1)})
    spots = list(patient.history.test_spots or ())
    for item in seen:
        if item.spot and (item.test_spot is not None or item.failed):
            for number in so_far.groups[0]:
                entry = so_far.course.sessions[number - 1]
                result = "pigment_change" if item.pih else "other_reaction" if item.failed else "clean"
                spots.append(
                    TrialSpot.model_validate(
                        {
                            "device_class": entry.device.device().device_class, "site": (entry.sites or ("",))[0],
                            "date": entry.date, "read_on": item.date, "result": result,
                        }
                    )
                )  # fmt: skip
    history = patient.history.model_copy(update={"test_spots": tuple(spots)} if spots else {})
    return patient.model_copy(update={"date": max(item.date for item in seen), "goals": goals, "history": history})


def _given_documents(so_far: Given, known: _Known) -> tuple[GivenSession, ...]:
    found = []
    for entry, number, learnt in zip(so_far.course.sessions, so_far.numbers, known.learnt, strict=True):
        device, settings = entry.device.device(), entry.settings.settings()
        found.append(
            GivenSession(
                number=number,
                test_spot=entry.test_spot,
                date=str(entry.date),
                device=device.name,
                device_class=device.device_class,
                sites=tuple(entry.sites or ()),
                settings=pass_settings(expose(device, settings)),
                passes=settings.passes,
                anaesthesia=ANAESTHESIA_WORDS[entry.anaesthesia or "none"],
                learnt=learnt,
            )
        )
    return tuple(found)


@dataclass(kw_only=True, eq=False)
class _Judge:
    """What tells ways to go on for one person, on given places."""

    request: Request
    screening: Screening
    so_far: SoFar
    limits: Limits
    weights: dict[str, float]
    evaluator: Evaluator
    at: Mapping[str, Place]

    def told(self, one: Rest) -> RestCourse:
        phototype = self.request.patient.patient.phototype or "VI"
        found = breaks(one, self.limits, self.weights, self.screening, self.so_far, phototype)
        return told(one, self.limits, self.weights, found)

    def rest(self, option: Option) -> Rest:
        return rest(phases_of(self.request, option), self.evaluator, self.at, numbing_of(option))

    @property
    def nothing_more(self) -> float:
        """Points of stopping now: what has been gained, on the scale of `score`, where a course's first session has no price."""
        draws = gained_at(self.at)
        some = next(iter(draws.values()))
        course = CourseDraws(improvement_pct=draws, social_downtime_days=some, pain_0_10=some, risks={}, sessions=0)
        return gain(course, self.weights, self.limits.gain_quantile) + evidence.value("plan.price.session")


def _judge(now: Request, known: _Known, injure: InjuryProvider) -> _Judge:
    screening, so_far = screen(now.patient, overrides=now.overrides), now.so_far or SoFar()
    limits = limits_of(now.patient)
    return _Judge(
        request=now,
        screening=screening,
        so_far=so_far,
        limits=limits,
        weights=weights_of(now.patient),
        evaluator=evaluator_of(now, screening, limits, injure),
        at=known.now,
    )


def _held(now: Request, old: Rest) -> Request:
    """The request, holding the rest to the dark marks that the old rest would still cost with what is known by now."""
    mean, middle = (_up(value) for value in pih_pct(old.draws))
    return replace(now, so_far=replace(now.so_far or SoFar(), max_pih_pct=(mean, middle)))


def _up(value: float) -> float:
    """Rounded up to three digits, so that what it was made from does not pass it."""
    if value <= 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(value)) - 2)
    return round(math.ceil(value / step) * step, 9)


def _shifts(old: tuple[PhasePlan, ...], judge: _Judge, known: _Known, option: Option) -> RestShifts:
    one, other = (rest(old, judge.evaluator, at, numbing_of(option)) for at in (known.first, known.now))
    return shifts(one, other)


def _reached(at: Mapping[str, Place], learnt: Mapping[str, tuple[str, ...]]) -> dict[str, Quantity]:
    found = {}
    for place in at.values():
        for name, draws in place.gained.items():
            found[name] = of_draws(draws, "pct", learnt.get(name, ()), weights=place.twins.unequal)
    return found


def _gain_sources(sessions: Sessions, known: _Known) -> dict[str, tuple[str, ...]]:
    """Rows behind what has been gained, by concern."""
    found: dict[str, tuple[str, ...]] = {}
    for number, entry in enumerate(sessions.course.sessions, start=1):
        if not entry.test_spot:
            for item in sessions.treat(number, known.now, {}).evaluations:
                found |= {name: effect.sources for name, effect in item.improvement.items()}
    return found


def _marked(made: Plan, reached: Mapping[str, Quantity], sessions: int) -> Plan:
    """The plan saying that its improvement counts from before the first session, and what has been gained."""
    words = reached_words(reached, sessions)
    if not words:
        return made
    options = tuple(option.model_copy(update={"why": (words, *option.why)}) for option in made.options)
    return made.model_copy(update={"headline": f"{made.headline} {words}", "options": options})


def update_plan(
    plan: Plan,
    seen: Sequence[Observation],
    *,
    option: int = 1,
    injure: InjuryProvider | None = None,
    table: InjuryTable | None = None,
    processes: int = 1,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Updated:
    """Learn from what was seen of a plan's option, and plan the rest of the course with it.

    Everything up to the last session that something was seen of counts as given. `injure` makes injuries (default: the
    simulation of `recutis.injury`), `table` many at once for the search of the rest. Same plan and observations: same numbers,
    but for `provenance.seconds`.

    Raises InputError for a plan that was not ready, an option, session, site, concern or date that it does not have;
    OutOfRangeError where no twin comes near what was seen; CancelledError when `cancelled` says so.
    """
    from recutis.injury.simulate import injure as simulated

    started = time.perf_counter()
    simulate = injure or simulated
    chosen = option_of(plan, option)
    request = read_request(plan.request)
    so_far = given(plan, request, chosen, seen)
    measured = {} if request.clinic is None else commission(request.clinic, injure=simulate, on=request.patient.date)
    delivered = Commissioned(injure=simulate, scales={name: scale for name, scale in measured.items() if scale.measured})
    person = so_far.course.patient
    sessions = Sessions(course=so_far.course, screening=screen(person, overrides=request.overrides), injure=delivered)
    at = places(person, n=_TWINS, seed=request.seed, blocks=_BLOCKS)
    known = _learn(sessions, so_far, at, cancelled or _never)
    left = request.patient.goals.max_sessions - max(item.number for item in seen)
    old = rest_of(phases_of(request, chosen), max(item.number for item in seen)) if left > 0 else ()
    now = Request(
        patient=_patient_now(request.patient, so_far, seen, left),
        clinic=request.clinic,
        overrides=request.overrides,
        seed=request.seed,
        processes=processes,
        known=thinned(known.now, _PLANNING_TWINS),
        so_far=_behind(so_far, seen, request),
    )
    judge = _judge(now, known, delivered)
    if old and any(item.failed or item.pih for item in seen):
        now = _held(now, rest(old, judge.evaluator, now.known or {}, numbing_of(chosen)))
    planning = partial(planned, now, injure=injure, table=table, progress=progress, cancelled=cancelled)
    new = planning() if left > 0 else None
    made = None if new is None else new.plan
    reached = _reached(known.now, _gain_sources(sessions, known))
    if made is not None:
        made = _marked(made, reached, so_far.sessions)
    document = _document(plan, chosen, so_far, known, judge, made, old, reached, max(left, 0))
    document = document.model_copy(update={"provenance": _provenance(plan, seen, request.seed, started)})
    return Updated(update=document, plan=made, rest=new)


def _provenance(plan: Plan, seen: Sequence[Observation], seed: int, started: float) -> PlanProvenance:
    inputs = {"plan": plan.request, "observations": [item.model_dump(mode="json", exclude_none=True) for item in seen]}
    return PlanProvenance(
        **asdict(provenance(inputs, seed=seed)), twins=_TWINS, candidates=0, seconds=round(time.perf_counter() - started, 3)
    )


def _outweighed(best: Rest, limits: Limits, weights: Mapping[str, float]) -> bool:
    """Whether what is still to come weighs less than the dark marks it may cost, by the rule that holds for whole courses."""
    to_come = {name: values - best.by_now[name] for name, values in best.draws.improvement_pct.items()}
    return outweighed(replace(best.draws, improvement_pct=to_come), limits, dict(weights))


def _keeps(old: RestCourse, best: RestCourse) -> bool:
    """Whether the old rest breaks nothing, shows what the best shows, and is as good to within the row `plan.update.as_good`."""
    visible = evidence.value("plan.visible_change")
    shown, other = ({name for name, band in one.total_pct.items() if band.p50 >= visible} for one in (old, best))
    good = evidence.value("plan.update.as_good")
    return not old.breaks and shown >= other and old.score_points >= best.score_points - good


def _verdict(old: RestCourse | None, options: Sequence[RestCourse], stopping: float, left: int, *, marked: bool) -> Verdict:
    if left == 0:
        return "finished"
    if not options or marked:
        return "stop"
    if old is None:
        return "change" if options[0].score_points > stopping + evidence.value("plan.update.as_good") else "finished"
    return "keep" if _keeps(old, options[0]) else "change"


def _document(
    plan: Plan, option: Option, so_far: Given, known: _Known, judge: _Judge, made: Plan | None, old: tuple[PhasePlan, ...],
    reached: Mapping[str, Quantity], left: int,
) -> PlanUpdate:  # fmt: skip
    """Everything but the provenance, which the caller knows."""
    now = judge.told(rest(old, judge.evaluator, judge.at, numbing_of(option))) if old else None
    moved = _shifts(old, judge, known, option) if old else None
    rests = [judge.rest(one) for one in made.options] if made is not None else []
    options = tuple(judge.told(one) for one in rests)
    marked = bool(rests) and _outweighed(rests[0], judge.limits, judge.weights)
    verdict = _verdict(now, options, judge.nothing_more, left, marked=marked)
    documents = _given_documents(so_far, known)
    facts = Facts(
        verdict=verdict, given=documents, sessions=so_far.sessions, left=left, reached=reached, old=now, shifts=moved, options=options,
        nothing_more=judge.nothing_more, so_far=judge.so_far, made=made,
    )  # fmt: skip
    twins = next(iter(known.now.values())).twins
    return PlanUpdate(
        date=judge.request.patient.date.isoformat(),
        planned_on=plan.date,
        option=option.rank,
        verdict=verdict,
        keep=verdict == "keep",
        headline=headline(facts),
        difference=difference(facts),
        given=documents,
        sessions_given=so_far.sessions,
        sessions_left=left,
        twins=twins.n,
        planning_twins=_PLANNING_TWINS,
        refreshed=twins.refreshed,
        reached_pct=dict(reached),
        old=now,
        shifts=moved,
        options=options,
        plan_status=None if made is None else made.status,
        how=HOW,
        sources=sources_of([documents, tuple(reached.values()), now, moved, options]),
        provenance=plan.provenance,
    )


def write_update(updated: Updated, out: Path, *, report: Callable[[Plan, Path], None]) -> None:
    """Write `update.json`, and with a plan of the rest its `plan.json` and what `report` draws, all or nothing.

    Raises InputError when the place cannot be written.
    """
    with writing_folder(out) as folder:
        (folder / "update.json").write_text(updated.update.model_dump_json(indent=1) + "\n", encoding="utf-8")
        if updated.plan is not None:
            (folder / "plan.json").write_text(to_json(updated.plan), encoding="utf-8")
            report(updated.plan, folder)


def _never() -> bool:
    """Nobody cancels."""
    return False
