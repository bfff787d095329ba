"""Coverage of columns and scanned spots."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recutis.errors import OutOfRangeError
from recutis.laser.pattern import (
    after_passes,
    columns_for_density,
    coverage,
    covered,
    density_for_columns,
    footprint_cm2,
    neighbour_pitch_um,
    nominal_for,
    scan_coverage,
    scan_nominal,
)

NOMINAL = st.floats(min_value=1e-6, max_value=3)
PATTERN = st.sampled_from(["stamped", "random"])


@pytest.mark.parametrize("pattern", ["stamped", "random"])
def test_sparse_columns_cover_their_own_area(pattern):
    """For few columns, coverage is their number times their area."""
    found = coverage(columns_cm2=1.0, spot_um=100, pattern=pattern)

    assert found == pytest.approx(footprint_cm2(100), rel=1e-3)


@pytest.mark.parametrize("pattern", ["stamped", "random"])
def test_endless_columns_cover_everything(pattern):
    """Coverage tends to one and never passes it."""
    assert coverage(columns_cm2=1e9, spot_um=200, pattern=pattern) == pytest.approx(1.0)
    assert coverage(columns_cm2=1e9, spot_um=200, pattern=pattern) <= 1.0


@given(NOMINAL, st.floats(min_value=1.001, max_value=2), PATTERN)
def test_coverage_grows_with_density(nominal, factor, pattern):
    """More columns never cover less."""
    assert covered(nominal * factor, pattern=pattern) >= covered(nominal, pattern=pattern)


@given(NOMINAL)
def test_a_grid_never_covers_less_than_chance(nominal):
    """A grid avoids overlap, so it covers at least what random columns cover, and at most their area."""
    assert covered(nominal, pattern="random") <= covered(nominal, pattern="stamped") + 1e-12
    assert covered(nominal, pattern="stamped") <= min(nominal, 1.0) + 1e-12


@pytest.mark.parametrize("nominal", [0.5, 0.79, 0.9, 1.1, 1.3, 1.5, 1.6])
def test_grid_coverage_agrees_with_counting_points(nominal):
    """The lens formula agrees with the share of a fine lattice of points that lie in some circle."""
    radius = math.sqrt(nominal / math.pi)
    steps = (np.arange(1500) + 0.5) / 1500 - 0.5
    x, y = np.meshgrid(steps, steps)
    inside = np.zeros_like(x, dtype=bool)
    for cx in (-1, 0, 1):
        for cy in (-1, 0, 1):
            inside |= (x - cx) ** 2 + (y - cy) ** 2 <= radius**2

    assert covered(nominal, pattern="stamped") == pytest.approx(inside.mean(), abs=1e-3)


def test_random_coverage_agrees_with_throwing_discs():
    """1 − exp(−N a) agrees with discs thrown at random."""
    generator = np.random.default_rng(7)
    radius, count, points = 0.01, 2000, 20000
    discs, probes = generator.random((count, 2)), generator.random((points, 2))
    free = np.ones(points, dtype=bool)
    for centre in discs:
        gap = np.abs(probes - centre)
        gap = np.minimum(gap, 1 - gap)
        free &= (gap**2).sum(axis=1) > radius**2
    nominal = count * math.pi * radius**2

    assert covered(nominal, pattern="random") == pytest.approx(1 - free.mean(), abs=0.02)


@given(st.floats(min_value=1e-6, max_value=0.999), PATTERN)
def test_density_and_coverage_are_inverse(fraction, pattern):
    """The density that covers a fraction covers that fraction."""
    assert covered(nominal_for(fraction, pattern=pattern), pattern=pattern) == pytest.approx(fraction, rel=1e-9)


@given(st.floats(min_value=0.1, max_value=80), st.floats(min_value=40, max_value=1500))
def test_percent_and_columns_are_inverse(density_pct, spot_um):
    """Percent to columns and back changes nothing."""
    columns = columns_for_density(density_pct=density_pct, spot_um=spot_um)

    assert density_for_columns(columns_cm2=columns, spot_um=spot_um) == pytest.approx(density_pct)


@given(NOMINAL, st.integers(min_value=1, max_value=8))
def test_random_passes_add_up(nominal, passes):
    """Several random passes cover as much as one pass with all their columns."""
    several = after_passes(covered(nominal, pattern="random"), passes)

    assert several == pytest.approx(covered(nominal * passes, pattern="random"))


def test_overlap_of_scanned_spots():
    """Touching spots leave the corners free, 30 % overlap nothing, and half a diameter puts π pulses on a place."""
    assert scan_coverage(0) == pytest.approx(math.pi / 4)
    assert scan_coverage(30) == 1.0
    assert scan_nominal(50) == pytest.approx(math.pi)


def test_pitch_of_a_grid_and_of_chance():
    """A hundred columns per cm² stand 1 mm apart on a grid and half of that on average at random."""
    assert neighbour_pitch_um(columns_cm2=100) == pytest.approx(1000)
    assert neighbour_pitch_um(columns_cm2=100, pattern="random") == pytest.approx(500)


def test_impossible_patterns_are_refused():
    """Negative densities, full random coverage, full overlap and no columns are errors that say so."""
    with pytest.raises(OutOfRangeError, match="must be zero or more; got -1"):
        covered(-1, pattern="random")
    with pytest.raises(OutOfRangeError, match="below 1 for a random pattern"):
        nominal_for(1.0, pattern="random")
    with pytest.raises(OutOfRangeError, match="below 100 % of the spot diameter"):
        scan_nominal(100)
    with pytest.raises(OutOfRangeError, match="positive number of columns"):
        neighbour_pitch_um(columns_cm2=0)
