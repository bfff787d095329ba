"""The interface for programs: who is let in, what each operation does, and that nothing sent to it breaks it."""

from __future__ import annotations

import datetime
import json
import uuid
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from django.http import HttpResponse
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from web_people import FILE, PASSWORD, House, house

from recutis.web.accounts.models import ROLES, ApiToken, User
from recutis.web.api import api
from recutis.web.api.plans import MOST_WAITING
from recutis.web.audit.models import AuditEntry
from recutis.web.audit.record import verify
from recutis.web.delivery.course import planned_passes, sites_of
from recutis.web.delivery.models import DeliveredPass, DeviceUnit, Session
from recutis.web.demo.fill import fill
from recutis.web.diary.models import Alarm
from recutis.web.patients.models import LiftedRule, Patient
from recutis.web.planning import jobs
from recutis.web.planning.models import CoursePlan, Job

pytestmark = pytest.mark.django_db
DESCRIPTION = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/"), default=str))
OPERATIONS = [(method, path) for path, methods in DESCRIPTION["paths"].items() for method in methods]
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Requests that do not go through Django's own client leave the test's connection open, as that client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def clinic() -> House:
    """A clinic with everybody."""
    return house("North")


def token_of(user: User) -> str:
    """A token of a person."""
    return ApiToken.issue(user, "script", expires_at=timezone.now() + datetime.timedelta(days=1))[1]


def asking(user: User) -> Ask:
    """A program with this person's token."""
    client, head = Client(), {"Authorization": f"Bearer {token_of(user)}"}

    def ask(method: str, path: str, body: object = None) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        answer: HttpResponse = client.generic(method, f"/api{path}", data, content_type="application/json", headers=head)
        return answer.status_code, json.loads(answer.content)

    return ask


# Who is let in


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_strangers_get_401_and_nothing_else(method: str, path: str, clinic: House) -> None:
    """Whatever the operation, and before anything that was sent is looked at."""
    patient = clinic.patients[0]
    where = path.replace("{patient_id}", str(patient.pk)).replace("{", "").replace("}", "")
    for head in ({}, {"Authorization": "Bearer nonsense"}):
        answer = Client(enforce_csrf_checks=True).generic(
            method, where, b"\x00not json", content_type="application/json", headers=head
        )
        assert answer.status_code == 401
        assert json.loads(answer.content) == {"detail": "Sign in, or send a token as 'Authorization: Bearer TOKEN'."}


def test_tokens_stop_working_when_revoked_expired_or_the_account_is_closed(clinic: House) -> None:
    """And nobody else's do."""
    nurse = clinic.people["nurse"]
    ask = asking(nurse)
    assert ask("GET", "/me")[1]["person"]["email"] == nurse.email
    for change in ({"revoked_at": timezone.now()}, {"expires_at": timezone.now()}):
        ApiToken.objects.update(revoked_at=None, expires_at=timezone.now() + datetime.timedelta(days=1))
        ApiToken.objects.update(**change)
        assert ask("GET", "/me")[0] == 401
    ask = asking(nurse)
    User.objects.filter(pk=nurse.pk).update(is_active=False)
    assert ask("GET", "/me")[0] == 401


def test_a_browser_needs_its_csrf_token_for_changes(clinic: House) -> None:
    """Another site cannot make a signed-in browser change anything."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(clinic.people["nurse"], backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/api/patients").status_code == 200
    answer = client.post("/api/screening", json.dumps({"file": FILE}), content_type="application/json")
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]


def test_a_session_that_is_too_old_opens_nothing(clinic: House) -> None:
    """The interface keeps the twelve hours of the pages."""
    client = clinic.client("nurse")
    client.get("/me/")
    session = client.session
    session["recutis_since"] -= 12 * 3600 + 1
    session.save()
    assert client.get("/api/patients").status_code == 401


ROLES_OF = {
    ("get", "/api/people"): {"administrator"},
    ("get", "/api/audit"): {"administrator"},
    ("get", "/api/patients"): {"clinician", "nurse", "front_desk"},
    ("get", "/api/patients/{patient_id}"): {"clinician", "nurse", "front_desk"},
    ("get", "/api/patients/{patient_id}/file"): {"clinician", "nurse"},
    ("get", "/api/patients/{patient_id}/screening"): {"clinician", "nurse"},
    ("get", "/api/patients/{patient_id}/plans"): {"clinician", "nurse"},
    ("get", "/api/patients/{patient_id}/photos"): {"clinician", "nurse"},
    ("get", "/api/alarms"): {"clinician", "nurse"},
    ("get", "/api/sessions"): {"clinician", "nurse", "front_desk"},
    ("get", "/api/devices"): {"clinician", "nurse", "administrator"},
    ("get", "/api/devices-catalogue"): set(ROLES),
    ("get", "/api/me"): set(ROLES),
}


@pytest.mark.parametrize(("which", "roles"), ROLES_OF.items(), ids=[" ".join(which) for which in ROLES_OF])
def test_each_role_sees_what_it_needs(which: tuple[str, str], roles: set[str], clinic: House) -> None:
    """Others are refused with a sentence, and that is recorded."""
    where = which[1].removeprefix("/api").replace("{patient_id}", str(clinic.patients[0].pk))
    for role in ROLES:
        status, answer = asking(clinic.people[role])(which[0].upper(), where)
        assert status == (200 if role in roles else 403), role
        if role not in roles:
            assert answer["detail"].startswith("Your role (")
    refusals = AuditEntry.objects.filter(chain=str(clinic.clinic.pk), action="refused").count()
    assert refusals == len(set(ROLES) - roles)


def test_another_clinics_records_are_not_found(clinic: House) -> None:
    """Neither read nor changed, whatever the address."""
    other = house("South").patients[0]
    ask = asking(clinic.people["clinician"])
    for method, path in OPERATIONS:
        if "{patient_id}" in path:
            where = path.removeprefix("/api").replace("{patient_id}", str(other.pk))
            body = {"file": FILE, "file_version": 0} if method == "put" else {"rule_id": "SCR-010", "reason": "x"}
            status, answer = ask(method.upper(), where, {} if method == "patch" else None if method == "get" else body)
            assert status in {404, 422}, (method, path)
            assert other.family_name not in json.dumps(answer)
    assert ask("GET", "/patients")[1]["count"] == 2


# What the operations do


def test_patients_are_added_found_and_changed(clinic: House) -> None:
    """By name, number and day of birth, however capitalised; a number is used once."""
    ask = asking(clinic.people["front_desk"])
    new = {"number": "A-7", "given_name": " Åsa ", "family_name": "Öberg-O'Neil", "birth_date": "1971-03-09"}
    status, made = ask("POST", "/patients", new)
    assert (status, made["given_name"]) == (201, "Åsa")
    for search in ("öberg", "ÅSA", "a-7", "1971-03-09 neil"):
        assert [one["id"] for one in ask("GET", f"/patients?search={search}")[1]["items"]] == [made["id"]]
    assert ask("POST", "/patients", new) == (
        409,
        {"detail": "The record number A-7 is already in use in your clinic; give another."},
    )
    assert ask("PATCH", f"/patients/{made['id']}", {"phone": "+43 1", "number": "00001"})[0] == 409
    assert ask("PATCH", f"/patients/{made['id']}", {"phone": "+43 1"})[1]["phone"] == "+43 1"
    assert ask("PATCH", f"/patients/{made['id']}", {})[1]["given_name"] == "Åsa"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"birth_date": "2999-01-01"}, "'birth_date' is '2999-01-01': the year must lie between 1900 and 2200."),
        ({"birth_date": "2190-01-01"}, "'birth_date' is '2190-01-01': a day of birth lies in the past."),
        ({"email": "nobody"}, "'email' is 'nobody': it is not an e-mail address, such as anna@example.org."),
        ({"given_name": "   "}, "'given_name' is '   ': string should have at least 1 character."),
        ({"given_name": "a\nb"}, "it holds a control character; write one line of plain text."),
        ({"given_name": "a\x00b"}, "The request holds a NUL character, which no record can keep; remove it."),
        ({"colour": "red"}, "'colour' is not known here; remove it."),
        ({"family_name": None}, "'family_name': it should be a valid string."),
    ],
)
def test_what_is_wrong_with_a_patient_is_said_in_one_sentence(change: dict[str, object], words: str, clinic: House) -> None:
    """With its place, its value and what to do; nothing is saved."""
    new = {"number": "A-7", "given_name": "Asa", "family_name": "Berg", "birth_date": "1971-03-09"}
    status, answer = asking(clinic.people["nurse"])("POST", "/patients", new | change)
    assert status == 422
    assert words in answer["detail"]
    assert Patient.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{not json", 400, "not JSON in UTF-8"),
        (b'"\xff"', 400, "not JSON in UTF-8"),
        (b"[" * 100_000, 422, "blocks deep"),
        (b'{"file": ' * 70 + b"{}" + b"}" * 70, 422, "blocks deep"),
        (b'{"file": {"a": "\\ud800"}}', 422, "lone surrogate"),
        (b'{"file": {"a\\u0000": 1}}', 422, "NUL character"),
        (b'{"file": {"a": 1e999}}', 422, "too large"),
        (b'{"file": {"a": NaN}}', 422, "NaN, which is no number"),
        (b'{"file": {"a": 123456789012345678901234567890}}', 422, "beyond 64 bits"),
        (b'{"file": {"a": ' + b"9" * 5000 + b"}}", 400, "not JSON"),
        (b"", 422, "is missing"),
        (b"[]", 422, "'the body'"),
        (b'{"file": {"patient": {}}}', 422, "Missing concerns"),
        (b'{"file": {"patient": {"age": 400}, "concerns": []}}', 422, "patient.age"),
        (b'{"file": "' + b"x" * 3_000_000 + b'"}', 400, "too large"),
    ],
)
def test_bodies_that_cannot_be_read(body: bytes, status: int, words: str, clinic: House) -> None:
    """Each gets one sentence, and never a server error."""
    found, answer = asking(clinic.people["nurse"])("POST", "/screening", body)
    assert (found, list(answer)) == (status, ["detail"])
    assert words in answer["detail"]


def test_a_nul_in_the_address_is_refused(clinic: House) -> None:
    """PostgreSQL would not take it."""
    assert asking(clinic.people["nurse"])("GET", "/patients?search=%00")[0] == 422


def test_a_patient_file_that_was_changed_since_it_was_read_is_not_overwritten(clinic: House) -> None:
    """The version must be the one that was read; a file that is not right is refused."""
    ask, where = asking(clinic.people["nurse"]), f"/patients/{clinic.patients[0].pk}/file"
    read = ask("GET", where)[1]
    changed = {**FILE, "date": "2026-11-23"}
    status, saved = ask("PUT", where, {"file": changed, "file_version": read["file_version"]})
    assert (status, saved["file_version"], saved["file"]["date"]) == (200, read["file_version"] + 1, "2026-11-23")
    status, answer = ask("PUT", where, {"file": FILE, "file_version": read["file_version"]})
    assert status == 409
    assert "somebody has changed it since" in answer["detail"]
    assert ask("GET", where)[1]["file"]["date"] == "2026-11-23"
    status, answer = ask("PUT", where, {"file": {**FILE, "consent": 1}, "file_version": saved["file_version"]})
    assert (status, "Unknown key consent" in answer["detail"]) == (422, True)


def test_screening_is_what_the_command_line_prints(
    clinic: House, run: Callable[..., tuple[int, str, str]], tmp_path: Any
) -> None:
    """Of a file that is sent along and of a record, the same."""
    place = tmp_path / "patient.yaml"
    place.write_text(json.dumps(FILE))
    printed = json.loads(run("screen", place, "--json")[1])
    ask = asking(clinic.people["clinician"])
    assert ask("POST", "/screening", {"file": FILE}) == (200, printed)
    assert ask("GET", f"/patients/{clinic.patients[0].pk}/screening") == (200, printed)
    assert asking(clinic.people["researcher"])("POST", "/screening", {"file": FILE})[0] == 200


def test_only_a_physician_lifts_a_rule_and_never_one_that_says_never(clinic: House) -> None:
    """With the reason; it shows in the screening; twice is a conflict."""
    patient = clinic.patients[0]
    tanned = {**FILE, "patient": {**FILE["patient"], "tanned": True, "pregnant": True}}  # type: ignore[dict-item]
    Patient.objects.filter(pk=patient.pk).update(file=tanned)
    ask, where = asking(clinic.people["clinician"]), f"/patients/{patient.pk}/overrides"
    rules = {one["rule_id"]: one for one in ask("GET", f"/patients/{patient.pk}/screening")[1]["screening"]}
    firing = [one for one in rules.values() if one["state"] == "fires"]
    never = next(one["rule_id"] for one in firing if one["override"] == "never")
    may = next(one["rule_id"] for one in firing if one["override"] != "never")
    reason = {"reason": "A second look under the lamp."}

    assert asking(clinic.people["nurse"])("POST", where, {"rule_id": may, **reason})[0] == 403
    status, answer = ask("POST", where, {"rule_id": never, **reason})
    assert (status, "nobody may lift it" in answer["detail"]) == (422, True)
    assert ask("POST", where, {"rule_id": may, "reason": " "})[0] == 422
    assert ask("POST", where, {"rule_id": may, **reason})[0] == 201
    assert ask("POST", where, {"rule_id": may, **reason})[0] == 409
    assert LiftedRule.objects.get().by == clinic.people["clinician"]
    state = {one["rule_id"]: one["state"] for one in ask("GET", f"/patients/{patient.pk}/screening")[1]["screening"]}
    assert state[may] == "overridden"


def test_each_call_is_recorded_with_its_patient(clinic: House) -> None:
    """Views and changes; a refused change leaves no entry and no change; the chain verifies."""
    patient = clinic.patients[0]
    ask = asking(clinic.people["nurse"])
    ask("GET", f"/patients/{patient.pk}/file")
    ask("PATCH", f"/patients/{patient.pk}", {"phone": "1"})
    ask("PATCH", f"/patients/{patient.pk}", {"number": "00002"})
    entries = list(AuditEntry.objects.filter(patient_id_text=str(patient.pk)).values_list("action", flat=True))
    assert entries == ["view by interface: patient file", "patient details changed"]
    status, rows = asking(clinic.people["administrator"])("GET", "/audit?per_page=1")
    assert (status, len(rows), rows[0]["action"]) == (200, 1, "patient details changed")
    assert verify().faults == ()


def test_a_long_list_costs_no_more_queries_than_a_short_one(clinic: House) -> None:
    """Patients are read in one go."""
    Patient.objects.bulk_create(
        Patient(
            clinic=clinic.clinic,
            number=f"N{number}",
            given_name="G",
            family_name=f"F{number}",
            birth_date=datetime.date(1980, 1, 1),
        )
        for number in range(150)
    )
    ask = asking(clinic.people["nurse"])
    queries = []
    for many in (1, 2, 150):
        with CaptureQueriesContext(connection) as seen:
            assert len(ask("GET", f"/patients?per_page={many}")[1]["items"]) == many
        queries.append(len(seen))
    assert queries[1] == queries[2]


def test_the_description_is_public_and_the_reference_is_for_staff(clinic: House) -> None:
    """The page lists every operation and needs no script of its own; other addresses are not found, in JSON."""
    assert Client().get("/api/openapi.json").json()["paths"].keys() == DESCRIPTION["paths"].keys()
    assert Client().get("/api/docs").status_code == 302
    page = clinic.client("researcher").get("/api/docs").content.decode()
    for method, path in OPERATIONS:
        assert f"{method.upper()} {path}" in page
    assert page.count("<script") == clinic.client("researcher").get("/me/").content.decode().count("<script")
    for where in ("/api/", "/api/nothing", "/api/patients/x/y/z"):
        answer = Client().get(where)
        assert (answer.status_code, answer.json()["detail"][:26]) == (404, "There is no such operation")


# The course


@dataclass(frozen=True)
class Demo:
    """A demo clinic and a session of it that is under way."""

    session: Session

    def user(self, role: str) -> User:
        """Somebody of a role."""
        return User.objects.filter(role=role)[0]

    def ask(self, role: str) -> Ask:
        """A program with that person's token."""
        return asking(self.user(role))


def demo_clinic() -> Demo:
    """Filled anew; one of today's sessions has started."""
    fill(14, password=PASSWORD)
    session = Session.objects.filter(state="planned", kind="session").order_by("planned_on", "pk")[0]
    session.state, session.started_at = "under_way", timezone.now()
    session.save()
    return Demo(session=session)


@pytest.fixture
def demo() -> Demo:
    """A clinic with courses under way."""
    return demo_clinic()


def test_passes_are_held_against_the_plan(demo: Demo) -> None:
    """As planned it is kept; a deviation needs a reason and is flagged; a request that is sent twice is kept once."""
    ask, session = demo.ask("nurse"), demo.session
    where = f"/sessions/{session.pk}/passes"
    site = sites_of(session)[0]
    planned = dict(planned_passes(session, site)[0])
    told = {"id": str(uuid.uuid4()), "unit_id": str(session.unit_id), "site": site, "delivered": planned, "pain_0_10": 3}
    for _ in range(2):
        status, made = ask("POST", where, told)
        assert (status, made["number"], made["deviations"]) == (201, 1, [])
    name = next(iter(planned))
    other = {**told, "id": None, "delivered": {**planned, name: planned[name] * 1.5}}
    status, answer = ask("POST", where, other)
    assert (status, "give deviation_reason" in answer["detail"]) == (422, True)
    status, made = ask("POST", where, {**other, "deviation_reason": "Weak end point."})
    assert status == 201
    assert made["deviations"][0]["field"] == name
    assert [one["id"] for one in ask("GET", where)[1]] == [told["id"], made["id"]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"site": "hands or feet"}, "does not treat the site 'hands or feet'"),
        ({"delivered": {"volume": 11}}, "No panel shows 'volume'"),
        ({"delivered": {"energy_mJ": -1}}, "greater than or equal to 0"),
        ({"pain_0_10": 11}, "less than or equal to 10"),
    ],
)
def test_a_pass_that_cannot_be_is_refused(change: dict[str, object], words: str, demo: Demo) -> None:
    """By what is wrong with it."""
    session = demo.session
    told = {"unit_id": str(session.unit_id), "site": sites_of(session)[0], "delivered": {"energy_mJ": 5}}
    status, answer = demo.ask("nurse")("POST", f"/sessions/{session.pk}/passes", told | change)
    assert status == 422
    assert words in answer["detail"]
    assert not session.passes.exists()


def test_nothing_is_logged_outside_a_session_that_is_under_way(demo: Demo) -> None:
    """Neither before nor after, nor with a laser that was retired, nor under the id of another entry."""
    session = demo.session
    told = {"unit_id": str(session.unit_id), "site": sites_of(session)[0], "delivered": {"energy_mJ": 5}}
    done = Session.objects.filter(state="done")[0]
    ask = demo.ask("nurse")
    assert ask("POST", f"/sessions/{done.pk}/passes", told)[0] == 409
    taken = DeliveredPass.objects.filter(session__state="done")[0]
    assert ask("POST", f"/sessions/{session.pk}/passes", {**told, "id": str(taken.pk)})[0] == 409
    retired = DeviceUnit.objects.exclude(retired_on=None)[0]
    status, answer = ask("POST", f"/sessions/{session.pk}/passes", {**told, "unit_id": str(retired.pk)})
    assert (status, "was retired on" in answer["detail"]) == (422, True)


def test_only_a_physician_releases_a_plan_and_once(demo: Demo) -> None:
    """Its sessions are booked then; a second time says that it is released already."""
    plan = CoursePlan.objects.filter(released_at=None)[0]
    where = f"/plans/{plan.pk}/release"
    assert demo.ask("nurse")("POST", where)[0] == 403
    status, made = demo.ask("clinician")("POST", where)
    assert (status, made["released"]) == (200, True)
    assert demo.ask("front_desk")("GET", f"/sessions?patient_id={plan.patient_id}")[1]["count"] == plan.sessions.count() > 0
    assert demo.ask("clinician")("POST", where) == (409, {"detail": "This plan is released already."})


def test_an_alarm_is_answered_once_by_a_named_person(demo: Demo) -> None:
    """The first answer stands."""
    waiting = demo.ask("nurse")("GET", "/alarms")[1]
    where = f"/alarms/{waiting[0]['id']}/acknowledge"
    status, made = demo.ask("nurse")("POST", where, {"outcome": "Called back."})
    assert (status, made["outcome"]) == (200, "Called back.")
    assert Alarm.objects.get(pk=made["id"]).acknowledged_by == demo.user("nurse")
    status, answer = demo.ask("clinician")("POST", where, {"outcome": "Me too."})
    assert (status, "their words stay" in answer["detail"]) == (409, True)
    assert waiting[0]["id"] in [one["id"] for one in demo.ask("nurse")("GET", "/alarms?acknowledged=true")[1]]


def test_one_person_has_a_few_jobs_at_once(clinic: House) -> None:
    """Beyond that the others of the clinic would wait for them: 409, with what to do."""
    user = clinic.people["researcher"]
    for _ in range(MOST_WAITING):
        Job.objects.create(clinic=clinic.clinic, kind="simulate", asked_by=user, document={"kind": "simulate"})
    told = {"exposure": {"device": "UltraPulse DeepFX", "settings": {"energy_mJ": 15, "density_pct": 10}}}
    status, answer = asking(user)("POST", "/simulations", told)
    assert status == 409
    assert "wait for some, or cancel them" in answer["detail"]
    assert asking(clinic.people["nurse"])("POST", "/simulations", told)[0] == 202


def test_plans_updates_and_simulations_are_jobs(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answers 202 with a job; what is asked of the worker is what the pages ask; a wrong request makes none."""
    asked: list[tuple[str, Any]] = []
    monkeypatch.setattr(jobs, "_submit", lambda _job, kind, document: asked.append((kind, document)))
    ask, plan = demo.ask("clinician"), demo.session.plan
    key = next(iter(plan.document["options"][0]["predictions"]["improvement_pct"]))
    seen = {"session": 1, "date": "2026-11-20", "given": "2026-10-20", "improvement": {key: 30}}
    exposure = {"device": "UltraPulse DeepFX", "settings": {"energy_mJ": 15, "density_pct": 10}}
    update = ("POST", f"/plans/{plan.pk}/update")
    assert demo.ask("nurse")("POST", f"/patients/{plan.patient_id}/plans")[0] == 403
    with TestCase.captureOnCommitCallbacks(execute=True):
        answers = [ask("POST", f"/patients/{plan.patient_id}/plans")]
        status, answer = ask(*update, {"observations": [seen]})
        assert (status, "is being made for this patient already" in answer["detail"]) == (409, True)
        Job.objects.update(state="done")
        answers += [
            ask(*update, {"observations": [seen]}),
            demo.ask("researcher")("POST", "/simulations", {"exposure": exposure}),
        ]
    Job.objects.filter(kind="update").update(state="done")
    assert [(status, job["kind"], job["state"]) for status, job in answers] == [
        (202, "plan", "queued"), (202, "update", "queued"), (202, "simulate", "queued"),
    ]  # fmt: skip
    assert [kind for kind, _ in asked] == ["plan", "update", "simulate"]
    assert asked[0][1]["request"]["clinic"]["name"] == "Demo clinic"
    assert asked[1][1]["option"] == plan.chosen_rank
    count = Job.objects.count()
    assert ask(*update, {"observations": [{"session": 1}]})[0] == 422
    assert ask("POST", "/simulations", {"exposure": {"device": "Death Star"}})[0] == 422
    assert Job.objects.count() == count

    where = f"/jobs/{answers[2][1]['id']}"
    assert ask("GET", where)[1]["state"] == "queued"
    assert demo.ask("researcher")("GET", f"/jobs/{answers[0][1]['id']}")[0] == 404, "somebody else's job"
    status, job = demo.ask("researcher")("DELETE", where)
    assert (status, job["state"]) == (200, "cancelled")


def test_the_record_and_the_outcomes_are_taken_out(demo: Demo) -> None:
    """As on the pages, in their own types."""
    client = Client()
    for role, where, kind in (
        ("nurse", f"/patients/{demo.session.patient_id}/fhir", "application/fhir+json"),
        ("researcher", "/outcomes.csv", "text/csv; charset=utf-8"),
    ):
        answer = client.get(f"/api{where}", headers={"Authorization": f"Bearer {token_of(demo.user(role))}"})
        assert (answer.status_code, answer["Content-Type"]) == (200, kind)
        assert b"pseudonym" in answer.content or json.loads(answer.content)["resourceType"] == "Bundle"


# Anything at all


def _schema() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return schemathesis.openapi.from_dict(DESCRIPTION)


SCHEMA = _schema()


def test_nothing_that_is_sent_breaks_it() -> None:
    """Schemathesis on every operation: no server error, and every answer is one that the description declares.

    Sent with the token of each role in turn, on records that exist and on some that do not.
    """
    demo = demo_clinic()
    application = get_wsgi_application()
    tokens = {role: token_of(demo.user(role)) for role in ROLES}
    known = {
        "patient_id": demo.session.patient_id, "plan_id": demo.session.plan_id, "session_id": demo.session.pk,
        "alarm_id": Alarm.objects.all()[0].pk, "job_id": _job(demo).pk,
    }  # fmt: skip
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    answered: set[int] = set()

    def sent(case: schemathesis.Case, role: str, real: bool) -> None:
        if real:
            case.path_parameters = {name: str(known.get(name, value)) for name, value in (case.path_parameters or {}).items()}
        answer: Response = case.call(app=application, headers={"Authorization": f"Bearer {tokens[role]}"})
        case.validate_response(answer, checks=checks)
        answered.add(answer.status_code)

    for method, path in OPERATIONS:
        operation = SCHEMA[path][method.upper()]
        given(case=operation.as_strategy(), role=st.sampled_from(sorted(tokens)), real=st.booleans())(_slightly(sent))()
    assert answered >= {200, 201, 403, 404, 422}
    assert verify().faults == ()


def _slightly(sent: Callable[..., None]) -> Callable[..., None]:
    """A few examples of each, the same every time."""

    def once(case: schemathesis.Case, role: str, real: bool) -> None:
        sent(case, role, real)

    return settings(
        max_examples=12, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(once)  # fmt: skip


def _job(demo: Demo) -> Job:
    return Job.objects.create(
        clinic=demo.session.clinic, kind="simulate", state="done", asked_by=demo.user("researcher"), result={"a": [1.5, None]}
    )
