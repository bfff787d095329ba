"""The diary on a phone, the inbox and photographs in a real browser: nothing typed is lost, nothing is kept, everybody can use it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from web_chromium import faults, listen, opened, seeded
from web_server import PASSWORD, Server

PHONE = {"width": 360, "height": 740}
FEVER, SLOW_PATCH = "AFT-043", "AFT-040"
SEED = """
import io, json
from recutis.web.serve import prepare
prepare()
from web_people import house
from web_sessions import picture_bytes, released_session, signed_consent
from recutis.web.diary import links
from recutis.web.photos import shelf
from recutis.web.photos.intake import cleaned
north = house("North")
session = released_session(north, days_ago=5)
signed_consent(session)
link, token = links.make(session, north.people["nurse"], days=60)
for day in ("2026-01-05", "2026-03-05"):
    data = picture_bytes()
    shelf.keep(cleaned(io.BytesIO(data), len(data)), clinic=north.clinic, patient=session.patient, view="front", taken_on=day)
print(json.dumps({"token": token, "patient": str(session.patient_id), "session": str(session.pk)}))
"""


@dataclass
class Place:
    """A server with one diary, and a browser."""

    server: Server
    browser: Browser
    told: dict[str, str]

    def page(self, *, scheme: str = "light", **more: Any) -> Page:
        """A new phone or screen; what goes wrong in it is in `page.trouble`."""
        page = self.browser.new_context(color_scheme=scheme, **more).new_page()
        page.trouble = []  # type: ignore[attr-defined]
        return listen(page, page.trouble.append)  # type: ignore[attr-defined]

    def phone(self, **more: Any) -> Page:
        """A phone that has followed the personal link."""
        page = self.page(viewport=PHONE, has_touch=True, is_mobile=True, **more)
        page.goto(f"{self.server.url}/diary/open/{self.told['token']}/")
        page.wait_for_url("**/diary/")
        return page


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server of its own."""
    with seeded(tmp_path_factory.mktemp("phone") / "data", SEED) as (server, told), opened() as browser:
        yield Place(server, browser, told)


def _accessible(page: Page) -> None:
    assert faults(page) == [], page.url


def _kept(page: Page) -> list[str]:
    return page.evaluate("[...Object.values(sessionStorage), ...Object.values(localStorage)]")


def test_the_link_leaves_the_address_bar_and_the_history(place: Place) -> None:
    """The diary opens, and going back does not show the token."""
    page = place.phone()
    assert place.told["token"] not in page.url
    page.goto(f"{place.server.url}/diary/?day=4")
    page.go_back()
    assert page.url.endswith("/diary/")
    page.go_back()
    assert place.told["token"] not in page.url
    assert page.trouble == []  # type: ignore[attr-defined]


def test_what_was_typed_survives_a_lost_connection_and_is_gone_once_it_is_saved(place: Place) -> None:
    """Offline the form says so and keeps all; another load brings it back; once saved the phone holds nothing."""
    page = place.phone()
    page.locator("#pain").press("ArrowRight")
    page.locator('[data-zero="swelling"]').tap()
    page.locator("#words").fill("It stings on the left.")
    page.locator(f'input[value="{SLOW_PATCH}"]').check()
    page.context.set_offline(True)
    page.locator("button.big").click()
    page.get_by_text("Not sent: no connection").wait_for()
    assert "It stings on the left." in _kept(page)[0]
    page.context.set_offline(False)
    page.wait_for_url("**/diary/saved/**")  # sent by itself when the connection is back
    told = page.locator("main").inner_text()
    assert "1 of 10" in told
    assert "0 of 10" in told
    assert told.count("not entered") == 3
    assert "Call us within a day" in told
    assert _kept(page) == []

    page.goto(f"{place.server.url}/diary/")
    page.locator("#redness").press("End")
    page.locator("#words").fill("More.")
    page.reload()
    assert page.locator("#words").input_value() == "More."
    assert page.locator('output[for="redness"]').inner_text() == "10 of 10"
    assert page.locator('output[for="pain"]').inner_text() == "not entered"


def test_a_failing_server_loses_nothing(place: Place) -> None:
    """An error of the server leaves the form as it is; the second try is saved once."""
    page = place.phone()
    page.locator("#words").fill("Second try.")
    page.route(
        "**/diary/",
        lambda route: route.fulfill(status=500, body="broken") if route.request.method == "POST" else route.continue_(),
    )
    page.locator("button.big").click()
    page.get_by_text("The server could not take it").wait_for()
    assert page.locator("#words").input_value() == "Second try."
    page.unroute("**/diary/")
    page.locator("button.big").click()
    page.wait_for_url("**/diary/saved/**")
    assert _kept(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_phone_pages_are_for_everybody(place: Place, scheme: str) -> None:
    """No violation that axe knows, no sideways scrolling at 360 pixels; a tick shows its advice and number at once."""
    page = place.phone(scheme=scheme)
    _accessible(page)
    page.locator("#pain").press("ArrowRight")
    page.locator(f'input[value="{FEVER}"]').check()
    advice = page.locator(f'.flag:has(input[value="{FEVER}"]) .advice')
    assert advice.is_visible()
    assert advice.locator("a").get_attribute("href") == "tel:112"
    _accessible(page)
    page.locator("button.big").click()
    page.wait_for_url("**/diary/saved/**")
    assert page.locator("h1").inner_text() == "Call 112 now"
    _accessible(page)
    page.goto(f"{place.server.url}/diary/open/nonsense/")
    _accessible(page)


@pytest.mark.parametrize(("scheme", "width"), [("dark", 390)])
def test_the_clinics_pages_are_for_everybody(place: Place, scheme: str, width: int) -> None:
    """Inbox, alarm, times, diary, observation, photographs; without scripts or styles that the policy refuses."""
    phone = place.phone()
    phone.locator(f'input[value="{FEVER}"]').check()
    phone.locator("#words").fill(f"For the inbox, {scheme}.")
    phone.locator("button.big").click()
    phone.wait_for_url("**/diary/saved/**")
    page = place.page(scheme=scheme, viewport={"width": width, "height": 900})
    page.goto(f"{place.server.url}/sign-in/")
    page.locator("[name=email]").fill("clinician@north.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("button.main-action").click()
    page.wait_for_load_state()
    patient = f"/patients/{place.told['patient']}"
    pages = (
        "/inbox/", "/inbox/?shown=answered", "/inbox/times/", f"{patient}/diary/",
        f"{patient}/diary/observation/?session={place.told['session']}", f"{patient}/photos/", f"{patient}/photos/compare/",
    )  # fmt: skip
    for path in pages:
        page.goto(place.server.url + path)
        _accessible(page)
    page.goto(f"{place.server.url}/inbox/")
    page.locator(".alarm a.main-action").first.click()
    _accessible(page)
    assert page.trouble == []  # type: ignore[attr-defined]


def test_the_slider_between_two_photographs_works_by_keyboard(place: Place) -> None:
    """Home shows the later one whole, End the earlier one; the page carries no style of its own."""
    page = place.page(viewport={"width": 1000, "height": 900})
    page.goto(f"{place.server.url}/sign-in/?next=/patients/{place.told['patient']}/photos/compare/")
    page.locator("[name=email]").fill("nurse@north.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("button.main-action").click()
    page.wait_for_url("**/compare/")
    cut = "getComputedStyle(document.querySelector('.compare .other')).clipPath"
    page.locator("#cut").press("Home")
    assert page.evaluate(cut) in {"inset(0px 0px 0px 0%)", "inset(0px 0px 0px)", "inset(0px)"}
    page.locator("#cut").press("End")
    assert page.evaluate(cut) == "inset(0px 0px 0px 100%)"
    page.emulate_media(media="print")
    boxes = [page.locator(f".compare .{name}").bounding_box() for name in ("one", "other")]
    left, right = (box for box in boxes if box is not None)
    assert left["x"] + left["width"] <= right["x"]
    assert page.trouble == []  # type: ignore[attr-defined]
