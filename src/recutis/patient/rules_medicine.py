"""Rules about medicines, anaesthesia and procedures before. A prescriber is asked; nothing is ever stopped here."""

from __future__ import annotations

import datetime

from recutis import evidence
from recutis.patient.medicines import taken
from recutis.patient.profile import Patient
from recutis.patient.rule import FACE, NO, Finding, ask, field_rule, first, in_field, recent, rule, wait_days, when, yes

_ISOTRETINOIN = "history.isotretinoin"
_MEDICINES = "history.medications"
_PROCEDURES = "history.recent_procedures"


def _isotretinoin(patient: Patient, days: float) -> Finding:
    answer = patient.history.isotretinoin
    if answer == "current":
        return yes("isotretinoin is taken now", waits=False)
    if isinstance(answer, datetime.date) and (patient.date - answer).days < days:
        return yes(f"last dose of isotretinoin on {answer}", since=answer)
    return NO


def _medicine(patient: Patient, *classes: str) -> Finding:
    names = taken(patient, *classes)
    return yes(f"takes {', '.join(names)}", waits=False) if names else NO


@rule("SCR-001", _ISOTRETINOIN, passes=True)
def isotretinoin_recent(patient: Patient) -> Finding:
    """Isotretinoin is taken now or the last dose lies within the time of the row patient.recent_isotretinoin."""
    return _isotretinoin(patient, evidence.value("patient.recent_isotretinoin"))


@rule("SCR-002", _ISOTRETINOIN, passes=True)
def isotretinoin_for_gentle_lasers(patient: Patient) -> Finding:
    """As SCR-001; it says that the gentle lasers need no wait."""
    return _isotretinoin(patient, evidence.value("patient.recent_isotretinoin"))


@rule("SCR-003", _ISOTRETINOIN, passes=True)
def isotretinoin_within_a_year(patient: Patient) -> Finding:
    """Isotretinoin is taken now or the last dose lies less than the row's wait back."""
    return _isotretinoin(patient, wait_days("SCR-003"))


@rule("SCR-004", _ISOTRETINOIN, passes=True)
def isotretinoin_within_half_a_year(patient: Patient) -> Finding:
    """Isotretinoin is taken now or the last dose lies less than the row's wait back."""
    return _isotretinoin(patient, wait_days("SCR-004"))


@rule("SCR-049", _ISOTRETINOIN, passes=True)
def isotretinoin_and_full_field(patient: Patient) -> Finding:
    """Isotretinoin is taken now or the last dose lies less than the row's wait back; full-field ablation is what it removes."""
    return _isotretinoin(patient, wait_days("SCR-049"))


@rule("SCR-014", _MEDICINES, _ISOTRETINOIN)
def photosensitisers(patient: Patient) -> Finding:
    """A tetracycline, thiazide, retinoid or another photosensitiser is listed, or isotretinoin is taken now."""
    listed = _medicine(
        patient, "tetracycline", "thiazide", "oral_retinoid", "topical_retinoid", "photosensitiser", "methotrexate"
    )
    now = yes("isotretinoin is taken now", waits=False) if patient.history.isotretinoin == "current" else NO
    return first(listed, now)


@rule("SCR-015", "history.gold_therapy", _MEDICINES)
def gold(patient: Patient) -> Finding:
    """Gold salts ever (history.gold_therapy), or a gold salt among the medicines."""
    return first(
        _medicine(patient, "gold"), when(patient.history.gold_therapy, "history.gold_therapy", "gold therapy", waits=False)
    )


@rule("SCR-018", _MEDICINES)
def blood_thinners(patient: Patient) -> Finding:
    """An anticoagulant or antiplatelet medicine is listed."""
    return _medicine(patient, "anticoagulant", "antiplatelet")


@rule("SCR-019", _MEDICINES)
def healing_medicines(patient: Patient) -> Finding:
    """A corticosteroid, methotrexate or a biologic is listed."""
    return _medicine(patient, "corticosteroid", "methotrexate", "biologic")


@rule("SCR-040", _MEDICINES, "history.melasma", "concerns.kind")
def hormones_and_melasma(patient: Patient) -> Finding:
    """A contraceptive or hormone is listed and melasma is present (history.melasma or a concern of that kind)."""
    melasma = patient.history.melasma or any(concern.kind == "melasma" for concern in patient.concerns)
    return _medicine(patient, "hormone") if melasma else NO


@rule("SCR-048", _MEDICINES)
def bleaching(patient: Patient) -> Finding:
    """Hydroquinone or another bleaching agent is listed."""
    return _medicine(patient, "hydroquinone")


@rule("SCR-026", _PROCEDURES, "concerns.age_months", passes=True)
def flap(patient: Patient) -> Finding:
    """A facelift or flap in the field within the row's wait, or a surgical scar of the face below patient.new_operation."""
    months = evidence.value("patient.new_operation")
    fresh = [
        yes(
            f"the surgical scar on the {concern.site} is {concern.age_months:g} months old",
            sites=[concern.site],
            since=patient.date - datetime.timedelta(days=int(wait_days("SCR-026") * concern.age_months / months)),
        )
        for concern in patient.concerns
        if concern.kind == "surgical_scar"
        and concern.site in FACE
        and concern.age_months is not None
        and concern.age_months < months
    ]
    return first(recent(patient, "SCR-026", "facelift", "flap"), *fresh)


@rule("SCR-027", _PROCEDURES, passes=True)
def earlier_resurfacing(patient: Patient) -> Finding:
    """A deep peel, dermabrasion or ablative laser (or a laser of unnamed kind) in the field within the row's wait."""
    return recent(patient, "SCR-027", "deep_peel", "dermabrasion", "ablative_laser", "laser")


@rule("SCR-028", _PROCEDURES, passes=True)
def fresh_filler(patient: Patient) -> Finding:
    """A filler or neurotoxin in the field within the row's wait."""
    return recent(patient, "SCR-028", "filler", "neurotoxin")


@rule("SCR-029", "history.fillers", "history.implants")
def lasting_filler(patient: Patient) -> Finding:
    """A permanent filler in the field, or a facial implant when the face is treated."""
    fillers, implants = patient.history.fillers, patient.history.implants
    lasting = None if fillers is None else [item.site for item in fillers if item.kind == "permanent"]
    facial = in_field(patient, FACE)
    implanted = ask("history.implants") if implants is None else NO
    if implants and "facial_implant" in implants and facial:
        implanted = yes("a facial implant", sites=facial)
    return first(field_rule(patient, lasting, "history.fillers", "permanent filler"), implanted)


@rule("SCR-038", _PROCEDURES, _MEDICINES, passes=True)
def irritated_barrier(patient: Patient) -> Finding:
    """A peel, waxing or a retinoid cream in the field within the row's wait, or a retinoid cream among the medicines."""
    return first(_medicine(patient, "topical_retinoid"), recent(patient, "SCR-038", "chemical_peel", "waxing", "retinoid"))


@rule("SCR-011", _PROCEDURES, passes=True)
def self_tanner(patient: Patient) -> Finding:
    """A self-tanner in the field, last used within the row's wait."""
    return recent(patient, "SCR-011", "self_tanner")


@rule("SCR-043", "history.implants")
def pacemaker(patient: Patient) -> Finding:
    """A pacemaker, defibrillator, neurostimulator or cochlear implant; it concerns radiofrequency, no laser."""
    implants = patient.history.implants
    if implants is None:
        return ask("history.implants")
    electric = [name for name in implants if name in {"pacemaker", "defibrillator", "neurostimulator", "cochlear"}]
    return yes(", ".join(electric), waits=False) if electric else NO


@rule("SCR-046", "patient.sedation_needed")
def sedation(patient: Patient) -> Finding:
    """Sedation or general anaesthesia is wanted or needed."""
    return when(patient.patient.sedation_needed, "patient.sedation_needed", "sedation wanted")


@rule("SCR-047", "history.allergies", "concerns.area_cm2", "patient.weight_kg")
def anaesthetic(patient: Patient) -> Finding:
    """An allergy to a local anaesthetic, or an area above PRO-016 (less for a body below patient.full_area_weight)."""
    from recutis.patient.medicines import classes_of

    allergies = patient.history.allergies
    allergic = ask("history.allergies") if allergies is None else NO
    names = [name for name in allergies or () if "local_anaesthetic" in classes_of(name)]
    if names:
        allergic = yes(f"allergy to {', '.join(names)}", waits=False)
    return first(allergic, _large_area(patient))


def _large_area(patient: Patient) -> Finding:
    areas = [concern.area_cm2 for concern in patient.concerns]
    limit = evidence.get("PRO-016").high or 0.0
    full = evidence.value("patient.full_area_weight")
    weight = patient.patient.weight_kg
    total = sum(area for area in areas if area is not None)
    if weight is not None:
        limit *= min(1.0, weight / full)
    if total > limit:
        return yes(f"{total:g} cm² to be numbed, above the limit of {limit:g} cm²", waits=False)
    missing = [f"concerns.{number}.area_cm2" for number, area in enumerate(areas) if area is None]
    if missing:
        return ask(*missing)
    return NO if weight is not None else ask("patient.weight_kg")
