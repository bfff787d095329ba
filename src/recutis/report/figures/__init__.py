"""Figures of a plan: each function returns a matplotlib Figure and leaves no global state behind."""
