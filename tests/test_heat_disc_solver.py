"""Heat on depth and radius: exact solutions, order of convergence, energy, laws, the column model, error texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import j0, jn_zeros

from recutis.errors import OutOfRangeError
from recutis.heat import _rz_kernel as kernel
from recutis.heat import column, damage, exact, tissue
from recutis.heat import disc as heat
from recutis.heat.cells import Accuracy, Physics, Team
from recutis.heat.column import EnergyError, Slab, stretched_edges

START = 33.0
WET = tissue.thermal(0.7)
K, A, C = WET.conductivity_W_m_K, WET.diffusivity_m2_s, WET.capacity_J_m3_K
SLAB = Slab(thickness_um=(1e6,), water_fraction=(0.7,), start_C=START)
PLAIN = Physics(boil_C=None, conductivity_per_K=0.0, processes=(), cem43=False)
FINE = Accuracy(change_K=0.001, change_share=0.004, growth=1.2)
ONE_RING = np.array([0.0, 1.0])


def column_of(edges: np.ndarray, **more: object) -> heat.Disc:
    """Plain skin in one wide ring."""
    return heat.new_disc(SLAB, edges, ONE_RING, processes=0, **more)  # type: ignore[arg-type]


def middles(edges: np.ndarray) -> np.ndarray:
    """Middles of cells."""
    return (edges[:-1] + edges[1:]) / 2


def rise(disc: heat.Disc) -> np.ndarray:
    """Rises over the start of most tests."""
    return disc.temperature_C - START


def run(disc: heat.Disc, *periods: heat.Period, accuracy: Accuracy = FINE, physics: Physics = PLAIN) -> heat.DiscRun:
    """A run with fine steps and plain conduction unless told."""
    return heat.run_disc(disc, periods, physics=physics, accuracy=accuracy)


DEPTHS = stretched_edges(fine_m=2e-6, fine_to_m=1e-4, stretch=1.06, end_m=6e-3)


@pytest.mark.parametrize("transfer", [10.0, 5e3, 1e9])
def test_half_space_under_air_film_and_contact(transfer: float) -> None:
    """Cooling through a surface follows the closed form, from still air to a perfect contact, within 0.5 % of the drive."""
    found = rise(run(column_of(DEPTHS), heat.Period(seconds=0.1, transfer_W_m2_K=transfer, medium_C=START - 40.0)).disc)[:, 0]
    z = middles(DEPTHS)
    expected = exact.half_space_robin_K(z, 0.1, medium_K=-40.0, transfer_W_m2_K=transfer, k=K, a=A)
    held = exact.half_space_contact_K(z, 0.1, surface_K=-40.0, a=A)

    assert np.abs(found - expected).max() < 5e-3 * np.abs(expected).max()
    if transfer > 1e8:
        assert np.abs(found - held).max() < 0.2


def test_half_space_with_a_flux_into_its_surface() -> None:
    """Heat put into the top cell is a flux into the surface, within 0.5 % of the surface's rise."""
    disc = column_of(DEPTHS)
    power = np.zeros((DEPTHS.size - 1, 1))
    power[0] = 2e4 / DEPTHS[1]
    found = rise(run(disc, heat.Period(seconds=0.1, power_W_m3=power)).disc)[:, 0]
    expected = exact.half_space_flux_K(middles(DEPTHS), 0.1, flux_W_m2=2e4, k=K, a=A)

    assert np.abs(found - expected)[1:].max() < 5e-3 * expected.max()


def test_half_space_under_light_that_decays_with_depth() -> None:
    """Beer and Lambert's heating with conduction and an insulated surface, within 0.5 %."""
    power = 1e6 * -np.diff(np.exp(-8e3 * DEPTHS)) / np.diff(DEPTHS)
    found = rise(run(column_of(DEPTHS), heat.Period(seconds=0.05, power_W_m3=power[:, None])).disc)[:, 0]
    expected = exact.beer_lambert_K(middles(DEPTHS), 0.05, irradiance_W_m2=1e6, mua_m=8e3, k=K, a=A)

    assert np.abs(found - expected).max() < 5e-3 * expected.max()


def test_slab_heated_between_cold_planes() -> None:
    """Half a slab with its middle insulated: the parabola grows as the series says, within 0.5 %."""
    edges = np.linspace(0, 2e-4, 41)
    period = heat.Period(seconds=0.05, power_W_m3=np.full((40, 1), 1e9), transfer_W_m2_K=1e9, medium_C=START)
    found = rise(run(column_of(edges), period).disc)[:, 0]
    expected = exact.heated_slab_K(middles(edges), 0.05, thickness_m=4e-4, power_W_m3=1e9, k=K, a=A)

    assert np.abs(found - expected).max() < 5e-3 * expected.max()


def test_hot_cylinder_spreads() -> None:
    """An evenly hot cylinder along the axis loses its heat as the exact solution says, within 0.5 % of its start."""
    r = stretched_edges(fine_m=4e-6, fine_to_m=2e-4, stretch=1.08, end_m=2e-3)
    disc = heat.new_disc(SLAB, np.array([0.0, 1e-3]), r, processes=0)
    share = np.clip((1e-4**2 - r[:-1] ** 2) / np.diff(r**2), 0, 1)
    hot = replace(disc, heat_J_m3=30.0 * C * share[None, :])
    found = rise(run(hot, heat.Period(seconds=0.02)).disc)[0]
    expected = exact.cylinder_spreading_K(middles(r), 0.02, cylinder_m=1e-4, start_K=30.0, a=A)

    assert np.abs(found - expected).max() < 5e-3 * 30.0


def test_hot_sphere_spreads() -> None:
    """A hot hemisphere under an insulated plane is half a sphere: exact within 1 % of its start, alike along both axes."""
    edges = stretched_edges(fine_m=5e-6, fine_to_m=2e-4, stretch=1.1, end_m=1.5e-3)
    disc = heat.new_disc(SLAB, edges, edges, processes=0)
    fine = np.linspace(edges[:-1], edges[1:], 9)[:-1] + np.diff(edges) / 16
    weight = fine[None, :, None, :] * ((fine[:, None, :, None] ** 2 + fine[None, :, None, :] ** 2) < 1e-8)
    share = weight.mean(axis=(0, 1)) / middles(edges)[None, :]
    found = rise(run(replace(disc, heat_J_m3=30.0 * C * share), heat.Period(seconds=0.01)).disc)
    z, r = np.meshgrid(middles(edges), middles(edges), indexing="ij")
    expected = exact.sphere_spreading_K(np.hypot(z, r), 0.01, sphere_m=1e-4, start_K=30.0, a=A)

    assert np.abs(found - expected).max() < 0.01 * 30.0
    assert np.abs(found - found.T).max() < 0.005 * 30.0


@pytest.mark.parametrize("dimensions", [2, 3])
def test_gaussian_source_heats_and_cools(dimensions: int) -> None:
    """A filament and a ball of gaussian profile, lit for 5 ms and left for 5 ms, within 0.5 % of the peak."""
    edges = stretched_edges(fine_m=8e-6, fine_to_m=2.5e-4, stretch=1.1, end_m=2e-3)
    z = edges if dimensions == 3 else np.array([0.0, 1e-3])
    disc = heat.new_disc(SLAB, z, edges, processes=0)
    zm, rm = np.meshgrid(middles(z) if dimensions == 3 else [0.0], middles(edges), indexing="ij")
    power = 2e10 * np.exp(-(zm**2 + rm**2) / 1.2e-4**2)
    done = run(disc, heat.Period(seconds=5e-3, power_W_m3=power), heat.Period(seconds=5e-3))
    expected = exact.heated_gaussian_K(
        zm**2 + rm**2, 0.01, peak_W_m3=2e10, width_m=1.2e-4, dimensions=dimensions, lit_s=5e-3, k=K, a=A
    )

    assert np.abs(rise(done.disc) - expected).max() < 5e-3 * expected.max()


def stefan_miss(cells: int) -> float:
    """Error of the depth of a boiling front, relative to it."""
    thickness, surface, seconds = 1e-4, 100.0, 0.1
    boiling = replace(SLAB, start_C=100.0)
    disc = heat.new_disc(boiling, np.linspace(0, thickness, cells + 1), ONE_RING, processes=0)
    k = tissue.linear("k_vs_water_fraction")[0]
    a = k / WET.solid_J_m3_K
    latent = WET.water_kg_m3 * tissue.latent_J_kg()
    done = heat.run_disc(
        disc, (heat.Period(seconds=seconds, transfer_W_m2_K=1e9, medium_C=100.0 + surface),),
        physics=replace(PLAIN, boil_C=100.0), accuracy=Accuracy(change_K=4.0, change_share=0.02, growth=1.5),
    )  # fmt: skip
    dried = float((1 - done.disc.water_kg_m3[:, 0] / WET.water_kg_m3) @ np.diff(disc.z_edges_m))
    front = exact.stefan_front_m(seconds, surface_K=surface, latent_J_m3=latent, k=k, a=a)
    assert 2e-5 < front < 0.7 * thickness
    return abs(dried / front - 1)


def test_boiling_front_follows_stefan() -> None:
    """Tissue at the boiling point under a hot plate dries to the depth of Stefan's solution; half the cells, half the error."""
    error = [stefan_miss(n) for n in (20, 40, 80)]

    assert error[-1] < 0.02
    assert (np.divide(error[:-1], error[1:]) > 1.8).all(), error


@pytest.mark.parametrize("transfer", [100.0, 1e9])
def test_perfused_tissue_reaches_the_steady_state(transfer: float) -> None:
    """After hours, cooled perfused tissue has the profile of Pennes' equation; surface and blood exchange what they should."""
    edges = stretched_edges(fine_m=2e-4, fine_to_m=4e-3, stretch=1.05, end_m=0.1)
    disc = column_of(edges, perfusion_per_s=(0.002,))
    w = float(disc.perfusion_W_m3_K[0])
    done = run(disc, heat.Period(seconds=3e4, transfer_W_m2_K=transfer, medium_C=START - 20.0))
    expected = exact.perfused_robin_K(middles(edges), medium_K=-20.0, transfer_W_m2_K=transfer, perfusion_W_m3_K=w, k=K)
    late = run(done.disc, heat.Period(seconds=100.0, transfer_W_m2_K=transfer, medium_C=START - 20.0)).account

    assert np.abs(rise(done.disc)[:, 0] - expected).max() < 0.01 * 20.0
    assert late.surface == pytest.approx(-late.blood, rel=1e-3)


def mapped(cells: int, length: float, bend: float) -> np.ndarray:
    """Edges of a grid that is even for bend 0, else finer at its upper end."""
    s = np.linspace(0, 1, cells + 1)
    return length * (s + bend * s * (s - 1))


def mode_error(cells: int, steps: int, bend: float) -> float:
    """Worst error of a mode of an insulated can, J0 along the radius and cosine along the depth, after its heat has halved."""
    length, seconds = 1e-3, 0.15
    z, r = mapped(cells, length, bend), mapped(cells, length, bend)
    root = jn_zeros(1, 1)[0] / length
    mode = np.cos(np.pi * middles(z) / length)[:, None] * j0(root * middles(r))[None, :]
    found = mode * C
    work, lost = kernel.work_for(*found.shape)
    ones = np.ones_like(found)
    for _ in range(steps):
        kernel.conduct_rz(
            found, C * ones, K * ones, z, r, np.zeros(cells, dtype=np.int64), seconds / steps, 0.0, 0.0, np.zeros(cells), 0.0,
            work, lost,
        )  # fmt: skip
    expected = mode * np.exp(-A * ((np.pi / length) ** 2 + root**2) * seconds)
    return float(np.abs(found / C - expected).max())


@pytest.mark.parametrize("bend", [0.0, 0.4])
def test_second_order_in_space(bend: float) -> None:
    """Halving the cells cuts the error of a mode by four, on even and on stretched grids."""
    error = [mode_error(n, 4000, bend) for n in (10, 20, 40)]
    rates = np.log2(np.divide(error[:-1], error[1:]))

    assert (rates > 1.8).all(), rates


def test_first_order_in_time() -> None:
    """Halving the step halves the error."""
    error = [mode_error(96, n, 0.0) for n in (4, 8, 16)]
    rates = np.log2(np.divide(error[:-1], error[1:]))

    assert ((rates > 0.85) & (rates < 1.2)).all(), rates


def pulse(accuracy: Accuracy, *, threads: int | None = None, physics: Physics | None = None) -> heat.DiscRun:
    """A microbeam of 3 ms that boils, and its cooling."""
    edges = stretched_edges(fine_m=1e-5, fine_to_m=2e-4, stretch=1.1, end_m=1.5e-3)
    layered = Slab(thickness_um=(80.0, 1e5), water_fraction=(0.6, 0.7), start_C=START)
    disc = heat.new_disc(layered, edges, edges, perfusion_per_s=(0.0, 0.002))
    z, r = np.meshgrid(middles(edges), middles(edges), indexing="ij")
    power = 4e11 * np.exp(-z / 2e-4 - (r / 1e-4) ** 2)
    return heat.run_disc(
        disc, (heat.Period(seconds=3e-3, power_W_m3=power, transfer_W_m2_K=3e3, medium_C=-20.0),
               heat.Period(seconds=0.2, transfer_W_m2_K=10.0)),
        physics=physics, accuracy=accuracy, threads=threads, probes_m=((0.0, 0.0), (1e-4, 0.0)),
    )  # fmt: skip


def dead_depth_um(done: heat.DiscRun) -> float:
    """Depth on the axis at which cell death reaches 1."""
    ln = np.log(np.maximum(done.disc.damage[0, :, 0], 1e-300))
    return float(np.interp(0.0, -ln, middles(done.disc.z_edges_m)) * 1e6)


def test_steps_of_the_default_are_fine_enough() -> None:
    """With latent heat and damage, steps of a quarter of the change move the dead depth by under a micrometre, peaks by 0.5 K."""
    usual, finer = pulse(Accuracy()), pulse(Accuracy().halved().halved())
    error = heat.step_error(usual, finer)

    assert finer.steps > 2 * usual.steps
    assert dead_depth_um(usual) == pytest.approx(dead_depth_um(finer), abs=1.0)
    assert error.peak_K < 0.5


def test_run_closes_its_energy_and_keeps_its_history() -> None:
    """Boiling, perfusion, cold film and damage: every joule is found, and probes tell what cells went through."""
    done = pulse(Accuracy())

    assert done.account.latent > 0 < done.account.surface
    assert abs(done.account.residual) < 1e-9 * done.account.deposited
    assert done.probes_C.shape == (done.steps, 2)
    assert done.time_s[-1] == pytest.approx(0.203)
    assert done.probes_C.max(axis=0) == pytest.approx(
        done.disc.peak_C[[0, np.searchsorted(done.disc.z_edges_m, 1e-4) - 1], 0], abs=0.01
    )
    assert (done.disc.damage[0] >= done.disc.damage[1]).all()  # cells die before collagen melts


def test_steam_that_condenses_heats_the_neighbours() -> None:
    """With a share of steam condensing the account closes, less heat stays latent and damage goes deeper."""
    dry, wet = pulse(Accuracy()), pulse(Accuracy(), physics=Physics(steam_return=0.5))

    assert wet.account.latent < dry.account.latent
    assert dead_depth_um(wet) > dead_depth_um(dry)


def test_threads_do_not_change_a_number() -> None:
    """One thread and three give the same bits."""
    alone, together = pulse(Accuracy(), threads=1), pulse(Accuracy(), threads=3)

    assert np.array_equal(alone.disc.heat_J_m3, together.disc.heat_J_m3)
    assert np.array_equal(alone.disc.damage, together.disc.damage)
    assert alone.account == together.account


@settings(max_examples=15, deadline=None)
@given(
    exponent=st.floats(-12, 1), rise_K=st.floats(1, 400), transfer=st.floats(0, 1e5), medium=st.floats(-60, 60),
    share=st.floats(0, 1), removed=st.booleans(),
)  # fmt: skip
def test_any_pulse_closes_its_energy(
    exponent: float, rise_K: float, transfer: float, medium: float, share: float, removed: bool
) -> None:
    """From picoseconds to ten seconds, boiling or not, with and without a crater, energy closes and water never goes negative."""
    seconds = 10.0**exponent
    edges = stretched_edges(fine_m=2e-5, fine_to_m=1e-4, stretch=1.3, end_m=2e-3)
    disc = heat.new_disc(SLAB, edges, edges)
    if removed:
        disc = replace(disc, first=np.where(np.arange(edges.size - 1) < 3, 4, 0).astype(np.int64))
    z, r = np.meshgrid(middles(edges), middles(edges), indexing="ij")
    power = rise_K * C / seconds * np.exp(-((z / 2e-4) ** 2) - (r / 2e-4) ** 2)
    done = heat.run_disc(
        disc, (heat.Period(seconds=seconds, power_W_m3=power, transfer_W_m2_K=transfer, medium_C=medium),
               heat.Period(seconds=5 * seconds, transfer_W_m2_K=transfer, medium_C=medium)),
        physics=Physics(steam_return=share), accuracy=Accuracy(change_K=5.0, change_share=0.2, growth=3.0),
    )  # fmt: skip

    assert abs(done.account.residual) <= 1e-9 * max(done.account.deposited, abs(done.account.surface))
    assert done.disc.water_kg_m3.min() >= 0.0
    assert not done.disc.heat_J_m3[~disc.there].any()


def test_picosecond_pulse_leaves_what_it_deposits() -> None:
    """A pulse too short for conduction raises each cell by its energy over its capacity, however the time is cut."""
    edges = stretched_edges(fine_m=1e-6, fine_to_m=1e-5, stretch=1.2, end_m=1e-4)
    disc = heat.new_disc(SLAB, edges, edges, processes=0)
    energy = 60.0 * C * np.exp(-middles(edges)[:, None] / 2e-5) * np.ones((1, edges.size - 1))
    done = run(disc, heat.Period(seconds=1e-12, power_W_m3=energy / 1e-12))

    assert rise(done.disc) == pytest.approx(energy / C, rel=1e-4)


def test_temperatures_stay_between_what_was_and_what_acts() -> None:
    """Without a source no cell leaves the range of its start and the medium."""
    edges = stretched_edges(fine_m=1e-5, fine_to_m=2e-4, stretch=1.2, end_m=1e-3)
    disc = heat.new_disc(SLAB, edges, edges, processes=0)
    hot = replace(disc, heat_J_m3=C * np.random.default_rng(1).uniform(0, 60, disc.heat_J_m3.shape))
    done = run(hot, heat.Period(seconds=0.5, transfer_W_m2_K=5e3, medium_C=START - 40), accuracy=Accuracy())

    assert rise(done.disc).max() <= 60.0
    assert rise(done.disc).min() >= -40.0
    assert done.disc.peak_K.max() <= 60.0


def test_upside_down_is_the_same() -> None:
    """Insulated tissue lit from below behaves as tissue lit from above."""
    edges = np.linspace(0, 4e-4, 31)
    disc = heat.new_disc(SLAB, edges, edges, processes=0)
    power = 1e11 * np.exp(-middles(edges)[:, None] / 5e-5 - (middles(edges)[None, :] / 1e-4) ** 2)
    above, below = (run(disc, heat.Period(seconds=2e-3, power_W_m3=q), accuracy=Accuracy()) for q in (power, power[::-1].copy()))

    assert rise(above.disc) == pytest.approx(rise(below.disc)[::-1], rel=1e-9)


def test_one_wide_ring_is_the_column_model() -> None:
    """With boiling, latent heat and cooling, one ring and the one-dimensional model agree within half a per cent."""
    edges = stretched_edges(fine_m=5e-6, fine_to_m=4e-4, stretch=1.05, end_m=4e-3)
    source = -np.diff(np.exp(-5e3 * edges)) / np.diff(edges)
    law = column.law_of(column.heating_only(100.0), START, first=damage.cell_death(), second=damage.collagen())
    expected = column.run(
        column.new_column(SLAB, edges), law,
        (column.Segment(seconds=5e-3, irradiance_W_m2=2.2e7, transfer_W_m2_K=1e3, medium_C=10.0),
         column.Segment(seconds=0.3, transfer_W_m2_K=1e3, medium_C=10.0)), source_m=source,
    )  # fmt: skip
    disc = heat.new_disc(SLAB, edges, ONE_RING)
    done = heat.run_disc(
        disc, (heat.Period(seconds=5e-3, power_W_m3=2.2e7 * source[:, None], transfer_W_m2_K=1e3, medium_C=10.0),
               heat.Period(seconds=0.3, transfer_W_m2_K=1e3, medium_C=10.0)), physics=Physics(conductivity_per_K=0.0),
    )  # fmt: skip
    area = float(disc.volume_m3[0, 0] / edges[1])

    assert expected.removed > 0
    assert done.account.latent / area == pytest.approx(expected.removed, rel=0.01)
    assert done.account.surface / area == pytest.approx(expected.surface, rel=0.01)
    assert dead_depth_um(done) == pytest.approx(column.dead_to_um(expected.column, expected.column.death), abs=3.0)
    assert done.disc.peak_K[:, 0] == pytest.approx(expected.column.peak_K, abs=1.0)


def test_warmer_tissue_conducts_better() -> None:
    """With conductivity rising with temperature heat leaves a hot spot sooner: it ends cooler, and less has boiled."""
    plain, rising = pulse(Accuracy(), physics=Physics(conductivity_per_K=0.0)), pulse(Accuracy())

    assert rising.disc.temperature_C.max() < plain.disc.temperature_C.max()
    assert rising.account.latent < plain.account.latent


def test_light_is_asked_for_anew() -> None:
    """A function of the state is called at every renewal and sees the tissue heat up."""
    edges = np.linspace(0, 1e-3, 11)
    disc = heat.new_disc(SLAB, edges, edges, processes=0)
    seen: list[float] = []

    def power(now: heat.Disc) -> np.ndarray:
        seen.append(float(now.heat_J_m3.max()))
        return np.full((10, 10), 1e9)

    done = run(disc, heat.Period(seconds=0.01, power_W_m3=power, renewals=4), accuracy=Accuracy())

    assert seen == pytest.approx([0.0, 2.5e6, 5e6, 7.5e6])
    assert done.account.deposited == pytest.approx(1e7 * disc.volume_m3.sum())


def test_damage_and_minutes_at_a_constant_temperature_are_closed_forms() -> None:
    """Insulated even tissue: the integrals are rate times time and the minutes those of the definition."""
    edges = np.linspace(0, 1e-3, 5)
    disc = heat.new_disc(SLAB, edges, edges)
    warm = replace(disc, heat_J_m3=np.full((4, 4), C * (50.0 - START)))
    done = heat.run_disc(warm, (heat.Period(seconds=30.0),))

    assert done.disc.damage[0] == pytest.approx(np.full((4, 4), 30.0 * damage.cell_death().rate_s(50.0)), rel=1e-6)
    assert done.disc.cem43_min == pytest.approx(np.full((4, 4), damage.cem43_min(50.0, 30.0)), rel=1e-6)


@pytest.mark.parametrize(("call", "said"), [
    (lambda: heat.Period(seconds=-1.0), r"time and a heat transfer of at least 0 .*got -1 s"),
    (lambda: heat.Period(seconds=1.0, renewals=0), r"at least one renewal of its light; got 1 s, 0 W/m²K, 0 renewals"),
    (lambda: Physics(steam_return=1.5), r"share of steam that condenses must lie between 0 and 1; got 1\.5"),
    (lambda: Physics(conductivity_per_K=0.5), r"0 to 0\.01 of itself per kelvin; got 0\.5"),
    (lambda: Accuracy(change_K=0.0), r"Steps need a change above 0 .* got 0 K, 0\.05 and 1\.6"),
    (lambda: Team(10, 0), r"at least one thread; got 0"),
    (lambda: heat.new_disc(SLAB, np.array([0.0, 1.0, 0.5]), ONE_RING), r"edges of the grid along the depth must rise from 0"),
    (lambda: heat.new_disc(SLAB, ONE_RING, ONE_RING, perfusion_per_s=(0.1, 0.2)), r"one flow of at least 0 for each of the 1 layers"),
    (lambda: heat.run_disc(heat.new_disc(SLAB, ONE_RING, ONE_RING), (), physics=PLAIN), r"keeps 2 damage states, the run has 0"),
    (
        lambda: run(column_of(ONE_RING), heat.Period(seconds=1.0, power_W_m3=np.zeros((2, 1)))),
        r"finite numbers of shape \(1, 1\), one a cell; got shape \(2, 1\)",
    ),
])  # fmt: skip
def test_meaningless_input_is_named(call, said: str) -> None:
    """What cannot be computed is refused in one sentence with the value and what is allowed."""
    with pytest.raises(OutOfRangeError, match=said):
        call()


def test_an_account_that_does_not_close_is_an_error() -> None:
    """A run whose energies miss more than a millionth must not be used."""
    with pytest.raises(EnergyError, match=r"misses 0\.1 J of 1 J"):
        heat.Account(deposited=1.0, stored=0.5, latent=0.2, surface=0.2, blood=0.0).audited(held=0.0)
