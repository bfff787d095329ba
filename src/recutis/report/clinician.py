"""The clinician's part as plain data: every text ready to print, no markup."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Final

from recutis.plan.document import Option, Plan, Quantity, ScreeningEntry, Source
from recutis.report.explained import confirmed_view, delivered_view, explained_view
from recutis.report.figures.front import outside
from recutis.report.figures.risks import LASTING, risk_order
from recutis.report.injuries import depths_view, injuries_view
from recutis.report.phases import (
    chair_words,
    currency,
    devices_words,
    money,
    phase_sentences,
    phase_views,
    setting_lines,
    whole_course_words,
)
from recutis.report.rows import PROVISIONAL, exact, interval_text, plural, quantity_text
from recutis.report.words import (
    RISK_WORDS,
    class_words,
    classes_text,
    concern_words,
    modality_words,
    panel_text,
    sentence,
)

View = dict[str, object]
_MOST_OPTIONS: Final = 4
_LONGEST_REASON: Final = 300  # letters
_SEVERITY: Final = {"absolute": 0, "relative": 1, "caution": 2}
_TOLD: Final = frozenset({"fires", "overridden", "lifted"})
_CLOCKS: Final = (
    ("Skin closed", "closure_days"),
    ("Social downtime", "social_downtime_days"),
    ("Make-up", "makeup_day"),
    ("Redness gone", "erythema_resolution_days"),
)
_STATUS: Final = {
    "ready": "Plan ready",
    "needs_answers": "Answers needed",
    "deferred": "Deferred",
    "refer": "Refer first",
    "blocked": "No laser treatment",
}


def clinician_view(plan: Plan, drawn: dict[str, list[str]]) -> View:
    """Everything the clinician's template prints."""
    options = plan.options[:_MOST_OPTIONS]
    first = options[0] if options else None
    return {
        "date": plan.date,
        "status": plan.status,
        "status_words": _STATUS[plan.status],
        "headline": plan.headline,
        "released": plan.released,
        "person": _person(plan),
        "card": _card(plan, first) if first else None,
        "stop": _stop(plan),
        "screening": [_rule(entry) for entry in plan.screening if entry.state in _TOLD and entry not in blocking_rules(plan)],
        "checklist": _once([*plan.checklist, *(e.required_action for e in plan.screening if e.state == "checklist")]),
        "unasked": list(dict.fromkeys(_place(text) for text in plan.unasked)),
        "options": [_option(option) for option in options],
        "options_table": _options_table(options, currency(plan)),
        "why": [
            {
                "title": f"{option.rank}  {option.label}",
                "phases": phase_sentences(option) if option is not first else [],
                "why": _once(option.why),
                "warnings": _once(option.warnings),
                "confirmed": confirmed_view(option) if option is not first else None,
            }
            for option in options
        ],
        "injuries": injuries_view(first, drawn["sections"]) if first else [],
        "depths": depths_view(first, drawn["depths"]) if first else [],
        "explained": explained_view(plan),
        "delivered": delivered_view(plan),
        "removed": [{"limit": item.limit, "candidates": str(item.candidates)} for item in plan.removed],
        "candidates": str(plan.provenance.candidates),
        "has_front": bool(plan.front),
        "front_two": any(point.then_device is not None for point in plan.front),
        "front_outside": outside(plan),
        "comparators": _comparators(plan),
        "no_treatment": _no_treatment(plan),
        "usual": _usual(plan),
        "risks": _risks(first) if first else [],
        "refused": _refused(plan),
        "sources": _sources(plan),
        "provenance": _provenance(plan),
        "mark": PROVISIONAL,
    }


def _once(texts: Iterable[str]) -> list[str]:
    """Sentences, each once."""
    return list(dict.fromkeys(sentence(text) for text in texts if text.strip()))


def _person(plan: Plan) -> View:
    person = plan.person
    return {
        "line": f"{person.age:g} years, {person.sex}, phototype {person.phototype}",
        "concerns": "; ".join(concern_words(key) if "@" in key else key for key in person.concerns),
        "history": "; ".join(person.history) or "nothing of note",
        "goals": "; ".join(person.goals),
    }


def _place(text: str) -> str:
    return text.rpartition(".")[2].replace("_", " ")


def _card(plan: Plan, option: Option) -> View:
    made = option.predictions
    spot = option.test_spot
    unit = currency(plan)
    visit = [("Pain", quantity_text(made.pain_0_10)), ("Chair time", quantity_text(made.chair_minutes.total))]
    figures = [
        *(visit if len(option.phases) == 1 else []),  # else each phase has its own
        ("Back to work", quantity_text(made.return_to_work_day)),
        ("Dark marks (PIH), course", quantity_text(made.risks.pih.per_course)),
        ("Pale skin, course", quantity_text(made.risks.hypopigmentation.per_course)),
        ("Scar, course", quantity_text(made.risks.scarring.per_course)),
        ("Chair time, whole course", chair_words(option)),
    ]
    if option.price is not None:
        figures.append(("Price of the course", money(option.price, unit)))
    return {
        "phases": phase_views(option, plan.commissioned),
        "course": whole_course_words(option),
        "test_spot": None
        if spot is None
        else {
            "site": sentence(f"{spot.device}, {spot.site}" if len(option.phases) > 1 else spot.site),
            "dates": f"Made {spot.made_on}, read {spot.read_on}",
            "pass": sentence(spot.pass_criteria),
        },
        "prophylaxis": [sentence(text) for text in option.prophylaxis],
        "gains": [
            {"name": concern_words(key), "text": quantity_text(band), **_bar(band, 100)}
            for key, band in made.improvement_pct.items()
        ],
        "figures": [{"name": name, "text": text} for name, text in figures],
        "clocks": _clocks(option),
        "warnings": _once((*option.warnings, *_screening_warnings(plan, told=option.warnings))),
        "limits_met": option.limits_met,
        "confirmed": confirmed_view(option),
    }


def fired_first(plan: Plan) -> list[ScreeningEntry]:
    """The rules that fired, most severe first."""
    fired = (entry for entry in plan.screening if entry.state == "fires")
    return sorted(fired, key=lambda entry: _SEVERITY.get(entry.severity, len(_SEVERITY)))


def blocking_rules(plan: Plan) -> list[ScreeningEntry]:
    """What stops a plan that is not ready: absolute rules, or else relative ones.

    A caution alone never stops a plan: where only cautions fired, the limits left nothing, or answers are missing.
    """
    if plan.status in {"ready", "needs_answers"}:
        return []
    fired = fired_first(plan)
    return [entry for entry in fired if entry.severity == "absolute"] or [
        entry for entry in fired if entry.severity == "relative"
    ]


def _screening_warnings(plan: Plan, *, told: tuple[str, ...]) -> list[str]:
    """Rules that fired, but for those that the option's own warnings name."""
    return [
        f"{sentence(entry.condition)} {sentence(entry.required_action)} ({entry.rule_id})"
        for entry in fired_first(plan)
        if not any(entry.rule_id in text for text in told)
    ]


def _bar(band: Quantity, top: float) -> View:
    ends = [min(max(value / top, 0.0), 1.0) for value in (band.p10, band.p50, band.p90)]
    return {"low": ends[0], "middle": ends[1], "high": ends[2]}


def _log_place(value: float, top: float) -> float:
    """Place on an axis that grows like the logarithm of one plus the value, 0 to 1."""
    return min(max(math.log1p(max(value, 0.0)) / math.log1p(top), 0.0), 1.0)


def _clocks(option: Option) -> View:
    bands = [(name, getattr(option.predictions, field)) for name, field in _CLOCKS]
    top = max(14.0, *(1.05 * band.p90 for _, band in bands))
    ticks = [day for day in (0, 1, 2, 4, 7, 14, 28, 56, 84, 168, 364) if day <= top]
    return {
        "rows": [
            {
                "name": name,
                "text": quantity_text(band),
                "low": _log_place(band.p10, top),
                "middle": _log_place(band.p50, top),
                "high": _log_place(band.p90, top),
            }
            for name, band in bands
        ],
        "ticks": [{"at": _log_place(day, top), "text": str(day)} for day in ticks],
    }


def _stop(plan: Plan) -> View | None:
    """What the card of a plan that is not ready says instead."""
    if plan.status == "ready":
        return None
    rules = blocking_rules(plan)
    return {
        "timeline": any(entry.until for entry in plan.screening if entry.state == "fires"),
        "questions": [{"place": item.place, "question": sentence(item.question)} for item in plan.questions],
        "rules": [_rule(entry) for entry in rules],
        "next": [
            {"day": entry.day, "title": entry.title, "text": entry.text} for entry in plan.calendar if entry.kind == "check_up"
        ],
        "instead": {
            "needs_answers": "Ask what is missing, put the answers into the patient file and plan again. No setting is shown before that.",
            "deferred": "Do not treat now. Do what each rule below asks, and look again on the day given.",
            "refer": "Refer to a dermatologist before any light or laser touches this skin; "
            "the rules below say how soon, and what lifts them.",
            "blocked": "Do not treat with a laser or intense pulsed light. What would change this stands below, with each rule or limit.",
        }[plan.status],
    }


def _rule(entry: ScreeningEntry) -> View:
    lifts = entry.lifts_when + (f"{'; ' if entry.lifts_when else ''}not before {entry.until}" if entry.until else "")
    override = {"": "", "never": "cannot be overridden"}.get(entry.override, f"override: {entry.override.replace('_', ' ')}")
    return {
        "id": entry.rule_id,
        "severity": entry.severity if entry.state == "fires" else entry.state,
        "state": "" if entry.state == "fires" else entry.severity,
        "condition": sentence(entry.condition),
        "message": _rest(entry.message, entry.condition),
        "action": sentence(entry.required_action),
        "applies": classes_text(entry.applies_to),
        "lifts": lifts,
        "override": override,
        "source": entry.source,
    }


def _rest(message: str, condition: str) -> str:
    """The message without the condition that already stands above it."""
    if message.lower().startswith(condition.lower()):
        message = message[len(condition) :].lstrip(" .:;,-")
    return sentence(message)


def _option(option: Option) -> View:
    return {"rank": str(option.rank), "device": devices_words(option), "limits_met": option.limits_met}


def _options_table(options: tuple[Option, ...], unit: str) -> list[View]:
    """Rows of the side-by-side table: a name and one cell an option; each cell is a list of lines."""
    if not options:
        return []
    rows: list[View] = []

    def add(name: str, cells: list[list[str]], *, strong: bool = False) -> None:
        rows.append({"name": name, "cells": cells, "strong": strong})

    add("Class", [[", then ".join(class_words(phase.device_class) for phase in o.phases)] for o in options])
    add("Start setting", [setting_lines(o) for o in options])
    add("Course", [[whole_course_words(o)] for o in options])
    keys = list(dict.fromkeys(key for o in options for key in o.predictions.improvement_pct))
    for key in keys:
        bands = [o.predictions.improvement_pct.get(key) for o in options]
        add(concern_words(key), [[quantity_text(band) if band else "not treated"] for band in bands], strong=True)
    quantities = (
        ("Social downtime", "social_downtime_days"),
        ("Redness gone", "erythema_resolution_days"),
        ("Back to work", "return_to_work_day"),
        ("Pain", "pain_0_10"),
    )
    for name, field in quantities:
        add(name, [[quantity_text(getattr(o.predictions, field))] for o in options])
    add("Chair time", [[f"{quantity_text(o.predictions.chair_minutes.total)}; in all {chair_words(o)}"] for o in options])
    for name in ("pih", "hypopigmentation", "scarring"):
        add(f"{RISK_WORDS[name]}, course", [[quantity_text(getattr(o.predictions.risks, name).per_course)] for o in options])
    if any(o.price is not None for o in options):
        add("Price of the course", [["not given" if o.price is None else money(o.price, unit)] for o in options])
    add("All limits kept", [["yes" if o.limits_met else "no"] for o in options])
    return rows


def _maybe(band: Quantity | None) -> str:
    return quantity_text(band) if band is not None else "no data"


def _chance(band: Quantity | None) -> str:
    """A probability alone; its range only where it has one."""
    if band is None:
        return "no data"
    return quantity_text(band)


def _comparators(plan: Plan) -> list[View]:
    return [
        {
            "name": modality_words(item.modality),
            "concern": concern_words(item.concern),
            "improvement": _maybe(item.improvement_pct),
            "better": _chance(item.probability_better_pct),
            "downtime": _maybe(item.downtime_days),
            "pain": _maybe(item.pain_0_10),
            "note": item.note,
        }
        for item in plan.comparators
    ]


def _no_treatment(plan: Plan) -> View | None:
    if plan.no_treatment is None:
        return None
    found = plan.no_treatment
    gains = "; ".join(f"{concern_words(key)} {quantity_text(band)}" for key, band in found.improvement_pct.items())
    return {"text": sentence(found.description), "gains": gains}


def _usual(plan: Plan) -> View | None:
    usual = plan.usual
    if usual is None:
        return None
    gains = "; ".join(f"{concern_words(key)} {quantity_text(band)}" for key, band in usual.improvement_pct.items())
    gained = usual.first_option_gain_points
    facts = [
        ("Device", f"{usual.device} ({class_words(usual.device_class)}), {plural(usual.sessions, 'session')}"),
        ("Setting", panel_text(usual.settings[0], len(usual.settings)) if usual.settings else "not given"),
        ("Improvement", gains),
        ("Downtime and pain", f"{quantity_text(usual.social_downtime_days)}; pain {quantity_text(usual.pain_0_10)}"),
        ("Dark marks (PIH), course", quantity_text(usual.pih_per_course)),
        ("Option 1 improves more by", quantity_text(gained) if gained else "not computed"),
    ]
    return {
        "facts": [{"name": name, "text": text} for name, text in facts],
        "not_allowed": [sentence(text) for text in usual.not_allowed],
        "breaks": [sentence(text) for text in usual.breaks],
    }


def _refused(plan: Plan) -> list[View]:
    """Refused classes, those with the same reason together, the longest list last."""
    same: dict[str, list[str]] = {}
    for item in plan.refused:
        same.setdefault(item.reason, []).append(item.device_class)
    return [
        {"name": class_words(names[0]) if len(names) == 1 else classes_text(tuple(names)), "reason": _short(reason)}
        for reason, names in sorted(same.items(), key=lambda pair: len(pair[1]))
    ]


def _short(reason: str) -> str:
    """A reason in print; a very long one ends at a clause, the whole stands in plan.json."""
    told = re.sub(r"(\w)@(\w)", r"\1, \2", reason)
    if len(told) <= _LONGEST_REASON:
        return sentence(told)
    cut = max(told.rfind(mark, 0, _LONGEST_REASON) for mark in ("; ", ", ", " "))
    return f"{sentence(told[: cut if cut > 0 else _LONGEST_REASON]).rstrip('.;,')} … (in full in plan.json)"


def _risks(option: Option) -> list[View]:
    rows = []
    for name in risk_order():
        risk = getattr(option.predictions.risks, name)
        rows.append(
            {
                "name": RISK_WORDS[name],
                "session": quantity_text(risk.per_session),
                "course": quantity_text(risk.per_course),
                "lasting": name in LASTING,
                "note": f"fades in {interval_text(option.predictions.pih_duration_weeks)}" if name == "pih" else risk.note,
            }
        )
    return rows


def _sources(plan: Plan) -> list[View]:
    return [
        {
            "id": row.id.replace(".", ".\u200b").replace("_", "_\u200b"),
            "value": _source_value(row.value, row.low, row.high, row.unit),
            "conditions": _source_conditions(row),
            "source": row.source,
            "confidence": row.confidence,
            "checked": row.checked,
        }
        for row in plan.sources
    ]


def _source_conditions(row: Source) -> str:
    """Conditions, led by the words of a row that holds no number."""
    conditions = row.conditions.replace("_", " ")
    if row.value is None and row.low is None and row.text:
        return f"{row.text} ({conditions})" if conditions else row.text
    return conditions


def _source_value(value: float | None, low: float | None, high: float | None, unit: str) -> str:
    unit = unit.replace("pct_patients", "% of patients").replace("pct", "%").replace("_", " ")
    span = f" [{exact(low)}–{exact(high)}]" if low is not None and high is not None else ""
    if value is None:
        return f"{span.strip()} {unit}".strip() if span else ""
    return f"{exact(value)}{span} {unit}".strip()


def _provenance(plan: Plan) -> str:
    made = plan.provenance
    return (
        f"Recutis {made.version} · evidence {made.evidence_sha256[:12]} · inputs {made.inputs_sha256[:12]} · seed {made.seed} · "
        f"{made.twins} virtual patients · {made.candidates} candidate courses"
    )
