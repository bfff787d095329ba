"""From fresh tissue to a slide: fixing and cutting shrink skin (Marqa & Mordon 2014)."""

from __future__ import annotations

from recutis import evidence


def as_fixed(*, depth_um: float, width_um: float) -> tuple[float, float]:
    """What fresh lengths along the depth and across it become on a slide of excised, fixed skin [µm]."""
    return depth_um / evidence.value("phys_slide_depth"), width_um / evidence.value("phys_slide_width")
