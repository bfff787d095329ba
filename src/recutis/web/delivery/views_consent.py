"""Consent: read and signed on a tablet, shown and printed later, withdrawn."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from recutis.web.access import TREATING, allow, note, own, user_of
from recutis.web.delivery.consent import PAD_HEIGHT, PAD_WIDTH, consent_for, signature_wrong, untouched, wording_of
from recutis.web.delivery.models import Consent
from recutis.web.delivery.release import may_leave
from recutis.web.delivery.views_release import plan_asked
from recutis.web.delivery.wording import digest_of, filled, lines_of
from recutis.web.photos.consent import end_teaching

_LONGEST_NAME = 200


@allow(*TREATING, methods=("GET", "HEAD", "POST"))
def sign(request: HttpRequest, plan_id: uuid.UUID) -> HttpResponse:
    """The patient reads the text of this plan, ticks, types the name, signs; who is signed in is the witness."""
    plan = plan_asked(request, plan_id)
    note(request, of=plan, patient=plan.patient_id)
    if not may_leave(plan):
        messages.error(request, "The plan is not released, so its patient part cannot be shown for consent.", "danger")
        return redirect("delivery:release", plan_id=plan.pk)
    there = consent_for(plan)
    if there is not None:
        return redirect("delivery:consent", consent_id=there.pk)
    wording = wording_of(plan.clinic)
    text = filled(wording.text, plan)
    wrong: dict[str, str] = {}
    typed = {name: request.POST.get(name, "") for name in ("signed_name", "signature", "care", "teaching", "agree", "digest")}
    if request.method == "POST":
        wrong = _wrong_with(typed, text)
        if not wrong:
            made = Consent.objects.create(
                clinic=plan.clinic, patient=plan.patient, plan=plan, wording=wording, text=text, text_sha256=digest_of(text),
                photos_for_care=bool(typed["care"]), photos_for_teaching=bool(typed["teaching"]),
                signed_name=typed["signed_name"].strip(), signature_svg_path=typed["signature"], signed_at=timezone.now(),
                witness=user_of(request),
            )  # fmt: skip
            end_teaching(plan.patient)
            note(
                request, action="consent signed", of=made, version=wording.version, sha256=made.text_sha256,
                care=made.photos_for_care, teaching=made.photos_for_teaching,
            )  # fmt: skip
            return redirect(f"{reverse('delivery:consent', args=[made.pk])}?handed=1")
    return render(
        request, "delivery/sign.html",
        {
            "plan": plan, "patient": plan.patient, "lines": lines_of(text), "digest": digest_of(text), "wrong": wrong, "typed": typed,
            "pad": {"width": PAD_WIDTH, "height": PAD_HEIGHT}, "wording": wording,
        },
        status=422 if wrong else 200,
    )  # fmt: skip


def _wrong_with(typed: dict[str, str], text: str) -> dict[str, str]:
    wrong = {}
    if typed["digest"] != digest_of(text):
        wrong["text"] = "The text has changed since this page was opened. Please read it again; nothing was signed."
    if not typed["agree"]:
        wrong["agree"] = "Tick that you agree to the treatment, or hand the tablet back. Nothing was signed."
    name = typed["signed_name"].strip()
    if not name or len(name) > _LONGEST_NAME:
        wrong["signed_name"] = "Type your full name."
    bad = signature_wrong(typed["signature"])
    if bad:
        wrong["signature"], typed["signature"] = bad, ""
    return wrong


@allow(*TREATING)
def consent(request: HttpRequest, consent_id: uuid.UUID) -> HttpResponse:
    """A signed consent, word for word, to look at and to print; just signed, a page that holds nothing but thanks."""
    found = own(request, Consent, pk=consent_id)
    handed = bool(request.GET.get("handed"))
    note(request, of=found, patient=found.patient_id)
    return render(
        request, "delivery/consent.html",
        {
            "consent": found, "patient": found.patient, "lines": lines_of(found.text), "untouched": untouched(found),
            "pad": {"width": PAD_WIDTH, "height": PAD_HEIGHT}, "handed": handed, "frame": "bare.html" if handed else "base.html",
        },
    )  # fmt: skip


@allow(*TREATING, methods=("POST",))
def withdraw_consent(request: HttpRequest, consent_id: uuid.UUID) -> HttpResponse:
    """The patient takes the consent back; sessions of the plan cannot start any more."""
    found = own(request, Consent, pk=consent_id)
    why = request.POST.get("why", "").strip()[:500]
    if found.withdrawn_at is None:
        found.withdrawn_at = timezone.now()
        found.save(update_fields=["withdrawn_at"])
        end_teaching(found.patient)
        note(request, action="consent withdrawn", of=found, patient=found.patient_id, why=why)
        messages.success(request, "The consent is withdrawn. No session of this plan can start.", "good")
    return redirect("delivery:consent", consent_id=found.pk)
