"""Diaries that must not be mixed up: two patients on one phone, cancelled sessions, plans that were withdrawn."""

from __future__ import annotations

import datetime
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from web_people import House, house
from web_sessions import released_session

from recutis.course.diary_triage import SIGNS
from recutis.web.delivery.models import Session
from recutis.web.diary import links
from recutis.web.diary.models import DiaryEntry, DiaryLink


@pytest.fixture
def clinic() -> House:
    """A clinic with everybody."""
    return house("North")


def _opened(session: Session, house_: House) -> Client:
    _, token = links.make(session, house_.people["nurse"], days=60)
    phone = Client()
    assert phone.get(reverse("diary:open", args=[token])).status_code == 200
    return phone


def _told(**more: Any) -> dict[str, Any]:
    skips = {f"{sign}_skip": "on" for sign in SIGNS if sign not in more}
    return {"key": str(uuid4()), "day": "3", "words": "", **skips, **more}


@pytest.mark.django_db
def test_triage_is_the_same_after_the_plan_was_withdrawn(clinic: House) -> None:
    """What was given was given by that plan: a level above its band raises the alarm that it would have raised."""
    urgencies = []
    for number, withdrawn in enumerate((None, timezone.now())):
        session = released_session(clinic, days_ago=9, patient=number)
        session.plan.withdrawn_at = withdrawn
        session.plan.save()
        _opened(session, clinic).post("/diary/", _told(day="9", redness="6"))
        urgencies.append(DiaryEntry.objects.get(session=session).urgency)
    assert urgencies[0]
    assert urgencies[0] == urgencies[1]


@pytest.mark.django_db
def test_a_page_of_one_diary_is_never_saved_in_another(clinic: House) -> None:
    """Two patients on one phone: the page of the first, sent after the link of the second was opened, is refused with words."""
    first, second = (released_session(clinic, patient=number) for number in (0, 1))
    phone = _opened(first, clinic)
    page = phone.get("/diary/").content.decode()
    mine = re.search(r'name="session" value="([^"]+)"', page)
    assert mine
    assert mine[1] == str(first.pk)
    _, token = links.make(second, clinic.people["nurse"], days=60)
    phone.get(reverse("diary:open", args=[token]))
    answer = phone.post("/diary/", _told(pain="4", session=mine[1]))
    assert answer.status_code == 409
    assert "Open your own personal link again" in answer.content.decode()
    assert not DiaryEntry.objects.exists()


@pytest.mark.django_db
def test_a_cancelled_session_counts_no_days(clinic: House) -> None:
    """No day after a session that was not given, and the numbers to call; no new link is made for it."""
    session = released_session(clinic, days_ago=-5)
    phone = _opened(session, clinic)
    Session.objects.filter(pk=session.pk).update(state="cancelled", planned_on=timezone.localdate() - datetime.timedelta(days=2))
    answer = phone.get("/diary/")
    assert answer.status_code == 410
    assert "This session was cancelled" in answer.content.decode()
    assert "+43 1 000" in answer.content.decode()
    assert phone.post("/diary/", _told(day="1", pain="4")).status_code == 410
    place = reverse("diary:make-link", args=[session.patient_id])
    made = clinic.client("nurse").post(place, {"session": str(session.pk), "days": "60"}, follow=True)
    assert "This session is cancelled" in made.content.decode()
    assert DiaryLink.objects.count() == 1
