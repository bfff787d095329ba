"""Passes as they were given: where they differ from the plan, and where they lie above what is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from recutis.errors import RecutisError
from recutis.units import PERCENT
from recutis.web.delivery.course import (
    KNOBS,
    ceiling_of,
    device_known,
    option_of,
    phase_at,
    planned_passes,
)
from recutis.web.delivery.models import DeliveredPass

if TYPE_CHECKING:
    from recutis.laser.types import Device, Exposure
    from recutis.patient import Ceiling
    from recutis.web.delivery.models import DeviceUnit, Session

ROUNDING: Final = 0.01
"""Relative: a panel rounds what the plan says; two ways of telling one dose may differ by as much in `recutis.laser`."""
_SLACK: Final = 1 + 1e-9
_WHOLE: Final = "stack"


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """One way in which a pass differs from the plan; `danger` when it lies above what is allowed at all."""

    field: str
    planned: float | None
    delivered: float | None
    danger: bool
    words: str


def _shown(value: float | None, unit: str) -> str:
    return "nothing" if value is None else f"{value:.4g} {unit}".strip()


def deviations(planned: Mapping[str, float], delivered: Mapping[str, float]) -> list[Deviation]:
    """Knob by knob, what differs by more than a panel rounds."""
    found = []
    for name, (words, unit) in KNOBS.items():
        one, other = planned.get(name), delivered.get(name)
        if one is None and other is None:
            continue
        if one is not None and other is not None and abs(other - one) <= ROUNDING * abs(one) * _SLACK:
            continue
        text = f"{words}: {_shown(one, unit)} planned, {_shown(other, unit)} given"
        found.append(Deviation(field=name, planned=one, delivered=other, danger=False, words=text))
    return found


def counted(session: Session, site: str) -> list[DeliveredPass]:
    """The passes at a site that count: those that no later entry replaces."""
    return list(session.passes.filter(site=site, replaced_by=None).order_by("number", "given_at"))


def last_time(session: Session, site: str) -> DeliveredPass | None:
    """The last pass of this patient at this site with this device, in an earlier session or in this one."""
    passes = DeliveredPass.objects.filter(
        session__patient_id=session.patient_id, session__device=session.device, site=site, replaced_by=None
    )
    return passes.select_related("session").order_by("-given_at", "-number").first()


def _exposure(device: Device, told: Mapping[str, float]) -> Exposure:
    from recutis.laser import Settings, expose

    values: dict[str, Any] = {name: int(value) if name == _WHOLE else value for name, value in told.items() if name in KNOBS}
    return expose(device, Settings(**values))


def _above_by_exposure(device: Device, told: Sequence[Mapping[str, float]], most: Ceiling) -> list[Deviation]:
    """Energy and fluence of one place in this pass, density of all passes so far, with the laser's own arithmetic."""
    from recutis.plan.setting_limits import place_energy_mJ, place_fluence_J_cm2, total_density_pct

    made = [_exposure(device, one) for one in told]
    density = sum(total_density_pct(one) or 0.0 for one in made)
    return _above(most, place_energy_mJ(made[-1]), place_fluence_J_cm2(made[-1]), density)


def _above(most: Ceiling, energy: float | None, fluence: float | None, density: float | None) -> list[Deviation]:
    checks = (
        ("energy_mJ", "energy of one place", energy, most.max_energy_mJ, "mJ"),
        ("fluence_J_cm2", "fluence of one place", fluence, most.max_fluence_J_cm2, "J/cm²"),
        ("density_pct", "density of all passes", density, most.max_density_pct, "%"),
    )
    rules = f" ({', '.join(most.rule_ids)})" if most.rule_ids else ""
    return [
        Deviation(
            field=name, planned=limit, delivered=now, danger=True,
            words=f"Above the hard ceiling{rules}: {words} {now:.3g} {unit}, at most {limit:g} {unit}",
        )
        for name, words, now, limit, unit in checks
        if limit is not None and now is not None and now > limit * _SLACK
    ]  # fmt: skip


def dangers(session: Session, site: str, told: Sequence[Mapping[str, float]]) -> list[Deviation]:
    """What lies above the hard ceiling of the site after the last of these passes, or outside what the laser can do."""
    most = ceiling_of(session, site)
    option = option_of(session.plan)
    if option is None or not told:
        return []
    phase = phase_at(option, kind=session.kind, number=session.number)
    if most is None or not most.allowed:
        why = most.reason if most is not None else "no ceiling is known for this site and class"
        return [Deviation(field="site", planned=None, delivered=None, danger=True, words=f"Not allowed here: {why}")]
    found: list[Deviation] = []
    device = device_known(session.plan, phase.device)
    try:
        if device is None:
            found += _above_as_told(told, most)
        else:
            found += _above_by_exposure(device, told, most)
    except RecutisError as error:
        found.append(
            Deviation(field="panel", planned=None, delivered=None, danger=True, words=f"The laser cannot do this: {error}")
        )
        found += _above_as_told(told, most)
    if most.max_passes is not None and len(told) > most.max_passes:
        words = f"Above the hard ceiling: pass {len(told)}, at most {most.max_passes}"
        found.append(
            Deviation(field="passes", planned=float(most.max_passes), delivered=float(len(told)), danger=True, words=words)
        )
    return found


def _above_as_told(told: Sequence[Mapping[str, float]], most: Ceiling) -> list[Deviation]:
    """As the panel says, where the laser's own arithmetic is not to be had."""
    last = told[-1]
    pulses = last.get("stack", 1.0)
    energy, fluence = last.get("energy_mJ"), last.get("fluence_J_cm2")
    densities = [min(one["density_pct"], PERCENT) for one in told if "density_pct" in one]
    return _above(
        most,
        None if energy is None else energy * pulses,
        None if fluence is None else fluence * pulses,
        sum(densities) if densities else None,
    )


@dataclass(frozen=True, kw_only=True)
class Looked:
    """One pass held against the plan before it is kept."""

    number: int
    planned: dict[str, float]
    deviations: list[Deviation]

    @property
    def danger(self) -> bool:
        """Whether it lies above what is allowed."""
        return any(one.danger for one in self.deviations)

    def document(self) -> list[dict[str, Any]]:
        """As it is kept."""
        return [asdict(one) for one in self.deviations]


def look(
    session: Session,
    site: str,
    delivered: Mapping[str, float],
    *,
    unit: DeviceUnit,
    count: int = 1,
    replaces: DeliveredPass | None = None,
) -> list[Looked]:
    """Hold the next passes at a site, all with the same panel, or one that replaces another, against the plan and the ceiling."""
    planned = planned_passes(session, site)
    others = [one for one in counted(session, site) if replaces is None or one.pk != replaces.pk]
    first = replaces.number if replaces is not None else max((one.number for one in others), default=0) + 1
    told: list[Mapping[str, float]] = [one.delivered for one in others]
    made = []
    for number in range(first, first + count):
        told.append(delivered)
        wanted = planned[min(number, len(planned)) - 1] if planned else {}
        found = deviations(wanted, delivered)
        if number > len(planned):
            words = f"Pass {number}, and the plan has {len(planned)}"
            found.append(
                Deviation(field="passes", planned=float(len(planned)), delivered=float(number), danger=False, words=words)
            )
        if unit.device != session.device:
            words = f"Laser: {session.device} planned, {unit.device} used"
            found.append(Deviation(field="device", planned=None, delivered=None, danger=False, words=words))
        found += dangers(session, site, told)
        made.append(Looked(number=number, planned=wanted, deviations=found))
    return made
