"""Axisymmetric heat, boiling and removal under a microbeam: grids, pulse shapes, the audited run of a moving crater."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import _crater_kernel as kernels
from recutis.heat import damage, tissue
from recutis.heat._column_kernel import Law
from recutis.heat.column import EnergyError, Slab, law_of, stretched_edges
from recutis.light.lines import DRYING, PRESCRIBED, Line
from recutis.units import J_PER_MJ, M_PER_NM, M_PER_UM, MS_PER_S, PER_M_PER_CM, S_PER_MS, UM_PER_M

Array = NDArray[np.float64]
PulseShape = Literal["square", "decaying", "free_running"]
_CELL_M = {True: 5e-6, False: 1.5e-6}  # drying (CO2) and explosive (erbium) lines; `run` says what halving does
_RING_M = {True: 4e-6, False: 2e-6}
_MOST_CELLS = 400  # a deep channel takes coarser cells
_MOST_RINGS = 60  # across the crater; a wide spot takes coarser rings
_STRETCH_Z, _STRETCH_R = 1.12, 1.15
_BEYOND_M = 2e-3  # tissue below and beside the fine cells
_CADENCE = 120  # conduction steps a pulse; doubling them moves depth and rim by under one per cent
_GROWTH = 1.15  # each cooling step is this much longer
_AUDIT = 1e-6  # the contract: energy closes to a millionth of the light absorbed
_PIECES = 24  # stretches of constant power that a shaped pulse is cut into
_AFTER_S = 0.5  # heat of a column has spread over a millimetre by then


@dataclass(frozen=True, kw_only=True)
class Beam:
    """A microbeam focused on the surface: profile, spot diameter [µm] (1/e² or flat), wavelength [nm] and M²."""

    gaussian: bool
    spot_um: float
    wavelength_nm: float
    quality: float

    @property
    def waist_m(self) -> float:
        """Radius at the surface [m]."""
        return self.spot_um * M_PER_UM / 2

    @property
    def rayleigh_m(self) -> float:
        """Depth at which the beam's area has doubled [m]: pi w0² / (M² wavelength)."""
        return math.pi * self.waist_m**2 / (self.quality * self.wavelength_nm * M_PER_NM)


@dataclass(frozen=True, kw_only=True)
class Train:
    """Equal pulses at one place: energy [mJ] and length [ms] of each, how many, rate [Hz], shape in time."""

    energy_mJ: float
    duration_ms: float
    stack: int = 1
    repetition_Hz: float = 1.0
    shape: PulseShape = "square"


@dataclass(frozen=True, kw_only=True)
class Inside:
    """What the channel does to light and steam: polish of its walls [-], plume length [mm] (0: none), Stanton number [-]."""

    polish: float
    plume_mm: float
    stanton: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Moment:
    """The tissue at a time [s] after the first light: temperature [°C], damage of cells (z, r), crater depth by ring [m]."""

    time_s: float
    temperature_C: Array
    death: Array
    crater_m: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """A finished run. Arrays are (z, r); `front` is each ring's first cell still there, `crater_m` the depth of its front.

    Energies in J: `arrived` = `reflected` + `through` + `removed` + `plume` + `surface` + `stored` + `residual`.
    `lit_J_m3` is the heat when the last light went out.
    """

    z_edges_m: Array
    r_edges_m: Array
    heat_J_m3: Array
    water_kg_m3: Array
    death: Array
    collagen: Array
    peak_C: Array
    lit_J_m3: Array
    front: NDArray[np.int64]
    part: Array
    crater_m: Array
    arrived: float
    reflected: float
    through: float
    removed: float
    plume: float
    surface: float
    stored: float
    residual: float
    peak_surface_C: float
    moments: tuple[Moment, ...]
    steps: int


def pieces(train: Train) -> tuple[tuple[float, float], ...]:
    """One pulse as stretches (seconds, watts) of constant power; their energy is the pulse's.

    `decaying` is a CO2 pulse that rises at once and falls off: its power after the end of the pumping decays with the
    evidence's share of the length. `free_running` rises and falls over shares of its length, as a flash-pumped rod does.
    """
    seconds, joule = train.duration_ms * S_PER_MS, train.energy_mJ * J_PER_MJ
    if train.shape == "square":
        return ((seconds, joule / seconds),)
    key = "phys_tail_co2" if train.shape == "decaying" else "phys_tail_free_running"
    tail = evidence.value(key)
    rise = 0.0 if train.shape == "decaying" else evidence.value("phys_rise_free_running")
    length = seconds * (1.0 + 3.0 * tail)  # three time constants hold 95 % of the tail
    edges = np.linspace(0.0, length, _PIECES + 1)
    middle = (edges[:-1] + edges[1:]) / 2 / seconds
    power = np.where(middle < 1.0, np.minimum(middle / rise, 1.0) if rise > 0 else 1.0, np.exp(-(middle - 1.0) / tail))
    watts = power * joule / float(np.sum(power * np.diff(edges)))
    return tuple((float(t), float(w)) for t, w in zip(np.diff(edges), watts, strict=True))


def _reach_m(line: Line, beam: Beam, train: Train, plume_m: float) -> tuple[float, float]:
    """Depth and radius that the crater may come to: tissue costs at least this much, spread beam and plume cost more."""
    wet = tissue.thermal(evidence.value("phys_reference_water"))
    cheapest = 0.8 * wet.water_kg_m3 * tissue.latent_J_kg()  # safe side of both removal laws
    joule = train.energy_mJ * J_PER_MJ * train.stack
    axis = joule / (math.pi * beam.waist_m**2) * (2.0 if beam.gaussian else 1.0)
    depth, paid, step = 0.0, 0.0, beam.waist_m / 50
    while paid < axis / cheapest and depth < 2 * _BEYOND_M:
        spread = 1.0 + (depth / beam.rayleigh_m) ** 2
        paid += step * spread * (math.exp(depth / plume_m) if plume_m > 0 else 1.0)
        depth += step
    threshold = cheapest / (line.water_mua_cm * PER_M_PER_CM)
    ratio = max(axis / threshold, math.e)
    spread = math.sqrt(1.0 + (depth / beam.rayleigh_m) ** 2)
    radius = beam.waist_m * (math.sqrt(math.log(ratio) / 2.0) if beam.gaussian else 1.0)
    return depth, max(radius, beam.waist_m * min(spread, 1.5) if not beam.gaussian else radius)


def grid(line: Line, beam: Beam, train: Train, plume_m: float, fineness: float = 1.0) -> tuple[Array, Array]:
    """Edges of depth and radius [m] for a crater and what it coagulates; `fineness` 2 halves the cells."""
    drying = line.mode == DRYING
    depth, radius = _reach_m(line, beam, train, plume_m)
    cell = max(_CELL_M[drying], (depth + _margin_m(drying)) / _MOST_CELLS) / fineness
    ring = max(_RING_M[drying], radius / _MOST_RINGS) / fineness
    z = stretched_edges(fine_m=cell, fine_to_m=depth + _margin_m(drying), stretch=1 + (_STRETCH_Z - 1) / fineness,
                        end_m=depth + _BEYOND_M)  # fmt: skip
    r = stretched_edges(fine_m=ring, fine_to_m=radius + _margin_m(drying), stretch=1 + (_STRETCH_R - 1) / fineness,
                        end_m=radius + _BEYOND_M)  # fmt: skip
    return z, r


def _inside_W_m2(line: Line, beam: Beam, train: Train, inside: Inside, index: float) -> float:
    """Irradiance just inside the walls of a cone as wide as the beam and as deep as its crater.

    A steep wall spreads the light over its area; refraction into the wall takes part of that back.
    """
    depth, _ = _reach_m(line, beam, replace(train, stack=1), inside.plume_mm / MS_PER_S)
    side = math.hypot(beam.waist_m, depth)
    steep = depth / side
    refracted = max(math.sqrt(max(1.0 - (steep / index) ** 2, 0.0)), beam.waist_m / side)
    power = train.energy_mJ * J_PER_MJ / (train.duration_ms * S_PER_MS)
    return power / (math.pi * beam.waist_m * side * refracted)


def _margin_m(drying: bool) -> float:
    return (80 if drying else 30) * M_PER_UM


def tissue_index(wavelength_nm: float) -> float:
    """Refractive index of wet tissue at a water line: water and dry tissue by volume."""
    water = evidence.value(f"water_n_{wavelength_nm:.0f}nm")
    wet = tissue.thermal(evidence.value("phys_reference_water"))
    share = wet.water_kg_m3 / evidence.value("phys_liquid_water_density")
    return share * water + (1.0 - share) * evidence.value("phys_index_protein_infrared")


def _optics(line: Line, beam: Beam, inside: Inside, start_C: float) -> kernels.Optics:
    nm = min((2790.0, 2940.0, 10600.0), key=lambda known: abs(known - beam.wavelength_nm))
    wave = nm * M_PER_NM
    share = evidence.value("phys_reference_water")
    return kernels.Optics(
        gaussian=beam.gaussian, wave_m=wave, waist_m=beam.waist_m, rayleigh_m=beam.rayleigh_m, refraction=tissue_index(nm),
        extinction=share * line.water_mua_cm * PER_M_PER_CM * wave / (4 * math.pi), polish=inside.polish,
        plume_m=inside.plume_mm / MS_PER_S, stanton=inside.stanton,
        steam_K=evidence.value("phys_boiling") - start_C,
    )  # fmt: skip


class _Tissue:
    """Tissue on a grid, stepped through light and dark, with moments kept on the way."""

    def __init__(self, slab: Slab, z: Array, r: Array, law: Law, optics: kernels.Optics, keep_s: tuple[float, ...]) -> None:
        shape = (z.size - 1, r.size - 1)
        middle = (z[:-1] + z[1:]) / 2 * UM_PER_M
        layer = np.minimum(np.searchsorted(np.cumsum(slab.thickness_um), middle, side="right"), len(slab.thickness_um) - 1)
        layers = [tissue.thermal(fraction) for fraction in slab.water_fraction]
        water = np.array([x.water_kg_m3 for x in layers])[layer]
        solid = np.array([x.solid_J_m3_K for x in layers])[layer]
        self.grid = kernels.Grid(z=z, r=r, middle=(r[:-1] + r[1:]) / 2, area=np.pi * np.diff(r**2), solid=solid)
        self.state = kernels.State(
            e=np.zeros(shape), water=np.repeat(water[:, None], shape[1], axis=1), latent=np.zeros(shape), char=np.zeros(shape),
            death=np.zeros(shape), collagen=np.zeros(shape), peak=np.zeros(shape), part=np.ones(shape[1]),
            front=np.zeros(shape[1], dtype=np.int64), begun=np.zeros(shape[1]),
        )  # fmt: skip
        self.work = kernels.Work(
            depth=np.zeros(shape[1]), slope=np.zeros(shape[1]), floor=np.zeros(shape[1]), wall=np.zeros(shape[1]),
            steam=np.zeros(shape[0]), lines=np.zeros((5, max(shape))), deepest=np.zeros(1, dtype=np.int64),
        )  # fmt: skip
        self.law, self.optics, self.start_C = law, optics, slab.start_C
        self.account = np.zeros(kernels.ACCOUNTS)
        self.air = (evidence.value("h_air_natural"), evidence.value("phys_room_temperature") - slab.start_C)
        self.clock, self.moments, self._keep = 0.0, list[Moment](), sorted(keep_s)

    def _cut(self, seconds: float) -> list[float]:
        """A stretch cut where moments are to be kept."""
        inside = [t - self.clock for t in self._keep if self.clock < t < self.clock + seconds]
        return [float(x) for x in np.diff([0.0, *inside, seconds])]

    def _note(self, seconds: float) -> None:
        self.clock += seconds
        while self._keep and self._keep[0] <= self.clock * (1 + 1e-9):
            time = self._keep.pop(0)
            self.moments.append(
                Moment(
                    time_s=time, temperature_C=self.rise() + self.start_C, death=self.state.death.copy(), crater_m=self.crater()
                )
            )

    def rise(self) -> Array:
        """Rise of each cell [K]; absent cells have none."""
        heat = self.grid.solid[:, None] + self.law.water_heat_J_kg_K * self.state.water
        there = np.arange(heat.shape[0])[:, None] >= self.state.front
        return np.where(there, self.state.e / heat, 0.0)

    def crater(self) -> Array:
        """Depth of each ring's front [m]."""
        front = self.state.front
        thick = np.diff(self.grid.z)[front]
        return np.asarray(self.grid.z[front] + thick * (1.0 - self.state.part))

    def shine(self, train: Train, cadence: float) -> bool:
        """One pulse; False when the crater has come to the end of the fine grid."""
        kernels.expect(self.state, self.grid, self.law)
        step = train.duration_ms * S_PER_MS / cadence
        for seconds, watts in pieces(train):
            for part in self._cut(seconds):
                if not kernels.lit(
                    self.state, self.grid, self.law, self.optics, self.work, part, watts, step, *self.air, self.account
                ):
                    return False
                self._note(part)
        kernels.settle(self.state, self.grid, self.law, self.account)
        return True

    def rest(self, seconds: float, first: float, growth: float) -> None:
        """A stretch without light."""
        dt = first
        for part in self._cut(seconds):
            dt = kernels.dark(self.state, self.grid, self.law, self.optics, self.work, part, min(dt, part), growth, *self.air,
                              self.account)  # fmt: skip
            self._note(part)

    def stored(self) -> float:
        """Heat in the tissue over its start [J]."""
        volume = np.diff(self.grid.z)[:, None] * self.grid.area
        front = self.state.front
        there = (np.arange(volume.shape[0])[:, None] >= front).astype(np.float64)
        there[front, np.arange(front.size)] = self.state.part
        return float((self.state.e * volume * there).sum())


def run(
    slab: Slab,
    line: Line,
    beam: Beam,
    train: Train,
    inside: Inside,
    *,
    keep_s: tuple[float, ...] = (),
    fineness: float = 1.0,
    after_s: float = _AFTER_S,
) -> Run:
    """Expose tissue to a train of pulses of a microbeam and follow it until it has cooled.

    `keep_s` are times after the first light at which a `Moment` is kept. `fineness` 2 halves cells, rings and steps:
    that moves depths of carbon dioxide craters (5 and 23 mJ) by 5 to 9 %, of Er:YAG (12 mJ) by 1 %, dead zones by 2 to 5 %
    and rims by 1 to 6 %.
    Raises OutOfRangeError for a pulse without energy or length, EnergyError when the account does not close.
    """
    _check(line, beam, train)
    pulse_s = train.duration_ms * S_PER_MS
    optics = _optics(line, beam, inside, slab.start_C)
    law = law_of(
        line, slab.start_C, first=damage.cell_death(), second=damage.collagen(),
        irradiance_W_m2=_inside_W_m2(line, beam, train, inside, optics.refraction), pulse_s=pulse_s,
    )  # fmt: skip
    z, r = grid(line, beam, train, optics.plume_m, fineness)
    cooling = 1.0 + (_GROWTH - 1.0) / fineness
    matter = _Tissue(slab, z, r, law, optics, keep_s)
    for number in range(train.stack):
        if not matter.shine(train, _CADENCE * fineness):
            msg = (
                f"The crater of {train.energy_mJ:g} mJ in {beam.spot_um:g} µm goes deeper than {z[-1] * UM_PER_M:.0f} µm, beyond "
                "the tissue of this model. Take a lower energy, a wider spot or fewer stacked pulses."
            )
            raise OutOfRangeError(msg)
        lit = matter.state.e.copy()
        gap = after_s if number == train.stack - 1 else max(1.0 / train.repetition_Hz - pulse_s, pulse_s)
        first = min(pulse_s, 1e-3) / (_CADENCE * fineness)
        matter.rest(gap, first, cooling)
    return _finish(matter, lit)


def _check(line: Line, beam: Beam, train: Train) -> None:
    """Refuse exposures without meaning, in one sentence."""
    for value, what in ((train.energy_mJ, "energy (mJ)"), (train.duration_ms, "length (ms)"), (beam.spot_um, "spot (µm)")):
        if not (math.isfinite(value) and value > 0):
            msg = f"A microbeam needs a pulse {what} above 0; got {value:g}. Give the value of one pulse at one spot."
            raise OutOfRangeError(msg)
    if train.stack < 1:
        msg = f"A stack needs at least 1 pulse; got {train.stack}. Give the number of pulses at one place."
        raise OutOfRangeError(msg)
    if train.stack > 1 and not train.repetition_Hz > 0:
        msg = f"Stacked pulses need a rate above 0 Hz; got {train.repetition_Hz:g}. Give the pulses a second at one place."
        raise OutOfRangeError(msg)
    if line.mode == PRESCRIBED:
        msg = "A crater needs light that water absorbs where it enters; this line prescribes its heat. Use the scattering model."
        raise OutOfRangeError(msg)


def _finish(matter: _Tissue, lit: Array) -> Run:
    a = matter.account
    stored = matter.stored()
    plume = float(a[kernels.PLUME] + a[kernels.SMOKE])
    removed = float(a[kernels.REMOVED] + a[kernels.LATENT])
    arrived, reflected, through, surface = (
        float(a[i]) for i in (kernels.ARRIVED, kernels.REFLECTED, kernels.THROUGH, kernels.SURFACE)
    )
    residual = arrived - reflected - through - removed - plume - surface - stored
    if not abs(residual) <= _AUDIT * max(arrived - reflected, 1e-12):
        msg = (
            f"The energy account of a crater misses {residual:.3g} J of {arrived:.3g} J; more than {_AUDIT:g} of it. "
            "Do not use this result; please report the settings."
        )
        raise EnergyError(msg)
    state = matter.state
    return Run(
        z_edges_m=matter.grid.z, r_edges_m=matter.grid.r, heat_J_m3=state.e, water_kg_m3=state.water, death=state.death,
        collagen=state.collagen, peak_C=state.peak + matter.start_C, lit_J_m3=lit, front=state.front, part=state.part,
        crater_m=matter.crater(), arrived=arrived, reflected=reflected, through=through, removed=removed, plume=plume,
        surface=surface, stored=stored, residual=residual, peak_surface_C=float(a[kernels.PEAK]) + matter.start_C,
        moments=tuple(matter.moments), steps=int(a[kernels.STEPS]),
    )  # fmt: skip
