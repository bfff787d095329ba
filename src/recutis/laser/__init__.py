"""Lasers: the catalogue, panel settings to pulses and back, patterns, cooling, time, eyewear, a clinic's own devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recutis.laser.candidates import candidate_settings
    from recutis.laser.clinic import Clinic, read_clinic, read_device
    from recutis.laser.cooling import cooling_kind, device_cooling, surface_cooling
    from recutis.laser.devices import by_class, catalogue, device, pick
    from recutis.laser.eye_safety import eyewear
    from recutis.laser.measured import TestSpot
    from recutis.laser.own_device import DeviceFile
    from recutis.laser.panel import PanelSettings
    from recutis.laser.pattern import coverage
    from recutis.laser.settings import expose, to_panel
    from recutis.laser.timing import treatment_minutes
    from recutis.laser.types import Cooling, Device, Exposure, Limit, Pulse, Settings

_HOMES = {
    "candidate_settings": "candidates",
    "by_class": "devices",
    "catalogue": "devices",
    "device": "devices",
    "pick": "devices",
    "Clinic": "clinic",
    "TestSpot": "measured",
    "DeviceFile": "own_device",
    "PanelSettings": "panel",
    "read_clinic": "clinic",
    "read_device": "clinic",
    "surface_cooling": "cooling",
    "cooling_kind": "cooling",
    "device_cooling": "cooling",
    "eyewear": "eye_safety",
    "coverage": "pattern",
    "expose": "settings",
    "to_panel": "settings",
    "treatment_minutes": "timing",
    "Cooling": "types",
    "Device": "types",
    "Exposure": "types",
    "Limit": "types",
    "Pulse": "types",
    "Settings": "types",
}

__all__ = [
    "Clinic",
    "Cooling",
    "Device",
    "DeviceFile",
    "Exposure",
    "Limit",
    "PanelSettings",
    "Pulse",
    "Settings",
    "TestSpot",
    "by_class",
    "candidate_settings",
    "catalogue",
    "cooling_kind",
    "coverage",
    "device",
    "device_cooling",
    "expose",
    "eyewear",
    "pick",
    "read_clinic",
    "read_device",
    "surface_cooling",
    "to_panel",
    "treatment_minutes",
]


def __getattr__(name: str) -> object:
    """Load a public name on first use, so that importing stays light."""
    if name not in _HOMES:
        msg = f"module 'recutis.laser' has no attribute '{name}'"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module(f"recutis.laser.{_HOMES[name]}"), name)
