"""Panel to pulses and back."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recutis import evidence
from recutis.errors import InputError, OutOfRangeError
from recutis.laser import Settings, catalogue, device, expose, to_panel
from recutis.laser.pattern import after_passes, footprint_cm2

DEVICES = st.sampled_from(catalogue())
NAMES = [one.name for one in catalogue()]
DOSES = ("energy_mJ", "fluence_J_cm2", "power_W", "depth_um")


def _panel(one, shares):
    """A panel with its first dose and its first density set somewhere in their ranges, all other knobs typical."""
    share = iter(shares)
    chosen = {}
    for names in (DOSES, ("density_pct", "columns_cm2"), ("coagulation_um",), ("overlap_pct",)):
        name = next((word for word in names if word in one.panel), None)
        if name is not None:
            limit = one.limits[name]
            chosen[name] = limit.low + next(share) * (limit.high - limit.low)
    return Settings(**chosen, passes=int(one.limits["passes"].low))


@pytest.mark.parametrize("name", NAMES)
def test_typical_settings_expose(name):
    """Every catalogue device delivers its typical panel, with arithmetic, energy and a covered fraction."""
    one = device(name)
    made = expose(one, Settings(passes=int(one.limits["passes"].typical)))

    assert made.arithmetic
    assert made.pulse.energy_mJ > 0
    assert 0 < made.coverage_per_pass <= 1
    assert set(made.settings.__dict__) >= set(one.panel)
    assert all(getattr(made.settings, knob) is not None for knob in one.panel)


@given(DEVICES, st.lists(st.floats(min_value=0, max_value=1), min_size=4, max_size=4))
def test_energy_is_fluence_times_area(one, shares):
    """Mean fluence times the area of the spot is the pulse energy, whatever the panel."""
    try:
        pulse = expose(one, _panel(one, shares)).pulse
    except OutOfRangeError:
        return

    assert pulse.fluence_J_cm2 * footprint_cm2(pulse.spot_um) * 1e3 == pytest.approx(pulse.energy_mJ)


@given(DEVICES, st.lists(st.floats(min_value=0.02, max_value=0.98), min_size=4, max_size=4))
def test_pulses_go_back_to_the_same_panel(one, shares):
    """Panel to pulses to panel to pulses ends where it began."""
    settings = _panel(one, shares)
    if one.mode == "full_field":
        settings = replace(settings, overlap_pct=None)  # coverage does not tell the overlap
    try:
        first = expose(one, settings)
    except OutOfRangeError:
        return
    if first.coverage_per_pass >= 1 and one.mode == "fractional":
        return
    panel = to_panel(
        one,
        pulse=first.pulse,
        coverage_per_pass=first.coverage_per_pass,
        passes=first.passes,
        stack=first.stack,
        second=first.second,
    )
    again = expose(one, panel)

    assert again.pulse.energy_mJ == pytest.approx(first.pulse.energy_mJ)
    assert again.stack == first.stack
    assert again.coverage_per_pass == pytest.approx(first.coverage_per_pass)
    for name in one.panel:
        assert getattr(again.settings, name) == pytest.approx(getattr(first.settings, name), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_filled_in_panel_gives_the_same_exposure(name):
    """Exposing the completed settings again changes nothing."""
    one = device(name)
    first = expose(one, Settings(passes=int(one.limits["passes"].typical)))
    again = expose(one, first.settings)

    assert again.pulse.energy_mJ == pytest.approx(first.pulse.energy_mJ)
    assert again.stack == first.stack
    assert again.coverage_per_pass == pytest.approx(first.coverage_per_pass)


@pytest.mark.parametrize("name", NAMES)
def test_every_limit_is_enforced(name):
    """A knob set beyond either limit is an error that names device, setting, value, limit and range."""
    one = device(name)
    for knob in one.panel:
        limit = one.limits[knob]
        far = math.ceil(limit.high * 1.1 + 1)
        with pytest.raises(OutOfRangeError, match=rf"{knob} is .* above its upper limit of") as caught:
            expose(one, replace(Settings(), **{knob: far}))
        assert str(caught.value).startswith(f"{one.name}: ")
        assert "the device allows" in str(caught.value)
        if limit.low > 0:
            near = 0 if knob in {"stack", "passes"} else limit.low * 0.9
            with pytest.raises(OutOfRangeError, match=rf"{knob} is .* below its lower limit of"):
                expose(one, replace(Settings(), **{knob: near}))


def test_limit_text():
    """The sentence reads as a person would say it."""
    with pytest.raises(OutOfRangeError) as caught:
        expose(device("UltraPulse DeepFX"), Settings(energy_mJ=80))

    assert str(caught.value) == (
        "UltraPulse DeepFX: energy_mJ is 80 mJ, above its upper limit of 50 mJ; the device allows 2.5 to 50 mJ."
    )


def test_a_missing_knob_lists_the_panel():
    """A setting the device does not have is an error that lists its panel."""
    with pytest.raises(InputError, match=r"DeepFX has no setting fluence_J_cm2 .*its panel has energy_mJ, density_pct, passes"):
        expose(device("UltraPulse DeepFX"), Settings(fluence_J_cm2=10))


def test_contradicting_energy_and_fluence():
    """Energy and fluence that disagree over the spot are refused; when they agree both may stand."""
    laser = device("UltraPulse CPG")
    fluence = expose(laser, Settings(energy_mJ=300, spot_mm=2.5)).pulse.fluence_J_cm2

    assert expose(laser, Settings(energy_mJ=300, fluence_J_cm2=fluence, spot_mm=2.5)).pulse.energy_mJ == 300
    with pytest.raises(InputError, match="energy_mJ and fluence_J_cm2 contradict each other"):
        expose(laser, Settings(energy_mJ=300, fluence_J_cm2=7, spot_mm=2.5))


def test_contradicting_density_and_columns():
    """Density and columns that differ by more than one percent are refused; by less, accepted."""
    laser = device("Fraxel re:store")
    columns = expose(laser, Settings(density_pct=2)).column_density_cm2

    expose(laser, Settings(density_pct=2, columns_cm2=columns * 1.005))
    with pytest.raises(InputError, match=r"density_pct 2 means .* but columns_cm2 says"):
        expose(laser, Settings(density_pct=2, columns_cm2=columns * 1.02))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_not_numbers(value):
    """Nan and infinity never reach a pulse."""
    with pytest.raises(OutOfRangeError, match="not a finite number"):
        expose(device("UltraPulse DeepFX"), Settings(energy_mJ=value))


def test_a_derived_value_beyond_a_limit_says_that_it_follows():
    """A fluence over a large spot needs more energy than the laser has."""
    with pytest.raises(OutOfRangeError, match=r"energy_mJ \(it follows from the other settings\) is .* above"):
        expose(device("Candela Vbeam Perfecta"), Settings(fluence_J_cm2=20, spot_mm=15))


def test_passes_of_a_rolling_tip_share_the_total():
    """Many dense passes are refused although each alone is allowed."""
    with pytest.raises(OutOfRangeError, match="8 passes of 12 % make 96 % density in all, above its upper limit of 48 %"):
        expose(device("Fraxel re:store"), Settings(density_pct=12, passes=8))


def test_arithmetic_of_a_column():
    """20 mJ over 120 µm is 177 J/cm² mean and 354 on the axis; 10 % are 884 columns/cm²."""
    text = "\n".join(expose(device("UltraPulse DeepFX"), Settings(energy_mJ=20, density_pct=10)).arithmetic)

    assert "20 mJ over a 120 µm 1/e² beam = 176.8 J/cm² mean, 353.7 J/cm² on the axis" in text
    assert "10 % density = 884.2 columns/cm² of 120 µm" in text


def test_power_times_dwell_is_energy():
    """20 W for 1.5 ms are 30 mJ."""
    made = expose(device("SmartXide DOT"), Settings(power_W=20, duration_ms=1.5))

    assert made.pulse.energy_mJ == pytest.approx(30)
    assert "20 W for 1.5 ms = 30 mJ" in made.arithmetic


@given(st.floats(min_value=25, max_value=1500))
def test_depth_dial_stacks_until_the_rule_is_met(depth_um):
    """Stacked pulses of a fractional erbium add up to the vendor's rule, none above the largest pulse."""
    made = expose(device("Sciton ProFractional-XC"), Settings(depth_um=depth_um))
    total = made.pulse.fluence_J_cm2 * made.stack

    assert total * evidence.value("LAS-ERYAG-RULE") == pytest.approx(depth_um)
    assert made.pulse.fluence_J_cm2 <= evidence.value("LAS-ERYAG-PULSE") * (1 + 1e-9)
    assert any("vendor's rule" in line for line in made.arithmetic)


def test_a_hybrid_has_two_pulses_in_one_column():
    """The coagulating pulse has its own wavelength, shares the column and grows with its dial."""
    laser = device("Sciton Halo")
    shallow = expose(laser, Settings(coagulation_um=200))
    deep = expose(laser, Settings(coagulation_um=600))

    assert shallow.second.wavelength_nm == 1470
    assert shallow.second.spot_um == shallow.pulse.spot_um
    assert deep.second.energy_mJ == pytest.approx(3 * shallow.second.energy_mJ)


def test_no_coagulation_means_no_second_pulse():
    """A coagulation dial at zero adds nothing."""
    assert expose(device("Sciton Contour TRL"), Settings(coagulation_um=0)).second is None


def test_a_rolling_tip_covers_less_than_a_grid():
    """The same nominal density laid at random covers less, and passes add up."""
    laser = device("Fraxel re:store")
    rolled = expose(laser, Settings(density_pct=10, passes=4))
    stamped = expose(replace(laser, pattern="stamped"), Settings(density_pct=10, passes=4))

    assert rolled.coverage_per_pass == pytest.approx(-math.expm1(-0.1))
    assert stamped.coverage_per_pass == pytest.approx(0.1)
    assert after_passes(rolled.coverage_per_pass, 4) == pytest.approx(-math.expm1(-0.4))


def test_foreign_pulses_are_refused():
    """A pulse of another wavelength, spot or duration is not this device's."""
    laser = device("UltraPulse DeepFX")
    pulse = expose(laser, Settings()).pulse
    rest = {"coverage_per_pass": 0.1, "passes": 1}

    with pytest.raises(InputError, match="emits at 10600 nm, not at 2940 nm"):
        to_panel(laser, pulse=replace(pulse, wavelength_nm=2940), **rest)
    with pytest.raises(InputError, match="microbeam of 120 µm, not of 200 µm"):
        to_panel(laser, pulse=replace(pulse, spot_um=200), **rest)
    with pytest.raises(OutOfRangeError, match="duration_ms is 3 ms, above"):
        to_panel(laser, pulse=replace(pulse, duration_ms=3), **rest)
