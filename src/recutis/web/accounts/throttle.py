"""What wrong passwords are counted by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest


def address_tried(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """The e-mail address that was tried, in lower case, so that capitals do not start the count anew."""
    told = (credentials or {}).get("username") or (credentials or {}).get("email") or request.POST.get("email", "")
    return str(told).strip().lower()[:254]
