"""A melanosome from picoseconds to milliseconds: exact cooling of a sphere, limits, tension, spectra."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.injury import melanosome, scattering, selective
from recutis.skin import build

ALPHA = evidence.value("thermal_diffusivity_dermis")


def need(duration_ms: float, *, around_K: float = 0.0, mua_cm: float = 228.0) -> float:
    """Threshold of a melanosome at 694 nm."""
    return melanosome.threshold_J_cm2(
        mua_cm, start_C=33.0, explodes_C=112.0, capacity_J_m3_K=3.8e6, duration_ms=duration_ms, around_K=around_K
    )


def test_mean_of_a_cooling_sphere_is_the_exact_integral() -> None:
    """The closed form agrees with the mean over the sphere of the solution in r, at early, middle and late times."""
    from scipy.special import erf

    a = 0.5e-6
    r = (np.arange(4000) + 0.5) / 4000 * a
    for x in (2e-3, 0.05, 0.5, 5.0, 50.0):
        s = math.sqrt(x) * a  # square root of alpha t
        inside = 0.5 * (erf((a + r) / (2 * s)) + erf((a - r) / (2 * s))) - s / (r * math.sqrt(math.pi)) * (
            np.exp(-((a - r) ** 2) / (4 * s * s)) - np.exp(-((a + r) ** 2) / (4 * s * s))
        )
        mean = float((inside * r**2).sum() / (r**2).sum())
        found = float(melanosome.mean_memory(np.array([x * a * a / ALPHA]), 1.0)[0])

        assert found == pytest.approx(mean, rel=2e-3), x


def test_memory_has_its_two_limits() -> None:
    """At first all heat is there; late the sphere is a point source: volume over (4 pi alpha t)^1.5, without a jump on the way."""
    late = 1e-3
    times = np.geomspace(1e-12, 1.0, 400)
    course = melanosome.mean_memory(times, 1.0)

    assert course[0] == pytest.approx(1.0, abs=2e-3)
    assert melanosome.mean_memory(np.array([late]), 1.0)[0] == pytest.approx(
        4 / 3 * math.pi * 0.125e-18 / (4 * math.pi * ALPHA * late) ** 1.5, rel=0.01
    )
    assert (np.diff(course) <= 0.0).all()
    assert np.abs(np.diff(np.log(course))).max() < 0.12


def test_long_pulses_reach_the_steady_sphere() -> None:
    """Evenly heated for long, a sphere sits at 0.4 a² / alpha times the rate of adiabatic heating."""
    seconds = 0.05
    expected = 0.4 * (0.5e-6) ** 2 / ALPHA / seconds

    assert melanosome.kept(seconds * 1e3, 1.0) == pytest.approx(expected, rel=0.02)


def test_nanoseconds_need_the_adiabatic_exposure() -> None:
    """Ten nanoseconds: heat capacity times the rise over the absorption, within a tenth; 100 ns need a third more."""
    adiabatic = 3.8 * 79.0 / 228.0

    assert need(1e-5) == pytest.approx(adiabatic, rel=0.12)
    assert need(1e-4) == pytest.approx(need(1e-5), rel=0.4)


def test_threshold_rises_smoothly_and_steeply_beyond_a_microsecond() -> None:
    """No step from 10 ns to 10 ms; confinement is lost between 0.1 and 10 µs, and a millisecond needs hundreds of times more."""
    lengths = np.geomspace(1e-5, 10.0, 120)
    needed = np.array([need(float(ms)) for ms in lengths])
    slope = np.diff(np.log(needed)) / np.diff(np.log(lengths))

    assert (slope > 0.0).all()
    assert slope.max() < 1.02
    assert slope[0] < 0.15
    assert slope[-1] > 0.9
    assert needed[-1] / needed[0] > 1e3


def test_warm_surroundings_take_over_in_slow_pulses() -> None:
    """When a melanosome keeps nothing of its own it is as hot as its layer: the threshold is the rise over that of the layer."""
    assert need(10.0, around_K=5.0) == pytest.approx(79.0 / 5.0, rel=0.05)
    assert need(1e-5, around_K=5.0) == pytest.approx(need(1e-5), rel=0.02)


def test_tension_helps_picoseconds_only() -> None:
    """Below a nanosecond the threshold falls, to the share that tension leaves; ten nanoseconds do not feel it."""
    share = evidence.value("phys_tension_share")

    assert melanosome.tension(1e-5, 1.0) < 0.08
    assert melanosome.tension(1e-9, 1.0) > 0.99
    assert need(1e-9) / need(1e-5) == pytest.approx(1.0 - share, rel=0.15)


def test_pulses_without_length_are_refused() -> None:
    """The error says what is wanted."""
    with pytest.raises(OutOfRangeError, match="A melanosome needs a pulse longer than 0; got 0 ms"):
        need(0.0)


def test_paler_skin_whitens_later_and_longer_waves_reach_it_less() -> None:
    """Whitening needs more light in lighter skin and at 1064 than at 532 nm."""
    needed = {}
    for phototype in ("II", "VI"):
        skin = scattering.ridged(build(site="cheek", age_years=40.0, phototype=phototype, sex="female"))
        for nm in (532.0, 1064.0):
            field = scattering.light_field(skin, nm, (nm, nm), 5000.0, False)
            ratio = selective.melanosome_ratio(field, skin, selective.living_um(skin), duration_ms=1e-5)
            needed[phototype, nm] = 1.0 / float(ratio.mean())

    assert needed["II", 532.0] > 2.0 * needed["VI", 532.0]
    assert needed["II", 1064.0] > 3.0 * needed["II", 532.0]
    assert needed["VI", 1064.0] > 2.0 * needed["VI", 532.0]


def test_either_way_takes_the_nearer_one() -> None:
    """At each depth the larger ratio counts, for lesion and epidermis too."""
    burst = selective.Pigment(lesion=0.5, epidermis=0.2, depths_um=(10.0, 50.0, 90.0), ratios=(0.6, 0.5, 0.1))
    heated = selective.Pigment(lesion=0.3, epidermis=0.4, depths_um=(30.0, 70.0), ratios=(0.4, 0.2))
    both = selective.either(burst, heated)

    assert (both.lesion, both.epidermis) == (0.5, 0.4)
    assert both.ratios == pytest.approx((0.6, 0.5, 0.2))
    assert selective.either(burst, replace(heated, depths_um=(), ratios=())).ratios == burst.ratios
