"""Photographs the pages of the workstation on a phone, a tablet and a wide screen. Run `python scripts/workstation_pictures.py FOLDER`.

A temporary folder is filled with `recutis demo` and opened with `recutis serve`; each page is opened in the system's Chromium by a
role that uses it. `--docs docs/images` keeps the few pictures that the documentation shows. Takes about two minutes.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM: Final = "/usr/bin/chromium"
SIZES: Final = {"phone": (390, 844), "tablet": (820, 1180), "wide": (1440, 900)}
DARK: Final = ("patients", "consultation", "plan", "physics-run", "inbox", "diary", "diary-alarm")
KEPT: Final = {
    "plan-wide": (1440, 1200),
    "consultation-wide": (1440, 1000),
    "diary-phone": (390, 844),
    "inbox-tablet": (820, 700),
    "session-tablet": (820, 1400),
    "physics-run-wide": (1440, 1250),
    "patients-wide-dark": (1440, 900),
    "outcomes-wide": (1440, 1000),
}
"""Pictures of the documentation, with the window in which each is taken and to which it is cut."""
PATIENCE_S: Final = 60
SIMULATION_S: Final = 180
COLOURS: Final = 256


@dataclass(frozen=True)
class Clinic:
    """A demo clinic that is being served."""

    url: str
    password: str

    def sign_in(self, browser: Browser, role: str, *, dark: bool = False, width: int = 1440, height: int = 900) -> Page:
        """A page of somebody with this role."""
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="en-GB",
        )
        page = context.new_page()
        page.goto(f"{self.url}/sign-in/")
        page.get_by_label("E-mail").fill(f"{role}@demo.example")
        page.locator("#id_password").fill(self.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state("networkidle")
        return page


@contextmanager
def demo_clinic() -> Iterator[Clinic]:
    """Fill a temporary folder, serve it, and take it away afterwards."""
    folder = tempfile.mkdtemp(prefix="recutis-pictures-")
    environment = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"} | {"RECUTIS_DATA": folder}
    recutis = [sys.executable, "-m", "recutis"]
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port = int(tried.getsockname()[1])
    try:
        told = subprocess.run([*recutis, "demo"], env=environment, check=True, capture_output=True, text=True).stdout
        password = re.search(r"Password of all of them: (\S+)", told)
        if password is None:
            sys.exit(f"'recutis demo' names no password: {told}")
        with (Path(folder) / "server.log").open("ab") as log:
            server = subprocess.Popen([*recutis, "serve", "--port", str(port)], env=environment, stdout=log, stderr=log)
        try:
            _await(f"http://127.0.0.1:{port}/alive")
            yield Clinic(f"http://127.0.0.1:{port}", password.group(1))
        finally:
            server.terminate()
            server.wait(timeout=PATIENCE_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _await(address: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"the server does not answer at {address}")


def _first(page: Page, pattern: str) -> str:
    """The address of the first link on the page that fits."""
    for link in page.locator("main a[href]").all():
        found = re.search(pattern, link.get_attribute("href") or "")
        if found:
            return found.group(0)
    sys.exit(f"{page.url} has no link to {pattern}")


def addresses(page: Page, url: str) -> dict[str, tuple[str, str]]:
    """Role and address of each page by its name, found as a clinician would: from alarm to patient to plan to session.

    The page is one of a clinician.
    """
    page.goto(f"{url}/inbox/")
    alarm = _first(page, r"/inbox/[0-9a-f-]{36}/")
    page.goto(url + alarm)
    patient = _first(page, r"/patients/[0-9a-f-]{36}/")
    page.goto(f"{url}{patient}plan/")
    page.wait_for_load_state("networkidle")
    plan = _first(page, r"/plans/[0-9a-f-]{36}/")
    page.goto(f"{url}/sessions/")
    session = _first(page, r"/sessions/[0-9a-f-]{36}/")
    page.goto(f"{url}/devices/")
    device = _first(page, r"/devices/[0-9a-f-]{36}/")
    own = {
        "patient": "", "consultation": "consultation/", "plans": "plan/", "course": "sessions/", "patient-diary": "diary/",
        "photos": "photos/", "records": "records/", "follow-up": "follow-up/", "file": "file/", "details": "details/",
    }  # fmt: skip
    found = {name: ("clinician", patient + rest) for name, rest in own.items()}
    return {
        "patients": ("clinician", "/patients/"),
        "new-patient": ("nurse", "/patients/new/"),
        **found,
        "plan": ("clinician", plan),
        "compare": ("clinician", f"{plan}compare/"),
        "release": ("clinician", f"{plan}release/"),
        "consent": ("nurse", f"{plan}consent/"),
        "sessions": ("nurse", "/sessions/"),
        "session": ("nurse", session),
        "inbox": ("clinician", "/inbox/"),
        "alarm": ("clinician", alarm),
        "times": ("clinician", "/inbox/times/"),
        "devices": ("nurse", "/devices/"),
        "device": ("nurse", device),
        "clinic-file": ("administrator", "/devices/clinic-file/"),
        "physics": ("researcher", "/physics/"),
        "outcomes": ("researcher", "/outcomes/"),
        "wording": ("administrator", "/consent-wording/"),
        "people": ("administrator", "/people/"),
        "audit": ("administrator", "/audit/"),
        "me": ("clinician", "/me/"),
        "front-desk": ("front-desk", "/patients/"),
    }


def settled(page: Page) -> None:
    """Wait until the page stands still."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(400)


def simulation(page: Page, url: str) -> str:
    """The address of a simulation that is done."""
    page.goto(f"{url}/physics/examples/fractional-co2/")
    page.get_by_role("button", name="Simulate").click()
    page.get_by_role("button", name="Run again").wait_for(timeout=SIMULATION_S * 1e3)
    return page.url.removeprefix(url)


def diary_link(page: Page, url: str, patient: str) -> str:
    """A new personal link of this patient."""
    page.goto(f"{url}{patient}diary/")
    page.get_by_role("button", name="Make a link").click()
    page.wait_for_load_state("networkidle")
    found = re.search(r"/diary/open/\S+", page.locator("main").inner_text())
    if found is None:
        sys.exit(f"{page.url} shows no link")
    return url + found.group(0)


def delivery(page: Page, url: str, session: str) -> str:
    """Make a planned session ready, start it, and return the page on which its passes are logged."""
    page.goto(url + session)
    for waiting in ("button[name=answer][value=yes].main-action", "button[value=no][aria-pressed=false]"):
        while page.locator(waiting).count():
            with page.expect_response(lambda answer: answer.request.method == "POST"):
                page.locator(waiting).first.click()
            settled(page)
    page.get_by_role("button", name="Start the session").click()
    settled(page)
    return _first(page, r"/sessions/[0-9a-f-]{36}/passes/[\w-]+/")


class Photographer:
    """Takes the pictures of one clinic."""

    def __init__(self, clinic: Clinic, browser: Browser, folder: Path) -> None:
        self.clinic = clinic
        self.browser = browser
        self.folder = folder
        self.pages: dict[tuple[str, str], Page] = {}

    def _page(self, role: str, size: str, *, dark: bool) -> Page:
        key = (role, f"{size}{dark}")
        if key not in self.pages:
            width, height = SIZES[size]
            self.pages[key] = self.clinic.sign_in(self.browser, role, dark=dark, width=width, height=height)
        return self.pages[key]

    def take(self, page: Page, name: str) -> None:
        """Photograph what is open, from head to foot."""
        window = page.viewport_size
        if name in KEPT:
            page.set_viewport_size({"width": KEPT[name][0], "height": KEPT[name][1]})
        settled(page)
        page.screenshot(path=self.folder / f"{name}.png", full_page=True)
        if window is not None:
            page.set_viewport_size(window)

    def everywhere(self, name: str, role: str, path: str) -> None:
        """A page at every size, and some of them in the dark."""
        for size in SIZES:
            for dark in (False, True)[: 1 + (name in DARK and size != "tablet")]:
                page = self._page(role, size, dark=dark)
                page.goto(self.clinic.url + path)
                self.take(page, f"{name}-{size}{'-dark' if dark else ''}")

    def printed(self, name: str, role: str, path: str) -> None:
        """A page as paper."""
        page = self._page(role, "wide", dark=False)
        page.goto(self.clinic.url + path)
        settled(page)
        page.emulate_media(media="print")
        page.pdf(
            path=self.folder / f"{name}.pdf",
            format="A4",
            margin={"top": "15mm", "bottom": "15mm", "left": "15mm", "right": "15mm"},
        )
        page.emulate_media(media="screen")

    def stranger(self) -> None:
        """The sign-in."""
        for size, (width, height) in SIZES.items():
            page = self.browser.new_page(viewport={"width": width, "height": height})
            page.goto(f"{self.clinic.url}/sign-in/")
            self.take(page, f"sign-in-{size}")

    def diary(self, link: str) -> None:
        """The diary on a phone: the day, and what is said after a warning sign was ticked."""
        width, height = SIZES["phone"]
        for dark in (False, True):
            page = self.browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
                has_touch=True,
                locale="en-GB",
            )
            page.goto(link)
            ending = "phone-dark" if dark else "phone"
            self.take(page, f"diary-{ending}")
            page.locator("input[name=redness]").fill("4")
            page.locator("input[name=flags]").first.check()
            page.get_by_role("button", name="Save today's entry").click()
            page.wait_for_url("**/saved/**")
            self.take(page, f"diary-alarm-{ending}")


def photograph(folder: Path, only: set[str]) -> None:
    """Pictures of these pages, or of all, into this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with demo_clinic() as clinic, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        taker = Photographer(clinic, browser, folder)
        clinician = clinic.sign_in(browser, "clinician")
        found = addresses(clinician, clinic.url)
        found["physics-run"] = ("clinician", simulation(clinician, clinic.url))
        for name, (role, path) in found.items():
            if not only or name in only:
                taker.everywhere(name, role, path)
        for name in ("plan", "consent", "patient-diary"):
            if not only:
                taker.printed(name, *found[name])
        taker.diary(diary_link(clinician, clinic.url, found["patient"][1]))
        if not only:
            taker.stranger()
            nurse = clinic.sign_in(browser, "nurse")
            taker.everywhere("passes", "nurse", delivery(nurse, clinic.url, found["session"][1]))
            taker.everywhere("session-started", "nurse", found["session"][1])
        browser.close()


def keep(folder: Path, docs: Path) -> None:
    """Cut the pictures of the documentation and write them with few colours."""
    docs.mkdir(parents=True, exist_ok=True)
    for name, (width, height) in KEPT.items():
        picture = Image.open(folder / f"{name}.png").convert("RGB")
        cut = picture.crop((0, 0, min(width, picture.width), min(height, picture.height)))
        cut.quantize(COLOURS, kmeans=3).save(docs / f"workstation-{name}.png", optimize=True)


def main() -> None:
    """Read the command line, photograph, keep."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("folder", type=Path, help="where the pictures go")
    asked.add_argument("--only", nargs="+", default=[], metavar="PAGE", help="such as plan or inbox; all when not given")
    asked.add_argument("--docs", type=Path, help="where the pictures of the documentation go")
    given = asked.parse_args()
    photograph(given.folder, set(given.only))
    if given.docs:
        keep(given.folder, given.docs)


if __name__ == "__main__":
    main()
