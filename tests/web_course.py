"""Plans of invented patients for tests of delivery: kept in the database, released, under way."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone
from sample_plan import option, sample_plan
from web_people import FILE, House

from recutis.plan.document import Plan
from recutis.web.delivery.consent import wording_of
from recutis.web.delivery.models import Consent, DeviceEvent, DeviceUnit, Session
from recutis.web.delivery.release import release
from recutis.web.delivery.wording import digest_of, filled
from recutis.web.planning.models import CoursePlan

DEVICE = "Fraxel re:store"


def document(*, spot: bool = False, ablative: bool = False, status: str = "ready") -> dict[str, Any]:
    """A plan with a laser of the catalogue (or an ablative one that it does not know), with a test spot or without."""
    made = sample_plan(status)  # type: ignore[arg-type]
    if status != "ready":
        return made.model_dump(mode="json")
    first = made.options[0]
    changed: dict[str, Any] = {} if spot else {"test_spot": None}
    if not ablative:
        setting = first.settings[0].model_copy(
            update={
                "panel": ("energy_mJ", "density_pct"),
                "energy_mJ": 20.0,
                "density_pct": 4.0,
                "depth_um": None,
                "duration_ms": None,
            }
        )
        sites = dict.fromkeys(first.site_settings, (setting, setting))
        phase = first.phases[0].model_copy(
            update={
                "device": DEVICE, "device_class": "nonablative_fractional_1550", "settings": (setting, setting),
                "site_settings": sites, "prophylaxis": first.phases[0].prophylaxis[1:],
            }
        )  # fmt: skip
        changed |= {
            "phases": (phase,),
            "device": DEVICE,
            "device_class": phase.device_class,
            "site_settings": sites,
            "settings": phase.settings,
        }
    options = (first.model_copy(update=changed), *(option(rank) for rank in (2, 3)))
    asked = {"patient": FILE, "clinic": None, "overrides": [], "usual": None, "seed": 0}
    today = timezone.localdate().isoformat()
    whole = made.model_copy(update={"options": options, "date": today, "request": asked})
    return Plan.model_validate(whole.model_dump()).model_dump(mode="json")


def course(house: House, *, patient: int = 0, **told: Any) -> CoursePlan:
    """A plan in the database, not released."""
    made = document(**told)
    return CoursePlan.objects.create(
        clinic=house.clinic, patient=house.patients[patient], document=made, status=made["status"], headline=made["headline"],
        made_by=house.people["clinician"],
    )  # fmt: skip


def laser(house: House, device: str = DEVICE, *, due_days: int = 90) -> DeviceUnit:
    """A laser with service and calibration in date."""
    unit = DeviceUnit.objects.create(clinic=house.clinic, device=device, serial_number="A-1", room="2")
    today = timezone.localdate()
    for kind in ("service", "calibration"):
        DeviceEvent.objects.create(
            clinic=house.clinic, unit=unit, kind=kind, on=today - datetime.timedelta(days=30),
            next_due=today + datetime.timedelta(days=due_days), by="Field service", entered_by=house.people["clinician"],
        )  # fmt: skip
    return unit


def sign(plan: CoursePlan, house: House, *, photos: bool = True) -> Consent:
    """A signed consent for a plan."""
    wording = wording_of(plan.clinic)
    text = filled(wording.text, plan)
    return Consent.objects.create(
        clinic=plan.clinic, patient=plan.patient, plan=plan, wording=wording, text=text, text_sha256=digest_of(text),
        photos_for_care=photos, signed_name=plan.patient.name, signed_at=timezone.now(), witness=house.people["nurse"],
    )  # fmt: skip


def released(house: House, **told: Any) -> CoursePlan:
    """A released and signed plan with its laser."""
    laser(house, "ProFractional" if told.get("ablative") else DEVICE)
    plan = course(house, **told)
    release(plan, house.people["clinician"])
    sign(plan, house)
    return plan


def session_of(plan: CoursePlan, kind: str = "session", number: int = 1) -> Session:
    """One of its sessions."""
    return plan.sessions.get(kind=kind, number=number)


def tick_all(house: House, session: Session, role: str = "nurse") -> None:
    """Answer the checklist as it must be."""
    from recutis.web.delivery.gates import checklist_of

    client = house.client(role)
    for item in checklist_of(session).items:
        told = {"item": item.name, "answer": "no" if item.kind == "question" else "yes", "typed": "Dr Lind" if item.asks else ""}
        assert client.post(f"/sessions/{session.pk}/check/", told).status_code == 302
    session.refresh_from_db()


def under_way(house: House, **told: Any) -> Session:
    """A session that has started."""
    session = session_of(released(house, **told), "test_spot" if told.get("spot") else "session")
    tick_all(house, session)
    answer = house.client("nurse").post(f"/sessions/{session.pk}/start/")
    session.refresh_from_db()
    assert session.state == "under_way", answer.content.decode()
    return session
