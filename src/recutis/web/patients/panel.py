"""The screening panel: what the answers so far mean, with rule, source and what is still open. It decides nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from recutis.patient import Entry, physician_ceilings, questions, unasked
from recutis.web.patients.asks import find, words_of
from recutis.web.patients.models import LiftedRule
from recutis.web.patients.records import Standing
from recutis.web.patients.shown import sentence_of

_SEVERITIES: Final = ("absolute", "relative", "caution")
_STATUS: Final = {
    "ready": ("good", "Ready to plan", "Every question that a plan needs is answered."),
    "needs_answers": ("info", "Answers needed", "A plan needs the answers below first."),
    "deferred": (
        "caution",
        "Wait",
        "Everything that could help is ruled out for now; some of it comes back when a wait is over.",
    ),
    "refer": ("danger", "Refer, urgently", "A lesion must be examined before any laser is thought of."),
    "blocked": ("danger", "Blocked", "Everything that could help with these concerns is ruled out."),
}
_NO_CONCERN: Final = ("info", "Answers needed", "Name a concern first; screening starts with it.")
_WRONG: Final = (
    "caution",
    "Something to correct",
    "An answer cannot be read. Screening goes on without it; a plan waits until it is right.",
)


@dataclass(frozen=True, kw_only=True)
class Open:
    """A question that is open: its place, its words, the name in the page to go to."""

    place: str
    words: str

    @property
    def target(self) -> str:
        """The name of the question in the page."""
        return f"q-{self.place.replace('.', '-')}"


@dataclass(frozen=True, kw_only=True)
class Firing:
    """A rule that fires or is lifted, how it is coloured, and whether a physician may lift it."""

    entry: Entry
    tone: str
    liftable: bool
    lifted: LiftedRule | None = None


@dataclass(frozen=True, kw_only=True)
class Panel:
    """All that the panel says."""

    status: str
    tone: str
    title: str
    words: str
    wrong: tuple[Open, ...]
    open: tuple[Open, ...]
    firing: tuple[Firing, ...]
    checklist: tuple[Entry, ...]
    optional: tuple[Open, ...]
    optional_rules: int
    remarks: tuple[str, ...]
    ceilings: tuple[tuple[str, str], ...]
    lifted_ceilings: tuple[LiftedRule, ...]
    resting: tuple[tuple[LiftedRule, str], ...]

    @property
    def ready(self) -> bool:
        """Whether a plan can be made now."""
        return self.status == "ready" and not self.wrong

    @property
    def in_short(self) -> tuple[Firing, ...]:
        """Of rules on the same condition the strictest only, for a page that does not say what each rule asks."""
        first: dict[tuple[str, str], Firing] = {}
        for item in self.firing:
            first.setdefault((item.entry.condition, item.entry.state), item)
        return tuple(first.values())


def panel_of(now: Standing) -> Panel:
    """The panel for a patient as they stand."""
    draft, screening = now.draft, now.screening
    wrong = tuple(
        Open(place=item.place, words=_wrong_words(item.place, sentence_of(item))) for item in draft.problems if not item.missing
    )
    open_ = [Open(place=item.place, words=_missing_words(item.place)) for item in draft.problems if item.missing]
    open_ += [Open(place=item.place, words=item.question.replace(" ([] for none)", "")) for item in questions(draft.patient)]
    optional = unasked(draft.patient) if screening else ()
    entries = screening.entries if screening else ()
    status = screening.status if screening else "needs_answers"
    tone, title, words = _STATUS[status] if screening else _NO_CONCERN
    if wrong and status in {"ready", "needs_answers"}:
        tone, title, words = _WRONG
    by_rule = {item.rule_id: item for item in now.lifted}
    ceilings = physician_ceilings(draft.patient) if screening else ()
    return Panel(
        status=status, tone=tone, title=title, words=words, wrong=wrong, open=tuple({item.place: item for item in open_}.values()),
        firing=_firing(entries, by_rule),
        checklist=screening.checklist if screening else (),
        optional=tuple(Open(place=place, words=_optional_words(place)) for place in optional if ":" not in place),
        optional_rules=sum(entry.state == "unanswered" for entry in entries),
        remarks=tuple(place.partition(": ")[2] for place in optional if ":" in place),
        ceilings=tuple((rule_id, words) for rule_id, words in ceilings if rule_id not in by_rule),
        lifted_ceilings=tuple(by_rule[rule_id] for rule_id, _ in ceilings if rule_id in by_rule),
        resting=now.resting,
    )  # fmt: skip


def _firing(entries: Sequence[Entry], lifted: dict[str, LiftedRule]) -> tuple[Firing, ...]:
    fires = [entry for entry in entries if entry.state == "fires"]
    fires.sort(key=lambda entry: _SEVERITIES.index(entry.severity) if entry.severity in _SEVERITIES else len(_SEVERITIES))
    shown = [
        Firing(entry=entry, tone="danger" if entry.severity == "absolute" else "caution", liftable=entry.override != "never")
        for entry in fires
    ]
    eased = [entry for entry in entries if entry.state in {"overridden", "lifted"}]
    return (*shown, *(Firing(entry=entry, tone="info", liftable=False, lifted=lifted.get(entry.rule_id)) for entry in eased))


def place_words(place: str) -> str:
    """A place of the file as words: `concerns.1.site` reads `concern 2, site`."""
    parts = place.split(".")
    if len(parts) > 1 and parts[0] == "concerns" and parts[1].isdigit():
        return ", ".join([f"concern {int(parts[1]) + 1}", *(words_of(part) for part in parts[2:])])
    words: list[str] = []
    for part in parts[1:] or parts:
        if part.isdigit() and words:
            words[-1] += f" {int(part) + 1}"
        else:
            words.append(words_of(part))
    return ", ".join(words)


def _wrong_words(place: str, sentence: str) -> str:
    where = place_words(place) if place else "patient file"
    return f"{where[:1].upper()}{where[1:]}: {sentence}"


def _missing_words(place: str) -> str:
    if place == "concerns":
        return "What is to be changed, and where?"
    where = place_words(place)
    return f"{where[:1].upper()}{where[1:]}?"


def _optional_words(place: str) -> str:
    ask = find(place)
    return (
        _wrong_words(place, ask.help if ask else "").removesuffix(": ")
        if place.startswith("concerns")
        else (ask.label if ask else place)
    )
