"""Spectra from evidence rows: nodes named by wavelength, straight lines between them on double-logarithmic paper."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError

Array = NDArray[np.float64]

# Where all of water, blood and matrix have data: from the ultraviolet of the excimer laser to the far end of the CO2 lines.
WINDOWS_NM: Final[tuple[tuple[float, float], ...]] = ((300.0, 10700.0),)


@dataclass(frozen=True, kw_only=True, eq=False)
class Spectrum:
    """Nodes of a spectrum with their ranges; `nm` ascending, absorption or scattering per centimetre."""

    ids: tuple[str, ...]
    nm: Array
    low: Array
    value: Array
    high: Array

    def at(self, wavelength_nm: Array) -> tuple[Array, Array, Array]:
        """(low, value, high) at these wavelengths [nm], log-linear in wavelength between the nodes."""
        x, nodes = np.log(wavelength_nm), np.log(self.nm)
        low, value, high = (np.exp(np.interp(x, nodes, np.log(y))) for y in (self.low, self.value, self.high))
        return low, value, high

    def sources(self, wavelength_nm: float) -> tuple[str, ...]:
        """Ids of the one or two rows that a value at this wavelength rests on."""
        after = int(np.searchsorted(self.nm, wavelength_nm))
        if after < self.nm.size and self.nm[after] == wavelength_nm:
            return (self.ids[after],)
        return tuple(self.ids[i] for i in (after - 1, after) if 0 <= i < self.nm.size)


@cache
def nodes(pattern: str, tables: tuple[str, ...], spread_low: float, spread_high: float) -> Spectrum:
    """The spectrum of all rows whose id matches `pattern` (one group: the wavelength in nm).

    A row without a range gets its value times `spread_low` and `spread_high`.
    """
    expression = re.compile(pattern)
    found = []
    for table in tables:
        for row in evidence.rows(table):
            match = expression.fullmatch(row.id)
            if match and row.value is not None:
                low = row.low if row.low is not None else row.value * spread_low
                high = row.high if row.high is not None else row.value * spread_high
                found.append((float(match.group(1)), row.id, low, row.value, high))
    found.sort()
    return Spectrum(
        ids=tuple(x[1] for x in found),
        nm=np.array([x[0] for x in found]),
        low=np.array([x[2] for x in found]),
        value=np.array([x[3] for x in found]),
        high=np.array([x[4] for x in found]),
    )


def joined(first: Spectrum, formula: Callable[[Array], Array], nm: Iterable[float], key: str, factor: Array) -> Spectrum:
    """A spectrum with further nodes computed by a formula at `nm`, each `factor` (low, high) wide."""
    more = np.array(list(nm))
    value = formula(more)
    order = np.argsort(np.concatenate((first.nm, more)), kind="stable")
    return Spectrum(
        ids=tuple(((*first.ids, *(key,) * more.size))[i] for i in order),
        nm=np.concatenate((first.nm, more))[order],
        low=np.concatenate((first.low, value * factor[0]))[order],
        value=np.concatenate((first.value, value))[order],
        high=np.concatenate((first.high, value * factor[1]))[order],
    )


def check_range(wavelength_nm: Array) -> None:
    """Refuse a wavelength for which the tables hold no data.

    Raises OutOfRangeError naming the range that is covered.
    """
    inside = np.zeros(wavelength_nm.shape, dtype=bool)
    for first, last in WINDOWS_NM:
        inside |= (first <= wavelength_nm) & (wavelength_nm <= last)
    if not inside.all():
        wrong = float(wavelength_nm[~inside].flat[0])
        windows = ", ".join(f"{first:g}-{last:g}" for first, last in WINDOWS_NM)
        msg = f"Skin optics are known at {windows} nm; asked for {wrong:g} nm. Choose a wavelength inside this range."
        raise OutOfRangeError(msg)
