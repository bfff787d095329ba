"""Site and concern words, and which sites count as the face."""

from __future__ import annotations

import re
from typing import Final

SITES: Final[tuple[str, ...]] = (
    "forehead", "temple", "cheek", "nose", "periorbital", "eyelid", "perioral", "chin", "full_face", "neck", "decolletage",
    "hands",
)  # fmt: skip
OFF_FACE: Final[frozenset[str]] = frozenset({"neck", "decolletage", "hands"})
PHOTOTYPES: Final[tuple[str, ...]] = ("I", "II", "III", "IV", "V", "VI")
CONCERN_KINDS: Final[tuple[str, ...]] = (
    "acne_scars", "surgical_scar", "traumatic_scar", "burn_scar", "hypertrophic_scar", "fine_lines", "deep_lines", "age_spots",
    "freckles", "facial_veins", "diffuse_redness", "poikiloderma", "enlarged_pores", "acne_prone", "texture", "melasma",
    "undiagnosed",
)  # fmt: skip
_ROMAN: Final = re.compile(r"\b(VI|IV|V|III|II|I)\b(?:\s*(?:-|–|to|and|,|/|&)\s*(VI|IV|V|III|II|I)\b)?")
_PEOPLES: Final[tuple[tuple[str, str, str], ...]] = (
    (r"korean|chinese|asian|japanese|thai|taiwanese", "III", "IV"),
    (r"indian|hispanic|latin|middle.eastern|arab|egyptian", "IV", "V"),
    (r"african|black|dark", "V", "VI"),
    (r"fair|caucasian|white", "I", "II"),
)


def concern_key_words(key: str) -> str:
    """'fine lines, periorbital' for `fine_lines@periorbital`, the word of a concern in a plan; a side is added."""
    return key.replace("_", " ").replace("@", ", ").replace(":", ", ")


def ceiling_site(site: str) -> str:
    """The word of `ceilings.csv` for a site: face, eyelid, neck, decolletage or hands.

    Periorbital skin outside the lid counts as face; the lid itself is `eyelid`.
    """
    return site if site in OFF_FACE or site == "eyelid" else "face"


def phototypes_in(text: str) -> frozenset[str]:
    """The phototypes a range such as 'IV-VI' or 'III' covers; all six for an empty text."""
    if not text.strip():
        return frozenset(PHOTOTYPES)
    first, _, last = text.strip().partition("-")
    if first not in PHOTOTYPES or (last and last not in PHOTOTYPES):
        return frozenset()
    start, end = PHOTOTYPES.index(first), PHOTOTYPES.index(last or first)
    return frozenset(PHOTOTYPES[start : end + 1])


def phototypes_told(text: str) -> tuple[str, ...]:
    """Phototypes a study treated, in order, from words such as 'III-V' or 'Korean'; empty when they say none."""
    match = _ROMAN.search(text)
    if match:
        first, last = match.group(1), match.group(2) or match.group(1)
    else:
        found = next(((low, high) for pattern, low, high in _PEOPLES if re.search(pattern, text.lower())), None)
        if found is None:
            return ()
        first, last = found
    start, end = sorted((PHOTOTYPES.index(first), PHOTOTYPES.index(last)))
    return PHOTOTYPES[start : end + 1]
