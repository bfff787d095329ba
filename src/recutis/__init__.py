"""Recutis: treatment planning and simulation for laser skin resurfacing."""

from __future__ import annotations

__version__ = "0.1.0"
