"""Invented people: names that belong to nobody, patients with a consultation that is empty, begun, complete or alarming."""

from __future__ import annotations

import datetime
import random
from typing import Any, Final

from recutis.web.demo import plans

GIVEN: Final = {
    "female": (
        "Adela", "Bea", "Carla", "Dunja", "Elin", "Farah", "Greta", "Hanne", "Ilse", "Jana", "Kaja", "Leila", "Mirela", "Nadja",
        "Oda", "Priya", "Rosa", "Selma", "Tove", "Una", "Vesna", "Wanda", "Yasmin", "Zora",
    ),
    "male": (
        "Anton", "Bela", "Cyril", "Denis", "Emil", "Farid", "Georg", "Henk", "Ivo", "Jonas", "Karim", "Lars", "Mirko", "Nils",
        "Oskar", "Pavel", "Ravi", "Sami", "Timo", "Ugo", "Viktor", "Willem", "Yusuf", "Zoltan",
    ),
}  # fmt: skip
FAMILY: Final = (
    "Ahlgren", "Bartok-Lind", "Celik", "Dorfer", "Eklund", "Fabrizi", "Grabner", "Halvorsen", "Ibarra", "Jelinek", "Kovar",
    "Lindqvist", "Marwick", "Novotna", "Okafor", "Petrov", "Quist", "Rahimi", "Sandoval", "Tanaka", "Ulmer", "Varga", "Wexford",
    "Yilmaz", "Zeman", "O'Dwyer", "van der Berg", "Strand", "Moravec", "Castellan",
)  # fmt: skip
STAFF: Final = (
    ("Dr Ines Adler", "clinician"), ("Dr Paul Rinaldi", "clinician"), ("Mara Lund", "nurse"), ("Tomas Veit", "nurse"),
    ("Kim Sorel", "front_desk"), ("Noor Haddad", "researcher"), ("Lea Brandt", "administrator"),
)  # fmt: skip
_PHOTOTYPES: Final = ("I", "II", "II", "II", "III", "III", "III", "IV", "IV", "V")
_YEAR_DAYS: Final = 365.25
_LAST_BIRTH_AGE: Final = 55


def name(draw: random.Random, sex: str) -> tuple[str, str]:
    """A given name and a family name."""
    return draw.choice(GIVEN[sex]), draw.choice(FAMILY)


def born(draw: random.Random, age: float, day: datetime.date) -> datetime.date:
    """A day of birth that gives this age on a day."""
    return day - datetime.timedelta(days=int((int(age) + draw.uniform(0.05, 0.95)) * _YEAR_DAYS))


def consultation(draw: random.Random, day: datetime.date) -> dict[str, Any]:
    """A patient file as somebody has left it: not begun, half-way, complete, or with a spot that must be looked at first."""
    kind = draw.choices(("empty", "half", "whole", "changing"), (10, 20, 64, 6))[0]
    if kind == "empty":
        return {}
    file = plans.file(draw.randrange(plans.how_many()), day)
    _varied(draw, file)
    if kind == "changing":
        file["concerns"] = [{"kind": "age_spots", "site": "cheek", "count": 1, "diagnosis_confirmed": False, "changing": True}]
        file["goals"].pop("priorities", None)
    if kind == "half":
        for block in ("history", "active"):
            answers = file[block]
            for key in draw.sample(sorted(answers), k=len(answers) // 2):
                del answers[key]
    return file


def _varied(draw: random.Random, file: dict[str, Any]) -> None:
    person = file["patient"]
    person["age"] = max(19, min(84, person["age"] + draw.randint(-12, 12)))
    person["phototype"] = draw.choice(_PHOTOTYPES)
    person["smoker"] = draw.random() < 0.2
    person["tanned"] = draw.random() < 0.08
    for key in ("pregnant", "breastfeeding"):
        person.pop(key, None)
        if person["sex"] == "female" and person["age"] <= _LAST_BIRTH_AGE:
            person[key] = False
    history = file["history"]
    history["herpes_labialis"] = draw.random() < 0.3
    history["keloid"] = draw.random() < 0.03
    history["medications"] = draw.choices(([], ["ramipril"], ["levothyroxine"], ["aspirin"]), (70, 10, 15, 5))[0]
    goals = file["goals"]
    goals["max_social_downtime_days"] = draw.choice((2, 3, 5, 7, 10, 14))
    goals["max_sessions"] = draw.choice((1, 2, 3, 4, 5))
    goals["risk"] = draw.choice(("cautious", "cautious", "balanced", "bold"))
    for concern in file["concerns"]:
        if "count" in concern:
            concern["count"] = draw.randint(2, 25)
