"""The search: every device × settings × passes × sessions, and two devices one after the other, inside device and site ceilings.

What is found does not depend on the person's limits, so that a limit may be moved and the answer is there at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from recutis import evidence
from recutis.bands import Draws
from recutis.errors import CancelledError, OutOfRangeError
from recutis.injury import Injury
from recutis.laser import candidate_settings, expose
from recutis.laser.types import Device, Exposure, Settings
from recutis.patient import Ceiling, Screening, ceiling
from recutis.plan.commissioning import EnergyScale, panel_ceiling
from recutis.plan.device_courses import DeviceTable
from recutis.plan.evaluate import Evaluator, Place
from recutis.plan.processes import in_order
from recutis.plan.quantiles import quantiles
from recutis.plan.setting_limits import lowered
from recutis.plan.tables import Part, SiteTable, site_tables
from recutis.skin.types import Lesion, Skin
from recutis.units import PERCENT

_FOREIGN: Final = {
    "vascular_": frozenset({"pigment", "gland", "dermis"}),
    "pigment_": frozenset({"vessel", "gland", "dermis"}),
    "ipl": frozenset({"gland"}),
}
_AIMS: Final = {"vessel": "vessels", "pigment": "pigment", "gland": "sebaceous glands", "dermis": "relief"}
_SERVES_BOTH: Final = "vascular_ktp_532"  # green light serves vessels and epidermal pigment


class InjuryTable(Protocol):
    """Makes the injuries of many exposures in a skin, for each of several lesions."""

    def __call__(
        self, exposures: Sequence[Exposure], skin: Skin, lesions: Mapping[str, Lesion]
    ) -> Mapping[str, Sequence[Injury]]:
        """By lesion, one injury an exposure."""
        ...


def one_by_one(injure: Callable[..., Injury]) -> InjuryTable:
    """A table of injuries from a provider that makes one at a time."""

    def table(exposures: Sequence[Exposure], skin: Skin, lesions: Mapping[str, Lesion]) -> dict[str, list[Injury]]:
        return {name: [injure(exposure, skin, lesion=lesion) for exposure in exposures] for name, lesion in lesions.items()}

    return table


def foreign_targets(device_class: str) -> frozenset[str]:
    """Targets that a selective device of this use is not made for.

    The same laser set for another target is another catalogue entry; glands have lasers of their own.
    """
    found = next((targets for prefix, targets in _FOREIGN.items() if device_class.startswith(prefix)), frozenset())
    return found - {"pigment"} if device_class == _SERVES_BOTH else found


def aim_of(lesion: Lesion) -> str:
    """What a device must reach for this concern: a scar with vessels gives way to light on these, whatever else it is."""
    return "vessel" if lesion.target == "dermis" and lesion.diameter_um is not None else lesion.target


@dataclass(kw_only=True)
class Refused:
    """Why classes of device are not offered, each reason once."""

    reasons: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, device_class: str, reason: str) -> None:
        """Note a reason."""
        known = self.reasons.setdefault(device_class, [])
        if reason not in known:
            known.append(reason)


@dataclass(frozen=True, kw_only=True, eq=False)
class Looked:
    """What looking at one device found: its settings and injuries by site, or why it is refused."""

    device: Device
    refused: tuple[tuple[str, str], ...]
    ceilings: Mapping[str, Ceiling]
    settings: tuple[Settings, ...] = ()
    at: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    exposures: Mapping[str, tuple[Exposure, ...]] = field(default_factory=dict)
    injuries: Mapping[str, Mapping[str, Sequence[Injury]]] = field(default_factory=dict)


def allowed_sites(
    device: Device,
    people_places: Iterable[Place],
    screening: Screening,
    phototype: str,
    found: Refused,
    *,
    scale: EnergyScale | None = None,
) -> dict[str, Ceiling]:
    """Sites where screening and ceilings let this device be used; reasons for the others go to `found`.

    `scale` of a device that was measured: its ceilings hold for what it delivers, too.
    """
    allowed: dict[str, Ceiling] = {}
    foreign = foreign_targets(device.device_class)
    for place in people_places:
        targets = {aim_of(lesion) for lesion in place.lesions.values()}
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
        allowed[place.site] = panel_ceiling(most, scale)
    return allowed


def _loosest(ceilings: Iterable[Ceiling], name: str) -> float | None:
    values = [getattr(item, name) for item in ceilings]
    return None if any(value is None for value in values) else max(values)


def settings_worth_trying(device: Device, allowed: Mapping[str, Ceiling]) -> tuple[Settings, ...]:
    """The grid of a device's settings under the loosest ceiling of the sites."""
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
    """The search for one person: `processes` devices are looked at side by side, which changes nothing but the time.

    `concerns` gives the site of each concern key; courses of up to `most_sessions` are looked at; `scales` what measured
    devices deliver, which `injure` takes into account already; `lower` lowers a ceiling further, after a failed test spot.
    """

    evaluator: Evaluator
    places: dict[str, Place]
    screening: Screening
    phototype: str
    concerns: Mapping[str, str]
    most_sessions: int
    injure: InjuryTable
    scales: Mapping[str, EnergyScale] = field(default_factory=dict)
    processes: int = 1
    refine: bool = True
    lower: Callable[[Ceiling], Ceiling] | None = None

    @property
    def gained(self) -> dict[str, Draws]:
        """What earlier sessions have gained, by concern."""
        return {name: draws for place in self.places.values() for name, draws in place.gained.items()}

    def run(
        self,
        devices: Sequence[Device],
        *,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> tuple[list[Looked], Refused]:
        """Look at every device.

        Raises CancelledError when `cancelled` says so.
        """
        found, refused = [], Refused()
        for number, looked in enumerate(in_order(self._look, devices, processes=self.processes), start=1):
            if cancelled is not None and cancelled():
                msg = "Planning was cancelled; nothing was written."
                raise CancelledError(msg)
            for device_class, reason in looked.refused:
                refused.refuse(device_class, reason)
            if looked.settings:
                found.append(looked)
            if progress is not None:
                progress(number / len(devices))
        return found, refused

    def _look(self, device: Device) -> Looked:
        """What the search finds about one device; devices do not depend on each other."""
        refused = Refused()
        scale = self.scales.get(device.name)
        allowed = allowed_sites(device, self.places.values(), self.screening, self.phototype, refused, scale=scale)
        told = tuple((name, reason) for name, reasons in refused.reasons.items() for reason in reasons)
        if self.lower is not None:
            allowed = {site: self.lower(most) for site, most in allowed.items()}
        if not allowed:
            return Looked(device=device, refused=told, ceilings={})
        settings = settings_worth_trying(device, allowed)
        strong = self.injured(device, self._strongest(device, settings, allowed), allowed)
        if not strong.settings:
            reason = f"{device.name}: its lowest setting lies above the ceiling of the site"
            return Looked(device=device, refused=(*told, (device.device_class, reason)), ceilings=allowed)
        missed = self._misses(strong)
        if missed:
            return Looked(device=device, refused=(*told, (device.device_class, missed)), ceilings=allowed)
        whole = self.injured(device, settings, allowed)
        return Looked(
            device=device, refused=told, ceilings=allowed, settings=whole.settings, at=whole.at, exposures=whole.exposures,
            injuries=whole.injuries,
        )  # fmt: skip

    def _strongest(self, device: Device, settings: Sequence[Settings], allowed: Mapping[str, Ceiling]) -> tuple[Settings, ...]:
        """The strongest settings; where none of them can be turned down to a site's ceiling, the strongest that can as well."""
        found = dict.fromkeys(strongest(settings))
        for site, rows in self._turned_down(device, tuple(found), allowed).items():
            if all(row is None for row in rows):
                fits = self._turned_down(device, settings, {site: allowed[site]})[site]
                found |= dict.fromkeys(strongest([one for one, row in zip(settings, fits, strict=True) if row is not None]))
        return tuple(found)

    def injured(self, device: Device, settings: Sequence[Settings], allowed: Mapping[str, Ceiling]) -> Looked:
        """Settings turned down to each site's ceiling, and the injuries that they make there."""
        turned = self._turned_down(device, settings, allowed)
        kept = [k for k in range(len(settings)) if any(rows[k] is not None for rows in turned.values())]
        at, exposures, injuries = {}, {}, {}
        for site, rows in turned.items():
            place: dict[Settings, int] = {}
            made: list[Exposure] = []
            for k in kept:
                one = rows[k]
                if one is not None and one[0] not in place:
                    place[one[0]] = len(made)
                    made.append(one[1])
            if not made:
                continue
            at[site] = tuple(-1 if (one := rows[k]) is None else place[one[0]] for k in kept)
            exposures[site] = tuple(made)
            injuries[site] = self.injure(exposures[site], self.places[site].skin, self.places[site].lesions)
        return Looked(
            device=device, refused=(), ceilings=allowed, settings=tuple(settings[k] for k in kept), at=at, exposures=exposures,
            injuries=injuries,
        )  # fmt: skip

    def _turned_down(
        self, device: Device, settings: Sequence[Settings], allowed: Mapping[str, Ceiling]
    ) -> dict[str, list[tuple[Settings, Exposure] | None]]:
        """Each setting under the ceiling of each site; sites with the same ceiling share the work."""
        by_limits: dict[tuple[float | None, ...], list[tuple[Settings, Exposure] | None]] = {}
        found = {}
        as_set = [_delivered(device, one) for one in settings]
        for site, most in allowed.items():
            key = (most.max_energy_mJ, most.max_density_pct, most.max_fluence_J_cm2, most.max_passes)
            if key not in by_limits:
                by_limits[key] = [
                    None if exposure is None else lowered(device, one, most, exposure=exposure)
                    for one, exposure in zip(settings, as_set, strict=True)
                ]
            found[site] = by_limits[key]
        return found

    def _misses(self, strong: Looked) -> str:
        """One sentence with numbers where a device does not reach any target even at its strongest settings; else empty."""
        visible, foreign = evidence.value("plan.visible_change"), foreign_targets(strong.device.device_class)
        words, reached = {}, False
        for site, by_lesion in strong.injuries.items():
            place = self.places[site]
            for name, several in by_lesion.items():
                best, which = self._best(several, place, name, strong.device)
                reached |= best >= visible and aim_of(place.lesions[name]) not in foreign
                words[name] = (
                    f"{name.replace('_', ' ')}: {reach_words(several[which], place.lesions[name])}, at best {best:.0f} % in the median"
                )
        if reached:
            return ""
        told = "; ".join(words[name] for name in self.concerns if name in words)
        return f"{strong.device.name} does not reach the target at its strongest allowed settings ({told})"

    def _best(self, several: Sequence[Injury], place: Place, name: str, device: Device) -> tuple[float, int]:
        from recutis import response
        from recutis.patient import severity_fraction

        found = response.improve_many(
            several, place.lesions[name], place.twins, sessions=self.most_sessions,
            interval_weeks=self.evaluator.interval_weeks(device), severity=severity_fraction(place.concerns[name]),
        )  # fmt: skip
        middle = quantiles(found.by_session[:, -1], (0.5,), place.twins.unequal)[:, 0]
        which = int(np.argmax(middle))
        return float(middle[which]), which

    def tables(self, several: Sequence[tuple[int, Looked, float | None]]) -> list[DeviceTable]:
        """The responses of all twins to all that was looked at: number, finding and price of a session of each device."""
        at_site: dict[str, list[SiteTable]] = {}
        owners: dict[str, list[int]] = {}
        for site, place in self.places.items():
            parts = [(k, one) for k, (_, one, _) in enumerate(several) if site in one.injuries]
            owners[site] = [k for k, _ in parts]
            at_site[site] = site_tables(
                [Part(device=one.device, exposures=one.exposures[site], injuries=one.injuries[site]) for _, one in parts],
                place, self.evaluator, sessions=self.most_sessions,
            ) if parts else []  # fmt: skip
        return [
            self._table(number, one, price, {site: at_site[site][owners[site].index(k)] for site in one.injuries})
            for k, (number, one, price) in enumerate(several)
        ]

    def _table(self, number: int, looked: Looked, price: float | None, tables: dict[str, SiteTable]) -> DeviceTable:
        device, foreign = looked.device, foreign_targets(looked.device.device_class)
        lesions = {name: lesion for place in self.places.values() for name, lesion in place.lesions.items()}
        return DeviceTable(
            number=number,
            device=device,
            settings=looked.settings,
            ceilings=looked.ceilings,
            tables=tables,
            at={site: np.array(rows, dtype=np.intp) for site, rows in looked.at.items()},
            foreign=frozenset(name for name, lesion in lesions.items() if aim_of(lesion) in foreign),
            interval_weeks=self.evaluator.interval_weeks(device),
            price=price,
            most_sessions=self.most_sessions,
        )


def _delivered(device: Device, settings: Settings) -> Exposure | None:
    """What a panel delivers; None for a combination that the device cannot reach."""
    try:
        return expose(device, settings)
    except OutOfRangeError:
        return None


def strongest(options: Sequence[Settings]) -> tuple[Settings, ...]:
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


def reach_words(injury: Injury, lesion: Lesion) -> str:
    """What an injury does to the target of a concern, with the number that decides."""
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
