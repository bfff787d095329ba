"""Rules about the person: pregnancy, age, general health, way of life, eye safety."""

from __future__ import annotations

from recutis import evidence
from recutis.patient.medicines import taken
from recutis.patient.profile import Patient
from recutis.patient.rule import NO, Finding, ask, field_rule, first, rule, when, yes

_DEFENCE = ("immunosuppressant", "biologic")


@rule("SCR-012", "patient.pregnant", passes=True)
def pregnancy(patient: Patient) -> Finding:
    """patient.pregnant is true."""
    return yes("pregnant") if patient.patient.pregnant else NO


@rule("SCR-013", "patient.breastfeeding", passes=True)
def breastfeeding(patient: Patient) -> Finding:
    """patient.breastfeeding is true."""
    return yes("breastfeeding") if patient.patient.breastfeeding else NO


def _weak_defence(patient: Patient) -> Finding:
    names = taken(patient, *_DEFENCE)
    return first(
        yes("immunosuppressed", waits=False) if patient.history.immunosuppressed else NO,
        yes(f"takes {', '.join(names)}", waits=False) if names else NO,
    )


def _lupus(patient: Patient) -> Finding:
    return when(patient.history.lupus, "history.lupus", "lupus", waits=False)


def _tissue_disease(patient: Patient) -> Finding:
    place = "history.connective_tissue_disease"
    return when(patient.history.connective_tissue_disease, place, "connective tissue disease", waits=False)


@rule("SCR-016", "history.immunosuppressed", "history.diabetes", "history.lupus", "history.medications")
def healing(patient: Patient) -> Finding:
    """Weakened defence (answer or medicine), diabetes that is not known to be controlled, lupus or connective tissue disease."""
    answer = patient.history.diabetes
    diabetes = ask("history.diabetes") if answer is None else NO
    if answer is True or answer == "uncontrolled":
        diabetes = yes("diabetes not known to be controlled", waits=False)
    return first(_weak_defence(patient), diabetes, _lupus(patient), _tissue_disease(patient))


@rule("SCR-017", "history.immunosuppressed", "history.lupus", "history.connective_tissue_disease", "history.medications")
def systemic_disease(patient: Patient) -> Finding:
    """Weakened defence (answer or medicine), lupus or connective tissue disease."""
    return first(_weak_defence(patient), _lupus(patient), _tissue_disease(patient))


@rule("SCR-022", "history.connective_tissue_disease")
def connective_tissue(patient: Patient) -> Finding:
    """history.connective_tissue_disease is true."""
    return _tissue_disease(patient)


@rule("SCR-023", "history.lupus")
def lupus(patient: Patient) -> Finding:
    """history.lupus is true."""
    return _lupus(patient)


@rule("SCR-024", "history.radiotherapy_sites")
def irradiated(patient: Patient) -> Finding:
    """A treated site was irradiated."""
    return field_rule(patient, patient.history.radiotherapy_sites, "history.radiotherapy_sites", "irradiated")


@rule("SCR-030", "patient.age")
def minor(patient: Patient) -> Finding:
    """Younger than the age in the row's condition."""
    adult = float(evidence.get("SCR-030").fields["condition"].rpartition("-")[2])
    age = patient.patient.age
    return yes(f"{age:g} years old", waits=False) if age is not None and age < adult else NO


def _dysmorphic(patient: Patient) -> Finding:
    return when(patient.history.body_dysmorphic_concern, "history.body_dysmorphic_concern", "not assessed", waits=False)


@rule("SCR-031", "history.body_dysmorphic_concern")
def expectations(patient: Patient) -> Finding:
    """history.body_dysmorphic_concern is true."""
    return _dysmorphic(patient)


@rule("SCR-052", "history.body_dysmorphic_concern")
def dysmorphic(patient: Patient) -> Finding:
    """history.body_dysmorphic_concern is true."""
    return _dysmorphic(patient)


@rule("SCR-039", "patient.smoker")
def smoking(patient: Patient) -> Finding:
    """patient.smoker is true."""
    return yes("smokes") if patient.patient.smoker else NO


@rule("SCR-041", "history.peripheral_vascular_disease")
def narrowed_arteries(patient: Patient) -> Finding:
    """history.peripheral_vascular_disease is true."""
    place = "history.peripheral_vascular_disease"
    return when(patient.history.peripheral_vascular_disease, place, "peripheral vascular disease", waits=False)


@rule("SCR-042", "history.bleeding_disorder")
def bleeding(patient: Patient) -> Finding:
    """history.bleeding_disorder is true."""
    return when(patient.history.bleeding_disorder, "history.bleeding_disorder", "bleeding disorder", waits=False)


@rule("SCR-044", "history.epilepsy_photosensitive")
def flicker(patient: Patient) -> Finding:
    """history.epilepsy_photosensitive is true."""
    return when(
        patient.history.epilepsy_photosensitive, "history.epilepsy_photosensitive", "photosensitive epilepsy", waits=False
    )


@rule("SCR-045")
def eyes(patient: Patient) -> Finding:  # noqa: ARG001 - it holds for everybody
    """Always on the pre-treatment list; it blocks nothing."""
    return Finding(state="checklist")


@rule("SCR-050", "patient.outdoor_work")
def outdoors(patient: Patient) -> Finding:
    """patient.outdoor_work is true."""
    return when(patient.patient.outdoor_work, "patient.outdoor_work", "works or plays outdoors", waits=False)
