"""Light in tissue: closed forms, and Monte Carlo in layers. Kernels are compiled on first use, not on import."""

from recutis.light.beams import Beam, array, flat_top, gaussian, pencil, rectangle, ring
from recutis.light.blocks import Estimate, Goal
from recutis.light.layered import LayeredLight, transport_layers
from recutis.light.stack import Grid, OpticalLayer
from recutis.light.voxel_skin import Follicle, Lentigo, Relief, Vessel, voxel_skin
from recutis.light.voxel_tissue import Medium, VoxelTissue
from recutis.light.voxels import VoxelLight, transport_voxels

__all__ = [
    "Beam",
    "Estimate",
    "Follicle",
    "Goal",
    "Grid",
    "LayeredLight",
    "Lentigo",
    "Medium",
    "OpticalLayer",
    "Relief",
    "Vessel",
    "VoxelLight",
    "VoxelTissue",
    "array",
    "flat_top",
    "gaussian",
    "pencil",
    "rectangle",
    "ring",
    "transport_layers",
    "transport_voxels",
    "voxel_skin",
]
