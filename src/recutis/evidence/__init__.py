"""Cited tables: one row a number, with source, range and confidence."""

from recutis.evidence._loader import (
    Reading,
    Row,
    assume,
    choice,
    cite,
    coefficients,
    find,
    get,
    has,
    numbers,
    readings,
    rows,
    table_names,
    value,
)

__all__ = [
    "Reading",
    "Row",
    "assume",
    "choice",
    "cite",
    "coefficients",
    "find",
    "get",
    "has",
    "numbers",
    "readings",
    "rows",
    "table_names",
    "value",
]
