"""Headers that no library sets: nothing about a patient is kept by a browser or a proxy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponseBase

_POLICY: Final = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"


class HeadersMiddleware:
    """Adds `Permissions-Policy`, `Cross-Origin-Resource-Policy`, and `Cache-Control: no-store` to every page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, with the headers."""
        answer = self.get_response(request)
        answer.headers.setdefault("Permissions-Policy", _POLICY)
        answer.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer
