"""The app's name for Django."""

from django.apps import AppConfig


class Config(AppConfig):
    """Plans, jobs and the physics page."""

    name = "recutis.web.planning"
    label = "planning"
