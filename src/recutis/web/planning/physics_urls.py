"""Addresses of the physics page."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from recutis.web.planning import physics, physics_runs

_RUN: Final = "physics/runs/<uuid:job_id>/"
PHYSICS: Final[list[URLPattern]] = [
    path("physics/", physics.page, name="physics"),
    path("physics/told/", physics.told, name="physics-told"),
    path("physics/panel/", physics.panel, name="physics-panel"),
    path("physics/second/", physics.second, name="physics-second"),
    path("physics/layers/", physics.layers, name="physics-layers"),
    path("physics/examples/<slug:name>/", physics.example, name="physics-example"),
    path("physics/file/", physics.file, name="physics-file"),
    path("physics/upload/", physics.upload, name="physics-upload"),
    path("physics/run/", physics.run, name="physics-start"),
    path("physics/runs/", physics.runs, name="physics-runs"),
    path(_RUN, physics_runs.show, name="physics-run"),
    path(f"{_RUN}progress/", physics_runs.progress, name="physics-progress"),
    path(f"{_RUN}cancel/", physics_runs.cancel, name="physics-cancel"),
    path(f"{_RUN}again/", physics_runs.again, name="physics-again"),
    path(f"{_RUN}pictures/<int:at>/<slug:name>/", physics_runs.picture, name="physics-picture"),
    path(f"{_RUN}documents/<str:name>", physics_runs.document, name="physics-document"),
    path(f"{_RUN}files/<path:name>", physics_runs.written, name="physics-written"),
]
