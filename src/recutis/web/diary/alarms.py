"""Alarms of the inbox: raised from an entry, due by urgency, raised a step when nobody answers, closed by a named person only."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable, Sequence
from typing import Final

from django.db import DatabaseError, models, transaction
from django.utils import timezone

from recutis import evidence
from recutis.course.aftercare import URGENCY
from recutis.course.diary_triage import Finding, highest
from recutis.web.accounts.models import Clinic
from recutis.web.audit.record import record
from recutis.web.diary.models import Alarm, DiaryEntry

_DUE: Final = "diary.due."
WHO: Final = "the workstation"
_MOST_ESCALATIONS: Final = 32_767  # what the column holds
_LOG: Final = logging.getLogger("recutis.alarms")


def due_rows() -> tuple[evidence.Row, ...]:
    """Rows with the minutes by urgency, the most urgent first."""
    rows = [row for row in evidence.rows("model_diary") if row.id.startswith(_DUE)]
    return tuple(sorted(rows, key=lambda row: URGENCY.index(row.fields["urgency"])))


def minutes_for(clinic: Clinic, urgency: str) -> float:
    """Minutes within which an alarm must be answered: the clinic's own, else the row's."""
    own = clinic.acknowledge_minutes.get(urgency)
    return float(own) if own else next(evidence.value(row.id) for row in due_rows() if row.fields["urgency"] == urgency)


def raise_alarm(entry: DiaryEntry, findings: Sequence[Finding], *, advice: str) -> Alarm | None:
    """One alarm for all that an entry asks for, with the highest urgency; none where it asks for nothing."""
    urgency = highest(findings)
    if not urgency:
        return None
    due = timezone.now() + datetime.timedelta(minutes=minutes_for(entry.clinic, urgency))
    return Alarm.objects.create(
        clinic=entry.clinic, patient=entry.patient, entry=entry, urgency=urgency, flags=[one.row_id for one in findings],
        text="\n".join(one.what for one in findings), advice_given=advice, due_at=due,
    )  # fmt: skip


def waiting(clinic: Clinic) -> list[Alarm]:
    """Alarms that nobody has answered: overdue ones first, then by urgency, then the soonest due."""
    found = Alarm.objects.filter(clinic=clinic, acknowledged_at=None).select_related("patient", "entry", "entry__session")
    return in_order(found)


def counted(clinic_id: object) -> tuple[int, int]:
    """How many alarms wait, and how many of them were not answered in time."""
    late = models.Q(escalations__gt=0) | models.Q(due_at__lte=timezone.now())
    found = Alarm.objects.filter(clinic_id=clinic_id, acknowledged_at=None)
    told = found.aggregate(total=models.Count("pk"), late=models.Count("pk", filter=late))
    return int(told["total"]), int(told["late"])


def in_order(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Overdue first, then the highest urgency, then the soonest due."""
    return sorted(alarms, key=lambda one: (not overdue(one), URGENCY.index(one.urgency), one.due_at))


def overdue(alarm: Alarm) -> bool:
    """Whether its time has passed without an answer; one that was put off stays overdue."""
    return alarm.acknowledged_at is None and (alarm.escalations > 0 or alarm.due_at <= timezone.now())


def escalate() -> int:
    """Raise every unanswered alarm whose time has passed by one step and put it off by half its time; returns how many."""
    now = timezone.now()
    late = Alarm.objects.filter(acknowledged_at=None, due_at__lte=now).values_list("pk", flat=True)
    return sum(_tried(pk, now) for pk in list(late))


def _tried(pk: object, now: datetime.datetime) -> bool:
    """Raise one alarm; where the database refuses, the others are raised all the same."""
    try:
        return _escalated(pk, now)
    except DatabaseError:
        _LOG.exception("the alarm %s could not be raised a step", pk)
        return False


def _escalated(pk: object, now: datetime.datetime) -> bool:
    with transaction.atomic():
        alarm = Alarm.objects.select_for_update(no_key=True).filter(pk=pk, acknowledged_at=None, due_at__lte=now).first()
        if alarm is None:
            return False
        clinic = Clinic.objects.get(pk=alarm.clinic_id)
        more = minutes_for(clinic, alarm.urgency) * evidence.value("diary.escalation_share")
        alarm.escalations = min(alarm.escalations + 1, _MOST_ESCALATIONS)
        alarm.escalated_at = now
        alarm.due_at = now + datetime.timedelta(minutes=more)
        alarm.save(update_fields=["escalations", "escalated_at", "due_at"])
        record(
            "alarm not answered in time", chain=str(alarm.clinic_id), who=WHO, object_type="diary.alarm", object_id=alarm.pk,
            patient_id=alarm.patient_id, detail={"urgency": alarm.urgency, "escalations": alarm.escalations},
        )  # fmt: skip
    return True


def acknowledge(alarm_id: object, *, clinic_id: object, user: object, outcome: str) -> bool:
    """Close an alarm in a person's name; False where somebody has done so before, whose words stay."""
    done = Alarm.objects.filter(pk=alarm_id, clinic_id=clinic_id, acknowledged_at=None).update(
        acknowledged_by=user, acknowledged_at=timezone.now(), outcome=outcome
    )
    return bool(done)
