"""Addresses of the audit."""

from django.urls import path

from recutis.web.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.entries, name="list"),
    path("verify/", views.check, name="verify"),
]
