"""The whole way in a real browser: sign-in, patient, screening, plan, consent, delivery, diary on a phone, alarm, update, report.

Every page on the way is held to three things: axe finds nothing, the browser reports no breach of the policy, nothing scrolls
sideways.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from web_chromium import faults, listen, opened
from web_server import EMAIL, PASSWORD, Server

SCREEN = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 60_000


@dataclass
class Clinic:
    """A running workstation, the screen of the clinician, and what went wrong in any page."""

    server: Server
    browser: Browser
    trouble: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page = self._listened(self.browser.new_context(viewport=SCREEN))

    def _listened(self, context: BrowserContext) -> Page:
        context.set_default_timeout(PATIENCE_MS)
        return listen(context.new_page(), self._heard)

    def _heard(self, words: str) -> None:
        if not re.search(r"server responded with a status of 4\d\d", words):  # a refusal that the way provokes
            self.trouble.append(words)

    def phone(self) -> Page:
        """A telephone of its own."""
        return self._listened(self.browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True))

    def open(self, path: str) -> Page:
        """Go to an address."""
        self.page.goto(self.server.url + path)
        return self.page

    def check(self, page: Page | None = None) -> None:
        """Hold the page that is open to what every page must hold."""
        page = page or self.page
        page.wait_for_load_state("networkidle")
        assert faults(page) == [], page.url
        assert self.trouble == [], (page.url, self.trouble)

    def answered(self, act: Callable[[], Any], page: Page | None = None) -> None:
        """Do something that the server answers, and wait for the answer."""
        page = page or self.page
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            act()
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(150)  # htmx puts the answer into the page


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """`recutis serve` in an empty folder, and a browser."""
    (tmp_path / "data").mkdir()
    environment = {"TZ": "UTC"} | ({"DATABASE_URL": os.environ["DATABASE_URL"]} if os.environ.get("DATABASE_URL") else {})
    server = Server(tmp_path / "data", environment)
    server.start()
    with opened() as browser:
        yield Clinic(server, browser)
    server.stop()


def _first_start(clinic: Clinic) -> None:
    page = clinic.open("/")
    clinic.check()
    page.get_by_label("Name of the clinic").fill("North")
    page.get_by_label("Your name").fill("Ada Berg")
    page.get_by_label("E-mail").fill(EMAIL)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#id_password_again").fill(PASSWORD)
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("heading", name="Patients")).to_be_visible()
    clinic.check()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("E-mail").fill(EMAIL)
    page.locator("#id_password").fill(PASSWORD)
    clinic.check()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Patients")).to_be_visible()


def _lasers(clinic: Clinic) -> None:
    page = clinic.open("/devices/clinic-file/")
    for device in ("Fraxel re:store", "QS Nd:YAG 532"):
        page.locator(f"input[value='{device}']").check()
    for name in ("none", "cold_air"):
        page.locator(f"input[name=anaesthesia][value={name}]").check()
    clinic.check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state("networkidle")
    page = clinic.open("/devices/")
    page.locator("select[name=device]").select_option("Fraxel re:store")
    page.get_by_label("Serial number").fill("A-1")
    page.get_by_role("button", name="Enter", exact=True).click()
    page.wait_for_load_state("networkidle")
    due = (datetime.datetime.now(tz=datetime.UTC).date() + datetime.timedelta(days=200)).isoformat()
    for kind in ("service", "calibration"):
        page.get_by_label("What").select_option(kind)
        page.get_by_label("Next due").fill(due)
        page.get_by_role("button", name="Enter", exact=True).click()
        page.wait_for_load_state("networkidle")
    expect(page.get_by_text("Ready", exact=True)).to_be_visible()
    clinic.check()


def _consultation(clinic: Clinic) -> str:
    """Enter a patient and answer the questions; returns the patient's id."""
    page = clinic.open("/patients/new/")
    clinic.check()
    for label, text in (("Given name", "Maria"), ("Family name", "Lindqvist"), ("Date of birth", "1980-02-03")):
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/consultation/")
    clinic.answered(lambda: page.get_by_role("button", name="Add a concern").click())
    clinic.answered(lambda: page.locator("select[name=q-concerns-0-kind]").select_option("fine_lines"))
    clinic.answered(lambda: page.locator("select[name=q-concerns-0-site]").select_option("periorbital"))
    for name, value in (("patient-sex", "female"), ("patient-phototype", "II")):
        clinic.answered(lambda name=name, value=value: page.locator(f"input[name=q-{name}][value={value}]").check())
    for block in ("The person", "History"):
        clinic.answered(lambda block=block: page.get_by_role("button", name=f"No to the open ones : {block}").click())
    clinic.answered(lambda: page.locator("input[name=q-history-isotretinoin][value=never]").check())
    clinic.answered(lambda: page.locator("input[name=q-history-medications][type=checkbox]").check())
    clinic.answered(lambda: page.get_by_role("button", name="None of these today").click())
    expect(page.get_by_text("Ready to plan").filter(visible=True).first).to_be_visible()
    clinic.check()
    page.reload()
    expect(page.get_by_text("Ready to plan").filter(visible=True).first).to_be_visible()
    return page.url.split("/")[4]


def _plan(clinic: Clinic) -> str:
    """Make a plan, move a goal, choose a point; returns the plan's id."""
    page = clinic.page
    page.get_by_role("link", name="Plan", exact=True).first.click()
    clinic.check()
    page.get_by_role("button", name="Make a plan").click()
    page.wait_for_url("**/plans/**")
    expect(page.get_by_role("heading", name="Fraxel re:store").first).to_be_visible()
    clinic.check()
    slider = page.get_by_label(re.compile("Social downtime at most"))
    with page.expect_response(lambda answer: "/judge/" in answer.url):
        slider.fill("2")
    page.wait_for_load_state("networkidle")
    clinic.check()
    return page.url.split("/")[4]


def _release_and_consent(clinic: Clinic, plan: str) -> None:
    page = clinic.open(f"/plans/{plan}/release/")
    clinic.check()
    page.get_by_label("I have read").check()
    page.get_by_role("button", name="Release the plan").click()
    expect(page.get_by_text("the patient's part may leave")).to_be_visible()
    clinic.check()
    page = clinic.open(f"/plans/{plan}/consent/")
    clinic.check()
    page.get_by_label("I have read this").check()
    page.get_by_label("for my own care").check()
    page.get_by_label("Your full name").fill("Maria Lindqvist")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    clinic.check()


def _delivery(clinic: Clinic, patient: str) -> None:
    page = clinic.open(f"/patients/{patient}/sessions/")
    clinic.check()
    page.get_by_role("link", name="Session 1").click()
    page.wait_for_load_state("networkidle")
    session = page.url.split("/")[4]
    clinic.open(f"/sessions/{session}/move/")
    page.locator("input[type=date]").fill(datetime.datetime.now(tz=datetime.UTC).date().isoformat())
    page.get_by_role("button", name="Book").click()
    page.wait_for_load_state("networkidle")
    clinic.check()
    clinic.open(f"/sessions/{session}/")
    page.get_by_role("button", name="Start the session").click()
    expect(page.get_by_role("button", name="Start the session")).to_be_visible()  # gates do not hold yet
    for waiting in ("button[name=answer][value=yes].main-action", "button[value=no][aria-pressed=false]"):
        while page.locator(waiting).count():
            clinic.answered(lambda waiting=waiting: page.locator(waiting).first.click())
    clinic.check()
    page.get_by_role("button", name="Start the session").click()
    page.get_by_role("link", name="Log periorbital").click()
    clinic.check()
    page.get_by_role("button", name="As planned").click()
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_text(re.compile("passes? (is|are) logged"))).to_be_visible()
    clinic.check()
    page.get_by_role("button", name="End the session").click()
    expect(page.get_by_text("The session has ended")).to_be_visible()


def _diary(clinic: Clinic, patient: str) -> None:
    page = clinic.open(f"/patients/{patient}/diary/")
    clinic.check()
    page.get_by_role("button", name="Make a link").click()
    page.wait_for_load_state("networkidle")
    clinic.check()
    found = re.search(r"http://\S+/diary/open/\S+", page.get_by_role("main").inner_text())
    assert found is not None
    phone = clinic.phone()
    phone.goto(found.group(0))
    phone.wait_for_url("**/diary/")
    clinic.check(phone)
    phone.locator("input[name=redness]").fill("4")
    phone.locator("input[name=pain]").fill("3")
    phone.locator("input[name=flags][value='AFT-044']").check()
    phone.get_by_role("button", name="Save today's entry").click()
    phone.wait_for_url("**/saved/**")  # the same words stand above the signs before anything is saved
    expect(phone.get_by_role("heading", name=re.compile("Call 112 now")).first).to_be_visible()
    clinic.check(phone)


def _alarm(clinic: Clinic) -> None:
    page = clinic.open("/inbox/")
    expect(page.get_by_role("heading", name=re.compile("Maria Lindqvist"))).to_be_visible()
    clinic.check()
    page.get_by_role("link", name="Answer the alarm").click()
    clinic.check()
    page.locator("input[name=done][value=called]").check(force=True)
    page.get_by_label("In words").fill("Called; is on her way to the eye clinic.")
    page.get_by_role("button", name=re.compile("^Close as")).click()
    page.wait_for_load_state("networkidle")
    page = clinic.open("/inbox/")
    expect(page.get_by_role("heading", name=re.compile("Maria Lindqvist"))).to_have_count(0)
    clinic.check()


def _update(clinic: Clinic, patient: str, plan: str) -> None:
    page = clinic.open(f"/patients/{patient}/follow-up/")
    clinic.check()
    page.get_by_label("Redness (days)").fill("3")
    page.get_by_label("Pain in the session").fill("3")
    page.get_by_role("button", name="Save the visit").click()
    page.wait_for_load_state("networkidle")
    page = clinic.open(f"/plans/{plan}/update/")
    clinic.check()
    page.get_by_role("button", name="Update the plan").click()
    page.wait_for_url("**/jobs/**/seen/")
    expect(page.get_by_role("heading", name="Seen and foreseen")).to_be_visible()
    clinic.check()


def _report(clinic: Clinic, patient: str) -> None:
    page = clinic.open(f"/patients/{patient}/records/")
    clinic.check()
    page.get_by_role("button", name="Make the report").first.click()
    ready = page.get_by_role("link", name=re.compile("report|PDF", re.IGNORECASE)).first
    expect(ready).to_be_visible(timeout=PATIENCE_MS)
    clinic.check()
    answer = page.request.get(clinic.server.url + str(ready.get_attribute("href")))
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")
    for name, start in (("fhir.json", b"{"), ("everything.zip", b"PK")):
        assert page.request.get(f"{clinic.server.url}/patients/{patient}/records/{name}").body().startswith(start)


def test_the_policy_is_kept_in_a_browser(clinic: Clinic) -> None:
    """From the first start in an empty folder to the report, in one sitting, without a breach of the policy or an obstacle."""
    _first_start(clinic)
    _lasers(clinic)
    patient = _consultation(clinic)
    plan = _plan(clinic)
    _release_and_consent(clinic, plan)
    _delivery(clinic, patient)
    _diary(clinic, patient)
    _alarm(clinic)
    _update(clinic, patient, plan)
    _report(clinic, patient)
    for path in (
        "/sessions/",
        "/devices/",
        "/outcomes/",
        "/people/",
        "/audit/",
        "/me/",
        f"/patients/{patient}/",
        f"/patients/{patient}/photos/",
    ):
        clinic.open(path)
        clinic.check()
    checked = clinic.server.command("audit", "verify")
    assert checked.returncode == 0, checked.stderr
