"""The app's name for Django."""

from django.apps import AppConfig


class Config(AppConfig):
    """Devices, consent, checklists and what was delivered."""

    name = "recutis.web.delivery"
    label = "delivery"
