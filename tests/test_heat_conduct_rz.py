"""The implicit step on depth and radius: its readable twin, craters, energy, limits, ranges of threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recutis.heat import _rz_kernel as kernel
from recutis.heat.column import stretched_edges


def tissue(rows: int, rings: int, *, crater: bool, seed: int = 0) -> dict:
    """Random matter on a stretched grid, with a crater of uneven floor if asked for."""
    rng = np.random.default_rng(seed)
    z = stretched_edges(fine_m=5e-6, fine_to_m=2e-5, stretch=1.1, end_m=1.0)[: rows + 1]
    r = stretched_edges(fine_m=4e-6, fine_to_m=2e-5, stretch=1.05, end_m=1.0)[: rings + 1]
    front = np.zeros(rings, dtype=np.int64)
    if crater:
        front[: rings // 2] = rng.integers(0, rows, rings // 2)
        front[0] = rows  # a ring that is gone
    shape = (rows, rings)
    return {
        "heat": rng.uniform(0, 2e8, shape), "capacity": rng.uniform(1e6, 4e6, shape), "k": rng.uniform(0.1, 0.6, shape),
        "z": z, "r": r, "front": front, "blood": np.where(np.arange(rows) > rows // 2, 4e5, 0.0),
    }  # fmt: skip


def fast(t: dict, *, dt: float, transfer: float, medium: float, blood_rise: float = 2.0) -> tuple[np.ndarray, float, float]:
    """The step of the kernel."""
    heat = t["heat"].copy()
    work, lost = kernel.work_for(*heat.shape)
    work[:] = np.nan  # nothing may depend on what was there
    surface, blood = kernel.conduct_rz(
        heat, t["capacity"], t["k"], t["z"], t["r"], t["front"], dt, transfer, medium, t["blood"], blood_rise, work, lost
    )
    return heat, surface, blood


def slow_line(heat, capacity, k, size, half, face, dt, extra, extra_load):
    """Backward Euler along one line by dense linear algebra; `extra` is what the surroundings exchange with each cell [W/K]."""
    n = heat.size
    matrix = np.diag(capacity * size / dt + extra)
    for i in range(n - 1):
        link = face[i] / (half[i] / k[i] + half[i + 1] / k[i + 1])
        matrix[i, i] += link
        matrix[i + 1, i + 1] += link
        matrix[i, i + 1] -= link
        matrix[i + 1, i] -= link
    return np.linalg.solve(matrix, heat * size / dt + extra_load)


def slow(t: dict, *, dt: float, transfer: float, medium: float, blood_rise: float = 2.0) -> tuple[np.ndarray, float, float]:
    """The same step written for reading."""
    heat, capacity, k, z, r, front = (t[name] for name in ("heat", "capacity", "k", "z", "r", "front"))
    heat = heat.copy()
    dz, area = np.diff(z), np.pi * np.diff(r**2)
    surface = blood = 0.0
    for j in range(r.size - 1):
        i = slice(front[j], None)
        if front[j] == dz.size:
            continue
        volume = area[j] * dz[i]
        flow = t["blood"][i] * volume
        top = np.zeros_like(flow)
        if transfer > 0:
            top[0] = area[j] / (1 / transfer + 0.5 * dz[i][0] / k[front[j], j])
        rise = slow_line(
            heat[i, j], capacity[i, j], k[i, j], volume, dz[i] / 2, np.full(volume.size, area[j]), dt, flow + top,
            flow * blood_rise + top * medium,
        )  # fmt: skip
        heat[i, j] = capacity[i, j] * rise
        surface += float(np.sum(top * (rise - medium)) * dt)
        blood += float(np.sum(flow * (rise - blood_rise)) * dt)
    for i in range(dz.size):
        present = np.flatnonzero(front <= i)
        for run in np.split(present, np.flatnonzero(np.diff(present) > 1) + 1):
            if run.size:
                none = np.zeros(run.size)
                rise = slow_line(
                    heat[i, run], capacity[i, run], k[i, run], area[run] * dz[i], np.diff(r)[run] / 2,
                    2 * np.pi * r[run + 1] * dz[i], dt, none, none,
                )  # fmt: skip
                heat[i, run] = capacity[i, run] * rise
    return heat, surface, blood


@pytest.mark.parametrize("crater", [False, True])
@pytest.mark.parametrize("shape", [(20, 9), (33, 40), (1, 5), (5, 1)])
@pytest.mark.parametrize("dt", [1e-9, 1e-4, 10.0])
def test_kernel_agrees_with_its_slow_twin(shape: tuple[int, int], crater: bool, dt: float) -> None:
    """Dense linear algebra line by line gives the same heat and the same losses; absent cells keep what they had."""
    t = tissue(*shape, crater=crater)
    found, expected = fast(t, dt=dt, transfer=3000.0, medium=-40.0), slow(t, dt=dt, transfer=3000.0, medium=-40.0)

    assert found[0] == pytest.approx(expected[0], rel=1e-9)
    assert found[1:] == pytest.approx(expected[1:], rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    dt=st.floats(1e-12, 1e3), transfer=st.floats(0, 1e6), medium=st.floats(-200, 50), crater=st.booleans(),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_a_step_keeps_its_energy_and_its_bounds(dt: float, transfer: float, medium: float, crater: bool, seed: int) -> None:
    """Whatever the step: heat is where the account says, and no temperature leaves the range of what was and what acts."""
    t = tissue(24, 18, crater=crater, seed=seed)
    heat, surface, blood = fast(t, dt=dt, transfer=transfer, medium=medium)
    there = np.arange(24)[:, None] >= t["front"][None, :]
    volume = np.pi * np.diff(t["r"] ** 2)[None, :] * np.diff(t["z"])[:, None] * there
    before, after = float((t["heat"] * volume).sum()), float((heat * volume).sum())
    old, new = (t["heat"] / t["capacity"])[there], (heat / t["capacity"])[there]

    assert after + surface + blood == pytest.approx(before, rel=1e-11, abs=1e-11 * (abs(surface) + abs(blood)))
    assert new.max() <= max(old.max(), medium, 2.0) * (1 + 1e-9)
    assert new.min() >= min(old.min(), medium, 2.0) - 1e-9


def test_ranges_of_threads_do_not_change_a_number() -> None:
    """A grid cut into ranges of rings and rows gives the same bits as a whole one."""
    t = tissue(50, 70, crater=True)
    whole = fast(t, dt=1e-3, transfer=500.0, medium=-10.0)[0]
    heat = t["heat"].copy()
    work, lost = kernel.work_for(*heat.shape)
    for j0, j1 in ((48, 70), (0, 48)):
        kernel.depth_sweep(
            heat, t["capacity"], t["k"], t["z"], t["r"], t["front"], 1e-3, 500.0, -10.0, t["blood"], 2.0, work, lost, j0, j1
        )
    for i0, i1 in ((16, 50), (0, 16)):
        kernel.radius_sweep(heat, t["capacity"], t["k"], t["r"], t["front"], 1e-3, work, i0, i1)

    assert np.array_equal(heat, whole)


def test_an_even_medium_around_an_even_body_changes_nothing() -> None:
    """Tissue at the temperature of medium and blood stays there."""
    t = tissue(20, 20, crater=True)
    t["heat"] = t["capacity"] * 3.0
    heat, surface, blood = fast(t, dt=1.0, transfer=1e4, medium=3.0, blood_rise=3.0)

    assert heat == pytest.approx(t["heat"], rel=1e-12)
    assert abs(surface) + abs(blood) < 1e-12 * float(np.abs(heat).sum())
