"""Addresses of this part."""

from __future__ import annotations

from django.urls import path

from recutis.web.patients import consultation, lifting, transfer, views

app_name = "patients"
urlpatterns = [
    path("", views.listing, name="list"),
    path("new/", views.new, name="new"),
    path("<uuid:patient_id>/", views.page, name="page"),
    path("<uuid:patient_id>/details/", views.details, name="details"),
    path("<uuid:patient_id>/archive/", views.archive, name="archive"),
    path("<uuid:patient_id>/consultation/", consultation.consultation, name="consultation"),
    path("<uuid:patient_id>/consultation/question/", consultation.question, name="question"),
    path("<uuid:patient_id>/consultation/save/", consultation.save, name="save"),
    path("<uuid:patient_id>/consultation/rest/", consultation.rest, name="rest"),
    path("<uuid:patient_id>/consultation/rows/", consultation.rows, name="rows"),
    path("<uuid:patient_id>/consultation/lift/", lifting.lift, name="lift"),
    path("<uuid:patient_id>/consultation/lifted/<uuid:lifted_id>/withdraw/", lifting.withdraw, name="withdraw"),
    path("<uuid:patient_id>/file/", transfer.transfer, name="file"),
    path("<uuid:patient_id>/file/download/", transfer.download, name="download"),
    path("<uuid:patient_id>/file/overrides/", transfer.download_overrides, name="download-overrides"),
    path("<uuid:patient_id>/file/import/", transfer.confirm, name="import"),
]
