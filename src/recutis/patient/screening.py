"""Screening: every row of screening.csv held against one patient file.

Status, in order of precedence: `refer` (a changing, suspicious or undiagnosed lesion), `blocked` (all that
was asked for is removed, and time alone will not change that), `deferred` (all that was asked for is removed,
and some of it comes back when a wait, a pregnancy or an illness is over), `needs_answers` (a required answer
is missing), `ready`.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from recutis import evidence
from recutis.classes import DEVICE_CLASSES, matches, matches_any
from recutis.errors import InputError
from recutis.patient import rules_lesion, rules_medicine, rules_person, rules_skin
from recutis.patient.ceilings import asking_physician, ceiling
from recutis.patient.medicines import unknown
from recutis.patient.override import Override
from recutis.patient.profile import Patient, questions
from recutis.patient.rule import RULES, Finding, overlap, treated

Status = Literal["ready", "needs_answers", "deferred", "refer", "blocked"]
EntryState = Literal["fires", "unanswered", "checklist", "overridden", "lifted"]

RULE_MODULES = (rules_lesion, rules_medicine, rules_person, rules_skin)
REFERRALS = frozenset({"SCR-032", "SCR-064"})
_REMOVING = frozenset({"absolute", "relative"})
_PEELING = "resurfacing_any"
_LIGHT = "vascular_any, pigment_any, ipl"
# What a person may hope to be offered for a kind of concern; used only to tell "nothing is left" from "something is left".
_HOPED_FOR = {
    "facial_veins": "vascular_any, ipl",
    "diffuse_redness": "vascular_any, ipl",
    "age_spots": f"{_PEELING}, pigment_any, vascular_ktp_532, ipl",
    "freckles": f"{_PEELING}, pigment_any, vascular_ktp_532, ipl",
    "melasma": "nonablative_fractional_any, pigment_any",
    "poikiloderma": f"nonablative_fractional_any, {_LIGHT}",
    "hypertrophic_scar": f"{_PEELING}, vascular_any",
    "acne_prone": f"{_PEELING}, nonablative_any, vascular_any, ipl",
    "enlarged_pores": f"{_PEELING}, nonablative_any",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One rule as it stands for this patient.

    `applies_to` lists device classes (and words such as rf_any for things that are not lasers);
    `sites` where it holds (empty: everywhere); `until` the first day on which it may be over, when a
    date can be said; `passes` that time or healing ends it.
    """

    rule_id: str
    condition: str
    severity: str
    state: EntryState
    applies_to: tuple[str, ...]
    reach: tuple[tuple[str, tuple[str, ...]], ...]
    sites: tuple[str, ...]
    message: str
    required_action: str
    source: str
    confidence: str
    lifts_when: str
    override: str
    until: datetime.date | None
    passes: bool
    asks: tuple[str, ...] = ()
    lifted_by: Override | None = None
    spared: frozenset[tuple[str, str]] = frozenset()

    def covers(self, device_class: str, site: str) -> bool:
        """Whether the rule speaks of this class on this site."""
        if (device_class, site) in self.spared:
            return False
        if self.sites and not any(overlap(site, own) for own in self.sites):
            return False
        return any(device_class == name and (not where or any(overlap(site, own) for own in where)) for name, where in self.reach)

    @property
    def removes(self) -> bool:
        """Whether it takes away the classes it covers."""
        return self.state == "fires" and self.severity in _REMOVING


@dataclass(frozen=True, kw_only=True)
class Screening:
    """What screening found: entries in the table's order; `silenced` gave way to a newer rule that fires too."""

    status: Status
    entries: tuple[Entry, ...]
    silenced: tuple[Entry, ...]
    overrides: tuple[Override, ...]
    urgent: bool

    def removed(self, device_class: str, site: str) -> tuple[Entry, ...]:
        """The entries that take this class away on this site; empty when it may be used."""
        return tuple(entry for entry in self.entries if entry.removes and entry.covers(device_class, site))

    def cautions(self, device_class: str, site: str) -> tuple[Entry, ...]:
        """Warnings for this class on this site: cautions, and rules that a physician has lifted."""
        return tuple(
            entry
            for entry in self.entries
            if entry.covers(device_class, site)
            and ((entry.state == "fires" and entry.severity == "caution") or entry.state == "overridden")
        )

    @property
    def firing(self) -> tuple[Entry, ...]:
        """Entries that fire."""
        return tuple(entry for entry in self.entries if entry.state == "fires")

    @property
    def checklist(self) -> tuple[Entry, ...]:
        """Entries for the pre-treatment list."""
        return tuple(entry for entry in self.entries if entry.state == "checklist")

    @property
    def overridden(self) -> frozenset[str]:
        """Ids of rules and ceilings that a physician has lifted."""
        return frozenset(item.rule_id for item in self.overrides)


@cache
def reach_of(applies_to: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The (device class, sites) that the words of `applies_to` cover; 'perioral fractional' is fractional around the mouth."""
    found: dict[str, tuple[str, ...]] = {}
    for word in (part.strip() for part in applies_to.split(",")):
        site, _, pattern = word.rpartition(" ")
        where = (site,) if pattern == "fractional" else ()
        glob = "fractional_any" if where else word
        for name in DEVICE_CLASSES:
            if matches(glob, name) and found.get(name) != ():
                found[name] = where
    return tuple((name, found[name]) for name in DEVICE_CLASSES if name in found)


def _applies_to(text: str) -> tuple[str, ...]:
    classes = tuple(name for name, _ in reach_of(text))
    words = [word.strip() for word in text.split(",")]
    others = tuple(word for word in words if not reach_of(word))
    return classes + others


def _until(patient: Patient, row: evidence.Row, finding: Finding) -> datetime.date | None:
    if finding.until is not None:
        return finding.until
    days = int(row.fields["wait_days_min"] or 0)
    if not finding.waits or not days:
        return None
    return (finding.since or patient.date) + datetime.timedelta(days=days)


def _entry(patient: Patient, row: evidence.Row, finding: Finding) -> Entry | None:
    if finding.state == "does_not_apply":
        return None
    fields = row.fields
    message = f"{fields['condition'][:1].upper()}{fields['condition'][1:]}: {fields['rule']}"
    if finding.detail:
        message += f" ({finding.detail})"
    if finding.state == "unanswered":
        message += f" (not answered: {', '.join(finding.asks)})"
    scope = [word.strip() for word in fields["site_scope"].split(",") if word.strip()]
    sites = finding.sites or frozenset(site for site in treated(patient) if any(overlap(site, own) for own in scope))
    if scope and not sites:
        return None
    return Entry(
        rule_id=row.id,
        condition=fields["condition"],
        severity=fields["severity"],
        state=finding.state,
        applies_to=_applies_to(fields["applies_to"]),
        reach=reach_of(fields["applies_to"]),
        sites=tuple(sorted(sites)),
        message=f"{message}.",
        required_action=fields["required_action"],
        source=row.source,
        confidence=row.confidence,
        lifts_when=fields["lifts_when"] or fields["wait_text"],
        override=fields["override"],
        until=_until(patient, row, finding) if finding.state == "fires" else None,
        passes=RULES[row.id].passes,
        asks=finding.asks,
        spared=finding.spared,
    )


def _all_entries(patient: Patient) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """(entries, silenced): an older rule keeps silent when the newer one named in superseded_by fires too."""
    rows = evidence.rows("screening")
    made = [_entry(patient, row, RULES[row.id].find(patient)) for row in rows]
    firing = {entry.rule_id for entry in made if entry is not None and entry.state == "fires"}
    gives_way = {row.id for row in rows if row.fields["superseded_by"] in firing}
    kept = tuple(entry for entry in made if entry is not None and entry.rule_id not in gives_way)
    return kept, tuple(entry for entry in made if entry is not None and entry.state == "fires" and entry.rule_id in gives_way)


def _refuse(item: Override, why: str) -> InputError:
    return InputError(f"{item.rule_id} cannot be overridden by {item.by}: {why}")


def _check(item: Override, patient: Patient, entries: Sequence[Entry], silenced: Sequence[Entry]) -> None:
    known = {entry.rule_id: entry for entry in entries}
    if item.rule_id.startswith("CEI-"):
        _check_ceiling(item, patient)
        return
    if item.rule_id not in RULES:
        raise _refuse(item, "there is no such rule; name one that fires, such as SCR-010.")
    if item.rule_id in {entry.rule_id for entry in silenced}:
        newer = evidence.get(item.rule_id).fields["superseded_by"]
        raise _refuse(item, f"it already gives way to {newer}; override that rule if it must be lifted.")
    if item.rule_id not in known or known[item.rule_id].state != "fires":
        raise _refuse(item, "it does not fire for this patient; remove the override.")
    entry = known[item.rule_id]
    if entry.override == "never":
        raise _refuse(item, f"nobody may lift it; it ends when: {entry.lifts_when or 'the answer in the file changes'}.")
    _check_role(item)


def _check_role(item: Override) -> None:
    if item.role != "physician":
        raise _refuse(item, f"the role {item.role} may not; only a physician may, with name and reason.")


def _check_ceiling(item: Override, patient: Patient) -> None:
    phototype = patient.patient.phototype
    asked = phototype is not None and any(
        item.rule_id in limit.rule_ids and limit.needs_physician
        for site in treated(patient)
        for limit in (ceiling(site, name, phototype) for name in DEVICE_CLASSES)
    )
    if not asked:
        raise _refuse(item, "it is no ceiling that asks for a physician on the sites and phototype of this patient.")
    _check_role(item)


def _lift(entries: Sequence[Entry], overrides: Sequence[Override]) -> tuple[Entry, ...]:
    by_rule = {item.rule_id: item for item in overrides}
    return tuple(
        replace(
            entry,
            state="overridden",
            lifted_by=by_rule[entry.rule_id],
            message=f"{entry.message} Lifted by {by_rule[entry.rule_id].by} ({by_rule[entry.rule_id].role}) on "
            f"{by_rule[entry.rule_id].date}: {by_rule[entry.rule_id].reason}",
        )
        if entry.rule_id in by_rule and entry.state == "fires"
        else entry
        for entry in entries
    )


def _hoped_for(kind: str) -> tuple[str, ...]:
    return tuple(name for name in DEVICE_CLASSES if matches_any(_HOPED_FOR.get(kind, _PEELING), name))


def _status(patient: Patient, entries: Sequence[Entry]) -> Status:
    if any(entry.rule_id in REFERRALS and entry.state == "fires" for entry in entries):
        return "refer"
    removing = [entry for entry in entries if entry.removes]
    pairs = [(name, concern.site) for concern in patient.concerns for name in _hoped_for(concern.kind)]
    against = [[entry for entry in removing if entry.covers(*pair)] for pair in pairs]
    if all(against):
        return "deferred" if any(all(entry.passes for entry in found) for found in against) else "blocked"
    return "needs_answers" if questions(patient) else "ready"


def screen(patient: Patient, overrides: Sequence[Override] = ()) -> Screening:
    """Hold every rule against a patient, with the overrides of clinicians.

    Raises InputError when an override names a rule that does not fire or does not exist, a rule that
    nobody may lift, a role that may not, or the same rule twice.
    """
    entries, silenced = _all_entries(patient)
    seen: set[str] = set()
    for item in overrides:
        if item.rule_id in seen:
            raise _refuse(item, "it is listed twice; keep one override a rule.")
        seen.add(item.rule_id)
        _check(item, patient, entries, silenced)
    lifted = _lift(entries, overrides)
    status = _status(patient, lifted)
    return Screening(status=status, entries=lifted, silenced=silenced, overrides=tuple(overrides), urgent=status == "refer")


def physician_ceilings(patient: Patient) -> tuple[tuple[str, str], ...]:
    """The ceilings that a physician may override for this patient's sites and phototype: (id, what it keeps closed, in words)."""
    phototype = patient.patient.phototype
    if phototype is None:
        return ()
    found: dict[str, list[str]] = {}
    for site in treated(patient):
        for name in DEVICE_CLASSES:
            for row in asking_physician(site, name, phototype):
                found.setdefault(row.id, []).append(f"{name.replace('_', ' ')} on the {site.replace('_', ' ')}")
    return tuple((rule_id, f"{', '.join(places)}, in phototype {phototype}") for rule_id, places in found.items())


def unasked(patient: Patient) -> tuple[str, ...]:
    """Optional answers that a rule would use and that are absent, in the rules' order; then medicines nobody knows.

    None of them blocks anything, and none is taken as 'no'.
    """
    entries, _ = _all_entries(patient)
    places = dict.fromkeys(place for entry in entries if entry.state == "unanswered" for place in entry.asks)
    strange = (
        f"history.medications: '{name}' is not in the table of medicines; ask the prescriber what it means for light and healing"
        for name in unknown(patient)
    )
    return (*places, *strange)
