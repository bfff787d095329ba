"""Consent, checklist and passes on a tablet in a real browser: signed with a finger, ticked without a new page, open to everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect
from web_chromium import faults, listen, opened, seeded
from web_server import PASSWORD, Server

TABLET = {"width": 820, "height": 1180}
SEED = """
import datetime, json
from recutis.web.serve import prepare
prepare()
from web_people import house
from web_course import course, laser, session_of
from recutis.web.delivery.models import Session
from recutis.web.delivery.release import release
north = house("North")
unit = laser(north)
plan = course(north)
release(plan, north.people["clinician"])
draft = course(north, patient=1, spot=True)
session = session_of(plan)
Session.objects.filter(pk=session.pk).update(planned_on=datetime.date.today())
print(json.dumps({"plan": str(plan.pk), "draft": str(draft.pk), "session": str(session.pk), "patient": str(plan.patient_id),
                  "unit": str(unit.pk), "nurse": north.people["nurse"].email, "clinician": north.people["clinician"].email}))
"""


@dataclass
class Place:
    """A server with one released plan and one draft, and a browser."""

    server: Server
    browser: Browser
    told: dict[str, str]
    trouble: list[str] = field(default_factory=list)

    def page(self, role: str, size: dict[str, int], *, scheme: str = "light") -> Page:
        """A browser in which somebody has signed in."""
        page = self.browser.new_context(viewport=size, color_scheme=scheme, has_touch=True).new_page()  # type: ignore[arg-type]
        listen(page, self.trouble.append)
        page.goto(f"{self.server.url}/sign-in/")
        page.fill("[name=email]", self.told[role])
        page.fill("[name=password]", PASSWORD)
        page.click("main button")
        page.wait_for_url("**/patients/")
        return page


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server of its own."""
    with seeded(tmp_path_factory.mktemp("tablet") / "data", SEED) as (server, told), opened() as browser:
        yield Place(server, browser, told)


def _for_everybody(page: Page) -> None:
    """No violation, no sideways scrolling, and everything that is pressed is at least 44 pixels high."""
    assert faults(page) == [], page.url
    small = page.evaluate(
        """() => [...document.querySelectorAll('main a.button, main button, main select, main summary, main input')]
        .filter((one) => one.getClientRects().length && !['hidden', 'checkbox', 'radio'].includes(one.type))
        .filter((one) => one.getBoundingClientRect().height < 43.5).map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert small == [], page.url


def test_from_the_signature_to_the_last_pass(place: Place) -> None:
    """A patient signs with a finger, a nurse ticks, starts, logs and ends; nothing goes wrong in the browser on the way."""
    page, told, url = place.page("nurse", TABLET), place.told, place.server.url
    page.goto(f"{url}/plans/{told['plan']}/consent/")
    pad = page.locator(".pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 50, box["y"] + 60)
    page.mouse.down()
    for step in range(1, 40):
        page.mouse.move(box["x"] + 50 + 6 * step, box["y"] + 60 + (40 if step % 2 else 0))
    page.mouse.up()
    path = page.input_value("#signature")
    assert path.startswith("M")
    assert path.count("L") >= 20
    page.click("[data-clear]")
    assert page.input_value("#signature") == ""
    page.mouse.move(box["x"] + 50, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 90, steps=30)
    page.mouse.up()
    page.check("#agree")
    page.check("#care")
    page.fill("#signed_name", "Given Family")
    page.click("form button.main-action")
    page.wait_for_url("**/consents/**")
    assert "Please hand the tablet back" in page.inner_text("main")
    assert page.locator("nav").count() == 0, "the patient is left in the clinic's pages"

    page.goto(f"{url}/sessions/{told['session']}/")
    page.evaluate("window.same = true")
    ticks, questions = (
        page.locator("#checklist form button.main-action"),
        page.locator("#checklist [value=no][aria-pressed=false]"),
    )
    for buttons in (ticks, questions):
        for left in reversed(range(buttons.count())):
            pressed = buttons.first.get_attribute("id")
            buttons.first.click()
            expect(buttons).to_have_count(left)
            expect(page.locator(f"#{pressed}")).to_be_focused()
    assert page.evaluate("window.same"), "a tick loaded the page anew"
    page.click("text=Start the session")
    page.click("text=Log periorbital")
    page.click("text=As planned")
    assert page.input_value("[name=endpoint_seen]") == "as planned"
    page.click("form.pass-form button.main-action")
    page.wait_for_url(f"**/sessions/{told['session']}/")
    assert "2 passes are logged" in page.inner_text("main")
    page.click("text=End the session")
    assert "The session has ended" in page.inner_text("main")
    assert place.trouble == []


@pytest.mark.parametrize(("size", "scheme"), [(TABLET, "dark")], ids=["tablet-dark"])
def test_every_page_is_for_everybody(place: Place, size: dict[str, int], scheme: str) -> None:
    """Axe finds nothing, nothing scrolls sideways, targets are large enough for a glove."""
    page, told = place.page("clinician", size, scheme=scheme), place.told
    for path in (
        "/sessions/", f"/sessions/{told['session']}/", f"/sessions/{told['session']}/move/", f"/plans/{told['draft']}/release/",
        f"/plans/{told['plan']}/release/", f"/plans/{told['plan']}/consent/", f"/patients/{told['patient']}/sessions/",
        f"/patients/{told['patient']}/follow-up/", "/devices/", f"/devices/{told['unit']}/", "/devices/clinic-file/", "/consent-wording/",
    ):  # fmt: skip
        page.goto(place.server.url + path)
        _for_everybody(page)
