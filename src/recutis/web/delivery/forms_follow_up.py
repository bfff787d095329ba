"""The form of a follow-up visit, held against the observation file of the command line."""

from __future__ import annotations

import datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from recutis.errors import RecutisError
from recutis.files import Document, validate
from recutis.plan.care import ANAESTHESIA_WORDS
from recutis.plan.observation_file import Observation
from recutis.report.words import concern_words
from recutis.web.delivery.course import SPOT, option_of, sites_of
from recutis.web.delivery.forms import day_input, not_to_come, number_input
from recutis.web.delivery.models import Session
from recutis.web.delivery.release import given_on
from recutis.web.templatetags.recutis_words import day as written

_YES_NO: Final = (("", "not looked at"), ("no", "no"), ("yes", "yes"))
_NUMBERS: Final = ("redness_days", "downtime_days", "closure_days", "pain_0_10")
_MARKS: Final = ("pih", "blister", "purpura")
_DAYS_MOST: Final = 3650


def _days(label: str, help_text: str = "") -> forms.FloatField:
    return forms.FloatField(
        label=label, required=False, min_value=0, max_value=_DAYS_MOST, widget=number_input(), help_text=help_text
    )


def _mark(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=_YES_NO, widget=forms.RadioSelect, initial="")


class FollowUpForm(forms.Form):
    """What was seen after one session or after the test spot. Leave out what was not looked at."""

    seen_on = forms.DateField(label="Seen on", widget=day_input())
    test_spot = forms.ChoiceField(
        label="Test spot", required=False, widget=forms.RadioSelect,
        choices=(("", "not judged yet"), ("passed", "passed: clean"), ("failed", "failed")),
    )  # fmt: skip
    site = forms.ChoiceField(label="Site", required=False)
    redness_days = _days("Redness (days)", "Until you would no longer note it.")
    peeling_days = _days("Peeling (days)", "Kept in the record; the plan learns from days of staying in and of closing.")
    downtime_days = _days("Social downtime (days)", "Until the patient went out without hiding.")
    closure_days = _days("Skin closed (days)")
    pain_0_10 = forms.FloatField(
        label="Pain in the session (0 to 10)", required=False, min_value=0, max_value=10, widget=number_input()
    )
    anaesthesia = forms.ChoiceField(
        label="Anaesthesia used", required=False, choices=(("", "as planned"), *ANAESTHESIA_WORDS.items())
    )
    pih = _mark("Dark marks (PIH)")
    blister = _mark("Blisters")
    purpura = _mark("Bruise")
    words = forms.CharField(label="Note", required=False, max_length=3900, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, session: Session, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session = session
        self.observation: dict[str, Any] = {}
        option = option_of(session.plan)
        spot = session.kind == SPOT
        self.concerns = tuple(option.predictions.improvement_pct) if option is not None and not spot else ()
        sites = () if spot else sites_of(session)
        if not spot:
            del self.fields["test_spot"]
        if len(sites) < 2:
            del self.fields["site"]
        else:
            self._choice("site").choices = [("", "choose"), *((site, site.replace("_", " ")) for site in sites)]
            self.fields["site"].help_text = "Where days, pain and marks were seen. Save another visit for another site."
        for key in self.concerns:
            self.fields[f"gain_{key}"] = forms.FloatField(
                label=f"{concern_words(key)}: better by (%)", required=False, min_value=-20, max_value=100, widget=number_input(),
                help_text="Since before the course; −20 (worse) to 100.",
            )  # fmt: skip

    def _choice(self, name: str) -> Any:
        return self.fields[name]

    @property
    def gains(self) -> list[Any]:
        """The fields of improvement."""
        return [self[f"gain_{key}"] for key in self.concerns]

    def clean_seen_on(self) -> datetime.date:
        """A day from the session to today.

        Raises ValidationError for another day.
        """
        day = not_to_come(self.cleaned_data["seen_on"])
        given = given_on(self.session)
        if day < given:
            msg = f"{written(day)} lies before the session of {written(given)}. Correct the day."
            raise ValidationError(msg)
        return day

    def clean(self) -> dict[str, Any]:
        """An observation as the command line takes it.

        Raises ValidationError with the sentence that the command line would print.
        """
        told = super().clean() or {}
        if self.errors:
            return told
        made = self._observation(told)
        seen = [name for name in (*_NUMBERS, *_MARKS) if name in made]
        if "site" in self.fields and seen and not told.get("site"):
            self.add_error("site", "Say at which site the days, pain or marks were seen.")
            return told
        if not (seen or made.get("improvement") or made.get("test_spot")) and (
            told.get("words") or told.get("peeling_days") is not None
        ):
            msg = "Only a note is given. Add at least one thing that was seen: a number of days, pain, marks, improvement."
            raise ValidationError(msg)
        try:
            validate(Observation, Document(name="this visit", data=dict(made), lines={}))
        except RecutisError as error:
            raise ValidationError(str(error)) from error
        self.observation = made
        return told

    def _observation(self, told: dict[str, Any]) -> dict[str, Any]:
        spot = self.session.kind == SPOT
        made: dict[str, Any] = {
            "session": SPOT if spot else self.session.number,
            "date": told["seen_on"].isoformat(),
            "given": given_on(self.session).isoformat(),
        }
        if told.get("test_spot"):
            made["test_spot"] = told["test_spot"]
        if told.get("site"):
            made["site"] = told["site"]
        made |= {name: told[name] for name in _NUMBERS if told.get(name) is not None}
        if told.get("anaesthesia") and "pain_0_10" in made:
            made["anaesthesia"] = told["anaesthesia"]
        made |= {name: told[name] == "yes" for name in _MARKS if told.get(name)}
        gains = {key: told[f"gain_{key}"] for key in self.concerns if told.get(f"gain_{key}") is not None}
        if gains:
            made["improvement"] = gains
        return made

    def note(self) -> str:
        """The note, with the days of peeling that no prediction learns from."""
        peeling = self.cleaned_data.get("peeling_days")
        told = [f"Peeling for {peeling:g} days."] if peeling is not None else []
        return "\n".join([*told, self.cleaned_data["words"]]).strip()
