"""What the voxel engines share: the grid of labels, the media, the tallies. SI units.

labels : uint8, flat in the order of (nz, ny, nx), z down from the top of the grid
media : float64 (4, media), a column for each label, rows MUA and MUS [1/m], G, INDEX
fluence : float64, flat like the labels · integral of the weight along the paths in each voxel [m], for all photons of a
    block; times mua it is the absorbed energy. The weight falls as exp(-mua s) along a path s, scattering is by mus only.
leaving : float64 (2, ny nx) · what leaves through the top and the bottom face, by cell
account : float64 (5) · places SPECULAR, GAIN, GAIN_VARIANCE, COLLISIONS of `_photon`, and SIDES
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recutis.jit import bare_kernel, inlined
from recutis.light import _photon
from recutis.light._photon import Array, Source, X, Y, Z
from recutis.light._random import Words

Labels = NDArray[np.uint8]
Cell = NDArray[np.int64]

# What happens at the four sides of the grid: light leaves without reflection, is reflected, or enters at the other side.
OPEN, MIRROR, PERIODIC = 0, 1, 2
# Rows of the media.
MUA, MUS, G, INDEX = 0, 1, 2, 3
PROPERTIES = 4
# Rows of what leaves.
UP, DOWN = 0, 1
# A further place of the account: what left through open sides.
SIDES = _photon.ACCOUNTS
ACCOUNTS = _photon.ACCOUNTS + 1
# Places of a photon's cell: the voxel at X, Y and Z, and whether it has neither scattered nor entered another index yet.
FRESH = 3
CELLS = 4


class Box(NamedTuple):
    """The grid: voxels along each axis, their edges [m], refractive indices above and below, what its sides do.

    The beam's centre is the middle of the top face.
    """

    nz: int
    ny: int
    nx: int
    dz: float
    dy: float
    dx: float
    n_above: float
    n_below: float
    sides: int


@inlined
def folded(position: float, length: float, sides: int) -> float:
    """A position along a side of the grid, brought into it as its sides say; beside an open grid it stays beside."""
    if sides == PERIODIC:
        return position - math.floor(position / length) * length
    if sides == MIRROR:
        position -= math.floor(position / (2.0 * length)) * (2.0 * length)
        return min(position, 2.0 * length - position)
    return position


@inlined
def launch(source: Source, labels: Labels, media: Array, box: Box, photon: Array, cell: Cell, state: Words) -> bool:
    """Draw a photon just inside a voxel of the top, or tell that it falls beside an open grid.

    `photon` then holds the place within its voxel as a share of the edges, `cell` the voxel.
    """
    _photon.place(source, photon, state)
    x = folded(photon[X] / box.dx + 0.5 * box.nx, float(box.nx), box.sides)
    y = folded(photon[Y] / box.dy + 0.5 * box.ny, float(box.ny), box.sides)
    if x < 0.0 or y < 0.0 or x > box.nx or y > box.ny:
        return False
    cell[X], cell[Y], cell[Z] = min(int(x), box.nx - 1), min(int(y), box.ny - 1), 0
    photon[X], photon[Y], photon[Z] = x - cell[X], y - cell[Y], 0.0
    first = media[INDEX, labels[cell[Y] * box.nx + cell[X]]]
    _photon.aim(source, box.n_above, first, photon, state)
    cell[FRESH] = int(first == box.n_above)
    return True


@bare_kernel
def fold(
    fluence: Array, photons: int, labels: Labels, total: Array, squares: Array, by_label: Array, by_plane: Array
) -> None:  # fmt: skip
    """Add a block's fluence to its sums, its squares over the photons, its sums by label and by plane; clear it; in one pass."""
    plane = fluence.size // by_plane.size
    for z in range(by_plane.size):
        deep = 0.0
        for i in range(z * plane, (z + 1) * plane):
            found = fluence[i]
            if found != 0.0:
                total[i] += found
                squares[i] += found * found / photons
                by_label[labels[i]] += found
                deep += found
                fluence[i] = 0.0
        by_plane[z] = deep
