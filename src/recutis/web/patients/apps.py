"""The app's name for Django."""

from django.apps import AppConfig


class Config(AppConfig):
    """Patients and their consultation."""

    name = "recutis.web.patients"
    label = "patients"
