"""Axisymmetric heat: exact radial spreading, energy, boiling; and the cache folder of the kernels."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recutis.heat import _disc_kernel as disc
from recutis.heat import damage, tissue
from recutis.heat.column import stretched_edges

WET = tissue.thermal(0.7)


def advance(
    e: np.ndarray, z: np.ndarray, r: np.ndarray, *, seconds: float, dt: float, boil: float = 1e4, transfer: float = 0.0
) -> tuple[float, float]:
    """Plain skin for a time; returns heat lost at the surface and steam energy [J]."""
    rows = z.size - 1
    shape = e.shape
    process = damage.bulk_skin()
    return disc.advance(
        e, np.full(shape, WET.water_kg_m3), np.full(rows, WET.solid_J_m3_K), np.full(rows, WET.conductivity_W_m_K), z, r,
        np.zeros(shape), seconds, dt, 1.0, dt, transfer, -20.0, boil, tissue.latent_J_kg(), tissue.water_heat_J_kg_K(),
        np.zeros(shape), 306.15, float(np.log(process.frequency_s)), process.energy_J_mol / damage.GAS_CONSTANT_J_MOL_K, np.zeros(shape),
    )  # fmt: skip


def worst_radial_error(rings: int) -> float:
    """Error of a spreading gaussian filament against its exact peak and width, relative to the peak."""
    r = np.linspace(0, 1e-3, rings + 1)
    z = np.linspace(0, 1e-4, 3)
    width2, seconds = (1.2e-4) ** 2, 0.05

    def ring_means(w2: float) -> np.ndarray:
        return w2 * -np.diff(np.exp(-(r**2) / w2)) / np.diff(r**2)

    e = np.repeat(ring_means(width2)[None, :], 2, axis=0)
    advance(e, z, r, seconds=seconds, dt=seconds / 4000)
    wider = width2 + 4 * WET.diffusivity_m2_s * seconds
    exact = width2 / wider * ring_means(wider)
    return float(np.abs(e[0] - exact).max() / exact.max())


def test_filament_spreads_as_the_exact_gaussian_in_second_order() -> None:
    """A hot filament keeps its gaussian shape; halving the rings cuts the error by four."""
    error = [worst_radial_error(n) for n in (20, 40, 80)]
    rates = np.log2(np.divide(error[:-1], error[1:]))

    assert error[-1] < 2e-3
    assert (rates > 1.8).all(), rates


def test_heat_is_conserved_with_boiling_and_cooling() -> None:
    """What is left, what boiled and what the surface took make up what was there."""
    r = stretched_edges(fine_m=1e-5, fine_to_m=1e-4, stretch=1.2, end_m=8e-4)
    z = stretched_edges(fine_m=1e-5, fine_to_m=2e-4, stretch=1.1, end_m=2e-3)
    volumes = np.pi * np.diff(r**2)[None, :] * np.diff(z)[:, None]
    middle = (r[:-1] + r[1:]) / 2
    e = np.repeat(np.exp(-((middle / 1e-4) ** 2))[None, :] * 5e8, z.size - 1, axis=0)
    before = float((e * volumes).sum())
    lost, steam = advance(e, z, r, seconds=0.02, dt=2e-4, boil=67.0, transfer=3000.0)

    assert steam > 0 < lost
    assert float((e * volumes).sum()) + lost + steam == pytest.approx(before, rel=1e-12)


@pytest.mark.parametrize("home", ["writable", "missing"])
def test_kernels_cache_with_and_without_a_home(home: str, tmp_path: Path) -> None:
    """The cache folder is the user's when it can be written, else a temporary one; a given folder is kept."""
    place = tmp_path if home == "writable" else Path("/proc/no-such-home")
    code = "import os; from recutis import jit; print(os.environ['NUMBA_CACHE_DIR'])"
    environment = {"HOME": str(place), "PATH": "", "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    given = subprocess.run(
        [sys.executable, "-c", code], env={**environment, "NUMBA_CACHE_DIR": str(tmp_path / "own")}, capture_output=True, text=True,
        check=True,
    ).stdout.strip()  # fmt: skip

    assert found.startswith(str(tmp_path if home == "writable" else tmp_path / "tmp"))
    assert given == str(tmp_path / "own")
