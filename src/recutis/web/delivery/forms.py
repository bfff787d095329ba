"""Forms of the session: passes, lots, adverse events, moving, release. Errors say what is wrong and what to do."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from recutis.report.words import RISK_PLAIN
from recutis.web.delivery.course import KNOBS, distinct
from recutis.web.delivery.models import DeviceUnit, Session
from recutis.web.templatetags.recutis_words import day as written

_LARGEST: Final = 1e6
_MOST_PASSES: Final = 40
SEVERITIES: Final = ("mild", "moderate", "severe")
EVENT_KINDS: Final = (*((name, words[0]) for name, words in RISK_PLAIN.items()), ("eye", "Injury of the eye"), ("other", "Other"))


def day_input() -> forms.DateInput:
    """A field for a day, as browsers show it."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def number_input(**attrs: Any) -> forms.NumberInput:
    """A field for a number, with the keys that a telephone shows for it."""
    return forms.NumberInput(attrs={"inputmode": "decimal", "step": "any", **attrs})


class Release(forms.Form):
    """A clinician says that the warnings were read."""

    read = forms.BooleanField(
        label="I have read the warnings and the rules that were lifted, and I release this plan.",
        error_messages={"required": "Tick that you have read the warnings. Nothing was released."},
    )


class Why(forms.Form):
    """A reason."""

    why = forms.CharField(
        label="Reason", max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why. Nothing was changed."},
    )  # fmt: skip


class MoveSession(forms.Form):
    """Another day, a time, a laser."""

    day = forms.DateField(label="Day", widget=day_input())
    at = forms.TimeField(
        label="Time", required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 300})
    )
    unit = forms.ModelChoiceField(
        label="Laser and room", queryset=DeviceUnit.objects.none(), required=False, empty_label="not booked yet"
    )
    sure = forms.BooleanField(label="Book it all the same", required=False)

    def __init__(self, *args: Any, session: Session, **kwargs: Any) -> None:
        start = {"day": session.planned_on, "at": session.starts_at, "unit": session.unit_id}
        super().__init__(*args, initial=start, **kwargs)
        units = DeviceUnit.objects.filter(clinic_id=session.clinic_id, device=session.device, retired_on=None)
        chooser: Any = self.fields["unit"]
        chooser.queryset = units
        chooser.label_from_instance = lambda unit: f"{unit}, room {unit.room}" if unit.room else str(unit)
        if not units.exists():
            chooser.help_text = f"No {session.device or 'laser'} stands in the device register yet."


class PassForm(forms.Form):
    """One pass as it was given, or several alike. The knobs are those of the plan's panel at this site."""

    unit = forms.ModelChoiceField(label="Laser", queryset=DeviceUnit.objects.none(), empty_label=None)
    count = forms.IntegerField(
        label="Passes with these settings", min_value=1, max_value=_MOST_PASSES, initial=1,
        widget=number_input(step=1, inputmode="numeric"),
    )  # fmt: skip
    endpoint_seen = forms.CharField(label="End point seen", max_length=300, required=False)
    pain_0_10 = forms.TypedChoiceField(
        label="Pain, as the patient says", required=False, coerce=float, empty_value=None, widget=forms.RadioSelect,
        choices=[(str(n), str(n)) for n in range(11)],
    )  # fmt: skip
    deviation_reason = forms.CharField(
        label="Why it differs from the plan", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(
        self, *args: Any, session: Session, panel: Mapping[str, float], remaining: int, alone: bool = False, **kwargs: Any
    ) -> None:
        given = {**{f"knob_{name}": f"{value:.4g}" for name, value in panel.items()}, **(kwargs.pop("initial", None) or {})}
        super().__init__(*args, initial={"unit": session.unit_id, "count": max(remaining, 1), **given}, **kwargs)
        units = DeviceUnit.objects.filter(clinic_id=session.clinic_id, retired_on=None)
        chooser: Any = self.fields["unit"]
        chooser.queryset = units
        if alone:
            del self.fields["count"]
        for name in panel:
            words, unit = KNOBS[name]
            field = forms.IntegerField if name == "stack" else forms.FloatField
            self.fields[f"knob_{name}"] = field(
                label=f"{words} ({unit})" if unit else words, min_value=0, max_value=_LARGEST, widget=number_input()
            )
        self.order_fields(
            [*(f"knob_{name}" for name in panel), "count", "endpoint_seen", "pain_0_10", "unit", "deviation_reason"]
        )

    @property
    def knobs(self) -> list[Any]:
        """The fields of the panel."""
        return [self[name] for name in self.fields if name.startswith("knob_")]

    def delivered(self) -> dict[str, float]:
        """What was set, by knob."""
        told = {name.removeprefix("knob_"): value for name, value in self.cleaned_data.items() if name.startswith("knob_")}
        return {name: float(value) for name, value in told.items() if value is not None and math.isfinite(value)}


class LotForm(forms.Form):
    """A medicine or consumable with its lot."""

    what = forms.CharField(label="What", max_length=200, help_text="Such as lidocaine 7 % and tetracaine 7 % cream.")
    lot_number = forms.CharField(label="Lot number", max_length=60)
    expires_on = forms.DateField(label="Expires", widget=day_input())
    amount = forms.CharField(label="Amount", max_length=60, required=False)

    def clean_expires_on(self) -> datetime.date:
        """A day that has not gone by.

        Raises ValidationError for a lot that has expired.
        """
        day: datetime.date = self.cleaned_data["expires_on"]
        if day < timezone.localdate():
            msg = f"This lot expired on {written(day)}. Do not use it; take another one and enter that."
            raise ValidationError(msg)
        return day


class AdverseForm(forms.Form):
    """A harm that was seen."""

    kind = forms.ChoiceField(label="What", choices=EVENT_KINDS)
    severity = forms.ChoiceField(label="How bad", choices=[(name, name) for name in SEVERITIES])
    seen_on = forms.DateField(label="Seen on", widget=day_input(), initial=timezone.localdate)
    words = forms.CharField(label="What was seen and done", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))

    def clean_seen_on(self) -> datetime.date:
        """A day up to today.

        Raises ValidationError for a day to come.
        """
        return not_to_come(self.cleaned_data["seen_on"])


class EndForm(forms.Form):
    """The end of a session."""

    words = forms.CharField(
        label="Note", max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed when nothing was given.",
    )  # fmt: skip


def not_to_come(day: datetime.date) -> datetime.date:
    """The day itself.

    Raises ValidationError for a day to come.
    """
    if day > timezone.localdate():
        msg = f"{written(day)} has not come yet. Give today or an earlier day."
        raise ValidationError(msg)
    return day


def settings_words(planned: tuple[dict[str, float], ...]) -> str:
    """The panel of a site in words."""
    return distinct(planned)
