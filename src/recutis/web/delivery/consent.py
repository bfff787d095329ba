"""Consent: which text is shown, what a signature may be, and whether a plan has one that holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from recutis.web.delivery.models import Consent, ConsentWording
from recutis.web.delivery.wording import FIRST_WORDING, digest_of

if TYPE_CHECKING:
    from recutis.web.accounts.models import Clinic
    from recutis.web.planning.models import CoursePlan

PAD_WIDTH, PAD_HEIGHT = 600, 180
"""The field in which a signature is drawn; its coordinates lie inside."""
_LONGEST_PATH: Final = 40_000
_MOST_POINTS: Final = 4_000
_LEAST_POINTS: Final = 5
_STEP: Final = re.compile(r"([ML])([0-9]{1,3}(?:\.[0-9])?) ([0-9]{1,3}(?:\.[0-9])?)")


def signature_wrong(path: str) -> str:
    """What is wrong with a drawn signature; empty for one that may be kept, and for none.

    Only moves and lines with plain numbers inside the field are taken, so that the path can be shown as it is.
    """
    if not path:
        return ""
    if len(path) > _LONGEST_PATH:
        return "The signature has too many points. Clear it and sign again."
    steps = _STEP.findall(path)
    if not path.startswith("M") or "".join(f"{word}{x} {y}" for word, x, y in steps) != path or len(steps) > _MOST_POINTS:
        return "The signature could not be read. Clear it and sign again."
    if any(float(x) > PAD_WIDTH or float(y) > PAD_HEIGHT for _, x, y in steps):
        return "The signature runs out of its field. Clear it and sign again."
    if len(steps) < _LEAST_POINTS:
        return "This is a dot, not a signature. Clear it and sign again, or leave it empty and type the name only."
    return ""


def wording_of(clinic: Clinic) -> ConsentWording:
    """The newest wording of a clinic; its first one is made when none is there."""
    newest = clinic.consent_wordings.order_by("-version").first()
    if newest is None:
        newest, _ = ConsentWording.objects.get_or_create(clinic=clinic, version=1, defaults={"text": FIRST_WORDING})
    return newest


def consent_for(plan: CoursePlan) -> Consent | None:
    """The consent that holds for exactly this plan: signed, and not withdrawn."""
    return plan.consents.filter(withdrawn_at=None).order_by("-signed_at").first()


def untouched(consent: Consent) -> bool:
    """Whether the text that is kept is the one that was signed."""
    return digest_of(consent.text) == consent.text_sha256
