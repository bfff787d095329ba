"""Ablation by wide beams: both textbook limits, smooth and monotone depth, convergence, energy, thresholds, spots of a size."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recutis import evidence
from recutis.errors import InputError, OutOfRangeError
from recutis.heat import _column_kernel as kernels
from recutis.heat import column as heat
from recutis.heat import damage, tissue
from recutis.injury import ablative, surface_injury, targets
from recutis.injury.surface_injury import Train
from recutis.injury.targets import ablation
from recutis.laser import surface_cooling
from recutis.light.lines import DRYING, EXPLOSIVE, Line, is_water_line, water_line
from recutis.skin import optics

START = 33.0
SLAB = heat.Slab(thickness_um=(1e5,), water_fraction=(0.7,), start_C=START)
LAWS = {"first": damage.cell_death(), "second": damage.collagen()}


def depth_um(nm: float, fluence: float, ms: float, **more: object) -> float:
    """Depth of one pulse on plain tissue, without wiping."""
    shot = ablative.expose_column(
        SLAB, wavelength_nm=nm, fluence_J_cm2=fluence, duration_ms=ms, wipe=False, after=False, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return shot.last.column.depth_m * 1e6


def rim_um(nm: float, fluence: float, ms: float, **more: object) -> float:
    """Dead layer left by one pulse."""
    shot = ablative.expose_column(SLAB, wavelength_nm=nm, fluence_J_cm2=fluence, duration_ms=ms, wipe=False, **more)  # type: ignore[arg-type]
    column = shot.last.column
    return heat.dead_to_um(column, column.death) - column.depth_m * 1e6


@pytest.mark.parametrize("times_threshold", [1.5, 4.0, 12.0])
def test_pulses_shorter_than_ejection_blow_off(times_threshold: float) -> None:
    """With constant absorption and ejecta that stay, depth is ln(F / Fth) / mua with Fth = h / mua."""
    line = Line(mode=EXPLOSIVE, water_mua_cm=0.0, dry_mua_cm=5000.0, boil_C=100.0, ablation_kJ_cm3=1.5, ejecta_us=1e6)
    law = heat.law_of(line, START, **LAWS)
    threshold = 1.5e9 / 5e5  # J/m2
    column = heat.new_column(SLAB, heat.stretched_edges(fine_m=2e-7, fine_to_m=1e-5, stretch=1.1, end_m=1e-4))
    run = heat.run(column, law, (heat.Segment(seconds=1e-9, irradiance_W_m2=times_threshold * threshold / 1e-9),))

    assert run.column.depth_m * 5e5 == pytest.approx(math.log(times_threshold), rel=0.02)


@pytest.mark.parametrize(("nm", "ms"), [(2940.0, 1.0), (2940.0, 50.0), (10600.0, 5.0)])
def test_long_pulses_ablate_at_a_steady_speed(nm: float, ms: float) -> None:
    """Beyond the start, each further joule removes tissue at its enthalpy of removal, and the speed is I (1 - R) / h."""
    line = replace(water_line(nm), steam_return=0.0, ejecta_us=0.0, superheat_us=0.0, venting_us=0.0)
    law = heat.law_of(line, START, **LAWS)
    wet = tissue.thermal(0.7)
    needed = law.ablation_J_m3
    if line.mode == DRYING:
        water = wet.water_kg_m3 * (law.latent_J_kg + law.water_heat_J_kg_K * law.boil_K)
        needed = water + wet.solid_J_m3_K * law.dry_K + law.pyrolysis_J_m3
    depths = []
    for fluence in (80e4, 100e4):
        column = heat.new_column(SLAB, heat.stretched_edges(fine_m=1e-6, fine_to_m=7e-4, stretch=1.05, end_m=3e-3))
        plan = (heat.Segment(seconds=ms * 1e-3 * fluence / 80e4, irradiance_W_m2=80e4 / (ms * 1e-3)),)
        depths.append(heat.run(column, law, plan).column.depth_m)

    assert (depths[1] - depths[0]) / 20e4 == pytest.approx(1.0 / needed, rel=0.02)


@pytest.mark.parametrize(("nm", "ms"), [(2940.0, 1e-4), (2940.0, 0.3), (2790.0, 0.4), (10600.0, 2e-3), (10600.0, 0.8)])
def test_depth_rises_smoothly_with_exposure(nm: float, ms: float) -> None:
    """No steps of a cell: depth never falls, and leaves a smooth curve by far less than the cells of 0.4 to 1 µm."""
    exposures = np.linspace(5.0, 7.0, 41)
    depths = np.array([depth_um(nm, float(x), ms) for x in exposures])
    smooth = np.polynomial.Polynomial.fit(exposures, depths, 4)

    assert (np.diff(depths) >= 0).all()
    assert np.abs(depths - smooth(exposures)).max() < 0.12


@pytest.mark.parametrize(
    ("nm", "fluence", "ms"),
    [(2940.0, 2.0, 1e-4), (2940.0, 10.0, 0.25), (2790.0, 5.0, 0.4), (10600.0, 10.0, 0.8), (10600.0, 8.0, 2e-3)],
)
def test_halving_cells_and_steps_changes_little(nm: float, fluence: float, ms: float) -> None:
    """Depth stays within two and the dead layer within three per cent when cells and steps are halved."""
    assert depth_um(nm, fluence, ms) == pytest.approx(depth_um(nm, fluence, ms, refine=2), rel=0.02)
    assert rim_um(nm, fluence, ms) == pytest.approx(rim_um(nm, fluence, ms, refine=2), rel=0.03)


@settings(max_examples=20, deadline=None)
@given(
    nm=st.sampled_from([2790.0, 2940.0, 10600.0]), fluence=st.floats(0.05, 30.0), exponent=st.floats(-6.0, 2.0),
    stack=st.integers(1, 4), kind=st.sampled_from(["none", "cryogen", "contact"]),
)  # fmt: skip
def test_energy_closes_for_trains_and_cooling(nm: float, fluence: float, exponent: float, stack: int, kind: str) -> None:
    """Arrived = removed + stored + surface + through + plume for nanoseconds to a tenth of a second, trains and cooling."""
    shot = ablative.expose_column(
        SLAB, wavelength_nm=nm, fluence_J_cm2=fluence, duration_ms=10.0**exponent, stack=stack, repetition_Hz=5.0,
        cooling=surface_cooling(kind),
    )  # fmt: skip
    parts = shot.removed + shot.stored + shot.surface + shot.through + shot.plume

    assert parts == pytest.approx(shot.arrived, rel=1e-9, abs=1e-9 * abs(shot.surface))
    assert shot.last.column.depth_m >= 0
    assert np.isfinite(shot.last.column.heat_J_m3).all()
    assert (shot.last.column.water_kg_m3 >= 0).all()


@pytest.mark.parametrize("nm", [2940.0, 10600.0])
def test_threshold_is_where_depth_begins_and_rises_with_length(nm: float) -> None:
    """Just below nothing leaves, just above something does; longer pulses need more."""
    lengths = (1e-6, 1e-4, 1e-2, 0.3, 3.0)
    found = [ablative.ablation_threshold_J_cm2(SLAB, nm, ms) for ms in lengths]

    assert found == sorted(found)
    for threshold, ms in zip(found, lengths, strict=True):
        assert depth_um(nm, threshold * 0.995, ms) == 0
        assert depth_um(nm, threshold * 1.005, ms) > 0


def test_threshold_without_removal_is_refused() -> None:
    """An exposure that never passes its mark is an error that says so."""
    with pytest.raises(OutOfRangeError, match="No exposure up to 3000 J/cm² melts"):
        ablative.least_exposure_J_cm2(lambda _: -1.0, "melts")


def test_water_superheats_by_how_quickly_it_is_heated() -> None:
    """Slow light boils at the boiling point, sudden light at the limit, and between it rises all the way."""
    line = water_line(2940.0)
    found = [heat.superheat_C(line, START, irradiance) for irradiance in (0.0, 1e4, 1e6, 1e7, 1e8, 1e10, 1e13)]

    assert found == sorted(found)
    assert found[0] == line.boil_C
    assert found[1] == pytest.approx(line.boil_C, abs=0.1)
    assert found[-1] == pytest.approx(line.limit_C, abs=0.1)


def test_law_of_removal_follows_from_absorption() -> None:
    """Dried tissue is transparent to erbium lines and absorbs those of carbon dioxide."""
    modes = {nm: water_line(nm).mode for nm in (2780.0, 2790.0, 2936.0, 2940.0, 10550.0, 10600.0)}

    assert {modes[x] for x in (2780.0, 2790.0, 2936.0, 2940.0)} == {EXPLOSIVE}
    assert {modes[x] for x in (10550.0, 10600.0)} == {DRYING}
    assert not is_water_line(1940.0)
    assert not is_water_line(50.0)


def test_heat_turns_the_order_of_the_erbium_lines() -> None:
    """Cold water absorbs 2.94 µm most; hot water absorbs 2.79 µm more (Cummings & Walsh 1993), so 2.94 µm cuts deeper in short pulses."""
    cold, hot = ([], [])
    for nm in (2790.0, 2940.0):
        law = heat.law_of(water_line(nm), START, **LAWS, irradiance_W_m2=1e12, pulse_s=1e-7)
        column = heat.new_column(SLAB, np.linspace(0, 1e-5, 11))
        cells = kernels.Cells(**{name: getattr(column, field).copy() for name, field in heat._STATE.items()})
        cold.append(kernels.absorption(cells, 0, law))
        cells.e[0] = kernels.capacity_of(cells, 0, law) * law.boil_K
        hot.append(kernels.absorption(cells, 0, law))

    assert cold[1] > 2 * cold[0]
    assert hot[0] > hot[1]
    assert depth_um(2940.0, 1.0, 1e-4) > depth_um(2790.0, 1.0, 1e-4)


def test_dead_layer_grows_with_length_and_with_carbon_dioxide() -> None:
    """Longer pulses leave more, carbon dioxide more than erbium, and erbium the same at any exposure (Hibst & Kaufmann 1991)."""
    by_length = [rim_um(10600.0, 20.0, ms) for ms in (2e-3, 0.25, 200.0)]
    erbium = [rim_um(2940.0, fluence, 0.25) for fluence in (5.0, 10.0, 20.0, 40.0)]

    assert by_length == sorted(by_length)
    assert by_length[1] > 2 * rim_um(2940.0, 20.0, 0.8)
    assert max(erbium) < 1.25 * min(erbium)


def test_weak_pulses_stack_heat_and_rate_deepens_it() -> None:
    """A train near threshold coagulates deeper at a higher rate; one beyond it does so far less (Majaron 2001; Hibst 1991)."""
    weak = [rim_um(2940.0, 1.5, 0.5, stack=8, repetition_Hz=rate) for rate in (2.0, 10.0, 30.0)]
    strong = [rim_um(2940.0, 10.0, 0.25, stack=8, repetition_Hz=rate) for rate in (2.0, 30.0)]

    assert weak == sorted(weak)
    assert weak[-1] / weak[0] > 2 * strong[-1] / strong[0]


def test_ejecta_shade_quick_ablation_most() -> None:
    """The part of the light that ejecta take grows with exposure and shrinks with pulse length."""

    def share(fluence: float, ms: float) -> float:
        shot = ablative.expose_column(SLAB, wavelength_nm=2940.0, fluence_J_cm2=fluence, duration_ms=ms, after=False)
        return shot.plume / shot.arrived

    assert share(2.0, 1e-4) < share(5.0, 1e-4)
    assert share(20.0, 1e-4) > share(20.0, 0.01) > share(20.0, 0.25) > 0


def test_spikes_carry_the_same_energy() -> None:
    """A spiking pulse has the energy and length of a smooth one and cuts nearly as deep."""
    smooth = (heat.Segment(seconds=2e-4, irradiance_W_m2=5e8), heat.Segment(seconds=1.0))
    spiky = ablative.spiking(smooth, 20)

    assert sum(x.seconds for x in spiky) == pytest.approx(1.0002)
    assert sum(x.seconds * x.irradiance_W_m2 for x in spiky) == pytest.approx(1e5)
    assert depth_um(2940.0, 10.0, 0.2, spikes=20) == pytest.approx(depth_um(2940.0, 10.0, 0.2), rel=0.1)
    with pytest.raises(OutOfRangeError, match="at least 1 spike; got 0"):
        ablative.spiking(smooth, 0)


def test_dried_tissue_takes_water_from_below() -> None:
    """Water only moves: the deficit stays the same and spreads as far as diffusion in that time."""
    column = heat.new_column(SLAB, np.linspace(0, 1e-3, 501))
    water = column.water_kg_m3.copy()
    water[:10] = 0.0
    later = heat.rested(replace(column, water_kg_m3=water), 1.0, 3e-10)

    def lack(x: heat.Column) -> float:
        return float(((x.water_start_kg_m3 - x.water_kg_m3) * x.dz_m).sum())

    assert lack(later) == pytest.approx(lack(replace(column, water_kg_m3=water)), rel=1e-9)
    assert later.water_kg_m3[0] > 0.3 * later.water_start_kg_m3[0]
    assert later.water_kg_m3[100] == pytest.approx(later.water_start_kg_m3[100], rel=1e-3)


def test_wiping_follows_the_water_within_a_cell() -> None:
    """What is wiped off reaches to where the share of water is left, between the middles of cells too."""
    column = heat.new_column(SLAB, np.linspace(0, 1e-4, 101))
    middles = (np.arange(100) + 0.5) * 1e-6
    dried = replace(column, water_kg_m3=column.water_start_kg_m3 * np.clip(middles / 4e-5, 0, 1))
    depths = [heat.wiped(dried, share).depth_m for share in (0.5, 0.51, 0.52, 0.53)]

    assert depths == pytest.approx([2e-5, 2.04e-5, 2.08e-5, 2.12e-5], rel=1e-6)
    assert heat.wiped(column, 0.5) is column
    for share in (0.505, 0.52):
        after = heat.wiped(dried, share)
        assert after.depth_m + after.dz_m[after.first :].sum() == pytest.approx(1e-4)


def test_heat_of_light_at_an_age_has_its_limits() -> None:
    """Fresh heat is where light was absorbed, all of it is in the tissue, old heat spreads as from a plane."""
    wet, mua = tissue.thermal(0.7), 8e4
    z = np.linspace(0, 3e-4, 4001)
    fresh = np.array([float(surface_injury.age_response_m2K_J(x, np.array([1e-9]), mua, wet)[0]) for x in z[1::200]])
    old = np.array([float(surface_injury.age_response_m2K_J(x, np.array([0.02]), mua, wet)[0]) for x in z])

    assert fresh == pytest.approx(mua * np.exp(-mua * z[1::200]) / wet.capacity_J_m3_K, rel=1e-3, abs=1e-6)
    assert np.trapezoid(old, z) * wet.capacity_J_m3_K == pytest.approx(1.0, rel=2e-3)
    plane = 1 / (wet.capacity_J_m3_K * math.sqrt(math.pi * wet.diffusivity_m2_s * 10.0))
    assert float(surface_injury.age_response_m2K_J(0.0, np.array([10.0]), mua, wet)[0]) == pytest.approx(plane, rel=0.01)


def test_linear_heat_is_that_of_the_column() -> None:
    """The rise that the exact ages give is that of the column kernel under gentle light."""
    mua = water_line(10600.0).wet_mua_cm(0.7) * 100
    shot = ablative.expose_column(
        SLAB, wavelength_nm=10600.0, fluence_J_cm2=0.2, duration_ms=100.0, after=False, probes_m=(60.5e-6,)
    )  # fmt: skip
    times = shot.last.time_s[10:]
    found = surface_injury._rise_m2K_J(Train(duration_ms=100.0), 60.5, mua, None, times) * 0.2e4 * 0.98

    assert shot.last.probes_C[10:, 0] - START == pytest.approx(found, rel=0.05, abs=0.05)


def test_small_spots_need_more_in_long_pulses_only() -> None:
    """Sideways loss is nothing in milliseconds and on wide spots, and grows with length; a gaussian loses more than a disc of its width."""

    def factor(ms: float, spot_um: float, gaussian: bool = False) -> float:
        return surface_injury.sideways_factor(Train(duration_ms=ms), 10600.0, 60.0, START, spot_um, gaussian)

    assert factor(1.0, 5000.0) == pytest.approx(1.0, abs=2e-3)
    assert factor(1000.0, 50000.0) == pytest.approx(1.0, abs=2e-3)
    assert 1.0 < factor(100.0, 1000.0) < factor(1000.0, 1000.0) < factor(10000.0, 1000.0)
    assert factor(1000.0, 1000.0, True) > factor(1000.0, 1000.0)
    ages = np.array([1e-6, 1e3])
    assert surface_injury.kept_on_axis(ages, 1000.0, True, 1e-7) == pytest.approx([1.0, 3.125e-4], rel=0.01)


def test_injury_threshold_rises_with_length_and_small_spots() -> None:
    """Exposure that kills 60 µm deep grows from 30 ms to 10 s, and more so on a small spot."""
    lengths = (30.0, 300.0, 3000.0, 10000.0)
    wide = [surface_injury.injury_threshold_J_cm2(SLAB, 10600.0, Train(duration_ms=ms), 60.0) for ms in lengths]
    small = [surface_injury.injury_threshold_J_cm2(SLAB, 10600.0, Train(duration_ms=ms), 60.0, spot_um=1500.0) for ms in lengths]

    assert wide == sorted(wide)
    assert small[0] == pytest.approx(wide[0], rel=0.01)
    assert small[3] / wide[3] > small[2] / wide[2] > 1
    for nm in (2940.0, 10600.0):
        removed = ablative.ablation_threshold_J_cm2(SLAB, nm, 1e-4)
        assert surface_injury.injury_threshold_J_cm2(SLAB, nm, Train(duration_ms=1e-4), 60.0) == pytest.approx(removed, rel=3e-3)
    with pytest.raises(OutOfRangeError, match=r"at least 1 µm; got 0\.5 µm"):
        surface_injury.injury_threshold_J_cm2(SLAB, 10600.0, Train(duration_ms=1.0), 60.0, spot_um=0.5)


def test_small_spots_ablate_later_in_long_pulses() -> None:
    """Sideways loss moves the ablation threshold of a small spot in a second, not that of a microsecond or of a wide spot."""

    def ratio(ms: float, spot_um: float) -> float:
        found = surface_injury.spot_ablation_threshold_J_cm2(SLAB, 10600.0, ms, spot_um=spot_um, gaussian=False)
        return found / ablative.ablation_threshold_J_cm2(SLAB, 10600.0, ms)

    assert ratio(1e-3, 200.0) == pytest.approx(1.0, abs=1e-3)
    assert ratio(1000.0, 50000.0) == pytest.approx(1.0, abs=1e-2)
    assert ratio(1000.0, 200.0) > ratio(100.0, 200.0) > 1.2


@pytest.mark.parametrize(
    ("words", "kind", "before"),
    [
        ("", "none", 0.0),
        ("none", "none", 0.0),
        ("cryogen_spray_60ms", "cryogen", 60.0),
        ("sapphire contact, 1 s", "contact", 1000.0),
    ],
)
def test_words_of_cooling_are_understood(words: str, kind: str, before: float) -> None:
    """General words name a kind, with its time."""
    cooling = ablation.cooling_of(words)

    assert cooling.kind == kind
    assert cooling.before_ms == before


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"duration_ms": 0.0}, r"duration_ms above 0 and up to 100000; got 0"),
        ({"fluence_J_cm2": -1.0}, r"fluence_J_cm2 from 0 to 100000; got -1"),
        ({"fluence_J_cm2": math.nan}, r"fluence_J_cm2 from 0 to 100000; got nan"),
        ({"repetition_Hz": 0.0}, r"repetition_Hz above 0 and up to 1000000; got 0"),
        ({"stack": 0}, r"stack from 1 to 1000; got 0"),
        ({"passes": 0}, r"passes from 1 to 100; got 0"),
        ({"wavelength_nm": 1550.0}, r"1550 nm is not a water-dominated line"),
    ],
)  # fmt: skip
def test_meaningless_exposures_are_refused(wrong: dict[str, float], words: str) -> None:
    """What, which value, what is allowed, in one sentence."""
    right = {"wavelength_nm": 2940.0, "fluence_J_cm2": 5.0, "duration_ms": 0.3}
    with pytest.raises(OutOfRangeError, match=words):
        ablative.expose_column(SLAB, **{**right, **wrong})  # type: ignore[arg-type]


def test_words_that_name_no_cooling_are_refused() -> None:
    """One sentence says what was not understood and what is."""
    with pytest.raises(InputError, match="'a fan of feathers' is not understood; name cold_air, cryogen, contact, gel"):
        ablation.cooling_of("a fan of feathers")
    row = {"family": "ablation", "tier": "score", "wavelength_nm": "2940", "pulse_duration_s": "0.0002"}
    found = targets.compute({**row, "quantity": "ablation_depth_per_pulse_um"})
    assert found.value is None
    assert "neither an exposure nor an energy and a spot" in found.reason


def test_exposure_follows_from_energy_and_spot() -> None:
    """A row without exposure has that of its energy: the mean of a disc, twice that on the axis of a gaussian."""
    row = {"pulse_energy_mJ": "100", "spot_diameter_mm": "2", "spot_profile": "top_hat"}

    assert ablation._fluence(row) == pytest.approx(0.1 / (math.pi * 0.01), rel=1e-9)
    assert ablation._fluence({**row, "spot_profile": "gaussian"}) == pytest.approx(0.2 / (math.pi * 0.01), rel=1e-9)


def test_dry_tissue_absorbs_as_its_matrix() -> None:
    """What is left of skin without water absorbs as the optics of skin say."""
    assert water_line(10600.0).dry_mua_cm == optics.matrix_mua_cm(10600.0) > 0
    assert water_line(2940.0).water_mua_cm == pytest.approx(evidence.value("water_mua_2940nm"))


def test_tissue_off_the_body_starts_at_room_temperature() -> None:
    """Excised skin is cold, so that the same exposure leaves less dead tissue."""
    row = {
        "family": "ablation", "tier": "score", "wavelength_nm": "10600", "pulse_duration_s": "0.001", "fluence_J_cm2": "8",
        "quantity": "residual_thermal_damage_um",
    }  # fmt: skip
    living, excised = (targets.compute({**row, "tissue": words}).value for words in ("pig skin in vivo", "pig skin ex vivo"))

    assert living is not None
    assert excised is not None
    assert 0.7 * living < excised < living


def test_passes_leave_one_layer_and_stacks_ever_more() -> None:
    """Rested, wiped passes of carbon dioxide leave the same dead layer; pulses stacked at 5 Hz deepen it (Fitzpatrick)."""

    def dead(**more: float) -> float:
        shot = ablative.expose_column(SLAB, wavelength_nm=10600.0, fluence_J_cm2=6.0, duration_ms=0.8, **more)  # type: ignore[arg-type]
        column = shot.last.column
        return heat.dead_to_um(column, column.death) - column.depth_m * 1e6

    assert dead(passes=4) == pytest.approx(dead(passes=1), rel=0.15)
    assert dead(stack=4, repetition_Hz=5.0) > 2 * dead(stack=1)
