"""One layer's light in closed form: modes of discrete ordinates, light scattered out of a beam, integrals over depth.

With S and D the sum and the difference of what goes down and up, M the cosines, the layer obeys M S' = -A D + Q_D and
M D' = -E S + Q_S. E and A keep the even and the odd moments of the phase function and are symmetric, so the singular values k
of sqrt(E) M⁻¹ sqrt(A) are the rates of the modes: S = Z a, D = Y b with a' = -b + d and b' = -k² a + e. Nothing is divided
by k, so conservative scattering (k = 0) needs no care, and Z⁻¹ is Y' M.

Scattering into the last bit of angle that directions can resolve counts as going straight on (delta-M), or straight back
where g is below 0. References: Wiscombe 1977, doi:10.1175/1520-0469(1977)034<1408:TDMRYA>2.0.CO;2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.light._ordinates import Basis
from recutis.light.stack import OpticalLayer
from recutis.units import CM_PER_UM

Array = NDArray[np.float64]

_THICK: Final = 1.0  # k x depth; thicker modes are told by decays from both faces, thinner ones by cosh and sinh
_SHORT: Final = 1e-2  # optical path in a cell; below, three points of Gauss integrate to rounding
_GAUSS: Final = ((0.5 - math.sqrt(0.15), 5.0 / 18.0), (0.5, 8.0 / 18.0), (0.5 + math.sqrt(0.15), 5.0 / 18.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class Ray:
    """A beam in a layer: a sum of decays from both faces, each with a share of light turned straight back.

    cosine, rate : of the beam; decay with optical depth
    turned : what goes the other way for each unit of the decaying beam
    glow : fluence for each unit of flux
    d, risen : (N,) · added to the slope of a for each unit, and to a for each `_both`
    """

    cosine: float
    rate: float
    turned: float
    glow: float
    d: Array
    risen: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Slab:
    """A layer with scaled coefficients, and its modes.

    per_um, depth : scaled optical depth in a µm and of all of the layer
    lost : absorbed share of the scaled extinction
    scattered : scattering over the scaled extinction
    k : (N,) · rates of the modes
    sums, differences : (N, N) · sqrt(M) Z and sqrt(M) Y; the columns of one are biorthogonal to those of the other
    seen : (N,) · what a unit of each mode's a adds to the fluence
    """

    n: float
    g: float
    per_um: float
    depth: float
    lost: float
    scattered: float
    k: Array
    sums: Array
    differences: Array
    seen: Array
    basis: Basis

    @cached_property
    def thick(self) -> NDArray[np.bool_]:
        """Modes that are told by decays from both faces."""
        return np.asarray(self.k * self.depth >= _THICK) if math.isfinite(self.depth) else np.ones(self.k.size, bool)

    @cached_property
    def faces(self) -> tuple[tuple[Array, Array, Array, Array], tuple[Array, Array, Array, Array]]:
        """What the two amplitudes x, y of each mode add: (x to a, y to a, x to b, y to b) at the top, then at the bottom."""
        k, thick, one = self.k, self.thick, np.ones_like(self.k)
        if thick.all():
            fade = np.exp(-k * self.depth)
            return (one, fade, k, -k * fade), (fade, one, k * fade, -k)
        half = np.where(thick, 0.0, k * self.depth / 2.0)
        slope = self.depth / 2.0 * _sinhc(half) / np.cosh(half)  # tanh(k depth / 2) / k
        fade = np.exp(-k * self.depth)
        top = (one, np.where(thick, fade, slope), np.where(thick, k, k * k * slope), np.where(thick, -k * fade, one))
        bottom = (
            np.where(thick, fade, one), np.where(thick, one, -slope),
            np.where(thick, k * fade, -k * k * slope), np.where(thick, -k, one),
        )  # fmt: skip
        return top, bottom

    @cached_property
    def ray(self) -> Ray | None:
        """The beam in the layer, None when it does not get there.

        Its first scattering is resolved more finely than that of diffuse light.
        """
        cosine = self.basis.beam_cosine
        if cosine is None:
            return None
        peak, moments = _without_peak(self.g, self.basis.beam_moments)
        sideways, back = self.scattered * (1.0 - peak), self.scattered * peak * (self.g < 0.0)
        gone = self.lost + sideways
        rate = math.sqrt(gone * (gone + 2.0 * back))
        turned = back / (gone + back + rate)
        even, odd = self.basis.beam_scatters(moments)
        made = self.scattered / (np.sqrt(self.basis.cosine) * self.n * cosine)
        d = (1.0 - turned) * (self.differences.T @ (odd * made))
        e = (1.0 + turned) * (self.sums.T @ (even * made))
        rate /= cosine
        risen = (e + rate * d) / (self.k + rate)
        return Ray(cosine=cosine, rate=rate, turned=turned, glow=(1.0 + turned) / cosine, d=d, risen=risen)


def _without_peak(g: float, count: int) -> tuple[float, Array]:
    """Share of scattering in the peak, and the first moments of Henyey and Greenstein's function without it."""
    order = np.arange(count, dtype=np.float64)
    peak = abs(g) ** count
    return peak, g**order - peak * (1.0 if g >= 0.0 else (-1.0) ** order)


def slab(layer: OpticalLayer, found: Basis) -> Slab:
    """The modes of a layer that absorbs or scatters."""
    peak, moments = _without_peak(layer.g, found.moments)
    ahead, behind = (peak, 0.0) if layer.g >= 0.0 else (0.0, peak)
    total = layer.mua_cm + layer.mus_cm * (1.0 - ahead)
    lost, scattered = layer.mua_cm / total, layer.mus_cm / total
    root = np.sqrt(found.cosine)
    if layer.mus_cm > 0.0:
        kept_even, kept_odd = 1.0 - behind * scattered, 1.0 + behind * scattered  # of what no function reaches
        moments = scattered * moments
        even, odd = kept_even - moments[::2], kept_odd - moments[1::2]
        even[0] = lost
        root_e = _function(found.even, even, kept_even, 0.5)
        root_a = _function(found.odd, odd, kept_odd, 0.5)
        _, k, modes = np.linalg.svd((root_e / found.cosine) @ root_a)
        sums = (root_a @ modes.T) / root[:, None]
        differences = root[:, None] * (_function(found.odd, odd, kept_odd, -0.5) @ modes.T)
    else:
        k, sums, differences = 1.0 / found.cosine, np.diag(1.0 / root), np.diag(root)
    per_um = total * CM_PER_UM
    return Slab(
        n=layer.n, g=layer.g, per_um=per_um, depth=per_um * layer.thickness_um, lost=lost, scattered=scattered, k=k,
        sums=sums, differences=differences, seen=layer.n * (found.root_weight / root) @ sums, basis=found,
    )  # fmt: skip


def _function(vectors: Array, values: Array, rest: float, power: float) -> Array:
    """A power of the symmetric matrix with these eigenvectors and eigenvalues, and `rest` for all other vectors."""
    other = rest**power
    return np.asarray(other * np.eye(vectors.shape[0]) + (vectors * (values**power - other)) @ vectors.T)


@dataclass(frozen=True, kw_only=True, eq=False)
class Lit:
    """A layer with the amplitudes of its modes and of the beam in it: fluence at any depth.

    x, y : (N,) · amplitudes of the modes
    ray : None without a beam
    down, up : flux of the beam that decays from the top and of the one that decays from the bottom
    """

    slab: Slab
    x: Array
    y: Array
    ray: Ray | None
    down: float
    up: float

    def fluence(self, depth: Array) -> Array:
        """Fluence at optical depths below the layer's top, over the incident exposure."""
        slab, thick, rest = self.slab, self.slab.thick, self.slab.depth - depth
        k, weight = slab.k[thick], slab.seen[thick]
        fluence = np.exp(-depth[:, None] * k) @ (weight * self.x[thick])
        fluence += np.exp(-rest[:, None] * k) @ (weight * self.y[thick])
        if not thick.all():
            k, weight, x = slab.k[~thick], slab.seen[~thick], (depth - slab.depth / 2.0)[:, None]
            weight = weight / np.cosh(k * slab.depth / 2.0)
            fluence += np.cosh(k * x) @ (weight * self.x[~thick]) - (x * _sinhc(k * x)) @ (weight * self.y[~thick])
        if self.ray is not None:
            risen, rate = slab.seen * self.ray.risen, self.ray.rate
            for flux, path in ((self.down, depth), (self.up, rest)):
                if flux:
                    fluence += flux * (_both(path, slab.k, rate) @ risen + np.exp(-path * rate) * self.ray.glow)
        return np.asarray(fluence)

    def integrals(self, depth: Array) -> Array:
        """Integrals of the fluence over optical depth between neighbouring depths below the layer's top."""
        slab, thick = self.slab, self.slab.thick
        step, start, end = np.diff(depth), depth[:-1], depth[1:]
        rest = slab.depth - end
        k, weight = slab.k[thick], slab.seen[thick]
        share = _phi(step[:, None] * k)
        total = (share * np.exp(-start[:, None] * k)) @ (weight * self.x[thick])
        total += (share * np.exp(-rest[:, None] * k)) @ (weight * self.y[thick])
        if not thick.all():
            k, weight, x = slab.k[~thick], slab.seen[~thick], ((start + end - slab.depth) / 2.0)[:, None]
            weight = weight / np.cosh(k * slab.depth / 2.0)
            share = _sinhc(k * step[:, None] / 2.0)
            total += (share * np.cosh(k * x)) @ (weight * self.x[~thick])
            total -= (share * x * _sinhc(k * x)) @ (weight * self.y[~thick])
        total *= step
        if self.ray is not None:
            risen, rate = slab.seen * self.ray.risen, self.ray.rate
            for flux, path in ((self.down, start), (self.up, rest)):
                if flux:
                    total += flux * (_both_over(path, step, slab.k, rate) @ risen)
                    total += flux * self.ray.glow * np.exp(-path * rate) * step * _phi(step * rate)
        return np.asarray(total)

    def total(self) -> float:
        """Integral of the fluence over the optical depth of the whole layer."""
        slab, ray = self.slab, self.ray
        if math.isfinite(slab.depth):
            return float(self.integrals(np.array([0.0, slab.depth]))[0])
        found = float(slab.seen @ (self.x / slab.k))
        if ray is not None:
            found += self.down * (ray.glow + float(slab.seen @ (ray.risen / slab.k))) / ray.rate
        return found


def particular(slab: Slab, ray: Ray, down: float, up: float) -> tuple[Array, Array, Array, Array]:
    """What a beam adds to the diffuse light at the layer's faces: down and up at the top, down and up at the bottom."""
    near = ray.d - ray.risen
    if math.isfinite(slab.depth):
        far_a = ray.risen * _both(np.array([slab.depth]), slab.k, ray.rate)[0]
        far_b = near * math.exp(-ray.rate * slab.depth) + slab.k * far_a
    else:
        far_a = far_b = np.zeros_like(near)
    a = slab.sums @ np.column_stack((up * far_a, down * far_a)) / 2.0
    b = slab.differences @ np.column_stack((down * near - up * far_b, down * far_b - up * near)) / 2.0
    return a[:, 0] + b[:, 0], a[:, 0] - b[:, 0], a[:, 1] + b[:, 1], a[:, 1] - b[:, 1]


def _phi(x: Array) -> Array:
    """(1 - exp(-x)) / x, 1 at 0."""
    safe = np.where(x > 0.0, x, 1.0)
    return np.asarray(np.where(x > 0.0, -np.expm1(-safe) / safe, 1.0))


def _sinhc(x: Array) -> Array:
    """sinh(x) / x, 1 at 0."""
    safe = np.where(x != 0.0, x, 1.0)
    return np.asarray(np.where(x != 0.0, np.sinh(safe) / safe, 1.0))


def _both(path: Array, k: Array, m: float) -> Array:
    """(exp(-m path) - exp(-k path)) / (k - m), path exp(-m path) at k = m; (paths, k)."""
    path = path[:, None]
    return np.asarray(path * np.exp(-np.minimum(k, m) * path) * _phi(np.abs(k - m) * path))


def _both_over(path: Array, step: Array, k: Array, m: float) -> Array:
    """Integrals of `_both` over steps of path; its slope is exp(-m path) - k times itself, and with k and m exchanged."""
    high, low = np.maximum(k, m), np.minimum(k, m)
    width = step[:, None]
    faded = np.exp(-low * path[:, None]) * width * _phi(low * width)
    total = (faded - _both(path + step, k, m) + _both(path, k, m)) / high
    short = np.nonzero(step * m < _SHORT)[0]
    if short.size:
        near = sum(share * _both(path[short] + at * step[short], k, m) for at, share in _GAUSS) * width[short]
        total[short] = np.where(high * width[short] < _SHORT, near, total[short])
    return np.asarray(total)
