"""The audit's entries and the head of each clinic's chain."""

from __future__ import annotations

import hashlib
import json
from typing import Any, ClassVar, NoReturn

from django.db import models

from recutis.web.fields import DocumentField

FIRST_HASH = "0" * 64


class AppendOnlyError(RuntimeError):
    """Somebody tried to change or delete an entry of the audit."""


class _AppendOnly(models.QuerySet["AuditEntry"]):
    """Entries can be added and read."""

    def update(self, **_values: Any) -> NoReturn:
        """Refused.

        Raises AppendOnlyError always.
        """
        msg = "Entries of the audit cannot be changed."
        raise AppendOnlyError(msg)

    def delete(self) -> NoReturn:
        """Refused.

        Raises AppendOnlyError always.
        """
        msg = "Entries of the audit cannot be deleted."
        raise AppendOnlyError(msg)


class ChainHead(models.Model):
    """Number and hash of the newest entry of one chain: a clinic's, or the installation's own (`chain` empty)."""

    chain = models.CharField(max_length=36, unique=True)
    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=FIRST_HASH)

    def __str__(self) -> str:
        return f"{self.chain or 'installation'} at {self.number}"


class AuditEntry(models.Model):
    """Who did what to which object and when; `hash` covers everything and the hash before it."""

    chain = models.CharField(max_length=36)
    number = models.PositiveBigIntegerField()
    at = models.CharField(max_length=40)
    user_id_text = models.CharField(max_length=36, blank=True)
    who = models.CharField(max_length=250)
    role = models.CharField(max_length=20, blank=True)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    patient_id_text = models.CharField(max_length=36, blank=True, db_index=True)
    detail = DocumentField(default=dict)
    address = models.CharField(max_length=45, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = _AppendOnly.as_manager()

    class Meta:
        """One number a chain."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["chain", "number"], name="audit_one_number")]
        indexes: ClassVar = [models.Index(fields=["chain", "-number"], name="audit_newest")]

    def __str__(self) -> str:
        return f"{self.chain or 'installation'} {self.number}: {self.action}"

    def computed_hash(self) -> str:
        """SHA-256 over the entry as JSON with sorted keys."""
        names = (
            "chain", "number", "at", "user_id_text", "who", "role", "action", "object_type", "object_id", "patient_id_text",
            "detail", "address", "previous_hash",
        )  # fmt: skip
        text = json.dumps({name: getattr(self, name) for name in names}, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save a new entry; an old one is refused.

        Raises AppendOnlyError for an entry that is already there.
        """
        if self.pk is not None:
            msg = "Entries of the audit cannot be changed."
            raise AppendOnlyError(msg)
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused.

        Raises AppendOnlyError always.
        """
        msg = "Entries of the audit cannot be deleted."
        raise AppendOnlyError(msg)
