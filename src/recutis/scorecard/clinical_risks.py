"""Rows of harm: incidence in a study of n patients, treatments or lesions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np

from recutis import evidence
from recutis.bands import Draws
from recutis.classes import matches
from recutis.response import RISKS, Care, clocks, course_risk
from recutis.response.wound import read_wound
from recutis.scorecard import clinical_sample as sample
from recutis.scorecard.clinical_recovery import present
from recutis.scorecard.clinical_sample import Told
from recutis.scorecard.clinical_study import Arm, Lab, NotComputedError, Order, Study
from recutis.units import DAYS_PER_WEEK

_EVENTS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (r"\bany (complication|adverse|side)|adverse effects|any side", tuple(RISKS)),
    (r"candida|yeast|fung", ()), (r"melasma|dermatitis|rosacea|eczema|allerg", ()),
    (r"hypo-?pigment|lightening", ("hypopigmentation",)), (r"dys-?pigment", ("pih", "hypopigmentation")),
    (r"pih|hyper-?pigment|dyschrom", ("pih",)),
    (r"pigment change", ("hypopigmentation",)), (r"milia|acne|acneiform", ("acneiform",)), (r"hsv|herpes", ("herpes",)),
    (r"infection|bacteri|impetigo", ("bacterial_infection",)), (r"scar|keloid", ("scarring",)), (r"ectropion", ("ectropion",)),
    (r"blister|bulla|vesic|burn", ("blister",)), (r"purpura|bruis", ("purpura",)), (r"erythema|redness", ("prolonged_erythema",)),
)  # fmt: skip
_SIGNS: Final = r"^\W*(transient |mild )?(crust|o?edema|swelling|bronzing|peeling|itch|prurit)"
_DAYS: Final = {"day": 1.0, "week": float(DAYS_PER_WEEK), "month": 30.4}  # calendar
_PER_SESSION: Final = frozenset(
    {"treatments", "treatment", "sessions", "session", "lesions", "lesion", "sites", "areas", "cases"}
)


def order_of(fields: Mapping[str, str], *, herpes: bool = False) -> Order:
    """What a row of risks says of its study."""
    lid = "ectropion" in fields["adverse_event"].lower()
    return Order(
        device_word=fields["device_class"], settings_text=fields["settings"], indication=fields["indication"],
        phototypes_text=fields["phototypes"], site_text=fields["site"], n_text=fields["n"],
        site="full_face" if lid else None, herpes=herpes,
    )  # fmt: skip


def events_of(text: str) -> tuple[str, ...]:
    """Risk keys an adverse event stands for.

    Raises NotComputedError for an event that is not modelled.
    """
    small = text.lower()
    if matched := next((keys for pattern, keys in _EVENTS[:1] if re.search(pattern, small)), None):
        return matched
    found: list[str] = []
    plain = re.sub(r"\(.*?\)", "", small)
    for part in re.split(r",|\bor\b|\band\b|/", plain):
        keys = next((keys for pattern, keys in _EVENTS if re.search(pattern, part)), None)
        found += keys or ()
    if not found:
        msg = f"the adverse event '{text}' is not modelled; modelled are {', '.join(RISKS)}"
        raise NotComputedError(msg)
    return tuple(dict.fromkeys(found))


def care_of(fields: Mapping[str, str]) -> Care:
    """Care as the row tells it; an antiviral is routine with full-field ablation."""
    text = f"{fields['settings']} {fields['adverse_event']} {fields['effect_or_modifier']}".lower()
    named = re.search(r"ciclovir|cyclovir|prophylaxis|antiviral", text) is not None
    steroid = re.search(r"clobetasol|\bsteroid|betamethasone", fields["settings"].lower()) is not None
    return Care(
        anaesthesia="topical",
        antiviral=named or matches("ablative_full_any", fields["device_class"]) or fields["device_class"] == "ablative_full_any",
        postop_steroid=steroid,
        bleaching=re.search(r"bleach|post\w* hydroquinone", fields["settings"].lower()) is not None,
    )


def _redness_after(text: str) -> float | None:
    """Day from which redness counts, where the event names one."""
    match = re.search(r"(?:>|at|beyond|over|after)\s*(\d+)\s*(day|week|month)", text.lower())
    return float(match.group(1)) * _DAYS[match.group(2)] if match else None


def _chance(lab: Lab, arm: Arm, study: Study, care: Care, event: str, fields: Mapping[str, str]) -> Draws:
    """Chance per session or per course, as the denominator asks, that any of the events strikes each twin."""
    day = _redness_after(fields["adverse_event"])
    response = lab.response(arm, care, study.area_cm2, by_day=False)
    if event == "prolonged_erythema" and day is not None:
        redness = clocks.redness_of(read_wound(arm.injury, arm.twins), arm.twins)
        return (redness.at(day) > arm.twins.p("redness.noted")).astype(np.float64)
    per_session = response.risks[event]
    if event == "pih" and day is not None:
        per_session = per_session * (response.pih_duration_weeks * DAYS_PER_WEEK > day)
    if fields["denominator"].strip().lower() in _PER_SESSION:
        return per_session
    return course_risk(per_session, max(round(study.sessions), 1), kind=event)


def _together(chances: list[Draws]) -> Draws:
    return np.asarray(1 - np.multiply.reduce([1 - chance for chance in chances]))


def _values(lab: Lab, fields: Mapping[str, str], events: tuple[str, ...], *, herpes: bool) -> tuple[Study, list[Draws]]:
    study = lab.study(order_of(fields, herpes=herpes))
    care = care_of(fields)
    values = [_together([_chance(lab, arm, study, care, event, fields) for event in events]) for arm in study.arms]
    return study, values


def _herpes_history(fields: Mapping[str, str]) -> str:
    """Whether the row's patients had cold sores before: all, none, or mixed as people come."""
    text = f"{fields['settings']} {fields['adverse_event']}".lower()
    if re.search(r"\bno (hsv|herpes) history", text):
        return "none"
    return "all" if re.search(r"(hsv|herpes|known).{0,12}history", text) else "mixed"


def compute(lab: Lab, fields: Mapping[str, str]) -> tuple[Told, tuple[str, ...]]:
    """The incidence of one row and what was assumed for it.

    Raises NotComputedError with the reason.
    """
    if fields["device_class"] == "modifier":
        msg = "a modifier of odds is an input of the model, not a study"
        raise NotComputedError(msg)
    if "maximum reported" in fields["effect_or_modifier"] or "maximum reported" in fields["notes"]:
        msg = "the highest figure among several studies is no study's statistic"
        raise NotComputedError(msg)
    sign = fields["adverse_event"].lower()
    if re.search(_SIGNS, sign):
        study = lab.study(order_of(fields))
        seen = study.population([present(lab, arm, study, sign, None) for arm in study.arms])
        return sample.share_pct(seen, study.n, "share", seed=lab.seed), study.assumed
    events = events_of(fields["adverse_event"])
    history = _herpes_history(fields) if "herpes" in events else "none"
    study, values = _values(lab, fields, events, herpes=history == "all")
    if history == "mixed":
        share = evidence.value("response.typical.herpes_share")
        _, known = _values(lab, fields, events, herpes=True)
        values = [(1 - share) * plain + share * other for plain, other in zip(values, known, strict=True)]
    found = sample.share_pct(study.population(values), study.n, "risk", seed=lab.seed)
    return found, study.assumed


__all__ = ["care_of", "compute", "events_of", "order_of"]
