"""Ablative channels as on a slide: shape, rim, mechanisms, shared rows."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from recutis.errors import OutOfRangeError
from recutis.injury import channel
from recutis.injury.slide import as_fixed
from recutis.injury.targets import compute
from recutis.laser.types import Profile, Pulse
from recutis.skin import build

SKIN = build(site="cheek", age_years=40, phototype="II", sex="female")


def pulse(
    energy_mJ: float, *, nm: float = 10600.0, spot_um: float = 120.0, ms: float = 0.7, profile: Profile = "gaussian"
) -> Pulse:
    """A microbeam."""
    return Pulse(wavelength_nm=nm, energy_mJ=energy_mJ, spot_um=spot_um, profile=profile, duration_ms=ms)


@cache
def seen(energy_mJ: float, ms: float = 0.7, nm: float = 10600.0, stack: int = 1) -> channel.Channel:
    """A channel on half as fine a grid, quick enough for tests."""
    spot, profile = (120.0, "gaussian") if nm > 5000 else (200.0, "flat_top")
    beam = Pulse(wavelength_nm=nm, energy_mJ=energy_mJ, spot_um=spot, profile=profile, duration_ms=ms)  # type: ignore[arg-type]
    return channel.expose(beam, SKIN, stack=stack, repetition_Hz=100.0, fineness=0.6)


def test_a_carbon_dioxide_channel_tapers_smoothly() -> None:
    """Walls come nearer the axis all the way down, without steps, inside a rim that is whole."""
    shape = seen(10.0)
    rows = (shape.depths_um > 20.0) & (shape.depths_um < 0.9 * shape.depth_um)
    wall, dead = shape.wall_um[rows], shape.dead_um[rows]

    assert (np.diff(wall) <= 1e-9).all()
    assert -np.diff(wall).min() < 8.0
    assert (dead - wall > 5.0).all()
    assert (shape.collagen_um <= shape.dead_um + 1e-9).all()


def test_depth_and_width_grow_with_energy() -> None:
    """More energy: deeper, by less than in proportion at last, and wider."""
    shapes = [seen(e) for e in (5.0, 10.0, 20.0)]
    depths = [s.depth_um for s in shapes]

    assert depths[0] < depths[1] < depths[2]
    assert depths[2] / depths[0] > 2.0
    assert shapes[0].lesion_width_um < shapes[1].lesion_width_um < shapes[2].lesion_width_um


def test_long_pulses_leave_a_thicker_rim() -> None:
    """Heat has time to spread during a long pulse."""
    assert seen(10.0, ms=20.0).rim_um > 1.2 * seen(10.0, ms=0.7).rim_um


def test_erbium_rims_are_thinner_than_those_of_carbon_dioxide() -> None:
    """A micrometre of penetration against ten."""
    erbium = seen(8.0, ms=0.25, nm=2940.0)

    assert 5.0 < erbium.rim_um < 25.0
    assert erbium.rim_um < 0.7 * seen(10.0).rim_um


def test_stacked_pulses_go_deeper_than_one() -> None:
    """Two pulses dig nearly as deep as one of both their energies."""
    once, twice, whole = seen(5.0), seen(5.0, stack=2), seen(10.0)

    assert once.depth_um < twice.depth_um < 1.2 * whole.depth_um


def test_a_finer_grid_changes_little() -> None:
    """Cells, rings and steps of two thirds the size move depth, width and rim by some per cent."""
    coarse, fine = seen(5.0), channel.expose(pulse(5.0), SKIN, fineness=1.0)

    assert coarse.depth_um == pytest.approx(fine.depth_um, rel=0.06)
    assert coarse.rim_um == pytest.approx(fine.rim_um, rel=0.1)
    assert coarse.lesion_width_um == pytest.approx(fine.lesion_width_um, rel=0.03)


def test_injury_holds_together() -> None:
    """Areas, volumes and energies of the slide agree with each other."""
    spot = channel.channel_injury(pulse(10.0), SKIN)
    balance = spot.energy

    assert spot.lesion_depth_um == pytest.approx(spot.ablation_depth_um + spot.coagulation_depth_um)
    assert spot.basal_area == pytest.approx(spot.removed_area + spot.killed_area)
    assert spot.surface_area >= spot.basal_area
    assert spot.ablated_volume < math.pi / 4 * spot.lesion_width_um**2 * spot.lesion_depth_um
    assert spot.dermis_volume > 0
    assert 0 < spot.heat < 0.3 * balance.incident_J
    assert abs(balance.residual) < 1e-6
    assert balance.removed + balance.stored + balance.surface + balance.reflected + balance.transmitted == pytest.approx(1.0)


def test_fixed_tissue_has_shrunk() -> None:
    """A slide shows less than fresh tissue has: more so along the depth."""
    depth, width = as_fixed(depth_um=121.0, width_um=112.0)

    assert depth == pytest.approx(100.0)
    assert width == pytest.approx(100.0)


def test_strange_rows_compute_and_meaningless_ones_say_why() -> None:
    """A row of other settings has a number; one without sense has a sentence."""
    row = {
        "tier": "score", "family": "fractional", "wavelength_nm": "2790", "pulse_duration_s": "0.0006", "spot_diameter_mm": "0.3",
        "spot_profile": "top_hat", "pulse_energy_mJ": "10", "n_pulses": "2", "repetition_rate_Hz": "50", "tissue": "pig skin",
        "quantity": "coagulation_rim_um",
    }  # fmt: skip
    found = compute(row)
    wrong = compute({**row, "pulse_energy_mJ": "-3"})

    assert found.value is not None
    assert 1.0 < found.value < 60.0
    assert wrong.value is None
    assert "energy" in wrong.reason


def test_light_that_water_does_not_dominate_is_refused() -> None:
    """The channel model says which lines it knows."""
    with pytest.raises(OutOfRangeError, match="not a water-dominated line"):
        channel.expose(pulse(10.0, nm=1550.0), SKIN)
