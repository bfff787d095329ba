"""What a course that somebody chose would do for this person: session by session, and as a whole."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from recutis import evidence
from recutis.bands import Draws
from recutis.classes import matches
from recutis.errors import CancelledError, InputError
from recutis.files import writing_folder
from recutis.injury import Injury
from recutis.laser.types import Cooling, Device, Exposure
from recutis.patient import Screening, ceiling, questions, screen, unasked
from recutis.plan.assemble import screening_entries, sources_of
from recutis.plan.care import ANAESTHESIA_WORDS, care_policy, numbing_for, prophylaxis
from recutis.plan.course_file import CourseFile, SessionFile
from recutis.plan.describe import injury_document, pass_settings, strongest
from recutis.plan.document import PlanProvenance, Predictions, Quantity, Question
from recutis.plan.evaluate import STRENGTH, Evaluator, InjuryProvider, Place, SiteEvaluation, named_concerns, places
from recutis.plan.fold import continued, course_chance
from recutis.plan.outlook import ConcernCourse, outlook
from recutis.plan.pigment_curve import pigment_curve
from recutis.plan.prediction_document import CoursePrediction, CourseWarning, PigmentCurve, SessionPrediction, WholeCourse
from recutis.plan.predictions import predictions
from recutis.plan.quantities import of_draws
from recutis.plan.setting_limits import above_ceiling
from recutis.provenance import provenance
from recutis.units import DAYS_PER_WEEK, PERCENT

if TYPE_CHECKING:
    from recutis.response import SiteResponse
    from recutis.skin.types import Lesion, Skin

_TWINS: Final = 400
_CURVE: Final = 30
"""Sessions over which a device's own course is followed, more than a course file may hold."""
HOW: Final = (
    "Each session is computed on the skin of the patient file: what an earlier session left behind (redness, thinner or tanned skin) "
    "is not carried on.",
    "Improvement: before each session a twin is put on the new session's own curve of equal sessions where that has the gain reached "
    "so far, and goes one session further; equal sessions give the plan's own figures.",
    "Risks of the course: the most dangerous session counts whole, each other one as much as a repeated equal session does.",
    "Over time: each session's own part appears in weeks (pigment, vessels) or three months (scars, lines, glands); the whole fades from "
    "half a year after the last session on, melasma sooner, and pigment sooner and more without daily sunscreen.",
    "Scales: each is computed by itself from the improvement and a baseline, stated in the patient file (severity) or else the usual one; "
    "most usual baselines are remembered, not read.",
    "Dark marks by phototype: the session with the greatest chance, its care kept for every phototype.",
    "Days out of sight are added up twin by twin; the course's pain is that of its worst session.",
    "Screening is of the patient file's date; it is not run again for later sessions.",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Treated:
    """One session evaluated at all its sites, with the gain of every concern by then."""

    session: SessionFile
    device: Device
    day: datetime.date
    evaluations: list[SiteEvaluation]
    together: SiteResponse
    gain: dict[str, Draws]


def _cooled(injure: InjuryProvider, cooling: Cooling, exposure: Exposure, skin: Skin, *, lesion: Lesion | None = None) -> Injury:
    """The injury with the session's own cooling in the place of the device's."""
    return injure(replace(exposure, cooling=cooling), skin, lesion=lesion)


def _evaluator(
    course: CourseFile, screening: Screening, session: SessionFile, gap_weeks: float, injure: InjuryProvider
) -> Evaluator:
    def anaesthesia(device: Device) -> tuple[str, ...]:
        return (session.anaesthesia,) if session.anaesthesia else numbing_for(device, STRENGTH)

    return Evaluator(
        care_for=care_policy(course.patient, screening),
        injure=partial(_cooled, injure, session.exposure().cooling),
        anaesthesia=anaesthesia,
        most_sessions=_CURVE,
        interval_weeks=lambda _device: gap_weeks,
        pain_target=evidence.value("plan.pain_target"),
        pain_quantile=0.5,
    )


def _usual_interval(device: Device) -> evidence.Row:
    """The row of the usual weeks between sessions of a class."""
    for row in evidence.rows("model_plan"):
        if row.id.startswith("plan.interval.") and matches(row.id.removeprefix("plan.interval."), device.device_class):
            return row
    msg = f"No interval between sessions is known for {device.device_class}; choose another device."
    raise InputError(msg)


def _with_gain(evaluation: SiteEvaluation, gain: dict[str, Draws]) -> SiteEvaluation:
    """The evaluation telling the gain of the whole course so far."""
    told = {name: replace(item, by_session=gain[name][None, :]) for name, item in evaluation.improvement.items()}
    return replace(evaluation, improvement=told)


def _fold(gain: dict[str, Draws], evaluation: SiteEvaluation) -> dict[str, Draws]:
    """Gains after one more session at one place."""
    found = dict(gain)
    for name, item in evaluation.improvement.items():
        found[name] = continued(gain[name], item.by_session) if name in gain else item.by_session[0]
    return found


def _treat(
    course: CourseFile,
    at: dict[str, Place],
    screening: Screening,
    injure: InjuryProvider,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> list[_Treated]:
    """All sessions in order, each on what the earlier ones gained."""
    from recutis import response

    done: list[_Treated] = []
    gain: dict[str, Draws] = {}
    last: dict[str, datetime.date] = {}
    for number, (session, day) in enumerate(zip(course.sessions, course.days(), strict=True), start=1):
        if cancelled():
            msg = "The prediction was cancelled; nothing was written."
            raise CancelledError(msg)
        device, settings = session.device.device(), session.exposure().settings
        evaluations = []
        for site in course.sites(number):
            usual = _usual_interval(device).value or 0.0
            gap = (day - last[site]).days / DAYS_PER_WEEK if site in last else usual
            found = _evaluator(course, screening, session, gap, injure).site(device, settings, at[site])
            found = replace(found, exposure=replace(found.exposure, cooling=session.exposure().cooling))
            gain = _fold(gain, found)
            evaluations.append(_with_gain(found, gain))
            last[site] = day
        together = response.combine([item.response for item in evaluations])
        done.append(
            _Treated(session=session, device=device, day=day, evaluations=evaluations, together=together, gain=dict(gain))
        )
        progress(number / len(course.sessions))
    return done


def _gains(gain: dict[str, Draws], sources: dict[str, tuple[str, ...]]) -> dict[str, Quantity]:
    """Gains of the concerns that have sources to tell."""
    return {name: of_draws(draws, "pct", sources[name]) for name, draws in gain.items() if name in sources}


def _session(number: int, one: _Treated, start: datetime.date, sources: dict[str, tuple[str, ...]]) -> SessionPrediction:
    told = predictions(one.evaluations, sessions=1)
    lead = strongest(one.evaluations)
    clocks = {
        name: getattr(told, name)
        for name in (
            "chair_minutes", "pain_0_10", "closure_days", "social_downtime_days", "return_to_work_day", "makeup_day",
            "sunscreen_start_day", "erythema_resolution_days", "pih_duration_weeks", "symptoms",
        )
    }  # fmt: skip
    return SessionPrediction(
        number=number,
        date=one.day.isoformat(),
        week=round((one.day - start).days / DAYS_PER_WEEK, 2),
        device=one.device.name,
        device_class=one.device.device_class,
        sites=tuple(item.place.site for item in one.evaluations),
        settings=pass_settings(one.evaluations[0].exposure),
        passes=one.evaluations[0].exposure.passes,
        arithmetic=one.evaluations[0].exposure.arithmetic,
        anaesthesia=ANAESTHESIA_WORDS[lead.care.anaesthesia],
        prophylaxis=prophylaxis(lead.care),
        injuries=tuple(injury_document(item, injury) for item in one.evaluations for injury in item.injuries.values()),
        improvement_pct=_gains(one.gain, sources),
        risks=_session_risks(told),
        **clocks,
    )


def _session_risks(told: Predictions) -> dict[str, Quantity]:
    from recutis.response import RISKS

    return {kind: getattr(told.risks, kind).per_session for kind in RISKS}


def _whole(done: list[_Treated]) -> WholeCourse:
    from recutis.response import RISKS

    last: dict[str, SiteEvaluation] = {}
    for one in done:
        last |= {item.place.site: item for item in one.evaluations}
    final = [_with_gain(item, done[-1].gain) for item in last.values()]
    told = predictions(final, sessions=1)
    risks = {}
    for kind in RISKS:
        draws = course_chance([one.together.risks[kind] for one in done], kind=kind)
        sources = dict.fromkeys(key for one in done for key in one.together.sources.get(kind, ()))
        risks[kind] = of_draws(PERCENT * draws, "pct", sources)
    cited = {
        name: tuple(dict.fromkeys(key for one in done for key in one.together.sources.get(name, ())))
        for name in ("social_downtime_days", "pain_0_10")
    }
    days = np.sum([one.together.social_downtime_days for one in done], axis=0)
    pain = np.max([one.together.pain_0_10 for one in done], axis=0)
    return WholeCourse(
        sessions=len(done),
        weeks=round((done[-1].day - done[0].day).days / DAYS_PER_WEEK, 2),
        improvement_pct=told.improvement_pct,
        quartile_odds=told.quartile_odds,
        recurrence_pct=told.recurrence_pct,
        time_to_effect_weeks=told.time_to_effect_weeks,
        non_responders_pct={name: odds.no_visible_change for name, odds in told.quartile_odds.items()},
        **outlook(_concern_courses(done)),
        risks=risks,
        social_downtime_days_in_all=of_draws(days, "days", cited["social_downtime_days"]),
        worst_pain_0_10=of_draws(pain, "0-10", cited["pain_0_10"]),
    )


def _concern_courses(done: list[_Treated]) -> dict[str, ConcernCourse]:
    """Each concern with the sessions that treat it and what they gain."""
    found: dict[str, ConcernCourse] = {}
    for name in done[-1].gain:
        treated = [
            (number, one, item)
            for number, one in enumerate(done, start=1)
            for item in one.evaluations
            if name in item.improvement
        ]
        _, _, last = treated[-1]
        found[name] = ConcernCourse(
            concern=last.place.concerns[name],
            lesion=last.place.lesions[name],
            twins=last.place.twins,
            sessions=tuple(number for number, _, _ in treated),
            days=tuple(one.day for _, one, _ in treated),
            by_session_pct=np.stack([one.gain[name] for _, one, _ in treated]),
            recurrence_pct=last.improvement[name].recurrence_pct,
            sources=last.improvement[name].sources,
        )
    return found


def _pigment(done: list[_Treated], injure: InjuryProvider, screening: Screening) -> PigmentCurve:
    """PIH by phototype and density for the session and site with the greatest chance of it."""
    places_hit = [(number, item) for number, one in enumerate(done, start=1) for item in one.evaluations]
    number, worst = max(places_hit, key=lambda told: float(np.median(told[1].response.risks["pih"])))
    most = ceiling(
        worst.place.site,
        worst.exposure.device.device_class,
        worst.place.twins.traits.phototype,
        overridden=screening.overridden,
    )
    cooled = partial(_cooled, injure, worst.exposure.cooling)
    return pigment_curve(number, worst, cooled, ceiling_density_pct=most.max_density_pct if most.allowed else None)


def _screening_warnings(course: CourseFile, screening: Screening) -> list[CourseWarning]:
    found = []
    if screening.status != "ready":
        urgent = " Refer urgently." if screening.urgent else ""
        text = f"Screening says '{screening.status}': nothing should be treated before that is settled.{urgent}"
        rules = tuple(entry.rule_id for entry in screening.firing if entry.severity in {"absolute", "gate"})
        found.append(CourseWarning(severity="not_allowed", session=None, site=None, text=text, sources=rules))
    for name in sorted(_untold(course, screening)):
        text = (
            f"No benefit is told for {name}: a pigmented lesion without a diagnosis, or one that changes, is not treated by laser"
        )
        found.append(CourseWarning(severity="not_allowed", session=None, site=None, text=text, sources=()))
    for item in questions(course.patient):
        text = f"A required answer is missing: {item.place}. {item.question}"
        found.append(CourseWarning(severity="not_allowed", session=None, site=None, text=text, sources=()))
    return found


def _untold(course: CourseFile, screening: Screening) -> frozenset[str]:
    """Concerns of which no benefit is told: pigmented lesions that must be seen by a physician first."""
    from recutis.patient.profile import PIGMENTED_KINDS

    if not screening.urgent:
        return frozenset()
    return frozenset(name for name, concern in named_concerns(course.patient).items() if concern.kind in PIGMENTED_KINDS)


def _without(told: WholeCourse, names: frozenset[str]) -> WholeCourse:
    """The course without a word on the benefit of some concerns."""
    parts = (
        "improvement_pct", "quartile_odds", "recurrence_pct", "time_to_effect_weeks", "non_responders_pct", "by_session",
        "over_time", "over_time_without_sunscreen", "scales",
    )  # fmt: skip
    return told.model_copy(
        update={part: {key: item for key, item in getattr(told, part).items() if key not in names} for part in parts}
    )


def _site_warnings(number: int, item: SiteEvaluation, screening: Screening) -> list[CourseWarning]:
    """Rules and ceilings that speak against one session at one site."""
    device, site = item.exposure.device, item.place.site
    found = []

    def tell(severity: str, text: str, *sources: str) -> None:
        found.append(
            CourseWarning.model_validate(
                {"severity": severity, "session": number, "site": site, "text": text, "sources": sources}
            )
        )

    for entry in screening.removed(device.device_class, site):
        tell("not_allowed", f"{entry.condition}: {entry.required_action}", entry.rule_id)
    for entry in screening.cautions(device.device_class, site):
        tell("caution", f"{entry.condition}: {entry.required_action}", entry.rule_id)
    most = ceiling(site, device.device_class, item.place.twins.traits.phototype, overridden=screening.overridden)
    if not most.allowed:
        tell("not_allowed", most.reason, *most.rule_ids)
    else:
        for words in above_ceiling(item.exposure, most):
            tell("not_allowed", f"Above the hard ceiling: {words}", *most.rule_ids)
        if most.test_spot:
            tell("caution", "A test spot is asked for before this treatment", *most.rule_ids)
    for words in item.injury.warnings:
        tell("caution", words)
    return found


def _time_warnings(done: list[_Treated], start: datetime.date) -> list[CourseWarning]:
    """Sessions that come too soon for the skin, or lie before the planning day."""
    found = []
    last: dict[str, _Treated] = {}
    for number, one in enumerate(done, start=1):
        if one.day < start:
            text = f"The session on {one.day} lies before the patient file's date {start}"
            found.append(CourseWarning(severity="caution", session=number, site=None, text=text, sources=()))
        for item in one.evaluations:
            site = item.place.site
            before = last.get(site)
            last[site] = one
            if before is None:
                continue
            days = (one.day - before.day).days
            closed = float(np.quantile(before.together.closure_days, 0.9))
            cited = tuple(before.together.sources.get("closure_days", ()))
            row = _usual_interval(one.device)
            least = row.low or row.value or 0.0
            if days <= closed:
                text = (
                    f"{days} days after the last session the skin may still be open (closed by day {closed:.0f} in nine of ten)"
                )
                found.append(CourseWarning(severity="not_allowed", session=number, site=site, text=text, sources=cited))
            elif days < least * DAYS_PER_WEEK:
                text = f"{days} days after the last session; the usual least for this class is {least:g} weeks"
                found.append(CourseWarning(severity="caution", session=number, site=site, text=text, sources=(row.id,)))
    return found


def predict_course(
    course: CourseFile,
    *,
    seed: int = 0,
    injure: InjuryProvider | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> CoursePrediction:
    """Predict a chosen course; what speaks against it stands in `warnings`, loudest first, and in `allowed`.

    `injure` makes injuries (default: the simulation of `recutis.injury`). Same course and seed: same numbers, but for
    `provenance.seconds`.

    Raises InputError when age, sex or phototype is missing or a lesion has no diagnosis; CancelledError when `cancelled` says so.
    """
    started = time.perf_counter()
    if injure is None:
        from recutis.injury.simulate import injure as simulated

        injure = simulated
    patient = course.patient
    screening = screen(patient)
    at = places(patient, n=_TWINS, seed=seed)
    done = _treat(course, at, screening, injure, progress or _silent, cancelled or _never)
    effects: dict[str, tuple[str, ...]] = {}
    for one in done:
        for item in one.evaluations:
            effects |= {name: effect.sources for name, effect in item.improvement.items()}
    warnings = _screening_warnings(course, screening)
    for number, one in enumerate(done, start=1):
        for item in one.evaluations:
            warnings += _site_warnings(number, item, screening)
    warnings += _time_warnings(done, patient.date)
    warnings.sort(key=lambda item: item.severity != "not_allowed")
    untold = _untold(course, screening)
    told = {name: ids for name, ids in effects.items() if name not in untold}
    sessions = tuple(_session(number, one, patient.date, told) for number, one in enumerate(done, start=1))
    whole = _without(_whole(done), untold)
    pigment = _pigment(done, injure, screening)
    made = provenance(course.model_dump(mode="json", exclude_none=True), seed=seed)
    return CoursePrediction(
        allowed=not any(item.severity == "not_allowed" for item in warnings),
        screening_status=screening.status,
        warnings=tuple(warnings),
        questions=tuple(Question(place=item.place, question=item.question) for item in questions(patient)),
        unasked=tuple(unasked(patient)),
        screening=screening_entries(screening),
        sessions=sessions,
        course=whole,
        pigment=pigment,
        how=HOW,
        sources=sources_of([sessions, whole, pigment, tuple(warnings)]),
        provenance=PlanProvenance(**asdict(made), twins=_TWINS, candidates=1, seconds=round(time.perf_counter() - started, 3)),
    )


def write_prediction(
    prediction: CoursePrediction, out: Path, *, pictures: Callable[[CoursePrediction, Path], None] | None = None
) -> None:
    """Write `prediction.json` into a folder, which appears complete or not at all; `pictures` draws figures into it.

    Raises InputError when the place cannot be written.
    """
    with writing_folder(out) as folder:
        text = prediction.model_dump_json(indent=1) + "\n"
        (folder / "prediction.json").write_text(text, encoding="utf-8")
        if pictures is not None:
            pictures(prediction, folder)


def _silent(_share: float) -> None:
    """Progress nobody listens to."""


def _never() -> bool:
    """Nobody cancels."""
    return False
