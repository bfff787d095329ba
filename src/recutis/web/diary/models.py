"""The patient's diary by personal link, and the alarms that it raises in the clinic's inbox."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from recutis.web.accounts.models import Clinic
from recutis.web.delivery.models import Session
from recutis.web.patients.models import Patient

USER = settings.AUTH_USER_MODEL


class DiaryLink(models.Model):
    """A personal link for one session; the link's text is kept as a digest only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="diary_links")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="diary_links")
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"diary link until {self.expires_at:%Y-%m-%d}"


class OpenHours(models.Model):
    """When somebody answers the clinic's telephone on one day of the week (0 is Monday), in the server's time zone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="open_hours")
    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        """In the order of the week; one span a day."""

        ordering: ClassVar[list[str]] = ["weekday"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["clinic", "weekday"], name="hours_once_a_day")]

    def __str__(self) -> str:
        return f"day {self.weekday}: {self.opens:%H:%M} to {self.closes:%H:%M}"


class DiaryEntry(models.Model):
    """One day as the patient told it: each sign 0 to 10, ticked red flags (ids of the aftercare table), words.

    A second entry for a day stands beside the first; the newer one counts, both are kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="diary_entries")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="diary_entries")
    day = models.SmallIntegerField()
    on = models.DateField()
    redness = models.FloatField(null=True, blank=True)
    swelling = models.FloatField(null=True, blank=True)
    pain = models.FloatField(null=True, blank=True)
    sting_itch = models.FloatField(null=True, blank=True)
    peeling = models.FloatField(null=True, blank=True)
    flags = models.JSONField(default=list)
    words = models.TextField(blank=True, max_length=2000)
    urgency = models.CharField(max_length=30, blank=True)
    entered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """In the order of days, newest entry of a day last."""

        ordering: ClassVar[list[str]] = ["day", "entered_at"]
        indexes: ClassVar = [models.Index(fields=["session", "day"], name="entry_by_day")]

    def __str__(self) -> str:
        return f"day {self.day}"


class Alarm(models.Model):
    """Something in a diary that somebody in the clinic must look at by `due_at`; unanswered it goes up a step, never away."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="alarms")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="alarms")
    entry = models.ForeignKey(DiaryEntry, on_delete=models.CASCADE, related_name="alarms")
    urgency = models.CharField(max_length=30)
    flags = models.JSONField(default=list)
    text = models.TextField()
    advice_given = models.TextField()
    raised_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    escalations = models.PositiveSmallIntegerField(default=0)
    escalated_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(blank=True, max_length=2000)

    class Meta:
        """Soonest due first."""

        ordering: ClassVar[list[str]] = ["due_at"]
        indexes: ClassVar = [models.Index(fields=["clinic", "acknowledged_at", "due_at"], name="alarm_waiting")]

    def __str__(self) -> str:
        return f"{self.urgency}: {self.text[:60]}"
