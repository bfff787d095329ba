"""Heat conduction, storage and blood flow of skin layers, from their water content."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.skin.types import Layer, Skin

Number = TypeVar("Number", float, NDArray[np.float64])

_KG_M3_PER_G_CM3: Final = 1e3
_J_PER_KJ: Final = 1e3
_COLD_C: Final = 20.0  # the two temperatures in the ids of the water rows
_HOT_C: Final = 100.0


@dataclass(frozen=True, kw_only=True)
class LayerThermal:
    """Thermal properties of one layer at one temperature.

    `perfusion_per_s` is the volume of blood through a volume of tissue each second; `latent_J_m3`
    the heat that turns all water of the layer at 100 °C into steam.
    """

    name: str
    thickness_um: float
    conductivity_W_mK: float
    density_kg_m3: float
    heat_capacity_J_kgK: float
    diffusivity_m2_s: float
    latent_J_m3: float
    perfusion_per_s: float
    sources: tuple[str, ...]


def conductivity_W_mK(water_fraction: Number, temperature_C: Number) -> Number:
    """Conductivity from water mass fraction [0-1] and temperature [°C]; floats or arrays.

    The line in water content of Welch & van Gemert; its water part follows liquid water between
    20 and 100 °C and stays at the 100 °C value above.
    """
    dry, slope = evidence.coefficients(evidence.choice("conductivity").id)
    cold, hot = evidence.value("thermal_conductivity_water_20C"), evidence.value("thermal_conductivity_water_100C")
    warm = np.clip((temperature_C - _COLD_C) / (_HOT_C - _COLD_C), 0.0, 1.0)
    rise = 1 + (hot / cold - 1) * warm
    result: Number = dry + slope * water_fraction * rise
    return result


def density_kg_m3(water_fraction: Number) -> Number:
    """Density from water mass fraction [0-1] (Welch & van Gemert)."""
    dry, slope = evidence.coefficients("rho_vs_water_fraction")
    result: Number = (dry - slope * water_fraction) * _KG_M3_PER_G_CM3
    return result


def heat_capacity_J_kgK(water_fraction: Number) -> Number:
    """Specific heat from water mass fraction [0-1] (Welch & van Gemert)."""
    dry, slope = evidence.coefficients(evidence.choice("heat_capacity").id)
    result: Number = (dry + slope * water_fraction) * _J_PER_KJ
    return result


def latent_heat_J_kg() -> float:
    """Latent heat of vaporisation of water at 100 °C and one atmosphere."""
    return evidence.value("water_latent_heat_vaporization_100C") * _J_PER_KJ


def _perfusion_row(layer: Layer) -> str:
    vesselless = layer.name in {"stratum_corneum", "epidermis", "basal_layer"}
    return f"perfusion_relative.{'epidermis' if vesselless else layer.name}"


@lru_cache(maxsize=1024)
def layer_thermal(skin: Skin, temperature_C: float | None = None) -> tuple[LayerThermal, ...]:
    """Thermal properties of every layer, top to bottom, at a temperature [°C] (the skin's surface temperature when None)."""
    at = skin.surface_temperature_C if temperature_C is None else temperature_C
    found = []
    for layer in skin.layers:
        water = layer.water_fraction
        k, rho, cp = conductivity_W_mK(water, at), density_kg_m3(water), heat_capacity_J_kgK(water)
        row = _perfusion_row(layer)
        perfusion = evidence.choice("perfusion")
        found.append(
            LayerThermal(
                name=layer.name,
                thickness_um=layer.thickness_um,
                conductivity_W_mK=float(k),
                density_kg_m3=float(rho),
                heat_capacity_J_kgK=float(cp),
                diffusivity_m2_s=float(k / (rho * cp)),
                latent_J_m3=float(rho * water * latent_heat_J_kg()),
                perfusion_per_s=evidence.value(perfusion.id) * evidence.value(row),
                sources=(
                    evidence.choice("conductivity").id,
                    "thermal_conductivity_water_20C",
                    "thermal_conductivity_water_100C",
                    "rho_vs_water_fraction",
                    evidence.choice("heat_capacity").id,
                    "water_latent_heat_vaporization_100C",
                    perfusion.id,
                    row,
                ),
            )
        )
    return tuple(found)
