"""Fills an empty data folder with the demo clinic; every day is relative to today."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.db import models, transaction
from django.utils import timezone

from recutis.errors import InputError
from recutis.web.accounts.models import Clinic, User
from recutis.web.audit.models import AuditEntry
from recutis.web.audit.record import record
from recutis.web.delivery.consent import wording_of
from recutis.web.delivery.models import AdverseEvent, ConsentWording, DeviceEvent, DeviceUnit, FollowUp, LotUse, Session
from recutis.web.demo import plans
from recutis.web.demo.course import read
from recutis.web.demo.past import follow, some_alarms
from recutis.web.demo.people import STAFF, born, consultation, name
from recutis.web.demo.state import Demo
from recutis.web.diary.models import Alarm, DiaryEntry, OpenHours
from recutis.web.patients.models import Patient
from recutis.web.planning.models import CoursePlan

PHONE: Final = "+44 20 7946 0100"  # of the numbers that are kept free for fiction
OUT_OF_HOURS: Final = "+44 20 7946 0199"
_WITH_PLAN: Final = 0.45
_MOST_PLANS: Final = 400
_WHOLE_PLANS: Final = 60
_STAGES: Final = ("draft", "ahead", "today", "under_way", "finished")
_WEIGHTS: Final = (14, 16, 10, 35, 25)


def fill(patients: int, *, password: str, seed: int = 2026) -> dict[str, int]:
    """Make the clinic, its people, devices, patients and courses. Returns how many rows of each kind there are.

    Raises InputError when there is any record already.
    """
    if Clinic.objects.exists() or User.objects.exists() or AuditEntry.objects.exists():
        msg = (
            "There are records here already; the demo clinic is made in an empty data folder only. Name another in RECUTIS_DATA."
        )
        raise InputError(msg)
    with transaction.atomic(), _own_times():
        demo = _clinic(password, random.Random(seed))
        listed = _patients(demo, patients)
        _courses(demo, listed)
        demo.rows.save()
        record("demo clinic made", chain=str(demo.clinic.pk), who="recutis demo", detail={"patients": len(listed)})
    told: tuple[tuple[str, type[models.Model]], ...] = (
        ("patients", Patient), ("plans", CoursePlan), ("sessions", Session), ("diary entries", DiaryEntry), ("alarms", Alarm),
    )  # fmt: skip
    return {name: model._default_manager.count() for name, model in told}


@contextmanager
def _own_times() -> Iterator[None]:
    """Let rows keep the times that they are given, of days gone by."""
    fields: list[Any] = [
        one
        for model in (Patient, CoursePlan, DeviceEvent, LotUse, AdverseEvent, FollowUp, DiaryEntry, Alarm)
        for one in model._meta.local_fields
        if isinstance(one, models.DateTimeField) and (one.auto_now or one.auto_now_add)
    ]
    kept = [(one, one.auto_now, one.auto_now_add) for one in fields]
    try:
        for one in fields:
            one.auto_now = one.auto_now_add = False
        yield
    finally:
        for one, now, add in kept:
            one.auto_now, one.auto_now_add = now, add


def _clinic(password: str, draw: random.Random) -> Demo:
    clinic = Clinic.objects.create(
        name="Demo clinic", phone=PHONE, out_of_hours_phone=OUT_OF_HOURS, devices_file=plans.clinic_file()
    )
    OpenHours.objects.bulk_create(
        OpenHours(clinic=clinic, weekday=day, opens=datetime.time(8), closes=datetime.time(17)) for day in range(5)
    )
    hashed = make_password(password)
    people: dict[str, list[User]] = {}
    for full_name, role in STAFF:
        others = people.setdefault(role, [])
        email = f"{role.replace('_', '-')}{len(others) + 1 if others else ''}@demo.example"
        others.append(User.objects.create(clinic=clinic, email=email, full_name=full_name, role=role, password=hashed))
    now = timezone.now()
    demo = Demo(
        clinic=clinic, people=people, units={}, wording=_wording(clinic, now), draw=draw, today=timezone.localdate(), now=now
    )
    demo.units = _devices(demo)
    return demo


def _wording(clinic: Clinic, now: datetime.datetime) -> ConsentWording:
    made = wording_of(clinic)
    ConsentWording.objects.filter(pk=made.pk).update(made_at=now - datetime.timedelta(days=400))
    return made


def _devices(demo: Demo) -> dict[str, DeviceUnit]:
    """One laser of each kind with its service and calibration, one of them due soon; and one that was retired."""
    units = {
        device: DeviceUnit(
            clinic=demo.clinic, device=device, serial_number=f"DEMO-{number:04d}", room=f"Laser {number}",
            bought_on=demo.today - datetime.timedelta(days=500 + 200 * number),
        )
        for number, device in enumerate(demo.clinic.devices_file["devices"], start=1)
    }  # fmt: skip
    old = DeviceUnit(
        clinic=demo.clinic, device=next(iter(units)), serial_number="DEMO-0000", bought_on=demo.today - datetime.timedelta(days=3000),
        retired_on=demo.today - datetime.timedelta(days=400),
    )  # fmt: skip
    DeviceUnit.objects.bulk_create([*units.values(), old])
    events = [
        DeviceEvent(
            clinic=demo.clinic, unit=unit, kind=kind, on=demo.today - datetime.timedelta(days=ago),
            next_due=demo.today + datetime.timedelta(days=ahead), by="Manufacturer's service", entered_by=demo.person("administrator"),
            entered_at=demo.now - datetime.timedelta(days=ago), words="Within tolerance.",
        )
        for number, unit in enumerate(units.values())
        for kind, ago, ahead in (("service", 200 + 10 * number, 165 - 10 * number), ("calibration", 80, 9 if number == 1 else 100))
    ]  # fmt: skip
    DeviceEvent.objects.bulk_create(events)
    return units


def _patients(demo: Demo, count: int) -> list[Patient]:
    listed = []
    for number in range(1, count + 1):
        came = demo.today - datetime.timedelta(days=demo.draw.randint(0, 500))
        file = consultation(demo.draw, came)
        sex = file.get("patient", {}).get("sex") or demo.draw.choice(("female", "male"))
        given, family = name(demo.draw, sex)
        listed.append(
            Patient(
                clinic=demo.clinic, number=f"D{number:05d}", given_name=given, family_name=family,
                birth_date=born(demo.draw, file.get("patient", {}).get("age") or demo.draw.randint(20, 75), came),
                phone=f"+44 7700 900{number % 1000:03d}", email=f"patient{number}@patients.example" if number % 3 else "",
                file=file, file_version=1 if file else 0, created_by=demo.person("front_desk"), created_at=demo.moment(came, 9),
                changed_at=demo.moment(came, 10),
            )
        )  # fmt: skip
    return listed


def _courses(demo: Demo, listed: list[Patient]) -> None:
    """Give some patients a plan and what follows from it; save patients and plans on the way."""
    chosen = listed[: min(max(round(_WITH_PLAN * len(listed)), 1), _MOST_PLANS)]
    demo.draw.shuffle(chosen)
    templates = {kind: plans.plan(kind, demo.today) for kind in range(plans.how_many())}
    made: list[tuple[CoursePlan, int, str]] = []
    for position, patient in enumerate(chosen):
        kind = position % len(templates)
        stage = _STAGES[position % len(_STAGES)] if position < 2 * len(_STAGES) else demo.draw.choices(_STAGES, _WEIGHTS)[0]
        day = _plan_day(demo, templates[kind].document, stage)
        made.append((_plan(demo, patient, kind, stage, day, short=position >= _WHOLE_PLANS), kind, stage))
    for patient in listed:
        patient.search_text = patient.search_words()
    Patient.objects.bulk_create(listed, batch_size=500)
    CoursePlan.objects.bulk_create((plan for plan, _, _ in made), batch_size=50)
    for plan, kind, _ in made:
        if kind not in demo.courses:
            kept = CoursePlan.objects.select_related("patient", "clinic", "released_by").get(pk=plan.pk)
            demo.courses[kind] = read(kept, demo.wording)  # as the database keeps it: the order of keys may be another
    for plan, kind, stage in made:
        follow(demo, plan, demo.courses[kind], stage=stage)
    some_alarms(demo, {plan.pk: demo.courses[kind] for plan, kind, _ in made})


def _plan_day(demo: Demo, document: dict[str, Any], stage: str) -> datetime.date:
    """The day on which a plan was made, so that its course stands today where it should."""
    offsets = sorted(
        (datetime.date.fromisoformat(one["day"]) - demo.today).days for one in document["calendar"] if one["kind"] == "session"
    )
    if stage in {"draft", "ahead"}:
        return demo.today - datetime.timedelta(days=demo.draw.randint(0, 4))
    if stage == "today":
        return demo.today - datetime.timedelta(days=demo.draw.choice(offsets))
    if stage == "finished":
        return demo.today - datetime.timedelta(days=offsets[-1] + demo.draw.randint(30, 200))
    given = demo.draw.randrange(max(len(offsets) - 1, 1))
    gap = offsets[given + 1] - offsets[given] if given + 1 < len(offsets) else 30
    return demo.today - datetime.timedelta(days=offsets[given] + demo.draw.randint(1, max(gap - 1, 1)))


def _plan(demo: Demo, patient: Patient, kind: int, stage: str, day: datetime.date, *, short: bool) -> CoursePlan:
    told = plans.plan(kind, day, short=short)
    who, at = demo.person("clinician"), demo.moment(day, 14)
    patient.file, patient.file_version = told.file, 1
    person = told.file["patient"]
    patient.given_name = name(demo.draw, person["sex"])[0]
    patient.birth_date = born(demo.draw, person["age"], day)
    patient.changed_at, patient.created_at = at, min(patient.created_at, at)
    released = stage != "draft"
    return CoursePlan(
        clinic=demo.clinic, patient=patient, document=told.document, status=told.document["status"],
        headline=told.document["headline"], made_by=who, made_at=at, released_by=who if released else None,
        released_at=min(at + datetime.timedelta(minutes=20), demo.now) if released else None,
    )  # fmt: skip
