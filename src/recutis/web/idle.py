"""Sessions that end when nobody uses them: a page that asks by itself does not keep its session alive."""

from __future__ import annotations

from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase

from recutis.web.access import silent


def polled(request: HttpRequest) -> None:
    """Mark a request that a page makes again and again by itself: it is left out of the audit and is no use of the session."""
    silent(request)
    request.recutis_polled = True


class IdleSessionMiddleware(SessionMiddleware):
    """Sessions as Django keeps them, except that a polled request does not put their end off."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Save the session, and with it the time of its last use, unless nobody used it."""
        if getattr(request, "recutis_polled", False) and not request.session.modified:
            return response
        return super().process_response(request, response)
