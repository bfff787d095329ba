"""The sliders of the plan page: goals as an address holds them, what each slider spans, and goals as the planner takes them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import QueryDict
from django.utils.http import urlencode

from recutis.errors import InputError
from recutis.files import Document, validate
from recutis.patient.profile import Goals
from recutis.report.rows import exact, plural
from recutis.report.words import concern_words

DAYS, SESSIONS, PAIN, RISK = "days", "sessions", "pain", "risk"
PRIORITY: Final = "weight-"
"""How the address names the weight of a kind of concern: `weight-fine_lines`."""
NO_LIMIT: Final = "no limit"
_MOST_PAIN: Final = 10.0  # the end of the scale: a limit there limits nothing
_SHOWN_DAYS, _SHOWN_SESSIONS, _SHOWN_WEIGHT = 28, 10, 3
"""How far the sliders reach, unless a goal lies further out."""
RISKS: Final = (
    ("cautious", "Cautious", "limits hold for 9 in 10 people like this one"),
    ("balanced", "Balanced", "limits hold for 3 in 4"),
    ("bold", "Bold", "limits hold for 1 in 2"),
)
_FIELDS: Final = {DAYS: "max_social_downtime_days", SESSIONS: "max_sessions", PAIN: "max_pain_0_10", RISK: "risk"}
LIMIT_SLIDER: Final = {"social_downtime_days": DAYS, "sessions": SESSIONS, "pain_0_10": PAIN, "risk": RISK}
"""The slider that sets each limit a looser one could replace."""


@dataclass(frozen=True, kw_only=True)
class Slider:
    """One range input: its name, words and ends; `words` are the values that are told in words, as JSON for the page."""

    name: str
    label: str
    value: str
    low: str
    high: str
    step: str
    unit: str
    words: str
    shown: str
    help: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Goals that somebody moved, beside those that the plan was made with. `weights` has each kind of concern of the patient."""

    goals: Goals
    own: Goals
    kinds: tuple[str, ...]

    @property
    def moved(self) -> bool:
        """Whether they differ from those of the plan."""
        return self.document() != replace(self, goals=self.own).document()

    def document(self) -> dict[str, Any]:
        """The goals as a patient file has them, with every weight named."""
        told: dict[str, Any] = self.goals.model_dump(mode="json", exclude_none=True)
        return {**told, "priorities": self.weights}

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each kind of concern; 1 where none is given."""
        return {kind: float(self.goals.priorities.get(kind, 1.0)) for kind in self.kinds}  # type: ignore[call-overload]

    @property
    def own_values(self) -> dict[str, str]:
        """What each slider is set to for the plan's own goals."""
        return _values(replace(self, goals=self.own))

    def query(self) -> str:
        """The goals as an address holds them; empty where nothing was moved."""
        return urlencode(_values(self)) if self.moved else ""

    def sliders(self) -> list[Slider]:
        """Downtime, sessions and pain, in the order in which people think of them."""
        goals = self.goals
        days, pain = goals.max_social_downtime_days, goals.max_pain_0_10
        return [
            _slider(
                DAYS, "Social downtime", days, 0, max(_SHOWN_DAYS, math.ceil(days)), " days", {0: "none", 1: "1 day"},
                "at most, a session",
            ),
            _slider(
                SESSIONS, "Sessions", goals.max_sessions, 1, max(_SHOWN_SESSIONS, goals.max_sessions), "", {}, "at most, in the course",
            ),
            _slider(
                PAIN, "Pain", _MOST_PAIN if pain is None else pain, 0, _MOST_PAIN, " of 10", {_MOST_PAIN: NO_LIMIT},
                "at most, in a session",
            ),
        ]  # fmt: skip

    def weight_sliders(self) -> list[Slider]:
        """How much each kind of concern counts; none where there is only one."""
        if len(self.kinds) < 2:
            return []
        words = {0: "not counted", 1: "× 1", 2: "× 2", 3: "× 3", 0.5: "× 0.5", 1.5: "× 1.5", 2.5: "× 2.5"}
        return [
            _slider(f"{PRIORITY}{kind}", concern_words(kind), weight, 0, max(_SHOWN_WEIGHT, math.ceil(weight)), "", words, "", step=0.5)
            for kind, weight in self.weights.items()
        ]  # fmt: skip


def _slider(
    name: str, label: str, value: float, low: float, high: float, unit: str, words: Mapping[float, str], help_: str, *, step: float = 1
) -> Slider:  # fmt: skip
    step = step if (value / step).is_integer() else 0.1 if (value * 10).is_integer() else 0.01
    told = {exact(key): text for key, text in words.items()}
    shown = told.get(exact(value), f"{exact(value)}{unit}")
    return Slider(
        name=name, label=label, value=f"{value:g}", low=exact(low), high=exact(high), step=f"{step:g}", unit=unit,
        words=json.dumps(told, ensure_ascii=False), shown=shown, help=help_,
    )  # fmt: skip


def _values(asked: Asked) -> dict[str, str]:
    told = asked.document()
    pain = told.get("max_pain_0_10")
    values = {
        DAYS: f"{told['max_social_downtime_days']:g}", SESSIONS: str(told["max_sessions"]),
        PAIN: f"{_MOST_PAIN if pain is None else pain:g}", RISK: str(told["risk"]),
    }  # fmt: skip
    return values | {f"{PRIORITY}{kind}": f"{weight:g}" for kind, weight in asked.weights.items()}


def asked_of(patient: Mapping[str, Any], query: QueryDict) -> Asked:
    """The goals of a plan's patient file, with those of the address in their place.

    Raises InputError: one sentence about the first value that cannot be a goal.
    """
    own = Goals.model_validate(patient.get("goals") or {})
    kinds = tuple(dict.fromkeys(str(concern["kind"]) for concern in patient.get("concerns", ())))
    started = Asked(goals=own, own=own, kinds=kinds)
    told = started.document()
    for name, field in _FIELDS.items():
        if query.get(name, "").strip():
            told[field] = query[name].strip() if name == RISK else _number(query[name])
    if told.get("max_pain_0_10") == _MOST_PAIN:
        del told["max_pain_0_10"]
    for kind in kinds:
        if query.get(f"{PRIORITY}{kind}", "").strip():
            told["priorities"][kind] = _number(query[f"{PRIORITY}{kind}"])
    return replace(started, goals=validate(Goals, Document(name="the goals", data=told, lines={})))


def _number(text: str) -> float | int | str:
    """A number as typed; text that is none stays as it is, for the sentence that refuses it."""
    try:
        value = float(text.strip()[:40])
    except ValueError:
        return text.strip()[:40]
    if not math.isfinite(value):
        return text.strip()[:40]
    return int(value) if value.is_integer() else value


def goal_lines(goals: Mapping[str, Any]) -> list[str]:
    """Goals as short sentences, for a panel that is folded."""
    read = Goals.model_validate(dict(goals))
    pain = NO_LIMIT if read.max_pain_0_10 is None else f"at most {exact(read.max_pain_0_10)} of 10"
    return [
        f"downtime at most {plural(read.max_social_downtime_days, 'day')}",
        f"at most {plural(read.max_sessions, 'session')}", f"pain {pain}", read.risk,
    ]  # fmt: skip


def looser_value(limit: str, then: str) -> str:
    """What a slider is set to for a looser limit: '8 days' gives 8, 'balanced' stays.

    Raises InputError for text without a number where one belongs.
    """
    if LIMIT_SLIDER.get(limit) == RISK:
        return then
    value = _number(then.partition(" ")[0])
    if isinstance(value, str):
        msg = f"The looser limit '{then}' holds no number."
        raise InputError(msg)
    return f"{value:g}"
