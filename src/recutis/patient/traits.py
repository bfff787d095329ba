"""From the patient file to what twins are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recutis.errors import InputError
from recutis.patient.profile import Patient
from recutis.patient.rule import overlap

if TYPE_CHECKING:
    from recutis.twins import Traits


def traits(patient: Patient, site: str) -> Traits:
    """What is known of the person at one site.

    Raises InputError when age, sex or phototype has not been answered.
    """
    from recutis.twins import Traits

    person, history = patient.patient, patient.history
    if person.age is None or person.sex is None or person.phototype is None:
        msg = "patient.age, patient.sex and patient.phototype must be answered before anything is predicted."
        raise InputError(msg)
    diabetes = history.diabetes
    results = {item.result for item in history.previous_laser or ()}
    return Traits(
        age_years=float(person.age),
        sex=person.sex,
        phototype=person.phototype,
        site=site,
        tanned=bool(person.tanned),
        smoker=bool(person.smoker),
        herpes_history=bool(history.herpes_labialis),
        keloid=bool(history.keloid),
        melasma=bool(history.melasma) or any(concern.kind == "melasma" for concern in patient.concerns),
        immunosuppressed=bool(history.immunosuppressed),
        previous_pih=True if "pih" in results else history.previous_pih,
        diabetes=None if diabetes is None else bool(diabetes),
        outdoor_work=person.outdoor_work,
        radiotherapy=any(overlap(site, other) for other in history.radiotherapy_sites or ()),
        acne=patient.active.acne or "none",
    )
