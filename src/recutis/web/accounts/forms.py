"""Forms of accounts. Errors say what is wrong and what to do."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

from recutis.web.accounts.models import ROLES, Clinic, User

_ROLE_WORDS: Final = {
    "clinician": "Clinician: plans, releases, lifts rules that a physician may lift",
    "nurse": "Nurse: consultation, delivery, diary",
    "front_desk": "Front desk: patients' names and sessions, nothing medical",
    "researcher": "Researcher: physics and outcomes without names",
    "administrator": "Administrator: people, devices, audit; nothing medical",
}
LONGEST_PASSWORD: Final = 128


def _password(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, widget=widget, strip=False, max_length=LONGEST_PASSWORD, help_text=help_text)


def _rules() -> str:
    return " ".join(password_validators_help_texts())


class SignIn(forms.Form):
    """E-mail address and password; after too many wrong ones the door stays shut for a while."""

    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}))
    password = _password("Password", "current-password")

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        self.request = request
        self.user: User | None = None
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Check the two together.

        Raises ValidationError when they do not belong to an account that is open.
        """
        kept = super().clean() or {}
        if kept.get("email") and kept.get("password"):
            found = authenticate(self.request, username=kept["email"].lower(), password=kept["password"])
            if not isinstance(found, User):
                msg = "E-mail and password do not belong together, or the account is closed. Try again, or ask an administrator."
                raise ValidationError(msg)
            self.user = found
        return kept


class FirstStart(forms.Form):
    """The clinic and its first account."""

    clinic = forms.CharField(label="Name of the clinic", max_length=200)
    full_name = forms.CharField(label="Your name", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    role = forms.ChoiceField(
        label="Role", choices=[(name, _ROLE_WORDS[name]) for name in ("clinician", "administrator")], initial="clinician",
        help_text="The first account may also add people, whichever role it has.",
    )  # fmt: skip
    password = _password("Password", "new-password")
    password_again = _password("Password again", "new-password")
    code = forms.CharField(
        label="Set-up code", required=False, max_length=40, help_text="As printed where the server was started."
    )

    def __init__(self, *args: Any, code: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = _rules()
        self.wanted = code
        if not code:
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        """Passwords agree and obey the rules, and the set-up code is right.

        Raises ValidationError otherwise.
        """
        kept = super().clean() or {}
        if self.wanted and kept.get("code", "").strip() != self.wanted:
            self.add_error("code", "This is not the code that was printed where the server was started.")
        _check_passwords(self, kept, User(email=kept.get("email", ""), full_name=kept.get("full_name", "")))
        return kept


def _check_passwords(form: forms.Form, kept: dict[str, Any], user: User) -> None:
    one, two = kept.get("password"), kept.get("password_again")
    if one and two and one != two:
        form.add_error("password_again", "The two passwords differ. Type the same one twice.")
    elif one:
        try:
            validate_password(one, user)
        except ValidationError as error:
            form.add_error("password", error)


class NewPerson(forms.Form):
    """A new account; its owner changes the password at the first sign-in."""

    full_name = forms.CharField(label="Name", max_length=200)
    email = forms.EmailField(label="E-mail")
    role = forms.ChoiceField(label="Role", choices=[(name, _ROLE_WORDS[name]) for name in ROLES], initial="nurse")
    password = _password("First password", "new-password", "Hand it over in person. It must be changed at the first sign-in.")

    def clean_email(self) -> str:
        """An address that no account has yet.

        Raises ValidationError when one has it.
        """
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email=email).exists():
            msg = "An account with this address exists already. Give another address."
            raise ValidationError(msg)
        return email

    def clean(self) -> dict[str, Any]:
        """The password obeys the rules.

        Raises ValidationError otherwise.
        """
        kept = super().clean() or {}
        _check_passwords(self, kept, User(email=kept.get("email", ""), full_name=kept.get("full_name", "")))
        return kept


class ChangePassword(forms.Form):
    """The old password and a new one."""

    old = _password("Password now", "current-password")
    password = _password("New password", "new-password")
    password_again = _password("New password again", "new-password")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = _rules()

    def clean(self) -> dict[str, Any]:
        """The old one is right, the new one is new and obeys the rules.

        Raises ValidationError otherwise.
        """
        kept = super().clean() or {}
        if kept.get("old") and not self.user.check_password(kept["old"]):
            self.add_error("old", "This is not your password. Nothing was changed.")
        if kept.get("old") and kept.get("old") == kept.get("password"):
            self.add_error("password", "The new password is the old one. Choose another.")
        _check_passwords(self, kept, self.user)
        return kept


class Code(forms.Form):
    """A one-time code of six digits, or one of the spare codes."""

    code = forms.CharField(
        label="One-time code", max_length=16,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
    )  # fmt: skip


class ClinicForm(forms.ModelForm):
    """Name and telephone numbers of the clinic."""

    class Meta:
        """Which fields."""

        model = Clinic
        fields = ("name", "phone", "out_of_hours_phone")
        help_texts = {  # noqa: RUF012
            "phone": "Shown to patients in the diary during the day.",
            "out_of_hours_phone": "Shown to patients when a sign cannot wait; without it they are sent to the emergency number.",
        }


class TokenForm(forms.Form):
    """A token for a program."""

    name = forms.CharField(label="What it is for", max_length=100)
    days = forms.IntegerField(label="Days until it expires", min_value=1, max_value=366, initial=90)
