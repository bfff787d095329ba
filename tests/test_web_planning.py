"""The plan page: goals, chart and choice, what makes plans, who may, and what happens when the desk has forgotten."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import HttpResponse, QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_plan import full_plan, quantity, sample_plan
from web_people import FILE, House, house

from recutis.errors import InputError
from recutis.plan.document import Plan
from recutis.web import work
from recutis.web.audit.models import AuditEntry
from recutis.web.delivery.models import FollowUp
from recutis.web.patients.models import Patient
from recutis.web.planning import jobs
from recutis.web.planning.goals import asked_of
from recutis.web.planning.models import CoursePlan, Job
from recutis.web.work import Desk, UnknownKeyError, key_of

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
REQUEST = {"patient": FILE, "clinic": None, "overrides": [], "usual": None, "seed": 0}
KEY = "k" * 64
ROWS = [40, 41, 42]


class QuietDesk:
    """A desk without processes: it knows some keys, answers from a table, and keeps what it was asked."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.asked: list[tuple[str, str, Mapping[str, Any]]] = []
        self.jobs: list[tuple[str, Mapping[str, Any]]] = []

    def knows(self, key: str) -> bool:
        """Whether the courses of a key are in memory."""
        return key in self.known

    def submit(self, kind: str, document: Mapping[str, Any]) -> str:
        """Keep what is to be done."""
        self.jobs.append((kind, document))
        return f"number-{len(self.jobs)}"

    def ask(self, kind: str, key: str, document: Mapping[str, Any], *, timeout_s: float = 30.0) -> str:  # noqa: ARG002
        """The answer as text."""
        self.asked.append((kind, key, document))
        if key not in self.known:
            raise UnknownKeyError("Gone.")
        return json.dumps(judgement(document["goals"]) if kind == "judge" else summary(document["row"]))

    def judge(self, key: str, goals: Mapping[str, Any]) -> dict[str, Any]:
        """The answer as a dictionary."""
        found: dict[str, Any] = json.loads(self.ask("judge", key, {"goals": goals}))
        return found

    def course(self, key: str, row: int, goals: Mapping[str, Any]) -> dict[str, Any]:
        """One course in short; only the first hundred exist."""
        if row >= 100:
            msg = f"There is no course {row} among the 100 that were looked at; choose one of the chart."
            raise InputError(msg)
        found: dict[str, Any] = json.loads(self.ask("course", key, {"goals": goals, "row": row}))
        return found


def judgement(goals: Mapping[str, Any]) -> dict[str, Any]:
    """What a desk would say of goals: more courses stay with more days."""
    days = int(goals["max_social_downtime_days"])
    points = [
        {**point.model_dump(mode="json"), "option_rank": None, "row": 40 + at}
        for at, point in enumerate(full_plan().front)
    ]  # fmt: skip
    looser = {
        "limit": "social_downtime_days", "now": f"{days} days", "then": f"{days + 2} days", "label": "Another laser, 2 sessions",
        "improvement_points": 4.2, "counted_points": 4.0, "downtime_days": 1.5, "pih_points": 0.3, "text": "More days buy more.",
    }  # fmt: skip
    kinds = [{"row": 43, "label": "Another laser, 2 sessions", "classes": ["ipl"], "improvement_pct": 31.0, "score_points": 3.0}]
    return {
        "status": "found", "goals": dict(goals), "courses": 12345, "keep": 100 * days, "best": summary(43), "kinds": kinds,
        "points": points, "removed": [{"limit": "at most 3 sessions", "candidates": 700}], "binding": ["Sessions: all are used."],
        "looser": [looser], "nearest": "", "note": "",
    }  # fmt: skip


def summary(row: int) -> dict[str, Any]:
    """A course in short; row 66 breaks a hard cap."""
    band = quantity(20, "pct").model_dump(mode="json")
    days = quantity(3, "days").model_dump(mode="json")
    return {
        "row": row, "label": f"Laser of row {row}, 2 sessions",
        "phases": [
            {
                "device": "Laser <b>", "device_class": "ipl", "sessions": 2, "interval_weeks": 4.0, "passes": {"cheek": 1},
                "settings": {}, "panel": {"cheek": "12 mJ, 1 pass"},
            }
        ],
        "sessions": 2, "treats": ["fine_lines@periorbital"], "does_not_treat": ["age_spots@cheek"], "meets_limits": row != 66,
        "breaks": ["hard cap: scarring of at most 3 %"] if row == 66 else [], "never": row == 66,
        "improvement_pct": {"fine_lines@periorbital": band}, "social_downtime_days": days, "pain_0_10": band, "anaesthesia": "none",
        "chair_minutes": band, "risks_pct": {"pih": band, "hypopigmentation": band, "scarring": band, "ectropion": band},
        "worst_risk": "pih", "price": None, "gain_points": 20.0, "score_points": 11.0,
    }  # fmt: skip


@pytest.fixture
def north() -> House:
    """A clinic."""
    return house("North")


@pytest.fixture(autouse=True)
def desk(monkeypatch: pytest.MonkeyPatch) -> QuietDesk:
    """A desk without processes, which knows the courses of the plan."""
    made = QuietDesk()
    made.known.add(KEY)
    monkeypatch.setattr(jobs, "the_desk", lambda: made)
    return made


def _kept(clinic: House, found: Plan, *, patient: int = 0, job: bool = True) -> CoursePlan:
    document = {**found.model_dump(mode="json"), "request": deepcopy(REQUEST)}
    plan = CoursePlan.objects.create(
        clinic=clinic.clinic, patient=clinic.patients[patient], document=document, status=found.status, headline=found.headline,
        made_by=clinic.people["clinician"],
    )  # fmt: skip
    if job:
        Job.objects.create(
            clinic=clinic.clinic, patient=clinic.patients[patient], kind="plan", state="done", asked_by=clinic.people["clinician"],
            document={"kind": "plan"}, result={"plan": str(plan.pk), "key": KEY, "rows": ROWS},
        )  # fmt: skip
    return plan


@pytest.fixture
def plan(north: House) -> CoursePlan:
    """A plan that holds everything a plan can hold, made by a job."""
    return _kept(north, full_plan())


def _text(answer: HttpResponse) -> str:
    return str(answer.content.decode())


# The plans of a patient


def test_a_patient_without_a_plan_gets_the_button_or_the_reasons(north: House) -> None:
    """A complete consultation offers the plan; an incomplete one names what is open and links to it."""
    ready, patient = north.patients
    assert "Make a plan" in _text(north.client("clinician").get(f"/patients/{ready.pk}/plan/"))
    told = _text(north.client("nurse").get(f"/patients/{ready.pk}/plan/"))
    assert "Make a plan" not in told
    assert "A clinician of your clinic can make the plan." in told
    patient.file = {**FILE, "patient": {**FILE["patient"], "phototype": None}}  # type: ignore[dict-item]
    patient.save()
    told = _text(north.client("clinician").get(f"/patients/{patient.pk}/plan/"))
    assert "Still to answer" in told
    assert f"/patients/{patient.pk}/consultation/#q-patient-phototype" in told
    assert "Make a plan" not in told


def test_the_newest_plan_is_opened_and_all_are_listed(north: House, plan: CoursePlan) -> None:
    """The list reads no documents."""
    for _ in range(3):
        _kept(north, sample_plan(), job=False)
    newest = CoursePlan.objects.first()
    client = north.client("clinician")
    place = f"/patients/{plan.patient_id}/plan/"
    assert newest is not None
    assert client.get(place).headers["Location"] == f"/plans/{newest.pk}/"
    with CaptureQueriesContext(
        connection,
    ) as asked:
        told = _text(client.get(f"{place}?all=1"))
    assert told.count("/plans/") == 4
    assert not any('"planning_courseplan"."document"' in query["sql"] for query in asked)


def test_a_plan_is_made_once(north: House, desk: QuietDesk, django_capture_on_commit_callbacks: Any) -> None:
    """Asking twice makes one job; the answer is the card that asks for its progress; the record's file is what is planned."""
    client, patient = north.client("clinician"), north.patients[0]
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            told = _text(client.post(f"/patients/{patient.pk}/plan/", **HTMX))
        assert f'hx-get="/jobs/{Job.objects.get().pk}/"' in told
    assert [kind for kind, _ in desk.jobs] == ["plan"]
    assert desk.jobs[0][1]["request"]["patient"]["concerns"] == [
        {"kind": "fine_lines", "site": "periorbital", "severity": {"scale": "fitzpatrick_wrinkle", "value": 4.0}},
        {"kind": "age_spots", "site": "cheek", "count": 9, "diagnosis_confirmed": True},
    ]
    assert f'id="job" hx-get="/jobs/{Job.objects.get().pk}/"' in _text(client.get(f"/patients/{patient.pk}/plan/"))


def test_a_record_that_cannot_be_planned_says_why(north: House) -> None:
    """The sentence is shown, and no job is made."""
    patient = north.patients[0]
    patient.file = {}
    patient.save()
    answer = north.client("clinician").post(f"/patients/{patient.pk}/plan/", **HTMX)
    assert answer.status_code == 422
    assert "names no concern yet" in _text(answer)
    assert not Job.objects.exists()


# One plan


def test_the_page_shows_all_of_the_chosen_option(north: House, plan: CoursePlan) -> None:
    """Settings pass by pass, injury, days, odds, harms, chair time, reasons and sources of the option that is chosen."""
    told = _text(north.client("nurse").get(f"/plans/{plan.pk}/"))
    option = full_plan().options[0]
    for words in (
        option.endpoint[1:], option.stop_if[1:], "Optical density", "Stop if", "Hard ceiling", "pic-section", "pic-calendar", "pic-odds",
        "pic-risks", "pic-gains", "Why this option", "What came next", "If something is not as assumed", "rows of evidence",
        "provisional", "1,850", "more than the stated", "not cleared as a medical device",
    ):  # fmt: skip
        assert words in told, words
    assert "Plan with these goals" not in told, "a nurse reads"
    assert "Plan with these goals" in _text(north.client("clinician").get(f"/plans/{plan.pk}/"))


def test_moved_goals_stay_in_the_address(north: House, plan: CoursePlan, desk: QuietDesk) -> None:
    """What a slider asks is answered with an address under which the page shows the same goals again."""
    client = north.client("clinician")
    answer = client.get(f"/plans/{plan.pk}/judge/", {"days": "3", "risk": "bold", "shown": "41"}, **HTMX)
    assert "<strong>300</strong> of 12,345 courses" in _text(answer)
    address = answer.headers["HX-Replace-Url"]
    assert address.startswith(f"/plans/{plan.pk}/?days=3&sessions=3&pain=6&risk=bold")
    assert address.endswith("&option=2")
    told = _text(client.get(address))
    assert 'name="days" min="0" max="28" step="1" value="3"' in told
    assert 'value="bold" checked' in told
    assert desk.asked[-1][2]["goals"]["max_social_downtime_days"] == 3


def test_a_looser_limit_is_a_button_that_sets_its_slider(north: House, plan: CoursePlan) -> None:
    """The button names the slider and the value."""
    told = _text(north.client("nurse").get(f"/plans/{plan.pk}/judge/", {"days": "3"}))
    assert 'data-goal="days" data-value="5"' in told
    assert "3 days → 5 days" in told


def test_the_chart_carries_the_numbers_of_the_options(north: House, plan: CoursePlan) -> None:
    """Rows that the job told are the plan's options on the chart, and the chosen one is ringed."""
    told = _text(north.client("nurse").get(f"/plans/{plan.pk}/judge/", {"shown": "42"}))
    figure = json.loads(told.split('<script id="front-data" type="application/json">')[1].split("</script>")[0])
    ranked = next(trace for trace in figure["data"] if trace["name"] == "options of the plan")
    assert dict(zip(ranked["meta"]["labels"], ranked["customdata"], strict=True)) == {"1": 40, "2": 41, "3": 42}
    point = full_plan().front[2]
    assert next(trace for trace in figure["data"] if trace["name"] == "chosen")["y"] == [point.improvement_pct]


def test_choosing_shows_an_option_in_full_and_another_course_in_short(north: House, plan: CoursePlan) -> None:
    """A row of an option gives the option; another row the search's estimate; a hard cap offers nothing to do."""
    client = north.client("clinician")
    place = f"/plans/{plan.pk}/choice/"
    answer = client.get(place, {"row": 41, "days": 9})
    assert "Choose option 2" in _text(answer)
    assert answer.headers["HX-Replace-Url"].endswith("&option=2")
    told = _text(client.get(place, {"row": 77}))
    assert "Laser of row 77" in told
    assert "Laser &lt;b&gt;" in told
    assert "Simulate this one in full" in told
    told = _text(client.get(place, {"row": 66}))
    assert "Nobody may choose this course" in told
    assert "Simulate this one in full" not in told
    assert "There is no course 500" in _text(client.get(place, {"row": 500}))


def test_without_memory_the_page_still_shows_the_plan(north: House, plan: CoursePlan, desk: QuietDesk) -> None:
    """The plan's own chart is shown, its options can be opened, and the courses are looked at again, once."""
    desk.known.clear()
    client = north.client("nurse")
    told = _text(client.get(f"/plans/{plan.pk}/"))
    assert f'hx-get="/plans/{plan.pk}/judge/"' in told
    assert "pic-section" in told
    assert f'hx-post="/plans/{plan.pk}/look/"' in _text(client.get(f"/plans/{plan.pk}/judge/"))
    for _ in range(2):
        assert "Looking at the courses again" in _text(client.post(f"/plans/{plan.pk}/look/", **HTMX))
    job = Job.objects.get(document__kind="explore")
    assert job.document["of_plan"] == str(plan.pk)
    assert "option-switch" in _text(client.get(f"/plans/{plan.pk}/choice/", {"row": 42}))
    assert "Only the plan" in _text(client.get(f"/plans/{plan.pk}/choice/", {"row": -1005}))
    assert "must be looked at again" in _text(client.get(f"/plans/{plan.pk}/choice/", {"row": 77}))


def test_what_is_looked_at_again_is_what_was_looked_at(
    north: House, plan: CoursePlan, desk: QuietDesk, django_capture_on_commit_callbacks: Any
) -> None:
    """A plan made with moved goals looks again under the goals of the first, so that rows mean the same courses."""
    first = {"max_social_downtime_days": 2, "max_sessions": 4}
    job = Job.objects.get(result__plan=str(plan.pk))
    job.document = {**job.document, "looked_at_goals": first}
    job.save()
    desk.known.clear()
    with django_capture_on_commit_callbacks(execute=True):
        north.client("nurse").post(f"/plans/{plan.pk}/look/", **HTMX)
    assert desk.jobs[-1][0] == "explore"
    assert desk.jobs[-1][1]["request"]["patient"]["goals"] == first
    desk.known.add(key_of({**REQUEST, "patient": {**FILE, "goals": first}}))
    assert "courses keep every limit" in _text(north.client("nurse").get(f"/plans/{plan.pk}/judge/"))


def test_courses_that_are_forgotten_at_once_are_not_looked_at_for_ever(north: House, plan: CoursePlan, desk: QuietDesk) -> None:
    """When looking again has just ended and the courses are gone, a button asks before it is tried once more."""
    desk.known.clear()
    client = north.client("nurse")
    client.post(f"/plans/{plan.pk}/look/", **HTMX)
    Job.objects.filter(document__kind="explore").update(state="done", ended_at=timezone.now())
    told = _text(client.get(f"/plans/{plan.pk}/judge/"))
    assert "Try again" in told
    assert "hx-trigger" not in told
    Job.objects.filter(document__kind="explore").update(ended_at=timezone.now() - datetime.timedelta(hours=1))
    assert 'hx-trigger="load"' in _text(client.get(f"/plans/{plan.pk}/judge/"))


def test_a_plan_without_a_job_finds_its_rows_among_the_courses(north: House, desk: QuietDesk) -> None:
    """A plan that came from a file has its options on the chart too."""
    plan = _kept(north, sample_plan(), job=False)
    ranked = {point.option_rank: at for at, point in enumerate(full_plan().front) if point.option_rank}
    plan.document["front"] = [point.model_dump(mode="json") for point in full_plan().front]
    plan.save()
    desk.known = {key_of(REQUEST)}
    told = _text(north.client("nurse").get(f"/plans/{plan.pk}/"))
    assert ranked, "the sample has options on its front"
    for at in ranked.values():
        assert f'data-row="{40 + at}"' in told


@pytest.mark.parametrize("status", ["needs_answers", "deferred", "refer", "blocked"])
def test_a_plan_that_is_not_ready_gives_its_reasons_and_no_settings(north: House, status: Any) -> None:
    """Reasons come first; nothing could be taken for a setting."""
    found = sample_plan(status)
    told = _text(north.client("clinician").get(f"/plans/{_kept(north, found, job=False).pk}/"))
    assert found.headline.split("<")[0][:40] in told
    assert "knobs" not in told
    assert 'id="front"' not in told
    assert "Open the consultation" in told


# What is decided


def test_an_option_is_chosen_until_the_release(north: House, plan: CoursePlan) -> None:
    """Only options that exist; after the release it stays as it was."""
    client = north.client("clinician")
    place = f"/plans/{plan.pk}/choose/"
    assert client.post(place, {"rank": "2"}).headers["Location"] == f"/plans/{plan.pk}/?option=2"
    for wrong in ("0", "99", "-1", "two", ""):
        client.post(place, {"rank": wrong})
        plan.refresh_from_db()
        assert plan.chosen_rank == 2
    assert AuditEntry.objects.filter(action="option chosen").count() == 6
    plan.released_at = plan.made_at
    plan.save()
    client.post(place, {"rank": "1"})
    plan.refresh_from_db()
    assert plan.chosen_rank == 2
    assert "Choose option" not in _text(client.get(f"/plans/{plan.pk}/?option=1"))


def test_goals_are_not_kept_where_no_plan_can_be_made_of_them(north: House, plan: CoursePlan, desk: QuietDesk) -> None:
    """The record lost its concerns since: one sentence, and the goals of the record stay."""
    Patient.objects.filter(pk=plan.patient_id).update(file={**FILE, "concerns": []})
    asked = {"days": "4", "sessions": "2", "pain": "10", "risk": "bold", "file_version": "0"}
    answer = north.client("clinician").post(f"/plans/{plan.pk}/again/", asked, **HTMX)
    assert answer.status_code == 422
    assert "names no concern yet" in _text(answer)
    patient = Patient.objects.get(pk=plan.patient_id)
    assert (patient.file["goals"], patient.file_version) == (FILE["goals"], 0)
    assert not desk.jobs


def test_goals_go_into_the_record_and_the_plan_keeps_what_was_looked_at(
    north: House, plan: CoursePlan, desk: QuietDesk, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    """The same person and clinic: the key is handed on; goals are written where the version still is the one that was shown."""
    from recutis.web.planning import making

    monkeypatch.setattr(making, "request_of", lambda patient: {**REQUEST, "patient": patient.file})
    client = north.client("clinician")
    asked = {"days": "4", "sessions": "2", "pain": "10", "risk": "bold"}
    answer = client.post(f"/plans/{plan.pk}/again/", {**asked, "file_version": "9"}, **HTMX)
    assert answer.status_code == 409
    assert "changed since this page was opened" in _text(answer)
    assert Patient.objects.get(pk=plan.patient_id).file["goals"] == FILE["goals"]
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"/plans/{plan.pk}/again/", {**asked, "file_version": "0"}, **HTMX)
    assert answer.status_code == 200
    patient = Patient.objects.get(pk=plan.patient_id)
    assert patient.file["goals"] == {"max_social_downtime_days": 4.0, "max_sessions": 2, "risk": "bold"}
    assert patient.file_version == 1
    document = desk.jobs[-1][1]
    assert document["key"] == KEY
    assert document["request"]["patient"]["goals"]["max_sessions"] == 2
    assert Job.objects.first().document["looked_at_goals"] == FILE["goals"]  # type: ignore[union-attr]


def test_one_course_is_simulated_in_full(
    north: House, plan: CoursePlan, desk: QuietDesk, django_capture_on_commit_callbacks: Any
) -> None:
    """The job names the key, the row and the goals as they are moved."""
    client = north.client("clinician")
    place = f"/plans/{plan.pk}/in-full/"
    assert "No course was chosen" in _text(client.post(place, {"row": "x"}, **HTMX))
    assert "There is no course 500" in _text(client.post(place, {"row": "500"}, **HTMX))
    assert not desk.jobs
    with django_capture_on_commit_callbacks(execute=True):
        client.post(place, {"row": "77", "days": "5"}, **HTMX)
    kind, document = desk.jobs[-1]
    assert (kind, document["key"], document["row"]) == ("plan", KEY, 77)
    assert document["request"]["patient"]["goals"]["max_social_downtime_days"] == 5
    desk.known.clear()
    Job.objects.exclude(state="done").update(state="done")
    assert "looked at again first" in _text(client.post(place, {"row": "77"}, **HTMX))


def test_a_job_is_followed_cancelled_and_opened(north: House, plan: CoursePlan) -> None:
    """Progress is silent in the audit; the end opens the plan; a failure says why and can be tried again."""
    client, job = north.client("clinician"), Job.objects.get()
    before = AuditEntry.objects.count()
    assert client.get(f"/jobs/{job.pk}/", **HTMX).headers["HX-Redirect"] == f"/plans/{plan.pk}/"
    assert AuditEntry.objects.count() == before
    Job.objects.filter(pk=job.pk).update(
        state="failed", words="No device of the clinic fits.", document={"kind": "plan", "from": "record"}
    )
    told = _text(client.get(f"/jobs/{job.pk}/", **HTMX))
    assert "No device of the clinic fits." in told
    assert "Try again" in told
    assert "Try again" in _text(client.get(f"/patients/{plan.patient_id}/plan/?all=1"))
    Job.objects.filter(pk=job.pk).update(state="interrupted")
    assert "Start it again" in _text(client.get(f"/jobs/{job.pk}/", **HTMX))
    Job.objects.filter(pk=job.pk).update(state="queued")
    assert "Cancel" not in _text(north.client("nurse").get(f"/jobs/{job.pk}/", **HTMX)), "who did not ask does not cancel"
    assert "Cancelled." in _text(client.post(f"/jobs/{job.pk}/", **HTMX))
    assert AuditEntry.objects.filter(action="job cancelled").count() == 1


def test_what_was_seen_updates_the_plan(
    north: House, plan: CoursePlan, desk: QuietDesk, django_capture_on_commit_callbacks: Any
) -> None:
    """The follow-ups that are ticked go to the desk with the plan and the option that is given."""
    visit = FollowUp.objects.create(
        clinic=north.clinic, patient=plan.patient, plan=plan, seen_on=plan.made_at.date(), entered_by=north.people["nurse"],
        observation={"session": 1, "date": "2026-12-22", "redness_days": 9, "pih": False},
    )  # fmt: skip
    client, place = north.client("clinician"), f"/plans/{plan.pk}/update/"
    told = _text(client.get(place))
    assert "redness 9 days" in told
    assert "dark marks (PIH) no" in told
    assert client.post(place, {}).status_code == 422
    assert client.post(place, {"follow_up": str(uuid.uuid4())}).status_code == 404
    assert client.post(place, {"follow_up": "nonsense"}).status_code == 404
    assert north.client("nurse").post(place, {"follow_up": str(visit.pk)}).status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        client.post(place, {"follow_up": str(visit.pk)}, **HTMX)
    kind, document = desk.jobs[-1]
    assert (kind, document["option"], document["observations"]) == ("update", 1, [visit.observation])
    assert Job.objects.first().document["previous"] == str(plan.pk)  # type: ignore[union-attr]
    assert client.get(f"/jobs/{Job.objects.last().pk}/seen/").status_code == 404  # type: ignore[union-attr]


def test_two_options_stand_side_by_side(north: House, plan: CoursePlan) -> None:
    """Of one plan or of two of the same patient; another patient's plan is not there."""
    other = _kept(north, sample_plan(), job=False)
    strange = _kept(north, sample_plan(), patient=1, job=False)
    client, place = north.client("nurse"), f"/plans/{plan.pk}/compare/"
    told = _text(client.get(place))
    assert told.count("pic-calendar") == 2
    assert "Improvement: Fine lines, periorbital" in told
    assert f'value="{other.pk}" selected' in _text(client.get(place, {"with": str(other.pk), "a": "2", "b": "3"}))
    for wrong in (str(strange.pk), "x", str(uuid.uuid4())):
        assert client.get(place, {"with": wrong}).status_code == 404
    blocked = _kept(north, sample_plan("blocked"), job=False)
    assert "Nothing to compare" in _text(client.get(f"/plans/{blocked.pk}/compare/"))


# Who may, and what is never answered with a fault


ROUTES = ("", "judge/", "choice/", "compare/", "update/")
ORDERS = ("look/", "again/", "in-full/", "choose/", "update/")


def test_other_clinics_and_other_roles_are_refused(north: House, plan: CoursePlan) -> None:
    """Another clinic finds nothing; who does not treat is refused; a nurse reads and decides nothing."""
    south, job = house("South"), Job.objects.get()
    pages = [*(f"/plans/{plan.pk}/{route}" for route in ROUTES), f"/patients/{plan.patient_id}/plan/", f"/jobs/{job.pk}/"]
    orders = [*(f"/plans/{plan.pk}/{route}" for route in ORDERS), f"/patients/{plan.patient_id}/plan/"]
    for page in [*pages, f"/jobs/{job.pk}/seen/"]:
        assert south.client("clinician").get(page).status_code == 404, page
        for role in ("front_desk", "researcher", "administrator"):
            assert north.client(role).get(page).status_code == 403, (role, page)
    for order in orders:
        assert south.client("clinician").post(order).status_code == 404, order
        if not order.endswith("look/"):
            assert north.client("nurse").post(order).status_code == 403, order
    assert not Job.objects.exclude(pk=job.pk).exists()


_NAMES = (
    "days",
    "sessions",
    "pain",
    "risk",
    "weight-fine_lines",
    "weight-age_spots",
    "weight-x",
    "shown",
    "row",
    "option",
    "a",
    "with",
)
_VALUES = st.one_of(
    st.sampled_from(["", "0", "-1", "3", "3.5", "1e9", "1e400", "nan", "inf", "cautious", "None", "９", "\x00", "4 days", "9" * 400]),
    st.text(max_size=12), st.integers(-(10**12), 10**12).map(str),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=6))
def test_no_address_makes_a_fault(north: House, plan: CoursePlan, query: dict[str, str]) -> None:
    """Whatever stands in the address is answered, with a sentence where it is wrong."""
    client = north.client("clinician")
    text = urlencode(query, errors="surrogatepass")
    for route in ("", "judge/", "choice/", "compare/"):
        answer = client.get(f"/plans/{plan.pk}/{route}?{text}")
        assert answer.status_code in ({400} if any("\x00" in value for value in query.values()) else {200, 404, 422}), (
            route,
            query,
        )


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("days=-1", "max_social_downtime_days"), ("days=many", "'many'"), ("sessions=2.5", "whole number"), ("risk=mad", "'mad'"),
        ("weight-fine_lines=0&weight-age_spots=0", "at least one priority"), ("pain=11", "max_pain_0_10"),
    ],
)  # fmt: skip
def test_goals_that_cannot_be_are_named(north: House, plan: CoursePlan, query: str, words: str) -> None:
    """The sentence says which goal; the page itself goes on with the goals of the plan."""
    answer = north.client("nurse").get(f"/plans/{plan.pk}/judge/?{query}")
    assert answer.status_code == 422
    assert words in _text(answer).replace("&#x27;", "'")
    assert "The goals of the plan are shown." in _text(north.client("nurse").get(f"/plans/{plan.pk}/?{query}"))


def test_goals_are_the_same_after_the_address() -> None:
    """What an address says is what it was written from."""
    for text in ("days=3.5&risk=bold", "pain=4&sessions=9", "weight-fine_lines=0.25", "days=300", ""):
        asked = asked_of(FILE, QueryDict(text))
        again = asked_of(FILE, QueryDict(asked.query()))
        assert again.document() == asked.document()
        assert again.moved is bool(text)


def test_the_web_process_loads_no_physics() -> None:
    """Importing the plan pages loads neither compiler nor solvers; those live in the workers."""
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'recutis.web.settings'; import django; django.setup(); "
        "import recutis.web.planning.urls; print([name for name in ('numba', 'scipy', 'pymoo', 'xarray') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout.strip() == "[]"


# With a real desk


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk with one worker, in place of the process-wide one."""
    made = Desk(1)
    monkeypatch.setattr(work, "desk", lambda: made)
    monkeypatch.setattr(jobs, "desk", lambda: made)
    monkeypatch.setattr(jobs, "the_desk", lambda: made)
    yield made
    made.close()


def test_from_the_record_to_a_course_in_full(
    north: House, real: Desk, django_capture_on_commit_callbacks: Any
) -> None:  # fmt: skip
    """A plan in a clinic with two devices, a goal moved, a course chosen on the chart and simulated: it leads the next plan."""
    north.clinic.devices_file = {"devices": ["Fraxel re:store", "PicoWay 532"]}
    north.clinic.save()
    client = north.client("clinician")

    def made(place: str, content: dict[str, Any]) -> CoursePlan:
        with django_capture_on_commit_callbacks(execute=True):
            assert client.post(place, content, **HTMX).status_code == 200
        job = Job.objects.exclude(state__in=jobs.OVER).get()
        state = real.wait(jobs._NUMBERS[str(job.pk)], 300.0)
        assert state.status == "done", state.error
        jobs.ended(job, state)
        return CoursePlan.objects.get(pk=(job.result or {})["plan"])

    first = made(f"/patients/{north.patients[0].pk}/plan/", {})
    assert first.status == "ready"
    told = _text(client.get(f"/plans/{first.pk}/judge/", {"days": "1"}))
    assert "courses keep every limit" in told
    before = json.loads(told.split('<script id="front-data" type="application/json">')[1].split("</script>")[0])
    rows = {row for trace in before["data"] for row in trace.get("customdata", ())}
    options = set(Job.objects.get(result__plan=str(first.pk)).result["rows"])
    courses = {row: real.course(_key_of_plan(first), row) for row in sorted(rows - options)[:20]}
    chosen = next(row for row, course in courses.items() if not course["never"])
    assert courses[chosen]["label"].split(" (")[0] in _text(client.get(f"/plans/{first.pk}/choice/", {"row": chosen}))
    second = made(f"/plans/{first.pk}/in-full/", {"row": chosen})
    assert second.document["options"][0]["label"] == courses[chosen]["label"]
    assert Job.objects.get(result__plan=str(second.pk)).result["rows"][0] == chosen
    assert "courses keep every limit" in _text(client.get(f"/plans/{second.pk}/judge/"))


def _key_of_plan(plan: CoursePlan) -> str:
    """The key under which the desk knows the courses of a plan."""
    return str(Job.objects.get(result__plan=str(plan.pk)).result["key"])
