"""Which class a medicine belongs to, from the names in a patient file. Nothing here advises to stop one."""

from __future__ import annotations

import re
from functools import cache

from recutis import evidence
from recutis.patient.profile import Patient

_WORD = re.compile(r"[^\W_][\w'’-]*")


@cache
def _classes() -> dict[str, str]:
    return {row.fields["name"]: row.fields["medicine_class"] for row in evidence.rows("medicines")}


def classes_of(name: str) -> frozenset[str]:
    """Classes that the words of a name such as 'Doxycycline 100 mg' belong to; empty when no word is known.

    A plural, and a salt after a hyphen, are recognised; `none` is the class of known medicines that no rule asks about.
    """
    known = _classes()
    found = set()
    for word in _WORD.findall(name.lower()):
        # "doxycycline-hyclate" is doxycycline; names that hold a hyphen themselves are tried whole first
        for form in (word, word.removesuffix("s"), *word.split("-")):
            if form in known:
                found.add(known[form])
                break
    # "retinol" and "tretinoin" as creams: the word isotretinoin has a class of its own
    return frozenset(found)


def taken(patient: Patient, *wanted: str) -> tuple[str, ...]:
    """The medicines in the file, as written, that belong to any of the classes."""
    return tuple(name for name in patient.history.medications or () if classes_of(name) & set(wanted))


def unknown(patient: Patient) -> tuple[str, ...]:
    """Medicines in the file that the table does not know: ask the prescriber what they mean for light and healing."""
    return tuple(name for name in patient.history.medications or () if not classes_of(name))
