"""Consent: what the text says, that it is the plan's, how it is signed, kept and withdrawn."""

from __future__ import annotations

import re
from html import unescape

import pytest
from web_course import course, laser, released, session_of
from web_people import House, house

from recutis.plan.document import Plan
from recutis.report.words import RISK_PLAIN
from recutis.web.audit.models import AuditEntry
from recutis.web.delivery.consent import consent_for, signature_wrong, wording_of
from recutis.web.delivery.gates import checklist_of
from recutis.web.delivery.models import Consent, ConsentWording
from recutis.web.delivery.release import release
from recutis.web.delivery.wording import FIRST_WORDING, NEEDED, PLACES, digest_of, filled, wrong_with
from recutis.web.planning.models import CoursePlan

pytestmark = pytest.mark.django_db
INK = "M10 10L20 20L30 10L40 20L50.5 10.5L60 20"


@pytest.fixture
def clinic() -> House:
    """A clinic with everybody."""
    return house("North")


def _ready(clinic: House, **told: object) -> CoursePlan:
    laser(clinic)
    plan = course(clinic, **told)
    release(plan, clinic.people["clinician"])
    return plan


def _text(answer: object) -> str:
    return unescape(answer.content.decode())  # type: ignore[attr-defined]


def _form(plan: CoursePlan, **told: str) -> dict[str, str]:
    digest = digest_of(filled(wording_of(plan.clinic).text, plan))
    return {"agree": "1", "signed_name": plan.patient.name, "signature": INK, "digest": digest, **told}


# The text


def test_the_text_tells_every_predicted_risk_with_its_range(clinic: House) -> None:
    """Each of the ten, the odds, the alternatives, no treatment, whom to call; no place is left unfilled."""
    plan = _ready(clinic, spot=True)
    text = filled(FIRST_WORDING, plan)
    made = Plan.model_validate(plan.document)
    for name, (words, _) in RISK_PLAIN.items():
        line = next(line for line in text.splitlines() if line.startswith(f"- {words}:"))
        assert re.search(r"in 100|in 1000", line), name
        assert ("◊" in line) == getattr(made.options[0].predictions.risks, name).per_course.provisional, name
    pih = made.options[0].predictions.risks.pih.per_course
    assert f"({round(pih.p10)} to {round(pih.p90)})" in text
    for words in ("Microneedling", "sunscreen alone", "+43 1 000", "Out of hours: +43 1 999", "The small spot is tried here", "Day 1",
                  plan.patient.name, clinic.people["clinician"].full_name, "not cleared as a medical device"):  # fmt: skip
        assert words in text
    assert "{{" not in text
    assert "None" not in text
    assert filled(FIRST_WORDING, plan) == text


def test_the_text_of_a_clinic_without_a_number_says_so(clinic: House) -> None:
    """A patient is not left with an empty line."""
    clinic.clinic.phone = clinic.clinic.out_of_hours_phone = ""
    clinic.clinic.save()
    text = filled(FIRST_WORDING, _ready(clinic))
    assert "ask for our telephone number before you leave" in text


def test_the_first_wording_uses_every_place(clinic: House) -> None:
    """So that the list of places and the wording do not drift apart."""
    assert wrong_with(FIRST_WORDING) == []
    assert set(re.findall(r"\{\{(\w+)\}\}", FIRST_WORDING)) == set(PLACES)
    assert wording_of(clinic.clinic).version == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("{{risks}}", ""), "add {{risks}}"),
        (("{{risks}}", "{{risk}}"), "did you mean {{risks}}?"),
        (("{{risks}}", "{{risks"), "is no place to fill"),
        (("{{days}}", "{{patient.file}}"), "is no place to fill"),
    ],
)
def test_a_wording_that_leaves_out_what_must_be_told_is_refused(clinic: House, change: tuple[str, str], why: str) -> None:
    """Nothing is saved, and what was typed stays in the form."""
    client = clinic.client("clinician")
    text = FIRST_WORDING.replace(*change)
    answer = client.post("/consent-wording/", {"text": text})
    assert answer.status_code == 422
    assert why in _text(answer)
    assert "Ask whatever you like" in _text(answer)
    assert ConsentWording.objects.count() == 1


def test_a_new_wording_is_a_new_version(clinic: House) -> None:
    """By clinician or administrator; the old one stays to be read."""
    text = FIRST_WORDING.replace("Ask whatever you like.", "Ask us anything.")
    assert clinic.client("nurse").get("/consent-wording/").status_code == 403
    assert clinic.client("administrator").post("/consent-wording/", {"text": text}).status_code == 302
    assert wording_of(clinic.clinic).version == 2
    assert "Ask whatever you like." in _text(clinic.client("clinician").get("/consent-wording/1/"))
    answer = clinic.client("clinician").post("/consent-wording/", {"text": text})
    assert "Nothing differs" in _text(answer)
    assert len(NEEDED) == 8


# Signing


def test_a_consent_keeps_the_words_that_were_read(clinic: House) -> None:
    """Word for word with its hash, both photo answers apart, the witness, and the signature as it was drawn."""
    plan, client = _ready(clinic), clinic.client("nurse")
    page = _text(client.get(f"/plans/{plan.pk}/consent/"))
    assert "Dark marks" in page
    answer = client.post(f"/plans/{plan.pk}/consent/", _form(plan, care="1"))
    kept = Consent.objects.get()
    assert answer.headers["Location"] == f"/consents/{kept.pk}/?handed=1"
    assert kept.text == filled(FIRST_WORDING, plan)
    assert kept.text_sha256 == digest_of(kept.text)
    assert (kept.photos_for_care, kept.photos_for_teaching) == (True, False)
    assert kept.witness == clinic.people["nurse"]
    assert kept.signature_svg_path == INK
    shown = _text(client.get(f"/consents/{kept.pk}/"))
    assert f'd="{INK}"' in shown
    assert kept.text_sha256 in shown
    assert "is not the one that was signed" not in shown
    Consent.objects.filter(pk=kept.pk).update(text=kept.text.replace("Dark marks", "Nothing"))
    assert "is not the one that was signed" in _text(client.get(f"/consents/{kept.pk}/"))
    assert AuditEntry.objects.get(action="consent signed").detail["sha256"] == kept.text_sha256


def test_a_typed_name_is_enough_but_agreement_and_name_are_needed(clinic: House) -> None:
    """Nothing is signed by accident."""
    plan, client = _ready(clinic), clinic.client("clinician")
    place = f"/plans/{plan.pk}/consent/"
    for missing, why in (("agree", "Tick that you agree"), ("signed_name", "Type your full name")):
        answer = client.post(place, {**_form(plan), missing: ""})
        assert answer.status_code == 422
        assert why in _text(answer)
    assert not Consent.objects.exists()
    assert client.post(place, _form(plan, signature="")).status_code == 302
    assert Consent.objects.get().signature_svg_path == ""


def test_a_text_that_changed_meanwhile_must_be_read_again(clinic: House) -> None:
    """What is signed is what was shown."""
    plan, client = _ready(clinic), clinic.client("nurse")
    told = _form(plan)
    ConsentWording.objects.create(clinic=clinic.clinic, version=2, text=FIRST_WORDING + "\nOne line more.\n")
    answer = client.post(f"/plans/{plan.pk}/consent/", told)
    assert answer.status_code == 422
    assert "has changed since this page was opened" in _text(answer)
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        'M1 1"/><script>alert(1)</script>', "M1 1L2 2C3 3 4 4 5 5L1 1L2 2", "L1 1L2 2L3 3L4 4L5 5", "M1 1L2 2L3 3L4 4L1e9 5",
        "M1 1L2 2L3 3L4 4L9999 5", "M1 1L2 2L3 3L4 4L601 5", "M1 1L2 2L3 3L4 4L5 181", "M1 1", "M-1 1L2 2L3 3L4 4L5 5",
        "M1 1 L2 2 L3 3 L4 4 L5 5", "M1,1L2,2L3,3L4,4L5,5", "url(http://evil.example)", "M1 1" + "L2 2" * 5000,
        "M١ 1L2 2L3 3L4 4L5 5",
    ],
)  # fmt: skip
def test_a_signature_is_moves_and_lines_and_nothing_else(clinic: House, path: str) -> None:
    """Anything else is refused, is not kept and not shown."""
    assert signature_wrong(INK) == ""
    assert signature_wrong(path)
    plan = _ready(clinic)
    answer = clinic.client("nurse").post(f"/plans/{plan.pk}/consent/", _form(plan, signature=path))
    assert answer.status_code == 422
    assert not Consent.objects.exists()
    assert path not in _text(answer)


def test_a_draft_cannot_be_signed(clinic: House) -> None:
    """Only a released plan's text is shown."""
    plan = course(clinic)
    answer = clinic.client("nurse").get(f"/plans/{plan.pk}/consent/")
    assert answer.headers["Location"] == f"/plans/{plan.pk}/release/"
    clinic.client("nurse").post(f"/plans/{plan.pk}/consent/", _form(plan))
    assert not Consent.objects.exists()


def test_a_consent_belongs_to_one_plan_and_can_be_taken_back(clinic: House) -> None:
    """A new plan asks for a new one, and a withdrawn one opens no session."""
    plan = released(clinic)
    assert next(gate for gate in checklist_of(session_of(plan)).gates if gate.name == "consent").holds
    newer = course(clinic)
    release(newer, clinic.people["clinician"])
    gate = next(gate for gate in checklist_of(session_of(newer)).gates if gate.name == "consent")
    assert not gate.holds
    assert "an earlier plan's consent does not count" in gate.words
    kept = consent_for(plan)
    assert clinic.client("nurse").post(f"/consents/{kept.pk}/withdraw/", {"why": "afraid"}).status_code == 302
    assert consent_for(plan) is None
    kept.refresh_from_db()
    assert kept.withdrawn_at is not None
    assert AuditEntry.objects.get(action="consent withdrawn").detail["why"] == "afraid"
    south = house("South")
    assert south.client("nurse").get(f"/consents/{kept.pk}/").status_code == 404
    assert clinic.client("front_desk").get(f"/consents/{kept.pk}/").status_code == 403
