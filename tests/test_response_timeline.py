"""A gain over time: it appears, matures, fades, and comes back to what `improve` says at three months."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.response import Improvement, improve
from recutis.response.timeline import (
    MATURED_MONTHS,
    MONTHS_TOLD,
    block_medians,
    block_shares_pct,
    kept_share,
    over_time,
    seen_share,
    timeline,
)
from recutis.response.typical import typical
from recutis.skin import build, lesion
from recutis.skin.types import Lesion
from recutis.twins import Traits, Twins, draw
from recutis.units import DAYS_PER_MONTH

WAYS = {"acne_scars": "co2_columns", "age_spots": "qs", "facial_veins": "pdl", "acne_prone": "gland_1726", "melasma": "nafl_1927"}


def people(n: int = 200) -> Twins:
    """Twins of one person."""
    return draw(Traits(age_years=45.0, sex="female", phototype="III", site="cheek"), n=n)


def target(kind: str) -> Lesion:
    """Where a concern lies on the cheek."""
    return lesion(kind, build(site="cheek", age_years=45.0, phototype="III", sex="female"))


def course(kind: str, sessions: int = 3) -> Improvement:
    """A course for a concern with the laser that suits it."""
    return improve(typical(WAYS[kind]), target(kind), people(), sessions=sessions, interval_weeks=6)


@pytest.mark.parametrize("kind", WAYS)
def test_at_three_months_it_is_what_improve_gives(kind: str) -> None:
    """All of the gain is seen and none has faded, draw by draw, after one session and after three."""
    for sessions in (1, 3):
        gain = course(kind, sessions)
        told = timeline(gain, target(kind), interval_weeks=6, months=(MATURED_MONTHS,))

        np.testing.assert_allclose(told.improvement_pct[0], gain.by_session[-1], atol=1e-9)


@pytest.mark.parametrize("kind", WAYS)
def test_a_gain_rises_and_then_falls(kind: str) -> None:
    """Up to the month it has matured no draw above zero falls; after it none rises; nothing passes the matured gain."""
    gain = course(kind)
    times = np.linspace(0.0, 30.0, 121)
    seen = timeline(gain, target(kind), interval_weeks=6, months=tuple(times)).improvement_pct[:, gain.by_session[-1] > 0]
    early = times <= MATURED_MONTHS
    matured = np.maximum.accumulate(gain.by_session, axis=0)[-1][gain.by_session[-1] > 0]

    assert np.all(np.diff(seen[early], axis=0) >= -1e-9)
    assert np.all(np.diff(seen[~early], axis=0) <= 1e-9)
    assert np.all(seen <= matured + 1e-9)


@pytest.mark.parametrize("kind", WAYS)
def test_what_is_left_in_the_end_is_the_gain_less_its_recurrence(kind: str) -> None:
    """After two years the stated share has been lost."""
    gain = course(kind)
    left = timeline(gain, target(kind), interval_weeks=6, months=(24.0,)).improvement_pct[0]

    np.testing.assert_allclose(left, gain.by_session[-1] * (1 - gain.recurrence_pct / 100), atol=1e-9)


def test_pigment_and_vessels_clear_sooner_than_collagen_and_glands_change() -> None:
    """At one month: all of the pigment and vessels, most of a scar, half of a gland, as the evidence says."""
    shares = {kind: float(seen_share(target(kind), 1.0)) for kind in WAYS}

    assert shares["age_spots"] == shares["facial_veins"] == 1.0
    assert shares["acne_scars"] == evidence.value("clinical.early.dermis")
    assert shares["acne_prone"] == evidence.value("clinical.early.gland")
    assert float(seen_share(target("age_spots"), 0.5)) > float(seen_share(target("facial_veins"), 0.5))


@pytest.mark.parametrize("kind", ["age_spots", "melasma", "freckles", "poikiloderma"])
def test_sunscreen_slows_the_return_of_pigment(kind: str) -> None:
    """Without sunscreen never more is kept, and strictly less after a year; what has not begun to fade is equal."""
    lost = np.array([5.0, 30.0, 80.0])
    for months in (0.0, 1.0, 6.0, 12.0, 24.0):
        bare, guarded = (kept_share(target(kind), lost, months, sunscreen=answer) for answer in (False, True))
        assert np.all(bare <= guarded)
    assert np.all(bare < guarded)
    np.testing.assert_array_equal(kept_share(target(kind), lost, 1.0, sunscreen=False), np.ones(3))


@pytest.mark.parametrize("kind", ["acne_scars", "facial_veins", "acne_prone"])
def test_sunscreen_changes_nothing_where_the_sun_does_not_matter(kind: str) -> None:
    """Scars, vessels and glands fade alike."""
    lost = np.array([5.0, 30.0])

    np.testing.assert_array_equal(
        kept_share(target(kind), lost, 12.0, sunscreen=False), kept_share(target(kind), lost, 12.0, sunscreen=True)
    )


def test_melasma_comes_back_before_anything_else() -> None:
    """Half a year after the last session melasma has lost a part, other pigment nothing; in a year all that it loses."""
    lost = np.array([60.0])

    assert kept_share(target("melasma"), lost, 6.0)[0] < 1 == kept_share(target("age_spots"), lost, 6.0)[0]
    assert kept_share(target("melasma"), lost, 12.0)[0] == pytest.approx(0.4)


def test_a_darkening_passes_alike_with_and_without_sunscreen() -> None:
    """A loss is no gain to be kept: going without sunscreen does not make it smaller."""
    loss = np.array([[-10.0, 10.0]])
    days = [6 * DAYS_PER_MONTH]
    bare, guarded = (
        over_time(loss, [0.0], days, target("melasma"), np.array([50.0, 50.0]), sunscreen=answer)[0] for answer in (False, True)
    )

    assert bare[0] == guarded[0]
    assert bare[1] < guarded[1]


def test_each_session_adds_from_its_own_day_on() -> None:
    """On the day of a session nothing of it is seen; the sessions before it are, the longer ago the more."""
    gain = course("acne_scars")
    at = [0.0, 60.0, 300.0]
    seen = over_time(
        gain.by_session, at, [0.0, 59.0, 60.0, 300.0, 300 + 3 * DAYS_PER_MONTH], target("acne_scars"), gain.recurrence_pct
    )

    assert np.all(seen[0] == 0)
    np.testing.assert_allclose(seen[3], gain.by_session[1], atol=1e-9)
    np.testing.assert_allclose(seen[4], gain.by_session[2], atol=1e-9)
    for before, after in pairwise(seen):
        assert np.all(after >= before)


def test_no_injury_no_gain_at_any_time() -> None:
    """Nothing done, nothing seen."""
    nothing = improve(typical("none"), target("acne_scars"), people(), sessions=2, interval_weeks=4)

    assert np.all(timeline(nothing, target("acne_scars"), interval_weeks=4).improvement_pct == 0)


def test_rows_behind_a_timeline_exist() -> None:
    """Every source is a row, and the months told are told in order."""
    for kind in WAYS:
        for key in timeline(course(kind), target(kind), interval_weeks=6, sunscreen=False).sources:
            assert evidence.has(key), key
    assert list(MONTHS_TOLD) == sorted(MONTHS_TOLD)


def test_blocks_tell_medians_and_shares() -> None:
    """One median and one share a block."""
    twins = people()
    yes = (twins.block == 0).astype(np.float64)

    assert block_medians(yes, twins).tolist() == [1.0] + [0.0] * int(twins.block.max())
    assert block_shares_pct(yes, twins)[0] == 100


def test_wrong_times_are_one_clear_sentence() -> None:
    """Months before the session and days that do not match are refused."""
    gain = course("acne_scars")

    with pytest.raises(OutOfRangeError, match=r"must not be negative; got 6 weeks, \[-1\.0\]"):
        timeline(gain, target("acne_scars"), interval_weeks=6, months=(-1.0,))
    with pytest.raises(OutOfRangeError, match="Each of the 3 sessions needs its day, in order of time; got 2 days"):
        over_time(gain.by_session, [0.0, 1.0], [2.0], target("acne_scars"), gain.recurrence_pct)
