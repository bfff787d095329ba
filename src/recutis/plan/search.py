"""The search: every device × settings × passes × sessions inside device and site ceilings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from recutis import evidence
from recutis.bands import Draws, weighted_quantile
from recutis.errors import CancelledError
from recutis.laser import candidate_settings
from recutis.laser.types import Device, Settings
from recutis.patient import Ceiling, Screening, ceiling
from recutis.plan.evaluate import Evaluator, Place, SiteEvaluation, course_draws
from recutis.plan.objectives import GROWS_WITH_DOSE, CourseDraws, Limits, broken, gain, pareto, score, worst_risk_pct
from recutis.plan.processes import in_order
from recutis.plan.setting_limits import under_ceiling
from recutis.units import PERCENT

if TYPE_CHECKING:
    from recutis.response import Improvement


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """One course: a device, its settings by site, and the number of sessions, with what it does."""

    device: Device
    settings: Settings
    site_settings: dict[str, Settings]
    ceilings: dict[str, Ceiling]
    sessions: int
    interval_weeks: float
    course: CourseDraws
    treats: tuple[str, ...]
    breaks: tuple[str, ...]
    gain: float
    median_gain: float
    score: float

    def point(self, limits: Limits) -> tuple[float, float, float, float]:
        """Objectives, smaller is better: minus gain, downtime, worst passing risk, sessions."""
        downtime = self.course.quantile(self.course.social_downtime_days, limits.limit_quantile)
        return (-self.gain, downtime, worst_risk_pct(self.course), float(self.sessions))


@dataclass(kw_only=True)
class Found:
    """What the search saw: all candidates, and why classes of device are not offered."""

    candidates: list[Candidate] = field(default_factory=list)
    refused: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, device_class: str, reason: str) -> None:
        """Note why a class is not offered, each reason once."""
        reasons = self.refused.setdefault(device_class, [])
        if reason not in reasons:
            reasons.append(reason)

    def add(self, other: Found) -> None:
        """Take over what was found about another device."""
        self.candidates.extend(other.candidates)
        for device_class, reasons in other.refused.items():
            for reason in reasons:
                self.refuse(device_class, reason)

    def offered(self) -> set[str]:
        """Classes with at least one candidate that keeps every limit."""
        return {item.device.device_class for item in self.candidates if not item.breaks}

    def best_of_each_class(self) -> set[int]:
        """Index of the candidate with the best score of each class, those that keep every limit before the others."""
        best: dict[str, int] = {}
        for index, item in enumerate(self.candidates):
            now = best.get(item.device.device_class)
            if now is None or (not item.breaks, item.score) > (not self.candidates[now].breaks, self.candidates[now].score):
                best[item.device.device_class] = index
        return set(best.values())

    def removed(self) -> Counter[str]:
        """How many candidates each limit removed."""
        return Counter(limit for item in self.candidates for limit in item.breaks)

    def front(self, limits: Limits) -> list[int]:
        """Indices of the candidates that keep every limit and that no other one dominates."""
        kept = [index for index, item in enumerate(self.candidates) if not item.breaks]
        points = np.array([self.candidates[index].point(limits) for index in kept])
        return [kept[index] for index in pareto(points)]


_FOREIGN: Final = {
    "vascular_": frozenset({"pigment", "gland"}),
    "pigment_": frozenset({"vessel", "gland"}),
    "ipl": frozenset({"gland"}),
}
_AIMS: Final = {"vessel": "vessels", "pigment": "pigment", "gland": "sebaceous glands"}
_SERVES_BOTH: Final = "vascular_ktp_532"  # green light serves vessels and epidermal pigment


def foreign_targets(device_class: str) -> frozenset[str]:
    """Targets that a selective device of this use is not made for.

    The same laser set for another target is another catalogue entry; glands have lasers of their own.
    """
    found = next((targets for prefix, targets in _FOREIGN.items() if device_class.startswith(prefix)), frozenset())
    return found - {"pigment"} if device_class == _SERVES_BOTH else found


def _improved(device: Device, evaluation: SiteEvaluation) -> list[Improvement]:
    """What this device does to the concerns it is made for."""
    foreign = foreign_targets(device.device_class)
    lesions = evaluation.place.lesions
    return [item for key, item in evaluation.improvement.items() if lesions[key].target not in foreign]


def _median(draws: Draws, evaluation: SiteEvaluation) -> float:
    """Median over the twins of a site."""
    return weighted_quantile(draws, 0.5, evaluation.place.twins.unequal)


def allowed_sites(
    device: Device, people_places: Iterable[Place], screening: Screening, phototype: str, found: Found
) -> dict[str, Ceiling]:
    """Sites where screening and ceilings let this device be used; reasons for the others go to `found`."""
    allowed: dict[str, Ceiling] = {}
    foreign = foreign_targets(device.device_class)
    for place in people_places:
        targets = {lesion.target for lesion in place.lesions.values()}
        if targets <= foreign:
            use = {"ipl": "device of intense pulsed light"}.get(
                device.device_class, f"{device.device_class.partition('_')[0]} laser"
            )
            aim = " and ".join(_AIMS[target] for target in sorted(targets))
            found.refuse(device.device_class, f"a {use} is not for the {aim} to be treated on the {place.site.replace('_', ' ')}")
            continue
        rules = screening.removed(device.device_class, place.site)
        if rules:
            words = "; ".join(f"{rule.rule_id} ({rule.condition})" for rule in rules)
            found.refuse(device.device_class, f"removed by screening on the {place.site}: {words}")
            continue
        most = ceiling(place.site, device.device_class, phototype, overridden=screening.overridden)
        if not most.allowed:
            found.refuse(device.device_class, most.reason)
            continue
        allowed[place.site] = most
    return allowed


def _loosest(ceilings: Iterable[Ceiling], name: str) -> float | None:
    values = [getattr(item, name) for item in ceilings]
    return None if any(value is None for value in values) else max(values)


def _settings(device: Device, allowed: dict[str, Ceiling]) -> tuple[Settings, ...]:
    ceilings = list(allowed.values())
    passes = _loosest(ceilings, "max_passes")
    return candidate_settings(
        device,
        max_energy_mJ=_loosest(ceilings, "max_energy_mJ"),
        max_density_pct=_loosest(ceilings, "max_density_pct"),
        max_fluence_J_cm2=_loosest(ceilings, "max_fluence_J_cm2"),
        max_passes=None if passes is None else int(passes),
    )


@dataclass(kw_only=True)
class Search:
    """The search for one patient.

    `weights` are the person's priorities by concern key; `limits` their goals; `processes` how many
    devices are looked at side by side, which changes nothing but the time.
    """

    evaluator: Evaluator
    places: dict[str, Place]
    screening: Screening
    phototype: str
    limits: Limits
    weights: dict[str, float]
    processes: int = 1

    def run(
        self,
        devices: Iterable[Device],
        *,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Found:
        """Evaluate every candidate of every device.

        Raises CancelledError when `cancelled` says so.
        """
        found = Found()
        listed = list(devices)
        for number, part in enumerate(in_order(self._one, listed, processes=self.processes), start=1):
            if cancelled is not None and cancelled():
                msg = "Planning was cancelled; nothing was written."
                raise CancelledError(msg)
            found.add(part)
            if progress is not None:
                progress(number / len(listed))
        return found

    def _one(self, device: Device) -> Found:
        """What the search finds about one device; devices do not depend on each other."""
        found = Found()
        self._device(device, found)
        return found

    def _device(self, device: Device, found: Found) -> None:
        allowed = allowed_sites(device, self.places.values(), self.screening, self.phototype, found)
        if not allowed:
            return
        options = _settings(device, allowed)
        strong = _strongest(options)
        first = [item for settings in strong if (item := self._everywhere(device, settings, allowed))]
        if not first:
            found.refuse(device.device_class, f"{device.name}: its lowest setting lies above the ceiling of the site")
            return
        if not self._reaches(device, first):
            found.refuse(device.device_class, self._misses(device, [here for _, here in first]))
            return
        for settings in self._worth_trying(device, options, strong, allowed):
            one = self._everywhere(device, settings, allowed)
            if one is not None:
                found.candidates.extend(self._courses(device, *one, allowed))

    def _worth_trying(
        self, device: Device, options: tuple[Settings, ...], strong: tuple[Settings, ...], allowed: dict[str, Ceiling]
    ) -> tuple[Settings, ...]:
        """All settings; only the weakest and the strongest where even one session of the weakest breaks a limit.

        Downtime and lasting harm grow with the dose, so nothing in between can keep a limit that the
        weakest setting breaks; these few stand for the rest on the chart and in the counts.
        """
        weak = min(options, key=_dose)
        one = self._everywhere(device, weak, allowed)
        courses = self._courses(device, *one, allowed, most_sessions=1) if one is not None else []
        hopeless = courses and any(text.startswith(GROWS_WITH_DOSE) for text in courses[0].breaks)
        return tuple(dict.fromkeys((weak, *strong))) if hopeless else options

    def _everywhere(
        self, device: Device, settings: Settings, allowed: dict[str, Ceiling]
    ) -> tuple[Settings, dict[str, SiteEvaluation]] | None:
        """One setting at every allowed site, turned down to each site's ceiling; None where it fits nowhere."""
        here = {}
        for site, most in allowed.items():
            lowered = under_ceiling(device, settings, most)
            if lowered is not None:
                here[site] = self.evaluator.site(device, lowered, self.places[site])
        return (settings, here) if here else None

    def _reaches(self, device: Device, evaluated: list[tuple[Settings, dict[str, SiteEvaluation]]]) -> bool:
        """Whether some setting makes a visible change in the median twin on some concern."""
        visible = evidence.value("plan.visible_change")
        return any(
            _median(item.by_session[self.limits.max_sessions - 1], evaluation) >= visible
            for _, here in evaluated
            for evaluation in here.values()
            for item in _improved(device, evaluation)
        )

    def _misses(self, device: Device, evaluated: list[dict[str, SiteEvaluation]]) -> str:
        """One sentence with numbers on why a device does not reach any target."""
        last = self.limits.max_sessions - 1
        words = []
        for name in self.weights:
            seen = [
                (_median(here[site].improvement[name].by_session[last], here[site]), here[site], name)
                for here in evaluated
                for site in here
                if name in here[site].improvement
            ]
            if not seen:
                continue
            best, evaluation, key = max(seen, key=lambda item: item[0])
            words.append(f"{key.replace('_', ' ')}: {_reach(evaluation, key)}, at best {best:.0f} % in the median")
        return f"{device.name} does not reach the target at its strongest allowed settings ({'; '.join(words)})"

    def _courses(
        self,
        device: Device,
        settings: Settings,
        here: dict[str, SiteEvaluation],
        allowed: dict[str, Ceiling],
        *,
        most_sessions: int | None = None,
    ) -> list[Candidate]:
        """Courses of one to the most sessions, at the sites where the last session has made a visible change."""
        weeks = self.evaluator.interval_weeks(device)
        visible = evidence.value("plan.visible_change")
        useful = {
            site: item
            for site, item in here.items()
            if any(_median(one.by_session[self.limits.max_sessions - 1], item) >= visible for one in _improved(device, item))
        }
        made = []
        together = None
        for sessions in range(1, (most_sessions or self.limits.max_sessions) + 1) if useful else ():
            course, together = course_draws(list(useful.values()), sessions=sessions, together=together)
            made.append(
                Candidate(
                    device=device,
                    settings=settings,
                    site_settings={site: item.settings for site, item in useful.items()},
                    ceilings={site: allowed[site] for site in useful},
                    sessions=sessions,
                    interval_weeks=weeks,
                    course=course,
                    treats=course.visible(),
                    breaks=broken(course, self.limits, self.weights),
                    gain=gain(course, self.weights, self.limits.gain_quantile),
                    median_gain=gain(course, self.weights, 0.5),
                    score=score(course, self.weights, self.limits),
                )
            )
        return made


def _strongest(options: tuple[Settings, ...]) -> tuple[Settings, ...]:
    """Of settings that differ only in dose or density, the strongest; they show whether a target can be reached at all."""
    best: dict[tuple[object, ...], Settings] = {}
    for item in options:
        key = (item.spot_mm, item.duration_ms if item.power_W is None else None, item.stack)
        now = best.get(key)
        if now is None or _dose(item) > _dose(now):
            best[key] = item
    return tuple(best.values())


def _dose(settings: Settings) -> tuple[float, ...]:
    """Order of strength of settings of one device: passes, dose, density."""
    names = ("energy_mJ", "fluence_J_cm2", "depth_um", "power_W", "duration_ms", "coagulation_um", "density_pct", "columns_cm2")
    return (float(settings.passes), *(getattr(settings, name) or 0.0 for name in names))


def _reach(evaluation: SiteEvaluation, name: str) -> str:
    lesion = evaluation.place.lesions[name]
    injury = evaluation.injuries[name]
    if lesion.target == "vessel":
        nearest = max((ratio for _, _, ratio in injury.vessel_ratio), default=0.0)
        return f"vessels get at most {nearest:.2f} of the exposure that closes them"
    if lesion.target == "pigment":
        return f"lesion pigment gets {injury.pigment_ratio:.2f} of its threshold"
    if lesion.target == "gland":
        return f"sebaceous glands get {injury.gland_ratio:.2f} of the temperature rise that harms them"
    if injury.selective and injury.coverage_fraction <= 0:
        return "no dead tissue outside vessels and pigment"
    return f"injury ends at {injury.lesion_depth_um:.0f} µm over {PERCENT * injury.coverage_fraction:.0f} % of the surface"
