"""The frame around every page: navigation by role, the clinic's name, open alarms; and the pages for errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from recutis import __version__
from recutis.web.access import EVERYONE, PUBLIC, TREATING, RoleRefusedError, allow, record_refusal
from recutis.web.accounts.models import ADMINISTRATOR, CLINICIAN, FRONT_DESK, NURSE, RESEARCHER, User


@dataclass(frozen=True, kw_only=True)
class Place:
    """One entry of the navigation: a named route, its words, its icon, who sees it."""

    route: str
    words: str
    icon: str
    roles: tuple[str, ...]
    prefix: str | tuple[str, ...]


PLACES: Final = (
    Place(
        route="patients:list",
        words="Patients",
        icon="people",
        roles=(CLINICIAN, NURSE, FRONT_DESK),
        prefix=("/patients/", "/plans/", "/jobs/"),
    ),
    Place(route="delivery:today", words="Sessions", icon="calendar", roles=(CLINICIAN, NURSE, FRONT_DESK), prefix="/sessions/"),
    Place(route="diary:inbox", words="Inbox", icon="inbox", roles=TREATING, prefix="/inbox/"),
    Place(route="delivery:devices", words="Devices", icon="device", roles=(CLINICIAN, NURSE, ADMINISTRATOR), prefix="/devices/"),
    Place(route="planning:physics", words="Physics", icon="wave", roles=(CLINICIAN, RESEARCHER), prefix="/physics/"),
    Place(route="exports:outcomes", words="Outcomes", icon="chart", roles=(CLINICIAN, RESEARCHER), prefix="/outcomes/"),
    Place(route="delivery:wording", words="Consent", icon="check", roles=(ADMINISTRATOR,), prefix="/consent-wording/"),
    Place(route="accounts:people", words="People", icon="key", roles=(ADMINISTRATOR,), prefix="/people/"),
    Place(route="audit:list", words="Audit", icon="list", roles=(ADMINISTRATOR,), prefix="/audit/"),
)

IN_THE_BAR: Final = 4
"""Places that a phone shows beside one more entry; the others are folded under that one."""


def shell(request: HttpRequest) -> Mapping[str, Any]:
    """What base.html needs: places for this role, which one is open, alarms that wait, the version."""
    user = getattr(request, "user", None)
    found: dict[str, Any] = {
        "version": __version__,
        "static_url": settings.STATIC_URL,
        "places": (),
        "folded": (),
        "waiting_alarms": 0,
        "overdue_alarms": None,
    }
    if not isinstance(user, User):
        return found
    found["places"] = [
        (place, request.path.startswith(place.prefix))
        for place in PLACES
        if user.role in place.roles or (place.roles == (ADMINISTRATOR,) and user.administers)
    ]
    if len(found["places"]) > IN_THE_BAR:
        found["folded"] = found["places"][IN_THE_BAR:]
    if user.role in TREATING:
        from recutis.web.diary.alarms import counted

        found["waiting_alarms"], found["overdue_alarms"] = counted(user.clinic_id)
    return found


@allow(*EVERYONE)
def home(request: HttpRequest) -> HttpResponse:
    """The first page of each role."""
    from recutis.web.access import silent, user_of

    silent(request)
    role = user_of(request).role
    first = {
        RESEARCHER: "exports:outcomes",
        ADMINISTRATOR: "accounts:people",
        CLINICIAN: "patients:list",
        NURSE: "patients:list",
        FRONT_DESK: "patients:list",
    }
    where = first.get(role, "accounts:me")
    return redirect(where)


@allow(PUBLIC)
def alive(_request: HttpRequest) -> HttpResponse:
    """For whatever watches the server."""
    return HttpResponse("ok\n", content_type="text/plain")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form that did not come from one of our own pages, or a session that has ended."""
    words = "This form was not accepted: your session has ended, or it did not come from this site. Open the page again."
    return render(request, "error.html", {"title": "Please open the page again", "words": words}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """No such page or record."""
    words = str(exception) if exception and exception.args and isinstance(exception.args[0], str) else ""
    return render(request, "error.html", {"title": "Not found", "words": words or "There is no such page."}, status=404)


def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A page that another role opens."""
    if isinstance(exception, RoleRefusedError):
        record_refusal(request)
    words = str(exception or "") or "Your role does not open this page. Ask an administrator of your clinic."
    return render(request, "error.html", {"title": "Not open to you", "words": words}, status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """A request that no page of ours makes."""
    words = "The server could not read this request. Nothing was saved."
    return render(request, "error.html", {"title": "Not understood", "words": words}, status=400)


def failed(request: HttpRequest) -> HttpResponse:
    """Something went wrong here; the log says what."""
    words = "Something went wrong on the server, and its log says what. Nothing that was shown as saved is lost."
    return render(request, "error.html", {"title": "Something went wrong", "words": words}, status=500)
