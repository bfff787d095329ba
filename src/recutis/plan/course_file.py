"""COURSE.yaml: a patient and the sessions that somebody chose."""

from __future__ import annotations

import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import core_schema

from recutis.errors import RecutisError
from recutis.files import Document, read_yaml, validate
from recutis.laser import DeviceFile, expose, surface_cooling
from recutis.laser.own_device import AnaesthesiaWord
from recutis.laser.panel import PanelSettings, WholeNumber
from recutis.laser.types import Exposure
from recutis.patient import Patient, read_patient
from recutis.units import DAYS_PER_WEEK

if TYPE_CHECKING:
    from recutis.response.update import Seen

_STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
_LONGEST_WEEKS = 520  # ten years; nobody plans further


class SeenFile(BaseModel):
    """What was seen after a session at one site: any of these, days counted from the session."""

    model_config = _STRICT

    site: str | None = Field(default=None, description="where; absent: the one site treated")
    redness_days: float | None = Field(default=None, description="days until a clinician would no longer note redness")
    downtime_days: float | None = Field(default=None, description="days until the person went out without hiding")
    closure_days: float | None = Field(default=None, description="days until the skin was whole")
    pain_0_10: float | None = Field(default=None, description="pain during the session, with the anaesthesia it states")
    improvement_pct: float | None = Field(default=None, description="improvement by then, graded when it had matured, -20 to 100")
    concern: str | None = Field(default=None, description="what was graded; absent: the one concern of the site")
    pih: bool | None = Field(default=None, description="whether dark marks came, looked at after four weeks or more")
    blister: bool | None = Field(default=None, description="whether blisters came")
    purpura: bool | None = Field(default=None, description="whether a bruise came")

    @model_validator(mode="after")
    def _can_be_seen(self) -> SeenFile:
        if self.concern is not None and self.improvement_pct is None:
            msg = "concern says what improvement_pct is of; give both or neither"
            raise ValueError(msg)
        try:
            self.seen()
        except RecutisError as error:
            raise ValueError(str(error)) from error
        return self

    def seen(self) -> Seen:
        """The observation.

        Raises OutOfRangeError for what cannot be seen, InputError when nothing was.
        """
        from recutis.response.update import Seen

        return Seen(**self.model_dump(exclude={"site", "concern"}))


class SessionFile(BaseModel):
    """One session: when, with which device and panel, where."""

    model_config = _STRICT

    date: datetime.date | None = Field(default=None, description="day of the session; or week")
    week: float | None = Field(default=None, ge=0, le=_LONGEST_WEEKS, description="weeks after the patient file's date")
    device: DeviceFile = Field(description="catalogue name, or a device of one's own")
    settings: PanelSettings = Field(default_factory=PanelSettings, description="as on the panel")
    site: str | None = Field(default=None, description="the one site treated; absent: every site with a concern")
    sites: tuple[str, ...] | None = Field(default=None, min_length=1, description="several sites treated on this day")
    passes: WholeNumber | None = Field(default=None, ge=1, le=20, description="passes over the area; absent: as in settings")
    cooling: Literal["none", "cold_air", "cryogen", "contact", "gel"] | None = Field(
        default=None, description="absent: what the device has built in"
    )
    anaesthesia: AnaesthesiaWord | None = Field(default=None, description="absent: the mildest that makes it bearable")
    test_spot: bool = Field(default=False, description="a spot to try device and settings on; no part of the course itself")
    seen: tuple[SeenFile, ...] = Field(default=(), description="what was seen since; later sessions are predicted with it")

    @model_validator(mode="after")
    def _fits(self) -> SessionFile:
        if (self.date is None) == (self.week is None):
            msg = "give either date or week, and not both"
            raise ValueError(msg)
        if self.site is not None and self.sites is not None:
            msg = "give either site or sites, and not both"
            raise ValueError(msg)
        if self.passes is not None and "passes" in self.settings.model_fields_set and self.passes != self.settings.passes:
            msg = f"passes is {self.passes} but settings.passes is {self.settings.passes}; give it once"
            raise ValueError(msg)
        if self.anaesthesia is None and any(item.pain_0_10 is not None for item in self.seen):
            msg = "pain_0_10 was seen, but not under which anaesthesia; give the anaesthesia that was used, or leave the pain out"
            raise ValueError(msg)
        try:
            self.exposure()
        except RecutisError as error:
            raise ValueError(str(error)) from error
        return self

    def exposure(self) -> Exposure:
        """What this panel delivers.

        Raises OutOfRangeError when the settings lie outside the device's limits.
        """
        device = self.device.device()
        panel = self.settings if self.passes is None else self.settings.model_copy(update={"passes": self.passes})
        cooling = None if self.cooling is None else surface_cooling(self.cooling, device=device)
        return expose(device, panel.settings(), cooling=cooling)

    def day(self, start: datetime.date) -> datetime.date:
        """The day of the session, counted from the start where it is given in weeks."""
        return self.date or start + datetime.timedelta(days=round((self.week or 0.0) * DAYS_PER_WEEK))


class CourseFile(BaseModel):
    """A patient (inline, or the path of a patient file) and sessions in order of time."""

    model_config = _STRICT

    patient: Patient = Field(description="the patient file's content, or its path from the course file")
    sessions: tuple[SessionFile, ...] = Field(min_length=1, max_length=24, description="in order of time")

    @model_validator(mode="after")
    def _in_order(self) -> CourseFile:
        days = self.days()
        for number, (before, after) in enumerate(pairwise(days), start=2):
            if after < before:
                msg = f"session {number} on {after} comes before session {number - 1} on {before}; put sessions in order of time"
                raise ValueError(msg)
        known = tuple(dict.fromkeys(concern.site for concern in self.patient.concerns))
        for number in range(1, len(self.sessions) + 1):
            for site in self.sites(number):
                if site not in known:
                    msg = (
                        f"session {number} treats '{site}', where the patient has no concern; sites with one: {', '.join(known)}"
                    )
                    raise ValueError(msg)
            for seen in self.sessions[number - 1].seen:
                self.seen_at(number, seen)
        if all(session.test_spot for session in self.sessions):
            msg = "sessions are all test spots; add the session that is to follow them"
            raise ValueError(msg)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A path stands for the patient it names."""
        described = handler.resolve_ref_schema(handler(schema))
        inline = described["properties"]["patient"]
        path = {"type": "string", "description": "path of a patient file"}
        described["properties"]["patient"] = {"anyOf": [path, inline]}
        return described

    def days(self) -> tuple[datetime.date, ...]:
        """Day of each session."""
        return tuple(session.day(self.patient.date) for session in self.sessions)

    def sites(self, number: int) -> tuple[str, ...]:
        """Sites of a session (counted from 1), in the patient file's order."""
        session = self.sessions[number - 1]
        every = tuple(dict.fromkeys(concern.site for concern in self.patient.concerns))
        chosen = session.sites or ((session.site,) if session.site else every)
        return tuple(dict.fromkeys(chosen))

    def seen_at(self, number: int, seen: SeenFile) -> tuple[str, str | None]:
        """Site and graded concern (by its word in the plan) of something seen after a session (counted from 1).

        Raises ValueError when the session did not treat there, or the site or concern is not clear.
        """
        from recutis.plan.evaluate import named_concerns

        treated = self.sites(number)
        if seen.site is None and len(treated) > 1:
            msg = f"session {number} treated {', '.join(treated)}; say with site at which of them it was seen"
            raise ValueError(msg)
        site = seen.site or treated[0]
        if site not in treated:
            msg = f"session {number} was seen at '{site}', which it did not treat; it treated {', '.join(treated)}"
            raise ValueError(msg)
        if seen.improvement_pct is None:
            return site, None
        here = {name: concern for name, concern in named_concerns(self.patient).items() if concern.site == site}
        chosen = [name for name, concern in here.items() if seen.concern in {None, name, concern.kind}]
        if len(chosen) != 1:
            msg = f"session {number}: concern must name what improvement_pct is of at {site}; one of {', '.join(here)}"
            raise ValueError(msg)
        return site, chosen[0]


def read_course(path: Path) -> CourseFile:
    """Read a course file; a path as `patient` is looked up from the course file's folder.

    Raises InputError naming the place, the value and what is allowed, also for settings outside a device's limits.
    """
    document = read_yaml(path)
    patient = document.data.get("patient")
    if isinstance(patient, str):
        found = read_patient(path.parent / patient)
        document = Document(name=document.name, data={**document.data, "patient": found}, lines=document.lines)
    return validate(CourseFile, document)
