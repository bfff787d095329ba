"""The patient file, the screening rules held against it, and the hard ceilings."""

from recutis.patient.ceilings import Ceiling, ceiling
from recutis.patient.draft import Draft, read_draft
from recutis.patient.override import Override, make_override, read_overrides
from recutis.patient.profile import Concern, Patient, Question, parse_patient, questions, read_patient, severity_fraction
from recutis.patient.screening import Entry, Screening, physician_ceilings, screen, unasked
from recutis.patient.traits import traits

__all__ = [
    "Ceiling",
    "Concern",
    "Draft",
    "Entry",
    "Override",
    "Patient",
    "Question",
    "Screening",
    "ceiling",
    "make_override",
    "parse_patient",
    "physician_ceilings",
    "questions",
    "read_draft",
    "read_overrides",
    "read_patient",
    "screen",
    "severity_fraction",
    "traits",
    "unasked",
]
