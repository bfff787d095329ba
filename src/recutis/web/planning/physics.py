"""The physics page: choose skin and exposure, simulate, watch what happens, compare two. No patient is named here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from pydantic import ValidationError

from recutis.errors import InputError
from recutis.simulation import ExposureFile
from recutis.web.access import allow, note, refused, silent, user_of
from recutis.web.accounts.models import CLINICIAN, RESEARCHER
from recutis.web.planning import jobs
from recutis.web.planning.models import Job
from recutis.web.planning.physics_fields import (
    changes_field,
    cooling_field,
    device_field,
    layer_rows,
    panel_fields,
    second_fields,
    skin_fields,
    with_copy,
)
from recutis.web.planning.physics_files import EXAMPLES, folder_of_files, read_upload, yaml_text
from recutis.web.planning.physics_form import (
    LABELS,
    SECOND,
    SETTINGS,
    Exposures,
    built_layers,
    device_of,
    in_words,
    read,
    values_of,
    without_settings,
    words_of,
)
from recutis.web.work.states import SimulateDocument

WHO: Final = (CLINICIAN, RESEARCHER)
_PAGE: Final = 20
_SHOWN: Final = 5
_MOST_AT_ONCE: Final = 3
"""Simulations of one person that may wait or run."""


def _asked(request: HttpRequest, data: Mapping[str, str] | None = None) -> Exposures:
    return read(words_of(request.GET if data is None else data), user_of(request).clinic)


def _form(request: HttpRequest, asked: Exposures) -> dict[str, Any]:
    """What the templates of the form need."""
    clinic = user_of(request).clinic
    device = device_of(asked.values, clinic)
    changes = asked.values.get("changes", "")
    return {
        "asked": asked, "skin": skin_fields(asked), "layers": layer_rows(asked), "own_layers": bool(asked.values.get("layers")),
        "device": device_field(asked, clinic), "panel": panel_fields(device, asked), "cooling": cooling_field(device, asked),
        "changes": changes_field(device, asked), "second": second_fields(asked, clinic), "known": device,
        "changed": LABELS.get(changes, "").lower(), "told": _told(asked), "own": asked.values.get("own", ""),
    }  # fmt: skip


def _told(asked: Exposures) -> list[tuple[str, tuple[str, ...]]]:
    """What the panels deliver, in words; nothing while something is wrong."""
    if not asked.ready:
        return []
    documents = [("", asked.first)] if asked.second is None else [("First", asked.first), ("Second", asked.second)]
    return [
        (name, tuple(in_words(line) for line in ExposureFile.model_validate(document).exposure().arithmetic))
        for name, document in documents
    ]


def _runs(request: HttpRequest) -> QuerySet[Job]:
    """Simulations of whoever asks, newest first, without what came out."""
    return Job.objects.filter(
        clinic_id=user_of(request).clinic_id, asked_by=user_of(request), kind="simulate", patient=None
    ).defer("result")


def _page(request: HttpRequest, asked: Exposures, *, status: int = 200, file_error: str = "") -> HttpResponse:
    context = _form(request, asked) | {
        "examples": EXAMPLES, "runs": [_line(job) for job in _runs(request)[:_SHOWN]], "file_error": file_error,
    }  # fmt: skip
    return render(request, "planning/physics.html", context, status=status)


def _line(job: Job) -> dict[str, Any]:
    state, share, words = jobs.now(job)
    return {"job": job, "state": state, "share": share, "words": words, "title": title_of(job)}


def title_of(job: Job) -> str:
    """What was asked, in one line: device, and what the second exposure changes."""
    asked = job.document.get("exposure") or {}
    device = asked.get("device", "")
    name = device.get("name", "") if isinstance(device, dict) else str(device)
    changes = job.document.get("changes", "")
    return f"{name}, with another {LABELS[changes].lower()}" if changes in LABELS else name


@allow(*WHO)
def page(request: HttpRequest) -> HttpResponse:
    """The form, and this person's last simulations."""
    if request.GET.get("plan"):
        return _from_plan(request)
    return _page(request, _asked(request))


def _from_plan(request: HttpRequest) -> HttpResponse:
    """The settings of a plan's option as the start of the form; the address that follows names no patient."""
    from recutis.web.planning.physics_plan import values_of_plan

    if user_of(request).role != CLINICIAN:
        refused(request)
    try:
        values = values_of_plan(request)
    except InputError as error:
        messages.warning(request, str(error), "caution")
        return redirect("planning:physics")
    return redirect(f"{reverse('planning:physics')}?{read(words_of(values), user_of(request).clinic).query}")


@allow(*WHO)
def told(request: HttpRequest) -> HttpResponse:
    """What the panel delivers, and what is wrong by its field, while somebody types."""
    silent(request)
    asked = _asked(request)
    answer = render(request, "planning/physics_told.html", _form(request, asked) | {"oob": True})
    return _addressed(answer, asked)


@allow(*WHO)
def panel(request: HttpRequest) -> HttpResponse:
    """The panel of the device that was chosen, and what it delivers as usually set."""
    silent(request)
    values = words_of(request.GET)
    if values["changes"] in {*SETTINGS, "device"}:
        values |= {"changes": "", **{f"{SECOND}{name}": "" for name in ("device", *SETTINGS)}}
    asked = read({**without_settings(values), "own": ""}, user_of(request).clinic)
    return _addressed(render(request, "planning/physics_panel.html", _form(request, asked) | {"oob": True}), asked)


@allow(*WHO)
def second(request: HttpRequest) -> HttpResponse:
    """The field of the one thing that the second exposure changes."""
    silent(request)
    values = words_of(request.GET)
    if request.GET.get("device_changed"):
        values = without_settings(values, SECOND)
    asked = read(with_copy(values), user_of(request).clinic)
    return _addressed(render(request, "planning/physics_second.html", _form(request, asked) | {"oob": True}), asked)


@allow(*WHO)
def layers(request: HttpRequest) -> HttpResponse:
    """The layers that this skin has by itself, to start from."""
    silent(request)
    values = words_of(request.GET)
    asked = read({**values, **built_layers(values), "layers": "1"}, user_of(request).clinic)
    return _addressed(render(request, "planning/physics_layers.html", _form(request, asked) | {"oob": True}), asked)


def _addressed(answer: HttpResponse, asked: Exposures) -> HttpResponse:
    """The answer, with the address that holds what was typed."""
    where = reverse("planning:physics")
    answer["HX-Replace-Url"] = f"{where}?{asked.query}" if asked.query else where
    return answer


@allow(*WHO)
def example(request: HttpRequest, name: str) -> HttpResponse:
    """Start from an example."""
    silent(request)
    found = next((one for one in EXAMPLES if one.name == name), None)
    if found is None:
        return redirect("planning:physics")
    return redirect(f"{reverse('planning:physics')}?{read(words_of(values_of(found.document)), user_of(request).clinic).query}")


@allow(*WHO, methods=("POST",))
def upload(request: HttpRequest) -> HttpResponse:
    """Start from an exposure file."""
    try:
        values = words_of(values_of(read_upload(request, "file")))
    except InputError as error:
        return _page(request, _asked(request, request.POST), status=422, file_error=str(error))
    note(request, action="exposure file read")
    return redirect(f"{reverse('planning:physics')}?{read(values, user_of(request).clinic).query}")


@allow(*WHO)
def file(request: HttpRequest) -> HttpResponse:
    """The exposure, or the second one, as an exposure file."""
    asked = _asked(request)
    other = request.GET.get("which") == "second" and asked.second is not None
    if not asked.ready:
        return _page(request, asked, status=422)
    document = asked.second if other and asked.second is not None else asked.first
    return _download(yaml_text(document), "exposure-second.yaml" if other else "exposure.yaml", "application/yaml")


def _download(text: str, name: str, kind: str) -> HttpResponse:
    answer = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@allow(*WHO, methods=("POST",))
def run(request: HttpRequest) -> HttpResponse:
    """Ask for the simulation."""
    asked = _asked(request, request.POST)
    changes = asked.values.get("changes", "")
    errors = dict(asked.errors)
    if not asked.values.get("device"):
        errors["device"] = "Choose a device."
    if asked.second is not None and "device" not in asked.second:
        errors.setdefault(f"{SECOND}device", "Choose the device of the second exposure.")
    if asked.second is not None and not errors and asked.second == asked.first:
        errors[f"{SECOND}{changes}"] = "This is what the first exposure has; choose another value to compare."
    if errors:
        asked = Exposures(values=asked.values, first=asked.first, second=asked.second, errors=errors)
        return _page(request, asked, status=422)
    if _runs(request).exclude(state__in=jobs.OVER).count() >= _MOST_AT_ONCE:
        words = f"{_MOST_AT_ONCE} of your simulations wait or run already; cancel one of them, or wait for its end."
        return _page(request, _with(asked, words), status=422)
    return redirect("planning:physics-run", _start(request, asked.first, asked.second, asked.values).pk)


def _with(asked: Exposures, error: str) -> Exposures:
    return Exposures(values=asked.values, first=asked.first, second=asked.second, errors={**asked.errors, "": error})


def _start(
    request: HttpRequest, first: Mapping[str, Any], other: Mapping[str, Any] | None, values: Mapping[str, str]
) -> Job:  # fmt: skip
    folder = str(folder_of_files() / uuid.uuid4().hex) if values.get("files") else None
    keep = {
        "exposure": first, "against": other, "changes": values.get("changes", ""), "values": dict(values),
    }  # fmt: skip
    document: SimulateDocument = {"exposure": first, "against": other, "folder": folder}
    job = jobs.start("simulate", document, user=user_of(request), keep=keep)
    note(request, action="simulation asked for", of=job)
    return job


def again_of(request: HttpRequest, job: Job) -> Job | None:
    """The same simulation, asked for once more; None where what was asked was not kept."""
    first = job.document.get("exposure")
    if not isinstance(first, dict):
        return None
    return _start(request, first, job.document.get("against"), values_of_job(job))


def values_of_job(job: Job) -> dict[str, str]:
    """The words of the form that mean what a job was asked; those of an exposure file where no form was filled in."""
    kept = job.document.get("values")
    if isinstance(kept, dict):
        return words_of(kept)
    try:
        return words_of(values_of(job.document.get("exposure") or {}))
    except (InputError, ValidationError):
        return words_of({})


@allow(*WHO)
def runs(request: HttpRequest) -> HttpResponse:
    """All simulations of this person."""
    found = Paginator(_runs(request), _PAGE).get_page(request.GET.get("page"))
    return render(request, "planning/physics_runs.html", {"page": found, "runs": [_line(job) for job in found.object_list]})
