"""Addresses of planning."""

from __future__ import annotations

from django.urls import URLPattern, path

from recutis.web.planning import asking, making, seen, views
from recutis.web.planning.physics_urls import PHYSICS

app_name = "planning"
_PLAN = "plans/<uuid:plan_id>/"

urlpatterns: list[URLPattern] = [
    path("patients/<uuid:patient_id>/plan/", views.patient, name="patient"),
    path(_PLAN, views.plan, name="plan"),
    path(f"{_PLAN}judge/", asking.judge, name="judge"),
    path(f"{_PLAN}look/", asking.look_again, name="look"),
    path(f"{_PLAN}choice/", asking.choice, name="choice"),
    path(f"{_PLAN}again/", making.again, name="again"),
    path(f"{_PLAN}in-full/", making.in_full, name="in-full"),
    path(f"{_PLAN}choose/", making.choose, name="choose"),
    path(f"{_PLAN}compare/", views.compare, name="compare"),
    path(f"{_PLAN}update/", seen.update, name="update"),
    path("jobs/<uuid:job_id>/", making.job_card, name="job"),
    path("jobs/<uuid:job_id>/seen/", seen.seen, name="seen"),
    *PHYSICS,
]
