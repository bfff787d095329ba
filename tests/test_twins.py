"""Laws of the twins: deterministic, person draws shared between sites, blocks, traits."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from recutis.errors import InputError, OutOfRangeError
from recutis.twins import Traits, Twins, draw

PERSON = (
    "depth_error", "improvement_effect", "improvement_study", "redness_effect", "redness_study", "pigment_effect",
    "pigment_study", "pain_effect", "pain_study", "scar_effect", "scar_study", "infection_study", "healing_rate",
)  # fmt: skip


def traits(site: str = "cheek", **known: object) -> Traits:
    """Traits of one person."""
    base: dict[str, object] = {"age_years": 46.0, "sex": "female", "phototype": "III", "site": site}
    return Traits(**(base | known))  # type: ignore[arg-type]


def arrays(twins: Twins) -> dict[str, np.ndarray]:
    """All arrays of the twins by name."""
    return {f.name: getattr(twins, f.name) for f in fields(twins) if isinstance(getattr(twins, f.name), np.ndarray)}


def test_same_seed_same_twins_other_seed_other_twins():
    """The cloud is a function of traits, n, seed and blocks only."""
    first, again, other = draw(traits(), seed=3), draw(traits(), seed=3), draw(traits(), seed=4)

    assert all(np.array_equal(value, arrays(again)[name]) for name, value in arrays(first).items())
    assert not np.array_equal(first.pigment_effect, other.pigment_effect)


@pytest.mark.parametrize("site", ["hands", "neck", "eyelid", "nose"])
def test_two_sites_of_one_person_share_the_person(site):
    """Everything that belongs to the person is equal draw by draw; the skin of the site is not."""
    cheek, there = draw(traits()), draw(traits(site))

    assert all(np.array_equal(getattr(cheek, name), getattr(there, name)) for name in PERSON)
    assert np.median(cheek.follicle_density_cm2) != np.median(there.follicle_density_cm2)
    ratio = there.epidermis_um / cheek.epidermis_um
    assert np.ptp(ratio) == pytest.approx(0, abs=1e-9)


def test_study_draws_are_shared_within_a_block_and_differ_between_blocks():
    """Twins of one block stand for one study's worth of ignorance."""
    twins = draw(traits(), n=120, blocks=12)

    for name in (name for name in PERSON if name.endswith("_study")):
        values = getattr(twins, name)
        by_block = [values[twins.block == block] for block in range(12)]
        assert all(np.ptp(block) == 0 for block in by_block), name
        assert len({block[0] for block in by_block}) == 12, name


def test_draws_are_standard_normal_and_correlated_as_stated():
    """Stratified draws have mean 0 and deviation 1; redness goes with pigment and scarring, pain with neither."""
    twins = draw(traits(), n=4000, blocks=40)

    for name in ("depth_error", "improvement_effect", "redness_effect", "pigment_effect", "scar_effect", "pain_effect"):
        assert np.mean(getattr(twins, name)) == pytest.approx(0, abs=0.05), name
        assert np.std(getattr(twins, name)) == pytest.approx(1, abs=0.05), name
    link = np.corrcoef([twins.redness_effect, twins.pigment_effect, twins.scar_effect, twins.pain_effect])
    assert link[0, 1] > 0.3
    assert link[0, 2] > 0.2
    assert abs(link[0, 3]) < 0.1


@pytest.mark.parametrize(
    "burden", [{"smoker": True}, {"diabetes": True}, {"immunosuppressed": True}, {"radiotherapy": True}, {"age_years": 75.0}]
)
def test_burdens_slow_healing(burden):
    """Smoking, diabetes, immunosuppression, radiotherapy and age slow every twin."""
    assert (draw(traits(**burden)).healing_rate < draw(traits()).healing_rate).all()


def test_unanswered_history_is_not_a_yes():
    """A question that was not answered leaves the person as if it did not apply."""
    assert np.array_equal(draw(traits(diabetes=None)).healing_rate, draw(traits(diabetes=False)).healing_rate)


def test_darker_phototype_has_more_melanin_and_a_tan_adds():
    """Melanin rises from I to VI and with a tan."""
    medians = [np.median(draw(traits(phototype=p)).melanin_fraction) for p in ("I", "II", "III", "IV", "V", "VI")]

    assert (np.diff(medians) > 0).all()
    assert np.median(draw(traits(tanned=True)).melanin_fraction) > medians[2]


@pytest.mark.parametrize(("n", "blocks"), [(0, 1), (5, 10), (10, 0)])
def test_impossible_counts_are_refused(n, blocks):
    """A cloud needs at least a block, and a twin in each."""
    with pytest.raises(OutOfRangeError, match=rf"at least one block and one twin a block; got {n} twins in {blocks}"):
        draw(traits(), n=n, blocks=blocks)


def test_unknown_site_is_refused():
    """An unknown site word is named in the error."""
    with pytest.raises(InputError, match="elbow"):
        draw(traits("elbow"))
