"""What the patient is told after an entry: what to do, how soon, and whom to call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from recutis.course.aftercare import URGENCY
from recutis.course.diary_triage import Finding, highest
from recutis.web.accounts.models import Clinic
from recutis.web.diary.contact import Contact, contact, emergency
from recutis.web.diary.plain import CALL_WORDS, SIGN_WORDS, flag_words

_SOON: Final = URGENCY[:4]


@dataclass(frozen=True, kw_only=True)
class Advice:
    """Title, reasons with what to do about each, and the numbers; `level` is danger, caution or info."""

    title: str
    reasons: tuple[tuple[str, str], ...]
    contact: Contact
    level: str

    @property
    def text(self) -> str:
        """All of it as one text, as it is kept with the alarm."""
        lines = [self.title, *(f"{sign}: {action}" if action else sign for sign, action in self.reasons)]
        lines += [f"{one.whose}: {one.shown}" for one in (self.contact.first, self.contact.then) if one]
        return "\n".join(lines)


def advice_for(clinic: Clinic, findings: Sequence[Finding]) -> Advice | None:
    """What to tell the patient; None where nothing was found. Worry and words alone are answered by the clinic."""
    if not findings:
        return None
    signs = [one for one in findings if one.kind in {"flag", "number"}]
    reasons = tuple(dict.fromkeys(_reason(one) for one in _once(findings)))
    if not signs:
        worried = any(one.kind == "worry" for one in findings)
        return Advice(
            title="The clinic has been told", reasons=reasons, level="info",
            contact=contact(clinic, highest(findings) if worried else ""),
        )  # fmt: skip
    urgency = highest(signs)
    return Advice(
        title=CALL_WORDS[urgency].format(emergency=emergency().shown), reasons=reasons, contact=contact(clinic, urgency),
        level="danger" if urgency == URGENCY[0] else "caution" if urgency in _SOON else "info",
    )  # fmt: skip


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """A sign that more than one rule tells of is told once, with its highest urgency."""
    seen: set[str] = set()
    kept = []
    for one in findings:
        sign = one.row_id.rpartition(".")[2] if one.kind == "number" else one.row_id
        if sign not in seen:
            kept.append(one)
        seen.add(sign)
    return kept


def _reason(finding: Finding) -> tuple[str, str]:
    if finding.kind == "words":
        return "You wrote to the clinic", "Somebody reads it within a day. If it cannot wait, call."
    if finding.kind == "number":
        sign = finding.row_id.rpartition(".")[2]
        kind = finding.row_id.split(".")[2]
        told = {"severe": "is severe", "above": "is stronger than expected on this day", "rise": "is stronger than before"}[kind]
        return f"{SIGN_WORDS[sign][0]} {told}", "The clinic has been told and wants to hear from you."
    return flag_words(finding.row_id, finding.what, finding.action)
