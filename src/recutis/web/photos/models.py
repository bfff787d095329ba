"""Photographs: checked, stripped of metadata, kept outside the web server's reach."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from recutis.web.accounts.models import Clinic
from recutis.web.delivery.models import Session
from recutis.web.diary.models import DiaryEntry
from recutis.web.patients.models import Patient


class Photo(models.Model):
    """One photograph, written anew from its pixels. `file_name` is its name in the photo folder, `sha256` of what lies there.

    A photograph that a clinician removed has no file any more; this row stays and says who removed it and why.
    """

    VIEWS = ("front", "left", "right", "left_oblique", "right_oblique", "close_up", "other")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="photos")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, blank=True, related_name="photos")
    diary_entry = models.ForeignKey(DiaryEntry, on_delete=models.CASCADE, null=True, blank=True, related_name="photos")
    view = models.CharField(max_length=20, choices=[(name, name.replace("_", " ")) for name in VIEWS], default="other")
    site = models.CharField(max_length=20, blank=True)
    taken_on = models.DateField()
    file_name = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveIntegerField()
    teaching_allowed = models.BooleanField(default=False)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    removed_why = models.CharField(max_length=500, blank=True)

    class Meta:
        """Oldest first, as a before-and-after is read."""

        ordering: ClassVar[list[str]] = ["taken_on", "uploaded_at"]

    def __str__(self) -> str:
        return f"{self.view} on {self.taken_on}"
