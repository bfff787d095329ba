"""Heat between columns: exact forms, their limits, and what too dense a pattern does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import column as heat
from recutis.heat import damage
from recutis.injury import neighbours
from recutis.injury.simulate import spot_injury, spread
from recutis.laser.types import Pulse
from recutis.skin import build

SKIN = build(site="cheek", age_years=40.0, phototype="II", sex="female")
ALPHA = evidence.value("thermal_diffusivity_dermis")


def test_kept_heat_has_its_limits() -> None:
    """All at once; h / sqrt(pi alpha t) late; falling between."""
    times = np.geomspace(1e-3, 1e4, 200)
    found = neighbours.kept(times)

    assert float(neighbours.kept(0.0)) == 1.0
    assert (np.diff(found) < 0).all()
    assert found[-1] == pytest.approx(neighbours.HEATED_M / np.sqrt(np.pi * ALPHA * times[-1]), rel=1e-3)


def test_kept_heat_is_that_of_the_numerical_column() -> None:
    """The same layer of heat, conducted by the one-dimensional model."""
    slab = heat.Slab(thickness_um=(1e4,), water_fraction=(0.7,), start_C=33.0)
    fresh = heat.new_column(slab, heat.stretched_edges(fine_m=1e-5, fine_to_m=5e-4, stretch=1.04, end_m=2e-2))
    upper = fresh.edges_m[1:] <= neighbours.HEATED_M * 1.0001
    laid = replace(fresh, heat_J_m3=np.where(upper, 1e6, 0.0))
    law = heat.law_of(heat.heating_only(100.0), 33.0, first=damage.cell_death(), second=damage.collagen())
    k, capacity = (
        law.conductivity_dry + law.conductivity_slope * 0.7,
        fresh.solid_J_m3_K[0] + law.water_heat_J_kg_K * fresh.water_kg_m3[0],
    )
    for seconds in (0.2, 2.0, 20.0):
        run = heat.run(laid, law, (heat.Segment(seconds=seconds * ALPHA / (k / capacity)),))
        left = float(np.sum((run.column.heat_J_m3 * run.column.dz_m)[upper])) / float(np.sum((laid.heat_J_m3 * laid.dz_m)[upper]))
        assert left == pytest.approx(float(neighbours.kept(seconds)), abs=0.01)


@given(pitch=st.floats(100.0, 3000.0))
def test_half_way_rise_runs_from_nothing_to_the_mean(pitch: float) -> None:
    """Both series of the lattice agree where one hands over to the other; the rise never falls."""
    scale = (pitch * 1e-6) ** 2 / ALPHA
    ratios = np.array([1e-4, 5e-3, 0.0199, 0.0201, 0.05, 0.2, 1.0, 10.0])
    found = neighbours.half_way(ratios * scale, pitch)

    assert found[0] < 1e-9
    assert found[-1] == pytest.approx(1.0, abs=1e-9)
    assert (np.diff(found) >= -1e-12).all()
    assert found[3] - found[2] < 0.01


def test_heat_of_passes_adds_up() -> None:
    """One pass leaves itself; each further pass adds less; no pass is refused."""
    found = [neighbours.remaining(n) for n in (1, 2, 3, 4)]

    assert found[0] == 1.0
    assert (np.diff(found) > 0).all()
    assert (np.diff(found, 2) < 0).all()
    with pytest.raises(OutOfRangeError, match="at least one pass; got 0"):
        neighbours.remaining(0)


@given(rise=st.floats(0.0, 60.0), more=st.floats(0.1, 20.0), pitch=st.floats(150.0, 2000.0))
def test_more_heat_between_columns_kills_more(rise: float, more: float, pitch: float) -> None:
    """Damage grows with the rise and with what is left of earlier passes."""
    plain = neighbours.damage_between(rise, 0.0, pitch, 33.0)

    assert neighbours.damage_between(rise + more, 0.0, pitch, 33.0) >= plain
    assert neighbours.damage_between(rise, more, pitch, 33.0) >= plain


def test_too_dense_a_pattern_is_no_longer_fractional() -> None:
    """At usual densities nothing dies between columns; at many times the density the basal layer goes, and a warning says why."""
    pulse = Pulse(wavelength_nm=1550.0, energy_mJ=20.0, spot_um=120.0, profile="gaussian", duration_ms=3.0)
    spot = spot_injury(pulse, SKIN, fractional=True)

    usual, dense = (
        spread(spot, coverage_per_pass=0.0, column_density_cm2=n, passes=passes, energy_mJ=20.0, skin=SKIN)
        for n, passes in ((250.0, 2), (1500.0, 4))
    )

    assert not usual.warnings
    assert "kills cells between them" in dense.warnings[-1]
    assert dense.basal_survival < 0.5 * (1.0 - dense.coverage_fraction)
    assert usual.bulk_rise_C < 20.0 < dense.bulk_rise_C


@given(density=st.floats(0.0, 4000.0), passes=st.integers(1, 6))
def test_shares_of_surface_stay_shares_and_grow(density: float, passes: int) -> None:
    """Zones overlap by the pattern: random ones cover less than a grid; more passes and more columns never cover less."""
    pulse = Pulse(wavelength_nm=1550.0, energy_mJ=10.0, spot_um=130.0, profile="gaussian", duration_ms=3.0)
    spot = spot_injury(pulse, SKIN, fractional=True)

    def found(n: float, times: int, pattern: str) -> float:
        made = spread(
            spot, coverage_per_pass=0.0, column_density_cm2=n, passes=times, energy_mJ=10.0, skin=SKIN,
            pattern="stamped" if pattern == "stamped" else "random",
        )  # fmt: skip
        assert 0.0 <= made.basal_survival <= 1.0
        assert made.epidermis_removed_fraction + made.epidermis_killed_fraction <= 1.0 + 1e-9
        return made.coverage_fraction

    grid, random = found(density, passes, "stamped"), found(density, passes, "random")
    assert 0.0 <= random <= grid + 1e-9
    assert grid <= 1.0
    assert found(density * 1.3, passes, "random") >= random
    assert found(density, passes + 1, "random") >= random


def test_a_pulse_longer_than_its_period_is_refused() -> None:
    """One sentence with pulse, period and what to do."""
    pulse = Pulse(wavelength_nm=2940.0, energy_mJ=500.0, spot_um=5000.0, profile="flat_top", duration_ms=60.0)
    with pytest.raises(OutOfRangeError, match=r"60 ms is longer than its period of 50 ms at 20 Hz; shorten the pulse"):
        spot_injury(pulse, SKIN, fractional=False, stack=3, repetition_Hz=20.0)
