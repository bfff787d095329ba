"""Lifting a screening rule for one patient: a physician, with a reason, where the rule allows it; and withdrawing that."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from recutis.errors import InputError
from recutis.patient import Override, make_override, screen
from recutis.web.access import allow, note, own, user_of
from recutis.web.accounts.models import CLINICIAN
from recutis.web.patients.consultation import locked, panel_context
from recutis.web.patients.models import LiftedRule, Patient
from recutis.web.patients.records import Standing, applying, lifted_rules, standing
from recutis.web.patients.records import withdraw as end


def checked(now: Standing, override: Override, lifted: tuple[LiftedRule, ...]) -> None:
    """Pass an override that screening accepts beside those that stand.

    Raises InputError with the sentence why it does not.
    """
    if not now.draft.patient.concerns:
        msg = f"{override.rule_id} cannot be overridden by {override.by}: screening starts with the first concern; name one."
        raise InputError(msg)
    used, _ = applying(now.draft.patient, lifted)
    screen(now.draft.patient, overrides=[*used, override])


@allow(CLINICIAN, methods=("POST",))
def lift(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Lift one rule."""
    user = user_of(request)
    rule_id, reason = request.POST.get("rule_id", "").strip(), request.POST.get("reason", "").strip()
    error = ""
    patient = own(request, Patient, pk=patient_id)
    try:
        patient = locked(request, patient_id)
        today = timezone.localdate()
        if not reason:
            msg = f"Say why {rule_id[:20] or 'the rule'} does not hold for this patient; a rule is lifted with a reason only."
            raise InputError(msg)
        override = make_override(
            rule_id=rule_id,
            by=user.full_name,
            role=user.override_role,
            reason=reason.replace("\r\n", " ").replace("\n", " "),
            date=today,
        )
        checked(standing(patient), override, lifted_rules(patient))
        made = LiftedRule.objects.create(
            clinic=patient.clinic, patient=patient, rule_id=override.rule_id, by=user, reason=override.reason, date=today
        )
        note(request, action="rule lifted", of=made, patient=patient, rule=made.rule_id)
    except InputError as refusal:
        error = str(refusal)
    context = panel_context(request, patient, standing(patient))
    context |= {"lift_rule": rule_id, "lift_error": error, "lift_reason": reason if error else ""}
    return render(request, "patients/panel_only.html", context, status=422 if error else 200)


@allow(CLINICIAN, methods=("POST",))
def withdraw(request: HttpRequest, patient_id: UUID, lifted_id: UUID) -> HttpResponse:
    """Put a lifted rule back in force."""
    patient = own(request, Patient, pk=patient_id)
    lifted = own(request, LiftedRule, pk=lifted_id, patient=patient)
    if lifted.withdrawn_at is None:
        end(lifted, user_of(request))
    note(request, action="override withdrawn", of=lifted, patient=patient, rule=lifted.rule_id)
    return render(request, "patients/panel_only.html", panel_context(request, patient, standing(patient)))
