"""Rules about infection, sun, pigment, scars and other states of the skin."""

from __future__ import annotations

import datetime

from recutis import evidence
from recutis.patient.profile import REDNESS_KINDS, Patient
from recutis.patient.rule import (
    FACE,
    NO,
    Finding,
    ask,
    field_rule,
    first,
    in_field,
    rule,
    treated,
    wait_days,
    when,
    with_clean_spots,
    yes,
)
from recutis.sites import OFF_FACE

_NEAR_LID = ("eyelid", "periorbital")


def _earlier_result(patient: Patient, *results: str) -> Finding:
    listed = patient.history.previous_laser
    if listed is None:
        return ask("history.previous_laser")
    bad = [item for item in listed if item.result in results]
    return yes("; ".join(f"{item.result} after {item.device_class}" for item in bad), waits=False) if bad else NO


@rule("SCR-005", "active.infection", passes=True)
def infection(patient: Patient) -> Finding:
    """A bacterial, herpes or fungal infection is active."""
    kind = patient.active.infection
    return yes(f"{kind} infection") if kind not in {None, "none"} else NO


@rule("SCR-006", "active.infection", passes=True)
def cold_sore(patient: Patient) -> Finding:
    """Herpes is active."""
    return yes("herpes now") if patient.active.infection == "herpes" else NO


@rule("SCR-007", "history.herpes_labialis", "concerns.site")
def herpes_prophylaxis(patient: Patient) -> Finding:
    """Cold sores ever, or a concern around the mouth or on the full face."""
    mouth = {"perioral", "full_face"} & set(treated(patient))
    return first(
        yes("cold sores before") if patient.history.herpes_labialis else NO,
        yes("the field reaches the mouth", sites=mouth) if mouth else NO,
    )


@rule("SCR-008", "history.keloid", "concerns.count", "concerns.kind")
def keloid(patient: Patient) -> Finding:
    """A keloid tendency, or as many hypertrophic scars as patient.several_scars."""
    most = evidence.value("patient.several_scars")
    scars = sum(concern.count or 1 for concern in patient.concerns if concern.kind == "hypertrophic_scar")
    return first(
        yes("keloid tendency", waits=False) if patient.history.keloid else NO,
        yes(f"{scars} hypertrophic scars", waits=False) if scars >= most else NO,
    )


@rule("SCR-009", "history.keloid", "history.previous_laser")
def poor_healing(patient: Patient) -> Finding:
    """A keloid tendency, or a scar after an earlier laser treatment."""
    return first(yes("keloid tendency", waits=False) if patient.history.keloid else NO, _earlier_result(patient, "scarring"))


def _tan(patient: Patient, rule_id: str) -> Finding:
    last = patient.patient.last_sun_date
    days = wait_days(rule_id)
    tanned = yes("tanned today", since=last) if patient.patient.tanned else NO
    if last is None:
        return first(tanned, ask("patient.last_sun_date"))
    sun = yes(f"strong sun on {last}", since=last) if (patient.date - last).days < days else NO
    if tanned.state == "fires" and sun.state != "fires":
        # The wait is over but the tan is not: no date can be promised.
        return yes("still tanned", waits=False)
    return first(tanned, sun)


@rule("SCR-010", "patient.tanned", "patient.last_sun_date", passes=True)
def recent_sun(patient: Patient) -> Finding:
    """The skin is tanned, or the last strong sun lies less than the row's wait back."""
    return _tan(patient, "SCR-010")


@rule("SCR-055", "patient.tanned", "patient.last_sun_date", passes=True)
def tan_under_visible_light(patient: Patient) -> Finding:
    """The skin is tanned, or the last strong sun lies less than the row's wait back."""
    return _tan(patient, "SCR-055")


@rule("SCR-065", "patient.event_date", passes=True)
def strong_sun_ahead(patient: Patient) -> Finding:
    """The event with strong sun falls within the row's days from the day of planning on."""
    event = patient.patient.event_date
    if event is None:
        return ask("patient.event_date")
    ahead = (event - patient.date).days
    inside = 0 <= ahead <= wait_days("SCR-065")
    return yes(f"strong sun on {event}", until=event + datetime.timedelta(days=1)) if inside else NO


@rule("SCR-020", "history.vitiligo", "history.psoriasis", passes=True)
def koebner(patient: Patient) -> Finding:
    """Vitiligo or psoriasis that is active, unstable or in the field is answered true."""
    return _koebner(patient)


@rule("SCR-021", "history.vitiligo", "history.psoriasis", passes=True)
def koebner_in_field(patient: Patient) -> Finding:
    """As SCR-020, which gives way to it: the file asks only for disease that is active, unstable or in the field."""
    return _koebner(patient)


def _koebner(patient: Patient) -> Finding:
    names = [name for name in ("vitiligo", "psoriasis") if getattr(patient.history, name)]
    return yes(", ".join(names)) if names else NO


@rule("SCR-025", "concerns.kind", "history.radiotherapy_sites")
def burn_or_irradiated(patient: Patient) -> Finding:
    """A burn scar is to be treated, or the field was irradiated; it concerns dermabrasion, no laser."""
    burns = {concern.site for concern in patient.concerns if concern.kind == "burn_scar"}
    return first(
        yes("burn scar", sites=burns) if burns else NO,
        field_rule(patient, patient.history.radiotherapy_sites, "history.radiotherapy_sites", "irradiated"),
    )


@rule("SCR-035", "active.acne", passes=True)
def active_acne(patient: Patient) -> Finding:
    """Inflammatory acne of any grade is active."""
    return yes(f"{patient.active.acne} acne") if patient.active.acne not in {None, "none"} else NO


@rule("SCR-063", "active.acne", passes=True)
def severe_acne(patient: Patient) -> Finding:
    """Inflammatory acne is severe."""
    return yes("severe acne") if patient.active.acne == "severe" else NO


@rule("SCR-036", "history.melasma", "concerns.kind")
def melasma(patient: Patient) -> Finding:
    """Melasma is present: history.melasma, or a concern of that kind."""
    present = patient.history.melasma or any(concern.kind == "melasma" for concern in patient.concerns)
    return yes("melasma", waits=False) if present else NO


@rule("SCR-059", "history.melasma", "concerns.kind")
def melasma_in_field(patient: Patient) -> Finding:
    """A site of a melasma concern, and every treated site of the face when history.melasma is true."""
    sites: set[str] = {concern.site for concern in patient.concerns if concern.kind == "melasma"}
    if patient.history.melasma:
        sites |= set(FACE)
    here = in_field(patient, sites)
    return yes("melasma in the field", sites=here, waits=False) if here else NO


@rule("SCR-037", "patient.phototype")
def dark_skin_full_field(patient: Patient) -> Finding:
    """Phototype V or VI."""
    return _phototype(patient, "V", "VI")


@rule("SCR-056", "patient.phototype")
def phototype_six(patient: Patient) -> Finding:
    """Phototype VI."""
    return _phototype(patient, "VI")


@rule("SCR-057", "patient.phototype", "history.test_spots")
def phototype_five(patient: Patient) -> Finding:
    """Phototype V; classes and sites with a clean test spot that was read after the row's wait are spared."""
    return with_clean_spots(patient, "SCR-057", _phototype(patient, "V"))


@rule("SCR-058", "patient.phototype", "history.keloid")
def keloid_in_dark_skin(patient: Patient) -> Finding:
    """A keloid tendency in phototype V or VI."""
    return _phototype(patient, "V", "VI") if patient.history.keloid else NO


def _phototype(patient: Patient, *which: str) -> Finding:
    own = patient.patient.phototype
    return yes(f"phototype {own}", waits=False) if own in which else NO


@rule("SCR-051", "concerns.site")
def off_the_face(patient: Patient) -> Finding:
    """A concern lies on neck, décolletage or hands."""
    here = in_field(patient, OFF_FACE)
    return yes(", ".join(sorted(here)), sites=here) if here else NO


@rule("SCR-053", "concerns.diagnosis_confirmed", "concerns.diagnosis", "concerns.vessel_diameter_mm")
def redness_without_diagnosis(patient: Patient) -> Finding:
    """Redness or veins whose diagnosis_confirmed is false; open where neither it, a diagnosis nor a vessel diameter is given."""
    found = []
    for number, concern in enumerate(patient.concerns):
        if concern.kind not in REDNESS_KINDS:
            continue
        named = concern.diagnosis is not None and concern.diagnosis.what is not None
        if concern.diagnosis_confirmed is False:
            found.append(yes(f"{concern.kind.replace('_', ' ')} without a diagnosis", sites=[concern.site], waits=False))
        elif concern.diagnosis_confirmed is None and not named and concern.vessel_diameter_mm is None:
            found.append(ask(f"concerns.{number}.diagnosis"))
    return first(*found)


@rule("SCR-054", "active.dermatitis", passes=True)
def dermatitis(patient: Patient) -> Finding:
    """Dermatitis in the field."""
    return yes("dermatitis") if patient.active.dermatitis else NO


@rule("SCR-060", "history.permanent_makeup_sites")
def ink(patient: Patient) -> Finding:
    """A treated site holds permanent make-up or a tattoo."""
    return field_rule(patient, patient.history.permanent_makeup_sites, "history.permanent_makeup_sites", "ink in the field")


@rule("SCR-061", "history.lid_laxity", "history.blepharoplasty")
def lax_lid(patient: Patient) -> Finding:
    """A lax lower lid or an earlier lid operation, when lid, periorbital skin or the full face is treated."""
    near = in_field(patient, _NEAR_LID)
    if not near:
        return NO
    history = patient.history
    return first(
        when(history.lid_laxity, "history.lid_laxity", "lax lower lid", sites=near),
        when(history.blepharoplasty, "history.blepharoplasty", "earlier blepharoplasty", sites=near),
    )


@rule("SCR-062", "history.previous_pih", "history.previous_laser", "history.test_spots")
def earlier_pih(patient: Patient) -> Finding:
    """Dark marks before (history.previous_pih), or an earlier laser treatment that ended in PIH; spared as in SCR-057."""
    found = first(
        when(patient.history.previous_pih, "history.previous_pih", "earlier dark marks", waits=False),
        _earlier_result(patient, "pih"),
    )
    return with_clean_spots(patient, "SCR-062", found)
