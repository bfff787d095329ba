"""OBSERVATION.yaml: what was seen after a test spot or a session of a plan."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import core_schema

from recutis.errors import RecutisError
from recutis.files import Document, read_yaml, validate
from recutis.laser.own_device import AnaesthesiaWord
from recutis.laser.panel import WholeNumber
from recutis.response.update import Seen

_STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
SPOT = "test_spot"
_PLAIN = ("redness_days", "downtime_days", "closure_days", "pain_0_10", "pih", "blister", "purpura")
_READ_ON_A_SPOT = ("pih", "blister")


class Observation(BaseModel):
    """What was seen after one session, or after the test spot: any of these, days counted from the session."""

    model_config = _STRICT

    session: WholeNumber | Literal["test_spot"] | None = Field(
        default=None,
        description="1 to the sessions of the plan's option, or test_spot; absent where test_spot says how that went",
    )
    date: datetime.date = Field(description="the day it was seen; for days that were counted, the day the counting ended")
    given: datetime.date | None = Field(default=None, description="the day of the session or spot; absent: the day in the plan")
    test_spot: Literal["passed", "failed"] | None = Field(default=None, description="how the test spot was judged")
    site: str | None = Field(default=None, description="where; absent: the one site treated")
    redness_days: float | None = Field(default=None, description="days until a clinician would no longer note redness")
    downtime_days: float | None = Field(default=None, description="days until the person went out without hiding")
    closure_days: float | None = Field(default=None, description="days until the skin was whole")
    peeling_days: float | None = Field(
        default=None, description="not told twin by twin: nothing is learnt from it, and it is refused"
    )
    pain_0_10: float | None = Field(default=None, description="pain during the session, 0 to 10, with the anaesthesia used")
    anaesthesia: AnaesthesiaWord | None = Field(default=None, description="what was used; absent: what the plan says")
    pih: bool | None = Field(default=None, description="whether dark marks came, looked at after four weeks or more")
    blister: bool | None = Field(default=None, description="whether blisters came")
    purpura: bool | None = Field(default=None, description="whether a bruise came")
    improvement: dict[str, float] = Field(
        default_factory=dict,
        description="improvement in percent since before the course, -20 to 100, by the concern's word in the plan",
    )

    @model_validator(mode="after")
    def _clear(self) -> Observation:
        if self.peeling_days is not None:
            msg = "peeling_days is not predicted twin by twin; give downtime_days or closure_days, or leave it out"
            raise ValueError(msg)
        if self.session is None and self.test_spot is None:
            msg = "give session, 1 or more, or test_spot"
            raise ValueError(msg)
        if self.test_spot is not None and self.session not in {None, SPOT}:
            msg = f"test_spot is {self.test_spot} but session is {self.session}; give the spot an observation of its own"
            raise ValueError(msg)
        if self.given is not None and self.given > self.date:
            msg = f"date {self.date} lies before the day of the session, {self.given}; correct one"
            raise ValueError(msg)
        came = [name for name in _READ_ON_A_SPOT if getattr(self, name)]
        if self.test_spot == "passed" and came:
            msg = f"test_spot is passed but {came[0]} is true; a spot with {came[0]} has failed: correct one"
            raise ValueError(msg)
        if self.spot and self.improvement:
            msg = "improvement is graded after sessions, not on a test spot; leave it out"
            raise ValueError(msg)
        self._can_be_seen()
        return self

    def _can_be_seen(self) -> None:
        if not self.said() and not self.improvement and self.test_spot is None:
            msg = f"nothing is told of what was seen; give at least one of {', '.join(_PLAIN)}, improvement"
            raise ValueError(msg)
        try:
            if self.said():
                Seen(**self.said())  # type: ignore[arg-type]
            for key, value in self.improvement.items():
                where = f"improvement of {key}"
                try:
                    Seen(improvement_pct=value)
                except RecutisError as error:
                    raise ValueError(str(error).replace("improvement_pct", where, 1)) from error
        except RecutisError as error:
            raise ValueError(str(error)) from error

    @property
    def spot(self) -> bool:
        """Whether it is of the test spot."""
        return self.session in {None, SPOT}

    @property
    def number(self) -> int:
        """Number of the session, 0 for the test spot."""
        return 0 if self.spot or not isinstance(self.session, int) else self.session

    @property
    def failed(self) -> bool:
        """Whether it tells of a test spot that failed: said so, or dark marks or blisters came."""
        return self.spot and (self.test_spot == "failed" or any(getattr(self, name) for name in _READ_ON_A_SPOT))

    def said(self) -> dict[str, float | bool]:
        """What was seen at the site by its word in a course file; a spot that passed had no dark marks and no blisters."""
        passed = dict.fromkeys(_READ_ON_A_SPOT, False) if self.test_spot == "passed" else {}
        return {**passed, **{name: getattr(self, name) for name in _PLAIN if getattr(self, name) is not None}}

    @property
    def place(self) -> str:
        """'the test spot' or 'session 2', for words."""
        return "the test spot" if self.spot else f"session {self.number}"


class ObservationFile(BaseModel):
    """One observation, or several under `observations`, in any order."""

    model_config = _STRICT

    observations: tuple[Observation, ...] = Field(min_length=1, max_length=48, description="each as a file with one alone")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """One observation alone is written at the top."""
        described = handler.resolve_ref_schema(handler(schema))
        one = handler(Observation.__pydantic_core_schema__)
        return {"title": described["title"], "description": described["description"], "anyOf": [one, {**described}]}


def read_observations(path: Path) -> tuple[Observation, ...]:
    """What an observation file tells, in order of time.

    Raises InputError naming the place, the value and what is allowed.
    """
    return _observations(read_yaml(path))


def parse_observations(data: Mapping[str, object]) -> tuple[Observation, ...]:
    """The same from a mapping, as a form or an interface sends it.

    Raises InputError as `read_observations` does.
    """
    return _observations(Document(name="the observation", data=dict(data), lines={}))


def _observations(document: Document) -> tuple[Observation, ...]:
    several = "observations" in document.data
    found = validate(ObservationFile, document).observations if several else (validate(Observation, document),)
    return tuple(sorted(found, key=lambda item: item.number))
