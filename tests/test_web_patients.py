"""Patients in the workstation: the list, the consultation saved as it is filled in, screening beside it, overrides, import and export."""

from __future__ import annotations

import copy
import datetime
import json
from typing import Any

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from web_people import FILE, House, house

from recutis.errors import InputError
from recutis.patient import parse_patient, questions, screen, unasked
from recutis.web.audit.models import AuditEntry
from recutis.web.delivery.models import Session
from recutis.web.patients.answers import value_at
from recutis.web.patients.asks import asks, find
from recutis.web.patients.models import LiftedRule, Patient
from recutis.web.patients.records import request_for
from recutis.web.planning.models import CoursePlan
from recutis.web.templatetags.recutis_words import day as written

pytestmark = pytest.mark.django_db
TANNED = {**FILE, "patient": {**FILE["patient"], "tanned": True}}
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def clinic() -> House:
    """A clinic with everybody."""
    return house("North")


def _new(clinic: House, file: dict[str, Any] | None = None, **told: Any) -> Patient:
    given = {"given_name": "Ada", "family_name": "Berg", "birth_date": datetime.date(1980, 11, 3), "number": "A-7"} | told
    return Patient.objects.create(clinic=clinic.clinic, file=copy.deepcopy(FILE) if file is None else file, **given)


def _post(client: Client, patient: Patient, page: str, **told: Any) -> Any:
    return client.post(f"/patients/{patient.pk}/consultation/{page}/", told)


def _save(client: Client, patient: Patient, path: str, value: Any, **told: Any) -> Any:
    patient.refresh_from_db()
    return _post(client, patient, "save", **{"path": path, "value": value, "file_version": patient.file_version} | told)


def _page(client: Client, patient: Patient, what: str = "consultation/") -> str:
    answer = client.get(f"/patients/{patient.pk}/{what}")
    assert answer.status_code == 200
    return str(answer.content.decode())


# The list


@pytest.mark.parametrize("text", ["berg ada", "ADA be", "A-7", "1980-11-03", "3.11.1980", "03/11/1980 berg", "rg 1980"])
def test_a_patient_is_found_by_parts_in_any_order(clinic: House, text: str) -> None:
    """Names, number and day of birth, in pieces and as people write them; others are not shown."""
    _new(clinic)
    page = clinic.client("nurse").get("/patients/", {"q": text}).content.decode()
    assert "<b>Berg</b>, Ada" in page
    assert "Family0" not in page


def test_nobody_of_another_clinic_is_found(clinic: House) -> None:
    """Neither by name nor in the list."""
    _new(clinic)
    other = house("South").client("nurse")
    assert "Berg" not in other.get("/patients/").content.decode()
    assert "Nobody found for “berg”" in other.get("/patients/", {"q": "berg"}).content.decode()


def test_the_newest_changes_come_first_in_pages_of_25(clinic: House) -> None:
    """A patient who was just changed is the first; the second page holds the rest."""
    for number in range(30):
        _new(clinic, number=f"B-{number}", family_name=f"Fam{number:02d}")
    first = Patient.objects.get(number="B-3")
    first.save()
    client = clinic.client("clinician")
    page = client.get("/patients/").context["page"]
    assert [page.object_list[0].number, len(page.object_list), page.paginator.count] == ["B-3", 25, 32]
    assert len(client.get("/patients/", {"page": 2}).context["lines"]) == 7


def test_the_list_needs_as_many_queries_for_25_patients_as_for_two(clinic: House) -> None:
    """Nothing is asked of the database once a row."""
    client = clinic.client("clinician")
    client.get("/patients/")
    with CaptureQueriesContext(connection) as few:
        client.get("/patients/")
    for number in range(40):
        _new(clinic, number=f"B-{number}")
    with CaptureQueriesContext(connection) as many:
        client.get("/patients/")
    assert len(few) == len(many)


def test_the_front_desk_sees_names_and_sessions_and_nothing_medical(clinic: House) -> None:
    """The plan's status is in the nurse's list and not in the front desk's; the next session is in both."""
    patient, day = _new(clinic), timezone.localdate() + datetime.timedelta(days=3)
    by = clinic.people["clinician"]
    plan = CoursePlan.objects.create(clinic=clinic.clinic, patient=patient, document={}, status="deferred", made_by=by)
    Session.objects.create(clinic=clinic.clinic, patient=patient, plan=plan, number=1, planned_on=day)
    nurse = clinic.client("nurse").get("/patients/").content.decode()
    desk = clinic.client("front_desk").get("/patients/").content.decode()
    assert written(day) in nurse
    assert written(day) in desk
    assert "deferred" in nurse
    assert "deferred" not in desk
    assert "Alarms" not in desk


def test_an_empty_list_says_what_to_do() -> None:
    """The first page of an empty clinic leads to the first patient."""
    page = house("Empty", patients=0).client("nurse").get("/patients/").content.decode()
    assert "No patients yet" in page
    assert "/patients/new/" in page


@pytest.mark.parametrize("role", ["clinician", "nurse", "front_desk"])
def test_the_list_is_the_first_page(clinic: House, role: str) -> None:
    """Of everyone who works with patients."""
    assert clinic.client(role).get("/").headers["Location"] == "/patients/"


# Details


def _details(**told: str) -> dict[str, str]:
    return {
        "given_name": "Ada",
        "family_name": "Berg",
        "birth_date": "1980-11-03",
        "number": "00003",
        "phone": "",
        "email": "",
    } | told


def test_a_new_patient_gets_the_next_number_and_an_age(clinic: House) -> None:
    """The proposed number follows the highest; the age of the consultation comes from the date of birth."""
    client = clinic.client("nurse")
    assert 'value="00003"' in client.get("/patients/new/").content.decode()
    answer = client.post("/patients/new/", _details())
    patient = Patient.objects.get(number="00003")
    assert answer.headers["Location"] == f"/patients/{patient.pk}/consultation/"
    today = timezone.localdate()
    assert patient.file == {"patient": {"age": today.year - 1980 - ((today.month, today.day) < (11, 3))}}
    assert patient.created_by == clinic.people["nurse"]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"number": "00001"}, "belongs to another patient. Give another; 00003 is free."),
        ({"birth_date": "2190-01-01"}, "must lie between 1900 and today"),
        ({"given_name": ""}, "This field is required"),
        ({"email": "nobody"}, "valid email"),
    ],
)
def test_wrong_details_come_back_with_the_reason_and_all_that_was_typed(clinic: House, told: dict[str, str], says: str) -> None:
    """Nothing is saved, nothing typed is lost."""
    answer = clinic.client("front_desk").post("/patients/new/", _details(phone="+43 1 2345") | told)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert "+43 1 2345" in answer.content.decode()
    assert Patient.objects.count() == 2


def test_nobody_is_entered_twice_by_mistake(clinic: House) -> None:
    """The same name and day of birth is asked about once; said again, the patient is entered."""
    _new(clinic)
    client = clinic.client("nurse")
    answer = client.post("/patients/new/", _details(given_name="ada"))
    assert "record A-7. Save again" in answer.content.decode()
    assert 'name="again" value="on"' in answer.content.decode()
    assert client.post("/patients/new/", _details(given_name="ada") | {"again": "on"}).status_code == 302


def test_details_are_corrected_and_found_by_the_new_name(clinic: House) -> None:
    """Search follows; the audit names the fields and not what stands in them."""
    patient = _new(clinic)
    client = clinic.client("front_desk")
    told = _details(family_name="Stern", number="A-7")
    assert client.post(f"/patients/{patient.pk}/details/", told).status_code == 302
    assert "Stern" in client.get("/patients/", {"q": "stern"}).content.decode()
    entry = AuditEntry.objects.get(action="details changed")
    assert entry.detail == {"fields": ["family_name"]}


def test_an_archived_patient_is_out_of_the_list_and_cannot_be_changed(clinic: House) -> None:
    """Only a clinician archives and restores; answers to an archived record are refused with words."""
    patient = _new(clinic)
    assert clinic.client("nurse").post(f"/patients/{patient.pk}/archive/").status_code == 403
    client = clinic.client("clinician")
    client.post(f"/patients/{patient.pk}/archive/")
    assert client.get("/patients/", {"q": "berg"}).context["lines"] == []
    assert "<b>Berg</b>" in client.get("/patients/", {"q": "berg", "archived": "1"}).content.decode()
    answer = _save(client, patient, "patient.age", "50")
    assert (answer.status_code, b"archived, so nothing was saved" in answer.content) == (422, True)
    client.post(f"/patients/{patient.pk}/archive/")
    assert _save(client, patient, "patient.age", "50").status_code == 200


# Who may open what

_PAGES = (
    "",
    "details/",
    "consultation/",
    "consultation/question/?path=patient.age",
    "file/",
    "file/download/",
    "file/overrides/",
)
_POSTS = ("details/", "archive/", "consultation/save/", "consultation/rest/", "consultation/rows/", "consultation/lift/",
          "file/", "file/import/")  # fmt: skip


def test_another_clinics_patient_is_not_found(clinic: House) -> None:
    """Whatever the address; nothing is changed either."""
    patient, stranger = _new(clinic), house("South").client("clinician")
    lifted = LiftedRule.objects.create(
        clinic=clinic.clinic, patient=patient, rule_id="SCR-010", by=clinic.people["clinician"], reason="x", date="2026-11-22"
    )
    assert {page: stranger.get(f"/patients/{patient.pk}/{page}").status_code for page in _PAGES} == dict.fromkeys(_PAGES, 404)
    posts = (*_POSTS, f"consultation/lifted/{lifted.pk}/withdraw/")
    told = {"path": "patient.age", "value": "50", "file_version": 0, "block": "history", "rule_id": "SCR-010", "reason": "x"}
    assert {page: stranger.post(f"/patients/{patient.pk}/{page}", told).status_code for page in posts} == dict.fromkeys(
        posts, 404
    )
    patient.refresh_from_db()
    assert (patient.file, patient.archived_at) == (FILE, None)


@pytest.mark.parametrize("role", ["front_desk", "researcher", "administrator"])
def test_nothing_medical_opens_to_those_who_do_not_treat(clinic: House, role: str) -> None:
    """Neither reading nor writing."""
    patient, client = _new(clinic), clinic.client(role)
    pages = [page for page in _PAGES if page != "details/"]
    posts = [page for page in _POSTS if page != "details/"]
    assert [client.get(f"/patients/{patient.pk}/{page}").status_code for page in pages] == [403] * len(pages)
    assert [client.post(f"/patients/{patient.pk}/{page}").status_code for page in posts] == [403] * len(posts)


def test_the_front_desk_sees_no_medical_page_behind_the_details(clinic: House) -> None:
    """No tab, and no word of the consultation."""
    page = _page(clinic.client("front_desk"), _new(clinic), "details/")
    assert "consultation" not in page.lower().replace("recutis/consultation", "")


# The consultation


def _leaves() -> list[str]:
    return [place for place, ask in asks().items() if ask.kind not in {"rows", "group", "weights"}]


def test_every_key_of_the_patient_file_is_asked(clinic: House) -> None:
    """The form is made from the models: nothing that a file may hold is missing on the page, with its description as help."""
    file = {
        **FILE,
        "history": {**FILE["history"], "fillers": [{}], "test_spots": [{}], "previous_laser": [{}], "recent_procedures": [{}]},
    }
    page = _page(clinic.client("nurse"), _new(clinic, file))
    wanted = [f"q-{place.replace('.', '-')}" for place in _leaves()]
    for place in (
        "concerns.0",
        "history.fillers.0",
        "history.test_spots.0",
        "history.previous_laser.0",
        "history.recent_procedures.0",
    ):
        row = find(place)
        assert row is not None
        inner = [leaf for ask in row.fields for leaf in (ask.fields or (ask,))]
        wanted += [f"q-{ask.place.replace('.', '-')}" for ask in inner if ask.name not in {"scar_type", "vessel_diameter_mm"}]
    wanted.remove("q-concerns-0-diagnosis_confirmed")  # asked of brown spots; concern 1 is one
    assert [name for name in [*wanted, "q-concerns-1-diagnosis_confirmed"] if f'id="{name}"' not in page] == []
    assert "Dark marks after an injury, acne or treatment before." in page


@pytest.mark.parametrize(
    ("path", "value", "kept"),
    [
        ("patient.age", "47", 47),
        ("patient.age", "47,5", 47.5),
        ("patient.age", "4o", "4o"),
        ("patient.age", "", None),
        ("patient.tanned", "true", True),
        ("patient.tanned", "perhaps", "perhaps"),
        ("patient.phototype", "IV", "IV"),
        ("history.medications", "aspirin\n\n Doxycycline 100 mg ", ["aspirin", "Doxycycline 100 mg"]),
        ("history.medications", "none of these", []),
        ("history.radiotherapy_sites", ["cheek", "nose"], ["cheek", "nose"]),
        ("history.radiotherapy_sites", "none of these", []),
        ("history.diabetes", "false", False),
        ("history.diabetes", "uncontrolled", "uncontrolled"),
        ("history.isotretinoin", "current", "current"),
        ("history.isotretinoin", "stopped", "stopped"),
        ("concerns.1.count", "7", 7),
        ("concerns.1.count", "seven", "seven"),
        ("concerns.0.severity.value", "5", 5),
        ("concerns.0.diagnosis.method", "histology", "histology"),
        ("goals.max_pain_0_10", "", None),
        ("goals.priorities.fine_lines", "3", 3),
        ("date", "2026-11-25", "2026-11-25"),
    ],
)  # fmt: skip
def test_an_answer_is_kept_as_the_file_writes_it(clinic: House, path: str, value: Any, kept: Any) -> None:
    """Right ones as numbers, yes and no, and lists; wrong ones as they were typed; empty ones are taken out."""
    patient = _new(clinic)
    assert _save(clinic.client("nurse"), patient, path, value).status_code == 200
    patient.refresh_from_db()
    assert value_at(patient.file, path) == kept
    assert type(value_at(patient.file, path)) is type(kept)


def test_the_day_of_the_last_dose_stands_beside_its_choice(clinic: House) -> None:
    """`stopped` with a day is that day."""
    patient = _new(clinic)
    told = {"q-history-isotretinoin": "stopped", "q-history-isotretinoin-day": "2026-03-20", "path": "history.isotretinoin"}
    _post(clinic.client("nurse"), patient, "save", **told, file_version=0)
    patient.refresh_from_db()
    assert patient.file["history"]["isotretinoin"] == "2026-03-20"


def test_a_wrong_number_survives_with_its_error(clinic: House) -> None:
    """The answer comes back as typed after a reload, with the sentence, and the panel names it; the rest is screened on."""
    patient, client = _new(clinic, copy.deepcopy(TANNED)), clinic.client("nurse")
    answer = _save(client, patient, "patient.weight_kg", "4o").content.decode()
    assert "This is &#x27;4o&#x27;: write a plain number without a unit." in answer
    assert "saved" in answer
    page = _page(client, patient)
    assert 'value="4o"' in page
    assert "Weight (kg): This is &#x27;4o&#x27;" in page
    assert "SCR-055" in page
    with pytest.raises(InputError, match="weight_kg"):
        request_for(Patient.objects.get(pk=patient.pk), clinic.clinic)


def test_a_contradiction_is_named_at_both_answers_and_gone_when_one_is_right(clinic: House) -> None:
    """The answer to one question brings and takes the sentence at the other."""
    patient, client = _new(clinic), clinic.client("nurse")
    _save(client, patient, "patient.pregnant", "true")
    answer = _save(client, patient, "patient.sex", "male").content.decode()
    for name in ("q-patient-sex", "q-patient-pregnant"):
        state = answer.partition(f'id="state-{name}"')[2].partition("</span>")[0]
        assert "Sex is male and pregnant is true; these contradict each other" in state
    answer = _save(client, patient, "patient.pregnant", "false").content.decode()
    assert "contradict" not in answer
    assert 'id="state-q-patient-sex"' in answer


def test_questions_follow_the_answers(clinic: House) -> None:
    """Pregnancy is asked of women of child-bearing age, the confirmation of brown spots, the type of acne scars."""
    patient, client = _new(clinic, {"patient": {"age": 30}, "concerns": [{}]}), clinic.client("nurse")
    assert "Is she pregnant?" not in _page(client, patient)
    assert "Is she pregnant?" in _save(client, patient, "patient.sex", "female").content.decode()
    answer = _save(client, patient, "concerns.0.kind", "age_spots").content.decode()
    assert "confirmed that it is benign" in answer
    assert "Glogau" in answer
    assert "ECCA" not in answer
    answer = _save(client, patient, "concerns.0.kind", "acne_scars").content.decode()
    assert "Scar type" in answer
    assert "ECCA" in answer


def test_two_people_do_not_overwrite_each_other(clinic: House) -> None:
    """The second sees both answers and chooses; what the first did elsewhere is shown, not undone."""
    patient = _new(clinic)
    one, two = clinic.client("nurse"), clinic.client("clinician")
    _post(one, patient, "save", path="patient.age", value="50", file_version=0)
    _post(one, patient, "save", path="patient.smoker", value="true", file_version=1)
    answer = _post(two, patient, "save", path="patient.age", value="51", file_version=0)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Nurse of North changed this answer" in page
    assert "There now: “50”. Yours: “51”." in page
    assert 'id="file-version"' not in page, "the page would forget which answers it has not seen"
    patient.refresh_from_db()
    assert patient.file["patient"]["age"] == 50

    told = {"path": "patient.age", "json": "51", "over": "2", "file_version": 0}
    page = _post(two, patient, "save", **told).content.decode()
    patient.refresh_from_db()
    assert patient.file["patient"]["age"] == 51
    assert patient.file["patient"]["smoker"] is True
    state = page.partition('id="state-q-patient-age"')[2].partition("</span></span>")[0]
    assert "saved" in state
    assert 'id="q-patient-age"' not in page, "the answer that was just chosen stays as it is"
    assert 'id="q-patient-smoker"' in page, "the other person's answer comes with the next one"
    assert f'id="file-version" value="{patient.file_version}"' in page


def test_the_same_answer_given_twice_is_no_conflict(clinic: House) -> None:
    """Two people who say the same agree."""
    patient = _new(clinic)
    for role in ("nurse", "clinician"):
        assert _post(clinic.client(role), patient, "save", path="patient.age", value="50", file_version=0).status_code == 200


def test_no_to_the_open_ones_is_said_once_and_changes_no_answer(clinic: House) -> None:
    """Only open yes-or-no questions of that block are answered; what was yes stays yes; nothing is answered before."""
    patient = _new(clinic, {"history": {"keloid": True}, "concerns": [{"kind": "texture", "site": "cheek"}]})
    client = clinic.client("nurse")
    assert _page(client, patient)
    patient.refresh_from_db()
    assert patient.file["history"] == {"keloid": True}
    answer = _post(client, patient, "rest", block="history", file_version=patient.file_version)
    assert answer.status_code == 200
    _post(client, patient, "rest", block="active", file_version=1)
    patient.refresh_from_db()
    no = dict.fromkeys(("herpes_labialis", "vitiligo", "psoriasis", "immunosuppressed", "melasma"), False)
    assert patient.file["history"] == {"keloid": True, **no}
    assert patient.file["active"] == {"infection": "none", "acne": "none", "dermatitis": False}


def test_rows_are_added_filled_and_taken_out(clinic: House) -> None:
    """A list is not asked, then has a row, then says none."""
    patient, client = _new(clinic), clinic.client("nurse")

    def rows(**told: str) -> Any:
        patient.refresh_from_db()
        answer = _post(client, patient, "rows", path="history.fillers", file_version=patient.file_version, **told)
        assert answer.status_code == 200, answer.content
        patient.refresh_from_db()
        return patient.file["history"].get("fillers")

    assert rows(what="add") == [{}]
    _save(client, patient, "history.fillers.0.kind", "permanent")
    assert rows(what="add") == [{"kind": "permanent"}, {}]
    assert rows(what="remove", row="1") == [{"kind": "permanent"}]
    assert rows(what="remove", row="0") is None
    assert rows(what="none") == []
    assert rows(what="clear") is None


def test_a_row_that_somebody_else_moved_is_not_written_to(clinic: House) -> None:
    """Row numbers of a page that was opened before a row was taken out lead nowhere."""
    patient = _new(clinic)
    one, two = clinic.client("nurse"), clinic.client("clinician")
    _post(one, patient, "rows", path="concerns", what="remove", row="0", file_version=0)
    answer = _post(two, patient, "save", path="concerns.0.count", value="3", file_version=0)
    assert answer.status_code == 409
    assert _post(two, patient, "rows", path="concerns", what="remove", row="0", file_version=0).status_code == 422
    patient.refresh_from_db()
    assert patient.file["concerns"] == FILE["concerns"][1:]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"path": "patient.shoe_size", "value": "41"}, "no such question"),
        ({"path": "history.fillers", "value": "x"}, "no such question"),
        ({"path": "history.fillers.7.kind", "value": "permanent"}, "not there any more"),
        ({"path": "patient.age", "json": '"4\\u0000"'}, "no database keeps"),
        ({"path": "patient.age", "json": "[NaN]"}, "no number that can be kept"),
        ({"path": "patient.age", "json": "{"}, "not JSON"),
        ({"path": "patient.age", "json": '"' + "x" * 30_000 + '"'}, "longer than"),
        ({"path": "patient.age", "value": "5", "file_version": "new"}, "which version"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_one_sentence(clinic: House, told: dict[str, str], says: str) -> None:
    """With the reason, and without touching the record."""
    patient = _new(clinic)
    answer = _post(clinic.client("nurse"), patient, "save", **{"file_version": "0"} | told)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    patient.refresh_from_db()
    assert (patient.file, patient.file_version) == (FILE, 0)


_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
_ROWS = [
    "concerns.0.kind",
    "concerns.1.severity.value",
    "concerns.0.diagnosis.what",
    "concerns.9.site",
    "goals.priorities.texture",
]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(path="concerns.0.kind", value=[])
@given(path=st.sampled_from([*_leaves(), *_ROWS]) | st.text(max_size=12), value=_ANY_JSON)
def test_any_value_at_any_place_is_kept_or_refused(clinic: House, path: str, value: Any) -> None:
    """Never an error of the server; what is said to be saved is there, what is refused changes nothing."""
    patient, client = clinic.patients[0], clinic.client("nurse")
    patient.refresh_from_db()
    before = copy.deepcopy(patient.file)
    answer = _save(client, patient, path, "", json=json.dumps(value))
    patient.refresh_from_db()
    assert answer.status_code in {200, 400, 422}  # 400: a character that no database keeps
    if answer.status_code == 200:
        assert json.dumps(value_at(patient.file, path), sort_keys=True) == json.dumps(value, sort_keys=True)
        assert client.get(f"/patients/{patient.pk}/consultation/").status_code == 200
        assert client.get(f"/patients/{patient.pk}/").status_code == 200
    else:
        assert patient.file == before


def test_hostile_text_is_shown_as_text(clinic: House) -> None:
    """In names, answers, medicines, reasons and search."""
    file = copy.deepcopy(FILE)
    file["history"]["medications"] = [HOSTILE]
    file["patient"]["age"] = HOSTILE
    patient, client = _new(clinic, file, given_name=HOSTILE, family_name=HOSTILE, number=HOSTILE), clinic.client("clinician")
    _save(client, patient, "patient.phototype", HOSTILE)
    pages = [
        _page(client, patient),
        _page(client, patient, ""),
        _page(client, patient, "details/"),
        _page(client, patient, "file/"),
    ]
    pages += [client.get("/patients/").content.decode(), client.get("/patients/", {"q": HOSTILE}).content.decode()]
    conflict = _post(client, patient, "save", path="patient.phototype", value=f"{HOSTILE}'", file_version=0)
    assert conflict.status_code == 409
    for page in [*pages, conflict.content.decode()]:
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


def test_the_audit_names_the_question_and_never_the_answer(clinic: House) -> None:
    """Which place changed, whose, and by whom."""
    patient = _new(clinic)
    _save(clinic.client("nurse"), patient, "history.medications", "lithium")
    entry = AuditEntry.objects.get(action="consultation answered")
    assert entry.detail == {"places": ["history.medications"]}
    assert entry.patient_id_text == str(patient.pk)
    assert not any("lithium" in json.dumps(item.detail) for item in AuditEntry.objects.all())


# Screening beside it


@pytest.mark.parametrize(
    "file", [FILE, TANNED, {**FILE, "active": {}}, {**FILE, "concerns": [{"kind": "undiagnosed", "site": "nose"}]}]
)
def test_the_panel_says_what_screening_says(clinic: House, file: dict[str, Any]) -> None:
    """Status, firing rules with source, open questions and optional answers are those of the library."""
    patient = _new(clinic, copy.deepcopy(file))
    panel = clinic.client("nurse").get(f"/patients/{patient.pk}/consultation/").context["panel"]
    parsed = parse_patient(file)
    told = screen(parsed)
    assert panel.status == told.status
    assert {item.entry.rule_id for item in panel.firing if item.entry.state == "fires"} == {
        entry.rule_id for entry in told.firing
    }
    assert [item.place for item in panel.open] == [item.place for item in questions(parsed)]
    assert [item.place for item in panel.optional] == [place for place in unasked(parsed) if ":" not in place]
    page = _page(clinic.client("nurse"), patient)
    assert all(f"{entry.rule_id}</span> · " in page for entry in told.firing)


def test_each_open_question_of_the_panel_leads_to_its_field(clinic: House) -> None:
    """The links of the panel name questions that are on the page."""
    page = _page(
        clinic.client("nurse"), _new(clinic, {"patient": {"age": 40, "sex": "female"}, "concerns": [{"kind": "age_spots"}]})
    )
    names = [part.partition('"')[0] for part in page.split('data-to="')[1:]]
    assert len(names) > 15
    assert [name for name in names if f'id="{name}"' not in page] == []


# Overrides


def test_a_physician_lifts_a_rule_and_puts_it_back(clinic: House) -> None:
    """With name and reason; the plan's request carries it; withdrawn, it is gone from there and stays in the record."""
    patient, client = _new(clinic, copy.deepcopy(TANNED)), clinic.client("clinician")
    answer = _post(client, patient, "lift", rule_id="SCR-010", reason="Tan is a self-tanner,\nwashed off.")
    assert answer.status_code == 200
    (override,) = request_for(patient, clinic.clinic).overrides
    assert (override.rule_id, override.by, override.role) == ("SCR-010", "Clinician of North", "physician")
    assert "Lifted by Clinician of North (physician)" in _page(clinic.client("nurse"), patient)
    lifted = LiftedRule.objects.get()
    _post(client, patient, f"lifted/{lifted.pk}/withdraw")
    lifted.refresh_from_db()
    assert lifted.withdrawn_by == clinic.people["clinician"]
    assert request_for(patient, clinic.clinic).overrides == ()
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"rule lifted", "override withdrawn"} <= actions


@pytest.mark.parametrize(
    ("rule_id", "reason", "says"),
    [
        ("SCR-012", "she insists", "nobody may lift it"),
        ("SCR-008", "no reason", "it does not fire for this patient"),
        ("SCR-999", "x", "there is no such rule"),
        ("SCR-010", " ", "Say why SCR-010"),
        ("CEI-002", "x", "no ceiling that asks for a physician"),
    ],
)
def test_what_may_not_be_lifted_is_refused_with_the_sentence(clinic: House, rule_id: str, reason: str, says: str) -> None:
    """`never` means nobody; the button is not there, and asking without it is refused."""
    file = copy.deepcopy(TANNED)
    file["patient"]["pregnant"] = True
    patient, client = _new(clinic, file), clinic.client("clinician")
    page = _page(client, patient)
    assert "Lift SCR-010" in page
    assert "Lift SCR-012" not in page
    assert "Nobody may lift this rule." in page
    answer = _post(client, patient, "lift", rule_id=rule_id, reason=reason)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not LiftedRule.objects.exists()


@pytest.mark.parametrize("role", ["nurse", "front_desk", "researcher", "administrator"])
def test_only_a_physician_lifts(clinic: House, role: str) -> None:
    """Others are refused, and a nurse sees no button."""
    patient = _new(clinic, copy.deepcopy(TANNED))
    assert _post(clinic.client(role), patient, "lift", rule_id="SCR-010", reason="x").status_code == 403
    if role == "nurse":
        assert "Lift SCR-010" not in _page(clinic.client(role), patient)


def test_a_lifted_rule_lapses_when_its_reason_is_gone(clinic: House) -> None:
    """When the rule stops firing the decision ends; when it fires again a physician decides anew."""
    patient, client = _new(clinic, copy.deepcopy(TANNED)), clinic.client("clinician")
    _post(client, patient, "lift", rule_id="SCR-010", reason="self-tanner")
    _save(clinic.client("nurse"), patient, "patient.age", "4o")
    assert LiftedRule.objects.filter(withdrawn_at=None).exists(), "nothing lapses while an answer cannot be read"
    _save(clinic.client("nurse"), patient, "patient.age", "46")
    _save(clinic.client("nurse"), patient, "patient.tanned", "false")
    assert not LiftedRule.objects.filter(withdrawn_at=None).exists()
    assert ["SCR-010"] in [entry.detail.get("lapsed") for entry in AuditEntry.objects.all()]


def test_a_ceiling_that_waits_for_a_physician_can_be_lifted(clinic: House) -> None:
    """CEI-002 is offered in phototype IV, to the clinician only."""
    file = copy.deepcopy(FILE)
    file["patient"]["phototype"] = "IV"
    patient, client = _new(clinic, file), clinic.client("clinician")
    assert "Lift CEI-002" in _page(client, patient)
    assert _post(client, patient, "lift", rule_id="CEI-002", reason="test spot clean").status_code == 200
    assert request_for(patient, clinic.clinic).overrides[0].rule_id == "CEI-002"


# The request for a plan


def test_the_request_holds_the_file_and_the_clinics_devices(clinic: House) -> None:
    """Without a list of devices every catalogue device is open; with one, those."""
    patient = clinic.patients[0]
    assert request_for(patient, clinic.clinic).patient == parse_patient(FILE)
    assert request_for(patient, clinic.clinic).clinic is None
    clinic.clinic.devices_file = {"devices": ["Fraxel DUAL 1927"]}
    made = request_for(patient, clinic.clinic).clinic
    assert made is not None
    assert [device.name for device in made.devices] == ["Fraxel DUAL 1927"]
    clinic.clinic.devices_file = {"devices": ["Fraxel DUEL 1927"]}
    with pytest.raises(InputError, match=r"the clinic's list of devices\) is 'Fraxel DUEL 1927': there is no device"):
        request_for(patient, clinic.clinic)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ({}, "names no concern yet"),
        ({"concerns": [{"kind": "texture"}]}, "concerns.0.site"),
        ({**FILE, "patient": 3}, "patient"),
    ],
)
def test_what_keeps_a_plan_from_being_made_is_one_sentence(clinic: House, file: dict[str, Any], says: str) -> None:
    """No traceback, whatever stands in the record."""
    patient = _new(clinic, file)
    with pytest.raises(InputError, match=says):
        request_for(patient, clinic.clinic)
    assert clinic.client("nurse").get(f"/patients/{patient.pk}/consultation/").status_code == 200


# Import and export


def _upload(client: Client, patient: Patient, text: str | bytes, name: str = "file") -> Any:
    sent = SimpleUploadedFile("Ada Berg.yaml", text.encode() if isinstance(text, str) else text)
    return client.post(f"/patients/{patient.pk}/file/", {name: sent})


def _carried(answer: Any) -> dict[str, str]:
    return {"carried": answer.content.decode().partition('name="carried" value="')[2].partition('"')[0]}


def test_a_file_goes_out_without_a_name_and_comes_in_again(clinic: House) -> None:
    """What is downloaded is the patient file of the command line; brought in elsewhere after a look, it is the same."""
    patient, client = _new(clinic), clinic.client("nurse")
    answer = client.get(f"/patients/{patient.pk}/file/download/")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="patient-file-{timezone.localdate()}.yaml"'
    assert yaml.safe_load(answer.content) == FILE
    assert not any(word in answer.content.decode() for word in ("Ada", "Berg", "A-7", "1980"))
    other = _new(clinic, {"patient": {"age": 20}}, number="A-8")
    preview = _upload(client, other, answer.content)
    other.refresh_from_db()
    assert other.file == {"patient": {"age": 20}}, "looking changes nothing"
    assert ("patient.age", "20", "46") in {(item.place, item.before, item.after) for item in preview.context["differences"]}
    assert client.post(f"/patients/{other.pk}/file/import/", _carried(preview)).status_code == 302
    other.refresh_from_db()
    assert other.file == FILE
    assert AuditEntry.objects.filter(action="patient file imported").exists()


def test_days_of_a_yaml_file_are_kept_as_days(clinic: House) -> None:
    """2026-03-20 without quotes is the day that the command line reads."""
    patient, client = _new(clinic), clinic.client("nurse")
    file = copy.deepcopy(FILE)
    file["date"] = datetime.date(2026, 11, 22)
    file["history"]["isotretinoin"] = datetime.date(2026, 3, 20)
    client.post(f"/patients/{patient.pk}/file/import/", _carried(_upload(client, patient, yaml.safe_dump(file))))
    patient.refresh_from_db()
    assert patient.file["history"]["isotretinoin"] == "2026-03-20"
    assert parse_patient(patient.file) == parse_patient(file)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "found nothing"),
        ("concerns: [", "not valid YAML"),
        (b"\xff\xfe\x00", "not UTF-8"),
        ("patient: {agee: 4}", "did you mean &#x27;age&#x27;?"),
        ("patient: {age: 4o}", "write a plain number"),
        ("a: &x [1]\nb: *x", "alias"),
        ("patient: {age: !!binary aGk=}", "does not have (bytes)"),
        ("x: " + "y" * 300_000, "at most"),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(clinic: House, text: str | bytes, says: str) -> None:
    """One sentence with the place; the record stays as it is."""
    patient = _new(clinic)
    answer = _upload(clinic.client("nurse"), patient, text)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    patient.refresh_from_db()
    assert patient.file == FILE


def test_an_import_gives_way_to_what_changed_since(clinic: House) -> None:
    """A record that somebody changed after the look is not overwritten; a forged import is refused."""
    patient, client = _new(clinic), clinic.client("nurse")
    carried = _carried(_upload(client, patient, yaml.safe_dump({**FILE, "active": {}})))
    _save(client, patient, "patient.age", "50")
    answer = client.post(f"/patients/{patient.pk}/file/import/", carried)
    assert "has changed since" in answer.content.decode()
    assert client.post(f"/patients/{patient.pk}/file/import/", {"carried": "x"}).status_code == 422
    other = _new(clinic, number="A-9")
    assert client.post(f"/patients/{other.pk}/file/import/", carried).status_code == 422
    patient.refresh_from_db()
    assert patient.file["active"] == FILE["active"]


def test_overrides_come_in_as_the_decision_of_the_physician_who_brings_them(clinic: House) -> None:
    """A nurse is refused; a clinician lifts under their own name, with who decided before in the reason."""
    patient = _new(clinic, copy.deepcopy(TANNED))
    text = yaml.safe_dump(
        {
            "overrides": [
                {"rule_id": "SCR-010", "by": "Dr Old", "role": "physician", "reason": "self-tanner", "date": "2026-11-20"}
            ]
        }
    )
    assert "Only a clinician lifts" in _upload(clinic.client("nurse"), patient, text, "overrides").content.decode()
    client = clinic.client("clinician")
    preview = _upload(client, patient, text, "overrides")
    assert not LiftedRule.objects.exists()
    client.post(f"/patients/{patient.pk}/file/import/", _carried(preview))
    lifted = LiftedRule.objects.get()
    assert (lifted.by, lifted.reason) == (clinic.people["clinician"], "self-tanner (as decided by Dr Old on 2026-11-20)")
    taken_out = yaml.safe_load(client.get(f"/patients/{patient.pk}/file/overrides/").content)
    assert taken_out["overrides"][0]["rule_id"] == "SCR-010"
    bad = text.replace("SCR-010", "SCR-012")
    assert "cannot be overridden" in _upload(client, patient, bad, "overrides").content.decode()


def test_the_first_page_of_a_patient_says_where_things_stand(clinic: House) -> None:
    """Concerns, screening and what comes next; a record without answers leads to the consultation."""
    page = _page(clinic.client("nurse"), _new(clinic, copy.deepcopy(TANNED)), "")
    assert "<b>fine lines</b>, periorbital" in page
    assert "recent sun exposure or tan" in page
    empty = _page(clinic.client("nurse"), _new(clinic, {}, number="A-8"), "")
    assert "Start the consultation" in empty
    assert "No concern is named yet." in empty


def test_tabs_lead_to_pages_that_exist(clinic: House) -> None:
    """The two pages of this part are always there; every tab that is shown has an address."""
    page = _page(clinic.client("nurse"), patient := _new(clinic), "")
    tabs = page.partition('class="tabs"')[2].partition("</nav>")[0]
    assert f'<a href="/patients/{patient.pk}/" aria-current="page">Overview</a>' in tabs
    assert f'<a href="/patients/{patient.pk}/consultation/">Consultation</a>' in tabs
    assert 'href=""' not in tabs
