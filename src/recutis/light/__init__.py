"""Light in tissue: closed forms, discrete ordinates, and Monte Carlo. Kernels are compiled on first use, not on import."""

from recutis.light.beams import Beam, array, flat_top, gaussian, pencil, rectangle, ring
from recutis.light.blocks import Estimate, Goal
from recutis.light.deterministic import WideLight, transport_wide
from recutis.light.ladder import LADDER, Difference, Fidelity, Transported, mean_layers, optical_range, transport
from recutis.light.lamps import Lamp, flashlamp
from recutis.light.layered import LayeredLight, transport_layers
from recutis.light.skin_voxels import Follicle, Lentigo, Relief, Vessel, voxel_skin
from recutis.light.stack import Grid, OpticalLayer
from recutis.light.superpose import lattice_um, on_axis, rectangle_um, side_by_side, under
from recutis.light.voxel_tissue import Medium, VoxelTissue
from recutis.light.voxels import VoxelLight, transport_voxels

__all__ = [
    "LADDER",
    "Beam",
    "Difference",
    "Estimate",
    "Fidelity",
    "Follicle",
    "Goal",
    "Grid",
    "Lamp",
    "LayeredLight",
    "Lentigo",
    "Medium",
    "OpticalLayer",
    "Relief",
    "Transported",
    "Vessel",
    "VoxelLight",
    "VoxelTissue",
    "WideLight",
    "array",
    "flashlamp",
    "flat_top",
    "gaussian",
    "lattice_um",
    "mean_layers",
    "on_axis",
    "optical_range",
    "pencil",
    "rectangle",
    "rectangle_um",
    "ring",
    "side_by_side",
    "transport",
    "transport_layers",
    "transport_voxels",
    "transport_wide",
    "under",
    "voxel_skin",
]
