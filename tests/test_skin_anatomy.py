"""Layers of the skin by site, age, phototype and sex."""

import itertools

import numpy as np
import pytest

from recutis import evidence, skin
from recutis.errors import OutOfRangeError, UnknownNameError
from recutis.sites import PHOTOTYPES, SITES
from recutis.skin.anatomy import ageing_factor, melanin_mean, row_id, sex_factor

EPIDERMIS = ("stratum_corneum", "epidermis", "basal_layer")


def skin_of(**changes: object) -> skin.Skin:
    """Skin of a woman's cheek, with changes."""
    return skin.build(**{"site": "cheek", "age_years": 45.0, "phototype": "III", "sex": "female", **changes})


def layer(of: skin.Skin, name: str) -> skin.Layer:
    """The layer of this name."""
    return next(x for x in of.layers if x.name == name)


def whole_epidermis_mean(of: skin.Skin) -> float:
    """Melanin fraction weighted by thickness over the three layers of the epidermis."""
    layers = [x for x in of.layers if x.name in EPIDERMIS]
    return float(np.average([x.melanin_fraction for x in layers], weights=[x.thickness_um for x in layers]))


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("sex", ["female", "male"])
def test_every_site_has_six_sound_layers(site, sex):
    """Each layer has thickness inside its range, fractions that leave room for tissue, and cited rows."""
    for age, phototype, tanned in itertools.product((18, 90), ("I", "VI"), (False, True)):
        of = skin_of(site=site, sex=sex, age_years=age, phototype=phototype, tanned=tanned)

        assert [x.name for x in of.layers] == [*EPIDERMIS, "papillary_dermis", "reticular_dermis", "subcutis"]
        for x in of.layers:
            assert 0 < x.low_um <= x.thickness_um <= x.high_um, (x, age)
            assert 0 < x.water_fraction < 1
            assert 0 <= x.melanin_fraction + x.blood_fraction < 1
            assert x.sources
        assert of.follicle_density_cm2 > 0
        assert {row.id for row in evidence.cite(of.sources)} == set(of.sources)


def test_epidermis_and_dermis_are_the_sums_of_their_layers():
    """The cheek's layers add up to the working values, at the age and the mean sex they were written for."""
    both = [skin_of(sex=sex, age_years=evidence.value("skin.reference_age")) for sex in ("female", "male")]
    viable = [x.epidermis_um - layer(x, "stratum_corneum").thickness_um for x in both]

    assert np.mean(viable) == pytest.approx(evidence.value("viable_epidermis_working_cheek"))
    assert np.mean([x.dermis_um for x in both]) == pytest.approx(evidence.value("skin.cheek.dermis"))


@pytest.mark.parametrize(("phototype", "tanned"), list(itertools.product(PHOTOTYPES, (False, True))))
def test_melanin_is_conserved_however_it_is_distributed(phototype, tanned):
    """The mean over the whole epidermis is the phototype's, wherever the melanin lies."""
    for site in SITES:
        of = skin_of(site=site, phototype=phototype, tanned=tanned)

        assert whole_epidermis_mean(of) == pytest.approx(melanin_mean(phototype, tanned=tanned)[1], rel=1e-12)


def test_melanin_rises_with_phototype_and_tan():
    """Darker phototypes hold more melanin; tanning multiplies it."""
    means = [whole_epidermis_mean(skin_of(phototype=p)) for p in PHOTOTYPES]

    assert (np.diff(means) > 0).all()
    tanned = whole_epidermis_mean(skin_of(tanned=True)) / whole_epidermis_mean(skin_of())
    assert tanned == pytest.approx(evidence.value("skin.tan_factor"))


def test_melanin_lies_in_the_basal_layer_of_light_skin_and_everywhere_in_dark_skin():
    """The basal share falls with phototype; the dermis holds none."""
    shares = []
    for phototype in PHOTOTYPES:
        of = skin_of(phototype=phototype)
        amount = {x.name: x.melanin_fraction * x.thickness_um for x in of.layers}
        shares.append(amount["basal_layer"] / sum(amount.values()))
        assert amount["papillary_dermis"] == amount["reticular_dermis"] == amount["subcutis"] == 0

    assert (np.diff(shares) < 0).all()
    assert shares[0] > 0.8
    assert shares[-1] < 0.5


def test_dermis_thins_with_age_after_the_twenties():
    """Thickness is constant before thinning starts and falls ever after, by the cited percentage a decade."""
    dermis = {age: skin_of(age_years=age).dermis_um for age in (5, 20, 25, 35, 60, 95)}

    assert dermis[5] == dermis[20] == dermis[25]
    assert dermis[25] > dermis[35] > dermis[60] > dermis[95]
    loss = evidence.value("ageing_dermis_thickness_loss") / 100
    assert dermis[35] / dermis[25] == pytest.approx(1 - loss)
    assert ageing_factor(evidence.value("skin.reference_age"), percent_per_decade=6) == 1


def test_men_have_thicker_dermis_by_the_measured_ratio():
    """Men over women is the ratio of the ultrasound rows, and the ratio row is derived from them."""
    ratio = skin_of(sex="male").dermis_um / skin_of(sex="female").dermis_um
    sums = {
        sex: sum(row.value for row in evidence.rows("anatomy") if row.value and row.id.startswith("dermis_thickness_ultra")
                 and row.id.endswith(f"_{sex}"))
        for sex in ("male", "female")
    }  # fmt: skip

    assert ratio == pytest.approx(evidence.value("skin.dermis_sex_ratio"))
    assert sums["male"] / sums["female"] == pytest.approx(evidence.value("skin.dermis_sex_ratio"), rel=0.005)
    assert sex_factor("male", men_over_women=1.2) + sex_factor("female", men_over_women=1.2) == pytest.approx(2)


def test_eyelid_is_the_thinnest_and_the_nose_the_thickest():
    """The order of sites follows histology (Chopra 2015)."""
    dermis = {site: skin_of(site=site).dermis_um for site in SITES}

    assert min(dermis, key=dermis.__getitem__) == "eyelid"
    assert max(dermis, key=dermis.__getitem__) == "nose"


def test_full_face_is_the_cheek():
    """The whole face takes the cheek's values, and says so."""
    face, cheek = skin_of(site="full_face"), skin_of()

    assert face.layers == cheek.layers
    assert "skin.full_face" in face.sources


def test_blood_is_richest_in_the_centre_of_the_face():
    """Nose and cheek have more upper-dermal blood than the edge of the face, the neck and the hands."""
    blood = {site: layer(skin_of(site=site), "papillary_dermis").blood_fraction for site in SITES}

    assert blood["nose"] > blood["cheek"] > max(blood[x] for x in ("temple", "forehead", "neck", "decolletage", "hands"))


def test_follicles_are_dense_on_the_face_and_sparse_below():
    """Neck, chest and hands have several-fold fewer follicles than any facial skin but the lid."""
    density = {site: skin_of(site=site).follicle_density_cm2 for site in SITES}

    assert max(density, key=density.__getitem__) == "nose"
    assert max(density[x] for x in ("neck", "decolletage", "hands")) * 2 < min(density[x] for x in SITES[:4])


def test_identical_arguments_give_identical_skin():
    """Building is deterministic, and skins can be keys."""
    assert skin_of() == skin_of()
    assert hash(skin_of()) == hash(skin_of())


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"site": "chek"}, r"no site 'chek'; nearest: cheek.* Give one of forehead"),
        ({"phototype": "VII"}, r"no phototype 'VII'; nearest: VI"),
        ({"sex": "femal"}, r"no sex 'femal'; nearest: female"),
    ],
)
def test_unknown_words_name_the_nearest(changes, text):
    """A misspelt word is an error with the nearest ones and the whole list."""
    with pytest.raises(UnknownNameError, match=text):
        skin_of(**changes)


@pytest.mark.parametrize("age", [0, -3, 121, float("nan")])
def test_impossible_age_is_refused(age):
    """Ages outside 0 to 120 are refused by value."""
    with pytest.raises(OutOfRangeError, match=r"An age of .* years is outside 0 to 120"):
        skin_of(age_years=age)


def test_unknown_quantity_of_a_site_is_refused():
    """Asking for a row that no site has is an error, not a silent default."""
    with pytest.raises(UnknownNameError, match=r"skin\.cheek\.colour"):
        row_id("cheek", "colour")


def test_no_row_of_a_site_is_dead():
    """Every row written for a site and a quantity is the one that building uses."""
    own = [row.id for row in evidence.rows("model_skin") if row.id.startswith("skin.") and row.id.split(".")[1] in SITES]

    for key in own:
        _, site, *quantity = key.split(".")
        if quantity:
            assert row_id(site, quantity[0]) == key
    assert len(own) > len(SITES)
