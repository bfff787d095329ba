"""Every address of the workstation, tried by every role, by another clinic and by strangers, against the mark on its view."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from web_course import under_way
from web_people import House, house
from web_sessions import picture_bytes

from recutis.web.accounts.models import ROLES, ApiToken
from recutis.web.delivery.models import AdverseEvent, DeliveredPass, FollowUp
from recutis.web.diary.models import Alarm, DiaryEntry, DiaryLink
from recutis.web.patients.models import LiftedRule
from recutis.web.photos.models import Photo
from recutis.web.planning.models import Job

pytestmark = pytest.mark.django_db

OWN_ONLY = {"me/tokens/<uuid:token_id>/revoke/"}
"""Looks among one's own tokens only and says the same whatever is given."""

ASKS_FOR_MORE = {
    "people/",
    "audit/",
    "physics/examples/<slug:name>/",
    "physics/runs/<uuid:job_id>/",
    "physics/runs/<uuid:job_id>/progress/",
    "physics/runs/<uuid:job_id>/pictures/<int:at>/<slug:name>/",
    "physics/runs/<uuid:job_id>/documents/<str:name>",
    "physics/runs/<uuid:job_id>/files/<path:name>",
    "patients/<uuid:patient_id>/consultation/question/",
    "patients/<uuid:patient_id>/diary/observation/",
    "jobs/<uuid:job_id>/seen/",
    "reports/<uuid:job_id>/state/",
    "reports/<uuid:job_id>/report.pdf",
}
"""Opens to a clinician who may add people, with a query that names something, or for a job of its own kind."""


@dataclass(frozen=True)
class Address:
    """One address with its view's mark."""

    pattern: str
    names: tuple[str, ...]
    access: frozenset[str]
    methods: frozenset[str]


def _addresses(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[Address]:
    for item in patterns:
        place = before + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from _addresses(item.url_patterns, place)
        elif hasattr(item.callback, "access"):
            names = tuple(re.findall(r"<\w+:(\w+)>", place))
            yield Address(place, names, item.callback.access, item.callback.methods)


ADDRESSES = list(_addresses(get_resolver().url_patterns))
CLOSED = [one for one in ADDRESSES if not one.access & {"public", "link"}]


@dataclass
class Filled:
    """A clinic with one of everything, and the ids by the names that addresses use."""

    house: House
    ids: dict[str, Any]

    def path(self, address: Address) -> str:
        """The address with the ids of this clinic.

        Raises KeyError for a name that no object was made for.
        """
        return "/" + re.sub(r"<\w+:(\w+)>", lambda found: str(self.ids[found.group(1)]), address.pattern)


@pytest.fixture
def north() -> Filled:
    """A clinic in the middle of a course."""
    made = house("North")
    session = under_way(made)
    plan, patient, clinician = session.plan, session.patient, made.people["clinician"]
    common: dict[str, Any] = {"clinic": made.clinic}
    now, today = timezone.now(), timezone.localdate()
    whose = common | {"patient": patient}
    unit = made.clinic.devices.get()
    given = DeliveredPass.objects.create(
        **common, session=session, unit=unit, site="cheek", number=1, given_by=clinician, given_at=now
    )
    entry = DiaryEntry.objects.create(**whose, session=session, day=1, on=today, redness=3)
    seen = FollowUp.objects.create(
        **whose,
        plan=plan,
        session=session,
        seen_on=today,
        observation={"session": 1, "seen_on": str(today)},
        entered_by=clinician,
    )
    ids = {
        "patient_id": patient.pk, "plan_id": plan.pk, "session_id": session.pk, "pass_id": given.pk, "unit_id": unit.pk,
        "event_id": unit.events.first().pk, "consent_id": plan.consents.get().pk, "follow_up_id": seen.pk, "entry_id": entry.pk,
        "user_id": made.people["nurse"].pk, "version": 1, "site": "cheek", "rest": "nothing", "token": "x" * 43, "name": "x", "at": 0,
        "token_id": ApiToken.issue(clinician, "t", expires_at=now)[0].pk,
        "lifted_id": LiftedRule.objects.create(**whose, rule_id="SCR-010", by=clinician, reason="r", date=today).pk,
        "job_id": Job.objects.create(**whose, kind="plan", state="done", asked_by=clinician, document={"kind": "plan"}, result={}).pk,
        "alarm_id": Alarm.objects.create(**whose, entry=entry, urgency="same day", text="t", advice_given="a", due_at=now).pk,
        "link_id": DiaryLink.objects.create(
            **whose, session=session, digest="d" * 64, made_by=clinician, expires_at=now + datetime.timedelta(days=9)
        ).pk,
        "photo_id": _photo(made, whose),
    }  # fmt: skip
    AdverseEvent.objects.create(**whose, kind="pih", severity="mild", seen_on=today, entered_by=clinician)
    return Filled(made, ids)


def _photo(made: House, whose: dict[str, Any]) -> object:
    client = made.client("nurse")
    consent = whose["patient"].consents.get()
    type(consent).objects.filter(pk=consent.pk).update(photos_for_care=True)
    upload = SimpleUploadedFile("a.jpg", picture_bytes(), content_type="image/jpeg")
    today = timezone.localdate().isoformat()
    client.post(
        f"/patients/{whose['patient'].pk}/photos/", {"photo": upload, "view": "front", "taken_on": today, "site": "cheek"}
    )
    return Photo.objects.get().pk


def _tried(client: Client, path: str, method: str) -> int:
    """The status of one request; whatever it changed is undone."""
    point = transaction.savepoint()
    try:
        answer = client.generic(method, path)
        if answer.streaming:
            list(answer.streaming_content)
        return int(answer.status_code)
    finally:
        transaction.savepoint_rollback(point)


def test_every_name_in_an_address_is_known(north: Filled) -> None:
    """A new kind of record must be made here, or its pages would go untried."""
    assert {name for one in ADDRESSES for name in one.names} <= set(north.ids)
    assert len(CLOSED) > 60


@pytest.mark.parametrize("role", ROLES)
def test_every_role_at_every_address(role: str, north: Filled) -> None:
    """Roles that a view does not serve are refused whatever they send; those it serves never meet an error of the server."""
    client = north.house.client(role)
    wrong = []
    for address in CLOSED:
        for method in sorted(address.methods - {"HEAD"}):
            status = _tried(client, north.path(address), method)
            if role not in address.access and status != 403:
                wrong.append((method, address.pattern, status, "should be refused"))
            elif status >= 500:
                wrong.append((method, address.pattern, status, "failed"))
            elif role == "clinician" and method == "GET" and status in {403, 404} and address.pattern not in ASKS_FOR_MORE:
                wrong.append((method, address.pattern, status, "should be open to a clinician"))
            client = north.house.client(role)  # signing out is among the addresses
    assert wrong == [], "\n".join(map(str, wrong))


@pytest.mark.parametrize("role", ROLES)
def test_another_clinic_at_every_address(role: str, north: Filled) -> None:
    """With the right role but in another clinic, no record is found and nothing is changed."""
    client = house("South").client(role)
    wrong = []
    for address in CLOSED:
        if not set(address.names) - {"version", "site", "name", "at"} or address.pattern in OWN_ONLY:
            continue
        for method in sorted(address.methods - {"HEAD"}):
            status = _tried(client, north.path(address), method)
            if status not in ({404} if role in address.access else {403, 404}) and not (
                status == 403 and "people/" in address.pattern
            ):
                wrong.append((method, address.pattern, status))
    assert wrong == [], "\n".join(map(str, wrong))


def test_a_stranger_at_every_address(north: Filled) -> None:
    """Without an account everything closed leads to the sign-in, and open pages tell nothing of a patient."""
    client = Client()
    name = north.house.patients[0].family_name
    for address in ADDRESSES:
        answer = client.get(north.path(address)) if "GET" in address.methods else client.post(north.path(address))
        if address in CLOSED:
            assert answer.status_code == 302, address
            assert answer.headers["Location"].startswith("/sign-in/"), address
        assert name not in getattr(answer, "content", b"").decode(errors="replace"), address


def test_scripts_and_styles_of_pages_are_there() -> None:
    """What the frame of every page asks for lies in the package."""
    for name in (
        "app.css",
        "app.js",
        "vendor/htmx.min.js",
        "vendor/plotly-cartesian.min.js",
        "icon.svg",
        "fonts/Inter-Regular.otf",
    ):
        assert finders.find(f"recutis/{name}"), name
