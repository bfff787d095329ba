"""Recutis: treatment planning and simulation for laser skin resurfacing.

Names load on first use, so that `import recutis` stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from recutis.injury.simulate import injure
    from recutis.injury.types import Injury
    from recutis.laser import Clinic, catalogue, device, expose, read_clinic
    from recutis.laser.types import Device, Exposure, Settings
    from recutis.light import transport, transport_layers, transport_voxels, transport_wide, voxel_skin
    from recutis.patient import Patient, read_patient, screen
    from recutis.plan.compare import compare_plans
    from recutis.plan.course_file import read_course
    from recutis.plan.document import Plan
    from recutis.plan.observation_file import read_observations
    from recutis.plan.planner import Request, plan_course
    from recutis.plan.predict import predict_course, write_prediction
    from recutis.plan.update import update_plan, write_update
    from recutis.plan.write import read_plan, write_plan
    from recutis.report import write_report
    from recutis.response.improve import improve
    from recutis.response.respond import respond
    from recutis.response.types import Care
    from recutis.scorecard import score_card
    from recutis.simulation import compare, read_exposure, simulate
    from recutis.skin import Lesion, Skin, build, layer_optics, lesion
    from recutis.twins import Traits, Twins, draw

_HOMES = {
    "Care": "response.types",
    "Clinic": "laser",
    "Device": "laser.types",
    "Exposure": "laser.types",
    "Injury": "injury.types",
    "Lesion": "skin",
    "Patient": "patient",
    "Plan": "plan.document",
    "Request": "plan.planner",
    "Settings": "laser.types",
    "Skin": "skin",
    "Traits": "twins",
    "Twins": "twins",
    "build": "skin",
    "catalogue": "laser",
    "compare": "simulation",
    "compare_plans": "plan.compare",
    "device": "laser",
    "draw": "twins",
    "expose": "laser",
    "improve": "response.improve",
    "injure": "injury.simulate",
    "layer_optics": "skin",
    "lesion": "skin",
    "plan_course": "plan.planner",
    "predict_course": "plan.predict",
    "read_clinic": "laser",
    "read_course": "plan.course_file",
    "read_exposure": "simulation",
    "read_observations": "plan.observation_file",
    "read_patient": "patient",
    "read_plan": "plan.write",
    "respond": "response.respond",
    "score_card": "scorecard",
    "screen": "patient",
    "simulate": "simulation",
    "transport": "light",
    "transport_layers": "light",
    "transport_voxels": "light",
    "transport_wide": "light",
    "update_plan": "plan.update",
    "voxel_skin": "light",
    "write_plan": "plan.write",
    "write_prediction": "plan.predict",
    "write_report": "report",
    "write_update": "plan.update",
}

__all__ = [
    "Care",
    "Clinic",
    "Device",
    "Exposure",
    "Injury",
    "Lesion",
    "Patient",
    "Plan",
    "Request",
    "Settings",
    "Skin",
    "Traits",
    "Twins",
    "build",
    "catalogue",
    "compare",
    "compare_plans",
    "device",
    "draw",
    "expose",
    "improve",
    "injure",
    "layer_optics",
    "lesion",
    "plan_course",
    "predict_course",
    "read_clinic",
    "read_course",
    "read_exposure",
    "read_observations",
    "read_patient",
    "read_plan",
    "respond",
    "score_card",
    "screen",
    "simulate",
    "transport",
    "transport_layers",
    "transport_voxels",
    "transport_wide",
    "update_plan",
    "voxel_skin",
    "write_plan",
    "write_prediction",
    "write_report",
    "write_update",
]


def __getattr__(name: str) -> object:
    """Load a public name from its home."""
    if name not in _HOMES:
        msg = f"module 'recutis' has no attribute '{name}'"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module(f"recutis.{_HOMES[name]}"), name)
