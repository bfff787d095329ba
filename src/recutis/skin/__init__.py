"""Skin: layers by site, age and phototype; optical and thermal properties; lesions."""

from recutis.skin.anatomy import build
from recutis.skin.lesions import lesion
from recutis.skin.optics import (
    HotBlood,
    hot_blood,
    layer_optics,
    melanosome_mua_cm,
    spectrum,
    vessel_blood_mua_cm,
    vessel_blood_scattering,
    warmed_nm,
    water_mua_cm,
)
from recutis.skin.thermal import LayerThermal, layer_thermal
from recutis.skin.types import Layer, LayerOptics, Lesion, Skin

__all__ = [
    "HotBlood",
    "Layer",
    "LayerOptics",
    "LayerThermal",
    "Lesion",
    "Skin",
    "build",
    "hot_blood",
    "layer_optics",
    "layer_thermal",
    "lesion",
    "melanosome_mua_cm",
    "spectrum",
    "vessel_blood_mua_cm",
    "vessel_blood_scattering",
    "warmed_nm",
    "water_mua_cm",
]
