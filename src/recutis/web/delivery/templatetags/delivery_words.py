"""Words of delivered passes and of follow-ups, for templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django import template

from recutis.web.delivery.course import panel_words, passes_words

register = template.Library()

_OBSERVED: Final = {
    "test_spot": "Test spot", "site": "Site", "redness_days": "Redness", "downtime_days": "Social downtime", "closure_days": "Skin closed",
    "pain_0_10": "Pain", "anaesthesia": "Anaesthesia", "pih": "Dark marks (PIH)", "blister": "Blisters", "purpura": "Bruise",
}  # fmt: skip


@register.filter
def panel(values: Mapping[str, Any]) -> str:
    """'7.07 mJ, 4.4 %' for the panel of a pass."""
    return panel_words(values)


def _counting(passes: Iterable[Any]) -> list[Any]:
    return [one for one in passes if getattr(one, "replaced_by", None) is None]


@register.filter
def given(passes: Iterable[Any]) -> str:
    """What was given at a site: '8 passes of 7.07 mJ, 4.4 %; 1 pass of 5 mJ, 4.4 %'."""
    counts: dict[str, int] = {}
    for one in _counting(passes):
        words = panel_words(one.delivered)
        counts[words] = counts.get(words, 0) + 1
    return "; ".join(f"{passes_words(count)} of {words}" for words, count in counts.items())


@register.filter
def differing(passes: Iterable[Any]) -> list[dict[str, Any]]:
    """Each deviation of the passes that count, once."""
    found = {item["words"]: item for one in _counting(passes) for item in one.deviations}
    return list(found.values())


@register.filter
def last_number(passes: Sequence[Any]) -> int:
    """The number of the last of several passes."""
    return int(passes[-1].number)


@register.filter
def observed(name: str) -> str:
    """The word of something that was seen."""
    return _OBSERVED.get(name, name.replace("_", " "))


@register.filter
def told(value: object) -> str:
    """A value that was seen, in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")
