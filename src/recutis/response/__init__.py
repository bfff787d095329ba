"""Response: what tissue does about an injury, as draws over twins. Knows injuries and twins, no devices."""

from recutis.response.course import course_risk, numbing_minutes, quartile_odds
from recutis.response.improve import improve, no_treatment
from recutis.response.respond import combine, pain_during, respond
from recutis.response.types import (
    ANAESTHESIA,
    RISKS,
    SYMPTOM_DAYS,
    SYMPTOMS,
    Care,
    Improvement,
    SiteResponse,
)

__all__ = [
    "ANAESTHESIA",
    "RISKS",
    "SYMPTOMS",
    "SYMPTOM_DAYS",
    "Care",
    "Improvement",
    "SiteResponse",
    "combine",
    "course_risk",
    "improve",
    "no_treatment",
    "numbing_minutes",
    "pain_during",
    "quartile_odds",
    "respond",
]
