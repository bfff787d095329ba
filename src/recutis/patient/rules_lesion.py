"""Rules that keep a laser away from a spot that may be a cancer."""

from __future__ import annotations

import re

from recutis import evidence
from recutis.patient.profile import REDNESS_KINDS, Concern, Diagnosis, Patient
from recutis.patient.rule import NO, Finding, ask, described, field_rule, first, rule, yes

# words in `diagnosis.what` that say the lesion is or may be malignant
_NOT_BENIGN = re.compile(
    r"melanom|malign|carcinom|cancer|dysplas|atypi|suspicious|unclear|unknown|uncertain|bowen|paget|lymphom"
    r"|\b(?:bcc|scc|mm|lm|lmm|ak)\b|actinic k|keratosis actin",
    re.IGNORECASE,
)
_BENIGN_AGAIN = re.compile(r"\b(?:no|not|non|without|excluded|ruled out|benign)\b", re.IGNORECASE)


def says_malignant(diagnosis: Diagnosis | None) -> bool:
    """Whether the words of a diagnosis name a cancer, a precursor or a doubt ('no melanoma' does not)."""
    if diagnosis is None or diagnosis.what is None:
        return False
    return bool(_NOT_BENIGN.search(diagnosis.what)) and not _BENIGN_AGAIN.search(diagnosis.what)


def _proven_benign(concern: Concern) -> bool:
    return concern.diagnosis is not None and concern.diagnosis.complete and not says_malignant(concern.diagnosis)


def _who_how_when(diagnosis: Diagnosis) -> str:
    return f"{diagnosis.what} by {diagnosis.by}, {diagnosis.method}, {diagnosis.date}"


@rule("SCR-032", "concerns.changing", "concerns.diagnosis", "concerns.side")
def changing(patient: Patient) -> Finding:
    """A concern changes and is not benign by a complete diagnosis, or a diagnosis names a cancer, a precursor or a doubt.

    Left open for brown spots and undiagnosed concerns without an answer.
    """
    found, proven = [], []
    for number, concern in enumerate(patient.concerns):
        if says_malignant(concern.diagnosis):
            what = concern.diagnosis.what if concern.diagnosis is not None else ""
            found.append(yes(f"{described(concern)}: diagnosis '{what}'", waits=False))
        elif concern.changing and _proven_benign(concern):
            proven.append(concern)
        elif concern.changing:
            found.append(yes(f"{described(concern)}: changing", waits=False))
        elif concern.changing is None and (concern.pigmented or concern.kind == "undiagnosed"):
            found.append(ask(f"concerns.{number}.changing"))
    result = first(*found)
    if proven and result.state != "fires":
        told = "; ".join(f"{described(item)}: {_who_how_when(item.diagnosis)}" for item in proven if item.diagnosis is not None)
        return Finding(state="lifted", detail=f"changing but found benign: {told}; look again before treating", waits=False)
    return result


def _gate(patient: Patient) -> Finding:
    spots = [concern for concern in patient.concerns if concern.pigmented]
    if not spots:
        return NO
    shut = [item for item in spots if not (item.diagnosis_confirmed or _proven_benign(item)) or says_malignant(item.diagnosis)]
    if shut:
        names = "; ".join(described(concern) for concern in shut)
        return yes(f"no confirmed diagnosis: {names}", sites=[concern.site for concern in shut], waits=False)
    warnings = [_warning(concern) for concern in spots]
    return Finding(state="lifted", detail="; ".join(text for text in warnings if text), waits=False)


def _warning(concern: Concern) -> str:
    parts = []
    if not _proven_benign(concern):
        parts.append("confirmed, but the file does not say what it is, who found it, how and when")
    if concern.size_mm is not None and concern.size_mm > evidence.value("patient.large_spot"):
        parts.append(f"{concern.size_mm:g} mm wide: histology when in any doubt")
    if concern.age_months is not None and concern.age_months < evidence.value("patient.new_spot"):
        parts.append(f"new ({concern.age_months:g} months): histology when in any doubt")
    return f"{described(concern)}: {', '.join(parts)}" if parts else ""


_GATE_READS = (
    "concerns.kind", "concerns.diagnosis_confirmed", "concerns.diagnosis", "concerns.size_mm", "concerns.age_months",
    "concerns.count", "concerns.side",
)  # fmt: skip


@rule("SCR-033", *_GATE_READS)
def gate_histology(patient: Patient) -> Finding:
    """Age spots or freckles without a confirmed diagnosis.

    Opened (lifted) by diagnosis_confirmed or a complete diagnosis, with a warning where details are missing.
    """
    return _gate(patient)


@rule("SCR-034", *_GATE_READS)
def gate_dermatoscopy(patient: Patient) -> Finding:
    """As SCR-033: the mimic is lentigo maligna."""
    return _gate(patient)


@rule("SCR-064", "concerns.kind", "concerns.diagnosis_confirmed", "concerns.diagnosis")
def undiagnosed(patient: Patient) -> Finding:
    """A concern of the kind undiagnosed, or any but redness and veins (SCR-053) whose diagnosis_confirmed is false."""
    shut = [
        concern
        for concern in patient.concerns
        if concern.kind == "undiagnosed" or (concern.kind not in REDNESS_KINDS and concern.diagnosis_confirmed is False)
    ]
    return yes("; ".join(described(concern) for concern in shut), waits=False) if shut else NO


@rule("SCR-066", "history.skin_cancer_sites")
def earlier_cancer(patient: Patient) -> Finding:
    """A treated site had skin cancer and was not checked within six months."""
    return field_rule(patient, patient.history.skin_cancer_sites, "history.skin_cancer_sites", "skin cancer before")
