"""Reports as PDF: asked for by a page, made by the worker processes, kept for a day."""

from __future__ import annotations

import shutil
import time
import uuid
from pathlib import Path
from typing import Any, Final, Literal

from django.conf import settings

from recutis.web.accounts.models import User
from recutis.web.awake import CHORES
from recutis.web.planning import jobs
from recutis.web.planning.models import CoursePlan, Job

_KEPT_SECONDS: Final = 24 * 3600
Part = Literal["clinician", "patient"]


def folder() -> Path:
    """Where reports lie until they are removed."""
    return Path(settings.DATA) / "reports"


def ask(plan: CoursePlan, document: dict[str, Any], user: User) -> Job:
    """Ask for the report of a plan; the patient's part is in it when the plan is released."""
    parts: list[Part] = ["clinician", "patient"] if plan.released else ["clinician"]
    place = folder() / str(uuid.uuid4())
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    return jobs.start(
        "report", {"plan": document, "folder": str(place), "parts": parts}, user=user, patient=plan.patient,
        keep={"plan": str(plan.pk), "parts": parts},
    )  # fmt: skip


def path_of(job: Job) -> Path | None:
    """The PDF of a finished job; None while there is none, or when it has been removed since."""
    place = (job.result or {}).get("folder") if job.state == "done" else None
    if not place:
        return None
    path = Path(str(place)) / "report.pdf"
    return path if path.is_file() and path.resolve().is_relative_to(folder().resolve()) else None


def may_be_read(job: Job, plan: CoursePlan) -> bool:
    """Whether a report may still be given out: one with the patient's part only while the plan is released."""
    return plan.released or "patient" not in job.document.get("parts", ())


def jobs_of(plan: CoursePlan) -> list[Job]:
    """The reports that were asked for, newest first."""
    return [
        one for one in Job.objects.filter(patient_id=plan.patient_id, kind="report") if one.document.get("plan") == str(plan.pk)
    ]


def newest_report(plan: CoursePlan) -> Path | None:
    """The newest report of a plan that is there and may be given out, with the patient's part if it may be."""
    for job in jobs_of(plan):
        whole = "patient" in job.document.get("parts", ()) or not plan.released
        path = path_of(job)
        if path is not None and whole and may_be_read(job, plan):
            return path
    return None


def remove_old() -> int:
    """Remove reports of more than a day; they can be made again. Returns how many."""
    old = [one for one in folder().glob("*") if one.is_dir() and time.time() - one.stat().st_mtime > _KEPT_SECONDS]
    for one in old:
        shutil.rmtree(one, ignore_errors=True)
    return len(old)


CHORES.append(remove_old)
