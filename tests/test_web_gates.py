"""What the record says today keeps a session from starting, whatever the plan said when it was made."""

from __future__ import annotations

import datetime
from html import unescape

import pytest
from django.utils import timezone
from web_course import course, released, session_of, tick_all
from web_people import House, house

from recutis.web.delivery.gates import checklist_of
from recutis.web.delivery.models import Session
from recutis.web.delivery.release import release, why_not
from recutis.web.planning.models import CoursePlan, Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> House:
    """A clinic with everybody."""
    return house("North")


def _text(answer: object) -> str:
    return unescape(answer.content.decode())  # type: ignore[attr-defined]


@pytest.mark.parametrize("what", ["answer", "no concern"])
def test_a_record_that_rules_the_laser_out_today_stops_the_session(clinic: House, what: str) -> None:
    """Answered after the release: the plan still stands, and nothing is fired by it."""
    session = session_of(released(clinic))
    tick_all(clinic, session)
    patient = session.patient
    if what == "answer":
        patient.file = {**patient.file, "active": {**patient.file["active"], "infection": "bacterial"}}
    else:
        patient.file = {**patient.file, "concerns": []}
    patient.save()
    answer = clinic.client("nurse").post(f"/sessions/{session.pk}/start/")
    assert answer.status_code == 409
    assert "Screening" in _text(answer)
    session.refresh_from_db()
    assert session.state == "planned"


@pytest.mark.parametrize("what", ["answer", "archived"])
def test_a_plan_is_not_released_that_the_record_rules_out_today(clinic: House, what: str) -> None:
    """Answered or archived since the plan was made: the page says so and the release is refused."""
    plan = course(clinic)
    assert why_not(plan) == []
    patient = plan.patient
    if what == "answer":
        patient.file = {**patient.file, "active": {**patient.file["active"], "infection": "bacterial"}}
    else:
        patient.archived_at = timezone.now()
    patient.save()
    words = {"answer": "The record rules this laser out now", "archived": "The record is archived"}[what]
    client = clinic.client("clinician")
    assert words in _text(client.get(f"/plans/{plan.pk}/release/"))
    assert client.post(f"/plans/{plan.pk}/release/", {"read": "on"}).status_code in {409, 422}
    plan.refresh_from_db()
    assert plan.released_at is None


def test_nobody_is_treated_whose_record_is_archived(clinic: House) -> None:
    """A session that is still booked does not start until a clinician has restored the record."""
    session = session_of(released(clinic))
    tick_all(clinic, session)
    assert checklist_of(session).missing == ()
    session.patient.archived_at = timezone.now()
    session.patient.save()
    assert clinic.client("nurse").post(f"/sessions/{session.pk}/start/").status_code == 409
    assert Session.objects.get(pk=session.pk).state == "planned"
    assert any("archived" in words for words in checklist_of(session).missing)


def test_an_update_that_says_stop_and_a_newer_plan_without_treatment_stop_the_session(clinic: House) -> None:
    """Sessions of the older plan are still booked; none of them starts."""
    plan = released(clinic)
    session = session_of(plan)
    gates = {gate.name: gate for gate in checklist_of(session).gates}
    assert gates["newest"].holds
    newer = course(clinic)
    assert any("A newer plan was made" in words for words in checklist_of(session).cautions)
    CoursePlan.objects.filter(pk=newer.pk).update(status="deferred")
    assert not {gate.name: gate for gate in checklist_of(session).gates}["newest"].holds
    newer.delete()
    job = Job.objects.create(
        clinic=clinic.clinic, patient=plan.patient, kind="update", state="done", asked_by=clinic.people["clinician"],
        document={"kind": "update", "previous": str(plan.pk)}, result={"update": {"verdict": "keep"}},
    )  # fmt: skip
    assert {gate.name: gate for gate in checklist_of(session).gates}["newest"].holds
    job.result = {"update": {"verdict": "stop"}}
    job.save()
    assert any(words.startswith("Newest plan: what was seen since says: stop") for words in checklist_of(session).missing)


def test_a_new_course_too_soon_after_another_is_warned_of(clinic: House) -> None:
    """The interval counts from the last session that was given, of whichever plan."""
    earlier = session_of(released(clinic))
    Session.objects.filter(pk=earlier.pk).update(state="done", started_at=timezone.now() - datetime.timedelta(days=6))
    plan = course(clinic)
    release(plan, clinic.people["clinician"])
    assert "Only 6 days since session 1 of an earlier plan" in " ".join(checklist_of(session_of(plan)).cautions)
