"""Forms of the diary: the patient's entry, links, answers to alarms, the clinic's times, the observation that updates a plan."""

from __future__ import annotations

import datetime
import hashlib
import json
from typing import Any, Final
from uuid import UUID, uuid5

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from recutis import evidence
from recutis.course.diary_triage import SIGNS, judge
from recutis.errors import UnknownNameError
from recutis.web.accounts.models import Clinic
from recutis.web.diary.alarms import due_rows
from recutis.web.diary.links import link_days
from recutis.web.diary.models import OpenHours
from recutis.web.diary.plain import SIGN_WORDS, STAFF_WORDS
from recutis.web.templatetags.recutis_words import day as written

LONGEST_WORDS: Final = 2000
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
OUTCOMES: Final = (
    ("called", "Spoke with the patient by telephone"),
    ("seen", "Saw the patient in the clinic"),
    ("appointment", "Gave an appointment"),
    ("emergency", "Sent to an emergency department"),
    ("not_reached", "Could not reach the patient, and handed on to a named person"),
    ("no_action", "Read; nothing to do"),
)


class EntryForm(forms.Form):
    """One day as the patient tells it; what is marked as not entered is absent, never 0."""

    key = forms.UUIDField()
    day = forms.IntegerField(min_value=0)
    words = forms.CharField(required=False, max_length=LONGEST_WORDS, strip=True)
    photo = forms.FileField(required=False, allow_empty_file=True)

    def __init__(self, *args: Any, today: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        for sign in SIGNS:
            name = SIGN_WORDS[sign][0]
            self.fields[sign] = forms.FloatField(required=False, min_value=0, max_value=10, label=name)
            self.fields[f"{sign}_skip"] = forms.BooleanField(required=False)
        self.fields["words"].error_messages["max_length"] = (
            f"Your words are longer than {LONGEST_WORDS} letters. Please shorten them; nothing was cut off."
        )

    def clean_day(self) -> int:
        """A day that has come.

        Raises ValidationError for one that has not.
        """
        day = int(self.cleaned_data["day"])
        if day > self.today:
            msg = f"Day {day} has not come yet; today is day {self.today}."
            raise ValidationError(msg)
        return day

    @property
    def ticked(self) -> list[str]:
        """Ids of ticked red flags, each once."""
        return list(dict.fromkeys(self.data.getlist("flags")))

    @property
    def levels(self) -> dict[str, float | None]:
        """Level of each sign; None where it was not entered."""
        told = self.cleaned_data
        return {sign: None if told.get(f"{sign}_skip") else told.get(sign) for sign in SIGNS}

    def clean(self) -> dict[str, Any]:
        """Something is entered, and ticks are red flags.

        Raises ValidationError otherwise.
        """
        kept = super().clean() or {}
        try:
            judge(ticked=self.ticked, day=0)
        except UnknownNameError as error:
            msg = "This page is out of date: a sign on it is not known any more. Open the diary again; what you typed stays here."
            raise ValidationError(msg) from error
        empty = not self.errors and not any(level is not None for level in self.levels.values())
        if empty and not (self.ticked or kept.get("words") or kept.get("photo")):
            msg = "Nothing was entered. Move a slider, tick a sign, write a word or add a photograph; then save."
            raise ValidationError(msg)
        return kept

    def entry_id(self, session_id: UUID, photo_digest: str = "") -> UUID:
        """The id of the entry: the same for the same content sent twice from one page, another one for anything changed."""
        told = {"levels": self.levels, "flags": self.ticked, "words": self.cleaned_data["words"], "photo": photo_digest}
        text = json.dumps([str(session_id), self.cleaned_data["day"], told], sort_keys=True)
        return uuid5(self.cleaned_data["key"], hashlib.sha256(text.encode()).hexdigest())


class LinkForm(forms.Form):
    """How long a personal link works."""

    days = forms.IntegerField(label="Works until this many days after the session")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        low, usual, high = link_days()
        field = self.fields["days"]
        field.min_value, field.max_value, field.initial = low, high, usual
        field.help_text = f"{low} to {high} days; usually {usual}."
        field.widget.attrs |= {"min": low, "max": high}

    def clean_days(self) -> int:
        """Days within what a link may have.

        Raises ValidationError otherwise.
        """
        low, _, high = link_days()
        days = int(self.cleaned_data["days"])
        if not low <= days <= high:
            msg = f"A link works for {low} to {high} days after the session, not {days}."
            raise ValidationError(msg)
        return days


class AnswerForm(forms.Form):
    """What was done about an alarm."""

    done = forms.ChoiceField(
        label="What was done", choices=OUTCOMES, widget=forms.RadioSelect,
        error_messages={"required": "Choose what was done; an alarm is closed with an answer only."},
    )  # fmt: skip
    words = forms.CharField(
        label="In words", max_length=1800, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What you found, what was agreed, and who follows up.",
        error_messages={"required": "Write a few words: what you found and what was agreed."},
    )  # fmt: skip

    @property
    def outcome(self) -> str:
        """The choice and the words, as they are kept."""
        return f"{dict(OUTCOMES)[self.cleaned_data['done']]}. {self.cleaned_data['words']}"


class TimesForm(forms.Form):
    """Minutes until an alarm of each urgency must be answered, and the hours in which the clinic's telephone is answered."""

    def __init__(self, clinic: Clinic, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic = clinic
        for row in due_rows():
            low, usual, high = (int(number) for number in evidence.numbers(row.id))
            urgency = row.fields["urgency"]
            self.fields[self.name(urgency)] = forms.IntegerField(
                label=f"Minutes for '{STAFF_WORDS[urgency]}'", min_value=low, max_value=high,
                initial=clinic.acknowledge_minutes.get(urgency, usual), help_text=f"{low} to {high}; usually {usual}.",
            )  # fmt: skip
        hours = {one.weekday: one for one in clinic.open_hours.all()}
        for number, day in enumerate(WEEKDAYS):
            for what in ("opens", "closes"):
                self.fields[f"{what}_{number}"] = forms.TimeField(
                    label=f"{day} {what}", required=False, initial=getattr(hours.get(number), what, None),
                    widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
                )  # fmt: skip

    @staticmethod
    def name(urgency: str) -> str:
        """The field of an urgency."""
        return "due_" + urgency.replace(" ", "_").replace("-", "_")

    def clean(self) -> dict[str, Any]:
        """Each day has both times or neither, and closes after it opens."""
        kept = super().clean() or {}
        for number, day in enumerate(WEEKDAYS):
            opens, closes = kept.get(f"opens_{number}"), kept.get(f"closes_{number}")
            if (opens is None) != (closes is None):
                self.add_error(f"closes_{number}", f"Give both times of {day}, or neither where nobody answers.")
            elif opens is not None and closes is not None and closes <= opens:
                self.add_error(f"closes_{number}", f"{day} closes at {closes:%H:%M}, before it opens at {opens:%H:%M}.")
        return kept

    def save(self) -> None:
        """Keep the times."""
        told = self.cleaned_data
        self.clinic.acknowledge_minutes = {row.fields["urgency"]: told[self.name(row.fields["urgency"])] for row in due_rows()}
        self.clinic.save(update_fields=["acknowledge_minutes"])
        self.clinic.open_hours.all().delete()
        for number in range(len(WEEKDAYS)):
            if told.get(f"opens_{number}"):
                OpenHours.objects.create(
                    clinic=self.clinic, weekday=number, opens=told[f"opens_{number}"], closes=told[f"closes_{number}"]
                )

    @property
    def hours(self) -> str:
        """The hours in one line, for the record."""
        told = self.cleaned_data
        spans = [(day, told.get(f"opens_{number}"), told.get(f"closes_{number}")) for number, day in enumerate(WEEKDAYS)]
        return ", ".join(f"{day} {opens:%H:%M} to {closes:%H:%M}" for day, opens, closes in spans if opens)

    @property
    def due_fields(self) -> list[forms.BoundField]:
        """Fields of minutes."""
        return [self[self.name(row.fields["urgency"])] for row in due_rows()]

    @property
    def days(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """Each day with its two fields."""
        return [(day, self[f"opens_{number}"], self[f"closes_{number}"]) for number, day in enumerate(WEEKDAYS)]


class ObservationForm(forms.Form):
    """What the diary says, for a clinician to confirm or correct before a plan learns from it."""

    seen_on = forms.DateField(label="Seen on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    redness_days = forms.FloatField(label="Days of redness", required=False, min_value=0)
    downtime_days = forms.FloatField(label="Days until the person went out without hiding", required=False, min_value=0)
    closure_days = forms.FloatField(label="Days until the skin was whole", required=False, min_value=0)
    pain_0_10 = forms.FloatField(label="Pain during the session, 0 to 10", required=False, min_value=0, max_value=10)
    words = forms.CharField(label="Words", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    confirmed = forms.BooleanField(
        label="I have compared this with the diary and with what I saw",
        error_messages={"required": "Confirm the figures; a plan learns from what a clinician has confirmed only."},
    )  # fmt: skip

    def clean_seen_on(self) -> datetime.date:
        """A day that has come.

        Raises ValidationError for a later one.
        """
        day: datetime.date = self.cleaned_data["seen_on"]
        if day > timezone.localdate():
            msg = f"{written(day)} has not come yet. Give the day on which it was seen."
            raise ValidationError(msg)
        return day
