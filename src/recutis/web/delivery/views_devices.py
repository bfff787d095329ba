"""The device register and the clinic's device file."""

from __future__ import annotations

import uuid

import yaml
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from recutis.errors import RecutisError
from recutis.web.access import TREATING, allow, note, own, user_of
from recutis.web.accounts.models import ADMINISTRATOR, CLINICIAN
from recutis.web.delivery.forms_devices import EventForm, FileForm, MeterError, Retire, UnitForm, YamlForm
from recutis.web.delivery.models import DeviceEvent, DeviceUnit
from recutis.web.delivery.register import (
    due_of,
    fault_of,
    file_problem,
    ratio_of,
    read_text,
    stands_for,
    used_in_plans,
    with_measurement,
)
from recutis.web.templatetags.recutis_words import day as written

_SEEING = (*TREATING, ADMINISTRATOR)
_CHANGING = (CLINICIAN, ADMINISTRATOR)


@allow(*_SEEING)
def devices(request: HttpRequest) -> HttpResponse:
    """Every laser of the clinic with what is due."""
    return _list(request)


def _list(request: HttpRequest, *, status: int = 200, form: UnitForm | None = None) -> HttpResponse:
    clinic, day = user_of(request).clinic, timezone.localdate()
    units = list(clinic.devices.prefetch_related("events"))
    rows = [(unit, due_of(unit.events.all(), day), fault_of(unit.events.all()), _ratio(unit)) for unit in units]
    return render(
        request, "delivery/devices.html",
        {
            "here": [row for row in rows if row[0].retired_on is None], "retired": [row[0] for row in rows if row[0].retired_on],
            "form": form or UnitForm(clinic=clinic), "clinic": clinic, "problem": file_problem(clinic),
            "may": user_of(request).role in _CHANGING, "file_devices": (clinic.devices_file or {}).get("devices") or [],
        },
        status=status,
    )  # fmt: skip


def _ratio(unit: DeviceUnit) -> float | None:
    return next((ratio for event in unit.events.all() if (ratio := ratio_of(event)) is not None), None)


@allow(*_CHANGING, methods=("POST",))
def add_unit(request: HttpRequest) -> HttpResponse:
    """Enter a laser that stands in the clinic."""
    clinic = user_of(request).clinic
    form = UnitForm(request.POST, clinic=clinic)
    if not form.is_valid():
        return _list(request, status=422, form=form)
    made = DeviceUnit.objects.create(clinic=clinic, **form.cleaned_data)
    note(request, action="device added", of=made, device=str(made))
    messages.success(request, f"{made} is in the register. Enter its last service and calibration.", "good")
    return redirect("delivery:unit", unit_id=made.pk)


@allow(*_SEEING, methods=("GET", "HEAD", "POST"))
def unit(request: HttpRequest, unit_id: uuid.UUID) -> HttpResponse:
    """One laser: service, calibration, faults, measured energy; a nurse may enter them too."""
    found = own(request, DeviceUnit, pk=unit_id)
    note(request, of=found)
    form = EventForm(
        request.POST if request.method == "POST" else None, initial={"on": timezone.localdate(), "by": user_of(request).full_name}
    )
    if request.method == "POST" and form.is_valid():
        made = DeviceEvent.objects.create(clinic_id=found.clinic_id, unit=found, entered_by=user_of(request), **form.cleaned_data)
        note(request, action="device event entered", of=made, kind=made.kind)
        messages.success(request, f"{made.get_kind_display().capitalize()} of {written(made.on)} is entered.", "good")
        return redirect("delivery:unit", unit_id=found.pk)
    return _unit_page(request, found, form)


def _unit_page(request: HttpRequest, found: DeviceUnit, form: EventForm, *, wrong: str = "") -> HttpResponse:
    day, clinic = timezone.localdate(), user_of(request).clinic
    events = list(found.events.select_related("entered_by", "unit"))
    return render(
        request, "delivery/unit.html",
        {
            "unit": found, "form": form, "due": due_of(events, day), "stops": stands_for(found, day), "wrong": wrong,
            "events": [(one, ratio_of(one), used_in_plans(clinic, one)) for one in events],
            "may": user_of(request).role in _CHANGING, "retire": Retire(initial={"on": day}, auto_id="retire_%s"), "meter": MeterError(),
        },
        status=422 if form.errors or wrong else 200,
    )  # fmt: skip


@allow(*_CHANGING, methods=("POST",))
def retire(request: HttpRequest, unit_id: uuid.UUID) -> HttpResponse:
    """Take a laser out of use; its record stays."""
    found = own(request, DeviceUnit, pk=unit_id)
    form = Retire(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(words for each in form.errors.values() for words in each), "danger")
        return redirect("delivery:unit", unit_id=found.pk)
    found.retired_on = form.cleaned_data["on"]
    found.save(update_fields=["retired_on"])
    booked = found.sessions.filter(state="planned").update(unit=None)
    note(request, action="device retired", of=found, on=found.retired_on.isoformat(), unbooked=booked)
    more = f" {booked} planned sessions need another laser." if booked else ""
    messages.success(request, f"{found} is retired.{more}", "good")
    return redirect("delivery:devices")


@allow(*_CHANGING, methods=("POST",))
def use_measurement(request: HttpRequest, unit_id: uuid.UUID, event_id: uuid.UUID) -> HttpResponse:
    """Let plans be made with the energy that a meter read."""
    found = own(request, DeviceUnit, pk=unit_id)
    event = own(request, DeviceEvent, pk=event_id, unit=found)
    clinic, form = user_of(request).clinic, MeterError(request.POST)
    start = EventForm(initial={"on": timezone.localdate(), "by": user_of(request).full_name})
    if ratio_of(event) is None:
        return _unit_page(request, found, start, wrong="This entry has no measured energy.")
    if not form.is_valid():
        return _unit_page(request, found, start, wrong="Give the uncertainty of the meter in mJ, above 0.")
    try:
        clinic.devices_file = with_measurement(clinic, event, sd_mJ=form.cleaned_data["sd_mJ"])
    except RecutisError as error:
        return _unit_page(request, found, start, wrong=f"Plans cannot use this measurement: {error}")
    clinic.save(update_fields=["devices_file"])
    note(request, action="measurement used in plans", of=event, device=found.device)
    messages.success(request, "New plans reckon with this energy.", "good")
    return redirect("delivery:unit", unit_id=found.pk)


# The clinic file


@allow(*_CHANGING, methods=("GET", "HEAD", "POST"))
def clinic_file(request: HttpRequest) -> HttpResponse:
    """Lasers, anaesthesia, cooling and prices that plans are made with."""
    clinic = user_of(request).clinic
    form = FileForm(request.POST if request.method == "POST" else None, clinic=clinic)
    if request.method == "POST" and form.is_valid():
        clinic.devices_file = form.file
        clinic.save(update_fields=["devices_file"])
        note(request, action="clinic file changed", of=clinic, devices=len(form.file.get("devices", [])))
        gone = f" {form.gone} measurements of lasers that were taken away went with them." if form.gone else ""
        messages.success(request, f"Saved. New plans are made with these lasers.{gone}", "good")
        return redirect("delivery:clinic-file")
    return _file_page(request, form, YamlForm(auto_id="yaml_%s"))


def _file_page(request: HttpRequest, form: FileForm, yaml_form: YamlForm) -> HttpResponse:
    clinic = user_of(request).clinic
    return render(
        request, "delivery/clinic_file.html",
        {
            "form": form, "yaml_form": yaml_form, "clinic": clinic, "problem": file_problem(clinic),
            "spots": (clinic.devices_file or {}).get("test_spots") or [],
        },
        status=422 if form.errors or yaml_form.errors else 200,
    )  # fmt: skip


@allow(*_CHANGING, methods=("POST",))
def import_file(request: HttpRequest) -> HttpResponse:
    """Take over a clinic file of the command line, whole; nothing is changed when it is wrong."""
    clinic = user_of(request).clinic
    form = YamlForm(request.POST, request.FILES, auto_id="yaml_%s")
    if form.is_valid():
        try:
            clinic.devices_file = read_text(form.cleaned_data["text"])
        except RecutisError as error:
            form.add_error(None, str(error))
    if not form.is_valid():
        clinic.refresh_from_db(fields=["devices_file"])
        return _file_page(request, FileForm(clinic=clinic), form)
    clinic.save(update_fields=["devices_file"])
    note(request, action="clinic file imported", of=clinic, devices=len(clinic.devices_file["devices"]))
    messages.success(request, "The clinic file is taken over. New plans are made with it.", "good")
    return redirect("delivery:clinic-file")


@allow(*_CHANGING, methods=("POST",))
def drop_file(request: HttpRequest) -> HttpResponse:
    """Take the clinic file away: every laser of the catalogue is open again."""
    clinic = user_of(request).clinic
    note(request, action="clinic file taken away", of=clinic, was=clinic.devices_file)
    clinic.devices_file = {}
    clinic.save(update_fields=["devices_file"])
    messages.success(request, "The clinic file is taken away; every laser of the catalogue is open to plans.", "good")
    return redirect("delivery:clinic-file")


@allow(*_CHANGING)
def export_file(request: HttpRequest) -> HttpResponse:
    """The clinic file as YAML, as the command line takes it."""
    clinic = user_of(request).clinic
    note(request, of=clinic)
    text = yaml.safe_dump(clinic.devices_file or {"name": clinic.name, "devices": []}, sort_keys=False, allow_unicode=True)
    answer = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="clinic.yaml"'
    return answer
