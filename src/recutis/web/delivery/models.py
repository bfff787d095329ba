"""Devices of the clinic, consent, the session with its checklist, and every pass as it was given."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from recutis.web.accounts.models import Clinic
from recutis.web.fields import DocumentField
from recutis.web.patients.models import Patient
from recutis.web.planning.models import CoursePlan

USER = settings.AUTH_USER_MODEL


class DeviceUnit(models.Model):
    """One laser that stands in the clinic; `device` is its catalogue name or that of the clinic file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="devices")
    device = models.CharField(max_length=100)
    serial_number = models.CharField(max_length=60)
    room = models.CharField(max_length=60, blank=True)
    bought_on = models.DateField(null=True, blank=True)
    retired_on = models.DateField(null=True, blank=True)

    class Meta:
        """One serial number a clinic and device."""

        ordering: ClassVar[list[str]] = ["device", "serial_number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["clinic", "device", "serial_number"], name="device_once")]

    def __str__(self) -> str:
        return f"{self.device} ({self.serial_number})"


class DeviceEvent(models.Model):
    """Service, calibration or fault of a device; `energy_scale` is delivered over set energy where it was measured."""

    KINDS = ("service", "calibration", "fault", "repair")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(DeviceUnit, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=[(name, name) for name in KINDS])
    on = models.DateField()
    next_due = models.DateField(null=True, blank=True)
    set_energy_mJ = models.FloatField(null=True, blank=True)
    measured_energy_mJ = models.FloatField(null=True, blank=True)
    by = models.CharField(max_length=200)
    words = models.TextField(blank=True, max_length=2000)
    entered_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-on", "-entered_at"]

    def __str__(self) -> str:
        return f"{self.kind} on {self.on}"


class ConsentWording(models.Model):
    """A version of the clinic's consent text; places in double braces are filled from the plan. Never changed, only followed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="consent_wordings")
    version = models.PositiveIntegerField()
    text = models.TextField()
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first, one of each number."""

        ordering: ClassVar[list[str]] = ["-version"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["clinic", "version"], name="wording_version_once")]

    def __str__(self) -> str:
        return f"consent wording {self.version}"


class Consent(models.Model):
    """The text one patient was shown for one plan, word for word, and the signature under it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="consents")
    plan = models.ForeignKey(CoursePlan, on_delete=models.PROTECT, related_name="consents")
    wording = models.ForeignKey(ConsentWording, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    text_sha256 = models.CharField(max_length=64)
    photos_for_care = models.BooleanField(default=False)
    photos_for_teaching = models.BooleanField(default=False)
    signed_name = models.CharField(max_length=200)
    signature_svg_path = models.TextField(blank=True)
    signed_at = models.DateTimeField()
    witness = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-signed_at"]

    def __str__(self) -> str:
        return f"consent signed by {self.signed_name}"


class Session(models.Model):
    """One session (or test spot) of a released plan. `checklist` maps each item to who ticked it when.

    `device` is the name in the plan, `unit` the laser that is booked for it; a test spot is read on `read_on` or later.
    """

    STATES = ("planned", "under_way", "done", "cancelled")
    KINDS = ("session", "test_spot")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="sessions")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="sessions")
    plan = models.ForeignKey(CoursePlan, on_delete=models.PROTECT, related_name="sessions")
    kind = models.CharField(max_length=12, choices=[(name, name.replace("_", " ")) for name in KINDS], default="session")
    number = models.PositiveSmallIntegerField()
    planned_on = models.DateField()
    starts_at = models.TimeField(null=True, blank=True)
    read_on = models.DateField(null=True, blank=True)
    device = models.CharField(max_length=100, blank=True)
    unit = models.ForeignKey(DeviceUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="sessions")
    state = models.CharField(max_length=12, choices=[(name, name.replace("_", " ")) for name in STATES], default="planned")
    checklist = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    operator = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    words = models.TextField(blank=True, max_length=4000)

    class Meta:
        """In the order of their days; one of each number in a plan."""

        ordering: ClassVar[list[str]] = ["planned_on", "number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["plan", "kind", "number"], name="session_number_once")]
        indexes: ClassVar = [models.Index(fields=["clinic", "planned_on"], name="session_by_day")]

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.number} on {self.planned_on}"


class DeliveredPass(models.Model):
    """One pass as it was given: the panel as planned and as set, and where the two differ. Corrected by a new entry, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="passes")
    unit = models.ForeignKey(DeviceUnit, on_delete=models.PROTECT, related_name="passes")
    site = models.CharField(max_length=20)
    number = models.PositiveSmallIntegerField()
    planned = DocumentField(default=dict)
    delivered = DocumentField(default=dict)
    deviations = models.JSONField(default=list)
    deviation_reason = models.CharField(max_length=500, blank=True)
    endpoint_seen = models.CharField(max_length=300, blank=True)
    pain_0_10 = models.FloatField(null=True, blank=True)
    given_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")

    class Meta:
        """In the order in which they were given."""

        ordering: ClassVar[list[str]] = ["given_at"]

    def __str__(self) -> str:
        return f"pass {self.number} on {self.site}"


class LotUse(models.Model):
    """A medicine or consumable that was used in a session, with its lot."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="lots")
    what = models.CharField(max_length=200)
    lot_number = models.CharField(max_length=60)
    expires_on = models.DateField(null=True, blank=True)
    amount = models.CharField(max_length=60, blank=True)
    entered_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.what}, lot {self.lot_number}"


class AdverseEvent(models.Model):
    """A harm that was seen, with its course; kept apart from what was predicted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="adverse_events")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, blank=True, related_name="adverse_events")
    kind = models.CharField(max_length=30)
    severity = models.CharField(max_length=12)
    seen_on = models.DateField()
    resolved_on = models.DateField(null=True, blank=True)
    words = models.TextField(blank=True, max_length=4000)
    entered_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-seen_on"]

    def __str__(self) -> str:
        return f"{self.kind} seen on {self.seen_on}"


class FollowUp(models.Model):
    """What was seen at a visit after a session: `observation` as `recutis update` takes it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="follow_ups")
    plan = models.ForeignKey(CoursePlan, on_delete=models.PROTECT, related_name="follow_ups")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups")
    seen_on = models.DateField()
    observation = DocumentField()
    words = models.TextField(blank=True, max_length=4000)
    entered_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-seen_on"]

    def __str__(self) -> str:
        return f"follow-up on {self.seen_on}"
