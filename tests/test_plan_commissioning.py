"""Commissioning: what measured test spots say of the energy that a device delivers, and what follows for its panel."""

from __future__ import annotations

import datetime
import math
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from recutis import evidence, skin
from recutis.errors import OutOfRangeError, UnknownNameError
from recutis.injury import Injury
from recutis.injury.ablative import slab_of
from recutis.injury.channel_table import usual_slab
from recutis.injury.simulate import injure
from recutis.laser import Clinic, PanelSettings, Settings, TestSpot, catalogue, device, expose, read_clinic
from recutis.laser.measured import INJURY_QUANTITIES, METER_QUANTITIES
from recutis.patient import Ceiling
from recutis.plan.commissioned_document import CommissionedDevice, commissioned_device
from recutis.plan.commissioned_words import commissioned_words
from recutis.plan.commissioning import (
    Commissioned,
    EnergyScale,
    _predicted,
    _scales,
    commission,
    energy_scale,
    panel_ceiling,
    prior_sd_ln,
    scaled,
)
from recutis.plan.setting_limits import above_ceiling, under_ceiling

EXAMPLE = Path(__file__).parents[1] / "examples" / "clinic.yaml"
DEEP = "UltraPulse DeepFX"
PANEL = PanelSettings(energy_mJ=15, density_pct=10)


def _spot(
    value: float, *, quantity: str = "ablation_depth_um", sd: float = 20.0, panel: PanelSettings = PANEL, **more
) -> TestSpot:
    return TestSpot(device=DEEP, settings=panel, quantity=quantity, value=value, sd=sd, **more)


def _scale(*spots: TestSpot, name: str = DEEP, on: datetime.date | None = None) -> EnergyScale:
    return energy_scale(Clinic(devices=(device(DEEP), device("Fraxel re:store")), test_spots=spots), name, on=on)


def _depth_um(panel: PanelSettings = PANEL, quantity: str = "ablation_depth_um") -> float:
    person = skin.build(site="cheek", age_years=45, phototype="II", sex="female")
    return float(getattr(injure(expose(device(DEEP), panel.settings()), person), quantity))


def test_measured_names_are_those_of_an_injury():
    """Each quantity that may be measured on skin is one that an injury gives."""
    assert set(INJURY_QUANTITIES) <= {one.name for one in fields(Injury)}
    assert not set(METER_QUANTITIES) & {one.name for one in fields(Injury)}


def test_the_usual_skin_of_a_spot_is_that_of_the_tables():
    """A spot without a person is on the skin of the table of channels, so it is looked up and not run."""
    spot = _spot(500)
    made = skin.build(site=spot.site, age_years=spot.age, phototype=spot.phototype, sex=spot.sex)

    assert slab_of(made) == usual_slab()


def test_no_spot_leaves_the_tolerance_of_the_standard():
    """Without measurements the scale is the prior: 1, with 95 % of devices within ±20 %."""
    found = _scale()

    assert found.median == pytest.approx(1, abs=1e-9)
    assert found.sd_ln == pytest.approx(prior_sd_ln(), rel=1e-3)
    assert prior_sd_ln() == pytest.approx(math.log(1.2) / 2)
    assert found.high == pytest.approx(math.exp(1.2816 * prior_sd_ln()), rel=1e-3)
    assert not found.measured


def test_depth_grows_with_the_scale():
    """More delivered energy, deeper craters; a scale of 1 changes nothing at all."""
    made = expose(device(DEEP), PANEL.settings())
    person = skin.build(site="cheek", age_years=45, phototype="II", sex="female")
    depths = [injure(scaled(made, one), person).ablation_depth_um for one in (0.5, 0.8, 0.95, 1, 1.05, 1.3, 2)]

    assert depths == sorted(depths)
    assert len(set(depths)) == len(depths)
    assert scaled(made, 1.0) is made


def test_scaled_changes_energy_alone():
    """Every pulse is scaled, also the coagulating one; panel, pattern and cooling stay as set, and the arithmetic tells."""
    made = expose(device("Sciton ProFractional-XC"), Settings(depth_um=300, coagulation_um=50))
    less = scaled(made, 0.8)

    assert less.pulse.energy_mJ == pytest.approx(0.8 * made.pulse.energy_mJ)
    assert less.second.energy_mJ == pytest.approx(0.8 * made.second.energy_mJ)
    assert "delivers 0.8 times" in less.arithmetic[-1]
    assert replace(less, pulse=made.pulse, second=made.second, arithmetic=made.arithmetic) == made


@pytest.mark.parametrize("factor", [0.0, -1.0, math.nan, math.inf])
def test_a_scale_is_a_positive_number(factor):
    """A scale that cannot be is refused with the device and the value."""
    with pytest.raises(OutOfRangeError, match="UltraPulse DeepFX: the energy scale must be a number above 0"):
        scaled(expose(device(DEEP), Settings()), factor)


def test_a_spot_at_the_models_own_value_confirms_the_device():
    """Measured as predicted: the scale stays near 1, and is known better than before."""
    found = _scale(_spot(_depth_um()))

    assert found.median == pytest.approx(1, abs=0.005)
    assert found.sd_ln < prior_sd_ln()
    assert found.spots[0].before == pytest.approx(_depth_um(), rel=1e-6)


def test_deeper_craters_mean_more_energy():
    """The scale rises with the measured depth, and predictions after commissioning lie nearer to the measurement."""
    found = [_scale(_spot(factor * _depth_um())) for factor in (0.7, 0.85, 1, 1.15, 1.3)]

    assert [one.median for one in found] == sorted(one.median for one in found)
    for one in (found[0], found[-1]):
        (check,) = one.spots
        assert abs(check.after - check.spot.value) < abs(check.before - check.spot.value)
        assert one.low < one.median < one.high


def test_more_data_narrows_more_and_never_below_the_shared_error():
    """Twice the spots say more; a hundred cannot beat what the model's own error leaves open."""
    one, two = (_scale(*[_spot(1.1 * _depth_um(), sd=150)] * n) for n in (1, 2))
    many, exact = _scale(*[_spot(1.1 * _depth_um(), sd=150)] * 100), _scale(_spot(1.1 * _depth_um(), sd=1e-3))

    assert prior_sd_ln() > one.sd_ln > two.sd_ln > many.sd_ln
    assert many.sd_ln >= exact.sd_ln


def test_a_meter_says_more_than_a_crater():
    """A reading of the energy itself has only the meter's error: Bayes by hand agrees."""
    found = _scale(_spot(13.5, quantity="energy_mJ", sd=0.1))
    own = math.hypot(0.1, 0.05 * 13.5) / 15  # sd of the scale by the reading alone
    weight = 1 / own**2 / (1 / own**2 + 1 / prior_sd_ln() ** 2)

    assert math.log(found.median) == pytest.approx(weight * (13.5 / 15 - 1), abs=0.01)
    assert found.sd_ln == pytest.approx(1 / math.sqrt(1 / own**2 + 1 / prior_sd_ln() ** 2), rel=0.1)
    assert found.sd_ln < _scale(_spot(_depth_um(), sd=1)).sd_ln


def test_energy_and_fluence_are_two_ways_to_say_the_same():
    """A meter reading counts alike as energy and as fluence."""
    made = expose(device(DEEP), PANEL.settings()).pulse
    energy = _scale(_spot(0.9 * made.energy_mJ, quantity="energy_mJ", sd=0.03 * made.energy_mJ))
    fluence = _scale(_spot(0.9 * made.fluence_J_cm2, quantity="fluence_J_cm2", sd=0.03 * made.fluence_J_cm2))

    assert fluence.median == pytest.approx(energy.median, rel=1e-9)


def test_the_order_of_spots_does_not_matter():
    """The file's order is no information."""
    spots = [
        _spot(600),
        _spot(250, panel=PanelSettings(energy_mJ=5)),
        _spot(14, quantity="energy_mJ", sd=1),
        _spot(1000, sd=90, panel=PanelSettings(energy_mJ=40)),
    ]
    one, other = _scale(*spots), _scale(*spots[::-1])

    assert (one.median, one.sd_ln, one.low, one.high) == (other.median, other.sd_ln, other.low, other.high)


def test_what_no_energy_explains_is_told_and_not_used():
    """A crater four times deeper than set energies can make is a mistake, not a calibration."""
    found = _scale(_spot(2500))

    assert found.median == pytest.approx(_scale().median)
    assert found.sd_ln == pytest.approx(_scale().sd_ln)
    assert not found.measured
    assert not found.spots[0].used
    (note,) = found.notes
    assert "measured ablation depth of 2.5e+03 µm lies outside" in note
    assert "from 0.5 to 2 times" in note
    assert "not used" in note


def test_what_says_nothing_of_energy_is_told():
    """The crater of a flat beam has the beam's width whatever the energy: the scale stays, and a note says so."""
    clinic = read_clinic(EXAMPLE)
    width = TestSpot(device="House erbium", settings=PanelSettings(energy_mJ=20), quantity="ablation_width_um", value=250, sd=5)
    found = energy_scale(clinic.model_copy(update={"test_spots": (width,)}), "House erbium")

    assert found.sd_ln == pytest.approx(prior_sd_ln(), rel=0.02)
    assert any("hardly depends on the energy" in note for note in found.notes)


def test_a_device_outside_its_tolerance_goes_to_service():
    """Far from 1, a note sends the device to service."""
    found = _scale(_spot(10, quantity="energy_mJ", sd=0.1))

    assert found.median < 0.8
    assert any("outside the tolerance of ±20 %; have it serviced" in note for note in found.notes)


def test_an_old_measurement_is_told():
    """Two years later a note asks for a new one; without a day nobody can tell."""
    spot = _spot(_depth_um(), date=datetime.date(2024, 3, 1))

    assert any("older than 12 months" in note for note in _scale(spot, on=datetime.date(2026, 3, 1)).notes)
    assert _scale(spot, on=datetime.date(2024, 6, 1)).notes == ()
    assert _scale(spot).notes == ()


def test_devices_do_not_mix():
    """Spots of one device leave the others alone; only devices with spots are commissioned."""
    clinic = read_clinic(EXAMPLE)

    assert list(commission(clinic)) == [DEEP]
    assert energy_scale(clinic, "Fraxel re:store").spots == ()
    with pytest.raises(UnknownNameError, match="no device 'Nothing'"):
        energy_scale(clinic, "Nothing")


def test_the_provider_puts_each_device_through_its_own_scale():
    """The injury of a commissioned device is that of its delivered energy; others are as set."""
    person = skin.build(site="cheek", age_years=45, phototype="II", sex="female")
    low = _scale(_spot(12, quantity="energy_mJ", sd=0.1))
    provider = Commissioned(injure=injure, scales={DEEP: low})
    mine, other = expose(device(DEEP), PANEL.settings()), expose(device("Lux2940"), Settings())

    exact = injure(scaled(mine, low.median), person)
    assert provider(mine, person) == replace(exact, error_pct=math.hypot(exact.error_pct, 100 * low.sd_ln))
    assert provider(mine, person).ablation_depth_um < injure(mine, person).ablation_depth_um
    assert provider(other, person) == injure(other, person)


DEVICES = [one for one in catalogue() if one.device_class != "ipl"]


def _given_scale(high: float) -> EnergyScale:
    return EnergyScale(device="", median=high / 1.1, sd_ln=0.1, low=high / 1.2, high=high, spots=(), sources=(), notes=())


@given(
    laser=st.sampled_from(DEVICES),
    high=st.floats(0.6, 1.9),
    energy=st.one_of(st.none(), st.floats(1, 500)),
    fluence=st.one_of(st.none(), st.floats(0.5, 300)),
    density=st.one_of(st.none(), st.floats(1, 60)),
)
@settings(max_examples=200)
def test_neither_set_nor_delivered_energy_passes_a_ceiling(laser, high, energy, fluence, density):
    """Settings under the panel's ceiling keep the hard limit as set and as delivered at the upper end of the scale."""
    hard = Ceiling(
        site="cheek", device_class=laser.device_class, phototype="II", allowed=True, max_energy_mJ=energy, max_fluence_J_cm2=fluence,
        max_density_pct=density,
    )  # fmt: skip
    scale = _given_scale(high)
    lowered = under_ceiling(laser, Settings(), panel_ceiling(hard, scale))

    assert panel_ceiling(hard, None) == hard
    if lowered is not None:
        made = expose(laser, lowered)
        assert above_ceiling(made, hard) == ()
        for factor in (scale.low, scale.median, scale.high):
            assert above_ceiling(scaled(made, factor), hard) == ()


def test_a_weak_device_gets_no_higher_ceiling():
    """A device that delivers half may not be set to twice the limit."""
    hard = Ceiling(site="cheek", device_class="x", phototype="II", allowed=True, max_energy_mJ=20, max_passes=2)

    assert panel_ceiling(hard, _given_scale(0.6)) == hard
    assert panel_ceiling(hard, _given_scale(1.25)) == replace(hard, max_energy_mJ=16)


def test_the_document_holds_what_was_measured():
    """The document goes through JSON unchanged; its words name device, scale, and what was measured and predicted."""
    made = commissioned_device(commission(read_clinic(EXAMPLE))[DEEP])
    words = commissioned_words(made)

    assert CommissionedDevice.model_validate_json(made.model_dump_json()) == made
    assert made.energy_scale.p10 < made.energy_scale.p50 < made.energy_scale.p90
    assert made.energy_scale.provisional
    assert all(evidence.has(key) for key in made.energy_scale.sources)
    assert words[0].startswith("UltraPulse DeepFX delivers 1.00 times what it is set to (0.89 to 1.12), from 1 measurement;")
    assert words[1].startswith("Ablation depth: measured 560 µm ± 80; predicted 544 µm before")


def test_the_document_says_when_nothing_was_of_use():
    """A device whose one measurement was left out is told to be as set, with the reason."""
    words = commissioned_words(commissioned_device(_scale(_spot(2500))))

    assert "no usable measurement" in words[0]
    assert "not used" in words[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quantity": "coverage"}, "no quantity that calibrates a device of this name; nearest: coverage_fraction"),
        ({"quantity": "ablation_depth"}, "nearest: ablation_depth_um"),
        ({"quantity": "xyz"}, "known are ablation_depth_um"),
        ({"quantity": "coverage_fraction", "value": 35}, "runs from 0 to 1, but value is 35; write per cent as a fraction"),
        ({"site": "chek"}, "no site of this name; nearest: cheek"),
        ({"phototype": "VII"}, "no phototype of this name"),
        ({"age": 7}, "greater than or equal to 18"),
        ({"value": -1}, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_measured(change, message):
    """A mistake in a test spot is told with what is near or allowed."""
    spot = {"device": DEEP, "settings": {"energy_mJ": 15}, "quantity": "ablation_depth_um", "value": 500, "sd": 50}
    with pytest.raises(ValidationError, match=message):
        TestSpot.model_validate(spot | change)


@pytest.mark.parametrize(("name", "panel"), [(DEEP, PANEL), ("Fraxel re:store", PanelSettings(energy_mJ=20))])
@pytest.mark.parametrize("factor", [0.63, 0.9, 1.1, 1.7])
def test_values_between_the_runs_are_those_of_the_physics(name, panel, factor):
    """Between the scales at which the physics runs, the interpolated depth is within 2 % of a run: ten times less than its error."""
    laser = device(name)
    person = skin.build(site="cheek", age_years=45, phototype="II", sex="female")
    true = injure(scaled(expose(laser, panel.settings()), factor), person).lesion_depth_um
    spot = TestSpot(device=name, settings=panel, quantity="lesion_depth_um", value=true, sd=0.01 * true)
    seen = []

    def counted(exposure, at, *, lesion=None):
        seen.append(exposure.pulse.energy_mJ)
        return injure(exposure, at, lesion=lesion)

    curve, _, _ = _predicted(spot, expose(laser, panel.settings()), counted, _scales())

    assert float(np.interp(factor, _scales(), curve)) == pytest.approx(true, rel=0.02)
    assert len(seen) == 7
