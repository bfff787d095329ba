"""Clinics, people with their roles, and the tokens with which programs sign in."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from typing import Any, ClassVar, Final

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone

from recutis.patient.override import Role as OverrideRole
from recutis.web.fields import DocumentField

CLINICIAN: Final = "clinician"
NURSE: Final = "nurse"
FRONT_DESK: Final = "front_desk"
RESEARCHER: Final = "researcher"
ADMINISTRATOR: Final = "administrator"
ROLES: Final = (CLINICIAN, NURSE, FRONT_DESK, RESEARCHER, ADMINISTRATOR)
_TOKEN_BYTES: Final = 32


class Clinic(models.Model):
    """One clinic; its people see its patients only. `devices_file` is a clinic file as the command line takes it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    phone = models.CharField(max_length=40, blank=True)
    out_of_hours_phone = models.CharField(max_length=40, blank=True)
    devices_file = DocumentField(default=dict, blank=True)
    acknowledge_minutes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class _People(BaseUserManager["User"]):
    """Makes accounts; addresses are compared in lower case."""

    def make(self, *, email: str, full_name: str, clinic: Clinic, role: str, password: str) -> User:
        """An account with a password, saved."""
        user = self.model(email=email.strip().lower(), full_name=full_name.strip(), clinic=clinic, role=role)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """The account of an e-mail address, however it is capitalised."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A member of a clinic's staff."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=200)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="people")
    role = models.CharField(max_length=20, choices=[(name, name.replace("_", " ")) for name in ROLES])
    may_administer = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    sessions_from = models.PositiveIntegerField(default=0)
    must_change_password = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]
    objects = _People()

    class Meta:
        """Order of lists."""

        ordering: ClassVar[list[str]] = ["full_name"]

    def __str__(self) -> str:
        return f"{self.full_name} ({self.role.replace('_', ' ')})"

    def get_session_auth_hash(self) -> str:
        """Changes with the password and with every sign-out everywhere, which ends all sessions."""
        own = super().get_session_auth_hash()
        return hashlib.sha256(f"{own}:{self.sessions_from}".encode()).hexdigest()

    def sign_out_everywhere(self) -> None:
        """End every session and revoke every token of this person."""
        self.sessions_from += 1
        self.save(update_fields=["sessions_from"])
        self.tokens.filter(revoked_at=None).update(revoked_at=timezone.now())

    @property
    def administers(self) -> bool:
        """Whether this person opens accounts: an administrator, or whoever set the clinic up."""
        return self.role == ADMINISTRATOR or self.may_administer

    @property
    def override_role(self) -> OverrideRole:
        """The role as screening's overrides name it: a clinician is a physician."""
        names: dict[str, OverrideRole] = {
            CLINICIAN: "physician", NURSE: "nurse", FRONT_DESK: "front_desk", RESEARCHER: "researcher",
            ADMINISTRATOR: "administrator",
        }  # fmt: skip
        return names[self.role]


class ApiToken(models.Model):
    """A token for programs, kept as a digest; it acts with its owner's role."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(cls, user: User, name: str, *, expires_at: Any) -> tuple[ApiToken, str]:
        """A new token and its text, which is shown once."""
        text = secrets.token_urlsafe(_TOKEN_BYTES)
        return cls.objects.create(user=user, name=name, digest=cls.digest_of(text), expires_at=expires_at), text

    @staticmethod
    def digest_of(text: str) -> str:
        """What is kept of a token."""
        return hashlib.sha256(text.encode()).hexdigest()
