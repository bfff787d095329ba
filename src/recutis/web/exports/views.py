"""Pages and files of what leaves the clinic: a patient's record, and outcomes without names."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from recutis.web.access import TREATING, allow, note, own, silent, user_of
from recutis.web.accounts.models import CLINICIAN, RESEARCHER
from recutis.web.delivery.release import lead_document
from recutis.web.exports import files, reports
from recutis.web.exports.outcomes import as_csv, calibration, outcomes
from recutis.web.exports.pictures import calibration_points
from recutis.web.exports.record import gather
from recutis.web.patients.models import Patient
from recutis.web.planning import jobs
from recutis.web.planning.models import CoursePlan, Job

_MOST_ROWS = 200


@allow(*TREATING)
def patient(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """What can be taken out about a patient."""
    found = own(request, Patient, pk=patient_id)
    return render(request, "exports/patient.html", {"patient": found, "tab": "records", "plans": _plans(found)})


def _plans(patient: Patient) -> list[dict[str, Any]]:
    """Plans, newest first, each with its newest report."""
    asked = list(Job.objects.filter(patient=patient, kind="report"))
    told = []
    for plan in patient.plans.select_related("released_by").defer("document"):
        job = next((one for one in asked if one.document.get("plan") == str(plan.pk)), None)
        told.append({"plan": plan, **(_report(job, plan) if job else {})})
    return told


def _report(job: Job, plan: CoursePlan) -> dict[str, Any]:
    state, progress, words = jobs.now(job)
    ready = reports.path_of(job) is not None and reports.may_be_read(job, plan)
    return {
        "job": job, "state": state, "percent": round(100 * progress), "words": words, "running": state in {"queued", "running"},
        "ready": ready, "gone": state == "done" and not ready,
        "newer": plan.released and "patient" not in job.document.get("parts", ()),
    }  # fmt: skip


@allow(*TREATING, methods=("POST",))
def make_report(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Ask for the report of a plan."""
    plan = own(request, CoursePlan, pk=plan_id)
    job = reports.ask(plan, lead_document(plan), user_of(request))
    note(request, action="report asked for", of=job, patient=plan.patient_id, parts=job.document["parts"])
    return redirect("exports:patient", patient_id=plan.patient_id)


@allow(*TREATING)
def report_state(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """How far a report is; asked for again while it is being made."""
    silent(request)
    job, plan = _job_and_plan(request, job_id)
    return render(request, "exports/report_state.html", {"one": {"plan": plan, **_report(job, plan)}})


def _job_and_plan(request: HttpRequest, job_id: UUID) -> tuple[Job, CoursePlan]:
    job = own(request, Job, pk=job_id, kind="report")
    return job, own(request, CoursePlan, pk=job.document.get("plan"))


@allow(*TREATING)
def report_pdf(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The report itself.

    Raises Http404 when it is not there any more or may not be given out.
    """
    job, plan = _job_and_plan(request, job_id)
    path = reports.path_of(job)
    if path is None or not reports.may_be_read(job, plan):
        msg = "This report is not there any more. Make it again on the patient's page of records."
        raise Http404(msg)
    note(request, action="report taken out", of=plan, patient=plan.patient_id, parts=job.document.get("parts"))
    return _download(path.read_bytes(), "application/pdf", f"{files.file_stem(plan.patient)}-plan.pdf")


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@allow(*TREATING)
def plan_json(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """The plan as the command line writes it."""
    plan = own(request, CoursePlan, pk=plan_id)
    note(request, action="plan taken out", of=plan, patient=plan.patient_id)
    return _download(files.plan_json(plan), "application/json", f"{files.file_stem(plan.patient)}-plan.json")


@allow(*TREATING)
def calendar(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """The patient's calendar of a released plan.

    Raises Http404 while the plan is not released.
    """
    plan = own(request, CoursePlan, pk=plan_id)
    if not plan.released:
        msg = "The calendar is for the patient; it can be taken out when a clinician has released the plan."
        raise Http404(msg)
    note(request, action="calendar taken out", of=plan, patient=plan.patient_id)
    return _download(files.calendar_of(plan), "text/calendar; charset=utf-8", f"{files.file_stem(plan.patient)}.ics")


@allow(*TREATING)
def fhir(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The record as a FHIR R5 bundle."""
    found = own(request, Patient, pk=patient_id)
    note(request, action="record taken out", of=found, form="FHIR R5")
    return _download(files.fhir_json(gather(found)), "application/fhir+json", f"{files.file_stem(found)}-fhir.json")


@allow(*TREATING)
def everything(request: HttpRequest, patient_id: UUID) -> HttpResponseBase:
    """All of it as one ZIP file."""
    found = own(request, Patient, pk=patient_id)
    note(request, action="record taken out", of=found, form="everything")
    return FileResponse(files.everything(found), as_attachment=True, filename=f"{files.file_stem(found)}.zip")


@allow(CLINICIAN, RESEARCHER)
def outcomes_page(request: HttpRequest) -> HttpResponse:
    """Outcomes of the clinic without names, and how well the predictions held."""
    rows = outcomes(user_of(request).clinic)
    context = {
        "rows": rows[:_MOST_ROWS], "count": len(rows), "persons": len({row.pseudonym for row in rows}),
        "calibration": calibration(rows), "picture": calibration_points(rows), "most": _MOST_ROWS,
    }  # fmt: skip
    note(request, rows=len(rows))
    return render(request, "exports/outcomes.html", context)


@allow(CLINICIAN, RESEARCHER)
def outcomes_csv(request: HttpRequest) -> HttpResponse:
    """All rows as CSV."""
    rows = outcomes(user_of(request).clinic)
    note(request, action="outcomes taken out", rows=len(rows))
    name = f"recutis-outcomes-{timezone.localdate():%Y-%m-%d}.csv"
    return _download(as_csv(rows).encode(), "text/csv; charset=utf-8", name)
