"""The consent text: the clinic's wording with its places filled from the plan, in plain words and with every range."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recutis.plan.document import Option, Plan, Quantity, SymptomDay
from recutis.report.patient import patient_view
from recutis.report.rows import PROVISIONAL, number
from recutis.report.words import concern_plain, modality_words, sentence
from recutis.web.delivery.course import option_of
from recutis.web.delivery.release import lead_document

if TYPE_CHECKING:
    from recutis.web.planning.models import CoursePlan

_PLACE: Final = re.compile(r"\{\{\s*([a-z_]*)\s*\}\}")
_ANY_BRACES: Final = re.compile(r"\{\{.*?\}\}|\{\{|\}\}", re.DOTALL)
_TOLD_DAYS: Final = (0, 1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 56, 84)
_FELT: Final = 0.5  # of 10; less than this rounds to nothing and is left out
_SIGNS: Final = {
    "redness": "redness", "swelling": "swelling", "crusting": "crusts", "peeling": "peeling", "bronzing": "a brown tone",
    "pain": "pain", "sting_itch": "stinging or itching",
}  # fmt: skip

PLACES: Final[Mapping[str, str]] = {
    "patient": "name of the patient",
    "clinic": "name of the clinic",
    "clinician": "who released the plan",
    "date": "day of the plan",
    "treatment": "what is treated, with which laser, in how many sessions",
    "how_it_works": "what the laser does to the skin",
    "test_spot": "whether a small spot is tried first",
    "numbing": "what is done against pain",
    "improvement": "odds and range of improvement for each concern, and how long it lasts",
    "session": "pain, minutes, days of staying in, redness",
    "days": "what is expected day by day",
    "risks": "every predicted risk with its range",
    "alternatives": "other treatments and how they compare",
    "no_treatment": "what happens with sunscreen alone",
    "not_known": "which numbers are weak, and what was not asked",
    "when_to_call": "signs that need a call, by urgency",
    "who_to_call": "telephone numbers of the clinic, also out of hours",
}
"""Places that a wording may use, in double braces, and what fills them."""
NEEDED: Final = ("treatment", "improvement", "days", "risks", "alternatives", "no_treatment", "not_known", "who_to_call")
"""Places without which a wording would leave out what a patient must be told."""

FIRST_WORDING: Final = (Path(__file__).parent / "first_wording.txt").read_text(encoding="utf-8")
"""The wording that a clinic begins with."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the text as it is shown: a heading, a point of a list, or a paragraph."""

    kind: str
    text: str


def wrong_with(text: str) -> list[str]:
    """What is wrong with a wording, in sentences; empty when it can be used."""
    words = []
    for found in _ANY_BRACES.findall(text):
        match = _PLACE.fullmatch(found)
        if match is None:
            words.append(f"'{found[:40]}' is no place to fill; write {{{{name}}}} with one of the names listed.")
        elif match[1] not in PLACES:
            near = difflib.get_close_matches(match[1], PLACES, n=1, cutoff=0.5)
            hint = f"did you mean {{{{{near[0]}}}}}?" if near else f"known are {', '.join(PLACES)}."
            words.append(f"There is no place called {{{{{match[1]}}}}}; {hint}")
    there = set(_PLACE.findall(text))
    missing = [f"{{{{{name}}}}} ({PLACES[name]})" for name in NEEDED if name not in there]
    if missing:
        words.append(f"A patient must be told more than this: add {', '.join(missing)}.")
    return words


def lines_of(text: str) -> list[Line]:
    """The text line by line, for showing: '# ' begins a heading, '- ' a point."""
    made = []
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("# "):
            made.append(Line(kind="heading", text=line[2:]))
        elif line.startswith("- "):
            made.append(Line(kind="point", text=line[2:]))
        elif line:
            made.append(Line(kind="text", text=line))
    return made


def digest_of(text: str) -> str:
    """The hash under which a text is kept."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def filled(wording: str, plan: CoursePlan) -> str:
    """The wording with every place filled from the plan; the same plan gives the same text, letter for letter."""
    made, option = Plan.model_validate(lead_document(plan)), option_of(plan)
    if option is None:
        return ""
    view: dict[str, Any] = patient_view(made)
    told = view["told"]
    values = {
        "patient": plan.patient.name,
        "clinic": plan.clinic.name,
        "clinician": plan.released_by.full_name if plan.released_by else "a clinician",
        "date": view["date"],
        "treatment": "\n".join((f"{told['title']}. The laser: {_devices(option)}.", *told["what"][1:])),
        "how_it_works": told["what"][0] if len(option.phases) == 1 else "",
        "test_spot": _spot(option),
        "numbing": "\n".join(told["numbing"]),
        "improvement": _improvement(told, option),
        "session": _session(told),
        "days": _days(option.predictions.symptoms),
        "risks": "\n".join(f"- {risk['name']}: {risk['chance']}. {risk['text']}" for risk in told["risks"]),
        "alternatives": _alternatives(made),
        "no_treatment": _nothing(told),
        "not_known": _not_known(made, option),
        "when_to_call": _when(view["flags"]),
        "who_to_call": who_to_call(plan),
    }
    text = _PLACE.sub(lambda match: str(values.get(match[1], "")), wording)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _devices(option: Option) -> str:
    return ", then ".join(dict.fromkeys(phase.device for phase in option.phases))


def _spot(option: Option) -> str:
    spot = option.test_spot
    return f"The small spot is tried here: {spot.site}. We go on only if: {spot.pass_criteria}." if spot else ""


def _improvement(told: Mapping[str, Any], option: Option) -> str:
    lines = []
    for odds in told["odds"]:
        shares = ", ".join(f"{share['words'].lower()}: {share['count']} of 10" for share in odds["shares"])
        lines.append(f"- {odds['name']}: {shares}. {odds['none']} {odds['gain']}".strip())
    lines += [f"- {text}" for text in told["later"]]
    lines += [f"- We do not expect it to help {concern_plain(key)}." for key in option.does_not_treat]
    return "\n".join(lines)


def _session(told: Mapping[str, Any]) -> str:
    lines = []
    for group in (*told["facts"], *told["again"]):
        title = f"{group['title']}: " if group["title"] else ""
        lines += [f"- {title}{tile['name']}: {tile['text']}; {tile['sub']}." for tile in group["tiles"]]
    return "\n".join(lines)


def _felt(band: Quantity) -> str:
    low, high = (max(value, 0.0) for value in (band.p10, min(band.p90, 10.0)))
    return f"{band.p50:.0f} of 10 ({low:.0f} to {high:.0f}){PROVISIONAL if band.provisional else ''}"


def _days(symptoms: tuple[SymptomDay, ...]) -> str:
    lines = []
    for one in symptoms:
        if one.day not in _TOLD_DAYS:
            continue
        signs = [f"{word} {_felt(getattr(one, name))}" for name, word in _SIGNS.items() if getattr(one, name).p50 >= _FELT]
        day = "The day of the session" if one.day == 0 else f"Day {one.day}"
        lines.append(f"- {day}: {', '.join(signs) if signs else 'hardly anything for most people'}.")
        if not signs:
            break
    return "\n".join(lines)


def _alternatives(plan: Plan) -> str:
    lines = ["- Nothing but sunscreen; see below."]
    for one in plan.comparators:
        gain, chance, stay = one.improvement_pct, one.probability_better_pct, one.downtime_days
        facts = []
        if gain is not None:
            mark = PROVISIONAL if gain.provisional else ""
            facts.append(f"about {gain.p50:.0f} % better ({gain.p10:.0f} to {gain.p90:.0f} %){mark}")
        if stay is not None:
            facts.append(f"about {number(stay.p50, 'days')} days of staying in")
        if chance is not None:
            mark = PROVISIONAL if chance.provisional else ""
            facts.append(f"does more than this laser in about {chance.p50:.0f} of 100 people{mark}")
        lines.append(
            f"- {modality_words(one.modality)}, for {concern_plain(one.concern)}: {', '.join(facts) or one.note or 'no numbers'}."
        )
    return "\n".join(lines)


def _nothing(told: Mapping[str, Any]) -> str:
    lines = told["nothing"] or ["Your skin stays as it is or ages slowly."]
    return "\n".join((*lines, "Daily sunscreen, a hat and shade help in any case."))


def _not_known(plan: Plan, option: Option) -> str:
    lines = [f"- A number with the sign {PROVISIONAL} is weak: few or small studies stand behind it, or a judgement."]
    lines += [f"- {sentence(text)}" for text in option.warnings]
    if plan.unasked:
        lines.append(
            "- Some things about you were not asked. Tell us of any illness, medicine or earlier treatment of this skin."
        )
    return "\n".join(lines)


def _when(flags: list[Mapping[str, Any]]) -> str:
    return "\n".join(f"- {group['title']}: {'; '.join(row['symptom'].rstrip('.') for row in group['rows'])}." for group in flags)


def who_to_call(plan: CoursePlan) -> str:
    """Whom to call in and out of hours; says plainly when the clinic has given no number."""
    clinic = plan.clinic
    day = f"{clinic.name}: {clinic.phone}." if clinic.phone else f"{clinic.name}: ask for our telephone number before you leave."
    night = f"Out of hours: {clinic.out_of_hours_phone}." if clinic.out_of_hours_phone else ""
    return "\n".join(
        line for line in (day, night, "If your life or your sight may be in danger, call the emergency services.") if line
    )
