"""Round spots of any size and time: columns where they should be, laws of thresholds, cooling, what is refused."""

import math
from dataclasses import replace

import numpy as np
import pytest

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import column as heat
from recutis.heat import damage
from recutis.injury import finite_spot as fs
from recutis.injury import scattering
from recutis.injury.ablative import slab_of
from recutis.injury.scaling import scale_to_damage
from recutis.laser import surface_cooling
from recutis.skin import build, layer_optics
from recutis.units import MS_PER_S

SKIN = build(site="cheek", age_years=40, phototype="II", sex="female")
DEPTH_UM = 60.0


def patch(nm=1540.0, spot_mm=5.0, *, gaussian=True, living=True, skin=SKIN):
    """A spot on cheek skin."""
    return fs.Patch(skin=skin, living=living, wavelength_nm=nm, spot_um=spot_mm * 1e3, gaussian=gaussian)


def threshold(one, duration_ms, *, seen_um=0.0, **options):
    """Injury threshold by the quick light."""
    return fs.injury_threshold_J_cm2(
        one, fs.plan_of(duration_ms), depth_um=DEPTH_UM, seen_um=seen_um, light_spread="table", **options
    )


@pytest.mark.parametrize("duration_ms", [0.6, 30.0, 1000.0])
def test_very_wide_spot_is_a_column(duration_ms):
    """Far wider than light and heat spread, a spot needs what a spot a size wider needs, and is solved as a column."""
    wide, wider = patch(spot_mm=60.0), patch(spot_mm=400.0)

    assert fs.light_of_spot(wider, duration_ms / MS_PER_S, light_spread="table").r_edges_m.size == 2
    assert threshold(wide, duration_ms) == pytest.approx(threshold(wider, duration_ms), rel=0.02)


def test_column_agrees_with_the_stepping_model():
    """The rise under a wide spot is that of the one-dimensional enthalpy model in the same light, within 2 %."""
    one, duration_ms = patch(spot_mm=400.0, living=False), 20.0
    light = fs.light_of_spot(one, duration_ms / MS_PER_S, light_spread="table")
    plan = fs.plan_of(duration_ms)
    found = fs.heat_spot(one, light, plan, ((DEPTH_UM * 1e-6, 0.0),))
    slab = slab_of(SKIN)
    law = heat.law_of(heat.heating_only(100.0), slab.start_C, first=damage.bulk_skin(), second=damage.collagen())
    run = heat.run(
        heat.new_column(slab, light.z_edges_m), law, plan, source_m=light.source_m[:, 0], probes_m=(DEPTH_UM * 1e-6,)
    )  # fmt: skip

    stepped = np.interp(found.time_s, run.time_s, run.probes_C[:, 0] - slab.start_C)
    assert found.rise_K[:, 0].max() == pytest.approx(stepped.max(), rel=0.02)


@pytest.mark.parametrize("nm", [1070.0, 1540.0])
def test_smaller_spots_need_more(nm):
    """Light and heat leave a small spot sideways: the threshold falls with the diameter."""
    found = [threshold(patch(nm, mm), 1000.0) for mm in (1.0, 3.0, 9.0, 27.0)]
    assert (np.diff(found) < 0).all()


def test_longer_exposures_need_more_energy_and_less_power():
    """From nanoseconds to a hundred seconds the threshold exposure rises and the irradiance falls."""
    times = (1e-6, 1e-3, 1.0, 100.0, 1e4, 1e5)
    found = np.array([threshold(patch(), ms) for ms in times])

    assert (np.diff(found) > -1e-3 * found[:-1]).all()
    assert (np.diff(found / np.array(times)) < 0).all()


def test_lesion_that_must_be_wide_needs_more_of_a_small_gaussian():
    """Where heat stays put, the axis must have what the rim of the visible disc needs: exp(2 r²/w²) more."""
    seen_um = 300.0
    one = patch(10600.0, 1.0)
    ratio = threshold(one, 1e-3, seen_um=seen_um) / threshold(one, 1e-3)

    assert ratio == pytest.approx(math.exp(2 * (seen_um / 2 / 500.0) ** 2), rel=0.05)
    assert threshold(patch(10600.0, 30.0), 1e-3, seen_um=seen_um) == pytest.approx(
        threshold(patch(10600.0, 30.0), 1e-3), rel=0.01
    )


def test_flat_top_and_gaussian_agree_on_the_axis_of_wide_spots():
    """Exposures are those on the axis, so wide spots of either profile need the same."""
    assert threshold(patch(spot_mm=60.0, gaussian=False), 0.6) == pytest.approx(threshold(patch(spot_mm=60.0), 0.6), rel=0.01)


def test_table_is_near_photons():
    """The quick light, which the planner uses, is within 5 % of photons in the layers for a spot of some millimetres."""
    one, plan = patch(), fs.plan_of(0.6)
    slow = fs.injury_threshold_J_cm2(one, plan, depth_um=DEPTH_UM, light_spread="photons")
    assert fs.injury_threshold_J_cm2(one, plan, depth_um=DEPTH_UM, light_spread="table") == pytest.approx(slow, rel=0.05)


def test_pigment_lowers_the_threshold_at_1070_nm_but_not_at_3800():
    """Melanin absorbs at 1070 nm; at 3.8 µm it only takes the place of some water."""
    dark = build(site="cheek", age_years=40, phototype="VI", sex="female")
    assert threshold(patch(1070.0, 10.0, skin=dark), 25.0) < 0.6 * threshold(patch(1070.0, 10.0), 25.0)
    assert threshold(patch(3800.0, 10.0, skin=dark), 1.0) == pytest.approx(threshold(patch(3800.0, 10.0), 1.0), rel=0.06)


def test_confining_pulse_explodes_melanosomes_of_dark_skin():
    """A pulse of nanoseconds whitens dark skin at less than it burns it; a longer one burns."""
    dark = build(site="cheek", age_years=40, phototype="VI", sex="female")
    short, long = (threshold(patch(694.0, 5.0, skin=dark, gaussian=False), ms) for ms in (4e-5, 1.0))
    assert short < 0.6 * long


def test_numbers_of_the_grid_hardly_matter(monkeypatch):
    """Half the cells, half the rings' steps, twice the times: within 1.5 %."""
    one = patch(1320.0, 2.0)
    before = threshold(one, 100.0)
    for name, value in (("_COARSEST_M", 1e-6), ("_STRETCH", 1.05), ("_RINGS", 32), ("_NODES_AFTER", 260), ("_NODES", 100)):
        monkeypatch.setattr(fs, name, value)

    assert threshold(one, 100.0) == pytest.approx(before, rel=0.015)


@pytest.mark.parametrize("spread", ["table", "photons"])
@pytest.mark.parametrize("gaussian", [True, False])
def test_light_of_a_spot_keeps_the_energy_of_the_beam(gaussian, spread):
    """Summed over rings, the light at a depth is that of the wide beam times the beam's area: none is lost sideways."""
    one = patch(1540.0, 3.0, gaussian=gaussian)
    light = fs.light_of_spot(one, 1e-2, light_spread=spread)
    area = np.pi * np.diff(light.r_edges_m**2)
    wide = fs.light_of_spot(patch(1540.0, 400.0), 1e-2, light_spread=spread)
    beam = np.pi * 1.5e-3**2 * (0.5 if gaussian else 1.0)
    middle = (light.z_edges_m[:-1] + light.z_edges_m[1:]) / 2
    cell = int(np.argmin(np.abs(middle - 2e-4)))

    assert (light.source_m[cell] * area).sum() == pytest.approx(wide.source_m[cell, 0] * beam, rel=0.02)


def test_living_skin_rests_between_surface_and_core():
    """Temperature at rest rises from the surface to that of the blood, steeper with more of it above."""
    light = fs.light_of_spot(patch(), 1e-3, light_spread="table")
    medium = fs._medium(SKIN, True, tuple(light.z_edges_m.tolist()), (0.0, 1e-2))
    rest, upward = fs.rest_C(SKIN, medium, living=True)

    assert (np.diff(rest) > 0).all()
    assert SKIN.surface_temperature_C < rest[0] < rest[-1] < evidence.value("phys_core_temperature")
    assert upward > 0
    assert set(fs.rest_C(SKIN, medium, living=False)[0]) == {SKIN.surface_temperature_C}


def test_skin_at_rest_stays_at_rest():
    """Without light and cooler nothing changes."""
    one = patch()
    light = fs.light_of_spot(one, 1e-3, light_spread="table")
    found = fs.heat_spot(one, light, fs.plan_of(1.0), ((0.0, 0.0), (1e-3, 0.0)))
    assert np.ptp(found.base_K, axis=0) == pytest.approx([0.0, 0.0], abs=1e-9)


def test_precooling_raises_the_threshold_of_superficial_heat():
    """A cold surface protects; the longer the spurt, the more."""
    one = patch(1540.0, 5.0)
    plain = threshold(one, 2.0)
    cold = surface_cooling("cryogen")
    found = [
        fs.injury_threshold_J_cm2(
            one, fs.plan_of(2.0, cooling=replace(cold, before_ms=ms)), depth_um=DEPTH_UM, seen_um=0.0, light_spread="table"
        )
        for ms in (10.0, 40.0)
    ]
    assert plain < found[0] < found[1]


def test_cooled_surface_is_coldest_and_warms_again():
    """Under a spurt the surface falls most and the basal layer later and less; seconds after, both come back."""
    cold, rest = fs.cooled_C(SKIN, surface_cooling("cryogen"), np.array([0.0, fs.basal_um(SKIN), 2000.0]))

    assert cold[:, 0].min() < cold[:, 1].min() < cold[:, 2].min()
    assert int(cold[:, 0].argmin()) < int(cold[:, 1].argmin())
    assert cold[:, 2].min() == pytest.approx(rest[2], abs=0.5)
    assert (cold[-1, :2] > cold.min(axis=0)[:2] + 5).all()


def test_warmer_water_absorbs_less_at_two_micrometres():
    """By a third at 80 K more, as measured; on the short side of the band it absorbs more."""
    cold, hot = (layer_optics(SKIN, 2014.0, x)[4].mua_cm for x in (0.0, 80.0))
    slope = evidence.value("water_mua_temperature_slope_2014nm")

    assert (hot - cold) / 80.0 == pytest.approx(0.74 * slope, rel=0.25)
    assert layer_optics(SKIN, 1900.0, 50.0)[4].mua_cm > layer_optics(SKIN, 1900.0)[4].mua_cm
    assert layer_optics(SKIN, 10600.0, 50.0)[4].mua_cm == layer_optics(SKIN, 10600.0)[4].mua_cm


def test_vaporisation_needs_more_than_injury_and_rises_with_the_boiling_point():
    """Boiling under the surface comes after the burn."""
    one, plan = patch(1070.0, 3.0), fs.plan_of(3.0)
    boils = [fs.vaporisation_threshold_J_cm2(one, plan, boiling_C=x, light_spread="table") for x in (100.0, 150.0)]
    assert threshold(one, 3.0) < boils[0] < boils[1]


def test_more_pulses_need_less_of_each():
    """Heat of a fast train adds up."""
    one = patch(1540.0, 5.0)
    plans = [fs.plan_of(1.0, pulses=n, repetition_Hz=20.0) for n in (1, 5)]
    single, train = (
        fs.injury_threshold_J_cm2(one, x, depth_um=DEPTH_UM, seen_um=0.0, light_spread="table") for x in plans
    )  # fmt: skip
    assert single / 5 < train < single


def test_meaningless_exposures_are_refused():
    """One sentence each: what, which value, what is allowed."""
    with pytest.raises(OutOfRangeError, match="spot of 0 mm makes no light"):
        patch(spot_mm=0.0)
    with pytest.raises(OutOfRangeError, match="An exposure of 0 s cannot be followed"):
        fs.plan_of(0.0)
    with pytest.raises(OutOfRangeError, match="known at 300-10700 nm"):
        threshold(patch(20000.0), 1.0)


def test_wide_field_of_the_planner_is_the_same_light():
    """The planner's column has the light of the axis of a wide spot."""
    ridged = scattering.ridged(SKIN)
    field = scattering.light_field(ridged, 1540.0, (1540.0, 1540.0), 2e4, False)
    light = fs.light_of_spot(patch(spot_mm=20.0, gaussian=False, skin=ridged), 1e-3, light_spread="table")
    middle = (light.z_edges_m[:-1] + light.z_edges_m[1:]) / 2

    assert np.interp(3e-4, middle, light.axis) == pytest.approx(float(field.at(300.0)[0]), rel=0.02)


def test_surface_at_threshold_is_ten_kelvin_colder_after_ten_seconds():
    """As measured on mini-pigs at 1070 nm: long exposures injure at about 10 K less than short ones (trend row IR10)."""
    warmest = {}
    for seconds in (0.025, 10.0):
        one, plan = patch(1070.0, 24.0), fs.plan_of(seconds * MS_PER_S)
        needed = fs.injury_threshold_J_cm2(one, plan, depth_um=DEPTH_UM, light_spread="table")
        warmest[seconds] = fs.heat_at(one, plan, ((0.0, 0.0),), light_spread="table").temperature_C(needed).max()

    assert 5 < warmest[0.025] - warmest[10.0] < 15


def test_surface_that_boils_first_makes_injury_dearer():
    """At 10.6 µm a millisecond boils the surface before the basal layer dies, a second does not."""
    one, deep = patch(10600.0, 5.0, gaussian=False), DEPTH_UM * 1e-6
    for duration_ms, boils in ((1.0, True), (1000.0, False)):
        plan = fs.plan_of(duration_ms)
        found = threshold(one, duration_ms)
        rise = fs.heat_at(one, plan, ((deep, 0.0),), light_spread="table")
        linear = scale_to_damage(damage.visible_burn(), rise.time_s, rise.base_K[:, 0], rise.rise_K[:, 0])
        assert (found > 1.05 * linear) is boils, duration_ms
