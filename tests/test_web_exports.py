"""What leaves the clinic: FHIR that resolves, reports in parts, outcomes without names, spreadsheets without formulas."""

from __future__ import annotations

import csv
import datetime
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_people import House, house

from recutis.patient import parse_patient
from recutis.plan.document import Plan
from recutis.web.audit.models import AuditEntry
from recutis.web.delivery.models import (
    AdverseEvent,
    Consent,
    ConsentWording,
    DeliveredPass,
    DeviceUnit,
    FollowUp,
    Session,
)
from recutis.web.demo import plans
from recutis.web.diary.models import DiaryEntry
from recutis.web.exports import files, reports
from recutis.web.exports.fhir import bundle
from recutis.web.exports.fhir_parts import LOINC, OWN, TERMINOLOGY, UCUM
from recutis.web.exports.outcomes import Outcome, age_band, as_csv, calibration, harmless, outcomes
from recutis.web.exports.record import gather
from recutis.web.patients.models import Patient
from recutis.web.planning.models import CoursePlan, Job

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 9, 1)
NOON = datetime.datetime(2026, 9, 1, 12, tzinfo=datetime.UTC)
NOW = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.UTC)


@pytest.fixture
def north() -> House:
    """A clinic whose first patient is half-way through a course."""
    made = house("North")
    course(made, made.patients[0], 0)
    return made


def course(made: House, patient: Patient, number: int, *, seen: dict[str, Any] | None = None) -> CoursePlan:
    """A released plan with everything that belongs to it: consent, a session given and one planned, diary, follow-up, harm."""
    who, nurse, clinic = made.people["clinician"], made.people["nurse"], made.clinic
    told = plans.plan(number, DAY)
    patient.file = told.file
    patient.save()
    plan = CoursePlan.objects.create(
        clinic=clinic,
        patient=patient,
        document=told.document,
        status="ready",
        headline=told.document["headline"],
        made_by=who,
        released_by=who,
        released_at=NOON,
    )
    unit = DeviceUnit.objects.get_or_create(clinic=clinic, device=told.document["options"][0]["device"], serial_number="S-1")[0]
    first = Session.objects.create(
        clinic=clinic,
        patient=patient,
        plan=plan,
        number=1,
        planned_on=DAY,
        state="done",
        started_at=NOON,
        ended_at=NOON + datetime.timedelta(hours=1),
        operator=nurse,
        words="Went well.\x07",
    )
    Session.objects.create(clinic=clinic, patient=patient, plan=plan, number=2, planned_on=DAY + datetime.timedelta(weeks=5))
    wrong = DeliveredPass.objects.create(
        clinic=clinic,
        session=first,
        unit=unit,
        site="cheek",
        number=1,
        delivered={"energy_mJ": 99.0},
        given_by=nurse,
        given_at=NOON,
    )
    DeliveredPass.objects.create(
        clinic=clinic,
        session=first,
        unit=unit,
        site="cheek",
        number=1,
        delivered={"energy_mJ": 20.0, "density_pct": 10, "stack": 1},
        given_by=nurse,
        given_at=NOON,
        pain_0_10=4.5,
        replaces=wrong,
    )
    for day, pain in ((0, 5.0), (0, 3.0), (2, None)):
        DiaryEntry.objects.create(
            clinic=clinic,
            patient=patient,
            session=first,
            day=day,
            on=DAY + datetime.timedelta(days=day),
            redness=6.0 - day,
            pain=pain,
            words="=HYPERLINK(1)",
        )
    wording = ConsentWording.objects.get_or_create(clinic=clinic, version=1, defaults={"text": "x"})[0]
    Consent.objects.create(
        clinic=clinic,
        patient=patient,
        plan=plan,
        wording=wording,
        text="I agree.",
        text_sha256="0" * 64,
        signed_name=patient.name,
        signed_at=NOON,
        witness=nurse,
        photos_for_care=True,
    )
    key = next(iter(told.document["options"][0]["predictions"]["improvement_pct"]))
    FollowUp.objects.create(
        clinic=clinic,
        patient=patient,
        plan=plan,
        session=first,
        seen_on=DAY + datetime.timedelta(weeks=4),
        entered_by=nurse,
        observation=seen or {"session": 1, "date": "2026-09-29", "pain_0_10": 4, "pih": False, "improvement": {key: 30.0}},
    )
    AdverseEvent.objects.create(
        clinic=clinic, patient=patient, session=first, kind="blister", severity="mild", seen_on=DAY, entered_by=nurse
    )
    return plan


# FHIR


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "reference" and isinstance(value, str))
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for item in part:
            yield from _references(item)


def _named(part: Any, key: str) -> Iterator[Any]:
    if isinstance(part, dict):
        yield from (value for name, value in part.items() if name == key)
        for value in part.values():
            yield from _named(value, key)
    elif isinstance(part, list):
        for item in part:
            yield from _named(item, key)


def _made(patient: Patient) -> dict[str, Any]:
    return bundle(gather(patient), NOW)


def _of_type(made: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one["resource"] for one in made["entry"] if one["resource"]["resourceType"] == kind]


def test_the_bundle_validates_and_every_reference_resolves_inside_it(north: House) -> None:
    """Parsed again by the models of R5; ids are unique and no element is empty."""
    from fhir.resources.bundle import Bundle

    made = _made(north.patients[0])
    again = Bundle.model_validate(made)
    assert json.loads(again.model_dump_json()) == made
    there = [one["fullUrl"] for one in made["entry"]]
    assert len(there) == len(set(there))
    assert [one["fullUrl"] for one in made["entry"]] == [f"urn:uuid:{one['resource']['id']}" for one in made["entry"]]
    found = list(_references(made))
    assert len(found) > 40
    assert set(found) <= set(there)
    assert not [value for value in _named(made, "text") if value in ("", None)]


def test_the_bundle_tells_the_whole_course(north: House) -> None:
    """Each kind of resource, with the status that the record has; corrected passes and entries are left out."""
    made = _made(north.patients[0])
    kinds = {kind: _of_type(made, kind) for kind in {one["resource"]["resourceType"] for one in made["entry"]}}
    assert {kind: len(found) for kind, found in kinds.items()} == {
        "Organization": 1,
        "Patient": 1,
        "Practitioner": 2,
        "Device": 1,
        "Condition": 2,
        "CarePlan": 1,
        "RiskAssessment": 1,
        "ServiceRequest": 2,
        "Procedure": 2,
        "Observation": 6,
        "Consent": 1,
        "AdverseEvent": 1,
    }
    assert kinds["CarePlan"][0]["status"] == "active"
    assert [one["status"] for one in kinds["ServiceRequest"]] == ["completed", "active"]
    assert len(kinds["CarePlan"][0]["activity"]) == 2
    pain = [one for one in kinds["Observation"] if one["code"]["coding"][0].get("code") == "72514-3"]
    assert [one["valueQuantity"]["value"] for one in pain] == [4.5, 3.0]
    panel = next(one for one in kinds["Observation"] if one["code"]["text"] == "panel-settings")
    assert {(one["code"]["text"], one["valueQuantity"]["value"], one["valueQuantity"]["code"]) for one in panel["component"]} == {
        ("energy mJ", 20.0, "mJ"),
        ("density pct", 10.0, "%"),
        ("stack", 1.0, "1"),
    }
    risks = kinds["RiskAssessment"][0]["prediction"]
    assert len(risks) == 10
    assert all(one["probabilityRange"]["low"]["value"] <= one["probabilityRange"]["high"]["value"] <= 100 for one in risks)


def test_codes_are_of_systems_that_we_know_and_units_are_ucum(north: House) -> None:
    """LOINC only for what is certain; the rest says that it is our own."""
    made = _made(north.patients[0])
    systems = set(_named(made, "system")) - {"phone", "email"}
    assert all(system in {LOINC, UCUM} or system.startswith((OWN, TERMINOLOGY)) for system in systems)
    codes = {one["code"] for one in _named(made, "coding") for one in one if one["system"] == LOINC}
    assert codes == {"72514-3"}
    assert all(one["system"] == UCUM for one in _named(made, "valueQuantity"))


def test_only_the_patient_has_a_name(north: House) -> None:
    """Neither staff nor the signature is named, wherever one looks."""
    text = json.dumps(_made(north.patients[0]))
    assert north.patients[0].family_name in text
    for person in north.people.values():
        assert person.full_name not in text
        assert person.email not in text
    assert json.dumps(_of_type(json.loads(text), "Consent")).count("Given0") == 0


def test_a_patient_of_whom_little_is_known_can_be_taken_out_too(north: House) -> None:
    """An empty file, a half-filled one, and one that is wrong."""
    patient = north.patients[1]
    for file in (
        {},
        {"concerns": "x"},
        {"patient": [], "concerns": [{}, 3, {"kind": "fine_lines"}, {"kind": "a b", "site": "cheek"}]},
    ):
        patient.file = file
        made = _made(patient)
        assert set(_references(made)) <= {one["fullUrl"] for one in made["entry"]}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_name=st.text(max_size=30), family_name=st.text(max_size=30), number=st.text(max_size=20), words=st.text(max_size=60))
def test_odd_names_never_make_a_bundle_that_is_refused(
    north: House, given_name: str, family_name: str, number: str, words: str
) -> None:
    """Control characters, spaces alone, other scripts."""
    record = gather(north.patients[0])
    who = record.patient
    who.given_name, who.family_name, who.number, who.phone = given_name, family_name, number, words
    record.sessions[0].words = words
    record.harms[0].kind = words
    record.plans[0].headline = words
    made = bundle(record, NOW)
    assert set(_references(made)) <= {one["fullUrl"] for one in made["entry"]}
    assert json.loads(json.dumps(made)) == made


def test_the_record_is_read_with_the_same_number_of_queries_however_long(north: House) -> None:
    """A second course costs nothing more."""

    def counted() -> int:
        patient = Patient.objects.select_related("clinic").get(pk=north.patients[0].pk)
        with CaptureQueriesContext(connection) as seen:
            _made(patient)
        return len(seen)

    before = counted()
    course(north, north.patients[0], 1)
    assert counted() == before


# Files


def test_the_patients_calendar_leaves_after_the_release_only(north: House) -> None:
    """The plan as JSON is for the clinic and says whether it is released; a withdrawn plan's calendar is closed again."""
    client, plan = north.client("nurse"), CoursePlan.objects.get()
    calendar = client.get(f"/plans/{plan.pk}/calendar.ics")
    assert calendar.content.startswith(b"BEGIN:VCALENDAR")
    assert b"Draft" not in calendar.content
    assert Plan.model_validate_json(client.get(f"/plans/{plan.pk}/plan.json").content).released
    CoursePlan.objects.update(withdrawn_at=NOW)
    answer = client.get(f"/plans/{plan.pk}/calendar.ics")
    assert (answer.status_code, b"when a clinician has released" in answer.content) == (404, True)
    assert not Plan.model_validate_json(client.get(f"/plans/{plan.pk}/plan.json").content).released


@pytest.mark.parametrize("released", [True, False])
def test_a_report_holds_the_patients_part_only_when_the_plan_is_released(
    released: bool, north: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked of the worker says so, and the document too."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(reports.jobs, "_submit", lambda _job, _kind, document: asked.append(document))
    plan = CoursePlan.objects.get()
    CoursePlan.objects.update(withdrawn_at=None if released else NOW)
    from django.test import TestCase

    with TestCase.captureOnCommitCallbacks(execute=True):
        north.client("nurse").post(f"/plans/{plan.pk}/report/")
    assert asked[0]["parts"] == (["clinician", "patient"] if released else ["clinician"])
    assert asked[0]["plan"]["released"] is released
    assert Path(asked[0]["folder"]).is_relative_to(reports.folder())


def _report(plan: CoursePlan, parts: list[str]) -> Job:
    place = reports.folder() / f"of-{len(parts)}"
    place.mkdir(parents=True, exist_ok=True)
    (place / "report.pdf").write_bytes(b"%PDF-1.7 made")
    return Job.objects.create(
        clinic=plan.clinic,
        patient=plan.patient,
        kind="report",
        state="done",
        asked_by=plan.made_by,
        document={"kind": "report", "plan": str(plan.pk), "parts": parts},
        result={"folder": str(place)},
    )


def test_a_report_is_given_out_while_it_may_be(north: House) -> None:
    """One with the patient's part is closed when the release is withdrawn; one that was removed is made again."""
    client, plan = north.client("nurse"), CoursePlan.objects.get()
    whole, half = _report(plan, ["clinician", "patient"]), _report(plan, ["clinician"])
    page = client.get(f"/patients/{plan.patient_id}/records/").content.decode()
    assert "Make it with the patient" in page
    for job in (whole, half):
        answer = client.get(f"/reports/{job.pk}/report.pdf")
        assert answer.content == b"%PDF-1.7 made"
        assert "recutis-00001-plan.pdf" in answer["Content-Disposition"]
    CoursePlan.objects.update(withdrawn_at=NOW)
    assert client.get(f"/reports/{whole.pk}/report.pdf").status_code == 404
    assert client.get(f"/reports/{half.pk}/report.pdf").status_code == 200
    (Path(half.result["folder"]) / "report.pdf").unlink()
    assert client.get(f"/reports/{half.pk}/report.pdf").status_code == 404
    assert "Make the report" in client.get(f"/reports/{half.pk}/state/").content.decode()


@pytest.mark.usefixtures("north")
def test_a_report_outside_the_folder_of_reports_is_never_read(tmp_path: Path) -> None:
    """Whatever the record of the job says."""
    job = _report(CoursePlan.objects.get(), ["clinician"])
    (tmp_path / "report.pdf").write_bytes(b"secret")
    Job.objects.update(result={"folder": str(tmp_path)})
    job.refresh_from_db()
    assert reports.path_of(job) is None


def test_old_reports_are_removed() -> None:
    """After a day; newer ones stay."""
    import os
    import time

    for name, age in (("old", 25 * 3600), ("new", 60)):
        place = reports.folder() / name
        place.mkdir(parents=True, exist_ok=True)
        os.utime(place, (time.time() - age,) * 2)
    reports.remove_old()
    assert not (reports.folder() / "old").exists()
    assert (reports.folder() / "new").exists()


def _read(answer: Any) -> bytes:
    """All of an answer; one that comes in parts is closed when it has been read."""
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def test_everything_is_one_archive(north: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file in it can be read by what it is for; no name of a file holds a person's name."""
    monkeypatch.setattr(django_settings, "MEDIA_ROOT", tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"picture")
    patient = north.patients[0]
    for name in ("a.jpg", "../outside.jpg"):
        patient.photos.create(
            clinic=north.clinic, taken_on=DAY, file_name=name, sha256="0" * 64, width=1, height=1, bytes=7, view="front"
        )
    (tmp_path.parent / "outside.jpg").write_bytes(b"secret")
    _report(CoursePlan.objects.get(), ["clinician", "patient"])
    whole = io.BytesIO(_read(north.client("nurse").get(f"/patients/{patient.pk}/records/everything.zip")))
    with zipfile.ZipFile(whole) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        assert parse_patient(yaml.safe_load(archive.read("patient.yaml"))).patient.age == 46
        plan = next(name for name in names if name.endswith("plan.json"))
        assert Plan.model_validate_json(archive.read(plan)).released
        assert archive.read(plan.replace("plan.json", "report.pdf")).startswith(b"%PDF")
        rows = list(csv.DictReader(io.StringIO(archive.read("diary.csv").decode())))
        consent = archive.read(next(name for name in names if name.startswith("consents/"))).decode()
        photos = [name for name in names if name.startswith("photos/")]
        assert [archive.read(name) for name in photos] == [b"picture"]
    assert [(row["day"], row["pain"], row["words"]) for row in rows] == [
        ("0", "3.0", "'=HYPERLINK(1)"),
        ("2", "", "'=HYPERLINK(1)"),
    ]
    assert "Signed by: Given0" in consent
    assert not [name for name in names if "Family" in name or "Given" in name]
    assert AuditEntry.objects.filter(action="record taken out", patient_id_text=str(patient.pk)).count() == 1


@pytest.mark.parametrize("place", ["records/", "records/fhir.json", "records/everything.zip"])
def test_records_are_for_those_who_treat(place: str, north: House) -> None:
    """Nobody else of the clinic, and nobody of another."""
    where = f"/patients/{north.patients[0].pk}/{place}"
    south = house("South")
    for role, user in north.people.items():
        answer = north.client(role).get(where)
        assert answer.status_code == (200 if role in {"clinician", "nurse"} else 403), user
        assert _read(answer)
    assert south.client("clinician").get(where).status_code == 404


# Outcomes


def test_outcomes_name_nobody(north: House) -> None:
    """No name, number or day of birth; the same person has the same pseudonym, another clinic's another."""
    client = north.client("researcher")
    text = client.get("/outcomes/outcomes.csv").content.decode()
    page = client.get("/outcomes/").content.decode()
    patient = north.patients[0]
    for word in (patient.family_name, patient.given_name, patient.number, "1980", str(patient.pk)):
        assert word not in text
        assert word not in page.replace(north.clinic.name, "")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 2
    assert len({row["pseudonym"] for row in rows}) == 1
    assert {row["age_band"] for row in rows} == {"40-49"}
    assert {row["fewer_than_five"] for row in rows} == {"yes"}


def test_outcomes_hold_what_was_predicted_and_seen(north: House) -> None:
    """Of the chosen option, beside the newest grading; what nobody saw stays empty."""
    rows = outcomes(north.clinic)
    option = CoursePlan.objects.get().document["options"][0]
    for row in rows:
        key, told = f"{row.concern}@{row.site}", option["predictions"]
        seen = row.improvement_seen_pct is not None
        band = told["improvement_by_session_pct"][key][0] if seen else told["improvement_pct"][key]
        assert row.graded_after_session == (1 if seen else None)
        assert (row.improvement_p10_pct, row.improvement_p90_pct) == (band["p10"], band["p90"])
        assert (row.sessions_given, row.sessions_planned) == (1, option["sessions"])
        assert (row.pain_seen_0_10, row.downtime_seen_days, row.pih_seen) == (4.0, None, False)
    assert [row.improvement_seen_pct for row in rows].count(30.0) == 1
    assert [row.improvement_seen_pct for row in rows].count(None) == len(rows) - 1


def test_plans_that_were_not_released_or_given_are_no_outcome(north: House) -> None:
    """Neither drafts nor withdrawn plans nor courses that have not begun."""
    for change in ({"withdrawn_at": NOW}, {"withdrawn_at": None, "released_at": None}):
        CoursePlan.objects.update(**change)
        assert outcomes(north.clinic) == []
    CoursePlan.objects.update(released_at=NOON)
    Session.objects.update(state="planned")
    assert outcomes(north.clinic) == []


def test_people_who_are_alike_are_counted(north: House) -> None:
    """Five alike are enough not to be marked."""
    for number in range(4):
        patient = Patient.objects.create(
            clinic=north.clinic, number=f"X{number}", given_name="a", family_name="b", birth_date=datetime.date(1980, 1, 1)
        )
        course(north, patient, 0)
    rows = outcomes(north.clinic)
    assert {(row.persons_alike, row.fewer_than_five) for row in rows} == {(5, False)}
    assert len({row.pseudonym for row in rows}) == 5


def test_the_calibration_counts_what_lies_inside(north: House) -> None:
    """Edges are inside; downtime and pain are counted once a person and plan."""
    base = outcomes(north.clinic)[0]
    from dataclasses import replace

    band = {"improvement_p10_pct": 10.0, "improvement_p90_pct": 20.0}
    rows = [replace(base, **band, improvement_seen_pct=seen) for seen in (9.9, 10.0, 20.0, 20.1, None)]  # type: ignore[arg-type]
    found = {one.quantity: (one.seen, one.inside) for one in calibration(rows)}
    assert found["improvement"] == (4, 2)
    assert found["pain"][0] == 1
    assert found["downtime"] == (0, 0)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\r=1"])
def test_no_cell_is_a_formula(text: str, north: House) -> None:
    """Texts that a spreadsheet would compute are shown; numbers stay numbers, negative ones too."""
    from dataclasses import replace

    row = replace(outcomes(north.clinic)[0], settings=text, improvement_seen_pct=-5.0)
    found = next(csv.DictReader(io.StringIO(as_csv([row]), newline="")))
    assert found["settings"] == f"'{text}"
    assert found["improvement_seen_pct"] == "-5"
    assert harmless("energy_mJ 20") == "energy_mJ 20"


@given(age=st.floats(min_value=0, max_value=120))
def test_an_age_lies_in_its_band(age: float) -> None:
    """Ten years wide, and open above."""
    band = age_band(age)
    low = int(band.rstrip("+").partition("-")[0])
    assert low <= age
    assert band == "80+" or age < low + 10


def test_empty_outcomes_say_what_to_do() -> None:
    """Before the first session."""
    made = house("New")
    assert "No outcome yet" in made.client("researcher").get("/outcomes/").content.decode()
    assert made.client("researcher").get("/").headers["Location"] == "/outcomes/"
    assert made.client("nurse").get("/outcomes/").status_code == 403
    assert made.client("clinician").get("/outcomes/outcomes.csv").content.decode().count("\n") == 1


def test_each_column_of_the_csv_is_described() -> None:
    """In the docs, by its name."""
    page = (Path(__file__).parent.parent / "docs" / "records.md").read_text(encoding="utf-8")
    missing = [name for name in Outcome.__dataclass_fields__ if f"`{name}`" not in page]
    assert missing == []


def test_the_page_of_records_before_the_first_plan(north: House) -> None:
    """Says that there is nothing yet, and offers the record all the same."""
    page = north.client("nurse").get(f"/patients/{north.patients[1].pk}/records/").content.decode()
    assert "No plan yet" in page
    assert "everything.zip" in page
    assert files.file_stem(Patient(number="Ö/../1 2")) == "recutis-1-2"
    assert timezone.is_aware(NOON)
