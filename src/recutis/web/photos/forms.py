"""Forms of photographs."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from recutis.sites import SITES
from recutis.web.photos.models import Photo
from recutis.web.templatetags.recutis_words import day as written


class UploadForm(forms.Form):
    """A photograph with its view, site and day."""

    photo = forms.FileField(
        label="Photograph", allow_empty_file=True, help_text="JPEG, PNG or WebP, up to 15 MB.",
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        error_messages={"required": "Choose a photograph."},
    )  # fmt: skip
    view = forms.ChoiceField(label="View", choices=[(name, name.replace("_", " ")) for name in Photo.VIEWS], initial="front")
    site = forms.ChoiceField(
        label="Site", required=False, choices=[("", "whole face or several"), *((name, name.replace("_", " ")) for name in SITES)]
    )
    taken_on = forms.DateField(label="Taken on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["taken_on"].initial = timezone.localdate

    def clean_taken_on(self) -> datetime.date:
        """A day that has come.

        Raises ValidationError for a later one.
        """
        day: datetime.date = self.cleaned_data["taken_on"]
        if day > timezone.localdate():
            msg = f"{written(day)} has not come yet. Give the day on which the photograph was taken."
            raise ValidationError(msg)
        return day


class RemoveForm(forms.Form):
    """Why a photograph is removed."""

    why = forms.CharField(
        label="Why it is removed", max_length=500,
        error_messages={"required": "Say why the photograph is removed; the reason stays in the record."},
    )  # fmt: skip
