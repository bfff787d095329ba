"""Icons and words that every template may use."""

from __future__ import annotations

import datetime
from typing import Final

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

ICONS: Final = {
    "people": '<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6"/><path d="M16 5a3.5 3.5 0 0 1 0 6.5M18 15c2 1 3.5 2 3.5 5"/>',  # noqa: E501
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4 21c0-4.5 3.5-7 8-7s8 2.5 8 7"/>',
    "inbox": '<path d="M4 13 6.5 5h11L20 13v6H4z"/><path d="M4 13h5l1 2.5h4l1-2.5h5"/>',
    "calendar": '<rect x="3.5" y="5" width="17" height="15.5" rx="2"/><path d="M3.5 10h17M8 2.5v4M16 2.5v4"/>',
    "wave": '<path d="M3 12c2-7 4-7 6 0s4 7 6 0 4-7 6 0"/>',
    "device": '<rect x="4" y="3" width="16" height="11" rx="2"/><path d="M8 18h8M12 14v7"/>',
    "chart": '<path d="M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6"/>',
    "key": '<circle cx="8" cy="15" r="4"/><path d="m11 12 8-8M16 7l3 3"/>',
    "list": '<path d="M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 5 5"/>',
    "alert": '<path d="M12 3 2.5 20h19z"/><path d="M12 9.5v5M12 17.5h.01"/>',
    "check": '<path d="m4 12.5 5 5L20 6.5"/>',
    "photo": '<rect x="3" y="6" width="18" height="14" rx="2"/><circle cx="12" cy="13" r="4"/><path d="M8 6l1.5-2.5h5L16 6"/>',
    "download": '<path d="M12 4v12M7 11l5 5 5-5M4 20h16"/>',
    "print": '<path d="M7 9V3h10v6M7 17H4v-8h16v8h-3"/><rect x="7" y="14" width="10" height="7"/>',
    "phone": '<path d="M5 3.5h4l1.5 5-2.5 2a12 12 0 0 0 5.5 5.5l2-2.5 5 1.5v4a2 2 0 0 1-2 2A17 17 0 0 1 3 5.5a2 2 0 0 1 2-2z"/>',
    "link": '<path d="M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1"/>',
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon beside words; it says nothing by itself.

    Raises KeyError for a name that there is not.
    """
    return format_html('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', mark_safe(ICONS[name]))


@register.filter
def words(value: object) -> str:
    """A key as words: `fine_lines@periorbital` reads `fine lines, periorbital`."""
    return str(value).replace("@", ", ").replace("_", " ")


@register.filter
def item(mapping: object, key: object) -> object:
    """The value of a key, None where there is none."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def fill(text: object, emergency: object) -> str:
    """The emergency number in words that have a place for it."""
    return str(text).replace("{emergency}", str(emergency))


@register.filter
def day(value: object) -> str:
    """A day as every page writes it, such as 26 Nov 2026; also from the text of a document. Other words stay as they are."""
    if isinstance(value, str):
        try:
            value = datetime.date.fromisoformat(value)
        except ValueError:
            return str(value)
    return date_format(value, "j M Y") if isinstance(value, datetime.date) else str(value)
