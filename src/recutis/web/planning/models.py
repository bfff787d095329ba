"""Plans as they were made, and the long jobs that make them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from recutis.web.accounts.models import Clinic
from recutis.web.fields import DocumentField
from recutis.web.patients.models import Patient


class Job(models.Model):
    """A long computation somebody asked for: a plan, an update, a report, a simulation.

    `document` says what was asked, `result` what came out (a plan's id, a simulation's arrays), `words` where it stands or why it
    failed. A job that was running when the server stopped is `interrupted`, and can be started again.
    """

    KINDS = ("plan", "update", "report", "simulate")
    STATES = ("queued", "running", "done", "failed", "cancelled", "interrupted")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="jobs")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    kind = models.CharField(max_length=12, choices=[(name, name) for name in KINDS])
    state = models.CharField(max_length=12, choices=[(name, name) for name in STATES], default="queued")
    progress = models.FloatField(default=0.0)
    words = models.CharField(max_length=500, blank=True)
    document = models.JSONField(default=dict)
    result = models.JSONField(null=True, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-asked_at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class CoursePlan(models.Model):
    """One plan for one patient: the whole document of `recutis plan`, the option that was chosen, and who released it when.

    A plan never changes after it was made; what was seen since makes a new one whose `previous` is this one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="plans")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="plans")
    previous = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="following")
    document = DocumentField()
    status = models.CharField(max_length=20)
    headline = models.TextField(blank=True)
    chosen_rank = models.PositiveSmallIntegerField(default=1)
    observation = DocumentField(null=True, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_why = models.CharField(max_length=500, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-made_at"]

    def __str__(self) -> str:
        return f"plan of {self.made_at:%Y-%m-%d} ({self.status})"

    @property
    def released(self) -> bool:
        """Whether its patient part may leave the clinic."""
        return self.released_at is not None and self.withdrawn_at is None
