"""Cooling as periods: what is on the skin when, and what it does to a run."""

from __future__ import annotations

import numpy as np
import pytest

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat.column import Slab, stretched_edges
from recutis.heat.disc import Disc, new_disc, run_disc
from recutis.heat.surface import exposure_periods
from recutis.laser.cooling import KINDS, surface_cooling

EDGES = stretched_edges(fine_m=1e-5, fine_to_m=1e-4, stretch=1.3, end_m=2e-3)
AIR = evidence.value("h_air_natural")


def skin() -> Disc:
    """Plain skin in one ring."""
    return new_disc(Slab(thickness_um=(1e5,), water_fraction=(0.7,), start_C=33.0), EDGES, np.array([0.0, 1e-3]))


@pytest.mark.parametrize("kind", KINDS)
def test_periods_follow_the_timing_of_each_kind(kind: str) -> None:
    """Time adds up; a spray gives way to air before the pulse, contact and cold air stay, nothing means air throughout."""
    cooling = surface_cooling(kind)
    periods = exposure_periods(cooling, pulse_s=0.003, power_W_m3=None, after_s=0.2)
    pulse = next(p for p in periods if p.seconds == 0.003)

    assert sum(p.seconds for p in periods) == pytest.approx((cooling.before_ms + cooling.delay_ms) / 1e3 + 0.203)
    if kind in {"none", "cryogen"}:
        assert pulse.transfer_W_m2_K == AIR
    else:
        assert pulse.transfer_W_m2_K == cooling.heat_transfer_W_m2_K
        assert pulse.medium_C == cooling.medium_C


def test_contact_can_be_taken_off() -> None:
    """After the time it stays the skin meets air."""
    periods = exposure_periods(surface_cooling("contact"), pulse_s=0.003, power_W_m3=None, after_s=1.0, stays_s=0.4)

    assert [p.seconds for p in periods[-2:]] == pytest.approx([0.4, 0.6])
    assert periods[-1].transfer_W_m2_K == AIR


def test_cooling_protects_the_surface() -> None:
    """With a spray or a contact before the pulse the surface stays cooler than without."""
    power = np.full((EDGES.size - 1, 1), 1e10) * np.exp(-EDGES[:-1, None] / 3e-4)

    def peak(kind: str) -> float:
        return run_disc(
            skin(), exposure_periods(surface_cooling(kind), pulse_s=0.01, power_W_m3=power, after_s=0.02)
        ).disc.peak_K[0, 0]

    assert peak("contact") < peak("none")
    assert peak("cryogen") < peak("none")


def test_negative_times_are_named() -> None:
    """A time after the pulse cannot be negative."""
    with pytest.raises(OutOfRangeError, match=r"at least 0 .*got -1 s"):
        exposure_periods(surface_cooling("none"), pulse_s=-1.0, power_W_m3=None, after_s=1.0)
