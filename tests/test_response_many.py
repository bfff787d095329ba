"""Many injuries at once are the same as each alone, and downtime from closed forms is that of the curves."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recutis.errors import InputError, OutOfRangeError
from recutis.injury import Injury
from recutis.posterior import Parameters
from recutis.response import RISKS, Care, ManyResponses, improve, improve_many, respond, respond_many
from recutis.response import signs as courses
from recutis.response.clocks import Redness, closure_days, makeup_day, raw_days, redness_of, shed_day
from recutis.response.symptoms import by_day, last_day_above
from recutis.response.typical import NAMES, typical
from recutis.response.wound import Wound, healing_factor, read_wound, read_wounds
from recutis.skin import build, lesion
from recutis.twins import Traits, Twins, draw

CARE = Care(anaesthesia="topical", antiviral=False, postop_steroid=True, bleaching=False)
CLOCKS = (
    "closure_days", "social_downtime_days", "return_to_work_day", "makeup_day", "sunscreen_start_day", "erythema_resolution_days",
    "pih_duration_weeks", "pain_0_10",
)  # fmt: skip
KINDS = (
    "acne_scars", "age_spots", "freckles", "facial_veins", "melasma", "poikiloderma", "enlarged_pores", "acne_prone",
    "hypertrophic_scar",
)  # fmt: skip
SKIN = build(site="eyelid", age_years=50, phototype="IV", sex="female")


def people(site: str = "eyelid", n: int = 60, **known: object) -> Twins:
    """Twins of one person with the parameters of the rows."""
    base: dict[str, object] = {"age_years": 50.0, "sex": "female", "phototype": "IV", "site": site}
    return replace(draw(Traits(**(base | known)), n=n), p=Parameters({}))  # type: ignore[arg-type]


class Differing(Parameters):
    """Parameters that differ between blocks of twins, as after calibration."""

    def __init__(self, block: np.ndarray) -> None:
        super().__init__({})
        self.factor = 1 + 0.05 * np.sin(1.0 + block)

    def row(self, key: str) -> np.ndarray:
        """The parameter of this row, one a twin."""
        return super().row(key) * self.factor


ALIKE = people()
BY_BLOCK = replace(ALIKE, p=Differing(ALIKE.block))
FRACTION, FACTOR = st.floats(0, 1), st.floats(0, 3)


@st.composite
def injuries(draw_one: st.DrawFn) -> Injury:
    """A typical injury with some of its numbers changed."""
    usual = typical(draw_one(st.sampled_from(NAMES)))
    removed = draw_one(FRACTION | st.just(usual.epidermis_removed_fraction))
    return replace(
        usual,
        lesion_depth_um=usual.lesion_depth_um * draw_one(FACTOR),
        ablation_depth_um=usual.ablation_depth_um * draw_one(FACTOR),
        lesion_width_um=usual.lesion_width_um * draw_one(FACTOR),
        epidermis_removed_fraction=removed,
        epidermis_killed_fraction=draw_one(FRACTION) * (1 - removed),
        coverage_fraction=draw_one(FRACTION),
        injured_dermis_um=usual.injured_dermis_um * draw_one(FACTOR),
        vessel_ratio=tuple((d, z, ratio * draw_one(FACTOR)) for d, z, ratio in usual.vessel_ratio[:3]),
        purpura_ratio=draw_one(FACTOR),
        pigment_ratio=draw_one(FACTOR),
        epidermis_pigment_ratio=draw_one(FACTOR),
        gland_ratio=draw_one(FACTOR),
        bulk_rise_C=draw_one(st.floats(0, 60)),
        error_pct=draw_one(st.floats(0, 40)),
        selective=draw_one(st.booleans()),
        fractional=draw_one(st.booleans()),
    )


@pytest.mark.parametrize("twins", [ALIKE, BY_BLOCK], ids=["alike", "by block"])
@given(several=st.lists(injuries(), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_many_responses_are_each_alone(twins, several):
    """Clocks, pain and risks of many injuries are those of `respond`, row by row."""
    together = respond_many(several, twins, CARE, area_cm2=80)

    for row, injury in enumerate(several):
        alone = respond(injury, twins, CARE, area_cm2=80)
        for name in CLOCKS:
            np.testing.assert_allclose(getattr(together, name)[row], getattr(alone, name), rtol=1e-9, atol=1e-8, err_msg=name)
        for name in RISKS:
            np.testing.assert_allclose(together.risks[name][row], alone.risks[name], rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("twins", [ALIKE, BY_BLOCK], ids=["alike", "by block"])
@given(several=st.lists(injuries(), min_size=1, max_size=3), kind=st.sampled_from(KINDS))
@settings(max_examples=60, deadline=None)
def test_many_improvements_are_each_alone(twins, several, kind):
    """Improvement of many injuries is that of `improve`, row by row."""
    target = lesion(kind, SKIN)
    together = improve_many(several, target, twins, sessions=5, interval_weeks=2, severity=0.7)

    for row, injury in enumerate(several):
        alone = improve(injury, target, twins, sessions=5, interval_weeks=2, severity=0.7)
        np.testing.assert_allclose(together.by_session[row], alone.by_session, rtol=1e-9, atol=1e-9)
        assert np.array_equal(together.time_to_effect_weeks, alone.time_to_effect_weeks)
        assert np.array_equal(together.recurrence_pct, alone.recurrence_pct)
        assert together.sources == alone.sources


def every_typical() -> list[Injury]:
    """All typical injuries, deeper and shallower."""
    return [
        replace(typical(name), lesion_depth_um=typical(name).lesion_depth_um * by, purpura_ratio=2 * by)
        for name in NAMES
        for by in (0.5, 1.0, 1.5)
    ]


@pytest.mark.parametrize("n", [1, 700, 40_000])
def test_shapes_and_chunks(n):
    """A row an injury and a column a twin, however many fit into a chunk."""
    found = respond_many(every_typical()[:5], people(n=n, site="cheek") if n > 20 else one_twin(), CARE, area_cm2=80)

    for name in CLOCKS:
        assert getattr(found, name).shape == (5, n), name
    assert all(found.risks[name].shape == (5, n) for name in RISKS)


def one_twin() -> Twins:
    """A cloud of one."""
    return draw(Traits(age_years=50.0, sex="female", phototype="IV", site="cheek"), n=1, blocks=1)


def test_threads_change_no_number():
    """One thread and five give the same numbers to the last digit."""
    several, twins = every_typical(), people(n=2000)
    one, five = (respond_many(several, twins, CARE, area_cm2=80, threads=threads) for threads in (1, 5))
    target = lesion("acne_scars", SKIN)
    gains = [improve_many(several, target, twins, sessions=3, interval_weeks=4, threads=threads).by_session for threads in (1, 5)]

    assert all(np.array_equal(getattr(one, name), getattr(five, name)) for name in CLOCKS)
    assert all(np.array_equal(one.risks[name], five.risks[name]) for name in RISKS)
    assert np.array_equal(*gains)


def test_one_formula_for_the_wound():
    """A wound among many is the wound alone; what the injury alone decides keeps one column."""
    several = every_typical()
    together = read_wounds(several, ALIKE)

    assert together.open.shape == (len(several), 1)
    assert together.depth_um.shape == (len(several), ALIKE.n)
    for row, injury in enumerate(several):
        alone = read_wound(injury, ALIKE)
        assert alone.open.shape == ()
        for item in fields(Wound):
            if item.name not in {"p", "injury"}:
                np.testing.assert_allclose(getattr(together, item.name)[row], getattr(alone, item.name), rtol=1e-12)


def test_an_immunosuppressed_diabetic_is_asked_twice():
    """Asking does not change the person: the second answer is the first."""
    twins = people(immunosuppressed=True, diabetes=True)
    first, second = (respond(typical("pdl"), twins, CARE, area_cm2=80).risks["bacterial_infection"] for _ in range(2))

    assert np.array_equal(first, second)


Signs = tuple[courses.Swelling, courses.Crusts, courses.Bronzing, courses.Bruise]


def signs_of(injury: Injury, twins: Twins) -> Signs:
    """Swelling, crusts, bronzing and bruise of an injury."""
    wound, factor = read_wound(injury, twins), healing_factor(twins)
    shed = shed_day(wound, factor, closure_days(wound, factor))
    purpura = respond(injury, twins, CARE, area_cm2=80).risks["purpura"]
    return (
        courses.swelling_of(wound, twins, 80.0),
        courses.crusts_of(wound, courses.spot_crusts_of(wound, shed)),
        courses.bronzing_of(wound, shed),
        courses.bruise_of(wound, purpura, twins),
    )


@given(injury=injuries(), site=st.sampled_from(["cheek", "eyelid", "hands"]), level=st.floats(0.1, 8))
@settings(max_examples=80, deadline=None)
def test_signs_end_when_their_curves_say(injury, site, level):
    """The end of a sign without a scan is that of its curve by day, also when it lasts for weeks or shows for one day only."""
    for sign in signs_of(injury, people(site)):
        scanned = last_day_above(by_day(sign), level)
        np.testing.assert_allclose(sign.ends(np.asarray(level)), scanned, atol=1e-6, err_msg=type(sign).__name__)


@given(start=st.floats(0, 8), shed=st.floats(0, 120), width=st.floats(0.2, 3), height=st.floats(0.1, 10), level=st.floats(0.1, 9))
@settings(max_examples=200, deadline=None)
def test_any_bronzing_ends_when_its_curve_says(start, shed, width, height, level):
    """Specks that come late, fall early or stay for months."""
    sign = courses.Bronzing(**columns(height=height, start_day=start, shed_day=shed, width_days=width))

    assert sign.ends(np.asarray(level)) == pytest.approx(last_day_above(by_day(sign), level), abs=1e-6)


def columns(**numbers: float) -> dict[str, np.ndarray]:
    """Numbers as arrays of one twin."""
    return {name: np.array([value]) for name, value in numbers.items()}


@given(injury=injuries(), site=st.sampled_from(["cheek", "eyelid", "hands"]))
@settings(max_examples=60, deadline=None)
def test_downtime_is_that_of_the_curves(injury, site):
    """Social downtime and work from closed forms are those from scanned curves, within 0.15 days (here far less)."""
    twins = people(site)
    p, wound, factor = twins.p, read_wound(injury, twins), healing_factor(twins)
    found = respond(injury, twins, CARE, area_cm2=80)
    closure = closure_days(wound, factor)
    raw, shed, redness = raw_days(wound, closure), shed_day(wound, factor, closure), redness_of(wound, twins)
    swelling, crusts, bronzing, bruise = (by_day(sign) for sign in signs_of(injury, twins))
    spots = last_day_above(by_day(courses.spot_crusts_of(wound, shed)), p("crust.visible"))
    makeup = makeup_day(wound, closure, spots)
    visible, striking = redness.falls_below(p("redness.visible")), redness.falls_below(p("redness.covered"))
    marks = [last_day_above(swelling, p("swelling.visible")), last_day_above(bruise, p("redness.visible"))]
    worn = [last_day_above(curve, p("crust.visible")) for curve in (crusts, bronzing)]
    uncovered = np.where(raw > 0, np.minimum(visible, np.maximum(makeup, striking)), visible)

    assert found.makeup_day == pytest.approx(makeup, abs=1e-6)
    assert found.social_downtime_days == pytest.approx(np.maximum.reduce([closure, *marks, *worn, uncovered]), abs=1e-6)
    assert found.return_to_work_day == pytest.approx(np.maximum.reduce([raw, *marks, np.minimum(makeup, striking)]), abs=1e-6)


@given(
    peak=st.floats(0, 10), share=FRACTION, fast=st.floats(0.2, 30), slow=st.floats(0.2, 300), hold=st.floats(0, 9),
    level=st.floats(0.2, 9),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_redness_falls_below_where_it_says(peak, share, fast, slow, hold, level):
    """On the day told, redness is at the level; 0 where it never was above."""
    redness = Redness(**columns(hold_days=hold, peak=peak, share=share, fast_days=fast, slow_days=slow))
    day = redness.falls_below(level)

    if peak <= level:
        assert day == 0
    else:
        assert redness.at(day) == pytest.approx(level, rel=1e-8)


def test_errors_say_what_to_do():
    """Nothing to respond to, no area, no thread and no session are named."""
    target = lesion("acne_scars", SKIN)
    with pytest.raises(InputError, match=r"^There is no injury to respond to; give at least one\.$"):
        respond_many([], ALIKE, CARE, area_cm2=80)
    with pytest.raises(InputError, match="no injury to respond to"):
        improve_many([], target, ALIKE, sessions=1, interval_weeks=4)
    with pytest.raises(InputError, match="no injury to respond to"):
        read_wounds([], ALIKE)
    with pytest.raises(OutOfRangeError, match="area must be above 0 cm²; got 0 cm²"):
        respond_many(every_typical(), ALIKE, CARE, area_cm2=0)
    with pytest.raises(OutOfRangeError, match="At least 1 thread must work; got 0"):
        respond_many(every_typical(), ALIKE, CARE, area_cm2=80, threads=0)
    with pytest.raises(OutOfRangeError, match="at least 1 session and no negative interval; got 0 sessions"):
        improve_many(every_typical(), target, ALIKE, sessions=0, interval_weeks=4)


def test_each_quantity_names_its_rows():
    """Many responses rest on the same rows as one."""
    one, many = respond(typical("pdl"), ALIKE, CARE, area_cm2=80), respond_many([typical("pdl")], ALIKE, CARE, area_cm2=80)

    assert isinstance(many, ManyResponses)
    assert set(many.sources) == {*CLOCKS, *RISKS}
    assert all(many.sources[name] == one.sources[name] for name in many.sources)
