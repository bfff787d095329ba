"""Why the first option is as it is: which limit binds, what a looser one buys, what if the person differs, what else came near."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from recutis import evidence
from recutis.plan.courses import LIMIT_QUANTILES, PRICED
from recutis.plan.describe import course_label
from recutis.plan.document import Explanation, LooserLimit, RunnerUp
from recutis.plan.objectives import HARD_CAP, MOST_PAIN, Limits
from recutis.plan.protocol_distance import protocol_distances
from recutis.plan.sensitivity import sensitivities
from recutis.sites import concern_key_words
from recutis.units import PERCENT

if TYPE_CHECKING:
    from recutis.plan.evaluate import InjuryProvider, Place
    from recutis.plan.explore import Explored
    from recutis.plan.finalists import Finalist
    from recutis.plan.landscape import Landscape

_MORE_DAYS: Final = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0)
_MORE_PAIN: Final = (1.0, 2.0, 3.0)
_WORTH: Final = 1.0  # points of improvement below which a looser limit buys nothing worth telling
_NEAR: Final = 0.97  # of a limit, from where it counts as reached
_BOLDER: Final = {"cautious": "balanced", "balanced": "bold"}
_PRICES: Final = {
    "downtime_day": ("a day of downtime", "points a day"), "session": ("a session", "points a session"),
    "pih": ("a per cent of dark marks (PIH)", "points a per cent"),
}  # fmt: skip
_SAME: Final = 1e-9
_ABSURD: Final = 10.0  # times a price, beyond which nobody would weigh so
_EVEN: Final = 0.5  # points between courses that are as good as each other


def looser_limits(explored: Explored) -> tuple[LooserLimit, ...]:
    """The least loosening of each limit that buys at least a point of improvement, and where there is more to buy, the next."""
    found, limits = explored.landscape, explored.limits
    now = found.best(limits)
    told: list[LooserLimit] = []
    if now is None:
        return ()
    for steps in (_days(limits), _sessions(explored), _pain(limits), _risk(limits)):
        best = now
        for kind, before, after, looser in steps:
            row = found.best(looser)
            if row is not None and _bought(found, limits, best, row) >= _WORTH:
                told.append(_looser(found, limits, (kind, before, after), now, row))
                best = row
    return tuple(told)


Step = tuple[str, str, str, Limits]


def _days(limits: Limits) -> Iterator[Step]:
    now = limits.max_social_downtime_days
    for more in _MORE_DAYS:
        then = now + more
        yield "social_downtime_days", f"{now:g} days", f"{then:g} days", replace(limits, max_social_downtime_days=then)


def _sessions(explored: Explored) -> Iterator[Step]:
    now = explored.limits.max_sessions
    for then in range(now + 1, explored.search.most_sessions + 1):
        yield "sessions", f"{now}", f"{then}", replace(explored.limits, max_sessions=then)


def _pain(limits: Limits) -> Iterator[Step]:
    if limits.max_pain_0_10 is not None:
        for then in dict.fromkeys(min(limits.max_pain_0_10 + more, MOST_PAIN) for more in _MORE_PAIN):
            yield "pain_0_10", f"{limits.max_pain_0_10:g} of 10", f"{then:g} of 10", replace(limits, max_pain_0_10=then)


def _risk(limits: Limits) -> Iterator[Step]:
    bolder = _BOLDER.get(limits.risk)
    if bolder is not None:
        yield "risk", limits.risk, bolder, replace(limits, risk=bolder)  # type: ignore[arg-type]


def _bought(found: Landscape, limits: Limits, now: int, then: int) -> float:
    """Points of median improvement, weighted by the person's priorities, that one course has over another."""
    gain = found.judged(limits).median_gain
    return float(gain[then] - gain[now])


def _looser(found: Landscape, limits: Limits, words: tuple[str, str, str], now: int, row: int) -> LooserLimit:
    kind, before, after = words
    courses, verdict = found.courses, found.judged(limits)
    middle = LIMIT_QUANTILES.index(0.5)
    points = _bought(found, limits, now, row)
    days = float(courses.downtime[row, middle] - courses.downtime[now, middle])
    pih = PERCENT * float(courses.risk_middle[row, 0] - courses.risk_middle[now, 0])
    label = course_label(found.candidate(row, limits))
    what = {
        "social_downtime_days": f"{after} of downtime in place of {before}", "sessions": f"{after} sessions in place of {before}",
        "pain_0_10": f"pain up to {after} in place of {before}", "risk": f"{after} rather than {before} about risk",
    }[kind]  # fmt: skip
    text = (
        f"{what[0].upper()}{what[1:]}: {points:+.0f} points of improvement with {label}; "
        f"{days:+.1f} days of downtime a session, {pih:+.1f} in 100 with dark marks."
    )
    return LooserLimit(
        limit=kind, now=before, then=after, label=label, improvement_points=round(points, 2),
        counted_points=round(float(verdict.gain[row] - verdict.gain[now]), 2), downtime_days=round(days, 2), pih_points=round(pih, 2),
        text=text,
    )  # fmt: skip


def binding(explored: Explored, first: Finalist) -> tuple[str, ...]:
    """Limits that hold the first option back: those it nearly reaches, hard caps that forbid a better course, ceilings it sits on."""
    limits, course = explored.limits, first.course
    at = limits.limit_quantile
    words = []
    downtime = course.quantile(course.social_downtime_days, at)
    if downtime >= _NEAR * limits.max_social_downtime_days > 0:
        words.append(f"Social downtime: {downtime:.1f} of {limits.max_social_downtime_days:g} days at the {at:.0%} quantile.")
    if first.candidate.sessions == limits.max_sessions:
        words.append(f"Sessions: all {limits.max_sessions} that are allowed are used.")
    if limits.max_pain_0_10 is not None and course.quantile(course.pain_0_10, at) >= _NEAR * limits.max_pain_0_10:
        pain = course.quantile(course.pain_0_10, at)
        words.append(f"Pain: {pain:.1f} of the {limits.max_pain_0_10:g} allowed, at the {at:.0%} quantile.")
    return (*words, *_caps(explored), *_at_ceiling(first))


def _caps(explored: Explored) -> list[str]:
    """Each single limit, goal or hard cap, without which a better course would be best, and by how much."""
    found, limits = explored.landscape, explored.limits
    verdict, now = found.judged(limits), found.best(limits)
    if now is None:
        return []
    count = np.sum(list(verdict.breaks.values()), axis=0)
    words = []
    for text, flags in verdict.breaks.items():
        only = np.flatnonzero(flags & (count == 1))
        if only.size == 0 or not text.startswith(HARD_CAP):
            continue
        best = int(only[np.argmax(verdict.score[only])])
        ahead = float(verdict.score[best] - verdict.score[now])
        if ahead >= _WORTH:
            name = course_label(found.candidate(best, limits))
            words.append(f"{text[0].upper()}{text[1:]}: without it {name} would be {ahead:.0f} points ahead; it is never lifted.")
    return words


def _at_ceiling(first: Finalist) -> list[str]:
    """Hard ceilings of the table that the settings sit on."""
    from recutis.plan.setting_limits import place_energy_mJ, place_fluence_J_cm2, total_density_pct

    words: dict[str, None] = {}
    for phase, evaluated in zip(first.candidate.phases, first.phases, strict=True):
        for item in evaluated.evaluations:
            most = phase.ceilings[item.place.site]
            checks = (
                ("energy", place_energy_mJ(item.exposure), most.max_energy_mJ, "mJ"),
                ("density", total_density_pct(item.exposure), most.max_density_pct, "%"),
                ("fluence", place_fluence_J_cm2(item.exposure), most.max_fluence_J_cm2, "J/cm²"),
            )
            for name, value, ceiling, unit in checks:
                if value is not None and ceiling is not None and value >= _NEAR * ceiling:
                    site = item.place.site.replace("_", " ")
                    rules = ", ".join(most.rule_ids)
                    words[f"Ceiling of {name} on the {site}: {value:.3g} of {ceiling:g} {unit} ({rules})."] = None
    return list(words)


def runner_up(explored: Explored, chosen: list[Finalist]) -> RunnerUp | None:
    """The second option, how far behind it is, and at which price, priority or limit it would come first."""
    if len(chosen) < 2:
        return None
    found = explored.landscape
    one, two = (item.candidate for item in chosen[:2])
    behind = one.score - two.score
    words = []
    more = [name for name in one.treats if name not in two.treats]
    if more:
        missing = " and ".join(concern_key_words(name) for name in more)
        words.append(f"if {missing} mattered less: it does nothing visible there")
    if behind <= _EVEN and not more:
        words.append("already as good: choose by what is at hand")
    for price, (what, unit) in ({} if more else _PRICES).items():  # no price puts first what does visibly less
        told = f"{what} counted {{side}} than {{level:.2g}} {unit}"
        words += _at_price(found, (one.row, two.row), behind, price, told, explored.limits.risk)
    gains = found.courses.gain[:, :, -1]
    for number, name in enumerate(found.concerns):
        ahead = float(gains[two.row, number] - gains[one.row, number])
        if ahead >= _WORTH and len(found.concerns) > 1:
            words.append(f"if {name.replace('_', ' ').replace('@', ', ')} mattered most: {ahead:.0f} points more there")
    return RunnerUp(label=course_label(two), behind_points=round(behind, 2), would_win=tuple(words))


def _at_price(found: Landscape, rows: tuple[int, int], behind: float, price: str, words: str, risk: str) -> list[str]:
    """At which price of what is given up the second would be level with the first, where that price is not absurd."""
    now = evidence.value(f"plan.price.{price}")
    one, two = (_amount(found, row, price, risk) for row in rows)
    if behind <= 0 or abs(one - two) < _SAME:
        return []
    level = now + behind / (one - two)
    if not 0 <= level <= _ABSURD * now:
        return []
    return [f"if {words.format(side='more' if one > two else 'less', level=level)} (now {now:g})"]


def _amount(found: Landscape, row: int, price: str, risk: str) -> float:
    """What a price is multiplied by in the score of a course; dark marks weigh by the person's appetite for risk."""
    courses = found.courses
    if price == "downtime_day":
        return float(courses.downtime_total[row])
    if price == "session":
        return float(courses.sessions[row] - 1)
    return evidence.value(f"plan.pih_weight.{risk}") * PERCENT * float(courses.risk_mean[row, PRICED.index("pih")])


def explanation(
    explored: Explored, chosen: list[Finalist], at: Mapping[str, Place], injure: InjuryProvider, weights: Mapping[str, float]
) -> Explanation:
    """Everything that explains the first option; `injure` makes the injuries of skins and devices that differ."""
    return Explanation(
        binding=binding(explored, chosen[0]),
        looser=looser_limits(explored),
        sensitivities=sensitivities(explored, chosen[0], injure, weights),
        runner_up=runner_up(explored, chosen),
        protocols=protocol_distances(explored, chosen[0], at),
    )
