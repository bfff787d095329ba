"""What the pages of a patient need: the tabs that exist, and how a question of the consultation is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django import template
from django.urls import NoReverseMatch, reverse

from recutis.web.patients.models import Patient
from recutis.web.patients.shown import Shown, first_of_concern, label_of, rest_of_concern

register = template.Library()

_WORD: Final = re.compile(r"[a-z]{4,}")
_STEM: Final = 5  # smoke, smokes and smoking are one word here
_EMPTY: Final = frozenset({"whether", "person", "asked", "that", "says", "with", "today", "treated", "true", "false", "whose"})
TABS: Final = (
    ("overview", "Overview", "patients:page"),
    ("consultation", "Consultation", "patients:consultation"),
    ("plan", "Plan", "planning:patient"),
    ("sessions", "Sessions", "delivery:patient"),
    ("diary", "Diary", "diary:patient"),
    ("photos", "Photos", "photos:patient"),
    ("records", "Records", "exports:patient"),
)


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One tab: its key, its words, where it leads."""

    key: str
    words: str
    address: str


@register.simple_tag
def patient_tabs(patient: Patient) -> list[Tab]:
    """The tabs whose pages exist."""
    found = ((key, words, patient_address(route, patient)) for key, words, route in TABS)
    return [Tab(key=key, words=words, address=address) for key, words, address in found if address]


@register.simple_tag
def patient_address(route: str, patient: Patient) -> str:
    """The address of a patient's page by its route; empty where there is no such page."""
    try:
        return reverse(route, kwargs={"patient_id": patient.pk})
    except NoReverseMatch:
        return ""


@register.filter
def firsts(row: Shown) -> Iterable[Shown]:
    """What a concern is asked at once."""
    return first_of_concern(row)


@register.filter
def others(row: Shown) -> list[Shown]:
    """What else may be told of a concern."""
    return rest_of_concern(row)


@register.filter
def some_wrong(listed: Iterable[Shown]) -> bool:
    """Whether any of these questions has an answer that cannot be read."""
    return any((shown.error and not shown.missing) or some_wrong(shown.fields) for shown in listed)


@register.filter
def answered_words(listed: Iterable[Shown]) -> str:
    """Which of these questions have an answer, in words."""
    return ", ".join(
        f"{shown.ask.label.lower()} {shown.text if shown.ask.kind != 'group' else ''}".strip()
        for shown in listed
        if shown.answered
    )


@register.filter
def help_adds(shown: Shown) -> bool:
    """Whether the help says more than the question itself."""
    words = " ".join([shown.ask.label, *(words for _, words in shown.ask.choices)])
    said = {word[:_STEM] for word in _WORD.findall(words.lower())}
    return any(word[:_STEM] not in said for word in _WORD.findall(shown.ask.help.lower()) if word not in _EMPTY)


@register.filter
def label(shown: Shown) -> str:
    """How a question is called on the page."""
    return label_of(shown)
