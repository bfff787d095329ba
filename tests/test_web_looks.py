"""How the pages look: every main page of the demo clinic, by a role that uses it, on a small phone and on a wide screen, light and dark.

Each page is held to axe, to its width and to one way of writing dates; no page reports an error.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from web_chromium import faults, listen, opened
from web_people import house
from web_server import Server

SCRIPT = Path(__file__).parents[1] / "scripts" / "workstation_pictures.py"
SMALL = {"width": 360, "height": 740}
WIDE = {"width": 1440, "height": 900}
ISO_DAY = re.compile(r"\b(19|20)\d\d-\d\d-\d\d\b")
TARGET_PX = 44


def _script() -> ModuleType:
    told = importlib.util.spec_from_file_location("workstation_pictures", SCRIPT)
    assert told is not None
    assert told.loader is not None
    made = importlib.util.module_from_spec(told)
    sys.modules["workstation_pictures"] = made  # dataclasses look themselves up
    told.loader.exec_module(made)
    return made


pictures = _script()


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The demo clinic, served."""
    folder = tmp_path_factory.mktemp("looks") / "data"
    folder.mkdir()
    server = Server(folder, {"TZ": "UTC"})
    told = server.command("demo", "--patients", "24")
    found = re.search(r"Password of all of them: (\S+)", told.stdout)
    assert found is not None, told.stderr
    server.start()
    yield pictures.Clinic(server.url, found.group(1))
    server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all."""
    with opened() as made:
        yield made


class Looker:
    """Looks at pages and keeps what is wrong with them."""

    def __init__(self) -> None:
        self.wrong: list[object] = []

    def listen(self, page: Page) -> Page:
        """Hear what the page complains about."""
        return listen(page, lambda words: self.wrong.append((page.url, words)))

    def look(self, name: str, page: Page) -> None:
        """Wide and on a small phone, light and dark."""
        for size in (WIDE, SMALL):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                self.wrong += [(name, size["width"], scheme, fault) for fault in faults(page)]


@pytest.mark.slow
def test_every_main_page(clinic: Any, browser: Browser) -> None:
    """Signed in by role; the diary of the patient too."""
    looker = Looker()
    pages: dict[str, Page] = {}
    for role in ("clinician", "nurse", "researcher", "administrator", "front-desk"):
        pages[role] = looker.listen(clinic.sign_in(browser, role))
    found = pictures.addresses(pages["clinician"], clinic.url)
    for name, (role, path) in found.items():
        page = pages[role]
        answer = page.goto(clinic.url + path)
        assert answer is not None
        if "plan" in name or name == "compare":  # charts are drawn and parts are fetched after the page
            page.wait_for_load_state("networkidle")
        if answer.status != 200:
            looker.wrong.append((name, path, answer.status))
        days = ISO_DAY.search(page.locator("main").inner_text())
        if days:
            looker.wrong.append((name, f"a day is written {days.group(0)}"))
        looker.look(name, page)
    diary = looker.listen(browser.new_page())
    diary.goto(pictures.diary_link(pages["clinician"], clinic.url, found["patient"][1]))
    diary.wait_for_load_state("networkidle")
    looker.look("diary", diary)
    assert looker.wrong == [], "\n".join(map(str, looker.wrong))


def test_the_bar_on_a_phone(clinic: Any, browser: Browser) -> None:
    """What does not fit stands under More, which opens without a script and by the keyboard."""
    context = browser.new_context(viewport=SMALL, java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{clinic.url}/sign-in/")
    page.get_by_label("E-mail").fill("clinician@demo.example")
    page.locator("#id_password").fill(clinic.password)
    page.get_by_role("button", name="Sign in").click()
    bar = page.get_by_role("navigation", name="Main")
    expect(bar.get_by_role("link", name="Outcomes")).to_have_count(0)
    more = bar.locator("summary")
    more.focus()
    page.keyboard.press("Enter")
    for words in ("Patients", "Sessions", "Inbox", "Devices", "Physics", "Outcomes", "Me"):
        box = bar.get_by_role("link", name=words, exact=words != "Inbox").bounding_box()
        assert box is not None, words
        assert box["x"] >= 0, words
        assert box["x"] + box["width"] <= SMALL["width"], words
        assert box["y"] + box["height"] <= SMALL["height"], words
        assert min(box["width"], box["height"]) >= TARGET_PX, words
    bar.get_by_role("link", name="Outcomes").click()
    expect(page.get_by_role("heading", name="Outcomes", level=1)).to_be_visible()
    context.close()


@pytest.mark.django_db
def test_all_places_of_a_clinician_who_administers() -> None:
    """Nine places: four in the bar of a phone, the other five and oneself under More."""
    north = house("North")
    clinician = north.people["clinician"]
    type(clinician).objects.filter(pk=clinician.pk).update(may_administer=True)
    answer = north.client("clinician").get("/patients/")
    folded = [place.words for place, _open in answer.context["folded"]]
    assert folded == ["Physics", "Outcomes", "Consent", "People", "Audit"]
    page = answer.content.decode()
    assert page.count('href="/people/"') == 2
    assert 'class="more"' not in north.client("nurse").get("/patients/").content.decode()
