"""Care that goes with an injury: anaesthesia, prophylaxis, protection of the pigment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from recutis.injury import Injury
from recutis.laser.types import Device

if TYPE_CHECKING:
    from recutis.patient import Patient, Screening
    from recutis.response import Care

_BROWN: Final = frozenset({"IV", "V", "VI"})
HERPES_RULES: Final = frozenset({"SCR-007"})
_BLANCHES: Final = frozenset({"topical", "topical_cold_air"})
ANAESTHESIA_WORDS: Final = {
    "none": "none needed",
    "gel": "cooled gel",
    "cold_air": "forced cold air during treatment",
    "topical": "anaesthetic cream for about an hour",
    "topical_cold_air": "anaesthetic cream for about an hour, and forced cold air during treatment",
    "nerve_block": "nerve blocks or local infiltration on top of the cream",
    "sedation": "sedation by a qualified anaesthetist, with an escort home",
}


def numbing_for(device: Device, anaesthesia: tuple[str, ...]) -> tuple[str, ...]:
    """What of the anaesthesia at hand suits the device: cream blanches vessels, so a vascular laser goes without it."""
    if not device.device_class.startswith("vascular_"):
        return anaesthesia
    return tuple(name for name in anaesthesia if name not in _BLANCHES)


def wounds(injury: Injury) -> bool:
    """Whether the surface is broken, so that germs and viruses can get in."""
    return injury.epidermis_removed_fraction > 0 or injury.ablated_volume_um > 0


def care_policy(patient: Patient, screening: Screening) -> Callable[[Device, Injury], Care]:
    """Which care goes with an injury in this person, following the cautions that screening raised."""
    from recutis.response import Care

    phototype = patient.patient.phototype or "VI"
    rules = [entry for entry in screening.entries if entry.rule_id in HERPES_RULES and entry.state == "fires"]
    herpes = bool(patient.history.herpes_labialis)
    sites = {concern.site for concern in patient.concerns}
    earlier = bool(patient.history.previous_pih)
    guarded = phototype in _BROWN or earlier

    def care(device: Device, injury: Injury) -> Care:
        open_wound = wounds(injury)
        asked = any(entry.covers(device.device_class, site) for entry in rules for site in sites)
        return Care(
            anaesthesia="none",
            antiviral=asked or (open_wound and herpes),
            postop_steroid=open_wound and guarded,
            bleaching=guarded and not injury.selective,
            sunscreen=True,
        )

    return care


def prophylaxis(care: Care) -> tuple[str, ...]:
    """What is prescribed with this care, as sentences for the prescriber."""
    words = []
    if care.antiviral:
        words.append(
            "Antiviral by the prescriber: start the day before or the day of treatment, 10 to 14 days (AFT-013, AFT-014)."
        )
    if care.postop_steroid:
        words.append("Potent topical steroid for two days after treatment, prescriber only (AFT-037, RSK-044).")
    if care.bleaching:
        words.append("Bleaching cream from the closed skin on, prescriber only (AFT-036, RSK-047).")
    words.append("Broad-spectrum sunscreen SPF 30 to 50 from the first safe day, hat and shade before that.")
    words.append("No routine oral antibiotic: trials showed no benefit (AFT-016, RSK-030).")
    return tuple(words)


def prescribed_rows(care: Care) -> tuple[str, ...]:
    """Aftercare rows that this care switches on."""
    rows = ["AFT-035"]
    if care.antiviral:
        rows.append("AFT-013")
    if care.postop_steroid:
        rows.append("AFT-037")
    if care.bleaching:
        rows.append("AFT-036")
    return tuple(rows)
