"""Response: what tissue does about an injury, as draws over twins. Knows injuries and twins, no devices."""

from recutis.response.course import course_risk, numbing_minutes, quartile_odds
from recutis.response.improve import improve, improve_many, natural_course, no_treatment, part_kept
from recutis.response.respond import PERSON_DRIVEN, combine, pain_during, pain_many, respond, respond_many
from recutis.response.types import (
    ANAESTHESIA,
    RISKS,
    SYMPTOM_DAYS,
    SYMPTOMS,
    Care,
    Improvement,
    ManyImprovements,
    ManyResponses,
    SiteResponse,
)

__all__ = [
    "ANAESTHESIA",
    "PERSON_DRIVEN",
    "RISKS",
    "SYMPTOMS",
    "SYMPTOM_DAYS",
    "Care",
    "Improvement",
    "ManyImprovements",
    "ManyResponses",
    "SiteResponse",
    "combine",
    "course_risk",
    "improve",
    "improve_many",
    "natural_course",
    "no_treatment",
    "numbing_minutes",
    "pain_during",
    "pain_many",
    "part_kept",
    "quartile_odds",
    "respond",
    "respond_many",
]
