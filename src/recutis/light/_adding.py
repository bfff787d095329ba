"""Layers joined from below by what each reflects, and the light in all of them: `solve`.

Light is told in root flux: the radiance over n² times the root of the direction's weight, so that faces are diagonal, the
reflection of a stack is a symmetric matrix and root_weight @ light is flux. The beam stands behind the directions, as one more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from recutis.light._ordinates import Directions, basis, directions, merged, resistance
from recutis.light._slab import Lit, Ray, Slab, particular, slab
from recutis.light.stack import OpticalLayer

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Face:
    """All that lies between two layers which absorb or scatter: one face, or several with clear layers between them.

    single : (faces, directions and beam) · resistance of each face
    clear : (number of the layer, its index) of each clear layer
    """

    single: Array
    clear: tuple[tuple[int, float], ...]

    def reflected(self) -> tuple[Array, Array]:
        """What the whole reflects and lets through of each direction, from either side."""
        through = 2.0 / (2.0 + self.single.sum(axis=0))
        return 1.0 - through, through


@dataclass(frozen=True, kw_only=True, eq=False)
class Sides:
    """Light that goes down and up at one place, by direction, the beam last; 0 where it does not propagate."""

    down: Array
    up: Array

    def net(self, root: Array) -> float:
        """Net flux downwards."""
        return float(root @ (self.down - self.up))


@dataclass(frozen=True, kw_only=True, eq=False)
class Solution:
    """Light in a stack. Arrays by layer; depths from the surface.

    absorbed : from the integral of the fluence; flux_lost : from the net flux at the two faces
    """

    layers: tuple[OpticalLayer, ...]
    faces_um: Array
    lit: dict[int, Lit]
    clear: dict[int, float]
    specular: float
    reflected: float
    transmitted: float
    absorbed: Array
    flux_lost: Array

    def fluence(self, depth_um: Array) -> Array:
        """Fluence at depths within the stack, of the lower layer where two meet."""
        number = np.clip(np.searchsorted(self.faces_um, depth_um, side="right") - 1, 0, len(self.layers) - 1)
        found = np.zeros_like(depth_um)
        for layer in np.unique(number).tolist():
            here = number == layer
            if layer in self.lit:
                lit = self.lit[layer]
                found[here] = lit.fluence((depth_um[here] - self.faces_um[layer]) * lit.slab.per_um)
            else:
                found[here] = self.clear[layer]
        return found

    def cells(self, edges_um: Array) -> tuple[Array, Array]:
        """Means over cells of depth of the fluence [1] and the absorbed density [1/µm]."""
        finite = self.faces_um[np.isfinite(self.faces_um)]
        cuts = np.unique(np.concatenate((edges_um, finite[(finite > edges_um[0]) & (finite < edges_um[-1])])))
        fluence, absorbed = np.zeros(cuts.size - 1), np.zeros(cuts.size - 1)
        place = np.searchsorted(self.faces_um, (cuts[1:] + cuts[:-1]) / 2.0) - 1
        for layer in range(len(self.layers)):
            (pieces,) = np.nonzero(place == layer)
            if not pieces.size:
                continue
            own = cuts[pieces[0] : pieces[-1] + 2]
            if layer in self.lit:
                slab_here = self.lit[layer].slab
                optical = np.clip((own - self.faces_um[layer]) * slab_here.per_um, 0.0, slab_here.depth)
                fluence[pieces] = self.lit[layer].integrals(optical) / slab_here.per_um
                absorbed[pieces] = fluence[pieces] * slab_here.lost * slab_here.per_um
            else:
                fluence[pieces] = self.clear[layer] * np.diff(own)
        first, width = np.searchsorted(cuts, edges_um[:-1]), np.diff(edges_um)
        return np.add.reduceat(fluence, first) / width, np.add.reduceat(absorbed, first) / width


def _faces(layers: Sequence[OpticalLayer], n_above: float, n_below: float | None, found: Directions, p: float) -> list[Face]:
    """What lies above the first of the layers that act, between each two, and below the last unless it has no end."""
    heights: dict[float, Array] = {}

    def height2(n: float) -> Array:
        if n not in heights:
            heights[n] = np.append(found.height2(n), (n - p) * (n + p))
        return heights[n]

    media = [(-1, n_above, True), *((i, x.n, x.mua_cm + x.mus_cm > 0.0) for i, x in enumerate(layers))]
    if n_below is not None:
        media.append((len(layers), n_below, True))
    faces: list[Face] = []
    single: list[Array] = []
    clear: list[tuple[int, float]] = []
    for (_, n_here, _), (number, n_there, acts) in pairwise(media):
        single.append(resistance(height2(n_here), height2(n_there), n_here, n_there))
        if acts:
            faces.append(Face(single=np.array(single), clear=tuple(clear)))
            single, clear = [], []
        else:
            clear.append((number, n_there))
    return faces


@dataclass(frozen=True, kw_only=True, eq=False)
class _Beam:
    """The beam in each layer that acts, and what leaves of it.

    rays : None where total reflection keeps the beam out
    down, up : flux of what decays from the top and of what decays from the bottom
    tops, bottoms : (down, up) · flux at the faces of the layers
    """

    rays: list[Ray | None]
    down: list[float]
    up: list[float]
    tops: list[tuple[float, float]]
    bottoms: list[tuple[float, float]]
    reflected: float
    transmitted: float


def _beam(faces: Sequence[Face], slabs: Sequence[Slab]) -> _Beam:
    """A beam of unit flux through all its reflections; what is scattered sideways leaves it."""
    rays = [x.ray for x in slabs]
    turned = [0.0 if ray is None else ray.turned for ray in rays]
    fades = [0.0 if ray is None else math.exp(-x.depth * ray.rate) for x, ray in zip(slabs, rays, strict=True)]
    whole = [tuple(float(x[-1]) for x in face.reflected()) for face in faces]
    behind = [0.0] * (len(slabs) + 1)  # share of the flux below a face that comes back to it
    answer = [0.0] * len(slabs)  # amplitude from the bottom for one of the amplitude from the top
    for number in reversed(range(len(slabs))):
        back, fade = turned[number], fades[number]
        if number + 1 < len(faces):
            reflected, through = whole[number + 1]
            far = behind[number + 1]
            share = reflected + (through**2 * far / (1.0 - reflected * far) if through > 0.0 else 0.0)
            answer[number] = fade * (share - back) / (1.0 - back * share)
        behind[number] = (back + answer[number] * fade) / (1.0 + back * answer[number] * fade)
    flux, down, up, tops, bottoms = 1.0, [], [], [], []
    for number, (reflected, through) in enumerate(whole):
        flux = through * flux / (1.0 - reflected * behind[number]) if through > 0.0 else 0.0
        if number == 0:
            over = reflected + through * behind[0] * flux
        if number < len(slabs):
            back, fade = turned[number], fades[number]
            tops.append((flux, flux * behind[number]))
            down.append(flux / (1.0 + back * answer[number] * fade))
            up.append(down[-1] * answer[number])
            flux = down[-1] * fade + back * up[-1]
            bottoms.append((flux, back * down[-1] * fade + up[-1]))
    return _Beam(
        rays=rays, down=down, up=up, tops=tops, bottoms=bottoms, reflected=over, transmitted=flux if len(faces) > len(slabs) else 0.0
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class _Joined:
    """A layer on all that lies below: how its amplitudes follow from the light that comes down on it.

    x = enter @ down + x_made; y = couple @ x + y_made
    """

    enter: Array
    x_made: Array
    couple: Array
    y_made: Array
    reflects: Array
    made: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class _Passed:
    """A face on all that lies below: below it, up = back @ (what came through) + made."""

    back: Array
    made: Array
    reflects: Array
    source: Array


def _pass(face: Face, back: Array, made: Array, above: int) -> _Passed:
    """What a face and all below it reflect and send up into the medium above, which has so many directions."""
    reflected, through = face.reflected()
    below = made.size
    if reflected[:below].any() and back.any():
        between = np.linalg.inv(np.eye(below) - back * reflected[:below])
        back, made = between @ back, between @ made
    shared = min(above, below)
    through = through[:shared]
    reflects, source = np.diag(reflected[:above]), np.zeros(above)
    reflects[:shared, :shared] += through[:, None] * back[:shared, :shared] * through
    source[:shared] = through * made[:shared]
    return _Passed(back=back, made=made, reflects=reflects, source=source)


def _inverse(matrix: Array) -> Array:
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def _join(layer: Slab, light: tuple[Array, Array, Array, Array], below: _Passed | None) -> _Joined:
    """Put a layer on what lies below it; None: nothing, for it has no end."""
    top, bottom = layer.faces
    z, y = layer.sums / 2.0, layer.differences / 2.0
    down_t, up_t, down_b, up_b = light
    ax, bx = z * top[0], y * top[2]
    if below is None:
        enter = _inverse(ax + bx)
        reflects = (ax - bx) @ enter
        none = np.zeros_like(layer.k)
        return _Joined(
            enter=enter, x_made=-enter @ down_t, couple=np.zeros_like(z), y_made=none, reflects=reflects, made=up_t - reflects @ down_t
        )  # fmt: skip
    cx, cy, dx, dy = z * bottom[0], z * bottom[1], y * bottom[2], y * bottom[3]
    back = below.reflects
    known = np.column_stack(((cx - dx) - back @ (cx + dx), up_b - back @ down_b - below.source))
    answer = np.linalg.solve(back @ (cy + dy) - (cy - dy), known)
    couple, y_made = np.asarray(answer[:, :-1]), np.asarray(answer[:, -1])
    ay, by = z * top[1], y * top[3]
    enter = _inverse(ax + bx + (ay + by) @ couple)
    reflects = (ax - bx + (ay - by) @ couple) @ enter
    down_made, up_made = (ay + by) @ y_made + down_t, (ay - by) @ y_made + up_t
    return _Joined(
        enter=enter, x_made=-enter @ down_made, couple=couple, y_made=y_made, reflects=reflects, made=up_made - reflects @ down_made
    )  # fmt: skip


def _clear_fluence(face: Face, over: Sides, under: Sides, found: Directions, p: float, root: Array) -> dict[int, float]:
    """Fluence in the clear layers of a face, from the light on its two sides."""
    result = {}
    for place, (number, n) in enumerate(face.clear, start=1):
        before, after = face.single[:place].sum(axis=0), face.single[place:].sum(axis=0)
        net = np.where(np.isfinite(before + after), over.down - over.up, 0.0)
        from_above = over.down + over.up - np.where(np.isfinite(before), before, 0.0) * net
        from_below = under.down + under.up + np.where(np.isfinite(after), after, 0.0) * net
        both = np.where(np.isfinite(before), from_above, np.where(np.isfinite(after), from_below, 0.0))
        height2 = np.append(found.height2(n), (n - p) * (n + p))
        passes = height2 > 0.0
        result[number] = float(np.sum(np.where(passes, root * both * n / np.sqrt(np.where(passes, height2, 1.0)), 0.0)))
    return result


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stack:
    """What is being solved: the layers, those that absorb or scatter, what lies between them, and the light from above.

    beam : None when the light is diffuse
    """

    layers: tuple[OpticalLayer, ...]
    found: Directions
    acting: list[int]
    slabs: list[Slab]
    faces: list[Face]
    beam: _Beam | None
    p: float
    above: int
    below: int

    @property
    def root(self) -> Array:
        """Roots of the weights of the directions, 1 for the beam."""
        return np.append(np.sqrt(self.found.weight), 1.0)

    def lights(self) -> list[tuple[Array, Array, Array, Array]]:
        """What the beam adds at the faces of each layer."""
        none = [(np.zeros_like(x.k),) * 4 for x in self.slabs]
        if self.beam is None:
            return none
        parts = zip(self.slabs, none, self.beam.rays, self.beam.down, self.beam.up, strict=True)
        return [dark if ray is None else particular(x, ray, down, up) for x, dark, ray, down, up in parts]

    def arriving(self) -> Array:
        """Diffuse light from above, by direction: radiance that does not depend on direction, of unit flux."""
        weight = self.found.weight[: self.above]
        return np.zeros_like(weight) if self.beam is not None else np.sqrt(weight) / weight.sum()

    def whole(self, number: int, down: Array, up: Array, *, over: bool) -> Sides:
        """Light above or below a face with zeros where it does not propagate, and the beam last."""
        light = np.zeros((2, self.root.size))
        light[0, : down.size], light[1, : up.size] = down, up
        if (beam := self.beam) is not None and over:
            light[:, -1] = beam.bottoms[number - 1] if number else (1.0, beam.reflected)
        elif beam is not None:
            light[:, -1] = beam.tops[number] if number < len(self.slabs) else (beam.transmitted, 0.0)
        return Sides(down=light[0], up=light[1])


def _ascend(stack: _Stack, lights: Sequence[tuple[Array, Array, Array, Array]]) -> tuple[list[_Passed], list[_Joined]]:
    """From the bottom up: each face and each layer on all that lies below it."""
    passed: list[_Passed] = []
    joined: list[_Joined] = []
    back, made = np.zeros((stack.below, stack.below)), np.zeros(stack.below)
    for number in reversed(range(len(stack.slabs) + 1)):
        if number < len(stack.faces):
            above = stack.slabs[number - 1].k.size if number else stack.above
            passed.insert(0, _pass(stack.faces[number], back, made, above))
        if number:
            joined.insert(0, _join(stack.slabs[number - 1], lights[number - 1], passed[0] if passed else None))
            back, made = joined[0].reflects, joined[0].made
    return passed, joined


def _descend(
    stack: _Stack, lights: Sequence[tuple[Array, Array, Array, Array]], passed: Sequence[_Passed], joined: Sequence[_Joined]
) -> tuple[list[Sides], list[Sides], list[Lit]]:
    """From the top down: the light above and below each face, and in each layer that acts."""
    over, under, lit = [], [], []
    down = stack.arriving()
    for number, (face, on) in enumerate(zip(stack.faces, passed, strict=True)):
        reflected, through = face.reflected()
        shared, here = min(down.size, on.made.size), on.made.size
        entering, leaving = np.zeros(here), reflected[: down.size] * down
        entering[:shared] = through[:shared] * down[:shared]
        up = on.back @ entering + on.made
        leaving[:shared] += through[:shared] * up[:shared]
        over.append(stack.whole(number, down, leaving, over=True))
        down = entering + reflected[:here] * up
        under.append(stack.whole(number, down, up, over=False))
        if number < len(stack.slabs):
            layer, join, beam = stack.slabs[number], joined[number], stack.beam
            x = join.enter @ down + join.x_made
            y = join.couple @ x + join.y_made
            ray, flux, back = (None, 0.0, 0.0) if beam is None else (beam.rays[number], beam.down[number], beam.up[number])
            lit.append(Lit(slab=layer, x=x, y=y, ray=ray, down=flux, up=back))
            bottom = layer.faces[1]
            sums, differences = bottom[0] * x + bottom[1] * y, bottom[2] * x + bottom[3] * y
            down = (layer.sums @ sums + layer.differences @ differences) / 2.0 + lights[number][2]
    return over, under, lit


def _stack(layers: tuple[OpticalLayer, ...], n_above: float, n_below: float, sine: float | None, half: int) -> _Stack:
    """The stack in the words of the solver; nothing lies below an infinitely thick layer."""
    endless = bool(layers) and math.isinf(layers[-1].thickness_um)
    p = n_above * (sine or 0.0)
    same = merged([n_above, *(x.n for x in layers), *(() if endless else (n_below,))], half, p)
    layers = tuple(replace(x, n=same[x.n]) for x in layers)
    n_above, n_below = same[n_above], same.get(n_below, n_below)
    found = directions(set(same.values()), half)
    faces = _faces(layers, n_above, None if endless else n_below, found, p)
    acting = [number for number, x in enumerate(layers) if x.mua_cm + x.mus_cm > 0.0]
    bases = {n: basis(found, n, None if sine is None else p) for n in {layers[number].n for number in acting}}
    slabs = [slab(layers[number], bases[layers[number].n]) for number in acting]
    return _Stack(
        layers=layers, found=found, acting=acting, slabs=slabs, faces=faces,
        beam=None if sine is None else _beam(faces, slabs), p=p, above=found.count(n_above), below=found.count(n_below),
    )  # fmt: skip


def solve(
    layers: tuple[OpticalLayer, ...], *, n_above: float, n_below: float, sine: float | None, directions_half: int
) -> Solution:
    """Light in a stack under a wide beam with this sine of its angle above, or under diffuse light (None)."""
    stack = _stack(layers, n_above, n_below, sine, directions_half)
    lights = stack.lights()
    over, under, lit = _descend(stack, lights, *_ascend(stack, lights))
    root = stack.root
    absorbed, lost = np.zeros(len(layers)), np.zeros(len(layers))
    for place, (number, light) in enumerate(zip(stack.acting, lit, strict=True)):
        absorbed[number] = light.total() * light.slab.lost
        lost[number] = under[place].net(root) - (over[place + 1].net(root) if place + 1 < len(over) else 0.0)
    clear = {}
    for face, before, after in zip(stack.faces, over, under, strict=True):
        clear.update(_clear_fluence(face, before, after, stack.found, stack.p, root))
    first = _first_surface(stack)
    return Solution(
        layers=layers, faces_um=np.cumsum([0.0, *(x.thickness_um for x in layers)]), lit=dict(zip(stack.acting, lit, strict=True)),
        clear=clear, specular=float(root @ (over[0].down * first)), reflected=float(root @ over[0].up),
        transmitted=float(root @ under[-1].down) if len(under) > len(lit) else 0.0, absorbed=absorbed, flux_lost=lost,
    )  # fmt: skip


def _first_surface(stack: _Stack) -> Array:
    """What the first surface alone reflects of each direction and of the beam."""
    return np.asarray(1.0 - 2.0 / (2.0 + stack.faces[0].single[0]))
