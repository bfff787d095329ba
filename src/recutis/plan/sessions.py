"""The sessions of a chosen course, evaluated one by one on the twins that are known by then."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from recutis import evidence
from recutis.bands import Draws
from recutis.classes import matches
from recutis.errors import InputError
from recutis.injury import Injury
from recutis.laser.types import Cooling, Device, Exposure
from recutis.patient import Screening
from recutis.plan.care import care_policy, numbing_for
from recutis.plan.course_file import CourseFile, SessionFile
from recutis.plan.evaluate import STRENGTH, Evaluator, InjuryProvider, Place, SiteEvaluation
from recutis.plan.fold import continued
from recutis.plan.prediction_document import Learnt
from recutis.units import DAYS_PER_WEEK

if TYPE_CHECKING:
    from recutis.response import SiteResponse
    from recutis.skin.types import Lesion, Skin

_CURVE: Final = 30
"""Sessions over which a device's own course is followed, more than a course file may hold."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Treated:
    """One session evaluated at all its sites, with the gain of every concern by then, and what it taught."""

    session: SessionFile
    device: Device
    day: datetime.date
    evaluations: list[SiteEvaluation]
    together: SiteResponse
    gain: dict[str, Draws]
    learnt: Learnt | None = None

    @property
    def weights(self) -> Draws | None:
        """Weights of the twins it was evaluated on; None when all are equal."""
        return self.evaluations[0].place.twins.unequal


def usual_interval(device: Device) -> evidence.Row:
    """The row of the usual weeks between sessions of a class."""
    for row in evidence.rows("model_plan"):
        if row.id.startswith("plan.interval.") and matches(row.id.removeprefix("plan.interval."), device.device_class):
            return row
    msg = f"No interval between sessions is known for {device.device_class}; choose another device."
    raise InputError(msg)


def with_gain(evaluation: SiteEvaluation, gain: dict[str, Draws]) -> SiteEvaluation:
    """The evaluation telling the gain of the whole course so far."""
    told = {name: replace(item, by_session=gain[name][None, :]) for name, item in evaluation.improvement.items()}
    return replace(evaluation, improvement=told)


def on_the_spot(evaluation: SiteEvaluation) -> dict[str, Draws]:
    """Gain of one session of this kind on untreated skin, as on a test spot."""
    return {name: item.by_session[0] for name, item in evaluation.improvement.items()}


def fold(gain: dict[str, Draws], evaluation: SiteEvaluation) -> dict[str, Draws]:
    """Gains after one more session at one place."""
    found = dict(gain)
    for name, item in evaluation.improvement.items():
        found[name] = continued(gain[name], item.by_session) if name in gain else item.by_session[0]
    return found


def _gaps(course: CourseFile) -> tuple[dict[str, float], ...]:
    """Weeks since the last session at each site of a session; the usual interval at the first. Test spots do not count."""
    last: dict[str, datetime.date] = {}
    found = []
    for number, (session, day) in enumerate(zip(course.sessions, course.days(), strict=True), start=1):
        usual = usual_interval(session.device.device()).value or 0.0
        sites = course.sites(number)
        found.append({site: (day - last[site]).days / DAYS_PER_WEEK if site in last else usual for site in sites})
        if not session.test_spot:
            last |= dict.fromkeys(sites, day)
    return tuple(found)


@dataclass(kw_only=True)
class Sessions:
    """Evaluates sessions of a course for given places; injuries are made once, and the anaesthesia of a session stays what it was."""

    course: CourseFile
    screening: Screening
    injure: InjuryProvider
    _gaps: tuple[dict[str, float], ...] = field(init=False)
    _injuries: dict[tuple[int, str, Lesion | None], Injury] = field(default_factory=dict)
    _numbed: dict[tuple[int, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._gaps = _gaps(self.course)

    def _made(self, number: int, site: str, cooling: Cooling) -> InjuryProvider:
        """Injuries of one session at one site, with its own cooling in the place of the device's."""

        def once(exposure: Exposure, skin: Skin, *, lesion: Lesion | None = None) -> Injury:
            key = (number, site, lesion)
            if key not in self._injuries:
                self._injuries[key] = self.injure(replace(exposure, cooling=cooling), skin, lesion=lesion)
            return self._injuries[key]

        return once

    def _site(self, number: int, place: Place) -> SiteEvaluation:
        session = self.course.sessions[number - 1]
        device, exposure = session.device.device(), session.exposure()
        chosen = self._numbed.get((number, place.site)) or session.anaesthesia

        def anaesthesia(device: Device) -> tuple[str, ...]:
            return (chosen,) if chosen else numbing_for(device, STRENGTH)

        evaluator = Evaluator(
            care_for=care_policy(self.course.patient, self.screening),
            injure=self._made(number, place.site, exposure.cooling),
            anaesthesia=anaesthesia,
            most_sessions=_CURVE,
            interval_weeks=lambda _device: self._gaps[number - 1][place.site],
            pain_limit=None,
            pain_quantile=0.5,
        )
        if session.test_spot:
            place = replace(place, area_cm2=evidence.value("update.test_spot_area"))
        found = evaluator.site(device, exposure.settings, place)
        self._numbed.setdefault((number, place.site), found.care.anaesthesia)
        return replace(found, exposure=replace(found.exposure, cooling=exposure.cooling))

    def treat(self, number: int, at: dict[str, Place], gain: dict[str, Draws]) -> Treated:
        """One session (counted from 1) after what was gained before it."""
        from recutis import response

        session, day = self.course.sessions[number - 1], self.course.days()[number - 1]
        evaluations = []
        for site in self.course.sites(number):
            found = self._site(number, at[site])
            if not session.test_spot:
                gain = fold(gain, found)
            evaluations.append(with_gain(found, on_the_spot(found) if session.test_spot else gain))
        return Treated(
            session=session,
            device=session.device.device(),
            day=day,
            evaluations=evaluations,
            together=response.combine([item.response for item in evaluations]),
            gain=dict(gain),
        )

    def until(self, number: int, at: dict[str, Place]) -> Treated:
        """A session after all those before it, on other twins."""
        gain: dict[str, Draws] = {}
        for before in range(1, number):
            gain = self.treat(before, at, gain).gain
        return self.treat(number, at, gain)
