"""The demo clinic: everything in it is valid, belongs together, and is relative to today."""

from __future__ import annotations

import datetime
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from recutis.errors import InputError
from recutis.patient import parse_patient, questions
from recutis.plan.document import Plan
from recutis.web.accounts.models import ROLES, User
from recutis.web.audit.record import verify
from recutis.web.delivery.models import Consent, DeliveredPass, DeviceUnit, FollowUp, Session
from recutis.web.delivery.wording import digest_of, filled
from recutis.web.demo import plans
from recutis.web.demo.fill import fill
from recutis.web.diary.models import Alarm, DiaryEntry
from recutis.web.exports.files import fhir_json
from recutis.web.exports.outcomes import calibration, outcomes
from recutis.web.exports.record import gather
from recutis.web.patients.models import Patient
from recutis.web.planning.models import CoursePlan

pytestmark = pytest.mark.django_db
PASSWORD = "lapi-dozu-teka-moni"


@pytest.fixture
def filled_clinic() -> dict[str, int]:
    """A demo clinic of forty patients."""
    return fill(40, password=PASSWORD)


def test_the_shipped_plans_are_plans_of_this_version() -> None:
    """Whoever changes the document of a plan runs `python scripts/build_demo.py` again."""
    day = datetime.date(2031, 2, 27)
    for number in range(plans.how_many()):
        told = plans.plan(number, day)
        plan = Plan.model_validate(told.document)
        assert (plan.status, plan.date) == ("ready", "2031-02-27")
        assert min(entry.day for entry in plan.calendar) > "2031-02"
        assert max(entry.day for entry in plan.calendar) < "2033"
        assert Plan.model_validate(plans.plan(number, day, short=True).document).options == plan.options
        assert parse_patient(told.file).date == day


@pytest.mark.usefixtures("filled_clinic")
def test_everybody_signs_in_with_the_printed_password() -> None:
    """Every role is there, and nobody must change the password first."""
    assert {user.role for user in User.objects.all()} == set(ROLES)
    for user in User.objects.all():
        client = Client()
        assert client.post("/sign-in/", {"email": user.email, "password": PASSWORD}).status_code == 302
        assert client.get("/", follow=True).status_code == 200, user.email


def test_it_is_made_once_and_beside_nobodys_records(filled_clinic: dict[str, int]) -> None:
    """A second one is refused; the first stays as it was."""
    with pytest.raises(InputError, match="There are records here already"):
        fill(5, password=PASSWORD)
    assert Patient.objects.count() == filled_clinic["patients"] == 40


@pytest.mark.usefixtures("filled_clinic")
def test_patient_files_are_right_as_far_as_they_are_filled_in() -> None:
    """Empty, half-way, complete and alarming ones; ages fit the days of birth; numbers and names can be searched for."""
    states = set()
    for patient in Patient.objects.all():
        assert patient.search_text == patient.search_words()
        if not patient.file:
            states.add("empty")
            continue
        person = parse_patient(patient.file)
        states.add("half" if questions(person) else "whole")
        states |= {"changing"} if any(concern.changing for concern in person.concerns) else set()
        years = (person.date - patient.birth_date).days / 365.25
        assert int(years) == person.patient.age
        assert person.date <= timezone.localdate()
    assert states == {"empty", "half", "whole", "changing"}


@pytest.mark.usefixtures("filled_clinic")
def test_courses_stand_today_where_they_should() -> None:
    """Sessions before today were given, later ones not; there are some of today; nothing was seen, told or signed in the future."""
    today, now = timezone.localdate(), timezone.now()
    for session in Session.objects.select_related("plan"):
        assert (session.state == "done") == (session.planned_on < today)
        assert session.plan.released
        assert session.unit is not None
        assert session.started_at is None or session.started_at <= now
    assert Session.objects.filter(planned_on=today).exists()
    assert Session.objects.filter(planned_on__gt=today).exists()
    assert Session.objects.filter(kind="test_spot", state="done").exists()
    assert not FollowUp.objects.filter(seen_on__gt=today).exists()
    assert not DiaryEntry.objects.filter(entered_at__gt=now).exists()
    assert not CoursePlan.objects.filter(made_at__gt=now).exists()
    assert CoursePlan.objects.filter(made_at__lt=now - datetime.timedelta(days=20)).exists()
    assert CoursePlan.objects.filter(released_at=None).exists()


@pytest.mark.usefixtures("filled_clinic")
def test_what_was_given_is_what_was_planned_and_consented_to() -> None:
    """Passes carry the panel of the plan; each consent is the plan's own text, and its hash fits."""
    assert DeliveredPass.objects.exists()
    for one in DeliveredPass.objects.all():
        assert one.delivered == one.planned != {}
    consents = list(Consent.objects.select_related("plan__patient", "plan__clinic", "plan__released_by", "wording"))
    assert len(consents) > 5
    for consent in consents:
        assert consent.text_sha256 == digest_of(consent.text)
        assert consent.signed_name in consent.text
    assert {one.text == filled(one.wording.text, one.plan) for one in consents[:6]} == {True}
    assert all(unit.events.count() == 2 for unit in DeviceUnit.objects.filter(retired_on=None))


@pytest.mark.usefixtures("filled_clinic")
def test_what_was_seen_lies_near_what_was_predicted() -> None:
    """As patients are drawn from the predictions, some eight of ten lie inside; not all do."""
    clinic = User.objects.all()[0].clinic
    found = {one.quantity: one for one in calibration(outcomes(clinic))}
    for name in ("improvement", "pain"):
        assert found[name].seen >= 8
        assert 0.5 < found[name].inside / found[name].seen <= 1
    for entry in DiaryEntry.objects.all():
        for sign in ("redness", "swelling", "pain", "sting_itch", "peeling"):
            assert 0 <= getattr(entry, sign) <= 10


@pytest.mark.usefixtures("filled_clinic")
def test_alarms_wait_and_were_answered() -> None:
    """Each belongs to an entry with its urgency; the audit verifies."""
    assert Alarm.objects.filter(acknowledged_at=None).exists()
    assert Alarm.objects.exclude(acknowledged_at=None).exists()
    for alarm in Alarm.objects.select_related("entry"):
        assert alarm.urgency == alarm.entry.urgency
        assert alarm.advice_given
        assert alarm.flags == alarm.entry.flags
    assert verify().faults == ()


@pytest.mark.usefixtures("filled_clinic")
def test_every_page_of_a_patient_opens() -> None:
    """Of a patient with a course under way, and of one without a consultation."""
    client = Client()
    client.force_login(User.objects.filter(role="clinician")[0], backend="django.contrib.auth.backends.ModelBackend")
    under_way = Session.objects.filter(state="done")[0].patient_id
    opened = 0
    empty = next(one.pk for one in Patient.objects.all() if one.file == {})
    for patient_id in (under_way, empty):
        for route in ("patients:page", "patients:consultation", "planning:patient", "delivery:patient", "diary:patient",
                      "photos:patient", "exports:patient"):  # fmt: skip
            try:
                where = reverse(route, args=[patient_id])
            except NoReverseMatch:
                continue
            assert client.get(where, follow=True).status_code == 200, route
            opened += 1
    assert opened >= 6


@pytest.mark.usefixtures("filled_clinic")
def test_every_patient_can_be_taken_out_as_fhir() -> None:
    """With and without a course; the models of R5 accept each bundle, and references stay inside it."""
    kinds = set()
    for patient in Patient.objects.select_related("clinic"):
        text = fhir_json(gather(patient)).decode()
        there = set(re.findall(r'"fullUrl": "(.*?)"', text))
        assert set(re.findall(r'"reference": "(.*?)"', text)) <= there
        kinds |= set(re.findall(r'"resourceType": "(\w+)"', text))
    assert kinds >= {"CarePlan", "Procedure", "Observation", "Consent", "Device", "RiskAssessment", "ServiceRequest"}


def test_the_command_prints_the_accounts_once(tmp_path: Path) -> None:
    """In a process of its own; a second run and a silly number are refused with one sentence."""
    env = {name: value for name, value in os.environ.items() if name not in {"RECUTIS_SECRET_KEY", "DATABASE_URL"}}

    def recutis(*words: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "recutis", *words], capture_output=True, text=True, check=False,
            env={**env, "RECUTIS_DATA": str(tmp_path / "data")},
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    status, out, err = recutis("demo", "--patients", "6")
    assert (status, "6 patients" in out) == (0, True), err
    assert "clinician@demo.example" in out
    assert out.count("Password of all of them") == 1
    status, _, err = recutis("demo", "--patients", "6")
    assert (status, "There are records here already" in err) == (2, True)
    status, _, err = recutis("demo", "--patients", "0")
    assert (status, "give a number from 1 to 20000" in err) == (2, True)
