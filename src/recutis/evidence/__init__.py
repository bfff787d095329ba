"""Cited tables: one row a number, with source, range and confidence."""

from recutis.evidence._loader import Row, find, get, numbers, rows, table_names, value

__all__ = ["Row", "find", "get", "numbers", "rows", "table_names", "value"]
