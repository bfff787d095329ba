"""Goals moved after exploring: the answers are those of a fresh plan, and one course is told as its columns say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from recutis.errors import InputError
from recutis.laser import Clinic, device
from recutis.patient import read_patient, screen
from recutis.patient.profile import Goals
from recutis.plan.courses import LIMIT_QUANTILES
from recutis.plan.explore import Explored, explore
from recutis.plan.judgement import course_summary, judgement
from recutis.plan.moved import as_searched, lighter, moved, read_goals, reweighted, why_explore_again
from recutis.plan.planner import chosen_course, option_of_course, plan_course, planned
from recutis.plan.request import Request
from recutis.units import PERCENT

EXAMPLES = Path(__file__).parent.parent / "examples" / "patients"
DEVICES = ("Fraxel re:store", "UltraPulse DeepFX", "PicoWay 532")
SECONDS = {"provenance": {"seconds"}}


@cache
def request_for(name: str = "lines-and-age-spots") -> Request:
    """An example patient in a clinic with three devices."""
    return Request(
        patient=read_patient(EXAMPLES / f"{name}.yaml"), clinic=Clinic(devices=tuple(device(one) for one in DEVICES))
    )  # fmt: skip


@cache
def explored() -> Explored:
    """All its courses."""
    return explore(request_for(), screen(request_for().patient))


def under(**goals: object) -> tuple[Request, Goals]:
    """The request with some goals changed."""
    one = request_for()
    new = one.patient.goals.model_copy(update=goals)
    return Request(patient=one.patient.model_copy(update={"goals": new}), clinic=one.clinic), new


@pytest.mark.parametrize("goals", [{"max_social_downtime_days": 3.0}, {"max_social_downtime_days": 9.0, "max_pain_0_10": 4.0}])
def test_a_plan_of_what_was_explored_before_is_the_fresh_plan(goals: dict[str, object]) -> None:
    """Under limits that were moved, from the courses as they are kept, the whole document is that of planning anew."""
    request, new = under(**goals)
    fresh = planned(request)
    again = planned(request, explored=moved(lighter(explored()), new))

    assert again.plan.model_dump(exclude=SECONDS) == fresh.plan.model_dump(exclude=SECONDS)
    assert again.rows == fresh.rows
    assert fresh.plan.model_dump(exclude=SECONDS) == plan_course(request).model_dump(exclude=SECONDS)


@pytest.mark.parametrize("days", [2.0, 5.0, 12.0])
def test_moved_limits_lead_to_the_best_course_of_a_fresh_search(days: float) -> None:
    """Best, kinds, chart and what limits remove are those of courses explored under the new limits."""
    request, new = under(max_social_downtime_days=days)
    fresh = explore(request, screen(request.patient))

    told = judgement(moved(as_searched(lighter(explored())), new))

    assert told == judgement(as_searched(fresh))
    assert told.best is not None
    assert told.best.row == fresh.landscape.best(fresh.limits)
    assert {kind.row for kind in told.kinds} == set(fresh.landscape.best_of_each_kind(fresh.limits))
    assert {point.row for point in told.points if point.on_front} <= set(fresh.landscape.front(fresh.limits))
    assert why_explore_again(explored(), new) == ""


def test_a_course_in_short_says_what_its_columns_say() -> None:
    """Downtime, gain and harm of rows told one by one, against the columns of all."""
    one = as_searched(explored())
    courses, middle = one.landscape.courses, LIMIT_QUANTILES.index(0.5)
    for row in np.linspace(0, len(courses) - 1, 7).astype(int).tolist():
        told = course_summary(one, row)

        assert told.row == row
        assert told.social_downtime_days.p50 == pytest.approx(courses.downtime[row, middle], rel=1e-3, abs=1e-3)
        assert told.risks_pct["pih"].p50 == pytest.approx(PERCENT * courses.risk_middle[row, 0], rel=1e-3, abs=1e-3)
        gains = dict(zip(one.landscape.concerns, courses.gain[row, :, -1].tolist(), strict=True))
        assert {name: band.p50 for name, band in told.improvement_pct.items()} == pytest.approx(
            {name: gains[name] for name in told.improvement_pct}, rel=1e-3, abs=1e-3
        )
        assert all(gains[name] == 0.0 for name in gains if name not in told.improvement_pct)
        assert told.meets_limits == bool(one.landscape.judged(one.limits).kept[row])
        assert sum(phase.sessions for phase in told.phases) == told.sessions == courses.sessions[row]


def test_priorities_move_without_exploring() -> None:
    """With all weight on one concern a course is worth what it does there; the note says what a new search would add."""
    found = explored().landscape
    for number, name in enumerate(found.concerns):
        only = reweighted(found, {one: float(one == name) for one in found.concerns})
        assert only.judged(explored().limits).median_gain == pytest.approx(found.courses.gain[:, number, -1])
    _, new = under(priorities={"fine_lines": 5.0}, max_sessions=6)

    note = why_explore_again(explored(), new)

    assert "other priorities" in note
    assert "sessions were looked at" in note
    assert note.endswith("plan again to look at the rest.")


def test_where_nothing_keeps_the_limits_the_nearest_is_told() -> None:
    """No day of downtime: nothing is best, limits say what they remove, and a sentence says what would be enough."""
    _, new = under(max_social_downtime_days=0.0)
    told = judgement(moved(as_searched(explored()), new))

    assert (told.status, told.best, told.keep, told.looser) == ("nothing", None, 0, ())
    assert told.nearest.startswith("The smallest change that would allow a course is")
    assert told.removed


def test_a_looser_limit_is_told_with_what_it_buys() -> None:
    """At two days something is to be bought, and the first step of it costs days or sessions."""
    _, new = under(max_social_downtime_days=2.0)
    told = judgement(moved(as_searched(explored()), new))

    assert told.looser
    assert all(step.improvement_points >= 1.0 for step in told.looser)


def test_a_chosen_course_leads_the_plan() -> None:
    """Somebody's point of the chart is the first option, told as the option alone is; the best ones follow."""
    one = explored()
    usual = planned(request_for(), explored=one)
    row = next(r for r in one.landscape.front(one.limits) if r not in usual.rows)

    made = planned(request_for(), explored=one, first=row)
    alone, _ = option_of_course(one, chosen_course(one, row), rank=1)

    assert made.rows[0] == row
    assert made.plan.options[0] == alone
    assert set(made.rows[1:]) <= set(usual.rows)
    assert [option.rank for option in made.plan.options] == list(range(1, len(made.rows) + 1))
    assert next(point for point in made.plan.front if point.option_rank == 1).device == alone.device


def test_what_nobody_may_choose_is_refused_in_a_sentence() -> None:
    """A course over a hard cap, and a row that does not exist."""
    one = explored()
    breaks = one.landscape.judged(one.limits).breaks
    hard = np.logical_or.reduce([flags for text, flags in breaks.items() if text.startswith("hard cap") and "PIH" in text])

    harms = one.landscape.courses.risk_mean.sum(axis=1)  # the clearest of them: told in full it lies beyond the cap too
    with pytest.raises(InputError, match="it is never lifted"):
        chosen_course(one, int(np.argmax(np.where(hard, harms, -1.0))))
    with pytest.raises(InputError, match="choose one of the chart"):
        chosen_course(one, len(one.landscape.courses))
    with pytest.raises(InputError, match="choose one of the chart"):
        course_summary(as_searched(one), -1)


def test_bad_goals_are_told_in_a_sentence() -> None:
    """An unknown key names the nearest; a value out of range says what is allowed."""
    with pytest.raises(InputError, match="max_sessions"):
        read_goals({"max_session": 3})
    with pytest.raises(InputError, match="less than or equal to 20"):
        read_goals({"max_sessions": 200})
