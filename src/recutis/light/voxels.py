"""Monte Carlo transport of a beam in tissue of any shape on a grid of voxels: `transport_voxels`."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from recutis.errors import InputError, OutOfRangeError
from recutis.light import checks
from recutis.light._sums import Sums
from recutis.light.beams import Beam, check_beam
from recutis.light.blocks import MOST_PHOTONS, Estimate, Goal, Pace, TallyRecord, check_seed, length_of, run_blocks
from recutis.light.engines import Engine, check_run, chosen, kernels_of
from recutis.light.stack import check_outside
from recutis.light.voxel_tissue import VoxelTissue, check_tissue
from recutis.provenance import Provenance, provenance
from recutis.units import CM_PER_UM, M_PER_UM, PER_M_PER_CM

if TYPE_CHECKING:
    import xarray as xr

    from recutis.light._photon import Source
    from recutis.light._voxel import Box

Array = NDArray[np.float64]
Block = tuple[Array, Array, Array]
Few = tuple[Array, Array, Array, Array]
Sides = Literal["open", "mirror", "periodic"]

_SUMMARY: Final = ("specular_reflectance", "diffuse_reflectance", "transmittance", "sides", "absorbed")
# A block should follow photons for longer than its tallies take to add up: so many photons for each voxel.
_FEWEST_BLOCKS: Final = 32
_FIRST_PER_VOXEL, _LARGEST_PER_VOXEL = 1 / 32, 1 / 8
_AT_ONCE: Final = 1_000_000  # voxels in one step of arithmetic, so that it needs no further copy of the grid
_LEAST_TAKEN: Final = 1e-6  # of the light that crosses a voxel
_NO_SPREAD: Final = 1e-300  # blocks less one when there is one: its error is anything
_FITS: Final = 1.0 + 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class VoxelLight:
    """Where the light of a beam of energy one goes in voxels; each array with its standard errors beside it.

    tallies : specular_reflectance, diffuse_reflectance, transmittance (unscattered light included), sides (what left
        through open sides), absorbed, absorbed_<name of medium>, ...; shares of the energy that arrives. Specular is
        what comes back without having scattered or entered a medium of another index: also from the steps of a relief.
    fluence_cm2 : (z, y, x) · mean fluence in each voxel [1/cm²] for each unit of energy; times J it is J/cm²
    fluence_by_depth : (z,) · fluence summed over each plane of voxels times its area, for an energy of one [1]: under a beam that
        is lit and kept on all sides that of a wide beam over its exposure
    reflected_cm2, transmitted_cm2 : (y, x) · what leaves through the top, without the specular, and through the bottom [1/cm²]
    balance : what roulette has won or lost by chance, zero on average
    """

    tissue: VoxelTissue
    n_above: float
    n_below: float
    sides: Sides
    beam: Beam
    photons: int
    blocks: int
    engine: str
    seed: int
    collisions: float
    balance: Estimate
    tallies: dict[str, Estimate]
    fluence_cm2: Array
    fluence_error_cm2: Array
    fluence_by_depth: Array
    fluence_by_depth_error: Array
    reflected_cm2: Array
    reflected_error_cm2: Array
    transmitted_cm2: Array
    transmitted_error_cm2: Array
    provenance: Provenance

    @property
    def absorbed_cm3(self) -> Array:
        """Absorbed density for each unit of energy [1/cm³], (z, y, x)."""
        return self.fluence_cm2 * self.tissue.mua_cm[self.tissue.labels]

    @property
    def absorbed_error_cm3(self) -> Array:
        """Its standard errors."""
        return self.fluence_error_cm2 * self.tissue.mua_cm[self.tissue.labels]

    @property
    def fluence_wide(self) -> Array:
        """Fluence over that of the beam on the surface [1], (z, y, x), under a beam much wider than its light spreads.

        Raises InputError unless the beam was `wide_beam()` and the sides were periodic or mirrors.
        """
        return self.fluence_cm2 * self._face_cm2()

    @property
    def fluence_wide_error(self) -> Array:
        """Its standard errors. Raises InputError as `fluence_wide` does."""
        return self.fluence_error_cm2 * self._face_cm2()

    def _face_cm2(self) -> float:
        _, height, width = self.tissue.size_um
        own = self.tissue.wide_beam(angle_deg=self.beam.angle_deg, diffuse=self.beam.diffuse)
        if self.beam.angle_deg and self.sides == "mirror":
            msg = f"Between mirrors a beam at {self.beam.angle_deg:g} degrees comes from both sides in turn; give periodic sides."
            raise InputError(msg)
        if self.beam != own or self.sides == "open":
            msg = (
                f"The run had a {self.beam.shape} beam and {self.sides} sides, so its fluence is not that of a wide beam; "
                "give tissue.wide_beam() and periodic or mirror sides."
            )
            raise InputError(msg)
        return height * width * CM_PER_UM**2

    def to_xarray(self) -> xr.Dataset:
        """The result as a labelled Dataset over z_um, y_um, x_um (centres of voxels; y and x from the beam's) and tally."""
        from recutis.light._labels import voxel_dataset

        return voxel_dataset(self)


def voxel_tallies(tissue: VoxelTissue) -> tuple[str, ...]:
    """Names of the tallies of a tissue."""
    return (*_SUMMARY, *(f"absorbed_{medium.name}" for medium in tissue.media))


def _outside(tissue: VoxelTissue, n_above: float, n_below: float | None) -> tuple[float, float]:
    """Refractive indices above and below, checked; below that of the lowest voxels unless given."""
    if n_below is None:
        found = sorted({tissue.media[label].n for label in np.unique(tissue.labels[-1])})
        if len(found) > 1:
            msg = (
                f"The lowest voxels have refractive indices from {found[0]:g} to {found[-1]:g}; say with n_below what lies below."
            )
            raise InputError(msg)
        n_below = found[0]
    return check_outside(n_above, n_below)


def _check_beam(tissue: VoxelTissue, beam: Beam, sides: str) -> None:
    """Refuse sides that there are not, and beams whose light would miss the grid; of a gaussian the tails may."""
    if sides not in get_args(Sides):
        msg = f"There are no {sides} sides; choose open, mirror or periodic."
        raise InputError(msg)
    if sides == "mirror" and beam.angle_deg and beam.shape == "gaussian":
        msg = (
            f"Mirrors would fold the tails of a gaussian beam at {beam.angle_deg:g} degrees back without turning their light; "
            "choose open or periodic sides, or an upright beam."
        )
        raise InputError(msg)
    if sides == "periodic":
        return
    _, height, width = tissue.size_um
    across = beam.second_um if beam.shape == "rectangle" else beam.size_um
    for axis, size, count, whole in (("x", beam.size_um, beam.columns, width), ("y", across, beam.rows, height)):
        reach = size / 2 + (count - 1) / 2 * beam.pitch_um
        if reach > whole / 2 * _FITS:
            msg = (
                f"The beam reaches {reach:g} µm from its centre along {axis}, the grid only {whole / 2:g} µm; "
                "make the beam smaller or the grid wider, or choose periodic sides."
            )
            raise OutOfRangeError(msg)


class _Maps(Protocol):
    """What runs blocks and sums up voxels over them, in the memory of this machine or on a card."""

    def block(self, number: int, photons: int) -> Any:
        """Run one block."""

    def add(self, found: Any, photons: int) -> Few:
        """Add a block; returns its fluence by label and by plane, what left each way, the account."""

    def sums(self) -> tuple[Array, Array, Sums]:
        """Fluence and its squares over the photons of blocks, by voxel; what left by way and cell."""


class _Job:
    """A run on the processors of this machine. Grids of fluence are used again: `spare` holds those that are clear."""

    def __init__(
        self, kernels: ModuleType, labels: NDArray[np.uint8], media: Array, source: Source, box: Box, seed: int,
        stop: NDArray[np.int64],
    ) -> None:  # fmt: skip
        self._kernels, self._labels, self._media, self._source, self._box = kernels, labels, media, source, box
        self._seed, self._stop = seed, stop
        self._spare: deque[Array] = deque()
        self._total, self._squares, self._leaving = np.zeros(labels.size), np.zeros(labels.size), Sums(2, box.ny * box.nx)

    def block(self, number: int, photons: int) -> Block:
        """Run one block: fluence, what left by way and cell, the account."""
        from recutis.light._voxel import ACCOUNTS

        try:
            fluence = self._spare.pop()
        except IndexError:
            fluence = np.zeros(self._labels.size)
        leaving, account = np.zeros((2, self._box.ny * self._box.nx)), np.zeros(ACCOUNTS)
        self._kernels.run_block(
            photons, self._seed, number, self._labels, self._media, self._source, self._box, fluence, leaving, account,
            self._stop, self._kernels.memory(),
        )  # fmt: skip
        return fluence, leaving, account

    def add(self, found: Block, photons: int) -> Few:
        """Add a block, whose grid is cleared and used again; its fluence by label and by plane, what left each way, the account."""
        from recutis.light._voxel import fold

        fluence, leaving, account = found
        by_label, by_plane = np.zeros(self._media.shape[1]), np.zeros(self._box.nz)
        fold(fluence, photons, self._labels, self._total, self._squares, by_label, by_plane)
        self._spare.append(fluence)
        self._leaving.add(leaving, photons)
        return by_label, by_plane, leaving.sum(axis=1), account

    def sums(self) -> tuple[Array, Array, Sums]:
        """Fluence and its squares over the photons of blocks, by voxel; what left by way and cell."""
        return self._total, self._squares, self._leaving


class _Record(TallyRecord):
    """Sums over blocks of everything that a result tells."""

    def __init__(self, maps: _Maps, names: Sequence[str], mua_m: Array, planes: int) -> None:
        super().__init__(names, _SUMMARY)
        self._maps, self._mua_m = maps, mua_m
        self.planes = Sums(planes)

    def add(self, found: Any, photons: int) -> None:
        """Add one block."""
        by_label, by_plane, leaving, account = self._maps.add(found, photons)
        self.planes.add(by_plane, photons)
        taken = by_label * self._mua_m
        specular, *roulette, sides = (float(x) for x in account)
        self.count(np.concatenate(([specular, *leaving, sides, taken.sum()], taken)), roulette, photons)

    def maps(self) -> tuple[Array, Array, Sums]:
        """Mean fluence for each photon and its standard error, in place of the sums, which are gone afterwards; what left."""
        mean, spread, leaving = self._maps.sums()
        mean /= self.photons
        for start in range(0, mean.size, _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            spread[part] = np.sqrt(np.maximum(spread[part] - mean[part] ** 2 * self.photons, 0.0))
        spread /= math.sqrt(max(self.blocks - 1, _NO_SPREAD) * self.photons)
        return mean, spread, leaving


def _finished(record: _Record, tissue: VoxelTissue, box: Box, beam: Beam, sides: Sides, engine: str, seed: int) -> VoxelLight:
    """The sums as a result per unit of energy and volume."""
    record.check()
    shape = tissue.labels.shape
    fluence, fluence_error, exits = record.maps()
    volume = box.dz * box.dy * box.dx * PER_M_PER_CM**2
    fluence /= volume
    fluence_error /= volume
    per_cm2 = 1.0 / (box.dy * box.dx * PER_M_PER_CM**2)
    leaving, leaving_error = (x.reshape(2, *shape[1:]) * per_cm2 for x in (exits.mean(), exits.error()))
    inputs = {
        "labels": tissue.sha256, "shape": shape, "voxel_um": tissue.edges_um, "media": [asdict(x) for x in tissue.media],
        "n_above": box.n_above, "n_below": box.n_below, "sides": sides, "beam": asdict(beam), "photons": record.photons,
        "blocks": record.blocks, "engine": engine,
    }  # fmt: skip
    return VoxelLight(
        tissue=tissue, n_above=box.n_above, n_below=box.n_below, sides=sides, beam=beam, photons=record.photons, blocks=record.blocks,
        engine=engine, seed=seed, collisions=record.collisions / record.photons, balance=record.balance(),
        tallies=record.estimates(), fluence_cm2=fluence.reshape(shape), fluence_error_cm2=fluence_error.reshape(shape),
        fluence_by_depth=record.planes.mean() / box.dz, fluence_by_depth_error=record.planes.error() / box.dz,
        reflected_cm2=leaving[0], reflected_error_cm2=leaving_error[0],
        transmitted_cm2=leaving[1], transmitted_error_cm2=leaving_error[1],
        provenance=provenance(inputs, seed=seed),
    )  # fmt: skip


def _pace(voxels: int) -> Pace:
    """Blocks in keeping with the size of the grid."""
    usual = Pace()
    return Pace(
        fewest_blocks=_FEWEST_BLOCKS,
        first_photons=max(usual.first_photons, int(voxels * _FIRST_PER_VOXEL)),
        largest_photons=max(usual.largest_photons, int(voxels * _LARGEST_PER_VOXEL)),
    )


def _fits_card(tissue: VoxelTissue) -> bool:
    """Whether each voxel takes enough of the light for the weights of a card, which are float32."""
    weakest = min((medium.mua_cm for medium in tissue.media if medium.mua_cm > 0.0), default=math.inf)
    return weakest * min(tissue.edges_um) * CM_PER_UM >= _LEAST_TAKEN


def _nothing(tissue: VoxelTissue, n_above: float, sides: Sides) -> frozenset[str]:
    """Tallies that are zero whatever the photons do."""
    there = [tissue.media[label] for label in np.unique(tissue.labels)]
    absorbing = {f"absorbed_{medium.name}" for medium in there if medium.mua_cm > 0.0}
    found = {f"absorbed_{medium.name}" for medium in tissue.media} - absorbing
    found |= set() if absorbing else {"absorbed"}
    found |= set() if sides == "open" else {"sides"}
    found |= {"specular_reflectance"} if all(medium.n == n_above for medium in there) else set()
    return frozenset(found)


def transport_voxels(
    tissue: VoxelTissue,
    beam: Beam,
    *,
    photons: int | None = None,
    until_pct: float | None = None,
    tally: str = "absorbed",
    goals: Sequence[Goal] = (),
    most_photons: int = MOST_PHOTONS,
    n_above: float = 1.0,
    n_below: float | None = None,
    sides: Sides = "open",
    seed: int = 0,
    engine: Engine = "auto",
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> VoxelLight:
    """Send photons into tissue on a grid of voxels and tell where they go.

    beam : centred on the top of the grid
    photons : how many; or `until_pct`: run until `tally` has this relative standard error; or several `goals`,
        with at most `most_photons`
    n_above, n_below : refractive indices outside; below, that of the lowest voxels when left out
    sides : open ones let light leave without reflection; mirrors send it back; periodic ones let it in at the other side,
        so that the tissue goes on for ever. The tails of a gaussian that reach beyond the grid are lost at open sides,
        folded back by mirrors, and wrapped by periodic ones, as is any wider beam.
    engine : packets of photons side by side, single photons, a graphics card (cuda), or what suits the machine and
        the length of the run; all give the same within errors
    threads : all processors when left out; the result does not depend on it, and a card does not use them
    progress, cancelled : called now and then from the calling thread

    Scattering and faces are drawn, absorption is exact along every path, and so is the fluence for each path. Faces of
    voxels reflect and refract wherever the index changes; they are flat along the axes, so a slanted surface is a stair.
    The same input and seed give the same numbers, bit for bit, on one machine.

    Raises InputError and OutOfRangeError for input without meaning, CancelledError, and RecutisError when energy does
    not add up.
    References: Amanatides & Woo 1987 (steps from voxel to voxel); Henyey & Greenstein 1941, doi:10.1086/144246.
    """
    check_tissue(tissue)
    check_beam(beam)
    checks.text("sides", sides)
    seed = check_seed(seed)
    check_run(engine, threads, progress, cancelled)
    _check_beam(tissue, beam, sides)
    media = _outside(tissue, n_above, n_below)
    names = voxel_tallies(tissue)
    length = length_of(
        photons, until_pct=until_pct, tally=tally, goals=goals, most_photons=most_photons, known=names,
        nothing=_nothing(tissue, n_above, sides), where="this tissue", pace=_pace(tissue.labels.size),
    )  # fmt: skip
    name = chosen(engine, length, on_card=_fits_card(tissue), in_single=True)
    kernels = kernels_of("voxel", name)
    from recutis.light._photon import source_of
    from recutis.light._voxel import MIRROR, MUA, OPEN, PERIODIC, Box

    nz, ny, nx = tissue.labels.shape
    dz, dy, dx = (edge * M_PER_UM for edge in tissue.edges_um)
    number = {"open": OPEN, "mirror": MIRROR, "periodic": PERIODIC}[sides]
    box = Box(nz=nz, ny=ny, nx=nx, dz=dz, dy=dy, dx=dx, n_above=media[0], n_below=media[1], sides=number)
    labels, properties, source, stop = tissue.labels.reshape(-1), tissue.media_array(), source_of(beam), np.zeros(1, np.int64)
    if name == "cuda":
        maps: _Maps = kernels.Card(labels, properties, source, box, seed)
        length, threads = replace(length, pace=kernels.PACE), 1
    else:
        maps = _Job(kernels, labels, properties, source, box, seed, stop)
    record = _Record(maps, names, properties[MUA], box.nz)
    ahead = kernels.AHEAD if name == "cuda" else 1
    run_blocks(maps.block, record, length, stop=stop, threads=threads, ahead=ahead, progress=progress, cancelled=cancelled)
    return _finished(record, tissue, box, beam, sides, name, seed)
