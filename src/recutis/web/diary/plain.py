"""Red flags and signs in the patient's words; the clinical words are those of the aftercare table."""

from __future__ import annotations

from typing import Final

from recutis.course.diary_triage import WORRIED
from recutis.report.words import sentence

FLAGS: Final[dict[str, tuple[str, str]]] = {
    "AFT-039": (
        "Redness that stays or comes back, with itching, spots with pus or small red spots around it",
        "You need to be seen today, so that a swab can be taken.",
    ),
    "AFT-040": ("One patch that heals more slowly than the skin around it", "The clinic should see it within a day."),
    "AFT-041": ("Stinging with yellow fluid or a dark crust, above all on the neck", "The clinic should see you today."),
    "AFT-042": (
        "Small blisters in a group, small round sores, or severe burning pain",
        "You need a medicine against herpes today. Do not wait.",
    ),
    "AFT-043": (
        "Fever over 38 °C, shivering, redness that spreads fast, or a swollen face and feeling very ill",
        "Go to an emergency department now.",
    ),
    "AFT-044": (
        "Pain in an eye, a change in your sight, floating spots, or light that hurts",
        "Your eye must be looked at as an emergency, now.",
    ),
    "AFT-045": (
        "Wheezing, a swollen throat or tongue, feeling faint or collapsing (swelling of the treated skin alone is expected)",
        "Do not drive yourself and do not stay alone.",
    ),
    "AFT-046": (
        "Feeling light-headed, a taste of metal, ringing in the ears, a fit, or blue-grey skin",
        "Do not drive yourself and do not stay alone. Say that you had a numbing medicine.",
    ),
    "AFT-047": ("Pain that gets worse instead of better", "The clinic should see you today."),
    "AFT-048": ("Blisters, weeping or grey skin", "The clinic should see it within a day."),
    "AFT-049": ("Burning that has not settled about four hours after the session", "Tell the clinic today."),
    "AFT-050": (
        "Skin that gets thick, hard or tight, or a raised red line",
        "A doctor should look at it within two weeks and may treat it.",
    ),
    "AFT-051": (
        "An eyelid that turns outwards, or an eye that does not close",
        "An eye doctor should see you within a day. Keep the eye moist with drops or ointment for the eye.",
    ),
    "AFT-052": ("Skin that gets darker", "The clinic should see it within a week. Until then keep the skin out of the sun."),
    "AFT-053": (
        "Spots with pus or small white bumps",
        "The clinic should see it within a week. Ask whether to stop the ointment that covers the skin.",
    ),
    "AFT-054": (
        "A treated brown spot that gets darker, grows, bleeds or comes back unevenly",
        "A doctor should look at it with a magnifier within two weeks and may take a small sample.",
    ),
    "AFT-055": (
        "An eye that is closed by swelling, or swelling that hurts",
        "Tell the clinic today. If you have trouble breathing or seeing, call the emergency number.",
    ),
    "AFT-056": ("Redness that hurts or gets worse", "The clinic should see it within two days."),
    "AFT-057": ("Pale patches that stay or grow", "A doctor should look at them within two weeks."),
    "AFT-058": (
        "New lumps, or bumps that ooze, weeks after healing",
        "A doctor should look at them within a week and may take a sample.",
    ),
    WORRIED: ("Something else worries me; please call me", "The clinic will look at this today. You can also call."),
}
"""By row of the aftercare table: the sign, and what to do about it."""

SIGN_WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "redness": ("Redness", "none", "deep red all over"),
    "swelling": ("Swelling", "none", "eyes or lips swollen shut"),
    "pain": ("Pain", "none", "worst I can imagine"),
    "sting_itch": ("Itching or stinging", "none", "cannot bear it"),
    "peeling": ("Peeling", "none", "the whole area peels"),
}
"""By sign: its name, and the words at both ends of its slider."""

CALL_WORDS: Final[dict[str, str]] = {
    "immediate": "Call {emergency} now",
    "same day": "Call us today",
    "24 h": "Call us within a day",
    "48 h": "Call us within two days",
    "routine 3-7 days": "Tell us within a week",
    "routine within 1 week": "Tell us within a week",
    "within 2 weeks": "Tell us within two weeks",
}
"""By urgency, what the patient does."""

STAFF_WORDS: Final[dict[str, str]] = {
    "immediate": "immediate",
    "same day": "same day",
    "24 h": "within 24 h",
    "48 h": "within 48 h",
    "routine 3-7 days": "within 3 to 7 days",
    "routine within 1 week": "within a week",
    "within 2 weeks": "within 2 weeks",
}
"""By urgency, how soon the patient must be seen."""


def flag_words(row_id: str, symptom: str = "", action: str = "") -> tuple[str, str]:
    """The sign and what to do, in plain words; the table's own words for a row that has none."""
    return FLAGS.get(row_id, (sentence(symptom).rstrip("."), sentence(action)))


def sign_name(sign: str) -> str:
    """'Itching or stinging' for `sting_itch`.

    Raises KeyError for a sign that the diary does not keep.
    """
    return SIGN_WORDS[sign][0]
