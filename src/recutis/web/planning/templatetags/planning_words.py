"""Numbers and names as the plan pages write them."""

from __future__ import annotations

from typing import Final

from django import template

from recutis.report.rows import number
from recutis.report.rows import signed as with_sign

register = template.Library()
_LIMITS: Final = {"days": "Downtime", "sessions": "Sessions", "pain": "Pain", "risk": "Risk"}


@register.filter
def thousands(value: int) -> str:
    """12,392 for 12392."""
    return f"{value:,}"


@register.filter
def signed(value: float) -> str:
    """A change with its sign."""
    return with_sign(value)


@register.filter
def short(value: float) -> str:
    """A number to two significant figures."""
    return number(value)


@register.filter
def limit_name(slider: str) -> str:
    """What a slider limits."""
    return _LIMITS.get(slider, slider)
