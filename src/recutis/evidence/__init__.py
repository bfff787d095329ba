"""Cited tables: one row a number, with source, range and confidence."""

from recutis.evidence._loader import (
    Row,
    choice,
    cite,
    coefficients,
    find,
    get,
    has,
    numbers,
    rows,
    table_names,
    value,
)

__all__ = ["Row", "choice", "cite", "coefficients", "find", "get", "has", "numbers", "rows", "table_names", "value"]
