"""Chromium for tests of pages: opened once, listened to, and each page held to what every page must hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from web_server import Server

CHROMIUM = "/usr/bin/chromium"
_AXE = Axe()


@contextmanager
def opened() -> Iterator[Browser]:
    """A browser without a screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def seeded(data: Path, seed: str) -> Iterator[tuple[Server, dict[str, str]]]:
    """A server on a new folder that a script has filled, and what the script printed last, as JSON."""
    server = Server(data)
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    environment = server.variables | {"PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", seed], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    server.start()
    try:
        yield server, json.loads(done.stdout.splitlines()[-1])
    finally:
        server.stop()


def listen(page: Page, heard: Callable[[str], Any]) -> Page:
    """Have a function called with each error of a page: of its scripts, of what it loads, of its policy."""
    page.on("console", lambda said: heard(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: heard(str(error)))
    return page


def faults(page: Page) -> list[object]:
    """What keeps somebody from using a page: what axe finds, and whether it scrolls sideways."""
    violations = _AXE.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    found: list[object] = [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in violations]
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found if wider <= 0 else [*found, f"scrolls sideways by {wider} px"]
