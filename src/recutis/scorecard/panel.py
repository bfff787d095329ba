"""The panel of references: reference persons treated with every device class at typical settings.

The persons are rows `claims.person.*` of the table `model_claims`. Each class is represented by its
first catalogue device that the ceilings allow, at the catalogue's typical settings turned down to
the ceiling of site and phototype where they lie above it. Protection is sunscreen only, so that
risks are those of the treatment itself; anaesthesia is the mildest that brings the median pain down
to the planner's target. Everything is computed once, when first asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

import numpy as np
import yaml

from recutis import evidence
from recutis.bands import Draws
from recutis.classes import DEVICE_CLASSES
from recutis.injury import Injury
from recutis.laser import by_class
from recutis.laser.types import Device, Settings
from recutis.plan.care import numbing_for
from recutis.plan.evaluate import STRENGTH, Evaluator, InjuryProvider, Place, SiteEvaluation, interval_weeks, places
from recutis.plan.setting_limits import under_ceiling
from recutis.scorecard.types import Spread

if TYPE_CHECKING:
    from recutis.patient import Patient
    from recutis.response import Care, Improvement, SiteResponse

PERSON: Final = "claims.person."
_ELEMENTWISE: Final[Mapping[str, np.ufunc]] = {"<=": np.less_equal, "<": np.less, ">=": np.greater_equal, ">": np.greater}
_MOST_SESSIONS: Final = 6
"""Sessions over which a course is looked at: the most that claims.csv speaks of."""
_HEALTHY: Final[Mapping[str, object]] = {
    "date": "2026-01-15",  # any day: no reference person has a date that matters
    "patient.sex": "female",
    "patient.tanned": False,
    "patient.smoker": False,
    "patient.pregnant": False,
    "patient.breastfeeding": False,
    "history.isotretinoin": "never",
    "history.medications": [],
    "active.infection": "none",
    "active.acne": "none",
    "active.dermatitis": False,
    **{
        f"history.{name}": False for name in ("herpes_labialis", "keloid", "vitiligo", "psoriasis", "immunosuppressed", "melasma")
    },
}
"""A healthy person's answers to the required questions; a row of the table changes some of them."""


def person_words(name: str) -> dict[str, object]:
    """The answers that a row `claims.person.<name>` sets, by dotted place in the patient file.

    Raises UnknownNameError for a person without a row.
    """
    row = evidence.get(PERSON + name)
    words: dict[str, object] = {"patient.age": row.value}
    for part in row.conditions.split(";"):
        key, _, text = part.partition("=")
        words[key.strip()] = yaml.safe_load(text)
    return words


def person(name: str) -> Patient:
    """A reference person as a patient file.

    Raises UnknownNameError for a person without a row.
    """
    from recutis.patient import parse_patient

    data: dict[str, object] = {}
    own = person_words(name)
    concerns = [_concern(word.strip()) for word in str(own.pop("concerns")).split(",")]
    for place, answer in {**_HEALTHY, **own}.items():
        keys = place.split(".")
        if keys[0] == "concern":
            for concern in concerns:
                concern[keys[1]] = answer
            continue
        block = data
        for key in keys[:-1]:
            block = block.setdefault(key, {})  # type: ignore[assignment]
        block[keys[-1]] = answer
    return parse_patient({**data, "concerns": concerns})


def _concern(word: str) -> dict[str, object]:
    from recutis.patient.profile import PIGMENTED_KINDS

    kind, _, site = word.partition("@")
    concern: dict[str, object] = {"kind": kind, "site": site}
    if kind in PIGMENTED_KINDS:
        concern["diagnosis_confirmed"] = True
    return concern


def persons(prefix: str) -> tuple[str, ...]:
    """Names of the reference persons that start with a word, in table order."""
    names = [row.id.removeprefix(PERSON) for row in evidence.rows("model_claims") if row.id.startswith(PERSON)]
    return tuple(name for name in names if name.startswith(prefix))


def sunscreen_only(_device: Device, _injury: Injury) -> Care:
    """The care of the panel: sunscreen and nothing else."""
    from recutis.response import Care

    return Care(anaesthesia="none", antiviral=False, postop_steroid=False, bleaching=False)


def spread(draws: Draws) -> Spread:
    """Percentiles of a cloud of draws."""
    low, middle, high = (float(value) for value in np.quantile(draws, (0.1, 0.5, 0.9)))
    return Spread(p10=low, p50=middle, p90=high)


def chance_pct(
    happens: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], block: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> Spread:
    """Share of twins in which something happens, in percent: the middle over all, the range over the blocks.

    The range says how well the share is known: twins of a block share the study-level draws.
    """
    shares = 100 * np.bincount(block, weights=happens) / np.bincount(block)
    low, high = (float(value) for value in np.quantile(shares, (0.1, 0.9)))
    middle = 100 * float(np.mean(happens))
    return Spread(p10=min(low, middle), p50=middle, p90=max(high, middle))


def share_pct(
    draws: Draws, compare: str, number: float | Draws, block: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> Spread:
    """Share of twins whose draw compares with a number (or with another draw of its own), in percent."""
    return chance_pct(_ELEMENTWISE[compare](draws, number), block)


@dataclass(frozen=True, kw_only=True, eq=False)
class Treated:
    """One reference person treated with one device class at one site."""

    person: str
    device: Device
    evaluation: SiteEvaluation

    @property
    def response(self) -> SiteResponse:
        """Response to one session."""
        return self.evaluation.response

    @property
    def injury(self) -> Injury:
        """Injury at the person's first concern."""
        return self.evaluation.injury

    @property
    def place(self) -> Place:
        """Site, skin and twins."""
        return self.evaluation.place

    def effect(self, kind: str) -> Improvement | None:
        """Improvement of a kind of concern; None when the person has none of that kind."""
        return next((item for key, item in self.evaluation.improvement.items() if key.startswith(f"{kind}@")), None)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of concern of the person, in the row's order."""
        return tuple(key.partition("@")[0] for key in self.evaluation.improvement)

    @cached_property
    def served(self) -> tuple[str, ...]:
        """Kinds on which a usual course makes a visible change in the median twin."""
        visible = evidence.value("plan.visible_change")
        return tuple(kind for kind in self.kinds if float(np.median(self.improvement(kind))) >= visible)

    @cached_property
    def main(self) -> str:
        """The kind that a usual course improves most."""
        return max(self.kinds, key=lambda kind: float(np.median(self.improvement(kind))))

    def sessions_needed(self, kind: str) -> Draws:
        """Sessions in each twin until a documented share of a year's gain is reached.

        A year's gain is that of the sessions that fit into a year at the class's interval, six at
        most. 0 where there is no gain.
        """
        effect = self.effect(kind)
        if effect is None:
            return np.zeros(self.place.twins.n)
        fit = 1 + int(evidence.value("claims.course_weeks") // interval_weeks(self.device))
        gain = effect.by_session[: min(fit, _MOST_SESSIONS)]
        wanted = evidence.value("claims.enough_share") * gain[-1]
        needed = 1 + np.argmax(gain >= wanted[None, :], axis=0)
        return np.where(gain[-1] > 0, needed, 0).astype(np.float64)

    def usual_sessions(self, kind: str) -> int:
        """Sessions of a usual course: the median need, at least one and at most the row `claims.course_sessions`."""
        most = int(evidence.value("claims.course_sessions"))
        return min(max(math.ceil(float(np.median(self.sessions_needed(kind)))), 1), most)

    def improvement(self, kind: str) -> Draws:
        """Improvement of a kind after a usual course, in percent."""
        effect = self.effect(kind)
        return np.zeros(self.place.twins.n) if effect is None else effect.by_session[self.usual_sessions(kind) - 1]

    def course_risk_pct(self, risk: str, response: SiteResponse | None = None) -> Draws:
        """Risk in a usual course for the class's main concern, in percent."""
        from recutis.response import course_risk

        per_session = (response or self.response).risks[risk]
        return 100 * course_risk(per_session, self.usual_sessions(self.main), kind=risk)

    def respond(self, **care: object) -> SiteResponse:
        """The response with some of the care changed, such as `antiviral=True`."""
        from dataclasses import replace

        from recutis.response import respond

        changed = replace(self.evaluation.care, **care)  # type: ignore[arg-type]
        return respond(self.injury, self.place.twins, changed, area_cm2=self.evaluation.area_cm2)


@dataclass(kw_only=True, eq=False)
class Panel:
    """All reference persons and device classes, computed when asked for.

    `n` twins a person, the seed of all draws, `injure` the injury provider (the simulation unless
    given), `progress` called with the share of the expected work that is done.
    """

    n: int = 200
    seed: int = 0
    injure: InjuryProvider | None = None
    progress: Callable[[float], None] | None = None
    _treated: dict[tuple[str, str], Treated | str] = field(default_factory=dict)
    _places: dict[str, Place] = field(default_factory=dict)
    _evaluators: dict[str, Evaluator] = field(default_factory=dict)
    _expected: int = 1

    def __post_init__(self) -> None:
        self._expected = len(persons("treated_")) * len(DEVICE_CLASSES)

    def patient(self, name: str) -> Patient:
        """A reference person as a patient file."""
        return person(name)

    def place(self, name: str) -> Place:
        """Skin, twins and lesions of a reference person (each has one site)."""
        if name not in self._places:
            self._places[name] = next(iter(places(person(name), n=self.n, seed=self.seed).values()))
        return self._places[name]

    def _evaluator(self, name: str) -> Evaluator:
        """An evaluator for one person: what it keeps is told apart by device, settings and site only."""
        if name not in self._evaluators:
            self._evaluators[name] = self._new_evaluator()
        return self._evaluators[name]

    def _new_evaluator(self) -> Evaluator:
        injure = self.injure
        if injure is None:
            from recutis.injury.simulate import injure as simulated

            injure = simulated
        return Evaluator(
            care_for=sunscreen_only,
            injure=injure,
            anaesthesia=partial(numbing_for, anaesthesia=STRENGTH),
            most_sessions=_MOST_SESSIONS,
            interval_weeks=interval_weeks,
            pain_limit=None,
            pain_quantile=0.5,
        )

    def treat(self, name: str, device_class: str) -> Treated | str:
        """A person treated with a class, or the reason why that is not done."""
        key = (name, device_class)
        if key not in self._treated:
            self._treated[key] = self._treat(name, device_class)
            if self.progress is not None:
                self.progress(min(len(self._treated) / self._expected, 1.0))
        return self._treated[key]

    def _treat(self, name: str, device_class: str) -> Treated | str:
        from recutis.patient import ceiling

        place = self.place(name)
        phototype = place.twins.traits.phototype
        most = ceiling(place.site, device_class, phototype)
        if not most.allowed:
            return most.reason
        devices = by_class(device_class)
        if not devices:
            return "no device of this class in the catalogue"
        for device in devices:
            settings = under_ceiling(device, Settings(passes=_passes(device)), most)
            if settings is not None:
                evaluation = self._evaluator(name).site(device, settings, place)
                return Treated(person=name, device=device, evaluation=evaluation)
        return f"the lowest setting of {devices[0].name} lies above the ceiling of {place.site} in phototype {phototype}"


def _passes(device: Device) -> int:
    limit = device.limits.get("passes")
    return 1 if limit is None else int(limit.typical)
