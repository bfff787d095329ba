"""Builds `src/recutis/light/tables/spread.npz`: how a pencil's light spreads in a half space. Run `python scripts/build_spread.py`.

Photons in a homogeneous half space of g = 0.9 and n = 1.4, for ratios of absorption to reduced scattering over four decades;
lengths in units of the reduced mean free path. A fine grid near the axis and a wide one are joined. Some five minutes on two
processors.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np

from recutis.light import Grid, OpticalLayer, pencil, transport_layers
from recutis.light.spread import DEPTHS, RADII, RATIOS

TABLE = Path(__file__).parents[1] / "src" / "recutis" / "light" / "tables" / "spread.npz"
PHOTONS = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
MUSP_CM, G, N = 10.0, 0.9, 1.4
UNIT_UM = 1000.0  # one reduced mean free path
FINE = Grid(depth_um=3.0 * UNIT_UM, radius_um=2.0 * UNIT_UM, depth_cells=100, radius_cells=500)
WIDE = Grid(depth_um=20.0 * UNIT_UM, radius_um=60.0 * UNIT_UM, depth_cells=200, radius_cells=600)
JOINED_AT = 1.0  # radius and depth up to which the fine grid is believed
LEAST = 1e-5  # of the exposure; fluence below this has too few photons to tell


def cumulated(ratio: float, grid: Grid, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Depths (middles), radii (edges), the fluence within each radius over all of it, and how many depths can be told."""
    layer = OpticalLayer(thickness_um=math.inf, mua_cm=ratio * MUSP_CM, mus_cm=MUSP_CM / (1 - G), g=G, n=N)
    light = transport_layers((layer,), pencil(), photons=PHOTONS, grid=grid, seed=seed)
    area = math.pi * np.diff(grid.radius_edges_um**2) * 1e-8
    within = np.concatenate((np.zeros((grid.depth_cells, 1)), np.cumsum(light.fluence_cm2 * area, axis=1)), axis=1)
    share = within / np.maximum(light.fluence_wide, 1e-300)[:, None]
    middle = (grid.depth_edges_um[1:] + grid.depth_edges_um[:-1]) / 2 / UNIT_UM
    faint = light.fluence_wide < LEAST
    return middle, grid.radius_edges_um / UNIT_UM, share, int(np.argmax(faint)) if faint.any() else middle.size


def resampled(found: tuple[np.ndarray, np.ndarray, np.ndarray, int], depths: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Shares at depths and radii; deeper than photons tell, as where they still tell."""
    middle, edges, share, told = found
    by_radius = np.array([np.interp(radii, edges, row) for row in share[:told]])
    return np.array([np.interp(depths, middle[:told], column) for column in by_radius.T]).T


def main() -> None:
    """Run both grids for every ratio and write the table."""
    table = np.zeros((RATIOS.size, DEPTHS.size, RADII.size), np.float32)
    inner, shallow = RADII <= JOINED_AT, DEPTHS <= JOINED_AT
    for number, ratio in enumerate(RATIOS):
        wide, fine = (cumulated(float(ratio), grid, 2 * number + k) for k, grid in enumerate((WIDE, FINE)))
        found = resampled(wide, DEPTHS, RADII)
        found[np.ix_(shallow, inner)] = resampled(fine, DEPTHS[shallow], RADII[inner])
        table[number] = np.maximum.accumulate(np.clip(found, 0.0, 1.0), axis=1)
        print(f"ratio {ratio:.4g}: told down to {wide[0][wide[3] - 1]:.2f} reduced mean free paths", flush=True)
    TABLE.parent.mkdir(exist_ok=True)
    np.savez_compressed(TABLE, share=table, ratios=RATIOS, depths=DEPTHS, radii=RADII, photons=PHOTONS)


if __name__ == "__main__":
    sys.exit(main())
