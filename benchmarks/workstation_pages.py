"""How fast the workstation's pages answer in a clinic with 5,000 patients: `python benchmarks/workstation_pages.py [PATIENTS]`.

Each page is asked for by a signed-in browser inside this process, seven times after a first one; the median counts. The limit is
200 ms.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator

LIMIT_MS = 200.0
TIMES = 7
PATIENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 5000


def pages() -> Iterator[tuple[str, str, str]]:
    """Name, role and address of each page; of a patient, one whose course is under way."""
    from django.urls import NoReverseMatch, reverse

    from recutis.web.delivery.models import Session
    from recutis.web.planning.models import CoursePlan

    done = Session.objects.filter(state="done", kind="session").order_by("-planned_on")[0]
    today = Session.objects.filter(state="planned").order_by("planned_on")[0]
    draft = CoursePlan.objects.filter(released_at=None)[0]
    patient: tuple[uuid.UUID, ...] = (done.patient_id,)
    listed = (
        ("list of patients", "clinician", "patients:list", (), ""),
        ("search by name", "front_desk", "patients:list", (), "?q=lind+ad"),
        ("search by day of birth", "nurse", "patients:list", (), "?q=1980-0"),
        ("last page of the list", "nurse", "patients:list", (), "?page=9999"),
        ("patient", "clinician", "patients:page", patient, ""),
        ("consultation", "nurse", "patients:consultation", patient, ""),
        ("plans of a patient", "clinician", "planning:patient", patient, ""),
        ("sessions of a patient", "nurse", "delivery:patient", patient, ""),
        ("sessions of today", "nurse", "delivery:today", (), ""),
        ("one session", "nurse", "delivery:session", (today.pk,), ""),
        ("release of a plan", "clinician", "delivery:release", (draft.pk,), ""),
        ("devices", "nurse", "delivery:devices", (), ""),
        ("inbox", "clinician", "diary:inbox", (), ""),
        ("diary of a patient", "nurse", "diary:patient", patient, ""),
        ("photographs of a patient", "nurse", "photos:patient", patient, ""),
        ("records of a patient", "nurse", "exports:patient", patient, ""),
        ("outcomes", "researcher", "exports:outcomes", (), ""),
        ("people", "administrator", "accounts:people", (), ""),
        ("audit", "administrator", "audit:list", (), ""),
    )
    for name, role, route, arguments, query in listed:
        try:
            yield name, role, reverse(route, args=arguments) + query
        except NoReverseMatch:
            print(f"{name:28}there is no such page")
    for name, role, where in (
        ("interface: list", "nurse", "/api/patients"),
        ("interface: file", "nurse", f"/api/patients/{done.patient_id}/file"),
        ("interface: sessions", "nurse", "/api/sessions"),
    ):
        yield name, role, where


def main() -> int:
    """Fill, measure, print; 1 when a page is over the limit."""
    folder = tempfile.mkdtemp(prefix="recutis-pages-")
    os.environ["RECUTIS_DATA"] = folder
    os.environ.pop("DATABASE_URL", None)
    try:
        from recutis.web.serve import prepare

        prepare()
        from recutis.web.demo.fill import fill

        began = time.perf_counter()
        made = fill(PATIENTS, password=uuid.uuid4().hex)
        print(f"filled in {time.perf_counter() - began:.1f} s: {', '.join(f'{count} {what}' for what, count in made.items())}")
        return measured()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measured() -> int:
    """Time every page."""
    from django.test import Client

    from recutis.web.accounts.models import User

    clients: dict[str, Client] = {}
    over = 0
    for name, role, where in pages():
        if role not in clients:
            clients[role] = Client(headers={"host": "localhost"})
            clients[role].force_login(User.objects.filter(role=role)[0], backend="django.contrib.auth.backends.ModelBackend")
        times = []
        for _ in range(TIMES + 1):
            began = time.perf_counter()
            answer = clients[role].get(where, follow=True)
            times.append(1000 * (time.perf_counter() - began))
            if answer.status_code != 200:
                print(f"{name:28}answered {answer.status_code} at {where}")
                over += 1
                break
        else:
            median = statistics.median(times[1:])
            late = median > LIMIT_MS
            over += late
            print(
                f"{name:28}{median:7.0f} ms   first {times[0]:6.0f} ms   worst {max(times[1:]):6.0f} ms{'   OVER' if late else ''}"
            )
    print(f"limit {LIMIT_MS:.0f} ms; over it: {over}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
