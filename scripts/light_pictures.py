"""Draws `docs/images/light-skin.png`: where light goes in fair and dark skin. Run `python scripts/light_pictures.py`.

A flat-top beam of 3 mm falls on the cheek of a woman of 40 of phototypes II and V. Maps show the fluence over that of the
beam on the surface, on a section through the axis; the lowest panels show it along the axis, with a band of two standard
errors. Takes about a minute.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from recutis.light import Grid, LayeredLight, flat_top, transport_layers
from recutis.skin import build, layer_optics

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "light-skin.png"
WAVELENGTHS_NM = (532.0, 595.0, 755.0, 1064.0, 1550.0)
PHOTOTYPES = ("II", "V")
SPOT_UM = 3000.0
GRID = Grid(depth_um=3000.0, radius_um=3000.0, depth_cells=120, radius_cells=60)
PHOTONS = 2_000_000
FAINTEST, BRIGHTEST = 0.01, 10.0
AXIS_CELLS = 8  # the profile is a mean over the inner 0.4 mm of the spot, where the fluence is even
CM_PER_UM, MM_PER_UM = 1e-4, 1e-3


def light(phototype: str, wavelength_nm: float) -> LayeredLight:
    """One run, for an energy of one."""
    skin = build(site="cheek", age_years=40.0, phototype=phototype, sex="female")
    return transport_layers(layer_optics(skin, wavelength_nm), flat_top(diameter_um=SPOT_UM), photons=PHOTONS, grid=GRID)


def over_incident(values: np.ndarray) -> np.ndarray:
    """Fluence per energy [1/cm²] as a multiple of the beam's own fluence."""
    return values * math.pi * (SPOT_UM / 2 * CM_PER_UM) ** 2


def draw_map(ax: Axes, found: LayeredLight) -> mpl.collections.QuadMesh:
    """The section through the axis, both halves, with contours and the faces of the layers."""
    fluence = over_incident(found.fluence_cm2)
    both = np.concatenate((fluence[:, ::-1], fluence), axis=1)
    edges = found.grid.radius_edges_um * MM_PER_UM
    radius, depth = np.concatenate((-edges[:0:-1], edges)), found.grid.depth_edges_um * MM_PER_UM
    mesh = ax.pcolormesh(
        radius, depth, np.maximum(both, FAINTEST), norm=LogNorm(FAINTEST, BRIGHTEST), cmap="inferno", rasterized=True
    )
    middle_r, middle_z = (radius[1:] + radius[:-1]) / 2, (depth[1:] + depth[:-1]) / 2
    lines = ax.contour(middle_r, middle_z, both, levels=[0.1, 0.3, 1.0, 3.0], colors="white", linewidths=0.6)
    ax.clabel(lines, fmt="%g", fontsize=6)
    bottoms = np.cumsum([layer.thickness_um for layer in found.layers]) * MM_PER_UM
    for bottom in bottoms[bottoms < depth[-1]]:
        ax.axhline(bottom, color="white", linewidth=0.4, linestyle=":")
    ax.plot([-SPOT_UM / 2 * MM_PER_UM, SPOT_UM / 2 * MM_PER_UM], [0, 0], color="deepskyblue", linewidth=4, solid_capstyle="butt")
    ax.set_ylim(depth[-1], 0)
    return mesh


def draw_profile(ax: Axes, found: LayeredLight, *, dashed: bool, label: str) -> None:
    """Fluence near the axis against depth."""
    edges = found.grid.radius_edges_um
    area = np.diff(edges**2)[:AXIS_CELLS]
    mean = over_incident(found.fluence_cm2[:, :AXIS_CELLS] @ area / area.sum())
    error = over_incident(np.sqrt(found.fluence_error_cm2[:, :AXIS_CELLS] ** 2 @ area**2) / area.sum())
    depth = (found.grid.depth_edges_um[1:] + found.grid.depth_edges_um[:-1]) / 2 * MM_PER_UM
    colour = "tab:brown" if dashed else "tab:orange"
    ax.fill_between(depth, np.maximum(mean - 2 * error, 1e-4), mean + 2 * error, color=colour, alpha=0.3, linewidth=0)
    ax.semilogy(depth, mean, color=colour, linestyle="--" if dashed else "-", linewidth=1.2, label=label)


def main() -> None:
    """Compute ten cases and write the picture."""
    figure, axes = plt.subplots(3, len(WAVELENGTHS_NM), figsize=(12, 7.6), layout="constrained", height_ratios=(1, 1, 0.8))
    for column, nm in enumerate(WAVELENGTHS_NM):
        for row, phototype in enumerate(PHOTOTYPES):
            found = light(phototype, nm)
            mesh = draw_map(axes[row, column], found)
            draw_profile(axes[2, column], found, dashed=bool(row), label=f"phototype {phototype}")
            print(f"{phototype:3} {nm:5.0f} nm: {found.collisions:6.1f} collisions a photon")
        axes[0, column].set_title(f"{nm:.0f} nm")
        axes[2, column].set(xlabel="depth [mm]", ylim=(FAINTEST, BRIGHTEST), xlim=(0, GRID.depth_um * MM_PER_UM))
        axes[1, column].set_xlabel("from the axis [mm]")
        axes[2, column].grid(visible=True, which="both", alpha=0.2)
    for row, phototype in enumerate(PHOTOTYPES):
        axes[row, 0].set_ylabel(f"phototype {phototype}\ndepth [mm]")
    axes[2, 0].set_ylabel("fluence near the axis\nover that of the beam")
    axes[2, 0].legend(fontsize=8, loc="lower left")
    figure.colorbar(mesh, ax=axes[:2], label="fluence over that of the beam", extend="min", shrink=0.95)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    sys.exit(main())
