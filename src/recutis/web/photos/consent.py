"""What a patient has agreed to about photographs: the newest signed consent says it; withdrawn, it brings no older one back."""

from __future__ import annotations

from dataclasses import dataclass

from recutis.web.delivery.models import Consent
from recutis.web.patients.models import Patient


@dataclass(frozen=True, kw_only=True)
class PhotoConsent:
    """Whether photographs may be taken for care, and shown for teaching."""

    care: bool
    teaching: bool


def end_teaching(patient: Patient) -> int:
    """End the use of photographs for teaching where the consent does not say so any more; returns how many there were."""
    if consent_of(patient).teaching:
        return 0
    return int(patient.photos.filter(teaching_allowed=True).update(teaching_allowed=False))


def consent_of(patient: Patient) -> PhotoConsent:
    """The consent of a patient as it stands today."""
    signed = Consent.objects.filter(patient=patient).order_by("-signed_at").first()
    if signed is None or signed.withdrawn_at is not None:
        return PhotoConsent(care=False, teaching=False)
    return PhotoConsent(care=signed.photos_for_care, teaching=signed.photos_for_teaching)
