"""Releasing a plan, taking a release back, and the clinic's consent wording."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from recutis.report.rows import quantity_text
from recutis.report.words import concern_words
from recutis.web.access import TREATING, allow, note, own, refused, user_of
from recutis.web.accounts.models import ADMINISTRATOR, CLINICIAN
from recutis.web.delivery.consent import wording_of
from recutis.web.delivery.course import SPOT, appointments, distinct, option_of, plan_of, told_passes
from recutis.web.delivery.forms import Release, Why
from recutis.web.delivery.models import ConsentWording
from recutis.web.delivery.release import cautions, release, why_not, withdraw
from recutis.web.delivery.wording import NEEDED, PLACES, lines_of, wrong_with
from recutis.web.planning.models import CoursePlan

if TYPE_CHECKING:
    from recutis.plan.document import Option, PhaseDocument


def plan_asked(request: HttpRequest, plan_id: uuid.UUID) -> CoursePlan:
    """A plan of this person's clinic; a second change of it waits for the first."""
    if request.method == "POST":
        list(CoursePlan.objects.select_for_update(no_key=True).filter(pk=plan_id).values_list("pk"))
    return own(request, CoursePlan, pk=plan_id)


@allow(*TREATING, methods=("GET", "HEAD", "POST"))
def release_plan(request: HttpRequest, plan_id: uuid.UUID) -> HttpResponse:
    """Warnings, lifted rules and dates of a plan; a clinician confirms and releases it."""
    from django.utils import timezone

    plan = plan_asked(request, plan_id)
    note(request, of=plan, patient=plan.patient_id)
    form = Release(request.POST if request.method == "POST" else None)
    stops = why_not(plan)
    status = 200
    if request.method == "POST":
        if user_of(request).role != CLINICIAN:
            refused(request)
        if stops or not form.is_valid():
            status = 422
        else:
            made = release(plan, user_of(request))
            note(request, action="plan released", option=plan.chosen_rank, sessions=len(made))
            messages.success(
                request, f"Released. {len(made)} visits are booked; the patient's part may leave the clinic now.", "good"
            )
            return redirect("delivery:patient", patient_id=plan.patient_id)
    made_plan, option = plan_of(plan), option_of(plan)
    visits = appointments(plan, not_before=timezone.localdate()) if option and not stops else ()
    return render(
        request, "delivery/release.html",
        {
            "plan": plan, "patient": plan.patient, "made": made_plan, "option": option, "form": form, "stops": stops,
            "cautions": [] if plan.released else cautions(plan), "may": user_of(request).role == CLINICIAN,
            "lifted": [one for one in made_plan.screening if one.state == "overridden"],
            "settled": [one for one in made_plan.screening if one.state == "lifted"],
            "fired": [one for one in made_plan.screening if one.state == "fires"],
            "reasons": {one.rule_id: one for one in plan.patient.lifted_rules.select_related("by").filter(withdrawn_at=None)},
            "phases": [(phase, _places(phase)) for phase in option.phases] if option else [],
            "told": _told(option) if option else [], "visits": visits, "spot_kind": SPOT, "why": Why(),
        },
        status=status,
    )  # fmt: skip


def _told(option: Option) -> list[tuple[str, str]]:
    made = option.predictions
    gains = [(concern_words(key), f"{quantity_text(one)} better") for key, one in made.improvement_pct.items()]
    rest = (
        ("Social downtime", made.social_downtime_days), ("Pain", made.pain_0_10),
        ("Dark marks (PIH), in the course", made.risks.pih.per_course), ("Scarring, in the course", made.risks.scarring.per_course),
    )  # fmt: skip
    return [*gains, *((name, quantity_text(one)) for name, one in rest)]


def _places(phase: PhaseDocument) -> list[tuple[str, str]]:
    return [(site, distinct([told_passes(one) for one in passes])) for site, passes in phase.site_settings.items()]


@allow(CLINICIAN, methods=("POST",))
def withdraw_plan(request: HttpRequest, plan_id: uuid.UUID) -> HttpResponse:
    """Take a release back, with the reason."""
    plan = plan_asked(request, plan_id)
    form = Why(request.POST)
    if not plan.released:
        messages.error(request, "This plan is not released.", "danger")
    elif not form.is_valid():
        messages.error(request, "Say why the release is withdrawn. Nothing was changed.", "danger")
    else:
        count = withdraw(plan, form.cleaned_data["why"])
        note(request, action="release withdrawn", of=plan, patient=plan.patient_id, cancelled=count)
        messages.success(request, f"The release is withdrawn; {count} planned visits are cancelled.", "good")
    return redirect("delivery:release", plan_id=plan.pk)


@allow(CLINICIAN, ADMINISTRATOR, methods=("GET", "HEAD", "POST"))
def wording(request: HttpRequest) -> HttpResponse:
    """The clinic's consent wording: the newest version, earlier ones, and a new one."""
    user = user_of(request)
    newest = wording_of(user.clinic)
    text, wrong = newest.text, []
    if request.method == "POST":
        text = request.POST.get("text", "").replace("\r\n", "\n").strip() + "\n"
        wrong = wrong_with(text)
        if text == newest.text:
            wrong.append("Nothing differs from the newest version.")
        if not wrong:
            made = ConsentWording.objects.create(clinic=user.clinic, version=newest.version + 1, text=text, made_by=user)
            note(request, action="consent wording changed", of=made, version=made.version)
            messages.success(
                request, f"Version {made.version} is in use. Consents that were signed keep their own words.", "good"
            )
            return redirect("delivery:wording")
    return render(
        request, "delivery/wording.html",
        {
            "newest": newest, "text": text, "wrong": wrong, "fillable": PLACES.items(), "needed": NEEDED,
            "versions": user.clinic.consent_wordings.select_related("made_by"),
        },
        status=422 if wrong else 200,
    )  # fmt: skip


@allow(CLINICIAN, ADMINISTRATOR)
def wording_version(request: HttpRequest, version: int) -> HttpResponse:
    """One version as it was."""
    found = own(request, ConsentWording, version=version)
    note(request, of=found)
    return render(request, "delivery/wording_version.html", {"wording": found, "lines": lines_of(found.text)})
