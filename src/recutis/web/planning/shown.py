"""What the plan page shows of a plan, of one option and of one course of the chart: words and pictures, no arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, Final

from recutis.plan.document import Option, PassSettings, PhaseDocument, Plan, Quantity
from recutis.report.clinician import clinician_view
from recutis.report.figures.risks import LASTING
from recutis.report.injuries import depth_groups, named_injuries
from recutis.report.phases import course_words, currency, devices_words, money, whole_course_words
from recutis.report.rows import PROVISIONAL, interval_text, number, plural, quantity_text
from recutis.report.words import RISK_WORDS, class_words, concern_words, panel_parts, sentence
from recutis.web.pictures import Picture, improvement_by_session, quartile_odds, risk_bars, skin_sections, symptom_calendar
from recutis.web.planning.known import Source

View = dict[str, Any]
_TABS: Final = (
    ("settings", "Settings"), ("skin", "Skin"), ("days", "Days"), ("benefit", "Benefit"), ("risks", "Risks"),
    ("why", "Why"), ("sources", "Sources"),
)  # fmt: skip


def plan_view(plan: Plan) -> View:
    """What the page says of the whole plan: reasons where it is not ready, screening, alternatives, what was refused."""
    told: View = clinician_view(plan, {"sections": [], "depths": []}) if not plan.options else _of_option(plan, plan.options[0])
    told["stops"] = told["stop"]
    told["checks"] = [*told["checklist"], *(f"Not answered: {name}" for name in told["unasked"])]
    told["ready"] = plan.status == "ready"
    told["option_names"] = [
        {"rank": option.rank, "device": devices_words(option), "met": option.limits_met, "label": option.label} for option in plan.options
    ]  # fmt: skip
    return told


def _of_option(plan: Plan, option: Option) -> View:
    """The clinician's part of a report that leads with this option."""
    drawn = {"sections": [""] * len(named_injuries(option)), "depths": [""] * len(depth_groups(option))}
    told: View = clinician_view(plan.model_copy(update={"options": (option,)}), drawn)
    return told


def option_view(plan: Plan, rank: int) -> View:
    """One option in full.

    Raises IndexError for an option that the plan does not have.
    """
    option = plan.options[rank - 1]
    told = _of_option(plan, option)
    card, first = told["card"], rank == 1
    return {
        "option": option, "rank": rank, "label": option.label, "tabs": _TABS, "mark": PROVISIONAL,
        "course": whole_course_words(option), "devices": devices_words(option),
        "facts": _facts(option), "gains": [_gain(key, band) for key, band in option.predictions.improvement_pct.items()],
        "not_treated": [concern_words(key) for key in option.does_not_treat],
        "phases": [_phase(view, phase) for view, phase in zip(card["phases"], option.phases, strict=True)],
        "figures": [one for one in card["figures"] if one["name"] not in {"Pain", "Chair time"}],
        "test_spot": card["test_spot"], "prophylaxis": card["prophylaxis"],
        "cautions": [*card["warnings"], *_differs(card["confirmed"])], "confirmed": card["confirmed"], "limits_met": option.limits_met,
        "price": None if option.price is None else money(option.price, currency(plan)),
        "sections": _sections(option, told["injuries"]), "calendar": symptom_calendar(option), "odds": quartile_odds(option),
        "by_session": improvement_by_session(option), "risks": risk_bars(option),
        "risk_notes": [{"name": one["name"], "note": one["note"], "lasting": one["lasting"]} for one in told["risks"] if one["note"]],
        "why": told["why"][0]["why"], "explained": told["explained"] if first else None, "sources": _sources_of(told, option),
    }  # fmt: skip


def _facts(option: Option) -> list[View]:
    made = option.predictions
    worst = max(LASTING, key=lambda name: getattr(made.risks, name).per_course.p50)
    return [
        {"name": "Social downtime", "text": quantity_text(made.social_downtime_days), "of": "a session"},
        {"name": "Pain", "text": quantity_text(made.pain_0_10), "of": "a session"},
        {"name": "In the clinic", "text": quantity_text(made.chair_minutes.total), "of": "a session"},
        {"name": RISK_WORDS["pih"], "text": quantity_text(made.risks.pih.per_course), "of": "in the course"},
        {
            "name": "Lasting harm", "text": quantity_text(getattr(made.risks, worst).per_course),
            "of": f"{RISK_WORDS[worst].lower()}, the likeliest", "lasting": True,
        },
    ]  # fmt: skip


def _gain(key: str, band: Quantity) -> View:
    return {
        "name": concern_words(key),
        "middle": f"{number(band.p50, band.unit)} %",
        "text": quantity_text(band),
        "range": interval_text(band),
    }


def _differs(confirmed: View | None) -> list[str]:
    """The warning where search and simulation differ by more than was stated."""
    return [confirmed["warning"]] if confirmed and confirmed["warning"] else []


def _phase(view: View, phase: PhaseDocument) -> View:
    return {**view, "course": view["course"] or course_words(phase), "places": settings_view(phase), "treats": _treats(phase)}


def _treats(phase: PhaseDocument) -> str:
    return "; ".join(concern_words(key) for key in phase.treats)


def settings_view(phase: PhaseDocument) -> list[View]:
    """The panel at each site, pass by pass; sites with the same settings together, and passes that are set alike."""
    groups: dict[tuple[PassSettings, ...], list[str]] = {}
    for site, passes in phase.site_settings.items():
        groups.setdefault(passes, []).append(site.replace("_", " "))
    if not groups:
        groups = {phase.settings: ["all sites"]}
    return [{"sites": ", ".join(sites), "passes": list(_passes(passes))} for passes, sites in groups.items()]


def _passes(passes: tuple[PassSettings, ...]) -> Iterable[View]:
    done = 0
    for one, alike in groupby(passes):
        count = len(list(alike))
        first, last, done = done + 1, done + count, done + count
        if count == len(passes):
            which = plural(count, "pass") if count == 1 else f"{count} passes"
        else:
            which = f"pass {first}" if count == 1 else f"passes {first} to {last}"
        knobs, follows = panel_parts(one)
        cooling = (f"cooling: {one.cooling}",) if one.cooling else ()
        yield {"which": which, "knobs": knobs, "follows": " · ".join((*follows, *cooling))}


def _sections(option: Option, injuries: list[View]) -> list[View]:
    return [
        {"picture": picture, "name": view["site"], "facts": view["facts"], "fidelity": view["fidelity"], "warnings": view["warnings"]}
        for picture, view in zip(skin_sections(option), injuries, strict=True)
    ]  # fmt: skip


def _sources_of(told: View, option: Option) -> list[View]:
    """The rows behind this option's predictions, each with the quantities that rest on it."""
    used: dict[str, list[str]] = {}
    made = option.predictions
    named: list[tuple[str, Quantity]] = [(concern_words(key), band) for key, band in made.improvement_pct.items()]
    named += [
        ("downtime", made.social_downtime_days), ("pain", made.pain_0_10), ("skin closed", made.closure_days),
        ("redness", made.erythema_resolution_days), ("time in the clinic", made.chair_minutes.total),
    ]  # fmt: skip
    named += [(RISK_WORDS[name].lower(), getattr(made.risks, name).per_course) for name in RISK_WORDS]
    for name, band in named:
        for row in band.sources:
            used.setdefault(row, []).append(name)
    plain = {str(row["id"]).replace("\u200b", ""): row for row in told["sources"]}
    rows = [{**row, "id": key, "used": "; ".join(dict.fromkeys(used[key]))} for key, row in plain.items() if key in used]
    return [*rows, *({**row, "id": key, "used": ""} for key, row in plain.items() if key not in used)]


def pictures_of(view: View) -> list[Picture]:
    """Every picture of an option, in the order of the page."""
    return [one["picture"] for one in view["sections"]] + [view[name] for name in ("calendar", "odds", "by_session", "risks")]


def course_view(course: Mapping[str, Any], source: Source) -> View:
    """A course of the chart in short: what the search says of it before it is simulated in full."""
    risks = {name: Quantity.model_validate(band) for name, band in course["risks_pct"].items()}
    days, pain, minutes = (
        Quantity.model_validate(course[name]) for name in ("social_downtime_days", "pain_0_10", "chair_minutes")
    )
    facts = [
        ("Social downtime", quantity_text(days), "a session"), ("Pain", quantity_text(pain), "a session"),
        ("In the clinic", quantity_text(minutes), "a session"), (RISK_WORDS["pih"], quantity_text(risks["pih"]), "in the course"),
        *((RISK_WORDS[name], quantity_text(risks[name]), "in the course, lasting") for name in LASTING if name in risks),
    ]  # fmt: skip
    gains = {key: Quantity.model_validate(band) for key, band in course["improvement_pct"].items()}
    return {
        "row": course["row"], "label": course["label"], "rank": source.rank(course["row"]),
        "phases": [
            {
                "device": phase["device"], "device_class": class_words(phase["device_class"]),
                "course": plural(phase["sessions"], "session")
                + (f", {phase['interval_weeks']:g} weeks apart" if phase["sessions"] > 1 else ""),
                "panel": _panels(phase["panel"]),
            }
            for phase in course["phases"]
        ],
        "gains": [_gain(key, band) for key, band in gains.items()],
        "facts": [{"name": name, "text": text, "of": of} for name, text, of in facts],
        "anaesthesia": sentence(course["anaesthesia"]), "breaks": [sentence(text) for text in course["breaks"]],
        "never": course["never"], "meets_limits": course["meets_limits"], "price": course["price"],
        "not_treated": [concern_words(key) for key in course["does_not_treat"]],
    }  # fmt: skip


def _panels(panels: Mapping[str, str]) -> list[View]:
    groups: dict[str, list[str]] = {}
    for site, text in panels.items():
        groups.setdefault(text, []).append(site.replace("_", " "))
    return [{"sites": ", ".join(sites), "text": text} for text, sites in groups.items()]
