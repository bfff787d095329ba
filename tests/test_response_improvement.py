"""Laws of improvement: zero without reach, never falling with sessions, saturating, bounded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.injury import Injury
from recutis.posterior import Parameters
from recutis.response import Improvement, improve, natural_course, no_treatment, quartile_odds
from recutis.response.typical import NAMES, typical
from recutis.sites import CONCERN_KINDS
from recutis.skin import Lesion, build, lesion
from recutis.twins import Traits, draw

SKIN = build(site="cheek", age_years=46, phototype="III", sex="female")
PERSON = Traits(age_years=46, sex="female", phototype="III", site="cheek")
TWINS = draw(PERSON, n=200)
KINDS = tuple(kind for kind in CONCERN_KINDS if kind != "undiagnosed")
WATER = ("co2_columns", "co2_full", "eryag_full", "eryag_columns", "nafl_1550", "nafl_1927", "hybrid")


def target(kind: str) -> Lesion:
    """The lesion of a concern in this skin."""
    return lesion(kind, SKIN)


def course(name: str, kind: str, *, sessions: int = 5, weeks: float = 4.0, severity: float | None = None) -> Improvement:
    """Improvement of a concern by a typical injury."""
    return improve(typical(name), target(kind), TWINS, sessions=sessions, interval_weeks=weeks, severity=severity)


@pytest.mark.parametrize("kind", KINDS)
def test_no_injury_no_improvement(kind):
    """Without injury nothing improves, in no twin."""
    assert course("none", kind).by_session == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_sessions_never_undo_and_saturate(name, kind):
    """Each further session adds no less than nothing and no more than the one before, on average; values stay in bounds."""
    gains = course(name, kind, sessions=6).by_session

    assert gains.shape == (6, TWINS.n)
    assert np.isfinite(gains).all()
    assert ((gains >= -20) & (gains <= 100)).all()
    steps = np.diff(gains, axis=0)
    assert (steps >= -1e-9).all()
    assert steps.mean(axis=1)[-1] <= steps.mean(axis=1)[0] + 2.0


@pytest.mark.parametrize("name", WATER)
@pytest.mark.parametrize("kind", ["facial_veins", "diffuse_redness"])
def test_a_water_laser_does_not_clear_vessels(name, kind):
    """Resurfacing lasers do not target vessels: no gain at all (OUT-123, OUT-124)."""
    assert course(name, kind).by_session == pytest.approx(0, abs=1e-9)


def test_vascular_light_clears_vessels_but_not_scars_of_acne():
    """A dye laser improves veins; atrophic scars stay."""
    assert np.median(course("pdl", "facial_veins").by_session[2]) > 25
    assert course("pdl", "acne_scars").by_session == pytest.approx(0, abs=1e-9)


def test_closure_follows_the_exposure_ratio():
    """Vessels that get more light of what they need close more often."""
    weak, strong = (
        improve(
            replace(typical("pdl"), vessel_ratio=((100.0, 250.0, ratio),)), target("facial_veins"), TWINS,
            sessions=1, interval_weeks=6,
        ).by_session
        for ratio in (0.5, 1.5)
    )  # fmt: skip

    assert (strong > weak).all()


def test_three_fractional_sessions_come_near_one_full_resurfacing():
    """Three fractional CO2 sessions about match one full resurfacing of acne scars (OUT-005, OUT-008)."""
    fractional = np.median(course("co2_columns", "acne_scars").by_session[2])
    full = np.median(course("co2_full", "acne_scars").by_session[0])

    assert 0.6 < fractional / full < 1.4


def test_one_and_three_month_intervals_are_equal_and_shorter_ones_add_less():
    """The interval trial found no difference (OUT-019, OUT-020); crowded sessions overlap."""
    month, quarter, crowded = (course("co2_columns", "acne_scars", weeks=weeks).by_session for weeks in (4, 13, 1))

    assert np.array_equal(month, quarter)
    assert (crowded[1:] < month[1:]).all()
    assert np.array_equal(crowded[0], month[0])


def test_harder_lesions_gain_less():
    """Ice-pick scars gain less than rolling ones (OUT-041)."""
    rolling, ice_pick = (
        improve(typical("co2_columns"), lesion("acne_scars", SKIN, scar_type=kind), TWINS, sessions=3, interval_weeks=4)
        for kind in ("rolling", "ice_pick")
    )

    assert (ice_pick.by_session < rolling.by_session).all()


def test_severe_concerns_gain_a_smaller_share():
    """The same course takes away a smaller part of a severe concern."""
    mild, severe = (course("co2_columns", "fine_lines", severity=value).by_session for value in (0.0, 1.0))

    assert (severe < mild).all()


def test_individual_spread_is_as_published():
    """Persons differ by about 15 to 25 points at middling gains (CLINICAL.md)."""
    gains = course("co2_columns", "acne_scars").by_session[2]

    assert 12 < gains.std() < 28


def test_melasma_gains_little_and_loses_most_of_it():
    """Melasma relapses more than other pigment, and an open wound may darken it (OUT-146, OUT-148)."""
    found = course("nafl_1927", "melasma", sessions=4)

    assert np.median(found.by_session[-1]) < 45
    assert np.median(found.recurrence_pct) > np.median(course("qs", "age_spots").recurrence_pct) + 15
    darkened = course("co2_columns", "melasma", sessions=1).by_session[0]
    assert (darkened < 0).any()


def test_sunscreen_alone_changes_little():
    """Without treatment the middle stays near nothing, and longer waiting spreads."""
    year, quarter = (no_treatment(target("fine_lines"), TWINS, months=months) for months in (12, 3))

    assert abs(np.median(year)) < 8
    assert year.std() > quarter.std()
    assert no_treatment(target("fine_lines"), TWINS, months=0) == pytest.approx(0)


def test_quartile_odds_are_a_whole():
    """The four quarters sum to 100 in each block; no visible change is part of the first."""
    below, second, third, above, none = quartile_odds(course("co2_columns", "acne_scars").by_session[2], TWINS)

    assert below + second + third + above == pytest.approx(100)
    assert (none <= below).all()
    assert below.shape == (20,)


def test_quartile_odds_of_certain_draws():
    """All twins at 60 percent: the third quarter has everything."""
    _, _, third, above, _ = quartile_odds(np.full(TWINS.n, 60.0), TWINS)

    assert (third == 100).all()
    assert (above == 0).all()


def test_errors_say_what_to_do():
    """No session, a severity beyond the scale, a negative time and foreign draws are named."""
    with pytest.raises(OutOfRangeError, match="at least 1 session and no negative interval; got 0 sessions"):
        course("co2_columns", "acne_scars", sessions=0)
    with pytest.raises(OutOfRangeError, match=r"Severity must lie from 0 \(mildest\) to 1 \(worst\); got 3"):
        course("co2_columns", "acne_scars", severity=3)
    with pytest.raises(OutOfRangeError, match="must not be negative; got -1 months"):
        no_treatment(target("fine_lines"), TWINS, months=-1)
    with pytest.raises(OutOfRangeError, match="one improvement a twin, 200; got the shape"):
        quartile_odds(np.zeros(3), TWINS)


def deep(depth_um: float) -> Injury:
    """Non-ablative columns of this depth, as many and as wide as usual."""
    usual = typical("nafl_1550")
    epidermis = evidence.value("response.typical.epidermis")
    dermis = usual.injured_dermis_um * (depth_um - epidermis) / (usual.lesion_depth_um - epidermis)
    return replace(usual, coagulation_depth_um=depth_um, lesion_depth_um=depth_um, injured_dermis_um=dermis)


def test_deeper_columns_help_scars_until_they_pass_below_them():
    """Every 150 µm help less in the end but more at first: the deeper of two devices was better by about 1.4 (OUT-029, OUT-030)."""
    gains = [
        np.median(improve(deep(depth), target("acne_scars"), TWINS, sessions=3, interval_weeks=4).by_session[-1])
        for depth in (200, 350, 500, 650, 900, 1400, 2100)
    ]
    steps = np.diff(gains)

    assert (steps >= 0).all()
    assert gains[2] / gains[1] > 1.05
    assert 1.05 < gains[4] / gains[2] < 1.6
    assert steps[-1] < 0.3 * steps[0]


@pytest.mark.parametrize("kind", ["texture", "fine_lines", "acne_prone"])
def test_light_on_vessels_helps_a_little_where_series_say_so(kind):
    """Sun-worn skin, fine lines and acne gain by light on vessels (OUT-279, OUT-333), the more the more it heats them."""
    pdl = typical("pdl")
    weak, strong = (
        improve(
            replace(pdl, vessel_ratio=((100.0, 250.0, ratio),)), target(kind), TWINS, sessions=3, interval_weeks=4
        ).by_session[-1]
        for ratio in (0.3, 1.5)
    )

    assert (strong > weak).all()
    assert (weak > 0).all()


def test_weak_pulses_lighten_melasma():
    """Pulses far below the threshold of cells still break pigment in them: eight sessions gain more than one (OUT-392)."""
    weak = replace(typical("qs"), pigment_ratio=0.4)
    gains = improve(weak, target("melasma"), TWINS, sessions=8, interval_weeks=2).by_session

    assert np.median(gains[-1]) > np.median(gains[0]) > 0


def test_long_pulses_clear_less_pigment_at_once_than_short_ones():
    """The same exposure over the threshold in milliseconds and in nanoseconds."""
    short = typical("qs")
    long = replace(short, duration_ms=10.0)
    once = [improve(one, target("age_spots"), TWINS, sessions=1, interval_weeks=4).by_session[0] for one in (short, long)]

    assert (once[1] < once[0]).all()


def test_acne_and_young_scars_change_by_themselves_within_months():
    """Most of it early, then no more; old scars and lines wait in vain."""
    for kind in ("acne_prone", "surgical_scar"):
        early, ripe, late = (natural_course(kind, TWINS.p, months).mean() for months in (1, 3, 12))
        assert 0 < early < ripe == late
    assert natural_course("deep_lines", TWINS.p, 3).mean() < natural_course("acne_prone", TWINS.p, 3).mean()


def drawn_by(kept: float, name: str, kind: str) -> np.ndarray:
    """Log-odds of the gains when this part of a difference between lasers is left, by session and twin."""
    twins = replace(TWINS, p=Parameters({"response.gain.kept.graded": np.asarray(kept)}))
    share = improve(typical(name), target(kind), twins, sessions=5, interval_weeks=4.0).by_session / 100
    return np.log(share) - np.log1p(-share)


@pytest.mark.parametrize("kind", ["acne_scars", "fine_lines", "texture"])
def test_lasers_differ_less_than_their_injuries_and_keep_their_order(kind):
    """The less is left of the differences, the nearer they stand; none overtakes another, and the strongest is not made stronger."""
    lasers = ("nafl_1550", "co2_columns", "co2_full")
    whole, part = ([np.median(drawn_by(kept, name, kind)[0]) for name in lasers] for kept in (1.0, 0.3))

    assert whole == sorted(whole)
    assert part == sorted(part)
    assert 0 < part[-1] - part[0] < whole[-1] - whole[0]


def test_what_sessions_add_stays_whole():
    """However much lasers are drawn to the usual gain, each further session adds the same log-odds."""
    steps = [np.diff(drawn_by(kept, "nafl_1550", "acne_scars"), axis=0) for kept in (1.0, 0.3)]

    assert (steps[0] > 0).all()
    assert steps[1] == pytest.approx(steps[0], abs=1e-9)


def test_what_hardly_hurts_hardly_helps():
    """A laser far below the usual is moved by no more than the row allows, so little stays little."""
    weak = replace(typical("qs"), pigment_ratio=0.3)
    whole, part = (
        improve(weak, target("age_spots"), replace(TWINS, p=Parameters({"response.gain.kept.cleared": np.asarray(kept)})), sessions=3,
                interval_weeks=4.0).by_session
        for kept in (1.0, 0.2)
    )  # fmt: skip

    assert np.median(whole[-1]) < 5
    assert (part >= whole).all()
    assert (part <= whole * np.exp(evidence.value("response.gain.most_drawn")) + 1e-9).all()
