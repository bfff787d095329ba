"""Skin as layers, and the lesions in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Target = Literal["pigment", "vessel", "dermis", "gland", "none"]
LayerName = Literal["stratum_corneum", "epidermis", "basal_layer", "papillary_dermis", "reticular_dermis", "subcutis"]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer, top to bottom. Fractions are by volume, water by mass; ranges in `low_um`, `high_um`."""

    name: LayerName
    thickness_um: float
    low_um: float
    high_um: float
    water_fraction: float
    melanin_fraction: float
    blood_fraction: float
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Skin:
    """Layered skin of one site, age and phototype."""

    site: str
    age_years: float
    sex: str
    phototype: str
    layers: tuple[Layer, ...]
    follicle_density_cm2: float
    surface_temperature_C: float
    sources: tuple[str, ...]

    @property
    def epidermis_um(self) -> float:
        """Thickness of stratum corneum, epidermis and basal layer together [µm]."""
        return sum(x.thickness_um for x in self.layers if x.name in {"stratum_corneum", "epidermis", "basal_layer"})

    @property
    def dermis_um(self) -> float:
        """Thickness of papillary and reticular dermis together [µm]."""
        return sum(x.thickness_um for x in self.layers if x.name in {"papillary_dermis", "reticular_dermis"})


@dataclass(frozen=True, kw_only=True)
class LayerOptics:
    """Optical properties of one layer at one wavelength; Napierian, per centimetre, with a range."""

    name: str
    thickness_um: float
    mua_cm: float
    mua_low_cm: float
    mua_high_cm: float
    musp_cm: float
    musp_low_cm: float
    musp_high_cm: float
    g: float
    n: float
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Lesion:
    """Where the target of a concern lies.

    `top_um` to `bottom_um` is the depth range [µm] that treatment must reach; `melanin_factor`
    multiplies the melanin of the epidermis around a pigmented lesion; `diameter_um` (low, typical,
    high) is the vessel or gland size. `difficulty` is 0 (responds well) to 1 (hardly responds),
    e.g. ice-pick scars against rolling ones.
    """

    kind: str
    site: str
    target: Target
    top_um: float
    bottom_um: float
    melanin_factor: float
    diameter_um: tuple[float, float, float] | None
    difficulty: float
    sources: tuple[str, ...]
