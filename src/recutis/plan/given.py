"""The sessions of a plan that have been given, rebuilt from its document as a course with what was seen at each."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any, Final, get_args

from pydantic import JsonValue, PrivateAttr

from recutis.errors import InputError, OutOfRangeError
from recutis.laser import DeviceFile, expose
from recutis.laser.own_device import AnaesthesiaWord
from recutis.laser.panel import PanelSettings
from recutis.laser.types import Device, Settings
from recutis.patient import Patient, parse_patient
from recutis.plan.candidate import PhasePlan
from recutis.plan.care import ANAESTHESIA_WORDS
from recutis.plan.course_file import CourseFile, SeenFile, SessionFile
from recutis.plan.describe import pass_settings
from recutis.plan.document import Option, PassSettings, PhaseDocument, Plan
from recutis.plan.explore import devices_of
from recutis.plan.observation_file import Observation
from recutis.plan.request import Request, device_document, read_device_document
from recutis.plan.so_far import dates_of

_ROUNDED: Final = 1e-3  # relative: the document tells four digits
_DOSES: Final = ("energy_mJ", "fluence_J_cm2", "density_pct", "columns_cm2")


class GivenDevice(DeviceFile):
    """The device of a session that was given, limits and all."""

    _made: Device = PrivateAttr()

    @classmethod
    def of(cls, device: Device) -> GivenDevice:
        """Stands for a device as it is known already."""
        found = GivenDevice.model_construct(name=device.name)
        found._made = device
        return found

    def device(self) -> Device:
        """The device itself."""
        return self._made


@dataclass(frozen=True, kw_only=True)
class Given:
    """A course so far.

    `course` has one entry for each session and group of sites with the same settings; `numbers` says which session of the whole
    course each of them belongs to (0: a test spot) and `groups` by session of the plan which entries those are. `sessions` counts
    all that were given; `dates` are those of the plan's option, session by session.
    """

    course: CourseFile
    numbers: tuple[int, ...]
    groups: Mapping[int, tuple[int, ...]]
    sessions: int


def option_of(plan: Plan, number: int) -> Option:
    """The option of a plan, counted from 1.

    Raises InputError when the plan has no options, or none of that number.
    """
    if plan.status != "ready" or not plan.options:
        msg = (
            f"The plan of {plan.date} is not ready (status: {plan.status}), so there is no course to go on with; settle what it asks "
            "for and make it again with 'recutis plan'."
        )
        raise InputError(msg)
    if not 1 <= number <= len(plan.options):
        msg = (
            f"There is no option {number} in the plan of {plan.date}; it has options 1 to {len(plan.options)}: give one of them."
        )
        raise InputError(msg)
    return plan.options[number - 1]


def device_named(request: Request, name: str) -> Device:
    """The device of a plan by its name.

    Raises InputError where neither the clinic of the plan nor the catalogue has it.
    """
    found = next((device for device in devices_of(request.clinic) if device.name == name), None)
    if found is None:
        msg = (
            f"The plan's device '{name}' is neither in its clinic nor in the catalogue; make the plan again with 'recutis plan'."
        )
        raise InputError(msg)
    return found


def settings_of(device: Device, told: Sequence[PassSettings]) -> Settings:
    """The panel's settings from the passes of a document, which tells four digits.

    Raises InputError for settings that the device cannot have.
    """
    first = told[0]
    knobs = {name: getattr(first, name) for name in first.panel if getattr(first, name) is not None}
    pulses = knobs.get("stack") or 1
    knobs |= {name: knobs[name] / pulses for name in ("energy_mJ", "fluence_J_cm2") if name in knobs}
    for name, value in knobs.items():
        limit = device.limits.get(name)
        if limit is not None and isinstance(value, float):
            inside = min(max(value, limit.low), limit.high)
            knobs[name] = inside if abs(inside - value) <= _ROUNDED * abs(value) else value
    made = Settings(**knobs, passes=len(told))
    try:
        shown = pass_settings(expose(device, made))[0]
        for name in _DOSES:  # a coagulating pulse is told within the energy of the place
            one, other = getattr(first, name), getattr(shown, name)
            if name in knobs and one and other and abs(one - other) > _ROUNDED * one:
                made = replace(made, **{name: knobs[name] * one / other})
        expose(device, made)
    except OutOfRangeError as error:
        msg = f"The plan's settings of {device.name} cannot be read ({error}); make the plan again with 'recutis plan'."
        raise InputError(msg) from error
    return made


def phases_of(request: Request, option: Option) -> tuple[PhasePlan, ...]:
    """The phases of an option as they are given, without their ceilings."""
    found = []
    for phase in option.phases:
        device = device_named(request, phase.device)
        sites = {site: settings_of(device, told) for site, told in phase.site_settings.items()}
        found.append(
            PhasePlan(
                device=device,
                settings=next(iter(sites.values())),
                site_settings=sites,
                ceilings={},
                sessions=phase.sessions,
                interval_weeks=phase.interval_weeks,
            )
        )
    return tuple(found)


def numbing_of(option: Option) -> dict[str, str]:
    """Anaesthesia by device as an option has it."""
    return {phase.device: _word(phase) for phase in option.phases}


def rest_of(phases: Sequence[PhasePlan], done: int) -> tuple[PhasePlan, ...]:
    """What is left of a course after so many of its sessions."""
    found, left = [], done
    for phase in phases:
        skipped = min(left, phase.sessions)
        left -= skipped
        if phase.sessions > skipped:
            found.append(replace(phase, sessions=phase.sessions - skipped))
    return tuple(found)


def dates_in(plan: Plan, request: Request, option: Option) -> tuple[datetime.date, ...]:
    """Day of the test spot, or of the first session where there is none, and of each session as the plan has it."""
    weeks = [phase.interval_weeks for phase in option.phases for _ in range(phase.sessions)]
    gaps = [max(one, two) for one, two in pairwise(weeks)]
    planned = datetime.date.fromisoformat(plan.date)
    spot = option.test_spot is not None
    dates = dates_of(planned, request.so_far, gaps_weeks=gaps, interval_weeks=weeks[0], test_spot=spot)
    return (dates.test_spot or planned, *dates.sessions)


def _word(phase: PhaseDocument) -> AnaesthesiaWord:
    return next(name for name in get_args(AnaesthesiaWord) if ANAESTHESIA_WORDS[name] == phase.anaesthesia)


def _phase_at(option: Option, number: int) -> int:
    """Place of the phase that a session belongs to; a test spot to that of its device, or to the first."""
    if number == 0 and option.test_spot is not None:
        return next((k for k, phase in enumerate(option.phases) if phase.device == option.test_spot.device), 0)
    return next(k for k, phase in enumerate(option.phases) if max(number, 1) < phase.first_session + phase.sessions)


def _check(plan: Plan, option: Option, days: Sequence[datetime.date], seen: Sequence[Observation]) -> None:
    """Sessions that exist, and things seen after they were given."""
    for item in seen:
        if not 0 <= item.number <= option.sessions or (not item.spot and item.number < 1):
            msg = (
                f"There is no session {item.number} in option {option.rank} of the plan of {plan.date}; it has sessions 1 to "
                f"{option.sessions}: correct session in the observation, or give another --option."
            )
            raise InputError(msg)
        day = next((one.given for one in seen if one.number == item.number and one.given), days[item.number])
        if item.date < day:
            msg = (
                f"The observation of {item.date} lies before {item.place} on {day}; correct date, or say with given on which day it "
                "was really made."
            )
            raise InputError(msg)


def _sessions(
    phase: PhasePlan, told: PhaseDocument, day: datetime.date, seen: Sequence[Observation], request: Request, *, spot: bool
) -> list[SessionFile]:
    """One entry for each group of sites with the same settings, with what was seen at them."""
    named = _concerns(request.patient)
    sites = list(phase.site_settings)
    at: dict[str, list[SeenFile]] = {site: [] for site in sites}
    for item in seen:
        where = item.site
        if where is None and len(sites) > 1 and not spot and item.said():
            msg = (
                f"{item.place[0].upper()}{item.place[1:]} treated {', '.join(sites)}; say with site at which of them it was seen."
            )
            raise InputError(msg)
        where = where or sites[0]
        if where not in at:
            msg = f"{item.place[0].upper()}{item.place[1:]} did not treat '{where}'; it treated {', '.join(sites)}: correct site."
            raise InputError(msg)
        if item.said():
            at[where].append(SeenFile(site=where, **item.said()))
        for key, value in item.improvement.items():
            site = named.get(key)
            if site not in at:
                known = [name for name, here in named.items() if here in at]
                msg = f"improvement of '{key}' cannot belong to {item.place}; concerns treated there: {', '.join(known)}."
                raise InputError(msg)
            at[site].append(SeenFile(site=site, concern=key, improvement_pct=value))
    if spot:
        sites = list(dict.fromkeys(item.site for item in seen if item.site)) or sites[:1]
    numbing = next((item.anaesthesia for item in seen if item.anaesthesia), None) or _word(told)
    groups: dict[Settings, list[str]] = {}
    for site in sites:
        groups.setdefault(phase.site_settings[site], []).append(site)
    return [
        SessionFile.model_construct(
            date=day, week=None, device=GivenDevice.of(phase.device), settings=PanelSettings(**asdict(settings)), site=None,
            sites=tuple(here), passes=None, cooling=None, anaesthesia=numbing, test_spot=spot,
            seen=tuple(one for site in here for one in at[site]),
        )
        for settings, here in groups.items()
    ]  # fmt: skip


def _concerns(patient: Patient) -> dict[str, str]:
    from recutis.plan.evaluate import named_concerns

    return {name: concern.site for name, concern in named_concerns(patient).items()}


def given(plan: Plan, request: Request, option: Option, seen: Sequence[Observation]) -> Given:
    """The sessions given so far, all those up to the last that something was seen of, after what the plan knew already.

    Raises InputError for a session, site, concern or date that the option does not have.
    """
    days = dates_in(plan, request, option)
    _check(plan, option, days, seen)
    record = request.so_far.record if request.so_far is not None else {}
    before = read_record(record) if record else None
    entries = list(before.course.sessions) if before else []
    numbers = list(before.numbers) if before else []
    groups: dict[int, tuple[int, ...]] = {}
    done = request.so_far.sessions if request.so_far is not None else 0
    phases = phases_of(request, option)
    last = max(item.number for item in seen)
    told = [number for number in range(last + 1) if number or any(item.number == 0 for item in seen)]
    for number in told:
        mine = [item for item in seen if item.number == number]
        place = _phase_at(option, number)
        day = next((item.given for item in mine if item.given), days[number])
        made = _sessions(phases[place], option.phases[place], day, mine, request, spot=number == 0)
        groups[number] = tuple(range(len(entries) + 1, len(entries) + len(made) + 1))
        entries += made
        numbers += [number and number + done] * len(made)
    _in_order(entries)
    patient = before.course.patient if before else request.patient
    course = CourseFile.model_construct(patient=patient, sessions=tuple(entries))
    return Given(course=course, numbers=tuple(numbers), groups=groups, sessions=done + last)


def _in_order(entries: Sequence[SessionFile]) -> None:
    days = [entry.date for entry in entries if entry.date is not None]
    for one, two in pairwise(days):
        if two < one:
            msg = f"The session of {two} would come before that of {one}; say with given on which days sessions were really made."
            raise InputError(msg)


def record_of(so_far: Given) -> dict[str, JsonValue]:
    """The course so far as JSON, as a plan keeps it."""
    return {
        "patient": so_far.course.patient.model_dump(mode="json", exclude_none=True),
        "numbers": list(so_far.numbers),
        "sessions": [
            {
                "date": str(entry.date),
                "device": device_document(entry.device.device()),
                "settings": entry.settings.model_dump(mode="json", exclude_none=True),
                "sites": list(entry.sites or ()),
                "anaesthesia": entry.anaesthesia,
                "test_spot": entry.test_spot,
                "seen": [seen.model_dump(mode="json", exclude_none=True) for seen in entry.seen],
            }
            for entry in so_far.course.sessions
        ],
    }


def read_record(document: Mapping[str, Any]) -> Given:
    """What `record_of` has written.

    Raises InputError for anything else.
    """
    try:
        entries = tuple(
            SessionFile.model_construct(
                date=datetime.date.fromisoformat(item["date"]), week=None,
                device=GivenDevice.of(read_device_document(item["device"])), settings=PanelSettings(**item["settings"]), site=None,
                sites=tuple(item["sites"]), passes=None, cooling=None, anaesthesia=item["anaesthesia"], test_spot=item["test_spot"],
                seen=tuple(SeenFile(**seen) for seen in item["seen"]),
            )
            for item in document["sessions"]
        )  # fmt: skip
        numbers = tuple(int(number) for number in document["numbers"])
        course = CourseFile.model_construct(patient=parse_patient(document["patient"]), sessions=entries)
    except (KeyError, TypeError, ValueError) as error:
        msg = "What the plan says of the sessions given so far cannot be read; update the first plan again with all observations."
        raise InputError(msg) from error
    return Given(course=course, numbers=numbers, groups={}, sessions=max(numbers, default=0))
