"""Addresses of this part."""

from __future__ import annotations

from django.urls import path

from recutis.web.photos import views

app_name = "photos"
urlpatterns = [
    path("patients/<uuid:patient_id>/photos/", views.patient, name="patient"),
    path("patients/<uuid:patient_id>/photos/compare/", views.compare, name="compare"),
    path("patients/<uuid:patient_id>/photos/<uuid:photo_id>.jpg", views.file, name="file"),
    path("patients/<uuid:patient_id>/photos/<uuid:photo_id>.small.jpg", views.small, name="small"),
    path("patients/<uuid:patient_id>/photos/<uuid:photo_id>/teaching/", views.teaching, name="teaching"),
    path("patients/<uuid:patient_id>/photos/<uuid:photo_id>/remove/", views.remove, name="remove"),
]
