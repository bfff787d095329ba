"""The course that a plan holds: the chosen option, the phase of each session, dates, and the panel of each pass."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from recutis.errors import RecutisError
from recutis.plan.document import Option, PassSettings, PhaseDocument, Plan
from recutis.report.words import ceiling_text

if TYPE_CHECKING:
    from recutis.course import CourseDates
    from recutis.laser import Device
    from recutis.patient import Ceiling
    from recutis.web.delivery.models import Session
    from recutis.web.planning.models import CoursePlan

KNOBS: Final[Mapping[str, tuple[str, str]]] = {
    "energy_mJ": ("Energy", "mJ"),
    "fluence_J_cm2": ("Fluence", "J/cm²"),
    "power_W": ("Power", "W"),
    "density_pct": ("Density of one pass", "%"),
    "columns_cm2": ("Columns of one pass", "/cm²"),
    "duration_ms": ("Pulse", "ms"),
    "spot_mm": ("Spot", "mm"),
    "depth_um": ("Depth", "µm"),
    "coagulation_um": ("Coagulation", "µm"),
    "overlap_pct": ("Overlap", "%"),
    "stack": ("Stacked pulses", ""),
}
"""What a panel may show, in words and units."""
SPOT: Final = "test_spot"


@lru_cache(maxsize=24)
def _read(plan_id: str) -> Plan:
    from recutis.web.planning.models import CoursePlan

    document = CoursePlan.objects.values_list("document", flat=True).get(pk=plan_id)
    return Plan.model_validate(document)


def plan_of(kept: CoursePlan) -> Plan:
    """The plan's document; a plan never changes, so it is read once."""
    return _read(str(kept.pk))


def option_of(kept: CoursePlan) -> Option | None:
    """The option that was chosen; None when the plan offers none."""
    options = plan_of(kept).options
    return options[kept.chosen_rank - 1] if 1 <= kept.chosen_rank <= len(options) else None


def phase_at(option: Option, *, kind: str, number: int) -> PhaseDocument:
    """The phase that a session belongs to; a test spot belongs to that of its device."""
    if kind == SPOT:
        wanted = option.test_spot.device if option.test_spot else ""
        return next((phase for phase in option.phases if phase.device == wanted), option.phases[0])
    return [phase for phase in option.phases if phase.first_session <= number][-1]


def gaps_of(option: Option) -> list[float]:
    """Weeks between one session and the next."""
    weeks = [phase.interval_weeks for phase in option.phases for _ in range(phase.sessions)]
    return [max(one, two) for one, two in pairwise(weeks)]


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """One visit that a released plan asks for."""

    kind: str
    number: int
    on: datetime.date
    read_on: datetime.date | None
    device: str


def course_days(kept: CoursePlan, *, not_before: datetime.date | None = None) -> CourseDates | None:
    """The days of the chosen option; the whole course moves when its first day has gone by. None without an option."""
    from recutis.plan.so_far import dates_of, read_so_far

    plan, option = plan_of(kept), option_of(kept)
    if option is None:
        return None
    told = plan.request.get("so_far")
    so_far = read_so_far(told) if isinstance(told, dict) else None

    def laid_out(planned: datetime.date) -> CourseDates:
        interval, spot = option.phases[0].interval_weeks, option.test_spot is not None
        return dates_of(planned, so_far, gaps_weeks=gaps_of(option), interval_weeks=interval, test_spot=spot)

    dates = laid_out(datetime.date.fromisoformat(plan.date))
    if not_before is not None and (dates.test_spot or dates.sessions[0]) < not_before:
        dates = laid_out(not_before)
    return dates


def appointments(kept: CoursePlan, *, not_before: datetime.date) -> tuple[Appointment, ...]:
    """Test spot and sessions of the chosen option with their days."""
    option, dates = option_of(kept), course_days(kept, not_before=not_before)
    if option is None or dates is None:
        return ()
    made = []
    if dates.test_spot is not None:
        device = phase_at(option, kind=SPOT, number=1).device
        made.append(Appointment(kind=SPOT, number=1, on=dates.test_spot, read_on=dates.test_spot_reading, device=device))
    for number, day in enumerate(dates.sessions, start=1):
        device = phase_at(option, kind="session", number=number).device
        made.append(Appointment(kind="session", number=number, on=day, read_on=None, device=device))
    return tuple(made)


def spot_wait(option: Option) -> datetime.timedelta:
    """How long a test spot must be waited for before it is read."""
    spot = option.test_spot
    if spot is None:
        return datetime.timedelta()
    return datetime.date.fromisoformat(spot.read_on) - datetime.date.fromisoformat(spot.made_on)


def device_known(kept: CoursePlan, name: str) -> Device | None:
    """The device of a plan by its name, as its clinic described it or as the catalogue has it; None when neither knows it."""
    return _device(str(kept.pk), name)


@lru_cache(maxsize=64)
def _device(plan_id: str, name: str) -> Device | None:
    from recutis.laser import device
    from recutis.plan.given import device_named
    from recutis.plan.request import read_request

    plan = _read(plan_id)
    try:
        return device_named(read_request(plan.request), name) if plan.request.get("patient") else device(name)
    except RecutisError:
        return None


def told_passes(one: PassSettings) -> dict[str, float]:
    """The knobs of a pass as its document has them; energies of stacked pulses are told together and set one by one."""
    names = [name for name in KNOBS if name in (one.panel or KNOBS) and getattr(one, name) is not None]
    pulses = one.stack or 1
    shared = ("energy_mJ", "fluence_J_cm2")
    return {name: getattr(one, name) / (pulses if name in shared else 1) for name in names}


@lru_cache(maxsize=256)
def _panel(plan_id: str, device: str, told: tuple[PassSettings, ...]) -> tuple[tuple[str, float], ...]:
    from recutis.plan.given import settings_of

    found = _device(plan_id, device)
    names = [name for name in KNOBS if name in (told[0].panel or KNOBS)]
    if found is None:
        return tuple(told_passes(told[0]).items())
    try:
        made = settings_of(found, told)
    except RecutisError:
        return tuple(told_passes(told[0]).items())
    return tuple((name, float(value)) for name in names if (value := getattr(made, name)) is not None)


def planned_passes(session: Session, site: str) -> tuple[dict[str, float], ...]:
    """What is set on the panel for each pass at a site, in order; a test spot gets what its neighbour site would get."""
    option = option_of(session.plan)
    if option is None:
        return ()
    phase = phase_at(option, kind=session.kind, number=session.number)
    told = phase.site_settings.get(site) or phase.settings
    each = tuple(dict(_panel(str(session.plan_id), phase.device, (one,))) for one in told)
    return each[:1] if session.kind == SPOT else each


def sites_of(session: Session) -> tuple[str, ...]:
    """The sites of a session, in the plan's order."""
    option = option_of(session.plan)
    return () if option is None else tuple(phase_at(option, kind=session.kind, number=session.number).site_settings)


def ceiling_of(session: Session, site: str) -> Ceiling | None:
    """The hard limit at a site: the one that the plan was held to, else that of the table. None where the table has none."""
    from recutis.patient import Ceiling, ceiling

    plan, option = plan_of(session.plan), option_of(session.plan)
    if option is None:
        return None
    phase = phase_at(option, kind=session.kind, number=session.number)
    held = next((one for one in phase.ceilings if one.site == site), None)
    try:
        if held is None:
            return ceiling(site, phase.device_class, plan.person.phototype)
    except RecutisError:
        return None
    return Ceiling(
        site=site,
        device_class=phase.device_class,
        phototype=plan.person.phototype,
        allowed=True,
        max_energy_mJ=held.max_energy_mJ,
        max_density_pct=held.max_density_pct,
        max_fluence_J_cm2=held.max_fluence_J_cm2,
        max_passes=held.max_passes,
        rule_ids=tuple(held.rule_id.split(", ")),
        source=held.source,
    )


def ceiling_words(most: Ceiling | None) -> str:
    """The hard limit in words, with its rows."""
    if most is None:
        return "no ceiling is known for this site and class"
    text = ceiling_text(
        max_energy_mJ=most.max_energy_mJ, max_density_pct=most.max_density_pct, max_fluence_J_cm2=most.max_fluence_J_cm2,
        max_passes=most.max_passes,
    )  # fmt: skip
    return f"{text} ({', '.join(most.rule_ids)})"


def panel_words(values: Mapping[str, Any]) -> str:
    """'7.07 mJ, 4.4 %' for the knobs of one pass."""
    return ", ".join(
        f"{value:.4g} {KNOBS[name][1]}".strip() + (" stacked" if name == "stack" else "")
        for name, value in values.items()
        if name in KNOBS
    )


def interval_weeks(option: Option, number: int) -> float:
    """Weeks that must lie between a session and the one before it."""
    gaps = gaps_of(option)
    return gaps[number - 2] if 2 <= number <= len(gaps) + 1 else 0.0


def passes_words(count: int) -> str:
    """'1 pass', '3 passes'."""
    return f"{count} pass{'' if count == 1 else 'es'}"


def distinct(settings: Sequence[Mapping[str, float]]) -> str:
    """The panel of all passes in words: once where they are alike, else pass by pass."""
    words = [panel_words(one) for one in settings]
    if len(set(words)) <= 1:
        return f"{words[0]}, {passes_words(len(words))}" if words else ""
    return "; ".join(f"pass {number}: {text}" for number, text in enumerate(words, start=1))
