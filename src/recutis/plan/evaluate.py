"""From a device and its settings to draws of everything a plan says, through an injury provider.

The search does not care where an injury comes from: a closed form, a library or a simulation.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from recutis import evidence
from recutis.bands import Draws, weighted_quantile
from recutis.classes import matches
from recutis.errors import RecutisError
from recutis.injury import Injury
from recutis.laser import expose
from recutis.laser.types import Device, Exposure, Settings
from recutis.plan.objectives import CourseDraws
from recutis.skin.types import Lesion, Skin
from recutis.twins import Twins
from recutis.units import CM_PER_MM, UM_PER_MM

if TYPE_CHECKING:
    from recutis.patient import Concern, Patient
    from recutis.response import Care, Improvement, SiteResponse

STRENGTH = ("none", "gel", "cold_air", "topical", "topical_cold_air", "nerve_block", "sedation")
"""Anaesthesia from the mildest to the strongest; what a clinic lacks is left out."""


class InjuryProvider(Protocol):
    """Makes the injury of an exposure in a skin."""

    def __call__(self, exposure: Exposure, skin: Skin, *, lesion: Lesion | None = None) -> Injury:
        """Injury by all passes of one session."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """One site of the person: skin, twins, and the concerns to be treated there.

    `gained` by concern is what earlier sessions have gained already, shape (n,) in percent; a concern without it starts untreated.
    Courses of equal sessions are followed for `further` sessions more than are looked at, so that it finds its place on them.
    """

    site: str
    skin: Skin
    twins: Twins
    concerns: dict[str, Concern]
    lesions: dict[str, Lesion]
    area_cm2: float
    gained: Mapping[str, Draws] = field(default_factory=dict)
    further: int = 0


def interval_weeks(device: Device, *, phototype: str | None = None) -> float:
    """Usual weeks between sessions of a class (rows `plan.interval.*`), longer in brown skin when the phototype is given.

    Raises RecutisError for a class without a row.
    """
    for row in evidence.rows("model_plan"):
        pattern = row.id.removeprefix("plan.interval.")
        if pattern != row.id and matches(pattern, device.device_class):
            longer = evidence.value("plan.stretch.phototype_IV_VI") if phototype in {"IV", "V", "VI"} else 1.0
            return evidence.value(row.id) * longer
    msg = f"No interval between sessions is known for {device.device_class}; add a row plan.interval.* to model_plan."
    raise RecutisError(msg)


def named_concerns(patient: Patient) -> dict[str, Concern]:
    """The person's concerns by their word in the plan: `fine_lines@periorbital`.

    The side is added (`acne_scars@cheek:left`) only where one kind is asked for twice at one site.
    """
    often = Counter(concern.key for concern in patient.concerns)
    return {
        concern.key if often[concern.key] == 1 else f"{concern.key}:{concern.side or 'both'}": concern
        for concern in patient.concerns
    }


def site_area_cm2(concerns: list[Concern]) -> float:
    """Area to be treated at one site: as answered, else from the site's table row."""
    answered = [concern.area_cm2 for concern in concerns if concern.area_cm2]
    if answered and len(answered) == len(concerns):
        return float(sum(answered))
    whole = evidence.value(f"plan.area.{concerns[0].site}")
    one_sided = all(concern.side in {"left", "right"} for concern in concerns)
    sides = {concern.side for concern in concerns}
    return whole * (evidence.value("plan.side_fraction") if one_sided and len(sides) == 1 else 1.0)


def spots_area_cm2(concerns: list[Concern]) -> float | None:
    """Area of the counted spots alone; None when no number of spots was given."""
    total = 0.0
    for concern in concerns:
        if not concern.count:
            return None
        size_mm = concern.size_mm or evidence.value("plan.lesion_size_mm")
        total += concern.count * math.pi * (size_mm * CM_PER_MM / 2) ** 2
    return total


def places(patient: Patient, *, n: int, seed: int, blocks: int = 20) -> dict[str, Place]:
    """Skin, `n` twins in blocks, and lesions for each site of the patient's concerns, in the file's order."""
    from recutis import skin as skins
    from recutis import twins
    from recutis.patient import traits

    found: dict[str, Place] = {}
    named = named_concerns(patient)
    for site in dict.fromkeys(concern.site for concern in patient.concerns):
        here = {name: concern for name, concern in named.items() if concern.site == site}
        person = traits(patient, site)
        layered = skins.build(
            site=site, age_years=person.age_years, phototype=person.phototype, sex=person.sex, tanned=person.tanned
        )
        lesions = {
            name: skins.lesion(
                concern.kind,
                layered,
                scar_type=concern.scar_type,
                vessel_diameter_um=concern.vessel_diameter_mm * UM_PER_MM if concern.vessel_diameter_mm else None,
                size_mm=concern.size_mm,
            )
            for name, concern in here.items()
        }
        found[site] = Place(
            site=site,
            skin=layered,
            twins=twins.draw(person, n=n, seed=seed, blocks=blocks),
            concerns=here,
            lesions=lesions,
            area_cm2=site_area_cm2(list(here.values())),
        )
    return found


def treated_area_cm2(device: Device, place: Place) -> float:
    """Area that a device treats at a place: the spots alone where a pigment laser goes from spot to spot."""
    if device.device_class.startswith("pigment"):
        spots = [concern for name, concern in place.concerns.items() if place.lesions[name].target == "pigment"]
        return spots_area_cm2(spots) or place.area_cm2
    return place.area_cm2


def hardest_hit(injuries: dict[str, Injury]) -> Injury:
    """The injury of the lesion that is hit hardest: a spot crusts, the skin beside it does not."""
    return max(injuries.values(), key=lambda injury: injury.pigment_ratio)


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteEvaluation:
    """One device with one setting at one site."""

    place: Place
    settings: Settings
    exposure: Exposure
    area_cm2: float
    injuries: dict[str, Injury]
    improvement: dict[str, Improvement]
    answer: Callable[[], tuple[Care, SiteResponse]]

    @cached_property
    def _answered(self) -> tuple[Care, SiteResponse]:
        return self.answer()

    @property
    def care(self) -> Care:
        """Care with the mildest anaesthesia that is enough."""
        return self._answered[0]

    @property
    def response(self) -> SiteResponse:
        """Response to one session; worked out when first asked for, since many settings help nothing."""
        return self._answered[1]

    @property
    def injury(self) -> Injury:
        """The injury that the whole site answers to."""
        return hardest_hit(self.injuries)


@dataclass(kw_only=True)
class Evaluator:
    """Evaluates settings for one patient; keeps what it has computed.

    `care_for(device, injury)` says which care (prophylaxis, protection) goes with an injury;
    `anaesthesia` what the clinic has that suits a device, the mildest first; `most_sessions` how many sessions are looked at;
    `pain_limit` what the person allows at `pain_quantile`, None without a limit; `numb_most` takes what hurts least in any case.
    """

    care_for: Callable[[Device, Injury], Care]
    injure: InjuryProvider
    anaesthesia: Callable[[Device], tuple[str, ...]]
    most_sessions: int
    interval_weeks: Callable[[Device], float]
    pain_limit: float | None
    pain_quantile: float
    numb_most: bool = False
    _cache: dict[tuple[str, Settings, str, int], SiteEvaluation] = field(default_factory=dict)

    def site(self, device: Device, settings: Settings, place: Place) -> SiteEvaluation:
        """Evaluate one device and setting at one place.

        Raises OutOfRangeError when the settings lie outside the device's limits.
        """
        key = (device.name, settings, place.site, place.twins.n)
        if key not in self._cache:
            self._cache[key] = self._evaluate(device, settings, place)
        return self._cache[key]

    def sites(self, device: Device, settings: dict[str, Settings], at: dict[str, Place]) -> list[SiteEvaluation]:
        """The same for several sites treated in one visit."""
        return [self.site(device, chosen, at[site]) for site, chosen in settings.items()]

    def _evaluate(self, device: Device, settings: Settings, place: Place) -> SiteEvaluation:
        from recutis import response
        from recutis.patient import severity_fraction

        exposure = expose(device, settings)
        injuries = {name: self.injure(exposure, place.skin, lesion=lesion) for name, lesion in place.lesions.items()}
        worst = hardest_hit(injuries)
        area_cm2 = treated_area_cm2(device, place)
        improvement = {
            name: response.improve(
                injury,
                place.lesions[name],
                place.twins,
                sessions=self.most_sessions + place.further,
                interval_weeks=self.interval_weeks(device),
                severity=severity_fraction(place.concerns[name]),
            )
            for name, injury in injuries.items()
        }
        return SiteEvaluation(
            place=place,
            settings=settings,
            exposure=exposure,
            area_cm2=area_cm2,
            injuries=injuries,
            improvement=improvement,
            answer=partial(self._respond, device, worst, place, area_cm2),
        )

    def _enough(self, pains: Sequence[Draws], weights: Draws | None) -> int:
        """Which anaesthesia is taken: the mildest that is enough, the strongest where none is."""
        if self.numb_most:
            return int(np.argmin([weighted_quantile(pain, HARDLY_HURT, weights) for pain in pains]))
        target = evidence.value("plan.pain_target")
        limit = math.inf if self.pain_limit is None else self.pain_limit
        for number, pain in enumerate(pains):
            usual = weighted_quantile(pain, 0.5, weights) <= target
            if usual and weighted_quantile(pain, self.pain_quantile, weights) <= limit:
                return number
        return len(pains) - 1

    def _respond(self, device: Device, injury: Injury, place: Place, area_cm2: float) -> tuple[Care, SiteResponse]:
        """The response with the mildest anaesthesia that brings the median pain down to the usual target, and pain under the limit."""
        from recutis import response

        care = self.care_for(device, injury)
        levels = [replace(care, anaesthesia=name) for name in self.anaesthesia(device)] or [care]
        pains = [response.pain_during(injury, place.twins, level) for level in levels]
        care = levels[self._enough(pains, place.twins.unequal)]
        return care, response.respond(injury, place.twins, care, area_cm2=area_cm2)


HARDLY_HURT: Final = 0.9  # quantile of pain by which the anaesthesia that numbs most is told
_LIVING: Final = frozenset({"epidermis", "basal_layer"})


def burned_fraction(injury: Injury, skin: Skin) -> float:
    """Share of the living epidermis that selective light kills, 0 to 1; 0 for what is meant to wound.

    The surface killed down to the basal layer, or the share of the volume of epidermis and basal layer that is dead where more is.
    """
    if not injury.selective:
        return 0.0
    through = injury.epidermis_killed_fraction + injury.epidermis_removed_fraction
    if not injury.injured_by_depth:
        return through
    depth, share = (np.array(column, dtype=np.float64) for column in zip(*injury.injured_by_depth, strict=True))
    bottom = np.cumsum([layer.thickness_um for layer in skin.layers])
    living = [number for number, layer in enumerate(skin.layers) if layer.name in _LIVING]
    top, end = bottom[living[0]] - skin.layers[living[0]].thickness_um, bottom[living[-1]]
    middle = (_SLICES + 0.5) / _SLICES.size * (end - top) + top
    dead = np.interp(middle, depth, share, left=0.0 if depth[0] > 0 else float(share[0]), right=0.0)
    return max(through, float(dead.mean()))


_SLICES: Final = np.arange(20.0)  # of the living epidermis, for the share of it that is dead
_THICK_SCARS: Final = frozenset({"hypertrophic_scar", "burn_scar"})
"""Scars thicker than the skin around them: there the layers of the site do not say where the dermis ends."""


def too_deep_um(injury: Injury, place: Place) -> float:
    """How far an injury reaches below the share of the skin that it may use; 0 in thick scars."""
    kinds = {concern.kind for concern in place.concerns.values()}
    if kinds <= _THICK_SCARS:
        return 0.0
    deepest = evidence.value("plan.cap.depth_share") * (place.skin.epidermis_um + place.skin.dermis_um)
    return max(0.0, injury.lesion_depth_um - deepest)


@dataclass(frozen=True, kw_only=True, eq=False)
class PhaseEvaluation:
    """Some equal sessions with one device, evaluated at each of their sites."""

    evaluations: tuple[SiteEvaluation, ...]
    sessions: int

    @cached_property
    def one(self) -> SiteResponse:
        """One session at all its sites together."""
        from recutis import response

        return response.combine([item.response for item in self.evaluations])

    def gain(self, name: str) -> Improvement | None:
        """What its sessions do to a concern; None where they do not treat it."""
        return next((item.improvement[name] for item in self.evaluations if name in item.improvement), None)

    def gained(self, name: str) -> Draws:
        """What had been gained on a concern before the course; zeros where nothing had."""
        found = next((item.place.gained[name] for item in self.evaluations if name in item.place.gained), None)
        return np.zeros(self.evaluations[0].place.twins.n) if found is None else found

    @property
    def concerns(self) -> tuple[str, ...]:
        """Concerns at its sites."""
        return tuple(name for item in self.evaluations for name in item.improvement)


def gain_after_each(phases: Sequence[PhaseEvaluation], name: str) -> list[Draws]:
    """Improvement of a concern after every session of a course, one phase after the other.

    It starts from what earlier sessions have gained, as far as the places say so, and else from nothing.
    """
    from recutis.plan.fold import continued

    reached: list[Draws] = []
    before = next((gained for phase in phases if (gained := phase.gained(name)).any()), phases[0].gained(name))
    for phase in phases:
        own = phase.gain(name)
        start = reached[-1] if reached else before
        for number in range(phase.sessions):
            if own is None:
                reached.append(start)
            elif not start.any():
                reached.append(own.by_session[number])
            else:
                reached.append(continued(reached[-1] if reached else before, own.by_session))
    return reached


def course_draws(phases: Sequence[PhaseEvaluation]) -> CourseDraws:
    """Draws of a course: sessions with one device, or one device after the other.

    Downtime and pain are those of the session with most of it, twin by twin; risks are of the whole course.
    """
    from recutis.plan.fold import repeated_chance

    every = [item for phase in phases for item in phase.evaluations]
    names = dict.fromkeys(name for phase in phases for name in phase.concerns)
    ones = [phase.one for phase in phases]
    counts = [np.array([phase.sessions]) for phase in phases]
    return CourseDraws(
        improvement_pct={name: gain_after_each(phases, name)[-1] for name in names},
        social_downtime_days=np.maximum.reduce([one.social_downtime_days for one in ones]),
        pain_0_10=np.maximum.reduce([one.pain_0_10 for one in ones]),
        risks={
            kind: repeated_chance([(one.risks[kind], count) for one, count in zip(ones, counts, strict=True)], kind=kind)
            for kind in ones[0].risks
        },
        sessions=sum(phase.sessions for phase in phases),
        downtime_total_days=sum(
            phase.sessions * weighted_quantile(one.social_downtime_days, 0.5, every[0].place.twins.unequal)
            for phase, one in zip(phases, ones, strict=True)
        ),
        weights=every[0].place.twins.unequal,
        burned_fraction=max(burned_fraction(injury, item.place.skin) for item in every for injury in item.injuries.values()),
        too_deep_um=max(too_deep_um(item.injury, item.place) for item in every),
    )
