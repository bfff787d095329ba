"""Light in tissue: closed forms, discrete ordinates, and Monte Carlo. Kernels are compiled on first use, not on import."""

from recutis.light.beams import Beam, array, flat_top, gaussian, pencil, rectangle, ring
from recutis.light.blocks import Estimate, Goal
from recutis.light.deterministic import WideLight, transport_wide
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
    "WideLight",
    "array",
    "flashlamp",
    "flat_top",
    "gaussian",
    "pencil",
    "rectangle",
    "ring",
    "transport_layers",
    "transport_wide",
]
