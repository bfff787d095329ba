"""The app's name for Django."""

from django.apps import AppConfig


class Config(AppConfig):
    """Plans, jobs and the physics page."""

    name = "recutis.web.planning"
    label = "planning"

    def ready(self) -> None:
        """Have jobs that a stopped server left behind marked when the next one starts."""
        from recutis.web.planning import jobs  # noqa: F401
