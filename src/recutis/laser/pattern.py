"""Geometry of spots on skin: what fraction columns cover, what overlap does, how far neighbours lie."""

from __future__ import annotations

import math

from recutis.errors import OutOfRangeError
from recutis.laser.types import Pattern
from recutis.units import CM_PER_UM, PERCENT

_BISECTIONS = 60  # halves the bracket to below double precision


def footprint_cm2(spot_um: float) -> float:
    """Area of a round spot of this diameter, in cm²."""
    return math.pi * (spot_um * CM_PER_UM / 2) ** 2


def _grid(nominal: float) -> float:
    """Fraction of a square grid's cell under circles whose areas add up to `nominal` cells.

    The circles touch at nominal = π/4; from there neighbours share lenses until, at π/2, four
    circles meet in the middle of the cell and nothing stays free.
    """
    ratio = math.sqrt(nominal / math.pi)
    if ratio <= 1 / 2:
        return nominal
    if ratio >= math.sqrt(1 / 2):
        return 1.0
    lens = 2 * ratio**2 * math.acos(1 / (2 * ratio)) - math.sqrt(4 * ratio**2 - 1) / 2
    return nominal - 2 * lens


def covered(nominal: float, *, pattern: Pattern) -> float:
    """Fraction of surface covered when spot areas add up to `nominal` times the surface.

    Stamped: a square grid, exactly `nominal` until spots overlap. Random: 1 − exp(−nominal).

    Raises OutOfRangeError when `nominal` is negative or not finite.
    """
    if not (math.isfinite(nominal) and nominal >= 0):
        msg = f"The nominal density must be zero or more; got {nominal:g}."
        raise OutOfRangeError(msg)
    return _grid(nominal) if pattern == "stamped" else -math.expm1(-nominal)


def nominal_for(fraction: float, *, pattern: Pattern) -> float:
    """The nominal density (spot areas over surface) that covers this fraction in one pass.

    Raises OutOfRangeError unless 0 <= fraction < 1 (or 1 for a stamped grid).
    """
    if not 0 <= fraction <= 1 or (fraction == 1 and pattern == "random"):
        msg = f"A covered fraction lies from 0 to below 1 for a random pattern, to 1 for a grid; got {fraction:g}."
        raise OutOfRangeError(msg)
    if pattern == "random":
        return -math.log1p(-fraction)
    if fraction <= math.pi / 4:
        return fraction
    low, high = math.pi / 4, math.pi / 2
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _grid(middle) < fraction else (low, middle)
    return high


def after_passes(fraction: float, passes: int) -> float:
    """Fraction touched at least once by passes laid independently of each other: 1 − (1 − f)^passes."""
    return 1 - (1 - fraction) ** passes


def coverage(*, columns_cm2: float, spot_um: float, pattern: Pattern = "stamped", passes: int = 1) -> float:
    """Fraction of surface under at least one column.

    `columns_cm2` is columns per cm² and pass, `spot_um` the column's diameter (1/e² or flat-top).
    Source of the random law: Poisson-placed discs; of the grid law: plane geometry.

    Raises OutOfRangeError for a negative density.
    """
    return after_passes(covered(columns_cm2 * footprint_cm2(spot_um), pattern=pattern), passes)


def columns_for_density(*, density_pct: float, spot_um: float) -> float:
    """Columns per cm² whose footprints add up to this nominal density."""
    return density_pct / PERCENT / footprint_cm2(spot_um)


def density_for_columns(*, columns_cm2: float, spot_um: float) -> float:
    """Nominal density in percent: columns per cm² times footprint."""
    return columns_cm2 * footprint_cm2(spot_um) * PERCENT


def neighbour_pitch_um(*, columns_cm2: float, pattern: Pattern = "stamped") -> float:
    """Distance to the nearest neighbouring column, in µm: the grid's pitch, or the mean for random columns.

    Raises OutOfRangeError unless the density is positive.
    """
    if not columns_cm2 > 0:
        msg = f"A pitch needs a positive number of columns per cm²; got {columns_cm2:g}."
        raise OutOfRangeError(msg)
    pitch = 1 / (math.sqrt(columns_cm2) * CM_PER_UM)
    return pitch if pattern == "stamped" else pitch / 2


def scan_nominal(overlap_pct: float) -> float:
    """Pulses that reach a place on average when round spots are scanned with this overlap of the diameter.

    Raises OutOfRangeError unless 0 <= overlap < 100.
    """
    if not 0 <= overlap_pct < PERCENT:
        msg = f"An overlap lies from 0 to below 100 % of the spot diameter; got {overlap_pct:g} %."
        raise OutOfRangeError(msg)
    return math.pi / 4 / (1 - overlap_pct / PERCENT) ** 2


def scan_coverage(overlap_pct: float) -> float:
    """Fraction of surface under a spot when round spots are scanned on a square grid with this overlap."""
    return covered(scan_nominal(overlap_pct), pattern="stamped")
