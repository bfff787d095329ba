"""Linear heat conduction in layered tissue under a round spot, exact in time, from nanoseconds to minutes.

Finite volumes in depth and radius; properties depend on depth only. Then the radius separates: the ring-to-ring coupling has
modes of its own, each of which diffuses down the depth like a column that also loses heat sideways. Every such column is a
symmetric tridiagonal matrix, whose eigenvectors carry it through any time in one step. There is no time step, no splitting
and nothing to converge but the cells. Temperatures are rises over rest; nothing boils and nothing depends on temperature.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recutis.errors import OutOfRangeError

Array = NDArray[np.float64]
_STILL = 1e-12  # relative decay below which a mode counts as standing


@dataclass(frozen=True, eq=False, kw_only=True)
class Medium:
    """Layered tissue on cells of depth, and rings of radius.

    z_edges_m, r_edges_m : cell edges from 0 [m]; one ring is a column without sideways flow
    capacity_J_m3_K, conductivity_W_m_K : (z,)
    perfusion_W_m3_K : (z,) · heat that blood takes away for each kelvin of rise
    """

    z_edges_m: Array
    r_edges_m: Array
    capacity_J_m3_K: Array
    conductivity_W_m_K: Array
    perfusion_W_m3_K: Array

    def __post_init__(self) -> None:
        cells = self.z_edges_m.size - 1
        rows = (self.capacity_J_m3_K, self.conductivity_W_m_K, self.perfusion_W_m3_K)
        if cells < 2 or any(x.shape != (cells,) for x in rows):
            msg = f"Tissue of {cells} cells of depth needs as many of each property, at least 2; they have {[x.size for x in rows]}."
            raise OutOfRangeError(msg)
        if min(rows[0].min(), rows[1].min()) <= 0.0 or rows[2].min() < 0.0:
            msg = "Heat capacity and conductivity must be above 0 and perfusion at least 0; check the water fractions of the layers."
            raise OutOfRangeError(msg)

    @property
    def dz_m(self) -> Array:
        """Thickness of the cells."""
        return np.diff(self.z_edges_m)

    @property
    def z_m(self) -> Array:
        """Middle of the cells."""
        return (self.z_edges_m[:-1] + self.z_edges_m[1:]) / 2

    @property
    def r_m(self) -> Array:
        """Middle of the rings."""
        return (self.r_edges_m[:-1] + self.r_edges_m[1:]) / 2

    @property
    def area_m2(self) -> Array:
        """Area of the rings."""
        return np.asarray(np.pi * np.diff(self.r_edges_m**2))

    @cached_property
    def across(self) -> tuple[Array, Array]:
        """Sideways modes: decay [1/m²] of each, and its value in the rings (rings, modes), orthonormal by area."""
        area = self.area_m2
        if area.size == 1:
            return np.zeros(1), np.full((1, 1), 1.0 / np.sqrt(area[0]))
        link = 2.0 * np.pi * self.r_edges_m[1:-1] / np.diff(self.r_m)
        diagonal = np.concatenate((link, [0.0])) + np.concatenate(([0.0], link))
        matrix = np.diag(diagonal / area)
        beside = -link / np.sqrt(area[:-1] * area[1:])
        matrix += np.diag(beside, 1) + np.diag(beside, -1)
        decay, vectors = np.linalg.eigh(matrix)
        return np.maximum(decay, 0.0), np.asarray(vectors / np.sqrt(area)[:, None])


@dataclass(frozen=True, eq=False, kw_only=True)
class Basis:
    """Modes of a medium under one kind of surface: decay rates [1/s], (modes, depths), and depth vectors, (modes, z, depths)."""

    medium: Medium
    transfer_W_m2_K: float
    rate_s: Array
    vectors: Array

    def into(self, rise_K: Array) -> Array:
        """Amplitudes of rises by sideways mode and depth, shape (modes, depths), from (modes, z)."""
        weight = np.sqrt(self.medium.capacity_J_m3_K * self.medium.dz_m)
        return np.asarray(np.einsum("mzj,mz->mj", self.vectors, rise_K * weight))

    def out(self, amplitude: Array) -> Array:
        """Rises by sideways mode and depth, (modes, z), from amplitudes."""
        weight = np.sqrt(self.medium.capacity_J_m3_K * self.medium.dz_m)
        return np.asarray(np.einsum("mzj,mj->mz", self.vectors, amplitude) / weight)

    def driven(self, power_W_m2: Array) -> Array:
        """Amplitudes a second of heat laid into cells, (modes, z) of W per m² of surface in each cell."""
        weight = np.sqrt(self.medium.capacity_J_m3_K * self.medium.dz_m)
        return np.asarray(np.einsum("mzj,mz->mj", self.vectors, power_W_m2 / weight))


def surface_link(medium: Medium, transfer_W_m2_K: float) -> float:
    """Conductance from the middle of the top cell through the surface to what lies on it [W/m² K]."""
    if transfer_W_m2_K <= 0.0:
        return 0.0
    return float(1.0 / (1.0 / transfer_W_m2_K + 0.5 * medium.dz_m[0] / medium.conductivity_W_m_K[0]))


def basis_of(medium: Medium, transfer_W_m2_K: float) -> Basis:
    """The modes of a medium whose surface loses heat by this transfer [W/m² K]; its lower end is insulated.

    Raises OutOfRangeError for a transfer below 0.
    """
    if not transfer_W_m2_K >= 0.0:
        msg = f"Heat transfer at the surface must be at least 0 W/m²K; got {transfer_W_m2_K:g}."
        raise OutOfRangeError(msg)
    dz, k = medium.dz_m, medium.conductivity_W_m_K
    link = 1.0 / (0.5 * dz[:-1] / k[:-1] + 0.5 * dz[1:] / k[1:])
    diagonal = np.concatenate((link, [0.0])) + np.concatenate(([0.0], link)) + medium.perfusion_W_m3_K * dz
    diagonal[0] += surface_link(medium, transfer_W_m2_K)
    mass = medium.capacity_J_m3_K * dz
    decay, _ = medium.across
    stack = np.zeros((decay.size, dz.size, dz.size))
    at = np.arange(dz.size)
    stack[:, at, at] = (diagonal + decay[:, None] * (k * dz)) / mass
    beside = -link / np.sqrt(mass[:-1] * mass[1:])
    stack[:, at[:-1], at[1:]] = stack[:, at[1:], at[:-1]] = beside
    rate, vectors = np.linalg.eigh(stack)
    return Basis(medium=medium, transfer_W_m2_K=transfer_W_m2_K, rate_s=np.maximum(rate, 0.0), vectors=vectors)


def grown(rate_s: Array, seconds: float) -> Array:
    """(1 - exp(-rate t)) / rate, which is t for a standing mode."""
    x = rate_s * seconds
    return np.where(x > _STILL, -np.expm1(-x) / np.where(x > _STILL, rate_s, 1.0), seconds)


@dataclass(frozen=True, eq=False, kw_only=True)
class Stretch:
    """A stretch of time: heat laid into cells [W/m³ by ring, (z, r)] or None, and the surface.

    `pull_W_m2` is heat a surface colder or warmer than at rest puts in through its link, by evenly all over the spot.
    """

    seconds: float
    transfer_W_m2_K: float
    heat_W_m3: Array | None = None
    pull_W_m2: float = 0.0
    nodes: int = 40


def times_of(stretches: tuple[Stretch, ...], first_s: float) -> tuple[Array, ...]:
    """Times from the start of each stretch at which it is told: closer together at its start, where things change."""
    found = []
    for one in stretches:
        begin = min(first_s, one.seconds / 10.0)
        found.append(np.unique(np.concatenate((np.geomspace(begin, one.seconds, one.nodes), [one.seconds]))))
    return tuple(found)


def follow(
    medium: Medium, stretches: tuple[Stretch, ...], places: tuple[tuple[float, float], ...], *, first_s: float
) -> tuple[Array, Array, tuple[Array, ...]]:
    """Times [s], rises at places (depth, radius) [m], shape (times, places), and the field (z, r) at the end of each stretch.

    Time 0 is the first entry, at rest. Bases are made anew where the surface changes.
    """
    _, rings = medium.across
    weight = medium.area_m2[:, None] * rings
    bases: dict[float, Basis] = {}
    state = np.zeros((rings.shape[1], medium.dz_m.size))
    told_s, told_K, ends = [0.0], [np.zeros(len(places))], []
    clock = 0.0
    for one, times in zip(stretches, times_of(stretches, first_s), strict=True):
        if one.transfer_W_m2_K not in bases:
            bases[one.transfer_W_m2_K] = basis_of(medium, one.transfer_W_m2_K)
        basis = bases[one.transfer_W_m2_K]
        power = np.zeros_like(state)
        if one.heat_W_m3 is not None:
            power += (one.heat_W_m3 * medium.dz_m[:, None] @ weight).T
        if one.pull_W_m2:
            power[:, 0] += one.pull_W_m2 * weight.sum(axis=0)
        start, drive = basis.into(state), basis.driven(power)
        look = [_look(basis, place) for place in places]
        for seconds in times:
            now = start * np.exp(-basis.rate_s * seconds) + drive * grown(basis.rate_s, float(seconds))
            told_s.append(clock + float(seconds))
            told_K.append(np.array([float((one_place * now).sum()) for one_place in look]))
        state = basis.out(start * np.exp(-basis.rate_s * one.seconds) + drive * grown(basis.rate_s, one.seconds))
        ends.append((rings @ state).T)
        clock += one.seconds
    return np.array(told_s), np.array(told_K), tuple(ends)


def _look(basis: Basis, place: tuple[float, float]) -> Array:
    """What each amplitude gives at a place, linear between middles of cells and rings."""
    medium = basis.medium
    _, rings = medium.across
    weight = np.sqrt(medium.capacity_J_m3_K * medium.dz_m)
    down, side = np.zeros(medium.dz_m.size), np.zeros(rings.shape[0])
    for row, middles, at in ((down, medium.z_m, place[0]), (side, medium.r_m, place[1])):
        position = float(np.interp(at, middles, np.arange(middles.size)))
        lower = min(int(position), middles.size - 2) if middles.size > 1 else 0
        part = position - lower
        row[lower] = 1.0 - part
        if middles.size > 1:
            row[lower + 1] = part
    return np.asarray((side @ rings)[:, None] * np.einsum("mzj,z->mj", basis.vectors, down / weight))
