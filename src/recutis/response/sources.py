"""Evidence rows each predicted quantity rests on: the studies, then the fitted parameters."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

_CLOSURE: Final = ("REC-001", "REC-005", "REC-006", "REC-010", "REC-079", "REC-080", "response.closure.edge_speed")
_REDNESS: Final = ("REC-007", "REC-008", "REC-051", "REC-145", "REC-147", "response.redness.per_dermis")
_PAIN: Final = ("PAIN-001", "PAIN-002", "PAIN-006", "PAIN-040", "PAIN-041", "response.pain.gain")

SITE_SOURCES: Final = MappingProxyType(
    {
        "closure_days": _CLOSURE,
        "social_downtime_days": ("REC-030", "REC-036", "REC-041", "REC-057", "REC-029", "response.crust.visible"),
        "return_to_work_day": ("REC-092", "REC-108", "response.makeup.per_closure"),
        "makeup_day": ("REC-031", "REC-037", "REC-053", "response.makeup.per_closure"),
        "sunscreen_start_day": (*_CLOSURE[:2], "RSK-049"),
        "erythema_resolution_days": ("REC-028", "REC-034", "REC-146", "REC-148", "response.redness.resolved"),
        "pih_duration_weeks": ("RSK-020", "RSK-021", "RSK-042", "response.pih.weeks_column"),
        "pain_0_10": _PAIN,
        "redness": _REDNESS,
        "swelling": ("REC-047", "REC-049", "REC-071", "REC-105", "response.swelling.scale"),
        "crusting": ("REC-018", "REC-019", "REC-043", "response.crust.scale"),
        "peeling": ("REC-043", "REC-044", "REC-074", "response.shed.base_days"),
        "bronzing": ("REC-074", "REC-090", "response.bronze.scale"),
        "pain": (*_PAIN, "PAIN-021", "response.pain.after"),
        "sting_itch": ("REC-046", "response.pain.after_days"),
        "pih": (
            "RSK-015",
            "RSK-037",
            "RSK-043",
            "RSK-044",
            "RSK-047",
            "RSK-048",
            "RSK-053",
            "RSK-055",
            "RSK-062",
            "response.pih.open",
        ),
        "hypopigmentation": ("RSK-010", "RSK-014", "RSK-017", "RSK-040", "response.hypo.full"),
        "bacterial_infection": ("RSK-029", "RSK-035", "RSK-075", "response.infection.per_day"),
        "herpes": ("RSK-034", "RSK-064", "RSK-079", "RSK-080", "RSK-084", "response.herpes.open"),
        "scarring": ("RSK-022", "RSK-040", "RSK-077", "RSK-117", "response.scar.base"),
        "ectropion": ("RSK-012", "response.ectropion.full"),
        "acneiform": ("RSK-008", "RSK-033", "RSK-065", "response.acneiform.open"),
        "prolonged_erythema": ("RSK-023", "RSK-038", "RSK-061", "response.redness.prolonged_day"),
        "blister": ("RSK-103", "REC-070", "response.blister.selective"),
        "purpura": ("OUT-100", "REC-108", "response.purpura.half_ratio"),
    }
)
