"""Light in tissue: closed forms, and Monte Carlo in layers. Kernels are compiled on first use, not on import."""

from recutis.light.beams import Beam, array, flat_top, gaussian, pencil, rectangle, ring
from recutis.light.blocks import Estimate, Goal
from recutis.light.lamps import Lamp, flashlamp
from recutis.light.layered import LayeredLight, transport_layers
from recutis.light.stack import Grid, OpticalLayer

__all__ = [
    "Beam",
    "Estimate",
    "Goal",
    "Grid",
    "Lamp",
    "LayeredLight",
    "OpticalLayer",
    "array",
    "flashlamp",
    "flat_top",
    "gaussian",
    "pencil",
    "rectangle",
    "ring",
    "transport_layers",
]
