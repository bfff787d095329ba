"""Light in layered skin lit by a wide beam: delta-Eddington two-stream, each layer in closed form, exact energy.

The collimated beam and two diffuse streams are solved in every layer by its exponentials; continuity of
the streams at the layer boundaries is solved by adding layers from below. Internal reflection of the diffuse stream
at the surface follows from the mismatch of refractive index. Absorption in a layer is the drop of net
flux over it, so reflected + absorbed + transmitted = 1 to rounding.
References: Joseph, Wiscombe & Weinman 1976 (delta scaling); Meador & Weaver 1980 (two-stream forms);
Egan & Hilgeman 1979 (polynomial for internal reflection); Duntley 1942 (beyond its range). Stated error: some ten per cent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recutis.errors import OutOfRangeError
from recutis.jit import kernel

Array = NDArray[np.float64]
_EGAN = (-1.4399, 0.7099, 0.6681, 0.0636)  # internal diffuse reflection as a function of relative index: pure fit of Fresnel
_FITTED_TO = 2.0
_MATCHED = 1e-5  # relative index over 1; nearer, the exact formula is rounding only
_THIN = 1e-7  # share absorbed in a cell, or of extinction; below, the fall of net flux is rounding only


@dataclass(frozen=True, eq=False, kw_only=True)
class Light:
    """Light per unit incident: reflected, transmitted, absorbed fraction per cell, mean fluence over incident per cell."""

    reflected: float
    transmitted: float
    absorbed: Array
    fluence: Array


def _entry_reflection(n: float) -> float:
    """Reflection of diffuse light that meets a medium of this relative index from outside, at least 1 (Walsh, Duntley 1942)."""
    if n - 1.0 < _MATCHED:
        return 0.0
    square = n * n
    sums, fourth = square + 1.0, square * square - 1.0
    return (
        0.5 + (n - 1.0) * (3.0 * n + 1.0) / (6.0 * (n + 1.0) ** 2)
        + square * (square - 1.0) ** 2 / sums**3 * math.log((n - 1.0) / (n + 1.0))
        - 2.0 * n**3 * (square + 2.0 * n - 1.0) / (sums * fourth)
        + 8.0 * square**2 * (square**2 + 1.0) / (sums * fourth**2) * math.log(n)
    )  # fmt: skip


def internal_reflection(n: float) -> float:
    """Reflection of diffuse light inside tissue of this index, over that of the medium outside; 0 for a matched surface.

    Inside a thinner medium (below 1) nothing is reflected totally. Beyond an index of 2 the fit would leave the truth.
    """
    if n <= 1.0:
        return _entry_reflection(1.0 / n)
    if n > _FITTED_TO:
        return 1.0 - (1.0 - _entry_reflection(n)) / n**2
    return max(0.0, _EGAN[0] / n**2 + _EGAN[1] / n + _EGAN[2] + _EGAN[3] * n)


def specular_reflection(n: float) -> float:
    """Fresnel reflection at normal incidence on tissue of this index, over that of the medium outside."""
    return ((n - 1.0) / (n + 1.0)) ** 2


@kernel
def layer_transfer(tau: float, albedo: float, g: float) -> tuple[float, float, float, float]:
    """Diffuse reflection and transmission of a layer, and its upward and downward yield from a collimated beam of one.

    Delta-scaled inputs. Conservative scattering is reached by a tiny absorption.
    """
    albedo = min(albedo, 1.0 - 1e-9)
    g1 = (7.0 - albedo * (4.0 + 3.0 * g)) / 4.0
    g2 = -(1.0 - albedo * (4.0 - 3.0 * g)) / 4.0
    g3 = (2.0 - 3.0 * g) / 4.0
    g4 = 1.0 - g3
    lam = np.sqrt(g1 * g1 - g2 * g2)
    if abs(lam - 1.0) < 1e-6:  # resonance of beam and stream: step aside, the limit is smooth
        lam = 1.0 + 1e-6
    gamma = g2 / (g1 + lam)
    decay = np.exp(-lam * tau)
    beam = np.exp(-tau)
    base = 1.0 - gamma * gamma * decay * decay
    reflect = gamma * (1.0 - decay * decay) / base
    transmit = (1.0 - gamma * gamma) * decay / base
    alpha = albedo / (lam * lam - 1.0)
    up_part = alpha * ((g1 - 1.0) * g3 + g4 * g2)
    down_part = alpha * ((g1 + 1.0) * g4 + g2 * g3)
    # particular streams up_part*exp(-t), down_part*exp(-t); homogeneous parts cancel inflow at both faces
    up = up_part - reflect * down_part - transmit * up_part * beam
    down = down_part * beam - reflect * up_part * beam - transmit * down_part
    return reflect, transmit, up, down


@kernel
def streams(tau: Array, albedo: Array, g: Array, inner: float, enter: float) -> tuple[Array, Array, Array]:
    """Upward and downward diffuse flux and collimated flux at every boundary, per unit incident, by adding layers."""
    n = tau.size
    reflect = np.empty(n)
    transmit = np.empty(n)
    up_made = np.empty(n)
    down_made = np.empty(n)
    beam = np.empty(n + 1)
    beam[0] = enter
    for i in range(n):
        reflect[i], transmit[i], up, down = layer_transfer(tau[i], albedo[i], g[i])
        up_made[i] = up * beam[i]
        down_made[i] = down * beam[i]
        beam[i + 1] = beam[i] * np.exp(-tau[i])
    # from below: reflection of everything under boundary i and its own upward yield; nothing returns from the bottom
    below = np.zeros(n + 1)
    yielded = np.zeros(n + 1)
    for i in range(n - 1, -1, -1):
        bounce = 1.0 / (1.0 - reflect[i] * below[i + 1])
        below[i] = reflect[i] + transmit[i] * transmit[i] * below[i + 1] * bounce
        yielded[i] = up_made[i] + transmit[i] * bounce * (yielded[i + 1] + below[i + 1] * down_made[i])
    down_flux = np.empty(n + 1)
    up_flux = np.empty(n + 1)
    up_flux[0] = yielded[0] / (1.0 - below[0] * inner)
    down_flux[0] = inner * up_flux[0]
    for i in range(n):
        bounce = 1.0 / (1.0 - reflect[i] * below[i + 1])
        down_flux[i + 1] = (transmit[i] * down_flux[i] + down_made[i] + reflect[i] * yielded[i + 1]) * bounce
        up_flux[i + 1] = yielded[i + 1] + below[i + 1] * down_flux[i + 1]
    return up_flux, down_flux, beam


def propagate(thickness_m: Array, mua_m: Array, musp_m: Array, g: Array, *, n_surface: float) -> Light:
    """Reflection, absorption per cell and fluence per cell for a wide collimated beam of one.

    Arrays have one entry a cell (1/m, metres). `g` is the anisotropy; scattering is musp / (1 - g). `n_surface` is the
    refractive index over that of the medium outside.
    Raises OutOfRangeError for negative coefficients or g outside [0, 1).
    """
    if np.any(mua_m < 0) or np.any(musp_m < 0) or np.any((g < 0) | (g >= 1)) or np.any(thickness_m <= 0):
        msg = "Light needs thickness > 0, absorption and scattering of at least 0 and 0 <= g < 1; check the layer optics."
        raise OutOfRangeError(msg)
    mus = musp_m / (1.0 - g)
    forward = g * g
    mus_scaled = mus * (1.0 - forward)
    g_scaled = g / (1.0 + g)
    total = np.maximum(mua_m + mus_scaled, 1e-12)  # vacuum-like cells: optical thickness of nothing
    enter = 1.0 - specular_reflection(n_surface)
    inner = internal_reflection(n_surface)
    up, down, beam = streams(total * thickness_m, mus_scaled / total, g_scaled, inner, enter)
    net = down + beam - up
    absorbed = net[:-1] - net[1:]
    local = beam + 2.0 * (up + down)
    middle = np.sqrt(np.maximum(local[:-1], 0.0) * np.maximum(local[1:], 0.0))
    told = (mua_m * thickness_m > _THIN) & (mua_m > _THIN * total)
    fluence = np.where(told, absorbed / np.maximum(mua_m * thickness_m, 1e-300), middle)
    reflected = 1.0 - enter + (1.0 - inner) * up[0]
    return Light(reflected=float(reflected), transmitted=float(net[-1]), absorbed=absorbed, fluence=fluence)
