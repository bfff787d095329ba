"""What was seen at the sessions of a course, taken into the twins and told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from recutis.bands import Draws
from recutis.plan.course_file import CourseFile, SeenFile
from recutis.plan.evaluate import Place, SiteEvaluation
from recutis.plan.prediction_document import Learnt, SeenThing, Shift
from recutis.plan.quantities import of_draws
from recutis.plan.sessions import Sessions, Treated
from recutis.twins import Twins
from recutis.units import PERCENT

if TYPE_CHECKING:
    from recutis.response import SiteResponse
    from recutis.response.update import Compared
    from recutis.response.update import Learnt as Cloud

_CERTAIN: Final = 1e-9  # what came or did not come lies this far inside 0 and 1, which keeps logarithms finite
_STANDS: Final = {"downtime_days": "social_downtime_days", "closure_days": "closure_days", "pain_0_10": "pain_0_10"}
"""What is seen, by the clock of the response in whose place it stands."""
_CITED: Final = {"redness_days": "redness", "downtime_days": "social_downtime_days", "improvement_pct": ""}


def _with_clouds(at: dict[str, Place], clouds: tuple[Twins, ...]) -> dict[str, Place]:
    return {site: replace(place, twins=twins) for (site, place), twins in zip(at.items(), clouds, strict=True)}


def _expected(item: SiteEvaluation, concern: str | None) -> dict[str, Draws]:
    from recutis.response.update import expected

    gain = None if concern is None else item.improvement[concern].by_session[0]
    return expected(item.injury, item.place.twins, item.response, gain_pct=gain)


def _compared(course: CourseFile, number: int, treated: Treated) -> list[tuple[SeenFile, Compared]]:
    """Everything seen after a session, beside what its twins would have shown."""
    from recutis.response.update import compare

    found = []
    for seen in treated.session.seen:
        site, concern = course.seen_at(number, seen)
        item = next(one for one in treated.evaluations if one.place.site == site)
        found += [(seen, one) for one in compare(seen.seen(), _expected(item, concern), site=site)]
    return found


def learn_from(sessions: Sessions, number: int, at: dict[str, Place]) -> tuple[dict[str, Place], Treated]:
    """Places with the twins that a session (counted from 1) leaves, and that session with what it taught.

    Raises OutOfRangeError, with the session named, where no twin comes near what was seen.
    """
    from recutis.errors import OutOfRangeError
    from recutis.response.update import learn

    before = sessions.until(number, at)

    def compared(clouds: tuple[Twins, ...]) -> list[Compared]:
        return [one for _, one in _compared(sessions.course, number, sessions.until(number, _with_clouds(at, clouds)))]

    try:
        found = learn(tuple(place.twins for place in at.values()), compared)
    except OutOfRangeError as error:
        msg = f"Session {number}: {error}"
        raise OutOfRangeError(msg) from error
    known = _with_clouds(at, found.clouds)
    after = sessions.until(number, known)
    return known, replace(before, learnt=_document(sessions.course, number, before, after, found))


def _sources(item: SiteEvaluation | Treated, name: str, concern: str | None) -> tuple[str, ...]:
    if concern is not None and isinstance(item, SiteEvaluation):
        return item.improvement[concern].sources
    answer = item.together if isinstance(item, Treated) else item.response
    return tuple(answer.sources.get(_CITED.get(name, name), ()))


def _seen_thing(course: CourseFile, number: int, before: Treated, seen: SeenFile, one: Compared) -> SeenThing:
    from recutis.response.update import EVENTS, WORDS, sources

    site, graded = course.seen_at(number, seen)
    concern = graded if one.name == "improvement_pct" else None
    item = next(found for found in before.evaluations if found.place.site == site)
    predicted = one.predicted * (PERCENT if one.name in EVENTS else 1.0)
    cited = (*_sources(item, one.name, concern), *sources(one.name))
    return SeenThing(
        site=site,
        concern=concern,
        what=one.name,
        value=one.value,
        predicted=of_draws(predicted, WORDS[one.name][1], cited, weights=before.weights),
    )


def _redness(treated: Treated) -> Draws:
    """Days of redness at the site where it lasts longest."""
    return np.asarray(np.max([_expected(item, None)["redness_days"] for item in treated.evaluations], axis=0))


def _document(course: CourseFile, number: int, before: Treated, after: Treated, found: Cloud) -> Learnt:
    rows = ("update.effective_share", *(("update.kernel",) if found.refreshed else ()))

    def shift(first: Draws, then: Draws, unit: str, sources: tuple[str, ...]) -> Shift:
        return Shift(
            before=of_draws(first, unit, sources, weights=before.weights),
            after=of_draws(then, unit, sources, weights=after.weights),
        )

    one, other = before.together, after.together
    graded = {
        name: (item.by_session[0], evaluation.improvement[name].by_session[0], item.sources)
        for old, evaluation in zip(before.evaluations, after.evaluations, strict=True)
        for name, item in old.improvement.items()
    }
    return Learnt(
        twins=found.twins.n,
        effective_twins=round(found.effective_twins, 1),
        refreshed=found.refreshed,
        seen=tuple(_seen_thing(course, number, before, seen, item) for seen, item in _compared(course, number, before)),
        redness_days=shift(_redness(before), _redness(after), "days", _sources(before, "redness_days", None)),
        social_downtime_days=shift(
            one.social_downtime_days, other.social_downtime_days, "days", _sources(before, "downtime_days", None)
        ),
        pain_0_10=shift(one.pain_0_10, other.pain_0_10, "0-10", _sources(before, "pain_0_10", None)),
        pih=shift(PERCENT * one.risks["pih"], PERCENT * other.risks["pih"], "pct", _sources(before, "pih", None)),
        improvement_pct={name: shift(old, new, "pct", sources) for name, (old, new, sources) in graded.items()},
        sources=rows,
    )


def _stands(answer: SiteResponse, said: dict[str, float | bool]) -> SiteResponse:
    from recutis.response.update import EVENTS

    def full(value: float) -> Draws:
        return np.full_like(answer.pain_0_10, value)

    clocks: dict[str, Any] = {_STANDS[name]: full(value) for name, value in said.items() if name in _STANDS}
    events = {name: full(1 - _CERTAIN if value else _CERTAIN) for name, value in said.items() if name in EVENTS}
    return replace(answer, risks={**answer.risks, **events}, **clocks)


def as_seen(course: CourseFile, number: int, treated: Treated) -> Treated:
    """A session (counted from 1) with what was seen in the place of what was predicted: days, pain, and events that came or not."""
    from recutis import response

    said: dict[str, dict[str, float | bool]] = {}
    for seen in treated.session.seen:
        site, _ = course.seen_at(number, seen)
        said[site] = {**said.get(site, {}), **seen.seen().said()}
    answers = [_stands(item.response, said.get(item.place.site, {})) for item in treated.evaluations]
    return replace(treated, together=response.combine(answers))
