"""The vocabulary that joins the tables: device classes and patterns over them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

DEVICE_CLASSES: Final[tuple[str, ...]] = (
    "ablative_full_co2",
    "ablative_full_eryag",
    "ablative_full_erysgg",
    "ablative_fractional_co2",
    "ablative_fractional_eryag",
    "ablative_fractional_erysgg",
    "hybrid_fractional",
    "nonablative_fractional_1320",
    "nonablative_fractional_1340",
    "nonablative_fractional_1410",
    "nonablative_fractional_1440",
    "nonablative_fractional_1540",
    "nonablative_fractional_1550",
    "nonablative_fractional_1565",
    "nonablative_fractional_1927",
    "nonablative_bulk_1450",
    "sebaceous_1726",
    "vascular_ktp_532",
    "vascular_pdl_585",
    "vascular_pdl_595",
    "vascular_alexandrite_755",
    "vascular_ndyag_1064",
    "pigment_qs_532",
    "pigment_qs_694",
    "pigment_qs_755",
    "pigment_qs_1064",
    "pigment_pico_532",
    "pigment_pico_755",
    "pigment_pico_1064",
    "pigment_lp_755",
    "ipl",
)

_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "all": ("*",),
    "all elective": ("*",),
    "any": ("*",),
    "ablative_any": ("ablative_*", "hybrid_fractional"),
    "ablative_any_co2": ("ablative_*_co2",),
    "ablative_full_any": ("ablative_full_*",),
    "ablative_fractional_any": ("ablative_fractional_*",),
    "fractional_any": ("ablative_fractional_*", "nonablative_fractional_*", "hybrid_fractional"),
    "nonablative_any": ("nonablative_*", "sebaceous_1726"),
    "nonablative_fractional_any": ("nonablative_fractional_*",),
    "resurfacing_any": ("ablative_*", "hybrid_fractional", "nonablative_fractional_*"),
    "vascular_any": ("vascular_*",),
    "pigment_any": ("pigment_*",),
    "pigment_qs": ("pigment_qs_*",),
    "pigment_pico": ("pigment_pico_*",),
}


def matches(pattern: str, device_class: str) -> bool:
    """Whether one word of a table's `device_class` or `applies_to` column covers a class.

    `pattern` is a class, or one of the group words (`ablative_any`, `fractional_any`, `all`, ...).
    Words for things that are not lasers here (`rf_any`, `dermabrasion`, ...) match nothing.
    """
    return any(fnmatchcase(device_class, glob) for glob in _GROUPS.get(pattern, (pattern,)))


def matches_any(patterns: str, device_class: str) -> bool:
    """Whether a comma-separated list of patterns covers a class."""
    return any(matches(word.strip(), device_class) for word in patterns.split(","))
