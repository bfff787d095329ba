"""Addresses of what leaves the clinic."""

from __future__ import annotations

from django.urls import URLPattern, path

from recutis.web.exports import views

app_name = "exports"
_PATIENT = "patients/<uuid:patient_id>/records/"
_PLAN = "plans/<uuid:plan_id>/"

urlpatterns: list[URLPattern] = [
    path(_PATIENT, views.patient, name="patient"),
    path(f"{_PATIENT}fhir.json", views.fhir, name="fhir"),
    path(f"{_PATIENT}everything.zip", views.everything, name="everything"),
    path(f"{_PLAN}report/", views.make_report, name="make-report"),
    path(f"{_PLAN}plan.json", views.plan_json, name="plan-json"),
    path(f"{_PLAN}calendar.ics", views.calendar, name="calendar"),
    path("reports/<uuid:job_id>/state/", views.report_state, name="report-state"),
    path("reports/<uuid:job_id>/report.pdf", views.report_pdf, name="report-pdf"),
    path("outcomes/", views.outcomes_page, name="outcomes"),
    path("outcomes/outcomes.csv", views.outcomes_csv, name="outcomes-csv"),
]
