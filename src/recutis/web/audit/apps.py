"""The app's name for Django."""

from django.apps import AppConfig


class Config(AppConfig):
    """The append-only record of every view and change."""

    name = "recutis.web.audit"
    label = "audit"
