"""A released plan with a session, for tests of the diary and of photographs."""

from __future__ import annotations

import datetime
import io

from django.utils import timezone
from PIL import Image
from sample_plan import sample_plan
from web_people import House

from recutis.web.delivery.models import Consent, ConsentWording, Session
from recutis.web.planning.models import CoursePlan


def released_session(house: House, *, days_ago: int = 3, rank: int = 1, patient: int = 0) -> Session:
    """A session of a released plan, given so many days ago."""
    clinician, whom = house.people["clinician"], house.patients[patient]
    plan = CoursePlan.objects.create(
        clinic=house.clinic, patient=whom, document=sample_plan().model_dump(mode="json"), status="ready", chosen_rank=rank,
        made_by=clinician, released_by=clinician, released_at=timezone.now(),
    )  # fmt: skip
    begun = timezone.now() - datetime.timedelta(days=days_ago)
    return Session.objects.create(
        clinic=house.clinic, patient=whom, plan=plan, number=1, planned_on=timezone.localdate(begun), started_at=begun,
        state="done" if days_ago >= 0 else "planned",
    )  # fmt: skip


def signed_consent(session: Session, *, teaching: bool = False) -> Consent:
    """A signed consent to photographs for care, and for teaching where it is asked for."""
    plan = session.plan
    wording, _ = ConsentWording.objects.get_or_create(clinic=plan.clinic, version=1, text="text", made_by=plan.made_by)
    return Consent.objects.create(
        clinic=plan.clinic, patient=plan.patient, plan=plan, wording=wording, text="text", text_sha256="0" * 64,
        photos_for_care=True, photos_for_teaching=teaching, signed_name="G", signed_at=timezone.now(), witness=plan.made_by,
    )  # fmt: skip


def picture_bytes(kind: str = "JPEG", *, size: tuple[int, int] = (640, 480), **told: object) -> bytes:
    """An encoded picture of a slope of colours."""
    made = Image.linear_gradient("L").resize(size).convert("RGB")
    out = io.BytesIO()
    made.save(out, format=kind, **told)
    return out.getvalue()
