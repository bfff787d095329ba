"""Where the targets of the concerns lie."""

import pytest

from recutis import evidence, skin
from recutis.errors import InputError, OutOfRangeError, UnknownNameError
from recutis.sites import CONCERN_KINDS, SITES

CHEEK = skin.build(site="cheek", age_years=45, phototype="III", sex="female")
KINDS = [kind for kind in CONCERN_KINDS if kind != "undiagnosed"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("site", SITES)
def test_every_concern_lies_inside_the_skin(kind, site):
    """Top above bottom, bottom not below the dermis, difficulty within 0 to 1, sources cited."""
    here = skin.build(site=site, age_years=60, phototype="IV", sex="female")
    found = skin.lesion(kind, here)

    assert 0 <= found.top_um < found.bottom_um <= here.epidermis_um + here.dermis_um
    assert 0 < found.difficulty < 1
    assert found.melanin_factor >= 1
    assert found.site == site
    assert {row.id for row in evidence.cite(found.sources)} == set(found.sources)
    if found.diameter_um is not None:
        assert 0 < found.diameter_um[0] <= found.diameter_um[1] <= found.diameter_um[2]


@pytest.mark.parametrize("kind", KINDS)
def test_vessels_and_glands_have_a_diameter_and_pigment_has_extra_melanin(kind):
    """Each target carries what its physics needs."""
    found = skin.lesion(kind, CHEEK)

    assert (found.diameter_um is not None) or found.target in {"dermis", "pigment"}
    assert (found.melanin_factor > 1) == (found.target == "pigment" or kind == "poikiloderma")


def test_ice_pick_scars_are_deeper_and_harder_than_rolling_ones():
    """Difficulty: rolling, then boxcar, then ice pick; unspecified scars lie between."""
    found = {kind: skin.lesion("acne_scars", CHEEK, scar_type=kind) for kind in ("rolling", "boxcar", "mixed", "ice_pick")}

    difficulty = [found[x].difficulty for x in ("rolling", "boxcar", "mixed", "ice_pick")]
    assert difficulty == sorted(difficulty)
    assert found["ice_pick"].bottom_um > found["rolling"].bottom_um
    assert skin.lesion("acne_scars", CHEEK) == found["mixed"]


def test_deep_lines_are_deeper_and_harder_than_fine_ones():
    """Deep lines reach below fine ones and respond less."""
    fine, deep = skin.lesion("fine_lines", CHEEK), skin.lesion("deep_lines", CHEEK)

    assert deep.bottom_um > fine.bottom_um
    assert deep.difficulty > fine.difficulty


def test_freckles_are_the_basal_layer_and_age_spots_reach_below_it():
    """Freckles occupy exactly the basal layer; rete ridges of lentigines go deeper."""
    basal = next(x.thickness_um for x in CHEEK.layers if x.name == "basal_layer")
    freckle, spot = skin.lesion("freckles", CHEEK), skin.lesion("age_spots", CHEEK)

    assert freckle.bottom_um == CHEEK.epidermis_um
    assert freckle.bottom_um - freckle.top_um == pytest.approx(basal)
    assert spot.top_um <= freckle.top_um
    assert spot.bottom_um > freckle.bottom_um


def test_measured_vessel_replaces_the_typical_one_and_keeps_the_relative_spread():
    """A measured diameter is the middle; low and high scale with it."""
    typical = skin.lesion("facial_veins", CHEEK).diameter_um
    measured = skin.lesion("facial_veins", CHEEK, vessel_diameter_um=400).diameter_um

    assert typical is not None
    assert measured == pytest.approx(tuple(400 * x / typical[1] for x in typical))


def test_pore_takes_its_measured_opening():
    """The size of a pore in millimetres becomes its diameter in micrometres."""
    found = skin.lesion("enlarged_pores", CHEEK, size_mm=0.2).diameter_um

    assert found is not None
    assert found[1] == pytest.approx(200)


def test_undiagnosed_lesion_is_refused():
    """No model without a diagnosis."""
    with pytest.raises(InputError, match="undiagnosed lesion cannot be modelled: it needs a diagnosis"):
        skin.lesion("undiagnosed", CHEEK)


@pytest.mark.parametrize(
    ("kind", "changes", "error", "text"),
    [
        ("age_spot", {}, UnknownNameError, r"no concern kind 'age_spot'; nearest: age_spots"),
        ("acne_scars", {"scar_type": "round"}, UnknownNameError, r"no scar type 'round'.*rolling, boxcar, ice_pick, mixed"),
        ("facial_veins", {"vessel_diameter_um": 0}, OutOfRangeError, r"vessel diameter of 0 um is impossible"),
        ("enlarged_pores", {"size_mm": -1}, OutOfRangeError, r"lesion size of -1 mm is impossible"),
    ],
)
def test_wrong_words_and_numbers_are_refused(kind, changes, error, text):
    """Each error names the value and what is allowed."""
    with pytest.raises(error, match=text):
        skin.lesion(kind, CHEEK, **changes)
