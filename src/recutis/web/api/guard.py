"""Who may call which operation; each call is recorded in the same transaction as its changes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from recutis.web.access import note, note_of, record_answer, refused, user_of

Operation = Callable[..., Any]


class ConflictError(Exception):
    """What is asked for does not go together with what is there; the answer is 409."""


def open_to(*roles: str, administrators: bool = False) -> Callable[[Operation], Operation]:
    """Open an operation to these roles, or to whoever administers the clinic; nothing it changed stays when it fails."""

    def opened(operation: Operation) -> Operation:
        @wraps(operation)
        def guarded(request: HttpRequest, **values: Any) -> Any:
            user = user_of(request)
            if not (user.role in roles or (administrators and user.administers)):
                refused(request)
            with transaction.atomic():
                found = operation(request, **values)
                if not note_of(request).action:
                    verb = "view" if request.method in {"GET", "HEAD"} else "change"
                    note(request, action=f"{verb} by interface: {operation.__name__.replace('_', ' ')}"[:60])
                record_answer(request, values)
            return found

        # The operation's own types, for the interface looks names up where the wrapper is defined.
        guarded.__signature__ = inspect.signature(operation, eval_str=True)  # type: ignore[attr-defined]
        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]
        guarded.administrators = administrators  # type: ignore[attr-defined]
        return guarded

    return opened
