"""The app's name for Django."""

from django.apps import AppConfig


class Config(AppConfig):
    """Photographs with their checks and consent."""

    name = "recutis.web.photos"
    label = "photos"
