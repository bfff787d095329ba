"""Draws `docs/images/light-shadow.png`: light around vessels, a lentigo and a hair. Run `python scripts/shadow_picture.py`.

Wide beams on voxels of skin with periodic sides. Above the fluence over that of the beam, below the absorbed density, on the
plane through the middle. Takes about a minute on two processors.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from recutis.light import Follicle, Lentigo, Relief, Vessel, VoxelLight, VoxelTissue, transport_voxels, voxel_skin
from recutis.skin import build

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "light-shadow.png"
PHOTONS = 1_500_000
VOXEL_UM = (10.0, 10.0, 10.0)
MM_PER_UM = 1e-3
AVERAGED = 3  # planes each side of the middle, along vessels


@dataclass(frozen=True)
class Scene:
    """A tissue with its title; `planes` are averaged where the scene is the same along y."""

    title: str
    tissue: VoxelTissue
    planes: int


def scenes() -> list[Scene]:
    """Vessels at 595 nm, a lentigo at 532 nm, a follicle with a dark hair under a furrow at 755 nm."""
    fair = build(site="cheek", age_years=45.0, phototype="II", sex="female")
    veins = (
        Vessel(diameter_um=300.0, depth_um=550.0, x_um=-250.0),
        Vessel(diameter_um=100.0, depth_um=350.0, x_um=150.0),
        Vessel(diameter_um=50.0, depth_um=250.0, x_um=350.0),
    )
    size = {"width_um": 1000.0, "depth_um": 1000.0, "voxel_um": VOXEL_UM}
    spot = Lentigo(diameter_um=500.0, rete_period_um=80.0)
    hair = Follicle(diameter_um=120.0, depth_um=800.0, hair_diameter_um=60.0, hair_melanin_fraction=0.1)
    y, x = np.meshgrid(np.arange(100), np.arange(100), indexing="ij")
    furrows = 60.0 * np.exp(-(((x - 20.0) / 5.0) ** 2)) + 0.0 * y
    return [
        Scene("595 nm: vessels of 300, 100 and 50 µm", voxel_skin(fair, 595.0, vessels=veins, **size), 50),
        Scene("532 nm: a lentigo with rete ridges", voxel_skin(fair, 532.0, lentigo=spot, **size), AVERAGED),
        Scene(
            "755 nm: a hair in its follicle, a furrow",
            voxel_skin(fair, 755.0, follicles=(hair,), relief=Relief(heights_um=furrows), **size),
            AVERAGED,
        ),
    ]


def middle(values: np.ndarray, planes: int) -> np.ndarray:
    """Mean over the planes around the middle, (z, x)."""
    half = values.shape[1] // 2
    return values[:, half - planes : half + planes].mean(axis=1)


def draw(ax: Axes, light: VoxelLight, values: np.ndarray, norm: LogNorm, cmap: str) -> mpl.collections.QuadMesh:
    """A section with the outlines of what is in it."""
    tissue = light.tissue
    dz, _, dx = tissue.edges_um
    nz, _, nx = tissue.labels.shape
    x = (np.arange(nx + 1) - nx / 2) * dx * MM_PER_UM
    z = np.arange(nz + 1) * dz * MM_PER_UM
    mesh = ax.pcolormesh(x, z, np.clip(values, norm.vmin, None), norm=norm, cmap=cmap, rasterized=True)
    section = tissue.labels[:, tissue.labels.shape[1] // 2]
    for label in np.unique(section):
        ax.contour((x[1:] + x[:-1]) / 2, (z[1:] + z[:-1]) / 2, section == label, levels=[0.5], colors="white", linewidths=0.5)
    ax.set(ylim=(z[-1], 0), aspect="equal")
    return mesh


def main() -> None:
    """Run three scenes and write the picture."""
    figure, axes = plt.subplots(2, 3, figsize=(12.5, 7.6), layout="constrained", sharex=True, sharey=True)
    for column, scene in enumerate(scenes()):
        light = transport_voxels(scene.tissue, scene.tissue.wide_beam(), sides="periodic", photons=PHOTONS, n_below=1.4)
        fluence = draw(axes[0, column], light, middle(light.fluence_wide, scene.planes), LogNorm(0.1, 10), "inferno")
        absorbed = middle(light.fluence_wide * scene.tissue.mua_cm[scene.tissue.labels], scene.planes)
        heat = draw(axes[1, column], light, absorbed, LogNorm(0.1, 1000), "viridis")
        axes[0, column].set_title(scene.title, fontsize=10)
        axes[1, column].set_xlabel("from the middle [mm]")
        shares = {name: found for name, found in light.tallies.items() if name.startswith(("absorbed_vessel", "absorbed_hair"))}
        print(scene.title, {name: f"{found.value:.4f} ± {found.standard_error:.4f}" for name, found in shares.items()})
    for row, (mesh, label) in enumerate(((fluence, "fluence over that of the beam"), (heat, "absorbed per J/cm² [J/cm³]"))):
        axes[row, 0].set_ylabel("depth [mm]")
        figure.colorbar(mesh, ax=axes[row], label=label, extend="min", shrink=0.9)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    sys.exit(main())
