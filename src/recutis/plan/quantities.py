"""Bands and rows as quantities of the plan document."""

from __future__ import annotations

from collections.abc import Iterable

from recutis import evidence
from recutis.bands import Band, Draws, band
from recutis.plan.document import Quantity


def quantity(item: Band) -> Quantity:
    """A band as the document's quantity, rounded to what print can carry (four significant digits)."""
    return Quantity(
        p10=_rounded(item.p10),
        p50=_rounded(item.p50),
        p90=_rounded(item.p90),
        unit=item.unit,
        sources=item.sources,
        provisional=item.provisional,
    )


def of_draws(draws: Draws, unit: str, sources: Iterable[str], *, weights: Draws | None = None) -> Quantity:
    """Quantity of a cloud of draws, each with its weight (`Twins.unequal`; equal when None)."""
    return quantity(band(draws, unit, sources, weights=weights))


def from_row(row: evidence.Row) -> Quantity:
    """A table row as a quantity: its low, value and high."""
    low, middle, high = evidence.numbers(row.id)
    return Quantity(p10=low, p50=middle, p90=high, unit=row.unit, sources=(row.id,), provisional=row.provisional)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
