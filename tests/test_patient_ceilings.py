"""Hard limits by site, class and phototype: every row has an effect, and silence means no."""

from __future__ import annotations

import itertools

import pytest

from recutis import evidence
from recutis.classes import DEVICE_CLASSES
from recutis.errors import UnknownNameError
from recutis.patient import ceiling
from recutis.patient.ceilings import needs_test_spot
from recutis.sites import PHOTOTYPES, SITES

EVERY = {case: ceiling(*case) for case in itertools.product(SITES, DEVICE_CLASSES, PHOTOTYPES)}
NUMBERS = ("max_energy_mJ", "max_density_pct", "max_fluence_J_cm2", "max_passes")


@pytest.mark.parametrize("row", evidence.rows("ceilings"), ids=lambda row: row.id)
def test_every_row_has_an_effect(row):
    """Each row decides some case: it allows within its numbers, or refuses by name."""
    cases = [found for found in EVERY.values() if row.id in found.rule_ids]

    assert cases
    for found in cases:
        if row.fields["allowed"] == "no":
            assert not found.allowed
            assert row.id in found.reason
        for name in NUMBERS:
            if row.fields[name]:
                assert getattr(found, name) <= float(row.fields[name])


def test_rows_do_not_overlap():
    """No two rows speak of one case, so that the table never contradicts itself."""
    assert all(len(found.rule_ids) <= 1 for found in EVERY.values())


def test_no_row_means_refused():
    """A case without a row is refused with a reason, and so is every case that a row refuses."""
    for found in EVERY.values():
        if not found.rule_ids:
            assert not found.allowed
            assert "no ceiling is known for" in found.reason
        assert found.allowed == (not found.reason)


def test_delicate_sites_never_exceed_the_face():
    """Energy, density and passes on lid, neck, chest and hands stay at or below those of the cheek."""
    for (site, name, phototype), found in EVERY.items():
        face = EVERY["cheek", name, phototype]
        if not found.allowed or not face.allowed:
            continue
        for number in NUMBERS:
            most, limit = getattr(face, number), getattr(found, number)
            assert most is None or limit is None or limit <= most, (site, name, phototype, number)


def test_darker_skin_never_gets_more():
    """From one phototype to the next no limit of the face rises and no refusal ends."""
    for name in DEVICE_CLASSES:
        for lighter, darker in itertools.pairwise(PHOTOTYPES):
            before, after = EVERY["cheek", name, lighter], EVERY["cheek", name, darker]
            if not before.allowed and not before.needs_physician:
                assert not after.allowed
            for number in NUMBERS:
                if after.allowed and getattr(before, number) is not None:
                    assert getattr(after, number) <= getattr(before, number)


def test_physician_opens_what_asks_for_one_and_nothing_else():
    """CEI-002 opens with its override; a refusal such as CEI-003 stays shut."""
    assert not ceiling("cheek", "ablative_full_co2", "IV").allowed
    opened = ceiling("cheek", "ablative_full_co2", "IV", overridden={"CEI-002"})
    shut = ceiling("cheek", "ablative_full_co2", "V", overridden={"CEI-003"})

    assert opened.allowed
    assert opened.test_spot
    assert opened.max_passes == 1
    assert not shut.allowed


@pytest.mark.parametrize(
    ("words", "yes", "no"),
    [("yes", "I VI", ""), ("no", "", "I VI"), ("", "", "I VI"), ("yes in IV", "IV", "III V"), ("yes in IV-VI", "IV V VI", "III")],
)
def test_words_about_the_test_spot(words, yes, no):
    """'yes in IV-VI' asks phototypes IV, V and VI only."""
    assert all(needs_test_spot(words, phototype) for phototype in yes.split())
    assert not any(needs_test_spot(words, phototype) for phototype in no.split())


@pytest.mark.parametrize(
    ("site", "name", "phototype", "text"),
    [
        ("elbow", "ipl", "II", "There is no site 'elbow'; known are forehead"),
        ("cheek", "maser", "II", "There is no device class 'maser'"),
        ("cheek", "ipl", "VII", "There is no phototype 'VII'; known are I, II"),
    ],
)
def test_unknown_names(site, name, phototype, text):
    """A name that does not exist is an error that lists those that do."""
    with pytest.raises(UnknownNameError, match=text):
        ceiling(site, name, phototype)
