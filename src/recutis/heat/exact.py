"""Closed forms of heat conduction: what the solvers are checked against, and quick answers for those who need no grid.

All are temperature rises [K] of bodies that start at zero, with constant conductivity k [W/m K], diffusivity a [m2/s] and
heat capacity c = k / a [J/m3 K]. Lengths in m, times in s; arrays of positions give arrays of rises.

References: Carslaw & Jaeger, Conduction of Heat in Solids, 2nd ed. (1959), chapters 2, 3, 8, 10 and 11 (not re-read: the forms
are re-derived in the tests by putting them into the equation of conduction or by quadrature).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad_vec
from scipy.optimize import brentq
from scipy.special import erf, erfc, erfcx, ive

from recutis.errors import OutOfRangeError

Array = NDArray[np.float64]
_SERIES = 200  # terms of the slab's series; the last is below rounding once a t / L^2 > 1e-4
_HIGHEST_LAMBDA = 10.0


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0.0):
            msg = f"{name} must be a finite number above 0; got {value:g}."
            raise OutOfRangeError(msg)


def half_space_flux_K(depth_m: Array, seconds: float, *, flux_W_m2: float, k: float, a: float) -> Array:
    """Half-space whose surface takes up a constant flux.

    Raises OutOfRangeError unless time, k and a are above 0.
    """
    _positive(seconds=seconds, k=k, a=a)
    z, root = np.asarray(depth_m, dtype=np.float64), math.sqrt(a * seconds)
    u = z / (2.0 * root)
    out: Array = 2.0 * flux_W_m2 / k * root * (np.exp(-(u**2)) / math.sqrt(math.pi) - u * erfc(u))
    return out


def half_space_contact_K(depth_m: Array, seconds: float, *, surface_K: float, a: float) -> Array:
    """Half-space whose surface is held at a temperature."""
    _positive(seconds=seconds, a=a)
    out: Array = surface_K * erfc(np.asarray(depth_m) / (2.0 * math.sqrt(a * seconds)))
    return out


def half_space_robin_K(depth_m: Array, seconds: float, *, medium_K: float, transfer_W_m2_K: float, k: float, a: float) -> Array:
    """Half-space whose surface exchanges heat with a medium: air, a film, an imperfect contact."""
    _positive(seconds=seconds, k=k, a=a)
    z, root, h = np.asarray(depth_m, dtype=np.float64), math.sqrt(a * seconds), transfer_W_m2_K / k
    u = z / (2.0 * root)
    # exp(h z + h^2 a t) erfc(u + h sqrt(a t)) without overflow
    out: Array = medium_K * (erfc(u) - np.exp(-(u**2)) * erfcx(u + h * root))
    return out


def heated_slab_K(depth_m: Array, seconds: float, *, thickness_m: float, power_W_m3: float, k: float, a: float) -> Array:
    """Slab heated evenly between two planes that are held at zero; depth counts from the upper plane."""
    _positive(seconds=seconds, thickness_m=thickness_m, k=k, a=a)
    z, length = np.asarray(depth_m, dtype=np.float64)[..., None], thickness_m
    odd = 2.0 * np.arange(_SERIES) + 1.0
    decay = np.exp(-a * (odd * math.pi / length) ** 2 * seconds)
    steady = power_W_m3 * z[..., 0] * (length - z[..., 0]) / (2.0 * k)
    series = (np.sin(odd * math.pi * z / length) * decay / odd**3).sum(axis=-1)
    out: Array = steady - 4.0 * power_W_m3 * length**2 / (k * math.pi**3) * series
    return out


def layer_spreading_K(depth_m: Array, seconds: float, *, upper_m: float, lower_m: float, start_K: float, a: float) -> Array:
    """Half-space with an insulated surface in which the layer between two depths was hot at the start."""
    _positive(seconds=seconds, a=a)
    z, width = np.asarray(depth_m, dtype=np.float64), 2.0 * math.sqrt(a * seconds)

    def below(edge: float) -> Array:
        out: Array = 0.5 * (erf((edge - z) / width) + erf((edge + z) / width))
        return out

    return start_K * (below(lower_m) - below(upper_m))


def cylinder_spreading_K(radius_m: Array, seconds: float, *, cylinder_m: float, start_K: float, a: float) -> Array:
    """Endless medium in which a long cylinder of radius `cylinder_m` was hot at the start; by quadrature."""
    _positive(seconds=seconds, cylinder_m=cylinder_m, a=a)
    r, spread = np.asarray(radius_m, dtype=np.float64), 4.0 * a * seconds

    def ring(s: float) -> Array:
        out: Array = np.exp(-((r - s) ** 2) / spread) * ive(0, 2.0 * r * s / spread) * 2.0 * s / spread
        return out

    found: Array = quad_vec(ring, 0.0, cylinder_m, epsrel=1e-10)[0]
    return start_K * found


def sphere_spreading_K(radius_m: Array, seconds: float, *, sphere_m: float, start_K: float, a: float) -> Array:
    """Endless medium in which a sphere of radius `sphere_m` was hot at the start; radii above 0."""
    _positive(seconds=seconds, sphere_m=sphere_m, a=a)
    r, root = np.asarray(radius_m, dtype=np.float64), math.sqrt(a * seconds)
    inner, outer = (sphere_m - r) / (2.0 * root), (sphere_m + r) / (2.0 * root)
    out: Array = start_K * (
        0.5 * (erf(inner) + erf(outer)) - root / (r * math.sqrt(math.pi)) * (np.exp(-(inner**2)) - np.exp(-(outer**2)))
    )
    return out


def heated_gaussian_K(
    distance2_m2: Array, seconds: float, *, peak_W_m3: float, width_m: float, dimensions: int, lit_s: float, k: float, a: float
) -> Array:
    """Endless medium heated by peak exp(-d^2 / width^2) for `lit_s`, at a time from the start; d counts in 2 or 3 dimensions.

    In two dimensions the source is a filament along the axis, in three a ball.
    """
    _positive(seconds=seconds, width_m=width_m, lit_s=lit_s, k=k, a=a)
    d2 = np.asarray(distance2_m2, dtype=np.float64)

    def instant(age: float) -> Array:
        wider = width_m**2 + 4.0 * a * age
        out: Array = (width_m**2 / wider) ** (dimensions / 2.0) * np.exp(-d2 / wider)
        return out

    found: Array = quad_vec(instant, max(seconds - lit_s, 0.0), seconds, epsrel=1e-11)[0]
    return peak_W_m3 * a / k * found


def stefan_lambda(stefan_number: float) -> float:
    """Root of lambda exp(lambda^2) erf(lambda) = St / sqrt(pi), for the front 2 lambda sqrt(a t) of one-phase boiling.

    St is the sensible heat of the dry zone between surface and front temperature over the latent heat, both a volume.
    """
    _positive(stefan_number=stefan_number)

    def miss(x: float) -> float:
        return float(x * math.exp(x * x) * math.erf(x) - stefan_number / math.sqrt(math.pi))

    return float(brentq(miss, 1e-12, _HIGHEST_LAMBDA, xtol=1e-14))


def stefan_front_m(seconds: float, *, surface_K: float, latent_J_m3: float, k: float, a: float) -> float:
    """Depth of the boiling front in tissue at the boiling point whose surface is held `surface_K` above it; k, a of dry tissue."""
    _positive(seconds=seconds, surface_K=surface_K, latent_J_m3=latent_J_m3, k=k, a=a)
    return 2.0 * stefan_lambda(k / a * surface_K / latent_J_m3) * math.sqrt(a * seconds)


def perfused_surface_K(depth_m: Array, *, surface_K: float, perfusion_W_m3_K: float, k: float) -> Array:
    """Steady state of perfused tissue whose surface is held at a temperature (Pennes): decay over sqrt(k / perfusion)."""
    _positive(perfusion_W_m3_K=perfusion_W_m3_K, k=k)
    out: Array = surface_K * np.exp(-np.asarray(depth_m) * math.sqrt(perfusion_W_m3_K / k))
    return out


def perfused_robin_K(depth_m: Array, *, medium_K: float, transfer_W_m2_K: float, perfusion_W_m3_K: float, k: float) -> Array:
    """Steady state of perfused tissue whose surface exchanges heat with a medium."""
    _positive(perfusion_W_m3_K=perfusion_W_m3_K, k=k, transfer_W_m2_K=transfer_W_m2_K)
    surface = medium_K * transfer_W_m2_K / (transfer_W_m2_K + math.sqrt(perfusion_W_m3_K * k))
    return perfused_surface_K(depth_m, surface_K=surface, perfusion_W_m3_K=perfusion_W_m3_K, k=k)


def beer_lambert_K(depth_m: Array, seconds: float, *, irradiance_W_m2: float, mua_m: float, k: float, a: float) -> Array:
    """Insulated half-space heated by light that decays as exp(-mua z), while it is lit; by quadrature over the age of heat."""
    _positive(seconds=seconds, mua_m=mua_m, k=k, a=a)
    z = np.asarray(depth_m, dtype=np.float64)

    def instant(age: float) -> Array:
        root = math.sqrt(a * age)
        up, down = mua_m * root + z / (2.0 * root), mua_m * root - z / (2.0 * root)
        front = np.exp(-(z**2) / (4.0 * a * age))
        deep = np.where(down >= 0.0, front * erfcx(np.maximum(down, 0.0)), np.exp((mua_m * root) ** 2 - mua_m * z) * erfc(down))
        out: Array = 0.5 * (deep + front * erfcx(up))
        return out

    found: Array = quad_vec(instant, 0.0, seconds, epsrel=1e-9)[0]
    return irradiance_W_m2 * mua_m * a / k * found


__all__ = [
    "beer_lambert_K", "cylinder_spreading_K", "half_space_contact_K", "half_space_flux_K",
    "half_space_robin_K", "heated_gaussian_K", "heated_slab_K", "layer_spreading_K", "perfused_robin_K", "perfused_surface_K",
    "sphere_spreading_K", "stefan_front_m", "stefan_lambda",
]  # fmt: skip
