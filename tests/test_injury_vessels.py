"""One vessel resolved and the plexus: energy, limits of short and long pulses, hot blood, boiling, trains, voxels."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import i0e

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.injury import absorbers, blood_layer, cylinder, targets
from recutis.injury.cylinder import Vessel, heat_vessel, threshold_J_cm2
from recutis.light.voxel_tissue import Medium, VoxelTissue
from recutis.light.voxels import transport_voxels
from recutis.skin import HotBlood, hot_blood, vessel_blood_mua_cm

SAME = HotBlood(factor=1.0, onset_C=20.0)
PLAIN = Vessel(diameter_um=100.0, wall_um=4.0, cold_cm=50.0, hot_cm=50.0, start_C=33.0)


@settings(max_examples=25, deadline=None)
@given(
    diameter=st.floats(8.0, 1000.0), absorbed=st.floats(2.0, 600.0), hotter=st.floats(1.0, 4.0), log_ms=st.floats(-5.0, 2.3),
    exposure=st.floats(0.01, 60.0), pulses=st.integers(1, 4),
)  # fmt: skip
def test_heat_given_is_stored_or_has_left(
    diameter: float, absorbed: float, hotter: float, log_ms: float, exposure: float, pulses: int
) -> None:
    """The energy account closes to a millionth, with boiling and without; damage is never negative."""
    one = Vessel(
        diameter_um=diameter, wall_um=cylinder.wall_um(diameter), cold_cm=absorbed, hot_cm=absorbed * hotter, start_C=30.0
    )
    done = heat_vessel(one, exposure, 10.0**log_ms, pulses=pulses, repetition_Hz=2.0)

    assert done.stored_J_m + done.lost_J_m == pytest.approx(done.given_J_m, rel=1e-6)
    assert min(done.wall, done.inside, done.blood, done.steam_J_cm3) >= 0.0
    assert done.peak_C <= evidence.value("phys_blood_vaporisation") + 1e-6


def test_short_pulses_heat_blood_by_what_it_absorbs() -> None:
    """Ten nanoseconds leave no time to cool: the rise is the mean absorption times the fluence over the heat capacity."""
    mean = absorbers.mean_absorption_cm(PLAIN.cold_cm, PLAIN.diameter_um)
    expected = mean * 100.0 * 3.0e4 / absorbers.blood_capacity_J_m3_K()

    assert heat_vessel(PLAIN, 3.0, 1e-5).peak_C - PLAIN.start_C == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("diameter", "ms"), [(30.0, 2.0), (100.0, 5.0), (100.0, 60.0), (300.0, 20.0)])
def test_the_wall_follows_the_exact_solution_below_boiling(diameter: float, ms: float) -> None:
    """Heating in an even medium: the wall at the end of the pulse is the integral of (1 - exp(-y) I0(y)) / 2, within 6 %.

    The solution has one diffusivity, the vessel that of blood and that of tissue.
    """
    one = replace(PLAIN, diameter_um=diameter)
    done = heat_vessel(one, 2.0, ms)
    ages = (np.arange(4000) + 0.5) / 4000 * ms * 1e-3
    y = (diameter * 1e-6 / 2) ** 2 / (2.0 * evidence.value("thermal_diffusivity_dermis") * ages)
    share = float(np.mean(0.5 * (1.0 - i0e(y))))
    mean = absorbers.mean_absorption_cm(one.cold_cm, diameter)
    adiabatic = mean * 100.0 * 2.0e4 / absorbers.blood_capacity_J_m3_K()

    assert done.peak_wall_C - one.start_C == pytest.approx(share * adiabatic, rel=0.06)


def test_long_pulses_need_power_not_energy() -> None:
    """From half a second on a small vessel is near its steady state: ten times the time takes nearly ten times the exposure."""
    small = replace(PLAIN, diameter_um=20.0)
    slow, slower = (threshold_J_cm2(small, ms) for ms in (500.0, 5000.0))

    assert 6.0 < slower / slow < 10.0


@pytest.mark.parametrize("end", ["wall", "inside", "blood", "rupture"])
def test_thresholds_rise_with_pulse_length_and_fall_with_absorption(end: cylinder.End) -> None:
    """From one relaxation time on; darker blood needs less light, warmer skin too."""
    lengths = [threshold_J_cm2(PLAIN, ms, end) for ms in (5.0, 15.0, 40.0, 120.0)]

    assert np.diff(lengths).min() > 0.0
    assert threshold_J_cm2(replace(PLAIN, cold_cm=100.0, hot_cm=100.0), 5.0, end) < lengths[0]
    assert threshold_J_cm2(replace(PLAIN, start_C=45.0), 5.0, end) < lengths[0]


def test_a_threshold_is_where_the_damage_reaches_one() -> None:
    """A tenth less light stays well below, a tenth more goes well above."""
    needed = threshold_J_cm2(PLAIN, 5.0)

    assert heat_vessel(PLAIN, needed, 5.0).wall == pytest.approx(1.0, rel=0.15)
    assert heat_vessel(PLAIN, 0.9 * needed, 5.0).wall < 0.3
    assert heat_vessel(PLAIN, 1.1 * needed, 5.0).wall > 3.0


def test_the_blood_goes_before_the_inside_and_that_before_the_whole_wall() -> None:
    """Order of the end points at every pulse length."""
    for ms in (0.01, 0.45, 6.0, 40.0):
        ends = [threshold_J_cm2(PLAIN, ms, end) for end in ("blood", "inside", "wall")]

        assert ends == sorted(ends), ms


def test_middle_sized_vessels_need_least_light_in_a_short_pulse() -> None:
    """At 585 nm and 0.45 ms vessels of 40-60 µm need least (Svaasand 1995): smaller ones cool, larger ones shade themselves."""
    blood = vessel_blood_mua_cm(585.0)
    sizes = (15.0, 25.0, 35.0, 45.0, 55.0, 80.0, 140.0)
    needed = [threshold_J_cm2(replace(PLAIN, diameter_um=d, cold_cm=blood, hot_cm=blood), 0.45, "inside") for d in sizes]

    assert 25.0 <= sizes[int(np.argmin(needed))] <= 60.0


def test_hot_blood_takes_more_and_keeps_its_change() -> None:
    """Absorption that rises with temperature lowers the threshold; a second pulse on changed blood heats more than the first."""
    changing = replace(PLAIN, hot_cm=150.0)
    one, two = (heat_vessel(changing, 6.0, 1.0, pulses=n, repetition_Hz=1.0).given_J_m for n in (1, 2))

    assert threshold_J_cm2(changing, 5.0) < threshold_J_cm2(PLAIN, 5.0)
    assert two > 2.05 * one


def test_factors_of_hot_blood_are_those_of_their_rows() -> None:
    """2.5 at 586 nm as measured, three in the near infrared, none where water decides; no gap between."""
    assert hot_blood(586.0).factor == pytest.approx(2.5)
    assert 2.0 <= hot_blood(1064.0).factor <= 5.0
    assert hot_blood(1450.0).factor == pytest.approx(1.0)
    assert all(0.9 < hot_blood(float(nm)).factor < 5.1 for nm in range(300, 2100, 25))


def test_boiling_holds_the_blood_and_makes_steam() -> None:
    """Far above the threshold blood stays at its boiling temperature; what more light brings is steam."""
    some, more = (heat_vessel(PLAIN, f, 0.45) for f in (20.0, 30.0))
    sensible = absorbers.blood_capacity_J_m3_K() * 1e-6 * (evidence.value("phys_blood_vaporisation") - PLAIN.start_C)
    mean = absorbers.mean_absorption_cm(PLAIN.cold_cm, PLAIN.diameter_um)

    assert some.peak_C == pytest.approx(evidence.value("phys_blood_vaporisation"), abs=1e-6)
    assert some.steam_J_cm3 < mean * 20.0 - 0.5 * sensible
    assert more.steam_J_cm3 > some.steam_J_cm3 > 0.0


def test_trains_add_up_where_heat_or_damage_is_left() -> None:
    """Five pulses at 20 Hz need less light each than one; far apart, of a small vessel only the damage adds up."""
    small = replace(PLAIN, diameter_um=40.0)
    one, fast, slow = (
        threshold_J_cm2(small, 3.0),
        threshold_J_cm2(small, 3.0, pulses=5, repetition_Hz=20.0),
        threshold_J_cm2(small, 3.0, pulses=5, repetition_Hz=0.2),
    )

    assert fast <= slow < one
    assert slow > 0.85 * one


def test_finer_rings_and_steps_change_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the cells and half the steps move thresholds by under 4 %, by under 8 % where the smallest vessel boils empty."""
    cases = [(d, ms) for d in (20.0, 100.0, 300.0) for ms in (0.45, 10.0)]
    coarse = [threshold_J_cm2(replace(PLAIN, diameter_um=d, start_C=33.5), ms) for d, ms in cases]
    for name, value in (("_INSIDE", 28), ("_WALL_CELLS", 8), ("_STRETCH", 1.1), ("_STEPS", 100), ("_GROWTH", 1.06)):
        monkeypatch.setattr(cylinder, name, value)
    cylinder._rings.cache_clear()
    fine = [threshold_J_cm2(replace(PLAIN, diameter_um=d, start_C=33.5001), ms) for d, ms in cases]
    cylinder._rings.cache_clear()

    assert coarse[1:] == pytest.approx(fine[1:], rel=0.04)
    assert coarse[0] == pytest.approx(fine[0], rel=0.08)


@pytest.mark.parametrize("start", [18.0, 25.0, 40.0])
def test_thresholds_of_cooled_vessels_lie_between_two(start: float) -> None:
    """The planner goes in the logarithm between normal and cooled skin: within 6 % of a run that starts there."""
    for diameter, ms in ((40.0, 0.45), (100.0, 6.0), (300.0, 40.0)):
        one = replace(PLAIN, diameter_um=diameter, wall_um=cylinder.wall_um(diameter), start_C=start)

        assert absorbers.needed_J_cm2(one, ms, "wall") == pytest.approx(threshold_J_cm2(one, ms), rel=0.06)


def test_a_plexus_gives_way_bit_by_bit() -> None:
    """Classes hold equal blood; the median by blood lies above that by number; larger shares need more; too large ones never do."""
    diameters, share = absorbers.plexus()
    needed = np.array([3.0, 1.0, 2.0, math.inf])

    assert share * len(diameters) == pytest.approx(1.0)
    assert diameters[len(diameters) // 2] > 1.5 * evidence.value("phys_plexus_diameter")
    assert 1.0 <= absorbers.share_threshold(needed, 0.1) < absorbers.share_threshold(needed, 0.5) <= 3.0
    assert math.isinf(absorbers.share_threshold(needed, 0.9))


def test_voxels_see_the_absorption_of_the_closed_form() -> None:
    """Photons in voxels: a vessel in diffuse light takes the fluence there without it times its mean absorption, less a seventh.

    The closed form is for light along a diameter; chords of diffuse light differ, and a vessel dims the light around it.
    That is part of what phys_vessel_screening stands for.
    """
    edge, n = 12.5, (60, 120, 4)
    tissue = Medium(mua_cm=0.5, mus_cm=200.0, g=0.85, n=1.4, name="dermis")
    centre_z, centre_y = 250.0, n[1] * edge / 2
    z, y = (np.arange(n[0]) + 0.5) * edge, (np.arange(n[1]) + 0.5) * edge
    inside = (z[:, None] - centre_z) ** 2 + (y[None, :] - centre_y) ** 2 <= 50.0**2
    with_vessel = np.repeat(inside[:, :, None], n[2], axis=2).astype(np.uint8)
    found = []
    for mua in (100.0, 0.5):
        blood = Medium(mua_cm=mua, mus_cm=200.0, g=0.85, n=1.4, name="blood")
        block = VoxelTissue(labels=with_vessel, media=(tissue, blood), voxel_um=(edge, edge, edge), sources=())
        light = transport_voxels(block, block.wide_beam(), photons=40_000, sides="periodic", seed=3, threads=1)
        found.append(float(light.fluence_wide[with_vessel == 1].mean()))
    taken = 100.0 * found[0]
    area = float(inside.sum()) * edge**2
    expected = absorbers.mean_absorption_cm(100.0, 2.0 * math.sqrt(area / math.pi)) * found[1]

    assert 0.75 * expected < taken < 0.97 * expected


def test_blood_in_a_dish_needs_more_light_deeper_and_slower() -> None:
    """Beer's law forwards: deeper coagula need more light, and so do slower pulses, whose heat runs away."""
    cases = [(10.0, 0.5), (30.0, 0.5), (30.0, 10.0)]
    needed = [blood_layer.coagulation_J_cm2(cold_cm=200.0, hot=SAME, duration_ms=ms, start_C=22.0, depth_um=z) for z, ms in cases]
    process = 3.8 * (99.0 - 22.0) / 200.0  # heat capacity of blood times the rise over its absorption, at the surface

    assert needed == sorted(needed)
    assert process < needed[0] < 2.0 * process


@pytest.mark.parametrize(
    ("change", "message"),
    [({"diameter_um": 0.0}, "A vessel needs diameter_um above 0; got 0"), ({"cold_cm": -1.0}, "A vessel needs cold_cm above 0")],
)
def test_impossible_vessels_are_refused(change: dict[str, float], message: str) -> None:
    """The error names the quantity, the value and what is allowed."""
    with pytest.raises(OutOfRangeError, match=message):
        replace(PLAIN, **change)


def test_impossible_pulses_are_refused() -> None:
    """No pulse without length, no train without pulses."""
    with pytest.raises(OutOfRangeError, match="pulses longer than 0, at least one"):
        heat_vessel(PLAIN, 1.0, 0.0)
    with pytest.raises(OutOfRangeError, match="A layer of blood needs depth_um above 0; got 0"):
        blood_layer.coagulation_J_cm2(cold_cm=200.0, hot=SAME, duration_ms=1.0, start_C=22.0, depth_um=0.0)


def test_a_row_on_a_vessel_without_a_size_says_so() -> None:
    """The reason names the column and the unit."""
    row = {
        "tier": "score", "family": "vascular", "wavelength_nm": "585", "pulse_duration_s": "0.001", "tissue": "membrane",
        "quantity": "vessel_coagulation_threshold_J_cm2", "vessel_diameter_um": "",
    }  # fmt: skip

    assert targets.compute(row).value is None
    assert "vessel_diameter_um; give the diameter of the vessel in micrometres" in targets.compute(row).reason


def test_light_that_no_vessel_takes_says_so() -> None:
    """Purpura by a CO2 laser has no threshold; the reason says what to give."""
    row = {
        "tier": "score", "family": "vascular", "wavelength_nm": "10600", "pulse_duration_s": "0.001", "spot_diameter_mm": "7",
        "spot_profile": "top_hat", "tissue": "human skin light", "quantity": "purpura_threshold_24h_J_cm2",
    }  # fmt: skip

    assert targets.compute(row).value is None
    assert "give a wavelength that blood absorbs" in targets.compute(row).reason
