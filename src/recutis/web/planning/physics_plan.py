"""The settings of a plan's option as the start of the physics page."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from django.http import Http404, HttpRequest
from pydantic import ValidationError

from recutis.errors import InputError
from recutis.plan.document import Option, PhaseDocument, Plan
from recutis.plan.given import device_named, option_of, settings_of
from recutis.plan.request import read_request
from recutis.web.access import note, own, user_of
from recutis.web.planning.models import CoursePlan
from recutis.web.planning.physics_form import SETTINGS, device_of


def values_of_plan(request: HttpRequest) -> dict[str, str]:
    """Skin, device and settings of one option, phase and site of a plan of this clinic, as words of the form.

    Raises Http404 where the clinic has no such plan, InputError where the plan has no such part.
    """
    try:
        plan_id = UUID(request.GET.get("plan", ""))
    except ValueError as error:
        msg = "There is no such record in your clinic."
        raise Http404(msg) from error
    kept = own(request, CoursePlan, pk=plan_id)
    note(request, action="plan taken to the physics page", of=kept, patient=kept.patient_id)
    try:
        plan = Plan.model_validate(kept.document)
    except ValidationError as error:
        msg = "This plan was made by another version; make it again to take its settings here."
        raise InputError(msg) from error
    option = option_of(plan, _number(request, "option"))
    phase = _phase(option, _number(request, "phase"))
    site = request.GET.get("site") or next(iter(phase.site_settings), "")
    passes = phase.site_settings.get(site) or phase.settings
    asked = read_request(plan.request)
    device = device_named(asked, phase.device)
    person = asked.patient.patient
    values: dict[str, str] = {
        "site": site, "phototype": person.phototype or "", "age": f"{person.age:g}", "sex": person.sex or "",
        "tanned": "1" if person.tanned else "", "device": device.name,
    }  # fmt: skip
    if device_of(values, user_of(request).clinic) is None:
        msg = f"The plan's device '{device.name}' is neither in your clinic's list any more nor in the catalogue; choose another."
        raise InputError(msg)
    panel = asdict(settings_of(device, passes))
    return values | {name: f"{panel[name]:.12g}" for name in SETTINGS if panel.get(name) is not None}


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name) or "1"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _phase(option: Option, number: int) -> PhaseDocument:
    if not 1 <= number <= len(option.phases):
        msg = f"There is no phase {number} in this option; it has phases 1 to {len(option.phases)}."
        raise InputError(msg)
    return option.phases[number - 1]
