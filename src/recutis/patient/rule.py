"""What a rule finds in a patient file, and the register that joins each finding to its row of screening.csv."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from recutis import evidence
from recutis.patient.profile import Concern, Patient
from recutis.sites import OFF_FACE, SITES

State = Literal["fires", "unanswered", "does_not_apply", "lifted", "checklist"]
EVERYWHERE: frozenset[str] = frozenset()
FACE = frozenset(SITES) - OFF_FACE


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one rule finds in one patient.

    `sites` are where it holds (empty: everywhere); `since` is the day from which the row's waiting
    time counts (None: the day of planning); `waits` is False when no date can be promised; `until`
    is a day known by itself; `asks` are the optional places left open;
    `spared` are (device class, site) pairs that evidence in the file has freed.
    """

    state: State
    detail: str = ""
    sites: frozenset[str] = EVERYWHERE
    since: datetime.date | None = None
    waits: bool = True
    until: datetime.date | None = None
    asks: tuple[str, ...] = ()
    spared: frozenset[tuple[str, str]] = frozenset()


Predicate = Callable[[Patient], Finding]
NO = Finding(state="does_not_apply")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """An executable row: `reads` are the places of the file that decide it; `passes` says that time or healing ends it."""

    id: str
    reads: tuple[str, ...]
    passes: bool
    find: Predicate
    fires_when: str


RULES: dict[str, Rule] = {}


def rule(rule_id: str, *reads: str, passes: bool = False) -> Callable[[Predicate], Predicate]:
    """Register a predicate for a row; its docstring says in words what fires it."""

    def register(find: Predicate) -> Predicate:
        text = (find.__doc__ or "").strip()
        RULES[rule_id] = Rule(id=rule_id, reads=reads, passes=passes, find=find, fires_when=text)
        return find

    return register


def yes(detail: str = "", *, sites: Collection[str] = EVERYWHERE, **more: object) -> Finding:
    """A finding that fires."""
    return Finding(state="fires", detail=detail, sites=frozenset(sites), **more)  # type: ignore[arg-type]


def ask(*places: str) -> Finding:
    """A finding that stays open because optional answers are absent."""
    return Finding(state="unanswered", asks=places)


def when(answer: bool | None, place: str, detail: str = "", **more: object) -> Finding:
    """Fires on true, stays open on an absent answer, does not apply on false."""
    if answer is None:
        return ask(place)
    return yes(detail, **more) if answer else NO  # type: ignore[arg-type]


def first(*findings: Finding) -> Finding:
    """Joins findings by 'or': those that fire win and add their sites; then the open ones; then none."""
    firing = [item for item in findings if item.state == "fires"]
    if firing:
        sites = EVERYWHERE if any(not item.sites for item in firing) else frozenset().union(*(item.sites for item in firing))
        days = [item.since for item in firing if item.since is not None]
        untils = [item.until for item in firing if item.until is not None]
        return Finding(
            state="fires",
            detail="; ".join(dict.fromkeys(item.detail for item in firing if item.detail)),
            sites=sites,
            since=max(days) if days else None,
            until=max(untils) if untils else None,
            waits=all(item.waits for item in firing),
        )
    asks = tuple(dict.fromkeys(place for item in findings for place in item.asks))
    return ask(*asks) if asks else NO


def overlap(one: str, other: str) -> bool:
    """Whether two sites share skin: full_face shares with every facial site."""
    return one == other or ("full_face" in {one, other} and {one, other} <= FACE)


def treated(patient: Patient) -> tuple[str, ...]:
    """Sites of the concerns, each once, in the file's order."""
    return tuple(dict.fromkeys(concern.site for concern in patient.concerns))


def in_field(patient: Patient, sites: Iterable[str]) -> frozenset[str]:
    """Those treated sites that share skin with any of `sites`."""
    others = tuple(sites)
    return frozenset(site for site in treated(patient) if any(overlap(site, other) for other in others))


def field_rule(patient: Patient, sites: Iterable[str] | None, place: str, detail: str) -> Finding:
    """Fires on the treated sites that a list of sites touches."""
    if sites is None:
        return ask(place)
    here = in_field(patient, sites)
    return yes(f"{detail}: {', '.join(sorted(here))}", sites=here) if here else NO


def wait_days(rule_id: str) -> int:
    """The row's waiting time in days; 0 where it gives none."""
    return int(evidence.get(rule_id).fields["wait_days_min"] or 0)


def recent(patient: Patient, rule_id: str, *kinds: str, default: Finding | None = None) -> Finding:
    """Fires on the treated sites where one of these procedures lies within the row's waiting time."""
    listed = patient.history.recent_procedures
    if listed is None:
        return default or ask("history.recent_procedures")
    wait = datetime.timedelta(days=wait_days(rule_id))
    close = [item for item in listed if item.kind in kinds and patient.date - item.date < wait and in_field(patient, [item.site])]
    return first(
        *(
            yes(f"{item.kind.replace('_', ' ')} on {item.date}", sites=in_field(patient, [item.site]), since=item.date)
            for item in close
        )
    )


def clean_spots(patient: Patient, rule_id: str) -> frozenset[tuple[str, str]]:
    """The (device class, site) pairs whose test spot was read clean after the row's wait, and no other there was not."""
    spots = patient.history.test_spots or ()
    wait = datetime.timedelta(days=wait_days(rule_id))
    clean = {(item.device_class, item.site) for item in spots if item.result == "clean" and item.read_on - item.date >= wait}
    return frozenset(clean - {(item.device_class, item.site) for item in spots if item.result != "clean"})


def with_clean_spots(patient: Patient, rule_id: str, finding: Finding) -> Finding:
    """The finding, sparing classes and sites whose test spot was clean."""
    spared = clean_spots(patient, rule_id) if finding.state == "fires" else frozenset()
    if not spared:
        return finding
    names = ", ".join(f"{name} on the {site}" for name, site in sorted(spared))
    return replace(finding, spared=spared, detail=f"{finding.detail}; test spot clean, so not for {names}")


def described(concern: Concern) -> str:
    """'9 age spots on the left cheek'."""
    count = f"{concern.count} " if concern.count else ""
    side = f"{concern.side} " if concern.side in {"left", "right"} else ""
    return f"{count}{concern.kind.replace('_', ' ')} on the {side}{concern.site.replace('_', ' ')}"
