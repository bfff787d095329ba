"""The calendar of a plan: test spot, sessions, aftercare, sunscreen, check-ups."""

from __future__ import annotations

from datetime import date, timedelta

from recutis import evidence
from recutis.course import CourseDates, instructions
from recutis.plan.document import Aftercare, CalendarEntry, Option, PhaseDocument, Quantity


def aftercare_entries(
    device_class: str, prescribed: tuple[str, ...], *, sun: Quantity | None = None, cover: Quantity | None = None
) -> tuple[Aftercare, ...]:
    """Instructions of the table, and for this person the predicted first days of sunscreen (`sun`) and of make-up (`cover`)."""
    found = [
        Aftercare(day_from=item.day_from, day_to=item.day_to, topic=item.topic, instruction=item.text, source=item.row_id)
        for item in instructions(device_class, prescribed=prescribed)
    ]
    if sun is not None and cover is not None:
        found.append(
            Aftercare(
                day_from=round(sun.p50),
                day_to=round(evidence.value("plan.sunscreen_days")),
                topic="sunscreen",
                instruction="SPF 30 to 50 every morning once the skin is closed, again every two hours outdoors; hat and shade before that",
                source=sun.sources[0] if sun.sources else "AFT-019",
            )
        )
        found.append(
            Aftercare(
                day_from=round(cover.p50),
                day_to=round(cover.p90) + 1,
                topic="make-up",
                instruction="make-up from now on when the skin is closed and does not weep",
                source=cover.sources[0] if cover.sources else "AFT-022",
            )
        )
    return tuple(sorted(found, key=lambda item: (item.day_from, item.topic)))


def _phase_of(option: Option, session: int) -> PhaseDocument:
    """The phase that a session belongs to."""
    return [phase for phase in option.phases if phase.first_session <= session][-1]


def calendar(option: Option, dates: CourseDates) -> tuple[CalendarEntry, ...]:
    """Dated entries of a ready plan, in date order; each session with the aftercare of its own device."""
    entries: list[CalendarEntry] = []

    def add(day: date, kind: str, title: str, text: str, session: int | None = None) -> None:
        entries.append(CalendarEntry(day=day.isoformat(), kind=kind, title=title, text=text, session=session))

    if dates.test_spot and dates.test_spot_reading and option.test_spot:
        add(dates.test_spot, "test_spot", "Test spot", f"{option.test_spot.device}, {option.test_spot.site}. Photograph it.")
        add(
            dates.test_spot_reading, "test_spot_reading", "Test spot is read", f"Go on only if: {option.test_spot.pass_criteria}."
        )
    for number, day in enumerate(dates.sessions, start=1):
        phase = _phase_of(option, number)
        add(
            day,
            "session",
            f"Session {number} of {option.sessions}",
            f"{phase.device}. Anaesthesia: {phase.anaesthesia}.",
            number,
        )
        for item in phase.aftercare:
            if item.topic == "sunscreen":
                text = f"Day {item.day_from}: {item.instruction}."
                add(day + timedelta(days=item.day_from), "sunscreen", "Sunscreen from today", text, number)
            elif item.topic in {"antiviral", "pigment"}:
                add(day + timedelta(days=item.day_from), "medicine", f"Prescribed: {item.topic}", f"{item.instruction}.", number)
            elif item.topic == "make-up":
                add(day + timedelta(days=item.day_from), "milestone", "Make-up possible about now", item.instruction, number)
        general = [item for item in phase.aftercare if item.topic not in {"sunscreen", "antiviral", "pigment", "make-up"}]
        for first in sorted({item.day_from for item in general if item.day_from >= 0}):
            text = " ".join(
                f"{item.topic.capitalize()} (to day {item.day_to}): {item.instruction}."
                for item in general
                if item.day_from == first
            )
            add(day + timedelta(days=first), "aftercare", f"Aftercare from day {first}", text, number)
        work = option.predictions.return_to_work_day
        text = f"Nine of ten people like you are back by day {work.p90:.0f}."
        add(day + timedelta(days=round(work.p50)), "milestone", "Back to work likely", text, number)
    for number, day in enumerate(dates.check_ups, start=1):
        add(
            day,
            "check_up",
            f"Check-up after session {number}",
            "Photograph; look for infection, delayed healing, darkening.",
            number,
        )
    add(dates.final, "check_up", "Result is judged", "Photograph in the same light; improvement against what was expected.")
    if any(phase.device_class.startswith(("ablative", "hybrid")) for phase in option.phases):
        add(dates.late, "check_up", "Late look", "Look for pale patches, which appear after 6 to 12 months.")
    return tuple(sorted(entries, key=lambda item: (item.day, item.kind, item.title)))


def recheck_calendar(day: str | None, title: str, text: str) -> tuple[CalendarEntry, ...]:
    """The one dated entry of a plan that is not ready: when to look again; none without a date."""
    if day is None:
        return ()
    return (CalendarEntry(day=day, kind="check_up", title=title, text=text, session=None),)
