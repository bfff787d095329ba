"""What holds for every page: headers, deployment settings, and no role or clinic sees what is not its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from web_people import House, house

import recutis.web
from recutis.web.audit.models import AuditEntry
from recutis.web.awake import do_all

TEMPLATES = sorted(Path(recutis.web.__file__).parent.rglob("templates/**/*.html"))


def test_the_deployment_settings_are_clean(tmp_path: Path) -> None:
    """`check --deploy` finds nothing to warn of in production settings."""
    environment = {name: text for name, text in os.environ.items() if name != "RECUTIS_SECRET_KEY"} | {
        "RECUTIS_DATA": str(tmp_path), "RECUTIS_HTTPS": "1", "DJANGO_SETTINGS_MODULE": "recutis.web.settings",
    }  # fmt: skip
    command = [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "INFO"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    """The key in the data folder is long, private, and the same the next time."""
    from recutis.web.places import secret_key

    key = secret_key(tmp_path)
    assert len(key) >= 64
    assert secret_key(tmp_path) == key
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_pages_carry_the_headers_that_protect_them() -> None:
    """Scripts come from this server only, nobody frames a page, nothing is cached."""
    headers = house("North").client("clinician").get("/me/").headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == policy["object-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_an_unknown_host_name_is_refused() -> None:
    """A request that names another host gets no page: links in it could not be trusted."""
    assert Client(HTTP_HOST="evil.example").get("/sign-in/").status_code == 400


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused() -> None:
    """Without the page's own token nothing is changed."""
    made = house("North")
    client = Client(enforce_csrf_checks=True)
    client.force_login(made.people["nurse"], backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/sign-out/")
    assert answer.status_code == 403
    assert "Open the page again" in answer.content.decode()


def test_no_template_holds_a_script_or_a_style() -> None:
    """Handlers, inline scripts and style attributes would need a hole in the policy."""
    assert len(TEMPLATES) > 10
    bad = re.compile(
        r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>|\son(?:click|change|input|submit|load|error|focus|blur|key[a-z]+|mouse[a-z]+|pointer[a-z]+)=|\sstyle=|javascript:|hx-on|<style(?![^>]*nonce)"
    )
    texts = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES}
    assert {name: match.group(0) for name, text in texts.items() if (match := bad.search(text))} == {}


@pytest.fixture
def north() -> House:
    """A clinic."""
    return house("North")


@pytest.mark.django_db
def test_reading_leaves_a_trace(north: House) -> None:
    """The clinic's own details, once looked at, are in the audit with the name of who looked."""
    north.client("administrator").get("/people/")
    entry = AuditEntry.objects.get()
    assert entry.who == north.people["administrator"].full_name
    assert entry.action == "view accounts:people"


def test_the_page_on_security_names_tests_that_exist() -> None:
    """Each requirement names the test that shows it, and that test is there."""
    here = Path(__file__).parent
    text = (here.parent / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", text))
    code = "\n".join(path.read_text(encoding="utf-8") for path in here.glob("test_web_*.py"))
    assert len(named) > 30
    assert {name for name in named if f"def {name}(" not in code} == set()


@pytest.mark.django_db
def test_a_nul_character_is_refused_wherever_it_stands(north: House) -> None:
    """In a form, in a search, in an address, and by strangers: one page with status 400, never a fault of the database."""
    nurse, patient = north.client("nurse"), north.patients[0]
    session = uuid4()
    answers = [
        nurse.get("/patients/", {"q": "a\x00b"}),
        nurse.get("/no\x00where/"),
        nurse.post(f"/sessions/{session}/check/", {"item": "herpes", "answer": "yes", "typed": "Dr\x00"}),
        nurse.post(f"/patients/{patient.pk}/consultation/save/", {"path": "history.medications", "value": "a\x00"}),
        Client().post("/sign-in/", {"email": "a\x00@b.example", "password": "x"}),
    ]
    assert {answer.status_code for answer in answers} <= {400, 404}
    assert [answer.status_code for answer in answers].count(400) >= 3


@pytest.mark.django_db
def test_a_page_that_is_shown_again_is_in_the_audit(north: House) -> None:
    """Whoever sends a wrong form sees the record as by the right one, and leaves a trace that says nothing was saved."""
    patient = north.patients[0]
    answer = north.client("nurse").post(f"/patients/{patient.pk}/file/", {})
    assert answer.status_code == 422
    entry = AuditEntry.objects.get(patient_id_text=str(patient.pk))
    assert entry.action == "not saved patients:file"


@pytest.mark.django_db
def test_a_chore_that_fails_does_not_keep_alarms_from_going_up(caplog: pytest.LogCaptureFixture) -> None:
    """A folder that cannot be read, or a fault of ours, is logged; the next chore is done."""
    done = []

    def broken() -> None:
        msg = "no such folder"
        raise FileNotFoundError(msg)

    do_all([broken, lambda: done.append(1)])
    assert done == [1]
    assert "a chore failed: broken" in caplog.text
