"""Panel settings as people write them."""

from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recutis.errors import InputError
from recutis.laser import Clinic, DeviceFile, PanelSettings, Settings, candidate_settings, expose, eyewear
from recutis.laser.panel import quantity
from recutis.units import parse

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(["20 mJ", "1e3 nm"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("20 mJ", "mJ", 20),
        ("0.02J", "mJ", 20),
        ("40 ns", "ms", 4e-5),
        ("12 J/cm²", "J/cm²", 12),
        ("12 J/cm^2", "J/cm²", 12),
        ("884/cm²", "1/cm**2", 884),
        ("10 %", "percent", 10),
        (".5 mm", "µm", 500),
        (15, "mJ", 15),
    ],
)
def test_what_people_type(text, unit, value):
    """Numbers with a unit, with or without a blank, and bare numbers are understood."""
    assert parse(text, unit, where="here") == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["20,5 mJ", "1_0 mJ", "9**9**9 mJ", "1/0 mJ", "((", "nan mJ", "1e999 mJ", "20 J/cm²", "", "mJ", "5 mJ 5"]
)
def test_what_is_not_a_quantity(text):
    """A decimal comma, arithmetic, infinities and other units are refused, never computed."""
    with pytest.raises(InputError, match=r"here: .* is not a quantity in mJ; write for example '20 mJ'"):
        parse(text, "mJ", where="here")


@given(st.text(alphabet="0123456789.+-*/()eE mJcm²µ_,^%", max_size=12))
def test_no_text_breaks_the_reader(text):
    """Any text gives a finite number or the error that pydantic shows with its place."""
    try:
        found = quantity("mJ")(text)
    except ValueError:
        return
    assert isinstance(found, float)
    assert math.isfinite(found)


def test_settings_as_the_laser_takes_them():
    """Text with units becomes the settings in the field's own units."""
    read = PanelSettings.model_validate({"energy_mJ": "0.02 J", "density_pct": "10 %", "passes": 2})

    assert read.settings() == Settings(energy_mJ=20, density_pct=10, passes=2)


@given(st.dictionaries(st.sampled_from([*DeviceFile.model_fields, "other"]), VALUES, max_size=8))
def test_no_description_breaks_the_device_reader(data):
    """Any mapping gives a device or a validation error, never another exception."""
    try:
        found = DeviceFile.model_validate(data)
    except ValidationError:
        return
    assert found.device().name


@given(st.dictionaries(st.sampled_from([*Clinic.model_fields, "other"]), VALUES, max_size=4))
def test_no_file_breaks_the_clinic_reader(data):
    """Any mapping gives a clinic or a validation error, never another exception."""
    try:
        found = Clinic.model_validate(yaml.safe_load(yaml.safe_dump(data)))
    except ValidationError:
        return
    assert found.devices


NUMBERS = st.floats(min_value=-1, max_value=1e7) | st.floats(min_value=0, max_value=1e-6) | st.integers(min_value=0, max_value=50)
RANGES = NUMBERS | st.lists(NUMBERS, min_size=1, max_size=4).map(sorted)
MICROBEAMS = st.floats(min_value=0, max_value=2e4)


@given(st.fixed_dictionaries(dict.fromkeys(("energy_mJ", "density_pct", "duration_ms", "passes"), RANGES)), MICROBEAMS)
def test_no_range_breaks_the_device_reader(ranges, microbeam_um):
    """Any ranges give a device that can be planned with, or a validation error."""
    data = {
        "name": "Mine",
        "device_class": "ablative_fractional_co2",
        "wavelength_nm": 10600,
        "microbeam_um": microbeam_um,
        "ranges": ranges,
    }
    try:
        found = DeviceFile.model_validate(data)
    except ValidationError:
        return
    made = found.device()
    assert len(candidate_settings(made)) <= 120
    assert eyewear(expose(made, Settings(passes=int(made.limits["passes"].typical))))[0] >= 1
