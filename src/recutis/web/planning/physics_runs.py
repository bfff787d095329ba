"""A simulation while it runs and when it is done: progress, cancel, again, pictures, downloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from recutis.web.access import allow, note, own, silent, user_of
from recutis.web.planning import jobs
from recutis.web.planning.models import Job
from recutis.web.planning.physics import WHO, again_of, title_of, values_of_job
from recutis.web.planning.physics_files import yaml_text
from recutis.web.planning.physics_form import read
from recutis.web.planning.physics_shown import FIGURES, figure, shown

_SHOW: Final = ("temperature", "damage")
_DOCUMENTS: Final = ("simulation", "against", "comparison", "films")
_KINDS: Final = {".nc": "application/x-netcdf", ".json": "application/json", ".png": "image/png", ".gif": "image/gif"}


def simulation_of(request: HttpRequest, job_id: UUID) -> Job:
    """A simulation of this clinic that belongs to no patient.

    Raises Http404 when there is none.
    """
    return own(request, Job, pk=job_id, kind="simulate", patient=None)


def _state(request: HttpRequest, job: Job) -> dict[str, Any]:
    state, share, words = jobs.now(job)
    query = read(values_of_job(job), user_of(request).clinic).query
    return {
        "job": job, "state": state, "share": round(share, 3), "percent": round(100 * share), "words": words, "title": title_of(job),
        "over": state in jobs.OVER, "said": request.GET.get("said") == words, "form": f"{reverse('planning:physics')}?{query}",
    }  # fmt: skip


@allow(*WHO)
def show(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The simulation: how far it is, or what came out."""
    job = simulation_of(request, job_id)
    note(request, of=job)
    context = _state(request, job)
    chosen = request.GET.get("show", "")
    if context["state"] == "done" and job.result:
        context |= shown(job.result, job.document, chosen if chosen in _SHOW else "temperature")
        context["files"] = [name for name in job.result.get("files", ()) if Path(name).suffix in _KINDS]
        context["documents"] = [name for name in _DOCUMENTS if name in job.result]
    if request.headers.get("HX-Target") == "pictures" and "films" in context:
        silent(request)
        return render(request, "planning/physics_pictures.html", context)
    return render(request, "planning/physics_run.html", context)


@allow(*WHO)
def progress(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """How far the simulation is; the page is asked for anew when it is over."""
    silent(request)
    job = simulation_of(request, job_id)
    context = _state(request, job) | {"polled": True}
    answer = render(request, "planning/physics_progress.html", context)
    if context["over"]:
        answer["HX-Refresh"] = "true"
    return answer


@allow(*WHO, methods=("POST",))
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Stop the simulation."""
    job = simulation_of(request, job_id)
    jobs.cancel(job)
    note(request, action="simulation cancelled", of=job)
    return redirect("planning:physics-run", job.pk)


@allow(*WHO, methods=("POST",))
def again(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Run the same once more."""
    job = simulation_of(request, job_id)
    started = again_of(request, job)
    if started is None:
        return redirect(_state(request, job)["form"])
    return redirect("planning:physics-run", started.pk)


def _result(job: Job) -> dict[str, Any]:
    if not isinstance(job.result, dict) or "films" not in job.result:
        msg = "This simulation has no result."
        raise Http404(msg)
    found: dict[str, Any] = job.result
    return found


@allow(*WHO)
def picture(request: HttpRequest, job_id: UUID, at: int, name: str) -> HttpResponse:
    """The data of one chart."""
    silent(request)
    films = _result(simulation_of(request, job_id))["films"]["films"]
    if at >= len(films) or name not in FIGURES:
        msg = "There is no such picture."
        raise Http404(msg)
    return JsonResponse(figure(films, at, name, request.GET.get("show", "")))


@allow(*WHO)
def document(request: HttpRequest, job_id: UUID, name: str) -> HttpResponse:
    """What came out as JSON, or what was asked as an exposure file."""
    job = simulation_of(request, job_id)
    note(request, of=job, document=name)
    asked = {"exposure.yaml": "exposure", "exposure-second.yaml": "against"}.get(name)
    if asked is not None and job.document.get(asked):
        return _attached(yaml_text(job.document[asked]), name, "application/yaml")
    key = name.removesuffix(".json")
    if asked is not None or key not in _DOCUMENTS or key not in _result(job):
        msg = "There is no such document."
        raise Http404(msg)
    return _attached(json.dumps(_result(job)[key], ensure_ascii=False, indent=1) + "\n", f"{key}.json", "application/json")


def _attached(text: str, name: str, kind: str) -> HttpResponse:
    answer = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@allow(*WHO)
def written(request: HttpRequest, job_id: UUID, name: str) -> FileResponse:
    """A file that the simulation has written."""
    job = simulation_of(request, job_id)
    note(request, of=job, file=name)
    result = _result(job)
    path = Path(str(result.get("folder", ""))) / name
    kind = _KINDS.get(path.suffix)
    if name not in result.get("files", ()) or kind is None or not path.is_file():
        msg = "There is no such file any more; run the simulation again to have it written."
        raise Http404(msg)
    return FileResponse(path.open("rb"), as_attachment=True, filename=name.replace("/", "-"), content_type=kind)
