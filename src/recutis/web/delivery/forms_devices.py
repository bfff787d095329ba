"""Forms of the device register and of the clinic file."""

from __future__ import annotations

import datetime
from typing import Any, Final, get_args

from django import forms
from django.core.exceptions import ValidationError

from recutis.errors import RecutisError
from recutis.laser import catalogue
from recutis.laser.own_device import AnaesthesiaWord
from recutis.plan.care import ANAESTHESIA_WORDS
from recutis.report.words import class_words
from recutis.web.accounts.models import Clinic
from recutis.web.delivery.forms import day_input, not_to_come, number_input
from recutis.web.delivery.models import DeviceEvent, DeviceUnit
from recutis.web.delivery.register import checked_file, device_names

_COOLING: Final = (
    ("cold_air", "forced cold air"),
    ("cryogen", "cryogen spray"),
    ("contact", "sapphire contact"),
    ("gel", "cooled gel"),
)
_KIND_WORDS: Final = {"service": "Service", "calibration": "Calibration", "fault": "Fault", "repair": "Repair"}
_LARGEST_FILE: Final = 200_000


class UnitForm(forms.Form):
    """A laser that stands in the clinic."""

    device = forms.ChoiceField(label="Laser")
    serial_number = forms.CharField(label="Serial number", max_length=60)
    room = forms.CharField(label="Room", max_length=60, required=False)
    bought_on = forms.DateField(label="Bought on", required=False, widget=day_input())

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic = clinic
        chooser: Any = self.fields["device"]
        chooser.choices = [(name, name) for name in device_names(clinic)]

    def clean(self) -> dict[str, Any]:
        """One serial number a laser.

        Raises ValidationError when the register has it.
        """
        kept = super().clean() or {}
        same = DeviceUnit.objects.filter(clinic=self.clinic, device=kept.get("device"), serial_number=kept.get("serial_number"))
        if kept.get("serial_number") and same.exists():
            self.add_error("serial_number", "This laser with this serial number stands in the register already.")
        return kept


class EventForm(forms.Form):
    """Service, calibration, fault or repair."""

    kind = forms.ChoiceField(label="What", choices=[(name, _KIND_WORDS[name]) for name in DeviceEvent.KINDS])
    on = forms.DateField(label="Day", widget=day_input())
    next_due = forms.DateField(label="Next due", required=False, widget=day_input(), help_text="For service and calibration.")
    set_energy_mJ = forms.FloatField(label="Energy set (mJ)", required=False, min_value=0, widget=number_input())
    measured_energy_mJ = forms.FloatField(label="Energy measured (mJ)", required=False, min_value=0, widget=number_input())
    by = forms.CharField(label="By whom", max_length=200)
    words = forms.CharField(label="Note", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_on(self) -> datetime.date:
        """A day up to today.

        Raises ValidationError for a day to come.
        """
        return not_to_come(self.cleaned_data["on"])

    def clean(self) -> dict[str, Any]:
        """Dates in order, both energies or none.

        Raises ValidationError otherwise.
        """
        kept = super().clean() or {}
        on, due = kept.get("on"), kept.get("next_due")
        if on and due and due <= on:
            self.add_error("next_due", "The next day comes after this one.")
        if kept.get("kind") in {"service", "calibration"} and not due and "next_due" not in self.errors:
            self.add_error("next_due", "Say when it is due again, so that nobody fires an overdue laser.")
        one, two = kept.get("set_energy_mJ"), kept.get("measured_energy_mJ")
        if (one is None) != (two is None) or one == 0:
            self.add_error("measured_energy_mJ", "Give both what was set (above 0) and what was measured, or neither.")
        return kept


class MeterError(forms.Form):
    """The uncertainty of a meter's reading."""

    sd_mJ = forms.FloatField(label="Uncertainty (± mJ)", min_value=0.000001, widget=number_input())


class Retire(forms.Form):
    """The last day of a laser."""

    on = forms.DateField(label="Last day", widget=day_input())

    def clean_on(self) -> datetime.date:
        """A day up to today.

        Raises ValidationError for a day to come.
        """
        return not_to_come(self.cleaned_data["on"])


class FileForm(forms.Form):
    """The clinic file as ticks: devices of the catalogue, anaesthesia, cooling, prices. Own devices come by YAML and stay."""

    devices = forms.MultipleChoiceField(label="Lasers of the clinic", required=False, widget=forms.CheckboxSelectMultiple)
    anaesthesia = forms.MultipleChoiceField(
        label="Anaesthesia at hand", required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(name, ANAESTHESIA_WORDS[name]) for name in get_args(AnaesthesiaWord)],
        help_text="Nothing ticked: everything.",
    )  # fmt: skip
    cooling = forms.MultipleChoiceField(
        label="Cooling at hand beside what lasers have built in", required=False, widget=forms.CheckboxSelectMultiple,
        choices=_COOLING,
    )  # fmt: skip
    currency = forms.CharField(
        label="Currency of the prices", required=False, max_length=3, help_text="Three letters such as EUR."
    )

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        kept = dict(clinic.devices_file or {})
        prices = kept.get("prices") or {}
        listed = kept.get("devices") or []
        self.own = [one for one in listed if not isinstance(one, str)]
        self.kept, self.clinic = kept, clinic
        start = {
            "devices": [one for one in listed if isinstance(one, str)], "anaesthesia": kept.get("anaesthesia", []),
            "cooling": kept.get("cooling", []), "currency": prices.get("currency", ""),
        }  # fmt: skip
        super().__init__(*args, initial=start, **kwargs)
        chooser: Any = self.fields["devices"]
        chooser.choices = [(one.name, f"{one.name} ({class_words(one.device_class)})") for one in catalogue()]
        names = [one if isinstance(one, str) else str(one.get("name", "")) for one in listed]
        self.priced = {f"price_{number}": name for number, name in enumerate(names)}
        for key, name in self.priced.items():
            self.fields[key] = forms.FloatField(
                label=name,
                required=False,
                min_value=0,
                widget=number_input(),
                initial=(prices.get("per_session") or {}).get(name),
            )
        self.file: dict[str, Any] = {}
        self.gone = 0

    @property
    def price_fields(self) -> list[Any]:
        """The fields of the prices."""
        return [self[key] for key in self.priced]

    def clean(self) -> dict[str, Any]:
        """Hold the whole file against the rules of the command line.

        Raises ValidationError with the sentence that the command line would print.
        """
        told = super().clean() or {}
        if self.errors:
            return told
        own = [one for number, one in enumerate(self.own) if f"drop_{number}" not in self.data]
        devices = [*told["devices"], *own]
        names = {one if isinstance(one, str) else one.get("name") for one in devices}
        per_session = {name: told[key] for key, name in self.priced.items() if told.get(key) is not None and name in names}
        spots = [one for one in self.kept.get("test_spots", []) if isinstance(one, dict) and one.get("device") in names]
        file: dict[str, Any] = {"name": self.clinic.name, "devices": devices}
        file |= {key: told[key] for key in ("anaesthesia", "cooling") if told[key]}
        self.gone = len(self.kept.get("test_spots", [])) - len(spots)
        if spots:
            file["test_spots"] = spots
        if per_session or told["currency"]:
            file["prices"] = {"currency": told["currency"].upper(), "per_session": per_session}
        if not devices:
            if len(file) > 2 or self.kept:
                msg = "Tick at least one laser, or nothing can be planned. To open the whole catalogue again, take the file away below."
                raise ValidationError(msg)
            return told
        try:
            self.file = checked_file(file)
        except RecutisError as error:
            raise ValidationError(str(error)) from error
        return told


class YamlForm(forms.Form):
    """A clinic file as the command line takes it, uploaded or pasted."""

    upload = forms.FileField(label="File", required=False)
    text = forms.CharField(
        label="or its text", required=False, strip=False, widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"})
    )

    def clean(self) -> dict[str, Any]:
        """The text of the one that was given.

        Raises ValidationError for neither, both, or what is no text.
        """
        kept = super().clean() or {}
        upload, text = kept.get("upload"), kept.get("text", "")
        if bool(upload) == bool(text.strip()):
            msg = "Give either a file or its text."
            raise ValidationError(msg)
        if upload:
            if upload.size > _LARGEST_FILE:
                msg = f"The file has {upload.size} bytes; a clinic file has at most {_LARGEST_FILE}."
                raise ValidationError(msg)
            try:
                kept["text"] = upload.read().decode("utf-8")
            except UnicodeDecodeError as error:
                msg = "The file is not UTF-8 text. Give a YAML file."
                raise ValidationError(msg) from error
        return kept
