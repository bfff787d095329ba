"""Monte Carlo transport of a beam in layers on a depth-radius grid: `transport_layers`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from recutis.errors import InputError
from recutis.light import checks
from recutis.light._sums import Sums
from recutis.light.beams import Beam, check_beam
from recutis.light.blocks import MOST_PHOTONS, Estimate, Goal, TallyRecord, check_seed, length_of, run_blocks
from recutis.light.engines import Engine, check_run, chosen, kernels_of
from recutis.light.lamps import Lamp, check_lamp
from recutis.light.stack import (
    Grid,
    OpticalLayer,
    Rows,
    check_grid,
    check_outside,
    check_stack,
    checked_layers,
    clear_depth,
    default_grid,
    stack_arrays,
    tally_rows,
)
from recutis.provenance import Provenance, provenance
from recutis.skin.types import LayerOptics
from recutis.units import M_PER_UM, PER_M_PER_CM

if TYPE_CHECKING:
    import xarray as xr

    from recutis.light._photon import Scale, Source

Array = NDArray[np.float64]
Block = tuple[Array, Array, Array, Array]
Few = tuple[Array, Array, Array, Array, Array]
Layers = Sequence[OpticalLayer] | Sequence[LayerOptics]
LayersOf = Callable[[float], Layers]

_BOTTOM: Final = 4  # row of the lower faces in a stack, as in `_photon`
_FINEST_SHARE: Final = 1e-5  # of its depth that a layer may be thin; float32 has places a hundred times finer
_QUANTILES: Final = np.linspace(0.0, 1.0, 9)  # of a lamp's spectrum, at which the provenance knows the optics
_SUMMARY: Final = ("specular_reflectance", "diffuse_reflectance", "transmittance", "absorbed")


@dataclass(frozen=True, kw_only=True, eq=False)
class LayeredLight:
    """Where the light of a beam of energy one goes in layers; each array with its standard errors beside it.

    tallies : specular_reflectance (first surface only), diffuse_reflectance, transmittance (unscattered light
        included), absorbed, absorbed_layer_1, ...; shares of the energy that arrives
    fluence_cm2, absorbed_cm3 : (depth, radius) · fluence [1/cm²] and absorbed density [1/cm³] for each unit of energy;
        times J they are J/cm² and J/cm³
    fluence_wide, absorbed_wide_cm : (depth,) · the same under a beam much wider than the light spreads, over its
        fluence on the surface [1] and [1/cm]
    reflected_cm2, transmitted_cm2 : (radius,) · what leaves through an area of surface [1/cm²]
    outside : share of the energy that is absorbed beyond the grid
    balance : what roulette has won or lost by chance, zero on average
    """

    layers: tuple[OpticalLayer, ...]
    n_above: float
    n_below: float
    beam: Beam
    lamp: Lamp | None
    grid: Grid
    photons: int
    blocks: int
    engine: str
    seed: int
    collisions: float
    balance: Estimate
    tallies: dict[str, Estimate]
    outside: Estimate
    fluence_cm2: Array
    fluence_error_cm2: Array
    absorbed_cm3: Array
    absorbed_error_cm3: Array
    fluence_wide: Array
    fluence_wide_error: Array
    absorbed_wide_cm: Array
    absorbed_wide_error_cm: Array
    reflected_cm2: Array
    reflected_error_cm2: Array
    transmitted_cm2: Array
    transmitted_error_cm2: Array
    provenance: Provenance

    def to_xarray(self) -> xr.Dataset:
        """The result as a labelled Dataset over depth_um, radius_um (centres of cells) and tally."""
        from recutis.light._labels import dataset

        return dataset(self)


def tally_names(layers: int) -> tuple[str, ...]:
    """Names of the tallies of a stack of so many layers."""
    return (*_SUMMARY, *(f"absorbed_layer_{number}" for number in range(1, layers + 1)))


def _scale(grid: Grid) -> Scale:
    """The grid in the words of the kernels."""
    from recutis.light._photon import Scale

    return Scale(
        per_dz=grid.depth_cells / (grid.depth_um * M_PER_UM),
        per_dr=grid.radius_cells / (grid.radius_um * M_PER_UM),
        nz=grid.depth_cells,
        nr=grid.radius_cells,
    )


@dataclass(frozen=True, kw_only=True)
class _Job:
    """A run in the words of the kernels."""

    kernels: ModuleType
    stacks_of: Callable[[int], Sequence[Array]]
    source: Source
    grid: Grid
    rows: Rows
    seed: int
    stop: NDArray[np.int64]

    def block(self, number: int, photons: int) -> Block:
        """Run one block: fluence and absorbed energy by row and radius, what left by way and radius, the account.

        A block of a lamp has several wavelengths, each with a part of the photons and random numbers of its own.
        """
        from recutis.light._photon import ACCOUNTS, MUA

        stacks, widths = self.stacks_of(number), self.grid.radius_cells + 1
        cells = self.rows.cell.size * widths
        fluence, taken, leaving, account = np.zeros(cells), np.zeros(cells), np.zeros((2, widths)), np.zeros(ACCOUNTS)
        memory, part = self.kernels.memory(), np.zeros(cells)
        for place, stack in enumerate(stacks):
            share = photons // len(stacks) + (place < photons % len(stacks))
            part[:] = 0.0
            self.kernels.run_block(
                share, self.seed, number * len(stacks) + place, stack, self.source, _scale(self.grid), part, leaving, account,
                self.stop, memory,
            )  # fmt: skip
            fluence += part
            taken += part * np.repeat(stack[MUA][self.rows.layer], widths)
        return fluence.reshape(-1, widths), taken.reshape(-1, widths), leaving, account


class _Maps(Protocol):
    """What sums up cells over blocks, in the memory of this machine or on a card."""

    def add(self, found: Any, photons: int) -> Few:
        """Add a block: fluence and absorbed energy by row, that beyond the last radius, what left each way, the account."""

    def sums(self) -> tuple[Sums, Sums, Sums]:
        """Fluence and absorbed energy by depth and radius, what left by way and radius."""


class _OwnMaps:
    """Sums over blocks in the memory of this machine."""

    def __init__(self, rows: Rows, grid: Grid) -> None:
        shape = (grid.depth_cells + 1, grid.radius_cells + 1)
        self._rows = rows
        self._sums = Sums(*shape), Sums(*shape), Sums(2, shape[1])
        self._cells = np.empty(shape)

    def add(self, found: Block, photons: int) -> Few:
        """Add a block: fluence and absorbed energy by row, that beyond the last radius, what left each way, the account."""
        fluence, taken, leaving, account = found
        for sums, values in zip(self._sums, (fluence, taken), strict=False):
            sums.add(self._rows.by_cell(values, self._cells), photons)
        self._sums[2].add(leaving, photons)
        return fluence.sum(axis=1), taken.sum(axis=1), taken[:, -1], leaving.sum(axis=1), account

    def sums(self) -> tuple[Sums, Sums, Sums]:
        """Fluence and absorbed energy by depth and radius, what left by way and radius."""
        return self._sums


class _Record(TallyRecord):
    """Sums over blocks of everything that a result tells."""

    def __init__(self, rows: Rows, grid: Grid, layers: int, maps: _Maps | None = None) -> None:
        super().__init__(tally_names(layers), _SUMMARY)
        self.maps = maps if maps is not None else _OwnMaps(rows, grid)
        self._rows, self._layers = rows, layers
        depths = grid.depth_cells + 1
        self.fluence_wide, self.absorbed_wide, self.outside = Sums(depths), Sums(depths), Sums()

    def add(self, found: Any, photons: int) -> None:
        """Add one block."""
        rows = self._rows
        by_row, heat, edge, leaving, account = self.maps.add(found, photons)
        by_layer = np.bincount(rows.layer, weights=heat, minlength=self._layers)
        by_depth: Array = np.bincount(rows.cell, weights=heat).astype(np.float64)
        beyond = by_depth[-1] + np.sum(edge, where=rows.cell < rows.cell[-1])
        specular, *roulette = (float(x) for x in account[:4])
        self.fluence_wide.add(np.bincount(rows.cell, weights=by_row).astype(np.float64), photons)
        self.absorbed_wide.add(by_depth, photons)
        self.outside.add(np.asarray(beyond), photons)
        self.count(np.concatenate(([specular, *leaving, by_layer.sum()], by_layer)), roulette, photons)


def _finished(
    grid: Grid, record: _Record, tissue: _Tissue, beam: Beam, n_above: float, lamp: Lamp | None, engine: str, seed: int
) -> LayeredLight:
    """The sums as a result per unit of energy and volume."""
    record.check()
    layers = tissue.layers
    inner = slice(None, -1)
    depth_m = grid.depth_um * M_PER_UM / grid.depth_cells
    edges_m = grid.radius_edges_um * M_PER_UM
    area_m2 = math.pi * np.diff(edges_m * edges_m)
    tallies = record.estimates()
    nothing = Estimate(value=0.0, standard_error=0.0)
    tallies = {name: tallies.get(name, nothing) for name in tally_names(len(layers))}  # a clear depth takes nothing

    def both(sums: Sums, scale: Array | float) -> tuple[Array, Array]:
        place = (inner,) * sums.mean().ndim
        return sums.mean()[place] * scale, sums.error()[place] * scale

    fluences, absorptions, exits = record.maps.sums()
    fluence = both(fluences, PER_M_PER_CM**-2 / (area_m2 * depth_m))
    absorbed = both(absorptions, PER_M_PER_CM**-3 / (area_m2 * depth_m))
    wide, heat = both(record.fluence_wide, 1.0 / depth_m), both(record.absorbed_wide, 1.0 / (PER_M_PER_CM * depth_m))
    leaving, leaving_error = (x[:, inner] / area_m2 / PER_M_PER_CM**2 for x in (exits.mean(), exits.error()))
    inputs = {
        "layers": [asdict(layer) for layer in layers], "n_above": n_above, "n_below": tissue.n_below, "beam": asdict(beam),
        "lamp": None if lamp is None else {**asdict(lamp), "optics_sha256": tissue.optics_sha256}, "grid": asdict(grid),
        "photons": record.photons, "blocks": record.blocks, "engine": engine,
    }  # fmt: skip
    return LayeredLight(
        layers=layers, n_above=n_above, n_below=tissue.n_below, beam=beam, lamp=lamp, grid=grid,
        photons=record.photons, blocks=record.blocks, engine=engine, seed=seed,
        collisions=record.collisions / record.photons, balance=record.balance(),
        tallies=tallies,
        outside=Estimate(value=float(record.outside.mean()), standard_error=float(record.outside.error())),
        fluence_cm2=fluence[0], fluence_error_cm2=fluence[1], absorbed_cm3=absorbed[0], absorbed_error_cm3=absorbed[1],
        fluence_wide=wide[0], fluence_wide_error=wide[1], absorbed_wide_cm=heat[0], absorbed_wide_error_cm=heat[1],
        reflected_cm2=leaving[0], reflected_error_cm2=leaving_error[0],
        transmitted_cm2=leaving[1], transmitted_error_cm2=leaving_error[1],
        provenance=provenance(inputs, seed=seed),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Tissue:
    """Layers at the (middle) wavelength, the index below, and the stacks of each block of photons."""

    layers: tuple[OpticalLayer, ...]
    n_below: float
    stack: Array
    stacks_of: Callable[[int], Sequence[Array]]
    optics_sha256: str = ""


def _stack(layers: Layers, n_above: float, n_below: float | None) -> tuple[tuple[OpticalLayer, ...], float, Array]:
    """Layers, index below and kernels' stack of one wavelength, checked."""
    own = checked_layers(layers)
    n_above, below = check_outside(n_above, own[-1].n if n_below is None else n_below)
    check_stack(own, n_above, below)
    return own, below, stack_arrays(own, n_above, below)


def _tissue(layers: Layers | LayersOf, lamp: Lamp | None, n_above: float, n_below: float | None, seed: int) -> _Tissue:
    """Layers of one wavelength, or of each wavelength of a lamp.

    Raises InputError when layers and lamp do not fit together.
    """
    if lamp is None:
        if callable(layers):
            msg = "Layers that depend on the wavelength need a lamp; give one, or the layers of one wavelength."
            raise InputError(msg)
        own, below, stack = _stack(layers, n_above, n_below)
        return _Tissue(layers=own, n_below=below, stack=stack, stacks_of=lambda _number: (stack,))
    if not callable(layers):
        msg = "A lamp has many wavelengths; give its layers as a function of the wavelength in nanometres."
        raise InputError(msg)
    checks.callback("layers", layers, 1)
    own, below, stack = _stack(layers(float(lamp.wavelength_nm(0.5))), n_above, n_below)

    def stack_at(nm: float) -> Array:
        _, _, found = _stack(layers(nm), n_above, n_below)
        if found.shape != stack.shape:
            msg = f"There are {found.shape[1]} layers at {nm:.1f} nm but {stack.shape[1]} at the middle wavelength; give as many at each."
            raise InputError(msg)
        if not np.array_equal(found[_BOTTOM], stack[_BOTTOM]):
            msg = f"The layers at {nm:.1f} nm are not as thick as those at the middle wavelength; only their optics may change."
            raise InputError(msg)
        return found

    return _Tissue(
        layers=own, n_below=below, stack=stack,
        stacks_of=lambda number: [stack_at(nm) for nm in lamp.drawn_nm(number, seed)],
        optics_sha256=sha256(b"".join(stack_at(float(nm)).tobytes() for nm in lamp.wavelength_nm(_QUANTILES))).hexdigest(),
    )  # fmt: skip


def _fits_single(stack: Array) -> bool:
    """Whether every layer is thick enough for depths in float32."""
    thick, deep = stack[_BOTTOM] - stack[_BOTTOM - 1], stack[_BOTTOM - 1]
    return bool((thick >= _FINEST_SHARE * deep).all())


def _nothing(tissue: _Tissue, n_above: float) -> frozenset[str]:
    """Tallies that are zero whatever the photons do."""
    layers = tissue.layers
    found = {f"absorbed_layer_{number}" for number, layer in enumerate(layers, start=1) if layer.mua_cm == 0.0}
    found |= {"absorbed"} if len(found) == len(layers) else set()
    found |= {"specular_reflectance"} if layers[0].n == n_above else set()
    deep = math.isinf(layers[-1].thickness_um) and not clear_depth(layers)
    return frozenset(found | ({"transmittance"} if deep else set()))


def transport_layers(
    layers: Layers | LayersOf,
    beam: Beam,
    *,
    lamp: Lamp | None = None,
    photons: int | None = None,
    until_pct: float | None = None,
    tally: str = "diffuse_reflectance",
    goals: Sequence[Goal] = (),
    most_photons: int = MOST_PHOTONS,
    n_above: float = 1.0,
    n_below: float | None = None,
    grid: Grid | None = None,
    seed: int = 0,
    engine: Engine = "auto",
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> LayeredLight:
    """Send photons into a stack of layers and tell where they go.

    layers : top to bottom, as `OpticalLayer` or as the skin's own `layer_optics`
    lamp : a flash lamp; `layers` is then a function of the wavelength [nm], each block of photons has a wavelength of its
        own, and the result, whose `layers` are those of the middle wavelength, is that of the whole band
    photons : how many; or `until_pct`: run until `tally` has this relative standard error; or several `goals`,
        with at most `most_photons`
    n_above, n_below : refractive indices outside; below, that of the lowest layer when left out
    engine : packets of sixteen photons, single photons, a graphics card (cuda), or what suits the machine and the length
        of the run; all give the same within errors
    threads : all processors when left out; the result does not depend on it, and a card does not use them
    progress, cancelled : called now and then from the calling thread

    The same input and seed give the same numbers, bit for bit, on one machine.

    Raises InputError and OutOfRangeError for input without meaning, CancelledError, and RecutisError when energy does
    not add up.
    References: Wang, Jacques & Zheng 1995, doi:10.1016/0169-2607(95)01640-F; Henyey & Greenstein 1941,
    doi:10.1086/144246.
    """
    seed = check_seed(seed)
    check_beam(beam)
    check_lamp(lamp)
    check_grid(grid)
    check_run(engine, threads, progress, cancelled)
    if lamp is not None and engine == "cuda":
        msg = "A graphics card follows one wavelength at a time, a lamp has many; choose the engine packet, or auto."
        raise InputError(msg)
    tissue = _tissue(layers, lamp, n_above, n_below, seed)
    length = length_of(
        photons, until_pct=until_pct, tally=tally, goals=goals, most_photons=most_photons,
        known=tally_names(len(tissue.layers) - clear_depth(tissue.layers)), nothing=_nothing(tissue, n_above),
        where=f"{len(tissue.layers)} layers",
    )  # fmt: skip
    name = chosen(engine, length, on_card=lamp is None, in_single=_fits_single(tissue.stack))
    kernels = kernels_of("layered", name)
    from recutis.light._photon import TOP, source_of

    used = grid if grid is not None else default_grid(tissue.layers, beam.reach_um)
    stack = tissue.stack
    rows, stop = tally_rows(stack[TOP], used), np.zeros(1, np.int64)
    if name == "cuda":
        maps = kernels.Card(stack, source_of(beam), _scale(used), rows, seed)
        record = _Record(rows, used, stack.shape[1], maps)
        run_blocks(
            maps.block, record, replace(length, pace=kernels.PACE), stop=stop, threads=1, ahead=kernels.AHEAD,
            progress=progress, cancelled=cancelled,
        )  # fmt: skip
    else:
        job = _Job(
            kernels=kernels, stacks_of=tissue.stacks_of, source=source_of(beam), grid=used, rows=rows, seed=seed, stop=stop
        )
        record = _Record(rows, used, stack.shape[1])
        run_blocks(job.block, record, length, stop=stop, threads=threads, progress=progress, cancelled=cancelled)
    return _finished(used, record, tissue, beam, n_above, lamp, name, seed)
