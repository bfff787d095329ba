"""Light in tissue: closed forms, discrete ordinates and Monte Carlo in layers. Kernels are compiled on first use, not on import."""

from recutis.light.beams import Beam, flat_top, gaussian, pencil, rectangle, ring
from recutis.light.deterministic import WideLight, transport_wide
from recutis.light.layered import Estimate, Goal, LayeredLight, transport_layers
from recutis.light.stack import Grid, OpticalLayer

__all__ = [
    "Beam",
    "Estimate",
    "Goal",
    "Grid",
    "LayeredLight",
    "OpticalLayer",
    "WideLight",
    "flat_top",
    "gaussian",
    "pencil",
    "rectangle",
    "ring",
    "transport_layers",
    "transport_wide",
]
