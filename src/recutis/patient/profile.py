"""The patient file: what is asked, what each answer means, and which answers contradict each other."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from recutis import evidence
from recutis.errors import InputError
from recutis.files import read_yaml, validate
from recutis.patient.words import (
    Answer,
    Day,
    Diabetes,
    Implant,
    Isotretinoin,
    Kind,
    LaserResult,
    Listed,
    Number,
    Part,
    Phototype,
    Procedure,
    Scale,
    Site,
    TrialClass,
    Whole,
    Word,
)
from recutis.units import MONTHS_PER_YEAR

PIGMENTED_KINDS = frozenset({"age_spots", "freckles"})
REDNESS_KINDS = frozenset({"diffuse_redness", "facial_veins", "poikiloderma"})
_ACNE_SCAR = "acne_scars"


class Person(Part):
    """Who is treated, without a name."""

    age: Annotated[Number, Field(ge=0, le=120)] | None = Field(None, description="Age in years; fractions are allowed.")
    sex: Literal["female", "male"] | None = Field(
        None, description="female or male: the biology that the questions on pregnancy and the thickness of skin need."
    )
    phototype: Phototype | None = Field(None, description="Fitzpatrick phototype I to VI, untanned.")
    tanned: Answer | None = Field(None, description="Whether the skin to be treated is tanned today.")
    smoker: Answer | None = Field(None, description="Whether the person smokes now.")
    pregnant: Answer | None = Field(None, description="Asked of women of 12 to 55.")
    breastfeeding: Answer | None = Field(None, description="Asked of women of 12 to 55.")
    weight_kg: Annotated[Number, Field(ge=2, le=350)] | None = Field(
        None, description="Body weight; a light body allows a smaller area under anaesthetic cream."
    )
    outdoor_work: Answer | None = Field(None, description="Whether work or sport keeps the person in the sun.")
    last_sun_date: Day | None = Field(None, description="Last day of strong sun, sunbed or sunburn on the skin to be treated.")
    event_date: Day | None = Field(None, description="Day of the next event or holiday with strong sun.")
    sedation_needed: Answer | None = Field(None, description="Whether sedation or general anaesthesia is wanted or needed.")

    @model_validator(mode="after")
    def _no_pregnant_man(self) -> Self:
        for name in ("pregnant", "breastfeeding"):
            if self.sex == "male" and getattr(self, name):
                msg = f"sex is male and {name} is true; these contradict each other, correct one"
                raise ValueError(msg)
        return self


class RecentProcedure(Part):
    """Something done to the skin before."""

    kind: Procedure = Field(
        description="facelift, flap, deep_peel, chemical_peel, dermabrasion, ablative_laser, laser, filler, neurotoxin, "
        "microneedling, waxing, retinoid (a cream that was ended), self_tanner, other."
    )
    site: Site = Field(description="Where it was done.")
    date: Day = Field(description="The day it was done; for a product, the day of its last use.")


class PreviousLaser(Part):
    """An earlier laser treatment and how it ended."""

    device_class: Word = Field(description="Device class as in the catalogue, or the kind of laser in words.")
    result: LaserResult = Field(
        description="good, no_change, pih, hypopigmentation, scarring, burn, infection or prolonged_redness."
    )


class TrialSpot(Part):
    """A test spot that was made and read."""

    device_class: TrialClass = Field(description="Device class of the test spot, such as vascular_pdl_595.")
    site: Site = Field(description="Where it was made.")
    date: Day = Field(description="The day it was made.")
    read_on: Day = Field(description="The day it was looked at.")
    result: Literal["clean", "pigment_change", "scarring", "other_reaction"] = Field(
        description="clean (no pigment change), pigment_change, scarring or other_reaction."
    )

    @model_validator(mode="after")
    def _read_after_made(self) -> Self:
        if self.read_on < self.date:
            msg = f"the test spot was read on {self.read_on}, before it was made on {self.date}; correct one"
            raise ValueError(msg)
        return self


class Filler(Part):
    """A filler that lies in the skin."""

    kind: Literal["temporary", "permanent"] = Field(description="temporary (absorbable) or permanent.")
    site: Site = Field(description="Where it lies.")


class History(Part):
    """What the person has or had."""

    herpes_labialis: Answer | None = Field(None, description="Cold sores ever.")
    keloid: Answer | None = Field(None, description="A keloid or a tendency to thick scars.")
    vitiligo: Answer | None = Field(None, description="Vitiligo that is active, unstable or in the field to be treated.")
    psoriasis: Answer | None = Field(None, description="Psoriasis that is active, unstable or in the field to be treated.")
    immunosuppressed: Answer | None = Field(None, description="Weakened defence by disease or medicine.")
    melasma: Answer | None = Field(None, description="Melasma on the face now or not yet quiet for six months.")
    isotretinoin: Isotretinoin | None = Field(None, description="never, current, or the day of the last dose.")
    medications: Annotated[tuple[Word, ...], Listed] | None = Field(
        None, description="All medicines by generic name, creams and hormones too; [] says none."
    )
    previous_pih: Answer | None = Field(None, description="Dark marks after an injury, acne or treatment before.")
    gold_therapy: Answer | None = Field(None, description="Gold salts at any time in life.")
    lupus: Answer | None = Field(None, description="Lupus of skin or organs that is active or sun-sensitive.")
    connective_tissue_disease: Answer | None = Field(None, description="Scleroderma, dermatomyositis or the like.")
    diabetes: Diabetes | None = Field(
        None, description="false, controlled, uncontrolled; true says diabetes whose control is not known."
    )
    bleeding_disorder: Answer | None = Field(None, description="An inborn or acquired tendency to bleed.")
    epilepsy_photosensitive: Answer | None = Field(None, description="Fits set off by flashing light.")
    peripheral_vascular_disease: Answer | None = Field(None, description="Narrowed arteries of limbs.")
    radiotherapy_sites: Annotated[tuple[Site, ...], Listed] | None = Field(
        None, description="Sites once irradiated; [] says none."
    )
    skin_cancer_sites: Annotated[tuple[Site, ...], Listed] | None = Field(
        None, description="Sites that had skin cancer and were not checked within six months; [] says none."
    )
    body_dysmorphic_concern: Answer | None = Field(
        None, description="A worry about looks that seems out of proportion and has not been assessed."
    )
    allergies: Annotated[tuple[Word, ...], Listed] | None = Field(None, description="Allergies by substance; [] says none.")
    implants: Annotated[tuple[Implant, ...], Listed] | None = Field(
        None, description="pacemaker, defibrillator, neurostimulator, cochlear, facial_implant, other; [] says none."
    )
    permanent_makeup_sites: Annotated[tuple[Site, ...], Listed] | None = Field(
        None, description="Sites with permanent make-up or a tattoo; [] says none."
    )
    fillers: Annotated[tuple[Filler, ...], Listed] | None = Field(None, description="Fillers in the skin; [] says none.")
    lid_laxity: Answer | None = Field(None, description="A lax lower lid (slow snap test).")
    blepharoplasty: Answer | None = Field(None, description="An earlier operation on the lids.")
    recent_procedures: Annotated[tuple[RecentProcedure, ...], Listed] | None = Field(
        None, description="Procedures and products of the last year on the skin; [] says none."
    )
    previous_laser: Annotated[tuple[PreviousLaser, ...], Listed] | None = Field(
        None, description="Earlier laser treatments and how they ended; [] says none."
    )
    test_spots: Annotated[tuple[TrialSpot, ...], Listed] | None = Field(
        None, description="Test spots and what was read; a clean one frees its device class on its site from SCR-057 and SCR-062."
    )

    @model_validator(mode="after")
    def _no_isotretinoin_twice(self) -> Self:
        names = " ".join(self.medications or ()).lower()
        if "isotretinoin" in names and self.isotretinoin not in {None, "current"}:
            msg = "medications lists isotretinoin but history.isotretinoin is not 'current'; correct one"
            raise ValueError(msg)
        return self


class Active(Part):
    """What is going on in the skin today."""

    infection: Literal["none", "herpes", "bacterial", "fungal"] | None = Field(
        None, description="Infection in the field or a cold sore now: none, herpes, bacterial, fungal."
    )
    acne: Literal["none", "mild", "moderate", "severe"] | None = Field(
        None, description="Inflammatory acne now: none, mild, moderate, severe."
    )
    dermatitis: Answer | None = Field(None, description="Eczema or another rash in the field now or in the last two weeks.")


class Severity(Part):
    """How marked a concern is, on a published scale."""

    scale: Scale = Field(description="The scale's name; docs/patient-file.md lists scales, ranges and kinds.")
    value: Number = Field(description="The value on that scale.")

    @model_validator(mode="after")
    def _inside(self) -> Self:
        row = evidence.get(f"scale.{self.scale}")
        low, high = float(row.low or 0.0), float(row.high or 0.0)
        if not low <= self.value <= high:
            msg = f"the scale {self.scale} runs from {low:g} to {high:g}, not to {self.value:g}"
            raise ValueError(msg)
        return self


class Diagnosis(Part):
    """What a lesion is, and how that is known."""

    what: Word | None = Field(None, description="The diagnosis, such as solar lentigo.")
    by: Word | None = Field(None, description="Who made it: role or name.")
    method: Literal["dermatoscopy", "histology", "confocal_microscopy", "clinical"] | None = Field(
        None, description="dermatoscopy, histology, confocal_microscopy or clinical (the bare eye)."
    )
    date: Day | None = Field(None, description="When it was made.")

    @property
    def complete(self) -> bool:
        """What, who, when, and by a method that shows pigment: the bare eye is not enough."""
        return None not in {self.what, self.by, self.date} and self.method not in {None, "clinical"}


class Concern(Part):
    """Something the person wants changed, at one site."""

    kind: Kind = Field(description="What it is; undiagnosed leads to a referral.")
    site: Site = Field(description="Where it is.")
    severity: Severity | None = Field(
        None, description="Default: moderate, half of the scale. A predicted score on this scale starts from it."
    )
    side: Literal["left", "right", "both", "middle"] | None = Field(
        None, description="left, right, both or middle; default both."
    )
    count: Annotated[Whole, Field(ge=1, le=10_000)] | None = Field(None, description="How many spots, vessels or scars.")
    area_cm2: Annotated[Number, Field(gt=0, le=5000)] | None = Field(None, description="Area to be treated.")
    size_mm: Annotated[Number, Field(gt=0, le=500)] | None = Field(None, description="Diameter of the largest spot or scar.")
    vessel_diameter_mm: Annotated[Number, Field(gt=0, le=10)] | None = Field(
        None, description="Diameter of the vessels (facial_veins, diffuse_redness, poikiloderma)."
    )
    age_months: Annotated[Number, Field(ge=0, le=1440)] | None = Field(None, description="How long it has been there.")
    scar_type: Literal["rolling", "boxcar", "ice_pick", "mixed"] | None = Field(
        None, description="Only for acne_scars: rolling, boxcar, ice_pick, mixed; default mixed. For planning, no rule asks."
    )
    diagnosis: Diagnosis | None = Field(None, description="What it is and who, how and when that was found.")
    diagnosis_confirmed: Answer | None = Field(
        None,
        description="For age_spots and freckles it must be answered: whether a clinician has confirmed that they are benign.",
    )
    changing: Answer | None = Field(None, description="Whether it changes in size, shape or colour, itches or bleeds.")

    @property
    def key(self) -> str:
        """`kind@site`, the concern's name in results."""
        return f"{self.kind}@{self.site}"

    @property
    def pigmented(self) -> bool:
        """Whether it is a brown spot, which asks for a diagnosis first."""
        return self.kind in PIGMENTED_KINDS

    @model_validator(mode="after")
    def _suits_kind(self) -> Self:
        if self.severity is not None:
            kinds = [word.strip() for word in evidence.get(f"scale.{self.severity.scale}").conditions.split(",")]
            if self.kind not in kinds and kinds != ["any"]:
                msg = f"the scale {self.severity.scale} suits {', '.join(kinds)}, not {self.kind}"
                raise ValueError(msg)
        if self.scar_type is not None and self.kind != _ACNE_SCAR:
            msg = f"scar_type belongs to acne_scars, not to {self.kind}; remove it"
            raise ValueError(msg)
        if self.vessel_diameter_mm is not None and self.kind not in REDNESS_KINDS:
            msg = f"vessel_diameter_mm belongs to facial_veins, diffuse_redness and poikiloderma, not to {self.kind}; remove it"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _one_diagnosis(self) -> Self:
        if self.diagnosis_confirmed is False and self.diagnosis is not None and self.diagnosis.complete:
            msg = "diagnosis_confirmed is false but diagnosis says what, by whom, how and when; correct one"
            raise ValueError(msg)
        if self.kind == "undiagnosed" and self.diagnosis_confirmed:
            msg = "kind is undiagnosed but diagnosis_confirmed is true; name the kind"
            raise ValueError(msg)
        return self


class Goals(Part):
    """What the person hopes for and accepts."""

    max_social_downtime_days: Annotated[Number, Field(ge=0, le=365)] = Field(
        7.0, description="Days per session out of sight that are acceptable; default 7."
    )
    max_sessions: Annotated[Whole, Field(ge=1, le=20)] = Field(3, description="Most sessions in the course; default 3.")
    max_pain_0_10: Annotated[Number, Field(ge=0, le=10)] | None = Field(
        None, description="Worst pain per session that is acceptable, 0 to 10; default: no limit."
    )
    risk: Literal["cautious", "balanced", "bold"] = Field(
        "cautious", description="How surely limits hold: cautious p90, balanced p75, bold p50; default cautious."
    )
    priorities: dict[Kind, Annotated[Number, Field(ge=0, le=100)]] = Field(
        default_factory=dict, description="Weight of each kind of concern; default 1 each."
    )

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if self.priorities and not any(self.priorities.values()):
            msg = "at least one priority must be above 0"
            raise ValueError(msg)
        return self


def _today() -> datetime.date:
    return datetime.date.today()


class Patient(Part):
    """A patient file. Answers that were left out are None; `questions` lists those that must be given."""

    date: Day = Field(default_factory=_today, description="Day of planning; default today.")
    patient: Person = Field(default_factory=Person, description="Who is treated.")
    history: History = Field(default_factory=History, description="What the person has or had.")
    active: Active = Field(default_factory=Active, description="What is going on in the skin today.")
    concerns: Annotated[tuple[Concern, ...], Listed] = Field(description="What is to be changed, at least one.")
    goals: Goals = Field(default_factory=Goals, description="What the person hopes for and accepts.")

    @model_validator(mode="after")
    def _concerns_once(self) -> Self:
        if not self.concerns:
            msg = "concerns is empty; name at least one thing that the person wants changed"
            raise ValueError(msg)
        seen: set[tuple[str, str, str | None]] = set()
        for concern in self.concerns:
            name = (concern.kind, concern.site, concern.side)
            if name in seen:
                side = f" ({concern.side})" if concern.side else ""
                msg = f"concerns lists {concern.kind} at {concern.site}{side} twice; keep one"
                raise ValueError(msg)
            seen.add(name)
        kinds = {concern.kind for concern in self.concerns}
        for kind in self.goals.priorities:
            if kind not in kinds:
                msg = f"goals.priorities names {kind}, which is not among the concerns ({', '.join(sorted(kinds))})"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _nothing_from_the_future(self) -> Self:
        past: list[tuple[str, object]] = [
            ("patient.last_sun_date", self.patient.last_sun_date),
            ("history.isotretinoin", self.history.isotretinoin),
        ]
        past += [
            (f"history.recent_procedures.{n}.date", item.date) for n, item in enumerate(self.history.recent_procedures or ())
        ]
        past += [(f"history.test_spots.{n}.read_on", item.read_on) for n, item in enumerate(self.history.test_spots or ())]
        past += [
            (f"concerns.{n}.diagnosis.date", item.diagnosis.date)
            for n, item in enumerate(self.concerns)
            if item.diagnosis is not None
        ]
        for place, day in past:
            if isinstance(day, datetime.date) and day > self.date:
                msg = f"{place} is {day}, after the day of planning {self.date}; correct one"
                raise ValueError(msg)
        event = self.patient.event_date
        if event is not None and event < self.date:
            msg = f"patient.event_date is {event}, before the day of planning {self.date}; correct one or leave the event out"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _nothing_before_birth(self) -> Self:
        age = self.patient.age
        if age is None:
            return self
        for number, concern in enumerate(self.concerns):
            if concern.age_months is not None and concern.age_months > (int(age) + 1) * MONTHS_PER_YEAR:
                msg = (
                    f"concerns.{number}.age_months is {concern.age_months:g}, longer than the person has lived "
                    f"({age:g} years); correct one"
                )
                raise ValueError(msg)
        last_dose = self.history.isotretinoin
        if isinstance(last_dose, datetime.date) and last_dose.year < self.date.year - int(age) - 1:
            msg = f"history.isotretinoin is {last_dose}, before a person of {age:g} years was born; correct one"
            raise ValueError(msg)
        return self


@dataclass(frozen=True, kw_only=True)
class Question:
    """A required answer that is missing: its place in the file, and the question in words."""

    place: str
    question: str


ASKED = {
    "patient.age": "How old is the person, in years?",
    "patient.sex": "Is the person female or male?",
    "patient.phototype": "Which Fitzpatrick phototype, I to VI?",
    "patient.tanned": "Is the skin to be treated tanned today?",
    "patient.smoker": "Does the person smoke?",
    "history.herpes_labialis": "Has the person ever had cold sores?",
    "history.keloid": "Has the person had a keloid, or a tendency to thick scars?",
    "history.vitiligo": "Is there vitiligo that is active, unstable or in the field?",
    "history.psoriasis": "Is there psoriasis that is active, unstable or in the field?",
    "history.immunosuppressed": "Is the person's defence weakened by disease or medicine?",
    "history.melasma": "Is there melasma?",
    "history.isotretinoin": "Isotretinoin: never, current, or the day of the last dose?",
    "history.medications": "Which medicines does the person take ([] for none)?",
    "active.infection": "Is there an infection now: none, herpes, bacterial or fungal?",
    "active.acne": "Is there inflammatory acne now: none, mild, moderate or severe?",
    "active.dermatitis": "Is there dermatitis in the field?",
}
ASKED_OF_WOMEN = {
    "patient.pregnant": "Is she pregnant?",
    "patient.breastfeeding": "Is she breastfeeding?",
}


def asked_about_pregnancy(patient: Patient) -> bool:
    """Whether pregnancy and breastfeeding must be answered: women of child-bearing age (row patient.child_bearing_age)."""
    row = evidence.get("patient.child_bearing_age")
    person = patient.patient
    if person.sex != "female" or person.age is None:
        return False
    # The range is in completed years: a woman of 55.9 is 55.
    return float(row.low or 0.0) <= int(person.age) <= float(row.high or 0.0)


def questions(patient: Patient) -> tuple[Question, ...]:
    """The required answers that are missing, in the file's order; a plan needs them first."""
    asked = dict(ASKED)
    if asked_about_pregnancy(patient):
        asked |= ASKED_OF_WOMEN
    found = []
    for place, text in asked.items():
        block, _, key = place.partition(".")
        if getattr(getattr(patient, block), key) is None:
            found.append(Question(place=place, question=text))
    for number, concern in enumerate(patient.concerns):
        told = concern.diagnosis is not None and concern.diagnosis.complete
        if concern.pigmented and concern.diagnosis_confirmed is None and not told:
            text = f"Has a clinician confirmed that the {concern.kind.replace('_', ' ')} on the {concern.site} are benign?"
            found.append(Question(place=f"concerns.{number}.diagnosis_confirmed", question=text))
    return tuple(found)


def severity_fraction(concern: Concern) -> float:
    """Severity from 0 (nothing) to 1 (worst), dimensionless; moderate (row scale.default) where none is given."""
    if concern.severity is None:
        return evidence.value("scale.default")
    row = evidence.get(f"scale.{concern.severity.scale}")
    low, high = float(row.low or 0.0), float(row.high or 0.0)
    # A scale from 1 upwards starts at a visible grade: its lowest grade is one step above nothing.
    nothing = low - 1 if low > 0 else low
    return (concern.severity.value - nothing) / (high - nothing)


def read_patient(path: Path | str) -> Patient:
    """Read a patient file.

    Raises InputError: one sentence with the place in the file, the value, and what is allowed.
    """
    return validate(Patient, read_yaml(Path(path)))


def parse_patient(data: dict[str, object]) -> Patient:
    """A patient from a mapping, as a form or an interface sends it.

    Raises InputError as `read_patient` does.
    """
    from recutis.files import Document

    if not data:
        msg = "The patient file is empty; give at least 'patient:' and 'concerns:'."
        raise InputError(msg)
    return validate(Patient, Document(name="the patient file", data=data, lines={}))
