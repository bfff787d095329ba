"""What was seen and what it changed: the update of a plan from follow-ups, observed against predicted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from recutis.plan.prediction_document import SeenThing, Shift
from recutis.plan.update_document import GivenSession, PlanUpdate, RestCourse
from recutis.report.rows import number, quantity_text, unit_text
from recutis.report.words import concern_words, sentence
from recutis.web.access import TREATING, allow, note, own, refused, user_of
from recutis.web.delivery.models import FollowUp
from recutis.web.planning import jobs, links
from recutis.web.planning.asking import can_plan, plan_of_clinic
from recutis.web.planning.making import job_context, under_way
from recutis.web.planning.models import CoursePlan, Job
from recutis.web.work import UpdateDocument

_VERDICTS: Final = {
    "keep": ("good", "Go on as planned"), "change": ("caution", "Change the course"), "stop": ("danger", "Stop here"),
    "finished": ("good", "The course is finished"),
}  # fmt: skip
_SHIFTS: Final = (
    ("redness_days", "Redness"), ("social_downtime_days", "Social downtime"), ("pain_0_10", "Pain"), ("pih_pct", "Dark marks (PIH)"),
)  # fmt: skip


@allow(*TREATING, methods=("GET", "HEAD", "POST"))
def update(request: HttpRequest, plan_id: uuid.UUID) -> HttpResponse:
    """The follow-ups of a plan, and the update that is made with them."""
    plan = plan_of_clinic(request, plan_id, whole=request.method == "POST")
    visits = list(FollowUp.objects.filter(plan=plan).select_related("session", "entered_by").order_by("seen_on", "entered_at"))
    if request.method != "POST":
        return _page(request, plan, visits)
    if not can_plan(request):
        refused(request)
    job = under_way(plan.patient)
    if job is None:
        chosen = _chosen(request, visits)
        if not chosen:
            words = "Nothing that was seen is ticked. Tick at least one follow-up; then update the plan."
            return _page(request, plan, visits, words=words)
        if plan.status != "ready":
            return _page(request, plan, visits, words="This plan is not ready, so that there is no course to go on with.")
        job = _begin(request, plan, [visit.observation for visit in chosen])
        note(request, action="update asked for", of=plan, patient=plan.patient_id, follow_ups=len(chosen))
    if request.headers.get("HX-Request"):
        return render(request, "planning/job.html", job_context(request, job))
    return _page(request, plan, visits)


def _begin(request: HttpRequest, plan: CoursePlan, observations: Sequence[Mapping[str, Any]]) -> Job:
    document: UpdateDocument = {"plan": plan.document, "observations": list(observations), "option": plan.chosen_rank}
    keep = {"previous": str(plan.pk), "observation": list(observations)}
    return jobs.start("update", document, user=user_of(request), patient=plan.patient, keep=keep)


def _chosen(request: HttpRequest, visits: Sequence[FollowUp]) -> list[FollowUp]:
    """The follow-ups that were ticked, and those of the same plan that were seen before a single one that was named.

    Raises Http404 for one that is not of this plan.
    """
    named = request.POST.getlist("follow_up")
    found = {str(visit.pk): visit for visit in visits}
    try:
        keys = {str(uuid.UUID(name)) for name in named}
    except ValueError:
        keys = set(named)
    if not keys <= set(found):
        msg = "There is no such follow-up of this plan."
        raise Http404(msg)
    return [visit for visit in visits if str(visit.pk) in keys]


def _page(request: HttpRequest, plan: CoursePlan, visits: Sequence[FollowUp], *, words: str = "") -> HttpResponse:
    job = under_way(plan.patient)
    done = Job.objects.filter(patient_id=plan.patient_id, kind="update", document__previous=str(plan.pk)).order_by("-asked_at")
    last = done.first()
    if job is None and last is not None and last.state in {"failed", "interrupted"}:
        job = last
    context: dict[str, Any] = {
        "plan": plan, "patient": plan.patient, "tab": "plan", "patient_page": links.patient_page(plan.patient_id), "words": words,
        "visits": [{"visit": visit, "seen": _told(visit.observation)} for visit in visits], "can_plan": can_plan(request),
        "earlier": [one for one in done if one.state == "done"],
        "follow_up": links.route("delivery:follow-up", plan.patient_id),
    }  # fmt: skip
    if job is not None:
        context |= job_context(request, job)
    return render(request, "planning/update.html", context, status=422 if words else 200)


def _told(observation: Mapping[str, Any]) -> list[dict[str, str]]:
    """An observation as names and values, for people."""
    from recutis.response.update import WORDS

    rows = []
    if observation.get("site"):
        rows.append({"name": str(observation["site"]).replace("_", " "), "value": ""})
    for name, value in observation.items():
        if name in {"session", "date", "given", "improvement", "site"}:
            continue
        words, unit = WORDS.get(name, (name.replace("_", " "), ""))
        shown = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        rows.append({"name": words, "value": f"{shown} {'' if isinstance(value, bool) else unit_text(unit)}".strip()})
    gains = observation.get("improvement") or {}
    return rows + [{"name": concern_words(key), "value": f"{value:g} % better"} for key, value in gains.items()]


@allow(*TREATING)
def seen(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """What was seen changed the plan: observed against predicted, what was learnt, and how to go on.

    Raises Http404 for a job that has no update to show.
    """
    job = own(request, Job, pk=job_id)
    told = (job.result or {}).get("update")
    if told is None:
        msg = "This job has no update to show."
        raise Http404(msg)
    note(request, of=job, patient=job.patient_id)
    try:
        found = PlanUpdate.model_validate(told)
    except (ValidationError, ValueError) as error:
        msg = "This update was written by another version and cannot be shown; make it again."
        raise Http404(msg) from error
    made, before = (job.result or {}).get("plan"), job.document.get("previous")
    tone, words = _VERDICTS[found.verdict]
    context = {
        "job": job, "patient": job.patient, "tab": "plan", "update": found, "tone": tone, "verdict": words,
        "patient_page": links.patient_page(job.patient_id) if job.patient_id else "",
        "difference": _changes(found), "sessions": [_session(one) for one in found.given],
        "shifts": _shifts(found), "reached": [(concern_words(key), quantity_text(band)) for key, band in found.reached_pct.items()],
        "options": [_course(one) for one in found.options], "old": None if found.old is None else _course(found.old),
        "new_plan": reverse("planning:plan", args=[made]) if made else "",
        "old_plan": reverse("planning:plan", args=[before]) if before else "",
    }  # fmt: skip
    return render(request, "planning/seen.html", context)


def _changes(found: PlanUpdate) -> list[str]:
    """What the update says of the difference, but for what the table of things seen tells already."""
    told = tuple(f"{'Test spot' if one.test_spot else f'Session {one.number}'}," for one in found.given if one.learnt is not None)
    return [sentence(text) for text in found.difference if not sentence(text).startswith(told)]


def _session(one: GivenSession) -> dict[str, Any]:
    learnt = one.learnt
    return {
        "name": "Test spot" if one.test_spot else f"Session {one.number}", "date": one.date, "device": one.device,
        "sites": ", ".join(site.replace("_", " ") for site in one.sites),
        "seen": [] if learnt is None else [_thing(item) for item in learnt.seen],
    }  # fmt: skip


def _thing(item: SeenThing) -> dict[str, Any]:
    """One thing that was seen beside what was foreseen; `where` tells on which side of the band of 8 in 10 it lies."""
    from recutis.response.update import WORDS

    words, unit = WORDS[item.what]
    band = item.predicted
    place = concern_words(item.concern) if item.concern else item.site.replace("_", " ")
    if isinstance(item.value, bool):
        told = "came" if item.value else "did not come"
        return {"name": words, "place": place, "seen": told, "foreseen": f"chance {quantity_text(band)}", "where": "", "tone": ""}
    where = "above the band" if item.value > band.p90 else "below the band" if item.value < band.p10 else "inside the band"
    return {
        "name": words, "place": place, "seen": f"{number(item.value)} {unit_text(unit)}", "foreseen": quantity_text(band),
        "where": where, "tone": "good" if where == "inside the band" else "caution",
    }  # fmt: skip


def _shifts(found: PlanUpdate) -> list[tuple[str, str, str]]:
    told = found.shifts
    if told is None:
        return []
    rows: list[tuple[str, Shift]] = [(name, getattr(told, field)) for field, name in _SHIFTS]
    rows += [(f"{concern_words(key)}, at the end", shift) for key, shift in told.total_pct.items()]
    return [(name, quantity_text(shift.before), quantity_text(shift.after)) for name, shift in rows]


def _course(one: RestCourse) -> dict[str, Any]:
    return {
        "label": one.label, "sessions": one.sessions, "breaks": [sentence(text) for text in one.breaks],
        "gains": [(concern_words(key), quantity_text(band)) for key, band in one.total_pct.items()],
        "to_come": [(concern_words(key), quantity_text(band)) for key, band in one.to_come_pct.items()],
        "days": quantity_text(one.social_downtime_days), "pain": quantity_text(one.pain_0_10), "pih": quantity_text(one.pih_pct),
    }  # fmt: skip
