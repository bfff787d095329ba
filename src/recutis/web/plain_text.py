"""Requests with characters that no database keeps are refused before anything reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from recutis.web.shell import bad_request

_NUL = "\x00"


class PlainTextMiddleware:
    """Refuses a NUL character in the address or in a form: PostgreSQL keeps none, and no keyboard types one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on; the work is done when the view is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: object, _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Let a request through, or answer it here; the interface has its own words for this."""
        if request.path.startswith("/api/"):
            return None
        told = (text for form in (request.GET, request.POST) for name, values in form.lists() for text in (name, *values))
        if _NUL in request.path or any(_NUL in text for text in told):
            return bad_request(request)
        return None
