"""The interface itself, and who is let in: a signed-in browser or a bearer token; strangers get 401."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import NinjaAPI
from ninja.security import HttpBearer, SessionAuth

from recutis import __version__
from recutis.web.access import second_factor_missing
from recutis.web.accounts.models import ApiToken, User


class TokenAuth(HttpBearer):
    """A token that its owner has issued and not revoked."""

    def authenticate(self, request: HttpRequest, token: str) -> Any | None:
        """The owner, or nobody."""
        found = ApiToken.objects.select_related("user", "user__clinic").filter(digest=ApiToken.digest_of(token)).first()
        now = timezone.now()
        if found is None or found.revoked_at is not None or found.expires_at <= now or not found.user.is_active:
            return None
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
        request.user = found.user
        return found.user


class BrowserAuth(SessionAuth):
    """A signed-in browser, with its second factor where it uses one, and the CSRF token with every change."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any | None:
        """The person who is signed in, or nobody."""
        user = super().authenticate(request, key)
        if not isinstance(user, User) or second_factor_missing(request) or user.must_change_password:
            return None
        return user


api = NinjaAPI(
    title="Recutis",
    version=__version__,
    description="Records, plans, sessions and diaries of one clinic. For research and education; not cleared as a medical device.",
    auth=[TokenAuth(), BrowserAuth()],
    docs_url=None,
)
