"""What the voxel engines share: the grid of labels, the media, the tallies. SI units.

labels : uint8, flat in the order of (nz, ny, nx), z down from the top of the grid
media : float64 (4, media), a column for each label, rows MUA and MUS [1/m], G, INDEX
fluence : float64, flat like the labels · integral of the weight along the paths in each voxel [m], for all photons of a
    block; times mua it is the absorbed energy. The weight falls as exp(-mua s) along a path s, scattering is by mus only.
leaving : float64 (2, ny nx) · what leaves through the top and the bottom face, by cell
account : float64 (5) · places SPECULAR, GAIN, GAIN_VARIANCE, COLLISIONS of `_photon`, and SIDES
"""

from __future__ import annotations

from typing import NamedTuple

from recutis.light import _photon

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
