"""Operations on what was done and seen: devices, sessions, passes, diary, alarms, photographs."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from recutis.errors import InputError
from recutis.patient.words import Day
from recutis.web.access import TREATING, note, own, user_of
from recutis.web.accounts.models import ADMINISTRATOR, CLINICIAN, FRONT_DESK, NURSE
from recutis.web.api.guard import ConflictError, open_to
from recutis.web.api.words import Number, Page, PerPage, Reason, Told, answers
from recutis.web.delivery.course import KNOBS, sites_of
from recutis.web.delivery.models import DeliveredPass, DeviceUnit, Session
from recutis.web.delivery.passes import look
from recutis.web.diary.alarms import acknowledge
from recutis.web.diary.models import Alarm, DiaryEntry
from recutis.web.patients.models import Patient
from recutis.web.photos.models import Photo

router = Router(tags=["course"])
Setting = Annotated[float, Field(ge=0, le=1_000_000)]


class Unit(Schema):
    """One laser that stands in the clinic."""

    id: uuid.UUID
    device: str
    serial_number: str
    room: str
    bought_on: datetime.date | None
    retired_on: datetime.date | None
    next_due: datetime.date | None = Field(default=None, description="next service or calibration, where one was entered")


class SessionRow(Schema):
    """When a session is; nothing medical."""

    id: uuid.UUID
    patient_id: uuid.UUID
    kind: str = Field(description="session or test_spot")
    number: int
    planned_on: datetime.date
    state: str = Field(description="planned, under_way, done or cancelled")


class SessionPage(Schema):
    """A part of the list of sessions, by day."""

    items: list[SessionRow]
    count: int
    page: int
    pages: int


class SessionOut(SessionRow):
    """A session with what was ticked and written."""

    plan_id: uuid.UUID
    starts_at: str = Field(description="local time such as 14:30; empty where none was given")
    read_on: datetime.date | None = Field(description="when a test spot is read at the earliest")
    device: str = Field(description="the laser that the plan names")
    unit_id: uuid.UUID | None = Field(description="the laser that is booked")
    checklist: dict[str, Any]
    started_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    words: str

    @staticmethod
    def resolve_starts_at(session: Session) -> str:
        """The time of the appointment, which has no zone of its own."""
        return f"{session.starts_at:%H:%M}" if session.starts_at else ""


class PassOut(Schema):
    """One pass as planned and as given."""

    id: uuid.UUID
    session_id: uuid.UUID
    unit_id: uuid.UUID
    site: str
    number: int
    planned: dict[str, Any]
    delivered: dict[str, Any]
    deviations: list[Any]
    deviation_reason: str
    endpoint_seen: str
    pain_0_10: float | None
    given_at: datetime.datetime
    replaces_id: uuid.UUID | None = Field(description="the entry that this one corrects")


class PassIn(Told):
    """A pass as it was given."""

    id: uuid.UUID | None = Field(default=None, description="choose one, so that a request that is sent twice is kept once")
    unit_id: uuid.UUID = Field(description="the laser that was used")
    site: Number = Field(description="a site that the plan treats")
    delivered: dict[str, Setting] = Field(min_length=1, max_length=20, description="the panel as it was set, such as energy_mJ")
    deviation_reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    endpoint_seen: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""
    pain_0_10: Annotated[float, Field(ge=0, le=10)] | None = None


class AnswerIn(Told):
    """What was done about an alarm."""

    outcome: Reason


class EntryOut(Schema):
    """One day of a diary, each sign 0 to 10."""

    id: uuid.UUID
    session_id: uuid.UUID
    day: int = Field(description="days after the session")
    on: datetime.date
    redness: float | None
    swelling: float | None
    pain: float | None
    sting_itch: float | None
    peeling: float | None
    flags: list[str] = Field(description="red flags that were ticked")
    words: str
    urgency: str
    entered_at: datetime.datetime


class AlarmOut(Schema):
    """Something in a diary that somebody must look at."""

    id: uuid.UUID
    patient_id: uuid.UUID
    entry_id: uuid.UUID
    urgency: str
    flags: list[str]
    text: str
    advice_given: str
    raised_at: datetime.datetime
    due_at: datetime.datetime
    escalations: int
    acknowledged_at: datetime.datetime | None
    outcome: str


class PhotoOut(Schema):
    """What is known of a photograph, without the picture."""

    id: uuid.UUID
    session_id: uuid.UUID | None
    diary_entry_id: uuid.UUID | None
    view: str
    site: str
    taken_on: datetime.date
    sha256: str
    width: int
    height: int
    bytes: int
    teaching_allowed: bool
    uploaded_at: datetime.datetime


@router.get("/devices", response=answers(list[Unit]))
@open_to(CLINICIAN, NURSE, ADMINISTRATOR, administrators=True)
def devices(request: HttpRequest) -> list[DeviceUnit]:
    """The clinic's lasers, with the next day of service or calibration."""
    units = list(DeviceUnit.objects.filter(clinic_id=user_of(request).clinic_id).prefetch_related("events"))
    for unit in units:
        due = [event.next_due for event in unit.events.all() if event.next_due is not None]
        unit.next_due = max(due, default=None)
    return units


@router.get("/sessions", response=answers(SessionPage))
@open_to(CLINICIAN, NURSE, FRONT_DESK)
def sessions(
    request: HttpRequest,
    patient_id: uuid.UUID | None = None,
    first_day: Day | None = None,
    last_day: Day | None = None,
    page: Page = 1,
    per_page: PerPage = 50,
) -> dict[str, object]:
    """Sessions of the clinic by day; `first_day` and `last_day` are included."""
    found = Session.objects.filter(clinic_id=user_of(request).clinic_id)
    if patient_id is not None:
        found = found.filter(patient=own(request, Patient, pk=patient_id))
        note(request, patient=patient_id)
    if first_day is not None:
        found = found.filter(planned_on__gte=first_day)
    if last_day is not None:
        found = found.filter(planned_on__lte=last_day)
    count = found.count()
    items = list(found[(page - 1) * per_page : page * per_page])
    return {"items": items, "count": count, "page": page, "pages": max(1, -(-count // per_page))}


@router.get("/sessions/{session_id}", response=answers(SessionOut))
@open_to(*TREATING)
def session(request: HttpRequest, session_id: uuid.UUID) -> Session:
    """One session."""
    return own_session(request, session_id)


def own_session(request: HttpRequest, session_id: uuid.UUID) -> Session:
    """A session of this clinic, named in the audit with its patient."""
    found = own(request, Session, pk=session_id)
    note(request, of=found, patient=found.patient_id)
    return found


@router.get("/sessions/{session_id}/passes", response=answers(list[PassOut]))
@open_to(*TREATING)
def passes(request: HttpRequest, session_id: uuid.UUID) -> list[DeliveredPass]:
    """The passes of a session in the order in which they were given, corrected ones too."""
    return list(own_session(request, session_id).passes.all())


@router.post("/sessions/{session_id}/passes", response=answers(PassOut, code=201))
@open_to(*TREATING)
def log_pass(request: HttpRequest, session_id: uuid.UUID, told: PassIn) -> Status[DeliveredPass]:
    """Log the next pass at a site; what differs from the plan is flagged and needs a reason. 409 while the session is not under way."""
    list(Session.objects.select_for_update(no_key=True).filter(pk=session_id).values_list("pk"))  # passes follow one another
    session = own_session(request, session_id)
    before = DeliveredPass.objects.filter(pk=told.id).first() if told.id else None
    if before is not None and before.session_id == session.pk:
        return Status(201, before)
    if session.state != "under_way" or before is not None:
        msg = (
            "This id belongs to another entry; give a new one."
            if before is not None
            else f"The session is {session.get_state_display()}, so that nothing can be logged in it."
        )
        raise ConflictError(msg)
    return Status(201, _logged(request, session, told))


def _logged(request: HttpRequest, session: Session, told: PassIn) -> DeliveredPass:
    unit = own(request, DeviceUnit, pk=told.unit_id)
    _fits(session, told, unit)
    looked = look(session, told.site, told.delivered, unit=unit)[0]
    if looked.deviations and not told.deviation_reason:
        words = "; ".join(one.words for one in looked.deviations)
        msg = f"The pass differs from the plan ({words}); give deviation_reason."
        raise InputError(msg)
    made = DeliveredPass.objects.create(
        id=told.id or uuid.uuid4(), clinic=session.clinic, session=session, unit=unit, site=told.site, number=looked.number,
        planned=looked.planned, delivered=told.delivered, deviations=looked.document(),
        deviation_reason=told.deviation_reason if looked.deviations else "", endpoint_seen=told.endpoint_seen,
        pain_0_10=told.pain_0_10, given_by=user_of(request), given_at=timezone.now(),
    )  # fmt: skip
    danger = [one.words for one in looked.deviations if one.danger]
    note(request, action="passes logged", of=made, site=told.site, count=1, deviations=bool(looked.deviations))
    if danger:
        note(request, action="delivered above the ceiling", what=danger)
    return made


def _fits(session: Session, told: PassIn, unit: DeviceUnit) -> None:
    """Raises InputError for a site that the plan does not treat, a knob that no panel has, or a laser that was retired."""
    sites = sites_of(session)
    wrong = next((name for name in told.delivered if name not in KNOBS), None)
    if told.site not in sites:
        msg = f"The plan does not treat the site {told.site!r}; give one of {', '.join(sites)}."
        raise InputError(msg)
    if wrong is not None:
        msg = f"No panel shows {wrong!r}; give some of {', '.join(KNOBS)}."
        raise InputError(msg)
    if unit.retired_on is not None:
        msg = f"{unit} was retired on {unit.retired_on}; name the laser that was used."
        raise InputError(msg)


@router.get("/sessions/{session_id}/diary", response=answers(list[EntryOut]))
@open_to(*TREATING)
def diary(request: HttpRequest, session_id: uuid.UUID) -> list[DiaryEntry]:
    """What the patient told after a session, day by day; of two entries for a day the later one counts."""
    return list(own_session(request, session_id).diary_entries.all())


@router.get("/alarms", response=answers(list[AlarmOut]))
@open_to(*TREATING)
def alarms(request: HttpRequest, acknowledged: bool = False, per_page: PerPage = 50) -> list[Alarm]:
    """Alarms that wait for somebody, the most pressing first; or those that were acknowledged."""
    found = Alarm.objects.filter(clinic_id=user_of(request).clinic_id, acknowledged_at__isnull=not acknowledged)
    return list(found[:per_page])


@router.post("/alarms/{alarm_id}/acknowledge", response=answers(AlarmOut))
@open_to(*TREATING)
def acknowledge_alarm(request: HttpRequest, alarm_id: uuid.UUID, told: AnswerIn) -> Alarm:
    """Close an alarm in your name, with what was done; 409 when somebody has done so before."""
    user, found = user_of(request), own(request, Alarm, pk=alarm_id)
    note(request, action="alarm answered", of=found, patient=found.patient_id, urgency=found.urgency)
    if not acknowledge(found.pk, clinic_id=user.clinic_id, user=user, outcome=told.outcome):
        msg = "Somebody has answered this alarm before; their words stay."
        raise ConflictError(msg)
    found.refresh_from_db()
    return found


@router.get("/patients/{patient_id}/photos", response=answers(list[PhotoOut]))
@open_to(*TREATING)
def photos(request: HttpRequest, patient_id: uuid.UUID) -> list[Photo]:
    """What is known of a patient's photographs; the pictures themselves are shown on the pages only."""
    return list(Photo.objects.filter(patient=own(request, Patient, pk=patient_id), removed_at=None))
