"""Two clinics with people of every role, for tests of the workstation."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from functools import cache

from django.contrib.auth.hashers import make_password
from django.test import Client

from recutis.web.accounts.models import ROLES, Clinic, User
from recutis.web.patients.models import Patient

PASSWORD = "seven blue herons wade"
FILE = {
    "date": "2026-11-22",
    "patient": {
        "age": 46, "sex": "female", "phototype": "III", "tanned": False, "smoker": False, "pregnant": False, "breastfeeding": False,
    },
    "history": {
        "herpes_labialis": True, "keloid": False, "vitiligo": False, "psoriasis": False, "immunosuppressed": False,
        "melasma": False, "isotretinoin": "never", "medications": [],
    },
    "active": {"infection": "none", "acne": "none", "dermatitis": False},
    "concerns": [
        {"kind": "fine_lines", "site": "periorbital", "severity": {"scale": "fitzpatrick_wrinkle", "value": 4}},
        {"kind": "age_spots", "site": "cheek", "count": 9, "diagnosis_confirmed": True},
    ],
    "goals": {"max_social_downtime_days": 7, "max_sessions": 3, "max_pain_0_10": 6, "risk": "cautious"},
}  # fmt: skip


@cache
def _hashed() -> str:
    """The password's hash, made once: making it is slow on purpose."""
    return make_password(PASSWORD)


@dataclass
class House:
    """One clinic with a person of each role and a few patients."""

    clinic: Clinic
    people: dict[str, User] = field(default_factory=dict)
    patients: list[Patient] = field(default_factory=list)

    def client(self, role: str) -> Client:
        """A browser in which the person of this role is signed in."""
        client = Client()
        client.force_login(self.people[role], backend="django.contrib.auth.backends.ModelBackend")
        return client


def house(name: str, *, patients: int = 2) -> House:
    """A clinic with everybody."""
    made = House(clinic=Clinic.objects.create(name=name, phone="+43 1 000", out_of_hours_phone="+43 1 999"))
    slug = name.lower().replace(" ", "-")
    for role in ROLES:
        made.people[role] = User.objects.create(
            email=f"{role}@{slug}.example",
            full_name=f"{role.replace('_', ' ').title()} of {name}",
            clinic=made.clinic,
            role=role,
            password=_hashed(),
        )
    for number in range(patients):
        made.patients.append(
            Patient.objects.create(
                clinic=made.clinic,
                number=f"{number + 1:05d}",
                given_name=f"Given{number}",
                family_name=f"Family{number} {name}",
                birth_date=datetime.date(1980, 1, 1 + number),
                file=FILE,
                created_by=made.people["clinician"],
            )
        )
    return made
