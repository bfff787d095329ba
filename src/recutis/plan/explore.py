"""From a patient file to all courses that could be given: what a plan chooses from, and what goals are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from recutis.classes import DEVICE_CLASSES
from recutis.errors import OutOfRangeError
from recutis.injury import Injury
from recutis.laser import catalogue
from recutis.laser.types import Device, Exposure
from recutis.light.lines import is_water_line
from recutis.plan.care import care_policy, numbing_for
from recutis.plan.commissioning import Commissioned, EnergyScale, commission, scaled, unsure
from recutis.plan.evaluate import STRENGTH, Evaluator, InjuryProvider, interval_weeks, named_concerns, places
from recutis.plan.landscape import Landscape, landscape
from recutis.plan.objectives import Limits
from recutis.plan.request import Request
from recutis.plan.search import InjuryTable, Search, one_by_one
from recutis.skin.types import Lesion, Skin

if TYPE_CHECKING:
    from recutis.laser import Clinic
    from recutis.patient import Patient, Screening

SEARCH_TWINS: Final = 200
"""Twins while searching; finalists are evaluated again with more."""
_MORE_SESSIONS: Final = 2
"""Sessions beyond the person's limit that are looked at too, to say what they would buy."""
_MOST_SESSIONS: Final = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Explored:
    """All courses for one person with the evaluator that tells any one of them in full."""

    request: Request
    screening: Screening
    evaluator: Evaluator
    search: Search
    landscape: Landscape
    limits: Limits
    devices: tuple[Device, ...]
    scales: Mapping[str, EnergyScale]


def limits_of(patient: Patient) -> Limits:
    """The goals of a patient file as limits."""
    goals = patient.goals
    return Limits(
        risk=goals.risk,
        max_social_downtime_days=goals.max_social_downtime_days,
        max_sessions=goals.max_sessions,
        max_pain_0_10=goals.max_pain_0_10,
    )


def weights_of(patient: Patient) -> dict[str, float]:
    """The person's priorities by concern key; 1 where none was given."""
    return {name: float(patient.goals.priorities.get(concern.kind, 1.0)) for name, concern in named_concerns(patient).items()}


def _anaesthesia(clinic: Clinic | None) -> tuple[str, ...]:
    owned = set(clinic.anaesthesia) if clinic is not None and clinic.anaesthesia else set(STRENGTH)
    return tuple(name for name in STRENGTH if name in owned | {"none"})


def evaluator_of(request: Request, screening: Screening, limits: Limits, injure: InjuryProvider) -> Evaluator:
    """What tells one course of this person in full."""
    return Evaluator(
        care_for=care_policy(request.patient, screening),
        injure=injure,
        anaesthesia=partial(numbing_for, anaesthesia=_anaesthesia(request.clinic)),
        most_sessions=max(looked_at(limits), request.usual.sessions if request.usual else 1),
        interval_weeks=partial(interval_weeks, phototype=request.patient.patient.phototype or "VI"),
        pain_limit=limits.max_pain_0_10,
        pain_quantile=limits.limit_quantile,
    )


def looked_at(limits: Limits) -> int:
    """Most sessions of the courses that are looked at: a few more than allowed, to say what they would buy."""
    return max(limits.max_sessions, min(limits.max_sessions + _MORE_SESSIONS, _MOST_SESSIONS))


def devices_of(clinic: Clinic | None) -> tuple[Device, ...]:
    """Devices at hand: the clinic's, or the whole catalogue."""
    return clinic.devices if clinic is not None and clinic.devices else tuple(catalogue())


def explore(
    request: Request,
    screening: Screening,
    *,
    injure: InjuryProvider | None = None,
    table: InjuryTable | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explored:
    """Look at everything that could be given to a person whom screening lets through.

    `injure` makes one injury by simulation (default: `recutis.injury`), `table` many at once for the search (default: the response
    library where it reaches, else, or where `injure` was given, one by one with `injure`).

    Raises CancelledError when `cancelled` says so.
    """
    from recutis.injury.simulate import injure as simulated

    patient, clinic = request.patient, request.clinic
    simulate = injure or simulated
    limits, devices = limits_of(patient), devices_of(clinic)
    if request.so_far is not None:
        limits = request.so_far.held(limits)
    measured = {} if clinic is None else commission(clinic, injure=simulate, on=patient.date)
    scales = {name: scale for name, scale in measured.items() if scale.measured}
    delivered = Commissioned(injure=simulate, scales=scales)
    evaluator = evaluator_of(request, screening, limits, delivered)
    people = dict(request.known) if request.known is not None else places(patient, n=SEARCH_TWINS, seed=request.seed)
    search = Search(
        evaluator=evaluator,
        places=people,
        screening=screening,
        phototype=patient.patient.phototype or "VI",
        concerns={name: concern.site for name, concern in named_concerns(patient).items()},
        most_sessions=looked_at(limits),
        injure=commissioned_table(table or (one_by_one(injure) if injure else library_table(simulate)), scales),
        scales=scales,
        processes=request.processes if injure or table else 1,  # the library answers sooner than processes start
        lower=None if request.so_far is None else request.so_far.ceiling,
    )
    looked, refused = search.run(devices, progress=progress, cancelled=cancelled)
    here = {device.device_class for device in devices}
    for name in DEVICE_CLASSES:
        if name not in here:
            refused.refuse(name, "the clinic has no such device" if clinic is not None else "no such device in the catalogue")
    prices = {device.name: None if clinic is None else clinic.price(device) for device in devices}
    found = landscape(search, looked, refused, weights_of(patient), prices, limits)
    return Explored(
        request=request,
        screening=screening,
        evaluator=evaluator,
        search=search,
        landscape=found,
        limits=limits,
        devices=devices,
        scales=measured,
    )


def commissioned_table(table: InjuryTable, scales: Mapping[str, EnergyScale]) -> InjuryTable:
    """A table of injuries that puts every exposure through its device's energy scale first, as `Commissioned` does one by one."""

    def delivered(exposures: Sequence[Exposure], skin: Skin, lesions: Mapping[str, Lesion]) -> Mapping[str, Sequence[Injury]]:
        scale = scales.get(exposures[0].device.name) if exposures else None
        if scale is None:
            return table(exposures, skin, lesions)
        made = table([scaled(exposure, scale) for exposure in exposures], skin, lesions)
        return {name: [unsure(injury, scale) for injury in several] for name, several in made.items()}

    return delivered


def library_table(injure: InjuryProvider) -> InjuryTable:
    """A table of injuries from the response library; what that does not reach is simulated with `injure`."""
    from recutis.plan.library import library

    def table(exposures: Sequence[Exposure], skin: Skin, lesions: Mapping[str, Lesion]) -> Mapping[str, Sequence[Injury]]:
        if not exposures or not library().holds(exposures[0].device):
            return one_by_one(injure)(exposures, skin, lesions)
        if not _selective(exposures[0]):
            first = _from_library(injure, exposures, skin, next(iter(lesions.values())))
            return dict.fromkeys(lesions, first)
        return {name: _from_library(injure, exposures, skin, lesion) for name, lesion in lesions.items()}

    return table


def _selective(exposure: Exposure) -> bool:
    """Whether an injury depends on the lesion: that of a wide spot of light that scatters does."""
    return exposure.device.mode != "fractional" and not is_water_line(exposure.pulse.wavelength_nm)


def _from_library(injure: InjuryProvider, exposures: Sequence[Exposure], skin: Skin, lesion: Lesion) -> list[Injury]:
    from recutis.plan.library import library

    held = library()
    try:
        return held.injure_all(exposures, skin, (lesion,) * len(exposures))
    except OutOfRangeError:
        return [
            held.injure(exposure, skin, lesion=lesion)
            if held.covers(exposure, skin, lesion=lesion)
            else injure(exposure, skin, lesion=lesion)
            for exposure in exposures
        ]
