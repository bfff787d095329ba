"""The key of what was explored for a request: by it a page asks on, and the desk finds the process that knows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

_ONLY_LIMITS: Final = ("max_social_downtime_days", "max_pain_0_10")
"""Goals that change nothing in what is looked at; the others say how far and where the search looks."""


def key_of(request: Mapping[str, Any]) -> str:
    """SHA-256 of a request without the goals that are mere limits: the same key means the same courses in the same rows."""
    patient = dict(request["patient"])
    patient["goals"] = {name: value for name, value in (patient.get("goals") or {}).items() if name not in _ONLY_LIMITS}
    text = json.dumps({**request, "patient": patient}, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
