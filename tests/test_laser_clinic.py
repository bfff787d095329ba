"""Clinic files and devices of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from recutis.errors import InputError, UnknownNameError
from recutis.laser import (
    Clinic,
    Settings,
    candidate_settings,
    device,
    expose,
    eyewear,
    read_clinic,
    read_device,
    treatment_minutes,
)

EXAMPLE = Path(__file__).parents[1] / "examples" / "clinic.yaml"
OWN = {
    "name": "Mine",
    "device_class": "ablative_fractional_eryag",
    "wavelength_nm": 2940,
    "microbeam_um": "0.25 mm",
    "ranges": {"energy_mJ": ["5 mJ", "60 mJ"], "density_pct": [3, 20], "duration_ms": "300 µs"},
}


def _write(tmp_path, data):
    path = tmp_path / "file.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def _clinic(tmp_path, **changes):
    return read_clinic(_write(tmp_path, {"devices": ["UltraPulse DeepFX"], **changes}))


def test_the_example_reads():
    """Catalogue names become catalogue devices, descriptions devices of one's own; test spots and prices find theirs."""
    clinic = read_clinic(EXAMPLE)

    assert clinic.devices[0] == device("UltraPulse DeepFX")
    assert clinic.device("house erbium").microbeam_um == 250
    assert clinic.test_spots[0].settings.settings() == Settings(energy_mJ=15, density_pct=10)
    assert clinic.device(clinic.test_spots[0].device) == clinic.devices[0]
    assert clinic.price(device("UltraPulse DeepFX")) == 650
    assert clinic.price(device("PicoWay 1064")) is None
    assert "topical" in clinic.anaesthesia


def test_units_in_text_are_understood(tmp_path):
    """0.25 mm are 250 µm and 300 µs are 0.3 ms."""
    mine = read_device(_write(tmp_path, OWN))

    assert mine.microbeam_um == pytest.approx(250)
    assert mine.limits["duration_ms"].typical == pytest.approx(0.3)
    assert mine.panel == ("energy_mJ", "density_pct", "passes")
    assert mine.limits["energy_mJ"].typical == pytest.approx(32.5)


def test_an_own_device_works_like_any_other(tmp_path):
    """It exposes, keeps its limits, gets candidates, minutes and eyewear."""
    mine = read_device(_write(tmp_path, OWN))
    made = expose(mine, Settings(energy_mJ=20))

    assert made.pulse.fluence_J_cm2 == pytest.approx(40.74, rel=1e-3)
    assert candidate_settings(mine)
    assert treatment_minutes(made, 10)[1] > 0
    assert eyewear(made)[0] >= 1
    with pytest.raises(InputError, match="Mine: energy_mJ is 61 mJ, above its upper limit of 60 mJ"):
        expose(mine, Settings(energy_mJ=61))


def test_a_named_panel_and_a_hybrid(tmp_path):
    """A panel may leave knobs out, and a hybrid has its second line."""
    hybrid = OWN | {
        "device_class": "hybrid_fractional",
        "second_wavelength_nm": 1470,
        "pattern": "random",
        "ranges": {"depth_um": [10, 100], "coagulation_um": [100, 400], "density_pct": [5, 30], "duration_ms": 0.3},
        "panel": ["depth_um", "density_pct"],
    }
    mine = read_device(_write(tmp_path, hybrid))

    assert mine.panel == ("depth_um", "density_pct", "passes")
    assert expose(mine, Settings(depth_um=40)).second.wavelength_nm == 1470


def test_broadband_light(tmp_path):
    """Broadband light has a band instead of a line."""
    light = {
        "name": "Lamp",
        "device_class": "ipl",
        "wavelength_nm": 600,
        "band_nm": [560, 1200],
        "ranges": {"fluence_J_cm2": [8, 30], "duration_ms": [5, 20], "spot_mm": 20},
    }

    assert read_device(_write(tmp_path, light)).band_nm == (560, 1200)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wavelength_nm": 200}, "wavelength_nm .*greater than or equal to 400"),
        ({"wavelength_nm": 20000}, "wavelength_nm .*less than or equal to 12000"),
        ({"wavelength_nm": 1550}, "class ablative_fractional_eryag means a wavelength of 2940 nm, not 1550 nm"),
        ({"wavelength_nm": "20 mJ"}, "must be a number or a quantity in nm"),
        ({"wavelength_nm": True}, "must be a number or a quantity in nm"),
        ({"device_class": "ablative_eryag"}, "'ablative_eryag' is not a device class; nearest: .*ablative_full_eryag"),
        ({"device_class": None}, "a device of your own needs device_class"),
        ({"microbeam_um": None}, "a fractional device needs microbeam_um"),
        ({"microbeam_um": 0}, "greater than or equal to 1"),
        ({"mode": "spot"}, "class ablative_fractional_eryag is fractional, not spot"),
        ({"second_wavelength_nm": 1470}, "class ablative_fractional_eryag has no second_wavelength_nm"),
        ({"band_nm": [500, 900]}, "has one wavelength; band_nm is for class ipl"),
        ({"device_class": "hybrid_fractional"}, "a hybrid needs second_wavelength_nm"),
        ({"device_class": "hybrid_fractional", "second_wavelength_nm": 755}, "lies from 1400 to 2000 nm, not at 755 nm"),
        ({"device_class": "ipl"}, "broadband light needs band_nm"),
        ({"panel": ["energy_mJ", "power_W"]}, "the panel names power_W, for which there is no range"),
        ({"ranges": {"energy_mJ": [60, 5], "density_pct": 10, "duration_ms": 1}}, "low is 60 and high 5"),
        ({"ranges": {"energy_mJ": [5, 70, 60], "density_pct": 10, "duration_ms": 1}}, "typical value 70 must lie from 5 to 60"),
        ({"ranges": {"energy_mJ": [1, 2, 3, 4], "density_pct": 10, "duration_ms": 1}}, r"must be one value, \[low, high\]"),
        ({"ranges": {"energy_mJ": "5 J/cm²", "density_pct": 10, "duration_ms": 1}}, "must be a number or a quantity in mJ"),
        ({"ranges": {"energy_mJ": [5, 60], "density_pct": 10}}, "has no pulse duration"),
        ({"ranges": {"energy_mJ": [5, 60], "duration_ms": 1}}, "fractional but has no density"),
        ({"ranges": {"density_pct": 10, "duration_ms": 1}}, "has no energy, fluence, power or depth"),
        ({"ranges": {"energy_mJ": [-5, 60], "density_pct": 10, "duration_ms": 1}}, "energy_mJ.low .*greater than or equal to 0"),
        ({"ranges": {"energy_mJ": 5, "density_pct": 10, "duration_ms": 0}}, "duration_ms must start at 1e-09 or more, not at 0"),
        ({"ranges": {"energy_mJ": 5, "density_pct": 10, "duration_ms": 1, "stack": [0, 2]}}, "stack must start at 1 or more"),
        ({"ranges": {"energy_mJ": 5, "overlap_pct": 100, "duration_ms": 1}}, "overlap_pct must stay below 100 %"),
        ({"ranges": {"energy": [5, 60]}}, "Unknown key ranges.energy .*did you mean 'energy_mJ'"),
        ({"colour": "red"}, "Unknown key colour .*known keys are|did you mean"),
        ({"repetition_Hz": 0}, "greater than 0"),
        ({"cooling": "snow"}, "cooling"),
    ],
)
def test_what_a_device_cannot_be(tmp_path, change, message):
    """Each mistake in a device's description is one sentence that says what is wrong."""
    data = {key: value for key, value in (OWN | change).items() if value is not None}
    with pytest.raises(InputError, match=message):
        read_device(_write(tmp_path, data))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"devices": []}, "devices .*give at least one"),
        ({"devices": ["UltraPuls DeepFX"]}, "devices.0 .*nearest: 'UltraPulse DeepFX'"),
        ({"devices": ["UltraPulse DeepFX", "ultrapulse deepfx"]}, "'UltraPulse DeepFX' stands twice"),
        ({"devices": [{**OWN, "wavelength_nm": 1064}]}, "devices.0 .*not 1064 nm"),
        ({"devics": []}, "Unknown key devics .*did you mean 'devices'"),
        ({"anaesthesia": ["whisky"]}, "anaesthesia.0 "),
        ({"prices": {"currency": "Euro", "per_session": {}}}, "prices.currency"),
        ({"prices": {"currency": "EUR", "per_session": {"Nothing like it": 3}}}, "no device 'Nothing like it'"),
        (
            {"prices": {"currency": "EUR", "per_session": {"UltraPulse DeepFX": -3}}},
            r"prices.per_session.UltraPulse DeepFX .*greater than or equal to 0",
        ),
    ],
)
def test_what_a_clinic_cannot_be(tmp_path, change, message):
    """Each mistake in a clinic file is one sentence with its place."""
    with pytest.raises(InputError, match=message):
        _clinic(tmp_path, **change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"device": "PicoWay 532"}, "no device 'PicoWay 532'"),
        ({"settings": {"energy_mJ": "80 mJ"}}, "energy_mJ is 80 mJ, above its upper limit of 50 mJ"),
        ({"settings": {"fluence_J_cm2": 5}}, "has no setting fluence_J_cm2"),
        ({"settings": {"passes": 0}}, "test_spots.0.settings.passes"),
        ({"sd": 0}, "test_spots.0.sd .*greater than 0"),
        ({"quantity": "Ablation depth"}, "test_spots.0.quantity"),
        ({"value": float("nan")}, "test_spots.0.value"),
    ],
)
def test_what_a_test_spot_cannot_be(tmp_path, change, message):
    """A test spot must come from one of the clinic's devices, within its limits, with a spread."""
    spot = {"device": "UltraPulse DeepFX", "settings": {"energy_mJ": 15}, "quantity": "ablation_depth_um", "value": 500, "sd": 50}
    with pytest.raises(InputError, match=message):
        _clinic(tmp_path, test_spots=[spot | change])


def test_a_clinic_does_not_know_other_devices(tmp_path):
    """A catalogue device that the clinic does not own is unknown there."""
    with pytest.raises(UnknownNameError, match="no device 'PicoWay 532'"):
        _clinic(tmp_path).device("PicoWay 532")


def test_the_schema_allows_a_plain_name():
    """The published schema says that a device may be a name."""
    schema = Clinic.model_json_schema()

    assert "string" in {item.get("type") for item in schema["$defs"]["DeviceFile"]["anyOf"]}
