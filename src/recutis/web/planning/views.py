"""Pages of planning: the plans of a patient, one plan with its choice, and two options side by side."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from recutis.errors import InputError, RecutisError
from recutis.plan.document import Option, Plan
from recutis.web.access import TREATING, allow, note, own, refused
from recutis.web.patients.models import Patient
from recutis.web.pictures import compare_options
from recutis.web.planning import links
from recutis.web.planning.asking import can_plan, course_context, number_asked, option_context, plan_of_clinic
from recutis.web.planning.goals import RISKS, Asked, asked_of, goal_lines
from recutis.web.planning.known import Source, points_in, source_of
from recutis.web.planning.looked import chart_context, course, look
from recutis.web.planning.making import begin, job_context, under_way
from recutis.web.planning.models import CoursePlan, Job
from recutis.web.planning.shown import option_view, plan_view

_SOON_S: Final = 0.7
"""How long the page waits for the desk before it is shown without it."""


# The plans of a patient


@allow(*TREATING, methods=("GET", "HEAD", "POST"))
def patient(request: HttpRequest, patient_id: uuid.UUID) -> HttpResponse:
    """The newest plan of a patient; what still stops one where there is none; and the button that makes one."""
    found = own(request, Patient, pk=patient_id)
    note(request, patient=found)
    if request.method == "POST":
        if not can_plan(request):
            refused(request)
        return begin(request, found)
    plans = list(found.plans.defer("document", "observation").select_related("made_by"))
    job = under_way(found)
    if plans and job is None and "all" not in request.GET:
        return redirect("planning:plan", plan_id=plans[0].pk)
    ended = None if job else _last_ended(found, plans)
    context = {
        "patient": found, "plans": plans, "can_plan": can_plan(request), "tab": "plan",
        "consultation": links.consultation(found.pk), "patient_page": links.patient_page(found.pk), **_standing(found),
    }  # fmt: skip
    if job or ended:
        context |= job_context(request, job or ended)  # type: ignore[arg-type]
    return render(request, "planning/patient.html", context)


def _last_ended(found: Patient, plans: list[CoursePlan]) -> Job | None:
    """A job that failed or was interrupted since the newest plan."""
    last = found.jobs.filter(kind__in=("plan", "update")).exclude(document__kind="explore").first()
    if last is None or last.state not in {"failed", "interrupted"} or (plans and plans[0].made_at > last.asked_at):
        return None
    return last


def _standing(found: Patient) -> dict[str, Any]:
    """What screening says of the record now."""
    from recutis.web.patients.panel import panel_of
    from recutis.web.patients.records import standing

    return {"panel": panel_of(standing(found))}


# One plan


@transaction.non_atomic_requests
@allow(*TREATING)
def plan(request: HttpRequest, plan_id: uuid.UUID) -> HttpResponse:
    """One plan: goals, the choice, and the chosen option in full; or why there is none."""
    found = plan_of_clinic(request, plan_id, whole=True)
    document = Plan.model_validate(found.document)
    source = source_of(found)
    context: dict[str, Any] = {
        "plan": found, "patient": found.patient, "view": plan_view(document), "can_plan": can_plan(request), "tab": "plan",
        "links": links.plan_links(found), "patient_page": links.patient_page(found.patient_id), "document": document,
        "consultation": links.consultation(found.patient_id), "newer": _newer(found), "seen_from": _seen_from(found),
        "can_update": found.released_at is not None,
    }  # fmt: skip
    job = under_way(found.patient)
    if job is not None:
        context |= job_context(request, job)
    if not document.options:
        return render(request, "planning/stopped.html", context)
    return render(request, "planning/plan.html", context | _choice(request, found, document, source))


def _newer(found: CoursePlan) -> CoursePlan | None:
    return CoursePlan.objects.filter(patient_id=found.patient_id, made_at__gt=found.made_at).only("pk", "made_at").first()


def _seen_from(found: CoursePlan) -> Job | None:
    """The update that made this plan."""
    return Job.objects.filter(patient_id=found.patient_id, kind="update", result__plan=str(found.pk)).only("pk").first()


def _choice(request: HttpRequest, found: CoursePlan, document: Plan, source: Source) -> dict[str, Any]:
    """Goals, chart and what is chosen; without the desk the plan's own chart."""
    words = ""
    try:
        asked = asked_of(source.patient, request.GET)
    except InputError as error:
        words, asked = f"{error} The goals of the plan are shown.", asked_of(source.patient, type(request.GET)())
    rank, row = number_asked(request, "option"), number_asked(request, "row")
    if rank is None or not 1 <= rank <= len(document.options):
        rank = min(max(found.chosen_rank, 1), len(document.options))
    if row is not None and row < 0:
        row = None
    told = _looked(found, document, source, asked, rank, row)
    source = told.pop("source", source)
    shown = _chosen(request, found, source, asked, row) if row is not None and source.rank(row) is None else {}
    shown = shown or option_context(request, found, document, source, rank)
    return {
        "asked": asked, "goal_words": words, "risks": RISKS, "goal_lines": goal_lines(source.goals), "rank": rank,
        "file_version": found.patient.file_version, **told, **shown,
    }  # fmt: skip


def _looked(
    found: CoursePlan, document: Plan, source: Source, asked: Asked, rank: int, row: int | None
) -> dict[str, Any]:  # fmt: skip
    try:
        looked = look(found, source, asked, row=row, timeout_s=_SOON_S)
    except RecutisError:
        points = points_in(document.front, source)
        return {**chart_context(points, asked, chosen=source.row(rank)), "live": False}
    chosen = looked.source.row(rank) if row is None else row
    return {**looked.context(chosen=chosen), "source": looked.source}


def _chosen(request: HttpRequest, found: CoursePlan, source: Source, asked: Asked, row: int) -> dict[str, Any]:
    try:
        return course_context(request, found, source, asked, course(source, asked, row))
    except RecutisError:
        return {}


# Side by side


@transaction.non_atomic_requests
@allow(*TREATING)
def compare(request: HttpRequest, plan_id: uuid.UUID) -> HttpResponse:
    """Two options side by side: of this plan, or of this one and another of the same patient."""
    found = plan_of_clinic(request, plan_id, whole=True)
    other = _other(request, found)
    one = Plan.model_validate(found.document)
    two = one if other.pk == found.pk else Plan.model_validate(other.document)
    plans = found.patient.plans.filter(status="ready").defer("document", "observation")
    context: dict[str, Any] = {
        "plan": found, "patient": found.patient, "other": other, "plans": plans, "tab": "plan",
        "patient_page": links.patient_page(found.patient_id),
        "options_a": one.options, "options_b": two.options,
    }  # fmt: skip
    if not one.options or not two.options:
        return render(request, "planning/compare.html", context)
    a = _rank(request, "a", one.options, found.chosen_rank)
    b = _rank(request, "b", two.options, 2 if other.pk == found.pk and a == 1 else 1)
    views = [option_view(one, a), option_view(two, b)]
    names = [f"{letter}: {view['label']}" for letter, view in zip("AB", views, strict=True)]
    rows = compare_options(one.options[a - 1], two.options[b - 1])
    context |= {"a": a, "b": b, "sides": list(zip("AB", views, (found, other), strict=True)), "rows": rows, "names": names}
    return render(request, "planning/compare.html", context)


def _other(request: HttpRequest, found: CoursePlan) -> CoursePlan:
    """The plan that the second option is of.

    Raises Http404 for one of another patient, or of none.
    """
    asked = request.GET.get("with", "")
    if not asked or asked == str(found.pk):
        return found
    try:
        other = found.patient.plans.filter(pk=asked).first()
    except (ValidationError, ValueError):
        other = None
    if other is None:
        msg = "There is no such plan of this patient to compare with."
        raise Http404(msg)
    return other


def _rank(request: HttpRequest, name: str, options: tuple[Option, ...], usual: int) -> int:
    asked = number_asked(request, name)
    return asked if asked is not None and 1 <= asked <= len(options) else min(max(usual, 1), len(options))
