"""The app's name for Django."""

from django.apps import AppConfig


class Config(AppConfig):
    """People, their clinic, their roles."""

    name = "recutis.web.accounts"
    label = "accounts"
