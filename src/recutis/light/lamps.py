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
from recutis.light import checks
from recutis.light.blocks import check_seed
from recutis.units import M_PER_NM

Array = NDArray[np.float64]
_SECOND_RADIATION_M_K: Final = 1.438776877e-2  # exact in the SI
_NODES: Final = 2001  # of the cumulated spectrum; twice as many move a quantile by under 0.001 nm
_MOST_BANDS: Final = 1_000_000
_MOST_BLOCKS: Final = 2**53
_NUMBERS: Final = {
    "cut_on_nm": "a wavelength above 0 nm",
    "end_nm": "a wavelength above the cut-on in nm",
    "colour_temperature_K": "a finite temperature above 0 K",
}
_PARTS: Final = 8  # wavelengths of a block


@dataclass(frozen=True, kw_only=True)
class Lamp:
    """A xenon flash between the cut-on of its filter and the end of its band, by Planck's law of its colour temperature.

    Real flashes carry lines of xenon on this and change with the charge of the lamp; the colour temperature is a row
    (`phys_ipl_colour_temperature`) with a wide range. Make it with `flashlamp`.

    Raises InputError for what is no number, OutOfRangeError for a band without width or light, or a temperature that is none.
    """

    cut_on_nm: float
    end_nm: float
    colour_temperature_K: float

    def __post_init__(self) -> None:
        checks.floats(self, "A lamp", _NUMBERS)
        if not 0.0 < self.cut_on_nm < self.end_nm < math.inf:
            msg = f"A lamp from {self.cut_on_nm:g} to {self.end_nm:g} nm has no band; give a cut-on above 0 and below the end."
            raise OutOfRangeError(msg)
        if not 0.0 < self.colour_temperature_K < math.inf:
            msg = f"The colour temperature of a lamp is {self.colour_temperature_K:g} K; give a finite one above 0."
            raise OutOfRangeError(msg)

        ends = _shape(np.array([self.cut_on_nm, self.end_nm]), self.colour_temperature_K)
        if not (np.isfinite(ends).all() and (ends > 0.0).all()):
            msg = (
                f"A lamp of {self.colour_temperature_K:g} K has no light from {self.cut_on_nm:g} to {self.end_nm:g} nm that could "
                "be reckoned with; give a colour temperature of some thousand kelvin and a band in nanometres."
            )
            raise OutOfRangeError(msg)

    @cached_property
    def _cumulated(self) -> tuple[Array, Array]:
        nm = np.linspace(self.cut_on_nm, self.end_nm, _NODES)
        power = _shape(nm, self.colour_temperature_K)
        total = np.concatenate(([0.0], np.cumsum((power[1:] + power[:-1]) / 2)))
        return nm, total / total[-1]

    def wavelength_nm(self, share: float | Array) -> Array:
        """Wavelength below which this share (0 to 1) of the energy lies [nm]; one or an array of them.

        Raises InputError for what is no number, OutOfRangeError for shares outside 0 to 1.
        """
        wanted = "shares of the energy from 0 to 1"
        shares = checks.numbers("share", share, wanted)
        if shares.size and not (shares.min() >= 0.0 and shares.max() <= 1.0):
            msg = f"share reaches from {shares.min():g} to {shares.max():g}; give {wanted}."
            raise OutOfRangeError(msg)
        nm, cumulated = self._cumulated
        return np.asarray(np.interp(shares, cumulated, nm))

    def drawn_nm(self, block: int, seed: int) -> tuple[float, ...]:
        """Wavelengths of a block of photons, which shares its photons out among them [nm].

        They cover the energy of the spectrum evenly, from a start that seed and block draw: each block by itself is a fair
        and even draw, so the scatter between blocks tells how well their mean is known.

        Raises InputError and OutOfRangeError for a block or a seed that is no whole number of at least 0.
        """
        seed, block = check_seed(seed), checks.whole("block", block, 0, _MOST_BLOCKS)
        start = float(np.random.default_rng([seed, block]).random())
        shares = (np.arange(_PARTS) + start) / _PARTS
        return tuple(float(nm) for nm in self.wavelength_nm(shares))

    def bands(self, count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Middles [nm] and energy shares of so many bands of equal width.

        Raises InputError for what is no whole number, OutOfRangeError for less than one band.
        """
        count = checks.whole("The number of bands", count, 1, _MOST_BANDS)
        edges = np.linspace(self.cut_on_nm, self.end_nm, count + 1)
        middle = (edges[:-1] + edges[1:]) / 2
        power = _shape(middle, self.colour_temperature_K)
        return tuple(float(x) for x in middle), tuple(float(x) for x in power / power.sum())


def planck(wavelength_nm: Array, temperature_K: float) -> Array:
    """Shape of the emission of a black body over wavelength, in arbitrary units.

    Raises InputError for what is no number, OutOfRangeError for what is not above 0.
    """
    nm = checks.numbers("wavelength_nm", wavelength_nm, "wavelengths above 0 nm")
    if nm.size and nm.min() <= 0.0:
        msg = f"wavelength_nm holds {nm.min():g}; give wavelengths above 0 nm."
        raise OutOfRangeError(msg)
    return _shape(nm, checks.positive("temperature_K", temperature_K, "K"))


def _shape(wavelength_nm: Array, temperature_K: float) -> Array:
    """`planck` of numbers that are known to be above 0; 0 or infinite where they are out of all measure."""
    with np.errstate(all="ignore"):
        metres = wavelength_nm * M_PER_NM
        return np.asarray(metres**-5 / np.expm1(_SECOND_RADIATION_M_K / (metres * temperature_K)))


def check_lamp(lamp: object) -> Lamp | None:
    """A lamp, or None. Raises InputError for anything else."""
    return None if lamp is None else checks.kind("lamp", lamp, Lamp, "make it with flashlamp(cut_on_nm, end_nm)")


def flashlamp(cut_on_nm: float, end_nm: float, *, colour_temperature_K: float | None = None) -> Lamp:
    """The lamp of an IPL with this filter; the colour temperature is that of the evidence unless given.

    Raises InputError for what is no number, OutOfRangeError for a band without width or light.
    """
    kelvin = evidence.value("phys_ipl_colour_temperature") if colour_temperature_K is None else colour_temperature_K
    return Lamp(cut_on_nm=cut_on_nm, end_nm=end_nm, colour_temperature_K=kelvin)
