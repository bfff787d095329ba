"""The device register: what is due, what is overdue, what a meter read, and the clinic's device file."""

from __future__ import annotations

import datetime
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recutis.errors import RecutisError
from recutis.files import Document, read_yaml, validate
from recutis.laser import Clinic as ClinicFile
from recutis.laser import catalogue
from recutis.web.delivery.models import DeviceEvent, DeviceUnit
from recutis.web.templatetags.recutis_words import day as written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recutis.web.accounts.models import Clinic

_MUST: Final = ("service", "calibration")
_SOON_DAYS: Final = 30
_FILE: Final = "the clinic file"


@dataclass(frozen=True, kw_only=True)
class Due:
    """How a unit stands with one kind of upkeep."""

    kind: str
    last: datetime.date | None
    next_due: datetime.date | None
    state: str

    @property
    def words(self) -> str:
        """In words, for a badge."""
        if self.last is None:
            return f"no {self.kind} on record"
        if self.next_due is None:
            return f"{self.kind} on {self.last}, no next date"
        return f"{self.kind} {'was ' if self.state == 'overdue' else ''}due {written(self.next_due)}"


def due_of(events: Iterable[DeviceEvent], day: datetime.date) -> tuple[Due, ...]:
    """Service and calibration of one unit from its events, newest first."""
    told = list(events)
    found = []
    for kind in _MUST:
        last = next((one for one in told if one.kind == kind), None)
        if last is None:
            found.append(Due(kind=kind, last=None, next_due=None, state="missing"))
            continue
        due = last.next_due
        state = "undated" if due is None else "overdue" if due < day else "soon" if (due - day).days <= _SOON_DAYS else "good"
        found.append(Due(kind=kind, last=last.on, next_due=due, state=state))
    return tuple(found)


def fault_of(events: Iterable[DeviceEvent]) -> DeviceEvent | None:
    """The newest fault that no repair has followed."""
    for one in events:
        if one.kind == "repair":
            return None
        if one.kind == "fault":
            return one
    return None


def stands_for(unit: DeviceUnit, day: datetime.date) -> list[str]:
    """What keeps a unit from being used on a day, in sentences; empty when nothing does."""
    if unit.retired_on is not None and unit.retired_on <= day:
        return [f"{unit} was retired on {written(unit.retired_on)}."]
    events = list(unit.events.all())
    words = []
    fault = fault_of(events)
    if fault is not None:
        words.append(f"{unit} has a fault of {written(fault.on)} that no repair has followed.")
    for due in due_of(events, day):
        if due.state == "missing":
            words.append(f"{unit} has no {due.kind} on record.")
        elif due.state == "overdue":
            words.append(f"The {due.kind} of {unit} was due on {written(due.next_due)}.")
    return words


def ratio_of(event: DeviceEvent) -> float | None:
    """Measured over set energy; None where one of them was not taken down."""
    if not event.set_energy_mJ or event.measured_energy_mJ is None:
        return None
    return float(event.measured_energy_mJ / event.set_energy_mJ)


# The clinic file


def device_names(clinic: Clinic) -> tuple[str, ...]:
    """Devices that a unit of this clinic may be: those of its file, else the whole catalogue."""
    listed = (clinic.devices_file or {}).get("devices") or []
    named = tuple(one if isinstance(one, str) else str(one.get("name", "")) for one in listed)
    return named or tuple(one.name for one in catalogue())


def checked_file(data: dict[str, Any], lines: dict[str, int] | None = None, name: str = _FILE) -> dict[str, Any]:
    """The clinic file as it may be kept, after it was held against the rules of the command line.

    Raises InputError: one sentence naming the place, the value and what is allowed.
    """
    validate(ClinicFile, Document(name=name, data=dict(data), lines=lines or {}))
    plain: dict[str, Any] = json.loads(json.dumps(data, default=str))
    return plain


def read_text(text: str) -> dict[str, Any]:
    """A clinic file from the text of a YAML file.

    Raises InputError with place and line.
    """
    with tempfile.TemporaryDirectory(prefix="recutis-") as folder:
        path = Path(folder) / "clinic.yaml"
        path.write_text(text, encoding="utf-8")
        document = read_yaml(path)
    return checked_file(document.data, document.lines, document.name)


def with_measurement(clinic: Clinic, event: DeviceEvent, *, sd_mJ: float) -> dict[str, Any]:
    """The clinic file with a meter's reading as a measurement that plans are made with.

    Raises InputError where the file does not take it: device not listed, or an energy that its panel does not have.
    """
    told = dict(clinic.devices_file or {})
    spot = {
        "device": event.unit.device,
        "settings": {"energy_mJ": event.set_energy_mJ},
        "quantity": "energy_mJ",
        "value": event.measured_energy_mJ,
        "sd": sd_mJ,
        "date": event.on.isoformat(),
    }
    others = [one for one in told.get("test_spots", []) if not _same(one, spot)]
    return checked_file({**told, "test_spots": [*others, spot]})


def _same(one: Any, other: dict[str, Any]) -> bool:
    keys = ("device", "settings", "quantity", "date")
    return isinstance(one, dict) and all(one.get(key) == other[key] for key in keys)


def used_in_plans(clinic: Clinic, event: DeviceEvent) -> bool:
    """Whether a meter's reading stands in the clinic file."""
    wanted = {
        "device": event.unit.device, "settings": {"energy_mJ": event.set_energy_mJ}, "quantity": "energy_mJ",
        "date": event.on.isoformat(),
    }  # fmt: skip
    return any(_same(one, wanted) for one in (clinic.devices_file or {}).get("test_spots", []))


def file_problem(clinic: Clinic) -> str:
    """What is wrong with the file that is kept; empty for a good one and for none."""
    if not clinic.devices_file:
        return ""
    try:
        checked_file(clinic.devices_file)
    except RecutisError as error:
        return str(error)
    return ""
