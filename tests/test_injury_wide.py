"""Wide spots: linear in exposure below boiling, thresholds that kill, bursting vessels, glands, heat of passes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from recutis.heat import damage
from recutis.injury import absorbers, scaling
from recutis.injury.scattering import light_field, ridged
from recutis.injury.simulate import injure, spot_injury, spread
from recutis.injury.skin_light import index_above
from recutis.injury.spot import SpotInjury
from recutis.laser import Cooling, Pulse, Settings, candidate_settings, catalogue, device, expose, surface_cooling
from recutis.skin import HotBlood, Skin, build, lesion

SHORT = tuple(d for d in catalogue() if d.device_class.startswith(("pigment_qs", "pigment_pico")))


@pytest.fixture(scope="module")
def skin() -> Skin:
    """A light cheek."""
    return build(site="cheek", age_years=30.0, phototype="II", sex="female")


def shine(
    skin: Skin, nm: float, fluence: float, ms: float, *, spot_mm: float = 7.0, cooling: str = "none", stack: int = 1
) -> SpotInjury:
    """A flat wide spot."""
    pulse = Pulse(
        wavelength_nm=nm, energy_mJ=fluence * math.pi * (spot_mm / 20) ** 2 * 1e3, spot_um=spot_mm * 1e3, profile="flat_top",
        duration_ms=ms,
    )  # fmt: skip
    return spot_injury(pulse, skin, fractional=False, stack=stack, cooling=surface_cooling(cooling))


def vessel(found: SpotInjury, diameter: float, depth: float) -> float:
    """The vessel ratio at a node of the map."""
    return next(ratio for d, z, ratio in found.vessel_ratio if (d, z) == (diameter, depth))


@pytest.mark.parametrize(("nm", "ms"), [(595.0, 6.0), (1450.0, 210.0), (755.0, 3.0)])
def test_ratios_are_linear_in_exposure(nm: float, ms: float, skin: Skin) -> None:
    """Twice the exposure doubles every ratio of slow pulses: they are delivered over needed exposure."""
    one, two = (shine(skin, nm, fluence, ms, cooling="cryogen") for fluence in (3.0, 6.0))

    for name in ("purpura_ratio", "pigment_ratio", "epidermis_pigment_ratio", "gland_ratio"):
        assert getattr(two, name) == pytest.approx(2 * getattr(one, name), rel=1e-9)
    assert vessel(two, 100.0, 300.0) == pytest.approx(2 * vessel(one, 100.0, 300.0), rel=1e-9)


@pytest.mark.parametrize(("nm", "ms", "cooling"), [(755.0, 3.0, "none"), (595.0, 6.0, "cryogen"), (1064.0, 20.0, "contact")])
def test_exposure_over_ratio_is_what_kills_the_basal_layer(nm: float, ms: float, cooling: str, skin: Skin) -> None:
    """A full run at exposure / ratio gives damage 1: 63 % of the basal layer dies; a tenth less or more moves it far."""
    needed = 5.0 / shine(skin, nm, 5.0, ms, cooling=cooling).epidermis_pigment_ratio
    below, at, above = (shine(skin, nm, needed * x, ms, cooling=cooling).basal_area for x in (0.9, 1.0, 1.1))

    assert at == pytest.approx(1 - math.exp(-1), abs=0.1)
    assert below < 0.35
    assert above > 0.9


def test_scale_to_damage_is_the_closed_form_at_constant_temperature() -> None:
    """Held for a time, the factor brings the temperature to the threshold of that time; without a rise none does."""
    process = damage.cell_death()
    times = np.linspace(0.0, 2.0, 50)
    base, rise = np.full(50, 306.15), np.full(50, 10.0)

    assert 33.0 + 10.0 * scaling.scale_to_damage(process, times, base, rise) == pytest.approx(process.threshold_C(2.0), abs=1e-3)
    assert math.isinf(scaling.scale_to_damage(process, times, base, np.zeros(50)))


def test_short_pulses_burst_large_vessels_before_they_close(skin: Skin) -> None:
    """At 2 µs no exposure closes vessels above 60 µm (Barton 1999); at 0.45 ms the same light does."""
    fast, slow = (shine(skin, 577.0, 40.0, ms) for ms in (0.002, 0.45))
    large = [d for d in absorbers.DIAMETERS_UM if d > 60.0]

    assert max(vessel(fast, d, 300.0) for d in large) < 0.7
    assert min(vessel(slow, d, 300.0) for d in large) > 1.0
    assert fast.purpura_ratio > slow.purpura_ratio


def test_limit_of_closure_rises_smoothly_with_pulse_length() -> None:
    """No step between nanoseconds and the milliseconds at which nothing bursts."""
    lengths = np.geomspace(1e-5, 1.0, 60)
    limits = np.array([absorbers.burst_rise_K(float(ms), 33.0) for ms in lengths])
    one = absorbers.vessel(100.0, 100.0, HotBlood(factor=1.0, onset_C=20.0), 33.0)
    ratios = np.array([min(absorbers.burst_J_cm2(one, ms) / absorbers.needed_J_cm2(one, ms, "wall"), 3.0) for ms in lengths])

    assert (np.diff(limits) > 0).all()
    assert np.abs(np.diff(ratios)).max() < 1.3
    assert ratios[0] < 0.5
    assert ratios[-1] == 3.0
    assert math.isinf(absorbers.burst_rise_K(40.0, 33.0))


def test_precooled_vessels_need_more_light(skin: Skin) -> None:
    """Seconds of cold air reach the upper vessels; the deeper a vessel, the less it costs. A spurt of cryogen hardly does."""
    bare, air, spurt = (shine(skin, 595.0, 8.0, 6.0, cooling=kind) for kind in ("none", "cold_air", "cryogen"))
    loss = [vessel(air, 100.0, z) / vessel(bare, 100.0, z) for z in (150.0, 1000.0)]

    assert air.purpura_ratio < 0.97 * bare.purpura_ratio
    assert loss[0] < loss[1] <= 1.0
    assert vessel(spurt, 100.0, 300.0) > vessel(air, 100.0, 300.0)


def test_a_window_on_the_skin_lets_light_out(skin: Skin) -> None:
    """Air sends scattered light back into skin, a sapphire window does not: the epidermis gets a third to a half less of it."""
    air, window = (light_field(ridged(skin), 755.0, (755.0, 755.0), 1e4, False, n_above=n) for n in (1.0, 1.76))

    assert 0.5 < float(window.at(60.0)[0] / air.at(60.0)[0]) < 0.75
    assert window.reflected > air.reflected
    assert index_above(surface_cooling("contact")) == pytest.approx(1.76)
    assert index_above(surface_cooling("cryogen")) == 1.0


def test_a_stack_closes_more_than_one_pulse(skin: Skin) -> None:
    """Heat and damage of earlier pulses count for vessels."""
    one, three = (shine(skin, 1064.0, 60.0, 20.0, stack=n) for n in (1, 3))

    assert vessel(three, 300.0, 300.0) > 1.05 * vessel(one, 300.0, 300.0)
    assert three.purpura_ratio > one.purpura_ratio


def test_pigment_has_no_step_at_a_microsecond(skin: Skin) -> None:
    """From nanoseconds to milliseconds the ratio falls without a jump, and thermal death takes over."""
    ratios = [shine(skin, 694.0, 3.0, ms).epidermis_pigment_ratio for ms in (1e-5, 1e-4, 9e-4, 1.1e-3, 1e-2, 0.1, 1.0)]

    assert ratios == sorted(ratios, reverse=True)
    assert ratios[2] / ratios[3] < 1.4


@pytest.mark.parametrize("name", [d.name for d in SHORT])
def test_no_setting_of_a_short_pulse_device_closes_veins(name: str, skin: Skin) -> None:
    """Q-switched and picosecond pulses bring no vessel of 100 µm or more half-way to closure."""
    one = device(name)
    for setting in candidate_settings(one)[:: max(1, len(candidate_settings(one)) // 6)]:
        found = injure(expose(one, setting), skin)

        assert max(ratio for d, _, ratio in found.vessel_ratio if d >= 100.0) < 0.5


def test_glands_are_reached_by_the_two_acne_lasers(skin: Skin) -> None:
    """1450 nm at 14 J/cm² nears the damage of glands, 1726 nm from 20 J/cm² passes it; a dye laser spares them."""
    acne = lesion("acne_prone", skin)
    water = injure(expose(device("SmoothBeam"), Settings(fluence_J_cm2=14.0)), skin, lesion=acne).gland_ratio
    sebum = injure(expose(device("1726 nm acne laser"), Settings(fluence_J_cm2=20.0)), skin, lesion=acne).gland_ratio

    assert 0.7 < water < 1.3
    assert sebum > 1.0
    assert shine(skin, 595.0, 8.0, 6.0, cooling="cryogen").gland_ratio < 0.4


def test_sebum_heats_glands_beyond_the_dermis_only_in_its_band(skin: Skin) -> None:
    """At 1726 nm a gland needs less light than at 1790 nm, where the dermis absorbs more; in a second its lead is lost."""
    gain = [shine(skin, 1726.0, 10.0, ms).gland_ratio / shine(skin, 1790.0, 10.0, ms).gland_ratio for ms in (30.0, 1000.0)]

    assert gain[0] > 1.2
    assert gain[1] < 1.0


def test_cooling_and_later_passes_count_in_bulk_heat(skin: Skin) -> None:
    """Cooling lowers the bulk rise, passes on one place raise it by less than their number."""
    bare, cooled = (shine(skin, 1450.0, 12.0, 210.0, cooling=kind) for kind in ("none", "contact"))

    def rise(spot: SpotInjury, passes: int) -> float:
        return spread(spot, coverage_per_pass=1.0, column_density_cm2=None, passes=passes, energy_mJ=1.0, skin=skin).bulk_rise_C

    assert 0 < rise(cooled, 1) < rise(bare, 1)
    assert rise(bare, 1) < rise(bare, 3) < 3 * rise(bare, 1)


def test_bulk_heat_is_the_light_kept_in_the_upper_half_millimetre(skin: Skin) -> None:
    """Nothing but absorbed light can warm it: the rise stays below all light over the heat capacity, and doubles with it."""
    one, two = (shine(skin, 1726.0, fluence, 10.0).heat for fluence in (2.0, 4.0))

    assert 0.0 < one < 2e4
    assert two == pytest.approx(2 * one, rel=0.02)


def test_skin_under_columns_is_cooled_between_them_too(skin: Skin) -> None:
    """A cooled field of few columns is not warm at all; without cooling every column adds the same."""
    exposure = expose(device("Lux1540 / Icon XD"), Settings())
    none = Cooling()
    bare = injure(replace(exposure, cooling=none), skin).bulk_rise_C
    half = injure(replace(exposure, cooling=none, column_density_cm2=(exposure.column_density_cm2 or 0.0) / 2), skin).bulk_rise_C

    assert injure(exposure, skin).bulk_rise_C < bare
    assert bare == pytest.approx(2 * half, rel=0.05)


def test_deep_channels_leave_part_of_their_heat_below_the_upper_half_millimetre(skin: Skin) -> None:
    """A channel that ends above half a millimetre keeps all its heat there, one far below only a part."""
    shares = []
    for energy in (5.0, 40.0):
        pulse = Pulse(wavelength_nm=10600.0, energy_mJ=energy, spot_um=135.0, profile="gaussian", duration_ms=1.0)
        found = spot_injury(pulse, skin, fractional=True)
        kept = found.energy.stored + found.energy.surface  # some leaves through the surface after the light
        shares.append(found.heat / (kept * found.energy.incident_J))

    assert shares[0] == pytest.approx(1.0, abs=0.04)
    assert 0.0 < shares[1] < 0.8
