"""The app's name for Django."""

from django.apps import AppConfig


class Config(AppConfig):
    """The patient's diary, triage and the inbox."""

    name = "recutis.web.diary"
    label = "diary"
