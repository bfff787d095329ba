"""Flash lamps behind a cut-on filter (IPL): how their energy is spread over wavelength."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.units import M_PER_NM

Array = NDArray[np.float64]
_SECOND_RADIATION_M_K: Final = 1.438776877e-2  # exact in the SI
_NODES: Final = 2001  # of the cumulated spectrum; twice as many move a quantile by under 0.001 nm
_PARTS: Final = 8  # wavelengths of a block


@dataclass(frozen=True, kw_only=True)
class Lamp:
    """A xenon flash between the cut-on of its filter and the end of its band, by Planck's law of its colour temperature.

    Real flashes carry lines of xenon on this and change with the charge of the lamp; the colour temperature is a row
    (`phys_ipl_colour_temperature`) with a wide range. Make it with `flashlamp`.

    Raises OutOfRangeError for a band without width or a temperature that is none.
    """

    cut_on_nm: float
    end_nm: float
    colour_temperature_K: float

    def __post_init__(self) -> None:
        if not 0.0 < self.cut_on_nm < self.end_nm < math.inf:
            msg = f"A lamp from {self.cut_on_nm:g} to {self.end_nm:g} nm has no band; give a cut-on above 0 and below the end."
            raise OutOfRangeError(msg)
        if not 0.0 < self.colour_temperature_K < math.inf:
            msg = f"The colour temperature of a lamp is {self.colour_temperature_K:g} K; give a finite one above 0."
            raise OutOfRangeError(msg)

    @cached_property
    def _cumulated(self) -> tuple[Array, Array]:
        nm = np.linspace(self.cut_on_nm, self.end_nm, _NODES)
        power = planck(nm, self.colour_temperature_K)
        total = np.concatenate(([0.0], np.cumsum((power[1:] + power[:-1]) / 2)))
        return nm, total / total[-1]

    def wavelength_nm(self, share: float | Array) -> Array:
        """Wavelength below which this share (0 to 1) of the energy lies [nm]."""
        nm, cumulated = self._cumulated
        return np.asarray(np.interp(share, cumulated, nm))

    def drawn_nm(self, block: int, seed: int) -> tuple[float, ...]:
        """Wavelengths of a block of photons, which shares its photons out among them [nm].

        They cover the energy of the spectrum evenly, from a start that seed and block draw: each block by itself is a fair
        and even draw, so the scatter between blocks tells how well their mean is known.
        """
        start = float(np.random.default_rng([seed, block]).random())
        shares = (np.arange(_PARTS) + start) / _PARTS
        return tuple(float(nm) for nm in self.wavelength_nm(shares))

    def bands(self, count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Middles [nm] and energy shares of so many bands of equal width."""
        edges = np.linspace(self.cut_on_nm, self.end_nm, count + 1)
        middle = (edges[:-1] + edges[1:]) / 2
        power = planck(middle, self.colour_temperature_K)
        return tuple(float(x) for x in middle), tuple(float(x) for x in power / power.sum())


def planck(wavelength_nm: Array, temperature_K: float) -> Array:
    """Shape of the emission of a black body over wavelength, in arbitrary units."""
    metres = wavelength_nm * M_PER_NM
    return np.asarray(metres**-5 / np.expm1(_SECOND_RADIATION_M_K / (metres * temperature_K)))


def flashlamp(cut_on_nm: float, end_nm: float, *, colour_temperature_K: float | None = None) -> Lamp:
    """The lamp of an IPL with this filter; the colour temperature is that of the evidence unless given.

    Raises OutOfRangeError for a band without width.
    """
    kelvin = evidence.value("phys_ipl_colour_temperature") if colour_temperature_K is None else colour_temperature_K
    return Lamp(cut_on_nm=cut_on_nm, end_nm=end_nm, colour_temperature_K=kelvin)
