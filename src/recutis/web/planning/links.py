"""Ways to pages of other parts; a part that is not there leaves no link."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from recutis.web.planning.models import CoursePlan


@dataclass(frozen=True, kw_only=True)
class Link:
    """An address with its words; `main` for what comes next."""

    address: str
    words: str
    icon: str = "link"
    main: bool = False


def route(name: str, *args: object) -> str:
    """The address of a named page; empty where there is no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def plan_links(plan: CoursePlan) -> list[Link]:
    """What can be done with a plan elsewhere: release, consent, sessions, report."""
    wanted: list[tuple[str, Sequence[object], str, str, bool]] = []
    if plan.released:
        wanted += [
            ("delivery:release", (plan.pk,), "Release", "key", False),
            ("delivery:sign", (plan.pk,), "Consent", "check", False),
            ("delivery:patient", (plan.patient_id,), "Sessions", "calendar", True),
        ]
    elif plan.status == "ready":
        wanted.append(("delivery:release", (plan.pk,), "Check and release", "check", True))
    wanted.append(("exports:patient", (plan.patient_id,), "Report", "print", False))
    found = ((route(name, *args), words, icon, main) for name, args, words, icon, main in wanted)
    return [Link(address=address, words=words, icon=icon, main=main) for address, words, icon, main in found if address]


def patient_page(patient_id: uuid.UUID) -> str:
    """The patient's own page."""
    return route("patients:page", patient_id)


def consultation(patient_id: uuid.UUID) -> str:
    """The consultation form."""
    return route("patients:consultation", patient_id)
