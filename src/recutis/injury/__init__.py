"""Injury: what the physics did. Types here; the making of them in `recutis.injury.simulate`."""

from recutis.injury.types import EnergyBalance, Injury

__all__ = ["EnergyBalance", "Injury"]
