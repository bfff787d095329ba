"""What a clinician has made and decided: a plan, a plan with other goals, one course in full, the option that is chosen."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final, cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from recutis.errors import InputError, RecutisError
from recutis.web.access import TREATING, allow, note, own, silent, user_of
from recutis.web.accounts.models import CLINICIAN, User
from recutis.web.patients.models import Patient
from recutis.web.planning import jobs
from recutis.web.planning.asking import number_asked, plan_of_clinic
from recutis.web.planning.goals import Asked, asked_of
from recutis.web.planning.known import LOOKED_AT, Source, source_of
from recutis.web.planning.models import CoursePlan, Job
from recutis.web.work import PlanDocument, RequestDocument

_GOING: Final = frozenset({"queued", "running"})
_SHOWN_KINDS: Final = ("plan", "update")
_RESPONSES: Final = {"update": "planning:seen"}


# Making


def request_of(patient: Patient) -> RequestDocument:
    """The request for a patient's plan as it stands in the record.

    Raises InputError: one sentence about what must be corrected first.
    """
    from recutis.plan.request import request_document
    from recutis.web.patients.records import request_for

    return cast("RequestDocument", request_document(request_for(patient, patient.clinic)))


def under_way(patient: Patient) -> Job | None:
    """The plan or update that is being made for a patient; looking at courses again does not count."""
    found = (
        Job.objects.filter(patient=patient, kind__in=_SHOWN_KINDS).exclude(state__in=jobs.OVER).exclude(document__kind="explore")
    )
    job: Job | None = found.first()
    return job


def begin(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Have a plan made from the record; a plan that is being made already is shown instead."""
    job = under_way(patient)
    if job is None:
        try:
            document: PlanDocument = {"request": request_of(patient)}
        except InputError as error:
            return _refused(request, str(error))
        job = jobs.start("plan", document, user=user_of(request), patient=patient, keep={"from": "record"})
        note(request, action="plan asked for", of=job, patient=patient)
    return _answer(request, job, reverse("planning:patient", args=[patient.pk]))


def _answer(request: HttpRequest, job: Job, back: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, "planning/job.html", job_context(request, job))
    return redirect(back)


def _refused(request: HttpRequest, words: str, *, status: int = 422) -> HttpResponse:
    """A sentence where the progress would stand."""
    return render(request, "planning/refused.html", {"words": words}, status=status)


@allow(CLINICIAN, methods=("POST",))
def again(request: HttpRequest, plan_id: uuid.UUID) -> HttpResponse:
    """Put moved goals into the patient's record, and make a plan with them; what was looked at already is not looked at again."""
    plan = plan_of_clinic(request, plan_id)
    source = source_of(plan)
    patient = Patient.objects.select_for_update(no_key=True).select_related("clinic").get(pk=plan.patient_id)
    try:
        asked = asked_of(source.patient, request.POST)
    except InputError as error:
        return _refused(request, str(error))
    running = under_way(patient)
    if running is not None:
        return _answer(request, running, reverse("planning:plan", args=[plan.pk]))
    if number_asked(request, "file_version") != patient.file_version:
        words = (
            "The patient's record was changed since this page was opened, so that nothing was saved. Open the page again; "
            "the goals stay in its address."
        )
        return _refused(request, words, status=409)
    try:
        with transaction.atomic():  # the goals are kept with a plan that is made of them, or not at all
            changed = _kept_goals(patient, asked, user_of(request))
            wanted = _with_goals(source, asked) if source.request.get("so_far") else request_of(patient)
    except InputError as error:
        return _refused(request, str(error))
    key = source.key if _same_but_goals(wanted, source.request) else None
    document: PlanDocument = {"request": wanted} if key is None else {"request": wanted, "key": key}
    keep = {} if key is None else {LOOKED_AT: source.request["patient"].get("goals") or {}}
    job = jobs.start("plan", document, user=user_of(request), patient=patient, keep=keep)
    note(request, action="plan with other goals", of=plan, patient=patient, goals=sorted(changed))
    return _answer(request, job, reverse("planning:plan", args=[plan.pk]))


def _kept_goals(patient: Patient, asked: Asked, user: User) -> dict[str, Any]:
    """Goals that differ go into the patient file; returns what was written."""
    told = asked.document()
    before = dict(patient.file.get("goals") or {})
    if not before.get("priorities") and all(weight == 1 for weight in asked.weights.values()):
        del told["priorities"]
    if told == before:
        return {}
    from recutis.web.patients.answers import keep

    keep(patient, {**patient.file, "goals": told}, [f"goals.{name}" for name in {*told, *before}], user)
    return told


def _with_goals(source: Source, asked: Asked) -> RequestDocument:
    return cast("RequestDocument", {**source.request, "patient": {**source.request["patient"], "goals": asked.document()}})


def _same_but_goals(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    def bare(request: Mapping[str, Any]) -> dict[str, Any]:
        return {**request, "patient": {name: value for name, value in request["patient"].items() if name != "goals"}}

    return bare(one) == bare(other)


@allow(CLINICIAN, methods=("POST",))
def in_full(request: HttpRequest, plan_id: uuid.UUID) -> HttpResponse:
    """Have a course of the chart simulated in full: a new plan whose first option it is."""
    plan = plan_of_clinic(request, plan_id)
    source = source_of(plan)
    running = under_way(plan.patient)
    if running is not None:
        return _answer(request, running, reverse("planning:plan", args=[plan.pk]))
    row, key = number_asked(request, "row"), source.key
    if key is None:
        return _refused(
            request, "The courses of this plan must be looked at again first; this takes some seconds. Then choose again."
        )
    if row is None or row < 0:
        return _refused(request, "No course was chosen. Choose one on the chart or in the list below it.")
    try:
        asked = asked_of(source.patient, request.POST)
        jobs.the_desk().course(key, row, asked.document())  # type: ignore[arg-type]
    except RecutisError as error:
        return _refused(request, str(error))
    document: PlanDocument = {"request": _with_goals(source, asked), "key": key, "row": row}
    keep = {LOOKED_AT: source.request["patient"].get("goals") or {}}
    job = jobs.start("plan", document, user=user_of(request), patient=plan.patient, keep=keep)
    note(request, action="course in full", row=row)
    return _answer(request, job, reverse("planning:plan", args=[plan.pk]))


@allow(CLINICIAN, methods=("POST",))
def choose(request: HttpRequest, plan_id: uuid.UUID) -> HttpResponse:
    """Choose the option that will be released; after the release it stays."""
    own(request, CoursePlan, pk=plan_id)
    plan = CoursePlan.objects.select_for_update(no_key=True).get(pk=plan_id)
    rank = number_asked(request, "rank")
    note(request, action="option chosen", of=plan, patient=plan.patient_id, option=rank)
    back = reverse("planning:plan", args=[plan.pk])
    options = len(plan.document.get("options", ()))
    if plan.released_at is not None:
        messages.error(
            request, "This plan has been released, so that its option stays. Make a new plan to choose anew.", "danger"
        )
    elif rank is None or not 1 <= rank <= options:
        messages.error(request, f"This plan has options 1 to {options}; choose one of them. Nothing was changed.", "danger")
    else:
        plan.chosen_rank = rank
        plan.save(update_fields=["chosen_rank"])
        messages.success(request, f"Option {rank} is chosen.", "good")
        back = f"{back}?option={rank}"
    return redirect(back)


# Jobs


def job_context(request: HttpRequest, job: Job) -> dict[str, Any]:
    """How far a job has come."""
    state, share, words = jobs.now(job)
    cancellable = state in _GOING and (user_of(request).role == CLINICIAN or job.asked_by_id == user_of(request).pk)
    return {
        "job": job, "state": state, "percent": round(100 * share), "words": words, "going": state in _GOING,
        "may_cancel": cancellable, "retry": job.document.get("from") == "record" and user_of(request).role == CLINICIAN,
        "title": {"update": "Updating the plan", "report": "Writing the report"}.get(job.kind, "Making the plan"),
    }  # fmt: skip


def result_of(job: Job) -> str:
    """Where the result of a job that is done is shown."""
    told = job.result or {}
    if job.kind in _RESPONSES:
        return reverse(_RESPONSES[job.kind], args=[job.pk])
    if told.get("plan"):
        return reverse("planning:plan", args=[told["plan"]])
    return reverse("planning:patient", args=[job.patient_id]) if job.patient_id else reverse("home")


@transaction.non_atomic_requests
@allow(*TREATING, methods=("GET", "HEAD", "POST"))
def job_card(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """How far a job is (asked again and again), or cancel it."""
    job = own(request, Job, pk=job_id)
    if request.method == "POST":
        context = job_context(request, job)
        if context["may_cancel"]:
            with transaction.atomic():
                jobs.cancel(job)
            note(request, action="job cancelled", of=job, patient=job.patient_id)
        job = own(request, Job, pk=job_id)
    else:
        silent(request)
    context = job_context(request, job)
    answer = render(request, "planning/job.html", context)
    if context["state"] == "done" and request.headers.get("HX-Request"):
        answer["HX-Redirect"] = result_of(job)
    return answer
