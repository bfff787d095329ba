"""The closed forms themselves: each obeys the equation of conduction, its start and its boundary."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from recutis.errors import OutOfRangeError
from recutis.heat import exact

K, A = 0.46, 1.2e-7
C = K / A
NOW, STEP = 0.05, 1e-5
X = np.linspace(2e-5, 3e-4, 8)


def residual(field: Callable[[np.ndarray, float], np.ndarray], source: np.ndarray | float, *, dimensions: int = 1) -> float:
    """Worst c dT/dt - k laplacian - source over the largest of the three, by central differences."""
    h = 2e-6
    rate = C * (field(X, NOW + STEP) - field(X, NOW - STEP)) / (2 * STEP)
    bend = (field(X + h, NOW) - 2 * field(X, NOW) + field(X - h, NOW)) / h**2
    slope = (field(X + h, NOW) - field(X - h, NOW)) / (2 * h)
    spread = K * (bend + (dimensions - 1) / X * slope)
    size = max(np.abs(rate).max(), np.abs(spread).max(), float(np.max(np.abs(source))))
    return float(np.abs(rate - spread - source).max() / size)


FORMS = {
    "flux": (lambda x, t: exact.half_space_flux_K(x, t, flux_W_m2=1e4, k=K, a=A), 0.0, 1),
    "contact": (lambda x, t: exact.half_space_contact_K(x, t, surface_K=-40.0, a=A), 0.0, 1),
    "robin": (lambda x, t: exact.half_space_robin_K(x, t, medium_K=-40.0, transfer_W_m2_K=5e3, k=K, a=A), 0.0, 1),
    "slab": (lambda x, t: exact.heated_slab_K(x, t, thickness_m=4e-4, power_W_m3=1e9, k=K, a=A), 1e9, 1),
    "layer": (lambda x, t: exact.layer_spreading_K(x, t, upper_m=5e-5, lower_m=1.5e-4, start_K=30.0, a=A), 0.0, 1),
    "beer": (lambda x, t: exact.beer_lambert_K(x, t, irradiance_W_m2=1e6, mua_m=8e3, k=K, a=A), 8e9 * np.exp(-8e3 * X), 1),
    "cylinder": (lambda x, t: exact.cylinder_spreading_K(x, t, cylinder_m=1e-4, start_K=30.0, a=A), 0.0, 2),
    "sphere": (lambda x, t: exact.sphere_spreading_K(x, t, sphere_m=1e-4, start_K=30.0, a=A), 0.0, 3),
    "filament": (
        lambda x, t: exact.heated_gaussian_K(x**2, t, peak_W_m3=1e9, width_m=1e-4, dimensions=2, lit_s=1.0, k=K, a=A),
        1e9 * np.exp(-((X / 1e-4) ** 2)),
        2,
    ),
    "ball, after the light": (
        lambda x, t: exact.heated_gaussian_K(x**2, t, peak_W_m3=1e9, width_m=1e-4, dimensions=3, lit_s=0.01, k=K, a=A),
        0.0,
        3,
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_form_obeys_the_equation_of_conduction(name: str) -> None:
    """Put into the equation, a form leaves nothing but the error of the differences."""
    field, source, dimensions = FORMS[name]

    assert residual(field, source, dimensions=dimensions) < 2e-3


def test_forms_start_at_what_they_say_and_meet_their_boundaries() -> None:
    """A moment after the start heat is where it was put; at the surface flux and temperature are those given."""
    soon = 1e-9
    h = 1e-7
    flux = exact.half_space_flux_K(np.array([0.0, h]), NOW, flux_W_m2=1e4, k=K, a=A)
    robin = exact.half_space_robin_K(np.array([0.0, h]), NOW, medium_K=-40.0, transfer_W_m2_K=5e3, k=K, a=A)
    inside, outside = np.array([5e-5]), np.array([2e-4])

    assert -K * (flux[1] - flux[0]) / h == pytest.approx(1e4, rel=1e-2)
    assert -K * (robin[1] - robin[0]) / h == pytest.approx(5e3 * (-40.0 - robin[0]), rel=1e-2)
    assert exact.half_space_contact_K(np.array([0.0]), NOW, surface_K=-40.0, a=A) == pytest.approx([-40.0])
    assert exact.heated_slab_K(np.array([0.0, 4e-4]), NOW, thickness_m=4e-4, power_W_m3=1e9, k=K, a=A) == pytest.approx(
        [0, 0], abs=1e-9
    )
    for form, size in ((exact.cylinder_spreading_K, "cylinder_m"), (exact.sphere_spreading_K, "sphere_m")):
        assert form(inside, soon, start_K=30.0, a=A, **{size: 1e-4}) == pytest.approx([30.0], rel=1e-6)
        assert form(outside, soon, start_K=30.0, a=A, **{size: 1e-4}) == pytest.approx([0.0], abs=1e-9)


def test_stefan_front_balances_latent_heat() -> None:
    """The flux into the front pays for the latent heat of its progress, and the front has its limits for little heat."""
    surface, latent = 100.0, 1.6e9
    front = exact.stefan_front_m(NOW, surface_K=surface, latent_J_m3=latent, k=K, a=A)
    speed = (exact.stefan_front_m(NOW + STEP, surface_K=surface, latent_J_m3=latent, k=K, a=A) - front) / STEP
    x = exact.stefan_lambda(C * surface / latent)
    flux = K * surface / math.erf(x) * math.exp(-(x**2)) / math.sqrt(math.pi * A * NOW)

    assert flux == pytest.approx(latent * speed, rel=1e-3)
    assert exact.stefan_lambda(1e-6) == pytest.approx(math.sqrt(0.5e-6), rel=1e-5)


def test_perfused_steady_state_balances() -> None:
    """What comes through the surface is what blood takes below it."""
    w = 8e3
    depth = np.linspace(0, 0.2, 200_001)
    rise = exact.perfused_robin_K(depth, medium_K=-20.0, transfer_W_m2_K=100.0, perfusion_W_m3_K=w, k=K)
    taken = float(w * np.trapezoid(rise, depth))

    assert taken == pytest.approx(100.0 * (-20.0 - rise[0]), rel=1e-6)


@pytest.mark.parametrize(("call", "said"), [
    (lambda: exact.half_space_contact_K(X, 0.0, surface_K=1.0, a=A), r"seconds must be a finite number above 0; got 0\."),
    (lambda: exact.stefan_lambda(-1.0), r"stefan_number must be a finite number above 0; got -1\."),
])  # fmt: skip
def test_meaningless_input_is_named(call: Callable[[], object], said: str) -> None:
    """A time or number that cannot be is refused in one sentence."""
    with pytest.raises(OutOfRangeError, match=said):
        call()
