"""The demo clinic while it is being filled: its people, devices and courses, and the rows that are saved at the end."""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass, field

from django.utils import timezone

from recutis.web.accounts.models import Clinic, User
from recutis.web.delivery.models import (
    AdverseEvent,
    Consent,
    ConsentWording,
    DeliveredPass,
    DeviceUnit,
    FollowUp,
    LotUse,
    Session,
)
from recutis.web.demo.course import Course
from recutis.web.diary.models import Alarm, DiaryEntry


@dataclass(kw_only=True)
class Rows:
    """Rows that are saved together at the end."""

    sessions: list[Session] = field(default_factory=list)
    passes: list[DeliveredPass] = field(default_factory=list)
    lots: list[LotUse] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    follow_ups: list[FollowUp] = field(default_factory=list)
    harms: list[AdverseEvent] = field(default_factory=list)
    entries: list[DiaryEntry] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)

    def save(self) -> None:
        """Save all, parents first."""
        for model, rows in (
            (Session, self.sessions), (DeliveredPass, self.passes), (LotUse, self.lots), (Consent, self.consents),
            (FollowUp, self.follow_ups), (AdverseEvent, self.harms), (DiaryEntry, self.entries), (Alarm, self.alarms),
        ):  # fmt: skip
            model._default_manager.bulk_create(rows, batch_size=500)


@dataclass(kw_only=True)
class Demo:
    """The clinic while it is being filled."""

    clinic: Clinic
    people: dict[str, list[User]]
    units: dict[str, DeviceUnit]
    wording: ConsentWording
    draw: random.Random
    today: datetime.date
    now: datetime.datetime
    courses: dict[int, Course] = field(default_factory=dict)
    rows: Rows = field(default_factory=Rows)

    def person(self, role: str) -> User:
        """Somebody of a role."""
        return self.draw.choice(self.people[role])

    def moment(self, day: datetime.date, hour: int) -> datetime.datetime:
        """A time on a day, never later than now."""
        at = timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour, self.draw.choice((0, 10, 20, 30, 40, 50)))))
        return min(at, self.now)
