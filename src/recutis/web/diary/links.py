"""Personal links: signed, random, kept as a digest, expiring, revocable; and the cookie that follows them on the phone."""

from __future__ import annotations

import datetime
import hashlib
import secrets
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from recutis import evidence
from recutis.web.accounts.models import User
from recutis.web.delivery.models import Session
from recutis.web.diary.models import DiaryLink
from recutis.web.diary.told import session_day

_BYTES: Final = 32
_SALT: Final = "recutis.diary.link"
_COOKIE: Final = "recutis_diary"
_COOKIE_SALT: Final = "recutis.diary.cookie"
PATH: Final = "/diary/"


def link_days() -> tuple[int, int, int]:
    """Fewest, usual and most days after the session until a link stops working."""
    low, usual, high = evidence.numbers("diary.link_days")
    return int(low), int(usual), int(high)


def make(session: Session, user: User, *, days: int) -> tuple[DiaryLink, str]:
    """A link for a session and its token, which is shown once; it works until so many days after the session."""
    token = Signer(salt=_SALT).sign(secrets.token_urlsafe(_BYTES))
    last = max(session_day(session), timezone.localdate()) + datetime.timedelta(days=days)
    link = DiaryLink.objects.create(
        clinic=session.clinic, patient=session.patient, session=session, digest=_digest(token), made_by=user,
        expires_at=timezone.make_aware(datetime.datetime.combine(last, datetime.time(23, 59))),
    )  # fmt: skip
    return link, token


def found(token: str) -> DiaryLink | None:
    """The link of a token, whether or not it still works; None for a token that was not made here."""
    try:
        Signer(salt=_SALT).unsign(token)
    except BadSignature:
        return None
    return _links().filter(digest=_digest(token)).first()


def works(link: DiaryLink) -> bool:
    """Whether a link is neither revoked nor expired."""
    return link.revoked_at is None and link.expires_at > timezone.now()


def remember(answer: HttpResponse, link: DiaryLink) -> None:
    """Let this phone open the diary again without the link, for as long as the link works."""
    answer.set_signed_cookie(
        _COOKIE, str(link.pk), salt=_COOKIE_SALT, path=PATH, expires=link.expires_at, httponly=True, samesite="Strict",
        secure=bool(settings.SESSION_COOKIE_SECURE),
    )  # fmt: skip


def held(request: HttpRequest) -> DiaryLink | None:
    """The link that this phone opened before, whether or not it still works."""
    try:
        return _links().filter(pk=UUID(request.get_signed_cookie(_COOKIE, default="", salt=_COOKIE_SALT))).first()
    except (BadSignature, ValueError):
        return None


def _links() -> QuerySet[DiaryLink]:
    return DiaryLink.objects.select_related("clinic", "patient", "session", "session__plan")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
