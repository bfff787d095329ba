"""Plans without settings: screening stands in the way, or no course keeps every limit; each says what would change that."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from recutis.classes import DEVICE_CLASSES
from recutis.patient.screening import REFERRALS
from recutis.plan.assemble import Draft
from recutis.plan.calendar import recheck_calendar
from recutis.plan.comparators import no_treatment
from recutis.plan.courses import LIMIT_QUANTILES, Verdict
from recutis.plan.document import Status
from recutis.plan.evaluate import Place
from recutis.plan.explore import Explored, weights_of
from recutis.plan.finalists import simulated
from recutis.plan.objectives import MOST_PAIN
from recutis.plan.search import Refused

if TYPE_CHECKING:
    from recutis.patient import Patient, Screening

_TRIES: Final = 6  # courses simulated for the smallest change
_NO_CEILING: Final = "no ceiling is known"
_GOALS: Final = ("social downtime", "at most", "pain of at most")
"""How the sentences of the limits begin that a person may loosen."""


def _kept_from(screening: Screening, patient: Patient) -> Refused:
    """The classes that screening takes away at every site of the person's concerns, with the rules."""
    found = Refused()
    sites = {concern.site for concern in patient.concerns}
    for name in DEVICE_CLASSES:
        rules = {site: screening.removed(name, site) for site in sites}
        if sites and all(rules.values()):
            words = dict.fromkeys(f"{rule.rule_id} ({rule.condition})" for several in rules.values() for rule in several)
            found.refuse(name, f"removed by screening: {'; '.join(words)}")
    return found


def not_ready(screening: Screening, status: Status, patient: Patient) -> Draft:
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
            status=status,
            refused=found.reasons,
            headline="Required answers are missing; nothing is planned until they are given.",
        )
    lead = blocking[0] if blocking else next((entry for entry in screening.entries if entry.state == "fires"), None)
    if lead is None:
        return Draft(status=status, refused=found.reasons, headline="Screening stopped this plan.")
    words = {
        "refer": "Refer urgently, before any laser" if screening.urgent else "Refer before any laser",
        "deferred": "Defer treatment",
        "blocked": "No laser treatment",
    }
    lifts = f" It lifts when: {lead.lifts_when}." if lead.lifts_when else ""
    headline = f"{words[status]}: {lead.condition} ({lead.rule_id}). {lead.required_action.capitalize()}.{lifts}"
    until = lead.until.isoformat() if lead.until else None
    dated = recheck_calendar(until, f"Look again: {lead.condition}", f"{lead.required_action}. {lifts.strip()}")
    return Draft(status=status, refused=found.reasons, headline=headline, calendar=dated)


def nothing_fits(explored: Explored, refused: Mapping[str, list[str]], at: Mapping[str, Place]) -> Draft:
    """No course keeps every limit: say which limits clash, and the smallest change that would allow one."""
    found, limits = explored.landscape, explored.limits
    removed = found.removed(limits).most_common(3)
    if removed or len(found.courses):
        words = (
            "; ".join(f"{limit} removed {count}" for limit, count in removed)
            or "none was removed before it was simulated in full"
        )
        headline = f"Nothing allowed keeps every limit: of {len(found.courses)} courses, {words}. {smallest_change(explored, at)}"
    else:
        headline = "No allowed laser reaches the target in this skin; the reasons stand under the refused devices."
        unknown = [name for name, reasons in refused.items() if any(_NO_CEILING in reason for reason in reasons)]
        if unknown:
            headline += (
                f" Without a row in the table of ceilings nothing is offered; such a row is missing for {', '.join(unknown)}."
            )
    return Draft(
        status="blocked",
        headline=headline + _kept_back(explored.screening),
        explored=explored,
        refused=dict(refused),
        no_treatment=no_treatment(dict(at)),
        twins=found.twins,
    )


def smallest_change(explored: Explored, at: Mapping[str, Place]) -> str:
    """The least that the person's limits would have to give for a course to be possible, in one sentence.

    Loosening is counted in the person's own measure: a day in the days allowed (at least one), a session, a point of pain. The course is
    simulated for these places, and what is told is what it needs then.
    """
    found, limits = explored.landscape, explored.limits
    verdict, courses = found.judged(limits), explored.landscape.courses
    rows = np.flatnonzero(~_hard(verdict))
    if rows.size == 0:
        return (
            "No looser limit of the person's would allow a course: hard caps or the lack of a visible change forbid all of them."
        )
    quantile = LIMIT_QUANTILES.index(limits.limit_quantile)
    days = np.maximum(courses.downtime[rows, quantile] - limits.max_social_downtime_days, 0.0)
    more = np.maximum(courses.sessions[rows] - limits.max_sessions, 0.0)
    pain = np.maximum(courses.pain[rows, quantile] - (math.inf if limits.max_pain_0_10 is None else limits.max_pain_0_10), 0.0)
    give = (
        days / max(limits.max_social_downtime_days, 1.0)
        + more / limits.max_sessions
        + pain / max(limits.max_pain_0_10 or 1.0, 1.0)
    )
    for row in rows[np.lexsort((-verdict.score[rows], give))][:_TRIES].tolist():
        told = _needs(explored, at, row)
        if told:
            return told
    return "Courses near these limits exist, but none of those looked at keeps the hard caps when it is simulated in full."


def _hard(verdict: Verdict) -> NDArray[np.bool_]:
    """Courses that break what no person may loosen."""
    hard = [flags for text, flags in verdict.breaks.items() if not text.startswith(_GOALS)]
    found: NDArray[np.bool_] = np.logical_or.reduce([np.zeros(verdict.score.size, dtype=np.bool_), *hard])
    return found


def _needs(explored: Explored, at: Mapping[str, Place], row: int) -> str:
    """What one course needs of the limits when it is simulated; empty where a hard cap stands in its way then."""
    found, limits = explored.landscape, explored.limits
    one = simulated(found.candidate(row, limits), found, explored.evaluator, at, limits, weights_of(explored.request.patient))
    if any(not text.startswith(_GOALS) for text in one.candidate.breaks):
        return ""
    needs = []
    days = one.course.quantile(one.course.social_downtime_days, limits.limit_quantile)
    pain = one.course.quantile(one.course.pain_0_10, limits.limit_quantile)
    if days > limits.max_social_downtime_days:
        needs.append(f"{_up(days):g} days of social downtime in place of {limits.max_social_downtime_days:g}")
    if one.candidate.sessions > limits.max_sessions:
        needs.append(f"{one.candidate.sessions} sessions in place of {limits.max_sessions}")
    if limits.max_pain_0_10 is not None and pain > limits.max_pain_0_10:
        needs.append(f"pain up to {min(_up(pain), MOST_PAIN):g} of 10 in place of {limits.max_pain_0_10:g}")
    if not needs:
        return ""
    names = " then ".join(phase.device.name for phase in one.candidate.phases)
    return f"The smallest change that would allow a course is {' and '.join(needs)}: then {names}, {one.candidate.sessions} sessions."


def _up(value: float) -> float:
    """Rounded up to a tenth, and a little beyond, so that the loosened limit holds."""
    return float(np.ceil(value * 10 + 1e-6) / 10)


def _kept_back(screening: Screening) -> str:
    """One sentence on the rule that takes most classes away; empty when screening takes none."""
    rules = [entry for entry in screening.entries if entry.removes]
    if not rules:
        return ""
    most = max(rules, key=lambda entry: len(entry.applies_to))
    lifts = f"; it lifts when: {most.lifts_when}" if most.lifts_when else ""
    return f" Screening keeps {len(most.applies_to)} classes of device back: {most.condition} ({most.rule_id}{lifts})."
