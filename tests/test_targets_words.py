"""Words of experiments: skins, animals, coolers."""

import pytest

from recutis.errors import InputError
from recutis.injury import targets
from recutis.injury.targets.rows import cooling_of, is_living, phototype_of, skin_of
from recutis.laser import surface_cooling

BLANK = {
    "id": "X", "family": "cooling", "tier": "score", "wavelength_nm": "", "pulse_duration_s": "", "spot_diameter_mm": "",
    "spot_profile": "", "pulse_energy_mJ": "", "fluence_J_cm2": "", "n_pulses": "1", "repetition_rate_Hz": "", "cooling": "",
    "tissue": "human skin", "vessel_diameter_um": "", "quantity": "surface_temperature_min_C", "comparator": "=", "value": "",
    "low": "", "high": "", "unit": "C", "source": "", "confidence": "read", "notes": "",
}  # fmt: skip
INFRARED = BLANK | {
    "family": "nir_injury", "wavelength_nm": "2000", "pulse_duration_s": "0.5", "spot_diameter_mm": "10", "spot_profile": "gaussian",
    "tissue": "Yucatan mini-pig in vivo", "quantity": "injury_threshold_J_cm2",
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "phototype"),
    [
        ("human skin", "II"), ("human skin light", "II"), ("human skin sun-protected white", "I"), ("human black skin", "VI"),
        ("human skin V-VI", "VI"), ("human types II-IV", "III"), ("Fitzpatrick type iv forearm", "IV"), ("Asian skin", "III"),
        ("pig skin in vivo", "IV"), ("light pig skin in vivo", "I"), ("Yorkshire pig flank", "I"), ("Yucatan mini-pig", "IV"),
        ("ex vivo dark porcine skin", "VI"), ("pigmented guinea pig", "VI"), ("albino guinea pig", "I"), ("hairless rat", "I"),
    ],
)  # fmt: skip
def test_pigment_by_words(words, phototype):
    """General words, types and breeds."""
    assert phototype_of(words) == phototype


def test_place_and_life_by_words():
    """A named place has its own layers; skin off the body is cold."""
    assert skin_of("human nose in vivo").site == "nose"
    assert skin_of("skin under the machine").site == "cheek"
    assert is_living("pig skin in vivo")
    for words in ("excised pig skin", "human skin ex vivo", "skin samples in vitro"):
        assert not is_living(words)
        assert skin_of(words).surface_temperature_C == 22


@pytest.mark.parametrize(
    ("words", "kind", "figures"),
    [
        ("", "none", {}), ("none", "none", {}), ("cold_air", "cold_air", {}), ("cryogen_spray", "cryogen", {}),
        ("cryogen_spray_60ms", "cryogen", {"before_ms": 60, "delay_ms": 0}),
        ("cryogen_spray_30ms_delay_20ms", "cryogen", {"before_ms": 30, "delay_ms": 20}),
        ("contact_4C", "contact", {"medium_C": 4}), ("sapphire_-5C", "contact", {"medium_C": -5}),
        ("sapphire 9C 1s", "contact", {"medium_C": 9, "before_ms": 1000}), ("ice", "contact", {"medium_C": 0}),
        ("cold air -20C", "cold_air", {"medium_C": -20}), ("gel_10C", "gel", {"medium_C": 10}), ("DCD 40 ms", "cryogen", {"before_ms": 40}),
    ],
)  # fmt: skip
def test_coolers_by_words(words, kind, figures):
    """Kind, temperature, time and delay; what is not said is as usual."""
    found = cooling_of(words)
    assert found.kind == kind
    for name, value in figures.items():
        assert getattr(found, name) == value
    if kind != "none" and "medium_C" not in figures:
        assert found.medium_C == surface_cooling(kind).medium_C


def test_unknown_cooler_is_refused_in_a_sentence():
    """It says what may be written."""
    with pytest.raises(InputError, match="'a kind word' is no cooling that the model knows; write for example"):
        cooling_of("a kind word")


def test_longer_spurts_are_colder():
    """Surface and basal layer fall with the length of the spurt, the surface more."""
    found = {
        (ms, q): targets.compute(BLANK | {"cooling": f"cryogen_spray_{ms}ms", "quantity": f"{q}_temperature_min_C"}).value
        for ms in (20, 100)
        for q in ("surface", "basal")
    }
    assert found[100, "surface"] < found[20, "surface"] < found[20, "basal"]
    assert found[100, "basal"] < found[20, "basal"]


def test_row_without_a_cooler_gives_a_reason():
    """Not a number and not a crash."""
    found = targets.compute(BLANK | {"cooling": "none"})
    assert found.value is None
    assert "no cooling" in found.reason


@pytest.mark.parametrize(
    "change",
    [
        {"cooling": "sapphire_5C"}, {"tissue": "human forearm type III"}, {"wavelength_nm": "10600", "pulse_duration_s": "10"},
        {"wavelength_nm": "2940", "pulse_duration_s": "0.1"}, {"pulse_duration_s": "3e-9"}, {"spot_diameter_mm": "0.2"},
        {"n_pulses": "5", "repetition_rate_Hz": "10", "pulse_duration_s": "0.01"}, {"quantity": "vaporization_threshold_J_cm2"},
        {"quantity": "surface_temperature_max_C", "fluence_J_cm2": "3"}, {"quantity": "basal_temperature_rise_K", "fluence_J_cm2": "3"},
    ],
)  # fmt: skip
def test_strange_but_sensible_rows_compute(change):
    """Other wavelengths, times, spots, skins, trains and coolers give a number above zero."""
    found = targets.compute(INFRARED | change)
    assert found.value is not None, found.reason
    assert found.value > 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"wavelength_nm": "193"}, "known at 300-10700 nm"), ({"pulse_duration_s": "-1"}, "pulse_duration_s is -1; it must be above 0"),
        ({"spot_diameter_mm": "0"}, "spot_diameter_mm is 0; it must be above 0"),
        ({"cooling": "prayer"}, "no cooling that the model knows"),
        ({"quantity": "happiness"}, "does not compute 'happiness'"), ({"spot_diameter_mm": ""}, "lacks or misspells"),
    ],
)  # fmt: skip
def test_meaningless_rows_say_why(change, reason):
    """One clear sentence each."""
    found = targets.compute(INFRARED | change)
    assert found.value is None
    assert reason in found.reason
