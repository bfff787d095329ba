"""Thermal properties of tissue from its water, by the linear relations of the evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.units import MS_PER_S

_LINEAR = re.compile(r"^\s*([\d.]+)\s*([+-])\s*([\d.]+)\s*\*\s*w\s*$")
_PER_KILO = MS_PER_S  # kJ to J and g/cm3 to kg/m3 share the factor 1000
SOURCES = ("k_vs_water_fraction", "cp_vs_water_fraction", "rho_vs_water_fraction", "water_latent_heat_vaporization_100C")


@cache
def linear(key: str) -> tuple[float, float]:
    """Intercept and slope of a row that reads 'a + b*w'.

    Raises OutOfRangeError when the row is not such a formula.
    """
    text = evidence.get(key).text
    match = _LINEAR.match(text)
    if match is None:
        msg = f"Evidence row '{key}' should read 'a + b*w'; found '{text}'."
        raise OutOfRangeError(msg)
    slope = float(match.group(3))
    return float(match.group(1)), slope if match.group(2) == "+" else -slope


@dataclass(frozen=True, kw_only=True)
class Thermal:
    """Heat properties of one layer: dry heat capacity [J/m3 K], water [kg/m3], conductivity [W/m K], density [kg/m3]."""

    solid_J_m3_K: float
    water_kg_m3: float
    conductivity_W_m_K: float
    density_kg_m3: float

    @property
    def capacity_J_m3_K(self) -> float:
        """Heat capacity of the wet tissue."""
        return self.solid_J_m3_K + water_heat_J_kg_K() * self.water_kg_m3

    @property
    def diffusivity_m2_s(self) -> float:
        """Thermal diffusivity of the wet tissue."""
        return self.conductivity_W_m_K / self.capacity_J_m3_K


def water_heat_J_kg_K() -> float:
    """Heat capacity of tissue water: the relation at water fraction one."""
    base, slope = linear("cp_vs_water_fraction")
    return (base + slope) * _PER_KILO


def latent_J_kg() -> float:
    """Latent heat of vaporisation of water."""
    return evidence.value("water_latent_heat_vaporization_100C") * _PER_KILO


@cache
def thermal(water_fraction: float) -> Thermal:
    """Thermal properties of tissue with this water mass fraction.

    Raises OutOfRangeError unless 0 <= water_fraction <= 1.
    """
    if not 0.0 <= water_fraction <= 1.0:
        msg = f"The water fraction of tissue must lie between 0 and 1; got {water_fraction:g}."
        raise OutOfRangeError(msg)
    density_0, density_1 = linear("rho_vs_water_fraction")
    density = (density_0 + density_1 * water_fraction) * _PER_KILO
    k_0, k_1 = linear("k_vs_water_fraction")
    return Thermal(
        solid_J_m3_K=density * (1.0 - water_fraction) * linear("cp_vs_water_fraction")[0] * _PER_KILO,
        water_kg_m3=density * water_fraction,
        conductivity_W_m_K=k_0 + k_1 * water_fraction,
        density_kg_m3=density,
    )
