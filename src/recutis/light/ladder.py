"""One call for light at any fidelity: `transport` chooses the rung of the ladder that the question needs, and says so.

From quick to costly: closed form (two streams; Beer and Lambert where nothing scatters), deterministic (discrete ordinates,
wide beams on layers), layered (photons, finite beams on layers), voxel (photons, tissue of any shape). What is absorbed,
reflected and let through by layers, and the fluence summed over each depth, do not depend on the shape of the beam, so
neighbouring rungs can be compared: their difference is part of the result when asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from recutis.errors import CancelledError, InputError, OutOfRangeError
from recutis.light import checks
from recutis.light.beams import Beam, check_beam, pencil
from recutis.light.blocks import FEWEST_PHOTONS, Estimate, check_seed
from recutis.light.deterministic import WideLight, transport_wide
from recutis.light.engines import check_run
from recutis.light.layered import LayeredLight, Layers, tally_names, transport_layers
from recutis.light.stack import (
    Grid,
    OpticalLayer,
    check_grid,
    check_outside,
    check_stack,
    checked_layers,
    clear_depth,
    default_grid,
)
from recutis.light.voxel_tissue import VoxelTissue
from recutis.light.voxels import VoxelLight, transport_voxels
from recutis.skin.types import LayerOptics
from recutis.units import CM_PER_UM, M_PER_UM, PER_M_PER_CM, PERCENT

Array = NDArray[np.float64]
Fidelity = Literal["closed_form", "deterministic", "layered", "voxel"]
LADDER: Final[tuple[Fidelity, ...]] = get_args(Fidelity)
_PHOTONS: Final = 200_000
_DIM: Final = 0.01  # of the largest fluence; where it is darker, rungs are not compared
_NOISE: Final = 2.0  # standard errors that a difference of the fluence may owe to chance
_ATTENUATIONS: Final = 60.0  # lengths of effective attenuation that stand for an infinite layer in closed form
_SAME_INDEX: Final = 1e-6  # refractive indices nearer than this make no step
_LOST: Final = 0.01  # of the energy; where more leaves by open sides, voxels are not compared with layers, which have none
_PHOTON_RUNGS: Final = ("layered", "voxel")

_NO_GRID: Final = Grid(depth_um=1.0, radius_um=1.0)  # until the tissue says which
Tissue = tuple[OpticalLayer, ...] | VoxelTissue


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What two neighbouring rungs say of one quantity; the standard error is that of their difference."""

    quantity: str
    lower: Fidelity
    upper: Fidelity
    lower_value: float
    upper_value: float
    standard_error: float

    @property
    def relative_pct(self) -> float:
        """How far the lower rung lies above (+) or below (-) the upper one [%]; infinite against nothing."""
        if self.upper_value == 0.0:
            return 0.0 if self.lower_value == 0.0 else math.inf
        return PERCENT * (self.lower_value / self.upper_value - 1.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Transported:
    """Light at the fidelity that was chosen.

    reason : why this rung
    tallies : shares of the energy, named as in `LayeredLight`; in voxels `absorbed_` goes by the name of the medium
    depth_edges_um : edges of the cells of depth, (cells + 1,)
    fluence_wide, fluence_wide_error : (cells,) · fluence summed over each depth and divided by the energy, which is that under a
        wide beam over its exposure [1]; of a finite beam on voxels only what stays between their open sides, see the tally `sides`
    light : the result of the rung's own function; None in closed form
    differences : from the rung below and to the rung above, where asked for and where the rung can tell
    not_compared : what a comparison leaves out, or why a neighbour could not be compared
    """

    fidelity: Fidelity
    reason: str
    tallies: dict[str, Estimate]
    depth_edges_um: Array
    fluence_wide: Array
    fluence_wide_error: Array
    light: WideLight | LayeredLight | VoxelLight | None
    differences: tuple[Difference, ...]
    not_compared: tuple[str, ...]

    def rows(self) -> list[tuple[str, str, str]]:
        """Lines to print: quantity, value with its error, what a neighbour says."""
        own: dict[str, str] = {name: f"{x.value:.5f} ± {x.standard_error:.5f}" for name, x in self.tallies.items()}
        told: dict[str, list[str]] = {name: [] for name in own}
        for one in self.differences:
            above = one.upper == self.fidelity
            other, value = (one.lower, one.lower_value) if above else (one.upper, one.upper_value)
            own.setdefault(one.quantity, f"{one.upper_value if above else one.lower_value:.5f}")
            told.setdefault(one.quantity, []).append(f"{other.replace('_', ' ')} {value:.5f}")
        return [(name, value, "; ".join(told[name])) for name, value in own.items()]


@dataclass(frozen=True, kw_only=True)
class _Question:
    """What is asked of every rung."""

    beam: Beam
    n_above: float
    n_below: float | None
    grid: Grid
    photons: int
    seed: int
    progress: Callable[[float], None] | None
    cancelled: Callable[[], bool] | None


def _exact(tallies: Mapping[str, float]) -> dict[str, Estimate]:
    return {name: Estimate(value=value, standard_error=0.0) for name, value in tallies.items()}


def scattering_error_pct(layers: Sequence[OpticalLayer]) -> float:
    """Most that scattering can change the light of layers when it is left to the closed form [%].

    The largest share of reduced scattering in the attenuation of any layer: light that is never turned cannot be wrong.
    """
    shares = [x.mus_cm * (1.0 - x.g) / max(x.mua_cm + x.mus_cm * (1.0 - x.g), 1e-300) for x in layers]
    return PERCENT * max(shares)


def _beyond_closed_form(layers: Sequence[OpticalLayer], ask: _Question) -> str | None:
    """Why the closed form cannot answer, in a sentence that names the way out; None where it can."""
    if ask.beam.angle_deg or ask.beam.diffuse:
        return "The closed form knows upright beams only; choose the deterministic rung for tilted or diffuse light."
    endless = math.isinf(layers[-1].thickness_um)
    below = [] if endless or ask.n_below is None else [("n_below", ask.n_below)]
    for called, n in (*((_called(number, x), x.n) for number, x in enumerate(layers, start=1)), *below):
        if abs(n - layers[0].n) > _SAME_INDEX:
            return (
                f"{called} has the refractive index {n:g} and the first layer {layers[0].n:g}, but the closed form knows reflection "
                "at the surface only; choose the deterministic rung, or give all the same index."
            )
    for number, x in enumerate(layers, start=1):
        if x.g < 0.0 < x.mus_cm:
            return (
                f"{_called(number, x)} has g = {x.g:g}, but the closed form knows g of at least 0 only; "
                "choose the deterministic rung."
            )
    return None


def _has_steps(layers: tuple[OpticalLayer, ...], ask: _Question) -> bool:
    """Whether the index of refraction changes inside or below."""
    below = [] if math.isinf(layers[-1].thickness_um) or ask.n_below is None else [ask.n_below]
    return any(abs(n - layers[0].n) > _SAME_INDEX for n in (*(x.n for x in layers), *below))


def _without_steps(layers: tuple[OpticalLayer, ...]) -> tuple[OpticalLayer, ...]:
    """The layers with the index of the first one."""
    return tuple(replace(x, n=layers[0].n) for x in layers)


def _called(number: int, layer: OpticalLayer) -> str:
    return f"Layer {number} '{layer.name}'" if layer.name else f"Layer {number}"


def _finite(layers: tuple[OpticalLayer, ...], depth_um: float) -> tuple[OpticalLayer, ...]:
    """Layers with an end: an infinite one is as thick as its light needs, or left out where it is clear."""
    last = layers[-1]
    if clear_depth(layers):
        return layers[:-1]
    if not math.isinf(last.thickness_um):
        return layers
    effective = math.sqrt(3.0 * last.mua_cm * (last.mua_cm + last.mus_cm * (1.0 - last.g)))
    return (*layers[:-1], replace(last, thickness_um=max(depth_um, _ATTENUATIONS / effective / CM_PER_UM)))


def _closed_form(given: tuple[OpticalLayer, ...], ask: _Question) -> Transported:
    """Two streams on cells that never span two layers; the index of refraction counts at the surface only."""
    from recutis.light import two_stream  # loads the compiler

    refused = _beyond_closed_form(given, ask)
    if refused is not None:
        raise InputError(refused)
    edges = ask.grid.depth_edges_um
    layers = _finite(given, float(edges[-1]))
    faces = np.concatenate(([0.0], np.cumsum([x.thickness_um for x in layers])))
    cut = np.unique(np.concatenate((edges[edges < faces[-1]], faces)))
    layer = np.searchsorted(faces, (cut[:-1] + cut[1:]) / 2) - 1
    mua, musp, g = (
        np.array(values)[layer]
        for values in zip(*((x.mua_cm, x.mus_cm * (1.0 - x.g), max(x.g, 0.0)) for x in layers), strict=True)
    )
    found = two_stream.propagate(
        np.diff(cut) * M_PER_UM, mua * PER_M_PER_CM, musp * PER_M_PER_CM, g, n_surface=layers[0].n / ask.n_above
    )
    specular = two_stream.specular_reflection(layers[0].n / ask.n_above)
    absorbed = np.bincount(layer, weights=found.absorbed, minlength=len(given))
    values = (specular, found.reflected - specular, found.transmitted, float(absorbed.sum()), *absorbed.tolist())
    cumulated = np.concatenate(([0.0], np.cumsum(found.fluence * np.diff(cut))))
    fluence = np.diff(np.interp(edges, cut, cumulated)) / np.diff(edges)
    return Transported(
        fidelity="closed_form", reason="", tallies=_exact(dict(zip(tally_names(len(given)), values, strict=True))),
        depth_edges_um=edges, fluence_wide=fluence, fluence_wide_error=np.zeros_like(fluence), light=None, differences=(),
        not_compared=(),
    )  # fmt: skip


def _deterministic(layers: tuple[OpticalLayer, ...], ask: _Question) -> Transported:
    light = transport_wide(
        layers, angle_deg=ask.beam.angle_deg, diffuse=ask.beam.diffuse, n_above=ask.n_above, n_below=ask.n_below,
        depth_edges_um=ask.grid.depth_edges_um,
    )  # fmt: skip
    return Transported(
        fidelity="deterministic", reason="", tallies=_exact(light.tallies), depth_edges_um=light.depth_edges_um,
        fluence_wide=light.fluence_wide, fluence_wide_error=np.zeros_like(light.fluence_wide), light=light, differences=(),
        not_compared=(),
    )  # fmt: skip


def _layered(layers: tuple[OpticalLayer, ...], ask: _Question) -> Transported:
    light = transport_layers(
        layers, ask.beam, photons=ask.photons, n_above=ask.n_above, n_below=ask.n_below, grid=ask.grid, seed=ask.seed,
        progress=ask.progress, cancelled=ask.cancelled,
    )  # fmt: skip
    return Transported(
        fidelity="layered", reason="", tallies=light.tallies, depth_edges_um=light.grid.depth_edges_um,
        fluence_wide=light.fluence_wide, fluence_wide_error=light.fluence_wide_error, light=light, differences=(), not_compared=(),
    )  # fmt: skip


def _voxel(tissue: VoxelTissue, ask: _Question, *, wide: bool) -> Transported:
    beam = tissue.wide_beam(angle_deg=ask.beam.angle_deg, diffuse=ask.beam.diffuse) if wide else ask.beam
    light = transport_voxels(
        tissue, beam, photons=ask.photons, n_above=ask.n_above, n_below=ask.n_below, sides="periodic" if wide else "open",
        seed=ask.seed, progress=ask.progress, cancelled=ask.cancelled,
    )  # fmt: skip
    return Transported(
        fidelity="voxel", reason="", tallies=light.tallies,
        depth_edges_um=np.arange(tissue.labels.shape[0] + 1) * tissue.edges_um[0], fluence_wide=light.fluence_by_depth,
        fluence_wide_error=light.fluence_by_depth_error, light=light, differences=(), not_compared=(),
    )  # fmt: skip


def mean_layers(tissue: VoxelTissue) -> tuple[OpticalLayer, ...]:
    """Voxels as layers: means over each plane of voxels, like planes joined; the index of refraction is the commonest one.

    What this loses, such as the shadow of a vessel, is the difference between the layered and the voxel rung.
    """
    names = [medium.name for medium in tissue.media]
    mua, mus, g, n = (np.array([getattr(medium, field) for medium in tissue.media]) for field in ("mua_cm", "mus_cm", "g", "n"))
    layers: list[OpticalLayer] = []
    before: Array | None = None
    for plane in tissue.labels:
        counts = np.bincount(plane.ravel(), minlength=len(names)).astype(np.float64)
        if before is not None and np.array_equal(counts, before):
            layers[-1] = replace(layers[-1], thickness_um=layers[-1].thickness_um + tissue.edges_um[0])
            continue
        share, before = counts / counts.sum(), counts
        scattered = float(share @ mus)
        most = int(np.argmax(counts))
        layers.append(
            OpticalLayer(
                thickness_um=tissue.edges_um[0], mua_cm=float(share @ mua), mus_cm=scattered,
                g=float(share @ (mus * g)) / scattered if scattered > 0.0 else float(g[most]), n=float(n[most]),
                name=names[most] if counts[most] == counts.sum() else f"{names[most]} and others",
            )
        )  # fmt: skip
    return tuple(layers)


def _rung(fidelity: Fidelity, tissue: Tissue, ask: _Question, *, wide: bool) -> Transported:
    """Light at one fidelity. Raises InputError where tissue, beam and rung do not fit together."""
    if fidelity == "voxel":
        if not isinstance(tissue, VoxelTissue):
            msg = "Layers have no voxels; make them with VoxelTissue.from_layers or voxel_skin, or choose the layered rung."
            raise InputError(msg)
        return _voxel(tissue, ask, wide=wide)
    layers = mean_layers(tissue) if isinstance(tissue, VoxelTissue) else tissue
    run = {"closed_form": _closed_form, "deterministic": _deterministic, "layered": _layered}[fidelity]
    return run(layers, ask)


def _chosen(tissue: Tissue, ask: _Question, error_pct: float, *, wide: bool) -> tuple[Fidelity, str]:
    """The lowest rung that answers, and why."""
    if isinstance(tissue, VoxelTissue):
        return "voxel", "tissue of any shape needs voxels"
    if not wide:
        return "layered", "a beam of finite size on layers needs photons"
    turned = scattering_error_pct(tissue)
    if turned <= error_pct and _beyond_closed_form(tissue, ask) is None:
        return "closed_form", f"scattering changes this light by at most {turned:.2g} %, and {error_pct:g} % are allowed"
    return "deterministic", "a beam much wider than its light spreads needs the depth only"


def _asked_for(rung: Fidelity, tissue: Tissue, beam: Beam | None) -> str:
    """What a rung that is asked for leaves out."""
    reason = "as asked for"
    if isinstance(tissue, VoxelTissue) and rung != "voxel":
        reason += "; each plane of voxels counts with its mean"
    if beam is not None and rung not in _PHOTON_RUNGS:
        size = f" of {beam.size_um:g} µm" if beam.size_um else ""
        reason += (
            f"; this is light of a beam much wider than it spreads, your {beam.shape.replace('_', ' ')}{size} is not: "
            "shares of the energy and sums over each depth are the same"
        )
    return reason


def _compared(lower: Transported, upper: Transported) -> tuple[Difference, ...]:
    """Tallies that both know, and the fluence where they are furthest apart."""
    found = [
        Difference(
            quantity=name, lower=lower.fidelity, upper=upper.fidelity, lower_value=lower.tallies[name].value,
            upper_value=upper.tallies[name].value,
            standard_error=math.hypot(lower.tallies[name].standard_error, upper.tallies[name].standard_error),
        )
        for name in lower.tallies
        if name in upper.tallies
    ]  # fmt: skip
    middle = (upper.depth_edges_um[:-1] + upper.depth_edges_um[1:]) / 2
    below = (lower.depth_edges_um[:-1] + lower.depth_edges_um[1:]) / 2
    one, error = (np.interp(middle, below, x) for x in (lower.fluence_wide, lower.fluence_wide_error))
    bright = upper.fluence_wide > _DIM * upper.fluence_wide.max()
    gap = np.abs(one - upper.fluence_wide) - _NOISE * np.hypot(error, upper.fluence_wide_error)
    worst = int(np.argmax(np.where(bright, gap / np.where(bright, upper.fluence_wide, 1.0), -np.inf)))
    apart = Difference(
        quantity=f"fluence at {middle[worst]:.0f} µm, where they differ most", lower=lower.fidelity, upper=upper.fidelity,
        lower_value=float(one[worst]), upper_value=float(upper.fluence_wide[worst]),
        standard_error=math.hypot(float(error[worst]), float(upper.fluence_wide_error[worst])),
    )  # fmt: skip
    return (*found, apart)


class _Told:
    """Progress of one or several runs as a whole."""

    def __init__(self, told: Callable[[float], None] | None, runs: int) -> None:
        self._told, self._runs, self._done, self._last = told, max(runs, 1), 0, -1.0

    def next(self) -> Callable[[float], None] | None:
        """What the next run of photons calls."""
        number, self._done = self._done, self._done + 1
        return None if self._told is None else lambda share: self._tell((number + share) / self._runs)

    def end(self) -> None:
        """All is done."""
        if self._last < 1.0:
            self._tell(1.0)

    def _tell(self, share: float) -> None:
        self._last = share
        if self._told is not None:
            self._told(share)


def _others(rung: Fidelity, tissue: Tissue) -> list[Fidelity]:
    """The neighbours of a rung that there are for a tissue."""
    place = LADDER.index(rung)
    near = LADDER[max(place - 1, 0) : place + 2]
    return [x for x in near if x != rung and (x != "voxel" or isinstance(tissue, VoxelTissue))]


def _lost(light: Transported) -> str | None:
    """Why light in voxels cannot be compared with that in layers, None where it can."""
    share = light.tallies["sides"].value if light.fidelity == "voxel" else 0.0
    if share <= _LOST:
        return None
    return (
        f"{share:.1%} of the light leaves by the sides of the voxels, and layers have none; "
        "make the grid wider to compare them, or leave out the beam for a wide one."
    )


def _neighbours(
    found: Transported, tissue: Tissue, ask: _Question, told: _Told, *, wide: bool
) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
    place = LADDER.index(found.fidelity)
    differences: list[Difference] = []
    silent: list[str] = []
    for other in _others(found.fidelity, tissue):
        lost = _lost(found)
        if lost is None:
            progress = told.next() if other in _PHOTON_RUNGS else None
            beside, question = tissue, replace(ask, progress=progress)
            if other == "closed_form" and not isinstance(tissue, VoxelTissue) and _has_steps(tissue, ask):
                beside, question = _without_steps(tissue), replace(question, n_below=None)
                silent.append("The closed form beside counts reflection at the surface only, with the index of the first layer.")
            try:
                next_to = _rung(other, beside, question, wide=wide)
            except (InputError, OutOfRangeError) as error:
                silent.append(str(error))
                continue
            lost = _lost(next_to)
        if lost is not None:
            silent.append(lost)
            continue
        differences.extend(_compared(next_to, found) if LADDER.index(other) < place else _compared(found, next_to))
    return tuple(differences), tuple(silent)


def _own_tissue(tissue: object) -> Tissue:
    """Voxels as they are, layers as those of light transport. Raises InputError for anything else."""
    return tissue if isinstance(tissue, VoxelTissue) else checked_layers(tissue)


def _check_asked(fidelity: object, error_pct: float, beam: object, grid: object, *, tilted: bool) -> None:
    """Refuse choices without meaning. Raises InputError and OutOfRangeError."""
    if not isinstance(fidelity, str) or fidelity not in {*LADDER, "auto"}:
        msg = f"There is no fidelity '{fidelity}'; choose auto, {', '.join(LADDER[:-1])} or {LADDER[-1]}."
        raise InputError(msg)
    if not (math.isfinite(error_pct) and error_pct >= 0.0):
        msg = f"The allowed error is {error_pct:g} %; give a finite percentage of at least 0."
        raise OutOfRangeError(msg)
    if beam is not None:
        check_beam(beam)
    check_grid(grid)
    if beam is not None and tilted:
        msg = "angle_deg and diffuse are those of a wide beam, but a beam is given too; give them to the beam, or leave it out."
        raise InputError(msg)


def _question(own: Tissue, beam: Beam | None, grid: Grid | None, ask: _Question) -> _Question:
    """The question with its grid, checked against the tissue. Raises InputError and OutOfRangeError."""
    if isinstance(own, VoxelTissue):
        above, below = check_outside(ask.n_above, 1.0 if ask.n_below is None else ask.n_below)
        ask = replace(ask, n_above=above, n_below=None if ask.n_below is None else below)
        if grid is not None:
            msg = "Voxels bring their own cells, but a grid is given too; leave the grid out, or give layers."
            raise InputError(msg)
        planes = own.labels.shape[0]
        return replace(ask, grid=Grid(depth_um=planes * own.edges_um[0], radius_um=max(own.size_um), depth_cells=planes))
    above, below = check_outside(ask.n_above, own[-1].n if ask.n_below is None else ask.n_below)
    check_stack(own, above, below)
    ask = replace(ask, n_above=above, n_below=None if ask.n_below is None else below)
    return replace(ask, grid=default_grid(own, 0.0 if beam is None else beam.reach_um) if grid is None else grid)


def transport(
    tissue: Layers | VoxelTissue,
    beam: Beam | None = None,
    *,
    angle_deg: float = 0.0,
    diffuse: bool = False,
    fidelity: Fidelity | Literal["auto"] = "auto",
    error_pct: float = 1.0,
    compare: bool = False,
    n_above: float = 1.0,
    n_below: float | None = None,
    grid: Grid | None = None,
    photons: int = _PHOTONS,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Transported:
    """Light of a beam in layers or voxels at the fidelity that is needed, or at the one that is asked for.

    tissue : layers, as `OpticalLayer` or as the skin's own `layer_optics`, or voxels
    beam : None for a beam much wider than its light spreads
    angle_deg, diffuse : of the wide beam, to the normal in the medium above, or light from all directions; with a beam left out
    fidelity : a rung of `LADDER`, or auto: voxels for voxels, photons for finite beams, closed form where scattering changes the
        light by at most `error_pct` and no index of refraction changes below the surface, else discrete ordinates
    compare : also run the neighbouring rungs and tell the differences; voxels are compared with the mean of each plane
    n_above, n_below : refractive indices outside; below, that of the lowest layer or voxels when left out
    grid : cells of depth (and radius for photons in layers); two hundred each way when left out. Voxels bring their own
    photons, seed : of each rung that sends photons
    progress, cancelled : called now and then from the calling thread; progress with the share done of all rungs together

    Raises InputError and OutOfRangeError for input without meaning or a rung that cannot answer, CancelledError, and
    RecutisError when energy does not add up.
    """
    error_pct = checks.real("The allowed error is", error_pct, "a finite percentage of at least 0")
    angle_deg, diffuse, compare = (
        checks.number("angle_deg", angle_deg), checks.truth("diffuse", diffuse), checks.truth("compare", compare),
    )  # fmt: skip
    _check_asked(fidelity, error_pct, beam, grid, tilted=angle_deg != 0.0 or diffuse)
    check_run("auto", None, progress, cancelled)
    own, seed, photons = _own_tissue(tissue), check_seed(seed), checks.whole("photons", photons, FEWEST_PHOTONS)
    ask = _Question(
        beam=pencil(angle_deg=angle_deg, diffuse=diffuse) if beam is None else beam, n_above=n_above, n_below=n_below, grid=_NO_GRID,
        photons=photons, seed=seed, progress=None, cancelled=cancelled,
    )  # fmt: skip
    ask = _question(own, beam, grid, ask)
    wide = beam is None
    if fidelity == "auto":
        rung, reason = _chosen(own, ask, error_pct, wide=wide)
    else:
        rung, reason = fidelity, _asked_for(fidelity, own, beam)
    if cancelled is not None and cancelled():
        msg = "The light transport was cancelled; nothing was kept."
        raise CancelledError(msg)
    told = _Told(progress, sum(x in _PHOTON_RUNGS for x in (rung, *(_others(rung, own) if compare else ()))))
    ask = replace(ask, progress=told.next() if rung in _PHOTON_RUNGS else None)
    found = replace(_rung(rung, own, ask, wide=wide), reason=reason)
    if compare:
        differences, silent = _neighbours(found, own, ask, told, wide=wide)
        found = replace(found, differences=differences, not_compared=silent)
    told.end()
    return found


def optical_range(
    layers: Sequence[LayerOptics], *, n_above: float = 1.0, n_below: float | None = None
) -> dict[str, tuple[float, float]]:
    """Lowest and highest share of each tally when the optics of all layers lie at the ends of their ranges.

    Absorption and scattering each at their low and high end, all layers together; a wide upright beam by discrete ordinates.
    Skin is known far less well than light: this, not the error of a method, is how uncertain the light in a person is.

    Raises InputError for layers without ranges, and OutOfRangeError for input without meaning.
    """
    wrong = next((x for x in layers if not isinstance(x, LayerOptics)), None)
    if wrong is not None:
        msg = f"{type(wrong).__name__} has no range of optical properties; give the layers that layer_optics returns."
        raise InputError(msg)
    found: dict[str, list[float]] = {}
    for absorbs in ("mua_low_cm", "mua_cm", "mua_high_cm"):
        for scatters in ("musp_low_cm", "musp_cm", "musp_high_cm"):
            moved = [replace(x, mua_cm=getattr(x, absorbs), musp_cm=getattr(x, scatters)) for x in layers]
            for name, value in transport_wide(moved, n_above=n_above, n_below=n_below).tallies.items():
                found.setdefault(name, []).append(value)
    return {name: (min(values), max(values)) for name, values in found.items()}


__all__ = [
    "LADDER", "Difference", "Fidelity", "Transported", "mean_layers", "optical_range", "scattering_error_pct", "transport",
]  # fmt: skip
