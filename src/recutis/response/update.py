"""What was seen at a test spot or a session tells which twins are like this person: it reweights the cloud."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from recutis import evidence
from recutis.errors import InputError, OutOfRangeError
from recutis.injury import Injury
from recutis.response import clocks
from recutis.response.cloud import effective, refresh, weighed
from recutis.response.improve import improve
from recutis.response.respond import respond
from recutis.response.types import Care, Draws, SiteResponse
from recutis.response.wound import read_wound
from recutis.skin.types import Lesion
from recutis.twins import Twins

DAYS: Final = ("redness_days", "downtime_days", "closure_days")
EVENTS: Final = ("pih", "blister", "purpura")
_SCALES: Final[Mapping[str, tuple[float, float, str]]] = MappingProxyType(
    {
        "pain_0_10": (0.0, 10.0, "pain is told from 0 (none) to 10 (worst)"),
        "improvement_pct": (-20.0, 100.0, "improvement is told from -20 (worse) to 100 (gone)"),
    }
)
OBSERVED: Final = (*DAYS, *_SCALES, *EVENTS)
"""Everything that can be seen, by its word in a course file."""
WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "redness_days": ("redness", "days"),
        "downtime_days": ("social downtime", "days"),
        "closure_days": ("skin closed", "days"),
        "pain_0_10": ("pain", "0-10"),
        "improvement_pct": ("improvement", "pct"),
        "pih": ("dark marks (PIH)", "pct"),
        "blister": ("blisters", "pct"),
        "purpura": ("bruise", "pct"),
    }
)
"""Words and unit of each; the unit of an event is that of its chance."""
_SMALLEST_STEP: Final = 1 / 64  # share of the likelihood that is taken in at once, at least


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen after one session at one site; None: was not looked at.

    `redness_days` until a clinician would no longer note redness, `downtime_days` until the person went out without hiding,
    `closure_days` until the skin was whole, each counted from the session; `pain_0_10` during the session; `improvement_pct`
    as graded once it had matured; `pih`, `blister` and `purpura` whether dark marks, blisters or a bruise came.

    Raises OutOfRangeError for what cannot be seen, InputError when nothing was, or when an event is neither true nor false.
    """

    redness_days: float | None = None
    downtime_days: float | None = None
    closure_days: float | None = None
    pain_0_10: float | None = None
    improvement_pct: float | None = None
    pih: bool | None = None
    blister: bool | None = None
    purpura: bool | None = None

    def __post_init__(self) -> None:
        if not self.said():
            msg = f"Nothing is told of what was seen; give at least one of {', '.join(OBSERVED)}."
            raise InputError(msg)
        for name, value in self.said().items():
            if name in EVENTS:
                if not isinstance(value, bool):
                    msg = f"{name} is {value}; it came (true) or did not come (false): correct it, or leave it out."
                    raise InputError(msg)
                continue
            low, high, words = _SCALES.get(name, (0.0, math.inf, "days that were seen are 0 or more, counted from the session"))
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                msg = f"{name} is {value}; {words}: give a number, or leave it out."
                raise InputError(msg)
            if not low <= value <= high:
                msg = f"{name} is {value:g}; {words}: correct it, or leave it out."
                raise OutOfRangeError(msg)

    def said(self) -> dict[str, float | bool]:
        """What was looked at, by name, in the order of the fields."""
        return {item.name: getattr(self, item.name) for item in fields(self) if getattr(self, item.name) is not None}


@dataclass(frozen=True, kw_only=True, eq=False)
class Compared:
    """One thing that was seen, beside what each twin would have shown.

    `predicted` has shape (n,): days, points, or for an event its chance. `log_likelihood` of what was seen is up to a constant;
    `off` says how many measurement errors a twin is away, 0 for events. `site` is where, for the words of an error.
    """

    name: str
    site: str
    value: float | bool
    predicted: Draws
    log_likelihood: Draws
    off: Draws


@dataclass(frozen=True, kw_only=True, eq=False)
class Learnt:
    """The clouds after what was seen, one a site in the order given.

    `effective_twins` is how many twins' worth of weight is left when all that was seen counts at once: few, when what was seen
    is surprising. `refreshed` says how often the cloud was drawn anew for it, 0 while that number stays above the share of
    `update.effective_share`.
    """

    clouds: tuple[Twins, ...]
    effective_twins: float
    refreshed: int

    @property
    def twins(self) -> Twins:
        """The cloud of the first site."""
        return self.clouds[0]


def sources(name: str) -> tuple[str, ...]:
    """Rows that say how surely something is seen."""
    return (f"update.error.{name}", *(("update.error.days_offset",) if name in DAYS else ()))


def expected(injury: Injury, twins: Twins, answer: SiteResponse, *, gain_pct: Draws | None = None) -> dict[str, Draws]:
    """What each twin would show of everything that can be seen, shape (n,): days, points, chances from 0 to 1.

    `answer` is the response to that injury; `gain_pct` the improvement by then, absent where no lesion is graded.
    """
    redness = clocks.redness_of(read_wound(injury, twins), twins)
    found = {
        "redness_days": redness.falls_below(twins.p("redness.noted")),
        "downtime_days": answer.social_downtime_days,
        "closure_days": answer.closure_days,
        "pain_0_10": answer.pain_0_10,
        **{name: answer.risks[name] for name in EVENTS},
    }
    return found if gain_pct is None else {**found, "improvement_pct": gain_pct}


def _compare(name: str, value: float | bool, predicted: Draws, site: str) -> Compared:
    error = evidence.value(f"update.error.{name}")
    if name in EVENTS:
        seen = error + (1 - 2 * error) * predicted  # the chance that it is noted, rightly or wrongly
        told, off = np.log(seen if value else 1 - seen), np.zeros_like(predicted)
    else:
        if name in DAYS:
            offset = evidence.value("update.error.days_offset")
            off = np.abs(np.log(value + offset) - np.log(predicted + offset)) / error
        else:
            off = np.abs(value - predicted) / error
        told = -0.5 * off**2
    return Compared(name=name, site=site, value=value, predicted=predicted, log_likelihood=told, off=off)


def compare(seen: Seen, predicted: Mapping[str, Draws], *, site: str) -> tuple[Compared, ...]:
    """What was seen beside what was predicted, by the law of each: normal in ln(days), normal in points, a chance for events.

    Raises InputError where something was seen that was not predicted.
    """
    found = []
    for name, value in seen.said().items():
        if name not in predicted:
            msg = f"{name} was seen at {site}, where no lesion is graded; name the lesion or concern it is of, or leave it out."
            raise InputError(msg)
        found.append(_compare(name, value, np.broadcast_to(predicted[name], next(iter(predicted.values())).shape), site))
    return tuple(found)


def _told(item: Compared) -> str:
    return f"{item.name} {item.value:g} at {item.site}"


def _must_be_near(compared: Sequence[Compared]) -> None:
    """Refuse to learn from what no twin comes near."""
    limit = evidence.value("update.farthest")
    help_ = "check the number, its unit and the session it belongs to, or leave it out"
    for item in compared:
        nearest = int(np.argmin(item.off))
        if item.off[nearest] > limit:
            msg = (
                f"No twin comes near {_told(item)}: the nearest shows {item.predicted[nearest]:.3g}, {item.off[nearest]:.1f} "
                f"measurement errors away, where at most {limit:g} are allowed; {help_}."
            )
            raise OutOfRangeError(msg)
    least = float(np.min(np.max([item.off for item in compared], axis=0)))
    if least > limit:
        msg = (
            f"No twin comes near all of {', '.join(_told(item) for item in compared)} together: one of them is always more than "
            f"{limit:g} measurement errors away (the nearest twin: {least:.1f}); {help_}."
        )
        raise OutOfRangeError(msg)


def _share_to_take(weights: Draws, log_likelihood: Draws, left: float, least: float) -> float:
    """How much of the likelihood can be taken in before fewer than `least` effective twins are left."""
    if effective(weighed(weights, left * log_likelihood)) >= least:
        return left
    low, high = 0.0, left
    for _ in range(30):  # halving: a share to nine digits
        middle = (low + high) / 2
        low, high = (middle, high) if effective(weighed(weights, middle * log_likelihood)) >= least else (low, middle)
    return min(max(low, _SMALLEST_STEP), left)


def learn(clouds: tuple[Twins, ...], compared: Callable[[tuple[Twins, ...]], Sequence[Compared]]) -> Learnt:
    """Weigh the clouds of one person by what was seen at any of the sites; draw them anew where few twins are left.

    `compared` gives what was seen beside the predictions of given clouds; it is asked again when the cloud was drawn anew. A
    surprise is then taken in by parts, each leaving the share of effective twins that the row `update.effective_share` states,
    so that twins like this person are searched for instead of one lucky twin being copied.

    Raises OutOfRangeError where no twin comes near what was seen, InputError when the clouds are not of one person.
    """
    first = clouds[0]
    if any(item.seed != first.seed or not np.allclose(item.weights, first.weights) for item in clouds[1:]):
        msg = "The clouds of twins are not of one person; draw them with one seed and number, and update them together."
        raise InputError(msg)
    found = compared(clouds)
    _must_be_near(found)
    least = evidence.value("update.effective_share") * first.n
    told = np.sum([item.log_likelihood for item in found], axis=0)
    at_once = effective(weighed(first.weights, told))
    left = 1.0
    while left > 0:
        share = _share_to_take(clouds[0].weights, told, left, least)
        weights = weighed(clouds[0].weights, share * told)
        clouds = tuple(replace(item, weights=weights) for item in clouds)
        left -= share
        if left > 0 or effective(weights) < least:
            clouds = refresh(clouds)
            told = np.sum([item.log_likelihood for item in compared(clouds)], axis=0)
    return Learnt(clouds=clouds, effective_twins=at_once, refreshed=clouds[0].refreshed - first.refreshed)


def update(
    twins: Twins,
    injury: Injury,
    care: Care,
    seen: Seen,
    *,
    area_cm2: float,
    lesion: Lesion | None = None,
    sessions: int = 1,
    interval_weeks: float = 0.0,
    severity: float | None = None,
    elsewhere: tuple[Twins, ...] = (),
) -> Learnt:
    """What was seen after one session reweights the twins; later sessions are predicted with the twins that it gives.

    `injury` and `care` are those of that session, `area_cm2` the treated area. `improvement_pct` needs the `lesion` it was
    graded on, after that many equal `sessions` at that interval (as in `improve`). `elsewhere` are twins of the same person at
    other sites, which learn alike: `clouds` of the answer holds all, `twins` those of this site. Updates can be chained; while
    nothing is drawn anew their order does not matter.

    Raises OutOfRangeError where no twin comes near what was seen, InputError where it was not predicted, and what `respond` and
    `improve` raise.
    """

    def compared(clouds: tuple[Twins, ...]) -> tuple[Compared, ...]:
        here = clouds[0]
        gain = None
        if lesion is not None:
            graded = improve(injury, lesion, here, sessions=sessions, interval_weeks=interval_weeks, severity=severity)
            gain = graded.by_session[-1]
        answer = respond(injury, here, care, area_cm2=area_cm2)
        return compare(seen, expected(injury, here, answer, gain_pct=gain), site=here.traits.site)

    return learn((twins, *elsewhere), compared)
