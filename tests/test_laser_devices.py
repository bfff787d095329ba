"""Catalogue, cooling, minutes, eyewear, candidates and the documentation page."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import recutis.laser
from recutis import evidence
from recutis.classes import DEVICE_CLASSES
from recutis.errors import InputError, OutOfRangeError, UnknownNameError
from recutis.laser import (
    Settings,
    by_class,
    candidate_settings,
    catalogue,
    device,
    device_cooling,
    expose,
    eyewear,
    surface_cooling,
    treatment_minutes,
)
from recutis.laser.eye_safety import permissible_exposure_J_cm2
from recutis.laser.pattern import footprint_cm2
from recutis.laser.reference import catalogue_markdown

NAMES = [one.name for one in catalogue()]
DOCS = Path(__file__).parents[1] / "docs" / "lasers.md"


def _typical(name):
    one = device(name)
    return expose(one, Settings(passes=int(one.limits["passes"].typical)))


def test_every_row_of_the_device_table_is_in_the_catalogue():
    """No device of devices.csv is forgotten, and each is of the class its row says."""
    for row in evidence.rows("devices"):
        found = [one for one in catalogue() if row.id in one.sources]
        words = re.split(r"[_/]", row.fields["class_key"])

        assert found, row.id
        assert all(set(one.device_class.split("_")) & set(words) for one in found)


def test_only_four_classes_have_no_device():
    """Every other class can be planned without a clinic file."""
    missing = set(DEVICE_CLASSES) - {one.device_class for one in catalogue()}

    assert missing == {f"nonablative_fractional_{line}" for line in (1320, 1340, 1410, 1565)}


@pytest.mark.parametrize("name", NAMES)
def test_a_catalogue_entry_hangs_together(name):
    """Limits are ordered, the panel has limits, sources are evidence rows, fractional devices have a microbeam."""
    one = device(name)

    assert all(limit.low <= limit.typical <= limit.high for limit in one.limits.values())
    assert all(knob in one.limits for knob in one.panel)
    assert all(evidence.get(key).id == key for key in one.sources)
    assert (one.microbeam_um is not None) == (one.mode == "fractional")
    assert (one.second_wavelength_nm is not None) == (one.device_class == "hybrid_fractional")


def test_judged_numbers_make_a_row_weak():
    """A row that holds the authors' own numbers says so and does not claim to have been read."""
    judged = [row for row in evidence.rows("catalogue") if row.fields["judged"]]

    assert judged
    assert {row.confidence for row in judged} == {"weak"}
    assert "Authors' judgement" in device("UltraPulse DeepFX").notes


def test_names_do_not_mind_case():
    """Upper and lower case and stray blanks find the same device."""
    assert device("  ultrapulse   DEEPFX ").name == "UltraPulse DeepFX"


def test_an_unknown_name_lists_the_nearest():
    """A slip of the pen is answered with the device that was meant."""
    with pytest.raises(UnknownNameError, match="no device 'UltraPuls DepFX'; nearest: 'UltraPulse DeepFX'"):
        device("UltraPuls DepFX")
    with pytest.raises(UnknownNameError, match=r"nearest: .*'PicoWay 532'"):
        device("picoway")


def test_a_pattern_picks_its_classes():
    """A group word gives only devices of that group."""
    assert {one.device_class.split("_")[0] for one in by_class("vascular_any")} == {"vascular"}
    assert by_class("rf_any") == ()


@pytest.mark.parametrize("kind", ["none", "cold_air", "cryogen", "contact", "gel"])
def test_cooling_comes_from_rows(kind):
    """Each kind takes heat away at a temperature below skin, and names its rows."""
    found = surface_cooling(kind)

    assert found.kind == kind
    assert found.heat_transfer_W_m2_K > 0
    assert found.medium_C < evidence.value("skin_surface_temperature_baseline")
    assert [evidence.get(key).id for key in found.sources] == list(found.sources)


def test_a_device_keeps_its_own_spurt():
    """Built-in spray has the device's timing; the same spray on another device the usual one."""
    assert device_cooling(device("Candela GentleLASE")).before_ms == 45
    assert surface_cooling("cryogen").before_ms == evidence.value("LAS-CRYOGEN-BEFORE")


def test_unknown_cooling():
    """A word that is no cooling lists the kinds."""
    with pytest.raises(UnknownNameError, match="'snow' is not a kind of cooling; choose one of none, cold_air"):
        surface_cooling("snow")


@pytest.mark.parametrize("name", NAMES)
def test_minutes_grow_with_area_and_passes(name):
    """Twice the area takes twice as long; low, typical and high are in order and have sources."""
    made = _typical(name)
    low, middle, high, sources = treatment_minutes(made, 200)

    assert 0 < low <= middle <= high
    assert treatment_minutes(made, 400)[1] == pytest.approx(2 * middle)
    assert treatment_minutes(replace(made, passes=2 * made.passes), 200)[1] == pytest.approx(2 * middle)
    assert [evidence.get(key).id for key in sources] == list(sources)


def test_minutes_need_an_area():
    """No area, no time."""
    with pytest.raises(InputError, match="treated area must be positive; got 0 cm²"):
        treatment_minutes(_typical("UltraPulse DeepFX"), 0)


def test_minutes_by_repetition_rate():
    """Without a speed row, time is shots over repetition rate."""
    made = expose(device("SPTL-1 585"), Settings(spot_mm=10))
    shots = 100 / (0.81 * 4 / 3.141592653589793 * footprint_cm2(1e4))

    assert treatment_minutes(made, 100)[1] == pytest.approx(shots / 60)


@pytest.mark.parametrize("name", NAMES)
def test_eyewear_brings_a_direct_hit_below_the_limit(name):
    """Behind the eyewear one direct pulse is no more than permitted."""
    made = _typical(name)
    density, text, sources = eyewear(made)

    assert density > 0
    assert text
    assert [evidence.get(key).id for key in sources] == list(sources)
    if made.device.device_class == "ipl":
        assert "shade" in text
        return
    assert density == int(density)
    for pulse in (made.pulse, made.second) if made.second else (made.pulse,):
        aperture_um = 7000 if pulse.wavelength_nm < 1400 else 1000
        hit = pulse.energy_mJ * 1e-3 / max(footprint_cm2(aperture_um), footprint_cm2(pulse.spot_um))
        allowed, _ = permissible_exposure_J_cm2(pulse.wavelength_nm, pulse.duration_ms * 1e-3)
        assert hit / 10**density <= allowed


def test_permissible_exposure_has_no_downward_jumps_in_time():
    """A longer exposure never permits less energy, at the wavelengths of the catalogue."""
    times = [10**power for power in (-11.5, -10, -8, -6.5, -5.5, -4.5, -3.5, -2, 0, 1)]
    for wavelength in {one.wavelength_nm for one in catalogue()} | {1470}:
        allowed = [permissible_exposure_J_cm2(wavelength, time)[0] for time in times]

        assert allowed == sorted(allowed), wavelength


def test_permissible_exposure_below_the_visible():
    """Ultraviolet is not held."""
    with pytest.raises(OutOfRangeError, match="No eye limit below 400 nm"):
        permissible_exposure_J_cm2(355, 1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_candidates_are_few_allowed_and_repeatable(name):
    """Every candidate exposes; there are at most 120, all different, always in the same order."""
    one = device(name)
    found = candidate_settings(one)

    assert 5 <= len(found) <= 120
    assert len(set(found)) == len(found)
    assert found == candidate_settings(one)
    for settings in found:
        expose(one, settings)


@pytest.mark.parametrize("name", [one.name for one in catalogue() if one.mode == "fractional"])
def test_candidates_keep_the_ceilings(name):
    """Energy on a place with its stack, and density of all passes, stay below the ceilings."""
    one = device(name)
    for settings in candidate_settings(one, max_energy_mJ=30, max_density_pct=15, max_passes=2):
        made = expose(one, settings)
        density = made.column_density_cm2 * footprint_cm2(made.pulse.spot_um) * 100

        assert made.pulse.energy_mJ * made.stack <= 30 * (1 + 1e-9)
        assert density * made.passes <= 15 * (1 + 1e-9)
        assert made.passes <= 2


def test_candidates_below_the_least_are_none():
    """A ceiling below the device's least leaves nothing."""
    laser = device("UltraPulse DeepFX")

    assert candidate_settings(laser, max_energy_mJ=2) == ()
    assert candidate_settings(laser, max_density_pct=4) == ()
    assert candidate_settings(laser, max_passes=0) == ()
    assert candidate_settings(device("Candela Vbeam Perfecta"), max_fluence_J_cm2=1) == ()


def test_vessels_get_several_durations():
    """A vascular laser is tried with at least three pulse durations."""
    found = candidate_settings(device("excel V 532"))

    assert len({settings.duration_ms for settings in found}) >= 3


def test_a_hybrid_gets_several_coagulation_depths():
    """Both dials of a hybrid are tried."""
    found = candidate_settings(device("Sciton Halo"), max_passes=1)

    assert len({settings.coagulation_um for settings in found}) == 3
    assert len({settings.depth_um for settings in found}) >= 4


def test_full_field_gets_up_to_three_passes():
    """A full-field laser is tried with one to three passes."""
    assert {settings.passes for settings in candidate_settings(device("UltraPulse CPG"))} == {1, 2, 3}


def test_the_page_holds_the_current_catalogue():
    """The table in the documentation is the one the catalogue gives now."""
    page = DOCS.read_text(encoding="utf-8")

    assert page.endswith(catalogue_markdown())
    assert all(name in page for name in NAMES)


def test_the_page_shows_the_true_arithmetic():
    """The example on the page prints what expose prints."""
    lines = expose(device("UltraPulse DeepFX"), Settings(energy_mJ=20, density_pct=10)).arithmetic

    assert "\n".join(lines) in DOCS.read_text(encoding="utf-8")


def test_importing_is_light():
    """The laser package and its catalogue load without the heavy libraries."""
    code = (
        "import sys, recutis.laser; recutis.laser.catalogue(); "
        "print(sorted({'numba', 'pint', 'scipy', 'pydantic', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", recutis.laser.__all__)
def test_public_names_load(name):
    """Each public name is there and has a docstring."""
    assert getattr(recutis.laser, name).__doc__


def test_unknown_attribute():
    """A name that does not exist is an ordinary attribute error."""
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = recutis.laser.nonsense


_WORDS = {
    "energy_mJ": "energy",
    "fluence_J_cm2": "fluence",
    "density_pct": "density",
    "total_density_pct": "density",
    "columns_cm2": "columns",
    "duration_ms": "duration",
    "spot_mm": "spot",
    "power_W": "power",
    "depth_um": "depth",
    "coagulation_um": "coagulation",
    "overlap_pct": "overlap",
    "microbeam_um": "microbeam",
}


@pytest.mark.parametrize("row", evidence.rows("catalogue"), ids=lambda row: row.id)
def test_limits_stand_in_the_device_table_or_are_said_to_be_judged(row):
    """Each lower and upper limit is a number of the device's row, in one of its units, or its name is among the judged."""
    text = " ".join(evidence.get(row.source.split(";")[0]).fields.values())
    written = [float(word) for word in re.findall(r"\d+(?:\.\d+)?", text)]
    units = (1.0, 1e3, 1e-3, 1e-6, 1e-9)  # mm and µm; ms and ns and ps

    for name, word in _WORDS.items():
        values = [float(value) for value in row.fields[name].split()]
        for value in {values[0], values[-1]} if values else ():
            stands = any(value == pytest.approx(number * unit) for number in written for unit in units)
            assert stands or word in row.fields["judged"], (row.fields["device"], name, value)
