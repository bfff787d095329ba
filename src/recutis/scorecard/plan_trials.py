"""Plans for random people, clinics and goals, held to the laws of planning: `python -m recutis.scorecard.plan_trials --count 1000`.

A plan never crashes, never breaks a ceiling, a goal or a hard cap, never offers what screening removes, and never comes back empty
without saying why.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from recutis.errors import RecutisError
from recutis.laser import Clinic, catalogue, expose
from recutis.laser.types import Device, Settings
from recutis.patient import ceiling, parse_patient, screen
from recutis.plan.document import Option, PassSettings, Plan
from recutis.plan.explore import devices_of
from recutis.plan.planner import Request, plan_course
from recutis.plan.setting_limits import above_ceiling
from recutis.sites import CONCERN_KINDS, PHOTOTYPES, SITES

_HISTORY: Final = ("herpes_labialis", "keloid", "vitiligo", "psoriasis", "immunosuppressed", "melasma")
_PIGMENTED: Final = ("age_spots", "freckles")
_RARELY: Final = 0.04  # of people have each thing in their history
_NO_CLINIC: Final = 0.25  # of plans are open to the whole catalogue
_SLACK: Final = 1.0 + 5e-3  # plans tell settings to four digits
_PROGRESS: Final = 25
_FAULTS: Final = (RecutisError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RuntimeError, AssertionError)


def random_request(rng: np.random.Generator) -> Request:
    """One person with one to three concerns, goals from impossible to generous, and a clinic with some devices or none named."""
    return Request(patient=parse_patient(random_person(rng)), clinic=_clinic(rng), seed=int(rng.integers(0, 3)))


def random_person(rng: np.random.Generator) -> dict[str, Any]:
    """A patient file with every required answer."""

    def yes(chance: float) -> bool:
        return bool(rng.random() < chance)

    sex, age = str(rng.choice(["female", "male"])), int(rng.integers(13, 86))
    who: dict[str, Any] = {
        "age": age, "sex": sex, "phototype": str(rng.choice(PHOTOTYPES)), "tanned": yes(0.1), "smoker": yes(0.2),
    }  # fmt: skip
    if sex == "female" and 12 <= age <= 55:
        who |= {"pregnant": yes(_RARELY), "breastfeeding": yes(_RARELY)}
    history: dict[str, Any] = {name: yes(_RARELY) for name in _HISTORY}
    goals: dict[str, Any] = {
        "max_social_downtime_days": int(rng.choice([0, 1, 2, 3, 5, 7, 10, 14, 21])),
        "max_sessions": int(rng.integers(1, 6)),
        "risk": str(rng.choice(["cautious", "balanced", "bold"])),
    }
    if yes(0.4):
        goals["max_pain_0_10"] = int(rng.integers(0, 10))
    return {
        "date": "2026-11-22",
        "patient": who,
        "history": {**history, "isotretinoin": "never", "medications": []},
        "active": {"infection": "none", "acne": "none", "dermatitis": yes(_RARELY)},
        "concerns": [_concern(rng, kind, site) for kind, site in _wishes(rng)],
        "goals": goals,
    }


def _wishes(rng: np.random.Generator) -> list[tuple[str, str]]:
    kinds = [kind for kind in CONCERN_KINDS if kind != "undiagnosed"]
    pairs = {(str(rng.choice(kinds)), str(rng.choice(SITES))) for _ in range(int(rng.integers(1, 4)))}
    return sorted(pairs)


def _concern(rng: np.random.Generator, kind: str, site: str) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": kind, "site": site}
    if kind in _PIGMENTED:
        found |= {"count": int(rng.integers(1, 30)), "diagnosis_confirmed": True}
    if kind == "acne_scars":
        found["scar_type"] = str(rng.choice(["rolling", "boxcar", "ice_pick", "mixed"]))
    return found


def _clinic(rng: np.random.Generator) -> Clinic | None:
    if rng.random() < _NO_CLINIC:
        return None
    devices = catalogue()
    chosen = rng.choice(len(devices), int(rng.integers(1, 7)), replace=False)
    numbing = ["none", *(name for name in ("gel", "cold_air", "topical", "topical_cold_air") if rng.random() < 0.5)]
    return Clinic(devices=tuple(devices[k] for k in sorted(chosen.tolist())), anaesthesia=tuple(numbing))


def broken_laws(request: Request, plan: Plan) -> list[str]:
    """Sentences on every law that a plan breaks; empty when it keeps all."""
    found = [text for option in plan.options for text in _option_laws(request, option)]
    if plan.blocked != (plan.status != "ready"):
        found.append(f"blocked is {plan.blocked} with the status {plan.status}")
    if plan.status == "ready" and not plan.options:
        found.append("ready without an option")
    if not plan.options and not (plan.headline and (plan.removed or plan.refused or plan.screening or plan.questions)):
        found.append("empty without an explanation")
    return found


def _option_laws(request: Request, option: Option) -> Iterator[str]:
    goals = request.patient.goals
    if not option.limits_met:
        yield f"{option.label}: a limit is not kept"
    if option.sessions > goals.max_sessions or option.sessions != sum(phase.sessions for phase in option.phases):
        yield f"{option.label}: {option.sessions} sessions of {goals.max_sessions}"
    made = option.predictions
    if goals.risk == "cautious" and made.social_downtime_days.p90 > goals.max_social_downtime_days * _SLACK:
        yield f"{option.label}: downtime of {made.social_downtime_days.p90:g} days at p90, allowed {goals.max_social_downtime_days:g}"
    if goals.risk == "cautious" and goals.max_pain_0_10 is not None and made.pain_0_10.p90 > goals.max_pain_0_10 * _SLACK:
        yield f"{option.label}: pain of {made.pain_0_10.p90:g} at p90, allowed {goals.max_pain_0_10:g}"
    yield from _ordered(option)
    screening = screen(request.patient, overrides=request.overrides)
    devices = {device.name: device for device in devices_of(request.clinic)}
    phototype = request.patient.patient.phototype or "VI"
    for phase in option.phases:
        for site, passes in phase.site_settings.items():
            if screening.removed(phase.device_class, site):
                yield f"{option.label}: screening removes {phase.device_class} on the {site}"
            most = ceiling(site, phase.device_class, phototype, overridden=screening.overridden)
            if not most.allowed:
                yield f"{option.label}: {most.reason}"
                continue
            for text in above_ceiling(expose(devices[phase.device], _panel(devices[phase.device], passes)), most):
                yield f"{option.label} on the {site}: {text}"


def _ordered(option: Option) -> Iterator[str]:
    """Bands in order, and numbers inside their scales."""
    made = option.predictions
    bands: Mapping[str, Any] = {**made.improvement_pct, "downtime": made.social_downtime_days, "pain": made.pain_0_10}
    for name, band in bands.items():
        if not band.p10 <= band.p50 <= band.p90:
            yield f"{option.label}: band of {name} out of order"
    for kind in type(made.risks).model_fields:
        risk = getattr(made.risks, kind).per_course
        if not 0 <= risk.p10 <= risk.p90 <= 100:
            yield f"{option.label}: chance of {kind} outside 0 to 100 %"


def _panel(device: Device, passes: tuple[PassSettings, ...]) -> Settings:
    """The panel that a phase tells for a site."""
    told = passes[0]
    knobs = {name: getattr(told, name) for name in told.panel if getattr(told, name) is not None and name in device.panel}
    if "energy_mJ" in knobs and told.stack:  # told for the place, set for one pulse
        knobs["energy_mJ"] = float(knobs["energy_mJ"]) / told.stack
    return Settings(**knobs, passes=len(passes))


def run(count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Plan so many random requests: how often each status came, and every broken law with the number of its request."""
    statuses: Counter[str] = Counter()
    laws: list[str] = []
    started = time.perf_counter()
    for number in range(count):
        request = random_request(np.random.default_rng([seed, number]))
        try:
            plan = plan_course(request)
        except _FAULTS as error:
            laws.append(f"request {number} of seed {seed}: {type(error).__name__}: {error}")
            continue
        statuses[plan.status] += 1
        laws += [f"request {number} of seed {seed}: {text}" for text in broken_laws(request, plan)]
        if (number + 1) % _PROGRESS == 0:
            each = (time.perf_counter() - started) / (number + 1)
            sys.stderr.write(f"{number + 1} of {count}, {each:.2f} s a plan, {len(laws)} broken laws\n")
    return statuses, laws


def main() -> int:
    """Plan for many random people and print what broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="how many requests")
    parser.add_argument("--seed", type=int, default=0, help="which series of requests")
    asked = parser.parse_args()
    statuses, laws = run(asked.count, asked.seed)
    told = [", ".join(f"{count} {status}" for status, count in statuses.most_common()), *(laws or ["No law was broken."])]
    sys.stdout.write("\n".join(told) + "\n")
    return 1 if laws else 0


if __name__ == "__main__":
    sys.exit(main())
