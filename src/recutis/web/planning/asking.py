"""Answers while somebody looks at a plan: moved goals, one course of the chart, one option; nothing is written for them."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, Final

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from recutis.errors import InputError, RecutisError
from recutis.plan.document import Plan
from recutis.web.access import TREATING, allow, note, silent, user_of
from recutis.web.accounts.models import CLINICIAN
from recutis.web.planning import jobs
from recutis.web.planning.goals import Asked, asked_of
from recutis.web.planning.known import Source, source_of, with_rows
from recutis.web.planning.looked import course, look
from recutis.web.planning.models import CoursePlan, Job
from recutis.web.planning.shown import option_view
from recutis.web.work import UnknownKeyError

_JUST_NOW: Final = datetime.timedelta(minutes=1)
_BIGGEST: Final = 10**9
"""Rows beyond this exist nowhere."""


def plan_of_clinic(request: HttpRequest, plan_id: uuid.UUID, *, whole: bool = False) -> CoursePlan:
    """A plan of this person's clinic with its patient; its document only where the `whole` is asked for.

    Raises Http404 when there is none, also when another clinic has it.
    """
    found = CoursePlan.objects.filter(clinic_id=user_of(request).clinic_id, pk=plan_id).select_related("patient", "made_by")
    plan = (found if whole else found.defer("document")).first()
    if plan is None:
        msg = "There is no such plan in your clinic."
        raise Http404(msg)
    note(request, of=plan, patient=plan.patient_id)
    return plan


def number_asked(request: HttpRequest, name: str) -> int | None:
    """A whole number of the address or the form; None where it holds none that could be meant."""
    text = request.POST.get(name) or request.GET.get(name) or ""
    try:
        found = int(text[:20])
    except ValueError:
        return None
    return found if abs(found) < _BIGGEST else None


def address(plan_id: uuid.UUID, asked: Asked | None = None, *, option: int | None = None, row: int | None = None) -> str:
    """The plan's page with goals and choice, so that a reload shows the same."""
    parts = [asked.query() if asked else "", f"option={option}" if option else "", f"row={row}" if row is not None else ""]
    query = "&".join(part for part in parts if part)
    return reverse("planning:plan", args=[plan_id]) + (f"?{query}" if query else "")


def option_context(request: HttpRequest, plan: CoursePlan, document: Plan, source: Source, rank: int) -> dict[str, Any]:
    """What the right side shows of one option."""
    return {
        "plan": plan, "shown": option_view(document, rank), "row": source.row(rank), "can_plan": can_plan(request),
        "options": [{"rank": one.rank, "row": source.row(one.rank)} for one in document.options],
    }  # fmt: skip


def course_context(
    request: HttpRequest, plan: CoursePlan, source: Source, asked: Asked, told: dict[str, Any]
) -> dict[str, Any]:  # fmt: skip
    """What the right side shows of a course of the chart."""
    options = [{"rank": rank, "row": row} for rank, row in enumerate(source.rows, start=1)]
    return {"plan": plan, "course": told, "asked": asked, "can_plan": can_plan(request), "options": options, "row": told["row"]}


def can_plan(request: HttpRequest) -> bool:
    """Whether this person makes plans and chooses among their options."""
    return user_of(request).role == CLINICIAN


@transaction.non_atomic_requests
@allow(*TREATING)
def judge(request: HttpRequest, plan_id: uuid.UUID) -> HttpResponse:
    """What moved goals make of the courses: the chart, the best, what limits take away and what looser ones buy."""
    plan = plan_of_clinic(request, plan_id)
    silent(request)
    source = source_of(plan)
    row = number_asked(request, "shown")
    try:
        asked = asked_of(source.patient, request.GET)
        looked = look(plan, source, asked, row=row)
    except UnknownKeyError:
        return _again(request, plan, source)
    except InputError as error:
        return render(request, "planning/not_judged.html", {"plan": plan, "words": str(error)}, status=422)
    except RecutisError as error:
        return render(request, "planning/not_judged.html", {"plan": plan, "words": str(error), "again": True})
    context = looked.context(chosen=row) | {"plan": plan, "can_plan": can_plan(request), "swap": True}
    if row is not None and row >= 0 and looked.source.rank(row) is None:
        context |= _course(request, plan, looked.source, asked, row)
    answer = render(request, "planning/judged.html", context)
    rank = None if row is None else looked.source.rank(row)
    answer["HX-Replace-Url"] = address(plan.pk, asked, option=rank, row=None if rank else row)
    return answer


def _course(request: HttpRequest, plan: CoursePlan, source: Source, asked: Asked, row: int) -> dict[str, Any]:
    try:
        told = course(source, asked, row)
    except RecutisError as error:
        return {"course_words": str(error)}
    return course_context(request, plan, source, asked, told)


def _again(request: HttpRequest, plan: CoursePlan, source: Source) -> HttpResponse:
    """The courses are not in memory: how far looking at them again has come, or what starts it."""
    job = looking(plan)
    state, share, words = jobs.now(job) if job else ("", 0.0, "")
    if not source.ready:
        state, words = "failed", "This plan is not ready, so that it has no courses."
    elif state == "done" and source.key is not None:
        state, share = "running", 1.0
    elif state == "done" and job is not None and job.ended_at is not None and timezone.now() - job.ended_at < _JUST_NOW:
        state, words = "failed", "They were looked at, and forgotten at once: the workers have too little memory for them."
    context = {
        "plan": plan,
        "state": state,
        "percent": round(100 * share),
        "words": words,
        "running": state in {"queued", "running"},
    }
    return render(request, "planning/looking.html", context)


def looking(plan: CoursePlan) -> Job | None:
    """The newest job that looks at the courses of a plan again."""
    found: Job | None = Job.objects.filter(patient_id=plan.patient_id, document__of_plan=str(plan.pk)).first()
    return found


@allow(*TREATING, methods=("POST",))
def look_again(request: HttpRequest, plan_id: uuid.UUID) -> HttpResponse:
    """Have the courses of a plan looked at again, in the background; once at a time."""
    plan = plan_of_clinic(request, plan_id)
    note(request, action="look at courses again")
    source = source_of(plan)
    job = looking(plan)
    if source.ready and source.key is None and (job is None or jobs.now(job)[0] not in {"queued", "running"}):
        keep = {"of_plan": str(plan.pk)}
        jobs.start("explore", {"request": source.request}, user=user_of(request), patient=plan.patient, keep=keep)
    return _again(request, plan, source)


@transaction.non_atomic_requests
@allow(*TREATING)
def choice(request: HttpRequest, plan_id: uuid.UUID) -> HttpResponse:
    """What somebody chose on the chart: an option of the plan in full, or another course in short."""
    plan = plan_of_clinic(request, plan_id)
    silent(request)
    source = source_of(plan)
    row = number_asked(request, "row")
    try:
        asked = asked_of(source.patient, request.GET)
    except InputError as error:
        return render(request, "planning/not_chosen.html", {"words": str(error)}, status=422)
    key = source.key
    if key is not None and row is not None:
        source = with_rows(source, plan, key)
    rank = None if row is None else source.rank(row)
    if rank is not None:
        return _option(request, plan.pk, source, asked, rank)
    if row is None or row < 0:
        words = "Only the plan's options can be shown until its courses have been looked at again."
        return render(request, "planning/not_chosen.html", {"words": words})
    try:
        told = course(source, asked, row)
    except RecutisError as error:
        return render(request, "planning/not_chosen.html", {"words": str(error)})
    answer = render(request, "planning/course.html", course_context(request, plan, source, asked, told))
    answer["HX-Replace-Url"] = address(plan.pk, asked, row=row)
    return answer


def _option(request: HttpRequest, plan_id: uuid.UUID, source: Source, asked: Asked, rank: int) -> HttpResponse:
    plan = plan_of_clinic(request, plan_id, whole=True)
    document = Plan.model_validate(plan.document)
    if rank > len(document.options):
        msg = f"This plan has no option {rank}; it has {len(document.options)}."
        raise Http404(msg)
    answer = render(request, "planning/option.html", option_context(request, plan, document, source, rank))
    answer["HX-Replace-Url"] = address(plan_id, asked, option=rank)
    return answer
