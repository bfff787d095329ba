"""Many people at once, in two clinics: nothing fails, nothing is lost, and the audit stays whole."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from web_server import Server

_ROUNDS = 3
_MAKE = """
import datetime, json, sys
sys.path.insert(0, sys.argv[1])
from recutis.web.serve import prepare
prepare()
from django.utils import timezone
from web_course import released, session_of
from web_people import house
from web_sessions import released_session
from recutis.web.accounts.models import ApiToken
from recutis.web.diary import links
told = []
for name in ("North", "South"):
    made = house(name)
    given = released_session(made)
    running = session_of(released(made))
    running.state, running.started_at = "under_way", timezone.now()
    running.save()
    expires = timezone.now() + datetime.timedelta(days=1)
    told.append({
        "patient": str(made.patients[0].pk), "session": str(running.pk), "unit": str(running.unit_id),
        "tokens": {role: ApiToken.issue(made.people[role], "t", expires_at=expires)[1] for role in ("clinician", "nurse", "front_desk")},
        "link": links.make(given, made.people["nurse"], days=30)[1],
    })
print(json.dumps(told))
"""
_COUNT = """
import json
from recutis.web.serve import set_up
set_up()
from recutis.web.audit.record import verify
from recutis.web.delivery.models import DeliveredPass
from recutis.web.diary.models import Alarm, DiaryEntry
numbers = list(DeliveredPass.objects.values_list("session_id", "site", "number"))
print(json.dumps({
    "entries": DiaryEntry.objects.count(), "alarms": Alarm.objects.count(), "passes": len(numbers),
    "same": len(numbers) - len(set(numbers)), "faults": [str(one) for one in verify().faults],
}))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server on the database of the environment, or on SQLite."""
    data = tmp_path / "data"
    data.mkdir()
    url = os.environ.get("DATABASE_URL", "")
    made = Server(data, {"DATABASE_URL": url} if url else {})
    yield made
    made.stop()


def _run(server: Server, script: str) -> Any:
    told = subprocess.run(
        [sys.executable, "-c", script, str(Path(__file__).parent)],
        env=server.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def _interface(server: Server, token: str) -> Callable[..., requests.Response]:
    head = {"Authorization": f"Bearer {token}"}

    def call(method: str, path: str, **told: Any) -> requests.Response:
        return requests.request(method, f"{server.url}/api{path}", headers=head, timeout=60, **told)

    return call


def _record(server: Server, clinic: dict[str, Any]) -> list[int]:
    call = _interface(server, clinic["tokens"]["clinician"])
    where, found = f"/patients/{clinic['patient']}/file", []
    for _ in range(_ROUNDS):
        file = call("GET", where).json()
        found.append(call("PUT", where, json={"file": file["file"], "file_version": file["file_version"]}).status_code)
    return found


def _number(server: Server, clinic: dict[str, Any]) -> list[int]:
    call, where = _interface(server, clinic["tokens"]["front_desk"]), f"/patients/{clinic['patient']}"
    return [call("PATCH", where, json={"number": f"N-{number}"}).status_code for number in range(_ROUNDS)]


def _passes(server: Server, clinic: dict[str, Any], role: str = "nurse") -> list[int]:
    call, where = _interface(server, clinic["tokens"][role]), f"/sessions/{clinic['session']}/passes"
    told = {"unit_id": clinic["unit"], "site": "periorbital", "delivered": {"energy_mJ": 20, "density_pct": 4}}
    told["deviation_reason"] = "a test of many at once"
    return [call("POST", where, json=told).status_code for _ in range(_ROUNDS)]


def _passes_of_another(server: Server, clinic: dict[str, Any]) -> list[int]:
    return _passes(server, clinic, "clinician")


def _diary(server: Server, clinic: dict[str, Any]) -> list[int]:
    phone = requests.Session()
    phone.get(f"{server.url}/diary/open/{clinic['link']}/", timeout=60)
    found = []
    for _ in range(_ROUNDS):
        page = phone.get(f"{server.url}/diary/", timeout=60).text
        told = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
        told |= {"key": str(uuid4()), "pain": "9", "flags": "AFT-043"}
        found.append(phone.post(f"{server.url}/diary/", data=told, timeout=60, allow_redirects=False).status_code)
    return found


def test_many_at_once_fail_in_nothing_and_lose_nothing(server: Server) -> None:
    """Records, passes, record numbers and diaries of two clinics change at the same time; no answer is a failure of the server."""
    clinics = _run(server, _MAKE)
    server.start()
    work = [(what, clinic) for clinic in clinics for what in (_record, _number, _passes, _passes_of_another, _diary, _diary)]
    with ThreadPoolExecutor(len(work)) as people:
        answers = list(people.map(lambda one: (one[0], one[0](server, one[1])), work))
    by_kind: dict[str, list[int]] = {}
    for what, codes in answers:
        by_kind.setdefault(what.__name__, []).extend(codes)
    assert set(by_kind["_record"]) <= {200, 409}
    assert set(by_kind["_number"]) == {200}
    assert set(by_kind["_passes"] + by_kind["_passes_of_another"]) == {201}
    assert set(by_kind["_diary"]) == {302}
    told = _run(server, _COUNT)
    wanted = 2 * 2 * _ROUNDS
    assert told == {"entries": wanted, "alarms": wanted, "passes": wanted, "same": 0, "faults": []}
