"""One layer's light in closed form: modes of discrete ordinates, light scattered out of a beam, integrals over depth.

With S and D the sum and the difference of what goes down and up, M the cosines, the layer obeys M S' = -A D + Q_D and
M D' = -E S + Q_S. E and A keep the even and the odd moments of the phase function and are symmetric, so the singular values k
of sqrt(E) M⁻¹ sqrt(A) are the rates of the modes: S = Z a, D = Y b with a' = -b + d and b' = -k² a + e. Nothing is divided
by k, so conservative scattering (k = 0) needs no care, and Z⁻¹ is Y' M.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.light._ordinates import Basis
from recutis.light.stack import OpticalLayer
from recutis.units import CM_PER_UM

Array = NDArray[np.float64]

_THICK: Final = 1.0  # k x thickness; thicker modes are told by decays from both faces, thinner ones by cosh and sinh
_SHORT: Final = 1e-2  # optical path in a cell; below, three points of Gauss integrate to rounding
_GAUSS: Final = ((0.5 - math.sqrt(0.15), 5.0 / 18.0), (0.5, 8.0 / 18.0), (0.5 + math.sqrt(0.15), 5.0 / 18.0))


def _phi(x: Array) -> Array:
    """(1 - exp(-x)) / x, 1 at 0."""
    return np.asarray(np.where(x > 0.0, -np.expm1(-x) / np.where(x > 0.0, x, 1.0), 1.0))


def _sinhc(x: Array) -> Array:
    """sinh(x) / x, 1 at 0."""
    return np.asarray(np.where(x > 0.0, np.sinh(x) / np.where(x > 0.0, x, 1.0), 1.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class Slab:
    """A layer with delta-scaled coefficients, and its modes.

    per_um : scaled optical depth in a µm
    depth : scaled optical depth of all of it
    lost : absorbed share of the scaled extinction
    k : (N,) · rates of the modes
    sums, differences : (N, N) · sqrt(M) Z and sqrt(M) Y, so that their columns are biorthogonal
    seen : (N,) · what a unit of each mode's a adds to the fluence
    scattered : (L,) · albedo times the moments of the phase function
    """

    n: float
    per_um: float
    depth: float
    lost: float
    k: Array
    sums: Array
    differences: Array
    seen: Array
    beamed: float
    beam_moments: Array
    basis: Basis

    @property
    def thick(self) -> NDArray[np.bool_]:
        """Modes that are told by decays from both faces."""
        return np.asarray(self.k * self.depth >= _THICK) if math.isfinite(self.depth) else np.ones(self.k.size, bool)

    def faces(self) -> tuple[tuple[Array, Array, Array, Array], tuple[Array, Array, Array, Array]]:
        """What the two amplitudes x, y of each mode add to a and b: (a of x, a of y, b of x, b of y) at top and bottom."""
        k, thick = self.k, self.thick
        kd = np.where(thick, 0.0, k * (self.depth if math.isfinite(self.depth) else 0.0)) / 2.0
        half = np.where(thick, 0.0, self.depth / 2.0 if math.isfinite(self.depth) else 0.0)
        ratio = 1.0 / (np.cosh(kd))
        slope = half * _sinhc(kd) * ratio  # tanh(k depth / 2) / k
        fade = np.where(thick, np.exp(-np.where(thick, k * self.depth, 0.0)), 0.0)
        one = np.ones_like(k)
        top = (one, np.where(thick, fade, slope), np.where(thick, k, k * k * slope), np.where(thick, -k * fade, one))
        bottom = (np.where(thick, fade, one), np.where(thick, one, -slope), np.where(thick, k * fade, -k * k * slope),
                  np.where(thick, -k, one))  # fmt: skip
        return top, bottom

    def rate(self, cosine: float) -> float:
        """Decay of a beam with optical depth."""
        return (self.lost + self.beamed) / cosine

    def source(self, cosine: float) -> tuple[Array, Array]:
        """d and e of the modes for a beam of unit flux, at the place of the beam."""
        even, odd = self.basis.seen_from(cosine, self.beam_moments)
        made = self.beamed / (np.sqrt(self.basis.cosine) * self.n * cosine)
        return self.differences.T @ (odd * made), self.sums.T @ (even * made)


def scaled_moments(g: float, moments: int) -> tuple[float, Array]:
    """Share of Henyey-Greenstein scattering that counts as straight on (delta-M), and the moments of the rest.

    Backward scattering has no forward peak: its moments are only cut off.
    References: Wiscombe 1977, doi:10.1175/1520-0469(1977)034<1408:TDMRYA>2.0.CO;2.
    """
    forward = g**moments if g > 0.0 else 0.0
    return forward, (g ** np.arange(moments, dtype=np.float64) - forward) / (1.0 - forward)


def slab(layer: OpticalLayer, found: Basis) -> Slab:
    """The modes of a layer that absorbs or scatters."""
    forward, chi = scaled_moments(layer.g, found.moments)
    mus = layer.mus_cm * (1.0 - forward)
    total = layer.mua_cm + mus
    albedo, lost = mus / total, layer.mua_cm / total
    scattered = albedo * chi
    root = np.sqrt(found.cosine)
    if albedo > 0.0:
        kept = 1.0 - scattered
        kept[0] = lost
        even, odd = np.sqrt(kept[::2]), np.sqrt(kept[1::2])
        one = np.eye(found.cosine.size)
        root_e = one - (found.even * (1.0 - even)) @ found.even.T
        root_a = one - (found.odd * (1.0 - odd)) @ found.odd.T
        inverse_a = one - (found.odd * (1.0 - 1.0 / odd)) @ found.odd.T
        _, k, modes = np.linalg.svd((root_e / found.cosine) @ root_a)
        sums, differences = (root_a @ modes.T) / root[:, None], root[:, None] * (inverse_a @ modes.T)
    else:
        k, sums, differences = 1.0 / found.cosine, np.diag(1.0 / root), np.diag(root)
    ff, bm = scaled_moments(layer.g, found.moments + found.fine.shape[1])
    per_um = total * CM_PER_UM
    return Slab(
        n=layer.n, per_um=per_um, depth=per_um * layer.thickness_um, lost=lost, k=k, sums=sums, differences=differences,
        seen=layer.n * (found.root_weight / root) @ sums, beamed=layer.mus_cm*(1-ff)/total, beam_moments=bm, basis=found,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Lit:
    """A layer with the amplitudes of its modes and the beam in it: fluence at any depth.

    x, y : (N,) · amplitudes of the modes
    cosine : of the beam
    down, up : flux of the beam that goes down at the top and of the one that goes up at the bottom
    """

    slab: Slab
    x: Array
    y: Array
    cosine: float
    down: float
    up: float

    def fluence(self, depth: Array) -> Array:
        """Fluence at optical depths below the layer's top, over the incident exposure."""
        slab, thick = self.slab, self.slab.thick
        rest = slab.depth - depth if math.isfinite(slab.depth) else np.full_like(depth, np.inf)
        fluence = np.zeros_like(depth)
        k, weight = slab.k[thick], slab.seen[thick]
        fluence += np.exp(-depth[:, None] * k) @ (weight * self.x[thick])
        fluence += np.exp(-rest[:, None] * k) @ (weight * self.y[thick])
        if not thick.all():
            k, weight, x = slab.k[~thick], slab.seen[~thick], (depth - slab.depth / 2.0)[:, None]
            weight = weight / np.cosh(k * slab.depth / 2.0)
            fluence += np.cosh(k * x) @ (weight * self.x[~thick]) - (x * _sinhc(np.abs(k * x))) @ (weight * self.y[~thick])
        m = slab.rate(self.cosine)
        for flux, path in ((self.down, depth), (self.up, rest)):
            if flux:
                fluence += flux * (_both(path, slab.k, m) @ (slab.seen * self._rise()))
                fluence += flux * np.exp(-path * m) / self.cosine
        return fluence

    def integrals(self, depth: Array) -> Array:
        """Integrals of the fluence over optical depth between neighbouring depths below the layer's top."""
        slab, thick = self.slab, self.slab.thick
        step, start, end = np.diff(depth), depth[:-1], depth[1:]
        rest = slab.depth - end if math.isfinite(slab.depth) else np.full_like(end, np.inf)
        k, weight = slab.k[thick], slab.seen[thick]
        share = _phi(step[:, None] * k)
        total = (share * np.exp(-start[:, None] * k)) @ (weight * self.x[thick])
        total += (share * np.exp(-rest[:, None] * k)) @ (weight * self.y[thick])
        if not thick.all():
            k, weight, x = slab.k[~thick], slab.seen[~thick], ((start + end - slab.depth) / 2.0)[:, None]
            weight = weight / np.cosh(k * slab.depth / 2.0)
            share = _sinhc(k * step[:, None] / 2.0)
            total += (share * np.cosh(k * x)) @ (weight * self.x[~thick])
            total -= (share * x * _sinhc(np.abs(k * x))) @ (weight * self.y[~thick])
        total *= step
        for flux, path in ((self.down, start), (self.up, rest)):
            if flux:
                m = slab.rate(self.cosine)
                total += flux * (_both_over(path, step, slab.k, m) @ (slab.seen * self._rise()))
                total += flux * np.exp(-path * m) * -np.expm1(-step * m) / (m * self.cosine)
        return total

    def total(self) -> float:
        """Integral of the fluence over the optical depth of the whole layer."""
        if math.isfinite(self.slab.depth):
            return float(self.integrals(np.array([0.0, self.slab.depth]))[0])
        m = self.slab.rate(self.cosine)
        beam = self.down * (1.0 / self.cosine + float(self.slab.seen @ (self._rise() / self.slab.k))) / m if self.down else 0.0
        return float(self.slab.seen @ (self.x / self.slab.k)) + beam

    def _rise(self) -> Array:
        d, e = self.slab.source(self.cosine)
        return rise(d, e, self.slab.k, self.slab.rate(self.cosine))


def rise(d: Array, e: Array, k: Array, m: float) -> Array:
    """What a beam of decay m adds to a for each `_both`, when it adds d and e to the slopes of a and b."""
    return np.asarray((e + m * d) / (k + m))


def sloped(d: Array, risen: Array, k: Array, m: float, depth: float) -> tuple[Array, Array, Array, Array]:
    """What a unit beam adds to a and b where it enters a layer, and to a and b where it leaves it."""
    if not math.isfinite(depth):
        none = np.zeros_like(k)
        return none, d - risen, none, none
    far = _both(np.array([depth]), k, m)[0]
    return np.zeros_like(k), d - risen, risen * far, (d - risen) * math.exp(-m * depth) + risen * k * far


def _both(path: Array, k: Array, m: float) -> Array:
    """(exp(-m path) - exp(-k path)) / (k - m), path exp(-m path) at k = m; (paths, k). Infinite paths give 0."""
    path = np.where(np.isfinite(path), path, 0.0)[:, None]
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
