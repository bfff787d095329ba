"""Forms of a patient's own details."""

from __future__ import annotations

import datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from recutis.web.accounts.models import Clinic
from recutis.web.patients.models import Patient
from recutis.web.templatetags.recutis_words import day as written

_FIRST_YEAR: Final = 1900


def proposed_number(clinic: Clinic) -> str:
    """The record number after the highest one that is a plain number, written as long as that one."""
    from django.db.models.functions import Length

    plain = Patient.objects.filter(clinic=clinic, number__regex=r"^[0-9]{1,18}$").annotate(length=Length("number"))
    highest = plain.order_by("-length", "-number").values_list("number", flat=True).first()
    return "00001" if highest is None else str(int(highest) + 1).zfill(len(highest))


class Details(forms.ModelForm):
    """Names, day of birth, record number, and how to reach the patient."""

    class Meta:
        """Which fields, in which order."""

        model = Patient
        fields = ("given_name", "family_name", "birth_date", "number", "phone", "email")
        widgets = {  # noqa: RUF012
            "given_name": forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
            "family_name": forms.TextInput(attrs={"autocomplete": "off"}),
            "birth_date": forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
            "number": forms.TextInput(attrs={"autocomplete": "off"}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
            "email": forms.EmailInput(attrs={"autocomplete": "off"}),
        }
        labels = {"birth_date": "Date of birth", "email": "E-mail", "phone": "Telephone", "number": "Record number"}  # noqa: RUF012

    again = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, clinic: Clinic, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic = clinic
        self.twin: Patient | None = None

    def clean_birth_date(self) -> datetime.date:
        """A day that a living person can be born on.

        Raises ValidationError for another.
        """
        day: datetime.date = self.cleaned_data["birth_date"]
        if day.year < _FIRST_YEAR or day > timezone.localdate():
            msg = f"The date of birth is {written(day)}; it must lie between {_FIRST_YEAR} and today."
            raise ValidationError(msg)
        return day

    def clean_number(self) -> str:
        """A number that no other patient of the clinic has.

        Raises ValidationError when one has it.
        """
        number: str = self.cleaned_data["number"]
        if Patient.objects.filter(clinic=self.clinic, number=number).exclude(pk=self.instance.pk).exists():
            msg = f"The record number {number} belongs to another patient. Give another; {proposed_number(self.clinic)} is free."
            raise ValidationError(msg)
        return number

    def clean(self) -> dict[str, Any]:
        """Nobody is entered twice by mistake: a patient of the same name and day of birth is named once before another is made.

        Raises ValidationError naming that patient's record number.
        """
        told = super().clean() or {}
        if not self.instance._state.adding or told.get("again") or self.errors:
            return told
        self.twin = Patient.objects.filter(
            clinic=self.clinic, birth_date=told["birth_date"], given_name__iexact=told["given_name"],
            family_name__iexact=told["family_name"],
        ).first()  # fmt: skip
        if self.twin is not None:
            self.fields["again"].widget = forms.HiddenInput(attrs={"value": "on"})
            msg = (
                f"A patient of this name and date of birth is here already: record {self.twin.number}. Save again to add another."
            )
            raise ValidationError(msg)
        return told
