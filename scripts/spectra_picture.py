"""Draws `docs/images/light-spectra.png`: absorption and scattering of skin over wavelength. Run `python scripts/spectra_picture.py`.

Left the living epidermis of a cheek for phototypes I to VI, in the middle the upper dermis beside what it is made of, right
the scattering. Bands are the ranges of the evidence. Vertical lines are the wavelengths of lasers in the catalogue.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from recutis.skin import build, melanosome_mua_cm, spectrum, vessel_blood_mua_cm, water_mua_cm

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "light-spectra.png"
WAVELENGTHS_NM = np.concatenate((np.arange(400.0, 1100.0, 4.0), np.arange(1100.0, 2101.0, 10.0)))
PHOTOTYPES = ("I", "II", "III", "IV", "V", "VI")
LASERS_NM = (532, 595, 694, 755, 1064, 1450, 1550, 1927)


def optics(phototype: str) -> xr.Dataset:
    """Optical properties of a cheek."""
    return spectrum(build(site="cheek", age_years=40.0, phototype=phototype, sex="female"), list(WAVELENGTHS_NM))


def band(ax: Axes, found: xr.Dataset, name: str, layer: str, colour: object, label: str) -> None:
    """A line with its range."""
    one = found.sel(layer=layer)
    ax.fill_between(WAVELENGTHS_NM, one[f"{name}_low"], one[f"{name}_high"], color=colour, alpha=0.15, linewidth=0)
    ax.semilogy(WAVELENGTHS_NM, one[name], color=colour, linewidth=1.4, label=label)


def marks(ax: Axes) -> None:
    """Laser wavelengths."""
    for nm in LASERS_NM:
        ax.axvline(nm, color="0.75", linewidth=0.7, zorder=0)
        ax.annotate(
            str(nm), (nm, 0.995), xycoords=("data", "axes fraction"), fontsize=6.5, rotation=90, va="top", ha="right", color="0.4"
        )


def main() -> None:
    """Write the picture."""
    figure, axes = plt.subplots(1, 3, figsize=(13, 4.6), layout="constrained")
    shades = plt.get_cmap("copper_r")(np.linspace(0.12, 0.95, len(PHOTOTYPES)))
    for phototype, shade in zip(PHOTOTYPES, shades, strict=True):
        band(axes[0], optics(phototype), "mua", "epidermis", shade, f"phototype {phototype}")
    fair = optics("II")
    band(axes[1], fair, "mua", "papillary_dermis", "tab:red", "papillary dermis, all together")
    water = [water_mua_cm(float(nm)) for nm in WAVELENGTHS_NM]
    blood = [vessel_blood_mua_cm(float(nm)) for nm in WAVELENGTHS_NM]
    axes[1].semilogy(WAVELENGTHS_NM, blood, "--", color="darkred", linewidth=1, label="whole blood in a vessel")
    axes[1].semilogy(WAVELENGTHS_NM, water, "--", color="tab:blue", linewidth=1, label="water")
    axes[1].semilogy(
        WAVELENGTHS_NM, melanosome_mua_cm(WAVELENGTHS_NM), "--", color="saddlebrown", linewidth=1, label="melanosome"
    )
    band(axes[2], fair, "musp", "epidermis", "tab:orange", "epidermis")
    band(axes[2], fair, "musp", "reticular_dermis", "tab:purple", "dermis")
    titles = ("absorption of the living epidermis", "absorption of the dermis and of its parts", "reduced scattering")
    for ax, title in zip(axes, titles, strict=True):
        ax.set(title=title, xlabel="wavelength [nm]", xlim=(400, 2100))
        marks(ax)
        ax.grid(visible=True, which="major", alpha=0.25)
        ax.legend(fontsize=8, loc="lower right" if ax is axes[0] else "lower left", framealpha=0.9)
    axes[0].set(ylabel="per centimetre", ylim=(0.1, 3000))
    axes[1].set(ylim=(1e-3, 3000))
    axes[2].set(ylim=(3, 300))
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    sys.exit(main())
