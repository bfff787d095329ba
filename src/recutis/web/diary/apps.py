"""The app's name for Django."""

from django.apps import AppConfig


class Config(AppConfig):
    """The patient's diary, triage and the inbox."""

    name = "recutis.web.diary"
    label = "diary"

    def ready(self) -> None:
        """Unanswered alarms go up a step while the server is up."""
        from recutis.web.awake import CHORES
        from recutis.web.diary.alarms import escalate

        CHORES.append(escalate)
