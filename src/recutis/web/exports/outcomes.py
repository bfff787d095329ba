"""Outcomes without names: what was predicted for each concern of a released plan, and what was seen."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from statistics import median
from typing import Any, Final

from django.utils.crypto import salted_hmac

from recutis.web.accounts.models import Clinic
from recutis.web.delivery.models import FollowUp, Session
from recutis.web.planning.models import CoursePlan

FEWEST: Final = 5
"""Persons who share age band, phototype and concern; a row of fewer is marked."""
_BAND_YEARS: Final = 10
_OLDEST: Final = 80
_DIGITS: Final = 16
_LONGEST: Final = 200
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
Band = tuple[float | None, float | None, float | None]
_NOTHING: Final[Band] = (None, None, None)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One concern of one person under one released plan; None where nothing was predicted or seen."""

    pseudonym: str
    age_band: str
    phototype: str
    concern: str
    site: str
    device_class: str
    settings: str
    sessions_planned: int
    sessions_given: int
    improvement_p10_pct: float | None
    improvement_p50_pct: float | None
    improvement_p90_pct: float | None
    improvement_seen_pct: float | None
    graded_after_session: int | None
    downtime_p10_days: float | None
    downtime_p50_days: float | None
    downtime_p90_days: float | None
    downtime_seen_days: float | None
    pain_p10_0_10: float | None
    pain_p50_0_10: float | None
    pain_p90_0_10: float | None
    pain_seen_0_10: float | None
    pih_p50_pct: float | None
    pih_seen: bool | None
    persons_alike: int
    fewer_than_five: bool


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How many of the seen values lie inside the predicted 80 % interval."""

    quantity: str
    seen: int
    inside: int

    @property
    def share_pct(self) -> float | None:
        """Percent inside; None where nothing was seen."""
        return 100.0 * self.inside / self.seen if self.seen else None


@dataclass(frozen=True, kw_only=True)
class _Predicted:
    """What a plan's chosen option says, in short."""

    age: float
    phototype: str
    device_class: str
    settings: str
    sessions: int
    improvement: Mapping[str, Band]
    by_session: Mapping[str, tuple[Band, ...]]
    downtime: Band
    pain: Band
    pih: Band


def outcomes(clinic: Clinic) -> list[Outcome]:
    """All rows of a clinic, by pseudonym; plans that were released and of which a session has been given."""
    treated = Session.objects.filter(clinic=clinic, state="done", kind="session").order_by().values("plan_id")
    plans = list(
        CoursePlan.objects.filter(clinic=clinic, withdrawn_at=None, pk__in=treated)
        .exclude(released_at=None)
        .defer("document")
        .order_by("made_at")
    )
    predicted = _predicted(plans)
    given = Counter(
        Session.objects.filter(plan__in=plans, state="done", kind="session").order_by().values_list("plan_id", flat=True)
    )
    seen: dict[Any, list[Mapping[str, Any]]] = {}
    for plan_id, observation in (
        FollowUp.objects.filter(plan__in=plans).order_by("seen_on", "entered_at").values_list("plan_id", "observation")
    ):
        seen.setdefault(plan_id, []).append(observation if isinstance(observation, dict) else {})
    found = [
        row for plan in plans for row in _rows(clinic, plan, predicted[plan.pk], given=given[plan.pk], seen=seen.get(plan.pk, []))
    ]
    return _marked(sorted(found, key=lambda row: (row.pseudonym, row.concern, row.site)))


def _predicted(plans: Sequence[CoursePlan]) -> dict[Any, _Predicted]:
    """A plan never changes after it was made, so its long document is read once in the life of the process."""
    return {plan.pk: _of_plan(str(plan.pk), plan.chosen_rank) for plan in plans}


@lru_cache(maxsize=20_000)
def _of_plan(plan_id: str, rank: int) -> _Predicted:
    document = CoursePlan.objects.values_list("document", flat=True).get(pk=plan_id)
    options = document.get("options") or []
    option: Mapping[str, Any] = next((one for one in options if one.get("rank") == rank), {})
    told, person = option.get("predictions") or {}, document.get("person") or {}
    risks = told.get("risks") or {}
    return _Predicted(
        age=float(person.get("age") or 0.0),
        phototype=str(person.get("phototype") or ""),
        device_class=str(option.get("device_class") or ""),
        settings=settings_words(option.get("settings") or ()),
        sessions=int(option.get("sessions") or 0),
        improvement={key: _band(one) for key, one in (told.get("improvement_pct") or {}).items()},
        by_session={
            key: tuple(_band(one) for one in bands) for key, bands in (told.get("improvement_by_session_pct") or {}).items()
        },
        downtime=_band(told.get("social_downtime_days")),
        pain=_band(told.get("pain_0_10")),
        pih=_band((risks.get("pih") or {}).get("per_course")),
    )


def _band(quantity: object) -> Band:
    if not isinstance(quantity, dict):
        return _NOTHING
    return (quantity.get("p10"), quantity.get("p50"), quantity.get("p90"))


def settings_words(passes: Iterable[Mapping[str, Any]]) -> str:
    """The panel of each pass by its keys: `energy_mJ 20, density_pct 10; …`."""
    told = []
    for one in passes:
        names = one.get("panel") or [name for name, value in one.items() if isinstance(value, (int, float))]
        told.append(", ".join(f"{name} {one[name]:g}" for name in names if isinstance(one.get(name), (int, float))))
    return "; ".join(dict.fromkeys(text for text in told if text))[:_LONGEST]


def _rows(
    clinic: Clinic, plan: CoursePlan, told: _Predicted, *, given: int, seen: Sequence[Mapping[str, Any]]
) -> Iterable[Outcome]:
    better = {
        key: (float(value), one.get("session"))
        for one in seen
        for key, value in _mapping(one.get("improvement")).items()
        if _number(value)
    }
    days = [float(one["downtime_days"]) for one in seen if _number(one.get("downtime_days"))]
    pain = [float(one["pain_0_10"]) for one in seen if _number(one.get("pain_0_10"))]
    marks = [bool(one["pih"]) for one in seen if isinstance(one.get("pih"), bool)]
    for key, whole in told.improvement.items():
        concern, _, site = key.partition("@")
        value, after = better.get(key, (None, None))
        band, after = (whole, None) if value is None else _after(told, key, after, given)
        yield Outcome(
            pseudonym=pseudonym(clinic, plan.patient_id), age_band=age_band(told.age), phototype=told.phototype, concern=concern,
            site=site, device_class=told.device_class, settings=told.settings, sessions_planned=told.sessions,
            sessions_given=given, improvement_p10_pct=band[0], improvement_p50_pct=band[1], improvement_p90_pct=band[2],
            improvement_seen_pct=value, graded_after_session=after,
            downtime_p10_days=told.downtime[0], downtime_p50_days=told.downtime[1], downtime_p90_days=told.downtime[2],
            downtime_seen_days=median(days) if days else None, pain_p10_0_10=told.pain[0], pain_p50_0_10=told.pain[1],
            pain_p90_0_10=told.pain[2], pain_seen_0_10=median(pain) if pain else None, pih_p50_pct=told.pih[1],
            pih_seen=any(marks) if marks else None, persons_alike=0, fewer_than_five=True,
        )  # fmt: skip


def _after(told: _Predicted, key: str, session: object, given: int) -> tuple[Band, int]:
    """What was predicted for the time after the session that a grading names, else after those that have been given."""
    number = session if isinstance(session, int) and not isinstance(session, bool) else given
    bands = told.by_session.get(key, ())
    return (bands[number - 1] if 1 <= number <= len(bands) else told.improvement[key]), number


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _marked(rows: Sequence[Outcome]) -> list[Outcome]:
    """Each row with the number of persons who are alike in what could give them away."""
    persons: dict[tuple[str, ...], set[str]] = {}
    for row in rows:
        persons.setdefault(_alike(row), set()).add(row.pseudonym)
    return [
        replace(row, persons_alike=len(persons[_alike(row)]), fewer_than_five=len(persons[_alike(row)]) < FEWEST) for row in rows
    ]


def _alike(row: Outcome) -> tuple[str, ...]:
    return (row.age_band, row.phototype, row.concern, row.site)


def pseudonym(clinic: Clinic, patient_id: object) -> str:
    """An id that stays the same for a person and says nothing about them; it cannot be turned back without the server's key."""
    return salted_hmac(f"recutis.outcomes.{clinic.pk}", str(patient_id), algorithm="sha256").hexdigest()[:_DIGITS]


def age_band(age: float) -> str:
    """Ten years, such as 40-49; all from 80 on are one band."""
    if age >= _OLDEST:
        return f"{_OLDEST}+"
    low = int(age // _BAND_YEARS * _BAND_YEARS)
    return f"{low}-{low + _BAND_YEARS - 1}"


def calibration(rows: Iterable[Outcome]) -> list[Calibration]:
    """Seen values against the predicted interval from p10 to p90, which should hold 8 of 10."""
    told: dict[str, list[bool]] = {"improvement": [], "downtime": [], "pain": []}
    done: set[tuple[str, str, object]] = set()
    for row in rows:
        _count(told["improvement"], row.improvement_seen_pct, row.improvement_p10_pct, row.improvement_p90_pct)
        # Downtime and pain are of the session, not of the concern: once a person and plan.
        whose = (row.pseudonym, row.settings, row.device_class)
        if whose not in done:
            _count(told["downtime"], row.downtime_seen_days, row.downtime_p10_days, row.downtime_p90_days)
            _count(told["pain"], row.pain_seen_0_10, row.pain_p10_0_10, row.pain_p90_0_10)
        done.add(whose)
    return [Calibration(quantity=name, seen=len(found), inside=sum(found)) for name, found in told.items()]


def _count(into: list[bool], seen: float | None, low: float | None, high: float | None) -> None:
    if seen is not None and low is not None and high is not None:
        into.append(low <= seen <= high)


def as_csv(rows: Iterable[Outcome]) -> str:
    """The rows as CSV with a header; nothing in it is a formula for a spreadsheet."""
    out = io.StringIO()
    names = [one.name for one in fields(Outcome)]
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(getattr(row, name)) for name in names])
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return harmless(value) if isinstance(value, str) else value


def harmless(text: str) -> str:
    """A text that a spreadsheet shows as it is and does not compute."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) or text.startswith(_FORMULA) else text
