"""The field's scales: their ends, no gain, all of the gain, grades, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from recutis import evidence
from recutis.errors import OutOfRangeError, UnknownNameError
from recutis.patient import Concern
from recutis.response.scales import NAMES, read_scale, scale, scales_for, usual_baseline
from recutis.sites import CONCERN_KINDS
from recutis.twins import Traits, Twins, draw

ENDS = {
    "ecca": (0, 540), "goodman_baron": (1, 4), "goodman_baron_quantitative": (0, 84), "fitzpatrick_wrinkle": (1, 9),
    "clearance": (0, 100), "masi": (0, 48), "mmasi": (0, 24), "vss": (0, 13), "cea": (0, 4), "telangiectasia": (0, 4),
    "iga": (0, 4), "quartile": (0, 4), "gais": (1, 5),
}  # fmt: skip
TWINS = draw(Traits(age_years=45.0, sex="female", phototype="III", site="cheek"), n=200)


def even(gain_pct: float, twins: Twins = TWINS) -> np.ndarray:
    """Everybody gains the same."""
    return np.full(twins.n, gain_pct)


@pytest.mark.parametrize("name", NAMES)
def test_scales_have_the_fields_ends(name: str) -> None:
    """Each scale runs from and to what the field says, and serves at least one concern."""
    found = scale(name)

    assert (found.low, found.high) == ENDS[name]
    assert found.kinds
    assert set(found.kinds) <= set(CONCERN_KINDS)
    assert all(evidence.has(key) for key in found.sources)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("gain_pct", [-20.0, 0.0, 12.0, 40.0, 80.0, 100.0])
def test_nothing_leaves_the_scale(name: str, gain_pct: float) -> None:
    """Before and after lie within the ends for every concern and gain; chances within 0 and 1."""
    found = scale(name)
    for kind in found.kinds:
        told = read_scale(found, even(gain_pct), TWINS, kind=kind)
        for draws in (told.before, told.after):
            assert np.all((draws >= found.low) & (draws <= found.high))
        assert told.better_by_one is None or np.all((told.better_by_one >= 0) & (told.better_by_one <= 1))
        assert all(evidence.has(key) for key in told.sources)


@pytest.mark.parametrize("name", NAMES)
def test_no_gain_leaves_the_baseline(name: str) -> None:
    """Without a gain the score is what it was, and nobody is a grade better."""
    found = scale(name)
    told = read_scale(found, even(0.0), TWINS, kind=found.kinds[0])

    np.testing.assert_allclose(told.after, told.before)
    assert told.better_by_one is None or not told.better_by_one.any()


@pytest.mark.parametrize("name", NAMES)
def test_more_gain_is_never_a_worse_score(name: str) -> None:
    """Scores move one way with the gain; so does the chance of a grade."""
    found = scale(name)
    direction = 1 if found.better == "higher" else -1
    told = [read_scale(found, even(gain), TWINS, kind=found.kinds[0]) for gain in range(-20, 101, 5)]

    assert np.all(direction * np.diff([item.after for item in told], axis=0) >= -1e-12)
    if told[0].better_by_one is not None:
        assert np.all(np.diff([item.better_by_one for item in told], axis=0) >= -1e-12)


@pytest.mark.parametrize(("name", "baseline"), [("masi", 20.0), ("mmasi", 10.0)])
def test_all_of_the_gain_reaches_the_end(name: str, baseline: float) -> None:
    """Where a score shows the whole gain, half of it halves the score and all of it ends at zero."""
    found = scale(name)

    np.testing.assert_allclose(read_scale(found, even(50.0), TWINS, kind="melasma", baseline=baseline).after, baseline / 2)
    np.testing.assert_allclose(read_scale(found, even(100.0), TWINS, kind="melasma", baseline=baseline).after, 0.0)


def test_a_scale_shows_no_more_than_the_gain() -> None:
    """A raters' score never falls by more than the improvement itself."""
    for name in ("ecca", "goodman_baron_quantitative", "vss"):
        found = scale(name)
        told = read_scale(found, even(60.0), TWINS, kind=found.kinds[0])
        assert np.all(told.after >= 0.4 * told.before - 1e-9)


def test_a_stated_baseline_is_taken_and_said() -> None:
    """The stated baseline has no spread; the usual one lies within its row."""
    found = scale("ecca")
    stated = read_scale(found, even(30.0), TWINS, kind="acne_scars", baseline=120.0)
    usual = read_scale(found, even(30.0), TWINS, kind="acne_scars")
    low, _, high = evidence.numbers("scales.ecca.usual")

    assert stated.stated
    assert not usual.stated
    assert set(stated.before) == {120.0}
    assert low <= usual.before.min() < usual.before.max() <= high
    assert "scales.ecca.usual" in usual.sources
    assert "scales.ecca.usual" not in stated.sources


def test_usual_grades_are_whole_and_fit_the_concern() -> None:
    """Raters write whole grades; deep lines start higher than fine ones."""
    found = scale("fitzpatrick_wrinkle")
    fine, deep = (usual_baseline(found, kind, TWINS) for kind in ("fine_lines", "deep_lines"))

    np.testing.assert_array_equal(fine, np.round(fine))
    assert deep.mean() > fine.mean()


def test_a_grade_better_comes_by_chance_before_it_is_sure() -> None:
    """From grade 3 of 0 to 4: a small gain moves some people one grade, a large one everybody."""
    found = scale("cea")
    chances = [
        float(read_scale(found, even(gain), TWINS, kind="diffuse_redness", baseline=3.0).better_by_one.mean())  # type: ignore[union-attr]
        for gain in (10.0, 25.0, 80.0)
    ]

    assert 0 < chances[0] < chances[1] < 1
    assert chances[2] == 1
    lowest = read_scale(found, even(80.0), TWINS, kind="diffuse_redness", baseline=0.0)
    assert not lowest.better_by_one.any()  # type: ignore[union-attr]


@pytest.mark.parametrize(("gain", "quarter"), [(0.0, 0), (10.0, 1), (30.0, 2), (60.0, 3), (90.0, 4)])
def test_quarters_are_those_of_the_tables(gain: float, quarter: int) -> None:
    """1 is 1 to 25 %, 4 above 75 %."""
    assert set(read_scale(scale("quartile"), even(gain), TWINS, kind="texture").after) == {quarter}


@pytest.mark.parametrize(("gain", "step"), [(-20.0, 5), (0.0, 4), (30.0, 3), (62.0, 2), (95.0, 1)])
def test_gais_goes_from_very_much_improved_to_worse(gain: float, step: int) -> None:
    """Five steps; far from a threshold all raters agree."""
    assert set(read_scale(scale("gais"), even(gain), TWINS, kind="texture").after) == {step}


def test_each_concern_has_its_scales_and_what_compares_comes_last() -> None:
    """Acne scars are told in three scales of their own, melasma in MASI; every concern has quartile and GAIS."""
    names = {kind: [found.name for found in scales_for(kind)] for kind in CONCERN_KINDS}

    assert names["acne_scars"][:3] == ["ecca", "goodman_baron", "goodman_baron_quantitative"]
    assert {"masi", "mmasi", "clearance"} <= set(names["melasma"])
    assert all(found[-2:] == ["quartile", "gais"] for found in names.values())


def test_scales_agree_with_the_patient_file() -> None:
    """A severity on one of these scales in a patient file is accepted as a baseline, at both ends."""
    for name in NAMES:
        found = scale(name)
        if found.compares:
            continue
        for value in (found.low, found.high):
            concern = Concern.model_validate(
                {"kind": found.kinds[0], "site": "cheek", "severity": {"scale": name, "value": value}}
            )
            assert concern.severity is not None
            read_scale(found, even(10.0), TWINS, kind=found.kinds[0], baseline=concern.severity.value)


def test_the_same_seed_gives_the_same_baselines() -> None:
    """Usual baselines depend on the seed and the scale alone."""
    again = draw(TWINS.traits, n=200)
    other = draw(TWINS.traits, n=200, seed=4)
    found = scale("masi")

    np.testing.assert_array_equal(usual_baseline(found, "melasma", TWINS), usual_baseline(found, "melasma", again))
    assert not np.array_equal(usual_baseline(found, "melasma", TWINS), usual_baseline(found, "melasma", other))


def test_what_is_wrong_is_one_clear_sentence() -> None:
    """A baseline off the scale, one where there is none, an unknown scale, a concern it does not serve, a wrong shape."""
    with pytest.raises(OutOfRangeError, match="ECCA runs from 0 to 540; a baseline of 600 lies outside it"):
        read_scale(scale("ecca"), even(10.0), TWINS, kind="acne_scars", baseline=600.0)
    with pytest.raises(OutOfRangeError, match="GAIS compares with the photograph before, so it has no baseline; leave 3 out"):
        read_scale(scale("gais"), even(10.0), TWINS, kind="acne_scars", baseline=3.0)
    with pytest.raises(UnknownNameError, match="no scale 'eca'; did you mean 'ecca'"):
        scale("eca")
    with pytest.raises(UnknownNameError, match="MASI serves melasma, not acne_scars"):
        read_scale(scale("masi"), even(10.0), TWINS, kind="acne_scars")
    with pytest.raises(UnknownNameError, match="no concern 'warts'"):
        scales_for("warts")
    with pytest.raises(OutOfRangeError, match=r"one gain a twin, 200; got the shape \(3,\)"):
        read_scale(scale("ecca"), np.zeros(3), TWINS, kind="acne_scars")
