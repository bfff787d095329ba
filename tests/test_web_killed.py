"""Nothing that was answered as saved is lost when the server is killed in the middle of writing.

Once in the suite; `make kill-test` does it a hundred times, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from web_server import Browser, Server

KILLS = int(os.environ.get("RECUTIS_KILLS", "1"))
WRITERS = 3


def _database(server: Server) -> Any:
    """A connection of our own to the server's database."""
    url = server.environment.get("DATABASE_URL")
    if url:
        import psycopg

        return psycopg.connect(url.replace("postgresql://recutis@", "postgresql://recutis@", 1))
    import sqlite3

    return sqlite3.connect(server.data / "recutis.sqlite3")


def _names(server: Server, question: str) -> set[str]:
    with closing(_database(server)) as database:
        cursor = database.cursor()
        cursor.execute(question)
        return {str(row[0]) for row in cursor.fetchall()}


@dataclass
class Writer:
    """One person who saves without a pause and notes what was answered as saved."""

    browser: Browser
    label: str
    saved: list[str] = field(default_factory=list)
    patients: list[str] = field(default_factory=list)

    def work(self) -> None:
        """Write until the server is gone."""
        csrf = ""
        number = 0
        while True:
            try:
                csrf = csrf or self.browser.token("/me/")
                number += 1
                name = f"{self.label}-{number}"
                answer = self._patient(name, csrf) if number % 2 else self._token(name, csrf)
            except requests.RequestException:
                return
            if answer is not None and answer.ok:
                (self.patients if number % 2 else self.saved).append(name)

    def _token(self, name: str, csrf: str) -> requests.Response:
        data = {"csrfmiddlewaretoken": csrf, "name": name, "days": "9"}
        return self.browser.session.post(f"{self.browser.server.url}/me/tokens/", data=data, timeout=20)

    def _patient(self, name: str, csrf: str) -> requests.Response:
        told = {"number": name, "given_name": "Ada", "family_name": name, "birth_date": "1980-02-03"}
        return self.browser.session.post(
            f"{self.browser.server.url}/api/patients", json=told, headers={"X-CSRFToken": csrf}, timeout=20
        )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that this test may kill, on SQLite, or on the PostgreSQL server that the tests run with."""
    (tmp_path / "data").mkdir()
    url = os.environ.get("DATABASE_URL", "")
    made = Server(tmp_path / "data", {"DATABASE_URL": _own_database(url)} if url else {})
    yield made
    made.kill()


def _own_database(url: str) -> str:
    """A new database on the same server, so that no other test is in the way."""
    import psycopg

    name = f"killed_{os.getpid()}"
    with closing(psycopg.connect(url, autocommit=True)) as database:
        database.execute(f'DROP DATABASE IF EXISTS "{name}"')
        database.execute(f'CREATE DATABASE "{name}"')
    return url.rpartition("/")[0] + f"/{name}"


def test_what_was_saved_survives_kills(server: Server) -> None:
    """Kill while three people write; whatever was answered as saved is there afterwards, and the audit holds."""
    chance = random.Random(7)
    server.start()
    first = Browser(server)
    first.first_start()
    people = [Browser(server) for _ in range(WRITERS)]
    for browser in people:
        browser.sign_in()
    saved: set[str] = set()
    patients: set[str] = set()
    for kill in range(KILLS):
        if server.process is None:
            server.start()
        writers = [Writer(browser, f"{kill}-{number}") for number, browser in enumerate(people)]
        threads = [threading.Thread(target=writer.work) for writer in writers]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.15, 1.2))
        server.kill()
        for thread in threads:
            thread.join()
        saved |= {name for writer in writers for name in writer.saved}
        patients |= {name for writer in writers for name in writer.patients}
        assert saved <= _names(server, "SELECT name FROM accounts_apitoken"), "a token that was handed out is gone"
        assert patients <= _names(server, "SELECT number FROM patients_patient"), "a patient who was saved is gone"
    assert len(saved) >= KILLS, "hardly anything was written; the test says nothing"
    assert len(patients) >= KILLS, "hardly anything was written; the test says nothing"
    server.start()
    first.sign_in()
    assert first.session.get(f"{server.url}/me/", timeout=20).status_code == 200
    checked = server.command("audit", "verify")
    assert checked.returncode == 0, checked.stderr
    made = _names(server, "SELECT object_id FROM audit_auditentry WHERE action = 'token issued'")
    assert len(made) >= len(saved), "something was saved without an entry in the audit"
