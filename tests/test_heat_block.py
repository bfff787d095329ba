"""Heat in voxels: its readable twin, exact solutions, order of convergence, energy, symmetry, the solver on depth and radius."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recutis.errors import OutOfRangeError
from recutis.heat import _block_kernel as kernel
from recutis.heat import block as heat
from recutis.heat import disc, exact, tissue
from recutis.heat.cells import Accuracy, Physics
from recutis.heat.column import Slab, stretched_edges
from recutis.heat.stages import stages_for, weights
from recutis.light import Medium, VoxelTissue, flat_top, transport_voxels

START = 33.0
WET = tissue.thermal(0.7)
K, A, C = WET.conductivity_W_m_K, WET.diffusivity_m2_s, WET.capacity_J_m3_K
SKIN = (heat.HeatMedium(water_fraction=0.7),)
PLAIN = Physics(boil_C=None, conductivity_per_K=0.0, processes=(), cem43=False)
FINE = Accuracy(change_K=0.001, change_share=0.006, growth=1.2)


def skin(z: np.ndarray, y: np.ndarray, x: np.ndarray, *, processes: int = 0, perfusion: float = 0.0) -> heat.Block:
    """Plain skin in voxels."""
    labels = np.zeros((z.size - 1, y.size - 1, x.size - 1), dtype=np.uint8)
    media = (replace(SKIN[0], perfusion_per_s=perfusion),)
    return heat.new_block(labels, media, z_edges_m=z, y_edges_m=y, x_edges_m=x, start_C=START, processes=processes)


def middles(edges: np.ndarray) -> np.ndarray:
    """Middles of cells."""
    return (edges[:-1] + edges[1:]) / 2


def rise(block: heat.Block) -> np.ndarray:
    """Rises over the start."""
    return block.temperature_C - START


def slow_lines(
    heat_: np.ndarray, capacity: np.ndarray, k: np.ndarray, edges: np.ndarray, dt: float, axis: int, top: float
) -> None:
    """Backward Euler along one axis by dense linear algebra, line by line; `top` is the transfer to a medium at -40 K."""
    size = np.diff(edges)
    for line in np.ndindex(*(n for a, n in enumerate(heat_.shape) if a != axis)):
        at = (*line[:axis], slice(None), *line[axis:])
        c, q = capacity[at], k[at]
        matrix = np.diag(c * size / dt)
        load = heat_[at] * size / dt
        for i in range(size.size - 1):
            link = 1 / (0.5 * size[i] / q[i] + 0.5 * size[i + 1] / q[i + 1])
            matrix[i : i + 2, i : i + 2] += link * np.array([[1, -1], [-1, 1]])
        if top > 0:
            given = 1 / (1 / top + 0.5 * size[0] / q[0])
            matrix[0, 0] += given
            load[0] += given * -40.0
        heat_[at] = c * np.linalg.solve(matrix, load)


@pytest.mark.parametrize("shape", [(5, 4, 3), (3, 20, 18), (20, 2, 33), (1, 1, 1)])
@pytest.mark.parametrize("dt", [1e-7, 1e-2])
def test_kernel_agrees_with_its_slow_twin(shape: tuple[int, int, int], dt: float) -> None:
    """Dense linear algebra along depth, y and x gives the same heat."""
    rng = np.random.default_rng(2)
    edges = [np.cumsum(np.r_[0, rng.uniform(5e-6, 2e-5, n)]) for n in shape]
    start, capacity, k = (rng.uniform(*bounds, shape) for bounds in ((0, 2e8), (1e6, 4e6), (0.1, 0.6)))
    found = start.reshape(-1, shape[2]).copy()
    work, lost = kernel.work_for(*shape, 1)
    work[:] = np.nan
    flat = capacity.reshape(found.shape), k.reshape(found.shape)
    kernel.depth_sweep(found, *flat, *edges, dt, 3e3, -40.0, np.zeros((1, 1)), 0.0, work[0], lost, 0, shape[1])
    kernel.plane_sweep(found, *flat, *edges[1:], dt, work[0], 0, shape[0])
    expected = start.copy()
    for axis, top in ((0, 3e3), (1, 0.0), (2, 0.0)):
        slow_lines(expected, capacity, k, edges[axis], dt, axis, top)

    assert found.reshape(shape) == pytest.approx(expected, rel=1e-9)


def mode_error(cells: int, steps: int, bend: float) -> float:
    """Worst error of a mode of an insulated box, a cosine along each axis, after its heat has halved."""
    length, seconds = 1e-3, 0.15
    s = np.linspace(0, 1, cells + 1)
    e = length * (s + bend * s * (s - 1))
    wave = np.cos(np.pi * middles(e) / length)
    mode = wave[:, None, None] * wave[:, None] * wave
    found = (mode * C).reshape(-1, cells)
    work, lost = kernel.work_for(cells, cells, cells, 1)
    c, k = np.full_like(found, C), np.full_like(found, K)
    for _ in range(steps):
        kernel.depth_sweep(found, c, k, e, e, e, seconds / steps, 0.0, 0.0, np.zeros((1, 1)), 0.0, work[0], lost, 0, cells)
        kernel.plane_sweep(found, c, k, e, e, seconds / steps, work[0], 0, cells)
    expected = mode * np.exp(-3 * A * (np.pi / length) ** 2 * seconds)
    return float(np.abs(found.reshape(mode.shape) / C - expected).max())


@pytest.mark.parametrize("bend", [0.0, 0.2])
def test_second_order_in_space(bend: float) -> None:
    """Halving the voxels cuts the error of a mode by four, on even and on stretched grids."""
    error = [mode_error(n, 2000, bend) for n in (8, 16, 32)]
    rates = np.log2(np.divide(error[:-1], error[1:]))

    assert (rates > 1.6).all(), rates
    assert rates[-1] > 1.8


def test_first_order_in_time() -> None:
    """Halving the step halves the error."""
    error = [mode_error(48, n, 0.0) for n in (4, 8, 16)]
    rates = np.log2(np.divide(error[:-1], error[1:]))

    assert ((rates > 0.8) & (rates < 1.2)).all(), rates


def mode_in_time(implicit: bool, steps: int) -> float:
    """Worst difference of a decaying mode from a run with many steps, for steps of equal length."""
    e = np.linspace(0, 1e-3, 17)
    wave = np.cos(np.pi * middles(e) / 1e-3)
    block = skin(e, e, e)
    start = replace(block, heat_J_m3=C * wave[:, None, None] * wave[:, None] * wave)

    def decayed(count: int) -> np.ndarray:
        free = Accuracy(change_K=100.0, change_share=0.5, growth=1.0001)
        periods = tuple(heat.Period(seconds=0.3 / count) for _ in range(count))
        return rise(heat.run_block(start, periods, physics=PLAIN, accuracy=free, implicit=implicit).block)

    return float(np.abs(decayed(steps) - decayed(128)).max())


def test_stages_are_second_order_in_time_and_sweeps_first() -> None:
    """Halving the step cuts the error of stages by four, that of sweeps by two; both have the same limit."""
    stages, sweeps = ([mode_in_time(implicit, n) for n in (2, 4, 8)] for implicit in (False, True))

    assert (np.divide(stages[:-1], stages[1:]) > 3.2).all(), stages
    assert (np.divide(sweeps[:-1], sweeps[1:]) > 1.6).all(), sweeps
    assert stages[-1] < 0.1 * sweeps[-1]


def test_stages_suffice_for_the_length_of_a_step() -> None:
    """Their number is odd, at least three, and its square covers the step; the weights keep an even field as it is."""
    for ratio in (0.1, 1.0, 10.0, 300.0):
        count = stages_for(ratio)
        assert count % 2 == 1
        assert count >= 3
        assert ratio <= (count**2 + count - 2) / 4

    now, before, time, time_before = 1.0, 1.0, 0.0, 0.0
    for mu, nu, new, old in weights(9):
        now, before = mu * now + nu * before + (1 - mu - nu), now
        time, time_before = mu * time + nu * time_before + new + old, time
    assert now == pytest.approx(1.0, rel=1e-12)
    assert time == pytest.approx(1.0, rel=1e-12)  # a rate of one for a step of one


def ball(accuracy: Accuracy, edges: np.ndarray, *, implicit: bool) -> heat.BlockRun:
    """An eighth of a gaussian ball in a corner, lit for 5 ms and left for 5 ms."""
    z, y, x = np.meshgrid(*[middles(edges)] * 3, indexing="ij")
    power = 2e10 * np.exp(-(x**2 + y**2 + z**2) / 1.2e-4**2)
    periods = (heat.Period(seconds=5e-3, power_W_m3=power), heat.Period(seconds=5e-3))
    return heat.run_block(skin(edges, edges, edges), periods, physics=PLAIN, accuracy=accuracy, implicit=implicit)


EIGHTH = stretched_edges(fine_m=1.2e-5, fine_to_m=2.4e-4, stretch=1.15, end_m=1.5e-3)


@pytest.mark.parametrize("implicit", [False, True])
def test_gaussian_ball_heats_and_cools(implicit: bool) -> None:
    """A ball in a corner of insulated planes follows the exact solution within 1 % of its peak, alike along all axes."""
    done = ball(FINE if implicit else heat.BLOCK_ACCURACY.halved(), EIGHTH, implicit=implicit)
    z, y, x = np.meshgrid(*[middles(EIGHTH)] * 3, indexing="ij")
    expected = exact.heated_gaussian_K(
        x**2 + y**2 + z**2, 0.01, peak_W_m3=2e10, width_m=1.2e-4, dimensions=3, lit_s=5e-3, k=K, a=A
    )
    found = rise(done.block)

    assert np.abs(found - expected).max() < 0.01 * expected.max()
    assert np.abs(found - found.transpose(0, 2, 1)).max() < 2e-3 * expected.max()
    assert np.abs(found - found.transpose(2, 1, 0)).max() < 5e-3 * expected.max()


def test_hot_sphere_spreads() -> None:
    """An eighth of a hot sphere loses its heat as the exact solution says, within 2 % of its start."""
    edges = stretched_edges(fine_m=8e-6, fine_to_m=1.8e-4, stretch=1.15, end_m=1.2e-3)
    fine = np.linspace(edges[:-1], edges[1:], 7)[:-1] + np.diff(edges) / 12
    z, y, x = fine[:, None, None, :, None, None], fine[None, :, None, None, :, None], fine[None, None, :, None, None, :]
    inside = np.zeros([edges.size - 1] * 3)
    near = int(np.searchsorted(edges, 1.1e-4))
    z, y, x = z[..., :near, :, :], y[..., :near, :], x[..., :near]
    inside[:near, :near, :near] = ((z**2 + y**2 + x**2) < 1e-8).mean(axis=(0, 1, 2))
    block = skin(edges, edges, edges)
    done = heat.run_block(replace(block, heat_J_m3=30.0 * C * inside), (heat.Period(seconds=0.01),), physics=PLAIN, accuracy=FINE)
    radius = np.sqrt(sum(g**2 for g in np.meshgrid(*[middles(edges)] * 3, indexing="ij")))
    expected = exact.sphere_spreading_K(radius, 0.01, sphere_m=1e-4, start_K=30.0, a=A)

    assert np.abs(rise(done.block) - expected).max() < 0.02 * 30.0


def test_perfused_voxels_reach_the_steady_state() -> None:
    """A column of voxels with blood and a cooled surface has the profile of Pennes' equation after hours."""
    z = stretched_edges(fine_m=2e-4, fine_to_m=4e-3, stretch=1.05, end_m=0.1)
    block = skin(z, np.array([0.0, 1e-3]), np.array([0.0, 5e-4, 1e-3]), perfusion=0.002)
    w = float(block.perfusion_W_m3_K.max())
    period = heat.Period(seconds=3e4, transfer_W_m2_K=100.0, medium_C=START - 20.0)
    done = heat.run_block(block, (period,), physics=PLAIN, accuracy=FINE)
    expected = exact.perfused_robin_K(middles(z), medium_K=-20.0, transfer_W_m2_K=100.0, perfusion_W_m3_K=w, k=K)

    assert np.abs(rise(done.block) - expected[:, None, None]).max() < 0.01 * 20.0
    assert done.account.surface > 0 > done.account.blood


def test_round_source_is_the_solver_on_depth_and_radius() -> None:
    """A round microbeam that boils: voxels and rings agree in energies within 2 % and in the dead depth within a voxel."""
    half = stretched_edges(fine_m=1.5e-5, fine_to_m=2.1e-4, stretch=1.2, end_m=1.2e-3)
    z = stretched_edges(fine_m=1.5e-5, fine_to_m=3e-4, stretch=1.2, end_m=1.5e-3)
    r = stretched_edges(fine_m=1e-5, fine_to_m=2.1e-4, stretch=1.15, end_m=1.35e-3)
    profile = (
        2.5e11 * np.exp(-middles(z)[:, None] / 1.5e-4),
        lambda d2: np.exp(-d2 / 1e-4**2),
    )
    periods = [(3e-3, True), (0.05, False)]
    d2 = middles(half)[:, None] ** 2 + middles(half)[None, :] ** 2
    boxes = profile[0][:, :, None] * profile[1](d2)[None]
    rings = profile[0] * profile[1](middles(r) ** 2)[None]
    voxels = heat.run_block(
        skin(z, half, half, processes=2),
        tuple(heat.Period(seconds=s, power_W_m3=boxes if on else None, transfer_W_m2_K=500.0) for s, on in periods),
    )
    round_ = disc.run_disc(
        disc.new_disc(Slab(thickness_um=(1e6,), water_fraction=(0.7,), start_C=START), z, r),
        tuple(heat.Period(seconds=s, power_W_m3=rings if on else None, transfer_W_m2_K=500.0) for s, on in periods),
    )

    def depth(damage: np.ndarray) -> float:
        return float(np.interp(0.0, -np.log(np.maximum(damage, 1e-300)), middles(z)))

    assert 4 * voxels.account.deposited == pytest.approx(round_.account.deposited, rel=0.02)
    assert 4 * voxels.account.latent == pytest.approx(round_.account.latent, rel=0.03)
    assert depth(voxels.block.damage[0, :, 0, 0]) == pytest.approx(depth(round_.disc.damage[0, :, 0]), abs=1e-5)


def test_threads_do_not_change_a_number_and_steps_are_fine_enough() -> None:
    """One thread and three give the same bits; a quarter of the change a step moves the final temperatures by under 2 %."""
    block = skin(EIGHTH, EIGHTH[:12], EIGHTH, processes=2)
    z, y, x = np.meshgrid(middles(EIGHTH), middles(EIGHTH[:12]), middles(EIGHTH), indexing="ij")
    periods = (
        heat.Period(seconds=2e-3, power_W_m3=3e11 * np.exp(-(x**2 + z**2) / 1e-4**2 - y / 1e-3)),
        heat.Period(seconds=0.05, transfer_W_m2_K=100.0),
    )
    alone, together = (heat.run_block(block, periods, threads=n) for n in (1, 3))
    finer = heat.run_block(block, periods, accuracy=Accuracy().halved().halved())

    assert np.array_equal(alone.block.heat_J_m3, together.block.heat_J_m3)
    assert np.array_equal(alone.block.damage, together.block.damage)
    assert alone.account == together.account
    assert np.abs(alone.block.temperature_C - finer.block.temperature_C).max() < 0.02 * np.max(rise(finer.block))


@settings(max_examples=12, deadline=None)
@given(
    exponent=st.floats(-12, 1), rise_K=st.floats(1, 400), transfer=st.floats(0, 1e5), share=st.floats(0, 1), seed=st.integers(0, 99)
)  # fmt: skip
def test_any_pulse_closes_its_energy(exponent: float, rise_K: float, transfer: float, share: float, seed: int) -> None:
    """Random media and heat, boiling, condensing, perfused, cooled: energy closes and water never goes negative."""
    rng = np.random.default_rng(seed)
    edges = [np.cumsum(np.r_[0, rng.uniform(5e-6, 4e-5, n)]) for n in (6, 5, 9)]
    media = tuple(heat.HeatMedium(water_fraction=w, perfusion_per_s=p) for w, p in ((1.0, 0.0), (0.6, 0.0), (0.7, 0.01)))
    block = heat.new_block(
        rng.integers(0, 3, (6, 5, 9)),
        media,
        z_edges_m=edges[0],
        y_edges_m=edges[1],
        x_edges_m=edges[2],
        start_C=START,
        blood_C=37.0,
    )
    seconds = 10.0**exponent
    power = rise_K * C / seconds * rng.uniform(0, 1, (6, 5, 9)) ** 3
    done = heat.run_block(
        block, (heat.Period(seconds=seconds, power_W_m3=power, transfer_W_m2_K=transfer, medium_C=-30.0),
                heat.Period(seconds=5 * seconds, transfer_W_m2_K=transfer, medium_C=-30.0)),
        physics=Physics(steam_return=share), accuracy=Accuracy(change_K=5.0, change_share=0.2, growth=3.0),
    )  # fmt: skip

    assert abs(done.account.residual) <= 5e-7 * max(done.account.deposited, abs(done.account.surface))
    assert done.block.water_kg_m3.min() >= 0.0


def test_temperatures_stay_between_what_was_and_what_acts() -> None:
    """Without a source no voxel leaves the range of its start and the medium."""
    edges = np.linspace(0, 2e-4, 11)
    block = skin(edges, edges, edges)
    hot = replace(block, heat_J_m3=C * np.random.default_rng(1).uniform(0, 60, block.heat_J_m3.shape))
    period = heat.Period(seconds=0.5, transfer_W_m2_K=5e3, medium_C=START - 40)
    done = heat.run_block(hot, (period,), physics=PLAIN, probes_m=((0.0, 0.0, 0.0), (1e-4, 1e-4, 1e-4)))

    assert -40.0 <= rise(done.block).min() <= rise(done.block).max() <= 60.0
    assert done.probes_C.shape == (done.steps, 2)
    assert done.probes_C[-1] == pytest.approx(done.block.temperature_C[[0, 5], [0, 5], [0, 5]])


def test_light_of_voxels_heats_their_tissue() -> None:
    """The power of a light run puts the absorbed share of the pulse into a block on the same voxels."""
    labels = np.zeros((8, 8, 8), dtype=np.uint8)
    labels[4:] = 1
    media = (
        Medium(mua_cm=5.0, mus_cm=50.0, g=0.8, n=1.0, name="upper"),
        Medium(mua_cm=50.0, mus_cm=50.0, g=0.8, n=1.0, name="lower"),
    )
    light = transport_voxels(
        VoxelTissue(labels=labels, voxel_um=50.0, media=media), flat_top(diameter_um=200.0), photons=2000, seed=1
    )
    power = heat.power_W_m3(light, energy_mJ=2.0, duration_ms=1.0)
    block = heat.block_for(light, (SKIN[0], heat.HeatMedium(water_fraction=0.6)), start_C=START)
    done = heat.run_block(block, (heat.Period(seconds=1e-3, power_W_m3=power),))

    assert done.account.deposited == pytest.approx(2e-3 * light.tallies["absorbed"].value, rel=1e-6)
    with pytest.raises(OutOfRangeError, match=r"a duration above 0 ms; got 0 ms"):
        heat.power_W_m3(light, energy_mJ=2.0, duration_ms=0.0)


@pytest.mark.parametrize("seconds", [1e-6, 1e-3, 3.0])
def test_stages_are_stable_among_unlike_media(seconds: float) -> None:
    """Dry, moist and wet voxels side by side under a perfect contact, in long steps: nothing leaves the range by over 2 %."""
    rng = np.random.default_rng(4)
    edges = np.linspace(0, 1.6e-4, 17)
    media = tuple(heat.HeatMedium(water_fraction=w) for w in (0.0, 0.3, 1.0))
    block = heat.new_block(
        rng.integers(0, 3, (16, 16, 16)), media, z_edges_m=edges, y_edges_m=edges, x_edges_m=edges, start_C=START, processes=0
    )
    capacity = block.solid_J_m3_K + tissue.water_heat_J_kg_K() * block.water_kg_m3
    hot = replace(block, heat_J_m3=capacity * rng.uniform(0, 60, capacity.shape))
    done = heat.run_block(
        hot, (heat.Period(seconds=seconds, transfer_W_m2_K=1e9, medium_C=START - 40.0),), physics=PLAIN,
        accuracy=Accuracy(change_K=100.0, change_share=0.5, growth=10.0),
    )  # fmt: skip

    assert rise(done.block).min() >= -42.0
    assert rise(done.block).max() <= 62.0


CUBE = np.linspace(0, 1e-4, 3)


@pytest.mark.parametrize(("call", "said"), [
    (
        lambda: heat.new_block(
            np.zeros((2, 2, 3), dtype=int), SKIN, z_edges_m=CUBE, y_edges_m=CUBE, x_edges_m=CUBE, start_C=START
        ),
        r"they make a grid of \(2, 2, 2\), the labels one of \(2, 2, 3\)",
    ),
    (
        lambda: heat.new_block(np.ones((2, 2, 2), dtype=int), SKIN, z_edges_m=CUBE, y_edges_m=CUBE, x_edges_m=CUBE, start_C=START),
        r"a label from 0 to 0, one for each medium",
    ),
    (lambda: heat.run_block(skin(CUBE, CUBE, CUBE), ()), r"keeps 0 damage states, the run has 2 processes"),
    (
        lambda: heat.run_block(
            skin(CUBE, CUBE, CUBE), (heat.Period(seconds=1.0, power_W_m3=np.zeros((2, 2))),), physics=PLAIN
        ),
        r"finite numbers of shape \(2, 2, 2\), one a cell; got shape \(2, 2\)",
    ),
])  # fmt: skip
def test_meaningless_input_is_named(call, said: str) -> None:
    """What cannot be computed is refused in one sentence with the value and what is allowed."""
    with pytest.raises(OutOfRangeError, match=said):
        call()
