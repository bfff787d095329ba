"""Patients: who they are, their patient file as it stands, and the rules a physician has lifted for them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from recutis.web.accounts.models import Clinic
from recutis.web.fields import DocumentField


class Patient(models.Model):
    """One patient of one clinic.

    `file` is the patient file of the command line, as far as it is filled in; it may not be complete or even right yet, for
    nothing that somebody typed is thrown away. `file_version` counts its changes: a form that was opened before the last change
    must not overwrite it silently. `file_changes` tells for each place of the file which version changed it last, who, and when.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="patients")
    number = models.CharField("record number", max_length=40)
    given_name = models.CharField(max_length=100)
    family_name = models.CharField(max_length=100)
    birth_date = models.DateField()
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    file = DocumentField(default=dict, blank=True)
    file_version = models.PositiveIntegerField(default=0)
    file_changes = models.JSONField(default=dict, blank=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    search_text = models.CharField(max_length=300, editable=False, default="")

    class Meta:
        """Order of lists; a record number is used once in a clinic."""

        ordering: ClassVar[list[str]] = ["family_name", "given_name", "number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["clinic", "number"], name="patient_number_once")]
        indexes: ClassVar = [
            models.Index(fields=["clinic", "family_name", "given_name"], name="patient_by_name"),
            models.Index(fields=["clinic", "-changed_at"], name="patient_by_change"),
        ]

    def __str__(self) -> str:
        return f"{self.family_name}, {self.given_name} ({self.number})"

    @property
    def name(self) -> str:
        """Given name and family name."""
        return f"{self.given_name} {self.family_name}"

    def search_words(self) -> str:
        """What search looks through: names, number, day of birth."""
        words = (self.family_name, self.given_name, self.number, f"{self.birth_date:%Y-%m-%d}")
        return " ".join(words).casefold()[:300]

    def save(self, *args: object, **kwargs: object) -> None:
        """Save, with the text that search looks through (names, number, day of birth) kept in step."""
        self.search_text = self.search_words()
        fields = kwargs.get("update_fields")
        if fields is not None:
            kwargs["update_fields"] = {*fields, "search_text", "changed_at"}  # type: ignore[misc]
        super().save(*args, **kwargs)


class LiftedRule(models.Model):
    """A screening rule or ceiling that a physician has lifted for this patient, with the reason; never deleted, only withdrawn."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="lifted_rules")
    rule_id = models.CharField(max_length=20)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=2000)
    date = models.DateField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.rule_id} lifted"
