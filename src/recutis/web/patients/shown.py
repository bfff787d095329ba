"""Questions with their answers, ready to be shown: what is ticked, what is wrong, what was typed that fits no choice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils import timezone
from pydantic import JsonValue

from recutis.files import Problem
from recutis.patient import Draft
from recutis.patient.profile import PIGMENTED_KINDS, REDNESS_KINDS, asked_about_pregnancy
from recutis.web.patients.answers import STOPPED, key_of, value_at
from recutis.web.patients.asks import Ask, asks, find, scales_for

_PLACE: Final = re.compile(r"^(?P<missing>Missing |Unknown key )?\S* ?\(?the patient file\)?(?P<rest>:| is) ")
_FIRST_OF_CONCERN: Final = ("kind", "site", "side", "scar_type", "vessel_diameter_mm", "diagnosis_confirmed", "severity")
_SLIDERS: Final = {
    # place → (highest on the slider, step, unit): a slider to 365 days cannot be set by hand; a value beyond stretches it
    "goals.max_social_downtime_days": (28, 1, " days"),
    "goals.max_sessions": (10, 1, ""),
    "goals.max_pain_0_10": (10, 1, " of 10"),
}
_GOALS: Final = ("goals.max_social_downtime_days", "goals.max_sessions", "goals.max_pain_0_10", "goals.risk")
_WORDS: Final = {
    "date": "Day of planning",
    "concerns.kind": "What",
    "concerns.site": "Where",
    "concerns.diagnosis_confirmed": "Has a clinician confirmed that it is benign?",
    "concerns.severity.value": "Value",
    "patient.event_date": "Next event or holiday in strong sun",
    "patient.last_sun_date": "Last strong sun",
    "goals.max_social_downtime_days": "Days out of sight, per session",
    "goals.max_sessions": "Sessions at most",
    "goals.max_pain_0_10": "Worst pain accepted",
    "goals.risk": "How surely limits must hold",
}
_BLOCK_PLACES: Final = frozenset({"patient", "history", "active", "goals", "goals.priorities"})
BLOCKS: Final = {
    "person": ("patient", True),
    "history": ("history", True),
    "active": ("active", True),
    "more_person": ("patient", False),
    "more_history": ("history", False),
}
"""Block of the page → (block of the file, whether it holds what must be answered)."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice: what the form sends, its words, whether it is chosen."""

    key: str
    words: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Slider:
    """How a goal is set by hand."""

    low: float
    high: float
    step: float
    value: float
    unit: str
    unset: str = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One question with its answer. `odd` is an answer that the kind of question cannot show; `fields` and `rows` what is inside."""

    ask: Ask
    value: JsonValue
    text: str = ""
    odd: str = ""
    error: str = ""
    missing: bool = False
    choices: tuple[Choice, ...] = ()
    none: bool = False
    slider: Slider | None = None
    fields: tuple[Shown, ...] = ()
    rows: tuple[Shown, ...] = ()
    parts: Mapping[str, Shown] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The name of the question in the page."""
        return f"q-{self.ask.place.replace('.', '-')}"

    @property
    def day(self) -> str:
        """The answer where it is a day; today for the day of planning that nobody set."""
        if self.ask.place == "date" and self.value is None:
            return f"{timezone.localdate()}"
        return self.value if isinstance(self.value, str) and _is_day(self.value) else ""

    @property
    def stopped(self) -> bool:
        """Whether a day is the answer, or is still to be given."""
        return bool(self.day) or self.value == STOPPED

    @property
    def answered(self) -> bool:
        """Whether anything stands in the file."""
        return self.value is not None


def sentence_of(problem: Problem) -> str:
    """The sentence about a problem as it reads beside its question, where the place needs no name."""
    if problem.missing:
        return "Still to be answered."
    found = _PLACE.match(problem.sentence)
    if found is None:
        return problem.sentence
    rest = problem.sentence[found.end() :]
    return f"This is {rest}" if found["rest"] == " is" else rest[:1].upper() + rest[1:]


class Form:
    """A patient file and what is said about it, as questions that can be shown."""

    def __init__(self, file: Mapping[str, JsonValue], draft: Draft) -> None:
        self.file = file
        self.draft = draft
        self._about = {item.place: item for item in draft.problems}

    def show(self, ask: Ask) -> Shown:
        """One question with its answer, and what is inside it."""
        value = value_at(self.file, ask.place)
        problem = self._about.get(ask.place)
        choices, odd = self._choices(ask, value)
        rows: tuple[Shown, ...] = ()
        if ask.kind == "rows" and isinstance(value, list):
            rows = tuple(self._row(ask, number) for number in range(len(value)))
        fields = tuple(self.show(inner) for inner in ask.fields) if ask.kind == "group" else ()
        return Shown(
            ask=ask, value=value, text=_text(value), odd=odd, choices=choices, none=value == [], fields=fields, rows=rows,
            error="" if problem is None else sentence_of(problem), missing=problem is not None and problem.missing,
            slider=self._slider(ask, value), parts={item.ask.name: item for item in fields},
        )  # fmt: skip

    def at(self, place: str) -> Shown:
        """The question at a place.

        Raises KeyError for a place that the file does not have.
        """
        ask = find(place)
        if ask is None:
            raise KeyError(place)
        return self.show(ask)

    def _row(self, ask: Ask, number: int) -> Shown:
        row = find(f"{ask.place}.{number}")
        if row is None:
            raise KeyError(ask.place)
        return self.show(row)

    def _choices(self, ask: Ask, value: JsonValue) -> tuple[tuple[Choice, ...], str]:
        """What may be chosen, and the answer where it is none of that."""
        offered = ask.choices
        if ask.name == "scale":
            offered = scales_for(value_at(self.file, f"{ask.place.rpartition('.severity')[0]}.kind"))
        if ask.kind == "yes_no":
            offered = ((True, "yes"), (False, "no"))
        listed = value if isinstance(value, list) and ask.kind == "many" else [value]
        made = tuple(
            Choice(key=key_of(one), words=words, chosen=any(_same(one, item) for item in listed)) for one, words in offered
        )
        known = {choice.key for choice in made if choice.chosen}
        strange = [item for item in listed if item is not None and not (isinstance(item, (str, bool)) and key_of(item) in known)]
        if ask.kind == "choice_or_day":
            strange = [item for item in strange if not (isinstance(item, str) and (_is_day(item) or item == STOPPED))]
        if ask.kind == "day":
            strange = [item for item in listed if item is not None and not (isinstance(item, str) and _is_day(item))]
        shows_text = ask.kind in {"number", "whole", "text", "lines", "rows", "group", "weights"}
        return made, "" if shows_text or not strange else ", ".join(map(_text, strange))

    def _slider(self, ask: Ask, value: JsonValue) -> Slider | None:
        given = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
        if ask.place in _SLIDERS:
            most, step, unit = _SLIDERS[ask.place]
            standing = getattr(self.draft.patient.goals, ask.name)
            high = max(float(most), given or 0.0)
            unset = "" if given is not None else ("no limit" if standing is None else "default")
            return Slider(
                low=ask.low or 0.0, high=high, step=step, unit=unit, unset=unset,
                value=given if given is not None else high if standing is None else float(standing),
            )  # fmt: skip
        if ask.place.startswith("goals.priorities."):
            unset = "" if given is not None else "default"
            return Slider(low=0, high=max(5.0, given or 0.0), step=1, value=1.0 if given is None else given, unit="", unset=unset)
        return None

    # What the page is made of

    def block(self, name: str) -> list[Shown]:
        """The questions of a block of the page; those on pregnancy only where they are asked or answered."""
        block, must = BLOCKS[name]
        women = asked_about_pregnancy(self.draft.patient)
        made = []
        for ask in asks().values():
            if not ask.place.startswith(f"{block}.") or (ask.must or ask.given_with) != must:
                continue
            if not ask.given_with or women or value_at(self.file, ask.place) is not None:
                made.append(self.show(ask))
        return made

    def women(self) -> list[Shown]:
        """The questions on pregnancy, where they are asked or answered."""
        return [shown for shown in self.block("person") if shown.ask.given_with]

    def concerns(self) -> Shown:
        """The concerns, each row with what its kind asks first and the rest apart."""
        return self.show(asks()["concerns"])

    def goals(self) -> list[Shown]:
        """The goals, and a weight for each kind of concern where there are several."""
        made = [self.at(place) for place in _GOALS]
        kinds = tuple(dict.fromkeys(concern.kind for concern in self.draft.patient.concerns))
        told = value_at(self.file, "goals.priorities")
        named = [kind for kind in told if find(f"goals.priorities.{kind}")] if isinstance(told, dict) else []
        wanted = dict.fromkeys([*(kinds if len(kinds) > 1 else ()), *named])
        return made + [self.at(f"goals.priorities.{kind}") for kind in wanted]

    def loose(self) -> list[tuple[str, str]]:
        """Problems that belong to no single question of the page, as (place, sentence)."""
        return [
            (item.place, sentence_of(item))
            for item in self.draft.problems
            if not item.missing and (find(item.place) is None or item.place in _BLOCK_PLACES)
        ]


def first_of_concern(row: Shown) -> Iterator[Shown]:
    """What is asked of a concern at once: its kind, its site, and what that kind needs."""
    kind = row.parts["kind"].value
    for name in _FIRST_OF_CONCERN:
        part = row.parts[name]
        if _suits(name, kind) or part.answered:
            yield part


def rest_of_concern(row: Shown) -> list[Shown]:
    """What else may be told of a concern."""
    return [part for part in row.fields if part.ask.name not in _FIRST_OF_CONCERN]


def _suits(name: str, kind: JsonValue) -> bool:
    wanted = {"scar_type": {"acne_scars"}, "vessel_diameter_mm": REDNESS_KINDS, "diagnosis_confirmed": PIGMENTED_KINDS}.get(name)
    return wanted is None or (isinstance(kind, str) and kind in wanted)


def label_of(shown: Shown) -> str:
    """How a question is called on the page."""
    place = ".".join(part for part in shown.ask.place.split(".") if not part.isdigit())
    return _WORDS.get(place, shown.ask.label)


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)  # 1 is not "yes"


def _is_day(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)


def differing(before: Sequence[Problem], after: Sequence[Problem]) -> list[str]:
    """Places whose sentence is not what it was."""
    one, two = ({item.place: item.sentence for item in problems} for problems in (before, after))
    return [place for place in {**one, **two} if one.get(place) != two.get(place)]
