"""The workstation as its own process, for tests that kill it or look at it in a browser."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests

PASSWORD = "seven blue herons wade"
EMAIL = "ada@north.example"
_PATIENCE_S = 60


def free_port() -> int:
    """A port that nobody uses at the moment."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@dataclass
class Server:
    """`recutis serve` on a folder of its own."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """The environment of the server and of commands on its data."""
        kept = {
            name: text
            for name, text in os.environ.items()
            if name not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "RECUTIS_SECRET_KEY"}
        }
        return kept | {"RECUTIS_DATA": str(self.data)} | self.environment

    def start(self) -> None:
        """Start and wait until it answers."""
        log = (self.data.parent / "server.log").open("ab")
        command = [sys.executable, "-m", "recutis", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=self.variables, stdout=log, stderr=log, start_new_session=True)
        log.close()
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            try:
                if requests.get(f"{self.url}/alive", timeout=5).ok:
                    return
            except requests.RequestException:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise AssertionError((self.data.parent / "server.log").read_text(encoding="utf-8")[-3000:])

    def kill(self) -> None:
        """End it without a word, as a power cut would."""
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """End it as a service manager would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `recutis` with these words on the same data."""
        return subprocess.run(
            [sys.executable, "-m", "recutis", *words], env=self.variables, capture_output=True, text=True, check=False
        )


@dataclass
class Browser:
    """A signed-in session without a screen."""

    server: Server
    session: requests.Session = field(default_factory=requests.Session)

    def token(self, path: str) -> str:
        """The CSRF token of a page."""
        page = self.session.get(self.server.url + path, timeout=20).text
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        return found.group(1) if found else ""

    def post(self, path: str, form_at: str = "/me/", **told: str) -> requests.Response:
        """Post a form as its page would."""
        data = {"csrfmiddlewaretoken": self.token(form_at), **told}
        return self.session.post(self.server.url + path, data=data, timeout=20, allow_redirects=False)

    def first_start(self) -> None:
        """Make the clinic and its first account, and stay signed in."""
        told = {
            "clinic": "North",
            "full_name": "Ada Berg",
            "email": EMAIL,
            "role": "clinician",
            "password": PASSWORD,
            "password_again": PASSWORD,
        }
        answer = self.post("/first-start/", "/first-start/", **told)
        assert answer.status_code == 302, answer.text

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> None:
        """Sign in with the password."""
        answer = self.post("/sign-in/", "/sign-in/", email=email, password=password)
        assert answer.status_code == 302, answer.text

    def api_token(self) -> str:
        """A bearer token of this person."""
        page = self.post("/me/tokens/", name="tests", days="5").text
        return page.partition("<p><code>")[2].partition("</code>")[0]
